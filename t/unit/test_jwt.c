
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "token.h"

#include <openssl/err.h>


#define NOW     1000000000
#define HEADER  "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define URL     "\"aud\":\"http://h.example:8080/clients/mqtt/hubs/chat\""
#define GOOD    URL ",\"exp\":1000000060"


typedef struct {
    const char  *text;
    const char  *reason;        /* NULL: it is taken */
} test_claims_t;


typedef struct {
    const char  *audience;
    ngx_uint_t   result;
} test_audience_t;


#define NOT_ALLOWED  "its \"alg\" is not allowed"
#define WRONG        "its signature is wrong"
#define NO_KEY       "there is no key for it"
#define NO_EXP       "it has no \"exp\""
#define EXPIRED      "it has expired"
#define NO_NBF       "its \"nbf\" is no time"
#define EARLY        "it is not valid yet"
#define AUD          "its \"aud\" is another one"
#define SUB          "its \"sub\" is no plain string"
#define ROLES        "its roles or groups are no plain strings"
#define TWICE        "JSON object has a name twice"


static test_claims_t  test_claims[] = {
    { "{" GOOD "}", NULL },
    { "{" GOOD ",\"iss\":\"anybody\"}", NULL },
    { "{" GOOD ",\"more\":{\"a\":[[{}]]}}", NULL },

    /* from 30 seconds before to 30 seconds behind */
    { "{" URL ",\"exp\":999999971}", NULL },
    { "{" URL ",\"exp\":999999970}", EXPIRED },
    { "{" URL ",\"exp\":0}", EXPIRED },
    { "{" URL ",\"exp\":-9223372036854775808}", EXPIRED },
    { "{" URL ",\"exp\":9223372036854775807}", NULL },
    { "{" URL ",\"exp\":1000000060.5}", NULL },
    { "{" URL ",\"exp\":999999970.5}", EXPIRED },
    { "{" URL ",\"exp\":9223372036854775808}", NO_EXP },
    { "{" URL ",\"exp\":9223372036854775808.0}", NO_EXP },
    { "{" URL ",\"exp\":1.0e9}", NO_EXP },
    { "{" URL ",\"exp\":2e9}", NO_EXP },
    { "{" URL ",\"exp\":-1.5}", NO_EXP },
    { "{" URL ",\"exp\":\"2000000000\"}", NO_EXP },
    { "{" URL ",\"exp\":true}", NO_EXP },
    { "{" URL ",\"exp\":null}", NO_EXP },
    { "{" URL ",\"exp\":[2000000000]}", NO_EXP },
    { "{" URL "}", NO_EXP },
    { "{}", NO_EXP },
    { "{" GOOD ",\"nbf\":1000000030}", NULL },
    { "{" GOOD ",\"nbf\":1000000031}", EARLY },
    { "{" GOOD ",\"nbf\":9223372036854775807}", EARLY },
    { "{" GOOD ",\"nbf\":\"1\"}", NO_NBF },
    { "{" GOOD ",\"nbf\":1e9}", NO_NBF },

    { "{\"exp\":1000000060}", AUD },
    { "{\"exp\":1000000060,\"aud\":\"\"}", AUD },
    { "{\"exp\":1000000060,\"aud\":[]}", AUD },
    { "{\"exp\":1000000060,\"aud\":1}", AUD },
    { "{\"exp\":1000000060,\"aud\":{\"a\":\"service\"}}", AUD },
    { "{\"exp\":1000000060,\"aud\":\"service\"}", NULL },
    { "{\"exp\":1000000060,\"aud\":\"Service\"}", AUD },
    { "{\"exp\":1000000060,\"aud\":\"service2\"}", AUD },
    { "{\"exp\":1000000060,\"aud\":[1,\"x\",\"second\"]}", NULL },
    { "{\"exp\":1000000060,\"aud\":[[\"second\"]]}", AUD },
    { "{\"exp\":1000000060,\"aud\":"
      "[\"wss://h.example:8080/clients/mqtt/hubs/chat\"]}", NULL },
    { "{\"exp\":1000000060,\"aud\":"
      "\"http://h.example:8080/clients/mqtt/hubs/other\"}", AUD },

    { "{" GOOD ",\"sub\":\"\"}", NULL },
    { "{" GOOD ",\"sub\":1}", SUB },
    { "{" GOOD ",\"sub\":null}", SUB },
    { "{" GOOD ",\"sub\":[\"joe\"]}", SUB },
    { "{" GOOD ",\"sub\":\"joe\\u0000\"}", SUB },
    { "{" GOOD ",\"role\":[]}", NULL },
    { "{" GOOD ",\"role\":1}", ROLES },
    { "{" GOOD ",\"role\":{}}", ROLES },
    { "{" GOOD ",\"role\":null}", ROLES },
    { "{" GOOD ",\"role\":[\"a\",[\"b\"]]}", ROLES },
    { "{" GOOD ",\"role\":[\"a\\u0000\"]}", ROLES },
    { "{" GOOD ",\"group\":[\"a\",1]}", ROLES },
    { "{" GOOD ",\"webpubsub.group\":true}", ROLES },

    { "{" GOOD ",\"exp\":1000000061}", TWICE },
    { "{" GOOD ",\"sub\":\"a\",\"s\\u0075b\":\"b\"}", TWICE },
    { "{" GOOD ",\"x\":1,\"y\":2,\"x\":1}", TWICE },
    { "{" GOOD "", "invalid JSON" },
    { "{" GOOD "}}", "invalid JSON" },
    { "", "it does not have three parts" },
    { " ", "invalid JSON" },
    { "[]", "its payload is no object" },
    { "null", "its payload is no object" },
    { "{" GOOD ",\"x\":\"\xff\"}", "JSON is not UTF-8" }
};


static test_claims_t  test_headers[] = {
    { "{\"alg\":\"HS256\"}", NULL },
    { "{\"typ\":\"JWS\",\"alg\":\"HS256\",\"kid\":\"any\"}", NULL },
    { " {\"alg\":\"HS256\"}", NULL },

    { "{\"alg\":\"none\"}", NOT_ALLOWED },
    { "{\"alg\":\"None\"}", NOT_ALLOWED },
    { "{\"alg\":\"NONE\"}", NOT_ALLOWED },
    { "{\"alg\":\"\"}", NOT_ALLOWED },
    { "{\"alg\":\"hs256\"}", NOT_ALLOWED },
    { "{\"alg\":\"HS256 \"}", NOT_ALLOWED },
    { "{\"alg\":\"HS256\\u0000\"}", NOT_ALLOWED },
    { "{\"alg\":\"HS384\"}", NOT_ALLOWED },
    { "{\"alg\":\"HS512\"}", NOT_ALLOWED },
    { "{\"alg\":\"ES512\"}", NOT_ALLOWED },
    { "{\"alg\":null}", NOT_ALLOWED },
    { "{\"alg\":[\"HS256\"]}", NOT_ALLOWED },
    { "{}", NOT_ALLOWED },

    { "{\"alg\":\"RS256\"}", NO_KEY },
    { "{\"alg\":\"ES256\"}", WRONG },

    { "{\"alg\":\"none\",\"alg\":\"HS256\"}", TWICE },
    { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", TWICE },
    { "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
      "its header has \"crit\"" },
    { "{\"alg\":\"HS256\",\"crit\":[]}", "its header has \"crit\"" },
    { "{\"alg\":\"HS256\",\"kid\":1}", "its \"kid\" is no string" },
    { "[\"alg\"]", NOT_ALLOWED },
    { "\"HS256\"", NOT_ALLOWED },
    { "HS256", "invalid JSON" }
};


static test_audience_t  test_audiences[] = {
    { "http://h.example:8080/clients/mqtt/hubs/a`b", 1 },
    { "https://h.example:8080/clients/mqtt/hubs/a`b", 1 },
    { "ws://h.example:8080/clients/mqtt/hubs/a`b", 1 },
    { "wss://h.example:8080/clients/mqtt/hubs/a`b", 1 },
    { "HTTP://H.Example:8080/Clients/MQTT/hubs/A`B", 1 },
    { "http://h.example:8080/clients/mqtt/hubs/a`b/", 1 },
    { "http://h.example:8080/clients/mqtt/hubs/a%60b", 1 },
    { "http://h.example:8080/%63lients/mqtt/hubs/a%60b", 1 },
    { "http://h.example:8080/client/?hub=a`b", 1 },
    { "http://h.example:8080/api/hubs/c/:send?filter=a%20b", 1 },

    { "http://h.example:8080/clients/mqtt/hubs/a`b//", 0 },
    { "http://h.example:8080/clients/mqtt/hubs/a`b?x=1", 0 },
    { "http://h.example:8080/clients/mqtt/hubs/a`bc", 0 },
    { "http://h.example:8080/clients/mqtt/hubs/a", 0 },
    { "http://h.example:8080/clients/mqtt/hubs/a%2560b", 0 },
    { "http://h.example:8080/clients/mqtt/hubs/a%6", 0 },
    { "http://h.example:8080/clients/mqtt/hubs/a%zzb", 0 },
    { "http://h.example:8080/api/hubs/c/:send?filter=a b", 0 },
    { "http://h.example:8080/api/hubs/c/:send", 0 },
    { "http://h.example:8080/", 0 },
    { "http://h.example:8080", 0 },
    { "http://h.example/clients/mqtt/hubs/a`b", 0 },
    { "http://h.example:80800/clients/mqtt/hubs/a`b", 0 },
    { "http://x.example:8080/clients/mqtt/hubs/a`b", 0 },
    { "http://h.example:8080@x/clients/mqtt/hubs/a`b", 0 },
    { "http:///clients/mqtt/hubs/a`b", 0 },
    { "http://", 0 },
    { "mqtt://h.example:8080/clients/mqtt/hubs/a`b", 0 },
    { "//h.example:8080/clients/mqtt/hubs/a`b", 0 },
    { "h.example:8080/clients/mqtt/hubs/a`b", 0 },
    { "/clients/mqtt/hubs/a`b", 0 },
    { "", 0 }
};


/* with the port of a scheme or without, on both sides */

static test_audience_t  test_ports[] = {
    { "http://h.example/p", 1 },
    { "https://h.example/p", 1 },
    { "http://h.example:80/p", 1 },
    { "ws://h.example:80/p", 1 },
    { "https://h.example:443/p", 1 },
    { "wss://h.example:443/p", 1 },
    { "https://h.example:80/p", 0 },
    { "http://h.example:443/p", 0 },
    { "http://h.example:8443/p", 0 },
    { "http://:80/p", 0 }
};


static ngx_str_t  test_paths[] = {
    ngx_string("/clients/mqtt/hubs/a`b"),
    ngx_string("/client/?hub=a`b"),
    ngx_string("/api/hubs/c/:send?filter=a%20b")
};


static ngx_str_t  test_services[] = {
    ngx_string("service"),
    ngx_string("second")
};


static ngx_str_t  test_path = ngx_string("/clients/mqtt/hubs/chat");


static ngx_mqtt_jwt_url_t  test_url = {
    ngx_string("h.example:8080"), &test_path, 1, 0
};


static ngx_mqtt_jwt_conf_t  test_conf = {
    { { ngx_string("key-one"), ngx_string("key-two") }, { NULL, NULL },
      NULL },
    ngx_string("https://id.example/"), test_services, 2
};


static ngx_str_t  test_api = ngx_string("api");


static ngx_mqtt_jwt_conf_t  test_api_conf = {
    { { ngx_null_string, ngx_null_string }, { NULL, NULL }, NULL },
    ngx_string("https://id.example/"), &test_api, 1
};


/* the token as a copy of its own */

static ngx_int_t
test_verify(ngx_pool_t *pool, const ngx_mqtt_jwt_conf_t *conf,
    const ngx_str_t *token, ngx_mqtt_jwt_t *jwt)
{
    ngx_int_t  rc;
    ngx_str_t  copy;

    copy.len = token->len;
    copy.data = test_copy(token->data, token->len);

    rc = ngx_mqtt_jwt_verify(pool, conf, &test_url, &copy, NOW, jwt);

    free(copy.data);

    return rc;
}


static void
test_refused(const ngx_mqtt_jwt_conf_t *conf, const ngx_str_t *token,
    const char *reason, const char *name)
{
    ngx_int_t        rc;
    ngx_pool_t      *pool;
    ngx_mqtt_jwt_t   jwt;

    pool = pool_create();
    rc = test_verify(pool, conf, token, &jwt);

    if (reason == NULL) {
        is_int(rc, NGX_OK, "taken: %s", name);

    } else if (is_int(rc, NGX_DECLINED, "refused: %s", name)) {
        is_mem(jwt.reason, strlen(jwt.reason), reason, strlen(reason), "why");
    }

    ngx_destroy_pool(pool);
}


static void
test_jwt_hs256(void)
{
    size_t           i, len;
    ngx_str_t        token;
    ngx_uint_t       taken;
    ngx_pool_t      *pool;
    ngx_mqtt_jwt_t   jwt;

    pool = pool_create();

    for (i = 0; i < sizeof(test_claims) / sizeof(test_claims_t); i++) {
        token = token_hs256(pool, HEADER, test_claims[i].text, "key-one");
        test_refused(&test_conf, &token, test_claims[i].reason,
                     test_claims[i].text);
    }

    test_conf.keys.public = ngx_mqtt_keys_create(pool);

    for (i = 0; i < sizeof(test_headers) / sizeof(test_claims_t); i++) {
        token = token_hs256(pool, test_headers[i].text, "{" GOOD "}",
                            "key-one");
        test_refused(&test_conf, &token, test_headers[i].reason,
                     test_headers[i].text);
    }

    test_conf.keys.public = NULL;

    token = token_hs256(pool, HEADER, "{" GOOD "}", "key-two");
    test_refused(&test_conf, &token, NULL, "the secondary key");
    test_refused(&test_api_conf, &token, "there is no access key",
                 "where there is none");

    token = token_hs256(pool, HEADER, "{" GOOD "}", "key-three");
    test_refused(&test_conf, &token, WRONG, "another key");
    token = token_hs256(pool, HEADER, "{" GOOD "}", "");
    test_refused(&test_api_conf, &token, "there is no access key",
                 "an empty key");

    /* one character changed, or the end missing, or more of it */

    token = token_hs256(pool, HEADER, "{" GOOD "}", "key-one");

    for (i = 0, taken = 0; i < token.len; i++) {
        token.data[i] ^= 1;
        taken += test_verify(pool, &test_conf, &token, &jwt) != NGX_DECLINED;
        token.data[i] ^= 1;
    }

    len = token.len;

    for (token.len = 0; token.len < len; token.len++) {
        taken += test_verify(pool, &test_conf, &token, &jwt) != NGX_DECLINED;
    }

    is_int(taken, 0, "no change is taken");

    is_int(test_verify(pool, &test_conf, &token, &jwt), NGX_OK, "as it was");

    ngx_destroy_pool(pool);
}


/* Keys of any length, also longer than a block, as the library has them. */

static void
test_jwt_prepared(void)
{
    char                  key[131];
    size_t                len;
    ngx_str_t             token;
    ngx_uint_t            bad;
    ngx_pool_t           *pool;
    ngx_mqtt_jwt_t        jwt;
    ngx_mqtt_jwt_conf_t   conf;

    bad = 0;

    for (len = 1; len < sizeof(key) - 1; len++) {
        pool = pool_create();

        memset(key, 'k', len);
        key[len] = '\0';

        conf = test_conf;
        conf.keys.access[1].data = (u_char *) key;
        conf.keys.access[1].len = len;

        bad += (ngx_mqtt_jws_prepare(pool, &conf.keys) != NGX_OK
                || conf.keys.mac[0] == NULL || conf.keys.mac[1] == NULL);

        token = token_hs256(pool, HEADER, "{" GOOD "}", key);
        bad += test_verify(pool, &conf, &token, &jwt) != NGX_OK;
        bad += test_verify(pool, &conf, &token, &jwt) != NGX_OK;

        token = token_hs256(pool, HEADER, "{" GOOD "}", "key-one");
        bad += test_verify(pool, &conf, &token, &jwt) != NGX_OK;

        key[len - 1] = 'l';
        token = token_hs256(pool, HEADER, "{" GOOD "}", key);
        bad += test_verify(pool, &conf, &token, &jwt) != NGX_DECLINED;

        ngx_destroy_pool(pool);
    }

    is_int(bad, 0, "prepared keys");
}


static void
test_jwt_forms(void)
{
    size_t       i;
    ngx_str_t    s;
    ngx_pool_t  *pool;

    static test_audience_t  forms[] = {
        { "eyJhbGciOiJub25lIn0.e30.", 1 },
        { "eyJ.e30.AA", 1 },
        { "IHs.e30.AA", 1 },
        { "Cns.a-b_.AA", 1 },
        { "eyJhbGciOiJub25lIn0.e30", 0 },
        { "eyJhbGciOiJub25lIn0..AA", 0 },
        { ".e30.AA", 0 },
        { "ey.e30.AA.AA", 0 },
        { "ey.e3 0.AA", 0 },
        { "ey.e30.AA=", 0 },
        { "ey.e30.A+A", 0 },
        { "secret.with.dots", 0 },
        { "..", 0 },
        { "secret", 0 },
        { "", 0 }
    };

    static test_claims_t  bad[] = {
        { "", "it does not have three parts" },
        { "a.b", "it does not have three parts" },
        { "a.b.c.d", "it does not have three parts" },
        { "..", "it does not have three parts" },
        { ".e30.", "it does not have three parts" },
        { "e30..", "it does not have three parts" },
        { "e30=.e30.", "its header is not base64url" },
        { "e3.e30.", "its header is not base64url" },
        { "e.e30.", "its header is not base64url" },
        { "e+0.e30.", "its header is not base64url" },
        { "eyJhbGciOiJIUzI1NiJ9.e30.A", "its signature is not base64url" },
        { "eyJhbGciOiJIUzI1NiJ9.e30.AA==", "its signature is not base64url" },
        { "eyJhbGciOiJIUzI1NiJ9.e30.", WRONG },
        { "eyJhbGciOiJub25lIn0.e30.", NOT_ALLOWED }
    };

    for (i = 0; i < sizeof(forms) / sizeof(test_audience_t); i++) {
        s.len = strlen(forms[i].audience);
        s.data = test_copy(forms[i].audience, s.len);
        is_int(ngx_mqtt_jws_form(&s), forms[i].result, "form of: %s",
               forms[i].audience);
        free(s.data);
    }

    for (i = 0; i < sizeof(bad) / sizeof(test_claims_t); i++) {
        s.len = strlen(bad[i].text);
        s.data = (u_char *) bad[i].text;
        test_refused(&test_conf, &s, bad[i].reason, bad[i].text);
    }

    pool = pool_create();
    s.len = 65536;
    s.data = malloc(s.len);
    memset(s.data, 'A', s.len);
    memcpy(s.data, "eyJhbGciOiJIUzI1NiJ9.", 21);
    s.data[s.len - 44] = '.';
    test_refused(&test_conf, &s, "it is too long", "64 KiB");
    is_int(ngx_mqtt_jws_form(&s), 1, "but it has the form");

    s.len = NGX_MQTT_JWS_SIZE;
    s.data[s.len - 44] = '.';
    test_refused(&test_conf, &s, WRONG, "the longest one");
    s.len++;
    test_refused(&test_conf, &s, "it is too long", "one byte more");

    free(s.data);
    ngx_destroy_pool(pool);
}


static void
test_jwt_result(void)
{
    ngx_str_t        key, token, claims, *s;
    ngx_pool_t      *pool;
    ngx_mqtt_jwt_t   jwt;

    pool = pool_create();

    ngx_str_set(&claims, "{\"sub\":\"joe\",\"exp\":2000000000}");
    ngx_str_set(&key, "key-one");
    is_int(ngx_mqtt_jws_sign(pool, &key, &claims, &token), NGX_OK, "signed");
    is_str(&token, TOKEN_HS256, "as another implementation does it");

    token = token_hs256(pool, HEADER, "{" GOOD ",\"sub\":\"j\\u00f6\","
                        "\"role\":[\"r1\",\"r2\"],"
                        "\"webpubsub.group\":\"g1\",\"group\":[\"g2\"],"
                        "\"n\":1.50,\"o\":{\"a\":[1]},\"l\":[true,\"x\",[2]]}",
                        "key-two");

    is_int(test_verify(pool, &test_conf, &token, &jwt), NGX_OK, "taken");
    is_str(&jwt.subject, "j\xc3\xb6", "its subject");
    is_int(jwt.expires, 1000000060, "its end");

    s = jwt.roles.elts;
    is_int(jwt.roles.nelts, 2, "roles");
    is_str(&s[0], "r1", "the first one");
    is_str(&s[1], "r2", "the second one");

    s = jwt.groups.elts;
    is_int(jwt.groups.nelts, 2, "groups");
    is_str(&s[0], "g1", "the first one");
    is_str(&s[1], "g2", "the second one");

    is_int(jwt.claims->n, 9, "claims");
    is_str(&ngx_mqtt_json_get(jwt.claims, "n")->text, "1.50", "a number");
    is_str(&ngx_mqtt_json_get(jwt.claims, "o")->text, "{\"a\":[1]}",
           "an object");
    is_str(&ngx_mqtt_json_get(jwt.claims, "l")->first->text, "true",
           "an item");
    is_str(&ngx_mqtt_json_get(jwt.claims, "l")->first->next->next->text,
           "[2]", "an array in an array");

    token = token_hs256(pool, HEADER, "{" GOOD ",\"role\":\"r\"}", "key-one");
    is_int(test_verify(pool, &test_conf, &token, &jwt), NGX_OK, "another one");
    is_int(jwt.subject.len, 0, "no subject");
    is_int(jwt.roles.nelts, 1, "one role");
    is_int(jwt.groups.nelts, 0, "no group");

    ngx_destroy_pool(pool);
}


static void
test_jwt_audiences(void)
{
    size_t              i;
    ngx_str_t           s, path;
    ngx_mqtt_jwt_url_t  url;

    ngx_str_set(&path, "/p");
    ngx_str_set(&url.host, "h.example:8080");
    url.path = test_paths;
    url.npath = 3;
    url.bare = 0;

    for (i = 0; i < sizeof(test_audiences) / sizeof(test_audience_t); i++) {
        s.len = strlen(test_audiences[i].audience);
        s.data = test_copy(test_audiences[i].audience, s.len);
        is_int(ngx_mqtt_jwt_audience(&url, &s), test_audiences[i].result,
               "audience %s", test_audiences[i].audience);
        free(s.data);
    }

    ngx_str_set(&s, "wss://anywhere/clients/mqtt/hubs/A%60B");
    ngx_str_null(&url.host);
    is_int(ngx_mqtt_jwt_audience(&url, &s), 1, "any host");
    ngx_str_set(&s, "anywhere/clients/mqtt/hubs/a`b");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 0, "a host without a scheme");

    ngx_str_set(&s, "/clients/mqtt/hubs/a`b");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 0, "no bare path");
    url.bare = 1;
    is_int(ngx_mqtt_jwt_audience(&url, &s), 1, "unless it is wanted");
    ngx_str_set(&s, "");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 0, "but not none at all");

    url.path = &path;
    url.npath = 1;

    for (i = 0; i < sizeof(test_ports) / sizeof(test_audience_t); i++) {
        s.len = strlen(test_ports[i].audience);
        s.data = test_copy(test_ports[i].audience, s.len);
        ngx_str_set(&url.host, "H.EXAMPLE");
        is_int(ngx_mqtt_jwt_audience(&url, &s), test_ports[i].result,
               "audience %s", test_ports[i].audience);
        free(s.data);
    }

    ngx_str_set(&url.host, "h.example:443");
    ngx_str_set(&s, "https://h.example/p");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 1, "a host with the port");
    ngx_str_set(&s, "http://h.example/p");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 0, "of another scheme");

    ngx_str_set(&path, "/p/");
    ngx_str_set(&s, "https://h.example/p/");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 1, "a path that ends in a slash");
    ngx_str_set(&s, "https://h.example/p");
    is_int(ngx_mqtt_jwt_audience(&url, &s), 0, "and one that does not");
}


static void
test_jwt_vectors(void)
{
    size_t            i, k;
    ngx_str_t         token, text;
    ngx_uint_t        taken;
    ngx_pool_t       *pool;
    const char       *reason;
    ngx_mqtt_jwt_t    jwt;
    ngx_mqtt_keys_t  *keys;

    static const char  *vectors[] = {
        TOKEN_RS256, TOKEN_RS384, TOKEN_RS512, TOKEN_PS256, TOKEN_ES256,
        TOKEN_ES384, NULL
    };

    pool = pool_create();
    keys = ngx_mqtt_keys_create(pool);

    for (i = 0; vectors[i]; i++) {
        token.len = strlen(vectors[i]);
        token.data = (u_char *) vectors[i];
        test_api_conf.keys.public = keys;
        test_refused(&test_api_conf, &token, NO_KEY, "with no keys");
        test_api_conf.keys.public = NULL;
        test_refused(&test_api_conf, &token, NO_KEY, "without keys");
    }

    ngx_str_set(&text, "{\"keys\":[" TOKEN_JWK_P256 "," TOKEN_JWK_RSA ","
                TOKEN_JWK_P384 "]}");

    if (ngx_mqtt_keys_add(keys, &text, &reason) != NGX_OK) {
        exit(2);
    }

    test_api_conf.keys.public = keys;

    for (i = 0; vectors[i]; i++) {
        token.len = strlen(vectors[i]);
        token.data = test_copy(vectors[i], token.len);

        is_int(test_verify(pool, &test_api_conf, &token, &jwt), NGX_OK,
               "vector %d", (int) i);
        is_str(&jwt.subject, "joe", "its subject");
        is_int(jwt.expires, 2000000000, "its end");
        is_int(jwt.roles.nelts, 2, "its roles");

        for (k = 0, taken = 0; k < token.len; k += (k < 40) ? 1 : 7) {
            token.data[k] ^= 1;
            taken += test_verify(pool, &test_api_conf, &token, &jwt)
                     != NGX_DECLINED;
            token.data[k] ^= 1;
        }

        token.data[token.len - 1] ^= 1;
        taken += test_verify(pool, &test_api_conf, &token, &jwt)
                 != NGX_DECLINED;
        is_int(taken, 0, "no change is taken");

        free(token.data);
    }

    is_int(ERR_peek_error(), 0, "no error is left");

    ngx_destroy_pool(pool);
    test_api_conf.keys.public = NULL;
}


#define API  "{\"iss\":\"https://id.example/\",\"aud\":\"api\","              \
             "\"exp\":1000000060}"


static void
test_add(ngx_pool_t *pool, ngx_mqtt_keys_t *keys, EVP_PKEY *pkey,
    const char *id, const char *alg)
{
    ngx_str_t        text;
    const char      *reason;
    ngx_mqtt_key_t  *key;

    text.data = (u_char *) token_pem(pool, pkey);
    text.len = strlen((char *) text.data);

    if (ngx_mqtt_keys_add(keys, &text, &reason) != NGX_OK) {
        exit(2);
    }

    key = keys->elts;
    key = &key[keys->nelts - 1];
    key->id.data = (u_char *) id;
    key->id.len = strlen(id);
    key->alg.data = (u_char *) alg;
    key->alg.len = strlen(alg);
}


/* a key, or a signature, taken for something else */

static void
test_jwt_confusion(EVP_PKEY *rsa, EVP_PKEY *p256, EVP_PKEY *p384)
{
    char                 *pem;
    u_char                zero[64], der[70];
    ngx_str_t             token, input;
    ngx_pool_t           *pool;
    ngx_mqtt_jwt_conf_t   conf;

    pool = pool_create();
    conf = test_api_conf;
    conf.keys.public = ngx_mqtt_keys_create(pool);
    test_add(pool, conf.keys.public, rsa, "", "");
    test_add(pool, conf.keys.public, p256, "", "");

    token = token_signed(pool, "{\"alg\":\"RS256\"}", API, rsa, EVP_sha256(),
                         0);
    test_refused(&conf, &token, NULL, "RS256");
    token = token_signed(pool, "{\"alg\":\"PS256\"}", API, rsa, EVP_sha256(),
                         1);
    test_refused(&conf, &token, NULL, "PS256");
    token = token_signed(pool, "{\"alg\":\"ES256\"}", API, p256, EVP_sha256(),
                         0);
    test_refused(&conf, &token, NULL, "ES256");

    /* the public key as a secret */

    pem = token_pem(pool, rsa);
    token = token_hs256(pool, HEADER, API, pem);
    test_refused(&conf, &token, "there is no access key", "a public key");

    ngx_str_set(&conf.keys.access[0], "key-one");
    test_refused(&conf, &token, WRONG, "a public key beside an access key");

    token = token_hs256(pool, "{\"alg\":\"RS256\"}", API, "key-one");
    test_refused(&conf, &token, WRONG, "a MAC for RS256");
    token = token_hs256(pool, "{\"alg\":\"ES256\"}", API, "key-one");
    test_refused(&conf, &token, WRONG, "a MAC for ES256");

    /* another padding, another digest, another curve */

    token = token_signed(pool, "{\"alg\":\"RS256\"}", API, rsa, EVP_sha256(),
                         1);
    test_refused(&conf, &token, WRONG, "PSS for RS256");
    token = token_signed(pool, "{\"alg\":\"PS256\"}", API, rsa, EVP_sha256(),
                         0);
    test_refused(&conf, &token, WRONG, "PKCS 1 for PS256");
    token = token_signed(pool, "{\"alg\":\"RS512\"}", API, rsa, EVP_sha256(),
                         0);
    test_refused(&conf, &token, WRONG, "SHA-256 for RS512");
    token = token_signed(pool, "{\"alg\":\"ES384\"}", API, p256, EVP_sha384(),
                         0);
    test_refused(&conf, &token, WRONG, "P-256 for ES384");
    token = token_signed(pool, "{\"alg\":\"RS256\"}", API, p256, EVP_sha256(),
                         0);
    test_refused(&conf, &token, WRONG, "ECDSA for RS256");

    test_add(pool, conf.keys.public, p384, "", "");
    token = token_signed(pool, "{\"alg\":\"ES256\"}", API, p384, EVP_sha256(),
                         0);
    test_refused(&conf, &token, WRONG, "P-384 for ES256");

    /* no numbers, and not as two numbers */

    memset(zero, 0, sizeof(zero));
    memset(der, 1, sizeof(der));
    input = token_input(pool, "{\"alg\":\"ES256\"}", API);
    token = token_with(pool, &input, zero, sizeof(zero));
    test_refused(&conf, &token, WRONG, "zeros");
    token = token_with(pool, &input, der, sizeof(der));
    test_refused(&conf, &token, WRONG, "DER");
    token = token_with(pool, &input, zero, 0);
    test_refused(&conf, &token, WRONG, "nothing");
    input = token_input(pool, "{\"alg\":\"RS256\"}", API);
    token = token_with(pool, &input, zero, 0);
    test_refused(&conf, &token, WRONG, "nothing for RS256");

    is_int(ERR_peek_error(), 0, "no error is left");

    ngx_destroy_pool(pool);
}


static void
test_jwt_keys(EVP_PKEY *rsa, EVP_PKEY *p256, EVP_PKEY *other)
{
    ngx_str_t             named, plain, restricted;
    ngx_uint_t            i;
    ngx_pool_t           *pool;
    ngx_mqtt_jwt_conf_t   conf;

    pool = pool_create();
    conf = test_api_conf;
    conf.keys.public = ngx_mqtt_keys_create(pool);

    named = token_signed(pool, "{\"alg\":\"ES256\",\"kid\":\"b\"}", API, p256,
                         EVP_sha256(), 0);
    plain = token_signed(pool, "{\"alg\":\"ES256\"}", API, p256, EVP_sha256(),
                         0);

    test_add(pool, conf.keys.public, rsa, "b", "");
    test_add(pool, conf.keys.public, other, "a", "");
    test_refused(&conf, &named, NO_KEY, "the id of a key of another type");

    test_add(pool, conf.keys.public, p256, "c", "");
    test_refused(&conf, &named, NO_KEY, "the id of another key");
    test_refused(&conf, &plain, NULL, "no id");

    test_add(pool, conf.keys.public, other, "b", "");
    test_refused(&conf, &named, WRONG, "the id of another key of the type");
    test_add(pool, conf.keys.public, p256, "b", "");
    test_refused(&conf, &named, NULL, "two keys with an id");

    /* without an id, some are tried */

    conf.keys.public = ngx_mqtt_keys_create(pool);

    for (i = 1; i < NGX_MQTT_JWS_TRIES; i++) {
        test_add(pool, conf.keys.public, other, "a", "");
        test_add(pool, conf.keys.public, rsa, "a", "");
    }

    test_add(pool, conf.keys.public, p256, "b", "");
    test_refused(&conf, &plain, NULL, "the last one tried");

    conf.keys.public = ngx_mqtt_keys_create(pool);

    for (i = 0; i < NGX_MQTT_JWS_TRIES; i++) {
        test_add(pool, conf.keys.public, other, "a", "");
    }

    test_add(pool, conf.keys.public, p256, "b", "");
    test_refused(&conf, &plain, WRONG, "one that is not tried");
    test_refused(&conf, &named, NULL, "but with its id");

    /* keys without an id are for tokens with any */

    conf.keys.public = ngx_mqtt_keys_create(pool);
    test_add(pool, conf.keys.public, p256, "", "");
    test_refused(&conf, &named, NULL, "a key without an id");

    /* a key for one algorithm */

    conf.keys.public = ngx_mqtt_keys_create(pool);
    test_add(pool, conf.keys.public, rsa, "", "RS512");
    restricted = token_signed(pool, "{\"alg\":\"RS256\"}", API, rsa,
                              EVP_sha256(), 0);
    test_refused(&conf, &restricted, NO_KEY, "another algorithm");
    restricted = token_signed(pool, "{\"alg\":\"RS512\"}", API, rsa,
                              EVP_sha512(), 0);
    test_refused(&conf, &restricted, NULL, "its own");

    ngx_destroy_pool(pool);
}


static void
test_jwt_issuer(EVP_PKEY *p256)
{
    size_t                i;
    ngx_str_t             token;
    ngx_pool_t           *pool;
    ngx_mqtt_jwt_conf_t   conf;

    static test_claims_t  issuers[] = {
        { API, NULL },
        { "{\"aud\":\"api\",\"exp\":1000000060}", "" },
        { "{\"iss\":\"https://id.example\",\"aud\":\"api\","
          "\"exp\":1000000060}", "" },
        { "{\"iss\":\"https://ID.example/\",\"aud\":\"api\","
          "\"exp\":1000000060}", "" },
        { "{\"iss\":[\"https://id.example/\"],\"aud\":\"api\","
          "\"exp\":1000000060}", "" }
    };

    pool = pool_create();
    conf = test_api_conf;
    conf.keys.public = ngx_mqtt_keys_create(pool);
    test_add(pool, conf.keys.public, p256, "", "");

    for (i = 0; i < sizeof(issuers) / sizeof(test_claims_t); i++) {
        token = token_signed(pool, "{\"alg\":\"ES256\"}", issuers[i].text,
                             p256, EVP_sha256(), 0);
        test_refused(&conf, &token,
                     issuers[i].reason ? "its \"iss\" is another one" : NULL,
                     issuers[i].text);
    }

    ngx_str_null(&conf.issuer);
    test_refused(&conf, &token, NULL, "any issuer");

    ngx_destroy_pool(pool);
}


static void
test_jwt_nomem(void)
{
    ngx_int_t        rc;
    ngx_str_t        token, key, claims;
    ngx_uint_t       k;
    ngx_pool_t      *pool, *other;
    ngx_mqtt_jwt_t   jwt;

    other = pool_create();
    token = token_hs256(other, HEADER, "{" GOOD ",\"role\":[\"a\",\"b\",\"c\","
                        "\"d\",\"e\",\"f\"],\"group\":\"g\",\"x\":\"\\n\"}",
                        "key-one");

    for (k = 1, rc = NGX_ERROR; k < 1000 && rc == NGX_ERROR; k++) {
        pool = pool_create();
        pool_fail_at = k;
        rc = test_verify(pool, &test_conf, &token, &jwt);
        pool_fail_at = 0;
        ngx_destroy_pool(pool);
    }

    is_int(rc, NGX_OK, "with memory it is taken");
    ok(k > 10, "without, it is an error");

    ngx_str_set(&key, "key");
    ngx_str_set(&claims, "{}");
    pool_fail_at = 1;
    is_int(ngx_mqtt_jws_sign(other, &key, &claims, &token), NGX_ERROR,
           "no memory for a token");
    pool_fail_at = 0;

    ngx_destroy_pool(other);
}


void
test_jwt(void)
{
    EVP_PKEY  *rsa, *p256, *p384, *other;

    rsa = EVP_RSA_gen(2048);
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    other = EVP_EC_gen("P-256");

    test_jwt_forms();
    test_jwt_hs256();
    test_jwt_prepared();
    test_jwt_result();
    test_jwt_audiences();
    test_jwt_vectors();
    test_jwt_confusion(rsa, p256, p384);
    test_jwt_keys(rsa, p256, other);
    test_jwt_issuer(p256);
    test_jwt_nomem();

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(other);
}
