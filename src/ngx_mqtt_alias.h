
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ALIAS_H_INCLUDED_
#define _NGX_MQTT_ALIAS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_client.h>


/* Topic aliases of one connection, in local memory made at the first use. */


/*
 * Remembers the topic that the client named by the alias, which is within
 * conf->topic_alias_maximum.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_alias_in_set(ngx_mqtt_client_t *cl, ngx_uint_t alias,
    ngx_str_t *topic);

/*
 * Finds what the client named by the alias; valid until the next set.
 * NGX_DECLINED: nothing yet.
 */
ngx_int_t ngx_mqtt_alias_in_get(ngx_mqtt_client_t *cl, ngx_uint_t alias,
    ngx_str_t *topic);

/*
 * Chooses the alias for a topic that is certain to be sent.  1: the client
 * knows it, the topic can be left out; 0: both are to be sent, or *alias is
 * 0 and there is none.
 */
ngx_uint_t ngx_mqtt_alias_out(ngx_mqtt_client_t *cl, u_char *topic,
    size_t len, uint16_t *alias);

void ngx_mqtt_alias_free(ngx_mqtt_client_t *cl);


#endif /* _NGX_MQTT_ALIAS_H_INCLUDED_ */
