
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_ticks.h>


#define NGX_MQTT_TICKS_SAMPLE  1000000    /* nanoseconds */


static uint64_t ngx_mqtt_ticks_clock(void);


uint64_t
ngx_mqtt_ticks_per_us(void)
{
    uint64_t  clock, ticks, elapsed;

    static uint64_t  per_us;

    if (per_us) {
        return per_us;
    }

    clock = ngx_mqtt_ticks_clock();
    ticks = ngx_mqtt_ticks();

    do {
        elapsed = ngx_mqtt_ticks_clock() - clock;
    } while (elapsed < NGX_MQTT_TICKS_SAMPLE);

    per_us = (ngx_mqtt_ticks() - ticks) * 1000 / elapsed;
    per_us = ngx_max(per_us, 1);

    return per_us;
}


static uint64_t
ngx_mqtt_ticks_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
