
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_topic.h>
#include "test.h"


typedef struct {
    const char  *filter;
    const char  *topic;
    ngx_uint_t   match;
} test_match_t;


static test_match_t  test_matches[] = {
    { "a", "a", 1 },
    { "a", "A", 0 },
    { "a", "b", 0 },
    { "a", "a/", 0 },
    { "a/", "a", 0 },
    { "a/", "a/", 1 },
    { "/a", "/a", 1 },
    { "/a", "a", 0 },
    { "/", "/", 1 },
    { "a", "ab", 0 },
    { "ab", "a", 0 },
    { "a b/c d", "a b/c d", 1 },
    { "a/b", "a/b", 1 },
    { "a//b", "a//b", 1 },
    { "a//b", "a/b", 0 },

    { "+", "a", 1 },
    { "+", "abc", 1 },
    { "+", "/a", 0 },
    { "+", "a/b", 0 },
    { "+", "a/", 0 },
    { "+/+", "/a", 1 },
    { "+/+", "a/", 1 },
    { "+/+", "/", 1 },
    { "+/+", "a", 0 },
    { "/+", "/a", 1 },
    { "/+", "/", 1 },
    { "a/+", "a", 0 },
    { "a/+", "a/", 1 },
    { "a/+", "a/b", 1 },
    { "a/+", "a/b/c", 0 },
    { "a/+/c", "a/b/c", 1 },
    { "a/+/c", "a//c", 1 },
    { "a/+/c", "a/b/d", 0 },
    { "a/+/c", "a/b", 0 },
    { "+/b/+", "a/b/c", 1 },

    { "#", "a", 1 },
    { "#", "/", 1 },
    { "#", "/a/b", 1 },
    { "a/#", "a", 1 },
    { "a/#", "a/", 1 },
    { "a/#", "a/b", 1 },
    { "a/#", "a/b/c", 1 },
    { "a/#", "ab", 0 },
    { "a/#", "b", 0 },
    { "a/#", "b/a", 0 },
    { "/#", "/a", 1 },
    { "/#", "/", 1 },
    { "/#", "a", 0 },
    { "+/#", "a", 1 },
    { "+/#", "a/b/c", 1 },
    { "+/#", "/", 1 },
    { "a/+/#", "a", 0 },
    { "a/+/#", "a/b", 1 },
    { "a/+/#", "a/", 1 },
    { "a/b/#", "a", 0 },
    { "a/b/#", "a/b", 1 },

    { "#", "$SYS", 0 },
    { "#", "$SYS/a", 0 },
    { "+", "$SYS", 0 },
    { "+/a", "$SYS/a", 0 },
    { "+/#", "$SYS/a", 0 },
    { "$SYS/#", "$SYS", 1 },
    { "$SYS/#", "$SYS/a/b", 1 },
    { "$SYS/+", "$SYS/a", 1 },
    { "$SYS/a", "$SYS/a", 1 },
    { "a/#", "a/$b", 1 },
    { "a/+", "a/$b", 1 },
    { "+/$b", "a/$b", 1 },
    { "+/#", "a/$", 1 },
    { "/#", "/$SYS", 1 },
    { NULL, NULL, 0 }
};


typedef struct {
    const char  *full;
    const char  *share;
    const char  *filter;       /* NULL: badly formed */
    ngx_uint_t   wildcard;
} test_filter_t;


static test_filter_t  test_filters[] = {
    { "a", "", "a", 0 },
    { "/", "", "/", 0 },
    { "a/+", "", "a/+", 1 },
    { "+", "", "+", 1 },
    { "+/a", "", "+/a", 1 },
    { "#", "", "#", 1 },
    { "/#", "", "/#", 1 },
    { "a//+//#", "", "a//+//#", 1 },
    { "$share", "", "$share", 0 },
    { "$shared/a/b", "", "$shared/a/b", 0 },
    { "$Share/a/b", "", "$Share/a/b", 0 },
    { "$SYS/#", "", "$SYS/#", 1 },
    { "", "", NULL, 0 },
    { "a#", "", NULL, 0 },
    { "#a", "", NULL, 0 },
    { "a/#/b", "", NULL, 0 },
    { "#/", "", NULL, 0 },
    { "##", "", NULL, 0 },
    { "#+", "", NULL, 0 },
    { "a+", "", NULL, 0 },
    { "+a", "", NULL, 0 },
    { "++", "", NULL, 0 },
    { "+#", "", NULL, 0 },
    { "a/b+/c", "", NULL, 0 },
    { "$share/g/a", "g", "a", 0 },
    { "$share/g//a", "g", "/a", 0 },
    { "$share/g//", "g", "/", 0 },
    { "$share/g/#", "g", "#", 1 },
    { "$share/g/a/+", "g", "a/+", 1 },
    { "$share/g/$SYS/#", "g", "$SYS/#", 1 },
    { "$share/", "", NULL, 0 },
    { "$share/g", "", NULL, 0 },
    { "$share/g/", "", NULL, 0 },
    { "$share//a", "", NULL, 0 },
    { "$share/+/a", "", NULL, 0 },
    { "$share/g#/a", "", NULL, 0 },
    { "$share/g/a#", "", NULL, 0 },
    { NULL, NULL, NULL, 0 }
};


typedef struct {
    const char  *bytes;
    ngx_int_t    rc;
    const char  *name;
} test_utf8_t;


static test_utf8_t  test_utf8[] = {
    { "", NGX_OK, "empty" },
    { "7f", NGX_OK, "U+007F" },
    { "01", NGX_OK, "U+0001" },
    { "00", NGX_ERROR, "U+0000" },
    { "61 00 62", NGX_ERROR, "U+0000 between" },
    { "c2 80", NGX_OK, "U+0080" },
    { "df bf", NGX_OK, "U+07FF" },
    { "e0 a0 80", NGX_OK, "U+0800" },
    { "ed 9f bf", NGX_OK, "U+D7FF" },
    { "ee 80 80", NGX_OK, "U+E000" },
    { "ef bb bf", NGX_OK, "U+FEFF" },
    { "ef b7 90", NGX_OK, "U+FDD0" },
    { "ef bf bf", NGX_OK, "U+FFFF" },
    { "f0 90 80 80", NGX_OK, "U+10000" },
    { "f4 8f bf bf", NGX_OK, "U+10FFFF" },
    { "c0 80", NGX_ERROR, "overlong U+0000" },
    { "c1 bf", NGX_ERROR, "overlong, 2 bytes" },
    { "e0 80 80", NGX_ERROR, "overlong U+0000, 3 bytes" },
    { "e0 9f bf", NGX_ERROR, "overlong, 3 bytes" },
    { "f0 8f bf bf", NGX_ERROR, "overlong, 4 bytes" },
    { "ed a0 80", NGX_ERROR, "U+D800" },
    { "ed bf bf", NGX_ERROR, "U+DFFF" },
    { "ed a0 81 ed b0 80", NGX_ERROR, "a surrogate pair" },
    { "f4 90 80 80", NGX_ERROR, "U+110000" },
    { "f5 80 80 80", NGX_ERROR, "first byte F5" },
    { "f8 88 80 80 80", NGX_ERROR, "5 bytes" },
    { "fe", NGX_ERROR, "FE" },
    { "ff", NGX_ERROR, "FF" },
    { "80", NGX_ERROR, "a continuation alone" },
    { "bf 61", NGX_ERROR, "a continuation first" },
    { "c2", NGX_ERROR, "cut, 2 bytes" },
    { "c2 41", NGX_ERROR, "broken, 2 bytes" },
    { "e1 80", NGX_ERROR, "cut, 3 bytes" },
    { "e1 80 c0", NGX_ERROR, "broken, 3 bytes" },
    { "f1 80 80", NGX_ERROR, "cut, 4 bytes" },
    { "f1 80 80 41", NGX_ERROR, "broken, 4 bytes" },
    { NULL, 0, NULL }
};


static void
test_topic_match(void)
{
    ngx_str_t      filter, topic;
    test_match_t  *t;

    for (t = test_matches; t->filter; t++) {
        filter.len = strlen(t->filter);
        filter.data = test_copy(t->filter, filter.len);
        topic.len = strlen(t->topic);
        topic.data = test_copy(t->topic, topic.len);

        is_int(ngx_mqtt_topic_match(&filter, &topic), t->match,
               "filter \"%s\", topic \"%s\"", t->filter, t->topic);

        free(filter.data);
        free(topic.data);
    }
}


static void
test_topic_filter(void)
{
    ngx_int_t           rc;
    ngx_str_t           full;
    test_filter_t      *t;
    ngx_mqtt_filter_t   f;

    for (t = test_filters; t->full; t++) {
        full.len = strlen(t->full);
        full.data = test_copy(t->full, full.len);

        rc = ngx_mqtt_filter_parse(&full, &f);

        is_int(rc, t->filter ? NGX_OK : NGX_ERROR, "form of filter \"%s\"",
               t->full);

        if (t->filter) {
            is_str(&f.full, t->full, "filter \"%s\" in full", t->full);
            is_str(&f.filter, t->filter, "filter of \"%s\"", t->full);
            is_str(&f.share, t->share, "share of \"%s\"", t->full);
            is_int(f.shared, t->share[0] != '\0', "shared \"%s\"", t->full);
            is_int(f.wildcard, t->wildcard, "wildcard in \"%s\"", t->full);
        }

        free(full.data);
    }

    full.len = 65536;
    full.data = malloc(full.len);
    memset(full.data, 'a', full.len);
    is_int(ngx_mqtt_filter_parse(&full, &f), NGX_ERROR, "filter too long");
    is_int(ngx_mqtt_topic_name_valid(&full), NGX_ERROR, "topic too long");
    full.len--;
    is_int(ngx_mqtt_filter_parse(&full, &f), NGX_OK, "longest filter");
    is_int(ngx_mqtt_topic_name_valid(&full), NGX_OK, "longest topic");
    free(full.data);
}


static void
test_topic_name(void)
{
    ngx_uint_t            i;
    ngx_str_t             topic;
    static const char    *good[] = { "a", "/", "$SYS/a", " ", "a//b", NULL };
    static const char    *bad[] = { "", "+", "#", "a/+", "a+", "a/#", NULL };

    for (i = 0; good[i]; i++) {
        topic.data = (u_char *) good[i];
        topic.len = strlen(good[i]);
        is_int(ngx_mqtt_topic_name_valid(&topic), NGX_OK, "topic \"%s\"",
               good[i]);
    }

    for (i = 0; bad[i]; i++) {
        topic.data = (u_char *) bad[i];
        topic.len = strlen(bad[i]);
        is_int(ngx_mqtt_topic_name_valid(&topic), NGX_ERROR,
               "no topic \"%s\"", bad[i]);
    }
}


/* the levels of each, joined with commas */

static void
test_topic_level(void)
{
    u_char      buf[64], *p;
    ngx_str_t   rest, level, got;
    ngx_uint_t  i;

    static const char  *levels[] = {
        "", ",",
        "a", "a,",
        "/", ",,",
        "a/", "a,,",
        "/a", ",a,",
        "a/b/c", "a,b,c,",
        "a//+/#", "a,,+,#,",
        NULL
    };

    for (i = 0; levels[i]; i += 2) {
        rest.len = strlen(levels[i]);
        rest.data = (u_char *) levels[i];
        p = buf;

        while (ngx_mqtt_topic_level(&rest, &level) == NGX_OK) {
            p = ngx_cpymem(p, level.data, level.len);
            *p++ = ',';
        }

        got.data = buf;
        got.len = p - buf;
        is_str(&got, levels[i + 1], "levels of \"%s\"", levels[i]);

        is_int(ngx_mqtt_topic_level(&rest, &level), NGX_DONE,
               "end of \"%s\" again", levels[i]);
    }

    ngx_str_null(&rest);
    is_int(ngx_mqtt_topic_level(&rest, &level), NGX_DONE, "no levels");
}


/* each at any offset and with any distance to the end */

static void
test_topic_utf8(void)
{
    size_t        len, before, after;
    u_char        bytes[8], buf[64], *p;
    ngx_uint_t    bad;
    test_utf8_t  *t;

    for (t = test_utf8; t->bytes; t++) {
        len = test_hex(bytes, t->bytes);
        bad = 0;

        for (before = 0; before < 18; before++) {
            for (after = 0; after < 18; after++) {
                memset(buf, 'a', sizeof(buf));
                memcpy(buf + before, bytes, len);

                p = test_copy(buf, before + len + after);

                if (ngx_mqtt_utf8_valid(p, before + len + after) != t->rc) {
                    bad++;
                }

                free(p);
            }
        }

        is_int(bad, 0, "UTF-8: %s", t->name);
    }
}


static void
test_topic_utf8_all(void)
{
    size_t      len;
    u_char      buf[4];
    uint32_t    c;
    ngx_int_t   want;
    ngx_uint_t  bad;

    bad = 0;

    for (c = 0; c <= 0x10ffff; c++) {

        if (c < 0x80) {
            buf[0] = c;
            len = 1;

        } else if (c < 0x800) {
            buf[0] = 0xc0 | c >> 6;
            buf[1] = 0x80 | (c & 0x3f);
            len = 2;

        } else if (c < 0x10000) {
            buf[0] = 0xe0 | c >> 12;
            buf[1] = 0x80 | (c >> 6 & 0x3f);
            buf[2] = 0x80 | (c & 0x3f);
            len = 3;

        } else {
            buf[0] = 0xf0 | c >> 18;
            buf[1] = 0x80 | (c >> 12 & 0x3f);
            buf[2] = 0x80 | (c >> 6 & 0x3f);
            buf[3] = 0x80 | (c & 0x3f);
            len = 4;
        }

        want = (c == 0 || (c >= 0xd800 && c <= 0xdfff)) ? NGX_ERROR : NGX_OK;

        if (ngx_mqtt_utf8_valid(buf, len) != want) {
            note("U+%04X", c);
            bad++;
        }

        if (len > 1 && ngx_mqtt_utf8_valid(buf, len - 1) == NGX_OK) {
            note("U+%04X cut", c);
            bad++;
        }
    }

    is_int(bad, 0, "UTF-8: every code point");

    bad = 0;

    for (c = 0; c < 0x10000; c++) {
        buf[0] = c >> 8;
        buf[1] = c;

        want = (buf[0] != 0 && buf[0] < 0x80 && buf[1] != 0 && buf[1] < 0x80)
               || (buf[0] >= 0xc2 && buf[0] <= 0xdf && (buf[1] & 0xc0) == 0x80)
               ? NGX_OK : NGX_ERROR;

        if (ngx_mqtt_utf8_valid(buf, 2) != want) {
            note("bytes %04X", c);
            bad++;
        }
    }

    is_int(bad, 0, "UTF-8: every two bytes");
}


void
test_topic(void)
{
    test_topic_match();
    test_topic_filter();
    test_topic_name();
    test_topic_level();
    test_topic_utf8();
    test_topic_utf8_all();
}
