
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>


ngx_int_t
ngx_mqtt_session_set_will_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_message_t *m, uint32_t delay)
{
    ngx_mqtt_will_t  *will;

    will = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_WILL,
                                       sizeof(ngx_mqtt_will_t));
    if (will == NULL) {
        return NGX_ERROR;
    }

    will->message = m;
    will->delay = delay;
    will->lifetime = 0;

    if (m->expires > ngx_current_msec) {
        will->lifetime = m->expires - ngx_current_msec;
    }

    ngx_mqtt_session_drop_will_locked(zone, s);
    ngx_mqtt_set(s->will, will);

    return NGX_OK;
}


void
ngx_mqtt_session_drop_will_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s)
{
    ngx_mqtt_will_t  *will;

    will = s->will;

    if (will) {
        ngx_mqtt_set(s->will, NULL);
        ngx_mqtt_message_unref_locked(zone, will->message);
        ngx_mqtt_block_free_locked(zone, will);
    }
}


ngx_uint_t
ngx_mqtt_session_will_due(ngx_mqtt_session_t *s)
{
    return s->away + (ngx_msec_t) s->will->delay * 1000 <= ngx_current_msec;
}


void
ngx_mqtt_session_will_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_mqtt_message_t       *m;
    ngx_mqtt_publish_args_t   args;

    m = s->will->message;

    /* the interval of its expiry starts with its publication */

    if (s->will->lifetime) {
        ngx_mqtt_set(m->expires, ngx_current_msec + s->will->lifetime);
    }

    args.hub = s->hub;
    args.message = m;
    args.from = s;
    args.to = NULL;
    args.packet_id = 0;
    args.will = 1;
    args.max_retained = 0;

    /* dropped in any case: "s" may be gone from here on */

    (void) ngx_mqtt_publish_locked(w, &args);

    /* the next one shall not be in the same hold */

    ngx_mqtt_worker_unlock(w);
    ngx_mqtt_worker_lock(w);
}
