
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_permission.h>
#include <ngx_mqtt_proof.h>


/* what a signature costs, in blocks looked at */
#define NGX_MQTT_AUTH_WORK  256


static ngx_int_t ngx_mqtt_handle_auth_renew(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);


ngx_int_t
ngx_mqtt_handle_auth(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_mqtt_packet_t      answer;
    ngx_mqtt_connecting_t  cx;

    /* no method was agreed upon in CONNECT [MQTT-4.12.0-7] */

    if (!cl->by_method) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                    "AUTH without an authentication method");
    }

    if (pkt->reason != NGX_MQTT_REAUTH) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                    "AUTH that goes on with nothing");
    }

    cl->worker->work += NGX_MQTT_AUTH_WORK;

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));

    cx.pkt = pkt;

    if (ngx_mqtt_proof_again(cl, &cx) != NGX_OK) {
        return ngx_mqtt_handle_dismiss(cl, cx.reason, cx.why);
    }

    ngx_mqtt_handle_packet(&answer, NGX_MQTT_AUTH);

    answer.props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_AUTH_METHOD);
    ngx_str_set(&answer.props.auth_method, NGX_MQTT_PROOF_METHOD);

    if (ngx_mqtt_handle_reserve(cl, &answer) != NGX_OK
        || ngx_mqtt_handle_auth_renew(cl, &cx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_mqtt_proof_free(cl);

    return ngx_mqtt_handle_answer(cl, &answer);
}


static ngx_int_t
ngx_mqtt_handle_auth_renew(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_uint_t           owner;
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    owner = ngx_mqtt_session_owned_by(s, &cx->principal.identity);

    ngx_mqtt_worker_unlock(cl->worker);

    if (!owner) {
        return ngx_mqtt_handle_dismiss(cl, NGX_MQTT_NOT_AUTHORIZED,
                                       "token of somebody else");
    }

    /* the last word was the application's, now or in the session's past */

    if (!cl->appointed && !(cl->asked && cl->resumed)
        && ngx_mqtt_handle_renew(cl, &cx->principal) != NGX_OK)
    {
        return ngx_mqtt_handle_dismiss(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                       "no room for its roles");
    }

    if (cl->conf->token_enforce) {
        cl->expires = cx->principal.expires;

        if (cl->ops->timer) {
            cl->ops->timer(cl);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_handle_renew(ngx_mqtt_client_t *cl,
    ngx_mqtt_principal_t *principal)
{
    ngx_array_t       *roles;
    ngx_mqtt_whose_t   whose;

    roles = principal->roles;

    ngx_mqtt_profile_whose(cl, &whose);

    return ngx_mqtt_permission_renew(cl->worker, &whose,
                                     roles ? roles->elts : NULL,
                                     roles ? roles->nelts : 0);
}
