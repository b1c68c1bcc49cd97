
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ASK_H_INCLUDED_
#define _NGX_MQTT_ASK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_admit.h>


/* bytes of what the application is sent of a CONNECT */
#define NGX_MQTT_ASK_BODY_MAX   1048576

/* bytes of user properties, and of a reason, in a CONNACK: a buffer's */
#define NGX_MQTT_ASK_USER_MAX   8192
#define NGX_MQTT_ASK_TEXT_MAX   4096


/* bytes of cookies that an application sets for a native client */
#define NGX_MQTT_ASK_COOKIE_MAX 4096


/*
 * The upgrade of a native client, in memory of the shell: what it offers, what
 * is made of that, and how it is refused.
 */

typedef struct {
    ngx_mqtt_principal_t   principal;
    ngx_array_t           *offered;      /* of ngx_str_t: subprotocols */
    ngx_str_t              subprotocol;  /* one of them, or empty */
    ngx_str_t              cookie;       /* for later events */

    ngx_uint_t             status;       /* of HTTP; 0: let in */
    ngx_str_t              content_type;
    ngx_str_t              body;
    const char            *why;          /* for the log */
} ngx_mqtt_upgrade_t;

typedef void (*ngx_mqtt_upgrade_pt)(ngx_mqtt_client_t *cl,
    ngx_mqtt_upgrade_t *up);


/*
 * A CONNECT, or an upgrade, that waits for the application; lives in its
 * event's pool.
 */

struct ngx_mqtt_ask_s {
    ngx_mqtt_client_t     *client;      /* NULL: it has gone meanwhile */
    ngx_mqtt_principal_t   principal;
    ngx_str_t              body;        /* of the packet */
    ngx_uint_t             clean_start;

    ngx_mqtt_upgrade_t    *upgrade;
    ngx_mqtt_upgrade_pt    judged;
};


/* What is made of the answer; strings are in the event's pool. */

typedef struct ngx_mqtt_verdict_s {
    ngx_uint_t             reason;      /* 0: the client is let in */
    ngx_str_t              text;        /* a reason string, or empty */
    ngx_str_t              user;        /* user properties as on the wire */
    ngx_uint_t             has_state;   /* there is one, perhaps empty */
    const char            *why;         /* of a refusal, for the log */
} ngx_mqtt_verdict_t;


/*
 * Raises the connect event of a CONNECT.  NGX_OK: the client waits until
 * ngx_mqtt_handle_asked() is called; NGX_DECLINED: nobody is to be asked;
 * NGX_ERROR: it cannot be asked, cx->why says why, and cx->reason how that
 * is called.
 */
ngx_int_t ngx_mqtt_ask(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx);

/*
 * Reads the packet of a CONNECT that has waited from its body, again.
 * NGX_ERROR: the client was closed.
 */
ngx_int_t ngx_mqtt_ask_packet(ngx_mqtt_client_t *cl, ngx_str_t *body,
    ngx_mqtt_packet_t *pkt);

/*
 * Raises the connect event of an upgrade, whose client has got its client id.
 * NGX_OK: "judged" will be called from the event loop, unless the client is
 * gone before; up->status says whether it is let in, what else it points to is
 * valid during the call only.  NGX_DECLINED: nobody is to be asked; NGX_ERROR:
 * up->status is set.
 */
ngx_int_t ngx_mqtt_ask_upgrade(ngx_mqtt_client_t *cl, ngx_mqtt_upgrade_t *up,
    ngx_mqtt_upgrade_pt judged);

/* The client is gone: the answer will be for nobody. */
void ngx_mqtt_ask_forget(ngx_mqtt_client_t *cl);

/*
 * The text of a connect event, in its pool: NGX_DECLINED if it is too large,
 * NGX_ERROR without memory.
 */
ngx_int_t ngx_mqtt_ask_body(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);

/* The same of an upgrade. */
ngx_int_t ngx_mqtt_ask_upgrade_body(ngx_mqtt_event_t *ev,
    ngx_mqtt_client_t *cl, ngx_mqtt_upgrade_t *up);

/*
 * Reads an answer, and puts what it says of the client into "p".  "allow":
 * the answer where there is none.
 */
void ngx_mqtt_ask_answer(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_uint_t version, ngx_uint_t allow, ngx_mqtt_principal_t *p,
    ngx_mqtt_verdict_t *v);

/*
 * The same of an upgrade: all of it goes to "up".  Without "offered" the
 * subprotocol may be any.
 */
void ngx_mqtt_ask_upgrade_answer(ngx_mqtt_event_t *ev,
    ngx_mqtt_answer_t *answer, ngx_uint_t allow, ngx_mqtt_upgrade_t *up);

/* Whether native clients can be in all these groups, of ngx_str_t. */
ngx_int_t ngx_mqtt_ask_groups_valid(ngx_str_t *groups, ngx_uint_t n);


#endif /* _NGX_MQTT_ASK_H_INCLUDED_ */
