
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_event.h>


/* The order of one connection's events: one at a time, the others behind it. */


static void ngx_http_mqtt_order_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_int_t ngx_http_mqtt_order_compare(ngx_rbtree_node_t *one,
    ngx_rbtree_node_t *two);


/* local to a worker: the first event of each connection that has any */

static ngx_rbtree_t       ngx_http_mqtt_lanes;
static ngx_rbtree_node_t  ngx_http_mqtt_lanes_sentinel;


ngx_http_mqtt_hook_t *
ngx_http_mqtt_order_enter(ngx_http_mqtt_hook_t *hook)
{
    ngx_int_t           rc;
    ngx_str_t          *id;
    ngx_rbtree_node_t  *node, *sentinel;

    sentinel = &ngx_http_mqtt_lanes_sentinel;

    if (ngx_http_mqtt_lanes.root == NULL) {
        ngx_rbtree_init(&ngx_http_mqtt_lanes, sentinel,
                        ngx_http_mqtt_order_insert);
    }

    /* whoever sends CONNECT may claim any id */

    if (hook->event->type == NGX_MQTT_EVENT_CONNECT) {
        return NULL;
    }

    id = &hook->event->connection_id;
    hook->lane.key = ngx_hash_key(id->data, id->len);

    node = ngx_http_mqtt_lanes.root;

    while (node != sentinel) {
        rc = ngx_http_mqtt_order_compare(&hook->lane, node);

        if (rc == 0) {
            return ngx_rbtree_data(node, ngx_http_mqtt_hook_t, lane);
        }

        node = (rc < 0) ? node->left : node->right;
    }

    hook->first = 1;
    ngx_rbtree_insert(&ngx_http_mqtt_lanes, &hook->lane);

    return NULL;
}


ngx_http_mqtt_hook_t *
ngx_http_mqtt_order_leave(ngx_http_mqtt_hook_t *hook)
{
    ngx_queue_t           *q;
    ngx_http_mqtt_hook_t  *heir;

    if (!hook->first) {
        return NULL;
    }

    ngx_rbtree_delete(&ngx_http_mqtt_lanes, &hook->lane);

    if (ngx_queue_empty(&hook->behind)) {
        return NULL;
    }

    q = ngx_queue_head(&hook->behind);
    ngx_queue_remove(q);

    heir = ngx_queue_data(q, ngx_http_mqtt_hook_t, queue);

    if (!ngx_queue_empty(&hook->behind)) {
        ngx_queue_add(&heir->behind, &hook->behind);
    }

    heir->first = 1;
    ngx_rbtree_insert(&ngx_http_mqtt_lanes, &heir->lane);

    return heir;
}


static void
ngx_http_mqtt_order_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t  **p;

    for ( ;; ) {
        p = (ngx_http_mqtt_order_compare(node, temp) < 0) ? &temp->left
                                                          : &temp->right;
        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


static ngx_int_t
ngx_http_mqtt_order_compare(ngx_rbtree_node_t *one, ngx_rbtree_node_t *two)
{
    ngx_int_t          rc;
    ngx_mqtt_event_t  *a, *b;

    if (one->key != two->key) {
        return one->key < two->key ? -1 : 1;
    }

    a = (ngx_rbtree_data(one, ngx_http_mqtt_hook_t, lane))->event;
    b = (ngx_rbtree_data(two, ngx_http_mqtt_hook_t, lane))->event;

    rc = ngx_memn2cmp(a->connection_id.data, b->connection_id.data,
                      a->connection_id.len, b->connection_id.len);
    if (rc) {
        return rc;
    }

    return ngx_memn2cmp(a->hub.data, b->hub.data, a->hub.len, b->hub.len);
}
