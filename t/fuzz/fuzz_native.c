
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_json.h>
#include <ngx_mqtt_native.h>
#include <webpubsub.pb-c.h>


/*
 * A message of a native client: JSON or protobuf, or a payload of a type.  What
 * a reader takes is within the rules, and is sent on as a message from a group,
 * its payload in pieces, in both encodings; others' readers find it in there.
 */


static ngx_log_t  fuzz_log;

static ngx_str_t  fuzz_types[] = {
    ngx_string("text/plain"),
    ngx_string("application/json"),
    ngx_string("application/x-protobuf"),
    ngx_string("image/png")
};


static void
fuzz_check(ngx_uint_t cond)
{
    if (!cond) {
        abort();
    }
}


static ngx_uint_t
fuzz_same(const ngx_str_t *s, const void *data, size_t len)
{
    return s->len == len && (len == 0 || memcmp(s->data, data, len) == 0);
}


static void
fuzz_request(ngx_pool_t *pool, const ngx_mqtt_native_request_t *r)
{
    ngx_uint_t  i, j;

    fuzz_check(r->type && (r->type & (r->type - 1)) == 0);
    fuzz_check(r->metadata.n <= NGX_MQTT_NATIVE_PAIRS
               && r->state.n <= NGX_MQTT_NATIVE_PAIRS
               && r->ttl <= NGX_MQTT_NATIVE_TTL_MAX
               && r->stream_id.len <= NGX_MQTT_NATIVE_ID_MAX
               && r->invocation_id.len <= NGX_MQTT_NATIVE_ID_MAX
               && r->event.len <= NGX_MQTT_NATIVE_EVENT_MAX);
    fuzz_check(r->has_state || r->state.n == 0);
    fuzz_check(r->data_type || r->data.len == 0);
    fuzz_check(ngx_mqtt_native_data_valid(pool, r->data_type, &r->data)
               == NGX_OK);
    fuzz_check(ngx_mqtt_native_utf8(&r->stream_id) == NGX_OK
               && ngx_mqtt_native_utf8(&r->invocation_id) == NGX_OK
               && ngx_mqtt_native_utf8(&r->error_message) == NGX_OK
               && ngx_mqtt_native_utf8(&r->error_code) == NGX_OK);

    if (r->type & NGX_MQTT_NATIVE_OF_GROUP) {
        fuzz_check(ngx_mqtt_native_group_valid(&r->group) == NGX_OK);
    }

    if (r->type & (NGX_MQTT_NATIVE_SEND | NGX_MQTT_NATIVE_EVENT)) {
        fuzz_check(r->data_type != NGX_MQTT_DATA_NONE);
    }

    for (i = 0; i < r->metadata.n; i++) {

        for (j = 0; j < r->metadata.pairs[i].value.len; j++) {
            fuzz_check(r->metadata.pairs[i].value.data[j] >= ' ');
        }
    }

    for (i = 0; i < r->state.n; i++) {
        fuzz_check(ngx_mqtt_native_utf8(&r->state.pairs[i].name) == NGX_OK
                   && ngx_mqtt_native_utf8(&r->state.pairs[i].value)
                      == NGX_OK);
    }
}


static void
fuzz_json(ngx_pool_t *pool, const ngx_mqtt_native_response_t *r,
    const ngx_str_t *data)
{
    ngx_str_t         s, text;
    const char       *reason;
    ngx_mqtt_json_t  *root, *v;

    s.len = ngx_mqtt_native_json_size(r);
    s.data = malloc(s.len);
    fuzz_check(s.data
               && ngx_mqtt_native_json_write(s.data, r) == s.data + s.len);
    fuzz_check(ngx_mqtt_json_parse(pool, &s, 1, &root, &reason) == NGX_OK);

    v = ngx_mqtt_json_get(root, "group");
    fuzz_check(v && fuzz_same(&v->text, r->group.data, r->group.len));

    v = ngx_mqtt_json_get(root, "data");
    fuzz_check(v != NULL);

    if (r->data_type == NGX_MQTT_DATA_TEXT) {
        fuzz_check(fuzz_same(data, v->text.data, v->text.len));

    } else if (r->data_type != NGX_MQTT_DATA_JSON) {
        text.data = ngx_pnalloc(pool,
                                ngx_base64_decoded_length(v->text.len) + 1);
        fuzz_check(text.data
                   && ngx_decode_base64(&text, &v->text) == NGX_OK
                   && fuzz_same(data, text.data, text.len));

    } else if (v->type != NGX_MQTT_JSON_STRING) {
        fuzz_check(ngx_mqtt_json_parse(pool, data, 0, &root, &reason)
                   == NGX_OK);
        fuzz_check(fuzz_same(&root->text, v->text.data, v->text.len));
    }

    free(s.data);
}


static void
fuzz_proto(const ngx_mqtt_native_response_t *r, const ngx_str_t *data)
{
    ngx_str_t                             s;
    Azure__Webpubsub__DataMessage        *m;
    Azure__Webpubsub__DownstreamMessage  *down;

    s.len = ngx_mqtt_native_proto_size(r);
    s.data = malloc(s.len);
    fuzz_check(s.data
               && ngx_mqtt_native_proto_write(s.data, r) == s.data + s.len);

    down = azure__webpubsub__downstream_message__unpack(NULL, s.len, s.data);
    fuzz_check(down && down->message_case == 2);

    m = down->data_message;
    fuzz_check(m->base.n_unknown_fields == 0
               && fuzz_same(&r->group, m->group.data, m->group.len)
               && m->data && m->data->data_case == r->data_type
               && fuzz_same(data, m->data->text_data.data,
                            m->data->text_data.len)
               && m->n_metadata == r->metadata.n);

    azure__webpubsub__downstream_message__free_unpacked(down, NULL);
    free(s.data);
}


/* a first piece of "room" bytes, the others of the size they always have */

static void
fuzz_send(ngx_pool_t *pool, const ngx_mqtt_native_request_t *request,
    size_t room)
{
    size_t                       n;
    u_char                      *first;
    ngx_str_t                    data;
    ngx_mqtt_body_t             *body, **last;
    ngx_mqtt_text_t              text;
    ngx_mqtt_native_response_t   r;

    data = request->data;
    memset(&r, 0, sizeof(ngx_mqtt_native_response_t));

    room = ngx_min(room, data.len);
    first = malloc(room);
    fuzz_check(first || room == 0);

    r.data.pos = first;
    r.data.last = first + room;
    last = &r.data.next;

    for (n = room; n < data.len; n += NGX_MQTT_BODY_DATA) {
        body = ngx_pcalloc(pool, sizeof(ngx_mqtt_body_t));
        fuzz_check(body != NULL);
        *last = body;
        last = &body->next;
    }

    text = r.data;
    ngx_mqtt_text_write(&text, data.data, data.len);

    r.type = NGX_MQTT_NATIVE_GROUP;
    r.group = request->group;
    r.user_id = request->stream_id;
    r.stream_id = request->stream_id;
    r.stream_sequence = request->sequence;
    r.error = request->error_code;
    r.metadata = request->metadata;
    r.sequence = request->ack_id;
    r.data_type = request->data_type;
    r.data_len = data.len;

    if (r.data_type == NGX_MQTT_DATA_NONE) {
        r.data_type = NGX_MQTT_DATA_BINARY;
    }

    fuzz_json(pool, &r, &data);
    fuzz_proto(&r, &data);
    free(first);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t                      room;
    ngx_int_t                   rc;
    ngx_str_t                   s;
    ngx_pool_t                 *pool;
    const char                 *why;
    ngx_mqtt_native_request_t   r;

    if (len < 2) {
        return 0;
    }

    pool = ngx_create_pool(1024, &fuzz_log);
    room = data[1];
    s.len = len - 2;
    s.data = malloc(s.len);
    fuzz_check(pool && (s.data || s.len == 0));

    if (s.len) {
        memcpy(s.data, data + 2, s.len);
    }

    why = NULL;

    switch (data[0] & 3) {

    case 0:
    case 1:
        rc = ngx_mqtt_native_json_read(pool, &s, &r, &why);
        break;

    case 2:
        rc = ngx_mqtt_native_proto_read(pool, &s, &r, &why);
        break;

    default:
        memset(&r, 0, sizeof(ngx_mqtt_native_request_t));
        rc = ngx_mqtt_native_data_type(pool, &fuzz_types[data[0] >> 2 & 3],
                                       &s);
        fuzz_check(rc >= NGX_MQTT_DATA_TEXT && rc <= NGX_MQTT_DATA_JSON);

        r.type = NGX_MQTT_NATIVE_STREAM_END;
        r.data_type = rc;
        r.data = s;
        rc = NGX_OK;
    }

    if (rc == NGX_OK) {
        fuzz_request(pool, &r);
        fuzz_send(pool, &r, room);

    } else {
        fuzz_check((rc == NGX_DECLINED || rc == NGX_ERROR) && why != NULL);
    }

    free(s.data);
    ngx_destroy_pool(pool);

    return 0;
}
