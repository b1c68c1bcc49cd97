
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_NATIVE_CLIENT_H_INCLUDED_
#define _NGX_MQTT_NATIVE_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_auth.h>
#include <ngx_mqtt_native.h>


/*
 * Native clients of Web PubSub as the shell sees them.  A client is made by
 * ngx_mqtt_client_init() like any other, with ops->frame NULL: frames are made
 * here.  Then, in this order:
 *
 *     ngx_mqtt_native_init()      the subprotocol is known
 *     ngx_mqtt_native_name()      it has a connection id, for its connect event
 *     ngx_mqtt_native_admit()     it has a session; ngx_mqtt_native_recover()
 *                                 takes the place of these two
 *     ngx_mqtt_native_input()     for each message, until its end
 *
 * What all clients have in common is as before: ngx_mqtt_client_turn() before
 * reading, ngx_mqtt_client_writable(), ngx_mqtt_client_timer(),
 * ngx_mqtt_client_send_raw() for control frames, which may come between the
 * fragments of a message, ngx_mqtt_client_close(), ngx_mqtt_client_lost().
 *
 * cl->keep_alive is the shell's, before admission: seconds, a client that is
 * silent for 1.5 times as long is closed; 0: never.  cl->last_packet is set
 * here for each message, and by the shell for a pong.
 *
 * ops->close is called with reason codes as for MQTT.  Those that a native
 * client can be closed for, and the WebSocket codes they stand for:
 *
 *     0x00, 0x98      1000    by REST
 *     0x8B, 0x8D      1001    the process leaves, or it has been silent for
 *                             too long: it may come back
 *     0x82            1003    a text message where binary ones are spoken, or
 *                             the other way round
 *     0x99            1007    a message that is none of the protocol's
 *     0x87            1008    it may not, its token has expired
 *     0x8E            1008    its session was recovered by somebody else
 *     0x97            1008    the queue has overflowed, or there is no room:
 *                             it cannot be recovered
 *     0x95            1009    a message is too large
 *     0x80, 0x83      1011    no answer of the application for a simple client,
 *                             no memory
 *
 * A "disconnected" message has been put before it, where there is such.
 */


/*
 * What the upgrade has found out; valid during the call.  The four strings may
 * be empty.
 */

typedef struct {
    ngx_mqtt_principal_t  *principal;
    ngx_str_t              cookie;      /* of the connect event's answer, */
                                        /* for the headers of later ones */
    ngx_str_t              group;       /* a simple client's, all of whose */
                                        /* messages go there; empty: they */
                                        /* are events */
    ngx_uint_t             no_echo;     /* of these */
} ngx_mqtt_native_accept_t;


/*
 * Makes a client a native one: "protocol" is NGX_MQTT_PROTO_SIMPLE, _JSON or
 * _PROTOBUF.  "subprotocol" is the one that was chosen, for events; a simple
 * client may have any or none.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_native_init(ngx_mqtt_client_t *cl, ngx_uint_t protocol,
    ngx_uint_t reliable, ngx_str_t *subprotocol);

/*
 * The protocol of a name in Sec-WebSocket-Protocol, and whether it is a
 * reliable one.  NGX_DECLINED: it is none of the four.
 */
ngx_int_t ngx_mqtt_native_protocol(ngx_str_t *subprotocol,
    ngx_uint_t *protocol, ngx_uint_t *reliable);

/* The name of the protocol of a version, for logs and $mqtt_protocol. */
const ngx_str_t *ngx_mqtt_native_protocol_name(ngx_uint_t version);

/* The WebSocket subprotocol of one, "mqtt" for MQTT; a simple client: NULL. */
void ngx_mqtt_native_subprotocol(ngx_uint_t version, ngx_str_t *name);

/* Gives it a connection id, cl->client_id.  NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_native_name(ngx_mqtt_client_t *cl);

/*
 * Before the 101: makes the session, joins the groups, puts the "connected"
 * message into the output and raises the event of that name.  No output is
 * flushed before control is back in the event loop: by then the 101 must have
 * been sent.  Returns 0: cl->connected is set, ops->named was called; or a
 * status of HTTP: 500 or 503, and the client, which cl->closed, has to be
 * freed: ops->close was not called.
 */
ngx_uint_t ngx_mqtt_native_admit(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_accept_t *accept);

/*
 * Takes the place of the two above for a request with "awps_connection_id" and
 * "awps_reconnection_token", whatever access token it has: a token that lets
 * its bearer in, so it must not get into a log.  Raises no event.  NGX_OK: as
 * above; its groups, user, roles and cookie are the session's.  NGX_DECLINED:
 * there is nothing to recover, wrong token or another subprotocol included:
 * send the 101 and close with 1008.  NGX_ERROR: not now, which 503 says.  In
 * both cases the client is as above.
 */
ngx_int_t ngx_mqtt_native_recover(ngx_mqtt_client_t *cl,
    ngx_str_t *connection_id, ngx_str_t *token);

/*
 * Takes a whole message; "opcode" is NGX_MQTT_WS_TEXT or _BINARY.  The bytes
 * may be changed in place.
 *
 * NGX_OK     it was taken, read on.
 * NGX_AGAIN  it was not: it must be kept and offered again, and reading stop,
 *            until ops->resume is called.
 * NGX_BUSY   it was taken, reading stops until ops->resume is called.
 * NGX_ERROR  the client was closed; ops->close was called.
 */
ngx_int_t ngx_mqtt_native_input(ngx_mqtt_client_t *cl, ngx_uint_t opcode,
    u_char *data, size_t len);

/*
 * A close frame of the client came: the session ends with the connection, of
 * which ngx_mqtt_client_lost() tells as ever.
 */
void ngx_mqtt_native_goodbye(ngx_mqtt_client_t *cl);


#endif /* _NGX_MQTT_NATIVE_CLIENT_H_INCLUDED_ */
