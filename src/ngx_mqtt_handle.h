
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_HANDLE_H_INCLUDED_
#define _NGX_MQTT_HANDLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


#define NGX_MQTT_CONNECT_TIMEOUT  30000    /* milliseconds */
#define NGX_MQTT_SEND_TIMEOUT     60000    /* without any progress */

/* so that the answer fits one output buffer */
#define NGX_MQTT_FILTERS_MAX      16000

/* blocks looked at for filters in one hold of the lock */
#define NGX_MQTT_FILTERS_BATCH    256


/*
 * What the broker does on a packet.  NGX_OK, or NGX_ERROR: the client was
 * closed, and neither it nor the packet may be used any more.
 */

struct ngx_mqtt_principal_s;
struct ngx_mqtt_verdict_s;

typedef ngx_int_t (*ngx_mqtt_handle_pt)(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);

/*
 * NGX_BUSY: its password is verified, or the application is asked.  Input
 * stops until one of the next two was called, with a copy of the packet.
 * "right": NGX_OK, NGX_DECLINED, or NGX_ERROR if it could not be verified.
 */
ngx_int_t ngx_mqtt_handle_connect(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
void ngx_mqtt_handle_login(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    ngx_int_t right);
void ngx_mqtt_handle_asked(ngx_mqtt_client_t *cl, ngx_mqtt_packet_t *pkt,
    struct ngx_mqtt_principal_s *principal,
    struct ngx_mqtt_verdict_s *verdict);

/*
 * NGX_BUSY: the message has many subscribers.  Input stops until it has been
 * published and ngx_mqtt_handle_published() was called.
 */
ngx_int_t ngx_mqtt_handle_publish(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
void ngx_mqtt_handle_published(ngx_mqtt_client_t *cl, ngx_uint_t qos,
    uint16_t id, ngx_uint_t reason);

/*
 * A PUBLISH to "$webpubsub/server/events/NAME", which is an event for the
 * application.  NGX_DECLINED: the topic is another one.
 */
ngx_int_t ngx_mqtt_handle_event(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt, ngx_str_t *topic);

/* Answers a PUBLISH that was taken, or, from 0x80 on, was not. */
ngx_int_t ngx_mqtt_handle_settle(ngx_mqtt_client_t *cl, ngx_uint_t qos,
    uint16_t id, ngx_uint_t reason);

ngx_int_t ngx_mqtt_handle_puback(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
ngx_int_t ngx_mqtt_handle_pubrec(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
ngx_int_t ngx_mqtt_handle_pubrel(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
ngx_int_t ngx_mqtt_handle_pubcomp(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);

ngx_int_t ngx_mqtt_handle_subscribe(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
ngx_int_t ngx_mqtt_handle_unsubscribe(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);

ngx_int_t ngx_mqtt_handle_pingreq(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
ngx_int_t ngx_mqtt_handle_disconnect(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
ngx_int_t ngx_mqtt_handle_auth(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);
/*
 * Makes the roles of a principal those of the client's session.  NGX_ERROR or
 * NGX_DECLINED: there is no room.
 */
ngx_int_t ngx_mqtt_handle_renew(ngx_mqtt_client_t *cl,
    struct ngx_mqtt_principal_s *principal);

ngx_int_t ngx_mqtt_handle_unexpected(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);


/* Helpers of the handlers. */

/* Empties a packet that is to be sent. */
void ngx_mqtt_handle_packet(ngx_mqtt_packet_t *pkt, ngx_uint_t type);

/*
 * Appends a packet to the client's output.  What is optional is left out
 * where the client's maximum packet size asks for it.  NGX_DECLINED: too
 * large even so; NGX_ERROR: no memory.  The client is not closed.
 */
ngx_int_t ngx_mqtt_handle_send(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);

/*
 * Makes room for an answer before anything is done that it stands for.  If it
 * cannot be sent, closes the client.
 */
ngx_int_t ngx_mqtt_handle_reserve(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);

/* Sends a handler's answer; if it cannot be sent, closes the client. */
ngx_int_t ngx_mqtt_handle_answer(ngx_mqtt_client_t *cl,
    ngx_mqtt_packet_t *pkt);

/*
 * Closes the client for a reason that "why" explains in the log and in a
 * CONNACK; NULL: the reason code says it all.  Returns NGX_ERROR.
 */
ngx_int_t ngx_mqtt_handle_fail(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why);

/* The same, and a client of 5.0 that was connected is told why. */
ngx_int_t ngx_mqtt_handle_dismiss(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why);

/*
 * Takes the zone's lock if the client still has its session.  NULL: it lost
 * it, so the client was closed, and the lock is not held.
 */
ngx_mqtt_session_t *ngx_mqtt_handle_lock(ngx_mqtt_client_t *cl);

/*
 * Whether input of that packet type may be taken.  NGX_BUSY: it has to wait,
 * and the client stands on a list of the worker; NGX_ERROR: it was closed.
 */
ngx_int_t ngx_mqtt_client_may_go_on(ngx_mqtt_client_t *cl, ngx_uint_t type);

/* Ends a client that has not been let in, as if it were lost. */
void ngx_mqtt_client_refuse(ngx_mqtt_client_t *cl, ngx_uint_t reason,
    const char *why);

/* The meaning of a reason code in words. */
const char *ngx_mqtt_handle_why(ngx_uint_t reason);

/* Closes a client that has lost its session; the lock is not held. */
ngx_int_t ngx_mqtt_handle_lost(ngx_mqtt_client_t *cl);

/* Closes a client whose output could not be flushed. */
ngx_int_t ngx_mqtt_handle_broken(ngx_mqtt_client_t *cl);

/* The session expiry that a client gets for the one it asks for. */
uint32_t ngx_mqtt_handle_expiry(ngx_mqtt_client_t *cl, uint32_t expiry);

/*
 * The client id, or any string, in a form fit for the log: "buf" is of the
 * size below.
 */
#define NGX_MQTT_NAME_LEN         128

void ngx_mqtt_handle_name(ngx_mqtt_client_t *cl, u_char *buf,
    ngx_str_t *name);
void ngx_mqtt_handle_clean(ngx_str_t *str, u_char *buf);


#endif /* _NGX_MQTT_HANDLE_H_INCLUDED_ */
