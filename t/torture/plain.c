
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plain.h"


#define PLAIN_READ  65536


static void *plain_grow(void *p, size_t size);
static u_char *plain_reserve(plain_t *p, size_t len);
static u_char *plain_head(u_char *b, int first, size_t len);
static u_char *plain_text(u_char *b, const char *s, size_t len);
static void plain_filters(plain_t *p, int first, unsigned id,
    const char *format, unsigned from, unsigned n);
static ssize_t plain_parse(plain_t *p);


void
plain_die(const char *what)
{
    if (errno) {
        perror(what);

    } else {
        fprintf(stderr, "%s\n", what);
    }

    exit(2);
}


static void *
plain_grow(void *p, size_t size)
{
    p = realloc(p, size);

    if (p == NULL) {
        plain_die("realloc()");
    }

    return p;
}


static u_char *
plain_reserve(plain_t *p, size_t len)
{
    if (p->out_len + len > p->out_size) {
        p->out_size = (p->out_len + len) * 2;
        p->out = plain_grow(p->out, p->out_size);
    }

    return p->out + p->out_len;
}


static u_char *
plain_head(u_char *b, int first, size_t len)
{
    *b++ = first;

    do {
        *b++ = (len & 0x7f) | (len > 0x7f ? 0x80 : 0);
        len >>= 7;
    } while (len);

    return b;
}


static u_char *
plain_text(u_char *b, const char *s, size_t len)
{
    *b++ = len >> 8;
    *b++ = len;
    memcpy(b, s, len);

    return b + len;
}


plain_t *
plain_connect(const char *host, int port, const char *id, uint32_t expiry)
{
    int                 one;
    u_char             *b;
    plain_t            *p;
    struct timeval      tv;
    struct sockaddr_in  sin;

    p = plain_grow(NULL, sizeof(plain_t));
    memset(p, 0, sizeof(plain_t));

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    inet_pton(AF_INET, host, &sin.sin_addr);

    p->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (p->fd == -1
        || connect(p->fd, (struct sockaddr *) &sin, sizeof(sin)) == -1)
    {
        plain_die("connect()");
    }

    one = 1;
    tv.tv_sec = 30;
    tv.tv_usec = 0;
    (void) setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void) setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));

    b = plain_reserve(p, 64 + strlen(id));
    b = plain_head(b, 0x10, 10 + 6 + 2 + strlen(id));
    memcpy(b, "\0\4MQTT\5\2\0\0\5\x11", 12);
    b += 12;
    *b++ = expiry >> 24;
    *b++ = expiry >> 16;
    *b++ = expiry >> 8;
    *b++ = expiry;
    b = plain_text(b, id, strlen(id));
    p->out_len = b - p->out;

    plain_send(p);

    if (!plain_read(p) || p->type != 0x20 || p->body[1] != 0) {
        errno = 0;
        plain_die("CONNECT was not accepted");
    }

    return p;
}


void
plain_publish(plain_t *p, const char *topic, int qos, int retain, unsigned id,
    size_t size)
{
    u_char  *b;
    size_t   len;

    len = 2 + strlen(topic) + (qos ? 2 : 0) + 1 + size;

    b = plain_reserve(p, len + 8);
    b = plain_head(b, 0x30 | qos << 1 | retain, len);
    b = plain_text(b, topic, strlen(topic));

    if (qos) {
        *b++ = id >> 8;
        *b++ = id;
    }

    *b++ = 0;
    memset(b, 'x', size);

    p->out_len = b + size - p->out;
}


void
plain_subscribe(plain_t *p, unsigned id, const char *format, unsigned first,
    unsigned n)
{
    plain_filters(p, 0x82, id, format, first, n);
}


void
plain_unsubscribe(plain_t *p, unsigned id, const char *format, unsigned first,
    unsigned n)
{
    plain_filters(p, 0xa2, id, format, first, n);
}


static void
plain_filters(plain_t *p, int first, unsigned id, const char *format,
    unsigned from, unsigned n)
{
    int       len;
    char      filter[128];
    u_char   *b, *text, *list;
    unsigned  i;

    list = plain_grow(NULL, n * sizeof(filter));
    text = list;

    for (i = 0; i < n; i++) {
        len = snprintf(filter, sizeof(filter), format, from + i);
        text = plain_text(text, filter, len);

        if (first == 0x82) {
            *text++ = 1;
        }
    }

    b = plain_reserve(p, text - list + 16);
    b = plain_head(b, first, 3 + (text - list));
    *b++ = id >> 8;
    *b++ = id;
    *b++ = 0;
    memcpy(b, list, text - list);

    p->out_len = b + (text - list) - p->out;

    free(list);
}


void
plain_ping(plain_t *p)
{
    u_char  *b;

    b = plain_reserve(p, 2);
    b[0] = 0xc0;
    b[1] = 0;
    p->out_len += 2;
}


void
plain_puback(plain_t *p)
{
    u_char  *b, *id;

    id = p->body + 2 + (p->body[0] << 8 | p->body[1]);

    b = plain_reserve(p, 4);
    b[0] = 0x40;
    b[1] = 2;
    b[2] = id[0];
    b[3] = id[1];
    p->out_len += 4;
}


void
plain_send(plain_t *p)
{
    size_t   sent;
    ssize_t  n;

    for (sent = 0; sent < p->out_len; sent += n) {
        n = send(p->fd, p->out + sent, p->out_len - sent, MSG_NOSIGNAL);

        if (n == -1) {
            plain_die("send()");
        }
    }

    p->out_len = 0;
}


int
plain_read(plain_t *p)
{
    ssize_t  n;

    for ( ;; ) {
        n = plain_parse(p);

        if (n) {
            p->in_pos += n;
            return 1;
        }

        if (p->in_pos) {
            memmove(p->in, p->in + p->in_pos, p->in_len - p->in_pos);
            p->in_len -= p->in_pos;
            p->in_pos = 0;
        }

        if (p->in_size < p->in_len + PLAIN_READ) {
            p->in_size = p->in_len + 2 * PLAIN_READ;
            p->in = plain_grow(p->in, p->in_size);
        }

        n = recv(p->fd, p->in + p->in_len, PLAIN_READ, 0);

        if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
            plain_die("waiting for a packet");
        }

        if (n <= 0) {
            return 0;
        }

        p->in_len += n;
    }
}


/* returns the bytes of a whole packet, or 0 */

static ssize_t
plain_parse(plain_t *p)
{
    size_t    i, len, have;
    u_char   *b;
    unsigned  shift;

    b = p->in + p->in_pos;
    have = p->in_len - p->in_pos;
    len = 0;
    shift = 0;

    for (i = 1; i < have && i < 5; i++) {
        len |= (size_t) (b[i] & 0x7f) << shift;
        shift += 7;

        if (b[i] & 0x80) {
            continue;
        }

        i++;

        if (have < i + len) {
            return 0;
        }

        p->type = b[0];
        p->body = b + i;
        p->len = len;

        return i + len;
    }

    return 0;
}


int
plain_reason(plain_t *p)
{
    return p->len > 2 ? p->body[2] : 0;
}


void
plain_close(plain_t *p)
{
    u_char  *b;

    b = plain_reserve(p, 2);
    b[0] = 0xe0;
    b[1] = 0;
    p->out_len += 2;

    plain_send(p);

    while (plain_read(p)) { /* void */ }

    close(p->fd);
    free(p->in);
    free(p->out);
    free(p);
}
