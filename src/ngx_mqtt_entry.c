
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_queue.h>


ngx_mqtt_entry_t *
ngx_mqtt_entry_alloc_locked(ngx_mqtt_zone_t *zone, ngx_uint_t qos,
    uint32_t sub_id)
{
    ngx_mqtt_entry_t  *e;

    e = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_ENTRY,
                                    sizeof(ngx_mqtt_entry_t));
    if (e != NULL) {
        e->next = NULL;
        e->m.message = NULL;
        e->u.ids = NULL;
        e->u.id = sub_id;
        e->order = 0;
        e->packet_id = 0;
        e->qos_state = ngx_mqtt_entry_qs(qos, NGX_MQTT_ENTRY_QUEUED);
        e->flags = 0;
    }

    return e;
}


void
ngx_mqtt_entry_free_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_entry_t *e)
{
    ngx_mqtt_sub_ids_t  *ids;

    if (e->flags & NGX_MQTT_ENTRY_IDS) {
        ids = e->u.ids;
        ngx_mqtt_set(e->flags, 0);
        ngx_mqtt_block_free_locked(zone, ids);
    }

    ngx_mqtt_block_free_locked(zone, e);
}


ngx_int_t
ngx_mqtt_entry_add_id_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_entry_t *e,
    uint32_t sub_id)
{
    ngx_mqtt_sub_ids_t  *ids;

    if (sub_id == 0) {
        return NGX_OK;
    }

    if (e->flags & NGX_MQTT_ENTRY_IDS) {
        ids = e->u.ids;

        if (ids->n == NGX_MQTT_SUB_IDS) {
            return NGX_DECLINED;
        }

        ids->id[ids->n] = sub_id;
        ngx_mqtt_set(ids->n, ids->n + 1);

        return NGX_OK;
    }

    if (e->u.id == 0) {
        ngx_mqtt_set(e->u.id, sub_id);
        return NGX_OK;
    }

    ids = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_SUB_IDS,
                                      sizeof(ngx_mqtt_sub_ids_t));
    if (ids == NULL) {
        return NGX_ERROR;
    }

    ids->n = 2;
    ids->id[0] = e->u.id;
    ids->id[1] = sub_id;

    /* the entry is reachable only by its own worker's publication here */

    ngx_mqtt_set(e->u.ids, ids);
    ngx_mqtt_set(e->flags, e->flags | NGX_MQTT_ENTRY_IDS);

    return NGX_OK;
}
