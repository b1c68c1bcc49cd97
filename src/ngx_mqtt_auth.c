
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_auth.h>


ngx_uint_t
ngx_mqtt_auth_connect(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_mqtt_principal_t *principal)
{
    ngx_str_set(&principal->identity, "");
    principal->roles = cl->conf->default_roles;

    if (cl->conf->anonymous) {
        return NGX_MQTT_SUCCESS;
    }

    return NGX_MQTT_NOT_AUTHORIZED;
}


ngx_int_t
ngx_mqtt_auth_publish(ngx_mqtt_client_t *cl, ngx_str_t *topic)
{
    return (cl->roles & NGX_MQTT_ROLE_PUBLISH) ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_mqtt_auth_subscribe(ngx_mqtt_client_t *cl, ngx_mqtt_filter_t *filter)
{
    return (cl->roles & NGX_MQTT_ROLE_SUBSCRIBE) ? NGX_OK : NGX_DECLINED;
}
