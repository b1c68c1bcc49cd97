
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_module.h>


static void ngx_mqtt_conf_pass_native(ngx_mqtt_conf_t *mcf,
    ngx_mqtt_pass_t *pass);


ngx_mqtt_pass_t *
ngx_mqtt_conf_pass(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_mqtt_conf_t  *mcf;
    ngx_mqtt_pass_t  *pass, **slot;

    mcf = ngx_mqtt_conf_get(cf);
    if (mcf == NULL) {
        return NULL;
    }

    pass = ngx_pcalloc(cf->pool, sizeof(ngx_mqtt_pass_t));
    if (pass == NULL) {
        return NULL;
    }

    pass->conf = mcf;
    pass->directive = *(ngx_str_t *) cf->args->elts;
    ngx_mqtt_conf_place(cf, &pass->place);

    if (name) {
        pass->name.len = name->len;
        pass->name.data = ngx_pnalloc(cf->pool, name->len + 1);

        if (pass->name.data == NULL) {
            return NULL;
        }

        if (ngx_mqtt_conf_name(name, pass->name.data) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid hub name \"%V\", it must be a letter "
                               "and up to 127 letters, digits or _ ` , . [ ]",
                               name);
            return NULL;
        }
    }

    slot = ngx_array_push(&mcf->passes);
    if (slot == NULL) {
        return NULL;
    }

    *slot = pass;

    return pass;
}


char *
ngx_mqtt_conf_protocol(ngx_conf_t *cf, ngx_uint_t *native)
{
    ngx_str_t  *value;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[2].data, "mqtt") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[2].data, "webpubsub") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown protocol \"%V\", \"mqtt_pass\" serves "
                           "\"mqtt\" and \"webpubsub\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    if (native == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"webpubsub\" is spoken over WebSocket, move this "
                           "\"mqtt_pass\" to a location in http");
        return NGX_CONF_ERROR;
    }

    *native = 1;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_mqtt_conf_find_hub(ngx_mqtt_pass_t *pass, ngx_str_t *value,
    ngx_pool_t *pool, ngx_str_t *name, ngx_mqtt_conf_hub_t **hub)
{
    if (pass->hub) {
        *name = pass->name;
        *hub = pass->hub;
        return NGX_OK;
    }

    if (value->len > NGX_MQTT_HUB_NAME_MAX) {
        return NGX_DECLINED;
    }

    name->len = value->len;
    name->data = ngx_pnalloc(pool, value->len + 1);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_conf_name(value, name->data) != NGX_OK) {
        return NGX_DECLINED;
    }

    *hub = ngx_mqtt_conf_hub_named(pass->conf, name);

    return *hub ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_mqtt_conf_resolve_pass(ngx_mqtt_conf_t *mcf, ngx_mqtt_pass_t *pass,
    ngx_log_t *log)
{
    if (pass->name.data == NULL) {

        if (mcf->nhubs == 0) {
            ngx_mqtt_conf_error(log, &pass->place,
                                "\"%V\" has no hub to serve, define one with "
                                "\"mqtt_hub name { }\" outside of any block",
                                &pass->directive);
            return NGX_ERROR;
        }

        ngx_mqtt_conf_pass_native(mcf, pass);

        return NGX_OK;
    }

    pass->hub = ngx_mqtt_conf_hub_named(mcf, &pass->name);

    if (pass->hub == NULL) {
        ngx_mqtt_conf_error(log, &pass->place,
                            "unknown hub \"%V\" in \"mqtt_pass\", define it "
                            "with \"mqtt_hub %V { }\" outside of any block",
                            &pass->name, &pass->name);
        return NGX_ERROR;
    }

    ngx_mqtt_conf_pass_native(mcf, pass);

    return NGX_OK;
}


/* Notes in a hub, or in all that variables can name, whom it may have. */

static void
ngx_mqtt_conf_pass_native(ngx_mqtt_conf_t *mcf, ngx_mqtt_pass_t *pass)
{
    ngx_rbtree_node_t    *node;
    ngx_mqtt_conf_hub_t  *hub;

    if (!pass->native) {
        return;
    }

    if (pass->hub) {
        pass->hub->settings.native = 1;
        return;
    }

    if (mcf->any) {
        mcf->any->settings.native = 1;
    }

    if (mcf->hubs.root == &mcf->sentinel) {
        return;
    }

    for (node = ngx_rbtree_min(mcf->hubs.root, &mcf->sentinel);
         node;
         node = ngx_rbtree_next(&mcf->hubs, node))
    {
        hub = (ngx_mqtt_conf_hub_t *) node;
        hub->settings.native = 1;
    }
}
