
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_native.h>
#include <ngx_mqtt_topic.h>


typedef struct {
    ngx_str_t              name;
    ngx_str_t              content_type;
} ngx_mqtt_native_type_t;


static const char *ngx_mqtt_native_names(const ngx_mqtt_native_request_t *r);
static const char *ngx_mqtt_native_data(ngx_mqtt_native_request_t *r);
static const char *ngx_mqtt_native_stream(const ngx_mqtt_native_request_t *r);
static const char *ngx_mqtt_native_map(const ngx_mqtt_native_map_t *map);
static const char *ngx_mqtt_native_metadata(const ngx_mqtt_native_map_t *map);
static ngx_int_t ngx_mqtt_native_id_valid(const ngx_str_t *id);
static ngx_int_t ngx_mqtt_native_event_valid(const ngx_str_t *event);


static const ngx_mqtt_native_type_t  ngx_mqtt_native_types[] = {
    { ngx_null_string, ngx_null_string },
    { ngx_string("text"), ngx_string("text/plain") },
    { ngx_string("binary"), ngx_string("application/octet-stream") },
    { ngx_string("protobuf"), ngx_string("application/x-protobuf") },
    { ngx_string("json"), ngx_string("application/json") }
};


ngx_int_t
ngx_mqtt_native_check(ngx_mqtt_native_request_t *r, const char **why)
{
    *why = ngx_mqtt_native_names(r);

    if (*why == NULL) {
        *why = ngx_mqtt_native_stream(r);
    }

    if (*why == NULL) {
        *why = ngx_mqtt_native_metadata(&r->metadata);
    }

    if (*why == NULL) {
        *why = ngx_mqtt_native_map(&r->state);
    }

    if (*why == NULL) {
        *why = ngx_mqtt_native_data(r);
    }

    return *why ? NGX_DECLINED : NGX_OK;
}


static const char *
ngx_mqtt_native_names(const ngx_mqtt_native_request_t *r)
{
    if ((r->type & NGX_MQTT_NATIVE_OF_GROUP)
        && ngx_mqtt_native_group_valid(&r->group) != NGX_OK)
    {
        return "The name of the group is invalid.";
    }

    if ((r->type & NGX_MQTT_NATIVE_OF_EVENT)
        && ngx_mqtt_native_event_valid(&r->event) != NGX_OK)
    {
        return "The name of the event is invalid.";
    }

    if ((r->type & NGX_MQTT_NATIVE_OF_INVOCATION)
        && ngx_mqtt_native_id_valid(&r->invocation_id) != NGX_OK)
    {
        return "The invocation id is empty or too long.";
    }

    if ((r->type & NGX_MQTT_NATIVE_OF_STREAM)
        && ngx_mqtt_native_id_valid(&r->stream_id) != NGX_OK)
    {
        return "The stream id is empty or too long.";
    }

    return NULL;
}


static const char *
ngx_mqtt_native_stream(const ngx_mqtt_native_request_t *r)
{
    switch (r->type) {

    case NGX_MQTT_NATIVE_STREAM_START:

        if (r->data_type != NGX_MQTT_DATA_NONE || r->has_ack || r->ttl
            || r->metadata.n)
        {
            return "A stream starts with its id and idle timeout alone.";
        }

        if (r->idle_timeout == 0) {
            return "The idle timeout is zero.";
        }

        return NULL;

    case NGX_MQTT_NATIVE_STREAM_DATA:

        if ((r->sequence == 0) != (r->data_type == NGX_MQTT_DATA_NONE)) {
            return "A fragment has a sequence id and data, or neither.";
        }

        return NULL;

    default:

        /* only a sendToGroup starts a stream */

        if (r->idle_timeout) {
            return "This request cannot start a stream.";
        }

        return NULL;
    }
}


static const char *
ngx_mqtt_native_data(ngx_mqtt_native_request_t *r)
{
    if (r->ttl > NGX_MQTT_NATIVE_TTL_MAX) {
        return "The time to live is more than 300 seconds.";
    }

    if (!(r->type & (NGX_MQTT_NATIVE_SEND | NGX_MQTT_NATIVE_EVENT))
        || r->data_type != NGX_MQTT_DATA_NONE)
    {
        return NULL;
    }

    if (r->metadata.n == 0) {
        return "The data is missing.";
    }

    /* metadata alone goes with an empty text */

    r->data_type = NGX_MQTT_DATA_TEXT;
    ngx_str_set(&r->data, "");

    return NULL;
}


static const char *
ngx_mqtt_native_map(const ngx_mqtt_native_map_t *map)
{
    ngx_str_t   *name, *other;
    ngx_uint_t   i, j;

    if (map->n > NGX_MQTT_NATIVE_PAIRS) {
        return "A map has too many names.";
    }

    for (i = 1; i < map->n; i++) {
        name = &map->pairs[i].name;

        for (j = 0; j < i; j++) {
            other = &map->pairs[j].name;

            if (other->len == name->len
                && ngx_memcmp(other->data, name->data, name->len) == 0)
            {
                return "A map has a name twice.";
            }
        }
    }

    return NULL;
}


/* It may go into headers of a request, where names have no case. */

static const char *
ngx_mqtt_native_metadata(const ngx_mqtt_native_map_t *map)
{
    size_t       i, size;
    ngx_str_t   *name, *value;
    ngx_uint_t   n;

    if (map->n > NGX_MQTT_NATIVE_PAIRS) {
        return "A map has too many names.";
    }

    for (n = 0, size = 0; n < map->n; n++) {
        name = &map->pairs[n].name;
        value = &map->pairs[n].value;

        if (name->len == 0 || name->len > NGX_MQTT_NATIVE_META_NAME
            || value->len > NGX_MQTT_NATIVE_META_VALUE)
        {
            return "A name or value of the metadata is too long or empty.";
        }

        size += name->len + value->len;

        for (i = 0; i < name->len; i++) {

            if (name->data[i] <= ' ' || name->data[i] >= 0x7f
                || ngx_strchr("\"(),/:;<=>?@[\\]{}", name->data[i]))
            {
                return "A name of the metadata is no token.";
            }

            name->data[i] = ngx_tolower(name->data[i]);
        }

        for (i = 0; i < value->len; i++) {

            if (value->data[i] < ' ' || value->data[i] >= 0x7f) {
                return "A value of the metadata is not printable ASCII.";
            }
        }
    }

    if (size > NGX_MQTT_NATIVE_META_SIZE) {
        return "The metadata is too large.";
    }

    return ngx_mqtt_native_map(map);
}


ngx_int_t
ngx_mqtt_native_group_valid(const ngx_str_t *group)
{
    size_t      i, n;
    ngx_uint_t  blank;

    if (group->len == 0 || group->len > NGX_MQTT_NATIVE_GROUP_MAX * 4
        || ngx_mqtt_utf8_valid(group->data, group->len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    blank = 1;

    for (i = 0, n = 0; i < group->len; i++) {

        if ((group->data[i] & 0xc0) != 0x80) {
            n++;
        }

        if (ngx_strchr(" \t\r\n\v\f", group->data[i]) == NULL) {
            blank = 0;
        }
    }

    return blank || n > NGX_MQTT_NATIVE_GROUP_MAX ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_id_valid(const ngx_str_t *id)
{
    return id->len && id->len <= NGX_MQTT_NATIVE_ID_MAX ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_mqtt_native_event_valid(const ngx_str_t *event)
{
    size_t  i;
    u_char  c;

    if (event->len == 0 || event->len > NGX_MQTT_NATIVE_EVENT_MAX) {
        return NGX_ERROR;
    }

    for (i = 0; i < event->len; i++) {
        c = event->data[i] | 0x20;

        if (c >= 'a' && c <= 'z') {
            continue;
        }

        c = event->data[i];

        if (i == 0 || c == '\0'
            || ngx_strchr("0123456789_.-", c) == NULL)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_native_utf8(const ngx_str_t *s)
{
    size_t   n, len;
    u_char  *p, *zero;

    p = s->data;

    /* U+0000, which MQTT has not, is a character like others here */

    for (len = s->len; len; len -= n + 1, p += n + 1) {
        zero = memchr(p, '\0', len);
        n = zero ? (size_t) (zero - p) : len;

        if (ngx_mqtt_utf8_valid(p, n) != NGX_OK) {
            return NGX_ERROR;
        }

        if (zero == NULL) {
            break;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_native_data_valid(ngx_pool_t *pool, ngx_uint_t type,
    const ngx_str_t *data)
{
    const char       *reason;
    ngx_mqtt_json_t  *root;

    switch (type) {

    case NGX_MQTT_DATA_TEXT:
        return ngx_mqtt_native_utf8(data) == NGX_OK ? NGX_OK : NGX_DECLINED;

    case NGX_MQTT_DATA_JSON:
        return data->len ? ngx_mqtt_json_parse(pool, data, 0, &root, &reason)
                         : NGX_DECLINED;

    case NGX_MQTT_DATA_PROTOBUF:
        return ngx_mqtt_native_any_valid(pool, data);

    default:
        return NGX_OK;
    }
}


ngx_int_t
ngx_mqtt_native_data_type(ngx_pool_t *pool, const ngx_str_t *content_type,
    const ngx_str_t *payload)
{
    size_t            n;
    ngx_int_t         rc;
    ngx_uint_t        type;
    const ngx_str_t  *known;

    for (n = 0; n < content_type->len; n++) {
        if (ngx_strchr("; \t", content_type->data[n])) {
            break;
        }
    }

    for (type = NGX_MQTT_DATA_JSON; type > NGX_MQTT_DATA_NONE; type--) {
        known = &ngx_mqtt_native_types[type].content_type;

        if (known->len == n
            && ngx_strncasecmp(known->data, content_type->data, n) == 0)
        {
            break;
        }
    }

    rc = ngx_mqtt_native_data_valid(pool, type, payload);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED || type == NGX_MQTT_DATA_NONE) {
        return NGX_MQTT_DATA_BINARY;
    }

    return type;
}


const ngx_str_t *
ngx_mqtt_native_content_type(ngx_uint_t data_type)
{
    return &ngx_mqtt_native_types[data_type].content_type;
}


const ngx_str_t *
ngx_mqtt_native_type_name(ngx_uint_t data_type)
{
    return &ngx_mqtt_native_types[data_type].name;
}
