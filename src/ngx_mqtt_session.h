
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_SESSION_H_INCLUDED_
#define _NGX_MQTT_SESSION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>
#include <ngx_mqtt_client.h>


#define NGX_MQTT_EXPIRY_NEVER   0xffffffff


/*
 * Shared; a connection's place in the zone, in its worker's slot.  A session
 * points to the attachment that owns it: a takeover is the one store of that
 * pointer.  Freed by its own worker only (or with its slot), so a client may
 * always look at it: no session means that it lost it.
 */

struct ngx_mqtt_attach_s {
    ngx_mqtt_session_t   *session;      /* derived: NULL after a takeover */
    ngx_mqtt_hub_t       *hub;

    ngx_mqtt_attach_t    *next;         /* of the slot: truth */
    ngx_mqtt_attach_t   **prev;

    ngx_mqtt_attach_t    *ready_next;
    ngx_mqtt_client_t    *client;       /* in the owner's own memory */
    ngx_mqtt_message_t   *farewell;     /* what goes with "reason", or NULL */

    uint16_t              slot;
    u_char                ready;
    u_char                reason;       /* > 0: to be closed, with this */
    u_char                stalled;      /* its socket is full */
    u_char                changed;      /* its session's roles are others */
};


typedef struct ngx_mqtt_ids_s   ngx_mqtt_ids_t;

#define NGX_MQTT_IDS            28

/* shared; packet identifiers of QoS 2 PUBLISH not yet released; 0: empty */

struct ngx_mqtt_ids_s {
    ngx_mqtt_ids_t       *next;
    uint16_t              id[NGX_MQTT_IDS];
};


/* shared; belongs to its session */

typedef struct {
    ngx_mqtt_message_t   *message;
    uint32_t              delay;        /* seconds */
    ngx_msec_t            lifetime;     /* of the message, once published */
    uint64_t              serial;       /* never used twice in a zone */
} ngx_mqtt_will_t;


/* shared; belongs to its session: see ngx_mqtt_native_session.h */

typedef struct ngx_mqtt_native_session_s  ngx_mqtt_native_session_t;
typedef struct ngx_mqtt_stream_s          ngx_mqtt_stream_t;


/*
 * Shared.  Truth: state, hub, attach, expiry, away, id, subs, head, head0,
 * ids, will, profile, user, native, sending, farewell, next_id, version,
 * connection, known, end_how, end_reason.
 */

struct ngx_mqtt_session_s {
    uint64_t              state;
    ngx_mqtt_session_t   *ending_next;  /* second word: the free list's too */

    ngx_mqtt_hub_t       *hub;
    ngx_mqtt_attach_t    *attach;       /* NULL: offline */

    uint64_t              serial;       /* never used twice in a zone */
    uint64_t              connection;   /* number of the last one */
    uint32_t              expiry;       /* seconds */
    uint32_t              nsubs;
    ngx_msec_t            away;         /* since when offline */

    ngx_mqtt_sub_t       *subs;
    ngx_mqtt_sub_t       *replays;      /* those with a replay; derived */

    ngx_mqtt_entry_t     *head;         /* QoS 1 and 2, the oldest first */
    ngx_mqtt_entry_t     *tail;
    ngx_mqtt_entry_t     *unsent;       /* next to send on this connection */
    ngx_mqtt_entry_t     *head0;        /* QoS 0 */
    ngx_mqtt_entry_t     *tail0;

    ngx_mqtt_ids_t       *ids;
    ngx_mqtt_will_t      *will;
    ngx_mqtt_message_t   *profile;      /* whose it is, or NULL */
    ngx_mqtt_native_session_t  *native; /* NULL: of MQTT */
    ngx_mqtt_message_t   *sending;      /* by the owner, piece by piece */
    ngx_mqtt_message_t   *farewell;     /* why it was closed, or NULL */

    uint32_t              queued;       /* entries from head on */
    uint32_t              inflight;     /* sent on this connection */
    uint32_t              resent;       /* of these, PUBREL after a resume */
    u_char                known;        /* the application may know it */
    u_char                end_how;      /* its last connection's end, */
    u_char                end_reason;   /* and the code of that */
    size_t                queued_bytes; /* both queues */
    size_t                queued_bytes0;  /* of QoS 0 */

    uint32_t              max_queued;   /* limits of the hub it is used with */
    u_char                overflow;
    u_char                version;      /* as last connected */
    uint16_t              window;       /* QoS > 0 in flight at most */
    size_t                max_bytes;

    uint32_t              order;        /* of entries over both queues */
    uint16_t              next_id;
    uint16_t              ids_free;     /* ids from next_id on known free */

    uint64_t              match;        /* the last match that took it ... */
    ngx_mqtt_entry_t     *match_entry;  /* ... with this entry */

    ngx_mqtt_link_t       link;         /* root->sessions */
    ngx_mqtt_timer_t      timer;        /* will delay, expiry, replay */

    ngx_mqtt_user_t      *user;         /* NULL: none, or it has ended */
    ngx_mqtt_session_t   *user_next;
    ngx_mqtt_session_t  **user_prev;

    uint16_t              id_len;
    uint16_t              identity_len;
    u_char                data[1];      /* client id, identity */

    /* the last word of the block: retired */
};


/* Finds a session of a hub by its client id, or NULL. */
ngx_mqtt_session_t *ngx_mqtt_session_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, ngx_str_t *id);

/*
 * Creates an offline session of that identity and that user, who is nobody if
 * "user_id" is empty.  NULL: the zone is full.
 */
ngx_mqtt_session_t *ngx_mqtt_session_create_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, ngx_str_t *id, ngx_str_t *identity,
    ngx_str_t *user_id);

/* 1 if the session belongs to that identity. */
ngx_uint_t ngx_mqtt_session_owned_by(ngx_mqtt_session_t *s,
    ngx_str_t *identity);

/*
 * Allocates a connection's place in the slot of worker "w", without a
 * session.  NULL: the zone is full.
 */
ngx_mqtt_attach_t *ngx_mqtt_attach_create_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_client_t *cl, ngx_mqtt_hub_t *hub);

/*
 * Frees it; it must have no session any more.  Never fails.  While it stands
 * on a ready list it stays there, without a client, until it is taken off.
 */
void ngx_mqtt_attach_free_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_attach_t *a);

/*
 * Makes "a" the owner of the session: by one store.  A previous owner loses
 * it with reason 0x8E and is told.  All that was sent and not acknowledged
 * becomes due again.  A will that is left is published if it has no delay,
 * and dropped otherwise: the lock may be released and taken again inside, and
 * "a" may have lost the session then.
 */
void ngx_mqtt_session_attach_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_attach_t *a);

/*
 * Tells the owner of the session, if it has one, to close its connection
 * with "reason"; the session stays the owner's until it does.
 */
void ngx_mqtt_session_kick_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t reason);

/*
 * The connection of a session is over: the session goes offline, its will is
 * dropped, published now or armed, its end comes now or by its expiry.
 * The lock may be released and taken again inside; "s" may be gone then.
 */
void ngx_mqtt_session_leave_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t discard_will);

/*
 * Ends a session: nobody finds it any more; its will, queues and
 * subscriptions are taken apart by ngx_mqtt_session_reap().
 */
void ngx_mqtt_session_end_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s);

/*
 * The same on behalf of a server: its client, if it has one, is told 0x98 and
 * the payload of "farewell", which is at most NGX_MQTT_FAREWELL_MAX bytes of
 * UTF-8; NULL: there is nothing to say.
 */
#define NGX_MQTT_FAREWELL_MAX   4096

void ngx_mqtt_session_close_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_message_t *farewell);

/* Puts a session that has ended where ngx_mqtt_session_reap() finds it. */
void ngx_mqtt_session_queue_ending_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);

/* For rebuild: the indexes, the timer. */
void ngx_mqtt_session_link_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);

/*
 * Takes ended sessions apart, in a bounded hold of the lock, which is not held
 * on entry; each will releases it.  NGX_AGAIN: there is more.
 */
ngx_int_t ngx_mqtt_session_reap(ngx_mqtt_worker_t *w);

/*
 * Whether an offline session's time is over, also before the next tick; and
 * whether another connection could resume it.
 */
ngx_uint_t ngx_mqtt_session_expired(ngx_mqtt_session_t *s);

#define ngx_mqtt_session_lasts(s)                                             \
    (((s)->attach == NULL || (s)->expiry != 0)                                \
     && !ngx_mqtt_session_expired(s))

/*
 * Publishes wills and ends sessions whose time has come, and wakes replays
 * that wait for room; holds the lock as ngx_mqtt_session_reap().
 */
ngx_int_t ngx_mqtt_session_expire(ngx_mqtt_worker_t *w);

/* QoS 2 packet identifiers held for the publisher. */
ngx_uint_t ngx_mqtt_session_holds_id_locked(ngx_mqtt_session_t *s,
    uint16_t id);
/* Makes sure that the next hold has room: NGX_ERROR: the zone is full. */
ngx_int_t ngx_mqtt_session_reserve_id_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);
void ngx_mqtt_session_hold_id_locked(ngx_mqtt_session_t *s, uint16_t id);
/* NGX_DECLINED: it was not held. */
ngx_int_t ngx_mqtt_session_release_id_locked(ngx_mqtt_session_t *s,
    uint16_t id);


#endif /* _NGX_MQTT_SESSION_H_INCLUDED_ */
