
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>
#include <ngx_http_mqtt_event.h>


static ngx_int_t ngx_http_mqtt_handler_check(ngx_conf_t *cf);
static void ngx_http_mqtt_handler_origin(ngx_conf_t *cf,
    ngx_http_mqtt_handler_t *h);


char *
ngx_http_mqtt_handler(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_mqtt_loc_conf_t  *mlcf = conf;

    ngx_http_mqtt_handler_t   *h, **slot;
    ngx_http_core_loc_conf_t  *clcf;

    if (ngx_http_mqtt_handler_check(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    h = ngx_pcalloc(cf->pool, sizeof(ngx_http_mqtt_handler_t));
    if (h == NULL) {
        return NGX_CONF_ERROR;
    }

    h->conf = ngx_mqtt_conf_handler(cf);
    if (h->conf == NULL) {
        return NGX_CONF_ERROR;
    }

    h->conf->data = h;
    h->ctx = cf->ctx;
    ngx_queue_init(&h->pending);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    h->uri = clcf->name;

    if (mlcf->handlers == NULL) {
        mlcf->handlers = ngx_array_create(cf->pool, 1,
                                          sizeof(ngx_http_mqtt_handler_t *));
        if (mlcf->handlers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    slot = ngx_array_push(mlcf->handlers);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = h;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_mqtt_handler_check(ngx_conf_t *cf)
{
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named
#if (NGX_PCRE)
        || clcf->regex
#endif
        )
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"mqtt_event_handler\" needs a location with a "
                           "path, as in \"location /events { }\"");
        return NGX_ERROR;
    }

    /* an answer is kept in memory by a module that may be missing */

    for (i = 0; cf->cycle->modules[i]; i++) {
        if (ngx_strcmp(cf->cycle->modules[i]->name,
                       "ngx_http_postpone_filter_module")
            == 0)
        {
            return NGX_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"mqtt_event_handler\" needs nginx with the postpone "
                       "filter, which comes with the SSI module");

    return NGX_ERROR;
}


char *
ngx_http_mqtt_handler_merge(ngx_conf_t *cf, ngx_http_mqtt_handler_t *h)
{
    u_char     *p;
    size_t      len;
    ngx_str_t  *hub;

    ngx_http_mqtt_handler_origin(cf, h);

    hub = &h->conf->hub;
    len = hub->len + h->origin.len + h->uri.len + 2;

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    h->identity.data = p;
    h->identity.len = len;

    (void) ngx_sprintf(p, "%V %V %V", hub, &h->origin, &h->uri);

    return NGX_CONF_OK;
}


/*
 * Whom the events come from, the same for all clients: what one of them calls
 * the server must not decide about the others.
 */

static void
ngx_http_mqtt_handler_origin(ngx_conf_t *cf, ngx_http_mqtt_handler_t *h)
{
    ngx_str_t                 *name;
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    name = &cscf->server_name;

    if (name->len == 0 || name->data[0] == '~' || name->data[0] == '_'
        || ngx_strlchr(name->data, name->data + name->len, '*'))
    {
        h->origin = cf->cycle->hostname;
        return;
    }

    h->origin = *name;
}
