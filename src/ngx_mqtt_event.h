
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_EVENT_H_INCLUDED_
#define _NGX_MQTT_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_inet.h>
#include <ngx_mqtt_broker.h>


/* What the application hears of, and what it answers. */


/* the content type of events that are not a client's own */
#define NGX_MQTT_EVENT_JSON  "application/json; charset=utf-8"

/* what raising one costs, in blocks looked at */
#define NGX_MQTT_EVENT_WORK  32


typedef enum {
    NGX_MQTT_EVENT_CONNECT = 0,
    NGX_MQTT_EVENT_CONNECTED,
    NGX_MQTT_EVENT_DISCONNECTED,
    NGX_MQTT_EVENT_USER
} ngx_mqtt_event_e;


/* Why there is no answer. */

typedef enum {
    NGX_MQTT_ANSWER_FAILED = 0,         /* it was sent in vain */
    NGX_MQTT_ANSWER_NOT_VALIDATED,      /* the handler has not agreed */
    NGX_MQTT_ANSWER_CIRCUIT,            /* it failed too often lately */
    NGX_MQTT_ANSWER_BACKLOG,            /* too many events wait */
    NGX_MQTT_ANSWER_WAITED              /* too long, or there was no memory */
} ngx_mqtt_answer_e;


/* headers that are metadata of native messages begin with it */
#define NGX_MQTT_EVENT_METADATA  "x-webpubsub-metadata-"


/*
 * The answer to an event, valid during the call only.  "headers" are those
 * that begin with "mqtt-", in lower case and without it, and so are "metadata"
 * of NGX_MQTT_EVENT_METADATA, each name once; "cookies" are the values of
 * Set-Cookie.
 */

typedef struct {
    ngx_uint_t            status;       /* of HTTP; 0: none, see "why" */
    ngx_mqtt_answer_e     why;
    ngx_str_t             content_type;
    ngx_str_t             body;
    ngx_str_t             state;        /* ce-connectionState, if ... */
    ngx_uint_t            has_state;
    ngx_array_t           headers;      /* of ngx_keyval_t */
    ngx_array_t           metadata;     /* of ngx_keyval_t */
    ngx_array_t           cookies;      /* of ngx_str_t */
} ngx_mqtt_answer_t;


/*
 * An event for the application, in a pool of its own with all its strings.
 * What is not known or does not apply is empty.  Strings are as the client
 * sent them: the shell sees to it that they end no header.
 */

typedef struct ngx_mqtt_event_s  ngx_mqtt_event_t;

struct ngx_mqtt_event_s {
    ngx_pool_t           *pool;
    ngx_mqtt_worker_t    *worker;
    ngx_mqtt_event_e      type;
    size_t                size;         /* bytes of its strings, about */

    ngx_str_t             hub;          /* lower case */
    ngx_str_t             name;         /* "connect", or the custom one's */
    ngx_str_t             connection_id;        /* the MQTT client id */
    ngx_str_t             physical_id;
    ngx_str_t             session_id;
    ngx_str_t             user_id;
    ngx_str_t             username;
    ngx_str_t             subprotocol;          /* "mqtt", or of Web PubSub */
    ngx_str_t             cookie;       /* that the application has set */
    ngx_str_t             protocol;     /* "mqtt5" etc., for $mqtt_protocol */
    ngx_str_t             state;        /* ce-connectionState */
    ngx_str_t             content_type;
    ngx_str_t             body;
    ngx_str_t             address;      /* the client's, as text */
    ngx_str_t             client_cert;
    ngx_str_t             client_cert_fingerprint;

    ngx_array_t           headers;      /* of ngx_keyval_t, to be added */

    ngx_uint_t            reason;       /* of a disconnected */
    ngx_uint_t            session_present;

    /*
     * May be NULL.  Called before an event is sent that had to wait: the
     * state may be another.
     */
    void                (*refresh)(ngx_mqtt_event_t *ev);

    /*
     * Called once, from the event loop, never from inside the op that raised
     * the event; the pool is destroyed behind it.  May be NULL.
     */
    void                (*answered)(ngx_mqtt_event_t *ev,
                                    ngx_mqtt_answer_t *answer);
    void                 *data;         /* the broker's */
};


/*
 * An empty event in a new pool, which whom it is raised to destroys.  NULL: no
 * memory.
 */
ngx_mqtt_event_t *ngx_mqtt_event_create(ngx_mqtt_worker_t *w,
    ngx_mqtt_event_e type);

/* Copies a string into the event's pool. */
ngx_int_t ngx_mqtt_event_copy(ngx_mqtt_event_t *ev, ngx_str_t *dst,
    ngx_str_t *src);

/*
 * Adds a header "mqtt-NAME" for a user property, or that of metadata of a
 * native message: nothing, if its name is no token of HTTP.  The strings are
 * copied.
 */
ngx_int_t ngx_mqtt_event_property(ngx_mqtt_event_t *ev, ngx_str_t *name,
    ngx_str_t *value);
ngx_int_t ngx_mqtt_event_metadata(ngx_mqtt_event_t *ev, ngx_str_t *name,
    ngx_str_t *value);

/* Whether a string is a token of HTTP (RFC 9110, 5.6.2). */
ngx_uint_t ngx_mqtt_event_token(ngx_str_t *name);

/*
 * Whether a string can be sent as the value of a header unchanged; if not,
 * ngx_mqtt_event_clean() copies it with "%XX" for each control or non-ASCII
 * byte, and for a blank at its beginning or end.
 */
ngx_uint_t ngx_mqtt_event_is_clean(ngx_str_t *value);
ngx_int_t ngx_mqtt_event_clean(ngx_pool_t *pool, ngx_str_t *value);

/*
 * Whether a handler has agreed to be sent events, as told by the second call
 * from any process.  What there is no room for in the zone is forgotten.
 */
ngx_uint_t ngx_mqtt_event_agreed(ngx_mqtt_worker_t *w, ngx_str_t *handler);
void ngx_mqtt_event_agree(ngx_mqtt_worker_t *w, ngx_str_t *handler);


#endif /* _NGX_MQTT_EVENT_H_INCLUDED_ */
