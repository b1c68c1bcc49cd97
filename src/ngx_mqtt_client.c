
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_big.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_encode.h>
#include <ngx_mqtt_reason.h>
#include <ngx_mqtt_alias.h>
#include <ngx_mqtt_auth.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_ask.h>
#include <ngx_mqtt_login.h>
#include <ngx_mqtt_proof.h>
#include <ngx_mqtt_native_local.h>


#define NGX_MQTT_OUTPUT_MAX     (64 * 1024)    /* bytes, then input stops */

/* packets, and what they make us look at and queue: of a turn, of a pass */
#define NGX_MQTT_TURN_WORK      8192
#define NGX_MQTT_TURN_SHORT     512            /* where others wait */
#define NGX_MQTT_PASS_WORK      8192

#define NGX_MQTT_IDLE_INTERVAL  3600000        /* milliseconds */

/*
 * Until CONNECT has said what the keep alive is, the timer must not sleep
 * for longer than the shortest one lasts.
 */
#define NGX_MQTT_POLL_INTERVAL  1000


static ngx_uint_t ngx_mqtt_client_behind(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_client_drain(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_client_malformed(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
static void ngx_mqtt_client_end(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why, ngx_uint_t lost);
static void ngx_mqtt_client_log(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why);
static void ngx_mqtt_client_detach(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    ngx_uint_t lost);
static void ngx_mqtt_client_farewell(ngx_mqtt_client_t *cl,
    ngx_uint_t reason, const char *why);
static ngx_int_t ngx_mqtt_client_refusal(ngx_uint_t version,
    ngx_uint_t reason);


/* by packet type */

static const ngx_mqtt_handle_pt  ngx_mqtt_client_handlers[] = {
    ngx_mqtt_handle_unexpected,
    ngx_mqtt_handle_connect,
    ngx_mqtt_handle_unexpected,     /* CONNACK */
    ngx_mqtt_handle_publish,
    ngx_mqtt_handle_puback,
    ngx_mqtt_handle_pubrec,
    ngx_mqtt_handle_pubrel,
    ngx_mqtt_handle_pubcomp,
    ngx_mqtt_handle_subscribe,
    ngx_mqtt_handle_unexpected,     /* SUBACK */
    ngx_mqtt_handle_unsubscribe,
    ngx_mqtt_handle_unexpected,     /* UNSUBACK */
    ngx_mqtt_handle_pingreq,
    ngx_mqtt_handle_unexpected,     /* PINGRESP */
    ngx_mqtt_handle_disconnect,
    ngx_mqtt_handle_auth
};


void
ngx_mqtt_client_init(ngx_mqtt_client_t *cl, ngx_mqtt_worker_t *w,
    ngx_mqtt_hub_conf_t *conf, ngx_str_t *hub,
    const ngx_mqtt_transport_ops_t *ops, ngx_log_t *log)
{
    cl->ops = ops;
    cl->worker = w;
    cl->conf = conf;
    cl->log = log;
    cl->hub = *hub;

    cl->last_packet = ngx_current_msec;
    cl->receive_maximum = NGX_MQTT_PACKET_ID_MAX;
    cl->max_packet_size = NGX_MQTT_PACKET_MAX;

    cl->turn_end = NGX_MQTT_TURN_WORK;
    ngx_queue_init(&cl->dirty);

    ngx_mqtt_parser_init(&cl->parser,
                         ngx_min(conf->max_packet_size, NGX_MQTT_PACKET_MAX),
                         0, log);
}


ngx_int_t
ngx_mqtt_client_turn(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    if (w->work < NGX_MQTT_PASS_WORK || cl->closed) {

        /* a long turn shares writes, short ones are fair */

        cl->turn_end = w->work + (w->turns > 1 ? NGX_MQTT_TURN_SHORT
                                               : NGX_MQTT_TURN_WORK);
        return NGX_OK;
    }

    ngx_mqtt_worker_wait(cl, &w->waiting);

    return NGX_BUSY;
}


void
ngx_mqtt_client_go_on(ngx_mqtt_client_t *cl)
{
    cl->waiting = 0;
    ngx_queue_remove(&cl->turn);

    if (cl->connected) {
        cl->last_packet = ngx_current_msec;
    }

    cl->ops->resume(cl);
}


ngx_int_t
ngx_mqtt_client_input(ngx_mqtt_client_t *cl, u_char **pos, u_char *last)
{
    ngx_int_t          rc;
    ngx_uint_t         type;
    ngx_mqtt_packet_t  pkt;

    for ( ;; ) {

        if (cl->closed) {
            return NGX_ERROR;
        }

        if (*pos < last) {
            type = ngx_mqtt_parser_type(&cl->parser, **pos);
            rc = ngx_mqtt_client_may_go_on(cl, type);

            if (rc != NGX_OK) {
                ngx_mqtt_parser_idle(&cl->parser);
                return rc;
            }
        }

        rc = ngx_mqtt_parse(&cl->parser, pos, last, &pkt);

        if (rc == NGX_AGAIN) {
            ngx_mqtt_parser_idle(&cl->parser);
            return NGX_OK;
        }

        if (rc != NGX_OK) {
            return ngx_mqtt_client_malformed(cl, &pkt);
        }

        cl->last_packet = ngx_current_msec;
        cl->worker->work++;

        rc = ngx_mqtt_client_handlers[pkt.type](cl, &pkt);

        if (rc != NGX_OK) {

            if (rc == NGX_BUSY) {
                ngx_mqtt_parser_idle(&cl->parser);
            }

            return rc;
        }
    }
}


ngx_int_t
ngx_mqtt_client_may_go_on(ngx_mqtt_client_t *cl, ngx_uint_t type)
{
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    if (type == NGX_MQTT_PUBLISH && (w->wide || ngx_mqtt_client_behind(cl))) {
        ngx_mqtt_worker_wait(cl, &w->behind);
        return NGX_BUSY;
    }

    if (w->work >= cl->turn_end) {
        ngx_mqtt_worker_wait(cl, &w->served);
        return NGX_BUSY;
    }

    if (cl->out_size > NGX_MQTT_OUTPUT_MAX) {
        return ngx_mqtt_client_drain(cl);
    }

    return NGX_OK;
}


/* Whether another process still publishes what the session sent before. */

static ngx_uint_t
ngx_mqtt_client_behind(ngx_mqtt_client_t *cl)
{
    if (cl->before == NULL) {
        return 0;
    }

    /* a look without the lock: later is soon enough */

    if (cl->attach->session && cl->before->from == cl->attach->session) {
        return 1;
    }

    cl->before = NULL;

    return 0;
}


/* NGX_BUSY: the client has to take its output before more is asked of us. */

static ngx_int_t
ngx_mqtt_client_drain(ngx_mqtt_client_t *cl)
{
    if (!cl->blocked && ngx_mqtt_out_flush(cl) == NGX_ERROR) {
        return ngx_mqtt_handle_broken(cl);
    }

    if (cl->closed) {
        return NGX_ERROR;
    }

    if (cl->out_size > NGX_MQTT_OUTPUT_MAX) {
        cl->paused = 1;
        return NGX_BUSY;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_client_malformed(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt)
{
    ngx_uint_t  version;

    if (cl->parser.version == 0) {
        version = pkt->u.connect.version;

        if (version == NGX_MQTT_V4 || version == NGX_MQTT_V5) {
            cl->version = version;

        } else if (version) {

            /* the form of CONNACK that most clients can read */

            cl->version = NGX_MQTT_V4;
        }
    }

    return ngx_mqtt_handle_fail(cl, cl->parser.reason, NULL);
}


void
ngx_mqtt_client_writable(ngx_mqtt_client_t *cl)
{
    if (cl->closed || !cl->blocked) {
        return;
    }

    if (ngx_mqtt_out_flush(cl) == NGX_ERROR) {
        (void) ngx_mqtt_handle_broken(cl);
    }
}


ngx_msec_t
ngx_mqtt_client_timer(ngx_mqtt_client_t *cl)
{
    time_t      left;
    ngx_msec_t  limit, silent, next;

    if (cl->closed) {
        return 0;
    }

    next = NGX_MQTT_IDLE_INTERVAL;
    silent = ngx_current_msec - cl->last_packet;

    if (!cl->connected) {
        limit = NGX_MQTT_CONNECT_TIMEOUT;

        if (ngx_mqtt_client_held(cl)) {
            silent = 0;
        }

    } else {
        limit = cl->keep_alive * 1500;

        /* its packets wait for us, or we for it to take our output */

        if (cl->paused || cl->waiting) {
            silent = 0;
        }
    }

    if (limit) {
        if (silent >= limit) {
            (void) ngx_mqtt_handle_fail(cl, NGX_MQTT_KEEP_ALIVE_TIMEOUT, NULL);
            return 0;
        }

        next = ngx_min(next, limit - silent);
    }

    if (cl->blocked) {
        limit = NGX_MQTT_SEND_TIMEOUT;
        silent = ngx_current_msec - cl->blocked_since;

        if (silent >= limit) {
            (void) ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                        "it does not take its output");
            return 0;
        }

        next = ngx_min(next, limit - silent);
    }

    if (!cl->connected) {
        next = ngx_min(next, NGX_MQTT_POLL_INTERVAL);
    }

    if (cl->native && cl->native->idle) {
        limit = ngx_mqtt_native_stream_idle(cl);

        if (cl->closed) {
            return 0;
        }

        if (limit) {
            next = ngx_min(next, limit);
        }
    }

    if (cl->expires) {
        left = cl->expires - ngx_time();

        if (left <= 0) {
            (void) ngx_mqtt_handle_dismiss(cl, NGX_MQTT_NOT_AUTHORIZED,
                                           "its token has expired");
            return 0;
        }

        next = ngx_min(next, (ngx_msec_t) ngx_min(left, 3600) * 1000);
    }

    return next;
}


void
ngx_mqtt_client_close(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    ngx_mqtt_client_end(cl, reason, NULL, 0);
}


/*
 * What is said to a client lies in its attachment, which is its own, and goes
 * with that.
 */

void
ngx_mqtt_client_expel(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    u_char               buf[NGX_MQTT_FAREWELL_MAX];
    ngx_mqtt_text_t      text;
    ngx_mqtt_props_t     props;
    ngx_mqtt_message_t  *m;

    m = cl->attach ? cl->attach->farewell : NULL;

    if (m && reason == NGX_MQTT_ADMINISTRATIVE_ACTION
        && m->payload_len <= NGX_MQTT_FAREWELL_MAX)
    {
        ngx_mqtt_message_text(m, &text);
        ngx_mqtt_text_read(&text, buf, m->payload_len);

        props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
        props.reason_string.data = buf;
        props.reason_string.len = m->payload_len;
        ngx_str_null(&props.user);

        cl->farewell = &props;
    }

    ngx_mqtt_client_end(cl, reason, NULL, 0);

    cl->farewell = NULL;
}


void
ngx_mqtt_client_lost(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_client_end(cl, NGX_MQTT_SUCCESS, "connection was lost", 1);
}


void
ngx_mqtt_client_refuse(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why)
{
    ngx_mqtt_client_end(cl, reason, why, 1);
}


ngx_int_t
ngx_mqtt_handle_fail(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why)
{
    ngx_mqtt_client_end(cl, reason, why, 0);

    return NGX_ERROR;
}


ngx_int_t
ngx_mqtt_handle_dismiss(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why)
{
    ngx_mqtt_props_t  props;

    ngx_memzero(&props, sizeof(ngx_mqtt_props_t));

    props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
    props.reason_string.data = (u_char *) why;
    props.reason_string.len = ngx_strlen(why);

    cl->farewell = &props;

    return ngx_mqtt_handle_fail(cl, reason, why);
}


static void
ngx_mqtt_client_end(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why, ngx_uint_t lost)
{
    ngx_uint_t  silent;

    if (cl->closed) {
        return;
    }

    /* nothing may follow a part of a packet */

    silent = (lost || cl->broken || cl->big_left);

    cl->closed = 1;

    ngx_mqtt_client_log(cl, reason, why);
    ngx_mqtt_ask_forget(cl);
    ngx_mqtt_login_forget(cl);
    ngx_mqtt_native_event_forget(cl);
    ngx_mqtt_client_detach(cl, reason, lost || cl->broken);

    if (!silent) {
        ngx_mqtt_client_farewell(cl, reason, why);
        (void) ngx_mqtt_out_flush(cl);
    }

    if (cl->waiting) {
        cl->waiting = 0;
        ngx_queue_remove(&cl->turn);
    }

    ngx_mqtt_publish_forget(cl);
    ngx_mqtt_out_drop(cl);
    ngx_mqtt_alias_free(cl);
    ngx_mqtt_auth_free(cl);
    ngx_mqtt_proof_free(cl);
    ngx_mqtt_native_free(cl);
    ngx_mqtt_parser_free(&cl->parser);

    if (cl->client_id.data) {
        ngx_free(cl->client_id.data);
        ngx_str_null(&cl->client_id);
    }

    if (!lost) {
        cl->ops->close(cl, reason);
    }
}


static void
ngx_mqtt_client_log(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why)
{
    u_char     buf[NGX_MQTT_NAME_LEN];
    ngx_str_t  name;

    if (why == NULL) {
        why = ngx_mqtt_handle_why(reason);
    }

    ngx_mqtt_handle_name(cl, buf, &name);

    if (cl->connected) {
        ngx_log_error(NGX_LOG_INFO, cl->log, 0,
                      "client \"%V\" disconnected from hub \"%V\": %s "
                      "(0x%02xi)", &name, &cl->hub, why, reason);
        return;
    }

    /* ports are probed all the time: nobody has said anything yet */

    if (cl->version == 0 && reason == NGX_MQTT_SUCCESS) {
        return;
    }

    ngx_log_error(NGX_LOG_INFO, cl->log, 0,
                  "client \"%V\" was refused by hub \"%V\": %s (0x%02xi)",
                  &name, &cl->hub, why, reason);
}


/* Gives up the client's place in the zone, and its session with it. */

static void
ngx_mqtt_client_detach(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    ngx_uint_t lost)
{
    ngx_mqtt_attach_t  *a;
    ngx_mqtt_worker_t  *w;

    a = cl->attach;

    if (a == NULL) {
        return;
    }

    w = cl->worker;

    ngx_mqtt_big_free(cl);

    cl->attach = NULL;

    ngx_mqtt_worker_lock(w);

    if (a->session) {

        if (ngx_mqtt_is_native(cl->version) && !lost
            && ngx_mqtt_native_ends(reason))
        {
            ngx_mqtt_set(a->session->expiry, 0);
        }

        ngx_mqtt_life_leave_locked(cl, a->session, reason, lost);
        ngx_mqtt_session_leave_locked(w, a->session, cl->will_discard);
    }

    ngx_mqtt_attach_free_locked(w->zone, a);

    ngx_mqtt_worker_unlock(w);

    ngx_mqtt_life_note(cl);
}


static void
ngx_mqtt_client_farewell(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why)
{
    ngx_int_t          code;
    ngx_mqtt_packet_t  pkt;

    if (ngx_mqtt_is_native(cl->version)) {
        ngx_mqtt_native_farewell(cl, reason, why);
        return;
    }

    if (!cl->connected) {

        code = ngx_mqtt_client_refusal(cl->version, reason);

        if (code == NGX_DECLINED) {
            return;
        }

        ngx_mqtt_handle_packet(&pkt, NGX_MQTT_CONNACK);

        pkt.reason = (u_char) code;
        pkt.u.connack.session_present = 0;

        if (why) {
            pkt.props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
            pkt.props.reason_string.data = (u_char *) why;
            pkt.props.reason_string.len = ngx_strlen(why);
        }

        if (cl->farewell) {
            pkt.props.user = cl->farewell->user;

            if (cl->farewell->set) {
                pkt.props.reason_string = cl->farewell->reason_string;
            }
        }

        (void) ngx_mqtt_handle_send(cl, &pkt);

        return;
    }

    /* [MQTT-3.14.0-1]; a 3.1.1 server never sends DISCONNECT */

    if (cl->version != NGX_MQTT_V5 || reason < NGX_MQTT_UNSPECIFIED_ERROR) {
        return;
    }

    ngx_mqtt_handle_packet(&pkt, NGX_MQTT_DISCONNECT);

    pkt.reason = ngx_mqtt_reason_allowed(reason, NGX_MQTT_DISCONNECT, 1)
                 ? (u_char) reason : NGX_MQTT_UNSPECIFIED_ERROR;

    if (cl->farewell) {
        pkt.props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
        pkt.props.reason_string = cl->farewell->reason_string;
    }

    (void) ngx_mqtt_handle_send(cl, &pkt);
}


/* The code of the CONNACK that refuses; NGX_DECLINED: there is none. */

static ngx_int_t
ngx_mqtt_client_refusal(ngx_uint_t version, ngx_uint_t reason)
{
    if (version == 0) {
        return NGX_DECLINED;
    }

    if (reason == NGX_MQTT_SERVER_SHUTTING_DOWN) {
        reason = NGX_MQTT_SERVER_UNAVAILABLE;
    }

    if (version == NGX_MQTT_V5) {
        return reason >= NGX_MQTT_UNSPECIFIED_ERROR
               && ngx_mqtt_reason_allowed(reason, NGX_MQTT_CONNACK, 1)
               ? (ngx_int_t) reason : NGX_DECLINED;
    }

    switch (reason) {

    case NGX_MQTT_UNSUPPORTED_VERSION:
        return NGX_MQTT_V4_UNACCEPTABLE_VERSION;

    case NGX_MQTT_CLIENT_ID_NOT_VALID:
        return NGX_MQTT_V4_IDENTIFIER_REJECTED;

    case NGX_MQTT_BAD_USER_OR_PASSWORD:
        return NGX_MQTT_V4_BAD_USER_OR_PASSWORD;

    case NGX_MQTT_NOT_AUTHORIZED:
    case NGX_MQTT_BANNED:
    case NGX_MQTT_BAD_AUTH_METHOD:
        return NGX_MQTT_V4_NOT_AUTHORIZED;

    case NGX_MQTT_UNSPECIFIED_ERROR:
    case NGX_MQTT_IMPLEMENTATION_ERROR:
    case NGX_MQTT_SERVER_UNAVAILABLE:
    case NGX_MQTT_SERVER_BUSY:
    case NGX_MQTT_QUOTA_EXCEEDED:
    case NGX_MQTT_USE_ANOTHER_SERVER:
    case NGX_MQTT_SERVER_MOVED:
    case NGX_MQTT_CONNECTION_RATE_EXCEEDED:
        return NGX_MQTT_V4_SERVER_UNAVAILABLE;

    default:

        /* [3.1.1: MQTT-3.2.2-6] */

        return NGX_DECLINED;
    }
}
