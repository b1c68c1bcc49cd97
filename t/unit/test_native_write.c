
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <webpubsub.pb-c.h>
#include "native.h"


#define test_set(s, text)  (s)->data = (u_char *) text; (s)->len = strlen(text)


static ngx_mqtt_native_response_t  test_r;


static ngx_mqtt_native_pair_t  test_pairs[] = {
    { ngx_string("a"), ngx_string("1") },
    { ngx_string("b\"c"), ngx_string("") }
};


static void
test_response(ngx_uint_t type)
{
    memset(&test_r, 0, sizeof(ngx_mqtt_native_response_t));
    test_r.type = type;
}


static void
test_data(ngx_uint_t type, const char *text)
{
    ngx_mqtt_native_set_data(&test_r, type, (u_char *) text, strlen(text));
}


/* what was written, in memory of just the size that was computed */

static ngx_str_t
test_written(size_t (*size)(const ngx_mqtt_native_response_t *),
    u_char *(*write)(u_char *, const ngx_mqtt_native_response_t *))
{
    ngx_str_t  s;

    s.len = size(&test_r);
    s.data = malloc(s.len);

    is_int(write(s.data, &test_r) - s.data, s.len, "the size is right");

    return s;
}


/*
 * The response as JSON, with ' for ", that can be read; and in protobuf, as
 * protobuf-c reads it.
 */

static void
test_is(const char *json, const char *proto)
{
    char              buf[4096];
    size_t            i;
    ngx_str_t         s;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root;
    ProtobufCMessage *m;

    s = test_written(ngx_mqtt_native_json_size, ngx_mqtt_native_json_write);
    pool = pool_create();

    is_int(ngx_mqtt_json_parse(pool, &s, 2, &root, &reason), NGX_OK,
           "is JSON");

    for (i = 0; i < s.len; i++) {
        s.data[i] = (s.data[i] == '"') ? '\'' : s.data[i];
    }

    is_str(&s, json, "as it should be");

    ngx_destroy_pool(pool);
    free(s.data);

    s = test_written(ngx_mqtt_native_proto_size, ngx_mqtt_native_proto_write);

    m = protobuf_c_message_unpack(
            &azure__webpubsub__downstream_message__descriptor, NULL,
            s.len, s.data);

    if (ok(m != NULL, "is protobuf")) {
        native_fields(buf, sizeof(buf), m);
        is_mem(buf, strlen(buf), proto, strlen(proto), "as it should be");
        protobuf_c_message_free_unpacked(m, NULL);
    }

    free(s.data);
}


static void
test_native_vectors(void)
{
    u_char     hex[64];
    size_t     n;
    ngx_str_t  s;

    test_response(NGX_MQTT_NATIVE_ACK);
    test_r.ack_id = 123;

    s = test_written(ngx_mqtt_native_proto_size, ngx_mqtt_native_proto_write);
    n = test_hex(hex, "0a04087b1001");
    is_mem(s.data, s.len, hex, n, "an ack as others write it");
    free(s.data);

    test_response(NGX_MQTT_NATIVE_DISCONNECTED);
    test_set(&test_r.message, "msg");

    s = test_written(ngx_mqtt_native_proto_size, ngx_mqtt_native_proto_write);
    n = test_hex(hex, "1a07120512036d7367");
    is_mem(s.data, s.len, hex, n, "a disconnected as others write it");
    free(s.data);
}


static void
test_native_answers(void)
{
    test_response(NGX_MQTT_NATIVE_CONNECTED);
    test_set(&test_r.connection_id, "c");
    test_is("{'type':'system','event':'connected','userId':'',"
            "'connectionId':'c'}",
            " system_message{ connected_message{ connection_id=c}}");

    test_set(&test_r.user_id, "u");
    test_set(&test_r.token, "t");
    test_is("{'type':'system','event':'connected','userId':'u',"
            "'connectionId':'c','reconnectionToken':'t'}",
            " system_message{ connected_message{ connection_id=c user_id=u"
            " reconnection_token=t}}");

    test_response(NGX_MQTT_NATIVE_DISCONNECTED);
    test_set(&test_r.message, "over");
    test_is("{'type':'system','event':'disconnected','message':'over'}",
            " system_message{ disconnected_message{ reason=over}}");

    test_response(NGX_MQTT_NATIVE_PONG);
    test_is("{'type':'pong'}", " pong_message{}");

    test_response(NGX_MQTT_NATIVE_ACK);
    test_r.ack_id = UINT64_MAX;
    test_is("{'type':'ack','ackId':18446744073709551615,'success':true}",
            " ack_message{ ack_id=18446744073709551615 success=1}");

    test_set(&test_r.error, "Forbidden");
    test_set(&test_r.message, "no");
    test_r.ack_id = 0;
    test_is("{'type':'ack','ackId':0,'success':false,"
            "'error':{'name':'Forbidden','message':'no'}}",
            " ack_message{ error{ name=Forbidden message=no}}");

    test_response(NGX_MQTT_NATIVE_INVOKED);
    test_set(&test_r.invocation_id, "i");
    test_data(NGX_MQTT_DATA_TEXT, "");
    test_is("{'type':'invokeResponse','invocationId':'i','success':true,"
            "'dataType':'text','data':''}",
            " invoke_response_message{ invocation_id=i success=1"
            " data{ text_data=}}");

    test_r.metadata.pairs = test_pairs;
    test_r.metadata.n = 1;
    test_data(NGX_MQTT_DATA_JSON, "[1]");
    test_is("{'type':'invokeResponse','invocationId':'i','success':true,"
            "'metadata':{'a':'1'},'dataType':'json','data':[1]}",
            " invoke_response_message{ invocation_id=i success=1"
            " data{ json_data=[1]} metadata{ key=a value=1}}");

    test_response(NGX_MQTT_NATIVE_INVOKED);
    test_set(&test_r.invocation_id, "i");
    test_set(&test_r.error, "NotFound");
    test_is("{'type':'invokeResponse','invocationId':'i','success':false,"
            "'error':{'name':'NotFound','message':''}}",
            " invoke_response_message{ invocation_id=i"
            " error{ name=NotFound}}");
}


static void
test_native_messages(void)
{
    test_response(NGX_MQTT_NATIVE_GROUP);
    test_set(&test_r.group, "g");
    test_data(NGX_MQTT_DATA_TEXT, "");
    test_is("{'type':'message','from':'group','group':'g','dataType':'text',"
            "'data':''}",
            " data_message{ from=group group=g data{ text_data=}}");

    test_set(&test_r.user_id, "u");
    test_r.sequence = 1;
    test_r.metadata.pairs = test_pairs;
    test_r.metadata.n = 2;
    test_data(NGX_MQTT_DATA_BINARY, "abcd");
    test_is("{'type':'message','sequenceId':1,'from':'group','group':'g',"
            "'fromUserId':'u','metadata':{'a':'1','b\\'c':''},"
            "'dataType':'binary','data':'YWJjZA=='}",
            " data_message{ from=group group=g data{ binary_data=abcd}"
            " sequence_id=1 metadata{ key=a value=1} metadata{ key=b\"c}}");

    test_response(NGX_MQTT_NATIVE_SERVER);
    test_data(NGX_MQTT_DATA_PROTOBUF, "\x0a\x01t");
    test_is("{'type':'message','from':'server','dataType':'protobuf',"
            "'data':'CgF0'}",
            " data_message{ from=server data{ protobuf_data=<0a><01>t}}");

    test_data(NGX_MQTT_DATA_TEXT, "a\"\\/\x01\x1f\n\t\x7f\xc3\xa9");
    test_is("{'type':'message','from':'server','dataType':'text','data':"
            "'a\\'\\\\/\\u0001\\u001f\\n\\t\x7f\xc3\xa9'}",
            " data_message{ from=server data{ text_data="
            "a\"\\/<01><1f><0a><09><7f><c3><a9>}}");

    test_data(NGX_MQTT_DATA_JSON, "{\"a\" : 1e3}");
    test_is("{'type':'message','from':'server','dataType':'json','data':"
            "{'a' : 1e3}}",
            " data_message{ from=server data{ json_data={\"a\" : 1e3}}}");
}


static void
test_native_streams(void)
{
    test_response(NGX_MQTT_NATIVE_STREAM_ACK);
    test_set(&test_r.stream_id, "s");
    test_r.stream_sequence = 300;
    test_is("{'type':'streamAck','streamId':'s','expectedSequenceId':300}",
            " stream_ack_message{ stream_id=s expected_sequence_id=300}");

    test_r.type = NGX_MQTT_NATIVE_STREAM_NACK;
    test_set(&test_r.error, "InvalidSequenceId");
    test_set(&test_r.message, "m");
    test_is("{'type':'streamNack','name':'InvalidSequenceId','message':'m',"
            "'streamId':'s','expectedSequenceId':300}",
            " stream_nack_message{ stream_id=s name=InvalidSequenceId"
            " message=m expected_sequence_id=300}");

    test_r.type = NGX_MQTT_NATIVE_STREAM_CLOSED;
    test_is("{'type':'streamClosed','streamId':'s',"
            "'error':{'name':'InvalidSequenceId','message':'m'}}",
            " stream_closed_message{ stream_id=s"
            " error{ name=InvalidSequenceId message=m}}");

    test_response(NGX_MQTT_NATIVE_STREAM_CLOSED);
    test_set(&test_r.stream_id, "s");
    test_is("{'type':'streamClosed','streamId':'s'}",
            " stream_closed_message{ stream_id=s}");

    test_response(NGX_MQTT_NATIVE_GROUP);
    test_set(&test_r.group, "g");
    test_set(&test_r.stream_id, "s");
    test_r.stream_sequence = 1;
    test_data(NGX_MQTT_DATA_TEXT, "x");
    test_is("{'type':'message','from':'group','group':'g',"
            "'stream':{'streamId':'s','streamSequenceId':1},"
            "'dataType':'text','data':'x'}",
            " data_message{ from=group group=g data{ text_data=x}"
            " stream{ stream_id=s stream_sequence_id=1}}");

    test_r.end_of_stream = 1;
    test_data(NGX_MQTT_DATA_TEXT, "");
    test_set(&test_r.error, "UserError");
    test_set(&test_r.message, "m");
    test_set(&test_r.error_code, "7");
    test_is("{'type':'message','from':'group','group':'g',"
            "'stream':{'streamId':'s','streamSequenceId':1,'endOfStream':true,"
            "'error':{'name':'UserError','message':'m','userErrorCode':'7'}},"
            "'dataType':'text','data':''}",
            " data_message{ from=group group=g data{ text_data=}"
            " stream{ stream_id=s stream_sequence_id=1 end_of_stream=1"
            " error{ name=UserError message=m user_error_code=7}}}");
}


static void
test_native_states(void)
{
    ngx_mqtt_native_item_t  items[3];

    memset(items, 0, sizeof(items));

    test_set(&items[0].connection_id, "c0");
    items[0].updated = 1700000000000;

    test_set(&items[1].connection_id, "c1");
    test_set(&items[1].user_id, "u");
    items[1].has_state = 1;
    items[1].state.pairs = test_pairs;
    items[1].state.n = 2;
    items[1].updated = 1;

    test_set(&items[2].connection_id, "c2");
    items[2].has_state = 1;
    items[2].updated = 2;

    test_response(NGX_MQTT_NATIVE_SNAPSHOT);
    test_set(&test_r.group, "g");
    test_is("{'type':'groupStateSnapshot','group':'g','items':[]}",
            " group_state_snapshot_message{ group=g}");

    test_r.items = items;
    test_r.nitems = 3;
    test_is("{'type':'groupStateSnapshot','group':'g','items':["
            "{'connectionId':'c0','updatedAt':1700000000000},"
            "{'connectionId':'c1','userId':'u','state':{'a':'1','b\\'c':''},"
            "'updatedAt':1},"
            "{'connectionId':'c2','state':{},'updatedAt':2}]}",
            " group_state_snapshot_message{ group=g"
            " items{ connection_id=c0 updated_at=1700000000000}"
            " items{ connection_id=c1 user_id=u"
            " state{ entries{ key=a value=1} entries{ key=b\"c}}"
            " updated_at=1}"
            " items{ connection_id=c2 state{} updated_at=2}}");

    test_r.type = NGX_MQTT_NATIVE_UPDATE;
    test_r.nitems = 1;
    test_r.sequence = 9;
    test_is("{'type':'groupStateUpdate','sequenceId':9,'group':'g','items':["
            "{'connectionId':'c0','updatedAt':1700000000000}]}",
            " group_state_update_message{ group=g"
            " items{ connection_id=c0 updated_at=1700000000000}"
            " sequence_id=9}");
}


/*
 * A payload that lies in pieces, the first of "room" bytes, is written as one
 * in one piece is.
 */

static ngx_uint_t
test_native_piece(const u_char *payload, size_t len, ngx_uint_t type,
    size_t room)
{
    size_t            i, n;
    ngx_str_t         s[4];
    ngx_uint_t        same;
    ngx_mqtt_body_t   bodies[4];
    ngx_mqtt_text_t   text;

    test_response(NGX_MQTT_NATIVE_SERVER);

    for (i = 0; i < 2; i++) {

        if (i == 0) {
            ngx_mqtt_native_set_data(&test_r, type, (u_char *) payload, len);

        } else {
            for (n = 0; n < 4; n++) {
                bodies[n].next = (n < 3) ? &bodies[n + 1] : NULL;
            }

            text.pos = test_copy(payload, room);
            text.last = text.pos + room;
            text.next = bodies;
            test_r.data = text;

            text.pos += room;
            ngx_mqtt_text_write(&text, (u_char *) payload + room, len - room);
        }

        s[i].len = ngx_mqtt_native_json_size(&test_r);
        s[i].data = malloc(s[i].len);
        (void) ngx_mqtt_native_json_write(s[i].data, &test_r);

        s[i + 2].len = ngx_mqtt_native_proto_size(&test_r);
        s[i + 2].data = malloc(s[i + 2].len);
        (void) ngx_mqtt_native_proto_write(s[i + 2].data, &test_r);
    }

    same = s[0].len == s[1].len && s[2].len == s[3].len
           && memcmp(s[0].data, s[1].data, s[0].len) == 0
           && memcmp(s[2].data, s[3].data, s[2].len) == 0;

    free(test_r.data.pos);

    for (i = 0; i < 4; i++) {
        free(s[i].data);
    }

    return same;
}


static void
test_native_pieces(void)
{
    size_t      i, len, room;
    u_char      payload[3 * NGX_MQTT_BODY_DATA];
    ngx_uint_t  type, wrong;

    /* characters of all lengths, and some to be escaped */

    static const char  sample[] =
        "a\xc3\xa9\"\xe2\x82\xac\x01\\\xf0\x9f\x98\x80";

    for (i = 0; i < sizeof(payload); i++) {
        payload[i] = sample[i % (sizeof(sample) - 1)];
    }

    for (type = NGX_MQTT_DATA_TEXT; type <= NGX_MQTT_DATA_JSON; type++) {
        wrong = 0;

        for (room = 0; room < 16; room++) {

            for (len = room; len < room + 16; len++) {
                wrong += !test_native_piece(payload, len, type, room);
            }

            for (i = 0; i < 16; i++) {
                len = room + 2 * NGX_MQTT_BODY_DATA - 8 + i;
                wrong += !test_native_piece(payload, len, type, room);
            }
        }

        is_int(wrong, 0, "pieces of type %d", (int) type);
    }
}


/* With no pieces at all there is what stands around the payload. */

static void
test_native_around(void)
{
    u_char      payload[500], whole[1024], around[1024], *p;
    size_t      n, size;
    ngx_uint_t  type, tail;

    memset(payload, 'x', sizeof(payload));

    for (type = NGX_MQTT_DATA_TEXT; type <= NGX_MQTT_DATA_JSON; type++) {
        test_response(NGX_MQTT_NATIVE_GROUP);
        test_set(&test_r.group, "g");
        ngx_mqtt_native_set_data(&test_r, type, payload, sizeof(payload));

        size = ngx_mqtt_native_proto_size(&test_r);
        (void) ngx_mqtt_native_proto_write(whole, &test_r);

        test_r.data.pos = NULL;
        test_r.data.last = NULL;

        is_int(ngx_mqtt_native_proto_size(&test_r), size, "the size is known");

        p = ngx_mqtt_native_proto_write(around, &test_r);
        n = p - around;
        is_int(n, size - sizeof(payload), "protobuf without payload");
        is_mem(around, n, whole, n, "is the same as far as it goes");

        test_r.data.pos = payload;
        test_r.data.last = payload + sizeof(payload);
        (void) ngx_mqtt_native_json_write(whole, &test_r);

        test_r.data.pos = NULL;
        test_r.data.last = NULL;

        p = ngx_mqtt_native_json_write(around, &test_r);
        tail = (type == NGX_MQTT_DATA_JSON) ? 1 : 2;
        n = p - around - tail;
        is_mem(around, n, whole, n, "JSON is the same as far as it goes");
        is_mem(p - tail, tail, "\"}" + 2 - tail, tail, "and then ends");
    }
}


/* NGINX's own base64, and a reader of strings, as judges of ours */

static void
test_native_judges(void)
{
    size_t            i, len;
    u_char            payload[64], text[128];
    ngx_str_t         s, src, dst;
    ngx_uint_t        wrong;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root, *v;

    for (i = 0; i < sizeof(payload); i++) {
        payload[i] = (u_char) (i * 151 + 7);
    }

    for (len = 0, wrong = 0; len < sizeof(payload); len++) {
        test_response(NGX_MQTT_NATIVE_SERVER);
        ngx_mqtt_native_set_data(&test_r, NGX_MQTT_DATA_BINARY, payload, len);

        s.len = ngx_mqtt_native_json_size(&test_r);
        s.data = malloc(s.len);
        (void) ngx_mqtt_native_json_write(s.data, &test_r);

        src.data = payload;
        src.len = len;
        dst.data = text;
        ngx_encode_base64(&dst, &src);

        pool = pool_create();

        if (ngx_mqtt_json_parse(pool, &s, 1, &root, &reason) != NGX_OK
            || (v = ngx_mqtt_json_get(root, "data")) == NULL
            || v->text.len != dst.len
            || memcmp(v->text.data, text, dst.len) != 0)
        {
            wrong++;
        }

        ngx_destroy_pool(pool);
        free(s.data);
    }

    is_int(wrong, 0, "base64 is right");

    /* each character of ASCII at each place of a word */

    for (i = 0, wrong = 0; i < 128 * 16; i++) {
        memset(payload, 'x', 16);
        payload[i % 16] = (u_char) (i / 16);

        test_response(NGX_MQTT_NATIVE_SERVER);
        ngx_mqtt_native_set_data(&test_r, NGX_MQTT_DATA_TEXT, payload, 16);

        s.len = ngx_mqtt_native_json_size(&test_r);
        s.data = malloc(s.len);
        (void) ngx_mqtt_native_json_write(s.data, &test_r);

        pool = pool_create();

        if (ngx_mqtt_json_parse(pool, &s, 1, &root, &reason) != NGX_OK
            || (v = ngx_mqtt_json_get(root, "data")) == NULL
            || v->text.len != 16 || memcmp(v->text.data, payload, 16) != 0)
        {
            wrong++;
        }

        ngx_destroy_pool(pool);
        free(s.data);
    }

    is_int(wrong, 0, "all characters are read as they were");
}


void
test_native_write(void)
{
    test_native_vectors();
    test_native_answers();
    test_native_messages();
    test_native_streams();
    test_native_states();
    test_native_pieces();
    test_native_around();
    test_native_judges();
}
