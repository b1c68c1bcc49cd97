
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_ticks.h>


#define NGX_MQTT_RUN_BATCHES    16      /* of deliveries in one run */
#define NGX_MQTT_RUN_TIME       3000    /* microseconds, then no more */
#define NGX_MQTT_RUN_DIRTY      256     /* clients, then flush early */
#define NGX_MQTT_RUN_TURNS      64      /* clients that may read again */
#define NGX_MQTT_TICK_BLOCKED   64      /* clients closed in one tick */


static ngx_int_t ngx_mqtt_worker_work(ngx_mqtt_worker_t *w);
static void ngx_mqtt_worker_sends(ngx_mqtt_worker_t *w, uint64_t limit);
static void ngx_mqtt_worker_turns(ngx_mqtt_worker_t *w);
static void ngx_mqtt_worker_join(ngx_queue_t *to, ngx_queue_t *from);
static void ngx_mqtt_worker_mend(ngx_mqtt_worker_t *w);
static void ngx_mqtt_worker_wake(ngx_mqtt_worker_t *w);
static void ngx_mqtt_worker_flush(ngx_mqtt_worker_t *w);
static ngx_int_t ngx_mqtt_worker_blocked(ngx_mqtt_worker_t *w);
static ngx_mqtt_client_t *ngx_mqtt_worker_client(ngx_mqtt_worker_t *w);
static ngx_uint_t ngx_mqtt_worker_measure(ngx_mqtt_worker_t *w);
static void ngx_mqtt_worker_report(ngx_mqtt_worker_t *w, ngx_uint_t level);


ngx_mqtt_worker_t *
ngx_mqtt_worker_create(ngx_mqtt_zone_t *zone,
    const ngx_mqtt_worker_ops_t *ops, void *data, ngx_log_t *log)
{
    uint64_t            started;
    ngx_mqtt_worker_t  *w;

    w = ngx_calloc(sizeof(ngx_mqtt_worker_t), log);
    if (w == NULL) {
        return NULL;
    }

    w->zone = zone;
    w->ops = ops;
    w->data = data;
    w->log = log;

    ngx_queue_init(&w->dirty);
    ngx_queue_init(&w->blocked);
    ngx_queue_init(&w->waiting);
    ngx_queue_init(&w->served);
    ngx_queue_init(&w->behind);
    ngx_queue_init(&w->sends);
    ngx_queue_init(&w->bulks);
    ngx_queue_init(&w->notes);

    (void) ngx_mqtt_ticks_per_us();

    w->topic = ngx_alloc(NGX_MQTT_STRING_MAX, log);

    if (w->topic == NULL
        || ngx_mqtt_publish_init(w) != NGX_OK
        || ngx_mqtt_deliver_init(w) != NGX_OK)
    {
        goto failed;
    }

    started = ngx_mqtt_slot_started(ngx_pid);

    ngx_mqtt_zone_lock(zone, NGX_MQTT_NO_SLOT);
    w->slot = ngx_mqtt_slot_claim_locked(zone, ngx_pid, started);
    ngx_mqtt_zone_unlock(zone);

    if (w->slot) {
        return w;
    }

    ngx_log_error(NGX_LOG_CRIT, log, 0,
                  "mqtt zone \"%V\" has no room for another worker",
                  &zone->name);

failed:

    ngx_mqtt_publish_done(w);
    ngx_mqtt_deliver_done(w);

    if (w->topic) {
        ngx_free(w->topic);
    }

    ngx_free(w);

    return NULL;
}


void *
ngx_mqtt_worker_data(ngx_mqtt_worker_t *w)
{
    return w->data;
}


ngx_uint_t
ngx_mqtt_worker_slot(ngx_mqtt_worker_t *w)
{
    return w->slot->index;
}


void
ngx_mqtt_worker_unlock(ngx_mqtt_worker_t *w)
{
    if (w->zone->root->dropped) {
        w->reap = 1;
    }

    ngx_mqtt_zone_unlock(w->zone);

    if (w->running) {
        ngx_mqtt_worker_wake(w);

    } else if (w->wake_self || w->reap || w->nwakes) {

        /* at the end of the pass: others wake once for all of a burst */

        w->wake_self = 0;
        w->ops->post(w);
    }

    if (w->full) {
        w->full = 0;
        ngx_mqtt_worker_full(w);
    }
}


static void
ngx_mqtt_worker_wake(ngx_mqtt_worker_t *w)
{
    uint64_t    wakes;
    ngx_uint_t  i, slot;

    if (w->nwakes == 0) {
        return;
    }

    w->nwakes = 0;

    for (i = 0; i < NGX_MQTT_SLOTS / 64; i++) {

        wakes = w->wakes[i];
        w->wakes[i] = 0;

        for (slot = i * 64; wakes; slot++, wakes >>= 1) {
            if (wakes & 1) {
                w->ops->wake(w, slot);
            }
        }
    }
}


void
ngx_mqtt_worker_full(ngx_mqtt_worker_t *w)
{
    time_t  now;

    now = ngx_time();
    w->nfull++;

    if (w->full_logged == now) {
        return;
    }

    ngx_log_error(NGX_LOG_CRIT, w->log, 0,
                  "mqtt zone \"%V\" is full, %ui refusals",
                  &w->zone->name, w->nfull);

    w->full_logged = now;
    w->nfull = 0;
}


void
ngx_mqtt_worker_enter(ngx_mqtt_worker_t *w)
{
    if (w->depth++ == 0) {
        w->entered = ngx_mqtt_ticks();
    }
}


void
ngx_mqtt_worker_leave(ngx_mqtt_worker_t *w)
{
    uint64_t  stretch;

    if (--w->depth) {
        return;
    }

    stretch = ngx_mqtt_ticks() - w->entered;

    if (stretch > w->stretch) {
        w->stretch = stretch;
    }
}


ngx_int_t
ngx_mqtt_worker_run(ngx_mqtt_worker_t *w)
{
    ngx_int_t  rc;

    ngx_mqtt_worker_enter(w);
    rc = ngx_mqtt_worker_work(w);
    ngx_mqtt_worker_leave(w);

    return rc;
}


static ngx_int_t
ngx_mqtt_worker_work(ngx_mqtt_worker_t *w)
{
    uint64_t    limit;
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = NGX_OK;
    limit = w->entered + NGX_MQTT_RUN_TIME * ngx_mqtt_ticks_per_us();

    w->running = 1;
    w->work = 0;

    ngx_mqtt_worker_wake(w);
    ngx_mqtt_worker_mend(w);

    if (w->wide) {
        ngx_mqtt_publish_slice(w);
    }

    if (w->nbulks) {
        ngx_mqtt_worker_sends(w, limit);
    }

    ngx_mqtt_worker_turns(w);

    for (i = 0; i < NGX_MQTT_RUN_BATCHES; i++) {

        w->wake_self = 0;

        rc = ngx_mqtt_deliver(w);

        if (rc != NGX_AGAIN || ngx_mqtt_ticks() > limit) {
            break;
        }

        /* each client of a wide fan-out holds a buffer until its flush */

        if (w->ndirty >= NGX_MQTT_RUN_DIRTY) {
            ngx_mqtt_worker_flush(w);
        }
    }

    if (w->nbulks) {
        ngx_mqtt_bulk_run(w, limit);
    }

    if (w->reap && ngx_mqtt_session_reap(w) == NGX_AGAIN) {
        rc = NGX_AGAIN;
    }

    ngx_mqtt_worker_flush(w);

    w->running = 0;

    if (w->wake_self || w->ndirty || w->reap || w->wide || w->nbulks
        || !ngx_queue_empty(&w->waiting) || !ngx_queue_empty(&w->served)
        || w->epoch != w->zone->root->epoch)
    {
        w->wake_self = 0;
        rc = NGX_AGAIN;
    }

    return rc;
}


void
ngx_mqtt_worker_wait(ngx_mqtt_client_t *cl, ngx_queue_t *list)
{
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    cl->waiting = 1;
    ngx_queue_insert_tail(list, &cl->turn);

    /* the end of what it is behind makes the next run */

    if (!w->running && list != &w->behind) {
        w->ops->post(w);
    }
}


/*
 * Behind a wide publication, a send that waits for it and the clients that do
 * go first in turn.
 */

static void
ngx_mqtt_worker_sends(ngx_mqtt_worker_t *w, uint64_t limit)
{
    if (w->wide) {
        return;
    }

    if (w->sent && !ngx_queue_empty(&w->behind)) {
        w->sent = 0;
        return;
    }

    ngx_mqtt_bulk_run_sends(w, limit);
}


/*
 * Clients that had to stop may go on with their input in the next pass, first
 * those that have had no turn at all.
 */

static void
ngx_mqtt_worker_turns(ngx_mqtt_worker_t *w)
{
    ngx_queue_t        *q;
    ngx_mqtt_client_t  *cl;

    w->yields = 0;

    if (!w->wide && !ngx_queue_empty(&w->behind)) {
        ngx_mqtt_worker_join(&w->waiting, &w->behind);
        w->yields = 1;
    }

    ngx_mqtt_worker_join(&w->waiting, &w->served);

    for (w->turns = 0; w->turns < NGX_MQTT_RUN_TURNS; w->turns++) {

        if (ngx_queue_empty(&w->waiting)) {
            return;
        }

        q = ngx_queue_head(&w->waiting);
        cl = ngx_queue_data(q, ngx_mqtt_client_t, turn);

        ngx_mqtt_client_go_on(cl);
    }
}


static void
ngx_mqtt_worker_join(ngx_queue_t *to, ngx_queue_t *from)
{
    if (!ngx_queue_empty(from)) {
        ngx_queue_add(to, from);
        ngx_queue_init(from);
    }
}


/*
 * A worker died inside the lock: what it had begun is finished at once, before
 * anybody is told that it is done.
 */

static void
ngx_mqtt_worker_mend(ngx_mqtt_worker_t *w)
{
    ngx_uint_t  epoch;

    epoch = w->zone->root->epoch;

    if (w->epoch != epoch && ngx_mqtt_slot_sweep(w) == NGX_OK) {
        w->epoch = epoch;
    }
}


/* Clients that are marked meanwhile wait for the next flush. */

static void
ngx_mqtt_worker_flush(ngx_mqtt_worker_t *w)
{
    ngx_queue_t         queue, *q;
    ngx_mqtt_client_t  *cl;

    if (ngx_queue_empty(&w->dirty)) {
        return;
    }

    ngx_queue_init(&queue);
    ngx_queue_add(&queue, &w->dirty);
    ngx_queue_init(&w->dirty);

    while (!ngx_queue_empty(&queue)) {

        q = ngx_queue_head(&queue);
        cl = ngx_queue_data(q, ngx_mqtt_client_t, dirty);

        if (ngx_mqtt_out_flush(cl) == NGX_ERROR) {
            (void) ngx_mqtt_handle_broken(cl);
        }
    }
}


ngx_int_t
ngx_mqtt_worker_tick(ngx_mqtt_worker_t *w)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (ngx_mqtt_worker_measure(w)) {
        ngx_mqtt_worker_report(w, NGX_LOG_INFO);
    }

    ngx_mqtt_worker_enter(w);

    if (ngx_mqtt_session_expire(w) == NGX_AGAIN) {
        rc = NGX_AGAIN;
    }

    if (ngx_mqtt_retain_expire(w) == NGX_AGAIN) {
        rc = NGX_AGAIN;
    }

    if (ngx_mqtt_slot_sweep(w) == NGX_AGAIN) {
        rc = NGX_AGAIN;
    }

    if (ngx_mqtt_worker_blocked(w) == NGX_AGAIN) {
        rc = NGX_AGAIN;
    }

    /* sessions that other workers ended and did not take apart */

    w->reap = 1;

    if (ngx_mqtt_worker_work(w) == NGX_AGAIN) {
        rc = NGX_AGAIN;
    }

    ngx_mqtt_worker_leave(w);

    return rc;
}


/* Takes the figures of this process to its slot.  1: a maximum has grown. */

static ngx_uint_t
ngx_mqtt_worker_measure(ngx_mqtt_worker_t *w)
{
    uint64_t            held, stretch, per_us;
    ngx_uint_t          grown;
    ngx_mqtt_counts_t  *counts;

    per_us = ngx_mqtt_ticks_per_us();
    counts = &w->slot->counts;

    held = w->zone->held / per_us;
    stretch = w->stretch / per_us;

    grown = (held > counts->held || stretch > counts->stretch);

    counts->held = held;
    counts->stretch = stretch;
    counts->waits = w->zone->waits;
    counts->woken = w->zone->woken;

    return grown;
}


static void
ngx_mqtt_worker_report(ngx_mqtt_worker_t *w, ngx_uint_t level)
{
    ngx_mqtt_counts_t  *counts;

    counts = &w->slot->counts;

    ngx_log_error(level, w->log, 0,
                  "mqtt zone \"%V\": lock held at most %uL us, "
                  "event loop at most %uL us, "
                  "dropped: %uL too large, %uL expired, %uL queue full, "
                  "lock waits: %uL, wake-ups: %uL, "
                  "events: %uL, failed: %uL, dropped: %uL",
                  &w->zone->name, counts->held, counts->stretch,
                  counts->large, counts->expired, counts->full,
                  counts->waits, counts->woken, counts->events,
                  counts->events_failed, counts->events_dropped);
}


/* Closes clients that have not taken any of their output for too long. */

static ngx_int_t
ngx_mqtt_worker_blocked(ngx_mqtt_worker_t *w)
{
    ngx_uint_t          i;
    ngx_queue_t        *q;
    ngx_mqtt_client_t  *cl;

    for (i = 0; i < NGX_MQTT_TICK_BLOCKED; i++) {

        if (ngx_queue_empty(&w->blocked)) {
            return NGX_OK;
        }

        q = ngx_queue_head(&w->blocked);
        cl = ngx_queue_data(q, ngx_mqtt_client_t, dirty);

        if (ngx_current_msec - cl->blocked_since < NGX_MQTT_SEND_TIMEOUT) {
            return NGX_OK;
        }

        (void) ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "it does not take its output");
    }

    return NGX_AGAIN;
}


void
ngx_mqtt_worker_destroy(ngx_mqtt_worker_t *w)
{
    ngx_int_t           rc;
    ngx_uint_t          budget;
    ngx_mqtt_client_t  *cl;

    /* no posts to a shell that is going away */

    w->running = 1;

    for ( ;; ) {
        cl = ngx_mqtt_worker_client(w);

        if (cl == NULL) {
            break;
        }

        ngx_mqtt_client_lost(cl);
    }

    ngx_mqtt_bulk_done(w);

    /* its client may have left already, and counts on it */

    while (w->wide) {
        ngx_mqtt_publish_slice(w);
    }

    (void) ngx_mqtt_worker_measure(w);
    ngx_mqtt_worker_report(w, NGX_LOG_NOTICE);

    do {
        budget = 256;

        ngx_mqtt_worker_lock(w);
        rc = ngx_mqtt_slot_reclaim_locked(w, w->slot, &budget);
        ngx_mqtt_worker_unlock(w);

    } while (rc == NGX_AGAIN);

#if (NGX_MQTT_KILL_POINTS)
    ngx_mqtt_zone_inspect(w->zone);
#endif

    ngx_mqtt_life_done(w);
    ngx_mqtt_out_free_all(w);
    ngx_mqtt_deliver_done(w);
    ngx_mqtt_publish_done(w);

    ngx_free(w->topic);
    ngx_free(w);
}


static ngx_mqtt_client_t *
ngx_mqtt_worker_client(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_attach_t  *a;
    ngx_mqtt_client_t  *cl;

    cl = NULL;

    ngx_mqtt_worker_lock(w);

    for (a = w->slot->attached; a; a = a->next) {
        if (a->client) {
            cl = a->client;
            break;
        }
    }

    ngx_mqtt_worker_unlock(w);

    return cl;
}
