
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_role.h>


/* in compiled patterns: bytes that no UTF-8 has */

#define NGX_MQTT_PATTERN_ONE    0xfd    /* ? */
#define NGX_MQTT_PATTERN_SOME   0xfe    /* * */
#define NGX_MQTT_PATTERN_ANY    0xff    /* ** */


/* What a list of roles needs, and where the next of each goes. */

typedef struct {
    ngx_uint_t              literals[2];
    ngx_uint_t              patterns[2];
    size_t                  len;          /* of all strings */
    u_char                 *pos;
} ngx_mqtt_role_plan_t;


static ngx_int_t ngx_mqtt_role_check_pattern(ngx_mqtt_role_t *role);
static void ngx_mqtt_role_plan(ngx_mqtt_role_plan_t *plan, ngx_str_t *roles,
    ngx_uint_t n);
static ngx_uint_t ngx_mqtt_role_slots(ngx_uint_t n);
static void ngx_mqtt_rights_add(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_plan_t *plan, ngx_str_t *text);
static void ngx_mqtt_rights_add_pattern(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_set_t *set, ngx_mqtt_role_plan_t *plan,
    ngx_mqtt_role_t *role);
static void ngx_mqtt_rights_add_literal(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_set_t *set, ngx_str_t *name);
static ngx_str_t *ngx_mqtt_rights_place(ngx_mqtt_role_set_t *set,
    ngx_str_t *name);
static ngx_uint_t ngx_mqtt_rights_cover(ngx_mqtt_rights_t *rights,
    ngx_uint_t kind, ngx_str_t *filter, ngx_uint_t wildcard);
static ngx_uint_t ngx_mqtt_pattern_match(u_char *p, u_char *plast, u_char *s,
    u_char *slast);
static ngx_uint_t ngx_mqtt_pattern_step(u_char *p, u_char **pos,
    u_char *slast);


#define ngx_mqtt_role_set(rights, kind)                                       \
    (&(rights)->sets[(kind) == NGX_MQTT_ROLE_PUBLISH])

/* MQTT's own wildcards: nothing but "**" covers them */

#define ngx_mqtt_pattern_wild(c)  ((c) == '+' || (c) == '#')

/* whether there is a byte that "*" takes */

#define ngx_mqtt_pattern_some(s, last)                                        \
    ((s) < (last) && *(s) != '.' && !ngx_mqtt_pattern_wild(*(s)))


static ngx_str_t  ngx_mqtt_role_names[] = {
    ngx_string("webpubsub.joinLeaveGroup"),
    ngx_string("webpubsub.sendToGroup")
};


ngx_int_t
ngx_mqtt_role_parse(ngx_str_t *text, ngx_mqtt_role_t *role)
{
    ngx_str_t   rest, *name;
    ngx_uint_t  i;

    name = NULL;

    for (i = 0; i < 2; i++) {
        name = &ngx_mqtt_role_names[i];

        if (text->len >= name->len
            && ngx_memcmp(text->data, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (i == 2) {
        return NGX_DECLINED;
    }

    role->kind = i ? NGX_MQTT_ROLE_PUBLISH : NGX_MQTT_ROLE_SUBSCRIBE;
    role->form = NGX_MQTT_ROLE_ALL;

    rest.data = text->data + name->len;
    rest.len = text->len - name->len;

    role->name = rest;

    if (rest.len == 0) {
        return NGX_OK;
    }

    role->form = NGX_MQTT_ROLE_LITERAL;

    if (rest.data[0] == 's') {
        role->form = NGX_MQTT_ROLE_PATTERN;
        rest.data++;
        rest.len--;
    }

    if (rest.len == 0 || rest.data[0] != '.') {
        return NGX_DECLINED;
    }

    role->name.data = rest.data + 1;
    role->name.len = rest.len - 1;

    if (role->name.len == 0) {
        role->why = "it names no group";
        return NGX_ERROR;
    }

    return (role->form == NGX_MQTT_ROLE_PATTERN)
           ? ngx_mqtt_role_check_pattern(role) : NGX_OK;
}


static ngx_int_t
ngx_mqtt_role_check_pattern(ngx_mqtt_role_t *role)
{
    size_t      len;
    u_char      buf[NGX_MQTT_ROLE_PATTERN_LEN];
    ngx_uint_t  wild;

    if (role->name.len > NGX_MQTT_ROLE_PATTERN_LEN) {
        role->why = "its pattern is longer than 1024 bytes";
        return NGX_ERROR;
    }

    if (ngx_mqtt_pattern_compile(&role->name, buf, &len, &wild, &role->why)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (len == 1 && buf[0] == NGX_MQTT_PATTERN_ANY) {
        role->form = NGX_MQTT_ROLE_ALL;
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_pattern_compile(ngx_str_t *pattern, u_char *buf, size_t *len,
    ngx_uint_t *wild, const char **why)
{
    u_char      *p, *last, *out;
    ngx_uint_t   stars;

    if (ngx_mqtt_utf8_valid(pattern->data, pattern->len) != NGX_OK) {
        *why = "its pattern is not UTF-8";
        return NGX_ERROR;
    }

    p = pattern->data;
    last = p + pattern->len;
    out = buf;
    stars = 0;
    *wild = 0;

    while (p < last) {

        switch (*p) {

        case '\\':
            p++;

            if (p == last || (*p != '\\' && *p != '*' && *p != '?')) {
                *why = "in its pattern \"\\\" must stand before \"*\", \"?\" "
                       "or \"\\\"";
                return NGX_ERROR;
            }

            *out++ = *p++;
            break;

        case '?':
            *out++ = NGX_MQTT_PATTERN_ONE;
            (*wild)++;
            p++;
            break;

        case '*':
            *out++ = (p + 1 < last && p[1] == '*') ? NGX_MQTT_PATTERN_ANY
                                                   : NGX_MQTT_PATTERN_SOME;
            (*wild)++;

            while (p < last && *p == '*') {
                stars++;
                p++;
            }

            break;

        default:
            *out++ = *p++;
        }
    }

    if (stars > NGX_MQTT_ROLE_WILD_MAX || *wild > NGX_MQTT_ROLE_WILD_MAX) {
        *why = "its pattern has more than 5 wildcards";
        return NGX_ERROR;
    }

    *len = out - buf;

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_pattern_covers(ngx_str_t *compiled, ngx_str_t *filter)
{
    size_t   len;
    u_char  *p, *plast, *s;

    p = compiled->data;
    plast = p + compiled->len;

    s = filter->data;
    len = filter->len;

    if (!ngx_mqtt_pattern_match(p, plast, s, s + len)) {
        return 0;
    }

    /* "a/#" matches its parent "a" as well */

    if (len > 2 && s[len - 1] == '#') {
        return ngx_mqtt_pattern_match(p, plast, s, s + len - 2);
    }

    return 1;
}


/*
 * Each wildcard takes as little as it can; on a mismatch the last one takes
 * one more.  The one before it need not: what a "*" may take ends at the same
 * "." for both, and a "**" may take all.  If a "*" cannot take more, the last
 * "**" does, so much that the first "*" behind it begins behind that ".":
 * that keeps the time linear in the length of the topic.
 */

static ngx_uint_t
ngx_mqtt_pattern_match(u_char *p, u_char *plast, u_char *s, u_char *slast)
{
    u_char  *some, *some_at, *any, *any_at, *first, *begin;

    some = NULL;
    some_at = NULL;
    any = NULL;
    any_at = NULL;
    first = s;
    begin = s;

    for ( ;; ) {

        if (p < plast) {

            if (*p == NGX_MQTT_PATTERN_ANY) {
                any = ++p;
                any_at = s;
                some = NULL;
                begin = s;
                continue;
            }

            if (*p == NGX_MQTT_PATTERN_SOME && (some || s >= begin)) {
                first = some ? first : s;
                some = ++p;
                some_at = s;
                continue;
            }

            if (ngx_mqtt_pattern_step(p, &s, slast)) {
                p++;
                continue;
            }

        } else if (s == slast) {
            return 1;
        }

        if (some) {

            if (ngx_mqtt_pattern_some(some_at, slast)) {
                p = some;
                s = ++some_at;
                continue;
            }

            while (ngx_mqtt_pattern_some(first, slast)) {
                first++;
            }

            if (first == slast) {
                return 0;
            }

            begin = first + 1;
        }

        if (any == NULL || any_at == slast) {
            return 0;
        }

        p = any;
        s = ++any_at;
        some = NULL;
    }
}


/* One character, which is no "*"; 0: it is another one. */

static ngx_uint_t
ngx_mqtt_pattern_step(u_char *p, u_char **pos, u_char *slast)
{
    u_char  *s;

    s = *pos;

    if (s == slast || ngx_mqtt_pattern_wild(*s)) {
        return 0;
    }

    if (*p == *s) {
        *pos = s + 1;
        return 1;
    }

    if (*p != NGX_MQTT_PATTERN_ONE || *s == '.') {
        return 0;
    }

    do {
        s++;
    } while (s < slast && (*s & 0xc0) == 0x80);

    *pos = s;

    return 1;
}


ngx_mqtt_rights_t *
ngx_mqtt_rights_create(ngx_str_t *roles, ngx_uint_t n, ngx_pool_t *pool,
    ngx_log_t *log)
{
    size_t                 size;
    ngx_str_t             *str;
    ngx_uint_t             i;
    ngx_mqtt_rights_t     *rights;
    ngx_mqtt_role_set_t   *set;
    ngx_mqtt_role_plan_t   plan;

    ngx_mqtt_role_plan(&plan, roles, n);

    size = sizeof(ngx_mqtt_rights_t) + plan.len;

    for (i = 0; i < 2; i++) {
        size += sizeof(ngx_str_t) * (plan.patterns[i]
                                  + ngx_mqtt_role_slots(plan.literals[i]));
    }

    rights = pool ? ngx_palloc(pool, size) : ngx_alloc(size, log);
    if (rights == NULL) {
        return NULL;
    }

    ngx_memzero(rights, size);

    str = (ngx_str_t *) (rights + 1);

    for (i = 0; i < 2; i++) {
        set = &rights->sets[i];

        set->nslots = ngx_mqtt_role_slots(plan.literals[i]);
        set->literals = str;
        str += set->nslots;

        set->patterns = str;
        str += plan.patterns[i];
    }

    plan.pos = (u_char *) str;

    for (i = 0; i < n; i++) {
        ngx_mqtt_rights_add(rights, &plan, &roles[i]);
    }

    return rights;
}


/* Counts, with a few too many where roles are invalid or the same. */

static void
ngx_mqtt_role_plan(ngx_mqtt_role_plan_t *plan, ngx_str_t *roles,
    ngx_uint_t n)
{
    ngx_uint_t        i, k;
    ngx_mqtt_role_t   role;

    ngx_memzero(plan, sizeof(ngx_mqtt_role_plan_t));

    for (i = 0; i < n; i++) {

        if (ngx_mqtt_role_parse(&roles[i], &role) != NGX_OK
            || role.form == NGX_MQTT_ROLE_ALL)
        {
            continue;
        }

        k = (role.kind == NGX_MQTT_ROLE_PUBLISH);

        /* a pattern without a wildcard becomes a literal */

        if (plan->literals[k] < NGX_MQTT_ROLE_LITERALS_MAX) {
            plan->literals[k]++;
        }

        if (role.form == NGX_MQTT_ROLE_PATTERN
            && plan->patterns[k] < NGX_MQTT_ROLE_PATTERNS_MAX)
        {
            plan->patterns[k]++;
        }

        plan->len += role.name.len;
    }
}


/* At most two thirds are used. */

static ngx_uint_t
ngx_mqtt_role_slots(ngx_uint_t n)
{
    ngx_uint_t  slots;

    if (n == 0) {
        return 0;
    }

    for (slots = 2; slots * 2 < n * 3; slots *= 2) { /* void */ }

    return slots;
}


static void
ngx_mqtt_rights_add(ngx_mqtt_rights_t *rights, ngx_mqtt_role_plan_t *plan,
    ngx_str_t *text)
{
    ngx_str_t             name;
    ngx_mqtt_role_t       role;
    ngx_mqtt_role_set_t  *set;

    switch (ngx_mqtt_role_parse(text, &role)) {

    case NGX_OK:
        break;

    case NGX_ERROR:
        rights->ignored++;
        return;

    default:
        return;
    }

    if (role.form == NGX_MQTT_ROLE_ALL) {
        rights->all |= role.kind;
        return;
    }

    set = ngx_mqtt_role_set(rights, role.kind);

    if (role.form == NGX_MQTT_ROLE_PATTERN) {
        ngx_mqtt_rights_add_pattern(rights, set, plan, &role);
        return;
    }

    name.data = plan->pos;
    name.len = role.name.len;

    plan->pos = ngx_cpymem(plan->pos, role.name.data, role.name.len);

    ngx_mqtt_rights_add_literal(rights, set, &name);
}


static void
ngx_mqtt_rights_add_pattern(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_set_t *set, ngx_mqtt_role_plan_t *plan,
    ngx_mqtt_role_t *role)
{
    ngx_str_t    name;
    ngx_uint_t   wild;
    const char  *why;

    name.data = plan->pos;

    (void) ngx_mqtt_pattern_compile(&role->name, name.data, &name.len, &wild,
                                    &why);
    plan->pos += role->name.len;

    if (wild == 0) {
        ngx_mqtt_rights_add_literal(rights, set, &name);
        return;
    }

    if (set->npatterns == NGX_MQTT_ROLE_PATTERNS_MAX) {
        rights->ignored++;
        return;
    }

    set->patterns[set->npatterns++] = name;
}


static void
ngx_mqtt_rights_add_literal(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_set_t *set, ngx_str_t *name)
{
    ngx_str_t  *place;

    place = ngx_mqtt_rights_place(set, name);

    if (place->data) {
        return;
    }

    if (set->nliterals == NGX_MQTT_ROLE_LITERALS_MAX) {
        rights->ignored++;
        return;
    }

    *place = *name;
    set->nliterals++;
}


/* Where a literal stands, or an empty place; there always is one. */

static ngx_str_t *
ngx_mqtt_rights_place(ngx_mqtt_role_set_t *set, ngx_str_t *name)
{
    uint32_t    i;
    ngx_str_t  *place;

    i = ngx_murmur_hash2(name->data, name->len);

    for ( ;; i++) {
        place = &set->literals[i & (set->nslots - 1)];

        if (place->data == NULL
            || (place->len == name->len
                && ngx_memcmp(place->data, name->data, name->len) == 0))
        {
            return place;
        }
    }
}


ngx_uint_t
ngx_mqtt_rights_publish(ngx_mqtt_rights_t *rights, ngx_str_t *topic)
{
    return ngx_mqtt_rights_cover(rights, NGX_MQTT_ROLE_PUBLISH, topic, 0);
}


ngx_uint_t
ngx_mqtt_rights_subscribe(ngx_mqtt_rights_t *rights,
    ngx_mqtt_filter_t *filter)
{
    return ngx_mqtt_rights_cover(rights, NGX_MQTT_ROLE_SUBSCRIBE,
                                 &filter->filter, filter->wildcard);
}


static ngx_uint_t
ngx_mqtt_rights_cover(ngx_mqtt_rights_t *rights, ngx_uint_t kind,
    ngx_str_t *filter, ngx_uint_t wildcard)
{
    ngx_uint_t            i;
    ngx_mqtt_role_set_t  *set;

    if (rights->all & kind) {
        return 1;
    }

    set = ngx_mqtt_role_set(rights, kind);

    if (set->nliterals && !wildcard
        && ngx_mqtt_rights_place(set, filter)->data != NULL)
    {
        return 1;
    }

    for (i = 0; i < set->npatterns; i++) {
        if (ngx_mqtt_pattern_covers(&set->patterns[i], filter)) {
            return 1;
        }
    }

    return 0;
}
