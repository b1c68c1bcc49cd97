
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_replay.h>
#include <ngx_mqtt_auth.h>


#define NGX_MQTT_CODES_LOCAL    256    /* on the stack */


/* Carries out a packet of filters and fills in a code for each. */

typedef ngx_int_t (*ngx_mqtt_filters_pt)(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, u_char *codes);


static ngx_int_t ngx_mqtt_filters_handle(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_mqtt_packet_t *ack, ngx_str_t *codes,
    ngx_mqtt_filters_pt handler);
static ngx_int_t ngx_mqtt_filters_pause_locked(ngx_mqtt_client_t *cl,
    ngx_str_t *filter, ngx_uint_t *budget);
static ngx_int_t ngx_mqtt_subscribe(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, u_char *codes);
static void ngx_mqtt_subscribe_check(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, u_char *codes);
static ngx_uint_t ngx_mqtt_subscribe_verdict(ngx_mqtt_client_t *cl,
    ngx_mqtt_filter_t *filter);
static ngx_uint_t ngx_mqtt_subscribe_add_locked(ngx_mqtt_client_t *cl,
    ngx_str_t *full, ngx_uint_t options, uint32_t id, ngx_uint_t *budget);
static void ngx_mqtt_unsubscribe_check(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, u_char *codes);
static ngx_int_t ngx_mqtt_unsubscribe(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, u_char *codes);


ngx_int_t
ngx_mqtt_handle_subscribe(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    u_char             options;
    ngx_str_t          list, filter, *codes;
    ngx_mqtt_packet_t  ack;

    ngx_mqtt_handle_packet(&ack, NGX_MQTT_SUBACK);
    ack.packet_id = pkt->packet_id;

    codes = &ack.u.suback.codes;
    codes->len = 0;

    list = pkt->u.subscribe.list;

    while (ngx_mqtt_subscribe_next(pkt, &filter, &options) == NGX_OK) {
        codes->len++;
    }

    pkt->u.subscribe.list = list;

    return ngx_mqtt_filters_handle(cl, pkt, &ack, codes, ngx_mqtt_subscribe);
}


ngx_int_t
ngx_mqtt_handle_unsubscribe(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_str_t          list, filter, *codes;
    ngx_mqtt_packet_t  ack;

    ngx_mqtt_handle_packet(&ack, NGX_MQTT_UNSUBACK);
    ack.packet_id = pkt->packet_id;

    codes = &ack.u.unsuback.codes;
    codes->len = 0;

    list = pkt->u.unsubscribe.list;

    while (ngx_mqtt_unsubscribe_next(pkt, &filter) == NGX_OK) {

        /* UNSUBACK has no code for it [3.1.1: MQTT-4.7.3-1] */

        if (filter.len == 0 && cl->version != NGX_MQTT_V5) {
            return ngx_mqtt_handle_fail(cl, NGX_MQTT_TOPIC_FILTER_INVALID,
                                        "empty filter");
        }

        codes->len++;
    }

    pkt->u.unsubscribe.list = list;

    return ngx_mqtt_filters_handle(cl, pkt, &ack, codes,
                                   ngx_mqtt_unsubscribe);
}


/* "codes" is part of "ack" and has its length already. */

static ngx_int_t
ngx_mqtt_filters_handle(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_mqtt_packet_t *ack, ngx_str_t *codes, ngx_mqtt_filters_pt handler)
{
    u_char     local[NGX_MQTT_CODES_LOCAL];
    ngx_int_t  rc;

    if (codes->len > NGX_MQTT_FILTERS_MAX) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                    "too many filters in a packet");
    }

    if (ngx_mqtt_handle_reserve(cl, ack) != NGX_OK) {
        return NGX_ERROR;
    }

    codes->data = local;

    if (codes->len > NGX_MQTT_CODES_LOCAL) {

        codes->data = ngx_alloc(codes->len, cl->log);

        if (codes->data == NULL) {
            return ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                        "no memory");
        }
    }

    rc = handler(cl, pkt, codes->data);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_handle_answer(cl, ack);
    }

    if (codes->data != local) {
        ngx_free(codes->data);
    }

    return rc;
}


/* Lets others have the lock now and then.  NGX_ERROR: the session is lost. */

static ngx_int_t
ngx_mqtt_filters_pause_locked(ngx_mqtt_client_t *cl, ngx_str_t *filter,
    ngx_uint_t *budget)
{
    if (*budget == 0) {
        ngx_mqtt_worker_unlock(cl->worker);
        ngx_mqtt_worker_lock(cl->worker);

        cl->worker->work += NGX_MQTT_FILTERS_BATCH;
        *budget = NGX_MQTT_FILTERS_BATCH;
    }

    *budget -= ngx_min(*budget, ngx_mqtt_sub_cost(filter));

    return cl->attach->session ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_mqtt_subscribe(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    u_char *codes)
{
    u_char      options;
    uint32_t    id;
    ngx_str_t   full;
    ngx_uint_t  i, budget;

    ngx_mqtt_subscribe_check(cl, pkt, codes);

    id = 0;

    if (ngx_mqtt_prop_has(&pkt->props, NGX_MQTT_PROP_SUBSCRIPTION_ID)) {
        id = pkt->props.subscription_id;
    }

    budget = NGX_MQTT_FILTERS_BATCH;

    ngx_mqtt_worker_lock(cl->worker);

    for (i = 0;
         ngx_mqtt_subscribe_next(pkt, &full, &options) == NGX_OK;
         i++)
    {
        if (ngx_mqtt_filters_pause_locked(cl, &full, &budget) != NGX_OK) {
            ngx_mqtt_worker_unlock(cl->worker);
            return ngx_mqtt_handle_lost(cl);
        }

        if (codes[i] < NGX_MQTT_UNSPECIFIED_ERROR) {
            options = (options & ~NGX_MQTT_OPT_QOS) | codes[i];
            codes[i] = (u_char) ngx_mqtt_subscribe_add_locked(cl, &full,
                                                              options, id,
                                                              &budget);
        }
    }

    ngx_mqtt_worker_unlock(cl->worker);

    cl->worker->work += NGX_MQTT_FILTERS_BATCH - budget;

    return NGX_OK;
}


/* All that can be said without the zone: what is granted, or why not. */

static void
ngx_mqtt_subscribe_check(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    u_char *codes)
{
    u_char              options;
    ngx_str_t           list, full;
    ngx_uint_t          i, reason;
    ngx_mqtt_filter_t   filter;

    list = pkt->u.subscribe.list;

    for (i = 0;
         ngx_mqtt_subscribe_next(pkt, &full, &options) == NGX_OK;
         i++)
    {
        if (ngx_mqtt_filter_parse(&full, &filter) != NGX_OK) {
            codes[i] = NGX_MQTT_TOPIC_FILTER_INVALID;
            continue;
        }

        reason = ngx_mqtt_subscribe_verdict(cl, &filter);

        if (reason == NGX_MQTT_SUCCESS) {
            reason = ngx_min((ngx_uint_t) (options & NGX_MQTT_OPT_QOS),
                             cl->conf->max_qos);
        }

        codes[i] = (u_char) reason;
    }

    pkt->u.subscribe.list = list;
}


static ngx_uint_t
ngx_mqtt_subscribe_verdict(ngx_mqtt_client_t *cl, ngx_mqtt_filter_t *filter)
{
    if (filter->shared && !cl->conf->shared_subscription) {
        return NGX_MQTT_SHARED_NOT_SUPPORTED;
    }

    if (filter->wildcard && !cl->conf->wildcard_subscription) {
        return NGX_MQTT_WILDCARD_NOT_SUPPORTED;
    }

    if (ngx_mqtt_auth_subscribe(cl, filter) != NGX_OK) {
        return NGX_MQTT_NOT_AUTHORIZED;
    }

    return NGX_MQTT_SUCCESS;
}


/* Returns the code of the SUBACK. */

static ngx_uint_t
ngx_mqtt_subscribe_add_locked(ngx_mqtt_client_t *cl, ngx_str_t *full,
    ngx_uint_t options, uint32_t id, ngx_uint_t *budget)
{
    ngx_uint_t            added, handling;
    ngx_mqtt_sub_t       *sub;
    ngx_mqtt_zone_t      *zone;
    ngx_mqtt_filter_t     filter;
    ngx_mqtt_session_t   *s;
    ngx_mqtt_hub_conf_t  *conf;

    conf = cl->conf;
    zone = cl->worker->zone;
    s = cl->attach->session;

    (void) ngx_mqtt_filter_parse(full, &filter);

    if (conf->max_subscriptions
        && s->hub->subscriptions >= conf->max_subscriptions
        && ngx_mqtt_sub_find_locked(zone, s, full) == NULL)
    {
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    if (ngx_mqtt_sub_add_locked(zone, s, &filter, options, id, &sub, &added)
        != NGX_OK)
    {
        cl->worker->full = 1;
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    /* 0: always, 1: to a new subscription, 2: never [MQTT-3.3.1-9] */

    handling = (options & NGX_MQTT_OPT_RETAIN_HANDLING) >> 4;

    if (conf->retain && !filter.shared
        && (handling == 0 || (handling == 1 && added)))
    {
        ngx_mqtt_replay_start_locked(cl->worker, sub, budget);
    }

    return options & NGX_MQTT_OPT_QOS;
}


/* All that can be said without the zone: 0, or why not. */

static void
ngx_mqtt_unsubscribe_check(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    u_char *codes)
{
    ngx_str_t           list, full;
    ngx_uint_t          i;
    ngx_mqtt_filter_t   filter;

    list = pkt->u.unsubscribe.list;

    for (i = 0; ngx_mqtt_unsubscribe_next(pkt, &full) == NGX_OK; i++) {

        codes[i] = NGX_MQTT_SUCCESS;

        if (ngx_mqtt_filter_parse(&full, &filter) != NGX_OK) {
            codes[i] = NGX_MQTT_TOPIC_FILTER_INVALID;

        } else if (ngx_mqtt_auth_subscribe(cl, &filter) != NGX_OK) {
            codes[i] = NGX_MQTT_NOT_AUTHORIZED;
        }
    }

    pkt->u.unsubscribe.list = list;
}


static ngx_int_t
ngx_mqtt_unsubscribe(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    u_char *codes)
{
    ngx_str_t           full;
    ngx_uint_t          i, budget;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_zone_t    *zone;

    ngx_mqtt_unsubscribe_check(cl, pkt, codes);

    zone = cl->worker->zone;
    budget = NGX_MQTT_FILTERS_BATCH;

    ngx_mqtt_worker_lock(cl->worker);

    for (i = 0; ngx_mqtt_unsubscribe_next(pkt, &full) == NGX_OK; i++) {

        if (ngx_mqtt_filters_pause_locked(cl, &full, &budget) != NGX_OK) {
            ngx_mqtt_worker_unlock(cl->worker);
            return ngx_mqtt_handle_lost(cl);
        }

        if (codes[i] != NGX_MQTT_SUCCESS) {
            continue;
        }

        sub = ngx_mqtt_sub_find_locked(zone, cl->attach->session, &full);

        if (sub == NULL) {
            codes[i] = NGX_MQTT_NO_SUBSCRIPTION_EXISTED;
            continue;
        }

        ngx_mqtt_sub_remove_locked(zone, sub);
        codes[i] = NGX_MQTT_SUCCESS;
    }

    ngx_mqtt_worker_unlock(cl->worker);

    cl->worker->work += NGX_MQTT_FILTERS_BATCH - budget;

    return NGX_OK;
}
