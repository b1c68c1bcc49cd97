
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_KEYS_H_INCLUDED_
#define _NGX_MQTT_KEYS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/evp.h>


/* keys in all, and bits of the smallest RSA key */

#define NGX_MQTT_KEYS_MAX   64
#define NGX_MQTT_KEYS_BITS  2048


#define NGX_MQTT_KEY_RSA    1
#define NGX_MQTT_KEY_P256   2
#define NGX_MQTT_KEY_P384   3


typedef struct {
    EVP_PKEY              *pkey;
    ngx_uint_t             type;
    ngx_str_t              id;            /* "kid"; empty: none */
    ngx_str_t              alg;           /* the only one; empty: any */
} ngx_mqtt_key_t;


/* Public keys that tokens are verified with, of ngx_mqtt_key_t. */

typedef ngx_array_t  ngx_mqtt_keys_t;


/* An empty set.  The keys are freed with the pool.  NULL without memory. */
ngx_mqtt_keys_t *ngx_mqtt_keys_create(ngx_pool_t *pool);

/*
 * Adds the keys of a file's text: PEM with public keys and certificates, or a
 * JWK set, which begins with a brace.  Of a set, keys are passed over that are
 * not for signatures or of a type unknown here.  The text stays in use.
 * NGX_OK; or NGX_ERROR, and *reason says what is wrong, to be put behind the
 * name of the file (RFC 7517, RFC 7518).
 */
ngx_int_t ngx_mqtt_keys_add(ngx_mqtt_keys_t *keys, const ngx_str_t *text,
    const char **reason);

/*
 * Decodes base64url without padding; else, and if bits are left that are not
 * zero, NGX_DECLINED.  NGX_ERROR without memory (RFC 7515 section 2).
 */
ngx_int_t ngx_mqtt_base64url(ngx_pool_t *pool, const ngx_str_t *src,
    ngx_str_t *dst);


#endif /* _NGX_MQTT_KEYS_H_INCLUDED_ */
