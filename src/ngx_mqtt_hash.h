
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_HASH_H_INCLUDED_
#define _NGX_MQTT_HASH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_broker.h>


/*
 * A hash of intrusive links that grows and shrinks by one bucket at a time
 * (linear hashing), so that no operation is long and none needs more than
 * one 2 KiB block; without memory it stays as it is and gets slower.
 */


#define NGX_MQTT_HASH_DIR       64


typedef struct ngx_mqtt_link_s  ngx_mqtt_link_t;

struct ngx_mqtt_link_s {
    ngx_mqtt_link_t      *next;
    uint32_t              hash;
    uint32_t              pad;
};


/* shared; derived */

typedef struct {
    ngx_uint_t            count;
    ngx_uint_t            nbuckets;
    ngx_mqtt_link_t   ***dir[NGX_MQTT_HASH_DIR];
} ngx_mqtt_hash_t;


/* Makes an empty hash with its first segment; NGX_ERROR: no memory. */
ngx_int_t ngx_mqtt_hash_init_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hash_t *hash);

/* The chain that holds links of this hash value; compare ->hash first. */
ngx_mqtt_link_t *ngx_mqtt_hash_first(ngx_mqtt_hash_t *hash, uint32_t value);

void ngx_mqtt_hash_add_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash,
    ngx_mqtt_link_t *link, uint32_t value);

void ngx_mqtt_hash_del_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hash_t *hash,
    ngx_mqtt_link_t *link);


#endif /* _NGX_MQTT_HASH_H_INCLUDED_ */
