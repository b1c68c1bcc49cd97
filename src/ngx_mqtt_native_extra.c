
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native_extra.h>


#define NGX_MQTT_EXTRA_STRINGS  5


/* In the zone: this, lengths of names and values, then all strings. */

typedef struct {
    uint64_t                stream_sequence;
    uint16_t                strings[NGX_MQTT_EXTRA_STRINGS];
    uint16_t                npairs;
    u_char                  data_type;
    u_char                  end_of_stream;
} ngx_mqtt_extra_head_t;


static void ngx_mqtt_native_extra_write(u_char *p,
    ngx_mqtt_extra_head_t *head, ngx_str_t *strings,
    const ngx_mqtt_native_response_t *r);
static void ngx_mqtt_native_extra_strings(const ngx_mqtt_native_response_t *r,
    ngx_str_t *strings);
static u_char *ngx_mqtt_native_extra_put(u_char *p, ngx_str_t *str);


ngx_int_t
ngx_mqtt_native_extra(ngx_pool_t *pool, const ngx_mqtt_native_response_t *r,
    ngx_str_t *extra)
{
    size_t                   size, text;
    u_char                  *p;
    ngx_str_t                strings[NGX_MQTT_EXTRA_STRINGS];
    ngx_uint_t               i;
    ngx_mqtt_extra_head_t    head;
    ngx_mqtt_native_pair_t  *pair;

    ngx_str_null(extra);
    ngx_memzero(&head, sizeof(ngx_mqtt_extra_head_t));

    ngx_mqtt_native_extra_strings(r, strings);

    text = 0;

    for (i = 0; i < NGX_MQTT_EXTRA_STRINGS; i++) {
        head.strings[i] = (uint16_t) strings[i].len;
        text += strings[i].len;
    }

    pair = r->metadata.pairs;

    for (i = 0; i < r->metadata.n; i++) {
        text += 2 * sizeof(uint16_t) + pair[i].name.len + pair[i].value.len;
    }

    if (text == 0 && r->data_type == NGX_MQTT_DATA_BINARY) {
        return NGX_OK;
    }

    size = sizeof(ngx_mqtt_extra_head_t) + text;

    if (size > NGX_MQTT_EXTRA_MAX || r->metadata.n > NGX_MQTT_NATIVE_PAIRS) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    extra->data = p;
    extra->len = size;

    ngx_mqtt_native_extra_write(p, &head, strings, r);

    return NGX_OK;
}


static void
ngx_mqtt_native_extra_write(u_char *p, ngx_mqtt_extra_head_t *head,
    ngx_str_t *strings, const ngx_mqtt_native_response_t *r)
{
    uint16_t                 lens[2];
    ngx_uint_t               i;
    ngx_mqtt_native_pair_t  *pair;

    pair = r->metadata.pairs;

    head->npairs = (uint16_t) r->metadata.n;
    head->data_type = (u_char) r->data_type;
    head->stream_sequence = r->stream_sequence;
    head->end_of_stream = r->end_of_stream;

    p = ngx_cpymem(p, head, sizeof(ngx_mqtt_extra_head_t));

    for (i = 0; i < r->metadata.n; i++) {
        lens[0] = (uint16_t) pair[i].name.len;
        lens[1] = (uint16_t) pair[i].value.len;
        p = ngx_cpymem(p, lens, sizeof(lens));
    }

    for (i = 0; i < NGX_MQTT_EXTRA_STRINGS; i++) {
        p = ngx_mqtt_native_extra_put(p, &strings[i]);
    }

    for (i = 0; i < r->metadata.n; i++) {
        p = ngx_mqtt_native_extra_put(p, &pair[i].name);
        p = ngx_mqtt_native_extra_put(p, &pair[i].value);
    }
}


static void
ngx_mqtt_native_extra_strings(const ngx_mqtt_native_response_t *r,
    ngx_str_t *strings)
{
    strings[0] = r->user_id;
    strings[1] = r->stream_id;
    strings[2] = r->error;
    strings[3] = r->message;
    strings[4] = r->error_code;

    if (r->user_id.len > NGX_MQTT_EXTRA_USER) {
        ngx_str_null(&strings[0]);
    }
}


static u_char *
ngx_mqtt_native_extra_put(u_char *p, ngx_str_t *str)
{
    return str->len ? ngx_cpymem(p, str->data, str->len) : p;
}


void
ngx_mqtt_native_extra_read(ngx_mqtt_message_t *m,
    ngx_mqtt_native_extra_t *buf, ngx_mqtt_native_response_t *r)
{
    size_t                   len;
    u_char                  *p, *lens;
    uint16_t                 n[2];
    ngx_str_t               *strings[NGX_MQTT_EXTRA_STRINGS];
    ngx_uint_t               i;
    ngx_mqtt_text_t          text;
    ngx_mqtt_extra_head_t    head;

    r->data_type = NGX_MQTT_DATA_BINARY;
    len = ngx_mqtt_message_extra(m);

    if (len < sizeof(ngx_mqtt_extra_head_t) || len > NGX_MQTT_EXTRA_MAX) {
        return;
    }

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_skip(&text, m->text_len - len);
    ngx_mqtt_text_read(&text, (u_char *) &head, sizeof(head));

    p = buf->data;
    ngx_mqtt_text_read(&text, p, len - sizeof(head));

    r->data_type = head.data_type;
    r->stream_sequence = head.stream_sequence;
    r->end_of_stream = (head.end_of_stream != 0);
    r->metadata.pairs = buf->pairs;
    r->metadata.n = ngx_min(head.npairs, NGX_MQTT_NATIVE_PAIRS);

    lens = p;
    p += r->metadata.n * sizeof(n);

    strings[0] = &r->user_id;
    strings[1] = &r->stream_id;
    strings[2] = &r->error;
    strings[3] = &r->message;
    strings[4] = &r->error_code;

    for (i = 0; i < NGX_MQTT_EXTRA_STRINGS; i++) {
        strings[i]->data = p;
        strings[i]->len = head.strings[i];
        p += head.strings[i];
    }

    for (i = 0; i < r->metadata.n; i++) {
        ngx_memcpy(n, lens + i * sizeof(n), sizeof(n));

        buf->pairs[i].name.data = p;
        buf->pairs[i].name.len = n[0];
        p += n[0];

        buf->pairs[i].value.data = p;
        buf->pairs[i].value.len = n[1];
        p += n[1];
    }
}


ngx_int_t
ngx_mqtt_native_extra_mqtt(ngx_pool_t *pool, ngx_mqtt_inbound_t *in,
    ngx_str_t *user_id, ngx_mqtt_native_map_t *metadata)
{
    ngx_int_t                   type;
    ngx_mqtt_native_response_t  r;

    ngx_memzero(&r, sizeof(ngx_mqtt_native_response_t));

    r.user_id = *user_id;
    r.data_type = NGX_MQTT_DATA_BINARY;

    if (metadata) {
        r.metadata = *metadata;
    }

    if (in->props && ngx_mqtt_prop_has(in->props, NGX_MQTT_PROP_CONTENT_TYPE))
    {
        type = ngx_mqtt_native_data_type(pool, &in->props->content_type,
                                         &in->payload);
        if (type == NGX_ERROR) {
            return NGX_ERROR;
        }

        r.data_type = type;
    }

    return ngx_mqtt_native_extra(pool, &r, &in->extra);
}
