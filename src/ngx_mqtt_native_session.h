
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_NATIVE_SESSION_H_INCLUDED_
#define _NGX_MQTT_NATIVE_SESSION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_queue.h>


/* What the session of a native client has that those of MQTT have not. */


/* ids of requests that were carried out and are remembered */
#define NGX_MQTT_ACK_IDS        1000

#define NGX_MQTT_ACK_RANGES     15


typedef struct ngx_mqtt_acks_s  ngx_mqtt_acks_t;

/* "end" is behind the last one */

typedef struct {
    uint64_t              first;
    uint64_t              end;
} ngx_mqtt_ack_range_t;


/*
 * Shared; ids in the order they were remembered, a run of them in one place.
 * Truth, as any store to it leaves it: what was remembered first is forgotten
 * first.
 */

struct ngx_mqtt_acks_s {
    ngx_mqtt_acks_t      *next;
    uint32_t              from;         /* those before it are forgotten */
    uint32_t              n;
    ngx_mqtt_ack_range_t  range[NGX_MQTT_ACK_RANGES];
};


/* streams of a session at a time */
#define NGX_MQTT_STREAMS        64


/*
 * Shared; a stream that a client sends to a group.  Truth, and only ever
 * changed by its client's requests.
 */

struct ngx_mqtt_stream_s {
    ngx_mqtt_stream_t    *next;
    uint64_t              expected;     /* sequence id of the next fragment */
    ngx_msec_t            used;         /* when it was heard of last */
    uint32_t              idle;         /* milliseconds that it may rest */
    uint16_t              group_len;
    uint16_t              id_len;
    u_char                no_echo;
    u_char                data[1];      /* group, id */
};


/*
 * Shared; belongs to its session, for its whole life.  Truth: sequence, acks,
 * streams, expires.
 *
 * The sequence id of an entry in flight is 64 bits wide, of which the entry
 * has the lower 16 as its packet id: "sequence" is the last one given out, and
 * is stored before the entry's.  So a kill in between leaves one out, and none
 * is given out twice.
 */

struct ngx_mqtt_native_session_s {
    uint64_t              sequence;
    ngx_mqtt_acks_t      *acks;
    ngx_mqtt_acks_t      *acks_last;    /* derived, as the next */
    ngx_uint_t            nacks;        /* ids, not ranges */
    ngx_mqtt_stream_t    *streams;
    time_t                expires;      /* the token it came with, 0: never */
};


/* For a session that is about to be made.  NULL: the zone is full. */
ngx_mqtt_native_session_t *ngx_mqtt_native_session_create_locked(
    ngx_mqtt_zone_t *zone, time_t expires);

/* Without streams: at most *budget blocks, which it counts down: NGX_AGAIN. */
ngx_int_t ngx_mqtt_native_session_free_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_uint_t *budget);

/* For rebuild: marks its blocks, and makes anew what is derived. */
void ngx_mqtt_native_session_mark_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_native_session_t *native);


/* Whether a request of that id was carried out. */
ngx_uint_t ngx_mqtt_native_acked_locked(ngx_mqtt_session_t *s, uint64_t id);

/* Makes sure that the next call has room: NGX_ERROR: the zone is full. */
ngx_int_t ngx_mqtt_native_reserve_ack_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, uint64_t id);

/* Remembers it, and forgets the oldest; without room nothing happens. */
void ngx_mqtt_native_ack_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    uint64_t id);


/* A stream by its id, or NULL. */
ngx_mqtt_stream_t *ngx_mqtt_stream_find_locked(ngx_mqtt_session_t *s,
    ngx_str_t *id);

/* NGX_DECLINED: there are too many; NGX_ERROR: the zone is full. */
ngx_int_t ngx_mqtt_stream_create_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_str_t *id, ngx_str_t *group, uint32_t idle,
    ngx_uint_t no_echo);

/* Whether the session still has this stream, and it expects that fragment. */
ngx_uint_t ngx_mqtt_stream_expects_locked(ngx_mqtt_session_t *s,
    ngx_mqtt_stream_t *stream, uint64_t fragment);

/*
 * The fragment was published; "end": it was the end.  Harmless if the session
 * has no such stream any more, or expects another one.
 */
void ngx_mqtt_stream_done_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_stream_t *stream, uint64_t fragment, ngx_uint_t end);


/* Gives a sequence id to an entry that is about to be sent first. */
void ngx_mqtt_native_number_locked(ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e);

/* That of an entry that was sent. */
uint64_t ngx_mqtt_native_sequence_locked(ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e);

/*
 * All messages up to this sequence id were received.  At most *budget entries,
 * which it counts down: NGX_AGAIN.  An id that was not given out is ignored.
 */
ngx_int_t ngx_mqtt_native_received_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, uint64_t sequence, ngx_uint_t *budget);


#endif /* _NGX_MQTT_NATIVE_SESSION_H_INCLUDED_ */
