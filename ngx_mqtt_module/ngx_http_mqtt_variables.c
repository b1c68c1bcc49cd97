
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>


typedef void (*ngx_http_mqtt_value_pt)(ngx_mqtt_transport_t *t,
    ngx_str_t *value);


static ngx_int_t ngx_http_mqtt_hub_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_mqtt_client_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_http_mqtt_value(ngx_http_variable_value_t *v,
    ngx_str_t *value);


static ngx_http_variable_t  ngx_http_mqtt_vars[] = {

    { ngx_string("mqtt_hub"), NULL,
      ngx_http_mqtt_hub_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_id"), NULL,
      ngx_http_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_transport_client_id,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_protocol"), NULL,
      ngx_http_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_transport_protocol,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_mqtt_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_mqtt_vars; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_hub_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t             value;
    ngx_http_mqtt_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_mqtt_module);

    ngx_str_null(&value);

    if (ctx && ctx->transport) {
        value = ctx->hub;
    }

    ngx_http_mqtt_value(v, &value);

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_client_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t               value;
    ngx_http_mqtt_ctx_t    *ctx;
    ngx_http_mqtt_value_pt  get;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_mqtt_module);

    ngx_str_null(&value);

    if (ctx && ctx->transport) {
        get = (ngx_http_mqtt_value_pt) data;
        get(ctx->transport, &value);
    }

    ngx_http_mqtt_value(v, &value);

    return NGX_OK;
}


static void
ngx_http_mqtt_value(ngx_http_variable_value_t *v, ngx_str_t *value)
{
    if (value->len == 0) {
        v->not_found = 1;
        return;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value->len;
    v->data = value->data;
}
