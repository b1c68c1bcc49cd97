
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native.h>


/* "size" counts, and what is written goes to "pos", unless that is NULL */

typedef struct {
    u_char                *pos;
    size_t                 size;
} ngx_mqtt_native_out_t;


static void ngx_mqtt_native_json_put(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_message(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_group_state(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_stream(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_success(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_error(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_map(ngx_mqtt_native_out_t *out,
    const char *head, const ngx_mqtt_native_map_t *map);
static void ngx_mqtt_native_json_data(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_base64(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_json_text_member(ngx_mqtt_native_out_t *out,
    const char *head, const ngx_str_t *value);
static void ngx_mqtt_native_json_number_member(ngx_mqtt_native_out_t *out,
    const char *head, uint64_t n);
static void ngx_mqtt_native_json_string(ngx_mqtt_native_out_t *out,
    const ngx_str_t *s);
static void ngx_mqtt_native_json_escaped(ngx_mqtt_native_out_t *out,
    const u_char *p, size_t len);
static size_t ngx_mqtt_native_json_plain(const u_char *p, size_t len);


/* members of an object, but for the first one */

#define ngx_mqtt_native_json_member(out, name, value)                         \
    ngx_mqtt_native_json_text_member(out, ",\"" name "\":", value)

#define ngx_mqtt_native_json_integer(out, name, n)                            \
    ngx_mqtt_native_json_number_member(out, ",\"" name "\":", n)

#define ngx_mqtt_native_json_object(out, name, map)                           \
    ngx_mqtt_native_json_map(out, ",\"" name "\":{", map)


static ngx_inline void
ngx_mqtt_native_json_raw(ngx_mqtt_native_out_t *out, const void *p, size_t len)
{
    out->size += len;

    if (out->pos && len) {
        out->pos = ngx_cpymem(out->pos, p, len);
    }
}


static ngx_inline void
ngx_mqtt_native_json_text(ngx_mqtt_native_out_t *out, const char *text)
{
    ngx_mqtt_native_json_raw(out, text, ngx_strlen(text));
}


size_t
ngx_mqtt_native_json_size(const ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_native_out_t  out;

    out.pos = NULL;
    out.size = 0;

    ngx_mqtt_native_json_put(&out, r);

    return out.size;
}


u_char *
ngx_mqtt_native_json_write(u_char *p, const ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_native_out_t  out;

    out.pos = p;
    out.size = 0;

    ngx_mqtt_native_json_put(&out, r);

    return out.pos;
}


static void
ngx_mqtt_native_json_put(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    switch (r->type) {

    case NGX_MQTT_NATIVE_CONNECTED:
        ngx_mqtt_native_json_text(out, "{\"type\":\"system\","
                                       "\"event\":\"connected\"");
        ngx_mqtt_native_json_member(out, "userId", &r->user_id);
        ngx_mqtt_native_json_member(out, "connectionId", &r->connection_id);

        if (r->token.len) {
            ngx_mqtt_native_json_member(out, "reconnectionToken", &r->token);
        }

        break;

    case NGX_MQTT_NATIVE_DISCONNECTED:
        ngx_mqtt_native_json_text(out, "{\"type\":\"system\","
                                       "\"event\":\"disconnected\"");
        ngx_mqtt_native_json_member(out, "message", &r->message);
        break;

    case NGX_MQTT_NATIVE_ACK:
        ngx_mqtt_native_json_text(out, "{\"type\":\"ack\"");
        ngx_mqtt_native_json_integer(out, "ackId", r->ack_id);
        ngx_mqtt_native_json_success(out, r);
        break;

    case NGX_MQTT_NATIVE_GROUP:
    case NGX_MQTT_NATIVE_SERVER:
        ngx_mqtt_native_json_message(out, r);
        break;

    case NGX_MQTT_NATIVE_PONG:
        ngx_mqtt_native_json_text(out, "{\"type\":\"pong\"");
        break;

    case NGX_MQTT_NATIVE_INVOKED:
        ngx_mqtt_native_json_text(out, "{\"type\":\"invokeResponse\"");
        ngx_mqtt_native_json_member(out, "invocationId", &r->invocation_id);
        ngx_mqtt_native_json_success(out, r);
        ngx_mqtt_native_json_object(out, "metadata", &r->metadata);
        ngx_mqtt_native_json_data(out, r);
        break;

    case NGX_MQTT_NATIVE_STREAM_ACK:
    case NGX_MQTT_NATIVE_STREAM_NACK:
    case NGX_MQTT_NATIVE_STREAM_CLOSED:
        ngx_mqtt_native_json_stream(out, r);
        break;

    default: /* NGX_MQTT_NATIVE_SNAPSHOT, NGX_MQTT_NATIVE_UPDATE */
        ngx_mqtt_native_json_group_state(out, r);
    }

    ngx_mqtt_native_json_text(out, "}");
}


static void
ngx_mqtt_native_json_message(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_native_json_text(out, "{\"type\":\"message\"");

    if (r->sequence) {
        ngx_mqtt_native_json_integer(out, "sequenceId", r->sequence);
    }

    if (r->type == NGX_MQTT_NATIVE_GROUP) {
        ngx_mqtt_native_json_text(out, ",\"from\":\"group\"");
        ngx_mqtt_native_json_member(out, "group", &r->group);

        if (r->user_id.len) {
            ngx_mqtt_native_json_member(out, "fromUserId", &r->user_id);
        }

    } else {
        ngx_mqtt_native_json_text(out, ",\"from\":\"server\"");
    }

    ngx_mqtt_native_json_object(out, "metadata", &r->metadata);

    if (r->stream_id.len) {
        ngx_mqtt_native_json_text(out, ",\"stream\":{\"streamId\":");
        ngx_mqtt_native_json_string(out, &r->stream_id);
        ngx_mqtt_native_json_integer(out, "streamSequenceId",
                                     r->stream_sequence);

        if (r->end_of_stream) {
            ngx_mqtt_native_json_text(out, ",\"endOfStream\":true");
        }

        ngx_mqtt_native_json_error(out, r);
        ngx_mqtt_native_json_text(out, "}");
    }

    ngx_mqtt_native_json_data(out, r);
}


static void
ngx_mqtt_native_json_stream(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    switch (r->type) {

    case NGX_MQTT_NATIVE_STREAM_ACK:
        ngx_mqtt_native_json_text(out, "{\"type\":\"streamAck\"");
        break;

    case NGX_MQTT_NATIVE_STREAM_NACK:
        ngx_mqtt_native_json_text(out, "{\"type\":\"streamNack\"");
        ngx_mqtt_native_json_member(out, "name", &r->error);
        ngx_mqtt_native_json_member(out, "message", &r->message);
        break;

    default: /* NGX_MQTT_NATIVE_STREAM_CLOSED */
        ngx_mqtt_native_json_text(out, "{\"type\":\"streamClosed\"");
        ngx_mqtt_native_json_member(out, "streamId", &r->stream_id);
        ngx_mqtt_native_json_error(out, r);
        return;
    }

    ngx_mqtt_native_json_member(out, "streamId", &r->stream_id);
    ngx_mqtt_native_json_integer(out, "expectedSequenceId",
                                 r->stream_sequence);
}


static void
ngx_mqtt_native_json_group_state(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    ngx_uint_t               i;
    ngx_mqtt_native_item_t  *item;

    ngx_mqtt_native_json_text(out, r->type == NGX_MQTT_NATIVE_SNAPSHOT
                                   ? "{\"type\":\"groupStateSnapshot\""
                                   : "{\"type\":\"groupStateUpdate\"");
    if (r->sequence) {
        ngx_mqtt_native_json_integer(out, "sequenceId", r->sequence);
    }

    ngx_mqtt_native_json_member(out, "group", &r->group);
    ngx_mqtt_native_json_text(out, ",\"items\":[");

    for (i = 0; i < r->nitems; i++) {
        item = &r->items[i];

        ngx_mqtt_native_json_text(out, i ? ",{\"connectionId\":"
                                         : "{\"connectionId\":");
        ngx_mqtt_native_json_string(out, &item->connection_id);

        if (item->user_id.len) {
            ngx_mqtt_native_json_member(out, "userId", &item->user_id);
        }

        if (item->has_state && item->state.n) {
            ngx_mqtt_native_json_object(out, "state", &item->state);

        } else if (item->has_state) {
            ngx_mqtt_native_json_text(out, ",\"state\":{}");
        }

        ngx_mqtt_native_json_integer(out, "updatedAt", item->updated);
        ngx_mqtt_native_json_text(out, "}");
    }

    ngx_mqtt_native_json_text(out, "]");
}


static void
ngx_mqtt_native_json_success(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_native_json_text(out, r->error.len ? ",\"success\":false"
                                                : ",\"success\":true");
    ngx_mqtt_native_json_error(out, r);
}


static void
ngx_mqtt_native_json_error(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    if (r->error.len == 0) {
        return;
    }

    ngx_mqtt_native_json_text(out, ",\"error\":{\"name\":");
    ngx_mqtt_native_json_string(out, &r->error);
    ngx_mqtt_native_json_member(out, "message", &r->message);

    if (r->error_code.len) {
        ngx_mqtt_native_json_member(out, "userErrorCode", &r->error_code);
    }

    ngx_mqtt_native_json_text(out, "}");
}


/* nothing if the map is empty */

static void
ngx_mqtt_native_json_map(ngx_mqtt_native_out_t *out, const char *head,
    const ngx_mqtt_native_map_t *map)
{
    ngx_uint_t  i;

    if (map->n == 0) {
        return;
    }

    ngx_mqtt_native_json_text(out, head);

    for (i = 0; i < map->n; i++) {

        if (i) {
            ngx_mqtt_native_json_text(out, ",");
        }

        ngx_mqtt_native_json_string(out, &map->pairs[i].name);
        ngx_mqtt_native_json_text(out, ":");
        ngx_mqtt_native_json_string(out, &map->pairs[i].value);
    }

    ngx_mqtt_native_json_text(out, "}");
}


static void
ngx_mqtt_native_json_data(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    size_t           n, left;
    ngx_mqtt_text_t  text;

    if (r->data_type == NGX_MQTT_DATA_NONE) {
        return;
    }

    ngx_mqtt_native_json_member(out, "dataType",
                                ngx_mqtt_native_type_name(r->data_type));
    ngx_mqtt_native_json_text(out, ",\"data\":");

    text = r->data;

    switch (r->data_type) {

    case NGX_MQTT_DATA_JSON:
        out->size += r->data_len;

        if (out->pos) {
            out->pos = ngx_mqtt_text_read(&text, out->pos, r->data_len);
        }

        break;

    case NGX_MQTT_DATA_TEXT:
        ngx_mqtt_native_json_text(out, "\"");

        for (left = r->data_len; left; left -= n, text.pos += n) {
            n = ngx_mqtt_text_piece(&text, left);
            if (n == 0) {
                break;
            }

            ngx_mqtt_native_json_escaped(out, text.pos, n);
        }

        ngx_mqtt_native_json_text(out, "\"");
        break;

    default:
        ngx_mqtt_native_json_text(out, "\"");
        ngx_mqtt_native_json_base64(out, r);
        ngx_mqtt_native_json_text(out, "\"");
    }
}


/* what a piece has beyond a multiple of three bytes goes with the next one */

static void
ngx_mqtt_native_json_base64(ngx_mqtt_native_out_t *out,
    const ngx_mqtt_native_response_t *r)
{
    size_t           n, left, held;
    u_char           hold[3];
    ngx_str_t        src, dst;
    ngx_mqtt_text_t  text;

    out->size += ngx_base64_encoded_length(r->data_len);

    if (out->pos == NULL) {
        return;
    }

    text = r->data;
    dst.data = out->pos;

    for (left = r->data_len, held = 0; left; left -= n, text.pos += n) {
        n = ngx_mqtt_text_piece(&text, left);
        if (n == 0) {
            break;
        }

        if (held || n < 3) {
            n = ngx_min(n, 3 - held);
            ngx_memcpy(hold + held, text.pos, n);
            held += n;

            if (held < 3) {
                continue;
            }

            src.data = hold;
            src.len = 3;
            held = 0;

        } else {
            n -= n % 3;
            src.data = text.pos;
            src.len = n;
        }

        ngx_encode_base64(&dst, &src);
        dst.data += dst.len;
    }

    if (held) {
        src.data = hold;
        src.len = held;
        ngx_encode_base64(&dst, &src);
        dst.data += dst.len;
    }

    out->pos = dst.data;
}


static void
ngx_mqtt_native_json_text_member(ngx_mqtt_native_out_t *out, const char *head,
    const ngx_str_t *value)
{
    ngx_mqtt_native_json_text(out, head);
    ngx_mqtt_native_json_string(out, value);
}


static void
ngx_mqtt_native_json_number_member(ngx_mqtt_native_out_t *out,
    const char *head, uint64_t n)
{
    u_char  *p, digits[NGX_INT64_LEN];

    p = ngx_sprintf(digits, "%uL", n);

    ngx_mqtt_native_json_text(out, head);
    ngx_mqtt_native_json_raw(out, digits, p - digits);
}


static void
ngx_mqtt_native_json_string(ngx_mqtt_native_out_t *out, const ngx_str_t *s)
{
    ngx_mqtt_native_json_text(out, "\"");
    ngx_mqtt_native_json_escaped(out, s->data, s->len);
    ngx_mqtt_native_json_text(out, "\"");
}


/* UTF-8 it is already, and a character may go on in the next piece */

static void
ngx_mqtt_native_json_escaped(ngx_mqtt_native_out_t *out, const u_char *p,
    size_t len)
{
    size_t  n;
    u_char  escape[6];

    static const u_char  letters[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";

    for ( ;; ) {
        n = ngx_mqtt_native_json_plain(p, len);
        ngx_mqtt_native_json_raw(out, p, n);

        if (n == len) {
            return;
        }

        p += n;
        len -= n + 1;

        escape[0] = '\\';
        escape[1] = (*p < 0x20) ? letters[*p] : *p;
        n = 2;

        if (escape[1] == 'u') {
            ngx_sprintf(escape + 2, "%04xd", (int) *p);
            n = 6;
        }

        ngx_mqtt_native_json_raw(out, escape, n);
        p++;
    }
}


/* how many bytes from p on are written as they are */

static size_t
ngx_mqtt_native_json_plain(const u_char *p, size_t len)
{
    size_t    n;
    uint64_t  word, quote, slash;

    for (n = 0; len - n >= sizeof(word); n += sizeof(word)) {
        ngx_memcpy(&word, p + n, sizeof(word));

        quote = word ^ 0x2222222222222222;
        slash = word ^ 0x5c5c5c5c5c5c5c5c;

        /* each borrows from the high bit of a byte that is below 0x20, or 0 */

        if ((((word - 0x2020202020202020) & ~word)
             | ((quote - 0x0101010101010101) & ~quote)
             | ((slash - 0x0101010101010101) & ~slash))
            & 0x8080808080808080)
        {
            break;
        }
    }

    while (n < len && p[n] >= 0x20 && p[n] != '"' && p[n] != '\\') {
        n++;
    }

    return n;
}
