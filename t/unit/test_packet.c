
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_parse.h>
#include "test.h"


#define V4   NGX_MQTT_V4
#define V5   NGX_MQTT_V5

#define AGAIN  0x100
#define LEFT   0x101     /* a packet, but input is left */


typedef struct {
    ngx_uint_t   version;
    ngx_uint_t   from_server;
    const char  *hex;
    ngx_uint_t   reason;
    const char  *name;
} test_fault_t;


static test_fault_t  test_faults[] = {

    { 0, 0, "c0 00", 0x82, "PINGREQ first" },
    { 0, 0, "30", 0x82, "PUBLISH first" },
    { 0, 0, "00", 0x82, "type 0 first" },
    { 0, 0, "f0", 0x82, "AUTH first" },
    { 0, 0, "11", 0x81, "CONNECT flags" },
    { V4, 0, "10", 0x82, "a second CONNECT, 3.1.1" },
    { V5, 0, "10", 0x82, "a second CONNECT, 5.0" },
    { V4, 0, "00", 0x81, "type 0, 3.1.1" },
    { V5, 0, "00", 0x81, "type 0, 5.0" },
    { V4, 0, "f0", 0x81, "AUTH in 3.1.1" },
    { V5, 0, "f1", 0x81, "AUTH flags" },
    { V5, 0, "41", 0x81, "PUBACK flags" },
    { V5, 0, "60", 0x81, "PUBREL flags" },
    { V5, 0, "80", 0x81, "SUBSCRIBE flags" },
    { V5, 0, "83", 0x81, "SUBSCRIBE flags 3" },
    { V5, 0, "a0", 0x81, "UNSUBSCRIBE flags" },
    { V5, 0, "c2", 0x81, "PINGREQ flags" },
    { V5, 0, "e8", 0x81, "DISCONNECT flags" },
    { V5, 0, "36", 0x81, "QoS 3" },
    { V5, 0, "3f", 0x81, "QoS 3 with DUP and RETAIN" },
    { V4, 0, "38", 0x81, "DUP with QoS 0" },
    { V5, 0, "39", 0x81, "DUP with QoS 0 and RETAIN" },
    { V5, 0, "20", 0x82, "CONNACK from a client" },
    { V4, 0, "90", 0x82, "SUBACK from a client" },
    { V5, 0, "b0", 0x82, "UNSUBACK from a client" },
    { V4, 0, "d0", 0x82, "PINGRESP from a client" },

    { V5, 0, "c0 80 00", 0x81, "a long length of 0" },
    { V5, 0, "40 82 80 00", 0x81, "a long length of 2" },
    { V4, 0, "c0 80 00", 0, "a long length of 0, 3.1.1" },
    { V4, 0, "40 82 80 80 00 0001", 0, "a long length of 2, 3.1.1" },
    { V4, 0, "c0 80 80 80 80 00", 0x81, "5 bytes of length, 3.1.1" },
    { V5, 0, "c0 ff ff ff ff", 0x81, "5 bytes of length" },
    { V5, 0, "30 ff ff ff 7f 00", AGAIN, "the longest packet begins" },

    { 0, 0, "10 8c 00 00044d515454 04 02 003c 0000", 0,
      "a long length, CONNECT of 3.1.1" },
    { 0, 0, "10 8d 00 00044d515454 05 02 003c 00 0000", 0x81,
      "a long length, CONNECT of 5.0" },
    { 0, 0, "10 0e 0006 4d5149736470 03 02 003c 0000", 0x84, "MQIsdp" },
    { 0, 0, "10 0c 0004 4d515474 04 02 003c 0000", 0x84, "MQTt" },
    { 0, 0, "10 0c 0004 4d515454 03 02 003c 0000", 0x84, "level 3" },
    { 0, 0, "10 0c 0004 4d515454 06 02 003c 0000", 0x84, "level 6" },
    { 0, 0, "10 0c 0004 4d515454 84 02 003c 0000", 0x84, "level 84" },
    { 0, 0, "10 07 0004 4d515454 09", 0x84, "level 9 alone" },
    { 0, 0, "10 0c 0004 4d515454 04 03 003c 0000", 0x81, "flag bit 0, 3.1.1" },
    { 0, 0, "10 0d 0004 4d515454 05 03 003c 00 0000", 0x81, "flag bit 0" },
    { 0, 0, "10 10 0004 4d515454 04 1e 003c 0000 0000 0000", 0x81,
      "will QoS 3" },
    { 0, 0, "10 0c 0004 4d515454 04 0a 003c 0000", 0x81, "QoS without will" },
    { 0, 0, "10 0c 0004 4d515454 04 22 003c 0000", 0x81,
      "retain without will" },
    { 0, 0, "10 0e 0004 4d515454 04 42 003c 0000 0000", 0x81,
      "password without user name, 3.1.1" },
    { 0, 0, "10 0f 0004 4d515454 05 42 003c 00 0000 0000", 0,
      "password without user name" },
    { 0, 0, "10 0d 0004 4d515454 04 02 003c 0000 00", 0x81, "trailing byte" },
    { 0, 0, "10 0e 0004 4d515454 05 02 003c 00 0000 00", 0x81,
      "trailing byte, 5.0" },
    { 0, 0, "10 0d 0004 4d515454 04 02 003c 0001 00", 0x81,
      "U+0000 in a client id" },
    { 0, 0, "10 0d 0004 4d515454 04 02 003c 0001 ff", 0x81,
      "client id not UTF-8" },
    { 0, 0, "10 0f 0004 4d515454 04 82 003c 0000 0001 ff", 0x81,
      "user name not UTF-8" },
    { 0, 0, "10 11 0004 4d515454 04 06 003c 0000 0001 ff 0000", 0x81,
      "will topic not UTF-8" },
    { 0, 0, "10 11 0004 4d515454 04 c2 003c 0000 0000 0001 ff", 0,
      "password not UTF-8" },
    { 0, 0, "10 11 0004 4d515454 05 02 003c 04 16 0001 ff 0000", 0x82,
      "authentication data alone" },
    { 0, 0, "10 12 0004 4d515454 05 02 003c 05 24 01 24 01 00 0000", 0x81,
      "Maximum QoS in CONNECT" },
    { 0, 0, "10 11 0004 4d515454 05 02 003c 04 17 01 17 01 0000", 0x82,
      "a property twice" },
    { 0, 0, "10 10 0004 4d515454 05 02 003c 03 21 0000 0000", 0x82,
      "Receive Maximum 0" },
    { 0, 0, "10 18 0004 4d515454 05 06 003c 00 0000 05 11 00000000"
            "0001 77 0000", 0x81, "session expiry in a will" },
    { 0, 0, "10 17 0004 4d515454 05 06 003c 00 0000 04 01 01 01 00"
            "0001 77 0000", 0x82, "a will property twice" },

    { V4, 1, "20 02 02 00", 0x81, "CONNACK flags" },
    { V4, 1, "20 02 00 06", 0x82, "CONNACK 6 in 3.1.1" },
    { V4, 1, "20 03 00 00 00", 0x81, "CONNACK of 5.0 in 3.1.1" },
    { V5, 1, "20 02 00 00", 0x81, "CONNACK without properties" },
    { V5, 1, "20 03 00 05 00", 0x82, "CONNACK 5 in 5.0" },
    { V5, 1, "20 03 00 8e 00", 0x82, "CONNACK 8e" },
    { V5, 1, "20 07 00 00 04 16 0001 ff", 0x82,
      "CONNACK with authentication data alone" },

    { V4, 0, "30 00", 0x81, "PUBLISH of 0 bytes" },
    { V4, 0, "30 01 00", 0x81, "PUBLISH of 1 byte" },
    { V4, 0, "30 02 0001", 0x81, "topic past the end" },
    { V4, 0, "32 04 0001 61 00", 0x81, "packet id cut" },
    { V4, 0, "32 05 0001 61 0000", 0x82, "packet id 0" },
    { V5, 0, "34 06 0001 61 0000 00", 0x82, "packet id 0, 5.0" },
    { V5, 0, "30 03 0001 61", 0x81, "no property length" },
    { V5, 0, "30 05 0001 61 80 00", 0x81, "a long property length" },
    { V5, 0, "30 04 0001 61 01", 0x81, "properties past the end" },
    { V5, 0, "30 04 0001 61 ff", 0x81, "property length past the end" },
    { V5, 0, "30 08 0001 61 04 ff ff ff ff", 0x81, "property ff" },
    { V5, 0, "30 07 0001 61 03 23 0000", 0x94, "alias 0" },
    { V5, 0, "30 06 0001 61 02 0b 01", 0x82,
      "subscription id from a client" },
    { V5, 1, "30 06 0001 61 02 0b 00", 0x82, "subscription id 0" },
    { V5, 1, "30 08 0001 61 04 0b 01 0b 02", 0, "two subscription ids" },
    { V5, 0, "30 06 0001 61 02 01 02", 0x82, "payload format 2" },
    { V5, 0, "30 08 0001 61 04 08 0001 23", 0x82, "wildcard to respond to" },
    { V5, 0, "30 08 0001 61 04 01 00 01 00", 0x82, "format twice" },
    { V4, 0, "30 05 0003 eda080", 0x81, "a surrogate in a topic" },
    { V4, 0, "30 04 0002 6100", 0x81, "U+0000 in a topic" },
    { V4, 0, "30 05 0003 efbfbf", 0, "U+FFFF in a topic" },
    { V4, 0, "30 03 0001 23", 0, "a wildcard is not our business" },
    { V5, 0, "30 03 0000 00", 0, "nor is an empty topic" },

    { V4, 0, "40 03 0001 00", 0x81, "PUBACK with a code in 3.1.1" },
    { V4, 0, "40 01 00", 0x81, "PUBACK too short" },
    { V4, 0, "40 02 0000", 0x82, "PUBACK 0" },
    { V5, 0, "62 02 0000", 0x82, "PUBREL 0" },
    { V5, 0, "40 04 0001 00 00", 0, "PUBACK, empty properties" },
    { V5, 0, "40 05 0001 00 00 00", 0x81, "PUBACK, trailing byte" },
    { V5, 0, "40 03 0001 92", 0x82, "PUBACK 92" },
    { V5, 0, "62 03 0001 10", 0x82, "PUBREL 10" },
    { V5, 0, "70 03 0001 80", 0x82, "PUBCOMP 80" },
    { V5, 0, "40 03 0001 ff", 0x82, "PUBACK ff" },
    { V5, 0, "40 09 0001 00 05 11 00000000", 0x81,
      "session expiry in PUBACK" },

    { V4, 0, "82 02 0001", 0x82, "SUBSCRIBE without filters, 3.1.1" },
    { V5, 0, "82 03 0001 00", 0x82, "SUBSCRIBE without filters" },
    { V5, 0, "82 07 0000 00 0001 61 00", 0x82, "SUBSCRIBE, id 0" },
    { V4, 0, "82 05 0001 0001 61", 0x81, "SUBSCRIBE without QoS" },
    { V4, 0, "82 06 0001 0002 61 00", 0x81, "U+0000 in a filter" },
    { V4, 0, "82 06 0001 0003 61 00", 0x81, "filter past the end" },
    { V4, 0, "82 06 0001 0001 61 03", 0x81, "QoS 3, 3.1.1" },
    { V4, 0, "82 06 0001 0001 61 04", 0x81, "No Local, 3.1.1" },
    { V5, 0, "82 07 0001 00 0001 61 03", 0x82, "QoS 3 in options" },
    { V5, 0, "82 07 0001 00 0001 61 30", 0x82, "retain handling 3" },
    { V5, 0, "82 07 0001 00 0001 61 40", 0x81, "reserved option 40" },
    { V5, 0, "82 07 0001 00 0001 61 80", 0x81, "reserved option 80" },
    { V5, 0, "82 0f 0001 00 0009 24736861 72652f67 2f 04", 0x82,
      "No Local, shared" },
    { V5, 0, "82 0c 0001 00 0006 24736861 7265 04", 0,
      "No Local, not shared" },
    { V5, 0, "82 09 0001 02 0b 00 0001 61 00", 0x82,
      "SUBSCRIBE, subscription id 0" },
    { V5, 0, "82 0b 0001 04 0b 01 0b 02 0001 61 00", 0x82,
      "SUBSCRIBE, two subscription ids" },
    { V5, 1, "82 0b 0001 04 0b 01 0b 02 0001 61 00", 0x82,
      "SUBSCRIBE, two subscription ids, any peer" },
    { V4, 0, "a2 02 0001", 0x82, "UNSUBSCRIBE without filters, 3.1.1" },
    { V5, 0, "a2 03 0001 00", 0x82, "UNSUBSCRIBE without filters" },
    { V5, 0, "a2 06 0001 00 0001 ff", 0x81, "UNSUBSCRIBE not UTF-8" },

    { V4, 1, "90 02 0001", 0x82, "SUBACK without codes" },
    { V4, 1, "90 03 0001 03", 0x82, "SUBACK 3, 3.1.1" },
    { V5, 1, "90 04 0001 00 03", 0x82, "SUBACK 3" },
    { V5, 1, "90 04 0001 00 11", 0x82, "SUBACK 11" },
    { V4, 1, "b0 03 0001 00", 0x81, "UNSUBACK with a code, 3.1.1" },
    { V5, 1, "b0 03 0001 00", 0x82, "UNSUBACK without codes" },
    { V5, 1, "b0 04 0001 00 01", 0x82, "UNSUBACK 1" },

    { V5, 0, "c0 01 00", 0x81, "PINGREQ with a byte" },
    { V4, 1, "d0 01 00", 0x81, "PINGRESP with a byte" },
    { V4, 0, "e0 01 00", 0x81, "DISCONNECT with a code, 3.1.1" },
    { V5, 0, "e0 01 8e", 0x82, "DISCONNECT 8e from a client" },
    { V5, 0, "e0 01 01", 0x82, "DISCONNECT 1" },
    { V5, 0, "e0 02 00 00", 0, "DISCONNECT, empty properties" },
    { V5, 0, "e0 03 00 00 00", 0x81, "DISCONNECT, trailing byte" },
    { V5, 0, "e0 06 00 04 1c 0001 73", 0x82,
      "server reference from a client" },
    { V5, 0, "f0 00", 0x82, "AUTH without a method" },
    { V5, 0, "f0 01 18", 0x82, "AUTH without properties" },
    { V5, 0, "f0 02 18 00", 0x82, "AUTH with empty properties" },
    { V5, 0, "f0 06 18 04 16 0001 6d", 0x82, "AUTH with data alone" },
    { V5, 0, "f0 06 00 04 15 0001 6d", 0x82, "AUTH 0 from a client" },
    { V5, 0, "f0 06 87 04 15 0001 6d", 0x82, "AUTH 87" },

    { V4, 0, "c0 00 c0", LEFT, "two packets in one piece" },
    { 0, 0, NULL, 0, NULL }
};


/*
 * Reads one packet in pieces of "step" bytes into pkt, whose strings point
 * into "packet": its code of 5.0, 0 if it was taken, or one of the above.
 */

static ngx_uint_t
test_packet_read(ngx_uint_t version, ngx_uint_t from_server, u_char *packet,
    size_t len, size_t step, ngx_mqtt_packet_t *pkt)
{
    u_char             *pos, *last;
    ngx_int_t           rc;
    ngx_mqtt_parser_t   parser;

    ngx_mqtt_parser_init(&parser, 0, from_server, &test_log);
    parser.version = version;

    rc = NGX_AGAIN;
    pos = packet;

    while (pos < packet + len && rc == NGX_AGAIN) {
        last = pos + ngx_min(step, (size_t) (packet + len - pos));
        rc = ngx_mqtt_parse(&parser, &pos, last, pkt);
    }

    ngx_mqtt_parser_free(&parser);

    if (rc == NGX_ERROR) {
        return parser.reason;
    }

    if (rc == NGX_AGAIN) {
        return AGAIN;
    }

    return (pos == packet + len) ? 0 : LEFT;
}


static void
test_packet_faults(void)
{
    size_t              len;
    u_char              packet[512], *copy;
    test_fault_t       *test;
    ngx_mqtt_packet_t   pkt;

    for (test = test_faults; test->hex; test++) {
        len = test_hex(packet, test->hex);
        copy = test_copy(packet, len);

        is_int(test_packet_read(test->version, test->from_server, copy, len,
                                len, &pkt),
               test->reason, "%s", test->name);
        is_int(test_packet_read(test->version, test->from_server, copy, len,
                                1, &pkt),
               test->reason, "%s, byte by byte", test->name);

        free(copy);
    }
}


/* the level is known to whoever answers the CONNECT */

static void
test_packet_level(void)
{
    size_t             len, i;
    u_char             packet[64];
    ngx_mqtt_packet_t  pkt;

    static struct {
        const char  *hex;
        ngx_uint_t   level;
    } levels[] = {
        { "10 0e 0006 4d5149736470 03 02 003c 0000", 0 },
        { "10 0c 0004 4d515454 03 02 003c 0000", 3 },
        { "10 0c 0004 4d515454 06 02 003c 0000", 6 },
        { "10 0c 0004 4d515454 04 03 003c 0000", 4 },
        { "10 0d 0004 4d515454 05 03 003c 00 0000", 5 },
        { "10 06 0004 4d515454", 0 },
        { "10 00", 0 },
        { "c0", 0 },
        { NULL, 0 }
    };

    for (i = 0; levels[i].hex; i++) {
        len = test_hex(packet, levels[i].hex);
        memset(&pkt, 0xee, sizeof(pkt));

        ok(test_packet_read(0, 0, packet, len, len, &pkt) < AGAIN,
           "refused: %s", levels[i].hex);
        is_int(pkt.u.connect.version, levels[i].level, "level of %s",
               levels[i].hex);
    }
}


static void
test_packet_fields(void)
{
    size_t               len;
    u_char               packet[512], options;
    ngx_str_t            filter;
    ngx_mqtt_packet_t    pkt;
    ngx_mqtt_connect_t  *c;

    len = test_hex(packet, "10 1f 00044d515454 04 f6 fffe 0002 6162 0001 77"
                           "0002 00ff 0003 757372 0003 70ff00");
    test_packet_read(0, 0, packet, len, len, &pkt);
    c = &pkt.u.connect;
    is_int(pkt.type, NGX_MQTT_CONNECT, "type");
    is_int(c->version, 4, "version");
    is_int(c->clean_start, 1, "clean start");
    is_int(c->keep_alive, 65534, "keep alive");
    is_int(c->will_qos, 2, "will QoS");
    is_int(c->will_retain, 1, "will retain");
    is_str(&c->client_id, "ab", "client id");
    is_str(&c->will_topic, "w", "will topic");
    is_mem(c->will_payload.data, c->will_payload.len, "\0\xff", 2, "will");
    is_str(&c->username, "usr", "user name");
    is_mem(c->password.data, c->password.len, "p\xff\0", 3, "password");

    len = test_hex(packet, "82 11 1234 0a 0b 8001 26 0001 61 0001 62"
                           "0001 61 2d");
    test_packet_read(V5, 0, packet, len, len, &pkt);
    is_int(pkt.packet_id, 0x1234, "packet id");
    is_int(pkt.props.subscription_id, 128, "subscription id");
    is_int(ngx_mqtt_subscribe_next(&pkt, &filter, &options), NGX_OK,
           "a filter");
    is_str(&filter, "a", "the filter");
    is_int(options, 0x2d, "options");
    is_int(ngx_mqtt_subscribe_next(&pkt, &filter, &options), NGX_DONE,
           "no more");

    len = test_hex(packet, "a2 09 0001 0001 61 0002 2f23");
    test_packet_read(V4, 0, packet, len, len, &pkt);
    is_int(ngx_mqtt_unsubscribe_next(&pkt, &filter), NGX_OK, "a filter");
    is_str(&filter, "a", "the filter");
    is_int(ngx_mqtt_unsubscribe_next(&pkt, &filter), NGX_OK, "a filter");
    is_str(&filter, "/#", "the filter");
    is_int(ngx_mqtt_unsubscribe_next(&pkt, &filter), NGX_DONE, "no more");

    len = test_hex(packet, "3d 05 0001 61 fffe");
    pkt.reason = 0xee;
    test_packet_read(V4, 0, packet, len, len, &pkt);
    is_int(pkt.qos, 2, "QoS");
    is_int(pkt.dup, 1, "DUP");
    is_int(pkt.retain, 1, "RETAIN");
    is_int(pkt.packet_id, 0xfffe, "packet id");
    is_int(pkt.reason, 0, "no reason");
    is_str(&pkt.u.publish.topic, "a", "topic");
    is_str(&pkt.u.publish.payload, "", "payload");
    is_int(pkt.props.raw.len, 0, "no properties");
}


/* codes of 5.0 by packet, independently of the table in src */

static void
test_packet_codes(void)
{
    size_t             i, len;
    u_char             packet[64], list[64], *last, *p;
    ngx_uint_t         bad, code, server, want, got;
    ngx_mqtt_packet_t  pkt;

    static struct {
        const char  *head;
        const char  *tail;
        const char  *client;
        const char  *server;
    } codes[] = {
        { "20 03 00", "00", "",
          "00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c"
          "9d 9f" },
        { "40 03 0001", "", "00 10 80 83 87 90 91 97 99", "" },
        { "50 03 0001", "", "00 10 80 83 87 90 91 97 99", "" },
        { "62 03 0001", "", "00 92", "" },
        { "70 03 0001", "", "00 92", "" },
        { "90 04 0001 00", "", "",
          "00 01 02 80 83 87 8f 91 97 9e a1 a2" },
        { "b0 04 0001 00", "", "", "00 11 80 83 87 8f 91" },
        { "e0 01", "", "00 04 80 81 82 83 90 93 94 95 96 97 98 99",
          "87 89 8b 8c 8d 8e 8f 9a 9b 9c 9d 9e 9f a0 a1 a2" },
        { "f0 06", "04 15 0001 6d", "18 19", "00" },
        { NULL, NULL, NULL, NULL }
    };

    for (i = 0; codes[i].head; i++) {
        bad = 0;

        for (code = 0; code < 256; code++) {
            len = test_hex(packet, codes[i].head);
            packet[len++] = (u_char) code;
            len += test_hex(packet + len, codes[i].tail);

            for (server = 0; server < 2; server++) {
                last = list + test_hex(list, codes[i].client);

                if (server) {
                    last += test_hex(last, codes[i].server);
                }

                for (p = list; p < last && *p != code; p++) { /* void */ }

                want = (p < last) ? 0 : 0x82;

                if (codes[i].client[0] == '\0' && !server) {
                    continue;
                }

                got = test_packet_read(V5, server, packet, len, len, &pkt);

                if (got != want) {
                    note("%02x: %x, want %x", (int) code, (int) got,
                         (int) want);
                    bad++;
                }
            }
        }

        is_int(bad, 0, "codes of %s", codes[i].head);
    }
}


void
test_packet(void)
{
    test_packet_faults();
    test_packet_level();
    test_packet_fields();
    test_packet_codes();
}
