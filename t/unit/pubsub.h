
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _PUBSUB_H_INCLUDED_
#define _PUBSUB_H_INCLUDED_


#include <ngx_mqtt_event.h>
#include <ngx_mqtt_native_client.h>
#include <ngx_mqtt_native_extra.h>
#include <ngx_mqtt_native_local.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_ws.h>
#include "store.h"


/*
 * Native clients whose transport takes frames apart into messages, and a
 * worker whose events wait for pubsub_reply().
 */

#define PUBSUB_MESSAGES  2048
#define PUBSUB_EVENTS    64
#define PUBSUB_CLIENTS   4


typedef struct {
    u_char               *data;
    size_t                len;
    u_char                opcode;
    ngx_uint_t            frames;
} pubsub_message_t;


typedef struct {
    ngx_mqtt_client_t     cl;
    ngx_mqtt_hub_conf_t   conf;
    u_char               *buf;            /* of frames, not yet taken apart */
    size_t                len;
    pubsub_message_t      got[PUBSUB_MESSAGES];
    ngx_uint_t            ngot;           /* whole ones */
    ngx_uint_t            seen;
    ngx_uint_t            blocked;
    ngx_uint_t            nresumes;
    ngx_uint_t            closes;
    ngx_uint_t            reason;
} pubsub_client_t;


/* of pubsub_admit(); 0 where not said otherwise */

typedef struct {
    const char           *user;
    const char           *role;           /* one; NULL: all topics */
    const char           *group;          /* to be put into */
    const char           *cookie;
    const char           *sends;          /* a simple client's group */
    ngx_uint_t            max_queued;
    ngx_uint_t            no_echo;
} pubsub_admit_t;


extern ngx_mqtt_event_t  *pubsub_events[PUBSUB_EVENTS];
extern ngx_uint_t         pubsub_nevents;


ngx_mqtt_worker_t *pubsub_worker(store_t *st);

/* a status of HTTP; the subprotocol as it is offered */
ngx_uint_t pubsub_admit(pubsub_client_t *c, ngx_mqtt_worker_t *w,
    const char *subprotocol, const pubsub_admit_t *admit);

/* of the connection id and with the token that the other one was told */
ngx_int_t pubsub_recover(pubsub_client_t *c, ngx_mqtt_worker_t *w,
    const char *subprotocol, pubsub_client_t *from);
ngx_int_t pubsub_recover_as(pubsub_client_t *c, ngx_mqtt_worker_t *w,
    const char *subprotocol, const char *id, const char *token);

/* what ngx_mqtt_native_input() returns, behind which the worker runs */
ngx_int_t pubsub_say(pubsub_client_t *c, const char *text);
ngx_int_t pubsub_say_bytes(pubsub_client_t *c, ngx_uint_t opcode,
    const void *data, size_t len);

/* the next message, with a zero behind it, or "" if there is none */
const char *pubsub_next(pubsub_client_t *c);
pubsub_message_t *pubsub_next_message(pubsub_client_t *c);

/* the value of a member that is a string, from the last one that was taken */
const char *pubsub_member(pubsub_client_t *c, const char *name);

/* the next is this one */
#define is_next(c, want, ...)                                                 \
    test_next(c, want, __FILE__, __LINE__, __VA_ARGS__)

ngx_uint_t test_next(pubsub_client_t *c, const char *want, const char *file,
    int line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* answers the oldest event; "type" may be NULL */
void pubsub_reply(ngx_uint_t status, const char *type, const char *body);

/* an operation on one of some clients, see store.h */
ngx_int_t pubsub_op(ngx_mqtt_worker_t *w, const store_op_t *op);

/* the end of all of these */
void pubsub_close(void);

/* who a STORE_RECOVER of PUBSUB_KEPT comes back as */
#define PUBSUB_KEPT      PUBSUB_CLIENTS

void pubsub_keep(pubsub_client_t *c);

/* without a farewell; frees what the client got */
void pubsub_lose(pubsub_client_t *c);
void pubsub_free(pubsub_client_t *c);


#endif /* _PUBSUB_H_INCLUDED_ */
