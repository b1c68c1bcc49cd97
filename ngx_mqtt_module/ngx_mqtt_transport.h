
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_TRANSPORT_H_INCLUDED_
#define _NGX_MQTT_TRANSPORT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_client.h>
#include <ngx_mqtt_conf.h>
#include <ngx_mqtt_ws.h>


typedef struct ngx_mqtt_transport_s  ngx_mqtt_transport_t;

/* What clients come by, and what they speak. */

#define NGX_MQTT_TRANSPORT_TCP     0
#define NGX_MQTT_TRANSPORT_WS      1       /* MQTT over WebSocket */
#define NGX_MQTT_TRANSPORT_NATIVE  2       /* Web PubSub */

/*
 * The last act of the door a client came in by: http or stream close the
 * connection and free its pool, the transport in it.
 */

typedef void (*ngx_mqtt_finish_pt)(ngx_mqtt_transport_t *t);

/*
 * The client has been accepted, and no input waits in the door's buffer any
 * more: what the door no longer needs may go.
 */

typedef void (*ngx_mqtt_accepted_pt)(ngx_mqtt_transport_t *t);

/* Of an accepted client, from its connection's pool. */

typedef struct {
    ngx_str_t                user_id;
    ngx_str_t                username;
} ngx_mqtt_transport_who_t;

/* The HTTP request of a client, as long as the door has it. */

typedef ngx_int_t (*ngx_mqtt_request_pt)(ngx_mqtt_transport_t *t,
    ngx_pool_t *pool, ngx_mqtt_request_t *req);


/* More of a native client; "data" is malloced, as soon as it is needed. */

typedef struct {
    u_char                  *data;       /* of a message, as far as it came */
    size_t                   len;
    size_t                   size;
    ngx_msec_t               pinged;
    u_char                   opcode;
    unsigned                 whole:1;    /* it waits to be taken */
} ngx_mqtt_transport_native_t;


/* A client's connection, local to a worker, from c->pool. */

struct ngx_mqtt_transport_s {
    ngx_mqtt_client_t        client;     /* first, as the core wants it */

    ngx_connection_t        *connection;
    ngx_mqtt_ws_t           *ws;         /* NULL: mqtt over tcp */
    ngx_mqtt_transport_native_t  *native;        /* NULL: mqtt */
    void                    *data;       /* a request or a session */
    ngx_mqtt_finish_pt       finish;
    ngx_mqtt_accepted_pt     accepted;   /* set by the door, called once */
    ngx_mqtt_request_pt      request;    /* the same; NULL: there is none */

    /*
     * Input that waits, either in "kept", malloced, or in a buffer of the
     * door.  The first "plain" bytes have no WebSocket framing any more.
     */

    u_char                  *pos;
    u_char                  *last;
    u_char                  *kept;
    size_t                   plain;

    off_t                    received;   /* bytes */
    size_t                   drained;    /* bytes thrown away at the end */

    /* for logs, once it is closed */

    ngx_str_t                client_id;
    ngx_mqtt_transport_who_t  *who;      /* NULL: nobody in particular */

    unsigned                 started:1;  /* what is sent may be sent */
    unsigned                 paused:1;   /* no reading until ops->resume */
    unsigned                 leaving:1;  /* no reading any more */
    unsigned                 passes:4;   /* left to flush before leaving */
    unsigned                 done:1;     /* the core has let go */
    unsigned                 draining:1;
    unsigned                 eof:1;      /* the peer's end, or an error */
    unsigned                 full:1;     /* the socket took not all */
    unsigned                 broken:1;   /* nothing can be sent any more */
    unsigned                 close_sent:1;       /* WebSocket close frames */
    unsigned                 close_received:1;
    unsigned                 ws_failed:1;        /* framing is lost */
};


/*
 * Makes the transport of a connection whose client is to be served by a hub;
 * under a template, "name" is not that of its settings.  Nothing happens
 * before ngx_mqtt_transport_start().  "kind" is NGX_MQTT_TRANSPORT_*.  NULL:
 * no memory, or the zone cannot be joined.
 */
ngx_mqtt_transport_t *ngx_mqtt_transport_create(ngx_connection_t *c,
    ngx_mqtt_conf_hub_t *hub, ngx_str_t *name, ngx_uint_t kind);

/* Whether this process is so short of connections that it takes no clients. */
ngx_uint_t ngx_mqtt_transport_busy(void);

/*
 * Takes the connection over.  "handler", of read and write events alike, has
 * to find "t" and to call ngx_mqtt_transport_event(): c->data stays the
 * door's.  "finish" is called once, from the event loop, never from inside
 * this call.  The bytes pos .. last were received earlier, they may be
 * changed and must stay where they are.  If t->done is set, the client was
 * refused, and is told so by a close frame.
 */
void ngx_mqtt_transport_start(ngx_mqtt_transport_t *t,
    ngx_event_handler_pt handler, ngx_mqtt_finish_pt finish, void *data,
    u_char *pos, u_char *last);

/* An event of the connection.  "t" may be freed. */
void ngx_mqtt_transport_event(ngx_mqtt_transport_t *t, ngx_event_t *ev);

/* The part of it that takes input.  "t" may be freed. */
void ngx_mqtt_transport_read(ngx_mqtt_transport_t *t);


/*
 * The receive buffer of the worker, from the heap: a connection has none while
 * it is idle.  There once a transport was made.
 */

#define NGX_MQTT_RECV_SIZE  65536

extern u_char  *ngx_mqtt_recv_buffer;


/*
 * Takes a piece of a message of a native client, or offers one that waits to
 * the core again.  NGX_AGAIN: it waits (again); otherwise as for
 * ngx_mqtt_native_input().
 */
ngx_int_t ngx_mqtt_message_piece(ngx_mqtt_transport_t *t,
    ngx_mqtt_ws_event_t *ev);
ngx_int_t ngx_mqtt_message_offer(ngx_mqtt_transport_t *t);

/* Pings such a client if it is time; returns how long it is until then. */
ngx_msec_t ngx_mqtt_message_ping(ngx_mqtt_transport_t *t);


/*
 * Reads a WebSocket client that waits for the application: answers pings, a
 * close frame, and keeps the rest.  "t" may be freed.
 */
void ngx_mqtt_listen(ngx_mqtt_transport_t *t);

/* Answers a ping. */
void ngx_mqtt_transport_pong(ngx_mqtt_transport_t *t, ngx_str_t *payload);


/* What the core asks of a connection, see "describe" and "request" there. */
ngx_int_t ngx_mqtt_describe_event(ngx_mqtt_client_t *cl,
    struct ngx_mqtt_event_s *ev);
ngx_int_t ngx_mqtt_describe_request(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_request_t *req);


size_t ngx_mqtt_describe_fingerprint(ngx_mqtt_client_t *cl, u_char *buf);


/* Values of variables; empty while unknown, valid as long as "t". */
void ngx_mqtt_transport_protocol(ngx_mqtt_transport_t *t, ngx_str_t *value);
void ngx_mqtt_transport_client_id(ngx_mqtt_transport_t *t, ngx_str_t *value);
void ngx_mqtt_transport_user_id(ngx_mqtt_transport_t *t, ngx_str_t *value);
void ngx_mqtt_transport_username(ngx_mqtt_transport_t *t, ngx_str_t *value);
void ngx_mqtt_describe_cert(ngx_mqtt_transport_t *t, ngx_str_t *value);
void ngx_mqtt_describe_cert_fingerprint(ngx_mqtt_transport_t *t,
    ngx_str_t *value);


#endif /* _NGX_MQTT_TRANSPORT_H_INCLUDED_ */
