
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_topic.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_life.h>


#define NGX_MQTT_EVENT_NAME_MAX  128

/* user properties, and bytes of them, that become headers */
#define NGX_MQTT_EVENT_PROPS     64
#define NGX_MQTT_EVENT_PROPS_MAX 8192

#define NGX_MQTT_EVENT_TOPIC     "$webpubsub/server/events/"


/* What is needed for the reply to a custom event, from the event's pool. */

typedef struct {
    ngx_mqtt_whose_t      whose;
    ngx_str_t             correlation;
    ngx_uint_t            has_correlation;
    ngx_uint_t            qos;
} ngx_mqtt_custom_t;


static ngx_uint_t ngx_mqtt_custom_name_valid(ngx_str_t *name);
static ngx_mqtt_event_t *ngx_mqtt_custom_create(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_str_t *name);
static ngx_int_t ngx_mqtt_custom_props(ngx_mqtt_event_t *ev,
    ngx_mqtt_props_t *props);
static ngx_uint_t ngx_mqtt_custom_is_type(ngx_str_t *type);
static ngx_int_t ngx_mqtt_custom_take(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_mqtt_event_t *ev, ngx_uint_t *reason);
static void ngx_mqtt_custom_profile(ngx_mqtt_event_t *ev,
    ngx_mqtt_profile_t *p);
static void ngx_mqtt_custom_refresh(ngx_mqtt_event_t *ev);
static void ngx_mqtt_custom_answered(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer);
static ngx_int_t ngx_mqtt_custom_topic(ngx_mqtt_event_t *ev,
    ngx_uint_t status, ngx_str_t *topic);
static ngx_int_t ngx_mqtt_custom_reply_props(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer, ngx_uint_t status, ngx_mqtt_props_t *props);
static ngx_int_t ngx_mqtt_custom_user(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer, ngx_uint_t status, ngx_str_t *user);
static u_char *ngx_mqtt_custom_pair(u_char *p, ngx_str_t *name,
    ngx_str_t *value);


ngx_int_t
ngx_mqtt_handle_event(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_str_t *topic)
{
    size_t              len;
    ngx_int_t           rc;
    ngx_str_t           name;
    ngx_uint_t          reason;
    ngx_mqtt_event_t   *ev;
    ngx_mqtt_answer_t   answer;

    len = sizeof(NGX_MQTT_EVENT_TOPIC) - 1;

    if (topic->len < len
        || ngx_memcmp(topic->data, NGX_MQTT_EVENT_TOPIC, len) != 0)
    {
        return NGX_DECLINED;
    }

    name.data = topic->data + len;
    name.len = topic->len - len;

    if (!ngx_mqtt_custom_name_valid(&name)) {
        return ngx_mqtt_handle_settle(cl, pkt->qos, pkt->packet_id,
                                      NGX_MQTT_TOPIC_NAME_INVALID);
    }

    cl->worker->work += NGX_MQTT_EVENT_WORK;

    ev = ngx_mqtt_custom_create(cl, pkt, &name);

    if (ev == NULL) {
        return ngx_mqtt_handle_settle(cl, pkt->qos, pkt->packet_id,
                                      NGX_MQTT_QUOTA_EXCEEDED);
    }

    rc = ngx_mqtt_custom_take(cl, pkt, ev, &reason);

    if (rc == NGX_OK) {
        rc = cl->worker->ops->event ? cl->worker->ops->event(cl->worker, ev)
                                    : NGX_DECLINED;
        if (rc == NGX_OK) {
            return ngx_mqtt_handle_settle(cl, pkt->qos, pkt->packet_id,
                                          NGX_MQTT_SUCCESS);
        }

        ngx_memzero(&answer, sizeof(ngx_mqtt_answer_t));

        if (rc == NGX_DECLINED) {
            answer.status = 404;
        }

        ngx_mqtt_custom_answered(ev, &answer);
    }

    ngx_destroy_pool(ev->pool);

    if (rc == NGX_ABORT) {
        return NGX_ERROR;
    }

    return ngx_mqtt_handle_settle(cl, pkt->qos, pkt->packet_id, reason);
}


static ngx_uint_t
ngx_mqtt_custom_name_valid(ngx_str_t *name)
{
    u_char      ch;
    ngx_uint_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') {
            continue;
        }

        if (i == 0 || ((ch < '0' || ch > '9')
                       && ch != '_' && ch != '.' && ch != '-'))
        {
            return 0;
        }
    }

    return i && i <= NGX_MQTT_EVENT_NAME_MAX;
}


static ngx_mqtt_event_t *
ngx_mqtt_custom_create(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_str_t *name)
{
    ngx_mqtt_event_t   *ev;
    ngx_mqtt_custom_t  *custom;

    ev = ngx_mqtt_event_create(cl->worker, NGX_MQTT_EVENT_USER);
    if (ev == NULL) {
        return NULL;
    }

    custom = ngx_pcalloc(ev->pool, sizeof(ngx_mqtt_custom_t));
    if (custom == NULL) {
        goto failed;
    }

    custom->qos = ngx_min(pkt->qos, cl->conf->max_qos);

    ev->data = custom;
    ev->answered = ngx_mqtt_custom_answered;
    ev->refresh = ngx_mqtt_custom_refresh;

    ngx_str_set(&ev->subprotocol, "mqtt");
    ngx_str_set(&ev->content_type, "application/octet-stream");

    if (ngx_mqtt_event_copy(ev, &ev->hub, &cl->hub) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->name, name) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->connection_id, &cl->client_id)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->body, &pkt->u.publish.payload)
           != NGX_OK
        || (cl->version == NGX_MQTT_V5
            && ngx_mqtt_custom_props(ev, &pkt->props) != NGX_OK)
        || (cl->ops->describe && cl->ops->describe(cl, ev) != NGX_OK))
    {
        goto failed;
    }

    custom->whose.hub = ev->hub;
    custom->whose.client_id = ev->connection_id;

    return ev;

failed:

    ngx_destroy_pool(ev->pool);

    return NULL;
}


static ngx_int_t
ngx_mqtt_custom_props(ngx_mqtt_event_t *ev, ngx_mqtt_props_t *props)
{
    size_t              left;
    ngx_str_t           raw, name, value;
    ngx_mqtt_custom_t  *custom;

    custom = ev->data;

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_CONTENT_TYPE)
        && ngx_mqtt_custom_is_type(&props->content_type)
        && ngx_mqtt_event_copy(ev, &ev->content_type, &props->content_type)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_mqtt_prop_has(props, NGX_MQTT_PROP_CORRELATION_DATA)) {
        custom->has_correlation = 1;

        if (ngx_mqtt_event_copy(ev, &custom->correlation,
                                &props->correlation_data)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (!ngx_mqtt_prop_has(props, NGX_MQTT_PROP_USER_PROPERTY)) {
        return NGX_OK;
    }

    raw = props->raw;
    left = NGX_MQTT_EVENT_PROPS_MAX;

    while (ev->headers.nelts < NGX_MQTT_EVENT_PROPS
           && ngx_mqtt_property_user_next(&raw, &name, &value) == NGX_OK)
    {
        if (name.len + value.len > left) {
            continue;
        }

        left -= name.len + value.len;

        if (ngx_mqtt_event_property(ev, &name, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* As far as it matters: something, a slash, and nothing that ends a header. */

static ngx_uint_t
ngx_mqtt_custom_is_type(ngx_str_t *type)
{
    u_char  *slash;

    slash = ngx_strlchr(type->data, type->data + type->len, '/');

    return slash && slash != type->data
           && slash != type->data + type->len - 1
           && ngx_mqtt_event_is_clean(type);
}


/*
 * Holds a QoS 2 identifier, notes whose event it is.  NGX_DECLINED: a
 * duplicate, or refused, "reason" says which; NGX_ABORT: the client is gone.
 */

static ngx_int_t
ngx_mqtt_custom_take(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_mqtt_event_t *ev, ngx_uint_t *reason)
{
    ngx_int_t            rc;
    ngx_uint_t           profile;
    ngx_mqtt_session_t  *s;
    ngx_mqtt_custom_t   *custom;

    custom = ev->data;
    *reason = NGX_MQTT_SUCCESS;
    rc = NGX_OK;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ABORT;
    }

    custom->whose.serial = s->serial;
    profile = (s->profile != NULL);

    if (profile) {
        ngx_mqtt_profile_hold_locked(cl->worker, s);
    }

    if (pkt->qos == 2) {

        if (ngx_mqtt_session_holds_id_locked(s, pkt->packet_id)) {
            rc = NGX_DECLINED;

        } else if (ngx_mqtt_session_reserve_id_locked(cl->worker->zone, s)
                   != NGX_OK)
        {
            cl->worker->full = 1;
            *reason = NGX_MQTT_QUOTA_EXCEEDED;
            rc = NGX_DECLINED;

        } else {
            ngx_mqtt_session_hold_id_locked(s, pkt->packet_id);
            cl->received++;
        }
    }

    ngx_mqtt_worker_unlock(cl->worker);

    if (profile) {
        ngx_mqtt_custom_profile(ev, ngx_mqtt_profile_take(cl->worker));
    }

    /* without memory it goes out without */

    (void) ngx_mqtt_life_ids(ev, cl->connection, custom->whose.serial);

    return rc;
}


/* Takes from a profile what an event says of it, and frees it. */

static void
ngx_mqtt_custom_profile(ngx_mqtt_event_t *ev, ngx_mqtt_profile_t *p)
{
    if (p == NULL) {
        return;
    }

    /* without memory it goes out with less */

    (void) ngx_mqtt_event_copy(ev, &ev->user_id, &p->user_id);
    (void) ngx_mqtt_event_copy(ev, &ev->username, &p->username);
    (void) ngx_mqtt_event_copy(ev, &ev->state, &p->state);

    ngx_free(p);
}


static void
ngx_mqtt_custom_refresh(ngx_mqtt_event_t *ev)
{
    ngx_mqtt_custom_t  *custom;

    custom = ev->data;

    /* the session may have ended, then what was known last is said of it */

    ngx_mqtt_custom_profile(ev, ngx_mqtt_profile_read(ev->worker,
                                                      &custom->whose));
}


/* Sends the reply to the session the event came from, and to no other. */

static void
ngx_mqtt_custom_answered(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer)
{
    ngx_uint_t           status;
    ngx_mqtt_props_t     props;
    ngx_mqtt_custom_t   *custom;
    ngx_mqtt_inbound_t   in;

    custom = ev->data;

    status = answer->status;

    if (status == 0) {
        status = (answer->why == NGX_MQTT_ANSWER_FAILED) ? 504 : 503;
    }

    if (answer->has_state && status / 100 == 2
        && (answer->state.len != ev->state.len
            || ngx_memcmp(answer->state.data, ev->state.data, ev->state.len)
               != 0)
        && ngx_mqtt_profile_set_state(ev->worker, &custom->whose,
                                      &answer->state)
           == NGX_ERROR)
    {
        ngx_mqtt_worker_full(ev->worker);
    }

    if (ngx_mqtt_custom_topic(ev, status, &in.topic) != NGX_OK
        || ngx_mqtt_custom_reply_props(ev, answer, status, &props) != NGX_OK)
    {
        return;
    }

    in.props = &props;
    in.payload = answer->body;
    ngx_str_null(&in.extra);
    in.qos = (u_char) custom->qos;
    in.retain = 0;

    (void) ngx_mqtt_publish_session(ev->worker, &custom->whose, &in);
}


static ngx_int_t
ngx_mqtt_custom_topic(ngx_mqtt_event_t *ev, ngx_uint_t status,
    ngx_str_t *topic)
{
    topic->data = ngx_pnalloc(ev->pool, sizeof(NGX_MQTT_EVENT_TOPIC)
                                        + ev->name.len
                                        + sizeof("/succeeded"));
    if (topic->data == NULL) {
        return NGX_ERROR;
    }

    topic->len = ngx_sprintf(topic->data, NGX_MQTT_EVENT_TOPIC "%V/%s",
                             &ev->name,
                             status / 100 == 2 ? "succeeded" : "failed")
                 - topic->data;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_custom_reply_props(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_uint_t status, ngx_mqtt_props_t *props)
{
    u_char             *p;
    ngx_mqtt_custom_t  *custom;

    custom = ev->data;

    ngx_memzero(props, sizeof(ngx_mqtt_props_t));

    if (ngx_mqtt_custom_user(ev, answer, status, &props->user) != NGX_OK) {
        return NGX_ERROR;
    }

    if (answer->content_type.len
        && answer->content_type.len <= NGX_MQTT_STRING_MAX
        && ngx_mqtt_utf8_valid(answer->content_type.data,
                               answer->content_type.len)
           == NGX_OK)
    {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_CONTENT_TYPE);
        props->content_type = answer->content_type;
    }

    if (custom->has_correlation) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_CORRELATION_DATA);
        props->correlation_data = custom->correlation;
    }

    /* as they would stand in a PUBLISH that came by the wire */

    p = ngx_pnalloc(ev->pool, ngx_mqtt_property_size(props));
    if (p == NULL) {
        return NGX_ERROR;
    }

    props->raw.data = p;
    props->raw.len = ngx_mqtt_property_write(p, props) - p;

    while (*props->raw.data & 0x80) {
        props->raw.data++;
        props->raw.len--;
    }

    props->raw.data++;
    props->raw.len--;

    props->forward_len = props->raw.len;

    return NGX_OK;
}


/* The user properties: the status, and what the application has added. */

static ngx_int_t
ngx_mqtt_custom_user(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_uint_t status, ngx_str_t *user)
{
    u_char        *p, buf[NGX_INT_T_LEN];
    size_t         size;
    ngx_str_t      name, value;
    ngx_uint_t     i;
    ngx_keyval_t  *kv;

    ngx_str_set(&name, "azure-status-code");
    value.data = buf;
    value.len = ngx_sprintf(buf, "%ui", status) - buf;

    kv = answer->headers.elts;
    size = 5 + name.len + value.len;

    for (i = 0; i < answer->headers.nelts; i++) {
        size += 5 + kv[i].key.len + kv[i].value.len;
    }

    p = ngx_pnalloc(ev->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    user->data = p;

    p = ngx_mqtt_custom_pair(p, &name, &value);

    for (i = 0; i < answer->headers.nelts; i++) {
        p = ngx_mqtt_custom_pair(p, &kv[i].key, &kv[i].value);
    }

    user->len = p - user->data;

    return NGX_OK;
}


/* What cannot be a string of MQTT is left out. */

static u_char *
ngx_mqtt_custom_pair(u_char *p, ngx_str_t *name, ngx_str_t *value)
{
    if (name->len > NGX_MQTT_STRING_MAX || value->len > NGX_MQTT_STRING_MAX
        || ngx_mqtt_utf8_valid(name->data, name->len) != NGX_OK
        || ngx_mqtt_utf8_valid(value->data, value->len) != NGX_OK)
    {
        return p;
    }

    *p++ = NGX_MQTT_PROP_USER_PROPERTY;

    p = ngx_cpymem(ngx_mqtt_put16(p, name->len), name->data, name->len);

    return ngx_cpymem(ngx_mqtt_put16(p, value->len), value->data, value->len);
}
