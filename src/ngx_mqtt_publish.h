
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PUBLISH_H_INCLUDED_
#define _NGX_MQTT_PUBLISH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/* A message on its way in, in local memory. */

typedef struct {
    ngx_str_t             topic;
    ngx_mqtt_props_t     *props;        /* NULL: none */
    ngx_str_t             payload;
    u_char                qos;
    u_char                retain;
} ngx_mqtt_inbound_t;


/*
 * Copies a message into the zone, without holding the lock while copying.
 * The reference is the slot's (slot->filling); ngx_mqtt_publish_locked()
 * takes it, whatever comes of it, or ngx_mqtt_publish_drop().  NULL: the zone
 * is full.
 */
ngx_mqtt_message_t *ngx_mqtt_publish_store(ngx_mqtt_worker_t *w,
    ngx_mqtt_inbound_t *in);

void ngx_mqtt_publish_drop(ngx_mqtt_worker_t *w);

/*
 * Publishes a message of the zone: matches, commits, sets the retained
 * message, queues at each subscriber.  The lock is held on entry and on
 * return, but may be released and taken again in between.  All or nothing:
 * on an error nothing was queued or retained.
 *
 * "topic" is the message's topic in one piece in local memory, "from" the
 * publisher's session or NULL.  A "packet_id" above 0 is a QoS 2 identifier
 * to be held for "from" as part of the publication; "will": it is the will
 * of "from", which is dropped as part of it.  "max_retained": 0, or how many
 * retained messages the hub may have.
 *
 * Returns a reason code: 0x00, 0x10 (no matching subscribers), or 0x97.
 */
ngx_uint_t ngx_mqtt_publish_locked(ngx_mqtt_worker_t *w, ngx_mqtt_hub_t *hub,
    ngx_mqtt_message_t *m, ngx_str_t *topic, ngx_mqtt_session_t *from,
    ngx_uint_t packet_id, ngx_uint_t will, ngx_uint_t max_retained);

/*
 * Frees the entries of a publication that is not committed: at most *budget,
 * which it counts down.  NGX_AGAIN: there are more.
 */
ngx_int_t ngx_mqtt_publish_abandon_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_slot_t *slot, ngx_uint_t *budget);

/* Gives up what a slot keeps while it publishes: the message, the hub. */
void ngx_mqtt_publish_release_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_slot_t *slot);


#endif /* _NGX_MQTT_PUBLISH_H_INCLUDED_ */
