
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_mqtt_api_list.h>
#include <ngx_mqtt_native_client.h>


static void ngx_http_mqtt_api_put_session(ngx_http_mqtt_api_json_t *json,
    ngx_http_mqtt_api_list_t *ctx, ngx_mqtt_list_session_t *s);
static void ngx_http_mqtt_api_put_connection(ngx_http_mqtt_api_json_t *json,
    ngx_http_mqtt_api_list_t *ctx, ngx_mqtt_list_session_t *s);
static void ngx_http_mqtt_api_put_profile(ngx_http_mqtt_api_json_t *json,
    ngx_http_mqtt_api_list_t *ctx, ngx_mqtt_list_session_t *s);
static void ngx_http_mqtt_api_put_roles(ngx_http_mqtt_api_json_t *json,
    const char *name, ngx_mqtt_profile_t *p, ngx_uint_t revoked);
static void ngx_http_mqtt_api_put_will(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_list_session_t *s);
static void ngx_http_mqtt_api_put_sub(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_list_sub_t *sub);
static void ngx_http_mqtt_api_put_topic(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_list_topic_t *topic);


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  bit;
} ngx_http_mqtt_api_field_t;


static ngx_http_mqtt_api_field_t  ngx_http_mqtt_api_field_names[] = {
    { ngx_string("connectionId"), NGX_HTTP_MQTT_API_CONNECTION_ID },
    { ngx_string("userId"), NGX_HTTP_MQTT_API_USER_ID },
    { ngx_string("sessionId"), NGX_HTTP_MQTT_API_SESSION_ID },
    { ngx_string("physicalConnectionId"), NGX_HTTP_MQTT_API_PHYSICAL_ID },
    { ngx_string("connected"), NGX_HTTP_MQTT_API_CONNECTED },
    { ngx_string("workerPid"), NGX_HTTP_MQTT_API_WORKER_PID },
    { ngx_string("disconnectedSeconds"), NGX_HTTP_MQTT_API_DISCONNECTED },
    { ngx_string("protocol"), NGX_HTTP_MQTT_API_PROTOCOL },
    { ngx_string("protocolVersion"), NGX_HTTP_MQTT_API_VERSION },
    { ngx_string("sessionExpirySeconds"), NGX_HTTP_MQTT_API_EXPIRY },
    { ngx_string("subscriptions"), NGX_HTTP_MQTT_API_SUBSCRIPTIONS },
    { ngx_string("queuedMessages"), NGX_HTTP_MQTT_API_QUEUED },
    { ngx_string("inflightMessages"), NGX_HTTP_MQTT_API_INFLIGHT },
    { ngx_string("queuedBytes"), NGX_HTTP_MQTT_API_QUEUED_BYTES },
    { ngx_string("username"), NGX_HTTP_MQTT_API_USERNAME },
    { ngx_string("roles"), NGX_HTTP_MQTT_API_ROLES },
    { ngx_string("revokedRoles"), NGX_HTTP_MQTT_API_REVOKED },
    { ngx_string("connectionState"), NGX_HTTP_MQTT_API_STATE },
    { ngx_string("will"), NGX_HTTP_MQTT_API_WILL },
    { ngx_null_string, 0 }
};


ngx_int_t
ngx_http_mqtt_api_fields(ngx_http_mqtt_api_t *api, ngx_uint_t known,
    ngx_uint_t *fields)
{
    u_char                     *p, *end, *last;
    ngx_str_t                  *arg;
    ngx_http_mqtt_api_field_t  *field;

    *fields = known;

    arg = ngx_http_mqtt_api_arg(api, "fields");

    if (arg == NULL || arg->len == 0) {
        return NGX_OK;
    }

    *fields = 0;
    last = arg->data + arg->len;

    for (p = arg->data; p <= last; p = end + 1) {

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        for (field = ngx_http_mqtt_api_field_names; field->bit; field++) {
            if (field->name.len == (size_t) (end - p)
                && ngx_strncmp(field->name.data, p, end - p) == 0)
            {
                break;
            }
        }

        if ((field->bit & known) == 0) {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                            "fields",
                                            "There is no such field here.");
        }

        *fields |= field->bit;
    }

    return NGX_OK;
}


void
ngx_http_mqtt_api_show_list(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_http_mqtt_api_list_t *ctx = data;

    ngx_uint_t            i;
    ngx_mqtt_list_row_t  *row;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_open(json, "value", "[");

    for (i = 0; i < ctx->list.n; i++) {
        row = &ctx->list.rows[i];

        ngx_http_mqtt_api_json_open(json, NULL, "{");

        switch (ctx->list.kind) {

        case NGX_MQTT_LIST_SUBS:
            ngx_http_mqtt_api_put_sub(json, &row->sub);
            break;

        case NGX_MQTT_LIST_RETAINED:
            ngx_http_mqtt_api_put_topic(json, &row->topic);
            break;

        default:
            ngx_http_mqtt_api_put_session(json, ctx, &row->session);
        }

        ngx_http_mqtt_api_json_close(json, "}");
    }

    ngx_http_mqtt_api_json_close(json, "]");

    if (ctx->next.len) {
        ngx_http_mqtt_api_json_string(json, "nextLink", &ctx->next);
    }

    ngx_http_mqtt_api_json_close(json, "}");
}


void
ngx_http_mqtt_api_show_session(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_http_mqtt_api_list_t *ctx = data;

    ngx_mqtt_list_session_t  *s;

    s = &ctx->list.rows[0].session;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_put_session(json, ctx, s);

    if (ctx->profile) {
        ngx_http_mqtt_api_put_profile(json, ctx, s);
    }

    if (s->will && (ctx->fields & NGX_HTTP_MQTT_API_WILL)) {
        ngx_http_mqtt_api_put_will(json, s);
    }

    ngx_http_mqtt_api_json_close(json, "}");
}


void
ngx_http_mqtt_api_show_removed(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_http_mqtt_api_list_t *ctx = data;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_uint(json, "deleted", ctx->list.n);
    ngx_http_mqtt_api_json_close(json, "}");
}


static void
ngx_http_mqtt_api_put_session(ngx_http_mqtt_api_json_t *json,
    ngx_http_mqtt_api_list_t *ctx, ngx_mqtt_list_session_t *s)
{
    u_char      buf[NGX_MQTT_ID_LEN];
    ngx_str_t   id;
    ngx_uint_t  fields;

    fields = ctx->fields;
    id.data = buf;
    id.len = NGX_MQTT_ID_LEN;

    if (fields & NGX_HTTP_MQTT_API_CONNECTION_ID) {
        ngx_http_mqtt_api_json_string(json, "connectionId", &s->id);
    }

    if ((fields & NGX_HTTP_MQTT_API_USER_ID) && s->user_id.len) {
        ngx_http_mqtt_api_json_string(json, "userId", &s->user_id);
    }

    if (fields & NGX_HTTP_MQTT_API_SESSION_ID) {
        ngx_mqtt_profile_session_id(ctx->list.worker->zone, s->serial, buf);
        ngx_http_mqtt_api_json_string(json, "sessionId", &id);
    }

    if (s->connection && (fields & NGX_HTTP_MQTT_API_PHYSICAL_ID)) {
        ngx_mqtt_profile_connection_id(s->connection, buf);
        ngx_http_mqtt_api_json_string(json, "physicalConnectionId", &id);
    }

    ngx_http_mqtt_api_put_connection(json, ctx, s);

    if (fields & NGX_HTTP_MQTT_API_SUBSCRIPTIONS) {
        ngx_http_mqtt_api_json_uint(json, "subscriptions", s->nsubs);
    }

    if (fields & NGX_HTTP_MQTT_API_QUEUED) {
        ngx_http_mqtt_api_json_uint(json, "queuedMessages", s->queued);
    }

    if (fields & NGX_HTTP_MQTT_API_INFLIGHT) {
        ngx_http_mqtt_api_json_uint(json, "inflightMessages", s->inflight);
    }

    if (fields & NGX_HTTP_MQTT_API_QUEUED_BYTES) {
        ngx_http_mqtt_api_json_uint(json, "queuedBytes", s->queued_bytes);
    }
}


static void
ngx_http_mqtt_api_put_connection(ngx_http_mqtt_api_json_t *json,
    ngx_http_mqtt_api_list_t *ctx, ngx_mqtt_list_session_t *s)
{
    ngx_str_t   protocol;
    ngx_uint_t  fields;

    fields = ctx->fields;

    if (fields & NGX_HTTP_MQTT_API_CONNECTED) {
        ngx_http_mqtt_api_json_bool(json, "connected", s->pid != 0);
    }

    if (s->pid && (fields & NGX_HTTP_MQTT_API_WORKER_PID)) {
        ngx_http_mqtt_api_json_uint(json, "workerPid", s->pid);
    }

    if (s->pid == 0 && (fields & NGX_HTTP_MQTT_API_DISCONNECTED)) {
        ngx_http_mqtt_api_json_uint(json, "disconnectedSeconds",
                                    s->offline / 1000);
    }

    ngx_mqtt_native_subprotocol(s->version, &protocol);

    if (protocol.len && (fields & NGX_HTTP_MQTT_API_PROTOCOL)) {
        ngx_http_mqtt_api_json_string(json, "protocol", &protocol);
    }

    if (!ngx_mqtt_is_native(s->version)
        && (fields & NGX_HTTP_MQTT_API_VERSION))
    {
        ngx_http_mqtt_api_json_uint(json, "protocolVersion", s->version);
    }

    /* never: it has none */

    if (s->expiry != NGX_MQTT_EXPIRY_NEVER
        && (fields & NGX_HTTP_MQTT_API_EXPIRY))
    {
        ngx_http_mqtt_api_json_uint(json, "sessionExpirySeconds", s->expiry);
    }
}


static void
ngx_http_mqtt_api_put_profile(ngx_http_mqtt_api_json_t *json,
    ngx_http_mqtt_api_list_t *ctx, ngx_mqtt_list_session_t *s)
{
    ngx_mqtt_profile_t  *p;

    p = ctx->profile;

    if (p->username.len && (ctx->fields & NGX_HTTP_MQTT_API_USERNAME)) {
        ngx_http_mqtt_api_json_string(json, "username", &p->username);
    }

    if (ctx->fields & NGX_HTTP_MQTT_API_ROLES) {
        ngx_http_mqtt_api_put_roles(json, "roles", p, 0);
    }

    if (ctx->fields & NGX_HTTP_MQTT_API_REVOKED) {
        ngx_http_mqtt_api_put_roles(json, "revokedRoles", p, 1);
    }

    if (p->state.len && (ctx->fields & NGX_HTTP_MQTT_API_STATE)) {
        ngx_http_mqtt_api_json_base64(json, "connectionState", &p->state);
    }
}


/* What servers granted or revoked has a byte in front. */

static void
ngx_http_mqtt_api_put_roles(ngx_http_mqtt_api_json_t *json, const char *name,
    ngx_mqtt_profile_t *p, ngx_uint_t revoked)
{
    ngx_str_t   role;
    ngx_uint_t  i;

    ngx_http_mqtt_api_json_open(json, name, "[");

    for (i = 0; i < p->nroles; i++) {
        role = p->roles[i];

        if (role.len && (role.data[0] == NGX_MQTT_ROLE_REVOKED) != revoked) {
            continue;
        }

        if (role.len && role.data[0] >= NGX_MQTT_ROLE_GRANTED) {
            role.data++;
            role.len--;
        }

        ngx_http_mqtt_api_json_string(json, NULL, &role);
    }

    ngx_http_mqtt_api_json_close(json, "]");
}


static void
ngx_http_mqtt_api_put_will(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_list_session_t *s)
{
    ngx_http_mqtt_api_json_open(json, "will", "{");
    ngx_http_mqtt_api_json_string(json, "topic", &s->will_topic);
    ngx_http_mqtt_api_json_uint(json, "qos", s->will_qos);
    ngx_http_mqtt_api_json_bool(json, "retain", s->will_retain);
    ngx_http_mqtt_api_json_uint(json, "delaySeconds", s->will_delay);
    ngx_http_mqtt_api_json_uint(json, "payloadBytes", s->will_payload);
    ngx_http_mqtt_api_json_close(json, "}");
}


static void
ngx_http_mqtt_api_put_sub(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_list_sub_t *sub)
{
    ngx_http_mqtt_api_json_string(json, "filter", &sub->filter);
    ngx_http_mqtt_api_json_uint(json, "qos", sub->options & 0x03);
    ngx_http_mqtt_api_json_bool(json, "noLocal", sub->options & 0x04);
    ngx_http_mqtt_api_json_bool(json, "retainAsPublished",
                                sub->options & 0x08);
    ngx_http_mqtt_api_json_uint(json, "retainHandling",
                                sub->options >> 4 & 0x03);

    if (sub->id) {
        ngx_http_mqtt_api_json_uint(json, "subscriptionIdentifier", sub->id);
    }
}


static void
ngx_http_mqtt_api_put_topic(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_list_topic_t *topic)
{
    ngx_http_mqtt_api_json_string(json, "topic", &topic->topic);
    ngx_http_mqtt_api_json_uint(json, "qos", topic->qos);
    ngx_http_mqtt_api_json_uint(json, "payloadBytes", topic->payload);

    if (topic->left) {
        ngx_http_mqtt_api_json_uint(json, "messageExpirySeconds",
                                    (topic->left + 999) / 1000);
    }
}
