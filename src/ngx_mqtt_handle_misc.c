
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>


ngx_int_t
ngx_mqtt_handle_pingreq(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_mqtt_packet_t  answer;

    ngx_mqtt_handle_packet(&answer, NGX_MQTT_PINGRESP);

    return ngx_mqtt_handle_answer(cl, &answer);
}


ngx_int_t
ngx_mqtt_handle_disconnect(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    uint32_t             expiry;
    ngx_mqtt_session_t  *s;

    if (cl->version == NGX_MQTT_V5
        && ngx_mqtt_prop_has(&pkt->props, NGX_MQTT_PROP_SESSION_EXPIRY))
    {
        expiry = pkt->props.session_expiry;

        if (expiry && cl->requested_expiry == 0) {
            return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                        "DISCONNECT with a session expiry "
                                        "where CONNECT had none");
        }

        expiry = ngx_mqtt_handle_expiry(cl, expiry);

        s = ngx_mqtt_handle_lock(cl);
        if (s == NULL) {
            return NGX_ERROR;
        }

        ngx_mqtt_set(s->expiry, expiry);

        ngx_mqtt_worker_unlock(cl->worker);
    }

    cl->goodbye = pkt;

    /* [MQTT-3.14.4-3]; a 3.1.1 DISCONNECT has the reason 0 */

    if (pkt->reason == NGX_MQTT_NORMAL_DISCONNECTION) {
        cl->will_discard = 1;
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_NORMAL_DISCONNECTION, NULL);
    }

    return ngx_mqtt_handle_fail(cl, NGX_MQTT_NORMAL_DISCONNECTION,
                                "disconnection with will");
}


ngx_int_t
ngx_mqtt_handle_unexpected(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                "packet that only a server sends");
}
