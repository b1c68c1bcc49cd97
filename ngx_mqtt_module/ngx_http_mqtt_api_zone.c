
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_module.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_topic.h>
#include <ngx_http_mqtt_api_list.h>


typedef struct {
    ngx_mqtt_conf_zone_t  *conf;
    ngx_mqtt_list_zone_t   use;
} ngx_http_mqtt_api_zone_t;

typedef struct {
    ngx_http_mqtt_api_t   *api;
    ngx_mqtt_list_hub_t    use;
} ngx_http_mqtt_api_hub_t;


static ngx_int_t ngx_http_mqtt_api_zone_use(ngx_http_mqtt_api_t *api,
    ngx_mqtt_conf_zone_t *conf, ngx_http_mqtt_api_zone_t *zone);
static void ngx_http_mqtt_api_show_zones(ngx_http_mqtt_api_json_t *json,
    void *data);
static void ngx_http_mqtt_api_show_zone(ngx_http_mqtt_api_json_t *json,
    void *data);
static void ngx_http_mqtt_api_show_workers(ngx_http_mqtt_api_json_t *json,
    void *data);
static void ngx_http_mqtt_api_put_counts(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_counts_t *counts);
static void ngx_http_mqtt_api_show_topic(ngx_http_mqtt_api_json_t *json,
    void *data);
static void ngx_http_mqtt_api_put_props(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_props_t *props);
static void ngx_http_mqtt_api_show_hub(ngx_http_mqtt_api_json_t *json,
    void *data);


ngx_int_t
ngx_http_mqtt_api_list_zones(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_array_t                 zones;
    ngx_mqtt_conf_t            *mcf;
    ngx_mqtt_conf_zone_t      **conf;
    ngx_http_mqtt_api_zone_t   *zone;
    ngx_http_mqtt_loc_conf_t   *mlcf;

    mlcf = ngx_http_get_module_loc_conf(api->request, ngx_http_mqtt_module);
    mcf = mlcf->api->conf;
    conf = mcf->zones.elts;

    if (ngx_array_init(&zones, api->request->pool, mcf->zones.nelts,
                       sizeof(ngx_http_mqtt_api_zone_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < mcf->zones.nelts; i++) {

        zone = ngx_array_push(&zones);
        if (zone == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_http_mqtt_api_zone_use(api, conf[i], zone);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_zones, &zones);
}


ngx_int_t
ngx_http_mqtt_api_get_zone(ngx_http_mqtt_api_t *api)
{
    ngx_int_t                 rc;
    ngx_http_mqtt_api_zone_t  zone;

    rc = ngx_http_mqtt_api_zone_use(api, api->zone, &zone);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_zone, &zone);
}


static ngx_int_t
ngx_http_mqtt_api_zone_use(ngx_http_mqtt_api_t *api,
    ngx_mqtt_conf_zone_t *conf, ngx_http_mqtt_api_zone_t *zone)
{
    ngx_mqtt_worker_t  *w;

    w = ngx_mqtt_member_worker(conf);

    if (w == NULL) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_SERVICE_UNAVAILABLE,
                                        NULL,
                                        "This worker is not in the zone.");
    }

    zone->conf = conf;
    ngx_mqtt_list_zone(w, &zone->use);

    return NGX_OK;
}


static void
ngx_http_mqtt_api_show_zones(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_array_t *zones = data;

    ngx_uint_t                 i;
    ngx_http_mqtt_api_zone_t  *zone;

    zone = zones->elts;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_open(json, "value", "[");

    for (i = 0; i < zones->nelts; i++) {
        ngx_http_mqtt_api_show_zone(json, &zone[i]);
    }

    ngx_http_mqtt_api_json_close(json, "]");
    ngx_http_mqtt_api_json_close(json, "}");
}


static void
ngx_http_mqtt_api_show_zone(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_http_mqtt_api_zone_t *zone = data;

    ngx_uint_t             i;
    const char            *kind;
    ngx_mqtt_list_zone_t  *use;

    use = &zone->use;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_string(json, "name", &zone->conf->name);
    ngx_http_mqtt_api_json_uint(json, "bytes", zone->conf->size);
    ngx_http_mqtt_api_json_uint(json, "pageBytes", NGX_MQTT_PAGE_SIZE);
    ngx_http_mqtt_api_json_uint(json, "pages", use->npages);
    ngx_http_mqtt_api_json_uint(json, "freePages", use->nfree);
    ngx_http_mqtt_api_json_uint(json, "reservedPages", use->reserve);
    ngx_http_mqtt_api_json_uint(json, "rebuilds", use->rebuilds);
    ngx_http_mqtt_api_json_open(json, "blocks", "{");

    for (i = 0; i < NGX_MQTT_KIND_MAX; i++) {
        kind = ngx_mqtt_list_kind(i);

        if (kind) {
            ngx_http_mqtt_api_json_uint(json, kind, use->nblocks[i]);
        }
    }

    ngx_http_mqtt_api_json_close(json, "}");
    ngx_http_mqtt_api_json_close(json, "}");
}


ngx_int_t
ngx_http_mqtt_api_list_workers(ngx_http_mqtt_api_t *api)
{
    ngx_array_t  workers;

    if (ngx_mqtt_list_workers(api->worker, api->request->pool, &workers)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_workers,
                                  &workers);
}


static void
ngx_http_mqtt_api_show_workers(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_array_t *workers = data;

    ngx_uint_t               i;
    ngx_mqtt_list_worker_t  *worker;

    worker = workers->elts;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_open(json, "value", "[");

    for (i = 0; i < workers->nelts; i++) {
        ngx_http_mqtt_api_json_open(json, NULL, "{");
        ngx_http_mqtt_api_json_uint(json, "generation", worker[i].generation);
        ngx_http_mqtt_api_json_uint(json, "slot", worker[i].slot);
        ngx_http_mqtt_api_json_uint(json, "pid", worker[i].pid);
        ngx_http_mqtt_api_put_counts(json, &worker[i].counts);
        ngx_http_mqtt_api_json_close(json, "}");
    }

    ngx_http_mqtt_api_json_close(json, "]");
    ngx_http_mqtt_api_json_close(json, "}");
}


static void
ngx_http_mqtt_api_put_counts(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_counts_t *counts)
{
    ngx_http_mqtt_api_json_uint(json, "connections", counts->connections);
    ngx_http_mqtt_api_json_uint(json, "lockMicroseconds", counts->held);
    ngx_http_mqtt_api_json_uint(json, "eventLoopMicroseconds",
                                counts->stretch);
    ngx_http_mqtt_api_json_uint(json, "lockWaits", counts->waits);
    ngx_http_mqtt_api_json_uint(json, "wakeUps", counts->woken);
    ngx_http_mqtt_api_json_uint(json, "droppedTooLarge", counts->large);
    ngx_http_mqtt_api_json_uint(json, "droppedExpired", counts->expired);
    ngx_http_mqtt_api_json_uint(json, "droppedQueueFull", counts->full);
    ngx_http_mqtt_api_json_uint(json, "events", counts->events);
    ngx_http_mqtt_api_json_uint(json, "eventsFailed", counts->events_failed);
    ngx_http_mqtt_api_json_uint(json, "eventsDropped",
                                counts->events_dropped);
}


ngx_int_t
ngx_http_mqtt_api_get_topic(ngx_http_mqtt_api_t *api)
{
    ngx_mqtt_list_message_t  message;

    if (ngx_mqtt_topic_name_valid(&api->name) != NGX_OK) {
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_BAD_REQUEST, "topic",
                                        "This is not the name of a topic.");
    }

    switch (ngx_mqtt_list_message(api->worker, api->request->pool,
                                  &api->hub_name, &api->name, &message))
    {
    case NGX_OK:
        return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_topic,
                                      &message);

    case NGX_DECLINED:
        return ngx_http_mqtt_api_refuse(api, NGX_HTTP_NOT_FOUND, "topic",
                                        "There is no retained message.");

    default:
        return NGX_ERROR;
    }
}


static void
ngx_http_mqtt_api_show_topic(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_mqtt_list_message_t *message = data;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_string(json, "topic", &message->topic);
    ngx_http_mqtt_api_json_uint(json, "qos", message->qos);

    if (message->left) {
        ngx_http_mqtt_api_json_uint(json, "messageExpirySeconds",
                                    (message->left + 999) / 1000);
    }

    ngx_http_mqtt_api_put_props(json, &message->props);

    ngx_http_mqtt_api_json_uint(json, "payloadBytes", message->len);

    if (message->payload.data) {
        ngx_http_mqtt_api_json_base64(json, "payload", &message->payload);
    }

    ngx_http_mqtt_api_json_close(json, "}");
}


static void
ngx_http_mqtt_api_put_props(ngx_http_mqtt_api_json_t *json,
    ngx_mqtt_props_t *props)
{
    ngx_str_t  rest, name, value;

    if (props->set & ngx_mqtt_prop_bit(NGX_MQTT_PROP_PAYLOAD_FORMAT)) {
        ngx_http_mqtt_api_json_uint(json, "payloadFormat",
                                    props->payload_format);
    }

    if (props->set & ngx_mqtt_prop_bit(NGX_MQTT_PROP_CONTENT_TYPE)) {
        ngx_http_mqtt_api_json_string(json, "contentType",
                                      &props->content_type);
    }

    if (props->set & ngx_mqtt_prop_bit(NGX_MQTT_PROP_RESPONSE_TOPIC)) {
        ngx_http_mqtt_api_json_string(json, "responseTopic",
                                      &props->response_topic);
    }

    if (props->set & ngx_mqtt_prop_bit(NGX_MQTT_PROP_CORRELATION_DATA)) {
        ngx_http_mqtt_api_json_base64(json, "correlationData",
                                      &props->correlation_data);
    }

    ngx_http_mqtt_api_json_open(json, "userProperties", "[");

    rest = props->raw;

    while (ngx_mqtt_property_user_next(&rest, &name, &value) == NGX_OK) {
        ngx_http_mqtt_api_json_open(json, NULL, "{");
        ngx_http_mqtt_api_json_string(json, "name", &name);
        ngx_http_mqtt_api_json_string(json, "value", &value);
        ngx_http_mqtt_api_json_close(json, "}");
    }

    ngx_http_mqtt_api_json_close(json, "]");
}


ngx_int_t
ngx_http_mqtt_api_get_hub(ngx_http_mqtt_api_t *api)
{
    ngx_http_mqtt_api_hub_t  hub;

    hub.api = api;
    ngx_mqtt_list_hub(api->worker, &api->hub_name, &hub.use);

    return ngx_http_mqtt_api_json(api, ngx_http_mqtt_api_show_hub, &hub);
}


static void
ngx_http_mqtt_api_show_hub(ngx_http_mqtt_api_json_t *json, void *data)
{
    ngx_http_mqtt_api_hub_t *hub = data;

    ngx_http_mqtt_api_json_open(json, NULL, "{");
    ngx_http_mqtt_api_json_string(json, "name", &hub->api->hub_name);
    ngx_http_mqtt_api_json_string(json, "zone", &hub->api->hub->zone->name);
    ngx_http_mqtt_api_json_uint(json, "connections", hub->use.connections);
    ngx_http_mqtt_api_json_uint(json, "sessions", hub->use.sessions);
    ngx_http_mqtt_api_json_uint(json, "subscriptions",
                                hub->use.subscriptions);
    ngx_http_mqtt_api_json_uint(json, "retained", hub->use.retained);
    ngx_http_mqtt_api_json_close(json, "}");
}
