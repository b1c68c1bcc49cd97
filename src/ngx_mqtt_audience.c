
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_jwt.h>


typedef struct {
    ngx_str_t              scheme;
    ngx_str_t              port;          /* which needs not be said */
} ngx_mqtt_audience_t;


static const ngx_mqtt_audience_t *ngx_mqtt_audience_scheme(
    const ngx_str_t *audience);
static ngx_uint_t ngx_mqtt_audience_host(const ngx_str_t *host,
    const ngx_str_t *other, const ngx_str_t *port);
static ngx_str_t ngx_mqtt_audience_name(const ngx_str_t *host,
    const ngx_str_t *port);
static ngx_uint_t ngx_mqtt_audience_path(const ngx_mqtt_jwt_url_t *url,
    const ngx_str_t *path);
static ngx_uint_t ngx_mqtt_audience_same(const ngx_str_t *encoded,
    const ngx_str_t *path);


static const ngx_mqtt_audience_t  ngx_mqtt_audience_schemes[] = {
    { ngx_string("http://"), ngx_string(":80") },
    { ngx_string("https://"), ngx_string(":443") },
    { ngx_string("ws://"), ngx_string(":80") },
    { ngx_string("wss://"), ngx_string(":443") },
    { ngx_null_string, ngx_null_string }
};


ngx_uint_t
ngx_mqtt_jwt_audience(const ngx_mqtt_jwt_url_t *url, const ngx_str_t *audience)
{
    u_char                     *p, *last;
    ngx_str_t                   host, path;
    const ngx_mqtt_audience_t  *scheme;

    path = *audience;
    last = audience->data + audience->len;
    scheme = ngx_mqtt_audience_scheme(audience);

    if (scheme) {
        host.data = audience->data + scheme->scheme.len;

        p = ngx_strlchr(host.data, last, '/');
        if (p == NULL) {
            return 0;
        }

        host.len = p - host.data;
        path.data = p;
        path.len = last - p;

        if (url->host.len
            && !ngx_mqtt_audience_host(&url->host, &host, &scheme->port))
        {
            return 0;
        }

    } else if (!url->bare) {
        return 0;
    }

    if (ngx_mqtt_audience_path(url, &path)) {
        return 1;
    }

    if (path.len < 2 || last[-1] != '/') {
        return 0;
    }

    path.len--;

    return ngx_mqtt_audience_path(url, &path);
}


static const ngx_mqtt_audience_t *
ngx_mqtt_audience_scheme(const ngx_str_t *audience)
{
    const ngx_mqtt_audience_t  *s;

    for (s = ngx_mqtt_audience_schemes; s->scheme.len; s++) {

        if (audience->len > s->scheme.len
            && ngx_strncasecmp(audience->data, s->scheme.data, s->scheme.len)
               == 0)
        {
            return s;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_mqtt_audience_host(const ngx_str_t *host, const ngx_str_t *other,
    const ngx_str_t *port)
{
    ngx_str_t  a, b;

    a = ngx_mqtt_audience_name(host, port);
    b = ngx_mqtt_audience_name(other, port);

    return a.len == b.len && ngx_strncasecmp(a.data, b.data, a.len) == 0;
}


/* without the port, if it is the scheme's */

static ngx_str_t
ngx_mqtt_audience_name(const ngx_str_t *host, const ngx_str_t *port)
{
    ngx_str_t  name;

    name = *host;

    if (name.len > port->len
        && ngx_memcmp(name.data + name.len - port->len, port->data, port->len)
           == 0)
    {
        name.len -= port->len;
    }

    return name;
}


static ngx_uint_t
ngx_mqtt_audience_path(const ngx_mqtt_jwt_url_t *url, const ngx_str_t *path)
{
    ngx_uint_t  i;

    for (i = 0; i < url->npath; i++) {

        if (url->path[i].len == path->len
            && ngx_strncasecmp(url->path[i].data, path->data, path->len) == 0)
        {
            return 1;
        }

        if (ngx_mqtt_audience_same(path, &url->path[i])) {
            return 1;
        }
    }

    return 0;
}


/* as the path is once it is decoded */

static ngx_uint_t
ngx_mqtt_audience_same(const ngx_str_t *encoded, const ngx_str_t *path)
{
    size_t     i, j;
    u_char     ch;
    ngx_int_t  n;

    for (i = 0, j = 0; i < encoded->len; i++, j++) {

        ch = encoded->data[i];

        if (ch == '%' && encoded->len - i > 2) {
            n = ngx_hextoi(&encoded->data[i + 1], 2);

            if (n != NGX_ERROR) {
                ch = (u_char) n;
                i += 2;
            }
        }

        if (j == path->len || ngx_tolower(ch) != ngx_tolower(path->data[j])) {
            return 0;
        }
    }

    return j == path->len;
}
