
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_CLIENT_H_INCLUDED_
#define _NGX_MQTT_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_parse.h>
#include <ngx_mqtt_hub.h>
#include <ngx_mqtt_broker.h>


#define NGX_MQTT_OUT_HEADROOM     16

/* SHA-1 in hexadecimal digits, as $ssl_client_fingerprint has it */
#define NGX_MQTT_FINGERPRINT_LEN  40


typedef struct ngx_mqtt_client_s      ngx_mqtt_client_t;
typedef struct ngx_mqtt_out_s         ngx_mqtt_out_t;
typedef struct ngx_mqtt_attach_s      ngx_mqtt_attach_t;
typedef struct ngx_mqtt_aliases_s     ngx_mqtt_aliases_t;
typedef struct ngx_mqtt_access_s      ngx_mqtt_access_t;
typedef struct ngx_mqtt_ask_s         ngx_mqtt_ask_t;
typedef struct ngx_mqtt_proof_s       ngx_mqtt_proof_t;
typedef struct ngx_mqtt_login_s       ngx_mqtt_login_t;
typedef struct ngx_mqtt_native_s      ngx_mqtt_native_t;


/*
 * What the core needs of a network connection.
 *
 * send: tries to write "len" bytes at once; returns how many were taken
 * (0: the socket is full, ngx_mqtt_client_writable() follows) or NGX_ERROR.
 *
 * frame: may be NULL.  Called once for each run of packet bytes before it is
 * sent; writes a frame header into the NGX_MQTT_OUT_HEADROOM bytes before
 * "p" and returns its first byte.
 *
 * close: the core is done with this client, the session is detached, and all
 * output that could be written was written; cl->blocked is set if not all
 * could be.  "reason" is the MQTT 5.0 reason code.  Must not free the client
 * before control is back in the event loop.
 *
 * resume: input may be read again after NGX_BUSY.  Must not call back.
 *
 * describe: may be NULL.  Fills in what an event has to say of the connection
 * itself (address, protocol, certificate).  NGX_ERROR: no memory.
 *
 * request: may be NULL.  Fills in the HTTP request that a client came by, in
 * zeroed memory, if it did; until the client is accepted.  What it says may
 * point into the request.  NGX_ERROR: no memory.
 *
 * fingerprint: may be NULL.  Writes that of the client's certificate, and
 * returns its length: NGX_MQTT_FINGERPRINT_LEN, or 0 if there is none.
 *
 * named: may be NULL.  The client was accepted, with this user id and user
 * name, which are valid during the call.
 *
 * timer: may be NULL.  What ngx_mqtt_client_timer() said before is out of
 * date: it is to be called soon.
 */

struct ngx_mqtt_event_s;

typedef struct {
    ngx_array_t           query;        /* of ngx_keyval_t, decoded */
    ngx_array_t           headers;      /* of ngx_keyval_t */
} ngx_mqtt_request_t;


typedef struct {
    ssize_t             (*send)(ngx_mqtt_client_t *cl, u_char *p, size_t len);
    u_char             *(*frame)(ngx_mqtt_client_t *cl, u_char *p, size_t len);
    void                (*close)(ngx_mqtt_client_t *cl, ngx_uint_t reason);
    void                (*resume)(ngx_mqtt_client_t *cl);
    ngx_int_t           (*describe)(ngx_mqtt_client_t *cl,
                                    struct ngx_mqtt_event_s *ev);
    ngx_int_t           (*request)(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
                                   ngx_mqtt_request_t *req);
    size_t              (*fingerprint)(ngx_mqtt_client_t *cl, u_char *buf);
    void                (*named)(ngx_mqtt_client_t *cl, ngx_str_t *user_id,
                                 ngx_str_t *username);
    void                (*timer)(ngx_mqtt_client_t *cl);
} ngx_mqtt_transport_ops_t;


/*
 * A network connection, local to a worker; embedded as the first member of
 * the transport's own structure, whose pool frees it.
 */

struct ngx_mqtt_client_s {
    const ngx_mqtt_transport_ops_t  *ops;
    ngx_mqtt_worker_t               *worker;
    ngx_mqtt_hub_conf_t             *conf;
    ngx_log_t                       *log;
    ngx_str_t                        hub;          /* lower case */

    ngx_mqtt_parser_t                parser;

    /* its place in the zone from CONNECT on; no session there: it lost it */
    ngx_mqtt_attach_t               *attach;
    ngx_str_t                        client_id;    /* malloced */

    ngx_mqtt_out_t                  *out;          /* to be sent, in order */
    ngx_mqtt_out_t                  *out_last;
    ngx_mqtt_out_t                  *late;         /* behind a large message */
    ngx_mqtt_out_t                  *late_last;
    size_t                           out_size;     /* bytes of all buffers */

    ngx_queue_t                      dirty;        /* worker's flush list, */
                                                   /* or the blocked ones */
    ngx_queue_t                      turn;         /* while waiting */
    ngx_uint_t                       turn_end;     /* of worker->work */

    ngx_mqtt_aliases_t              *aliases;
    ngx_mqtt_access_t               *access;       /* NULL: see "roles" */

    /* while its CONNECT waits, for its password or for the application */
    ngx_mqtt_login_t                *login;
    ngx_mqtt_ask_t                  *ask;

    ngx_mqtt_native_t               *native;       /* NULL: of MQTT, and */
                                                   /* nobody is told whose */

    /* who it is, until its CONNECT is answered; NULL: nobody */
    ngx_mqtt_proof_t                *proof;
    time_t                           expires;      /* 0: it does not */

    /* while it is being closed: what it said, what it is told */
    ngx_mqtt_packet_t               *goodbye;
    ngx_mqtt_props_t                *farewell;

    /* what the session published through another process comes first */
    struct ngx_mqtt_publication_s   *before;

    /* a message too large for one output buffer, sent piece by piece */
    struct ngx_mqtt_big_s           *big;
    size_t                           big_left;     /* of the whole packet */

    ngx_msec_t                       last_packet;
    ngx_msec_t                       blocked_since;
    ngx_uint_t                       keep_alive;   /* seconds, effective */

    uint64_t                         connection;   /* its number */
    uint64_t                         serial;       /* of the session */

    uint32_t                         max_packet_size;    /* the client's */
    uint32_t                         session_expiry;     /* effective */
    uint32_t                         requested_expiry;
    uint16_t                         receive_maximum;    /* the client's */
    uint16_t                         received;     /* QoS 2 not released */
    uint16_t                         alias_maximum;      /* the client's */
    u_char                           version;      /* 0: no CONNECT yet */
    u_char                           roles;        /* bits: any topic */

    unsigned                         connected:1;  /* CONNACK 0 was sent */
    unsigned                         resumed:1;    /* session present */
    unsigned                         closed:1;     /* it has ended */
    unsigned                         blocked:1;    /* the socket is full */
    unsigned                         paused:1;     /* no input: output first */
    unsigned                         waiting:1;    /* no input: a turn first */
    unsigned                         marked:1;     /* on the dirty list */
    unsigned                         broken:1;     /* a write failed */
    unsigned                         will_discard:1;
    unsigned                         refused:1;    /* CONNECT will be: busy */
    unsigned                         by_method:1;  /* "JWT", in CONNECT */
    unsigned                         asked:1;      /* the application was, */
    unsigned                         appointed:1;  /* and has given roles */
    unsigned                         parted:1;     /* a native one, by itself */
};


/* Whether a CONNECT waits, so that what follows it is not for us yet. */
#define ngx_mqtt_client_held(cl)  ((cl)->login || (cl)->ask)


/*
 * Prepares a client for its first byte.  "cl" is zeroed memory of the
 * transport; "hub" must stay valid as long as the client.  No allocation.
 */
void ngx_mqtt_client_init(ngx_mqtt_client_t *cl, ngx_mqtt_worker_t *w,
    ngx_mqtt_hub_conf_t *conf, ngx_str_t *hub,
    const ngx_mqtt_transport_ops_t *ops, ngx_log_t *log);

/*
 * Before reading.  NGX_BUSY: others were served in this pass, reading stops
 * until ops->resume is called.
 */
ngx_int_t ngx_mqtt_client_turn(ngx_mqtt_client_t *cl);

/*
 * Takes bytes that arrived, which it may change in place.  NGX_OK: all was
 * taken, read on.  NGX_BUSY: the bytes from *pos on must be kept and offered
 * again, and reading stop, until ops->resume is called.  NGX_ERROR: the
 * client was closed (ops->close was called), nothing more may be offered.
 */
ngx_int_t ngx_mqtt_client_input(ngx_mqtt_client_t *cl, u_char **pos,
    u_char *last);

/* The end of a client's waiting for a turn. */
void ngx_mqtt_client_go_on(ngx_mqtt_client_t *cl);

/* The socket has room again.  May call ops->close or ops->resume. */
void ngx_mqtt_client_writable(ngx_mqtt_client_t *cl);

/*
 * Appends bytes that belong to the transport itself (WebSocket control
 * frames): sent in order with the packets, never framed.  Output is flushed
 * at the end of the event-loop pass.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_client_send_raw(ngx_mqtt_client_t *cl, u_char *p,
    size_t len);

/*
 * Called when the client's timer expires, and once after init: closes the
 * client if it has been silent too long (connect timeout, keep-alive, no
 * progress in sending).  Returns milliseconds until the next call (> 0), or
 * 0 when the client was closed.
 */
ngx_msec_t ngx_mqtt_client_timer(ngx_mqtt_client_t *cl);

/*
 * Ends the client from this side: sends the CONNACK or DISCONNECT that the
 * reason code and the protocol version ask for, publishes or arms the will,
 * detaches the session, calls ops->close.  Harmless on a closed client.
 */
void ngx_mqtt_client_close(ngx_mqtt_client_t *cl, ngx_uint_t reason);

/* The same, with the words that the zone has for it. */
void ngx_mqtt_client_expel(ngx_mqtt_client_t *cl, ngx_uint_t reason);

/*
 * The connection is gone (end of file, error, WebSocket close): as
 * ngx_mqtt_client_close() but nothing is sent and ops->close is not called.
 * Must be called exactly once before the transport frees a client for which
 * ops->close was not called.
 */
void ngx_mqtt_client_lost(ngx_mqtt_client_t *cl);


#endif /* _NGX_MQTT_CLIENT_H_INCLUDED_ */
