
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * What is free in a zone must not be touched: the address sanitizer is told,
 * except for the words that the allocator and a rebuild look at, and for
 * pages that are wholly free.
 */


#include <sanitizer/asan_interface.h>
#include "world.h"


void *__real_ngx_mqtt_block_alloc_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t kind, size_t size);
void __real_ngx_mqtt_block_free_locked(ngx_mqtt_zone_t *zone, void *p);
void __real_ngx_mqtt_block_retire_locked(ngx_mqtt_zone_t *zone, void *p);
void __real_ngx_mqtt_block_reclaim_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t budget);
void __real_ngx_mqtt_block_sweep_locked(ngx_mqtt_zone_t *zone);

void *__wrap_ngx_mqtt_block_alloc_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t kind, size_t size);
void __wrap_ngx_mqtt_block_free_locked(ngx_mqtt_zone_t *zone, void *p);
void __wrap_ngx_mqtt_block_retire_locked(ngx_mqtt_zone_t *zone, void *p);
void __wrap_ngx_mqtt_block_reclaim_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t budget);
void __wrap_ngx_mqtt_block_sweep_locked(ngx_mqtt_zone_t *zone);


void
world_unpoison(ngx_mqtt_zone_t *zone)
{
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

    ASAN_UNPOISON_MEMORY_REGION(blocks->start,
                                blocks->npages << NGX_MQTT_PAGE_SHIFT);
}


/* Pages that have become free. */

static void
poison_pages(ngx_mqtt_zone_t *zone, ngx_mqtt_page_t *page, ngx_uint_t n)
{
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

    for ( /* void */ ; n; n--, page++) {
        if (page->kind == NGX_MQTT_KIND_FREE) {
            ASAN_UNPOISON_MEMORY_REGION(blocks->start + ((page - blocks->table)
                                                     << NGX_MQTT_PAGE_SHIFT),
                                        NGX_MQTT_PAGE_SIZE);
        }
    }
}


static void
poison_block(ngx_mqtt_zone_t *zone, void *p, ngx_mqtt_page_t *page,
    size_t size)
{
    if (page->kind == NGX_MQTT_KIND_FREE) {
        poison_pages(zone, page, 1);
        return;
    }

    ASAN_POISON_MEMORY_REGION((u_char *) p + 16, size - 16);
}


void *
__wrap_ngx_mqtt_block_alloc_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    size_t size)
{
    void  *p;

    p = __real_ngx_mqtt_block_alloc_locked(zone, kind, size);

    if (p) {
        size = ngx_mqtt_block_size(ngx_mqtt_block_page(&zone->root->blocks,
                                                       p));
        ASAN_UNPOISON_MEMORY_REGION(p, size);
    }

    return p;
}


void
__wrap_ngx_mqtt_block_free_locked(ngx_mqtt_zone_t *zone, void *p)
{
    size_t            size;
    ngx_mqtt_page_t  *page;

    page = ngx_mqtt_block_page(&zone->root->blocks, p);
    size = ngx_mqtt_block_size(page);

    __real_ngx_mqtt_block_free_locked(zone, p);

    poison_block(zone, p, page, size);
}


void
__wrap_ngx_mqtt_block_retire_locked(ngx_mqtt_zone_t *zone, void *p)
{
    size_t            size;
    ngx_uint_t        walkers;
    ngx_mqtt_page_t  *page;

    page = ngx_mqtt_block_page(&zone->root->blocks, p);
    size = ngx_mqtt_block_size(page);
    walkers = zone->root->walkers;

    __real_ngx_mqtt_block_retire_locked(zone, p);

    if (walkers == 0) {
        poison_block(zone, p, page, size);
    }
}


void
__wrap_ngx_mqtt_block_reclaim_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t budget)
{
    __real_ngx_mqtt_block_reclaim_locked(zone, budget);

    poison_pages(zone, zone->root->blocks.table, zone->root->blocks.fresh);
}


void
__wrap_ngx_mqtt_block_sweep_locked(ngx_mqtt_zone_t *zone)
{
    __real_ngx_mqtt_block_sweep_locked(zone);

    world_unpoison(zone);
}
