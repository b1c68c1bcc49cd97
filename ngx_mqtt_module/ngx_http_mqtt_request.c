
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>


/* arguments, and headers, that the application hears of */

#define NGX_HTTP_MQTT_REQUEST_PAIRS  256


static ngx_int_t ngx_http_mqtt_request_query(ngx_http_request_t *r,
    ngx_pool_t *pool, ngx_array_t *query);
static ngx_int_t ngx_http_mqtt_request_arg(ngx_pool_t *pool, ngx_str_t *arg,
    ngx_keyval_t *kv);
static ngx_int_t ngx_http_mqtt_request_headers(ngx_http_request_t *r,
    ngx_pool_t *pool, ngx_array_t *headers);
static ngx_uint_t ngx_http_mqtt_request_is(ngx_str_t *name,
    const char *other);


ngx_int_t
ngx_http_mqtt_request(ngx_mqtt_transport_t *t, ngx_pool_t *pool,
    ngx_mqtt_request_t *req)
{
    ngx_http_request_t  *r;

    r = t->data;

    if (ngx_http_mqtt_request_query(r, pool, &req->query) != NGX_OK
        || ngx_http_mqtt_request_headers(r, pool, &req->headers) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* All arguments but the token. */

static ngx_int_t
ngx_http_mqtt_request_query(ngx_http_request_t *r, ngx_pool_t *pool,
    ngx_array_t *query)
{
    u_char        *p, *end, *last;
    ngx_str_t      arg;
    ngx_keyval_t  *kv;

    if (ngx_array_init(query, pool, 4, sizeof(ngx_keyval_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    last = r->args.data + r->args.len;

    for (p = r->args.data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');

        if (end == NULL) {
            end = last;
        }

        arg.data = p;
        arg.len = end - p;

        if (arg.len == 0) {
            continue;
        }

        if (query->nelts == NGX_HTTP_MQTT_REQUEST_PAIRS) {
            break;
        }

        kv = ngx_array_push(query);

        if (kv == NULL
            || ngx_http_mqtt_request_arg(pool, &arg, kv) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_mqtt_request_is(&kv->key, "access_token")
            || ngx_http_mqtt_request_is(&kv->key, "awps_reconnection_token"))
        {
            query->nelts--;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_request_arg(ngx_pool_t *pool, ngx_str_t *arg, ngx_keyval_t *kv)
{
    u_char     *p, *last;
    ngx_str_t   name, value;

    last = arg->data + arg->len;
    p = ngx_strlchr(arg->data, last, '=');

    name.data = arg->data;
    name.len = p ? (size_t) (p - arg->data) : arg->len;

    value.data = p ? p + 1 : last;
    value.len = last - value.data;

    if (ngx_http_mqtt_request_decode(pool, &name, &kv->key) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_mqtt_request_decode(pool, &value, &kv->value);
}


ngx_int_t
ngx_http_mqtt_request_decode(ngx_pool_t *pool, ngx_str_t *src,
    ngx_str_t *dst)
{
    u_char      *s, *d;
    ngx_uint_t   i;

    d = ngx_pnalloc(pool, src->len);
    if (d == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < src->len; i++) {
        d[i] = (src->data[i] == '+') ? ' ' : src->data[i];
    }

    dst->data = d;
    s = d;

    ngx_unescape_uri(&d, &s, src->len, 0);

    dst->len = d - dst->data;

    return NGX_OK;
}


/* All headers but the token; they stay where they are. */

static ngx_int_t
ngx_http_mqtt_request_headers(ngx_http_request_t *r, ngx_pool_t *pool,
    ngx_array_t *headers)
{
    ngx_uint_t        i;
    ngx_keyval_t     *kv;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (ngx_array_init(headers, pool, 16, sizeof(ngx_keyval_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_http_mqtt_request_is(&h[i].key, "Authorization")) {
                continue;
            }

            if (headers->nelts == NGX_HTTP_MQTT_REQUEST_PAIRS) {
                return NGX_OK;
            }

            kv = ngx_array_push(headers);
            if (kv == NULL) {
                return NGX_ERROR;
            }

            kv->key = h[i].key;
            kv->value = h[i].value;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_mqtt_request_is(ngx_str_t *name, const char *other)
{
    size_t  len;

    len = ngx_strlen(other);

    return name->len == len
           && ngx_strncasecmp(name->data, (u_char *) other, len) == 0;
}
