
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_md5.h>
#include <ngx_mqtt_password.h>
#include <ngx_sha1.h>

#include <crypt.h>
#include <openssl/crypto.h>


#define NGX_MQTT_PASSWORD_SHA1  20

/* bytes of a salt of {SSHA}, characters of one of $apr1$ */

#define NGX_MQTT_PASSWORD_SALT  64
#define NGX_MQTT_PASSWORD_APR1  8


typedef struct {
    ngx_str_node_t         node;          /* the user */
    ngx_str_t              hash;
} ngx_mqtt_password_user_t;


/* a form of hashes; "rest" is what follows the prefix */

typedef struct {
    ngx_str_t              prefix;
    ngx_uint_t           (*valid)(const ngx_str_t *rest);
    ngx_uint_t           (*right)(const ngx_mqtt_password_t *p,
                                  const ngx_str_t *rest);
} ngx_mqtt_password_form_t;


static ngx_int_t ngx_mqtt_passwords_add(ngx_mqtt_passwords_t *passwords,
    ngx_pool_t *pool, u_char *p, u_char *last, const char **reason);
static const ngx_mqtt_password_form_t *ngx_mqtt_password_form(
    const ngx_str_t *hash, ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_chars(const u_char *p, size_t len);
static ngx_uint_t ngx_mqtt_password_plain_valid(const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_plain(const ngx_mqtt_password_t *p,
    const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_sha_valid(const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_ssha_valid(const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_sha(const ngx_mqtt_password_t *p,
    const ngx_str_t *rest);
static size_t ngx_mqtt_password_decode(const ngx_str_t *rest, u_char *buf);
static ngx_uint_t ngx_mqtt_password_apr1_valid(const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_apr1(const ngx_mqtt_password_t *p,
    const ngx_str_t *rest);
static void ngx_mqtt_password_apr1_first(const ngx_mqtt_password_t *p,
    const ngx_str_t *salt, u_char *digest);
static void ngx_mqtt_password_apr1_write(const u_char *digest, u_char *out);
static ngx_uint_t ngx_mqtt_password_crypt_valid(const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_des_valid(const ngx_str_t *rest);
static ngx_uint_t ngx_mqtt_password_crypt(const ngx_mqtt_password_t *p,
    const ngx_str_t *rest);


/* the first prefix that fits counts */

static const ngx_mqtt_password_form_t  ngx_mqtt_password_forms[] = {

    { ngx_string("{PLAIN}"),
      ngx_mqtt_password_plain_valid, ngx_mqtt_password_plain },

    { ngx_string("{SHA}"),
      ngx_mqtt_password_sha_valid, ngx_mqtt_password_sha },

    { ngx_string("{SSHA}"),
      ngx_mqtt_password_ssha_valid, ngx_mqtt_password_sha },

    { ngx_string("$apr1$"),
      ngx_mqtt_password_apr1_valid, ngx_mqtt_password_apr1 },

    { ngx_string("$"),
      ngx_mqtt_password_crypt_valid, ngx_mqtt_password_crypt },

    { ngx_string(""),
      ngx_mqtt_password_des_valid, ngx_mqtt_password_crypt }
};


/* of crypt(3), between two "$" */

static const char  *ngx_mqtt_password_methods[] = {
    "1", "2a", "2b", "2y", "5", "6", "7", "gy", "sha1", "y", NULL
};


ngx_int_t
ngx_mqtt_passwords_read(ngx_mqtt_passwords_t *passwords, ngx_pool_t *pool,
    const ngx_str_t *text, const char **reason, ngx_uint_t *line)
{
    u_char     *p, *last, *end;
    ngx_int_t   rc;

    ngx_rbtree_init(&passwords->rbtree, &passwords->sentinel,
                    ngx_str_rbtree_insert_value);
    passwords->decoy = NULL;

    p = text->data;
    last = p + text->len;

    for (*line = 1; p < last; (*line)++) {

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            end = last;
        }

        rc = ngx_mqtt_passwords_add(passwords, pool, p, end, reason);

        if (rc != NGX_OK) {
            *line = (rc == NGX_ERROR) ? 0 : *line;
            return NGX_ERROR;
        }

        p = (end == last) ? last : end + 1;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_passwords_add(ngx_mqtt_passwords_t *passwords, ngx_pool_t *pool,
    u_char *p, u_char *last, const char **reason)
{
    u_char                    *colon, *end;
    uint32_t                   key;
    ngx_str_t                  user, hash, rest;
    ngx_mqtt_password_user_t  *u;

    if (last > p && last[-1] == '\r') {
        last--;
    }

    if (p == last || *p == '#') {
        return NGX_OK;
    }

    colon = ngx_strlchr(p, last, ':');

    if (colon == NULL || colon == p) {
        *reason = "has no user and colon";
        return NGX_DECLINED;
    }

    end = ngx_strlchr(colon + 1, last, ':');

    user.data = p;
    user.len = colon - p;
    hash.data = colon + 1;
    hash.len = (end ? end : last) - hash.data;

    if (ngx_mqtt_password_form(&hash, &rest) == NULL) {
        *reason = "has no hash of a known form";
        return NGX_DECLINED;
    }

    key = ngx_crc32_long(user.data, user.len);

    if (ngx_str_rbtree_lookup(&passwords->rbtree, &user, key)) {
        *reason = "has a user for the second time";
        return NGX_DECLINED;
    }

    u = ngx_palloc(pool, sizeof(ngx_mqtt_password_user_t));
    if (u == NULL) {
        *reason = "no memory";
        return NGX_ERROR;
    }

    u->node.node.key = key;
    u->node.str = user;
    u->hash = hash;

    ngx_rbtree_insert(&passwords->rbtree, &u->node.node);

    if (passwords->decoy == NULL) {
        passwords->decoy = &u->hash;
    }

    return NGX_OK;
}


ngx_mqtt_password_t *
ngx_mqtt_password_prepare(const ngx_mqtt_passwords_t *passwords,
    ngx_pool_t *pool, const ngx_str_t *user, const ngx_str_t *password)
{
    u_char                    *last;
    const ngx_str_t           *hash;
    ngx_mqtt_password_t       *p;
    ngx_mqtt_password_user_t  *u;

    static const ngx_str_t  none = ngx_string("");

    u = (ngx_mqtt_password_user_t *)
            ngx_str_rbtree_lookup((ngx_rbtree_t *) &passwords->rbtree,
                                  (ngx_str_t *) user,
                                  ngx_crc32_long(user->data, user->len));

    hash = u ? &u->hash : passwords->decoy ? passwords->decoy : &none;

    /* crypt() would only see what is in front of a zero */

    if (password->len > NGX_MQTT_PASSWORD_SIZE
        || ngx_strlchr(password->data, password->data + password->len, '\0'))
    {
        u = NULL;
        password = &none;
    }

    p = ngx_palloc(pool, sizeof(ngx_mqtt_password_t) + hash->len + 1
                         + password->len + 1);
    if (p == NULL) {
        return NULL;
    }

    p->known = (u != NULL);
    p->len = password->len;

    p->hash = (u_char *) p + sizeof(ngx_mqtt_password_t);
    last = ngx_copy(p->hash, hash->data, hash->len);
    *last++ = '\0';

    p->password = last;

    if (password->len) {
        last = ngx_copy(last, password->data, password->len);
    }

    *last = '\0';

    return p;
}


ngx_int_t
ngx_mqtt_password_verify(ngx_mqtt_password_t *p)
{
    ngx_str_t                        hash, rest;
    ngx_uint_t                       right;
    const ngx_mqtt_password_form_t  *form;

    hash.data = p->hash;
    hash.len = ngx_strlen(p->hash);

    form = ngx_mqtt_password_form(&hash, &rest);
    right = form ? form->right(p, &rest) : 0;

    OPENSSL_cleanse(p->password, p->len);

    return (right && p->known) ? NGX_OK : NGX_DECLINED;
}


/* the form of a hash, NULL if it is none */

static const ngx_mqtt_password_form_t *
ngx_mqtt_password_form(const ngx_str_t *hash, ngx_str_t *rest)
{
    const ngx_mqtt_password_form_t  *form;

    for (form = ngx_mqtt_password_forms; /* void */ ; form++) {

        if (hash->len < form->prefix.len
            || ngx_strncmp(hash->data, form->prefix.data, form->prefix.len)
               != 0)
        {
            continue;
        }

        rest->data = hash->data + form->prefix.len;
        rest->len = hash->len - form->prefix.len;

        /* DES is the last one, and fits whatever comes */

        return form->valid(rest) ? form : NULL;
    }
}


/* the characters of crypt()'s own base64 */

static ngx_uint_t
ngx_mqtt_password_chars(const u_char *p, size_t len)
{
    u_char  ch;

    while (len--) {
        ch = ngx_tolower(*p);
        p++;

        if ((ch < 'a' || ch > 'z') && (ch < '.' || ch > '9')) {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_mqtt_password_plain_valid(const ngx_str_t *rest)
{
    return rest->len && rest->len <= NGX_MQTT_PASSWORD_SIZE
           && ngx_strlchr(rest->data, rest->data + rest->len, '\0') == NULL;
}


static ngx_uint_t
ngx_mqtt_password_plain(const ngx_mqtt_password_t *p, const ngx_str_t *rest)
{
    return p->len == rest->len
           && CRYPTO_memcmp(p->password, rest->data, rest->len) == 0;
}


static ngx_uint_t
ngx_mqtt_password_sha_valid(const ngx_str_t *rest)
{
    u_char  buf[NGX_MQTT_PASSWORD_SHA1 + NGX_MQTT_PASSWORD_SALT + 3];

    return ngx_mqtt_password_decode(rest, buf) == NGX_MQTT_PASSWORD_SHA1;
}


static ngx_uint_t
ngx_mqtt_password_ssha_valid(const ngx_str_t *rest)
{
    u_char  buf[NGX_MQTT_PASSWORD_SHA1 + NGX_MQTT_PASSWORD_SALT + 3];

    return ngx_mqtt_password_decode(rest, buf) > NGX_MQTT_PASSWORD_SHA1;
}


/* with and without a salt, which follows the digest */

static ngx_uint_t
ngx_mqtt_password_sha(const ngx_mqtt_password_t *p, const ngx_str_t *rest)
{
    size_t       len;
    u_char       buf[NGX_MQTT_PASSWORD_SHA1 + NGX_MQTT_PASSWORD_SALT + 3];
    u_char       digest[NGX_MQTT_PASSWORD_SHA1];
    ngx_sha1_t   sha1;

    len = ngx_mqtt_password_decode(rest, buf);

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, p->password, p->len);
    ngx_sha1_update(&sha1, buf + NGX_MQTT_PASSWORD_SHA1,
                    len - NGX_MQTT_PASSWORD_SHA1);
    ngx_sha1_final(digest, &sha1);

    return CRYPTO_memcmp(buf, digest, sizeof(digest)) == 0;
}


/* the number of bytes, 0 if that is none */

static size_t
ngx_mqtt_password_decode(const ngx_str_t *rest, u_char *buf)
{
    ngx_str_t  src, dst;

    src = *rest;
    dst.data = buf;

    if (ngx_base64_decoded_length(src.len) > NGX_MQTT_PASSWORD_SHA1
                                             + NGX_MQTT_PASSWORD_SALT + 3
        || ngx_decode_base64(&dst, &src) != NGX_OK)
    {
        return 0;
    }

    return dst.len;
}


static ngx_uint_t
ngx_mqtt_password_apr1_valid(const ngx_str_t *rest)
{
    u_char  *dollar;
    size_t   len;

    dollar = ngx_strlchr(rest->data, rest->data + rest->len, '$');
    if (dollar == NULL) {
        return 0;
    }

    len = dollar - rest->data;

    return len <= NGX_MQTT_PASSWORD_APR1
           && rest->len == len + 1 + 22
           && ngx_mqtt_password_chars(rest->data, len)
           && ngx_mqtt_password_chars(dollar + 1, 22);
}


/* crypt()'s method "1", but for the name that is hashed as well */

static ngx_uint_t
ngx_mqtt_password_apr1(const ngx_mqtt_password_t *p, const ngx_str_t *rest)
{
    u_char      digest[16], out[22];
    ngx_str_t   salt;
    ngx_md5_t   md5;
    ngx_uint_t  i;

    salt.data = rest->data;
    salt.len = rest->len - 22 - 1;

    ngx_mqtt_password_apr1_first(p, &salt, digest);

    for (i = 0; i < 1000; i++) {
        ngx_md5_init(&md5);

        if (i & 1) {
            ngx_md5_update(&md5, p->password, p->len);

        } else {
            ngx_md5_update(&md5, digest, 16);
        }

        if (i % 3) {
            ngx_md5_update(&md5, salt.data, salt.len);
        }

        if (i % 7) {
            ngx_md5_update(&md5, p->password, p->len);
        }

        if (i & 1) {
            ngx_md5_update(&md5, digest, 16);

        } else {
            ngx_md5_update(&md5, p->password, p->len);
        }

        ngx_md5_final(digest, &md5);
    }

    ngx_mqtt_password_apr1_write(digest, out);

    return CRYPTO_memcmp(out, salt.data + salt.len + 1, 22) == 0;
}


static void
ngx_mqtt_password_apr1_first(const ngx_mqtt_password_t *p,
    const ngx_str_t *salt, u_char *digest)
{
    size_t     n;
    ngx_md5_t  md5;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, p->password, p->len);
    ngx_md5_update(&md5, salt->data, salt->len);
    ngx_md5_update(&md5, p->password, p->len);
    ngx_md5_final(digest, &md5);

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, p->password, p->len);
    ngx_md5_update(&md5, "$apr1$", 6);
    ngx_md5_update(&md5, salt->data, salt->len);

    for (n = p->len; n > 16; n -= 16) {
        ngx_md5_update(&md5, digest, 16);
    }

    ngx_md5_update(&md5, digest, n);

    for (n = p->len; n; n >>= 1) {
        ngx_md5_update(&md5, (n & 1) ? (u_char *) "" : p->password, 1);
    }

    ngx_md5_final(digest, &md5);
}


/* base64 as crypt() has it: three bytes a time, the lowest bits first */

static void
ngx_mqtt_password_apr1_write(const u_char *digest, u_char *out)
{
    uint32_t    v;
    ngx_uint_t  i, k;

    static const u_char  chars[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz";

    for (i = 0; i < 5; i++) {
        v = digest[i] << 16 | digest[i + 6] << 8
            | digest[i == 4 ? 5 : i + 12];

        for (k = 0; k < 4; k++) {
            *out++ = chars[v & 0x3f];
            v >>= 6;
        }
    }

    *out++ = chars[digest[11] & 0x3f];
    *out = chars[digest[11] >> 6];
}


static ngx_uint_t
ngx_mqtt_password_crypt_valid(const ngx_str_t *rest)
{
    size_t        i, len;
    const char  **method;

    for (method = ngx_mqtt_password_methods; *method; method++) {
        len = ngx_strlen(*method);

        if (rest->len > len
            && ngx_strncmp(rest->data, *method, len) == 0
            && rest->data[len] == '$')
        {
            break;
        }
    }

    if (*method == NULL) {
        return 0;
    }

    for (i = 0; i < rest->len; i++) {
        if (!ngx_mqtt_password_chars(&rest->data[i], 1)
            && ngx_strchr("$=,", rest->data[i]) == NULL)
        {
            return 0;
        }
    }

    /* a hash is behind the last "$", with "2y" there is the salt as well */

    for (i = 0; rest->data[rest->len - 1 - i] != '$'; i++) { /* void */ }

    return i >= 22;
}


static ngx_uint_t
ngx_mqtt_password_des_valid(const ngx_str_t *rest)
{
    return rest->len == 13 && ngx_mqtt_password_chars(rest->data, 13);
}


static ngx_uint_t
ngx_mqtt_password_crypt(const ngx_mqtt_password_t *p, const ngx_str_t *rest)
{
    char               *value;
    size_t              len;
    ngx_uint_t          right;
    struct crypt_data   data;

    ngx_memzero(&data, sizeof(struct crypt_data));

    value = crypt_r((char *) p->password, (char *) p->hash, &data);

    len = ngx_strlen(p->hash);

    right = value
            && ngx_strlen(value) == len
            && CRYPTO_memcmp(value, p->hash, len) == 0;

    OPENSSL_cleanse(&data, sizeof(struct crypt_data));

    return right;
}
