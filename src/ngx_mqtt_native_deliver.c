
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_ws.h>
#include <ngx_mqtt_native_extra.h>
#include <ngx_mqtt_native_local.h>


/* what a buffer takes */
#define NGX_MQTT_NATIVE_ROOM  (NGX_MQTT_OUT_SIZE - NGX_MQTT_OUT_HEADROOM)

/* the header of a fragment that fits in there, at most */
#define NGX_MQTT_NATIVE_HEAD  4


static ngx_int_t ngx_mqtt_native_fragments(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r, ngx_uint_t opcode, size_t size);
static size_t ngx_mqtt_native_size(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r);
static u_char *ngx_mqtt_native_write(ngx_mqtt_client_t *cl, u_char *p,
    const ngx_mqtt_native_response_t *r);


/* of the message that is being written */
static ngx_mqtt_native_extra_t  ngx_mqtt_native_extra_buf;


ngx_int_t
ngx_mqtt_native_deliver(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    uint64_t sequence)
{
    ngx_mqtt_native_response_t  r;

    ngx_mqtt_native_message(cl, m, sequence, &r);

    /* what only says that a stream has ended is for those who know streams */

    if (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_SIMPLE
        && r.end_of_stream && r.data_len == 0)
    {
        return NGX_OK;
    }

    return ngx_mqtt_native_send(cl, &r);
}


void
ngx_mqtt_native_message(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    uint64_t sequence, ngx_mqtt_native_response_t *r)
{
    size_t   len;
    u_char  *topic;

    ngx_memzero(r, sizeof(ngx_mqtt_native_response_t));

    len = sizeof(NGX_MQTT_NATIVE_SERVER_PREFIX) - 1;
    topic = ngx_mqtt_message_topic(m, cl->worker->topic);

    if (m->topic_len >= len
        && ngx_memcmp(topic, NGX_MQTT_NATIVE_SERVER_PREFIX, len) == 0)
    {
        r->type = NGX_MQTT_NATIVE_SERVER;

    } else {
        r->type = NGX_MQTT_NATIVE_GROUP;
        r->group.data = topic;
        r->group.len = m->topic_len;
    }

    r->sequence = sequence;

    ngx_mqtt_native_extra_read(m, &ngx_mqtt_native_extra_buf, r);

    ngx_mqtt_message_text(m, &r->data);
    ngx_mqtt_text_skip(&r->data, m->topic_len + m->props_len);

    r->data_len = m->payload_len;
}


ngx_int_t
ngx_mqtt_native_answer(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r)
{
    if (ngx_mqtt_native_send(cl, r) != NGX_OK) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "no memory");
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_native_send(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r)
{
    u_char          *p;
    size_t           size;
    ngx_uint_t       opcode;
    ngx_mqtt_out_t  *out;

    size = ngx_mqtt_native_size(cl, r);
    opcode = ngx_mqtt_native_opcode(cl, r);

    if (size > NGX_MQTT_NATIVE_ROOM - NGX_MQTT_NATIVE_HEAD) {
        return ngx_mqtt_native_fragments(cl, r, opcode, size);
    }

    out = ngx_mqtt_out_reserve(cl, ngx_mqtt_ws_header_size(size) + size);
    if (out == NULL) {
        return NGX_ERROR;
    }

    p = ngx_mqtt_ws_header(out->last, opcode, size);
    out->last = ngx_mqtt_native_write(cl, p, r);

    return NGX_OK;
}


/* A message that no buffer takes, of a size that is bounded all the same. */

static ngx_int_t
ngx_mqtt_native_fragments(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r, ngx_uint_t opcode, size_t size)
{
    u_char          *buf, *pos, *p;
    size_t           len;
    ngx_mqtt_out_t  *out;

    buf = ngx_alloc(size, cl->log);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_mqtt_native_write(cl, buf, r);

    for (pos = buf; size; pos += len, size -= len) {

        len = ngx_min(size, NGX_MQTT_NATIVE_ROOM - NGX_MQTT_NATIVE_HEAD);
        out = ngx_mqtt_out_reserve(cl, NGX_MQTT_NATIVE_HEAD + len);

        if (out == NULL) {
            break;
        }

        p = ngx_mqtt_ws_header(out->last, opcode, len);

        if (len < size) {
            *out->last &= ~NGX_MQTT_WS_FIN;
        }

        out->last = ngx_cpymem(p, pos, len);
        opcode = NGX_MQTT_WS_CONTINUATION;
    }

    ngx_free(buf);

    return size ? NGX_ERROR : NGX_OK;
}


ngx_uint_t
ngx_mqtt_native_opcode(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r)
{
    switch (ngx_mqtt_protocol(cl->version)) {

    case NGX_MQTT_PROTO_JSON:
        return NGX_MQTT_WS_TEXT;

    case NGX_MQTT_PROTO_PROTOBUF:
        return NGX_MQTT_WS_BINARY;

    default:
        return (r->data_type == NGX_MQTT_DATA_TEXT
                || r->data_type == NGX_MQTT_DATA_JSON)
               ? NGX_MQTT_WS_TEXT : NGX_MQTT_WS_BINARY;
    }
}


static size_t
ngx_mqtt_native_size(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r)
{
    switch (ngx_mqtt_protocol(cl->version)) {

    case NGX_MQTT_PROTO_JSON:
        return ngx_mqtt_native_json_size(r);

    case NGX_MQTT_PROTO_PROTOBUF:
        return ngx_mqtt_native_proto_size(r);

    default:
        return r->data_len;
    }
}


static u_char *
ngx_mqtt_native_write(ngx_mqtt_client_t *cl, u_char *p,
    const ngx_mqtt_native_response_t *r)
{
    ngx_mqtt_text_t  text;

    switch (ngx_mqtt_protocol(cl->version)) {

    case NGX_MQTT_PROTO_JSON:
        return ngx_mqtt_native_json_write(p, r);

    case NGX_MQTT_PROTO_PROTOBUF:
        return ngx_mqtt_native_proto_write(p, r);

    default:
        text = r->data;
        return ngx_mqtt_text_read(&text, p, r->data_len);
    }
}
