
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "test.h"


typedef struct {
    const char  *name;
    void       (*function)(void);
} test_t;


void test_parse(void);
void test_packet(void);
void test_property(void);
void test_encode(void);
void test_topic(void);
void test_role(void);
void test_ws(void);
void test_json(void);
void test_native_read(void);
void test_native_write(void);
void test_native_limits(void);
void test_keys(void);
void test_jwt(void);
void test_password(void);
void test_odata(void);
void test_block(void);
void test_zone(void);
void test_index(void);
void test_message(void);
void test_tree(void);
void test_queue(void);
void test_session(void);
void test_profile(void);
void test_permission(void);
void test_retain(void);
void test_list_all(void);
void test_publish(void);
void test_wide(void);
void test_bulk(void);
void test_check(void);
void test_rebuild(void);
void test_nomem(void);
void test_user(void);
void test_native_client(void);
void test_native_reliable(void);
void test_native_stream(void);
void test_kill(void);


/* the kills come first: a small process is forked faster */

static test_t  tests[] = {
    { "kill", test_kill },
    { "topic", test_topic },
    { "role", test_role },
    { "property", test_property },
    { "parse", test_parse },
    { "packet", test_packet },
    { "encode", test_encode },
    { "ws", test_ws },
    { "json", test_json },
    { "native_read", test_native_read },
    { "native_write", test_native_write },
    { "native_limits", test_native_limits },
    { "keys", test_keys },
    { "jwt", test_jwt },
    { "password", test_password },
    { "odata", test_odata },
    { "block", test_block },
    { "zone", test_zone },
    { "index", test_index },
    { "message", test_message },
    { "tree", test_tree },
    { "queue", test_queue },
    { "session", test_session },
    { "profile", test_profile },
    { "permission", test_permission },
    { "user", test_user },
    { "retain", test_retain },
    { "list", test_list_all },
    { "publish", test_publish },
    { "wide", test_wide },
    { "bulk", test_bulk },
    { "check", test_check },
    { "rebuild", test_rebuild },
    { "native_client", test_native_client },
    { "native_reliable", test_native_reliable },
    { "native_stream", test_native_stream },
    { "nomem", test_nomem },
    { NULL, NULL }
};


ngx_log_t  test_log;

static ngx_uint_t  test_count;
static ngx_uint_t  test_failed;


/* without arguments all tests, else those named */

int
main(int argc, char **argv)
{
    int      i;
    test_t  *test;

    setvbuf(stdout, NULL, _IOLBF, 0);

    for (test = tests; test->name; test++) {

        for (i = 1; i < argc; i++) {
            if (strcmp(argv[i], test->name) == 0) {
                break;
            }
        }

        if (argc == 1 || i < argc) {
            test_note("%s", test->name);
            test->function();
        }
    }

    printf("1..%lu\n", (unsigned long) test_count);

    if (test_failed || test_count == 0) {
        test_note("%lu of %lu failed", (unsigned long) test_failed,
                  (unsigned long) test_count);
        return 1;
    }

    return 0;
}


static ngx_uint_t
test_result(ngx_uint_t cond, const char *file, int line, const char *fmt,
    va_list args)
{
    test_count++;

    printf("%sok %lu - ", cond ? "" : "not ", (unsigned long) test_count);
    vprintf(fmt, args);
    printf("\n");

    if (!cond) {
        test_failed++;
        test_note("%s:%d", file, line);
    }

    return cond;
}


ngx_uint_t
test_ok(ngx_uint_t cond, const char *file, int line, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    test_result(cond, file, line, fmt, args);
    va_end(args);

    return cond;
}


ngx_uint_t
test_int(int64_t got, int64_t want, const char *file, int line,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    test_result(got == want, file, line, fmt, args);
    va_end(args);

    if (got != want) {
        test_note("got %lld (0x%llx), want %lld (0x%llx)", (long long) got,
                  (long long) got, (long long) want, (long long) want);
    }

    return got == want;
}


static void
test_dump(const char *name, const u_char *p, size_t len)
{
    size_t  i;

    printf("# %s %lu bytes:", name, (unsigned long) len);

    for (i = 0; i < len && i < 64; i++) {
        printf(" %02x", p[i]);
    }

    printf("%s\n", (i < len) ? " ..." : "");
}


ngx_uint_t
test_mem(const void *got, size_t gotlen, const void *want, size_t wantlen,
    const char *file, int line, const char *fmt, ...)
{
    va_list     args;
    ngx_uint_t  same;

    same = (gotlen == wantlen
            && (gotlen == 0 || memcmp(got, want, gotlen) == 0));

    va_start(args, fmt);
    test_result(same, file, line, fmt, args);
    va_end(args);

    if (!same) {
        test_dump("got", got, gotlen);
        test_dump("want", want, wantlen);
    }

    return same;
}


void
test_note(const char *fmt, ...)
{
    va_list  args;

    printf("# ");
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
}


size_t
test_hex(u_char *buf, const char *hex)
{
    u_char     *p;
    ngx_int_t   n;

    p = buf;

    while (*hex) {

        if (*hex == ' ') {
            hex++;
            continue;
        }

        n = ngx_hextoi((u_char *) hex, 2);
        if (n == NGX_ERROR) {
            fprintf(stderr, "bad digits: %s\n", hex);
            exit(2);
        }

        *p++ = (u_char) n;
        hex += 2;
    }

    return p - buf;
}


u_char *
test_copy(const void *data, size_t len)
{
    u_char  *p;

    p = malloc(len);

    if (p == NULL && len) {
        exit(2);
    }

    if (len) {
        memcpy(p, data, len);
    }

    return p;
}
