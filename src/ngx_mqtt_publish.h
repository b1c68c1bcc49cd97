
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PUBLISH_H_INCLUDED_
#define _NGX_MQTT_PUBLISH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_profile.h>


/*
 * A message on its way in, in local memory.  "extra" is what native clients
 * are told of it besides, see ngx_mqtt_native_extra.h, or empty.
 */

typedef struct {
    ngx_str_t             topic;
    ngx_mqtt_props_t     *props;        /* NULL: none */
    ngx_str_t             payload;
    ngx_str_t             extra;
    u_char                qos;
    u_char                retain;
} ngx_mqtt_inbound_t;


/*
 * What is to be published.  "from" is the publisher's session or NULL.  A
 * "packet_id" above 0 is a QoS 2 identifier to be held for "from" as part of
 * the publication; "will": it is the will of "from", which is dropped as part
 * of it; "has_ack": the id of a native client's request, remembered for "from"
 * as part of it.
 * "max_retained": 0, or how many retained messages the hub may have.  "to":
 * NULL, or the only session that gets the message, whatever it subscribes.
 * "targets": NULL, or sessions that get it, whatever they subscribe; of the
 * kind GROUP it says which subscribers do.
 * "no_echo": "from" does not get it.  "stream": NULL, or that of "from" of which
 * it is the given fragment, or the end; "native_only": MQTT clients do not get
 * it.
 */

typedef struct {
    ngx_mqtt_hub_t       *hub;
    ngx_mqtt_message_t   *message;
    ngx_mqtt_session_t   *from;
    ngx_mqtt_session_t   *to;
    ngx_mqtt_targets_t   *targets;
    ngx_uint_t            packet_id;
    ngx_uint_t            will;
    ngx_uint_t            max_retained;
    ngx_uint_t            no_echo;
    ngx_uint_t            has_ack;
    uint64_t              ack_id;
    ngx_mqtt_stream_t    *stream;
    uint64_t              fragment;
    ngx_uint_t            stream_end;
    ngx_uint_t            native_only;
} ngx_mqtt_publish_args_t;


/*
 * Local; a publication on its way, one for each record in the slot.  The
 * lock is released after each "budget" of subscriptions and deliveries; what
 * the match has found stays, since its worker is a walker meanwhile.
 */

typedef enum {
    NGX_MQTT_PUBLISH_START = 0,
    NGX_MQTT_PUBLISH_MATCH,
    NGX_MQTT_PUBLISH_COLLECT,
    NGX_MQTT_PUBLISH_QUEUE,
    NGX_MQTT_PUBLISH_ABANDON,
    NGX_MQTT_PUBLISH_DONE
} ngx_mqtt_publish_phase_e;


struct ngx_mqtt_publishing_s {
    ngx_mqtt_worker_t        *worker;
    ngx_mqtt_publication_t   *pub;
    ngx_mqtt_publish_args_t   args;
    ngx_str_t                 topic;        /* in the message, or in ... */
    u_char                   *buf;          /* ... this, in one piece */

    ngx_mqtt_publish_phase_e  phase;
    ngx_int_t                 rc;
    ngx_uint_t                matched;
    ngx_uint_t                budget;       /* left of this hold */
    ngx_uint_t                epoch;
    uint64_t                  serial;       /* of this match */
    uint64_t                  from_serial;

    ngx_mqtt_match_t          match;
    ngx_uint_t                node;         /* next of the match, and ... */
    ngx_mqtt_sub_t           *sub;          /* ... of the one before it */
    ngx_mqtt_group_t         *group;
    ngx_uint_t                asked;        /* members of that group */
    ngx_uint_t                deep;         /* of that too */

    /* of one that goes on in later passes */

    ngx_mqtt_client_t        *client;       /* to be answered, or NULL */
    uint16_t                  id;
    u_char                    qos;
    ngx_mqtt_bulk_t          *bulk;         /* to be told, or NULL */
};


/* subscriptions looked at, and deliveries queued, in one hold of the lock */
#define NGX_MQTT_PUBLISH_BATCH    128


/*
 * The worker's publications.  The second is harmless on a worker for which
 * the first failed or was not called.
 */
ngx_int_t ngx_mqtt_publish_init(ngx_mqtt_worker_t *w);
void ngx_mqtt_publish_done(ngx_mqtt_worker_t *w);

/*
 * Copies a message into the zone, without holding the lock while copying.
 * The reference is the slot's (slot->filling); publishing takes it, whatever
 * comes of it, or ngx_mqtt_publish_drop().  NULL: the zone is full.
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
 * Returns a reason code: 0x00, 0x10 (no matching subscribers), or 0x97.
 */
ngx_uint_t ngx_mqtt_publish_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_publish_args_t *args);

/*
 * Publishes a message to one session alone, wherever it is.  The lock is not
 * held.  Returns a reason code as the above.
 */
ngx_uint_t ngx_mqtt_publish_session(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose, ngx_mqtt_inbound_t *in);

/*
 * As ngx_mqtt_publish_locked() for a client's PUBLISH, of which one at a time
 * may be under way: w->wide must not be set.  NGX_OK: it is done, *reason is
 * the code.  NGX_AGAIN: it has many subscribers and goes on in
 * ngx_mqtt_publish_slice(); w->wide is set until its end, when
 * ngx_mqtt_handle_published() is called.
 */
ngx_int_t ngx_mqtt_publish_client_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_publish_args_t *args, ngx_mqtt_packet_t *pkt,
    ngx_uint_t *reason);

/*
 * The same for what a server sends, of which ngx_mqtt_bulk_published() tells
 * in the end if it goes on.
 */
ngx_int_t ngx_mqtt_publish_bulk_locked(ngx_mqtt_bulk_t *bulk,
    ngx_mqtt_publish_args_t *args, ngx_uint_t *reason);

/* A part of what is under way, without the lock on entry. */
void ngx_mqtt_publish_slice(ngx_mqtt_worker_t *w);

/* The client goes: its publication goes on and is not answered. */
void ngx_mqtt_publish_forget(ngx_mqtt_client_t *cl);

/*
 * Makes an entry for each subscriber, from p->phase on, as far as the budget
 * lasts: NGX_AGAIN.  NGX_BUSY: ngx_mqtt_match_grow() is wanted, without the
 * lock.  NGX_ERROR: no memory in the zone.
 */
ngx_int_t ngx_mqtt_collect_locked(ngx_mqtt_publishing_t *p);


#endif /* _NGX_MQTT_PUBLISH_H_INCLUDED_ */
