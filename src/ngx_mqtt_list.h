
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_LIST_H_INCLUDED_
#define _NGX_MQTT_LIST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_targets.h>


/* rows of a list at most */
#define NGX_MQTT_LIST_MAX       1000

/* bytes of a retained message's payload that are read at once */
#define NGX_MQTT_LIST_PAYLOAD   1048576


typedef enum {
    NGX_MQTT_LIST_SESSIONS = 0,     /* of a hub */
    NGX_MQTT_LIST_MEMBERS,          /* subscribed to "name", no wildcards */
    NGX_MQTT_LIST_SESSION,          /* the one of client id "name" */
    NGX_MQTT_LIST_SUBS,             /* its subscriptions, the newest first */
    NGX_MQTT_LIST_RETAINED,         /* topics that match filter "name" */
    NGX_MQTT_LIST_REMOVE            /* ... whose messages are removed */
} ngx_mqtt_list_e;


/*
 * Where a list begins, or goes on: with what stands at this place of the
 * zone, which is 0 for the beginning.  A place never changes its meaning:
 * what stays in the zone meanwhile is neither skipped nor listed twice.
 */

typedef struct {
    uint64_t              offset;
    uint32_t              hash;         /* of a subscription */
} ngx_mqtt_list_place_t;


/* Copies of what is in the zone.  Times are milliseconds from now. */

typedef struct {
    ngx_str_t             id;
    ngx_str_t             user_id;      /* empty: none */
    uint64_t              serial;
    uint64_t              connection;   /* the last one */
    ngx_pid_t             pid;          /* of its worker; 0: offline */
    ngx_msec_t            offline;      /* since when */
    uint32_t              expiry;       /* seconds */
    uint32_t              nsubs;
    uint32_t              queued;       /* messages of QoS 1 and 2, */
    uint32_t              inflight;     /* of which these were sent */
    size_t                queued_bytes;
    u_char                version;      /* NGX_MQTT_V4, ... */

    u_char                will;         /* it has one */
    u_char                will_qos;
    u_char                will_retain;
    uint32_t              will_delay;   /* seconds */
    size_t                will_payload;
    ngx_str_t             will_topic;   /* of NGX_MQTT_LIST_SESSION only */
} ngx_mqtt_list_session_t;


typedef struct {
    ngx_str_t             filter;       /* whole, with $share/ */
    uint32_t              id;           /* 0: none */
    u_char                options;      /* as in SUBSCRIBE */
} ngx_mqtt_list_sub_t;


typedef struct {
    ngx_str_t             topic;
    size_t                payload;      /* bytes */
    ngx_msec_t            left;         /* until it expires; 0: never does */
    u_char                qos;
} ngx_mqtt_list_topic_t;


typedef union {
    ngx_mqtt_list_session_t   session;
    ngx_mqtt_list_sub_t       sub;
    ngx_mqtt_list_topic_t     topic;
} ngx_mqtt_list_row_t;


/* Local; rows and their strings are from the pool. */

typedef struct {
    ngx_mqtt_worker_t         *worker;  /* set by the caller, as all these */
    ngx_pool_t                *pool;
    ngx_mqtt_list_e            kind;
    ngx_str_t                  hub;     /* lower case */
    ngx_str_t                  name;
    ngx_uint_t                 max;     /* rows, up to NGX_MQTT_LIST_MAX */
    ngx_mqtt_list_place_t      place;
    ngx_mqtt_targets_t        *targets; /* conditions of sessions; or NULL */

    ngx_mqtt_list_row_t       *rows;
    ngx_uint_t                 n;       /* rows, or messages removed */
    unsigned                   more:1;  /* it goes on at "place" */

    unsigned                   literal:1;   /* its own, from here on */
    unsigned                   sorted:1;
    uint64_t                  *narrow;  /* places of the few candidates */
    ngx_uint_t                 nnarrow;
    ngx_mqtt_filter_t          filter;
    u_char                    *text;    /* room for strings */
    u_char                    *text_end;
    size_t                     wanted;  /* what the next one takes */
    u_char                    *from;    /* what lies before was seen */
    ngx_mqtt_hub_t            *h;
    ngx_uint_t                 budget;  /* of this hold of the lock */
} ngx_mqtt_list_t;


/*
 * Prepares a list.  NGX_DECLINED: "name" is no filter of topics; NGX_ERROR: no
 * memory.  There is nothing to be undone if the list is given up later.
 */
ngx_int_t ngx_mqtt_list_start(ngx_mqtt_list_t *list);

/*
 * Goes on with it, in some short holds of the lock.  NGX_OK: it is complete;
 * NGX_AGAIN: to be called again in another pass of the event loop;
 * NGX_DECLINED: there is no session of that client id; NGX_BUSY: the
 * subscription at "place" is gone, the list has to begin again; NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_mqtt_list_run(ngx_mqtt_list_t *list);


/* A retained message, copied; strings are from the pool. */

typedef struct {
    ngx_str_t             topic;
    ngx_mqtt_props_t      props;
    ngx_str_t             payload;      /* data NULL: too large to be read */
    size_t                len;          /* of the payload */
    ngx_msec_t            left;         /* as above */
    ngx_uint_t            qos;
} ngx_mqtt_list_message_t;

/* NGX_DECLINED: there is none; NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_list_message(ngx_mqtt_worker_t *w, ngx_pool_t *pool,
    ngx_str_t *hub, ngx_str_t *topic, ngx_mqtt_list_message_t *message);


/* How much of a zone is in use. */

typedef struct {
    ngx_uint_t            npages;       /* of NGX_MQTT_PAGE_SIZE bytes */
    ngx_uint_t            nfree;
    ngx_uint_t            reserve;      /* of these, kept for workers */
    ngx_uint_t            nblocks[NGX_MQTT_KIND_MAX];
    ngx_uint_t            rebuilds;
} ngx_mqtt_list_zone_t;

void ngx_mqtt_list_zone(ngx_mqtt_worker_t *w, ngx_mqtt_list_zone_t *info);

/* What the blocks of a kind are, in the plural; NULL: none of that number. */
const char *ngx_mqtt_list_kind(ngx_uint_t kind);


typedef struct {
    ngx_uint_t            connections;
    ngx_uint_t            sessions;
    ngx_uint_t            subscriptions;
    ngx_uint_t            retained;
} ngx_mqtt_list_hub_t;

/* All are 0 for a hub that nobody has used yet. */
void ngx_mqtt_list_hub(ngx_mqtt_worker_t *w, ngx_str_t *name,
    ngx_mqtt_list_hub_t *info);


typedef struct {
    ngx_uint_t            slot;
    ngx_pid_t             pid;
    ngx_uint_t            generation;
    ngx_mqtt_counts_t     counts;
} ngx_mqtt_list_worker_t;

/*
 * The processes in a zone, by generation and slot, from the pool.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_list_workers(ngx_mqtt_worker_t *w, ngx_pool_t *pool,
    ngx_array_t *workers);


#endif /* _NGX_MQTT_LIST_H_INCLUDED_ */
