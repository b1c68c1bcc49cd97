
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


/* Deliveries to one session "s", which a client with a fake socket has. */


static store_t          st;
static store_client_t   c;


static void
test_queue_open(const store_connect_t *conn, const char *filter,
    ngx_uint_t qos)
{
    (void) store_connect(&c, st.w, "s", conn);
    (void) store_subscribe(&c, filter, qos, 0);
}


static void
test_queue_close(void)
{
    store_close(&c, 0);
    store_time(st.w, 4000000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_queue_publish(ngx_uint_t n, size_t len, ngx_uint_t qos)
{
    char        payload[32];
    ngx_uint_t  i;

    static char  text[60000];

    for (i = 0; i < n; i++) {
        sprintf(payload, "m%lu;", (unsigned long) i);
        ngx_memcpy(text, payload, strlen(payload));
        (void) store_publish(st.w, NULL, "t", text,
                             len ? len : strlen(payload), qos, 0, 0);
    }
}


static void
test_queue_lives(void)
{
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 100 };

    test_queue_open(&conn, "t", 2);
    s = store_session(&st, "s");

    /* QoS 0 */

    test_queue_publish(3, 0, 0);
    is_int(store_queued(&st, "s", "m"), 3, "QoS 0 is queued");
    store_run(st.w);
    is_int(c.ngot, 3, "and sent");
    ok(c.got[0].qos == 0 && strcmp(c.got[2].payload, "m2;") == 0,
       "as it was published");
    is_int(store_queued(&st, "s", "m"), 0, "and forgotten");

    /* QoS 1 and 2 */

    test_queue_publish(2, 0, 1);
    test_queue_publish(1, 0, 2);
    store_run(st.w);
    is_int(c.ngot, 6, "QoS 1 and 2 are sent");
    is_int(s->inflight, 3, "all are in flight");
    is_int(s->queued, 3, "all wait for their acknowledgements");
    store_check(&st, "in flight");

    store_lock(&st);
    is_int(ngx_mqtt_queue_puback_locked(st.w, s, 77), NGX_DECLINED,
           "PUBACK of nothing");
    is_int(ngx_mqtt_queue_puback_locked(st.w, s, c.got[5].id), NGX_ERROR,
           "PUBACK of QoS 2");
    is_int(ngx_mqtt_queue_pubrec_locked(st.w, s, c.got[3].id, 0), NGX_ERROR,
           "PUBREC of QoS 1");
    is_int(ngx_mqtt_queue_pubcomp_locked(st.w, s, c.got[5].id), NGX_DECLINED,
           "PUBCOMP before PUBREC");
    is_int(ngx_mqtt_queue_puback_locked(st.w, s, c.got[4].id), NGX_OK,
           "PUBACK of the second first");
    is_int(ngx_mqtt_queue_puback_locked(st.w, s, c.got[4].id), NGX_DECLINED,
           "and not twice");
    is_int(ngx_mqtt_queue_pubrec_locked(st.w, s, c.got[5].id, 0), NGX_OK,
           "PUBREC");
    is_int(ngx_mqtt_queue_pubrec_locked(st.w, s, c.got[5].id, 0), NGX_OK,
           "PUBREC again");
    store_unlock(&st);

    is_int(s->queued, 2, "one settled");
    is_int(store_blocks(&st, NGX_MQTT_KIND_MESSAGE), 1,
           "a received message is not kept");
    store_check(&st, "half acknowledged");

    /* a new connection: PUBLISH with DUP, PUBREL */

    store_close(&c, 0);
    (void) store_connect(&c, st.w, "s", &conn);
    store_run(st.w);
    is_int(c.ngot, 2, "what is not settled is sent again");
    ok(c.got[0].type == NGX_MQTT_PUBLISH && c.got[1].type == NGX_MQTT_PUBREL,
       "PUBLISH, PUBREL");
    is_int(s->inflight, 2, "both are in flight again");
    store_check(&st, "sent again");

    store_ack(&c, 0);
    is_int(s->queued, 0, "all settled");
    is_int(s->queued_bytes, 0, "no bytes");

    /* refused by the client */

    test_queue_publish(1, 0, 2);
    store_run(st.w);
    store_lock(&st);
    is_int(ngx_mqtt_queue_pubrec_locked(st.w, s, c.got[2].id, 1), NGX_OK,
           "PUBREC with an error");
    store_unlock(&st);
    is_int(s->queued, 0, "settles it");

    test_queue_close();
}


/* A resume with a smaller window: no PUBREL waits for it. */

static void
test_queue_release(void)
{
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 100 };
    static const store_connect_t  small = { .expiry = 100, .window = 1 };

    test_queue_open(&conn, "t", 2);
    s = store_session(&st, "s");

    test_queue_publish(4, 0, 2);
    store_run(st.w);

    store_lock(&st);
    (void) ngx_mqtt_queue_pubrec_locked(st.w, s, c.got[1].id, 0);
    (void) ngx_mqtt_queue_pubrec_locked(st.w, s, c.got[3].id, 0);
    store_unlock(&st);

    store_close(&c, 0);
    (void) store_connect(&c, st.w, "s", &small);
    store_run(st.w);

    is_int(c.ngot, 3, "a window of one after a resume");
    ok(c.got[0].type == NGX_MQTT_PUBLISH && c.got[1].type == NGX_MQTT_PUBREL
       && c.got[2].type == NGX_MQTT_PUBREL, "PUBLISH, PUBREL, PUBREL");
    ok(s->inflight == 3 && s->resent == 2, "of which two take no place");
    store_check(&st, "released before what lies ahead");

    store_lock(&st);
    ngx_mqtt_rebuild_locked(&st.zone, NGX_MQTT_NO_SLOT);
    store_unlock(&st);

    ok(s->inflight == 3 && s->resent == 2, "a rebuild sees the same");
    store_check(&st, "released, and rebuilt");
    store_run(st.w);
    is_int(c.ngot, 3, "and nothing is sent again");

    store_lock(&st);
    (void) ngx_mqtt_queue_pubcomp_locked(st.w, s, c.got[2].id);
    store_unlock(&st);
    store_run(st.w);
    is_int(c.ngot, 3, "PUBCOMP makes no room");

    store_ack(&c, 0);
    store_run(st.w);
    store_ack(&c, 0);
    store_run(st.w);
    is_int(s->queued, 0, "all settled");
    is_int(s->inflight, 0, "none in flight");

    test_queue_close();
}


static void
test_queue_window(void)
{
    ngx_uint_t           i;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 100, .window = 3 };

    test_queue_open(&conn, "t", 1);
    s = store_session(&st, "s");

    test_queue_publish(20, 0, 1);
    store_run(st.w);
    is_int(c.ngot, 3, "no more than the window");

    store_lock(&st);
    (void) ngx_mqtt_queue_puback_locked(st.w, s, c.got[2].id);
    store_unlock(&st);
    store_run(st.w);
    is_int(c.ngot, 4, "one acknowledged, one sent");

    /* QoS 0 does not wait for the window, nor does it overtake */

    test_queue_publish(1, 0, 0);
    store_run(st.w);
    is_int(c.ngot, 5, "QoS 0 passes a full window");

    for (i = 0; i < 40 && c.nacked < c.ngot; i++) {
        store_ack(&c, 0);
        store_run(st.w);
    }

    is_int(c.ngot, 21, "everything arrives");

    for (i = 5; i < 21; i++) {
        if (atoi(c.got[i].payload + 1) != (int) i - 1) {
            break;
        }
    }

    is_int(i, 21, "in order");
    store_check(&st, "a window");

    test_queue_close();
}


static void
test_queue_overflow(void)
{
    ngx_uint_t           n;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  drop_new = {
        .expiry = 100, .max_queued = 5, .window = 2
    };
    static const store_connect_t  drop_old = {
        .expiry = 100, .max_queued = 5, .window = 2,
        .overflow = NGX_MQTT_OVERFLOW_DROP_OLD
    };
    static const store_connect_t  end = {
        .expiry = 100, .max_queued = 5, .window = 2,
        .overflow = NGX_MQTT_OVERFLOW_TERMINATE
    };
    static const store_connect_t  bytes = {
        .expiry = 100, .max_bytes = 20000, .window = 2
    };

    test_queue_open(&drop_new, "t", 1);
    test_queue_publish(10, 0, 1);
    s = store_session(&st, "s");
    is_int(s->queued, 5, "drop_new: no more than the limit");
    ok(store_queued(&st, "s", "m0;") && !store_queued(&st, "s", "m5;"),
       "drop_new: the first ones");
    test_queue_publish(3, 0, 0);
    is_int(store_queued(&st, "s", "m"), 8, "QoS 0 is not counted");
    store_check(&st, "drop_new");
    test_queue_close();

    test_queue_open(&drop_old, "t", 1);
    test_queue_publish(4, 0, 1);
    store_run(st.w);
    test_queue_publish(10, 0, 1);
    s = store_session(&st, "s");
    is_int(s->queued, 5, "drop_old: no more than the limit");
    ok(store_queued(&st, "s", "m0;") && store_queued(&st, "s", "m1;"),
       "drop_old: what was sent stays");
    ok(store_queued(&st, "s", "m7;") && store_queued(&st, "s", "m9;")
       && !store_queued(&st, "s", "m2;") && !store_queued(&st, "s", "m6;"),
       "drop_old: the last ones");
    store_check(&st, "drop_old");
    test_queue_close();

    test_queue_open(&end, "t", 1);
    test_queue_publish(6, 0, 1);
    store_run(st.w);
    is_int(c.closes, 1, "terminate: the connection is closed");
    is_int(c.reason, NGX_MQTT_QUOTA_EXCEEDED, "terminate: and told why");
    test_queue_publish(1, 0, 1);
    store_run(st.w);
    ok(store_session(&st, "s") == NULL, "terminate: offline, its session");
    store_check(&st, "terminate");
    test_queue_close();

    /* bytes: QoS 0 makes room for others, and one message always fits */

    test_queue_open(&bytes, "t", 1);
    test_queue_publish(1, 50000, 1);
    s = store_session(&st, "s");
    is_int(s->queued, 1, "an empty queue takes any one message");
    test_queue_publish(1, 10, 1);
    is_int(s->queued, 1, "and then no other");
    store_run(st.w);
    store_ack(&c, 0);
    is_int(s->queued, 0, "a large message was sent");

    c.blocked = 1;
    test_queue_publish(30, 1000, 0);
    n = store_queued(&st, "s", "m");
    ok(n > 15 && n <= 20, "%lu of QoS 0 in 20000 bytes", (unsigned long) n);
    test_queue_publish(10, 1000, 1);
    is_int(s->queued, 10, "they make room for QoS 1");
    ok(s->queued_bytes <= 20000, "within the limit");
    test_queue_publish(30, 1000, 1);
    ok(s->queued <= 20 && s->queued_bytes <= 20000,
       "which is limited as well");

    n = s->queued;
    test_queue_publish(1, 10, 0);
    test_queue_publish(10, 2000, 1);
    ok(s->queued == n && s->queued_bytes <= 20000,
       "and dropping a little of QoS 0 is not enough");
    store_check(&st, "bytes");
    test_queue_close();
}


/* Identifiers in turn, around those that are stuck. */

static void
test_queue_ids(void)
{
    uint16_t             id, stuck[4];
    ngx_uint_t           i, bad;
    ngx_mqtt_entry_t    *e;
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 100, .window = 4 };

    test_queue_open(&conn, "t", 1);
    test_queue_publish(4, 0, 1);
    store_run(st.w);

    s = store_session(&st, "s");

    for (e = s->head, i = 0; e; e = e->next) {
        stuck[i++] = e->packet_id;
    }

    bad = 0;

    for (i = 0; i < 200000; i++) {
        id = ngx_mqtt_queue_next_id_locked(s);
        bad += (id == 0 || id == stuck[0] || id == stuck[1]
                || id == stuck[2] || id == stuck[3]);
    }

    is_int(bad, 0, "200000 identifiers around four in use");

    e = s->head;
    e->packet_id = 65535;
    e->next->packet_id = 1;
    s->next_id = 65530;
    s->ids_free = 0;

    for (i = 65530; i < 65535; i++) {
        bad += (ngx_mqtt_queue_next_id_locked(s) != i);
    }

    is_int(bad, 0, "up to the last");
    id = ngx_mqtt_queue_next_id_locked(s);
    ok(id > 1 && id < 10, "and from the first free one on");

    s->ids_free = 0;
    store_check(&st, "identifiers");
    test_queue_close();
}


/* Expired and too large messages; a client that reads nothing. */

static void
test_queue_others(void)
{
    ngx_mqtt_session_t  *s;

    static const store_connect_t  conn = { .expiry = 100, .window = 10 };

    test_queue_open(&conn, "t", 2);
    s = store_session(&st, "s");

    c.cl.max_packet_size = 100;
    test_queue_publish(3, 500, 1);
    test_queue_publish(3, 500, 0);
    test_queue_publish(1, 0, 1);
    store_run(st.w);
    is_int(c.ngot, 1, "what the client cannot take is left out");
    is_int(s->queued, 1, "for good");
    store_ack(&c, 0);
    store_check(&st, "too large");

    c.cl.max_packet_size = NGX_MQTT_PACKET_MAX;
    test_queue_publish(4, 0, 1);
    s->head->m.message->expires = ngx_current_msec + 500;
    s->head->next->m.message->expires = ngx_current_msec + 2000;
    ngx_current_msec += 1000;
    store_run(st.w);
    is_int(c.ngot, 4, "an expired message is not sent");
    store_ack(&c, 0);
    is_int(s->queued, 0, "nor kept");

    c.blocked = 1;
    test_queue_publish(100, 5000, 1);
    store_run(st.w);
    is_int(s->inflight, 10, "a full socket and a full window");
    store_check(&st, "a full socket");

    c.blocked = 0;
    ngx_mqtt_client_writable(&c.cl);
    store_run(st.w);
    store_ack(&c, 0);
    store_run(st.w);
    ok(c.ngot >= 24, "then it goes on");
    store_check(&st, "a socket with room");

    test_queue_close();
}


void
test_queue(void)
{
    store_create(&st, 4 * 1024 * 1024);
    store_offline(&st, "hub", NULL, 0);

    test_queue_lives();
    store_offline(&st, "hub", NULL, 0);
    test_queue_window();
    test_queue_release();
    store_offline(&st, "hub", NULL, 0);
    test_queue_overflow();
    store_offline(&st, "hub", NULL, 0);
    test_queue_ids();
    store_offline(&st, "hub", NULL, 0);
    test_queue_others();

    store_destroy(&st);
}
