
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_tree.h>


static ngx_mqtt_node_t *ngx_mqtt_node_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *node, ngx_str_t *path, ngx_str_t *deep,
    ngx_uint_t create);
static ngx_mqtt_node_t *ngx_mqtt_node_create_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_node_t *parent, ngx_str_t *level, uint64_t hash);
static uint32_t ngx_mqtt_node_link_hash(ngx_mqtt_node_t *parent,
    uint64_t hash);
static void ngx_mqtt_match_level(ngx_mqtt_zone_t *zone,
    ngx_mqtt_match_t *match);
static void ngx_mqtt_match_node_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_match_t *match, ngx_mqtt_node_t *node);
static void ngx_mqtt_match_add(ngx_mqtt_match_t *match,
    ngx_mqtt_node_t *node);


/* of the node below NGX_MQTT_DEPTH that filters share: no topic has U+0000 */

static ngx_str_t  ngx_mqtt_node_deep = { 1, (u_char *) "\0" };


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


uint64_t
ngx_mqtt_node_hash(ngx_mqtt_zone_t *zone, ngx_str_t *level)
{
    return ngx_mqtt_siphash(zone->root->key, 0, level->data, level->len);
}


/* The level's is made once for all parents in which it is looked up. */

static uint32_t
ngx_mqtt_node_link_hash(ngx_mqtt_node_t *parent, uint64_t hash)
{
    return (uint32_t) (((hash ^ (uintptr_t) parent) * 0x9e3779b97f4a7c15ULL)
                       >> 32);
}


ngx_mqtt_node_t *
ngx_mqtt_node_child_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *parent,
    ngx_str_t *level, uint64_t level_hash)
{
    uint32_t          hash;
    ngx_mqtt_link_t  *link;
    ngx_mqtt_node_t  *node;

    if (parent->children == NULL) {
        return NULL;
    }

    hash = ngx_mqtt_node_link_hash(parent, level_hash);
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


ngx_mqtt_node_t *
ngx_mqtt_node_of_filter_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *root,
    ngx_str_t *filter, ngx_uint_t create)
{
    return ngx_mqtt_node_find_locked(zone, root, filter, &ngx_mqtt_node_deep,
                                     create);
}


ngx_mqtt_node_t *
ngx_mqtt_node_of_topic_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *root,
    ngx_str_t *topic, ngx_uint_t create)
{
    return ngx_mqtt_node_find_locked(zone, root, topic, NULL, create);
}


/* "deep" stands for what is left below NGX_MQTT_DEPTH, or NULL for itself. */

static ngx_mqtt_node_t *
ngx_mqtt_node_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *node,
    ngx_str_t *path, ngx_str_t *deep, ngx_uint_t create)
{
    uint64_t          hash;
    ngx_str_t         rest, level;
    ngx_uint_t        depth;
    ngx_mqtt_node_t  *child;

    rest = *path;

    for (depth = 0; rest.data; depth++) {

        if (depth < NGX_MQTT_DEPTH || (rest.len == 1 && rest.data[0] == '#'))
        {
            (void) ngx_mqtt_topic_level(&rest, &level);

        } else {
            level = deep ? *deep : rest;
            rest.data = NULL;
        }

        hash = 0;

        if (level.len == 1 && level.data[0] == '+') {
            child = node->plus;

        } else if (level.len == 1 && level.data[0] == '#') {
            child = node->multi;

        } else {
            hash = ngx_mqtt_node_hash(zone, &level);
            child = ngx_mqtt_node_child_locked(zone, node, &level, hash);
        }

        if (child == NULL) {

            if (!create) {
                return NULL;
            }

            child = ngx_mqtt_node_create_locked(zone, node, &level, hash);

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
    ngx_str_t *level, uint64_t hash)
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
                                 ngx_mqtt_node_link_hash(parent, hash));
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


void
ngx_mqtt_match_start(ngx_mqtt_zone_t *zone, ngx_mqtt_node_t *root,
    ngx_str_t *topic, ngx_mqtt_match_t *match)
{
    match->n = 0;
    match->front[0] = root;
    match->nfront = 1;
    match->next = 0;
    match->nback = 0;
    match->rest = *topic;
    match->depth = 0;
    match->end = 0;

    ngx_mqtt_match_level(zone, match);

    /* [MQTT-4.7.2-1]: a wildcard in the first level leaves out "$..." */

    match->wild = (topic->data[0] != '$');
}


/* The level that the front is to be compared with. */

static void
ngx_mqtt_match_level(ngx_mqtt_zone_t *zone, ngx_mqtt_match_t *match)
{
    match->wild = 1;
    match->level.len = 0;

    if (match->rest.data == NULL) {
        match->end = 1;
        return;
    }

    if (match->depth++ < NGX_MQTT_DEPTH) {
        (void) ngx_mqtt_topic_level(&match->rest, &match->level);

    } else {
        match->level = ngx_mqtt_node_deep;
        match->rest.data = NULL;
    }

    match->hash = ngx_mqtt_node_hash(zone, &match->level);
}


ngx_int_t
ngx_mqtt_tree_match_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_match_t *match,
    ngx_uint_t *budget)
{
    ngx_uint_t         cost;
    ngx_mqtt_node_t  **swap;

    for ( ;; ) {

        /* a node, what hangs at it, and the comparison with a child */

        cost = 2 + match->level.len / 1024;

        for ( /* void */ ; match->next < match->nfront; match->next++) {

            if (match->n + 2 > match->max || match->nback + 2 > match->max) {
                return NGX_AGAIN;
            }

            if (*budget == 0) {
                return NGX_BUSY;
            }

            *budget -= ngx_min(*budget, cost);

            ngx_mqtt_match_node_locked(zone, match,
                                       match->front[match->next]);
        }

        if (match->end || match->nback == 0) {
            return NGX_OK;
        }

        swap = match->front;
        match->front = match->back;
        match->back = swap;

        match->nfront = match->nback;
        match->next = 0;
        match->nback = 0;

        ngx_mqtt_match_level(zone, match);
    }
}


static void
ngx_mqtt_match_node_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_match_t *match,
    ngx_mqtt_node_t *node)
{
    ngx_mqtt_node_t  *child;

    /* "a/#" matches "a" too */

    if (node->multi && match->wild) {
        ngx_mqtt_match_add(match, node->multi);
    }

    if (match->end) {
        ngx_mqtt_match_add(match, node);
        return;
    }

    if (node->plus && match->wild) {
        match->back[match->nback++] = node->plus;
    }

    child = ngx_mqtt_node_child_locked(zone, node, &match->level,
                                       match->hash);
    if (child) {
        match->back[match->nback++] = child;
    }
}


static void
ngx_mqtt_match_add(ngx_mqtt_match_t *match, ngx_mqtt_node_t *node)
{
    if (node->subs || node->groups) {
        match->nodes[match->n++] = node;
    }
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

    if (match->memory) {
        ngx_memcpy(p, match->nodes, match->n * sizeof(ngx_mqtt_node_t *));
        ngx_memcpy(p + max, match->front,
                   match->nfront * sizeof(ngx_mqtt_node_t *));
        ngx_memcpy(p + 2 * max, match->back,
                   match->nback * sizeof(ngx_mqtt_node_t *));
        ngx_free(match->memory);
    }

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
