
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_odata.h>
#include "pool.h"


typedef struct {
    const char  *filter;
    const char  *user;          /* NULL: none */
    ngx_uint_t   verdict;
} test_verdict_t;


typedef struct {
    const char  *filter;
    ngx_uint_t   position;
    const char  *reason;
} test_refusal_t;


#define A_UMLAUT   "\xc3\x84"                  /* U+00C4 */
#define EURO       "\xe2\x82\xac"              /* U+20AC */
#define SMILE      "\xf0\x9f\x98\x80"          /* U+1F600, two units */
#define CYRILLIC   "\xd0\x81\xd0\x96\xd1\x91"  /* capital, capital, small */

#define BOOL_INT   "type 'int', 'bool' was expected"
#define BOOL_STR   "type 'string', 'bool' was expected"
#define BOOL_NULL  "type 'null', 'bool' was expected"
#define INT_STR    "type 'string', 'int' was expected"
#define STR_INT    "type 'int', 'string' was expected"
#define STR_BOOL   "type 'bool', 'string' was expected"
#define STR_COLL   "type 'collection', 'string' was expected"
#define ANY_COLL   "type 'collection', 'string', 'int' or 'bool' was expected"
#define CLOSE      "\")\" was expected"
#define OPERAND    "an operand was expected"
#define THE_END    "an operator or the end was expected"
#define CONSTANT   "a constant was expected"
#define LIST       "a list or \"groups\" was expected"
#define BEYOND     "integer beyond 64 bits"
#define NO_INT     "not an integer"
#define UNKNOWN    "unknown name"


/* The connection is "conn-1", of mqtt, in "group1", "a/b" and "o'k". */

static test_verdict_t  test_verdicts[] = {

    { "true", NULL, 1 },
    { "false", NULL, 0 },
    { "  true ", NULL, 1 },
    { "not false", NULL, 1 },
    { "not(true)", NULL, 0 },
    { "((true))", NULL, 1 },

    /* identifiers in any case */
    { "userId eq 'user1'", "user1", 1 },
    { "USERID eq 'user1'", "user1", 1 },
    { "userid eq 'user1'", "User1", 0 },
    { "ConnectionID eq 'conn-1'", NULL, 1 },
    { "connectionId ne 'conn-1'", NULL, 0 },
    { "'conn-1' eq connectionId", NULL, 1 },
    { "Protocol eq 'mqtt'", NULL, 1 },
    { "'group1' in GROUPS", NULL, 1 },

    /* null */
    { "userId eq null", NULL, 1 },
    { "userId eq null", "", 0 },
    { "null eq userId", NULL, 1 },
    { "userId ne null", NULL, 0 },
    { "userId ne null", "a", 1 },
    { "userId eq 'a'", NULL, 0 },
    { "userId ne 'a'", NULL, 1 },
    { "userId eq ''", NULL, 0 },
    { "userId eq ''", "", 1 },
    { "userId eq protocol", NULL, 0 },
    { "null eq null", NULL, 1 },
    { "null ne null", NULL, 0 },
    { "null gt null", NULL, 0 },
    { "null le 1", NULL, 0 },
    { "1 eq null", NULL, 0 },
    { "true ne null", NULL, 1 },
    { "length(userId) eq null", NULL, 1 },
    { "length(userId) gt 0", NULL, 0 },
    { "length(userId) le 0", NULL, 0 },
    { "not (length(userId) gt 0)", NULL, 1 },
    { "length(null) eq null", NULL, 1 },
    { "tolower(userId) eq null", NULL, 1 },
    { "toupper(null) eq null", NULL, 1 },
    { "trim(userId) eq null", NULL, 1 },
    { "substring(userId, 0) eq null", NULL, 1 },
    { "substring(userId, 0, 0) eq null", NULL, 1 },
    { "substring('a', length(userId)) eq null", NULL, 1 },
    { "substring('a', 0, length(userId)) eq null", NULL, 1 },
    { "concat(userId, 'x') eq 'x'", NULL, 1 },
    { "concat('x', userId) eq 'x'", NULL, 1 },
    { "concat(userId, null) eq null", NULL, 1 },
    { "contains(userId, '')", NULL, 0 },
    { "contains('a', userId)", NULL, 0 },
    { "contains(null, null)", NULL, 0 },
    { "startswith(userId, '')", NULL, 0 },
    { "startswith('a', null)", NULL, 0 },
    { "endswith(userId, 'a')", NULL, 0 },
    { "endswith('a', userId)", NULL, 0 },
    { "indexof(userId, '') eq -1", NULL, 1 },
    { "indexof('a', userId) eq -1", NULL, 1 },
    { "userId in ('a', null)", NULL, 1 },
    { "userId in ('a', 'b')", NULL, 0 },
    { "null in (null)", NULL, 1 },
    { "null in (1)", NULL, 0 },
    { "userId in groups", NULL, 0 },
    { "null in groups", NULL, 0 },

    /* comparison */
    { "1 eq 1", NULL, 1 },
    { "1 ne 2", NULL, 1 },
    { "1 gt 1", NULL, 0 },
    { "2 gt 1", NULL, 1 },
    { "1 ge 1", NULL, 1 },
    { "0 ge 1", NULL, 0 },
    { "0 lt 1", NULL, 1 },
    { "1 lt 1", NULL, 0 },
    { "1 le 1", NULL, 1 },
    { "2 le 1", NULL, 0 },
    { "-1 lt 0", NULL, 1 },
    { "-0 eq 0", NULL, 1 },
    { "007 eq 7", NULL, 1 },
    { "9223372036854775807 gt 9223372036854775806", NULL, 1 },
    { "-9223372036854775808 lt 9223372036854775807", NULL, 1 },
    { "-9223372036854775808 lt -9223372036854775807", NULL, 1 },
    { "true eq true", NULL, 1 },
    { "true ne not true", NULL, 1 },
    { "contains('ab', 'b') eq true", NULL, 1 },
    { "(1 eq 2) eq (2 eq 3)", NULL, 1 },
    { "'a' eq 'A'", NULL, 0 },
    { "'a' eq 'a '", NULL, 0 },

    /* what binds more */
    { "true or false and false", NULL, 1 },
    { "(true or false) and false", NULL, 0 },
    { "false and false or true", NULL, 1 },
    { "not false or true", NULL, 1 },
    { "not true and false or true", NULL, 1 },
    { "not false eq true", NULL, 1 },
    { "not true eq false", NULL, 1 },
    { "false or false or true or false", NULL, 1 },
    { "true and true and false and true", NULL, 0 },
    { "false or (true and (false or true))", NULL, 1 },
    { "userId eq 'a' or userId eq 'b' and connectionId eq 'x'", "a", 1 },
    { "length(userId) gt 0 and length(userId) lt 3", "ab", 1 },
    { "length(userId) gt 0 and length(userId) lt 3", "abc", 0 },

    /* quotes */
    { "userId eq 'user''1'", "user'1", 1 },
    { "'''' eq userId", "'", 1 },
    { "'''''' eq userId", "''", 1 },
    { "userId eq 'a''''b'", "a''b", 1 },
    { "'o''k' in groups", NULL, 1 },
    { "userId in ('O''Brien, Jane', 'x')", "O'Brien, Jane", 1 },
    { "'a,b)' in ('c', 'a,b)')", NULL, 1 },
    { "'(' eq '('", NULL, 1 },
    { "'a' eq'a'and'b'ne'c'", NULL, 1 },

    /* lists and groups */
    { "'group1' in groups", NULL, 1 },
    { "'Group1' in groups", NULL, 0 },
    { "'a/b' in groups and not ('a' in groups)", NULL, 1 },
    { "not('group1' in groups)", NULL, 0 },
    { "concat('gro', 'up1') in groups", NULL, 1 },
    { "userId in groups", "group1", 1 },
    { "length(groups) eq 3", NULL, 1 },
    { "length((Groups)) in (1, 2)", NULL, 0 },
    { "userId in ('user1', 'user2')", "user2", 1 },
    { "userId in ('user1','user2')", "user3", 0 },
    { "userId in('user1')", "user1", 1 },
    { "tolower(userId) in ('user1')", "USER1", 1 },
    { "2 in (1, -2, 2)", NULL, 1 },
    { "true in (false)", NULL, 0 },
    { "not (userId in ('a', 'b'))", "c", 1 },
    { "'a' in ('a') and 'b' in ('b') and 'c' in ('a', 'b')", NULL, 0 },

    /* functions */
    { "tolower(userId) eq 'user1'", "USER1", 1 },
    { "toupper(userId) eq 'USER1'", "uSer1", 1 },
    { "trim(userId) eq 'user1'", " user1\t", 1 },
    { "trim(userId) eq ''", " \r\n ", 1 },
    { "trim(userId) eq 'a b'", "a b", 1 },
    { "substring(userId, 5, 2) eq 'ab'", "user-ab-de", 1 },
    { "substring(userId, 5) eq 'ab-de'", "user-ab-de", 1 },
    { "substring(userId, 0, 0) eq ''", "a", 1 },
    { "substring(userId, 1) eq ''", "a", 1 },
    { "substring(userId, 2) eq null", "a", 1 },
    { "substring(userId, 0, 1) eq 'a'", "a", 1 },
    { "substring(userId, 0, 2) eq null", "a", 1 },
    { "substring(userId, 1, 1) eq null", "a", 1 },
    { "substring(userId, -1) eq null", "a", 1 },
    { "substring(userId, 0, -1) eq null", "a", 1 },
    { "substring(userId, 9223372036854775807) eq null", "a", 1 },
    { "substring(userId, 1, 9223372036854775807) eq null", "a", 1 },
    { "substring(userId, -9223372036854775808) eq null", "a", 1 },
    { "substring(userId, indexof(userId, '-')) eq '-b'", "a-b", 1 },
    { "concat(userId, connectionId) eq 'aconn-1'", "a", 1 },
    { "concat('', '') eq ''", NULL, 1 },
    { "concat(tolower('A'), concat(toupper('b'), 'c')) eq 'aBc'", NULL, 1 },
    { "contains(userId, 'b')", "abc", 1 },
    { "contains(userId, 'b')", "aaa", 0 },
    { "contains(userId, '')", "", 1 },
    { "contains(userId, 'abcd')", "abc", 0 },
    { "startswith(userId, 'user')", "user-ab", 1 },
    { "startswith(userId, 'ab')", "user-ab", 0 },
    { "startswith(userId, '')", "a", 1 },
    { "startswith(userId, 'ab')", "a", 0 },
    { "endswith(userId, 'ab')", "user-ab", 1 },
    { "endswith(userId, 'user')", "user-ab", 0 },
    { "endswith(userId, '')", "a", 1 },
    { "endswith(userId, 'ba')", "a", 0 },
    { "not endswith(userId, 'milk')", "user", 1 },
    { "indexof(userId, '-ab-') ge 0", "user-ab-de", 1 },
    { "indexof(userId, '-ab-') eq 4", "user-ab-de", 1 },
    { "indexof(userId, 'x') eq -1", "user", 1 },
    { "indexof(userId, '') eq 0", "user", 1 },
    { "length ( userId ) eq 4", "user", 1 },
    { "length('') eq 0", NULL, 1 },

    /* UTF-16 code units */
    { "length(userId) eq 4", A_UMLAUT EURO SMILE, 1 },
    { "indexof(userId, 'x') eq 4", A_UMLAUT EURO SMILE "x", 1 },
    { "substring(userId, 1, 1) eq '" EURO "'", A_UMLAUT EURO SMILE, 1 },
    { "substring(userId, 2) eq '" SMILE "'", A_UMLAUT EURO SMILE, 1 },
    { "substring(userId, 3) eq null", A_UMLAUT EURO SMILE, 1 },
    { "substring(userId, 2, 1) eq null", A_UMLAUT EURO SMILE, 1 },
    { "substring(userId, 4) eq ''", A_UMLAUT EURO SMILE, 1 },
    { "substring(userId, 5) eq null", A_UMLAUT EURO SMILE, 1 },
    { "contains(userId, '" EURO "')", A_UMLAUT EURO SMILE, 1 },

    /* letters and white space beyond ASCII */
    { "tolower(userId) eq '\xc3\xa4z" SMILE "'", A_UMLAUT "Z" SMILE, 1 },
    { "toupper('\xc3\xa4') eq userId", A_UMLAUT, 1 },
    { "tolower(userId) eq '\xd1\x91\xd0\xb6\xd1\x91'", CYRILLIC, 1 },
    { "toupper(userId) eq '\xd0\x81\xd0\x96\xd0\x81'", CYRILLIC, 1 },
    { "toupper(userId) eq '\xc5\xb8\xce\x8f'", "\xc3\xbf\xcf\x8e", 1 },
    { "tolower(userId) eq '\xc3\xbf\xcf\x8e'", "\xc5\xb8\xce\x8f", 1 },
    { "tolower(userId) eq '\xc8\x99\xc4\xb0'", "\xc8\x98\xc4\xb0", 1 },
    { "tolower('\xc3\x97" EURO "') eq userId", "\xc3\x97" EURO, 1 },
    { "toupper('\xc3\xb7\xc3\x9f') eq userId", "\xc3\xb7\xc3\x9f", 1 },
    { "trim(userId) eq 'a'",
      "\xc2\xa0\xe2\x80\x89" "a\xe3\x80\x80\xc2\x85\xe1\x9a\x80", 1 },
    { "trim(userId) eq userId", "\xc2\xa1" "a\xe2\x82\xa0", 1 }
};


static test_refusal_t  test_refusals[] = {

    { "", 0, OPERAND },
    { "   ", 3, OPERAND },
    { "()", 1, OPERAND },
    { "(true", 5, CLOSE },
    { "true)", 4, THE_END },
    { "true true", 5, THE_END },
    { "true and", 8, OPERAND },
    { "and true", 0, UNKNOWN },
    { "not", 3, OPERAND },
    { "not not true", 4, UNKNOWN },
    { "1 eq", 4, OPERAND },
    { "1 eq 1 eq true", 7, THE_END },
    { "1 in (1) in (true)", 9, THE_END },
    { "userId = 'a'", 7, "unexpected character" },
    { "userId eq \"a\"", 10, "unexpected character" },
    { "userId eq 'a", 10, "string without an end" },
    { "userId eq 'a''", 10, "string without an end" },
    { "userId eq '", 10, "string without an end" },
    { "userId eq '" EURO SMILE "' x", 16, THE_END },
    { "\xc3\xa4 eq 1", 0, "unexpected character" },

    /* names: those of the language in lower case */
    { "name eq 'a'", 0, UNKNOWN },
    { "user eq 'a'", 0, UNKNOWN },
    { "userIds eq 'a'", 0, UNKNOWN },
    { "userId EQ 'a'", 7, THE_END },
    { "true AND true", 5, THE_END },
    { "True", 0, UNKNOWN },
    { "NULL eq null", 0, UNKNOWN },
    { "ToLower(userId) eq 'a'", 0, UNKNOWN },
    { "userId/a eq 'a'", 6, "unexpected character" },
    { "replace(userId, 'a', 'b') eq 'a'", 0, UNKNOWN },
    { "1 add 1 eq 2", 2, THE_END },

    /* integers */
    { "9223372036854775808 eq 1", 0, BEYOND },
    { "-9223372036854775809 eq 1", 0, BEYOND },
    { "1 eq 18446744073709551617", 5, BEYOND },
    { "99999999999999999999999999 eq 1", 0, BEYOND },
    { "1.5 eq 1", 0, NO_INT },
    { "1a eq 1", 0, NO_INT },
    { "1eq 1", 0, NO_INT },
    { "- 1 eq 1", 0, "\"-\" without a number" },
    { "+1 eq 1", 0, "unexpected character" },

    /* types */
    { "userId", 0, BOOL_STR },
    { "'true'", 0, BOOL_STR },
    { "1", 0, BOOL_INT },
    { "null", 0, BOOL_NULL },
    { "groups", 0, "type 'collection', 'bool' was expected" },
    { "not length(userId) gt 5", 4, BOOL_INT },
    { "not 'a'", 4, BOOL_STR },
    { "not null", 4, BOOL_NULL },
    { "not 'a' in groups", 4, BOOL_STR },
    { "true and 1", 9, BOOL_INT },
    { "1 and true", 0, BOOL_INT },
    { "true or null", 8, BOOL_NULL },
    { "true or length(userId)", 8, BOOL_INT },
    { "false and (true or 'a')", 19, BOOL_STR },
    { "userId eq 1", 10, STR_INT },
    { "1 eq userId", 5, INT_STR },
    { "userId ne true", 10, STR_BOOL },
    { "true eq 'a'", 8, BOOL_STR },
    { "length(userId) eq '1'", 18, INT_STR },
    { "userId lt 'a'", 0, INT_STR },
    { "1 lt userId", 5, INT_STR },
    { "true gt false", 0, "type 'bool', 'int' was expected" },
    { "groups eq 'a'", 0, ANY_COLL },
    { "groups eq null", 0, ANY_COLL },
    { "null eq groups", 8, ANY_COLL },
    { "'a' eq groups", 7, STR_COLL },

    /* sets */
    { "'a' in", 6, LIST },
    { "'a' in 'a'", 7, LIST },
    { "'a' in userId", 7, LIST },
    { "'a' in tolower('a')", 7, UNKNOWN },
    { "'a' in ()", 8, CONSTANT },
    { "'a' in (groups)", 8, CONSTANT },
    { "'a' in ('a'", 11, CLOSE },
    { "'a' in ('a',)", 12, CONSTANT },
    { "'a' in ('a' 'b')", 12, CLOSE },
    { "'a' in (userId)", 8, CONSTANT },
    { "'a' in ('b', 1)", 13, STR_INT },
    { "null in ('b', 1)", 14, STR_INT },
    { "1 in ('a')", 6, INT_STR },
    { "1 in groups", 0, STR_INT },
    { "true in groups", 0, STR_BOOL },
    { "groups in groups", 0, ANY_COLL },
    { "groups in ('a')", 0, ANY_COLL },

    /* calls */
    { "tolower eq 'a'", 8, "\"(\" was expected" },
    { "tolower() eq 'a'", 8, OPERAND },
    { "tolower('a', 'b') eq 'a'", 11, "too many arguments" },
    { "concat('a') eq 'a'", 10, "too few arguments" },
    { "concat('a' 'b') eq 'a'", 11, CLOSE },
    { "concat('a', 'b' eq 'a'", 12, STR_BOOL },
    { "substring('a') eq 'a'", 13, "too few arguments" },
    { "substring('a', 1, 1, 1) eq 'a'", 19, "too many arguments" },
    { "substring('a', '1') eq 'a'", 15, INT_STR },
    { "substring('a', 1, true) eq 'a'", 18, "type 'bool', 'int' was expected" },
    { "tolower(1) eq 'a'", 8, STR_INT },
    { "tolower(groups) eq 'a'", 8, STR_COLL },
    { "contains(userId, 1)", 17, STR_INT },
    { "length(1) eq 1", 7, STR_INT },
    { "length(1 eq 1) eq 1", 7, STR_BOOL },
    { "userId('a')", 6, THE_END }
};


static ngx_uint_t
test_in_group(void *data, const ngx_str_t *group)
{
    ngx_uint_t  i;

    static const char  *groups[] = { "group1", "a/b", "o'k" };

    for (i = 0; i < 3; i++) {
        if (group->len == strlen(groups[i])
            && memcmp(group->data, groups[i], group->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
test_ngroups(void *data)
{
    return 3;
}


static void
test_subject(ngx_mqtt_odata_subject_t *subject, const char *user)
{
    ngx_memzero(subject, sizeof(ngx_mqtt_odata_subject_t));

    ngx_str_set(&subject->connection_id, "conn-1");
    ngx_str_set(&subject->protocol, "mqtt");

    if (user) {
        subject->user_id.data = (u_char *) user;
        subject->user_id.len = strlen(user);
    }

    subject->in_group = test_in_group;
    subject->ngroups = test_ngroups;
}


/* The compiled filter, or NULL; then *why says why. */

static ngx_mqtt_odata_t *
test_compile(ngx_pool_t *pool, const char *filter, ngx_str_t *why)
{
    ngx_int_t          rc;
    ngx_str_t          text;
    ngx_mqtt_odata_t  *odata;

    text.len = strlen(filter);
    text.data = test_copy(filter, text.len);

    odata = NULL;
    ngx_str_null(why);
    rc = ngx_mqtt_odata_parse(pool, &text, &odata, why);

    if ((rc == NGX_OK) != (odata != NULL)
        || (rc == NGX_DECLINED) != (why->len != 0))
    {
        ok(0, "what is returned for %s", filter);
    }

    if (text.data) {
        memset(text.data, 'x', text.len);
    }

    free(text.data);

    return odata;
}


static void
test_odata_verdicts(void)
{
    ngx_str_t                  why;
    ngx_uint_t                 i;
    ngx_pool_t                *pool;
    test_verdict_t            *v;
    ngx_mqtt_odata_t          *odata;
    ngx_mqtt_odata_subject_t   subject;

    for (i = 0; i < sizeof(test_verdicts) / sizeof(test_verdict_t); i++) {
        v = &test_verdicts[i];
        pool = pool_create();

        odata = test_compile(pool, v->filter, &why);

        if (ok(odata != NULL, "%s", v->filter)) {
            test_subject(&subject, v->user);
            is_int(ngx_mqtt_odata_match(odata, &subject), v->verdict,
                   "its verdict");
            is_int(ngx_mqtt_odata_match(odata, &subject), v->verdict,
                   "the same again");
        } else {
            note("%.*s", (int) why.len, why.data);
        }

        ngx_destroy_pool(pool);
    }
}


static void
test_odata_refusals(void)
{
    char             want[256];
    ngx_str_t        why;
    ngx_uint_t       i;
    ngx_pool_t      *pool;
    test_refusal_t  *r;

    for (i = 0; i < sizeof(test_refusals) / sizeof(test_refusal_t); i++) {
        r = &test_refusals[i];
        pool = pool_create();

        ok(test_compile(pool, r->filter, &why) == NULL, "refused: %s",
           r->filter);

        snprintf(want, sizeof(want), "Parameter 'filter' at position %d: %s",
                 (int) r->position, r->reason);
        if (!is_str(&why, want, "why")) {
            note("got %.*s", (int) why.len, why.data);
        }

        ngx_destroy_pool(pool);
    }
}


/* before, n times part, after */

static ngx_uint_t
test_repeated(const char *before, const char *part, ngx_uint_t n,
    const char *after, const char *end)
{
    char                      *text, *p;
    ngx_str_t                  why;
    ngx_uint_t                 i, verdict;
    ngx_pool_t                *pool;
    ngx_mqtt_odata_t          *odata;
    ngx_mqtt_odata_subject_t   subject;

    text = malloc(strlen(before) + n * (strlen(part) + strlen(end))
                  + strlen(after) + 1);
    p = text + sprintf(text, "%s", before);

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s", part);
    }

    p += sprintf(p, "%s", after);

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%s", end);
    }

    pool = pool_create();
    test_subject(&subject, "user");

    odata = test_compile(pool, text, &why);
    verdict = odata ? ngx_mqtt_odata_match(odata, &subject) : 2;

    ngx_destroy_pool(pool);
    free(text);

    return verdict;
}


static void
test_odata_limits(void)
{
    ngx_str_t          text, why;
    ngx_uint_t         n;
    ngx_pool_t        *pool;
    ngx_mqtt_odata_t  *odata;

    n = NGX_MQTT_ODATA_DEPTH;

    is_int(test_repeated("", "(", n, "true", ")"), 1, "parentheses");
    is_int(test_repeated("", "(", n + 1, "true", ")"), 2, "one more");
    is_int(test_repeated("", "(", 8000, "true", ""), 2, "far more");
    is_int(test_repeated("", "not(", n, "true", ")"), 1, "many \"not\"");
    is_int(test_repeated("", "\t\r\n (", n, "\ttrue", "\n)\t"), 1,
           "white space");
    is_int(test_repeated("", "trim(", n, "'a'", ")"), 2, "no bool");
    is_int(test_repeated("'a' eq ", "trim(", n, "'a'", ")"), 1, "calls");
    is_int(test_repeated("'a' eq ", "trim(", n + 1, "'a'", ")"), 2,
           "one more");
    is_int(test_repeated("'aaa' ne ", "concat('a',", n, "'a'", ")"), 1,
           "as many strings on the stack");
    is_int(test_repeated("", "1 eq 2 eq (", 1, "true", ")"), 2,
           "no comparison of a comparison");
    is_int(test_repeated("", "true eq (", n, "true", ")"), 1,
           "as many bools on the stack");

    n = NGX_MQTT_ODATA_CLAUSES;

    is_int(test_repeated("", "false or ", n - 1, "true", ""), 1, "clauses");
    is_int(test_repeated("", "false or ", n, "true", ""), 2, "one more");
    is_int(test_repeated("", "true and ", n - 1, "false", ""), 0,
           "clauses by \"and\"");
    is_int(test_repeated("", "true and(", n, "true", ")"), 2,
           "one more, in parentheses");
    is_int(test_repeated("userId in (", "'aaa',", 1000, "'user')", ""), 1,
           "a long list");

    pool = pool_create();
    text.len = NGX_MQTT_ODATA_SIZE + 1;
    text.data = malloc(text.len);
    memset(text.data, ' ', text.len);
    memcpy(text.data, "true", 4);

    is_int(ngx_mqtt_odata_parse(pool, &text, &odata, &why), NGX_DECLINED,
           "too long");
    is_str(&why, "Parameter 'filter' at position 0: too long", "why");
    text.len--;
    is_int(ngx_mqtt_odata_parse(pool, &text, &odata, &why), NGX_OK, "long");
    text.data[4] = '\0';
    is_int(ngx_mqtt_odata_parse(pool, &text, &odata, &why), NGX_DECLINED,
           "a zero");
    text.data[4] = 0x80;
    is_int(ngx_mqtt_odata_parse(pool, &text, &odata, &why), NGX_DECLINED,
           "not UTF-8");
    is_str(&why, "Parameter 'filter' at position 0: not UTF-8", "why");

    free(text.data);
    ngx_destroy_pool(pool);
}


static ngx_uint_t
test_scratch_match(const char *filter, const ngx_mqtt_odata_subject_t *subject)
{
    ngx_str_t          why;
    ngx_uint_t         verdict;
    ngx_pool_t        *pool;
    ngx_mqtt_odata_t  *odata;

    pool = pool_create();
    odata = test_compile(pool, filter, &why);
    verdict = odata ? ngx_mqtt_odata_match(odata, subject) : 2;
    ngx_destroy_pool(pool);

    return verdict;
}


/* strings that are made fit, or there is no match */

static void
test_odata_scratch(void)
{
    ngx_mqtt_odata_subject_t  subject;

    test_subject(&subject, "a");

    subject.connection_id.len = NGX_MQTT_ODATA_SCRATCH;
    subject.connection_id.data = malloc(NGX_MQTT_ODATA_SCRATCH);
    memset(subject.connection_id.data, 'A', NGX_MQTT_ODATA_SCRATCH);

    is_int(test_scratch_match("startswith(tolower(connectionId), 'aa')",
                              &subject),
           1, "a string as long as can be");
    is_int(test_scratch_match("startswith(tolower(connectionId), 'aa')"
                              " and endswith(toupper(connectionId), 'AA')"
                              " and length(concat(connectionId, '')) gt 9"
                              " and tolower(connectionId) ne connectionId",
                              &subject),
           1, "one after the other");
    is_int(test_scratch_match("length(concat(connectionId, 'a')) gt 0"
                              " or true",
                              &subject),
           0, "too long, whatever else there is");
    is_int(test_scratch_match("not (length(concat(connectionId, 'a')) gt 0)",
                              &subject),
           0, "nor by \"not\"");
    is_int(test_scratch_match("tolower(connectionId) eq tolower(userId)",
                              &subject),
           0, "two together too long");
    is_int(test_scratch_match("true or length(concat(connectionId, 'a')) gt 0",
                              &subject),
           1, "what is not needed is not made");
    is_int(test_scratch_match("length(substring(connectionId, 1)) eq 65535"
                              " and length(trim(connectionId)) eq 65536"
                              " and contains(connectionId, userId)",
                              &subject),
           0, "others need no room");

    free(subject.connection_id.data);
}


static void
test_odata_cost(void)
{
    ngx_str_t          why;
    ngx_uint_t         few;
    ngx_pool_t        *pool;
    ngx_mqtt_odata_t  *odata;

    pool = pool_create();

    odata = test_compile(pool, "userId eq 'a'", &why);
    is_int(ngx_mqtt_odata_cost(odata, 20), 1, "a comparison");
    is_int(ngx_mqtt_odata_cost(odata, 65536), 129, "of a long string");

    odata = test_compile(pool, "'a' in groups and length(groups) lt 9", &why);
    is_int(ngx_mqtt_odata_cost(odata, 20), 5, "groups");
    is_int(ngx_mqtt_odata_cost(odata, 65536), 5, "and no string");

    odata = test_compile(pool, "tolower(userId) eq 'a'", &why);
    few = ngx_mqtt_odata_cost(odata, 1024);
    odata = test_compile(pool,
                         "tolower(concat(userId, concat(userId, userId)))"
                         " eq 'a'",
                         &why);
    ok(ngx_mqtt_odata_cost(odata, 1024) > few * 4, "long strings are made");
    is_int(ngx_mqtt_odata_cost(odata, 1048576), 1 + 4 * 65536 / 512,
           "as long as can be");

    ngx_destroy_pool(pool);
}


/* cut off anywhere, and without memory at any time */

static void
test_odata_faults(void)
{
    char         part[sizeof("userId in ('a')") + 256];
    size_t       i;
    ngx_int_t    rc;
    ngx_str_t    text, why;
    ngx_uint_t   k, taken;
    ngx_pool_t  *pool;

    ngx_mqtt_odata_t  *odata;

    static const char  filter[] =
        "(userId in ('a''b', null) or 12 le length(groups)) and not contains("
        "concat(toupper(protocol), 'x'), '" SMILE "') and ('\xc3\xa4' in"
        " groups)";

    for (i = 0, taken = 0; i < sizeof(filter) - 1; i++) {
        pool = pool_create();
        memcpy(part, filter, i);
        part[i] = '\0';
        taken += test_compile(pool, part, &why) != NULL;
        ngx_destroy_pool(pool);
    }

    is_int(taken, 4, "only the first and second clause alone are taken");

    text.data = (u_char *) filter;
    text.len = sizeof(filter) - 1;

    for (k = 1, rc = NGX_ERROR; k < 1000 && rc == NGX_ERROR; k++) {
        pool = pool_create();
        pool_fail_at = k;
        rc = ngx_mqtt_odata_parse(pool, &text, &odata, &why);
        pool_fail_at = 0;
        ngx_destroy_pool(pool);
    }

    is_int(rc, NGX_OK, "with memory it is taken");
    ok(k > 4, "without, it is an error");

    pool = pool_create();
    text.len--;
    pool_fail_at = 3;
    is_int(ngx_mqtt_odata_parse(pool, &text, &odata, &why), NGX_ERROR,
           "no memory to say why");
    pool_fail_at = 0;
    ngx_destroy_pool(pool);
}


void
test_odata(void)
{
    test_odata_verdicts();
    test_odata_refusals();
    test_odata_limits();
    test_odata_scratch();
    test_odata_cost();
    test_odata_faults();
}
