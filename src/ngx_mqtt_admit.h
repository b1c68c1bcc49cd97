
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ADMIT_H_INCLUDED_
#define _NGX_MQTT_ADMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_message.h>
#include <ngx_mqtt_auth.h>


#define NGX_MQTT_ASSIGNED_LEN  22      /* of 64 characters: 132 bits */

/* of subscriptions to groups that the application puts a client into */
#define NGX_MQTT_GROUP_QOS     1
#define NGX_MQTT_GROUPS_MAX    1000


/* bytes of a reason in words, with a zero */
#define NGX_MQTT_WHY_LEN       96


/* A CONNECT that is being worked on, on the stack. */

typedef struct {
    ngx_mqtt_packet_t     *pkt;
    ngx_mqtt_connect_t    *connect;
    ngx_mqtt_principal_t   principal;
    ngx_mqtt_message_t    *will;
    uint32_t               will_delay;
    ngx_uint_t             assigned;    /* the client id is ours */
    ngx_uint_t             present;     /* the session was there before */
    ngx_uint_t             resumes;     /* it was when its will was judged */
    ngx_uint_t             homeless;    /* no room for a profile */
    ngx_uint_t             has_state;   /* of the answer: a new state */
    uint64_t               serial;      /* of the session that is recovered, */
                                        /* there being no way but that; or 0 */
    ngx_str_t              cookie;      /* of a native client */
    ngx_str_t              user;        /* user properties of the CONNACK */
    ngx_uint_t             reason;      /* of a refusal, */
    const char            *why;         /* in words, */
    char                   text[NGX_MQTT_WHY_LEN];   /* perhaps here */
} ngx_mqtt_connecting_t;


/*
 * Gives a client that passed all checks its hub, its place and its session;
 * returns 0 or the reason code of the refusal.  What a refused client got so
 * far is undone by closing it.
 */
ngx_uint_t ngx_mqtt_admit(ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx);

/* Fills in a client id by chance; to be looked up before its use. */
void ngx_mqtt_admit_make_id(ngx_str_t *id);


#endif /* _NGX_MQTT_ADMIT_H_INCLUDED_ */
