
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_AUTH_H_INCLUDED_
#define _NGX_MQTT_AUTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_client.h>
#include <ngx_mqtt_topic.h>


/*
 * Who a client is, on the stack of the one who asks.  Sessions belong to an
 * identity; the empty one is shared by all anonymous clients.
 */

typedef struct {
    ngx_str_t             identity;
    ngx_uint_t            roles;        /* NGX_MQTT_ROLE_... */
} ngx_mqtt_principal_t;


/*
 * Decides who the sender of a CONNECT is and what it may do.  Returns 0, or
 * the reason code of the refusal.
 */
ngx_uint_t ngx_mqtt_auth_connect(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_mqtt_principal_t *principal);

/*
 * Whether a client may publish to a topic, or subscribe to a filter:
 * NGX_OK or NGX_DECLINED.
 */
ngx_int_t ngx_mqtt_auth_publish(ngx_mqtt_client_t *cl, ngx_str_t *topic);
ngx_int_t ngx_mqtt_auth_subscribe(ngx_mqtt_client_t *cl,
    ngx_mqtt_filter_t *filter);


#endif /* _NGX_MQTT_AUTH_H_INCLUDED_ */
