
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ZONE_H_INCLUDED_
#define _NGX_MQTT_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_broker.h>
#include <ngx_mqtt_block.h>
#include <ngx_mqtt_hash.h>
#include <ngx_mqtt_siphash.h>
#include <ngx_mqtt_wheel.h>


/*
 * Everything in a zone is either truth or derived from it.
 *
 * Truth, never contradictory after any single store: the states of hubs,
 * sessions and retained messages; a session's owner, user, subscriptions,
 * queues, held packet identifiers and will; a slot's publication and
 * references.
 *
 * Derived, and made anew by ngx_mqtt_rebuild_locked() after a worker died
 * inside the lock: free lists, hashes, trees, groups, wheels, ready lists, list
 * tails, back pointers, counts and reference counts.
 */


typedef struct ngx_mqtt_hub_s         ngx_mqtt_hub_t;
typedef struct ngx_mqtt_session_s     ngx_mqtt_session_t;
typedef struct ngx_mqtt_message_s     ngx_mqtt_message_t;
typedef struct ngx_mqtt_entry_s       ngx_mqtt_entry_t;
typedef struct ngx_mqtt_sub_s         ngx_mqtt_sub_t;
typedef struct ngx_mqtt_node_s        ngx_mqtt_node_t;
typedef struct ngx_mqtt_group_s       ngx_mqtt_group_t;
typedef struct ngx_mqtt_retain_s      ngx_mqtt_retain_t;
typedef struct ngx_mqtt_user_s        ngx_mqtt_user_t;
typedef struct ngx_mqtt_slot_s        ngx_mqtt_slot_t;


/* first word of hubs, sessions and retained messages */
#define NGX_MQTT_STATE_NONE           0
#define NGX_MQTT_STATE_LIVE           0x4556494c
#define NGX_MQTT_STATE_ENDING         0x444e45

#define NGX_MQTT_NO_SLOT              0xffff

/* event handlers that a zone remembers the consent of */
#define NGX_MQTT_AGREED               64


/* shared; the first thing in the zone's memory */

struct ngx_mqtt_root_s {
    ngx_uint_t            busy;        /* holder's slot + 1, 0: nobody */
    ngx_uint_t            epoch;       /* rebuilds so far */

    uint64_t              serial;      /* of sessions and matches */

    ngx_mqtt_blocks_t     blocks;

    uint64_t              key[2];      /* of all hash functions */
    uint64_t              secret[2];   /* of reconnection tokens */
    uint64_t              agreed[NGX_MQTT_AGREED];  /* hashes; derived */
    ngx_mqtt_hash_t       names;       /* hubs by name */
    ngx_mqtt_hash_t       sessions;    /* by hub and client id */
    ngx_mqtt_hash_t       subs;        /* by session and filter */
    ngx_mqtt_hash_t       nodes;       /* by parent and level */
    ngx_mqtt_hash_t       groups;      /* by node and name */
    ngx_mqtt_hash_t       users;       /* by hub and user id */

    ngx_mqtt_wheel_t      session_wheel;
    ngx_mqtt_wheel_t      retain_wheel;

    ngx_mqtt_hub_t       *hubs;        /* all, by their next pointers */
    ngx_uint_t            nhubs;

    ngx_mqtt_session_t   *ending;      /* to be reaped */
    ngx_mqtt_session_t   *ending_tail;

    ngx_uint_t            walkers;     /* slots that hold pointers unlocked */
    void                 *retired;     /* lists through the last words */
    void                 *waiting;     /* ... for walkers up to: */
    uint64_t              waiting_serial;
    void                 *dropped;     /* chains of blocks to be freed */

    ngx_uint_t            nslots;      /* used so far, never shrinks */
    ngx_mqtt_slot_t      *slots[NGX_MQTT_SLOTS];

    ngx_atomic_t          kill_at;     /* debug builds: kill points left */
};


/*
 * Shared; a hub's part of a zone.  Truth: state, name.  Removed when empty.
 */

struct ngx_mqtt_hub_s {
    uint64_t              state;
    void                 *reserved;    /* free list */

    ngx_mqtt_hub_t       *next;        /* derived, as the rest but the name */
    ngx_mqtt_hub_t      **prev;
    ngx_mqtt_link_t       link;        /* root->names */
    ngx_mqtt_node_t      *subs;        /* root of the subscription tree */
    ngx_mqtt_node_t      *retained;    /* root of the tree of retained */

    ngx_uint_t            connections;
    ngx_uint_t            sessions;
    ngx_uint_t            subscriptions;
    ngx_uint_t            nretained;
    ngx_uint_t            publishers;   /* slots that publish to it now */

    ngx_uint_t            len;
    u_char                name[1];
};


/*
 * The structural store: every store that another process may have to rely
 * on after this one was killed goes through it.  The compiler keeps its
 * order; a debug build counts stores down and dies at the last, and then adds
 * the place in the source to the file that NGX_MQTT_KILL_LOG names.
 */

#if (NGX_MQTT_KILL_POINTS)

extern ngx_mqtt_root_t  *ngx_mqtt_kill_root;

/* told of every point, or NULL */
extern void             (*ngx_mqtt_kill_trace)(const char *file, int line);

void ngx_mqtt_kill_now(const char *file, int line);

/* Logs how much of the zone is in use, and what the checker finds. */
void ngx_mqtt_zone_inspect(ngx_mqtt_zone_t *zone);

static ngx_inline void
ngx_mqtt_kill_point(const char *file, int line)
{
    ngx_memory_barrier();

    if (ngx_mqtt_kill_trace) {
        ngx_mqtt_kill_trace(file, line);
    }

    if (ngx_mqtt_kill_root != NULL && ngx_mqtt_kill_root->kill_at != 0
        && ngx_atomic_fetch_add(&ngx_mqtt_kill_root->kill_at, -1) == 1)
    {
        ngx_mqtt_kill_now(file, line);
    }
}

#else

static ngx_inline void
ngx_mqtt_kill_point(const char *file, int line)
{
    __asm__ volatile ("" ::: "memory");
}

#endif

#define ngx_mqtt_set(place, value)                                            \
    (ngx_mqtt_kill_point(__FILE__, __LINE__), (place) = (value),              \
     ngx_mqtt_kill_point(__FILE__, __LINE__))


/*
 * Takes the zone's mutex in the name of a slot (NGX_MQTT_NO_SLOT: none yet).
 * If the last holder died inside, rebuilds derived data first and marks the
 * holder's slot as dead.  Held for microseconds: no logging, no system call,
 * no copying of payloads, no unbounded loop inside.
 */
void ngx_mqtt_zone_lock(ngx_mqtt_zone_t *zone, ngx_uint_t slot);
void ngx_mqtt_zone_unlock(ngx_mqtt_zone_t *zone);


/* Finds a hub by its lower-case name, or NULL. */
ngx_mqtt_hub_t *ngx_mqtt_hub_find_locked(ngx_mqtt_zone_t *zone,
    ngx_str_t *name);

/* Creates a hub; NULL: the zone is full. */
ngx_mqtt_hub_t *ngx_mqtt_hub_create_locked(ngx_mqtt_zone_t *zone,
    ngx_str_t *name);

/* For rebuild: the list and the index. */
void ngx_mqtt_hub_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub);

/* Removes the hub if nothing is left of it. */
void ngx_mqtt_hub_release_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub);


/*
 * Makes derived data anew from truth; the lock is held.  "dead" is the slot
 * of the process that died inside the lock, or NGX_MQTT_NO_SLOT.
 */
void ngx_mqtt_rebuild_locked(ngx_mqtt_zone_t *zone, ngx_uint_t dead);

/*
 * Proves the zone's invariants; the lock is held.  Returns the number of
 * violations, and describes the first in "what" (a static string).
 * For tests and debug builds: walks the whole zone.
 */
ngx_uint_t ngx_mqtt_check_locked(ngx_mqtt_zone_t *zone, const char **what);


#endif /* _NGX_MQTT_ZONE_H_INCLUDED_ */
