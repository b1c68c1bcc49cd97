
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_NATIVE_EXTRA_H_INCLUDED_
#define _NGX_MQTT_NATIVE_EXTRA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native.h>
#include <ngx_mqtt_publish.h>


/*
 * What a message says to native clients besides its topic and its payload: the
 * type of data, who sent it, metadata, its place in a stream.  It stands
 * behind the payload, where nobody else looks.  A message without is binary
 * data of somebody unknown.
 */


/* bytes of it, and of a user id that is told: a longer one is not */
#define NGX_MQTT_EXTRA_MAX      16384
#define NGX_MQTT_EXTRA_USER     1024


/* Of one message that is read, until the next is. */

typedef struct {
    ngx_mqtt_native_pair_t  pairs[NGX_MQTT_NATIVE_PAIRS];
    u_char                  data[NGX_MQTT_EXTRA_MAX];
} ngx_mqtt_native_extra_t;


/* What a response of type GROUP or SERVER says, from a pool; may be empty. */
ngx_int_t ngx_mqtt_native_extra(ngx_pool_t *pool,
    const ngx_mqtt_native_response_t *r, ngx_str_t *extra);

/* Fills in such a response; its strings point into "buf". */
void ngx_mqtt_native_extra_read(ngx_mqtt_message_t *m,
    ngx_mqtt_native_extra_t *buf, ngx_mqtt_native_response_t *r);

/*
 * The same for what is published otherwise in a hub that has native clients:
 * the type is that of the properties and the payload.  From a pool; "metadata"
 * may be NULL.
 */
ngx_int_t ngx_mqtt_native_extra_mqtt(ngx_pool_t *pool,
    ngx_mqtt_inbound_t *in, ngx_str_t *user_id,
    ngx_mqtt_native_map_t *metadata);


#endif /* _NGX_MQTT_NATIVE_EXTRA_H_INCLUDED_ */
