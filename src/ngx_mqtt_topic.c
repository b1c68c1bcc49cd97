
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_topic.h>


#define NGX_MQTT_UTF8_HIGH  0x8080808080808080ULL
#define NGX_MQTT_UTF8_LOW   0x0101010101010101ULL


static ngx_int_t ngx_mqtt_filter_levels(ngx_mqtt_filter_t *f);
static size_t ngx_mqtt_utf8_sequence(const u_char *p, size_t len);


static u_char  ngx_mqtt_share_prefix[] = "$share/";


ngx_int_t
ngx_mqtt_topic_name_valid(const ngx_str_t *topic)
{
    size_t  i;

    if (topic->len == 0 || topic->len > NGX_MQTT_STRING_MAX) {
        return NGX_ERROR;
    }

    for (i = 0; i < topic->len; i++) {
        if (topic->data[i] == '+' || topic->data[i] == '#') {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_filter_parse(const ngx_str_t *full, ngx_mqtt_filter_t *f)
{
    size_t   i, prefix;
    u_char  *slash;

    f->full = *full;
    f->filter = *full;
    f->wildcard = 0;
    f->shared = 0;
    ngx_str_null(&f->share);

    if (full->len > NGX_MQTT_STRING_MAX) {
        return NGX_ERROR;
    }

    prefix = sizeof(ngx_mqtt_share_prefix) - 1;

    if (full->len >= prefix
        && ngx_memcmp(full->data, ngx_mqtt_share_prefix, prefix) == 0)
    {
        f->shared = 1;
        f->share.data = full->data + prefix;

        slash = memchr(f->share.data, '/', full->len - prefix);
        if (slash == NULL || slash == f->share.data) {
            return NGX_ERROR;
        }

        f->share.len = slash - f->share.data;

        for (i = 0; i < f->share.len; i++) {
            if (f->share.data[i] == '+' || f->share.data[i] == '#') {
                return NGX_ERROR;
            }
        }

        f->filter.data = slash + 1;
        f->filter.len = full->data + full->len - f->filter.data;
    }

    return ngx_mqtt_filter_levels(f);
}


/* a wildcard must be its whole level, and "#" the last one */

static ngx_int_t
ngx_mqtt_filter_levels(ngx_mqtt_filter_t *f)
{
    u_char  *p, *start, *last;

    if (f->filter.len == 0) {
        return NGX_ERROR;
    }

    start = f->filter.data;
    last = start + f->filter.len;

    for (p = start; p < last; p++) {

        if (*p != '+' && *p != '#') {
            continue;
        }

        f->wildcard = 1;

        if (p > start && p[-1] != '/') {
            return NGX_ERROR;
        }

        if (p + 1 < last && (*p == '#' || p[1] != '/')) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_topic_match(const ngx_str_t *filter, const ngx_str_t *topic)
{
    if (filter->len && topic->len && topic->data[0] == '$'
        && (filter->data[0] == '+' || filter->data[0] == '#'))
    {
        return 0;
    }

    return ngx_mqtt_topic_match_rest(filter, topic);
}


ngx_uint_t
ngx_mqtt_topic_match_rest(const ngx_str_t *filter, const ngx_str_t *topic)
{
    const u_char  *f, *flast, *t, *tlast;

    f = filter->data;
    flast = f + filter->len;
    t = topic->data;
    tlast = t + topic->len;

    while (f < flast) {

        if (*f == '#') {
            return 1;
        }

        if (*f == '+') {
            t = (t < tlast) ? memchr(t, '/', tlast - t) : NULL;
            t = t ? t : tlast;

            f++;
            continue;
        }

        if (t == tlast) {
            /* "a/#" matches its parent "a" as well */
            return (flast - f == 2 && f[0] == '/' && f[1] == '#');
        }

        if (*f++ != *t++) {
            return 0;
        }
    }

    return (t == tlast);
}


ngx_int_t
ngx_mqtt_topic_level(ngx_str_t *rest, ngx_str_t *level)
{
    u_char  *slash;

    if (rest->data == NULL) {
        return NGX_DONE;
    }

    level->data = rest->data;

    slash = rest->len ? memchr(rest->data, '/', rest->len) : NULL;

    if (slash == NULL) {
        level->len = rest->len;
        rest->len = 0;
        rest->data = NULL;

        return NGX_OK;
    }

    level->len = slash - rest->data;
    rest->len -= level->len + 1;
    rest->data = slash + 1;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_utf8_valid(const u_char *p, size_t len)
{
    size_t    n;
    uint64_t  word;

    while (len) {

        while (len >= sizeof(word)) {
            ngx_memcpy(&word, p, sizeof(word));

            /* for bytes below 0x80 the borrow shows a zero byte, no other */

            if ((word | (word - NGX_MQTT_UTF8_LOW)) & NGX_MQTT_UTF8_HIGH) {
                break;
            }

            p += sizeof(word);
            len -= sizeof(word);
        }

        if (len == 0) {
            break;
        }

        if (*p < 0x80) {
            if (*p == '\0') {
                return NGX_ERROR;
            }

            p++;
            len--;
            continue;
        }

        n = ngx_mqtt_utf8_sequence(p, len);
        if (n == 0) {
            return NGX_ERROR;
        }

        p += n;
        len -= n;
    }

    return NGX_OK;
}


/*
 * The length of the well-formed sequence at p that begins with a byte from
 * 0x80 on, or 0.  Only the second byte's range depends on the first: that
 * keeps out overlong forms, surrogates and what lies above U+10FFFF.
 */

static size_t
ngx_mqtt_utf8_sequence(const u_char *p, size_t len)
{
    size_t  i, n;
    u_char  low, high;

    low = 0x80;
    high = 0xbf;

    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        n = 2;

    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        n = 3;
        low = (p[0] == 0xe0) ? 0xa0 : low;
        high = (p[0] == 0xed) ? 0x9f : high;

    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        n = 4;
        low = (p[0] == 0xf0) ? 0x90 : low;
        high = (p[0] == 0xf4) ? 0x8f : high;

    } else {
        return 0;
    }

    if (len < n || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }

    return n;
}
