
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_WORKER_H_INCLUDED_
#define _NGX_MQTT_WORKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>
#include <ngx_mqtt_slot.h>
#include <ngx_mqtt_tree.h>
#include <ngx_mqtt_queue.h>
#include <ngx_mqtt_message.h>
#include <ngx_mqtt_retain.h>


typedef struct ngx_mqtt_publishing_s  ngx_mqtt_publishing_t;
typedef struct ngx_mqtt_targets_s     ngx_mqtt_targets_t;
typedef struct ngx_mqtt_bulk_s        ngx_mqtt_bulk_t;


/*
 * A run of output bytes, local, from the worker's free list; "start" leaves
 * NGX_MQTT_OUT_HEADROOM for a frame header.
 */

#define NGX_MQTT_OUT_SIZE       16384

struct ngx_mqtt_out_s {
    ngx_mqtt_out_t       *next;
    u_char               *pos;
    u_char               *last;
    u_char               *end;
    unsigned              raw:1;        /* not to be framed */
    unsigned              framed:1;     /* already framed */
    u_char                data[1];
};


/* Local; this process' part in a zone. */

struct ngx_mqtt_worker_s {
    ngx_mqtt_zone_t              *zone;
    ngx_mqtt_slot_t              *slot;
    const ngx_mqtt_worker_ops_t  *ops;
    void                         *data;
    ngx_log_t                    *log;

    ngx_mqtt_publishing_t        *publishing; /* NGX_MQTT_PUBS */
    ngx_uint_t                    wide;       /* the first goes on */
    ngx_uint_t                    walks;      /* nested */

    ngx_uint_t                    work;       /* packets and deliveries ... */
                                              /* ... of this pass */
    ngx_uint_t                    turns;      /* given in the last run */
    ngx_queue_t                   waiting;    /* clients without a turn yet, */
    ngx_queue_t                   served;     /* with more input after it, */
    ngx_queue_t                   behind;     /* with a PUBLISH behind the */
                                              /* one that is wide */

    ngx_queue_t                   sends;      /* that wait for the first; */
    ngx_uint_t                    sent;       /* it was one of them */
    ngx_uint_t                    yields;     /* to who was behind it */
    ngx_queue_t                   bulks;      /* other work of servers, */
    ngx_uint_t                    nbulks;     /* and how many in both */

    ngx_queue_t                   dirty;      /* clients to be flushed */
    ngx_uint_t                    ndirty;
    ngx_queue_t                   blocked;    /* whose sockets are full */
    ngx_mqtt_out_t               *free_out;
    ngx_uint_t                    nfree_out;

    struct ngx_mqtt_record_s     *records;    /* of a delivery batch */
    uint32_t                     *sub_ids;
    u_char                       *topic;      /* room for the longest */

    uint64_t                      nconnections;   /* so far */

    ngx_uint_t                    running;    /* within worker_run() */
    ngx_uint_t                    epoch;      /* rebuilds seen to */
    ngx_uint_t                    reap;       /* there are ended sessions */
    ngx_queue_t                   notes;      /* last words of clients */
    ngx_uint_t                    nnotes;
    ngx_uint_t                    nwakes;     /* slots to be woken */
    ngx_uint_t                    wake_self;
    uint64_t                      wakes[NGX_MQTT_SLOTS / 64];

    ngx_uint_t                    depth;      /* of ngx_mqtt_worker_enter() */
    uint64_t                      entered;    /* ngx_mqtt_ticks() */
    uint64_t                      stretch;    /* ticks of the longest */

    ngx_uint_t                    full;       /* noticed under the lock */
    ngx_uint_t                    nfull;      /* since it was logged */
    time_t                        full_logged;
};


#define ngx_mqtt_worker_lock(w)                                               \
    ngx_mqtt_zone_lock((w)->zone, (w)->slot->index)

/* Unlocks, then wakes whom the work under the lock made ready. */
void ngx_mqtt_worker_unlock(ngx_mqtt_worker_t *w);

/*
 * Logs, at most once a second, that the zone is full.  Under the lock set
 * w->full instead: then ngx_mqtt_worker_unlock() does it.
 */
void ngx_mqtt_worker_full(ngx_mqtt_worker_t *w);

/*
 * Puts a client whose input has to stop on one of the worker's lists of
 * clients that wait for a turn.
 */
void ngx_mqtt_worker_wait(ngx_mqtt_client_t *cl, ngx_queue_t *list);

/*
 * Room for "len" bytes (<= NGX_MQTT_OUT_SIZE - NGX_MQTT_OUT_HEADROOM) of
 * packets at the end of a client's output, which is marked for flushing;
 * the caller advances out->last.  NULL: no memory.
 */
ngx_mqtt_out_t *ngx_mqtt_out_reserve(ngx_mqtt_client_t *cl, size_t len);

/*
 * As above for a piece of the large message under way (cl->big_left), behind
 * which all other packets wait until ngx_mqtt_out_end_big().
 */
ngx_mqtt_out_t *ngx_mqtt_out_reserve_big(ngx_mqtt_client_t *cl, size_t len);
void ngx_mqtt_out_end_big(ngx_mqtt_client_t *cl);

/* Marks a client for flushing at the end of the pass. */
void ngx_mqtt_out_mark(ngx_mqtt_client_t *cl);

/*
 * Writes what the socket takes.  NGX_OK: all was written; NGX_AGAIN: the
 * socket is full, or the rest of a large message waits for the next pass;
 * NGX_ERROR: the client is to be closed.
 */
ngx_int_t ngx_mqtt_out_flush(ngx_mqtt_client_t *cl);

/* Gives all of a client's output back unwritten. */
void ngx_mqtt_out_drop(ngx_mqtt_client_t *cl);

void ngx_mqtt_out_free_all(ngx_mqtt_worker_t *w);

/*
 * The records and identifiers of a worker's delivery batches.  The second is
 * harmless on a worker for which the first failed or was not called.
 */
ngx_int_t ngx_mqtt_deliver_init(ngx_mqtt_worker_t *w);
void ngx_mqtt_deliver_done(ngx_mqtt_worker_t *w);

/*
 * Delivers what is ready in this worker's slot: one batch.  NGX_AGAIN: there
 * is more.
 */
ngx_int_t ngx_mqtt_deliver(ngx_mqtt_worker_t *w);

/* Makes a client that could not take more eligible for delivery again. */
void ngx_mqtt_deliver_resume(ngx_mqtt_client_t *cl);
void ngx_mqtt_deliver_unstall_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_attach_t *a);


#endif /* _NGX_MQTT_WORKER_H_INCLUDED_ */
