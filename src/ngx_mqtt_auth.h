
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_AUTH_H_INCLUDED_
#define _NGX_MQTT_AUTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_client.h>
#include <ngx_mqtt_topic.h>


/*
 * Who a client is, in memory of the one who asks.  Sessions belong to an
 * identity: "t:" and the subject of a token, "c:" and the fingerprint of a
 * certificate, "p:" and the name in a password file; the empty one is shared
 * by all anonymous clients.  User id, roles, groups and state are those of a
 * new session, one that is resumed keeps its own.
 */

typedef struct ngx_mqtt_principal_s {
    ngx_str_t             identity;
    ngx_str_t             user_id;
    ngx_str_t             state;        /* of the connection, opaque */
    ngx_array_t          *roles;        /* of ngx_str_t, or NULL: beside */
                                        /* those of the hub */
    ngx_array_t          *groups;       /* of ngx_str_t, or NULL */
    struct ngx_mqtt_json_s  *claims;    /* of its token, until the */
                                        /* application was asked; or NULL */
    time_t                expires;      /* its token; 0: never */
} ngx_mqtt_principal_t;


/*
 * Compiles what a client with these roles may do, beside what all clients of
 * its hub may; replaces what was compiled before.  NGX_ERROR: no memory, then
 * it may do nothing.
 */
ngx_int_t ngx_mqtt_auth_rights(ngx_mqtt_client_t *cl, ngx_str_t *roles,
    ngx_uint_t n);

/*
 * The same by the profile of the session that a CONNECT will resume, if there
 * is one and it is the principal's.  NGX_DECLINED: there is none.
 */
ngx_int_t ngx_mqtt_auth_resume(ngx_mqtt_client_t *cl,
    ngx_mqtt_principal_t *principal);

/* Harmless on a client without. */
void ngx_mqtt_auth_free(ngx_mqtt_client_t *cl);

/*
 * Whether a client may publish to a topic, or subscribe to a filter:
 * NGX_OK or NGX_DECLINED.  The lock is not held.
 */
ngx_int_t ngx_mqtt_auth_publish(ngx_mqtt_client_t *cl, ngx_str_t *topic);
ngx_int_t ngx_mqtt_auth_subscribe(ngx_mqtt_client_t *cl,
    ngx_mqtt_filter_t *filter);


#endif /* _NGX_MQTT_AUTH_H_INCLUDED_ */
