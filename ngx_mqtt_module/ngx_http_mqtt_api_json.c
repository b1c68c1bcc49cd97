
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_api_json.h>


static void ngx_http_mqtt_api_json_name(ngx_http_mqtt_api_json_t *json,
    const char *name);


ngx_int_t
ngx_http_mqtt_api_json(ngx_http_mqtt_api_t *api,
    ngx_http_mqtt_api_json_pt write, void *data)
{
    ngx_str_t                 str;
    ngx_http_mqtt_api_json_t  json;

    ngx_memzero(&json, sizeof(ngx_http_mqtt_api_json_t));
    write(&json, data);

    str.data = ngx_pnalloc(api->request->pool, json.text.size);
    if (str.data == NULL) {
        return NGX_ERROR;
    }

    json.text.p = str.data;
    json.comma = 0;
    write(&json, data);

    str.len = json.text.p - str.data;

    return ngx_http_mqtt_api_text(api, &str);
}


void
ngx_http_mqtt_api_json_open(ngx_http_mqtt_api_json_t *json, const char *name,
    const char *bracket)
{
    ngx_http_mqtt_api_json_name(json, name);
    ngx_mqtt_event_put(&json->text, bracket);
    json->comma = 0;
}


void
ngx_http_mqtt_api_json_close(ngx_http_mqtt_api_json_t *json,
    const char *bracket)
{
    ngx_mqtt_event_put(&json->text, bracket);
    json->comma = 1;
}


void
ngx_http_mqtt_api_json_string(ngx_http_mqtt_api_json_t *json,
    const char *name, ngx_str_t *str)
{
    ngx_http_mqtt_api_json_name(json, name);
    ngx_mqtt_event_put_string(&json->text, str);
}


void
ngx_http_mqtt_api_json_base64(ngx_http_mqtt_api_json_t *json,
    const char *name, ngx_str_t *str)
{
    ngx_str_t  dst;

    ngx_http_mqtt_api_json_name(json, name);
    ngx_mqtt_event_put(&json->text, "\"");

    if (json->text.p) {
        dst.data = json->text.p;
        ngx_encode_base64(&dst, str);
        json->text.p += dst.len;

    } else {
        json->text.size += ngx_base64_encoded_length(str->len);
    }

    ngx_mqtt_event_put(&json->text, "\"");
}


void
ngx_http_mqtt_api_json_uint(ngx_http_mqtt_api_json_t *json, const char *name,
    uint64_t n)
{
    u_char  buf[NGX_INT64_LEN + 1];

    *ngx_sprintf(buf, "%uL", n) = '\0';

    ngx_http_mqtt_api_json_name(json, name);
    ngx_mqtt_event_put(&json->text, (char *) buf);
}


void
ngx_http_mqtt_api_json_bool(ngx_http_mqtt_api_json_t *json, const char *name,
    ngx_uint_t value)
{
    ngx_http_mqtt_api_json_name(json, name);
    ngx_mqtt_event_put(&json->text, value ? "true" : "false");
}


static void
ngx_http_mqtt_api_json_name(ngx_http_mqtt_api_json_t *json, const char *name)
{
    if (json->comma) {
        ngx_mqtt_event_put(&json->text, ",");
    }

    json->comma = 1;

    if (name) {
        ngx_mqtt_event_put(&json->text, "\"");
        ngx_mqtt_event_put(&json->text, name);
        ngx_mqtt_event_put(&json->text, "\":");
    }
}
