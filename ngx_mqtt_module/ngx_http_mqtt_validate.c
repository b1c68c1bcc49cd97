
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_event.h>


#define NGX_HTTP_MQTT_REFUSED_TIME  1000    /* milliseconds: no other try */
#define NGX_HTTP_MQTT_VALIDATE_POOL 4096
#define NGX_HTTP_MQTT_VALIDATE_TIME 19000


static ngx_int_t ngx_http_mqtt_validate_start(ngx_http_mqtt_handler_t *h,
    ngx_http_mqtt_hook_e kind, ngx_str_t *hub);
static void ngx_http_mqtt_validate_refused(ngx_http_mqtt_handler_t *h);
static ngx_uint_t ngx_http_mqtt_validate_allowed(ngx_http_mqtt_hook_t *hook);
static ngx_uint_t ngx_http_mqtt_validate_is_origin(ngx_str_t *item,
    ngx_str_t *origin);


ngx_int_t
ngx_http_mqtt_validate(ngx_http_mqtt_hook_t *hook)
{
    ngx_http_mqtt_handler_t  *h;

    h = hook->handler;

    if (!h->conf->validate || h->validated) {
        return NGX_OK;
    }

    if (h->validating) {
        return NGX_AGAIN;
    }

    if (ngx_mqtt_event_agreed(hook->event->worker, &h->identity)) {
        h->validated = 1;
        return NGX_OK;
    }

    if (h->refused
        && ngx_current_msec - h->refused_at < NGX_HTTP_MQTT_REFUSED_TIME)
    {
        return NGX_DECLINED;
    }

    h->worker = hook->event->worker;

    if (ngx_http_mqtt_validate_start(h, NGX_HTTP_MQTT_HOOK_OPTIONS,
                                     &hook->event->hub)
        != NGX_OK)
    {
        ngx_http_mqtt_validate_refused(h);
        return NGX_DECLINED;
    }

    return NGX_AGAIN;
}


/* The hub that asks first names itself, for all that share a handler. */

static ngx_int_t
ngx_http_mqtt_validate_start(ngx_http_mqtt_handler_t *h,
    ngx_http_mqtt_hook_e kind, ngx_str_t *hub)
{
    ngx_pool_t            *pool;
    ngx_http_mqtt_hook_t  *hook;

    pool = ngx_create_pool(NGX_HTTP_MQTT_VALIDATE_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    hook = ngx_pcalloc(pool, sizeof(ngx_http_mqtt_hook_t));
    if (hook == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    hook->asked.data = ngx_pstrdup(pool, hub);
    if (hook->asked.data == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    hook->asked.len = hub->len;
    hook->pool = pool;
    hook->handler = h;
    hook->kind = kind;
    hook->deadline = ngx_current_msec + NGX_HTTP_MQTT_VALIDATE_TIME;

    h->validating = hook;

    ngx_http_mqtt_event_begin(hook);

    return NGX_OK;
}


static void
ngx_http_mqtt_validate_refused(ngx_http_mqtt_handler_t *h)
{
    h->refused = 1;
    h->refused_at = ngx_current_msec;
}


void
ngx_http_mqtt_validated(ngx_http_mqtt_hook_t *hook, ngx_queue_t *queue)
{
    ngx_http_mqtt_handler_t  *h;

    h = hook->handler;
    h->validating = NULL;

    if (ngx_http_mqtt_validate_allowed(hook)) {
        h->validated = 1;
        h->refused = 0;
        ngx_mqtt_event_agree(h->worker, &h->identity);

    } else if (hook->kind == NGX_HTTP_MQTT_HOOK_OPTIONS
               && hook->answer.status == NGX_HTTP_NOT_FOUND
               && ngx_http_mqtt_validate_start(h, NGX_HTTP_MQTT_HOOK_GET,
                                               &hook->asked)
                  == NGX_OK)
    {
        return;

    } else {
        ngx_http_mqtt_validate_refused(h);

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "\"%V\" does not allow events from \"%V\": status %ui, "
                      "WebHook-Allowed-Origin \"%V\"",
                      &h->uri, &h->origin, hook->answer.status,
                      &hook->allowed);
    }

    if (!ngx_queue_empty(&h->pending)) {
        ngx_queue_add(queue, &h->pending);
        ngx_queue_init(&h->pending);
    }
}


static ngx_uint_t
ngx_http_mqtt_validate_allowed(ngx_http_mqtt_hook_t *hook)
{
    if (hook->request == NULL || ngx_http_mqtt_hook_answer(hook) != NGX_OK) {
        hook->answer.status = 0;
        return 0;
    }

    return hook->agreed && hook->answer.status / 100 == 2;
}


ngx_uint_t
ngx_http_mqtt_validate_names(ngx_str_t *list, ngx_str_t *origin)
{
    u_char     *p, *last, *end;
    ngx_str_t   item;

    p = list->data;
    last = p + list->len;

    for ( /* void */ ; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        item.data = p;
        item.len = end - p;

        while (item.len && item.data[0] == ' ') {
            item.data++;
            item.len--;
        }

        while (item.len && item.data[item.len - 1] == ' ') {
            item.len--;
        }

        if ((item.len == 1 && item.data[0] == '*')
            || ngx_http_mqtt_validate_is_origin(&item, origin))
        {
            return 1;
        }
    }

    return 0;
}


/* A name that an application gives may have a port, ours has none. */

static ngx_uint_t
ngx_http_mqtt_validate_is_origin(ngx_str_t *item, ngx_str_t *origin)
{
    if (item->len < origin->len
        || ngx_strncasecmp(item->data, origin->data, origin->len) != 0)
    {
        return 0;
    }

    return item->len == origin->len || item->data[origin->len] == ':';
}
