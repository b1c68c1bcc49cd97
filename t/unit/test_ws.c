
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_ws.h>
#include "test.h"


#define TEST_LOG  4096


/*
 * What a reader said, as text.  A message is its kind, its bytes, and a full
 * stop for its end; the pieces do not show.
 */

typedef struct {
    ngx_mqtt_ws_t  ws;
    ngx_uint_t     in_message;
    size_t         len;
    u_char         text[TEST_LOG];
} test_ws_t;


typedef struct {
    const char    *frames;     /* see test_ws_frames() */
    const char    *log;
    uint64_t       max;
} test_stream_t;


static test_stream_t  test_streams[] = {
    { "82:", "B.", 0 },
    { "82:a", "Ba.", 0 },
    { "82:hello 81:world", "Bhello.Tworld.", 0 },
    { "02:a 80:b", "Bab.", 0 },
    { "02:a 00:b 00: 80:c", "Babc.", 0 },
    { "02: 00: 80:", "B.", 0 },
    { "01: 80:a", "Ta.", 0 },
    { "01:a 80:", "Ta.", 0 },
    { "89:", "<ping >", 0 },
    { "89:abc 8a:def", "<ping abc><pong def>", 0 },
    { "02:a 89:x 00:b 8a: 80:c", "Ba<ping x>b<pong >c.", 0 },
    { "88:", "<close 1005 >", 0 },
    { "82:a 88:", "Ba.<close 1005 >", 0 },
    { "88:\x03\xe8", "<close 1000 >", 0 },
    { "88:\x03\xe9" "bye", "<close 1001 bye>", 0 },
    { "88:\x03\xf0\xc3\xa9", "<close 1008 \xc3\xa9>", 0 },
    { "88:\x0b\xb8", "<close 3000 >", 0 },
    { "88:\x13\x87", "<close 4999 >", 0 },
    { "88:\x03\xf6", "<close 1014 >", 0 },
    { "88:\x03\xe8 82:a", "<close 1000 >", 0 },
    { "02:a 88:\x03\xe8", "Ba<close 1000 >", 0 },

    { "88:\x03", "!1002", 0 },
    { "88:\x03\xe7", "!1002", 0 },
    { "88:\x03\xec", "!1002", 0 },
    { "88:\x03\xed", "!1002", 0 },
    { "88:\x03\xee", "!1002", 0 },
    { "88:\x03\xf7", "!1002", 0 },
    { "88:\x0b\xb7", "!1002", 0 },
    { "88:\x13\x88", "!1002", 0 },
    { "88:\xff\xff", "!1002", 0 },
    { "88:\x03\xe8\xff", "!1007", 0 },
    { "88:\x03\xe8\xed\xa0\x80", "!1007", 0 },

    { "80:a", "!1002", 0 },
    { "00:a", "!1002", 0 },
    { "82:a 80:b", "Ba.!1002", 0 },
    { "02:a 82:b", "Ba!1002", 0 },
    { "02:a 01:b", "Ba!1002", 0 },
    { "02:a 81:b", "Ba!1002", 0 },
    { "09:a", "!1002", 0 },
    { "08:", "!1002", 0 },
    { "0a:", "!1002", 0 },
    { "c2:a", "!1002", 0 },
    { "a2:a", "!1002", 0 },
    { "92:a", "!1002", 0 },
    { "83:a", "!1002", 0 },
    { "87:a", "!1002", 0 },
    { "8b:a", "!1002", 0 },
    { "8f:a", "!1002", 0 },

    { "82:abc", "Babc.", 3 },
    { "82:abcd", "!1009", 3 },
    { "02:ab 80:c", "Babc.", 3 },
    { "02:ab 80:cd", "Bab!1009", 3 },
    { "82:abc 82:abc 89:abcd", "Babc.Babc.<ping abcd>", 3 },
    { NULL, NULL, 0 }
};


/* a masked frame of a client */

static u_char *
test_ws_frame(u_char *p, u_char first, const u_char *data, size_t len)
{
    size_t         i;
    u_char        *head;
    static u_char  mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

    head = p;
    p = ngx_mqtt_ws_header(p, 0, len);

    head[0] = first;
    head[1] |= 0x80;

    mask[0]++;
    p = ngx_cpymem(p, mask, 4);

    for (i = 0; i < len; i++) {
        *p++ = data[i] ^ mask[i & 3];
    }

    return p;
}


/* frames as in "02:data 80:more": first byte, bytes up to a blank */

static size_t
test_ws_frames(u_char *buf, const char *frames)
{
    char     digits[3];
    size_t   len;
    u_char  *p, first;

    p = buf;
    digits[2] = '\0';

    while (*frames) {
        digits[0] = frames[0];
        digits[1] = frames[1];
        test_hex(&first, digits);

        frames += 3;
        len = strcspn(frames, " ");
        p = test_ws_frame(p, first, (u_char *) frames, len);
        frames += len;

        while (*frames == ' ') {
            frames++;
        }
    }

    return p - buf;
}


static void
test_ws_say(test_ws_t *t, const char *s, size_t len)
{
    if (t->len + len > TEST_LOG) {
        len = TEST_LOG - t->len;
    }

    memcpy(t->text + t->len, s, len);
    t->len += len;
}


static void
test_ws_event(test_ws_t *t, ngx_mqtt_ws_event_t *ev)
{
    char  buf[64];

    switch (ev->opcode) {

    case NGX_MQTT_WS_TEXT:
    case NGX_MQTT_WS_BINARY:

        if (ev->first != !t->in_message || (ev->data.len == 0 && !ev->fin)) {
            test_ws_say(t, "?", 1);
        }

        if (ev->first) {
            test_ws_say(t, ev->opcode == NGX_MQTT_WS_TEXT ? "T" : "B", 1);
        }

        test_ws_say(t, (char *) ev->data.data, ev->data.len);

        if (ev->fin) {
            test_ws_say(t, ".", 1);
        }

        t->in_message = !ev->fin;
        return;

    case NGX_MQTT_WS_PING:
        test_ws_say(t, "<ping ", 6);
        break;

    case NGX_MQTT_WS_PONG:
        test_ws_say(t, "<pong ", 6);
        break;

    default:
        test_ws_say(t, buf, sprintf(buf, "<close %d ", ev->code));
        break;
    }

    test_ws_say(t, (char *) ev->data.data, ev->data.len);
    test_ws_say(t, ">", 1);
}


/* feeds a copy of a piece; 0 after an error */

static ngx_uint_t
test_ws_feed(test_ws_t *t, const u_char *data, size_t len)
{
    char                 buf[16];
    u_char              *piece, *pos;
    ngx_int_t            rc;
    ngx_mqtt_ws_event_t  ev;

    piece = test_copy(data, len);
    pos = piece;

    while ((rc = ngx_mqtt_ws_parse(&t->ws, &pos, piece + len, &ev)) == NGX_OK) {
        test_ws_event(t, &ev);
    }

    if (rc == NGX_AGAIN && pos != piece + len) {
        test_ws_say(t, "?", 1);
    }

    if (rc == NGX_ERROR) {
        test_ws_say(t, buf, sprintf(buf, "!%d", t->ws.close_code));
    }

    free(piece);

    return (rc != NGX_ERROR);
}


static void
test_ws_start(test_ws_t *t, ngx_uint_t binary_only, uint64_t max)
{
    ngx_mqtt_ws_init(&t->ws, binary_only, max);
    t->in_message = 0;
    t->len = 0;
}


static ngx_uint_t
test_ws_said(test_ws_t *t, const char *log, size_t len)
{
    if (t->len == len && memcmp(t->text, log, len) == 0) {
        return 1;
    }

    note("said: %.*s", (int) t->len, t->text);

    return 0;
}


/* whole, in two, and byte by byte; what is cut off says no more */

static void
test_ws_streams(void)
{
    size_t          len, i;
    u_char          buf[512];
    test_ws_t       t;
    ngx_uint_t      bad;
    test_stream_t  *s;

    for (s = test_streams; s->frames; s++) {
        len = test_ws_frames(buf, s->frames);

        test_ws_start(&t, 0, s->max);
        test_ws_feed(&t, buf, len);
        ok(test_ws_said(&t, s->log, strlen(s->log)), "%s: whole", s->frames);

        bad = 0;

        for (i = 0; i <= len; i++) {
            test_ws_start(&t, 0, s->max);

            if (test_ws_feed(&t, buf, i)) {
                test_ws_feed(&t, buf + i, len - i);
            }

            bad += !test_ws_said(&t, s->log, strlen(s->log));

            test_ws_start(&t, 0, s->max);
            test_ws_feed(&t, buf, i);

            if (t.len > strlen(s->log)
                || memcmp(t.text, s->log, t.len) != 0)
            {
                note("cut at %d: %.*s", (int) i, (int) t.len, t.text);
                bad++;
            }
        }

        is_int(bad, 0, "%s: split and cut everywhere", s->frames);

        test_ws_start(&t, 0, s->max);

        for (i = 0; i < len && test_ws_feed(&t, buf + i, 1); i++) {
            /* void */
        }

        ok(test_ws_said(&t, s->log, strlen(s->log)), "%s: byte by byte",
           s->frames);
    }
}


/* headers that nobody may send, by their bytes */

static void
test_ws_headers(void)
{
    size_t      len, i, j;
    u_char      buf[32];
    test_ws_t   t;

    static struct {
        const char  *hex;
        const char  *log;
        const char  *name;
    } heads[] = {
        { "82 00", "!1002", "not masked, empty" },
        { "82 01 61", "!1002", "not masked" },
        { "89 00", "!1002", "ping not masked" },
        { "82 7e", "!1002", "not masked, 16 bits" },
        { "89 fe", "!1002", "ping of 126 bytes" },
        { "88 ff", "!1002", "close, 64 bits" },
        { "82 fe 0000 00000000", "!1002", "16 bits for 0" },
        { "82 fe 007d 00000000", "!1002", "16 bits for 125" },
        { "82 fe 007e 00000000", "", "16 bits for 126" },
        { "82 ff 0000000000000000 00000000", "!1002", "64 bits for 0" },
        { "82 ff 000000000000ffff 00000000", "!1002", "64 bits for 65535" },
        { "82 ff 0000000000010000 00000000", "", "64 bits for 65536" },
        { "82 ff 7fffffffffffffff 00000000", "", "64 bits, the most" },
        { "82 ff 8000000000000000 00000000", "!1002", "the top bit" },
        { "82 ff ffffffffffffffff 00000000", "!1002", "all bits" },
        { NULL, NULL, NULL }
    };

    for (i = 0; heads[i].hex; i++) {
        len = test_hex(buf, heads[i].hex);

        test_ws_start(&t, 0, 0);
        test_ws_feed(&t, buf, len);
        ok(test_ws_said(&t, heads[i].log, strlen(heads[i].log)), "%s",
           heads[i].name);

        test_ws_start(&t, 0, 0);

        for (j = 0; j < len && test_ws_feed(&t, buf + j, 1); j++) {
            /* void */
        }

        ok(test_ws_said(&t, heads[i].log, strlen(heads[i].log)),
           "%s, byte by byte", heads[i].name);
    }

    len = test_hex(buf, "82 ff 7fffffffffffffff 00000000");
    test_ws_start(&t, 0, 1024);
    test_ws_feed(&t, buf, len);
    ok(test_ws_said(&t, "!1009", 5), "a huge frame");

    /* the sum of fragments must not wrap */

    test_ws_start(&t, 0, 1024);
    len = test_ws_frames(buf, "02:a");
    test_ws_feed(&t, buf, len);
    len = test_hex(buf, "80 ff 7fffffffffffffff 00000000");
    test_ws_feed(&t, buf, len);
    ok(test_ws_said(&t, "Ba!1009", 7), "a huge fragment");
}


static void
test_ws_binary_only(void)
{
    size_t     len;
    u_char     buf[64];
    test_ws_t  t;

    test_ws_start(&t, 1, 0);
    len = test_ws_frames(buf, "81:a");
    test_ws_feed(&t, buf, len);
    ok(test_ws_said(&t, "!1003", 5), "text refused");

    test_ws_start(&t, 1, 0);
    len = test_ws_frames(buf, "82:a 02:b 80:c");
    test_ws_feed(&t, buf, len);
    ok(test_ws_said(&t, "Ba.Bbc.", 7), "binary taken");
}


/* each length over the boundaries, each split, each alignment */

static void
test_ws_masks(void)
{
    size_t                len, size, align, split, n;
    u_char                data[64], frame[128], *copy, *pos, got[64];
    ngx_int_t             rc;
    ngx_uint_t            bad;
    ngx_mqtt_ws_t         ws;
    ngx_mqtt_ws_event_t   ev;

    for (n = 0; n < sizeof(data); n++) {
        data[n] = (u_char) (n * 37 + 1);
    }

    bad = 0;

    for (len = 0; len < 40; len++) {
        size = test_ws_frame(frame, 0x82, data, len) - frame;

        for (align = 0; align < 8; align++) {
            for (split = 0; split <= size; split++) {
                ngx_mqtt_ws_init(&ws, 1, 0);
                copy = malloc(align + size);
                memcpy(copy + align, frame, size);
                pos = copy + align;
                n = 0;

                do {
                    rc = ngx_mqtt_ws_parse(&ws, &pos, copy + align + split,
                                           &ev);
                    if (rc == NGX_OK) {
                        memcpy(got + n, ev.data.data, ev.data.len);
                        n += ev.data.len;
                    }
                } while (rc == NGX_OK);

                do {
                    rc = ngx_mqtt_ws_parse(&ws, &pos, copy + align + size,
                                           &ev);
                    if (rc == NGX_OK) {
                        memcpy(got + n, ev.data.data, ev.data.len);
                        n += ev.data.len;
                    }
                } while (rc == NGX_OK);

                bad += (n != len || memcmp(got, data, len) != 0);
                free(copy);
            }
        }
    }

    is_int(bad, 0, "unmasked at any offset");
}


static void
test_ws_large(void)
{
    size_t      len, size, i;
    u_char     *data, *frame;
    test_ws_t   t;

    static size_t  sizes[] = { 125, 126, 127, 1000, 4000 };

    data = malloc(70000);
    frame = malloc(70014);

    for (i = 0; i < 70000; i++) {
        data[i] = 'a' + i % 26;
    }

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        len = sizes[i];
        size = test_ws_frame(frame, 0x82, data, len) - frame;
        test_ws_start(&t, 1, 0);
        test_ws_feed(&t, frame, size);
        ok(t.len == len + 2 && memcmp(t.text + 1, data, len) == 0,
           "a frame of %d bytes", (int) len);
    }

    size = test_ws_frame(frame, 0x82, data, 70000) - frame;
    test_ws_start(&t, 1, 70000);
    is_int(test_ws_feed(&t, frame, size), 1, "a frame of 70000 bytes");
    is_int(t.in_message, 0, "its end");

    size = test_ws_frame(frame, 0x89, data, 125) - frame;
    test_ws_start(&t, 1, 0);
    test_ws_feed(&t, frame, size);
    ok(t.len == 6 + 125 + 1 && memcmp(t.text + 6, data, 125) == 0,
       "the longest ping");

    size = test_ws_frame(frame, 0x88, (u_char *) "\x03\xe8" "a\0b", 5) - frame;
    test_ws_start(&t, 1, 0);
    test_ws_feed(&t, frame, size);
    ok(test_ws_said(&t, "<close 1000 a\0b>", 16), "U+0000 in a reason");

    free(data);
    free(frame);
}


static void
test_ws_write(void)
{
    size_t     i, len;
    u_char     buf[256], want[256], *p;
    ngx_str_t  reason;

    static struct {
        uint64_t     len;
        const char  *hex;
    } heads[] = {
        { 0, "82 00" },
        { 125, "82 7d" },
        { 126, "82 7e 007e" },
        { 65535, "82 7e ffff" },
        { 65536, "82 7f 0000000000010000" },
        { 0x123456789aULL, "82 7f 000000123456789a" },
        { 0, NULL }
    };

    for (i = 0; heads[i].hex; i++) {
        len = test_hex(want, heads[i].hex);
        p = ngx_mqtt_ws_header(buf, NGX_MQTT_WS_BINARY, heads[i].len);
        is_mem(buf, p - buf, want, len, "header %s", heads[i].hex);
        is_int(ngx_mqtt_ws_header_size(heads[i].len), len, "its size");
    }

    p = ngx_mqtt_ws_close(buf, NGX_MQTT_WS_CODE_GOING_AWAY, NULL);
    is_mem(buf, p - buf, "\x88\x02\x03\xe9", 4, "close 1001");
    p = ngx_mqtt_ws_close(buf, NGX_MQTT_WS_CODE_NONE, NULL);
    is_mem(buf, p - buf, "\x88\0", 2, "close without a code");
    ngx_str_set(&reason, "bye");
    p = ngx_mqtt_ws_close(buf, NGX_MQTT_WS_CODE_NORMAL, &reason);
    is_mem(buf, p - buf, "\x88\x05\x03\xe8" "bye", 7, "close with a reason");

    for (i = 0; i < 4; i++) {
        memset(want, 'a', i);
        for (len = i; len + 3 <= 200; len += 3) {
            memcpy(want + len, "\xe2\x82\xac", 3);
        }

        reason.data = want;
        reason.len = len;
        p = ngx_mqtt_ws_close(buf, NGX_MQTT_WS_CODE_NORMAL, &reason);
        len = p - buf;
        ok(len <= NGX_MQTT_WS_CLOSE_MAX && len > NGX_MQTT_WS_CLOSE_MAX - 3
           && (len - 4 - i) % 3 == 0 && buf[1] == len - 2,
           "a long reason is cut between characters");
    }
}


void
test_ws(void)
{
    test_ws_streams();
    test_ws_headers();
    test_ws_binary_only();
    test_ws_masks();
    test_ws_large();
    test_ws_write();
}
