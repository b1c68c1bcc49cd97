
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _PEER_H_INCLUDED_
#define _PEER_H_INCLUDED_


#include "world.h"


/*
 * A client: its connection to the broker, and what it knows of its side of
 * the protocol.  Whatever it gets is read, and held against what may come.
 */

#define PEER_PENDING  1100
#define PEER_ASKED    256
#define PEER_RAW      0x80000000     /* in the header of a frame */


typedef enum {
    PEER_PUBLISH1 = 0,               /* to be acknowledged */
    PEER_PUBLISH2,
    PEER_PUBREC,                     /* acknowledged: PUBREL is to come */
    PEER_PUBREL
} peer_state_e;


typedef struct {
    uint16_t             id;
    peer_state_e         state;
    ngx_uint_t           resent;     /* PUBREL of an earlier connection */
} peer_pending_t;


/* an answer that is to come */

typedef struct {
    u_char               type;
    uint16_t             id;
} peer_asked_t;


typedef struct {
    ngx_mqtt_client_t    cl;
    process_t           *process;
    ngx_pid_t            pid;        /* of it: it may be another by now */
    ngx_msec_t           deadline;

    /* to the broker */

    u_char              *in;         /* not yet taken by it */
    size_t               in_len;
    size_t               step;       /* size of a piece, 0: all */
    u_char               flip;       /* of the next packet: a byte ... */
    size_t               flip_at;    /* ... and where */
    uint16_t             next_id;
    uint16_t             held[16];   /* QoS 2, not released */
    ngx_uint_t           nheld;

    /* from the broker */

    size_t               room;       /* what its socket takes */
    size_t               chunk;      /* ... in one call */
    ngx_mqtt_parser_t    parser;
    u_char               head[4];    /* of a frame */
    ngx_uint_t           nhead;
    size_t               frame;      /* what is left of it */
    ngx_uint_t           raw;        /* it is none of packets */

    peer_pending_t       pending[PEER_PENDING];
    ngx_uint_t           npending;
    peer_asked_t         asked[PEER_ASKED];
    ngx_uint_t           nasked;

    u_char              *topics[64]; /* by alias */

    unsigned             framed:1;
    unsigned             broken:1;   /* its socket is */
    unsigned             paused:1;   /* it waits for "resume" */
    unsigned             started:1;  /* CONNACK has come */
    unsigned             ended:1;    /* nothing may come */
    unsigned             closed:1;   /* by the broker */
    unsigned             lost:1;     /* by us */
    unsigned             wild:1;     /* its packets may be anything */
} peer_t;


/* A connection; its first packet is still to be sent. */
peer_t *peer_open(process_t *p, ngx_mqtt_hub_conf_t *conf, ngx_str_t *hub,
    ngx_uint_t framed);

/* Frees it; the broker does not know it any more. */
void peer_free(peer_t *peer);

/* Sends a packet, or bytes, and has it read what can be read. */
void peer_say(peer_t *peer, ngx_mqtt_packet_t *pkt, ngx_uint_t version);
void peer_bytes(peer_t *peer, u_char *p, size_t len);

/* Has the broker read what waits for it, unless it asked us to wait. */
void peer_input(peer_t *peer);

/* Each in the process of the client. */
void peer_lost(peer_t *peer);
void peer_close(peer_t *peer, ngx_uint_t reason);
void peer_writable(peer_t *peer, size_t room);
void peer_raw(peer_t *peer, size_t len);
void peer_timer(peer_t *peer);

/* It has got these bytes: aborts if they are not what may come. */
void peer_take(peer_t *peer, u_char *p, size_t len);

/* Removes an acknowledged one. */
void peer_settle(peer_t *peer, peer_pending_t *pending);

/* All processes are at rest: is it as well? */
void peer_at_rest(peer_t *peer);


#endif /* _PEER_H_INCLUDED_ */
