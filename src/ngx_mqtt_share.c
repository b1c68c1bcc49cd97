
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_share.h>
#include <ngx_mqtt_targets.h>


/* members of a group that are asked for one message */
#define NGX_MQTT_SHARE_TRIES    128


ngx_int_t
ngx_mqtt_share_member_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_group_t *group,
    ngx_mqtt_message_t *m, ngx_mqtt_targets_t *targets, ngx_uint_t *asked,
    ngx_uint_t *budget, ngx_mqtt_sub_t **member)
{
    size_t               size;
    ngx_uint_t           i, n, qos;
    ngx_mqtt_sub_t      *sub, *online, *offline;
    ngx_mqtt_session_t  *s;

    online = NULL;
    offline = NULL;

    size = ngx_mqtt_message_size(m);
    sub = group->turn;
    n = ngx_min(group->count, NGX_MQTT_SHARE_TRIES);

    for (i = 0; *asked + i < n; i++, sub = sub->node_next) {

        if (sub == NULL) {
            sub = group->members;
        }

        if (targets && *budget == 0 && i) {
            break;
        }

        s = sub->session;
        qos = ngx_min(m->qos, ngx_mqtt_sub_qos(sub));

        if (ngx_mqtt_queue_accepts_locked(s, qos, size) != NGX_OK
            || (targets
                && !ngx_mqtt_targets_wants_locked(zone, targets, s, budget)))
        {
            continue;
        }

        if (s->attach == NULL) {
            offline = offline ? offline : sub;
            continue;
        }

        if (!s->attach->stalled && s->queued < s->window) {
            online = sub;
            break;
        }

        online = online ? online : sub;
    }

    *budget -= ngx_min(*budget, i);
    *asked += i;
    *member = online ? online : offline;

    if (*member) {
        ngx_mqtt_set(group->turn, (*member)->node_next);
        return NGX_OK;
    }

    if (*asked < n) {
        ngx_mqtt_set(group->turn, sub);
        return NGX_AGAIN;
    }

    return NGX_OK;
}


/*
 * A kill between the two queues repeats a message, which QoS 1 allows; the
 * other way round it would be lost.
 */

void
ngx_mqtt_share_pass_on_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e, ngx_uint_t *budget)
{
    ngx_uint_t           qos, cost, asked;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_entry_t    *copy;
    ngx_mqtt_message_t  *m;

    m = e->m.message;

    /* [MQTT-4.8.2-5]: QoS 2 that was begun stays with its member */

    if (ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED
        && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_ACK)
    {
        return;
    }

    sub = ngx_mqtt_sub_by_hash_locked(w->zone, s, e->u.shared.hash);

    if (sub == NULL || !sub->shared) {
        return;
    }

    asked = 0;

    (void) ngx_mqtt_share_member_locked(w->zone, sub->at.group, m, NULL,
                                        &asked, budget, &sub);
    if (sub == NULL) {
        return;
    }

    qos = ngx_min(m->qos, ngx_mqtt_sub_qos(sub));

    copy = ngx_mqtt_entry_alloc_locked(w->zone, qos, sub->id);

    if (copy == NULL) {
        w->full = 1;
        return;
    }

    copy->flags = NGX_MQTT_ENTRY_SHARED;
    copy->u.shared.hash = sub->link.hash;

    cost = ngx_mqtt_queue_append_locked(w, sub->session, copy, m);
    *budget -= ngx_min(*budget, cost);
}
