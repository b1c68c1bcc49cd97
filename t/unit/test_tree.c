
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "store.h"


/* Filters against topics, with ngx_mqtt_topic_match() as the judge. */


#define TEST_FILTERS  3000
#define TEST_TOPICS   400


static const char  *test_words[] = {
    "", "a", "b", "c", "dd", "e", "$SYS", "+", "#"
};

static char  test_filters[TEST_FILTERS][128];
static char  test_topics[TEST_TOPICS][128];


static void
test_tree_make(char *text, ngx_uint_t deep, ngx_uint_t topic)
{
    ngx_uint_t  i, n, word;

    *text = '\0';
    n = 1 + random() % 5;

    /* the last levels with nodes, and some below */

    if (deep) {
        n = NGX_MQTT_DEPTH + random() % 5 - 1;
    }

    for (i = 0; i < n; i++) {
        word = random() % (topic ? 7 : 9);

        if (deep && i < NGX_MQTT_DEPTH - 2) {
            word = (topic || random() % 20) ? 1 : 7 + random() % 2;
        }

        if (i) {
            strcat(text, "/");
        }

        if (word == 8 && i + 1 < n) {
            word = 7;
        }

        strcat(text, test_words[word]);
    }

    if (*text == '\0') {
        strcpy(text, "a");
    }
}


/* Nodes found for a topic that hold subscriptions; counts disagreements. */

static ngx_uint_t
test_tree_topic(store_t *st, const char *text, ngx_mqtt_session_t *s)
{
    ngx_int_t          rc;
    ngx_str_t          topic, filter;
    ngx_uint_t         i, found, wanted, budget;
    ngx_mqtt_sub_t    *sub;
    ngx_mqtt_node_t   *node;
    ngx_mqtt_match_t  *match;

    topic = store_str(text);
    match = &st->w->publishing->match;
    budget = 5;

    ngx_mqtt_match_start(&st->zone, s->hub->subs, &topic, match);

    while ((rc = ngx_mqtt_tree_match_locked(&st->zone, match, &budget))
           != NGX_OK)
    {
        if (rc == NGX_AGAIN) {
            ngx_mqtt_match_grow(match, &test_log);
            continue;
        }

        if (budget) {
            note("stopped with %lu of the budget left",
                 (unsigned long) budget);
            return 1;
        }

        budget = 5;
    }

    found = 0;
    wanted = 0;

    for (i = 0; i < match->n; i++) {
        node = match->nodes[i];

        for (sub = node->subs; sub; sub = sub->node_next) {
            filter.data = sub->filter;
            filter.len = sub->len;

            if (ngx_mqtt_node_is_deep(node)
                && !ngx_mqtt_sub_matches_locked(sub, &topic, &budget))
            {
                continue;
            }

            found++;

            if (!ngx_mqtt_topic_match(&filter, &topic)) {
                note("\"%s\" does not match \"%.*s\"", text,
                     (int) filter.len, filter.data);
                return 1;
            }
        }
    }

    for (sub = s->subs; sub; sub = sub->next) {
        filter.data = sub->filter;
        filter.len = sub->len;
        wanted += ngx_mqtt_topic_match(&filter, &topic);
    }

    if (found != wanted) {
        note("\"%s\" matches %lu filters, not %lu", text,
             (unsigned long) wanted, (unsigned long) found);
    }

    return found != wanted;
}


static void
test_tree_random(store_t *st, ngx_uint_t deep)
{
    ngx_uint_t           i, bad, nodes, refused;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    srandom(3);

    (void) store_connect(&c, st->w, "c", NULL);
    s = store_session(st, "c");
    nodes = store_blocks(st, NGX_MQTT_KIND_NODE);
    refused = 0;

    for (i = 0; i < TEST_FILTERS; i++) {
        test_tree_make(test_filters[i], deep, 0);
        refused += (store_subscribe(&c, test_filters[i], 1, 0) != NGX_OK);
    }

    for (i = 0; i < TEST_TOPICS; i++) {
        test_tree_make(test_topics[i], deep, 1);
    }

    is_int(refused, 0, "%u different filters", s->nsubs);
    store_check(st, "a full tree");

    for (i = 0, bad = 0; i < TEST_TOPICS; i++) {
        bad += test_tree_topic(st, test_topics[i], s);
    }

    is_int(bad, 0, "topics match the filters that they should");

    for (i = 0; i < TEST_FILTERS; i += 2) {
        (void) store_unsubscribe(&c, test_filters[i]);
    }

    store_check(st, "half a tree");

    for (i = 0, bad = 0; i < TEST_TOPICS; i++) {
        bad += test_tree_topic(st, test_topics[i], s);
    }

    is_int(bad, 0, "topics match the filters that are left");

    for (i = 0; i < TEST_FILTERS; i++) {
        (void) store_unsubscribe(&c, test_filters[i]);
    }

    is_int(s->nsubs, 0, "no filter is left");
    is_int(store_blocks(st, NGX_MQTT_KIND_NODE), nodes,
           "an empty tree has no nodes");
    store_check(st, "an empty tree");

    store_close(&c, 0);
}


static void
test_tree_table(store_t *st)
{
    ngx_uint_t           i, bad;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    static const char  *filters[] = {
        "#", "+", "+/+", "+/#", "/", "//", "/+", "/#", "+/", "a", "a/", "a/b",
        "a/+", "a/#", "a/+/c", "a/b/#", "+/b", "+/b/+", "a//b", "$SYS",
        "$SYS/#", "$SYS/+", "$share", "$shared/x", "a b", NULL
    };

    static const char  *topics[] = {
        "a", "b", "/", "//", "/a", "a/", "a/b", "a/b/c", "a//b", "a/x/c",
        "$SYS", "$SYS/a", "$SYS/a/b", "$share", "a b", "A", "ab", NULL
    };

    (void) store_connect(&c, st->w, "c", NULL);
    s = store_session(st, "c");

    for (i = 0; filters[i]; i++) {
        (void) store_subscribe(&c, filters[i], 0, 0);
    }

    for (i = 0, bad = 0; topics[i]; i++) {
        bad += test_tree_topic(st, topics[i], s);
    }

    is_int(bad, 0, "a table of filters and topics");
    store_check(st, "a table of filters");

    /* replacing changes what is there */

    i = s->nsubs;
    (void) store_subscribe(&c, "a/b", 2, 9);
    is_int(s->nsubs, i, "the same filter again is no other subscription");

    (void) store_unsubscribe(&c, "a");
    is_int(store_unsubscribe(&c, "a"), NGX_DECLINED, "gone is gone");
    is_int(s->hub->subscriptions, i - 1, "the hub counts them");

    store_close(&c, 0);
    store_run(st->w);
    store_check(st, "a session that took its filters with it");
}


/* The longest topic there can be, and the most levels. */

static void
test_tree_deep(store_t *st)
{
    char                *deep;
    ngx_uint_t           i, nodes;
    store_client_t       c;
    ngx_mqtt_session_t  *s;

    deep = malloc(NGX_MQTT_STRING_MAX + 1);
    memset(deep, 'x', NGX_MQTT_STRING_MAX);
    deep[NGX_MQTT_STRING_MAX] = '\0';

    (void) store_connect(&c, st->w, "c", NULL);
    s = store_session(st, "c");

    is_int(store_subscribe(&c, deep, 1, 0), NGX_OK, "the longest filter");
    is_int(test_tree_topic(st, deep, s), 0, "and its topic");
    store_check(st, "the longest filter");

    (void) store_unsubscribe(&c, deep);
    nodes = store_blocks(st, NGX_MQTT_KIND_NODE);

    for (i = 0; i < 32767; i++) {
        deep[2 * i] = 'x';
        deep[2 * i + 1] = '/';
    }

    deep[2 * i - 1] = '\0';

    is_int(store_subscribe(&c, deep, 1, 0), NGX_OK, "a filter of 32767 levels");
    is_int(test_tree_topic(st, deep, s), 0, "and its topic");
    ok(store_blocks(st, NGX_MQTT_KIND_NODE) <= nodes + NGX_MQTT_DEPTH + 1,
       "not a node for each level");

    deep[2 * 32766] = '#';
    is_int(store_subscribe(&c, deep, 1, 0), NGX_OK, "with # at its end");
    deep[2 * 20000] = '+';
    is_int(store_subscribe(&c, deep, 1, 0), NGX_OK, "with + in it");
    memcpy(deep, "+/+/+/", 6);
    is_int(store_subscribe(&c, deep, 1, 0), NGX_OK, "and at its beginning");

    for (i = 0; i < 32767; i++) {
        deep[2 * i] = 'x';
    }

    is_int(test_tree_topic(st, deep, s), 0, "the four match");
    is_int(st->w->publishing->match.n, 2, "in two nodes");
    store_check(st, "a deep tree");

    store_close(&c, 0);
    store_run(st->w);
    is_int(store_used(st), 0, "nothing is left");

    free(deep);
}


void
test_tree(void)
{
    store_t  st;

    store_create(&st, 4 * 1024 * 1024);

    test_tree_table(&st);
    test_tree_random(&st, 0);
    store_run(st.w);
    test_tree_random(&st, 1);
    store_run(st.w);
    test_tree_deep(&st);

    store_destroy(&st);
}
