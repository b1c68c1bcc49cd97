
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_bulk.h>
#include <ngx_mqtt_event.h>
#include <ngx_http_mqtt_api.h>


static ngx_int_t ngx_http_mqtt_api_pair(ngx_http_mqtt_api_t *api,
    ngx_mqtt_bulk_t *bulk, ngx_table_elt_t *h);
static ngx_int_t ngx_http_mqtt_api_metadata_fits(ngx_http_mqtt_api_t *api,
    ngx_mqtt_native_map_t *map);


/* The headers that are metadata of a message, from the work's pool. */

ngx_int_t
ngx_http_mqtt_api_metadata(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk)
{
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  prefix = ngx_string(NGX_MQTT_EVENT_METADATA);

    for (part = &api->request->headers_in.headers.part;
         part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len <= prefix.len
                || ngx_strncasecmp(h[i].key.data, prefix.data, prefix.len)
                   != 0)
            {
                continue;
            }

            rc = ngx_http_mqtt_api_pair(api, bulk, &h[i]);

            if (rc == NGX_OK) {
                rc = ngx_http_mqtt_api_metadata_fits(api, &bulk->metadata);
            }

            if (rc != NGX_OK) {
                return rc;
            }
        }
    }

    return NGX_OK;
}


/* Of headers with the same name, the last one counts. */

static ngx_int_t
ngx_http_mqtt_api_pair(ngx_http_mqtt_api_t *api, ngx_mqtt_bulk_t *bulk,
    ngx_table_elt_t *h)
{
    ngx_str_t                name;
    ngx_uint_t               i;
    ngx_mqtt_native_map_t   *map;
    ngx_mqtt_native_pair_t  *pair;

    map = &bulk->metadata;

    if (map->pairs == NULL) {
        map->pairs = ngx_palloc(bulk->pool, NGX_MQTT_NATIVE_PAIRS
                                            * sizeof(ngx_mqtt_native_pair_t));
        if (map->pairs == NULL) {
            return NGX_ERROR;
        }
    }

    name.len = h->key.len - (sizeof(NGX_MQTT_EVENT_METADATA) - 1);
    name.data = ngx_pnalloc(bulk->pool, name.len);

    if (name.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(name.data, h->key.data + h->key.len - name.len, name.len);

    for (i = 0; i < map->n; i++) {

        if (map->pairs[i].name.len == name.len
            && ngx_memcmp(map->pairs[i].name.data, name.data, name.len) == 0)
        {
            break;
        }
    }

    if (i == NGX_MQTT_NATIVE_PAIRS) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                        NGX_MQTT_EVENT_METADATA,
                                        "There is too much metadata.");
    }

    pair = &map->pairs[i];
    map->n = ngx_max(map->n, i + 1);

    pair->name = name;
    pair->value.len = h->value.len;
    pair->value.data = ngx_pstrdup(bulk->pool, &h->value);

    return pair->value.data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_mqtt_api_metadata_fits(ngx_http_mqtt_api_t *api,
    ngx_mqtt_native_map_t *map)
{
    size_t                   size;
    ngx_uint_t               i;
    ngx_mqtt_native_pair_t  *pair;

    size = 0;

    for (i = 0; i < map->n; i++) {
        pair = &map->pairs[i];
        size += pair->name.len + pair->value.len;

        if (pair->name.len > NGX_MQTT_NATIVE_META_NAME
            || pair->value.len > NGX_MQTT_NATIVE_META_VALUE
            || size > NGX_MQTT_NATIVE_META_SIZE
            || !ngx_mqtt_event_token(&pair->name)
            || !ngx_mqtt_event_is_clean(&pair->value))
        {
            return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST,
                                            NGX_MQTT_EVENT_METADATA,
                                            "Metadata is ASCII, with names of "
                                            "256 characters, values of 1024, "
                                            "and 8192 in all.");
        }
    }

    return NGX_OK;
}
