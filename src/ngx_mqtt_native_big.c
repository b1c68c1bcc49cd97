
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_ws.h>
#include <ngx_mqtt_vbi.h>
#include <ngx_mqtt_native_local.h>


/* the header of a fragment */
#define NGX_MQTT_NATIVE_HEAD    4

/* bytes of payload that are changed at once: a multiple of three */
#define NGX_MQTT_NATIVE_CHUNK   768

/* of what stands before the payload of protobuf: two tags, two lengths */
#define NGX_MQTT_NATIVE_TAGS    12

/* in DownstreamMessage: data_message; in DataMessage: data */
#define NGX_MQTT_NATIVE_TAG_MESSAGE  0x12
#define NGX_MQTT_NATIVE_TAG_DATA     0x1a


typedef enum {
    NGX_MQTT_NATIVE_RAW = 0,
    NGX_MQTT_NATIVE_ESCAPED,            /* as in a string of JSON */
    NGX_MQTT_NATIVE_BASE64
} ngx_mqtt_native_form_e;


/* Local; a large message on its way to a native client. */

struct ngx_mqtt_native_big_s {
    ngx_mqtt_native_form_e  form;
    ngx_uint_t              opcode;     /* of the next fragment */
    ngx_mqtt_text_t         text;
    size_t                  left;       /* of the payload */
    u_char                 *pos;        /* of the head */
    u_char                 *last;
    ngx_str_t               tail;
    u_char                  head[1];
};


static ngx_mqtt_native_big_t *ngx_mqtt_native_big_alloc(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_response_t *r, size_t head);
static ngx_mqtt_native_big_t *ngx_mqtt_native_big_json(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_response_t *r);
static ngx_mqtt_native_big_t *ngx_mqtt_native_big_proto(
    ngx_mqtt_client_t *cl, ngx_mqtt_native_response_t *r);
static u_char *ngx_mqtt_native_big_varint(u_char *p, size_t n);
static u_char *ngx_mqtt_native_big_payload(ngx_mqtt_native_big_t *big,
    u_char *p, u_char *end);
static u_char *ngx_mqtt_native_big_escape(u_char *p, u_char *s, size_t len);


ngx_mqtt_native_big_t *
ngx_mqtt_native_big_create(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    uint64_t sequence)
{
    ngx_mqtt_native_big_t       *big;
    ngx_mqtt_native_response_t   r;

    ngx_mqtt_native_message(cl, m, sequence, &r);

    switch (ngx_mqtt_protocol(cl->version)) {

    case NGX_MQTT_PROTO_JSON:
        big = ngx_mqtt_native_big_json(cl, &r);
        break;

    case NGX_MQTT_PROTO_PROTOBUF:
        big = ngx_mqtt_native_big_proto(cl, &r);
        break;

    default:
        big = ngx_mqtt_native_big_alloc(cl, &r, 0);
        break;
    }

    if (big) {
        big->opcode = ngx_mqtt_native_opcode(cl, &r);
    }

    return big;
}


static ngx_mqtt_native_big_t *
ngx_mqtt_native_big_alloc(ngx_mqtt_client_t *cl, ngx_mqtt_native_response_t *r,
    size_t head)
{
    ngx_mqtt_native_big_t  *big;

    big = ngx_alloc(sizeof(ngx_mqtt_native_big_t) + head, cl->log);

    if (big) {
        big->form = NGX_MQTT_NATIVE_RAW;
        big->text = r->data;
        big->left = r->data_len;
        big->pos = big->head;
        big->last = big->head;
        ngx_str_null(&big->tail);
    }

    return big;
}


/*
 * The head is what is written of a message with the shortest payload, but for
 * that and its last two bytes.
 */

static ngx_mqtt_native_big_t *
ngx_mqtt_native_big_json(ngx_mqtt_client_t *cl, ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_native_big_t       *big;
    ngx_mqtt_native_response_t   small;

    small = *r;
    ngx_mqtt_native_set_data(&small, r->data_type, (u_char *) "0",
                             r->data_type == NGX_MQTT_DATA_JSON);

    big = ngx_mqtt_native_big_alloc(cl, r, ngx_mqtt_native_json_size(&small));
    if (big == NULL) {
        return NULL;
    }

    big->last = ngx_mqtt_native_json_write(big->pos, &small) - 2;

    switch (r->data_type) {

    case NGX_MQTT_DATA_JSON:
        ngx_str_set(&big->tail, "}");
        break;

    case NGX_MQTT_DATA_TEXT:
        big->form = NGX_MQTT_NATIVE_ESCAPED;
        ngx_str_set(&big->tail, "\"}");
        break;

    default:
        big->form = NGX_MQTT_NATIVE_BASE64;
        ngx_str_set(&big->tail, "\"}");
        break;
    }

    return big;
}


/*
 * A message without data, of which the fields are taken; then data, whose
 * field in MessageData has the number of its type.
 */

static ngx_mqtt_native_big_t *
ngx_mqtt_native_big_proto(ngx_mqtt_client_t *cl, ngx_mqtt_native_response_t *r)
{
    u_char                      *p, *fields, buf[NGX_MQTT_NATIVE_TAGS];
    size_t                       size, nfields, ndata;
    ngx_mqtt_native_big_t       *big;
    ngx_mqtt_native_response_t   small;

    small = *r;
    small.data_type = NGX_MQTT_DATA_NONE;
    small.data_len = 0;

    size = ngx_mqtt_native_proto_size(&small);

    big = ngx_mqtt_native_big_alloc(cl, r, 2 * (size + NGX_MQTT_NATIVE_TAGS));
    if (big == NULL) {
        return NULL;
    }

    /* behind the tag is a length of up to five bytes */

    fields = big->head + size + 2 * NGX_MQTT_NATIVE_TAGS;
    p = fields;
    (void) ngx_mqtt_native_proto_write(p, &small);

    for (p++; *p & 0x80; p++) { /* void */ }

    p++;
    nfields = fields + size - p;
    fields = p;

    ndata = 1 + (ngx_mqtt_native_big_varint(buf, r->data_len) - buf)
            + r->data_len;

    p = big->last;
    *p++ = NGX_MQTT_NATIVE_TAG_MESSAGE;
    p = ngx_mqtt_native_big_varint(p, nfields + 1
            + (ngx_mqtt_native_big_varint(buf, ndata) - buf) + ndata);
    p = ngx_movemem(p, fields, nfields);
    *p++ = NGX_MQTT_NATIVE_TAG_DATA;
    p = ngx_mqtt_native_big_varint(p, ndata);
    *p++ = (u_char) (r->data_type << 3 | 2);
    big->last = ngx_mqtt_native_big_varint(p, r->data_len);

    return big;
}


static u_char *
ngx_mqtt_native_big_varint(u_char *p, size_t n)
{
    for ( /* void */ ; n >= 0x80; n >>= 7) {
        *p++ = (u_char) (n | 0x80);
    }

    *p++ = (u_char) n;

    return p;
}


size_t
ngx_mqtt_native_big_left(ngx_mqtt_native_big_t *big)
{
    return (big->last - big->pos) + big->left + big->tail.len;
}


u_char *
ngx_mqtt_native_big_piece(ngx_mqtt_native_big_t *big, u_char *p, u_char *end)
{
    size_t   n, len;
    u_char  *start, *head;

    head = p;
    start = p + NGX_MQTT_NATIVE_HEAD;
    p = start;

    n = ngx_min(big->last - big->pos, end - p);
    p = ngx_cpymem(p, big->pos, n);
    big->pos += n;

    if (big->pos == big->last) {
        p = ngx_mqtt_native_big_payload(big, p, end);
    }

    if (big->pos == big->last && big->left == 0
        && (size_t) (end - p) >= big->tail.len)
    {
        p = ngx_cpymem(p, big->tail.data, big->tail.len);
        big->tail.len = 0;
    }

    len = p - start;

    p = ngx_mqtt_ws_header(head, big->opcode, len);

    if (ngx_mqtt_native_big_left(big)) {
        *head &= ~NGX_MQTT_WS_FIN;
    }

    big->opcode = NGX_MQTT_WS_CONTINUATION;

    /* a short fragment has a shorter header */

    return ngx_movemem(p, start, len);
}


static u_char *
ngx_mqtt_native_big_payload(ngx_mqtt_native_big_t *big, u_char *p,
    u_char *end)
{
    size_t     n, room;
    u_char     chunk[NGX_MQTT_NATIVE_CHUNK];
    ngx_str_t  src, dst;

    if (big->form == NGX_MQTT_NATIVE_RAW) {
        n = ngx_min(big->left, (size_t) (end - p));
        big->left -= n;
        return ngx_mqtt_text_read(&big->text, p, n);
    }

    while (big->left) {

        room = end - p;
        n = (big->form == NGX_MQTT_NATIVE_BASE64) ? room / 4 * 3 : room / 6;
        n = ngx_min(n, NGX_MQTT_NATIVE_CHUNK);
        n = ngx_min(n, big->left);

        if (n == 0) {
            break;
        }

        big->left -= n;
        (void) ngx_mqtt_text_read(&big->text, chunk, n);

        if (big->form == NGX_MQTT_NATIVE_ESCAPED) {
            p = ngx_mqtt_native_big_escape(p, chunk, n);
            continue;
        }

        src.data = chunk;
        src.len = n;
        dst.data = p;

        ngx_encode_base64(&dst, &src);
        p += dst.len;
    }

    return p;
}


/* It is UTF-8 as a whole, so a character may be cut here. */

static u_char *
ngx_mqtt_native_big_escape(u_char *p, u_char *s, size_t len)
{
    u_char  *last;

    static const u_char  hex[] = "0123456789abcdef";

    for (last = s + len; s < last; s++) {

        if (*s == '"' || *s == '\\') {
            *p++ = '\\';
            *p++ = *s;

        } else if (*s >= ' ') {
            *p++ = *s;

        } else {
            p = ngx_cpymem(p, "\\u00", 4);
            *p++ = hex[*s >> 4];
            *p++ = hex[*s & 0x0f];
        }
    }

    return p;
}
