
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_keys.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>


typedef struct {
    const char            *name;          /* "crv" of a JWK */
    const char            *group;         /* OpenSSL's name */
    ngx_uint_t             type;
    size_t                 size;          /* of a coordinate */
} ngx_mqtt_curve_t;


static void ngx_mqtt_keys_cleanup(void *data);
static ngx_int_t ngx_mqtt_keys_pem(ngx_mqtt_keys_t *keys,
    const ngx_str_t *text, const char **reason);
static EVP_PKEY *ngx_mqtt_keys_decode(const char *name, const u_char *p,
    long len, const char **reason);
static ngx_int_t ngx_mqtt_keys_set(ngx_mqtt_keys_t *keys,
    const ngx_str_t *text, const char **reason);
static ngx_int_t ngx_mqtt_keys_jwk(ngx_mqtt_keys_t *keys,
    const ngx_mqtt_json_t *jwk, const char **reason);
static ngx_int_t ngx_mqtt_keys_string(const ngx_mqtt_json_t *jwk,
    const char *name, ngx_str_t *s);
static ngx_uint_t ngx_mqtt_keys_is(const ngx_str_t *s, const char *value);
static EVP_PKEY *ngx_mqtt_keys_rsa(ngx_pool_t *pool,
    const ngx_mqtt_json_t *jwk);
static EVP_PKEY *ngx_mqtt_keys_ec(ngx_pool_t *pool, const ngx_mqtt_json_t *jwk,
    const ngx_mqtt_curve_t *curve);
static EVP_PKEY *ngx_mqtt_keys_make(const char *type, OSSL_PARAM_BLD *build);
static ngx_int_t ngx_mqtt_keys_member(ngx_pool_t *pool,
    const ngx_mqtt_json_t *jwk, const char *name, ngx_str_t *value);
static ngx_int_t ngx_mqtt_keys_push(ngx_mqtt_keys_t *keys, EVP_PKEY *pkey,
    const ngx_str_t *id, const ngx_str_t *alg, const char **reason);
static ngx_uint_t ngx_mqtt_keys_type(EVP_PKEY *pkey);


static const ngx_mqtt_curve_t  ngx_mqtt_curves[] = {
    { "P-256", SN_X9_62_prime256v1, NGX_MQTT_KEY_P256, 32 },
    { "P-384", SN_secp384r1, NGX_MQTT_KEY_P384, 48 },
    { NULL, NULL, 0, 0 }
};


ngx_mqtt_keys_t *
ngx_mqtt_keys_create(ngx_pool_t *pool)
{
    ngx_mqtt_keys_t     *keys;
    ngx_pool_cleanup_t  *cln;

    keys = ngx_array_create(pool, NGX_MQTT_KEYS_MAX, sizeof(ngx_mqtt_key_t));
    if (keys == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_mqtt_keys_cleanup;
    cln->data = keys;

    return keys;
}


static void
ngx_mqtt_keys_cleanup(void *data)
{
    ngx_mqtt_keys_t *keys = data;

    ngx_uint_t       i;
    ngx_mqtt_key_t  *key;

    key = keys->elts;

    for (i = 0; i < keys->nelts; i++) {
        EVP_PKEY_free(key[i].pkey);
    }
}


ngx_int_t
ngx_mqtt_keys_add(ngx_mqtt_keys_t *keys, const ngx_str_t *text,
    const char **reason)
{
    size_t      i;
    ngx_int_t   rc;
    ngx_uint_t  n;

    n = keys->nelts;

    for (i = 0; i < text->len; i++) {
        if (ngx_strchr(" \t\r\n", text->data[i]) == NULL) {
            break;
        }
    }

    if (i == text->len) {
        rc = NGX_OK;

    } else if (text->data[i] == '{') {
        rc = ngx_mqtt_keys_set(keys, text, reason);

    } else {
        rc = ngx_mqtt_keys_pem(keys, text, reason);
    }

    /* what stays in the queue is taken for an error of a TLS connection */

    ERR_clear_error();

    if (rc == NGX_OK && keys->nelts == n) {
        *reason = "has no key for signatures";
        return NGX_ERROR;
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_keys_pem(ngx_mqtt_keys_t *keys, const ngx_str_t *text,
    const char **reason)
{
    BIO        *bio;
    char       *name, *header;
    long        len;
    u_char     *p;
    EVP_PKEY   *pkey;
    ngx_int_t   rc;

    static const ngx_str_t  none = ngx_null_string;

    if (text->len > NGX_MQTT_JSON_SIZE) {
        *reason = "is too long";
        return NGX_ERROR;
    }

    bio = BIO_new_mem_buf(text->data, (int) text->len);
    if (bio == NULL) {
        *reason = "cannot be read: no memory";
        return NGX_ERROR;
    }

    rc = NGX_OK;

    while (rc == NGX_OK && PEM_read_bio(bio, &name, &header, &p, &len)) {

        pkey = ngx_mqtt_keys_decode(name, p, len, reason);

        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(p, len);

        rc = pkey ? ngx_mqtt_keys_push(keys, pkey, &none, &none, reason)
                  : NGX_ERROR;
    }

    /* the end of the text is an error too, but a special one */

    if (rc == NGX_OK
        && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    {
        *reason = "has PEM that cannot be read";
        rc = NGX_ERROR;
    }

    BIO_free(bio);

    return rc;
}


static EVP_PKEY *
ngx_mqtt_keys_decode(const char *name, const u_char *p, long len,
    const char **reason)
{
    X509      *cert;
    EVP_PKEY  *pkey;

    pkey = NULL;

    if (ngx_strcmp(name, PEM_STRING_PUBLIC) == 0) {
        pkey = d2i_PUBKEY(NULL, &p, len);
        *reason = "has a public key that cannot be read";

    } else if (ngx_strcmp(name, PEM_STRING_RSA_PUBLIC) == 0) {
        pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, len);
        *reason = "has a public key that cannot be read";

    } else if (ngx_strcmp(name, PEM_STRING_X509) == 0) {
        cert = d2i_X509(NULL, &p, len);
        pkey = cert ? X509_get_pubkey(cert) : NULL;
        X509_free(cert);
        *reason = "has a certificate that cannot be read";

    } else {
        *reason = "has PEM that is neither a public key nor a certificate";
    }

    return pkey;
}


static ngx_int_t
ngx_mqtt_keys_set(ngx_mqtt_keys_t *keys, const ngx_str_t *text,
    const char **reason)
{
    ngx_int_t         rc;
    ngx_mqtt_json_t  *root, *jwk;

    rc = ngx_mqtt_json_parse(keys->pool, text, 3, &root, reason);

    if (rc != NGX_OK) {
        *reason = (rc == NGX_ERROR) ? "cannot be read: no memory"
                                    : "is no JSON that can be read";
        return NGX_ERROR;
    }

    jwk = ngx_mqtt_json_get(root, "keys");

    if (jwk == NULL || jwk->type != NGX_MQTT_JSON_ARRAY) {
        *reason = "is JSON without an array \"keys\"";
        return NGX_ERROR;
    }

    for (jwk = jwk->first; jwk; jwk = jwk->next) {

        if (ngx_mqtt_keys_jwk(keys, jwk, reason) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_keys_jwk(ngx_mqtt_keys_t *keys, const ngx_mqtt_json_t *jwk,
    const char **reason)
{
    EVP_PKEY                *pkey;
    ngx_str_t                kty, use, crv, id, alg;
    const ngx_mqtt_curve_t  *curve;

    if (ngx_mqtt_keys_string(jwk, "kty", &kty) != NGX_OK
        || ngx_mqtt_keys_string(jwk, "use", &use) != NGX_OK
        || ngx_mqtt_keys_string(jwk, "crv", &crv) != NGX_OK
        || ngx_mqtt_keys_string(jwk, "kid", &id) != NGX_OK
        || ngx_mqtt_keys_string(jwk, "alg", &alg) != NGX_OK
        || kty.len == 0)
    {
        *reason = "has a JWK that cannot be read";
        return NGX_ERROR;
    }

    if (use.len && !ngx_mqtt_keys_is(&use, "sig")) {
        return NGX_OK;
    }

    if (ngx_mqtt_keys_is(&kty, "RSA")) {
        pkey = ngx_mqtt_keys_rsa(keys->pool, jwk);

    } else if (ngx_mqtt_keys_is(&kty, "EC")) {

        for (curve = ngx_mqtt_curves; curve->name; curve++) {
            if (ngx_mqtt_keys_is(&crv, curve->name)) {
                break;
            }
        }

        if (curve->name == NULL) {
            return NGX_OK;
        }

        pkey = ngx_mqtt_keys_ec(keys->pool, jwk, curve);

    } else {
        return NGX_OK;
    }

    if (pkey == NULL) {
        *reason = "has a JWK that is no valid key";
        return NGX_ERROR;
    }

    return ngx_mqtt_keys_push(keys, pkey, &id, &alg, reason);
}


/* a member that may be absent, but has to be a string */

static ngx_int_t
ngx_mqtt_keys_string(const ngx_mqtt_json_t *jwk, const char *name,
    ngx_str_t *s)
{
    ngx_mqtt_json_t  *value;

    ngx_str_null(s);

    if (jwk->type != NGX_MQTT_JSON_OBJECT) {
        return NGX_ERROR;
    }

    value = ngx_mqtt_json_get(jwk, name);

    if (value == NULL) {
        return NGX_OK;
    }

    if (value->type != NGX_MQTT_JSON_STRING) {
        return NGX_ERROR;
    }

    *s = value->text;

    return NGX_OK;
}


static ngx_uint_t
ngx_mqtt_keys_is(const ngx_str_t *s, const char *value)
{
    return s->len == ngx_strlen(value)
           && ngx_memcmp(s->data, value, s->len) == 0;
}


static EVP_PKEY *
ngx_mqtt_keys_rsa(ngx_pool_t *pool, const ngx_mqtt_json_t *jwk)
{
    BIGNUM          *n, *e;
    EVP_PKEY        *pkey;
    ngx_str_t        modulus, exponent;
    OSSL_PARAM_BLD  *build;

    if (ngx_mqtt_keys_member(pool, jwk, "n", &modulus) != NGX_OK
        || ngx_mqtt_keys_member(pool, jwk, "e", &exponent) != NGX_OK)
    {
        return NULL;
    }

    pkey = NULL;
    n = BN_bin2bn(modulus.data, (int) modulus.len, NULL);
    e = BN_bin2bn(exponent.data, (int) exponent.len, NULL);
    build = OSSL_PARAM_BLD_new();

    if (n && e && build
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
    {
        pkey = ngx_mqtt_keys_make("RSA", build);
    }

    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);

    return pkey;
}


static EVP_PKEY *
ngx_mqtt_keys_ec(ngx_pool_t *pool, const ngx_mqtt_json_t *jwk,
    const ngx_mqtt_curve_t *curve)
{
    u_char           point[1 + 2 * 48];
    EVP_PKEY        *pkey;
    ngx_str_t        x, y;
    OSSL_PARAM_BLD  *build;

    if (ngx_mqtt_keys_member(pool, jwk, "x", &x) != NGX_OK
        || ngx_mqtt_keys_member(pool, jwk, "y", &y) != NGX_OK
        || x.len != curve->size
        || y.len != curve->size)
    {
        return NULL;
    }

    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    ngx_memcpy(point + 1, x.data, x.len);
    ngx_memcpy(point + 1 + x.len, y.data, y.len);

    pkey = NULL;
    build = OSSL_PARAM_BLD_new();

    if (build
        && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                           curve->group, 0)
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, 1 + 2 * curve->size))
    {
        pkey = ngx_mqtt_keys_make("EC", build);
    }

    OSSL_PARAM_BLD_free(build);

    return pkey;
}


static EVP_PKEY *
ngx_mqtt_keys_make(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY      *pkey;
    OSSL_PARAM    *params;
    EVP_PKEY_CTX  *ctx;

    pkey = NULL;
    params = OSSL_PARAM_BLD_to_param(build);
    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (params == NULL
        || ctx == NULL
        || EVP_PKEY_fromdata_init(ctx) <= 0
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
    {
        pkey = NULL;
    }

    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);

    return pkey;
}


static ngx_int_t
ngx_mqtt_keys_member(ngx_pool_t *pool, const ngx_mqtt_json_t *jwk,
    const char *name, ngx_str_t *value)
{
    ngx_str_t  s;

    if (ngx_mqtt_keys_string(jwk, name, &s) != NGX_OK || s.len == 0) {
        return NGX_ERROR;
    }

    return ngx_mqtt_base64url(pool, &s, value);
}


/* the key belongs to the set, or is freed */

static ngx_int_t
ngx_mqtt_keys_push(ngx_mqtt_keys_t *keys, EVP_PKEY *pkey, const ngx_str_t *id,
    const ngx_str_t *alg, const char **reason)
{
    ngx_uint_t       type;
    ngx_mqtt_key_t  *key;

    type = ngx_mqtt_keys_type(pkey);
    key = NULL;

    if (type == 0) {
        *reason = "has a key that is neither RSA nor on P-256 or P-384";

    } else if (type == NGX_MQTT_KEY_RSA
               && EVP_PKEY_get_bits(pkey) < NGX_MQTT_KEYS_BITS)
    {
        *reason = "has an RSA key of less than 2048 bits";

    } else if (keys->nelts == NGX_MQTT_KEYS_MAX) {
        *reason = "has too many keys";

    } else {
        *reason = "cannot be read: no memory";
        key = ngx_array_push(keys);
    }

    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return NGX_ERROR;
    }

    key->pkey = pkey;
    key->type = type;
    key->id = *id;
    key->alg = *alg;

    return NGX_OK;
}


static ngx_uint_t
ngx_mqtt_keys_type(EVP_PKEY *pkey)
{
    char                     group[32];
    const ngx_mqtt_curve_t  *curve;

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        return NGX_MQTT_KEY_RSA;
    }

    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC
        || !EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL))
    {
        return 0;
    }

    for (curve = ngx_mqtt_curves; curve->name; curve++) {
        if (ngx_strcmp(group, curve->group) == 0) {
            return curve->type;
        }
    }

    return 0;
}


ngx_int_t
ngx_mqtt_base64url(ngx_pool_t *pool, const ngx_str_t *src, ngx_str_t *dst)
{
    size_t       n;
    ngx_str_t    s;
    const char  *ends;

    s = *src;
    n = s.len % 4;

    /* NGINX would stop at padding, and drop what is left of the last byte */

    ends = (n == 2) ? "AQgw" : "AEIMQUYcgkosw048";

    if (n == 1
        || (n && ngx_strchr(ends, s.data[s.len - 1]) == NULL)
        || ngx_strlchr(s.data, s.data + s.len, '='))
    {
        return NGX_DECLINED;
    }

    dst->data = ngx_pnalloc(pool, ngx_base64_decoded_length(s.len) + 1);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    return ngx_decode_base64url(dst, &s) == NGX_OK ? NGX_OK : NGX_DECLINED;
}
