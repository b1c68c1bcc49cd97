
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_publication.h>
#include <ngx_mqtt_share.h>
#include <ngx_mqtt_property.h>


/* subscriptions looked at, and deliveries queued, in one hold of the lock */
#define NGX_MQTT_PUBLISH_BATCH    512


/* A publication before its commit, on the publisher's stack. */

typedef struct {
    ngx_mqtt_worker_t    *worker;
    ngx_mqtt_hub_t       *hub;
    ngx_mqtt_message_t   *message;
    ngx_mqtt_session_t   *from;
    uint64_t              from_serial;
    uint64_t              serial;      /* of this match */
    ngx_uint_t            epoch;
    ngx_uint_t            will;
    ngx_uint_t            matched;
    ngx_uint_t            budget;      /* left of this hold */
} ngx_mqtt_publishing_t;


static void ngx_mqtt_publish_urgent_locked(ngx_mqtt_worker_t *w,
    ngx_uint_t urgent);
static ngx_int_t ngx_mqtt_publish_collect_locked(ngx_mqtt_publishing_t *p,
    ngx_str_t *topic);
static ngx_int_t ngx_mqtt_publish_match_locked(ngx_mqtt_publishing_t *p,
    ngx_str_t *topic);
static ngx_int_t ngx_mqtt_publish_subs_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_sub_t *sub, ngx_str_t *deep);
static ngx_int_t ngx_mqtt_publish_groups_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_group_t *group, ngx_str_t *deep);
static ngx_int_t ngx_mqtt_publish_target_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_sub_t *sub);
static ngx_int_t ngx_mqtt_publish_merge_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_sub_t *sub);
static ngx_int_t ngx_mqtt_publish_pause_locked(ngx_mqtt_publishing_t *p);
static ngx_uint_t ngx_mqtt_publish_own(ngx_mqtt_publishing_t *p,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_publish_enter_locked(ngx_mqtt_publishing_t *p);
static ngx_uint_t ngx_mqtt_publish_is_will(ngx_mqtt_publishing_t *p);
static ngx_int_t ngx_mqtt_publish_commit_locked(ngx_mqtt_publishing_t *p,
    ngx_str_t *topic, ngx_uint_t packet_id, ngx_uint_t max_retained);


/* Until the lock is released; removing a retained message has to go on. */

static void
ngx_mqtt_publish_urgent_locked(ngx_mqtt_worker_t *w, ngx_uint_t urgent)
{
    w->zone->root->blocks.urgent = urgent;
}


ngx_mqtt_message_t *
ngx_mqtt_publish_store(ngx_mqtt_worker_t *w, ngx_mqtt_inbound_t *in)
{
    u_char              *props;
    size_t               props_len;
    ngx_mqtt_text_t      text;
    ngx_mqtt_message_t  *m;

    props = NULL;
    props_len = in->props ? in->props->forward_len : 0;

    if (props_len) {
        props = in->props->raw.data;

        if (props_len != in->props->raw.len) {
            props = ngx_alloc(props_len, w->log);
            if (props == NULL) {
                return NULL;
            }

            ngx_mqtt_property_forward(props, in->props);
        }
    }

    ngx_mqtt_worker_lock(w);
    ngx_mqtt_publish_urgent_locked(w, in->retain && in->payload.len == 0);

    m = ngx_mqtt_message_alloc_locked(w->zone, in->topic.len, props_len,
                                      in->payload.len);
    if (m) {
        m->qos = in->qos;
        m->retain = in->retain;

        if (in->props
            && (in->props->set
                & ((uint64_t) 1 << NGX_MQTT_PROP_MESSAGE_EXPIRY)))
        {
            m->expires = ngx_current_msec
                         + (ngx_msec_t) in->props->message_expiry * 1000;
        }

        ngx_mqtt_set(w->slot->filling, m);

    } else {
        w->full = 1;
    }

    ngx_mqtt_worker_unlock(w);

    if (m) {
        ngx_mqtt_message_text(m, &text);
        ngx_mqtt_text_write(&text, in->topic.data, in->topic.len);
        ngx_mqtt_text_write(&text, props, props_len);
        ngx_mqtt_text_write(&text, in->payload.data, in->payload.len);
    }

    if (props_len && props != in->props->raw.data) {
        ngx_free(props);
    }

    return m;
}


void
ngx_mqtt_publish_drop(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_message_t  *m;

    if (w->slot->filling == NULL) {
        return;
    }

    ngx_mqtt_worker_lock(w);

    m = w->slot->filling;
    ngx_mqtt_set(w->slot->filling, NULL);
    ngx_mqtt_message_unref_locked(w->zone, m);

    ngx_mqtt_worker_unlock(w);
}


ngx_uint_t
ngx_mqtt_publish_locked(ngx_mqtt_worker_t *w, ngx_mqtt_hub_t *hub,
    ngx_mqtt_message_t *m, ngx_str_t *topic, ngx_mqtt_session_t *from,
    ngx_uint_t packet_id, ngx_uint_t will, ngx_uint_t max_retained)
{
    ngx_int_t              rc;
    ngx_uint_t             budget;
    ngx_mqtt_publishing_t  p;

    ngx_memzero(&p, sizeof(ngx_mqtt_publishing_t));

    p.worker = w;
    p.hub = hub;
    p.message = m;
    p.from = from;
    p.from_serial = from ? from->serial : 0;
    p.will = will;

    ngx_mqtt_publish_enter_locked(&p);
    ngx_mqtt_publish_urgent_locked(w, ngx_mqtt_message_clears(m));

    do {
        rc = ngx_mqtt_publish_collect_locked(&p, topic);
    } while (rc == NGX_AGAIN);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_publish_commit_locked(&p, topic, packet_id,
                                            max_retained);
    }

    if (rc == NGX_OK) {
        do {
            budget = NGX_MQTT_PUBLISH_BATCH;
            rc = ngx_mqtt_publication_finish_locked(w, w->slot, &budget);

            if (rc == NGX_AGAIN) {
                ngx_mqtt_worker_unlock(w);
                ngx_mqtt_worker_lock(w);
            }

        } while (rc == NGX_AGAIN);

    } else {

        if (rc == NGX_ERROR) {
            w->full = 1;
        }

        while (ngx_mqtt_publish_abandon_locked(w->zone, w->slot, &p.budget)
               == NGX_AGAIN)
        {
            (void) ngx_mqtt_publish_pause_locked(&p);
        }

        if (ngx_mqtt_publish_is_will(&p)) {
            ngx_mqtt_session_drop_will_locked(w->zone, from);
        }
    }

    if (w->slot->filling == m) {
        ngx_mqtt_set(w->slot->filling, NULL);
        ngx_mqtt_message_unref_locked(w->zone, m);
    }

    ngx_mqtt_slot_leave_locked(w);
    ngx_mqtt_publish_release_locked(w->zone, w->slot);

    if (rc == NGX_ERROR || rc == NGX_DECLINED) {
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    return p.matched ? NGX_MQTT_SUCCESS : NGX_MQTT_NO_MATCHING_SUBSCRIBERS;
}


/*
 * The lock is released now and then, but the message and the hub stay, and
 * what the match has found is not freed.
 */

static void
ngx_mqtt_publish_enter_locked(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_slot_t  *slot;

    slot = p->worker->slot;

    ngx_mqtt_slot_enter_locked(p->worker);

    ngx_mqtt_set(slot->hub, p->hub);
    ngx_mqtt_set(p->hub->publishers, p->hub->publishers + 1);

    ngx_mqtt_set(slot->matching, p->message);
    ngx_mqtt_set(p->message->refs, p->message->refs + 1);
}


void
ngx_mqtt_publish_release_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_slot_t *slot)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_message_t  *m;

    m = slot->matching;
    hub = slot->hub;

    if (m) {
        ngx_mqtt_set(slot->matching, NULL);
        ngx_mqtt_message_unref_locked(zone, m);
    }

    if (hub) {
        ngx_mqtt_set(slot->hub, NULL);
        ngx_mqtt_set(hub->publishers, hub->publishers - 1);
        ngx_mqtt_hub_release_locked(zone, hub);
    }
}


/* Whether the message is the present will of the session it came from. */

static ngx_uint_t
ngx_mqtt_publish_is_will(ngx_mqtt_publishing_t *p)
{
    return p->will && p->from && p->from->serial == p->from_serial
           && p->from->will && p->from->will->message == p->message;
}


/*
 * Makes an entry for each subscriber.  NGX_AGAIN: the zone was rebuilt in
 * between, which freed them all: begin again.  NGX_ERROR: no memory.
 */

static ngx_int_t
ngx_mqtt_publish_collect_locked(ngx_mqtt_publishing_t *p, ngx_str_t *topic)
{
    ngx_int_t           rc;
    ngx_str_t          *deep;
    ngx_uint_t          i;
    ngx_mqtt_node_t    *node;
    ngx_mqtt_root_t    *root;
    ngx_mqtt_match_t   *match;
    ngx_mqtt_worker_t  *w;

    w = p->worker;
    root = w->zone->root;
    match = &w->match;

    p->matched = 0;
    p->epoch = root->epoch;
    p->serial = ++root->serial;
    p->budget = NGX_MQTT_PUBLISH_BATCH;

    rc = ngx_mqtt_publish_match_locked(p, topic);
    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; i < match->n; i++) {
        node = match->nodes[i];
        deep = ngx_mqtt_node_is_deep(node) ? topic : NULL;

        rc = ngx_mqtt_publish_subs_locked(p, node->subs, deep);

        if (rc == NGX_OK) {
            rc = ngx_mqtt_publish_groups_locked(p, node->groups, deep);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/* NGX_AGAIN: the zone was rebuilt. */

static ngx_int_t
ngx_mqtt_publish_match_locked(ngx_mqtt_publishing_t *p, ngx_str_t *topic)
{
    ngx_int_t           rc;
    ngx_mqtt_match_t   *match;
    ngx_mqtt_worker_t  *w;

    w = p->worker;
    match = &w->match;

    ngx_mqtt_match_start(w->zone, p->hub->subs, topic, match);

    for ( ;; ) {
        rc = ngx_mqtt_tree_match_locked(w->zone, match, &p->budget);

        if (rc == NGX_OK) {
            return NGX_OK;
        }

        if (rc == NGX_AGAIN) {
            ngx_mqtt_worker_unlock(w);
            rc = ngx_mqtt_match_grow(match, w->log);
            ngx_mqtt_worker_lock(w);

            if (rc != NGX_OK) {
                return NGX_ERROR;
            }
        }

        if (ngx_mqtt_publish_pause_locked(p) != NGX_OK) {
            return NGX_AGAIN;
        }
    }
}


/* "deep": the topic, if the filters are to be compared with it. */

static ngx_int_t
ngx_mqtt_publish_subs_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_sub_t *sub,
    ngx_str_t *deep)
{
    for ( /* void */ ; sub; sub = sub->node_next) {

        if (p->budget-- == 0 && ngx_mqtt_publish_pause_locked(p) != NGX_OK) {
            return NGX_AGAIN;
        }

        if (deep && !ngx_mqtt_sub_matches_locked(sub, deep, &p->budget)) {
            continue;
        }

        if (ngx_mqtt_sub_no_local(sub)
            && ngx_mqtt_publish_own(p, sub->session))
        {
            continue;
        }

        if (ngx_mqtt_publish_target_locked(p, sub) == NGX_ERROR
            && p->message->qos)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_publish_groups_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_group_t *group, ngx_str_t *deep)
{
    uint64_t             match;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_slot_t     *slot;
    ngx_mqtt_entry_t    *last, *entry;
    ngx_mqtt_session_t  *s;

    slot = p->worker->slot;

    for ( /* void */ ; group; group = group->next) {

        if (p->budget-- == 0 && ngx_mqtt_publish_pause_locked(p) != NGX_OK) {
            return NGX_AGAIN;
        }

        if (deep && !ngx_mqtt_group_matches_locked(group, deep, &p->budget)) {
            continue;
        }

        p->matched = 1;

        sub = ngx_mqtt_share_member_locked(group, p->message, &p->budget);
        if (sub == NULL) {
            continue;
        }

        /* never merged with the member's own copies */

        s = sub->session;
        match = s->match;
        entry = s->match_entry;
        last = slot->drafts;

        s->match = 0;

        if (ngx_mqtt_publish_target_locked(p, sub) == NGX_ERROR
            && p->message->qos)
        {
            return NGX_ERROR;
        }

        if (slot->drafts != last) {
            ngx_mqtt_set(slot->drafts->u.shared.hash, sub->link.hash);
            ngx_mqtt_set(slot->drafts->flags,
                         slot->drafts->flags | NGX_MQTT_ENTRY_SHARED);
        }

        s->match = match;
        s->match_entry = entry;
    }

    return NGX_OK;
}


/* NGX_ERROR: no memory for this one. */

static ngx_int_t
ngx_mqtt_publish_target_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_sub_t *sub)
{
    ngx_int_t            rc;
    ngx_uint_t           qos;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_session_t  *s;

    s = sub->session;

    if (s->state != NGX_MQTT_STATE_LIVE) {
        return NGX_OK;
    }

    p->matched = 1;

    if (s->match == p->serial) {
        rc = ngx_mqtt_publish_merge_locked(p, sub);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        /* too many identifiers for one copy: another one [MQTT-3.3.4-4] */
    }

    qos = ngx_min(p->message->qos, ngx_mqtt_sub_qos(sub));

    rc = ngx_mqtt_queue_accepts_locked(s, qos,
                                       ngx_mqtt_message_size(p->message));

    if (rc == NGX_DECLINED) {

        /* QoS 0 is not kept for who is offline */

        if (qos || s->attach) {
            p->worker->slot->counts.full++;
        }

        return NGX_OK;
    }

    if (rc == NGX_BUSY) {
        if (s->attach) {
            ngx_mqtt_session_kick_locked(p->worker, s,
                                         NGX_MQTT_QUOTA_EXCEEDED);
        } else {
            ngx_mqtt_session_end_locked(p->worker, s);
        }

        return NGX_OK;
    }

    e = ngx_mqtt_entry_alloc_locked(p->worker->zone, qos, sub->id);
    if (e == NULL) {
        return NGX_ERROR;
    }

    if (p->message->retain && ngx_mqtt_sub_rap(sub)) {
        e->flags = NGX_MQTT_ENTRY_RETAIN;
    }

    e->m.target = s;
    e->order = (uint32_t) s->serial;
    e->next = p->worker->slot->drafts;
    ngx_mqtt_set(p->worker->slot->drafts, e);

    s->match = p->serial;
    s->match_entry = e;

    return NGX_OK;
}


/* One copy for overlapping filters: the highest QoS, all identifiers. */

static ngx_int_t
ngx_mqtt_publish_merge_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_sub_t *sub)
{
    ngx_int_t          rc;
    ngx_uint_t         qos;
    ngx_mqtt_entry_t  *e;

    e = sub->session->match_entry;

    rc = ngx_mqtt_entry_add_id_locked(p->worker->zone, e, sub->id);
    if (rc != NGX_OK) {
        return rc;
    }

    qos = ngx_min(p->message->qos, ngx_mqtt_sub_qos(sub));

    if (qos > ngx_mqtt_entry_qos(e)) {
        ngx_mqtt_set(e->qos_state,
                     ngx_mqtt_entry_qs(qos, NGX_MQTT_ENTRY_QUEUED));
    }

    if (p->message->retain && ngx_mqtt_sub_rap(sub)) {
        ngx_mqtt_set(e->flags, e->flags | NGX_MQTT_ENTRY_RETAIN);
    }

    return NGX_OK;
}


/* [MQTT-3.8.3-3]: own means the same client id, in any session of it. */

static ngx_uint_t
ngx_mqtt_publish_own(ngx_mqtt_publishing_t *p, ngx_mqtt_session_t *s)
{
    if (p->from == NULL) {
        return 0;
    }

    return p->from == s
           || (p->from->id_len == s->id_len
               && ngx_memcmp(p->from->data, s->data, s->id_len) == 0);
}


/* Lets others have the lock.  NGX_AGAIN: the zone was rebuilt. */

static ngx_int_t
ngx_mqtt_publish_pause_locked(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_worker_unlock(p->worker);
    ngx_mqtt_worker_lock(p->worker);
    ngx_mqtt_publish_urgent_locked(p->worker,
                                   ngx_mqtt_message_clears(p->message));

    p->budget = NGX_MQTT_PUBLISH_BATCH;

    return p->epoch == p->worker->zone->root->epoch ? NGX_OK : NGX_AGAIN;
}


ngx_int_t
ngx_mqtt_publish_abandon_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_slot_t *slot,
    ngx_uint_t *budget)
{
    ngx_mqtt_entry_t  *e;

    while (slot->drafts) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        e = slot->drafts;
        ngx_mqtt_set(slot->drafts, e->next);
        ngx_mqtt_entry_free_locked(zone, e);
    }

    return NGX_OK;
}


/*
 * NGX_DONE: another process has published it in the meantime, or it is a
 * will no longer.
 */

static ngx_int_t
ngx_mqtt_publish_commit_locked(ngx_mqtt_publishing_t *p, ngx_str_t *topic,
    ngx_uint_t packet_id, ngx_uint_t max_retained)
{
    ngx_mqtt_zone_t         *zone;
    ngx_mqtt_retain_t       *retain;
    ngx_mqtt_message_t      *m;
    ngx_mqtt_publication_t  *pub;

    m = p->message;
    zone = p->worker->zone;
    retain = NULL;

    /* the session may have ended while the lock was not held */

    if (p->from && p->from->serial != p->from_serial) {
        p->from = NULL;
        packet_id = 0;
    }

    if (p->will && !ngx_mqtt_publish_is_will(p)) {
        return NGX_DONE;
    }

    if (packet_id) {

        if (ngx_mqtt_session_holds_id_locked(p->from, packet_id)) {
            return NGX_DONE;
        }

        if (ngx_mqtt_session_reserve_id_locked(zone, p->from) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (m->retain) {
        retain = ngx_mqtt_retain_find_locked(zone, p->hub, topic);

        if (retain == NULL && m->payload_len) {

            if (max_retained && p->hub->nretained >= max_retained) {
                return NGX_DECLINED;
            }

            if (ngx_mqtt_retain_reserve_locked(zone, p->hub, topic, &retain)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    pub = &p->worker->slot->pub;

    pub->session = p->from;
    pub->packet_id = packet_id;
    pub->retain = retain;
    pub->todo = p->worker->slot->drafts;
    pub->current = NULL;

    ngx_mqtt_set(pub->message, m);
    ngx_mqtt_set(m->refs, m->refs + 1);
    ngx_mqtt_set(p->worker->slot->drafts, NULL);

    ngx_mqtt_publication_begin_locked(zone, pub);

    return NGX_OK;
}
