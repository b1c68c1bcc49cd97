
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_ws.h>
#include <ngx_mqtt_native_local.h>


/* the header of a fragment */
#define NGX_MQTT_NATIVE_HEAD    4

/* bytes of payload that are changed at once: a multiple of three */
#define NGX_MQTT_NATIVE_CHUNK   768

/* what the lengths of protobuf take more if the payload is large */
#define NGX_MQTT_NATIVE_LENGTHS  16


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
static ngx_mqtt_native_big_t *ngx_mqtt_native_big_around(
    ngx_mqtt_client_t *cl, ngx_mqtt_native_response_t *r);
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

    big = (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_SIMPLE)
          ? ngx_mqtt_native_big_alloc(cl, &r, 0)
          : ngx_mqtt_native_big_around(cl, &r);

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


/* What is written of a message whose payload is missing. */

static ngx_mqtt_native_big_t *
ngx_mqtt_native_big_around(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_response_t *r)
{
    size_t                       size;
    ngx_uint_t                   json;
    ngx_mqtt_native_big_t       *big;
    ngx_mqtt_native_response_t   around;

    json = (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_JSON);

    around = *r;
    ngx_memzero(&around.data, sizeof(ngx_mqtt_text_t));
    around.data_len = 0;

    size = json ? ngx_mqtt_native_json_size(&around)
                : ngx_mqtt_native_proto_size(&around)
                  + NGX_MQTT_NATIVE_LENGTHS;

    big = ngx_mqtt_native_big_alloc(cl, r, size);
    if (big == NULL) {
        return NULL;
    }

    around.data_len = r->data_len;

    if (!json) {
        big->last = ngx_mqtt_native_proto_write(big->pos, &around);
        return big;
    }

    big->last = ngx_mqtt_native_json_write(big->pos, &around);

    if (r->data_type == NGX_MQTT_DATA_JSON) {
        big->tail.len = 1;

    } else {
        big->form = (r->data_type == NGX_MQTT_DATA_TEXT)
                    ? NGX_MQTT_NATIVE_ESCAPED : NGX_MQTT_NATIVE_BASE64;
        big->tail.len = 2;
    }

    big->last -= big->tail.len;
    big->tail.data = big->last;

    return big;
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

    if (big->pos == big->last && big->left == 0 && big->tail.len
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
