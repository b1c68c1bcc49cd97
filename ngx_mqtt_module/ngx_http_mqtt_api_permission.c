
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_permission.h>
#include <ngx_http_mqtt_api.h>


static ngx_int_t ngx_http_mqtt_api_permission(ngx_http_mqtt_api_t *api,
    ngx_mqtt_permission_t *p);


ngx_int_t
ngx_http_mqtt_api_grant(ngx_http_mqtt_api_t *api)
{
    ngx_int_t              rc;
    ngx_mqtt_permission_t  p;

    rc = ngx_http_mqtt_api_permission(api, &p);

    if (rc != NGX_OK) {
        return rc;
    }

    switch (ngx_mqtt_permission_grant(api->worker, &p)) {

    case NGX_OK:
        return NGX_HTTP_OK;

    case NGX_DECLINED:
        return ngx_http_mqtt_api_unknown(api);

    case NGX_BUSY:
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_CONFLICT, "targetName",
                                        "The connection has permissions for "
                                        "as many groups as it may.");

    default:
        return ngx_http_mqtt_api_full(api);
    }
}


ngx_int_t
ngx_http_mqtt_api_revoke(ngx_http_mqtt_api_t *api)
{
    ngx_int_t              rc;
    ngx_mqtt_permission_t  p;

    rc = ngx_http_mqtt_api_permission(api, &p);

    if (rc != NGX_OK) {
        return rc;
    }

    switch (ngx_mqtt_permission_revoke(api->worker, &p)) {

    case NGX_OK:
    case NGX_DECLINED:
        return NGX_HTTP_NO_CONTENT;

    case NGX_BUSY:
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_CONFLICT, "targetName",
                                        "As many groups were revoked from the "
                                        "connection as can be.");

    default:
        return ngx_http_mqtt_api_full(api);
    }
}


ngx_int_t
ngx_http_mqtt_api_check_permission(ngx_http_mqtt_api_t *api)
{
    ngx_int_t              rc;
    ngx_mqtt_permission_t  p;

    rc = ngx_http_mqtt_api_permission(api, &p);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_mqtt_permission_check(api->worker, &p);

    return (rc == NGX_OK) ? NGX_HTTP_OK
           : (rc == NGX_DECLINED) ? NGX_HTTP_NOT_FOUND : NGX_ERROR;
}


static ngx_int_t
ngx_http_mqtt_api_permission(ngx_http_mqtt_api_t *api,
    ngx_mqtt_permission_t *p)
{
    ngx_int_t   rc;
    ngx_str_t  *group;

    ngx_memzero(p, sizeof(ngx_mqtt_permission_t));

    p->whose.hub = api->hub_name;
    p->whose.client_id = api->connection;
    p->conf = &api->hub->settings;

    if (ngx_http_mqtt_api_same(&api->name, "sendToGroup")) {
        p->kind = NGX_MQTT_ROLE_PUBLISH;

    } else if (ngx_http_mqtt_api_same(&api->name, "joinLeaveGroup")) {
        p->kind = NGX_MQTT_ROLE_SUBSCRIBE;

    } else {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                        "permission", "It must be sendToGroup "
                                        "or joinLeaveGroup.");
    }

    rc = ngx_http_mqtt_api_check_id(api, &api->connection, "connectionId");

    if (rc != NGX_OK) {
        return rc;
    }

    group = ngx_http_mqtt_api_arg(api, "targetName");

    if (group == NULL || group->len == 0) {
        return NGX_OK;
    }

    p->group = *group;

    return ngx_http_mqtt_api_check_group(api, group, "targetName");
}
