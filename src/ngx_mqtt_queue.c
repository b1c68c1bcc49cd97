
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_share.h>


/* entries dropped at most to make room for one */
#define NGX_MQTT_QUEUE_DROPS    256

/* unsent entries of a full queue that are looked at for expired ones */
#define NGX_MQTT_QUEUE_LOOK     16


static ngx_uint_t ngx_mqtt_queue_fits(ngx_mqtt_session_t *s, ngx_uint_t n,
    size_t bytes, size_t size);
static ngx_uint_t ngx_mqtt_queue_stale(ngx_mqtt_session_t *s, size_t size);
static ngx_uint_t ngx_mqtt_queue_expired(ngx_mqtt_entry_t *e);
static void ngx_mqtt_queue_drop_stale_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);
static ngx_uint_t ngx_mqtt_queue_make_room_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t qos, size_t size);
static ngx_mqtt_entry_t *ngx_mqtt_queue_find_locked(ngx_mqtt_session_t *s,
    uint16_t id, ngx_mqtt_entry_t **prev);


ngx_int_t
ngx_mqtt_queue_accepts_locked(ngx_mqtt_session_t *s, ngx_uint_t qos,
    size_t size)
{
    if (s->state != NGX_MQTT_STATE_LIVE) {
        return NGX_DECLINED;
    }

    if (s->head == NULL && s->head0 == NULL) {
        return (qos == 0 && s->attach == NULL) ? NGX_DECLINED : NGX_OK;
    }

    if (qos == 0) {
        return (s->attach == NULL || s->queued_bytes + size > s->max_bytes)
               ? NGX_DECLINED : NGX_OK;
    }

    /* QoS 0 makes room, and an empty queue takes any one message */

    if (s->head == NULL || ngx_mqtt_queue_fits(s, 0, 0, size)
        || ngx_mqtt_queue_stale(s, size))
    {
        return NGX_OK;
    }

    switch (s->overflow) {

    case NGX_MQTT_OVERFLOW_DROP_OLD:

        /* what is in flight stays */

        return (s->tail
                && ngx_mqtt_entry_state(s->tail) == NGX_MQTT_ENTRY_QUEUED)
               ? NGX_OK : NGX_DECLINED;

    case NGX_MQTT_OVERFLOW_TERMINATE:
        return NGX_BUSY;

    default:
        return NGX_DECLINED;
    }
}


/* Whether a message fits when "n" entries of "bytes" have made room. */

static ngx_uint_t
ngx_mqtt_queue_fits(ngx_mqtt_session_t *s, ngx_uint_t n, size_t bytes,
    size_t size)
{
    return s->queued_bytes - s->queued_bytes0 - bytes + size <= s->max_bytes
           && (s->max_queued == 0 || s->queued - n < s->max_queued);
}


/* Whether a message fits when what has expired makes room. */

static ngx_uint_t
ngx_mqtt_queue_stale(ngx_mqtt_session_t *s, size_t size)
{
    size_t             bytes;
    ngx_uint_t         i, n;
    ngx_mqtt_entry_t  *e;

    n = 0;
    bytes = 0;
    e = s->unsent;

    /* they lie behind all that is to be sent again: a long way */

    if (e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED) {
        return 0;
    }

    for (i = 0; e && i < NGX_MQTT_QUEUE_LOOK; i++, e = e->next) {

        if (ngx_mqtt_queue_expired(e)) {
            bytes += ngx_mqtt_message_size(e->m.message);
            n++;
        }
    }

    return n && ngx_mqtt_queue_fits(s, n, bytes, size);
}


static ngx_uint_t
ngx_mqtt_queue_expired(ngx_mqtt_entry_t *e)
{
    ngx_mqtt_message_t  *m;

    m = e->m.message;

    return m->expires && m->expires <= ngx_current_msec;
}


static void
ngx_mqtt_queue_drop_stale_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_uint_t         i;
    ngx_mqtt_entry_t  *prev, *e, *next;

    prev = NULL;

    for (e = s->head;
         e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
         e = e->next)
    {
        prev = e;
    }

    for (i = 0; e && i < NGX_MQTT_QUEUE_LOOK; i++, e = next) {

        next = e->next;

        if (ngx_mqtt_queue_expired(e)) {
            w->slot->counts.expired++;
            ngx_mqtt_queue_remove_locked(w->zone, s, prev, e);

        } else {
            prev = e;
        }
    }
}


ngx_uint_t
ngx_mqtt_queue_append_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e, ngx_mqtt_message_t *m)
{
    size_t      size;
    ngx_uint_t  qos, cost;

    qos = ngx_mqtt_entry_qos(e);
    size = ngx_mqtt_message_size(m);

    cost = ngx_mqtt_queue_make_room_locked(w, s, qos, size);

    e->order = s->order++;
    e->next = NULL;
    ngx_mqtt_set(e->m.message, m);

    if (qos == 0) {

        if (s->head0) {
            ngx_mqtt_set(s->tail0->next, e);

        } else {
            ngx_mqtt_set(s->head0, e);
        }

        ngx_mqtt_set(s->tail0, e);
        ngx_mqtt_set(s->queued_bytes0, s->queued_bytes0 + size);

    } else {

        if (s->head) {
            ngx_mqtt_set(s->tail->next, e);

        } else {
            ngx_mqtt_set(s->head, e);
        }

        ngx_mqtt_set(s->tail, e);
        ngx_mqtt_set(s->queued, s->queued + 1);

        if (s->unsent == NULL) {
            ngx_mqtt_set(s->unsent, e);
        }
    }

    ngx_mqtt_set(m->refs, m->refs + 1);
    ngx_mqtt_set(s->queued_bytes, s->queued_bytes + size);

    if (s->attach && !s->attach->stalled
        && (qos == 0 || ngx_mqtt_queue_has_room(s)))
    {
        ngx_mqtt_slot_ready_locked(w, s->attach);
    }

    return cost;
}


/* Returns how many entries it looked at. */

static ngx_uint_t
ngx_mqtt_queue_make_room_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t qos, size_t size)
{
    ngx_uint_t         n, cost;
    ngx_mqtt_entry_t  *prev, *e;

    cost = 0;

    if (qos == 0) {
        return cost;
    }

    if (!ngx_mqtt_queue_fits(s, 0, 0, size)) {
        ngx_mqtt_queue_drop_stale_locked(w, s);
        cost += NGX_MQTT_QUEUE_LOOK;
    }

    for (n = NGX_MQTT_QUEUE_DROPS; n; n--) {

        if (s->queued_bytes + size <= s->max_bytes || s->head0 == NULL) {
            break;
        }

        w->slot->counts.full++;
        ngx_mqtt_queue_remove0_locked(w->zone, s);
        cost++;
    }

    if (s->overflow != NGX_MQTT_OVERFLOW_DROP_OLD
        || ngx_mqtt_queue_fits(s, 0, 0, size))
    {
        return cost;
    }

    prev = NULL;

    for (e = s->head;
         e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
         e = e->next)
    {
        prev = e;
        cost++;
    }

    while (e && n
           && (s->queued_bytes + size > s->max_bytes
               || (s->max_queued && s->queued >= s->max_queued)))
    {
        w->slot->counts.full++;
        ngx_mqtt_queue_remove_locked(w->zone, s, prev, e);
        e = prev ? prev->next : s->head;
        cost++;
        n--;
    }

    return cost;
}


void
ngx_mqtt_queue_remove_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *prev, ngx_mqtt_entry_t *e)
{
    ngx_mqtt_message_t  *m;

    if (prev) {
        ngx_mqtt_set(prev->next, e->next);

    } else {
        ngx_mqtt_set(s->head, e->next);
    }

    if (s->tail == e) {
        ngx_mqtt_set(s->tail, prev);
    }

    if (s->unsent == e) {
        ngx_mqtt_set(s->unsent, e->next);
    }

    ngx_mqtt_set(s->queued, s->queued - 1);

    if (e->flags & NGX_MQTT_ENTRY_COUNTED) {
        ngx_mqtt_set(s->inflight, s->inflight - 1);
    }

    if (e->flags & NGX_MQTT_ENTRY_RESENT) {
        ngx_mqtt_set(s->resent, s->resent - 1);
    }

    m = e->m.message;

    if (m) {
        ngx_mqtt_set(s->queued_bytes,
                     s->queued_bytes - ngx_mqtt_message_size(m));
        ngx_mqtt_message_unref_locked(zone, m);
    }

    ngx_mqtt_entry_free_locked(zone, e);
}


void
ngx_mqtt_queue_remove0_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    size_t               size;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_message_t  *m;

    e = s->head0;
    m = e->m.message;
    size = ngx_mqtt_message_size(m);

    ngx_mqtt_set(s->head0, e->next);
    ngx_mqtt_set(s->queued_bytes, s->queued_bytes - size);
    ngx_mqtt_set(s->queued_bytes0, s->queued_bytes0 - size);

    ngx_mqtt_message_unref_locked(zone, m);
    ngx_mqtt_entry_free_locked(zone, e);
}


void
ngx_mqtt_queue_remove_unsent_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s)
{
    ngx_mqtt_entry_t  *e, *prev;

    prev = NULL;

    /* what lies before it is in flight, and so never many */

    for (e = s->head; e != s->unsent; e = e->next) {
        prev = e;
    }

    ngx_mqtt_queue_remove_locked(zone, s, prev, e);
}


ngx_int_t
ngx_mqtt_queue_clear_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t *budget)
{
    ngx_mqtt_zone_t  *zone;

    zone = w->zone;

    while (s->head || s->head0) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        /* an entry and its message */

        *budget -= ngx_min(*budget, 2);

        if (s->head0) {
            ngx_mqtt_queue_remove0_locked(zone, s);
            continue;
        }

        if (s->head->flags & NGX_MQTT_ENTRY_SHARED) {
            ngx_mqtt_share_pass_on_locked(w, s, s->head, budget);
        }

        ngx_mqtt_queue_remove_locked(zone, s, NULL, s->head);
    }

    return NGX_OK;
}


/* What was sent lies before what was not: the walk ends there. */

static ngx_mqtt_entry_t *
ngx_mqtt_queue_find_locked(ngx_mqtt_session_t *s, uint16_t id,
    ngx_mqtt_entry_t **prev)
{
    ngx_mqtt_entry_t  *e;

    *prev = NULL;

    for (e = s->head;
         e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
         e = e->next)
    {
        if (e->packet_id == id) {
            return e;
        }

        *prev = e;
    }

    return NULL;
}


ngx_int_t
ngx_mqtt_queue_puback_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    uint16_t id)
{
    ngx_mqtt_entry_t  *e, *prev;

    e = ngx_mqtt_queue_find_locked(s, id, &prev);

    if (e == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_ACK) {
        return NGX_ERROR;
    }

    ngx_mqtt_queue_remove_locked(w->zone, s, prev, e);
    ngx_mqtt_queue_settled_locked(w, s);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_queue_pubrec_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    uint16_t id, ngx_uint_t failed)
{
    ngx_mqtt_entry_t    *e, *prev;
    ngx_mqtt_message_t  *m;

    e = ngx_mqtt_queue_find_locked(s, id, &prev);

    if (e == NULL) {
        return NGX_DECLINED;
    }

    switch (ngx_mqtt_entry_state(e)) {

    case NGX_MQTT_ENTRY_COMP:
        return NGX_OK;

    case NGX_MQTT_ENTRY_REC:
        break;

    default:
        return NGX_ERROR;
    }

    if (failed) {
        ngx_mqtt_queue_remove_locked(w->zone, s, prev, e);
        ngx_mqtt_queue_settled_locked(w, s);
        return NGX_OK;
    }

    ngx_mqtt_set(e->qos_state, ngx_mqtt_entry_qs(2, NGX_MQTT_ENTRY_COMP));

    m = e->m.message;

    ngx_mqtt_set(s->queued_bytes,
                 s->queued_bytes - ngx_mqtt_message_size(m));
    ngx_mqtt_set(e->m.message, NULL);
    ngx_mqtt_message_unref_locked(w->zone, m);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_queue_pubcomp_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    uint16_t id)
{
    ngx_mqtt_entry_t  *e, *prev;

    e = ngx_mqtt_queue_find_locked(s, id, &prev);

    if (e == NULL || ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_COMP) {
        return NGX_DECLINED;
    }

    ngx_mqtt_queue_remove_locked(w->zone, s, prev, e);
    ngx_mqtt_queue_settled_locked(w, s);

    return NGX_OK;
}


void
ngx_mqtt_queue_settled_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    if (s->attach && !s->attach->stalled
        && (s->replays || ngx_mqtt_queue_due_locked(s)))
    {
        ngx_mqtt_slot_ready_locked(w, s->attach);
    }
}


void
ngx_mqtt_queue_resume_locked(ngx_mqtt_session_t *s)
{
    ngx_mqtt_entry_t  *e;

    for (e = s->head;
         e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
         e = e->next)
    {
        ngx_mqtt_set(e->flags, e->flags & ~(NGX_MQTT_ENTRY_COUNTED
                                            | NGX_MQTT_ENTRY_RESENT));
    }

    ngx_mqtt_set(s->unsent, s->head);
    ngx_mqtt_set(s->inflight, 0);
    ngx_mqtt_set(s->resent, 0);
}


ngx_uint_t
ngx_mqtt_queue_due_locked(ngx_mqtt_session_t *s)
{
    return s->head0 || ngx_mqtt_queue_next_locked(s);
}


ngx_mqtt_entry_t *
ngx_mqtt_queue_next_locked(ngx_mqtt_session_t *s)
{
    ngx_mqtt_entry_t  *e;

    while (s->unsent && (s->unsent->flags & NGX_MQTT_ENTRY_COUNTED)) {
        ngx_mqtt_set(s->unsent, s->unsent->next);
    }

    e = s->unsent;

    if (ngx_mqtt_queue_has_room(s)) {
        return e;
    }

    /* a full window holds back nothing but PUBLISH [MQTT-3.3.4-9] */

    for ( /* void */ ;
         e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
         e = e->next)
    {
        if (ngx_mqtt_entry_state(e) == NGX_MQTT_ENTRY_COMP
            && !(e->flags & NGX_MQTT_ENTRY_COUNTED))
        {
            return e;
        }
    }

    return NULL;
}


uint16_t
ngx_mqtt_queue_next_id_locked(ngx_mqtt_session_t *s)
{
    uint16_t           id;
    uint64_t           used[NGX_MQTT_WINDOW_MAX / 64 + 1];
    ngx_uint_t         i, n, ahead;
    ngx_mqtt_entry_t  *e;

    /*
     * Ids are given out in turn.  Which of the next ones are in use is looked
     * up once for all that are free before the first such one: there are more
     * in "used" than can be in flight.
     */

    if (s->ids_free == 0) {
        ngx_memzero(used, sizeof(used));

        n = sizeof(used) * 8;

        for (e = s->head;
             e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
             e = e->next)
        {
            ahead = (e->packet_id + 65535 - s->next_id) % 65535;

            if (ahead < n) {
                used[ahead / 64] |= (uint64_t) 1 << (ahead % 64);
            }
        }

        for (i = 0; i < n && (used[i / 64] >> (i % 64) & 1); i++) {
            /* void */
        }

        for (ahead = i; ahead < n; ahead++) {
            if (used[ahead / 64] >> (ahead % 64) & 1) {
                break;
            }
        }

        s->next_id = (s->next_id - 1 + i) % 65535 + 1;
        s->ids_free = ahead - i;
    }

    id = s->next_id;

    ngx_mqtt_set(s->next_id, id % 65535 + 1);
    ngx_mqtt_set(s->ids_free, s->ids_free - 1);

    return id;
}
