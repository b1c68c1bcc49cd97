
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_TICKS_H_INCLUDED_
#define _NGX_MQTT_TICKS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A clock that costs a few nanoseconds, for durations up to seconds within a
 * process: the processor's own counter where there is one.  Its unit is only
 * known by comparison with another clock, see ngx_mqtt_ticks_per_us().
 */

static ngx_inline uint64_t
ngx_mqtt_ticks(void)
{
#if (__x86_64__ || __i386__)

    return __builtin_ia32_rdtsc();

#elif (__aarch64__)

    uint64_t  ticks;

    __asm__ volatile ("mrs %0, cntvct_el0" : "=r" (ticks));

    return ticks;

#else

    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;

#endif
}


/*
 * How many ticks a microsecond has: measured once in a process, which takes
 * a millisecond.
 */
uint64_t ngx_mqtt_ticks_per_us(void);


#endif /* _NGX_MQTT_TICKS_H_INCLUDED_ */
