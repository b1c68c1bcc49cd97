
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_HTTP_MQTT_API_JSON_H_INCLUDED_
#define _NGX_HTTP_MQTT_API_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_event_text.h>
#include <ngx_http_mqtt_api.h>


/*
 * A JSON text for an answer, written twice by the same code: first it is
 * measured.  Commas come by themselves.
 */

typedef struct {
    ngx_mqtt_event_text_t   text;
    ngx_uint_t              comma;      /* before what comes next */
} ngx_http_mqtt_api_json_t;

typedef void (*ngx_http_mqtt_api_json_pt)(ngx_http_mqtt_api_json_t *json,
    void *data);


/* Answers 200 with what "write" writes; returns what a handler returns. */
ngx_int_t ngx_http_mqtt_api_json(ngx_http_mqtt_api_t *api,
    ngx_http_mqtt_api_json_pt write, void *data);

/*
 * "{" or "[", "}" or "]".  A name is that of a member, and NULL for an item of
 * an array.
 */
void ngx_http_mqtt_api_json_open(ngx_http_mqtt_api_json_t *json,
    const char *name, const char *bracket);
void ngx_http_mqtt_api_json_close(ngx_http_mqtt_api_json_t *json,
    const char *bracket);

void ngx_http_mqtt_api_json_string(ngx_http_mqtt_api_json_t *json,
    const char *name, ngx_str_t *str);
void ngx_http_mqtt_api_json_base64(ngx_http_mqtt_api_json_t *json,
    const char *name, ngx_str_t *str);
void ngx_http_mqtt_api_json_uint(ngx_http_mqtt_api_json_t *json,
    const char *name, uint64_t n);
void ngx_http_mqtt_api_json_bool(ngx_http_mqtt_api_json_t *json,
    const char *name, ngx_uint_t value);


#endif /* _NGX_HTTP_MQTT_API_JSON_H_INCLUDED_ */
