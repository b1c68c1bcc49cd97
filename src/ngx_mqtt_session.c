
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_will.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_user.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>


/* blocks looked at for ended sessions in one hold of the lock */
#define NGX_MQTT_REAP_BUDGET    512

/* what nobody needs any more, freed in the same */
#define NGX_MQTT_REAP_FREED     128


static uint32_t ngx_mqtt_session_hash(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, u_char *id, size_t len);
static void ngx_mqtt_session_arm_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_session_lose_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_session_dismiss_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t reason, ngx_mqtt_message_t *farewell);
static void ngx_mqtt_session_unref_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_message_t **place);
static ngx_int_t ngx_mqtt_session_dismantle_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t *budget);


ngx_mqtt_session_t *
ngx_mqtt_session_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    ngx_str_t *id)
{
    uint32_t             hash;
    ngx_mqtt_link_t     *link;
    ngx_mqtt_session_t  *s;

    hash = ngx_mqtt_session_hash(zone, hub, id->data, id->len);
    link = ngx_mqtt_hash_first(&zone->root->sessions, hash);

    for ( /* void */ ; link; link = link->next) {

        if (link->hash != hash) {
            continue;
        }

        s = (ngx_mqtt_session_t *)
                ((u_char *) link - offsetof(ngx_mqtt_session_t, link));

        if (s->hub == hub && s->id_len == id->len
            && ngx_memcmp(s->data, id->data, id->len) == 0)
        {
            return s;
        }
    }

    return NULL;
}


ngx_mqtt_session_t *
ngx_mqtt_session_create_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    ngx_str_t *id, ngx_str_t *identity, ngx_str_t *user_id)
{
    size_t               size;
    u_char              *p;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_user_t     *user;
    ngx_mqtt_session_t  *s;

    user = NULL;

    if (user_id->len) {
        user = ngx_mqtt_user_get_locked(zone, hub, user_id);
        if (user == NULL) {
            return NULL;
        }
    }

    size = offsetof(ngx_mqtt_session_t, data) + id->len + identity->len;

    s = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_SESSION, size);

    if (s == NULL) {
        if (user) {
            ngx_mqtt_user_put_locked(zone, user);
        }

        return NULL;
    }

    root = zone->root;

    ngx_memzero(s, size);

    s->hub = hub;
    s->user = user;
    s->serial = ++root->serial;
    s->away = ngx_current_msec;
    s->next_id = 1;
    s->window = 1;
    s->max_bytes = NGX_MAX_SIZE_T_VALUE;
    s->id_len = id->len;
    s->identity_len = identity->len;
    p = ngx_cpymem(s->data, id->data, id->len);

    if (identity->len) {
        ngx_memcpy(p, identity->data, identity->len);
    }

    ngx_mqtt_set(s->state, NGX_MQTT_STATE_LIVE);

    ngx_mqtt_hash_add_locked(zone, &root->sessions, &s->link,
                             ngx_mqtt_session_hash(zone, hub, id->data,
                                                   id->len));

    ngx_mqtt_set(hub->sessions, hub->sessions + 1);

    if (user) {
        ngx_mqtt_user_link_locked(zone, s);
    }

    return s;
}


void
ngx_mqtt_session_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    s->timer.prev = NULL;
    s->hub->sessions++;

    if (s->state == NGX_MQTT_STATE_ENDING) {
        return;
    }

    ngx_mqtt_hash_add_locked(zone, &zone->root->sessions, &s->link,
                             ngx_mqtt_session_hash(zone, s->hub, s->data,
                                                   s->id_len));

    if (s->user) {
        ngx_mqtt_user_link_locked(zone, s);
    }

    if (s->attach == NULL) {
        ngx_mqtt_session_arm_locked(zone, s);
    }
}


static uint32_t
ngx_mqtt_session_hash(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub, u_char *id,
    size_t len)
{
    return (uint32_t) ngx_mqtt_siphash(zone->root->key, (uintptr_t) hub, id,
                                       len);
}


ngx_uint_t
ngx_mqtt_session_owned_by(ngx_mqtt_session_t *s, ngx_str_t *identity)
{
    return s->identity_len == identity->len
           && (identity->len == 0
               || ngx_memcmp(s->data + s->id_len, identity->data,
                             identity->len)
                  == 0);
}


ngx_mqtt_attach_t *
ngx_mqtt_attach_create_locked(ngx_mqtt_worker_t *w, ngx_mqtt_client_t *cl,
    ngx_mqtt_hub_t *hub)
{
    ngx_mqtt_slot_t    *slot;
    ngx_mqtt_attach_t  *a;

    a = ngx_mqtt_block_alloc_locked(w->zone, NGX_MQTT_KIND_ATTACH,
                                    sizeof(ngx_mqtt_attach_t));
    if (a == NULL) {
        return NULL;
    }

    slot = w->slot;

    ngx_memzero(a, sizeof(ngx_mqtt_attach_t));

    a->hub = hub;
    a->client = cl;
    a->slot = slot->index;
    a->next = slot->attached;
    a->prev = &slot->attached;

    if (a->next) {
        ngx_mqtt_set(a->next->prev, &a->next);
    }

    ngx_mqtt_set(slot->attached, a);
    ngx_mqtt_set(hub->connections, hub->connections + 1);
    slot->counts.connections++;

    return a;
}


void
ngx_mqtt_attach_free_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_attach_t *a)
{
    ngx_mqtt_hub_t  *hub;

    ngx_mqtt_session_unref_locked(zone, &a->farewell);

    hub = a->hub;

    if (hub) {
        ngx_mqtt_set(a->hub, NULL);
        ngx_mqtt_set(hub->connections, hub->connections - 1);
        zone->root->slots[a->slot]->counts.connections--;
        ngx_mqtt_hub_release_locked(zone, hub);
    }

    if (a->ready) {
        ngx_mqtt_set(a->client, NULL);
        return;
    }

    ngx_mqtt_set(*a->prev, a->next);

    if (a->next) {
        ngx_mqtt_set(a->next->prev, a->prev);
    }

    ngx_mqtt_block_free_locked(zone, a);
}


void
ngx_mqtt_session_attach_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_attach_t *a)
{
    ngx_mqtt_attach_t  *old;

    old = s->attach;

    ngx_mqtt_set(s->attach, a);
    ngx_mqtt_set(a->session, s);

    if (old) {
        ngx_mqtt_set(old->reason, NGX_MQTT_SESSION_TAKEN_OVER);
        ngx_mqtt_set(old->session, NULL);
        ngx_mqtt_slot_ready_locked(w, old);
    }

    ngx_mqtt_wheel_del_locked(&s->timer);
    ngx_mqtt_session_unref_locked(w->zone, &s->sending);
    ngx_mqtt_queue_resume_locked(s);

    if (s->replays || ngx_mqtt_queue_due_locked(s)) {
        ngx_mqtt_slot_ready_locked(w, a);
    }

    if (s->will == NULL) {
        return;
    }

    /* a delayed will that has not come due is not published [MQTT-3.1.3-9] */

    if (s->will->delay && (old || !ngx_mqtt_will_due(s))) {
        ngx_mqtt_will_drop_locked(w->zone, s);

    } else {
        ngx_mqtt_will_publish_locked(w, s);
    }
}


void
ngx_mqtt_session_kick_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t reason)
{
    if (s->attach && s->attach->reason == 0) {
        ngx_mqtt_set(s->attach->reason, reason);
        ngx_mqtt_slot_ready_locked(w, s->attach);
    }
}


/* The session has no owner any more. */

static void
ngx_mqtt_session_lose_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_mqtt_attach_t  *a;

    a = s->attach;

    if (a == NULL) {
        return;
    }

    ngx_mqtt_set(s->away, ngx_current_msec);
    ngx_mqtt_set(s->attach, NULL);
    ngx_mqtt_set(a->session, NULL);

    ngx_mqtt_session_unref_locked(w->zone, &s->sending);
}


void
ngx_mqtt_session_leave_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t discard_will)
{
    if (discard_will) {
        ngx_mqtt_will_drop_locked(w->zone, s);
    }

    ngx_mqtt_session_lose_locked(w, s);

    if (s->expiry == 0) {
        ngx_mqtt_session_end_locked(w, s);
        return;
    }

    ngx_mqtt_session_arm_locked(w->zone, s);

    if (s->will && s->will->delay == 0) {
        ngx_mqtt_will_publish_locked(w, s);
    }
}


ngx_uint_t
ngx_mqtt_session_expired(ngx_mqtt_session_t *s)
{
    return s->attach == NULL && s->expiry != NGX_MQTT_EXPIRY_NEVER
           && s->away + (ngx_msec_t) s->expiry * 1000 <= ngx_current_msec;
}


/* Sets the timer of an offline session to what comes first. */

static void
ngx_mqtt_session_arm_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    ngx_msec_t  when;

    when = NGX_MAX_INT_T_VALUE;

    if (s->expiry != NGX_MQTT_EXPIRY_NEVER) {
        when = s->away + (ngx_msec_t) s->expiry * 1000;
    }

    if (s->will) {
        when = ngx_min(when, s->away + (ngx_msec_t) s->will->delay * 1000);
    }

    if (when != NGX_MAX_INT_T_VALUE) {
        ngx_mqtt_wheel_set_locked(&zone->root->session_wheel, &s->timer,
                                  when);
    }
}


void
ngx_mqtt_session_end_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_mqtt_session_dismiss_locked(w, s, NGX_MQTT_SESSION_TAKEN_OVER, NULL);
}


void
ngx_mqtt_session_close_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_message_t *farewell)
{
    ngx_mqtt_set(s->end_reason, NGX_MQTT_ADMINISTRATIVE_ACTION);
    ngx_mqtt_set(s->end_how, NGX_MQTT_END_SERVER);

    ngx_mqtt_session_dismiss_locked(w, s, NGX_MQTT_ADMINISTRATIVE_ACTION,
                                    farewell);
}


static void
ngx_mqtt_session_dismiss_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t reason, ngx_mqtt_message_t *farewell)
{
    ngx_mqtt_attach_t  *a;

    ngx_mqtt_set(s->state, NGX_MQTT_STATE_ENDING);

    if (farewell) {
        ngx_mqtt_set(s->farewell, farewell);
        ngx_mqtt_set(farewell->refs, farewell->refs + 1);
    }

    a = s->attach;

    if (a) {
        ngx_mqtt_set(s->end_reason, (u_char) reason);
        ngx_mqtt_set(s->end_how, NGX_MQTT_END_SERVER);

        if (farewell) {
            ngx_mqtt_set(a->farewell, farewell);
            ngx_mqtt_set(farewell->refs, farewell->refs + 1);
        }

        ngx_mqtt_set(a->reason, (u_char) reason);
        ngx_mqtt_session_lose_locked(w, s);
        ngx_mqtt_slot_ready_locked(w, a);
    }

    ngx_mqtt_wheel_del_locked(&s->timer);
    ngx_mqtt_hash_del_locked(w->zone, &w->zone->root->sessions, &s->link);
    ngx_mqtt_user_leave_locked(w->zone, s);

    ngx_mqtt_session_queue_ending_locked(w->zone, s);
    w->reap = 1;
}


void
ngx_mqtt_session_queue_ending_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s)
{
    ngx_mqtt_root_t  *root;

    root = zone->root;

    ngx_mqtt_set(s->ending_next, NULL);

    if (root->ending) {
        ngx_mqtt_set(root->ending_tail->ending_next, s);

    } else {
        ngx_mqtt_set(root->ending, s);
    }

    ngx_mqtt_set(root->ending_tail, s);
}


ngx_int_t
ngx_mqtt_session_reap(ngx_mqtt_worker_t *w)
{
    ngx_int_t            rc;
    ngx_uint_t           budget, work;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_session_t  *s;

    rc = NGX_OK;
    root = w->zone->root;
    budget = NGX_MQTT_REAP_BUDGET;

    ngx_mqtt_worker_lock(w);

    while (budget) {
        s = w->slot->reaping;

        if (s == NULL) {
            s = root->ending;

            if (s == NULL) {
                break;
            }

            ngx_mqtt_set(w->slot->reaping, s);
            ngx_mqtt_set(root->ending, s->ending_next);
        }

        work = ngx_mqtt_life_ended_locked(w, s);
        work += ngx_mqtt_native_streams_ended_locked(w, s);
        budget -= ngx_min(budget, work);

        if (s->native && s->native->streams) {
            continue;
        }

        rc = ngx_mqtt_session_dismantle_locked(w, s, &budget);

        if (rc == NGX_AGAIN) {
            break;
        }

        budget -= ngx_min(budget, 4);
    }

    /* nobody may publish for long, and so free what was retired */

    ngx_mqtt_block_reclaim_locked(w->zone, NGX_MQTT_REAP_FREED);
    ngx_mqtt_block_free_chains_locked(w->zone, NGX_MQTT_REAP_FREED);

    rc = (root->ending || w->slot->reaping || root->dropped
          || ngx_mqtt_block_reclaimable(root)) ? NGX_AGAIN : NGX_OK;

    w->reap = (rc == NGX_AGAIN);

    ngx_mqtt_worker_unlock(w);

    return rc;
}


static ngx_int_t
ngx_mqtt_session_dismantle_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t *budget)
{
    ngx_str_t            filter;
    ngx_uint_t           work;
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_ids_t      *ids;

    if (s->will) {
        work = w->work;
        ngx_mqtt_will_publish_locked(w, s);
        *budget -= ngx_min(*budget, w->work - work);
    }

    if (ngx_mqtt_queue_clear_locked(w, s, budget) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    while (s->subs) {
        if (*budget == 0) {
            return NGX_AGAIN;
        }

        filter.data = s->subs->filter;
        filter.len = s->subs->len;

        *budget -= ngx_min(*budget, ngx_mqtt_sub_cost(&filter));
        ngx_mqtt_sub_remove_locked(w->zone, s->subs);
    }

    while (s->ids) {
        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        ids = s->ids;
        ngx_mqtt_set(s->ids, ids->next);
        ngx_mqtt_block_free_locked(w->zone, ids);
    }

    ngx_mqtt_session_unref_locked(w->zone, &s->profile);
    ngx_mqtt_session_unref_locked(w->zone, &s->farewell);

    if (s->native
        && ngx_mqtt_native_session_free_locked(w->zone, s, budget)
           == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    hub = s->hub;

    /* without a state a rebuild does not see it, retired as it may be */

    ngx_mqtt_set(w->slot->reaping, NULL);
    ngx_mqtt_set(s->state, NGX_MQTT_STATE_NONE);
    ngx_mqtt_set(s->serial, 0);
    ngx_mqtt_block_retire_locked(w->zone, s);

    ngx_mqtt_set(hub->sessions, hub->sessions - 1);
    ngx_mqtt_hub_release_locked(w->zone, hub);

    return NGX_OK;
}


static void
ngx_mqtt_session_unref_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_message_t **place)
{
    ngx_mqtt_message_t  *m;

    m = *place;

    if (m) {
        ngx_mqtt_set(*place, NULL);
        ngx_mqtt_message_unref_locked(zone, m);
    }
}


ngx_int_t
ngx_mqtt_session_expire(ngx_mqtt_worker_t *w)
{
    ngx_msec_t           end;
    ngx_uint_t           work, budget;
    ngx_mqtt_timer_t    *timer;
    ngx_mqtt_session_t  *s;

    budget = NGX_MQTT_EXPIRE_BUDGET;

    ngx_mqtt_worker_lock(w);

    for ( ;; ) {
        timer = ngx_mqtt_wheel_due_locked(&w->zone->root->session_wheel,
                                          &budget);
        if (timer == NULL) {
            break;
        }

        s = (ngx_mqtt_session_t *)
                ((u_char *) timer - offsetof(ngx_mqtt_session_t, timer));

        /* the session, its neighbours, and those among its user's */

        work = s->user ? 6 : 3;
        budget -= ngx_min(budget, work);

        if (s->attach) {

            /* it waits for room in the zone for retained messages */

            if (s->replays) {
                ngx_mqtt_slot_ready_locked(w, s->attach);
            }

            continue;
        }

        end = s->away + (ngx_msec_t) s->expiry * 1000;

        if (ngx_mqtt_session_expired(s)) {
            ngx_mqtt_session_end_locked(w, s);
            continue;
        }

        if (s->will && ngx_mqtt_will_due(s)) {
            if (s->expiry != NGX_MQTT_EXPIRY_NEVER) {
                ngx_mqtt_wheel_set_locked(&w->zone->root->session_wheel,
                                          &s->timer, end);
            }

            work = w->work;
            ngx_mqtt_will_publish_locked(w, s);
            budget -= ngx_min(budget, w->work - work);
            continue;
        }

        ngx_mqtt_session_arm_locked(w->zone, s);
    }

    ngx_mqtt_worker_unlock(w);

    return budget ? NGX_OK : NGX_AGAIN;
}
