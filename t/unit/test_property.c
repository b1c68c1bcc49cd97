
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_property.h>
#include "test.h"


typedef struct {
    u_char       id;
    const char  *where;    /* * everywhere; + only from a server */
    const char  *good[3];  /* values */
    const char  *bad[3];
    u_char       reason;   /* of the bad ones */
} test_property_t;


static const char  *test_places[] = {
    "W", "CT", "CA", "PB", "PA", "PR", "PL", "PC", "S", "SA", "U", "UA",
    NULL, NULL, "D", "A"
};


static test_property_t  test_properties[] = {
    { 0x01, "PB W", { "00", "01" }, { "02", "ff" }, 0x82 },
    { 0x02, "PB W", { "00000000", "ffffffff" }, { NULL }, 0 },
    { 0x03, "PB W", { "0000", "000161", "0003e282ac" },
      { "0001ff", "000100", "0003eda080" }, 0x81 },
    { 0x08, "PB W", { "000161", "0003612f62" },
      { "0000", "00012b", "0003612f23" }, 0x82 },
    { 0x09, "PB W", { "0000", "0001ff", "000200fe" }, { NULL }, 0 },
    { 0x0b, "+PB S", { "01", "ffffff7f", "8001" }, { "00" }, 0x82 },
    { 0x0b, "+PB S", { NULL }, { "8000", "ffffffff7f", "818000" }, 0x81 },
    { 0x11, "CT CA D", { "00000000", "ffffffff" }, { NULL }, 0 },
    { 0x12, "CA", { "0000", "000161" }, { "000100" }, 0x81 },
    { 0x13, "CA", { "0000", "ffff" }, { NULL }, 0 },
    { 0x15, "CT CA A", { "0000", "000161" }, { "0001ff" }, 0x81 },
    { 0x16, "CT CA A", { "0000", "0001ff" }, { NULL }, 0 },
    { 0x17, "CT", { "00", "01" }, { "02", "80" }, 0x82 },
    { 0x18, "W", { "00000000", "ffffffff" }, { NULL }, 0 },
    { 0x19, "CT", { "00", "01" }, { "02", "ff" }, 0x82 },
    { 0x1a, "CA", { "0000", "000161" }, { "0001c0" }, 0x81 },
    { 0x1c, "CA +D", { "0000", "000161" }, { "000100" }, 0x81 },
    { 0x1f, "CA PA PR PL PC SA UA D A", { "0000", "000161" },
      { "0001ff" }, 0x81 },
    { 0x21, "CT CA", { "0001", "ffff" }, { "0000" }, 0x82 },
    { 0x22, "CT CA", { "0000", "ffff" }, { NULL }, 0 },
    { 0x23, "PB", { "0001", "ffff" }, { "0000" }, 0x94 },
    { 0x24, "CA", { "00", "01" }, { "02", "03" }, 0x82 },
    { 0x25, "CA", { "00", "01" }, { "02" }, 0x82 },
    { 0x26, "*", { "00000000", "0001610000", "0001610003e282ac" },
      { "0001ff000161", "0001610001ff", "000161000100" }, 0x81 },
    { 0x27, "CT CA", { "00000001", "ffffffff" }, { "00000000" }, 0x82 },
    { 0x28, "CA", { "00", "01" }, { "02" }, 0x82 },
    { 0x29, "CA", { "00", "01" }, { "02" }, 0x82 },
    { 0x2a, "CA", { "00", "01" }, { "02" }, 0x82 },
    { 0, NULL, { NULL }, { NULL }, 0 }
};


/*
 * The code for the section of an identifier and a value, n times, with its
 * length; 0 if it was taken.  What has an effect on "props" stays.
 */

static ngx_uint_t
test_property_code(u_char id, const char *value, ngx_uint_t n,
    ngx_uint_t where, ngx_mqtt_props_t *props)
{
    size_t      len;
    u_char      buf[64], *p, *pos, *last, reason;
    ngx_int_t   rc;

    p = buf + 1;

    while (n--) {
        *p++ = id;
        p += test_hex(p, value);
    }

    buf[0] = (u_char) (p - buf - 1);
    len = p - buf;

    pos = test_copy(buf, len);
    last = pos + len;
    p = pos;

    rc = ngx_mqtt_property_parse(&pos, last, where, props, &reason);

    if (rc == NGX_OK) {
        reason = (pos == last && props->raw.len == len - 1) ? 0 : 0xff;
    }

    free(p);

    return reason;
}


static ngx_uint_t
test_property_listed(const char *where, const char *place)
{
    size_t       len;
    const char  *p;

    len = strlen(place);

    for (p = where; (p = strstr(p, place)) != NULL; p++) {

        if ((p[len] == ' ' || p[len] == '\0')
            && (p == where || p[-1] == ' ' || p[-1] == '+'))
        {
            return (p > where && p[-1] == '+') ? 2 : 1;
        }
    }

    return (where[0] == '*');
}


static void
test_property_where(void)
{
    u_char            want;
    ngx_uint_t        i, type, listed, server, bad, got;
    test_property_t  *t;
    ngx_mqtt_props_t  props;

    for (t = test_properties; t->where; t++) {

        if (t->good[0] == NULL) {
            continue;
        }

        bad = 0;

        for (type = 0; type < 16; type++) {

            listed = test_places[type]
                     ? test_property_listed(t->where, test_places[type]) : 0;

            for (i = 0; i < 6; i++) {
                server = i & 1;

                if (t->good[i / 2] == NULL) {
                    continue;
                }

                want = (listed == 1 || (listed == 2 && server)) ? 0
                       : (listed == 2) ? 0x82 : 0x81;

                got = test_property_code(t->id, t->good[i / 2], 1,
                                         type + 16 * server, &props);

                if (got != want
                    || (want == 0 && props.set != ngx_mqtt_prop_bit(t->id)))
                {
                    note("type %d server %d: %02x, want %02x", (int) type,
                         (int) server, (int) got, want);
                    bad++;
                }

                if (want) {
                    continue;
                }

                want = (t->id == 0x26
                        || (t->id == 0x0b && type == 3 && server)) ? 0 : 0x82;
                got = test_property_code(t->id, t->good[i / 2], 2,
                                         type + 16 * server, &props);

                if (got != want) {
                    note("type %d twice: %02x", (int) type, (int) got);
                    bad++;
                }
            }
        }

        is_int(bad, 0, "property %02x: places", t->id);
    }

    bad = 0;

    for (i = 0; i < 256; i++) {

        for (t = test_properties; t->where; t++) {
            if (t->id == i) {
                break;
            }
        }

        for (type = 0; t->where == NULL && type < 32; type++) {
            if (test_property_code(i, "0000000000", 1, type, &props)
                != 0x81)
            {
                note("property %02x in %d", (int) i, (int) type);
                bad++;
            }
        }
    }

    is_int(bad, 0, "no other properties");
}


/* the first place that takes the property */

static ngx_uint_t
test_property_place(test_property_t *t)
{
    ngx_uint_t  type;

    for (type = 0; type < 16; type++) {
        if (test_places[type]
            && test_property_listed(t->where, test_places[type]))
        {
            break;
        }
    }

    return type + 16;
}


static void
test_property_values(void)
{
    ngx_uint_t        i;
    test_property_t  *t;
    ngx_mqtt_props_t  props;

    for (t = test_properties; t->where; t++) {
        for (i = 0; i < 3 && t->bad[i]; i++) {
            is_int(test_property_code(t->id, t->bad[i], 1,
                                      test_property_place(t), &props),
                   t->reason, "property %02x: %s", t->id, t->bad[i]);
        }
    }
}


/* sections that end too early, by their length and by the input's */

static void
test_property_short(void)
{
    size_t            len, cut;
    u_char            buf[64], *p, *pos, reason;
    ngx_uint_t        i, bad, where;
    test_property_t  *t;
    ngx_mqtt_props_t  props;

    for (t = test_properties; t->where; t++) {
        bad = 0;
        where = test_property_place(t);

        for (i = 0; i < 3 && t->good[i]; i++) {
            buf[1] = t->id;
            len = 1 + test_hex(buf + 2, t->good[i]);

            for (cut = 1; cut < len; cut++) {
                buf[0] = cut;
                p = pos = test_copy(buf, 1 + cut);

                if (ngx_mqtt_property_parse(&pos, p + 1 + cut, where, &props,
                                            &reason)
                    != NGX_ERROR || reason != 0x81)
                {
                    note("section cut to %d", (int) cut);
                    bad++;
                }

                free(p);
            }

            for (cut = 0; cut <= len; cut++) {
                buf[0] = len;
                p = pos = test_copy(buf, cut);

                if (ngx_mqtt_property_parse(&pos, p + cut, where, &props,
                                            &reason)
                    != NGX_ERROR || reason != 0x81)
                {
                    note("input cut to %d", (int) cut);
                    bad++;
                }

                free(p);
            }
        }

        is_int(bad, 0, "property %02x: cut", t->id);
    }
}


static void
test_property_round_trip(void)
{
    size_t            len;
    u_char            buf[64], out[64], *pos, *p, reason;
    ngx_uint_t        i, bad;
    test_property_t  *t;
    ngx_mqtt_props_t  props;

    for (t = test_properties; t->where; t++) {
        bad = 0;

        for (i = 0; i < 3 && t->good[i]; i++) {
            buf[1] = t->id;
            len = 1 + test_hex(buf + 2, t->good[i]);
            buf[0] = len;
            pos = buf;

            ngx_mqtt_property_parse(&pos, buf + 1 + len,
                                    test_property_place(t), &props, &reason);

            if (t->id == NGX_MQTT_PROP_USER_PROPERTY) {
                props.user = props.raw;
            }

            p = ngx_mqtt_property_write(out, &props);

            if ((size_t) (p - out) != 1 + len
                || ngx_mqtt_property_size(&props) != 1 + len
                || memcmp(buf, out, 1 + len) != 0)
            {
                bad++;
            }
        }

        is_int(bad, 0, "property %02x: written as read", t->id);
    }
}


static void
test_property_forward(void)
{
    size_t            len;
    u_char            buf[128], out[128], want[128], *pos, *p, reason;
    ngx_str_t         name, value, raw;
    ngx_mqtt_props_t  props;

    len = test_hex(buf, "2b 26 0001 61 0001 62  23 0007  09 0002 0001"
                        "02 0000003c  26 0000 0001 63  0b 8001  01 01  0b 05"
                        "03 0001 74  08 0003 612f62");
    pos = buf;

    is_int(ngx_mqtt_property_parse(&pos, buf + len, NGX_MQTT_PUBLISH + 16,
                                   &props, &reason), NGX_OK, "many properties");
    is_int(props.topic_alias, 7, "alias");
    is_int(props.message_expiry, 60, "expiry");
    is_int(props.subscription_id, 128, "first subscription id");
    is_int(props.payload_format, 1, "payload format");
    is_str(&props.content_type, "t", "content type");
    is_str(&props.response_topic, "a/b", "response topic");

    len = test_hex(want, "26 0001 61 0001 62  09 0002 0001  26 0000 0001 63"
                         "01 01  03 0001 74  08 0003 612f62");
    is_int(props.forward_len, len, "length to forward");
    p = ngx_mqtt_property_forward(out, &props);
    is_mem(out, p - out, want, len, "forwarded in order");

    raw.data = out;
    raw.len = len;

    is_int(ngx_mqtt_property_user_next(&raw, &name, &value), NGX_OK, "pair");
    is_str(&name, "a", "name");
    is_str(&value, "b", "value");
    is_int(ngx_mqtt_property_user_next(&raw, &name, &value), NGX_OK, "pair 2");
    is_str(&name, "", "name 2");
    is_str(&value, "c", "value 2");
    is_int(ngx_mqtt_property_user_next(&raw, &name, &value), NGX_DONE, "end");
    is_int(ngx_mqtt_property_user_next(&raw, &name, &value), NGX_DONE, "end");

    len = test_hex(buf, "09 01 00 26 0001 61 0001 62");
    pos = buf;
    ngx_mqtt_property_parse(&pos, buf + len, NGX_MQTT_PUBLISH, &props, &reason);
    is_int(props.forward_len, 9, "all to forward");
    p = ngx_mqtt_property_forward(out, &props);
    is_mem(out, p - out, buf + 1, len - 1, "all forwarded");

    len = test_hex(buf, "00");
    pos = buf;
    ngx_mqtt_property_parse(&pos, buf + len, NGX_MQTT_PUBLISH, &props, &reason);
    is_int(ngx_mqtt_property_forward(out, &props) - out, 0, "none forwarded");
}


static void
test_property_vbi(void)
{
    size_t      len;
    u_char      buf[8], *pos;
    uint32_t    value;
    ngx_uint_t  i;

    static struct {
        const char  *hex;
        uint32_t     value;
    } good[] = {
        { "00", 0 }, { "01", 1 }, { "7f", 127 }, { "8001", 128 },
        { "ff7f", 16383 }, { "808001", 16384 }, { "ffff7f", 2097151 },
        { "80808001", 2097152 }, { "ffffff7f", 268435455 }, { NULL, 0 }
    };

    static struct {
        const char  *hex;
        ngx_int_t    rc;
    } bad[] = {
        { "8000", NGX_ERROR }, { "80808000", NGX_ERROR },
        { "808080", NGX_AGAIN }, { "80", NGX_AGAIN }, { "", NGX_AGAIN },
        { "80808080", NGX_ERROR }, { "ffffffff01", NGX_ERROR }, { NULL, 0 }
    };

    for (i = 0; good[i].hex; i++) {
        pos = buf;
        len = test_hex(buf, good[i].hex);
        is_int(ngx_mqtt_vbi_parse(&pos, buf + len, &value), NGX_OK,
               "integer %s", good[i].hex);
        is_int(value, good[i].value, "value of %s", good[i].hex);
        is_int(pos - buf, len, "length of %s", good[i].hex);
        is_int(ngx_mqtt_vbi_size(value), len, "size of %u", value);
        pos = ngx_mqtt_vbi_write(buf + 4, value);
        is_mem(buf + 4, pos - buf - 4, buf, len, "%u written", value);
    }

    for (i = 0; bad[i].hex; i++) {
        pos = buf;
        len = test_hex(buf, bad[i].hex);
        is_int(ngx_mqtt_vbi_parse(&pos, buf + len, &value), bad[i].rc,
               "no integer %s", bad[i].hex);
        is_int(pos - buf, 0, "nothing taken of %s", bad[i].hex);
    }
}


void
test_property(void)
{
    test_property_where();
    test_property_values();
    test_property_short();
    test_property_round_trip();
    test_property_forward();
    test_property_vbi();
}
