
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_session.h>


static uint16_t *ngx_mqtt_session_id_place(ngx_mqtt_session_t *s,
    uint16_t id);


ngx_uint_t
ngx_mqtt_session_holds_id_locked(ngx_mqtt_session_t *s, uint16_t id)
{
    return ngx_mqtt_session_id_place(s, id) != NULL;
}


ngx_int_t
ngx_mqtt_session_reserve_id_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_session_t *s)
{
    ngx_mqtt_ids_t  *ids;

    if (ngx_mqtt_session_id_place(s, 0) != NULL) {
        return NGX_OK;
    }

    ids = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_IDS,
                                      sizeof(ngx_mqtt_ids_t));
    if (ids == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(ids, sizeof(ngx_mqtt_ids_t));
    ids->next = s->ids;

    ngx_mqtt_set(s->ids, ids);

    return NGX_OK;
}


void
ngx_mqtt_session_hold_id_locked(ngx_mqtt_session_t *s, uint16_t id)
{
    uint16_t  *place;

    if (ngx_mqtt_session_holds_id_locked(s, id)) {
        return;
    }

    place = ngx_mqtt_session_id_place(s, 0);

    if (place) {
        ngx_mqtt_set(*place, id);
    }
}


ngx_int_t
ngx_mqtt_session_release_id_locked(ngx_mqtt_session_t *s, uint16_t id)
{
    uint16_t  *place;

    place = ngx_mqtt_session_id_place(s, id);

    if (place == NULL) {
        return NGX_DECLINED;
    }

    ngx_mqtt_set(*place, 0);

    return NGX_OK;
}


static uint16_t *
ngx_mqtt_session_id_place(ngx_mqtt_session_t *s, uint16_t id)
{
    ngx_uint_t       i;
    ngx_mqtt_ids_t  *ids;

    for (ids = s->ids; ids; ids = ids->next) {
        for (i = 0; i < NGX_MQTT_IDS; i++) {
            if (ids->id[i] == id) {
                return &ids->id[i];
            }
        }
    }

    return NULL;
}
