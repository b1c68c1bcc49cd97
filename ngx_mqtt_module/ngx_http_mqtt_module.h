
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_HTTP_MQTT_MODULE_H_INCLUDED_
#define _NGX_HTTP_MQTT_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_conf.h>
#include <ngx_mqtt_transport.h>
#include <ngx_mqtt_proof.h>
#include <ngx_http_mqtt_event.h>


typedef struct {
    ngx_mqtt_pass_t           *pass;
    ngx_http_complex_value_t  *hub;        /* NULL: a static name */
    ngx_flag_t                 release_request;
    ngx_array_t               *handlers;   /* of ngx_http_mqtt_handler_t * */
    ngx_uint_t                 answers;    /* here, or in an outer location */
    ngx_mqtt_pass_t           *api;
    size_t                     api_body;   /* bytes, at most */
} ngx_http_mqtt_loc_conf_t;


/*
 * Of a request that is a client's connection, from r->pool; of a webhook's
 * main request: then all but "hook" is empty; or of one to "mqtt_api".
 */

struct ngx_http_mqtt_native_s;

typedef struct {
    ngx_http_mqtt_hook_t    *hook;
    struct ngx_http_mqtt_api_s  *api;
    ngx_str_t                hub;
    ngx_mqtt_transport_t    *transport;
    ngx_str_t                accept;     /* Sec-WebSocket-Accept */
    ngx_str_t                subprotocol;        /* empty: none */
    ngx_event_handler_pt     handler;    /* http's, of c->read and c->write */
    struct ngx_http_mqtt_native_s  *native;      /* NULL: mqtt */
} ngx_http_mqtt_ctx_t;


/*
 * Checks the WebSocket handshake of a request, but for the subprotocol if it
 * is for native clients.  If it is valid, ctx->accept is set; otherwise returns
 * what the content handler is to return.
 */
ngx_int_t ngx_http_mqtt_ws_handshake(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx, ngx_uint_t native);

/* The first names in Sec-WebSocket-Protocol, to an array of ngx_str_t. */
ngx_int_t ngx_http_mqtt_ws_offered(ngx_http_request_t *r,
    ngx_array_t *offered);

/*
 * Sends 101 and lets the transport take the connection over.  Returns what
 * the content handler is to return.
 */
ngx_int_t ngx_http_mqtt_ws_accept(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx);

/* The token of a request; what there is not, is NULL. */

typedef struct {
    ngx_mqtt_proof_t        *proof;
    ngx_str_t                text;       /* in the proof's pool */
    ngx_str_t                recovery;   /* that of a native client that comes
                                            back, in the request's pool */
} ngx_http_mqtt_token_t;

/*
 * Copies the tokens of a request out of the query or a header, and overwrites
 * them there: no log has them afterwards.  NGX_ERROR: no memory.  In any case
 * ngx_http_mqtt_token_drop() has to follow, unless somebody takes the proof.
 */
ngx_int_t ngx_http_mqtt_token_take(ngx_http_request_t *r,
    ngx_http_mqtt_token_t *token);
void ngx_http_mqtt_token_drop(ngx_http_mqtt_token_t *token);

/*
 * NGX_OK: the request may become a client of the hub, as far as its token
 * goes.  Otherwise returns what the content handler is to return.
 */
ngx_int_t ngx_http_mqtt_token_check(ngx_http_request_t *r,
    ngx_mqtt_conf_hub_t *hub, ngx_str_t *name, ngx_http_mqtt_token_t *token,
    ngx_uint_t native);

/*
 * Makes ctx->transport, of NGX_MQTT_TRANSPORT_*.  NGX_OK, or what the content
 * handler is to return.
 */
ngx_int_t ngx_http_mqtt_transport(ngx_http_request_t *r,
    ngx_http_mqtt_ctx_t *ctx, ngx_mqtt_conf_hub_t *hub, ngx_uint_t kind);

/*
 * Serves a Web PubSub client, whose handshake is valid: returns what the
 * content handler is to return.
 */
ngx_int_t ngx_http_mqtt_native(ngx_http_request_t *r, ngx_http_mqtt_ctx_t *ctx,
    ngx_mqtt_conf_hub_t *hub, ngx_http_mqtt_token_t *token);

/* An argument's value, decoded, as "pool" has it. */
ngx_int_t ngx_http_mqtt_request_decode(ngx_pool_t *pool, ngx_str_t *src,
    ngx_str_t *dst);

/* The arguments and headers of a client's request, but for its token. */
ngx_int_t ngx_http_mqtt_request(ngx_mqtt_transport_t *t, ngx_pool_t *pool,
    ngx_mqtt_request_t *req);

/* "mqtt_release_request" of a request's location */
ngx_uint_t ngx_http_mqtt_release_request(ngx_http_request_t *r);

/* Adds $mqtt_ variables. */
ngx_int_t ngx_http_mqtt_add_variables(ngx_conf_t *cf);


extern ngx_module_t  ngx_http_mqtt_module;


#endif /* _NGX_HTTP_MQTT_MODULE_H_INCLUDED_ */
