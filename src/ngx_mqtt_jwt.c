
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_jwt.h>
#include <ngx_mqtt_topic.h>


static ngx_int_t ngx_mqtt_jwt_times(ngx_mqtt_jwt_t *jwt, time_t now);
static ngx_int_t ngx_mqtt_jwt_time(const ngx_mqtt_json_t *value,
    int64_t *seconds);
static ngx_uint_t ngx_mqtt_jwt_from(const ngx_mqtt_jwt_conf_t *conf,
    const ngx_mqtt_json_t *iss);
static ngx_uint_t ngx_mqtt_jwt_for(const ngx_mqtt_jwt_conf_t *conf,
    const ngx_mqtt_jwt_url_t *url, const ngx_mqtt_json_t *aud);
static ngx_uint_t ngx_mqtt_jwt_for_one(const ngx_mqtt_jwt_conf_t *conf,
    const ngx_mqtt_jwt_url_t *url, const ngx_mqtt_json_t *aud);
static ngx_int_t ngx_mqtt_jwt_who(ngx_pool_t *pool, ngx_mqtt_jwt_t *jwt);
static ngx_int_t ngx_mqtt_jwt_strings(const ngx_mqtt_json_t *value,
    ngx_array_t *strings);
static ngx_int_t ngx_mqtt_jwt_string(const ngx_mqtt_json_t *value,
    ngx_array_t *strings);
static ngx_uint_t ngx_mqtt_jwt_is_plain(const ngx_mqtt_json_t *value);


ngx_int_t
ngx_mqtt_jwt_verify(ngx_pool_t *pool, const ngx_mqtt_jwt_conf_t *conf,
    const ngx_mqtt_jwt_url_t *url, const ngx_str_t *token, time_t now,
    ngx_mqtt_jwt_t *jwt)
{
    ngx_int_t        rc;
    ngx_mqtt_jws_t   jws;

    ngx_memzero(jwt, sizeof(ngx_mqtt_jwt_t));

    rc = ngx_mqtt_jws_verify(pool, &conf->keys, token, &jws);

    if (rc != NGX_OK) {
        jwt->reason = jws.reason;
        return rc;
    }

    rc = ngx_mqtt_json_parse(pool, &jws.payload, 2, &jwt->claims,
                             &jwt->reason);

    if (rc != NGX_OK) {
        return rc;
    }

    if (jwt->claims->type != NGX_MQTT_JSON_OBJECT) {
        jwt->reason = "its payload is no object";
        return NGX_DECLINED;
    }

    if (ngx_mqtt_jwt_times(jwt, now) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (jws.by_public
        && !ngx_mqtt_jwt_from(conf, ngx_mqtt_json_get(jwt->claims, "iss")))
    {
        jwt->reason = "its \"iss\" is another one";
        return NGX_DECLINED;
    }

    if (!ngx_mqtt_jwt_for(conf, url, ngx_mqtt_json_get(jwt->claims, "aud"))) {
        jwt->reason = "its \"aud\" is another one";
        return NGX_DECLINED;
    }

    return ngx_mqtt_jwt_who(pool, jwt);
}


static ngx_int_t
ngx_mqtt_jwt_times(ngx_mqtt_jwt_t *jwt, time_t now)
{
    int64_t           nbf;
    ngx_mqtt_json_t  *value;

    value = ngx_mqtt_json_get(jwt->claims, "exp");

    if (value == NULL || ngx_mqtt_jwt_time(value, &jwt->expires) != NGX_OK) {
        jwt->reason = "it has no \"exp\"";
        return NGX_DECLINED;
    }

    if (jwt->expires <= (int64_t) now - NGX_MQTT_JWT_LEEWAY) {
        jwt->reason = "it has expired";
        return NGX_DECLINED;
    }

    value = ngx_mqtt_json_get(jwt->claims, "nbf");

    if (value == NULL) {
        return NGX_OK;
    }

    if (ngx_mqtt_jwt_time(value, &nbf) != NGX_OK) {
        jwt->reason = "its \"nbf\" is no time";
        return NGX_DECLINED;
    }

    if (nbf > (int64_t) now + NGX_MQTT_JWT_LEEWAY) {
        jwt->reason = "it is not valid yet";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* some write a fraction, which does not matter */

static ngx_int_t
ngx_mqtt_jwt_time(const ngx_mqtt_json_t *value, int64_t *seconds)
{
    u_char  *p, *last;
    time_t   n;

    if (value->type != NGX_MQTT_JSON_NUMBER) {
        return NGX_ERROR;
    }

    if (value->is_integer) {
        *seconds = value->integer;
        return NGX_OK;
    }

    p = value->text.data;
    last = p + value->text.len;

    while (p < last && *p != '.') {
        p++;
    }

    n = ngx_atotm(value->text.data, p - value->text.data);

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    for (p++; p < last; p++) {
        if (*p < '0' || *p > '9') {
            return NGX_ERROR;
        }
    }

    *seconds = n;

    return NGX_OK;
}


static ngx_uint_t
ngx_mqtt_jwt_from(const ngx_mqtt_jwt_conf_t *conf, const ngx_mqtt_json_t *iss)
{
    if (conf->issuer.len == 0) {
        return 1;
    }

    return iss
           && iss->type == NGX_MQTT_JSON_STRING
           && iss->text.len == conf->issuer.len
           && ngx_memcmp(iss->text.data, conf->issuer.data, iss->text.len)
              == 0;
}


static ngx_uint_t
ngx_mqtt_jwt_for(const ngx_mqtt_jwt_conf_t *conf,
    const ngx_mqtt_jwt_url_t *url, const ngx_mqtt_json_t *aud)
{
    ngx_mqtt_json_t  *item;

    if (aud == NULL) {
        return 0;
    }

    if (aud->type != NGX_MQTT_JSON_ARRAY) {
        return ngx_mqtt_jwt_for_one(conf, url, aud);
    }

    for (item = aud->first; item; item = item->next) {
        if (ngx_mqtt_jwt_for_one(conf, url, item)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_mqtt_jwt_for_one(const ngx_mqtt_jwt_conf_t *conf,
    const ngx_mqtt_jwt_url_t *url, const ngx_mqtt_json_t *aud)
{
    ngx_uint_t  i;

    if (aud->type != NGX_MQTT_JSON_STRING) {
        return 0;
    }

    for (i = 0; i < conf->naudience; i++) {
        if (conf->audience[i].len == aud->text.len
            && ngx_memcmp(conf->audience[i].data, aud->text.data,
                          aud->text.len)
               == 0)
        {
            return 1;
        }
    }

    return ngx_mqtt_jwt_audience(url, &aud->text);
}


static ngx_int_t
ngx_mqtt_jwt_who(ngx_pool_t *pool, ngx_mqtt_jwt_t *jwt)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *sub;

    sub = ngx_mqtt_json_get(jwt->claims, "sub");

    if (sub) {
        if (!ngx_mqtt_jwt_is_plain(sub)) {
            jwt->reason = "its \"sub\" is no plain string";
            return NGX_DECLINED;
        }

        jwt->subject = sub->text;
    }

    if (ngx_array_init(&jwt->roles, pool, 4, sizeof(ngx_str_t)) != NGX_OK
        || ngx_array_init(&jwt->groups, pool, 4, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    jwt->reason = "its roles or groups are no plain strings";

    rc = ngx_mqtt_jwt_strings(ngx_mqtt_json_get(jwt->claims, "role"),
                              &jwt->roles);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_jwt_strings(ngx_mqtt_json_get(jwt->claims,
                                                    "webpubsub.group"),
                                  &jwt->groups);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_jwt_strings(ngx_mqtt_json_get(jwt->claims, "group"),
                                  &jwt->groups);
    }

    return rc;
}


/* adds what may be absent, one string, or an array of them */

static ngx_int_t
ngx_mqtt_jwt_strings(const ngx_mqtt_json_t *value, ngx_array_t *strings)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *item;

    if (value == NULL) {
        return NGX_OK;
    }

    if (value->type != NGX_MQTT_JSON_ARRAY) {
        return ngx_mqtt_jwt_string(value, strings);
    }

    for (item = value->first; item; item = item->next) {

        rc = ngx_mqtt_jwt_string(item, strings);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_jwt_string(const ngx_mqtt_json_t *value, ngx_array_t *strings)
{
    ngx_str_t  *s;

    if (!ngx_mqtt_jwt_is_plain(value)) {
        return NGX_DECLINED;
    }

    s = ngx_array_push(strings);
    if (s == NULL) {
        return NGX_ERROR;
    }

    *s = value->text;

    return NGX_OK;
}


/* U+0000 is not for MQTT, nor for a header */

static ngx_uint_t
ngx_mqtt_jwt_is_plain(const ngx_mqtt_json_t *value)
{
    return value->type == NGX_MQTT_JSON_STRING
           && ngx_mqtt_utf8_valid(value->text.data, value->text.len) == NGX_OK;
}
