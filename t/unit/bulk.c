
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "bulk.h"


#define BULK_EXCLUDED  16


ngx_mqtt_hub_conf_t  bulk_conf = { .max_qos = 2 };

ngx_uint_t           bulk_ended;
ngx_int_t            bulk_rc;
ngx_uint_t           bulk_count;


static void
bulk_done(ngx_mqtt_bulk_t *bulk, ngx_int_t rc)
{
    bulk_ended++;
    bulk_rc = rc;
    bulk_count = bulk->count;
}


ngx_mqtt_bulk_t *
bulk_make(ngx_mqtt_worker_t *w, ngx_mqtt_bulk_action_e action,
    ngx_mqtt_targets_kind_e kind, const char *name, const char *text)
{
    ngx_str_t         str;
    ngx_mqtt_bulk_t  *bulk;

    bulk = ngx_mqtt_bulk_create(w);
    if (bulk == NULL) {
        exit(2);
    }

    str = store_str(text ? text : "");

    bulk->conf = &bulk_conf;
    bulk->hub = store_str("h");
    bulk->action = action;
    bulk->targets.kind = kind;
    bulk->targets.name = store_str(name ? name : "");
    bulk->done = bulk_done;

    if (action == NGX_MQTT_BULK_SEND) {
        bulk->payload = str;

    } else if (action == NGX_MQTT_BULK_CLOSE) {
        bulk->reason = str;

    } else if (text) {
        bulk->groups = ngx_palloc(bulk->pool, sizeof(ngx_str_t));
        bulk->groups[0] = str;
        bulk->ngroups = 1;
    }

    return bulk;
}


void
bulk_exclude(ngx_mqtt_bulk_t *bulk, const char *id)
{
    ngx_mqtt_targets_t  *t;

    t = &bulk->targets;

    if (t->excluded == NULL) {
        t->excluded = ngx_palloc(bulk->pool,
                                 BULK_EXCLUDED * sizeof(ngx_str_t));
    }

    t->excluded[t->nexcluded++] = store_str(id);
}


ngx_int_t
bulk_start(ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t  rc;

    rc = ngx_mqtt_bulk_start(bulk);

    if (rc != NGX_AGAIN) {
        bulk_count = bulk->count;
        ngx_mqtt_bulk_destroy(bulk);
    }

    return rc;
}


ngx_int_t
bulk_run(ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t           rc;
    ngx_uint_t          i;
    ngx_mqtt_worker_t  *w;

    w = bulk->worker;
    bulk_ended = 0;

    rc = bulk_start(bulk);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    for (i = 0; bulk_ended == 0 && i < 100000; i++) {
        (void) ngx_mqtt_worker_run(w);
    }

    return bulk_ended ? bulk_rc : NGX_AGAIN;
}
