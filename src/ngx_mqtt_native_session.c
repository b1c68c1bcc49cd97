
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_native_session.h>


#define ngx_mqtt_ack_count(range)  ((range)->end - (range)->first)


static void ngx_mqtt_native_forget_ack_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_native_session_t *native);
static ngx_mqtt_ack_range_t *ngx_mqtt_native_last_range(
    ngx_mqtt_native_session_t *native);


ngx_mqtt_native_session_t *
ngx_mqtt_native_session_create_locked(ngx_mqtt_zone_t *zone, time_t expires)
{
    ngx_mqtt_native_session_t  *native;

    native = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_NATIVE,
                                         sizeof(ngx_mqtt_native_session_t));
    if (native) {
        ngx_memzero(native, sizeof(ngx_mqtt_native_session_t));
        native->expires = expires;
    }

    return native;
}


ngx_int_t
ngx_mqtt_native_session_free_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_uint_t *budget)
{
    ngx_mqtt_acks_t            *acks;
    ngx_mqtt_native_session_t  *native;

    native = s->native;

    while (native->acks) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        acks = native->acks;
        ngx_mqtt_set(native->acks, acks->next);
        ngx_mqtt_block_free_locked(zone, acks);
    }

    ngx_mqtt_set(s->native, NULL);
    ngx_mqtt_block_free_locked(zone, native);

    return NGX_OK;
}


void
ngx_mqtt_native_session_mark_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_native_session_t *native)
{
    ngx_uint_t          i;
    ngx_mqtt_acks_t    *acks;
    ngx_mqtt_stream_t  *stream;

    (void) ngx_mqtt_block_mark_locked(zone, native);

    for (stream = native->streams; stream; stream = stream->next) {
        (void) ngx_mqtt_block_mark_locked(zone, stream);
    }

    native->acks_last = NULL;
    native->nacks = 0;

    for (acks = native->acks; acks; acks = acks->next) {
        (void) ngx_mqtt_block_mark_locked(zone, acks);

        native->acks_last = acks;

        for (i = acks->from; i < acks->n; i++) {
            native->nacks += ngx_mqtt_ack_count(&acks->range[i]);
        }
    }
}


ngx_uint_t
ngx_mqtt_native_acked_locked(ngx_mqtt_session_t *s, uint64_t id)
{
    ngx_uint_t             i;
    ngx_mqtt_acks_t       *acks;
    ngx_mqtt_ack_range_t  *range;

    for (acks = s->native->acks; acks; acks = acks->next) {
        for (i = acks->from; i < acks->n; i++) {
            range = &acks->range[i];

            /* the last of all ids has 0 behind it */

            if (id - range->first < ngx_mqtt_ack_count(range)) {
                return 1;
            }
        }
    }

    return 0;
}


/* The one that was remembered last, or NULL. */

static ngx_mqtt_ack_range_t *
ngx_mqtt_native_last_range(ngx_mqtt_native_session_t *native)
{
    ngx_mqtt_acks_t  *acks;

    acks = native->acks_last;

    return (acks && acks->n > acks->from) ? &acks->range[acks->n - 1] : NULL;
}


ngx_int_t
ngx_mqtt_native_reserve_ack_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, uint64_t id)
{
    ngx_mqtt_acks_t            *acks;
    ngx_mqtt_ack_range_t       *last;
    ngx_mqtt_native_session_t  *native;

    native = s->native;
    last = ngx_mqtt_native_last_range(native);

    if ((last && last->end == id)
        || (native->acks && native->acks_last->n < NGX_MQTT_ACK_RANGES))
    {
        return NGX_OK;
    }

    acks = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_NATIVE,
                                       sizeof(ngx_mqtt_acks_t));
    if (acks == NULL) {
        return NGX_ERROR;
    }

    acks->next = NULL;
    acks->from = 0;
    acks->n = 0;

    if (native->acks) {
        ngx_mqtt_set(native->acks_last->next, acks);

    } else {
        ngx_mqtt_set(native->acks, acks);
    }

    ngx_mqtt_set(native->acks_last, acks);

    return NGX_OK;
}


void
ngx_mqtt_native_ack_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    uint64_t id)
{
    ngx_mqtt_acks_t            *acks;
    ngx_mqtt_ack_range_t       *last;
    ngx_mqtt_native_session_t  *native;

    native = s->native;

    if (native == NULL || ngx_mqtt_native_acked_locked(s, id)) {
        return;
    }

    acks = native->acks_last;
    last = ngx_mqtt_native_last_range(native);

    if (last && last->end == id) {
        ngx_mqtt_set(last->end, id + 1);

    } else if (acks && acks->n < NGX_MQTT_ACK_RANGES) {
        acks->range[acks->n].first = id;
        acks->range[acks->n].end = id + 1;
        ngx_mqtt_set(acks->n, acks->n + 1);

    } else {
        return;
    }

    ngx_mqtt_set(native->nacks, native->nacks + 1);

    while (native->nacks > NGX_MQTT_ACK_IDS) {
        ngx_mqtt_native_forget_ack_locked(zone, native);
    }
}


/* The oldest one. */

static void
ngx_mqtt_native_forget_ack_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_native_session_t *native)
{
    ngx_mqtt_acks_t       *acks;
    ngx_mqtt_ack_range_t  *range;

    acks = native->acks;

    /* a block behind which others were appended may have become empty */

    while (acks->from == acks->n && acks->next) {
        ngx_mqtt_set(native->acks, acks->next);
        ngx_mqtt_block_free_locked(zone, acks);
        acks = native->acks;
    }

    range = &acks->range[acks->from];

    if (ngx_mqtt_ack_count(range) == 1) {
        ngx_mqtt_set(acks->from, acks->from + 1);

    } else {
        ngx_mqtt_set(range->first, range->first + 1);
    }

    ngx_mqtt_set(native->nacks, native->nacks - 1);
}


ngx_mqtt_stream_t *
ngx_mqtt_stream_find_locked(ngx_mqtt_session_t *s, ngx_str_t *id)
{
    ngx_mqtt_stream_t  *stream;

    for (stream = s->native->streams; stream; stream = stream->next) {

        if (stream->id_len == id->len
            && ngx_memcmp(stream->data + stream->group_len, id->data, id->len)
               == 0)
        {
            break;
        }
    }

    return stream;
}


ngx_int_t
ngx_mqtt_stream_create_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_str_t *id, ngx_str_t *group, uint32_t idle, ngx_uint_t no_echo)
{
    u_char             *p;
    ngx_uint_t          n;
    ngx_mqtt_stream_t  *stream;

    n = 0;

    for (stream = s->native->streams; stream; stream = stream->next) {
        n++;
    }

    if (n >= NGX_MQTT_STREAMS) {
        return NGX_DECLINED;
    }

    stream = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_NATIVE,
                                         offsetof(ngx_mqtt_stream_t, data)
                                         + group->len + id->len);
    if (stream == NULL) {
        return NGX_ERROR;
    }

    stream->next = s->native->streams;
    stream->expected = 1;
    stream->used = ngx_current_msec;
    stream->idle = idle;
    stream->no_echo = (no_echo != 0);
    stream->group_len = (uint16_t) group->len;
    stream->id_len = (uint16_t) id->len;

    p = ngx_cpymem(stream->data, group->data, group->len);
    ngx_memcpy(p, id->data, id->len);

    ngx_mqtt_set(s->native->streams, stream);

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_stream_expects_locked(ngx_mqtt_session_t *s,
    ngx_mqtt_stream_t *stream, uint64_t fragment)
{
    ngx_mqtt_stream_t  *own;

    for (own = s->native->streams; own; own = own->next) {
        if (own == stream) {
            return own->expected == fragment;
        }
    }

    return 0;
}


void
ngx_mqtt_stream_done_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_stream_t *stream, uint64_t fragment, ngx_uint_t end)
{
    ngx_mqtt_stream_t  **prev;

    if (!ngx_mqtt_stream_expects_locked(s, stream, fragment)) {
        return;
    }

    if (!end) {
        ngx_mqtt_set(stream->used, ngx_current_msec);
        ngx_mqtt_set(stream->expected, fragment + 1);
        return;
    }

    for (prev = &s->native->streams; *prev != stream; prev = &(*prev)->next) {
        /* void */
    }

    ngx_mqtt_set(*prev, stream->next);
    ngx_mqtt_block_free_locked(zone, stream);
}


void
ngx_mqtt_native_number_locked(ngx_mqtt_session_t *s, ngx_mqtt_entry_t *e)
{
    ngx_mqtt_set(s->native->sequence, s->native->sequence + 1);
    ngx_mqtt_set(e->packet_id, (uint16_t) s->native->sequence);
}


uint64_t
ngx_mqtt_native_sequence_locked(ngx_mqtt_session_t *s, ngx_mqtt_entry_t *e)
{
    uint64_t  sequence;

    sequence = s->native->sequence;

    /* what is in flight is never as much as 16 bits can count */

    return sequence - (uint16_t) (sequence - e->packet_id);
}


ngx_int_t
ngx_mqtt_native_received_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    uint64_t sequence, ngx_uint_t *budget)
{
    ngx_mqtt_entry_t  *e;

    if (sequence > s->native->sequence) {
        return NGX_OK;
    }

    for (e = s->head; e; e = s->head) {

        if (ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_ACK
            || ngx_mqtt_native_sequence_locked(s, e) > sequence)
        {
            break;
        }

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        ngx_mqtt_queue_remove_locked(w->zone, s, NULL, e);
    }

    ngx_mqtt_queue_settled_locked(w, s);

    return NGX_OK;
}
