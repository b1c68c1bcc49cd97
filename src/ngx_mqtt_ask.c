
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_ask.h>


static ngx_int_t ngx_mqtt_ask_create(ngx_mqtt_event_t *ev,
    ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_ask_keep(ngx_mqtt_event_t *ev,
    ngx_mqtt_principal_t *dst, ngx_mqtt_principal_t *src);
static ngx_int_t ngx_mqtt_ask_keep_list(ngx_mqtt_event_t *ev,
    ngx_array_t **dst, ngx_array_t *src);
static void ngx_mqtt_ask_refresh(ngx_mqtt_event_t *ev);
static ngx_int_t ngx_mqtt_ask_session(ngx_mqtt_event_t *ev);
static void ngx_mqtt_ask_answered(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer);


ngx_int_t
ngx_mqtt_ask(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_int_t           rc;
    ngx_mqtt_event_t   *ev;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    if (!ngx_mqtt_life_wanted(w, &cl->hub, NGX_MQTT_EVENT_CONNECT)) {
        return NGX_DECLINED;
    }

    cx->why = "no memory";
    cx->reason = NGX_MQTT_QUOTA_EXCEEDED;

    ev = ngx_mqtt_event_create(w, NGX_MQTT_EVENT_CONNECT);
    if (ev == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_ask_create(ev, cl, cx);

    if (rc == NGX_DECLINED) {
        cx->why = "its CONNECT is too large to be judged";
        cx->reason = NGX_MQTT_PACKET_TOO_LARGE;
    }

    if (rc == NGX_OK) {
        rc = w->ops->event(w, ev);

        if (rc == NGX_OK) {
            cl->ask = ev->data;
            return NGX_OK;
        }

        cx->why = "the application cannot be asked";
        cx->reason = NGX_MQTT_SERVER_UNAVAILABLE;
    }

    ngx_destroy_pool(ev->pool);

    return NGX_ERROR;
}


/* NGX_DECLINED: it is too large. */

static ngx_int_t
ngx_mqtt_ask_create(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_ask_t  *ask;

    ask = ngx_pcalloc(ev->pool, sizeof(ngx_mqtt_ask_t));
    if (ask == NULL) {
        return NGX_ERROR;
    }

    ask->client = cl;
    ask->clean_start = cx->connect->clean_start;

    ev->data = ask;
    ev->refresh = ngx_mqtt_ask_refresh;
    ev->answered = ngx_mqtt_ask_answered;

    ngx_str_set(&ev->name, "connect");
    ngx_str_set(&ev->content_type, NGX_MQTT_EVENT_JSON);

    if (ngx_mqtt_life_event(ev, cl) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ask->body, &cx->connect->body) != NGX_OK
        || ngx_mqtt_ask_keep(ev, &ask->principal, &cx->principal) != NGX_OK
        || (cx->connect->has_username
            && ngx_mqtt_event_copy(ev, &ev->username, &cx->connect->username)
               != NGX_OK)
        || ngx_mqtt_ask_session(ev) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mqtt_ask_body(ev, cl, cx);
}


static ngx_int_t
ngx_mqtt_ask_keep(ngx_mqtt_event_t *ev, ngx_mqtt_principal_t *dst,
    ngx_mqtt_principal_t *src)
{
    dst->expires = src->expires;
    dst->identity = src->identity;

    if ((src->identity.len
         && ngx_mqtt_event_copy(ev, &dst->identity, &src->identity) != NGX_OK)
        || ngx_mqtt_event_copy(ev, &dst->user_id, &src->user_id) != NGX_OK
        || ngx_mqtt_event_copy(ev, &dst->state, &src->state) != NGX_OK
        || ngx_mqtt_ask_keep_list(ev, &dst->roles, src->roles) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mqtt_ask_keep_list(ev, &dst->groups, src->groups);
}


static ngx_int_t
ngx_mqtt_ask_keep_list(ngx_mqtt_event_t *ev, ngx_array_t **dst,
    ngx_array_t *src)
{
    ngx_str_t   *from, *to;
    ngx_uint_t   i;

    if (src == NULL) {
        return NGX_OK;
    }

    *dst = ngx_array_create(ev->pool, ngx_max(src->nelts, 1),
                            sizeof(ngx_str_t));
    if (*dst == NULL) {
        return NGX_ERROR;
    }

    from = src->elts;

    for (i = 0; i < src->nelts; i++) {
        to = ngx_array_push(*dst);

        if (ngx_mqtt_event_copy(ev, to, &from[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Another client with this id may have been let in meanwhile. */

static void
ngx_mqtt_ask_refresh(ngx_mqtt_event_t *ev)
{
    ngx_mqtt_ask_t  *ask;

    ask = ev->data;

    if (ask->client) {
        (void) ngx_mqtt_ask_session(ev);
    }
}


/* Of a session that will be resumed, its own user and state are told. */

static ngx_int_t
ngx_mqtt_ask_session(ngx_mqtt_event_t *ev)
{
    ngx_int_t              rc;
    ngx_mqtt_ask_t        *ask;
    ngx_mqtt_profile_t    *p;
    ngx_mqtt_principal_t  *principal;

    ask = ev->data;
    principal = &ask->principal;

    ev->user_id = principal->user_id;
    ev->session_present = 0;
    ngx_str_null(&ev->state);

    if (ask->clean_start
        || ngx_mqtt_profile_hold_resumed(ask->client, &principal->identity)
           != NGX_OK)
    {
        return NGX_OK;
    }

    p = ngx_mqtt_profile_take(ev->worker);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ev->session_present = 1;

    rc = ngx_mqtt_event_copy(ev, &ev->user_id, &p->user_id);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_event_copy(ev, &ev->state, &p->state);
    }

    ngx_free(p);

    return rc;
}


ngx_int_t
ngx_mqtt_ask_packet(ngx_mqtt_client_t *cl, ngx_str_t *body,
    ngx_mqtt_packet_t *pkt)
{
    ngx_mqtt_parser_t  parser;

    /* it was whole before */

    ngx_memzero(&parser, sizeof(ngx_mqtt_parser_t));

    parser.header = NGX_MQTT_CONNECT << 4;
    parser.length = (uint32_t) body->len;
    parser.nlength = (u_char) ngx_mqtt_vbi_size(body->len);

    if (ngx_mqtt_packet_parse(&parser, pkt, body->data) == NGX_OK) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ALERT, cl->log, 0, "mqtt CONNECT was lost");

    return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR, NULL);
}


void
ngx_mqtt_ask_forget(ngx_mqtt_client_t *cl)
{
    if (cl->ask) {
        cl->ask->client = NULL;
        cl->ask = NULL;
    }
}


static void
ngx_mqtt_ask_answered(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer)
{
    ngx_array_t         *roles;
    ngx_mqtt_ask_t      *ask;
    ngx_mqtt_client_t   *cl;
    ngx_mqtt_packet_t    pkt;
    ngx_mqtt_verdict_t   verdict;

    ask = ev->data;
    cl = ask->client;

    if (cl == NULL) {
        return;
    }

    cl->ask = NULL;

    if (ngx_mqtt_ask_packet(cl, &ask->body, &pkt) != NGX_OK) {
        return;
    }

    roles = ask->principal.roles;

    ngx_mqtt_ask_answer(ev, answer, cl->version, cl->conf->connect_allow,
                        &ask->principal, &verdict);

    cl->asked = 1;
    cl->appointed = (ask->principal.roles != roles);

    ngx_mqtt_handle_asked(cl, &pkt, &ask->principal, &verdict);
}
