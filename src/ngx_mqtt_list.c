
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_list.h>
#include <ngx_mqtt_user.h>


/* blocks looked at in one hold of the lock, and such holds in one pass */
#define NGX_MQTT_LIST_BUDGET    512
#define NGX_MQTT_LIST_HOLDS     16

/* subscriptions to a group up to which it is not looked for in all sessions */
#define NGX_MQTT_LIST_NARROW    512

/* bytes of strings that are made room for at a time */
#define NGX_MQTT_LIST_TEXT      16384


static ngx_int_t ngx_mqtt_list_room(ngx_mqtt_list_t *list);
static ngx_int_t ngx_mqtt_list_hold_locked(ngx_mqtt_list_t *list);
static ngx_int_t ngx_mqtt_list_pages_locked(ngx_mqtt_list_t *list,
    ngx_uint_t kind);
static ngx_int_t ngx_mqtt_list_members_locked(ngx_mqtt_list_t *list);
static void ngx_mqtt_list_gather_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_node_t *node);
static ngx_int_t ngx_mqtt_list_narrow_locked(ngx_mqtt_list_t *list);
static void *ngx_mqtt_list_at_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    uint64_t offset);
static ngx_int_t ngx_mqtt_list_session_locked(ngx_mqtt_list_t *list);
static ngx_int_t ngx_mqtt_list_subs_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_session_t *s);
static ngx_mqtt_sub_t *ngx_mqtt_list_sub_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_session_t *s);
static ngx_int_t ngx_mqtt_list_literal_locked(ngx_mqtt_list_t *list);
static ngx_int_t ngx_mqtt_list_block(ngx_mqtt_zone_t *zone, void *block,
    void *data);
static ngx_uint_t ngx_mqtt_list_wants_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_session_t *s);
static ngx_int_t ngx_mqtt_list_take_session_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_session_t *s);
static ngx_int_t ngx_mqtt_list_take_retain_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_retain_t *retain);
static ngx_mqtt_list_row_t *ngx_mqtt_list_row(ngx_mqtt_list_t *list,
    size_t size);
static void ngx_mqtt_list_copy(ngx_mqtt_list_t *list, ngx_str_t *str,
    u_char *data, size_t len);
static int ngx_libc_cdecl ngx_mqtt_list_compare(const void *one,
    const void *two);


#define ngx_mqtt_list_blocks(list)     (&(list)->worker->zone->root->blocks)

#define ngx_mqtt_list_offset(list, p)                                         \
    ((uint64_t) ((u_char *) (p) - ngx_mqtt_list_blocks(list)->start))

#define ngx_mqtt_list_expired(m)                                              \
    ((m)->expires && (m)->expires <= ngx_current_msec)


ngx_int_t
ngx_mqtt_list_start(ngx_mqtt_list_t *list)
{
    list->n = 0;
    list->more = 0;
    list->literal = 0;
    list->sorted = 0;
    list->nnarrow = 0;
    list->wanted = 0;
    list->rows = NULL;
    list->text = NULL;
    list->text_end = NULL;

    if (list->kind >= NGX_MQTT_LIST_RETAINED) {

        if (ngx_mqtt_filter_parse(&list->name, &list->filter) != NGX_OK
            || list->filter.shared)
        {
            return NGX_DECLINED;
        }

        list->literal = !list->filter.wildcard;
    }

    if (list->kind == NGX_MQTT_LIST_REMOVE) {
        return NGX_OK;
    }

    if (list->kind == NGX_MQTT_LIST_MEMBERS) {
        list->narrow = ngx_palloc(list->pool,
                                  NGX_MQTT_LIST_NARROW * sizeof(uint64_t));
        if (list->narrow == NULL) {
            return NGX_ERROR;
        }
    }

    list->rows = ngx_palloc(list->pool,
                            list->max * sizeof(ngx_mqtt_list_row_t));
    if (list->rows == NULL) {
        return NGX_ERROR;
    }

    list->wanted = 1;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_list_run(ngx_mqtt_list_t *list)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    for (i = 0; i < NGX_MQTT_LIST_HOLDS; i++) {

        if (ngx_mqtt_list_room(list) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_mqtt_worker_lock(list->worker);
        rc = ngx_mqtt_list_hold_locked(list);
        ngx_mqtt_worker_unlock(list->worker);

        if (rc != NGX_AGAIN) {
            return rc;
        }

        if (list->nnarrow && !list->sorted) {
            ngx_qsort(list->narrow, list->nnarrow, sizeof(uint64_t),
                      ngx_mqtt_list_compare);
            list->sorted = 1;
        }
    }

    return NGX_AGAIN;
}


/* For the strings of the next row at least. */

static ngx_int_t
ngx_mqtt_list_room(ngx_mqtt_list_t *list)
{
    size_t  size;

    if ((size_t) (list->text_end - list->text) >= list->wanted) {
        return NGX_OK;
    }

    size = ngx_max(list->wanted, NGX_MQTT_LIST_TEXT);

    list->text = ngx_pnalloc(list->pool, size);
    if (list->text == NULL) {
        return NGX_ERROR;
    }

    list->text_end = list->text + size;
    list->wanted = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_list_hold_locked(ngx_mqtt_list_t *list)
{
    ngx_int_t         rc;
    ngx_mqtt_zone_t  *zone;

    zone = list->worker->zone;

    list->budget = NGX_MQTT_LIST_BUDGET;
    list->h = ngx_mqtt_hub_find_locked(zone, &list->hub);

    switch (list->kind) {

    case NGX_MQTT_LIST_SESSION:
    case NGX_MQTT_LIST_SUBS:
        return list->h ? ngx_mqtt_list_session_locked(list) : NGX_DECLINED;

    default:
        break;
    }

    if (list->h == NULL
        || list->place.offset >> NGX_MQTT_PAGE_SHIFT
           >= ngx_mqtt_list_blocks(list)->fresh)
    {
        return NGX_OK;
    }

    list->from = ngx_mqtt_list_blocks(list)->start + list->place.offset;

    switch (list->kind) {

    case NGX_MQTT_LIST_SESSIONS:
        return ngx_mqtt_list_pages_locked(list, NGX_MQTT_KIND_SESSION);

    case NGX_MQTT_LIST_MEMBERS:
        return ngx_mqtt_list_members_locked(list);

    default:
        break;
    }

    rc = list->literal
             ? ngx_mqtt_list_literal_locked(list)
             : ngx_mqtt_list_pages_locked(list, NGX_MQTT_KIND_RETAIN);

    if (list->kind == NGX_MQTT_LIST_REMOVE) {
        ngx_mqtt_hub_release_locked(zone, list->h);
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_list_pages_locked(ngx_mqtt_list_t *list, ngx_uint_t kind)
{
    ngx_int_t   rc;
    ngx_uint_t  page;

    page = list->place.offset >> NGX_MQTT_PAGE_SHIFT;

    rc = ngx_mqtt_block_walk_locked(list->worker->zone, kind, &page,
                                    &list->budget, ngx_mqtt_list_block, list);

    if (rc == NGX_OK) {
        list->place.offset = (uint64_t) page << NGX_MQTT_PAGE_SHIFT;
        return NGX_AGAIN;
    }

    list->place.offset = ngx_mqtt_list_offset(list, list->from);

    return rc == NGX_DONE ? NGX_OK : NGX_AGAIN;
}


/* Both ways list them in the order of the places of their sessions. */

static ngx_int_t
ngx_mqtt_list_members_locked(ngx_mqtt_list_t *list)
{
    ngx_mqtt_node_t  *node;

    if (list->nnarrow) {
        return ngx_mqtt_list_narrow_locked(list);
    }

    node = ngx_mqtt_node_of_filter_locked(list->worker->zone, list->h->subs,
                                          &list->name, 0);
    if (node == NULL) {
        return NGX_OK;
    }

    if (node->nsubs > NGX_MQTT_LIST_NARROW) {
        return ngx_mqtt_list_pages_locked(list, NGX_MQTT_KIND_SESSION);
    }

    ngx_mqtt_list_gather_locked(list, node);

    return list->nnarrow ? NGX_AGAIN : NGX_OK;
}


static void
ngx_mqtt_list_gather_locked(ngx_mqtt_list_t *list, ngx_mqtt_node_t *node)
{
    ngx_mqtt_sub_t  *sub;

    for (sub = node->subs;
         sub && list->nnarrow < NGX_MQTT_LIST_NARROW;
         sub = sub->node_next)
    {
        /* a deep node has those to other filters, too */

        if (sub->len == list->name.len
            && ngx_memcmp(sub->filter, list->name.data, sub->len) == 0)
        {
            list->narrow[list->nnarrow++] =
                                   ngx_mqtt_list_offset(list, sub->session);
        }
    }
}


static ngx_int_t
ngx_mqtt_list_narrow_locked(ngx_mqtt_list_t *list)
{
    void        *block;
    ngx_int_t    rc;
    ngx_uint_t   i;

    for (i = 0; i < list->nnarrow; i++) {

        if (list->narrow[i] < list->place.offset) {
            continue;
        }

        block = ngx_mqtt_list_at_locked(list->worker->zone,
                                        NGX_MQTT_KIND_SESSION,
                                        list->narrow[i]);
        if (block == NULL) {
            continue;
        }

        rc = ngx_mqtt_list_block(list->worker->zone, block, list);

        if (rc != NGX_OK) {
            list->place.offset = list->narrow[i];
            return rc == NGX_DONE ? NGX_OK : NGX_AGAIN;
        }
    }

    return NGX_OK;
}


/* What stands at a place now, if it is of that kind. */

static void *
ngx_mqtt_list_at_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    uint64_t offset)
{
    size_t            in;
    u_char           *p;
    ngx_mqtt_page_t  *page;

    p = zone->root->blocks.start + offset;
    page = ngx_mqtt_block_page(&zone->root->blocks, p);

    if (page == NULL || page->kind != kind
        || page->class == NGX_MQTT_CLASS_REST)
    {
        return NULL;
    }

    in = offset & (NGX_MQTT_PAGE_SIZE - 1);

    if (page->class == NGX_MQTT_CLASS_RUN ? in != 0
                                          : in % ngx_mqtt_block_size(page))
    {
        return NULL;
    }

    return *(uint64_t *) p == NGX_MQTT_STATE_NONE ? NULL : p;
}


static ngx_int_t
ngx_mqtt_list_session_locked(ngx_mqtt_list_t *list)
{
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_session_find_locked(list->worker->zone, list->h,
                                     &list->name);

    if (s == NULL || ngx_mqtt_session_expired(s)) {
        return NGX_DECLINED;
    }

    return list->kind == NGX_MQTT_LIST_SUBS
               ? ngx_mqtt_list_subs_locked(list, s)
               : ngx_mqtt_list_take_session_locked(list, s);
}


/*
 * A session's list grows at its head alone, so what is left of it keeps its
 * order; the place is that of the next one.
 */

static ngx_int_t
ngx_mqtt_list_subs_locked(ngx_mqtt_list_t *list, ngx_mqtt_session_t *s)
{
    ngx_uint_t            cost;
    ngx_mqtt_sub_t       *sub;
    ngx_mqtt_list_row_t  *row;

    sub = s->subs;

    if (list->place.offset || list->place.hash) {
        sub = ngx_mqtt_list_sub_locked(list, s);

        if (sub == NULL) {
            return NGX_BUSY;
        }
    }

    for ( /* void */ ; sub; sub = sub->next) {

        list->place.offset = ngx_mqtt_list_offset(list, sub);
        list->place.hash = sub->link.hash;

        if (list->n == list->max) {
            list->more = 1;
            return NGX_OK;
        }

        row = list->budget ? ngx_mqtt_list_row(list, sub->len) : NULL;
        if (row == NULL) {
            return NGX_AGAIN;
        }

        cost = 1 + sub->len / 2048;
        list->budget -= ngx_min(list->budget, cost);

        ngx_mqtt_list_copy(list, &row->sub.filter, sub->filter, sub->len);
        row->sub.id = sub->id;
        row->sub.options = sub->options;
    }

    return NGX_OK;
}


static ngx_mqtt_sub_t *
ngx_mqtt_list_sub_locked(ngx_mqtt_list_t *list, ngx_mqtt_session_t *s)
{
    ngx_mqtt_sub_t   *sub;
    ngx_mqtt_link_t  *link;

    link = ngx_mqtt_hash_first(&list->worker->zone->root->subs,
                               list->place.hash);

    for ( /* void */ ; link; link = link->next) {

        sub = (ngx_mqtt_sub_t *)
                  ((u_char *) link - offsetof(ngx_mqtt_sub_t, link));

        if (link->hash == list->place.hash && sub->session == s
            && ngx_mqtt_list_offset(list, sub) == list->place.offset)
        {
            return sub;
        }
    }

    return NULL;
}


/* A filter without wildcards: one topic. */

static ngx_int_t
ngx_mqtt_list_literal_locked(ngx_mqtt_list_t *list)
{
    ngx_int_t           rc;
    ngx_mqtt_retain_t  *retain;

    retain = ngx_mqtt_retain_find_locked(list->worker->zone, list->h,
                                         &list->name);
    if (retain == NULL) {
        return NGX_OK;
    }

    rc = ngx_mqtt_list_block(list->worker->zone, retain, list);

    return rc == NGX_AGAIN ? NGX_AGAIN : NGX_OK;
}


/*
 * One candidate.  NGX_AGAIN: the hold is over before it, NGX_DONE: the list is
 * full.
 */

static ngx_int_t
ngx_mqtt_list_block(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_list_t *list = data;

    if ((u_char *) block < list->from) {
        return NGX_OK;
    }

    list->from = block;

    if (list->budget == 0) {
        return NGX_AGAIN;
    }

    if (list->kind < NGX_MQTT_LIST_RETAINED) {
        return ngx_mqtt_list_wants_locked(list, block)
                   ? ngx_mqtt_list_take_session_locked(list, block) : NGX_OK;
    }

    return ngx_mqtt_list_take_retain_locked(list, block);
}


static ngx_uint_t
ngx_mqtt_list_wants_locked(ngx_mqtt_list_t *list, ngx_mqtt_session_t *s)
{
    ngx_uint_t        cost;
    ngx_mqtt_zone_t  *zone;

    if (s->hub != list->h || s->state != NGX_MQTT_STATE_LIVE
        || ngx_mqtt_session_expired(s))
    {
        return 0;
    }

    zone = list->worker->zone;

    if (list->kind == NGX_MQTT_LIST_MEMBERS) {
        cost = 2 + list->name.len / 1024;
        list->budget -= ngx_min(list->budget, cost);

        if (ngx_mqtt_sub_find_locked(zone, s, &list->name) == NULL) {
            return 0;
        }
    }

    return list->targets == NULL
           || ngx_mqtt_targets_wants_locked(zone, list->targets, s,
                                            &list->budget);
}


static ngx_int_t
ngx_mqtt_list_take_session_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_session_t *s)
{
    size_t                    size;
    ngx_mqtt_will_t          *will;
    ngx_mqtt_root_t          *root;
    ngx_mqtt_list_row_t      *row;
    ngx_mqtt_list_session_t  *session;

    if (list->n == list->max) {
        list->more = 1;
        return NGX_DONE;
    }

    root = list->worker->zone->root;
    size = s->id_len + (s->user ? s->user->len : 0);
    will = s->will;

    if (will && list->kind == NGX_MQTT_LIST_SESSION) {
        size += will->message->topic_len;
    }

    row = ngx_mqtt_list_row(list, size);
    if (row == NULL) {
        return NGX_AGAIN;
    }

    list->budget -= ngx_min(list->budget, 1 + size / 2048);

    session = &row->session;
    ngx_memzero(session, sizeof(ngx_mqtt_list_session_t));

    ngx_mqtt_list_copy(list, &session->id, s->data, s->id_len);

    if (s->user) {
        ngx_mqtt_list_copy(list, &session->user_id, s->user->name,
                           s->user->len);
    }

    session->serial = s->serial;
    session->connection = s->connection;
    session->expiry = s->expiry;
    session->nsubs = s->nsubs;
    session->queued = s->queued;
    session->queued_bytes = s->queued_bytes;
    session->version = s->version;

    if (s->attach) {
        session->pid = root->slots[s->attach->slot]->pid;
        session->inflight = s->inflight;

    } else {
        session->offline = ngx_current_msec - s->away;
    }

    if (will) {
        session->will = 1;
        session->will_qos = will->message->qos;
        session->will_retain = will->message->retain;
        session->will_delay = will->delay;
        session->will_payload = will->message->payload_len;
    }

    if (will && list->kind == NGX_MQTT_LIST_SESSION) {
        ngx_mqtt_list_copy(list, &session->will_topic,
                           ngx_mqtt_message_topic(will->message,
                                                  list->worker->topic),
                           will->message->topic_len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_list_take_retain_locked(ngx_mqtt_list_t *list,
    ngx_mqtt_retain_t *retain)
{
    ngx_str_t             topic;
    ngx_uint_t            cost;
    ngx_mqtt_message_t   *m;
    ngx_mqtt_list_row_t  *row;

    m = retain->message;

    if (retain->hub != list->h || m == NULL || ngx_mqtt_list_expired(m)) {
        return NGX_OK;
    }

    topic.len = m->topic_len;
    topic.data = ngx_mqtt_message_topic(m, list->worker->topic);

    cost = 1 + ngx_mqtt_topic_cost(&list->filter.filter, &topic);
    list->budget -= ngx_min(list->budget, cost);

    if (!ngx_mqtt_topic_match(&list->filter.filter, &topic)) {
        return NGX_OK;
    }

    if (list->kind == NGX_MQTT_LIST_REMOVE) {
        cost = ngx_mqtt_sub_cost(&topic);
        list->budget -= ngx_min(list->budget, cost);

        ngx_mqtt_retain_clear_locked(list->worker->zone, retain);
        ngx_mqtt_retain_release_locked(list->worker->zone, retain);
        list->n++;

        return NGX_OK;
    }

    if (list->n == list->max) {
        list->more = 1;
        return NGX_DONE;
    }

    row = ngx_mqtt_list_row(list, topic.len);
    if (row == NULL) {
        return NGX_AGAIN;
    }

    ngx_mqtt_list_copy(list, &row->topic.topic, topic.data, topic.len);
    row->topic.payload = m->payload_len;
    row->topic.qos = m->qos;
    row->topic.left = m->expires ? m->expires - ngx_current_msec : 0;

    return NGX_OK;
}


/* NULL: there is no room for its strings; more is made without the lock. */

static ngx_mqtt_list_row_t *
ngx_mqtt_list_row(ngx_mqtt_list_t *list, size_t size)
{
    if ((size_t) (list->text_end - list->text) < size) {
        list->wanted = size;
        return NULL;
    }

    return &list->rows[list->n++];
}


static void
ngx_mqtt_list_copy(ngx_mqtt_list_t *list, ngx_str_t *str, u_char *data,
    size_t len)
{
    str->data = list->text;
    str->len = len;

    list->text = ngx_cpymem(list->text, data, len);
}


static int ngx_libc_cdecl
ngx_mqtt_list_compare(const void *one, const void *two)
{
    uint64_t  a, b;

    a = *(const uint64_t *) one;
    b = *(const uint64_t *) two;

    return (a > b) - (a < b);
}
