
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "token.h"

#include <openssl/err.h>


typedef struct {
    const char  *text;
    const char  *reason;        /* NULL: it is taken */
    ngx_uint_t   n;             /* keys */
} test_set_t;


#define NO_KEY   "has no key for signatures"
#define NO_JWK   "has a JWK that is no valid key"
#define BAD_JWK  "has a JWK that cannot be read"
#define BAD_PEM  "has PEM that cannot be read"


static test_set_t  test_sets[] = {
    { "{\"keys\":[" TOKEN_JWK_RSA "," TOKEN_JWK_P256 "," TOKEN_JWK_P384 "]}",
      NULL, 3 },
    { " \r\n\t{ \"keys\" : [ " TOKEN_JWK_P256 " ], \"more\": 1 }", NULL, 1 },

    /* what is passed over */
    { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}," TOKEN_JWK_P256 "]}",
      NULL, 1 },
    { "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"},"
      TOKEN_JWK_P256 "]}", NULL, 1 },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AAAA\"},"
      TOKEN_JWK_P256 "]}", NULL, 1 },
    { "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\"}," TOKEN_JWK_P256 "]}",
      NULL, 1 },
    { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", NO_KEY, 0 },
    { "{\"keys\":[]}", NO_KEY, 0 },

    { "{", "is no JSON that can be read", 0 },
    { "{}", "is JSON without an array \"keys\"", 0 },
    { "{\"keys\":{}}", "is JSON without an array \"keys\"", 0 },
    { "{\"keys\":[1]}", BAD_JWK, 0 },
    { "{\"keys\":[{}]}", BAD_JWK, 0 },
    { "{\"keys\":[{\"kty\":1}]}", BAD_JWK, 0 },
    { "{\"keys\":[{\"kty\":\"EC\",\"kid\":1}]}", BAD_JWK, 0 },
    { "{\"keys\":[{\"kty\":\"RSA\"}]}", NO_JWK, 0 },
    { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AA=\",\"e\":\"AQAB\"}]}", NO_JWK,
      0 },
    { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
      "has an RSA key of less than 2048 bits", 0 },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\","
      "\"y\":\"AQAB\"}]}", NO_JWK, 0 },

    /* not on the curve */
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
      "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
      "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}", NO_JWK, 0 },

    { "", NO_KEY, 0 },
    { " \n", NO_KEY, 0 },
    { "no key", NO_KEY, 0 },
    { "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      "has a public key that cannot be read", 0 },
    { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      "has a certificate that cannot be read", 0 },
    { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "has PEM that is neither a public key nor a certificate", 0 },
    { "-----BEGIN PUBLIC KEY-----\nAAAA\n", BAD_PEM, 0 },
    { "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n", BAD_PEM,
      0 }
};


static ngx_int_t
test_keys_add(ngx_mqtt_keys_t *keys, const char *text, const char **reason)
{
    ngx_str_t  s;

    s.len = strlen(text);
    s.data = (u_char *) text;

    return ngx_mqtt_keys_add(keys, &s, reason);
}


static void
test_keys_sets(void)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_keys_t  *keys;

    for (i = 0; i < sizeof(test_sets) / sizeof(test_set_t); i++) {
        pool = pool_create();
        keys = ngx_mqtt_keys_create(pool);

        rc = test_keys_add(keys, test_sets[i].text, &reason);

        if (test_sets[i].reason) {
            is_int(rc, NGX_ERROR, "set %d is refused", (int) i);
            is_mem(reason, strlen(reason), test_sets[i].reason,
                   strlen(test_sets[i].reason), "why");

        } else {
            is_int(rc, NGX_OK, "set %d is taken", (int) i);
        }

        is_int(keys->nelts, test_sets[i].n, "number of keys");
        is_int(ERR_peek_error(), 0, "no error is left");

        ngx_destroy_pool(pool);
    }
}


static void
test_keys_pem(void)
{
    char             *text;
    EVP_PKEY         *rsa, *small, *p256, *p521;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_key_t   *key;
    ngx_mqtt_keys_t  *keys;

    rsa = EVP_RSA_gen(2048);
    small = EVP_RSA_gen(1024);
    p256 = EVP_EC_gen("P-256");
    p521 = EVP_EC_gen("P-521");

    pool = pool_create();
    keys = ngx_mqtt_keys_create(pool);
    text = malloc(65536);

    sprintf(text, "a key:\n%s\r\nand another one:\n%s and a certificate\n%s",
            token_pem(pool, p256), token_pem(pool, rsa),
            token_certificate(pool, p256));

    is_int(test_keys_add(keys, text, &reason), NGX_OK, "PEM with three keys");
    is_int(keys->nelts, 3, "are there");
    key = keys->elts;
    is_int(key[0].type, NGX_MQTT_KEY_P256, "the first one's type");
    is_int(key[1].type, NGX_MQTT_KEY_RSA, "the second one's type");
    is_int(EVP_PKEY_eq(key[1].pkey, rsa), 1, "and it is the same");
    is_int(EVP_PKEY_eq(key[2].pkey, p256), 1, "the certificate's key, too");
    is_int(key[0].id.len, 0, "has no id");

    is_int(test_keys_add(keys, "{\"keys\":[" TOKEN_JWK_RSA "]}", &reason),
           NGX_OK, "a JWK beside them");
    is_int(keys->nelts, 4, "is there");
    is_str(&key[3].id, "r", "has an id");

    is_int(test_keys_add(keys, token_pem(pool, small), &reason), NGX_ERROR,
           "RSA with 1024 bits");
    is_mem(reason, strlen(reason), "has an RSA key of less than 2048 bits", 37,
           "why");
    is_int(test_keys_add(keys, token_pem(pool, p521), &reason), NGX_ERROR,
           "another curve");
    is_mem(reason, strlen(reason),
           "has a key that is neither RSA nor on P-256 or P-384", 51, "why");

    while (keys->nelts < NGX_MQTT_KEYS_MAX) {
        if (test_keys_add(keys, token_pem(pool, p256), &reason) != NGX_OK) {
            break;
        }
    }

    is_int(keys->nelts, NGX_MQTT_KEYS_MAX, "many keys");
    is_int(test_keys_add(keys, token_pem(pool, p256), &reason), NGX_ERROR,
           "one too many");
    is_mem(reason, strlen(reason), "has too many keys", 17, "why");

    free(text);
    ngx_destroy_pool(pool);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p521);
}


static void
test_keys_base64url(void)
{
    ngx_str_t     s, d;
    ngx_uint_t    i;
    ngx_pool_t   *pool;

    static const char  *bad[] = {
        "A", "AAAAA", "AA=", "AA==", "AAA=", "=", "AB", "AAB", "AA A", "AA\n",
        "AA+A", "AA/A", "\xc3\xa9", ".", NULL
    };

    pool = pool_create();

    for (i = 0; bad[i]; i++) {
        s.len = strlen(bad[i]);
        s.data = test_copy(bad[i], s.len);
        is_int(ngx_mqtt_base64url(pool, &s, &d), NGX_DECLINED,
               "no base64url: %d", (int) i);
        free(s.data);
    }

    ngx_str_set(&s, "_-8");
    is_int(ngx_mqtt_base64url(pool, &s, &d), NGX_OK, "two bytes");
    is_mem(d.data, d.len, "\xff\xef", 2, "are right");

    ngx_str_set(&s, "_w");
    is_int(ngx_mqtt_base64url(pool, &s, &d), NGX_OK, "one byte");
    is_mem(d.data, d.len, "\xff", 1, "is right");

    ngx_str_set(&s, "");
    is_int(ngx_mqtt_base64url(pool, &s, &d), NGX_OK, "none");
    is_int(d.len, 0, "is right");

    pool_fail_at = 1;
    is_int(ngx_mqtt_base64url(pool, &s, &d), NGX_ERROR, "no memory");
    pool_fail_at = 0;

    ngx_destroy_pool(pool);
}


/* without memory at any time, a set is refused and nothing is leaked */

static void
test_keys_nomem(void)
{
    ngx_int_t         rc;
    ngx_uint_t        k;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_keys_t  *keys;

    for (k = 1, rc = NGX_ERROR; k < 1000 && rc != NGX_OK; k++) {
        pool = pool_create();
        pool_fail_at = k;
        keys = ngx_mqtt_keys_create(pool);

        if (keys) {
            rc = test_keys_add(keys, "{\"keys\":[" TOKEN_JWK_RSA ","
                               TOKEN_JWK_P256 "]}", &reason);
        }

        pool_fail_at = 0;
        ngx_destroy_pool(pool);
    }

    is_int(rc, NGX_OK, "with memory it is taken");
    ok(k > 10, "without, it is an error");
}


void
test_keys(void)
{
    test_keys_sets();
    test_keys_pem();
    test_keys_base64url();
    test_keys_nomem();
}
