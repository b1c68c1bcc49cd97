
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_NATIVE_H_INCLUDED_
#define _NGX_MQTT_NATIVE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_message.h>


/*
 * What native clients of Web PubSub say and hear, whatever its encoding is.
 * Strings are UTF-8.
 */

#define NGX_MQTT_PROTO_MQTT            0
#define NGX_MQTT_PROTO_SIMPLE          1
#define NGX_MQTT_PROTO_JSON            2
#define NGX_MQTT_PROTO_PROTOBUF        3

/* a request, characters of a group's name and bytes of an id of a client's */

#define NGX_MQTT_NATIVE_SIZE           1048576
#define NGX_MQTT_NATIVE_GROUP_MAX      1024
#define NGX_MQTT_NATIVE_ID_MAX         256
#define NGX_MQTT_NATIVE_EVENT_MAX      128

/* seconds, milliseconds */

#define NGX_MQTT_NATIVE_TTL_MAX        300
#define NGX_MQTT_NATIVE_IDLE           300000

/* bytes of metadata: a name, a value, all; and names in a map of any kind */

#define NGX_MQTT_NATIVE_META_NAME      256
#define NGX_MQTT_NATIVE_META_VALUE     1024
#define NGX_MQTT_NATIVE_META_SIZE      8192
#define NGX_MQTT_NATIVE_PAIRS          256


/* requests, a bit each */

#define NGX_MQTT_NATIVE_JOIN           0x0001
#define NGX_MQTT_NATIVE_LEAVE          0x0002
#define NGX_MQTT_NATIVE_SEND           0x0004
#define NGX_MQTT_NATIVE_EVENT          0x0008
#define NGX_MQTT_NATIVE_PING           0x0010
#define NGX_MQTT_NATIVE_SEQUENCE_ACK   0x0020
#define NGX_MQTT_NATIVE_INVOKE         0x0040
#define NGX_MQTT_NATIVE_CANCEL         0x0080
#define NGX_MQTT_NATIVE_STREAM_START   0x0100   /* sendToGroup with a stream */
#define NGX_MQTT_NATIVE_STREAM_DATA    0x0200
#define NGX_MQTT_NATIVE_STREAM_END     0x0400
#define NGX_MQTT_NATIVE_SET_STATE      0x0800
#define NGX_MQTT_NATIVE_SUB_STATE      0x1000
#define NGX_MQTT_NATIVE_UNSUB_STATE    0x2000

/* those with a group, with an event, ... */

#define NGX_MQTT_NATIVE_OF_GROUP                                              \
    (NGX_MQTT_NATIVE_JOIN | NGX_MQTT_NATIVE_LEAVE | NGX_MQTT_NATIVE_SEND      \
     | NGX_MQTT_NATIVE_STREAM_START | NGX_MQTT_NATIVE_SET_STATE               \
     | NGX_MQTT_NATIVE_SUB_STATE | NGX_MQTT_NATIVE_UNSUB_STATE)

#define NGX_MQTT_NATIVE_OF_EVENT                                              \
    (NGX_MQTT_NATIVE_EVENT | NGX_MQTT_NATIVE_INVOKE)

#define NGX_MQTT_NATIVE_OF_INVOCATION                                         \
    (NGX_MQTT_NATIVE_INVOKE | NGX_MQTT_NATIVE_CANCEL)

#define NGX_MQTT_NATIVE_OF_FRAGMENT                                           \
    (NGX_MQTT_NATIVE_STREAM_DATA | NGX_MQTT_NATIVE_STREAM_END)

#define NGX_MQTT_NATIVE_OF_STREAM                                             \
    (NGX_MQTT_NATIVE_STREAM_START | NGX_MQTT_NATIVE_OF_FRAGMENT)

#define NGX_MQTT_NATIVE_OF_MESSAGE                                            \
    (NGX_MQTT_NATIVE_SEND | NGX_MQTT_NATIVE_EVENT | NGX_MQTT_NATIVE_INVOKE)


/* responses */

#define NGX_MQTT_NATIVE_CONNECTED      1
#define NGX_MQTT_NATIVE_DISCONNECTED   2
#define NGX_MQTT_NATIVE_ACK            3
#define NGX_MQTT_NATIVE_GROUP          4     /* a message from a group */
#define NGX_MQTT_NATIVE_SERVER         5     /* one from the server */
#define NGX_MQTT_NATIVE_PONG           6
#define NGX_MQTT_NATIVE_INVOKED        7
#define NGX_MQTT_NATIVE_STREAM_ACK     8
#define NGX_MQTT_NATIVE_STREAM_NACK    9
#define NGX_MQTT_NATIVE_STREAM_CLOSED  10
#define NGX_MQTT_NATIVE_SNAPSHOT       11    /* of a group's state */
#define NGX_MQTT_NATIVE_UPDATE         12


/* types of data, by their numbers in MessageData */

#define NGX_MQTT_DATA_NONE             0
#define NGX_MQTT_DATA_TEXT             1
#define NGX_MQTT_DATA_BINARY           2
#define NGX_MQTT_DATA_PROTOBUF         3     /* a google.protobuf.Any */
#define NGX_MQTT_DATA_JSON             4


typedef struct {
    ngx_str_t                  name;
    ngx_str_t                  value;
} ngx_mqtt_native_pair_t;


/* a map: metadata or a state */

typedef struct {
    ngx_mqtt_native_pair_t    *pairs;
    ngx_uint_t                 n;
} ngx_mqtt_native_map_t;


/*
 * Its strings point into the frame, which may be changed in reading it, or are
 * in the pool it was read into.  What was not sent is zero.
 */

typedef struct {
    ngx_uint_t                 type;
    ngx_str_t                  group;
    ngx_str_t                  event;

    uint64_t                   ack_id;           /* if has_ack */
    uint64_t                   sequence;         /* SEQUENCE_ACK; STREAM_DATA:
                                                    the fragment's, from 1 */

    ngx_str_t                  data;             /* as the payload has it */
    ngx_uint_t                 data_type;        /* NONE: no data was sent */

    ngx_mqtt_native_map_t      metadata;         /* names in lower case */
    ngx_mqtt_native_map_t      state;            /* if has_state */

    ngx_str_t                  invocation_id;    /* INVOKE, CANCEL */

    ngx_str_t                  stream_id;        /* STREAM_* */
    uint32_t                   idle_timeout;     /* STREAM_START: ms, set */
    ngx_str_t                  error_message;    /* STREAM_END, if has_error */
    ngx_str_t                  error_code;

    uint32_t                   ttl;              /* seconds; 0: for ever */

    unsigned                   has_ack:1;
    unsigned                   no_echo:1;
    unsigned                   has_state:1;      /* else it is cleared */
    unsigned                   has_error:1;
} ngx_mqtt_native_request_t;


/* one member of a group in a snapshot or update of its state */

typedef struct {
    ngx_str_t                  connection_id;
    ngx_str_t                  user_id;          /* empty: none */
    ngx_mqtt_native_map_t      state;            /* if has_state */
    uint64_t                   updated;          /* ms since 1970 */
    unsigned                   has_state:1;      /* else it was cleared */
} ngx_mqtt_native_item_t;


/*
 * Payload in pieces: data_len bytes from "data" on.  It is as its type says:
 * text is UTF-8, JSON is valid and not empty; see ngx_mqtt_native_data_type().
 */

typedef struct {
    ngx_uint_t                 type;
    ngx_str_t                  group;            /* GROUP, SNAPSHOT, UPDATE */
    ngx_str_t                  user_id;          /* CONNECTED; GROUP: of the
                                                    publisher, empty: none */
    ngx_str_t                  connection_id;    /* CONNECTED */
    ngx_str_t                  token;            /* CONNECTED, if reliable */
    ngx_str_t                  invocation_id;    /* INVOKED */

    uint64_t                   ack_id;           /* ACK */
    uint64_t                   sequence;         /* of a data message, if
                                                    reliable; 0: none */
    ngx_uint_t                 data_type;        /* GROUP, SERVER; INVOKED:
                                                    NONE without data */
    ngx_mqtt_text_t            data;
    size_t                     data_len;

    ngx_mqtt_native_map_t      metadata;         /* GROUP, SERVER, INVOKED */

    ngx_str_t                  stream_id;        /* STREAM_*; GROUP: of a
                                                    fragment, empty: none */
    uint64_t                   stream_sequence;  /* the fragment's, or the
                                                    one that is expected */

    ngx_str_t                  error;            /* name; empty: success */
    ngx_str_t                  message;          /* of the error, or why
                                                    DISCONNECTED */
    ngx_str_t                  error_code;       /* GROUP: the user's */

    ngx_mqtt_native_item_t    *items;            /* SNAPSHOT, UPDATE */
    ngx_uint_t                 nitems;

    unsigned                   end_of_stream:1;  /* GROUP */
} ngx_mqtt_native_response_t;


/* Data that is in one piece. */

#define ngx_mqtt_native_set_data(r, t, p, n)                                  \
    (r)->data_type = t;                                                       \
    (r)->data.pos = p;                                                        \
    (r)->data.last = (p) + (n);                                               \
    (r)->data.next = NULL;                                                    \
    (r)->data_len = n


/*
 * Reads one WebSocket message of a JSON or protobuf client.
 *
 * NGX_OK        the request is in *r, and within its limits.  Left to the
 *               caller: wildcards in a group's name, the order of ids, and
 *               whether a client may say this at all.
 * NGX_DECLINED  a BadRequest with the text *why: type and ids are in *r, so
 *               that it can be answered: has_ack, invocation_id, stream_id.
 * NGX_ERROR     no request at all: close with 1007, *why is the reason.
 * NGX_ABORT     no memory.
 */
ngx_int_t ngx_mqtt_native_json_read(ngx_pool_t *pool, const ngx_str_t *frame,
    ngx_mqtt_native_request_t *r, const char **why);
ngx_int_t ngx_mqtt_native_proto_read(ngx_pool_t *pool, const ngx_str_t *frame,
    ngx_mqtt_native_request_t *r, const char **why);

/*
 * The bytes of a response without the head of its frame; the writer returns
 * their end.  Take no memory, and leave the response as it is.  The payload of
 * a data message comes last but for the JSON's closing quote and brace.  If its
 * pieces end before data_len bytes, what is missing is left out: with none, it
 * is what stands around a payload, in protobuf with the lengths of the whole.
 */
size_t ngx_mqtt_native_json_size(const ngx_mqtt_native_response_t *r);
u_char *ngx_mqtt_native_json_write(u_char *p,
    const ngx_mqtt_native_response_t *r);
size_t ngx_mqtt_native_proto_size(const ngx_mqtt_native_response_t *r);
u_char *ngx_mqtt_native_proto_write(u_char *p,
    const ngx_mqtt_native_response_t *r);

/*
 * The type of data that a payload with that content type is: parameters do not
 * count, and what is not as its type says is binary.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_native_data_type(ngx_pool_t *pool,
    const ngx_str_t *content_type, const ngx_str_t *payload);

/* The content type of MQTT for data of that type, and its name in JSON. */
const ngx_str_t *ngx_mqtt_native_content_type(ngx_uint_t data_type);
const ngx_str_t *ngx_mqtt_native_type_name(ngx_uint_t data_type);

/* NGX_OK if the rules for a group's name hold (but for wildcards). */
ngx_int_t ngx_mqtt_native_group_valid(const ngx_str_t *group);

/*
 * For the readers: the rules for values, NGX_OK or NGX_DECLINED; whether data
 * is as its type says, NGX_OK, NGX_DECLINED, or NGX_ERROR without memory; UTF-8
 * that may hold U+0000.
 */
ngx_int_t ngx_mqtt_native_check(ngx_mqtt_native_request_t *r,
    const char **why);
ngx_int_t ngx_mqtt_native_data_valid(ngx_pool_t *pool, ngx_uint_t type,
    const ngx_str_t *data);
ngx_int_t ngx_mqtt_native_any_valid(ngx_pool_t *pool, const ngx_str_t *data);
ngx_int_t ngx_mqtt_native_utf8(const ngx_str_t *s);


#endif /* _NGX_MQTT_NATIVE_H_INCLUDED_ */
