
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_module.h>


/* the defaults of a hub; the sizes shrink to a quarter of a small zone */

#define NGX_MQTT_SESSION_EXPIRY       3600
#define NGX_MQTT_MAX_PACKET_SIZE      (2 * 1024 * 1024)
#define NGX_MQTT_MAX_KEEPALIVE        0
#define NGX_MQTT_RECEIVE_MAXIMUM      100
#define NGX_MQTT_TOPIC_ALIAS_MAXIMUM  16
#define NGX_MQTT_WILL_DELAY_MAX       300
#define NGX_MQTT_MAX_QOS              2
#define NGX_MQTT_MAX_QUEUED           1000
#define NGX_MQTT_MAX_QUEUED_BYTES     (16 * 1024 * 1024)
#define NGX_MQTT_MAX_HUBS             1000
#define NGX_MQTT_EVENT_CONCURRENCY    256
#define NGX_MQTT_EVENT_BACKLOG        10000
#define NGX_MQTT_PING_INTERVAL        20

/* the least that a session takes, for the check of "max_sessions" */

#define NGX_MQTT_SESSION_BYTES        512


static ngx_mqtt_conf_hub_t *ngx_mqtt_conf_lookup(ngx_mqtt_conf_t *mcf,
    ngx_str_t *name);
static void ngx_mqtt_conf_unset(ngx_mqtt_conf_hub_t *hub);
static ngx_int_t ngx_mqtt_conf_check_zones(ngx_cycle_t *cycle,
    ngx_mqtt_conf_t *mcf);
static ngx_int_t ngx_mqtt_conf_resolve_hub(ngx_mqtt_conf_t *mcf,
    ngx_mqtt_conf_hub_t *hub, ngx_cycle_t *cycle);
static ngx_int_t ngx_mqtt_conf_resolve_zone(ngx_mqtt_conf_t *mcf,
    ngx_mqtt_conf_hub_t *hub, ngx_log_t *log);
static ngx_int_t ngx_mqtt_conf_limits(ngx_mqtt_conf_hub_t *hub,
    ngx_log_t *log);


ngx_mqtt_conf_t *
ngx_mqtt_conf_get(ngx_conf_t *cf)
{
    ngx_mqtt_conf_t  *mcf;

    mcf = (ngx_mqtt_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_mqtt_module);
    if (mcf) {
        return mcf;
    }

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_mqtt_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&mcf->zones, cf->pool, 1,
                       sizeof(ngx_mqtt_conf_zone_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&mcf->passes, cf->pool, 4, sizeof(ngx_mqtt_pass_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&mcf->handlers, cf->pool, 4,
                       sizeof(ngx_mqtt_conf_handler_t *))
        != NGX_OK)
    {
        return NULL;
    }

    ngx_rbtree_init(&mcf->hubs, &mcf->sentinel, ngx_str_rbtree_insert_value);

    cf->cycle->conf_ctx[ngx_mqtt_module.index] = (void ***) mcf;

    return mcf;
}


void
ngx_mqtt_conf_place(ngx_conf_t *cf, ngx_mqtt_conf_place_t *place)
{
    place->file = NULL;
    place->line = 0;

    if (cf->conf_file && cf->conf_file->file.fd != NGX_INVALID_FILE) {
        place->file = cf->conf_file->file.name.data;
        place->line = cf->conf_file->line;
    }
}


/* NGX_DECLINED: not the name of a hub; "dst" has room for src->len bytes */

ngx_int_t
ngx_mqtt_conf_name(ngx_str_t *src, u_char *dst)
{
    u_char      c;
    ngx_uint_t  i;

    if (src->len == 0 || src->len > NGX_MQTT_HUB_NAME_MAX) {
        return NGX_DECLINED;
    }

    for (i = 0; i < src->len; i++) {

        c = ngx_tolower(src->data[i]);

        if (c < 'a' || c > 'z') {

            if (i == 0) {
                return NGX_DECLINED;
            }

            if ((c < '0' || c > '9')
                && c != '_' && c != '`' && c != ',' && c != '.'
                && c != '[' && c != ']')
            {
                return NGX_DECLINED;
            }
        }

        dst[i] = c;
    }

    return NGX_OK;
}


static ngx_mqtt_conf_hub_t *
ngx_mqtt_conf_lookup(ngx_mqtt_conf_t *mcf, ngx_str_t *name)
{
    uint32_t  hash;

    hash = ngx_crc32_short(name->data, name->len);

    return (ngx_mqtt_conf_hub_t *)
               ngx_str_rbtree_lookup(&mcf->hubs, name, hash);
}


ngx_mqtt_conf_hub_t *
ngx_mqtt_conf_hub_named(ngx_mqtt_conf_t *mcf, ngx_str_t *name)
{
    ngx_mqtt_conf_hub_t  *hub;

    hub = ngx_mqtt_conf_lookup(mcf, name);

    return hub ? hub : mcf->any;
}


ngx_mqtt_conf_hub_t *
ngx_mqtt_conf_add_hub(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char               *p;
    ngx_str_t             lower;
    ngx_uint_t            any;
    ngx_mqtt_conf_t      *mcf;
    ngx_mqtt_conf_hub_t  *hub;

    mcf = ngx_mqtt_conf_get(cf);
    if (mcf == NULL) {
        return NULL;
    }

    hub = ngx_pcalloc(cf->pool, sizeof(ngx_mqtt_conf_hub_t));
    p = ngx_pcalloc(cf->pool, name->len + 1);

    if (hub == NULL || p == NULL) {
        return NULL;
    }

    lower.len = name->len;
    lower.data = p;

    any = (name->len == 1 && name->data[0] == '*');

    if (any) {
        *p = '*';

    } else if (ngx_mqtt_conf_name(name, p) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid hub name \"%V\", it must be a letter and "
                           "up to 127 letters, digits or _ ` , . [ ]", name);
        return NULL;
    }

    if (any ? mcf->any != NULL : ngx_mqtt_conf_lookup(mcf, &lower) != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate mqtt_hub \"%V\" (the case of letters "
                           "does not count), remove one of the two", name);
        return NULL;
    }

    if (any) {
        mcf->any = hub;

    } else {
        hub->node.str = lower;
        hub->node.node.key = ngx_crc32_short(lower.data, lower.len);
        ngx_rbtree_insert(&mcf->hubs, &hub->node.node);
    }

    mcf->nhubs++;

    hub->settings.name = lower;
    ngx_mqtt_conf_place(cf, &hub->place);

    ngx_mqtt_conf_unset(hub);

    return hub;
}


static void
ngx_mqtt_conf_unset(ngx_mqtt_conf_hub_t *hub)
{
    ngx_mqtt_hub_conf_t  *s;

    s = &hub->settings;

    /*
     * set by ngx_pcalloc():
     *
     *     s->default_roles = NULL;
     *     s->native = 0;
     *     s->queue_overflow = 0;
     */

    s->anonymous = NGX_CONF_UNSET;
    s->max_packet_size = NGX_CONF_UNSET_SIZE;
    s->max_keepalive = NGX_CONF_UNSET_UINT;
    s->receive_maximum = NGX_CONF_UNSET_UINT;
    s->topic_alias_maximum = NGX_CONF_UNSET_UINT;
    s->will_delay_max = NGX_CONF_UNSET_UINT;
    s->max_qos = NGX_CONF_UNSET_UINT;
    s->session_expiry = NGX_CONF_UNSET_UINT;
    s->retain = NGX_CONF_UNSET;
    s->wildcard_subscription = NGX_CONF_UNSET;
    s->shared_subscription = NGX_CONF_UNSET;
    s->strict_limits = NGX_CONF_UNSET;
    s->max_queued = NGX_CONF_UNSET_UINT;
    s->max_queued_bytes = NGX_CONF_UNSET_SIZE;
    s->max_connections = NGX_CONF_UNSET_UINT;
    s->max_sessions = NGX_CONF_UNSET_UINT;
    s->max_subscriptions = NGX_CONF_UNSET_UINT;
    s->max_retained = NGX_CONF_UNSET_UINT;
    s->max_hubs = NGX_CONF_UNSET_UINT;
    hub->token_expiry = NGX_CONF_UNSET_UINT;
    hub->queue_overflow = NGX_CONF_UNSET_UINT;
    s->event_concurrency = NGX_CONF_UNSET_UINT;
    s->event_backlog = NGX_CONF_UNSET_UINT;
    s->ping_interval = NGX_CONF_UNSET_UINT;
    hub->connect_fallback = NGX_CONF_UNSET_UINT;
}


void
ngx_mqtt_conf_defaults(ngx_mqtt_conf_hub_t *hub)
{
    ngx_mqtt_hub_conf_t  *s;

    s = &hub->settings;

    ngx_conf_init_value(s->anonymous, 0);
    ngx_conf_init_uint_value(s->session_expiry, NGX_MQTT_SESSION_EXPIRY);
    ngx_conf_init_uint_value(s->max_keepalive, NGX_MQTT_MAX_KEEPALIVE);
    ngx_conf_init_uint_value(s->receive_maximum, NGX_MQTT_RECEIVE_MAXIMUM);
    ngx_conf_init_uint_value(s->topic_alias_maximum,
                             NGX_MQTT_TOPIC_ALIAS_MAXIMUM);
    ngx_conf_init_uint_value(s->will_delay_max, NGX_MQTT_WILL_DELAY_MAX);
    ngx_conf_init_uint_value(s->max_qos, NGX_MQTT_MAX_QOS);
    ngx_conf_init_value(s->retain, 1);
    ngx_conf_init_value(s->wildcard_subscription, 1);
    ngx_conf_init_value(s->shared_subscription, 1);
    ngx_conf_init_value(s->strict_limits, 0);
    ngx_conf_init_uint_value(s->max_queued, NGX_MQTT_MAX_QUEUED);
    ngx_conf_init_uint_value(hub->queue_overflow, NGX_MQTT_OVERFLOW_DROP_NEW);
    ngx_conf_init_uint_value(s->max_connections, 0);
    ngx_conf_init_uint_value(s->max_sessions, 0);
    ngx_conf_init_uint_value(s->max_subscriptions, 0);
    ngx_conf_init_uint_value(s->max_retained, 0);
    ngx_conf_init_uint_value(s->max_hubs, NGX_MQTT_MAX_HUBS);
    ngx_conf_init_uint_value(hub->token_expiry, 0);
    ngx_conf_init_uint_value(s->event_concurrency,
                             NGX_MQTT_EVENT_CONCURRENCY);
    ngx_conf_init_uint_value(s->event_backlog, NGX_MQTT_EVENT_BACKLOG);
    ngx_conf_init_uint_value(s->ping_interval, NGX_MQTT_PING_INTERVAL);
    ngx_conf_init_uint_value(hub->connect_fallback, 0);

    s->queue_overflow = (ngx_mqtt_overflow_e) hub->queue_overflow;
    s->connect_allow = hub->connect_fallback;
    s->token_enforce = hub->token_expiry;

    /* max_packet_size and the bytes of max_queued depend on the zone */
}


char *
ngx_mqtt_conf_init(ngx_cycle_t *cycle, void *conf)
{
    ngx_mqtt_conf_t *mcf = conf;

    ngx_uint_t          i;
    ngx_mqtt_pass_t   **pass;
    ngx_rbtree_node_t  *node;

    if (ngx_mqtt_conf_check_zones(cycle, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (mcf == NULL) {
        return NGX_CONF_OK;
    }

    if (mcf->any
        && ngx_mqtt_conf_resolve_hub(mcf, mcf->any, cycle) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (mcf->hubs.root != &mcf->sentinel) {

        for (node = ngx_rbtree_min(mcf->hubs.root, &mcf->sentinel);
             node;
             node = ngx_rbtree_next(&mcf->hubs, node))
        {
            if (ngx_mqtt_conf_resolve_hub(mcf, (ngx_mqtt_conf_hub_t *) node,
                                          cycle)
                != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }
        }
    }

    pass = mcf->passes.elts;

    for (i = 0; i < mcf->passes.nelts; i++) {
        if (ngx_mqtt_conf_resolve_pass(mcf, pass[i], cycle->log) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_mqtt_conf_resolve_handlers(mcf, cycle->pool, cycle->log)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * Old workers stay members of the broker after a reload: a zone that is in
 * use has to stay what it is, or there would be two brokers.
 */

static ngx_int_t
ngx_mqtt_conf_check_zones(ngx_cycle_t *cycle, ngx_mqtt_conf_t *mcf)
{
    ngx_uint_t              i;
    ngx_mqtt_conf_t        *old;
    ngx_mqtt_conf_zone_t   *zone, **zones;

    /* with "nginx -t" there is no previous cycle */

    if (cycle->old_cycle == NULL || ngx_is_init_cycle(cycle->old_cycle)) {
        return NGX_OK;
    }

    old = (ngx_mqtt_conf_t *) ngx_get_conf(cycle->old_cycle->conf_ctx,
                                           ngx_mqtt_module);
    if (old == NULL) {
        return NGX_OK;
    }

    zones = old->zones.elts;

    for (i = 0; i < old->zones.nelts; i++) {

        if (!zones[i]->used && !ngx_mqtt_zone_in_use(&zones[i]->handle)) {
            continue;
        }

        zone = mcf ? ngx_mqtt_conf_find_zone(mcf, &zones[i]->name) : NULL;

        if (zone == NULL) {
            ngx_mqtt_conf_error(cycle->log, &zones[i]->place,
                                "mqtt_zone \"%V\" is in use and was removed, "
                                "keep it until its hubs are removed and "
                                "empty, or restart nginx",
                                &zones[i]->name);
            return NGX_ERROR;
        }

        if (zone->size != zones[i]->size) {
            ngx_mqtt_conf_error(cycle->log, &zone->place,
                                "mqtt_zone \"%V\" is in use with %uz bytes and "
                                "was given %uz, keep its size, or restart "
                                "nginx to change it",
                                &zone->name, zones[i]->size, zone->size);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_conf_resolve_hub(ngx_mqtt_conf_t *mcf, ngx_mqtt_conf_hub_t *hub,
    ngx_cycle_t *cycle)
{
    if (ngx_mqtt_conf_resolve_zone(mcf, hub, cycle->log) != NGX_OK
        || ngx_mqtt_conf_resolve_keys(hub, cycle->pool, cycle->log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_mqtt_conf_limits(hub, cycle->log);
}


static ngx_int_t
ngx_mqtt_conf_resolve_zone(ngx_mqtt_conf_t *mcf, ngx_mqtt_conf_hub_t *hub,
    ngx_log_t *log)
{
    ngx_mqtt_conf_zone_t  **zones;

    if (hub->zone_name.data) {

        hub->zone = ngx_mqtt_conf_find_zone(mcf, &hub->zone_name);

        if (hub->zone == NULL) {
            ngx_mqtt_conf_error(log, &hub->zone_place,
                                "unknown zone \"%V\", define it with "
                                "\"mqtt_zone %V 64m;\" outside of any block",
                                &hub->zone_name, &hub->zone_name);
            return NGX_ERROR;
        }

    } else {

        if (mcf->zones.nelts == 0) {
            ngx_mqtt_conf_error(log, &hub->place,
                                "mqtt_hub \"%V\" has no memory, define a zone "
                                "with \"mqtt_zone name 64m;\" outside of any "
                                "block", &hub->settings.name);
            return NGX_ERROR;
        }

        if (mcf->zones.nelts > 1) {
            ngx_mqtt_conf_error(log, &hub->place,
                                "mqtt_hub \"%V\" does not say which of %ui "
                                "zones it is in, add \"zone name;\" to it",
                                &hub->settings.name, mcf->zones.nelts);
            return NGX_ERROR;
        }

        zones = mcf->zones.elts;
        hub->zone = zones[0];
    }

    hub->zone->used = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_conf_limits(ngx_mqtt_conf_hub_t *hub, ngx_log_t *log)
{
    size_t                 quarter;
    ngx_mqtt_hub_conf_t   *s;
    ngx_mqtt_conf_zone_t  *zone;

    s = &hub->settings;
    zone = hub->zone;
    quarter = zone->size / 4;

    if (s->max_packet_size == NGX_CONF_UNSET_SIZE) {
        s->max_packet_size = ngx_min(NGX_MQTT_MAX_PACKET_SIZE, quarter);

    } else if (s->max_packet_size > quarter) {
        ngx_mqtt_conf_error(log, &hub->packet_place,
                            "\"max_packet_size\" of %uz bytes is above a "
                            "quarter of mqtt_zone \"%V\", lower it to at most "
                            "%uz or enlarge the zone",
                            s->max_packet_size, &zone->name, quarter);
        return NGX_ERROR;
    }

    if (s->max_queued_bytes == NGX_CONF_UNSET_SIZE) {
        s->max_queued_bytes = ngx_min(NGX_MQTT_MAX_QUEUED_BYTES, quarter);

    } else if (s->max_queued_bytes > quarter) {
        ngx_mqtt_conf_error(log, &hub->queued_place,
                            "the %uz bytes of \"max_queued\" are above a "
                            "quarter of mqtt_zone \"%V\", lower them to at "
                            "most %uz or enlarge the zone",
                            s->max_queued_bytes, &zone->name, quarter);
        return NGX_ERROR;
    }

    if (s->max_sessions > zone->size / NGX_MQTT_SESSION_BYTES) {
        ngx_mqtt_conf_error(log, &hub->sessions_place,
                            "\"max_sessions\" of %ui does not fit into "
                            "mqtt_zone \"%V\", lower it to at most %uz or "
                            "enlarge the zone",
                            s->max_sessions, &zone->name,
                            zone->size / NGX_MQTT_SESSION_BYTES);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_mqtt_conf_zone_t *
ngx_mqtt_conf_find_zone(ngx_mqtt_conf_t *mcf, ngx_str_t *name)
{
    ngx_uint_t              i;
    ngx_mqtt_conf_zone_t  **zones;

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (zones[i]->name.len == name->len
            && ngx_strncmp(zones[i]->name.data, name->data, name->len) == 0)
        {
            return zones[i];
        }
    }

    return NULL;
}


void ngx_cdecl
ngx_mqtt_conf_error(ngx_log_t *log, ngx_mqtt_conf_place_t *place,
    const char *fmt, ...)
{
    u_char   errstr[NGX_MAX_CONF_ERRSTR], *p;
    va_list  args;

    va_start(args, fmt);
    p = ngx_vslprintf(errstr, errstr + NGX_MAX_CONF_ERRSTR, fmt, args);
    va_end(args);

    if (place->file == NULL) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "%*s in command line",
                      p - errstr, errstr);
        return;
    }

    ngx_log_error(NGX_LOG_EMERG, log, 0, "%*s in %s:%ui",
                  p - errstr, errstr, place->file, place->line);
}
