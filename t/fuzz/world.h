
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _WORLD_H_INCLUDED_
#define _WORLD_H_INCLUDED_


#include <setjmp.h>
#include <ngx_mqtt_worker.h>


/*
 * A zone, and processes that work on it: all in one process, one after
 * another.  They can be broken off in the middle, as if they were killed, and
 * one can run while another one has released the lock.
 */

#define WORLD_PROCESSES  3
#define WORLD_START      1000000     /* ngx_current_msec */


typedef struct {
    ngx_mqtt_worker_t  *w;           /* NULL: there is no such process */
    ngx_pid_t           pid;
    ngx_uint_t          posted;      /* a run was asked for */
    ngx_uint_t          inside;      /* it is on the stack */
    jmp_buf             env;
} process_t;


typedef void (*process_pt)(void *data);


/* A finding: says what it is, and aborts. */
void world_bug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A new zone, one of several sizes, and no processes. */
void world_reset(ngx_uint_t size);

ngx_mqtt_zone_t *world_zone(void);

/* The zone's lock, for the test itself: nothing can go wrong in between. */
void world_lock(void);
void world_unlock(void);

/* Looks for faults; the zone's lock is not held. */
void world_check(void);

/* Aborts if any block is in use that an empty zone does not have. */
void world_empty(void);


/* Forgets what is free: see poison.c. */
void world_unpoison(ngx_mqtt_zone_t *zone);

process_t *world_process(ngx_uint_t n);
process_t *world_of(ngx_mqtt_worker_t *w);

/* NGX_ERROR: it could not be started */
ngx_int_t process_start(process_t *p);

/* Leaves in order, without any memory; NGX_ABORT: it died of that. */
ngx_int_t process_leave(process_t *p);

/*
 * Runs code of a process.  NGX_ABORT: it died of that; its worker and its
 * clients' memory is gone.
 */
ngx_int_t process_call(process_t *p, process_pt call, void *data);

/* It dies here and now, between two calls. */
void process_die(process_t *p);

/* Steps out of a process for what is not its own, and back into it. */
process_t *process_outside(void);
void process_back(process_t *p);


/*
 * What will happen to whichever process gets there first; 0: nothing.
 * "lock" calls back once the lock was released that many times.
 */

typedef struct {
    ngx_uint_t          alloc;       /* an ngx_alloc() that fails */
    ngx_uint_t          lock;
    process_pt          meanwhile;
} world_faults_t;

extern world_faults_t  world_faults;

/* Of the zone: the store at which to die, the allocation that fails. */
void world_kill_at(ngx_uint_t n);
void world_fail_at(ngx_uint_t n);


#endif /* _WORLD_H_INCLUDED_ */
