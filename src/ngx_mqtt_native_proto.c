
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native.h>
#include <webpubsub.pb-c.h>


/* what unpacking a frame may take: its strings once, and structs */

#define NGX_MQTT_NATIVE_UNPACK  65536


typedef struct {
    ngx_pool_t                  *pool;
    ngx_mqtt_native_request_t   *r;
    const char                  *why;
    size_t                       left;
    ngx_uint_t                   nomem;
} ngx_mqtt_native_reader_t;


static ProtobufCMessage *ngx_mqtt_native_unpack(
    ngx_mqtt_native_reader_t *reader, const ProtobufCMessageDescriptor *type,
    const ngx_str_t *s);
static void *ngx_mqtt_native_unpack_alloc(void *data, size_t size);
static void ngx_mqtt_native_unpack_free(void *data, void *p);
static ngx_int_t ngx_mqtt_native_proto_request(
    ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__UpstreamMessage *m);
static ngx_int_t ngx_mqtt_native_proto_group(ngx_mqtt_native_reader_t *reader,
    ngx_uint_t type, const Azure__Webpubsub__GroupMessage *m);
static ngx_int_t ngx_mqtt_native_proto_send(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__SendToGroupMessage *m);
static ngx_int_t ngx_mqtt_native_proto_event(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__EventMessage *m);
static ngx_int_t ngx_mqtt_native_proto_invoke(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__InvokeEventMessage *m);
static ngx_int_t ngx_mqtt_native_proto_fragment(
    ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__StreamDataMessage *m);
static ngx_int_t ngx_mqtt_native_proto_end(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__StreamEndMessage *m);
static ngx_int_t ngx_mqtt_native_proto_state(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__SetGroupStateMessage *m);
static ngx_int_t ngx_mqtt_native_proto_stream(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__StreamStartInfo *stream);
static ngx_int_t ngx_mqtt_native_proto_map(ngx_mqtt_native_reader_t *reader,
    ngx_mqtt_native_map_t *map, Azure__Webpubsub__Pair **pairs, size_t n);
static ngx_int_t ngx_mqtt_native_proto_data(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__MessageData *data);
static ngx_int_t ngx_mqtt_native_proto_string(ngx_mqtt_native_reader_t *reader,
    ngx_str_t *s, const ProtobufCBinaryData *bytes);
static void ngx_mqtt_native_proto_ack(ngx_mqtt_native_reader_t *reader,
    protobuf_c_boolean has_ack, uint64_t ack_id);


ngx_int_t
ngx_mqtt_native_proto_read(ngx_pool_t *pool, const ngx_str_t *frame,
    ngx_mqtt_native_request_t *r, const char **why)
{
    ngx_int_t                  rc;
    ProtobufCMessage          *m;
    ngx_mqtt_native_reader_t   reader;

    ngx_memzero(r, sizeof(ngx_mqtt_native_request_t));
    ngx_memzero(&reader, sizeof(ngx_mqtt_native_reader_t));

    reader.pool = pool;
    reader.r = r;

    m = ngx_mqtt_native_unpack(&reader,
                               &azure__webpubsub__upstream_message__descriptor,
                               frame);
    if (m == NULL) {
        *why = "invalid protobuf";
        return reader.nomem ? NGX_ABORT : NGX_ERROR;
    }

    rc = ngx_mqtt_native_proto_request(&reader,
                                     (Azure__Webpubsub__UpstreamMessage *) m);
    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_check(r, &reader.why);
    }

    *why = reader.why;

    return rc;
}


/*
 * Nothing is given back before the pool is: what is limited is the sum, for
 * unpacking again and again what a frame has again and again takes long.
 */

static ProtobufCMessage *
ngx_mqtt_native_unpack(ngx_mqtt_native_reader_t *reader,
    const ProtobufCMessageDescriptor *type, const ngx_str_t *s)
{
    ProtobufCAllocator  allocator;

    reader->left = s->len + NGX_MQTT_NATIVE_UNPACK;

    allocator.alloc = ngx_mqtt_native_unpack_alloc;
    allocator.free = ngx_mqtt_native_unpack_free;
    allocator.allocator_data = reader;

    return protobuf_c_message_unpack(type, &allocator, s->len, s->data);
}


static void *
ngx_mqtt_native_unpack_alloc(void *data, size_t size)
{
    ngx_mqtt_native_reader_t  *reader = data;

    void  *p;

    if (size > reader->left) {
        return NULL;
    }

    reader->left -= size;

    p = ngx_palloc(reader->pool, size);

    if (p == NULL) {
        reader->nomem = 1;
    }

    return p;
}


static void
ngx_mqtt_native_unpack_free(void *data, void *p)
{
    /* the pool's */
}


static ngx_int_t
ngx_mqtt_native_proto_request(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__UpstreamMessage *m)
{
    ngx_mqtt_native_request_t  *r;

    r = reader->r;

    /* the numbers of its fields */

    switch (m->message_case) {

    case 1:
        return ngx_mqtt_native_proto_send(reader, m->send_to_group_message);

    case 5:
        return ngx_mqtt_native_proto_event(reader, m->event_message);

    case 6:
        return ngx_mqtt_native_proto_group(reader, NGX_MQTT_NATIVE_JOIN,
                                           m->join_group_message);
    case 7:
        return ngx_mqtt_native_proto_group(reader, NGX_MQTT_NATIVE_LEAVE,
                                           m->leave_group_message);
    case 8:
        r->type = NGX_MQTT_NATIVE_SEQUENCE_ACK;
        r->sequence = m->sequence_ack_message->sequence_id;
        return NGX_OK;

    case 9:
        r->type = NGX_MQTT_NATIVE_PING;
        return NGX_OK;

    case 10:
        return ngx_mqtt_native_proto_invoke(reader, m->invoke_event_message);

    case 11:
        r->type = NGX_MQTT_NATIVE_CANCEL;
        return ngx_mqtt_native_proto_string(reader, &r->invocation_id,
                                 &m->cancel_invocation_message->invocation_id);
    case 13:
        return ngx_mqtt_native_proto_fragment(reader, m->stream_data_message);

    case 14:
        return ngx_mqtt_native_proto_end(reader, m->stream_end_message);

    case 15:
        return ngx_mqtt_native_proto_state(reader, m->set_group_state_message);

    case 16:
        return ngx_mqtt_native_proto_group(reader, NGX_MQTT_NATIVE_SUB_STATE,
                                           m->subscribe_group_state_message);
    case 17:
        return ngx_mqtt_native_proto_group(reader, NGX_MQTT_NATIVE_UNSUB_STATE,
                                           m->unsubscribe_group_state_message);
    default:
        reader->why = "unknown type of request";
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_mqtt_native_proto_group(ngx_mqtt_native_reader_t *reader, ngx_uint_t type,
    const Azure__Webpubsub__GroupMessage *m)
{
    reader->r->type = type;

    ngx_mqtt_native_proto_ack(reader, m->has_ack_id, m->ack_id);

    return ngx_mqtt_native_proto_string(reader, &reader->r->group, &m->group);
}


static ngx_int_t
ngx_mqtt_native_proto_send(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__SendToGroupMessage *m)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;
    r->type = NGX_MQTT_NATIVE_SEND;
    r->no_echo = (m->no_echo != 0);
    r->ttl = m->ttl_seconds;

    ngx_mqtt_native_proto_ack(reader, m->has_ack_id, m->ack_id);

    rc = ngx_mqtt_native_proto_string(reader, &r->group, &m->group);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_map(reader, &r->metadata, m->metadata,
                                       m->n_metadata);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_stream(reader, m->stream);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_data(reader, m->data);
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_native_proto_event(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__EventMessage *m)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;
    r->type = NGX_MQTT_NATIVE_EVENT;

    ngx_mqtt_native_proto_ack(reader, m->has_ack_id, m->ack_id);

    rc = ngx_mqtt_native_proto_string(reader, &r->event, &m->event);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_map(reader, &r->metadata, m->metadata,
                                       m->n_metadata);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_stream(reader, m->stream);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_data(reader, m->data);
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_native_proto_invoke(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__InvokeEventMessage *m)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;
    r->type = NGX_MQTT_NATIVE_INVOKE;

    rc = ngx_mqtt_native_proto_string(reader, &r->event, &m->event);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_string(reader, &r->invocation_id,
                                          &m->invocation_id);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_map(reader, &r->metadata, m->metadata,
                                       m->n_metadata);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_stream(reader, m->stream);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_proto_data(reader, m->data);
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_native_proto_fragment(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__StreamDataMessage *m)
{
    ngx_mqtt_native_request_t  *r;

    r = reader->r;
    r->type = NGX_MQTT_NATIVE_STREAM_DATA;
    r->sequence = m->stream_sequence_id;

    if (ngx_mqtt_native_proto_string(reader, &r->stream_id, &m->stream_id)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mqtt_native_proto_data(reader, m->data);
}


static ngx_int_t
ngx_mqtt_native_proto_end(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__StreamEndMessage *m)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;
    r->type = NGX_MQTT_NATIVE_STREAM_END;

    rc = ngx_mqtt_native_proto_string(reader, &r->stream_id, &m->stream_id);

    if (rc != NGX_OK || m->error == NULL) {
        return rc;
    }

    r->has_error = 1;

    rc = ngx_mqtt_native_proto_string(reader, &r->error_message,
                                      &m->error->message);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_mqtt_native_proto_string(reader, &r->error_code,
                                        &m->error->user_error_code);
}


static ngx_int_t
ngx_mqtt_native_proto_state(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__SetGroupStateMessage *m)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    r = reader->r;
    r->type = NGX_MQTT_NATIVE_SET_STATE;

    ngx_mqtt_native_proto_ack(reader, m->has_ack_id, m->ack_id);

    rc = ngx_mqtt_native_proto_string(reader, &r->group, &m->group);

    if (rc != NGX_OK || m->state == NULL) {
        return rc;
    }

    r->has_state = 1;

    return ngx_mqtt_native_proto_map(reader, &r->state, m->state->entries,
                                     m->state->n_entries);
}


static ngx_int_t
ngx_mqtt_native_proto_stream(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__StreamStartInfo *stream)
{
    ngx_mqtt_native_request_t  *r;

    if (stream == NULL) {
        return NGX_OK;
    }

    r = reader->r;

    if (r->type == NGX_MQTT_NATIVE_SEND) {
        r->type = NGX_MQTT_NATIVE_STREAM_START;
    }

    r->idle_timeout = stream->has_idle_timeout_ms ? stream->idle_timeout_ms
                                                  : NGX_MQTT_NATIVE_IDLE;

    return ngx_mqtt_native_proto_string(reader, &r->stream_id,
                                        &stream->stream_id);
}


/* How many there may be is judged when all of the request is known. */

static ngx_int_t
ngx_mqtt_native_proto_map(ngx_mqtt_native_reader_t *reader,
    ngx_mqtt_native_map_t *map, Azure__Webpubsub__Pair **pairs, size_t n)
{
    size_t                   i;
    ngx_int_t                rc;
    ngx_mqtt_native_pair_t  *pair;

    if (n == 0) {
        return NGX_OK;
    }

    pair = ngx_palloc(reader->pool, n * sizeof(ngx_mqtt_native_pair_t));
    if (pair == NULL) {
        return NGX_ABORT;
    }

    map->pairs = pair;
    map->n = n;

    for (i = 0; i < n; i++) {
        rc = ngx_mqtt_native_proto_string(reader, &pair[i].name,
                                          &pairs[i]->key);
        if (rc == NGX_OK) {
            rc = ngx_mqtt_native_proto_string(reader, &pair[i].value,
                                              &pairs[i]->value);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_native_proto_data(ngx_mqtt_native_reader_t *reader,
    const Azure__Webpubsub__MessageData *data)
{
    ngx_int_t                   rc;
    ngx_mqtt_native_request_t  *r;

    if (data == NULL || data->data_case == NGX_MQTT_DATA_NONE) {
        return NGX_OK;
    }

    r = reader->r;
    r->data_type = data->data_case;

    /* the four are the same to C */

    r->data.data = data->text_data.data;
    r->data.len = data->text_data.len;

    rc = ngx_mqtt_native_data_valid(reader->pool, r->data_type, &r->data);

    if (rc == NGX_DECLINED) {
        reader->why = "data is not as its type says";
        return NGX_ERROR;
    }

    return rc == NGX_OK ? NGX_OK : NGX_ABORT;
}


static ngx_int_t
ngx_mqtt_native_proto_string(ngx_mqtt_native_reader_t *reader, ngx_str_t *s,
    const ProtobufCBinaryData *bytes)
{
    s->data = bytes->data;
    s->len = bytes->len;

    if (ngx_mqtt_native_utf8(s) != NGX_OK) {
        reader->why = "a string is not UTF-8";
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_mqtt_native_proto_ack(ngx_mqtt_native_reader_t *reader,
    protobuf_c_boolean has_ack, uint64_t ack_id)
{
    reader->r->has_ack = (has_ack != 0);
    reader->r->ack_id = ack_id;
}


ngx_int_t
ngx_mqtt_native_any_valid(ngx_pool_t *pool, const ngx_str_t *data)
{
    ngx_str_t                  url;
    ProtobufCMessage          *m;
    Azure__Webpubsub__Any     *any;
    ngx_mqtt_native_reader_t   reader;

    ngx_memzero(&reader, sizeof(ngx_mqtt_native_reader_t));
    reader.pool = pool;

    m = ngx_mqtt_native_unpack(&reader, &azure__webpubsub__any__descriptor,
                               data);
    if (m == NULL) {
        return reader.nomem ? NGX_ERROR : NGX_DECLINED;
    }

    any = (Azure__Webpubsub__Any *) m;

    if (ngx_mqtt_native_proto_string(&reader, &url, &any->type_url) != NGX_OK) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}
