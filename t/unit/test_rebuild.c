
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


/* A rebuild of a zone without any room, slots having taken of the reserve. */

void
test_rebuild(void)
{
    char                 text[128];
    store_t              st;
    ngx_uint_t           i, n;
    store_client_t       c;
    ngx_mqtt_worker_t   *w[12];
    ngx_mqtt_session_t  *s;

    store_create(&st, 2 * 1024 * 1024);
    (void) store_connect(&c, st.w, "c", NULL);

    for (n = 0; n < 20000; n++) {
        sprintf(text, "a%lu/%0*lu/x", (unsigned long) n / 3,
                (int) (n % 90 + 1), (unsigned long) n);

        if (store_subscribe(&c, text, 1, 0) != NGX_OK) {
            break;
        }
    }

    ok(n > 100 && n < 20000, "%lu filters fill the zone", (unsigned long) n);
    is_int(st.zone.root->blocks.nfree, st.zone.root->blocks.reserve,
           "only the reserve is free");

    for (i = 0; i < 12; i++) {
        w[i] = store_worker(&st);
    }

    ok(w[11] != NULL, "there is room for workers");
    store_check(&st, "a full zone");

    for (i = 0; i < 3; i++) {
        st.zone.root->busy = NGX_MQTT_NO_SLOT + 1;
        store_check(&st, "a full zone, rebuilt");
    }

    s = store_session(&st, "c");
    is_int(s->nsubs, n, "all filters are there");

    for (i = 0; i < 12; i++) {
        if (w[i]) {
            ngx_mqtt_worker_destroy(w[i]);
        }
    }

    store_close(&c, 0);
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
    store_check(&st, "an empty zone");

    store_destroy(&st);
}
