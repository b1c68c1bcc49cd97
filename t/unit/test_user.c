
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_user.h>
#include "store.h"


/* The sessions of a user id. */


#define TEST_USER_MANY  2000


static store_t  st;

static const store_connect_t  alice = { .expiry = 100, .user = "alice" };
static const store_connect_t  bob = { .expiry = 100, .user = "bob" };
static const store_connect_t  brief = { .clean = 1, .user = "alice" };


static ngx_mqtt_user_t *
test_user_find(const char *hub, const char *id)
{
    ngx_str_t        s;
    ngx_mqtt_hub_t  *h;

    s = store_str(id);
    h = store_hub(&st, hub);

    return h ? ngx_mqtt_user_find_locked(&st.zone, h, &s) : NULL;
}


/* The client ids along the list, in one string. */

static const char *
test_user_list(const char *hub, const char *id)
{
    size_t               len;
    ngx_mqtt_user_t     *user;
    ngx_mqtt_session_t  *s;

    static char  list[256];

    len = 0;
    user = test_user_find(hub, id);

    for (s = user ? user->sessions : NULL; s; s = s->user_next) {
        len += sprintf(list + len, "%.*s ", (int) s->id_len,
                       (char *) s->data);
    }

    list[len] = '\0';

    return list;
}


static void
test_user_is(const char *id, const char *want, const char *what)
{
    const char       *got;
    ngx_mqtt_user_t  *user;

    got = test_user_list("h", id);

    ok(strcmp(got, want) == 0, "%s: sessions of %s: %s", what, id, got);

    user = test_user_find("h", id);
    is_int(user ? user->count : 0, strlen(want) / 2, "their number");
}


static void
test_user_rebuild(void)
{
    st.zone.root->busy = NGX_MQTT_NO_SLOT + 1;
    store_check(&st, "rebuilt");
}


static void
test_user_life(void)
{
    store_client_t    a, b, c, d, e;
    ngx_mqtt_user_t  *user;

    (void) store_connect(&a, st.w, "a", &alice);
    (void) store_connect(&b, st.w, "b", &alice);
    (void) store_connect(&c, st.w, "c", &bob);
    (void) store_connect(&d, st.w, "d", &brief);
    (void) store_connect(&e, st.w, "e", &(store_connect_t) { .expiry = 100 });
    store_check(&st, "users");

    test_user_is("alice", "d b a ", "three connect");
    test_user_is("bob", "c ", "one connects");
    test_user_is("alic", "", "nobody");
    ok(store_session(&st, "e")->user == NULL, "a session of nobody");

    user = test_user_find("h", "alice");
    ok(store_session(&st, "a")->user == user, "a session leads to its user");
    is_mem(user->name, user->len, "alice", 5, "whose id is there");
    is_int(store_blocks(&st, NGX_MQTT_KIND_USER), 2, "two users");

    store_close(&a, 0);
    test_user_is("alice", "d b a ", "one is offline");

    store_close(&d, 0);
    test_user_is("alice", "b a ", "one ends with its connection");
    store_check(&st, "before it is taken apart");
    test_user_rebuild();
    store_run(st.w);

    (void) store_connect(&a, st.w, "a", &bob);
    ok(strlen(test_user_list("h", "alice")) == 4, "resumed by another one");
    test_user_is("bob", "c ", "who gets nothing");
    store_close(&a, 0);

    (void) store_connect(&a, st.w, "a", &(store_connect_t) {
        .clean = 1, .expiry = 100, .user = "bob"
    });
    test_user_is("alice", "b ", "a clean start");
    test_user_is("bob", "a c ", "by another one");
    store_check(&st, "a clean start");

    store_close(&a, 0);
    store_close(&b, 0);
    store_close(&c, 0);
    store_time(st.w, 200000);
    test_user_is("alice", "", "expired");
    test_user_is("bob", "", "expired");
    store_check(&st, "expired");

    store_close(&e, 0);
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_user_hubs(void)
{
    store_client_t  a, b;

    (void) store_connect(&a, st.w, "a", &alice);
    (void) store_connect(&b, st.w, "a", &(store_connect_t) {
        .hub = "x", .user = "alice"
    });

    test_user_is("alice", "a ", "in one hub");
    ok(strcmp(test_user_list("x", "alice"), "a ") == 0, "in the other");
    ok(test_user_find("h", "alice") != test_user_find("x", "alice"),
       "two users");
    test_user_rebuild();

    store_close(&b, 0);
    store_run(st.w);
    ok(test_user_find("x", "alice") == NULL, "only one is left");
    test_user_is("alice", "a ", "in its hub");

    store_close(&a, 0);
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


static void
test_user_sizes(void)
{
    char                  id[NGX_MQTT_USER_ID_MAX + 2];
    ngx_uint_t            i;
    store_client_t        c;
    store_connect_t       conn;

    static const size_t  sizes[] = { 1, 16, 17, NGX_MQTT_USER_ID_MAX };

    ngx_memzero(&conn, sizeof(store_connect_t));
    ngx_memzero(id, sizeof(id));
    conn.expiry = 100;
    conn.user = id;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        ngx_memset(id, 'u', sizes[i]);

        is_int(store_connect(&c, st.w, "c", &conn), 0, "%lu bytes",
               (unsigned long) sizes[i]);
        ok(test_user_find("h", id) == store_session(&st, "c")->user,
           "are found");
        store_close(&c, 0);
        test_user_rebuild();
        ok(strcmp(test_user_list("h", id), "c ") == 0, "and again");
        store_time(st.w, 200000);
    }

    id[NGX_MQTT_USER_ID_MAX] = 'u';
    is_int(store_connect(&c, st.w, "c", &conn), NGX_MQTT_QUOTA_EXCEEDED,
           "another byte");
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


/* The index grows and shrinks; a rebuild makes the same of it. */

static void
test_user_many(void)
{
    char             id[16], user[16];
    ngx_uint_t       i, k, wrong;
    store_client_t   c;
    store_connect_t  conn;

    ngx_memzero(&conn, sizeof(store_connect_t));
    conn.expiry = 100;
    conn.user = user;

    for (i = 0; i < TEST_USER_MANY; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        sprintf(user, "u%lu", (unsigned long) i % (TEST_USER_MANY / 2));
        (void) store_connect(&c, st.w, id, &conn);
        store_close(&c, 0);
    }

    is_int(store_blocks(&st, NGX_MQTT_KIND_USER), TEST_USER_MANY / 2,
           "many users of two sessions");
    is_int(st.zone.root->users.count, TEST_USER_MANY / 2, "all are found");

    for (k = 0; k < 2; k++) {
        wrong = 0;

        for (i = 0; i < TEST_USER_MANY; i++) {
            sprintf(id, "c%lu", (unsigned long) i);
            sprintf(user, "u%lu", (unsigned long) i % (TEST_USER_MANY / 2));

            if (test_user_find("h", user) != store_session(&st, id)->user
                || test_user_find("h", user)->count != 2)
            {
                wrong++;
            }
        }

        is_int(wrong, 0, "each has its user");
        test_user_rebuild();
    }

    store_time(st.w, 200000);
    is_int(st.zone.root->users.count, 0, "none is left");
    is_int(store_used(&st), 0, "nothing is left");
}


/* Whoever stands on a session without the lock gets to all that stay. */

static void
test_user_walk(void)
{
    char                 id[2] = "a";
    ngx_uint_t           i;
    store_client_t       c[6];
    ngx_mqtt_worker_t   *other;
    ngx_mqtt_session_t  *s;

    for (i = 0; i < 6; i++) {
        id[0] = (char) ('a' + i);
        (void) store_connect(&c[i], st.w, id, &brief);
    }

    test_user_is("alice", "f e d c b a ", "six");

    other = store_worker(&st);
    store_lock(&st);
    ngx_mqtt_slot_enter_locked(st.w);
    s = store_session(&st, "e");
    store_unlock(&st);

    /* the one it stands on, the next two, and one behind these */

    for (i = 4; i > 0; i--) {
        if (i != 1) {
            store_close(&c[i], 0);
        }
    }

    store_close(&c[0], 0);
    store_run(other);
    test_user_is("alice", "f b ", "four leave");
    store_check(&st, "with a walker");

    for (i = 0; s->state != NGX_MQTT_STATE_LIVE; i++) {
        s = s->user_next;
    }

    is_int(i, 3, "three have ended");
    ok(s == store_session(&st, "b"), "the next one");

    store_close(&c[1], 0);
    store_close(&c[5], 0);
    store_run(other);
    test_user_is("alice", "", "all leave");
    store_check(&st, "the user is retired");

    while (s && s->state != NGX_MQTT_STATE_LIVE) {
        s = s->user_next;
    }

    ok(s == NULL, "the end");

    /* meanwhile a new one with the same id */

    (void) store_connect(&c[0], st.w, "a", &brief);
    test_user_is("alice", "a ", "again");
    store_check(&st, "again");

    store_lock(&st);
    ngx_mqtt_slot_leave_locked(st.w);
    store_unlock(&st);

    test_user_is("alice", "a ", "behind the walk");

    store_close(&c[0], 0);
    store_time(st.w, 1000);
    store_time(st.w, 1000);
    is_int(store_used(&st), 0, "nothing is left");

    ngx_mqtt_worker_destroy(other);
}


/* What allocation number k is refused to a session of this user. */

static ngx_uint_t
test_user_refused(const store_connect_t *conn, ngx_uint_t k)
{
    ngx_uint_t      reason;
    store_client_t  c;

    st.zone.root->blocks.fail_at = k;
    reason = store_connect(&c, st.w, "n", conn);
    st.zone.root->blocks.fail_at = 0;

    if (reason == NGX_MQTT_SUCCESS) {
        store_close(&c, 0);
    }

    store_run(st.w);

    return reason;
}


static void
test_user_no_room(void)
{
    ngx_uint_t        k, n, first;
    store_client_t    c;

    (void) store_connect(&c, st.w, "a", &alice);

    /* profile, connection, user, session; the user is there the second time */

    for (first = 1; first < 3; first++) {
        n = 0;

        for (k = 1; k < 10; k++) {
            n += (test_user_refused(first == 1 ? &bob : &brief, k)
                  == NGX_MQTT_QUOTA_EXCEEDED);

            test_user_is("alice", "a ", "no room");
            ok(first == 2 || n == k || test_user_find("h", "bob"),
               "refused, or there");
            store_check(&st, "no room");
            store_time(st.w, 200000);
        }

        is_int(n, first == 1 ? 4 : 3, "allocations of a session of a user");
    }

    store_close(&c, 0);
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


void
test_user(void)
{
    store_create(&st, 4 * 1024 * 1024);

    test_user_life();
    test_user_hubs();
    test_user_sizes();
    test_user_many();
    test_user_walk();
    test_user_no_room();

    store_destroy(&st);
}
