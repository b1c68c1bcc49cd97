
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_TARGETS_H_INCLUDED_
#define _NGX_MQTT_TARGETS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_odata.h>


/*
 * Sessions of a hub that a server names: all of them, those of a group, of a
 * user, or one; with conditions.  A session counts while it lives, connected
 * or not, and its time is not over.
 */


typedef enum {
    NGX_MQTT_TARGETS_HUB = 0,
    NGX_MQTT_TARGETS_GROUP,     /* subscribed to this very filter */
    NGX_MQTT_TARGETS_USER,      /* by user id */
    NGX_MQTT_TARGETS_SESSION    /* by client id */
} ngx_mqtt_targets_kind_e;


/*
 * Local, zeroed by its owner, who sets the first five.  What they point to
 * stays as long as this is used; "excluded" is sorted in place.
 */

struct ngx_mqtt_targets_s {
    ngx_mqtt_targets_kind_e   kind;
    ngx_str_t                 name;         /* of group, user or session */
    ngx_str_t                *excluded;     /* client ids; or NULL */
    ngx_uint_t                nexcluded;
    ngx_mqtt_odata_t         *filter;       /* or NULL */

    /* where a walk is */

    ngx_mqtt_hub_t           *hub;
    ngx_uint_t                page;         /* of all sessions: */
    ngx_uint_t                place;        /* a place in a page */
    ngx_mqtt_sub_t           *sub;          /* the next of a group */
    ngx_mqtt_session_t       *session;      /* the next of a user, or one */
};


/* Whether there are conditions. */
#define ngx_mqtt_targets_choosy(t)  ((t)->nexcluded || (t)->filter)

/* Sorts what is excluded; to be called once, before anything else. */
void ngx_mqtt_targets_init(ngx_mqtt_targets_t *t);

/*
 * Begins a walk, or begins it again, as has to be done after a rebuild.  While
 * the lock is released in between, the worker stands within
 * ngx_mqtt_slot_enter_locked(), unless the kind is HUB.
 */
void ngx_mqtt_targets_start_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_targets_t *t, ngx_mqtt_hub_t *hub);

/*
 * The next session that is wanted.  Each block looked at, and the cost of a
 * filter, is counted off *budget.  NGX_OK: it is in *s; NGX_DONE: there is no
 * other; NGX_AGAIN: the budget is used up, call it again in another hold of
 * the lock.  A session that is there all the time is met exactly once.
 */
ngx_int_t ngx_mqtt_targets_next_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_targets_t *t, ngx_uint_t *budget, ngx_mqtt_session_t **s);

/* Whether a session fulfils the conditions, whatever the kind. */
ngx_uint_t ngx_mqtt_targets_wants_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_targets_t *t, ngx_mqtt_session_t *s, ngx_uint_t *budget);

/* Whether there is any session of this name; the lock is not held. */
ngx_uint_t ngx_mqtt_targets_exist(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_mqtt_targets_kind_e kind, ngx_str_t *name);


#endif /* _NGX_MQTT_TARGETS_H_INCLUDED_ */
