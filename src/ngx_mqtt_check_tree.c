
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_check.h>


/* Hubs, their trees, retained messages, slots, and all that is counted. */


typedef void (*ngx_mqtt_check_ref_pt)(ngx_mqtt_check_t *ck,
    ngx_mqtt_message_t *m);


static void ngx_mqtt_check_node(ngx_mqtt_check_t *ck, ngx_mqtt_hub_t *hub,
    ngx_mqtt_node_t *node, ngx_mqtt_node_t *parent);
static void ngx_mqtt_check_children(ngx_mqtt_check_t *ck,
    ngx_mqtt_hub_t *hub, ngx_mqtt_node_t *node);
static void ngx_mqtt_check_wildcard(ngx_mqtt_check_t *ck,
    ngx_mqtt_hub_t *hub, ngx_mqtt_node_t *node, ngx_mqtt_node_t *parent,
    u_char c);
static ngx_uint_t ngx_mqtt_check_members(ngx_mqtt_check_t *ck,
    ngx_mqtt_sub_t **list, ngx_mqtt_node_t *node, ngx_mqtt_group_t *group);
static void ngx_mqtt_check_group(ngx_mqtt_check_t *ck,
    ngx_mqtt_node_t *node, ngx_mqtt_group_t *group);
static ngx_int_t ngx_mqtt_check_retain(ngx_mqtt_zone_t *zone, void *block,
    void *data);
static void ngx_mqtt_check_attached(ngx_mqtt_check_t *ck,
    ngx_mqtt_slot_t *slot);
static void ngx_mqtt_check_publication(ngx_mqtt_check_t *ck,
    ngx_mqtt_slot_t *slot, ngx_mqtt_publication_t *pub);
static void ngx_mqtt_check_count_hubs(ngx_mqtt_check_t *ck,
    ngx_uint_t delta);
static ngx_int_t ngx_mqtt_check_count_session(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static ngx_int_t ngx_mqtt_check_count_retain(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static void ngx_mqtt_check_all_refs(ngx_mqtt_check_t *ck,
    ngx_mqtt_check_ref_pt handler);
static ngx_int_t ngx_mqtt_check_session_refs(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static ngx_int_t ngx_mqtt_check_retain_refs(ngx_mqtt_zone_t *zone,
    void *block, void *data);
static void ngx_mqtt_check_slot_refs(ngx_mqtt_check_t *ck,
    ngx_mqtt_check_ref_pt handler);


typedef struct {
    ngx_mqtt_check_t       *check;
    ngx_mqtt_check_ref_pt   handler;
} ngx_mqtt_check_refs_t;


void
ngx_mqtt_check_hubs(ngx_mqtt_check_t *ck)
{
    ngx_str_t         name;
    ngx_uint_t        n;
    ngx_mqtt_hub_t   *hub, **prev;

    n = 0;
    prev = &ck->root->hubs;

    for (hub = ck->root->hubs; hub; hub = hub->next) {

        if (!ngx_mqtt_check_mark(ck, hub, NGX_MQTT_KIND_HUB, "hub")) {
            break;
        }

        n++;

        name.data = hub->name;
        name.len = hub->len;

        ngx_mqtt_check(ck, hub->prev == prev, "hub's back link");
        ngx_mqtt_check(ck, ngx_mqtt_hub_find_locked(ck->zone, &name) == hub,
                       "hub that is not found");
        prev = &hub->next;

        ngx_mqtt_check(ck, hub->state == NGX_MQTT_STATE_LIVE, "hub's state");
        ngx_mqtt_check_node(ck, hub, hub->subs, NULL);
        ngx_mqtt_check_node(ck, hub, hub->retained, NULL);
    }

    ngx_mqtt_check(ck, n == ck->root->nhubs, "number of hubs");
    ngx_mqtt_check(ck, ck->linked == ck->subs,
                   "number of subscriptions in trees");
    ngx_mqtt_check(ck, ck->planted == ck->retains,
                   "number of retained messages in trees");

    if (ck->errors) {
        return;
    }

    ngx_mqtt_check_count_hubs(ck, (ngx_uint_t) -1);

    for (hub = ck->root->hubs; hub; hub = hub->next) {
        ngx_mqtt_check(ck, hub->connections == 0, "hub's connections");
        ngx_mqtt_check(ck, hub->sessions == 0, "hub's sessions");
        ngx_mqtt_check(ck, hub->subscriptions == 0, "hub's subscriptions");
        ngx_mqtt_check(ck, hub->nretained == 0, "hub's retained messages");
        ngx_mqtt_check(ck, hub->publishers == 0, "hub's publishers");
    }

    ngx_mqtt_check_count_hubs(ck, 1);
}


/* As deep as NGX_MQTT_DEPTH and one more. */

static void
ngx_mqtt_check_node(ngx_mqtt_check_t *ck, ngx_mqtt_hub_t *hub,
    ngx_mqtt_node_t *node, ngx_mqtt_node_t *parent)
{
    ngx_uint_t          n;
    ngx_mqtt_group_t   *group, **prev;

    if (!ngx_mqtt_check_mark(ck, node, NGX_MQTT_KIND_NODE, "node")) {
        return;
    }

    ngx_mqtt_check(ck, node->parent == parent, "node's parent");

    n = ngx_mqtt_check_members(ck, &node->subs, node, NULL);
    ngx_mqtt_check(ck, n == node->nsubs, "node's number of subscriptions");

    prev = &node->groups;

    for (group = node->groups; group; group = group->next) {
        if (!ngx_mqtt_check_mark(ck, group, NGX_MQTT_KIND_GROUP, "group")) {
            break;
        }

        ngx_mqtt_check(ck, group->prev == prev, "group's back link");
        ngx_mqtt_check_group(ck, node, group);

        ck->groups++;
        prev = &group->next;
    }

    if (node->retain) {
        ck->planted++;
        ngx_mqtt_check(ck, node->retain->node == node
                           && node->retain->state == NGX_MQTT_STATE_LIVE
                           && node->retain->hub == hub,
                       "node's retained message");
    }

    ngx_mqtt_check(ck, parent == NULL || node->nchildren || node->subs
                       || node->groups || node->retain, "useless node");

    ngx_mqtt_check_children(ck, hub, node);
}


static void
ngx_mqtt_check_children(ngx_mqtt_check_t *ck, ngx_mqtt_hub_t *hub,
    ngx_mqtt_node_t *node)
{
    ngx_str_t          level;
    ngx_uint_t         n;
    ngx_mqtt_node_t   *child, **prev;

    n = (node->plus != NULL) + (node->multi != NULL);
    prev = &node->children;

    for (child = node->children; child; child = child->next) {

        if (!ngx_mqtt_check(ck, child->prev == prev, "node's back link")) {
            break;
        }

        level.data = child->level;
        level.len = child->len;

        ngx_mqtt_check(ck, ngx_mqtt_node_child_locked(ck->zone, node, &level,
                               ngx_mqtt_node_hash(ck->zone, &level)) == child,
                       "node that is not found");

        ngx_mqtt_check_node(ck, hub, child, node);

        n++;
        ck->nodes++;
        prev = &child->next;
    }

    ngx_mqtt_check(ck, n == node->nchildren, "node's number of children");

    ngx_mqtt_check_wildcard(ck, hub, node->plus, node, '+');
    ngx_mqtt_check_wildcard(ck, hub, node->multi, node, '#');
}


static void
ngx_mqtt_check_wildcard(ngx_mqtt_check_t *ck, ngx_mqtt_hub_t *hub,
    ngx_mqtt_node_t *node, ngx_mqtt_node_t *parent, u_char c)
{
    if (node) {
        ngx_mqtt_check_node(ck, hub, node, parent);
        ngx_mqtt_check(ck, node->len == 1 && node->level[0] == c,
                       "node of a wildcard");
    }
}


static ngx_uint_t
ngx_mqtt_check_members(ngx_mqtt_check_t *ck, ngx_mqtt_sub_t **list,
    ngx_mqtt_node_t *node, ngx_mqtt_group_t *group)
{
    ngx_uint_t        n;
    ngx_mqtt_sub_t   *sub, **prev;

    n = 0;
    prev = list;

    for (sub = *list; sub; sub = sub->node_next) {

        if (!ngx_mqtt_check(ck, sub->node_prev == prev
                                && (group ? sub->shared
                                            && sub->at.group == group
                                    : !sub->shared && sub->at.node == node),
                            "subscription in a list of a node")
            || !ngx_mqtt_check(ck, ck->linked++ < ck->subs,
                               "too many subscriptions in trees"))
        {
            break;
        }

        n++;
        prev = &sub->node_next;
    }

    return n;
}


static void
ngx_mqtt_check_group(ngx_mqtt_check_t *ck, ngx_mqtt_node_t *node,
    ngx_mqtt_group_t *group)
{
    ngx_str_t        name;
    ngx_uint_t       n;
    ngx_mqtt_sub_t  *sub;

    name.data = group->name;
    name.len = group->len;

    ngx_mqtt_check(ck, group->node == node, "group's node");
    ngx_mqtt_check(ck, ngx_mqtt_group_find_locked(ck->zone, node, &name)
                       == group, "group that is not found");

    n = ngx_mqtt_check_members(ck, &group->members, node, group);

    ngx_mqtt_check(ck, n == group->count && n, "group's number of members");

    if (group->turn == NULL) {
        return;
    }

    for (sub = group->members; sub; sub = sub->node_next) {
        if (sub == group->turn) {
            return;
        }
    }

    ngx_mqtt_check_fail(ck, "turn of a group");
}


void
ngx_mqtt_check_retains(ngx_mqtt_check_t *ck)
{
    ngx_mqtt_block_walk_all_locked(ck->zone, NGX_MQTT_KIND_RETAIN,
                                   ngx_mqtt_check_retain, ck);
}


static ngx_int_t
ngx_mqtt_check_retain(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_retain_t *retain = block;
    ngx_mqtt_check_t  *ck = data;

    ngx_str_t            topic;
    ngx_uint_t           timer;
    ngx_mqtt_message_t  *m;

    static u_char  buf[NGX_MQTT_STRING_MAX];

    ck->retains++;

    ngx_mqtt_check_mark(ck, retain, NGX_MQTT_KIND_RETAIN, "retained message");

    timer = ngx_mqtt_check_timer(ck, &retain->timer);
    ck->retain_timers += timer;

    m = retain->message;

    if (!ngx_mqtt_check(ck, retain->state == NGX_MQTT_STATE_LIVE && m,
                        "retained message's state")
        || !ngx_mqtt_check_block(ck, retain->hub, NGX_MQTT_KIND_HUB,
                                 "retained message's hub")
        || !ngx_mqtt_check_block(ck, m, NGX_MQTT_KIND_MESSAGE,
                                 "retained message's text"))
    {
        return NGX_OK;
    }

    topic.len = m->topic_len;
    topic.data = ngx_mqtt_message_topic(m, buf);

    ngx_mqtt_check(ck, ngx_mqtt_retain_find_locked(zone, retain->hub, &topic)
                       == retain, "retained message that is not found");
    ngx_mqtt_check(ck, timer == (m->expires != 0),
                   "retained message's timer");
    ngx_mqtt_check(ck, m->payload_len != 0, "retained message of no bytes");

    return NGX_OK;
}


void
ngx_mqtt_check_slots(ngx_mqtt_check_t *ck)
{
    ngx_uint_t        i, k, walkers;
    ngx_mqtt_root_t  *root;
    ngx_mqtt_slot_t  *slot;

    walkers = 0;
    root = ck->root;

    for (i = 0; i < root->nslots; i++) {
        slot = root->slots[i];

        if (!ngx_mqtt_check_mark(ck, slot, NGX_MQTT_KIND_SLOT, "slot")) {
            continue;
        }

        ngx_mqtt_check(ck, slot->index == i, "slot's index");
        ngx_mqtt_check_attached(ck, slot);

        for (k = 0; k < NGX_MQTT_PUBS; k++) {
            ngx_mqtt_check_publication(ck, slot, &slot->pubs[k]);
        }

        walkers += (slot->walking != 0);

        if (slot->state == NGX_MQTT_SLOT_FREE) {
            ngx_mqtt_check(ck, slot->attached == NULL
                               && slot->ready == NULL
                               && slot->filling == NULL
                               && slot->big == NULL
                               && slot->reaping == NULL
                               && slot->walking == 0
                               && slot->nheld == 0,
                           "free slot that is in use");
        }
    }

    ngx_mqtt_check(ck, walkers == root->walkers, "number of walkers");
}


static void
ngx_mqtt_check_attached(ngx_mqtt_check_t *ck, ngx_mqtt_slot_t *slot)
{
    ngx_uint_t           n;
    ngx_mqtt_attach_t   *a, **prev;

    n = 0;
    prev = &slot->attached;

    for (a = slot->attached; a; a = a->next) {

        if (!ngx_mqtt_check_mark(ck, a, NGX_MQTT_KIND_ATTACH, "connection"))
        {
            break;
        }

        ngx_mqtt_check(ck, a->prev == prev, "connection's back link");
        ngx_mqtt_check(ck, a->slot == slot->index, "connection's slot");
        ngx_mqtt_check(ck, a->session == NULL || a->session->attach == a,
                       "connection that lost its session");

        n += a->ready;
        prev = &a->next;
    }

    for (a = slot->ready; a; a = a->ready_next) {

        if (!ngx_mqtt_check(ck, a->ready && a->slot == slot->index && n,
                            "list of ready connections"))
        {
            return;
        }

        n--;

        ngx_mqtt_check(ck, a->ready_next || slot->ready_last == a,
                       "last ready connection");
    }

    ngx_mqtt_check(ck, n == 0, "ready connection that is not listed");
}


static void
ngx_mqtt_check_publication(ngx_mqtt_check_t *ck, ngx_mqtt_slot_t *slot,
    ngx_mqtt_publication_t *pub)
{
    ngx_mqtt_entry_t  *e;

    ngx_mqtt_check(ck, slot->state != NGX_MQTT_SLOT_FREE
                       || (pub->from == NULL
                           && pub->matching == NULL && pub->hub == NULL
                           && pub->drafts == NULL && pub->message == NULL),
                   "publication of a free slot");

    for (e = pub->drafts; e && ck->errors == 0; e = e->next) {
        ngx_mqtt_check_entry(ck, e);
    }

    if (pub->message == NULL) {
        return;
    }

    ngx_mqtt_check(ck, pub->current == NULL, "publication in doubt");
    ngx_mqtt_check(ck, pub->retain == NULL && pub->session == NULL,
                   "publication half begun");

    for (e = pub->todo; e; e = e->next) {
        ngx_mqtt_check_entry(ck, e);

        if (ck->errors) {
            break;
        }
    }
}


/* Adds to all counters of hubs what there is: -1 must make them all zero. */

static void
ngx_mqtt_check_count_hubs(ngx_mqtt_check_t *ck, ngx_uint_t delta)
{
    ngx_uint_t          i, k;
    ngx_mqtt_zone_t    *zone;
    ngx_mqtt_slot_t    *slot;
    ngx_mqtt_attach_t  *a;

    zone = ck->zone;

    for (i = 0; i < ck->root->nslots; i++) {
        slot = ck->root->slots[i];

        for (k = 0; k < NGX_MQTT_PUBS; k++) {
            if (slot->pubs[k].hub) {
                slot->pubs[k].hub->publishers += delta;
            }
        }

        for (a = slot->attached; a; a = a->next) {
            if (a->hub) {
                a->hub->connections += delta;
            }
        }
    }

    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_SESSION,
                                   ngx_mqtt_check_count_session, &delta);

    ngx_mqtt_block_walk_all_locked(zone, NGX_MQTT_KIND_RETAIN,
                                   ngx_mqtt_check_count_retain, &delta);
}


static ngx_int_t
ngx_mqtt_check_count_session(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_session_t *s = block;
    ngx_uint_t         *delta = data;

    s->hub->sessions += *delta;
    s->hub->subscriptions += *delta * s->nsubs;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_check_count_retain(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_retain_t *retain = block;
    ngx_uint_t        *delta = data;

    retain->hub->nretained += *delta;

    return NGX_OK;
}


static void
ngx_mqtt_check_ref_down(ngx_mqtt_check_t *ck, ngx_mqtt_message_t *m)
{
    m->refs--;
}


static void
ngx_mqtt_check_ref_zero(ngx_mqtt_check_t *ck, ngx_mqtt_message_t *m)
{
    ngx_mqtt_body_t  *body;

    ngx_mqtt_check(ck, m->refs == 0, "message's references");

    if (!ngx_mqtt_block_mark_locked(ck->zone, m)) {
        return;
    }

    for (body = m->body; body; body = body->next) {
        if (!ngx_mqtt_check_mark(ck, body, NGX_MQTT_KIND_MESSAGE,
                                 "body of a message"))
        {
            break;
        }
    }
}


static void
ngx_mqtt_check_ref_up(ngx_mqtt_check_t *ck, ngx_mqtt_message_t *m)
{
    m->refs++;
}


void
ngx_mqtt_check_references(ngx_mqtt_check_t *ck)
{
    ngx_mqtt_check_all_refs(ck, ngx_mqtt_check_ref_down);
    ngx_mqtt_check_all_refs(ck, ngx_mqtt_check_ref_zero);
    ngx_mqtt_check_all_refs(ck, ngx_mqtt_check_ref_up);
}


static void
ngx_mqtt_check_all_refs(ngx_mqtt_check_t *ck, ngx_mqtt_check_ref_pt handler)
{
    ngx_mqtt_check_refs_t  refs;

    refs.check = ck;
    refs.handler = handler;

    ngx_mqtt_block_walk_all_locked(ck->zone, NGX_MQTT_KIND_SESSION,
                                   ngx_mqtt_check_session_refs, &refs);

    ngx_mqtt_block_walk_all_locked(ck->zone, NGX_MQTT_KIND_RETAIN,
                                   ngx_mqtt_check_retain_refs, &refs);

    ngx_mqtt_check_slot_refs(ck, handler);
}


static void
ngx_mqtt_check_ref(ngx_mqtt_check_t *ck, ngx_mqtt_check_ref_pt handler,
    ngx_mqtt_message_t *m)
{
    if (m && ngx_mqtt_check_block(ck, m, NGX_MQTT_KIND_MESSAGE,
                                  "reference to no message"))
    {
        handler(ck, m);
    }
}


static ngx_int_t
ngx_mqtt_check_session_refs(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_session_t    *s = block;
    ngx_mqtt_check_refs_t *refs = data;

    ngx_mqtt_entry_t  *e;

    ngx_mqtt_check_ref(refs->check, refs->handler, s->profile);
    ngx_mqtt_check_ref(refs->check, refs->handler, s->sending);
    ngx_mqtt_check_ref(refs->check, refs->handler, s->farewell);

    if (s->will) {
        ngx_mqtt_check_ref(refs->check, refs->handler, s->will->message);
    }

    for (e = s->head; e; e = e->next) {
        ngx_mqtt_check_ref(refs->check, refs->handler, e->m.message);
    }

    for (e = s->head0; e; e = e->next) {
        ngx_mqtt_check_ref(refs->check, refs->handler, e->m.message);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_check_retain_refs(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_retain_t     *retain = block;
    ngx_mqtt_check_refs_t *refs = data;

    ngx_mqtt_check_ref(refs->check, refs->handler, retain->message);

    return NGX_OK;
}


static void
ngx_mqtt_check_slot_refs(ngx_mqtt_check_t *ck, ngx_mqtt_check_ref_pt handler)
{
    ngx_uint_t          i, k;
    ngx_mqtt_slot_t    *slot;
    ngx_mqtt_attach_t  *a;

    for (i = 0; i < ck->root->nslots; i++) {
        slot = ck->root->slots[i];

        for (a = slot->attached; a; a = a->next) {
            ngx_mqtt_check_ref(ck, handler, a->farewell);
        }

        ngx_mqtt_check_ref(ck, handler, slot->filling);
        ngx_mqtt_check_ref(ck, handler, slot->big);
        ngx_mqtt_check_ref(ck, handler, slot->reading);
        ngx_mqtt_check_ref(ck, handler, slot->draft);

        for (k = 0; k < NGX_MQTT_PUBS; k++) {
            ngx_mqtt_check_ref(ck, handler, slot->pubs[k].matching);
            ngx_mqtt_check_ref(ck, handler, slot->pubs[k].message);
        }

        for (k = 0; k < slot->nheld; k++) {
            ngx_mqtt_check_ref(ck, handler, slot->held[k]);
        }
    }
}
