
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_tree.h>


static uint32_t ngx_mqtt_sub_hash(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, u_char *filter, size_t len);
static ngx_mqtt_group_t *ngx_mqtt_group_get_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *node, ngx_str_t *name);
static uint32_t ngx_mqtt_group_hash(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *node, ngx_str_t *name);
static void ngx_mqtt_sub_unlink_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_sub_t *sub);
static void ngx_mqtt_group_release_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_group_t *group);


ngx_mqtt_sub_t *
ngx_mqtt_sub_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_str_t *filter)
{
    uint32_t          hash;
    ngx_mqtt_sub_t   *sub;
    ngx_mqtt_link_t  *link;

    hash = ngx_mqtt_sub_hash(zone, s, filter->data, filter->len);
    link = ngx_mqtt_hash_first(&zone->root->subs, hash);

    for ( /* void */ ; link; link = link->next) {

        if (link->hash != hash) {
            continue;
        }

        sub = (ngx_mqtt_sub_t *)
                  ((u_char *) link - offsetof(ngx_mqtt_sub_t, link));

        if (sub->session == s && sub->len == filter->len
            && ngx_memcmp(sub->filter, filter->data, filter->len) == 0)
        {
            return sub;
        }
    }

    return NULL;
}


ngx_mqtt_sub_t *
ngx_mqtt_sub_by_hash_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    uint32_t hash)
{
    ngx_mqtt_sub_t   *sub;
    ngx_mqtt_link_t  *link;

    link = ngx_mqtt_hash_first(&zone->root->subs, hash);

    for ( /* void */ ; link; link = link->next) {

        sub = (ngx_mqtt_sub_t *)
                  ((u_char *) link - offsetof(ngx_mqtt_sub_t, link));

        if (link->hash == hash && sub->session == s) {
            return sub;
        }
    }

    return NULL;
}


static uint32_t
ngx_mqtt_sub_hash(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    u_char *filter, size_t len)
{
    return (uint32_t) ngx_mqtt_siphash(zone->root->key, (uintptr_t) s, filter,
                                       len);
}


ngx_int_t
ngx_mqtt_sub_add_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_filter_t *filter, ngx_uint_t options, uint32_t id,
    ngx_mqtt_sub_t **result, ngx_uint_t *added)
{
    ngx_mqtt_sub_t  *sub;

    sub = ngx_mqtt_sub_find_locked(zone, s, &filter->full);

    if (sub) {
        ngx_mqtt_set(sub->options, options);
        ngx_mqtt_set(sub->id, id);

        *result = sub;
        *added = 0;

        return NGX_OK;
    }

    sub = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_SUB,
                                      offsetof(ngx_mqtt_sub_t, filter)
                                      + filter->full.len);
    if (sub == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(sub, offsetof(ngx_mqtt_sub_t, filter));

    sub->session = s;
    sub->id = id;
    sub->options = options;
    sub->shared = filter->shared;
    sub->len = filter->full.len;
    ngx_memcpy(sub->filter, filter->full.data, filter->full.len);

    if (ngx_mqtt_sub_link_locked(zone, sub) != NGX_OK) {
        ngx_mqtt_block_free_locked(zone, sub);
        return NGX_ERROR;
    }

    sub->next = s->subs;
    sub->prev = &s->subs;

    if (sub->next) {
        ngx_mqtt_set(sub->next->prev, &sub->next);
    }

    ngx_mqtt_set(s->subs, sub);

    *result = sub;
    *added = 1;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_sub_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_sub_t *sub)
{
    ngx_str_t            full;
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_sub_t     **list;
    ngx_mqtt_node_t     *node;
    ngx_mqtt_group_t    *group;
    ngx_mqtt_filter_t    filter;

    full.data = sub->filter;
    full.len = sub->len;

    if (ngx_mqtt_filter_parse(&full, &filter) != NGX_OK) {
        return NGX_ERROR;
    }

    hub = sub->session->hub;
    group = NULL;

    node = ngx_mqtt_node_of_filter_locked(zone, hub->subs, &filter.filter, 1);
    if (node == NULL) {
        return NGX_ERROR;
    }

    list = &node->subs;

    if (filter.shared) {
        if (ngx_mqtt_node_is_deep(node)) {
            filter.share.len += 1 + filter.filter.len;
        }

        group = ngx_mqtt_group_get_locked(zone, node, &filter.share);

        if (group == NULL) {
            ngx_mqtt_node_prune_locked(zone, node);
            return NGX_ERROR;
        }

        list = &group->members;
        ngx_mqtt_set(group->count, group->count + 1);

    } else {
        ngx_mqtt_set(node->nsubs, node->nsubs + 1);
    }

    if (group) {
        ngx_mqtt_set(sub->at.group, group);

    } else {
        ngx_mqtt_set(sub->at.node, node);
    }

    ngx_mqtt_set(sub->node_next, *list);
    ngx_mqtt_set(sub->node_prev, list);

    if (*list) {
        ngx_mqtt_set((*list)->node_prev, &sub->node_next);
    }

    ngx_mqtt_set(*list, sub);

    ngx_mqtt_hash_add_locked(zone, &zone->root->subs, &sub->link,
                             ngx_mqtt_sub_hash(zone, sub->session, sub->filter,
                                               sub->len));

    ngx_mqtt_set(sub->session->nsubs, sub->session->nsubs + 1);
    ngx_mqtt_set(hub->subscriptions, hub->subscriptions + 1);

    return NGX_OK;
}


static ngx_mqtt_group_t *
ngx_mqtt_group_get_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *node,
    ngx_str_t *name)
{
    ngx_mqtt_group_t  *group;

    group = ngx_mqtt_group_find_locked(zone, node, name);
    if (group) {
        return group;
    }

    group = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_GROUP,
                                        offsetof(ngx_mqtt_group_t, name)
                                        + name->len);
    if (group == NULL) {
        return NULL;
    }

    ngx_memzero(group, offsetof(ngx_mqtt_group_t, name));

    group->node = node;
    group->len = name->len;
    ngx_memcpy(group->name, name->data, name->len);
    group->next = node->groups;
    group->prev = &node->groups;

    if (group->next) {
        ngx_mqtt_set(group->next->prev, &group->next);
    }

    ngx_mqtt_set(node->groups, group);

    ngx_mqtt_hash_add_locked(zone, &zone->root->groups, &group->link,
                             ngx_mqtt_group_hash(zone, node, name));

    return group;
}


ngx_mqtt_group_t *
ngx_mqtt_group_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *node,
    ngx_str_t *name)
{
    uint32_t           hash;
    ngx_mqtt_link_t   *link;
    ngx_mqtt_group_t  *group;

    if (node->groups == NULL) {
        return NULL;
    }

    hash = ngx_mqtt_group_hash(zone, node, name);
    link = ngx_mqtt_hash_first(&zone->root->groups, hash);

    for ( /* void */ ; link; link = link->next) {

        if (link->hash != hash) {
            continue;
        }

        group = (ngx_mqtt_group_t *)
                    ((u_char *) link - offsetof(ngx_mqtt_group_t, link));

        if (group->node == node && group->len == name->len
            && ngx_memcmp(group->name, name->data, name->len) == 0)
        {
            return group;
        }
    }

    return NULL;
}


static uint32_t
ngx_mqtt_group_hash(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *node,
    ngx_str_t *name)
{
    return (uint32_t) ngx_mqtt_siphash(zone->root->key, (uintptr_t) node,
                                       name->data, name->len);
}


ngx_uint_t
ngx_mqtt_sub_matches_locked(ngx_mqtt_sub_t *sub, ngx_str_t *topic,
    ngx_uint_t *budget)
{
    ngx_str_t  filter;

    filter.data = sub->filter;
    filter.len = sub->len;

    *budget -= ngx_min(*budget, ngx_mqtt_topic_cost(&filter, topic));

    return ngx_mqtt_topic_match(&filter, topic);
}


ngx_uint_t
ngx_mqtt_group_matches_locked(ngx_mqtt_group_t *group, ngx_str_t *topic,
    ngx_uint_t *budget)
{
    ngx_str_t  name, filter;

    filter.data = group->name;
    filter.len = group->len;

    (void) ngx_mqtt_topic_level(&filter, &name);

    *budget -= ngx_min(*budget, ngx_mqtt_topic_cost(&filter, topic));

    return ngx_mqtt_topic_match(&filter, topic);
}


void
ngx_mqtt_sub_remove_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_sub_t *sub)
{
    ngx_mqtt_set(*sub->prev, sub->next);

    if (sub->next) {
        ngx_mqtt_set(sub->next->prev, sub->prev);
    }

    ngx_mqtt_sub_end_replay_locked(sub);
    ngx_mqtt_sub_unlink_locked(zone, sub);
    ngx_mqtt_block_retire_locked(zone, sub);
}


void
ngx_mqtt_sub_start_replay_locked(ngx_mqtt_sub_t *sub)
{
    if (sub->replay == 0) {
        ngx_mqtt_sub_link_replay_locked(sub);
    }

    ngx_mqtt_set(sub->replay_from, 0);
    ngx_mqtt_set(sub->replay, 1);
}


void
ngx_mqtt_sub_link_replay_locked(ngx_mqtt_sub_t *sub)
{
    ngx_mqtt_sub_t      *first;
    ngx_mqtt_session_t  *s;

    s = sub->session;
    first = s->replays;

    if (first == NULL) {
        sub->replay_next = sub;
        sub->replay_prev = sub;
        ngx_mqtt_set(s->replays, sub);
        return;
    }

    sub->replay_next = first;
    sub->replay_prev = first->replay_prev;

    ngx_mqtt_set(first->replay_prev->replay_next, sub);
    ngx_mqtt_set(first->replay_prev, sub);
}


void
ngx_mqtt_sub_end_replay_locked(ngx_mqtt_sub_t *sub)
{
    ngx_mqtt_session_t  *s;

    if (sub->replay == 0) {
        return;
    }

    s = sub->session;

    if (sub->replay_next == sub) {
        ngx_mqtt_set(s->replays, NULL);

    } else {
        ngx_mqtt_set(sub->replay_prev->replay_next, sub->replay_next);
        ngx_mqtt_set(sub->replay_next->replay_prev, sub->replay_prev);

        if (s->replays == sub) {
            ngx_mqtt_set(s->replays, sub->replay_next);
        }
    }

    ngx_mqtt_set(sub->replay, 0);
}


ngx_uint_t
ngx_mqtt_sub_cost(ngx_str_t *filter)
{
    ngx_str_t   rest, level;
    ngx_uint_t  n;

    rest = *filter;

    for (n = 0;
         n < NGX_MQTT_DEPTH && ngx_mqtt_topic_level(&rest, &level) == NGX_OK;
         n++)
    {
        /* void */
    }

    /* a node is found or made, listed and hashed */

    return 8 + 4 * n + filter->len / 128;
}


static void
ngx_mqtt_sub_unlink_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_sub_t *sub)
{
    ngx_mqtt_hub_t    *hub;
    ngx_mqtt_node_t   *node;
    ngx_mqtt_group_t  *group;

    group = sub->shared ? sub->at.group : NULL;
    node = ngx_mqtt_sub_node(sub);
    hub = sub->session->hub;

    if (group && group->turn == sub) {
        ngx_mqtt_set(group->turn, sub->node_next);
    }

    ngx_mqtt_set(*sub->node_prev, sub->node_next);

    if (sub->node_next) {
        ngx_mqtt_set(sub->node_next->node_prev, sub->node_prev);
    }

    ngx_mqtt_hash_del_locked(zone, &zone->root->subs, &sub->link);

    ngx_mqtt_set(sub->session->nsubs, sub->session->nsubs - 1);
    ngx_mqtt_set(hub->subscriptions, hub->subscriptions - 1);

    if (group) {
        ngx_mqtt_set(group->count, group->count - 1);

        if (group->members == NULL) {
            ngx_mqtt_group_release_locked(zone, group);
        }

    } else {
        ngx_mqtt_set(node->nsubs, node->nsubs - 1);
    }

    ngx_mqtt_node_prune_locked(zone, node);
}


static void
ngx_mqtt_group_release_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_group_t *group)
{
    ngx_mqtt_set(*group->prev, group->next);

    if (group->next) {
        ngx_mqtt_set(group->next->prev, group->prev);
    }

    ngx_mqtt_hash_del_locked(zone, &zone->root->groups, &group->link);
    ngx_mqtt_block_retire_locked(zone, group);
}
