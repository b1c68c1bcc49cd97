
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PROOF_H_INCLUDED_
#define _NGX_MQTT_PROOF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_jwt.h>


/* What clients show of who they are, and what is made of it. */


/* the only method of enhanced authentication */
#define NGX_MQTT_PROOF_METHOD  "JWT"


/* In a pool of its own. */

struct ngx_mqtt_proof_s {
    ngx_pool_t            *pool;
    ngx_uint_t             token;       /* 1: there is one, and it is valid */
    ngx_mqtt_jwt_t         jwt;         /* what it says, or */
                                        /* jwt.reason why it is not */
};


/*
 * An empty one, and its end.  A client's, cl->proof, is ended with its CONNECT
 * or by ngx_mqtt_proof_free(), which is harmless on a client without.
 */
ngx_mqtt_proof_t *ngx_mqtt_proof_create(ngx_log_t *log);
void ngx_mqtt_proof_destroy(ngx_mqtt_proof_t *proof);
void ngx_mqtt_proof_free(ngx_mqtt_client_t *cl);

/*
 * Verifies a token: "host" and "path" are those of the request, if it came by
 * HTTP; "native" is 1 for clients of Web PubSub, whose path is another.  NGX_OK; NGX_DECLINED with proof->jwt.reason, a constant; NGX_ERROR
 * without memory.
 */
ngx_int_t ngx_mqtt_proof_token(ngx_mqtt_proof_t *proof,
    ngx_mqtt_hub_conf_t *conf, ngx_str_t *hub, ngx_uint_t native,
    ngx_str_t *token, ngx_str_t *host, ngx_str_t *path);

/*
 * Decides who the sender of a CONNECT is.  NGX_OK: cx->principal is filled
 * in, from cl->proof and the packet; NGX_AGAIN: its password has to be
 * verified first, by ngx_mqtt_login(); NGX_ERROR: it is refused, as cx->reason
 * and cx->why say.
 */
ngx_int_t ngx_mqtt_proof_connect(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);

/* Who a client is that has shown all it has with its upgrade. */
ngx_int_t ngx_mqtt_proof_upgrade(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);

/* The rest of it, after the password. */
ngx_int_t ngx_mqtt_proof_login(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_int_t right);

/*
 * Whether a hub can admit a client that has shown nothing until its CONNECT.
 */
ngx_uint_t ngx_mqtt_proof_later(ngx_mqtt_hub_conf_t *conf);

/*
 * Whether the roles of a session that is resumed become those of a token, as
 * no application was asked.
 */
#define ngx_mqtt_proof_governs(cl)                                            \
    ((cl)->proof && (cl)->proof->token && !(cl)->asked)

/*
 * The token of an AUTH: replaces cl->proof, and says who that is.  NGX_OK, or
 * NGX_ERROR with cx->reason and cx->why.
 */
ngx_int_t ngx_mqtt_proof_again(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);


#endif /* _NGX_MQTT_PROOF_H_INCLUDED_ */
