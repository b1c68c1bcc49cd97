
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_list.h>
#include <ngx_mqtt_property.h>


/* slots copied in one hold of the lock */
#define NGX_MQTT_LIST_SLOTS     64


static ngx_int_t ngx_mqtt_list_read(ngx_mqtt_message_t *m, ngx_pool_t *pool,
    ngx_str_t *topic, ngx_mqtt_list_message_t *message);
static int ngx_libc_cdecl ngx_mqtt_list_by_generation(const void *one,
    const void *two);


static const struct {
    ngx_uint_t   kind;
    const char  *name;
} ngx_mqtt_list_kinds[] = {
    { NGX_MQTT_KIND_HUB, "hubs" },
    { NGX_MQTT_KIND_SESSION, "sessions" },
    { NGX_MQTT_KIND_RETAIN, "retained" },
    { NGX_MQTT_KIND_ATTACH, "connections" },
    { NGX_MQTT_KIND_SUB, "subscriptions" },
    { NGX_MQTT_KIND_NODE, "nodes" },
    { NGX_MQTT_KIND_GROUP, "shares" },
    { NGX_MQTT_KIND_USER, "users" },
    { NGX_MQTT_KIND_ENTRY, "queueEntries" },
    { NGX_MQTT_KIND_SUB_IDS, "subscriptionIdentifiers" },
    { NGX_MQTT_KIND_MESSAGE, "messageBlocks" },
    { NGX_MQTT_KIND_IDS, "packetIdentifiers" },
    { NGX_MQTT_KIND_WILL, "wills" },
    { NGX_MQTT_KIND_NATIVE, "webPubSub" },
    { NGX_MQTT_KIND_HASH, "indexBlocks" },
    { NGX_MQTT_KIND_SLOT, "workers" }
};


const char *
ngx_mqtt_list_kind(ngx_uint_t kind)
{
    ngx_uint_t  i, n;

    n = sizeof(ngx_mqtt_list_kinds) / sizeof(ngx_mqtt_list_kinds[0]);

    for (i = 0; i < n; i++) {
        if (ngx_mqtt_list_kinds[i].kind == kind) {
            return ngx_mqtt_list_kinds[i].name;
        }
    }

    return NULL;
}


void
ngx_mqtt_list_zone(ngx_mqtt_worker_t *w, ngx_mqtt_list_zone_t *info)
{
    ngx_mqtt_blocks_t  *blocks;

    blocks = &w->zone->root->blocks;

    ngx_mqtt_worker_lock(w);

    info->npages = blocks->npages;
    info->nfree = blocks->nfree;
    info->reserve = blocks->reserve;
    info->rebuilds = w->zone->root->epoch;
    ngx_memcpy(info->nblocks, blocks->nblocks, sizeof(info->nblocks));

    ngx_mqtt_worker_unlock(w);
}


void
ngx_mqtt_list_hub(ngx_mqtt_worker_t *w, ngx_str_t *name,
    ngx_mqtt_list_hub_t *info)
{
    ngx_mqtt_hub_t  *hub;

    ngx_memzero(info, sizeof(ngx_mqtt_list_hub_t));

    ngx_mqtt_worker_lock(w);

    hub = ngx_mqtt_hub_find_locked(w->zone, name);

    if (hub) {
        info->connections = hub->connections;
        info->sessions = hub->sessions;
        info->subscriptions = hub->subscriptions;
        info->retained = hub->nretained;
    }

    ngx_mqtt_worker_unlock(w);
}


ngx_int_t
ngx_mqtt_list_workers(ngx_mqtt_worker_t *w, ngx_pool_t *pool,
    ngx_array_t *workers)
{
    ngx_uint_t               i, n;
    ngx_mqtt_root_t         *root;
    ngx_mqtt_slot_t         *slot;
    ngx_mqtt_list_worker_t  *worker, *last;

    root = w->zone->root;

    if (ngx_array_init(workers, pool, NGX_MQTT_LIST_SLOTS,
                       sizeof(ngx_mqtt_list_worker_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < root->nslots; /* void */) {

        worker = ngx_array_push_n(workers, NGX_MQTT_LIST_SLOTS);
        if (worker == NULL) {
            return NGX_ERROR;
        }

        last = worker;

        ngx_mqtt_worker_lock(w);

        for (n = 0; n < NGX_MQTT_LIST_SLOTS && i < root->nslots; n++, i++) {
            slot = root->slots[i];

            if (slot->state == NGX_MQTT_SLOT_LIVE) {
                last->slot = i;
                last->pid = slot->pid;
                last->generation = slot->generation;
                last->counts = slot->counts;
                last++;
            }
        }

        ngx_mqtt_worker_unlock(w);

        workers->nelts -= NGX_MQTT_LIST_SLOTS - (last - worker);
    }

    ngx_qsort(workers->elts, workers->nelts, sizeof(ngx_mqtt_list_worker_t),
              ngx_mqtt_list_by_generation);

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_mqtt_list_by_generation(const void *one, const void *two)
{
    const ngx_mqtt_list_worker_t  *a, *b;

    a = one;
    b = two;

    if (a->generation != b->generation) {
        return a->generation < b->generation ? -1 : 1;
    }

    return a->slot < b->slot ? -1 : 1;
}


ngx_int_t
ngx_mqtt_list_message(ngx_mqtt_worker_t *w, ngx_pool_t *pool, ngx_str_t *hub,
    ngx_str_t *topic, ngx_mqtt_list_message_t *message)
{
    ngx_int_t            rc;
    ngx_mqtt_hub_t      *h;
    ngx_mqtt_retain_t   *retain;
    ngx_mqtt_message_t  *m;

    m = NULL;

    ngx_mqtt_worker_lock(w);

    h = ngx_mqtt_hub_find_locked(w->zone, hub);
    retain = h ? ngx_mqtt_retain_find_locked(w->zone, h, topic) : NULL;

    if (retain) {
        m = retain->message;
    }

    if (m && m->expires && m->expires <= ngx_current_msec) {
        m = NULL;
    }

    if (m) {
        ngx_mqtt_set(w->slot->reading, m);
        ngx_mqtt_set(m->refs, m->refs + 1);
    }

    ngx_mqtt_worker_unlock(w);

    if (m == NULL) {
        return NGX_DECLINED;
    }

    rc = ngx_mqtt_list_read(m, pool, topic, message);

    ngx_mqtt_worker_lock(w);
    ngx_mqtt_set(w->slot->reading, NULL);
    ngx_mqtt_message_unref_locked(w->zone, m);
    ngx_mqtt_worker_unlock(w);

    return rc;
}


static ngx_int_t
ngx_mqtt_list_read(ngx_mqtt_message_t *m, ngx_pool_t *pool, ngx_str_t *topic,
    ngx_mqtt_list_message_t *message)
{
    u_char           *p, *pos, reason;
    ngx_mqtt_text_t   text;

    ngx_memzero(message, sizeof(ngx_mqtt_list_message_t));

    message->topic = *topic;
    message->qos = m->qos;
    message->len = m->payload_len;
    message->left = m->expires ? m->expires - ngx_current_msec : 0;

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_skip(&text, m->topic_len);

    /* in front of stored properties there is no length */

    pos = ngx_pnalloc(pool, 4 + m->props_len);
    if (pos == NULL) {
        return NGX_ERROR;
    }

    p = ngx_mqtt_vbi_write(pos, m->props_len);
    p = ngx_mqtt_text_read(&text, p, m->props_len);

    if (ngx_mqtt_property_parse(&pos, p, NGX_MQTT_PUBLISH, &message->props,
                                &reason)
        != NGX_OK)
    {
        message->props.set = 0;
    }

    if (message->len > NGX_MQTT_LIST_PAYLOAD) {
        return NGX_OK;
    }

    message->payload.data = ngx_pnalloc(pool, message->len + 1);
    if (message->payload.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_mqtt_text_read(&text, message->payload.data, message->len);
    message->payload.len = p - message->payload.data;

    return NGX_OK;
}
