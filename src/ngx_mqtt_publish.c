
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_publication.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_will.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>


/* holds of NGX_MQTT_PUBLISH_BATCH in one pass of the event loop */
#define NGX_MQTT_PUBLISH_HOLDS    32


static void ngx_mqtt_publish_urgent_locked(ngx_mqtt_worker_t *w,
    ngx_uint_t urgent);
static void ngx_mqtt_publish_begin_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_publish_args_t *args);
static void ngx_mqtt_publish_topic_locked(ngx_mqtt_publishing_t *p);
static ngx_int_t ngx_mqtt_publish_go_locked(ngx_mqtt_publishing_t *p,
    ngx_uint_t holds);
static ngx_int_t ngx_mqtt_publish_hold_locked(ngx_mqtt_publishing_t *p);
static void ngx_mqtt_publish_fail_locked(ngx_mqtt_publishing_t *p,
    ngx_int_t rc);
static void ngx_mqtt_publish_again_locked(ngx_mqtt_publishing_t *p);
static ngx_uint_t ngx_mqtt_publish_end_locked(ngx_mqtt_publishing_t *p);
static ngx_uint_t ngx_mqtt_publish_is_will(ngx_mqtt_publishing_t *p);
static ngx_int_t ngx_mqtt_publish_commit_locked(ngx_mqtt_publishing_t *p);
static ngx_int_t ngx_mqtt_publish_claim_locked(ngx_mqtt_publishing_t *p);


ngx_int_t
ngx_mqtt_publish_init(ngx_mqtt_worker_t *w)
{
    ngx_uint_t              i;
    ngx_mqtt_publishing_t  *p;

    w->publishing = ngx_calloc(NGX_MQTT_PUBS * sizeof(ngx_mqtt_publishing_t),
                               w->log);
    if (w->publishing == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_MQTT_PUBS; i++) {
        p = &w->publishing[i];
        p->worker = w;

        p->buf = ngx_alloc(NGX_MQTT_STRING_MAX, w->log);

        if (p->buf == NULL || ngx_mqtt_match_grow(&p->match, w->log) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_mqtt_publish_done(ngx_mqtt_worker_t *w)
{
    ngx_uint_t              i;
    ngx_mqtt_publishing_t  *p;

    if (w->publishing == NULL) {
        return;
    }

    for (i = 0; i < NGX_MQTT_PUBS; i++) {
        p = &w->publishing[i];

        ngx_mqtt_match_free(&p->match);

        if (p->buf) {
            ngx_free(p->buf);
        }
    }

    ngx_free(w->publishing);
    w->publishing = NULL;
}


/* Until the lock is released; removing a retained message has to go on. */

static void
ngx_mqtt_publish_urgent_locked(ngx_mqtt_worker_t *w, ngx_uint_t urgent)
{
    w->zone->root->blocks.urgent = urgent;
}


ngx_uint_t
ngx_mqtt_publish_locked(ngx_mqtt_worker_t *w, ngx_mqtt_publish_args_t *args)
{
    ngx_mqtt_publishing_t  *p;

    p = &w->publishing[1];

    ngx_mqtt_publish_begin_locked(p, args);

    while (ngx_mqtt_publish_go_locked(p, NGX_MQTT_PUBLISH_HOLDS) == NGX_AGAIN) {
        ngx_mqtt_worker_unlock(w);
        ngx_mqtt_worker_lock(w);
    }

    return ngx_mqtt_publish_end_locked(p);
}


ngx_uint_t
ngx_mqtt_publish_session(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose,
    ngx_mqtt_inbound_t *in)
{
    ngx_uint_t                reason;
    ngx_mqtt_session_t       *s;
    ngx_mqtt_publish_args_t   args;

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    args.message = ngx_mqtt_publish_store(w, in);

    if (args.message == NULL) {
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    reason = NGX_MQTT_NO_MATCHING_SUBSCRIBERS;

    ngx_mqtt_worker_lock(w);

    s = ngx_mqtt_profile_find_locked(w, whose);

    if (s && !ngx_mqtt_session_expired(s)) {
        args.hub = s->hub;
        args.to = s;
        reason = ngx_mqtt_publish_locked(w, &args);
    }

    ngx_mqtt_worker_unlock(w);

    ngx_mqtt_publish_drop(w);

    return reason;
}


ngx_int_t
ngx_mqtt_publish_client_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_publish_args_t *args, ngx_mqtt_packet_t *pkt, ngx_uint_t *reason)
{
    ngx_mqtt_worker_t      *w;
    ngx_mqtt_publishing_t  *p;

    w = cl->worker;
    p = &w->publishing[0];

    ngx_mqtt_publish_begin_locked(p, args);

    if (ngx_mqtt_publish_go_locked(p, NGX_MQTT_PUBLISH_HOLDS) == NGX_OK) {
        *reason = ngx_mqtt_publish_end_locked(p);
        return NGX_OK;
    }

    p->client = cl;
    p->id = pkt->packet_id;
    p->qos = pkt->qos;

    cl->waiting = 1;
    ngx_queue_init(&cl->turn);

    w->wide = 1;
    w->wake_self = 1;

    return NGX_AGAIN;
}


ngx_int_t
ngx_mqtt_publish_bulk_locked(ngx_mqtt_bulk_t *bulk,
    ngx_mqtt_publish_args_t *args, ngx_uint_t *reason)
{
    ngx_mqtt_worker_t      *w;
    ngx_mqtt_publishing_t  *p;

    w = bulk->worker;
    p = &w->publishing[0];

    ngx_mqtt_publish_begin_locked(p, args);

    if (ngx_mqtt_publish_go_locked(p, NGX_MQTT_PUBLISH_HOLDS) == NGX_OK) {
        *reason = ngx_mqtt_publish_end_locked(p);
        return NGX_OK;
    }

    p->bulk = bulk;

    w->wide = 1;
    w->wake_self = 1;

    return NGX_AGAIN;
}


void
ngx_mqtt_publish_slice(ngx_mqtt_worker_t *w)
{
    ngx_int_t               rc;
    ngx_uint_t              lost, reason;
    ngx_mqtt_bulk_t        *bulk;
    ngx_mqtt_client_t      *cl;
    ngx_mqtt_publishing_t  *p;

    p = &w->publishing[0];
    cl = p->client;
    bulk = p->bulk;
    reason = NGX_MQTT_SUCCESS;

    ngx_mqtt_worker_lock(w);

    rc = ngx_mqtt_publish_go_locked(p, NGX_MQTT_PUBLISH_HOLDS);

    if (rc == NGX_OK) {
        reason = ngx_mqtt_publish_end_locked(p);
    }

    lost = (cl && cl->attach->session == NULL);

    ngx_mqtt_worker_unlock(w);

    if (rc != NGX_OK) {
        return;
    }

    w->wide = 0;
    p->client = NULL;
    p->bulk = NULL;

    if (bulk) {
        ngx_mqtt_bulk_published(bulk, reason);

    } else if (lost) {
        (void) ngx_mqtt_handle_lost(cl);

    } else if (cl && ngx_mqtt_is_native(cl->version)) {
        ngx_mqtt_native_published(cl, reason);

    } else if (cl) {
        ngx_mqtt_handle_published(cl, p->qos, p->id, reason);
    }
}


void
ngx_mqtt_publish_forget(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_publishing_t  *p;

    p = &cl->worker->publishing[0];

    if (p->client == cl) {
        p->client = NULL;
    }
}


/*
 * The lock is released now and then, but the message and the hub stay, and
 * what the match has found is not freed.
 */

static void
ngx_mqtt_publish_begin_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_publish_args_t *args)
{
    ngx_mqtt_slot_t         *slot;
    ngx_mqtt_message_t      *m;
    ngx_mqtt_publication_t  *pub;

    slot = p->worker->slot;
    pub = &slot->pubs[p - p->worker->publishing];
    m = args->message;

    p->args = *args;
    p->pub = pub;
    p->from_serial = args->from ? args->from->serial : 0;
    p->phase = NGX_MQTT_PUBLISH_START;
    p->rc = NGX_OK;

    ngx_mqtt_slot_enter_locked(p->worker);

    ngx_mqtt_set(pub->from, args->from);
    ngx_mqtt_set(pub->hub, args->hub);
    ngx_mqtt_set(args->hub->publishers, args->hub->publishers + 1);

    ngx_mqtt_set(pub->matching, m);

    if (slot->filling == m) {
        ngx_mqtt_set(slot->filling, NULL);

    } else {
        ngx_mqtt_set(m->refs, m->refs + 1);
    }

    ngx_mqtt_publish_topic_locked(p);
}


/* A topic that lies in pieces is copied, without the lock. */

static void
ngx_mqtt_publish_topic_locked(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_message_t  *m;

    m = p->args.message;
    p->topic.len = m->topic_len;

    if (m->topic_len <= m->room) {
        p->topic.data = m->data;
        return;
    }

    ngx_mqtt_worker_unlock(p->worker);

    p->topic.data = ngx_mqtt_message_topic(m, p->buf);

    ngx_mqtt_worker_lock(p->worker);

    ngx_mqtt_publish_again_locked(p);
}


/* NGX_AGAIN: these holds were not enough, and the last one is not over. */

static ngx_int_t
ngx_mqtt_publish_go_locked(ngx_mqtt_publishing_t *p, ngx_uint_t holds)
{
    ngx_int_t           rc;
    ngx_mqtt_worker_t  *w;

    w = p->worker;

    for ( ;; ) {

        ngx_mqtt_publish_urgent_locked(w,
                                   ngx_mqtt_message_clears(p->args.message));

        p->budget = NGX_MQTT_PUBLISH_BATCH;

        rc = ngx_mqtt_publish_hold_locked(p);

        w->work += NGX_MQTT_PUBLISH_BATCH - p->budget;

        if (rc == NGX_OK) {
            return NGX_OK;
        }

        if (rc == NGX_AGAIN && --holds == 0) {
            return NGX_AGAIN;
        }

        ngx_mqtt_worker_unlock(w);

        if (rc == NGX_BUSY) {
            rc = ngx_mqtt_match_grow(&p->match, w->log);
        }

        ngx_mqtt_worker_lock(w);

        if (rc == NGX_ERROR) {
            ngx_mqtt_publish_fail_locked(p, NGX_ERROR);
        }
    }
}


/* As far as the budget lasts; see ngx_mqtt_collect_locked(). */

static ngx_int_t
ngx_mqtt_publish_hold_locked(ngx_mqtt_publishing_t *p)
{
    ngx_int_t         rc;
    ngx_mqtt_root_t  *root;

    root = p->worker->zone->root;

    for ( ;; ) {

        switch (p->phase) {

        case NGX_MQTT_PUBLISH_MATCH:
        case NGX_MQTT_PUBLISH_COLLECT:

            if (p->epoch != root->epoch) {

                ngx_mqtt_publish_again_locked(p);
            }

            /* fall through */

        case NGX_MQTT_PUBLISH_START:

            rc = ngx_mqtt_collect_locked(p);

            if (rc == NGX_AGAIN || rc == NGX_BUSY) {
                return rc;
            }

            if (rc == NGX_OK) {
                rc = ngx_mqtt_publish_commit_locked(p);
            }

            if (rc != NGX_OK) {
                ngx_mqtt_publish_fail_locked(p, rc);
                break;
            }

            p->phase = NGX_MQTT_PUBLISH_QUEUE;
            break;

        case NGX_MQTT_PUBLISH_QUEUE:

            if (ngx_mqtt_publication_finish_locked(p->worker, p->pub,
                                                   &p->budget)
                == NGX_AGAIN)
            {
                return NGX_AGAIN;
            }

            p->phase = NGX_MQTT_PUBLISH_DONE;
            return NGX_OK;

        case NGX_MQTT_PUBLISH_ABANDON:

            if (ngx_mqtt_publication_abandon_locked(p->worker->zone, p->pub,
                                                    &p->budget)
                == NGX_AGAIN)
            {
                return NGX_AGAIN;
            }

            if (ngx_mqtt_publish_is_will(p)) {
                ngx_mqtt_will_drop_locked(p->worker->zone,
                                          p->args.from);
            }

            p->phase = NGX_MQTT_PUBLISH_DONE;
            return NGX_OK;

        default:
            return NGX_OK;
        }
    }
}


static void
ngx_mqtt_publish_fail_locked(ngx_mqtt_publishing_t *p, ngx_int_t rc)
{
    p->rc = rc;
    p->phase = NGX_MQTT_PUBLISH_ABANDON;

    if (rc == NGX_ERROR) {
        p->worker->full = 1;
    }
}


/* A rebuild has freed all entries, and perhaps the publisher's session. */

static void
ngx_mqtt_publish_again_locked(ngx_mqtt_publishing_t *p)
{
    p->phase = NGX_MQTT_PUBLISH_START;

    if (p->args.from && p->args.from->serial != p->from_serial) {
        p->args.from = NULL;
        p->args.packet_id = 0;
        p->args.has_ack = 0;
        p->args.stream = NULL;
    }
}


static ngx_uint_t
ngx_mqtt_publish_end_locked(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_session_t  *s;

    s = p->args.from;

    /* a session that has ended is memory as long as this is a walker */

    if (s && s->serial == p->from_serial && s->attach
        && s->attach->slot != p->worker->slot->index)
    {
        /* its next PUBLISH may wait there for this one */

        ngx_mqtt_slot_ready_locked(p->worker, s->attach);
    }

    ngx_mqtt_slot_leave_locked(p->worker);
    ngx_mqtt_publication_release_locked(p->worker->zone, p->pub);

    if (p->rc == NGX_ERROR || p->rc == NGX_DECLINED) {
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    return p->matched ? NGX_MQTT_SUCCESS : NGX_MQTT_NO_MATCHING_SUBSCRIBERS;
}


/* Whether the message is the present will of the session it came from. */

static ngx_uint_t
ngx_mqtt_publish_is_will(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_session_t  *s;

    s = p->args.from;

    return p->args.will && s && s->serial == p->from_serial
           && s->will && s->will->message == p->args.message;
}


/*
 * NGX_DONE: another process has published it in the meantime, or it is a
 * will no longer.
 */

static ngx_int_t
ngx_mqtt_publish_commit_locked(ngx_mqtt_publishing_t *p)
{
    ngx_int_t                 rc;
    ngx_mqtt_zone_t          *zone;
    ngx_mqtt_retain_t        *retain;
    ngx_mqtt_message_t       *m;
    ngx_mqtt_publication_t   *pub;
    ngx_mqtt_publish_args_t  *args;

    args = &p->args;
    m = args->message;
    zone = p->worker->zone;
    retain = NULL;

    rc = ngx_mqtt_publish_claim_locked(p);

    if (rc != NGX_OK) {
        return rc;
    }

    if (m->retain) {
        retain = ngx_mqtt_retain_find_locked(zone, args->hub, &p->topic);

        if (retain == NULL && m->payload_len) {

            if (args->max_retained
                && args->hub->nretained >= args->max_retained)
            {
                return NGX_DECLINED;
            }

            if (ngx_mqtt_retain_reserve_locked(zone, args->hub, &p->topic,
                                               &retain)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    pub = p->pub;

    pub->session = args->from;
    pub->packet_id = args->packet_id;
    pub->has_ack = (u_char) args->has_ack;
    pub->ack_id = args->ack_id;
    pub->stream = args->stream;
    pub->fragment = args->fragment;
    pub->stream_end = (u_char) args->stream_end;
    pub->retain = retain;
    pub->todo = pub->drafts;
    pub->current = NULL;

    ngx_mqtt_set(pub->message, m);
    ngx_mqtt_set(m->refs, m->refs + 1);
    ngx_mqtt_set(pub->drafts, NULL);

    ngx_mqtt_publication_begin_locked(zone, pub);

    return NGX_OK;
}


/*
 * What the publisher's session has to remember of it: that it has not done so
 * yet, and has room.
 */

static ngx_int_t
ngx_mqtt_publish_claim_locked(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_zone_t          *zone;
    ngx_mqtt_publish_args_t  *args;

    args = &p->args;
    zone = p->worker->zone;

    /* the session may have ended while the lock was not held */

    if (args->from && args->from->serial != p->from_serial) {
        args->from = NULL;
        args->packet_id = 0;
        args->has_ack = 0;
        args->stream = NULL;
    }

    /* a kill may leave this of one that was being taken apart */

    if (args->from && args->from->native == NULL) {
        args->has_ack = 0;
        args->stream = NULL;
    }

    if (args->stream
        && !ngx_mqtt_stream_expects_locked(args->from, args->stream,
                                           args->fragment))
    {
        return NGX_DONE;
    }

    if (args->will && !ngx_mqtt_publish_is_will(p)) {
        return NGX_DONE;
    }

    if (args->packet_id) {

        if (ngx_mqtt_session_holds_id_locked(args->from, args->packet_id)) {
            return NGX_DONE;
        }

        if (ngx_mqtt_session_reserve_id_locked(zone, args->from) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (args->has_ack) {

        if (ngx_mqtt_native_acked_locked(args->from, args->ack_id)) {
            return NGX_DONE;
        }

        if (ngx_mqtt_native_reserve_ack_locked(zone, args->from, args->ack_id)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
