
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _TEST_H_INCLUDED_
#define _TEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A test file holds a function void test_<file>(void), which stands in the
 * table of run.c.  Every check is a line of TAP; a loop counts what went
 * wrong, says so with note(), and is one check in the end.
 */

#define ok(cond, ...)                                                         \
    test_ok((cond) != 0, __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, ...)                                                \
    test_int((int64_t) (got), (int64_t) (want), __FILE__, __LINE__,           \
             __VA_ARGS__)

#define is_mem(got, gotlen, want, wantlen, ...)                               \
    test_mem(got, gotlen, want, wantlen, __FILE__, __LINE__, __VA_ARGS__)

/* an ngx_str_t and a C string */

#define is_str(got, want, ...)                                                \
    test_mem((got)->data, (got)->len, want, strlen(want), __FILE__, __LINE__, \
             __VA_ARGS__)

#define note(...)  test_note(__VA_ARGS__)


/* each returns whether the check held */

ngx_uint_t test_ok(ngx_uint_t cond, const char *file, int line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
ngx_uint_t test_int(int64_t got, int64_t want, const char *file, int line,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
ngx_uint_t test_mem(const void *got, size_t gotlen, const void *want,
    size_t wantlen, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

/* a comment in the output */
void test_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reads hexadecimal digits, blanks between them do not count, into buf. */
size_t test_hex(u_char *buf, const char *hex);

/*
 * A copy in memory of exactly that size, where the address sanitizer sees
 * reads beyond it.  To be freed with free().
 */
u_char *test_copy(const void *data, size_t len);

/* writes to nowhere */
extern ngx_log_t  test_log;


#endif /* _TEST_H_INCLUDED_ */
