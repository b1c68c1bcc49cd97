
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_tree.h>


static ngx_mqtt_node_t *ngx_mqtt_node_create_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *parent, ngx_str_t *level);
static uint32_t ngx_mqtt_node_hash(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *parent, ngx_str_t *level);
static ngx_int_t ngx_mqtt_match_add(ngx_mqtt_match_t *match,
    ngx_mqtt_node_t *node);


ngx_mqtt_node_t *
ngx_mqtt_node_root_locked(ngx_mqtt_zone_t *zone)
{
    ngx_mqtt_node_t  *node;

    node = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_NODE,
                                       sizeof(ngx_mqtt_node_t));
    if (node != NULL) {
        ngx_memzero(node, sizeof(ngx_mqtt_node_t));
    }

    return node;
}


ngx_mqtt_node_t *
ngx_mqtt_node_child_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *parent,
    ngx_str_t *level)
{
    uint32_t          hash;
    ngx_mqtt_link_t  *link;
    ngx_mqtt_node_t  *node;

    if (parent->children == NULL) {
        return NULL;
    }

    hash = ngx_mqtt_node_hash(zone, parent, level);
    link = ngx_mqtt_hash_first(&zone->root->nodes, hash);

    for ( /* void */ ; link; link = link->next) {

        if (link->hash != hash) {
            continue;
        }

        node = (ngx_mqtt_node_t *)
                   ((u_char *) link - offsetof(ngx_mqtt_node_t, link));

        if (node->parent == parent && node->len == level->len
            && ngx_memcmp(node->level, level->data, level->len) == 0)
        {
            return node;
        }
    }

    return NULL;
}


static uint32_t
ngx_mqtt_node_hash(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *parent,
    ngx_str_t *level)
{
    return (uint32_t) ngx_mqtt_siphash(zone->root->key, (uintptr_t) parent,
                                       level->data, level->len);
}


ngx_mqtt_node_t *
ngx_mqtt_node_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *root,
    ngx_str_t *path, ngx_uint_t create)
{
    ngx_str_t         rest, level;
    ngx_mqtt_node_t  *node, *child;

    node = root;
    rest = *path;

    while (ngx_mqtt_topic_level(&rest, &level) == NGX_OK) {

        if (level.len == 1 && level.data[0] == '+') {
            child = node->plus;

        } else if (level.len == 1 && level.data[0] == '#') {
            child = node->multi;

        } else {
            child = ngx_mqtt_node_child_locked(zone, node, &level);
        }

        if (child == NULL) {

            if (!create) {
                return NULL;
            }

            child = ngx_mqtt_node_create_locked(zone, node, &level);

            if (child == NULL) {
                ngx_mqtt_node_prune_locked(zone, node);
                return NULL;
            }
        }

        node = child;
    }

    return node;
}


static ngx_mqtt_node_t *
ngx_mqtt_node_create_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *parent,
    ngx_str_t *level)
{
    ngx_mqtt_node_t  *node;

    node = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_NODE,
                                       offsetof(ngx_mqtt_node_t, level)
                                       + level->len);
    if (node == NULL) {
        return NULL;
    }

    ngx_memzero(node, offsetof(ngx_mqtt_node_t, level));

    node->parent = parent;
    node->len = level->len;
    ngx_memcpy(node->level, level->data, level->len);

    if (level->len == 1 && level->data[0] == '+') {
        ngx_mqtt_set(parent->plus, node);

    } else if (level->len == 1 && level->data[0] == '#') {
        ngx_mqtt_set(parent->multi, node);

    } else {
        node->next = parent->children;
        node->prev = &parent->children;

        if (node->next) {
            ngx_mqtt_set(node->next->prev, &node->next);
        }

        ngx_mqtt_set(parent->children, node);
        ngx_mqtt_hash_add_locked(zone, &zone->root->nodes, &node->link,
                                 ngx_mqtt_node_hash(zone, parent, level));
    }

    ngx_mqtt_set(parent->nchildren, parent->nchildren + 1);

    return node;
}


void
ngx_mqtt_node_prune_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *node)
{
    ngx_mqtt_node_t  *parent;

    while (node->parent && node->nchildren == 0 && node->subs == NULL
           && node->groups == NULL && node->retain == NULL)
    {
        parent = node->parent;

        if (parent->plus == node) {
            ngx_mqtt_set(parent->plus, NULL);

        } else if (parent->multi == node) {
            ngx_mqtt_set(parent->multi, NULL);

        } else {
            ngx_mqtt_hash_del_locked(zone, &zone->root->nodes, &node->link);
            ngx_mqtt_set(*node->prev, node->next);

            if (node->next) {
                ngx_mqtt_set(node->next->prev, node->prev);
            }
        }

        ngx_mqtt_set(parent->nchildren, parent->nchildren - 1);
        ngx_mqtt_block_retire_locked(zone, node);

        node = parent;
    }
}


ngx_int_t
ngx_mqtt_tree_match_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *root,
    ngx_str_t *topic, ngx_mqtt_match_t *match)
{
    ngx_str_t          rest, level;
    ngx_uint_t         i, n, nback, wild;
    ngx_mqtt_node_t   *node, *child, **swap;

    match->n = 0;

    if (match->max == 0) {
        return NGX_AGAIN;
    }

    rest = *topic;

    /* [MQTT-4.7.2-1]: a wildcard in the first level leaves out "$..." */

    wild = (topic->data[0] != '$');

    match->front[0] = root;
    n = 1;

    while (n && ngx_mqtt_topic_level(&rest, &level) == NGX_OK) {

        if (2 * n > match->max) {
            return NGX_AGAIN;
        }

        nback = 0;

        for (i = 0; i < n; i++) {
            node = match->front[i];

            if (wild) {
                if (node->multi
                    && ngx_mqtt_match_add(match, node->multi) != NGX_OK)
                {
                    return NGX_AGAIN;
                }

                if (node->plus) {
                    match->back[nback++] = node->plus;
                }
            }

            child = ngx_mqtt_node_child_locked(zone, node, &level);

            if (child) {
                match->back[nback++] = child;
            }
        }

        swap = match->front;
        match->front = match->back;
        match->back = swap;

        n = nback;
        wild = 1;
    }

    for (i = 0; i < n; i++) {
        node = match->front[i];

        if (ngx_mqtt_match_add(match, node) != NGX_OK
            || (node->multi
                && ngx_mqtt_match_add(match, node->multi) != NGX_OK))
        {
            return NGX_AGAIN;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_match_add(ngx_mqtt_match_t *match, ngx_mqtt_node_t *node)
{
    if (node->subs == NULL && node->groups == NULL) {
        return NGX_OK;
    }

    if (match->n == match->max) {
        return NGX_AGAIN;
    }

    match->nodes[match->n++] = node;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_match_grow(ngx_mqtt_match_t *match, ngx_log_t *log)
{
    ngx_uint_t         max;
    ngx_mqtt_node_t  **p;

    max = match->max ? 2 * match->max : 64;

    p = ngx_alloc(3 * max * sizeof(ngx_mqtt_node_t *), log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_mqtt_match_free(match);

    match->memory = p;
    match->nodes = p;
    match->front = p + max;
    match->back = p + 2 * max;
    match->max = max;

    return NGX_OK;
}


void
ngx_mqtt_match_free(ngx_mqtt_match_t *match)
{
    if (match->memory) {
        ngx_free(match->memory);
    }

    ngx_memzero(match, sizeof(ngx_mqtt_match_t));
}
