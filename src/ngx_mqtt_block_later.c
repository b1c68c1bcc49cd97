
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>
#include <ngx_mqtt_slot.h>


/*
 * What is not freed at once: blocks that a walk without the lock may still
 * reach, by their last words, and the chains of large messages.  A chain goes
 * on by the first words of its blocks; the second word of the first one leads
 * to the next chain.
 */


void
ngx_mqtt_block_retire_locked(ngx_mqtt_zone_t *zone, void *p)
{
    void             **link;
    ngx_mqtt_root_t   *root;

    root = zone->root;

    if (root->walkers == 0) {
        ngx_mqtt_block_free_locked(zone, p);
        return;
    }

    link = (void **) ((u_char *) p
           + ngx_mqtt_block_size(ngx_mqtt_block_page(&root->blocks, p))) - 1;

    ngx_mqtt_set(*link, root->retired);
    ngx_mqtt_set(root->retired, p);
}


void
ngx_mqtt_block_reclaim_locked(ngx_mqtt_zone_t *zone, ngx_uint_t budget)
{
    void              *p, **link;
    uint64_t           oldest;
    ngx_uint_t         i;
    ngx_mqtt_root_t   *root;
    ngx_mqtt_slot_t   *slot;

    root = zone->root;

    if (root->waiting == NULL) {
        if (root->retired == NULL) {
            return;
        }

        ngx_mqtt_set(root->waiting, root->retired);
        ngx_mqtt_set(root->retired, NULL);
        ngx_mqtt_set(root->waiting_serial, root->serial);
    }

    oldest = (uint64_t) -1;

    for (i = 0; i < root->nslots; i++) {
        slot = root->slots[i];

        /* a dead one too, until what it left unfinished is finished */

        if (slot->walking && slot->walking < oldest) {
            oldest = slot->walking;
        }
    }

    while (root->waiting && root->waiting_serial < oldest && budget--) {
        p = root->waiting;
        link = (void **) ((u_char *) p
               + ngx_mqtt_block_size(ngx_mqtt_block_page(&root->blocks, p)))
               - 1;

        ngx_mqtt_set(root->waiting, *link);
        ngx_mqtt_block_free_locked(zone, p);
    }
}


void
ngx_mqtt_block_drop_chain_locked(ngx_mqtt_zone_t *zone, void *p)
{
    ngx_mqtt_root_t  *root;

    root = zone->root;

    ngx_mqtt_set(((void **) p)[1], root->dropped);
    ngx_mqtt_set(root->dropped, p);
}


void
ngx_mqtt_block_free_chains_locked(ngx_mqtt_zone_t *zone, ngx_uint_t budget)
{
    void             **p, **next;
    ngx_mqtt_root_t   *root;

    root = zone->root;

    while (root->dropped && budget--) {
        p = root->dropped;
        next = p[0];

        if (next) {
            ngx_mqtt_set(next[1], p[1]);
            ngx_mqtt_set(root->dropped, next);

        } else {
            ngx_mqtt_set(root->dropped, p[1]);
        }

        ngx_mqtt_block_free_locked(zone, p);
    }
}
