
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_jws.h>

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>


#define NGX_MQTT_JWS_MAC    32
#define NGX_MQTT_JWS_BLOCK  64

/* what most tokens begin with: HS256, and nothing else to be known */

#define NGX_MQTT_JWS_HEADER  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"


/* HMAC (RFC 2104) with its first block done, within and without */

struct ngx_mqtt_jws_mac_s {
    EVP_MD_CTX            *inner;
    EVP_MD_CTX            *outer;
    EVP_MD_CTX            *work;
};


/* a token taken apart; header and payload are still encoded */

typedef struct {
    ngx_str_t              header;
    ngx_str_t              payload;
    ngx_str_t              signature;
    ngx_str_t              input;         /* what is signed */
} ngx_mqtt_jws_parts_t;


typedef struct {
    ngx_str_t              name;
    ngx_uint_t             type;          /* of the key, 0: an access key */
    const EVP_MD        *(*digest)(void);
    size_t                 size;          /* of half a signature, for EC */
    ngx_uint_t             pss;
} ngx_mqtt_jws_alg_t;


static EVP_MD_CTX *ngx_mqtt_jws_block(u_char *key, u_char pad);
static void ngx_mqtt_jws_cleanup(void *data);
static ngx_int_t ngx_mqtt_jws_split(const ngx_str_t *token,
    ngx_mqtt_jws_parts_t *parts);
static ngx_int_t ngx_mqtt_jws_header(ngx_pool_t *pool, const ngx_str_t *part,
    const ngx_mqtt_jws_alg_t **alg, ngx_str_t *kid, const char **reason);
static ngx_uint_t ngx_mqtt_jws_same(const ngx_str_t *s, const ngx_str_t *t);
static ngx_int_t ngx_mqtt_jws_mac(const ngx_mqtt_jws_keys_t *keys,
    const ngx_mqtt_jws_parts_t *parts, const char **reason);
static ngx_int_t ngx_mqtt_jws_hmac(const ngx_str_t *key,
    const ngx_mqtt_jws_mac_t *m, const ngx_str_t *input, u_char *mac);
static ngx_int_t ngx_mqtt_jws_signature(const ngx_mqtt_jws_keys_t *keys,
    const ngx_mqtt_jws_parts_t *parts, const ngx_mqtt_jws_alg_t *alg,
    const ngx_str_t *kid, const char **reason);
static ngx_int_t ngx_mqtt_jws_check(EVP_PKEY *pkey,
    const ngx_mqtt_jws_alg_t *alg, const ngx_str_t *input, const u_char *sig,
    size_t len);
static int ngx_mqtt_jws_der(const ngx_str_t *sig, size_t size, u_char **der);


static const ngx_mqtt_jws_alg_t  ngx_mqtt_jws_algs[] = {
    { ngx_string("HS256"), 0, EVP_sha256, 0, 0 },
    { ngx_string("RS256"), NGX_MQTT_KEY_RSA, EVP_sha256, 0, 0 },
    { ngx_string("RS384"), NGX_MQTT_KEY_RSA, EVP_sha384, 0, 0 },
    { ngx_string("RS512"), NGX_MQTT_KEY_RSA, EVP_sha512, 0, 0 },
    { ngx_string("PS256"), NGX_MQTT_KEY_RSA, EVP_sha256, 0, 1 },
    { ngx_string("ES256"), NGX_MQTT_KEY_P256, EVP_sha256, 32, 0 },
    { ngx_string("ES384"), NGX_MQTT_KEY_P384, EVP_sha384, 48, 0 },
    { ngx_null_string, 0, NULL, 0, 0 }
};


ngx_int_t
ngx_mqtt_jws_prepare(ngx_pool_t *pool, ngx_mqtt_jws_keys_t *keys)
{
    u_char               block[NGX_MQTT_JWS_BLOCK];
    ngx_str_t           *key;
    ngx_uint_t           i;
    ngx_pool_cleanup_t  *cln;
    ngx_mqtt_jws_mac_t  *m;

    for (i = 0; i < 2; i++) {
        key = &keys->access[i];

        if (key->len == 0) {
            continue;
        }

        cln = ngx_pool_cleanup_add(pool, sizeof(ngx_mqtt_jws_mac_t));
        if (cln == NULL) {
            return NGX_ERROR;
        }

        m = cln->data;
        ngx_memzero(m, sizeof(ngx_mqtt_jws_mac_t));
        cln->handler = ngx_mqtt_jws_cleanup;

        ngx_memzero(block, NGX_MQTT_JWS_BLOCK);

        if (key->len <= NGX_MQTT_JWS_BLOCK) {
            ngx_memcpy(block, key->data, key->len);

        } else if (EVP_Digest(key->data, key->len, block, NULL, EVP_sha256(),
                              NULL)
                   != 1)
        {
            return NGX_ERROR;
        }

        m->inner = ngx_mqtt_jws_block(block, 0x36);
        m->outer = ngx_mqtt_jws_block(block, 0x5c);
        m->work = EVP_MD_CTX_new();

        OPENSSL_cleanse(block, NGX_MQTT_JWS_BLOCK);

        if (m->inner == NULL || m->outer == NULL || m->work == NULL) {
            return NGX_ERROR;
        }

        keys->mac[i] = m;
    }

    return NGX_OK;
}


static EVP_MD_CTX *
ngx_mqtt_jws_block(u_char *key, u_char pad)
{
    u_char       block[NGX_MQTT_JWS_BLOCK];
    ngx_uint_t   i;
    EVP_MD_CTX  *ctx;

    for (i = 0; i < NGX_MQTT_JWS_BLOCK; i++) {
        block[i] = key[i] ^ pad;
    }

    ctx = EVP_MD_CTX_new();

    if (ctx
        && (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1
            || EVP_DigestUpdate(ctx, block, NGX_MQTT_JWS_BLOCK) != 1))
    {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }

    OPENSSL_cleanse(block, NGX_MQTT_JWS_BLOCK);

    return ctx;
}


static void
ngx_mqtt_jws_cleanup(void *data)
{
    ngx_mqtt_jws_mac_t  *m = data;

    EVP_MD_CTX_free(m->inner);
    EVP_MD_CTX_free(m->outer);
    EVP_MD_CTX_free(m->work);
}


ngx_uint_t
ngx_mqtt_jws_form(const ngx_str_t *s)
{
    u_char                ch;
    size_t                i;
    ngx_mqtt_jws_parts_t  parts;

    if (ngx_mqtt_jws_split(s, &parts) != NGX_OK) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
              || (ch >= '0' && ch <= '9')
              || ch == '-' || ch == '_' || ch == '.'))
        {
            return 0;
        }
    }

    /* a brace, or a blank in front of one */

    ch = parts.header.data[0];

    return ch == 'e' || ch == 'I' || ch == 'C' || ch == 'D';
}


static ngx_int_t
ngx_mqtt_jws_split(const ngx_str_t *token, ngx_mqtt_jws_parts_t *parts)
{
    u_char  *p, *last, *dot1, *dot2;

    p = token->data;
    last = p + token->len;

    dot1 = ngx_strlchr(p, last, '.');
    dot2 = dot1 ? ngx_strlchr(dot1 + 1, last, '.') : NULL;

    if (dot2 == NULL
        || dot1 == p
        || dot2 == dot1 + 1
        || ngx_strlchr(dot2 + 1, last, '.'))
    {
        return NGX_DECLINED;
    }

    parts->header.data = p;
    parts->header.len = dot1 - p;
    parts->payload.data = dot1 + 1;
    parts->payload.len = dot2 - dot1 - 1;
    parts->signature.data = dot2 + 1;
    parts->signature.len = last - dot2 - 1;
    parts->input.data = p;
    parts->input.len = dot2 - p;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_jws_verify(ngx_pool_t *pool, const ngx_mqtt_jws_keys_t *keys,
    const ngx_str_t *token, ngx_mqtt_jws_t *jws)
{
    ngx_int_t                  rc;
    ngx_str_t                  kid, sig;
    ngx_mqtt_jws_parts_t       parts;
    const ngx_mqtt_jws_alg_t  *alg;

    if (token->len > NGX_MQTT_JWS_SIZE) {
        jws->reason = "it is too long";
        return NGX_DECLINED;
    }

    if (ngx_mqtt_jws_split(token, &parts) != NGX_OK) {
        jws->reason = "it does not have three parts";
        return NGX_DECLINED;
    }

    rc = ngx_mqtt_jws_header(pool, &parts.header, &alg, &kid, &jws->reason);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_mqtt_base64url(pool, &parts.signature, &sig);

    if (rc != NGX_OK) {
        jws->reason = "its signature is not base64url";
        return rc;
    }

    parts.signature = sig;
    jws->by_public = (alg->type != 0);

    rc = alg->type ? ngx_mqtt_jws_signature(keys, &parts, alg, &kid,
                                            &jws->reason)
                   : ngx_mqtt_jws_mac(keys, &parts, &jws->reason);

    /* what stays in the queue is taken for an error of a TLS connection */

    ERR_clear_error();

    if (rc != NGX_OK) {
        return rc;
    }

    jws->reason = "its payload is not base64url";

    return ngx_mqtt_base64url(pool, &parts.payload, &jws->payload);
}


static ngx_int_t
ngx_mqtt_jws_header(ngx_pool_t *pool, const ngx_str_t *part,
    const ngx_mqtt_jws_alg_t **alg, ngx_str_t *kid, const char **reason)
{
    ngx_int_t                  rc;
    ngx_str_t                  text;
    ngx_mqtt_json_t           *header, *value;
    const ngx_mqtt_jws_alg_t  *a;

    ngx_str_null(kid);

    if (part->len == sizeof(NGX_MQTT_JWS_HEADER) - 1
        && ngx_memcmp(part->data, NGX_MQTT_JWS_HEADER, part->len) == 0)
    {
        *alg = ngx_mqtt_jws_algs;
        return NGX_OK;
    }

    *reason = "its header is not base64url";
    rc = ngx_mqtt_base64url(pool, part, &text);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_json_parse(pool, &text, 1, &header, reason);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    /* says what a reader must know: here, nothing */

    if (ngx_mqtt_json_get(header, "crit")) {
        *reason = "its header has \"crit\"";
        return NGX_DECLINED;
    }

    value = ngx_mqtt_json_get(header, "kid");

    if (value && value->type != NGX_MQTT_JSON_STRING) {
        *reason = "its \"kid\" is no string";
        return NGX_DECLINED;
    }

    if (value) {
        *kid = value->text;
    }

    value = ngx_mqtt_json_get(header, "alg");

    if (value && value->type == NGX_MQTT_JSON_STRING) {

        for (a = ngx_mqtt_jws_algs; a->name.len; a++) {
            if (ngx_mqtt_jws_same(&value->text, &a->name)) {
                *alg = a;
                return NGX_OK;
            }
        }
    }

    *reason = "its \"alg\" is not allowed";

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_mqtt_jws_same(const ngx_str_t *s, const ngx_str_t *t)
{
    return s->len == t->len && ngx_memcmp(s->data, t->data, s->len) == 0;
}


static ngx_int_t
ngx_mqtt_jws_mac(const ngx_mqtt_jws_keys_t *keys,
    const ngx_mqtt_jws_parts_t *parts, const char **reason)
{
    u_char            mac[EVP_MAX_MD_SIZE];
    ngx_uint_t        i, any;
    const ngx_str_t  *key;

    any = 0;

    for (i = 0; i < 2; i++) {
        key = &keys->access[i];

        if (key->len == 0) {
            continue;
        }

        any = 1;

        if (ngx_mqtt_jws_hmac(key, keys->mac[i], &parts->input, mac)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (parts->signature.len == NGX_MQTT_JWS_MAC
            && CRYPTO_memcmp(parts->signature.data, mac, NGX_MQTT_JWS_MAC)
               == 0)
        {
            return NGX_OK;
        }
    }

    *reason = any ? "its signature is wrong" : "there is no access key";

    return NGX_DECLINED;
}


/* The library's own way allocates a lot, for each of them. */

static ngx_int_t
ngx_mqtt_jws_hmac(const ngx_str_t *key, const ngx_mqtt_jws_mac_t *m,
    const ngx_str_t *input, u_char *mac)
{
    unsigned  len;

    if (m == NULL) {
        return HMAC(EVP_sha256(), key->data, (int) key->len, input->data,
                    input->len, mac, &len)
               ? NGX_OK : NGX_ERROR;
    }

    if (EVP_MD_CTX_copy_ex(m->work, m->inner) != 1
        || EVP_DigestUpdate(m->work, input->data, input->len) != 1
        || EVP_DigestFinal_ex(m->work, mac, NULL) != 1
        || EVP_MD_CTX_copy_ex(m->work, m->outer) != 1
        || EVP_DigestUpdate(m->work, mac, NGX_MQTT_JWS_MAC) != 1
        || EVP_DigestFinal_ex(m->work, mac, NULL) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_jws_signature(const ngx_mqtt_jws_keys_t *keys,
    const ngx_mqtt_jws_parts_t *parts, const ngx_mqtt_jws_alg_t *alg,
    const ngx_str_t *kid, const char **reason)
{
    int                    len;
    u_char                *sig, *der;
    ngx_int_t              rc;
    ngx_uint_t             i, n, tries;
    const ngx_mqtt_key_t  *key;

    der = NULL;
    sig = parts->signature.data;
    len = (int) parts->signature.len;

    if (alg->size) {
        len = ngx_mqtt_jws_der(&parts->signature, alg->size, &der);
        sig = der;
    }

    rc = NGX_DECLINED;
    tries = 0;
    key = keys->public ? keys->public->elts : NULL;
    n = (keys->public && len > 0) ? keys->public->nelts : 0;

    for (i = 0; i < n && rc != NGX_OK && tries < NGX_MQTT_JWS_TRIES; i++) {

        if (key[i].type != alg->type
            || (key[i].alg.len && !ngx_mqtt_jws_same(&key[i].alg, &alg->name))
            || (key[i].id.len && kid->len
                && !ngx_mqtt_jws_same(&key[i].id, kid)))
        {
            continue;
        }

        tries++;
        rc = ngx_mqtt_jws_check(key[i].pkey, alg, &parts->input, sig, len);
    }

    OPENSSL_free(der);

    *reason = tries || len <= 0 ? "its signature is wrong"
                                : "there is no key for it";

    return rc;
}


static ngx_int_t
ngx_mqtt_jws_check(EVP_PKEY *pkey, const ngx_mqtt_jws_alg_t *alg,
    const ngx_str_t *input, const u_char *sig, size_t len)
{
    ngx_int_t      rc;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;

    ctx = EVP_MD_CTX_new();
    if (ctx == NULL) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    if (EVP_DigestVerifyInit(ctx, &pctx, alg->digest(), NULL, pkey) == 1
        && (!alg->pss
            || (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
                                                    RSA_PSS_SALTLEN_DIGEST)
                   == 1))
        && EVP_DigestVerify(ctx, sig, len, input->data, input->len) == 1)
    {
        rc = NGX_OK;
    }

    EVP_MD_CTX_free(ctx);

    return rc;
}


/* The two numbers as OpenSSL wants them; to be freed; 0: that is none. */

static int
ngx_mqtt_jws_der(const ngx_str_t *sig, size_t size, u_char **der)
{
    int         len;
    BIGNUM     *r, *s;
    ECDSA_SIG  *ecdsa;

    if (sig->len != 2 * size) {
        return 0;
    }

    len = 0;
    ecdsa = ECDSA_SIG_new();
    r = BN_bin2bn(sig->data, (int) size, NULL);
    s = BN_bin2bn(sig->data + size, (int) size, NULL);

    if (ecdsa && r && s && ECDSA_SIG_set0(ecdsa, r, s)) {
        len = i2d_ECDSA_SIG(ecdsa, der);

    } else {
        BN_free(r);
        BN_free(s);
    }

    ECDSA_SIG_free(ecdsa);

    return len;
}


ngx_int_t
ngx_mqtt_jws_sign(ngx_pool_t *pool, const ngx_str_t *key,
    const ngx_str_t *claims, ngx_str_t *token)
{
    u_char     mac[EVP_MAX_MD_SIZE], *p;
    unsigned   len;
    ngx_str_t  part, sig, text;

    static const char  header[] = NGX_MQTT_JWS_HEADER ".";

    token->data = ngx_pnalloc(pool, sizeof(header)
                              + ngx_base64_encoded_length(claims->len)
                              + ngx_base64_encoded_length(NGX_MQTT_JWS_MAC));
    if (token->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(token->data, header, sizeof(header) - 1);

    text = *claims;
    part.data = p;
    ngx_encode_base64url(&part, &text);
    p += part.len;

    if (HMAC(EVP_sha256(), key->data, (int) key->len, token->data,
             p - token->data, mac, &len) == NULL)
    {
        ERR_clear_error();
        return NGX_ERROR;
    }

    *p++ = '.';

    sig.data = mac;
    sig.len = NGX_MQTT_JWS_MAC;
    part.data = p;
    ngx_encode_base64url(&part, &sig);

    token->len = part.data + part.len - token->data;

    return NGX_OK;
}
