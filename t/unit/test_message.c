
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


static u_char  text[1024 * 1024 + 70000];


/* A message, as the publisher makes it; counts the holds of the lock. */

static ngx_mqtt_message_t *
test_message_alloc(store_t *st, size_t topic, size_t props, size_t payload,
    ngx_uint_t *holds)
{
    size_t               left;
    ngx_mqtt_message_t  *m;

    m = ngx_mqtt_message_alloc_locked(&st->zone, topic, props, payload,
                                      &left);

    for (*holds = 1; m && left; (*holds)++) {
        if (ngx_mqtt_message_extend_locked(&st->zone, m, &left) != NGX_OK) {
            ngx_mqtt_message_unref_locked(&st->zone, m);
            return NULL;
        }
    }

    return m;
}


/* Frees what messages left, so many blocks at a time; counts the times. */

static ngx_uint_t
test_message_free(store_t *st)
{
    ngx_uint_t  n;

    for (n = 0; st->zone.root->dropped; n++) {
        ngx_mqtt_block_free_chains_locked(&st->zone, 100);
    }

    return n;
}


/* Writes and reads a message in pieces of different lengths. */

static void
test_message_text(store_t *st, size_t topic, size_t props, size_t payload)
{
    size_t               i, n, len, used, holds;
    u_char              *copy, *p;
    ngx_mqtt_text_t      t;
    ngx_mqtt_message_t  *m;

    static u_char  buf[NGX_MQTT_STRING_MAX];

    used = store_used(st);
    len = topic + props + payload;

    m = test_message_alloc(st, topic, props, payload, &holds);

    if (!ok(m != NULL, "message of %lu + %lu + %lu bytes",
            (unsigned long) topic, (unsigned long) props,
            (unsigned long) payload))
    {
        return;
    }

    ngx_mqtt_message_text(m, &t);

    for (i = 0, n = 1; i < len; i += n, n = n * 3 % 5003 + 1) {
        n = ngx_min(n, len - i);
        ngx_mqtt_text_write(&t, text + i, n);
    }

    copy = malloc(len + 1);

    ngx_mqtt_message_text(m, &t);
    p = copy;

    for (i = 0, n = 7; i < len; i += n, n = n * 5 % 4001 + 1) {
        n = ngx_min(n, len - i);
        p = ngx_mqtt_text_read(&t, p, n);
    }

    is_mem(copy, p - copy, text, len, "its text");

    p = ngx_mqtt_message_topic(m, buf);
    is_mem(p, topic, text, topic, "its topic");

    ngx_mqtt_message_text(m, &t);
    ngx_mqtt_text_skip(&t, topic + props);
    p = ngx_mqtt_text_read(&t, copy, payload);
    is_mem(copy, p - copy, text + topic + props, payload, "its payload");

    m->refs++;
    ngx_mqtt_message_unref_locked(&st->zone, m);
    ok(store_used(st) > used, "one of two references dropped");

    n = store_used(st);
    ngx_mqtt_message_unref_locked(&st->zone, m);
    is_int(store_used(st), n - 1, "the last reference dropped");

    i = test_message_free(st);
    is_int(store_used(st), used, "the rest was freed");
    is_int(i, (n - used - 1 + 99) / 100, "a hundred blocks at a time");
    is_int(holds, 1 + (n - used - 1 + 127) / 128, "taken as slowly");

    free(copy);
}


/* In a zone whose free pages are never adjacent. */

static void
test_message_fragmented(store_t *st)
{
    void        *pages[2000];
    ngx_uint_t   i, n;

    for (n = 0; n < 2000; n++) {
        pages[n] = ngx_mqtt_block_alloc_locked(&st->zone,
                                               NGX_MQTT_KIND_WILL, 4096);
        if (pages[n] == NULL) {
            break;
        }
    }

    for (i = 0; i < n; i += 2) {
        ngx_mqtt_block_free_locked(&st->zone, pages[i]);
    }

    note("%lu single pages free", (unsigned long) (n + 1) / 2);

    test_message_text(st, 10, 0, 1024 * 1024);

    for (i = 1; i < n; i += 2) {
        ngx_mqtt_block_free_locked(&st->zone, pages[i]);
    }
}


void
test_message(void)
{
    size_t               room;
    store_t              st;
    ngx_uint_t           i, n, used;
    ngx_mqtt_message_t  *m, *other;

    store_create(&st, 4 * 1024 * 1024);

    for (i = 0; i < sizeof(text); i++) {
        text[i] = (u_char) (i * 7 + i / 251);
    }

    room = NGX_MQTT_BLOCK_MAX - offsetof(ngx_mqtt_message_t, data);

    test_message_text(&st, 1, 0, 0);
    test_message_text(&st, 5, 3, 10);
    test_message_text(&st, 5, 0, room - 5);
    test_message_text(&st, 5, 0, room - 4);
    test_message_text(&st, 5, 20, room + NGX_MQTT_BODY_DATA - 25);
    test_message_text(&st, 5, 20, room + NGX_MQTT_BODY_DATA - 24);
    test_message_text(&st, NGX_MQTT_STRING_MAX, 100, 100);
    test_message_text(&st, 3, NGX_MQTT_STRING_MAX, 5);
    test_message_text(&st, 20, 30, 1024 * 1024);
    test_message_fragmented(&st);

    used = store_used(&st);
    m = test_message_alloc(&st, 10, 0, 16 * 1024 * 1024, &n);

    ok(m == NULL, "a message larger than the zone");
    ok(n > 5, "is found to be that after some holds");
    store_check(&st, "a message that was given up");

    (void) test_message_free(&st);
    is_int(store_used(&st), used, "leaves nothing behind");

    /* what was dropped is as good as free */

    for (i = 0; i < 5; i++) {
        m = test_message_alloc(&st, 10, 0, 1024 * 1024, &n);
        other = test_message_alloc(&st, 10, 0, 1024 * 1024, &n);

        if (!ok(m && other, "two of three messages that fit")) {
            break;
        }

        ngx_mqtt_message_unref_locked(&st.zone, m);
        ngx_mqtt_message_unref_locked(&st.zone, other);
    }

    store_check(&st, "dropped messages");
    (void) test_message_free(&st);
    is_int(store_used(&st), used, "nothing is left");
    store_check(&st, "messages");

    store_destroy(&st);
}
