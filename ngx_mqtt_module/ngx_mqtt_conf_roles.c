
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_conf.h>


static ngx_int_t ngx_mqtt_conf_role(ngx_conf_t *cf, ngx_str_t *value);


char *
ngx_mqtt_conf_roles(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_str_t           *value;
    ngx_uint_t           i, k;
    ngx_mqtt_rights_t   *rights;

    if (hub->settings.default_roles) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_mqtt_conf_role(cf, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        for (k = 1; k < i; k++) {
            if (value[k].len == value[i].len
                && ngx_memcmp(value[k].data, value[i].data, value[i].len)
                   == 0)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate role \"%V\", name it once",
                                   &value[i]);
                return NGX_CONF_ERROR;
            }
        }
    }

    rights = ngx_mqtt_rights_create(&value[1], cf->args->nelts - 1, cf->pool,
                                    cf->log);
    if (rights == NULL) {
        return NGX_CONF_ERROR;
    }

    if (rights->ignored) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "too many roles in \"%V\", give at most %d "
                           "patterns and %d single groups to publish, and as "
                           "many to subscribe", &value[0],
                           NGX_MQTT_ROLE_PATTERNS_MAX,
                           NGX_MQTT_ROLE_LITERALS_MAX);
        return NGX_CONF_ERROR;
    }

    hub->settings.default_roles = rights;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_mqtt_conf_role(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_int_t        rc;
    ngx_mqtt_role_t  role;

    rc = ngx_mqtt_role_parse(value, &role);

    /* these are of clients alone */

    if (role.granted || role.revoked) {
        rc = NGX_DECLINED;
    }

    switch (rc) {

    case NGX_OK:
        return NGX_OK;

    case NGX_ERROR:
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid role \"%V\" in \"default_roles\": %s",
                           value, role.why);
        return NGX_ERROR;

    default:
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown role \"%V\", \"default_roles\" takes "
                           "webpubsub.joinLeaveGroup (may subscribe) and "
                           "webpubsub.sendToGroup (may publish), also with "
                           "\".\" and a group, or with \"s.\" and a pattern",
                           value);
        return NGX_ERROR;
    }
}
