
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_RETAIN_H_INCLUDED_
#define _NGX_MQTT_RETAIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_message.h>
#include <ngx_mqtt_tree.h>


/* Shared; a topic's retained message.  Truth: state, hub, message. */

struct ngx_mqtt_retain_s {
    uint64_t              state;
    void                 *reserved;     /* free list */
    ngx_mqtt_hub_t       *hub;
    ngx_mqtt_message_t   *message;
    ngx_mqtt_node_t      *node;
    ngx_mqtt_timer_t      timer;        /* message expiry */
};


/* The retained message of a topic, or NULL. */
ngx_mqtt_retain_t *ngx_mqtt_retain_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, ngx_str_t *topic);

/*
 * Makes room for a topic's retained message before its publication is
 * committed, so that setting it cannot fail.  NGX_ERROR: the zone is full.
 */
ngx_int_t ngx_mqtt_retain_reserve_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, ngx_str_t *topic, ngx_mqtt_retain_t **retain);

/* Frees it if it holds no message, after a clear or an unused reservation. */
void ngx_mqtt_retain_release_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_retain_t *retain);

/*
 * Replaces the message by one store; takes a reference of its own.  Doing it
 * twice with the same message is harmless.
 */
void ngx_mqtt_retain_set_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_retain_t *retain, ngx_mqtt_message_t *m);

/* Removes the message but keeps the room: see release.  Never fails. */
void ngx_mqtt_retain_clear_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_retain_t *retain);

/* For rebuild: puts a live one into the tree again, by its topic. */
ngx_int_t ngx_mqtt_retain_link_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_retain_t *retain, ngx_str_t *topic);

/* Expired ones; bounded; takes the lock itself.  NGX_AGAIN: there is more. */
ngx_int_t ngx_mqtt_retain_expire(ngx_mqtt_worker_t *w);


#endif /* _NGX_MQTT_RETAIN_H_INCLUDED_ */
