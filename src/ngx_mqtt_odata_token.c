
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata_code.h>


static const char *ngx_mqtt_odata_read_string(ngx_mqtt_odata_token_t *t);
static const char *ngx_mqtt_odata_read_integer(ngx_mqtt_odata_token_t *t);
static const char *ngx_mqtt_odata_read_word(ngx_mqtt_odata_token_t *t);
static ngx_uint_t ngx_mqtt_odata_letter(ngx_mqtt_odata_token_t *t);


const char *
ngx_mqtt_odata_token(ngx_mqtt_odata_token_t *t)
{
    while (t->pos < t->last && ngx_strchr(" \t\r\n", *t->pos)) {
        t->pos++;
    }

    t->at = t->pos - t->start;

    if (t->pos == t->last) {
        t->kind = NGX_MQTT_ODATA_END;
        return NULL;
    }

    switch (*t->pos) {

    case '(':
    case ')':
    case ',':
        t->kind = NGX_MQTT_ODATA_SIGN;
        t->text.data = t->pos++;
        t->text.len = 1;
        return NULL;

    case '\'':
        return ngx_mqtt_odata_read_string(t);

    case '-':
        return ngx_mqtt_odata_read_integer(t);

    default:
        return (*t->pos >= '0' && *t->pos <= '9')
               ? ngx_mqtt_odata_read_integer(t)
               : ngx_mqtt_odata_read_word(t);
    }
}


static const char *
ngx_mqtt_odata_read_string(ngx_mqtt_odata_token_t *t)
{
    u_char  *p, *dst;

    p = t->pos + 1;
    dst = p;

    t->kind = NGX_MQTT_ODATA_VALUE;
    t->value.type = NGX_MQTT_ODATA_STRING;
    t->value.text.data = p;

    while (p < t->last) {

        if (*p == '\'' && (++p == t->last || *p != '\'')) {
            t->value.text.len = dst - t->value.text.data;
            t->pos = p;
            return NULL;
        }

        *dst++ = *p++;
    }

    return "string without an end";
}


static const char *
ngx_mqtt_odata_read_integer(ngx_mqtt_odata_token_t *t)
{
    u_char    *p;
    uint64_t   n, max;

    p = t->pos;
    max = INT64_MAX;

    if (*p == '-') {
        p++;
        max++;
    }

    t->pos = p;

    for (n = 0; p < t->last && *p >= '0' && *p <= '9'; p++) {

        if (n > (max - (*p - '0')) / 10) {
            return "integer beyond 64 bits";
        }

        n = n * 10 + (*p - '0');
    }

    if (p == t->pos) {
        return "\"-\" without a number";
    }

    t->pos = p;

    if (ngx_mqtt_odata_letter(t) || (p < t->last && *p == '.')) {
        return "not an integer";
    }

    t->kind = NGX_MQTT_ODATA_VALUE;
    t->value.type = NGX_MQTT_ODATA_INT;
    t->value.integer = (int64_t) (max > INT64_MAX ? 0 - n : n);

    return NULL;
}


static const char *
ngx_mqtt_odata_read_word(ngx_mqtt_odata_token_t *t)
{
    u_char  *p;
    size_t   len;

    p = t->pos;

    while (ngx_mqtt_odata_letter(t)) {
        t->pos++;
    }

    len = t->pos - p;

    if (len == 0) {
        return "unexpected character";
    }

    t->kind = NGX_MQTT_ODATA_VALUE;
    t->value.type = NGX_MQTT_ODATA_BOOL;

    if (len == 4 && ngx_memcmp(p, "true", 4) == 0) {
        t->value.integer = 1;
        return NULL;
    }

    if (len == 5 && ngx_memcmp(p, "false", 5) == 0) {
        t->value.integer = 0;
        return NULL;
    }

    if (len == 4 && ngx_memcmp(p, "null", 4) == 0) {
        t->value.type = NGX_MQTT_ODATA_NULL;
        return NULL;
    }

    t->kind = NGX_MQTT_ODATA_WORD;
    t->text.data = p;
    t->text.len = len;

    return NULL;
}


/* 1 if a letter or digit comes next */

static ngx_uint_t
ngx_mqtt_odata_letter(ngx_mqtt_odata_token_t *t)
{
    u_char  c;

    if (t->pos == t->last) {
        return 0;
    }

    c = ngx_tolower(*t->pos);

    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}
