
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_ticks.h>
#include <ngx_mqtt_native_local.h>


#define NGX_MQTT_BULK_TOPIC  "$webpubsub/server/messages"


static ngx_int_t ngx_mqtt_bulk_publish(ngx_mqtt_bulk_t *bulk);
static void ngx_mqtt_bulk_message(ngx_mqtt_bulk_t *bulk,
    ngx_mqtt_inbound_t *in);
static ngx_int_t ngx_mqtt_bulk_verdict(ngx_mqtt_bulk_t *bulk,
    ngx_uint_t reason);


/* One is on its way at a time: there is one record in the slot for it. */

ngx_int_t
ngx_mqtt_bulk_send(ngx_mqtt_bulk_t *bulk)
{
    ngx_mqtt_worker_t  *w;

    w = bulk->worker;

    if (!w->wide && !w->yields && ngx_queue_empty(&w->sends)) {
        return ngx_mqtt_bulk_publish(bulk);
    }

    if (ngx_mqtt_bulk_keep(bulk, &bulk->hub) != NGX_OK
        || ngx_mqtt_bulk_keep(bulk, &bulk->targets.name) != NGX_OK
        || ngx_mqtt_bulk_keep(bulk, &bulk->payload) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&w->sends, &bulk->queue);
    w->nbulks++;

    if (!w->running) {
        w->ops->post(w);
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_mqtt_bulk_publish(ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t                 rc;
    ngx_uint_t                reason;
    ngx_mqtt_props_t          props;
    ngx_mqtt_worker_t        *w;
    ngx_mqtt_inbound_t        in;
    ngx_mqtt_targets_t       *targets;
    ngx_mqtt_publish_args_t   args;

    static ngx_str_t  nobody = ngx_null_string;

    w = bulk->worker;
    targets = &bulk->targets;

    if (targets->kind == NGX_MQTT_TARGETS_GROUP) {

        if (!ngx_mqtt_targets_choosy(targets)) {
            targets = NULL;
        }

    } else if (ngx_mqtt_bulk_keep(bulk, &targets->name) != NGX_OK) {
        return NGX_ERROR;
    }

    in.props = &props;
    ngx_mqtt_bulk_message(bulk, &in);

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    args.targets = targets;
    args.message = bulk->conf->native
                   ? ngx_mqtt_native_store_for(w, &in, &nobody,
                                               bulk->metadata.n
                                               ? &bulk->metadata : NULL)
                   : ngx_mqtt_publish_store(w, &in);

    if (args.message == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;
    reason = NGX_MQTT_NO_MATCHING_SUBSCRIBERS;

    ngx_mqtt_worker_lock(w);

    args.hub = ngx_mqtt_hub_find_locked(w->zone, &bulk->hub);

    if (args.hub) {
        rc = ngx_mqtt_publish_bulk_locked(bulk, &args, &reason);
    }

    ngx_mqtt_worker_unlock(w);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_mqtt_publish_drop(w);

    return ngx_mqtt_bulk_verdict(bulk, reason);
}


static void
ngx_mqtt_bulk_message(ngx_mqtt_bulk_t *bulk, ngx_mqtt_inbound_t *in)
{
    ngx_mqtt_props_t  *props;

    static ngx_str_t  topic = ngx_string(NGX_MQTT_BULK_TOPIC);

    /* Content Type (3.3.2.3.9), by ngx_mqtt_bulk_type_e */

    static ngx_str_t  types[] = {
        ngx_string("\x03\0\x18" "application/octet-stream"),
        ngx_string("\x03\0\x0a" "text/plain"),
        ngx_string("\x03\0\x10" "application/json")
    };

    props = in->props;

    props->set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_CONTENT_TYPE);
    props->raw = types[bulk->type];
    props->forward_len = props->raw.len;
    props->content_type.data = props->raw.data + 3;
    props->content_type.len = props->raw.len - 3;

    if (bulk->ttl) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MESSAGE_EXPIRY);
        props->message_expiry = (uint32_t) bulk->ttl;
    }

    in->topic = (bulk->targets.kind == NGX_MQTT_TARGETS_GROUP)
                ? bulk->targets.name : topic;
    in->payload = bulk->payload;
    ngx_str_null(&in->extra);
    in->qos = (u_char) ngx_min(NGX_MQTT_GROUP_QOS, bulk->conf->max_qos);
    in->retain = 0;
}


static ngx_int_t
ngx_mqtt_bulk_verdict(ngx_mqtt_bulk_t *bulk, ngx_uint_t reason)
{
    if (reason >= NGX_MQTT_UNSPECIFIED_ERROR) {
        return NGX_ERROR;
    }

    bulk->count = (reason == NGX_MQTT_SUCCESS);

    return NGX_OK;
}


void
ngx_mqtt_bulk_published(ngx_mqtt_bulk_t *bulk, ngx_uint_t reason)
{
    ngx_mqtt_bulk_finish(bulk, ngx_mqtt_bulk_verdict(bulk, reason));
}


void
ngx_mqtt_bulk_run_sends(ngx_mqtt_worker_t *w, uint64_t limit)
{
    ngx_int_t         rc;
    ngx_queue_t      *q;
    ngx_mqtt_bulk_t  *bulk;

    while (!w->wide && !ngx_queue_empty(&w->sends)) {

        q = ngx_queue_head(&w->sends);
        bulk = ngx_queue_data(q, ngx_mqtt_bulk_t, queue);

        ngx_queue_remove(q);
        w->nbulks--;

        rc = ngx_mqtt_bulk_publish(bulk);

        if (rc == NGX_AGAIN) {
            w->sent = 1;
            return;
        }

        ngx_mqtt_bulk_finish(bulk, rc);

        if (ngx_mqtt_ticks() > limit) {
            return;
        }
    }
}
