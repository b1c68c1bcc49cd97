
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_LOGIN_H_INCLUDED_
#define _NGX_MQTT_LOGIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_password.h>


/* A CONNECT that waits for its password to be verified, in its own pool. */

struct ngx_mqtt_login_s {
    ngx_pool_t            *pool;
    ngx_mqtt_client_t     *client;      /* NULL: it has gone meanwhile */
    ngx_str_t              body;        /* of the packet */
    ngx_msec_t             since;       /* it waits */

    ngx_queue_t            queue;       /* the shell's */
    ngx_mqtt_password_t   *password;    /* for ngx_mqtt_password_verify() */
    ngx_int_t              right;       /* what that returned; NGX_ERROR: */
                                        /* it was not called */
};


/*
 * Has the password of a CONNECT verified by the worker's op "login".  NGX_OK:
 * the client waits until ngx_mqtt_handle_login() is called; NGX_ERROR: that is
 * not possible, cx->reason and cx->why say why.
 */
ngx_int_t ngx_mqtt_login(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx);

/* The client is gone: what comes out is for nobody. */
void ngx_mqtt_login_forget(ngx_mqtt_client_t *cl);

/* Once, from the event loop: "right" is there.  Frees it. */
void ngx_mqtt_login_done(ngx_mqtt_login_t *login);


#endif /* _NGX_MQTT_LOGIN_H_INCLUDED_ */
