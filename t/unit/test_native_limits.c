
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "native.h"


#define TEST_SIZE  (4 * 1024 * 1024)


typedef struct {
    const char  *content_type;
    const char  *payload;
    ngx_int_t    type;
} test_content_t;


static test_content_t  test_contents[] = {
    { "", "a", NGX_MQTT_DATA_BINARY },
    { "text/plain", "a", NGX_MQTT_DATA_TEXT },
    { "text/plain", "", NGX_MQTT_DATA_TEXT },
    { "Text/Plain;charset=utf-8", "a", NGX_MQTT_DATA_TEXT },
    { "text/plain ; charset=utf-8", "a", NGX_MQTT_DATA_TEXT },
    { "text/plain", "\xc3\xa9", NGX_MQTT_DATA_TEXT },
    { "text/plain", "\xc3", NGX_MQTT_DATA_BINARY },
    { "text/plai", "a", NGX_MQTT_DATA_BINARY },
    { "text/plainer", "a", NGX_MQTT_DATA_BINARY },
    { "text/html", "a", NGX_MQTT_DATA_BINARY },
    { "application/json", "{\"a\":1}", NGX_MQTT_DATA_JSON },
    { "application/json; a=b", " [1] ", NGX_MQTT_DATA_JSON },
    { "application/json", "\"a\"", NGX_MQTT_DATA_JSON },
    { "application/json", "a", NGX_MQTT_DATA_BINARY },
    { "application/json", "", NGX_MQTT_DATA_BINARY },
    { "application/json", "\"\xc3\"", NGX_MQTT_DATA_BINARY },
    { "application/x-protobuf", "", NGX_MQTT_DATA_PROTOBUF },
    { "application/x-protobuf", "\x0a\x01t", NGX_MQTT_DATA_PROTOBUF },
    { "application/x-protobuf", "\x0a\x02t", NGX_MQTT_DATA_BINARY },
    { "application/x-protobuf", "\x0a\x01\xff", NGX_MQTT_DATA_BINARY },
    { "application/octet-stream", "a", NGX_MQTT_DATA_BINARY },
    { ";", "a", NGX_MQTT_DATA_BINARY }
};


static char    test_buf[TEST_SIZE];
static char    test_text[TEST_SIZE];
static u_char  test_frame[TEST_SIZE];


static void
test_json_rc(ngx_int_t rc, const char *what)
{
    is_int(native_read(ngx_mqtt_native_json_read, test_buf, strlen(test_buf),
                       test_text, TEST_SIZE),
           rc, "JSON: %s", what);
}


static char *
test_repeat(const char *text, ngx_uint_t n)
{
    char  *p, *s;

    s = malloc(strlen(text) * n + 1);

    for (p = s; n; n--) {
        p = (char *) ngx_cpymem(p, text, strlen(text));
    }

    *p = '\0';

    return s;
}


/* a frame of JSON with a string in it that repeats a text n times */

static void
test_json_repeat(const char *format, const char *text, ngx_uint_t n,
    ngx_int_t rc, const char *what)
{
    char  *s;

    s = test_repeat(text, n);
    snprintf(test_buf, TEST_SIZE, format, s);
    test_json_rc(rc, what);
    free(s);
}


static void
test_native_strings(void)
{
    static const char  join[] = "{\"type\":\"joinGroup\",\"group\":\"%s\"}";
    static const char  event[] =
        "{\"type\":\"event\",\"event\":\"%s\",\"data\":1}";
    static const char  cancel[] =
        "{\"type\":\"cancelInvocation\",\"invocationId\":\"%s\"}";
    static const char  stream[] =
        "{\"type\":\"streamEnd\",\"streamId\":\"%s\"}";
    static const char  name[] = "{\"type\":\"event\",\"event\":\"e\","
                                "\"metadata\":{\"%s\":\"\"}}";
    static const char  value[] = "{\"type\":\"event\",\"event\":\"e\","
                                 "\"metadata\":{\"a\":\"%s\"}}";

    test_json_repeat(join, "\xf0\x9f\x98\x80", 1024, NGX_OK,
                     "a group of 1024 characters");
    test_json_repeat(join, "a", 1025, NGX_DECLINED, "one more");
    test_json_repeat(join, "\xc3\xa9", 1025, NGX_DECLINED, "of two bytes each");
    test_json_repeat(event, "a", 128, NGX_OK, "an event of 128");
    test_json_repeat(event, "a", 129, NGX_DECLINED, "one more");
    test_json_repeat(cancel, "a", 256, NGX_OK, "an invocation id of 256");
    test_json_repeat(cancel, "a", 257, NGX_DECLINED, "one more");
    test_json_repeat(stream, "a", 256, NGX_OK, "a stream id of 256");
    test_json_repeat(stream, "a", 257, NGX_DECLINED, "one more");
    test_json_repeat(name, "a", 256, NGX_OK, "a name of 256 in metadata");
    test_json_repeat(name, "a", 257, NGX_DECLINED, "one more");
    test_json_repeat(value, "a", 1024, NGX_OK, "a value of 1024");
    test_json_repeat(value, "a", 1025, NGX_DECLINED, "one more");
}


/* n names with values of a size, in metadata or a state */

static void
test_json_map(const char *head, ngx_uint_t n, ngx_uint_t size, ngx_int_t rc,
    const char *what)
{
    char        *p, *value;
    ngx_uint_t   i;

    value = test_repeat("v", size);
    p = test_buf + sprintf(test_buf, "%s{", head);

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s\"n%03d\":\"%s\"", i ? "," : "", (int) i, value);
    }

    sprintf(p, "}}");
    test_json_rc(rc, what);
    free(value);
}


static void
test_native_json(void)
{
    static const char  metadata[] =
        "{\"type\":\"event\",\"event\":\"e\",\"metadata\":";
    static const char  state[] =
        "{\"type\":\"setGroupState\",\"group\":\"g\",\"state\":";
    static const char  data[] =
        "{\"type\":\"event\",\"event\":\"e\",\"data\":[1%s]}";
    static const char  text[] = "{\"type\":\"event\",\"event\":\"e\","
                                "\"dataType\":\"text\",\"data\":\"%s\"}";

    char  *in, *out;

    test_json_map(metadata, 8, 1020, NGX_OK, "8192 bytes of metadata");
    test_json_map(metadata, 9, 907, NGX_DECLINED, "more");
    test_json_map(metadata, 256, 28, NGX_OK, "256 names in metadata");
    test_json_map(metadata, 257, 1, NGX_ERROR, "one more");
    test_json_map(state, 256, 3000, NGX_OK, "256 names in a state");
    test_json_map(state, 257, 1, NGX_ERROR, "one more");

    test_json_repeat(data, ",1", 100000, NGX_OK, "many values in data");
    test_json_repeat(text, "ab\\n", NGX_MQTT_NATIVE_SIZE / 4, NGX_OK,
                     "a text of a million bytes");

    in = test_repeat("[", 31);
    out = test_repeat("]", 31);
    sprintf(test_buf, "{\"type\":\"event\",\"event\":\"e\",\"data\":%s%s}",
            in, out);
    test_json_rc(NGX_OK, "31 arrays in each other");
    sprintf(test_buf, "{\"type\":\"event\",\"event\":\"e\",\"data\":[%s%s]}",
            in, out);
    test_json_rc(NGX_ERROR, "one more");
    free(in);
    free(out);

    in = test_repeat("[", 500000);
    sprintf(test_buf, "{\"type\":\"event\",\"event\":\"e\",\"data\":%s", in);
    test_json_rc(NGX_ERROR, "half a million of them");
    free(in);
}


/* a field that holds bytes */

static u_char *
test_field(u_char *p, ngx_uint_t field, const void *data, size_t len)
{
    size_t  n;

    n = len;
    *p++ = (u_char) (field << 3 | 2);

    while (n > 127) {
        *p++ = (u_char) (n | 0x80);
        n >>= 7;
    }

    *p++ = (u_char) n;

    return ngx_cpymem(p, data, len);
}


/*
 * A request with the field "outer" of the oneof, and in it n times an inner one
 * with a name: one of its own, or the same.  With "wrap" they are in a field of
 * that number, with "apart" in one each.
 */

static void
test_proto_many(ngx_uint_t outer, ngx_uint_t inner, ngx_uint_t wrap,
    ngx_uint_t apart, ngx_uint_t n, ngx_uint_t same, ngx_int_t rc,
    const char *what)
{
    u_char      *p, *q;
    u_char       name[16], pair[32], field[64];
    ngx_uint_t   i;

    p = test_frame;

    for (i = 0; i < n; i++) {
        sprintf((char *) name, "n%d", same ? 0 : (int) i);
        q = test_field(pair, 1, name, strlen((char *) name));
        q = test_field(field, inner, pair, q - pair);

        p = apart ? test_field(p, wrap, field, q - field)
                  : ngx_cpymem(p, field, q - field);
    }

    q = test_field((u_char *) test_buf, 1, "g", 1);

    if (wrap && !apart) {
        q = test_field(q, wrap, test_frame, p - test_frame);

    } else {
        q = ngx_cpymem(q, test_frame, p - test_frame);
    }

    p = test_field(test_frame, outer, test_buf, q - (u_char *) test_buf);

    is_int(native_read(ngx_mqtt_native_proto_read, test_frame, p - test_frame,
                       test_text, TEST_SIZE),
           rc, "protobuf: %s", what);
}


static void
test_native_proto(void)
{
    size_t   len;
    u_char  *p, *q;

    test_proto_many(1, 6, 0, 0, 256, 0, NGX_OK, "256 names in metadata");
    test_proto_many(1, 6, 0, 0, 257, 0, NGX_DECLINED, "one more");
    test_proto_many(1, 6, 0, 0, 2, 1, NGX_DECLINED, "one of them twice");
    test_proto_many(1, 6, 0, 0, 100000, 0, NGX_ERROR, "very many");
    test_proto_many(15, 1, 3, 0, 256, 0, NGX_OK, "256 names in a state");
    test_proto_many(15, 1, 3, 0, 257, 0, NGX_DECLINED, "one more");
    test_proto_many(15, 1, 3, 0, 100000, 0, NGX_ERROR, "very many");
    test_proto_many(15, 1, 3, 1, 16, 0, NGX_OK, "a state in parts");
    test_proto_many(15, 1, 3, 1, 100000, 0, NGX_ERROR, "in very many");
    test_proto_many(6, 1, 0, 0, 200, 0, NGX_OK, "a group 200 times");
    test_proto_many(6, 1, 0, 0, 100000, 0, NGX_ERROR, "very often");
    test_proto_many(6, 15, 0, 0, 100, 0, NGX_OK, "unknown fields");
    test_proto_many(6, 15, 0, 0, 100000, 0, NGX_ERROR, "very many");

    len = NGX_MQTT_NATIVE_SIZE - 32;
    memset(test_buf, 'a', len);
    p = test_field(test_frame, 1, test_buf, len);
    p = test_field((u_char *) test_buf, 3, test_frame, p - test_frame);
    p = test_field(p, 1, "g", 1);
    q = test_field(test_frame, 1, test_buf, p - (u_char *) test_buf);

    is_int(native_read(ngx_mqtt_native_proto_read, test_frame, q - test_frame,
                       test_text, TEST_SIZE),
           NGX_OK, "protobuf: a text of a million bytes");
}


static void
test_native_nomem(void)
{
    size_t                      len;
    u_char                      frame[256];
    ngx_int_t                   rc;
    ngx_str_t                   s;
    ngx_uint_t                  i, n;
    ngx_pool_t                 *pool;
    const char                 *why;
    native_read_pt              read;
    ngx_mqtt_native_request_t   r;

    static const char  json[] =
        "{\"type\":\"event\",\"event\":\"e\",\"dataType\":\"protobuf\","
        "\"data\":\"CgF0EgF2\",\"metadata\":{\"a\":\"\\u0062\"}}";
    static const char  string[] =
        "{\"type\":\"event\",\"event\":\"e\",\"data\":\"a\"}";

    for (i = 0; i < 4; i++) {
        read = (i < 2) ? ngx_mqtt_native_json_read : ngx_mqtt_native_proto_read;

        switch (i) {

        case 0:
            len = strlen(json);
            memcpy(frame, json, len);
            break;

        case 1:
            len = strlen(string);
            memcpy(frame, string, len);
            break;

        case 2:
            len = test_hex(frame, "0a150a01671a081a060a01741201763206"
                                  "0a0161120162");
            break;

        default:
            len = test_hex(frame, "0a080a01671a03220131");
        }

        for (n = 1; /* void */ ; n++) {
            s.data = test_copy(frame, len);
            s.len = len;
            pool = pool_create();

            pool_fail_at = n;
            rc = read(pool, &s, &r, &why);
            ngx_destroy_pool(pool);
            free(s.data);

            if (pool_fail_at) {
                break;
            }

            if (rc != NGX_ABORT) {
                note("frame %d: allocation %d failed: %d", (int) i, (int) n,
                     (int) rc);
                break;
            }
        }

        ok(pool_fail_at && n > 2, "frame %d without memory", (int) i);
        is_int(rc, NGX_OK, "and with it");
        pool_fail_at = 0;
    }
}


static void
test_native_contents(void)
{
    ngx_str_t        type, payload;
    ngx_uint_t       i;
    ngx_pool_t      *pool;
    test_content_t  *t;

    pool = pool_create();

    for (i = 0; i < sizeof(test_contents) / sizeof(test_content_t); i++) {
        t = &test_contents[i];

        type.len = strlen(t->content_type);
        type.data = test_copy(t->content_type, type.len);
        payload.len = strlen(t->payload);
        payload.data = test_copy(t->payload, payload.len);

        is_int(ngx_mqtt_native_data_type(pool, &type, &payload), t->type,
               "content type %d", (int) i);

        free(type.data);
        free(payload.data);
    }

    is_str(ngx_mqtt_native_content_type(NGX_MQTT_DATA_JSON),
           "application/json", "the content type of JSON");
    is_str(ngx_mqtt_native_type_name(NGX_MQTT_DATA_TEXT), "text",
           "the name of text");

    payload.len = 1;
    payload.data = (u_char *) "1";
    type = *ngx_mqtt_native_content_type(NGX_MQTT_DATA_JSON);
    pool_fail_at = 1;
    is_int(ngx_mqtt_native_data_type(pool, &type, &payload), NGX_ERROR,
           "without memory");
    pool_fail_at = 0;

    ngx_destroy_pool(pool);
}


void
test_native_limits(void)
{
    test_native_strings();
    test_native_json();
    test_native_proto();
    test_native_nomem();
    test_native_contents();
}
