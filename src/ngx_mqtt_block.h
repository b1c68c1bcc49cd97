
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_BLOCK_H_INCLUDED_
#define _NGX_MQTT_BLOCK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_broker.h>


/*
 * The allocator of a zone.  All pages were taken from slab when the zone was
 * made.  A page belongs to one kind and one size class, so that a rebuild can
 * find all sessions by walking pages, and an object never turns into one of
 * another kind while its page is in use.
 */


#define NGX_MQTT_PAGE_SHIFT     12
#define NGX_MQTT_PAGE_SIZE      (1 << NGX_MQTT_PAGE_SHIFT)
#define NGX_MQTT_BLOCK_MAX      2048    /* larger ones take whole pages */
#define NGX_MQTT_CLASSES        13

#define NGX_MQTT_CLASS_RUN      NGX_MQTT_CLASSES        /* first of a run */
#define NGX_MQTT_CLASS_REST     (NGX_MQTT_CLASSES + 1)  /* the others */


typedef enum {
    NGX_MQTT_KIND_FREE = 0,
    NGX_MQTT_KIND_HUB,                  /* roots: found by their state word */
    NGX_MQTT_KIND_SESSION,
    NGX_MQTT_KIND_RETAIN,
    NGX_MQTT_KIND_ATTACH,
    NGX_MQTT_KIND_SUB,
    NGX_MQTT_KIND_NODE,
    NGX_MQTT_KIND_GROUP,
    NGX_MQTT_KIND_USER,
    NGX_MQTT_KIND_ENTRY,
    NGX_MQTT_KIND_SUB_IDS,
    NGX_MQTT_KIND_MESSAGE,              /* and the blocks of its chain */
    NGX_MQTT_KIND_IDS,
    NGX_MQTT_KIND_WILL,
    NGX_MQTT_KIND_NATIVE,               /* of sessions, what is theirs */
    NGX_MQTT_KIND_HASH,
    NGX_MQTT_KIND_SLOT,
    NGX_MQTT_KIND_MAX
} ngx_mqtt_kind_e;


typedef struct ngx_mqtt_page_s  ngx_mqtt_page_t;

/* shared; one for each page of the zone */

struct ngx_mqtt_page_s {
    u_char                kind;         /* truth, as class and pages */
    u_char                class;
    uint16_t              used;         /* blocks */
    uint32_t              pages;        /* of a run, in its first page */
    void                 *free;         /* blocks, by their second word */
    ngx_mqtt_page_t      *next;         /* of pages that are free or partial */
    ngx_mqtt_page_t      *prev;
    uint64_t              mark[2];      /* of blocks, during a rebuild */
};


/* shared; part of the root */

typedef struct {
    u_char               *start;        /* first page */
    ngx_mqtt_page_t      *table;
    ngx_uint_t            npages;
    ngx_uint_t            fresh;        /* pages from here on: never used */
    ngx_uint_t            nfree;        /* free pages, fresh ones included */
    ngx_uint_t            reserve;      /* pages kept for slots */
    ngx_uint_t            urgent;       /* half of it is for what frees */
    ngx_uint_t            rover;        /* where to look for a run next */
    ngx_mqtt_page_t      *free;
    ngx_mqtt_page_t      *partial[NGX_MQTT_KIND_MAX][NGX_MQTT_CLASSES];
    ngx_uint_t            nblocks[NGX_MQTT_KIND_MAX];
    ngx_uint_t            fail_at;      /* tests: the n-th allocation fails */
} ngx_mqtt_blocks_t;


#define ngx_mqtt_page_number(blocks, page)                                    \
    ((ngx_uint_t) ((page) - (blocks)->table))

#define ngx_mqtt_page_start(blocks, page)                                     \
    ((blocks)->start                                                          \
     + (ngx_mqtt_page_number(blocks, page) << NGX_MQTT_PAGE_SHIFT))


/* Takes over zeroed memory; NGX_ERROR: too small. */
ngx_int_t ngx_mqtt_block_init(ngx_mqtt_blocks_t *blocks, u_char *start,
    u_char *end);

/*
 * Allocates a block of at least "size" bytes; its contents are undefined, but
 * the first word of a root kind is NGX_MQTT_STATE_NONE.  NULL: the zone is
 * full.  Above NGX_MQTT_BLOCK_MAX it takes adjacent pages.
 */
void *ngx_mqtt_block_alloc_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    size_t size);

void ngx_mqtt_block_free_locked(ngx_mqtt_zone_t *zone, void *p);

/*
 * Frees a block that a walk without the lock may still reach: at once if no
 * worker is within ngx_mqtt_slot_enter_locked(), otherwise once all that are
 * have left it.  The last word of the block is used as a link.
 */
void ngx_mqtt_block_retire_locked(ngx_mqtt_zone_t *zone, void *p);

/* Frees up to "budget" retired blocks that no walk can reach any more. */
void ngx_mqtt_block_reclaim_locked(ngx_mqtt_zone_t *zone, ngx_uint_t budget);

/* Whether there are retired blocks, and no walk at all. */
#define ngx_mqtt_block_reclaimable(root)                                      \
    (((root)->waiting || (root)->retired) && (root)->walkers == 0)

/*
 * Frees blocks that are linked by their first words, later: a large message
 * is many of them.  The other function frees up to "budget" such blocks.
 */
void ngx_mqtt_block_drop_chain_locked(ngx_mqtt_zone_t *zone, void *p);
void ngx_mqtt_block_free_chains_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t budget);

/* The page of a block, or NULL if "p" is no address of the zone's pages. */
ngx_mqtt_page_t *ngx_mqtt_block_page(ngx_mqtt_blocks_t *blocks, void *p);

/* For rebuild and check: bytes of a block on this page. */
size_t ngx_mqtt_block_size(ngx_mqtt_page_t *page);

/* For rebuild: whether pages are kept for slots, as they normally are. */
void ngx_mqtt_block_reserve_locked(ngx_mqtt_blocks_t *blocks,
    ngx_uint_t keep);

/*
 * For rebuild: forgets all marks; marks one block (1: it was not yet); tells
 * whether any address is the start of a marked block of that kind.
 */
void ngx_mqtt_block_unmark_all_locked(ngx_mqtt_zone_t *zone);
ngx_uint_t ngx_mqtt_block_mark_locked(ngx_mqtt_zone_t *zone, void *p);
ngx_uint_t ngx_mqtt_block_marked_locked(ngx_mqtt_zone_t *zone,
    ngx_uint_t kind, void *p);

/* For rebuild: whatever is not marked becomes free. */
void ngx_mqtt_block_sweep_locked(ngx_mqtt_zone_t *zone);

/*
 * For rebuild, check and retained replay: calls back for each block in use of
 * a root kind, from page "*page" on, which it advances.  NGX_DONE: all pages
 * were seen; NGX_OK: "*budget" blocks were, or pages of other kinds, of which
 * 16 count as one.  The handler may take of the budget too.
 */
typedef ngx_int_t (*ngx_mqtt_block_pt)(ngx_mqtt_zone_t *zone, void *block,
    void *data);

ngx_int_t ngx_mqtt_block_walk_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_uint_t *page, ngx_uint_t *budget, ngx_mqtt_block_pt handler,
    void *data);

/*
 * The same one by one: the next block in use of a root kind, from a place in a
 * page on, which is moved behind it.  NGX_OK: it is in *block; NGX_DONE: all
 * pages were seen; NGX_AGAIN: "*budget" is used up.  Blocks that stay are met
 * exactly once, whatever else comes and goes, a rebuild included.
 */
ngx_int_t ngx_mqtt_block_next_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_uint_t *page, ngx_uint_t *place, ngx_uint_t *budget, void **block);

void ngx_mqtt_block_walk_all_locked(ngx_mqtt_zone_t *zone, ngx_uint_t kind,
    ngx_mqtt_block_pt handler, void *data);


#endif /* _NGX_MQTT_BLOCK_H_INCLUDED_ */
