
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>


void
ngx_mqtt_block_unmark_all_locked(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t          i;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

    for (i = 0; i < blocks->fresh; i++) {
        blocks->table[i].mark[0] = 0;
        blocks->table[i].mark[1] = 0;
    }
}


ngx_uint_t
ngx_mqtt_block_mark_locked(ngx_mqtt_zone_t *zone, void *p)
{
    uint64_t            bit;
    ngx_uint_t          n;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;
    page = ngx_mqtt_block_page(blocks, p);

    n = 0;

    if (page->class < NGX_MQTT_CLASSES) {
        n = ((u_char *) p - ngx_mqtt_page_start(blocks, page))
            / ngx_mqtt_block_size(page);
    }

    bit = (uint64_t) 1 << (n % 64);

    if (page->mark[n / 64] & bit) {
        return 0;
    }

    page->mark[n / 64] |= bit;

    return 1;
}


ngx_uint_t
ngx_mqtt_block_marked_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind, void *p)
{
    size_t              offset;
    ngx_uint_t          n;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;
    page = ngx_mqtt_block_page(blocks, p);

    if (page == NULL || page->kind != kind
        || page->class == NGX_MQTT_CLASS_REST)
    {
        return 0;
    }

    n = 0;
    offset = (u_char *) p - ngx_mqtt_page_start(blocks, page);

    if (page->class < NGX_MQTT_CLASSES) {
        n = offset / ngx_mqtt_block_size(page);
        offset %= ngx_mqtt_block_size(page);
    }

    return offset == 0 && (page->mark[n / 64] & ((uint64_t) 1 << (n % 64)));
}


ngx_int_t
ngx_mqtt_block_walk_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_uint_t *number, ngx_uint_t *budget, ngx_mqtt_block_pt handler,
    void *data)
{
    u_char             *p, *end;
    size_t              size;
    ngx_int_t           rc;
    ngx_uint_t          n, others;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    others = 0;
    blocks = &zone->root->blocks;

    for ( /* void */ ; *number < blocks->fresh; (*number)++) {

        if (*budget == 0) {
            return NGX_OK;
        }

        page = &blocks->table[*number];

        if (page->kind != kind || page->class == NGX_MQTT_CLASS_REST) {
            *budget -= (++others % 16 == 0);
            continue;
        }

        size = ngx_mqtt_block_size(page);
        n = (page->class == NGX_MQTT_CLASS_RUN) ? 1
                                                : NGX_MQTT_PAGE_SIZE / size;
        *budget -= ngx_min(*budget, n);

        p = ngx_mqtt_page_start(blocks, page);
        end = p + n * size;

        for ( /* void */ ; p < end; p += size) {

            if (*(uint64_t *) p == NGX_MQTT_STATE_NONE) {
                continue;
            }

            rc = handler(zone, p, data);
            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return NGX_DONE;
}


ngx_int_t
ngx_mqtt_block_next_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_uint_t *number, ngx_uint_t *place, ngx_uint_t *budget, void **block)
{
    u_char             *p;
    size_t              size;
    ngx_uint_t          n, others;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    others = 0;
    blocks = &zone->root->blocks;

    for ( /* void */ ; *number < blocks->fresh; (*number)++, *place = 0) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        page = &blocks->table[*number];

        if (page->kind != kind || page->class == NGX_MQTT_CLASS_REST) {
            *budget -= (++others % 16 == 0);
            continue;
        }

        size = ngx_mqtt_block_size(page);
        n = (page->class == NGX_MQTT_CLASS_RUN) ? 1
                                                : NGX_MQTT_PAGE_SIZE / size;

        while (*place < n) {

            if (*budget == 0) {
                return NGX_AGAIN;
            }

            (*budget)--;

            p = ngx_mqtt_page_start(blocks, page) + (*place)++ * size;

            if (*(uint64_t *) p != NGX_MQTT_STATE_NONE) {
                *block = p;
                return NGX_OK;
            }
        }
    }

    return NGX_DONE;
}


void
ngx_mqtt_block_walk_all_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_mqtt_block_pt handler, void *data)
{
    ngx_uint_t  page, budget;

    page = 0;
    budget = NGX_MAX_INT_T_VALUE;

    (void) ngx_mqtt_block_walk_locked(zone, kind, &page, &budget, handler,
                                      data);
}
