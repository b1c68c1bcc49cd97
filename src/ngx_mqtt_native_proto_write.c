
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native.h>
#include <webpubsub.pb-c.h>


/* "size" counts, and what is written goes to "pos", unless that is NULL */

typedef struct {
    u_char                *pos;
    size_t                 size;
} ngx_mqtt_native_out_t;


typedef void (*ngx_mqtt_native_put_pt)(ngx_mqtt_native_out_t *out,
    const void *data);


static ngx_uint_t ngx_mqtt_native_proto_message(
    const ngx_mqtt_native_response_t *r, ngx_mqtt_native_put_pt *put);
static void ngx_mqtt_native_proto_system(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_connected(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_disconnected(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_ack(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_data(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_fragment(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_pong(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_invoked(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_stream_ack(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_stream_nack(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_stream_closed(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_group_state(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_item(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_state(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_map(ngx_mqtt_native_out_t *out,
    ngx_uint_t field, const ngx_mqtt_native_map_t *map);
static void ngx_mqtt_native_proto_pair(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_error(ngx_mqtt_native_out_t *out,
    const void *data);
static void ngx_mqtt_native_proto_payload(ngx_mqtt_native_out_t *out,
    ngx_uint_t field, const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_proto_nested(ngx_mqtt_native_out_t *out,
    ngx_uint_t field, ngx_mqtt_native_put_pt put, const void *data);
static void ngx_mqtt_native_proto_string(ngx_mqtt_native_out_t *out,
    ngx_uint_t field, const ngx_str_t *s);
static void ngx_mqtt_native_proto_integer(ngx_mqtt_native_out_t *out,
    ngx_uint_t field, uint64_t n);
static void ngx_mqtt_native_proto_head(ngx_mqtt_native_out_t *out,
    ngx_uint_t field, size_t len);
static void ngx_mqtt_native_proto_varint(ngx_mqtt_native_out_t *out,
    uint64_t n);


size_t
ngx_mqtt_native_proto_size(const ngx_mqtt_native_response_t *r)
{
    ngx_uint_t              field;
    ngx_mqtt_native_out_t   out;
    ngx_mqtt_native_put_pt  put;

    out.pos = NULL;
    out.size = 0;

    field = ngx_mqtt_native_proto_message(r, &put);
    ngx_mqtt_native_proto_nested(&out, field, put, r);

    return out.size;
}


u_char *
ngx_mqtt_native_proto_write(u_char *p, const ngx_mqtt_native_response_t *r)
{
    ngx_uint_t              field;
    ngx_mqtt_native_out_t   out;
    ngx_mqtt_native_put_pt  put;

    out.pos = p;
    out.size = 0;

    field = ngx_mqtt_native_proto_message(r, &put);
    ngx_mqtt_native_proto_nested(&out, field, put, r);

    return out.pos;
}


/* the field of a DownstreamMessage, and what writes the message in it */

static ngx_uint_t
ngx_mqtt_native_proto_message(const ngx_mqtt_native_response_t *r,
    ngx_mqtt_native_put_pt *put)
{
    switch (r->type) {

    case NGX_MQTT_NATIVE_CONNECTED:
    case NGX_MQTT_NATIVE_DISCONNECTED:
        *put = ngx_mqtt_native_proto_system;
        return 3;

    case NGX_MQTT_NATIVE_ACK:
        *put = ngx_mqtt_native_proto_ack;
        return 1;

    case NGX_MQTT_NATIVE_GROUP:
    case NGX_MQTT_NATIVE_SERVER:
        *put = ngx_mqtt_native_proto_data;
        return 2;

    case NGX_MQTT_NATIVE_PONG:
        *put = ngx_mqtt_native_proto_pong;
        return 4;

    case NGX_MQTT_NATIVE_INVOKED:
        *put = ngx_mqtt_native_proto_invoked;
        return 5;

    case NGX_MQTT_NATIVE_STREAM_ACK:
        *put = ngx_mqtt_native_proto_stream_ack;
        return 6;

    case NGX_MQTT_NATIVE_STREAM_NACK:
        *put = ngx_mqtt_native_proto_stream_nack;
        return 7;

    case NGX_MQTT_NATIVE_STREAM_CLOSED:
        *put = ngx_mqtt_native_proto_stream_closed;
        return 8;

    case NGX_MQTT_NATIVE_UPDATE:
        *put = ngx_mqtt_native_proto_group_state;
        return 9;

    default: /* NGX_MQTT_NATIVE_SNAPSHOT */
        *put = ngx_mqtt_native_proto_group_state;
        return 10;
    }
}


static void
ngx_mqtt_native_proto_system(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    if (r->type == NGX_MQTT_NATIVE_CONNECTED) {
        ngx_mqtt_native_proto_nested(out, 1, ngx_mqtt_native_proto_connected,
                                     r);
    } else {
        ngx_mqtt_native_proto_nested(out, 2,
                                     ngx_mqtt_native_proto_disconnected, r);
    }
}


static void
ngx_mqtt_native_proto_connected(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->connection_id);
    ngx_mqtt_native_proto_string(out, 2, &r->user_id);
    ngx_mqtt_native_proto_string(out, 3, &r->token);
}


static void
ngx_mqtt_native_proto_disconnected(ngx_mqtt_native_out_t *out,
    const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 2, &r->message);
}


static void
ngx_mqtt_native_proto_ack(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_integer(out, 1, r->ack_id);
    ngx_mqtt_native_proto_integer(out, 2, r->error.len == 0);

    if (r->error.len) {
        ngx_mqtt_native_proto_nested(out, 3, ngx_mqtt_native_proto_error, r);
    }
}


static void
ngx_mqtt_native_proto_data(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    static const ngx_str_t  group = ngx_string("group");
    static const ngx_str_t  server = ngx_string("server");

    if (r->type == NGX_MQTT_NATIVE_GROUP) {
        ngx_mqtt_native_proto_string(out, 1, &group);
        ngx_mqtt_native_proto_string(out, 2, &r->group);

    } else {
        ngx_mqtt_native_proto_string(out, 1, &server);
    }

    ngx_mqtt_native_proto_integer(out, 4, r->sequence);
    ngx_mqtt_native_proto_map(out, 5, &r->metadata);

    if (r->stream_id.len) {
        ngx_mqtt_native_proto_nested(out, 6, ngx_mqtt_native_proto_fragment,
                                     r);
    }

    ngx_mqtt_native_proto_payload(out, 3, r);
}


static void
ngx_mqtt_native_proto_fragment(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->stream_id);
    ngx_mqtt_native_proto_integer(out, 2, r->stream_sequence);
    ngx_mqtt_native_proto_integer(out, 3, r->end_of_stream);

    if (r->error.len) {
        ngx_mqtt_native_proto_nested(out, 4, ngx_mqtt_native_proto_error, r);
    }
}


static void
ngx_mqtt_native_proto_pong(ngx_mqtt_native_out_t *out, const void *data)
{
    /* has no fields */
}


static void
ngx_mqtt_native_proto_invoked(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->invocation_id);
    ngx_mqtt_native_proto_integer(out, 2, r->error.len == 0);

    if (r->error.len) {
        ngx_mqtt_native_proto_nested(out, 4, ngx_mqtt_native_proto_error, r);
    }

    ngx_mqtt_native_proto_map(out, 5, &r->metadata);
    ngx_mqtt_native_proto_payload(out, 3, r);
}


static void
ngx_mqtt_native_proto_stream_ack(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->stream_id);
    ngx_mqtt_native_proto_integer(out, 2, r->stream_sequence);
}


static void
ngx_mqtt_native_proto_stream_nack(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->stream_id);
    ngx_mqtt_native_proto_string(out, 2, &r->error);
    ngx_mqtt_native_proto_string(out, 3, &r->message);
    ngx_mqtt_native_proto_integer(out, 4, r->stream_sequence);
}


static void
ngx_mqtt_native_proto_stream_closed(ngx_mqtt_native_out_t *out,
    const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->stream_id);

    if (r->error.len) {
        ngx_mqtt_native_proto_nested(out, 2, ngx_mqtt_native_proto_error, r);
    }
}


static void
ngx_mqtt_native_proto_group_state(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_uint_t  i;

    ngx_mqtt_native_proto_string(out, 1, &r->group);

    for (i = 0; i < r->nitems; i++) {
        ngx_mqtt_native_proto_nested(out, 2, ngx_mqtt_native_proto_item,
                                     &r->items[i]);
    }

    ngx_mqtt_native_proto_integer(out, 3, r->sequence);
}


static void
ngx_mqtt_native_proto_item(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_item_t  *item = data;

    ngx_mqtt_native_proto_string(out, 1, &item->connection_id);
    ngx_mqtt_native_proto_string(out, 2, &item->user_id);

    if (item->has_state) {
        ngx_mqtt_native_proto_nested(out, 3, ngx_mqtt_native_proto_state,
                                     &item->state);
    }

    ngx_mqtt_native_proto_integer(out, 4, item->updated);
}


static void
ngx_mqtt_native_proto_state(ngx_mqtt_native_out_t *out, const void *data)
{
    ngx_mqtt_native_proto_map(out, 1, data);
}


static void
ngx_mqtt_native_proto_map(ngx_mqtt_native_out_t *out, ngx_uint_t field,
    const ngx_mqtt_native_map_t *map)
{
    ngx_uint_t  i;

    for (i = 0; i < map->n; i++) {
        ngx_mqtt_native_proto_nested(out, field, ngx_mqtt_native_proto_pair,
                                     &map->pairs[i]);
    }
}


static void
ngx_mqtt_native_proto_pair(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_pair_t  *pair = data;

    ngx_mqtt_native_proto_string(out, 1, &pair->name);
    ngx_mqtt_native_proto_string(out, 2, &pair->value);
}


/* the code is there for the end of a stream alone */

static void
ngx_mqtt_native_proto_error(ngx_mqtt_native_out_t *out, const void *data)
{
    const ngx_mqtt_native_response_t  *r = data;

    ngx_mqtt_native_proto_string(out, 1, &r->error);
    ngx_mqtt_native_proto_string(out, 2, &r->message);

    if (r->type == NGX_MQTT_NATIVE_GROUP) {
        ngx_mqtt_native_proto_string(out, 3, &r->error_code);
    }
}


/* a MessageData, whose field is the type of the data */

static void
ngx_mqtt_native_proto_payload(ngx_mqtt_native_out_t *out, ngx_uint_t field,
    const ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_text_t        text;
    ngx_mqtt_native_out_t  head;

    if (r->data_type == NGX_MQTT_DATA_NONE) {
        return;
    }

    head.pos = NULL;
    head.size = 0;
    ngx_mqtt_native_proto_head(&head, r->data_type, r->data_len);

    ngx_mqtt_native_proto_head(out, field, head.size + r->data_len);
    ngx_mqtt_native_proto_head(out, r->data_type, r->data_len);

    out->size += r->data_len;

    if (out->pos) {
        text = r->data;
        out->pos = ngx_mqtt_text_read(&text, out->pos, r->data_len);
    }
}


static void
ngx_mqtt_native_proto_nested(ngx_mqtt_native_out_t *out, ngx_uint_t field,
    ngx_mqtt_native_put_pt put, const void *data)
{
    ngx_mqtt_native_out_t  count;

    count.pos = NULL;
    count.size = 0;
    put(&count, data);

    ngx_mqtt_native_proto_head(out, field, count.size);

    if (out->pos) {
        put(out, data);

    } else {
        out->size += count.size;
    }
}


/* zero and the empty string are said by saying nothing */

static void
ngx_mqtt_native_proto_string(ngx_mqtt_native_out_t *out, ngx_uint_t field,
    const ngx_str_t *s)
{
    if (s->len == 0) {
        return;
    }

    ngx_mqtt_native_proto_head(out, field, s->len);
    out->size += s->len;

    if (out->pos) {
        out->pos = ngx_cpymem(out->pos, s->data, s->len);
    }
}


static void
ngx_mqtt_native_proto_integer(ngx_mqtt_native_out_t *out, ngx_uint_t field,
    uint64_t n)
{
    if (n) {
        ngx_mqtt_native_proto_varint(out,
                                     field << 3 | PROTOBUF_C_WIRE_TYPE_VARINT);
        ngx_mqtt_native_proto_varint(out, n);
    }
}


static void
ngx_mqtt_native_proto_head(ngx_mqtt_native_out_t *out, ngx_uint_t field,
    size_t len)
{
    ngx_mqtt_native_proto_varint(out, field << 3
                                     | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    ngx_mqtt_native_proto_varint(out, len);
}


static void
ngx_mqtt_native_proto_varint(ngx_mqtt_native_out_t *out, uint64_t n)
{
    u_char   byte;

    do {
        byte = n & 0x7f;
        n >>= 7;

        if (n) {
            byte |= 0x80;
        }

        out->size++;

        if (out->pos) {
            *out->pos++ = byte;
        }

    } while (n);
}
