
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "pubsub.h"


#define RELIABLE  "json.reliable.webpubsub.azure.v1"
#define JSON      "json.webpubsub.azure.v1"


static const pubsub_admit_t  member = { .group = "g", .user = "ann" };


static void
test_publish(ngx_mqtt_worker_t *w, ngx_uint_t from, ngx_uint_t to)
{
    char        payload[32];
    ngx_uint_t  i;

    for (i = from; i <= to; i++) {
        (void) sprintf(payload, "%lu", (unsigned long) i);
        (void) store_publish(w, NULL, "g", payload, 0, i % 2, 0, 0);
    }

    store_run(w);
}


/* Messages with sequence ids and payloads from .. to follow, and no other. */

static void
test_sequence(pubsub_client_t *c, ngx_uint_t from, ngx_uint_t to,
    const char *what)
{
    char         id[64];
    u_char       buf[64];
    ngx_str_t    payload, base64;
    ngx_uint_t   i, wrong;
    const char  *got;

    wrong = 0;
    got = "";

    for (i = from; i <= to; i++) {
        payload.data = buf;
        payload.len = ngx_sprintf(buf, "%ui", i) - buf;
        base64.data = buf + 32;
        ngx_encode_base64(&base64, &payload);
        base64.data[base64.len] = '\0';

        (void) sprintf(id, "\"sequenceId\":%lu,", (unsigned long) i);
        got = pubsub_next(c);

        wrong += (strstr(got, id) == NULL
                  || strstr(got, (char *) base64.data) == NULL);
    }

    if (!is_int(wrong, 0, "%s: %lu to %lu", what, (unsigned long) from,
                (unsigned long) to))
    {
        note("the last is %s", got);
    }

    is_int(c->seen, c->ngot, "%s: that is all", what);
}


static void
test_recovery(store_t *st, ngx_mqtt_worker_t *w, ngx_mqtt_worker_t *w2)
{
    pubsub_client_t  a, b, c, d;

    is_int(pubsub_admit(&a, w, RELIABLE, &member), 0, "admitted");
    ok(strstr(pubsub_next(&a), "\"reconnectionToken\":\"") != NULL,
       "it has a token");

    test_publish(w, 1, 5);
    test_sequence(&a, 1, 5, "at first");
    is_int(a.cl.attach->session->queued, 5, "all wait for an ack");

    (void) pubsub_say(&a, "{\"type\":\"sequenceAck\",\"sequenceId\":3}");
    is_int(a.cl.attach->session->queued, 2, "acknowledged");
    (void) pubsub_say(&a, "{\"type\":\"sequenceAck\",\"sequenceId\":99}");
    is_int(a.cl.attach->session->queued, 2, "an id that was not given out");
    store_check(st, "acknowledged");

    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"h\","
                          "\"ackId\":1}");
    (void) pubsub_next(&a);

    ngx_mqtt_client_lost(&a.cl);
    store_run(w);
    test_publish(w, 6, 7);

    is_int(pubsub_recover_as(&c, w2, RELIABLE, pubsub_member(&a, "x"), "y"),
           NGX_DECLINED, "no id");
    a.seen = 1;
    is_int(pubsub_recover_as(&c, w2, RELIABLE,
                             pubsub_member(&a, "connectionId"), "y"),
           NGX_DECLINED, "a wrong token");
    is_int(pubsub_recover(&c, w2, JSON, &a), NGX_DECLINED,
           "another subprotocol");

    is_int(pubsub_recover(&b, w2, RELIABLE, &a), NGX_OK, "another worker");
    ok(strstr(pubsub_next(&b), "\"userId\":\"ann\"") != NULL, "its user");
    ok(strcmp(pubsub_member(&b, "reconnectionToken"), "") != 0, "a token");
    test_sequence(&b, 4, 7, "what was not acknowledged, and the rest");

    (void) pubsub_say(&b, "{\"type\":\"joinGroup\",\"group\":\"h\","
                          "\"ackId\":1}");
    ok(strstr(pubsub_next(&b), "Duplicate") != NULL, "ids are remembered");

    /* while its old connection seems to be there */

    is_int(pubsub_recover(&d, w, RELIABLE, &b), NGX_OK, "taken over");
    (void) pubsub_next(&d);
    test_sequence(&d, 4, 7, "once more");
    store_run(w2);
    is_int(b.reason, NGX_MQTT_SESSION_TAKEN_OVER, "the other one is closed");

    (void) pubsub_say(&d, "{\"type\":\"sequenceAck\",\"sequenceId\":7}");
    test_publish(w, 8, 8);
    test_sequence(&d, 8, 8, "it goes on");
    store_check(st, "recovered");

    /* a close frame is its end */

    ngx_mqtt_native_goodbye(&d.cl);
    ngx_mqtt_client_lost(&d.cl);
    store_run(w);

    is_int(pubsub_recover(&c, w, RELIABLE, &d), NGX_DECLINED, "it has ended");
    is_int(store_blocks(st, NGX_MQTT_KIND_SESSION), 0, "nothing is left");

    pubsub_free(&a);
    pubsub_free(&b);
    pubsub_free(&d);
}


static void
test_time(ngx_mqtt_worker_t *w)
{
    pubsub_client_t  a, b;

    is_int(pubsub_admit(&a, w, RELIABLE, &member), 0, "admitted");
    (void) pubsub_next(&a);

    ngx_mqtt_client_lost(&a.cl);
    store_time(w, 61000);

    is_int(pubsub_recover(&b, w, RELIABLE, &a), NGX_DECLINED, "too late");
    pubsub_free(&a);
}


/* More than the queue takes. */

static void
test_overflow(store_t *st, ngx_mqtt_worker_t *w)
{
    ngx_uint_t       i;
    pubsub_client_t  a, b;

    static const pubsub_admit_t  tight = { .group = "g", .max_queued = 10 };

    for (i = 0; i < 2; i++) {
        is_int(pubsub_admit(&a, w, RELIABLE, &tight), 0, "admitted");
        (void) pubsub_next(&a);

        if (i) {
            ngx_mqtt_client_lost(&a.cl);
        }

        test_publish(w, 1, 12);

        if (i == 0) {
            is_int(a.reason, NGX_MQTT_QUOTA_EXCEEDED, "1008");
        }

        is_int(pubsub_recover(&b, w, RELIABLE, &a), NGX_DECLINED,
               "it cannot be recovered");
        is_int(store_blocks(st, NGX_MQTT_KIND_SESSION), 0, "its end");
        pubsub_free(&a);
    }
}


/* All that may be in flight, beyond where 16 bits begin anew. */

static void
test_wrap(store_t *st, ngx_mqtt_worker_t *w)
{
    char             buf[128];
    ngx_uint_t       i;
    pubsub_client_t  a, b;

    static const pubsub_admit_t  wide = { .group = "g", .max_queued = 1500 };

    is_int(pubsub_admit(&a, w, RELIABLE, &wide), 0, "admitted");
    (void) pubsub_next(&a);

    ngx_mqtt_worker_lock(w);
    a.cl.attach->session->native->sequence = 3 * 65536 - 100;
    ngx_mqtt_worker_unlock(w);

    for (i = 0; i < 1200; i++) {
        (void) store_publish(w, NULL, "g", "x", 0, 1, 0, 0);
    }

    store_run(w);

    is_int(a.ngot, 1 + NGX_MQTT_WINDOW_MAX, "the window");
    store_check(st, "a full window");

    a.seen = a.ngot - 1;
    (void) sprintf(buf, "\"sequenceId\":%d,", 3 * 65536 - 100
                                              + NGX_MQTT_WINDOW_MAX);
    ok(strstr(pubsub_next(&a), buf) != NULL, "the last one's id");

    ngx_mqtt_client_lost(&a.cl);
    is_int(pubsub_recover(&b, w, RELIABLE, &a), NGX_OK, "recovered");
    is_int(b.ngot, 1 + NGX_MQTT_WINDOW_MAX, "the same again");

    b.seen = 1;
    ok(strstr(pubsub_next(&b), "\"sequenceId\":196509,") != NULL, "ids, too");

    (void) sprintf(buf, "{\"type\":\"sequenceAck\",\"sequenceId\":%d}",
                   3 * 65536 - 100 + NGX_MQTT_WINDOW_MAX);
    (void) pubsub_say(&b, buf);
    is_int(b.ngot, 1201, "the rest");
    is_int(b.cl.attach->session->queued, 176, "waits for an ack");

    store_check(st, "the rest");
    ngx_mqtt_client_close(&b.cl, NGX_MQTT_ADMINISTRATIVE_ACTION);
    store_run(w);
    is_int(store_blocks(st, NGX_MQTT_KIND_SESSION), 0, "closed by us: its end");

    pubsub_free(&a);
    pubsub_free(&b);
}


void
test_native_reliable(void)
{
    store_t             st;
    ngx_mqtt_worker_t  *w, *w2;

    store_create(&st, 16 * 1024 * 1024);
    w = pubsub_worker(&st);
    w2 = pubsub_worker(&st);

    test_recovery(&st, w, w2);
    test_time(w);
    test_overflow(&st, w);
    test_wrap(&st, w);

    while (pubsub_nevents) {
        pubsub_reply(200, NULL, "");
    }

    ngx_mqtt_worker_destroy(w2);
    ngx_mqtt_worker_destroy(w);
    store_check(&st, "end");
    store_destroy(&st);
}
