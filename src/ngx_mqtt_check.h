
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_CHECK_H_INCLUDED_
#define _NGX_MQTT_CHECK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/* One run of ngx_mqtt_check_locked(), on its stack. */

typedef struct {
    ngx_mqtt_zone_t      *zone;
    ngx_mqtt_root_t      *root;
    ngx_uint_t            errors;
    const char           *what;           /* the first */

    ngx_uint_t            live;           /* sessions */
    ngx_uint_t            ending;
    ngx_uint_t            subs;           /* met in sessions */
    ngx_uint_t            linked;         /* ... and in nodes and groups */
    ngx_uint_t            nodes;          /* in the hash */
    ngx_uint_t            groups;
    ngx_uint_t            users;
    ngx_uint_t            retains;        /* met in pages */
    ngx_uint_t            planted;        /* ... and in nodes */
    ngx_uint_t            session_timers;
    ngx_uint_t            retain_timers;
} ngx_mqtt_check_t;


#define ngx_mqtt_check(ck, cond, text)                                        \
    ((cond) ? 1 : ngx_mqtt_check_fail(ck, text))

/* Counts a violation; returns 0. */
ngx_uint_t ngx_mqtt_check_fail(ngx_mqtt_check_t *ck, const char *what);

/* 1 if "p" is the start of a block of that kind that was not met before. */
ngx_uint_t ngx_mqtt_check_mark(ngx_mqtt_check_t *ck, void *p,
    ngx_uint_t kind, const char *what);

/* 1 if "p" is the start of a block of that kind. */
ngx_uint_t ngx_mqtt_check_block(ngx_mqtt_check_t *ck, void *p,
    ngx_uint_t kind, const char *what);

/* An entry, its identifiers; not its message. */
void ngx_mqtt_check_entry(ngx_mqtt_check_t *ck, ngx_mqtt_entry_t *e);

/* 1 if the timer stands on a wheel's list. */
ngx_uint_t ngx_mqtt_check_timer(ngx_mqtt_check_t *ck,
    ngx_mqtt_timer_t *timer);

void ngx_mqtt_check_hashes(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_wheels(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_retired(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_dropped(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_pages(ngx_mqtt_check_t *ck);

void ngx_mqtt_check_hubs(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_sessions(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_retains(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_slots(ngx_mqtt_check_t *ck);
void ngx_mqtt_check_references(ngx_mqtt_check_t *ck);


#endif /* _NGX_MQTT_CHECK_H_INCLUDED_ */
