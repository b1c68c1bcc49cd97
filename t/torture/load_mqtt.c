
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <stdlib.h>
#include <string.h>
#include "load.h"


/* Packets, but for PUBLISH from us. */


#define LOAD_CONNACK      2
#define LOAD_PUBLISH      3
#define LOAD_PUBACK       4
#define LOAD_PUBREC       5
#define LOAD_PUBREL       6
#define LOAD_PUBCOMP      7
#define LOAD_SUBACK       9
#define LOAD_PINGRESP     13
#define LOAD_DISCONNECT   14


static int load_packet(load_client_t *c, u_char type, u_char *p, u_char *end);
static int load_connack(load_client_t *c, u_char *p, u_char *end);
static int load_connack_properties(load_client_t *c, u_char *p, u_char *end);
static void load_ready(load_client_t *c);
static int load_suback(load_client_t *c, u_char *p, u_char *end);
static int load_delivery(load_client_t *c, u_char type, u_char *p,
    u_char *end);
static int load_hold(load_client_t *c, uint16_t id);
static int load_answered(load_client_t *c, u_char type, u_char *p,
    u_char *end);
static void load_subscribe(load_client_t *c);
static void load_answer(load_client_t *c, u_char first, uint16_t id);


u_char *
load_put_length(u_char *p, size_t len)
{
    do {
        *p++ = (len & 0x7f) | (len > 0x7f ? 0x80 : 0);
        len >>= 7;
    } while (len);

    return p;
}


u_char *
load_put_16(u_char *p, unsigned n)
{
    *p++ = n >> 8;
    *p++ = n;

    return p;
}


static u_char *
load_put_32(u_char *p, uint32_t n)
{
    p = load_put_16(p, n >> 16);

    return load_put_16(p, n & 0xffff);
}


u_char *
load_put_string(u_char *p, const char *s)
{
    size_t  len;

    len = strlen(s);
    p = load_put_16(p, len);
    memcpy(p, s, len);

    return p + len;
}


size_t
load_length_size(size_t len)
{
    return 1 + (len > 0x7f) + (len > 0x3fff) + (len > 0x1fffff);
}


/* NULL: incomplete, or more than four bytes */

static u_char *
load_get_length(u_char *p, u_char *end, size_t *len)
{
    unsigned  shift;

    *len = 0;

    for (shift = 0; shift < 28 && p < end; shift += 7) {
        *len |= (size_t) (*p & 0x7f) << shift;

        if ((*p++ & 0x80) == 0) {
            return p;
        }
    }

    return NULL;
}


ssize_t
load_mqtt_input(load_client_t *c, u_char *p, size_t len)
{
    size_t   rest;
    u_char  *start, *end, *body;

    start = p;
    end = p + len;

    while (end - p >= 2) {
        body = load_get_length(p + 1, end, &rest);

        if (body == NULL) {
            if (end - p >= 5) {
                c->stats->faults++;
                return -1;
            }

            break;
        }

        if ((size_t) (end - body) < rest) {
            break;
        }

        if (load_packet(c, *p, body, body + rest) == -1 || c->fd == -1) {
            return -1;
        }

        p = body + rest;
    }

    return p - start;
}


/* -1: the connection is to be closed */

static int
load_packet(load_client_t *c, u_char type, u_char *p, u_char *end)
{
    switch (type >> 4) {

    case LOAD_CONNACK:
        return load_connack(c, p, end);

    case LOAD_PUBLISH:
        return load_delivery(c, type, p, end);

    case LOAD_PUBREL:
    case LOAD_PUBACK:
    case LOAD_PUBREC:
    case LOAD_PUBCOMP:
        return load_answered(c, type >> 4, p, end);

    case LOAD_SUBACK:
        return load_suback(c, p, end);

    case LOAD_PINGRESP:
        return 0;

    case LOAD_DISCONNECT:
        c->stats->reason[p < end ? *p : 0]++;
        return -1;

    default:
        c->stats->faults++;
        return -1;
    }
}


static int
load_connack(load_client_t *c, u_char *p, u_char *end)
{
    if ((c->state != LOAD_CONNECT && c->state != LOAD_STUCK) || end - p < 2) {
        c->stats->faults++;
        return -1;
    }

    load_settled(c);

    if (p[1]) {
        c->stats->refused[p[1]]++;
        return -1;
    }

    c->stats->connected++;
    load_histogram_add(&c->stats->connect, load_now() - c->opened);

    if (c->ending) {
        load_leave(c, 1);
        return -1;
    }

    if (c->session && p[0] == 0) {
        c->stats->forgotten++;
    }

    if (p[0] == 0) {
        load_mqtt_forget(c);
    }

    c->session = c->conf.version == 5 ? c->conf.expiry != 0 : !c->conf.clean;
    c->window = c->conf.window;

    if (c->conf.version == 5 && load_connack_properties(c, p + 2, end) == -1) {
        c->stats->faults++;
        return -1;
    }

    if (c->subscribed || c->conf.nfilters == 0) {
        load_ready(c);

    } else {
        load_state(c, LOAD_SUBSCRIBE);
        load_subscribe(c);
    }

    return 0;
}


/* The server's receive maximum is what we want to know. */

static int
load_connack_properties(load_client_t *c, u_char *p, u_char *end)
{
    size_t    len;
    unsigned  n;

    p = load_get_length(p, end, &len);

    if (p == NULL || (size_t) (end - p) != len) {
        return -1;
    }

    while (p < end) {

        switch (*p++) {

        case 0x11: case 0x27:               /* expiry, packet size */
            p += 4;
            break;

        case 0x13: case 0x22:               /* keep alive, aliases */
            p += 2;
            break;

        case 0x21:
            if (end - p < 2) {
                return -1;
            }

            n = p[0] << 8 | p[1];
            c->window = (n < c->window) ? n : c->window;
            p += 2;
            break;

        case 0x24: case 0x25: case 0x28: case 0x29: case 0x2a:
            p++;
            break;

        case 0x26:                          /* user property */
            if (end - p < 2) {
                return -1;
            }

            p += 2 + (p[0] << 8 | p[1]);

            /* fall through */

        case 0x12: case 0x15: case 0x16: case 0x1a: case 0x1c: case 0x1f:
            if (end - p < 2) {
                return -1;
            }

            p += 2 + (p[0] << 8 | p[1]);
            break;

        default:
            return -1;
        }
    }

    return (p == end) ? 0 : -1;
}


/* The session is new: what it knew of is neither lost nor acknowledged. */

void
load_mqtt_forget(load_client_t *c)
{
    c->subscribed = 0;
    c->session = 0;
    c->nheld = 0;
    c->ninflight = 0;
}


static void
load_ready(load_client_t *c)
{
    c->ping = load_now() + c->conf.keep_alive * 2000000000ULL / 3;
    c->read = 0;

    load_state(c, LOAD_READY);
    load_resend(c);

    if (c->load->on_ready) {
        c->load->on_ready(c);
    }
}


static int
load_suback(load_client_t *c, u_char *p, u_char *end)
{
    size_t  i;

    if (c->state != LOAD_SUBSCRIBE
        || (size_t) (end - p) != 2 + (c->conf.version == 5) + c->conf.nfilters)
    {
        c->stats->faults++;
        return -1;
    }

    p += 2 + (c->conf.version == 5);

    for (i = 0; i < c->conf.nfilters; i++) {
        if (p[i] >= 0x80) {
            c->stats->rejected[p[i]]++;
            return -1;
        }

        c->stats->faults += (p[i] != c->conf.filters[i].qos);
    }

    c->subscribed = 1;
    load_ready(c);

    return 0;
}


static int
load_delivery(load_client_t *c, u_char type, u_char *p, u_char *end)
{
    int        qos, first;
    size_t     len;
    u_char    *topic;
    unsigned   topic_len;
    uint16_t   id;

    id = 0;
    qos = type >> 1 & 3;

    if (c->state < LOAD_SUBSCRIBE || end - p < 2) {
        goto fault;
    }

    topic_len = p[0] << 8 | p[1];
    topic = p + 2;
    p = topic + topic_len;

    if (end - p < (qos ? 2 : 0)) {
        goto fault;
    }

    if (qos) {
        id = p[0] << 8 | p[1];
        p += 2;
    }

    if (c->conf.version == 5) {
        p = load_get_length(p, end, &len);
        if (p == NULL || (size_t) (end - p) < len) {
            goto fault;
        }

        p += len;
    }

    c->stats->redelivered += (type & 0x08) != 0;
    first = 1;

    if (qos == 2) {
        first = load_hold(c, id);

        /* an identifier in use, and not because of a new connection */

        if (!first && !(type & 0x08)) {
            c->stats->faults++;
        }
    }

    if (first) {

        /* kept for whoever subscribes: says nothing of order and number */

        if (type & 1) {
            c->stats->retained++;

        } else {
            load_received(c, p, end - p, qos);
        }

        if (c->load->on_publish) {
            c->load->on_publish(c, topic, topic_len, p, end - p, qos,
                                type & 1);
        }
    }

    if (qos && !c->conf.no_ack) {
        load_answer(c, qos == 1 ? LOAD_PUBACK << 4 : LOAD_PUBREC << 4, id);
    }

    return 0;

fault:

    c->stats->faults++;
    return -1;
}


/* 0: it was held already */

static int
load_hold(load_client_t *c, uint16_t id)
{
    unsigned  i;

    for (i = 0; i < c->nheld; i++) {
        if (c->held[i] == id) {
            return 0;
        }
    }

    if (c->nheld == c->held_size) {
        c->held_size += 16;
        c->held = load_alloc(c->held, c->held_size * sizeof(uint16_t));
    }

    c->held[c->nheld++] = id;

    return 1;
}


static int
load_answered(load_client_t *c, u_char type, u_char *p, u_char *end)
{
    int       reason;
    unsigned  i;
    uint16_t  id;

    if (end - p < 2 || c->state < LOAD_SUBSCRIBE) {
        c->stats->faults++;
        return -1;
    }

    id = p[0] << 8 | p[1];
    reason = (end - p > 2) ? p[2] : 0;

    if (type == LOAD_PUBREL) {
        for (i = 0; i < c->nheld; i++) {
            if (c->held[i] == id) {
                c->held[i] = c->held[--c->nheld];
                break;
            }
        }

        load_answer(c, LOAD_PUBCOMP << 4, id);

        return 0;
    }

    switch (load_acknowledged(c, id, type, reason)) {

    case 0:
        c->stats->faults++;
        break;

    case LOAD_PUBREL:
        load_answer(c, LOAD_PUBREL << 4 | 2, id);
        break;
    }

    return 0;
}


/* ---- writing */

static void
load_answer(load_client_t *c, u_char first, uint16_t id)
{
    u_char  *p;

    p = load_reserve(c, 4);
    *p++ = first;
    *p++ = 2;
    load_put_16(p, id);
}


void
load_mqtt_release(load_client_t *c, uint16_t id)
{
    load_answer(c, LOAD_PUBREL << 4 | 2, id);
}


void
load_mqtt_connect(load_client_t *c)
{
    int      v5;
    size_t   len, props;
    u_char  *p;

    v5 = (c->conf.version == 5);
    props = 5 + (c->conf.receive_max ? 3 : 0);
    len = 10 + (v5 ? 1 + props : 0) + 2 + strlen(c->id);

    p = load_reserve(c, 1 + load_length_size(len) + len);
    *p++ = 0x10;
    p = load_put_length(p, len);
    p = load_put_string(p, "MQTT");
    *p++ = c->conf.version;

    /* a session that was there is meant to be resumed */

    *p++ = (c->conf.clean && (!v5 || c->ending || !c->session)) ? 2 : 0;
    p = load_put_16(p, c->conf.keep_alive);

    if (v5) {
        *p++ = props;
        *p++ = 0x11;
        p = load_put_32(p, c->conf.expiry);

        if (c->conf.receive_max) {
            *p++ = 0x21;
            p = load_put_16(p, c->conf.receive_max);
        }
    }

    load_put_string(p, c->id);
}


static void
load_subscribe(load_client_t *c)
{
    size_t   i, len;
    u_char  *p;

    len = 2 + (c->conf.version == 5);

    for (i = 0; i < c->conf.nfilters; i++) {
        len += 3 + strlen(c->conf.filters[i].filter);
    }

    p = load_reserve(c, 1 + load_length_size(len) + len);
    *p++ = 0x82;
    p = load_put_length(p, len);
    p = load_put_16(p, 0xffff);

    if (c->conf.version == 5) {
        *p++ = 0;
    }

    for (i = 0; i < c->conf.nfilters; i++) {
        p = load_put_string(p, c->conf.filters[i].filter);
        *p++ = c->conf.filters[i].qos;
    }
}


void
load_mqtt_ping(load_client_t *c)
{
    u_char  *p;

    p = load_reserve(c, 2);
    *p++ = 0xc0;
    *p = 0;
}


void
load_mqtt_disconnect(load_client_t *c)
{
    u_char  *p;

    p = load_reserve(c, 2);
    *p++ = LOAD_DISCONNECT << 4;
    *p = 0;
}
