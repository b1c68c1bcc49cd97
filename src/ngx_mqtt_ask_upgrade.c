
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_ask.h>


static ngx_int_t ngx_mqtt_ask_upgrade_create(ngx_mqtt_event_t *ev,
    ngx_mqtt_client_t *cl, ngx_mqtt_upgrade_t *up, ngx_mqtt_upgrade_pt judged);
static void ngx_mqtt_ask_upgrade_answered(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer);
static void ngx_mqtt_ask_upgrade_gone(ngx_mqtt_event_t *asked,
    ngx_mqtt_answer_t *answer);
static ngx_int_t ngx_mqtt_ask_upgrade_gone_event(ngx_mqtt_event_t *ev,
    ngx_mqtt_event_t *asked, ngx_mqtt_upgrade_t *up);


/* The connect event of a native client, which its handshake waits for. */

ngx_int_t
ngx_mqtt_ask_upgrade(ngx_mqtt_client_t *cl, ngx_mqtt_upgrade_t *up,
    ngx_mqtt_upgrade_pt judged)
{
    ngx_int_t           rc;
    ngx_mqtt_event_t   *ev;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    if (!ngx_mqtt_life_wanted(w, &cl->hub, NGX_MQTT_EVENT_CONNECT)) {
        return NGX_DECLINED;
    }

    up->why = "no memory";
    up->status = 500;

    ev = ngx_mqtt_event_create(w, NGX_MQTT_EVENT_CONNECT);
    if (ev == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_ask_upgrade_create(ev, cl, up, judged);

    if (rc == NGX_DECLINED) {
        up->why = "its request is too large to be judged";
        up->status = 400;
    }

    if (rc == NGX_OK) {
        rc = w->ops->event(w, ev);

        if (rc == NGX_OK) {
            cl->ask = ev->data;
            return NGX_OK;
        }

        up->why = "the application cannot be asked";
        up->status = 503;
    }

    ngx_destroy_pool(ev->pool);

    return NGX_ERROR;
}


/* NGX_DECLINED: it is too large. */

static ngx_int_t
ngx_mqtt_ask_upgrade_create(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl,
    ngx_mqtt_upgrade_t *up, ngx_mqtt_upgrade_pt judged)
{
    ngx_mqtt_ask_t  *ask;

    ask = ngx_pcalloc(ev->pool, sizeof(ngx_mqtt_ask_t));
    if (ask == NULL) {
        return NGX_ERROR;
    }

    ask->client = cl;
    ask->upgrade = up;
    ask->judged = judged;

    ev->data = ask;
    ev->answered = ngx_mqtt_ask_upgrade_answered;

    ngx_str_set(&ev->name, "connect");
    ngx_str_set(&ev->content_type, NGX_MQTT_EVENT_JSON);

    if (ngx_mqtt_event_copy(ev, &ev->hub, &cl->hub) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->connection_id, &cl->client_id)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->user_id, &up->principal.user_id)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->subprotocol, &up->subprotocol)
           != NGX_OK
        || (cl->ops->describe && cl->ops->describe(cl, ev) != NGX_OK))
    {
        return NGX_ERROR;
    }

    ev->protocol = ev->subprotocol;

    return ngx_mqtt_ask_upgrade_body(ev, cl, up);
}


static void
ngx_mqtt_ask_upgrade_answered(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer)
{
    ngx_array_t         *roles;
    ngx_mqtt_ask_t      *ask;
    ngx_mqtt_client_t   *cl;
    ngx_mqtt_upgrade_t  *up;

    ask = ev->data;
    cl = ask->client;
    up = ask->upgrade;

    if (cl == NULL) {
        ngx_mqtt_ask_upgrade_gone(ev, answer);
        return;
    }

    cl->ask = NULL;

    up->status = 0;
    up->why = NULL;
    roles = up->principal.roles;

    ngx_mqtt_ask_upgrade_answer(ev, answer, cl->conf->connect_allow, up);

    cl->asked = 1;
    cl->appointed = (up->principal.roles != roles);

    ask->judged(cl, up);
}


/* It was let in when it was gone: an end for an application that counts. */

static void
ngx_mqtt_ask_upgrade_gone(ngx_mqtt_event_t *asked, ngx_mqtt_answer_t *answer)
{
    ngx_mqtt_event_t    *ev;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_upgrade_t   up;

    w = asked->worker;

    if (answer->status / 100 != 2
        || !ngx_mqtt_life_wanted(w, &asked->hub, NGX_MQTT_EVENT_DISCONNECTED))
    {
        return;
    }

    ngx_memzero(&up, sizeof(ngx_mqtt_upgrade_t));

    up.principal.user_id = asked->user_id;
    up.subprotocol = asked->subprotocol;

    ngx_mqtt_ask_upgrade_answer(asked, answer, 0, &up);

    ev = ngx_mqtt_event_create(w, NGX_MQTT_EVENT_DISCONNECTED);

    if (ev == NULL || ngx_mqtt_ask_upgrade_gone_event(ev, asked, &up) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, w->log, 0,
                      "a disconnected event is lost: no memory");

    } else if (w->ops->event(w, ev) == NGX_OK) {
        return;
    }

    if (ev) {
        ngx_destroy_pool(ev->pool);
    }
}


static ngx_int_t
ngx_mqtt_ask_upgrade_gone_event(ngx_mqtt_event_t *ev, ngx_mqtt_event_t *asked,
    ngx_mqtt_upgrade_t *up)
{
    ngx_str_set(&ev->name, "disconnected");
    ngx_str_set(&ev->content_type, NGX_MQTT_EVENT_JSON);
    ngx_str_set(&ev->body, "{\"reason\":\"connection was lost\"}");

    if (ngx_mqtt_event_copy(ev, &ev->hub, &asked->hub) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->connection_id, &asked->connection_id)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->protocol, &asked->protocol) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->subprotocol, &up->subprotocol)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->user_id, &up->principal.user_id)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->state, &up->principal.state) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->cookie, &up->cookie) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}
