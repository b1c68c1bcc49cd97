
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_SLOT_H_INCLUDED_
#define _NGX_MQTT_SLOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_session.h>


#define NGX_MQTT_HELD           256

/*
 * Publications of a process at a time: one of a client or a server, which may
 * go on for several passes of the event loop, and one that does not, as of a
 * will.
 */
#define NGX_MQTT_PUBS           2


typedef struct ngx_mqtt_publication_s  ngx_mqtt_publication_t;


#define NGX_MQTT_SLOT_FREE      0
#define NGX_MQTT_SLOT_LIVE      1
#define NGX_MQTT_SLOT_DEAD      2       /* to be reclaimed */


/*
 * A publication under way.  Before its commit: "matching", "hub" and the
 * entries made so far.  It is committed by the store of "message": from then
 * on whoever finds the slot dead finishes it, in the same order.
 */

struct ngx_mqtt_publication_s {
    ngx_mqtt_session_t   *from;         /* publisher; only compared */
    ngx_mqtt_message_t   *matching;     /* being published ... */
    ngx_mqtt_hub_t       *hub;          /* ... to this hub */
    ngx_mqtt_entry_t     *drafts;       /* not committed yet; derived */

    ngx_mqtt_message_t   *message;      /* NULL: none */
    ngx_mqtt_session_t   *session;      /* publisher whose QoS 2 id, ... */
    uint16_t              packet_id;    /* ... whose will (0) it is, or */
    u_char                has_ack;      /* whose request of that id */
    uint64_t              ack_id;
    ngx_mqtt_stream_t    *stream;       /* or whose fragment it is, NULL: no */
    uint64_t              fragment;
    u_char                stream_end;
    ngx_mqtt_retain_t    *retain;       /* to be set (or cleared) */
    ngx_mqtt_entry_t     *todo;         /* not yet queued */
    ngx_mqtt_entry_t     *current;      /* in doubt after a kill */
    ngx_mqtt_session_t   *target;       /* of the current one */
    uint32_t              serial;       /* of that, low half */
};


/* What a process has counted in a zone, for people to read. */

typedef struct {
    uint64_t                held;       /* longest hold of the lock, ... */
    uint64_t                stretch;    /* ... time in the event loop: us */
    uint64_t                waits;      /* for the lock, */
    uint64_t                woken;      /* processes that slept in theirs */

    uint64_t                large;      /* deliveries dropped: too large, */
    uint64_t                expired;    /* expired, */
    uint64_t                full;       /* no room in the queue */

    uint64_t                events;     /* for the application; of these */
    uint64_t                events_failed;    /* got no answer, */
    uint64_t                events_dropped;   /* were not sent: backlog */

    uint64_t                connections;      /* now */
} ngx_mqtt_counts_t;


/* Shared; a worker process' part of the zone.  Truth, but for the lists. */

struct ngx_mqtt_slot_s {
    ngx_uint_t              state;
    ngx_pid_t               pid;
    uint64_t                started;    /* the process' start time */
    ngx_uint_t              generation; /* of its configuration */
    ngx_uint_t              index;

    ngx_uint_t              walking;    /* root->serial at the start of ... */
                                        /* ... a walk without the lock, or 0 */

    ngx_mqtt_attach_t      *attached;   /* derived */
    ngx_mqtt_attach_t      *ready;      /* derived */
    ngx_mqtt_attach_t      *ready_last;

    ngx_mqtt_message_t     *filling;    /* being copied into */
    ngx_mqtt_message_t     *big;        /* being copied from, in pieces */
    ngx_mqtt_message_t     *reading;    /* a profile, or one retained, */
    ngx_mqtt_message_t     *draft;      /* a profile being made */
    ngx_mqtt_session_t     *reaping;    /* an ended session */
    ngx_mqtt_publication_t  pubs[NGX_MQTT_PUBS];
    ngx_mqtt_counts_t       counts;

    ngx_uint_t              nheld;
    ngx_mqtt_message_t     *held[NGX_MQTT_HELD + 1];    /* being encoded, */
                                                /* and a will being judged */
};


/*
 * Claims a slot for this process; NULL: none left or the zone is full.
 * "started" is the start time of the process in any unit.
 */
ngx_mqtt_slot_t *ngx_mqtt_slot_claim_locked(ngx_mqtt_zone_t *zone,
    ngx_pid_t pid, uint64_t started);

/*
 * Start time of a process; 0: it does not exist or is a zombie; unknown: it
 * exists, or cannot be asked for.
 */
#define NGX_MQTT_STARTED_UNKNOWN  1

uint64_t ngx_mqtt_slot_started(ngx_pid_t pid);

/*
 * Looks for processes that died (system calls, no lock held) and reclaims
 * what they left: of one slot as much as fits a hold of the lock, and NGX_AGAIN
 * if there is more.
 */
ngx_int_t ngx_mqtt_slot_sweep(ngx_mqtt_worker_t *w);

/* The same for one slot; NGX_OK if it is nobody's, or its process lives. */
ngx_int_t ngx_mqtt_slot_reclaim_dead(ngx_mqtt_worker_t *w, ngx_uint_t index);

/*
 * Takes apart a slot that is dead or that this process leaves: publications,
 * references, connections.  At most *budget deliveries and connections, which
 * it counts down: NGX_AGAIN.  A will releases the lock and takes it again.
 */
ngx_int_t ngx_mqtt_slot_reclaim_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_slot_t *slot, ngx_uint_t *budget);

/* Puts a connection on its slot's ready list and notes whom to wake. */
void ngx_mqtt_slot_ready_locked(ngx_mqtt_worker_t *w, ngx_mqtt_attach_t *a);

/* Between these, what a walk can reach is retired instead of freed; nests. */
void ngx_mqtt_slot_enter_locked(ngx_mqtt_worker_t *w);
void ngx_mqtt_slot_leave_locked(ngx_mqtt_worker_t *w);


#endif /* _NGX_MQTT_SLOT_H_INCLUDED_ */
