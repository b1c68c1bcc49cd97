
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>


static ngx_int_t ngx_http_mqtt_token_args(ngx_http_request_t *r,
    ngx_http_mqtt_token_t *token);
static ngx_int_t ngx_http_mqtt_token_headers(ngx_http_request_t *r,
    ngx_http_mqtt_token_t *token);
static ngx_uint_t ngx_http_mqtt_token_header(ngx_table_elt_t *h,
    ngx_str_t *value);
static ngx_int_t ngx_http_mqtt_token_copy(ngx_http_request_t *r,
    ngx_http_mqtt_token_t *token, u_char *p, size_t len);
static void ngx_http_mqtt_token_wipe(ngx_str_t *s);
static u_char *ngx_http_mqtt_token_find(ngx_str_t *s, ngx_str_t *name,
    u_char **end);
static u_char *ngx_http_mqtt_token_value(ngx_str_t *name, u_char *p,
    u_char *last, u_char **end);
static ngx_int_t ngx_http_mqtt_token_refuse(ngx_http_request_t *r,
    ngx_str_t *hub, const char *reason);


static ngx_str_t  ngx_http_mqtt_token_access = ngx_string("access_token=");
static ngx_str_t  ngx_http_mqtt_token_recovery =
    ngx_string("awps_reconnection_token=");


ngx_int_t
ngx_http_mqtt_token_take(ngx_http_request_t *r, ngx_http_mqtt_token_t *token)
{
    ngx_int_t  rc;

    rc = ngx_http_mqtt_token_args(r, token);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_token_headers(r, token);
    }

    /* these may be three places, or one */

    ngx_http_mqtt_token_wipe(&r->args);
    ngx_http_mqtt_token_wipe(&r->unparsed_uri);
    ngx_http_mqtt_token_wipe(&r->request_line);

    return rc;
}


void
ngx_http_mqtt_token_drop(ngx_http_mqtt_token_t *token)
{
    if (token->proof) {
        ngx_mqtt_proof_destroy(token->proof);
        token->proof = NULL;
    }
}


/* The first one. */

static ngx_int_t
ngx_http_mqtt_token_args(ngx_http_request_t *r, ngx_http_mqtt_token_t *token)
{
    u_char     *value, *end, *dst, *src;
    ngx_str_t   recovery;

    value = ngx_http_mqtt_token_find(&r->args, &ngx_http_mqtt_token_recovery,
                                     &end);
    if (value) {
        recovery.data = value;
        recovery.len = end - value;

        if (ngx_http_mqtt_request_decode(r->pool, &recovery, &token->recovery)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    value = ngx_http_mqtt_token_find(&r->args, &ngx_http_mqtt_token_access,
                                     &end);
    if (value == NULL) {
        return NGX_OK;
    }

    if (ngx_http_mqtt_token_copy(r, token, value, end - value) != NGX_OK) {
        return NGX_ERROR;
    }

    dst = token->text.data;
    src = dst;

    ngx_unescape_uri(&dst, &src, token->text.len, 0);

    token->text.len = dst - token->text.data;

    return NGX_OK;
}


static u_char *
ngx_http_mqtt_token_find(ngx_str_t *s, ngx_str_t *name, u_char **end)
{
    u_char  *p, *value, *last;

    last = s->data + s->len;

    for (p = s->data; p < last; p = *end + 1) {

        value = ngx_http_mqtt_token_value(name, p, last, end);

        if (value) {
            return value;
        }
    }

    return NULL;
}


/* All of them are wiped, even if there was one before. */

static ngx_int_t
ngx_http_mqtt_token_headers(ngx_http_request_t *r,
    ngx_http_mqtt_token_t *token)
{
    ngx_int_t         rc;
    ngx_str_t         value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    rc = NGX_OK;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_mqtt_token_header(&h[i], &value)) {
                continue;
            }

            if (token->proof == NULL
                && ngx_http_mqtt_token_copy(r, token, value.data, value.len)
                   != NGX_OK)
            {
                rc = NGX_ERROR;
            }

            ngx_memset(value.data, '*', value.len);
        }
    }

    return rc;
}


/* "Authorization: Bearer TOKEN" */

static ngx_uint_t
ngx_http_mqtt_token_header(ngx_table_elt_t *h, ngx_str_t *value)
{
    static ngx_str_t  name = ngx_string("Authorization");
    static ngx_str_t  scheme = ngx_string("Bearer");

    if (h->key.len != name.len
        || ngx_strncasecmp(h->key.data, name.data, name.len) != 0
        || h->value.len <= scheme.len
        || ngx_strncasecmp(h->value.data, scheme.data, scheme.len) != 0
        || (h->value.data[scheme.len] != ' '
            && h->value.data[scheme.len] != '\t'))
    {
        return 0;
    }

    value->data = h->value.data + scheme.len;
    value->len = h->value.len - scheme.len;

    while (value->len && (*value->data == ' ' || *value->data == '\t')) {
        value->data++;
        value->len--;
    }

    return 1;
}


static ngx_int_t
ngx_http_mqtt_token_copy(ngx_http_request_t *r, ngx_http_mqtt_token_t *token,
    u_char *p, size_t len)
{
    token->proof = ngx_mqtt_proof_create(r->connection->log);
    if (token->proof == NULL) {
        return NGX_ERROR;
    }

    token->text.data = ngx_pnalloc(token->proof->pool, len + 1);
    if (token->text.data == NULL) {
        return NGX_ERROR;
    }

    token->text.len = len;
    ngx_memcpy(token->text.data, p, len);

    return NGX_OK;
}


static void
ngx_http_mqtt_token_wipe(ngx_str_t *s)
{
    u_char  *p, *value, *end, *last;

    last = s->data + s->len;

    for (p = s->data; p < last; p = end + 1) {

        value = ngx_http_mqtt_token_value(&ngx_http_mqtt_token_access, p,
                                          last, &end);
        if (value == NULL) {
            value = ngx_http_mqtt_token_value(&ngx_http_mqtt_token_recovery,
                                              p, last, &end);
        }

        if (value) {
            ngx_memset(value, '*', end - value);
        }
    }
}


/*
 * The value of an argument that is the token, or NULL; "end" is behind the
 * argument, or behind what is in front of a query.
 */

static u_char *
ngx_http_mqtt_token_value(ngx_str_t *name, u_char *p, u_char *last,
    u_char **end)
{
    u_char      ch, *next;
    ngx_int_t   n;
    ngx_uint_t  i;

    next = p;

    for (i = 0; i < name->len && p < last; i++, p++) {
        ch = *p;

        if (ch == '%' && last - p > 2) {
            n = ngx_hextoi(p + 1, 2);

            if (n != NGX_ERROR) {
                ch = (u_char) n;
                p += 2;
            }
        }

        if (ngx_tolower(ch) != name->data[i]) {
            break;
        }
    }

    if (i == name->len) {

        for (next = p; next < last && *next != '&' && *next != ' '; next++) {
            /* void */
        }

        *end = next;
        return p;
    }

    while (next < last && *next != '&' && *next != '?') {
        next++;
    }

    *end = next;
    return NULL;
}


ngx_int_t
ngx_http_mqtt_token_check(ngx_http_request_t *r, ngx_mqtt_conf_hub_t *hub,
    ngx_str_t *name, ngx_http_mqtt_token_t *token, ngx_uint_t native)
{
    u_char            *p;
    ngx_int_t          rc;
    ngx_str_t          path, host;
    ngx_mqtt_proof_t  *proof;

    proof = token->proof;

    if (proof == NULL) {

        if ((native ? (ngx_uint_t) hub->settings.anonymous
                    : ngx_mqtt_proof_later(&hub->settings))
            || ngx_mqtt_conf_match(hub, name, NGX_MQTT_EVENT_CONNECT, NULL))
        {
            return NGX_OK;
        }

        return ngx_http_mqtt_token_refuse(r, name, "it has none, and nothing "
                                          "else could admit it");
    }

    path = r->unparsed_uri;
    p = ngx_strlchr(path.data, path.data + path.len, '?');

    if (p) {
        path.len = p - path.data;
    }

    ngx_str_null(&host);

    if (r->headers_in.host) {
        host = r->headers_in.host->value;
    }

    rc = ngx_mqtt_proof_token(proof, &hub->settings, name, native,
                              &token->text, &host, &path);

    if (rc == NGX_DECLINED) {
        return ngx_http_mqtt_token_refuse(r, name, proof->jwt.reason);
    }

    return (rc == NGX_OK) ? NGX_OK : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_mqtt_token_refuse(ngx_http_request_t *r, ngx_str_t *hub,
    const char *reason)
{
    ngx_table_elt_t  *h;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "client was refused by hub \"%V\", token: %s", hub, reason);

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    ngx_str_set(&h->key, "WWW-Authenticate");
    ngx_str_set(&h->value, "Bearer");

    r->headers_out.www_authenticate = h;

    return NGX_HTTP_UNAUTHORIZED;
}
