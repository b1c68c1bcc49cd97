
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_native_local.h>
#include <ngx_mqtt_native_token.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>


#define NGX_MQTT_NATIVE_MAC_LEN  (NGX_MQTT_NATIVE_TOKEN_LEN / 2)


ngx_int_t
ngx_mqtt_native_token(ngx_mqtt_client_t *cl, uint64_t serial, u_char *buf)
{
    u_char           *p, mac[EVP_MAX_MD_SIZE];
    u_char            text[sizeof(uint64_t) + NGX_MQTT_NATIVE_ID_LEN + 256];
    unsigned int      len;
    ngx_mqtt_root_t  *root;

    root = cl->worker->zone->root;

    if (cl->client_id.len != NGX_MQTT_NATIVE_ID_LEN || cl->hub.len > 256) {
        return NGX_ERROR;
    }

    /* no part but the last has a length that varies */

    p = ngx_cpymem(text, &serial, sizeof(uint64_t));
    p = ngx_cpymem(p, cl->client_id.data, cl->client_id.len);
    p = ngx_cpymem(p, cl->hub.data, cl->hub.len);

    if (HMAC(EVP_sha256(), root->secret, sizeof(root->secret), text, p - text,
             mac, &len)
        == NULL || len != NGX_MQTT_NATIVE_MAC_LEN)
    {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(buf, mac, len);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_native_token_check(ngx_mqtt_client_t *cl, uint64_t serial,
    ngx_str_t *token)
{
    u_char  right[NGX_MQTT_NATIVE_TOKEN_LEN];

    if (ngx_mqtt_native_token(cl, serial, right) != NGX_OK) {
        return NGX_ERROR;
    }

    return (token->len == sizeof(right)
            && CRYPTO_memcmp(token->data, right, sizeof(right)) == 0)
           ? NGX_OK : NGX_DECLINED;
}
