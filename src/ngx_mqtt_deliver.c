
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_big.h>
#include <ngx_mqtt_alias.h>
#include <ngx_mqtt_replay.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>


/* blocks looked at for deliveries in one hold of the lock, about */
#define NGX_MQTT_DELIVER_BUDGET  1024

/* entries taken in one batch, which is one hold of the lock */
#define NGX_MQTT_DELIVER_BATCH   (NGX_MQTT_HELD / 2)

/* what one client takes of these */
#define NGX_MQTT_TAKE_ENTRIES    32
#define NGX_MQTT_TAKE_BYTES      12288

/* from this size on a packet is sent piece by piece */
#define NGX_MQTT_BIG             8192

#define NGX_MQTT_PUBREL_SIZE     4

/* the property, and a byte more for each of the two lengths around it */
#define NGX_MQTT_ALIAS_SIZE      5


typedef enum {
    NGX_MQTT_RECORD_PUBLISH = 0,
    NGX_MQTT_RECORD_BIG,
    NGX_MQTT_RECORD_PUBREL,
    NGX_MQTT_RECORD_CLOSE
} ngx_mqtt_record_e;


/*
 * Local; what was taken off a queue under the lock, to be encoded without it.
 */

typedef struct ngx_mqtt_record_s {
    ngx_mqtt_client_t    *client;
    ngx_mqtt_message_t   *message;      /* held by the slot until the end */
    ngx_mqtt_record_e     type;
    ngx_uint_t            reason;
    uint64_t              sequence;     /* to a reliable native client, or 0 */
    ngx_mqtt_delivery_t   d;
} ngx_mqtt_record_t;


static ngx_int_t ngx_mqtt_deliver_collect_locked(ngx_mqtt_worker_t *w,
    ngx_uint_t *n);
static ngx_mqtt_attach_t *ngx_mqtt_deliver_pop_locked(ngx_mqtt_worker_t *w);
static void ngx_mqtt_deliver_take_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_attach_t *a, ngx_uint_t *n, ngx_uint_t *budget);
static ngx_mqtt_entry_t *ngx_mqtt_deliver_next_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t *qos0, ngx_uint_t *budget);
static void ngx_mqtt_deliver_prepare(ngx_mqtt_worker_t *w,
    ngx_mqtt_record_t *r, ngx_mqtt_entry_t *e, uint32_t *ids);
static void ngx_mqtt_deliver_sent_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_record_t *r, ngx_mqtt_entry_t *e);
static void ngx_mqtt_deliver_sent0_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_record_t *r);
static void ngx_mqtt_deliver_hold_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_record_t *r);
static void ngx_mqtt_deliver_release_locked(ngx_mqtt_worker_t *w);
static void ngx_mqtt_deliver_record(ngx_mqtt_record_t *r);
static ngx_int_t ngx_mqtt_deliver_publish(ngx_mqtt_record_t *r);
static ngx_int_t ngx_mqtt_deliver_pubrel(ngx_mqtt_record_t *r);


ngx_int_t
ngx_mqtt_deliver_init(ngx_mqtt_worker_t *w)
{
    w->records = ngx_alloc(NGX_MQTT_HELD * sizeof(ngx_mqtt_record_t), w->log);
    if (w->records == NULL) {
        return NGX_ERROR;
    }

    w->sub_ids = ngx_alloc(NGX_MQTT_HELD * NGX_MQTT_SUB_IDS
                           * sizeof(uint32_t), w->log);

    return w->sub_ids ? NGX_OK : NGX_ERROR;
}


void
ngx_mqtt_deliver_done(ngx_mqtt_worker_t *w)
{
    if (w->records) {
        ngx_free(w->records);
        w->records = NULL;
    }

    if (w->sub_ids) {
        ngx_free(w->sub_ids);
        w->sub_ids = NULL;
    }
}


ngx_int_t
ngx_mqtt_deliver(ngx_mqtt_worker_t *w)
{
    ngx_int_t   rc;
    ngx_uint_t  i, n;

    if (w->slot->ready == NULL && w->slot->nheld == 0) {
        return NGX_OK;
    }

    ngx_mqtt_worker_lock(w);

    ngx_mqtt_deliver_release_locked(w);
    rc = ngx_mqtt_deliver_collect_locked(w, &n);

    ngx_mqtt_worker_unlock(w);

    for (i = 0; i < n; i++) {
        ngx_mqtt_deliver_record(&w->records[i]);
    }

    /* the references of the last batch are given back by one more call */

    return (rc == NGX_AGAIN || n) ? NGX_AGAIN : NGX_OK;
}


static ngx_int_t
ngx_mqtt_deliver_collect_locked(ngx_mqtt_worker_t *w, ngx_uint_t *n)
{
    ngx_int_t            rc;
    ngx_uint_t           before, budget;
    ngx_mqtt_slot_t     *slot;
    ngx_mqtt_attach_t   *a;
    ngx_mqtt_client_t   *cl;
    ngx_mqtt_record_t   *r;
    ngx_mqtt_session_t  *s;

    *n = 0;
    slot = w->slot;

    budget = NGX_MQTT_DELIVER_BUDGET;

    while (slot->ready && budget
           && *n + NGX_MQTT_TAKE_ENTRIES <= NGX_MQTT_DELIVER_BATCH)
    {
        budget -= ngx_min(budget, 4);

        a = ngx_mqtt_deliver_pop_locked(w);
        cl = a->client;

        if (cl == NULL) {
            ngx_mqtt_attach_free_locked(w->zone, a);
            continue;
        }

        if (a->reason) {
            r = &w->records[(*n)++];
            r->client = cl;
            r->type = NGX_MQTT_RECORD_CLOSE;
            r->reason = a->reason;
            continue;
        }

        s = a->session;

        if (s == NULL) {
            continue;
        }

        /* a replay may have made it ready again in this very batch */

        if (a->stalled || cl->blocked || cl->big_left) {
            ngx_mqtt_set(a->stalled, 1);
            continue;
        }

        before = *n;
        rc = ngx_mqtt_replay_step_locked(w, s, &budget);

        ngx_mqtt_deliver_take_locked(w, a, n, &budget);

        if (a->stalled) {
            continue;
        }

        if (ngx_mqtt_queue_due_locked(s)
            || (ngx_mqtt_replay_ready_locked(s)
                && (rc == NGX_OK || *n != before)))
        {
            ngx_mqtt_slot_ready_locked(w, a);

        } else if (rc == NGX_BUSY && s->head == NULL) {

            /* no acknowledgement will come: see ngx_mqtt_session_expire() */

            ngx_mqtt_wheel_set_locked(&w->zone->root->session_wheel,
                                      &s->timer, ngx_current_msec + 1000);
        }
    }

    return slot->ready ? NGX_AGAIN : NGX_OK;
}


static ngx_mqtt_attach_t *
ngx_mqtt_deliver_pop_locked(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_slot_t    *slot;
    ngx_mqtt_attach_t  *a;

    slot = w->slot;
    a = slot->ready;

    ngx_mqtt_set(slot->ready, a->ready_next);
    ngx_mqtt_set(a->ready, 0);

    return a;
}


static void
ngx_mqtt_deliver_take_locked(ngx_mqtt_worker_t *w, ngx_mqtt_attach_t *a,
    ngx_uint_t *n, ngx_uint_t *budget)
{
    size_t               size, total;
    ngx_uint_t           i, qos0;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_record_t   *r;
    ngx_mqtt_client_t   *cl;
    ngx_mqtt_session_t  *s;

    s = a->session;
    cl = a->client;
    total = 0;

    for (i = 0; i < NGX_MQTT_TAKE_ENTRIES; i++) {

        e = ngx_mqtt_deliver_next_locked(w, s, &qos0, budget);

        if (e == NULL) {
            return;
        }

        r = &w->records[*n];
        r->client = cl;

        if (ngx_mqtt_entry_state(e) == NGX_MQTT_ENTRY_COMP) {
            r->type = NGX_MQTT_RECORD_PUBREL;
            r->d.packet_id = e->packet_id;

            ngx_mqtt_set(e->flags, e->flags | NGX_MQTT_ENTRY_COUNTED
                                   | NGX_MQTT_ENTRY_RESENT);
            ngx_mqtt_set(s->inflight, s->inflight + 1);
            ngx_mqtt_set(s->resent, s->resent + 1);

            if (s->unsent == e) {
                ngx_mqtt_set(s->unsent, e->next);
            }

            (*n)++;
            continue;
        }

        ngx_mqtt_deliver_prepare(w, r, e, &w->sub_ids[*n * NGX_MQTT_SUB_IDS]);

        size = ngx_mqtt_is_native(cl->version)
               ? r->message->text_len
               : ngx_mqtt_delivery_size(&r->d, cl->version);

        if (size > cl->max_packet_size || size > NGX_MQTT_PACKET_MAX) {

            /* as if it had been delivered [MQTT-3.1.2-25] */

            w->slot->counts.large++;

            if (qos0) {
                ngx_mqtt_queue_remove0_locked(w->zone, s);

            } else {
                ngx_mqtt_queue_remove_unsent_locked(w->zone, s);
            }

            continue;
        }

        if (size >= NGX_MQTT_BIG) {
            if (i) {
                return;
            }

            r->type = NGX_MQTT_RECORD_BIG;
        }

        if (qos0) {
            ngx_mqtt_deliver_sent0_locked(w, s, r);

        } else {
            ngx_mqtt_deliver_sent_locked(w, s, r, e);
        }

        (*n)++;
        total += size;

        if (r->type == NGX_MQTT_RECORD_BIG) {
            ngx_mqtt_set(a->stalled, 1);
            return;
        }

        if (total >= NGX_MQTT_TAKE_BYTES) {
            return;
        }
    }
}


/*
 * The entry to be sent next: the older one of both queues, unless the window
 * is full.  Drops what has expired on the way.
 */

static ngx_mqtt_entry_t *
ngx_mqtt_deliver_next_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t *qos0, ngx_uint_t *budget)
{
    ngx_mqtt_entry_t    *e, *e0;
    ngx_mqtt_message_t  *m;

    while (*budget) {
        *budget -= ngx_min(*budget, 2);

        e0 = s->head0;
        e = ngx_mqtt_queue_next_locked(s);

        *qos0 = (e == NULL
                 || (e0 && (int32_t) (e0->order - e->order) < 0));

        if (*qos0) {
            e = e0;
        }

        if (e == NULL || ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED) {
            return e;
        }

        m = e->m.message;

        if (m->expires == 0 || m->expires > ngx_current_msec) {
            return e;
        }

        w->slot->counts.expired++;

        if (*qos0) {
            ngx_mqtt_queue_remove0_locked(w->zone, s);

        } else {
            ngx_mqtt_queue_remove_unsent_locked(w->zone, s);
        }
    }

    return NULL;
}


static void
ngx_mqtt_deliver_prepare(ngx_mqtt_worker_t *w, ngx_mqtt_record_t *r,
    ngx_mqtt_entry_t *e, uint32_t *ids)
{
    ngx_mqtt_message_t   *m;
    ngx_mqtt_delivery_t  *d;

    m = e->m.message;
    d = &r->d;

    r->type = NGX_MQTT_RECORD_PUBLISH;
    r->message = m;
    r->sequence = 0;

    d->qos = ngx_mqtt_entry_qos(e);
    d->dup = (ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED);
    d->retain = e->flags & NGX_MQTT_ENTRY_RETAIN;
    d->packet_id = e->packet_id;
    d->topic_alias = 0;
    d->topic_omitted = 0;
    d->has_expiry = (m->expires != 0);
    d->expiry = 0;
    d->sub_ids = ids;
    d->nsub_ids = 0;
    d->topic_len = m->topic_len;
    d->props_len = m->props_len;
    d->payload_len = m->payload_len;

    if (m->expires > ngx_current_msec) {
        d->expiry = (m->expires - ngx_current_msec + 999) / 1000;
    }

    if (e->flags & NGX_MQTT_ENTRY_IDS) {
        d->nsub_ids = e->u.ids->n;
        ngx_memcpy(ids, e->u.ids->id, d->nsub_ids * sizeof(uint32_t));

    } else if (e->u.id) {
        d->nsub_ids = 1;
        ids[0] = e->u.id;
    }
}


static void
ngx_mqtt_deliver_sent_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_record_t *r, ngx_mqtt_entry_t *e)
{
    ngx_uint_t  qos;

    qos = ngx_mqtt_entry_qos(e);

    if (ngx_mqtt_entry_state(e) == NGX_MQTT_ENTRY_QUEUED) {

        if (s->native) {
            ngx_mqtt_native_number_locked(s, e);

        } else {
            ngx_mqtt_set(e->packet_id, ngx_mqtt_queue_next_id_locked(s));
        }

        ngx_mqtt_set(e->qos_state,
                     ngx_mqtt_entry_qs(qos, qos == 1 ? NGX_MQTT_ENTRY_ACK
                                                     : NGX_MQTT_ENTRY_REC));
        r->d.packet_id = e->packet_id;
    }

    if (s->native) {
        r->sequence = ngx_mqtt_native_sequence_locked(s, e);
    }

    ngx_mqtt_set(e->flags, e->flags | NGX_MQTT_ENTRY_COUNTED);
    ngx_mqtt_set(s->inflight, s->inflight + 1);
    ngx_mqtt_set(s->unsent, e->next);

    ngx_mqtt_set(r->message->refs, r->message->refs + 1);
    ngx_mqtt_deliver_hold_locked(w, s, r);
}


static void
ngx_mqtt_deliver_sent0_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_record_t *r)
{
    size_t             size;
    ngx_mqtt_entry_t  *e;

    e = s->head0;
    size = ngx_mqtt_message_size(r->message);

    /* the entry's reference passes to the slot, or to "sending" */

    ngx_mqtt_deliver_hold_locked(w, s, r);

    ngx_mqtt_set(s->head0, e->next);
    ngx_mqtt_set(s->queued_bytes, s->queued_bytes - size);
    ngx_mqtt_set(s->queued_bytes0, s->queued_bytes0 - size);

    ngx_mqtt_entry_free_locked(w->zone, e);
}


static void
ngx_mqtt_deliver_hold_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_record_t *r)
{
    ngx_mqtt_slot_t  *slot;

    if (r->type == NGX_MQTT_RECORD_BIG) {
        ngx_mqtt_set(s->sending, r->message);
        ngx_mqtt_set(r->message->refs, r->message->refs + 1);
    }

    slot = w->slot;

    ngx_mqtt_set(slot->held[slot->nheld], r->message);
    ngx_mqtt_set(slot->nheld, slot->nheld + 1);
}


static void
ngx_mqtt_deliver_release_locked(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_slot_t     *slot;
    ngx_mqtt_message_t  *m;

    slot = w->slot;

    while (slot->nheld) {
        m = slot->held[slot->nheld - 1];
        ngx_mqtt_set(slot->nheld, slot->nheld - 1);
        ngx_mqtt_message_unref_locked(w->zone, m);
    }
}


static void
ngx_mqtt_deliver_record(ngx_mqtt_record_t *r)
{
    ngx_int_t           rc;
    ngx_mqtt_client_t  *cl;

    cl = r->client;

    if (cl->closed) {
        return;
    }

    switch (r->type) {

    case NGX_MQTT_RECORD_CLOSE:
        ngx_mqtt_client_expel(cl, r->reason);
        return;

    case NGX_MQTT_RECORD_PUBREL:
        rc = ngx_mqtt_deliver_pubrel(r);
        break;

    case NGX_MQTT_RECORD_BIG:
        rc = ngx_mqtt_is_native(cl->version)
             ? ngx_mqtt_big_start_native(cl, r->message, r->sequence)
             : ngx_mqtt_big_start(cl, r->message, &r->d);
        break;

    default:
        rc = ngx_mqtt_is_native(cl->version)
             ? ngx_mqtt_native_deliver(cl, r->message, r->sequence)
             : ngx_mqtt_deliver_publish(r);
        break;
    }

    if (rc != NGX_OK) {
        ngx_mqtt_client_close(cl, NGX_MQTT_UNSPECIFIED_ERROR);
    }
}


static ngx_int_t
ngx_mqtt_deliver_publish(ngx_mqtt_record_t *r)
{
    size_t                size;
    u_char               *p, *topic;
    uint16_t              alias;
    ngx_mqtt_out_t       *out;
    ngx_mqtt_text_t       text;
    ngx_mqtt_client_t    *cl;
    ngx_mqtt_message_t   *m;
    ngx_mqtt_delivery_t  *d;

    d = &r->d;
    m = r->message;
    cl = r->client;

    size = ngx_mqtt_delivery_size(d, cl->version);

    /* NGX_MQTT_BIG leaves room for what an alias adds */

    if (cl->alias_maximum
        && size + NGX_MQTT_ALIAS_SIZE <= cl->max_packet_size)
    {
        topic = ngx_mqtt_message_topic(m, cl->worker->topic);
        d->topic_omitted = ngx_mqtt_alias_out(cl, topic, m->topic_len,
                                              &alias);
        d->topic_alias = alias;
        size = ngx_mqtt_delivery_size(d, cl->version);
    }

    out = ngx_mqtt_out_reserve(cl, size);
    if (out == NULL) {
        return NGX_ERROR;
    }

    p = ngx_mqtt_delivery_head(out->last, d, cl->version);

    ngx_mqtt_message_text(m, &text);

    if (d->topic_omitted) {
        ngx_mqtt_text_skip(&text, m->topic_len);

    } else {
        p = ngx_mqtt_text_read(&text, p, m->topic_len);
    }

    p = ngx_mqtt_delivery_middle(p, d, cl->version);

    if (cl->version == NGX_MQTT_V5) {
        p = ngx_mqtt_text_read(&text, p, m->props_len);

    } else {
        ngx_mqtt_text_skip(&text, m->props_len);
    }

    out->last = ngx_mqtt_text_read(&text, p, m->payload_len);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_deliver_pubrel(ngx_mqtt_record_t *r)
{
    u_char          *p;
    ngx_mqtt_out_t  *out;

    out = ngx_mqtt_out_reserve(r->client, NGX_MQTT_PUBREL_SIZE);
    if (out == NULL) {
        return NGX_ERROR;
    }

    p = out->last;

    *p++ = NGX_MQTT_PUBREL << 4 | 0x02;
    *p++ = 2;
    *p++ = (u_char) (r->d.packet_id >> 8);
    *p++ = (u_char) r->d.packet_id;

    out->last = p;

    return NGX_OK;
}


void
ngx_mqtt_deliver_unstall_locked(ngx_mqtt_worker_t *w, ngx_mqtt_attach_t *a)
{
    ngx_mqtt_set(a->stalled, 0);

    if (a->session
        && (a->session->replays || ngx_mqtt_queue_due_locked(a->session)))
    {
        ngx_mqtt_slot_ready_locked(w, a);
    }
}


void
ngx_mqtt_deliver_resume(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_worker_t  *w;

    if (cl->attach == NULL || cl->big_left) {
        return;
    }

    w = cl->worker;

    ngx_mqtt_worker_lock(w);
    ngx_mqtt_deliver_unstall_locked(w, cl->attach);
    ngx_mqtt_worker_unlock(w);
}
