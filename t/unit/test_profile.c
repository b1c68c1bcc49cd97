
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_auth.h>
#include "store.h"


static store_t  st;

static const store_connect_t  lasting = { .expiry = 100 };

static const store_connect_t  known = {
    .expiry = 100, .identity = "t:alice", .user = "alice",
    .role = "webpubsub.sendToGroups.t/*"
};


static void
test_profile_whose(ngx_mqtt_whose_t *whose, const char *id)
{
    whose->hub = store_str("h");
    whose->client_id = store_str(id);
    whose->serial = 0;
}


static ngx_mqtt_profile_t *
test_profile_read(const char *id)
{
    ngx_mqtt_whose_t  whose;

    test_profile_whose(&whose, id);

    return ngx_mqtt_profile_read(st.w, &whose);
}


static ngx_int_t
test_profile_state(const char *id, u_char *data, size_t len)
{
    ngx_str_t         state;
    ngx_mqtt_whose_t  whose;

    test_profile_whose(&whose, id);
    state.data = data;
    state.len = len;

    return ngx_mqtt_profile_set_state(st.w, &whose, &state);
}


static ngx_int_t
test_profile_roles(const char *id, const char *role)
{
    ngx_str_t            str;
    ngx_mqtt_whose_t     whose;
    ngx_mqtt_profile_t   p;

    test_profile_whose(&whose, id);
    str = store_str(role);

    ngx_memzero(&p, sizeof(ngx_mqtt_profile_t));
    p.roles = &str;
    p.nroles = 1;

    return ngx_mqtt_profile_change(st.w, &whose, NGX_MQTT_PROFILE_ROLES, &p);
}


static void
test_profile_life(void)
{
    uint64_t             connection;
    store_client_t       c, d;
    ngx_mqtt_session_t  *s;
    ngx_mqtt_profile_t  *p;

    (void) store_connect(&c, st.w, "c", &known);
    s = store_session(&st, "c");
    ok(s->profile != NULL, "a session with a user has a profile");
    store_check(&st, "a profile");

    p = test_profile_read("c");
    is_str(&p->user_id, "alice", "its user");
    is_int(p->nroles, 1, "its roles");
    is_str(&p->roles[0], "webpubsub.sendToGroups.t/*", "one");
    is_int(p->state.len, 0, "no state");
    is_int(p->serial, s->serial, "which session");
    is_int(p->serial, c.cl.serial, "the client knows it");
    ngx_free(p);

    is_int(test_profile_state("c", (u_char *) "one", 3), NGX_OK, "a state");
    p = test_profile_read("c");
    is_str(&p->state, "one", "is set");
    is_str(&p->user_id, "alice", "the rest stays");
    is_int(p->nroles, 1, "all of it");
    ngx_free(p);
    store_check(&st, "a state");

    /* resumed: it stays, whatever the principal is given now */

    store_close(&c, 0);
    connection = s->connection;

    (void) store_connect(&d, st.w, "c", &(store_connect_t) {
        .expiry = 100, .identity = "t:alice", .user = "bob",
        .role = "webpubsub.sendToGroup.x", .group = "g"
    });
    ok(store_session(&st, "c") == s, "resumed");
    is_int(s->nsubs, 0, "groups are for a new session");
    is_int(s->connection, d.cl.connection, "another connection");
    ok(connection == c.cl.connection, "than before");
    ok(d.cl.attach->changed, "its rights are to be compiled");
    ok(st.w->slot->draft == NULL, "what it brought is gone");

    p = test_profile_read("c");
    is_str(&p->user_id, "alice", "the user of a resumed session");
    is_str(&p->state, "one", "its state");
    is_str(&p->roles[0], "webpubsub.sendToGroups.t/*", "its roles");
    ngx_free(p);
    store_close(&d, 0);

    (void) store_connect(&d, st.w, "c", &(store_connect_t) {
        .clean = 1, .expiry = 100, .identity = "t:alice", .user = "alice2"
    });
    p = test_profile_read("c");
    is_str(&p->user_id, "alice2", "a new session has its own");
    is_int(p->state.len, 0, "no state");
    ngx_free(p);

    store_close(&d, 0);
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
    is_int(test_profile_state("c", (u_char *) "x", 1), NGX_DECLINED,
           "no session, no state");
    ok(test_profile_read("c") == NULL, "nor a profile");
}


static void
test_profile_sizes(void)
{
    u_char              *text;
    store_client_t       c;
    ngx_uint_t           i, bad;
    ngx_mqtt_whose_t     whose;
    ngx_mqtt_profile_t  *p;

    static const size_t  sizes[] = {
        0, 1, 1900, 1992, 2000, 2040, 4080, 100000, 250000
    };

    text = malloc(300000);

    for (i = 0; i < 300000; i++) {
        text[i] = (u_char) (i * 7 + i / 251);
    }

    (void) store_connect(&c, st.w, "c", &lasting);
    ok(store_session(&st, "c")->profile == NULL, "nobody in particular");

    p = test_profile_read("c");
    is_int(p->user_id.len + p->state.len + p->nroles, 0, "all is empty");
    ngx_free(p);

    bad = 0;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bad += (test_profile_state("c", text, sizes[i]) != NGX_OK);

        p = test_profile_read("c");
        bad += (p->state.len != sizes[i]
                || (sizes[i]
                    && memcmp(p->state.data, text, sizes[i]) != 0));
        ngx_free(p);

        bad += store_errors(&st, "sizes");
    }

    is_int(bad, 0, "states of any length");

    is_int(test_profile_state("c", text, 300000), NGX_DECLINED, "too large");
    p = test_profile_read("c");
    is_int(p->state.len, 250000, "changes nothing");
    ngx_free(p);

    is_int(test_profile_state("c", NULL, 0), NGX_OK, "none again");
    ok(store_session(&st, "c")->profile == NULL, "takes no memory");

    ngx_mqtt_profile_whose(&c.cl, &whose);
    whose.serial++;
    ok(ngx_mqtt_profile_read(st.w, &whose) == NULL, "another session");

    store_close(&c, 0);
    store_time(st.w, 200000);
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
    free(text);
}


static void
test_profile_rights(void)
{
    ngx_str_t           t, u;
    store_client_t      c;
    ngx_mqtt_filter_t   f;

    t = store_str("t/1");
    u = store_str("u/1");

    (void) ngx_mqtt_filter_parse(&u, &f);

    (void) store_connect(&c, st.w, "c", &lasting);
    is_int(ngx_mqtt_auth_publish(&c.cl, &t), NGX_DECLINED, "no roles");
    is_int(ngx_mqtt_auth_subscribe(&c.cl, &f), NGX_DECLINED, "at all");

    is_int(test_profile_roles("c", "webpubsub.sendToGroups.t/*"), NGX_OK,
           "a role is given");
    is_int(ngx_mqtt_auth_publish(&c.cl, &t), NGX_OK, "and holds at once");
    is_int(ngx_mqtt_auth_publish(&c.cl, &t), NGX_OK, "again");
    is_int(ngx_mqtt_auth_publish(&c.cl, &u), NGX_DECLINED, "for no other");
    is_int(ngx_mqtt_auth_publish(&c.cl, &u), NGX_DECLINED, "again");
    is_int(ngx_mqtt_auth_subscribe(&c.cl, &f), NGX_DECLINED,
           "nor to subscribe");

    is_int(test_profile_state("c", (u_char *) "x", 1), NGX_OK, "a state");
    ok(!c.cl.attach->changed, "changes no rights");

    is_int(test_profile_roles("c", "webpubsub.joinLeaveGroup.u/1"), NGX_OK,
           "another one");
    is_int(ngx_mqtt_auth_publish(&c.cl, &t), NGX_DECLINED,
           "what was remembered is forgotten");
    is_int(ngx_mqtt_auth_subscribe(&c.cl, &f), NGX_OK, "to subscribe");
    is_int(ngx_mqtt_auth_publish(&c.cl, &u), NGX_DECLINED,
           "the same name, to publish");

    is_int(test_profile_roles("c", "webpubsub.sendToGroup"), NGX_OK, "all");
    is_int(ngx_mqtt_auth_publish(&c.cl, &u), NGX_OK, "any topic");
    ok(c.cl.roles == NGX_MQTT_ROLE_PUBLISH, "by one test");

    is_int(test_profile_roles("c", "webpubsub.sendToGroups.x?"), NGX_OK,
           "less");
    is_int(ngx_mqtt_auth_publish(&c.cl, &u), NGX_DECLINED,
           "what was everything is no more");

    store_close(&c, 0);
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


/* More topics than verdicts are remembered. */

static void
test_profile_verdicts(void)
{
    char            topic[16];
    ngx_str_t       str;
    ngx_uint_t      i, wrong;
    store_client_t  c;

    (void) store_connect(&c, st.w, "c", &lasting);
    (void) test_profile_roles("c", "webpubsub.sendToGroups.*7");

    wrong = 0;

    for (i = 0; i < 3000; i++) {
        sprintf(topic, "t%lu", (unsigned long) (i * 31 % 200));
        str = store_str(topic);
        wrong += ((ngx_mqtt_auth_publish(&c.cl, &str) == NGX_OK)
                  != (i * 31 % 200 % 10 == 7));
    }

    is_int(wrong, 0, "each verdict is that of its topic");

    store_close(&c, 0);
    store_time(st.w, 200000);
}


/* Wills under hub "r", where nobody has a role but his own. */

static void
test_profile_wills(void)
{
    ngx_uint_t      i;
    store_client_t  c, witness;

    static const struct {
        const char  *hub;
        const char  *role;
        ngx_uint_t   sent;
        const char  *what;
    } cases[] = {
        { "r", "webpubsub.sendToGroup.t/w", 1, "by a role" },
        { "r", "webpubsub.sendToGroups.**", 1, "by a role for all" },
        { "r", "webpubsub.sendToGroup.t", 0, "by no role" },
        { "r", NULL, 0, "without any" },
        { "x", NULL, 1, "of a hub that is not configured any more" },
        { NULL, NULL, 0, NULL }
    };

    for (i = 0; cases[i].hub; i++) {
        (void) store_connect(&witness, st.w, "w", &(store_connect_t) {
            .clean = 1, .hub = cases[i].hub, .role = "webpubsub.x"
        });
        (void) store_subscribe(&witness, "#", 1, 0);

        (void) store_connect(&c, st.w, "c", &(store_connect_t) {
            .clean = 1, .hub = cases[i].hub, .role = cases[i].role,
            .will = "t/w"
        });
        store_close(&c, 0);
        store_run(st.w);
        is_int(witness.ngot, cases[i].sent, "a will %s", cases[i].what);
        store_check(&st, "a will");

        /* the same, later, by somebody else */

        (void) store_connect(&c, st.w, "c", &(store_connect_t) {
            .clean = 1, .expiry = 100, .hub = cases[i].hub,
            .role = cases[i].role, .will = "t/w", .will_delay = 10
        });
        store_close(&c, 0);
        store_time(st.w, 11000);
        is_int(witness.ngot, 2 * cases[i].sent, "a delayed will %s",
               cases[i].what);
        store_time(st.w, 200000);
        store_close(&witness, 1);
        store_run(st.w);
        is_int(store_used(&st), 0, "nothing is left");
    }
}


static void
test_profile_groups(void)
{
    char                   names[3][8] = { "a/b", "a/+", "$share/" };
    ngx_uint_t             i, reason;
    store_client_t         c, d;
    ngx_mqtt_session_t    *s;

    static const store_connect_t  one = {
        .expiry = 100, .group = "g.1/x", .role = "webpubsub.nothing"
    };

    is_int(store_connect(&c, st.w, "c", &one), 0, "into a group");
    s = store_session(&st, "c");
    is_int(s->nsubs, 1, "one subscription");
    is_int(s->expiry, 100, "the session lasts");
    (void) store_publish(st.w, NULL, "g.1/x", "m", 0, 2, 0, 0);
    store_run(st.w);
    is_int(c.ngot, 1, "it gets the messages");
    is_int(c.got[0].qos, 1, "of QoS 1 at most");
    store_close(&c, 0);
    store_time(st.w, 200000);

    for (i = 0; i < 3; i++) {
        is_int(store_connect(&c, st.w, "c", &(store_connect_t) {
                   .expiry = 100, .group = names[i]
               }), 0, "group \"%s\"", names[i]);
        is_int(store_session(&st, "c")->nsubs, i == 0,
               "a name that is no topic is none");
        store_close(&c, 0);
        store_time(st.w, 200000);
    }

    /* refused: no session is left behind */


    (void) store_connect(&d, st.w, "d", &(store_connect_t) { .clean = 1 });
    (void) store_subscribe(&d, "x", 1, 0);

    st.zone.root->blocks.fail_at = 4;
    reason = store_connect(&c, st.w, "c", &one);
    st.zone.root->blocks.fail_at = 0;

    is_int(reason, NGX_MQTT_QUOTA_EXCEEDED, "no room");
    store_run(st.w);
    ok(store_session(&st, "c") == NULL, "no session");
    store_check(&st, "refused");
    store_close(&d, 0);
    store_time(st.w, 200000);
    is_int(store_used(&st), 0, "nothing is left");
}


void
test_profile(void)
{
    store_create(&st, 4 * 1024 * 1024);

    test_profile_life();
    test_profile_sizes();
    test_profile_rights();
    test_profile_verdicts();
    test_profile_wills();
    test_profile_groups();

    store_destroy(&st);
}
