
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _STORE_H_INCLUDED_
#define _STORE_H_INCLUDED_


#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_profile.h>
#include "test.h"


/*
 * A zone in memory that children share, one worker of this process, and
 * clients whose transport only remembers what it was given to send.
 */

#define STORE_CLIENTS   8
#define STORE_OUT       64      /* packets remembered */


typedef struct {
    ngx_mqtt_zone_t        zone;
    ngx_slab_pool_t       *pool;
    size_t                 size;
    ngx_mqtt_worker_t     *w;
    u_char                *snapshot;
} store_t;


/*
 * Where the ends of sessions are counted that were told, by the last digit of
 * the client id; NULL: nobody wants to know.
 */

extern ngx_uint_t  *store_told;

/* the body of the last one */
extern char         store_body[256];


/* a PUBLISH or a PUBREL that a client got */

typedef struct {
    u_char                 type;
    u_char                 qos;
    u_char                 retain;
    uint16_t               id;
    size_t                 size;
    char                   payload[32];
} store_packet_t;


typedef struct {
    ngx_mqtt_client_t      cl;
    ngx_mqtt_hub_conf_t    conf;
    store_packet_t         got[STORE_OUT];
    ngx_uint_t             ngot;          /* may exceed STORE_OUT */
    void                 (*see)(store_packet_t *got);    /* or NULL */
    ngx_uint_t             nacked;
    ngx_uint_t             nanswers;      /* PUBACK and PUBREC it got */
    ngx_uint_t             nresumes;
    ngx_uint_t             blocked;       /* takes nothing */
    ngx_uint_t             closes;
    ngx_uint_t             reason;
    u_char                *buf;           /* the rest of a packet */
    size_t                 len;
} store_client_t;


/* of store_connect(); 0 where not said otherwise */

typedef struct {
    ngx_uint_t             clean;
    uint32_t               expiry;
    const char            *will;          /* topic; the payload is "will" */
    ngx_uint_t             will_retain;
    uint32_t               will_delay;
    ngx_msec_t             will_lifetime;
    ngx_uint_t             window;        /* 0: 100 */
    ngx_uint_t             max_queued;
    size_t                 max_bytes;     /* 0: 1 MiB */
    ngx_uint_t             overflow;
    const char            *hub;           /* NULL: "h" */
    const char            *identity;
    const char            *user;
    const char            *role;          /* one, or NULL */
    const char            *group;         /* one, or NULL */
} store_connect_t;


void store_create(store_t *st, size_t size);
void store_destroy(store_t *st);

/* keeps a copy of the zone; goes back to it */
void store_save(store_t *st);
void store_restore(store_t *st);

ngx_mqtt_worker_t *store_worker(store_t *st);

#define store_lock(st)    ngx_mqtt_worker_lock((st)->w)
#define store_unlock(st)  ngx_mqtt_worker_unlock((st)->w)

/* number of violations; the first is noted */
ngx_uint_t store_errors(store_t *st, const char *when);

/* a check of its own */
#define store_check(st, when)                                                 \
    ok(store_errors(st, when) == 0, "invariants: %s", when)

/* blocks in use of a kind; all but indexes and slots */
ngx_uint_t store_blocks(store_t *st, ngx_uint_t kind);
ngx_uint_t store_used(store_t *st);

void store_client(store_client_t *c, ngx_mqtt_worker_t *w);

/* reason code */
ngx_uint_t store_connect(store_client_t *c, ngx_mqtt_worker_t *w,
    const char *id, const store_connect_t *conn);
void store_close(store_client_t *c, ngx_uint_t discard_will);

/* NGX_OK or NGX_ERROR: no room; "id" is the subscription's identifier */
ngx_int_t store_subscribe(store_client_t *c, const char *filter,
    ngx_uint_t options, uint32_t id);
ngx_int_t store_unsubscribe(store_client_t *c, const char *filter);

/* reason code; c is NULL for nobody's in hub "h"; len 0: strlen(payload) */
ngx_uint_t store_publish(ngx_mqtt_worker_t *w, store_client_t *c,
    const char *topic, const char *payload, size_t len, ngx_uint_t qos,
    ngx_uint_t retain, ngx_uint_t packet_id);

/* a persistent session that is offline, with one subscription or none */
void store_offline(store_t *st, const char *id, const char *filter,
    ngx_uint_t qos);

/* acknowledges what the client got and has not yet answered */
void store_ack(store_client_t *c, ngx_uint_t no_pubcomp);

/* until nothing is left to do */
void store_run(ngx_mqtt_worker_t *w);

/* moves the clock on and ticks */
void store_time(ngx_mqtt_worker_t *w, ngx_msec_t ms);

ngx_mqtt_hub_t *store_hub(store_t *st, const char *name);
ngx_mqtt_session_t *store_session(store_t *st, const char *id);

/* how often a payload stands in a session's queues */
ngx_uint_t store_queued(store_t *st, const char *id, const char *payload);

/* whether a topic's retained message is this (NULL: none) */
ngx_uint_t store_retained(store_t *st, const char *topic,
    const char *payload);

ngx_str_t store_str(const char *s);


/*
 * Called once, when a worker with w->reap set releases the lock for the
 * time number store_hook_at (0: the first): what others do meanwhile.
 */
extern void        (*store_hook)(ngx_mqtt_worker_t *w);
extern ngx_uint_t    store_hook_at;


/* Operations as data, for scenarios that are broken off at every point. */

typedef enum {
    STORE_END = 0,
    STORE_CONNECT,      /* client, text: id */
    STORE_CLOSE,        /* client, n: discard the will */
    STORE_SUBSCRIBE,    /* client, text: filter, n: options, id */
    STORE_UNSUBSCRIBE,  /* client, text: filter */
    STORE_PUBLISH,      /* client, text: topic, payload, n: qos, retain, id */
    STORE_BIG,          /* the same with 20000 bytes behind the payload */
    STORE_HUGE,         /* ... 300000 */
    STORE_PUBREL,       /* client, id */
    STORE_RUN,
    STORE_ACK,          /* client, n: no PUBCOMP */
    STORE_DISCONNECT,   /* client: with another session expiry */
    STORE_STATE,        /* client, text: the connection's state */
    STORE_REMOVE,       /* text: filter of retained messages */
    STORE_READ,         /* text: topic of one */
    STORE_BLOCK,        /* client: its socket takes nothing any more */
    STORE_BULK,         /* n: action, id: targets, text: name, payload: text */
    STORE_NATIVE,       /* client, text: subprotocol, payload: group, n: */
                        /* messages it may leave unread */
    STORE_RECOVER,      /* client, text: subprotocol, n: of that client */
    STORE_SAY,          /* client, text: a message */
    STORE_LOSE,         /* client, n: it has said so */
    STORE_TIME          /* n: milliseconds */
} store_op_e;


typedef struct {
    store_op_e             op;
    ngx_uint_t             client;
    const char            *text;
    const char            *payload;
    ngx_uint_t             n;
    ngx_uint_t             id;
    ngx_uint_t             retain;
    const store_connect_t *connect;
    ngx_uint_t             refused;       /* whatever memory there is */
} store_op_t;


/* one operation; NGX_ERROR: it was refused */
ngx_int_t store_op(ngx_mqtt_worker_t *w, store_client_t *clients,
    const store_op_t *op);


#endif /* _STORE_H_INCLUDED_ */
