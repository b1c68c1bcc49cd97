
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_HUB_H_INCLUDED_
#define _NGX_MQTT_HUB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_role.h>


typedef enum {
    NGX_MQTT_OVERFLOW_DROP_NEW = 0,
    NGX_MQTT_OVERFLOW_DROP_OLD,
    NGX_MQTT_OVERFLOW_TERMINATE
} ngx_mqtt_overflow_e;


struct ngx_mqtt_jwt_conf_s;
struct ngx_mqtt_passwords_s;


/*
 * The settings of one "mqtt_hub" block, from cf->pool; immutable for the
 * life of its cycle.  Each connection keeps a pointer to the settings it was
 * accepted with: nothing of it is stored in a zone but the copies of queue
 * limits in a session.
 */

typedef struct ngx_mqtt_hub_conf_s {
    ngx_str_t             name;              /* lower case; "*": the template */

    ngx_flag_t            anonymous;
    ngx_mqtt_rights_t    *default_roles;     /* NULL: none */

    size_t                max_packet_size;   /* bytes, whole packet */
    ngx_uint_t            max_keepalive;     /* seconds, 0: no maximum */
    ngx_uint_t            receive_maximum;   /* 1..65535 */
    ngx_uint_t            topic_alias_maximum;
    ngx_uint_t            will_delay_max;    /* seconds */
    ngx_uint_t            max_qos;           /* 0..2 */
    ngx_uint_t            session_expiry;    /* seconds */

    ngx_flag_t            retain;
    ngx_flag_t            wildcard_subscription;
    ngx_flag_t            shared_subscription;
    ngx_flag_t            strict_limits;

    ngx_uint_t            max_queued;        /* QoS > 0 messages, 0: none */
    size_t                max_queued_bytes;
    ngx_mqtt_overflow_e   queue_overflow;

    ngx_uint_t            max_connections;   /* 0: no limit, as the next */
    ngx_uint_t            max_sessions;
    ngx_uint_t            max_subscriptions;
    ngx_uint_t            max_retained;
    ngx_uint_t            max_hubs;          /* of the template only */

    ngx_str_t             access_key[2];     /* empty: none */
    ngx_uint_t            token_enforce;     /* "token_expiry enforce" */

    struct ngx_mqtt_jwt_conf_s   *jwt;       /* NULL: it has no keys */
    struct ngx_mqtt_passwords_s  *passwords; /* NULL: no "password_file" */

    ngx_uint_t            connect_allow;     /* "connect_fallback allow" */
    ngx_uint_t            event_concurrency; /* of a worker, as the next */
    ngx_uint_t            event_backlog;

    ngx_uint_t            native;            /* Web PubSub clients may come */
    ngx_uint_t            ping_interval;     /* of theirs, seconds */
} ngx_mqtt_hub_conf_t;


#endif /* _NGX_MQTT_HUB_H_INCLUDED_ */
