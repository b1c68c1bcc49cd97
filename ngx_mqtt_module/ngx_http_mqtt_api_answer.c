
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_json.h>
#include <ngx_http_mqtt_api.h>


/* bytes of an error's message */

#define NGX_HTTP_MQTT_API_MESSAGE  512


static ngx_int_t ngx_http_mqtt_api_headers(ngx_http_mqtt_api_t *api,
    ngx_int_t status);
static ngx_table_elt_t *ngx_http_mqtt_api_id(ngx_http_request_t *r);
static ngx_int_t ngx_http_mqtt_api_error(ngx_http_mqtt_api_t *api,
    ngx_int_t status);
static ngx_str_t *ngx_http_mqtt_api_code(ngx_int_t status);


typedef struct {
    ngx_int_t  status;
    ngx_str_t  code;
} ngx_http_mqtt_api_code_t;


static ngx_http_mqtt_api_code_t  ngx_http_mqtt_api_codes[] = {
    { NGX_HTTP_BAD_REQUEST, ngx_string("Error.BadRequest") },
    { NGX_HTTP_UNAUTHORIZED, ngx_string("Error.Unauthorized") },
    { NGX_HTTP_NOT_FOUND, ngx_string("Error.NotFound") },
    { NGX_HTTP_NOT_ALLOWED, ngx_string("Error.MethodNotAllowed") },
    { NGX_HTTP_CONFLICT, ngx_string("Error.Conflict") },
    { NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
      ngx_string("Error.RequestEntityTooLarge") },
    { NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
      ngx_string("Error.UnsupportedMediaType") },
    { NGX_HTTP_SERVICE_UNAVAILABLE, ngx_string("Error.ServiceUnavailable") },
    { 0, ngx_string("Error.InternalServerError") }
};


/* all of them are served alike */

static ngx_str_t  ngx_http_mqtt_api_versions =
    ngx_string("2020-10-01, 2021-01-01, 2021-05-01-preview, "
               "2021-08-01-preview, 2021-10-01, 2022-10-01-preview, "
               "2022-11-01, 2023-07-01, 2024-01-01, 2024-12-01");


static ngx_str_t  ngx_http_mqtt_api_supported =
    ngx_string("api-supported-versions");

static ngx_str_t  ngx_http_mqtt_api_error_code =
    ngx_string("x-ms-error-code");

static ngx_str_t  ngx_http_mqtt_api_authenticate =
    ngx_string("WWW-Authenticate");
static ngx_str_t  ngx_http_mqtt_api_bearer = ngx_string("Bearer");

static ngx_str_t  ngx_http_mqtt_api_retry_after = ngx_string("Retry-After");
static ngx_str_t  ngx_http_mqtt_api_second = ngx_string("1");


ngx_int_t
ngx_http_mqtt_api_version(ngx_http_mqtt_api_t *api)
{
    u_char     *p, *last, *end;
    ngx_str_t  *value;

    value = ngx_http_mqtt_api_arg(api, "api-version");

    if (value == NULL) {
        return NGX_OK;
    }

    last = ngx_http_mqtt_api_versions.data + ngx_http_mqtt_api_versions.len;

    for (p = ngx_http_mqtt_api_versions.data; p < last; p = end + 2) {

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        if ((size_t) (end - p) == value->len
            && ngx_memcmp(p, value->data, value->len) == 0)
        {
            return NGX_OK;
        }
    }

    return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "api-version",
                                    "This version of the API is not known.");
}


ngx_int_t
ngx_http_mqtt_api_refuse(ngx_http_mqtt_api_t *api, ngx_int_t status,
    const char *target, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(api->request->pool, NGX_HTTP_MQTT_API_MESSAGE);
    if (p == NULL) {
        return NGX_ERROR;
    }

    api->target = target;
    api->message.data = p;

    va_start(args, fmt);
    p = ngx_vslprintf(p, p + NGX_HTTP_MQTT_API_MESSAGE, fmt, args);
    va_end(args);

    api->message.len = p - api->message.data;

    return status;
}


ngx_int_t
ngx_http_mqtt_api_full(ngx_http_mqtt_api_t *api)
{
    return ngx_http_mqtt_api_refuse(api, NGX_HTTP_SERVICE_UNAVAILABLE, NULL,
                                    "There is no room in the zone.");
}


ngx_int_t
ngx_http_mqtt_api_unknown(ngx_http_mqtt_api_t *api)
{
    return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_FOUND, "connectionId",
                                    "There is no such connection.");
}


ngx_int_t
ngx_http_mqtt_api_text(ngx_http_mqtt_api_t *api, ngx_str_t *json)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(api->request->pool);
    cl = ngx_alloc_chain_link(api->request->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->pos = json->data;
    b->last = json->data + json->len;
    b->memory = 1;

    cl->buf = b;
    cl->next = NULL;

    api->out = cl;

    return NGX_HTTP_OK;
}


ngx_int_t
ngx_http_mqtt_api_answer(ngx_http_mqtt_api_t *api, ngx_int_t status)
{
    off_t                len;
    ngx_int_t            rc;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = api->request;

    if (status == NGX_ERROR) {
        api->out = NULL;
        status = ngx_http_mqtt_api_refuse(api, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                          NULL, "Something has failed.");
    }

    if (status == NGX_ERROR) {
        status = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* no "100 Continue" for a body that is not read */

    r->expect_tested = 1;

    /* nor is one awaited that is much too long, unless others share the line */

    if (r->http_version < NGX_HTTP_VERSION_20
        && (status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE
            || r->headers_in.content_length_n > NGX_HTTP_MQTT_API_BODY))
    {
        r->keepalive = 0;
        r->lingering_close = 1;

    } else if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    if (ngx_http_mqtt_api_headers(api, status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    len = 0;

    for (cl = api->out; cl; cl = cl->next) {
        len += cl->buf->last - cl->buf->pos;

        if (cl->next == NULL) {
            cl->buf->last_buf = 1;
        }
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = len;

    if (api->out) {
        ngx_str_set(&r->headers_out.content_type, "application/json");
        r->headers_out.content_type_len = r->headers_out.content_type.len;
    } else {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, api->out);
}


static ngx_int_t
ngx_http_mqtt_api_headers(ngx_http_mqtt_api_t *api, ngx_int_t status)
{
    ngx_table_elt_t     *id;
    ngx_http_request_t  *r;

    r = api->request;

    if (ngx_http_mqtt_api_header(r, &ngx_http_mqtt_api_supported,
                                 &ngx_http_mqtt_api_versions)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    id = ngx_http_mqtt_api_id(r);

    if (id && ngx_http_mqtt_api_header(r, &id->key, &id->value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (status == NGX_HTTP_UNAUTHORIZED) {
        return ngx_http_mqtt_api_header(r, &ngx_http_mqtt_api_authenticate,
                                        &ngx_http_mqtt_api_bearer);
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_http_mqtt_api_header(r, &ngx_http_mqtt_api_retry_after,
                                    &ngx_http_mqtt_api_second)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return api->message.len ? ngx_http_mqtt_api_error(api, status) : NGX_OK;
}


ngx_int_t
ngx_http_mqtt_api_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key = *name;
    h->value = *value;

    return NGX_OK;
}


static ngx_table_elt_t *
ngx_http_mqtt_api_id(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  name = ngx_string("x-ms-client-request-id");

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == name.len
                && ngx_strncmp(h[i].lowcase_key, name.data, name.len) == 0)
            {
                return &h[i];
            }
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_mqtt_api_error(ngx_http_mqtt_api_t *api, ngx_int_t status)
{
    size_t      size;
    u_char     *p;
    ngx_str_t  *code, target, json;

    code = ngx_http_mqtt_api_code(status);

    target.data = (u_char *) (api->target ? api->target : "Request");
    target.len = ngx_strlen(target.data);

    size = sizeof("{\"code\":,\"message\":,\"target\":}")
           + ngx_mqtt_json_size(code) + ngx_mqtt_json_size(&api->message)
           + ngx_mqtt_json_size(&target);

    json.data = ngx_pnalloc(api->request->pool, size);
    if (json.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(json.data, "{\"code\":", sizeof("{\"code\":") - 1);
    p = ngx_mqtt_json_write(p, code);
    p = ngx_cpymem(p, ",\"message\":", sizeof(",\"message\":") - 1);
    p = ngx_mqtt_json_write(p, &api->message);
    p = ngx_cpymem(p, ",\"target\":", sizeof(",\"target\":") - 1);
    p = ngx_mqtt_json_write(p, &target);
    *p++ = '}';

    json.len = p - json.data;

    if (ngx_http_mqtt_api_text(api, &json) == NGX_ERROR) {
        return NGX_ERROR;
    }

    return ngx_http_mqtt_api_header(api->request,
                                    &ngx_http_mqtt_api_error_code, code);
}


static ngx_str_t *
ngx_http_mqtt_api_code(ngx_int_t status)
{
    ngx_http_mqtt_api_code_t  *code;

    for (code = ngx_http_mqtt_api_codes; code->status; code++) {
        if (code->status == status) {
            break;
        }
    }

    return &code->code;
}
