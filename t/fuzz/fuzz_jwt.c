
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * What tells who somebody is: JSON, tokens, and files of keys and passwords.
 * The first byte of the input chooses one of them.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_jwt.h>
#include <ngx_mqtt_keys.h>
#include <ngx_mqtt_password.h>
#include <ngx_mqtt_topic.h>

#include <openssl/hmac.h>


#define FUZZ_NOW  1000000000


static ngx_log_t  fuzz_log;

static ngx_str_t  fuzz_path = ngx_string("/clients/mqtt/hubs/chat");
static ngx_str_t  fuzz_service = ngx_string("api");

static ngx_mqtt_jwt_url_t  fuzz_url = {
    ngx_string("h"), &fuzz_path, 1, 1
};

static ngx_mqtt_jwt_conf_t  fuzz_conf = {
    { { ngx_string("key"), ngx_null_string }, { NULL, NULL }, NULL },
    ngx_null_string,
    &fuzz_service, 1
};


static void
fuzz_check(ngx_uint_t cond)
{
    if (!cond) {
        abort();
    }
}


/* a string is written, and read again: it must be the same */

static void
fuzz_string(ngx_pool_t *pool, const ngx_str_t *s)
{
    ngx_str_t         text;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    text.len = ngx_mqtt_json_size(s);
    text.data = malloc(text.len);

    fuzz_check(text.data
               && ngx_mqtt_json_write(text.data, s) == text.data + text.len);
    fuzz_check(ngx_mqtt_json_parse(pool, &text, 0, &root, &reason) == NGX_OK);
    fuzz_check(root->type == NGX_MQTT_JSON_STRING);

    if (ngx_mqtt_utf8_valid(s->data, s->len) == NGX_OK) {
        fuzz_check(root->text.len == s->len
                   && ngx_memcmp(root->text.data, s->data, s->len) == 0);
    }

    free(text.data);
}


static void
fuzz_tree(ngx_pool_t *pool, const ngx_mqtt_json_t *v, ngx_uint_t levels)
{
    char              number[32];
    uint32_t          n;
    ngx_mqtt_json_t  *item;

    fuzz_check(v->type >= NGX_MQTT_JSON_ARRAY || v->first == NULL);
    fuzz_check(levels || v->first == NULL);

    if (v->type == NGX_MQTT_JSON_STRING) {
        fuzz_string(pool, &v->text);
    }

    if (v->is_integer) {
        n = sprintf(number, "%lld", (long long) v->integer);
        fuzz_check(v->type == NGX_MQTT_JSON_NUMBER);
        fuzz_check((v->text.len == n
                    && ngx_memcmp(v->text.data, number, n) == 0)
                   || (v->text.len == 2
                       && ngx_memcmp(v->text.data, "-0", 2) == 0));
    }

    for (n = 0, item = v->first; item; item = item->next) {
        n++;
        fuzz_check(v->type == NGX_MQTT_JSON_OBJECT || item->name.len == 0);
        fuzz_tree(pool, item, levels - 1);
    }

    fuzz_check(n == v->n);
}


static void
fuzz_json(ngx_pool_t *pool, const ngx_str_t *s)
{
    ngx_int_t         rc, rc0;
    ngx_uint_t        levels;
    const char       *reason;
    ngx_mqtt_json_t  *root, *root0;

    levels = s->len % 5;
    rc0 = ngx_mqtt_json_parse(pool, s, 0, &root0, &reason);
    rc = ngx_mqtt_json_parse(pool, s, levels, &root, &reason);

    if (rc != NGX_OK) {
        fuzz_check(rc == NGX_DECLINED && reason != NULL);
        return;
    }

    fuzz_check(rc0 == NGX_OK && root0->type == root->type);
    fuzz_check(root0->text.len == root->text.len);
    fuzz_tree(pool, root, levels);
}


/* whatever it is, without the key it is refused */

static void
fuzz_token(ngx_pool_t *pool, const ngx_str_t *s)
{
    ngx_mqtt_jwt_t  jwt;

    (void) ngx_mqtt_jws_form(s);

    fuzz_check(ngx_mqtt_jwt_verify(pool, &fuzz_conf, &fuzz_url, s, FUZZ_NOW,
                                   &jwt)
               == NGX_DECLINED);
    fuzz_check(jwt.reason != NULL);
}


static ngx_int_t
fuzz_signed(ngx_pool_t *pool, ngx_str_t *header, ngx_str_t *claims,
    ngx_mqtt_jwt_t *jwt)
{
    u_char      mac[EVP_MAX_MD_SIZE], *p;
    unsigned    n;
    ngx_int_t   rc;
    ngx_str_t   token, part, sig;

    token.data = malloc(2 * header->len + 2 * claims->len + 256);
    fuzz_check(token.data != NULL);

    part.data = token.data;
    ngx_encode_base64url(&part, header);
    p = part.data + part.len;
    *p++ = '.';

    part.data = p;
    ngx_encode_base64url(&part, claims);
    p = part.data + part.len;

    HMAC(EVP_sha256(), "key", 3, token.data, p - token.data, mac, &n);
    *p++ = '.';

    sig.data = mac;
    sig.len = n;
    part.data = p;
    ngx_encode_base64url(&part, &sig);
    token.len = part.data + part.len - token.data;

    rc = ngx_mqtt_jwt_verify(pool, &fuzz_conf, &fuzz_url, &token, FUZZ_NOW,
                             jwt);
    free(token.data);

    return rc;
}


static void
fuzz_header(ngx_pool_t *pool, ngx_str_t *s)
{
    const char       *reason;
    ngx_mqtt_jwt_t    jwt;
    ngx_mqtt_json_t  *header, *alg;

    static ngx_str_t  claims =
                          ngx_string("{\"exp\":2000000000,\"aud\":\"api\"}");

    if (fuzz_signed(pool, s, &claims, &jwt) != NGX_OK) {
        return;
    }

    fuzz_check(ngx_mqtt_json_parse(pool, s, 1, &header, &reason) == NGX_OK);
    alg = ngx_mqtt_json_get(header, "alg");
    fuzz_check(alg && alg->text.len == 5
               && ngx_memcmp(alg->text.data, "HS256", 5) == 0);
    fuzz_check(ngx_mqtt_json_get(header, "crit") == NULL);
}


static void
fuzz_claims(ngx_pool_t *pool, ngx_str_t *s)
{
    ngx_str_t       *role;
    ngx_uint_t       i;
    ngx_mqtt_jwt_t   jwt;

    static ngx_str_t  header = ngx_string("{\"alg\":\"HS256\"}");

    if (fuzz_signed(pool, &header, s, &jwt) != NGX_OK) {
        fuzz_check(jwt.reason != NULL);
        return;
    }

    fuzz_check(jwt.expires > FUZZ_NOW - NGX_MQTT_JWT_LEEWAY);
    fuzz_check(ngx_mqtt_json_get(jwt.claims, "aud") != NULL);
    fuzz_check(ngx_mqtt_utf8_valid(jwt.subject.data, jwt.subject.len)
               == NGX_OK);

    role = jwt.roles.elts;

    for (i = 0; i < jwt.roles.nelts; i++) {
        fuzz_check(ngx_mqtt_utf8_valid(role[i].data, role[i].len) == NGX_OK);
    }

    fuzz_tree(pool, jwt.claims, 2);
}


static void
fuzz_keys(ngx_pool_t *pool, const ngx_str_t *s)
{
    ngx_uint_t        i;
    const char       *reason;
    ngx_mqtt_key_t   *key;
    ngx_mqtt_keys_t  *keys;

    keys = ngx_mqtt_keys_create(pool);
    fuzz_check(keys != NULL);

    if (ngx_mqtt_keys_add(keys, s, &reason) != NGX_OK) {
        fuzz_check(reason != NULL);
        return;
    }

    fuzz_check(keys->nelts && keys->nelts <= NGX_MQTT_KEYS_MAX);

    key = keys->elts;

    for (i = 0; i < keys->nelts; i++) {
        fuzz_check(key[i].type != NGX_MQTT_KEY_RSA
                   || EVP_PKEY_get_bits(key[i].pkey) >= NGX_MQTT_KEYS_BITS);
    }
}


static void
fuzz_passwords(ngx_pool_t *pool, const ngx_str_t *s)
{
    u_char                *colon;
    ngx_str_t              user, password;
    ngx_uint_t             line;
    const char            *reason;
    ngx_mqtt_password_t   *p;
    ngx_mqtt_passwords_t   passwords;

    if (ngx_mqtt_passwords_read(&passwords, pool, s, &reason, &line)
        != NGX_OK)
    {
        fuzz_check(reason != NULL && line > 0 && line <= s->len);
        return;
    }

    colon = ngx_strlchr(s->data, s->data + s->len, ':');

    /* crypt() takes as long as a hash says */

    if (colon == NULL || ngx_strlchr(s->data, s->data + s->len, '$')) {
        return;
    }

    user.data = s->data;
    user.len = colon - s->data;
    password.data = colon;
    password.len = s->data + s->len - colon;

    p = ngx_mqtt_password_prepare(&passwords, pool, &user, &password);
    fuzz_check(p != NULL);
    (void) ngx_mqtt_password_verify(p);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    ngx_str_t    s;
    ngx_pool_t  *pool;

    if (len == 0) {
        return 0;
    }

    pool = ngx_create_pool(1024, &fuzz_log);
    s.len = len - 1;
    s.data = malloc(s.len);
    fuzz_check(pool && (s.data || s.len == 0));

    if (s.len) {
        memcpy(s.data, data + 1, s.len);
    }

    switch (data[0] & 7) {
    case 0: case 1: fuzz_json(pool, &s); break;
    case 2: fuzz_token(pool, &s); break;
    case 3: fuzz_header(pool, &s); break;
    case 4: fuzz_claims(pool, &s); break;
    case 5: fuzz_keys(pool, &s); break;
    case 6: fuzz_passwords(pool, &s); break;
    case 7: (void) ngx_mqtt_jwt_audience(&fuzz_url, &s); break;
    }

    free(s.data);
    ngx_destroy_pool(pool);

    return 0;
}
