
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_list.h>
#include "store.h"
#include "pool.h"


/* Lists of what is in a zone, while it changes. */


#define TEST_SESSIONS  1500
#define TEST_RETAINED  3000


static store_t      st;
static ngx_pool_t  *pool;

static ngx_uint_t   test_seen[TEST_RETAINED];


/* A list, ready to be run. */

static ngx_int_t
test_list_start(ngx_mqtt_list_t *list, ngx_mqtt_list_e kind, const char *name,
    ngx_uint_t max)
{
    ngx_mqtt_list_place_t  place;

    place = list->place;
    ngx_memzero(list, sizeof(ngx_mqtt_list_t));

    list->worker = st.w;
    list->pool = pool;
    list->kind = kind;
    list->hub = store_str("h");
    list->name = store_str(name);
    list->max = max;
    list->place = place;

    return ngx_mqtt_list_start(list);
}


/* Its first or its next page: the end of it. */

static ngx_int_t
test_list(ngx_mqtt_list_t *list, ngx_mqtt_list_e kind, const char *name,
    ngx_uint_t max)
{
    ngx_int_t  rc;

    if (test_list_start(list, kind, name, max) != NGX_OK) {
        return NGX_ERROR;
    }

    do {
        rc = ngx_mqtt_list_run(list);
    } while (rc == NGX_AGAIN);

    return rc;
}


static void
test_list_begin(ngx_mqtt_list_t *list)
{
    ngx_memzero(list, sizeof(ngx_mqtt_list_t));
    ngx_memzero(test_seen, sizeof(test_seen));
}


/* Counts what a page has by the number in its names, "s12" or "r/12". */

static void
test_list_see(ngx_mqtt_list_t *list)
{
    ngx_int_t    n;
    ngx_str_t   *name;
    ngx_uint_t   i, skip;

    for (i = 0; i < list->n; i++) {

        switch (list->kind) {
        case NGX_MQTT_LIST_SUBS:
            name = &list->rows[i].sub.filter;
            skip = 2;
            break;
        case NGX_MQTT_LIST_RETAINED:
            name = &list->rows[i].topic.topic;
            skip = 2;
            break;
        default:
            name = &list->rows[i].session.id;
            skip = 1;
        }

        n = ngx_atoi(name->data + skip, name->len - skip);

        if (n >= 0 && n < TEST_RETAINED && name->data[0] != 'x') {
            test_seen[n]++;
        }
    }
}


/* How many from "first" on, each step-th, were not seen just once. */

static ngx_uint_t
test_list_wrong(ngx_uint_t first, ngx_uint_t step, ngx_uint_t end)
{
    ngx_uint_t  i, wrong;

    wrong = 0;

    for (i = first; i < end; i += step) {
        wrong += (test_seen[i] != 1);
    }

    return wrong;
}


static ngx_uint_t
test_list_end(const char *id)
{
    ngx_str_t            name;
    ngx_mqtt_session_t  *s;

    name = store_str(id);

    store_lock(&st);
    s = ngx_mqtt_session_find_locked(&st.zone, store_hub(&st, "h"), &name);

    if (s) {
        ngx_mqtt_session_end_locked(st.w, s);
    }

    store_unlock(&st);
    store_run(st.w);

    return s != NULL;
}


static void
test_list_session(void)
{
    store_client_t            c;
    ngx_mqtt_list_t           list;
    ngx_mqtt_session_t       *s;
    ngx_mqtt_list_session_t  *row;

    test_list_begin(&list);
    is_int(test_list(&list, NGX_MQTT_LIST_SESSIONS, "", 10), NGX_OK,
           "sessions of a hub that nobody has used");
    is_int(list.n, 0, "none");
    is_int(test_list(&list, NGX_MQTT_LIST_SESSION, "c", 1), NGX_DECLINED,
           "nor is there one");

    (void) store_connect(&c, st.w, "c", &(store_connect_t) {
        .expiry = 100, .user = "alice", .will = "w/c", .will_retain = 1,
        .will_delay = 7
    });
    (void) store_subscribe(&c, "a/+", 2, 5);
    (void) store_subscribe(&c, "$share/g/b", 1, 0);
    c.blocked = 1;
    (void) store_publish(st.w, NULL, "a/1", "one", 0, 1, 0, 0);
    (void) store_publish(st.w, NULL, "a/2", "two", 0, 1, 0, 0);
    store_run(st.w);

    s = store_session(&st, "c");

    is_int(test_list(&list, NGX_MQTT_LIST_SESSION, "c", 1), NGX_OK,
           "a session");
    is_int(list.n, 1, "one");
    row = &list.rows[0].session;
    is_str(&row->id, "c", "client id");
    is_str(&row->user_id, "alice", "user id");
    is_int(row->serial, s->serial, "serial");
    is_int(row->connection, c.cl.connection, "connection");
    is_int(row->pid, ngx_pid, "process");
    is_int(row->expiry, 100, "expiry");
    is_int(row->nsubs, 2, "subscriptions");
    is_int(row->queued, 2, "queued");
    is_int(row->inflight, s->inflight, "in flight");
    ok(row->queued_bytes > 6, "their bytes");
    ok(row->will && row->will_retain, "a will");
    is_int(row->will_delay, 7, "its delay");
    is_int(row->will_payload, 4, "its size");
    is_str(&row->will_topic, "w/c", "its topic");

    ngx_memzero(&list.place, sizeof(list.place));
    is_int(test_list(&list, NGX_MQTT_LIST_SUBS, "c", 10), NGX_OK,
           "its subscriptions");
    is_int(list.n, 2, "two");
    is_str(&list.rows[0].sub.filter, "$share/g/b", "the newest first");
    is_str(&list.rows[1].sub.filter, "a/+", "the other");
    is_int(list.rows[1].sub.id, 5, "identifier");
    is_int(list.rows[1].sub.options, 2, "options");
    is_int(list.more, 0, "no more");

    c.blocked = 0;
    store_close(&c, 0);
    ngx_current_msec += 3000;

    ngx_memzero(&list.place, sizeof(list.place));
    (void) test_list(&list, NGX_MQTT_LIST_SESSIONS, "", 10);
    is_int(list.n, 1, "an offline one is listed");
    row = &list.rows[0].session;
    is_int(row->pid, 0, "without a process");
    is_int(row->offline, 3000, "since then");
    is_int(row->inflight, 0, "nothing in flight");

    ngx_current_msec += 98000;
    ngx_memzero(&list.place, sizeof(list.place));
    (void) test_list(&list, NGX_MQTT_LIST_SESSIONS, "", 10);
    is_int(list.n, 0, "not one whose time is over");
    is_int(test_list(&list, NGX_MQTT_LIST_SESSION, "c", 1), NGX_DECLINED,
           "that is no session");
    is_int(test_list(&list, NGX_MQTT_LIST_SUBS, "c", 1), NGX_DECLINED,
           "and has no subscriptions");

    store_time(st.w, 0);
    (void) test_list(&list, NGX_MQTT_LIST_REMOVE, "w/c", 0);
    is_int(list.n, 1, "its will was retained");
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
}


/* Page by page, while others come and go. */

static void
test_list_paging(ngx_mqtt_list_e kind, const char *name, const char *what)
{
    char             id[16];
    ngx_uint_t       i, pages, wrong;
    ngx_mqtt_list_t  list;

    test_list_begin(&list);
    pages = 0;
    wrong = 0;

    do {
        wrong += (test_list(&list, kind, name, 100) != NGX_OK);
        test_list_see(&list);
        pages++;

        /* the odd ones stay, some of the others go and come */

        for (i = 0; i < 20; i++) {
            sprintf(id, "s%lu", (unsigned long) (pages * 62 + 2 * i)
                                % TEST_SESSIONS);
            (void) test_list_end(id);
        }

        for (i = 0; i < 10; i++) {
            sprintf(id, "s%lu", (unsigned long) (pages * 34 + 2 * i)
                                % TEST_SESSIONS);

            if (store_session(&st, id) == NULL) {
                store_offline(&st, id, name[0] ? name : NULL, 1);
            }
        }

        sprintf(id, "x%lu", (unsigned long) pages);
        store_offline(&st, id, NULL, 0);

    } while (list.more && pages < 100);

    is_int(wrong, 0, "%s: %lu pages", what, (unsigned long) pages);
    ok(pages >= TEST_SESSIONS / 200, "%s: they are pages", what);
    is_int(test_list_wrong(1, 2, TEST_SESSIONS), 0,
           "%s: who stayed is listed once", what);
}


static void
test_list_sessions(void)
{
    char             id[16];
    ngx_uint_t       i, runs;
    store_client_t   other;
    ngx_mqtt_list_t  list;

    (void) store_connect(&other, st.w, "s3", &(store_connect_t) {
        .hub = "other"
    });
    (void) store_subscribe(&other, "g", 1, 0);

    for (i = 0; i < TEST_SESSIONS; i++) {
        sprintf(id, "s%lu", (unsigned long) i);
        store_offline(&st, id, "g", 1);
    }

    test_list_begin(&list);
    (void) test_list_start(&list, NGX_MQTT_LIST_SESSIONS, "",
                           NGX_MQTT_LIST_MAX);

    for (runs = 1; ngx_mqtt_list_run(&list) == NGX_AGAIN; runs++) {
        /* void */
    }

    is_int(list.n, NGX_MQTT_LIST_MAX, "a full page in %lu runs",
           (unsigned long) runs);
    ok(list.more, "there is more");

    test_list_paging(NGX_MQTT_LIST_SESSIONS, "", "sessions");
    test_list_paging(NGX_MQTT_LIST_MEMBERS, "g", "a large group");
    store_check(&st, "after lists");

    /* few enough to be sorted */

    for (i = 0; i < TEST_SESSIONS; i++) {
        sprintf(id, "s%lu", (unsigned long) i);

        if (i % 5) {
            (void) test_list_end(id);

        } else if (store_session(&st, id) == NULL) {
            store_offline(&st, id, "g", 1);
        }
    }

    test_list_begin(&list);
    (void) test_list(&list, NGX_MQTT_LIST_MEMBERS, "g", NGX_MQTT_LIST_MAX);
    test_list_see(&list);
    is_int(list.n, TEST_SESSIONS / 5, "a small group");
    is_int(list.more, 0, "no more");
    is_int(test_list_wrong(0, 5, TEST_SESSIONS), 0, "each of it");

    test_list_begin(&list);

    do {
        (void) test_list(&list, NGX_MQTT_LIST_MEMBERS, "g", 7);
        test_list_see(&list);
    } while (list.more);

    is_int(test_list_wrong(0, 5, TEST_SESSIONS), 0, "in small pages");

    test_list_begin(&list);
    is_int(test_list(&list, NGX_MQTT_LIST_MEMBERS, "nobody", 7), NGX_OK,
           "a group that nobody is in");
    is_int(list.n, 0, "is empty");

    for (i = 0; i < TEST_SESSIONS; i++) {
        sprintf(id, "s%lu", (unsigned long) i);
        (void) test_list_end(id);
        sprintf(id, "x%lu", (unsigned long) i);
        (void) test_list_end(id);
    }

    store_close(&other, 0);
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
}


/* Conditions, ids that fill the room for strings, and places that are none. */

static void
test_list_odd(void)
{
    char                 id[3000];
    ngx_str_t            filter, why;
    ngx_uint_t           i, n;
    ngx_mqtt_list_t      list;
    ngx_mqtt_targets_t   targets;

    static const char  even[] =
        "endswith(connectionId, '0') or endswith(connectionId, '2')"
        " or endswith(connectionId, '4') or endswith(connectionId, '6')"
        " or endswith(connectionId, '8')";

    filter = store_str(even);
    ngx_memzero(&targets, sizeof(ngx_mqtt_targets_t));
    is_int(ngx_mqtt_odata_parse(pool, &filter, &targets.filter, &why), NGX_OK,
           "a filter");
    ngx_mqtt_targets_init(&targets);

    ngx_memset(id, 'i', sizeof(id));
    id[0] = 's';

    for (i = 0; i < 40; i++) {
        sprintf(id + 990, "%lu", (unsigned long) (1000 + i));
        store_offline(&st, id, NULL, 0);
    }

    test_list_begin(&list);
    (void) test_list(&list, NGX_MQTT_LIST_SESSIONS, "", 100);
    is_int(list.n, 40, "long ids");

    for (i = 0, n = 0; i < list.n; i++) {
        n += (list.rows[i].session.id.len == 994);
    }

    is_int(n, 40, "are whole");

    test_list_begin(&list);
    (void) test_list_start(&list, NGX_MQTT_LIST_SESSIONS, "", 15);
    list.targets = &targets;

    while (ngx_mqtt_list_run(&list) == NGX_AGAIN) { /* void */ }

    is_int(list.n, 15, "those that are wanted");
    ok(list.more, "not all");
    n = list.n;
    (void) test_list_start(&list, NGX_MQTT_LIST_SESSIONS, "", 15);
    list.targets = &targets;

    while (ngx_mqtt_list_run(&list) == NGX_AGAIN) { /* void */ }

    is_int(n + list.n, 20, "then the rest");

    list.place.offset = (uint64_t) -1;
    is_int(test_list(&list, NGX_MQTT_LIST_SESSIONS, "", 15), NGX_OK,
           "a place behind the zone");
    is_int(list.n, 0, "is the end");

    list.place.offset = 1;
    (void) test_list(&list, NGX_MQTT_LIST_SESSIONS, "", 100);
    ok(list.n >= 39, "one within a block");

    list.place.offset = 12345;
    is_int(test_list(&list, NGX_MQTT_LIST_SUBS, list.n
                     ? (char *) id : "", 15), NGX_BUSY,
           "no subscription");

    for (i = 0; i < 40; i++) {
        sprintf(id + 990, "%lu", (unsigned long) (1000 + i));
        (void) test_list_end(id);
    }

    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_list_subs(void)
{
    char             filter[16];
    ngx_uint_t       i, pages;
    store_client_t   c;
    ngx_mqtt_list_t  list;

    (void) store_connect(&c, st.w, "c", NULL);

    for (i = 0; i < TEST_RETAINED; i++) {
        sprintf(filter, "f/%lu", (unsigned long) i);
        (void) store_subscribe(&c, filter, 1, 0);
    }

    test_list_begin(&list);
    pages = 0;

    do {
        (void) test_list(&list, NGX_MQTT_LIST_SUBS, "c", 500);
        test_list_see(&list);
        pages++;

        /* not the next one */

        for (i = 0; i < 100; i++) {
            sprintf(filter, "f/%lu", (unsigned long) (pages * 400 + 7 * i)
                                     / 2 * 2 % TEST_RETAINED);

            if (list.more
                && ngx_atoi((u_char *) filter + 2, strlen(filter + 2)) + 1
                   != TEST_RETAINED - (ngx_int_t) (pages * 500))
            {
                (void) store_unsubscribe(&c, filter);
            }
        }

        (void) store_subscribe(&c, "new", 1, 0);

    } while (list.more && pages < 20);

    is_int(test_list_wrong(1, 2, TEST_RETAINED), 0,
           "subscriptions that stay are listed once");

    test_list_begin(&list);
    (void) test_list(&list, NGX_MQTT_LIST_SUBS, "c", 1);
    is_str(&list.rows[0].sub.filter, "new", "the newest");
    (void) test_list(&list, NGX_MQTT_LIST_SUBS, "c", 1);
    is_str(&list.rows[0].sub.filter, "f/2999", "the one before");
    (void) store_unsubscribe(&c, "f/2997");
    (void) store_unsubscribe(&c, "f/2998");
    is_int(test_list(&list, NGX_MQTT_LIST_SUBS, "c", 1), NGX_BUSY,
           "the next is gone");

    store_close(&c, 0);
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_list_retained(void)
{
    char             topic[32];
    ngx_uint_t       i, runs;
    store_client_t   c;
    ngx_mqtt_list_t  list;

    (void) store_connect(&c, st.w, "c", NULL);

    test_list_begin(&list);
    is_int(test_list_start(&list, NGX_MQTT_LIST_RETAINED, "a/#/b", 1),
           NGX_DECLINED, "no filter");
    is_int(test_list_start(&list, NGX_MQTT_LIST_REMOVE, "$share/g/a", 1),
           NGX_DECLINED, "no filter of topics");

    for (i = 0; i < TEST_RETAINED; i++) {
        sprintf(topic, "r/%lu", (unsigned long) i);
        (void) store_publish(st.w, NULL, topic, "payload", 0, 1, 1, 0);
    }

    (void) store_publish(st.w, NULL, "$SYS/x", "one", 0, 1, 1, 0);
    (void) store_publish(st.w, NULL, "q/1", "one", 0, 0, 1, 0);

    test_list_begin(&list);

    do {
        (void) test_list(&list, NGX_MQTT_LIST_RETAINED, "r/+", 700);
        test_list_see(&list);
        (void) store_publish(st.w, NULL, "r/7", "new", 0, 2, 1, 0);
    } while (list.more);

    is_int(test_list_wrong(0, 1, TEST_RETAINED), 0, "retained, once each");

    test_list_begin(&list);
    (void) test_list(&list, NGX_MQTT_LIST_RETAINED, "r/7", 10);
    is_int(list.n, 1, "one topic");
    is_str(&list.rows[0].topic.topic, "r/7", "its name");
    is_int(list.rows[0].topic.payload, 3, "size");
    is_int(list.rows[0].topic.qos, 2, "QoS");
    is_int(list.rows[0].topic.left, 0, "for ever");

    test_list_begin(&list);
    (void) test_list(&list, NGX_MQTT_LIST_RETAINED, "$SYS/#", 10);
    is_int(list.n, 1, "topics in $ by name");

    test_list_begin(&list);
    (void) test_list_start(&list, NGX_MQTT_LIST_REMOVE, "r/#", 0);

    for (runs = 1; ngx_mqtt_list_run(&list) == NGX_AGAIN; runs++) {
        store_check(&st, "half removed");
    }

    ok(runs > 1, "removed in %lu runs", (unsigned long) runs);
    is_int(list.n, TEST_RETAINED, "all that match");
    is_int(store_hub(&st, "h")->nretained, 2, "two are left");
    ok(store_retained(&st, "q/1", "one"), "another topic");
    store_check(&st, "removed");
    is_int(c.ngot, 0, "nobody is told");

    test_list_begin(&list);
    (void) test_list(&list, NGX_MQTT_LIST_REMOVE, "q/1", 0);
    is_int(list.n, 1, "one topic removed");

    store_close(&c, 0);
    store_run(st.w);
    (void) test_list(&list, NGX_MQTT_LIST_REMOVE, "$SYS/#", 0);
    is_int(list.n, 1, "the last one");
    ok(store_hub(&st, "h") == NULL, "the hub goes with it");
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
    store_check(&st, "empty");
}


static void
test_list_message(void)
{
    u_char                    *text, expect[2];
    ngx_str_t                  hub, topic;
    store_client_t             c;
    ngx_mqtt_props_t           props;
    ngx_mqtt_inbound_t         in;
    ngx_mqtt_publish_args_t    args;
    ngx_mqtt_list_message_t    message;

    static u_char  raw[] = "\x03\x00\x04text\x26\x00\x01n\x00\x01v";

    hub = store_str("h");
    topic = store_str("m");

    (void) store_connect(&c, st.w, "c", NULL);

    is_int(ngx_mqtt_list_message(st.w, pool, &hub, &topic, &message),
           NGX_DECLINED, "no retained message");

    text = malloc(NGX_MQTT_LIST_PAYLOAD + 2);
    ngx_memset(text, 'p', NGX_MQTT_LIST_PAYLOAD + 1);
    text[NGX_MQTT_LIST_PAYLOAD + 1] = '\0';
    text[99999] = 'e';

    ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
    ngx_memzero(&props, sizeof(ngx_mqtt_props_t));
    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_MESSAGE_EXPIRY);
    props.message_expiry = 5;
    props.raw.data = raw;
    props.raw.len = sizeof(raw) - 1;
    props.forward_len = props.raw.len;

    in.topic = topic;
    in.props = &props;
    in.payload.data = text;
    in.payload.len = 100000;
    in.qos = 1;
    in.retain = 1;

    args.message = ngx_mqtt_publish_store(st.w, &in);
    store_lock(&st);
    args.hub = c.cl.attach->session->hub;
    (void) ngx_mqtt_publish_locked(st.w, &args);
    store_unlock(&st);

    is_int(ngx_mqtt_list_message(st.w, pool, &hub, &topic, &message),
           NGX_OK, "a retained message");
    is_int(message.payload.len, 100000, "its payload");
    expect[0] = 'p';
    expect[1] = 'e';
    is_mem(message.payload.data + 99998, 2, expect, 2, "all of it");
    is_int(message.qos, 1, "QoS");
    is_int(message.left, 5000, "time left");
    is_str(&message.props.content_type, "text", "content type");
    is_int(message.props.raw.len, sizeof(raw) - 1, "user properties");
    ok(st.w->slot->reading == NULL, "nothing is held");
    store_check(&st, "a message read");

    ngx_current_msec += 5000;
    is_int(ngx_mqtt_list_message(st.w, pool, &hub, &topic, &message),
           NGX_DECLINED, "an expired one");
    store_time(st.w, 0);

    (void) store_publish(st.w, NULL, "m", (char *) text,
                         NGX_MQTT_LIST_PAYLOAD + 1, 0, 1, 0);
    is_int(ngx_mqtt_list_message(st.w, pool, &hub, &topic, &message),
           NGX_OK, "a large one");
    is_int(message.len, NGX_MQTT_LIST_PAYLOAD + 1, "its size");
    ok(message.payload.data == NULL, "without payload");
    (void) store_publish(st.w, NULL, "m", "", 0, 0, 1, 0);

    free(text);
    store_close(&c, 0);
    store_run(st.w);
}


static void
test_list_workers(void)
{
    ngx_str_t                name;
    ngx_uint_t               i;
    ngx_array_t              workers;
    store_client_t           c, d;
    ngx_mqtt_worker_t       *w;
    ngx_mqtt_list_hub_t      hub;
    ngx_mqtt_list_zone_t     zone;
    ngx_mqtt_list_worker_t  *worker;

    (void) store_connect(&c, st.w, "c", NULL);
    (void) store_connect(&d, st.w, "d", NULL);
    (void) store_subscribe(&d, "x", 0, 0);

    st.zone.generation = 2;
    w = store_worker(&st);
    st.zone.generation = 0;

    is_int(ngx_mqtt_list_workers(st.w, pool, &workers), NGX_OK, "workers");
    is_int(workers.nelts, 2, "two");
    worker = workers.elts;
    is_int(worker[0].generation, 0, "the older one first");
    is_int(worker[0].pid, ngx_pid, "process");
    is_int(worker[0].counts.connections, 2, "its connections");
    is_int(worker[1].generation, 2, "the newer one");
    is_int(worker[1].counts.connections, 0, "without connections");

    ngx_mqtt_worker_destroy(w);
    (void) ngx_mqtt_list_workers(st.w, pool, &workers);
    is_int(workers.nelts, 1, "one has left");

    name = store_str("h");
    ngx_mqtt_list_hub(st.w, &name, &hub);
    is_int(hub.connections, 2, "connections of the hub");
    is_int(hub.sessions, 2, "sessions");
    is_int(hub.subscriptions, 1, "subscriptions");
    is_int(hub.retained, 0, "retained");

    store_close(&c, 0);
    (void) ngx_mqtt_list_workers(st.w, pool, &workers);
    worker = workers.elts;
    is_int(worker[0].counts.connections, 1, "one connection is over");
    store_close(&d, 0);
    store_run(st.w);

    ngx_mqtt_list_zone(st.w, &zone);
    ok(zone.nfree < zone.npages, "pages in use");
    is_int(zone.nblocks[NGX_MQTT_KIND_SESSION], 0, "sessions of the zone");
    is_int(zone.rebuilds, 0, "rebuilds");

    for (i = 1; i < NGX_MQTT_KIND_MAX; i++) {
        ok(ngx_mqtt_list_kind(i) != NULL, "kind %lu has a name",
           (unsigned long) i);
    }

    ok(ngx_mqtt_list_kind(0) == NULL, "free pages have none");
}


void
test_list_all(void)
{
    store_create(&st, 16 * 1024 * 1024);
    pool = pool_create();

    test_list_session();
    test_list_sessions();
    test_list_odd();
    test_list_subs();
    test_list_retained();
    test_list_message();
    test_list_workers();

    ngx_destroy_pool(pool);
    store_destroy(&st);
}
