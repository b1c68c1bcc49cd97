
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_NATIVE_LOCAL_H_INCLUDED_
#define _NGX_MQTT_NATIVE_LOCAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_native.h>


/* What the files of native clients, and those that they serve, know of them. */


/* characters of a connection id, hexadecimal digits */
#define NGX_MQTT_NATIVE_ID_LEN     32

/* of a reconnection token, the same */
#define NGX_MQTT_NATIVE_TOKEN_LEN  64

/* bytes of a message that count as much as a packet */
#define NGX_MQTT_NATIVE_WORK       4096

/* topic of what the server says to a single client */
#define NGX_MQTT_NATIVE_SERVER_PREFIX  "$webpubsub/server/"
#define NGX_MQTT_NATIVE_SERVER_TOPIC   "$webpubsub/server/messages"


/*
 * Local, of a connection, in its own pool: of a native one, or of an MQTT one
 * whose user id native clients are told.
 */

struct ngx_mqtt_native_s {
    ngx_pool_t            *pool;
    ngx_str_t              user_id;
    ngx_str_t              subprotocol;

    ngx_str_t              group;       /* of a simple client */
    ngx_uint_t             no_echo;

    ngx_queue_t            asked;       /* events without an answer so far */

    ngx_msec_t             idle;        /* when a stream may have rested for */
                                        /* too long, 0: there is none */

    /* of the message that is being published */

    uint64_t               ack_id;
    ngx_uint_t             has_ack;
    ngx_str_t              stream_id;   /* of a fragment; room for all is */
    uint64_t               fragment;    /* there once there was a stream */
    ngx_uint_t             stream_end;
};


/* for what is read, and made, of a message */
#define NGX_MQTT_NATIVE_POOL       1024


/* in ngx_mqtt_native_client.c */

/* Copies a string into the pool of a connection.  NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_native_copy(ngx_mqtt_native_t *native, ngx_str_t *dst,
    ngx_str_t *src);

/* Frees what is local; harmless on a client without. */
void ngx_mqtt_native_free(ngx_mqtt_client_t *cl);

/* Its last message, if it has been let in: why it is closed. */
void ngx_mqtt_native_farewell(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why);

/* Whether its session ends with a connection that is closed for this. */
ngx_uint_t ngx_mqtt_native_ends(ngx_uint_t reason);


/* in ngx_mqtt_native_request.c */

/* One request; as ngx_mqtt_native_input(), but for NGX_AGAIN. */
ngx_int_t ngx_mqtt_native_request(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r);
ngx_int_t ngx_mqtt_native_simple(ngx_mqtt_client_t *cl, ngx_uint_t opcode,
    ngx_str_t *data);

/* What was wide has been published: its client is answered and goes on. */
void ngx_mqtt_native_published(ngx_mqtt_client_t *cl, ngx_uint_t reason);

/* Answers a request that is refused, in the way of its kind. */
ngx_int_t ngx_mqtt_native_refuse(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, const char *name, const char *message);

/* An ack; "name" is NULL for success.  NGX_ERROR: the client was closed. */
ngx_int_t ngx_mqtt_native_ack(ngx_mqtt_client_t *cl, uint64_t id,
    const char *name, ngx_str_t *message);

/* The ack of a request that was carried out before. */
ngx_int_t ngx_mqtt_native_duplicate(ngx_mqtt_client_t *cl, uint64_t id);

/* That of one whose message was published, or was not, as "reason" says. */
ngx_int_t ngx_mqtt_native_settle(ngx_mqtt_client_t *cl, ngx_uint_t has_ack,
    uint64_t id, ngx_uint_t reason);

/*
 * Publishes the data of a request to its group; "what" is what native clients
 * are told besides, "args" is zeroed but for a stream.  NGX_OK: *reason says
 * how it went; NGX_DONE: its id was carried out before; NGX_BUSY:
 * ngx_mqtt_native_published() follows; NGX_ERROR: the client was closed.
 */
ngx_int_t ngx_mqtt_native_publish(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_mqtt_native_response_t *what,
    ngx_mqtt_publish_args_t *args, ngx_uint_t *reason);

/* The message of that, as MQTT clients get it.  NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_native_inbound(ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_mqtt_native_response_t *what,
    ngx_mqtt_inbound_t *in, ngx_mqtt_props_t *props);

/*
 * Whether a request may be made of its group.  If not, it was answered:
 * NGX_DECLINED, or NGX_ERROR if the client was closed.
 */
ngx_int_t ngx_mqtt_native_verdict(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_uint_t kind);

/* The properties of a message of that type of data.  NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_native_props(ngx_pool_t *pool, ngx_mqtt_props_t *props,
    ngx_uint_t data_type);


/* in ngx_mqtt_native_stream.c */

ngx_int_t ngx_mqtt_native_stream_start(ngx_mqtt_client_t *cl,
    ngx_pool_t *pool, ngx_mqtt_native_request_t *r);
ngx_int_t ngx_mqtt_native_stream_data(ngx_mqtt_client_t *cl,
    ngx_pool_t *pool, ngx_mqtt_native_request_t *r);
ngx_int_t ngx_mqtt_native_stream_end(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r);

/* Answers a fragment that was published, or was not. */
ngx_int_t ngx_mqtt_native_stream_settle(ngx_mqtt_client_t *cl,
    ngx_uint_t reason);

/*
 * Ends a stream that has rested for too long.  Returns the milliseconds until
 * it is to be called again, 0: there are no streams.
 */
ngx_msec_t ngx_mqtt_native_stream_idle(ngx_mqtt_client_t *cl);

/*
 * The end of the first stream of a session that has ended, if there is one,
 * for those who read it.  The lock is released and taken again if there is;
 * returns how much work that was, 0: there are none.
 */
ngx_uint_t ngx_mqtt_native_streams_ended_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);


/* in ngx_mqtt_native_deliver.c */

/*
 * Puts a response into the client's output, as one WebSocket message.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_native_send(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r);

/* The same; if that fails, closes the client. */
ngx_int_t ngx_mqtt_native_answer(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r);

/*
 * What a client is told of a message, until the next one is asked for; the
 * opcode of a response's frame.
 */
void ngx_mqtt_native_message(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    uint64_t sequence, ngx_mqtt_native_response_t *r);
ngx_uint_t ngx_mqtt_native_opcode(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r);

/* A message from its queue; "sequence" is 0 where there are none. */
ngx_int_t ngx_mqtt_native_deliver(ngx_mqtt_client_t *cl,
    ngx_mqtt_message_t *m, uint64_t sequence);


/* in ngx_mqtt_native_big.c */

/* room that a piece of a large message wants in an output buffer */
#define NGX_MQTT_NATIVE_PIECE  1024

typedef struct ngx_mqtt_native_big_s  ngx_mqtt_native_big_t;

/* A large one as fragments: from the heap, or NULL. */
ngx_mqtt_native_big_t *ngx_mqtt_native_big_create(ngx_mqtt_client_t *cl,
    ngx_mqtt_message_t *m, uint64_t sequence);

/* Bytes it still has to read and to write. */
size_t ngx_mqtt_native_big_left(ngx_mqtt_native_big_t *big);

/* Writes the next fragment, returns its end. */
u_char *ngx_mqtt_native_big_piece(ngx_mqtt_native_big_t *big, u_char *p,
    u_char *end);


/* in ngx_mqtt_native_event.c */

/* An "event" or "invoke", or all that a simple client says. */
ngx_int_t ngx_mqtt_native_event(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r);

/* Nothing is answered to it any more. */
void ngx_mqtt_native_cancel(ngx_mqtt_client_t *cl, ngx_str_t *invocation_id);

/* The client goes: what is answered from now on is for its session alone. */
void ngx_mqtt_native_event_forget(ngx_mqtt_client_t *cl);


/* in ngx_mqtt_native_mqtt.c: what MQTT clients publish where there are some */

/* Notes whose messages they are; without memory nobody's. */
void ngx_mqtt_native_publisher(ngx_mqtt_client_t *cl, ngx_str_t *user_id);

/*
 * As ngx_mqtt_publish_store(), with what native clients are told of the
 * message besides; the second function for one that is somebody's, and with
 * metadata, or NULL.
 */
ngx_mqtt_message_t *ngx_mqtt_native_store(ngx_mqtt_client_t *cl,
    ngx_mqtt_inbound_t *in);
ngx_mqtt_message_t *ngx_mqtt_native_store_for(ngx_mqtt_worker_t *w,
    ngx_mqtt_inbound_t *in, ngx_str_t *user_id,
    ngx_mqtt_native_map_t *metadata);


#endif /* _NGX_MQTT_NATIVE_LOCAL_H_INCLUDED_ */
