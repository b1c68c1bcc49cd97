
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


ngx_mqtt_retain_t *
ngx_mqtt_retain_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    ngx_str_t *topic)
{
    ngx_mqtt_node_t  *node;

    node = ngx_mqtt_node_of_topic_locked(zone, hub->retained, topic, 0);

    return node ? node->retain : NULL;
}


ngx_int_t
ngx_mqtt_retain_reserve_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    ngx_str_t *topic, ngx_mqtt_retain_t **result)
{
    ngx_mqtt_retain_t  *retain;

    retain = ngx_mqtt_retain_find_locked(zone, hub, topic);

    if (retain) {
        *result = retain;
        return NGX_OK;
    }

    retain = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_RETAIN,
                                         sizeof(ngx_mqtt_retain_t));
    if (retain == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(retain, sizeof(ngx_mqtt_retain_t));
    retain->hub = hub;

    if (ngx_mqtt_retain_link_locked(zone, retain, topic) != NGX_OK) {
        ngx_mqtt_block_free_locked(zone, retain);
        return NGX_ERROR;
    }

    ngx_mqtt_set(retain->state, NGX_MQTT_STATE_LIVE);

    *result = retain;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_retain_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_retain_t *retain,
    ngx_str_t *topic)
{
    ngx_mqtt_hub_t   *hub;
    ngx_mqtt_node_t  *node;

    hub = retain->hub;

    node = ngx_mqtt_node_of_topic_locked(zone, hub->retained, topic, 1);
    if (node == NULL) {
        return NGX_ERROR;
    }

    ngx_mqtt_set(retain->node, node);
    ngx_mqtt_set(node->retain, retain);

    if (retain->message) {
        ngx_mqtt_set(hub->nretained, hub->nretained + 1);

        if (retain->message->expires) {
            ngx_mqtt_wheel_set_locked(&zone->root->retain_wheel,
                                      &retain->timer,
                                      retain->message->expires);
        }
    }

    return NGX_OK;
}


void
ngx_mqtt_retain_release_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_retain_t *retain)
{
    ngx_mqtt_node_t  *node;

    if (retain->message) {
        return;
    }

    node = retain->node;

    ngx_mqtt_set(retain->state, NGX_MQTT_STATE_NONE);
    ngx_mqtt_set(node->retain, NULL);

    ngx_mqtt_wheel_del_locked(&retain->timer);
    ngx_mqtt_node_prune_locked(zone, node);
    ngx_mqtt_block_free_locked(zone, retain);
}


void
ngx_mqtt_retain_set_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_retain_t *retain,
    ngx_mqtt_message_t *m)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_message_t  *old;

    old = retain->message;

    if (old == m) {
        return;
    }

    ngx_mqtt_set(retain->message, m);
    ngx_mqtt_set(m->refs, m->refs + 1);

    if (old) {
        ngx_mqtt_message_unref_locked(zone, old);

    } else {
        hub = retain->hub;
        ngx_mqtt_set(hub->nretained, hub->nretained + 1);
    }

    ngx_mqtt_wheel_del_locked(&retain->timer);

    if (m->expires) {
        ngx_mqtt_wheel_set_locked(&zone->root->retain_wheel, &retain->timer,
                                  m->expires);
    }
}


void
ngx_mqtt_retain_clear_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_retain_t *retain)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_message_t  *old;

    old = retain->message;

    if (old) {
        hub = retain->hub;

        ngx_mqtt_set(retain->message, NULL);
        ngx_mqtt_set(hub->nretained, hub->nretained - 1);
        ngx_mqtt_message_unref_locked(zone, old);
    }
}


ngx_int_t
ngx_mqtt_retain_expire(ngx_mqtt_worker_t *w)
{
    ngx_str_t           topic;
    ngx_uint_t          budget;
    ngx_mqtt_hub_t     *hub;
    ngx_mqtt_timer_t   *timer;
    ngx_mqtt_retain_t  *retain;

    budget = NGX_MQTT_EXPIRE_BUDGET;

    ngx_mqtt_worker_lock(w);

    for ( ;; ) {
        timer = ngx_mqtt_wheel_due_locked(&w->zone->root->retain_wheel,
                                          &budget);
        if (timer == NULL) {
            break;
        }

        retain = (ngx_mqtt_retain_t *)
                     ((u_char *) timer - offsetof(ngx_mqtt_retain_t, timer));

        hub = retain->hub;

        topic.len = retain->message->topic_len;
        topic.data = ngx_mqtt_message_topic(retain->message, w->topic);

        budget -= ngx_min(budget, ngx_mqtt_sub_cost(&topic));

        ngx_mqtt_retain_clear_locked(w->zone, retain);
        ngx_mqtt_retain_release_locked(w->zone, retain);
        ngx_mqtt_hub_release_locked(w->zone, hub);
    }

    ngx_mqtt_worker_unlock(w);

    return budget ? NGX_OK : NGX_AGAIN;
}
