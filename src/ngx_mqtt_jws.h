
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_JWS_H_INCLUDED_
#define _NGX_MQTT_JWS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_keys.h>


/* bytes of a token, signatures verified for one */

#define NGX_MQTT_JWS_SIZE   16384
#define NGX_MQTT_JWS_TRIES  8


typedef struct ngx_mqtt_jws_mac_s  ngx_mqtt_jws_mac_t;

typedef struct {
    ngx_str_t              access[2];     /* HS256; empty: none */
    ngx_mqtt_jws_mac_t    *mac[2];        /* the same prepared, or NULL */
    ngx_mqtt_keys_t       *public;        /* all others; NULL: none */
} ngx_mqtt_jws_keys_t;


typedef struct {
    ngx_str_t              payload;       /* decoded, in the pool */
    ngx_uint_t             by_public;     /* 0: by an access key */
    const char            *reason;        /* of a refusal, for the log */
} ngx_mqtt_jws_t;


/*
 * Prepares the access keys, for as long as the pool lasts: so that verifying
 * takes half the time.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_mqtt_jws_prepare(ngx_pool_t *pool, ngx_mqtt_jws_keys_t *keys);

/*
 * 1 if the bytes have the form of a token: three parts of base64url with dots
 * between them, the first one perhaps an object, the last one perhaps empty.
 */
ngx_uint_t ngx_mqtt_jws_form(const ngx_str_t *s);

/*
 * Verifies the signature of a token.  HS256 is verified by access keys alone,
 * all else by public keys of the fitting type: those with the token's "kid",
 * and those without one, up to NGX_MQTT_JWS_TRIES.  NGX_OK; NGX_DECLINED with
 * jws->reason, a constant without anything of the token; NGX_ERROR without
 * memory (RFC 7515).
 */
ngx_int_t ngx_mqtt_jws_verify(ngx_pool_t *pool,
    const ngx_mqtt_jws_keys_t *keys, const ngx_str_t *token,
    ngx_mqtt_jws_t *jws);

/*
 * Makes a token with HS256 out of claims, a JSON text.  NGX_OK, or NGX_ERROR
 * without memory.
 */
ngx_int_t ngx_mqtt_jws_sign(ngx_pool_t *pool, const ngx_str_t *key,
    const ngx_str_t *claims, ngx_str_t *token);


#endif /* _NGX_MQTT_JWS_H_INCLUDED_ */
