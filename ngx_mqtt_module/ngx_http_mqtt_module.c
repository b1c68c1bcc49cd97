
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>
#include <ngx_http_mqtt_api.h>


/* "request_pool_size": NGINX's default, and what replaces it */

#define NGX_HTTP_MQTT_POOL_DEFAULT  4096
#define NGX_HTTP_MQTT_POOL_SIZE     1024


static ngx_int_t ngx_http_mqtt_content(ngx_http_request_t *r);
static ngx_int_t ngx_http_mqtt_serve(ngx_http_request_t *r,
    ngx_http_mqtt_token_t *token);
static ngx_int_t ngx_http_mqtt_find_hub(ngx_http_request_t *r,
    ngx_str_t *name, ngx_mqtt_conf_hub_t **hub);
static ngx_int_t ngx_http_mqtt_not_allowed(ngx_http_request_t *r);

static void *ngx_http_mqtt_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_mqtt_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void ngx_http_mqtt_merge_api(ngx_http_mqtt_loc_conf_t *conf,
    ngx_http_core_loc_conf_t *clcf);
static char *ngx_http_mqtt_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_mqtt_api(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_http_mqtt_commands[] = {

    { ngx_string("mqtt_pass"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_mqtt_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mqtt_release_request"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mqtt_loc_conf_t, release_request),
      NULL },

    { ngx_string("mqtt_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_mqtt_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("mqtt_event_handler"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_mqtt_handler,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_mqtt_module_ctx = {
    ngx_http_mqtt_add_variables,           /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_mqtt_create_loc_conf,         /* create location configuration */
    ngx_http_mqtt_merge_loc_conf           /* merge location configuration */
};


ngx_module_t  ngx_http_mqtt_module = {
    NGX_MODULE_V1,
    &ngx_http_mqtt_module_ctx,             /* module context */
    ngx_http_mqtt_commands,                /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_mqtt_content(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_mqtt_token_t  token;

    ngx_memzero(&token, sizeof(ngx_http_mqtt_token_t));

    rc = ngx_http_mqtt_token_take(r, &token);

    rc = (rc == NGX_OK) ? ngx_http_mqtt_serve(r, &token)
                        : NGX_HTTP_INTERNAL_SERVER_ERROR;

    ngx_http_mqtt_token_drop(&token);

    return rc;
}


static ngx_int_t
ngx_http_mqtt_serve(ngx_http_request_t *r, ngx_http_mqtt_token_t *token)
{
    ngx_int_t                  rc;
    ngx_uint_t                 native;
    ngx_http_mqtt_ctx_t       *ctx;
    ngx_mqtt_conf_hub_t       *hub;
    ngx_http_mqtt_loc_conf_t  *mlcf;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "\"mqtt_pass\" in a subrequest");
        return NGX_HTTP_BAD_REQUEST;
    }

    if (r->method != NGX_HTTP_GET) {
        return ngx_http_mqtt_not_allowed(r);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_mqtt_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_mqtt_module);

    rc = ngx_http_mqtt_find_hub(r, &ctx->hub, &hub);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client asked for unknown mqtt hub");
        return NGX_HTTP_NOT_FOUND;
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_mqtt_module);
    native = mlcf->pass->native;

    rc = ngx_http_mqtt_ws_handshake(r, ctx, native);

    if (ctx->accept.len == 0) {
        return rc;
    }

    if (native) {
        return ngx_http_mqtt_native(r, ctx, hub, token);
    }

    rc = ngx_http_mqtt_token_check(r, hub, &ctx->hub, token, 0);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_mqtt_transport(r, ctx, hub, NGX_MQTT_TRANSPORT_WS);

    if (rc != NGX_OK) {
        return rc;
    }

    ctx->transport->client.proof = token->proof;
    token->proof = NULL;

    return ngx_http_mqtt_ws_accept(r, ctx);
}


ngx_int_t
ngx_http_mqtt_transport(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx,
    ngx_mqtt_conf_hub_t *hub, ngx_uint_t kind)
{
    if (ngx_mqtt_transport_busy()) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "client was refused, no connections to spare");
        r->keepalive = 0;
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ctx->transport = ngx_mqtt_transport_create(r->connection, hub, &ctx->hub,
                                               kind);

    return ctx->transport ? NGX_OK : NGX_HTTP_SERVICE_UNAVAILABLE;
}


static ngx_int_t
ngx_http_mqtt_find_hub(ngx_http_request_t *r, ngx_str_t *name,
    ngx_mqtt_conf_hub_t **hub)
{
    ngx_str_t                  value;
    ngx_http_mqtt_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_mqtt_module);

    ngx_str_null(&value);

    if (mlcf->hub && ngx_http_complex_value(r, mlcf->hub, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mqtt_conf_find_hub(mlcf->pass, &value, r->pool, name, hub);
}


ngx_uint_t
ngx_http_mqtt_release_request(ngx_http_request_t *r)
{
    ngx_http_mqtt_loc_conf_t  *mlcf;

    mlcf = ngx_http_get_module_loc_conf(r, ngx_http_mqtt_module);

    return mlcf->release_request;
}


static ngx_int_t
ngx_http_mqtt_not_allowed(ngx_http_request_t *r)
{
    ngx_table_elt_t  *allow;

    allow = ngx_list_push(&r->headers_out.headers);
    if (allow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    allow->hash = 1;
#if (nginx_version >= 1023000)
    allow->next = NULL;
#endif
    ngx_str_set(&allow->key, "Allow");
    ngx_str_set(&allow->value, "GET");

    return NGX_HTTP_NOT_ALLOWED;
}


static void *
ngx_http_mqtt_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_mqtt_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_mqtt_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->pass = NULL;
     *     conf->hub = NULL;
     *     conf->handlers = NULL;
     *     conf->answers = 0;
     *     conf->api = NULL;
     *     conf->api_body = 0;
     */

    conf->release_request = NGX_CONF_UNSET;

    return conf;
}


static char *
ngx_http_mqtt_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_mqtt_loc_conf_t  *prev = parent;
    ngx_http_mqtt_loc_conf_t  *conf = child;

    ngx_uint_t                  i;
    ngx_http_mqtt_handler_t   **h;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_srv_conf_t   *cscf;

    ngx_conf_merge_value(conf->release_request, prev->release_request, 0);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    /* "if" and "limit_except" are part of their location */

    if (clcf->noname && conf->pass == NULL && conf->api == NULL) {
        conf->pass = prev->pass;
        conf->hub = prev->hub;
        conf->api = prev->api;
    }

    if (clcf->lmt_excpt && clcf->handler == NULL) {
        clcf->handler = conf->pass ? ngx_http_mqtt_content
                        : conf->api ? ngx_http_mqtt_api_handler : NULL;
    }

    if (conf->api) {
        ngx_http_mqtt_merge_api(conf, clcf);
    }

    if (conf->handlers) {
        clcf->internal = 1;
        h = conf->handlers->elts;

        if (conf->pass || conf->api) {
            ngx_mqtt_conf_error(cf->log, &h[0]->conf->place,
                                "\"mqtt_event_handler\" and \"%s\" need a "
                                "location each",
                                conf->pass ? "mqtt_pass" : "mqtt_api");
            return NGX_CONF_ERROR;
        }

        for (i = 0; i < conf->handlers->nelts; i++) {
            if (ngx_http_mqtt_handler_merge(cf, h[i]) != NGX_CONF_OK) {
                return NGX_CONF_ERROR;
            }
        }
    }

    if (conf->answers == 0) {
        conf->answers = (conf->handlers || prev->answers);
    }

    if (conf->answers) {
        clcf->subrequest_output_buffer_size =
            ngx_max(clcf->subrequest_output_buffer_size,
                    NGX_HTTP_MQTT_ANSWER_MAX);
    }

    /* a request is just too large for 4k: most of a second block is unused */

    if (conf->pass && !conf->release_request
        && cscf->request_pool_size == NGX_HTTP_MQTT_POOL_DEFAULT)
    {
        cscf->request_pool_size = NGX_HTTP_MQTT_POOL_SIZE;
    }

    return NGX_CONF_OK;
}


/*
 * Bodies are read to the memory.  What is too long is refused by the handler,
 * in the words of the API.
 */

static void
ngx_http_mqtt_merge_api(ngx_http_mqtt_loc_conf_t *conf,
    ngx_http_core_loc_conf_t *clcf)
{
    conf->api_body = NGX_HTTP_MQTT_API_BODY;

    if (clcf->client_max_body_size
        && clcf->client_max_body_size < (off_t) conf->api_body)
    {
        conf->api_body = (size_t) clcf->client_max_body_size;
    }

    clcf->client_max_body_size = 0;
    clcf->client_body_in_file_only = 0;
    clcf->client_body_buffer_size = ngx_max(clcf->client_body_buffer_size,
                                            conf->api_body);
}


static char *
ngx_http_mqtt_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_mqtt_loc_conf_t  *mlcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         native;
    ngx_http_core_loc_conf_t          *clcf;
    ngx_http_compile_complex_value_t   ccv;

    if (mlcf->pass) {
        return "is duplicate";
    }

    if (mlcf->api) {
        return "and \"mqtt_api\" need a location each";
    }

    native = 0;

    if (ngx_mqtt_conf_protocol(cf, &native) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (ngx_http_script_variables_count(&value[1])) {

        mlcf->hub = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
        if (mlcf->hub == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &value[1];
        ccv.complex_value = mlcf->hub;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    mlcf->pass = ngx_mqtt_conf_pass(cf, mlcf->hub ? NULL : &value[1]);
    if (mlcf->pass == NULL) {
        return NGX_CONF_ERROR;
    }

    mlcf->pass->native = native;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    clcf->handler = ngx_http_mqtt_content;

    return NGX_CONF_OK;
}


static char *
ngx_http_mqtt_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_mqtt_loc_conf_t  *mlcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (mlcf->api) {
        return "is duplicate";
    }

    if (mlcf->pass) {
        return "and \"mqtt_pass\" need a location each";
    }

    mlcf->api = ngx_mqtt_conf_pass(cf, NULL);
    if (mlcf->api == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    clcf->handler = ngx_http_mqtt_api_handler;

    return NGX_CONF_OK;
}
