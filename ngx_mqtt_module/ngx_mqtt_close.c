
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_close.h>


/* passes that a client that leaves may take to get its last packets */

#define NGX_MQTT_LEAVE_PASSES  8

/* how long, and for how many bytes, the peer's end is waited for */

#define NGX_MQTT_LINGER_TIME   2000
#define NGX_MQTT_LINGER_SIZE   (1024 * 1024)


static void ngx_mqtt_close_send(ngx_mqtt_transport_t *t, ngx_uint_t code);
static ngx_uint_t ngx_mqtt_close_code(ngx_uint_t reason);
static ngx_uint_t ngx_mqtt_close_code_native(ngx_uint_t reason);
static ngx_int_t ngx_mqtt_close_drain_start(ngx_mqtt_transport_t *t);
static ngx_int_t ngx_mqtt_close_shutdown(ngx_mqtt_transport_t *t);


void
ngx_mqtt_close_client(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;

    t->done = 1;

    /* its door has not opened yet, and will close it */

    if (!t->started) {
        return;
    }

    /* a frame that was sent in part cannot be followed by another */

    if (t->ws && !t->close_sent && !t->full && !t->broken) {
        ngx_mqtt_close_send(t, t->native ? ngx_mqtt_close_code_native(reason)
                                         : ngx_mqtt_close_code(reason));
    }

    /* the core may be in the middle of its lists: the rest follows later */

    ngx_post_event(t->connection->read, &ngx_posted_events);
}


void
ngx_mqtt_close_refused(ngx_mqtt_transport_t *t)
{
    ngx_mqtt_close_send(t, NGX_MQTT_WS_CODE_POLICY);

    ngx_post_event(t->connection->read, &ngx_posted_events);
}


static void
ngx_mqtt_close_send(ngx_mqtt_transport_t *t, ngx_uint_t code)
{
    u_char            *p, frame[NGX_MQTT_WS_CLOSE_MAX];
    ssize_t            n;
    ngx_connection_t  *c;

    c = t->connection;

    p = ngx_mqtt_ws_close(frame, code, NULL);

    n = c->send(c, frame, p - frame);

    if (n == p - frame) {
        t->close_sent = 1;

    } else if (n != NGX_AGAIN) {
        t->broken = 1;
    }
}


static ngx_uint_t
ngx_mqtt_close_code(ngx_uint_t reason)
{
    switch (reason) {

    case NGX_MQTT_NORMAL_DISCONNECTION:
    case NGX_MQTT_DISCONNECT_WITH_WILL:
    case NGX_MQTT_ADMINISTRATIVE_ACTION:
        return NGX_MQTT_WS_CODE_NORMAL;

    case NGX_MQTT_SERVER_SHUTTING_DOWN:
    case NGX_MQTT_USE_ANOTHER_SERVER:
    case NGX_MQTT_SERVER_MOVED:
        return NGX_MQTT_WS_CODE_GOING_AWAY;

    case NGX_MQTT_MALFORMED_PACKET:
    case NGX_MQTT_PROTOCOL_ERROR:
    case NGX_MQTT_UNSUPPORTED_VERSION:
    case NGX_MQTT_TOPIC_FILTER_INVALID:
    case NGX_MQTT_TOPIC_NAME_INVALID:
    case NGX_MQTT_RECEIVE_MAXIMUM_EXCEEDED:
    case NGX_MQTT_TOPIC_ALIAS_INVALID:
        return NGX_MQTT_WS_CODE_PROTOCOL;

    case NGX_MQTT_PAYLOAD_FORMAT_INVALID:
        return NGX_MQTT_WS_CODE_INVALID_DATA;

    case NGX_MQTT_PACKET_TOO_LARGE:
        return NGX_MQTT_WS_CODE_TOO_LARGE;

    case NGX_MQTT_UNSPECIFIED_ERROR:
    case NGX_MQTT_IMPLEMENTATION_ERROR:
    case NGX_MQTT_SERVER_UNAVAILABLE:
    case NGX_MQTT_SERVER_BUSY:
        return NGX_MQTT_WS_CODE_INTERNAL_ERROR;

    default:
        return NGX_MQTT_WS_CODE_POLICY;
    }
}


static ngx_uint_t
ngx_mqtt_close_code_native(ngx_uint_t reason)
{
    switch (reason) {

    case NGX_MQTT_NORMAL_DISCONNECTION:
    case NGX_MQTT_ADMINISTRATIVE_ACTION:
        return NGX_MQTT_WS_CODE_NORMAL;

    case NGX_MQTT_PROTOCOL_ERROR:
        return NGX_MQTT_WS_CODE_UNSUPPORTED;

    case NGX_MQTT_KEEP_ALIVE_TIMEOUT:
        return NGX_MQTT_WS_CODE_GOING_AWAY;

    default:
        return ngx_mqtt_close_code(reason);
    }
}


/* the peer's end, or a fault in its frames: a close frame is the last word */

void
ngx_mqtt_close_frame(ngx_mqtt_transport_t *t, ngx_uint_t code)
{
    u_char  *p, frame[NGX_MQTT_WS_CLOSE_MAX];

    if (!t->close_sent) {
        p = ngx_mqtt_ws_close(frame, code, NULL);

        if (ngx_mqtt_client_send_raw(&t->client, frame, p - frame) == NGX_OK) {
            t->close_sent = 1;
        }
    }

    ngx_mqtt_close_leave(t);
}


/*
 * The client reads no more, and is lost as soon as the output that it has
 * caused was flushed, at the end of this pass.
 */

void
ngx_mqtt_close_leave(ngx_mqtt_transport_t *t)
{
    if (!t->leaving) {
        t->leaving = 1;
        t->passes = NGX_MQTT_LEAVE_PASSES;

    } else if (!t->client.marked || --t->passes == 0) {
        ngx_mqtt_close_lost(t);
        return;
    }

    ngx_post_event(t->connection->read, &ngx_posted_next_events);
}


void
ngx_mqtt_close_lost(ngx_mqtt_transport_t *t)
{
    t->done = 1;

    ngx_mqtt_client_lost(&t->client);

    ngx_mqtt_close_drain(t);
}


/*
 * The core has let go of the client.  Closing a socket that has unread input
 * makes the kernel reset the connection, and the peer may lose the packet
 * that tells it why: read on until the peer has closed, for a short while.
 */

void
ngx_mqtt_close_drain(ngx_mqtt_transport_t *t)
{
    ssize_t            size;
    ngx_uint_t         failed;
    ngx_event_t       *rev;
    ngx_connection_t  *c;

    c = t->connection;
    rev = c->read;

    if (!t->draining) {

        if (ngx_mqtt_close_drain_start(t) != NGX_OK) {
            ngx_mqtt_close_finish(t);
            return;
        }

    } else if (rev->timedout) {
        ngx_mqtt_close_finish(t);
        return;
    }

    while (t->drained < NGX_MQTT_LINGER_SIZE) {

        size = c->recv(c, ngx_mqtt_recv_buffer, NGX_MQTT_RECV_SIZE);

        if (size == NGX_AGAIN) {

            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                break;
            }

            return;
        }

        if (size == NGX_ERROR || size == 0) {
            break;
        }

        t->received += size;
        t->drained += size;

        failed = t->ws_failed;

        ngx_mqtt_close_skip(t, ngx_mqtt_recv_buffer,
                            ngx_mqtt_recv_buffer + size);

        if (t->close_received || t->ws_failed != failed) {
            break;
        }
    }

    ngx_mqtt_close_finish(t);
}


/* NGX_DECLINED: there is nothing to wait for */

static ngx_int_t
ngx_mqtt_close_drain_start(ngx_mqtt_transport_t *t)
{
    ngx_event_t       *rev, *wev;
    ngx_connection_t  *c;

    c = t->connection;
    rev = c->read;
    wev = c->write;

    if (t->pos) {
        ngx_mqtt_close_skip(t, t->pos + t->plain, t->last);
    }

    if (t->eof || t->broken || t->close_received) {
        return NGX_DECLINED;
    }

    t->draining = 1;

    c->log->action = "closing mqtt connection";

    if (rev->timer_set) {
        ngx_del_timer(rev);
    }

    rev->timedout = 0;
    ngx_add_timer(rev, NGX_MQTT_LINGER_TIME);

    if (wev->active && (ngx_event_flags & NGX_USE_LEVEL_EVENT)) {
        if (ngx_del_event(wev, NGX_WRITE_EVENT, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_reusable_connection(c, 1);

    /* after a close frame the server closes once the peer has answered */

    if (t->close_sent && !t->ws_failed) {
        return NGX_OK;
    }

    return ngx_mqtt_close_shutdown(t);
}


static ngx_int_t
ngx_mqtt_close_shutdown(ngx_mqtt_transport_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;

#if (NGX_SSL)

    if (c->ssl) {
        ngx_int_t  rc;

        c->ssl->no_wait_shutdown = 1;
        c->ssl->shutdown_without_free = 1;

        rc = ngx_ssl_shutdown(c);

        if (rc != NGX_OK) {

            /* the door goes on with it, and frees it */

            c->ssl->shutdown_without_free = 0;
            return NGX_ERROR;
        }
    }

#endif

    if (ngx_shutdown_socket(c->fd, NGX_WRITE_SHUTDOWN) == -1) {
        ngx_connection_error(c, ngx_socket_errno,
                             ngx_shutdown_socket_n " failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_mqtt_close_skip(ngx_mqtt_transport_t *t, u_char *pos, u_char *last)
{
    ngx_int_t            rc;
    ngx_mqtt_ws_event_t  ev;

    if (t->ws == NULL || t->ws_failed) {
        return;
    }

    do {
        rc = ngx_mqtt_ws_parse(t->ws, &pos, last, &ev);

    } while (rc == NGX_OK && ev.opcode != NGX_MQTT_WS_CLOSE);

    if (rc == NGX_OK) {
        t->close_received = 1;

    } else if (rc == NGX_ERROR) {
        t->ws_failed = 1;
    }
}


void
ngx_mqtt_close_finish(ngx_mqtt_transport_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    ngx_reusable_connection(c, 0);

    c->read->timedout = 0;
    c->log->action = NULL;

    t->finish(t);
}
