
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_WHEEL_H_INCLUDED_
#define _NGX_MQTT_WHEEL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_broker.h>


/*
 * Deadlines by the second: a ring of lists.  What lies further ahead than
 * the ring is long waits in its last list and is placed again from there.
 */


#define NGX_MQTT_WHEEL_SIZE     4096    /* seconds */

/* lists, timers and other blocks looked at in one hold of the lock */
#define NGX_MQTT_EXPIRE_BUDGET  512


typedef struct ngx_mqtt_timer_s  ngx_mqtt_timer_t;

struct ngx_mqtt_timer_s {
    ngx_mqtt_timer_t     *next;
    ngx_mqtt_timer_t    **prev;         /* NULL: not set */
    ngx_msec_t            when;
};


/* shared; derived */

typedef struct {
    ngx_uint_t            second;       /* next to be looked at */
    ngx_mqtt_timer_t    **ring;
} ngx_mqtt_wheel_t;


/* "ring" is zeroed room for NGX_MQTT_WHEEL_SIZE pointers. */
void ngx_mqtt_wheel_init_locked(ngx_mqtt_wheel_t *wheel,
    ngx_mqtt_timer_t **ring);

/* Sets or moves a timer; "when" in ngx_current_msec's milliseconds. */
void ngx_mqtt_wheel_set_locked(ngx_mqtt_wheel_t *wheel,
    ngx_mqtt_timer_t *timer, ngx_msec_t when);

void ngx_mqtt_wheel_del_locked(ngx_mqtt_timer_t *timer);

/*
 * Takes one timer that is due off the wheel, or returns NULL.  Looks at no
 * more than *budget lists and timers, which it counts down: NULL with a
 * budget of 0 left means there may be more.
 */
ngx_mqtt_timer_t *ngx_mqtt_wheel_due_locked(ngx_mqtt_wheel_t *wheel,
    ngx_uint_t *budget);


#endif /* _NGX_MQTT_WHEEL_H_INCLUDED_ */
