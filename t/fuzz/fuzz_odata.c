
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * Filters of connections.  The first line is the user id of one, that of the
 * others is null or empty; what follows is the filter.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata.h>


#define FUZZ_SUBJECTS  3


static ngx_log_t   fuzz_log;
static ngx_uint_t  fuzz_calls;


static void
fuzz_check(ngx_uint_t cond)
{
    if (!cond) {
        abort();
    }
}


static ngx_uint_t
fuzz_in_group(void *data, const ngx_str_t *group)
{
    fuzz_calls++;

    return group->len == 1 && group->data[0] == 'g';
}


static ngx_uint_t
fuzz_ngroups(void *data)
{
    fuzz_calls++;

    return 1;
}


static ngx_uint_t
fuzz_match(ngx_mqtt_odata_t *odata, ngx_mqtt_odata_subject_t *subject)
{
    size_t      len;
    ngx_uint_t  verdict;

    len = subject->connection_id.len + subject->user_id.len
          + subject->protocol.len;

    fuzz_calls = 0;
    verdict = ngx_mqtt_odata_match(odata, subject);

    fuzz_check(verdict <= 1);
    fuzz_check(1 + 2 * fuzz_calls <= ngx_mqtt_odata_cost(odata, len));

    return verdict;
}


/* before, filter, after: a copy where reads beyond it are seen */

static ngx_mqtt_odata_t *
fuzz_parse(ngx_pool_t *pool, const char *before, const ngx_str_t *filter,
    const char *after)
{
    u_char            *p;
    ngx_int_t          rc;
    ngx_str_t          text, why;
    ngx_uint_t         i;
    ngx_mqtt_odata_t  *odata;

    text.len = strlen(before) + filter->len + strlen(after);
    text.data = malloc(text.len);
    fuzz_check(text.data || text.len == 0);

    p = ngx_cpymem(text.data, before, strlen(before));

    if (filter->len) {
        p = ngx_cpymem(p, filter->data, filter->len);
    }

    ngx_memcpy(p, after, strlen(after));

    rc = ngx_mqtt_odata_parse(pool, &text, &odata, &why);

    free(text.data);

    if (rc == NGX_OK) {
        return odata;
    }

    fuzz_check(rc == NGX_DECLINED && why.len);

    for (i = 0; i < why.len; i++) {
        fuzz_check(why.data[i] >= 0x20 && why.data[i] < 0x7f);
    }

    return NULL;
}


/* whether it may run out of scratch, and take nothing */

static ngx_uint_t
fuzz_makes(const ngx_str_t *filter)
{
    return memmem(filter->data, filter->len, "concat", 6)
           || memmem(filter->data, filter->len, "tolower", 7)
           || memmem(filter->data, filter->len, "toupper", 7);
}


static void
fuzz_filter(ngx_pool_t *pool, const ngx_str_t *user, const ngx_str_t *filter)
{
    ngx_uint_t                 i, verdict;
    ngx_mqtt_odata_t          *odata, *twice, *inverse, *or;
    ngx_mqtt_odata_subject_t   subjects[FUZZ_SUBJECTS];

    odata = fuzz_parse(pool, "", filter, "");
    twice = fuzz_parse(pool, "(", filter, ") and true");
    inverse = fuzz_parse(pool, " not(", filter, "\n)");
    or = fuzz_parse(pool, "userId eq 'y' and false or ", filter, "");

    /* what is wrong is wrong anywhere, if it does not close parentheses */

    if (odata == NULL) {
        fuzz_check((twice == NULL && inverse == NULL)
                   || memchr(filter->data, ')', filter->len));
        return;
    }

    ngx_memzero(subjects, sizeof(subjects));

    for (i = 0; i < FUZZ_SUBJECTS; i++) {
        ngx_str_set(&subjects[i].connection_id, "c");
        subjects[i].in_group = fuzz_in_group;
        subjects[i].ngroups = fuzz_ngroups;
    }

    subjects[1].user_id.data = (u_char *) "";
    subjects[2].user_id = *user;
    ngx_str_set(&subjects[2].protocol, "mqtt");

    for (i = 0; i < FUZZ_SUBJECTS; i++) {
        verdict = fuzz_match(odata, &subjects[i]);

        fuzz_check(fuzz_match(odata, &subjects[i]) == verdict);

        if (twice) {
            fuzz_check(fuzz_match(twice, &subjects[i]) == verdict);
        }

        if (or) {
            fuzz_check(fuzz_match(or, &subjects[i]) == verdict);
        }

        if (inverse && !fuzz_makes(filter)) {
            fuzz_check(fuzz_match(inverse, &subjects[i]) == !verdict);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    u_char      *line;
    ngx_str_t    user, filter;
    ngx_pool_t  *pool;

    line = memchr(data, '\n', len);

    if (line == NULL) {
        return 0;
    }

    /* one more byte, since what has no data is null */

    user.len = line - data;
    user.data = malloc(user.len + 1);
    filter.len = len - user.len - 1;
    filter.data = malloc(filter.len + 1);
    pool = ngx_create_pool(1024, &fuzz_log);

    fuzz_check(pool && user.data && filter.data);

    memcpy(user.data, data, user.len);
    memcpy(filter.data, line + 1, filter.len);

    fuzz_filter(pool, &user, &filter);

    free(user.data);
    free(filter.data);
    ngx_destroy_pool(pool);

    return 0;
}
