
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_check.h>


/*
 * The proof of a zone's invariants: everything reachable is marked, once, and
 * the marks are compared with what the allocator believes.  This file looks
 * after memory and indexes, the others after what is kept in them.
 */


static void ngx_mqtt_check_hash(ngx_mqtt_check_t *ck, ngx_mqtt_hash_t *hash,
    ngx_uint_t count, const char *what);
static void ngx_mqtt_check_table(ngx_mqtt_check_t *ck, ngx_mqtt_hash_t *hash,
    ngx_mqtt_link_t ***table, ngx_uint_t first, ngx_uint_t *n,
    const char *what);
static ngx_uint_t ngx_mqtt_check_bucket(ngx_mqtt_hash_t *hash,
    uint32_t value);
static void ngx_mqtt_check_wheel(ngx_mqtt_check_t *ck,
    ngx_mqtt_wheel_t *wheel, ngx_uint_t count, const char *what);
static void ngx_mqtt_check_page(ngx_mqtt_check_t *ck, ngx_mqtt_page_t *page);
static void ngx_mqtt_check_free_blocks(ngx_mqtt_check_t *ck,
    ngx_mqtt_page_t *page);
static void ngx_mqtt_check_run(ngx_mqtt_check_t *ck, ngx_mqtt_page_t *page);
static ngx_uint_t ngx_mqtt_check_page_list(ngx_mqtt_check_t *ck,
    ngx_mqtt_page_t *list, ngx_uint_t kind, ngx_uint_t class);
static void ngx_mqtt_check_partial(ngx_mqtt_check_t *ck, ngx_uint_t kind);


#define NGX_MQTT_CHECK_SEGMENT                                                \
    (NGX_MQTT_BLOCK_MAX / sizeof(ngx_mqtt_link_t *))


ngx_uint_t
ngx_mqtt_check_locked(ngx_mqtt_zone_t *zone, const char **what)
{
    ngx_mqtt_check_t  ck;

    ngx_memzero(&ck, sizeof(ngx_mqtt_check_t));

    ck.zone = zone;
    ck.root = zone->root;

    ngx_mqtt_block_unmark_all_locked(zone);

    ngx_mqtt_check_slots(&ck);
    ngx_mqtt_check_sessions(&ck);
    ngx_mqtt_check_retains(&ck);
    ngx_mqtt_check_hubs(&ck);
    ngx_mqtt_check_hashes(&ck);
    ngx_mqtt_check_wheels(&ck);
    ngx_mqtt_check_retired(&ck);
    ngx_mqtt_check_dropped(&ck);

    /* what follows relies on links that were found to be good */

    if (ck.errors == 0) {
        ngx_mqtt_check_references(&ck);
        ngx_mqtt_check_pages(&ck);
    }

    ngx_mqtt_block_unmark_all_locked(zone);

    *what = ck.what;

    return ck.errors;
}


ngx_uint_t
ngx_mqtt_check_fail(ngx_mqtt_check_t *ck, const char *what)
{
    if (ck->errors++ == 0) {
        ck->what = what;
    }

    return 0;
}


ngx_uint_t
ngx_mqtt_check_block(ngx_mqtt_check_t *ck, void *p, ngx_uint_t kind,
    const char *what)
{
    size_t              offset, size;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    blocks = &ck->root->blocks;
    page = ngx_mqtt_block_page(blocks, p);

    if (page == NULL || page->kind != kind
        || page->class > NGX_MQTT_CLASSES)
    {
        return ngx_mqtt_check_fail(ck, what);
    }

    size = ngx_mqtt_block_size(page);
    offset = ((u_char *) p - blocks->start) & (NGX_MQTT_PAGE_SIZE - 1);

    if (page->class == NGX_MQTT_CLASSES ? offset != 0 : offset % size != 0) {
        return ngx_mqtt_check_fail(ck, what);
    }

    return 1;
}


ngx_uint_t
ngx_mqtt_check_mark(ngx_mqtt_check_t *ck, void *p, ngx_uint_t kind,
    const char *what)
{
    if (!ngx_mqtt_check_block(ck, p, kind, what)) {
        return 0;
    }

    return ngx_mqtt_check(ck, ngx_mqtt_block_mark_locked(ck->zone, p), what);
}


void
ngx_mqtt_check_hashes(ngx_mqtt_check_t *ck)
{
    ngx_mqtt_check_hash(ck, &ck->root->names, ck->root->nhubs, "hub hash");
    ngx_mqtt_check_hash(ck, &ck->root->sessions, ck->live, "session hash");
    ngx_mqtt_check_hash(ck, &ck->root->subs, ck->subs, "subscription hash");
    ngx_mqtt_check_hash(ck, &ck->root->nodes, ck->nodes, "node hash");
    ngx_mqtt_check_hash(ck, &ck->root->groups, ck->groups, "group hash");
    ngx_mqtt_check_hash(ck, &ck->root->users, ck->users, "user hash");
}


static void
ngx_mqtt_check_hash(ngx_mqtt_check_t *ck, ngx_mqtt_hash_t *hash,
    ngx_uint_t count, const char *what)
{
    ngx_uint_t  i, n;

    n = 0;

    ngx_mqtt_check(ck, hash->nbuckets >= NGX_MQTT_CHECK_SEGMENT, what);

    for (i = 0; i < NGX_MQTT_HASH_DIR; i++) {

        if (hash->dir[i] == NULL) {
            ngx_mqtt_check(ck, hash->nbuckets <= i * NGX_MQTT_CHECK_SEGMENT
                                                 * NGX_MQTT_CHECK_SEGMENT,
                           what);
            continue;
        }

        if (ngx_mqtt_check_mark(ck, hash->dir[i], NGX_MQTT_KIND_HASH, what)) {
            ngx_mqtt_check_table(ck, hash, hash->dir[i],
                                 i * NGX_MQTT_CHECK_SEGMENT, &n, what);
        }
    }

    ngx_mqtt_check(ck, n == hash->count && n == count, what);
}


static void
ngx_mqtt_check_table(ngx_mqtt_check_t *ck, ngx_mqtt_hash_t *hash,
    ngx_mqtt_link_t ***table, ngx_uint_t first, ngx_uint_t *n,
    const char *what)
{
    ngx_uint_t        i, k, bucket;
    ngx_mqtt_link_t  *link;

    for (i = 0; i < NGX_MQTT_CHECK_SEGMENT; i++) {

        bucket = (first + i) * NGX_MQTT_CHECK_SEGMENT;

        if (table[i] == NULL) {
            ngx_mqtt_check(ck, hash->nbuckets <= bucket, what);
            continue;
        }

        if (!ngx_mqtt_check_mark(ck, table[i], NGX_MQTT_KIND_HASH, what)) {
            continue;
        }

        for (k = 0; k < NGX_MQTT_CHECK_SEGMENT; k++, bucket++) {

            if (bucket >= hash->nbuckets) {
                break;
            }

            for (link = table[i][k]; link; link = link->next) {

                if (ngx_mqtt_check_bucket(hash, link->hash) != bucket
                    || (*n)++ > hash->count)
                {
                    ngx_mqtt_check_fail(ck, what);
                    break;
                }
            }
        }
    }
}


static ngx_uint_t
ngx_mqtt_check_bucket(ngx_mqtt_hash_t *hash, uint32_t value)
{
    ngx_uint_t  mask;

    for (mask = 1; mask < hash->nbuckets; mask <<= 1) { /* void */ }

    mask--;

    return (value & mask) < hash->nbuckets ? value & mask
                                           : value & (mask >> 1);
}


ngx_uint_t
ngx_mqtt_check_timer(ngx_mqtt_check_t *ck, ngx_mqtt_timer_t *timer)
{
    if (timer->prev == NULL) {
        return 0;
    }

    ngx_mqtt_check(ck, *timer->prev == timer, "timer back link");

    return 1;
}


void
ngx_mqtt_check_wheels(ngx_mqtt_check_t *ck)
{
    ngx_mqtt_check_wheel(ck, &ck->root->session_wheel, ck->session_timers,
                         "session wheel");
    ngx_mqtt_check_wheel(ck, &ck->root->retain_wheel, ck->retain_timers,
                         "retain wheel");
}


static void
ngx_mqtt_check_wheel(ngx_mqtt_check_t *ck, ngx_mqtt_wheel_t *wheel,
    ngx_uint_t count, const char *what)
{
    ngx_uint_t          i, n, ahead, second;
    ngx_mqtt_timer_t  **prev, *timer;

    n = 0;

    for (i = 0; i < NGX_MQTT_WHEEL_SIZE; i++) {

        ahead = (i + NGX_MQTT_WHEEL_SIZE - wheel->second
                                           % NGX_MQTT_WHEEL_SIZE)
                % NGX_MQTT_WHEEL_SIZE;
        prev = &wheel->ring[i];

        for (timer = *prev; timer; timer = timer->next) {

            second = ngx_max((timer->when + 999) / 1000, wheel->second);

            /* a list must not be looked at too late for its timers */

            if (timer->prev != prev || second - wheel->second < ahead
                || n++ > count)
            {
                ngx_mqtt_check_fail(ck, what);
                break;
            }

            prev = &timer->next;
        }
    }

    ngx_mqtt_check(ck, n == count, what);
}


void
ngx_mqtt_check_retired(ngx_mqtt_check_t *ck)
{
    void             *p;
    ngx_uint_t        i;
    ngx_mqtt_page_t  *page;

    for (i = 0; i < 2; i++) {
        p = i ? ck->root->waiting : ck->root->retired;

        while (p) {
            page = ngx_mqtt_block_page(&ck->root->blocks, p);

            if (page == NULL
                || !ngx_mqtt_check_mark(ck, p, page->kind, "retired block"))
            {
                ngx_mqtt_check_fail(ck, "list of retired blocks");
                break;
            }

            p = *((void **) ((u_char *) p + ngx_mqtt_block_size(page)) - 1);
        }
    }
}


/* Blocks of messages that are gone, to be freed. */

void
ngx_mqtt_check_dropped(ngx_mqtt_check_t *ck)
{
    void  **chain, **p;

    for (chain = ck->root->dropped; chain; chain = chain[1]) {
        for (p = chain; p; p = p[0]) {
            if (!ngx_mqtt_check_mark(ck, p, NGX_MQTT_KIND_MESSAGE,
                                     "dropped block"))
            {
                return;
            }
        }
    }
}


/* Marks, counts of use, free blocks and lists of pages. */

void
ngx_mqtt_check_pages(ngx_mqtt_check_t *ck)
{
    ngx_uint_t          i, n, nfree;
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    nfree = 0;
    blocks = &ck->root->blocks;

    for (i = 0; i < blocks->fresh; i += n) {
        page = &blocks->table[i];
        n = 1;

        if (page->kind == NGX_MQTT_KIND_FREE) {
            nfree++;

        } else if (page->class == NGX_MQTT_CLASSES) {
            ngx_mqtt_check_run(ck, page);
            n = page->pages;

        } else if (page->class < NGX_MQTT_CLASSES) {
            ngx_mqtt_check_page(ck, page);

        } else {
            ngx_mqtt_check_fail(ck, "page of no run");
        }
    }

    ngx_mqtt_check(ck, i == blocks->fresh && i <= blocks->npages,
                   "number of pages in use");

    n = ngx_mqtt_check_page_list(ck, blocks->free, NGX_MQTT_KIND_FREE, 0);

    ngx_mqtt_check(ck, n == nfree, "list of free pages");
    ngx_mqtt_check(ck, nfree + blocks->npages - blocks->fresh
                       == blocks->nfree, "number of free pages");

    for (i = 1; i < NGX_MQTT_KIND_MAX; i++) {
        ngx_mqtt_check_partial(ck, i);
    }
}


static void
ngx_mqtt_check_page(ngx_mqtt_check_t *ck, ngx_mqtt_page_t *page)
{
    ngx_uint_t  n;

    n = __builtin_popcountll(page->mark[0])
        + __builtin_popcountll(page->mark[1]);

    if (n < page->used) {
        ngx_mqtt_check_fail(ck, "leaked block");

    } else {
        ngx_mqtt_check(ck, n == page->used, "block in use on a free list");
    }

    ngx_mqtt_check_free_blocks(ck, page);
}


static void
ngx_mqtt_check_free_blocks(ngx_mqtt_check_t *ck, ngx_mqtt_page_t *page)
{
    void        *p;
    ngx_uint_t   n;

    n = NGX_MQTT_PAGE_SIZE / ngx_mqtt_block_size(page) - page->used;

    for (p = page->free; p; p = ((void **) p)[1]) {

        if (n == 0
            || ngx_mqtt_block_page(&ck->root->blocks, p) != page
            || !ngx_mqtt_check_mark(ck, p, page->kind, "free block in use"))
        {
            break;
        }

        if (page->kind <= NGX_MQTT_KIND_RETAIN) {
            ngx_mqtt_check(ck, *(uint64_t *) p == NGX_MQTT_STATE_NONE,
                           "free block with a state");
        }

        n--;
    }

    ngx_mqtt_check(ck, p == NULL && n == 0, "list of free blocks");
}


static void
ngx_mqtt_check_run(ngx_mqtt_check_t *ck, ngx_mqtt_page_t *page)
{
    ngx_uint_t  i;

    ngx_mqtt_check(ck, page->mark[0] == 1, "leaked run of pages");
    ngx_mqtt_check(ck, page->used == 1, "use of a run");

    for (i = 1; i < page->pages; i++) {
        ngx_mqtt_check(ck, page[i].kind == page->kind
                           && page[i].class > NGX_MQTT_CLASSES,
                       "rest of a run");
    }
}


static ngx_uint_t
ngx_mqtt_check_page_list(ngx_mqtt_check_t *ck, ngx_mqtt_page_t *list,
    ngx_uint_t kind, ngx_uint_t class)
{
    ngx_uint_t        n;
    ngx_mqtt_page_t  *page, *prev;

    n = 0;
    prev = NULL;

    for (page = list; page; page = page->next) {

        if (page->kind != kind || page->prev != prev
            || (kind != NGX_MQTT_KIND_FREE
                && (page->class != class || page->free == NULL))
            || n++ > ck->root->blocks.fresh)
        {
            ngx_mqtt_check_fail(ck, "list of pages");
            break;
        }

        prev = page;
    }

    return n;
}


static void
ngx_mqtt_check_partial(ngx_mqtt_check_t *ck, ngx_uint_t kind)
{
    ngx_uint_t          i, class, used, n[NGX_MQTT_CLASSES + 1];
    ngx_mqtt_page_t    *page;
    ngx_mqtt_blocks_t  *blocks;

    used = 0;
    blocks = &ck->root->blocks;
    ngx_memzero(n, sizeof(n));

    for (i = 0; i < blocks->fresh; i++) {
        page = &blocks->table[i];

        if (page->kind == kind && page->class <= NGX_MQTT_CLASSES) {
            used += page->used;
            n[page->class] += (page->free != NULL);
        }
    }

    ngx_mqtt_check(ck, used == blocks->nblocks[kind], "number of blocks");

    for (class = 0; class < NGX_MQTT_CLASSES; class++) {
        i = ngx_mqtt_check_page_list(ck, blocks->partial[kind][class], kind,
                                     class);
        ngx_mqtt_check(ck, i == n[class], "partial pages");
    }
}
