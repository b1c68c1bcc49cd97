
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publication.h>
#include <ngx_mqtt_user.h>
#include <ngx_mqtt_native_session.h>


/*
 * After a process died inside the lock: marks what can be reached from truth,
 * frees everything else, and makes all derived structures anew.  Of
 * truth it mends only what a kill left halfway, each by one store that may be
 * repeated, so it may itself be killed and begun again.
 */


static void ngx_mqtt_rebuild_slots_locked(ngx_mqtt_zone_t *zone);
static void ngx_mqtt_rebuild_mark_publication(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub);
static void ngx_mqtt_rebuild_targets_locked(ngx_mqtt_zone_t *zone);
static ngx_int_t ngx_mqtt_rebuild_mark_hub(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static ngx_int_t ngx_mqtt_rebuild_mark_session(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static ngx_int_t ngx_mqtt_rebuild_mark_retain(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static void ngx_mqtt_rebuild_mark_message(ngx_mqtt_zone_t *zone,
    ngx_mqtt_message_t *m);
static void ngx_mqtt_rebuild_mark_entry(ngx_mqtt_zone_t *zone,
    ngx_mqtt_entry_t *e);
static size_t ngx_mqtt_rebuild_mark_queue(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_mqtt_entry_t *head, ngx_mqtt_entry_t **tail,
    uint32_t *n);
static ngx_mqtt_publication_t *ngx_mqtt_rebuild_publication(
    ngx_mqtt_zone_t *zone, ngx_mqtt_retain_t *retain);
static ngx_int_t ngx_mqtt_rebuild_link_hub(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static ngx_int_t ngx_mqtt_rebuild_link_session(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static ngx_uint_t ngx_mqtt_rebuild_is_reaped(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);
static ngx_int_t ngx_mqtt_rebuild_link_retain(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static void ngx_mqtt_rebuild_release_hubs(ngx_mqtt_zone_t *zone);
static void ngx_mqtt_rebuild_link_slots(ngx_mqtt_zone_t *zone);


/* the publications of all slots */

#define ngx_mqtt_rebuild_pub(zone, i)                                         \
    (&(zone)->root->slots[(i) / NGX_MQTT_PUBS]->pubs[(i) % NGX_MQTT_PUBS])


void
ngx_mqtt_rebuild_locked(ngx_mqtt_zone_t *zone, ngx_uint_t dead)
{
    ngx_uint_t          i;
    ngx_mqtt_root_t    *root;
    ngx_mqtt_timer_t  **ring;

    root = zone->root;

    root->epoch++;
    root->retired = NULL;
    root->waiting = NULL;
    root->dropped = NULL;
    root->ending = NULL;
    root->hubs = NULL;
    root->nhubs = 0;

    for (i = 0; i < 2; i++) {
        ring = i ? root->retain_wheel.ring : root->session_wheel.ring;
        ngx_memzero(ring, NGX_MQTT_WHEEL_SIZE * sizeof(ngx_mqtt_timer_t *));
    }

    ngx_mqtt_block_unmark_all_locked(zone);

    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_HUB,
                                   ngx_mqtt_rebuild_mark_hub, NULL);
    ngx_mqtt_rebuild_slots_locked(zone);
    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_SESSION,
                                   ngx_mqtt_rebuild_mark_session, NULL);
    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_RETAIN,
                                   ngx_mqtt_rebuild_mark_retain, NULL);

    ngx_mqtt_rebuild_targets_locked(zone);

    ngx_mqtt_block_sweep_locked(zone);

    /*
     * What was there before has room again, slots having taken of the reserve
     * or not: these do not fail.
     */

    ngx_mqtt_block_reserve_locked(&root->blocks, 0);

    (void) ngx_mqtt_hash_init_locked(zone, &root->names);
    (void) ngx_mqtt_hash_init_locked(zone, &root->sessions);
    (void) ngx_mqtt_hash_init_locked(zone, &root->subs);
    (void) ngx_mqtt_hash_init_locked(zone, &root->nodes);
    (void) ngx_mqtt_hash_init_locked(zone, &root->groups);
    (void) ngx_mqtt_hash_init_locked(zone, &root->users);

    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_HUB,
                                   ngx_mqtt_rebuild_link_hub, NULL);
    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_SESSION,
                                   ngx_mqtt_rebuild_link_session, NULL);
    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_RETAIN,
                                   ngx_mqtt_rebuild_link_retain, NULL);
    ngx_mqtt_rebuild_link_slots(zone);

    ngx_mqtt_block_reserve_locked(&root->blocks, 1);

    /* it may have been finishing the publication of another dead slot */

    for (i = 0; i < root->nslots * NGX_MQTT_PUBS; i++) {
        ngx_mqtt_publication_settle_locked(zone, ngx_mqtt_rebuild_pub(zone, i));
    }

    if (dead < root->nslots) {
        ngx_mqtt_set(root->slots[dead]->state, NGX_MQTT_SLOT_DEAD);
    }

    ngx_mqtt_rebuild_release_hubs(zone);
}


static ngx_int_t
ngx_mqtt_rebuild_mark_hub(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    (void) ngx_mqtt_block_mark_locked(zone, block);

    return NGX_OK;
}


/*
 * A reference count is that of the references met while marking: the first
 * of them finds the message unmarked.
 */

static void
ngx_mqtt_rebuild_mark_message(ngx_mqtt_zone_t *zone, ngx_mqtt_message_t *m)
{
    ngx_mqtt_body_t  *body;

    if (m == NULL) {
        return;
    }

    if (!ngx_mqtt_block_mark_locked(zone, m)) {
        m->refs++;
        return;
    }

    m->refs = 1;

    for (body = m->body; body; body = body->next) {
        (void) ngx_mqtt_block_mark_locked(zone, body);
    }
}


static void
ngx_mqtt_rebuild_mark_entry(ngx_mqtt_zone_t *zone, ngx_mqtt_entry_t *e)
{
    (void) ngx_mqtt_block_mark_locked(zone, e);

    if (e->flags & NGX_MQTT_ENTRY_IDS) {
        (void) ngx_mqtt_block_mark_locked(zone, e->u.ids);
    }
}


static void
ngx_mqtt_rebuild_slots_locked(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t           i, k;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_slot_t     *slot;
    ngx_mqtt_attach_t   *a;

    root = zone->root;

    for (i = 0; i < root->nslots; i++) {
        slot = root->slots[i];

        (void) ngx_mqtt_block_mark_locked(zone, slot);

        for (a = slot->attached; a; a = a->next) {
            (void) ngx_mqtt_block_mark_locked(zone, a);
            ngx_mqtt_rebuild_mark_message(zone, a->farewell);
        }

        ngx_mqtt_rebuild_mark_message(zone, slot->filling);
        ngx_mqtt_rebuild_mark_message(zone, slot->big);
        ngx_mqtt_rebuild_mark_message(zone, slot->reading);
        ngx_mqtt_rebuild_mark_message(zone, slot->draft);

        for (k = 0; k < slot->nheld; k++) {
            ngx_mqtt_rebuild_mark_message(zone, slot->held[k]);
        }

        for (k = 0; k < NGX_MQTT_PUBS; k++) {
            ngx_mqtt_rebuild_mark_publication(zone, &slot->pubs[k]);
        }
    }
}


static void
ngx_mqtt_rebuild_mark_publication(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub)
{
    ngx_mqtt_entry_t  *e;

    ngx_mqtt_set(pub->drafts, NULL);

    ngx_mqtt_rebuild_mark_message(zone, pub->matching);
    ngx_mqtt_rebuild_mark_message(zone, pub->message);

    if (pub->message == NULL) {
        return;
    }

    for (e = pub->todo; e; e = e->next) {
        ngx_mqtt_rebuild_mark_entry(zone, e);
    }

    if (pub->current) {
        ngx_mqtt_rebuild_mark_entry(zone, pub->current);
    }
}


/* Sessions that publications wait for and that are gone. */

static void
ngx_mqtt_rebuild_targets_locked(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t               i;
    ngx_mqtt_entry_t        *e;
    ngx_mqtt_publication_t  *pub;

    for (i = 0; i < zone->root->nslots * NGX_MQTT_PUBS; i++) {
        pub = ngx_mqtt_rebuild_pub(zone, i);

        if (pub->message == NULL) {
            continue;
        }

        if (pub->current
            && !ngx_mqtt_block_marked_locked(zone, NGX_MQTT_KIND_SESSION,
                                             pub->target))
        {
            ngx_mqtt_set(pub->target, NULL);
        }

        for (e = pub->todo; e; e = e->next) {
            if (!ngx_mqtt_block_marked_locked(zone, NGX_MQTT_KIND_SESSION,
                                              e->m.target))
            {
                ngx_mqtt_set(e->m.target, NULL);
            }
        }
    }
}


static ngx_int_t
ngx_mqtt_rebuild_mark_session(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_session_t *s = block;

    uint32_t          n;
    ngx_mqtt_ids_t   *ids;
    ngx_mqtt_sub_t   *sub;

    (void) ngx_mqtt_block_mark_locked(zone, s);

    /* killed on its way to lose its owner and its user */

    if (s->state == NGX_MQTT_STATE_ENDING) {
        ngx_mqtt_set(s->attach, NULL);
        ngx_mqtt_set(s->user, NULL);
    }

    if (s->user && ngx_mqtt_block_mark_locked(zone, s->user)) {
        s->user->sessions = NULL;
        s->user->count = 0;
    }

    if (s->attach == NULL) {
        ngx_mqtt_set(s->sending, NULL);
    }

    for (sub = s->subs; sub; sub = sub->next) {
        (void) ngx_mqtt_block_mark_locked(zone, sub);
    }

    for (ids = s->ids; ids; ids = ids->next) {
        (void) ngx_mqtt_block_mark_locked(zone, ids);
    }

    if (s->will) {
        (void) ngx_mqtt_block_mark_locked(zone, s->will);
        ngx_mqtt_rebuild_mark_message(zone, s->will->message);
    }

    if (s->native) {
        ngx_mqtt_native_session_mark_locked(zone, s->native);
    }

    ngx_mqtt_rebuild_mark_message(zone, s->profile);
    ngx_mqtt_rebuild_mark_message(zone, s->sending);
    ngx_mqtt_rebuild_mark_message(zone, s->farewell);

    s->queued_bytes = ngx_mqtt_rebuild_mark_queue(zone, s, s->head, &s->tail,
                                                  &s->queued);
    s->queued_bytes0 = ngx_mqtt_rebuild_mark_queue(zone, s, s->head0,
                                                   &s->tail0, &n);
    s->queued_bytes += s->queued_bytes0;

    return NGX_OK;
}


static size_t
ngx_mqtt_rebuild_mark_queue(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *head, ngx_mqtt_entry_t **tail, uint32_t *n)
{
    size_t             size;
    ngx_mqtt_entry_t  *e;

    *tail = NULL;
    *n = 0;
    size = 0;

    for (e = head; e; e = e->next) {
        if (ngx_mqtt_entry_state(e) == NGX_MQTT_ENTRY_COMP) {
            e->m.message = NULL;
        }

        ngx_mqtt_rebuild_mark_entry(zone, e);

        if (e->m.message) {
            ngx_mqtt_rebuild_mark_message(zone, e->m.message);
            size += ngx_mqtt_message_size(e->m.message);
        }

        if ((int32_t) (e->order - s->order) >= 0) {
            s->order = e->order + 1;
        }

        *tail = e;
        (*n)++;
    }

    return size;
}


/* The publication that is about to set or clear a retained message. */

static ngx_mqtt_publication_t *
ngx_mqtt_rebuild_publication(ngx_mqtt_zone_t *zone, ngx_mqtt_retain_t *retain)
{
    ngx_uint_t               i;
    ngx_mqtt_publication_t  *pub;

    for (i = 0; i < zone->root->nslots * NGX_MQTT_PUBS; i++) {
        pub = ngx_mqtt_rebuild_pub(zone, i);

        if (pub->message && pub->retain == retain) {
            return pub;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_mqtt_rebuild_mark_retain(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_retain_t *retain = block;

    if (retain->message == NULL
        && ngx_mqtt_rebuild_publication(zone, retain) == NULL)
    {
        return NGX_OK;
    }

    (void) ngx_mqtt_block_mark_locked(zone, retain);
    ngx_mqtt_rebuild_mark_message(zone, retain->message);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_rebuild_link_hub(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_hub_t *hub = block;

    hub->connections = 0;
    hub->sessions = 0;
    hub->subscriptions = 0;
    hub->nretained = 0;
    hub->publishers = 0;
    hub->subs = ngx_mqtt_node_root_locked(zone);
    hub->retained = ngx_mqtt_node_root_locked(zone);

    ngx_mqtt_hub_link_locked(zone, hub);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_rebuild_link_session(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_session_t *s = block;

    ngx_mqtt_sub_t    *sub, **prev;
    ngx_mqtt_entry_t  *e;

    ngx_mqtt_session_link_locked(zone, s);

    if (s->attach) {
        s->attach->session = s;
    }

    s->nsubs = 0;
    s->match = 0;
    s->inflight = 0;
    s->resent = 0;
    s->ids_free = 0;
    s->replays = NULL;
    s->unsent = NULL;

    for (e = s->head; e; e = e->next) {

        /* behind what is unsent only a resume that was killed left others */

        if (s->unsent && !(e->flags & NGX_MQTT_ENTRY_RESENT)) {
            e->flags &= ~NGX_MQTT_ENTRY_COUNTED;
        }

        if (e->flags & NGX_MQTT_ENTRY_COUNTED) {
            s->inflight++;

        } else if (s->unsent == NULL) {
            s->unsent = e;
        }

        if (e->flags & NGX_MQTT_ENTRY_RESENT) {
            s->resent++;
        }
    }

    prev = &s->subs;

    for (sub = s->subs; sub; sub = sub->next) {
        sub->prev = prev;
        prev = &sub->next;

        (void) ngx_mqtt_sub_link_locked(zone, sub);

        if (sub->replay) {
            ngx_mqtt_sub_link_replay_locked(sub);
        }
    }

    if (s->state == NGX_MQTT_STATE_ENDING
        && !ngx_mqtt_rebuild_is_reaped(zone, s))
    {
        ngx_mqtt_session_queue_ending_locked(zone, s);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_mqtt_rebuild_is_reaped(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    ngx_uint_t  i;

    for (i = 0; i < zone->root->nslots; i++) {
        if (zone->root->slots[i]->reaping == s) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_mqtt_rebuild_link_retain(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_retain_t *retain = block;

    ngx_str_t            topic;
    ngx_mqtt_message_t  *m;

    static u_char  buf[NGX_MQTT_STRING_MAX];

    m = retain->message;

    if (m == NULL) {
        m = ngx_mqtt_rebuild_publication(zone, retain)->message;
    }

    topic.len = m->topic_len;
    topic.data = ngx_mqtt_message_topic(m, buf);

    retain->timer.prev = NULL;

    (void) ngx_mqtt_retain_link_locked(zone, retain, &topic);

    return NGX_OK;
}


/*
 * All connections become ready: one that has nothing to do is soon off the
 * list again.
 */

static void
ngx_mqtt_rebuild_link_slots(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t           i, k;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_slot_t     *slot;
    ngx_mqtt_attach_t   *a, **prev;

    root = zone->root;
    root->walkers = 0;

    for (i = 0; i < root->nslots; i++) {
        slot = root->slots[i];

        if (slot->walking) {
            root->walkers++;
        }

        for (k = 0; k < NGX_MQTT_PUBS; k++) {
            if (slot->pubs[k].hub) {
                slot->pubs[k].hub->publishers++;
            }
        }

        slot->ready = NULL;
        slot->ready_last = NULL;

        prev = &slot->attached;

        for (a = slot->attached; a; a = a->next) {
            a->prev = prev;
            prev = &a->next;

            if (a->session && a->session->attach != a) {
                a->session = NULL;

                if (a->reason == 0) {
                    a->reason = NGX_MQTT_SESSION_TAKEN_OVER;
                }
            }

            if (a->hub) {
                a->hub->connections++;
            }

            a->ready = 1;
            a->ready_next = NULL;

            if (slot->ready) {
                slot->ready_last->ready_next = a;

            } else {
                slot->ready = a;
            }

            slot->ready_last = a;
        }
    }
}


/* Hubs that nothing is left of, as after a kill while one was made. */

static void
ngx_mqtt_rebuild_release_hubs(ngx_mqtt_zone_t *zone)
{
    ngx_mqtt_hub_t  *hub, *next;

    for (hub = zone->root->hubs; hub; hub = next) {
        next = hub->next;
        ngx_mqtt_hub_release_locked(zone, hub);
    }
}
