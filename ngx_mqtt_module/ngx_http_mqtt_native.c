
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_ask.h>
#include <ngx_mqtt_native_client.h>
#include <ngx_http_mqtt_module.h>


/* What an upgrade of a Web PubSub client is about, from r->pool. */

typedef struct ngx_http_mqtt_native_s {
    ngx_mqtt_upgrade_t        up;
    ngx_mqtt_native_accept_t  accept;
    ngx_str_t                 connection_id;     /* that comes back, ... */
    ngx_str_t                 recovery;          /* ... and its token */
    ngx_uint_t                simple;
} ngx_http_mqtt_native_t;


static ngx_int_t ngx_http_mqtt_native_offered(ngx_http_request_t *r,
    ngx_mqtt_upgrade_t *up);
static ngx_int_t ngx_http_mqtt_native_args(ngx_http_request_t *r,
    ngx_http_mqtt_native_t *n);
static ngx_int_t ngx_http_mqtt_native_arg(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);
static ngx_uint_t ngx_http_mqtt_native_is(ngx_str_t *value,
    const char *other);
static ngx_int_t ngx_http_mqtt_native_bad(ngx_http_request_t *r,
    const char *what);

static ngx_int_t ngx_http_mqtt_native_come_back(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx);
static ngx_int_t ngx_http_mqtt_native_ask(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx);
static ngx_int_t ngx_http_mqtt_native_who(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx);
static void ngx_http_mqtt_native_judged(ngx_mqtt_client_t *cl,
    ngx_mqtt_upgrade_t *up);
static ngx_int_t ngx_http_mqtt_native_admit(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx);
static ngx_int_t ngx_http_mqtt_native_init(ngx_http_mqtt_ctx_t *ctx);
static ngx_int_t ngx_http_mqtt_native_refuse(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx);
static ngx_int_t ngx_http_mqtt_native_say(ngx_http_request_t *r,
    ngx_mqtt_upgrade_t *up);


ngx_int_t
ngx_http_mqtt_native(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx,
    ngx_mqtt_conf_hub_t *hub, ngx_http_mqtt_token_t *token)
{
    ngx_int_t                rc;
    ngx_mqtt_transport_t    *t;
    ngx_http_mqtt_native_t  *n;

    n = ngx_pcalloc(r->pool, sizeof(ngx_http_mqtt_native_t));
    if (n == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->native = n;
    n->recovery = token->recovery;

    if (ngx_http_mqtt_native_offered(r, &n->up) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_mqtt_native_args(r, n);

    /* whoever comes back needs no other token, and may have an old one */

    if (rc == NGX_OK && n->recovery.len == 0) {
        rc = ngx_http_mqtt_token_check(r, hub, &ctx->hub, token, 1);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_transport(r, ctx, hub, NGX_MQTT_TRANSPORT_NATIVE);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    /* the transport stays in the connection's pool, whatever comes of it */

    r->keepalive = 0;

    t = ctx->transport;
    t->data = r;
    t->request = ngx_http_mqtt_request;
    t->client.keep_alive = 2 * hub->settings.ping_interval;

    if (n->recovery.len) {
        return ngx_http_mqtt_native_come_back(r, ctx);
    }

    t->client.proof = token->proof;
    token->proof = NULL;

    return ngx_http_mqtt_native_ask(r, ctx);
}


/* The first one that is known, unless the application chooses another. */

static ngx_int_t
ngx_http_mqtt_native_offered(ngx_http_request_t *r, ngx_mqtt_upgrade_t *up)
{
    ngx_str_t   *name;
    ngx_uint_t   i, protocol, reliable;

    up->offered = ngx_array_create(r->pool, 1, sizeof(ngx_str_t));

    if (up->offered == NULL
        || ngx_http_mqtt_ws_offered(r, up->offered) != NGX_OK)
    {
        return NGX_ERROR;
    }

    name = up->offered->elts;

    for (i = 0; i < up->offered->nelts; i++) {

        if (ngx_mqtt_native_protocol(&name[i], &protocol, &reliable)
            == NGX_OK)
        {
            up->subprotocol = name[i];
            break;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_native_args(ngx_http_request_t *r, ngx_http_mqtt_native_t *n)
{
    ngx_str_t                  mode, no_echo;
    ngx_mqtt_native_accept_t  *accept;

    accept = &n->accept;

    if (ngx_http_mqtt_native_arg(r, "webpubsub_mode", &mode) != NGX_OK
        || ngx_http_mqtt_native_arg(r, "group", &accept->group) != NGX_OK
        || ngx_http_mqtt_native_arg(r, "noEcho", &no_echo) != NGX_OK
        || ngx_http_mqtt_native_arg(r, "awps_connection_id",
                                    &n->connection_id)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (n->connection_id.len == 0 || n->recovery.len == 0) {
        ngx_str_null(&n->recovery);
    }

    if (mode.len == 0 || ngx_http_mqtt_native_is(&mode, "sendEvent")) {
        ngx_str_null(&accept->group);
        return NGX_OK;
    }

    if (!ngx_http_mqtt_native_is(&mode, "sendToGroup")) {
        return ngx_http_mqtt_native_bad(r, "unknown \"webpubsub_mode\"");
    }

    if (ngx_mqtt_ask_groups_valid(&accept->group, 1) != NGX_OK) {
        return ngx_http_mqtt_native_bad(r, "no valid group");
    }

    accept->no_echo = ngx_http_mqtt_native_is(&no_echo, "true");

    return NGX_OK;
}


/* Empty, if there is none. */

static ngx_int_t
ngx_http_mqtt_native_arg(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_str_t  arg;

    ngx_str_null(value);

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &arg) != NGX_OK) {
        return NGX_OK;
    }

    return ngx_http_mqtt_request_decode(r->pool, &arg, value);
}


static ngx_uint_t
ngx_http_mqtt_native_is(ngx_str_t *value, const char *other)
{
    return value->len == ngx_strlen(other)
           && ngx_strncasecmp(value->data, (u_char *) other, value->len) == 0;
}


static ngx_int_t
ngx_http_mqtt_native_bad(ngx_http_request_t *r, const char *what)
{
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "client asked for %s", what);

    return NGX_HTTP_BAD_REQUEST;
}


/*
 * Only a close frame tells a client that there is nothing to come back to: a
 * status would make it try again.
 */

static ngx_int_t
ngx_http_mqtt_native_come_back(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_mqtt_client_t       *cl;
    ngx_http_mqtt_native_t  *n;

    n = ctx->native;
    cl = &ctx->transport->client;

    if (ngx_http_mqtt_native_init(ctx) != NGX_OK) {
        n->up.status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    rc = ngx_mqtt_native_recover(cl, &n->connection_id, &n->recovery);

    if (rc == NGX_ERROR) {
        n->up.status = NGX_HTTP_SERVICE_UNAVAILABLE;
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client was refused by hub \"%V\": there is nothing to "
                      "recover", &ctx->hub);

        ctx->transport->done = 1;
    }

    return ngx_http_mqtt_ws_accept(r, ctx);
}


static ngx_int_t
ngx_http_mqtt_native_ask(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_mqtt_client_t       *cl;
    ngx_http_mqtt_native_t  *n;

    n = ctx->native;
    cl = &ctx->transport->client;

    rc = ngx_http_mqtt_native_who(r, ctx);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_mqtt_ask_upgrade(cl, &n->up, ngx_http_mqtt_native_judged);

    if (rc == NGX_OK) {
        r->main->count++;

        r->read_event_handler = ngx_http_test_reading;
        r->write_event_handler = ngx_http_request_empty_handler;

        return NGX_DONE;
    }

    if (rc == NGX_ERROR) {
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    return ngx_http_mqtt_native_admit(r, ctx);
}


static ngx_int_t
ngx_http_mqtt_native_who(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx)
{
    ngx_array_t            *groups;
    ngx_mqtt_client_t      *cl;
    ngx_mqtt_upgrade_t     *up;
    ngx_mqtt_connecting_t   cx;

    up = &ctx->native->up;
    cl = &ctx->transport->client;

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));

    if (ngx_mqtt_native_name(cl) != NGX_OK) {
        up->why = "no memory";
        up->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    if (ngx_mqtt_proof_upgrade(cl, &cx) != NGX_OK) {
        up->why = cx.why;
        up->status = (cx.reason == NGX_MQTT_NOT_AUTHORIZED)
                     ? NGX_HTTP_UNAUTHORIZED : NGX_HTTP_INTERNAL_SERVER_ERROR;
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    up->principal = cx.principal;
    groups = up->principal.groups;

    if (groups
        && ngx_mqtt_ask_groups_valid(groups->elts, groups->nelts) != NGX_OK)
    {
        up->why = "its token names an invalid group";
        up->status = NGX_HTTP_BAD_REQUEST;
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    return NGX_OK;
}


/* The application has answered; from the event loop. */

static void
ngx_http_mqtt_native_judged(ngx_mqtt_client_t *cl, ngx_mqtt_upgrade_t *up)
{
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_http_request_t    *r;
    ngx_http_mqtt_ctx_t   *ctx;
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;
    r = t->data;
    c = r->connection;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mqtt_module);

    rc = up->status ? ngx_http_mqtt_native_refuse(r, ctx)
                    : ngx_http_mqtt_native_admit(r, ctx);

    ngx_http_finalize_request(r, rc);

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_mqtt_native_admit(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx)
{
    ngx_mqtt_upgrade_t      *up;
    ngx_http_mqtt_native_t  *n;

    n = ctx->native;
    up = &n->up;

    if (ngx_http_mqtt_native_init(ctx) != NGX_OK) {
        up->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        up->why = "no memory";
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    n->accept.principal = &up->principal;
    n->accept.cookie = up->cookie;

    if (!n->simple) {
        ngx_str_null(&n->accept.group);
    }

    up->status = ngx_mqtt_native_admit(&ctx->transport->client, &n->accept);

    if (up->status) {
        return ngx_http_mqtt_native_refuse(r, ctx);
    }

    return ngx_http_mqtt_ws_accept(r, ctx);
}


/* Its subprotocol is known. */

static ngx_int_t
ngx_http_mqtt_native_init(ngx_http_mqtt_ctx_t *ctx)
{
    ngx_str_t   *name;
    ngx_uint_t   protocol, reliable;

    name = &ctx->native->up.subprotocol;
    ctx->subprotocol = *name;

    if (ngx_mqtt_native_protocol(name, &protocol, &reliable) != NGX_OK) {
        protocol = NGX_MQTT_PROTO_SIMPLE;
        reliable = 0;
        ctx->native->simple = 1;
    }

    return ngx_mqtt_native_init(&ctx->transport->client, protocol, reliable,
                                name);
}


static ngx_int_t
ngx_http_mqtt_native_refuse(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx)
{
    ngx_mqtt_upgrade_t  *up;

    up = &ctx->native->up;

    if (up->why) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client was refused by hub \"%V\": %s", &ctx->hub,
                      up->why);
    }

    ctx->transport->done = 1;
    ngx_mqtt_client_lost(&ctx->transport->client);

    if (up->body.len == 0) {
        return up->status;
    }

    return ngx_http_mqtt_native_say(r, up);
}


/* What the application says to a client that it refuses. */

static ngx_int_t
ngx_http_mqtt_native_say(ngx_http_request_t *r, ngx_mqtt_upgrade_t *up)
{
    ngx_str_t                 type;
    ngx_http_complex_value_t  cv;

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));

    cv.value.len = up->body.len;
    cv.value.data = ngx_pstrdup(r->pool, &up->body);

    if (cv.value.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&type, "application/octet-stream");

    if (up->content_type.len) {
        type.len = up->content_type.len;
        type.data = ngx_pstrdup(r->pool, &up->content_type);

        if (type.data == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_send_response(r, up->status, &type, &cv);
}
