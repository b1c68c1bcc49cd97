
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_transport.h>


ngx_int_t
ngx_mqtt_describe_event(ngx_mqtt_client_t *cl, ngx_mqtt_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;
    c = t->connection;

    ngx_mqtt_transport_protocol(t, &ev->protocol);

#if (NGX_SSL)

    if (c->ssl
        && (ngx_ssl_get_raw_certificate(c, ev->pool, &ev->client_cert)
            != NGX_OK
            || ngx_ssl_get_fingerprint(c, ev->pool,
                                       &ev->client_cert_fingerprint)
               != NGX_OK))
    {
        return NGX_ERROR;
    }

#endif

    return ngx_mqtt_event_copy(ev, &ev->address, &c->addr_text);
}


size_t
ngx_mqtt_describe_fingerprint(ngx_mqtt_client_t *cl, u_char *buf)
{
    size_t                 size;

#if (NGX_SSL)
    X509                  *cert;
    u_char                 digest[EVP_MAX_MD_SIZE];
    unsigned int           len;
    ngx_mqtt_transport_t  *t;
#endif

    size = 0;

#if (NGX_SSL)

    t = (ngx_mqtt_transport_t *) cl;

    if (t->connection->ssl == NULL) {
        return 0;
    }

    cert = SSL_get_peer_certificate(t->connection->ssl->connection);
    if (cert == NULL) {
        return 0;
    }

    if (X509_digest(cert, EVP_sha1(), digest, &len)
        && len * 2 == NGX_MQTT_FINGERPRINT_LEN)
    {
        size = ngx_hex_dump(buf, digest, len) - buf;
    }

    X509_free(cert);

#endif

    return size;
}


ngx_int_t
ngx_mqtt_describe_request(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_request_t *req)
{
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;

    return t->request ? t->request(t, pool, req) : NGX_OK;
}


void
ngx_mqtt_describe_cert(ngx_mqtt_transport_t *t, ngx_str_t *value)
{
#if (NGX_SSL)
    ngx_connection_t  *c;

    c = t->connection;

    if (c->ssl && ngx_ssl_get_raw_certificate(c, c->pool, value) != NGX_OK) {
        ngx_str_null(value);
    }

#endif
}


void
ngx_mqtt_describe_cert_fingerprint(ngx_mqtt_transport_t *t,
    ngx_str_t *value)
{
#if (NGX_SSL)
    ngx_connection_t  *c;

    c = t->connection;

    if (c->ssl && ngx_ssl_get_fingerprint(c, c->pool, value) != NGX_OK) {
        ngx_str_null(value);
    }

#endif
}
