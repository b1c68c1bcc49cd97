
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_topic.h>
#include <ngx_http_mqtt_api_list.h>


/* rows of a page, where the request does not say, or may not say more */

#define NGX_HTTP_MQTT_API_PAGE        100
#define NGX_HTTP_MQTT_API_GROUP_PAGE  200

#define NGX_HTTP_MQTT_API_TOP_MAX     0x7fffffff


static ngx_http_mqtt_api_list_t *ngx_http_mqtt_api_list_create(
    ngx_http_mqtt_api_t *api, ngx_mqtt_list_e kind, ngx_str_t *name);
static ngx_int_t ngx_http_mqtt_api_list_pages(ngx_http_mqtt_api_list_t *ctx,
    ngx_uint_t page, ngx_uint_t max);
static ngx_int_t ngx_http_mqtt_api_list_place(ngx_http_mqtt_api_list_t *ctx);
static ngx_int_t ngx_http_mqtt_api_list_filter(
    ngx_http_mqtt_api_list_t *ctx);
static ngx_int_t ngx_http_mqtt_api_list_start(ngx_http_mqtt_api_list_t *ctx);
static void ngx_http_mqtt_api_list_go_on(ngx_event_t *ev);
static void ngx_http_mqtt_api_list_cleanup(void *data);
static ngx_int_t ngx_http_mqtt_api_list_done(ngx_http_mqtt_api_list_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_mqtt_api_list_one(ngx_http_mqtt_api_list_t *ctx);
static ngx_int_t ngx_http_mqtt_api_list_next(ngx_http_mqtt_api_list_t *ctx);
static ngx_uint_t ngx_http_mqtt_api_list_kept(ngx_keyval_t *arg);
static u_char *ngx_http_mqtt_api_list_escape(u_char *p, ngx_str_t *str);


ngx_int_t
ngx_http_mqtt_api_list_members(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                  rc;
    ngx_http_mqtt_api_list_t  *ctx;

    rc = ngx_http_mqtt_api_check_group(api, &api->group, "group");

    if (rc != NGX_OK) {
        return rc;
    }

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_MEMBERS,
                                        &api->group);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->fields = NGX_HTTP_MQTT_API_CONNECTION_ID|NGX_HTTP_MQTT_API_USER_ID;

    rc = ngx_http_mqtt_api_list_pages(ctx, NGX_HTTP_MQTT_API_GROUP_PAGE,
                                      NGX_HTTP_MQTT_API_GROUP_PAGE);

    return rc == NGX_OK ? ngx_http_mqtt_api_list_start(ctx) : rc;
}


ngx_int_t
ngx_http_mqtt_api_list_sessions(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                  rc;
    ngx_http_mqtt_api_list_t  *ctx;

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_SESSIONS,
                                        &api->name);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_mqtt_api_fields(api, NGX_HTTP_MQTT_API_ROW, &ctx->fields);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_list_pages(ctx, NGX_HTTP_MQTT_API_PAGE,
                                          NGX_MQTT_LIST_MAX);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_list_filter(ctx);
    }

    return rc == NGX_OK ? ngx_http_mqtt_api_list_start(ctx) : rc;
}


ngx_int_t
ngx_http_mqtt_api_get_session(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                  rc;
    ngx_http_mqtt_api_list_t  *ctx;

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_SESSION,
                                        &api->connection);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_mqtt_api_fields(api, NGX_HTTP_MQTT_API_ALL, &ctx->fields);

    return rc == NGX_OK ? ngx_http_mqtt_api_list_start(ctx) : rc;
}


ngx_int_t
ngx_http_mqtt_api_list_subscriptions(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                  rc;
    ngx_http_mqtt_api_list_t  *ctx;

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_SUBS,
                                        &api->connection);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_mqtt_api_list_pages(ctx, NGX_HTTP_MQTT_API_PAGE,
                                      NGX_MQTT_LIST_MAX);

    return rc == NGX_OK ? ngx_http_mqtt_api_list_start(ctx) : rc;
}


ngx_int_t
ngx_http_mqtt_api_list_retained(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                  rc;
    ngx_str_t                 *filter;
    ngx_http_mqtt_api_list_t  *ctx;

    static ngx_str_t  all = ngx_string("#");

    filter = ngx_http_mqtt_api_arg(api, "filter");

    if (filter == NULL || filter->len == 0) {
        filter = &all;
    }

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_RETAINED, filter);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_mqtt_api_list_pages(ctx, NGX_HTTP_MQTT_API_PAGE,
                                      NGX_MQTT_LIST_MAX);

    return rc == NGX_OK ? ngx_http_mqtt_api_list_start(ctx) : rc;
}


/* All of them by "#" alone, not by what somebody forgot. */

ngx_int_t
ngx_http_mqtt_api_delete_retained(ngx_http_mqtt_api_t *api)
{
    ngx_str_t                 *filter;
    ngx_http_mqtt_api_list_t  *ctx;

    filter = ngx_http_mqtt_api_arg(api, "filter");

    if (filter == NULL || filter->len == 0) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "filter",
                                        "The filter is missing.");
    }

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_REMOVE, filter);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_mqtt_api_list_start(ctx);
}


ngx_int_t
ngx_http_mqtt_api_delete_topic(ngx_http_mqtt_api_t *api)
{
    ngx_http_mqtt_api_list_t  *ctx;

    if (ngx_mqtt_topic_name_valid(&api->name) != NGX_OK) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "topic",
                                        "This is not the name of a topic.");
    }

    ctx = ngx_http_mqtt_api_list_create(api, NGX_MQTT_LIST_REMOVE,
                                        &api->name);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->top = 1;

    return ngx_http_mqtt_api_list_start(ctx);
}


static ngx_http_mqtt_api_list_t *
ngx_http_mqtt_api_list_create(ngx_http_mqtt_api_t *api, ngx_mqtt_list_e kind,
    ngx_str_t *name)
{
    ngx_http_mqtt_api_list_t  *ctx;

    ctx = ngx_pcalloc(api->request->pool, sizeof(ngx_http_mqtt_api_list_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->api = api;
    ctx->list.worker = api->worker;
    ctx->list.pool = api->request->pool;
    ctx->list.kind = kind;
    ctx->list.hub = api->hub_name;
    ctx->list.name = *name;
    ctx->list.max = 1;

    return ctx;
}


/* Which page, and how large it may be. */

static ngx_int_t
ngx_http_mqtt_api_list_pages(ngx_http_mqtt_api_list_t *ctx, ngx_uint_t page,
    ngx_uint_t max)
{
    ngx_int_t             rc;
    ngx_http_mqtt_api_t  *api;

    api = ctx->api;

    rc = ngx_http_mqtt_api_number(api, "maxpagesize", 1, max, &page);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_number(api, "top", 1,
                                      NGX_HTTP_MQTT_API_TOP_MAX, &ctx->top);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_list_place(ctx);
    }

    ctx->list.max = ctx->top ? ngx_min(page, ctx->top) : page;

    return rc;
}


/* A token: the two numbers of a place, with a dot between them. */

static ngx_int_t
ngx_http_mqtt_api_list_place(ngx_http_mqtt_api_list_t *ctx)
{
    u_char     *dot, *last;
    ngx_int_t   offset, hash;
    ngx_str_t  *arg;

    arg = ngx_http_mqtt_api_arg(ctx->api, "continuationToken");

    if (arg == NULL || arg->len == 0) {
        return NGX_OK;
    }

    last = arg->data + arg->len;
    dot = ngx_strlchr(arg->data, last, '.');

    if (dot) {
        offset = ngx_hextoi(arg->data, dot - arg->data);
        hash = ngx_hextoi(dot + 1, last - dot - 1);

        if (offset >= 0 && hash >= 0 && hash <= (ngx_int_t) 0xffffffff) {
            ctx->list.place.offset = offset;
            ctx->list.place.hash = hash;
            return NGX_OK;
        }
    }

    return ngx_http_mqtt_api_refuse(ctx->api, NGX_HTTP_BAD_REQUEST,
                                    "continuationToken",
                                    "This is no such token.");
}


static ngx_int_t
ngx_http_mqtt_api_list_filter(ngx_http_mqtt_api_list_t *ctx)
{
    ngx_int_t   rc;
    ngx_str_t  *arg, why;

    arg = ngx_http_mqtt_api_arg(ctx->api, "filter");

    if (arg == NULL || arg->len == 0) {
        return NGX_OK;
    }

    rc = ngx_mqtt_odata_parse(ctx->list.pool, arg, &ctx->targets.filter,
                              &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_mqtt_api_refuse(ctx->api, NGX_HTTP_BAD_REQUEST,
                                        "filter", "%V", &why);
    }

    ctx->list.targets = &ctx->targets;
    ngx_mqtt_targets_init(&ctx->targets);

    return rc;
}


static ngx_int_t
ngx_http_mqtt_api_list_start(ngx_http_mqtt_api_list_t *ctx)
{
    ngx_int_t            rc;
    ngx_pool_cleanup_t  *cln;

    rc = ngx_mqtt_list_start(&ctx->list);

    if (rc == NGX_DECLINED) {
        return ngx_http_mqtt_api_refuse(ctx->api, NGX_HTTP_BAD_REQUEST,
                                        "filter",
                                        "This is no filter of topics.");
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_list_run(&ctx->list);
    }

    if (rc != NGX_AGAIN) {
        return ngx_http_mqtt_api_list_done(ctx, rc);
    }

    cln = ngx_pool_cleanup_add(ctx->list.pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_mqtt_api_list_cleanup;
    cln->data = ctx;

    ctx->event.handler = ngx_http_mqtt_api_list_go_on;
    ctx->event.data = ctx;
    ctx->event.log = ctx->api->request->connection->log;

    ngx_post_event(&ctx->event, &ngx_posted_next_events);

    return NGX_AGAIN;
}


static void
ngx_http_mqtt_api_list_go_on(ngx_event_t *ev)
{
    ngx_int_t                  rc;
    ngx_mqtt_worker_t         *w;
    ngx_http_mqtt_api_list_t  *ctx;

    ctx = ev->data;
    w = ctx->list.worker;

    ngx_mqtt_worker_enter(w);

    rc = ngx_mqtt_list_run(&ctx->list);

    if (rc != NGX_AGAIN) {
        rc = ngx_http_mqtt_api_list_done(ctx, rc);
    }

    ngx_mqtt_worker_leave(w);

    if (rc == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
        return;
    }

    ngx_http_mqtt_api_finish(ctx->api, rc);
}


static void
ngx_http_mqtt_api_list_cleanup(void *data)
{
    ngx_http_mqtt_api_list_t *ctx = data;

    if (ctx->event.posted) {
        ngx_delete_posted_event(&ctx->event);
    }
}


static ngx_int_t
ngx_http_mqtt_api_list_done(ngx_http_mqtt_api_list_t *ctx, ngx_int_t rc)
{
    ngx_http_mqtt_api_t  *api;

    api = ctx->api;

    switch (rc) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        return ngx_http_mqtt_api_unknown(api);

    case NGX_BUSY:
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_CONFLICT,
                                        "continuationToken",
                                        "The list has changed there.");

    default:
        return NGX_ERROR;
    }

    switch (ctx->list.kind) {

    case NGX_MQTT_LIST_SESSION:
        return ngx_http_mqtt_api_list_one(ctx);

    case NGX_MQTT_LIST_REMOVE:

        if (ctx->top == 0) {
            return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_removed,
                                          ctx);
        }

        if (ctx->list.n) {
            return NGX_HTTP_NO_CONTENT;
        }

        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_FOUND, "topic",
                                        "There is no retained message.");

    default:

        if (ngx_http_mqtt_api_list_next(ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_list, ctx);
    }
}


static ngx_int_t
ngx_http_mqtt_api_list_one(ngx_http_mqtt_api_list_t *ctx)
{
    ngx_int_t         rc;
    ngx_uint_t        fields;
    ngx_mqtt_whose_t  whose;

    fields = ctx->fields & (NGX_HTTP_MQTT_API_USERNAME
                            |NGX_HTTP_MQTT_API_ROLES
                            |NGX_HTTP_MQTT_API_REVOKED
                            |NGX_HTTP_MQTT_API_STATE);

    if (fields) {
        whose.hub = ctx->list.hub;
        whose.client_id = ctx->list.name;
        whose.serial = ctx->list.rows[0].session.serial;

        ctx->profile = ngx_mqtt_profile_read(ctx->list.worker, &whose);

        /* it has ended in between */

        if (ctx->profile == NULL) {
            return ngx_http_mqtt_api_list_done(ctx, NGX_DECLINED);
        }
    }

    rc = ngx_http_mqtt_api_json(ctx->api, ngx_http_mqtt_api_show_session,
                                ctx);

    if (ctx->profile) {
        ngx_free(ctx->profile);
    }

    return rc;
}


/* A link to the next page, if there is one and it is wanted. */

static ngx_int_t
ngx_http_mqtt_api_list_next(ngx_http_mqtt_api_list_t *ctx)
{
    u_char        *p;
    size_t         size;
    ngx_str_t      tail;
    ngx_uint_t     i;
    ngx_keyval_t  *arg;

    if (!ctx->list.more || ctx->top == ctx->list.n) {
        return NGX_OK;
    }

    arg = ctx->api->args.elts;
    size = sizeof("?top=&continuationToken=.") + 3 * NGX_INT64_LEN;

    for (i = 0; i < ctx->api->args.nelts; i++) {
        size += 3 * (arg[i].key.len + arg[i].value.len) + 2;
    }

    p = ngx_pnalloc(ctx->list.pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tail.data = p;
    *p++ = '?';

    for (i = 0; i < ctx->api->args.nelts; i++) {

        if (!ngx_http_mqtt_api_list_kept(&arg[i])) {
            continue;
        }

        p = ngx_http_mqtt_api_list_escape(p, &arg[i].key);
        *p++ = '=';
        p = ngx_http_mqtt_api_list_escape(p, &arg[i].value);
        *p++ = '&';
    }

    if (ctx->top) {
        p = ngx_sprintf(p, "top=%ui&", ctx->top - ctx->list.n);
    }

    p = ngx_sprintf(p, "continuationToken=%xL.%xD", ctx->list.place.offset,
                    ctx->list.place.hash);

    tail.len = p - tail.data;

    return ngx_http_mqtt_api_url(ctx->api, &ctx->api->path, &tail,
                                 &ctx->next);
}


/* Not what the link says itself, and no token. */

static ngx_uint_t
ngx_http_mqtt_api_list_kept(ngx_keyval_t *arg)
{
    ngx_uint_t  i;

    static ngx_str_t  others[] = {
        ngx_string("top"),
        ngx_string("continuationtoken"),
        ngx_string("access_token"),
        ngx_null_string
    };

    for (i = 0; others[i].len; i++) {
        if (arg->key.len == others[i].len
            && ngx_strncasecmp(arg->key.data, others[i].data, arg->key.len)
               == 0)
        {
            return 0;
        }
    }

    return 1;
}


static u_char *
ngx_http_mqtt_api_list_escape(u_char *p, ngx_str_t *str)
{
    return (u_char *) ngx_escape_uri(p, str->data, str->len,
                                     NGX_ESCAPE_URI_COMPONENT);
}
