
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_publication.h>
#include <ngx_mqtt_will.h>
#include <ngx_mqtt_native_session.h>


void
ngx_mqtt_publication_begin_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub)
{
    ngx_mqtt_will_t     *will;
    ngx_mqtt_retain_t   *retain;
    ngx_mqtt_session_t  *s;

    s = pub->session;

    if (s) {
        if (pub->packet_id) {
            ngx_mqtt_session_hold_id_locked(s, pub->packet_id);
        }

        if (pub->has_ack) {
            ngx_mqtt_native_ack_locked(zone, s, pub->ack_id);
        }

        if (pub->stream) {
            ngx_mqtt_stream_done_locked(zone, s, pub->stream, pub->fragment,
                                        pub->stream_end);
        }

        will = s->will;

        if (will && will->message == pub->message) {
            ngx_mqtt_will_drop_locked(zone, s);
        }

        ngx_mqtt_set(pub->session, NULL);
    }

    retain = pub->retain;

    if (retain) {
        if (pub->message->payload_len) {
            ngx_mqtt_retain_set_locked(zone, retain, pub->message);

        } else {
            ngx_mqtt_retain_clear_locked(zone, retain);
        }

        ngx_mqtt_set(pub->retain, NULL);
        ngx_mqtt_retain_release_locked(zone, retain);
    }
}


ngx_int_t
ngx_mqtt_publication_finish_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_publication_t *pub, ngx_uint_t *budget)
{
    ngx_uint_t           cost;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_message_t  *m;
    ngx_mqtt_session_t  *s;

    m = pub->message;

    if (m == NULL) {
        return NGX_OK;
    }

    while (pub->todo) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        e = pub->todo;
        s = e->m.target;

        /* see ngx_mqtt_publication_settle_locked() */

        ngx_mqtt_set(pub->target, s);
        ngx_mqtt_set(pub->serial, e->order);
        ngx_mqtt_set(pub->current, e);
        ngx_mqtt_set(pub->todo, e->next);

        if (s && s->state == NGX_MQTT_STATE_LIVE
            && (uint32_t) s->serial == e->order)
        {
            cost = ngx_mqtt_queue_append_locked(w, s, e, m);
            *budget -= ngx_min(*budget, cost);

            ngx_mqtt_set(pub->current, NULL);

        } else {
            ngx_mqtt_set(pub->current, NULL);
            ngx_mqtt_entry_free_locked(w->zone, e);
        }
    }

    ngx_mqtt_set(pub->message, NULL);
    ngx_mqtt_message_unref_locked(w->zone, m);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_publication_abandon_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub, ngx_uint_t *budget)
{
    ngx_mqtt_entry_t  *e;

    while (pub->drafts) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        e = pub->drafts;
        ngx_mqtt_set(pub->drafts, e->next);
        ngx_mqtt_entry_free_locked(zone, e);
    }

    return NGX_OK;
}


ngx_mqtt_publication_t *
ngx_mqtt_publication_find_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_uint_t        i;
    ngx_mqtt_root_t  *root;
    ngx_mqtt_slot_t  *slot;

    root = w->zone->root;

    for (i = 0; i < root->nslots; i++) {
        slot = root->slots[i];

        if (slot != w->slot && slot->pubs[0].from == s) {
            return &slot->pubs[0];
        }
    }

    return NULL;
}


void
ngx_mqtt_publication_release_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_message_t  *m;

    m = pub->matching;
    hub = pub->hub;

    ngx_mqtt_set(pub->from, NULL);

    if (m) {
        ngx_mqtt_set(pub->matching, NULL);
        ngx_mqtt_message_unref_locked(zone, m);
    }

    if (hub) {
        ngx_mqtt_set(pub->hub, NULL);
        ngx_mqtt_set(hub->publishers, hub->publishers - 1);
        ngx_mqtt_hub_release_locked(zone, hub);
    }
}


void
ngx_mqtt_publication_settle_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub)
{
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_session_t  *s;

    if (pub->message == NULL) {
        return;
    }

    ngx_mqtt_publication_begin_locked(zone, pub);

    e = pub->current;

    if (e == NULL) {
        return;
    }

    s = pub->target;

    /*
     * Nobody had the lock since: if the entry was queued, it is the last
     * one.  If it was not, it becomes the next to be queued again.
     */

    if (pub->todo != e
        && (s == NULL || (s->tail != e && s->tail0 != e)))
    {
        e->order = pub->serial;
        e->m.target = s;

        ngx_mqtt_set(e->next, pub->todo);
        ngx_mqtt_set(pub->todo, e);
    }

    ngx_mqtt_set(pub->current, NULL);
}
