
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PROFILE_H_INCLUDED_
#define _NGX_MQTT_PROFILE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/* bytes of a profile in the zone */
#define NGX_MQTT_PROFILE_MAX    262144

/* bytes of a user id */
#define NGX_MQTT_USER_ID_MAX    1024

/* characters of a session's or connection's id */
#define NGX_MQTT_ID_LEN         16


/*
 * Whose a session is and what it may do, in local memory.  In the zone it is
 * the payload of a message without a topic, which a session refers to and
 * which is only ever replaced as a whole; without one, everything is empty.
 */

typedef struct {
    ngx_str_t             user_id;
    ngx_str_t             username;     /* in the CONNECT that made it */
    ngx_str_t             state;        /* of the connection, opaque */
    ngx_str_t             subprotocol;  /* of a native client, as the next */
    ngx_str_t             cookie;       /* that the application has set */
    ngx_str_t            *roles;        /* beside those of the hub */
    ngx_uint_t            nroles;

    /* the session's own; of ngx_mqtt_profile_read() only */

    uint64_t              serial;
    uint64_t              connection;   /* the last one */
    ngx_uint_t            version;      /* NGX_MQTT_V4, ... */
} ngx_mqtt_profile_t;


/* Which session; "serial" is 0 for whichever has the client id now. */

typedef struct {
    ngx_str_t             hub;
    ngx_str_t             client_id;
    uint64_t              serial;
} ngx_mqtt_whose_t;


/*
 * Copies a profile into the zone, as the slot's "draft"; an empty one makes
 * none.  NGX_ERROR: the zone is full; NGX_DECLINED: it is too large.
 */
ngx_int_t ngx_mqtt_profile_store(ngx_mqtt_worker_t *w,
    ngx_mqtt_profile_t *p);

/* Makes the draft, or none, the session's profile, by one store. */
void ngx_mqtt_profile_set_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);

/* Frees a draft that was not used, if there is one; without the lock. */
void ngx_mqtt_profile_drop(ngx_mqtt_worker_t *w);

/*
 * Takes a reference to a session's profile, for the slot; the next call must
 * be the second one, without the lock, which makes a copy and gives the
 * reference back.  One block from the heap, to be freed by ngx_free(); NULL:
 * no memory.
 */
void ngx_mqtt_profile_hold_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);
ngx_mqtt_profile_t *ngx_mqtt_profile_take(ngx_mqtt_worker_t *w);

/*
 * The first call, without the lock, for the session that a CONNECT of this
 * identity will resume.  NGX_DECLINED: there is none.
 */
ngx_int_t ngx_mqtt_profile_hold_resumed(ngx_mqtt_client_t *cl,
    ngx_str_t *identity);

/* The same for a session by its name.  NULL also if there is none. */
ngx_mqtt_profile_t *ngx_mqtt_profile_read(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose);

/*
 * Replaces the named parts of a session's profile; a connected client notices
 * other roles before its next packet is judged.  NGX_DECLINED: no such
 * session, or too large; NGX_ERROR: no memory, or the zone is full: nothing
 * was changed.
 */
#define NGX_MQTT_PROFILE_ROLES  0x01
#define NGX_MQTT_PROFILE_STATE  0x02

ngx_int_t ngx_mqtt_profile_change(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose, ngx_uint_t parts, ngx_mqtt_profile_t *p);

/*
 * The same by a function that changes roles or state of what it is given, a
 * copy, and may be called again if somebody else was quicker; what it refers to
 * stays.  It returns NGX_OK, or what this is to return.  NGX_BUSY: the profile
 * would be too large.
 */
typedef ngx_int_t (*ngx_mqtt_profile_edit_pt)(ngx_mqtt_profile_t *p,
    void *data);

ngx_int_t ngx_mqtt_profile_edit(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose, ngx_mqtt_profile_edit_pt edit, void *data);

ngx_int_t ngx_mqtt_profile_set_state(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose, ngx_str_t *state);

/* NULL: there is no such session. */
ngx_mqtt_session_t *ngx_mqtt_profile_find_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose);

/* The session of a connected client. */
void ngx_mqtt_profile_whose(ngx_mqtt_client_t *cl, ngx_mqtt_whose_t *whose);

/* For the checker: whether a message is a profile; and one of this user. */
ngx_uint_t ngx_mqtt_profile_valid(ngx_mqtt_message_t *m);
ngx_uint_t ngx_mqtt_profile_of_user(ngx_mqtt_message_t *m, ngx_str_t *id);

/*
 * A number for a new connection, and ids for people and applications:
 * NGX_MQTT_ID_LEN hexadecimal digits, never used twice.
 */
uint64_t ngx_mqtt_profile_connection(ngx_mqtt_worker_t *w);
void ngx_mqtt_profile_connection_id(uint64_t connection, u_char *buf);
void ngx_mqtt_profile_session_id(ngx_mqtt_zone_t *zone, uint64_t serial,
    u_char *buf);


#endif /* _NGX_MQTT_PROFILE_H_INCLUDED_ */
