
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "option.h"
#include "plain.h"
#include "raw.h"


#define RAW_EVENTS   512
#define RAW_UNDER    200         /* connections under way at a time */
#define RAW_SOURCES  8

#define RAW_REQUEST                                                           \
    "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"         \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                    \
    "Sec-WebSocket-Protocol: mqtt\r\n"                                        \
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

/* the id is longer than anybody waits for it */

#define RAW_ID_LEN   200

#define RAW_PINGS    65536
#define RAW_RCVBUF   4096

#define RAW_CONNECT  "\x10\xd5\x01\0\4MQTT\5\2\0\0\0\0\xc8"
#define RAW_PUBLISH  "\x31\x80\x80\x04\0\1t\0"


typedef struct {
    const char  *name;
    const char  *first;          /* sent at once */
    size_t       len;
    unsigned     ws:1;
    unsigned     id:1;           /* ... and a client id */
    unsigned     drip:1;         /* ... and "x" once a second */
    unsigned     slow:1;         /* "first" itself, once a second */
    unsigned     pings:1;        /* PINGREQ behind it, without an end */
} raw_kind_t;


static const raw_kind_t  raw_kinds[] = {
    { "silent", "", 0, 0, 0, 0, 0, 0 },
    { "ws-silent", "", 0, 1, 0, 0, 0, 0 },
    { "half", RAW_CONNECT, 7, 0, 0, 0, 0, 0 },
    { "upgraded", RAW_REQUEST, sizeof(RAW_REQUEST) - 1, 1, 0, 0, 0, 0 },
    { "connect-drip", RAW_CONNECT, sizeof(RAW_CONNECT) - 1, 0, 0, 1, 1, 0 },
    { "ws-drip", RAW_REQUEST, sizeof(RAW_REQUEST) - 1, 1, 0, 0, 1, 0 },
    { "publish-drip", RAW_CONNECT, sizeof(RAW_CONNECT) - 1, 0, 1, 1, 0, 0 },
    { "pings", RAW_CONNECT, sizeof(RAW_CONNECT) - 1, 0, 1, 0, 0, 1 },
    { NULL, NULL, 0, 0, 0, 0, 0, 0 }
};


typedef struct {
    int       fd;
    unsigned  connected:1;
    unsigned  heard:1;
    size_t    sent;
    uint64_t  wrote;             /* when, last */
} raw_t;


static const raw_kind_t *raw_find(const char *kind);
static void raw_open(int epoll, raw_t *c, const raw_kind_t *kind, unsigned n,
    raw_stats_t *stats);
static void raw_event(raw_t *c, const raw_kind_t *kind, raw_stats_t *stats);
static void raw_first(raw_t *c, const raw_kind_t *kind);
static void raw_drip(raw_t *c, const raw_kind_t *kind);
static void raw_pings(raw_t *c, raw_stats_t *stats);
static void raw_hear(raw_t *c, const raw_kind_t *kind, raw_stats_t *stats);
static void raw_answer(raw_t *c, char *p, ssize_t len, raw_stats_t *stats);


static const raw_kind_t *
raw_find(const char *kind)
{
    unsigned  i;

    for (i = 0; raw_kinds[i].name; i++) {
        if (strcmp(raw_kinds[i].name, kind) == 0) {
            return &raw_kinds[i];
        }
    }

    return NULL;
}


int
raw_kind(const char *kind)
{
    return raw_find(kind) != NULL;
}


void
raw_run(const char *name, unsigned n, unsigned seconds, raw_stats_t *stats)
{
    int                  i, epoll, nevents;
    raw_t               *all;
    unsigned             under, next;
    uint64_t             end, drip;
    const raw_kind_t    *kind;
    struct epoll_event   events[RAW_EVENTS];

    memset(stats, 0, sizeof(raw_stats_t));

    kind = raw_find(name);
    all = calloc(n, sizeof(raw_t));
    epoll = epoll_create1(0);

    if (all == NULL || epoll == -1) {
        plain_die("raw");
    }

    end = load_now() + seconds * 1000000000ULL;
    drip = load_now();
    next = 0;

    while (load_now() < end) {

        for (under = 0; under < RAW_UNDER && next < n; under++) {
            raw_open(epoll, &all[next], kind, next, stats);
            next++;
        }

        nevents = epoll_wait(epoll, events, RAW_EVENTS, 20);

        for (i = 0; i < nevents; i++) {
            raw_event(events[i].data.ptr, kind, stats);
        }

        if (load_now() >= drip + 1000000000ULL) {
            drip += 1000000000ULL;

            for (under = 0; under < next; under++) {
                raw_drip(&all[under], kind);
            }
        }
    }

    for (under = 0; under < next; under++) {
        if (all[under].fd != -1) {
            stats->open++;
            stats->blocked += (all[under].wrote + 1000000000ULL < end);
            (void) close(all[under].fd);
        }
    }

    (void) close(epoll);
    free(all);
}


static void
raw_open(int epoll, raw_t *c, const raw_kind_t *kind, unsigned n,
    raw_stats_t *stats)
{
    int                 one;
    struct sockaddr_in  local, sin;
    struct epoll_event  ee;

    c->fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0);
    if (c->fd == -1) {
        plain_die("socket()");
    }

    one = 1;
    memset(&local, 0, sizeof(local));
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(0x7f010100 + 1 + n % RAW_SOURCES);

    (void) setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
                      sizeof(one));

    if (kind->pings) {
        one = RAW_RCVBUF;
        (void) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &one, sizeof(one));
    }

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(kind->ws ? options.ws : options.tcp);
    inet_pton(AF_INET, options.host, &sin.sin_addr);

    ee.events = EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET;
    ee.data.ptr = c;

    if (bind(c->fd, (struct sockaddr *) &local, sizeof(local)) == -1
        || (connect(c->fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
            && errno != EINPROGRESS)
        || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ee) == -1)
    {
        plain_die("connect()");
    }

    stats->opened++;
}


static void
raw_event(raw_t *c, const raw_kind_t *kind, raw_stats_t *stats)
{
    int        error;
    socklen_t  len;

    if (c->fd == -1) {
        return;
    }

    if (!c->connected) {
        error = 0;
        len = sizeof(error);
        (void) getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);

        if (error) {
            stats->failed++;
            (void) close(c->fd);
            c->fd = -1;
            return;
        }

        c->connected = 1;
        raw_first(c, kind);
    }

    if (kind->pings) {
        raw_pings(c, stats);

    } else {
        raw_hear(c, kind, stats);
    }
}


static void
raw_first(raw_t *c, const raw_kind_t *kind)
{
    char  id[RAW_ID_LEN + 1];

    if (kind->slow) {
        return;
    }

    (void) send(c->fd, kind->first, kind->len, MSG_NOSIGNAL);
    c->sent = kind->pings ? 0 : kind->len;

    if (kind->id) {
        snprintf(id, sizeof(id), "%08d-%0191d", (int) getpid(), c->fd);
        (void) send(c->fd, id, RAW_ID_LEN, MSG_NOSIGNAL);
    }

    if (kind->id && !kind->pings) {
        (void) send(c->fd, RAW_PUBLISH, sizeof(RAW_PUBLISH) - 1, MSG_NOSIGNAL);
    }
}


static void
raw_drip(raw_t *c, const raw_kind_t *kind)
{
    if (c->fd == -1 || !c->connected) {
        return;
    }

    if (kind->slow && c->sent < kind->len) {
        (void) send(c->fd, kind->first + c->sent, 1, MSG_NOSIGNAL);
        c->sent++;

    } else if (kind->drip) {
        (void) send(c->fd, "x", 1, MSG_NOSIGNAL);
    }
}


static void
raw_pings(raw_t *c, raw_stats_t *stats)
{
    ssize_t        n;
    static u_char  pings[RAW_PINGS];

    for (n = 0; n < RAW_PINGS && pings[n] == 0; n += 2) {
        pings[n] = 0xc0;
    }

    /* PINGREQ has two bytes: go on in the middle of one */

    for ( ;; ) {
        n = send(c->fd, pings + c->sent % 2, RAW_PINGS - 2, MSG_NOSIGNAL);

        if (n == -1) {
            break;
        }

        c->sent += n;
        c->wrote = load_now();
    }

    if (errno != EAGAIN) {
        stats->ended++;
        (void) close(c->fd);
        c->fd = -1;
    }
}


static void
raw_hear(raw_t *c, const raw_kind_t *kind, raw_stats_t *stats)
{
    char     buf[4096];
    ssize_t  n;

    for ( ;; ) {
        n = recv(c->fd, buf, sizeof(buf), 0);

        if (n <= 0) {
            break;
        }

        if (!c->heard || buf[0] == (char) 0xe0) {
            raw_answer(c, buf, n, stats);
        }

        c->heard = 1;
    }

    if (n == -1 && errno == EAGAIN) {
        return;
    }

    stats->ended++;
    (void) close(c->fd);
    c->fd = -1;
}


static void
raw_answer(raw_t *c, char *p, ssize_t len, raw_stats_t *stats)
{
    int  status;

    if (len >= 12 && memcmp(p, "HTTP/1.1 ", 9) == 0) {
        status = atoi(p + 9);

        if (status > 0 && status < 600) {
            stats->http[status]++;
        }

    } else if (len >= 4 && p[0] == 0x20) {
        stats->connack[(u_char) p[3]]++;

    } else if (len >= 3 && (u_char) p[0] == 0xe0) {
        stats->disconnect[(u_char) p[2]]++;
    }
}
