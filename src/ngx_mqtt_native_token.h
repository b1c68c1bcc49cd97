
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_NATIVE_TOKEN_H_INCLUDED_
#define _NGX_MQTT_NATIVE_TOKEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_client.h>


/*
 * Reconnection tokens of reliable clients: who has one may go on with a
 * session, from any process, until it ends.  Nothing is kept: a token is a MAC
 * of hub, connection id and the session's serial number by a secret of the
 * zone.
 */


/*
 * Writes NGX_MQTT_NATIVE_TOKEN_LEN bytes: the token of a client's connection
 * id in the session with that serial number.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_native_token(ngx_mqtt_client_t *cl, uint64_t serial,
    u_char *buf);

/* NGX_DECLINED: it is not that one; NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_native_token_check(ngx_mqtt_client_t *cl, uint64_t serial,
    ngx_str_t *token);


#endif /* _NGX_MQTT_NATIVE_TOKEN_H_INCLUDED_ */
