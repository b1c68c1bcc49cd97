
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_mqtt_role.h>
#include "test.h"


static ngx_str_t
test_role_str(const char *s)
{
    ngx_str_t  str;

    str.data = (u_char *) s;
    str.len = strlen(s);

    return str;
}


static void
test_role_forms(void)
{
    ngx_int_t        rc;
    ngx_str_t        text;
    ngx_uint_t       i;
    ngx_mqtt_role_t  role;

    static const struct {
        const char       *text;
        ngx_int_t         rc;
        ngx_uint_t        kind;
        ngx_mqtt_role_e   form;
        const char       *name;
    } cases[] = {
        { "webpubsub.joinLeaveGroup", NGX_OK, NGX_MQTT_ROLE_SUBSCRIBE,
          NGX_MQTT_ROLE_ALL, "" },
        { "webpubsub.sendToGroup", NGX_OK, NGX_MQTT_ROLE_PUBLISH,
          NGX_MQTT_ROLE_ALL, "" },
        { "webpubsub.joinLeaveGroup.a/b.c*", NGX_OK, NGX_MQTT_ROLE_SUBSCRIBE,
          NGX_MQTT_ROLE_LITERAL, "a/b.c*" },
        { "webpubsub.sendToGroup..", NGX_OK, NGX_MQTT_ROLE_PUBLISH,
          NGX_MQTT_ROLE_LITERAL, "." },
        { "webpubsub.joinLeaveGroups.a*", NGX_OK, NGX_MQTT_ROLE_SUBSCRIBE,
          NGX_MQTT_ROLE_PATTERN, "a*" },
        { "webpubsub.sendToGroups.x", NGX_OK, NGX_MQTT_ROLE_PUBLISH,
          NGX_MQTT_ROLE_PATTERN, "x" },
        { "webpubsub.sendToGroups.**", NGX_OK, NGX_MQTT_ROLE_PUBLISH,
          NGX_MQTT_ROLE_ALL, "**" },
        { "webpubsub.sendToGroups.*****", NGX_OK, NGX_MQTT_ROLE_PUBLISH,
          NGX_MQTT_ROLE_ALL, "*****" },
        { "", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub", NGX_DECLINED, 0, 0, NULL },
        { "Webpubsub.sendToGroup", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.sendtogroup", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.sendToGroups", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.sendToGroupX.a", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.sendToGroupsX.a", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.sendToGroup ", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.getGroupState.a", NGX_DECLINED, 0, 0, NULL },
        { "webpubsub.sendToGroup.", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.a\\", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.a\\.b", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.a\xff", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.******", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.*.*.*.*.*.*", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.???.???", NGX_ERROR, 0, 0, NULL },
        { "webpubsub.sendToGroups.*?*?**", NGX_OK, NGX_MQTT_ROLE_PUBLISH,
          NGX_MQTT_ROLE_PATTERN, "*?*?**" },
        { "webpubsub.sendToGroups.*?*?*?", NGX_ERROR, 0, 0, NULL },
        { NULL, 0, 0, 0, NULL }
    };

    for (i = 0; cases[i].text; i++) {
        text = test_role_str(cases[i].text);
        rc = ngx_mqtt_role_parse(&text, &role);

        if (is_int(rc, cases[i].rc, "role \"%s\"", cases[i].text)
            && rc == NGX_OK)
        {
            is_int(role.kind, cases[i].kind, "its kind");
            is_int(role.form, cases[i].form, "its form");
            is_str(&role.name, cases[i].name, "its name");
        }
    }
}


static ngx_mqtt_rights_t *
test_role_rights(const char **roles)
{
    ngx_str_t   list[16];
    ngx_uint_t  n;

    for (n = 0; roles[n]; n++) {
        list[n] = test_role_str(roles[n]);
    }

    return ngx_mqtt_rights_create(list, n, NULL, &test_log);
}


static ngx_uint_t
test_role_publish(ngx_mqtt_rights_t *rights, const char *topic)
{
    ngx_str_t  str;

    str = test_role_str(topic);

    return ngx_mqtt_rights_publish(rights, NULL, &str);
}


static ngx_uint_t
test_role_subscribe(ngx_mqtt_rights_t *rights, const char *full)
{
    ngx_str_t          str;
    ngx_mqtt_filter_t  filter;

    str = test_role_str(full);

    return ngx_mqtt_filter_parse(&str, &filter) == NGX_OK
           && ngx_mqtt_rights_subscribe(rights, NULL, &filter);
}


static void
test_role_verdicts(void)
{
    ngx_mqtt_rights_t  *rights;

    static const char  *none[] = { "webpubsub.x", "sendToGroup", NULL };
    static const char  *all[] = {
        "webpubsub.joinLeaveGroup", "webpubsub.sendToGroups.**", NULL
    };
    static const char  *some[] = {
        "webpubsub.joinLeaveGroup.a/+", "webpubsub.joinLeaveGroup.b/c",
        "webpubsub.joinLeaveGroup.*", "webpubsub.joinLeaveGroups.p/**",
        "webpubsub.joinLeaveGroups.q\\*",
        "webpubsub.sendToGroup.b/c", "webpubsub.sendToGroup.b/c",
        "webpubsub.sendToGroups.s?.*", NULL
    };

    rights = test_role_rights(none);
    is_int(rights->all, 0, "no roles: nothing");
    ok(!test_role_publish(rights, "a"), "no publishing");
    ok(!test_role_subscribe(rights, "a"), "no subscribing");
    is_int(rights->ignored, 0, "what is no role is not counted");
    ngx_free(rights);

    rights = test_role_rights(all);
    is_int(rights->all, NGX_MQTT_ROLE_SUBSCRIBE|NGX_MQTT_ROLE_PUBLISH,
           "everything");
    ok(test_role_publish(rights, "a.b/c"), "any topic");
    ok(test_role_subscribe(rights, "#"), "any filter");
    ok(test_role_subscribe(rights, "$share/g/+/x"), "any shared filter");
    ngx_free(rights);

    rights = test_role_rights(some);
    is_int(rights->all, 0, "some topics are not all");
    ok(test_role_subscribe(rights, "b/c"), "a literal");
    ok(test_role_subscribe(rights, "$share/g/b/c"), "a literal, shared");
    ok(!test_role_subscribe(rights, "a/+"), "a literal is no filter");
    ok(!test_role_subscribe(rights, "$share/g/a/+"), "nor a shared one");
    ok(!test_role_subscribe(rights, "a/b"), "nor is it matched as one");
    ok(test_role_subscribe(rights, "*"), "a literal \"*\"");
    ok(!test_role_subscribe(rights, "x"), "is no pattern");
    ok(test_role_subscribe(rights, "p/#") == 0, "p/# has p");
    ok(test_role_subscribe(rights, "p/+/#"), "p/+/# is covered");
    ok(test_role_subscribe(rights, "p/x.y/z"), "a topic of a pattern");
    ok(test_role_subscribe(rights, "q*"), "a pattern that is a literal");
    ok(!test_role_subscribe(rights, "qx"), "and nothing else");
    ok(test_role_publish(rights, "b/c"), "to publish");
    ok(!test_role_publish(rights, "b/d"), "nowhere else");
    ok(!test_role_publish(rights, "p/x"), "kinds are apart");
    ok(test_role_publish(rights, "s\xc3\xa9.x/y"), "? is one character");
    ok(!test_role_publish(rights, "s.x/y"), "not none");
    ok(!test_role_publish(rights, "sab.x/y"), "not two");
    ok(!test_role_publish(rights, "sa.x.y"), "* ends at a dot");
    is_int(rights->sets[1].literals.n, 1, "the same role is one");
    ngx_free(rights);
}


static void
test_role_limits(void)
{
    char                buf[1100][48], *pattern;
    ngx_str_t           list[1100], text;
    ngx_uint_t          i, n;
    ngx_mqtt_role_t     role;
    ngx_mqtt_rights_t  *rights;

    for (i = 0; i < 1050; i++) {
        sprintf(buf[i], "webpubsub.sendToGroup.g%lu", (unsigned long) i);
        list[i] = test_role_str(buf[i]);
    }

    for ( /* void */ ; i < 1062; i++) {
        sprintf(buf[i], "webpubsub.sendToGroups.p%lu/*", (unsigned long) i);
        list[i] = test_role_str(buf[i]);
    }

    rights = ngx_mqtt_rights_create(list, i, NULL, &test_log);

    is_int(rights->sets[1].literals.n, 1000, "as many literals as there may");
    is_int(rights->sets[1].npatterns, 10, "as many patterns");
    is_int(rights->ignored, 52, "the rest is counted");
    ok(test_role_publish(rights, "g999"), "the last literal");
    ok(!test_role_publish(rights, "g1000"), "one too many");
    ok(test_role_publish(rights, "p1059/x"), "the last pattern");
    ok(!test_role_publish(rights, "p1060/x"), "one too many");

    n = 0;

    for (i = 0; i < 1000; i++) {
        text.data = (u_char *) buf[i] + 22;
        text.len = list[i].len - 22;
        n += ngx_mqtt_rights_publish(rights, NULL, &text);
    }

    is_int(n, 1000, "each literal is found");
    ngx_free(rights);

    for (i = 1024; i <= 1025; i++) {
        pattern = malloc(i + 24);
        memcpy(pattern, "webpubsub.sendToGroups.", 23);
        memset(pattern + 23, 'x', i);

        text.data = (u_char *) pattern;
        text.len = i + 23;

        is_int(ngx_mqtt_role_parse(&text, &role),
               i == 1024 ? NGX_OK : NGX_ERROR, "a pattern of %lu bytes",
               (unsigned long) i);
        free(pattern);
    }
}


/* Time must not grow with the square of the topic's length. */

static void
test_role_time(void)
{
    size_t       len;
    clock_t      start;
    u_char       buf[64], *topic;
    ngx_str_t    pattern, compiled, str;
    ngx_uint_t   i, wild;
    const char  *why;

    static const char  *patterns[] = {
        "**a*a*b", "**a*x*b", "**?*?b", "*a*a*a*b", "**a**a*b", "**.*a*b"
    };

    topic = malloc(65535);
    memset(topic, 'a', 65535);

    for (i = 0; i < 65535; i += 13107) {
        topic[i] = '.';
    }

    str.data = topic;
    str.len = 65535;
    start = clock();

    for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        pattern = test_role_str(patterns[i]);
        (void) ngx_mqtt_pattern_compile(&pattern, buf, &len, &wild, &why);
        compiled.data = buf;
        compiled.len = len;
        ok(!ngx_mqtt_pattern_covers(&compiled, &str), "no \"b\" for \"%s\"",
           patterns[i]);
    }

    ok((clock() - start) / CLOCKS_PER_SEC < 1, "in a second");
    free(topic);
}


/* The pattern language, written down once more: as slow as it is plain. */

static ngx_uint_t
test_role_plain(const char *p, const char *s)
{
    if (*p == '\0') {
        return *s == '\0';
    }

    if (p[0] == '*' && p[1] == '*') {
        return test_role_plain(p + 2, s) || (*s && test_role_plain(p, s + 1));
    }

    if (*p == '*') {
        return test_role_plain(p + 1, s)
               || (*s && *s != '.' && test_role_plain(p, s + 1));
    }

    if (*p == '?') {
        return *s && *s != '.' && test_role_plain(p + 1, s + 1);
    }

    if (*p == '\\') {
        p++;
    }

    return *p == *s && test_role_plain(p + 1, s + 1);
}


#define TEST_ROLE_TOPICS  6000

static char        test_role_topics[TEST_ROLE_TOPICS][8];
static ngx_uint_t  test_role_ntopics;


/* All topics of up to 5 characters out of a few. */

static void
test_role_make_topics(const char *chars)
{
    size_t      len, n;
    ngx_uint_t  first, last, i;

    n = strlen(chars);
    first = 0;
    test_role_ntopics = 1;
    test_role_topics[0][0] = '\0';

    for (len = 0; len < 5; len++) {
        last = test_role_ntopics;

        for ( /* void */ ; first < last; first++) {
            for (i = 0; i < n; i++) {
                sprintf(test_role_topics[test_role_ntopics++], "%s%c",
                        test_role_topics[first], chars[i]);
            }
        }
    }
}


static void
test_role_random(char *s, const char **parts, ngx_uint_t nparts,
    ngx_uint_t most, const char *between)
{
    ngx_uint_t  n;

    *s = '\0';

    for (n = 1 + ngx_random() % most; n; n--) {
        strcat(s, parts[ngx_random() % nparts]);

        if (n > 1) {
            strcat(s, between);
        }
    }
}


/*
 * What a filter that was allowed matches is in the pattern; and one that was
 * not has a topic, even a short one, that is not.
 */

static void
test_role_property(void)
{
    size_t              len;
    char                pat[64], fil[64];
    u_char              buf[64];
    ngx_str_t           pattern, compiled, full, topic;
    ngx_uint_t          i, k, covered, matched, outside;
    ngx_uint_t          allowed, wrong, strict, wild;
    const char         *why;
    ngx_mqtt_filter_t   filter;

    static const char  *tokens[] = {
        "a", "b", ".", "/", "/", "?", "*", "**", "**", "\\*"
    };
    static const char  *levels[] = {
        "a", "b", "", ".", "a.b", "+", "+", "#"
    };

    srandom(5);
    test_role_make_topics("ab./");

    allowed = 0;
    wrong = 0;
    strict = 0;

    for (i = 0; i < 40000; i++) {
        test_role_random(pat, tokens, 10, 5, "");
        test_role_random(fil, levels, 8, 3, "/");

        pattern = test_role_str(pat);
        full = test_role_str(fil);

        if (ngx_mqtt_filter_parse(&full, &filter) != NGX_OK
            || ngx_mqtt_pattern_compile(&pattern, buf, &len, &wild, &why)
               != NGX_OK
            || strstr(pat, "***"))
        {
            continue;
        }

        compiled.data = buf;
        compiled.len = len;
        covered = ngx_mqtt_pattern_covers(&compiled, &filter.filter);

        allowed += covered;
        matched = 0;
        outside = 0;

        for (k = 1; k < test_role_ntopics; k++) {
            topic = test_role_str(test_role_topics[k]);

            if (ngx_mqtt_topic_match(&filter.filter, &topic)) {
                matched++;

                if (!test_role_plain(pat, test_role_topics[k])) {
                    outside++;
                    break;
                }
            }
        }

        if (covered && outside) {
            note("pattern \"%s\", filter \"%s\": topic \"%s\"", pat, fil,
                 test_role_topics[k]);
            wrong++;
        }

        /* of longer filters the topics here are too few */

        if (!covered && matched && !outside && full.len <= 3) {
            note("pattern \"%s\", filter \"%s\" was refused", pat, fil);
            strict++;
        }
    }

    is_int(wrong, 0, "no filter sees more than its pattern");
    is_int(strict, 0, "none was refused without need");
    ok(allowed > 1000, "%lu were allowed", (unsigned long) allowed);
}


void
test_role(void)
{
    test_role_forms();
    test_role_verdicts();
    test_role_limits();
    test_role_time();
    test_role_property();
}
