
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_share.h>
#include <ngx_mqtt_targets.h>


static ngx_int_t ngx_mqtt_collect_nodes_locked(ngx_mqtt_publishing_t *p);
static ngx_int_t ngx_mqtt_collect_walk_locked(ngx_mqtt_publishing_t *p);
static ngx_int_t ngx_mqtt_collect_sub_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_sub_t *sub);
static ngx_int_t ngx_mqtt_collect_group_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_group_t *group);
static ngx_int_t ngx_mqtt_collect_target_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_sub_t *sub);
static ngx_int_t ngx_mqtt_collect_entry_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_session_t *s, ngx_uint_t qos, uint32_t sub_id);
static ngx_int_t ngx_mqtt_collect_merge_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_sub_t *sub);
static ngx_uint_t ngx_mqtt_collect_own(ngx_mqtt_publishing_t *p,
    ngx_mqtt_session_t *s);


/* Whether it goes to sessions that are named, not to subscribers. */

#define ngx_mqtt_collect_walks(p)                                             \
    ((p)->args.targets && (p)->args.targets->kind != NGX_MQTT_TARGETS_GROUP)


ngx_int_t
ngx_mqtt_collect_locked(ngx_mqtt_publishing_t *p)
{
    ngx_mqtt_zone_t  *zone;

    zone = p->worker->zone;

    if (p->phase == NGX_MQTT_PUBLISH_START) {

        p->matched = 0;
        p->epoch = zone->root->epoch;
        p->serial = ++zone->root->serial;
        p->node = 0;
        p->sub = NULL;
        p->group = NULL;
        p->asked = 0;

        /* one session: found in the same hold */

        if (p->args.to) {
            return ngx_mqtt_collect_entry_locked(p, p->args.to,
                                                 p->args.message->qos, 0);
        }

        if (ngx_mqtt_collect_walks(p)) {
            ngx_mqtt_targets_start_locked(p->worker, p->args.targets,
                                          p->args.hub);
            p->phase = NGX_MQTT_PUBLISH_COLLECT;

        } else {
            ngx_mqtt_match_start(zone, p->args.hub->subs, &p->topic,
                                 &p->match);
            p->phase = NGX_MQTT_PUBLISH_MATCH;
        }
    }

    if (p->phase == NGX_MQTT_PUBLISH_MATCH) {

        switch (ngx_mqtt_tree_match_locked(zone, &p->match, &p->budget)) {

        case NGX_OK:
            p->phase = NGX_MQTT_PUBLISH_COLLECT;
            break;

        case NGX_AGAIN:
            return NGX_BUSY;

        default:
            return NGX_AGAIN;
        }
    }

    return ngx_mqtt_collect_walks(p) ? ngx_mqtt_collect_walk_locked(p)
                                     : ngx_mqtt_collect_nodes_locked(p);
}


static ngx_int_t
ngx_mqtt_collect_nodes_locked(ngx_mqtt_publishing_t *p)
{
    ngx_int_t         rc;
    ngx_mqtt_sub_t   *sub;
    ngx_mqtt_node_t  *node;

    for ( ;; ) {

        while (p->sub || p->group) {

            if (p->budget == 0) {
                return NGX_AGAIN;
            }

            if (p->sub) {
                p->budget--;

                sub = p->sub;
                p->sub = sub->node_next;

                if (ngx_mqtt_collect_sub_locked(p, sub) != NGX_OK) {
                    return NGX_ERROR;
                }

                continue;
            }

            /* what conditions cost is not known: a whole hold for a share */

            if (p->args.targets && p->budget < NGX_MQTT_PUBLISH_BATCH) {
                return NGX_AGAIN;
            }

            p->budget--;

            rc = ngx_mqtt_collect_group_locked(p, p->group);

            if (rc != NGX_OK) {
                return rc;
            }

            p->group = p->group->next;
            p->asked = 0;
        }

        if (p->node == p->match.n) {
            return NGX_OK;
        }

        node = p->match.nodes[p->node++];
        p->sub = node->subs;
        p->group = node->groups;
        p->deep = ngx_mqtt_node_is_deep(node);
    }
}


static ngx_int_t
ngx_mqtt_collect_walk_locked(ngx_mqtt_publishing_t *p)
{
    ngx_int_t            rc;
    ngx_mqtt_session_t  *s;

    for ( ;; ) {
        rc = ngx_mqtt_targets_next_locked(p->worker, p->args.targets,
                                          &p->budget, &s);
        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : NGX_AGAIN;
        }

        if (ngx_mqtt_collect_entry_locked(p, s, p->args.message->qos, 0)
            == NGX_ERROR)
        {
            return NGX_ERROR;
        }
    }
}


static ngx_int_t
ngx_mqtt_collect_sub_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_sub_t *sub)
{
    if (p->deep
        && !ngx_mqtt_sub_matches_locked(sub, &p->topic, &p->budget))
    {
        return NGX_OK;
    }

    if ((ngx_mqtt_sub_no_local(sub) || p->args.no_echo)
        && ngx_mqtt_collect_own(p, sub->session))
    {
        return NGX_OK;
    }

    if (ngx_mqtt_collect_target_locked(p, sub) == NGX_ERROR
        && p->args.message->qos)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_collect_group_locked(ngx_mqtt_publishing_t *p,
    ngx_mqtt_group_t *group)
{
    uint64_t                 match;
    ngx_int_t                rc;
    ngx_mqtt_sub_t          *sub;
    ngx_mqtt_entry_t        *last, *entry;
    ngx_mqtt_session_t      *s;
    ngx_mqtt_publication_t  *pub;

    if (p->deep
        && !ngx_mqtt_group_matches_locked(group, &p->topic, &p->budget))
    {
        return NGX_OK;
    }

    pub = p->pub;
    p->matched = 1;

    rc = ngx_mqtt_share_member_locked(p->worker->zone, group,
                                      p->args.message, p->args.targets,
                                      &p->asked, &p->budget, &sub);
    if (sub == NULL) {
        return rc;
    }

    /* never merged with the member's own copies */

    s = sub->session;
    match = s->match;
    entry = s->match_entry;
    last = pub->drafts;

    s->match = 0;

    if (ngx_mqtt_collect_target_locked(p, sub) == NGX_ERROR
        && p->args.message->qos)
    {
        return NGX_ERROR;
    }

    if (pub->drafts != last) {
        ngx_mqtt_set(pub->drafts->u.shared.hash, sub->link.hash);
        ngx_mqtt_set(pub->drafts->flags,
                     pub->drafts->flags | NGX_MQTT_ENTRY_SHARED);
    }

    s->match = match;
    s->match_entry = entry;

    return NGX_OK;
}


/* NGX_ERROR: no memory for this one. */

static ngx_int_t
ngx_mqtt_collect_target_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_sub_t *sub)
{
    ngx_int_t            rc;
    ngx_uint_t           qos;
    ngx_mqtt_entry_t    *last;
    ngx_mqtt_session_t  *s;

    s = sub->session;

    if (s->state != NGX_MQTT_STATE_LIVE) {
        return NGX_OK;
    }

    if (s->match == p->serial) {
        rc = ngx_mqtt_collect_merge_locked(p, sub);

        if (rc != NGX_DECLINED) {
            return rc;
        }

        /* too many identifiers for one copy: another one [MQTT-3.3.4-4] */

    } else if (p->args.targets && !sub->shared
               && !ngx_mqtt_targets_wants_locked(p->worker->zone,
                                                 p->args.targets, s,
                                                 &p->budget))
    {
        return NGX_OK;
    }

    qos = ngx_min(p->args.message->qos, ngx_mqtt_sub_qos(sub));
    last = p->pub->drafts;

    rc = ngx_mqtt_collect_entry_locked(p, s, qos, sub->id);

    if (rc == NGX_OK && p->pub->drafts != last
        && p->args.message->retain && ngx_mqtt_sub_rap(sub))
    {
        ngx_mqtt_set(p->pub->drafts->flags, NGX_MQTT_ENTRY_RETAIN);
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_collect_entry_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_session_t *s,
    ngx_uint_t qos, uint32_t sub_id)
{
    ngx_int_t          rc;
    ngx_mqtt_entry_t  *e;

    p->matched = 1;

    if (ngx_mqtt_is_native(s->version)) {
        qos = ngx_mqtt_is_reliable(s->version) ? 1 : 0;

    } else if (p->args.native_only) {
        return NGX_OK;
    }

    rc = ngx_mqtt_queue_accepts_locked(s, qos,
                                       ngx_mqtt_message_size(p->args.message));

    if (rc == NGX_DECLINED) {

        /* QoS 0 is not kept for who is offline */

        if (qos || s->attach) {
            p->worker->slot->counts.full++;
        }

        return NGX_OK;
    }

    if (rc == NGX_BUSY) {

        if (ngx_mqtt_is_native(s->version)) {
            ngx_mqtt_set(s->expiry, 0);
        }

        if (s->attach) {
            ngx_mqtt_session_kick_locked(p->worker, s,
                                         NGX_MQTT_QUOTA_EXCEEDED);
        } else {
            ngx_mqtt_session_end_locked(p->worker, s);
        }

        return NGX_OK;
    }

    e = ngx_mqtt_entry_alloc_locked(p->worker->zone, qos, sub_id);
    if (e == NULL) {
        return NGX_ERROR;
    }

    e->m.target = s;
    e->order = (uint32_t) s->serial;
    e->next = p->pub->drafts;
    ngx_mqtt_set(p->pub->drafts, e);

    s->match = p->serial;
    s->match_entry = e;

    return NGX_OK;
}


/* One copy for overlapping filters: the highest QoS, all identifiers. */

static ngx_int_t
ngx_mqtt_collect_merge_locked(ngx_mqtt_publishing_t *p, ngx_mqtt_sub_t *sub)
{
    ngx_int_t          rc;
    ngx_uint_t         qos;
    ngx_mqtt_entry_t  *e;

    e = sub->session->match_entry;

    rc = ngx_mqtt_entry_add_id_locked(p->worker->zone, e, sub->id);
    if (rc != NGX_OK) {
        return rc;
    }

    qos = ngx_min(p->args.message->qos, ngx_mqtt_sub_qos(sub));

    if (qos > ngx_mqtt_entry_qos(e)) {
        ngx_mqtt_set(e->qos_state,
                     ngx_mqtt_entry_qs(qos, NGX_MQTT_ENTRY_QUEUED));
    }

    if (p->args.message->retain && ngx_mqtt_sub_rap(sub)) {
        ngx_mqtt_set(e->flags, e->flags | NGX_MQTT_ENTRY_RETAIN);
    }

    return NGX_OK;
}


/* [MQTT-3.8.3-3]: own means the same client id, in any session of it. */

static ngx_uint_t
ngx_mqtt_collect_own(ngx_mqtt_publishing_t *p, ngx_mqtt_session_t *s)
{
    if (p->args.from == NULL) {
        return 0;
    }

    return p->args.from == s
           || (p->args.from->id_len == s->id_len
               && ngx_memcmp(p->args.from->data, s->data, s->id_len) == 0);
}
