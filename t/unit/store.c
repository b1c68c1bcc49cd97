
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <sys/mman.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_list.h>
#include <ngx_mqtt_replay.h>
#include "bulk.h"
#include "pubsub.h"
#include "pool.h"


static ssize_t store_send(ngx_mqtt_client_t *cl, u_char *p, size_t len);
static void store_closed(ngx_mqtt_client_t *cl, ngx_uint_t reason);
static void store_resume(ngx_mqtt_client_t *cl);
static void store_wake(ngx_mqtt_worker_t *w, ngx_uint_t slot);
static void store_post(ngx_mqtt_worker_t *w);
static ngx_mqtt_hub_conf_t *store_settings(ngx_mqtt_worker_t *w,
    ngx_str_t *hub);
static ngx_uint_t store_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_uint_t type, ngx_str_t *name);
static ngx_int_t store_event(ngx_mqtt_worker_t *w, ngx_mqtt_event_t *ev);
static size_t store_packet(store_client_t *c, u_char *p, size_t len);


static ngx_mqtt_transport_ops_t  store_transport = {
    store_send, NULL, store_closed, store_resume, NULL, NULL, NULL, NULL, NULL
};

static ngx_mqtt_worker_ops_t  store_ops = {
    store_wake, store_post, store_settings, store_event, store_wanted, NULL
};


ngx_uint_t  *store_told;
char         store_body[256];


void        (*store_hook)(ngx_mqtt_worker_t *w);
ngx_uint_t    store_hook_at;


void
store_create(store_t *st, size_t size)
{
    ngx_slab_pool_t  *pool;

    static ngx_cycle_t  cycle;

    cycle.log = &test_log;
    ngx_cycle = &cycle;

    ngx_pid = getpid();
    ngx_pagesize = getpagesize();
    ngx_cacheline_size = NGX_CPU_CACHE_LINE;

    for (ngx_pagesize_shift = 0;
         (ngx_uint_t) 1 << ngx_pagesize_shift < ngx_pagesize;
         ngx_pagesize_shift++)
    {
        /* void */
    }

    ngx_time_init();
    ngx_current_msec = 1000000;

    pool = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_ANON|MAP_SHARED, -1, 0);

    if (pool == MAP_FAILED) {
        exit(2);
    }

    /* as ngx_init_zone_pool() */

    pool->end = (u_char *) pool + size;
    pool->min_shift = 3;
    pool->addr = pool;

    ngx_slab_sizes_init();

    if (ngx_shmtx_create(&pool->mutex, &pool->lock, NULL) != NGX_OK) {
        exit(2);
    }

    ngx_slab_init(pool);

    ngx_memzero(st, sizeof(store_t));
    ngx_str_set(&st->zone.name, "test");

    st->pool = pool;
    st->size = size;

    if (ngx_mqtt_zone_format(&st->zone, pool, &test_log) != NGX_OK) {
        exit(2);
    }

    st->w = store_worker(st);
}


void
store_destroy(store_t *st)
{
    if (st->w) {
        ngx_mqtt_worker_destroy(st->w);
    }

    free(st->snapshot);
    (void) munmap(st->pool, st->size);
}


void
store_save(store_t *st)
{
    if (st->snapshot == NULL) {
        st->snapshot = malloc(st->size);
    }

    ngx_memcpy(st->snapshot, st->pool, st->size);
}


void
store_restore(store_t *st)
{
    ngx_memcpy(st->pool, st->snapshot, st->size);
}


ngx_mqtt_worker_t *
store_worker(store_t *st)
{
    return ngx_mqtt_worker_create(&st->zone, &store_ops, NULL, &test_log);
}


ngx_uint_t
store_errors(store_t *st, const char *when)
{
    ngx_uint_t   n;
    const char  *what;

    ngx_mqtt_zone_lock(&st->zone, NGX_MQTT_NO_SLOT);
    n = ngx_mqtt_check_locked(&st->zone, &what);
    ngx_mqtt_zone_unlock(&st->zone);

    if (n) {
        note("%s: %lu violations: %s", when, (unsigned long) n, what);
    }

    return n;
}


ngx_uint_t
store_blocks(store_t *st, ngx_uint_t kind)
{
    return st->zone.root->blocks.nblocks[kind];
}


ngx_uint_t
store_used(store_t *st)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 1; i < NGX_MQTT_KIND_HASH; i++) {
        n += st->zone.root->blocks.nblocks[i];
    }

    return n;
}


static void
store_wake(ngx_mqtt_worker_t *w, ngx_uint_t slot)
{
    /* void */
}


static ngx_uint_t
store_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub, ngx_uint_t type,
    ngx_str_t *name)
{
    return store_told && type == NGX_MQTT_EVENT_DISCONNECTED;
}


static ngx_int_t
store_event(ngx_mqtt_worker_t *w, ngx_mqtt_event_t *ev)
{
    if (!store_wanted(w, &ev->hub, ev->type, &ev->name)) {
        return NGX_DECLINED;
    }

    store_told[ev->connection_id.data[ev->connection_id.len - 1] - '0']++;
    ngx_cpystrn((u_char *) store_body, ev->body.data,
                ngx_min(ev->body.len + 1, sizeof(store_body)));
    ngx_destroy_pool(ev->pool);

    return NGX_OK;
}


/* hub "r" gives no role to anybody, "x" is not configured any more */

static ngx_mqtt_hub_conf_t *
store_settings(ngx_mqtt_worker_t *w, ngx_str_t *hub)
{
    static ngx_mqtt_rights_t    all = {
        .all = NGX_MQTT_ROLE_SUBSCRIBE|NGX_MQTT_ROLE_PUBLISH
    };
    static ngx_mqtt_hub_conf_t  restricted, open = { .default_roles = &all };

    if (hub->len == 1 && hub->data[0] == 'x') {
        return NULL;
    }

    return (hub->len == 1 && hub->data[0] == 'r') ? &restricted : &open;
}


static void
store_post(ngx_mqtt_worker_t *w)
{
    void  (*hook)(ngx_mqtt_worker_t *w);

    hook = store_hook;

    if (hook && (store_hook_at == 0 || --store_hook_at == 0)) {
        store_hook = NULL;
        hook(w);
    }
}


static void
store_resume(ngx_mqtt_client_t *cl)
{
    ((store_client_t *) cl)->nresumes++;
}


static void
store_closed(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    store_client_t *c = (store_client_t *) cl;

    c->closes++;
    c->reason = reason;
}


static ssize_t
store_send(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    store_client_t *c = (store_client_t *) cl;

    size_t  n, used;

    if (c->blocked) {
        return 0;
    }

    c->buf = realloc(c->buf, c->len + len);
    if (c->buf == NULL) {
        exit(2);
    }

    ngx_memcpy(c->buf + c->len, p, len);
    c->len += len;

    for (used = 0; used < c->len; used += n) {
        n = store_packet(c, c->buf + used, c->len - used);
        if (n == 0) {
            break;
        }
    }

    c->len -= used;
    ngx_memmove(c->buf, c->buf + used, c->len);

    return len;
}


/* Takes one packet of 3.1.1 off; 0: it is not complete. */

static size_t
store_packet(store_client_t *c, u_char *p, size_t len)
{
    u_char          *last, *start;
    size_t           rest, n;
    ngx_uint_t       shift;
    store_packet_t  *got, lost;

    start = p;
    last = p + len;

    rest = 0;
    shift = 0;

    for (p++; p < last; p++, shift += 7) {
        rest |= (size_t) (*p & 0x7f) << shift;

        if ((*p & 0x80) == 0) {
            break;
        }
    }

    if (p >= last || (size_t) (last - ++p) < rest) {
        return 0;
    }

    last = p + rest;

    got = (c->ngot < STORE_OUT) ? &c->got[c->ngot] : &lost;
    ngx_memzero(got, sizeof(store_packet_t));

    got->type = *start >> 4;
    got->size = last - start;

    if (got->type == NGX_MQTT_PUBLISH) {
        got->qos = (*start >> 1) & 3;
        got->retain = *start & 1;
        p += 2 + (p[0] << 8 | p[1]);

        if (got->qos) {
            got->id = p[0] << 8 | p[1];
            p += 2;
        }

        n = ngx_min((size_t) (last - p), sizeof(got->payload) - 1);
        ngx_memcpy(got->payload, p, n);
        c->ngot++;

        if (c->see) {
            c->see(got);
        }

    } else if (got->type == NGX_MQTT_PUBREL) {
        got->id = p[0] << 8 | p[1];
        c->ngot++;
    }

    if (got->type == NGX_MQTT_PUBACK || got->type == NGX_MQTT_PUBREC) {
        c->nanswers++;
    }

    return last - start;
}


ngx_str_t
store_str(const char *s)
{
    ngx_str_t  str;

    str.data = (u_char *) s;
    str.len = strlen(s);

    return str;
}


void
store_client(store_client_t *c, ngx_mqtt_worker_t *w)
{
    ngx_str_t  hub;

    ngx_memzero(c, sizeof(store_client_t));

    c->conf.max_packet_size = 2 * 1024 * 1024;
    c->conf.receive_maximum = 100;
    c->conf.session_expiry = NGX_MQTT_EXPIRY_NEVER;
    c->conf.retain = 1;
    ngx_str_set(&c->conf.name, "h");

    hub = c->conf.name;

    ngx_mqtt_client_init(&c->cl, w, &c->conf, &hub, &store_transport,
                         &test_log);
    c->cl.version = NGX_MQTT_V4;
    c->conf.max_qos = 2;
}


static ngx_mqtt_message_t *
store_will(ngx_mqtt_worker_t *w, const store_connect_t *conn)
{
    ngx_mqtt_inbound_t   in;
    ngx_mqtt_message_t  *m;

    ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));

    in.topic = store_str(conn->will);
    in.payload = store_str("will");
    in.qos = 1;
    in.retain = conn->will_retain;

    m = ngx_mqtt_publish_store(w, &in);

    if (m && conn->will_lifetime) {
        m->expires = ngx_current_msec + conn->will_lifetime;
    }

    return m;
}


static void
store_principal(ngx_mqtt_principal_t *principal, const store_connect_t *conn)
{
    static ngx_str_t    role, group;
    static ngx_array_t  roles = { &role, 1, sizeof(ngx_str_t), 1, NULL };
    static ngx_array_t  groups = { &group, 1, sizeof(ngx_str_t), 1, NULL };

    principal->identity = store_str(conn->identity ? conn->identity : "");
    principal->user_id = store_str(conn->user ? conn->user : "");

    if (conn->role) {
        role = store_str(conn->role);
        principal->roles = &roles;
    }

    if (conn->group) {
        group = store_str(conn->group);
        principal->groups = &groups;
    }
}


static void
store_profile(ngx_mqtt_worker_t *w, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_profile_t  p;

    ngx_memzero(&p, sizeof(ngx_mqtt_profile_t));

    p.user_id = cx->principal.user_id;

    if (cx->principal.roles) {
        p.roles = cx->principal.roles->elts;
        p.nroles = cx->principal.roles->nelts;
    }

    cx->homeless = (ngx_mqtt_profile_store(w, &p) != NGX_OK);
}


ngx_uint_t
store_connect(store_client_t *c, ngx_mqtt_worker_t *w, const char *id,
    const store_connect_t *conn)
{
    ngx_str_t              s;
    ngx_uint_t             reason;
    ngx_mqtt_connect_t     connect;
    ngx_mqtt_connecting_t  cx;

    static const store_connect_t  none;

    conn = conn ? conn : &none;
    s = store_str(id);

    store_client(c, w);

    c->cl.client_id.len = s.len;
    c->cl.client_id.data = test_copy(s.data, s.len);
    c->cl.hub = store_str(conn->hub ? conn->hub : "h");
    c->cl.session_expiry = conn->expiry;
    c->cl.receive_maximum = conn->window ? conn->window : 100;
    c->conf.max_queued = conn->max_queued;
    c->conf.max_queued_bytes = conn->max_bytes ? conn->max_bytes
                                               : 1024 * 1024;
    c->conf.queue_overflow = conn->overflow;

    ngx_memzero(&connect, sizeof(ngx_mqtt_connect_t));
    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));

    connect.clean_start = conn->clean;
    cx.connect = &connect;
    cx.will_delay = conn->will_delay;

    store_principal(&cx.principal, conn);
    store_profile(w, &cx);

    reason = NGX_MQTT_SUCCESS;

    if (conn->will) {
        cx.will = store_will(w, conn);
        reason = cx.will ? NGX_MQTT_SUCCESS : NGX_MQTT_QUOTA_EXCEEDED;
    }

    if (reason == NGX_MQTT_SUCCESS) {
        reason = ngx_mqtt_admit(&c->cl, &cx);
        ngx_mqtt_publish_drop(w);
    }

    ngx_mqtt_profile_drop(w);

    if (reason != NGX_MQTT_SUCCESS) {
        store_close(c, 1);
        return reason;
    }

    c->cl.connected = 1;

    return NGX_MQTT_SUCCESS;
}


void
store_close(store_client_t *c, ngx_uint_t discard_will)
{
    c->cl.will_discard = discard_will;
    ngx_mqtt_client_lost(&c->cl);

    free(c->buf);
    c->buf = NULL;
    c->len = 0;
}


ngx_int_t
store_subscribe(store_client_t *c, const char *text, ngx_uint_t options,
    uint32_t id)
{
    ngx_int_t           rc;
    ngx_str_t           full;
    ngx_uint_t          added, budget;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_filter_t   filter;
    ngx_mqtt_worker_t  *w;

    w = c->cl.worker;
    full = store_str(text);

    (void) ngx_mqtt_filter_parse(&full, &filter);

    ngx_mqtt_worker_lock(w);

    rc = ngx_mqtt_sub_add_locked(w->zone, c->cl.attach->session, &filter,
                                 options, id, &sub, &added);

    if (rc == NGX_OK && !filter.shared) {
        budget = 1000;
        ngx_mqtt_replay_start_locked(w, sub, &budget);
    }

    ngx_mqtt_worker_unlock(w);

    return rc;
}


ngx_int_t
store_unsubscribe(store_client_t *c, const char *text)
{
    ngx_str_t           full;
    ngx_mqtt_sub_t     *sub;
    ngx_mqtt_worker_t  *w;

    w = c->cl.worker;
    full = store_str(text);

    ngx_mqtt_worker_lock(w);

    sub = ngx_mqtt_sub_find_locked(w->zone, c->cl.attach->session, &full);

    if (sub) {
        ngx_mqtt_sub_remove_locked(w->zone, sub);
    }

    ngx_mqtt_worker_unlock(w);

    return sub ? NGX_OK : NGX_DECLINED;
}


ngx_uint_t
store_publish(ngx_mqtt_worker_t *w, store_client_t *c, const char *topic,
    const char *payload, size_t len, ngx_uint_t qos, ngx_uint_t retain,
    ngx_uint_t packet_id)
{
    ngx_str_t                 t, name;
    ngx_uint_t                reason;
    ngx_mqtt_inbound_t        in;
    ngx_mqtt_session_t       *s;
    ngx_mqtt_publish_args_t   args;

    ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    t = store_str(topic);
    name = store_str("h");

    in.topic = t;
    in.payload = store_str(payload);
    in.qos = qos;
    in.retain = retain;

    if (len) {
        in.payload.len = len;
    }

    if (c == NULL && ngx_mqtt_hub_find_locked(w->zone, &name) == NULL) {
        return NGX_MQTT_NO_MATCHING_SUBSCRIBERS;
    }

    args.message = ngx_mqtt_publish_store(w, &in);
    if (args.message == NULL) {
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    ngx_mqtt_worker_lock(w);

    s = c ? c->cl.attach->session : NULL;

    args.hub = s ? s->hub : ngx_mqtt_hub_find_locked(w->zone, &name);
    args.from = s;
    args.packet_id = packet_id;

    reason = ngx_mqtt_publish_locked(w, &args);

    ngx_mqtt_worker_unlock(w);
    ngx_mqtt_publish_drop(w);

    return reason;
}


void
store_offline(store_t *st, const char *id, const char *filter, ngx_uint_t qos)
{
    store_client_t  c;

    static const store_connect_t  conn = { .expiry = 120 };

    if (store_connect(&c, st->w, id, &conn) != NGX_MQTT_SUCCESS
        || (filter && store_subscribe(&c, filter, qos, 0) != NGX_OK))
    {
        note("no room for session %s", id);
    }

    store_close(&c, 0);
}


void
store_ack(store_client_t *c, ngx_uint_t no_pubcomp)
{
    ngx_uint_t           i;
    store_packet_t      *got;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = c->cl.worker;

    for ( /* void */ ; c->nacked < c->ngot; c->nacked++) {

        i = c->nacked;

        if (i >= STORE_OUT || c->cl.attach == NULL) {
            continue;
        }

        got = &c->got[i];

        ngx_mqtt_worker_lock(w);

        s = c->cl.attach->session;

        if (s == NULL) {
            /* void */

        } else if (got->type == NGX_MQTT_PUBREL) {
            if (!no_pubcomp) {
                (void) ngx_mqtt_queue_pubcomp_locked(w, s, got->id);
            }

        } else if (got->qos == 1) {
            (void) ngx_mqtt_queue_puback_locked(w, s, got->id);

        } else if (got->qos == 2) {
            (void) ngx_mqtt_queue_pubrec_locked(w, s, got->id, 0);

            if (!no_pubcomp) {
                (void) ngx_mqtt_queue_pubcomp_locked(w, s, got->id);
            }
        }

        ngx_mqtt_worker_unlock(w);
    }
}


void
store_run(ngx_mqtt_worker_t *w)
{
    ngx_uint_t  i;

    for (i = 0; i < 10000; i++) {
        if (ngx_mqtt_worker_run(w) != NGX_AGAIN) {
            return;
        }
    }

    note("a worker that never comes to rest");
}


void
store_time(ngx_mqtt_worker_t *w, ngx_msec_t ms)
{
    ngx_uint_t  i;

    ngx_current_msec += ms;

    for (i = 0; i < 10000; i++) {
        if (ngx_mqtt_worker_tick(w) != NGX_AGAIN) {
            return;
        }
    }

    note("a tick that never comes to an end");
}


ngx_mqtt_hub_t *
store_hub(store_t *st, const char *name)
{
    ngx_str_t  s;

    s = store_str(name);

    return ngx_mqtt_hub_find_locked(&st->zone, &s);
}


ngx_mqtt_session_t *
store_session(store_t *st, const char *id)
{
    ngx_str_t        s;
    ngx_mqtt_hub_t  *hub;

    s = store_str(id);
    hub = store_hub(st, "h");

    return hub ? ngx_mqtt_session_find_locked(&st->zone, hub, &s) : NULL;
}


/* Compares the beginning of a payload. */

static ngx_uint_t
store_is(ngx_mqtt_message_t *m, const char *payload)
{
    size_t           len;
    u_char           buf[64];
    ngx_mqtt_text_t  text;

    len = strlen(payload);

    if (m == NULL || m->payload_len < len || len > sizeof(buf)) {
        return 0;
    }

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_skip(&text, m->topic_len + m->props_len);
    (void) ngx_mqtt_text_read(&text, buf, len);

    return ngx_memcmp(buf, payload, len) == 0;
}


ngx_uint_t
store_queued(store_t *st, const char *id, const char *payload)
{
    ngx_uint_t           n;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_session_t  *s;

    n = 0;
    s = store_session(st, id);

    if (s == NULL) {
        return 0;
    }

    for (e = s->head; e; e = e->next) {
        n += store_is(e->m.message, payload);
    }

    for (e = s->head0; e; e = e->next) {
        n += store_is(e->m.message, payload);
    }

    return n;
}


ngx_uint_t
store_retained(store_t *st, const char *topic, const char *payload)
{
    ngx_str_t           t;
    ngx_mqtt_hub_t     *hub;
    ngx_mqtt_retain_t  *retain;

    t = store_str(topic);
    hub = store_hub(st, "h");
    retain = hub ? ngx_mqtt_retain_find_locked(&st->zone, hub, &t) : NULL;

    if (retain == NULL || payload == NULL) {
        return retain == NULL && payload == NULL;
    }

    return store_is(retain->message, payload);
}


static ngx_int_t
store_op_publish(ngx_mqtt_worker_t *w, store_client_t *c,
    const store_op_t *op)
{
    size_t      len;
    char       *payload;
    ngx_uint_t  reason;

    static char  big[300000];

    len = 0;
    payload = (char *) op->payload;

    if (op->op != STORE_PUBLISH) {
        ngx_memzero(big, sizeof(big));
        ngx_memcpy(big, payload, strlen(payload));
        payload = big;
        len = (op->op == STORE_BIG) ? 20000 : sizeof(big);
    }

    reason = store_publish(w, c, op->text, payload, len, op->n, op->retain,
                           op->id);

    return reason < NGX_MQTT_UNSPECIFIED_ERROR ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
store_disconnect(store_client_t *c)
{
    u_char  *p;

    static u_char  packet[] = {
        NGX_MQTT_DISCONNECT << 4, 7, 0, 5, 0x11, 0, 0, 0, 60
    };

    p = packet;
    c->cl.version = NGX_MQTT_V5;
    c->cl.parser.version = NGX_MQTT_V5;
    c->cl.requested_expiry = 3600;

    (void) ngx_mqtt_client_input(&c->cl, &p, packet + sizeof(packet));
    store_close(c, 0);

    return NGX_OK;
}


static ngx_int_t
store_state(ngx_mqtt_worker_t *w, store_client_t *c, const char *text)
{
    ngx_str_t          state;
    ngx_mqtt_whose_t   whose;

    state = store_str(text);
    ngx_mqtt_profile_whose(&c->cl, &whose);

    return ngx_mqtt_profile_set_state(w, &whose, &state);
}


static ngx_int_t
store_read(ngx_mqtt_worker_t *w, const char *name)
{
    ngx_int_t                 rc;
    ngx_str_t                 hub, topic;
    ngx_pool_t               *pool;
    ngx_mqtt_list_message_t   message;

    hub = store_str("h");
    topic = store_str(name);
    pool = pool_create();

    rc = ngx_mqtt_list_message(w, pool, &hub, &topic, &message);
    ngx_destroy_pool(pool);

    return rc;
}


/* Of hub "h", in one go. */

static ngx_int_t
store_remove(ngx_mqtt_worker_t *w, const char *filter)
{
    ngx_int_t        rc;
    ngx_mqtt_list_t  list;

    ngx_memzero(&list, sizeof(ngx_mqtt_list_t));

    list.worker = w;
    list.kind = NGX_MQTT_LIST_REMOVE;
    list.hub = store_str("h");
    list.name = store_str(filter);

    rc = ngx_mqtt_list_start(&list);

    while (rc == NGX_OK && (rc = ngx_mqtt_list_run(&list)) == NGX_AGAIN) {
        rc = NGX_OK;
    }

    return rc;
}


ngx_int_t
store_op(ngx_mqtt_worker_t *w, store_client_t *clients, const store_op_t *op)
{
    store_client_t  *c;

    c = &clients[op->client];

    switch (op->op) {

    case STORE_CONNECT:
        return store_connect(c, w, op->text, op->connect) == NGX_MQTT_SUCCESS
               ? NGX_OK : NGX_ERROR;

    case STORE_CLOSE:
        store_close(c, op->n);
        return NGX_OK;

    case STORE_SUBSCRIBE:
        return store_subscribe(c, op->text, op->n, op->id);

    case STORE_UNSUBSCRIBE:
        return store_unsubscribe(c, op->text);

    case STORE_PUBLISH:
    case STORE_BIG:
    case STORE_HUGE:
        return store_op_publish(w, c, op);

    case STORE_PUBREL:
        ngx_mqtt_worker_lock(w);
        (void) ngx_mqtt_session_release_id_locked(c->cl.attach->session,
                                                  op->id);
        ngx_mqtt_worker_unlock(w);
        return NGX_OK;

    case STORE_RUN:
        store_run(w);
        return NGX_OK;

    case STORE_STATE:
        return store_state(w, c, op->text);

    case STORE_REMOVE:
        return store_remove(w, op->text);

    case STORE_READ:
        return store_read(w, op->text);

    case STORE_BULK:
        return bulk_run(bulk_make(w, op->n, op->id, op->text, op->payload));

    case STORE_BLOCK:
        c->blocked = 1;
        return NGX_OK;

    case STORE_ACK:
        store_ack(c, op->n);
        return NGX_OK;

    case STORE_DISCONNECT:
        return store_disconnect(c);

    case STORE_NATIVE:
    case STORE_RECOVER:
    case STORE_SAY:
    case STORE_LOSE:
        return pubsub_op(w, op);

    default:
        store_time(w, op->n);
        return NGX_OK;
    }
}
