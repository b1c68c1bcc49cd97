
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"


/* A connection: how it begins and ends, and its bytes. */


static void load_opened(load_client_t *c);
static void load_listen(load_client_t *c);
static void load_input(load_client_t *c, u_char *p, ssize_t n);


/* Not more than connect_max are under way, so that no backlog overflows. */

void
load_open(load_client_t *c)
{
    int                  one;
    load_t              *l;
    struct sockaddr_in   local, *sin;
    struct epoll_event   ee;

    l = c->load;

    if (l->connecting >= l->connect_max) {
        if (!c->queued) {
            c->queued = 1;
            c->next = NULL;
            *l->queue_tail = c;
            l->queue_tail = &c->next;
        }

        return;
    }

    c->fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
    if (c->fd == -1) {
        load_die("socket()");
    }

    one = 1;
    (void) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(int));

    if (c->conf.rcvbuf) {
        (void) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &c->conf.rcvbuf,
                          sizeof(int));
    }

    if (c->conf.source) {
        memset(&local, 0, sizeof(local));
        local.sin_family = AF_INET;
        local.sin_addr.s_addr = htonl(0x7f010000 + c->conf.source);

        (void) setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
                          sizeof(int));

        if (bind(c->fd, (struct sockaddr *) &local, sizeof(local)) == -1) {
            load_die("bind()");
        }
    }

    c->stats->opened++;
    c->opened = load_now();
    c->deadline = c->opened + l->connect_time * 1000000ULL;
    c->connecting = 1;
    l->connecting++;
    load_state(c, LOAD_CONNECTING);

    c->events = EPOLLIN|EPOLLOUT;
    ee.events = c->events;
    ee.data.ptr = c;

    sin = (c->conf.transport == LOAD_WS) ? &l->ws : &l->tcp;

    if (connect(c->fd, (struct sockaddr *) sin, sizeof(*sin)) == -1
        && errno != EINPROGRESS)
    {
        if (errno == EADDRNOTAVAIL) {
            load_die("connect()");
        }

        load_lost(c);
        return;
    }

    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ee) == -1) {
        load_die("epoll_ctl()");
    }

    load_timer(c);
}


static void
load_opened(load_client_t *c)
{
    if (c->conf.transport == LOAD_WS) {
        load_state(c, LOAD_UPGRADING);
        load_ws_request(c);

    } else {
        load_state(c, LOAD_CONNECT);
        load_mqtt_connect(c);
    }

    if (c->conf.shake == LOAD_SHAKE_FULL) {
        return;
    }

    if (c->conf.shake == LOAD_SHAKE_HALF) {
        c->out_len /= 2;
        c->drip = c->out_len;

    } else {
        c->drip = 1;
    }

    load_state(c, LOAD_STUCK);
    load_settled(c);
}


/* The connection is made, or failed: somebody else's turn. */

void
load_settled(load_client_t *c)
{
    if (c->connecting) {
        c->connecting = 0;
        c->load->connecting--;
    }
}


void
load_turn(load_t *l)
{
    load_client_t  *c;

    while (l->queue && l->connecting < l->connect_max) {
        c = l->queue;

        l->queue = c->next;
        if (l->queue == NULL) {
            l->queue_tail = &l->queue;
        }

        c->queued = 0;

        if (c->state == LOAD_WAIT) {
            load_open(c);
        }
    }
}


void
load_close(load_client_t *c)
{
    load_settled(c);

    if (c->fd != -1) {
        (void) close(c->fd);
        c->fd = -1;
    }

    free(c->out);
    c->out = NULL;
    c->out_pos = 0;
    c->out_len = 0;
    c->out_size = 0;

    free(c->in);
    c->in = NULL;
    c->in_len = 0;
    c->in_size = 0;

    c->ws_nhead = 0;
    c->ws_rest = 0;
}


/* The connection ended, and not because we wanted it to. */

void
load_lost(load_client_t *c)
{
    uint64_t        jitter;
    load_state_e    state;

    state = c->state;
    load_close(c);

    if (state >= LOAD_SUBSCRIBE) {
        c->stats->lost++;

        if (c->load->on_lost) {
            c->load->on_lost(c);
        }
    }

    if (c->conf.again < 0) {
        load_state(c, LOAD_IDLE);

    } else {
        jitter = random() % (c->conf.again + 1);
        load_state(c, LOAD_WAIT);
        c->retry = load_now() + (c->conf.again + jitter) * 1000000ULL;
    }

    load_timer(c);
}


/* Room for a packet; in WebSocket it is a frame. */

u_char *
load_reserve(load_client_t *c, size_t len)
{
    u_char  *p;

    if (c->out_size - c->out_len < len + 14) {
        c->out_size = 2 * c->out_size + len + 128;
        c->out = load_alloc(c->out, c->out_size);
    }

    if (c->conf.transport == LOAD_WS && c->state >= LOAD_CONNECT) {
        c->out_len += load_ws_head(c->out + c->out_len, 2, len);
    }

    p = c->out + c->out_len;
    c->out_len += len;

    return p;
}


void
load_flush(load_client_t *c)
{
    size_t   end;
    ssize_t  n;

    if (c->fd == -1 || c->state == LOAD_CONNECTING) {
        return;
    }

    end = (c->state == LOAD_STUCK) ? c->drip : c->out_len;

    while (c->out_pos < end) {
        n = send(c->fd, c->out + c->out_pos, end - c->out_pos, MSG_NOSIGNAL);

        if (n == -1) {
            if (errno != EAGAIN && errno != EINTR) {
                load_lost(c);
                return;
            }

            break;
        }

        c->out_pos += n;
        c->stats->bytes_out += n;
    }

    if (c->out_pos == c->out_len && c->state != LOAD_STUCK) {
        free(c->out);
        c->out = NULL;
        c->out_pos = 0;
        c->out_len = 0;
        c->out_size = 0;
    }

    load_listen(c);
}


static void
load_listen(load_client_t *c)
{
    uint32_t            events;
    struct epoll_event  ee;

    events = 0;

    if (c->state != LOAD_READY || c->conf.read == LOAD_READ_ALL) {
        events |= EPOLLIN;

    } else {
        events |= EPOLLRDHUP;
    }

    if (c->state != LOAD_STUCK && c->out_pos < c->out_len) {
        events |= EPOLLOUT;
    }

    if (events == c->events) {
        return;
    }

    c->events = events;
    ee.events = events;
    ee.data.ptr = c;

    if (epoll_ctl(c->load->epoll, EPOLL_CTL_MOD, c->fd, &ee) == -1) {
        load_die("epoll_ctl()");
    }
}


void
load_event(load_client_t *c, uint32_t events)
{
    int        error;
    socklen_t  len;

    if (c->state == LOAD_CONNECTING) {
        error = 0;
        len = sizeof(int);
        (void) getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);

        if (error) {
            load_lost(c);
            return;
        }

        load_opened(c);

    } else if (c->state == LOAD_READY && c->conf.read != LOAD_READ_ALL) {

        if (events & (EPOLLHUP|EPOLLERR|EPOLLRDHUP)) {
            load_lost(c);
            return;
        }

    } else if (events & (EPOLLIN|EPOLLHUP|EPOLLERR)) {
        load_read(c);
    }

    load_pump(c);
    load_flush(c);
    load_timer(c);
}


void
load_read(load_client_t *c)
{
    size_t   size;
    ssize_t  n;

    size = LOAD_BUFFER;

    if (c->state == LOAD_READY && c->conf.read == LOAD_READ_SLOW) {
        size = c->conf.read_rate / 10 + 1;
        size = (size < LOAD_BUFFER) ? size : LOAD_BUFFER;
    }

    n = recv(c->fd, c->load->buffer, size, 0);

    if (n > 0) {
        c->stats->bytes_in += n;
        load_input(c, c->load->buffer, n);
        return;
    }

    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        load_lost(c);
    }
}


static void
load_input(load_client_t *c, u_char *p, ssize_t n)
{
    ssize_t  used;

    if (c->conf.transport == LOAD_WS) {

        if (c->state == LOAD_UPGRADING || c->state == LOAD_STUCK) {
            n = load_ws_response(c, p, n);

        } else {
            n = load_ws_input(c, p, n);
        }

        if (n == -1) {
            load_lost(c);
            return;
        }
    }

    if (c->in_len + n > c->in_size && c->in_len) {
        c->in_size = 2 * (c->in_len + n);
        c->in = load_alloc(c->in, c->in_size);
    }

    if (c->in_len) {
        memcpy(c->in + c->in_len, p, n);
        p = c->in;
        n += c->in_len;
    }

    used = load_mqtt_input(c, p, n);

    if (used == -1) {
        if (c->fd != -1) {
            load_lost(c);
        }

        return;
    }

    n -= used;

    if (n == 0) {
        free(c->in);
        c->in = NULL;
        c->in_size = 0;

    } else if (c->in_len) {
        memmove(c->in, c->in + used, n);

    } else {
        c->in_size = n + 1024;
        c->in = load_alloc(NULL, c->in_size);
        memcpy(c->in, p + used, n);
    }

    c->in_len = n;
}
