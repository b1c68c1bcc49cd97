
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


ngx_int_t
ngx_mqtt_describe_request(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_request_t *req)
{
    ngx_mqtt_transport_t  *t;

    t = (ngx_mqtt_transport_t *) cl;

    return t->request ? t->request(t, pool, req) : NGX_OK;
}
