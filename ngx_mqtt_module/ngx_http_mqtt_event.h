
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_HTTP_MQTT_EVENT_H_INCLUDED_
#define _NGX_HTTP_MQTT_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_conf.h>
#include <ngx_mqtt_event.h>


#define NGX_HTTP_MQTT_ANSWER_MAX   (1024 * 1024)    /* bytes of a body */


typedef struct ngx_http_mqtt_hook_s  ngx_http_mqtt_hook_t;


/* What runs in the location of a handler. */

typedef enum {
    NGX_HTTP_MQTT_HOOK_EVENT = 0,       /* POST */
    NGX_HTTP_MQTT_HOOK_OPTIONS,         /* asks whether it wants events ... */
    NGX_HTTP_MQTT_HOOK_GET              /* ... of who cannot say so by that */
} ngx_http_mqtt_hook_e;


/* An "mqtt_event_handler", from cf->pool; below "ctx" local to a worker. */

typedef struct {
    ngx_mqtt_conf_handler_t   *conf;
    ngx_http_conf_ctx_t       *ctx;          /* of its location */
    ngx_str_t                  uri;          /* the location's name */
    ngx_str_t                  origin;       /* WebHook-Request-Origin */
    ngx_str_t                  identity;     /* what a zone knows it by */

    ngx_queue_t                pending;      /* hooks until it is validated */
    ngx_http_mqtt_hook_t      *validating;
    ngx_mqtt_worker_t         *worker;       /* in whose zone */
    ngx_uint_t                 validated;
    ngx_uint_t                 refused;      /* at "refused_at" */
    ngx_msec_t                 refused_at;

    ngx_uint_t                 failures;     /* in a row */
    ngx_msec_t                 tried_at;     /* while the circuit is open */
} ngx_http_mqtt_handler_t;


/* What a worker knows of the events of a hub, from the cycle's pool. */

typedef struct {
    ngx_mqtt_conf_hub_t       *conf;
    ngx_queue_t                waiting;      /* hooks, until others are over */
    ngx_uint_t                 nwaiting;     /* hooks for any reason */
    ngx_uint_t                 running;

    ngx_uint_t                 dropped;      /* since it was logged */
    time_t                     logged;
} ngx_http_mqtt_hub_t;


typedef enum {
    NGX_HTTP_MQTT_HOOK_WAITING = 0,
    NGX_HTTP_MQTT_HOOK_RUNNING,
    NGX_HTTP_MQTT_HOOK_OVER
} ngx_http_mqtt_state_e;


/*
 * An event on its way, or a validation, from its pool.  It stands in one
 * queue: behind an event of the same connection, in its handler's "pending",
 * its hub's "waiting", or among those that are over.  A connect is behind
 * none.
 */

struct ngx_http_mqtt_hook_s {
    ngx_pool_t                *pool;
    ngx_mqtt_event_t          *event;        /* NULL: a validation */
    size_t                     size;         /* of the event, as it came */
    ngx_http_mqtt_handler_t   *handler;
    ngx_http_mqtt_hub_t       *hub;
    ngx_http_mqtt_hook_e       kind;
    ngx_http_mqtt_state_e      state;

    ngx_queue_t                queue;
    ngx_queue_t                all;          /* the oldest first */
    ngx_msec_t                 deadline;

    ngx_rbtree_node_t          lane;         /* of the first of a connection */
    ngx_queue_t                behind;       /* the others */

    ngx_mqtt_answer_t          answer;
    ngx_str_t                  asked;        /* the hub that validates */
    ngx_str_t                  allowed;      /* last WebHook-Allowed-Origin */

    ngx_http_request_t        *request;      /* the main one */
    ngx_http_request_t        *subrequest;
    unsigned                   failed:1;     /* it ended before its end */
    unsigned                   first:1;      /* has the lane */
    unsigned                   late:1;       /* waited most of its time */
    unsigned                   stale:1;      /* waited at all */
    unsigned                   agreed:1;     /* one of "allowed" names us */
};


/* The two ops of a worker. */
ngx_int_t ngx_http_mqtt_event(ngx_mqtt_worker_t *w, ngx_mqtt_event_t *ev);
ngx_uint_t ngx_http_mqtt_event_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_uint_t type, ngx_str_t *name);

/* Sends a validation. */
void ngx_http_mqtt_event_begin(ngx_http_mqtt_hook_t *hook);

/* The answer is complete: what is behind it follows in the event loop. */
void ngx_http_mqtt_event_over(ngx_http_mqtt_hook_t *hook);


/*
 * The event of the same connection that a new one has to wait behind; NULL: it
 * is the first.  The second call, at an event's end, returns who is the first
 * then, or NULL.
 */
ngx_http_mqtt_hook_t *ngx_http_mqtt_order_enter(ngx_http_mqtt_hook_t *hook);
ngx_http_mqtt_hook_t *ngx_http_mqtt_order_leave(ngx_http_mqtt_hook_t *hook);


/*
 * Whether a handler has agreed to be sent events; if nobody has asked yet,
 * asks.  NGX_AGAIN: "hook" waits for the answer; NGX_DECLINED: it has not.
 */
ngx_int_t ngx_http_mqtt_validate(ngx_http_mqtt_hook_t *hook);

/* Whether a value of WebHook-Allowed-Origin has the origin in it. */
ngx_uint_t ngx_http_mqtt_validate_names(ngx_str_t *list, ngx_str_t *origin);

/* The end of a validation: those that waited for it go on in "queue". */
void ngx_http_mqtt_validated(ngx_http_mqtt_hook_t *hook, ngx_queue_t *queue);


/*
 * Runs a handler's location in a request without a connection.  Calls
 * ngx_http_mqtt_event_over() at its end, perhaps from inside.  NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_http_mqtt_hook_run(ngx_http_mqtt_hook_t *hook);

/*
 * Ends the request, whatever it is waiting for, and frees what it has outside
 * of its pool.  NGX_BUSY: it has to be let alone, a thread works for it.
 */
ngx_int_t ngx_http_mqtt_hook_end(ngx_http_mqtt_hook_t *hook);


/* The headers of a request, to an empty list.  NGX_ERROR: no memory. */
ngx_int_t ngx_http_mqtt_hook_headers(ngx_http_mqtt_hook_t *hook,
    ngx_http_headers_in_t *in);

/* Reads status, headers and body to hook->answer. */
ngx_int_t ngx_http_mqtt_hook_answer(ngx_http_mqtt_hook_t *hook);


/* "mqtt_event_handler": adds one to an array of pointers to them */
char *ngx_http_mqtt_handler(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* What is known of a handler only after its server was read. */
char *ngx_http_mqtt_handler_merge(ngx_conf_t *cf,
    ngx_http_mqtt_handler_t *h);


#endif /* _NGX_HTTP_MQTT_EVENT_H_INCLUDED_ */
