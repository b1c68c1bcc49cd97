
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>
#include <ngx_mqtt_tree.h>
#include <ngx_mqtt_ticks.h>


static void ngx_mqtt_zone_recover(ngx_mqtt_zone_t *zone);
static uint32_t ngx_mqtt_hub_hash(ngx_mqtt_zone_t *zone, u_char *name,
    size_t len);


#if (NGX_MQTT_KILL_POINTS)

/* the zone whose stores are counted: set for NGX_MQTT_KILL_AT=number */

ngx_mqtt_root_t  *ngx_mqtt_kill_root;

void            (*ngx_mqtt_kill_trace)(const char *file, int line);


void
ngx_mqtt_kill_now(const char *file, int line)
{
    int    fd;
    char  *log;

    log = getenv("NGX_MQTT_KILL_LOG");

    if (log) {
        fd = open(log, O_WRONLY|O_APPEND|O_CREAT, 0666);

        if (fd != -1) {
            (void) dprintf(fd, "%s:%d\n", file, line);
        }
    }

    (void) kill(getpid(), SIGKILL);

    for ( ;; ) {
        pause();
    }
}


void
ngx_mqtt_zone_inspect(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t          i, faults, blocks, pages;
    const char         *what;
    ngx_mqtt_blocks_t  *b;

    what = NULL;
    blocks = 0;
    b = &zone->root->blocks;

    ngx_mqtt_zone_lock(zone, NGX_MQTT_NO_SLOT);

    faults = ngx_mqtt_check_locked(zone, &what);
    pages = b->npages - b->nfree;

    /* indexes and slots stay */

    for (i = NGX_MQTT_KIND_FREE + 1; i < NGX_MQTT_KIND_HASH; i++) {
        blocks += b->nblocks[i];
    }

    ngx_mqtt_zone_unlock(zone);

    ngx_log_error(NGX_LOG_NOTICE, zone->log, 0,
                  "mqtt zone \"%V\": %ui blocks, %ui pages in use",
                  &zone->name, blocks, pages);

    if (faults) {
        ngx_log_error(NGX_LOG_ALERT, zone->log, 0,
                      "mqtt zone \"%V\" has %ui faults: %s",
                      &zone->name, faults, what);
    }
}

#endif


ngx_int_t
ngx_mqtt_zone_format(ngx_mqtt_zone_t *zone, ngx_slab_pool_t *shpool,
    ngx_log_t *log)
{
    u_char              *p, *end, *start;
    size_t               size, ring;
    ngx_uint_t           n;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_timer_t   **rings;

    /* all pages at once: what slab does later cannot break the zone */

    shpool->log_nomem = 0;

    p = NULL;
    n = shpool->pfree;

    while (n > 1) {
        p = ngx_slab_alloc(shpool, n * ngx_pagesize);
        if (p != NULL) {
            break;
        }

        n--;
    }

    size = n * ngx_pagesize;
    ring = NGX_MQTT_WHEEL_SIZE * sizeof(ngx_mqtt_timer_t *);

    if (p == NULL || size < sizeof(ngx_mqtt_root_t) + 2 * ring) {
        return NGX_ERROR;
    }

    end = p + size;
    root = (ngx_mqtt_root_t *) p;
    ngx_memzero(root, sizeof(ngx_mqtt_root_t));

    rings = (ngx_mqtt_timer_t **) ngx_align_ptr(p + sizeof(ngx_mqtt_root_t),
                                                NGX_CPU_CACHE_LINE);
    ngx_memzero(rings, 2 * ring);
    ngx_mqtt_wheel_init_locked(&root->session_wheel, rings);
    ngx_mqtt_wheel_init_locked(&root->retain_wheel,
                               rings + NGX_MQTT_WHEEL_SIZE);

    start = (u_char *) (rings + 2 * NGX_MQTT_WHEEL_SIZE);

    ngx_mqtt_siphash_key(root->key);
    ngx_mqtt_siphash_key(root->secret);

    if (ngx_mqtt_block_init(&root->blocks, start, end) != NGX_OK) {
        return NGX_ERROR;
    }

    zone->root = root;
    zone->shpool = shpool;
    zone->log = log;

    if (ngx_mqtt_hash_init_locked(zone, &root->names) != NGX_OK
        || ngx_mqtt_hash_init_locked(zone, &root->sessions) != NGX_OK
        || ngx_mqtt_hash_init_locked(zone, &root->subs) != NGX_OK
        || ngx_mqtt_hash_init_locked(zone, &root->nodes) != NGX_OK
        || ngx_mqtt_hash_init_locked(zone, &root->groups) != NGX_OK
        || ngx_mqtt_hash_init_locked(zone, &root->users) != NGX_OK)
    {
        return NGX_ERROR;
    }

    shpool->data = root;

#if (NGX_MQTT_KILL_POINTS)

    if (getenv("NGX_MQTT_KILL_AT")) {
        root->kill_at = strtoul(getenv("NGX_MQTT_KILL_AT"), NULL, 10);
        ngx_mqtt_kill_root = root;
    }

#endif

    return NGX_OK;
}


void
ngx_mqtt_zone_attach(ngx_mqtt_zone_t *zone, ngx_slab_pool_t *shpool,
    ngx_log_t *log)
{
    zone->root = shpool->data;
    zone->shpool = shpool;
    zone->log = log;
}


ngx_uint_t
ngx_mqtt_zone_in_use(ngx_mqtt_zone_t *zone)
{
    /* the master asks, and never takes the lock */

    return zone->root->nhubs != 0;
}


void
ngx_mqtt_zone_lock(ngx_mqtt_zone_t *zone, ngx_uint_t slot)
{
    ngx_mqtt_root_t  *root;

    if (!ngx_shmtx_trylock(&zone->shpool->mutex)) {
        ngx_shmtx_lock(&zone->shpool->mutex);
        zone->waits++;
    }

    root = zone->root;

    /* the master released the mutex of a process that died inside */

    while (root->busy) {
        ngx_mqtt_zone_recover(zone);
    }

    root->busy = slot + 1;
    ngx_memory_barrier();

    zone->locked = ngx_mqtt_ticks();
}


/* The mutex is held on entry and on return. */

static void
ngx_mqtt_zone_recover(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t    dead, faults;
    const char   *what;

    faults = 0;
    what = NULL;
    dead = zone->root->busy - 1;

    ngx_mqtt_rebuild_locked(zone, dead);

#if (NGX_MQTT_KILL_POINTS)
    faults = ngx_mqtt_check_locked(zone, &what);
#endif

    /* a rebuild takes as long as it takes */

    zone->locked = ngx_mqtt_ticks();

    ngx_mqtt_zone_unlock(zone);

    ngx_log_error(NGX_LOG_WARN, zone->log, 0,
                  "mqtt zone \"%V\" was rebuilt after a process died "
                  "in slot %ui", &zone->name, dead);

    if (faults) {
        ngx_log_error(NGX_LOG_ALERT, zone->log, 0,
                      "mqtt zone \"%V\" has %ui faults after its rebuild: %s",
                      &zone->name, faults, what);
    }

    ngx_shmtx_lock(&zone->shpool->mutex);
}


void
ngx_mqtt_zone_unlock(ngx_mqtt_zone_t *zone)
{
    uint64_t  held;

    held = ngx_mqtt_ticks() - zone->locked;

    if (held > zone->held) {
        zone->held = held;
    }

#if (NGX_HAVE_ATOMIC_OPS && NGX_HAVE_POSIX_SEM)

    if (*zone->shpool->mutex.wait) {
        zone->woken++;
    }

#endif

    zone->root->blocks.urgent = 0;

    ngx_memory_barrier();
    zone->root->busy = 0;

    ngx_shmtx_unlock(&zone->shpool->mutex);
}


ngx_mqtt_hub_t *
ngx_mqtt_hub_find_locked(ngx_mqtt_zone_t *zone, ngx_str_t *name)
{
    uint32_t          hash;
    ngx_mqtt_hub_t   *hub;
    ngx_mqtt_link_t  *link;

    hash = ngx_mqtt_hub_hash(zone, name->data, name->len);
    link = ngx_mqtt_hash_first(&zone->root->names, hash);

    for ( /* void */ ; link; link = link->next) {

        if (link->hash != hash) {
            continue;
        }

        hub = (ngx_mqtt_hub_t *)
                  ((u_char *) link - offsetof(ngx_mqtt_hub_t, link));

        if (hub->len == name->len
            && ngx_memcmp(hub->name, name->data, name->len) == 0)
        {
            return hub;
        }
    }

    return NULL;
}


static uint32_t
ngx_mqtt_hub_hash(ngx_mqtt_zone_t *zone, u_char *name, size_t len)
{
    return (uint32_t) ngx_mqtt_siphash(zone->root->key, 0, name, len);
}


ngx_mqtt_hub_t *
ngx_mqtt_hub_create_locked(ngx_mqtt_zone_t *zone, ngx_str_t *name)
{
    ngx_mqtt_hub_t  *hub;

    hub = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_HUB,
                                      offsetof(ngx_mqtt_hub_t, name)
                                      + name->len);
    if (hub == NULL) {
        return NULL;
    }

    hub->connections = 0;
    hub->sessions = 0;
    hub->subscriptions = 0;
    hub->nretained = 0;
    hub->publishers = 0;
    hub->len = name->len;
    ngx_memcpy(hub->name, name->data, name->len);

    hub->subs = ngx_mqtt_node_root_locked(zone);
    if (hub->subs == NULL) {
        ngx_mqtt_block_free_locked(zone, hub);
        return NULL;
    }

    hub->retained = ngx_mqtt_node_root_locked(zone);
    if (hub->retained == NULL) {
        ngx_mqtt_block_free_locked(zone, hub->subs);
        ngx_mqtt_block_free_locked(zone, hub);
        return NULL;
    }

    ngx_mqtt_set(hub->state, NGX_MQTT_STATE_LIVE);

    ngx_mqtt_hub_link_locked(zone, hub);

    return hub;
}


void
ngx_mqtt_hub_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub)
{
    ngx_mqtt_root_t  *root;

    root = zone->root;

    hub->next = root->hubs;
    hub->prev = &root->hubs;

    if (hub->next) {
        ngx_mqtt_set(hub->next->prev, &hub->next);
    }

    ngx_mqtt_set(root->hubs, hub);
    ngx_mqtt_set(root->nhubs, root->nhubs + 1);

    ngx_mqtt_hash_add_locked(zone, &root->names, &hub->link,
                             ngx_mqtt_hub_hash(zone, hub->name, hub->len));
}


void
ngx_mqtt_hub_release_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub)
{
    ngx_mqtt_root_t  *root;

    if (hub->connections || hub->sessions || hub->nretained
        || hub->publishers)
    {
        return;
    }

    root = zone->root;

    ngx_mqtt_set(hub->state, NGX_MQTT_STATE_NONE);

    ngx_mqtt_hash_del_locked(zone, &root->names, &hub->link);
    ngx_mqtt_set(*hub->prev, hub->next);

    if (hub->next) {
        ngx_mqtt_set(hub->next->prev, hub->prev);
    }

    ngx_mqtt_set(root->nhubs, root->nhubs - 1);

    ngx_mqtt_block_retire_locked(zone, hub->subs);
    ngx_mqtt_block_retire_locked(zone, hub->retained);
    ngx_mqtt_block_retire_locked(zone, hub);
}
