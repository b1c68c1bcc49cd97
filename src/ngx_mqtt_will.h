
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_WILL_H_INCLUDED_
#define _NGX_MQTT_WILL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/*
 * Stores the will of a session: the reference to "m" passes to it.
 * NGX_ERROR: the zone is full.
 */
ngx_int_t ngx_mqtt_will_set_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_mqtt_message_t *m, uint32_t delay);

void ngx_mqtt_will_drop_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s);

/* Whether the will of a session without a connection is due. */
ngx_uint_t ngx_mqtt_will_due(ngx_mqtt_session_t *s);

/*
 * Publishes a session's will, which is then gone, if the session's roles and
 * those of its hub still allow it.  The lock is released and taken again, the
 * session may be gone then.
 */
void ngx_mqtt_will_publish_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);


#endif /* _NGX_MQTT_WILL_H_INCLUDED_ */
