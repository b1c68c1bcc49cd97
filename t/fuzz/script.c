
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "script.h"


static void script_defaults(ngx_mqtt_hub_conf_t *conf);


static ngx_str_t  script_hubs[] = { ngx_string("h"), ngx_string("k") };

static const u_char  *script_data;
static const u_char  *script_last;

static ngx_mqtt_hub_conf_t  script_confs[2];


void
script_init(const u_char *data, size_t len)
{
    script_data = data;
    script_last = data + len;
}


ngx_uint_t
script_done(void)
{
    return script_data == script_last;
}


u_char
script_byte(void)
{
    return (script_data < script_last) ? *script_data++ : 0;
}


u_char *
script_bytes(size_t *len)
{
    u_char  *p;

    p = (u_char *) script_data;

    *len = ngx_min(*len, (size_t) (script_last - script_data));
    script_data += *len;

    return p;
}


ngx_uint_t
script_time(void)
{
    static const ngx_uint_t  times[] = {
        1, 500, 1000, 1001, 2000, 5000, 10000, 15000, 30000, 31000, 60000,
        61000, 90000, 120000, 300000, 5000000
    };

    return script_pick(times, script_byte());
}


/* what everybody may do, or, with patterns for the rest, half of it */

static ngx_str_t  script_patterns[2];

static ngx_mqtt_rights_t  script_open = {
    .all = NGX_MQTT_ROLE_SUBSCRIBE|NGX_MQTT_ROLE_PUBLISH
};
static ngx_mqtt_rights_t  script_subscribe = {
    .all = NGX_MQTT_ROLE_SUBSCRIBE,
    .sets = { { .npatterns = 0 },
              { .patterns = script_patterns, .npatterns = 2 } }
};
static ngx_mqtt_rights_t  script_publish = {
    .all = NGX_MQTT_ROLE_PUBLISH,
    .sets = { { .patterns = script_patterns, .npatterns = 2 },
              { .npatterns = 0 } }
};


static void
script_roles(void)
{
    ngx_uint_t   i, wild;
    const char  *why;

    static u_char     bufs[2][8];
    static ngx_str_t  patterns[] = { ngx_string("a**"), ngx_string("t/?") };

    for (i = 0; i < 2; i++) {
        script_patterns[i].data = bufs[i];
        (void) ngx_mqtt_pattern_compile(&patterns[i], bufs[i],
                                        &script_patterns[i].len, &wild, &why);
    }
}


void
script_settings(void)
{
    u_char                b;
    ngx_mqtt_hub_conf_t  *conf;

    static const ngx_uint_t  few[] = { 0, 1, 2, 3, 5, 8, 20, 1000 };
    static const ngx_uint_t  many[] = { 65535, 1, 2, 3, 10, 20, 1000, 65534 };
    static const size_t      sizes[] = { 1048576, 64, 300, 20000 };
    static const size_t      queues[] = { 1048576, 0, 100, 500, 3000, 50000 };
    static const ngx_uint_t  times[] = { 300, 0, 1, 5, 60, 3, 10, 299 };

    script_roles();
    script_defaults(&script_confs[0]);
    script_defaults(&script_confs[1]);

    conf = &script_confs[0];

    b = script_byte();
    conf->max_queued = few[b & 7];
    conf->max_queued_bytes = script_pick(queues, b >> 3);

    b = script_byte();
    conf->receive_maximum = many[b & 7];
    conf->max_qos = (b & 0x18) ? 2 : b >> 5 & 1;
    conf->queue_overflow = script_pick(few, b >> 6) % 3;

    b = script_byte();
    conf->max_packet_size = sizes[b & 3];
    conf->topic_alias_maximum = few[b >> 2 & 3];
    conf->session_expiry = times[b >> 5];

    b = script_byte();
    conf->retain = !(b & 1);
    conf->wildcard_subscription = !(b & 2);
    conf->shared_subscription = !(b & 4);
    conf->strict_limits = (b & 0x18) == 0x18;
    conf->will_delay_max = times[b >> 5] % 61;

    b = script_byte();
    conf->max_connections = (b & 3) == 3 ? 2 : 0;
    conf->max_sessions = (b & 12) == 12 ? 3 : 0;
    conf->max_subscriptions = (b & 0x30) == 0x30 ? 3 : 0;
    conf->max_retained = (b & 0xc0) == 0xc0 ? 2 : 0;

    b = script_byte();
    conf->max_keepalive = times[b & 7];

    if (b & 8) {
        ngx_str_set(&conf->name, "*");
        conf->max_hubs = 1;
    }

    if ((b & 0x30) == 0x30) {
        conf->default_roles = (b & 0x40) ? &script_subscribe
                                         : &script_publish;
    }
}


static void
script_defaults(ngx_mqtt_hub_conf_t *conf)
{
    ngx_memzero(conf, sizeof(ngx_mqtt_hub_conf_t));

    ngx_str_set(&conf->name, "h");
    conf->anonymous = 1;
    conf->default_roles = &script_open;
    conf->max_packet_size = 1048576;
    conf->receive_maximum = 20;
    conf->topic_alias_maximum = 5;
    conf->will_delay_max = 60;
    conf->max_qos = 2;
    conf->session_expiry = 300;
    conf->retain = 1;
    conf->wildcard_subscription = 1;
    conf->shared_subscription = 1;
    conf->max_queued = 1000;
    conf->max_queued_bytes = 1048576;
}


ngx_mqtt_hub_conf_t *
script_conf(ngx_uint_t n)
{
    return &script_confs[n & 1];
}


ngx_str_t *
script_hub(ngx_uint_t n)
{
    return &script_hubs[n & 1];
}


static ngx_int_t
script_see_retained(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_retain_t **found = data;

    *found = block;

    return (*found)->message ? NGX_DONE : NGX_OK;
}


ngx_mqtt_retain_t *
script_retained(ngx_str_t *topic)
{
    u_char              *p;
    ngx_mqtt_retain_t   *retain;
    ngx_mqtt_message_t  *m;

    static u_char        buf[NGX_MQTT_STRING_MAX];

    retain = NULL;

    ngx_mqtt_block_walk_all_locked(world_zone(), NGX_MQTT_KIND_RETAIN,
                                   script_see_retained, &retain);

    if (retain == NULL || retain->message == NULL) {
        return NULL;
    }

    m = retain->message;
    p = ngx_mqtt_message_topic(m, buf);

    if (p != buf) {
        ngx_memcpy(buf, p, m->topic_len);
    }

    topic->data = buf;
    topic->len = m->topic_len;

    return retain;
}
