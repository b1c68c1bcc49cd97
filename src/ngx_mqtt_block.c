
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>


/* blocks of dropped messages freed for a page */
#define NGX_MQTT_CHAIN_URGENT 64

/* pages looked at for a run of several */
#define NGX_MQTT_RUN_SCAN     16384

#define ngx_mqtt_block_link(p)   (((void **) (p))[1])


static ngx_uint_t ngx_mqtt_block_class(size_t size);
static ngx_uint_t ngx_mqtt_block_kept(ngx_mqtt_blocks_t *blocks,
    ngx_uint_t kind);
static ngx_mqtt_page_t *ngx_mqtt_page_take_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t kind);
static void ngx_mqtt_page_give_locked(ngx_mqtt_blocks_t *blocks,
    ngx_mqtt_page_t *page);
static void ngx_mqtt_page_unlink(ngx_mqtt_page_t **list,
    ngx_mqtt_page_t *page);
static void ngx_mqtt_page_link(ngx_mqtt_page_t **list, ngx_mqtt_page_t *page);
static void ngx_mqtt_page_fill_locked(ngx_mqtt_blocks_t *blocks,
    ngx_mqtt_page_t *page, ngx_uint_t kind, ngx_uint_t class);
static ngx_uint_t ngx_mqtt_block_find_run(ngx_mqtt_blocks_t *blocks,
    ngx_uint_t pages);
static void *ngx_mqtt_block_alloc_run_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t kind, ngx_uint_t pages);
static void ngx_mqtt_block_free_run_locked(ngx_mqtt_blocks_t *blocks,
    ngx_mqtt_page_t *page);
static void ngx_mqtt_page_sweep_locked(ngx_mqtt_blocks_t *blocks,
    ngx_mqtt_page_t *page);


static const uint16_t  ngx_mqtt_block_sizes[NGX_MQTT_CLASSES] = {
    32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1360, 2048
};


#define ngx_mqtt_kind_is_root(kind)                                           \
    ((kind) >= NGX_MQTT_KIND_HUB && (kind) <= NGX_MQTT_KIND_RETAIN)

/* one more word for the list of retired blocks */

#define ngx_mqtt_kind_retires(kind)                                           \
    ((kind) <= NGX_MQTT_KIND_SESSION                                          \
     || ((kind) >= NGX_MQTT_KIND_SUB && (kind) <= NGX_MQTT_KIND_USER))


ngx_int_t
ngx_mqtt_block_init(ngx_mqtt_blocks_t *blocks, u_char *start, u_char *end)
{
    ngx_uint_t  n;

    start = ngx_align_ptr(start, NGX_CPU_CACHE_LINE);

    if (end < start + 16 * NGX_MQTT_PAGE_SIZE) {
        return NGX_ERROR;
    }

    n = (end - start - NGX_MQTT_PAGE_SIZE)
        / (NGX_MQTT_PAGE_SIZE + sizeof(ngx_mqtt_page_t));

    /* the entries of pages never used are never touched */

    blocks->table = (ngx_mqtt_page_t *) start;
    blocks->start = ngx_align_ptr(start + n * sizeof(ngx_mqtt_page_t),
                                  NGX_MQTT_PAGE_SIZE);
    blocks->npages = n;
    blocks->nfree = n;

    ngx_mqtt_block_reserve_locked(blocks, 1);

    return NGX_OK;
}


void
ngx_mqtt_block_reserve_locked(ngx_mqtt_blocks_t *blocks, ngx_uint_t keep)
{
    ngx_mqtt_set(blocks->reserve, keep ? ngx_min(blocks->npages / 16, 64) : 0);
}


void *
ngx_mqtt_block_alloc_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    size_t size)
{
    void               *p;
    ngx_uint_t          class;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

#if (NGX_MQTT_KILL_POINTS)

    if (blocks->fail_at && --blocks->fail_at == 0) {
        return NULL;
    }

#endif

    if (ngx_mqtt_kind_retires(kind)) {
        size += sizeof(void *);
    }

    if (size > NGX_MQTT_BLOCK_MAX) {
        return ngx_mqtt_block_alloc_run_locked(zone, kind,
                  (size + NGX_MQTT_PAGE_SIZE - 1) >> NGX_MQTT_PAGE_SHIFT);
    }

    class = ngx_mqtt_block_class(size);
    page = blocks->partial[kind][class];

    if (page == NULL) {
        page = ngx_mqtt_page_take_locked(zone, kind);

        if (page) {
            ngx_mqtt_page_fill_locked(blocks, page, kind, class);

        } else {

            /* the search may have freed some */

            page = blocks->partial[kind][class];
            if (page == NULL) {
                return NULL;
            }
        }
    }

    p = page->free;

    ngx_mqtt_set(page->free, ngx_mqtt_block_link(p));
    ngx_mqtt_set(page->used, page->used + 1);
    ngx_mqtt_set(blocks->nblocks[kind], blocks->nblocks[kind] + 1);

    if (page->free == NULL) {
        ngx_mqtt_page_unlink(&blocks->partial[kind][class], page);
    }

    return p;
}


void
ngx_mqtt_block_free_locked(ngx_mqtt_zone_t *zone, void *p)
{
    ngx_mqtt_page_t    *page, **list;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;
    page = ngx_mqtt_block_page(blocks, p);

    if (page->class == NGX_MQTT_CLASS_RUN) {
        ngx_mqtt_block_free_run_locked(blocks, page);
        return;
    }

    list = &blocks->partial[page->kind][page->class];

    if (ngx_mqtt_kind_is_root(page->kind)) {
        ngx_mqtt_set(*(uint64_t *) p, NGX_MQTT_STATE_NONE);
    }

    ngx_mqtt_set(ngx_mqtt_block_link(p), page->free);

    if (page->free == NULL) {
        ngx_mqtt_page_link(list, page);
    }

    ngx_mqtt_set(page->free, p);
    ngx_mqtt_set(page->used, page->used - 1);
    ngx_mqtt_set(blocks->nblocks[page->kind],
                 blocks->nblocks[page->kind] - 1);

    /* the last partial page stays: the next allocation is likely near */

    if (page->used == 0 && (page->next || *list != page)) {
        ngx_mqtt_page_unlink(list, page);
        ngx_mqtt_page_give_locked(blocks, page);
    }
}


ngx_mqtt_page_t *
ngx_mqtt_block_page(ngx_mqtt_blocks_t *blocks, void *p)
{
    u_char  *b;

    b = p;

    if (b < blocks->start
        || b >= blocks->start + (blocks->fresh << NGX_MQTT_PAGE_SHIFT))
    {
        return NULL;
    }

    return &blocks->table[(b - blocks->start) >> NGX_MQTT_PAGE_SHIFT];
}


size_t
ngx_mqtt_block_size(ngx_mqtt_page_t *page)
{
    if (page->class == NGX_MQTT_CLASS_RUN) {
        return (size_t) page->pages << NGX_MQTT_PAGE_SHIFT;
    }

    return ngx_mqtt_block_sizes[page->class];
}


static ngx_uint_t
ngx_mqtt_block_class(size_t size)
{
    ngx_uint_t  class;

    static const u_char  small[] = { 0, 0, 0, 1, 2, 3, 3, 4, 4 };

    if (size <= 128) {
        return small[(size + 15) / 16];
    }

    for (class = 5; ngx_mqtt_block_sizes[class] < size; class++) {
        /* void */
    }

    return class;
}


/* Free pages that this kind must leave. */

static ngx_uint_t
ngx_mqtt_block_kept(ngx_mqtt_blocks_t *blocks, ngx_uint_t kind)
{
    if (kind == NGX_MQTT_KIND_SLOT) {
        return 0;
    }

    return blocks->urgent ? blocks->reserve / 2 : blocks->reserve;
}


static ngx_mqtt_page_t *
ngx_mqtt_page_take_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind)
{
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

    if (blocks->nfree <= ngx_mqtt_block_kept(blocks, kind)) {
        ngx_mqtt_block_free_chains_locked(zone, NGX_MQTT_CHAIN_URGENT);

        if (blocks->nfree <= ngx_mqtt_block_kept(blocks, kind)) {
            return NULL;
        }
    }

    page = blocks->free;

    if (page) {
        ngx_mqtt_page_unlink(&blocks->free, page);

    } else if (blocks->fresh < blocks->npages) {
        page = &blocks->table[blocks->fresh];
        page->kind = NGX_MQTT_KIND_FREE;
        ngx_mqtt_set(blocks->fresh, blocks->fresh + 1);

    } else {
        return NULL;
    }

    ngx_mqtt_set(blocks->nfree, blocks->nfree - 1);

    return page;
}


static void
ngx_mqtt_page_give_locked(ngx_mqtt_blocks_t *blocks, ngx_mqtt_page_t *page)
{
    ngx_mqtt_set(page->kind, NGX_MQTT_KIND_FREE);
    ngx_mqtt_page_link(&blocks->free, page);
    ngx_mqtt_set(blocks->nfree, blocks->nfree + 1);
}


static void
ngx_mqtt_page_link(ngx_mqtt_page_t **list, ngx_mqtt_page_t *page)
{
    ngx_mqtt_set(page->prev, NULL);
    ngx_mqtt_set(page->next, *list);

    if (*list) {
        ngx_mqtt_set((*list)->prev, page);
    }

    ngx_mqtt_set(*list, page);
}


static void
ngx_mqtt_page_unlink(ngx_mqtt_page_t **list, ngx_mqtt_page_t *page)
{
    if (page->prev) {
        ngx_mqtt_set(page->prev->next, page->next);

    } else {
        ngx_mqtt_set(*list, page->next);
    }

    if (page->next) {
        ngx_mqtt_set(page->next->prev, page->prev);
    }
}


/* Cuts a page into free blocks and makes it the first partial one. */

static void
ngx_mqtt_page_fill_locked(ngx_mqtt_blocks_t *blocks, ngx_mqtt_page_t *page,
    ngx_uint_t kind, ngx_uint_t class)
{
    u_char  *p, *start;
    size_t   size;
    void    *next;

    size = ngx_mqtt_block_sizes[class];
    start = ngx_mqtt_page_start(blocks, page);
    next = NULL;

    for (p = start + (NGX_MQTT_PAGE_SIZE / size - 1) * size;
         p >= start;
         p -= size)
    {
        *(uint64_t *) p = NGX_MQTT_STATE_NONE;
        ngx_mqtt_block_link(p) = next;
        next = p;
    }

    page->free = start;
    page->used = 0;
    page->pages = 1;
    page->class = class;

    ngx_mqtt_set(page->kind, kind);

    ngx_mqtt_page_link(&blocks->partial[kind][class], page);
}


/*
 * The first of adjacent free pages, or the number of all pages.  A look at
 * many pages goes on where the last one ended; it may miss what is there.
 */

static ngx_uint_t
ngx_mqtt_block_find_run(ngx_mqtt_blocks_t *blocks, ngx_uint_t pages)
{
    ngx_uint_t  i, n, tries;

    if (pages == 1 && blocks->free) {
        return ngx_mqtt_page_number(blocks, blocks->free);
    }

    if (blocks->npages - blocks->fresh >= pages) {
        return blocks->fresh;
    }

    n = 0;
    i = blocks->rover;

    for (tries = ngx_min(blocks->npages, NGX_MQTT_RUN_SCAN) + pages;
         tries;
         tries--)
    {
        if (i >= blocks->npages) {
            i = 0;
            n = 0;
        }

        n = (i >= blocks->fresh
             || blocks->table[i].kind == NGX_MQTT_KIND_FREE) ? n + 1 : 0;
        i++;

        if (n == pages) {
            blocks->rover = i;
            return i - n;
        }
    }

    blocks->rover = i - n;

    return blocks->npages;
}


static void *
ngx_mqtt_block_alloc_run_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_uint_t pages)
{
    void               *p;
    ngx_uint_t          i, first, fresh;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

    if (blocks->nfree < pages + ngx_mqtt_block_kept(blocks, kind)) {
        ngx_mqtt_block_free_chains_locked(zone, NGX_MQTT_CHAIN_URGENT);
    }

    if (blocks->nfree < pages + ngx_mqtt_block_kept(blocks, kind)) {
        return NULL;
    }

    first = ngx_mqtt_block_find_run(blocks, pages);

    if (first == blocks->npages) {
        return NULL;
    }

    page = &blocks->table[first];
    fresh = blocks->fresh;

    for (i = fresh; i < first + pages; i++) {
        blocks->table[i].kind = NGX_MQTT_KIND_FREE;
    }

    if (fresh < first + pages) {
        ngx_mqtt_set(blocks->fresh, first + pages);
    }

    for (i = first; i < first + pages; i++) {

        if (i < fresh) {
            ngx_mqtt_page_unlink(&blocks->free, &blocks->table[i]);
        }

        blocks->table[i].class = NGX_MQTT_CLASS_REST;
        ngx_mqtt_set(blocks->table[i].kind, kind);
    }

    p = ngx_mqtt_page_start(blocks, page);
    *(uint64_t *) p = NGX_MQTT_STATE_NONE;

    page->pages = pages;
    page->used = 1;
    page->free = NULL;

    ngx_mqtt_set(page->class, NGX_MQTT_CLASS_RUN);
    ngx_mqtt_set(blocks->nfree, blocks->nfree - pages);
    ngx_mqtt_set(blocks->nblocks[kind], blocks->nblocks[kind] + 1);

    return p;
}


static void
ngx_mqtt_block_free_run_locked(ngx_mqtt_blocks_t *blocks,
    ngx_mqtt_page_t *page)
{
    ngx_uint_t  i, n, kind;

    n = page->pages;
    kind = page->kind;

    ngx_mqtt_set(page->class, NGX_MQTT_CLASS_REST);

    for (i = 0; i < n; i++) {
        ngx_mqtt_page_give_locked(blocks, &page[i]);
    }

    ngx_mqtt_set(blocks->nblocks[kind], blocks->nblocks[kind] - 1);
}


void
ngx_mqtt_block_sweep_locked(ngx_mqtt_zone_t *zone)
{
    ngx_uint_t          i, n;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &zone->root->blocks;

    ngx_memzero(blocks->partial, sizeof(blocks->partial));
    ngx_memzero(blocks->nblocks, sizeof(blocks->nblocks));

    blocks->free = NULL;
    blocks->nfree = blocks->npages - blocks->fresh;

    for (i = 0; i < blocks->fresh; i += n) {
        page = &blocks->table[i];
        n = 1;

        if (page->kind == NGX_MQTT_KIND_FREE
            || page->class == NGX_MQTT_CLASS_REST
            || (page->mark[0] | page->mark[1]) == 0)
        {
            /* the rest of a dropped run follows as pages of their own */

            page->class = NGX_MQTT_CLASS_REST;
            ngx_mqtt_page_give_locked(blocks, page);
            continue;
        }

        if (page->class == NGX_MQTT_CLASS_RUN) {
            n = page->pages;
            blocks->nblocks[page->kind]++;
            continue;
        }

        ngx_mqtt_page_sweep_locked(blocks, page);
    }
}


static void
ngx_mqtt_page_sweep_locked(ngx_mqtt_blocks_t *blocks, ngx_mqtt_page_t *page)
{
    u_char      *p, *start;
    size_t       size;
    ngx_uint_t   i;

    size = ngx_mqtt_block_sizes[page->class];
    start = ngx_mqtt_page_start(blocks, page);

    page->free = NULL;
    page->used = 0;

    i = NGX_MQTT_PAGE_SIZE / size;

    while (i--) {
        p = start + i * size;

        if (page->mark[i / 64] & ((uint64_t) 1 << (i % 64))) {
            page->used++;
            continue;
        }

        if (ngx_mqtt_kind_is_root(page->kind)) {
            ngx_mqtt_set(*(uint64_t *) p, NGX_MQTT_STATE_NONE);
        }

        ngx_mqtt_block_link(p) = page->free;
        page->free = p;
    }

    blocks->nblocks[page->kind] += page->used;

    if (page->free) {
        ngx_mqtt_page_link(&blocks->partial[page->kind][page->class], page);
    }
}
