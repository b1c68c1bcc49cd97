
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/* what a subscription may look at before it becomes a paced replay */
#define NGX_MQTT_RETAIN_NARROW     256

/* pages that one step of a paced replay looks at */
#define NGX_MQTT_RETAIN_PAGES      64

/* entries in a session's queues up to which a replay goes on, or adds */
#define NGX_MQTT_RETAIN_LOW        128


typedef struct {
    ngx_mqtt_node_t     *front[NGX_MQTT_RETAIN_NARROW];
    ngx_mqtt_node_t     *back[NGX_MQTT_RETAIN_NARROW];
    ngx_mqtt_retain_t   *found[NGX_MQTT_RETAIN_NARROW];
    ngx_uint_t           nfound;
    ngx_uint_t           nfront;
    ngx_uint_t           nback;
} ngx_mqtt_narrow_t;


typedef struct {
    ngx_mqtt_worker_t   *worker;
    ngx_mqtt_sub_t      *sub;
    ngx_str_t            filter;
    u_char              *from;         /* what lies before was seen */
    ngx_uint_t           nsent;
} ngx_mqtt_replay_t;


static ngx_int_t ngx_mqtt_retain_narrow_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_sub_t *sub, ngx_mqtt_narrow_t *narrow);
static ngx_int_t ngx_mqtt_retain_step_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_narrow_t *narrow, ngx_str_t *level, ngx_uint_t first);
static ngx_int_t ngx_mqtt_retain_below_locked(ngx_mqtt_narrow_t *narrow,
    ngx_uint_t first);
static ngx_int_t ngx_mqtt_retain_found(ngx_mqtt_narrow_t *narrow,
    ngx_mqtt_node_t *node);
static ngx_int_t ngx_mqtt_retain_send_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_sub_t *sub, ngx_mqtt_retain_t *retain);
static ngx_int_t ngx_mqtt_retain_replay_block(ngx_mqtt_zone_t *zone,
    void *block, void *data);


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


void
ngx_mqtt_retain_start_locked(ngx_mqtt_worker_t *w, ngx_mqtt_sub_t *sub)
{
    ngx_uint_t           i;
    ngx_mqtt_session_t  *s;

    static ngx_mqtt_narrow_t  narrow;

    s = sub->session;

    if (s->hub->nretained == 0) {
        return;
    }

    if (ngx_mqtt_retain_narrow_locked(w->zone, sub, &narrow) == NGX_OK
        && (s->max_queued == 0 || s->queued + narrow.nfound < s->max_queued))
    {
        for (i = 0; i < narrow.nfound; i++) {
            if (ngx_mqtt_retain_send_locked(w, sub, narrow.found[i])
                != NGX_OK)
            {
                break;
            }
        }

        if (i == narrow.nfound) {
            return;
        }
    }

    if (sub->replay == 0) {
        ngx_mqtt_set(sub->replay_next, s->replays);
        ngx_mqtt_set(s->replays, sub);
    }

    ngx_mqtt_set(sub->replay_from, 0);
    ngx_mqtt_set(sub->replay, 1);

    if (s->attach) {
        ngx_mqtt_slot_ready_locked(w, s->attach);
    }
}


/* NGX_AGAIN: there is more below the filter than is looked at in one go. */

static ngx_int_t
ngx_mqtt_retain_narrow_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_sub_t *sub,
    ngx_mqtt_narrow_t *narrow)
{
    ngx_str_t   rest, level;
    ngx_uint_t  i, first, depth;

    narrow->nfound = 0;
    narrow->nfront = 1;
    narrow->front[0] = sub->session->hub->retained;

    rest.data = sub->filter;
    rest.len = sub->len;
    first = 1;

    for (depth = 0; rest.data; depth++) {

        if (depth == NGX_MQTT_DEPTH && (rest.len != 1 || rest.data[0] != '#'))
        {
            return NGX_AGAIN;
        }

        (void) ngx_mqtt_topic_level(&rest, &level);

        if (level.len == 1 && level.data[0] == '#') {
            return ngx_mqtt_retain_below_locked(narrow, first);
        }

        if (ngx_mqtt_retain_step_locked(zone, narrow, &level, first)
            != NGX_OK)
        {
            return NGX_AGAIN;
        }

        first = 0;
    }

    for (i = 0; i < narrow->nfront; i++) {
        if (ngx_mqtt_retain_found(narrow, narrow->front[i]) != NGX_OK) {
            return NGX_AGAIN;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_retain_step_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_narrow_t *narrow,
    ngx_str_t *level, ngx_uint_t first)
{
    uint64_t          hash;
    ngx_uint_t        i, n;
    ngx_mqtt_node_t  *node;

    n = 0;
    hash = ngx_mqtt_node_hash(zone, level);

    for (i = 0; i < narrow->nfront; i++) {

        if (level->len != 1 || level->data[0] != '+') {
            node = ngx_mqtt_node_child_locked(zone, narrow->front[i], level,
                                              hash);

            if (node) {
                narrow->back[n++] = node;
            }

            continue;
        }

        for (node = narrow->front[i]->children; node; node = node->next) {

            if (first && node->len && node->level[0] == '$') {
                continue;
            }

            if (n == NGX_MQTT_RETAIN_NARROW) {
                return NGX_AGAIN;
            }

            narrow->back[n++] = node;
        }
    }

    ngx_memcpy(narrow->front, narrow->back, n * sizeof(ngx_mqtt_node_t *));
    narrow->nfront = n;

    return NGX_OK;
}


/* The nodes of the front and all below them. */

static ngx_int_t
ngx_mqtt_retain_below_locked(ngx_mqtt_narrow_t *narrow, ngx_uint_t first)
{
    ngx_uint_t        i;
    ngx_mqtt_node_t  *node;

    /* nfront grows while it is walked */

    for (i = 0; i < narrow->nfront; i++) {

        if (ngx_mqtt_retain_found(narrow, narrow->front[i]) != NGX_OK) {
            return NGX_AGAIN;
        }

        for (node = narrow->front[i]->children; node; node = node->next) {

            if (first && i == 0 && node->len && node->level[0] == '$') {
                continue;
            }

            if (narrow->nfront == NGX_MQTT_RETAIN_NARROW) {
                return NGX_AGAIN;
            }

            narrow->front[narrow->nfront++] = node;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_retain_found(ngx_mqtt_narrow_t *narrow, ngx_mqtt_node_t *node)
{
    if (node->retain == NULL) {
        return NGX_OK;
    }

    if (narrow->nfound == NGX_MQTT_RETAIN_NARROW) {
        return NGX_AGAIN;
    }

    narrow->found[narrow->nfound++] = node->retain;

    return NGX_OK;
}


/* NGX_AGAIN: it does not fit into the queue or the zone now. */

static ngx_int_t
ngx_mqtt_retain_send_locked(ngx_mqtt_worker_t *w, ngx_mqtt_sub_t *sub,
    ngx_mqtt_retain_t *retain)
{
    ngx_uint_t           qos;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_message_t  *m;

    m = retain->message;

    if (m == NULL || (m->expires && m->expires <= ngx_current_msec)) {
        return NGX_OK;
    }

    qos = ngx_min(m->qos, ngx_mqtt_sub_qos(sub));

    if (ngx_mqtt_queue_accepts_locked(sub->session, qos,
                                      ngx_mqtt_message_size(m))
        != NGX_OK)
    {
        return NGX_AGAIN;
    }

    e = ngx_mqtt_entry_alloc_locked(w->zone, qos, sub->id);
    if (e == NULL) {
        w->full = 1;
        return NGX_AGAIN;
    }

    e->flags = NGX_MQTT_ENTRY_RETAIN;
    ngx_mqtt_queue_append_locked(w, sub->session, e, m);

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_retain_ready_locked(ngx_mqtt_session_t *s)
{
    return s->replays && s->queued <= NGX_MQTT_RETAIN_LOW && s->head0 == NULL;
}


ngx_int_t
ngx_mqtt_retain_replay_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    u_char             *start;
    ngx_int_t           rc;
    ngx_uint_t          page;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_replay_t   replay;

    if (!ngx_mqtt_retain_ready_locked(s)) {
        return NGX_OK;
    }

    sub = s->replays;
    page = sub->replay - 1;
    start = w->zone->root->blocks.start;

    replay.worker = w;
    replay.sub = sub;
    replay.nsent = 0;
    replay.filter.data = sub->filter;
    replay.filter.len = sub->len;
    replay.from = start + (page << NGX_MQTT_PAGE_SHIFT) + sub->replay_from;

    rc = ngx_mqtt_block_walk_locked(w->zone, NGX_MQTT_KIND_RETAIN, &page,
                                    NGX_MQTT_RETAIN_PAGES,
                                    ngx_mqtt_retain_replay_block, &replay);

    if (rc == NGX_DONE) {
        ngx_mqtt_set(s->replays, sub->replay_next);
        ngx_mqtt_set(sub->replay, 0);

        return NGX_OK;
    }

    /* a kill between the two repeats some messages of one page */

    ngx_mqtt_set(sub->replay_from,
                 rc == NGX_OK ? 0
                 : (replay.from - start) & (NGX_MQTT_PAGE_SIZE - 1));
    ngx_mqtt_set(sub->replay, page + 1);

    return rc == NGX_BUSY ? NGX_BUSY : NGX_OK;
}


static ngx_int_t
ngx_mqtt_retain_replay_block(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_replay_t *replay = data;

    ngx_str_t           topic;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_retain_t  *retain;

    retain = block;
    sub = replay->sub;

    if ((u_char *) block < replay->from) {
        return NGX_OK;
    }

    if (retain->hub != sub->session->hub || retain->message == NULL) {
        return NGX_OK;
    }

    topic.len = retain->message->topic_len;
    topic.data = ngx_mqtt_message_topic(retain->message,
                                        replay->worker->topic);

    if (!ngx_mqtt_topic_match(&replay->filter, &topic)) {
        return NGX_OK;
    }

    replay->from = block;

    if (replay->nsent == NGX_MQTT_RETAIN_LOW
        || sub->session->queued > NGX_MQTT_RETAIN_LOW)
    {
        return NGX_AGAIN;
    }

    if (ngx_mqtt_retain_send_locked(replay->worker, sub, retain) != NGX_OK) {
        return replay->nsent ? NGX_AGAIN : NGX_BUSY;
    }

    replay->nsent++;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_retain_expire(ngx_mqtt_worker_t *w)
{
    ngx_uint_t          budget;
    ngx_mqtt_hub_t     *hub;
    ngx_mqtt_timer_t   *timer;
    ngx_mqtt_retain_t  *retain;

    budget = 1024;

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

        ngx_mqtt_retain_clear_locked(w->zone, retain);
        ngx_mqtt_retain_release_locked(w->zone, retain);
        ngx_mqtt_hub_release_locked(w->zone, hub);
    }

    ngx_mqtt_worker_unlock(w);

    return budget ? NGX_OK : NGX_AGAIN;
}
