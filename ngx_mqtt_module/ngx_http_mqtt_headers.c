
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>
#include <ngx_http_mqtt_event.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>


#define NGX_HTTP_MQTT_SHA256_LEN  32


/* The headers of all events, in the order they are sent. */

typedef enum {
    NGX_HTTP_MQTT_CONTENT_TYPE = 0,
    NGX_HTTP_MQTT_CONTENT_LENGTH,
    NGX_HTTP_MQTT_ORIGIN,
    NGX_HTTP_MQTT_AWPS_VERSION,
    NGX_HTTP_MQTT_SPEC_VERSION,
    NGX_HTTP_MQTT_TYPE,
    NGX_HTTP_MQTT_SOURCE,
    NGX_HTTP_MQTT_ID,
    NGX_HTTP_MQTT_TIME,
    NGX_HTTP_MQTT_HUB,
    NGX_HTTP_MQTT_CONNECTION_ID,
    NGX_HTTP_MQTT_PHYSICAL_ID,
    NGX_HTTP_MQTT_SESSION_ID,
    NGX_HTTP_MQTT_EVENT_NAME,
    NGX_HTTP_MQTT_USER_ID,
    NGX_HTTP_MQTT_SUBPROTOCOL,
    NGX_HTTP_MQTT_STATE,
    NGX_HTTP_MQTT_COOKIE,
    NGX_HTTP_MQTT_SIGNATURE,
    NGX_HTTP_MQTT_HEADERS
} ngx_http_mqtt_header_e;


static ngx_int_t ngx_http_mqtt_headers_push(ngx_http_headers_in_t *in,
    ngx_str_t *values);
static ngx_int_t ngx_http_mqtt_headers_event(ngx_http_mqtt_hook_t *hook,
    ngx_str_t *values);
static ngx_int_t ngx_http_mqtt_headers_made(ngx_http_mqtt_hook_t *hook,
    ngx_str_t *values);
static ngx_int_t ngx_http_mqtt_headers_signature(ngx_http_mqtt_hook_t *hook,
    ngx_str_t *id, ngx_str_t *value);
static void ngx_http_mqtt_headers_time(ngx_str_t *value);
static void ngx_http_mqtt_headers_hash(void);
static ngx_int_t ngx_http_mqtt_headers_property(ngx_http_mqtt_hook_t *hook,
    ngx_list_t *list, ngx_keyval_t *kv);


static struct {
    ngx_str_t    key;
    ngx_str_t    lowcase;
    ngx_uint_t   hash;
} ngx_http_mqtt_header_names[] = {
    { ngx_string("Content-Type"), ngx_string("content-type"), 0 },
    { ngx_string("Content-Length"), ngx_string("content-length"), 0 },
    { ngx_string("WebHook-Request-Origin"),
      ngx_string("webhook-request-origin"), 0 },
    { ngx_string("ce-awpsversion"), ngx_string("ce-awpsversion"), 0 },
    { ngx_string("ce-specversion"), ngx_string("ce-specversion"), 0 },
    { ngx_string("ce-type"), ngx_string("ce-type"), 0 },
    { ngx_string("ce-source"), ngx_string("ce-source"), 0 },
    { ngx_string("ce-id"), ngx_string("ce-id"), 0 },
    { ngx_string("ce-time"), ngx_string("ce-time"), 0 },
    { ngx_string("ce-hub"), ngx_string("ce-hub"), 0 },
    { ngx_string("ce-connectionId"), ngx_string("ce-connectionid"), 0 },
    { ngx_string("ce-physicalConnectionId"),
      ngx_string("ce-physicalconnectionid"), 0 },
    { ngx_string("ce-sessionId"), ngx_string("ce-sessionid"), 0 },
    { ngx_string("ce-eventName"), ngx_string("ce-eventname"), 0 },
    { ngx_string("ce-userId"), ngx_string("ce-userid"), 0 },
    { ngx_string("ce-subprotocol"), ngx_string("ce-subprotocol"), 0 },
    { ngx_string("ce-connectionState"), ngx_string("ce-connectionstate"), 0 },
    { ngx_string("Cookie"), ngx_string("cookie"), 0 },
    { ngx_string("ce-signature"), ngx_string("ce-signature"), 0 }
};


ngx_int_t
ngx_http_mqtt_hook_headers(ngx_http_mqtt_hook_t *hook,
    ngx_http_headers_in_t *in)
{
    ngx_uint_t         i, n;
    ngx_str_t          values[NGX_HTTP_MQTT_HEADERS];
    ngx_keyval_t      *kv;
    ngx_mqtt_event_t  *ev;

    ev = hook->event;
    n = NGX_HTTP_MQTT_HEADERS + (ev ? ev->headers.nelts : 0);

    ngx_memzero(values, sizeof(values));

    values[NGX_HTTP_MQTT_ORIGIN] = hook->handler->origin;
    ngx_str_set(&values[NGX_HTTP_MQTT_AWPS_VERSION], "1.0");

    if (ngx_list_init(&in->headers, hook->pool, n, sizeof(ngx_table_elt_t))
        != NGX_OK
        || (ev && ngx_http_mqtt_headers_event(hook, values) != NGX_OK))
    {
        return NGX_ERROR;
    }

    if (ngx_http_mqtt_headers_push(in, values) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ev) {
        kv = ev->headers.elts;

        for (i = 0; i < ev->headers.nelts; i++) {
            if (ngx_http_mqtt_headers_property(hook, &in->headers, &kv[i])
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_headers_push(ngx_http_headers_in_t *in, ngx_str_t *values)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    ngx_http_mqtt_headers_hash();

    for (i = 0; i < NGX_HTTP_MQTT_HEADERS; i++) {

        if (values[i].len == 0) {
            continue;
        }

        h = ngx_list_push(&in->headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = ngx_http_mqtt_header_names[i].hash;
        h->key = ngx_http_mqtt_header_names[i].key;
        h->lowcase_key = ngx_http_mqtt_header_names[i].lowcase.data;
        h->value = values[i];

        if (i == NGX_HTTP_MQTT_CONTENT_TYPE) {
            in->content_type = h;

        } else if (i == NGX_HTTP_MQTT_CONTENT_LENGTH) {
            in->content_length = h;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_headers_event(ngx_http_mqtt_hook_t *hook, ngx_str_t *values)
{
    ngx_uint_t         i;
    ngx_mqtt_event_t  *ev;

    ev = hook->event;

    values[NGX_HTTP_MQTT_CONTENT_TYPE] = ev->content_type;
    ngx_str_set(&values[NGX_HTTP_MQTT_SPEC_VERSION], "1.0");
    values[NGX_HTTP_MQTT_HUB] = ev->hub;
    values[NGX_HTTP_MQTT_CONNECTION_ID] = ev->connection_id;
    values[NGX_HTTP_MQTT_PHYSICAL_ID] = ev->physical_id;
    values[NGX_HTTP_MQTT_SESSION_ID] = ev->session_id;
    values[NGX_HTTP_MQTT_EVENT_NAME] = ev->name;
    values[NGX_HTTP_MQTT_USER_ID] = ev->user_id;
    values[NGX_HTTP_MQTT_SUBPROTOCOL] = ev->subprotocol;
    values[NGX_HTTP_MQTT_STATE] = ev->state;
    values[NGX_HTTP_MQTT_COOKIE] = ev->cookie;

    for (i = 0; i < NGX_HTTP_MQTT_HEADERS; i++) {
        if (ngx_mqtt_event_clean(hook->pool, &values[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return ngx_http_mqtt_headers_made(hook, values);
}


/* What is put together here. */

static ngx_int_t
ngx_http_mqtt_headers_made(ngx_http_mqtt_hook_t *hook, ngx_str_t *values)
{
    u_char            *p, *last;
    size_t             size;
    ngx_str_t         *hub, *id, *physical, *name;
    const char        *prefix;
    ngx_mqtt_event_t  *ev;

    static uint64_t    n;

    ev = hook->event;

    hub = &values[NGX_HTTP_MQTT_HUB];
    id = &values[NGX_HTTP_MQTT_CONNECTION_ID];
    physical = &values[NGX_HTTP_MQTT_PHYSICAL_ID];
    name = &values[NGX_HTTP_MQTT_EVENT_NAME];

    prefix = (ev->type == NGX_MQTT_EVENT_USER) ? "azure.webpubsub.user."
                                               : "azure.webpubsub.sys.";

    size = NGX_OFF_T_LEN
           + sizeof("azure.webpubsub.user.") + name->len
           + sizeof("/hubs//client//") + hub->len + id->len + physical->len
           + NGX_TIME_T_LEN + 2 * NGX_INT64_LEN + 2;

    p = ngx_pnalloc(hook->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = p + size;

    values[NGX_HTTP_MQTT_CONTENT_LENGTH].data = p;
    p = ngx_slprintf(p, last, "%uz", ev->body.len);
    values[NGX_HTTP_MQTT_CONTENT_LENGTH].len =
        p - values[NGX_HTTP_MQTT_CONTENT_LENGTH].data;

    values[NGX_HTTP_MQTT_TYPE].data = p;
    p = ngx_slprintf(p, last, "%s%V", prefix, name);
    values[NGX_HTTP_MQTT_TYPE].len = p - values[NGX_HTTP_MQTT_TYPE].data;

    values[NGX_HTTP_MQTT_SOURCE].data = p;
    p = ngx_slprintf(p, last, "/hubs/%V/client/%V%s%V", hub, id,
                     physical->len ? "/" : "", physical);
    values[NGX_HTTP_MQTT_SOURCE].len = p - values[NGX_HTTP_MQTT_SOURCE].data;

    /* a process can have been another's successor for a second at most */

    values[NGX_HTTP_MQTT_ID].data = p;
    p = ngx_slprintf(p, last, "%xT-%xP-%xuL", ngx_time(), ngx_pid, n++);
    values[NGX_HTTP_MQTT_ID].len = p - values[NGX_HTTP_MQTT_ID].data;

    ngx_http_mqtt_headers_time(&values[NGX_HTTP_MQTT_TIME]);

    return ngx_http_mqtt_headers_signature(hook, id,
                                           &values[NGX_HTTP_MQTT_SIGNATURE]);
}


/* One for each key, with commas in between. */

static ngx_int_t
ngx_http_mqtt_headers_signature(ngx_http_mqtt_hook_t *hook, ngx_str_t *id,
    ngx_str_t *value)
{
    u_char        *p, digest[EVP_MAX_MD_SIZE];
    ngx_str_t     *key;
    ngx_uint_t     i;
    unsigned int   len;

    key = hook->hub->conf->settings.access_key;

    if (key[0].len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(hook->pool, 2 * (sizeof("sha256=,")
                                     + 2 * NGX_HTTP_MQTT_SHA256_LEN));
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    for (i = 0; i < 2 && key[i].len; i++) {

        if (HMAC(EVP_sha256(), key[i].data, (int) key[i].len, id->data,
                 id->len, digest, &len)
            == NULL)
        {
            return NGX_ERROR;
        }

        if (i) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, "sha256=", sizeof("sha256=") - 1);
        p = ngx_hex_dump(p, digest, len);
    }

    value->len = p - value->data;

    return NGX_OK;
}


static void
ngx_http_mqtt_headers_time(ngx_str_t *value)
{
    time_t          now;
    ngx_tm_t        tm;

    static time_t   made;
    static u_char   buf[sizeof("2026-01-01T00:00:00Z")];

    now = ngx_time();

    if (now != made) {
        made = now;

        ngx_gmtime(now, &tm);

        (void) ngx_sprintf(buf, "%4d-%02d-%02dT%02d:%02d:%02dZ",
                           tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                           tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec);
    }

    value->data = buf;
    value->len = sizeof(buf) - 1;
}


static void
ngx_http_mqtt_headers_hash(void)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (ngx_http_mqtt_header_names[0].hash) {
        return;
    }

    for (i = 0; i < NGX_HTTP_MQTT_HEADERS; i++) {
        name = &ngx_http_mqtt_header_names[i].lowcase;
        ngx_http_mqtt_header_names[i].hash = ngx_hash_key(name->data,
                                                          name->len);
    }
}


static ngx_int_t
ngx_http_mqtt_headers_property(ngx_http_mqtt_hook_t *hook, ngx_list_t *list,
    ngx_keyval_t *kv)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(list);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->key = kv->key;
    h->value = kv->value;
    h->lowcase_key = ngx_pnalloc(hook->pool, kv->key.len);

    if (h->lowcase_key == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, kv->key.data, kv->key.len);

    return NGX_OK;
}
