
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_BIG_H_INCLUDED_
#define _NGX_MQTT_BIG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_encode.h>


/*
 * A message too large for one run of output goes to its client piece by
 * piece; all other packets for that client wait behind it.
 */


/*
 * Begins to send a message that is the session's "sending" already.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_big_start(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    ngx_mqtt_delivery_t *d);

/* The same for a native client. */
ngx_int_t ngx_mqtt_big_start_native(ngx_mqtt_client_t *cl,
    ngx_mqtt_message_t *m, uint64_t sequence);

/*
 * Appends the next piece to the client's output.  NGX_ERROR: no memory, or
 * the client has lost its session.
 */
ngx_int_t ngx_mqtt_big_send(ngx_mqtt_client_t *cl);

/* Forgets a message under way. */
void ngx_mqtt_big_free(ngx_mqtt_client_t *cl);


#endif /* _NGX_MQTT_BIG_H_INCLUDED_ */
