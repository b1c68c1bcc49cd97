
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "scenario.h"
#include "pubsub.h"


const char  *scenario_sessions[SCENARIO_SESSIONS] = {
    "s0", "s1", "s2", "s3", "s4", "s5"
};

static const store_connect_t  persistent = { .expiry = 3600 };
static const store_connect_t  narrow = { .expiry = 3600, .window = 2 };
static const store_connect_t  clean = { .clean = 1 };
static const store_connect_t  fresh = { .clean = 1, .expiry = 3600 };
static const store_connect_t  other = { .clean = 1, .hub = "x" };
static const store_connect_t  short_lived = { .expiry = 5 };

static const store_connect_t  with_will = {
    .expiry = 3600, .will = "t/will", .will_lifetime = 1000000
};

static const store_connect_t  late_will = {
    .expiry = 3600, .will = "t/will", .will_delay = 20, .will_retain = 1
};

static const store_connect_t  last_will = { .will = "t/will", .clean = 1 };


/* queues that are full soon */

static const store_connect_t  tight = { .expiry = 3600, .max_bytes = 150 };

static const store_connect_t  strict = {
    .expiry = 3600, .max_queued = 2, .overflow = NGX_MQTT_OVERFLOW_TERMINATE
};

/* somebody with roles and a group; with others; whose hub gives none */

static const store_connect_t  known = {
    .expiry = 3600, .user = "u", .role = "webpubsub.sendToGroup.t/will",
    .group = "t/g"
};

static const store_connect_t  renewed = {
    .clean = 1, .expiry = 3600, .user = "v", .group = "t/h",
    .role = "webpubsub.joinLeaveGroups.**"
};

static const store_connect_t  entitled = {
    .clean = 1, .hub = "r", .role = "webpubsub.sendToGroups.t/*",
    .will = "t/will"
};

static const store_connect_t  bereft = {
    .clean = 1, .hub = "r", .role = "webpubsub.sendToGroup.other",
    .will = "t/will"
};

/* sessions of one user, and of another one */

static const store_connect_t  alice = { .expiry = 3600, .user = "alice" };
static const store_connect_t  alice_clean = {
    .clean = 1, .expiry = 3600, .user = "alice"
};

static const store_connect_t  alice_brief = { .clean = 1, .user = "alice" };
static const store_connect_t  bob_brief = { .clean = 1, .user = "bob" };
static const store_connect_t  bob = { .expiry = 5, .user = "bob" };

/* not the identity that the session is of */

static const store_connect_t  stranger = {
    .will = "t/will", .identity = "stranger"
};

static char  scenario_filter[3001];


/* Six offline sessions; all get what is published to "t/...". */

static void
scenario_base(store_t *st)
{
    ngx_uint_t  i;

    /* a filter that takes pages of its own */

    ngx_memset(scenario_filter, 'f', sizeof(scenario_filter) - 1);

    for (i = 0; i < SCENARIO_SESSIONS; i++) {
        store_offline(st, scenario_sessions[i], "t/#", 1 + i % 2);
    }

    store_offline(st, "s0", "t/+", 2);
    store_offline(st, "s1", "t/1", 1);
    store_offline(st, "s2", "$share/g/u/#", 1);
    store_offline(st, "s3", "$share/g/u/#", 1);
}


/* Two messages of each QoS wait for everybody. */

static void
scenario_queued(store_t *st)
{
    scenario_base(st);

    (void) store_publish(st->w, NULL, "t/1", "q0", 0, 1, 0, 0);
    (void) store_publish(st->w, NULL, "t/2", "q1", 0, 2, 0, 0);
    (void) store_publish(st->w, NULL, "t/3", "q2", 0, 1, 0, 0);
    (void) store_publish(st->w, NULL, "t/4", "q3", 0, 2, 0, 0);
}


static void
scenario_shared(store_t *st)
{
    scenario_base(st);

    (void) store_publish(st->w, NULL, "u/1", "g0", 0, 1, 0, 0);
    (void) store_publish(st->w, NULL, "u/2", "g1", 0, 2, 0, 0);
    (void) store_publish(st->w, NULL, "u/3", "g2", 0, 1, 0, 0);
    (void) store_publish(st->w, NULL, "u/4", "g3", 0, 2, 0, 0);
}


static void
scenario_retained(store_t *st)
{
    char        topic[32], payload[32];
    ngx_uint_t  i;

    scenario_base(st);

    for (i = 0; i < 300; i++) {
        sprintf(topic, "r/%lu", (unsigned long) i);
        sprintf(payload, "r%lu", (unsigned long) i);
        (void) store_publish(st->w, NULL, topic, payload, 0, 1, 1, 0);
    }
}


static void
scenario_levels(store_t *st)
{
    char        topic[32];
    ngx_uint_t  i;

    scenario_base(st);

    for (i = 0; i < 7; i++) {
        sprintf(topic, "r/1/%lu", (unsigned long) i);
        (void) store_publish(st->w, NULL, topic, "one", 0, 1, 1, 0);
    }

    (void) store_publish(st->w, NULL, "r/1", "kept", 0, 1, 1, 0);
    (void) store_publish(st->w, NULL, "r/2", scenario_filter, 0, 1, 1, 0);
}


static void
scenario_crowd(store_t *st)
{
    char        id[32];
    ngx_uint_t  i;

    scenario_base(st);

    for (i = 0; i < 700; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        store_offline(st, id, "t/#", 1);
    }
}


/* An index that is about to take another bucket. */

static void
scenario_full(store_t *st)
{
    char        filter[32];
    ngx_uint_t  i;

    scenario_base(st);

    for (i = 0; st->zone.root->subs.count < st->zone.root->subs.nbuckets; i++) {
        sprintf(filter, "x/%lu", (unsigned long) i);
        store_offline(st, "s0", filter, 1);
    }
}


/* ... to give some back */

static void
scenario_remove(store_t *st, ngx_uint_t most, ngx_uint_t left)
{
    char            filter[32];
    ngx_uint_t      i;
    store_client_t  c;

    scenario_base(st);

    (void) store_connect(&c, st->w, "s0", &persistent);

    for (i = 0; i < most; i++) {
        sprintf(filter, "x/%lu", (unsigned long) i);
        (void) store_subscribe(&c, filter, 1, 0);
    }

    for (i = most - 1; st->zone.root->subs.count > left; i--) {
        sprintf(filter, "x/%lu", (unsigned long) i);
        (void) store_unsubscribe(&c, filter);
    }

    store_close(&c, 0);
}


static void
scenario_sparse(store_t *st)
{
    scenario_remove(st, 420, 100);
}


static void
scenario_smallest(store_t *st)
{
    scenario_remove(st, 300, 64);
}


static const store_op_t  scenario_publish[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &persistent },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "m1", .n = 1 },
    { .op = STORE_PUBLISH, .text = "t/2", .payload = "m2", .n = 2, .id = 7 },
    { .op = STORE_PUBLISH, .text = "t/3", .payload = "m3", .n = 0 },
    { .op = STORE_PUBLISH, .text = "t/3", .payload = "m4", .n = 1,
      .retain = 1 },
    { .op = STORE_PUBLISH, .text = "t/3", .payload = "m5", .n = 2,
      .retain = 1, .id = 8 },
    { .op = STORE_PUBREL, .id = 7 },
    { .op = STORE_PUBLISH, .text = "t/3", .payload = "", .n = 1,
      .retain = 1 },
    { .op = STORE_PUBLISH, .text = "u/1", .payload = "g1", .n = 1 },
    { .op = STORE_PUBLISH, .text = "u/1", .payload = "g2", .n = 1 },
    { .op = STORE_BIG, .text = "t/1", .payload = "m6", .n = 1 },
    { .op = STORE_CLOSE },
    { .op = STORE_END }
};


/* Deliveries, acknowledgements, taking over and being taken over. */

static const store_op_t  scenario_deliver[] = {
    { .op = STORE_CONNECT, .text = "s0", .connect = &narrow },
    { .op = STORE_RUN },
    { .op = STORE_ACK },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 1, .text = "s0",
      .connect = &persistent },
    { .op = STORE_RUN },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/5", .payload = "m1",
      .n = 0 },
    { .op = STORE_BIG, .client = 1, .text = "t/6", .payload = "m2", .n = 2,
      .id = 3 },
    { .op = STORE_RUN },
    { .op = STORE_ACK, .client = 1 },
    { .op = STORE_RUN },
    { .op = STORE_BLOCK, .client = 1 },
    { .op = STORE_BIG, .client = 1, .text = "t/6", .payload = "m3", .n = 2,
      .id = 4 },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 2, .text = "s0",
      .connect = &persistent },
    { .op = STORE_BLOCK, .client = 2 },
    { .op = STORE_RUN },
    { .op = STORE_CLOSE, .client = 2 },
    { .op = STORE_END }
};


static const store_op_t  scenario_subscribe[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &fresh },
    { .op = STORE_SUBSCRIBE, .text = "a/b/c", .n = 1, .id = 1 },
    { .op = STORE_SUBSCRIBE, .text = "a/b/#", .n = 2, .id = 2 },
    { .op = STORE_SUBSCRIBE, .text = "a/+/c", .n = 0 },
    { .op = STORE_SUBSCRIBE, .text = "a/b/c", .n = 2, .id = 3 },
    { .op = STORE_SUBSCRIBE, .text = "$share/g/u/#", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "$share/k/a/b", .n = 1 },
    { .op = STORE_PUBLISH, .text = "a/b/c", .payload = "m1", .n = 1 },
    { .op = STORE_UNSUBSCRIBE, .text = "a/b/c" },
    { .op = STORE_UNSUBSCRIBE, .text = "$share/k/a/b" },
    { .op = STORE_UNSUBSCRIBE, .text = "a/+/c" },
    { .op = STORE_UNSUBSCRIBE, .text = "$share/g/u/#" },
    { .op = STORE_UNSUBSCRIBE, .text = "a/b/#" },
    { .op = STORE_CONNECT, .client = 1, .text = "p", .connect = &fresh },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


static const store_op_t  scenario_wills[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &with_will },
    { .op = STORE_CLOSE },
    { .op = STORE_CONNECT, .text = "p", .connect = &with_will },
    { .op = STORE_CONNECT, .client = 1, .text = "p",
      .connect = &late_will },
    { .op = STORE_RUN },
    { .op = STORE_CLOSE, .client = 1 },
    { .op = STORE_TIME, .n = 30000 },
    { .op = STORE_CONNECT, .client = 2, .text = "q",
      .connect = &last_will },
    { .op = STORE_CLOSE, .client = 2 },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


/* Profiles are made, replaced and read; the last will may not be sent. */

static const store_op_t  scenario_profiles[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &known },
    { .op = STORE_STATE, .text = "first" },
    { .op = STORE_STATE, .text = scenario_filter },
    { .op = STORE_STATE, .text = "third" },
    { .op = STORE_CONNECT, .client = 1, .text = "p", .connect = &known },
    { .op = STORE_STATE, .client = 1, .text = "" },
    { .op = STORE_CONNECT, .client = 2, .text = "p", .connect = &renewed },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 3, .text = "q", .connect = &entitled },
    { .op = STORE_CLOSE, .client = 3 },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 4, .text = "q", .connect = &bereft },
    { .op = STORE_CLOSE, .client = 4 },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


/* Users get their first sessions, and lose their last. */

static const store_op_t  scenario_users[] = {
    { .op = STORE_CONNECT, .text = "u0", .connect = &alice },
    { .op = STORE_CONNECT, .client = 1, .text = "u1",
      .connect = &alice_brief },
    { .op = STORE_CONNECT, .client = 2, .text = "u2", .connect = &bob },
    { .op = STORE_CONNECT, .client = 3, .text = "u1",
      .connect = &bob_brief },
    { .op = STORE_RUN },
    { .op = STORE_CLOSE, .client = 3 },
    { .op = STORE_CLOSE, .client = 2 },
    { .op = STORE_RUN },
    { .op = STORE_TIME, .n = 10000 },
    { .op = STORE_CLOSE },
    { .op = STORE_CONNECT, .client = 4, .text = "u0",
      .connect = &alice_clean },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


/* Sessions that end with their connection, by another one, and by time. */

static const store_op_t  scenario_lives[] = {
    { .op = STORE_CONNECT, .text = "l0", .connect = &clean },
    { .op = STORE_CLOSE },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 1, .text = "l1", .connect = &clean },
    { .op = STORE_CONNECT, .client = 2, .text = "l1", .connect = &clean },
    { .op = STORE_RUN },
    { .op = STORE_CLOSE, .client = 2 },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 3, .text = "l2",
      .connect = &short_lived },
    { .op = STORE_CLOSE, .client = 3 },
    { .op = STORE_TIME, .n = 10000 },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 4, .text = "l3", .connect = &known },
    { .op = STORE_CLOSE, .client = 4 },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


/* Events that nobody wants: each has a reply, to its own session alone. */

static const store_op_t  scenario_events[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &persistent },
    { .op = STORE_PUBLISH, .text = "$webpubsub/server/events/e",
      .payload = "m1", .n = 1 },
    { .op = STORE_PUBLISH, .text = "$webpubsub/server/events/e",
      .payload = "m2", .n = 2, .id = 7 },
    { .op = STORE_PUBLISH, .text = "$webpubsub/server/events/e",
      .payload = "m3", .n = 0 },
    { .op = STORE_RUN },
    { .op = STORE_PUBREL, .id = 7 },
    { .op = STORE_ACK },
    { .op = STORE_RUN },
    { .op = STORE_CLOSE },
    { .op = STORE_END }
};


static const store_op_t  scenario_ends[] = {
    { .op = STORE_CONNECT, .text = "x", .connect = &other },
    { .op = STORE_SUBSCRIBE, .text = "a", .n = 1 },
    { .op = STORE_CLOSE },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 1, .text = "s0", .connect = &clean },
    { .op = STORE_CLOSE, .client = 1 },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 2, .text = "s1",
      .connect = &short_lived },
    { .op = STORE_CLOSE, .client = 2 },
    { .op = STORE_TIME, .n = 10000 },
    { .op = STORE_TIME, .n = 200000 },
    { .op = STORE_END }
};


/* What a group's member leaves behind goes to the other one. */

static const store_op_t  scenario_share[] = {
    { .op = STORE_CONNECT, .text = "s2", .connect = &narrow },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 1, .text = "s2", .connect = &fresh },
    { .op = STORE_RUN },
    { .op = STORE_CLOSE, .client = 1 },
    { .op = STORE_END }
};


static const store_op_t  scenario_replay[] = {
    { .op = STORE_CONNECT, .text = "s5", .connect = &persistent },
    { .op = STORE_SUBSCRIBE, .text = "r/1", .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_ACK },
    { .op = STORE_SUBSCRIBE, .text = "r/#", .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_ACK },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


static const store_op_t  scenario_fanout[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &persistent },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "m1", .n = 1 },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "m2", .n = 2, .id = 7 },
    { .op = STORE_END }
};


/* Released, but not completed, when a new connection resumes it. */

static const store_op_t  scenario_resume[] = {
    { .op = STORE_CONNECT, .text = "s1", .connect = &persistent },
    { .op = STORE_RUN },
    { .op = STORE_ACK, .n = 1 },
    { .op = STORE_CONNECT, .client = 1, .text = "s1",
      .connect = &persistent },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/7", .payload = "z1",
      .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_ACK, .client = 1 },
    { .op = STORE_RUN },
    { .op = STORE_BLOCK, .client = 1 },
    { .op = STORE_BIG, .client = 1, .text = "t/8", .payload = "z2", .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/8", .payload = "z3",
      .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_DISCONNECT, .client = 1 },
    { .op = STORE_END }
};


static const store_op_t  scenario_limits[] = {
    { .op = STORE_CONNECT, .text = "s0", .connect = &tight },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z1", .n = 0 },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z2", .n = 0 },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z3", .n = 1 },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z4", .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_ACK },
    { .op = STORE_CONNECT, .client = 1, .text = "s2", .connect = &strict },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z5", .n = 1 },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z6", .n = 1 },
    { .op = STORE_PUBLISH, .text = "t/1", .payload = "z7", .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_CONNECT, .client = 2, .text = "p", .connect = &persistent },
    { .op = STORE_PUBLISH, .client = 2, .text = "v", .payload = "z8", .n = 2,
      .id = 5 },
    { .op = STORE_HUGE, .client = 2, .text = "v", .payload = "z9", .n = 1 },
    { .op = STORE_CONNECT, .client = 3, .text = "p", .connect = &fresh },
    { .op = STORE_TIME, .n = 1000 },
    { .op = STORE_CONNECT, .client = 4, .text = "s4", .connect = &stranger,
      .refused = 1 },
    { .op = STORE_END }
};


/* Several filters of a session match: identifiers and flags are merged. */

static const store_op_t  scenario_overlap[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &fresh },
    { .op = STORE_SUBSCRIBE, .text = "o/1", .n = 9, .id = 1 },
    { .op = STORE_SUBSCRIBE, .text = "o/+", .n = 9, .id = 2 },
    { .op = STORE_SUBSCRIBE, .text = "o/#", .n = 9, .id = 3 },
    { .op = STORE_SUBSCRIBE, .text = "w/1", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "w/+", .n = 1, .id = 4 },
    { .op = STORE_SUBSCRIBE, .text = "w/#", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "y/1", .n = 1, .id = 5 },
    { .op = STORE_SUBSCRIBE, .text = "y/#", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "$share/a/u/#", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "$share/b/u/#", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = scenario_filter, .n = 1 },
    { .op = STORE_PUBLISH, .text = "o/1", .payload = "z1", .n = 1,
      .retain = 1 },
    { .op = STORE_PUBLISH, .text = "w/1", .payload = "z2", .n = 1 },
    { .op = STORE_PUBLISH, .text = "y/1", .payload = "z3", .n = 1 },
    { .op = STORE_PUBLISH, .text = "u/1", .payload = "z4", .n = 1 },
    { .op = STORE_UNSUBSCRIBE, .text = scenario_filter },
    { .op = STORE_UNSUBSCRIBE, .text = "$share/a/u/#" },
    { .op = STORE_UNSUBSCRIBE, .text = "$share/b/u/#" },
    { .op = STORE_RUN },
    { .op = STORE_ACK },
    { .op = STORE_END }
};


static const store_op_t  scenario_replays[] = {
    { .op = STORE_CONNECT, .text = "s5", .connect = &narrow },
    { .op = STORE_SUBSCRIBE, .text = "r/#", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "r/+", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "+/+", .n = 1 },
    { .op = STORE_SUBSCRIBE, .text = "+/#", .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_ACK },
    { .op = STORE_UNSUBSCRIBE, .text = "r/+" },
    { .op = STORE_UNSUBSCRIBE, .text = "r/#" },
    { .op = STORE_UNSUBSCRIBE, .text = "+/#" },
    { .op = STORE_UNSUBSCRIBE, .text = "+/+" },
    { .op = STORE_END }
};


static const store_op_t  scenario_index[] = {
    { .op = STORE_CONNECT, .text = "s0", .connect = &persistent },
    { .op = STORE_SUBSCRIBE, .text = "x/new", .n = 1 },
    { .op = STORE_UNSUBSCRIBE, .text = "x/1" },
    { .op = STORE_UNSUBSCRIBE, .text = "x/2" },
    { .op = STORE_UNSUBSCRIBE, .text = "x/3" },
    { .op = STORE_UNSUBSCRIBE, .text = "x/4" },
    { .op = STORE_UNSUBSCRIBE, .text = "x/5" },
    { .op = STORE_END }
};


/* Retained messages are removed by their filters, another is read. */

static const store_op_t  scenario_cleared[] = {
    { .op = STORE_CONNECT, .text = "p", .connect = &persistent },
    { .op = STORE_REMOVE, .text = "r/1/+" },
    { .op = STORE_REMOVE, .text = "r/2" },
    { .op = STORE_RUN },
    { .op = STORE_PUBLISH, .text = "r/1/7", .payload = "z1", .n = 1,
      .retain = 1 },
    { .op = STORE_READ, .text = "r/1" },
    { .op = STORE_END }
};


/* What servers ask for. */

static const store_op_t  scenario_bulk[] = {
    { .op = STORE_CONNECT, .text = "k0", .connect = &known },
    { .op = STORE_CONNECT, .client = 1, .text = "k1", .connect = &known },
    { .op = STORE_CLOSE, .client = 1 },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_SEND, .id = NGX_MQTT_TARGETS_HUB,
      .payload = "m1" },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_SEND, .id = NGX_MQTT_TARGETS_GROUP,
      .text = "t/9", .payload = "m2" },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_JOIN, .id = NGX_MQTT_TARGETS_HUB,
      .payload = "j/1" },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_SEND, .id = NGX_MQTT_TARGETS_GROUP,
      .text = "j/1", .payload = "m3" },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_SEND, .id = NGX_MQTT_TARGETS_USER,
      .text = "u", .payload = "n1" },
    { .op = STORE_RUN },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_LEAVE,
      .id = NGX_MQTT_TARGETS_GROUP, .text = "j/1", .payload = "j/1" },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_CLOSE,
      .id = NGX_MQTT_TARGETS_SESSION, .text = "k0", .payload = "go away" },
    { .op = STORE_RUN },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_CLOSE,
      .id = NGX_MQTT_TARGETS_USER, .text = "u", .payload = scenario_filter },
    { .op = STORE_BULK, .n = NGX_MQTT_BULK_LEAVE_ALL,
      .id = NGX_MQTT_TARGETS_SESSION, .text = "s0" },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


#define RELIABLE  "json.reliable.webpubsub.azure.v1"

/* One that has made as many requests as are remembered. */

static void
scenario_busy(store_t *st)
{
    char             say[128];
    ngx_uint_t       i, id;
    pubsub_client_t  c;

    static const pubsub_admit_t  ann = { .user = "ann" };

    scenario_base(st);

    (void) pubsub_admit(&c, st->w, RELIABLE, &ann);
    pubsub_keep(&c);

    for (i = 0; i < NGX_MQTT_ACK_IDS; i++) {
        id = (i < 2) ? i : 3 * i;
        sprintf(say, "{\"type\":\"joinGroup\",\"group\":\"b\",\"ackId\":%lu}",
                (unsigned long) id);
        (void) pubsub_say(&c, say);
    }

    pubsub_lose(&c);
}


/* A reliable native client, whose connection is lost, and comes back. */

#define SEND      "{\"type\":\"sendToGroup\",\"group\":\"t/m\",\"dataType\":"  \
                  "\"text\",\"data\":\"m1\",\"ackId\":1}"
#define JOIN      "{\"type\":\"joinGroup\",\"group\":\"t/o\",\"ackId\":5}"
#define LEAVE     "{\"type\":\"leaveGroup\",\"group\":\"t/o\"}"
#define START     "{\"type\":\"sendToGroup\",\"group\":\"t/q\",\"stream\":{" \
                  "\"streamId\":\"s\"}}"
#define DATA      "{\"type\":\"streamData\",\"streamId\":\"s\"," \
                  "\"streamSequenceId\":1,\"dataType\":\"text\"," \
                  "\"data\":\"m2\"}"
#define END       "{\"type\":\"streamEnd\",\"streamId\":\"s\"}"
#define ACK       "{\"type\":\"sequenceAck\",\"sequenceId\":"

static const store_op_t  scenario_native[] = {
    { .op = STORE_CONNECT, .client = 1, .text = "p", .connect = &persistent },
    { .op = STORE_NATIVE, .text = RELIABLE, .payload = "t/n" },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/n", .payload = "n1",
      .n = 1 },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/n", .payload = "n2",
      .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_SAY, .text = ACK "1}" },
    { .op = STORE_SAY, .text = SEND },
    { .op = STORE_SAY, .text = SEND },
    { .op = STORE_SAY, .text = JOIN },
    { .op = STORE_SAY, .text = START },
    { .op = STORE_SAY, .text = DATA },
    { .op = STORE_LOSE },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/n", .payload = "n3",
      .n = 1 },
    { .op = STORE_RECOVER, .client = 1, .text = RELIABLE },
    { .op = STORE_SAY, .client = 1, .text = ACK "2}" },
    { .op = STORE_SAY, .client = 1, .text = LEAVE },
    { .op = STORE_SAY, .client = 1, .text = END },
    { .op = STORE_END }
};


/* What is remembered of requests and forgotten; the ends of such sessions. */

#define NEXT(id)  "{\"type\":\"joinGroup\",\"group\":\"b\",\"ackId\":" #id "}"

static const store_op_t  scenario_requests[] = {
    { .op = STORE_RECOVER, .n = PUBSUB_KEPT, .text = RELIABLE },
    { .op = STORE_SAY, .text = NEXT(5001) },
    { .op = STORE_SAY, .text = NEXT(5002) },
    { .op = STORE_SAY, .text = NEXT(5004) },
    { .op = STORE_SAY, .text = NEXT(5006) },
    { .op = STORE_SAY, .text = NEXT(5008) },
    { .op = STORE_SAY, .text = NEXT(5010) },
    { .op = STORE_SAY, .text = NEXT(5012) },
    { .op = STORE_SAY, .text = NEXT(5014) },
    { .op = STORE_SAY, .text = NEXT(5016) },
    { .op = STORE_SAY, .text = NEXT(5018) },
    { .op = STORE_SAY, .text = NEXT(5020) },
    { .op = STORE_SAY, .text = NEXT(5022) },
    { .op = STORE_SAY, .text = NEXT(5024) },
    { .op = STORE_SAY, .text = NEXT(5026) },
    { .op = STORE_SAY, .text = NEXT(5028) },
    { .op = STORE_SAY, .text = NEXT(5030) },
    { .op = STORE_SAY, .text = NEXT(5032) },
    { .op = STORE_SAY, .text = NEXT(5034) },
    { .op = STORE_SAY, .text = START },
    { .op = STORE_LOSE, .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_NATIVE, .client = 2, .text = RELIABLE, .payload = "t/n",
      .n = 1 },
    { .op = STORE_CONNECT, .client = 1, .text = "p", .connect = &persistent },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/n", .payload = "z1",
      .n = 1 },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/n", .payload = "z2",
      .n = 1 },
    { .op = STORE_PUBLISH, .client = 1, .text = "t/n", .payload = "z3",
      .n = 1 },
    { .op = STORE_RUN },
    { .op = STORE_END }
};


const scenario_t  scenarios[] = {
    { "publish", scenario_base, scenario_publish, 2 },
    { "deliver", scenario_queued, scenario_deliver, 2 },
    { "subscribe", scenario_base, scenario_subscribe, 2 },
    { "wills", scenario_base, scenario_wills, 2 },
    { "profiles", scenario_base, scenario_profiles, 2 },
    { "users", scenario_base, scenario_users, 2 },
    { "events", scenario_base, scenario_events, 2 },
    { "lives", scenario_base, scenario_lives, 1 },
    { "native", scenario_base, scenario_native, 2 },
    { "requests", scenario_busy, scenario_requests, 20 },
    { "ends", scenario_queued, scenario_ends, 2 },
    { "share", scenario_shared, scenario_share, 2 },
    { "resume", scenario_queued, scenario_resume, 20 },
    { "limits", scenario_base, scenario_limits, 40 },
    { "overlap", scenario_base, scenario_overlap, 20 },
    { "grow", scenario_full, scenario_index, 20 },
    { "shrink", scenario_sparse, scenario_index, 20 },
    { "smallest", scenario_smallest, scenario_index, 20 },
    { "replays", scenario_retained, scenario_replays, 400 },
    { "replay", scenario_retained, scenario_replay, 40 },
    { "bulk", scenario_base, scenario_bulk, 8 },
    { "cleared", scenario_levels, scenario_cleared, 2 },
    { "fanout", scenario_crowd, scenario_fanout, 600 },
    { NULL, NULL, NULL, 0 }
};
