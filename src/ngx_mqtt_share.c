
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_share.h>


/* members of a group that are asked for one message */
#define NGX_MQTT_SHARE_TRIES    128

/* subscriptions of an ended session looked at for one message */
#define NGX_MQTT_SHARE_SUBS     1024


static ngx_mqtt_group_t *ngx_mqtt_share_group_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_entry_t *e);


ngx_mqtt_sub_t *
ngx_mqtt_share_member_locked(ngx_mqtt_group_t *group, ngx_mqtt_message_t *m)
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

    for (i = 0; i < n; i++, sub = sub->node_next) {

        if (sub == NULL) {
            sub = group->members;
        }

        s = sub->session;
        qos = ngx_min(m->qos, ngx_mqtt_sub_qos(sub));

        if (ngx_mqtt_queue_accepts_locked(s, qos, size) != NGX_OK) {
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

    sub = online ? online : offline;

    if (sub) {
        ngx_mqtt_set(group->turn, sub->node_next);
    }

    return sub;
}


/*
 * A kill between the two queues repeats a message, which QoS 1 allows; the
 * other way round it would be lost.
 */

void
ngx_mqtt_share_pass_on_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e)
{
    ngx_uint_t           qos;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_entry_t    *copy;
    ngx_mqtt_group_t    *group;
    ngx_mqtt_message_t  *m;

    m = e->m.message;

    /* [MQTT-4.8.2-5]: QoS 2 that was begun stays with its member */

    if (ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED
        && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_ACK)
    {
        return;
    }

    group = ngx_mqtt_share_group_locked(w, s, e);
    if (group == NULL) {
        return;
    }

    sub = ngx_mqtt_share_member_locked(group, m);
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

    ngx_mqtt_queue_append_locked(w, sub->session, copy, m);
}


/* The shared subscription by which a session got a message. */

static ngx_mqtt_group_t *
ngx_mqtt_share_group_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e)
{
    ngx_str_t            topic, full;
    ngx_uint_t           n;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_filter_t    filter;
    ngx_mqtt_message_t  *m;

    m = e->m.message;

    topic.len = m->topic_len;
    topic.data = ngx_mqtt_message_topic(m, w->topic);

    n = NGX_MQTT_SHARE_SUBS;

    for (sub = s->subs; sub && n; sub = sub->next, n--) {

        if (sub->group == NULL || sub->id != e->u.id) {
            continue;
        }

        full.data = sub->filter;
        full.len = sub->len;

        if (ngx_mqtt_filter_parse(&full, &filter) == NGX_OK
            && ngx_mqtt_topic_match(&filter.filter, &topic))
        {
            return sub->group;
        }
    }

    return NULL;
}
