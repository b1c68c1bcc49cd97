
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_transport.h>
#include <ngx_mqtt_close.h>
#include <ngx_mqtt_native_client.h>


/* receive buffers that one client may fill in one pass of the event loop */

#define NGX_MQTT_RECV_MAX  4


static ngx_int_t ngx_mqtt_transport_recv(ngx_mqtt_transport_t *t);
static ngx_int_t ngx_mqtt_transport_feed_waiting(ngx_mqtt_transport_t *t);
static ngx_int_t ngx_mqtt_transport_feed(ngx_mqtt_transport_t *t, u_char *pos,
    u_char *last);
static ngx_int_t ngx_mqtt_transport_feed_ws(ngx_mqtt_transport_t *t,
    u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_transport_message(ngx_mqtt_transport_t *t,
    ngx_mqtt_ws_event_t *ev, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_transport_input(ngx_mqtt_transport_t *t,
    u_char *pos, u_char *end, u_char *last);
static ngx_int_t ngx_mqtt_transport_keep(ngx_mqtt_transport_t *t,
    u_char *pos, u_char *last, size_t plain);
static void ngx_mqtt_transport_connected(ngx_mqtt_transport_t *t);


void
ngx_mqtt_transport_read(ngx_mqtt_transport_t *t)
{
    ngx_uint_t    n;
    ngx_event_t  *rev;

    rev = t->connection->read;

    if (t->leaving) {
        ngx_mqtt_close_leave(t);
        return;
    }

    if (ngx_mqtt_client_held(&t->client) && t->ws) {
        ngx_mqtt_listen(t);
        return;
    }

    if (t->paused || ngx_mqtt_client_held(&t->client)) {

        if (ngx_handle_read_event(rev, 0) != NGX_OK) {
            ngx_mqtt_close_lost(t);
        }

        return;
    }

    if (ngx_mqtt_client_turn(&t->client) != NGX_OK) {
        t->paused = 1;
        return;
    }

    if (ngx_mqtt_transport_feed_waiting(t) != NGX_OK) {
        return;
    }

    for (n = 0; n < NGX_MQTT_RECV_MAX; n++) {
        if (ngx_mqtt_transport_recv(t) != NGX_OK) {
            return;
        }
    }

    ngx_post_event(rev, &ngx_posted_next_events);
}


/* NGX_OK: there may be more.  Otherwise "t" may be gone. */

static ngx_int_t
ngx_mqtt_transport_recv(ngx_mqtt_transport_t *t)
{
    ssize_t            size;
    ngx_connection_t  *c;

    c = t->connection;

    size = c->recv(c, ngx_mqtt_recv_buffer, NGX_MQTT_RECV_SIZE);

    if (size > 0) {
        t->received += size;

        return ngx_mqtt_transport_feed(t, ngx_mqtt_recv_buffer,
                                       ngx_mqtt_recv_buffer + size);
    }

    if (size == NGX_AGAIN) {

        if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
            ngx_mqtt_close_lost(t);
        }

        return NGX_AGAIN;
    }

    t->eof = 1;

    if (size == 0) {

        /* it may still read: it gets what its last packets ask for */

        ngx_mqtt_close_leave(t);

    } else {
        t->broken = 1;
        ngx_mqtt_close_lost(t);
    }

    return NGX_DONE;
}


/* NGX_OK: nothing waits any more, and the client reads on */

static ngx_int_t
ngx_mqtt_transport_feed_waiting(ngx_mqtt_transport_t *t)
{
    u_char     *pos, *last;
    size_t      plain;
    ngx_int_t   rc;

    rc = NGX_OK;

    if (t->native && t->native->whole) {
        rc = ngx_mqtt_message_offer(t);

        if (rc == NGX_AGAIN || rc == NGX_BUSY) {
            t->paused = 1;
            return NGX_BUSY;
        }

        if (rc == NGX_ERROR) {
            return NGX_DONE;
        }
    }

    pos = t->pos;
    last = t->last;
    plain = t->plain;

    if (plain) {
        t->plain = 0;
        rc = ngx_mqtt_transport_input(t, pos, pos + plain, last);
        pos += plain;
    }

    if (rc == NGX_OK && pos < last) {
        rc = ngx_mqtt_transport_feed(t, pos, last);
    }

    if (rc != NGX_BUSY) {
        t->pos = NULL;
        t->last = NULL;

        if (t->kept) {
            ngx_free(t->kept);
            t->kept = NULL;
        }

        ngx_mqtt_transport_connected(t);
    }

    return rc;
}


/*
 * NGX_OK: all was taken.  NGX_BUSY: the rest was kept.  NGX_DONE: the client
 * reads no more.
 */

static ngx_int_t
ngx_mqtt_transport_feed(ngx_mqtt_transport_t *t, u_char *pos, u_char *last)
{
    ngx_int_t  rc;

    if (t->ws) {
        rc = ngx_mqtt_transport_feed_ws(t, pos, last);

    } else {
        rc = ngx_mqtt_transport_input(t, pos, last, last);
    }

    ngx_mqtt_transport_connected(t);

    return rc;
}


static ngx_int_t
ngx_mqtt_transport_feed_ws(ngx_mqtt_transport_t *t, u_char *pos, u_char *last)
{
    ngx_int_t            rc;
    ngx_mqtt_ws_event_t  ev;

    for ( ;; ) {

        rc = ngx_mqtt_ws_parse(t->ws, &pos, last, &ev);

        if (rc == NGX_AGAIN) {
            return NGX_OK;
        }

        if (rc == NGX_ERROR) {
            ngx_log_error(NGX_LOG_INFO, t->connection->log, 0,
                          "client sent invalid WebSocket frame, closed with %d",
                          (int) t->ws->close_code);

            t->ws_failed = 1;
            ngx_mqtt_close_frame(t, t->ws->close_code);
            return NGX_DONE;
        }

        /* MQTT has pings of its own, and does not count these */

        if (t->native) {
            t->client.last_packet = ngx_current_msec;
        }

        switch (ev.opcode) {

        case NGX_MQTT_WS_PING:
            ngx_mqtt_transport_pong(t, &ev.data);
            break;

        case NGX_MQTT_WS_PONG:
            break;

        case NGX_MQTT_WS_CLOSE:
            t->close_received = 1;

            if (t->native) {
                ngx_mqtt_native_goodbye(&t->client);
            }

            ngx_mqtt_close_frame(t, ev.code);
            return NGX_DONE;

        default:
            rc = t->native
                 ? ngx_mqtt_transport_message(t, &ev, pos, last)
                 : ngx_mqtt_transport_input(t, ev.data.data, pos, last);

            if (rc == NGX_DONE) {
                ngx_mqtt_close_skip(t, pos, last);
            }

            if (rc != NGX_OK) {
                return rc;
            }
        }
    }
}


/* pos .. last is input behind the piece */

static ngx_int_t
ngx_mqtt_transport_message(ngx_mqtt_transport_t *t, ngx_mqtt_ws_event_t *ev,
    u_char *pos, u_char *last)
{
    ngx_int_t  rc;

    rc = ngx_mqtt_message_piece(t, ev);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_DONE;
    }

    return ngx_mqtt_transport_keep(t, pos, last, 0);
}


/* gives pos .. end to the core; end .. last is input behind it */

static ngx_int_t
ngx_mqtt_transport_input(ngx_mqtt_transport_t *t, u_char *pos, u_char *end,
    u_char *last)
{
    ngx_int_t  rc;

    if (pos == end) {
        return NGX_OK;
    }

    rc = ngx_mqtt_client_input(&t->client, &pos, end);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (rc == NGX_BUSY) {
        return ngx_mqtt_transport_keep(t, pos, last, end - pos);
    }

    return NGX_DONE;
}


static ngx_int_t
ngx_mqtt_transport_keep(ngx_mqtt_transport_t *t, u_char *pos, u_char *last,
    size_t plain)
{
    size_t   len;
    u_char  *p;

    t->paused = 1;

    /* what already waits stays where it is */

    if (pos < t->pos || pos > t->last) {

        len = last - pos;

        p = ngx_alloc(ngx_max(len, 1), t->connection->log);
        if (p == NULL) {
            ngx_mqtt_client_close(&t->client, NGX_MQTT_SERVER_BUSY);
            return NGX_DONE;
        }

        ngx_memcpy(p, pos, len);

        t->kept = p;
        pos = p;
        last = p + len;
    }

    t->pos = pos;
    t->last = last;
    t->plain = plain;

    /* what stands behind its CONNECT may ask for a pong */

    if (ngx_mqtt_client_held(&t->client) && t->ws) {
        ngx_post_event(t->connection->read, &ngx_posted_next_events);
    }

    return NGX_BUSY;
}


static void
ngx_mqtt_transport_connected(ngx_mqtt_transport_t *t)
{
    ngx_str_t             *id;
    ngx_connection_t      *c;
    ngx_mqtt_accepted_pt   accepted;

    c = t->connection;

    /* a client that waits for its CONNACK keeps its place */

    if (c->reusable && !t->done
        && (t->client.connected || ngx_mqtt_client_held(&t->client)))
    {
        ngx_reusable_connection(c, 0);
    }

    if (!t->client.connected || t->done) {
        return;
    }

    if (t->client_id.data == NULL) {

        /* the log is written when the core has forgotten the client */

        id = &t->client_id;

        id->data = ngx_pstrdup(c->pool, &t->client.client_id);
        id->len = id->data ? t->client.client_id.len : 0;
    }

    if (t->accepted && t->pos == NULL) {
        accepted = t->accepted;
        t->accepted = NULL;
        accepted(t);
    }
}


void
ngx_mqtt_transport_pong(ngx_mqtt_transport_t *t, ngx_str_t *payload)
{
    u_char  *p, frame[NGX_MQTT_WS_HEADER_MAX + NGX_MQTT_WS_CONTROL_MAX];

    /* a peer that reads nothing gets no heap of pongs */

    if (t->full) {
        return;
    }

    p = ngx_mqtt_ws_header(frame, NGX_MQTT_WS_PONG, payload->len);
    p = ngx_cpymem(p, payload->data, payload->len);

    (void) ngx_mqtt_client_send_raw(&t->client, frame, p - frame);
}
