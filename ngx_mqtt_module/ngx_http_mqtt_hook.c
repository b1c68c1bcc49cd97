
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>
#include <ngx_http_mqtt_event.h>


/*
 * A webhook is a subrequest in memory of a request that no client has made:
 * all of it is in the event's pool, its connection has no socket, and NGINX
 * never sees the end of it.
 */

typedef struct {
    ngx_http_request_t          request;
    ngx_connection_t            connection;
    ngx_event_t                 read;
    ngx_event_t                 write;
    ngx_log_t                   log;
    ngx_http_log_ctx_t          log_ctx;
    ngx_http_connection_t       hc;
    ngx_buf_t                   header_in;
    ngx_http_request_body_t     body;
    ngx_buf_t                   buf;
    ngx_chain_t                 chain;
    ngx_http_post_subrequest_t  post;
    ngx_http_mqtt_ctx_t         ctx;
} ngx_http_mqtt_detached_t;


static void ngx_http_mqtt_hook_connection(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d);
static void ngx_http_mqtt_hook_address(ngx_http_mqtt_hook_t *hook,
    ngx_connection_t *c);
static void ngx_http_mqtt_hook_open_log(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d);
static ngx_int_t ngx_http_mqtt_hook_request(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d);
static ngx_int_t ngx_http_mqtt_hook_alloc(ngx_http_request_t *r);
static void ngx_http_mqtt_hook_method(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d);
static void ngx_http_mqtt_hook_handler(ngx_event_t *ev);
static u_char *ngx_http_mqtt_hook_log(ngx_log_t *log, u_char *buf,
    size_t len);
static ngx_int_t ngx_http_mqtt_hook_finalize(ngx_http_request_t *r,
    void *data, ngx_int_t rc);
static void ngx_http_mqtt_hook_over(ngx_http_request_t *r);


/* of no address family that NGINX would ask a socket for */

static struct sockaddr  ngx_http_mqtt_hook_sockaddr = {
    .sa_family = AF_UNIX
};


ngx_int_t
ngx_http_mqtt_hook_run(ngx_http_mqtt_hook_t *hook)
{
    ngx_http_mqtt_detached_t  *d;

    d = ngx_pcalloc(hook->pool, sizeof(ngx_http_mqtt_detached_t));
    if (d == NULL) {
        return NGX_ERROR;
    }

    ngx_http_mqtt_hook_connection(hook, d);

    if (ngx_http_mqtt_hook_request(hook, d) != NGX_OK) {
        return NGX_ERROR;
    }

    d->post.handler = ngx_http_mqtt_hook_finalize;
    d->post.data = hook;

    /* as a clone it starts in the location, whatever the server does else */

    if (ngx_http_subrequest(&d->request, &hook->handler->uri, NULL,
                            &hook->subrequest, &d->post,
                            NGX_HTTP_SUBREQUEST_IN_MEMORY
                            |NGX_HTTP_SUBREQUEST_CLONE)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    hook->request = &d->request;

    ngx_http_run_posted_requests(&d->connection);

    return NGX_OK;
}


static void
ngx_http_mqtt_hook_connection(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d)
{
    ngx_connection_t  *c;

    c = &d->connection;

    c->data = &d->request;
    c->fd = (ngx_socket_t) -1;
    c->pool = hook->pool;
    c->log = &d->log;
    c->read = &d->read;
    c->write = &d->write;

    d->read.data = c;
    d->read.log = &d->log;
    d->read.index = NGX_INVALID_INDEX;
    d->read.handler = ngx_http_mqtt_hook_handler;

    d->write.data = c;
    d->write.log = &d->log;
    d->write.index = NGX_INVALID_INDEX;
    d->write.handler = ngx_http_mqtt_hook_handler;
    d->write.write = 1;

    /* what NGINX takes for waited for already, it does not wait for */

    d->read.active = 1;
    d->write.active = (ngx_event_flags & NGX_USE_CLEAR_EVENT) ? 1 : 0;
    d->write.ready = 1;

    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->start_time = ngx_current_msec;
    c->requests = 1;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->sockaddr = &ngx_http_mqtt_hook_sockaddr;
    c->socklen = sizeof(struct sockaddr);
    c->local_sockaddr = &ngx_http_mqtt_hook_sockaddr;
    c->local_socklen = sizeof(struct sockaddr);

    ngx_http_mqtt_hook_address(hook, c);
    ngx_http_mqtt_hook_open_log(hook, d);

    d->hc.conf_ctx = hook->handler->ctx;
}


/* $remote_addr */

static void
ngx_http_mqtt_hook_address(ngx_http_mqtt_hook_t *hook, ngx_connection_t *c)
{
    ngx_str_t   *text;
    ngx_addr_t   addr;

    if (hook->event == NULL || hook->event->address.len == 0) {
        return;
    }

    text = &hook->event->address;
    c->addr_text = *text;

    if (ngx_parse_addr(hook->pool, &addr, text->data, text->len) == NGX_OK) {
        c->sockaddr = addr.sockaddr;
        c->socklen = addr.socklen;
    }
}


static void
ngx_http_mqtt_hook_open_log(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = hook->handler->ctx->loc_conf[ngx_http_core_module.ctx_index];

    d->log = *clcf->error_log;
    d->log.connection = d->connection.number;
    d->log.handler = ngx_http_mqtt_hook_log;
    d->log.data = &d->log_ctx;
    d->log.action = NULL;

    d->log_ctx.connection = &d->connection;
    d->log_ctx.request = &d->request;
    d->log_ctx.current_request = &d->request;
}


static ngx_int_t
ngx_http_mqtt_hook_request(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d)
{
    ngx_time_t                 *tp;
    ngx_http_request_t         *r;
    ngx_http_core_main_conf_t  *cmcf;

    r = &d->request;

    r->signature = NGX_HTTP_MODULE;
    r->connection = &d->connection;
    r->http_connection = &d->hc;
    r->pool = hook->pool;
    r->header_in = &d->header_in;

    r->main_conf = hook->handler->ctx->main_conf;
    r->srv_conf = hook->handler->ctx->srv_conf;
    r->loc_conf = hook->handler->ctx->loc_conf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    if (ngx_http_mqtt_hook_alloc(r) != NGX_OK) {
        return NGX_ERROR;
    }

    r->main = r;
    r->count = 1;
    r->logged = 1;
    r->internal = 1;
    r->valid_location = 1;
    r->uri_changes = NGX_HTTP_MAX_URI_CHANGES + 1;
    r->subrequests = NGX_HTTP_MAX_SUBREQUESTS + 1;
    r->phase_handler = cmcf->phase_engine.location_rewrite_index;

    r->read_event_handler = ngx_http_request_empty_handler;
    r->write_event_handler = ngx_http_mqtt_hook_over;

    tp = ngx_timeofday();
    r->start_sec = tp->sec;
    r->start_msec = tp->msec;

    r->http_version = NGX_HTTP_VERSION_11;
    ngx_str_set(&r->http_protocol, "HTTP/1.1");
    ngx_str_set(&r->schema, "http");
    r->uri = hook->handler->uri;
    r->unparsed_uri = hook->handler->uri;

    r->headers_in.keep_alive_n = -1;
    r->headers_out.content_length_n = -1;
    r->headers_out.last_modified_time = -1;

    ngx_http_mqtt_hook_method(hook, d);

    d->ctx.hook = hook;
    ngx_http_set_ctx(r, &d->ctx, ngx_http_mqtt_module);

    return ngx_http_mqtt_hook_headers(hook, &r->headers_in);
}


static ngx_int_t
ngx_http_mqtt_hook_alloc(ngx_http_request_t *r)
{
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    r->ctx = ngx_pcalloc(r->pool, sizeof(void *) * ngx_http_max_module);
    r->variables = ngx_pcalloc(r->pool, cmcf->variables.nelts
                                        * sizeof(ngx_http_variable_value_t));

    if (r->ctx == NULL || r->variables == NULL
        || ngx_list_init(&r->headers_out.headers, r->pool, 1,
                         sizeof(ngx_table_elt_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_list_init(&r->headers_out.trailers, r->pool, 1,
                         sizeof(ngx_table_elt_t));
}


static void
ngx_http_mqtt_hook_method(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_detached_t *d)
{
    ngx_buf_t           *b;
    ngx_http_request_t  *r;

    r = &d->request;
    r->request_body = &d->body;

    switch (hook->kind) {

    case NGX_HTTP_MQTT_HOOK_OPTIONS:
        r->method = NGX_HTTP_OPTIONS;
        ngx_str_set(&r->method_name, "OPTIONS");
        r->headers_in.content_length_n = -1;
        return;

    case NGX_HTTP_MQTT_HOOK_GET:
        r->method = NGX_HTTP_GET;
        ngx_str_set(&r->method_name, "GET");
        r->headers_in.content_length_n = -1;
        return;

    default:
        r->method = NGX_HTTP_POST;
        ngx_str_set(&r->method_name, "POST");
        break;
    }

    r->headers_in.content_length_n = hook->event->body.len;

    if (hook->event->body.len == 0) {
        return;
    }

    b = &d->buf;

    b->start = hook->event->body.data;
    b->pos = b->start;
    b->last = b->start + hook->event->body.len;
    b->end = b->last;
    b->memory = 1;
    b->last_buf = 1;

    d->chain.buf = b;

    d->body.bufs = &d->chain;
    d->body.buf = b;
}


/* Timers of the request, such as that of "limit_req". */

static void
ngx_http_mqtt_hook_handler(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    c = ev->data;
    r = c->data;

    if (ev->delayed && ev->timedout) {
        ev->delayed = 0;
        ev->timedout = 0;
    }

    if (ev->write) {
        r->write_event_handler(r);

    } else {
        r->read_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


static u_char *
ngx_http_mqtt_hook_log(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                *p, *last;
    ngx_http_log_ctx_t    *ctx;
    ngx_http_mqtt_ctx_t   *mctx;
    ngx_http_upstream_t   *u;
    ngx_http_mqtt_hook_t  *hook;

    p = buf;
    last = buf + len;
    ctx = log->data;

    if (log->action) {
        p = ngx_slprintf(p, last, " while %s", log->action);
    }

    mctx = ngx_http_get_module_ctx(ctx->request, ngx_http_mqtt_module);
    hook = mctx->hook;

    if (hook->event) {
        p = ngx_slprintf(p, last, ", mqtt hub: %V, event: \"%V\"",
                         &hook->event->hub, &hook->event->name);
    } else {
        p = ngx_slprintf(p, last, ", validation");
    }

    p = ngx_slprintf(p, last, ", webhook: \"%V\"", &hook->handler->uri);

    u = ctx->current_request->upstream;

    if (u && u->peer.name) {
        p = ngx_slprintf(p, last, ", upstream: \"%V%V%V\"",
                         &u->schema, u->peer.name, &u->uri);
    }

    return p;
}


/* May be called twice: error pages come in between. */

static ngx_int_t
ngx_http_mqtt_hook_finalize(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_mqtt_hook_t *hook = data;

    ngx_connection_t  *c;

    c = r->connection;

    if (!c->error && rc != NGX_ERROR && rc != NGX_HTTP_CLOSE
        && rc != NGX_HTTP_REQUEST_TIME_OUT
        && rc != NGX_HTTP_CLIENT_CLOSED_REQUEST)
    {
        return rc;
    }

    /*
     * NGINX would terminate the main request and with it the connection:
     * what is left of the subrequest ends as if all was well.
     */

    hook->failed = 1;
    hook->answer.status = (rc == NGX_HTTP_REQUEST_TIME_OUT)
                          ? NGX_HTTP_REQUEST_TIME_OUT
                          : NGX_HTTP_INTERNAL_SERVER_ERROR;

    c->error = 0;
    r->buffered = 0;
    r->postponed = NULL;

    return NGX_OK;
}


/* The subrequest is done: the main request was posted for its end. */

static void
ngx_http_mqtt_hook_over(ngx_http_request_t *r)
{
    ngx_http_mqtt_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mqtt_module);

    if (ctx->hook->subrequest->done) {
        ngx_http_mqtt_event_over(ctx->hook);
    }
}


ngx_int_t
ngx_http_mqtt_hook_end(ngx_http_mqtt_hook_t *hook)
{
    ngx_connection_t    *c;
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *r;

    r = hook->request;

    if (r == NULL) {
        return NGX_OK;
    }

    if (r->blocked) {
        return NGX_BUSY;
    }

    c = r->connection;

    /* handlers may finalize what is under way, and must not come to 0 */

    r->count += 8;

    cln = r->cleanup;
    r->cleanup = NULL;

    while (cln) {
        if (cln->handler) {
            cln->handler(cln->data);
        }

        cln = cln->next;
    }

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    hook->request = NULL;

    return NGX_OK;
}
