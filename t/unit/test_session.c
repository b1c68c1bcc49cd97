
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


#define TEST_SESSION_CROWD  300


static store_t  st;

static const store_connect_t  brief = { .clean = 1 };
static const store_connect_t  lasting = { .expiry = 100 };


static void
test_session_life(void)
{
    store_client_t       c, d;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  alice = {
        .expiry = 100, .identity = "alice"
    };
    static const store_connect_t  bob = { .expiry = 100, .identity = "bob" };
    static const store_connect_t  clean = { .expiry = 100, .clean = 1 };

    (void) store_connect(&c, st.w, "c", &brief);
    ok(store_session(&st, "c") != NULL, "connected");
    is_int(store_hub(&st, "h")->connections, 1, "one connection");
    is_int(store_hub(&st, "h")->sessions, 1, "one session");
    store_check(&st, "connected");

    store_close(&c, 0);
    ok(store_session(&st, "c") == NULL, "its session ended with it");
    is_int(store_hub(&st, "h")->sessions, 1, "but is not taken apart yet");
    store_run(st.w);
    ok(store_hub(&st, "h") == NULL, "the hub went with the last session");
    is_int(store_used(&st), 0, "nothing is left");

    /* kept, resumed, expired */

    (void) store_connect(&c, st.w, "c", &lasting);
    (void) store_subscribe(&c, "t", 1, 0);
    s = store_session(&st, "c");
    store_close(&c, 0);
    ok(store_session(&st, "c") == s, "a lasting session stays");

    store_time(st.w, 99000);
    ok(store_session(&st, "c") == s, "as long as it said");

    (void) store_connect(&c, st.w, "c", &lasting);
    ok(store_session(&st, "c") == s && s->nsubs == 1, "and is resumed");
    store_time(st.w, 500000);
    ok(store_session(&st, "c") == s, "a connected one does not expire");
    store_close(&c, 0);
    store_time(st.w, 102000);
    ok(store_session(&st, "c") == NULL, "an offline one does");
    is_int(store_used(&st), 0, "nothing is left");

    /* whose it is */

    (void) store_connect(&c, st.w, "c", &alice);
    is_int(store_connect(&d, st.w, "c", &bob), NGX_MQTT_NOT_AUTHORIZED,
           "somebody else's session");
    ok(c.cl.attach->session != NULL, "stays with its owner");
    store_check(&st, "refused");
    is_int(store_connect(&d, st.w, "c", &alice), 0, "its owner comes again");
    store_run(st.w);
    is_int(c.reason, NGX_MQTT_SESSION_TAKEN_OVER, "the first one is told");
    is_int(c.closes, 1, "once");
    ok(store_session(&st, "c")->attach == d.cl.attach, "one owner");
    store_check(&st, "taken over");
    store_close(&d, 0);

    (void) store_connect(&c, st.w, "d", &lasting);
    (void) store_subscribe(&c, "t", 1, 0);
    s = store_session(&st, "d");
    (void) store_connect(&d, st.w, "d", &clean);
    ok(store_session(&st, "d") != s && store_session(&st, "d")->nsubs == 0,
       "a clean start makes a new one");
    store_run(st.w);
    is_int(c.closes, 1, "the old connection is closed");
    store_check(&st, "a clean start");
    store_close(&d, 0);

    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_session_wills(void)
{
    store_client_t  c, d, witness;

    static const store_connect_t  at_once = {
        .expiry = 100, .will = "will"
    };
    static const store_connect_t  later = {
        .expiry = 100, .will = "will", .will_delay = 10
    };
    static const store_connect_t  too_late = {
        .expiry = 5, .will = "will", .will_delay = 10, .will_retain = 1
    };
    static const store_connect_t  never = {
        .expiry = NGX_MQTT_EXPIRY_NEVER, .will = "will", .will_delay = 10
    };

    static const store_connect_t  ever = {
        .expiry = NGX_MQTT_EXPIRY_NEVER
    };

    (void) store_connect(&witness, st.w, "w", &ever);
    (void) store_subscribe(&witness, "#", 1, 0);

    (void) store_connect(&c, st.w, "c", &at_once);
    store_check(&st, "with a will");
    store_close(&c, 1);
    is_int(store_queued(&st, "w", "will"), 0, "a discarded will");

    (void) store_connect(&c, st.w, "c", &at_once);
    store_close(&c, 0);
    is_int(store_queued(&st, "w", "will"), 1, "a will without delay");
    store_time(st.w, 50000);
    is_int(store_queued(&st, "w", "will"), 1, "is published once");
    store_check(&st, "after a will");

    (void) store_connect(&c, st.w, "c", &later);
    store_close(&c, 0);
    store_time(st.w, 9000);
    is_int(store_queued(&st, "w", "will"), 1, "a delayed will is waited for");
    (void) store_connect(&c, st.w, "c", &later);
    store_time(st.w, 9000);
    is_int(store_queued(&st, "w", "will"), 1, "is given up by a return");
    store_close(&c, 0);
    store_time(st.w, 11000);
    is_int(store_queued(&st, "w", "will"), 2, "or published when it is due");
    ok(store_session(&st, "c") != NULL, "the session lives on");

    /* due, though no tick has come yet: the return is too late */

    (void) store_connect(&c, st.w, "c", &later);
    store_close(&c, 0);
    ngx_current_msec += 10000;
    (void) store_connect(&c, st.w, "c", &later);
    is_int(store_queued(&st, "w", "will"), 3, "a return behind the delay");
    (void) store_connect(&d, st.w, "c", &lasting);
    is_int(store_queued(&st, "w", "will"), 3, "a takeover long after it");
    store_run(st.w);
    store_close(&d, 1);

    (void) store_connect(&c, st.w, "c", &too_late);
    store_close(&c, 0);
    store_time(st.w, 7000);
    ok(store_session(&st, "c") == NULL, "a session ends before its delay");
    is_int(store_queued(&st, "w", "will"), 4, "its will comes then");
    ok(store_retained(&st, "will", "will"), "and is retained");
    store_check(&st, "wills");

    (void) store_connect(&c, st.w, "c", &never);
    store_close(&c, 0);
    store_time(st.w, 11000);
    is_int(store_queued(&st, "w", "will"), 5, "the will of a lasting one");
    store_time(st.w, 100000000);
    ok(store_session(&st, "c") != NULL, "that never ends");

    /* taken over: the connection is over, so its will is published */

    (void) store_connect(&c, st.w, "c", &at_once);
    (void) store_connect(&d, st.w, "c", &lasting);
    is_int(store_queued(&st, "w", "will"), 6, "the will of who lost it");
    store_run(st.w);
    store_close(&d, 1);
    store_close(&witness, 0);

    store_check(&st, "all wills");
}


static void
test_session_ids(void)
{
    ngx_uint_t           i, bad;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    (void) store_connect(&c, st.w, "ids", &brief);
    s = store_session(&st, "ids");

    for (i = 1, bad = 0; i <= 200; i++) {
        bad += (ngx_mqtt_session_reserve_id_locked(&st.zone, s) != NGX_OK);
        ngx_mqtt_session_hold_id_locked(s, i * 300);
        ngx_mqtt_session_hold_id_locked(s, i * 300);
    }

    for (i = 1; i <= 200; i++) {
        bad += !ngx_mqtt_session_holds_id_locked(s, i * 300);
        bad += ngx_mqtt_session_holds_id_locked(s, i * 300 + 1);
    }

    for (i = 1; i <= 200; i += 2) {
        bad += (ngx_mqtt_session_release_id_locked(s, i * 300) != NGX_OK);
        bad += (ngx_mqtt_session_release_id_locked(s, i * 300)
                != NGX_DECLINED);
    }

    for (i = 2; i <= 200; i += 2) {
        bad += !ngx_mqtt_session_holds_id_locked(s, i * 300);
    }

    is_int(bad, 0, "200 packet identifiers held, half released");
    store_check(&st, "held identifiers");

    i = store_blocks(&st, NGX_MQTT_KIND_IDS);
    bad = 0;

    while (bad < 100
           && ngx_mqtt_session_reserve_id_locked(&st.zone, s) == NGX_OK)
    {
        ngx_mqtt_session_hold_id_locked(s, 301 + bad++);
    }

    is_int(store_blocks(&st, NGX_MQTT_KIND_IDS), i, "places are used again");

    store_close(&c, 0);
    store_run(st.w);
    store_check(&st, "all identifiers gone");
}


/* A worker leaves, or is found dead, with everything under way. */

static void
test_session_workers(void)
{
    ngx_uint_t          i;
    store_client_t      c[3];
    ngx_mqtt_worker_t  *w;

    static const store_connect_t  will = { .expiry = 100, .will = "last" };

    w = store_worker(&st);

    (void) store_connect(&c[0], w, "x", &brief);
    (void) store_connect(&c[1], w, "y", &lasting);
    (void) store_connect(&c[2], w, "z", &will);
    (void) store_subscribe(&c[1], "last", 1, 0);
    is_int(store_hub(&st, "h")->connections, 3, "three connections");

    ngx_mqtt_worker_destroy(w);
    ok(store_session(&st, "x") == NULL, "a worker left: a brief session");
    ok(store_session(&st, "y") && store_session(&st, "y")->attach == NULL,
       "a lasting one");
    is_int(store_hub(&st, "h")->connections, 0, "no connections");
    store_check(&st, "a worker left");
    store_run(st.w);
    is_int(store_queued(&st, "y", "will"), 1, "a will was published");

    /* the same number is given to the next one */

    w = store_worker(&st);
    (void) store_connect(&c[0], w, "x", &brief);
    (void) store_connect(&c[1], w, "y", &lasting);
    (void) store_publish(w, NULL, "last", "m", 0, 2, 0, 0);
    (void) ngx_mqtt_worker_run(w);
    is_int(w->slot->nheld, 0, "no reference is kept at rest");

    w->slot->pid = 0x7ffffff0;
    w->slot->started = 1;
    (void) ngx_mqtt_slot_sweep(st.w);
    is_int(w->slot->state, NGX_MQTT_SLOT_FREE, "a dead worker is noticed");
    ok(store_session(&st, "x") == NULL, "its brief session");
    is_int(store_queued(&st, "y", "m"), 1, "its lasting one's queue");
    store_run(st.w);
    store_check(&st, "a dead worker");

    /* what was local to it */

    for (i = 0; i < 2; i++) {
        c[i].cl.attach = NULL;
        store_close(&c[i], 0);
    }

    ngx_mqtt_worker_destroy(w);

    (void) ngx_mqtt_slot_sweep(st.w);
    is_int(st.w->slot->state, NGX_MQTT_SLOT_LIVE, "a living one is not");
}


/*
 * Who died served more connections than fit into one hold of the lock, all of
 * them ready, and their wills make others of them ready again.
 */

static void
test_session_crowd(void)
{
    char                id[8];
    ngx_uint_t          i, calls, wills, wrong, errors;
    ngx_mqtt_worker_t  *w;

    static store_client_t         c[TEST_SESSION_CROWD];
    static const store_connect_t  will = { .expiry = 100, .will = "last" };

    w = store_worker(&st);
    wills = 0;

    for (i = 0; i < TEST_SESSION_CROWD; i++) {
        sprintf(id, "%lu", (unsigned long) i);
        (void) store_connect(&c[i], w, id, i % 50 ? &lasting : &will);
        (void) store_subscribe(&c[i], "last", 1, 0);
        wills += (i % 50 == 0);
    }

    (void) store_publish(st.w, NULL, "last", "m", 0, 1, 0, 0);
    ok(w->slot->ready != NULL, "a crowd is ready");

    w->slot->pid = 0x7ffffff0;
    w->slot->started = 1;
    errors = 0;

    for (calls = 1; ngx_mqtt_slot_sweep(st.w) == NGX_AGAIN; calls++) {
        errors += store_errors(&st, "a part of a crowd is reclaimed");
    }

    is_int(errors, 0, "invariants: between %lu calls", (unsigned long) calls);
    ok(calls > 2, "it takes several calls");
    is_int(w->slot->state, NGX_MQTT_SLOT_FREE, "all of it is reclaimed");
    is_int(store_blocks(&st, NGX_MQTT_KIND_ATTACH), 0, "no connections");
    store_check(&st, "a crowd is gone");

    for (i = 0, wrong = 0; i < TEST_SESSION_CROWD; i++) {
        sprintf(id, "%lu", (unsigned long) i);
        wrong += (store_queued(&st, id, "m") != 1
                  || store_queued(&st, id, "will") != wills);
        c[i].cl.attach = NULL;
        store_close(&c[i], 0);
    }

    is_int(wrong, 0, "all sessions have the message, and all wills");

    ngx_mqtt_worker_destroy(w);
    store_time(st.w, 102000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_session_many(void)
{
    char                 id[64];
    ngx_uint_t           i, bad;
    ngx_mqtt_session_t  *s;

    bad = 0;

    for (i = 0; i < 3000; i++) {
        sprintf(id, "%0*lu", (int) (1 + i % 60), (unsigned long) i);
        store_offline(&st, id, "many", 1);
    }

    is_int(store_hub(&st, "h")->subscriptions, 3000, "3000 sessions");
    store_check(&st, "many sessions");

    for (i = 0; i < 3000; i++) {
        sprintf(id, "%0*lu", (int) (1 + i % 60), (unsigned long) i);
        s = store_session(&st, id);
        bad += (s == NULL || s->id_len != strlen(id));
    }

    is_int(bad, 0, "all are found");

    store_time(st.w, 130000);
    is_int(store_used(&st), 0, "all expired");
    store_check(&st, "none");
}


void
test_session(void)
{
    store_create(&st, 8 * 1024 * 1024);
    test_session_life();
    test_session_wills();
    test_session_ids();
    store_destroy(&st);

    store_create(&st, 8 * 1024 * 1024);
    test_session_workers();
    test_session_crowd();
    store_destroy(&st);

    store_create(&st, 8 * 1024 * 1024);
    test_session_many();
    store_destroy(&st);
}
