
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_event.h>


#define NGX_MQTT_EVENT_POOL  4096


static ngx_int_t ngx_mqtt_event_header(ngx_mqtt_event_t *ev,
    const char *prefix, ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_mqtt_event_stays(ngx_str_t *value, ngx_uint_t i);
static uint64_t *ngx_mqtt_event_agreed_locked(ngx_mqtt_root_t *root,
    ngx_str_t *handler, uint64_t *hash);


ngx_mqtt_event_t *
ngx_mqtt_event_create(ngx_mqtt_worker_t *w, ngx_mqtt_event_e type)
{
    ngx_pool_t        *pool;
    ngx_mqtt_event_t  *ev;

    pool = ngx_create_pool(NGX_MQTT_EVENT_POOL, w->log);
    if (pool == NULL) {
        return NULL;
    }

    ev = ngx_pcalloc(pool, sizeof(ngx_mqtt_event_t));
    if (ev == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ev->pool = pool;
    ev->worker = w;
    ev->type = type;

    return ev;
}


ngx_int_t
ngx_mqtt_event_copy(ngx_mqtt_event_t *ev, ngx_str_t *dst, ngx_str_t *src)
{
    ngx_str_null(dst);

    if (src->len == 0) {
        return NGX_OK;
    }

    dst->data = ngx_pstrdup(ev->pool, src);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    dst->len = src->len;
    ev->size += src->len;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_event_property(ngx_mqtt_event_t *ev, ngx_str_t *name,
    ngx_str_t *value)
{
    return ngx_mqtt_event_header(ev, "mqtt-", name, value);
}


ngx_int_t
ngx_mqtt_event_metadata(ngx_mqtt_event_t *ev, ngx_str_t *name,
    ngx_str_t *value)
{
    return ngx_mqtt_event_header(ev, NGX_MQTT_EVENT_METADATA, name, value);
}


static ngx_int_t
ngx_mqtt_event_header(ngx_mqtt_event_t *ev, const char *prefix,
    ngx_str_t *name, ngx_str_t *value)
{
    size_t         len;
    ngx_keyval_t  *kv;

    if (!ngx_mqtt_event_token(name)) {
        return NGX_OK;
    }

    if (ev->headers.elts == NULL
        && ngx_array_init(&ev->headers, ev->pool, 4, sizeof(ngx_keyval_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    kv = ngx_array_push(&ev->headers);
    if (kv == NULL) {
        return NGX_ERROR;
    }

    len = ngx_strlen(prefix);

    kv->key.len = len + name->len;
    kv->key.data = ngx_pnalloc(ev->pool, kv->key.len);

    if (kv->key.data == NULL) {
        ev->headers.nelts--;
        return NGX_ERROR;
    }

    ngx_memcpy(ngx_cpymem(kv->key.data, prefix, len), name->data, name->len);

    if (ngx_mqtt_event_copy(ev, &kv->value, value) != NGX_OK) {
        ev->headers.nelts--;
        return NGX_ERROR;
    }

    ev->size += kv->key.len;

    return ngx_mqtt_event_clean(ev->pool, &kv->value);
}


ngx_uint_t
ngx_mqtt_event_token(ngx_str_t *name)
{
    u_char      ch;
    ngx_uint_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch >= '0' && ch <= '9')
            || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'))
        {
            continue;
        }

        if (ch == '\0' || ngx_strchr("!#$%&'*+-.^_`|~", ch) == NULL) {
            return 0;
        }
    }

    return name->len != 0;
}


/* Blanks around a value are none of it to those who read headers. */

static ngx_uint_t
ngx_mqtt_event_stays(ngx_str_t *value, ngx_uint_t i)
{
    if (value->data[i] == ' ') {
        return i != 0 && i != value->len - 1;
    }

    return value->data[i] > ' ' && value->data[i] <= 0x7e;
}


ngx_uint_t
ngx_mqtt_event_is_clean(ngx_str_t *value)
{
    ngx_uint_t  i;

    for (i = 0; i < value->len; i++) {
        if (!ngx_mqtt_event_stays(value, i)) {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_mqtt_event_clean(ngx_pool_t *pool, ngx_str_t *value)
{
    u_char      *p, *dst, ch;
    ngx_uint_t   i;

    if (ngx_mqtt_event_is_clean(value)) {
        return NGX_OK;
    }

    dst = ngx_pnalloc(pool, 3 * value->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    p = dst;

    for (i = 0; i < value->len; i++) {
        ch = value->data[i];

        if (ngx_mqtt_event_stays(value, i)) {
            *p++ = ch;

        } else {
            p = ngx_sprintf(p, "%%%02Xi", (ngx_int_t) ch);
        }
    }

    value->data = dst;
    value->len = p - dst;

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_event_agreed(ngx_mqtt_worker_t *w, ngx_str_t *handler)
{
    uint64_t    hash;
    ngx_uint_t  agreed;

    ngx_mqtt_worker_lock(w);

    agreed = *ngx_mqtt_event_agreed_locked(w->zone->root, handler, &hash)
             == hash;

    ngx_mqtt_worker_unlock(w);

    return agreed;
}


void
ngx_mqtt_event_agree(ngx_mqtt_worker_t *w, ngx_str_t *handler)
{
    uint64_t   *place, hash;

    ngx_mqtt_worker_lock(w);

    place = ngx_mqtt_event_agreed_locked(w->zone->root, handler, &hash);
    *place = hash;

    ngx_mqtt_worker_unlock(w);
}


/* The place of a handler, or that it would take. */

static uint64_t *
ngx_mqtt_event_agreed_locked(ngx_mqtt_root_t *root, ngx_str_t *handler,
    uint64_t *hash)
{
    uint64_t    *place;
    ngx_uint_t   i;

    *hash = ngx_mqtt_siphash(root->key, 0, handler->data, handler->len) | 1;

    for (i = 0; i < NGX_MQTT_AGREED; i++) {
        place = &root->agreed[(*hash + i) % NGX_MQTT_AGREED];

        if (*place == *hash || *place == 0) {
            return place;
        }
    }

    return &root->agreed[*hash % NGX_MQTT_AGREED];
}
