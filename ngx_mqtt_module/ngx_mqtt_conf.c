
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_module.h>


/* the values a number, time (seconds) or size can have */

typedef struct {
    ngx_uint_t             low;
    ngx_uint_t             high;
} ngx_mqtt_conf_bounds_t;


static char *ngx_mqtt_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_hub(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_hub_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_number(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_packet_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_sessions(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_max_hubs(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_queued(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_mqtt_conf_overflow(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_qos_bounds = { 0, 2 };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_16bit_bounds = { 0, 65535 };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_receive_bounds = { 1, 65535 };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_time_bounds = { 0, 0xfffffffe };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_ping_bounds = { 1, 3600 };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_count_bounds = { 0, 0x7fffffff };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_running_bounds = { 1, 65535 };
static ngx_mqtt_conf_bounds_t  ngx_mqtt_conf_packet_bounds = {
    1, NGX_MQTT_PACKET_MAX
};


static ngx_conf_enum_t  ngx_mqtt_conf_expiries[] = {
    { ngx_string("ignore"), 0 },
    { ngx_string("enforce"), 1 },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_mqtt_conf_fallbacks[] = {
    { ngx_string("deny"), 0 },
    { ngx_string("allow"), 1 },
    { ngx_null_string, 0 }
};


ngx_command_t  ngx_mqtt_commands[] = {

    { ngx_string("mqtt_zone"),
      NGX_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_mqtt_conf_zone,
      0,
      0,
      NULL },

    { ngx_string("mqtt_hub"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_mqtt_conf_hub,
      0,
      0,
      NULL },

    { ngx_string("zone"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_hub_zone,
      0,
      0,
      NULL },

    { ngx_string("session_expiry"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_time,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.session_expiry),
      &ngx_mqtt_conf_time_bounds },

    { ngx_string("anonymous"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.anonymous),
      NULL },

    { ngx_string("default_roles"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_mqtt_conf_roles,
      0,
      0,
      NULL },

    { ngx_string("max_packet_size"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_packet_size,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_packet_size),
      &ngx_mqtt_conf_packet_bounds },

    { ngx_string("max_keepalive"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_time,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_keepalive),
      &ngx_mqtt_conf_16bit_bounds },

    { ngx_string("receive_maximum"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.receive_maximum),
      &ngx_mqtt_conf_receive_bounds },

    { ngx_string("topic_alias_maximum"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.topic_alias_maximum),
      &ngx_mqtt_conf_16bit_bounds },

    { ngx_string("will_delay_max"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_time,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.will_delay_max),
      &ngx_mqtt_conf_time_bounds },

    { ngx_string("max_qos"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_qos),
      &ngx_mqtt_conf_qos_bounds },

    { ngx_string("retain"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.retain),
      NULL },

    { ngx_string("wildcard_subscription"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.wildcard_subscription),
      NULL },

    { ngx_string("shared_subscription"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.shared_subscription),
      NULL },

    { ngx_string("max_queued"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_mqtt_conf_queued,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_queued),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("queue_overflow"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_overflow,
      0,
      0,
      NULL },

    { ngx_string("max_connections"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_connections),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("max_sessions"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_sessions,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_sessions),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("max_subscriptions"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_subscriptions),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("max_retained"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_retained),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("max_hubs"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_max_hubs,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.max_hubs),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("strict_limits"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.strict_limits),
      NULL },

    { ngx_string("access_key"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_mqtt_conf_access_key,
      0,
      0,
      NULL },

    { ngx_string("access_key_file"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_access_key_file,
      0,
      0,
      NULL },

    { ngx_string("jwt_key_file"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_jwt_key_file,
      0,
      0,
      NULL },

    { ngx_string("jwt_issuer"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_jwt_issuer,
      0,
      0,
      NULL },

    { ngx_string("jwt_audience"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_mqtt_conf_jwt_audience,
      0,
      0,
      NULL },

    { ngx_string("token_expiry"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, token_expiry),
      &ngx_mqtt_conf_expiries },

    { ngx_string("password_file"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_password_file,
      0,
      0,
      NULL },

    { ngx_string("event_concurrency"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.event_concurrency),
      &ngx_mqtt_conf_running_bounds },

    { ngx_string("event_backlog"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_number,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.event_backlog),
      &ngx_mqtt_conf_count_bounds },

    { ngx_string("ping_interval"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_mqtt_conf_time,
      0,
      offsetof(ngx_mqtt_conf_hub_t, settings.ping_interval),
      &ngx_mqtt_conf_ping_bounds },

    { ngx_string("connect_fallback"),
      NGX_MQTT_HUB_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      0,
      offsetof(ngx_mqtt_conf_hub_t, connect_fallback),
      &ngx_mqtt_conf_fallbacks },

      ngx_null_command
};


static char *
ngx_mqtt_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ssize_t                 size;
    ngx_str_t              *value;
    ngx_mqtt_conf_t        *mcf;
    ngx_mqtt_conf_zone_t  **zones, *zone;

    value = cf->args->elts;

    mcf = ngx_mqtt_conf_get(cf);
    if (mcf == NULL) {
        return NGX_CONF_ERROR;
    }

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the zone needs a name: mqtt_zone name size;");
        return NGX_CONF_ERROR;
    }

    if (ngx_mqtt_conf_find_zone(mcf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate mqtt_zone \"%V\", give it another name "
                           "or remove it", &value[1]);
        return NGX_CONF_ERROR;
    }

    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of mqtt_zone \"%V\", write it "
                           "as in \"64m\"", &value[2], &value[1]);
        return NGX_CONF_ERROR;
    }

    if (size < NGX_MQTT_ZONE_MIN_SIZE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "mqtt_zone \"%V\" of %V is too small, give it at "
                           "least %dm", &value[1], &value[2],
                           NGX_MQTT_ZONE_MIN_SIZE / (1024 * 1024));
        return NGX_CONF_ERROR;
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_mqtt_conf_zone_t));
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    zone->name = value[1];
    zone->size = size;
    zone->handle.name = value[1];
    ngx_mqtt_conf_place(cf, &zone->place);

    zones = ngx_array_push(&mcf->zones);
    if (zones == NULL) {
        return NGX_CONF_ERROR;
    }

    *zones = zone;

    return ngx_mqtt_add_zone(cf, zone);
}


static char *
ngx_mqtt_conf_hub(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                 *rv;
    void                **ctx;
    ngx_str_t            *value;
    ngx_conf_t            save;
    ngx_mqtt_conf_hub_t  *hub;

    value = cf->args->elts;

    hub = ngx_mqtt_conf_add_hub(cf, &value[1]);
    if (hub == NULL) {
        return NGX_CONF_ERROR;
    }

    /* the directives of the block find the hub where a module's conf stands */

    ctx = ngx_pcalloc(cf->pool, ngx_max_module * sizeof(void *));
    if (ctx == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx[ngx_mqtt_module.index] = hub;

    save = *cf;
    cf->ctx = ctx;
    cf->module_type = NGX_CORE_MODULE;
    cf->cmd_type = NGX_MQTT_HUB_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv == NGX_CONF_OK) {
        ngx_mqtt_conf_defaults(hub);
    }

    return rv;
}


static char *
ngx_mqtt_conf_hub_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_str_t  *value;

    if (hub->zone_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    hub->zone_name = value[1];
    ngx_mqtt_conf_place(cf, &hub->zone_place);

    return NGX_CONF_OK;
}


static char *
ngx_mqtt_conf_number(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t                n;
    ngx_str_t               *value;
    ngx_uint_t              *np;
    ngx_mqtt_conf_bounds_t  *bounds;

    np = (ngx_uint_t *) ((u_char *) conf + cmd->offset);

    if (*np != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    bounds = cmd->post;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR
        || (ngx_uint_t) n < bounds->low || (ngx_uint_t) n > bounds->high)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"%V\", it must be "
                           "a number from %ui to %ui",
                           &value[1], &value[0], bounds->low, bounds->high);
        return NGX_CONF_ERROR;
    }

    *np = n;

    return NGX_CONF_OK;
}


static char *
ngx_mqtt_conf_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    time_t                   sec;
    ngx_str_t               *value;
    ngx_uint_t              *np;
    ngx_mqtt_conf_bounds_t  *bounds;

    np = (ngx_uint_t *) ((u_char *) conf + cmd->offset);

    if (*np != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    bounds = cmd->post;

    sec = ngx_parse_time(&value[1], 1);

    if (sec == (time_t) NGX_ERROR || (uint64_t) sec < bounds->low
        || (uint64_t) sec > bounds->high)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\" of \"%V\", it must be whole "
                           "seconds from %ui to %ui, or a time as in "
                           "\"1h 30m\"",
                           &value[1], &value[0], bounds->low, bounds->high);
        return NGX_CONF_ERROR;
    }

    *np = sec;

    return NGX_CONF_OK;
}


static char *
ngx_mqtt_conf_packet_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ssize_t                  size;
    ngx_str_t               *value;
    ngx_mqtt_conf_bounds_t  *bounds;

    if (hub->settings.max_packet_size != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;
    bounds = cmd->post;

    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR
        || (size_t) size < bounds->low || (size_t) size > bounds->high)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of \"%V\", it must be from "
                           "%ui to %ui bytes, or a size as in \"256k\"",
                           &value[1], &value[0], bounds->low, bounds->high);
        return NGX_CONF_ERROR;
    }

    hub->settings.max_packet_size = size;
    ngx_mqtt_conf_place(cf, &hub->packet_place);

    return NGX_CONF_OK;
}


static char *
ngx_mqtt_conf_sessions(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_mqtt_conf_place(cf, &hub->sessions_place);

    return ngx_mqtt_conf_number(cf, cmd, conf);
}


static char *
ngx_mqtt_conf_max_hubs(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    if (ngx_strcmp(hub->settings.name.data, "*") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"max_hubs\" counts the hubs that have no block "
                           "of their own, move it to \"mqtt_hub *\"");
        return NGX_CONF_ERROR;
    }

    return ngx_mqtt_conf_number(cf, cmd, conf);
}


static char *
ngx_mqtt_conf_queued(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    char       *rv;
    ssize_t     size;
    ngx_str_t  *value;

    rv = ngx_mqtt_conf_number(cf, cmd, conf);

    if (rv != NGX_CONF_OK || cf->args->nelts == 2) {
        return rv;
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR || size == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of \"max_queued\", it must be "
                           "a size above 0 as in \"16m\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    hub->settings.max_queued_bytes = size;
    ngx_mqtt_conf_place(cf, &hub->queued_place);

    return NGX_CONF_OK;
}


static char *
ngx_mqtt_conf_overflow(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_str_t  *value;

    if (hub->queue_overflow != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "drop_new") == 0) {
        hub->queue_overflow = NGX_MQTT_OVERFLOW_DROP_NEW;

    } else if (ngx_strcmp(value[1].data, "drop_old") == 0) {
        hub->queue_overflow = NGX_MQTT_OVERFLOW_DROP_OLD;

    } else if (ngx_strcmp(value[1].data, "terminate") == 0) {
        hub->queue_overflow = NGX_MQTT_OVERFLOW_TERMINATE;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"queue_overflow\", it "
                           "must be drop_new, drop_old or terminate",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
