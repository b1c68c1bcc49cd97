
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>


void
ngx_mqtt_wheel_init_locked(ngx_mqtt_wheel_t *wheel, ngx_mqtt_timer_t **ring)
{
    wheel->ring = ring;
    wheel->second = ngx_current_msec / 1000;
}


void
ngx_mqtt_wheel_set_locked(ngx_mqtt_wheel_t *wheel, ngx_mqtt_timer_t *timer,
    ngx_msec_t when)
{
    ngx_uint_t          second;
    ngx_mqtt_timer_t  **list;

    if (timer->prev) {
        ngx_mqtt_wheel_del_locked(timer);
    }

    /* rounded up: what a list holds is due when its second has come */

    second = (when + 999) / 1000;

    if (second < wheel->second) {
        second = wheel->second;

    } else if (second >= wheel->second + NGX_MQTT_WHEEL_SIZE) {
        second = wheel->second + NGX_MQTT_WHEEL_SIZE - 1;
    }

    list = &wheel->ring[second % NGX_MQTT_WHEEL_SIZE];

    ngx_mqtt_set(timer->when, when);
    ngx_mqtt_set(timer->next, *list);
    ngx_mqtt_set(timer->prev, list);

    if (timer->next) {
        ngx_mqtt_set(timer->next->prev, &timer->next);
    }

    ngx_mqtt_set(*list, timer);
}


void
ngx_mqtt_wheel_del_locked(ngx_mqtt_timer_t *timer)
{
    if (timer->prev == NULL) {
        return;
    }

    ngx_mqtt_set(*timer->prev, timer->next);

    if (timer->next) {
        ngx_mqtt_set(timer->next->prev, timer->prev);
    }

    ngx_mqtt_set(timer->prev, NULL);
}


ngx_mqtt_timer_t *
ngx_mqtt_wheel_due_locked(ngx_mqtt_wheel_t *wheel, ngx_uint_t *budget)
{
    ngx_uint_t         now;
    ngx_mqtt_timer_t  *timer;

    now = ngx_current_msec / 1000;

    while (*budget) {
        timer = wheel->ring[wheel->second % NGX_MQTT_WHEEL_SIZE];

        (*budget)--;

        if (timer == NULL) {
            if (wheel->second >= now) {
                return NULL;
            }

            ngx_mqtt_set(wheel->second, wheel->second + 1);
            continue;
        }

        if (wheel->second > now) {
            return NULL;
        }

        if ((timer->when + 999) / 1000 <= wheel->second) {
            ngx_mqtt_wheel_del_locked(timer);
            return timer;
        }

        /* came from beyond the ring: it goes to its far end again */

        ngx_mqtt_wheel_set_locked(wheel, timer, timer->when);
    }

    return NULL;
}
