
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_publication.h>
#include <ngx_mqtt_replay.h>
#include <ngx_mqtt_will.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_native_session.h>

#include <sys/random.h>


static ngx_uint_t ngx_mqtt_admit_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_uint_t *slot);
static ngx_mqtt_hub_t *ngx_mqtt_admit_hub_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_admit_place_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_hub_t *hub);
static ngx_uint_t ngx_mqtt_admit_session_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_session_t **session, ngx_uint_t *slot);
static ngx_uint_t ngx_mqtt_admit_owner(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_session_t *s);
static ngx_mqtt_session_t *ngx_mqtt_admit_create_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static void ngx_mqtt_admit_limits_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_session_t *s);
static ngx_uint_t ngx_mqtt_admit_groups(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_admit_group_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_str_t *name, ngx_uint_t *budget);


ngx_uint_t
ngx_mqtt_admit(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_uint_t          reason, slot;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;
    slot = w->slot->index;

    ngx_mqtt_worker_lock(w);
    reason = ngx_mqtt_admit_locked(cl, cx, &slot);
    ngx_mqtt_worker_unlock(w);

    /* cl->before waits for its session's alone, this for an ended one's too */

    if (slot != w->slot->index) {
        while (ngx_mqtt_slot_reclaim_dead(w, slot) == NGX_AGAIN) {
            /* void */
        }
    }

    if (reason == NGX_MQTT_SUCCESS && cx->principal.groups && !cx->present) {
        reason = ngx_mqtt_admit_groups(cl, cx);
    }

    return reason;
}


/* "slot" becomes that of the connection the session is taken from. */

static ngx_uint_t
ngx_mqtt_admit_locked(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_uint_t *slot)
{
    ngx_uint_t           reason;
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = cl->worker;

    hub = ngx_mqtt_admit_hub_locked(cl, cx);
    if (hub == NULL) {
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    reason = ngx_mqtt_admit_place_locked(cl, cx, hub);

    if (reason != NGX_MQTT_SUCCESS) {
        ngx_mqtt_hub_release_locked(w->zone, hub);
        return reason;
    }

    reason = ngx_mqtt_admit_session_locked(cl, cx, &s, slot);

    if (reason != NGX_MQTT_SUCCESS) {
        return reason;
    }

    ngx_mqtt_admit_limits_locked(cl, cx, s);
    ngx_mqtt_session_attach_locked(w, s, cl->attach);

    if (cl->attach->session != s) {
        return NGX_MQTT_SESSION_TAKEN_OVER;
    }

    cl->serial = s->serial;

    /* its rights are compiled before they are asked for */

    if (cx->resumes || (cx->present && (s->profile || cx->principal.roles))) {
        ngx_mqtt_set(cl->attach->changed, 1);
    }

    cl->before = ngx_mqtt_publication_find_locked(w, s);

    if (cx->will) {

        if (ngx_mqtt_will_set_locked(w->zone, s, cx->will, cx->will_delay)
            != NGX_OK)
        {
            cx->why = "no room for its will";
            w->full = 1;
            return NGX_MQTT_QUOTA_EXCEEDED;
        }

        ngx_mqtt_set(w->slot->filling, NULL);
    }

    if (cx->present || cx->principal.groups == NULL) {
        ngx_mqtt_set(s->known, 1);
    }

    return NGX_MQTT_SUCCESS;
}


static ngx_mqtt_hub_t *
ngx_mqtt_admit_hub_locked(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_hub_t       *hub;
    ngx_mqtt_zone_t      *zone;
    ngx_mqtt_hub_conf_t  *conf;

    conf = cl->conf;
    zone = cl->worker->zone;

    hub = ngx_mqtt_hub_find_locked(zone, &cl->hub);
    if (hub) {
        return hub;
    }

    if (conf->max_hubs && zone->root->nhubs >= conf->max_hubs
        && conf->name.len == 1 && conf->name.data[0] == '*')
    {
        cx->why = "too many hubs";
        return NULL;
    }

    hub = ngx_mqtt_hub_create_locked(zone, &cl->hub);

    if (hub == NULL) {
        cx->why = "no room for its hub";
        cl->worker->full = 1;
    }

    return hub;
}


/* Limits and ownership; nothing was changed if it refuses. */

static ngx_uint_t
ngx_mqtt_admit_place_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_hub_t *hub)
{
    ngx_mqtt_zone_t      *zone;
    ngx_mqtt_session_t   *s;
    ngx_mqtt_hub_conf_t  *conf;

    conf = cl->conf;
    zone = cl->worker->zone;

    for ( ;; ) {
        s = ngx_mqtt_session_find_locked(zone, hub, &cl->client_id);

        if (s == NULL || !cx->assigned) {
            break;
        }

        ngx_mqtt_admit_make_id(&cl->client_id);
    }

    if (s && !ngx_mqtt_admit_owner(cl, cx, s)) {
        return NGX_MQTT_NOT_AUTHORIZED;
    }

    /* what is taken over or resumed makes room for what is new */

    if (conf->max_connections && hub->connections >= conf->max_connections
        && (s == NULL || s->attach == NULL))
    {
        cx->why = "too many connections";
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    if (conf->max_sessions && hub->sessions >= conf->max_sessions
        && s == NULL)
    {
        cx->why = "too many sessions";
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    cl->attach = ngx_mqtt_attach_create_locked(cl->worker, cl, hub);

    if (cl->attach == NULL) {
        cx->why = "no room for its connection";
        cl->worker->full = 1;
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    return NGX_MQTT_SUCCESS;
}


/*
 * Finds a session to resume, or creates one.  One that ends with its
 * connection ends when that is taken over.
 */

static ngx_uint_t
ngx_mqtt_admit_session_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_session_t **session, ngx_uint_t *slot)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = cl->worker;
    hub = cl->attach->hub;

    for ( ;; ) {
        s = ngx_mqtt_session_find_locked(w->zone, hub, &cl->client_id);

        if (s && !ngx_mqtt_admit_owner(cl, cx, s)) {
            return NGX_MQTT_NOT_AUTHORIZED;
        }

        if (s && s->attach) {
            *slot = s->attach->slot;
        }

        if (s && !cx->connect->clean_start && ngx_mqtt_session_lasts(s)) {
            cx->present = 1;
            *session = s;

            return NGX_MQTT_SUCCESS;
        }

        if (cx->serial) {
            cx->why = "its session has ended";
            return NGX_MQTT_NOT_AUTHORIZED;
        }

        /* before the old one ends, there being no way back */

        if (cx->principal.groups
            && cx->principal.groups->nelts > NGX_MQTT_GROUPS_MAX)
        {
            cx->why = "too many groups";
            return NGX_MQTT_QUOTA_EXCEEDED;
        }

        if (cx->homeless) {
            cx->why = "no room for its profile";
            return NGX_MQTT_QUOTA_EXCEEDED;
        }

        if (s == NULL) {
            break;
        }

        ngx_mqtt_session_end_locked(w, s);
    }

    s = ngx_mqtt_admit_create_locked(cl, cx);
    if (s == NULL) {
        cx->why = "no room for its session";
        w->full = 1;
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    ngx_mqtt_profile_set_locked(w, s);

    *session = s;

    return NGX_MQTT_SUCCESS;
}


/* Whether a session is this client's: of its identity and its protocol. */

static ngx_uint_t
ngx_mqtt_admit_owner(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_mqtt_session_t *s)
{
    if (!ngx_mqtt_session_owned_by(s, &cx->principal.identity)
        || (cx->serial && cx->serial != s->serial))
    {
        return 0;
    }

    return (ngx_mqtt_is_native(s->version) || ngx_mqtt_is_native(cl->version))
           ? s->version == cl->version : 1;
}


static ngx_mqtt_session_t *
ngx_mqtt_admit_create_locked(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_zone_t            *zone;
    ngx_mqtt_session_t         *s;
    ngx_mqtt_native_session_t  *native;

    native = NULL;
    zone = cl->worker->zone;

    if (ngx_mqtt_is_native(cl->version)) {
        native = ngx_mqtt_native_session_create_locked(zone,
                                                     cx->principal.expires);

        if (native == NULL) {
            return NULL;
        }
    }

    s = ngx_mqtt_session_create_locked(zone, cl->attach->hub, &cl->client_id,
                                       &cx->principal.identity,
                                       &cx->principal.user_id);
    if (s == NULL) {

        if (native) {
            ngx_mqtt_block_free_locked(zone, native);
        }

        return NULL;
    }

    if (native) {
        ngx_mqtt_set(s->native, native);
    }

    return s;
}


static void
ngx_mqtt_admit_limits_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_mqtt_session_t *s)
{
    ngx_mqtt_hub_conf_t  *conf;

    conf = cl->conf;

    /* a new one lasts once all its groups are joined */

    if (cx->present || cx->principal.groups == NULL) {
        ngx_mqtt_set(s->expiry, cl->session_expiry);
    }

    ngx_mqtt_set(s->version, cl->version);
    ngx_mqtt_set(s->connection, cl->connection);

    /* what is so if this process is killed */

    ngx_mqtt_set(s->end_how, NGX_MQTT_END_LOST);
    ngx_mqtt_set(s->end_reason, 0);

    ngx_mqtt_set(s->max_queued, (uint32_t) ngx_min(conf->max_queued,
                                                   0xffffffff));
    ngx_mqtt_set(s->max_bytes, conf->max_queued_bytes);
    ngx_mqtt_set(s->overflow, ngx_mqtt_is_native(cl->version)
                              ? NGX_MQTT_OVERFLOW_TERMINATE
                              : (u_char) conf->queue_overflow);
    ngx_mqtt_set(s->window, (uint16_t) ngx_min(cl->receive_maximum,
                                               NGX_MQTT_WINDOW_MAX));
}


/*
 * The groups that somebody else put the client into: no role is asked for.
 * If that fails, or this process dies meanwhile, the session ends, since it
 * has no expiry yet.
 */

static ngx_uint_t
ngx_mqtt_admit_groups(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_str_t          *name;
    ngx_uint_t          i, reason, budget;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;
    name = cx->principal.groups->elts;
    reason = NGX_MQTT_SUCCESS;
    budget = NGX_MQTT_FILTERS_BATCH;

    ngx_mqtt_worker_lock(w);

    for (i = 0; i < cx->principal.groups->nelts; i++) {

        if (budget == 0) {
            ngx_mqtt_worker_unlock(w);
            ngx_mqtt_worker_lock(w);

            budget = NGX_MQTT_FILTERS_BATCH;
        }

        if (cl->attach->session == NULL) {
            reason = NGX_MQTT_SESSION_TAKEN_OVER;
            break;
        }

        reason = ngx_mqtt_admit_group_locked(cl, cx, &name[i], &budget);

        if (reason != NGX_MQTT_SUCCESS) {
            break;
        }
    }

    if (reason == NGX_MQTT_SUCCESS) {
        ngx_mqtt_set(cl->attach->session->expiry, cl->session_expiry);
        ngx_mqtt_set(cl->attach->session->known, 1);
    }

    ngx_mqtt_worker_unlock(w);

    return reason;
}


/* A group is a topic: a name that could not be one has no messages here. */

static ngx_uint_t
ngx_mqtt_admit_group_locked(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_str_t *name, ngx_uint_t *budget)
{
    ngx_uint_t           added;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_filter_t    filter;
    ngx_mqtt_session_t  *s;

    *budget -= ngx_min(*budget, 1);

    if (ngx_mqtt_topic_name_valid(name) != NGX_OK
        || ngx_mqtt_utf8_valid(name->data, name->len) != NGX_OK
        || ngx_mqtt_filter_parse(name, &filter) != NGX_OK || filter.shared)
    {
        return NGX_MQTT_SUCCESS;
    }

    s = cl->attach->session;

    *budget -= ngx_min(*budget, ngx_mqtt_sub_cost(name));

    if (cl->conf->max_subscriptions
        && s->hub->subscriptions >= cl->conf->max_subscriptions
        && ngx_mqtt_sub_find_locked(cl->worker->zone, s, name) == NULL)
    {
        cx->why = "too many subscriptions";
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    if (ngx_mqtt_sub_add_locked(cl->worker->zone, s, &filter,
                                ngx_min(NGX_MQTT_GROUP_QOS,
                                        cl->conf->max_qos),
                                0, &sub, &added)
        != NGX_OK)
    {
        cx->why = "no room for its groups";
        cl->worker->full = 1;
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    if (cl->conf->retain && added && !ngx_mqtt_is_native(cl->version)) {
        ngx_mqtt_replay_start_locked(cl->worker, sub, budget);
    }

    return NGX_MQTT_SUCCESS;
}


void
ngx_mqtt_admit_make_id(ngx_str_t *id)
{
    ngx_uint_t  i;

    static const u_char  chars[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

    if (getrandom(id->data, id->len, 0) != (ssize_t) id->len) {

        for (i = 0; i < id->len; i++) {
            id->data[i] = (u_char) (ngx_random() >> 8);
        }
    }

    for (i = 0; i < id->len; i++) {
        id->data[i] = chars[id->data[i] % 64];
    }
}
