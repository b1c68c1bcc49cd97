
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_encode.h>


static size_t ngx_mqtt_encode_len(const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);
static size_t ngx_mqtt_encode_connect_len(const ngx_mqtt_packet_t *pkt);
static size_t ngx_mqtt_encode_reason_len(const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);
static size_t ngx_mqtt_encode_props_len(const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);
static u_char *ngx_mqtt_encode_connect(u_char *p,
    const ngx_mqtt_packet_t *pkt);
static u_char *ngx_mqtt_encode_publish(u_char *p,
    const ngx_mqtt_packet_t *pkt, ngx_uint_t version);
static u_char *ngx_mqtt_encode_list(u_char *p, const ngx_mqtt_packet_t *pkt,
    const ngx_str_t *list, ngx_uint_t version);
static u_char *ngx_mqtt_encode_suback(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);
static u_char *ngx_mqtt_encode_reason(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);
static u_char *ngx_mqtt_encode_props(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version);
static u_char *ngx_mqtt_encode_string(u_char *p, const ngx_str_t *s);
static u_char *ngx_mqtt_encode_bytes(u_char *p, const ngx_str_t *s);


size_t
ngx_mqtt_encode_size(const ngx_mqtt_packet_t *pkt, ngx_uint_t version)
{
    size_t  len;

    if (pkt->type == NGX_MQTT_AUTH && version != NGX_MQTT_V5) {
        return 0;
    }

    len = ngx_mqtt_encode_len(pkt, version);

    if (len > NGX_MQTT_VBI_MAX) {
        return 0;
    }

    return 1 + ngx_mqtt_vbi_size(len) + len;
}


static size_t
ngx_mqtt_encode_len(const ngx_mqtt_packet_t *pkt, ngx_uint_t version)
{
    size_t  len;

    switch (pkt->type) {

    case NGX_MQTT_CONNECT:
        return ngx_mqtt_encode_connect_len(pkt);

    case NGX_MQTT_CONNACK:
        return 2 + ngx_mqtt_encode_props_len(pkt, version);

    case NGX_MQTT_PUBLISH:
        len = 2 + pkt->u.publish.topic.len + pkt->u.publish.payload.len;
        len += pkt->qos ? 2 : 0;
        return len + ngx_mqtt_encode_props_len(pkt, version);

    case NGX_MQTT_SUBSCRIBE:
        len = 2 + pkt->u.subscribe.list.len;
        return len + ngx_mqtt_encode_props_len(pkt, version);

    case NGX_MQTT_UNSUBSCRIBE:
        len = 2 + pkt->u.unsubscribe.list.len;
        return len + ngx_mqtt_encode_props_len(pkt, version);

    case NGX_MQTT_SUBACK:
        len = 2 + pkt->u.suback.codes.len;
        return len + ngx_mqtt_encode_props_len(pkt, version);

    case NGX_MQTT_UNSUBACK:
        if (version == NGX_MQTT_V4) {
            return 2;
        }

        len = 2 + pkt->u.unsuback.codes.len;
        return len + ngx_mqtt_encode_props_len(pkt, version);

    case NGX_MQTT_PINGREQ:
    case NGX_MQTT_PINGRESP:
        return 0;

    case NGX_MQTT_DISCONNECT:
    case NGX_MQTT_AUTH:
        return ngx_mqtt_encode_reason_len(pkt, version);

    default: /* PUBACK, PUBREC, PUBREL, PUBCOMP */
        return 2 + ngx_mqtt_encode_reason_len(pkt, version);
    }
}


static size_t
ngx_mqtt_encode_connect_len(const ngx_mqtt_packet_t *pkt)
{
    size_t                     len;
    const ngx_mqtt_connect_t  *c;

    c = &pkt->u.connect;

    /* name, level, flags, keep alive */

    len = 6 + 1 + 1 + 2 + 2 + c->client_id.len;
    len += ngx_mqtt_encode_props_len(pkt, c->version);

    if (c->has_will) {
        len += 2 + c->will_topic.len + 2 + c->will_payload.len;

        if (c->version == NGX_MQTT_V5) {
            len += ngx_mqtt_property_size(&c->will_props);
        }
    }

    if (c->has_username) {
        len += 2 + c->username.len;
    }

    if (c->has_password) {
        len += 2 + c->password.len;
    }

    return len;
}


/* a code of 0 and empty properties can be left out, the last one first */

static size_t
ngx_mqtt_encode_reason_len(const ngx_mqtt_packet_t *pkt, ngx_uint_t version)
{
    size_t  len;

    if (version == NGX_MQTT_V4) {
        return 0;
    }

    len = ngx_mqtt_property_size(&pkt->props);

    if (len > 1) {
        return 1 + len;
    }

    return (pkt->reason != NGX_MQTT_SUCCESS);
}


static size_t
ngx_mqtt_encode_props_len(const ngx_mqtt_packet_t *pkt, ngx_uint_t version)
{
    if (version == NGX_MQTT_V4) {
        return 0;
    }

    return ngx_mqtt_property_size(&pkt->props);
}


u_char *
ngx_mqtt_encode(u_char *p, const ngx_mqtt_packet_t *pkt, ngx_uint_t version)
{
    ngx_uint_t  flags;

    flags = 0;

    switch (pkt->type) {

    case NGX_MQTT_PUBLISH:
        flags = pkt->dup << 3 | pkt->qos << 1 | pkt->retain;
        break;

    case NGX_MQTT_PUBREL:
    case NGX_MQTT_SUBSCRIBE:
    case NGX_MQTT_UNSUBSCRIBE:
        flags = 0x02;
        break;

    default:
        break;
    }

    *p++ = (u_char) (pkt->type << 4 | flags);
    p = ngx_mqtt_vbi_write(p, ngx_mqtt_encode_len(pkt, version));

    switch (pkt->type) {

    case NGX_MQTT_CONNECT:
        return ngx_mqtt_encode_connect(p, pkt);

    case NGX_MQTT_CONNACK:
        *p++ = pkt->u.connack.session_present;
        *p++ = pkt->reason;
        return ngx_mqtt_encode_props(p, pkt, version);

    case NGX_MQTT_PUBLISH:
        return ngx_mqtt_encode_publish(p, pkt, version);

    case NGX_MQTT_SUBSCRIBE:
        return ngx_mqtt_encode_list(p, pkt, &pkt->u.subscribe.list, version);

    case NGX_MQTT_UNSUBSCRIBE:
        return ngx_mqtt_encode_list(p, pkt, &pkt->u.unsubscribe.list, version);

    case NGX_MQTT_SUBACK:
    case NGX_MQTT_UNSUBACK:
        return ngx_mqtt_encode_suback(p, pkt, version);

    case NGX_MQTT_PINGREQ:
    case NGX_MQTT_PINGRESP:
        return p;

    case NGX_MQTT_DISCONNECT:
    case NGX_MQTT_AUTH:
        return ngx_mqtt_encode_reason(p, pkt, version);

    default: /* PUBACK, PUBREC, PUBREL, PUBCOMP */
        p = ngx_mqtt_put16(p, pkt->packet_id);
        return ngx_mqtt_encode_reason(p, pkt, version);
    }
}


static u_char *
ngx_mqtt_encode_connect(u_char *p, const ngx_mqtt_packet_t *pkt)
{
    const ngx_mqtt_connect_t  *c;

    c = &pkt->u.connect;

    p = ngx_cpymem(p, "\0\4MQTT", 6);

    *p++ = c->version;
    *p++ = (u_char) (c->has_username << 7 | c->has_password << 6
                     | c->will_retain << 5 | c->will_qos << 3
                     | c->has_will << 2 | c->clean_start << 1);

    p = ngx_mqtt_put16(p, c->keep_alive);
    p = ngx_mqtt_encode_props(p, pkt, c->version);
    p = ngx_mqtt_encode_string(p, &c->client_id);

    if (c->has_will) {

        if (c->version == NGX_MQTT_V5) {
            p = ngx_mqtt_property_write(p, &c->will_props);
        }

        p = ngx_mqtt_encode_string(p, &c->will_topic);
        p = ngx_mqtt_encode_string(p, &c->will_payload);
    }

    if (c->has_username) {
        p = ngx_mqtt_encode_string(p, &c->username);
    }

    if (c->has_password) {
        p = ngx_mqtt_encode_string(p, &c->password);
    }

    return p;
}


static u_char *
ngx_mqtt_encode_publish(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version)
{
    p = ngx_mqtt_encode_string(p, &pkt->u.publish.topic);

    if (pkt->qos) {
        p = ngx_mqtt_put16(p, pkt->packet_id);
    }

    p = ngx_mqtt_encode_props(p, pkt, version);

    return ngx_mqtt_encode_bytes(p, &pkt->u.publish.payload);
}


static u_char *
ngx_mqtt_encode_list(u_char *p, const ngx_mqtt_packet_t *pkt,
    const ngx_str_t *list, ngx_uint_t version)
{
    p = ngx_mqtt_put16(p, pkt->packet_id);
    p = ngx_mqtt_encode_props(p, pkt, version);

    return ngx_mqtt_encode_bytes(p, list);
}


static u_char *
ngx_mqtt_encode_suback(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version)
{
    size_t  i;
    u_char  code;

    if (version == NGX_MQTT_V5) {
        return ngx_mqtt_encode_list(p, pkt, (pkt->type == NGX_MQTT_SUBACK)
                                            ? &pkt->u.suback.codes
                                            : &pkt->u.unsuback.codes,
                                    version);
    }

    p = ngx_mqtt_put16(p, pkt->packet_id);

    if (pkt->type == NGX_MQTT_UNSUBACK) {
        return p;
    }

    for (i = 0; i < pkt->u.suback.codes.len; i++) {
        code = pkt->u.suback.codes.data[i];
        *p++ = ngx_min(code, NGX_MQTT_V4_SUBSCRIBE_FAILURE);
    }

    return p;
}


static u_char *
ngx_mqtt_encode_reason(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version)
{
    size_t  len;

    len = ngx_mqtt_encode_reason_len(pkt, version);

    if (len == 0) {
        return p;
    }

    *p++ = pkt->reason;

    return (len > 1) ? ngx_mqtt_property_write(p, &pkt->props) : p;
}


static u_char *
ngx_mqtt_encode_props(u_char *p, const ngx_mqtt_packet_t *pkt,
    ngx_uint_t version)
{
    if (version == NGX_MQTT_V4) {
        return p;
    }

    return ngx_mqtt_property_write(p, &pkt->props);
}


static u_char *
ngx_mqtt_encode_string(u_char *p, const ngx_str_t *s)
{
    p = ngx_mqtt_put16(p, s->len);

    return ngx_mqtt_encode_bytes(p, s);
}


static u_char *
ngx_mqtt_encode_bytes(u_char *p, const ngx_str_t *s)
{
    if (s->len == 0) {
        return p;
    }

    return ngx_cpymem(p, s->data, s->len);
}


/* the value of the property length of a delivery */

static ngx_inline size_t
ngx_mqtt_delivery_props(const ngx_mqtt_delivery_t *d)
{
    size_t      len;
    ngx_uint_t  i;

    len = d->props_len + 5 * d->has_expiry + 3 * (d->topic_alias != 0);

    for (i = 0; i < d->nsub_ids; i++) {
        len += 1 + ngx_mqtt_vbi_size(d->sub_ids[i]);
    }

    return len;
}


static ngx_inline size_t
ngx_mqtt_delivery_len(const ngx_mqtt_delivery_t *d, ngx_uint_t version)
{
    size_t  len, props;

    len = 2 + (d->topic_omitted ? 0 : d->topic_len) + 2 * (d->qos != 0)
          + d->payload_len;

    if (version == NGX_MQTT_V5) {
        props = ngx_mqtt_delivery_props(d);
        len += ngx_mqtt_vbi_size(props) + props;
    }

    return len;
}


size_t
ngx_mqtt_delivery_size(const ngx_mqtt_delivery_t *d, ngx_uint_t version)
{
    size_t  len;

    len = ngx_mqtt_delivery_len(d, version);

    return 1 + ngx_mqtt_vbi_size(len) + len;
}


u_char *
ngx_mqtt_delivery_head(u_char *p, const ngx_mqtt_delivery_t *d,
    ngx_uint_t version)
{
    *p++ = (u_char) (NGX_MQTT_PUBLISH << 4 | d->dup << 3 | d->qos << 1
                     | d->retain);

    p = ngx_mqtt_vbi_write(p, ngx_mqtt_delivery_len(d, version));

    return ngx_mqtt_put16(p, d->topic_omitted ? 0 : d->topic_len);
}


size_t
ngx_mqtt_delivery_middle_size(const ngx_mqtt_delivery_t *d,
    ngx_uint_t version)
{
    size_t  len, props;

    len = 2 * (d->qos != 0);

    if (version == NGX_MQTT_V5) {
        props = ngx_mqtt_delivery_props(d);
        len += ngx_mqtt_vbi_size(props) + props - d->props_len;
    }

    return len;
}


u_char *
ngx_mqtt_delivery_middle(u_char *p, const ngx_mqtt_delivery_t *d,
    ngx_uint_t version)
{
    ngx_uint_t  i;

    if (d->qos) {
        p = ngx_mqtt_put16(p, d->packet_id);
    }

    if (version != NGX_MQTT_V5) {
        return p;
    }

    p = ngx_mqtt_vbi_write(p, ngx_mqtt_delivery_props(d));

    if (d->has_expiry) {
        *p++ = NGX_MQTT_PROP_MESSAGE_EXPIRY;
        p = ngx_mqtt_put32(p, d->expiry);
    }

    if (d->topic_alias) {
        *p++ = NGX_MQTT_PROP_TOPIC_ALIAS;
        p = ngx_mqtt_put16(p, d->topic_alias);
    }

    for (i = 0; i < d->nsub_ids; i++) {
        *p++ = NGX_MQTT_PROP_SUBSCRIPTION_ID;
        p = ngx_mqtt_vbi_write(p, d->sub_ids[i]);
    }

    return p;
}
