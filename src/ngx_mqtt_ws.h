
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_WS_H_INCLUDED_
#define _NGX_MQTT_WS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* opcodes (RFC 6455, 11.8) */

#define NGX_MQTT_WS_CONTINUATION         0x0
#define NGX_MQTT_WS_TEXT                 0x1
#define NGX_MQTT_WS_BINARY               0x2
#define NGX_MQTT_WS_CLOSE                0x8
#define NGX_MQTT_WS_PING                 0x9
#define NGX_MQTT_WS_PONG                 0xA

/* beside the opcode: the last frame of a message */

#define NGX_MQTT_WS_FIN                  0x80


/* close codes (RFC 6455, 7.4.1) */

#define NGX_MQTT_WS_CODE_NORMAL          1000
#define NGX_MQTT_WS_CODE_GOING_AWAY      1001
#define NGX_MQTT_WS_CODE_PROTOCOL        1002
#define NGX_MQTT_WS_CODE_UNSUPPORTED     1003
#define NGX_MQTT_WS_CODE_NONE            1005    /* never sent */
#define NGX_MQTT_WS_CODE_ABNORMAL        1006    /* never sent */
#define NGX_MQTT_WS_CODE_INVALID_DATA    1007
#define NGX_MQTT_WS_CODE_POLICY          1008
#define NGX_MQTT_WS_CODE_TOO_LARGE       1009
#define NGX_MQTT_WS_CODE_INTERNAL_ERROR  1011


#define NGX_MQTT_WS_CONTROL_MAX          125
#define NGX_MQTT_WS_HEADER_MAX           10      /* of frames we send */
#define NGX_MQTT_WS_CLOSE_MAX            127     /* a whole close frame */


/* Frame reader of one connection, in the connection's own struct. */

typedef struct {
    uint64_t               max_message;   /* bytes, 0: no limit */
    uint64_t               message;       /* bytes of the message so far */
    uint64_t               rest;          /* bytes of the frame to come */

    uint16_t               close_code;    /* after NGX_ERROR */
    u_char                 state;
    u_char                 message_opcode;  /* 0: between messages */
    u_char                 nhead;
    u_char                 ncontrol;

    u_char                 mask[4];
    u_char                 head[14];
    u_char                 control[NGX_MQTT_WS_CONTROL_MAX];

    unsigned               binary_only:1;
    unsigned               fin:1;
    unsigned               first:1;
    unsigned               mask_offset:2;
} ngx_mqtt_ws_t;


/*
 * opcode TEXT or BINARY: a piece of a message of that kind, "data" points into
 * the input.  "first" and "fin" mark the first and the last piece of the
 * message; an empty piece comes only as its end.
 * opcode PING, PONG or CLOSE: the whole frame, "data" points into the reader
 * and is valid until the next call.  For CLOSE "code" is the peer's code, 1005
 * if it gave none, and "data" is the reason.
 */

typedef struct {
    u_char                 opcode;
    unsigned               first:1;
    unsigned               fin:1;
    uint16_t               code;
    ngx_str_t              data;
} ngx_mqtt_ws_event_t;


/*
 * Prepares a reader for frames from a client.  With binary_only a text
 * message is an error, 1003.  max_message is the largest message over all its
 * fragments in bytes, 0 is no limit; beyond it 1009 as soon as it is known.
 */
void ngx_mqtt_ws_init(ngx_mqtt_ws_t *ws, ngx_uint_t binary_only,
    uint64_t max_message);

/*
 * Reads from *pos .. last up to the next event, unmasking in place.
 *
 * NGX_OK     an event, *pos is behind the bytes it took.
 * NGX_AGAIN  all input was taken.  So is anything after a close frame.
 * NGX_ERROR  ws->close_code says why: 1002, 1003, 1007 or 1009; the reader
 *            must not be used again (RFC 6455, 5 and 7).
 */
ngx_int_t ngx_mqtt_ws_parse(ngx_mqtt_ws_t *ws, u_char **pos, u_char *last,
    ngx_mqtt_ws_event_t *ev);

/* The size of the header of a server's frame of len bytes: 2, 4 or 10. */
size_t ngx_mqtt_ws_header_size(uint64_t len);

/*
 * Writes the header of an unfragmented, unmasked frame of len bytes, returns
 * its end (RFC 6455, 5.2).
 */
u_char *ngx_mqtt_ws_header(u_char *p, ngx_uint_t opcode, uint64_t len);

/*
 * Writes a whole close frame of at most NGX_MQTT_WS_CLOSE_MAX bytes, returns
 * its end.  A long reason is cut between characters; reason can be NULL; the
 * code 1005 writes an empty frame (RFC 6455, 5.5.1).
 */
u_char *ngx_mqtt_ws_close(u_char *p, ngx_uint_t code,
    const ngx_str_t *reason);


#endif /* _NGX_MQTT_WS_H_INCLUDED_ */
