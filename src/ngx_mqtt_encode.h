
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ENCODE_H_INCLUDED_
#define _NGX_MQTT_ENCODE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_property.h>


/* first byte, Remaining Length, length of the topic */

#define NGX_MQTT_DELIVERY_HEAD_MAX  7


/*
 * One PUBLISH to one subscriber, on the sender's stack.  The order on the
 * wire is head, topic, middle, forwarded properties, payload; the encoder
 * writes head and middle, the rest is the caller's to copy or to link.
 */

typedef struct {
    u_char                 qos;
    u_char                 dup;
    u_char                 retain;
    uint16_t               packet_id;        /* QoS 1 and 2 */
    uint16_t               topic_alias;      /* 0: none */
    unsigned               topic_omitted:1;  /* the alias stands for it */
    unsigned               has_expiry:1;
    uint32_t               expiry;           /* remaining seconds */
    uint32_t              *sub_ids;
    ngx_uint_t             nsub_ids;
    size_t                 topic_len;
    size_t                 props_len;        /* forwarded properties */
    size_t                 payload_len;
} ngx_mqtt_delivery_t;


/*
 * The number of bytes of a whole packet of any type in the given version, or
 * 0 if it cannot be written: larger than the protocol allows, or AUTH in
 * 3.1.1.  A CONNECT goes by the version in it.  No string may be longer than
 * NGX_MQTT_STRING_MAX, and props->set must not hold what it has no value for.
 */
size_t ngx_mqtt_encode_size(const ngx_mqtt_packet_t *pkt, ngx_uint_t version);

/*
 * Writes a packet for which ngx_mqtt_encode_size() gave a size, returns its
 * end.  Acknowledgements, DISCONNECT and AUTH take the shortest form that
 * says the same.  For 3.1.1 properties are left out, the CONNACK's reason
 * must be a return code of that version already, codes of a SUBACK above
 * 0x80 are written as 0x80 and an UNSUBACK's are not written.
 */
u_char *ngx_mqtt_encode(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);

/*
 * Bytes of the whole PUBLISH including topic, properties and payload.  Can
 * exceed NGX_MQTT_PACKET_MAX: then it must not be sent (3.3).
 */
size_t ngx_mqtt_delivery_size(const ngx_mqtt_delivery_t *d,
    ngx_uint_t version);

/*
 * Writes at most NGX_MQTT_DELIVERY_HEAD_MAX bytes: fixed header and length of
 * the topic, 0 if omitted.  Returns the end, where the topic goes (3.3.1).
 */
u_char *ngx_mqtt_delivery_head(u_char *p, const ngx_mqtt_delivery_t *d,
    ngx_uint_t version);

/* The number of bytes ngx_mqtt_delivery_middle() will write. */
size_t ngx_mqtt_delivery_middle_size(const ngx_mqtt_delivery_t *d,
    ngx_uint_t version);

/*
 * Writes what stands between the topic and the forwarded properties: packet
 * id, and in 5.0 the property length, expiry, alias and subscription ids.
 * Returns the end (3.3.2).
 */
u_char *ngx_mqtt_delivery_middle(u_char *p, const ngx_mqtt_delivery_t *d,
    ngx_uint_t version);


#endif /* _NGX_MQTT_ENCODE_H_INCLUDED_ */
