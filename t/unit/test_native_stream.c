
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "pubsub.h"


#define RELIABLE  "json.reliable.webpubsub.azure.v1"
#define JSON      "json.webpubsub.azure.v1"

#define START     "{\"type\":\"sendToGroup\",\"group\":\"g\",\"stream\":{"     \
                  "\"streamId\":\"s\"}}"
#define DATA(n)   "{\"type\":\"streamData\",\"streamId\":\"s\","               \
                  "\"streamSequenceId\":" n ",\"dataType\":\"text\","          \
                  "\"data\":\"d" n "\"}"
#define END       "{\"type\":\"streamEnd\",\"streamId\":\"s\"}"

#define GOT(n)    "{\"type\":\"message\",\"from\":\"group\",\"group\":\"g\","  \
                  "\"fromUserId\":\"ann\",\"stream\":{\"streamId\":\"s\","     \
                  "\"streamSequenceId\":" n "},\"dataType\":\"text\","         \
                  "\"data\":\"d" n "\"}"
#define ACK(n)    "{\"type\":\"streamAck\",\"streamId\":\"s\","                \
                  "\"expectedSequenceId\":" n "}"
#define CLOSED    "{\"type\":\"streamClosed\",\"streamId\":\"s\""


static const pubsub_admit_t  ann = { .user = "ann" };
static const pubsub_admit_t  member = { .group = "g" };


static void
test_closed(pubsub_client_t *c, const char *name)
{
    char         want[128];
    const char  *got;

    (void) sprintf(want, CLOSED ",\"error\":{\"name\":\"%s\"", name);
    got = pubsub_next(c);

    if (!ok(strncmp(got, want, strlen(want)) == 0, "%s", name)) {
        note("got %s", got);
    }
}


static void
test_sent(store_t *st, ngx_mqtt_worker_t *w)
{
    store_client_t   m;
    pubsub_client_t  a, b, c;

    static const store_connect_t  plain;

    is_int(pubsub_admit(&a, w, JSON, &ann), 0, "one that sends");
    is_int(pubsub_admit(&b, w, JSON, &member), 0, "one that reads");
    is_int(pubsub_admit(&c, w, "", &member), 0, "a simple client");
    is_int(store_connect(&m, w, "m", &plain), 0, "an MQTT client");
    is_int(store_subscribe(&m, "g", 1, 0), NGX_OK, "subscribed");

    (void) pubsub_next(&a);
    (void) pubsub_next(&b);

    (void) pubsub_say(&a, DATA("1"));
    test_closed(&a, "StreamNotFound");

    (void) pubsub_say(&a, START);
    is_next(&a, ACK("1"), "it has begun");
    (void) pubsub_say(&a, START);
    test_closed(&a, "BadRequest");

    (void) pubsub_say(&a, DATA("1"));
    is_next(&a, ACK("2"), "the first one");
    is_next(&b, GOT("1"), "is read");

    (void) pubsub_say(&a, DATA("3"));
    is_next(&a, "{\"type\":\"streamNack\",\"name\":\"InvalidSequenceId\","
                "\"message\":\"Fragments are missing.\",\"streamId\":\"s\","
                "\"expectedSequenceId\":2}", "one is missing");
    (void) pubsub_say(&a, DATA("1"));
    is_next(&a, ACK("2"), "one that came before");
    (void) pubsub_say(&a, "{\"type\":\"streamData\",\"streamId\":\"s\"}");
    is_next(&a, ACK("2"), "a sign of life");
    is_int(b.seen, b.ngot, "nothing of that is read");

    (void) pubsub_say(&a, DATA("2"));
    is_next(&a, ACK("3"), "the second one");
    is_next(&b, GOT("2"), "is read");

    (void) pubsub_say(&a, END);
    is_next(&a, CLOSED "}", "its end");
    is_next(&b, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"g\","
                "\"fromUserId\":\"ann\",\"stream\":{\"streamId\":\"s\","
                "\"streamSequenceId\":3,\"endOfStream\":true},"
                "\"dataType\":\"text\",\"data\":\"\"}", "is read");

    is_int(c.ngot, 2, "simple clients get the data alone");
    is_next(&c, "d1", "the first");
    is_int(m.ngot, 2, "and so do those of MQTT");

    (void) pubsub_say(&a, START);
    is_next(&a, ACK("1"), "the id may be used again");
    (void) pubsub_say(&a, "{\"type\":\"streamEnd\",\"streamId\":\"s\","
                          "\"error\":{\"message\":\"m\","
                          "\"userErrorCode\":\"c\"}}");
    is_next(&a, CLOSED "}", "its end");
    ok(strstr(pubsub_next(&b), "\"endOfStream\":true,\"error\":{\"name\":"
                               "\"UserError\",\"message\":\"m\","
                               "\"userErrorCode\":\"c\"}") != NULL,
       "with an error");

    /* its time is over */

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"stream\":{\"streamId\":\"s\","
                          "\"idleTimeoutMs\":5000}}");
    is_next(&a, ACK("1"), "another one");
    store_check(st, "streams");

    ngx_current_msec += 4000;
    ok(ngx_mqtt_client_timer(&a.cl) <= 1000, "a timer");
    store_run(w);
    is_int(a.seen, a.ngot, "not yet");

    ngx_current_msec += 1000;
    (void) ngx_mqtt_client_timer(&a.cl);
    store_run(w);
    test_closed(&a, "IdleTimeout");
    ok(strstr(pubsub_next(&b), "\"endOfStream\":true,\"error\":{\"name\":"
                               "\"IdleTimeout\"") != NULL, "those who read");

    /* of two, one at a time */

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"stream\":{\"streamId\":\"s\","
                          "\"idleTimeoutMs\":10}}");
    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"stream\":{\"streamId\":\"t\","
                          "\"idleTimeoutMs\":20}}");
    (void) pubsub_next(&a);
    (void) pubsub_next(&a);

    ngx_current_msec += 20;
    is_int(ngx_mqtt_client_timer(&a.cl), 1, "the next one soon");
    store_run(w);
    (void) pubsub_next(&a);
    is_int(a.seen, a.ngot, "one has ended");
    (void) ngx_mqtt_client_timer(&a.cl);
    store_run(w);
    (void) pubsub_next(&a);
    is_int(a.seen, a.ngot, "and another one");
    (void) ngx_mqtt_client_timer(&a.cl);
    is_int(a.cl.native->idle, 0, "none is left");
    (void) pubsub_next(&b);
    (void) pubsub_next(&b);

    (void) pubsub_say(&a, START);
    is_int(store_blocks(st, NGX_MQTT_KIND_NATIVE), 4, "one is left");

    /* it ends with its session, and so does another one */

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"stream\":{\"streamId\":\"t\"}}");
    pubsub_lose(&a);
    ok(strstr(pubsub_next(&b), "\"streamId\":\"t\",\"streamSequenceId\":1,"
                               "\"endOfStream\":true,\"error\":{\"name\":"
                               "\"Cancelled\"") != NULL, "cancelled");
    ok(strstr(pubsub_next(&b), "\"streamId\":\"s\"") != NULL, "both");
    is_int(b.seen, b.ngot, "once each");

    pubsub_lose(&b);
    pubsub_lose(&c);
    store_close(&m, 0);
    is_int(store_blocks(st, NGX_MQTT_KIND_NATIVE), 0, "nothing is left");
}


static void
test_recovered(store_t *st, ngx_mqtt_worker_t *w)
{
    pubsub_client_t  a, b, c;

    is_int(pubsub_admit(&a, w, RELIABLE, &ann), 0, "one that sends");
    is_int(pubsub_admit(&b, w, JSON, &member), 0, "one that reads");
    (void) pubsub_next(&a);
    (void) pubsub_next(&b);

    (void) pubsub_say(&a, START);
    (void) pubsub_say(&a, DATA("1"));
    ngx_mqtt_client_lost(&a.cl);

    is_int(pubsub_recover(&c, w, RELIABLE, &a), NGX_OK, "recovered");
    (void) pubsub_next(&c);
    (void) pubsub_say(&c, DATA("1"));
    is_next(&c, ACK("2"), "it knows the first one");
    (void) pubsub_say(&c, DATA("2"));
    is_next(&c, ACK("3"), "it goes on");

    is_next(&b, GOT("1"), "the first");
    is_next(&b, GOT("2"), "the second");
    is_int(b.seen, b.ngot, "once");

    store_check(st, "recovered");

    pubsub_free(&a);
    pubsub_lose(&b);
    pubsub_lose(&c);
}


void
test_native_stream(void)
{
    store_t             st;
    ngx_mqtt_worker_t  *w;

    store_create(&st, 16 * 1024 * 1024);
    w = pubsub_worker(&st);

    test_sent(&st, w);
    test_recovered(&st, w);

    while (pubsub_nevents) {
        pubsub_reply(200, NULL, "");
    }

    ngx_mqtt_worker_destroy(w);
    store_check(&st, "end");
    store_destroy(&st);
}
