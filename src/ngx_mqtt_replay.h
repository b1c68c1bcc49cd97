
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_REPLAY_H_INCLUDED_
#define _NGX_MQTT_REPLAY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/*
 * Starts sending the retained messages that match a new subscription to its
 * session: all at once if they are few and fit, otherwise paced by
 * ngx_mqtt_replay_step_locked().  What it looks at is counted off "*budget"
 * as far as that goes.
 */
void ngx_mqtt_replay_start_locked(ngx_mqtt_worker_t *w, ngx_mqtt_sub_t *sub,
    ngx_uint_t *budget);

/* Whether a session has a paced replay and its queues have run low. */
ngx_uint_t ngx_mqtt_replay_ready_locked(ngx_mqtt_session_t *s);

/*
 * Continues a paced replay of a session, if it has one, as far as its queue
 * has room and "*budget" lasts; if there are several they take turns.
 * NGX_BUSY: the next message fits neither the queue nor the zone.
 */
ngx_int_t ngx_mqtt_replay_step_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t *budget);


#endif /* _NGX_MQTT_REPLAY_H_INCLUDED_ */
