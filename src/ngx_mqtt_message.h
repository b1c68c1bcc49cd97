
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_MESSAGE_H_INCLUDED_
#define _NGX_MQTT_MESSAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>


typedef struct ngx_mqtt_body_s  ngx_mqtt_body_t;

#define NGX_MQTT_BODY_DATA      (NGX_MQTT_BLOCK_MAX - sizeof(void *))

/* shared; belongs to its message */

struct ngx_mqtt_body_s {
    ngx_mqtt_body_t      *next;
    u_char                data[NGX_MQTT_BODY_DATA];
};


/*
 * Shared; immutable once committed, but for "refs".  Its text is the topic, the
 * forwarded properties as on the wire, the payload, and what else native
 * clients are told of it, one behind the other, in "data" and then in the
 * blocks of "body".
 */

struct ngx_mqtt_message_s {
    uint32_t              refs;         /* derived */
    u_char                qos;          /* as published */
    u_char                retain;       /* as published */
    uint16_t              room;         /* bytes of "data" */
    uint32_t              topic_len;
    uint32_t              props_len;
    uint32_t              payload_len;
    uint32_t              text_len;     /* of all of it */
    ngx_msec_t            expires;      /* 0: never */
    ngx_mqtt_body_t      *body;
    u_char                data[1];
};


/* Where a reader is in a message's text. */

typedef struct {
    u_char               *pos;
    u_char               *last;
    ngx_mqtt_body_t      *next;
} ngx_mqtt_text_t;


/*
 * Allocates a message for the three parts, one reference, not yet filled.
 * NULL: the zone is full.  "*left" is set to how many bytes it has no room
 * for yet: ngx_mqtt_message_extend_locked() adds some, in one hold of the lock
 * each, until there are none.  NGX_ERROR: the zone is full.
 */
ngx_mqtt_message_t *ngx_mqtt_message_alloc_locked(ngx_mqtt_zone_t *zone,
    size_t topic_len, size_t props_len, size_t payload_len, size_t *left);
ngx_int_t ngx_mqtt_message_extend_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_message_t *m, size_t *left);

void ngx_mqtt_message_unref_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_message_t *m);

/* Starts reading or writing the text; no lock, but a reference. */
void ngx_mqtt_message_text(ngx_mqtt_message_t *m, ngx_mqtt_text_t *text);

/* Copies the next bytes out of the message or into it, or passes over them. */
u_char *ngx_mqtt_text_read(ngx_mqtt_text_t *text, u_char *p, size_t len);
void ngx_mqtt_text_skip(ngx_mqtt_text_t *text, size_t len);
void ngx_mqtt_text_write(ngx_mqtt_text_t *text, u_char *p, size_t len);

/* How many of the next "len" bytes are at text->pos; 0: there are no more. */
size_t ngx_mqtt_text_piece(ngx_mqtt_text_t *text, size_t len);

/*
 * The topic as one piece: inside the message if it lies there in one piece,
 * otherwise copied to "buf", which must take topic_len bytes.
 */
u_char *ngx_mqtt_message_topic(ngx_mqtt_message_t *m, u_char *buf);

/* Bytes behind the payload: see ngx_mqtt_native_extra.h. */
#define ngx_mqtt_message_extra(m)                                             \
    ((m)->text_len - (m)->topic_len - (m)->props_len - (m)->payload_len)

/* Whether it removes the retained message of its topic. */
#define ngx_mqtt_message_clears(m)  ((m)->retain && (m)->payload_len == 0)

/* Bytes the message counts for in a session's queue. */
#define ngx_mqtt_message_size(m)                                              \
    ((size_t) (m)->text_len + sizeof(ngx_mqtt_message_t))


#endif /* _NGX_MQTT_MESSAGE_H_INCLUDED_ */
