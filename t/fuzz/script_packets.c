
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "script.h"
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_property.h>


#define SCRIPT_PAYLOAD  300000
#define SCRIPT_UNKNOWN  8          /* a packet id that is not */


static void script_subscribe(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void script_unsubscribe(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void script_publish(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void script_publish_props(ngx_mqtt_props_t *props);
static void script_pubrel(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void script_disconnect(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void script_connect_packet(ngx_mqtt_packet_t *pkt);
static void script_connect_props(ngx_mqtt_packet_t *pkt);
static void script_will(ngx_mqtt_connect_t *connect, u_char flags);
static void script_answer(peer_t *peer, peer_pending_t *pending,
    ngx_uint_t how);


static ngx_str_t  script_topics[16] = {
    ngx_string("a"), ngx_string("a/b"), ngx_string("a/b/c"), ngx_string("b"),
    ngx_string("t/1"), ngx_string("t/2"), ngx_string("t/3"),
    ngx_string("topic/4"), ngx_string("/"), ngx_string("a//b"),
    ngx_string("$SYS/a"), ngx_string("a/+"), ngx_null_string, ngx_null_string,
    ngx_string("t/1/2/3/4/5"), ngx_string("t/1/2/3/4/6")
};

static ngx_str_t  script_filters[32] = {
    ngx_string("a"), ngx_string("a/b"), ngx_string("#"), ngx_string("+"),
    ngx_string("a/#"), ngx_string("a/+"), ngx_string("+/b"),
    ngx_string("t/+"), ngx_string("t/#"), ngx_string("+/+"),
    ngx_string("$share/g/a/#"), ngx_string("$share/g/#"),
    ngx_string("$share/h/t/+"), ngx_string("$share/g/t/1"),
    ngx_string("$share/h/#"), ngx_string("$SYS/#"), ngx_string("a/#/b"),
    ngx_string("$share/g"), ngx_string("$share//a"), ngx_null_string,
    ngx_null_string, ngx_string("topic/4"), ngx_string("topic/#"),
    ngx_string("+/+/+/+/+/#"), ngx_string("a//b"), ngx_string("+/+/+"),
    ngx_string("t/1/#"), ngx_string("t/1"), ngx_string("t/2"),
    ngx_string("t/1/2/3/4/#"), ngx_string("$share/g/t/1/2/3/4/+"),
    ngx_string("a/b/c")
};

static ngx_str_t  script_ids[8] = {
    ngx_string("a"), ngx_string("b"), ngx_string("c"), ngx_string("d"),
    ngx_string("e"), ngx_string("not strict"), ngx_string(""),
    ngx_null_string
};

/* letters, and levels: for what is long */
static u_char  script_long[SCRIPT_PAYLOAD];


void
script_tables(void)
{
    if (script_long[0]) {
        return;
    }

    ngx_memset(script_long, 'x', sizeof(script_long));
    ngx_memset(script_long + 1200, '/', 300);

    script_topics[12].data = script_long;
    script_topics[12].len = 1100;
    script_topics[13].data = script_long + 1100;
    script_topics[13].len = 500;

    script_filters[19].data = script_long;
    script_filters[19].len = 3000;
    script_filters[20].data = script_long + 1150;
    script_filters[20].len = 100;

    script_ids[7].data = script_long;
    script_ids[7].len = 3000;
}


void
script_connect(peer_t *peer)
{
    ngx_mqtt_packet_t  pkt;

    script_connect_packet(&pkt);

    peer_say(peer, &pkt, pkt.u.connect.version);
}


static void
script_connect_packet(ngx_mqtt_packet_t *pkt)
{
    u_char               b;
    ngx_mqtt_connect_t  *connect;

    static const uint16_t  times[] = { 0, 1, 5, 60, 180, 181, 300, 65535 };

    ngx_mqtt_handle_packet(pkt, NGX_MQTT_CONNECT);
    ngx_memzero(&pkt->u, sizeof(pkt->u));

    connect = &pkt->u.connect;

    b = script_byte();
    connect->version = (b & 1) ? NGX_MQTT_V5 : NGX_MQTT_V4;
    connect->clean_start = b >> 1 & 1;

    if (b & 4) {
        script_will(connect, b);
    }

    connect->has_username = b >> 6 & 1;
    connect->has_password = (b >> 7 & 1) && connect->has_username;
    connect->username = script_topics[0];
    connect->password = script_topics[1];

    b = script_byte();
    connect->client_id = script_ids[b & 7];
    connect->keep_alive = times[b >> 3 & 7];

    if (connect->version == NGX_MQTT_V5) {
        script_connect_props(pkt);
    }
}


static void
script_will(ngx_mqtt_connect_t *connect, u_char flags)
{
    u_char  b;

    b = script_byte();

    connect->has_will = 1;
    connect->will_qos = (flags >> 3 & 3) % 3;
    connect->will_retain = flags >> 5 & 1;
    connect->will_topic = script_topics[b & 15];
    connect->will_payload.data = script_long;
    connect->will_payload.len = (b >> 4) * (b >> 4) * (b >> 4) * 3;
}


static void
script_connect_props(ngx_mqtt_packet_t *pkt)
{
    u_char             b, n;
    ngx_mqtt_props_t  *props, *will;

    static const uint32_t  times[] = { 0, 1, 5, 60, 300, 0xffffffff };
    static const uint16_t  few[] = { 1, 2, 3, 5, 20, 1000, 65535 };
    static const uint32_t  sizes[] = { 2, 10, 30, 100, 300, 9000, 100000 };

    props = &pkt->props;
    will = &pkt->u.connect.will_props;

    b = script_byte();
    n = b ? script_byte() : 0;

    if (b & 1) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_SESSION_EXPIRY);
        props->session_expiry = script_pick(times, n);
    }

    if (b & 2) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_RECEIVE_MAXIMUM);
        props->receive_maximum = script_pick(few, n >> 3);
    }

    if (b & 4) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MAXIMUM_PACKET_SIZE);
        props->maximum_packet_size = script_pick(sizes, n >> 2);
    }

    if (b & 8) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_TOPIC_ALIAS_MAXIMUM);
        props->topic_alias_maximum = script_pick(few, n >> 1);
    }

    if (b & 0x10) {
        will->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_WILL_DELAY);
        will->will_delay = script_pick(times, n >> 4);
    }

    if (b & 0x20) {
        props->user.data = (u_char *) "\x26\0\1a\0\1b";
        props->user.len = 7;
        will->user = props->user;
    }

    if (b & 0x40) {
        will->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MESSAGE_EXPIRY);
        will->message_expiry = script_pick(times, n >> 5);
    }

    if ((b & 0x80) && (n & 0x80)) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_AUTH_METHOD);
        props->auth_method = script_topics[0];
    }
}


void
script_packet(peer_t *peer)
{
    u_char             type;
    ngx_uint_t         version;
    ngx_mqtt_packet_t  pkt;

    static const u_char  types[] = {
        NGX_MQTT_PUBLISH, NGX_MQTT_PUBLISH, NGX_MQTT_PUBLISH,
        NGX_MQTT_PUBLISH, NGX_MQTT_PUBLISH, NGX_MQTT_PUBLISH,
        NGX_MQTT_SUBSCRIBE, NGX_MQTT_SUBSCRIBE, NGX_MQTT_SUBSCRIBE,
        NGX_MQTT_UNSUBSCRIBE, NGX_MQTT_PUBREL, NGX_MQTT_PUBREL,
        NGX_MQTT_PINGREQ, NGX_MQTT_DISCONNECT, NGX_MQTT_AUTH, NGX_MQTT_CONNECT
    };

    type = types[script_byte() & 15];
    version = peer->cl.version ? peer->cl.version : NGX_MQTT_V5;

    ngx_mqtt_handle_packet(&pkt, type);

    switch (type) {

    case NGX_MQTT_PUBLISH:
        script_publish(peer, &pkt);
        break;

    case NGX_MQTT_SUBSCRIBE:
        script_subscribe(peer, &pkt);
        break;

    case NGX_MQTT_UNSUBSCRIBE:
        script_unsubscribe(peer, &pkt);
        break;

    case NGX_MQTT_PUBREL:
        script_pubrel(peer, &pkt);
        break;

    case NGX_MQTT_DISCONNECT:
        script_disconnect(peer, &pkt);
        break;

    case NGX_MQTT_AUTH:
        pkt.reason = NGX_MQTT_REAUTH;
        break;

    case NGX_MQTT_CONNECT:
        script_connect_packet(&pkt);
        version = pkt.u.connect.version;
        break;

    default:
        break;
    }

    peer_say(peer, &pkt, version);
}


static uint16_t
script_next_id(peer_t *peer)
{
    if (++peer->next_id == 0) {
        peer->next_id = 1;
    }

    return peer->next_id;
}


static void
script_subscribe(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char          b, options, *p;
    ngx_str_t      *filter;
    ngx_uint_t      i, n;

    static u_char   list[4 * 3100];

    b = script_byte();
    n = 1 + (b & 3);

    pkt->packet_id = script_next_id(peer);

    if (b & 4) {
        pkt->props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_SUBSCRIPTION_ID);
        pkt->props.subscription_id = 1 + (b >> 3) * 1000;
    }

    p = list;

    for (i = 0; i < n; i++) {
        filter = &script_filters[script_byte() & 31];
        options = script_byte();

        /* options of 5.0, mostly valid */

        options = (peer->cl.version == NGX_MQTT_V5) ? options & 0x3f
                                                    : options & 3;

        if ((options & 3) == 3 && (b & 0x80) == 0) {
            options &= ~2;
        }

        if ((options & 0x30) == 0x30) {
            options &= ~0x10;
        }

        p = ngx_mqtt_put16(p, filter->len);
        p = ngx_cpymem(p, filter->data, filter->len);
        *p++ = options;
    }

    pkt->u.subscribe.list.data = list;
    pkt->u.subscribe.list.len = p - list;
}


static void
script_unsubscribe(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char         *p;
    ngx_str_t      *filter;
    ngx_uint_t      i, n;

    static u_char   list[4 * 3100];

    n = 1 + (script_byte() & 3);

    pkt->packet_id = script_next_id(peer);

    p = list;

    for (i = 0; i < n; i++) {
        filter = &script_filters[script_byte() & 31];
        p = ngx_mqtt_put16(p, filter->len);
        p = ngx_cpymem(p, filter->data, filter->len);
    }

    pkt->u.unsubscribe.list.data = list;
    pkt->u.unsubscribe.list.len = p - list;
}


static void
script_publish(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char  b, n;

    static const size_t  sizes[] = {
        5, 0, 1, 100, 500, 2100, 9000, 20000, 70000, SCRIPT_PAYLOAD
    };

    b = script_byte();
    n = script_byte();

    pkt->qos = (b & 3) % 3;
    pkt->retain = b >> 2 & 1;
    pkt->dup = (b >> 3 & 1) && pkt->qos;

    pkt->u.publish.topic = script_topics[n & 15];
    pkt->u.publish.payload.data = script_long;
    pkt->u.publish.payload.len = script_pick(sizes, n >> 4);

    if (b & 0x80) {
        script_publish_props(&pkt->props);
    }

    if ((b & 0x60) && peer->cl.version == NGX_MQTT_V5) {

        /* set, used, or unknown */

        pkt->props.set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_TOPIC_ALIAS);
        pkt->props.topic_alias = 1 + (b >> 5 & 2);

        if (b & 0x40) {
            ngx_str_null(&pkt->u.publish.topic);
        }
    }

    if (pkt->qos == 0) {
        return;
    }

    if (pkt->dup && pkt->qos == 2 && peer->nheld) {
        pkt->packet_id = peer->held[n % peer->nheld];
        return;
    }

    pkt->packet_id = script_next_id(peer);

    if (pkt->qos == 2 && peer->nheld < 16) {
        peer->held[peer->nheld++] = pkt->packet_id;
    }
}


static void
script_publish_props(ngx_mqtt_props_t *props)
{
    u_char  b;

    b = script_byte();

    if (b & 1) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_MESSAGE_EXPIRY);
        props->message_expiry = b >> 5;
    }

    if (b & 2) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_CONTENT_TYPE);
        props->content_type = script_topics[b >> 5];
    }

    if (b & 4) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_CORRELATION_DATA);
        props->correlation_data.data = script_long;
        props->correlation_data.len = (b >> 5) * 500;
    }

    if (b & 8) {
        props->user.data = (u_char *) "\x26\0\1a\0\1b";
        props->user.len = 7;
    }

    if (b & 0x10) {
        props->set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_RESPONSE_TOPIC);
        props->response_topic = script_topics[1];
    }
}


static void
script_pubrel(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char      b;
    ngx_uint_t  i;

    b = script_byte();

    if (peer->nheld == 0 || (b & 0x80)) {
        pkt->packet_id = 1 + (b & 0x7f);
        return;
    }

    i = b % peer->nheld;

    pkt->packet_id = peer->held[i];
    peer->held[i] = peer->held[--peer->nheld];
}


static void
script_disconnect(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char  b;

    b = script_byte();

    if (b & 1) {
        pkt->reason = NGX_MQTT_DISCONNECT_WITH_WILL;
    }

    if (b & 2) {
        pkt->props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_SESSION_EXPIRY);
        pkt->props.session_expiry = b >> 2;
    }
}


void
script_ack(peer_t *peer)
{
    u_char           b;
    peer_pending_t  *pending, unknown;

    b = script_byte();

    if (peer->npending == 0 || (b & 0xe0) == 0xe0) {
        unknown.id = 1 + (b & 7);
        unknown.state = b >> 3 & 3;
        script_answer(peer, &unknown, SCRIPT_UNKNOWN);
        return;
    }

    pending = &peer->pending[(b & 31) % peer->npending];
    script_answer(peer, pending, b >> 5);
}


ngx_uint_t
script_ack_first(peer_t *peer)
{
    ngx_uint_t       i;
    peer_pending_t  *pending;

    if (!peer->cl.connected) {
        return 0;
    }

    for (i = 0; i < peer->npending; i++) {
        pending = &peer->pending[i];

        if (pending->state != PEER_PUBREC) {
            script_answer(peer, pending, 0);
            return 1;
        }
    }

    return 0;
}


/* "how": 1 is not the last PUBREC, 2 refuses the message, 3 is wrong. */

static void
script_answer(peer_t *peer, peer_pending_t *pending, ngx_uint_t how)
{
    ngx_uint_t         type;
    peer_state_e       state;
    ngx_mqtt_packet_t  pkt;

    state = pending->state;

    if (how == 3) {
        state = (state + 1) % 4;
    }

    if (how == 3 || how == SCRIPT_UNKNOWN) {
        peer->wild = 1;
    }

    type = (state == PEER_PUBLISH1) ? NGX_MQTT_PUBACK
           : (state == PEER_PUBLISH2) ? NGX_MQTT_PUBREC
           : NGX_MQTT_PUBCOMP;

    ngx_mqtt_handle_packet(&pkt, type);
    pkt.packet_id = pending->id;

    if (how == 2 && peer->cl.version == NGX_MQTT_V5
        && type != NGX_MQTT_PUBCOMP)
    {
        pkt.reason = NGX_MQTT_UNSPECIFIED_ERROR;
    }

    if (type == NGX_MQTT_PUBREC && pkt.reason == 0) {
        if (how != 1) {
            pending->state = PEER_PUBREC;
        }

    } else if (how != SCRIPT_UNKNOWN) {
        peer_settle(peer, pending);
    }

    peer_say(peer, &pkt, peer->cl.version ? peer->cl.version : NGX_MQTT_V4);
}


void
script_plain_connect(peer_t *peer)
{
    ngx_mqtt_packet_t  pkt;

    ngx_mqtt_handle_packet(&pkt, NGX_MQTT_CONNECT);
    ngx_memzero(&pkt.u, sizeof(pkt.u));

    pkt.u.connect.version = NGX_MQTT_V4;
    pkt.u.connect.clean_start = 1;

    peer_say(peer, &pkt, NGX_MQTT_V4);
}


void
script_remove(peer_t *peer, ngx_str_t *topic)
{
    ngx_mqtt_packet_t  pkt;

    ngx_mqtt_handle_packet(&pkt, NGX_MQTT_PUBLISH);

    pkt.retain = 1;
    pkt.qos = 1;
    pkt.packet_id = script_next_id(peer);
    pkt.u.publish.topic = *topic;
    ngx_str_null(&pkt.u.publish.payload);

    peer_say(peer, &pkt, NGX_MQTT_V4);
}
