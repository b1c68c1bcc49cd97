
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_JWT_H_INCLUDED_
#define _NGX_MQTT_JWT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_jws.h>


/* seconds that clocks may differ */

#define NGX_MQTT_JWT_LEEWAY  30


/* What a hub takes: all of it from the configuration. */

typedef struct ngx_mqtt_jwt_conf_s {
    ngx_mqtt_jws_keys_t    keys;
    ngx_str_t              issuer;         /* with public keys; empty: any */
    ngx_str_t             *audience;       /* taken beside the URLs */
    ngx_uint_t             naudience;
} ngx_mqtt_jwt_conf_t;


/*
 * The URLs that a token may be for: http, https, ws or wss, the host, and one
 * of the paths, any case.  A path may have a query, which is compared as well.
 */

typedef struct {
    ngx_str_t              host;           /* with a port; empty: any */
    ngx_str_t             *path;
    ngx_uint_t             npath;
    ngx_uint_t             bare;           /* 1: also the path alone */
} ngx_mqtt_jwt_url_t;


/* What a token says.  Lives in the pool, and points into it. */

typedef struct {
    ngx_str_t              subject;        /* empty: none */
    ngx_array_t            roles;          /* of ngx_str_t */
    ngx_array_t            groups;         /* of ngx_str_t */
    int64_t                expires;        /* Unix seconds, without leeway */
    ngx_mqtt_json_t       *claims;         /* members, their items; deeper
                                              ones as text */
    const char            *reason;         /* of a refusal, for the log */
} ngx_mqtt_jwt_t;


/*
 * Verifies a token at the time "now", in Unix seconds: signature, "exp",
 * "nbf", "iss", "aud".  NGX_OK; NGX_DECLINED with jwt->reason, a constant
 * without anything of the token; NGX_ERROR without memory (RFC 7519).
 */
ngx_int_t ngx_mqtt_jwt_verify(ngx_pool_t *pool,
    const ngx_mqtt_jwt_conf_t *conf, const ngx_mqtt_jwt_url_t *url,
    const ngx_str_t *token, time_t now, ngx_mqtt_jwt_t *jwt);

/* 1 if an audience is one of the URLs, its path as it is or encoded. */
ngx_uint_t ngx_mqtt_jwt_audience(const ngx_mqtt_jwt_url_t *url,
    const ngx_str_t *audience);


#endif /* _NGX_MQTT_JWT_H_INCLUDED_ */
