
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_transport.h>
#include <ngx_mqtt_native_client.h>


/* the least that is kept of a message that comes in pieces */

#define NGX_MQTT_MESSAGE_MIN  4096


static ngx_int_t ngx_mqtt_message_append(ngx_mqtt_transport_t *t,
    ngx_mqtt_ws_event_t *ev);


/* One that is in one piece already needs no copy. */

ngx_int_t
ngx_mqtt_message_piece(ngx_mqtt_transport_t *t, ngx_mqtt_ws_event_t *ev)
{
    ngx_int_t  rc;

    if (ev->first && ev->fin) {

        rc = ngx_mqtt_native_input(&t->client, ev->opcode, ev->data.data,
                                   ev->data.len);
        if (rc != NGX_AGAIN) {
            return rc;
        }
    }

    if (ngx_mqtt_message_append(t, ev) != NGX_OK) {
        ngx_mqtt_client_close(&t->client, NGX_MQTT_IMPLEMENTATION_ERROR);
        return NGX_ERROR;
    }

    if (!ev->fin) {
        return NGX_OK;
    }

    t->native->whole = 1;

    return ev->first ? NGX_AGAIN : ngx_mqtt_message_offer(t);
}


ngx_int_t
ngx_mqtt_message_offer(ngx_mqtt_transport_t *t)
{
    ngx_int_t                     rc;
    ngx_mqtt_transport_native_t  *n;

    n = t->native;

    rc = ngx_mqtt_native_input(&t->client, n->opcode, n->data, n->len);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_free(n->data);

    n->data = NULL;
    n->size = 0;
    n->len = 0;
    n->whole = 0;

    return rc;
}


/* The reader of frames sees to it that no message is too large. */

static ngx_int_t
ngx_mqtt_message_append(ngx_mqtt_transport_t *t, ngx_mqtt_ws_event_t *ev)
{
    size_t                        size;
    u_char                       *p;
    ngx_mqtt_transport_native_t  *n;

    n = t->native;
    n->opcode = ev->opcode;

    if (n->data == NULL || ev->data.len > n->size - n->len) {

        size = ngx_max(n->len + ev->data.len, 2 * n->size);
        size = ngx_max(size, NGX_MQTT_MESSAGE_MIN);

        p = ngx_alloc(size, t->connection->log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (n->data) {
            ngx_memcpy(p, n->data, n->len);
            ngx_free(n->data);
        }

        n->data = p;
        n->size = size;
    }

    ngx_memcpy(n->data + n->len, ev->data.data, ev->data.len);
    n->len += ev->data.len;

    return NGX_OK;
}


ngx_msec_t
ngx_mqtt_message_ping(ngx_mqtt_transport_t *t)
{
    u_char                       *p, frame[NGX_MQTT_WS_HEADER_MAX];
    ngx_msec_t                    interval, passed;
    ngx_mqtt_transport_native_t  *n;

    n = t->native;

    interval = t->client.conf->ping_interval * 1000;
    passed = ngx_current_msec - n->pinged;

    if (passed < interval) {
        return interval - passed;
    }

    n->pinged = ngx_current_msec;

    /* a peer that reads nothing gets no heap of pings */

    if (!t->full) {
        p = ngx_mqtt_ws_header(frame, NGX_MQTT_WS_PING, 0);
        (void) ngx_mqtt_client_send_raw(&t->client, frame, p - frame);
    }

    return interval;
}
