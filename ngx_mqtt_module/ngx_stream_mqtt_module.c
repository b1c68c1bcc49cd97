
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>
#include <ngx_mqtt_conf.h>
#include <ngx_mqtt_transport.h>


typedef struct {
    ngx_mqtt_pass_t             *pass;
    ngx_stream_complex_value_t  *hub;      /* NULL: a static name */
} ngx_stream_mqtt_srv_conf_t;


/* of a session, from c->pool */

typedef struct {
    ngx_str_t                    hub;
    ngx_mqtt_transport_t        *transport;
} ngx_stream_mqtt_ctx_t;


typedef void (*ngx_stream_mqtt_value_pt)(ngx_mqtt_transport_t *t,
    ngx_str_t *value);


static void ngx_stream_mqtt_handler(ngx_stream_session_t *s);
static ngx_int_t ngx_stream_mqtt_find_hub(ngx_stream_session_t *s,
    ngx_str_t *name, ngx_mqtt_conf_hub_t **hub);
static void ngx_stream_mqtt_start(ngx_stream_session_t *s,
    ngx_mqtt_transport_t *t);
static void ngx_stream_mqtt_event(ngx_event_t *ev);
static void ngx_stream_mqtt_finish(ngx_mqtt_transport_t *t);

static ngx_int_t ngx_stream_mqtt_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_stream_mqtt_hub_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_stream_mqtt_client_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static void ngx_stream_mqtt_value(ngx_stream_variable_value_t *v,
    ngx_str_t *value);

static void *ngx_stream_mqtt_create_srv_conf(ngx_conf_t *cf);
static char *ngx_stream_mqtt_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_stream_mqtt_commands[] = {

    { ngx_string("mqtt_pass"),
      NGX_STREAM_SRV_CONF|NGX_CONF_TAKE12,
      ngx_stream_mqtt_pass,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_stream_module_t  ngx_stream_mqtt_module_ctx = {
    ngx_stream_mqtt_add_variables,         /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_stream_mqtt_create_srv_conf,       /* create server configuration */
    NULL                                   /* merge server configuration */
};


ngx_module_t  ngx_stream_mqtt_module = {
    NGX_MODULE_V1,
    &ngx_stream_mqtt_module_ctx,           /* module context */
    ngx_stream_mqtt_commands,              /* module directives */
    NGX_STREAM_MODULE,                     /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_stream_variable_t  ngx_stream_mqtt_vars[] = {

    { ngx_string("mqtt_hub"), NULL,
      ngx_stream_mqtt_hub_variable,
      0, NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_id"), NULL,
      ngx_stream_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_transport_client_id,
      NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_protocol"), NULL,
      ngx_stream_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_transport_protocol,
      NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_user_id"), NULL,
      ngx_stream_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_transport_user_id,
      NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_username"), NULL,
      ngx_stream_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_transport_username,
      NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_cert"), NULL,
      ngx_stream_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_describe_cert,
      NGX_STREAM_VAR_NOCACHEABLE, 0 },

    { ngx_string("mqtt_client_cert_fingerprint"), NULL,
      ngx_stream_mqtt_client_variable,
      (uintptr_t) ngx_mqtt_describe_cert_fingerprint,
      NGX_STREAM_VAR_NOCACHEABLE, 0 },

      ngx_stream_null_variable
};


static void
ngx_stream_mqtt_handler(ngx_stream_session_t *s)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_mqtt_conf_hub_t    *hub;
    ngx_stream_mqtt_ctx_t  *ctx;

    c = s->connection;

    if (c->type != SOCK_STREAM) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "\"mqtt_pass\" cannot serve udp, remove \"udp\" from "
                      "\"listen\"");
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    ctx = ngx_pcalloc(c->pool, sizeof(ngx_stream_mqtt_ctx_t));
    if (ctx == NULL) {
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_stream_set_ctx(s, ctx, ngx_stream_mqtt_module);

    rc = ngx_stream_mqtt_find_hub(s, &ctx->hub, &hub);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, c->log, 0,
                      "client asked for unknown mqtt hub");
        ngx_stream_finalize_session(s, NGX_STREAM_BAD_REQUEST);
        return;
    }

    if (rc != NGX_OK) {
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    ctx->transport = ngx_mqtt_transport_create(c, hub, &ctx->hub, 0);

    if (ctx->transport == NULL) {
        ngx_stream_finalize_session(s, NGX_STREAM_SERVICE_UNAVAILABLE);
        return;
    }

    ngx_stream_mqtt_start(s, ctx->transport);
}


static ngx_int_t
ngx_stream_mqtt_find_hub(ngx_stream_session_t *s, ngx_str_t *name,
    ngx_mqtt_conf_hub_t **hub)
{
    ngx_str_t                    value;
    ngx_stream_mqtt_srv_conf_t  *mscf;

    mscf = ngx_stream_get_module_srv_conf(s, ngx_stream_mqtt_module);

    ngx_str_null(&value);

    if (mscf->hub
        && ngx_stream_complex_value(s, mscf->hub, &value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mqtt_conf_find_hub(mscf->pass, &value, s->connection->pool,
                                  name, hub);
}


static void
ngx_stream_mqtt_start(ngx_stream_session_t *s, ngx_mqtt_transport_t *t)
{
    u_char     *pos, *last;
    ngx_buf_t  *b;

    pos = NULL;
    last = NULL;

    /* what preread modules have looked at */

    b = s->connection->buffer;

    if (b) {
        pos = b->pos;
        last = b->last;
        b->pos = b->last;
        s->received += last - pos;
    }

    ngx_mqtt_transport_start(t, ngx_stream_mqtt_event, ngx_stream_mqtt_finish,
                             s, pos, last);
}


static void
ngx_stream_mqtt_event(ngx_event_t *ev)
{
    ngx_connection_t       *c;
    ngx_stream_session_t   *s;
    ngx_stream_mqtt_ctx_t  *ctx;

    c = ev->data;
    s = c->data;

    ctx = ngx_stream_get_module_ctx(s, ngx_stream_mqtt_module);

    ngx_mqtt_transport_event(ctx->transport, ev);
}


static void
ngx_stream_mqtt_finish(ngx_mqtt_transport_t *t)
{
    ngx_stream_session_t  *s;

    s = t->data;

    s->received += t->received;

    ngx_stream_finalize_session(s, NGX_STREAM_OK);
}


static ngx_int_t
ngx_stream_mqtt_add_variables(ngx_conf_t *cf)
{
    ngx_stream_variable_t  *var, *v;

    for (v = ngx_stream_mqtt_vars; v->name.len; v++) {

        var = ngx_stream_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_mqtt_hub_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    ngx_str_t               value;
    ngx_stream_mqtt_ctx_t  *ctx;

    ctx = ngx_stream_get_module_ctx(s, ngx_stream_mqtt_module);

    ngx_str_null(&value);

    if (ctx && ctx->transport) {
        value = ctx->hub;
    }

    ngx_stream_mqtt_value(v, &value);

    return NGX_OK;
}


static ngx_int_t
ngx_stream_mqtt_client_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                 value;
    ngx_stream_mqtt_ctx_t    *ctx;
    ngx_stream_mqtt_value_pt  get;

    ctx = ngx_stream_get_module_ctx(s, ngx_stream_mqtt_module);

    ngx_str_null(&value);

    if (ctx && ctx->transport) {
        get = (ngx_stream_mqtt_value_pt) data;
        get(ctx->transport, &value);
    }

    ngx_stream_mqtt_value(v, &value);

    return NGX_OK;
}


static void
ngx_stream_mqtt_value(ngx_stream_variable_value_t *v, ngx_str_t *value)
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


static void *
ngx_stream_mqtt_create_srv_conf(ngx_conf_t *cf)
{
    ngx_stream_mqtt_srv_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_mqtt_srv_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->pass = NULL;
     *     conf->hub = NULL;
     */

    return conf;
}


static char *
ngx_stream_mqtt_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_mqtt_srv_conf_t  *mscf = conf;

    ngx_str_t                           *value;
    ngx_stream_complex_value_t           cv;
    ngx_stream_core_srv_conf_t          *cscf;
    ngx_stream_compile_complex_value_t   ccv;

    if (mscf->pass) {
        return "is duplicate";
    }

    if (ngx_mqtt_conf_protocol(cf, NULL) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(&ccv, sizeof(ngx_stream_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &cv;

    if (ngx_stream_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (cv.lengths) {
        mscf->hub = ngx_palloc(cf->pool, sizeof(ngx_stream_complex_value_t));
        if (mscf->hub == NULL) {
            return NGX_CONF_ERROR;
        }

        *mscf->hub = cv;
    }

    mscf->pass = ngx_mqtt_conf_pass(cf, mscf->hub ? NULL : &value[1]);
    if (mscf->pass == NULL) {
        return NGX_CONF_ERROR;
    }

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    cscf->handler = ngx_stream_mqtt_handler;

    return NGX_CONF_OK;
}
