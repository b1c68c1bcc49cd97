
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <sys/wait.h>
#include "store.h"


void test_zone(void);


/* A process that finds the lock taken sleeps, and is woken. */

void
test_zone(void)
{
#if (NGX_HAVE_ATOMIC_OPS && NGX_HAVE_POSIX_SEM)

    int        status;
    store_t    st;
    ngx_pid_t  child;

    store_create(&st, 1024 * 1024);

    is_int(st.zone.waits, 0, "one process does not wait");
    is_int(st.zone.woken, 0, "one process wakes nobody");

    ngx_mqtt_zone_lock(&st.zone, NGX_MQTT_NO_SLOT);

    child = fork();

    if (child == 0) {
        ngx_pid = getpid();
        ngx_mqtt_zone_lock(&st.zone, NGX_MQTT_NO_SLOT);
        ngx_mqtt_zone_unlock(&st.zone);
        _exit(10 + st.zone.waits * 2 + st.zone.woken);
    }

    while (*(volatile ngx_atomic_t *) st.pool->mutex.wait == 0) {
        ngx_sched_yield();
    }

    ngx_mqtt_zone_unlock(&st.zone);

    if (waitpid(child, &status, 0) != child) {
        status = 0;
    }

    is_int(WEXITSTATUS(status), 12, "the other one has waited once");
    is_int(st.zone.waits, 0, "the first has not");
    is_int(st.zone.woken, 1, "the first woke the other");

    ngx_mqtt_zone_lock(&st.zone, NGX_MQTT_NO_SLOT);
    ngx_mqtt_zone_unlock(&st.zone);

    is_int(st.zone.woken, 1, "and nobody else");

    store_destroy(&st);

#endif
}
