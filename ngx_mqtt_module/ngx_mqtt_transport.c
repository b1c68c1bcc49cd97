
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_module.h>
#include <ngx_mqtt_transport.h>
#include <ngx_mqtt_close.h>
#include <ngx_mqtt_native_client.h>


/* the last connections of a worker, for telling clients that it is full */

#define NGX_MQTT_SPARE_MAX  64

/*
 * Bytes a socket takes beyond what its peer has room for.  The kernel's own
 * bound is in megabytes, of a memory that all connections share.
 */

#define NGX_MQTT_UNSENT_MAX  131072


static ngx_int_t ngx_mqtt_transport_buffer(ngx_log_t *log);
static void ngx_mqtt_transport_cleanup(void *data);

static ngx_int_t ngx_mqtt_transport_signals(ngx_mqtt_transport_t *t);
static ngx_int_t ngx_mqtt_transport_closed(ngx_mqtt_transport_t *t);
static void ngx_mqtt_transport_timer(ngx_mqtt_transport_t *t);
static void ngx_mqtt_transport_options(ngx_connection_t *c);

static void ngx_mqtt_transport_write(ngx_mqtt_transport_t *t);
static ssize_t ngx_mqtt_transport_send(ngx_mqtt_client_t *cl, u_char *p,
    size_t len);
static u_char *ngx_mqtt_transport_frame(ngx_mqtt_client_t *cl, u_char *p,
    size_t len);
static void ngx_mqtt_transport_resume(ngx_mqtt_client_t *cl);
static void ngx_mqtt_transport_named(ngx_mqtt_client_t *cl,
    ngx_str_t *user_id, ngx_str_t *username);
static void ngx_mqtt_transport_rearm(ngx_mqtt_client_t *cl);


static const ngx_mqtt_transport_ops_t  ngx_mqtt_transport_tcp_ops = {
    ngx_mqtt_transport_send,
    NULL,
    ngx_mqtt_close_client,
    ngx_mqtt_transport_resume,
    ngx_mqtt_describe_event,
    ngx_mqtt_describe_request,
    ngx_mqtt_describe_fingerprint,
    ngx_mqtt_transport_named,
    ngx_mqtt_transport_rearm
};


static const ngx_mqtt_transport_ops_t  ngx_mqtt_transport_ws_ops = {
    ngx_mqtt_transport_send,
    ngx_mqtt_transport_frame,
    ngx_mqtt_close_client,
    ngx_mqtt_transport_resume,
    ngx_mqtt_describe_event,
    ngx_mqtt_describe_request,
    ngx_mqtt_describe_fingerprint,
    ngx_mqtt_transport_named,
    ngx_mqtt_transport_rearm
};


/* the core makes the frames of native clients */

static const ngx_mqtt_transport_ops_t  ngx_mqtt_transport_native_ops = {
    ngx_mqtt_transport_send,
    NULL,
    ngx_mqtt_close_client,
    ngx_mqtt_transport_resume,
    ngx_mqtt_describe_event,
    ngx_mqtt_describe_request,
    ngx_mqtt_describe_fingerprint,
    ngx_mqtt_transport_named,
    ngx_mqtt_transport_rearm
};


static const ngx_mqtt_transport_ops_t  *ngx_mqtt_transport_ops[] = {
    &ngx_mqtt_transport_tcp_ops,
    &ngx_mqtt_transport_ws_ops,
    &ngx_mqtt_transport_native_ops
};


u_char  *ngx_mqtt_recv_buffer;


ngx_mqtt_transport_t *
ngx_mqtt_transport_create(ngx_connection_t *c, ngx_mqtt_conf_hub_t *hub,
    ngx_str_t *name, ngx_uint_t kind)
{
    size_t                 size;
    ngx_str_t              hub_name;
    ngx_mqtt_worker_t     *worker;
    ngx_pool_cleanup_t    *cln;
    ngx_mqtt_transport_t  *t;

    worker = ngx_mqtt_member_worker(hub->zone);

    if (worker == NULL || ngx_mqtt_transport_buffer(c->log) != NGX_OK) {
        return NULL;
    }

    size = sizeof(ngx_mqtt_transport_t);

    if (kind != NGX_MQTT_TRANSPORT_TCP) {
        size += sizeof(ngx_mqtt_ws_t);
    }

    if (kind == NGX_MQTT_TRANSPORT_NATIVE) {
        size += sizeof(ngx_mqtt_transport_native_t);
    }

    t = ngx_pcalloc(c->pool, size + name->len);
    if (t == NULL) {
        return NULL;
    }

    hub_name.len = name->len;
    hub_name.data = (u_char *) t + size;
    ngx_memcpy(hub_name.data, name->data, name->len);

    cln = ngx_pool_cleanup_add(c->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_mqtt_transport_cleanup;
    cln->data = t;

    t->connection = c;

    if (kind == NGX_MQTT_TRANSPORT_WS) {
        t->ws = (ngx_mqtt_ws_t *) (t + 1);
        ngx_mqtt_ws_init(t->ws, 1, 0);

    } else if (kind == NGX_MQTT_TRANSPORT_NATIVE) {
        t->native = (ngx_mqtt_transport_native_t *) (t + 1);
        t->ws = (ngx_mqtt_ws_t *) (t->native + 1);

        ngx_mqtt_ws_init(t->ws, 0, ngx_min(hub->settings.max_packet_size,
                                           NGX_MQTT_NATIVE_SIZE));
    }

    ngx_mqtt_client_init(&t->client, worker, &hub->settings, &hub_name,
                         ngx_mqtt_transport_ops[kind], c->log);

    t->client.refused = ngx_mqtt_transport_busy();

    return t;
}


/* Below a 16th NGINX itself drops those that have not sent CONNECT. */

ngx_uint_t
ngx_mqtt_transport_busy(void)
{
    ngx_uint_t  spare;

    spare = ngx_min(ngx_cycle->connection_n / 32, NGX_MQTT_SPARE_MAX);

    return ngx_cycle->free_connection_n < spare;
}


static ngx_int_t
ngx_mqtt_transport_buffer(ngx_log_t *log)
{
    if (ngx_mqtt_recv_buffer == NULL) {
        ngx_mqtt_recv_buffer = ngx_alloc(NGX_MQTT_RECV_SIZE, log);
    }

    return ngx_mqtt_recv_buffer ? NGX_OK : NGX_ERROR;
}


/* only a net: a client that ends in order is let go of before */

static void
ngx_mqtt_transport_cleanup(void *data)
{
    ngx_mqtt_transport_t  *t = data;

    if (!t->done) {
        ngx_mqtt_client_lost(&t->client);
    }

    if (t->kept) {
        ngx_free(t->kept);
    }

    if (t->native && t->native->data) {
        ngx_free(t->native->data);
    }
}


void
ngx_mqtt_transport_start(ngx_mqtt_transport_t *t,
    ngx_event_handler_pt handler, ngx_mqtt_finish_pt finish, void *data,
    u_char *pos, u_char *last)
{
    ngx_connection_t  *c;

    c = t->connection;

    t->finish = finish;
    t->data = data;
    t->pos = pos;
    t->last = last;
    t->started = 1;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    c->read->handler = handler;
    c->write->handler = handler;
    c->log->action = "waiting for mqtt packet";

    ngx_mqtt_transport_options(c);

#if (NGX_SSL)

    if (c->ssl) {

        /* output moves to the front of a larger buffer between attempts */

        SSL_set_mode(c->ssl->connection, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

        ngx_ssl_free_buffer(c);
    }

#endif

    /* until it has sent CONNECT, NGINX may drop it for a new client */

    ngx_reusable_connection(c, 1);

    if (t->done) {
        ngx_mqtt_close_refused(t);
        return;
    }

    if (t->native) {
        t->native->pinged = ngx_current_msec;
    }

    ngx_mqtt_transport_timer(t);

    ngx_post_event(c->read, &ngx_posted_events);

    if (t->client.blocked) {
        ngx_post_event(c->write, &ngx_posted_events);
    }
}


/* Works as well, if not so well, where they cannot be set. */

static void
ngx_mqtt_transport_options(ngx_connection_t *c)
{
    int  unsent;

    /* without it acknowledgements would wait for each other */

    (void) ngx_tcp_nodelay(c);

    unsent = NGX_MQTT_UNSENT_MAX;

    (void) setsockopt(c->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
                      (const void *) &unsent, sizeof(int));
}


void
ngx_mqtt_transport_event(ngx_mqtt_transport_t *t, ngx_event_t *ev)
{
    ngx_mqtt_worker_t  *w;

    /* "t" may be gone afterwards */

    w = t->client.worker;

    ngx_mqtt_worker_enter(w);

    if (ngx_mqtt_transport_signals(t) == NGX_OK) {

        if (ev->write) {
            ngx_mqtt_transport_write(t);

        } else {
            ngx_mqtt_transport_read(t);
        }
    }

    ngx_mqtt_worker_leave(w);
}


/*
 * What can be behind any event, since TLS may turn one into the other.
 * NGX_DONE: the event was that, "t" may be gone.
 */

static ngx_int_t
ngx_mqtt_transport_signals(ngx_mqtt_transport_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;

    if (c->close) {
        return ngx_mqtt_transport_closed(t);
    }

    if (t->done) {
        ngx_mqtt_close_drain(t);
        return NGX_DONE;
    }

    if (c->read->timedout) {
        c->read->timedout = 0;
        ngx_mqtt_transport_timer(t);
        return NGX_DONE;
    }

    return NGX_OK;
}


/*
 * NGINX wants the connection back: at the end of worker_shutdown_timeout,
 * which sets c->error too, or because a new connection has to be accepted.
 */

static ngx_int_t
ngx_mqtt_transport_closed(ngx_mqtt_transport_t *t)
{
    ngx_uint_t         shutdown;
    ngx_connection_t  *c;

    c = t->connection;

    shutdown = c->error;

    c->close = 0;
    c->error = 0;

    if (shutdown && !t->done) {
        ngx_mqtt_client_close(&t->client, NGX_MQTT_SERVER_SHUTTING_DOWN);
        return NGX_DONE;
    }

    t->broken = 1;

    if (t->done) {
        ngx_mqtt_close_finish(t);

    } else {
        ngx_mqtt_close_lost(t);
    }

    return NGX_DONE;
}


static void
ngx_mqtt_transport_timer(ngx_mqtt_transport_t *t)
{
    ngx_msec_t  next;

    next = ngx_mqtt_client_timer(&t->client);

    if (next && t->native) {
        next = ngx_min(next, ngx_mqtt_message_ping(t));
    }

    if (next) {
        ngx_add_timer(t->connection->read, next);
    }
}


static void
ngx_mqtt_transport_write(ngx_mqtt_transport_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;

    c->log->action = "sending to mqtt client";

    ngx_mqtt_client_writable(&t->client);

    c->log->action = "waiting for mqtt packet";

    if (!t->done && ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_mqtt_close_lost(t);
    }
}


static ssize_t
ngx_mqtt_transport_send(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    size_t                 sent;
    ssize_t                n;
    ngx_event_t           *wev;
    ngx_connection_t      *c;
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;
    c = t->connection;
    wev = c->write;

    if (t->broken) {
        return NGX_ERROR;
    }

    if (!t->started) {
        return 0;
    }

    sent = 0;

    while (sent < len && wev->ready) {

        n = c->send(c, p + sent, len - sent);

        if (n == NGX_ERROR) {
            t->broken = 1;
            return NGX_ERROR;
        }

        if (n == NGX_AGAIN || n == 0) {
            break;
        }

        sent += n;
    }

    t->full = (sent < len);

    if (t->full && ngx_handle_write_event(wev, 0) != NGX_OK) {
        t->broken = 1;
        return NGX_ERROR;
    }

    return sent;
}


static u_char *
ngx_mqtt_transport_frame(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    p -= ngx_mqtt_ws_header_size(len);

    (void) ngx_mqtt_ws_header(p, NGX_MQTT_WS_BINARY, len);

    return p;
}


static void
ngx_mqtt_transport_resume(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;

    t->paused = 0;

    /* input that is already here brings no event of its own */

    ngx_post_event(t->connection->read, &ngx_posted_next_events);
}


/* The log is written when the core has forgotten the client. */

static void
ngx_mqtt_transport_named(ngx_mqtt_client_t *cl, ngx_str_t *user_id,
    ngx_str_t *username)
{
    u_char                    *p;
    ngx_mqtt_transport_t      *t;
    ngx_mqtt_transport_who_t  *who;

    t = (ngx_mqtt_transport_t *) cl;

    who = ngx_palloc(t->connection->pool, sizeof(ngx_mqtt_transport_who_t)
                                          + user_id->len + username->len);
    if (who == NULL) {
        return;
    }

    p = (u_char *) (who + 1);

    who->user_id.data = p;
    who->user_id.len = user_id->len;

    if (user_id->len) {
        p = ngx_cpymem(p, user_id->data, user_id->len);
    }

    who->username.data = p;
    who->username.len = username->len;

    if (username->len) {
        ngx_memcpy(p, username->data, username->len);
    }

    t->who = who;
}


static void
ngx_mqtt_transport_rearm(ngx_mqtt_client_t *cl)
{
    ngx_event_t           *rev;
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;
    rev = t->connection->read;

    if (rev->timer_set) {
        ngx_del_timer(rev);
    }

    ngx_add_timer(rev, 1);
}


void
ngx_mqtt_transport_protocol(ngx_mqtt_transport_t *t, ngx_str_t *value)
{
    if (ngx_mqtt_is_native(t->client.version)) {
        *value = *ngx_mqtt_native_protocol_name(t->client.version);
        return;
    }

    switch (t->client.version) {

    case NGX_MQTT_V4:
        ngx_str_set(value, "MQTT/3.1.1");
        break;

    case NGX_MQTT_V5:
        ngx_str_set(value, "MQTT/5.0");
        break;

    default:
        ngx_str_null(value);
        break;
    }
}


void
ngx_mqtt_transport_client_id(ngx_mqtt_transport_t *t, ngx_str_t *value)
{
    *value = t->client_id;
}


void
ngx_mqtt_transport_user_id(ngx_mqtt_transport_t *t, ngx_str_t *value)
{
    if (t->who) {
        *value = t->who->user_id;
    }
}


void
ngx_mqtt_transport_username(ngx_mqtt_transport_t *t, ngx_str_t *value)
{
    if (t->who) {
        *value = t->who->username;
    }
}
