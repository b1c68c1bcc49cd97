
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_encode.h>


void
ngx_mqtt_handle_packet(ngx_mqtt_packet_t *pkt, ngx_uint_t type)
{
    pkt->type = (u_char) type;
    pkt->dup = 0;
    pkt->qos = 0;
    pkt->retain = 0;
    pkt->reason = NGX_MQTT_SUCCESS;
    pkt->packet_id = 0;
    pkt->props.set = 0;
    ngx_str_null(&pkt->props.user);
}


ngx_int_t
ngx_mqtt_handle_send(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    size_t           size;
    ngx_mqtt_out_t  *out;

    size = ngx_mqtt_encode_size(pkt, cl->version);

    if (size > cl->max_packet_size) {

        pkt->props.set &= ~ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
        ngx_str_null(&pkt->props.user);

        size = ngx_mqtt_encode_size(pkt, cl->version);

        if (size > cl->max_packet_size) {
            return NGX_DECLINED;
        }
    }

    out = ngx_mqtt_out_reserve(cl, size);
    if (out == NULL) {
        return NGX_ERROR;
    }

    out->last = ngx_mqtt_encode(out->last, pkt, cl->version);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_handle_reserve(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    size_t  size;

    size = ngx_mqtt_encode_size(pkt, cl->version);

    if (size > cl->max_packet_size) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PACKET_TOO_LARGE,
                                    "its maximum packet size is too small");
    }

    if (ngx_mqtt_out_reserve(cl, size) == NULL) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                    "no memory");
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_handle_answer(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    switch (ngx_mqtt_handle_send(cl, pkt)) {

    case NGX_OK:
        return NGX_OK;

    case NGX_DECLINED:
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PACKET_TOO_LARGE,
                                    "its maximum packet size is too small");

    default:
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                    "no memory");
    }
}


ngx_mqtt_session_t *
ngx_mqtt_handle_lock(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_session_t  *s;

    ngx_mqtt_worker_lock(cl->worker);

    s = cl->attach->session;

    if (s == NULL) {
        ngx_mqtt_worker_unlock(cl->worker);
        (void) ngx_mqtt_handle_lost(cl);
    }

    return s;
}


const char *
ngx_mqtt_handle_why(ngx_uint_t reason)
{
    switch (reason) {

    case NGX_MQTT_NORMAL_DISCONNECTION:
        return "normal disconnection";

    case NGX_MQTT_MALFORMED_PACKET:
        return "malformed packet";

    case NGX_MQTT_PROTOCOL_ERROR:
        return "protocol error";

    case NGX_MQTT_UNSUPPORTED_VERSION:
        return "unsupported protocol version";

    case NGX_MQTT_NOT_AUTHORIZED:
        return "not authorized";

    case NGX_MQTT_SERVER_SHUTTING_DOWN:
        return "server is shutting down";

    case NGX_MQTT_KEEP_ALIVE_TIMEOUT:
        return "timed out";

    case NGX_MQTT_SESSION_TAKEN_OVER:
        return "session was taken over";

    case NGX_MQTT_PACKET_TOO_LARGE:
        return "packet is too large";

    case NGX_MQTT_QUOTA_EXCEEDED:
        return "quota exceeded";

    case NGX_MQTT_ADMINISTRATIVE_ACTION:
        return "administrative action";

    default:
        return "error";
    }
}


ngx_int_t
ngx_mqtt_handle_lost(ngx_mqtt_client_t *cl)
{
    ngx_uint_t  reason;

    reason = cl->attach->reason;

    ngx_mqtt_client_expel(cl, reason ? reason : NGX_MQTT_SESSION_TAKEN_OVER);

    return NGX_ERROR;
}


ngx_int_t
ngx_mqtt_handle_broken(ngx_mqtt_client_t *cl)
{
    /* a large message cannot go on without the session */

    if (cl->attach && cl->attach->session == NULL) {
        return ngx_mqtt_handle_lost(cl);
    }

    return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                "its output failed");
}


void
ngx_mqtt_handle_name(ngx_mqtt_client_t *cl, u_char *buf, ngx_str_t *name)
{
    *name = cl->client_id;

    ngx_mqtt_handle_clean(name, buf);
}


void
ngx_mqtt_handle_clean(ngx_str_t *str, u_char *buf)
{
    u_char      c;
    ngx_uint_t  i;

    str->len = ngx_min(str->len, NGX_MQTT_NAME_LEN);

    for (i = 0; i < str->len; i++) {
        c = str->data[i];
        buf[i] = (c < 0x20 || c == 0x7f || c == '"') ? '?' : c;
    }

    str->data = buf;
}
