
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_parse.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_reason.h>
#include <ngx_mqtt_topic.h>


#define NGX_MQTT_FLAG_CLEAN      0x02
#define NGX_MQTT_FLAG_WILL       0x04
#define NGX_MQTT_FLAG_RETAIN     0x20
#define NGX_MQTT_FLAG_PASSWORD   0x40
#define NGX_MQTT_FLAG_USERNAME   0x80


typedef ngx_int_t (*ngx_mqtt_packet_handler_pt)(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);


static ngx_int_t ngx_mqtt_packet_connect(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_connect_head(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char **pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_connect_flags(ngx_mqtt_parser_t *p,
    ngx_mqtt_connect_t *c, ngx_uint_t flags);
static ngx_int_t ngx_mqtt_packet_connect_will(ngx_mqtt_parser_t *p,
    ngx_mqtt_connect_t *c, u_char **pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_connack(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_publish(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_ack(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_subscribe(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_options(ngx_mqtt_parser_t *p,
    ngx_str_t *filter, ngx_uint_t options);
static ngx_int_t ngx_mqtt_packet_suback(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_ping(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_disconnect(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char *pos, u_char *last);

static ngx_int_t ngx_mqtt_packet_id(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char **pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_props(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char **pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_reason(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt, u_char **pos, u_char *last);
static ngx_int_t ngx_mqtt_packet_code(ngx_mqtt_parser_t *p, ngx_uint_t type,
    ngx_uint_t code);
static ngx_int_t ngx_mqtt_packet_auth_method(ngx_mqtt_parser_t *p,
    ngx_mqtt_packet_t *pkt);
static ngx_int_t ngx_mqtt_packet_string(ngx_mqtt_parser_t *p, u_char **pos,
    u_char *last, ngx_str_t *s);
static ngx_int_t ngx_mqtt_packet_binary(ngx_mqtt_parser_t *p, u_char **pos,
    u_char *last, ngx_str_t *s);
static ngx_int_t ngx_mqtt_packet_fail(ngx_mqtt_parser_t *p, u_char reason);


static const ngx_mqtt_packet_handler_pt  ngx_mqtt_packet_handlers[] = {
    NULL,
    ngx_mqtt_packet_connect,
    ngx_mqtt_packet_connack,
    ngx_mqtt_packet_publish,
    ngx_mqtt_packet_ack,                 /* PUBACK */
    ngx_mqtt_packet_ack,                 /* PUBREC */
    ngx_mqtt_packet_ack,                 /* PUBREL */
    ngx_mqtt_packet_ack,                 /* PUBCOMP */
    ngx_mqtt_packet_subscribe,
    ngx_mqtt_packet_suback,
    ngx_mqtt_packet_subscribe,           /* UNSUBSCRIBE */
    ngx_mqtt_packet_suback,              /* UNSUBACK */
    ngx_mqtt_packet_ping,                /* PINGREQ */
    ngx_mqtt_packet_ping,                /* PINGRESP */
    ngx_mqtt_packet_disconnect,
    ngx_mqtt_packet_disconnect           /* AUTH */
};


ngx_int_t
ngx_mqtt_packet_parse(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *body)
{
    pkt->type = p->header >> 4;
    pkt->dup = 0;
    pkt->qos = 0;
    pkt->retain = 0;
    pkt->reason = 0;
    pkt->packet_id = 0;
    pkt->size = 1 + p->nlength + p->length;

    pkt->props.set = 0;
    pkt->props.forward_len = 0;
    ngx_str_null(&pkt->props.raw);
    ngx_str_null(&pkt->props.user);

    return ngx_mqtt_packet_handlers[pkt->type](p, pkt, body, body + p->length);
}


static ngx_int_t
ngx_mqtt_packet_connect(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *pos, u_char *last)
{
    ngx_mqtt_connect_t  *c;

    c = &pkt->u.connect;

    c->body.data = pos;
    c->body.len = last - pos;

    if (ngx_mqtt_packet_connect_head(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_packet_string(p, &pos, last, &c->client_id) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_packet_connect_will(p, c, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&c->username);
    ngx_str_null(&c->password);

    if (c->has_username
        && ngx_mqtt_packet_string(p, &pos, last, &c->username) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (c->has_password
        && ngx_mqtt_packet_binary(p, &pos, last, &c->password) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (pos != last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if (ngx_mqtt_packet_auth_method(p, pkt) != NGX_OK) {
        return NGX_ERROR;
    }

    p->version = c->version;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_connect_head(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char **pos, u_char *last)
{
    u_char               flags;
    ngx_str_t            name;
    ngx_mqtt_connect_t  *c;

    c = &pkt->u.connect;

    if (ngx_mqtt_packet_binary(p, pos, last, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    if (name.len != 4 || ngx_memcmp(name.data, "MQTT", 4) != 0) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_UNSUPPORTED_VERSION);
    }

    if (*pos == last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    c->version = *(*pos)++;

    if (c->version != NGX_MQTT_V4 && c->version != NGX_MQTT_V5) {

        /* 0 stands for a wrong name, and no level below 3 was ever used */

        c->version = ngx_max(c->version, 1);

        return ngx_mqtt_packet_fail(p, NGX_MQTT_UNSUPPORTED_VERSION);
    }

    if (last - *pos < 3) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    flags = *(*pos)++;

    if (ngx_mqtt_packet_connect_flags(p, c, flags) != NGX_OK) {
        return NGX_ERROR;
    }

    c->keep_alive = ngx_mqtt_get16(*pos);
    *pos += 2;

    if (c->version == NGX_MQTT_V4) {
        return NGX_OK;
    }

    if (p->nlength != ngx_mqtt_vbi_size(p->length)) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return ngx_mqtt_property_parse(pos, last, NGX_MQTT_CONNECT, &pkt->props,
                                   &p->reason);
}


static ngx_int_t
ngx_mqtt_packet_connect_flags(ngx_mqtt_parser_t *p, ngx_mqtt_connect_t *c,
    ngx_uint_t flags)
{
    c->clean_start = (flags & NGX_MQTT_FLAG_CLEAN) != 0;
    c->has_will = (flags & NGX_MQTT_FLAG_WILL) != 0;
    c->will_qos = (flags >> 3) & 0x03;
    c->will_retain = (flags & NGX_MQTT_FLAG_RETAIN) != 0;
    c->has_password = (flags & NGX_MQTT_FLAG_PASSWORD) != 0;
    c->has_username = (flags & NGX_MQTT_FLAG_USERNAME) != 0;

    if ((flags & 0x01)
        || c->will_qos == 3
        || (!c->has_will && (c->will_qos || c->will_retain))
        || (c->version == NGX_MQTT_V4 && c->has_password && !c->has_username))
    {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_connect_will(ngx_mqtt_parser_t *p, ngx_mqtt_connect_t *c,
    u_char **pos, u_char *last)
{
    c->will_props.set = 0;
    c->will_props.forward_len = 0;
    ngx_str_null(&c->will_props.raw);
    ngx_str_null(&c->will_props.user);
    ngx_str_null(&c->will_topic);
    ngx_str_null(&c->will_payload);

    if (!c->has_will) {
        return NGX_OK;
    }

    if (c->version == NGX_MQTT_V5
        && ngx_mqtt_property_parse(pos, last, NGX_MQTT_PROPERTY_WILL,
                                   &c->will_props, &p->reason)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_mqtt_packet_string(p, pos, last, &c->will_topic) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mqtt_packet_binary(p, pos, last, &c->will_payload);
}


static ngx_int_t
ngx_mqtt_packet_connack(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *pos, u_char *last)
{
    if (last - pos < 2 || (*pos & 0xfe)) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    pkt->u.connack.session_present = *pos++;

    if (p->version == NGX_MQTT_V4) {
        pkt->reason = *pos++;

        if (pkt->reason > NGX_MQTT_V4_NOT_AUTHORIZED) {
            return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
        }

    } else {

        if (ngx_mqtt_packet_reason(p, pkt, &pos, last) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_mqtt_packet_props(p, pkt, &pos, last) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (pos != last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return ngx_mqtt_packet_auth_method(p, pkt);
}


static ngx_int_t
ngx_mqtt_packet_publish(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *pos, u_char *last)
{
    ngx_mqtt_publish_t  *pub;

    pub = &pkt->u.publish;

    pkt->dup = (p->header >> 3) & 0x01;
    pkt->qos = (p->header >> 1) & 0x03;
    pkt->retain = p->header & 0x01;

    if (ngx_mqtt_packet_string(p, &pos, last, &pub->topic) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pkt->qos && ngx_mqtt_packet_id(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_packet_props(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    pub->payload.data = pos;
    pub->payload.len = last - pos;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_ack(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt, u_char *pos,
    u_char *last)
{
    if (ngx_mqtt_packet_id(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pos == last) {
        return NGX_OK;
    }

    if (p->version == NGX_MQTT_V4) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if (ngx_mqtt_packet_reason(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pos == last) {
        return NGX_OK;
    }

    if (ngx_mqtt_packet_props(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pos != last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_subscribe(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *pos, u_char *last)
{
    ngx_str_t  *list, filter;

    if (ngx_mqtt_packet_id(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_packet_props(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pos == last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    list = (pkt->type == NGX_MQTT_SUBSCRIBE) ? &pkt->u.subscribe.list
                                             : &pkt->u.unsubscribe.list;
    list->data = pos;
    list->len = last - pos;

    while (pos < last) {

        if (ngx_mqtt_packet_string(p, &pos, last, &filter) != NGX_OK) {
            return NGX_ERROR;
        }

        if (pkt->type == NGX_MQTT_UNSUBSCRIBE) {
            continue;
        }

        if (pos == last) {
            return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
        }

        if (ngx_mqtt_packet_options(p, &filter, *pos++) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_options(ngx_mqtt_parser_t *p, ngx_str_t *filter,
    ngx_uint_t options)
{
    if (p->version == NGX_MQTT_V4) {
        return (options <= 2) ? NGX_OK
               : ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if (options & NGX_MQTT_OPT_RESERVED) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if ((options & NGX_MQTT_OPT_QOS) == NGX_MQTT_OPT_QOS
        || (options & NGX_MQTT_OPT_RETAIN_HANDLING)
           == NGX_MQTT_OPT_RETAIN_HANDLING)
    {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    /* [MQTT-3.8.3-4] */

    if ((options & NGX_MQTT_OPT_NO_LOCAL)
        && filter->len >= 7
        && ngx_memcmp(filter->data, "$share/", 7) == 0)
    {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_suback(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *pos, u_char *last)
{
    ngx_str_t  *codes;

    if (ngx_mqtt_packet_id(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_packet_props(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    codes = (pkt->type == NGX_MQTT_SUBACK) ? &pkt->u.suback.codes
                                           : &pkt->u.unsuback.codes;
    codes->data = pos;
    codes->len = last - pos;

    if (p->version == NGX_MQTT_V4 && pkt->type == NGX_MQTT_UNSUBACK) {
        return (pos == last) ? NGX_OK
               : ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if (pos == last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    for ( /* void */ ; pos < last; pos++) {

        if (p->version == NGX_MQTT_V4) {
            if (*pos > 2 && *pos != NGX_MQTT_V4_SUBSCRIBE_FAILURE) {
                return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
            }

            continue;
        }

        if (ngx_mqtt_packet_code(p, pkt->type, *pos) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_ping(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt, u_char *pos,
    u_char *last)
{
    if (pos != last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_disconnect(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char *pos, u_char *last)
{
    if (p->version == NGX_MQTT_V4) {
        return ngx_mqtt_packet_ping(p, pkt, pos, last);
    }

    if (pos < last && ngx_mqtt_packet_reason(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pos < last && ngx_mqtt_packet_props(p, pkt, &pos, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pos != last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return ngx_mqtt_packet_auth_method(p, pkt);
}


static ngx_int_t
ngx_mqtt_packet_id(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt, u_char **pos,
    u_char *last)
{
    if (last - *pos < 2) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    pkt->packet_id = ngx_mqtt_get16(*pos);
    *pos += 2;

    if (pkt->packet_id == 0) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_props(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char **pos, u_char *last)
{
    ngx_uint_t  where;

    if (p->version == NGX_MQTT_V4) {
        return NGX_OK;
    }

    if (*pos < last && **pos == 0) {
        (*pos)++;
        return NGX_OK;
    }

    where = pkt->type;

    if (p->from_server) {
        where += NGX_MQTT_PROPERTY_FROM_SERVER;
    }

    return ngx_mqtt_property_parse(pos, last, where, &pkt->props, &p->reason);
}


static ngx_int_t
ngx_mqtt_packet_reason(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt,
    u_char **pos, u_char *last)
{
    if (*pos == last) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    pkt->reason = *(*pos)++;

    return ngx_mqtt_packet_code(p, pkt->type, pkt->reason);
}


static ngx_int_t
ngx_mqtt_packet_code(ngx_mqtt_parser_t *p, ngx_uint_t type, ngx_uint_t code)
{
    if (ngx_mqtt_reason_allowed(code, type, p->from_server)) {
        return NGX_OK;
    }

    return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
}


/* AUTH always names its method, and data has none without a method */

static ngx_int_t
ngx_mqtt_packet_auth_method(ngx_mqtt_parser_t *p, ngx_mqtt_packet_t *pkt)
{
    if (ngx_mqtt_prop_has(&pkt->props, NGX_MQTT_PROP_AUTH_METHOD)) {
        return NGX_OK;
    }

    if (pkt->type == NGX_MQTT_AUTH
        || ngx_mqtt_prop_has(&pkt->props, NGX_MQTT_PROP_AUTH_DATA))
    {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_string(ngx_mqtt_parser_t *p, u_char **pos, u_char *last,
    ngx_str_t *s)
{
    if (ngx_mqtt_packet_binary(p, pos, last, s) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_mqtt_utf8_valid(s->data, s->len) != NGX_OK) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_binary(ngx_mqtt_parser_t *p, u_char **pos, u_char *last,
    ngx_str_t *s)
{
    size_t  rest;

    rest = last - *pos;

    if (rest < 2) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    s->len = ngx_mqtt_get16(*pos);
    s->data = *pos + 2;

    if (s->len > rest - 2) {
        return ngx_mqtt_packet_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    *pos = s->data + s->len;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_packet_fail(ngx_mqtt_parser_t *p, u_char reason)
{
    p->reason = reason;

    return NGX_ERROR;
}
