
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_event_text.h>
#include <ngx_mqtt_ask.h>


/* What the text is about. */

typedef struct {
    ngx_mqtt_event_t      *ev;
    ngx_mqtt_connect_t    *connect;     /* NULL: an upgrade */
    ngx_array_t           *offered;     /* NULL: "mqtt" */
    ngx_mqtt_props_t      *props;       /* NULL: 3.1.1 */
    ngx_mqtt_json_t       *claims;      /* NULL: no token */
    ngx_str_t              password;    /* in base64 */
    ngx_mqtt_request_t     request;
} ngx_mqtt_ask_about_t;


static ngx_int_t ngx_mqtt_ask_about(ngx_mqtt_ask_about_t *about,
    ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx);
static ngx_int_t ngx_mqtt_ask_text_of(ngx_mqtt_event_t *ev,
    ngx_mqtt_ask_about_t *about);
static void ngx_mqtt_ask_write(ngx_mqtt_event_text_t *text,
    ngx_mqtt_ask_about_t *about);
static void ngx_mqtt_ask_write_mqtt(ngx_mqtt_event_text_t *text,
    ngx_mqtt_ask_about_t *about);
static void ngx_mqtt_ask_write_claims(ngx_mqtt_event_text_t *text,
    ngx_mqtt_json_t *claims);
static void ngx_mqtt_ask_write_map(ngx_mqtt_event_text_t *text,
    ngx_array_t *pairs, ngx_uint_t caseless);
static ngx_uint_t ngx_mqtt_ask_same(ngx_str_t *one, ngx_str_t *two,
    ngx_uint_t caseless);
static void ngx_mqtt_ask_write_offered(ngx_mqtt_event_text_t *text,
    ngx_array_t *offered);
static void ngx_mqtt_ask_write_certificate(ngx_mqtt_event_text_t *text,
    ngx_mqtt_event_t *ev);


ngx_int_t
ngx_mqtt_ask_body(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_ask_about_t  about;

    ngx_memzero(&about, sizeof(ngx_mqtt_ask_about_t));

    about.ev = ev;

    if (ngx_mqtt_ask_about(&about, cl, cx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mqtt_ask_text_of(ev, &about);
}


ngx_int_t
ngx_mqtt_ask_upgrade_body(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl,
    ngx_mqtt_upgrade_t *up)
{
    ngx_mqtt_ask_about_t  about;

    ngx_memzero(&about, sizeof(ngx_mqtt_ask_about_t));

    about.ev = ev;
    about.claims = up->principal.claims;
    about.offered = up->offered;

    if (cl->ops->request
        && cl->ops->request(cl, ev->pool, &about.request) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mqtt_ask_text_of(ev, &about);
}


static ngx_int_t
ngx_mqtt_ask_text_of(ngx_mqtt_event_t *ev, ngx_mqtt_ask_about_t *about)
{
    ngx_mqtt_event_text_t  text;

    ngx_memzero(&text, sizeof(ngx_mqtt_event_text_t));

    ngx_mqtt_ask_write(&text, about);

    if (text.size > NGX_MQTT_ASK_BODY_MAX) {
        return NGX_DECLINED;
    }

    ev->body.data = ngx_pnalloc(ev->pool, text.size);
    if (ev->body.data == NULL) {
        return NGX_ERROR;
    }

    text.p = ev->body.data;

    ngx_mqtt_ask_write(&text, about);

    ev->body.len = text.p - ev->body.data;
    ev->size += ev->body.len;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_ask_about(ngx_mqtt_ask_about_t *about, ngx_mqtt_client_t *cl,
    ngx_mqtt_connecting_t *cx)
{
    ngx_str_t    *password;
    ngx_pool_t   *pool;

    pool = about->ev->pool;

    about->connect = cx->connect;
    about->props = (cl->version == NGX_MQTT_V5) ? &cx->pkt->props : NULL;
    about->claims = cx->principal.claims;

    if (cx->connect->has_password) {
        password = &cx->connect->password;

        about->password.data = ngx_pnalloc(pool,
                                 ngx_base64_encoded_length(password->len) + 1);
        if (about->password.data == NULL) {
            return NGX_ERROR;
        }

        ngx_encode_base64(&about->password, password);
    }

    if (cl->ops->request) {
        return cl->ops->request(cl, pool, &about->request);
    }

    return NGX_OK;
}


static void
ngx_mqtt_ask_write(ngx_mqtt_event_text_t *text, ngx_mqtt_ask_about_t *about)
{
    ngx_mqtt_event_put(text, "{");

    if (about->connect) {
        ngx_mqtt_event_put(text, "\"mqtt\":{");
        ngx_mqtt_ask_write_mqtt(text, about);
        ngx_mqtt_event_put(text, "},");
    }

    ngx_mqtt_event_put(text, "\"claims\":{");
    ngx_mqtt_ask_write_claims(text, about->claims);

    ngx_mqtt_event_put(text, "},\"query\":{");
    ngx_mqtt_ask_write_map(text, &about->request.query, 0);

    ngx_mqtt_event_put(text, "},\"headers\":{");
    ngx_mqtt_ask_write_map(text, &about->request.headers, 1);

    ngx_mqtt_event_put(text, "},\"subprotocols\":[");
    ngx_mqtt_ask_write_offered(text, about->offered);

    ngx_mqtt_event_put(text, "],\"clientCertificates\":[");
    ngx_mqtt_ask_write_certificate(text, about->ev);

    ngx_mqtt_event_put(text, "]}");
}


static void
ngx_mqtt_ask_write_mqtt(ngx_mqtt_event_text_t *text,
    ngx_mqtt_ask_about_t *about)
{
    ngx_mqtt_connect_t  *c;

    c = about->connect;

    ngx_mqtt_event_put(text, about->props ? "\"protocolVersion\":5"
                                          : "\"protocolVersion\":4");

    ngx_mqtt_event_put(text, c->clean_start ? ",\"cleanStart\":true"
                                            : ",\"cleanStart\":false");

    ngx_mqtt_event_put(text, ",\"username\":");
    ngx_mqtt_event_put_string(text, c->has_username ? &c->username : NULL);

    ngx_mqtt_event_put(text, ",\"password\":");
    ngx_mqtt_event_put_string(text, c->has_password ? &about->password : NULL);

    ngx_mqtt_event_put(text, ",\"userProperties\":");
    ngx_mqtt_event_put_props(text, about->props ? &about->props->raw : NULL);
}


/* A claim is one value or a list of them: strings, or as they are written. */

static void
ngx_mqtt_ask_write_claims(ngx_mqtt_event_text_t *text, ngx_mqtt_json_t *claims)
{
    ngx_mqtt_json_t  *claim, *item;

    for (claim = claims ? claims->first : NULL; claim; claim = claim->next) {

        ngx_mqtt_event_put_string(text, &claim->name);
        ngx_mqtt_event_put(text, ":[");

        if (claim->type == NGX_MQTT_JSON_ARRAY) {

            for (item = claim->first; item; item = item->next) {
                ngx_mqtt_event_put_string(text, &item->text);
                ngx_mqtt_event_put(text, item->next ? "," : "");
            }

        } else {
            ngx_mqtt_event_put_string(text, &claim->text);
        }

        ngx_mqtt_event_put(text, claim->next ? "]," : "]");
    }
}


/* Each name once, with all its values. */

static void
ngx_mqtt_ask_write_map(ngx_mqtt_event_text_t *text, ngx_array_t *pairs,
    ngx_uint_t caseless)
{
    ngx_uint_t     i, k, first;
    ngx_keyval_t  *kv;

    kv = pairs->elts;
    first = 1;

    for (i = 0; i < pairs->nelts; i++) {

        for (k = 0; k < i; k++) {
            if (ngx_mqtt_ask_same(&kv[k].key, &kv[i].key, caseless)) {
                break;
            }
        }

        if (k < i) {
            continue;
        }

        ngx_mqtt_event_put(text, first ? "" : ",");
        ngx_mqtt_event_put_string(text, &kv[i].key);
        ngx_mqtt_event_put(text, ":[");
        ngx_mqtt_event_put_string(text, &kv[i].value);

        for (k = i + 1; k < pairs->nelts; k++) {
            if (ngx_mqtt_ask_same(&kv[k].key, &kv[i].key, caseless)) {
                ngx_mqtt_event_put(text, ",");
                ngx_mqtt_event_put_string(text, &kv[k].value);
            }
        }

        ngx_mqtt_event_put(text, "]");
        first = 0;
    }
}


static ngx_uint_t
ngx_mqtt_ask_same(ngx_str_t *one, ngx_str_t *two, ngx_uint_t caseless)
{
    if (one->len != two->len) {
        return 0;
    }

    return caseless ? ngx_strncasecmp(one->data, two->data, one->len) == 0
                    : ngx_memcmp(one->data, two->data, one->len) == 0;
}


static void
ngx_mqtt_ask_write_offered(ngx_mqtt_event_text_t *text, ngx_array_t *offered)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (offered == NULL) {
        ngx_mqtt_event_put(text, "\"mqtt\"");
        return;
    }

    name = offered->elts;

    for (i = 0; i < offered->nelts; i++) {
        ngx_mqtt_event_put(text, i ? "," : "");
        ngx_mqtt_event_put_string(text, &name[i]);
    }
}


static void
ngx_mqtt_ask_write_certificate(ngx_mqtt_event_text_t *text,
    ngx_mqtt_event_t *ev)
{
    if (ev->client_cert.len == 0) {
        return;
    }

    ngx_mqtt_event_put(text, "{\"thumbprint\":");
    ngx_mqtt_event_put_string(text, &ev->client_cert_fingerprint);
    ngx_mqtt_event_put(text, ",\"content\":");
    ngx_mqtt_event_put_string(text, &ev->client_cert);
    ngx_mqtt_event_put(text, "}");
}
