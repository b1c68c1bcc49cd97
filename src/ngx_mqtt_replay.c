
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_replay.h>


/* nodes of a level, and messages, that a subscription finds at once */
#define NGX_MQTT_REPLAY_NARROW    256

/* nodes that it looks at on the way */
#define NGX_MQTT_REPLAY_LOOKS     512

/* what a place in a page is counted in */
#define NGX_MQTT_REPLAY_UNIT      32

/* entries in a session's queues up to which a replay goes on, or adds */
#define NGX_MQTT_REPLAY_LOW       128


/* The messages below a filter, as long as they are few. */

typedef struct {
    ngx_mqtt_zone_t     *zone;
    ngx_mqtt_node_t     *front[NGX_MQTT_REPLAY_NARROW];
    ngx_mqtt_node_t     *back[NGX_MQTT_REPLAY_NARROW];
    ngx_mqtt_message_t  *found[NGX_MQTT_REPLAY_NARROW];
    ngx_mqtt_entry_t    *entries[NGX_MQTT_REPLAY_NARROW];
    ngx_uint_t           nfound;
    ngx_uint_t           nfront;
    ngx_uint_t           looks;        /* left */
} ngx_mqtt_narrow_t;


typedef struct {
    ngx_mqtt_worker_t   *worker;
    ngx_mqtt_sub_t      *sub;
    ngx_str_t            filter;
    u_char              *from;         /* what lies before was seen */
    ngx_uint_t           nsent;
    ngx_uint_t          *budget;
} ngx_mqtt_replay_t;


static ngx_int_t ngx_mqtt_replay_find_locked(ngx_mqtt_narrow_t *narrow,
    ngx_mqtt_hub_t *hub, ngx_str_t *filter);
static ngx_int_t ngx_mqtt_replay_level_locked(ngx_mqtt_narrow_t *narrow,
    ngx_str_t *level, ngx_uint_t first);
static ngx_int_t ngx_mqtt_replay_below_locked(ngx_mqtt_narrow_t *narrow,
    ngx_uint_t first);
static ngx_int_t ngx_mqtt_replay_children_locked(ngx_mqtt_narrow_t *narrow,
    ngx_mqtt_node_t *parent, ngx_mqtt_node_t **nodes, ngx_uint_t *n,
    ngx_uint_t first);
static ngx_int_t ngx_mqtt_replay_found(ngx_mqtt_narrow_t *narrow,
    ngx_mqtt_node_t *node);
static ngx_int_t ngx_mqtt_replay_all_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_sub_t *sub, ngx_mqtt_narrow_t *narrow);
static ngx_uint_t ngx_mqtt_replay_fits_locked(ngx_mqtt_sub_t *sub,
    ngx_mqtt_narrow_t *narrow);
static ngx_int_t ngx_mqtt_replay_send_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_sub_t *sub, ngx_mqtt_message_t *m);
static ngx_int_t ngx_mqtt_replay_block(ngx_mqtt_zone_t *zone, void *block,
    void *data);


#define ngx_mqtt_replay_expired(m)                                            \
    ((m)->expires && (m)->expires <= ngx_current_msec)


void
ngx_mqtt_replay_start_locked(ngx_mqtt_worker_t *w, ngx_mqtt_sub_t *sub,
    ngx_uint_t *budget)
{
    ngx_int_t            rc;
    ngx_str_t            filter;
    ngx_uint_t           cost;
    ngx_mqtt_session_t  *s;

    static ngx_mqtt_narrow_t  narrow;

    s = sub->session;

    if (s->hub->nretained == 0) {
        return;
    }

    filter.data = sub->filter;
    filter.len = sub->len;

    narrow.zone = w->zone;
    narrow.nfound = 0;
    narrow.looks = NGX_MQTT_REPLAY_LOOKS;

    rc = ngx_mqtt_replay_find_locked(&narrow, s->hub, &filter);

    /* a message is some blocks more, and so is its entry */

    cost = NGX_MQTT_REPLAY_LOOKS - narrow.looks + 2 * narrow.nfound;
    *budget -= ngx_min(*budget, cost);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_replay_all_locked(w, sub, &narrow);
    }

    if (rc == NGX_OK) {
        ngx_mqtt_sub_end_replay_locked(sub);
        return;
    }

    ngx_mqtt_sub_start_replay_locked(sub);

    if (s->attach) {
        ngx_mqtt_slot_ready_locked(w, s->attach);
    }
}


/* NGX_AGAIN: there is more below the filter than is looked at in one go. */

static ngx_int_t
ngx_mqtt_replay_find_locked(ngx_mqtt_narrow_t *narrow, ngx_mqtt_hub_t *hub,
    ngx_str_t *filter)
{
    u_char      *p;
    ngx_str_t    rest, level;
    ngx_uint_t   i, depth;

    narrow->nfront = 1;
    narrow->front[0] = hub->retained;

    rest = *filter;

    for (depth = 0; rest.data; depth++) {

        if (rest.len == 1 && rest.data[0] == '#') {
            return ngx_mqtt_replay_below_locked(narrow, depth == 0);
        }

        if (depth < NGX_MQTT_DEPTH) {
            (void) ngx_mqtt_topic_level(&rest, &level);

        } else {
            level = rest;
            rest.data = NULL;

            for (p = level.data; p < level.data + level.len; p++) {
                if (*p == '+' || *p == '#') {
                    return NGX_AGAIN;
                }
            }
        }

        if (ngx_mqtt_replay_level_locked(narrow, &level, depth == 0)
            != NGX_OK)
        {
            return NGX_AGAIN;
        }
    }

    for (i = 0; i < narrow->nfront; i++) {
        if (ngx_mqtt_replay_found(narrow, narrow->front[i]) != NGX_OK) {
            return NGX_AGAIN;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_replay_level_locked(ngx_mqtt_narrow_t *narrow, ngx_str_t *level,
    ngx_uint_t first)
{
    uint64_t          hash;
    ngx_uint_t        i, n, plus, cost;
    ngx_mqtt_node_t  *node;

    n = 0;
    plus = (level->len == 1 && level->data[0] == '+');
    hash = ngx_mqtt_node_hash(narrow->zone, level);
    cost = 2 + level->len / 1024;

    for (i = 0; i < narrow->nfront; i++) {

        if (plus) {
            if (ngx_mqtt_replay_children_locked(narrow, narrow->front[i],
                                                narrow->back, &n, first)
                != NGX_OK)
            {
                return NGX_AGAIN;
            }

            continue;
        }

        if (narrow->looks < cost) {
            return NGX_AGAIN;
        }

        narrow->looks -= cost;

        node = ngx_mqtt_node_child_locked(narrow->zone, narrow->front[i],
                                          level, hash);
        if (node) {
            narrow->back[n++] = node;
        }
    }

    ngx_memcpy(narrow->front, narrow->back, n * sizeof(ngx_mqtt_node_t *));
    narrow->nfront = n;

    return NGX_OK;
}


/* The nodes of the front and all below them. */

static ngx_int_t
ngx_mqtt_replay_below_locked(ngx_mqtt_narrow_t *narrow, ngx_uint_t first)
{
    ngx_uint_t  i;

    /* nfront grows while it is walked */

    for (i = 0; i < narrow->nfront; i++) {

        if (ngx_mqtt_replay_found(narrow, narrow->front[i]) != NGX_OK
            || ngx_mqtt_replay_children_locked(narrow, narrow->front[i],
                                               narrow->front,
                                               &narrow->nfront,
                                               first && i == 0)
               != NGX_OK)
        {
            return NGX_AGAIN;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_replay_children_locked(ngx_mqtt_narrow_t *narrow,
    ngx_mqtt_node_t *parent, ngx_mqtt_node_t **nodes, ngx_uint_t *n,
    ngx_uint_t first)
{
    ngx_mqtt_node_t  *node;

    for (node = parent->children; node; node = node->next) {

        if (narrow->looks == 0) {
            return NGX_AGAIN;
        }

        narrow->looks--;

        /* [MQTT-4.7.2-1] */

        if (first && node->len && node->level[0] == '$') {
            continue;
        }

        if (*n == NGX_MQTT_REPLAY_NARROW) {
            return NGX_AGAIN;
        }

        nodes[(*n)++] = node;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_replay_found(ngx_mqtt_narrow_t *narrow, ngx_mqtt_node_t *node)
{
    ngx_mqtt_message_t  *m;

    m = node->retain ? node->retain->message : NULL;

    if (m == NULL || ngx_mqtt_replay_expired(m)) {
        return NGX_OK;
    }

    if (narrow->nfound == NGX_MQTT_REPLAY_NARROW) {
        return NGX_AGAIN;
    }

    narrow->found[narrow->nfound++] = m;

    return NGX_OK;
}


/* Sends all that was found or, with NGX_AGAIN, nothing. */

static ngx_int_t
ngx_mqtt_replay_all_locked(ngx_mqtt_worker_t *w, ngx_mqtt_sub_t *sub,
    ngx_mqtt_narrow_t *narrow)
{
    ngx_uint_t           i, qos;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_message_t  *m;

    if (!ngx_mqtt_replay_fits_locked(sub, narrow)) {
        return NGX_AGAIN;
    }

    for (i = 0; i < narrow->nfound; i++) {
        m = narrow->found[i];
        qos = ngx_min(m->qos, ngx_mqtt_sub_qos(sub));

        e = ngx_mqtt_entry_alloc_locked(w->zone, qos, sub->id);

        if (e == NULL) {
            w->full = 1;

            while (i--) {
                ngx_mqtt_entry_free_locked(w->zone, narrow->entries[i]);
            }

            return NGX_AGAIN;
        }

        e->flags = NGX_MQTT_ENTRY_RETAIN;
        narrow->entries[i] = e;
    }

    for (i = 0; i < narrow->nfound; i++) {
        (void) ngx_mqtt_queue_append_locked(w, sub->session,
                                            narrow->entries[i],
                                            narrow->found[i]);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_mqtt_replay_fits_locked(ngx_mqtt_sub_t *sub, ngx_mqtt_narrow_t *narrow)
{
    size_t               bytes;
    ngx_uint_t           i, n;
    ngx_mqtt_session_t  *s;

    n = 0;
    s = sub->session;
    bytes = s->queued_bytes;

    for (i = 0; i < narrow->nfound; i++) {
        bytes += ngx_mqtt_message_size(narrow->found[i]);
        n += (narrow->found[i]->qos && ngx_mqtt_sub_qos(sub));
    }

    return bytes <= s->max_bytes
           && (n == 0 || s->max_queued == 0 || s->queued + n <= s->max_queued);
}


ngx_uint_t
ngx_mqtt_replay_ready_locked(ngx_mqtt_session_t *s)
{
    return s->replays && s->queued <= NGX_MQTT_REPLAY_LOW && s->head0 == NULL;
}


ngx_int_t
ngx_mqtt_replay_step_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_uint_t *budget)
{
    u_char             *start;
    ngx_int_t           rc;
    ngx_uint_t          page;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_replay_t   replay;

    if (!ngx_mqtt_replay_ready_locked(s)) {
        return NGX_OK;
    }

    sub = s->replays;
    page = sub->replay - 1;
    start = w->zone->root->blocks.start;

    ngx_mqtt_set(s->replays, sub->replay_next);

    replay.worker = w;
    replay.sub = sub;
    replay.nsent = 0;
    replay.budget = budget;
    replay.filter.data = sub->filter;
    replay.filter.len = sub->len;
    replay.from = start + (page << NGX_MQTT_PAGE_SHIFT)
                  + sub->replay_from * NGX_MQTT_REPLAY_UNIT;

    rc = ngx_mqtt_block_walk_locked(w->zone, NGX_MQTT_KIND_RETAIN, &page,
                                    budget, ngx_mqtt_replay_block, &replay);

    if (rc == NGX_DONE) {
        ngx_mqtt_sub_end_replay_locked(sub);
        return NGX_OK;
    }

    /* a kill between the two repeats some messages of one page */

    ngx_mqtt_set(sub->replay_from,
                 rc == NGX_OK ? 0
                 : ((replay.from - start) & (NGX_MQTT_PAGE_SIZE - 1))
                   / NGX_MQTT_REPLAY_UNIT);
    ngx_mqtt_set(sub->replay, page + 1);

    return rc == NGX_BUSY ? NGX_BUSY : NGX_OK;
}


static ngx_int_t
ngx_mqtt_replay_block(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_replay_t *replay = data;

    ngx_str_t            topic;
    ngx_uint_t           cost;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_retain_t   *retain;
    ngx_mqtt_message_t  *m;

    retain = block;
    sub = replay->sub;
    m = retain->message;

    if ((u_char *) block < replay->from || m == NULL
        || retain->hub != sub->session->hub)
    {
        return NGX_OK;
    }

    replay->from = block;

    if (*replay->budget == 0 || replay->nsent == NGX_MQTT_REPLAY_LOW
        || sub->session->queued > NGX_MQTT_REPLAY_LOW)
    {
        return NGX_AGAIN;
    }

    topic.len = m->topic_len;
    topic.data = ngx_mqtt_message_topic(m, replay->worker->topic);

    cost = 1 + ngx_mqtt_topic_cost(&replay->filter, &topic);
    *replay->budget -= ngx_min(*replay->budget, cost);

    if (ngx_mqtt_replay_expired(m)
        || !ngx_mqtt_topic_match(&replay->filter, &topic))
    {
        return NGX_OK;
    }

    if (ngx_mqtt_replay_send_locked(replay->worker, sub, m) != NGX_OK) {
        return replay->nsent ? NGX_AGAIN : NGX_BUSY;
    }

    replay->nsent++;

    return NGX_OK;
}


/* NGX_AGAIN: it does not fit into the queue or the zone now. */

static ngx_int_t
ngx_mqtt_replay_send_locked(ngx_mqtt_worker_t *w, ngx_mqtt_sub_t *sub,
    ngx_mqtt_message_t *m)
{
    ngx_uint_t         qos;
    ngx_mqtt_entry_t  *e;

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
    (void) ngx_mqtt_queue_append_locked(w, sub->session, e, m);

    return NGX_OK;
}
