
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_topic.h>
#include <ngx_http_mqtt_api.h>


/* seconds that a message may wait for its receiver */

#define NGX_HTTP_MQTT_API_TTL  300


static ngx_int_t ngx_http_mqtt_api_message(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk);
static ngx_int_t ngx_http_mqtt_api_type(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_type_e *type);
static ngx_int_t ngx_http_mqtt_api_plain(ngx_http_mqtt_api_t *api);
static ngx_uint_t ngx_http_mqtt_api_media(ngx_http_mqtt_api_t *api,
    ngx_str_t *media);


ngx_int_t
ngx_http_mqtt_api_send(ngx_http_mqtt_api_t *api)
{
    ngx_int_t         rc;
    ngx_mqtt_bulk_t  *bulk;

    rc = ngx_http_mqtt_api_bulk(api, NGX_MQTT_BULK_SEND, &bulk);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_message(api, bulk);
    }

    return ngx_http_mqtt_api_begin(api, bulk, rc);
}


static ngx_int_t
ngx_http_mqtt_api_message(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *root;

    rc = ngx_http_mqtt_api_number(api, "messageTtlSeconds", 0,
                                  NGX_HTTP_MQTT_API_TTL, &bulk->ttl);

    if (rc == NGX_OK && api->op->kind != NGX_MQTT_TARGETS_SESSION) {
        rc = ngx_http_mqtt_api_filter(api, bulk,
                                      ngx_http_mqtt_api_arg(api, "filter"));
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_type(api, &bulk->type);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_metadata(api, bulk);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    bulk->payload = api->body;

    switch (bulk->type) {

    case NGX_MQTT_BULK_JSON:
        return ngx_http_mqtt_api_json_body(api, 0, &root);

    case NGX_MQTT_BULK_TEXT:
        return ngx_http_mqtt_api_plain(api);

    default: /* NGX_MQTT_BULK_BINARY */
        return NGX_OK;
    }
}


/* Without one it is binary. */

static ngx_int_t
ngx_http_mqtt_api_type(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_type_e *type)
{
    ngx_str_t   media;
    ngx_uint_t  utf8;

    utf8 = ngx_http_mqtt_api_media(api, &media);

    if (media.len == 0
        || ngx_http_mqtt_api_same(&media, "application/octet-stream"))
    {
        *type = NGX_MQTT_BULK_BINARY;
        return NGX_OK;
    }

    if (utf8 && ngx_http_mqtt_api_same(&media, "text/plain")) {
        *type = NGX_MQTT_BULK_TEXT;
        return NGX_OK;
    }

    if (utf8 && ngx_http_mqtt_api_same(&media, "application/json")) {
        *type = NGX_MQTT_BULK_JSON;
        return NGX_OK;
    }

    return ngx_http_mqtt_api_refuse(api, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                                    "Content-Type",
                                    "It must be text/plain or "
                                    "application/json, in UTF-8, or "
                                    "application/octet-stream.");
}


/* Text of any characters. */

static ngx_int_t
ngx_http_mqtt_api_plain(ngx_http_mqtt_api_t *api)
{
    u_char  *p, *last, *end;

    p = api->body.data;
    last = p + api->body.len;

    for ( /* void */ ; p < last; p = end + 1) {

        /* U+0000 is no character for MQTT's own strings, but it is here */

        end = ngx_strlchr(p, last, '\0');
        if (end == NULL) {
            end = last;
        }

        if (ngx_mqtt_utf8_valid(p, end - p) != NGX_OK) {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "body",
                                            "The text is not UTF-8.");
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_mqtt_api_json_body(ngx_http_mqtt_api_t *api, ngx_uint_t levels,
    ngx_mqtt_json_t **root)
{
    ngx_int_t    rc;
    ngx_str_t    media;
    const char  *why;

    if (!ngx_http_mqtt_api_media(api, &media)
        || !ngx_http_mqtt_api_same(&media, "application/json"))
    {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                                        "Content-Type",
                                        "It must be application/json in "
                                        "UTF-8.");
    }

    rc = ngx_mqtt_json_parse(api->request->pool, &api->body, levels, root,
                             &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "body",
                                        "The body is not valid as JSON: %s.",
                                        why);
    }

    return rc;
}


/* Content-Type; 1: its charset is UTF-8, or it has none. */

static ngx_uint_t
ngx_http_mqtt_api_media(ngx_http_mqtt_api_t *api, ngx_str_t *media)
{
    size_t            len;
    u_char           *p, *last, *end;
    ngx_str_t         charset;
    ngx_table_elt_t  *h;

    static u_char  name[] = "charset=";

    ngx_str_null(media);

    h = api->request->headers_in.content_type;
    if (h == NULL) {
        return 1;
    }

    p = h->value.data;
    last = p + h->value.len;

    end = ngx_strlchr(p, last, ';');
    len = (end ? end : last) - p;

    while (len && (p[len - 1] == ' ' || p[len - 1] == '\t')) {
        len--;
    }

    media->data = p;
    media->len = len;

    p = end ? ngx_strlcasestrn(end, last, name, sizeof(name) - 2) : NULL;
    if (p == NULL) {
        return 1;
    }

    p += sizeof(name) - 1;
    p += (p < last && *p == '"');

    charset.data = p;

    while (p < last && *p != '"' && *p != ';' && *p != ' ') {
        p++;
    }

    charset.len = p - charset.data;

    return ngx_http_mqtt_api_same(&charset, "utf-8")
           || ngx_http_mqtt_api_same(&charset, "us-ascii");
}
