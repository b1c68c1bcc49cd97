
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_BULK_H_INCLUDED_
#define _NGX_MQTT_BULK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_hub.h>
#include <ngx_mqtt_targets.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_native.h>


/*
 * Something that a server wants done to sessions of a hub, one or 100,000 of
 * them.  Small work is done at once, large work in slices, in runs of the
 * worker.
 */


typedef enum {
    NGX_MQTT_BULK_SEND = 0,
    NGX_MQTT_BULK_CLOSE,        /* ends the sessions */
    NGX_MQTT_BULK_JOIN,         /* subscribes them to groups */
    NGX_MQTT_BULK_LEAVE,
    NGX_MQTT_BULK_LEAVE_ALL     /* ends all their subscriptions */
} ngx_mqtt_bulk_action_e;


typedef enum {
    NGX_MQTT_BULK_BINARY = 0,   /* application/octet-stream */
    NGX_MQTT_BULK_TEXT,         /* text/plain */
    NGX_MQTT_BULK_JSON          /* application/json */
} ngx_mqtt_bulk_type_e;


/*
 * Local, in a pool of its own.  Who asks sets what is above the line, and puts
 * what that points to into the pool; but hub, targets.name and payload are
 * copied, should they be needed for longer than ngx_mqtt_bulk_start() lasts.
 *
 * done: called from the event loop if start returned NGX_AGAIN, with what
 * that would have returned otherwise; the pool is destroyed behind it.
 */

struct ngx_mqtt_bulk_s {
    ngx_pool_t              *pool;
    ngx_mqtt_worker_t       *worker;

    ngx_mqtt_hub_conf_t     *conf;          /* of the hub */
    ngx_str_t                hub;           /* lower case */
    ngx_mqtt_bulk_action_e   action;
    ngx_mqtt_targets_t       targets;

    ngx_str_t                payload;       /* SEND */
    ngx_mqtt_bulk_type_e     type;
    ngx_uint_t               ttl;           /* seconds, 0: no expiry */
    ngx_mqtt_native_map_t    metadata;      /* for native clients */

    ngx_str_t                reason;        /* CLOSE: empty, or UTF-8 of ... */
                                            /* ... NGX_MQTT_FAREWELL_MAX */

    ngx_str_t               *groups;        /* JOIN, LEAVE: valid names */
    ngx_uint_t               ngroups;

    void                   (*done)(ngx_mqtt_bulk_t *bulk, ngx_int_t rc);
    void                    *data;

    /* sessions it was done to; of a SEND 1 if anybody gets it */

    ngx_uint_t               count;

    /* ---- its own ---- */

    ngx_queue_t              queue;
    ngx_uint_t               epoch;
    ngx_uint_t               walking;       /* ngx_mqtt_slot_enter_locked() */
    ngx_mqtt_filter_t       *filters;       /* the groups */
    ngx_uint_t               group;         /* next for the session ... */
    ngx_mqtt_session_t      *session;       /* ... that is being changed */
    uint64_t                 serial;        /* of that */
};


/*
 * An empty one, of zeroes, for a worker of the hub's zone.  NULL: no memory.
 * Who made it destroys it, unless ngx_mqtt_bulk_start() returned NGX_AGAIN.
 */
ngx_mqtt_bulk_t *ngx_mqtt_bulk_create(ngx_mqtt_worker_t *w);
void ngx_mqtt_bulk_destroy(ngx_mqtt_bulk_t *bulk);

/*
 * Does it, or begins with it.  NGX_OK: it is done, to bulk->count sessions,
 * perhaps none, the hub being unknown in the zone or nobody being wanted.
 * NGX_AGAIN: it goes on, then bulk->done() is called.  NGX_ERROR: no memory,
 * or the zone is full: of a SEND nobody gets anything, anything else was done
 * to bulk->count sessions.  NGX_BUSY: the same for a JOIN to a hub that has as
 * many subscriptions as it may.
 *
 * SEND: topic is the group, or "$webpubsub/server/messages" for other kinds of
 * targets, where no subscription is asked for.  QoS 1, as far as the hub
 * allows, not retained.  Two of them, one after the end of the other, arrive
 * in that order.  To a group it is a publication as any other, also for
 * wildcards and shares; conditions apply to all receivers.
 *
 * CLOSE: a connected client of 5.0 gets DISCONNECT 0x98 with the reason.
 *
 * JOIN: a subscription to the group's name, of QoS 1 as far as the hub allows,
 * all other options 0.  No role is asked for, one that exists stays as it is,
 * no retained message is sent for it.
 */
ngx_int_t ngx_mqtt_bulk_start(ngx_mqtt_bulk_t *bulk);

/*
 * Who asked is gone: it goes on, but done() will not be called.  Harmless
 * within done().
 */
void ngx_mqtt_bulk_forget(ngx_mqtt_bulk_t *bulk);

/*
 * Whether a group may be called that: valid as a topic and in UTF-8, not
 * empty, no wildcards, no "$share/".
 */
ngx_uint_t ngx_mqtt_bulk_group_valid(ngx_str_t *name);

/*
 * For ngx_mqtt_worker_run(), until "limit" in ngx_mqtt_ticks(): begins with
 * sends that wait, unless one is on its way; goes on with other work.
 */
void ngx_mqtt_bulk_run_sends(ngx_mqtt_worker_t *w, uint64_t limit);
void ngx_mqtt_bulk_run(ngx_mqtt_worker_t *w, uint64_t limit);

/*
 * Its own: a SEND; a copy of a string that belongs to who asked, in the pool;
 * the end of what went on.
 */
ngx_int_t ngx_mqtt_bulk_send(ngx_mqtt_bulk_t *bulk);
ngx_int_t ngx_mqtt_bulk_keep(ngx_mqtt_bulk_t *bulk, ngx_str_t *str);
void ngx_mqtt_bulk_finish(ngx_mqtt_bulk_t *bulk, ngx_int_t rc);

/* For ngx_mqtt_publish_slice(): a send that went on is over. */
void ngx_mqtt_bulk_published(ngx_mqtt_bulk_t *bulk, ngx_uint_t reason);

/*
 * The process leaves the zone: a send that is on its way will be finished, all
 * else is given up, nobody is told.
 */
void ngx_mqtt_bulk_done(ngx_mqtt_worker_t *w);


#endif /* _NGX_MQTT_BULK_H_INCLUDED_ */
