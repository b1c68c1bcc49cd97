
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_SIPHASH_H_INCLUDED_
#define _NGX_MQTT_SIPHASH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * SipHash-1-3 of a word and the bytes behind it: without the key nobody can
 * choose names that meet in one bucket.  Numbers are in host byte order.
 */
uint64_t ngx_mqtt_siphash(const uint64_t *key, uint64_t word,
    const u_char *data, size_t len);

/* Makes the two words of a key. */
void ngx_mqtt_siphash_key(uint64_t *key);


#endif /* _NGX_MQTT_SIPHASH_H_INCLUDED_ */
