
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_module.h>
#include <ngx_http_mqtt_api.h>


static ngx_int_t ngx_http_mqtt_api_start(ngx_http_mqtt_api_t *api);
static ngx_int_t ngx_http_mqtt_api_route(ngx_http_mqtt_api_t *api);
static ngx_int_t ngx_http_mqtt_api_not_allowed(ngx_http_mqtt_api_t *api,
    ngx_uint_t methods);
static ngx_uint_t ngx_http_mqtt_api_match(ngx_http_mqtt_api_t *api,
    const char *path);
static void ngx_http_mqtt_api_name(ngx_http_mqtt_api_t *api, u_char kind,
    ngx_str_t *value);
static ngx_int_t ngx_http_mqtt_api_length(ngx_http_mqtt_api_t *api);
static void ngx_http_mqtt_api_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_mqtt_api_take_body(ngx_http_mqtt_api_t *api);
static ngx_int_t ngx_http_mqtt_api_run(ngx_http_mqtt_api_t *api);
static ngx_int_t ngx_http_mqtt_api_wait(ngx_http_mqtt_api_t *api);
static void ngx_http_mqtt_api_alive(ngx_event_t *ev);
static void ngx_http_mqtt_api_cleanup(void *data);

static ngx_int_t ngx_http_mqtt_api_health(ngx_http_mqtt_api_t *api);


static const ngx_http_mqtt_api_op_t  ngx_http_mqtt_api_ops[] = {

    { NGX_HTTP_POST, "hubs/H/groups/G/:send", ngx_http_mqtt_api_send,
      NGX_HTTP_MQTT_API_HUB, 1, NGX_MQTT_TARGETS_GROUP },

    { NGX_HTTP_POST, "hubs/H/:send", ngx_http_mqtt_api_send,
      NGX_HTTP_MQTT_API_HUB, 1, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_POST, "hubs/H/users/U/:send", ngx_http_mqtt_api_send,
      NGX_HTTP_MQTT_API_HUB, 1, NGX_MQTT_TARGETS_USER },

    { NGX_HTTP_POST, "hubs/H/connections/C/:send", ngx_http_mqtt_api_send,
      NGX_HTTP_MQTT_API_HUB, 1, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_HEAD, "hubs/H/connections/C", ngx_http_mqtt_api_exists,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_HEAD, "hubs/H/groups/G", ngx_http_mqtt_api_exists,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_GROUP },

    { NGX_HTTP_HEAD, "hubs/H/users/U", ngx_http_mqtt_api_exists,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_USER },

    { NGX_HTTP_DELETE, "hubs/H/connections/C", ngx_http_mqtt_api_close,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_POST, "hubs/H/:closeConnections", ngx_http_mqtt_api_close,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_POST, "hubs/H/groups/G/:closeConnections",
      ngx_http_mqtt_api_close,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_GROUP },

    { NGX_HTTP_POST, "hubs/H/users/U/:closeConnections",
      ngx_http_mqtt_api_close,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_USER },

    { NGX_HTTP_POST, "hubs/H/:addToGroups", ngx_http_mqtt_api_join_many,
      NGX_HTTP_MQTT_API_HUB, 1, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_POST, "hubs/H/:removeFromGroups", ngx_http_mqtt_api_leave_many,
      NGX_HTTP_MQTT_API_HUB, 1, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_PUT, "hubs/H/groups/G/connections/C", ngx_http_mqtt_api_join,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_DELETE, "hubs/H/groups/G/connections/C",
      ngx_http_mqtt_api_leave,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_DELETE, "hubs/H/connections/C/groups",
      ngx_http_mqtt_api_leave_all,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_PUT, "hubs/H/users/U/groups/G", ngx_http_mqtt_api_join,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_USER },

    { NGX_HTTP_DELETE, "hubs/H/users/U/groups/G", ngx_http_mqtt_api_leave,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_USER },

    { NGX_HTTP_DELETE, "hubs/H/users/U/groups", ngx_http_mqtt_api_leave_all,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_USER },

    { NGX_HTTP_PUT, "hubs/H/permissions/N/connections/C",
      ngx_http_mqtt_api_grant,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_HEAD, "hubs/H/permissions/N/connections/C",
      ngx_http_mqtt_api_check_permission,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_DELETE, "hubs/H/permissions/N/connections/C",
      ngx_http_mqtt_api_revoke,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_SESSION },

    { NGX_HTTP_POST, "hubs/H/:generateToken",
      ngx_http_mqtt_api_generate_token,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_HEAD, "health", ngx_http_mqtt_api_health,
      NGX_HTTP_MQTT_API_OPEN, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "hubs/H/groups/G/connections",
      ngx_http_mqtt_api_list_members,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    /* for operators */

    { NGX_HTTP_GET, "hubs/H", ngx_http_mqtt_api_get_hub,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "hubs/H/sessions", ngx_http_mqtt_api_list_sessions,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "hubs/H/sessions/C", ngx_http_mqtt_api_get_session,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "hubs/H/sessions/C/subscriptions",
      ngx_http_mqtt_api_list_subscriptions,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "hubs/H/retained", ngx_http_mqtt_api_list_retained,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_DELETE, "hubs/H/retained", ngx_http_mqtt_api_delete_retained,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "hubs/H/retained/N", ngx_http_mqtt_api_get_topic,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_DELETE, "hubs/H/retained/N", ngx_http_mqtt_api_delete_topic,
      NGX_HTTP_MQTT_API_HUB, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "zones", ngx_http_mqtt_api_list_zones,
      NGX_HTTP_MQTT_API_ANY, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "zones/N", ngx_http_mqtt_api_get_zone,
      NGX_HTTP_MQTT_API_ZONE, 0, NGX_MQTT_TARGETS_HUB },

    { NGX_HTTP_GET, "zones/N/workers", ngx_http_mqtt_api_list_workers,
      NGX_HTTP_MQTT_API_ZONE, 0, NGX_MQTT_TARGETS_HUB },

    { 0, NULL, NULL, 0, 0, 0 }
};


/* in the order of their bits in r->method */

#define NGX_HTTP_MQTT_API_METHODS  5

static const char *const
    ngx_http_mqtt_api_methods[NGX_HTTP_MQTT_API_METHODS] = {
    "GET", "HEAD", "POST", "PUT", "DELETE"
};


ngx_int_t
ngx_http_mqtt_api_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_http_mqtt_api_t  *api;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "\"mqtt_api\" in a subrequest");
        return NGX_HTTP_BAD_REQUEST;
    }

    api = ngx_pcalloc(r->pool, sizeof(ngx_http_mqtt_api_t));
    if (api == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    api->request = r;
    api->ctx.api = api;

    ngx_http_set_ctx(r, &api->ctx, ngx_http_mqtt_module);

    rc = ngx_http_mqtt_api_start(api);

    if (rc != NGX_OK) {
        return ngx_http_mqtt_api_answer(api, rc);
    }

    if (api->op->body) {

        r->request_body_in_single_buf = 1;

        rc = ngx_http_read_client_request_body(r, ngx_http_mqtt_api_body);

        return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
    }

    rc = ngx_http_mqtt_api_run(api);

    if (rc == NGX_DONE) {
        r->main->count++;
    }

    return rc;
}


/* All that is known before the body comes. */

static ngx_int_t
ngx_http_mqtt_api_start(ngx_http_mqtt_api_t *api)
{
    ngx_int_t  rc;

    rc = ngx_http_mqtt_api_split(api);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_route(api);
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_FOUND, NULL,
                                        "There is no such resource.");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_authorize(api);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_version(api);
    }

    if (rc == NGX_OK && api->op->body) {
        rc = ngx_http_mqtt_api_length(api);
    }

    return rc;
}


static ngx_int_t
ngx_http_mqtt_api_route(ngx_http_mqtt_api_t *api)
{
    ngx_uint_t                     methods;
    const ngx_http_mqtt_api_op_t  *op;

    methods = 0;

    for (op = ngx_http_mqtt_api_ops; op->path; op++) {

        if (!ngx_http_mqtt_api_match(api, op->path)) {
            continue;
        }

        if (op->method & api->request->method) {
            api->op = op;
            return NGX_OK;
        }

        methods |= op->method;
    }

    return methods ? ngx_http_mqtt_api_not_allowed(api, methods)
                   : NGX_DECLINED;
}


static ngx_int_t
ngx_http_mqtt_api_not_allowed(ngx_http_mqtt_api_t *api, ngx_uint_t methods)
{
    u_char      *p;
    ngx_str_t    value;
    ngx_uint_t   i;

    static ngx_str_t  allow = ngx_string("Allow");

    value.data = ngx_pnalloc(api->request->pool,
                             sizeof("GET, HEAD, POST, PUT, DELETE"));
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = value.data;

    for (i = 0; i < NGX_HTTP_MQTT_API_METHODS; i++) {
        if (methods & (NGX_HTTP_GET << i)) {
            p = ngx_sprintf(p, "%s%s", p == value.data ? "" : ", ",
                            ngx_http_mqtt_api_methods[i]);
        }
    }

    value.len = p - value.data;

    if (ngx_http_mqtt_api_header(api->request, &allow, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_ALLOWED, NULL,
                                    "This resource has no such method.");
}


static ngx_uint_t
ngx_http_mqtt_api_match(ngx_http_mqtt_api_t *api, const char *path)
{
    size_t       len;
    ngx_str_t   *segment;
    ngx_uint_t   i;
    const char  *p, *end;

    p = path;

    for (i = 0; i < api->nsegments; i++) {

        if (p == NULL) {
            return 0;
        }

        end = ngx_strchr(p, '/');
        len = end ? (size_t) (end - p) : ngx_strlen(p);
        segment = &api->segments[i];

        if (len == 1 && *p >= 'A' && *p <= 'Z') {
            ngx_http_mqtt_api_name(api, *p, segment);

        } else if (len != segment->len
                   || ngx_memcmp(p, segment->data, len) != 0)
        {
            return 0;
        }

        p = end ? end + 1 : NULL;
    }

    return p == NULL;
}


/* What does not match writes too, and is overwritten by what does. */

static void
ngx_http_mqtt_api_name(ngx_http_mqtt_api_t *api, u_char kind,
    ngx_str_t *value)
{
    switch (kind) {

    case 'H':
        api->hub_name = *value;
        return;

    case 'G':
        api->group = *value;
        return;

    case 'C':
        api->connection = *value;
        return;

    case 'U':
        api->user = *value;
        return;

    default:
        api->name = *value;
    }
}


static ngx_int_t
ngx_http_mqtt_api_length(ngx_http_mqtt_api_t *api)
{
    off_t                      n;
    size_t                     max;
    ngx_http_mqtt_loc_conf_t  *mlcf;

    n = api->request->headers_in.content_length_n;

    if (n < 0) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                        "Content-Length",
                                        "The length of the body is missing.");
    }

    mlcf = ngx_http_get_module_loc_conf(api->request, ngx_http_mqtt_module);

    max = ngx_min(mlcf->api_body, api->hub->settings.max_packet_size);

    if (n > (off_t) max) {
        return ngx_http_mqtt_api_refuse(api,
                                        NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                        "Content-Length",
                                        "The body is longer than %uz bytes.",
                                        max);
    }

    return NGX_OK;
}


static void
ngx_http_mqtt_api_body(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_http_mqtt_ctx_t  *ctx;
    ngx_http_mqtt_api_t  *api;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mqtt_module);
    api = ctx->api;

    rc = ngx_http_mqtt_api_take_body(api);

    rc = (rc == NGX_OK) ? ngx_http_mqtt_api_run(api)
                        : ngx_http_mqtt_api_answer(api, rc);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/* There is room for all of it in memory, by "client_body_buffer_size". */

static ngx_int_t
ngx_http_mqtt_api_take_body(ngx_http_mqtt_api_t *api)
{
    size_t                    len;
    u_char                   *p;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    rb = api->request->request_body;

    if (rb == NULL || rb->bufs == NULL) {
        return NGX_OK;
    }

    len = 0;

    for (cl = rb->bufs; cl; cl = cl->next) {

        if (cl->buf->in_file) {
            ngx_log_error(NGX_LOG_ERR, api->request->connection->log, 0,
                          "a body for \"mqtt_api\" was written to a file");
            return NGX_ERROR;
        }

        len += cl->buf->last - cl->buf->pos;
    }

    api->body.data = rb->bufs->buf->pos;
    api->body.len = len;

    if (rb->bufs->next == NULL) {
        return NGX_OK;
    }

    p = ngx_pnalloc(api->request->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    api->body.data = p;

    for (cl = rb->bufs; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    return NGX_OK;
}


/* NGX_DONE: it is answered later; else what to finalize the request with. */

static ngx_int_t
ngx_http_mqtt_api_run(ngx_http_mqtt_api_t *api)
{
    ngx_int_t  rc;

    if (api->worker) {
        ngx_mqtt_worker_enter(api->worker);
    }

    rc = api->op->handler(api);

    if (api->worker) {
        ngx_mqtt_worker_leave(api->worker);
    }

    if (rc == NGX_AGAIN) {
        return ngx_http_mqtt_api_wait(api);
    }

    return ngx_http_mqtt_api_answer(api, rc);
}


/* Whoever leaves meanwhile is noticed by the answer; what was begun goes on. */

static ngx_int_t
ngx_http_mqtt_api_wait(ngx_http_mqtt_api_t *api)
{
    ngx_event_t         *ev;
    ngx_http_request_t  *r;
    ngx_pool_cleanup_t  *cln;

    r = api->request;
    ev = &api->alive;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        ngx_http_mqtt_api_cleanup(api);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_mqtt_api_cleanup;
    cln->data = api;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    /* a worker that is to exit stays while there is a timer */

    ev->handler = ngx_http_mqtt_api_alive;
    ev->data = r->connection;
    ev->log = r->connection->log;

    ngx_add_timer(ev, 1000);

    return NGX_DONE;
}


static void
ngx_http_mqtt_api_alive(ngx_event_t *ev)
{
    ngx_add_timer(ev, 1000);
}


static void
ngx_http_mqtt_api_cleanup(void *data)
{
    ngx_http_mqtt_api_t  *api = data;

    if (api->alive.timer_set) {
        ngx_del_timer(&api->alive);
    }

    if (api->bulk) {
        ngx_mqtt_bulk_forget(api->bulk);
    }
}


void
ngx_http_mqtt_api_finish(ngx_http_mqtt_api_t *api, ngx_int_t status)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = api->request;
    c = r->connection;

    ngx_del_timer(&api->alive);

    ngx_http_finalize_request(r, ngx_http_mqtt_api_answer(api, status));

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_mqtt_api_health(ngx_http_mqtt_api_t *api)
{
    return NGX_HTTP_OK;
}
