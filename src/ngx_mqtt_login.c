
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_ask.h>
#include <ngx_mqtt_login.h>


#define NGX_MQTT_LOGIN_POOL  1024


static ngx_int_t ngx_mqtt_login_prepare(ngx_mqtt_login_t *login,
    ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx);
static void ngx_mqtt_login_destroy(ngx_mqtt_login_t *login);


ngx_int_t
ngx_mqtt_login(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_pool_t         *pool;
    ngx_mqtt_login_t   *login;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    cx->why = "no memory";
    cx->reason = NGX_MQTT_QUOTA_EXCEEDED;

    pool = ngx_create_pool(NGX_MQTT_LOGIN_POOL, w->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    login = ngx_pcalloc(pool, sizeof(ngx_mqtt_login_t));
    if (login == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    login->pool = pool;
    login->client = cl;
    login->right = NGX_ERROR;
    login->since = ngx_current_msec;

    if (ngx_mqtt_login_prepare(login, cl, cx) != NGX_OK) {
        ngx_mqtt_login_destroy(login);
        return NGX_ERROR;
    }

    if (w->ops->login == NULL || w->ops->login(w, login) != NGX_OK) {
        ngx_mqtt_login_destroy(login);
        cx->why = "its password cannot be verified now";
        cx->reason = NGX_MQTT_SERVER_BUSY;
        return NGX_ERROR;
    }

    cl->login = login;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_login_prepare(ngx_mqtt_login_t *login, ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx)
{
    ngx_str_t            password;
    ngx_mqtt_connect_t  *connect;

    connect = cx->connect;

    ngx_str_null(&password);

    if (connect->has_password) {
        password = connect->password;
    }

    login->password = ngx_mqtt_password_prepare(cl->conf->passwords,
                                                login->pool,
                                                &connect->username,
                                                &password);

    login->body.data = ngx_pstrdup(login->pool, &connect->body);

    if (login->body.data) {
        login->body.len = connect->body.len;
    }

    return (login->password && login->body.data) ? NGX_OK : NGX_ERROR;
}


void
ngx_mqtt_login_forget(ngx_mqtt_client_t *cl)
{
    if (cl->login) {
        cl->login->client = NULL;
        cl->login = NULL;
    }
}


void
ngx_mqtt_login_done(ngx_mqtt_login_t *login)
{
    ngx_mqtt_client_t  *cl;
    ngx_mqtt_packet_t   pkt;
    ngx_mqtt_worker_t  *w;

    cl = login->client;

    if (cl) {
        w = cl->worker;
        cl->login = NULL;

        ngx_mqtt_worker_enter(w);

        if (ngx_mqtt_ask_packet(cl, &login->body, &pkt) == NGX_OK) {
            ngx_mqtt_handle_login(cl, &pkt, login->right);
        }

        ngx_mqtt_worker_leave(w);
    }

    ngx_mqtt_login_destroy(login);
}


/* Passwords do not stay in memory that others get. */

static void
ngx_mqtt_login_destroy(ngx_mqtt_login_t *login)
{
    if (login->body.data) {
        ngx_explicit_memzero(login->body.data, login->body.len);
    }

    if (login->password) {
        ngx_explicit_memzero(login->password->password, login->password->len);
    }

    ngx_destroy_pool(login->pool);
}
