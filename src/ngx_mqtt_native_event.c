
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_native_extra.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>


/* bytes of output that a client leaves to us, then it gets no answers more */
#define NGX_MQTT_NATIVE_UNREAD  (2 * 1024 * 1024)


/* What is needed to answer an event, from its pool. */

typedef struct {
    ngx_queue_t           queue;        /* the client's, or of itself */
    ngx_mqtt_client_t    *client;       /* NULL: it has gone, or cancelled it */
    ngx_mqtt_whose_t      whose;
    ngx_uint_t            type;         /* of the request */
    ngx_uint_t            simple;
    ngx_uint_t            has_ack;
    uint64_t              ack_id;
    ngx_str_t             invocation_id;
} ngx_mqtt_asked_t;


static ngx_uint_t ngx_mqtt_native_event_waits(ngx_mqtt_client_t *cl,
    uint64_t ack_id);
static ngx_int_t ngx_mqtt_native_event_refuse(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, const char *why);
static ngx_mqtt_event_t *ngx_mqtt_native_event_create(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r);
static ngx_int_t ngx_mqtt_native_event_metadata(ngx_mqtt_event_t *ev,
    ngx_mqtt_native_map_t *metadata);
static ngx_int_t ngx_mqtt_native_event_take(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, ngx_mqtt_event_t *ev);
static void ngx_mqtt_native_event_profile(ngx_mqtt_event_t *ev,
    ngx_mqtt_profile_t *p);
static void ngx_mqtt_native_event_refresh(ngx_mqtt_event_t *ev);
static void ngx_mqtt_native_event_answered(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer);
static void ngx_mqtt_native_event_failed(ngx_mqtt_client_t *cl,
    ngx_mqtt_asked_t *asked, ngx_uint_t status);
static void ngx_mqtt_native_event_tell(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_event_state(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer);
static ngx_int_t ngx_mqtt_native_event_what(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer, ngx_mqtt_native_response_t *what);
static ngx_int_t ngx_mqtt_native_event_reply(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer, ngx_mqtt_native_response_t *what);
static void ngx_mqtt_native_event_done(ngx_mqtt_event_t *ev);


ngx_int_t
ngx_mqtt_native_event(ngx_mqtt_client_t *cl, ngx_mqtt_native_request_t *r)
{
    ngx_int_t          rc;
    ngx_mqtt_event_t  *ev;
    ngx_mqtt_asked_t  *asked;

    cl->worker->work += NGX_MQTT_EVENT_WORK;

    /* the ack of the first one is that of its copies */

    if (r->has_ack && ngx_mqtt_native_event_waits(cl, r->ack_id)) {
        return NGX_OK;
    }

    ev = ngx_mqtt_native_event_create(cl, r);

    if (ev == NULL) {
        return ngx_mqtt_native_event_refuse(cl, r, "There is no memory.");
    }

    asked = ev->data;
    rc = ngx_mqtt_native_event_take(cl, r, ev);

    if (rc == NGX_OK) {
        rc = cl->worker->ops->event ? cl->worker->ops->event(cl->worker, ev)
                                    : NGX_DECLINED;
        if (rc == NGX_OK) {
            ngx_queue_insert_tail(&cl->native->asked, &asked->queue);
            return NGX_OK;
        }
    }

    ngx_destroy_pool(ev->pool);

    switch (rc) {

    case NGX_ABORT:
        return NGX_ERROR;

    case NGX_DONE:
        return ngx_mqtt_native_duplicate(cl, r->ack_id);

    case NGX_DECLINED:
        return ngx_mqtt_native_event_refuse(cl, r,
                                       "Nobody has asked for this event.");

    default:
        return ngx_mqtt_native_event_refuse(cl, r, "There is no memory.");
    }
}


static ngx_uint_t
ngx_mqtt_native_event_waits(ngx_mqtt_client_t *cl, uint64_t ack_id)
{
    ngx_queue_t       *q;
    ngx_mqtt_asked_t  *asked;

    for (q = ngx_queue_head(&cl->native->asked);
         q != ngx_queue_sentinel(&cl->native->asked);
         q = ngx_queue_next(q))
    {
        asked = ngx_queue_data(q, ngx_mqtt_asked_t, queue);

        if (asked->has_ack && asked->ack_id == ack_id) {
            return 1;
        }

        cl->worker->work++;
    }

    return 0;
}


/* A simple client cannot be told. */

static ngx_int_t
ngx_mqtt_native_event_refuse(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, const char *why)
{
    if (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_SIMPLE) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_IMPLEMENTATION_ERROR, why);
    }

    return ngx_mqtt_native_refuse(cl, r, "InternalServerError", why);
}


static ngx_mqtt_event_t *
ngx_mqtt_native_event_create(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r)
{
    ngx_mqtt_event_t  *ev;
    ngx_mqtt_asked_t  *asked;

    ev = ngx_mqtt_event_create(cl->worker, NGX_MQTT_EVENT_USER);
    if (ev == NULL) {
        return NULL;
    }

    asked = ngx_pcalloc(ev->pool, sizeof(ngx_mqtt_asked_t));
    if (asked == NULL) {
        goto failed;
    }

    asked->client = cl;
    asked->type = r->type;
    asked->simple = (ngx_mqtt_protocol(cl->version) == NGX_MQTT_PROTO_SIMPLE);
    asked->has_ack = r->has_ack;
    asked->ack_id = r->ack_id;
    asked->whose.serial = cl->serial;

    ev->data = asked;
    ev->answered = ngx_mqtt_native_event_answered;
    ev->refresh = ngx_mqtt_native_event_refresh;

    if (r->data_type == NGX_MQTT_DATA_NONE) {
        ngx_str_set(&ev->content_type, "application/octet-stream");

    } else {
        ev->content_type = *ngx_mqtt_native_content_type(r->data_type);
    }

    if (ngx_mqtt_life_event(ev, cl) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->name, &r->event) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->body, &r->data) != NGX_OK
        || ngx_mqtt_event_copy(ev, &asked->invocation_id, &r->invocation_id)
           != NGX_OK
        || ngx_mqtt_native_event_metadata(ev, &r->metadata) != NGX_OK)
    {
        goto failed;
    }

    asked->whose.hub = ev->hub;
    asked->whose.client_id = ev->connection_id;

    return ev;

failed:

    ngx_destroy_pool(ev->pool);

    return NULL;
}


static ngx_int_t
ngx_mqtt_native_event_metadata(ngx_mqtt_event_t *ev,
    ngx_mqtt_native_map_t *metadata)
{
    ngx_uint_t  i;

    for (i = 0; i < metadata->n; i++) {
        if (ngx_mqtt_event_metadata(ev, &metadata->pairs[i].name,
                                    &metadata->pairs[i].value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Notes whose event it is.  NGX_DONE: it was carried out before; NGX_ABORT: the
 * client is gone.
 */

static ngx_int_t
ngx_mqtt_native_event_take(ngx_mqtt_client_t *cl,
    ngx_mqtt_native_request_t *r, ngx_mqtt_event_t *ev)
{
    ngx_uint_t           profile;
    ngx_mqtt_session_t  *s;

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ABORT;
    }

    if (r->has_ack && ngx_mqtt_native_acked_locked(s, r->ack_id)) {
        ngx_mqtt_worker_unlock(cl->worker);
        return NGX_DONE;
    }

    profile = (s->profile != NULL);

    if (profile) {
        ngx_mqtt_profile_hold_locked(cl->worker, s);
    }

    ngx_mqtt_worker_unlock(cl->worker);

    if (profile) {
        ngx_mqtt_native_event_profile(ev, ngx_mqtt_profile_take(cl->worker));
    }

    return NGX_OK;
}


/* Takes from a profile what an event says of it, and frees it. */

static void
ngx_mqtt_native_event_profile(ngx_mqtt_event_t *ev, ngx_mqtt_profile_t *p)
{
    if (p == NULL) {
        return;
    }

    /* without memory it goes out with less */

    (void) ngx_mqtt_event_copy(ev, &ev->user_id, &p->user_id);
    (void) ngx_mqtt_event_copy(ev, &ev->state, &p->state);
    (void) ngx_mqtt_event_copy(ev, &ev->cookie, &p->cookie);

    ngx_free(p);
}


static void
ngx_mqtt_native_event_refresh(ngx_mqtt_event_t *ev)
{
    ngx_mqtt_asked_t  *asked;

    asked = ev->data;

    /* the session may have ended, then what was known last is said of it */

    ngx_mqtt_native_event_profile(ev, ngx_mqtt_profile_read(ev->worker,
                                                            &asked->whose));
}


static void
ngx_mqtt_native_event_answered(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer)
{
    ngx_uint_t                   status;
    ngx_mqtt_asked_t            *asked;
    ngx_mqtt_client_t           *cl;
    ngx_mqtt_native_response_t   what;

    asked = ev->data;
    cl = asked->client;

    if (cl) {
        asked->client = NULL;
        ngx_queue_remove(&asked->queue);
    }

    status = answer->status;

    if (status == 0) {
        status = (answer->why == NGX_MQTT_ANSWER_FAILED) ? 504 : 503;
    }

    if (status / 100 != 2) {
        ngx_mqtt_native_event_failed(cl, asked, status);
        return;
    }

    ngx_mqtt_native_event_state(ev, answer);

    if (ngx_mqtt_native_event_what(ev, answer, &what) != NGX_OK) {
        ngx_mqtt_native_event_failed(cl, asked, 500);
        return;
    }

    if (asked->type == NGX_MQTT_NATIVE_INVOKE) {

        if (cl) {
            what.type = NGX_MQTT_NATIVE_INVOKED;
            what.invocation_id = asked->invocation_id;
            ngx_mqtt_native_event_tell(cl, &what);
        }

        return;
    }

    if ((what.data_len || what.metadata.n)
        && ngx_mqtt_native_event_reply(ev, answer, &what) != NGX_OK)
    {
        ngx_mqtt_native_event_failed(cl, asked, 500);
        return;
    }

    if (!asked->has_ack) {
        return;
    }

    ngx_mqtt_native_event_done(ev);

    if (cl) {
        ngx_memzero(&what, sizeof(ngx_mqtt_native_response_t));
        what.type = NGX_MQTT_NATIVE_ACK;
        what.ack_id = asked->ack_id;
        ngx_mqtt_native_event_tell(cl, &what);
    }
}


static void
ngx_mqtt_native_event_failed(ngx_mqtt_client_t *cl, ngx_mqtt_asked_t *asked,
    ngx_uint_t status)
{
    u_char                      buf[sizeof("The application has answered "
                                           "with .") + NGX_INT_T_LEN];
    ngx_mqtt_native_response_t  r;

    if (cl == NULL) {
        return;
    }

    if (asked->simple) {
        (void) ngx_mqtt_handle_fail(cl, NGX_MQTT_IMPLEMENTATION_ERROR,
                                    "the application has not taken its event");
        return;
    }

    ngx_memzero(&r, sizeof(ngx_mqtt_native_response_t));

    if (asked->type == NGX_MQTT_NATIVE_INVOKE) {
        r.type = NGX_MQTT_NATIVE_INVOKED;
        r.invocation_id = asked->invocation_id;

    } else if (asked->has_ack) {
        r.type = NGX_MQTT_NATIVE_ACK;
        r.ack_id = asked->ack_id;

    } else {
        return;
    }

    ngx_str_set(&r.error, "InternalServerError");

    r.message.data = buf;
    r.message.len = ngx_sprintf(buf, "The application has answered with %ui.",
                                status)
                    - buf;

    ngx_mqtt_native_event_tell(cl, &r);
}


/* To somebody who may take nothing of it for long. */

static void
ngx_mqtt_native_event_tell(ngx_mqtt_client_t *cl,
    const ngx_mqtt_native_response_t *r)
{
    if (cl->out_size > NGX_MQTT_NATIVE_UNREAD) {
        (void) ngx_mqtt_handle_fail(cl, NGX_MQTT_QUOTA_EXCEEDED,
                                    "it does not take its answers");
        return;
    }

    (void) ngx_mqtt_native_answer(cl, r);
}


static void
ngx_mqtt_native_event_state(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer)
{
    ngx_mqtt_asked_t  *asked;

    asked = ev->data;

    if (answer->has_state
        && (answer->state.len != ev->state.len
            || (ev->state.len
                && ngx_memcmp(answer->state.data, ev->state.data,
                              ev->state.len)
                   != 0))
        && ngx_mqtt_profile_set_state(ev->worker, &asked->whose,
                                      &answer->state)
           == NGX_ERROR)
    {
        ngx_mqtt_worker_full(ev->worker);
    }
}


/* What the client is told of an answer. */

static ngx_int_t
ngx_mqtt_native_event_what(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_mqtt_native_response_t *what)
{
    ngx_int_t                type;
    ngx_uint_t               i;
    ngx_keyval_t            *kv;
    ngx_mqtt_native_pair_t  *pairs;

    ngx_memzero(what, sizeof(ngx_mqtt_native_response_t));

    what->type = NGX_MQTT_NATIVE_SERVER;

    if (answer->body.len) {
        type = ngx_mqtt_native_data_type(ev->pool, &answer->content_type,
                                         &answer->body);
        if (type == NGX_ERROR) {
            return NGX_ERROR;
        }

        ngx_mqtt_native_set_data(what, type, answer->body.data,
                                 answer->body.len);
    }

    kv = answer->metadata.elts;

    if (answer->metadata.nelts == 0) {
        return NGX_OK;
    }

    pairs = ngx_palloc(ev->pool, answer->metadata.nelts
                                 * sizeof(ngx_mqtt_native_pair_t));
    if (pairs == NULL) {
        return NGX_ERROR;
    }

    what->metadata.pairs = pairs;

    for (i = 0; i < answer->metadata.nelts; i++) {

        /* headers may have bytes that are no text */

        if (ngx_mqtt_event_token(&kv[i].key)
            && ngx_mqtt_event_is_clean(&kv[i].value))
        {
            pairs->name = kv[i].key;
            pairs->value = kv[i].value;
            pairs++;
            what->metadata.n++;
        }
    }

    /* a data message has data, be it empty */

    if (answer->body.len == 0 && what->metadata.n) {
        ngx_mqtt_native_set_data(what, NGX_MQTT_DATA_TEXT, (u_char *) "", 0);
    }

    return NGX_OK;
}


/* A message to the session the event came from, wherever it is now. */

static ngx_int_t
ngx_mqtt_native_event_reply(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_mqtt_native_response_t *what)
{
    ngx_mqtt_props_t     props;
    ngx_mqtt_asked_t    *asked;
    ngx_mqtt_inbound_t   in;

    asked = ev->data;

    ngx_memzero(&props, sizeof(ngx_mqtt_props_t));

    if (ngx_mqtt_native_extra(ev->pool, what, &in.extra) != NGX_OK
        || ngx_mqtt_native_props(ev->pool, &props, what->data_type) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&in.topic, NGX_MQTT_NATIVE_SERVER_TOPIC);
    in.props = &props;
    in.payload = answer->body;
    in.qos = 1;
    in.retain = 0;

    return (ngx_mqtt_publish_session(ev->worker, &asked->whose, &in)
            < NGX_MQTT_UNSPECIFIED_ERROR) ? NGX_OK : NGX_ERROR;
}


/* Remembers the id of the request, as far as there is room. */

static void
ngx_mqtt_native_event_done(ngx_mqtt_event_t *ev)
{
    ngx_mqtt_asked_t    *asked;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = ev->worker;
    asked = ev->data;

    ngx_mqtt_worker_lock(w);

    s = ngx_mqtt_profile_find_locked(w, &asked->whose);

    if (s && s->native
        && ngx_mqtt_native_reserve_ack_locked(w->zone, s, asked->ack_id)
           == NGX_OK)
    {
        ngx_mqtt_native_ack_locked(w->zone, s, asked->ack_id);
    }

    ngx_mqtt_worker_unlock(w);
}


void
ngx_mqtt_native_cancel(ngx_mqtt_client_t *cl, ngx_str_t *invocation_id)
{
    ngx_queue_t       *q, *next;
    ngx_mqtt_asked_t  *asked;

    for (q = ngx_queue_head(&cl->native->asked);
         q != ngx_queue_sentinel(&cl->native->asked);
         q = next)
    {
        next = ngx_queue_next(q);
        asked = ngx_queue_data(q, ngx_mqtt_asked_t, queue);

        if (asked->type == NGX_MQTT_NATIVE_INVOKE
            && asked->invocation_id.len == invocation_id->len
            && ngx_memcmp(asked->invocation_id.data, invocation_id->data,
                          invocation_id->len)
               == 0)
        {
            asked->client = NULL;
            ngx_queue_remove(q);
        }
    }
}


void
ngx_mqtt_native_event_forget(ngx_mqtt_client_t *cl)
{
    ngx_queue_t       *q;
    ngx_mqtt_asked_t  *asked;

    if (cl->native == NULL) {
        return;
    }

    while (!ngx_queue_empty(&cl->native->asked)) {
        q = ngx_queue_head(&cl->native->asked);
        asked = ngx_queue_data(q, ngx_mqtt_asked_t, queue);

        asked->client = NULL;
        ngx_queue_remove(q);
    }
}
