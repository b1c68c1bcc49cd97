
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_zone.h>


#define NGX_MQTT_HASH_SEGMENT                                                 \
    (NGX_MQTT_BLOCK_MAX / sizeof(ngx_mqtt_link_t *))

#define NGX_MQTT_HASH_MAX                                                     \
    (NGX_MQTT_HASH_DIR * NGX_MQTT_HASH_SEGMENT * NGX_MQTT_HASH_SEGMENT)


static ngx_mqtt_link_t **ngx_mqtt_hash_bucket(ngx_mqtt_hash_t *hash,
    ngx_uint_t n);
static ngx_uint_t ngx_mqtt_hash_number(ngx_mqtt_hash_t *hash, uint32_t value);
static ngx_uint_t ngx_mqtt_hash_low(ngx_uint_t nbuckets);
static void ngx_mqtt_hash_split_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hash_t *hash);
static void ngx_mqtt_hash_join_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hash_t *hash);
static void *ngx_mqtt_hash_table_locked(ngx_mqtt_zone_t *zone);


ngx_int_t
ngx_mqtt_hash_init_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash)
{
    ngx_memzero(hash, sizeof(ngx_mqtt_hash_t));

    hash->dir[0] = ngx_mqtt_hash_table_locked(zone);
    if (hash->dir[0] == NULL) {
        return NGX_ERROR;
    }

    hash->dir[0][0] = ngx_mqtt_hash_table_locked(zone);
    if (hash->dir[0][0] == NULL) {
        return NGX_ERROR;
    }

    hash->nbuckets = NGX_MQTT_HASH_SEGMENT;

    return NGX_OK;
}


ngx_mqtt_link_t *
ngx_mqtt_hash_first(ngx_mqtt_hash_t *hash, uint32_t value)
{
    return *ngx_mqtt_hash_bucket(hash, ngx_mqtt_hash_number(hash, value));
}


void
ngx_mqtt_hash_add_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash,
    ngx_mqtt_link_t *link, uint32_t value)
{
    ngx_mqtt_link_t  **bucket;

    bucket = ngx_mqtt_hash_bucket(hash, ngx_mqtt_hash_number(hash, value));

    link->hash = value;
    ngx_mqtt_set(link->next, *bucket);
    ngx_mqtt_set(*bucket, link);
    ngx_mqtt_set(hash->count, hash->count + 1);

    if (hash->count > hash->nbuckets && hash->nbuckets < NGX_MQTT_HASH_MAX) {
        ngx_mqtt_hash_split_locked(zone, hash);
    }
}


void
ngx_mqtt_hash_del_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash,
    ngx_mqtt_link_t *link)
{
    ngx_uint_t         n;
    ngx_mqtt_link_t  **p;

    p = ngx_mqtt_hash_bucket(hash, ngx_mqtt_hash_number(hash, link->hash));

    while (*p) {
        if (*p == link) {
            ngx_mqtt_set(*p, link->next);
            ngx_mqtt_set(hash->count, hash->count - 1);
            break;
        }

        p = &(*p)->next;
    }

    /* as many at a time as there are to a link, or it never gets small */

    for (n = 0; n < 4; n++) {

        if (hash->nbuckets == NGX_MQTT_HASH_SEGMENT
            || hash->count >= hash->nbuckets / 4)
        {
            break;
        }

        ngx_mqtt_hash_join_locked(zone, hash);
    }
}


static ngx_mqtt_link_t **
ngx_mqtt_hash_bucket(ngx_mqtt_hash_t *hash, ngx_uint_t n)
{
    ngx_uint_t  s;

    s = n / NGX_MQTT_HASH_SEGMENT;

    return &hash->dir[s / NGX_MQTT_HASH_SEGMENT]
                     [s % NGX_MQTT_HASH_SEGMENT]
                     [n % NGX_MQTT_HASH_SEGMENT];
}


/* the largest power of two that is not above the number of buckets */

static ngx_uint_t
ngx_mqtt_hash_low(ngx_uint_t nbuckets)
{
    return (ngx_uint_t) 1 << (63 - __builtin_clzll(nbuckets));
}


static ngx_uint_t
ngx_mqtt_hash_number(ngx_mqtt_hash_t *hash, uint32_t value)
{
    ngx_uint_t  low, n;

    low = ngx_mqtt_hash_low(hash->nbuckets);

    n = value & (2 * low - 1);

    return n < hash->nbuckets ? n : (value & (low - 1));
}


static void
ngx_mqtt_hash_split_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash)
{
    void              *table;
    ngx_uint_t         n, s, low;
    ngx_mqtt_link_t  **from, **to, *link;

    n = hash->nbuckets;

    if (n % NGX_MQTT_HASH_SEGMENT == 0) {
        s = n / NGX_MQTT_HASH_SEGMENT;

        if (s % NGX_MQTT_HASH_SEGMENT == 0
            && hash->dir[s / NGX_MQTT_HASH_SEGMENT] == NULL)
        {
            table = ngx_mqtt_hash_table_locked(zone);
            if (table == NULL) {
                return;
            }

            ngx_mqtt_set(hash->dir[s / NGX_MQTT_HASH_SEGMENT], table);
        }

        table = ngx_mqtt_hash_table_locked(zone);
        if (table == NULL) {
            return;
        }

        ngx_mqtt_set(hash->dir[s / NGX_MQTT_HASH_SEGMENT]
                              [s % NGX_MQTT_HASH_SEGMENT], table);
    }

    low = ngx_mqtt_hash_low(n);

    from = ngx_mqtt_hash_bucket(hash, n - low);
    to = ngx_mqtt_hash_bucket(hash, n);

    ngx_mqtt_set(*to, NULL);
    ngx_mqtt_set(hash->nbuckets, n + 1);

    while (*from) {
        link = *from;

        if (ngx_mqtt_hash_number(hash, link->hash) == n) {
            ngx_mqtt_set(*from, link->next);
            ngx_mqtt_set(link->next, *to);
            ngx_mqtt_set(*to, link);
            continue;
        }

        from = &link->next;
    }
}


static void
ngx_mqtt_hash_join_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash)
{
    void              *table;
    ngx_uint_t         n, s;
    ngx_mqtt_link_t  **from, **to;

    n = hash->nbuckets - 1;

    from = ngx_mqtt_hash_bucket(hash, n);
    ngx_mqtt_set(hash->nbuckets, n);

    if (*from) {
        to = ngx_mqtt_hash_bucket(hash, n - ngx_mqtt_hash_low(n));

        while (*to) {
            to = &(*to)->next;
        }

        ngx_mqtt_set(*to, *from);
        ngx_mqtt_set(*from, NULL);
    }

    if (n % NGX_MQTT_HASH_SEGMENT == 0) {
        s = n / NGX_MQTT_HASH_SEGMENT;

        table = hash->dir[s / NGX_MQTT_HASH_SEGMENT]
                         [s % NGX_MQTT_HASH_SEGMENT];
        ngx_mqtt_set(hash->dir[s / NGX_MQTT_HASH_SEGMENT]
                              [s % NGX_MQTT_HASH_SEGMENT], NULL);
        ngx_mqtt_block_free_locked(zone, table);

        if (s % NGX_MQTT_HASH_SEGMENT == 0) {
            table = hash->dir[s / NGX_MQTT_HASH_SEGMENT];
            ngx_mqtt_set(hash->dir[s / NGX_MQTT_HASH_SEGMENT], NULL);
            ngx_mqtt_block_free_locked(zone, table);
        }
    }
}


static void *
ngx_mqtt_hash_table_locked(ngx_mqtt_zone_t *zone)
{
    void  *p;

    p = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_HASH,
                                    NGX_MQTT_BLOCK_MAX);
    if (p != NULL) {
        ngx_memzero(p, NGX_MQTT_BLOCK_MAX);
    }

    return p;
}
