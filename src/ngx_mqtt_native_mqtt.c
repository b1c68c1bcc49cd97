
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native_extra.h>
#include <ngx_mqtt_native_local.h>


void
ngx_mqtt_native_publisher(ngx_mqtt_client_t *cl, ngx_str_t *user_id)
{
    ngx_pool_t         *pool;
    ngx_mqtt_native_t  *native;

    pool = ngx_create_pool(sizeof(ngx_pool_t) + sizeof(ngx_mqtt_native_t)
                           + user_id->len + NGX_ALIGNMENT, cl->log);
    if (pool == NULL) {
        return;
    }

    native = ngx_pcalloc(pool, sizeof(ngx_mqtt_native_t));

    if (native) {
        native->user_id.data = ngx_pstrdup(pool, user_id);
    }

    if (native == NULL || native->user_id.data == NULL) {
        ngx_destroy_pool(pool);
        return;
    }

    native->pool = pool;
    native->user_id.len = user_id->len;
    ngx_queue_init(&native->asked);

    cl->native = native;
}


ngx_mqtt_message_t *
ngx_mqtt_native_store(ngx_mqtt_client_t *cl, ngx_mqtt_inbound_t *in)
{
    ngx_str_t  nobody;

    ngx_str_null(&nobody);

    return ngx_mqtt_native_store_for(cl->worker, in,
                                     cl->native ? &cl->native->user_id
                                                : &nobody, NULL);
}


ngx_mqtt_message_t *
ngx_mqtt_native_store_for(ngx_mqtt_worker_t *w, ngx_mqtt_inbound_t *in,
    ngx_str_t *user_id, ngx_mqtt_native_map_t *metadata)
{
    ngx_pool_t          *pool;
    ngx_mqtt_message_t  *m;

    /* most messages have neither */

    if (user_id->len == 0 && metadata == NULL
        && (in->props == NULL
            || !ngx_mqtt_prop_has(in->props, NGX_MQTT_PROP_CONTENT_TYPE)))
    {
        return ngx_mqtt_publish_store(w, in);
    }

    pool = ngx_create_pool(NGX_MQTT_NATIVE_POOL, w->log);
    if (pool == NULL) {
        return NULL;
    }

    m = NULL;
    w->work += in->payload.len / NGX_MQTT_NATIVE_WORK;

    if (ngx_mqtt_native_extra_mqtt(pool, in, user_id, metadata) == NGX_OK) {
        m = ngx_mqtt_publish_store(w, in);
    }

    ngx_destroy_pool(pool);

    return m;
}
