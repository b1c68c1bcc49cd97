
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * Very many of a kind; each mode prints "name value" lines, and ends with 1 if
 * anything is not as it must be.
 *
 *   filters   n=100000
 *             a client with n filters: subscribed, matched, a half
 *             unsubscribed, matched, disconnected
 *   retained  n=1000000 rate=50000 replaced=20000
 *             a subscriber to "#" that reads rate messages a second, while
 *             some are replaced
 *   fanout    connected=18000 offline=50000 messages=20 resumed=5000
 *             one publisher of QoS 1 to all of these sessions
 */


#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "option.h"
#include "plain.h"


#define SCALE_WINDOW   100        /* PUBLISH without a PUBACK */
#define SCALE_PACKET   2000       /* filters in a SUBSCRIBE */
#define SCALE_BATCH    1000       /* offline clients connected at a time */

#define SCALE_FILTER   "filters/of/one/client/%u"

#define SCALE_OLD      1          /* bits of a retained topic: seen */
#define SCALE_NEW      2
#define SCALE_REPLACED 4


typedef struct {
    u_char           *topics;
    unsigned          n;
    unsigned          missing;    /* topics whose last message did not come */
    unsigned          old;        /* deliveries */
    unsigned          new;
    unsigned          again;      /* the same once more */
    unsigned          stale;      /* an old one behind a new one */
    unsigned          foreign;
} scale_retained_t;


static int scale_filters(void);
static void scale_filters_change(plain_t *p, int subscribe, unsigned n);
static unsigned scale_filters_match(plain_t *sub, plain_t *pub, unsigned from,
    unsigned to);
static unsigned scale_acks(plain_t *p, unsigned n);
static int scale_retained(void);
static void scale_retained_fill(plain_t *pub, unsigned n);
static void scale_retained_read(plain_t *sub, scale_retained_t *r,
    plain_t *pub, double rate, unsigned replaced);
static int scale_retained_one(plain_t *sub, scale_retained_t *r);
static void scale_retained_mark(scale_retained_t *r, unsigned i, u_char bit);
static int scale_fanout(void);
static void scale_fanout_offline(load_t *l, load_client_t **clients,
    unsigned n, load_conf_t *conf);
static int scale_fanout_publish(load_t *l, load_source_t *source,
    unsigned messages, uint64_t absent);
static int scale_fanout_resumed(load_t *l);
static int scale_is_acked(load_t *l);
static int scale_is_ready(load_t *l);
static int scale_is_left(load_t *l);

static void scale_print(const char *name, double value);
static double scale_since(uint64_t start);
static int scale_fault(const char *what, uint64_t n);


static uint64_t  scale_target;


int
main(int argc, char **argv)
{
    option_init(argc, argv);

    setvbuf(stdout, NULL, _IOLBF, 0);

    if (strcmp(options.mode, "filters") == 0) {
        return scale_filters();
    }

    if (strcmp(options.mode, "retained") == 0) {
        return scale_retained();
    }

    if (strcmp(options.mode, "fanout") == 0) {
        return scale_fanout();
    }

    plain_die("unknown mode");

    return 2;
}


static int
scale_filters(void)
{
    int        failed;
    plain_t   *sub, *pub;
    unsigned   n;
    uint64_t   start;

    failed = 0;
    n = option("n", 100000);

    sub = plain_connect(options.host, options.tcp, "sub", 0);
    pub = plain_connect(options.host, options.tcp, "pub", 0);

    start = load_now();
    scale_filters_change(sub, 1, n);
    scale_print("subscribe_seconds", scale_since(start));

    start = load_now();
    failed |= scale_fault("matches are missing",
                          n - scale_filters_match(sub, pub, 0, n));
    scale_print("match_seconds", scale_since(start));

    start = load_now();
    scale_filters_change(sub, 0, n / 2);
    scale_print("unsubscribe_half_seconds", scale_since(start));

    failed |= scale_fault("matches of what was unsubscribed",
                          scale_filters_match(sub, pub, 0, n / 2));
    failed |= scale_fault("matches are missing",
                          n - n / 2
                          - scale_filters_match(sub, pub, n / 2, n));

    plain_close(sub);

    failed |= scale_fault("matches of an ended session",
                          scale_filters_match(NULL, pub, 0, n));
    plain_close(pub);

    return failed;
}


static void
scale_filters_change(plain_t *p, int subscribe, unsigned n)
{
    size_t    i;
    unsigned  from, count;

    for (from = 0; from < n; from += count) {
        count = n - from < SCALE_PACKET ? n - from : SCALE_PACKET;

        if (subscribe) {
            plain_subscribe(p, 1, SCALE_FILTER, from, count);

        } else {
            plain_unsubscribe(p, 1, SCALE_FILTER, from, count);
        }

        plain_send(p);

        if (!plain_read(p) || p->type != (subscribe ? 0x90 : 0xb0)
            || p->len != 3 + count)
        {
            plain_die("no answer for filters");
        }

        for (i = 3; i < p->len; i++) {
            if (p->body[i] != (subscribe ? 1 : 0)) {
                plain_die("filters were refused");
            }
        }
    }
}


/*
 * Publishes to these topics.  Returns the number of deliveries; without a
 * subscriber, of publications that had one.
 */

static unsigned
scale_filters_match(plain_t *sub, plain_t *pub, unsigned from, unsigned to)
{
    char      topic[128];
    unsigned  i, n, matched, total;

    total = 0;

    while (from < to) {

        n = to - from < SCALE_WINDOW ? to - from : SCALE_WINDOW;

        for (i = 0; i < n; i++) {
            snprintf(topic, sizeof(topic), SCALE_FILTER, from + i);
            plain_publish(pub, topic, 1, 0, i + 1, 8);
        }

        plain_send(pub);
        matched = scale_acks(pub, n);

        total += matched;
        from += n;

        if (sub) {
            for (i = 0; i < matched; i++) {
                if (!plain_read(sub) || (sub->type & 0xf6) != 0x32) {
                    plain_die("no delivery");
                }

                plain_puback(sub);
            }

            plain_send(sub);
        }
    }

    return total;
}


/* PUBACKs for n messages; returns how many had a subscriber */

static unsigned
scale_acks(plain_t *p, unsigned n)
{
    unsigned  i, matched;

    matched = 0;

    for (i = 0; i < n; i++) {

        if (!plain_read(p) || p->type != 0x40) {
            plain_die("no PUBACK");
        }

        switch (plain_reason(p)) {

        case 0:
            matched++;
            break;

        case 0x10:
            break;

        default:
            plain_die("a message was refused");
        }
    }

    return matched;
}


static int
scale_retained(void)
{
    int                failed;
    plain_t           *sub, *pub;
    uint64_t           start;
    scale_retained_t   r;

    memset(&r, 0, sizeof(scale_retained_t));
    r.n = option("n", 1000000);
    r.missing = r.n;
    r.topics = calloc(r.n, 1);

    if (r.topics == NULL) {
        plain_die("calloc()");
    }

    pub = plain_connect(options.host, options.tcp, "pub", 0);

    start = load_now();
    scale_retained_fill(pub, r.n);
    scale_print("retain_seconds", scale_since(start));

    sub = plain_connect(options.host, options.tcp, "sub", 3600);
    plain_subscribe(sub, 1, "#", 0, 1);
    plain_send(sub);

    if (!plain_read(sub) || sub->type != 0x90 || sub->body[3] != 1) {
        plain_die("no SUBACK");
    }

    start = load_now();
    scale_retained_read(sub, &r, pub, option("rate", 50000),
                        option("replaced", 20000));
    scale_print("replay_seconds", scale_since(start));

    scale_print("received", r.old);
    scale_print("received_of_replaced", r.new);
    scale_print("received_again", r.again);

    failed = scale_fault("messages are missing", r.missing);
    failed |= scale_fault("old messages behind new ones", r.stale);
    failed |= scale_fault("unknown messages", r.foreign);

    plain_close(sub);
    plain_close(pub);

    return failed;
}


static void
scale_retained_fill(plain_t *pub, unsigned n)
{
    char      topic[64];
    unsigned  i, waiting;

    waiting = 0;

    for (i = 0; i < n; i++) {
        snprintf(topic, sizeof(topic), "r/%u/%u", i / 1000, i);
        plain_publish(pub, topic, 1, 1, waiting + 1, 8);

        if (++waiting == SCALE_WINDOW || i == n - 1) {
            plain_send(pub);
            scale_acks(pub, waiting);
            waiting = 0;
        }
    }
}


/* Takes one after the other, in time, until the last of all has come. */

static void
scale_retained_read(plain_t *sub, scale_retained_t *r, plain_t *pub,
    double rate, unsigned replaced)
{
    char      topic[64];
    double    ahead;
    uint64_t  start;
    unsigned  i, n, step, next;

    start = load_now();
    step = replaced ? r->n / replaced : 0;
    next = 0;

    for (n = 0; r->missing || next < r->n; n++) {

        if (!scale_retained_one(sub, r)) {
            break;
        }

        if (n % 64 == 0) {
            plain_send(sub);
            ahead = n / rate - scale_since(start);

            if (ahead > 0) {
                usleep(ahead * 1000000);
            }
        }

        if (step == 0) {
            next = r->n;

        } else if (n % step == 0 && next < r->n) {

            /* from the end, where the cursor has not been, to its beginning */

            i = r->n - 1 - next;
            snprintf(topic, sizeof(topic), "r/%u/%u", i / 1000, i);
            plain_publish(pub, topic, 1, 1, 1, 9);
            plain_send(pub);
            scale_acks(pub, 1);

            scale_retained_mark(r, i, SCALE_REPLACED);
            next += step;
        }
    }

    plain_ping(sub);
    plain_send(sub);

    while (scale_retained_one(sub, r)) {
        plain_send(sub);
    }
}


/* 0: it was not a message */

static int
scale_retained_one(plain_t *sub, scale_retained_t *r)
{
    u_char   *topic;
    size_t    len, size;
    unsigned  i, seen, is;

    if (!plain_read(sub)) {
        plain_die("the subscriber was closed");
    }

    if ((sub->type & 0xf6) != 0x32) {
        return 0;
    }

    len = sub->body[0] << 8 | sub->body[1];
    topic = sub->body + 2;
    size = sub->len - len - 5;

    for (i = 0; len && topic[len - 1] != '/'; len--) { /* void */ }

    for ( /* void */ ; topic + len < sub->body + sub->len - size - 3; len++) {
        i = i * 10 + (topic[len] - '0');
    }

    plain_puback(sub);

    if (i >= r->n || size < 8 || size > 9) {
        r->foreign++;
        return 1;
    }

    is = (size == 9) ? SCALE_NEW : SCALE_OLD;
    seen = r->topics[i];

    if (seen & is) {
        r->again++;

    } else if (is == SCALE_NEW) {
        r->new++;

    } else if (seen & SCALE_NEW) {
        r->stale++;

    } else {
        r->old++;
    }

    scale_retained_mark(r, i, is);

    return 1;
}


static void
scale_retained_mark(scale_retained_t *r, unsigned i, u_char bit)
{
    static const u_char  missing[8] = { 1, 0, 1, 0, 1, 1, 0, 0 };

    r->missing -= missing[r->topics[i]];
    r->topics[i] |= bit;
    r->missing += missing[r->topics[i]];
}


static int
scale_fanout(void)
{
    char             id[32];
    int              failed;
    load_t          *l;
    unsigned         i, n, absent, messages, resumed;
    uint64_t         start;
    load_conf_t      conf;
    load_client_t   *pub, **offline;
    load_source_t   *source;

    static const load_filter_t  filter = { "fanout", 1 };

    failed = 0;
    n = option("connected", 18000);
    absent = option("offline", 50000);
    messages = option("messages", 20);
    resumed = option("resumed", 5000);

    l = load_create(options.host, options.tcp, options.ws);
    l->connect_time = 60000;
    load_conf(&conf);

    pub = load_client(l, "publisher", &conf);
    source = load_source(pub, filter.filter, 1, 64);

    conf.filters = &filter;
    conf.nfilters = 1;
    conf.expiry = 3600;

    offline = calloc(absent, sizeof(load_client_t *));
    if (offline == NULL) {
        plain_die("calloc()");
    }

    start = load_now();
    scale_fanout_offline(l, offline, absent, &conf);
    scale_print("offline_seconds", scale_since(start));

    start = load_now();

    for (i = 0; i < n; i++) {
        snprintf(id, sizeof(id), "connected-%u", i);
        conf.source = 1 + i % 8;
        load_expect(load_client(l, id, &conf), source);
    }

    scale_target = n + 1;
    failed |= scale_fault("clients are not connected",
                          !load_run(l, scale_is_ready, 120000));
    scale_print("connect_seconds", scale_since(start));

    for (i = 0; i < absent; i++) {
        load_expect(offline[i], source);
    }

    failed |= scale_fanout_publish(l, source, messages,
                                   (uint64_t) messages * absent);

    resumed = (resumed < absent) ? resumed : absent;

    for (i = 0; i < resumed; i++) {

        /* they do not fit beside the others */

        load_leave(l->clients[l->nclients - 1 - i % n], 1);
        load_start(offline[(uint64_t) i * absent / resumed]);
    }

    scale_target = (uint64_t) messages * (absent - resumed);
    failed |= scale_fanout_resumed(l);

    return failed;
}


static void
scale_fanout_offline(load_t *l, load_client_t **clients, unsigned n,
    load_conf_t *conf)
{
    char      id[32];
    unsigned  from, i, count;

    for (from = 0; from < n; from += count) {
        count = n - from < SCALE_BATCH ? n - from : SCALE_BATCH;

        for (i = from; i < from + count; i++) {
            snprintf(id, sizeof(id), "offline-%u", i);
            conf->source = 1 + i % 8;
            clients[i] = load_client(l, id, conf);
        }

        scale_target = count + 1;

        if (!load_run(l, scale_is_ready, 60000)) {
            plain_die("offline sessions were not made");
        }

        for (i = from; i < from + count; i++) {
            load_leave(clients[i], 1);
        }
    }
}


static int
scale_fanout_publish(load_t *l, load_source_t *source, unsigned messages,
    uint64_t absent)
{
    int       failed;
    uint64_t  start;

    start = load_now();
    load_publish(source, messages);

    failed = scale_fault("messages are not acknowledged",
                         !load_run(l, scale_is_acked, 300000));
    scale_print("publish_seconds", scale_since(start));

    scale_target = absent;
    failed |= scale_fault("messages of connected clients are missing",
                          !load_run(l, scale_is_left, 60000));
    scale_print("delivery_seconds", scale_since(start));

    scale_print("ack_p50_ms", load_percentile(&l->stats.ack, 50) / 1e6);
    scale_print("ack_max_ms", l->stats.ack.max / 1e6);
    scale_print("delivery_p50_ms",
                load_percentile(&l->stats.delivery, 50) / 1e6);
    scale_print("delivery_max_ms", l->stats.delivery.max / 1e6);

    failed |= scale_fault("deliveries too few or too many",
                          load_missing(l) != absent);

    return failed;
}


/* what was queued for them, and what went wrong at any time */

static int
scale_fanout_resumed(load_t *l)
{
    int       failed;
    uint64_t  start;

    start = load_now();
    failed = scale_fault("messages of resumed sessions are missing",
                         !load_run(l, scale_is_left, 120000));
    scale_print("resume_seconds", scale_since(start));

    failed |= scale_fault("lost connections", l->stats.lost);
    failed |= scale_fault("forgotten sessions", l->stats.forgotten);
    failed |= scale_fault("disordered messages", l->stats.disordered);
    failed |= scale_fault("repeated messages", l->stats.repeated[1]);
    failed |= scale_fault("faults", l->stats.faults);

    return failed;
}


static int
scale_is_ready(load_t *l)
{
    return l->nready == scale_target;
}


static int
scale_is_acked(load_t *l)
{
    return load_pending(l) == 0;
}


static int
scale_is_left(load_t *l)
{
    return load_missing(l) <= scale_target;
}


static void
scale_print(const char *name, double value)
{
    printf("%s %.6g\n", name, value);
}


static double
scale_since(uint64_t start)
{
    return (load_now() - start) / 1e9;
}


/* 1, and says so, if there are any */

static int
scale_fault(const char *what, uint64_t n)
{
    if (n == 0) {
        return 0;
    }

    printf("FAULT %s: %llu\n", what, (unsigned long long) n);

    return 1;
}
