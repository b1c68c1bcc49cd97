
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "pubsub.h"


#define JSON      "json.webpubsub.azure.v1"
#define RELIABLE  "json.reliable.webpubsub.azure.v1"
#define PROTO     "protobuf.webpubsub.azure.v1"


static const pubsub_admit_t  anybody;
static const pubsub_admit_t  user = { .user = "ann" };


/* an ack of success */

static void
test_acked(pubsub_client_t *c, uint64_t id, const char *what)
{
    char  want[128];

    (void) sprintf(want, "{\"type\":\"ack\",\"ackId\":%llu,\"success\":true}",
                   (unsigned long long) id);

    is_next(c, want, "%s: ack", what);
}


static void
test_refused(pubsub_client_t *c, uint64_t id, const char *name,
    const char *what)
{
    char         want[128];
    const char  *got;

    (void) sprintf(want, "{\"type\":\"ack\",\"ackId\":%llu,\"success\":false,"
                         "\"error\":{\"name\":\"%s\",",
                   (unsigned long long) id, name);

    got = pubsub_next(c);

    if (!ok(strncmp(got, want, strlen(want)) == 0, "%s: refused", what)) {
        note("got %s", got);
    }
}


static void
test_groups(store_t *st, ngx_mqtt_worker_t *w)
{
    pubsub_client_t  a, b;

    is_int(pubsub_admit(&a, w, JSON, &user), 0, "admitted");

    ok(strstr(pubsub_next(&a), "\"event\":\"connected\",\"userId\":\"ann\"")
       != NULL, "connected");
    is_int(strlen(pubsub_member(&a, "connectionId")), 32, "connection id");
    is_str(&a.cl.client_id, pubsub_member(&a, "connectionId"), "the same");
    ok(strcmp(pubsub_member(&a, "reconnectionToken"), "") == 0, "no token");

    is_int(pubsub_admit(&b, w, JSON, &anybody), 0, "another one");
    (void) pubsub_next(&b);

    (void) pubsub_say(&a, "{\"type\":\"ping\"}");
    is_next(&a, "{\"type\":\"pong\"}", "pong");

    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"g\","
                          "\"ackId\":1}");
    test_acked(&a, 1, "join");

    (void) pubsub_say(&b, "{\"type\":\"joinGroup\",\"group\":\"g\"}");
    is_int(b.ngot, 1, "without an id there is no ack");

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"dataType\":\"text\",\"data\":\"a\\\"b\","
                          "\"ackId\":2}");
    test_acked(&a, 2, "send");
    is_next(&a, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"g\","
                "\"fromUserId\":\"ann\",\"dataType\":\"text\","
                "\"data\":\"a\\\"b\"}", "its own message");
    is_next(&b, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"g\","
                "\"fromUserId\":\"ann\",\"dataType\":\"text\","
                "\"data\":\"a\\\"b\"}", "the other's");

    (void) pubsub_say(&b, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"data\":{\"x\": [1]},\"noEcho\":true,"
                          "\"metadata\":{\"K\":\"v\"}}");
    is_next(&a, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"g\","
                "\"metadata\":{\"k\":\"v\"},\"dataType\":\"json\","
                "\"data\":{\"x\": [1]}}", "JSON as it was, with metadata");
    is_int(b.seen, b.ngot, "no echo");

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"data\":1,\"ackId\":2}");
    test_refused(&a, 2, "Duplicate", "an id for the second time");
    is_int(b.seen, b.ngot, "and no message");

    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"g\","
                          "\"ackId\":1}");
    test_refused(&a, 1, "Duplicate", "join");

    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"g/#\","
                          "\"ackId\":3}");
    test_refused(&a, 3, "BadRequest", "a wildcard");

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"$g\","
                          "\"data\":1,\"ackId\":3}");
    test_refused(&a, 3, "Forbidden", "a group of the server");

    (void) pubsub_say(&a, "{\"type\":\"leaveGroup\",\"group\":\"g\","
                          "\"ackId\":3}");
    test_acked(&a, 3, "leave, with an id that had failed");

    (void) pubsub_say(&a, "{\"type\":\"leaveGroup\",\"group\":\"other\","
                          "\"ackId\":4}");
    test_acked(&a, 4, "leave a group it is not in");

    (void) pubsub_say(&b, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"dataType\":\"binary\",\"data\":\"AAEC\"}");
    is_int(a.seen, a.ngot, "it has left");
    is_next(&b, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"g\","
                "\"dataType\":\"binary\",\"data\":\"AAEC\"}", "binary");

    store_check(st, "groups");

    is_int(pubsub_say(&b, "{\"type\":\"joinGroup\""), NGX_ERROR, "no JSON");
    is_int(b.reason, NGX_MQTT_PAYLOAD_FORMAT_INVALID, "1007");
    ok(strstr(pubsub_next(&b), "\"event\":\"disconnected\"") != NULL,
       "disconnected");

    is_int(pubsub_say_bytes(&a, NGX_MQTT_WS_BINARY, "{}", 2), NGX_ERROR,
           "a binary message");
    is_int(a.reason, NGX_MQTT_PROTOCOL_ERROR, "1003");

    pubsub_free(&a);
    pubsub_free(&b);
    is_int(store_blocks(st, NGX_MQTT_KIND_SESSION), 0, "nothing is left");
    is_int(store_blocks(st, NGX_MQTT_KIND_NATIVE), 0, "of that neither");
}


static void
test_roles(ngx_mqtt_worker_t *w)
{
    pubsub_client_t  a;

    static const pubsub_admit_t  some = {
        .role = "webpubsub.joinLeaveGroup.g", .group = "put"
    };

    is_int(pubsub_admit(&a, w, JSON, &some), 0, "admitted");
    (void) pubsub_next(&a);

    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"g\","
                          "\"ackId\":1}");
    test_acked(&a, 1, "its group");

    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"h\","
                          "\"ackId\":2}");
    is_next(&a, "{\"type\":\"ack\",\"ackId\":2,\"success\":false,\"error\":{"
                "\"name\":\"Forbidden\",\"message\":\"The client has no "
                "permission to join group 'h'.\"}}", "another group");

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"g\","
                          "\"data\":1,\"ackId\":3}");
    test_refused(&a, 3, "Forbidden", "sending");

    (void) store_publish(w, NULL, "put", "x", 0, 0, 0, 0);
    store_run(w);
    is_next(&a, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"put\","
                "\"dataType\":\"binary\",\"data\":\"eA==\"}",
            "the group it was put into");

    pubsub_lose(&a);
}


/* MQTT clients of the store say nothing of themselves: their hub may not. */

static void
test_mqtt(store_t *st, ngx_mqtt_worker_t *w)
{
    ngx_str_t          id;
    ngx_uint_t         i;
    ngx_pool_t        *pool;
    store_client_t     m, other;
    pubsub_client_t    a;
    ngx_mqtt_props_t   props;
    ngx_mqtt_inbound_t in;

    static const store_connect_t  plain;

    static const struct {
        const char    *type;
        const char    *payload;
        ngx_uint_t     data_type;
    } types[] = {
        { "application/json", "\"ja\"", NGX_MQTT_DATA_JSON },
        { "application/json; charset=utf-8", "\"ja\"", NGX_MQTT_DATA_JSON },
        { "application/json", "{", NGX_MQTT_DATA_BINARY },
        { "TEXT/plain", "{", NGX_MQTT_DATA_TEXT },
        { "application/xml", "\"ja\"", NGX_MQTT_DATA_BINARY }
    };

    is_int(pubsub_admit(&a, w, JSON, &anybody), 0, "admitted");
    (void) pubsub_next(&a);
    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"s/1\"}");

    is_int(store_connect(&m, w, "m", &plain), 0, "MQTT client");
    is_int(store_subscribe(&m, "s/#", 1, 0), NGX_OK, "with a wildcard");

    (void) pubsub_say(&a, "{\"type\":\"sendToGroup\",\"group\":\"s/1\","
                          "\"data\":\"x\",\"dataType\":\"text\","
                          "\"ttlSeconds\":5}");
    is_int(m.ngot, 1, "MQTT gets it");
    is_int(m.got[0].qos, 1, "with QoS 1");
    ok(strcmp(m.got[0].payload, "x") == 0, "the payload alone");
    store_ack(&m, 0);
    store_run(w);
    (void) pubsub_next(&a);

    (void) store_publish(w, &m, "s/1", "hi", 0, 0, 1, 0);
    store_run(w);
    is_next(&a, "{\"type\":\"message\",\"from\":\"group\",\"group\":\"s/1\","
                "\"dataType\":\"binary\",\"data\":\"aGk=\"}", "MQTT's");

    (void) pubsub_say(&a, "{\"type\":\"leaveGroup\",\"group\":\"s/1\"}");
    (void) pubsub_say(&a, "{\"type\":\"joinGroup\",\"group\":\"s/1\"}");
    is_int(a.seen, a.ngot, "nothing that was retained");

    id = store_str("ann");

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
        ngx_memzero(&props, sizeof(ngx_mqtt_props_t));

        in.topic = store_str("s/1");
        in.payload = store_str(types[i].payload);
        in.props = &props;
        props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_CONTENT_TYPE);
        props.content_type = store_str(types[i].type);

        pool = ngx_create_pool(1024, &test_log);
        is_int(ngx_mqtt_native_extra_mqtt(pool, &in, &id, NULL), NGX_OK, "extra");
        is_int(in.extra.data[20], types[i].data_type, "%s", types[i].type);
        ngx_destroy_pool(pool);
    }

    /* neither can have the other's session */

    a.seen = 1;
    is_int(store_connect(&other, w, pubsub_member(&a, "connectionId"), &plain),
           NGX_MQTT_NOT_AUTHORIZED, "a native session is not MQTT's");

    pubsub_lose(&a);
    store_close(&m, 0);
    store_check(st, "MQTT");
}


static void
test_simple(ngx_mqtt_worker_t *w)
{
    pubsub_client_t    a, b, c;
    pubsub_message_t  *m;

    static const pubsub_admit_t  sends = { .sends = "g" };
    static const pubsub_admit_t  alone = { .sends = "g", .no_echo = 1 };
    static const pubsub_admit_t  member = { .group = "g", .user = "bob" };
    static const pubsub_admit_t  idle = { .sends = "g", .role = "none" };

    is_int(pubsub_admit(&a, w, "", &member), 0, "a simple client");
    is_int(a.ngot, 0, "is told nothing");
    is_int(pubsub_admit(&b, w, "own", &sends), 0, "one that sends");
    is_int(pubsub_admit(&c, w, "", &idle), 0, "one that may not");

    (void) pubsub_say(&b, "\"x");
    m = pubsub_next_message(&a);
    is_mem(m->data, m->len, "\"x", 2, "text as it is");
    is_int(m->opcode, NGX_MQTT_WS_TEXT, "as text");

    (void) pubsub_say_bytes(&b, NGX_MQTT_WS_BINARY, "\0\1", 2);
    m = pubsub_next_message(&a);
    is_mem(m->data, m->len, "\0\1", 2, "bytes");
    is_int(m->opcode, NGX_MQTT_WS_BINARY, "as such");

    is_int(pubsub_say(&c, "x"), NGX_ERROR, "closed");
    is_int(c.reason, NGX_MQTT_NOT_AUTHORIZED, "1008");
    is_int(a.seen, a.ngot, "nothing was sent");

    is_int(pubsub_say(&b, "\xff"), NGX_ERROR, "not UTF-8");
    is_int(b.reason, NGX_MQTT_PAYLOAD_FORMAT_INVALID, "1007");

    pubsub_free(&b);
    pubsub_free(&c);

    is_int(pubsub_admit(&b, w, "", &alone), 0, "one without echo");
    (void) pubsub_say(&b, "y");
    is_next(&a, "y", "the other one gets it");

    pubsub_lose(&b);
    pubsub_lose(&a);
}


/* Takes the event that was raised last, which must be that. */

static ngx_mqtt_event_t *
test_event(const char *name)
{
    static ngx_mqtt_event_t  none;

    if (!is_int(pubsub_nevents, 1, "an event")) {
        return &none;
    }

    is_str(&pubsub_events[0]->name, name, "event \"%s\"", name);

    return pubsub_events[0];
}


static void
test_events(ngx_mqtt_worker_t *w)
{
    ngx_keyval_t      *kv;
    pubsub_client_t    a, b;
    ngx_mqtt_event_t  *ev;

    static const pubsub_admit_t  baker = { .user = "ann", .cookie = "k=v" };

    is_int(pubsub_admit(&a, w, JSON, &baker), 0, "admitted");
    (void) pubsub_next(&a);

    ev = test_event("connected");
    is_str(&ev->subprotocol, JSON, "subprotocol");
    is_str(&ev->cookie, "k=v", "cookie");
    is_str(&ev->user_id, "ann", "user");
    is_int(ev->physical_id.len + ev->session_id.len, 0, "no further ids");
    pubsub_reply(200, NULL, "");

    (void) pubsub_say(&a, "{\"type\":\"event\",\"event\":\"e\","
                          "\"dataType\":\"text\",\"data\":\"d\","
                          "\"metadata\":{\"m\":\"1\"},\"ackId\":1}");

    ev = test_event("e");
    is_str(&ev->content_type, "text/plain", "content type");
    is_str(&ev->body, "d", "body");
    is_str(&ev->cookie, "k=v", "cookie");
    is_int(ev->headers.nelts, 1, "a header");
    kv = ev->headers.elts;
    is_str(&kv->key, "x-webpubsub-metadata-m", "metadata");
    is_int(a.seen, a.ngot, "no ack before the answer");

    pubsub_reply(200, "application/json", "[1]");
    test_acked(&a, 1, "event");
    is_next(&a, "{\"type\":\"message\",\"from\":\"server\","
                "\"dataType\":\"json\",\"data\":[1]}", "the answer");

    (void) pubsub_say(&a, "{\"type\":\"event\",\"event\":\"e\","
                          "\"data\":1,\"ackId\":1}");
    test_refused(&a, 1, "Duplicate", "event");
    is_int(pubsub_nevents, 0, "not raised again");

    (void) pubsub_say(&a, "{\"type\":\"event\",\"event\":\"e\","
                          "\"data\":1,\"ackId\":2}");
    pubsub_reply(204, NULL, "");
    test_acked(&a, 2, "an answer without a body");
    is_int(a.seen, a.ngot, "no message");

    (void) pubsub_say(&a, "{\"type\":\"event\",\"event\":\"e\","
                          "\"data\":1,\"ackId\":3}");
    pubsub_reply(500, NULL, "x");
    test_refused(&a, 3, "InternalServerError", "an answer of 500");

    (void) pubsub_say(&a, "{\"type\":\"event\",\"event\":\"deaf\","
                          "\"data\":1,\"ackId\":3}");
    test_refused(&a, 3, "InternalServerError", "nobody wants it");

    (void) pubsub_say(&a, "{\"type\":\"invoke\",\"target\":\"event\","
                          "\"event\":\"i\",\"invocationId\":\"7\","
                          "\"data\":1}");
    pubsub_reply(200, "text/plain", "r");
    is_next(&a, "{\"type\":\"invokeResponse\",\"invocationId\":\"7\","
                "\"success\":true,\"dataType\":\"text\",\"data\":\"r\"}",
            "invoke");

    (void) pubsub_say(&a, "{\"type\":\"invoke\",\"target\":\"event\","
                          "\"event\":\"i\",\"invocationId\":\"8\","
                          "\"data\":1}");
    pubsub_reply(404, NULL, "");
    ok(strstr(pubsub_next(&a), "\"invocationId\":\"8\",\"success\":false")
       != NULL, "an invocation that fails");

    (void) pubsub_say(&a, "{\"type\":\"invoke\",\"target\":\"event\","
                          "\"event\":\"i\",\"invocationId\":\"9\","
                          "\"data\":1}");
    (void) pubsub_say(&a, "{\"type\":\"cancelInvocation\","
                          "\"invocationId\":\"9\"}");
    pubsub_reply(200, NULL, "x");
    is_int(a.seen, a.ngot, "nothing on one that was cancelled");

    /* the client is gone when the answer comes */

    (void) pubsub_say(&a, "{\"type\":\"event\",\"event\":\"e\","
                          "\"data\":1,\"ackId\":4}");
    pubsub_lose(&a);
    pubsub_reply(200, NULL, "x");

    ev = test_event("disconnected");
    is_str(&ev->body, "{\"reason\":\"connection was lost\"}", "why");
    is_str(&ev->subprotocol, JSON, "subprotocol");
    is_str(&ev->cookie, "k=v", "cookie");
    pubsub_reply(200, NULL, "");

    is_int(pubsub_admit(&b, w, "own", &anybody), 0, "a simple client");
    ev = test_event("connected");
    is_str(&ev->subprotocol, "own", "its subprotocol");
    pubsub_reply(200, NULL, "");

    (void) pubsub_say(&b, "hello");
    ev = test_event("message");
    is_str(&ev->content_type, "text/plain", "content type");
    pubsub_reply(200, "text/plain", "you");
    is_next(&b, "you", "the answer");

    (void) pubsub_say(&b, "hello");
    pubsub_reply(500, NULL, "");
    is_int(b.reason, NGX_MQTT_IMPLEMENTATION_ERROR, "1011");
    pubsub_free(&b);

    ev = test_event("disconnected");
    is_str(&ev->subprotocol, "own", "its subprotocol");
    pubsub_reply(200, NULL, "");
}


/* Of ids that were carried out, the last thousand are remembered. */

static void
test_ids(store_t *st, ngx_mqtt_worker_t *w)
{
    char             buf[128];
    uint64_t         id;
    ngx_uint_t       i, n;
    pubsub_client_t  a;

    is_int(pubsub_admit(&a, w, JSON, &anybody), 0, "admitted");

    for (i = 0; i < 1500; i++) {

        /* runs, and single ones from the end of all ids */

        id = (i % 3) ? i : ~(uint64_t) i;

        (void) sprintf(buf, "{\"type\":\"joinGroup\",\"group\":\"g\","
                            "\"ackId\":%llu}", (unsigned long long) id);
        (void) pubsub_say(&a, buf);
    }

    is_int(a.ngot, 1501, "an ack for each");
    is_int(a.cl.attach->session->native->nacks, 1000, "remembered");
    store_check(st, "ids");

    n = 0;

    for (i = 0; i < 1500; i++) {
        id = (i % 3) ? i : ~(uint64_t) i;
        n += (ngx_mqtt_native_acked_locked(a.cl.attach->session, id)
              != (i >= 500));
    }

    is_int(n, 0, "those are the last ones");

    pubsub_lose(&a);
    is_int(store_blocks(st, NGX_MQTT_KIND_NATIVE), 0, "nothing is left");
}


/* What takes pieces says the same as the writers of whole messages. */

static void
test_large(store_t *st, ngx_mqtt_worker_t *w)
{
    size_t                      size, len;
    u_char                     *p, *want, *last;
    ngx_uint_t                  i, k, wrong;
    ngx_pool_t                 *pool;
    pubsub_client_t             c[3];
    pubsub_message_t           *m;
    ngx_mqtt_props_t            props;
    ngx_mqtt_inbound_t          in;
    ngx_mqtt_publish_args_t     args;
    ngx_mqtt_native_response_t  r;

    static const size_t  sizes[] = {
        0, 1, 100, 7000, 8100, 8191, 8192, 8193, 16000, 16384, 40000, 40001,
        40002, 300000
    };
    static const char           *protocols[] = { JSON, PROTO, "" };
    static const pubsub_admit_t  member = { .group = "g" };

    ngx_memzero(&r, sizeof(ngx_mqtt_native_response_t));
    wrong = 0;

    for (k = 0; k < 3; k++) {
        is_int(pubsub_admit(&c[k], w, protocols[k], &member), 0, "admitted");
        c[k].seen = c[k].ngot;
    }

    for (i = 0; i < 4 * sizeof(sizes) / sizeof(sizes[0]); i++) {

        size = sizes[i / 4];
        r.type = NGX_MQTT_NATIVE_GROUP;
        r.data_type = NGX_MQTT_DATA_TEXT + i % 4;
        r.group = store_str("g");
        r.user_id = store_str("ann");

        p = malloc(size + 2);

        for (len = 0; len < size; len++) {
            p[len] = (r.data_type == NGX_MQTT_DATA_TEXT)
                     ? (u_char) (len * 7 % 0x7f) : (u_char) (len * 11);
        }

        if (r.data_type == NGX_MQTT_DATA_JSON) {
            size = ngx_max(size, 2);
            ngx_memset(p, '1', size);
        }

        ngx_mqtt_native_set_data(&r, r.data_type, p, size);

        pool = ngx_create_pool(1024, &test_log);
        ngx_memzero(&props, sizeof(ngx_mqtt_props_t));
        ngx_memzero(&in, sizeof(ngx_mqtt_inbound_t));
        ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

        in.topic = r.group;
        in.payload.data = p;
        in.payload.len = size;
        in.qos = 1;

        (void) ngx_mqtt_native_extra(pool, &r, &in.extra);

        args.message = ngx_mqtt_publish_store(w, &in);
        ngx_mqtt_worker_lock(w);
        args.hub = store_hub(st, "h");
        (void) ngx_mqtt_publish_locked(w, &args);
        ngx_mqtt_worker_unlock(w);

        ngx_mqtt_publish_drop(w);
        store_run(w);

        for (k = 0; k < 3; k++) {
            m = pubsub_next_message(&c[k]);

            want = malloc(6 * size + 1000);

            last = (k == 0) ? ngx_mqtt_native_json_write(want, &r)
                 : (k == 1) ? ngx_mqtt_native_proto_write(want, &r)
                 : ngx_cpymem(want, p, size);
            len = last - want;

            /* escapes may be written in more than one way */

            if (k == 0 && r.data_type == NGX_MQTT_DATA_TEXT && size >= 8000) {
                wrong += (m->len < len || m->data[m->len - 1] != '}');

            } else if (m->len != len || memcmp(m->data, want, len) != 0) {
                wrong++;
                note("size %lu, type %lu, protocol %lu: %lu bytes, not %lu",
                     (unsigned long) size, (unsigned long) r.data_type,
                     (unsigned long) k, (unsigned long) m->len,
                     (unsigned long) len);
            }

            free(want);
        }

        ngx_destroy_pool(pool);
        free(p);
    }

    is_int(wrong, 0, "messages of all sizes and types");
    ok(c[0].got[c[0].ngot - 1].frames > 2, "large ones are fragments");

    for (k = 0; k < 3; k++) {
        pubsub_lose(&c[k]);
    }

    store_check(st, "large messages");
}


/* So many subscribers that a message takes several passes. */

static void
test_wide(store_t *st, ngx_mqtt_worker_t *w)
{
    char             id[32];
    ngx_int_t        rc;
    ngx_uint_t       i;
    pubsub_client_t  a, b;

    static char  say[] = "{\"type\":\"sendToGroup\",\"group\":\"w\","
                         "\"data\":1,\"ackId\":1}";

    for (i = 0; i < 9000; i++) {
        (void) sprintf(id, "w%lu", (unsigned long) i);
        store_offline(st, id, "w", 1);
    }

    is_int(pubsub_admit(&a, w, JSON, &anybody), 0, "admitted");
    is_int(pubsub_admit(&b, w, JSON, &anybody), 0, "another one");
    (void) pubsub_next(&a);

    rc = ngx_mqtt_client_turn(&a.cl);
    is_int(rc, NGX_OK, "its turn");
    rc = ngx_mqtt_native_input(&a.cl, NGX_MQTT_WS_TEXT, (u_char *) say,
                               sizeof(say) - 1);
    is_int(rc, NGX_BUSY, "it takes a while");

    rc = ngx_mqtt_native_input(&b.cl, NGX_MQTT_WS_TEXT, (u_char *) say,
                               sizeof(say) - 1);
    is_int(rc, NGX_AGAIN, "so that others have to wait");

    is_int(a.ngot, 1, "no ack so far");
    store_run(w);

    is_int(a.nresumes, 1, "it goes on");
    ok(b.nresumes >= 1, "and so do others");
    test_acked(&a, 1, "send");
    ok(ngx_mqtt_native_acked_locked(a.cl.attach->session, 1), "remembered");
    is_int(store_queued(st, "w0", "1") + store_queued(st, "w8999", "1"), 2,
           "everybody has it");

    pubsub_lose(&a);
    pubsub_lose(&b);
}


void
test_native_client(void)
{
    store_t             st;
    ngx_mqtt_worker_t  *w;

    store_create(&st, 16 * 1024 * 1024);
    w = pubsub_worker(&st);

    test_groups(&st, w);
    test_roles(w);
    test_mqtt(&st, w);
    test_simple(w);

    while (pubsub_nevents) {
        pubsub_reply(200, NULL, "");
    }

    test_events(w);
    test_ids(&st, w);
    test_large(&st, w);
    test_wide(&st, w);

    while (pubsub_nevents) {
        pubsub_reply(200, NULL, "");
    }

    ngx_mqtt_worker_destroy(w);
    store_check(&st, "end");
    store_destroy(&st);
}
