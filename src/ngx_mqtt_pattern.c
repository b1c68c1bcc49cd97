
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_role.h>


static ngx_uint_t ngx_mqtt_pattern_match(u_char *p, u_char *plast, u_char *s,
    u_char *slast);
static ngx_uint_t ngx_mqtt_pattern_step(u_char *p, u_char **pos,
    u_char *slast);


/* MQTT's own wildcards: nothing but "**" covers them */

#define ngx_mqtt_pattern_wild(c)  ((c) == '+' || (c) == '#')

/* whether there is a byte that "*" takes */

#define ngx_mqtt_pattern_some(s, last)                                        \
    ((s) < (last) && *(s) != '.' && !ngx_mqtt_pattern_wild(*(s)))


ngx_int_t
ngx_mqtt_pattern_compile(ngx_str_t *pattern, u_char *buf, size_t *len,
    ngx_uint_t *wild, const char **why)
{
    u_char      *p, *last, *out;
    ngx_uint_t   stars;

    if (ngx_mqtt_utf8_valid(pattern->data, pattern->len) != NGX_OK) {
        *why = "its pattern is not UTF-8";
        return NGX_ERROR;
    }

    p = pattern->data;
    last = p + pattern->len;
    out = buf;
    stars = 0;
    *wild = 0;

    while (p < last) {

        switch (*p) {

        case '\\':
            p++;

            if (p == last || (*p != '\\' && *p != '*' && *p != '?')) {
                *why = "in its pattern \"\\\" must stand before \"*\", \"?\" "
                       "or \"\\\"";
                return NGX_ERROR;
            }

            *out++ = *p++;
            break;

        case '?':
            *out++ = NGX_MQTT_PATTERN_ONE;
            (*wild)++;
            p++;
            break;

        case '*':
            *out++ = (p + 1 < last && p[1] == '*') ? NGX_MQTT_PATTERN_ANY
                                                   : NGX_MQTT_PATTERN_SOME;
            (*wild)++;

            while (p < last && *p == '*') {
                stars++;
                p++;
            }

            break;

        default:
            *out++ = *p++;
        }
    }

    if (stars > NGX_MQTT_ROLE_WILD_MAX || *wild > NGX_MQTT_ROLE_WILD_MAX) {
        *why = "its pattern has more than 5 wildcards";
        return NGX_ERROR;
    }

    *len = out - buf;

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_pattern_covers(ngx_str_t *compiled, ngx_str_t *filter)
{
    size_t   len;
    u_char  *p, *plast, *s;

    p = compiled->data;
    plast = p + compiled->len;

    s = filter->data;
    len = filter->len;

    if (!ngx_mqtt_pattern_match(p, plast, s, s + len)) {
        return 0;
    }

    /* "a/#" matches its parent "a" as well */

    if (len > 2 && s[len - 1] == '#') {
        return ngx_mqtt_pattern_match(p, plast, s, s + len - 2);
    }

    return 1;
}


/*
 * Each wildcard takes as little as it can; on a mismatch the last one takes
 * one more.  The one before it need not: what a "*" may take ends at the same
 * "." for both, and a "**" may take all.  If a "*" cannot take more, the last
 * "**" does, so much that the first "*" behind it begins behind that ".":
 * that keeps the time linear in the length of the topic.
 */

static ngx_uint_t
ngx_mqtt_pattern_match(u_char *p, u_char *plast, u_char *s, u_char *slast)
{
    u_char  *some, *some_at, *any, *any_at, *first, *begin;

    some = NULL;
    some_at = NULL;
    any = NULL;
    any_at = NULL;
    first = s;
    begin = s;

    for ( ;; ) {

        if (p < plast) {

            if (*p == NGX_MQTT_PATTERN_ANY) {
                any = ++p;
                any_at = s;
                some = NULL;
                begin = s;
                continue;
            }

            if (*p == NGX_MQTT_PATTERN_SOME && (some || s >= begin)) {
                first = some ? first : s;
                some = ++p;
                some_at = s;
                continue;
            }

            if (ngx_mqtt_pattern_step(p, &s, slast)) {
                p++;
                continue;
            }

        } else if (s == slast) {
            return 1;
        }

        if (some) {

            if (ngx_mqtt_pattern_some(some_at, slast)) {
                p = some;
                s = ++some_at;
                continue;
            }

            while (ngx_mqtt_pattern_some(first, slast)) {
                first++;
            }

            if (first == slast) {
                return 0;
            }

            begin = first + 1;
        }

        if (any == NULL || any_at == slast) {
            return 0;
        }

        p = any;
        s = ++any_at;
        some = NULL;
    }
}


/* One character, which is no "*"; 0: it is another one. */

static ngx_uint_t
ngx_mqtt_pattern_step(u_char *p, u_char **pos, u_char *slast)
{
    u_char  *s;

    s = *pos;

    if (s == slast || ngx_mqtt_pattern_wild(*s)) {
        return 0;
    }

    if (*p == *s) {
        *pos = s + 1;
        return 1;
    }

    if (*p != NGX_MQTT_PATTERN_ONE || *s == '.') {
        return 0;
    }

    do {
        s++;
    } while (s < slast && (*s & 0xc0) == 0x80);

    *pos = s;

    return 1;
}
