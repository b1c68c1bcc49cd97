
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_auth.h>
#include <ngx_mqtt_ws.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_native_extra.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>


/* entries given up in one hold of the lock for an acknowledgement */
#define NGX_MQTT_NATIVE_BATCH   128


static ngx_int_t ngx_mqtt_native_join(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r);
static ngx_int_t ngx_mqtt_native_join_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, const char **why);
static ngx_int_t ngx_mqtt_native_leave(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r);
static ngx_int_t ngx_mqtt_native_send_to(ngx_mqtt_client_t *cl,
    ngx_pool_t *pool, ngx_mqtt_native_request_t *r);
static ngx_int_t ngx_mqtt_native_ping(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_native_received(ngx_mqtt_client_t *cl,
    uint64_t sequence);


ngx_int_t
ngx_mqtt_native_request(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    switch (r->type) {

    case NGX_MQTT_NATIVE_JOIN:
        return ngx_mqtt_native_join(cl, pool, r);

    case NGX_MQTT_NATIVE_LEAVE:
        return ngx_mqtt_native_leave(cl, pool, r);

    case NGX_MQTT_NATIVE_SEND:
        return ngx_mqtt_native_send_to(cl, pool, r);

    case NGX_MQTT_NATIVE_EVENT:
    case NGX_MQTT_NATIVE_INVOKE:
        return ngx_mqtt_native_event(cl, r);

    case NGX_MQTT_NATIVE_CANCEL:
        ngx_mqtt_native_cancel(cl, &r->invocation_id);
        return NGX_OK;

    case NGX_MQTT_NATIVE_STREAM_START:
        return ngx_mqtt_native_stream_start(cl, pool, r);

    case NGX_MQTT_NATIVE_STREAM_DATA:
        return ngx_mqtt_native_stream_data(cl, pool, r);

    case NGX_MQTT_NATIVE_STREAM_END:
        return ngx_mqtt_native_stream_end(cl, pool, r);

    case NGX_MQTT_NATIVE_PING:
        return ngx_mqtt_native_ping(cl);

    case NGX_MQTT_NATIVE_SEQUENCE_ACK:
        return ngx_mqtt_native_received(cl, r->sequence);

    default:
        return ngx_mqtt_native_refuse(cl, r, "BadRequest",
                                      "This request is not supported.");
    }
}


static ngx_int_t
ngx_mqtt_native_join(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    ngx_int_t            rc;
    const char          *why;
    ngx_mqtt_session_t  *s;

    rc = ngx_mqtt_native_verdict(cl, pool, r, NGX_MQTT_ROLE_SUBSCRIBE);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    cl->worker->work += ngx_mqtt_sub_cost(&r->group);

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_native_join_locked(cl, r, &why);

    ngx_mqtt_worker_unlock(cl->worker);

    if (rc == NGX_DONE) {
        return ngx_mqtt_native_duplicate(cl, r->ack_id);
    }

    if (rc != NGX_OK) {
        return ngx_mqtt_native_refuse(cl, r, "InternalServerError", why);
    }

    return r->has_ack ? ngx_mqtt_native_ack(cl, r->ack_id, NULL, NULL)
                      : NGX_OK;
}


/* NGX_DONE: it was carried out before. */

static ngx_int_t
ngx_mqtt_native_join_locked(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, const char **why)
{
    ngx_uint_t           added;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_zone_t     *zone;
    ngx_mqtt_filter_t    filter;
    ngx_mqtt_session_t  *s;

    s = cl->attach->session;
    zone = cl->worker->zone;

    (void) ngx_mqtt_filter_parse(&r->group, &filter);

    if (r->has_ack) {

        if (ngx_mqtt_native_acked_locked(s, r->ack_id)) {
            return NGX_DONE;
        }

        if (ngx_mqtt_native_reserve_ack_locked(zone, s, r->ack_id) != NGX_OK) {
            goto full;
        }
    }

    if (cl->conf->max_subscriptions
        && s->hub->subscriptions >= cl->conf->max_subscriptions
        && ngx_mqtt_sub_find_locked(zone, s, &r->group) == NULL)
    {
        *why = "There are too many subscriptions.";
        return NGX_ERROR;
    }

    if (ngx_mqtt_sub_add_locked(zone, s, &filter, NGX_MQTT_GRANTED_QOS_1, 0,
                                &sub, &added)
        != NGX_OK)
    {
        goto full;
    }

    if (r->has_ack) {
        ngx_mqtt_native_ack_locked(zone, s, r->ack_id);
    }

    return NGX_OK;

full:

    *why = "There is no room.";
    cl->worker->full = 1;

    return NGX_ERROR;
}


static ngx_int_t
ngx_mqtt_native_leave(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    ngx_int_t            rc;
    ngx_mqtt_sub_t      *sub;
    ngx_mqtt_zone_t     *zone;
    ngx_mqtt_session_t  *s;

    rc = ngx_mqtt_native_verdict(cl, pool, r, NGX_MQTT_ROLE_SUBSCRIBE);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    cl->worker->work += ngx_mqtt_sub_cost(&r->group);
    zone = cl->worker->zone;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    if (r->has_ack && ngx_mqtt_native_acked_locked(s, r->ack_id)) {
        ngx_mqtt_worker_unlock(cl->worker);
        return ngx_mqtt_native_duplicate(cl, r->ack_id);
    }

    sub = ngx_mqtt_sub_find_locked(zone, s, &r->group);

    if (sub) {
        ngx_mqtt_sub_remove_locked(zone, sub);
    }

    /* giving up must not need room: then it is not remembered */

    if (r->has_ack
        && ngx_mqtt_native_reserve_ack_locked(zone, s, r->ack_id) == NGX_OK)
    {
        ngx_mqtt_native_ack_locked(zone, s, r->ack_id);
    }

    ngx_mqtt_worker_unlock(cl->worker);

    return r->has_ack ? ngx_mqtt_native_ack(cl, r->ack_id, NULL, NULL)
                      : NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_send_to(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    ngx_int_t                   rc;
    ngx_uint_t                  reason;
    ngx_mqtt_publish_args_t     args;
    ngx_mqtt_native_response_t  what;

    rc = ngx_mqtt_native_verdict(cl, pool, r, NGX_MQTT_ROLE_PUBLISH);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));
    ngx_memzero(&what, sizeof(ngx_mqtt_native_response_t));
    what.metadata = r->metadata;

    rc = ngx_mqtt_native_publish(cl, pool, r, &what, &args, &reason);

    switch (rc) {

    case NGX_OK:
        return ngx_mqtt_native_settle(cl, r->has_ack, r->ack_id, reason);

    case NGX_DONE:
        return ngx_mqtt_native_duplicate(cl, r->ack_id);

    default:
        return rc;
    }
}


/* Answers a request whose message was published, or was not. */

ngx_int_t
ngx_mqtt_native_settle(ngx_mqtt_client_t *cl, ngx_uint_t has_ack, uint64_t id,
    ngx_uint_t reason)
{
    ngx_str_t  text;

    if (!has_ack) {
        return NGX_OK;
    }

    if (reason < NGX_MQTT_UNSPECIFIED_ERROR) {
        return ngx_mqtt_native_ack(cl, id, NULL, NULL);
    }

    ngx_str_set(&text, "There is no room for the message.");

    return ngx_mqtt_native_ack(cl, id, "InternalServerError", &text);
}


void
ngx_mqtt_native_published(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    ngx_int_t           rc;
    ngx_mqtt_native_t  *native;

    native = cl->native;

    rc = native->stream_id.len
         ? ngx_mqtt_native_stream_settle(cl, reason)
         : ngx_mqtt_native_settle(cl, native->has_ack, native->ack_id, reason);

    if (rc == NGX_OK) {
        ngx_mqtt_client_go_on(cl);
    }
}


ngx_int_t
ngx_mqtt_native_publish(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_mqtt_native_response_t *what,
    ngx_mqtt_publish_args_t *args, ngx_uint_t *reason)
{
    ngx_int_t            rc;
    ngx_uint_t           lost;
    ngx_mqtt_props_t     props;
    ngx_mqtt_packet_t    pkt;
    ngx_mqtt_inbound_t   in;
    ngx_mqtt_worker_t   *w;

    w = cl->worker;
    *reason = NGX_MQTT_QUOTA_EXCEEDED;

    what->user_id = cl->native->user_id;

    if (ngx_mqtt_native_inbound(pool, r, what, &in, &props) != NGX_OK) {
        return NGX_OK;
    }

    args->message = ngx_mqtt_publish_store(w, &in);

    if (args->message == NULL) {
        return NGX_OK;
    }

    args->no_echo = r->no_echo;
    args->has_ack = r->has_ack;
    args->ack_id = r->ack_id;

    pkt.qos = 0;
    pkt.packet_id = 0;
    rc = NGX_OK;

    ngx_mqtt_worker_lock(w);

    args->from = cl->attach->session;

    if (args->from) {
        args->hub = args->from->hub;

        rc = (r->has_ack && ngx_mqtt_native_acked_locked(args->from, r->ack_id))
             ? NGX_DONE
             : ngx_mqtt_publish_client_locked(cl, args, &pkt, reason);
    }

    /* the session may have been lost while the lock was released */

    lost = (cl->attach->session == NULL);

    ngx_mqtt_worker_unlock(w);

    if (rc == NGX_AGAIN) {
        cl->native->has_ack = r->has_ack;
        cl->native->ack_id = r->ack_id;
        return NGX_BUSY;
    }

    ngx_mqtt_publish_drop(w);

    return lost ? ngx_mqtt_handle_lost(cl) : rc;
}


ngx_int_t
ngx_mqtt_native_inbound(ngx_pool_t *pool, ngx_mqtt_native_request_t *r,
    ngx_mqtt_native_response_t *what, ngx_mqtt_inbound_t *in,
    ngx_mqtt_props_t *props)
{
    ngx_memzero(props, sizeof(ngx_mqtt_props_t));

    what->data_type = r->data_type;

    if (ngx_mqtt_native_extra(pool, what, &in->extra) != NGX_OK
        || ngx_mqtt_native_props(pool, props, r->data_type) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->ttl) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MESSAGE_EXPIRY);
        props->message_expiry = r->ttl;
    }

    in->topic = r->group;
    in->props = props;
    in->payload = r->data;
    in->qos = 1;
    in->retain = 0;

    return NGX_OK;
}


/* As they would stand in a PUBLISH that came by the wire. */

ngx_int_t
ngx_mqtt_native_props(ngx_pool_t *pool, ngx_mqtt_props_t *props,
    ngx_uint_t data_type)
{
    u_char           *p;
    const ngx_str_t  *type;

    type = ngx_mqtt_native_content_type(data_type);

    p = ngx_pnalloc(pool, 3 + type->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    props->raw.data = p;
    props->raw.len = 3 + type->len;
    props->forward_len = props->raw.len;

    *p++ = NGX_MQTT_PROP_CONTENT_TYPE;
    ngx_memcpy(ngx_mqtt_put16(p, type->len), type->data, type->len);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_ping(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_native_response_t  pong;

    ngx_memzero(&pong, sizeof(ngx_mqtt_native_response_t));
    pong.type = NGX_MQTT_NATIVE_PONG;

    return ngx_mqtt_native_answer(cl, &pong);
}


static ngx_int_t
ngx_mqtt_native_received(ngx_mqtt_client_t *cl, uint64_t sequence)
{
    ngx_int_t            rc;
    ngx_uint_t           budget;
    ngx_mqtt_session_t  *s;

    if (!ngx_mqtt_is_reliable(cl->version)) {
        return NGX_OK;
    }

    do {
        s = ngx_mqtt_handle_lock(cl);
        if (s == NULL) {
            return NGX_ERROR;
        }

        budget = NGX_MQTT_NATIVE_BATCH;
        rc = ngx_mqtt_native_received_locked(cl->worker, s, sequence, &budget);

        ngx_mqtt_worker_unlock(cl->worker);

        cl->worker->work += NGX_MQTT_NATIVE_BATCH - budget;

    } while (rc == NGX_AGAIN);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_native_verdict(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_uint_t kind)
{
    u_char             *p;
    ngx_int_t           rc;
    const char         *what;
    ngx_mqtt_filter_t   filter;

    if (ngx_mqtt_topic_name_valid(&r->group) != NGX_OK
        || ngx_mqtt_filter_parse(&r->group, &filter) != NGX_OK)
    {
        rc = ngx_mqtt_native_refuse(cl, r, "BadRequest",
                            "The name of the group has \"+\" or \"#\" in it.");

        return (rc == NGX_OK) ? NGX_DECLINED : rc;
    }

    if (kind == NGX_MQTT_ROLE_PUBLISH) {
        what = "send to";
        rc = ngx_mqtt_auth_publish(cl, &r->group);

    } else {
        what = (r->type == NGX_MQTT_NATIVE_LEAVE) ? "leave" : "join";
        rc = ngx_mqtt_auth_subscribe(cl, &filter);
    }

    /* these are the server's own */

    if (rc == NGX_OK && r->group.data[0] != '$') {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, sizeof("The client has no permission to send to "
                                 "group ''.") + r->group.len);

    if (p) {
        (void) ngx_sprintf(p, "The client has no permission to %s group "
                              "'%V'.%Z", what, &r->group);
    }

    rc = ngx_mqtt_native_refuse(cl, r, "Forbidden",
                                p ? (const char *) p : "No permission.");

    return (rc == NGX_OK) ? NGX_DECLINED : rc;
}


ngx_int_t
ngx_mqtt_native_refuse(ngx_mqtt_client_t *cl, ngx_mqtt_native_request_t *r,
    const char *name, const char *message)
{
    ngx_mqtt_native_response_t  answer;

    ngx_memzero(&answer, sizeof(ngx_mqtt_native_response_t));

    answer.error.data = (u_char *) name;
    answer.error.len = ngx_strlen(name);
    answer.message.data = (u_char *) message;
    answer.message.len = ngx_strlen(message);

    switch (r->type) {

    case NGX_MQTT_NATIVE_INVOKE:
        answer.type = NGX_MQTT_NATIVE_INVOKED;
        answer.invocation_id = r->invocation_id;
        break;

    case NGX_MQTT_NATIVE_STREAM_START:
    case NGX_MQTT_NATIVE_STREAM_DATA:
    case NGX_MQTT_NATIVE_STREAM_END:
        answer.type = NGX_MQTT_NATIVE_STREAM_CLOSED;
        answer.stream_id = r->stream_id;
        break;

    default:

        /* without an id it is not answered at all */

        if (!r->has_ack) {
            return NGX_OK;
        }

        answer.type = NGX_MQTT_NATIVE_ACK;
        answer.ack_id = r->ack_id;
        break;
    }

    return ngx_mqtt_native_answer(cl, &answer);
}


ngx_int_t
ngx_mqtt_native_duplicate(ngx_mqtt_client_t *cl, uint64_t id)
{
    u_char     buf[sizeof("Message with ack-id:  has been processed")
                   + NGX_INT64_LEN];
    ngx_str_t  text;

    text.data = buf;
    text.len = ngx_sprintf(buf, "Message with ack-id: %uL has been processed",
                           id)
               - buf;

    return ngx_mqtt_native_ack(cl, id, "Duplicate", &text);
}


ngx_int_t
ngx_mqtt_native_ack(ngx_mqtt_client_t *cl, uint64_t id, const char *name,
    ngx_str_t *message)
{
    ngx_mqtt_native_response_t  ack;

    ngx_memzero(&ack, sizeof(ngx_mqtt_native_response_t));

    ack.type = NGX_MQTT_NATIVE_ACK;
    ack.ack_id = id;

    if (name) {
        ack.error.data = (u_char *) name;
        ack.error.len = ngx_strlen(name);
        ack.message = *message;
    }

    return ngx_mqtt_native_answer(cl, &ack);
}


ngx_int_t
ngx_mqtt_native_simple(ngx_mqtt_client_t *cl, ngx_uint_t opcode,
    ngx_str_t *data)
{
    ngx_int_t                   rc;
    ngx_uint_t                  reason;
    ngx_pool_t                 *pool;
    ngx_mqtt_publish_args_t     args;
    ngx_mqtt_native_request_t   r;
    ngx_mqtt_native_response_t  what;

    ngx_memzero(&r, sizeof(ngx_mqtt_native_request_t));

    r.data = *data;
    r.data_type = (opcode == NGX_MQTT_WS_TEXT) ? NGX_MQTT_DATA_TEXT
                                               : NGX_MQTT_DATA_BINARY;

    if (opcode == NGX_MQTT_WS_TEXT && ngx_mqtt_native_utf8(data) != NGX_OK) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PAYLOAD_FORMAT_INVALID,
                                    "its text is not UTF-8");
    }

    if (cl->native->group.len == 0) {
        r.type = NGX_MQTT_NATIVE_EVENT;
        ngx_str_set(&r.event, "message");

        return ngx_mqtt_native_event(cl, &r);
    }

    r.type = NGX_MQTT_NATIVE_SEND;
    r.group = cl->native->group;
    r.no_echo = cl->native->no_echo;

    if (ngx_mqtt_auth_publish(cl, &r.group) != NGX_OK
        || r.group.data[0] == '$'
        || ngx_mqtt_topic_name_valid(&r.group) != NGX_OK)
    {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_NOT_AUTHORIZED,
                                    "it must not send to its group");
    }

    pool = ngx_create_pool(NGX_MQTT_NATIVE_POOL, cl->log);

    if (pool == NULL) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "no memory");
    }

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));
    ngx_memzero(&what, sizeof(ngx_mqtt_native_response_t));

    rc = ngx_mqtt_native_publish(cl, pool, &r, &what, &args, &reason);

    ngx_destroy_pool(pool);

    return rc;
}
