
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <stdlib.h>
#include <string.h>
#include "load.h"


/* Sets of numbers, histograms, and what is written about it all. */


/* 0: it was there already */

int
load_set_add(load_set_t *set, uint64_t n)
{
    size_t    i, size;

    if (n < set->base) {
        return 0;
    }

    i = (n - set->base) / 64;

    if (i >= set->size) {
        size = 2 * i + 2;
        set->bits = load_alloc(set->bits, size * sizeof(uint64_t));
        memset(set->bits + set->size, 0,
               (size - set->size) * sizeof(uint64_t));
        set->size = size;
    }

    if (set->bits[i] >> (n - set->base) % 64 & 1) {
        return 0;
    }

    set->bits[i] |= 1ULL << (n - set->base) % 64;
    set->end = (n + 1 > set->end) ? n + 1 : set->end;

    while (set->bits[0] == UINT64_MAX) {
        set->base += 64;
        memmove(set->bits, set->bits + 1, (set->size - 1) * sizeof(uint64_t));
        set->bits[set->size - 1] = 0;
    }

    return 1;
}


int
load_set_has(load_set_t *set, uint64_t n)
{
    size_t  i;

    if (n < set->base) {
        return 1;
    }

    i = (n - set->base) / 64;

    return i < set->size && set->bits[i] >> (n - set->base) % 64 & 1;
}


/* The record of a source, made if there is none. */

load_seen_t *
load_seen(load_client_t *c, uint32_t source)
{
    size_t        i;
    unsigned      n, size;
    load_seen_t  *old, *seen;

    if (c->nseen * 2 >= c->seen_size) {
        old = c->seen;
        size = c->seen_size;

        c->seen_size = size ? size * 2 : 2;
        c->seen = load_alloc(NULL, c->seen_size * sizeof(load_seen_t));
        memset(c->seen, 0, c->seen_size * sizeof(load_seen_t));
        c->nseen = 0;

        for (n = 0; n < size; n++) {
            if (old[n].source) {
                *load_seen(c, old[n].source - 1) = old[n];
            }
        }

        free(old);
    }

    for (i = source; /* void */; i++) {
        seen = &c->seen[i & (c->seen_size - 1)];

        if (seen->source == source + 1) {
            return seen;
        }

        if (seen->source == 0) {
            seen->source = source + 1;
            c->nseen++;

            return seen;
        }
    }
}


void
load_expect(load_client_t *c, load_source_t *source)
{
    load_seen_t  *seen;

    seen = load_seen(c, source->number);
    seen->expected = 1;

    if (seen->set.end < source->seq) {
        free(seen->set.bits);
        memset(&seen->set, 0, sizeof(load_set_t));
        seen->set.base = source->seq;
        seen->set.end = source->seq;
    }
}


uint64_t
load_missing_of(load_client_t *c)
{
    unsigned      i;
    uint64_t      n, missing;
    load_set_t   *acked;
    load_seen_t  *seen;

    missing = 0;

    for (i = 0; i < c->seen_size; i++) {
        seen = &c->seen[i];

        if (seen->source == 0 || !seen->expected) {
            continue;
        }

        acked = &c->load->sources[seen->source - 1]->acked;

        for (n = seen->set.base; n < acked->end; n++) {
            missing += load_set_has(acked, n) && !load_set_has(&seen->set, n);
        }
    }

    return missing;
}


uint64_t
load_missing(load_t *l)
{
    size_t    i;
    uint64_t  missing;

    missing = 0;

    for (i = 0; i < l->nclients; i++) {
        missing += load_missing_of(l->clients[i]);
    }

    return missing;
}


/* ---- histograms: 32 buckets for each power of two */

void
load_histogram_add(load_histogram_t *h, uint64_t value)
{
    unsigned  log;

    log = (value < 64) ? 0 : 58 - __builtin_clzll(value);

    h->count++;
    h->bucket[log * 32 + (value >> log)]++;
    h->max = (value > h->max) ? value : h->max;
}


uint64_t
load_percentile(load_histogram_t *h, double p)
{
    size_t    i, log;
    uint64_t  n, value;

    n = 0;

    for (i = 0; i < LOAD_HISTOGRAM; i++) {
        n += h->bucket[i];

        if (n && n >= h->count * p / 100) {
            break;
        }
    }

    if (i == LOAD_HISTOGRAM) {
        return 0;
    }

    /* the upper bound of the bucket */

    log = (i < 64) ? 0 : i / 32 - 1;
    value = ((i - log * 32 + 1) << log) - 1;

    return (value < h->max) ? value : h->max;
}


/* ---- the report */

static void
load_report_codes(const char *name, uint64_t *codes, FILE *f)
{
    unsigned  i;

    for (i = 0; i < 256; i++) {
        if (codes[i]) {
            fprintf(f, "%s_0x%02x %llu\n", name, i,
                    (unsigned long long) codes[i]);
        }
    }
}


static void
load_report_times(const char *name, load_histogram_t *h, FILE *f)
{
    fprintf(f, "%s_p50_us %llu\n%s_p99_us %llu\n%s_max_us %llu\n",
            name, (unsigned long long) load_percentile(h, 50) / 1000,
            name, (unsigned long long) load_percentile(h, 99) / 1000,
            name, (unsigned long long) h->max / 1000);
}


static void
load_report_qos(const char *name, uint64_t *counts, FILE *f)
{
    int  qos;

    for (qos = 0; qos < 3; qos++) {
        fprintf(f, "%s_qos%d %llu\n", name, qos,
                (unsigned long long) counts[qos]);
    }
}


#define load_report_one(f, st, name)                                          \
    fprintf(f, #name " %llu\n", (unsigned long long) (st)->name)


void
load_report(load_t *l, load_stats_t *st, FILE *f)
{
    fprintf(f, "ready %llu\nmissing %llu\npending %llu\n",
            (unsigned long long) l->nready,
            (unsigned long long) load_missing(l),
            (unsigned long long) load_pending(l));

    load_report_one(f, st, opened);
    load_report_one(f, st, connected);
    load_report_codes("refused", st->refused, f);
    load_report_one(f, st, lost);
    load_report_codes("reason", st->reason, f);
    load_report_one(f, st, forgotten);

    load_report_qos("published", st->published, f);
    load_report_qos("acked", st->acked, f);
    load_report_codes("rejected", st->rejected, f);
    load_report_one(f, st, resent);

    load_report_qos("received", st->received, f);
    load_report_qos("repeated", st->repeated, f);
    load_report_one(f, st, redelivered);
    load_report_one(f, st, disordered);
    load_report_one(f, st, retained);
    load_report_one(f, st, foreign);
    load_report_one(f, st, faults);

    load_report_one(f, st, bytes_in);
    load_report_one(f, st, bytes_out);

    load_report_times("delivery", &st->delivery, f);
    load_report_times("ack", &st->ack, f);
    load_report_times("connect", &st->connect, f);
}


void
load_stats_reset(load_stats_t *stats)
{
    memset(stats, 0, sizeof(load_stats_t));
}
