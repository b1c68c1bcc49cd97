
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "load.h"


/*
 * Load while workers are reloaded and killed: t/torture_faults.t says what is
 * to be done, a command in a line of input, and gets "ok" or "failed" for each.
 *
 *     faults host=127.0.0.1 tcp=1883 ws=8080 subscribers=250 rate=5 ...
 *
 *   ready MS        waits until all clients are connected and subscribed
 *   go              begins to publish
 *   move N          the next N subscribers close, and come back
 *   churn           sessions that do not last end and begin again
 *   measure         "fanout_us N": from a message to all targets to its PUBACK
 *   fanout PID US   such a message; kills a process that much later
 *   stop MS         ends publishing, waits until all has arrived everywhere
 *   report          counters before the "ok", and who misses what
 *   end MS          ends all sessions
 */


typedef struct {
    const char     *name;
    int             value;
} faults_arg_t;


enum {
    ARG_TCP = 0,
    ARG_WS,
    ARG_SUBSCRIBERS,      /* each with a publisher of QoS 0, 1 and 2 */
    ARG_MOVERS,           /* of these, "move" takes turns among them */
    ARG_CHURNERS,
    ARG_TARGETS,          /* of fan-outs, the second half of them offline */
    ARG_RATE,             /* of each QoS of each publisher, in 10 seconds */
    ARG_ALL,              /* messages a second to all subscribers */
    ARG_BUSY,             /* as many of them send what the window allows */
    ARG_QOS0              /* not even QoS 0 may be lost, but for movers */
};


static faults_arg_t  args[] = {
    { "tcp", 0 },
    { "ws", 0 },
    { "subscribers", 0 },
    { "movers", 0 },
    { "churners", 0 },
    { "targets", 0 },
    { "rate", 10 },
    { "all", 0 },
    { "busy", 0 },
    { "qos0", 0 },
    { NULL, 0 }
};


static load_t          *load;
static load_client_t  **subscribers;
static load_client_t  **churners;
static load_client_t  **targets;
static load_source_t  **sources;        /* three for each subscriber */
static load_source_t   *wide[2];
static load_source_t   *all;
static load_source_t   *kept;
static int              moved;
static int              churned;
static char             line[256];
static size_t           line_len;


static char *
faults_text(const char *fmt, int n, int qos)
{
    char  text[64];

    (void) snprintf(text, sizeof(text), fmt, n, qos);

    return strdup(text);
}


/* versions and transports in turn */

static void
faults_conf(load_conf_t *conf, int n)
{
    load_conf(conf);

    conf->expiry = 3600;
    conf->version = (n & 1) ? 4 : 5;
    conf->transport = (n & 2) ? LOAD_WS : LOAD_TCP;
    conf->receive_max = (n & 4) ? 5 : 0;
}


static void
faults_pairs(int n)
{
    int             i, qos;
    load_conf_t     conf;
    load_filter_t  *filters;
    load_client_t  *c;

    subscribers = load_alloc(NULL, (n + 1) * sizeof(load_client_t *));
    sources = load_alloc(NULL, (3 * n + 1) * sizeof(load_source_t *));

    for (i = 0; i < n; i++) {
        filters = load_alloc(NULL, 2 * sizeof(load_filter_t));
        filters[0].filter = faults_text("pair/%d/#", i, 0);
        filters[0].qos = 2;
        filters[1].filter = "all/+";
        filters[1].qos = 1;

        faults_conf(&conf, i);
        conf.filters = filters;
        conf.nfilters = 2;
        subscribers[i] = load_client(load, faults_text("sub%d", i, 0), &conf);

        /* no faster than a narrow subscriber: its queue shall not overflow */

        faults_conf(&conf, i + i / 4);
        conf.window = 3;
        c = load_client(load, faults_text("pub%d", i, 0), &conf);

        for (qos = 0; qos < 3; qos++) {
            sources[3 * i + qos] = load_source(c,
                                            faults_text("pair/%d/q%d", i, qos),
                                            qos, 50 + i * 37 % 3000);
        }
    }
}


/* Sessions that end with their connection; they get retained messages, too. */

static void
faults_churners(int n)
{
    int           i;
    load_conf_t   conf;

    static load_filter_t  filters[] = { { "pair/+/q1", 1 }, { "kept/#", 1 } };

    churners = load_alloc(NULL, (n + 1) * sizeof(load_client_t *));

    for (i = 0; i < n; i++) {
        faults_conf(&conf, i);
        conf.clean = 1;
        conf.expiry = 0;
        conf.filters = filters;
        conf.nfilters = 2;
        churners[i] = load_client(load, faults_text("churn%d", i, 0), &conf);
    }
}


static void
faults_targets(int n)
{
    int             i;
    load_conf_t     conf;
    load_client_t  *c;

    static load_filter_t  filters[] = { { "wide", 1 }, { "wide", 2 } };

    targets = load_alloc(NULL, (n + 1) * sizeof(load_client_t *));

    for (i = 0; i < n; i++) {
        faults_conf(&conf, i);
        conf.filters = &filters[i / 4 & 1];
        conf.nfilters = 1;
        targets[i] = load_client(load, faults_text("target%d", i, 0), &conf);
    }

    faults_conf(&conf, 0);
    c = load_client(load, "wide", &conf);
    wide[0] = load_source(c, "wide", 1, 100);
    wide[1] = load_source(c, "wide", 2, 3000);

    c = load_client(load, "all", &conf);
    all = load_source(c, "all/1", 2, 200);

    c = load_client(load, "kept", &conf);
    kept = load_source(c, "kept/1", 1, 500);
    kept->retain = 1;
}


/* ---- commands */

static int
faults_go(void)
{
    int     i, k, n;
    double  rate;

    n = args[ARG_SUBSCRIBERS].value;

    for (i = 0; i < n; i++) {
        for (k = 0; k < 3; k++) {
            if (k || (args[ARG_QOS0].value && i >= args[ARG_MOVERS].value)) {
                load_expect(subscribers[i], sources[3 * i + k]);
            }

            rate = (k && i < args[ARG_BUSY].value) ? -1
                                           : args[ARG_RATE].value / 10.0;
            load_rate(sources[3 * i + k], rate);
        }

        load_expect(subscribers[i], all);
    }

    for (i = 0; i < args[ARG_TARGETS].value; i++) {
        load_expect(targets[i], wide[0]);
        load_expect(targets[i], wide[1]);

        if (i >= args[ARG_TARGETS].value / 2) {
            load_leave(targets[i], 1);
        }
    }

    load_rate(all, args[ARG_ALL].value);
    load_rate(kept, 1);
    load_publish(kept, 1);

    return 1;
}


/* The connection is closed at once, without DISCONNECT, the next one made. */

static int
faults_move(int n)
{
    if (args[ARG_MOVERS].value == 0) {
        return 0;
    }

    while (n--) {
        load_leave(subscribers[moved], n & 1);
        load_start(subscribers[moved]);

        moved = (moved + 1) % args[ARG_MOVERS].value;
    }

    return 1;
}


static int
faults_churn(void)
{
    int  i;

    for (i = 0; i < args[ARG_CHURNERS].value; i++) {
        load_leave(churners[i], (i + churned) & 1);
        load_start(churners[i]);
    }

    churned++;

    return 1;
}


static int
faults_wide_ready(load_t *l)
{
    return wide[0]->client->state == LOAD_READY;
}


static int
faults_wide_done(load_t *l)
{
    return wide[0]->client->ninflight == 0;
}


static int
faults_wide(int qos2)
{
    if (!load_run(load, faults_wide_ready, 30000)) {
        return 0;
    }

    load_publish(wide[qos2], 1);
    load_pump(wide[0]->client);
    load_flush(wide[0]->client);

    return 1;
}


static int
faults_measure(void)
{
    load_stats_t  *stats;

    stats = load_alloc(NULL, sizeof(load_stats_t));
    load_stats_reset(stats);
    wide[0]->client->stats = stats;

    if (!faults_wide(0) || !load_run(load, faults_wide_done, 30000)) {
        return 0;
    }

    printf("fanout_us %llu\n", (unsigned long long) stats->ack.max / 1000);

    wide[0]->client->stats = &load->stats;
    free(stats);

    return 1;
}


static int
faults_fanout(int pid, int us)
{
    if (!faults_wide(us & 1)) {
        return 0;
    }

    usleep(us);

    return kill(pid, SIGKILL) == 0;
}


static int
faults_quiet(load_t *l)
{
    return load_all_ready(l) && load_complete(l);
}


static int
faults_stop(int ms)
{
    int  i;

    load_stop(load);

    for (i = 0; i < args[ARG_TARGETS].value; i++) {
        load_start(targets[i]);
    }

    return load_run(load, faults_quiet, ms);
}


static int
faults_report(void)
{
    size_t          i;
    uint64_t        n;
    load_client_t  *c;

    load_report(load, &load->stats, stdout);

    for (i = 0; i < load->nclients; i++) {
        c = load->clients[i];
        n = load_missing_of(c);

        if (n || c->ninflight) {
            printf("%s: state %d, misses %llu, %u in flight, %u held\n",
                   c->id, c->state, (unsigned long long) n, c->ninflight,
                   c->nheld);
        }
    }

    return 1;
}


static int
faults_command(char *text)
{
    int   n, us;
    char  name[16];

    n = 0;
    us = 0;

    if (sscanf(text, "%15s %d %d", name, &n, &us) < 1) {
        return 0;
    }

    if (strcmp(name, "ready") == 0) {
        return load_run(load, load_all_ready, n);
    }

    if (strcmp(name, "go") == 0) {
        return faults_go();
    }

    if (strcmp(name, "move") == 0) {
        return faults_move(n);
    }

    if (strcmp(name, "churn") == 0) {
        return faults_churn();
    }

    if (strcmp(name, "measure") == 0) {
        return faults_measure();
    }

    if (strcmp(name, "fanout") == 0) {
        return faults_fanout(n, us);
    }

    if (strcmp(name, "stop") == 0) {
        return faults_stop(n);
    }

    if (strcmp(name, "report") == 0) {
        return faults_report();
    }

    if (strcmp(name, "end") == 0) {
        load_end(load);
        return load_run(load, load_all_idle, n);
    }

    return 0;
}


static void
faults_input(load_t *l)
{
    ssize_t  n;

    n = read(0, line + line_len, sizeof(line) - 1 - line_len);

    if (n <= 0) {
        exit(0);
    }

    line_len += n;
    line[line_len] = '\0';
}


static int
faults_line(load_t *l)
{
    return strchr(line, '\n') != NULL;
}


int
main(int argc, char **argv)
{
    int            i;
    char          *end;
    const char    *host;
    faults_arg_t  *arg;

    host = "127.0.0.1";

    for (i = 1; i < argc; i++) {
        end = strchr(argv[i], '=');

        if (end == NULL) {
            return 2;
        }

        *end++ = '\0';

        if (strcmp(argv[i], "host") == 0) {
            host = end;
            continue;
        }

        for (arg = args; arg->name && strcmp(arg->name, argv[i]); arg++) {
            /* void */
        }

        if (arg->name == NULL) {
            return 2;
        }

        arg->value = atoi(end);
    }

    setvbuf(stdout, NULL, _IOLBF, 0);

    load = load_create(host, args[ARG_TCP].value, args[ARG_WS].value);
    load->watch = 0;
    load->on_watch = faults_input;

    faults_pairs(args[ARG_SUBSCRIBERS].value);
    faults_churners(args[ARG_CHURNERS].value);
    faults_targets(args[ARG_TARGETS].value);

    for ( ;; ) {

        if (!load_run(load, faults_line, 1000)) {
            continue;
        }

        puts(faults_command(line) ? "ok" : "failed");

        end = strchr(line, '\n') + 1;
        line_len -= end - line;
        memmove(line, end, line_len + 1);
    }
}
