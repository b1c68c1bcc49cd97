
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_user.h>
#include "store.h"


/*
 * The check of invariants must find what is wrong, and a rebuild must mend
 * whatever is derived.
 */


static store_t               st;

static ngx_mqtt_session_t   *s;
static ngx_mqtt_sub_t       *sub;
static ngx_mqtt_hub_t       *hub;
static ngx_mqtt_entry_t     *e;
static ngx_mqtt_root_t      *root;
static ngx_mqtt_retain_t    *retain;


/* one damage to something derived */

static ngx_uint_t
test_check_damage(ngx_uint_t n)
{
    ngx_mqtt_page_t  *page;

    page = ngx_mqtt_block_page(&root->blocks, e);

    switch (n) {
    case 0: s->queued++; break;
    case 1: s->queued_bytes--; break;
    case 2: s->queued_bytes0 = 5; break;
    case 3: s->inflight++; break;
    case 4: s->tail = s->head; break;
    case 5: s->nsubs = 7; break;
    case 6: hub->sessions--; break;
    case 7: hub->subscriptions++; break;
    case 8: hub->connections = 1; break;
    case 9: hub->nretained = 0; break;
    case 10: e->m.message->refs++; break;
    case 11: retain->message->refs--; break;
    case 12: page->used++; break;
    case 13: page->free = NULL; break;
    case 14: root->blocks.nfree--; break;
    case 15: root->blocks.nblocks[NGX_MQTT_KIND_ENTRY]++; break;
    case 16: root->sessions.count++; break;
    case 17: root->nhubs = 0; break;
    case 18: sub->at.node->nsubs++; break;
    case 19: sub->at.node->nchildren++; break;
    case 20: sub->at.node->subs = NULL; break;
    case 21: sub->prev = NULL; break;
    case 22: sub->link.hash++; break;
    case 23: s->link.hash++; break;
    case 24: s->timer.when = 0; break;
    case 25: s->timer.prev = NULL; break;
    case 26: root->walkers++; break;
    case 27: hub->publishers++; break;
    case 28: retain->node->retain = NULL; break;
    case 29: root->ending = s; break;
    case 30: s->unsent = (ngx_mqtt_entry_t *) s; break;
    case 31:
        (void) ngx_mqtt_block_alloc_locked(&st.zone, NGX_MQTT_KIND_WILL, 32);
        break;
    case 32:
        (void) ngx_mqtt_block_alloc_locked(&st.zone, NGX_MQTT_KIND_WILL,
                                           9000);
        break;
    case 33: ngx_mqtt_block_free_locked(&st.zone, e); break;
    case 34: st.w->slot->ready = (ngx_mqtt_attach_t *) e; break;
    case 35: hub->subs->parent = hub->retained; break;
    case 36: root->hubs = NULL; root->nhubs = 0; break;
    case 37: s->user->count--; break;
    case 38: s->user->link.hash++; break;
    case 39: s->user->sessions = s->user->sessions->user_next; break;
    case 40: s->user_prev = NULL; break;
    case 41: s->user_next = s; break;
    case 42: root->users.count++; break;
    default:
        return 0;
    }

    return 1;
}


static void
test_check_find(void)
{
    root = st.zone.root;
    hub = store_hub(&st, "h");
    s = store_session(&st, "s");
    sub = s->subs;
    e = s->head;
    retain = ngx_mqtt_retain_find_locked(&st.zone, hub,
                                         &(ngx_str_t) { 1, (u_char *) "t" });
}


static void
test_check_user(const char *id)
{
    store_client_t  c;

    static const store_connect_t  conn = { .expiry = 3600, .user = "u" };

    (void) store_connect(&c, st.w, id, &conn);
    store_close(&c, 0);
}


void
test_check(void)
{
    ngx_uint_t      i, found, mended;
    const char     *what;
    store_client_t  c;

    store_create(&st, 2 * 1024 * 1024);
    test_check_user("one");
    test_check_user("s");
    test_check_user("two");
    store_offline(&st, "other", "#", 1);
    store_offline(&st, "s", "t", 1);
    store_offline(&st, "s", "a/b/c", 1);

    (void) store_publish(st.w, NULL, "t", "m0", 0, 1, 1, 0);
    (void) store_publish(st.w, NULL, "t", "m1", 0, 1, 0, 0);
    (void) store_publish(st.w, NULL, "t", "m2", 0, 1, 0, 0);
    (void) store_connect(&c, st.w, "brief", NULL);
    store_close(&c, 0);
    store_run(st.w);

    store_check(&st, "before any damage");
    store_save(&st);

    mended = 0;

    for (i = 0; ; i++) {
        store_restore(&st);
        test_check_find();

        if (!test_check_damage(i)) {
            break;
        }

        store_lock(&st);
        found = ngx_mqtt_check_locked(&st.zone, &what);
        store_unlock(&st);

        if (!ok(found > 0, "damage %lu is found: %s", (unsigned long) i,
                found ? what : "no"))
        {
            continue;
        }

        /* 33: what is used was freed, which no rebuild can know */

        if (i != 33) {
            root->busy = NGX_MQTT_NO_SLOT + 1;
            mended += (store_errors(&st, "after a rebuild") == 0
                       && store_queued(&st, "s", "m") == 3
                       && store_retained(&st, "t", "m0"));
        }
    }

    is_int(mended, i - 1, "everything derived is mended");

    store_restore(&st);
    store_destroy(&st);
}
