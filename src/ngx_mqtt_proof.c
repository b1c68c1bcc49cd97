
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_proof.h>


#define NGX_MQTT_PROOF_POOL  1024

/* bytes of a subject, or of a user's name: a session keeps it */
#define NGX_MQTT_PROOF_NAME  1024

/* where clients come in, before the hub's name */
#define NGX_MQTT_PROOF_PATH    "/clients/mqtt/hubs/"
#define NGX_MQTT_PROOF_NATIVE  "/client/hubs/"


static ngx_int_t ngx_mqtt_proof_method(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_proof_packet(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_str_t *token);
static ngx_int_t ngx_mqtt_proof_refuse(ngx_mqtt_connecting_t *cx,
    ngx_uint_t reason, const char *why);
static ngx_int_t ngx_mqtt_proof_principal(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_str_t *user);
static ngx_int_t ngx_mqtt_proof_identity(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, const char *kind, ngx_str_t *name);
static time_t ngx_mqtt_proof_expires(ngx_mqtt_jwt_t *jwt);


ngx_mqtt_proof_t *
ngx_mqtt_proof_create(ngx_log_t *log)
{
    ngx_pool_t        *pool;
    ngx_mqtt_proof_t  *proof;

    pool = ngx_create_pool(NGX_MQTT_PROOF_POOL, log);
    if (pool == NULL) {
        return NULL;
    }

    proof = ngx_pcalloc(pool, sizeof(ngx_mqtt_proof_t));
    if (proof == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    proof->pool = pool;

    return proof;
}


void
ngx_mqtt_proof_destroy(ngx_mqtt_proof_t *proof)
{
    ngx_destroy_pool(proof->pool);
}


void
ngx_mqtt_proof_free(ngx_mqtt_client_t *cl)
{
    if (cl->proof) {
        ngx_mqtt_proof_destroy(cl->proof);
        cl->proof = NULL;
    }
}


ngx_int_t
ngx_mqtt_proof_token(ngx_mqtt_proof_t *proof, ngx_mqtt_hub_conf_t *conf,
    ngx_str_t *hub, ngx_uint_t native, ngx_str_t *token, ngx_str_t *host,
    ngx_str_t *path)
{
    u_char              *p;
    const char          *prefix;
    ngx_int_t            rc;
    ngx_str_t            paths[2];
    ngx_mqtt_jwt_url_t   url;

    if (conf->jwt == NULL) {
        proof->jwt.reason = "the hub has no keys";
        return NGX_DECLINED;
    }

    prefix = native ? NGX_MQTT_PROOF_NATIVE : NGX_MQTT_PROOF_PATH;

    paths[0].len = ngx_strlen(prefix) + hub->len;
    paths[0].data = ngx_pnalloc(proof->pool, paths[0].len);

    if (paths[0].data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(paths[0].data, prefix, ngx_strlen(prefix));
    ngx_memcpy(p, hub->data, hub->len);

    ngx_memzero(&url, sizeof(ngx_mqtt_jwt_url_t));

    url.path = paths;
    url.npath = 1;

    if (host) {
        url.host = *host;
    }

    if (path) {
        paths[1] = *path;
        url.npath = 2;
    }

    rc = ngx_mqtt_jwt_verify(proof->pool, conf->jwt, &url, token, ngx_time(),
                             &proof->jwt);

    proof->token = (rc == NGX_OK);

    return rc;
}


ngx_int_t
ngx_mqtt_proof_connect(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_int_t            rc;
    ngx_mqtt_connect_t  *connect;

    connect = cx->connect;
    rc = NGX_OK;

    if (cl->version == NGX_MQTT_V5
        && ngx_mqtt_prop_has(&cx->pkt->props, NGX_MQTT_PROP_AUTH_METHOD))
    {
        rc = ngx_mqtt_proof_method(cl, cx);

    } else if (cl->proof == NULL && cl->conf->jwt && connect->has_password
               && ngx_mqtt_jws_form(&connect->password))
    {
        rc = ngx_mqtt_proof_packet(cl, cx, &connect->password);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (cl->proof == NULL && cl->conf->passwords && connect->has_username) {
        return NGX_AGAIN;
    }

    /* where nobody else vouches for a client, the application alone may */

    if (cl->proof == NULL && !cl->conf->anonymous
        && !ngx_mqtt_life_wanted(cl->worker, &cl->hub,
                                 NGX_MQTT_EVENT_CONNECT))
    {
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_NOT_AUTHORIZED, NULL);
    }

    return ngx_mqtt_proof_principal(cl, cx, NULL);
}


ngx_int_t
ngx_mqtt_proof_upgrade(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    return ngx_mqtt_proof_principal(cl, cx, NULL);
}


ngx_int_t
ngx_mqtt_proof_login(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_int_t right)
{
    switch (right) {

    case NGX_OK:
        return ngx_mqtt_proof_principal(cl, cx, &cx->connect->username);

    case NGX_DECLINED:
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_BAD_USER_OR_PASSWORD,
                                     "bad user name or password");

    default:
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_SERVER_BUSY,
                                     "its password cannot be verified now");
    }
}


ngx_uint_t
ngx_mqtt_proof_later(ngx_mqtt_hub_conf_t *conf)
{
    return conf->anonymous || conf->passwords || conf->jwt;
}


ngx_int_t
ngx_mqtt_proof_again(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    if (ngx_mqtt_proof_method(cl, cx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mqtt_proof_principal(cl, cx, NULL);
}


static ngx_int_t
ngx_mqtt_proof_method(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_str_t         *method;
    ngx_mqtt_props_t  *props;

    props = &cx->pkt->props;
    method = &props->auth_method;

    if (cl->conf->jwt == NULL
        || method->len != sizeof(NGX_MQTT_PROOF_METHOD) - 1
        || ngx_memcmp(method->data, NGX_MQTT_PROOF_METHOD, method->len) != 0)
    {
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_BAD_AUTH_METHOD,
                                     "unknown authentication method");
    }

    if (!ngx_mqtt_prop_has(props, NGX_MQTT_PROP_AUTH_DATA)) {
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_NOT_AUTHORIZED,
                                     "no token with its method");
    }

    cl->by_method = 1;

    return ngx_mqtt_proof_packet(cl, cx, &props->auth_data);
}


/* A token in a packet may be for any host; it is who the client is now. */

static ngx_int_t
ngx_mqtt_proof_packet(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_str_t *token)
{
    ngx_int_t          rc;
    ngx_mqtt_proof_t  *proof;

    proof = ngx_mqtt_proof_create(cl->worker->log);

    rc = proof ? ngx_mqtt_proof_token(proof, cl->conf, &cl->hub, 0, token,
                                      NULL, NULL)
               : NGX_ERROR;

    if (rc == NGX_OK) {
        ngx_mqtt_proof_free(cl);
        cl->proof = proof;
        return NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        *ngx_snprintf((u_char *) cx->text, NGX_MQTT_WHY_LEN - 1, "token: %s",
                      proof->jwt.reason) = '\0';

        (void) ngx_mqtt_proof_refuse(cx, NGX_MQTT_NOT_AUTHORIZED, cx->text);

    } else {
        (void) ngx_mqtt_proof_refuse(cx, NGX_MQTT_QUOTA_EXCEEDED, "no memory");
    }

    if (proof) {
        ngx_mqtt_proof_destroy(proof);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_mqtt_proof_refuse(ngx_mqtt_connecting_t *cx, ngx_uint_t reason,
    const char *why)
{
    cx->reason = reason;
    cx->why = why;

    return NGX_ERROR;
}


/*
 * "user" is one whose password was right.  A certificate says more of a device
 * than what devices can share; a token without a subject names nobody.
 */

static ngx_int_t
ngx_mqtt_proof_principal(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_str_t *user)
{
    u_char                 fingerprint[NGX_MQTT_FINGERPRINT_LEN];
    ngx_str_t              certificate, nobody;
    ngx_mqtt_jwt_t        *jwt;
    ngx_mqtt_principal_t  *p;

    p = &cx->principal;
    ngx_str_set(&p->identity, "");

    jwt = (cl->proof && cl->proof->token) ? &cl->proof->jwt : NULL;

    if (jwt) {
        p->user_id = jwt->subject;
        p->roles = jwt->roles.nelts ? &jwt->roles : NULL;
        p->groups = jwt->groups.nelts ? &jwt->groups : NULL;
        p->claims = jwt->claims;
        p->expires = ngx_mqtt_proof_expires(jwt);

        if (jwt->subject.len) {
            return ngx_mqtt_proof_identity(cl, cx, "t:", &jwt->subject);
        }
    }

    ngx_str_null(&nobody);
    ngx_str_null(&certificate);

    if (cl->ops->fingerprint) {
        certificate.data = fingerprint;
        certificate.len = cl->ops->fingerprint(cl, fingerprint);
    }

    if (certificate.len) {
        return ngx_mqtt_proof_identity(cl, cx, "c:", &certificate);
    }

    if (user) {
        return ngx_mqtt_proof_identity(cl, cx, "p:", user);
    }

    if (jwt) {
        return ngx_mqtt_proof_identity(cl, cx, "t:", &nobody);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_proof_identity(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    const char *kind, ngx_str_t *name)
{
    u_char     *p;
    ngx_str_t  *identity;

    if (name->len > NGX_MQTT_PROOF_NAME) {
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_NOT_AUTHORIZED,
                                     "its name is too long");
    }

    if (cl->proof == NULL) {
        cl->proof = ngx_mqtt_proof_create(cl->worker->log);
    }

    p = cl->proof ? ngx_pnalloc(cl->proof->pool, 2 + name->len) : NULL;

    if (p == NULL) {
        return ngx_mqtt_proof_refuse(cx, NGX_MQTT_QUOTA_EXCEEDED,
                                     "no memory");
    }

    identity = &cx->principal.identity;

    identity->data = p;
    identity->len = 2 + name->len;

    p = ngx_cpymem(p, kind, 2);

    if (name->len) {
        ngx_memcpy(p, name->data, name->len);
    }

    return NGX_OK;
}


/* What was taken although it had just expired lasts as long as that goes. */

static time_t
ngx_mqtt_proof_expires(ngx_mqtt_jwt_t *jwt)
{
    int64_t  expires;

    expires = jwt->expires;

    if (expires <= (int64_t) ngx_time()) {
        expires += NGX_MQTT_JWT_LEEWAY;
    }

    return (time_t) expires;
}
