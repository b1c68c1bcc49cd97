
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_BROKER_H_INCLUDED_
#define _NGX_MQTT_BROKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* The broker as the shell sees it: zones and workers.  Clients: client.h. */


typedef struct ngx_mqtt_root_s    ngx_mqtt_root_t;
typedef struct ngx_mqtt_zone_s    ngx_mqtt_zone_t;
typedef struct ngx_mqtt_worker_s  ngx_mqtt_worker_t;


#define NGX_MQTT_ZONE_MIN_SIZE    (1024 * 1024)
#define NGX_MQTT_SLOTS            1024


struct ngx_mqtt_event_s;
struct ngx_mqtt_hub_conf_s;
struct ngx_mqtt_login_s;


/*
 * What the core needs of the event loop.  "wake" makes the worker that owns
 * the slot call ngx_mqtt_worker_run(); "post" does so for this worker, once,
 * after the events of the present pass (calling it twice is harmless).
 *
 * event: may be NULL.  Raises an event for the application.  NGX_OK: it was
 * taken, ev->answered will be called from the event loop, and the pool be
 * destroyed behind it; NGX_DECLINED: no handler wants it, NGX_ERROR: no memory,
 * in both cases it stays the caller's.
 *
 * settings: what the configuration says of a hub in the worker's zone; NULL:
 * nothing any more.  The lock is held: it must not do more than look it up.
 *
 * wanted: NULL if "event" is.  Whether a handler would take such an event
 * (ngx_mqtt_event_e) of a hub, "name" being that of a custom one.
 *
 * login: may be NULL.  Has a password verified elsewhere.  NGX_OK:
 * ngx_mqtt_login_done() will be called from the event loop; NGX_ERROR: it
 * cannot be.
 */

typedef struct {
    void                (*wake)(ngx_mqtt_worker_t *w, ngx_uint_t slot);
    void                (*post)(ngx_mqtt_worker_t *w);
    struct ngx_mqtt_hub_conf_s *(*settings)(ngx_mqtt_worker_t *w,
                                            ngx_str_t *hub);
    ngx_int_t           (*event)(ngx_mqtt_worker_t *w,
                                 struct ngx_mqtt_event_s *ev);
    ngx_uint_t          (*wanted)(ngx_mqtt_worker_t *w, ngx_str_t *hub,
                                  ngx_uint_t type, ngx_str_t *name);
    ngx_int_t           (*login)(ngx_mqtt_worker_t *w,
                                 struct ngx_mqtt_login_s *login);
} ngx_mqtt_worker_ops_t;


/*
 * The handle of a zone in one process, usually from cf->pool: it only points
 * into the shared memory.
 */

struct ngx_mqtt_zone_s {
    ngx_slab_pool_t      *shpool;
    ngx_mqtt_root_t      *root;
    ngx_str_t             name;
    ngx_log_t            *log;
    ngx_uint_t            generation;  /* of this process' configuration */

    uint64_t              locked;      /* when; ngx_mqtt_ticks() */
    uint64_t              held;        /* ticks of the longest hold */
    uint64_t              waits;       /* for somebody else's hold */
    uint64_t              woken;       /* waiters that slept */
};


/*
 * Formats a new zone: takes all pages of its slab pool once and stores the
 * root in shpool->data.  Returns NGX_ERROR if the zone is too small.
 */
ngx_int_t ngx_mqtt_zone_format(ngx_mqtt_zone_t *zone, ngx_slab_pool_t *shpool,
    ngx_log_t *log);

/* Points the handle at a zone that was formatted earlier; changes nothing. */
void ngx_mqtt_zone_attach(ngx_mqtt_zone_t *zone, ngx_slab_pool_t *shpool,
    ngx_log_t *log);


/* Whether any hub of a zone has a client, a session or a retained message. */
ngx_uint_t ngx_mqtt_zone_in_use(ngx_mqtt_zone_t *zone);


/*
 * Joins the zone as a worker process: claims a slot under this process' pid
 * and start time.  The worker is allocated from the heap and lives until
 * ngx_mqtt_worker_destroy().  "data" is the shell's own.  NULL: no memory or
 * no slot.
 */
ngx_mqtt_worker_t *ngx_mqtt_worker_create(ngx_mqtt_zone_t *zone,
    const ngx_mqtt_worker_ops_t *ops, void *data, ngx_log_t *log);

void *ngx_mqtt_worker_data(ngx_mqtt_worker_t *w);
ngx_uint_t ngx_mqtt_worker_slot(ngx_mqtt_worker_t *w);

/*
 * The body of the wake and of the posted event: goes on with a publication that
 * has many subscribers, lets clients that wait for a turn go on, delivers what
 * is ready, takes ended sessions apart, flushes output.  A bounded part of all
 * that: NGX_AGAIN asks to be called again in the next pass of the event loop.
 */
ngx_int_t ngx_mqtt_worker_run(ngx_mqtt_worker_t *w);

/*
 * Once a second: expiry of sessions, wills and retained messages, slots of
 * dead processes, lost wakes.  Bounded like ngx_mqtt_worker_run(): NGX_AGAIN
 * asks for another call in the next pass.
 */
ngx_int_t ngx_mqtt_worker_tick(ngx_mqtt_worker_t *w);

/*
 * Around everything that the event loop calls: the longest stretch between
 * the two is what other connections of this process may have to wait.  They
 * can be nested.
 */
void ngx_mqtt_worker_enter(ngx_mqtt_worker_t *w);
void ngx_mqtt_worker_leave(ngx_mqtt_worker_t *w);

/*
 * Leaves the zone: the slot becomes free.  Clients still attached are
 * treated as lost connections.
 */
void ngx_mqtt_worker_destroy(ngx_mqtt_worker_t *w);


#endif /* _NGX_MQTT_BROKER_H_INCLUDED_ */
