
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_alias.h>
#include <ngx_mqtt_auth.h>
#include <ngx_mqtt_native_local.h>


static ngx_int_t ngx_mqtt_publish_topic(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_str_t *topic);
static ngx_int_t ngx_mqtt_publish_limits(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
static ngx_int_t ngx_mqtt_publish_route(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_str_t *topic);
static ngx_int_t ngx_mqtt_publish_refuse(ngx_mqtt_client_t *cl,
    ngx_uint_t qos, uint16_t id, ngx_uint_t reason);
static ngx_int_t ngx_mqtt_publish_held(ngx_mqtt_client_t *cl, uint16_t id,
    ngx_uint_t *held);
static ngx_int_t ngx_mqtt_publish_answer(ngx_mqtt_client_t *cl,
    ngx_uint_t qos, uint16_t id, ngx_uint_t reason);
static ngx_int_t ngx_mqtt_publish_ack(ngx_mqtt_client_t *cl, ngx_uint_t type,
    uint16_t id, ngx_uint_t reason);


ngx_int_t
ngx_mqtt_handle_publish(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_int_t  rc;
    ngx_str_t  topic;

    if (ngx_mqtt_publish_topic(cl, pkt, &topic) != NGX_OK
        || ngx_mqtt_publish_limits(cl, pkt) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (topic.data[0] == '$') {
        rc = ngx_mqtt_handle_event(cl, pkt, &topic);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (ngx_mqtt_auth_publish(cl, &topic) != NGX_OK) {

        /* a QoS 0 PUBLISH has no answer that could say so */

        if (pkt->qos == 0) {
            return ngx_mqtt_handle_fail(cl, NGX_MQTT_NOT_AUTHORIZED, NULL);
        }

        return ngx_mqtt_publish_refuse(cl, pkt->qos, pkt->packet_id,
                                       NGX_MQTT_NOT_AUTHORIZED);
    }

    /* these are the server's own [MQTT-4.7.2-1] */

    if (topic.data[0] == '$') {
        return ngx_mqtt_publish_refuse(cl, pkt->qos, pkt->packet_id,
                                       NGX_MQTT_NOT_AUTHORIZED);
    }

    return ngx_mqtt_publish_route(cl, pkt, &topic);
}


/*
 * The topic, in full.  An alias is set whatever becomes of the message: the
 * client counts on it from now on.
 */

static ngx_int_t
ngx_mqtt_publish_topic(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_str_t *topic)
{
    ngx_uint_t  alias;

    *topic = pkt->u.publish.topic;
    alias = 0;

    if (cl->version == NGX_MQTT_V5
        && ngx_mqtt_prop_has(&pkt->props, NGX_MQTT_PROP_TOPIC_ALIAS))
    {
        alias = pkt->props.topic_alias;

        if (alias > cl->conf->topic_alias_maximum) {
            return ngx_mqtt_handle_fail(cl, NGX_MQTT_TOPIC_ALIAS_INVALID,
                                        "topic alias above the maximum");
        }

        if (topic->len == 0) {
            if (ngx_mqtt_alias_in_get(cl, alias, topic) != NGX_OK) {
                return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                            "unknown topic alias");
            }

            return NGX_OK;
        }
    }

    if (topic->len == 0) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                    "PUBLISH without a topic");
    }

    if (ngx_mqtt_topic_name_valid(topic) != NGX_OK) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_TOPIC_NAME_INVALID,
                                    "PUBLISH with an invalid topic");
    }

    if (alias && ngx_mqtt_alias_in_set(cl, alias, topic) != NGX_OK) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                    "no memory");
    }

    return NGX_OK;
}


/* What CONNACK announced. */

static ngx_int_t
ngx_mqtt_publish_limits(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_uint_t  held;

    if (pkt->retain && !cl->conf->retain) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_RETAIN_NOT_SUPPORTED,
                                    "PUBLISH with RETAIN");
    }

    if (pkt->qos == 0 || cl->version != NGX_MQTT_V5) {
        return NGX_OK;
    }

    if (pkt->qos > cl->conf->max_qos) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_QOS_NOT_SUPPORTED,
                                    "PUBLISH above the maximum QoS");
    }

    if (cl->received < cl->conf->receive_maximum) {
        return NGX_OK;
    }

    /* a duplicate is no further message */

    held = 0;

    if (pkt->qos == 2
        && ngx_mqtt_publish_held(cl, pkt->packet_id, &held) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!held) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_RECEIVE_MAXIMUM_EXCEEDED,
                                    "more than receive maximum PUBLISH");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_publish_route(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_str_t *topic)
{
    ngx_int_t                 rc;
    ngx_uint_t                id, lost, reason;
    ngx_mqtt_inbound_t        in;
    ngx_mqtt_worker_t        *w;
    ngx_mqtt_publish_args_t   args;

    w = cl->worker;
    id = (pkt->qos == 2) ? pkt->packet_id : 0;

    in.topic = *topic;
    in.props = (cl->version == NGX_MQTT_V5) ? &pkt->props : NULL;
    in.payload = pkt->u.publish.payload;
    in.qos = (u_char) ngx_min(pkt->qos, cl->conf->max_qos);
    in.retain = pkt->retain;
    ngx_str_null(&in.extra);

    args.message = cl->conf->native ? ngx_mqtt_native_store(cl, &in)
                                    : ngx_mqtt_publish_store(w, &in);

    if (args.message == NULL) {
        return ngx_mqtt_publish_refuse(cl, pkt->qos, pkt->packet_id,
                                       NGX_MQTT_QUOTA_EXCEEDED);
    }

    args.to = NULL;
    args.targets = NULL;
    args.packet_id = id;
    args.will = 0;
    args.max_retained = cl->conf->max_retained;
    args.no_echo = 0;
    args.has_ack = 0;
    args.stream = NULL;
    args.native_only = 0;

    rc = NGX_OK;
    reason = NGX_MQTT_SUCCESS;

    ngx_mqtt_worker_lock(w);

    args.from = cl->attach->session;

    /* a duplicate is answered, not routed again [MQTT-4.3.3-10] */

    if (args.from
        && (id == 0 || !ngx_mqtt_session_holds_id_locked(args.from, id)))
    {
        args.hub = args.from->hub;

        rc = ngx_mqtt_publish_client_locked(cl, &args, pkt, &reason);

        if (rc == NGX_OK && id && reason < NGX_MQTT_UNSPECIFIED_ERROR) {
            cl->received++;
        }
    }

    /* the session may have been lost while the lock was released */

    lost = (cl->attach->session == NULL);

    ngx_mqtt_worker_unlock(w);

    if (rc == NGX_AGAIN) {
        return NGX_BUSY;
    }

    ngx_mqtt_publish_drop(w);

    if (lost) {
        return ngx_mqtt_handle_lost(cl);
    }

    return ngx_mqtt_handle_settle(cl, pkt->qos, pkt->packet_id, reason);
}


void
ngx_mqtt_handle_published(ngx_mqtt_client_t *cl, ngx_uint_t qos, uint16_t id,
    ngx_uint_t reason)
{
    if (qos == 2 && reason < NGX_MQTT_UNSPECIFIED_ERROR) {
        cl->received++;
    }

    if (ngx_mqtt_handle_settle(cl, qos, id, reason) == NGX_OK) {
        ngx_mqtt_client_go_on(cl);
    }
}


/* Answers a PUBLISH that was routed, or not. */

ngx_int_t
ngx_mqtt_handle_settle(ngx_mqtt_client_t *cl, ngx_uint_t qos, uint16_t id,
    ngx_uint_t reason)
{
    if (reason >= NGX_MQTT_UNSPECIFIED_ERROR) {
        return ngx_mqtt_publish_refuse(cl, qos, id, reason);
    }

    return ngx_mqtt_publish_answer(cl, qos, id, reason);
}


/*
 * Answers a PUBLISH that is not taken.  A QoS 2 identifier that is held
 * stands for a message that was taken before: it must not be refused now.
 */

static ngx_int_t
ngx_mqtt_publish_refuse(ngx_mqtt_client_t *cl, ngx_uint_t qos, uint16_t id,
    ngx_uint_t reason)
{
    ngx_uint_t  held;

    if (qos == 2) {

        if (ngx_mqtt_publish_held(cl, id, &held) != NGX_OK) {
            return NGX_ERROR;
        }

        if (held) {
            return ngx_mqtt_publish_answer(cl, qos, id, NGX_MQTT_SUCCESS);
        }
    }

    /*
     * 3.1.1 has no code: what must not be taken is acknowledged and dropped,
     * what there is no room for stays with the client [3.1.1: MQTT-3.3.5-2].
     */

    if (qos && cl->version != NGX_MQTT_V5
        && reason == NGX_MQTT_QUOTA_EXCEEDED)
    {
        return ngx_mqtt_handle_fail(cl, reason, "no room for its PUBLISH");
    }

    return ngx_mqtt_publish_answer(cl, qos, id, reason);
}


static ngx_int_t
ngx_mqtt_publish_held(ngx_mqtt_client_t *cl, uint16_t id, ngx_uint_t *held)
{
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    *held = ngx_mqtt_session_holds_id_locked(s, id);

    ngx_mqtt_worker_unlock(cl->worker);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_publish_answer(ngx_mqtt_client_t *cl, ngx_uint_t qos, uint16_t id,
    ngx_uint_t reason)
{
    if (qos == 0) {
        return NGX_OK;
    }

    return ngx_mqtt_publish_ack(cl, qos == 1 ? NGX_MQTT_PUBACK
                                             : NGX_MQTT_PUBREC,
                                id, reason);
}


static ngx_int_t
ngx_mqtt_publish_ack(ngx_mqtt_client_t *cl, ngx_uint_t type, uint16_t id,
    ngx_uint_t reason)
{
    ngx_mqtt_packet_t  ack;

    ngx_mqtt_handle_packet(&ack, type);

    ack.packet_id = id;
    ack.reason = (u_char) reason;

    return ngx_mqtt_handle_answer(cl, &ack);
}


ngx_int_t
ngx_mqtt_handle_puback(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_int_t            rc;
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_queue_puback_locked(cl->worker, s, pkt->packet_id);

    ngx_mqtt_worker_unlock(cl->worker);

    if (rc == NGX_ERROR) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                    "PUBACK for a QoS 2 message");
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_handle_pubrec(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_int_t            rc;
    ngx_uint_t           failed;
    ngx_mqtt_session_t  *s;

    failed = (pkt->reason >= NGX_MQTT_UNSPECIFIED_ERROR);

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_queue_pubrec_locked(cl->worker, s, pkt->packet_id, failed);

    ngx_mqtt_worker_unlock(cl->worker);

    if (rc == NGX_ERROR) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_PROTOCOL_ERROR,
                                    "PUBREC for a QoS 1 message");
    }

    if (failed) {
        return NGX_OK;
    }

    return ngx_mqtt_publish_ack(cl, NGX_MQTT_PUBREL, pkt->packet_id,
                                rc == NGX_OK ? NGX_MQTT_SUCCESS
                                             : NGX_MQTT_PACKET_ID_NOT_FOUND);
}


ngx_int_t
ngx_mqtt_handle_pubrel(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_int_t            rc;
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_session_release_id_locked(s, pkt->packet_id);

    ngx_mqtt_worker_unlock(cl->worker);

    if (rc == NGX_OK && cl->received) {
        cl->received--;
    }

    /* in a resumed session it may have come before: no error (v5 3.6.2.1) */

    return ngx_mqtt_publish_ack(cl, NGX_MQTT_PUBCOMP, pkt->packet_id,
                                (rc == NGX_OK || cl->resumed)
                                ? NGX_MQTT_SUCCESS
                                : NGX_MQTT_PACKET_ID_NOT_FOUND);
}


ngx_int_t
ngx_mqtt_handle_pubcomp(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_mqtt_queue_pubcomp_locked(cl->worker, s, pkt->packet_id);

    ngx_mqtt_worker_unlock(cl->worker);

    return NGX_OK;
}
