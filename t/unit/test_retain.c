
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


#define TEST_RETAINED  5000


static store_t  st;

static u_char   test_seen[TEST_RETAINED];


static void
test_retain_set(void)
{
    store_client_t  c;

    (void) store_connect(&c, st.w, "c", NULL);

    (void) store_publish(st.w, &c, "a/b", "one", 0, 1, 1, 0);
    ok(store_retained(&st, "a/b", "one"), "set");
    ok(store_retained(&st, "a", NULL), "not on the way to it");
    is_int(store_hub(&st, "h")->nretained, 1, "counted");
    store_check(&st, "retained");

    (void) store_publish(st.w, &c, "a/b", "two", 0, 0, 1, 0);
    ok(store_retained(&st, "a/b", "two"), "replaced");
    (void) store_publish(st.w, &c, "a/b", "three", 0, 1, 0, 0);
    ok(store_retained(&st, "a/b", "two"), "not by what is not retained");
    is_int(store_blocks(&st, NGX_MQTT_KIND_MESSAGE), 1, "one message");
    is_int(store_hub(&st, "h")->nretained, 1, "counted once");

    (void) store_publish(st.w, &c, "a/c", "", 0, 1, 1, 0);
    ok(store_retained(&st, "a/c", NULL), "clearing of nothing");
    (void) store_publish(st.w, &c, "a/b", "", 0, 1, 1, 0);
    ok(store_retained(&st, "a/b", NULL), "cleared");
    is_int(store_hub(&st, "h")->nretained, 0, "not counted");
    is_int(store_blocks(&st, NGX_MQTT_KIND_RETAIN), 0, "no room is kept");
    store_check(&st, "cleared");

    store_close(&c, 0);
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_retain_expiry(void)
{
    ngx_str_t                 t;
    store_client_t            c;
    ngx_mqtt_props_t          props;
    ngx_mqtt_inbound_t        in;
    ngx_mqtt_publish_args_t   args;

    (void) store_connect(&c, st.w, "c", NULL);

    ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
    ngx_memzero(&props, sizeof(ngx_mqtt_props_t));

    props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_MESSAGE_EXPIRY);
    props.message_expiry = 5;

    t = store_str("e");
    in.topic = t;
    in.props = &props;
    in.payload = store_str("soon");
    in.retain = 1;

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    args.message = ngx_mqtt_publish_store(st.w, &in);

    store_lock(&st);
    args.hub = c.cl.attach->session->hub;
    (void) ngx_mqtt_publish_locked(st.w, &args);
    store_unlock(&st);

    ok(store_retained(&st, "e", "soon"), "one that expires");
    store_check(&st, "with expiry");

    store_close(&c, 0);
    store_run(st.w);
    ok(store_hub(&st, "h") != NULL, "keeps its hub");
    store_time(st.w, 4000);
    ok(store_retained(&st, "e", "soon"), "not yet");
    store_time(st.w, 2000);
    is_int(store_used(&st), 0, "expired, and the hub with it");
    store_check(&st, "expired");
}


static void
test_retain_see(store_packet_t *got)
{
    test_seen[atoi(got->payload + 1)]++;
}


/* Subscribes, answers until nothing comes any more; counts what came. */

static ngx_uint_t
test_retain_replay(store_client_t *c, const char *filter, ngx_uint_t qos,
    ngx_uint_t *twice)
{
    ngx_uint_t  i, n, idle;

    ngx_memzero(test_seen, sizeof(test_seen));

    c->see = test_retain_see;

    (void) store_subscribe(c, filter, qos, 0);

    for (i = 0, idle = 0; i < 100000 && idle < 3; i++) {

        (void) ngx_mqtt_worker_run(st.w);

        idle = c->ngot ? 0 : idle + 1;

        store_ack(c, 0);
        c->ngot = 0;
        c->nacked = 0;
    }

    n = 0;
    *twice = 0;

    for (i = 0; i < TEST_RETAINED; i++) {
        n += (test_seen[i] > 0);
        *twice += (test_seen[i] > 1);
    }

    return n;
}


static void
test_retain_replays(ngx_uint_t qos)
{
    ngx_uint_t           n, twice;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  slow = {
        .expiry = 10, .window = 7, .max_queued = 20
    };

    (void) store_connect(&c, st.w, "c", &slow);
    s = store_session(&st, "c");

    n = test_retain_replay(&c, "r/5/7", qos, &twice);
    ok(n == 1 && twice == 0, "QoS %lu: one topic", (unsigned long) qos);

    n = test_retain_replay(&c, "r/5/+", qos, &twice);
    ok(n == 50 && twice == 0, "QoS %lu: fifty topics", (unsigned long) qos);

    n = test_retain_replay(&c, "r/7/#", qos, &twice);
    ok(n == 50 && twice == 0, "QoS %lu: a branch", (unsigned long) qos);

    n = test_retain_replay(&c, "+/+/7", qos, &twice);
    ok(n == 100 && twice == 0, "QoS %lu: one in each branch",
       (unsigned long) qos);

    n = test_retain_replay(&c, "#", qos, &twice);
    is_int(n, TEST_RETAINED, "QoS %lu: all topics", (unsigned long) qos);
    is_int(twice, 0, "QoS %lu: each once", (unsigned long) qos);
    ok(s->replays == NULL, "QoS %lu: over", (unsigned long) qos);

    n = test_retain_replay(&c, "$SYS/#", qos, &twice);
    is_int(n, 1, "QoS %lu: what # leaves out", (unsigned long) qos);

    store_check(&st, "replayed");

    store_close(&c, 0);
    store_time(st.w, 20000);
}


/* A replay under way that is removed, or whose client goes and returns. */

static void
test_retain_interrupted(void)
{
    ngx_uint_t           i, n;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 10, .window = 10 };

    (void) store_connect(&c, st.w, "c", &conn);
    s = store_session(&st, "c");

    (void) store_subscribe(&c, "#", 1, 0);
    (void) store_subscribe(&c, "r/#", 1, 0);
    (void) store_subscribe(&c, "r/#", 0, 0);
    store_run(st.w);
    ok(s->queued >= 100 && s->queued < 300, "a queue that is kept short");
    store_check(&st, "a replay under way");

    (void) store_unsubscribe(&c, "r/#");
    ok(s->replays && s->replays->replay_next == s->replays, "one of two removed");
    store_check(&st, "one replay removed");

    store_close(&c, 0);
    store_check(&st, "offline");
    (void) store_connect(&c, st.w, "c", &conn);
    n = 0;

    for (i = 0; i < 5000 && s->queued + (s->replays != NULL); i++) {
        store_run(st.w);
        store_ack(&c, 0);
        n += c.ngot;
        c.ngot = 0;
        c.nacked = 0;
    }

    ok(n >= TEST_RETAINED && s->replays == NULL,
       "the other goes on where it was: %lu", (unsigned long) n);

    (void) store_subscribe(&c, "#", 1, 0);
    store_run(st.w);
    (void) store_unsubscribe(&c, "#");
    ok(s->replays == NULL, "the other removed");
    store_check(&st, "no replay");

    store_close(&c, 0);
    store_time(st.w, 20000);
    ok(store_session(&st, "c") == NULL, "gone");
}


/* Each of several replays gets its turn. */

static void
test_retain_turns(void)
{
    ngx_uint_t           i, turns;
    store_client_t       c;
    ngx_mqtt_sub_t      *last;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 10, .window = 10 };

    (void) store_connect(&c, st.w, "c", &conn);
    s = store_session(&st, "c");

    (void) store_subscribe(&c, "#", 1, 0);
    (void) store_subscribe(&c, "r/#", 1, 0);
    (void) store_subscribe(&c, "+/#", 1, 0);
    store_check(&st, "three replays");

    last = NULL;
    turns = 0;

    for (i = 0; i < 30; i++) {
        store_run(st.w);
        store_ack(&c, 0);
        c.ngot = c.nacked = 0;
        turns += (s->replays != last);
        last = s->replays;
    }

    ok(turns > 10, "they take turns: %lu", (unsigned long) turns);

    (void) store_unsubscribe(&c, "r/#");
    store_check(&st, "one of three removed");

    for (i = 0; i < 10000 && s->replays; i++) {
        store_run(st.w);
        store_ack(&c, 0);
        c.ngot = c.nacked = 0;
    }

    ok(s->replays == NULL, "all come to an end");
    store_check(&st, "replays that are over");

    store_close(&c, 0);
    store_time(st.w, 20000);
}


/* A narrow replay for which there is memory for some messages only. */

static void
test_retain_atomic(void)
{
    ngx_uint_t           i, used, queued;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 10, .max_queued = 49 };

    (void) store_connect(&c, st.w, "c", &conn);
    s = store_session(&st, "c");

    (void) store_subscribe(&c, "r/6/+", 1, 0);
    is_int(s->queued, 0, "50 messages do not fit a queue of 49: none is sent");
    ok(s->replays != NULL, "a replay is");
    (void) store_unsubscribe(&c, "r/6/+");

    s->max_queued = 50;
    (void) store_subscribe(&c, "r/6/+", 1, 0);
    is_int(s->queued, 50, "a queue of 50 takes all");
    ok(s->replays == NULL, "at once");

    s->max_bytes = s->queued_bytes + 100;
    (void) store_subscribe(&c, "r/7/1", 0, 0);
    ok(s->replays == NULL && s->head0, "bytes for one more");
    (void) store_subscribe(&c, "r/7/2", 0, 0);
    ok(s->replays != NULL, "but not for two");

    s->max_queued = 1000;
    s->max_bytes = 1000000;
    queued = s->queued;

    for (i = 0; i < 50; i += 7) {
        used = store_blocks(&st, NGX_MQTT_KIND_ENTRY);
        (void) store_unsubscribe(&c, "r/8/+");
        (void) store_subscribe(&c, "y", 1, 0);
        st.zone.root->blocks.fail_at = 4 + i;
        (void) store_subscribe(&c, "r/8/+", 1, 0);
        st.zone.root->blocks.fail_at = 0;
        is_int(s->queued, queued, "no memory for all: none is sent");
        is_int(store_blocks(&st, NGX_MQTT_KIND_ENTRY), used, "nor kept");
    }

    store_check(&st, "narrow replays");

    store_close(&c, 0);
    store_time(st.w, 20000);
}


/* Topics deeper than the tree. */

static void
test_retain_deep(void)
{
    char             deep[200], filter[200];
    ngx_uint_t       i, n, twice;
    store_client_t   c;

    static const char  *rests[] = {
        "y", "#", "+", "y/z", "y/#", "y/+", "+/z", "+/+", "#", "q", NULL
    };

    static const ngx_uint_t  wanted[] = { 1, 4, 2, 1, 3, 2, 1, 2, 4, 0 };

    static const store_connect_t  conn = { .expiry = 10 };

    *deep = '\0';

    for (i = 0; i < NGX_MQTT_DEPTH; i++) {
        strcat(deep, i ? "/d" : "d");
    }

    for (i = 1; i < 6; i++) {
        sprintf(filter, "p%lu", (unsigned long) i);
        strcpy(deep + 2 * NGX_MQTT_DEPTH - 1,
               i == 1 ? "/y" : i == 2 ? "/y/z" : i == 3 ? "/y/w"
               : i == 4 ? "/v" : "");
        (void) store_publish(st.w, NULL, deep, filter, 0, 1, 1, 0);
    }

    store_check(&st, "deep topics retained");

    for (i = 0; rests[i]; i++) {
        (void) store_connect(&c, st.w, "c", &conn);
        strcpy(filter, deep);
        filter[2 * NGX_MQTT_DEPTH - 1] = '/';
        strcpy(filter + 2 * NGX_MQTT_DEPTH, rests[i]);

        n = test_retain_replay(&c, filter, 1, &twice);

        /* "#" has the level above too */

        is_int(n, wanted[i] + (*rests[i] == '#'), "below: %s", rests[i]);
        is_int(twice, 0, "once");
        store_close(&c, 0);
        store_time(st.w, 20000);
    }

    for (i = 1; i < 6; i++) {
        strcpy(deep + 2 * NGX_MQTT_DEPTH - 1,
               i == 1 ? "/y" : i == 2 ? "/y/z" : i == 3 ? "/y/w"
               : i == 4 ? "/v" : "");
        (void) store_publish(st.w, NULL, deep, "", 0, 1, 1, 0);
    }

    store_check(&st, "and removed");
}


/* A replay goes on with two messages, each of which is sent in pieces. */

static void
test_retain_big(void)
{
    store_client_t  c;

    static char                   payload[20000];
    static const store_connect_t  small = { .expiry = 10, .max_bytes = 100 };
    static const store_connect_t  conn = { .expiry = 10 };

    (void) store_publish(st.w, NULL, "big/1", payload, sizeof(payload), 1, 1,
                         0);
    (void) store_publish(st.w, NULL, "big/2", payload, sizeof(payload), 1, 1,
                         0);

    (void) store_connect(&c, st.w, "c", &small);
    (void) store_subscribe(&c, "big/+", 1, 0);
    store_run(st.w);
    ok(c.ngot < 2, "no room in a queue for two large messages");
    store_close(&c, 0);

    (void) store_connect(&c, st.w, "c", &conn);
    store_run(st.w);
    ok(c.ngot >= 2, "with room, one after the other");
    ok(c.got[0].size > 20000 && c.got[1].size == c.got[0].size,
       "each of them whole");
    store_check(&st, "large messages of a replay");

    store_close(&c, 0);
    store_time(st.w, 20000);
}


/* No room in the zone: it is tried again each second, not all the time. */

static void
test_retain_full(void)
{
    void            *first, *p;
    ngx_uint_t       i, n, twice;
    store_client_t   c;

    static const store_connect_t  conn = { .expiry = 10 };

    (void) store_connect(&c, st.w, "c", &conn);
    first = NULL;

    for (i = 32; i <= 2048; i *= 2) {
        while ((p = ngx_mqtt_block_alloc_locked(&st.zone,
                                                NGX_MQTT_KIND_ENTRY, 2080 - i))
               != NULL)
        {
            *(void **) p = first;
            first = p;
        }
    }

    (void) store_subscribe(&c, "r/5/#", 1, 0);
    store_run(st.w);

    while (first) {
        p = first;
        first = *(void **) p;
        ngx_mqtt_block_free_locked(&st.zone, p);
    }

    i = c.ngot;
    store_run(st.w);
    is_int(c.ngot, i, "waits for a second");
    store_ack(&c, 0);

    store_time(st.w, 2000);
    store_time(st.w, 2000);
    c.ngot = c.nacked = 0;
    n = test_retain_replay(&c, "x", 1, &twice);
    ok(n + i >= 50 || c.cl.attach->session->replays == NULL,
       "then goes on");
    store_check(&st, "a zone that was full");

    store_close(&c, 0);
    store_time(st.w, 20000);
}


void
test_retain(void)
{
    char         topic[64], payload[32];
    ngx_uint_t   i;

    store_create(&st, 8 * 1024 * 1024);

    test_retain_set();
    test_retain_expiry();

    store_offline(&st, "o", NULL, 0);

    for (i = 0; i < TEST_RETAINED; i++) {
        sprintf(topic, "r/%lu/%lu", (unsigned long) i / 50,
                (unsigned long) i % 50);
        sprintf(payload, "p%lu", (unsigned long) i);
        (void) store_publish(st.w, NULL, topic, payload, 0, 2, 1, 0);
    }

    (void) store_publish(st.w, NULL, "$SYS/x", "p0", 0, 2, 1, 0);

    is_int(store_hub(&st, "h")->nretained, TEST_RETAINED + 1,
           "%d retained messages", TEST_RETAINED + 1);
    store_check(&st, "many retained");

    test_retain_replays(0);
    test_retain_replays(1);
    test_retain_replays(2);
    test_retain_interrupted();
    test_retain_turns();
    test_retain_atomic();
    test_retain_deep();
    test_retain_big();
    test_retain_full();

    store_destroy(&st);
}
