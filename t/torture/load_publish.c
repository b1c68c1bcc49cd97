
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <stdlib.h>
#include <string.h>
#include "load.h"


/* Messages: where they come from, what is in flight, and what they say. */


#define LOAD_MAGIC    0x4c4f4144
#define LOAD_BATCH    64
#define LOAD_ID_MAX   65534       /* SUBSCRIBE has the last one */
#define LOAD_OUT_MAX  65536
#define LOAD_SECOND   1000000000ULL


typedef struct {
    uint32_t  magic;
    uint32_t  source;
    uint64_t  seq;
    uint64_t  stamp;
    uint32_t  size;
} __attribute__((packed)) load_payload_t;


static int load_send(load_client_t *c, load_source_t *source);
static uint16_t load_id(load_client_t *c);
static void load_write(load_client_t *c, load_inflight_t *in, int dup);
static void load_complain(load_client_t *c, load_payload_t *head,
    load_seen_t *seen, int qos, const char *what);
static void load_accrue(load_source_t *source, uint64_t now);


load_source_t *
load_source(load_client_t *c, const char *topic, int qos, size_t size)
{
    size_t          i;
    load_t         *l;
    load_source_t  *source;

    l = c->load;

    source = load_alloc(NULL, sizeof(load_source_t));
    memset(source, 0, sizeof(load_source_t));

    source->client = c;
    source->topic = topic;
    source->qos = qos;
    source->size = (size < sizeof(load_payload_t)) ? sizeof(load_payload_t)
                                                   : size;
    source->number = l->nsources;
    source->next = c->sources;
    c->sources = source;
    c->nsources++;

    if (l->nsources % 256 == 0) {
        l->sources = load_alloc(l->sources,
                                (l->nsources + 256) * sizeof(*l->sources));
    }

    l->sources[l->nsources++] = source;

    if (l->pattern_size < source->size + 256) {
        l->pattern_size = source->size + 256;
        l->pattern = load_alloc(l->pattern, l->pattern_size);

        for (i = 0; i < l->pattern_size; i++) {
            l->pattern[i] = i;
        }
    }

    return source;
}


void
load_rate(load_source_t *source, double rate)
{
    source->rate = rate;
    source->at = 0;
    source->due = 0;

    load_touch(source->client);
}


void
load_publish(load_source_t *source, uint64_t n)
{
    source->due += n;

    load_touch(source->client);
}


void
load_stop(load_t *l)
{
    size_t  i;

    for (i = 0; i < l->nsources; i++) {
        l->sources[i]->rate = 0;
        l->sources[i]->due = 0;
    }
}


uint64_t
load_pending(load_t *l)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < l->nclients; i++) {
        n += l->clients[i]->ninflight;
    }

    for (i = 0; i < l->nsources; i++) {
        n += l->sources[i]->due;
    }

    return n;
}


/* What has become due by the rate since. */

static void
load_accrue(load_source_t *source, uint64_t now)
{
    double  n;

    if (source->rate < 0) {
        source->due = LOAD_BATCH;

    } else if (source->rate > 0) {

        /* sources of equal rate do not all send at once */

        if (source->at == 0) {
            source->at = now + random() % 1000 / 1000.0
                               * LOAD_SECOND / source->rate;
        }

        if (now >= source->at) {
            n = 1 + (uint64_t) ((now - source->at) * source->rate
                                / LOAD_SECOND);
            source->due += n;
            source->at += n * LOAD_SECOND / source->rate;
        }
    }

    if (source->limit && source->seq + source->due > source->limit) {
        source->due = source->limit - source->seq;
    }
}


void
load_pump(load_client_t *c)
{
    uint64_t        now;
    unsigned        n, idle;
    load_source_t  *source;

    if (c->state != LOAD_READY || c->sources == NULL) {
        return;
    }

    now = c->load->now;

    for (source = c->sources; source; source = source->next) {
        load_accrue(source, now);
    }

    idle = 0;
    source = c->turn ? c->turn : c->sources;

    /* round robin, until a whole round had nothing to send */

    for (n = 0; n < LOAD_BATCH && idle <= c->nsources; /* void */) {

        if (source->due && load_send(c, source)) {
            idle = 0;
            n++;

        } else {
            idle++;
        }

        source = source->next ? source->next : c->sources;
    }

    c->turn = source;
}


static int
load_send(load_client_t *c, load_source_t *source)
{
    load_inflight_t  in;

    if (source->qos ? c->ninflight >= c->window
                    : c->out_len - c->out_pos > LOAD_OUT_MAX)
    {
        return 0;
    }

    in.source = source;
    in.seq = source->seq++;
    in.id = source->qos ? load_id(c) : 0;
    in.released = 0;
    in.stamp = load_now();

    /* what had to wait was due earlier */

    if (source->rate > 0) {
        in.stamp = source->at - (uint64_t) (source->due * LOAD_SECOND
                                            / source->rate);
    }

    source->due--;
    c->stats->published[source->qos]++;

    load_write(c, &in, 0);

    if (source->qos) {
        if (c->inflight == NULL) {
            c->inflight = load_alloc(NULL,
                                   c->conf.window * sizeof(load_inflight_t));
        }

        c->inflight[c->ninflight++] = in;

    } else {
        load_set_add(&source->acked, in.seq);
        c->stats->acked[0]++;
    }

    return 1;
}


/* An identifier that is not in flight. */

static uint16_t
load_id(load_client_t *c)
{
    unsigned  i;

    for ( ;; ) {
        c->last_id = (c->last_id < LOAD_ID_MAX) ? c->last_id + 1 : 1;

        for (i = 0; i < c->ninflight; i++) {
            if (c->inflight[i].id == c->last_id) {
                break;
            }
        }

        if (i == c->ninflight) {
            return c->last_id;
        }
    }
}


static void
load_write(load_client_t *c, load_inflight_t *in, int dup)
{
    size_t           len;
    u_char          *p;
    load_source_t   *source;
    load_payload_t   head;

    source = in->source;

    len = 2 + strlen(source->topic) + (source->qos ? 2 : 0)
          + (c->conf.version == 5) + source->size;

    p = load_reserve(c, 1 + load_length_size(len) + len);

    *p++ = 0x30 | dup << 3 | source->qos << 1 | source->retain;
    p = load_put_length(p, len);
    p = load_put_string(p, source->topic);

    if (source->qos) {
        p = load_put_16(p, in->id);
    }

    if (c->conf.version == 5) {
        *p++ = 0;
    }

    head.magic = LOAD_MAGIC;
    head.source = source->number;
    head.seq = in->seq;
    head.stamp = in->stamp;
    head.size = source->size;

    memcpy(p, &head, sizeof(head));
    memcpy(p + sizeof(head), c->load->pattern + (in->seq & 0xff),
           source->size - sizeof(head));
}


/* Behind a new connection to an old session. */

void
load_resend(load_client_t *c)
{
    unsigned  i;

    for (i = 0; i < c->ninflight; i++) {

        if (c->inflight[i].released) {
            load_mqtt_release(c, c->inflight[i].id);

        } else {
            load_write(c, &c->inflight[i], 1);
            c->stats->resent++;
        }
    }
}


/*
 * When there is more to do; what waits for the window or the socket is woken
 * by what comes from there.
 */

uint64_t
load_pump_time(load_client_t *c)
{
    uint64_t        at;
    load_source_t  *source;

    at = UINT64_MAX;

    for (source = c->sources; source; source = source->next) {

        if (source->limit && source->seq >= source->limit) {
            continue;
        }

        if (source->qos ? c->ninflight >= c->window
                        : c->out_len - c->out_pos > LOAD_OUT_MAX)
        {
            continue;
        }

        if (source->due || source->rate < 0) {
            return c->load->now + 1;
        }

        if (source->rate > 0 && source->at < at) {
            at = source->at ? source->at : c->load->now + 1;
        }
    }

    return at;
}


/* Returns 0: nothing like that is in flight; 6: PUBREL is to be sent */

int
load_acknowledged(load_client_t *c, uint16_t id, int type, int reason)
{
    unsigned          i;
    load_source_t    *source;
    load_inflight_t  *in;

    for (i = 0; i < c->ninflight; i++) {
        if (c->inflight[i].id == id) {
            break;
        }
    }

    if (i == c->ninflight) {
        return 0;
    }

    in = &c->inflight[i];
    source = in->source;

    if ((type == 7) != in->released || (type == 4) != (source->qos == 1)) {
        return 0;
    }

    if (type != 7) {

        if (reason >= 0x80) {
            c->stats->rejected[reason]++;

        } else {
            c->stats->acked[source->qos]++;
            load_set_add(&source->acked, in->seq);
            load_histogram_add(&c->stats->ack, load_now() - in->stamp);

            if (type == 5) {
                in->released = 1;
                return 6;
            }
        }
    }

    c->ninflight--;
    memmove(in, in + 1, (c->ninflight - i) * sizeof(load_inflight_t));

    return type;
}


/* The first few are worth a line each. */

static void
load_complain(load_client_t *c, load_payload_t *head, load_seen_t *seen,
    int qos, const char *what)
{
    load_source_t  *source;

    source = c->load->sources[head->source];

    if (c->load->complaints++ < 5) {
        fprintf(stderr, "# %s got \"%s\" of QoS %d as QoS %d, number %llu of "
                "%llu, %s, the last one was %llu\n", c->id, source->topic,
                source->qos, qos, (unsigned long long) head->seq,
                (unsigned long long) source->seq, what,
                (unsigned long long) seen->set.end - 1);
    }
}


void
load_received(load_client_t *c, const u_char *payload, size_t len, int qos)
{
    load_seen_t     *seen;
    load_payload_t   head;

    if (len < sizeof(head)) {
        c->stats->foreign++;
        return;
    }

    memcpy(&head, payload, sizeof(head));

    if (head.magic != LOAD_MAGIC) {
        c->stats->foreign++;
        return;
    }

    c->stats->received[qos]++;

    if (head.size != len || head.source >= c->load->nsources
        || head.seq >= c->load->sources[head.source]->seq
        || memcmp(payload + sizeof(head),
                  c->load->pattern + (head.seq & 0xff), len - sizeof(head)))
    {
        c->stats->faults++;
        return;
    }

    seen = load_seen(c, head.source);

    if (!load_set_add(&seen->set, head.seq)) {
        c->stats->repeated[qos]++;

        if (qos != 1) {
            load_complain(c, &head, seen, qos, "repeated");
        }

        return;
    }

    if (head.seq + 1 < seen->set.end) {
        c->stats->disordered++;
        load_complain(c, &head, seen, qos, "late");
    }

    load_histogram_add(&c->stats->delivery, load_now() - head.stamp);
}
