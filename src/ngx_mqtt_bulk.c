
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_ticks.h>


/* blocks looked at for it in one hold of the lock; such holds at a time */
#define NGX_MQTT_BULK_BATCH       256
#define NGX_MQTT_BULK_HOLDS       16

/* what the end of a session takes, in blocks looked at */
#define NGX_MQTT_BULK_CLOSE_COST  8

#define NGX_MQTT_BULK_POOL_SIZE   1024

static ngx_int_t ngx_mqtt_bulk_filters(ngx_mqtt_bulk_t *bulk);
static ngx_int_t ngx_mqtt_bulk_pass(ngx_mqtt_bulk_t *bulk, uint64_t limit);
static ngx_int_t ngx_mqtt_bulk_hold_locked(ngx_mqtt_bulk_t *bulk,
    ngx_uint_t *budget);
static ngx_int_t ngx_mqtt_bulk_walk_locked(ngx_mqtt_bulk_t *bulk,
    ngx_uint_t *budget);
static ngx_int_t ngx_mqtt_bulk_session_locked(ngx_mqtt_bulk_t *bulk,
    ngx_uint_t *budget);
static ngx_int_t ngx_mqtt_bulk_groups_locked(ngx_mqtt_bulk_t *bulk,
    ngx_uint_t *budget);
static ngx_int_t ngx_mqtt_bulk_join_locked(ngx_mqtt_bulk_t *bulk,
    ngx_mqtt_filter_t *filter);
static void ngx_mqtt_bulk_leave_all_locked(ngx_mqtt_bulk_t *bulk,
    ngx_uint_t *budget);


ngx_mqtt_bulk_t *
ngx_mqtt_bulk_create(ngx_mqtt_worker_t *w)
{
    ngx_pool_t       *pool;
    ngx_mqtt_bulk_t  *bulk;

    pool = ngx_create_pool(NGX_MQTT_BULK_POOL_SIZE, w->log);
    if (pool == NULL) {
        return NULL;
    }

    bulk = ngx_pcalloc(pool, sizeof(ngx_mqtt_bulk_t));
    if (bulk == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    bulk->pool = pool;
    bulk->worker = w;

    return bulk;
}


void
ngx_mqtt_bulk_destroy(ngx_mqtt_bulk_t *bulk)
{
    ngx_destroy_pool(bulk->pool);
}


ngx_int_t
ngx_mqtt_bulk_start(ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t           rc;
    ngx_mqtt_worker_t  *w;

    w = bulk->worker;

    ngx_mqtt_targets_init(&bulk->targets);

    if (bulk->action == NGX_MQTT_BULK_SEND) {
        return ngx_mqtt_bulk_send(bulk);
    }

    if (ngx_mqtt_bulk_filters(bulk) != NGX_OK
        || ngx_mqtt_bulk_keep(bulk, &bulk->hub) != NGX_OK
        || ngx_mqtt_bulk_keep(bulk, &bulk->targets.name) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_bulk_pass(bulk, (uint64_t) -1);

    if (rc == NGX_AGAIN) {
        ngx_queue_insert_tail(&w->bulks, &bulk->queue);
        w->nbulks++;

        if (!w->running) {
            w->ops->post(w);
        }
    }

    return rc;
}


/* The groups as filters, which they were found to be. */

static ngx_int_t
ngx_mqtt_bulk_filters(ngx_mqtt_bulk_t *bulk)
{
    ngx_uint_t  i;

    if (bulk->ngroups == 0) {
        return NGX_OK;
    }

    bulk->filters = ngx_palloc(bulk->pool,
                               bulk->ngroups * sizeof(ngx_mqtt_filter_t));
    if (bulk->filters == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < bulk->ngroups; i++) {

        if (ngx_mqtt_filter_parse(&bulk->groups[i], &bulk->filters[i])
            != NGX_OK)
        {
            ngx_log_error(NGX_LOG_ALERT, bulk->worker->log, 0,
                          "mqtt group \"%V\" is none", &bulk->groups[i]);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_bulk_keep(ngx_mqtt_bulk_t *bulk, ngx_str_t *str)
{
    u_char  *p;

    if (str->len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(bulk->pool, str->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, str->data, str->len);
    str->data = p;

    return NGX_OK;
}


void
ngx_mqtt_bulk_finish(ngx_mqtt_bulk_t *bulk, ngx_int_t rc)
{
    if (bulk->done) {
        bulk->done(bulk, rc);
    }

    ngx_destroy_pool(bulk->pool);
}


void
ngx_mqtt_bulk_forget(ngx_mqtt_bulk_t *bulk)
{
    bulk->done = NULL;
}


ngx_uint_t
ngx_mqtt_bulk_group_valid(ngx_str_t *name)
{
    ngx_mqtt_filter_t  filter;

    return ngx_mqtt_topic_name_valid(name) == NGX_OK
           && ngx_mqtt_utf8_valid(name->data, name->len) == NGX_OK
           && ngx_mqtt_filter_parse(name, &filter) == NGX_OK
           && !filter.shared;
}


/* Work of several in turn, so that none waits for a larger one. */

void
ngx_mqtt_bulk_run(ngx_mqtt_worker_t *w, uint64_t limit)
{
    ngx_int_t         rc;
    ngx_queue_t      *q;
    ngx_mqtt_bulk_t  *bulk;

    while (!ngx_queue_empty(&w->bulks)) {

        q = ngx_queue_head(&w->bulks);
        bulk = ngx_queue_data(q, ngx_mqtt_bulk_t, queue);

        ngx_queue_remove(q);

        rc = ngx_mqtt_bulk_pass(bulk, limit);

        if (rc == NGX_AGAIN) {
            ngx_queue_insert_tail(&w->bulks, q);

        } else {
            w->nbulks--;
            ngx_mqtt_bulk_finish(bulk, rc);
        }

        if (ngx_mqtt_ticks() > limit) {
            return;
        }
    }
}


/* Some holds of the lock; the reason of a CLOSE is the slot's "filling". */

static ngx_int_t
ngx_mqtt_bulk_pass(ngx_mqtt_bulk_t *bulk, uint64_t limit)
{
    ngx_int_t            rc;
    ngx_uint_t           holds, budget;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_inbound_t   in;

    w = bulk->worker;
    holds = NGX_MQTT_BULK_HOLDS;

    if (bulk->action == NGX_MQTT_BULK_CLOSE && bulk->reason.len) {

        ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
        in.payload = bulk->reason;

        /* without room for it they are closed without it */

        (void) ngx_mqtt_publish_store(w, &in);
    }

    do {
        budget = NGX_MQTT_BULK_BATCH;

        ngx_mqtt_worker_lock(w);
        rc = ngx_mqtt_bulk_hold_locked(bulk, &budget);
        ngx_mqtt_worker_unlock(w);

        w->work += NGX_MQTT_BULK_BATCH - budget;

    } while (rc == NGX_AGAIN && --holds && ngx_mqtt_ticks() < limit);

    ngx_mqtt_publish_drop(w);

    return rc;
}


static ngx_int_t
ngx_mqtt_bulk_hold_locked(ngx_mqtt_bulk_t *bulk, ngx_uint_t *budget)
{
    ngx_int_t            rc;
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_targets_t  *targets;

    w = bulk->worker;
    root = w->zone->root;
    targets = &bulk->targets;

    rc = NGX_OK;
    hub = ngx_mqtt_hub_find_locked(w->zone, &bulk->hub);

    if (hub) {

        /* for the first time, or what it led to is memory no more */

        if (targets->hub != hub || bulk->epoch != root->epoch) {
            ngx_mqtt_targets_start_locked(w, targets, hub);

            bulk->epoch = root->epoch;
            bulk->session = NULL;
        }

        rc = ngx_mqtt_bulk_walk_locked(bulk, budget);
    }

    /*
     * Of all sessions the one that it goes on with is alive now, if there is
     * one: what others have left until now need not wait for the end.
     */

    if (bulk->walking
        && (rc != NGX_AGAIN || targets->kind == NGX_MQTT_TARGETS_HUB))
    {
        ngx_mqtt_slot_leave_locked(w);
        bulk->walking = 0;
    }

    if (rc == NGX_AGAIN && !bulk->walking
        && (bulk->session || targets->kind != NGX_MQTT_TARGETS_HUB))
    {
        ngx_mqtt_slot_enter_locked(w);
        bulk->walking = 1;
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_bulk_walk_locked(ngx_mqtt_bulk_t *bulk, ngx_uint_t *budget)
{
    ngx_int_t            rc;
    ngx_mqtt_session_t  *s;

    for ( ;; ) {

        if (bulk->session == NULL) {

            rc = ngx_mqtt_targets_next_locked(bulk->worker, &bulk->targets,
                                              budget, &s);
            if (rc != NGX_OK) {
                return (rc == NGX_DONE) ? NGX_OK : NGX_AGAIN;
            }

            bulk->session = s;
            bulk->serial = s->serial;
            bulk->group = 0;
        }

        rc = ngx_mqtt_bulk_session_locked(bulk, budget);

        if (rc != NGX_OK) {
            return rc;
        }

        bulk->session = NULL;
    }
}


/* As ngx_mqtt_bulk_start(); NGX_AGAIN: there is more to do to this session. */

static ngx_int_t
ngx_mqtt_bulk_session_locked(ngx_mqtt_bulk_t *bulk, ngx_uint_t *budget)
{
    ngx_int_t            rc;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = bulk->worker;
    s = bulk->session;

    if (s->state != NGX_MQTT_STATE_LIVE || s->serial != bulk->serial) {
        return NGX_OK;
    }

    switch (bulk->action) {

    case NGX_MQTT_BULK_CLOSE:
        *budget -= ngx_min(*budget, NGX_MQTT_BULK_CLOSE_COST);
        ngx_mqtt_session_close_locked(w, s, w->slot->filling);
        break;

    case NGX_MQTT_BULK_LEAVE_ALL:
        ngx_mqtt_bulk_leave_all_locked(bulk, budget);

        if (s->subs) {
            return NGX_AGAIN;
        }

        break;

    default:
        rc = ngx_mqtt_bulk_groups_locked(bulk, budget);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    bulk->count++;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_bulk_groups_locked(ngx_mqtt_bulk_t *bulk, ngx_uint_t *budget)
{
    ngx_int_t           rc;
    ngx_uint_t          cost;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_zone_t    *zone;
    ngx_mqtt_filter_t  *filter;

    zone = bulk->worker->zone;

    for ( /* void */ ; bulk->group < bulk->ngroups; bulk->group++) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        filter = &bulk->filters[bulk->group];

        cost = ngx_mqtt_sub_cost(&filter->full);
        *budget -= ngx_min(*budget, cost);

        sub = ngx_mqtt_sub_find_locked(zone, bulk->session, &filter->full);

        if (bulk->action == NGX_MQTT_BULK_LEAVE) {

            if (sub) {
                ngx_mqtt_sub_remove_locked(zone, sub);
            }

        } else if (sub == NULL) {
            rc = ngx_mqtt_bulk_join_locked(bulk, filter);

            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_bulk_join_locked(ngx_mqtt_bulk_t *bulk, ngx_mqtt_filter_t *filter)
{
    ngx_uint_t            qos, added;
    ngx_mqtt_sub_t       *sub;
    ngx_mqtt_session_t   *s;
    ngx_mqtt_hub_conf_t  *conf;

    s = bulk->session;
    conf = bulk->conf;

    if (conf->max_subscriptions
        && s->hub->subscriptions >= conf->max_subscriptions)
    {
        return NGX_BUSY;
    }

    qos = ngx_min(NGX_MQTT_GROUP_QOS, conf->max_qos);

    if (ngx_mqtt_sub_add_locked(bulk->worker->zone, s, filter, qos, 0, &sub,
                                &added)
        != NGX_OK)
    {
        bulk->worker->full = 1;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_mqtt_bulk_leave_all_locked(ngx_mqtt_bulk_t *bulk, ngx_uint_t *budget)
{
    ngx_str_t        filter;
    ngx_uint_t       cost;
    ngx_mqtt_sub_t  *sub;

    while (*budget && bulk->session->subs) {

        sub = bulk->session->subs;

        filter.data = sub->filter;
        filter.len = sub->len;

        cost = ngx_mqtt_sub_cost(&filter);
        *budget -= ngx_min(*budget, cost);

        ngx_mqtt_sub_remove_locked(bulk->worker->zone, sub);
    }
}


void
ngx_mqtt_bulk_done(ngx_mqtt_worker_t *w)
{
    ngx_uint_t        i;
    ngx_queue_t      *q, *queue;
    ngx_mqtt_bulk_t  *bulk;

    bulk = w->publishing[0].bulk;

    if (bulk) {
        ngx_mqtt_bulk_forget(bulk);
    }

    for (i = 0; i < 2; i++) {
        queue = i ? &w->sends : &w->bulks;

        while (!ngx_queue_empty(queue)) {
            q = ngx_queue_head(queue);
            bulk = ngx_queue_data(q, ngx_mqtt_bulk_t, queue);

            ngx_queue_remove(q);
            w->nbulks--;

            ngx_mqtt_bulk_destroy(bulk);
        }
    }
}
