
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_HTTP_MQTT_API_LIST_H_INCLUDED_
#define _NGX_HTTP_MQTT_API_LIST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_list.h>
#include <ngx_mqtt_profile.h>
#include <ngx_http_mqtt_api_json.h>


/* members of a session; one session alone has those from USERNAME on, too */

#define NGX_HTTP_MQTT_API_CONNECTION_ID     0x0001
#define NGX_HTTP_MQTT_API_USER_ID           0x0002
#define NGX_HTTP_MQTT_API_SESSION_ID        0x0004
#define NGX_HTTP_MQTT_API_PHYSICAL_ID       0x0008
#define NGX_HTTP_MQTT_API_CONNECTED         0x0010
#define NGX_HTTP_MQTT_API_WORKER_PID        0x0020
#define NGX_HTTP_MQTT_API_DISCONNECTED      0x0040
#define NGX_HTTP_MQTT_API_VERSION           0x0080
#define NGX_HTTP_MQTT_API_EXPIRY            0x0100
#define NGX_HTTP_MQTT_API_SUBSCRIPTIONS     0x0200
#define NGX_HTTP_MQTT_API_QUEUED            0x0400
#define NGX_HTTP_MQTT_API_INFLIGHT          0x0800
#define NGX_HTTP_MQTT_API_QUEUED_BYTES      0x1000
#define NGX_HTTP_MQTT_API_PROTOCOL          0x40000

#define NGX_HTTP_MQTT_API_USERNAME          0x2000
#define NGX_HTTP_MQTT_API_ROLES             0x4000
#define NGX_HTTP_MQTT_API_REVOKED           0x8000
#define NGX_HTTP_MQTT_API_STATE             0x10000
#define NGX_HTTP_MQTT_API_WILL              0x20000

#define NGX_HTTP_MQTT_API_ROW               0x41fff
#define NGX_HTTP_MQTT_API_ALL               0x7ffff


/* A list that is asked for, from r->pool. */

typedef struct {
    ngx_http_mqtt_api_t    *api;
    ngx_mqtt_list_t         list;
    ngx_mqtt_targets_t      targets;
    ngx_uint_t              top;        /* rows still wanted; 0: all */
    ngx_uint_t              fields;     /* of sessions */
    ngx_str_t               next;       /* link to the next page, or empty */
    ngx_mqtt_profile_t     *profile;    /* of the one session */
    ngx_event_t             event;      /* posted while it goes on */
} ngx_http_mqtt_api_list_t;


/*
 * Reads the argument "fields": names with commas between them, of those in
 * "known".  NGX_OK, or what the handler is to return.
 */
ngx_int_t ngx_http_mqtt_api_fields(ngx_http_mqtt_api_t *api, ngx_uint_t known,
    ngx_uint_t *fields);

/* ngx_http_mqtt_api_json_pt for an ngx_http_mqtt_api_list_t */
void ngx_http_mqtt_api_show_list(ngx_http_mqtt_api_json_t *json, void *data);
void ngx_http_mqtt_api_show_session(ngx_http_mqtt_api_json_t *json,
    void *data);
void ngx_http_mqtt_api_show_removed(ngx_http_mqtt_api_json_t *json,
    void *data);


#endif /* _NGX_HTTP_MQTT_API_LIST_H_INCLUDED_ */
