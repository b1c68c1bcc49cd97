
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_CONNACK_H_INCLUDED_
#define _NGX_MQTT_CONNACK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_admit.h>


/*
 * The CONNACK of a client that will be let in: all but whether there is a
 * session.
 */
void ngx_mqtt_connack(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_mqtt_packet_t *ack);

/*
 * Sends it, now that the client has its session: it is connected, and those
 * are told who want to know.  NGX_ERROR: it was closed.
 */
ngx_int_t ngx_mqtt_connack_send(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_packet_t *ack);


#endif /* _NGX_MQTT_CONNACK_H_INCLUDED_ */
