
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


#define TEST_BLOCKS  40000


static void  *blocks[TEST_BLOCKS];


/*
 * Blocks that no structure knows are leaks to the check: here only the
 * allocator is looked at.
 */

static ngx_uint_t
test_block_free_all(store_t *st, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (blocks[i]) {
            ngx_mqtt_block_free_locked(&st->zone, blocks[i]);
            blocks[i] = NULL;
        }
    }

    return store_errors(st, "all blocks freed");
}


static void
test_block_sizes(store_t *st)
{
    u_char           *p;
    size_t            size;
    ngx_uint_t        i, bad;
    ngx_mqtt_page_t  *page;

    bad = 0;

    for (size = 1; size <= 3 * NGX_MQTT_PAGE_SIZE; size += 7) {
        p = ngx_mqtt_block_alloc_locked(&st->zone, NGX_MQTT_KIND_ENTRY, size);
        page = ngx_mqtt_block_page(&st->zone.root->blocks, p);

        if (p == NULL || page == NULL || ngx_mqtt_block_size(page) < size
            || (uintptr_t) p % sizeof(void *)
            || (size > 64 && ngx_mqtt_block_size(page) > 2 * size
                && size < NGX_MQTT_BLOCK_MAX))
        {
            bad++;
            continue;
        }

        ngx_memset(p, 0xa5, size);
        ngx_mqtt_block_free_locked(&st->zone, p);
    }

    is_int(bad, 0, "a block for every size");

    /* one of each, kept: nothing overlaps */

    for (i = 0; i < 1500; i++) {
        size = 1 + i * 5 % 6000;
        blocks[i] = ngx_mqtt_block_alloc_locked(&st->zone,
                                                NGX_MQTT_KIND_MESSAGE, size);
        ngx_memset(blocks[i], i & 0xff, size);
    }

    for (i = 0, bad = 0; i < 1500; i++) {
        size = 1 + i * 5 % 6000;
        p = blocks[i];
        bad += (p[0] != (i & 0xff) || p[size - 1] != (i & 0xff)
                || p[size / 2] != (i & 0xff));
    }

    is_int(bad, 0, "blocks do not overlap");
    is_int(test_block_free_all(st, 1500), 0, "blocks of all sizes freed");
}


static void
test_block_exhaust(store_t *st)
{
    ngx_uint_t          n, nfree, again;
    ngx_mqtt_blocks_t  *b;

    b = &st->zone.root->blocks;
    nfree = b->nfree;

    for (n = 0; n < TEST_BLOCKS; n++) {
        blocks[n] = ngx_mqtt_block_alloc_locked(&st->zone,
                                                NGX_MQTT_KIND_MESSAGE, 2000);
        if (blocks[n] == NULL) {
            break;
        }
    }

    ok(n >= 2 * (nfree - b->reserve) && n < TEST_BLOCKS,
       "%lu blocks of 2 KiB in %lu free pages", (unsigned long) n,
       (unsigned long) nfree);
    is_int(b->nfree, b->reserve, "the reserve stays");

    ok(ngx_mqtt_block_alloc_locked(&st->zone, NGX_MQTT_KIND_SUB, 64) == NULL,
       "a zone without free pages refuses another kind");

    blocks[n] = ngx_mqtt_block_alloc_locked(&st->zone, NGX_MQTT_KIND_SLOT,
                                            3000);
    ok(blocks[n] != NULL, "a slot is made of the reserve");

    is_int(test_block_free_all(st, n + 1), 0, "all freed");
    ok(b->nfree >= nfree - 1, "all pages came back but the last one");

    for (again = 0; again < TEST_BLOCKS; again++) {
        blocks[again] = ngx_mqtt_block_alloc_locked(&st->zone,
                                                    NGX_MQTT_KIND_ENTRY, 32);
        if (blocks[again] == NULL) {
            break;
        }
    }

    is_int(again, (nfree - b->reserve - 1) * 128,
           "the same pages in blocks of 32 bytes");
    is_int(test_block_free_all(st, again), 0, "all freed");
}


static void
test_block_runs(store_t *st)
{
    ngx_uint_t          i, n, bad;
    ngx_mqtt_blocks_t  *b;

    b = &st->zone.root->blocks;

    for (n = 0; n < TEST_BLOCKS; n++) {
        blocks[n] = ngx_mqtt_block_alloc_locked(&st->zone,
                                                NGX_MQTT_KIND_SESSION, 9000);
        if (blocks[n] == NULL) {
            break;
        }

        ngx_memset(blocks[n], 1, 9000);
    }

    ok(n >= (b->npages - b->reserve - 20) / 3, "%lu runs of three pages",
       (unsigned long) n);

    /* every other one freed: no room for longer ones */

    for (i = 0; i < n; i += 2) {
        ngx_mqtt_block_free_locked(&st->zone, blocks[i]);
        blocks[i] = NULL;
    }

    ok(ngx_mqtt_block_alloc_locked(&st->zone, NGX_MQTT_KIND_SESSION, 100000)
       == NULL, "no long run in a zone in pieces");

    for (i = 0, bad = 0; i < n; i += 2) {
        blocks[i] = ngx_mqtt_block_alloc_locked(&st->zone,
                                                NGX_MQTT_KIND_SESSION, 9000);
        bad += (blocks[i] == NULL);
    }

    is_int(bad, 0, "short ones fit again");
    is_int(test_block_free_all(st, n), 0, "all freed");

    blocks[0] = ngx_mqtt_block_alloc_locked(&st->zone, NGX_MQTT_KIND_SESSION,
                                            100000);
    ok(blocks[0] != NULL, "a long run once all is free");
    is_int(test_block_free_all(st, 1), 0, "freed");
}


static void
test_block_random(store_t *st)
{
    size_t      size;
    ngx_uint_t  i, k, kind, bad;

    static const ngx_uint_t  kinds[] = {
        NGX_MQTT_KIND_SESSION, NGX_MQTT_KIND_SUB, NGX_MQTT_KIND_ENTRY,
        NGX_MQTT_KIND_MESSAGE, NGX_MQTT_KIND_RETAIN
    };

    srandom(1);
    bad = 0;

    for (i = 0; i < 100000; i++) {
        k = random() % 1000;

        if (blocks[k]) {
            bad += (*((u_char *) blocks[k] + 23) != (k & 0xff));
            ngx_mqtt_block_free_locked(&st->zone, blocks[k]);
            blocks[k] = NULL;
            continue;
        }

        kind = kinds[random() % 5];
        size = random() % 10 ? 24 + random() % 400 : 24 + random() % 5000;

        blocks[k] = ngx_mqtt_block_alloc_locked(&st->zone, kind, size);

        if (blocks[k] == NULL) {
            continue;
        }

        bad += (kind <= NGX_MQTT_KIND_RETAIN
                && *(uint64_t *) blocks[k] != NGX_MQTT_STATE_NONE);

        *((u_char *) blocks[k] + 23) = k & 0xff;
    }

    is_int(bad, 0, "100000 allocations and frees by chance");
    is_int(test_block_free_all(st, 1000), 0, "all freed");
}


static void
test_block_retire(store_t *st)
{
    ngx_uint_t          i, used;
    ngx_mqtt_worker_t  *other;

    other = store_worker(st);

    store_lock(st);
    ngx_mqtt_slot_enter_locked(st->w);

    used = store_blocks(st, NGX_MQTT_KIND_NODE);

    for (i = 0; i < 300; i++) {
        blocks[i] = ngx_mqtt_block_alloc_locked(&st->zone,
                                                NGX_MQTT_KIND_NODE, 100);
        ngx_mqtt_block_retire_locked(&st->zone, blocks[i]);
        blocks[i] = NULL;
    }

    is_int(store_blocks(st, NGX_MQTT_KIND_NODE), used + 300,
           "what a walk may reach is not freed");

    /* a later walk cannot reach them */

    ngx_mqtt_slot_enter_locked(other);
    ngx_mqtt_slot_leave_locked(other);

    is_int(store_blocks(st, NGX_MQTT_KIND_NODE), used + 300,
           "nor when another walk ends");

    ngx_mqtt_slot_enter_locked(other);
    ngx_mqtt_slot_leave_locked(st->w);

    is_int(store_blocks(st, NGX_MQTT_KIND_NODE), used + 44,
           "freed in portions when the walk is over");

    ngx_mqtt_slot_leave_locked(other);

    is_int(store_blocks(st, NGX_MQTT_KIND_NODE), used, "all freed");

    store_unlock(st);
    store_check(st, "retired blocks");

    ngx_mqtt_worker_destroy(other);
}


void
test_block(void)
{
    store_t  st;

    store_create(&st, 8 * 1024 * 1024);
    test_block_sizes(&st);
    store_destroy(&st);

    store_create(&st, 1024 * 1024);
    store_check(&st, "a new zone");

    test_block_exhaust(&st);
    test_block_runs(&st);
    test_block_random(&st);
    test_block_retire(&st);

    store_destroy(&st);
}
