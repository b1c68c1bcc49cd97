
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_HTTP_MQTT_API_H_INCLUDED_
#define _NGX_HTTP_MQTT_API_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_module.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_json.h>


/* bytes of a body; parts of a path behind "/api/" */

#define NGX_HTTP_MQTT_API_BODY      1048576
#define NGX_HTTP_MQTT_API_SEGMENTS  8


/* Whose token an operation needs. */

typedef enum {
    NGX_HTTP_MQTT_API_HUB = 0,          /* of the hub in the path */
    NGX_HTTP_MQTT_API_ZONE,             /* of a hub in the zone in the path */
    NGX_HTTP_MQTT_API_ANY,              /* of any hub */
    NGX_HTTP_MQTT_API_OPEN              /* nobody's */
} ngx_http_mqtt_api_auth_e;


/* What a request asks for, from r->pool; strings are decoded. */

typedef struct ngx_http_mqtt_api_s     ngx_http_mqtt_api_t;
typedef struct ngx_http_mqtt_api_op_s  ngx_http_mqtt_api_op_t;

struct ngx_http_mqtt_api_s {
    ngx_http_request_t            *request;
    const ngx_http_mqtt_api_op_t  *op;

    ngx_str_t                      base;      /* in front of "/api/" */
    ngx_str_t                      path;      /* undecoded, as it came */
    ngx_uint_t                     secure;    /* 1: for the client, https */
    ngx_str_t                      segments[NGX_HTTP_MQTT_API_SEGMENTS];
    ngx_uint_t                     nsegments;
    ngx_array_t                    args;      /* of ngx_keyval_t */

    /* out of the path, empty where it has none */

    ngx_str_t                      hub_name;  /* lower case */
    ngx_str_t                      group;
    ngx_str_t                      connection;
    ngx_str_t                      user;
    ngx_str_t                      name;      /* whatever else it names */

    ngx_mqtt_conf_hub_t           *hub;       /* with NGX_HTTP_MQTT_API_HUB */
    ngx_mqtt_conf_zone_t          *zone;      /* and with ..._ZONE */
    ngx_mqtt_worker_t             *worker;    /* in that zone */

    ngx_str_t                      body;      /* in one piece */

    /* of the answer */

    ngx_chain_t                   *out;       /* JSON, or NULL */
    const char                    *target;    /* of an error */
    ngx_str_t                      message;

    ngx_mqtt_bulk_t               *bulk;      /* that it waits for */
    ngx_event_t                    alive;     /* while it is not answered */
    ngx_http_mqtt_ctx_t            ctx;
};


/*
 * Does it, and returns the status to be answered, with api->out or after
 * ngx_http_mqtt_api_refuse() with a body; or NGX_AGAIN: then
 * ngx_http_mqtt_api_finish() is called later; or NGX_ERROR: 500.
 */

typedef ngx_int_t (*ngx_http_mqtt_api_pt)(ngx_http_mqtt_api_t *api);


/*
 * An operation.  In its path, which begins behind "/api/", H stands for the
 * hub's name, G, C and U for a group, connection and user, N for any other
 * name.  "body": it reads one.  "kind": whom it is about, where that matters.
 */

struct ngx_http_mqtt_api_op_s {
    ngx_uint_t                     method;    /* NGX_HTTP_GET, ... */
    const char                    *path;
    ngx_http_mqtt_api_pt           handler;
    ngx_http_mqtt_api_auth_e       auth;
    ngx_uint_t                     body;
    ngx_mqtt_targets_kind_e        kind;
};


/*
 * An argument of the query; the first one, if there are several.  Their names
 * are compared without case.  NULL: there is none.
 */
ngx_str_t *ngx_http_mqtt_api_arg(ngx_http_mqtt_api_t *api, const char *name);

/*
 * All arguments of a name that are not empty, as an array of ngx_str_t from
 * r->pool.  NULL: no memory.
 */
ngx_array_t *ngx_http_mqtt_api_args(ngx_http_mqtt_api_t *api,
    const char *name);

/* Compares without case. */
ngx_uint_t ngx_http_mqtt_api_same(ngx_str_t *value, const char *wanted);

/*
 * A number out of an argument that may be missing or empty: then *n stays.
 * NGX_OK, or what the handler is to return.
 */
ngx_int_t ngx_http_mqtt_api_number(ngx_http_mqtt_api_t *api, const char *name,
    ngx_uint_t low, ngx_uint_t high, ngx_uint_t *n);

/* Notes an error's target, which may be NULL, and message; returns "status". */
ngx_int_t ngx_http_mqtt_api_refuse(ngx_http_mqtt_api_t *api, ngx_int_t status,
    const char *target, const char *fmt, ...);

/* The same where there is no room, or no connection of the path's name. */
ngx_int_t ngx_http_mqtt_api_full(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_unknown(ngx_http_mqtt_api_t *api);

/*
 * Whether a group, a connection or a user can have this name: NGX_OK, or what
 * the handler is to return.
 */
ngx_int_t ngx_http_mqtt_api_check_group(ngx_http_mqtt_api_t *api,
    ngx_str_t *name, const char *target);
ngx_int_t ngx_http_mqtt_api_check_id(ngx_http_mqtt_api_t *api, ngx_str_t *id,
    const char *target);

/*
 * Reads a body of application/json: NGX_OK, or what the handler is to return.
 * "levels" as in ngx_mqtt_json_parse().
 */
ngx_int_t ngx_http_mqtt_api_json_body(ngx_http_mqtt_api_t *api,
    ngx_uint_t levels, ngx_mqtt_json_t **root);

/*
 * Work for those whom the path and "excluded" name: NGX_OK, or what has to be
 * given to ngx_http_mqtt_api_begin(), which is to follow in any case, and
 * returns what the handler is to return.
 */
ngx_int_t ngx_http_mqtt_api_bulk(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_action_e action, ngx_mqtt_bulk_t **bulk);
ngx_int_t ngx_http_mqtt_api_begin(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk, ngx_int_t rc);

/* Adds a filter, which may be missing; NGX_OK, or what to give to the above. */
ngx_int_t ngx_http_mqtt_api_filter(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk, ngx_str_t *text);

/*
 * Answers 200 with a JSON text in r->pool.  Whoever has it in pieces sets
 * api->out to a chain of buffers in memory.
 */
ngx_int_t ngx_http_mqtt_api_text(ngx_http_mqtt_api_t *api, ngx_str_t *json);

/*
 * Answers a request whose handler returned NGX_AGAIN; not from within it.  The
 * request may be gone afterwards.
 */
void ngx_http_mqtt_api_finish(ngx_http_mqtt_api_t *api, ngx_int_t status);

/*
 * A URL of this server as the client calls it, from r->pool: "path" and "tail"
 * stand behind the host as they are.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_mqtt_api_url(ngx_http_mqtt_api_t *api, ngx_str_t *path,
    ngx_str_t *tail, ngx_str_t *url);


/* The content handler of "mqtt_api". */
ngx_int_t ngx_http_mqtt_api_handler(ngx_http_request_t *r);

/*
 * Takes path and query apart, decodes each part once.  NGX_OK; NGX_DECLINED:
 * it is no path below "/api/"; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_mqtt_api_split(ngx_http_mqtt_api_t *api);

/*
 * Whether the request may: finds hub, zone and worker as well.  NGX_OK, or
 * the status to be answered.
 */
ngx_int_t ngx_http_mqtt_api_authorize(ngx_http_mqtt_api_t *api);

/* The version asked for: NGX_OK, or the status to be answered. */
ngx_int_t ngx_http_mqtt_api_version(ngx_http_mqtt_api_t *api);

/* Adds a header to the answer; the strings are kept.  NGX_ERROR: no memory. */
ngx_int_t ngx_http_mqtt_api_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value);

/* Sends the answer; returns what the content handler is to return. */
ngx_int_t ngx_http_mqtt_api_answer(ngx_http_mqtt_api_t *api,
    ngx_int_t status);


/* operations */

ngx_int_t ngx_http_mqtt_api_generate_token(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_send(ngx_http_mqtt_api_t *api);

/*
 * Puts the metadata that a request has for its message into bulk->metadata.
 * NGX_OK, or what the request is to be answered with.
 */
ngx_int_t ngx_http_mqtt_api_metadata(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk);
ngx_int_t ngx_http_mqtt_api_exists(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_close(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_join(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_leave(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_leave_all(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_join_many(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_leave_many(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_grant(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_revoke(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_check_permission(ngx_http_mqtt_api_t *api);

ngx_int_t ngx_http_mqtt_api_list_members(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_list_sessions(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_get_session(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_list_subscriptions(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_list_retained(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_delete_retained(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_get_topic(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_delete_topic(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_get_hub(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_list_zones(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_get_zone(ngx_http_mqtt_api_t *api);
ngx_int_t ngx_http_mqtt_api_list_workers(ngx_http_mqtt_api_t *api);


#endif /* _NGX_HTTP_MQTT_API_H_INCLUDED_ */
