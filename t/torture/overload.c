
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * Clients that behave, and clients that do not; each mode prints "name value"
 * lines at its end.
 *
 *   good     n=50 rate=10 size=100 version=0
 *            n pairs of publisher and subscriber, QoS 0 and 1, both
 *            transports, both versions or one.  A line on its input has the
 *            figures since the last one written, up to "end"; "stop" is the
 *            last one
 *   probe    how many retained messages of 1980 bytes the zone takes; they
 *            are removed again
 *   never    n=50 rate=2000 size=1000 seconds=5 again=-1
 *            subscribers that read nothing, of a publisher
 *   flood    n=4 subscribers=4 qos=0 size=1000 seconds=5
 *            publishers as fast as they can
 *   storm    n=200 seconds=5 expiry=0 unique=0
 *            connections as fast as they can
 *   fill     n=30 size=2000 seconds=5
 *            offline sessions with queues, and a publisher who goes on when
 *            the zone is full; they are ended
 *   silent, ws-silent, half, upgraded, connect-drip, ws-drip, publish-drip,
 *   pings    n=1000 seconds=5
 *            see raw.c
 */


#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "option.h"
#include "plain.h"
#include "raw.h"


#define OVERLOAD_PROBE_SIZE    1980
#define OVERLOAD_PROBE_WINDOW  50
#define OVERLOAD_SOURCES       8


typedef struct {
    const char    *name;
    void         (*run)(load_t *l);
} overload_mode_t;


static void overload_good(load_t *l);
static load_source_t *overload_good_pair(load_t *l, unsigned i, size_t size);
static void overload_good_command(load_t *l);
static int overload_good_stopped(load_t *l);

static void overload_probe(load_t *l);
static unsigned overload_probe_publish(plain_t *p, unsigned from, unsigned n,
    size_t size, unsigned *refused);

static void overload_never(load_t *l);
static void overload_flood(load_t *l);
static void overload_storm(load_t *l);
static int overload_storm_again(load_t *l);
static void overload_fill(load_t *l);
static void overload_raw(void);

static const char *overload_text(const char *format, unsigned i);
static int overload_ready(load_t *l, unsigned ms);
static void overload_report_codes(const char *name, unsigned *codes,
    unsigned n);


static const overload_mode_t  overload_modes[] = {
    { "good", overload_good },
    { "probe", overload_probe },
    { "never", overload_never },
    { "flood", overload_flood },
    { "storm", overload_storm },
    { "fill", overload_fill },
    { NULL, NULL }
};

static int       overload_stop;
static unsigned  overload_serial;


int
main(int argc, char **argv)
{
    load_t    *l;
    unsigned   i;

    option_init(argc, argv);

    if (raw_kind(options.mode)) {
        overload_raw();
        return 0;
    }

    l = load_create(options.host, options.tcp, options.ws);

    for (i = 0; overload_modes[i].name; i++) {

        if (strcmp(overload_modes[i].name, options.mode) == 0) {
            overload_modes[i].run(l);
            fflush(stdout);
            return 0;
        }
    }

    errno = 0;
    plain_die("unknown mode");

    return 2;
}


/* ---- clients that behave */

static void
overload_good(load_t *l)
{
    double           rate;
    size_t           size;
    unsigned         i, n;
    load_source_t  **sources;

    n = option("n", 50);
    rate = option("rate", 10);
    size = option("size", 100);

    sources = calloc(n, sizeof(load_source_t *));
    if (sources == NULL) {
        plain_die("calloc()");
    }

    for (i = 0; i < n; i++) {
        sources[i] = overload_good_pair(l, i, size);
    }

    if (!overload_ready(l, 30000)) {
        errno = 0;
        plain_die("clients could not connect");
    }

    for (i = 0; i < n; i++) {
        load_rate(sources[i], rate);
    }

    /* the first messages are not typical */

    (void) load_run(l, NULL, 300);
    load_stats_reset(&l->stats);

    printf("ready\n");
    fflush(stdout);

    l->watch = STDIN_FILENO;
    l->on_watch = overload_good_command;

    while (!overload_stop) {
        (void) load_run(l, overload_good_stopped, 1000);
    }

    load_stop(l);
    (void) load_run(l, load_complete, 5000);

    load_report(l, &l->stats, stdout);
    printf("end\n");
}


static load_source_t *
overload_good_pair(load_t *l, unsigned i, size_t size)
{
    load_conf_t      conf;
    const char      *topic;
    load_client_t   *sub, *pub;
    load_filter_t   *filter;
    load_source_t   *source;

    topic = overload_text("good/%u", i);
    filter = calloc(1, sizeof(load_filter_t));

    if (filter == NULL) {
        plain_die("calloc()");
    }

    filter->filter = topic;
    filter->qos = i % 2;

    load_conf(&conf);
    conf.clean = 1;
    conf.transport = i / 2 % 2 ? LOAD_WS : LOAD_TCP;
    conf.version = option("version", 0);

    if (conf.version == 0) {
        conf.version = i / 4 % 2 ? 4 : 5;
    }

    conf.keep_alive = 60;
    conf.window = 100;

    pub = load_client(l, overload_text("good-pub-%u", i), &conf);

    conf.filters = filter;
    conf.nfilters = 1;
    sub = load_client(l, overload_text("good-sub-%u", i), &conf);

    source = load_source(pub, topic, i % 2, size);
    load_expect(sub, source);

    return source;
}


static void
overload_good_command(load_t *l)
{
    char     line[64];
    ssize_t  n;

    n = read(STDIN_FILENO, line, sizeof(line) - 1);

    if (n <= 0 || strncmp(line, "stop", 4) == 0) {
        overload_stop = 1;
        l->watch = -1;
        return;
    }

    load_report(l, &l->stats, stdout);
    printf("end\n");
    fflush(stdout);

    load_stats_reset(&l->stats);
}


static int
overload_good_stopped(load_t *l)
{
    return overload_stop;
}


/* ---- the room there is */

static void
overload_probe(load_t *l)
{
    plain_t   *p;
    unsigned   n, taken, refused;

    p = plain_connect(options.host, options.tcp, "probe", 0);

    taken = 0;
    refused = 0;

    for (n = 0; refused == 0; n += OVERLOAD_PROBE_WINDOW) {
        taken += overload_probe_publish(p, n, OVERLOAD_PROBE_WINDOW,
                                        OVERLOAD_PROBE_SIZE, &refused);
    }

    refused = 0;
    (void) overload_probe_publish(p, 0, n, 0, &refused);

    plain_close(p);

    printf("capacity %u\nnot_removed %u\n", taken, refused);
}


static unsigned
overload_probe_publish(plain_t *p, unsigned from, unsigned n, size_t size,
    unsigned *refused)
{
    char      topic[32];
    unsigned  i, waiting, taken;

    taken = 0;
    waiting = 0;

    for (i = 0; i < n; i++) {
        snprintf(topic, sizeof(topic), "probe/%u", from + i);
        plain_publish(p, topic, 1, 1, waiting + 1, size);

        if (++waiting < OVERLOAD_PROBE_WINDOW && i < n - 1) {
            continue;
        }

        plain_send(p);

        for ( /* void */ ; waiting; waiting--) {

            if (!plain_read(p) || p->type != 0x40) {
                plain_die("no PUBACK");
            }

            if (plain_reason(p) >= 0x80) {
                (*refused)++;

            } else {
                taken++;
            }
        }
    }

    return taken;
}


/* ---- clients that do not behave */

static void
overload_never(load_t *l)
{
    unsigned              i, n;
    load_conf_t           conf;
    load_client_t        *pub;
    load_source_t        *source;
    static load_filter_t  filters[2] = { { "never", 0 }, { "never", 1 } };

    n = option("n", 50);

    load_conf(&conf);
    conf.clean = 1;
    pub = load_client(l, "never-pub", &conf);
    source = load_source(pub, "never", 1, option("size", 1000));

    conf.read = LOAD_READ_NEVER;
    conf.rcvbuf = 4096;
    conf.again = option("again", -1);
    conf.nfilters = 1;

    for (i = 0; i < n; i++) {
        conf.filters = &filters[i % 2];
        conf.transport = i / 2 % 2 ? LOAD_WS : LOAD_TCP;
        (void) load_client(l, overload_text("never-%u", i), &conf);
    }

    (void) overload_ready(l, 3000);

    load_rate(source, option("rate", 2000));
    (void) load_run(l, NULL, option("seconds", 5) * 1000);
    load_stop(l);

    load_report(l, &l->stats, stdout);
}


static void
overload_flood(load_t *l)
{
    int             qos;
    unsigned        i, n, subs;
    load_conf_t     conf;
    load_filter_t   filter;
    load_client_t  *pub;

    n = option("n", 4);
    subs = option("subscribers", 4);
    qos = option("qos", 0);

    filter.filter = qos ? "flood/1" : "flood/0";
    filter.qos = qos;

    load_conf(&conf);
    conf.clean = 1;
    conf.window = 100;

    for (i = 0; i < n; i++) {
        pub = load_client(l, overload_text(qos ? "flood-pub1-%u"
                                               : "flood-pub0-%u", i), &conf);
        (void) load_source(pub, filter.filter, qos, option("size", 1000));
    }

    conf.filters = &filter;
    conf.nfilters = 1;

    for (i = 0; i < subs; i++) {
        conf.transport = i % 2 ? LOAD_WS : LOAD_TCP;
        (void) load_client(l, overload_text(qos ? "flood-sub1-%u"
                                                : "flood-sub0-%u", i), &conf);
    }

    (void) overload_ready(l, 3000);

    for (i = 0; i < l->nsources; i++) {
        load_rate(l->sources[i], -1);
    }

    (void) load_run(l, NULL, option("seconds", 5) * 1000);

    load_report(l, &l->stats, stdout);
}


static void
overload_storm(load_t *l)
{
    unsigned     i, n;
    load_conf_t  conf;

    n = option("n", 200);

    l->connect_max = n;

    load_conf(&conf);
    conf.clean = 1;
    conf.expiry = option("expiry", 0);

    for (i = 0; i < n; i++) {
        conf.transport = i % 2 ? LOAD_WS : LOAD_TCP;
        conf.source = 1 + i % OVERLOAD_SOURCES;
        (void) load_client(l, overload_text("storm-%u", i), &conf);
    }

    (void) load_run(l, overload_storm_again, option("seconds", 5) * 1000);

    load_report(l, &l->stats, stdout);
}


/* never done */

static int
overload_storm_again(load_t *l)
{
    size_t          i;
    load_client_t  *c;

    for (i = 0; i < l->nclients; i++) {
        c = l->clients[i];

        if (c->state != LOAD_READY) {
            continue;
        }

        load_leave(c, i / 2 % 2);

        if (option("unique", 0)) {
            load_mqtt_forget(c);
            free(c->id);
            c->id = (char *) overload_text("storm-%u", overload_serial++);
        }

        load_start(c);
    }

    return 0;
}


static void
overload_fill(load_t *l)
{
    unsigned         i, n;
    load_conf_t      conf;
    load_client_t   *pub;
    load_filter_t   *filters;

    n = option("n", 30);

    filters = calloc(n, sizeof(load_filter_t));
    if (filters == NULL) {
        plain_die("calloc()");
    }

    load_conf(&conf);
    conf.clean = 1;
    conf.window = 100;
    pub = load_client(l, "fill-pub", &conf);

    conf.expiry = 600;
    conf.nfilters = 1;

    for (i = 0; i < n; i++) {
        filters[i].filter = overload_text("fill/%u", i);
        filters[i].qos = 1;
        conf.filters = &filters[i];

        (void) load_client(l, overload_text("fill-%u", i), &conf);
        (void) load_source(pub, filters[i].filter, 1, option("size", 2000));
    }

    (void) overload_ready(l, 3000);

    for (i = 1; i < l->nclients; i++) {
        load_leave(l->clients[i], 1);
    }

    for (i = 0; i < l->nsources; i++) {
        load_rate(l->sources[i], -1);
    }

    (void) load_run(l, NULL, option("seconds", 5) * 1000);
    load_stop(l);

    load_report(l, &l->stats, stdout);

    load_end(l);

    if (!load_run(l, load_all_idle, 20000)) {
        printf("FAULT sessions could not be ended\n");
    }
}


static void
overload_raw(void)
{
    raw_stats_t  stats;

    raw_run(options.mode, option("n", 1000), option("seconds", 5), &stats);

    printf("opened %u\nfailed %u\nended %u\nopen %u\nblocked %u\n",
           stats.opened, stats.failed, stats.ended, stats.open,
           stats.blocked);

    overload_report_codes("http_%u", stats.http, 600);
    overload_report_codes("connack_0x%02x", stats.connack, 256);
    overload_report_codes("disconnect_0x%02x", stats.disconnect, 256);
}


static const char *
overload_text(const char *format, unsigned i)
{
    char  text[64], *copy;

    snprintf(text, sizeof(text), format, i);

    copy = strdup(text);
    if (copy == NULL) {
        plain_die("strdup()");
    }

    return copy;
}


/* where the zone is full some may stay outside */

static int
overload_ready(load_t *l, unsigned ms)
{
    return load_run(l, load_all_ready, ms);
}


static void
overload_report_codes(const char *name, unsigned *codes, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (codes[i]) {
            printf(name, i);
            printf(" %u\n", codes[i]);
        }
    }
}
