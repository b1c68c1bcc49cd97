
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_parse.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_encode.h>
#include "test.h"


static void
test_encode_is(ngx_mqtt_packet_t *pkt, ngx_uint_t version, const char *hex)
{
    size_t  len, size;
    u_char  want[256], *got, *p;

    len = test_hex(want, hex);
    size = ngx_mqtt_encode_size(pkt, version);
    got = malloc(size);
    p = ngx_mqtt_encode(got, pkt, version);

    is_int(size, len, "size of %s", hex);
    is_mem(got, p - got, want, len, "bytes of %s", hex);

    free(got);
}


static void
test_encode_short_forms(void)
{
    u_char             user[16];
    ngx_mqtt_packet_t  pkt;

    ngx_memzero(&pkt, sizeof(pkt));
    pkt.packet_id = 0x1234;
    pkt.type = NGX_MQTT_PUBACK;
    test_encode_is(&pkt, NGX_MQTT_V4, "40 02 1234");
    test_encode_is(&pkt, NGX_MQTT_V5, "40 02 1234");

    pkt.reason = NGX_MQTT_NO_MATCHING_SUBSCRIBERS;
    test_encode_is(&pkt, NGX_MQTT_V4, "40 02 1234");
    test_encode_is(&pkt, NGX_MQTT_V5, "40 03 1234 10");

    /* the bit of user properties that were read writes nothing */

    pkt.props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_USER_PROPERTY);
    test_encode_is(&pkt, NGX_MQTT_V5, "40 03 1234 10");

    pkt.props.user.data = user;
    pkt.props.user.len = test_hex(user, "26 0001 61 0000");
    pkt.reason = 0;
    test_encode_is(&pkt, NGX_MQTT_V5, "40 0a 1234 00 06 26 0001 61 0000");
    pkt.props.user.len = 0;

    pkt.props.set |= ngx_mqtt_prop_bit(NGX_MQTT_PROP_REASON_STRING);
    ngx_str_set(&pkt.props.reason_string, "no");
    pkt.type = NGX_MQTT_PUBREL;
    test_encode_is(&pkt, NGX_MQTT_V5, "62 09 1234 00 05 1f 0002 6e6f");
    pkt.type = NGX_MQTT_DISCONNECT;
    test_encode_is(&pkt, NGX_MQTT_V5, "e0 07 00 05 1f 0002 6e6f");
    test_encode_is(&pkt, NGX_MQTT_V4, "e0 00");

    pkt.props.set = 0;
    test_encode_is(&pkt, NGX_MQTT_V5, "e0 00");
    pkt.reason = NGX_MQTT_SESSION_TAKEN_OVER;
    test_encode_is(&pkt, NGX_MQTT_V5, "e0 01 8e");

    pkt.type = NGX_MQTT_AUTH;
    is_int(ngx_mqtt_encode_size(&pkt, NGX_MQTT_V4), 0, "no AUTH in 3.1.1");
}


static void
test_encode_answers(void)
{
    ngx_mqtt_packet_t  pkt;

    ngx_memzero(&pkt, sizeof(pkt));
    pkt.type = NGX_MQTT_CONNACK;
    pkt.u.connack.session_present = 1;
    test_encode_is(&pkt, NGX_MQTT_V4, "20 02 01 00");
    test_encode_is(&pkt, NGX_MQTT_V5, "20 03 01 00 00");

    pkt.u.connack.session_present = 0;
    pkt.reason = 5;
    pkt.props.set = ngx_mqtt_prop_bit(NGX_MQTT_PROP_MAXIMUM_QOS);
    test_encode_is(&pkt, NGX_MQTT_V4, "20 02 00 05");

    ngx_memzero(&pkt, sizeof(pkt));
    pkt.packet_id = 7;
    pkt.type = NGX_MQTT_SUBACK;
    ngx_str_set(&pkt.u.suback.codes, "\2\x87\1\xa2\x80");
    test_encode_is(&pkt, NGX_MQTT_V4, "90 07 0007 02 80 01 80 80");
    test_encode_is(&pkt, NGX_MQTT_V5, "90 08 0007 00 02 87 01 a2 80");

    pkt.type = NGX_MQTT_UNSUBACK;
    test_encode_is(&pkt, NGX_MQTT_V4, "b0 02 0007");
    test_encode_is(&pkt, NGX_MQTT_V5, "b0 08 0007 00 02 87 01 a2 80");

    pkt.type = NGX_MQTT_PINGRESP;
    test_encode_is(&pkt, NGX_MQTT_V5, "d0 00");
}


static void
test_encode_too_large(void)
{
    ngx_mqtt_packet_t  pkt;

    ngx_memzero(&pkt, sizeof(pkt));
    pkt.type = NGX_MQTT_PUBLISH;
    pkt.u.publish.payload.len = NGX_MQTT_VBI_MAX - 2;
    is_int(ngx_mqtt_encode_size(&pkt, NGX_MQTT_V4), NGX_MQTT_PACKET_MAX,
           "the largest packet");
    is_int(ngx_mqtt_encode_size(&pkt, NGX_MQTT_V5), 0, "a byte more");
}


/* a delivery put together, read as its subscriber reads it */

static ngx_uint_t
test_encode_delivery(ngx_mqtt_delivery_t *d, ngx_uint_t version)
{
    u_char             *buf, *p, *q, *middle;
    size_t              size;
    ngx_uint_t          bad;
    ngx_mqtt_packet_t   pkt;
    ngx_mqtt_parser_t   parser;

    static u_char  props[] = { 0x03, 0, 1, 't', 0x01, 1 };

    bad = 0;
    d->props_len = d->props_len ? sizeof(props) : 0;
    size = ngx_mqtt_delivery_size(d, version);
    buf = malloc(size);

    p = ngx_mqtt_delivery_head(buf, d, version);
    bad += (p - buf > NGX_MQTT_DELIVERY_HEAD_MAX);

    if (!d->topic_omitted) {
        memset(p, 'a', d->topic_len);
        p += d->topic_len;
    }

    middle = p;
    p = ngx_mqtt_delivery_middle(p, d, version);
    bad += ((size_t) (p - middle) != ngx_mqtt_delivery_middle_size(d, version));

    if (version == NGX_MQTT_V5) {
        p = ngx_cpymem(p, props, d->props_len);
    }

    memset(p, 'p', d->payload_len);
    p += d->payload_len;

    bad += ((size_t) (p - buf) != size);

    ngx_mqtt_parser_init(&parser, 0, 1, &test_log);
    parser.version = version;
    q = buf;

    bad += (ngx_mqtt_parse(&parser, &q, p, &pkt) != NGX_OK || q != p);
    bad += (pkt.type != NGX_MQTT_PUBLISH || pkt.qos != d->qos);
    bad += (pkt.dup != d->dup || pkt.retain != d->retain);
    bad += (pkt.packet_id != (d->qos ? d->packet_id : 0));
    bad += (pkt.u.publish.topic.len != (d->topic_omitted ? 0 : d->topic_len));
    bad += (pkt.u.publish.payload.len != d->payload_len);

    if (version == NGX_MQTT_V5) {
        bad += (pkt.props.forward_len != d->props_len);
        bad += (ngx_mqtt_prop_has(&pkt.props, NGX_MQTT_PROP_MESSAGE_EXPIRY)
                != d->has_expiry);
        bad += (d->has_expiry && pkt.props.message_expiry != d->expiry);
        bad += (ngx_mqtt_prop_has(&pkt.props, NGX_MQTT_PROP_TOPIC_ALIAS)
                != (d->topic_alias != 0));
        bad += (ngx_mqtt_prop_has(&pkt.props, NGX_MQTT_PROP_SUBSCRIPTION_ID)
                != (d->nsub_ids != 0));
        bad += (d->nsub_ids && pkt.props.subscription_id != d->sub_ids[0]);
    }

    free(buf);

    return bad;
}


static void
test_encode_deliveries(void)
{
    ngx_uint_t           bad, i, version;
    ngx_mqtt_delivery_t  d;

    static size_t    payloads[] = { 0, 1, 100, 127, 128, 16384, 3000000 };
    static uint32_t  ids[] = { 268435455, 1, 128, 16384 };

    for (version = NGX_MQTT_V4; version <= NGX_MQTT_V5; version++) {
        bad = 0;

        for (i = 0; i < 7 * 3 * 2 * 2 * 2 * 5; i++) {
            ngx_memzero(&d, sizeof(d));
            d.payload_len = payloads[i % 7];
            d.qos = i / 7 % 3;
            d.has_expiry = i / 21 % 2;
            d.props_len = i / 42 % 2;
            d.topic_alias = i / 84 % 2;
            d.nsub_ids = i / 168 % 5;
            d.sub_ids = ids;
            d.expiry = i;
            d.dup = d.qos && i % 2;
            d.retain = i / 3 % 2;
            d.packet_id = i + 1;
            d.topic_len = 1 + i % 200;
            d.topic_omitted = version == NGX_MQTT_V5 && d.topic_alias && i % 5;

            if (test_encode_delivery(&d, version)) {
                note("delivery %d", (int) i);
                bad++;
            }
        }

        is_int(bad, 0, "deliveries, version %d", (int) version);
    }
}


void
test_encode(void)
{
    test_encode_short_forms();
    test_encode_answers();
    test_encode_too_large();
    test_encode_deliveries();
}
