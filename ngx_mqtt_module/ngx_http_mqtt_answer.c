
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_event.h>
#include <ngx_mqtt_native.h>


static ngx_uint_t ngx_http_mqtt_answer_complete(ngx_http_request_t *r);
static ngx_int_t ngx_http_mqtt_answer_header(ngx_http_mqtt_hook_t *hook,
    ngx_table_elt_t *h);
static ngx_int_t ngx_http_mqtt_answer_pair(ngx_http_mqtt_hook_t *hook,
    ngx_array_t *pairs, ngx_table_elt_t *h, size_t skip);
static ngx_int_t ngx_http_mqtt_answer_metadata(ngx_http_mqtt_hook_t *hook,
    ngx_table_elt_t *h);


ngx_int_t
ngx_http_mqtt_hook_answer(ngx_http_mqtt_hook_t *hook)
{
    ngx_buf_t           *b;
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h;
    ngx_mqtt_answer_t   *answer;
    ngx_http_request_t  *r;

    r = hook->subrequest;
    answer = &hook->answer;

    if (hook->failed) {
        return NGX_OK;
    }

    answer->status = r->headers_out.status;

    if (!ngx_http_mqtt_answer_complete(r)) {
        answer->status = NGX_HTTP_BAD_GATEWAY;
        return NGX_OK;
    }

    answer->content_type = r->headers_out.content_type;

    if (r->out) {
        b = r->out->buf;
        answer->body.data = b->pos;
        answer->body.len = b->last - b->pos;
    }

    if (ngx_array_init(&answer->headers, r->pool, 4, sizeof(ngx_keyval_t))
        != NGX_OK
        || ngx_array_init(&answer->metadata, r->pool, 1, sizeof(ngx_keyval_t))
           != NGX_OK
        || ngx_array_init(&answer->cookies, r->pool, 1, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash && ngx_http_mqtt_answer_header(hook, &h[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * NGINX can only close a connection to tell a client that an answer was cut
 * off; here it has to be seen from the state it is left in.
 */

static ngx_uint_t
ngx_http_mqtt_answer_complete(ngx_http_request_t *r)
{
    off_t                 len;
    ngx_event_pipe_t     *p;
    ngx_http_upstream_t  *u;

    len = r->out ? r->out->buf->last - r->out->buf->pos : 0;

    if (r->headers_out.content_length_n > 0 && !r->header_only
        && len < r->headers_out.content_length_n)
    {
        return 0;
    }

    u = r->upstream;

    if (u == NULL || !u->header_sent) {
        return 1;
    }

    if (!u->buffering) {
        return u->length == 0 || u->length == -1;
    }

    p = u->pipe;

    return p == NULL || p->output_filter == NULL || p->upstream_done
           || (p->upstream_eof && p->length == -1);
}


static ngx_int_t
ngx_http_mqtt_answer_header(ngx_http_mqtt_hook_t *hook, ngx_table_elt_t *h)
{
    ngx_str_t          *cookie;
    ngx_mqtt_answer_t  *answer;

    static ngx_str_t  state = ngx_string("ce-connectionState");
    static ngx_str_t  allowed = ngx_string("WebHook-Allowed-Origin");
    static ngx_str_t  set_cookie = ngx_string("Set-Cookie");
    static ngx_str_t  metadata = ngx_string(NGX_MQTT_EVENT_METADATA);

    answer = &hook->answer;

    if (h->key.len == state.len
        && ngx_strncasecmp(h->key.data, state.data, state.len) == 0)
    {
        answer->state = h->value;
        answer->has_state = 1;

    } else if (h->key.len == allowed.len
               && ngx_strncasecmp(h->key.data, allowed.data, allowed.len) == 0)
    {
        hook->allowed = h->value;

        if (ngx_http_mqtt_validate_names(&h->value, &hook->handler->origin)) {
            hook->agreed = 1;
        }

    } else if (h->key.len > 5
               && ngx_strncasecmp(h->key.data, (u_char *) "mqtt-", 5) == 0)
    {
        return ngx_http_mqtt_answer_pair(hook, &answer->headers, h, 5);

    } else if (h->key.len > metadata.len
               && ngx_strncasecmp(h->key.data, metadata.data, metadata.len)
                  == 0)
    {
        return ngx_http_mqtt_answer_metadata(hook, h);

    } else if (h->key.len == set_cookie.len
               && ngx_strncasecmp(h->key.data, set_cookie.data,
                                  set_cookie.len)
                  == 0)
    {
        cookie = ngx_array_push(&answer->cookies);
        if (cookie == NULL) {
            return NGX_ERROR;
        }

        *cookie = h->value;
    }

    return NGX_OK;
}


/* A header without the first letters of its name, in lower case. */

static ngx_int_t
ngx_http_mqtt_answer_pair(ngx_http_mqtt_hook_t *hook, ngx_array_t *pairs,
    ngx_table_elt_t *h, size_t skip)
{
    ngx_keyval_t  *kv;

    kv = ngx_array_push(pairs);
    if (kv == NULL) {
        return NGX_ERROR;
    }

    kv->key.len = h->key.len - skip;
    kv->key.data = ngx_pnalloc(hook->pool, kv->key.len);

    if (kv->key.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(kv->key.data, h->key.data + skip, kv->key.len);
    kv->value = h->value;

    return NGX_OK;
}


/* What is no metadata, or too much, is left out; the last value counts. */

static ngx_int_t
ngx_http_mqtt_answer_metadata(ngx_http_mqtt_hook_t *hook, ngx_table_elt_t *h)
{
    size_t         size, skip;
    ngx_str_t      name;
    ngx_uint_t     i;
    ngx_array_t   *pairs;
    ngx_keyval_t  *kv;

    pairs = &hook->answer.metadata;
    kv = pairs->elts;
    skip = sizeof(NGX_MQTT_EVENT_METADATA) - 1;

    name.len = h->key.len - skip;
    name.data = h->key.data + skip;

    size = name.len + h->value.len;

    /* clients get these as UTF-8 */

    if (name.len > NGX_MQTT_NATIVE_META_NAME
        || h->value.len > NGX_MQTT_NATIVE_META_VALUE
        || !ngx_mqtt_event_token(&name)
        || !ngx_mqtt_event_is_clean(&h->value))
    {
        return NGX_OK;
    }

    for (i = 0; i < pairs->nelts; i++) {

        if (kv[i].key.len == name.len
            && ngx_strncasecmp(kv[i].key.data, name.data, name.len) == 0)
        {
            kv[i].value = h->value;
            return NGX_OK;
        }

        size += kv[i].key.len + kv[i].value.len;
    }

    if (size > NGX_MQTT_NATIVE_META_SIZE) {
        return NGX_OK;
    }

    return ngx_http_mqtt_answer_pair(hook, pairs, h, skip);
}
