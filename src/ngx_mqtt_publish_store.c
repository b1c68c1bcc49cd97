
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_property.h>


static ngx_mqtt_message_t *ngx_mqtt_publish_alloc_locked(
    ngx_mqtt_worker_t *w, ngx_mqtt_inbound_t *in, size_t props_len);


ngx_mqtt_message_t *
ngx_mqtt_publish_store(ngx_mqtt_worker_t *w, ngx_mqtt_inbound_t *in)
{
    u_char              *props;
    size_t               props_len;
    ngx_mqtt_text_t      text;
    ngx_mqtt_message_t  *m;

    props = NULL;
    props_len = in->props ? in->props->forward_len : 0;

    if (props_len) {
        props = in->props->raw.data;

        if (props_len != in->props->raw.len) {
            props = ngx_alloc(props_len, w->log);
            if (props == NULL) {
                return NULL;
            }

            ngx_mqtt_property_forward(props, in->props);
        }
    }

    ngx_mqtt_worker_lock(w);

    /* until the lock is released: what removes a message has to go on */

    w->zone->root->blocks.urgent = (in->retain && in->payload.len == 0);

    m = ngx_mqtt_publish_alloc_locked(w, in, props_len);

    if (m) {
        m->qos = in->qos;
        m->retain = in->retain;

        if (in->props
            && (in->props->set
                & ((uint64_t) 1 << NGX_MQTT_PROP_MESSAGE_EXPIRY)))
        {
            m->expires = ngx_current_msec
                         + (ngx_msec_t) in->props->message_expiry * 1000;
        }

    } else {
        w->full = 1;
    }

    ngx_mqtt_worker_unlock(w);

    if (m) {
        ngx_mqtt_message_text(m, &text);
        ngx_mqtt_text_write(&text, in->topic.data, in->topic.len);
        ngx_mqtt_text_write(&text, props, props_len);
        ngx_mqtt_text_write(&text, in->payload.data, in->payload.len);
        ngx_mqtt_text_write(&text, in->extra.data, in->extra.len);
    }

    if (props_len && props != in->props->raw.data) {
        ngx_free(props);
    }

    return m;
}


/* A message as the slot's "filling"; a large one takes several holds. */

static ngx_mqtt_message_t *
ngx_mqtt_publish_alloc_locked(ngx_mqtt_worker_t *w, ngx_mqtt_inbound_t *in,
    size_t props_len)
{
    size_t               left;
    ngx_mqtt_message_t  *m;

    m = ngx_mqtt_message_alloc_locked(w->zone, in->topic.len, props_len,
                                      in->payload.len + in->extra.len, &left);
    if (m == NULL) {
        return NULL;
    }

    m->payload_len = in->payload.len;

    ngx_mqtt_set(w->slot->filling, m);

    while (left) {

        if (ngx_mqtt_message_extend_locked(w->zone, m, &left) != NGX_OK) {
            ngx_mqtt_set(w->slot->filling, NULL);
            ngx_mqtt_message_unref_locked(w->zone, m);
            return NULL;
        }

        if (left) {
            ngx_mqtt_worker_unlock(w);
            ngx_mqtt_worker_lock(w);
        }
    }

    return m;
}


void
ngx_mqtt_publish_drop(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_message_t  *m;

    if (w->slot->filling == NULL) {
        return;
    }

    ngx_mqtt_worker_lock(w);

    m = w->slot->filling;
    ngx_mqtt_set(w->slot->filling, NULL);
    ngx_mqtt_message_unref_locked(w->zone, m);

    ngx_mqtt_worker_unlock(w);
}
