
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_native.h>


typedef struct {
    ngx_pool_t                  *pool;
    ngx_mqtt_native_request_t   *r;
    const char                  *why;
} ngx_mqtt_native_reader_t;


typedef ngx_int_t (*ngx_mqtt_native_field_pt)(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);


/* a member of a request: types that take it, and of these that need it */

typedef struct {
    const char                  *name;
    ngx_mqtt_native_field_pt     read;
    size_t                       offset;
    ngx_uint_t                   taken;
    ngx_uint_t                   needed;
} ngx_mqtt_native_field_t;


typedef struct {
    const char                  *name;
    ngx_uint_t                   type;
} ngx_mqtt_native_name_t;


static ngx_int_t ngx_mqtt_native_json_type(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *root);
static ngx_int_t ngx_mqtt_native_json_fields(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *root);
static ngx_int_t ngx_mqtt_native_json_string(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_number(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_short(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_ack(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_no_echo(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_target(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_map(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_state(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_stream(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_error(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to);
static ngx_int_t ngx_mqtt_native_json_open(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, ngx_mqtt_json_t **object);
static ngx_int_t ngx_mqtt_native_json_data(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *root);
static ngx_int_t ngx_mqtt_native_json_payload(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value);
static ngx_int_t ngx_mqtt_native_json_base64(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value);
static ngx_uint_t ngx_mqtt_native_json_is(const ngx_str_t *s, const char *name);


static const ngx_mqtt_native_name_t  ngx_mqtt_native_json_types[] = {
    { "joinGroup", NGX_MQTT_NATIVE_JOIN },
    { "leaveGroup", NGX_MQTT_NATIVE_LEAVE },
    { "sendToGroup", NGX_MQTT_NATIVE_SEND },
    { "event", NGX_MQTT_NATIVE_EVENT },
    { "ping", NGX_MQTT_NATIVE_PING },
    { "sequenceAck", NGX_MQTT_NATIVE_SEQUENCE_ACK },
    { "invoke", NGX_MQTT_NATIVE_INVOKE },
    { "cancelInvocation", NGX_MQTT_NATIVE_CANCEL },
    { "streamData", NGX_MQTT_NATIVE_STREAM_DATA },
    { "streamEnd", NGX_MQTT_NATIVE_STREAM_END },
    { "setGroupState", NGX_MQTT_NATIVE_SET_STATE },
    { "subscribeGroupState", NGX_MQTT_NATIVE_SUB_STATE },
    { "unsubscribeGroupState", NGX_MQTT_NATIVE_UNSUB_STATE },
    { NULL, 0 }
};


#define ngx_mqtt_native_field(name, read, to, taken, needed)                  \
    { name, ngx_mqtt_native_json_##read,                                      \
      offsetof(ngx_mqtt_native_request_t, to), taken, needed }

static const ngx_mqtt_native_field_t  ngx_mqtt_native_json_members[] = {

    ngx_mqtt_native_field("group", string, group,
                          NGX_MQTT_NATIVE_OF_GROUP,
                          NGX_MQTT_NATIVE_OF_GROUP),

    ngx_mqtt_native_field("event", string, event,
                          NGX_MQTT_NATIVE_OF_EVENT,
                          NGX_MQTT_NATIVE_OF_EVENT),

    ngx_mqtt_native_field("ackId", ack, ack_id,
                          NGX_MQTT_NATIVE_OF_GROUP | NGX_MQTT_NATIVE_EVENT,
                          0),

    ngx_mqtt_native_field("noEcho", no_echo, type,
                          NGX_MQTT_NATIVE_SEND,
                          0),

    ngx_mqtt_native_field("ttlSeconds", short, ttl,
                          NGX_MQTT_NATIVE_SEND,
                          0),

    ngx_mqtt_native_field("metadata", map, metadata,
                          NGX_MQTT_NATIVE_OF_MESSAGE,
                          0),

    ngx_mqtt_native_field("sequenceId", number, sequence,
                          NGX_MQTT_NATIVE_SEQUENCE_ACK,
                          NGX_MQTT_NATIVE_SEQUENCE_ACK),

    ngx_mqtt_native_field("invocationId", string, invocation_id,
                          NGX_MQTT_NATIVE_OF_INVOCATION,
                          NGX_MQTT_NATIVE_OF_INVOCATION),

    ngx_mqtt_native_field("target", target, type,
                          NGX_MQTT_NATIVE_INVOKE,
                          NGX_MQTT_NATIVE_INVOKE),

    ngx_mqtt_native_field("state", state, state,
                          NGX_MQTT_NATIVE_SET_STATE,
                          0),

    ngx_mqtt_native_field("streamId", string, stream_id,
                          NGX_MQTT_NATIVE_OF_FRAGMENT,
                          NGX_MQTT_NATIVE_OF_FRAGMENT),

    ngx_mqtt_native_field("streamSequenceId", number, sequence,
                          NGX_MQTT_NATIVE_STREAM_DATA,
                          0),

    ngx_mqtt_native_field("error", error, error_message,
                          NGX_MQTT_NATIVE_STREAM_END,
                          0),

    /* makes a STREAM_START of a SEND */

    ngx_mqtt_native_field("stream", stream, stream_id,
                          NGX_MQTT_NATIVE_OF_MESSAGE,
                          0),

    { NULL, NULL, 0, 0, 0 }
};


ngx_int_t
ngx_mqtt_native_json_read(ngx_pool_t *pool, const ngx_str_t *frame,
    ngx_mqtt_native_request_t *r, const char **why)
{
    ngx_int_t                  rc;
    ngx_mqtt_json_t           *root;
    ngx_mqtt_native_reader_t   reader;

    ngx_memzero(r, sizeof(ngx_mqtt_native_request_t));

    rc = ngx_mqtt_json_parse(pool, frame, 1, &root, why);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_ERROR : NGX_ABORT;
    }

    reader.pool = pool;
    reader.r = r;
    reader.why = NULL;

    rc = ngx_mqtt_native_json_type(&reader, root);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_json_fields(&reader, root);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_json_data(&reader, root);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_check(r, &reader.why);
    }

    *why = reader.why;

    return rc;
}


static ngx_int_t
ngx_mqtt_native_json_type(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *root)
{
    const ngx_mqtt_json_t         *type;
    const ngx_mqtt_native_name_t  *known;

    type = ngx_mqtt_json_get(root, "type");

    if (type == NULL || type->type != NGX_MQTT_JSON_STRING) {
        reader->why = "no request: it has no type";
        return NGX_ERROR;
    }

    for (known = ngx_mqtt_native_json_types; known->name; known++) {

        if (ngx_mqtt_native_json_is(&type->text, known->name)) {
            reader->r->type = known->type;
            return NGX_OK;
        }
    }

    reader->why = "unknown type of request";

    return NGX_ERROR;
}


static ngx_int_t
ngx_mqtt_native_json_fields(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *root)
{
    ngx_int_t                       rc;
    ngx_uint_t                      type;
    const ngx_mqtt_json_t          *value;
    const ngx_mqtt_native_field_t  *field;

    type = reader->r->type;

    for (field = ngx_mqtt_native_json_members; field->name; field++) {

        if (!(field->taken & type)) {
            continue;
        }

        value = ngx_mqtt_json_get(root, field->name);

        if (value && value->type != NGX_MQTT_JSON_NULL) {
            rc = field->read(reader, value,
                             (u_char *) reader->r + field->offset);

            if (rc != NGX_OK) {
                return rc;
            }

        } else if (field->needed & type) {
            reader->why = "a member of the request is missing";
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_string(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    if (value->type != NGX_MQTT_JSON_STRING) {
        reader->why = "a member that should be a string is none";
        return NGX_ERROR;
    }

    *(ngx_str_t *) to = value->text;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_number(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    size_t     i;
    uint64_t   n, digit;

    if (value->type != NGX_MQTT_JSON_NUMBER) {
        goto invalid;
    }

    for (i = 0, n = 0; i < value->text.len; i++) {
        digit = value->text.data[i] - '0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10) {
            goto invalid;
        }

        n = n * 10 + digit;
    }

    *(uint64_t *) to = n;

    return NGX_OK;

invalid:

    reader->why = "a member that should be an integer of 64 bits is none";

    return NGX_ERROR;
}


static ngx_int_t
ngx_mqtt_native_json_short(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    uint64_t  n;

    if (ngx_mqtt_native_json_number(reader, value, &n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n > UINT32_MAX) {
        reader->why = "a member that should be an integer of 32 bits is none";
        return NGX_ERROR;
    }

    *(uint32_t *) to = (uint32_t) n;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_ack(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    reader->r->has_ack = 1;

    return ngx_mqtt_native_json_number(reader, value, to);
}


static ngx_int_t
ngx_mqtt_native_json_no_echo(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    if (value->type != NGX_MQTT_JSON_BOOL) {
        reader->why = "noEcho is neither true nor false";
        return NGX_ERROR;
    }

    reader->r->no_echo = (value->integer != 0);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_target(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    if (value->type != NGX_MQTT_JSON_STRING
        || !ngx_mqtt_native_json_is(&value->text, "event"))
    {
        reader->why = "the target of an invocation is no event";
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_map(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    ngx_mqtt_native_map_t  *map = to;

    ngx_int_t                rc;
    ngx_mqtt_json_t         *object, *v;
    ngx_mqtt_native_pair_t  *pair;

    rc = ngx_mqtt_native_json_open(reader, value, &object);

    if (rc != NGX_OK || object->n == 0) {
        return rc;
    }

    pair = ngx_palloc(reader->pool,
                      object->n * sizeof(ngx_mqtt_native_pair_t));
    if (pair == NULL) {
        return NGX_ABORT;
    }

    map->pairs = pair;
    map->n = object->n;

    for (v = object->first; v; v = v->next, pair++) {
        pair->name = v->name;

        if (ngx_mqtt_native_json_string(reader, v, &pair->value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_state(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    reader->r->has_state = 1;

    return ngx_mqtt_native_json_map(reader, value, to);
}


static ngx_int_t
ngx_mqtt_native_json_stream(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    ngx_int_t                   rc;
    ngx_mqtt_json_t            *object, *v;
    ngx_mqtt_native_request_t  *r;

    rc = ngx_mqtt_native_json_open(reader, value, &object);

    if (rc != NGX_OK) {
        return rc;
    }

    r = reader->r;

    if (r->type == NGX_MQTT_NATIVE_SEND) {
        r->type = NGX_MQTT_NATIVE_STREAM_START;
    }

    r->idle_timeout = NGX_MQTT_NATIVE_IDLE;

    v = ngx_mqtt_json_get(object, "streamId");

    if (v == NULL) {
        reader->why = "a member of the request is missing";
        return NGX_ERROR;
    }

    if (ngx_mqtt_native_json_string(reader, v, to) != NGX_OK) {
        return NGX_ERROR;
    }

    v = ngx_mqtt_json_get(object, "idleTimeoutMs");

    if (v == NULL || v->type == NGX_MQTT_JSON_NULL) {
        return NGX_OK;
    }

    return ngx_mqtt_native_json_short(reader, v, &r->idle_timeout);
}


static ngx_int_t
ngx_mqtt_native_json_error(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, void *to)
{
    ngx_int_t                   rc;
    ngx_mqtt_json_t            *object, *v;
    ngx_mqtt_native_request_t  *r;

    rc = ngx_mqtt_native_json_open(reader, value, &object);

    if (rc != NGX_OK) {
        return rc;
    }

    r = reader->r;
    r->has_error = 1;

    v = ngx_mqtt_json_get(object, "message");

    if (v && v->type != NGX_MQTT_JSON_NULL) {
        rc = ngx_mqtt_native_json_string(reader, v, &r->error_message);
    }

    v = ngx_mqtt_json_get(object, "userErrorCode");

    if (rc == NGX_OK && v && v->type != NGX_MQTT_JSON_NULL) {
        rc = ngx_mqtt_native_json_string(reader, v, &r->error_code);
    }

    return rc;
}


/* the first reading keeps the members of the request alone */

static ngx_int_t
ngx_mqtt_native_json_open(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value, ngx_mqtt_json_t **object)
{
    ngx_int_t  rc;

    if (value->type != NGX_MQTT_JSON_OBJECT) {
        reader->why = "a member that should be an object is none";
        return NGX_ERROR;
    }

    rc = ngx_mqtt_json_parse(reader->pool, &value->text, 1, object,
                             &reader->why);
    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_ERROR : NGX_ABORT;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_json_data(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *root)
{
    ngx_str_t                   name;
    ngx_uint_t                  type;
    const ngx_mqtt_json_t      *value, *v;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;

    if (!(r->type & (NGX_MQTT_NATIVE_OF_MESSAGE | NGX_MQTT_NATIVE_STREAM_START
                     | NGX_MQTT_NATIVE_STREAM_DATA)))
    {
        return NGX_OK;
    }

    type = NGX_MQTT_DATA_JSON;
    v = ngx_mqtt_json_get(root, "dataType");

    if (v && v->type != NGX_MQTT_JSON_NULL) {

        if (ngx_mqtt_native_json_string(reader, v, &name) != NGX_OK) {
            return NGX_ERROR;
        }

        for ( /* void */ ; type > NGX_MQTT_DATA_NONE; type--) {
            if (ngx_mqtt_native_json_is(&name, (const char *)
                                        ngx_mqtt_native_type_name(type)->data))
            {
                break;
            }
        }

        if (type == NGX_MQTT_DATA_NONE) {
            reader->why = "unknown type of data";
            return NGX_ERROR;
        }
    }

    value = ngx_mqtt_json_get(root, "data");

    if (value == NULL || value->type == NGX_MQTT_JSON_NULL) {
        return NGX_OK;
    }

    r->data_type = type;

    return ngx_mqtt_native_json_payload(reader, value);
}


static ngx_int_t
ngx_mqtt_native_json_payload(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;

    if (r->data_type == NGX_MQTT_DATA_JSON) {

        if (value->type != NGX_MQTT_JSON_STRING) {
            r->data = value->text;
            return NGX_OK;
        }

        r->data.len = ngx_mqtt_json_size(&value->text);
        r->data.data = ngx_pnalloc(reader->pool, r->data.len);
        if (r->data.data == NULL) {
            return NGX_ABORT;
        }

        ngx_mqtt_json_write(r->data.data, &value->text);

        return NGX_OK;
    }

    if (value->type != NGX_MQTT_JSON_STRING) {
        reader->why = "data of that type should be a string";
        return NGX_ERROR;
    }

    if (r->data_type == NGX_MQTT_DATA_TEXT) {
        r->data = value->text;
        return NGX_OK;
    }

    rc = ngx_mqtt_native_json_base64(reader, value);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_mqtt_native_data_valid(reader->pool, r->data_type, &r->data);

    if (rc == NGX_DECLINED) {
        reader->why = "data is not as its type says";
        return NGX_ERROR;
    }

    return rc == NGX_OK ? NGX_OK : NGX_ABORT;
}


static ngx_int_t
ngx_mqtt_native_json_base64(ngx_mqtt_native_reader_t *reader,
    const ngx_mqtt_json_t *value)
{
    size_t      n;
    u_char     *pad;
    ngx_str_t   text, *data;

    text = value->text;

    /* NGINX takes anything behind the first "=" */

    pad = ngx_strlchr(text.data, text.data + text.len, '=');
    n = pad ? text.data + text.len - pad : 0;

    if (text.len % 4 || n > 2 || (n && ngx_memcmp(pad, "==", n) != 0)) {
        goto invalid;
    }

    data = &reader->r->data;
    data->data = ngx_pnalloc(reader->pool,
                             ngx_base64_decoded_length(text.len) + 1);
    if (data->data == NULL) {
        return NGX_ABORT;
    }

    if (ngx_decode_base64(data, &text) == NGX_OK) {
        return NGX_OK;
    }

invalid:

    reader->why = "data is no base64";

    return NGX_ERROR;
}


/* Names are compared without case. */

static ngx_uint_t
ngx_mqtt_native_json_is(const ngx_str_t *s, const char *name)
{
    return s->len == ngx_strlen(name)
           && ngx_strncasecmp(s->data, (u_char *) name, s->len) == 0;
}
