
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_QUEUE_H_INCLUDED_
#define _NGX_MQTT_QUEUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_session.h>


/* what a queue entry waits for; truth */
#define NGX_MQTT_ENTRY_QUEUED   0       /* never sent */
#define NGX_MQTT_ENTRY_ACK      1       /* QoS 1: PUBACK */
#define NGX_MQTT_ENTRY_REC      2       /* QoS 2: PUBREC */
#define NGX_MQTT_ENTRY_COMP     3       /* QoS 2: PUBCOMP; has no message */

#define NGX_MQTT_ENTRY_RETAIN   0x01    /* RETAIN flag to be sent */
#define NGX_MQTT_ENTRY_IDS      0x02    /* u.ids instead of u.id */
#define NGX_MQTT_ENTRY_SHARED   0x04    /* came by a shared subscription */
#define NGX_MQTT_ENTRY_COUNTED  0x08    /* in the session's inflight */
#define NGX_MQTT_ENTRY_RESENT   0x10    /* in its resent: a PUBREL */

#define NGX_MQTT_SUB_IDS        60      /* of one delivery */

/* in flight at most, whatever the client allows: bounds all walks */
#define NGX_MQTT_WINDOW_MAX     1024


/* shared; belongs to its entry */

typedef struct {
    uint32_t              n;
    uint32_t              id[NGX_MQTT_SUB_IDS];
} ngx_mqtt_sub_ids_t;


/*
 * Shared; one delivery.  On its way from a match to a queue, "message" is
 * still "target" and "order" the low half of the target's serial.
 */

struct ngx_mqtt_entry_s {
    ngx_mqtt_entry_t     *next;

    union {
        ngx_mqtt_message_t  *message;
        ngx_mqtt_session_t  *target;
    } m;

    union {
        uint32_t             id;        /* subscription identifier, 0: none */
        ngx_mqtt_sub_ids_t  *ids;

        struct {
            uint32_t         id;
            uint32_t         hash;      /* of the subscription it came by */
        } shared;
    } u;

    uint32_t              order;
    uint16_t              packet_id;
    u_char                qos_state;    /* qos in the high half */
    u_char                flags;
};

/* a PUBREL after a resume takes no place in the client's window */

#define ngx_mqtt_queue_has_room(s)                                            \
    ((s)->inflight - (s)->resent < (s)->window                                \
     && (s)->inflight < NGX_MQTT_WINDOW_MAX)

#define ngx_mqtt_entry_qos(e)     ((e)->qos_state >> 4)
#define ngx_mqtt_entry_state(e)   ((e)->qos_state & 0x0f)
#define ngx_mqtt_entry_qs(q, s)   ((u_char) ((q) << 4 | (s)))


ngx_mqtt_entry_t *ngx_mqtt_entry_alloc_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t qos, uint32_t sub_id);

/* Frees an entry and its identifiers; does not touch "m". */
void ngx_mqtt_entry_free_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_entry_t *e);

/*
 * Adds an identifier to an entry not yet queued.  NGX_DECLINED: it holds as
 * many as it can; NGX_ERROR: the zone is full.
 */
ngx_int_t ngx_mqtt_entry_add_id_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_entry_t *e, uint32_t sub_id);

/*
 * Whether the session takes one more delivery of "size" bytes: NGX_OK, or
 * NGX_DECLINED if it must not be queued: an offline session and QoS 0, or
 * the limits and its overflow rule say so.  NGX_BUSY: the rule is to end it.
 */
ngx_int_t ngx_mqtt_queue_accepts_locked(ngx_mqtt_session_t *s,
    ngx_uint_t qos, size_t size);

/*
 * Appends an entry that refers to "m" (one more reference is counted) by one
 * store, making room as the overflow rule says.  Never fails.  Marks the
 * session's connection as ready.  Returns how many entries it looked at.
 */
ngx_uint_t ngx_mqtt_queue_append_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_entry_t *e, ngx_mqtt_message_t *m);

/*
 * Drops all of an ended session's queues, at most *budget entries: NGX_AGAIN.
 * What came by a shared subscription goes to another member.
 */
ngx_int_t ngx_mqtt_queue_clear_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_uint_t *budget);

/*
 * A subscriber's acknowledgement.  NGX_OK; NGX_DECLINED: no such packet id;
 * NGX_ERROR: the id is used by a message of the other QoS (protocol error).
 * Settling one makes room in the window: the connection becomes ready again.
 */
ngx_int_t ngx_mqtt_queue_puback_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, uint16_t id);
/* "failed": the reason code was 0x80 or above, which settles it. */
ngx_int_t ngx_mqtt_queue_pubrec_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, uint16_t id, ngx_uint_t failed);
/* Never NGX_ERROR: one that is not awaited is ignored. */
ngx_int_t ngx_mqtt_queue_pubcomp_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, uint16_t id);

/* The window has room again: the connection becomes ready if it can send. */
void ngx_mqtt_queue_settled_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);

/* Makes everything unacknowledged due again, for a new connection. */
void ngx_mqtt_queue_resume_locked(ngx_mqtt_session_t *s);

/* Whether the session's queues have something that may be sent now. */
ngx_uint_t ngx_mqtt_queue_due_locked(ngx_mqtt_session_t *s);

/*
 * What may be sent now of QoS 1 and 2, or NULL.  With a full window that is a
 * PUBREL after a resume, which can lie behind the session's "unsent".
 */
ngx_mqtt_entry_t *ngx_mqtt_queue_next_locked(ngx_mqtt_session_t *s);

/* A packet id for a new message that is not in flight (1..65535). */
uint16_t ngx_mqtt_queue_next_id_locked(ngx_mqtt_session_t *s);

/* Unlinks and frees one entry, dropping its message reference. */
void ngx_mqtt_queue_remove_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s, ngx_mqtt_entry_t *prev, ngx_mqtt_entry_t *e);

/* The same for the first entry of QoS 0. */
void ngx_mqtt_queue_remove0_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);

/* The same for the next one to be sent. */
void ngx_mqtt_queue_remove_unsent_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s);


#endif /* _NGX_MQTT_QUEUE_H_INCLUDED_ */
