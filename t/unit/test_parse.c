
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_parse.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_encode.h>
#include "test.h"


#define V4   NGX_MQTT_V4
#define V5   NGX_MQTT_V5

#define AGAIN  0x100
#define LEFT   0x101     /* a packet, but input is left */


/* version 0: CONNECT, which tells */

typedef struct {
    ngx_uint_t   version;
    ngx_uint_t   from_server;
    const char  *hex;
} test_packet_t;


/* written in the form the encoder writes */

static test_packet_t  test_packets[] = {

    { 0, 0, "10 0c 00044d515454 04 02 003c 0000" },
    { 0, 0, "10 0d 00044d515454 04 00 0000 0001 61" },
    { 0, 0, "10 1f 00044d515454 04 f6 ffff 0002 6162 0001 77 0002 00ff"
            "0003 757372 0003 70ff00" },
    { 0, 0, "10 0f 00044d515454 04 82 003c 0000 0001 75" },
    { 0, 0, "10 12 00044d515454 04 0e 003c 0000 0002 2b2f 0000" },
    { 0, 0, "10 0d 00044d515454 05 02 003c 00 0000" },
    { 0, 0, "10 0f 00044d515454 05 40 003c 00 0000 0000" },
    { 0, 0, "10 21 00044d515454 05 02 003c 14 11 0000000a 17 00 19 01"
            "21 0014 22 000a 27 00010000 0000" },
    { 0, 0, "10 19 00044d515454 05 02 003c 0c 15 0003 583530 16 0003 000102"
            "0000" },
    { 0, 0, "10 17 00044d515454 05 02 003c 07 26 0001 61 0001 62 0003 616263" },
    { 0, 0, "10 2b 00044d515454 05 2e 003c 00 0000"
            "18 01 01 02 00000005 03 0001 74 08 0001 72 09 0001 ff"
            "18 00000007 0001 77 0000" },

    { V4, 1, "20 02 00 00" },
    { V4, 1, "20 02 01 00" },
    { V4, 1, "20 02 00 05" },
    { V5, 1, "20 03 00 00 00" },
    { V5, 1, "20 03 00 87 00" },
    { V5, 1, "20 36 01 00 33 11 00000001 12 0001 61 13 0005 15 0001 6d"
             "16 0001 ff 1a 0001 69 1c 0001 73 1f 0001 72 21 0001 22 0002"
             "24 01 25 00 27 00000100 28 00 29 01" },
    { V5, 1, "20 05 00 9c 02 2a 00" },

    { V4, 0, "30 05 0001 61 68 69" },
    { V4, 0, "30 03 0001 61" },
    { V4, 0, "31 02 0000" },
    { V4, 0, "32 07 0001 61 0001 68 69" },
    { V4, 0, "3d 05 0001 61 ffff" },
    { V4, 0, "3b 06 0001 61 0001 00" },
    { V5, 0, "30 06 0001 61 00 68 69" },
    { V5, 0, "32 08 0001 61 0001 00 68 69" },
    { V5, 0, "3c 06 0001 61 000a 00" },
    { V5, 0, "30 07 0000 03 23 0001 78" },
    { V5, 0, "31 24 0001 61 1d 01 01 02 00000005 03 0001 74 08 0001 72"
             "09 0001 ff 23 0001 26 0001 61 0001 62 706179" },
    { V5, 1, "30 0a 0001 61 05 0b ffffff7f 78" },

    { V4, 0, "40 02 0001" },
    { V4, 0, "50 02 ffff" },
    { V4, 0, "62 02 0001" },
    { V4, 0, "70 02 0001" },
    { V5, 0, "40 02 0001" },
    { V5, 0, "40 03 0001 10" },
    { V5, 0, "50 03 0001 97" },
    { V5, 0, "62 03 0001 92" },
    { V5, 0, "70 03 0001 92" },
    { V5, 0, "40 08 0001 00 04 1f 0001 72" },
    { V5, 0, "50 0b 0001 80 07 26 0001 61 0001 62" },
    { V5, 0, "62 08 0001 92 04 1f 0001 72" },
    { V5, 0, "70 08 0001 00 04 1f 0001 72" },

    { V4, 0, "82 06 0001 0001 61 00" },
    { V4, 0, "82 0d 0001 0001 61 01 0004 2b2f2362 02" },
    { V4, 0, "82 05 0001 0000 00" },
    { V5, 0, "82 07 0001 00 0001 61 00" },
    { V5, 0, "82 07 0001 00 0001 61 2e" },
    { V5, 0, "82 12 0001 02 0b 05 000a 24736861 72652f67 2f61 1a" },
    { V5, 0, "82 11 0001 0a 0b 8001 26 0001 61 0001 62 0001 61 01" },

    { V4, 1, "90 03 0001 00" },
    { V4, 1, "90 06 0001 00 01 02 80" },
    { V5, 1, "90 04 0001 00 00" },
    { V5, 1, "90 0a 0001 04 1f 0001 72 02 9e a2" },

    { V4, 0, "a2 05 0001 0001 61" },
    { V4, 0, "a2 09 0001 0001 61 0002 2f23" },
    { V5, 0, "a2 06 0001 00 0001 61" },
    { V5, 0, "a2 10 0001 07 26 0001 61 0001 62 0001 61 0001 62" },

    { V4, 1, "b0 02 0001" },
    { V5, 1, "b0 04 0001 00 00" },
    { V5, 1, "b0 05 0001 00 11 87" },

    { V4, 0, "c0 00" },
    { V5, 0, "c0 00" },
    { V4, 1, "d0 00" },
    { V5, 1, "d0 00" },

    { V4, 0, "e0 00" },
    { V5, 0, "e0 00" },
    { V5, 0, "e0 01 04" },
    { V5, 1, "e0 01 8e" },
    { V5, 0, "e0 07 00 05 11 00000000" },
    { V5, 1, "e0 06 9c 04 1c 0001 73" },
    { V5, 0, "e0 06 00 04 1f 0001 72" },

    { V5, 0, "f0 06 18 04 15 0001 6d" },
    { V5, 0, "f0 0b 19 09 15 0001 6d 16 0002 0001" },
    { V5, 1, "f0 06 00 04 15 0001 6d" },

    { 0, 0, NULL }
};


typedef struct {
    ngx_mqtt_parser_t   parser;
    ngx_mqtt_packet_t   pkt;
    u_char              out[512];
    ngx_uint_t          code;      /* of ngx_mqtt_parse(), or the reason */
} test_parse_t;


static void
test_parse_start(test_parse_t *t, ngx_uint_t version, ngx_uint_t from_server,
    uint32_t max)
{
    ngx_mqtt_parser_init(&t->parser, max, from_server, &test_log);
    t->parser.version = version;
}


/* feeds a piece of its own memory; the piece must outlive the packet */

static ngx_uint_t
test_parse_piece(test_parse_t *t, u_char *piece, size_t len)
{
    u_char     *pos;
    ngx_int_t   rc;

    pos = piece;
    rc = ngx_mqtt_parse(&t->parser, &pos, piece + len, &t->pkt);

    if (rc == NGX_ERROR) {
        return t->parser.reason;
    }

    if (rc == NGX_AGAIN) {
        return (pos == piece + len) ? AGAIN : 0x102;
    }

    return (pos == piece + len) ? 0 : LEFT;
}


/* writes the packet just parsed anew */

static ngx_uint_t
test_parse_same(test_parse_t *t, u_char *packet, size_t len)
{
    u_char      user[256], *p;
    ngx_str_t   raw, name, value;
    ngx_uint_t  version;

    version = t->parser.version;
    raw = t->pkt.props.raw;
    p = user;

    while (raw.len
           && ngx_mqtt_property_user_next(&raw, &name, &value) == NGX_OK)
    {
        *p++ = NGX_MQTT_PROP_USER_PROPERTY;
        p = ngx_mqtt_put16(p, name.len);
        p = ngx_cpymem(p, name.data, name.len);
        p = ngx_mqtt_put16(p, value.len);
        p = ngx_cpymem(p, value.data, value.len);
    }

    t->pkt.props.user.data = user;
    t->pkt.props.user.len = p - user;

    if (t->pkt.size != len || ngx_mqtt_encode_size(&t->pkt, version) != len) {
        return 0;
    }

    p = ngx_mqtt_encode(t->out, &t->pkt, version);

    return ((size_t) (p - t->out) == len && memcmp(t->out, packet, len) == 0);
}


/* in two pieces: what the last call gave */

static ngx_uint_t
test_parse_split(test_packet_t *test, u_char *packet, size_t len,
    size_t split)
{
    u_char        *one, *two;
    ngx_uint_t     code;
    test_parse_t   t;

    test_parse_start(&t, test->version, test->from_server, 0);

    one = test_copy(packet, split);
    two = test_copy(packet + split, len - split);

    code = test_parse_piece(&t, one, split);

    /* what was taken must not be looked at again */

    memset(one, 0xee, split);

    if (code == AGAIN) {
        code = test_parse_piece(&t, two, len - split);

        if (code == 0 && !test_parse_same(&t, packet, len)) {
            code = 0x103;
        }

    } else {
        code = 0x104;
    }

    ngx_mqtt_parser_idle(&t.parser);

    if (t.parser.body) {
        code = 0x105;
        ngx_mqtt_parser_free(&t.parser);
    }

    free(one);
    free(two);

    return code;
}


static ngx_uint_t
test_parse_bytes(test_parse_t *t, u_char *packet, size_t len)
{
    size_t      i;
    u_char     *piece;
    ngx_uint_t  code;

    code = AGAIN;

    for (i = 0; i < len && code == AGAIN; i++) {
        piece = test_copy(packet + i, 1);
        code = test_parse_piece(t, piece, 1);
        free(piece);
    }

    return (i < len && code == 0) ? LEFT : code;
}


static void
test_parse_packets(void)
{
    size_t          len, i;
    u_char          packet[512], *piece;
    ngx_uint_t      bad, code;
    test_parse_t    t;
    test_packet_t  *test;

    for (test = test_packets; test->hex; test++) {
        len = test_hex(packet, test->hex);
        bad = 0;

        test_parse_start(&t, test->version, test->from_server, len);
        piece = test_copy(packet, len);
        code = test_parse_piece(&t, piece, len);

        if (is_int(code, 0, "%s: whole", test->hex)) {
            ok(test_parse_same(&t, packet, len), "%s: written as read",
               test->hex);
        }

        ok(t.parser.body == NULL, "%s: not copied", test->hex);
        free(piece);

        for (i = 0; i < len; i++) {
            code = test_parse_split(test, packet, len, i);

            if (code != 0) {
                note("split at %d: %x", (int) i, (int) code);
                bad++;
            }

            test_parse_start(&t, test->version, test->from_server, 0);
            piece = test_copy(packet, i);
            code = test_parse_piece(&t, piece, i);
            ngx_mqtt_parser_free(&t.parser);
            free(piece);

            if (code != AGAIN) {
                note("cut at %d: %x", (int) i, (int) code);
                bad++;
            }
        }

        is_int(bad, 0, "%s: split and cut everywhere", test->hex);

        test_parse_start(&t, test->version, test->from_server, len);
        code = test_parse_bytes(&t, packet, len);

        if (code == 0 && t.parser.body && t.parser.body_size > len) {
            code = 0x106;
        }

        is_int(code, 0, "%s: byte by byte", test->hex);

        ngx_mqtt_parser_free(&t.parser);
    }
}


/* Remaining Length against the bytes that are there, both ways */

static void
test_parse_lying_length(void)
{
    size_t          len, body;
    u_char          packet[512], *piece;
    ngx_uint_t      bad, code, n;
    test_parse_t    t;
    test_packet_t  *test;

    for (test = test_packets; test->hex; test++) {
        len = test_hex(packet, test->hex);
        body = packet[1];
        bad = 0;

        for (n = 0; n < 128; n++) {
            packet[1] = n;

            test_parse_start(&t, test->version, test->from_server, 0);
            piece = test_copy(packet, len);
            code = test_parse_piece(&t, piece, len);

            if ((n > body && code != AGAIN)
                || (n == body && code != 0)
                || (n < body && code != LEFT && (code < 0x81 || code > 0x95)))
            {
                note("length %d: %x", (int) n, (int) code);
                bad++;
            }

            ngx_mqtt_parser_free(&t.parser);
            free(piece);
        }

        is_int(bad, 0, "%s: any length", test->hex);
    }
}


/* every byte replaced by every other: whole and in bytes give the same */

static void
test_parse_mutations(void)
{
    size_t          len, i;
    u_char          packet[512], *piece, saved;
    ngx_uint_t      bad, code, code1, n;
    test_parse_t    t;
    test_packet_t  *test;

    bad = 0;

    for (test = test_packets; test->hex; test++) {
        len = test_hex(packet, test->hex);

        for (i = 0; i < len; i++) {
            saved = packet[i];

            for (n = 0; n < 256; n++) {
                packet[i] = n;

                test_parse_start(&t, test->version, test->from_server, 0);
                piece = test_copy(packet, len);
                code = test_parse_piece(&t, piece, len);

                if (code == 0) {
                    test_parse_same(&t, packet, len);
                }

                ngx_mqtt_parser_free(&t.parser);
                free(piece);

                test_parse_start(&t, test->version, test->from_server, 0);
                code1 = test_parse_bytes(&t, packet, len);
                ngx_mqtt_parser_free(&t.parser);

                if (code != code1 || code > LEFT) {
                    note("%s: %d=%02x: %x, %x", test->hex, (int) i, (int) n,
                         (int) code, (int) code1);
                    bad++;
                }
            }

            packet[i] = saved;
        }
    }

    is_int(bad, 0, "every byte with every value");
}


static void
test_parse_size(void)
{
    size_t        len;
    u_char        packet[512];
    test_parse_t  t;

    len = test_hex(packet, "30 05 0001 61 6869");
    test_parse_start(&t, V4, 0, 7);
    is_int(test_parse_piece(&t, packet, len), 0, "as large as allowed");
    test_parse_start(&t, V4, 0, 6);
    is_int(test_parse_piece(&t, packet, 2), 0x95, "too large");
    test_parse_start(&t, V4, 0, 6);
    is_int(test_parse_piece(&t, packet, 1), AGAIN, "not known yet");
    is_int(test_parse_piece(&t, packet + 1, 1), 0x95, "known to be too large");

    test_parse_start(&t, 0, 0, 10);
    memset(&t.pkt, 0xee, sizeof(t.pkt));
    is_int(test_parse_piece(&t, (u_char *) "\x10\x0d", 2), 0x95,
           "CONNECT too large");
    is_int(t.pkt.u.connect.version, 0, "its level is not known");
    is_int(t.parser.version, 0, "nor is the version");

    len = test_hex(packet, "30 ff ff ff 7f");
    test_parse_start(&t, V4, 0, 268435459);
    is_int(test_parse_piece(&t, packet, len), 0x95, "longest but one byte");
    test_parse_start(&t, V4, 0, 268435460);
    is_int(test_parse_piece(&t, packet, len), AGAIN, "longest");
    ok(t.parser.body == NULL, "no memory for a promise");
    is_int(test_parse_piece(&t, packet, 1), AGAIN, "its first byte");
    is_int(t.parser.body_size, 512, "little memory for a byte");
    ngx_mqtt_parser_idle(&t.parser);
    ok(t.parser.body != NULL, "kept while partial");
    ngx_mqtt_parser_free(&t.parser);
    ngx_mqtt_parser_free(&t.parser);
    ok(t.parser.body == NULL, "freed");
}


/* a large packet in pieces, then small ones: what becomes of the body */

static void
test_parse_body(void)
{
    size_t         i, n, rest;
    u_char        *packet, *pos;
    ngx_uint_t     bad, code;
    test_parse_t   t;

    n = 100000;
    packet = malloc(n);
    for (i = 0; i < n; i++) {
        packet[i] = (u_char) (i * 7);
    }

    pos = packet;
    *pos++ = 0x30;
    pos = ngx_mqtt_vbi_write(pos, n - 4);
    pos = ngx_mqtt_put16(pos, 1);
    *pos = 'a';

    bad = 0;
    code = 0;
    test_parse_start(&t, V4, 0, 0);

    for (i = 0; i < n; i += rest) {
        rest = ngx_min(n - i, 1001);
        code = test_parse_piece(&t, packet + i, rest);

        if (t.parser.body_size > 2 * (i + rest)
            || t.parser.body_size > t.parser.length)
        {
            bad++;
        }

        if (code != (i + rest < n ? AGAIN : 0)) {
            bad++;
        }
    }

    is_int(bad, 0, "the body follows the bytes");
    is_mem(t.pkt.u.publish.payload.data, t.pkt.u.publish.payload.len,
           packet + 7, n - 7, "all of a large payload");

    ok(t.parser.body != NULL, "valid until the next call");
    is_int(test_parse_piece(&t, (u_char *) "\xc0\0", 2), 0, "PINGREQ");
    ok(t.parser.body == NULL, "large body dropped");

    is_int(test_parse_piece(&t, packet, 10), AGAIN, "begun again");
    ok(t.parser.body != NULL, "small body");
    ngx_mqtt_parser_free(&t.parser);

    test_parse_start(&t, V4, 0, 0);
    is_int(test_parse_piece(&t, (u_char *) "\x40\2\0", 3), AGAIN, "PUBACK");
    is_int(test_parse_piece(&t, (u_char *) "\1\xc0\0", 3), LEFT, "its end");
    is_int(t.pkt.packet_id, 1, "its id");
    ok(t.parser.body != NULL, "small body kept while there is input");
    is_int(test_parse_piece(&t, (u_char *) "\xc0\0", 2), 0, "PINGREQ");
    is_int(test_parse_piece(&t, packet, 0), AGAIN, "no more input");
    ok(t.parser.body == NULL, "nothing owned in the end");

    free(packet);
}


/* a stream of packets, in pieces of each size */

static void
test_parse_stream(void)
{
    size_t              len, size, i, n;
    u_char              stream[2048], *pos, *piece;
    ngx_int_t           rc;
    ngx_uint_t          bad, packets, want;
    test_packet_t      *test;
    ngx_mqtt_packet_t   pkt;
    ngx_mqtt_parser_t   parser;

    pos = stream;
    pos += test_hex(pos, "10 0d 00044d515454 05 02 003c 00 0000");
    want = 1;

    for (test = test_packets; test->hex; test++) {
        if (test->version == V5) {
            pos += test_hex(pos, test->hex);
            want++;
        }
    }

    len = pos - stream;
    bad = 0;

    for (size = 1; size <= len; size++) {
        ngx_mqtt_parser_init(&parser, 0, 1, &test_log);
        packets = 0;
        rc = NGX_AGAIN;

        for (i = 0; i < len && rc == NGX_AGAIN; i += n) {
            n = ngx_min(size, len - i);
            piece = test_copy(stream + i, n);
            pos = piece;

            for ( ;; ) {
                rc = ngx_mqtt_parse(&parser, &pos, piece + n, &pkt);

                if (rc != NGX_OK) {
                    break;
                }

                packets++;
            }

            free(piece);
        }

        if (rc != NGX_AGAIN || packets != want || parser.body != NULL) {
            note("pieces of %d: %d packets", (int) size, (int) packets);
            bad++;
        }
    }

    is_int(bad, 0, "a stream of %d packets", (int) want);
}


void
test_parse(void)
{
    test_parse_packets();
    test_parse_lying_length();
    test_parse_mutations();
    test_parse_size();
    test_parse_body();
    test_parse_stream();
}
