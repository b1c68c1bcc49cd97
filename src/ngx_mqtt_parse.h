
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PARSE_H_INCLUDED_
#define _NGX_MQTT_PARSE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_packet.h>


/*
 * Lives in the connection's own struct.  Takes memory when a packet comes in
 * pieces: 512 bytes, and later at most twice the bytes received of it, never
 * more than the packet has.  Gives it back once all input has been read.
 */

typedef struct {
    ngx_log_t             *log;
    u_char                *body;          /* bytes after the fixed header */
    uint32_t               body_len;      /* collected */
    uint32_t               body_size;     /* allocated */
    uint32_t               max_packet_size;
    uint32_t               length;        /* Remaining Length */
    u_char                 header;        /* first byte of the packet */
    u_char                 nlength;       /* bytes of Remaining Length */
    u_char                 state;
    u_char                 version;       /* 0 until CONNECT was parsed */
    u_char                 reason;        /* after NGX_ERROR */
    u_char                 from_server;
} ngx_mqtt_parser_t;


/*
 * Prepares a parser.  max_packet_size is in bytes of the whole packet, 0 is
 * no limit.  With from_server 0 packets and codes that only servers send are
 * refused; with 1 either side's are taken (test clients, benchmarks).  The
 * log is what ngx_alloc() writes to, and must live as long as the parser.
 * A client's parser sets p->version itself, as no CONNECT comes its way.
 */
void ngx_mqtt_parser_init(ngx_mqtt_parser_t *p, uint32_t max_packet_size,
    ngx_uint_t from_server, ngx_log_t *log);

/*
 * Reads one packet from *pos .. last.
 *
 * NGX_OK     one packet is in pkt, *pos is behind it.  Its strings are valid
 *            until the next call for this parser, or until the input changes.
 * NGX_AGAIN  everything up to last was taken and kept, more is needed.
 * NGX_ERROR  p->reason is the code of 5.0 that names the fault (2.4, 4.13);
 *            the parser must not be used again, except to free it.  While
 *            p->version is 0, pkt->u.connect.version is the level the client
 *            asked for, or 0 if it is not known: too short, wrong name, too
 *            large or no CONNECT at all.
 *
 * Everything is checked that needs no state of the broker.  Left to the
 * caller: empty or wildcard topic names, filter syntax, an empty client id,
 * aliases above the maximum, packets out of turn.  A second CONNECT is 0x82,
 * so is any other packet before the first.  Without memory: 0x97.
 */
ngx_int_t ngx_mqtt_parse(ngx_mqtt_parser_t *p, u_char **pos, u_char *last,
    ngx_mqtt_packet_t *pkt);

/* Type of the packet that is being read, or begins with byte "next". */
#define ngx_mqtt_parser_type(p, next)                                         \
    (((p)->state ? (p)->header : (next)) >> 4)

/*
 * Frees the body buffer unless a packet is partial: to be called when the
 * input has been worked off.  Strings of the last packet die with it.
 */
void ngx_mqtt_parser_idle(ngx_mqtt_parser_t *p);

/* Frees the body buffer, whatever the state; can be called twice. */
void ngx_mqtt_parser_free(ngx_mqtt_parser_t *p);

/*
 * The second half of ngx_mqtt_parse(): reads the p->length bytes at "body",
 * which follow the fixed header in p->header, into pkt, and sets p->version
 * after CONNECT.  NGX_OK, or NGX_ERROR with p->reason (3).
 */
ngx_int_t ngx_mqtt_packet_parse(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *body);


#endif /* _NGX_MQTT_PARSE_H_INCLUDED_ */
