
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load.h"


/* What callers call, times, and the loop. */


#define LOAD_EVENTS     512
#define LOAD_MSEC       1000000ULL
#define LOAD_SEC        1000000000ULL
#define LOAD_SLOW_STEP  (100 * LOAD_MSEC)


static void load_wake(load_client_t *c);
static void load_heap_set(load_client_t *c, uint64_t wake);
static void load_heap_up(load_t *l, size_t i);
static void load_heap_down(load_t *l, size_t i);


uint64_t
load_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * LOAD_SEC + ts.tv_nsec;
}


void
load_die(const char *what)
{
    perror(what);
    exit(2);
}


void *
load_alloc(void *old, size_t size)
{
    void  *p;

    p = realloc(old, size);

    if (p == NULL && size) {
        load_die("realloc()");
    }

    return p;
}


load_t *
load_create(const char *host, int tcp_port, int ws_port)
{
    load_t  *l;

    l = load_alloc(NULL, sizeof(load_t));
    memset(l, 0, sizeof(load_t));

    l->tcp.sin_family = AF_INET;
    l->tcp.sin_addr.s_addr = inet_addr(host);
    l->ws = l->tcp;
    l->tcp.sin_port = htons(tcp_port);
    l->ws.sin_port = htons(ws_port);

    l->connect_max = 200;
    l->connect_time = 10000;
    l->watch = -1;
    l->queue_tail = &l->queue;
    l->buffer = load_alloc(NULL, LOAD_BUFFER);
    l->now = load_now();

    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll == -1) {
        load_die("epoll_create1()");
    }

    signal(SIGPIPE, SIG_IGN);

    return l;
}


void
load_conf(load_conf_t *conf)
{
    memset(conf, 0, sizeof(load_conf_t));

    conf->path = "/mqtt";
    conf->version = 5;
    conf->window = 20;
    conf->again = 20;
}


load_client_t *
load_client_idle(load_t *l, const char *id, const load_conf_t *conf)
{
    load_client_t  *c;

    c = load_alloc(NULL, sizeof(load_client_t));
    memset(c, 0, sizeof(load_client_t));

    c->load = l;
    c->conf = *conf;
    c->stats = conf->stats ? conf->stats : &l->stats;
    c->fd = -1;

    c->id = strdup(id);
    if (c->id == NULL) {
        load_die("strdup()");
    }

    if (l->nclients % 1024 == 0) {
        l->clients = load_alloc(l->clients,
                                (l->nclients + 1024) * sizeof(*l->clients));
    }

    l->clients[l->nclients++] = c;
    l->nidle++;

    return c;
}


load_client_t *
load_client(load_t *l, const char *id, const load_conf_t *conf)
{
    load_client_t  *c;

    c = load_client_idle(l, id, conf);
    load_start(c);

    return c;
}


void
load_start(load_client_t *c)
{
    if (c->state == LOAD_IDLE) {
        load_state(c, LOAD_WAIT);
        c->retry = 0;
        load_timer(c);
    }
}


void
load_leave(load_client_t *c, int disconnect)
{
    if (c->state == LOAD_READY && disconnect) {
        load_mqtt_disconnect(c);
        load_flush(c);
    }

    load_close(c);
    load_state(c, LOAD_IDLE);
    load_timer(c);
}


void
load_end(load_t *l)
{
    size_t          i;
    load_client_t  *c;

    for (i = 0; i < l->nclients; i++) {
        c = l->clients[i];

        load_close(c);
        load_mqtt_forget(c);

        c->conf.clean = 1;
        c->conf.expiry = 0;
        c->conf.shake = LOAD_SHAKE_FULL;
        c->conf.again = 20;
        c->ending = 1;

        load_state(c, LOAD_IDLE);
        load_start(c);
    }
}


void
load_state(load_client_t *c, load_state_e state)
{
    load_t  *l;

    l = c->load;

    l->nready -= (c->state == LOAD_READY);
    l->nidle -= (c->state == LOAD_IDLE);
    l->nstuck -= (c->state == LOAD_STUCK);

    c->state = state;

    l->nready += (c->state == LOAD_READY);
    l->nidle += (c->state == LOAD_IDLE);
    l->nstuck += (c->state == LOAD_STUCK);
}


/* ---- times */

/* Something is to be done at once. */

void
load_touch(load_client_t *c)
{
    if (c->state == LOAD_READY) {
        load_heap_set(c, c->load->now);
    }
}


void
load_timer(load_client_t *c)
{
    uint64_t  wake, at;

    wake = UINT64_MAX;

    switch (c->state) {

    case LOAD_IDLE:
        break;

    case LOAD_WAIT:
        wake = c->queued ? UINT64_MAX : c->retry;
        break;

    case LOAD_STUCK:
        wake = (c->drip < c->out_len) ? c->ping : UINT64_MAX;
        break;

    case LOAD_READY:
        wake = load_pump_time(c);

        if (c->conf.keep_alive) {
            at = c->ping;
            wake = (at < wake) ? at : wake;
        }

        if (c->conf.read == LOAD_READ_SLOW) {
            wake = (c->read < wake) ? c->read : wake;
        }

        break;

    default:
        wake = c->deadline;
    }

    load_heap_set(c, wake);
}


static void
load_wake(load_client_t *c)
{
    uint64_t  now;

    now = c->load->now;

    switch (c->state) {

    case LOAD_IDLE:
        break;

    case LOAD_WAIT:
        load_open(c);
        break;

    case LOAD_STUCK:
        c->drip++;
        c->ping = now + LOAD_SEC;
        break;

    case LOAD_READY:

        if (c->conf.keep_alive && now >= c->ping) {
            load_mqtt_ping(c);
            c->ping = now + c->conf.keep_alive * LOAD_SEC * 2 / 3;
        }

        if (c->conf.read == LOAD_READ_SLOW && now >= c->read) {
            c->read = now + LOAD_SLOW_STEP;
            load_read(c);
        }

        load_pump(c);
        break;

    default:
        load_lost(c);
    }

    load_flush(c);
    load_timer(c);
}


static void
load_heap_set(load_client_t *c, uint64_t wake)
{
    size_t           i;
    load_t          *l;
    load_client_t   *last;

    l = c->load;

    if (wake == UINT64_MAX) {
        if (c->heap == 0) {
            return;
        }

        i = c->heap - 1;
        c->heap = 0;
        last = l->heap[--l->nheap];

        if (last != c) {
            l->heap[i] = last;
            last->heap = i + 1;
            load_heap_up(l, i);
            load_heap_down(l, last->heap - 1);
        }

        return;
    }

    if (c->heap == 0) {
        if (l->nheap == l->heap_size) {
            l->heap_size = 2 * l->heap_size + 1024;
            l->heap = load_alloc(l->heap, l->heap_size * sizeof(*l->heap));
        }

        l->heap[l->nheap++] = c;
        c->heap = l->nheap;

    } else if (c->wake == wake) {
        return;
    }

    c->wake = wake;
    load_heap_up(l, c->heap - 1);
    load_heap_down(l, c->heap - 1);
}


static void
load_heap_up(load_t *l, size_t i)
{
    size_t          parent;
    load_client_t  *c;

    c = l->heap[i];

    while (i) {
        parent = (i - 1) / 2;

        if (l->heap[parent]->wake <= c->wake) {
            break;
        }

        l->heap[i] = l->heap[parent];
        l->heap[i]->heap = i + 1;
        i = parent;
    }

    l->heap[i] = c;
    c->heap = i + 1;
}


static void
load_heap_down(load_t *l, size_t i)
{
    size_t          child;
    load_client_t  *c;

    c = l->heap[i];

    while (2 * i + 1 < l->nheap) {
        child = 2 * i + 1;

        if (child + 1 < l->nheap
            && l->heap[child + 1]->wake < l->heap[child]->wake)
        {
            child++;
        }

        if (c->wake <= l->heap[child]->wake) {
            break;
        }

        l->heap[i] = l->heap[child];
        l->heap[i]->heap = i + 1;
        i = child;
    }

    l->heap[i] = c;
    c->heap = i + 1;
}


/* ---- the loop */

static void
load_wait(load_t *l, uint64_t until)
{
    int                 i, n, ms;
    uint64_t            at;
    struct epoll_event  ee[LOAD_EVENTS];

    at = l->nheap ? l->heap[0]->wake : until;
    at = (at < until) ? at : until;
    ms = (at > l->now) ? (at - l->now + LOAD_MSEC - 1) / LOAD_MSEC : 0;

    n = epoll_wait(l->epoll, ee, LOAD_EVENTS, ms);
    if (n == -1 && errno != EINTR) {
        load_die("epoll_wait()");
    }

    l->now = load_now();

    for (i = 0; i < n; i++) {
        if (ee[i].data.ptr == l) {
            l->on_watch(l);

        } else if (((load_client_t *) ee[i].data.ptr)->fd != -1) {
            load_event(ee[i].data.ptr, ee[i].events);
        }
    }
}


int
load_run(load_t *l, int (*done)(load_t *l), unsigned ms)
{
    uint64_t            end, ask;
    struct epoll_event  ee;

    if (l->watch != -1) {
        ee.events = EPOLLIN;
        ee.data.ptr = l;

        if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->watch, &ee) == -1
            && errno != EEXIST)
        {
            load_die("epoll_ctl()");
        }
    }

    l->now = load_now();
    end = l->now + ms * LOAD_MSEC;
    ask = 0;

    for ( ;; ) {

        while (l->nheap && l->heap[0]->wake <= l->now) {
            load_wake(l->heap[0]);
        }

        load_turn(l);

        if (l->now >= ask) {
            if (done && done(l)) {
                return 1;
            }

            ask = l->now + 20 * LOAD_MSEC;
        }

        if (l->now >= end) {
            return done ? done(l) : 0;
        }

        load_wait(l, (done && ask < end) ? ask : end);
    }
}


int
load_all_ready(load_t *l)
{
    return l->nready + l->nstuck == l->nclients;
}


int
load_all_idle(load_t *l)
{
    return l->nidle == l->nclients;
}


int
load_complete(load_t *l)
{
    return load_pending(l) == 0 && load_missing(l) == 0;
}
