
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PERMISSION_H_INCLUDED_
#define _NGX_MQTT_PERMISSION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_hub.h>
#include <ngx_mqtt_profile.h>


/*
 * What a server lets one session do, beside the roles of the session's token
 * and its hub, or in spite of them; in its profile.  The subscriptions that
 * there are stay.
 */

typedef struct {
    ngx_mqtt_whose_t       whose;
    ngx_mqtt_hub_conf_t   *conf;          /* of the hub */
    ngx_uint_t             kind;          /* NGX_MQTT_ROLE_PUBLISH, ... */
    ngx_str_t              group;         /* empty: all */
} ngx_mqtt_permission_t;


/*
 * NGX_OK; NGX_DECLINED: there is no such session; NGX_BUSY: it has as many
 * groups of that kind as it may, or the profile would be too large; NGX_ERROR:
 * no memory, or the zone is full.
 */
ngx_int_t ngx_mqtt_permission_grant(ngx_mqtt_worker_t *w,
    ngx_mqtt_permission_t *p);
ngx_int_t ngx_mqtt_permission_revoke(ngx_mqtt_worker_t *w,
    ngx_mqtt_permission_t *p);

/* NGX_OK: it has it; NGX_DECLINED: it has not; NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_permission_check(ngx_mqtt_worker_t *w,
    ngx_mqtt_permission_t *p);

/* Replaces the roles of a session, but for what servers have said. */
ngx_int_t ngx_mqtt_permission_renew(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose, ngx_str_t *roles, ngx_uint_t n);


#endif /* _NGX_MQTT_PERMISSION_H_INCLUDED_ */
