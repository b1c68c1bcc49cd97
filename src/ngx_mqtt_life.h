
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_LIFE_H_INCLUDED_
#define _NGX_MQTT_LIFE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_admit.h>


/* How the last connection of a session ended. */

#define NGX_MQTT_END_LOST      0       /* nobody has said anything */
#define NGX_MQTT_END_CLIENT    1       /* it sent DISCONNECT */
#define NGX_MQTT_END_SERVER    2       /* it was closed by us */


/* Whether the application wants events of this type from a hub. */
ngx_uint_t ngx_mqtt_life_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_uint_t type);

/*
 * Fills in what all events of a client have: hub, connection, and the id of a
 * session, if it has one.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_life_event(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl);

/*
 * The ids of a connection and, unless "serial" is 0, of a session.  NGX_ERROR:
 * no memory.
 */
ngx_int_t ngx_mqtt_life_ids(ngx_mqtt_event_t *ev, uint64_t connection,
    uint64_t serial);

/* A new session has begun: raises its "connected". */
void ngx_mqtt_life_connected(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);

/*
 * Notes in the session how this connection of it ends.  It must be followed
 * by ngx_mqtt_life_note(), without the lock, which keeps what the client has
 * said, for the case that this process takes the session apart.
 */
void ngx_mqtt_life_leave_locked(ngx_mqtt_client_t *cl, ngx_mqtt_session_t *s,
    ngx_uint_t reason, ngx_uint_t lost);
void ngx_mqtt_life_note(ngx_mqtt_client_t *cl);

/*
 * A session that has ended and that the slot takes apart: raises its
 * "disconnected", once.  The lock is released and taken again if it does;
 * returns how much work that was, in blocks looked at.
 */
ngx_uint_t ngx_mqtt_life_ended_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);

/* Frees the notes of a worker. */
void ngx_mqtt_life_done(ngx_mqtt_worker_t *w);


#endif /* _NGX_MQTT_LIFE_H_INCLUDED_ */
