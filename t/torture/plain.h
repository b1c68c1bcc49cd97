
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _PLAIN_H_INCLUDED_
#define _PLAIN_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


/*
 * A single MQTT 5.0 connection with blocking calls, for what goes in step.
 * Whatever fails ends the program with 2.
 */

typedef struct {
    int        fd;
    u_char    *out;
    size_t     out_len;
    size_t     out_size;
    u_char    *in;
    size_t     in_pos;
    size_t     in_len;
    size_t     in_size;

    /* of the packet read last; body points into "in" */
    u_char     type;            /* first byte */
    u_char    *body;
    size_t     len;
} plain_t;


/* Connects and hears a successful CONNACK; expiry in seconds. */
plain_t *plain_connect(const char *host, int port, const char *id,
    uint32_t expiry);

/* Appends a packet to what plain_send() writes. */
void plain_publish(plain_t *p, const char *topic, int qos, int retain,
    unsigned id, size_t size);

/* n filters, the i-th is printf(format, first + i) */
void plain_subscribe(plain_t *p, unsigned id, const char *format,
    unsigned first, unsigned n);
void plain_unsubscribe(plain_t *p, unsigned id, const char *format,
    unsigned first, unsigned n);

void plain_ping(plain_t *p);

/* Acknowledges the PUBLISH that was read. */
void plain_puback(plain_t *p);

void plain_send(plain_t *p);

/* Waits for a packet, up to 30 seconds.  0: the connection has ended. */
int plain_read(plain_t *p);

/* The reason code of a PUBACK that was read. */
int plain_reason(plain_t *p);

/* With DISCONNECT; waits for the server's end. */
void plain_close(plain_t *p);

void plain_die(const char *what);


#endif /* _PLAIN_H_INCLUDED_ */
