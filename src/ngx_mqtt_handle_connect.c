
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_connack.h>
#include <ngx_mqtt_ask.h>
#include <ngx_mqtt_login.h>
#include <ngx_mqtt_proof.h>
#include <ngx_mqtt_native_local.h>


/* "strict_limits on" */

#define NGX_MQTT_STRICT_ID          128
#define NGX_MQTT_STRICT_KEEP_ALIVE  180
#define NGX_MQTT_STRICT_TOPIC       1024
#define NGX_MQTT_STRICT_WILL        2000
#define NGX_MQTT_STRICT_EXPIRY      30


static ngx_int_t ngx_mqtt_connect_proven(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_connect_go_on(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static void ngx_mqtt_connect_take(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_connect_check(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_connect_rights(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_connect_client_id(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_connect_strict(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_connect_blank(ngx_str_t *s);
static ngx_uint_t ngx_mqtt_connect_will(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static void ngx_mqtt_connect_store_profile(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_uint_t ngx_mqtt_connect_store_will(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_connect_copy_id(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);


ngx_int_t
ngx_mqtt_handle_connect(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_int_t              rc;
    ngx_mqtt_connecting_t  cx;

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));

    cx.pkt = pkt;
    cx.connect = &pkt->u.connect;

    ngx_mqtt_connect_take(cl, &cx);

    cx.reason = ngx_mqtt_connect_check(cl, &cx);

    if (cx.reason != NGX_MQTT_SUCCESS) {
        return ngx_mqtt_handle_fail(cl, cx.reason, cx.why);
    }

    rc = ngx_mqtt_proof_connect(cl, &cx);

    if (rc == NGX_AGAIN) {
        rc = ngx_mqtt_login(cl, &cx);

        if (rc == NGX_OK) {
            return NGX_BUSY;
        }
    }

    if (rc != NGX_OK) {
        return ngx_mqtt_handle_fail(cl, cx.reason, cx.why);
    }

    return ngx_mqtt_connect_proven(cl, &cx);
}


void
ngx_mqtt_handle_login(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_int_t right)
{
    ngx_mqtt_connecting_t  cx;

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));

    cx.pkt = pkt;
    cx.connect = &pkt->u.connect;
    cx.assigned = (cx.connect->client_id.len == 0);

    cl->last_packet = ngx_current_msec;

    if (ngx_mqtt_proof_login(cl, &cx, right) != NGX_OK) {
        (void) ngx_mqtt_handle_fail(cl, cx.reason, cx.why);
        return;
    }

    /* the application may have to be asked, too */

    if (ngx_mqtt_connect_proven(cl, &cx) == NGX_OK) {
        cl->ops->resume(cl);
    }
}


/* It is known who the client is: next its application is asked. */

static ngx_int_t
ngx_mqtt_connect_proven(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_int_t  rc;

    if (cx->connect->has_will) {
        cx->reason = ngx_mqtt_connect_will(cl, cx);

        if (cx->reason != NGX_MQTT_SUCCESS) {
            return ngx_mqtt_handle_fail(cl, cx->reason, cx->why);
        }
    }

    rc = ngx_mqtt_ask(cl, cx);

    if (rc == NGX_OK) {
        return NGX_BUSY;
    }

    if (rc == NGX_ERROR) {
        return ngx_mqtt_handle_fail(cl, cx->reason, cx->why);
    }

    return ngx_mqtt_connect_go_on(cl, cx);
}


void
ngx_mqtt_handle_asked(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_mqtt_principal_t *principal, ngx_mqtt_verdict_t *verdict)
{
    ngx_mqtt_props_t       props;
    ngx_mqtt_connecting_t  cx;

    if (verdict->reason != NGX_MQTT_SUCCESS) {

        ngx_memzero(&props, sizeof(ngx_mqtt_props_t));

        if (verdict->text.len) {
            props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
            props.reason_string = verdict->text;
        }

        props.user = verdict->user;

        cl->farewell = &props;
        (void) ngx_mqtt_handle_fail(cl, verdict->reason, verdict->why);
        return;
    }

    ngx_memzero(&cx, sizeof(ngx_mqtt_connecting_t));

    cx.pkt = pkt;
    cx.connect = &pkt->u.connect;
    cx.assigned = (cx.connect->client_id.len == 0);
    cx.principal = *principal;
    cx.has_state = verdict->has_state;
    cx.user = verdict->user;

    cl->last_packet = ngx_current_msec;

    if (ngx_mqtt_connect_go_on(cl, &cx) == NGX_OK) {
        cl->ops->resume(cl);
    }
}


/* The client has been judged: what it gets depends on the zone. */

static ngx_int_t
ngx_mqtt_connect_go_on(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_uint_t         reason;
    ngx_mqtt_packet_t  ack;

    reason = ngx_mqtt_connect_rights(cl, cx);

    if (reason == NGX_MQTT_SUCCESS) {
        ngx_mqtt_connack(cl, cx, &ack);

        if (ngx_mqtt_handle_reserve(cl, &ack) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_mqtt_connect_store_profile(cl, cx);
        reason = ngx_mqtt_connect_store_will(cl, cx);
    }

    if (reason == NGX_MQTT_SUCCESS) {
        reason = ngx_mqtt_admit(cl, cx);
        ngx_mqtt_publish_drop(cl->worker);
    }

    ngx_mqtt_profile_drop(cl->worker);

    if (reason != NGX_MQTT_SUCCESS) {
        cl->will_discard = 1;
        return ngx_mqtt_handle_fail(cl, reason, cx->why);
    }

    return ngx_mqtt_connack_send(cl, cx, &ack);
}


/* What the client says of itself, and what is made of it. */

static void
ngx_mqtt_connect_take(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    uint32_t              expiry;
    ngx_uint_t            max;
    ngx_mqtt_props_t     *props;
    ngx_mqtt_connect_t   *connect;

    connect = cx->connect;
    props = &cx->pkt->props;

    cl->version = connect->version;
    cl->connection = ngx_mqtt_profile_connection(cl->worker);

    /* the server's maximum replaces "off" as well [MQTT-3.2.2-21] */

    max = cl->conf->max_keepalive;

    if (cl->conf->strict_limits && cl->version == NGX_MQTT_V5) {
        max = max ? ngx_min(max, NGX_MQTT_STRICT_KEEP_ALIVE)
                  : NGX_MQTT_STRICT_KEEP_ALIVE;
    }

    cl->keep_alive = connect->keep_alive;

    if (max && (cl->keep_alive == 0 || cl->keep_alive > max)) {
        cl->keep_alive = ngx_min(max, 65535);
    }

    if (cl->version != NGX_MQTT_V5) {
        expiry = connect->clean_start ? 0 : NGX_MQTT_EXPIRY_NEVER;
        cl->requested_expiry = expiry;
        cl->session_expiry = ngx_mqtt_handle_expiry(cl, expiry);
        cl->receive_maximum = (uint16_t) cl->conf->receive_maximum;
        return;
    }

    expiry = 0;

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_SESSION_EXPIRY)) {
        expiry = props->session_expiry;
    }

    cl->requested_expiry = expiry;
    cl->session_expiry = ngx_mqtt_handle_expiry(cl, expiry);

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_RECEIVE_MAXIMUM)) {
        cl->receive_maximum = props->receive_maximum;
    }

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_MAXIMUM_PACKET_SIZE)) {
        cl->max_packet_size = props->maximum_packet_size;
    }

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_TOPIC_ALIAS_MAXIMUM)) {
        cl->alias_maximum = props->topic_alias_maximum;
    }
}


uint32_t
ngx_mqtt_handle_expiry(ngx_mqtt_client_t *cl, uint32_t expiry)
{
    expiry = (uint32_t) ngx_min(expiry, cl->conf->session_expiry);

    if (cl->conf->strict_limits) {
        expiry = ngx_min(expiry, NGX_MQTT_STRICT_EXPIRY);
    }

    return expiry;
}


/* All that can be said without the zone. */

static ngx_uint_t
ngx_mqtt_connect_check(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_uint_t  reason;

    if (cl->refused) {
        cx->why = "no connections to spare";
        return NGX_MQTT_SERVER_BUSY;
    }

    reason = ngx_mqtt_connect_client_id(cl, cx);

    if (reason == NGX_MQTT_SUCCESS && cl->conf->strict_limits) {
        reason = ngx_mqtt_connect_strict(cl, cx);
    }

    return reason;
}


/* What the client may do, and whether its will is part of that. */

static ngx_uint_t
ngx_mqtt_connect_rights(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_int_t     rc;
    ngx_array_t  *roles;

    roles = cx->principal.roles;

    rc = roles ? ngx_mqtt_auth_rights(cl, roles->elts, roles->nelts)
               : ngx_mqtt_auth_rights(cl, NULL, 0);

    if (rc == NGX_OK && !cx->connect->has_will) {
        return NGX_MQTT_SUCCESS;
    }

    /* in a session that is resumed its own roles count, as a rule */

    if (rc == NGX_OK && !cx->connect->clean_start
        && !ngx_mqtt_proof_governs(cl))
    {
        rc = ngx_mqtt_auth_resume(cl, &cx->principal);

        cx->resumes = (rc == NGX_OK);
    }

    if (rc == NGX_ERROR) {
        cx->why = "no memory";
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    if (ngx_mqtt_auth_publish(cl, &cx->connect->will_topic) != NGX_OK) {
        cx->why = "not authorized to publish its will";
        return NGX_MQTT_NOT_AUTHORIZED;
    }

    return NGX_MQTT_SUCCESS;
}


static ngx_uint_t
ngx_mqtt_connect_client_id(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    cx->assigned = (cx->connect->client_id.len == 0);

    /* [3.1.1: MQTT-3.1.3-8] */

    if (cx->assigned && cl->version != NGX_MQTT_V5
        && !cx->connect->clean_start)
    {
        return NGX_MQTT_CLIENT_ID_NOT_VALID;
    }

    if (ngx_mqtt_connect_copy_id(cl, cx) != NGX_OK) {
        cx->why = "no memory";
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    return NGX_MQTT_SUCCESS;
}


static ngx_int_t
ngx_mqtt_connect_copy_id(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    size_t      len;
    ngx_str_t  *id;

    id = &cx->connect->client_id;
    len = cx->assigned ? NGX_MQTT_ASSIGNED_LEN : id->len;

    cl->client_id.data = ngx_alloc(len, cl->log);
    if (cl->client_id.data == NULL) {
        return NGX_ERROR;
    }

    cl->client_id.len = len;

    if (cx->assigned) {
        ngx_mqtt_admit_make_id(&cl->client_id);

    } else {
        ngx_memcpy(cl->client_id.data, id->data, len);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_mqtt_connect_strict(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    u_char               c;
    ngx_str_t           *id;
    ngx_uint_t           i;
    ngx_mqtt_connect_t  *connect;

    connect = cx->connect;
    id = &connect->client_id;

    if (id->len > NGX_MQTT_STRICT_ID
        || (id->len == 0 && cl->version != NGX_MQTT_V5))
    {
        cx->why = "client id must have 1 to 128 characters";
        return NGX_MQTT_CLIENT_ID_NOT_VALID;
    }

    for (i = 0; i < id->len; i++) {
        c = id->data[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z')
            && (c < 'A' || c > 'Z') && c != '_' && c != '-')
        {
            cx->why = "client id must consist of 0-9, a-z, A-Z, _ and -";
            return NGX_MQTT_CLIENT_ID_NOT_VALID;
        }
    }

    if (cl->version != NGX_MQTT_V5
        && (connect->keep_alive == 0
            || connect->keep_alive > NGX_MQTT_STRICT_KEEP_ALIVE))
    {
        cx->why = "keep alive must be 1 to 180 seconds";
        return NGX_MQTT_IMPLEMENTATION_ERROR;
    }

    if (!connect->has_will) {
        return NGX_MQTT_SUCCESS;
    }

    if (connect->will_topic.len > NGX_MQTT_STRICT_TOPIC
        || ngx_mqtt_connect_blank(&connect->will_topic))
    {
        cx->why = "will topic must have 1 to 1024 bytes, not all blank";
        return NGX_MQTT_TOPIC_NAME_INVALID;
    }

    if (connect->will_payload.len > NGX_MQTT_STRICT_WILL) {
        cx->why = "will payload must have at most 2000 bytes";
        return NGX_MQTT_PACKET_TOO_LARGE;
    }

    return NGX_MQTT_SUCCESS;
}


static ngx_uint_t
ngx_mqtt_connect_blank(ngx_str_t *s)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c != ' ' && (c < '\t' || c > '\r')) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_mqtt_connect_will(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_connect_t  *connect;

    connect = cx->connect;

    if (ngx_mqtt_topic_name_valid(&connect->will_topic) != NGX_OK) {
        cx->why = "invalid will topic";
        return NGX_MQTT_TOPIC_NAME_INVALID;
    }

    if (connect->will_qos > cl->conf->max_qos) {
        cx->why = "will above the maximum QoS";
        return NGX_MQTT_QOS_NOT_SUPPORTED;
    }

    if (connect->will_retain && !cl->conf->retain) {
        cx->why = "will with RETAIN";
        return NGX_MQTT_RETAIN_NOT_SUPPORTED;
    }

    if (connect->will_topic.data[0] == '$') {
        cx->why = "not authorized to publish its will";
        return NGX_MQTT_NOT_AUTHORIZED;
    }

    return NGX_MQTT_SUCCESS;
}


/* Of a session that may be new; one that is resumed needs no room. */

static void
ngx_mqtt_connect_store_profile(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_profile_t     p;
    ngx_mqtt_principal_t  *principal;

    principal = &cx->principal;

    ngx_memzero(&p, sizeof(ngx_mqtt_profile_t));

    p.user_id = principal->user_id;
    p.state = principal->state;

    if (cx->connect->has_username) {
        p.username = cx->connect->username;
    }

    if (principal->roles) {
        p.roles = principal->roles->elts;
        p.nroles = principal->roles->nelts;
    }

    cx->homeless = (ngx_mqtt_profile_store(cl->worker, &p) != NGX_OK);
}


static ngx_uint_t
ngx_mqtt_connect_store_will(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_props_t     *props;
    ngx_mqtt_inbound_t    in;
    ngx_mqtt_connect_t   *connect;
    ngx_mqtt_message_t   *m;

    connect = cx->connect;

    if (!connect->has_will) {
        return NGX_MQTT_SUCCESS;
    }

    props = (cl->version == NGX_MQTT_V5) ? &connect->will_props : NULL;

    in.topic = connect->will_topic;
    in.props = props;
    in.payload = connect->will_payload;
    in.qos = connect->will_qos;
    in.retain = connect->will_retain;
    ngx_str_null(&in.extra);

    m = cl->conf->native
        ? ngx_mqtt_native_store_for(cl->worker, &in, &cx->principal.user_id,
                                    NULL)
        : ngx_mqtt_publish_store(cl->worker, &in);

    if (m == NULL) {
        cx->why = "no room for its will";
        return NGX_MQTT_QUOTA_EXCEEDED;
    }

    cx->will = m;

    if (props == NULL) {
        return NGX_MQTT_SUCCESS;
    }

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_WILL_DELAY)) {
        cx->will_delay = (uint32_t) ngx_min(props->will_delay,
                                            cl->conf->will_delay_max);
    }

    return NGX_MQTT_SUCCESS;
}
