
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_MODULE_H_INCLUDED_
#define _NGX_MQTT_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_broker.h>
#include <ngx_mqtt_conf.h>


/*
 * This process' membership in one zone, from the heap, until the process
 * exits.  "fd" stands fourth: debug logging of an event takes the fourth
 * word of its data for a descriptor.
 */

typedef struct {
    ngx_queue_t           queue;         /* all memberships of the process */
    ngx_mqtt_worker_t    *worker;
    ngx_socket_t          fd;            /* always -1 */

    ngx_mqtt_zone_t       zone;
    ngx_uint_t            slot;

    ngx_event_t           run;           /* posted */
    ngx_event_t           tick;          /* a timer of one second */
    ngx_event_t           poll;          /* a timer, where no eventfd serves */

    unsigned              running:1;     /* inside ngx_mqtt_worker_run() */
} ngx_mqtt_member_t;


/* Set while the process leaves its zones: there is no event loop any more. */
extern ngx_uint_t  ngx_mqtt_leaving;

/* Asks NGINX for the shared memory of a zone, while the file is read. */
char *ngx_mqtt_add_zone(ngx_conf_t *cf, ngx_mqtt_conf_zone_t *zone);

/*
 * The broker worker of this process in a zone; joins the zone at the first
 * call.  NULL: no memory or no free slot, which was logged.
 */
ngx_mqtt_worker_t *ngx_mqtt_member_worker(ngx_mqtt_conf_zone_t *zone);

/* The op of that name: what this cycle's configuration says of a hub. */
ngx_mqtt_hub_conf_t *ngx_mqtt_member_settings(ngx_mqtt_worker_t *w,
    ngx_str_t *hub);

/* The next member after "m", or the first after NULL; NULL at the end. */
ngx_mqtt_member_t *ngx_mqtt_member_next(ngx_mqtt_member_t *m);


/*
 * Makes the eventfds that workers wake each other with, once in the life of
 * a master.  Where one cannot be made, its slot is polled.
 */
void ngx_mqtt_wake_open(ngx_log_t *log);

/* Closes them in the master when a reload has left no zone. */
void ngx_mqtt_wake_close(void);

/* Prepares the events of a new member, before it joins its zone. */
void ngx_mqtt_wake_init(ngx_mqtt_member_t *m, ngx_log_t *log);

/* Starts to wait for wakes, now that the member's slot is known. */
void ngx_mqtt_wake_start(ngx_mqtt_member_t *m, ngx_log_t *log);
void ngx_mqtt_wake_stop(ngx_mqtt_member_t *m);

extern const ngx_mqtt_worker_ops_t  ngx_mqtt_wake_ops;


/* The op "login": an NGINX thread verifies the password. */
#if (NGX_THREADS)
ngx_int_t ngx_mqtt_threads_login(ngx_mqtt_worker_t *w,
    struct ngx_mqtt_login_s *login);
#endif


/* Starts and stops the periodic work of a member. */
void ngx_mqtt_timer_start(ngx_mqtt_member_t *m, ngx_log_t *log);
void ngx_mqtt_timer_stop(ngx_mqtt_member_t *m);


extern ngx_module_t  ngx_mqtt_module;


#endif /* _NGX_MQTT_MODULE_H_INCLUDED_ */
