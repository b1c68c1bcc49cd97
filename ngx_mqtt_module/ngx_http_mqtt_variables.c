
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>


typedef enum {
    NGX_HTTP_MQTT_VAR_HUB = 0,
    NGX_HTTP_MQTT_VAR_CLIENT_ID,
    NGX_HTTP_MQTT_VAR_USER_ID,
    NGX_HTTP_MQTT_VAR_USERNAME,
    NGX_HTTP_MQTT_VAR_PROTOCOL,
    NGX_HTTP_MQTT_VAR_EVENT,
    NGX_HTTP_MQTT_VAR_REASON,
    NGX_HTTP_MQTT_VAR_SESSION_PRESENT,
    NGX_HTTP_MQTT_VAR_CLIENT_CERT,
    NGX_HTTP_MQTT_VAR_CLIENT_CERT_FINGERPRINT
} ngx_http_mqtt_var_e;


static ngx_int_t ngx_http_mqtt_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_http_mqtt_client_value(ngx_http_mqtt_ctx_t *ctx,
    ngx_http_mqtt_var_e var, ngx_str_t *value);
static ngx_int_t ngx_http_mqtt_event_value(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_var_e var, ngx_str_t *value);
static void ngx_http_mqtt_event_string(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_var_e var, ngx_str_t *value);
static ngx_int_t ngx_http_mqtt_escape(ngx_pool_t *pool, ngx_str_t *value);


static ngx_http_variable_t  ngx_http_mqtt_vars[] = {

    { ngx_string("mqtt_hub"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_HUB, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_id"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_CLIENT_ID, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_user_id"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_USER_ID, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_username"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_USERNAME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_protocol"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_PROTOCOL, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_event"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_EVENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_reason"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_REASON, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_session_present"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_SESSION_PRESENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_cert"), NULL, ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_CLIENT_CERT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_cert_fingerprint"), NULL,
      ngx_http_mqtt_variable,
      NGX_HTTP_MQTT_VAR_CLIENT_CERT_FINGERPRINT, NGX_HTTP_VAR_NOCACHEABLE,
      0 },

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
ngx_http_mqtt_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t             value;
    ngx_http_mqtt_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_mqtt_module);

    ngx_str_null(&value);

    if (ctx && ctx->hook) {

        if (ngx_http_mqtt_event_value(ctx->hook, data, &value) != NGX_OK) {
            return NGX_ERROR;
        }

    } else if (ctx && ctx->transport) {
        ngx_http_mqtt_client_value(ctx, data, &value);
    }

    if (value.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value.len;
    v->data = value.data;

    return NGX_OK;
}


static void
ngx_http_mqtt_client_value(ngx_http_mqtt_ctx_t *ctx, ngx_http_mqtt_var_e var,
    ngx_str_t *value)
{
    switch (var) {

    case NGX_HTTP_MQTT_VAR_HUB:
        *value = ctx->hub;
        break;

    case NGX_HTTP_MQTT_VAR_CLIENT_ID:
        ngx_mqtt_transport_client_id(ctx->transport, value);
        break;

    case NGX_HTTP_MQTT_VAR_PROTOCOL:
        ngx_mqtt_transport_protocol(ctx->transport, value);
        break;

    case NGX_HTTP_MQTT_VAR_USER_ID:
        ngx_mqtt_transport_user_id(ctx->transport, value);
        break;

    case NGX_HTTP_MQTT_VAR_USERNAME:
        ngx_mqtt_transport_username(ctx->transport, value);
        break;

    case NGX_HTTP_MQTT_VAR_CLIENT_CERT:
        ngx_mqtt_describe_cert(ctx->transport, value);
        break;

    case NGX_HTTP_MQTT_VAR_CLIENT_CERT_FINGERPRINT:
        ngx_mqtt_describe_cert_fingerprint(ctx->transport, value);
        break;

    default:
        break;
    }
}


/* In a webhook's location no byte of a client may end what it stands in. */

static ngx_int_t
ngx_http_mqtt_event_value(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_var_e var, ngx_str_t *value)
{
    ngx_mqtt_event_t  *ev;

    ev = hook->event;

    if (ev == NULL) {

        if (var == NGX_HTTP_MQTT_VAR_EVENT) {
            ngx_str_set(value, "validate");

        } else if (var == NGX_HTTP_MQTT_VAR_HUB) {
            *value = hook->asked;
            return ngx_http_mqtt_escape(hook->pool, value);
        }

        return NGX_OK;
    }

    switch (var) {

    case NGX_HTTP_MQTT_VAR_REASON:

        if (ev->type != NGX_MQTT_EVENT_DISCONNECTED) {
            return NGX_OK;
        }

        value->data = ngx_pnalloc(hook->pool, NGX_INT_T_LEN);
        if (value->data == NULL) {
            return NGX_ERROR;
        }

        value->len = ngx_sprintf(value->data, "%ui", ev->reason)
                     - value->data;
        return NGX_OK;

    case NGX_HTTP_MQTT_VAR_SESSION_PRESENT:
        ngx_str_set(value, "0");

        if (ev->session_present) {
            ngx_str_set(value, "1");
        }

        return NGX_OK;

    default:
        ngx_http_mqtt_event_string(hook, var, value);
        return ngx_http_mqtt_escape(hook->pool, value);
    }
}


static void
ngx_http_mqtt_event_string(ngx_http_mqtt_hook_t *hook,
    ngx_http_mqtt_var_e var, ngx_str_t *value)
{
    ngx_mqtt_event_t  *ev;

    ev = hook->event;

    switch (var) {

    case NGX_HTTP_MQTT_VAR_HUB:
        *value = ev->hub;
        break;

    case NGX_HTTP_MQTT_VAR_CLIENT_ID:
        *value = ev->connection_id;
        break;

    case NGX_HTTP_MQTT_VAR_USER_ID:
        *value = ev->user_id;
        break;

    case NGX_HTTP_MQTT_VAR_USERNAME:
        *value = ev->username;
        break;

    case NGX_HTTP_MQTT_VAR_PROTOCOL:
        *value = ev->protocol;
        break;

    case NGX_HTTP_MQTT_VAR_EVENT:
        *value = ev->name;
        break;

    case NGX_HTTP_MQTT_VAR_CLIENT_CERT:
        *value = ev->client_cert;
        break;

    case NGX_HTTP_MQTT_VAR_CLIENT_CERT_FINGERPRINT:
        *value = ev->client_cert_fingerprint;
        break;

    default:
        break;
    }
}


static ngx_int_t
ngx_http_mqtt_escape(ngx_pool_t *pool, ngx_str_t *value)
{
    u_char     *p;
    uintptr_t   n;

    /* such a segment of a path leads out of it */

    if ((value->len == 1 || value->len == 2)
        && value->data[0] == '.' && value->data[value->len - 1] == '.')
    {
        ngx_str_null(value);
        return NGX_OK;
    }

    n = ngx_escape_uri(NULL, value->data, value->len,
                       NGX_ESCAPE_URI_COMPONENT);
    if (n == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, value->len + 2 * n);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_escape_uri(p, value->data, value->len,
                          NGX_ESCAPE_URI_COMPONENT);

    value->data = p;
    value->len += 2 * n;

    return NGX_OK;
}
