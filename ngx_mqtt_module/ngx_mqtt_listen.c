
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_transport.h>
#include <ngx_mqtt_close.h>


/* bytes that are kept for a client whose CONNECT waits */

#define NGX_MQTT_LISTEN_MAX  65536


static ngx_int_t ngx_mqtt_listen_unframe(ngx_mqtt_transport_t *t);
static ngx_int_t ngx_mqtt_listen_recv(ngx_mqtt_transport_t *t, size_t room);


/*
 * Until the application has judged a WebSocket client, its packets wait, but
 * it is told that somebody is there, and may leave.
 */

void
ngx_mqtt_listen(ngx_mqtt_transport_t *t)
{
    size_t  kept;

    while (ngx_mqtt_listen_unframe(t) == NGX_OK) {

        kept = t->last - t->pos;

        if (kept >= NGX_MQTT_LISTEN_MAX) {

            if (ngx_handle_read_event(t->connection->read, 0) != NGX_OK) {
                ngx_mqtt_close_lost(t);
            }

            return;
        }

        if (ngx_mqtt_listen_recv(t, NGX_MQTT_LISTEN_MAX - kept) != NGX_OK) {
            return;
        }
    }
}


/* What has been received is taken out of its frames, where it lies. */

static ngx_int_t
ngx_mqtt_listen_unframe(ngx_mqtt_transport_t *t)
{
    u_char               *pos, *last, *end;
    ngx_int_t             rc;
    ngx_mqtt_ws_event_t   ev;

    pos = t->pos + t->plain;
    last = t->last;
    end = pos;

    for ( ;; ) {
        rc = ngx_mqtt_ws_parse(t->ws, &pos, last, &ev);

        t->last = end;
        t->plain = end - t->pos;

        if (rc == NGX_AGAIN) {
            return NGX_OK;
        }

        if (rc == NGX_ERROR) {
            t->ws_failed = 1;
            ngx_mqtt_close_frame(t, t->ws->close_code);
            return NGX_DONE;
        }

        switch (ev.opcode) {

        case NGX_MQTT_WS_PING:
            ngx_mqtt_transport_pong(t, &ev.data);
            break;

        case NGX_MQTT_WS_PONG:
            break;

        case NGX_MQTT_WS_CLOSE:
            t->close_received = 1;
            ngx_mqtt_close_frame(t, ev.code);
            return NGX_DONE;

        default:
            end = ngx_movemem(end, ev.data.data, ev.data.len);
            break;
        }
    }
}


static ngx_int_t
ngx_mqtt_listen_recv(ngx_mqtt_transport_t *t, size_t room)
{
    size_t             kept;
    u_char            *p;
    ssize_t            size;
    ngx_connection_t  *c;

    c = t->connection;
    kept = t->last - t->pos;

    size = c->recv(c, ngx_mqtt_recv_buffer, ngx_min(room, NGX_MQTT_RECV_SIZE));

    if (size == NGX_AGAIN) {

        if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
            ngx_mqtt_close_lost(t);
        }

        return NGX_AGAIN;
    }

    if (size <= 0) {
        t->eof = 1;
        t->broken = 1;
        ngx_mqtt_close_lost(t);
        return NGX_DONE;
    }

    t->received += size;

    p = ngx_alloc(kept + size, c->log);
    if (p == NULL) {
        ngx_mqtt_client_close(&t->client, NGX_MQTT_SERVER_BUSY);
        return NGX_DONE;
    }

    t->last = ngx_cpymem(ngx_cpymem(p, t->pos, kept), ngx_mqtt_recv_buffer,
                         size);
    t->pos = p;

    if (t->kept) {
        ngx_free(t->kept);
    }

    t->kept = p;

    return NGX_OK;
}
