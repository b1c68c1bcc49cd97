
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata_code.h>


/* Every step-th character from first to last is a capital. */

typedef struct {
    uint16_t   first;
    uint16_t   last;
    uint16_t   step;
    int16_t    lower;          /* how far away its small letter is */
} ngx_mqtt_odata_letters_t;


static ngx_uint_t ngx_mqtt_odata_capital(ngx_uint_t c);
static ngx_uint_t ngx_mqtt_odata_small(ngx_uint_t c);
static void ngx_mqtt_odata_map(u_char *dst, const ngx_str_t *s,
    ngx_uint_t (*map)(ngx_uint_t c));
static size_t ngx_mqtt_odata_blank(const u_char *p, const u_char *last);


/* each takes two bytes, and so does its other letter */

static const ngx_mqtt_odata_letters_t  ngx_mqtt_odata_letters[] = {
    { 0x00c0, 0x00d6, 1,   32 },
    { 0x00d8, 0x00de, 1,   32 },
    { 0x0100, 0x012e, 2,    1 },
    { 0x0132, 0x0136, 2,    1 },
    { 0x0139, 0x0147, 2,    1 },
    { 0x014a, 0x0176, 2,    1 },
    { 0x0178, 0x0178, 1, -121 },
    { 0x0179, 0x017d, 2,    1 },
    { 0x01a0, 0x01a4, 2,    1 },
    { 0x01af, 0x01af, 1,    1 },
    { 0x01cd, 0x01db, 2,    1 },
    { 0x01de, 0x01ee, 2,    1 },
    { 0x01f8, 0x021e, 2,    1 },
    { 0x0222, 0x0232, 2,    1 },
    { 0x0386, 0x0386, 1,   38 },
    { 0x0388, 0x038a, 1,   37 },
    { 0x038c, 0x038c, 1,   64 },
    { 0x038e, 0x038f, 1,   63 },
    { 0x0391, 0x03a1, 1,   32 },
    { 0x03a3, 0x03ab, 1,   32 },
    { 0x0400, 0x040f, 1,   80 },
    { 0x0410, 0x042f, 1,   32 },
    { 0x0460, 0x0480, 2,    1 },
    { 0x048a, 0x04be, 2,    1 },
    { 0x04c0, 0x04c0, 1,   15 },
    { 0x04c1, 0x04cd, 2,    1 },
    { 0x04d0, 0x052e, 2,    1 },
    { 0x0531, 0x0556, 1,   48 },
    { 0, 0, 1, 0 }
};


size_t
ngx_mqtt_odata_units(const u_char *p, const u_char *last)
{
    size_t  n;

    for (n = 0; p < last; p++) {
        n += ((*p & 0xc0) != 0x80) + (*p >= 0xf0);
    }

    return n;
}


u_char *
ngx_mqtt_odata_seek(u_char *p, u_char *last, int64_t units)
{
    while (units > 0) {

        if (p == last) {
            return NULL;
        }

        units -= (*p >= 0xf0) ? 2 : 1;

        do {
            p++;
        } while (p < last && (*p & 0xc0) == 0x80);
    }

    return (units == 0) ? p : NULL;
}


void
ngx_mqtt_odata_lower(u_char *dst, const ngx_str_t *s)
{
    ngx_mqtt_odata_map(dst, s, ngx_mqtt_odata_small);
}


void
ngx_mqtt_odata_upper(u_char *dst, const ngx_str_t *s)
{
    ngx_mqtt_odata_map(dst, s, ngx_mqtt_odata_capital);
}


static ngx_uint_t
ngx_mqtt_odata_small(ngx_uint_t c)
{
    const ngx_mqtt_odata_letters_t  *l;

    if (c < 0x80) {
        return ngx_tolower(c);
    }

    for (l = ngx_mqtt_odata_letters; l->first; l++) {

        if (c >= l->first && c <= l->last && (c - l->first) % l->step == 0) {
            return c + l->lower;
        }
    }

    return c;
}


static ngx_uint_t
ngx_mqtt_odata_capital(ngx_uint_t c)
{
    ngx_uint_t                       capital;
    const ngx_mqtt_odata_letters_t  *l;

    if (c < 0x80) {
        return ngx_toupper(c);
    }

    for (l = ngx_mqtt_odata_letters; l->first; l++) {
        capital = c - l->lower;

        if (capital >= l->first && capital <= l->last
            && (capital - l->first) % l->step == 0)
        {
            return capital;
        }
    }

    return c;
}


static void
ngx_mqtt_odata_map(u_char *dst, const ngx_str_t *s,
    ngx_uint_t (*map)(ngx_uint_t c))
{
    u_char      *p, *last;
    ngx_uint_t   c;

    p = s->data;
    last = p + s->len;

    while (p < last) {

        if (*p < 0x80) {
            *dst++ = (u_char) map(*p++);
            continue;
        }

        if (*p < 0xc2 || *p > 0xdf || last - p == 1 || (p[1] & 0xc0) != 0x80) {
            *dst++ = *p++;
            continue;
        }

        c = map(((p[0] & 0x1f) << 6) | (p[1] & 0x3f));

        *dst++ = (u_char) (0xc0 | (c >> 6));
        *dst++ = (u_char) (0x80 | (c & 0x3f));
        p += 2;
    }
}


void
ngx_mqtt_odata_strip(ngx_str_t *s)
{
    size_t   n;
    u_char  *p, *last;

    p = s->data;
    last = p + s->len;

    while ((n = ngx_mqtt_odata_blank(p, last)) != 0) {
        p += n;
    }

    for (n = 1; n <= 3 && n <= (size_t) (last - p); n++) {

        if (ngx_mqtt_odata_blank(last - n, last) == n) {
            last -= n;
            n = 0;
        }
    }

    s->data = p;
    s->len = last - p;
}


/* the bytes that white space takes, or 0 if there is none */

static size_t
ngx_mqtt_odata_blank(const u_char *p, const u_char *last)
{
    size_t      n;
    ngx_uint_t  c;

    n = last - p;

    if (n && (*p == ' ' || (*p >= 0x09 && *p <= 0x0d))) {
        return 1;
    }

    if (n >= 2 && p[0] == 0xc2) {
        return (p[1] == 0x85 || p[1] == 0xa0) ? 2 : 0;
    }

    if (n < 3 || p[0] < 0xe1 || p[0] > 0xe3) {
        return 0;
    }

    c = ((p[0] & 0x0f) << 12) | ((p[1] & 0x3f) << 6) | (p[2] & 0x3f);

    return ((c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029
            || c == 0x202f || c == 0x205f || c == 0x1680 || c == 0x3000)
           ? 3 : 0;
}
