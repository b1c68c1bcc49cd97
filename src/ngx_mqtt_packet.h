
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PACKET_H_INCLUDED_
#define _NGX_MQTT_PACKET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>


#define ngx_mqtt_prop_bit(id)         (1ULL << (id))
#define ngx_mqtt_prop_has(props, id)  (((props)->set & (1ULL << (id))) != 0)


/*
 * One property section.  Only fields whose bit stands in "set" have a
 * meaning: clearing "set" (and "user" before encoding) is enough to empty it.
 * Strings belong to whoever filled the struct in; after parsing they point
 * into the packet's bytes.
 */

typedef struct {
    uint64_t               set;           /* ngx_mqtt_prop_bit() each */

    ngx_str_t              raw;           /* parsed section, no length */
    size_t                 forward_len;   /* of raw: 01, 03, 08, 09, 26 */
    ngx_str_t              user;          /* encoded pairs to append */

    ngx_str_t              content_type;
    ngx_str_t              response_topic;
    ngx_str_t              correlation_data;
    ngx_str_t              assigned_client_id;
    ngx_str_t              auth_method;
    ngx_str_t              auth_data;
    ngx_str_t              response_info;
    ngx_str_t              server_reference;
    ngx_str_t              reason_string;

    uint32_t               message_expiry;         /* seconds */
    uint32_t               subscription_id;        /* the first one */
    uint32_t               session_expiry;         /* seconds */
    uint32_t               will_delay;             /* seconds */
    uint32_t               maximum_packet_size;    /* bytes */

    uint16_t               server_keep_alive;      /* seconds */
    uint16_t               receive_maximum;
    uint16_t               topic_alias_maximum;
    uint16_t               topic_alias;

    u_char                 payload_format;
    u_char                 request_problem;
    u_char                 request_response;
    u_char                 maximum_qos;
    u_char                 retain_available;
    u_char                 wildcard_available;
    u_char                 subscription_id_available;
    u_char                 shared_available;
} ngx_mqtt_props_t;


typedef struct {
    u_char                 version;
    u_char                 clean_start;
    u_char                 has_username;
    u_char                 has_password;
    u_char                 has_will;
    u_char                 will_qos;
    u_char                 will_retain;
    uint16_t               keep_alive;             /* seconds, 0 is off */
    ngx_str_t              client_id;
    ngx_str_t              username;
    ngx_str_t              password;
    ngx_str_t              will_topic;
    ngx_str_t              will_payload;
    ngx_mqtt_props_t       will_props;
    ngx_str_t              body;          /* of the packet, after its header */
} ngx_mqtt_connect_t;


typedef struct {
    u_char                 session_present;
} ngx_mqtt_connack_t;


typedef struct {
    ngx_str_t              topic;
    ngx_str_t              payload;
} ngx_mqtt_publish_t;


/* the payload of SUBSCRIBE or UNSUBSCRIBE in wire form, already validated */

typedef struct {
    ngx_str_t              list;
} ngx_mqtt_subscribe_t;


/* one byte per filter; empty in a 3.1.1 UNSUBACK */

typedef struct {
    ngx_str_t              codes;
} ngx_mqtt_suback_t;


/*
 * One control packet, on the stack of its user.  The parser sets what the
 * packet type has and leaves the rest as it was: look only at the members of
 * the type.  Always set: type, dup, qos, retain, packet_id (0 where there is
 * none), reason, size, and the props' "set", "raw", "forward_len" and "user".
 * Strings point into the input or into the parser's body buffer.
 */

typedef struct {
    u_char                 type;
    u_char                 dup;
    u_char                 qos;
    u_char                 retain;
    u_char                 reason;        /* 3.1.1 CONNACK: return code */
    uint16_t               packet_id;
    size_t                 size;          /* bytes on the wire, with header */
    ngx_mqtt_props_t       props;

    union {
        ngx_mqtt_connect_t    connect;
        ngx_mqtt_connack_t    connack;
        ngx_mqtt_publish_t    publish;
        ngx_mqtt_subscribe_t  subscribe;
        ngx_mqtt_subscribe_t  unsubscribe;
        ngx_mqtt_suback_t     suback;
        ngx_mqtt_suback_t     unsuback;
    } u;
} ngx_mqtt_packet_t;


/*
 * Takes the next filter and its options byte from a parsed SUBSCRIBE.  The
 * list is consumed: keep a copy of the ngx_str_t to walk it again.  The
 * filter points into the packet.  NGX_OK, or NGX_DONE at the end (3.8.3).
 */
ngx_int_t ngx_mqtt_subscribe_next(ngx_mqtt_packet_t *pkt, ngx_str_t *filter,
    u_char *options);

/*
 * Takes the next filter from a parsed UNSUBSCRIBE and consumes it.
 * NGX_OK, or NGX_DONE at the end (3.10.3).
 */
ngx_int_t ngx_mqtt_unsubscribe_next(ngx_mqtt_packet_t *pkt,
    ngx_str_t *filter);


/* integers of the wire, most significant byte first, any alignment (1.5) */

static ngx_inline uint16_t
ngx_mqtt_get16(const u_char *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}


static ngx_inline uint32_t
ngx_mqtt_get32(const u_char *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | (uint32_t) p[3];
}


static ngx_inline u_char *
ngx_mqtt_put16(u_char *p, ngx_uint_t n)
{
    p[0] = (u_char) (n >> 8);
    p[1] = (u_char) n;

    return p + 2;
}


static ngx_inline u_char *
ngx_mqtt_put32(u_char *p, uint32_t n)
{
    p[0] = (u_char) (n >> 24);
    p[1] = (u_char) (n >> 16);
    p[2] = (u_char) (n >> 8);
    p[3] = (u_char) n;

    return p + 4;
}


#endif /* _NGX_MQTT_PACKET_H_INCLUDED_ */
