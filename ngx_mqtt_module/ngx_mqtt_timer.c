
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_module.h>


#define NGX_MQTT_TICK  1000


static void ngx_mqtt_timer_handler(ngx_event_t *ev);


void
ngx_mqtt_timer_start(ngx_mqtt_member_t *m, ngx_log_t *log)
{
    m->tick.handler = ngx_mqtt_timer_handler;
    m->tick.data = m;
    m->tick.log = log;
    m->tick.cancelable = 1;

    ngx_add_timer(&m->tick, NGX_MQTT_TICK);
}


void
ngx_mqtt_timer_stop(ngx_mqtt_member_t *m)
{
    if (m->tick.timer_set) {
        ngx_del_timer(&m->tick);
    }

    if (m->tick.posted) {
        ngx_delete_posted_event(&m->tick);
    }
}


static void
ngx_mqtt_timer_handler(ngx_event_t *ev)
{
    ngx_int_t           rc;
    ngx_mqtt_member_t  *m;

    m = ev->data;

    rc = ngx_mqtt_worker_tick(m->worker);

    if (rc == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_MQTT_TICK);
    }
}
