
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_ticks.h>
#include "bulk.h"


#define CROWD  3000
#define MANY   100000


static store_t             st;
static ngx_mqtt_worker_t  *other;

/* what a client of 5.0 was sent last */

static u_char              sent[8192];
static size_t              nsent;

static const store_connect_t  lasting = { .expiry = 1000 };
static const store_connect_t  ann = { .expiry = 1000, .user = "ann" };


static void
test_bulk_begin(size_t size)
{
    store_create(&st, size);
    other = store_worker(&st);
}


static void
test_bulk_end(void)
{
    ngx_uint_t  i;

    store_time(st.w, 0);

    (void) bulk_run(bulk_make(st.w, NGX_MQTT_BULK_CLOSE, NGX_MQTT_TARGETS_HUB,
                              NULL, NULL));

    for (i = 0; i < 3; i++) {
        store_run(st.w);
        store_run(other);
    }

    store_check(&st, "the end");
    is_int(store_used(&st), 0, "nothing is left");

    ngx_mqtt_worker_destroy(other);
    store_destroy(&st);
}


/* "a1" and "a2" are one user's; "a2" has QoS 0, "c" all groups, "d" none */

static void
test_bulk_people(void)
{
    store_client_t  c;

    (void) store_connect(&c, st.w, "a1", &ann);
    (void) store_subscribe(&c, "g", 2, 0);
    store_close(&c, 0);

    (void) store_connect(&c, st.w, "a2", &ann);
    (void) store_subscribe(&c, "g", 0, 0);
    store_close(&c, 0);

    store_offline(&st, "b", "g", 1);
    store_offline(&st, "c", "#", 1);
    store_offline(&st, "d", NULL, 0);
}


/* who of the people has it, by a letter or digit each */

static const char *
test_bulk_who(const char *payload)
{
    ngx_uint_t   i, n;

    static char  who[16], *p;

    static const char *const  ids[] = { "a1", "a2", "b", "c", "d" };

    p = who;

    for (i = 0; i < 5; i++) {
        n = store_queued(&st, ids[i], payload);

        while (n--) {
            *p++ = ids[i][strlen(ids[i]) - 1];
        }
    }

    *p = '\0';

    return who;
}


#define is_who(payload, want, what)                                           \
    is_mem(test_bulk_who(payload), strlen(test_bulk_who(payload)), want,      \
           strlen(want), what)


static ngx_int_t
test_bulk_send(ngx_mqtt_targets_kind_e kind, const char *name,
    const char *payload)
{
    return bulk_run(bulk_make(st.w, NGX_MQTT_BULK_SEND, kind, name, payload));
}


static void
test_bulk_sends(void)
{
    ngx_mqtt_bulk_t  *bulk;

    test_bulk_begin(2 * 1024 * 1024);
    is_int(test_bulk_send(NGX_MQTT_TARGETS_HUB, NULL, "x"), NGX_OK,
           "to a hub that there is not");
    is_int(bulk_count, 0, "nobody has it");

    test_bulk_people();

    is_int(test_bulk_send(NGX_MQTT_TARGETS_SESSION, "d", "m1"), NGX_OK, "one");
    is_int(bulk_count, 1, "somebody has it");
    is_who("m1", "d", "to one session");

    is_int(test_bulk_send(NGX_MQTT_TARGETS_SESSION, "e", "m2"), NGX_OK,
           "to nobody");
    is_int(bulk_count, 0, "nobody has it");
    is_who("m2", "", "to nobody");

    /* QoS 0 is not kept for who is offline */

    is_int(test_bulk_send(NGX_MQTT_TARGETS_GROUP, "g", "m3"), NGX_OK, "group");
    is_who("m3", "1bc", "to a group");

    is_int(test_bulk_send(NGX_MQTT_TARGETS_GROUP, "h", "m4"), NGX_OK, "group");
    is_who("m4", "c", "to who subscribes with a wildcard");

    is_int(test_bulk_send(NGX_MQTT_TARGETS_USER, "ann", "m5"), NGX_OK, "user");
    is_who("m5", "12", "to a user");

    is_int(test_bulk_send(NGX_MQTT_TARGETS_USER, "bob", "m6"), NGX_OK, "user");
    is_who("m6", "", "to a user that nobody is");

    is_int(test_bulk_send(NGX_MQTT_TARGETS_HUB, NULL, "m7"), NGX_OK, "all");
    is_who("m7", "12bcd", "to all");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_HUB, NULL,
                     "m8");
    bulk_exclude(bulk, "a1");
    bulk_exclude(bulk, "d");
    bulk_exclude(bulk, "e");
    is_int(bulk_run(bulk), NGX_OK, "all");
    is_who("m8", "2bc", "to all but some");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_GROUP, "g",
                     "m9");
    bulk_exclude(bulk, "c");
    is_int(bulk_run(bulk), NGX_OK, "group");
    is_who("m9", "1b", "to a group but one");

    bulk_conf.max_qos = 0;
    is_int(test_bulk_send(NGX_MQTT_TARGETS_HUB, NULL, "n1"), NGX_OK, "all");
    is_who("n1", "", "a hub without QoS 1 keeps nothing");
    bulk_conf.max_qos = 2;

    ngx_current_msec += 121000;
    is_int(test_bulk_send(NGX_MQTT_TARGETS_HUB, NULL, "n2"), NGX_OK, "all");
    is_who("n2", "12", "but not to those whose time is over");

    test_bulk_end();
}


/* Many excluded ids are found by their order. */

static void
test_bulk_excluded(void)
{
    char              id[16];
    ngx_uint_t        i, n, wrong;
    ngx_mqtt_bulk_t  *bulk;

    static char  ids[16][16];

    test_bulk_begin(4 * 1024 * 1024);

    for (i = 0; i < 40; i++) {
        sprintf(id, "%lu", (unsigned long) (i * 37 % 101));
        store_offline(&st, id, "g", 1);
    }

    for (n = 7; n < 17; n++) {
        bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND,
                         n % 2 ? NGX_MQTT_TARGETS_HUB : NGX_MQTT_TARGETS_GROUP,
                         "g", "m");

        for (i = 0; i < n; i++) {
            sprintf(ids[i], "%lu", (unsigned long) (i * 3 * 37 % 101));
            bulk_exclude(bulk, ids[i]);
        }

        (void) bulk_run(bulk);
        wrong = 0;

        for (i = 0; i < 40; i++) {
            sprintf(id, "%lu", (unsigned long) (i * 37 % 101));
            wrong += (store_queued(&st, id, "m")
                      != (i % 3 == 0 && i < 3 * n ? 0 : 1));
        }

        is_int(wrong, 0, "%lu excluded", (unsigned long) n);

        for (i = 0; i < 40; i++) {
            store_client_t  c;
            sprintf(id, "%lu", (unsigned long) (i * 37 % 101));
            (void) store_connect(&c, st.w, id, &lasting);
            store_run(st.w);
            store_ack(&c, 0);
            store_close(&c, 0);
        }
    }

    test_bulk_end();
}


/* A member of a share that is excluded does not get what others can have. */

static void
test_bulk_share(void)
{
    ngx_uint_t        i;
    ngx_mqtt_bulk_t  *bulk;

    test_bulk_begin(2 * 1024 * 1024);

    store_offline(&st, "a", "$share/s/g", 1);
    store_offline(&st, "b", "$share/s/g", 1);

    for (i = 0; i < 4; i++) {
        bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_GROUP,
                         "g", "m");
        bulk_exclude(bulk, "a");
        (void) bulk_run(bulk);
    }

    is_int(store_queued(&st, "a", "m"), 0, "the excluded member");
    is_int(store_queued(&st, "b", "m"), 4, "the other one");

    (void) test_bulk_send(NGX_MQTT_TARGETS_GROUP, "g", "n");
    is_int(store_queued(&st, "a", "n") + store_queued(&st, "b", "n"), 1,
           "without conditions to one of them");

    test_bulk_end();
}


static ngx_mqtt_bulk_t *
test_bulk_filter(ngx_mqtt_bulk_t *bulk, const char *filter)
{
    ngx_str_t  text, why;

    text = store_str(filter);

    is_int(ngx_mqtt_odata_parse(bulk->pool, &text, &bulk->targets.filter,
                                &why), NGX_OK, "%s", filter);

    return bulk;
}


/* A filter that takes more than a hold of the lock for each member. */

static void
test_bulk_share_slow(void)
{
    char             *p, filter[4096];
    ngx_uint_t        i;
    ngx_mqtt_bulk_t  *bulk;

    test_bulk_begin(2 * 1024 * 1024);

    for (i = 0; i < 5; i++) {
        filter[0] = (char) ('a' + i);
        filter[1] = '\0';
        store_offline(&st, filter, "$share/s/g", 1);
    }

    p = filter;

    for (i = 0; i < 90; i++) {
        p += sprintf(p, "'x' in groups or ");
    }

    for (i = 0; i < 4; i++) {
        (void) strcpy(p, i < 3 ? "connectionId eq 'c'" : "1 eq 2");

        bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_GROUP,
                         "g", "m");
        is_int(bulk_run(test_bulk_filter(bulk, filter)), NGX_OK, "is done");
    }

    is_int(store_queued(&st, "c", "m"), 3, "who was wanted");

    test_bulk_end();
}


static void
test_bulk_filters(void)
{
    char              long_filter[2048], *p;
    ngx_uint_t        i;
    ngx_mqtt_bulk_t  *bulk;

    static const struct {
        const char  *filter;
        const char  *all;
        const char  *group;
    } cases[] = {
        { "userId eq 'ann'", "12", "1" },
        { "userId eq null", "bcd", "bc" },
        { "connectionId in ('b', 'd', 'e')", "bd", "b" },
        { "'g' in groups", "12b", "1b" },
        { "length(groups) eq 0", "d", "" },
        { "'#' in groups or userId ne null", "12c", "1c" },
        { "protocol eq 'mqtt'", "12bcd", "1bc" },
        { "startswith(connectionId, 'a') and userId eq 'bob'", "", "" }
    };

    test_bulk_begin(2 * 1024 * 1024);
    test_bulk_people();

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_HUB, NULL,
                         "m");
        is_int(bulk_run(test_bulk_filter(bulk, cases[i].filter)), NGX_OK,
               "to all of them");
        is_who("m", cases[i].all, cases[i].filter);

        bulk = bulk_make(st.w, NGX_MQTT_BULK_CLOSE, NGX_MQTT_TARGETS_HUB, NULL,
                         NULL);
        (void) bulk_run(bulk);
        store_run(st.w);
        test_bulk_people();

        bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_GROUP, "g",
                         "n");
        is_int(bulk_run(test_bulk_filter(bulk, cases[i].filter)), NGX_OK,
               "to those of a group");
        is_who("n", cases[i].group, cases[i].filter);
        is_int(bulk_count, cases[i].group[0] != 0, "whether anybody is");

        bulk = bulk_make(st.w, NGX_MQTT_BULK_CLOSE, NGX_MQTT_TARGETS_HUB, NULL,
                         NULL);
        (void) bulk_run(bulk);
        store_run(st.w);
        test_bulk_people();
    }

    /* joining does not change who is asked to join */

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_HUB, NULL,
                     "j");
    is_int(bulk_run(test_bulk_filter(bulk, "not ('j' in groups)")), NGX_OK,
           "those who are not in it join");
    is_int(bulk_count, 5, "all of them");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_HUB, NULL,
                     "j");
    is_int(bulk_run(test_bulk_filter(bulk, "not ('j' in groups)")), NGX_OK,
           "once more");
    is_int(bulk_count, 0, "nobody");

    /* a filter that takes more than a hold of the lock for each session */

    p = long_filter;

    for (i = 0; i < 99; i++) {
        p += sprintf(p, "'%lu' in groups or ", (unsigned long) i);
    }

    strcpy(p, "connectionId eq 'b'");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_GROUP, "g",
                     "l");
    is_int(bulk_run(test_bulk_filter(bulk, long_filter)), NGX_OK, "long");
    is_who("l", "b", "a long filter");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_CLOSE, NGX_MQTT_TARGETS_HUB, NULL,
                     NULL);
    is_int(bulk_run(test_bulk_filter(bulk, long_filter)), NGX_OK, "long");
    is_int(bulk_count, 1, "one is closed");
    ok(store_session(&st, "b") == NULL, "the right one");

    test_bulk_end();
}


/* Content type and expiry of what is sent. */

static void
test_bulk_message(void)
{
    u_char               buf[128], *p;
    ngx_uint_t           i;
    ngx_mqtt_bulk_t     *bulk;
    ngx_mqtt_text_t      text;
    ngx_mqtt_message_t  *m;

    static const struct {
        ngx_mqtt_targets_kind_e   kind;
        const char               *name;
        ngx_mqtt_bulk_type_e      type;
        ngx_uint_t                ttl;
        const char               *topic;
        const char               *content;
    } cases[] = {
        { NGX_MQTT_TARGETS_SESSION, "s", NGX_MQTT_BULK_TEXT, 0,
          "$webpubsub/server/messages", "text/plain" },
        { NGX_MQTT_TARGETS_GROUP, "g/1", NGX_MQTT_BULK_JSON, 60, "g/1",
          "application/json" },
        { NGX_MQTT_TARGETS_HUB, NULL, NGX_MQTT_BULK_BINARY, 300,
          "$webpubsub/server/messages", "application/octet-stream" }
    };

    for (i = 0; i < 3; i++) {
        test_bulk_begin(1024 * 1024);
        store_offline(&st, "s", "g/1", 1);

        bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, cases[i].kind,
                         cases[i].name, "m");
        bulk->type = cases[i].type;
        bulk->ttl = cases[i].ttl;
        (void) bulk_run(bulk);

        m = store_session(&st, "s")->head->m.message;

        ngx_mqtt_message_text(m, &text);
        p = ngx_mqtt_text_read(&text, buf, m->topic_len);
        is_mem(buf, p - buf, cases[i].topic, strlen(cases[i].topic), "topic");

        p = ngx_mqtt_text_read(&text, buf, m->props_len);
        is_int(buf[0] << 16 | buf[1] << 8 | buf[2],
               0x030000 + strlen(cases[i].content), "content type");
        is_mem(buf + 3, p - buf - 3, cases[i].content,
               strlen(cases[i].content), "content type");

        is_int(m->expires,
               cases[i].ttl ? ngx_current_msec + cases[i].ttl * 1000 : 0,
               "expiry");
        is_int(m->qos, 1, "QoS");
        is_int(m->retain, 0, "not retained");

        test_bulk_end();
    }
}


/* Allocation number k fails: all have it, or nobody. */

static void
test_bulk_full(void)
{
    char         id[16];
    ngx_int_t    rc;
    ngx_uint_t   i, k, n, wrong, refused;

    test_bulk_begin(2 * 1024 * 1024);

    for (i = 0; i < 20; i++) {
        sprintf(id, "s%lu", (unsigned long) i);
        store_offline(&st, id, NULL, 0);
    }

    wrong = 0;
    refused = 0;

    for (k = 1; k < 100; k++) {
        st.zone.root->blocks.fail_at = k;
        rc = test_bulk_send(NGX_MQTT_TARGETS_HUB, NULL, "m");

        n = 0;

        for (i = 0; i < 20; i++) {
            sprintf(id, "s%lu", (unsigned long) i);
            n += store_queued(&st, id, "m");
        }

        if (st.zone.root->blocks.fail_at) {
            st.zone.root->blocks.fail_at = 0;
            is_int(rc, NGX_OK, "nothing fails any more");
            is_int(n, 20, "all have it");
            break;
        }

        refused += (rc == NGX_ERROR);
        wrong += (n != 0) + (store_errors(&st, "full") != 0);
    }

    is_int(refused, k - 1, "%lu were refused", (unsigned long) refused);
    ok(refused > 20 && wrong == 0, "nobody has what was refused");

    test_bulk_end();
}


static void
test_bulk_crowd(void)
{
    char        id[32];
    ngx_uint_t  i;

    test_bulk_begin(16 * 1024 * 1024);

    for (i = 0; i < CROWD; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        store_offline(&st, id, "t/#", 1);
    }
}


/* how many have it; 0 if somebody has it twice, or "m" not before "n" */

static ngx_uint_t
test_bulk_have(const char *payload)
{
    char        id[32];
    ngx_uint_t  i, n, got;

    n = 0;

    for (i = 0; i < CROWD; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        got = store_queued(&st, id, payload);

        if (got > 1) {
            return 0;
        }

        n += got;
    }

    return n;
}


static ngx_uint_t
test_bulk_ordered(const char *first, const char *second)
{
    char                 id[32];
    u_char               buf[2][8];
    ngx_uint_t           i, k, wrong;
    ngx_mqtt_text_t      text;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_message_t  *m;

    wrong = 0;

    for (i = 0; i < CROWD; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        e = store_session(&st, id)->head;
        ngx_memzero(buf, sizeof(buf));

        for (k = 0; k < 2 && e; k++, e = e->next) {
            m = e->m.message;
            ngx_mqtt_message_text(m, &text);
            ngx_mqtt_text_skip(&text, m->topic_len + m->props_len);
            (void) ngx_mqtt_text_read(&text, buf[k],
                                      ngx_min(m->payload_len, 7));
        }

        wrong += (strcmp((char *) buf[0], first) != 0
                  || strcmp((char *) buf[1], second) != 0);
    }

    return wrong;
}


/* Sends that go on, and what waits for each other. */

static void
test_bulk_wide(void)
{
    char              payload[8];
    u_char            packet[] = { 0x32, 8, 0, 3, 't', '/', '1', 0, 7, 'n' };
    u_char           *p;
    ngx_mqtt_bulk_t  *bulk, *second;
    store_client_t    pub;

    test_bulk_crowd();
    (void) store_connect(&pub, st.w, "pub", &lasting);
    pub.cl.parser.version = NGX_MQTT_V4;
    pub.cl.roles = NGX_MQTT_ROLE_PUBLISH;
    bulk_ended = 0;

    /* a send, a client's message, another send */

    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_HUB, NULL,
                     "m");
    is_int(bulk_start(bulk), NGX_AGAIN, "to all it goes on");
    is_int(st.w->wide, 1, "it is under way");
    ok(test_bulk_have("m") < CROWD, "not all have it");
    store_check(&st, "under way");

    p = packet;
    is_int(ngx_mqtt_client_input(&pub.cl, &p, packet + sizeof(packet)),
           NGX_BUSY, "a client waits");

    strcpy(payload, "o");
    second = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_GROUP, "t/2",
                       payload);
    is_int(bulk_start(second), NGX_AGAIN, "another one waits");
    strcpy(payload, "?");

    while (bulk_ended == 0) {
        (void) ngx_mqtt_worker_run(st.w);
    }

    is_int(bulk_rc, NGX_OK, "the first is done");
    is_int(bulk_count, 1, "somebody has it");
    is_int(test_bulk_have("m"), CROWD, "all have it");

    p = packet;

    if (st.w->wide) {
        is_int(ngx_mqtt_client_input(&pub.cl, &p, packet + sizeof(packet)),
               NGX_BUSY, "the client waits for the second one");
    }

    store_run(st.w);
    is_int(bulk_ended, 2, "the second one is done");
    is_int(test_bulk_have("o"), CROWD, "all have its own payload");
    is_int(test_bulk_ordered("m", "o"), 0, "in this order");
    ok(pub.nresumes > 0, "the client may go on");

    /* a client's first, then two sends, who asked for one is gone */

    p = packet;
    is_int(ngx_mqtt_client_input(&pub.cl, &p, packet + sizeof(packet)),
           NGX_BUSY, "a client's goes on");

    bulk_ended = 0;
    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_HUB, NULL,
                     "p");
    is_int(bulk_start(bulk), NGX_AGAIN, "a send waits");
    ngx_mqtt_bulk_forget(bulk);
    is_int(test_bulk_send(NGX_MQTT_TARGETS_HUB, NULL, "q"), NGX_OK, "another");
    is_int(bulk_ended, 1, "nobody is told of the first");
    is_int(test_bulk_have("n") + test_bulk_have("p") + test_bulk_have("q"),
           3 * CROWD, "all have all");
    is_int(pub.nanswers, 1, "the client has its answer");

    store_close(&pub, 0);
    test_bulk_end();
}


/* Clients and sends that wait for a wide publication go on in turn. */

static void
test_bulk_turns(void)
{
    char                 order[16], payload[2];
    u_char               packet[] = { 0x32, 8, 0, 3, 't', '/', '1', 0, 7, 'x' };
    u_char              *p, *end;
    ngx_uint_t           i, n, resumes;
    store_client_t       pub;
    ngx_mqtt_text_t      text;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_message_t  *m;

    test_bulk_crowd();
    (void) store_connect(&pub, st.w, "pub", &lasting);
    pub.cl.parser.version = NGX_MQTT_V4;
    pub.cl.roles = NGX_MQTT_ROLE_PUBLISH;
    bulk_ended = 0;
    payload[1] = '\0';

    for (i = 0; i < 4; i++) {
        payload[0] = 'a' + i;
        is_int(bulk_start(bulk_make(st.w, NGX_MQTT_BULK_SEND,
                                    NGX_MQTT_TARGETS_HUB, NULL, payload)),
               NGX_AGAIN, "send %s", payload);
    }

    /* a client with two messages, which goes on whenever it may */

    p = packet;
    end = packet + sizeof(packet);
    n = 0;
    resumes = 0;
    is_int(ngx_mqtt_client_input(&pub.cl, &p, end), NGX_BUSY, "it waits");

    for (i = 0; i < 1000 && (bulk_ended < 5 || pub.nanswers < 2); i++) {

        (void) ngx_mqtt_worker_run(st.w);

        if (pub.nresumes == resumes) {
            continue;
        }

        resumes = pub.nresumes;

        if (n == 0) {
            is_int(st.w->wide, 0, "nothing is under way in its turn");
            is_int(bulk_start(bulk_make(st.w, NGX_MQTT_BULK_SEND,
                                        NGX_MQTT_TARGETS_SESSION, "c0", "e")),
                   NGX_AGAIN, "nor does anything overtake it");
        }

        if (n < 2) {
            is_int(ngx_mqtt_client_input(&pub.cl, &p, end), NGX_BUSY, "BUSY");
        }

        if (p == end) {
            p = packet;
            n++;
        }
    }

    i = 0;

    for (e = store_session(&st, "c0")->head; e; e = e->next) {
        m = e->m.message;
        ngx_mqtt_message_text(m, &text);
        ngx_mqtt_text_skip(&text, m->topic_len + m->props_len);
        (void) ngx_mqtt_text_read(&text, (u_char *) &order[i++], 1);
    }

    is_mem(order, i, "abxcxde", 7, "in turn");
    is_int(bulk_ended, 5, "all are done");
    is_int(pub.nanswers, 2, "the client has its answers");

    store_close(&pub, 0);
    test_bulk_end();
}


/* The worker leaves in between; another one dies inside the lock. */

static void
test_bulk_left(void)
{
    ngx_uint_t        i, at, subs;
    ngx_mqtt_bulk_t  *bulk;

    static const ngx_mqtt_bulk_action_e  actions[] = {
        NGX_MQTT_BULK_SEND, NGX_MQTT_BULK_JOIN, NGX_MQTT_BULK_LEAVE_ALL,
        NGX_MQTT_BULK_CLOSE
    };

    test_bulk_crowd();
    bulk_ended = 0;

    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_HUB, NULL,
                     "m");
    is_int(bulk_start(bulk), NGX_AGAIN, "a send");
    bulk = bulk_make(st.w, NGX_MQTT_BULK_SEND, NGX_MQTT_TARGETS_HUB, NULL,
                     "n");
    is_int(bulk_start(bulk), NGX_AGAIN, "one that waits");
    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_GROUP, "t/#",
                     "g");
    is_int(bulk_start(bulk), NGX_AGAIN, "a join");

    ngx_mqtt_worker_destroy(st.w);
    st.w = other;
    other = store_worker(&st);

    is_int(bulk_ended, 0, "nobody is told");
    is_int(test_bulk_have("m"), CROWD, "what was under way is done");
    is_int(test_bulk_have("n"), 0, "what waited is not");
    store_check(&st, "its worker has left");

    subs = store_hub(&st, "h")->subscriptions;
    ok(subs > CROWD && subs < 2 * CROWD, "so is a join, for the rest");

    for (i = 0; i < 4; i++) {
        for (at = 0; at < 2; at++) {
            bulk = bulk_make(st.w, actions[i],
                             at ? NGX_MQTT_TARGETS_GROUP
                                : NGX_MQTT_TARGETS_HUB, "t/#", "o");

            if (actions[i] == NGX_MQTT_BULK_SEND) {
                bulk->targets.kind = NGX_MQTT_TARGETS_HUB;
                bulk->payload = store_str(at ? "p" : "o");
            }

            bulk_ended = 0;
            is_int(bulk_start(bulk), NGX_AGAIN, "it goes on");

            st.zone.root->busy = NGX_MQTT_NO_SLOT + 1;
            store_check(&st, "rebuilt");

            while (bulk_ended == 0) {
                (void) ngx_mqtt_worker_run(st.w);
            }

            is_int(bulk_rc, NGX_OK, "done");

            if (actions[i] != NGX_MQTT_BULK_JOIN) {
                break;
            }
        }

        store_check(&st, "a rebuild meanwhile");

        switch (actions[i]) {

        case NGX_MQTT_BULK_SEND:
            is_int(test_bulk_have("o"), CROWD, "all have it");
            break;

        case NGX_MQTT_BULK_JOIN:
            is_int(store_hub(&st, "h")->subscriptions, subs + CROWD, "joined");
            break;

        case NGX_MQTT_BULK_LEAVE_ALL:
            is_int(store_hub(&st, "h")->subscriptions, 0, "all have left");
            break;

        default:
            store_run(st.w);
            ok(store_hub(&st, "h") == NULL, "all are closed");
            break;
        }
    }

    test_bulk_end();
}


static ngx_uint_t
test_bulk_in(const char *id, const char *group)
{
    ngx_str_t  name;

    name = store_str(group);

    return ngx_mqtt_sub_find_locked(&st.zone, store_session(&st, id), &name)
           != NULL;
}


static void
test_bulk_groups(void)
{
    ngx_str_t         name;
    ngx_uint_t        i;
    ngx_mqtt_sub_t   *sub;
    ngx_mqtt_bulk_t  *bulk;

    static const struct {
        const char  *name;
        ngx_uint_t   valid;
    } names[] = {
        { "g", 1 }, { "a/b", 1 }, { " ", 1 }, { "$x", 1 }, { "/", 1 },
        { "", 0 }, { "#", 0 }, { "a/+", 0 }, { "$share/a/b", 0 },
        { "\xff", 0 }, { "$share", 1 }
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = store_str(names[i].name);
        is_int(ngx_mqtt_bulk_group_valid(&name), names[i].valid,
               "the name \"%s\"", names[i].name);
    }

    test_bulk_begin(2 * 1024 * 1024);
    test_bulk_people();

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_USER, "ann",
                     "j");
    is_int(bulk_run(bulk), NGX_OK, "a user joins");
    is_int(bulk_count, 2, "two sessions");
    ok(test_bulk_in("a1", "j") && test_bulk_in("a2", "j")
       && !test_bulk_in("b", "j"), "are in the group");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_GROUP, "g",
                     "j");
    bulk_exclude(bulk, "b");
    is_int(bulk_run(bulk), NGX_OK, "a group joins");
    ok(!test_bulk_in("b", "j") && !test_bulk_in("c", "j"), "but one");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_SESSION, "a1",
                     "g");
    is_int(bulk_run(bulk), NGX_OK, "what it is in already");
    is_int(bulk_count, 1, "counts");

    name = store_str("g");
    sub = ngx_mqtt_sub_find_locked(&st.zone, store_session(&st, "a1"), &name);
    is_int(sub->options, 2, "and stays as it was");

    name = store_str("j");
    sub = ngx_mqtt_sub_find_locked(&st.zone, store_session(&st, "a1"), &name);
    is_int(sub->options, 1, "a new one has QoS 1");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_SESSION, "e",
                     "g");
    is_int(bulk_run(bulk), NGX_OK, "one that there is not");
    is_int(bulk_count, 0, "is nobody");

    bulk_conf.max_subscriptions = store_hub(&st, "h")->subscriptions + 1;
    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_USER, "ann",
                     "k");
    is_int(bulk_run(bulk), NGX_BUSY, "too many subscriptions");
    is_int(bulk_count, 1, "one fitted");
    bulk_conf.max_subscriptions = 0;

    st.zone.root->blocks.fail_at = 1;
    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_SESSION, "d",
                     "k");
    is_int(bulk_run(bulk), NGX_ERROR, "no room");
    is_int(bulk_count, 0, "none fitted");
    st.zone.root->blocks.fail_at = 0;

    bulk = bulk_make(st.w, NGX_MQTT_BULK_LEAVE, NGX_MQTT_TARGETS_USER, "ann",
                     "j");
    is_int(bulk_run(bulk), NGX_OK, "a user leaves");
    ok(!test_bulk_in("a1", "j") && !test_bulk_in("a2", "j")
       && test_bulk_in("a1", "g"), "one group");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_LEAVE, NGX_MQTT_TARGETS_GROUP, "g",
                     "g");
    bulk_exclude(bulk, "a2");
    is_int(bulk_run(bulk), NGX_OK, "a group is left by its members");
    ok(!test_bulk_in("a1", "g") && test_bulk_in("a2", "g")
       && !test_bulk_in("b", "g") && test_bulk_in("c", "#"), "but one");

    bulk = bulk_make(st.w, NGX_MQTT_BULK_LEAVE_ALL, NGX_MQTT_TARGETS_HUB, NULL,
                     NULL);
    is_int(bulk_run(bulk), NGX_OK, "all leave");
    is_int(bulk_count, 5, "all of them");
    is_int(store_hub(&st, "h")->subscriptions, 0, "everything");

    test_bulk_end();
}


/* A thousand of them. */

static void
test_bulk_add_groups(ngx_mqtt_bulk_t *bulk)
{
    u_char      *p;
    ngx_uint_t   i;

    bulk->ngroups = 1000;
    bulk->groups = ngx_palloc(bulk->pool, 1000 * sizeof(ngx_str_t));

    for (i = 0; i < 1000; i++) {
        p = ngx_pnalloc(bulk->pool, 16);
        bulk->groups[i].data = p;
        bulk->groups[i].len = ngx_sprintf(p, "a/b/%ui", i) - p;
    }
}


/* One session and more groups than fit a hold. */

static void
test_bulk_many_groups(void)
{
    ngx_uint_t        way;
    ngx_mqtt_bulk_t  *bulk;

    test_bulk_begin(8 * 1024 * 1024);
    store_offline(&st, "s", NULL, 0);
    store_offline(&st, "t", NULL, 0);

    for (way = 0; way < 3; way++) {
        bulk = bulk_make(st.w, way == 0 ? NGX_MQTT_BULK_JOIN
                               : way == 1 ? NGX_MQTT_BULK_LEAVE
                                          : NGX_MQTT_BULK_JOIN,
                         way == 2 ? NGX_MQTT_TARGETS_HUB
                                  : NGX_MQTT_TARGETS_SESSION, "s", NULL);
        test_bulk_add_groups(bulk);

        bulk_ended = 0;
        is_int(bulk_start(bulk), NGX_AGAIN, "it goes on");
        store_check(&st, "in between");

        if (way == 2) {
            ngx_mqtt_worker_lock(other);
            ngx_mqtt_session_end_locked(other, store_session(&st, "s"));
            ngx_mqtt_worker_unlock(other);
            store_run(other);
            store_check(&st, "it has ended in between");
        }

        while (bulk_ended == 0) {
            (void) ngx_mqtt_worker_run(st.w);
        }

        is_int(bulk_rc, NGX_OK, "done");
        is_int(bulk_count, 1, "to one");
        is_int(store_session(&st, way == 2 ? "t" : "s")->nsubs,
               way == 1 ? 0 : 1000, "groups");
    }

    test_bulk_end();
}


/* What ends while it goes on is free memory before it has come to its end. */

static void
test_bulk_room(void)
{
    char              id[8];
    ngx_uint_t        i, n, least;
    ngx_mqtt_bulk_t  *bulk;

    test_bulk_begin(16 * 1024 * 1024);

    for (i = 0; i < 12; i++) {
        (void) sprintf(id, "s%lu", (unsigned long) i);
        store_offline(&st, id, NULL, 0);
    }

    bulk = bulk_make(st.w, NGX_MQTT_BULK_JOIN, NGX_MQTT_TARGETS_HUB, NULL,
                     NULL);
    test_bulk_add_groups(bulk);

    bulk_ended = 0;
    is_int(bulk_start(bulk), NGX_AGAIN, "it goes on");

    ngx_mqtt_worker_lock(other);
    ngx_mqtt_session_end_locked(other, store_session(&st, "s11"));
    ngx_mqtt_worker_unlock(other);
    store_run(other);

    least = 12;

    for ( ;; ) {
        (void) ngx_mqtt_worker_run(st.w);

        if (bulk_ended) {
            break;
        }

        n = st.zone.root->blocks.nblocks[NGX_MQTT_KIND_SESSION];
        least = ngx_min(least, n);
    }

    is_int(least, 11, "its memory was free meanwhile");
    is_int(bulk_count, 11, "done to the others");

    test_bulk_end();
}


static ssize_t
test_bulk_take(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    nsent = ngx_min(len, sizeof(sent));
    ngx_memcpy(sent, p, nsent);

    return len;
}


/* Sessions that are closed: online through another worker, offline. */

static void
test_bulk_closes(void)
{
    ngx_mqtt_bulk_t           *bulk;
    store_client_t             c, will;
    ngx_mqtt_transport_ops_t   ops;

    static const store_connect_t  with_will = {
        .expiry = 1000, .will = "w", .will_delay = 100
    };

    test_bulk_begin(2 * 1024 * 1024);
    test_bulk_people();
    store_offline(&st, "w", "w", 1);

    (void) store_connect(&will, st.w, "d", &with_will);
    (void) store_connect(&c, other, "b", &lasting);

    ops = *c.cl.ops;
    ops.send = test_bulk_take;
    c.cl.ops = &ops;
    c.cl.version = NGX_MQTT_V5;

    bulk = bulk_make(st.w, NGX_MQTT_BULK_CLOSE, NGX_MQTT_TARGETS_GROUP, "g",
                     "go away");
    bulk_exclude(bulk, "a1");
    is_int(bulk_run(bulk), NGX_OK, "a group is closed");
    is_int(bulk_count, 2, "but one of three");
    ok(store_session(&st, "a1") && !store_session(&st, "a2")
       && !store_session(&st, "b") && store_session(&st, "c"),
       "who is left");
    store_check(&st, "closed");

    store_run(st.w);
    store_check(&st, "taken apart");
    is_int(c.closes, 0, "the client does not know it yet");
    store_run(other);
    is_int(c.closes, 1, "it is closed");
    is_int(c.reason, 0x98, "with the reason");
    is_mem(sent, nsent, "\xe0\x0c\x98\x0a\x1f\0\x07go away", 14,
           "DISCONNECT and its reason string");
    store_close(&c, 0);

    /* who sends before its worker has run */

    (void) store_connect(&c, st.w, "b", &lasting);
    c.cl.ops = &ops;
    c.cl.version = NGX_MQTT_V5;
    is_int(bulk_run(bulk_make(other, NGX_MQTT_BULK_CLOSE,
                              NGX_MQTT_TARGETS_SESSION, "b", "now")), NGX_OK,
           "one is closed");
    ok(ngx_mqtt_handle_lock(&c.cl) == NULL, "it has lost its session");
    is_mem(sent, nsent, "\xe0\x08\x98\x06\x1f\0\x03now", 10,
           "DISCONNECT at once");
    store_close(&c, 0);

    /* without a reason, without room for one */

    (void) store_connect(&c, st.w, "b", &lasting);
    c.cl.ops = &ops;
    c.cl.version = NGX_MQTT_V5;
    st.zone.root->blocks.fail_at = 1;
    is_int(bulk_run(bulk_make(st.w, NGX_MQTT_BULK_CLOSE,
                              NGX_MQTT_TARGETS_SESSION, "b", "now")), NGX_OK,
           "one is closed");
    st.zone.root->blocks.fail_at = 0;
    store_run(st.w);
    is_mem(sent, nsent, "\xe0\x01\x98", 3, "DISCONNECT alone");
    store_close(&c, 0);

    /* the will of a session comes with its end */

    is_int(bulk_run(bulk_make(st.w, NGX_MQTT_BULK_CLOSE,
                              NGX_MQTT_TARGETS_SESSION, "d", NULL)), NGX_OK,
           "one with a will");
    store_run(st.w);
    is_int(store_queued(&st, "w", "will"), 1, "which is published");
    is_int(will.reason, 0x98, "it is closed");
    store_close(&will, 0);

    is_int(bulk_run(bulk_make(st.w, NGX_MQTT_BULK_CLOSE,
                              NGX_MQTT_TARGETS_USER, "ann", NULL)), NGX_OK,
           "a user");
    is_int(bulk_count, 1, "is closed");
    ok(!store_session(&st, "a1"), "is closed");

    test_bulk_end();
}


/* What the application is told of sessions that a server has closed. */

static void
test_bulk_told(void)
{
    ngx_uint_t      told[10], i;
    store_client_t  c;

    static const struct {
        ngx_uint_t   version;             /* 0: it is offline */
        const char  *reason;
        const char  *body;
    } cases[] = {
        { NGX_MQTT_V5, "go \"away\"",
          "{\"reason\":\"go \\\"away\\\"\",\"mqtt\":{"
          "\"initiatedByClient\":false,\"disconnectPacket\":{\"code\":152,"
          "\"userProperties\":null}}}" },
        { NGX_MQTT_V4, "go",
          "{\"reason\":\"go\",\"mqtt\":{\"initiatedByClient\":false,"
          "\"disconnectPacket\":null}}" },
        { NGX_MQTT_V4, NULL,
          "{\"reason\":\"administrative action\",\"mqtt\":{"
          "\"initiatedByClient\":false,\"disconnectPacket\":null}}" },
        { 0, "too late",
          "{\"reason\":\"too late\",\"mqtt\":{\"initiatedByClient\":false,"
          "\"disconnectPacket\":null}}" }
    };

    test_bulk_begin(1024 * 1024);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ngx_memzero(told, sizeof(told));
        store_told = told;

        (void) store_connect(&c, st.w, "c1", &lasting);

        if (cases[i].version == 0) {
            store_close(&c, 0);

        } else {
            store_session(&st, "c1")->version = cases[i].version;
        }

        (void) bulk_run(bulk_make(other, NGX_MQTT_BULK_CLOSE,
                                  NGX_MQTT_TARGETS_SESSION, "c1",
                                  cases[i].reason));
        store_run(other);
        store_run(st.w);

        is_int(told[1], 1, "it is told once");
        is_mem(store_body, strlen(store_body), cases[i].body,
               strlen(cases[i].body), "with its reason");

        if (cases[i].version) {
            store_close(&c, 0);
        }
    }

    store_told = NULL;
    test_bulk_end();
}


static void
test_bulk_exist(void)
{
    ngx_str_t   hub, none;
    ngx_uint_t  i;

    static const struct {
        ngx_mqtt_targets_kind_e   kind;
        const char               *name;
        ngx_uint_t                exists;
    } cases[] = {
        { NGX_MQTT_TARGETS_SESSION, "b", 1 },
        { NGX_MQTT_TARGETS_SESSION, "B", 0 },
        { NGX_MQTT_TARGETS_GROUP, "g", 1 },
        { NGX_MQTT_TARGETS_GROUP, "h", 0 },
        { NGX_MQTT_TARGETS_GROUP, "#", 1 },
        { NGX_MQTT_TARGETS_USER, "ann", 1 },
        { NGX_MQTT_TARGETS_USER, "bob", 0 }
    };

    test_bulk_begin(2 * 1024 * 1024);
    test_bulk_people();

    hub = store_str("h");
    none = store_str("x");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ngx_str_t  name;

        name = store_str(cases[i].name);
        is_int(ngx_mqtt_targets_exist(st.w, &hub, cases[i].kind, &name),
               cases[i].exists, "%s exists", cases[i].name);
        is_int(ngx_mqtt_targets_exist(st.w, &none, cases[i].kind, &name),
               0, "not in another hub");
    }

    ngx_current_msec += 121000;
    none = store_str("b");
    is_int(ngx_mqtt_targets_exist(st.w, &hub, NGX_MQTT_TARGETS_SESSION,
                                  &none), 0, "its time is over");

    test_bulk_end();
}


/* Runs of a worker until something has ended; the longest, in microseconds. */

static ngx_uint_t
test_bulk_slices(ngx_uint_t *longest)
{
    ngx_uint_t       i, us;
    struct timespec  from, to;

    *longest = 0;

    for (i = 0; bulk_ended == 0 && i < 100000; i++) {
        (void) clock_gettime(CLOCK_MONOTONIC, &from);
        (void) ngx_mqtt_worker_run(st.w);
        (void) clock_gettime(CLOCK_MONOTONIC, &to);

        us = (to.tv_sec - from.tv_sec) * 1000000
             + (to.tv_nsec - from.tv_nsec) / 1000;
        *longest = ngx_max(*longest, us);
    }

    return i;
}


static void
test_bulk_masses(void)
{
    char                 id[16];
    ngx_str_t            name, none;
    ngx_uint_t           i, n, us;
    ngx_mqtt_hub_t      *hub;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    test_bulk_begin(160 * 1024 * 1024);
    store_offline(&st, "x", "#", 1);
    hub = store_hub(&st, "h");
    ngx_str_null(&none);

    store_lock(&st);

    for (i = 0; i < MANY; i++) {
        name.data = (u_char *) id;
        name.len = sprintf(id, "c%lu", (unsigned long) i);

        s = ngx_mqtt_session_create_locked(&st.zone, hub, &name, &none, &none);
        s->expiry = NGX_MQTT_EXPIRY_NEVER;
        s->max_queued = 1000;
    }

    store_unlock(&st);

    st.zone.held = 0;
    bulk_ended = 0;
    is_int(bulk_start(bulk_make(st.w, NGX_MQTT_BULK_SEND,
                                NGX_MQTT_TARGETS_HUB, NULL, "m")),
           NGX_AGAIN, "a send to %d", MANY);
    n = test_bulk_slices(&us);
    is_int(bulk_rc, NGX_OK, "is done");
    ok(n > 20, "in %lu slices, the longest of %lu us", (unsigned long) n,
       (unsigned long) us);
    is_int(st.zone.root->blocks.nblocks[NGX_MQTT_KIND_ENTRY], MANY + 1,
           "all have it");

    /* another client is served meanwhile */

    bulk_ended = 0;
    is_int(bulk_start(bulk_make(st.w, NGX_MQTT_BULK_CLOSE,
                                NGX_MQTT_TARGETS_HUB, NULL, "all of you")),
           NGX_AGAIN, "close all");
    (void) ngx_mqtt_worker_run(st.w);
    is_int(bulk_ended, 0, "in slices");
    (void) store_connect(&c, st.w, "new", NULL);
    is_int(store_subscribe(&c, "t", 0, 0), NGX_OK, "others go on");
    is_int(store_publish(st.w, &c, "t", "q", 0, 0, 0, 0), 0, "others go on");
    (void) ngx_mqtt_worker_run(st.w);
    is_int(c.ngot, 1, "others go on");

    n = test_bulk_slices(&us);
    is_int(bulk_rc, NGX_OK, "is done");
    ok(n > 3 && bulk_count > MANY, "in %lu slices, the longest of %lu us",
       (unsigned long) n, (unsigned long) us);

    note("lock held at most %lu us",
         (unsigned long) (st.zone.held / ngx_mqtt_ticks_per_us()));

    store_close(&c, 1);

    for (i = 0; i < 10; i++) {
        store_run(st.w);
    }

    store_check(&st, "masses");
    is_int(store_used(&st), 0, "nothing is left");

    test_bulk_end();
}


void
test_bulk(void)
{
    test_bulk_sends();
    test_bulk_excluded();
    test_bulk_share();
    test_bulk_share_slow();
    test_bulk_filters();
    test_bulk_message();
    test_bulk_full();
    test_bulk_wide();
    test_bulk_turns();
    test_bulk_left();
    test_bulk_groups();
    test_bulk_many_groups();
    test_bulk_room();
    test_bulk_closes();
    test_bulk_told();
    test_bulk_exist();
    test_bulk_masses();
}
