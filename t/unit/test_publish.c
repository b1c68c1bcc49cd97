
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <sys/wait.h>
#include "store.h"


static store_t             st;
static ngx_mqtt_worker_t  *other;     /* another worker of the zone */
static store_client_t      intruder;

static const store_connect_t  lasting = { .expiry = 1000 };


static ngx_mqtt_entry_t *
test_publish_last(const char *id)
{
    ngx_mqtt_session_t  *s;

    s = store_session(&st, id);

    return s->tail;
}


static void
test_publish_merge(void)
{
    char               filter[64];
    ngx_uint_t         i, reason;
    store_client_t     c;
    ngx_mqtt_entry_t  *e;

    (void) store_connect(&c, st.w, "c", &lasting);
    (void) store_subscribe(&c, "a/b", 0, 1);
    (void) store_subscribe(&c, "a/+", 2, 2);
    (void) store_subscribe(&c, "a/#", 1 | NGX_MQTT_OPT_RETAIN_AS_PUBLISHED,
                           3);
    (void) store_subscribe(&c, "#", 1, 0);

    reason = store_publish(st.w, NULL, "a/b", "m", 0, 2, 1, 0);
    is_int(reason, 0, "somebody subscribes to it");
    is_int(store_queued(&st, "c", "m"), 1, "one copy for four filters");

    e = test_publish_last("c");
    is_int(ngx_mqtt_entry_qos(e), 2, "of the highest QoS");
    ok((e->flags & NGX_MQTT_ENTRY_IDS) && e->u.ids->n == 3,
       "with all three identifiers");
    ok(e->flags & NGX_MQTT_ENTRY_RETAIN, "retain as published");
    store_check(&st, "merged");

    (void) store_publish(st.w, NULL, "a/b", "", 0, 2, 1, 0);

    reason = store_publish(st.w, NULL, "x", "n", 0, 1, 1, 0);
    e = test_publish_last("c");
    ok(!(e->flags & NGX_MQTT_ENTRY_RETAIN) && !(e->flags & NGX_MQTT_ENTRY_IDS)
       && e->u.id == 0, "plain, where nothing was asked for");
    is_int(ngx_mqtt_entry_qos(e), 1, "of the subscription's QoS");

    (void) store_publish(st.w, NULL, "x", "", 0, 0, 1, 0);

    /* more identifiers than one copy holds: [MQTT-3.3.4-4] */

    for (i = 0; i < 70; i++) {
        sprintf(filter, "%s%s%s%s%s%s%s",
                i & 1 ? "+" : "d", i & 2 ? "/+" : "/d", i & 4 ? "/+" : "/d",
                i & 8 ? "/+" : "/d", i & 16 ? "/+" : "/d",
                i & 32 ? "/+" : "/d", i & 64 ? "/#" : "/d");
        (void) store_subscribe(&c, filter, 1, 100 + i);
    }

    (void) store_publish(st.w, NULL, "d/d/d/d/d/d/d", "ids", 0, 1, 0, 0);
    is_int(store_queued(&st, "c", "ids"), 2, "two copies for 70 identifiers");
    e = test_publish_last("c");
    ok((e->flags & NGX_MQTT_ENTRY_IDS) && e->u.ids->n >= 9, "with the rest");
    store_check(&st, "many identifiers");

    store_close(&c, 0);
    store_time(st.w, 2000000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_publish_rules(void)
{
    ngx_uint_t      reason;
    store_client_t  c, d;

    (void) store_connect(&c, st.w, "c", &lasting);
    (void) store_connect(&d, st.w, "d", &lasting);

    reason = store_publish(st.w, &c, "t", "m0", 0, 1, 0, 0);
    is_int(reason, NGX_MQTT_NO_MATCHING_SUBSCRIBERS, "nobody subscribes");

    (void) store_subscribe(&c, "t", 1 | NGX_MQTT_OPT_NO_LOCAL, 0);
    (void) store_subscribe(&d, "t", 1 | NGX_MQTT_OPT_NO_LOCAL, 0);

    (void) store_publish(st.w, &c, "t", "m1", 0, 1, 0, 0);
    is_int(store_queued(&st, "c", "m1"), 0, "no local: not to oneself");
    is_int(store_queued(&st, "d", "m1"), 1, "no local: but to others");
    (void) store_publish(st.w, NULL, "t", "m2", 0, 1, 0, 0);
    is_int(store_queued(&st, "c", "m2"), 1, "no local: from nobody");

    (void) store_publish(st.w, &c, "t", "m3", 0, 2, 0, 9);
    ok(ngx_mqtt_session_holds_id_locked(c.cl.attach->session, 9),
       "a QoS 2 identifier is held");
    (void) store_publish(st.w, &c, "t", "m3", 0, 2, 0, 9);
    is_int(store_queued(&st, "d", "m3"), 1, "which publishes once");
    store_check(&st, "rules");

    /* offline: QoS 0 is not kept */

    store_close(&d, 0);
    (void) store_publish(st.w, &c, "t", "m4", 0, 0, 0, 0);
    (void) store_publish(st.w, &c, "t", "m5", 0, 1, 0, 0);
    is_int(store_queued(&st, "d", "m4"), 0, "QoS 0 to an offline session");
    is_int(store_queued(&st, "d", "m5"), 1, "QoS 1 to an offline session");

    store_close(&c, 0);
    store_time(st.w, 2000000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_publish_shared(void)
{
    char            payload[32];
    ngx_uint_t      i, n[3];
    store_client_t  c[3];

    static const char  *ids[] = { "c0", "c1", "c2" };

    static const store_connect_t  small = { .expiry = 1000, .max_queued = 4 };

    for (i = 0; i < 3; i++) {
        (void) store_connect(&c[i], st.w, ids[i], i ? &lasting : &small);
        (void) store_subscribe(&c[i], "$share/g/t/#", 1, 0);
    }

    for (i = 0; i < 9; i++) {
        sprintf(payload, "m%lu", (unsigned long) i);
        (void) store_publish(st.w, NULL, "t/x", payload, 0, 1, 0, 0);
    }

    for (i = 0; i < 3; i++) {
        n[i] = store_queued(&st, ids[i], "m");
    }

    ok(n[0] == 3 && n[1] == 3 && n[2] == 3, "in turn: %lu, %lu, %lu",
       (unsigned long) n[0], (unsigned long) n[1], (unsigned long) n[2]);
    store_check(&st, "in turn");

    for (i = 0; i < 9; i++) {
        (void) store_publish(st.w, NULL, "t/x", "k", 0, 1, 0, 0);
    }

    is_int(store_queued(&st, "c0", ""), 4, "a full member is passed over");
    is_int(store_queued(&st, "c1", "k") + store_queued(&st, "c2", "k"), 8,
           "the others take its share");

    /* those connected come first */

    store_close(&c[1], 0);

    for (i = 0; i < 5; i++) {
        (void) store_publish(st.w, NULL, "t/x", "o", 0, 1, 0, 0);
    }

    is_int(store_queued(&st, "c1", "o"), 0, "an offline member waits");
    is_int(store_queued(&st, "c2", "o"), 5, "while there is another");
    store_close(&c[2], 0);
    (void) store_publish(st.w, NULL, "t/x", "p", 0, 1, 0, 0);
    is_int(store_queued(&st, "c1", "p") + store_queued(&st, "c2", "p"), 1,
           "and then it is its turn");

    /* not merged with one's own, nor keeping others from being merged */

    (void) store_connect(&c[1], st.w, "c1", &lasting);
    (void) store_subscribe(&c[1], "u/a", 1, 0);
    (void) store_subscribe(&c[1], "$share/g/u/a", 1, 0);
    (void) store_subscribe(&c[1], "u/+", 1, 0);
    (void) store_subscribe(&c[1], "$share/g/u/+", 1, 0);
    (void) store_publish(st.w, NULL, "u/a", "own", 0, 1, 0, 0);
    is_int(store_queued(&st, "c1", "own"), 3, "two shared, one of its own");

    /* a member leaves when it is its turn */

    for (i = 0; i < 4; i++) {
        (void) store_publish(st.w, NULL, "t/x", "z", 0, 1, 0, 0);
        (void) store_unsubscribe(&c[1], "$share/g/t/#");
        store_check(&st, "a member left");
        (void) store_subscribe(&c[1], "$share/g/t/#", 1, 0);
    }

    store_close(&c[0], 0);
    store_close(&c[1], 0);
    store_time(st.w, 2000000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_publish_full(void)
{
    ngx_uint_t      i, used, before;
    store_client_t  c;

    static char  text[20000];

    static const store_connect_t  large = {
        .expiry = 1000, .max_bytes = 64 * 1024 * 1024
    };

    memset(text, 'x', sizeof(text) - 1);

    for (i = 0; i < 10; i++) {
        char  id[32];

        sprintf(id, "o%lu", (unsigned long) i);
        store_offline(&st, id, "t", 1);
    }

    (void) store_connect(&c, st.w, "p", &large);
    (void) store_subscribe(&c, "r", 1, 0);

    for (i = 1; i < 10000; i++) {
        if (store_publish(st.w, &c, "r", text, 0, 2, 0, i)
            == NGX_MQTT_QUOTA_EXCEEDED)
        {
            break;
        }
    }

    ok(i > 20 && i < 10000 && !ngx_mqtt_session_holds_id_locked(
                                    c.cl.attach->session, i),
       "a full zone refuses");
    store_check(&st, "a full zone");

    /* smaller and smaller */

    used = 0;

    for (i = sizeof(text) - 1; i > 0; i = i * 3 / 4) {
        used += store_publish(st.w, &c, "t", text, i, 1, 1, 0)
                == NGX_MQTT_QUOTA_EXCEEDED;
    }

    ok(used > 0, "%lu sizes refused", (unsigned long) used);
    store_check(&st, "a zone that is quite full");

    before = store_queued(&st, "o0", "x");

    for (i = 1; i < 10; i++) {
        char  id[32];

        sprintf(id, "o%lu", (unsigned long) i);

        if (store_queued(&st, id, "x") != before) {
            break;
        }
    }

    is_int(i, 10, "all got the same");

    store_close(&c, 0);
    (void) store_publish(st.w, NULL, "t", "", 0, 0, 1, 0);
    store_time(st.w, 2000000);
    (void) store_publish(st.w, NULL, "t", "", 0, 0, 1, 0);
    store_run(st.w);
    store_check(&st, "a zone that was full");
}


/*
 * What others do while a wide publication has released the lock.  There are
 * more subscribers than are looked at in one hold.
 */

static ngx_uint_t  test_publish_killed;


static void
test_publish_rebuild(ngx_mqtt_worker_t *w)
{
    /* as if a process had died */

    w->zone->root->busy = NGX_MQTT_NO_SLOT + 1;
    test_publish_killed++;
}


static void
test_publish_return(ngx_mqtt_worker_t *w)
{
    (void) store_connect(&intruder, other, "x", &lasting);
}


static void
test_publish_expel(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_session_t  *s;

    s = store_session(&st, "x");

    ngx_mqtt_worker_lock(other);
    ngx_mqtt_session_end_locked(other, s);
    ngx_mqtt_worker_unlock(other);

    store_run(other);
}


static void
test_publish_same(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_inbound_t        in;
    ngx_mqtt_publish_args_t   args;

    ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    in.topic = store_str("t/1");
    in.payload = store_str("twice");
    in.qos = 2;

    args.message = ngx_mqtt_publish_store(other, &in);
    args.packet_id = 5;

    ngx_mqtt_worker_lock(other);
    args.from = store_session(&st, "x");
    args.hub = args.from->hub;
    (void) ngx_mqtt_publish_locked(other, &args);
    ngx_mqtt_worker_unlock(other);
}


static void
test_publish_leave(ngx_mqtt_worker_t *w)
{
    char                 id[32];
    ngx_uint_t           i;
    ngx_mqtt_session_t  *s;

    /* those to come, with all that a rebuild would free */

    for (i = 0; i < 1400; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        s = store_session(&st, id);

        ngx_mqtt_worker_lock(other);

        if (i % 3 == 0) {
            ngx_mqtt_sub_remove_locked(&st.zone, s->subs);

        } else if (i % 3 == 1) {
            ngx_mqtt_session_end_locked(other, s);
        }

        ngx_mqtt_worker_unlock(other);
    }

    store_run(other);
}


static void
test_publish_everybody(ngx_mqtt_worker_t *w)
{
    char        id[32];
    ngx_uint_t  i;

    for (i = 0; i < 1400; i++) {
        sprintf(id, "c%lu", (unsigned long) i);

        ngx_mqtt_worker_lock(other);
        ngx_mqtt_session_end_locked(other, store_session(&st, id));
        ngx_mqtt_worker_unlock(other);
    }

    store_run(other);
}


/* The same, and their memory is given to others, after a rebuild. */

static void
test_publish_replace(ngx_mqtt_worker_t *w)
{
    char            id[32];
    ngx_uint_t      i;
    store_client_t  c;

    test_publish_leave(w);
    test_publish_rebuild(w);

    for (i = 0; i < 400; i++) {
        sprintf(id, "n%lu", (unsigned long) i);
        (void) store_connect(&c, other, id, &lasting);
        (void) store_subscribe(&c, "n", 1, 0);
        store_close(&c, 0);
    }
}


static ngx_uint_t
test_publish_count(const char *payload, ngx_uint_t *twice)
{
    char        id[32];
    ngx_uint_t  i, n, got;

    n = 0;
    *twice = 0;

    for (i = 0; i < 1400; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        got = store_queued(&st, id, payload);
        n += (got > 0);
        *twice += (got > 1);
    }

    return n;
}


static void
test_publish_crowd(void)
{
    char        id[32];
    ngx_uint_t  i;

    store_create(&st, 8 * 1024 * 1024);
    other = store_worker(&st);

    for (i = 0; i < 1400; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        store_offline(&st, id, "t/#", 1);
    }

    ngx_memzero(&intruder, sizeof(intruder));
}


/* What was retired goes little by little. */

static void
test_publish_reclaim(void)
{
    ngx_uint_t  i;

    for (i = 0; i < 30; i++) {
        store_time(st.w, 1000);
    }
}


static void
test_publish_crowd_done(void)
{
    if (intruder.cl.worker) {
        store_close(&intruder, 1);
    }

    store_hook = NULL;
    store_run(other);
    store_time(st.w, 4000000);
    test_publish_reclaim();
    store_check(&st, "the end of a crowd");
    is_int(store_used(&st), 0, "nothing is left");

    ngx_mqtt_worker_destroy(other);
    store_destroy(&st);
}


static void
test_publish_hook(void (*hook)(ngx_mqtt_worker_t *w), ngx_uint_t at)
{
    store_hook = hook;
    store_hook_at = at;
    st.w->reap = 1;
}


static void
test_publish_paused(void)
{
    ngx_uint_t      at, n, twice;
    store_client_t  c;

    static const store_connect_t  will = { .expiry = 1000, .will = "t/w" };
    static const store_connect_t  late = {
        .expiry = 1000, .will = "t/w", .will_delay = 10
    };

    /* nothing happens */

    test_publish_crowd();
    (void) store_connect(&c, st.w, "x", &lasting);
    (void) store_publish(st.w, &c, "t/1", "m", 0, 1, 0, 0);
    n = test_publish_count("m", &twice);
    ok(n == 1400 && twice == 0, "1400 got it, once");
    store_check(&st, "a crowd");
    store_close(&c, 0);
    test_publish_crowd_done();

    /* a rebuild in each release of the lock, while matching or queueing */

    for (at = 1; at <= 8; at++) {
        test_publish_crowd();
        (void) store_connect(&c, st.w, "x", &lasting);
        test_publish_killed = 0;
        test_publish_hook(test_publish_rebuild, at);
        (void) store_publish(st.w, &c, "t/1", "m", 0, 2, 1, 5);
        n = test_publish_count("m", &twice);
        ok(n == 1400 && twice == 0, "once, with a rebuild at release %lu: %lu",
           (unsigned long) at, (unsigned long) test_publish_killed);
        store_check(&st, "a rebuild while publishing");
        (void) store_publish(st.w, NULL, "t/1", "", 0, 0, 1, 0);
        store_close(&c, 0);
        test_publish_crowd_done();
    }

    /* a will whose session is resumed before it is committed */

    test_publish_crowd();
    (void) store_connect(&c, st.w, "x", &will);
    test_publish_hook(test_publish_return, 1);
    store_close(&c, 0);
    n = test_publish_count("will", &twice);
    ok(n == 1400 && twice == 0, "a will published once, for two reasons");
    store_check(&st, "a will for two reasons");
    test_publish_crowd_done();

    test_publish_crowd();
    (void) store_connect(&c, st.w, "x", &late);
    store_close(&c, 0);
    ngx_current_msec += 11000;
    test_publish_hook(test_publish_return, 1);
    (void) ngx_mqtt_session_expire(st.w);
    n = test_publish_count("will", &twice);
    ok(n == 1400 && twice == 0, "a delayed will that was due, once");
    store_check(&st, "a delayed will that was due");
    test_publish_crowd_done();

    /* one whose session is ended, which publishes it */

    test_publish_crowd();
    (void) store_connect(&c, st.w, "x", &will);
    test_publish_hook(test_publish_expel, 1);
    store_close(&c, 0);
    n = test_publish_count("will", &twice);
    ok(n == 1400 && twice == 0, "a will published once by two");
    ok(store_session(&st, "x") == NULL, "its session is gone");
    store_check(&st, "a will published by another");
    test_publish_crowd_done();

    /* the same QoS 2 identifier on a new connection */

    test_publish_crowd();
    (void) store_connect(&c, st.w, "x", &lasting);
    test_publish_hook(test_publish_same, 2);
    is_int(store_publish(st.w, &c, "t/1", "twice", 0, 2, 0, 5), 0,
           "a publication that another overtakes");
    n = test_publish_count("twice", &twice);
    ok(n == 1400 && twice == 0, "is there once");
    store_check(&st, "two of the same");
    store_close(&c, 0);
    test_publish_crowd_done();

    /* subscribers that leave while they are matched, or before their turn */

    for (at = 2; at <= 12; at++) {
        test_publish_crowd();
        (void) store_connect(&c, st.w, "x", &lasting);
        test_publish_hook(at < 7 ? test_publish_leave
                                 : test_publish_replace, at % 6 + 1);
        (void) store_publish(st.w, &c, "t/1", "m", 0, 1, 0, 0);
        n = test_publish_count("m", &twice);
        ok(n >= 466 && twice == 0, "%lu who stayed got it",
           (unsigned long) n);
        store_check(&st, "subscribers left");
        store_close(&c, 0);
        test_publish_crowd_done();
    }
}


/* A worker dies between two holds of the lock: nobody mends the zone. */

static void
test_publish_die(ngx_mqtt_worker_t *w)
{
    (void) kill(getpid(), SIGKILL);
}


static void
test_publish_died(void)
{
    int             status;
    ngx_pid_t       pid;
    ngx_uint_t      at, n, twice, epoch, none, all;
    store_client_t  c;

    none = 0;
    all = 0;

    for (at = 1; at <= 25; at += 3) {
        test_publish_crowd();
        epoch = st.zone.root->epoch;

        pid = fork();

        if (pid == 0) {
            ngx_pid = getpid();
            st.w = store_worker(&st);
            (void) store_connect(&c, st.w, "x", &lasting);
            test_publish_hook(test_publish_die, at);
            (void) store_publish(st.w, &c, "t/1", "m", 0, 2, 1, 5);
            (void) kill(getpid(), SIGKILL);
        }

        (void) waitpid(pid, &status, 0);
        (void) ngx_shmtx_force_unlock(&st.pool->mutex, pid);

        store_check(&st, "died between two holds");

        while (ngx_mqtt_slot_sweep(st.w) == NGX_AGAIN) { /* void */ }

        store_check(&st, "died, and was noticed");

        n = test_publish_count("m", &twice);
        none += (n == 0);
        all += (n == 1400);

        ok((n == 0 || n == 1400) && twice == 0,
           "all or nobody, died at release %lu: %lu", (unsigned long) at,
           (unsigned long) n);
        is_int(ngx_mqtt_session_holds_id_locked(store_session(&st, "x"), 5),
               n != 0, "its identifier");
        is_int(st.zone.root->epoch, epoch, "nothing was rebuilt");

        (void) store_publish(st.w, NULL, "t/1", "", 0, 0, 1, 0);
        test_publish_crowd_done();
    }

    ok(none > 2 && all > 2, "both happened");
}


/* Nobody is left in a hub that somebody without a session publishes to. */

static void
test_publish_deserted(void)
{
    test_publish_crowd();
    test_publish_hook(test_publish_everybody, 2);
    (void) store_publish(st.w, NULL, "t/1", "m", 0, 1, 1, 0);
    ok(store_retained(&st, "t/1", "m"), "retained in a deserted hub");
    store_check(&st, "a deserted hub");
    (void) store_publish(st.w, NULL, "t/1", "", 0, 0, 1, 0);
    test_publish_crowd_done();
}


/* The only session of a hub ends while its own will is matched. */

static void
test_publish_empty_hub(void)
{
    char            filter[32];
    ngx_uint_t      i;
    store_client_t  c;

    static const store_connect_t  will = {
        .expiry = 1000, .will = "t/w", .will_retain = 1, .will_delay = 10
    };

    store_create(&st, 8 * 1024 * 1024);
    other = store_worker(&st);

    (void) store_connect(&c, st.w, "x", &will);

    for (i = 0; i < 1400; i++) {
        sprintf(filter, "$share/g%lu/t/w", (unsigned long) i);
        (void) store_subscribe(&c, filter, 1, 0);
    }

    store_close(&c, 0);
    ngx_current_msec += 11000;
    test_publish_hook(test_publish_expel, 1);
    (void) ngx_mqtt_session_expire(st.w);
    store_run(st.w);
    ok(store_session(&st, "x") == NULL, "the last session is gone");
    ok(store_retained(&st, "t/w", "will"), "its will is retained");
    store_check(&st, "an empty hub");

    (void) store_publish(st.w, NULL, "t/w", "", 0, 0, 1, 0);
    ok(store_hub(&st, "h") == NULL, "without it the hub goes");
    test_publish_reclaim();
    is_int(store_used(&st), 0, "nothing is left");

    ngx_mqtt_worker_destroy(other);
    store_destroy(&st);
}


void
test_publish(void)
{
    store_create(&st, 4 * 1024 * 1024);

    test_publish_merge();
    store_offline(&st, "o", NULL, 0);
    test_publish_rules();
    store_offline(&st, "o", NULL, 0);
    test_publish_shared();
    test_publish_full();

    store_destroy(&st);

    test_publish_paused();
    test_publish_died();
    test_publish_deserted();
    test_publish_empty_hub();
}
