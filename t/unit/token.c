
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "token.h"

#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>


static char *
token_text(ngx_pool_t *pool, BIO *bio)
{
    char  *data, *text;
    long   len;

    len = BIO_get_mem_data(bio, &data);
    text = ngx_pnalloc(pool, len + 1);

    memcpy(text, data, len);
    text[len] = '\0';
    BIO_free(bio);

    return text;
}


char *
token_pem(ngx_pool_t *pool, EVP_PKEY *pkey)
{
    BIO  *bio;

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, pkey);

    return token_text(pool, bio);
}


char *
token_certificate(ngx_pool_t *pool, EVP_PKEY *pkey)
{
    BIO   *bio;
    X509  *cert;

    cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, pkey);
    X509_sign(cert, pkey, EVP_sha256());

    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, cert);
    X509_free(cert);

    return token_text(pool, bio);
}


ngx_str_t
token_input(ngx_pool_t *pool, const char *header, const char *claims)
{
    ngx_str_t   src, dst, token;

    token.data = ngx_pnalloc(pool, 2 * strlen(header) + 2 * strlen(claims)
                                   + 16);

    src.data = (u_char *) header;
    src.len = strlen(header);
    dst.data = token.data;
    ngx_encode_base64url(&dst, &src);
    dst.data[dst.len++] = '.';

    src.data = (u_char *) claims;
    src.len = strlen(claims);
    dst.data += dst.len;
    ngx_encode_base64url(&dst, &src);

    token.len = dst.data + dst.len - token.data;

    return token;
}


ngx_str_t
token_with(ngx_pool_t *pool, const ngx_str_t *input, const u_char *sig,
    size_t len)
{
    u_char     *p;
    ngx_str_t   src, dst, token;

    token.data = ngx_pnalloc(pool, input->len + 2 * len + 16);
    p = ngx_cpymem(token.data, input->data, input->len);
    *p++ = '.';

    src.data = (u_char *) sig;
    src.len = len;
    dst.data = p;
    ngx_encode_base64url(&dst, &src);

    token.len = dst.data + dst.len - token.data;

    return token;
}


ngx_str_t
token_hs256(ngx_pool_t *pool, const char *header, const char *claims,
    const char *key)
{
    u_char      mac[EVP_MAX_MD_SIZE];
    unsigned    len;
    ngx_str_t   input;

    input = token_input(pool, header, claims);

    HMAC(EVP_sha256(), key, (int) strlen(key), input.data, input.len, mac,
         &len);

    return token_with(pool, &input, mac, len);
}


ngx_str_t
token_signed(ngx_pool_t *pool, const char *header, const char *claims,
    EVP_PKEY *pkey, const EVP_MD *md, ngx_uint_t pss)
{
    size_t         len, half;
    u_char         sig[1024], raw[96];
    ngx_str_t      input;
    ECDSA_SIG     *ecdsa;
    EVP_MD_CTX    *ctx;
    EVP_PKEY_CTX  *pctx;
    const u_char  *p;

    input = token_input(pool, header, claims);

    ctx = EVP_MD_CTX_new();
    EVP_DigestSignInit(ctx, &pctx, md, NULL, pkey);

    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
    }

    len = sizeof(sig);

    if (EVP_DigestSign(ctx, sig, &len, input.data, input.len) != 1) {
        exit(2);
    }

    EVP_MD_CTX_free(ctx);

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        return token_with(pool, &input, sig, len);
    }

    half = EVP_PKEY_get_bits(pkey) / 8;
    p = sig;
    ecdsa = d2i_ECDSA_SIG(NULL, &p, (long) len);
    BN_bn2binpad(ECDSA_SIG_get0_r(ecdsa), raw, (int) half);
    BN_bn2binpad(ECDSA_SIG_get0_s(ecdsa), raw + half, (int) half);
    ECDSA_SIG_free(ecdsa);

    return token_with(pool, &input, raw, 2 * half);
}
