
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_auth.h>
#include <ngx_mqtt_permission.h>
#include "store.h"


static store_t              st;
static ngx_mqtt_hub_conf_t  conf;
static store_client_t       c;

static const store_connect_t  known = {
    .expiry = 100, .identity = "t:alice", .user = "alice",
    .role = "webpubsub.sendToGroups.t/*"
};

static const store_connect_t  anew = { .clean = 1, .identity = "t:alice" };

#define PUB  NGX_MQTT_ROLE_PUBLISH
#define SUB  NGX_MQTT_ROLE_SUBSCRIBE


/* '+' grants, '-' revokes, '?' asks; "group" is empty for all */

static ngx_int_t
test_permission_do(char what, ngx_uint_t kind, const char *group)
{
    ngx_mqtt_permission_t  p;

    p.whose.hub = store_str("h");
    p.whose.client_id = store_str("c");
    p.whose.serial = 0;
    p.conf = &conf;
    p.kind = kind;
    p.group = store_str(group);

    switch (what) {

    case '+':
        return ngx_mqtt_permission_grant(st.w, &p);

    case '-':
        return ngx_mqtt_permission_revoke(st.w, &p);

    default:
        return ngx_mqtt_permission_check(st.w, &p);
    }
}


static ngx_uint_t
test_permission_may(ngx_uint_t kind, const char *group)
{
    return test_permission_do('?', kind, group) == NGX_OK;
}


/* What the client itself finds. */

static ngx_uint_t
test_permission_publish(const char *topic)
{
    ngx_str_t  str;

    str = store_str(topic);

    return ngx_mqtt_auth_publish(&c.cl, &str) == NGX_OK;
}


static ngx_uint_t
test_permission_subscribe(const char *full)
{
    ngx_str_t          str;
    ngx_mqtt_filter_t  filter;

    str = store_str(full);

    return ngx_mqtt_filter_parse(&str, &filter) == NGX_OK
           && ngx_mqtt_auth_subscribe(&c.cl, &filter) == NGX_OK;
}


static ngx_uint_t
test_permission_count(void)
{
    ngx_uint_t           n;
    ngx_mqtt_whose_t     whose;
    ngx_mqtt_profile_t  *p;

    ngx_mqtt_profile_whose(&c.cl, &whose);

    p = ngx_mqtt_profile_read(st.w, &whose);
    n = p->nroles;
    ngx_free(p);

    return n;
}


static void
test_permission_changes(void)
{
    ngx_str_t         roles[2];
    ngx_mqtt_whose_t  whose;

    is_int(test_permission_do('+', PUB, "a"), NGX_DECLINED, "no session");
    is_int(test_permission_do('-', PUB, "a"), NGX_DECLINED, "for both");
    is_int(test_permission_do('?', PUB, "a"), NGX_DECLINED, "for all");

    (void) store_connect(&c, st.w, "c", &known);
    c.cl.conf = &conf;

    ok(test_permission_may(PUB, "t/1"), "by its token");
    ok(!test_permission_may(PUB, "u"), "no other");
    ok(!test_permission_may(PUB, ""), "not all");
    ok(!test_permission_may(SUB, "t/1"), "nor the other kind");

    is_int(test_permission_do('+', PUB, "u"), NGX_OK, "a grant");
    is_int(test_permission_do('+', PUB, "u"), NGX_OK, "twice");
    is_int(test_permission_count(), 2, "is one");
    ok(test_permission_may(PUB, "u"), "counts");
    ok(test_permission_publish("u"), "for the client, too");
    is_int(test_permission_do('-', PUB, "u"), NGX_OK, "revoked");
    is_int(test_permission_count(), 1, "is as it was");
    ok(!test_permission_publish("u"), "for the client, too");

    is_int(test_permission_do('-', PUB, "t/1"), NGX_OK, "the token's");
    ok(!test_permission_publish("t/1"), "is revoked");
    ok(test_permission_publish("t/2"), "for one");
    is_int(test_permission_do('-', PUB, "never"), NGX_OK, "what was not there");
    is_int(test_permission_count(), 2, "takes no room");

    is_int(test_permission_do('+', PUB, "u"), NGX_OK, "a grant");

    roles[0] = store_str("webpubsub.sendToGroup.t/1");
    roles[1] = store_str("webpubsub.joinLeaveGroup");
    ngx_mqtt_profile_whose(&c.cl, &whose);
    is_int(ngx_mqtt_permission_renew(st.w, &whose, roles, 2), NGX_OK,
           "another token");
    ok(!test_permission_publish("t/1"), "revoked is revoked");
    ok(!test_permission_publish("t/2"), "the old one's roles are gone");
    ok(test_permission_publish("u"), "granted is granted");
    ok(test_permission_subscribe("#"), "the new one's are there");

    is_int(test_permission_do('+', PUB, ""), NGX_OK, "all");
    ok(test_permission_publish("t/1"), "means all");
    ok(test_permission_may(PUB, ""), "it does");
    is_int(test_permission_count(), 3, "the rest is over");
    is_int(test_permission_do('-', PUB, "t/1"), NGX_OK, "but for one");
    ok(!test_permission_may(PUB, ""), "is not all");

    is_int(test_permission_do('-', SUB, "x/y"), NGX_OK, "one to subscribe");
    ok(!test_permission_subscribe("x/y"), "is revoked");
    ok(!test_permission_subscribe("x/+"), "for filters, too");
    ok(!test_permission_subscribe("$share/s/#"), "for shared ones");
    ok(test_permission_subscribe("x/y/+"), "but others");
    is_int(test_permission_do('-', SUB, ""), NGX_OK, "all");
    ok(!test_permission_subscribe("a"), "in spite of the token");
    is_int(test_permission_do('+', SUB, "a"), NGX_OK, "but for one");
    ok(test_permission_subscribe("a"), "that is granted");
    ok(!test_permission_subscribe("b"), "alone");

    is_int(ngx_mqtt_permission_renew(st.w, &whose, NULL, 0), NGX_OK,
           "no token's roles");
    ok(test_permission_subscribe("a"), "and still");
    ok(test_permission_publish("b"), "both");

    store_check(&st, "permissions");
    store_close(&c, 0);
}


static void
test_permission_hub(void)
{
    ngx_str_t           roles[2];
    ngx_mqtt_rights_t  *rights;

    roles[0] = store_str("webpubsub.sendToGroup");
    roles[1] = store_str("webpubsub.joinLeaveGroup.g");
    rights = ngx_mqtt_rights_create(roles, 2, NULL, &test_log);
    conf.default_roles = rights;

    (void) store_connect(&c, st.w, "c", &anew);
    c.cl.conf = &conf;

    ok(test_permission_may(PUB, ""), "the hub's");
    ok(test_permission_may(SUB, "g"), "of both kinds");

    is_int(test_permission_do('-', PUB, "x"), NGX_OK, "one of them");
    ok(!test_permission_publish("x"), "is revoked");
    ok(test_permission_publish("y"), "no other");
    is_int(test_permission_do('-', SUB, ""), NGX_OK, "all");
    ok(!test_permission_subscribe("g"), "are revoked");
    is_int(test_permission_do('-', PUB, ""), NGX_OK, "all");
    ok(!test_permission_publish("y"), "of the other kind, too");
    is_int(test_permission_do('+', PUB, ""), NGX_OK, "granted");
    ok(test_permission_publish("x"), "again");

    store_close(&c, 0);
    store_time(st.w, 200000);

    conf.default_roles = NULL;
    ngx_free(rights);
}


static void
test_permission_limits(void)
{
    char        name[256];
    ngx_int_t   rc;
    ngx_uint_t  i;

    (void) store_connect(&c, st.w, "c", &anew);
    c.cl.conf = &conf;

    rc = NGX_OK;

    for (i = 0; i < 1000 && rc == NGX_OK; i++) {
        sprintf(name, "g%lu", (unsigned long) i);
        rc = test_permission_do('+', PUB, name);
    }

    is_int(rc, NGX_OK, "as many as may be");
    is_int(test_permission_do('+', PUB, "more"), NGX_BUSY, "one more");
    is_int(test_permission_do('+', PUB, "g0"), NGX_OK, "an old one");
    is_int(test_permission_do('+', SUB, "more"), NGX_OK, "another kind");
    is_int(test_permission_count(), 1001, "are there");

    is_int(test_permission_do('+', PUB, ""), NGX_OK, "all");
    is_int(test_permission_count(), 2, "is one");

    memset(name, 'x', 255);
    name[255] = '\0';

    for (i = 0; i < 1000 && rc == NGX_OK; i++) {
        sprintf(name, "%03lu", (unsigned long) i);
        name[3] = 'x';
        rc = test_permission_do('-', PUB, name);
    }

    is_int(rc, NGX_BUSY, "too large for a profile");
    ok(i > 900 && i < 1000, "in the end");
    store_check(&st, "limits");

    st.zone.root->blocks.fail_at = 1;
    is_int(test_permission_do('+', SUB, "full"), NGX_ERROR, "no room");
    st.zone.root->blocks.fail_at = 0;
    ok(!test_permission_may(SUB, "full"), "changes nothing");

    store_close(&c, 0);
    store_time(st.w, 400000);
    store_run(st.w);
    is_int(store_used(&st), 0, "nothing is left");
}


void
test_permission(void)
{
    store_create(&st, 4 * 1024 * 1024);

    test_permission_changes();
    test_permission_hub();
    test_permission_limits();

    store_destroy(&st);
}
