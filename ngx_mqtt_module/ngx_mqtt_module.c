
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_module.h>


static ngx_int_t ngx_mqtt_init_zone(ngx_shm_zone_t *shm_zone, void *data);
static ngx_mqtt_member_t *ngx_mqtt_member_find(ngx_slab_pool_t *shpool);
static ngx_mqtt_member_t *ngx_mqtt_member_join(ngx_mqtt_conf_zone_t *zone,
    ngx_log_t *log);
static void ngx_mqtt_member_leave(ngx_mqtt_member_t *m);

static ngx_int_t ngx_mqtt_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_mqtt_init_process(ngx_cycle_t *cycle);
static void ngx_mqtt_exit_process(ngx_cycle_t *cycle);


static ngx_core_module_t  ngx_mqtt_module_ctx = {
    ngx_string("mqtt"),
    NULL,                                  /* create configuration */
    ngx_mqtt_conf_init                     /* init configuration */
};


ngx_module_t  ngx_mqtt_module = {
    NGX_MODULE_V1,
    &ngx_mqtt_module_ctx,                  /* module context */
    ngx_mqtt_commands,                     /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_mqtt_init_module,                  /* init module */
    ngx_mqtt_init_process,                 /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_mqtt_exit_process,                 /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


ngx_uint_t  ngx_mqtt_leaving;

/* configurations so far; workers have the number of theirs by fork() */
static ngx_uint_t  ngx_mqtt_generation;

static ngx_queue_t  ngx_mqtt_members = {
    &ngx_mqtt_members, &ngx_mqtt_members
};


char *
ngx_mqtt_add_zone(ngx_conf_t *cf, ngx_mqtt_conf_zone_t *zone)
{
    ngx_shm_zone_t  *shm_zone;

    shm_zone = ngx_shared_memory_add(cf, &zone->name, zone->size,
                                     &ngx_mqtt_module);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    shm_zone->init = ngx_mqtt_init_zone;
    shm_zone->data = zone;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_mqtt_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_slab_pool_t       *shpool;
    ngx_mqtt_conf_zone_t  *zone;

    zone = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    /* a reload that comes here can still fail: nothing may be changed */

    if (data || shm_zone->shm.exists) {
        ngx_mqtt_zone_attach(&zone->handle, shpool, shm_zone->shm.log);
        return NGX_OK;
    }

    if (ngx_mqtt_zone_format(&zone->handle, shpool, shm_zone->shm.log)
        != NGX_OK)
    {
        ngx_mqtt_conf_error(shm_zone->shm.log, &zone->place,
                            "mqtt_zone \"%V\" is too small, enlarge it",
                            &zone->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_mqtt_worker_t *
ngx_mqtt_member_worker(ngx_mqtt_conf_zone_t *zone)
{
    ngx_mqtt_member_t  *m;

    /*
     * Not the zone's handle but its memory tells members apart: without a
     * master process, a reload makes a new handle and no new process.
     */

    m = ngx_mqtt_member_find(zone->handle.shpool);

    if (m == NULL) {
        m = ngx_mqtt_member_join(zone, ngx_cycle->log);
    }

    return m ? m->worker : NULL;
}


ngx_mqtt_hub_conf_t *
ngx_mqtt_member_settings(ngx_mqtt_worker_t *w, ngx_str_t *hub)
{
    ngx_mqtt_conf_t      *mcf;
    ngx_mqtt_member_t    *m;
    ngx_mqtt_conf_hub_t  *h;

    m = ngx_mqtt_worker_data(w);

    mcf = (ngx_mqtt_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_mqtt_module);

    h = mcf ? ngx_mqtt_conf_hub_named(mcf, hub) : NULL;

    if (h == NULL || h->zone->handle.shpool != m->zone.shpool) {
        return NULL;
    }

    return &h->settings;
}


ngx_mqtt_member_t *
ngx_mqtt_member_next(ngx_mqtt_member_t *m)
{
    ngx_queue_t  *q;

    q = m ? ngx_queue_next(&m->queue) : ngx_queue_head(&ngx_mqtt_members);

    if (q == ngx_queue_sentinel(&ngx_mqtt_members)) {
        return NULL;
    }

    return ngx_queue_data(q, ngx_mqtt_member_t, queue);
}


static ngx_mqtt_member_t *
ngx_mqtt_member_find(ngx_slab_pool_t *shpool)
{
    ngx_mqtt_member_t  *m;

    for (m = ngx_mqtt_member_next(NULL); m; m = ngx_mqtt_member_next(m)) {
        if (m->zone.shpool == shpool) {
            return m;
        }
    }

    return NULL;
}


static ngx_mqtt_member_t *
ngx_mqtt_member_join(ngx_mqtt_conf_zone_t *zone, ngx_log_t *log)
{
    ngx_mqtt_member_t  *m;

    m = ngx_calloc(sizeof(ngx_mqtt_member_t), log);
    if (m == NULL) {
        return NULL;
    }

    m->zone = zone->handle;
    m->zone.log = log;
    m->zone.generation = ngx_mqtt_generation;
    m->fd = (ngx_socket_t) -1;

    ngx_mqtt_wake_init(m, log);

    m->worker = ngx_mqtt_worker_create(&m->zone, &ngx_mqtt_wake_ops, m, log);

    if (m->worker == NULL) {
        ngx_log_error(NGX_LOG_CRIT, log, 0,
                      "could not join mqtt zone \"%V\"", &zone->name);
        ngx_free(m);
        return NULL;
    }

    m->slot = ngx_mqtt_worker_slot(m->worker);

    ngx_mqtt_wake_start(m, log);
    ngx_mqtt_timer_start(m, log);

    ngx_queue_insert_tail(&ngx_mqtt_members, &m->queue);

    return m;
}


static void
ngx_mqtt_member_leave(ngx_mqtt_member_t *m)
{
    ngx_mqtt_worker_destroy(m->worker);

    ngx_mqtt_timer_stop(m);
    ngx_mqtt_wake_stop(m);

    ngx_queue_remove(&m->queue);
    ngx_free(m);
}


static ngx_int_t
ngx_mqtt_init_module(ngx_cycle_t *cycle)
{
    ngx_mqtt_conf_t  *conf;

    if (ngx_test_config) {
        return NGX_OK;
    }

    ngx_mqtt_generation++;

    conf = (ngx_mqtt_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_mqtt_module);

    if (conf && conf->zones.nelts) {
        ngx_mqtt_wake_open(cycle->log);

    } else if (ngx_process == NGX_PROCESS_MASTER) {
        ngx_mqtt_wake_close();
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t              i;
    ngx_mqtt_conf_t        *conf;
    ngx_mqtt_conf_zone_t  **zone;

    /* not in the cache manager and loader */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    conf = (ngx_mqtt_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_mqtt_module);

    if (conf == NULL) {
        return NGX_OK;
    }

    zone = conf->zones.elts;

    for (i = 0; i < conf->zones.nelts; i++) {

        /*
         * A worker that could not join serves everything else, and tries
         * again with each client: an error here would end it for good.
         */

        (void) ngx_mqtt_member_join(zone[i], cycle->log);
    }

    return NGX_OK;
}


static void
ngx_mqtt_exit_process(ngx_cycle_t *cycle)
{
    ngx_mqtt_member_t  *m;

    ngx_mqtt_leaving = 1;

    for (m = ngx_mqtt_member_next(NULL); m; m = ngx_mqtt_member_next(NULL)) {
        ngx_mqtt_member_leave(m);
    }
}
