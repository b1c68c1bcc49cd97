
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


/* The hash and the timer wheel, on links and timers of no object. */


#define TEST_LINKS   40000
#define TEST_TIMERS  5000


/* SipHash-1-3 of the bytes 0, 1, 2 and so on, as hash() of Python has it */

static void
test_siphash(void)
{
    u_char      data[71];
    uint64_t    word, key[2], other[2];
    ngx_uint_t  i;

    static const uint64_t  test_key[] = {
        0xdc504fd368cd90af, 0xb920bb9ffe99e9c1
    };

    static const struct {
        size_t    len;
        uint64_t  hash;
    } tests[] = {
        { 8, 0x60866c3c108c6afb },
        { 9, 0x68814005f7469e03 },
        { 15, 0x94ace24d68c18cf8 },
        { 16, 0x339176f3ac59ce05 },
        { 17, 0xed2706b414c296f1 },
        { 23, 0xad71bad831e3a42d },
        { 31, 0x06f3af51bda71c61 },
        { 71, 0x9d2f6a92bf1bd799 }
    };

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (u_char) i;
    }

    ngx_memcpy(&word, data, 8);

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        is_int(ngx_mqtt_siphash(test_key, word, data + 8, tests[i].len - 8),
               tests[i].hash, "SipHash of %lu bytes",
               (unsigned long) tests[i].len);
    }

    ngx_mqtt_siphash_key(key);
    ngx_mqtt_siphash_key(other);
    ok(key[0] != other[0] && key[1] != other[1] && key[0] != key[1],
       "no two keys are the same");
}


static ngx_uint_t
test_hash_missing(ngx_mqtt_hash_t *hash, ngx_mqtt_link_t *links,
    ngx_uint_t from, ngx_uint_t to)
{
    ngx_uint_t        i, missing;
    ngx_mqtt_link_t  *link;

    missing = 0;

    for (i = from; i < to; i++) {

        for (link = ngx_mqtt_hash_first(hash, links[i].hash);
             link;
             link = link->next)
        {
            if (link == &links[i]) {
                break;
            }
        }

        missing += (link == NULL);
    }

    return missing;
}


static void
test_hash(store_t *st)
{
    ngx_uint_t         i, grown, pages;
    ngx_mqtt_hash_t   *hash;
    ngx_mqtt_link_t   *links;

    hash = &st->zone.root->subs;
    links = calloc(TEST_LINKS, sizeof(ngx_mqtt_link_t));
    pages = store_blocks(st, NGX_MQTT_KIND_HASH);

    for (i = 0; i < TEST_LINKS; i++) {
        ngx_mqtt_hash_add_locked(&st->zone, hash, &links[i],
                                 (uint32_t) (i * 2654435761u));
    }

    grown = hash->nbuckets;

    is_int(hash->count, TEST_LINKS, "links are counted");
    is_int(grown, TEST_LINKS, "one bucket for each");
    is_int(test_hash_missing(hash, links, 0, TEST_LINKS), 0,
           "all are found in a grown hash");

    for (i = 0; i < TEST_LINKS - 100; i++) {
        ngx_mqtt_hash_del_locked(&st->zone, hash, &links[i]);
    }

    ok(hash->nbuckets < 512, "it shrinks");
    is_int(test_hash_missing(hash, links, TEST_LINKS - 100, TEST_LINKS), 0,
           "the rest is found in a shrunk hash");

    for ( /* void */ ; i < TEST_LINKS; i++) {
        ngx_mqtt_hash_del_locked(&st->zone, hash, &links[i]);
    }

    is_int(hash->count, 0, "empty");
    store_check(st, "a hash that grew and shrank");

    /* without memory it gets slow, not wrong */

    for (i = 0; i < TEST_LINKS; i++) {
        st->zone.root->blocks.fail_at = 1;
        ngx_mqtt_hash_add_locked(&st->zone, hash, &links[i],
                                 (uint32_t) (i * 2654435761u));
    }

    st->zone.root->blocks.fail_at = 0;

    is_int(hash->nbuckets, 256, "no bucket without memory");
    is_int(test_hash_missing(hash, links, TEST_LINKS - 1000, TEST_LINKS), 0,
           "all are found in a full one");

    for (i = TEST_LINKS; i; i--) {
        ngx_mqtt_hash_del_locked(&st->zone, hash, &links[i - 1]);
    }

    is_int(store_blocks(st, NGX_MQTT_KIND_HASH), pages, "no memory is kept");
    store_check(st, "an empty hash");

    free(links);
}


static ngx_uint_t
test_wheel_due(ngx_mqtt_wheel_t *wheel, ngx_uint_t *late)
{
    ngx_uint_t         n, budget;
    ngx_mqtt_timer_t  *timer;

    n = 0;

    for ( ;; ) {
        budget = 100;
        timer = ngx_mqtt_wheel_due_locked(wheel, &budget);

        if (timer) {
            n++;
            *late += (timer->when > ngx_current_msec
                      || timer->when + 2000 < ngx_current_msec
                      || timer->prev != NULL);
            continue;
        }

        if (budget) {
            return n;
        }
    }
}


static void
test_wheel(store_t *st)
{
    ngx_uint_t          i, n, late, budget;
    ngx_msec_t          start;
    ngx_mqtt_wheel_t   *wheel;
    ngx_mqtt_timer_t   *timers;

    timers = calloc(TEST_TIMERS, sizeof(ngx_mqtt_timer_t));
    wheel = &st->zone.root->session_wheel;
    start = ngx_current_msec;
    late = 0;

    srandom(2);

    /* up to four times as far as the ring reaches */

    for (i = 0; i < TEST_TIMERS; i++) {
        ngx_mqtt_wheel_set_locked(wheel, &timers[i],
                                  start + random() % (16384 * 1000));
    }

    for (i = 0; i < TEST_TIMERS; i += 3) {
        ngx_mqtt_wheel_set_locked(wheel, &timers[i],
                                  start + random() % (16384 * 1000));
    }

    for (i = 1; i < TEST_TIMERS; i += 3) {
        ngx_mqtt_wheel_del_locked(&timers[i]);
        ngx_mqtt_wheel_del_locked(&timers[i]);
    }

    for (n = 0; ngx_current_msec < start + 16400 * 1000; ) {
        ngx_current_msec += 997;
        n += test_wheel_due(wheel, &late);
    }

    is_int(n, TEST_TIMERS - (TEST_TIMERS + 1) / 3,
           "all timers came but those deleted");
    is_int(late, 0, "none too early, none too late");

    /* the past is due at once, and in portions */

    for (i = 0; i < 10; i++) {
        ngx_mqtt_wheel_set_locked(wheel, &timers[i], start);
    }

    budget = 3;

    for (n = 0; ngx_mqtt_wheel_due_locked(wheel, &budget); n++) { /* void */ }

    is_int(n, 3, "a budget of three");
    is_int(budget, 0, "was used up");
    is_int(test_wheel_due(wheel, &late), 7, "the others follow");

    store_check(st, "empty wheels");

    free(timers);
}


void
test_index(void)
{
    store_t  st;

    store_create(&st, 4 * 1024 * 1024);

    test_siphash();
    test_hash(&st);
    test_wheel(&st);

    store_destroy(&st);
}
