
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_sha1.h>
#include <ngx_http_mqtt_module.h>


#define NGX_HTTP_MQTT_UPGRADE_REQUIRED  426

#define NGX_HTTP_MQTT_GUID  "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#define NGX_HTTP_MQTT_KEY_LEN           24
#define NGX_HTTP_MQTT_NONCE_LEN         16
#define NGX_HTTP_MQTT_SHA1_LEN          20

/* subprotocols of a client that are looked at: each takes memory */

#define NGX_HTTP_MQTT_OFFERED           32

/* that we add to 101 */

#define NGX_HTTP_MQTT_HEADERS           3


static ngx_int_t ngx_http_mqtt_ws_key(ngx_http_request_t *r, ngx_str_t *key);
static ngx_int_t ngx_http_mqtt_ws_accept_key(ngx_http_request_t *r,
    ngx_str_t *key, ngx_str_t *accept);
static ngx_int_t ngx_http_mqtt_ws_upgrade_required(ngx_http_request_t *r,
    ngx_uint_t version);
static ngx_int_t ngx_http_mqtt_ws_bad_request(ngx_http_request_t *r,
    const char *what);
static ngx_int_t ngx_http_mqtt_ws_names(ngx_str_t *list,
    ngx_array_t *offered);

static ngx_uint_t ngx_http_mqtt_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_http_mqtt_header_has(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *token, ngx_uint_t caseless);
static ngx_uint_t ngx_http_mqtt_list_has(ngx_str_t *list, ngx_str_t *token,
    ngx_uint_t caseless);
static ngx_int_t ngx_http_mqtt_short_list(ngx_http_request_t *r);
static ngx_int_t ngx_http_mqtt_add_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);

static void ngx_http_mqtt_ws_flush(ngx_http_request_t *r);
static void ngx_http_mqtt_ws_start(ngx_http_request_t *r);
static void ngx_http_mqtt_ws_event(ngx_event_t *ev);
static void ngx_http_mqtt_ws_finish(ngx_mqtt_transport_t *t);

static void ngx_http_mqtt_ws_release(ngx_mqtt_transport_t *t);
static void ngx_http_mqtt_ws_free_headers(ngx_connection_t *c,
    ngx_chain_t **buffers);
static void ngx_http_mqtt_ws_released_event(ngx_event_t *ev);
static void ngx_http_mqtt_ws_released_finish(ngx_mqtt_transport_t *t);


static ngx_str_t  ngx_http_mqtt_upgrade = ngx_string("Upgrade");
static ngx_str_t  ngx_http_mqtt_connection = ngx_string("Connection");
static ngx_str_t  ngx_http_mqtt_version = ngx_string("Sec-WebSocket-Version");
static ngx_str_t  ngx_http_mqtt_key = ngx_string("Sec-WebSocket-Key");
static ngx_str_t  ngx_http_mqtt_accept = ngx_string("Sec-WebSocket-Accept");
static ngx_str_t  ngx_http_mqtt_protocol = ngx_string("Sec-WebSocket-Protocol");

static ngx_str_t  ngx_http_mqtt_websocket = ngx_string("websocket");
static ngx_str_t  ngx_http_mqtt_mqtt = ngx_string("mqtt");
static ngx_str_t  ngx_http_mqtt_13 = ngx_string("13");


ngx_int_t
ngx_http_mqtt_ws_handshake(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx,
    ngx_uint_t native)
{
    ngx_str_t  key, version;

    if (r->http_version != NGX_HTTP_VERSION_11
        || !ngx_http_mqtt_header_has(r, &ngx_http_mqtt_upgrade,
                                     &ngx_http_mqtt_websocket, 1)
        || !ngx_http_mqtt_header_has(r, &ngx_http_mqtt_connection,
                                     &ngx_http_mqtt_upgrade, 1))
    {
        if (native) {
            return ngx_http_mqtt_ws_bad_request(r, "no WebSocket handshake");
        }

        return ngx_http_mqtt_ws_upgrade_required(r, 0);
    }

    if (ngx_http_mqtt_header(r, &ngx_http_mqtt_version, &version) != 1
        || version.len != ngx_http_mqtt_13.len
        || ngx_strncmp(version.data, ngx_http_mqtt_13.data, version.len) != 0)
    {
        return ngx_http_mqtt_ws_upgrade_required(r, 1);
    }

    if (ngx_http_mqtt_ws_key(r, &key) != NGX_OK) {
        return ngx_http_mqtt_ws_bad_request(r, "invalid Sec-WebSocket-Key");
    }

    if (!native) {

        if (!ngx_http_mqtt_header_has(r, &ngx_http_mqtt_protocol,
                                      &ngx_http_mqtt_mqtt, 0))
        {
            return ngx_http_mqtt_ws_bad_request(r,
                                  "no \"mqtt\" in Sec-WebSocket-Protocol");
        }

        ctx->subprotocol = ngx_http_mqtt_mqtt;
    }

    if (r->headers_in.content_length_n > 0 || r->headers_in.chunked) {
        return ngx_http_mqtt_ws_bad_request(r, "a body with its handshake");
    }

    return ngx_http_mqtt_ws_accept_key(r, &key, &ctx->accept);
}


static ngx_int_t
ngx_http_mqtt_ws_key(ngx_http_request_t *r, ngx_str_t *key)
{
    u_char     nonce[ngx_base64_decoded_length(NGX_HTTP_MQTT_KEY_LEN)];
    ngx_str_t  decoded;

    if (ngx_http_mqtt_header(r, &ngx_http_mqtt_key, key) != 1
        || key->len != NGX_HTTP_MQTT_KEY_LEN)
    {
        return NGX_DECLINED;
    }

    decoded.data = nonce;

    if (ngx_decode_base64(&decoded, key) != NGX_OK
        || decoded.len != NGX_HTTP_MQTT_NONCE_LEN
        || key->data[NGX_HTTP_MQTT_KEY_LEN - 1] != '='
        || key->data[NGX_HTTP_MQTT_KEY_LEN - 2] != '=')
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_ws_accept_key(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *accept)
{
    u_char      hash[NGX_HTTP_MQTT_SHA1_LEN];
    ngx_str_t   src;
    ngx_sha1_t  sha1;

    accept->data = ngx_pnalloc(r->pool,
                             ngx_base64_encoded_length(NGX_HTTP_MQTT_SHA1_LEN));
    if (accept->data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, key->data, key->len);
    ngx_sha1_update(&sha1, NGX_HTTP_MQTT_GUID, sizeof(NGX_HTTP_MQTT_GUID) - 1);
    ngx_sha1_final(hash, &sha1);

    src.data = hash;
    src.len = NGX_HTTP_MQTT_SHA1_LEN;

    ngx_encode_base64(accept, &src);

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_ws_upgrade_required(ngx_http_request_t *r, ngx_uint_t version)
{
    ngx_str_t                 type;
    ngx_http_complex_value_t  cv;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  version ? "client asked for unknown WebSocket version"
                          : "client sent no WebSocket handshake");

    /* HTTP/2 and later have no Upgrade, and forbid the header */

    if (r->http_version <= NGX_HTTP_VERSION_11
        && ngx_http_mqtt_add_header(r, &ngx_http_mqtt_upgrade,
                                    &ngx_http_mqtt_websocket)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (version
        && ngx_http_mqtt_add_header(r, &ngx_http_mqtt_version,
                                    &ngx_http_mqtt_13)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* NGINX knows neither this status' name nor a page for it */

    ngx_str_set(&r->headers_out.status_line, "426 Upgrade Required");
    ngx_str_set(&type, "text/plain");

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    ngx_str_set(&cv.value, "This is an MQTT endpoint, use WebSocket "
                           "over HTTP/1.1.\n");

    return ngx_http_send_response(r, NGX_HTTP_MQTT_UPGRADE_REQUIRED, &type,
                                  &cv);
}


static ngx_int_t
ngx_http_mqtt_ws_bad_request(ngx_http_request_t *r, const char *what)
{
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "client sent %s", what);

    return NGX_HTTP_BAD_REQUEST;
}


/* how many headers of this name there are; "value" is the last one's */

static ngx_uint_t
ngx_http_mqtt_header(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == name->len
                && ngx_strncasecmp(h[i].key.data, name->data, name->len) == 0)
            {
                *value = h[i].value;
                n++;
            }
        }
    }

    return n;
}


static ngx_uint_t
ngx_http_mqtt_header_has(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *token, ngx_uint_t caseless)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == name->len
                && ngx_strncasecmp(h[i].key.data, name->data, name->len) == 0
                && ngx_http_mqtt_list_has(&h[i].value, token, caseless))
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_mqtt_list_has(ngx_str_t *list, ngx_str_t *token, ngx_uint_t caseless)
{
    u_char  *p, *end, *comma, *last;

    p = list->data;
    last = list->data + list->len;

    while (p < last) {

        comma = ngx_strlchr(p, last, ',');

        if (comma == NULL) {
            comma = last;
        }

        while (p < comma && (*p == ' ' || *p == '\t')) {
            p++;
        }

        for (end = comma; end > p && (end[-1] == ' ' || end[-1] == '\t');
             end--)
        {
            /* void */
        }

        if ((size_t) (end - p) == token->len
            && (caseless ? ngx_strncasecmp(p, token->data, token->len)
                         : ngx_strncmp(p, token->data, token->len))
               == 0)
        {
            return 1;
        }

        p = comma + 1;
    }

    return 0;
}


ngx_int_t
ngx_http_mqtt_ws_offered(ngx_http_request_t *r, ngx_array_t *offered)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == ngx_http_mqtt_protocol.len
                && ngx_strncasecmp(h[i].key.data, ngx_http_mqtt_protocol.data,
                                   h[i].key.len)
                   == 0
                && ngx_http_mqtt_ws_names(&h[i].value, offered) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_ws_names(ngx_str_t *list, ngx_array_t *offered)
{
    u_char     *p, *last, *end;
    ngx_str_t  *name;

    p = list->data;
    last = p + list->len;

    for ( /* void */ ;
         p < last && offered->nelts < NGX_HTTP_MQTT_OFFERED;
         p = end + 1)
    {
        end = ngx_strlchr(p, last, ',');

        if (end == NULL) {
            end = last;
        }

        name = ngx_array_push(offered);
        if (name == NULL) {
            return NGX_ERROR;
        }

        name->data = p;
        name->len = end - p;

        while (name->len && (*name->data == ' ' || *name->data == '\t')) {
            name->data++;
            name->len--;
        }

        while (name->len && (name->data[name->len - 1] == ' '
                             || name->data[name->len - 1] == '\t'))
        {
            name->len--;
        }

        if (name->len == 0) {
            offered->nelts--;
        }
    }

    return NGX_OK;
}


/*
 * NGINX's list has room for 20 headers, a kilobyte.  As long as it is empty
 * nothing points into it, and what is no part of a block can be freed.
 */

static ngx_int_t
ngx_http_mqtt_short_list(ngx_http_request_t *r)
{
    ngx_list_t       *headers;
    ngx_table_elt_t  *h;

    headers = &r->headers_out.headers;

    if (headers->part.nelts || headers->part.next) {
        return NGX_OK;
    }

    h = ngx_palloc(r->pool, NGX_HTTP_MQTT_HEADERS * sizeof(ngx_table_elt_t));
    if (h == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_pfree(r->pool, headers->part.elts);

    headers->part.elts = h;
    headers->nalloc = NGX_HTTP_MQTT_HEADERS;

    return NGX_OK;
}


static ngx_int_t
ngx_http_mqtt_add_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key = *name;
    h->value = *value;

    return NGX_OK;
}


ngx_int_t
ngx_http_mqtt_ws_accept(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (ngx_http_mqtt_short_list(r) != NGX_OK
        || ngx_http_mqtt_add_header(r, &ngx_http_mqtt_upgrade,
                                    &ngx_http_mqtt_websocket)
           != NGX_OK
        || ngx_http_mqtt_add_header(r, &ngx_http_mqtt_accept, &ctx->accept)
           != NGX_OK
        || (ctx->subprotocol.len
            && ngx_http_mqtt_add_header(r, &ngx_http_mqtt_protocol,
                                        &ctx->subprotocol)
               != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* "Connection: upgrade" comes with the status */

    r->headers_out.status = NGX_HTTP_SWITCHING_PROTOCOLS;
    ngx_str_set(&r->headers_out.status_line, "101 Switching Protocols");

    r->keepalive = 0;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    if (ngx_http_send_special(r, NGX_HTTP_FLUSH) == NGX_ERROR) {
        return NGX_ERROR;
    }

    r->main->count++;

    if (r->connection->buffered || r->buffered) {

        /* an earlier response still fills the socket */

        r->read_event_handler = ngx_http_block_reading;
        r->write_event_handler = ngx_http_mqtt_ws_flush;

        ngx_http_mqtt_ws_flush(r);

    } else {
        ngx_http_mqtt_ws_start(r);
    }

    return NGX_DONE;
}


static void
ngx_http_mqtt_ws_flush(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;

    c = r->connection;
    wev = c->write;

    if (wev->timedout) {
        c->timedout = 1;
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    rc = ngx_http_output_filter(r, NULL);

    if (rc == NGX_ERROR) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    if (!c->buffered && !r->buffered) {
        ngx_http_mqtt_ws_start(r);
        return;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->timer_set && !wev->delayed) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


static void
ngx_http_mqtt_ws_start(ngx_http_request_t *r)
{
    u_char               *pos;
    ngx_http_mqtt_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mqtt_module);

    ctx->handler = r->connection->read->handler;

    if (ngx_http_mqtt_release_request(r)) {
        ctx->transport->accepted = ngx_http_mqtt_ws_release;
    }

    ctx->transport->request = ngx_http_mqtt_request;
    r->connection->write->delayed = 0;

    /* what the client sent behind its handshake */

    pos = r->header_in->pos;
    r->header_in->pos = r->header_in->last;

    ngx_mqtt_transport_start(ctx->transport, ngx_http_mqtt_ws_event,
                             ngx_http_mqtt_ws_finish, r,
                             pos, r->header_in->last);
}


static void
ngx_http_mqtt_ws_event(ngx_event_t *ev)
{
    ngx_connection_t     *c;
    ngx_http_request_t   *r;
    ngx_http_mqtt_ctx_t  *ctx;

    c = ev->data;
    r = c->data;

    ctx = ngx_http_get_module_ctx(r->main, ngx_http_mqtt_module);

    ngx_mqtt_transport_event(ctx->transport, ev);
}


static void
ngx_http_mqtt_ws_finish(ngx_mqtt_transport_t *t)
{
    ngx_connection_t     *c;
    ngx_http_request_t   *r;
    ngx_http_mqtt_ctx_t  *ctx;

    r = t->data;
    c = r->connection;

    ctx = ngx_http_get_module_ctx(r, ngx_http_mqtt_module);

    c->read->handler = ctx->handler;
    c->write->handler = ctx->handler;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    /* the transport has lingered, NGINX need not do so again */

    c->read->eof = 1;

    ngx_http_finalize_request(r, NGX_DONE);

    ngx_http_run_posted_requests(c);
}


/*
 * Lets go of the request as keep-alive does: what follows needs the connection
 * alone.  Its pool keeps what is NGINX's, so that closing is as usual.
 */

static void
ngx_http_mqtt_ws_release(ngx_mqtt_transport_t *t)
{
    ngx_buf_t              *b;
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    ngx_http_connection_t  *hc;

    r = t->data;
    c = r->connection;
    hc = r->http_connection;

    c->read->handler = ngx_http_mqtt_ws_released_event;
    c->write->handler = ngx_http_mqtt_ws_released_event;

    t->finish = ngx_http_mqtt_ws_released_finish;
    t->request = NULL;
    t->data = hc;

    ngx_http_free_request(r, 0);

    c->data = t;
    c->destroyed = 0;
    c->log->action = "waiting for mqtt packet";

    ngx_http_mqtt_ws_free_headers(c, &hc->busy);
    ngx_http_mqtt_ws_free_headers(c, &hc->free);
    hc->nbusy = 0;

    b = c->buffer;

    if (b && ngx_pfree(c->pool, b->start) == NGX_OK) {
        c->buffer = NULL;
    }
}


static void
ngx_http_mqtt_ws_free_headers(ngx_connection_t *c, ngx_chain_t **buffers)
{
    ngx_chain_t  *cl, *next;

    for (cl = *buffers; cl; cl = next) {
        next = cl->next;
        ngx_pfree(c->pool, cl->buf->start);
        ngx_free_chain(c->pool, cl);
    }

    *buffers = NULL;
}


static void
ngx_http_mqtt_ws_released_event(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    ngx_mqtt_transport_event(c->data, ev);
}


static void
ngx_http_mqtt_ws_released_finish(ngx_mqtt_transport_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;
    c->data = t->data;

    ngx_http_close_connection(c);
}
