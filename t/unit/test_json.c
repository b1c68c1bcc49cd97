
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_json.h>
#include "pool.h"


typedef struct {
    const char  *text;
    const char  *reason;        /* NULL: it is taken */
} test_text_t;


typedef struct {
    const char  *string;
    const char  *json;
} test_string_t;


typedef struct {
    const char  *text;
    ngx_uint_t   is_integer;
    int64_t      integer;
} test_number_t;


#define INVALID    "invalid JSON"
#define SURROGATE  "JSON has half a surrogate pair"
#define TWICE      "JSON object has a name twice"
#define UTF8       "JSON is not UTF-8"


static test_text_t  test_texts[] = {
    { "{}", NULL },
    { "[]", NULL },
    { " \t\r\n{ } ", NULL },
    { "null", NULL },
    { "true", NULL },
    { "1", NULL },
    { "\"a\"", NULL },
    { "[1,2,[3,{\"a\":[]}]]", NULL },
    { "{\"a\":1,\"A\":2,\"\":3}", NULL },
    { "\"\\ud83d\\ude00\"", NULL },
    { "\"\\\\ud83d\"", NULL },
    { "\"\\u0000\"", NULL },
    { "\"\xf0\x9f\x98\x80\"", NULL },

    { "", INVALID },
    { " ", INVALID },
    { "{", INVALID },
    { "}", INVALID },
    { "[1,]", INVALID },
    { "{\"a\"}", INVALID },
    { "{\"a\":1,}", INVALID },
    { "{a:1}", INVALID },
    { "{1:1}", INVALID },
    { "'a'", INVALID },
    { "\"a", INVALID },
    { "\"a\\", INVALID },
    { "\"\\u12\"", INVALID },
    { "\"\\u12g4\"", INVALID },
    { "\"\\x41\"", INVALID },
    { "\"\n\"", INVALID },
    { "01", INVALID },
    { "+1", INVALID },
    { "1.", INVALID },
    { ".1", INVALID },
    { "1e", INVALID },
    { "NaN", INVALID },
    { "nul", INVALID },
    { "nulll", INVALID },
    { "{} {}", INVALID },
    { "{}x", INVALID },
    { "{}\"x", INVALID },
    { "[] \"", INVALID },
    { "1\"x", INVALID },
    { "\"a\"\"b", INVALID },
    { "null\"", INVALID },
    { "1 2", INVALID },
    { "/* */ 1", INVALID },
    { "1 // x", INVALID },
    { "\xef\xbb\xbf{}", INVALID },

    { "{\"a\":1,\"a\":1}", TWICE },
    { "{\"a\":1,\"b\":{},\"\\u0061\":2}", TWICE },
    { "{\"b\":{\"a\":1,\"a\":1}}", TWICE },
    { "[{\"\":1,\"\":1}]", TWICE },

    { "\"\x80\"", UTF8 },
    { "\"\xc0\xaf\"", UTF8 },
    { "\"\xed\xa0\x80\"", UTF8 },
    { "\"\xf4\x90\x80\x80\"", UTF8 },
    { "\"\xe2\x82", UTF8 },

    { "\"\\ud83d\"", SURROGATE },
    { "\"\\ud83dx\"", SURROGATE },
    { "\"\\ud83d\\u0041\"", SURROGATE },
    { "\"\\ud83d\\ud83d\"", SURROGATE },
    { "\"\\ud83d\\n\"", SURROGATE },
    { "\"\\ude00\"", SURROGATE },
    { "\"\\ud83d\\", SURROGATE },
    { "\"\\ud83d\\u", SURROGATE },
    { "\"\\ud83d\\ude0", SURROGATE }
};


static test_string_t  test_strings[] = {
    { "", "\"\"" },
    { "abc", "\"abc\"" },
    { "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
    { "\x01\n\x1f\x7f", "\"\\u0001\\u000a\\u001f\x7f\"" },
    { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
      "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
    { "a\x80z", "\"a\xef\xbf\xbdz\"" },
    { "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "\xc3\"", "\"\xef\xbf\xbd\\\"\"" },
    { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "\xff", "\"\xef\xbf\xbd\"" }
};


static test_number_t  test_numbers[] = {
    { "0", 1, 0 },
    { "-0", 1, 0 },
    { "42", 1, 42 },
    { "-42", 1, -42 },
    { "9223372036854775807", 1, INT64_MAX },
    { "-9223372036854775808", 1, INT64_MIN },
    { "9223372036854775808", 0, 0 },
    { "-9223372036854775809", 0, 0 },
    { "18446744073709551616", 0, 0 },
    { "100000000000000000000", 0, 0 },
    { "1.0", 0, 0 },
    { "1e3", 0, 0 },
    { "-1.5E-7", 0, 0 }
};


static ngx_int_t
test_parse_json(ngx_pool_t *pool, const char *text, ngx_uint_t levels,
    ngx_mqtt_json_t **root, const char **reason)
{
    ngx_str_t  s;

    s.len = strlen(text);
    s.data = (u_char *) text;

    return ngx_mqtt_json_parse(pool, &s, levels, root, reason);
}


static void
test_json_texts(void)
{
    ngx_int_t         rc;
    ngx_str_t         s;
    ngx_uint_t        i;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    for (i = 0; i < sizeof(test_texts) / sizeof(test_text_t); i++) {
        pool = pool_create();

        s.len = strlen(test_texts[i].text);
        s.data = test_copy(test_texts[i].text, s.len);

        rc = ngx_mqtt_json_parse(pool, &s, 8, &root, &reason);

        if (test_texts[i].reason) {
            is_int(rc, NGX_DECLINED, "text %d is refused", (int) i);
            is_mem(reason, strlen(reason), test_texts[i].reason,
                   strlen(test_texts[i].reason), "why");

        } else {
            is_int(rc, NGX_OK, "text %d is taken", (int) i);
        }

        free(s.data);
        ngx_destroy_pool(pool);
    }
}


static void
test_json_tree(void)
{
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root, *v;

    static const char  text[] =
        " {\"s\": \"a\\u00e9\\ud83d\\ude00\\n\", \"\\u0074\" : true ,"
        "\"n\":null,\"a\":[ 1, \"x\", [2 ], { } ],\"o\" : {\"k\":[{}]},"
        "\"f\":false}";

    pool = pool_create();

    is_int(test_parse_json(pool, text, 8, &root, &reason), NGX_OK, "parsed");
    is_int(root->type, NGX_MQTT_JSON_OBJECT, "an object");
    is_int(root->n, 6, "members");

    v = ngx_mqtt_json_get(root, "s");
    is_int(v->type, NGX_MQTT_JSON_STRING, "a string");
    is_str(&v->text, "a\xc3\xa9\xf0\x9f\x98\x80\n", "is decoded");

    v = ngx_mqtt_json_get(root, "t");
    is_int(v->type, NGX_MQTT_JSON_BOOL, "a bool, its name decoded");
    is_int(v->integer, 1, "is true");
    is_str(&v->text, "true", "as written");

    is_int(ngx_mqtt_json_get(root, "f")->integer, 0, "the other is false");

    v = ngx_mqtt_json_get(root, "n");
    is_int(v->type, NGX_MQTT_JSON_NULL, "null");

    v = ngx_mqtt_json_get(root, "a");
    is_int(v->type, NGX_MQTT_JSON_ARRAY, "an array");
    is_int(v->n, 4, "items");
    is_str(&v->text, "[ 1, \"x\", [2 ], { } ]", "as written");
    is_int(v->first->integer, 1, "its first item");
    is_str(&v->first->next->text, "x", "its second item");
    is_str(&v->first->next->next->text, "[2 ]", "its third item");
    is_int(v->first->next->next->first->integer, 2, "an item in it");
    is_int(v->first->next->next->next->n, 0, "its last item");
    ok(v->first->next->next->next->next == NULL, "and no further one");

    v = ngx_mqtt_json_get(root, "o");
    is_str(&v->text, "{\"k\":[{}]}", "an object as written");
    is_str(&ngx_mqtt_json_get(v, "k")->text, "[{}]", "its member");

    ok(ngx_mqtt_json_get(root, "k") == NULL, "not a member here");
    ok(ngx_mqtt_json_get(v->first, "k") == NULL, "no object");

    /* the same with fewer values */

    is_int(test_parse_json(pool, text, 1, &root, &reason), NGX_OK,
           "parsed with one level");
    is_int(root->n, 6, "members");

    v = ngx_mqtt_json_get(root, "a");
    is_int(v->n, 0, "no items");
    is_str(&v->text, "[ 1, \"x\", [2 ], { } ]", "but the text");
    is_str(&ngx_mqtt_json_get(root, "o")->text, "{\"k\":[{}]}",
           "and that of the object");
    is_int(ngx_mqtt_json_get(root, "f")->type, NGX_MQTT_JSON_BOOL,
           "what follows is there");

    is_int(test_parse_json(pool, text, 0, &root, &reason), NGX_OK,
           "parsed with no level");
    is_int(root->n, 0, "no members");
    is_mem(root->text.data, root->text.len, text + 1, sizeof(text) - 2,
           "the text");

    is_int(test_parse_json(pool, "{\"a\":{\"b\":1,\"b\":1}}", 1, &root,
                           &reason),
           NGX_OK, "two of a name where no members are kept");
    is_int(test_parse_json(pool, "{\"a\":[}", 0, &root, &reason), NGX_DECLINED,
           "what is not kept is checked");

    ngx_destroy_pool(pool);
}


static void
test_json_numbers(void)
{
    ngx_uint_t        i;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    pool = pool_create();

    for (i = 0; i < sizeof(test_numbers) / sizeof(test_number_t); i++) {
        is_int(test_parse_json(pool, test_numbers[i].text, 1, &root, &reason),
               NGX_OK, "number %s", test_numbers[i].text);
        is_int(root->type, NGX_MQTT_JSON_NUMBER, "is a number");
        is_str(&root->text, test_numbers[i].text, "as written");
        is_int(root->is_integer, test_numbers[i].is_integer, "an integer?");
        is_int(root->integer, test_numbers[i].integer, "its value");
    }

    ngx_destroy_pool(pool);
}


/* n times "begin", then n times "end" */

static ngx_int_t
test_json_many(const char *begin, const char *end, ngx_uint_t n,
    ngx_uint_t levels, const char **reason)
{
    u_char           *p;
    ngx_int_t         rc;
    ngx_str_t         s;
    ngx_uint_t        i;
    ngx_pool_t       *pool;
    ngx_mqtt_json_t  *root;

    s.data = malloc(n * 16 + 16);
    p = s.data;

    if (*begin == ',') {
        *p++ = '[';
        *p++ = '0';
    }

    for (i = 0; i < n; i++) {
        p += sprintf((char *) p, begin, (int) i);
    }

    for (i = 0; i < n && *begin != ','; i++) {
        p += sprintf((char *) p, "%s", end);
    }

    if (*begin == ',') {
        p += sprintf((char *) p, "%s", end);
    }

    s.len = p - s.data;
    pool = pool_create();

    rc = ngx_mqtt_json_parse(pool, &s, levels, &root, reason);

    ngx_destroy_pool(pool);
    free(s.data);

    return rc;
}


static void
test_json_limits(void)
{
    u_char           *p;
    ngx_str_t         s;
    ngx_uint_t        i, k, n;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    n = NGX_MQTT_JSON_DEPTH;

    is_int(test_json_many("[", "]", n, 100, &reason), NGX_OK, "deep");
    is_int(test_json_many("[", "]", n + 1, 100, &reason), NGX_DECLINED,
           "too deep");
    is_int(test_json_many("[", "]", n + 1, 0, &reason), NGX_DECLINED,
           "too deep where nothing is kept");
    is_int(test_json_many("{\"a\":", "", 100000, 0, &reason), NGX_DECLINED,
           "far too deep");
    is_mem(reason, strlen(reason), "JSON is too deep", 16, "why");

    n = NGX_MQTT_JSON_VALUES - 2;

    is_int(test_json_many(",%d", "]", n, 1, &reason), NGX_OK, "many values");
    is_int(test_json_many(",%d", "]", n + 1, 1, &reason), NGX_DECLINED,
           "too many values");
    is_int(test_json_many(",%d", "]", n + 1, 0, &reason), NGX_OK,
           "as many that are not kept");

    n = NGX_MQTT_JSON_MEMBERS;
    p = malloc(n * 8 + 32);

    for (k = n; k <= n + 1; k++) {
        s.data = p;
        s.len = sprintf((char *) p, "{\"x\":0");

        for (i = 1; i < k; i++) {
            s.len += sprintf((char *) p + s.len, ",\"%d\":0", (int) i);
        }

        p[s.len++] = '}';

        pool = pool_create();
        is_int(ngx_mqtt_json_parse(pool, &s, 1, &root, &reason),
               k == n ? NGX_OK : NGX_DECLINED, "%d members", (int) k);
        is_int(ngx_mqtt_json_parse(pool, &s, 0, &root, &reason), NGX_OK,
               "%d members not kept", (int) k);
        ngx_destroy_pool(pool);
    }

    free(p);

    pool = pool_create();
    s.len = NGX_MQTT_JSON_SIZE + 1;
    s.data = malloc(s.len);
    memset(s.data, ' ', s.len);
    s.data[0] = '1';
    is_int(ngx_mqtt_json_parse(pool, &s, 1, &root, &reason), NGX_DECLINED,
           "too long");
    s.len--;
    is_int(ngx_mqtt_json_parse(pool, &s, 1, &root, &reason), NGX_OK, "long");
    free(s.data);
    ngx_destroy_pool(pool);
}


/* cut off anywhere, and without memory at any time */

static void
test_json_faults(void)
{
    size_t            i;
    ngx_int_t         rc;
    ngx_str_t         s;
    ngx_uint_t        k, taken;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    static const char  text[] =
        "{\"a\\u00e9\":[1,2.5e3,\"\\ud83d\\ude00 and more\",null],"
        "\"b\":{\"c\":true},\"d\":\"\xc3\xa9\"}";

    for (i = 0, taken = 0; i < sizeof(text) - 1; i++) {
        pool = pool_create();
        s.len = i;
        s.data = test_copy(text, i);

        taken += ngx_mqtt_json_parse(pool, &s, 8, &root, &reason)
                 != NGX_DECLINED;

        free(s.data);
        ngx_destroy_pool(pool);
    }

    is_int(taken, 0, "no beginning is taken for the whole");

    for (k = 1, rc = NGX_ERROR; k < 1000 && rc == NGX_ERROR; k++) {
        pool = pool_create();
        pool_fail_at = k;
        rc = test_parse_json(pool, text, 8, &root, &reason);
        pool_fail_at = 0;
        ngx_destroy_pool(pool);
    }

    is_int(rc, NGX_OK, "with memory it is taken");
    ok(k > 10, "without, it is an error");
}


static void
test_json_write(void)
{
    u_char     *end, buf[256];
    ngx_str_t   s;
    ngx_uint_t  i;

    for (i = 0; i < sizeof(test_strings) / sizeof(test_string_t); i++) {
        s.len = strlen(test_strings[i].string);
        s.data = test_copy(test_strings[i].string, s.len);

        end = ngx_mqtt_json_write(buf, &s);

        is_mem(buf, end - buf, test_strings[i].json,
               strlen(test_strings[i].json), "string %d", (int) i);
        is_int(ngx_mqtt_json_size(&s), end - buf, "its size");

        free(s.data);
    }

    s.data = (u_char *) "a\0b";
    s.len = 3;
    end = ngx_mqtt_json_write(buf, &s);
    is_mem(buf, end - buf, "\"a\\u0000b\"", 10, "a zero");
}


void
test_json(void)
{
    test_json_texts();
    test_json_tree();
    test_json_numbers();
    test_json_limits();
    test_json_faults();
    test_json_write();
}
