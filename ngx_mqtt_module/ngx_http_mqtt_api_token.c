
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_module.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_topic.h>
#include <ngx_http_mqtt_api.h>


/* of a token that is made, without the strings in it */

#define NGX_HTTP_MQTT_API_CLAIMS   128

/* minutes */

#define NGX_HTTP_MQTT_API_EXPIRES  60
#define NGX_HTTP_MQTT_API_FOREVER  0x7fffffff


static ngx_int_t ngx_http_mqtt_api_find(ngx_http_mqtt_api_t *api,
    ngx_mqtt_conf_t *mcf);
static ngx_int_t ngx_http_mqtt_api_check(ngx_http_mqtt_api_t *api,
    ngx_mqtt_conf_t *mcf, ngx_http_mqtt_token_t *token);
static ngx_int_t ngx_http_mqtt_api_audience(ngx_http_mqtt_api_t *api,
    ngx_pool_t *pool, ngx_str_t *path);
static ngx_int_t ngx_http_mqtt_api_verify(ngx_mqtt_conf_hub_t *hub,
    ngx_mqtt_jwt_url_t *url, ngx_http_mqtt_token_t *token);
static ngx_uint_t ngx_http_mqtt_api_secure(ngx_http_mqtt_api_t *api,
    ngx_mqtt_json_t *claims);
static ngx_int_t ngx_http_mqtt_api_claims(ngx_http_mqtt_api_t *api,
    ngx_str_t *path, ngx_uint_t minutes, ngx_str_t *claims);
static size_t ngx_http_mqtt_api_list_size(ngx_array_t *strings);
static u_char *ngx_http_mqtt_api_list(u_char *p, const char *name,
    ngx_array_t *strings);


ngx_int_t
ngx_http_mqtt_api_authorize(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                  rc;
    ngx_mqtt_conf_t           *mcf;
    ngx_mqtt_conf_zone_t      *zone;
    ngx_http_mqtt_token_t      token;
    ngx_http_mqtt_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(api->request, ngx_http_mqtt_module);
    mcf = mlcf->api->conf;

    ngx_memzero(&token, sizeof(ngx_http_mqtt_token_t));

    /* in any case: no log is to have it */

    rc = ngx_http_mqtt_token_take(api->request, &token);

    if (rc == NGX_OK && api->op->auth != NGX_HTTP_MQTT_API_OPEN) {

        rc = ngx_http_mqtt_api_find(api, mcf);

        if (rc == NGX_OK) {
            rc = ngx_http_mqtt_api_check(api, mcf, &token);
        }
    }

    ngx_http_mqtt_token_drop(&token);

    if (rc != NGX_OK) {
        return rc;
    }

    zone = api->hub ? api->hub->zone : api->zone;

    if (zone) {
        api->worker = ngx_mqtt_member_worker(zone);

        if (api->worker == NULL) {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_SERVICE_UNAVAILABLE,
                                            NULL, "This worker is not in the "
                                            "zone.");
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_api_find(ngx_http_mqtt_api_t *api, ngx_mqtt_conf_t *mcf)
{
    ngx_int_t                  rc;
    ngx_str_t                  name;
    ngx_http_mqtt_loc_conf_t  *mlcf;

    switch (api->op->auth) {

    case NGX_HTTP_MQTT_API_HUB:
        mlcf = ngx_http_get_module_loc_conf(api->request,
                                            ngx_http_mqtt_module);
        rc = ngx_mqtt_conf_find_hub(mlcf->api, &api->hub_name,
                                    api->request->pool, &name, &api->hub);

        if (rc == NGX_OK) {
            api->hub_name = name;
            api->ctx.hub = name;
        }

        if (rc == NGX_DECLINED) {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_FOUND, "hub",
                                            "There is no such hub.");
        }

        return rc;

    case NGX_HTTP_MQTT_API_ZONE:
        api->zone = ngx_mqtt_conf_find_zone(mcf, &api->name);

        if (api->zone == NULL) {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_FOUND, "zone",
                                            "There is no such zone.");
        }

        return NGX_OK;

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_mqtt_api_check(ngx_http_mqtt_api_t *api, ngx_mqtt_conf_t *mcf,
    ngx_http_mqtt_token_t *token)
{
    ngx_int_t             rc;
    ngx_str_t             path[2];
    ngx_rbtree_node_t    *node;
    ngx_mqtt_jwt_url_t    url;
    ngx_mqtt_conf_hub_t  *hub;

    rc = NGX_DECLINED;

    if (token->proof) {

        if (ngx_http_mqtt_api_audience(api, token->proof->pool, path)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_memzero(&url, sizeof(ngx_mqtt_jwt_url_t));

        url.path = path;
        url.npath = 2;
        url.bare = 1;

        if (api->request->headers_in.host) {
            url.host = api->request->headers_in.host->value;
        }

        if (api->hub) {
            rc = ngx_http_mqtt_api_verify(api->hub, &url, token);

        } else {

            if (mcf->any && (!api->zone || api->zone == mcf->any->zone)) {
                rc = ngx_http_mqtt_api_verify(mcf->any, &url, token);
            }

            node = (mcf->hubs.root == &mcf->sentinel)
                   ? NULL : ngx_rbtree_min(mcf->hubs.root, &mcf->sentinel);

            for ( /* void */ ; node && rc == NGX_DECLINED;
                 node = ngx_rbtree_next(&mcf->hubs, node))
            {
                hub = (ngx_mqtt_conf_hub_t *) node;

                if (!api->zone || api->zone == hub->zone) {
                    rc = ngx_http_mqtt_api_verify(hub, &url, token);
                }
            }
        }
    }

    if (rc == NGX_OK) {
        api->secure = ngx_http_mqtt_api_secure(api, token->proof->jwt.claims);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_log_error(NGX_LOG_INFO, api->request->connection->log, 0,
                  "request for \"mqtt_api\" was refused, token: %s",
                  token->proof ? token->proof->jwt.reason : "it has none");

    return NGX_HTTP_UNAUTHORIZED;
}


/*
 * Decoded, with and without the query: what is compared with them may be
 * encoded in any way, or not at all.
 */

static ngx_int_t
ngx_http_mqtt_api_audience(ngx_http_mqtt_api_t *api, ngx_pool_t *pool,
    ngx_str_t *path)
{
    u_char     *dst, *src;
    ngx_str_t  *uri;

    uri = &api->request->unparsed_uri;

    path[0] = api->path;
    path[1] = *uri;

    if (ngx_strlchr(uri->data, uri->data + uri->len, '%') == NULL) {
        return NGX_OK;
    }

    dst = ngx_pnalloc(pool, uri->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    path[0].data = dst;
    path[1].data = dst;

    src = uri->data;
    ngx_unescape_uri(&dst, &src, api->path.len, 0);
    path[0].len = dst - path[0].data;

    src = uri->data + api->path.len;
    ngx_unescape_uri(&dst, &src, uri->len - api->path.len, 0);
    path[1].len = dst - path[1].data;

    return NGX_OK;
}


/* "jwt_audience" is what clients' tokens have: it must not make servers. */

static ngx_int_t
ngx_http_mqtt_api_verify(ngx_mqtt_conf_hub_t *hub, ngx_mqtt_jwt_url_t *url,
    ngx_http_mqtt_token_t *token)
{
    ngx_mqtt_jwt_conf_t  conf;

    if (hub->settings.jwt == NULL) {
        token->proof->jwt.reason = "the hub has no keys";
        return NGX_DECLINED;
    }

    conf = *hub->settings.jwt;
    conf.audience = NULL;
    conf.naudience = 0;

    return ngx_mqtt_jwt_verify(token->proof->pool, &conf, url, &token->text,
                               ngx_time(), &token->proof->jwt);
}


/* Where a proxy ends TLS, only the URL in the token says that there is any. */

static ngx_uint_t
ngx_http_mqtt_api_secure(ngx_http_mqtt_api_t *api, ngx_mqtt_json_t *claims)
{
    ngx_mqtt_json_t  *aud;

#if (NGX_HTTP_SSL)
    if (api->request->connection->ssl) {
        return 1;
    }
#endif

    aud = ngx_mqtt_json_get(claims, "aud");

    return aud && aud->type == NGX_MQTT_JSON_STRING && aud->text.len > 6
           && ngx_strncasecmp(aud->text.data, (u_char *) "https:", 6) == 0;
}


ngx_int_t
ngx_http_mqtt_api_generate_token(ngx_http_mqtt_api_t *api)
{
    u_char        *p;
    ngx_int_t      rc;
    ngx_str_t     *type, path, claims, token, json;
    ngx_uint_t     i, minutes;
    ngx_keyval_t  *arg;

    static ngx_str_t  client = ngx_string("/client/hubs/");
    static ngx_str_t  mqtt = ngx_string("/clients/mqtt/hubs/");

    type = ngx_http_mqtt_api_arg(api, "clientType");

    if (type == NULL || type->len == 0
        || ngx_http_mqtt_api_same(type, "Default"))
    {
        path = client;

    } else if (ngx_http_mqtt_api_same(type, "MQTT")) {
        path = mqtt;

    } else {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                        "clientType",
                                        "It must be Default or MQTT.");
    }

    /* else nobody could use the token */

    arg = api->args.elts;

    for (i = 0; i < api->args.nelts; i++) {

        if (ngx_mqtt_utf8_valid(arg[i].value.data, arg[i].value.len)
            != NGX_OK)
        {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, NULL,
                                            "An argument is not in UTF-8.");
        }
    }

    minutes = NGX_HTTP_MQTT_API_EXPIRES;

    rc = ngx_http_mqtt_api_number(api, "minutesToExpire", 1,
                                  NGX_HTTP_MQTT_API_FOREVER, &minutes);
    if (rc != NGX_OK) {
        return rc;
    }

    if (api->hub->settings.access_key[0].len == 0) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "hub",
                                        "The hub has no access key to sign "
                                        "tokens with.");
    }

    if (ngx_http_mqtt_api_claims(api, &path, minutes, &claims) != NGX_OK
        || ngx_mqtt_jws_sign(api->request->pool,
                             &api->hub->settings.access_key[0], &claims,
                             &token)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(api->request->pool, sizeof("{\"token\":\"\"}") + token.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    json.data = p;
    json.len = ngx_sprintf(p, "{\"token\":\"%V\"}", &token) - p;

    return ngx_http_mqtt_api_text(api, &json);
}


static ngx_int_t
ngx_http_mqtt_api_claims(ngx_http_mqtt_api_t *api, ngx_str_t *path,
    ngx_uint_t minutes, ngx_str_t *claims)
{
    u_char       *p;
    size_t        size;
    ngx_str_t     url, *user;
    ngx_array_t  *roles, *groups;

    roles = ngx_http_mqtt_api_args(api, "role");
    groups = ngx_http_mqtt_api_args(api, "group");

    if (roles == NULL || groups == NULL
        || ngx_http_mqtt_api_url(api, path, &api->hub_name, &url) != NGX_OK)
    {
        return NGX_ERROR;
    }

    user = ngx_http_mqtt_api_arg(api, "userId");

    size = NGX_HTTP_MQTT_API_CLAIMS + ngx_mqtt_json_size(&url)
           + (user ? ngx_mqtt_json_size(user) : 0)
           + ngx_http_mqtt_api_list_size(roles)
           + ngx_http_mqtt_api_list_size(groups);

    p = ngx_pnalloc(api->request->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    claims->data = p;

    p = ngx_sprintf(p, "{\"iat\":%T,\"exp\":%T,\"aud\":", ngx_time(),
                    ngx_time() + (time_t) minutes * 60);
    p = ngx_mqtt_json_write(p, &url);

    if (user && user->len) {
        p = ngx_sprintf(p, ",\"sub\":");
        p = ngx_mqtt_json_write(p, user);
    }

    p = ngx_http_mqtt_api_list(p, "role", roles);
    p = ngx_http_mqtt_api_list(p, "webpubsub.group", groups);
    *p++ = '}';

    claims->len = p - claims->data;

    return NGX_OK;
}


static size_t
ngx_http_mqtt_api_list_size(ngx_array_t *strings)
{
    size_t       size;
    ngx_str_t   *str;
    ngx_uint_t   i;

    str = strings->elts;
    size = 0;

    for (i = 0; i < strings->nelts; i++) {
        size += ngx_mqtt_json_size(&str[i]) + 1;
    }

    return size;
}


static u_char *
ngx_http_mqtt_api_list(u_char *p, const char *name, ngx_array_t *strings)
{
    ngx_str_t   *str;
    ngx_uint_t   i;

    if (strings->nelts == 0) {
        return p;
    }

    str = strings->elts;

    p = ngx_sprintf(p, ",\"%s\":", name);

    for (i = 0; i < strings->nelts; i++) {
        *p++ = i ? ',' : '[';
        p = ngx_mqtt_json_write(p, &str[i]);
    }

    *p++ = ']';

    return p;
}


ngx_int_t
ngx_http_mqtt_api_url(ngx_http_mqtt_api_t *api, ngx_str_t *path,
    ngx_str_t *tail, ngx_str_t *url)
{
    u_char              *p;
    ngx_str_t            host;
    ngx_http_request_t  *r;

    r = api->request;

    host = r->headers_in.host ? r->headers_in.host->value
                              : r->headers_in.server;

    p = ngx_pnalloc(r->pool, sizeof("https://") + host.len + path->len
                             + tail->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    url->data = p;
    url->len = ngx_sprintf(p, "%s://%V%V%V", api->secure ? "https" : "http",
                           &host, path, tail)
               - p;

    return NGX_OK;
}
