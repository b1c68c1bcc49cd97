
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_api.h>


static ngx_int_t ngx_http_mqtt_api_split_path(ngx_http_mqtt_api_t *api,
    u_char *p, u_char *last);
static u_char *ngx_http_mqtt_api_root(u_char *p, u_char *last);
static ngx_int_t ngx_http_mqtt_api_split_args(ngx_http_mqtt_api_t *api,
    u_char *p, u_char *last);
static ngx_int_t ngx_http_mqtt_api_decode(ngx_http_mqtt_api_t *api,
    u_char *p, u_char *last, ngx_uint_t query, ngx_str_t *value);


/*
 * By the URI as it came: NGINX's own has lost what was "%2F", and all but one
 * of the slashes that stood side by side.
 */

ngx_int_t
ngx_http_mqtt_api_split(ngx_http_mqtt_api_t *api)
{
    u_char     *p, *last, *query;
    ngx_str_t  *uri;

    uri = &api->request->unparsed_uri;

    p = uri->data;
    last = p + uri->len;
    query = ngx_strlchr(p, last, '?');

    if (ngx_http_mqtt_api_split_args(api, query ? query + 1 : last, last)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    api->path.data = p;
    api->path.len = (query ? query : last) - p;

    return ngx_http_mqtt_api_split_path(api, p, p + api->path.len);
}


/* What is in front of "/api/" is the place where all of it was put. */

static ngx_int_t
ngx_http_mqtt_api_split_path(ngx_http_mqtt_api_t *api, u_char *p,
    u_char *last)
{
    u_char  *end;

    p = ngx_http_mqtt_api_root(p, last);

    if (p == NULL) {
        return NGX_DECLINED;
    }

    api->base.data = api->path.data;
    api->base.len = p - 5 - api->base.data;

    for ( /* void */ ;; p = end + 1) {

        if (api->nsegments == NGX_HTTP_MQTT_API_SEGMENTS) {
            return NGX_DECLINED;
        }

        end = ngx_strlchr(p, last, '/');
        if (end == NULL) {
            end = last;
        }

        if (ngx_http_mqtt_api_decode(api, p, end, 0,
                                     &api->segments[api->nsegments++])
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (end == last) {
            return NGX_OK;
        }
    }
}


/* Behind "/api/"; that place may be called so, too. */

static u_char *
ngx_http_mqtt_api_root(u_char *p, u_char *last)
{
    ngx_str_t  *name;

    static ngx_str_t  names[] = {
        ngx_string("hubs"), ngx_string("health"), ngx_string("zones"),
        ngx_null_string
    };

    for ( ;; ) {

        p = ngx_strlcasestrn(p, last, (u_char *) "/api/", 5 - 1);

        if (p == NULL) {
            return NULL;
        }

        for (name = names; name->len; name++) {
            if ((size_t) (last - p - 5) >= name->len
                && ngx_memcmp(p + 5, name->data, name->len) == 0)
            {
                return p + 5;
            }
        }

        p++;
    }
}


static ngx_int_t
ngx_http_mqtt_api_split_args(ngx_http_mqtt_api_t *api, u_char *p,
    u_char *last)
{
    u_char        *end, *eq;
    ngx_keyval_t  *arg;

    if (ngx_array_init(&api->args, api->request->pool, 4,
                       sizeof(ngx_keyval_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for ( /* void */ ; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');
        if (end == NULL) {
            end = last;
        }

        if (end == p) {
            continue;
        }

        eq = ngx_strlchr(p, end, '=');

        arg = ngx_array_push(&api->args);

        if (arg == NULL
            || ngx_http_mqtt_api_decode(api, p, eq ? eq : end, 1, &arg->key)
               != NGX_OK
            || ngx_http_mqtt_api_decode(api, eq ? eq + 1 : end, end, 1,
                                        &arg->value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* A "%" that is followed by no two digits is one. */

static ngx_int_t
ngx_http_mqtt_api_decode(ngx_http_mqtt_api_t *api, u_char *p, u_char *last,
    ngx_uint_t query, ngx_str_t *value)
{
    u_char     *dst;
    ngx_int_t   n;

    value->data = p;
    value->len = last - p;

    if (ngx_strlchr(p, last, '%') == NULL
        && (!query || ngx_strlchr(p, last, '+') == NULL))
    {
        return NGX_OK;
    }

    dst = ngx_pnalloc(api->request->pool, value->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;

    for ( /* void */ ; p < last; p++) {

        if (query && *p == '+') {
            *dst++ = ' ';
            continue;
        }

        n = (*p == '%' && last - p > 2) ? ngx_hextoi(p + 1, 2) : NGX_ERROR;

        if (n == NGX_ERROR) {
            *dst++ = *p;
            continue;
        }

        *dst++ = (u_char) n;
        p += 2;
    }

    value->len = dst - value->data;

    return NGX_OK;
}


ngx_str_t *
ngx_http_mqtt_api_arg(ngx_http_mqtt_api_t *api, const char *name)
{
    ngx_uint_t     i;
    ngx_keyval_t  *arg;

    arg = api->args.elts;

    for (i = 0; i < api->args.nelts; i++) {
        if (ngx_http_mqtt_api_same(&arg[i].key, name)) {
            return &arg[i].value;
        }
    }

    return NULL;
}


ngx_array_t *
ngx_http_mqtt_api_args(ngx_http_mqtt_api_t *api, const char *name)
{
    ngx_str_t     *value;
    ngx_uint_t     i;
    ngx_array_t   *values;
    ngx_keyval_t  *arg;

    arg = api->args.elts;

    values = ngx_array_create(api->request->pool, 4, sizeof(ngx_str_t));
    if (values == NULL) {
        return NULL;
    }

    for (i = 0; i < api->args.nelts; i++) {

        if (arg[i].value.len == 0
            || !ngx_http_mqtt_api_same(&arg[i].key, name))
        {
            continue;
        }

        value = ngx_array_push(values);
        if (value == NULL) {
            return NULL;
        }

        *value = arg[i].value;
    }

    return values;
}


ngx_uint_t
ngx_http_mqtt_api_same(ngx_str_t *value, const char *wanted)
{
    return value->len == ngx_strlen(wanted)
           && ngx_strncasecmp(value->data, (u_char *) wanted, value->len) == 0;
}


ngx_int_t
ngx_http_mqtt_api_number(ngx_http_mqtt_api_t *api, const char *name,
    ngx_uint_t low, ngx_uint_t high, ngx_uint_t *n)
{
    ngx_int_t   value;
    ngx_str_t  *arg;

    arg = ngx_http_mqtt_api_arg(api, name);

    if (arg == NULL || arg->len == 0) {
        return NGX_OK;
    }

    value = ngx_atoi(arg->data, arg->len);

    if (value == NGX_ERROR || (ngx_uint_t) value < low
        || (ngx_uint_t) value > high)
    {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, name,
                                        "It must be a number from %ui to "
                                        "%ui.", low, high);
    }

    *n = value;

    return NGX_OK;
}
