
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_password.h>
#include "pool.h"


typedef struct {
    const char  *hash;
    const char  *password;
} test_hash_t;


typedef struct {
    const char  *text;
    ngx_uint_t   line;
    const char  *reason;
} test_file_t;


#define NO_USER  "has no user and colon"
#define NO_HASH  "has no hash of a known form"
#define SECOND   "has a user for the second time"


static test_hash_t  test_hashes[] = {
    { "{PLAIN}secret", "secret" },
    { "{PLAIN}a blank and \xc3\xa9", "a blank and \xc3\xa9" },
    { "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "secret" },
    { "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0", "secret" },
    { "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/", "secret" },
    { "$apr1$x$50W5kd47RRQwrXdVtrfPd/",
      "a much longer password than one block" },
    { "$1$saltsalt$9xy1btjgzLYfb7hivXtC//", "secret" },
    { "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
      "secret" },
    { "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA", "secret" },
    { "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8"
      "wiOQSpT0Y77vwPZN.Pq.H91p5hVO1", "secret" },
    { "abNANd1rDfiNc", "secret" }
};


static test_file_t  test_files[] = {
    { "", 0, NULL },
    { "\n\n", 0, NULL },
    { "# joe\n#\njoe:{PLAIN}x", 0, NULL },
    { "joe:{PLAIN}x\r\n\r\nann:{PLAIN}x:a comment: two\r\n", 0, NULL },
    { "joe:{PLAIN}x\nJoe:{PLAIN}x\njoe :{PLAIN}x\n", 0, NULL },

    { "joe", 1, NO_USER },
    { "\njoe\n", 2, NO_USER },
    { "joe:{PLAIN}x\n:{PLAIN}x\n", 2, NO_USER },
    { " \n", 1, NO_USER },

    { "joe:", 1, NO_HASH },
    { "joe::{PLAIN}x", 1, NO_HASH },
    { "joe:secret", 1, NO_HASH },
    { "joe:thirteen char", 1, NO_HASH },
    { "joe:abNANd1rDfiN", 1, NO_HASH },
    { "joe:abNANd1rDfiNcc", 1, NO_HASH },
    { "joe:abNANd1rDfi!c", 1, NO_HASH },
    { "joe: {PLAIN}x", 1, NO_HASH },
    { "joe:{PLAIN}", 1, NO_HASH },
    { "joe:{plain}x", 1, NO_HASH },
    { "joe:{SHA}", 1, NO_HASH },
    { "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/Bf", 1, NO_HASH },
    { "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQQ", 1, NO_HASH },
    { "joe:{SHA}5en6G6MezRroT3XKqkd!OmY/BfQ=", 1, NO_HASH },
    { "joe:{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", 1, NO_HASH },
    { "joe:{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      1, NO_HASH },
    { "joe:$apr1$", 1, NO_HASH },
    { "joe:$apr1$abcdefgh", 1, NO_HASH },
    { "joe:$apr1$abcdefghi$h9FWgUz3n9YxylKLlR5SQ/", 1, NO_HASH },
    { "joe:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ", 1, NO_HASH },
    { "joe:$apr1$abc!efgh$h9FWgUz3n9YxylKLlR5SQ/", 1, NO_HASH },
    { "joe:$3$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/aaaaaa", 1, NO_HASH },
    { "joe:$2y$04", 1, NO_HASH },
    { "joe:$5$saltsalt$", 1, NO_HASH },
    { "joe:$5$salt salt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA", 1,
      NO_HASH },
    { "joe:$", 1, NO_HASH },
    { "joe:*", 1, NO_HASH },

    { "joe:{PLAIN}x\nann:{PLAIN}x\njoe:{PLAIN}y\n", 3, SECOND }
};


/* what a text with the user joe makes of his password */

static ngx_int_t
test_password_is(const char *text, const char *user, const void *password,
    size_t len)
{
    ngx_int_t              rc;
    ngx_str_t              s, u, p;
    ngx_uint_t             line;
    ngx_pool_t            *pool, *other;
    const char            *reason;
    ngx_mqtt_password_t   *check;
    ngx_mqtt_passwords_t   passwords;

    pool = pool_create();
    other = pool_create();

    s.len = strlen(text);
    s.data = test_copy(text, s.len);
    u.len = strlen(user);
    u.data = test_copy(user, u.len);
    p.len = len;
    p.data = test_copy(password, len);

    if (ngx_mqtt_passwords_read(&passwords, pool, &s, &reason, &line)
        != NGX_OK)
    {
        exit(2);
    }

    check = ngx_mqtt_password_prepare(&passwords, other, &u, &p);

    /* all of this may go before it is verified */

    ngx_destroy_pool(pool);
    free(s.data);
    free(u.data);
    free(p.data);

    rc = ngx_mqtt_password_verify(check);

    if (check->len && check->password[0] != '\0') {
        rc = NGX_ERROR;
    }

    ngx_destroy_pool(other);

    return rc;
}


static void
test_password_hashes(void)
{
    char         text[256], wrong[64];
    size_t       len;
    ngx_uint_t   i;
    const char  *password;

    for (i = 0; i < sizeof(test_hashes) / sizeof(test_hash_t); i++) {
        sprintf(text, "joe:%s\n", test_hashes[i].hash);
        password = test_hashes[i].password;
        len = strlen(password);

        is_int(test_password_is(text, "joe", password, len), NGX_OK,
               "right: %s", test_hashes[i].hash);

        strcpy(wrong, password);
        wrong[0] ^= 1;
        is_int(test_password_is(text, "joe", wrong, len), NGX_DECLINED,
               "another one");
        is_int(test_password_is(text, "joe", password, len - 1), NGX_DECLINED,
               "a shorter one");
        is_int(test_password_is(text, "joe", password, len + 1), NGX_DECLINED,
               "one with a zero behind it");
        is_int(test_password_is(text, "joe", "", 0), NGX_DECLINED,
               "an empty one");
        is_int(test_password_is(text, "ann", password, len), NGX_DECLINED,
               "another user's");
    }
}


static void
test_password_users(void)
{
    char  text[2048], long_one[NGX_MQTT_PASSWORD_SIZE + 2];

    is_int(test_password_is("joe:{PLAIN}a\nann:{PLAIN}b:c\r\n#x:{PLAIN}a\n",
                            "ann", "b", 1),
           NGX_OK, "the second user");
    is_int(test_password_is("joe:{PLAIN}a\nann:{PLAIN}b\n", "ann", "a", 1),
           NGX_DECLINED, "with the first one's password");
    is_int(test_password_is("#x:{PLAIN}a\n", "#x", "a", 1), NGX_DECLINED,
           "a comment is no user");
    is_int(test_password_is("joe:{PLAIN}a\n", "", "a", 1), NGX_DECLINED,
           "no user");
    is_int(test_password_is("", "joe", "a", 1), NGX_DECLINED, "no users");
    is_int(test_password_is("joe:{PLAIN}a\n", "joe", "a\0b", 3), NGX_DECLINED,
           "a zero in it");

    memset(long_one, 'x', sizeof(long_one));
    sprintf(text, "joe:{PLAIN}%.*s\n", NGX_MQTT_PASSWORD_SIZE, long_one);

    is_int(test_password_is(text, "joe", long_one, NGX_MQTT_PASSWORD_SIZE),
           NGX_OK, "the longest");
    is_int(test_password_is(text, "joe", long_one, NGX_MQTT_PASSWORD_SIZE + 1),
           NGX_DECLINED, "too long");
}


static void
test_password_files(void)
{
    ngx_int_t              rc;
    ngx_str_t              s;
    ngx_uint_t             i, k, line;
    ngx_pool_t            *pool;
    const char            *reason;
    ngx_mqtt_passwords_t   passwords;

    for (i = 0; i < sizeof(test_files) / sizeof(test_file_t); i++) {
        pool = pool_create();
        s.len = strlen(test_files[i].text);
        s.data = test_copy(test_files[i].text, s.len);

        rc = ngx_mqtt_passwords_read(&passwords, pool, &s, &reason, &line);

        if (test_files[i].reason) {
            is_int(rc, NGX_ERROR, "file %d is refused", (int) i);
            is_int(line, test_files[i].line, "where");
            is_mem(reason, strlen(reason), test_files[i].reason,
                   strlen(test_files[i].reason), "why");

        } else {
            is_int(rc, NGX_OK, "file %d is taken", (int) i);
        }

        free(s.data);
        ngx_destroy_pool(pool);
    }

    s.data = (u_char *) "joe:{PLAIN}x\0y\n";
    s.len = 15;
    pool = pool_create();
    is_int(ngx_mqtt_passwords_read(&passwords, pool, &s, &reason, &line),
           NGX_ERROR, "a zero in a hash");

    s.data = (u_char *) "joe:{PLAIN}x\nann:{PLAIN}y\n";
    s.len = 26;

    for (k = 1; k <= 2; k++) {
        pool_fail_at = k;
        rc = ngx_mqtt_passwords_read(&passwords, pool, &s, &reason, &line);
        is_int(rc, NGX_ERROR, "no memory for user %d", (int) k);
        is_int(line, 0, "no line is to blame");
    }

    pool_fail_at = 0;
    is_int(ngx_mqtt_passwords_read(&passwords, pool, &s, &reason, &line),
           NGX_OK, "taken in the end");

    pool_fail_at = 1;
    ok(ngx_mqtt_password_prepare(&passwords, pool, &s, &s) == NULL,
       "no memory for a password");
    pool_fail_at = 0;

    ngx_destroy_pool(pool);
}


/* many users: each has a password of its own */

static void
test_password_many(void)
{
    char                  *text;
    u_char                 name[16], password[16];
    ngx_str_t              s, user;
    ngx_uint_t             i, wrong, line;
    ngx_pool_t            *pool;
    const char            *reason;
    ngx_mqtt_password_t   *check;
    ngx_mqtt_passwords_t   passwords;

    text = malloc(1000 * 32);
    s.data = (u_char *) text;
    s.len = 0;

    for (i = 0; i < 1000; i++) {
        s.len += sprintf(text + s.len, "u%d:{PLAIN}p%d\n", (int) i, (int) i);
    }

    pool = pool_create();
    is_int(ngx_mqtt_passwords_read(&passwords, pool, &s, &reason, &line),
           NGX_OK, "a thousand users");

    for (i = 0, wrong = 0; i < 1000; i++) {
        user.data = name;
        user.len = sprintf((char *) name, "u%d", (int) i);

        s.data = password;
        s.len = sprintf((char *) password, "p%d", (int) i);

        check = ngx_mqtt_password_prepare(&passwords, pool, &user, &s);
        wrong += ngx_mqtt_password_verify(check) != NGX_OK;
    }

    is_int(wrong, 0, "each with a password");

    ngx_destroy_pool(pool);
    free(text);
}


void
test_password(void)
{
    test_password_hashes();
    test_password_users();
    test_password_files();
    test_password_many();
}
