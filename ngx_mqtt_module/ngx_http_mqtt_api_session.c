
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_admit.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_session.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_topic.h>
#include <ngx_http_mqtt_api.h>


/* characters of a group's name */

#define NGX_HTTP_MQTT_API_GROUP  1024


static ngx_int_t ngx_http_mqtt_api_target(ngx_http_mqtt_api_t *api,
    ngx_str_t *name);
static ngx_int_t ngx_http_mqtt_api_one_group(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_action_e action);
static ngx_int_t ngx_http_mqtt_api_groups(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk);
static ngx_int_t ngx_http_mqtt_api_excluded(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk);
static ngx_int_t ngx_http_mqtt_api_copy(ngx_pool_t *pool, ngx_str_t *dst,
    ngx_str_t *src);
static void ngx_http_mqtt_api_done(ngx_mqtt_bulk_t *bulk, ngx_int_t rc);
static ngx_int_t ngx_http_mqtt_api_result(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk, ngx_int_t rc);


ngx_int_t
ngx_http_mqtt_api_exists(ngx_http_mqtt_api_t *api)
{
    ngx_int_t  rc;
    ngx_str_t  name;

    rc = ngx_http_mqtt_api_target(api, &name);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_mqtt_targets_exist(api->worker, &api->hub_name, api->op->kind,
                                  &name)
           ? NGX_HTTP_OK : NGX_HTTP_NOT_FOUND;
}


ngx_int_t
ngx_http_mqtt_api_close(ngx_http_mqtt_api_t *api)
{
    ngx_int_t         rc;
    ngx_str_t        *reason;
    ngx_mqtt_bulk_t  *bulk;

    reason = ngx_http_mqtt_api_arg(api, "reason");

    if (reason && (reason->len > NGX_MQTT_FAREWELL_MAX
                   || ngx_mqtt_utf8_valid(reason->data, reason->len)
                      != NGX_OK))
    {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "reason",
                                        "It must be UTF-8, and not longer "
                                        "than %d bytes.",
                                        NGX_MQTT_FAREWELL_MAX);
    }

    rc = ngx_http_mqtt_api_bulk(api, NGX_MQTT_BULK_CLOSE, &bulk);

    if (rc == NGX_OK && reason) {
        rc = ngx_http_mqtt_api_copy(bulk->pool, &bulk->reason, reason);
    }

    return ngx_http_mqtt_api_begin(api, bulk, rc);
}


ngx_int_t
ngx_http_mqtt_api_join(ngx_http_mqtt_api_t *api)
{
    return ngx_http_mqtt_api_one_group(api, NGX_MQTT_BULK_JOIN);
}


ngx_int_t
ngx_http_mqtt_api_leave(ngx_http_mqtt_api_t *api)
{
    return ngx_http_mqtt_api_one_group(api, NGX_MQTT_BULK_LEAVE);
}


/* Of one connection, or those of one user. */

static ngx_int_t
ngx_http_mqtt_api_one_group(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_action_e action)
{
    ngx_int_t         rc;
    ngx_mqtt_bulk_t  *bulk;

    rc = ngx_http_mqtt_api_check_group(api, &api->group, "group");

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_mqtt_api_bulk(api, action, &bulk);

    if (rc == NGX_OK) {
        bulk->ngroups = 1;
        bulk->groups = ngx_palloc(bulk->pool, sizeof(ngx_str_t));

        rc = bulk->groups ? ngx_http_mqtt_api_copy(bulk->pool, bulk->groups,
                                                   &api->group)
                          : NGX_ERROR;
    }

    return ngx_http_mqtt_api_begin(api, bulk, rc);
}


ngx_int_t
ngx_http_mqtt_api_leave_all(ngx_http_mqtt_api_t *api)
{
    ngx_int_t         rc;
    ngx_mqtt_bulk_t  *bulk;

    rc = ngx_http_mqtt_api_bulk(api, NGX_MQTT_BULK_LEAVE_ALL, &bulk);

    return ngx_http_mqtt_api_begin(api, bulk, rc);
}


ngx_int_t
ngx_http_mqtt_api_join_many(ngx_http_mqtt_api_t *api)
{
    ngx_int_t         rc;
    ngx_mqtt_bulk_t  *bulk;

    rc = ngx_http_mqtt_api_bulk(api, NGX_MQTT_BULK_JOIN, &bulk);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_groups(api, bulk);
    }

    return ngx_http_mqtt_api_begin(api, bulk, rc);
}


ngx_int_t
ngx_http_mqtt_api_leave_many(ngx_http_mqtt_api_t *api)
{
    ngx_int_t         rc;
    ngx_mqtt_bulk_t  *bulk;

    rc = ngx_http_mqtt_api_bulk(api, NGX_MQTT_BULK_LEAVE, &bulk);

    if (rc == NGX_OK) {
        rc = ngx_http_mqtt_api_groups(api, bulk);
    }

    return ngx_http_mqtt_api_begin(api, bulk, rc);
}


/* {"groups":["a","b"],"filter":"userId eq 'c'"} */

static ngx_int_t
ngx_http_mqtt_api_groups(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t         rc;
    ngx_str_t        *group;
    ngx_mqtt_json_t  *root, *groups, *filter, *item;

    rc = ngx_http_mqtt_api_json_body(api, 2, &root);

    if (rc != NGX_OK) {
        return rc;
    }

    groups = ngx_mqtt_json_get(root, "groups");

    if (groups == NULL || groups->type != NGX_MQTT_JSON_ARRAY
        || groups->n == 0)
    {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "groups",
                                        "It must be an array of names.");
    }

    if (groups->n > NGX_MQTT_GROUPS_MAX) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "groups",
                                        "These are more than %d.",
                                        NGX_MQTT_GROUPS_MAX);
    }

    group = ngx_palloc(bulk->pool, groups->n * sizeof(ngx_str_t));
    if (group == NULL) {
        return NGX_ERROR;
    }

    bulk->groups = group;

    for (item = groups->first; item; item = item->next) {

        if (item->type != NGX_MQTT_JSON_STRING) {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                            "groups",
                                            "It must be an array of names.");
        }

        rc = ngx_http_mqtt_api_check_group(api, &item->text, "groups");

        if (rc == NGX_OK) {
            rc = ngx_http_mqtt_api_copy(bulk->pool, group++, &item->text);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        bulk->ngroups++;
    }

    filter = ngx_mqtt_json_get(root, "filter");

    if (filter == NULL || filter->type == NGX_MQTT_JSON_NULL) {
        return NGX_OK;
    }

    if (filter->type != NGX_MQTT_JSON_STRING) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "filter",
                                        "It must be a string.");
    }

    return ngx_http_mqtt_api_filter(api, bulk, &filter->text);
}


/* Whom the path names. */

static ngx_int_t
ngx_http_mqtt_api_target(ngx_http_mqtt_api_t *api, ngx_str_t *name)
{
    switch (api->op->kind) {

    case NGX_MQTT_TARGETS_GROUP:
        *name = api->group;
        return ngx_http_mqtt_api_check_group(api, name, "group");

    case NGX_MQTT_TARGETS_USER:
        *name = api->user;
        return ngx_http_mqtt_api_check_id(api, name, "userId");

    case NGX_MQTT_TARGETS_SESSION:
        *name = api->connection;
        return ngx_http_mqtt_api_check_id(api, name, "connectionId");

    default: /* NGX_MQTT_TARGETS_HUB */
        ngx_str_null(name);
        return NGX_OK;
    }
}


ngx_int_t
ngx_http_mqtt_api_bulk(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_action_e action, ngx_mqtt_bulk_t **bulk)
{
    ngx_int_t  rc;
    ngx_str_t  name;

    *bulk = NULL;

    rc = ngx_http_mqtt_api_target(api, &name);

    if (rc != NGX_OK) {
        return rc;
    }

    *bulk = ngx_mqtt_bulk_create(api->worker);
    if (*bulk == NULL) {
        return NGX_ERROR;
    }

    (*bulk)->conf = &api->hub->settings;
    (*bulk)->hub = api->hub_name;
    (*bulk)->action = action;
    (*bulk)->targets.kind = api->op->kind;
    (*bulk)->targets.name = name;
    (*bulk)->done = ngx_http_mqtt_api_done;
    (*bulk)->data = api;

    if (api->op->kind == NGX_MQTT_TARGETS_SESSION) {
        return NGX_OK;
    }

    return ngx_http_mqtt_api_excluded(api, *bulk);
}


static ngx_int_t
ngx_http_mqtt_api_excluded(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk)
{
    ngx_str_t    *ids, *copy;
    ngx_uint_t    i;
    ngx_array_t  *values;

    if (ngx_http_mqtt_api_arg(api, "excluded") == NULL) {
        return NGX_OK;
    }

    values = ngx_http_mqtt_api_args(api, "excluded");
    if (values == NULL) {
        return NGX_ERROR;
    }

    copy = ngx_palloc(bulk->pool, values->nelts * sizeof(ngx_str_t) + 1);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ids = values->elts;

    for (i = 0; i < values->nelts; i++) {
        if (ngx_http_mqtt_api_copy(bulk->pool, &copy[i], &ids[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    bulk->targets.excluded = copy;
    bulk->targets.nexcluded = values->nelts;

    return NGX_OK;
}


ngx_int_t
ngx_http_mqtt_api_filter(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk,
    ngx_str_t *text)
{
    ngx_int_t  rc;
    ngx_str_t  why;

    if (text == NULL || text->len == 0) {
        return NGX_OK;
    }

    rc = ngx_mqtt_odata_parse(bulk->pool, text, &bulk->targets.filter, &why);

    if (rc == NGX_DECLINED) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "filter",
                                        "%V", &why);
    }

    return rc;
}


static ngx_int_t
ngx_http_mqtt_api_copy(ngx_pool_t *pool, ngx_str_t *dst, ngx_str_t *src)
{
    dst->len = src->len;
    dst->data = ngx_pstrdup(pool, src);

    return dst->data ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_mqtt_api_begin(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk,
    ngx_int_t rc)
{
    if (rc == NGX_OK) {

        rc = ngx_mqtt_bulk_start(bulk);

        if (rc == NGX_AGAIN) {
            api->bulk = bulk;
            return NGX_AGAIN;
        }

        rc = ngx_http_mqtt_api_result(api, bulk, rc);
    }

    if (bulk) {
        ngx_mqtt_bulk_destroy(bulk);
    }

    return rc;
}


static void
ngx_http_mqtt_api_done(ngx_mqtt_bulk_t *bulk, ngx_int_t rc)
{
    ngx_http_mqtt_api_t  *api = bulk->data;

    api->bulk = NULL;

    ngx_http_mqtt_api_finish(api, ngx_http_mqtt_api_result(api, bulk, rc));
}


static ngx_int_t
ngx_http_mqtt_api_result(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk,
    ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        break;

    case NGX_BUSY:
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_CONFLICT, "hub",
                                        "The hub has as many subscriptions as "
                                        "it may. Connections changed: %ui.",
                                        bulk->count);

    default:
        return ngx_http_mqtt_api_full(api);
    }

    switch (bulk->action) {

    case NGX_MQTT_BULK_SEND:
        return NGX_HTTP_ACCEPTED;

    case NGX_MQTT_BULK_JOIN:
        return (bulk->targets.kind == NGX_MQTT_TARGETS_SESSION
                && bulk->count == 0)
               ? ngx_http_mqtt_api_unknown(api) : NGX_HTTP_OK;

    default:
        return (api->request->method == NGX_HTTP_POST
                && bulk->action == NGX_MQTT_BULK_LEAVE)
               ? NGX_HTTP_OK : NGX_HTTP_NO_CONTENT;
    }
}


ngx_int_t
ngx_http_mqtt_api_check_group(ngx_http_mqtt_api_t *api, ngx_str_t *name,
    const char *target)
{
    size_t  i, n, blank;

    static ngx_str_t  ours = ngx_string("$webpubsub/");

    n = 0;
    blank = 0;

    for (i = 0; i < name->len; i++) {
        n += ((name->data[i] & 0xc0) != 0x80);
        blank += (name->data[i] == ' ');
    }

    if (n == blank || n > NGX_HTTP_MQTT_API_GROUP
        || !ngx_mqtt_bulk_group_valid(name)
        || (name->len >= ours.len
            && ngx_memcmp(name->data, ours.data, ours.len) == 0))
    {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, target,
                                        "A group's name has 1 to %d "
                                        "characters, not all of them blank, "
                                        "and none of \"+\", \"#\" and U+0000. "
                                        "It does not begin with \"$share/\" "
                                        "or \"$webpubsub/\".",
                                        NGX_HTTP_MQTT_API_GROUP);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_mqtt_api_check_id(ngx_http_mqtt_api_t *api, ngx_str_t *id,
    const char *target)
{
    if (id->len == 0 || ngx_mqtt_utf8_valid(id->data, id->len) != NGX_OK) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, target,
                                        "It must not be empty, and UTF-8.");
    }

    return NGX_OK;
}
