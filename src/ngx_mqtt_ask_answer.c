
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_reason.h>
#include <ngx_mqtt_topic.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_native.h>
#include <ngx_mqtt_ask.h>


#define NGX_MQTT_ASK_LEVELS  4      /* the user properties of "mqtt" */


static void ngx_mqtt_ask_fall_back(ngx_mqtt_answer_t *answer,
    ngx_mqtt_verdict_t *v, ngx_uint_t allow);
static void ngx_mqtt_ask_accept(ngx_mqtt_json_t *root, ngx_pool_t *pool,
    ngx_mqtt_principal_t *p, ngx_mqtt_verdict_t *v);
static void ngx_mqtt_ask_refuse(ngx_mqtt_json_t *root, ngx_pool_t *pool,
    ngx_uint_t status, ngx_uint_t version, ngx_mqtt_verdict_t *v);
static ngx_uint_t ngx_mqtt_ask_code(ngx_mqtt_json_t *code,
    ngx_uint_t version);
static ngx_uint_t ngx_mqtt_ask_status(ngx_uint_t status);

static void ngx_mqtt_ask_upgrade_refuse(ngx_mqtt_answer_t *answer,
    ngx_uint_t allow, ngx_mqtt_upgrade_t *up);
static ngx_int_t ngx_mqtt_ask_upgrade_accept(ngx_mqtt_json_t *root,
    ngx_pool_t *pool, ngx_mqtt_upgrade_t *up);
static ngx_int_t ngx_mqtt_ask_cookie(ngx_pool_t *pool, ngx_array_t *cookies,
    ngx_str_t *dst);

static ngx_int_t ngx_mqtt_ask_protocol(ngx_mqtt_json_t *root);
static ngx_int_t ngx_mqtt_ask_text(ngx_mqtt_json_t *value, ngx_str_t *dst);
static ngx_int_t ngx_mqtt_ask_list(ngx_mqtt_json_t *value, ngx_pool_t *pool,
    ngx_array_t **list);
static ngx_int_t ngx_mqtt_ask_user(ngx_mqtt_json_t *mqtt, ngx_pool_t *pool,
    ngx_str_t *user);
static ngx_int_t ngx_mqtt_ask_string(ngx_mqtt_json_t *value);
static ngx_mqtt_json_t *ngx_mqtt_ask_get(ngx_mqtt_json_t *object,
    const char *name);
static ngx_uint_t ngx_mqtt_ask_given(ngx_mqtt_json_t *value);


void
ngx_mqtt_ask_answer(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_uint_t version, ngx_uint_t allow, ngx_mqtt_principal_t *p,
    ngx_mqtt_verdict_t *v)
{
    ngx_int_t         rc;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    ngx_memzero(v, sizeof(ngx_mqtt_verdict_t));

    root = NULL;
    rc = NGX_OK;

    if (answer->body.len) {
        rc = ngx_mqtt_json_parse(ev->pool, &answer->body,
                                 NGX_MQTT_ASK_LEVELS, &root, &reason);
    }

    if (rc == NGX_ERROR) {
        v->reason = NGX_MQTT_QUOTA_EXCEEDED;
        v->why = "no memory";
        return;
    }

    if (rc != NGX_OK) {
        root = NULL;
    }

    if (answer->status / 100 != 2) {

        /* a proxy says these two where the application says nothing */

        if (ngx_mqtt_ask_get(root, "mqtt") == NULL
            && (answer->status == 0 || answer->status == 502
                || answer->status == 504))
        {
            ngx_mqtt_ask_fall_back(answer, v, allow);
            return;
        }

        ngx_mqtt_ask_refuse(root, ev->pool, answer->status, version, v);
        return;
    }

    if (rc != NGX_OK) {
        v->reason = NGX_MQTT_UNSPECIFIED_ERROR;
        v->why = "the answer of the application is no JSON";
        return;
    }

    if (answer->has_state) {
        p->state = answer->state;
        v->has_state = 1;
    }

    if (ngx_mqtt_ask_given(root)) {
        ngx_mqtt_ask_accept(root, ev->pool, p, v);
    }
}


/* Whom only this server had no time for is not let in. */

static void
ngx_mqtt_ask_fall_back(ngx_mqtt_answer_t *answer, ngx_mqtt_verdict_t *v,
    ngx_uint_t allow)
{
    if (answer->status == 0) {

        switch (answer->why) {

        case NGX_MQTT_ANSWER_BACKLOG:
        case NGX_MQTT_ANSWER_WAITED:
            v->reason = NGX_MQTT_SERVER_BUSY;
            v->why = "too many events wait for the application";
            return;

        case NGX_MQTT_ANSWER_NOT_VALIDATED:
            v->reason = NGX_MQTT_SERVER_UNAVAILABLE;
            v->why = "the application does not allow events";
            return;

        default:
            break;
        }
    }

    if (!allow) {
        v->reason = NGX_MQTT_SERVER_UNAVAILABLE;
        v->why = "the application does not answer";
    }
}


/* What is given takes the place of what a token says. */

static void
ngx_mqtt_ask_accept(ngx_mqtt_json_t *root, ngx_pool_t *pool,
    ngx_mqtt_principal_t *p, ngx_mqtt_verdict_t *v)
{
    ngx_array_t  *groups;

    groups = NULL;

    if (root->type != NGX_MQTT_JSON_OBJECT
        || ngx_mqtt_ask_protocol(root) != NGX_OK
        || ngx_mqtt_ask_text(ngx_mqtt_ask_get(root, "userId"), &p->user_id)
           != NGX_OK
        || ngx_mqtt_ask_list(ngx_mqtt_ask_get(root, "roles"), pool,
                             &p->roles)
           != NGX_OK
        || ngx_mqtt_ask_list(ngx_mqtt_ask_get(root, "groups"), pool, &groups)
           != NGX_OK
        || ngx_mqtt_ask_user(ngx_mqtt_ask_get(root, "mqtt"), pool, &v->user)
           != NGX_OK)
    {
        v->reason = NGX_MQTT_UNSPECIFIED_ERROR;
        v->why = "the answer of the application is invalid";
        return;
    }

    if (groups && groups->nelts) {
        p->groups = groups;
    }
}


static void
ngx_mqtt_ask_refuse(ngx_mqtt_json_t *root, ngx_pool_t *pool,
    ngx_uint_t status, ngx_uint_t version, ngx_mqtt_verdict_t *v)
{
    ngx_mqtt_json_t  *mqtt;

    v->why = "the application refused it";
    v->reason = ngx_mqtt_ask_status(status);

    mqtt = ngx_mqtt_ask_get(root, "mqtt");

    if (mqtt == NULL || mqtt->type != NGX_MQTT_JSON_OBJECT) {
        return;
    }

    v->reason = ngx_mqtt_ask_code(ngx_mqtt_ask_get(mqtt, "code"), version);

    if (ngx_mqtt_ask_text(ngx_mqtt_ask_get(mqtt, "reason"), &v->text)
        != NGX_OK
        || v->text.len > NGX_MQTT_ASK_TEXT_MAX)
    {
        ngx_str_null(&v->text);
    }

    if (ngx_mqtt_ask_user(mqtt, pool, &v->user) != NGX_OK) {
        ngx_str_null(&v->user);
    }
}


/* As a reason code of 5.0, which CONNACK turns into one of 3.1.1 again. */

static ngx_uint_t
ngx_mqtt_ask_code(ngx_mqtt_json_t *code, ngx_uint_t version)
{
    ngx_uint_t  n;

    static const u_char  codes[] = {
        0,
        NGX_MQTT_UNSUPPORTED_VERSION,
        NGX_MQTT_CLIENT_ID_NOT_VALID,
        NGX_MQTT_SERVER_UNAVAILABLE,
        NGX_MQTT_BAD_USER_OR_PASSWORD,
        NGX_MQTT_NOT_AUTHORIZED
    };

    if (code == NULL || code->type != NGX_MQTT_JSON_NUMBER
        || !code->is_integer || code->integer <= 0 || code->integer > 255)
    {
        return NGX_MQTT_UNSPECIFIED_ERROR;
    }

    n = (ngx_uint_t) code->integer;

    if (version == NGX_MQTT_V5) {
        return (n >= NGX_MQTT_UNSPECIFIED_ERROR
                && ngx_mqtt_reason_allowed(n, NGX_MQTT_CONNACK, 1))
               ? n : NGX_MQTT_UNSPECIFIED_ERROR;
    }

    return (n < sizeof(codes)) ? codes[n] : NGX_MQTT_UNSPECIFIED_ERROR;
}


/* What a status means that comes without an "mqtt" object. */

static ngx_uint_t
ngx_mqtt_ask_status(ngx_uint_t status)
{
    switch (status) {

    case 400:
        return NGX_MQTT_BAD_USER_OR_PASSWORD;

    case 401:
    case 403:
        return NGX_MQTT_NOT_AUTHORIZED;

    case 429:
        return NGX_MQTT_QUOTA_EXCEEDED;

    default:
        return NGX_MQTT_UNSPECIFIED_ERROR;
    }
}


void
ngx_mqtt_ask_upgrade_answer(ngx_mqtt_event_t *ev, ngx_mqtt_answer_t *answer,
    ngx_uint_t allow, ngx_mqtt_upgrade_t *up)
{
    ngx_int_t         rc;
    const char       *reason;
    ngx_mqtt_json_t  *root;

    if (answer->status / 100 != 2) {
        ngx_mqtt_ask_upgrade_refuse(answer, allow, up);
        return;
    }

    root = NULL;
    rc = NGX_OK;

    if (answer->body.len) {
        rc = ngx_mqtt_json_parse(ev->pool, &answer->body,
                                 NGX_MQTT_ASK_LEVELS, &root, &reason);
    }

    if (rc == NGX_OK && ngx_mqtt_ask_given(root)) {
        rc = ngx_mqtt_ask_upgrade_accept(root, ev->pool, up);
    }

    if (rc == NGX_OK) {
        rc = ngx_mqtt_ask_cookie(ev->pool, &answer->cookies, &up->cookie);
    }

    if (rc != NGX_OK) {
        up->status = 500;
        up->why = (rc == NGX_ERROR) ? "no memory"
                                    : "the answer of the application is "
                                      "invalid";
        return;
    }

    if (answer->has_state) {
        up->principal.state = answer->state;
    }
}


/* What the application says goes to the client, as it stands. */

static void
ngx_mqtt_ask_upgrade_refuse(ngx_mqtt_answer_t *answer, ngx_uint_t allow,
    ngx_mqtt_upgrade_t *up)
{
    ngx_mqtt_verdict_t  v;

    if (answer->status == 0 || answer->status == 502
        || answer->status == 504)
    {
        ngx_memzero(&v, sizeof(ngx_mqtt_verdict_t));

        ngx_mqtt_ask_fall_back(answer, &v, allow);

        if (v.reason) {
            up->status = answer->status ? answer->status : 503;
            up->why = v.why;
        }

        return;
    }

    up->why = "the application refused it";

    if (answer->status < 400) {
        up->status = 500;
        return;
    }

    up->status = answer->status;
    up->content_type = answer->content_type;
    up->body = answer->body;
}


static ngx_int_t
ngx_mqtt_ask_upgrade_accept(ngx_mqtt_json_t *root, ngx_pool_t *pool,
    ngx_mqtt_upgrade_t *up)
{
    ngx_str_t             *name;
    ngx_uint_t             i;
    ngx_array_t           *groups;
    ngx_mqtt_principal_t  *p;

    p = &up->principal;
    groups = NULL;

    if (root->type != NGX_MQTT_JSON_OBJECT
        || ngx_mqtt_ask_text(ngx_mqtt_ask_get(root, "userId"), &p->user_id)
           != NGX_OK
        || ngx_mqtt_ask_list(ngx_mqtt_ask_get(root, "roles"), pool,
                             &p->roles)
           != NGX_OK
        || ngx_mqtt_ask_list(ngx_mqtt_ask_get(root, "groups"), pool, &groups)
           != NGX_OK
        || ngx_mqtt_ask_text(ngx_mqtt_ask_get(root, "subprotocol"),
                             &up->subprotocol)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (groups && groups->nelts) {

        if (ngx_mqtt_ask_groups_valid(groups->elts, groups->nelts) != NGX_OK) {
            return NGX_DECLINED;
        }

        p->groups = groups;
    }

    /* an empty one is none, and a client that is gone has offered none */

    if (up->subprotocol.len == 0 || up->offered == NULL) {
        return NGX_OK;
    }

    name = up->offered->elts;

    for (i = 0; i < up->offered->nelts; i++) {
        if (name[i].len == up->subprotocol.len
            && ngx_memcmp(name[i].data, up->subprotocol.data, name[i].len)
               == 0)
        {
            up->subprotocol = name[i];
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_mqtt_ask_groups_valid(ngx_str_t *groups, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (ngx_mqtt_native_group_valid(&groups[i]) != NGX_OK
            || ngx_mqtt_topic_name_valid(&groups[i]) != NGX_OK
            || groups[i].data[0] == '$')
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* Of each Set-Cookie the name and the value, as Cookie has them. */

static ngx_int_t
ngx_mqtt_ask_cookie(ngx_pool_t *pool, ngx_array_t *cookies, ngx_str_t *dst)
{
    u_char      *p, *end, *last;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (cookies->nelts == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, NGX_MQTT_ASK_COOKIE_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    dst->data = p;
    value = cookies->elts;

    for (i = 0; i < cookies->nelts; i++) {

        last = value[i].data + value[i].len;
        end = ngx_strlchr(value[i].data, last, ';');

        if (end == NULL) {
            end = last;
        }

        if (end == value[i].data
            || (end - value[i].data) + 2
               > dst->data + NGX_MQTT_ASK_COOKIE_MAX - p)
        {
            continue;
        }

        if (p != dst->data) {
            *p++ = ';';
            *p++ = ' ';
        }

        p = ngx_cpymem(p, value[i].data, end - value[i].data);
    }

    dst->len = p - dst->data;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_ask_protocol(ngx_mqtt_json_t *root)
{
    ngx_str_t         text;
    ngx_mqtt_json_t  *value;

    value = ngx_mqtt_ask_get(root, "subprotocol");

    if (value == NULL) {
        value = ngx_mqtt_ask_get(root, "subProtocol");
    }

    ngx_str_set(&text, "mqtt");

    if (ngx_mqtt_ask_text(value, &text) != NGX_OK) {
        return NGX_DECLINED;
    }

    return (text.len == 4 && ngx_memcmp(text.data, "mqtt", 4) == 0)
           ? NGX_OK : NGX_DECLINED;
}


/* A string that may be missing: then "dst" stays as it is. */

static ngx_int_t
ngx_mqtt_ask_text(ngx_mqtt_json_t *value, ngx_str_t *dst)
{
    if (!ngx_mqtt_ask_given(value)) {
        return NGX_OK;
    }

    if (ngx_mqtt_ask_string(value) != NGX_OK) {
        return NGX_DECLINED;
    }

    *dst = value->text;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_ask_list(ngx_mqtt_json_t *value, ngx_pool_t *pool,
    ngx_array_t **list)
{
    ngx_str_t        *s;
    ngx_array_t      *a;
    ngx_mqtt_json_t  *item;

    if (!ngx_mqtt_ask_given(value)) {
        return NGX_OK;
    }

    if (value->type != NGX_MQTT_JSON_ARRAY) {
        return NGX_DECLINED;
    }

    a = ngx_array_create(pool, ngx_max(value->n, 1), sizeof(ngx_str_t));
    if (a == NULL) {
        return NGX_ERROR;
    }

    for (item = value->first; item; item = item->next) {

        if (ngx_mqtt_ask_string(item) != NGX_OK) {
            return NGX_DECLINED;
        }

        s = ngx_array_push(a);
        *s = item->text;
    }

    *list = a;

    return NGX_OK;
}


/* The user properties of an "mqtt" object; those too many are left out. */

static ngx_int_t
ngx_mqtt_ask_user(ngx_mqtt_json_t *mqtt, ngx_pool_t *pool, ngx_str_t *user)
{
    u_char           *p, *last;
    ngx_mqtt_json_t  *list, *item, *name, *value;

    list = ngx_mqtt_ask_get(mqtt, "userProperties");

    if (!ngx_mqtt_ask_given(list)) {
        return NGX_OK;
    }

    if (list->type != NGX_MQTT_JSON_ARRAY) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(pool, NGX_MQTT_ASK_USER_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    user->data = p;
    last = p + NGX_MQTT_ASK_USER_MAX;

    for (item = list->first; item; item = item->next) {
        name = ngx_mqtt_ask_get(item, "name");
        value = ngx_mqtt_ask_get(item, "value");

        if (ngx_mqtt_ask_string(name) != NGX_OK
            || ngx_mqtt_ask_string(value) != NGX_OK)
        {
            return NGX_DECLINED;
        }

        if (5 + name->text.len + value->text.len > (size_t) (last - p)) {
            continue;
        }

        *p++ = NGX_MQTT_PROP_USER_PROPERTY;

        p = ngx_cpymem(ngx_mqtt_put16(p, name->text.len), name->text.data,
                       name->text.len);
        p = ngx_cpymem(ngx_mqtt_put16(p, value->text.len), value->text.data,
                       value->text.len);
    }

    user->len = p - user->data;

    return NGX_OK;
}


/* As MQTT has them, as long as the wire allows. */

static ngx_int_t
ngx_mqtt_ask_string(ngx_mqtt_json_t *value)
{
    if (value == NULL || value->type != NGX_MQTT_JSON_STRING
        || value->text.len > NGX_MQTT_STRING_MAX
        || ngx_mqtt_utf8_valid(value->text.data, value->text.len) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_mqtt_json_t *
ngx_mqtt_ask_get(ngx_mqtt_json_t *object, const char *name)
{
    return object ? ngx_mqtt_json_get(object, name) : NULL;
}


static ngx_uint_t
ngx_mqtt_ask_given(ngx_mqtt_json_t *value)
{
    return value && value->type != NGX_MQTT_JSON_NULL;
}
