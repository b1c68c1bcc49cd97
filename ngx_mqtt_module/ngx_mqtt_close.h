
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_CLOSE_H_INCLUDED_
#define _NGX_MQTT_CLOSE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_transport.h>


/*
 * How a connection ends.  Either the core closes a client, or the peer does;
 * then what is left of the input is thrown away until the peer has closed,
 * and the door gets the connection back.
 */


/* The core's close operation; "reason" is the MQTT 5.0 reason code. */
void ngx_mqtt_close_client(ngx_mqtt_client_t *cl, ngx_uint_t reason);

/* A client that was refused before it began: sends 1008, and drains. */
void ngx_mqtt_close_refused(ngx_mqtt_transport_t *t);

/* Answers a close frame, or refuses a frame, and leaves. */
void ngx_mqtt_close_frame(ngx_mqtt_transport_t *t, ngx_uint_t code);

/*
 * Lets a client go that reads no more, as soon as the output that it has
 * caused was flushed; is called again in the next passes until then.
 */
void ngx_mqtt_close_leave(ngx_mqtt_transport_t *t);

/* Lets a client go at once.  "t" may be freed. */
void ngx_mqtt_close_lost(ngx_mqtt_transport_t *t);

/*
 * Reads on until the peer has closed, called for each event once the core
 * has let the client go.  "t" may be freed.
 */
void ngx_mqtt_close_drain(ngx_mqtt_transport_t *t);

/* Looks for the peer's close frame in input that nobody else wants. */
void ngx_mqtt_close_skip(ngx_mqtt_transport_t *t, u_char *pos, u_char *last);

/* Gives the connection back to its door.  "t" is freed. */
void ngx_mqtt_close_finish(ngx_mqtt_transport_t *t);


#endif /* _NGX_MQTT_CLOSE_H_INCLUDED_ */
