
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "scenario.h"
#include "pubsub.h"


/*
 * Allocation number k of a scenario fails, for every k: nothing is leaked or
 * half done, and what was refused works when it is tried again.
 */


typedef struct {
    ngx_uint_t  failed;         /* operations that were refused */
    ngx_uint_t  errors;
    ngx_uint_t  again;          /* refused the second time */
} test_nomem_t;


static void
test_nomem_run(store_t *st, const scenario_t *sc, test_nomem_t *t)
{
    char               when[64];
    ngx_uint_t         i;
    store_client_t     clients[STORE_CLIENTS];
    const store_op_t  *op;

    ngx_memzero(clients, sizeof(clients));

    for (op = sc->ops; op->op != STORE_END; op++) {

        if (store_op(st->w, clients, op) != NGX_OK) {
            t->failed++;
            sprintf(when, "%s %ld", sc->name, (long) (op - sc->ops));
            t->errors += store_errors(st, when);

            if (store_op(st->w, clients, op) != NGX_OK && !op->refused) {
                t->again++;
            }
        }
    }

    t->errors += store_errors(st, sc->name);

    for (i = 0; i < STORE_CLIENTS; i++) {
        if (clients[i].cl.worker) {
            store_close(&clients[i], 0);
        }
    }

    pubsub_close();

    store_run(st->w);
    t->errors += store_errors(st, sc->name);
}


static void
test_nomem_scenario(const scenario_t *sc)
{
    store_t        st;
    ngx_msec_t     now;
    ngx_uint_t     k, left;
    test_nomem_t   t;

    ngx_memzero(&t, sizeof(test_nomem_t));

    store_create(&st, 4 * 1024 * 1024);
    sc->prepare(&st);
    store_save(&st);
    now = ngx_current_msec;

    for (k = 1; k < 100000; k++) {
        store_restore(&st);
        ngx_current_msec = now;
        st.zone.root->blocks.fail_at = k;

        test_nomem_run(&st, sc, &t);

        left = st.zone.root->blocks.fail_at;
        st.zone.root->blocks.fail_at = 0;

        if (left || t.errors) {
            break;
        }
    }

    ok(k > 3, "%s: %lu allocations", sc->name, (unsigned long) k - 1);
    is_int(t.errors, 0, "%s: nothing leaked", sc->name);
    is_int(t.again, 0, "%s: what failed works again", sc->name);
    ok(t.failed > 0, "%s: %lu operations refused", sc->name,
       (unsigned long) t.failed);

    store_destroy(&st);
}


void
test_nomem(void)
{
    const scenario_t  *sc;

    for (sc = scenarios; sc->name; sc++) {
        if (sc->stride < 50) {
            test_nomem_scenario(sc);
        }
    }
}
