
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_proof.h>
#include <ngx_mqtt_ws.h>
#include <ngx_mqtt_native_token.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>
#include <ngx_mqtt_native_client.h>

#include <sys/random.h>


static ngx_uint_t ngx_mqtt_native_enter(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_native_profile(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_native_welcome(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_native_connected(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_native_claim(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx, ngx_str_t *connection_id, ngx_str_t *token);
static ngx_int_t ngx_mqtt_native_find(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_native_known(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_native_read(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_str_t *frame);


static const struct {
    ngx_str_t   name;
    ngx_uint_t  protocol;
    ngx_uint_t  reliable;
} ngx_mqtt_native_protocols[] = {
    { ngx_string("json.webpubsub.azure.v1"), NGX_MQTT_PROTO_JSON, 0 },
    { ngx_string("json.reliable.webpubsub.azure.v1"), NGX_MQTT_PROTO_JSON, 1 },
    { ngx_string("protobuf.webpubsub.azure.v1"), NGX_MQTT_PROTO_PROTOBUF, 0 },
    { ngx_string("protobuf.reliable.webpubsub.azure.v1"),
      NGX_MQTT_PROTO_PROTOBUF, 1 }
};


ngx_int_t
ngx_mqtt_native_protocol(ngx_str_t *subprotocol, ngx_uint_t *protocol,
    ngx_uint_t *reliable)
{
    ngx_uint_t        i, n;
    const ngx_str_t  *name;

    n = sizeof(ngx_mqtt_native_protocols)
        / sizeof(ngx_mqtt_native_protocols[0]);

    for (i = 0; i < n; i++) {
        name = &ngx_mqtt_native_protocols[i].name;

        if (name->len == subprotocol->len
            && ngx_memcmp(name->data, subprotocol->data, name->len) == 0)
        {
            *protocol = ngx_mqtt_native_protocols[i].protocol;
            *reliable = ngx_mqtt_native_protocols[i].reliable;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_mqtt_native_init(ngx_mqtt_client_t *cl, ngx_uint_t protocol,
    ngx_uint_t reliable, ngx_str_t *subprotocol)
{
    ngx_pool_t         *pool;
    ngx_mqtt_native_t  *native;

    pool = ngx_create_pool(NGX_MQTT_NATIVE_POOL, cl->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    native = ngx_pcalloc(pool, sizeof(ngx_mqtt_native_t));
    if (native == NULL) {
        goto failed;
    }

    if (subprotocol->len) {
        native->subprotocol.data = ngx_pstrdup(pool, subprotocol);

        if (native->subprotocol.data == NULL) {
            goto failed;
        }

        native->subprotocol.len = subprotocol->len;
    }

    native->pool = pool;
    ngx_queue_init(&native->asked);

    cl->native = native;
    cl->version = (u_char) (NGX_MQTT_V_NATIVE | protocol
                            | (reliable ? NGX_MQTT_V_RELIABLE : 0));
    return NGX_OK;

failed:

    ngx_destroy_pool(pool);

    return NGX_ERROR;
}


void
ngx_mqtt_native_free(ngx_mqtt_client_t *cl)
{
    if (cl->native) {
        ngx_destroy_pool(cl->native->pool);
        cl->native = NULL;
    }
}


ngx_int_t
ngx_mqtt_native_name(ngx_mqtt_client_t *cl)
{
    u_char  *p, id[NGX_MQTT_NATIVE_ID_LEN / 2];

    /* it must not be guessed, nor met by chance */

    if (getrandom(id, sizeof(id), 0) != (ssize_t) sizeof(id)) {
        return NGX_ERROR;
    }

    p = ngx_alloc(NGX_MQTT_NATIVE_ID_LEN, cl->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    cl->client_id.data = p;
    cl->client_id.len = ngx_hex_dump(p, id, sizeof(id)) - p;

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_native_admit(ngx_mqtt_client_t *cl, ngx_mqtt_native_accept_t *accept)
{
    ngx_uint_t              reason;
    ngx_array_t            *roles;
    ngx_mqtt_native_t      *native;
    ngx_mqtt_connect_t      connect;
    ngx_mqtt_connecting_t   cx;

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));
    ngx_memzero(&connect, sizeof(ngx_mqtt_connect_t));

    cx.connect = &connect;
    cx.principal = *accept->principal;
    cx.cookie = accept->cookie;

    connect.clean_start = 1;

    native = cl->native;
    native->no_echo = accept->no_echo;

    roles = cx.principal.roles;

    if (ngx_mqtt_native_copy(native, &native->user_id, &cx.principal.user_id)
        != NGX_OK
        || ngx_mqtt_native_copy(native, &native->group, &accept->group)
           != NGX_OK
        || ngx_mqtt_auth_rights(cl, roles ? roles->elts : NULL,
                                roles ? roles->nelts : 0)
           != NGX_OK
        || ngx_mqtt_native_profile(cl, &cx) != NGX_OK)
    {
        cx.why = "no memory";
        reason = NGX_MQTT_UNSPECIFIED_ERROR;

    } else {
        reason = ngx_mqtt_native_enter(cl, &cx);
    }

    ngx_mqtt_profile_drop(cl->worker);

    if (reason == NGX_MQTT_SUCCESS) {
        return ngx_mqtt_native_welcome(cl, &cx) == NGX_OK ? 0 : 500;
    }

    ngx_mqtt_client_refuse(cl, reason, cx.why);

    return (reason == NGX_MQTT_QUOTA_EXCEEDED
            || reason == NGX_MQTT_SERVER_BUSY) ? 503 : 500;
}


ngx_int_t
ngx_mqtt_native_copy(ngx_mqtt_native_t *native, ngx_str_t *dst,
    ngx_str_t *src)
{
    if (src->len) {
        dst->data = ngx_pstrdup(native->pool, src);

        if (dst->data == NULL) {
            return NGX_ERROR;
        }
    }

    dst->len = src->len;

    return NGX_OK;
}


/* The draft of the new session's profile. */

static ngx_int_t
ngx_mqtt_native_profile(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_profile_t  p;

    ngx_memzero(&p, sizeof(ngx_mqtt_profile_t));

    p.user_id = cx->principal.user_id;
    p.state = cx->principal.state;
    p.subprotocol = cl->native->subprotocol;
    p.cookie = cx->cookie;

    if (cx->principal.roles) {
        p.roles = cx->principal.roles->elts;
        p.nroles = cx->principal.roles->nelts;
    }

    cx->homeless = (ngx_mqtt_profile_store(cl->worker, &p) != NGX_OK);

    return NGX_OK;
}


/* The session, new or recovered. */

static ngx_uint_t
ngx_mqtt_native_enter(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    if (cl->refused) {
        cx->why = "no connections to spare";
        return NGX_MQTT_SERVER_BUSY;
    }

    cl->connection = ngx_mqtt_profile_connection(cl->worker);
    cl->last_packet = ngx_current_msec;
    cl->receive_maximum = NGX_MQTT_WINDOW_MAX;
    cl->session_expiry = ngx_mqtt_is_reliable(cl->version)
                         ? ngx_mqtt_handle_expiry(cl, NGX_MQTT_EXPIRY_NEVER)
                         : 0;

    return ngx_mqtt_admit(cl, cx);
}


/* NGX_ERROR: no memory, the client has ended. */

static ngx_int_t
ngx_mqtt_native_welcome(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    u_char     buf[NGX_MQTT_NAME_LEN];
    ngx_str_t  name, nobody;

    if (ngx_mqtt_native_connected(cl) != NGX_OK) {
        ngx_mqtt_client_refuse(cl, NGX_MQTT_UNSPECIFIED_ERROR, "no memory");
        return NGX_ERROR;
    }

    cl->connected = 1;
    cl->resumed = (cx->present != 0);

    if (cl->conf->token_enforce) {
        cl->expires = cx->principal.expires;
    }

    ngx_str_null(&nobody);

    if (cl->ops->named && cl->native->user_id.len) {
        cl->ops->named(cl, &cl->native->user_id, &nobody);
    }

    ngx_mqtt_handle_name(cl, buf, &name);

    ngx_log_error(NGX_LOG_INFO, cl->log, 0,
                  "client \"%V\" connected to hub \"%V\", %V, %s session",
                  &name, &cl->hub, ngx_mqtt_native_protocol_name(cl->version),
                  cx->present ? "recovered" : "new");

    if (!cx->present) {
        ngx_mqtt_life_connected(cl, cx);
    }

    /* the principal is in there: nobody needs it any more */

    ngx_mqtt_proof_free(cl);

    return NGX_OK;
}


const ngx_str_t *
ngx_mqtt_native_protocol_name(ngx_uint_t version)
{
    ngx_uint_t  i, n;

    static ngx_str_t  simple = ngx_string("websocket");

    n = sizeof(ngx_mqtt_native_protocols)
        / sizeof(ngx_mqtt_native_protocols[0]);

    for (i = 0; i < n; i++) {
        if (ngx_mqtt_native_protocols[i].protocol == ngx_mqtt_protocol(version)
            && ngx_mqtt_native_protocols[i].reliable
               == (ngx_mqtt_is_reliable(version) != 0))
        {
            return &ngx_mqtt_native_protocols[i].name;
        }
    }

    return &simple;
}


void
ngx_mqtt_native_subprotocol(ngx_uint_t version, ngx_str_t *name)
{
    switch (ngx_mqtt_protocol(version)) {

    case NGX_MQTT_PROTO_MQTT:
        ngx_str_set(name, "mqtt");
        return;

    case NGX_MQTT_PROTO_SIMPLE:
        ngx_str_null(name);
        return;

    default:
        *name = *ngx_mqtt_native_protocol_name(version);
    }
}


static ngx_int_t
ngx_mqtt_native_connected(ngx_mqtt_client_t *cl)
{
    u_char                      token[NGX_MQTT_NATIVE_TOKEN_LEN];
    ngx_mqtt_native_response_t  r;

    if (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_SIMPLE) {
        return NGX_OK;
    }

    ngx_memzero(&r, sizeof(ngx_mqtt_native_response_t));

    r.type = NGX_MQTT_NATIVE_CONNECTED;
    r.user_id = cl->native->user_id;
    r.connection_id = cl->client_id;

    if (ngx_mqtt_is_reliable(cl->version)) {

        if (ngx_mqtt_native_token(cl, cl->serial, token) != NGX_OK) {
            return NGX_ERROR;
        }

        r.token.data = token;
        r.token.len = sizeof(token);
    }

    return ngx_mqtt_native_send(cl, &r);
}


ngx_int_t
ngx_mqtt_native_recover(ngx_mqtt_client_t *cl, ngx_str_t *connection_id,
    ngx_str_t *token)
{
    ngx_int_t              rc;
    ngx_uint_t             reason;
    ngx_mqtt_connect_t     connect;
    ngx_mqtt_connecting_t  cx;

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));
    ngx_memzero(&connect, sizeof(ngx_mqtt_connect_t));

    cx.connect = &connect;
    cx.why = "nothing to recover";

    rc = ngx_mqtt_native_claim(cl, &cx, connection_id, token);

    switch (rc) {

    case NGX_OK:
        reason = ngx_mqtt_native_enter(cl, &cx);
        break;

    case NGX_DECLINED:
        reason = NGX_MQTT_NOT_AUTHORIZED;
        break;

    default:
        reason = NGX_MQTT_UNSPECIFIED_ERROR;
        break;
    }

    /* there may be streams */

    cl->native->idle = 1;

    if (reason == NGX_MQTT_SUCCESS && ngx_mqtt_native_known(cl) != NGX_OK) {
        reason = NGX_MQTT_UNSPECIFIED_ERROR;
    }

    if (reason == NGX_MQTT_SUCCESS) {
        return ngx_mqtt_native_welcome(cl, &cx);
    }

    ngx_mqtt_client_refuse(cl, reason, cx.why);

    return (reason == NGX_MQTT_NOT_AUTHORIZED
            || reason == NGX_MQTT_SESSION_TAKEN_OVER) ? NGX_DECLINED
                                                      : NGX_ERROR;
}


/* Whether a session is there, and the token is its. */

static ngx_int_t
ngx_mqtt_native_claim(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx,
    ngx_str_t *connection_id, ngx_str_t *token)
{
    ngx_int_t  rc;

    if (connection_id->len != NGX_MQTT_NATIVE_ID_LEN
        || !ngx_mqtt_is_reliable(cl->version))
    {
        return NGX_DECLINED;
    }

    cl->client_id.data = ngx_alloc(connection_id->len, cl->log);
    if (cl->client_id.data == NULL) {
        return NGX_ERROR;
    }

    cl->client_id.len = connection_id->len;
    ngx_memcpy(cl->client_id.data, connection_id->data, connection_id->len);

    rc = ngx_mqtt_native_find(cl, cx);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_token_check(cl, cx->serial, token);
    }

    return (rc == NGX_OK) ? ngx_mqtt_auth_rights(cl, NULL, 0) : rc;
}


/*
 * The session that is to be recovered: its serial number and its identity,
 * which is left in the worker's memory.
 */

static ngx_int_t
ngx_mqtt_native_find(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = cl->worker;
    s = NULL;

    ngx_mqtt_worker_lock(w);

    hub = ngx_mqtt_hub_find_locked(w->zone, &cl->hub);

    if (hub) {
        s = ngx_mqtt_session_find_locked(w->zone, hub, &cl->client_id);
    }

    if (s && (s->version != cl->version || !ngx_mqtt_session_lasts(s))) {
        s = NULL;
    }

    if (s) {
        cx->serial = s->serial;
        cx->principal.expires = s->native->expires;
        cx->principal.identity.data = w->topic;
        cx->principal.identity.len = s->identity_len;
        ngx_memcpy(w->topic, s->data + s->id_len, s->identity_len);
    }

    ngx_mqtt_worker_unlock(w);

    /* its connection would end at once */

    if (s && cl->conf->token_enforce && cx->principal.expires
        && cx->principal.expires <= ngx_time())
    {
        return NGX_DECLINED;
    }

    return s ? NGX_OK : NGX_DECLINED;
}


/* What this process has to know of a session that was recovered. */

static ngx_int_t
ngx_mqtt_native_known(ngx_mqtt_client_t *cl)
{
    ngx_int_t            rc;
    ngx_mqtt_whose_t     whose;
    ngx_mqtt_profile_t  *p;

    ngx_mqtt_profile_whose(cl, &whose);

    p = ngx_mqtt_profile_read(cl->worker, &whose);
    if (p == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_native_copy(cl->native, &cl->native->user_id, &p->user_id);

    ngx_free(p);

    return rc;
}


ngx_int_t
ngx_mqtt_native_input(ngx_mqtt_client_t *cl, ngx_uint_t opcode, u_char *data,
    size_t len)
{
    ngx_int_t    rc;
    ngx_str_t    frame;
    ngx_uint_t   protocol;
    ngx_pool_t  *pool;

    if (cl->closed) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_client_may_go_on(cl, NGX_MQTT_PUBLISH);

    if (rc != NGX_OK) {
        return (rc == NGX_BUSY) ? NGX_AGAIN : rc;
    }

    cl->last_packet = ngx_current_msec;
    cl->worker->work += 1 + len / NGX_MQTT_NATIVE_WORK;

    frame.data = data;
    frame.len = len;

    protocol = ngx_mqtt_protocol(cl->version);

    if (protocol == NGX_MQTT_PROTO_SIMPLE) {
        return ngx_mqtt_native_simple(cl, opcode, &frame);
    }

    if ((protocol == NGX_MQTT_PROTO_JSON) != (opcode == NGX_MQTT_WS_TEXT)) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                    "a message of the wrong kind");
    }

    pool = ngx_create_pool(NGX_MQTT_NATIVE_POOL, cl->log);

    if (pool == NULL) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "no memory");
    }

    rc = ngx_mqtt_native_read(cl, pool, &frame);

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
ngx_mqtt_native_read(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_str_t *frame)
{
    ngx_int_t                   rc;
    const char                 *why;
    ngx_mqtt_native_request_t   r;

    rc = (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_JSON)
         ? ngx_mqtt_native_json_read(pool, frame, &r, &why)
         : ngx_mqtt_native_proto_read(pool, frame, &r, &why);

    switch (rc) {

    case NGX_OK:
        return ngx_mqtt_native_request(cl, pool, &r);

    case NGX_DECLINED:
        return ngx_mqtt_native_refuse(cl, &r, "BadRequest", why);

    case NGX_ERROR:
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PAYLOAD_FORMAT_INVALID, why);

    default:
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "no memory");
    }
}


void
ngx_mqtt_native_goodbye(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_worker_t  *w;

    if (cl->closed || cl->attach == NULL) {
        return;
    }

    w = cl->worker;
    cl->parted = 1;

    ngx_mqtt_worker_lock(w);

    if (cl->attach->session) {
        ngx_mqtt_set(cl->attach->session->expiry, 0);
    }

    ngx_mqtt_worker_unlock(w);
}


ngx_uint_t
ngx_mqtt_native_ends(ngx_uint_t reason)
{
    switch (reason) {

    case NGX_MQTT_NORMAL_DISCONNECTION:
    case NGX_MQTT_NOT_AUTHORIZED:
    case NGX_MQTT_QUOTA_EXCEEDED:
    case NGX_MQTT_ADMINISTRATIVE_ACTION:
        return 1;

    default:
        return 0;
    }
}


void
ngx_mqtt_native_farewell(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why)
{
    ngx_mqtt_native_response_t  r;

    if (!cl->connected
        || ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_SIMPLE)
    {
        return;
    }

    ngx_memzero(&r, sizeof(ngx_mqtt_native_response_t));

    r.type = NGX_MQTT_NATIVE_DISCONNECTED;

    if (cl->farewell) {
        r.message = cl->farewell->reason_string;

    } else {

        if (why == NULL) {
            why = ngx_mqtt_handle_why(reason);
        }

        r.message.data = (u_char *) why;
        r.message.len = ngx_strlen(why);
    }

    (void) ngx_mqtt_native_send(cl, &r);
}
