
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_role.h>


/* What a list of roles needs, and where the next of each goes. */

typedef struct {
    ngx_uint_t              literals[2];
    ngx_uint_t              revoked[2];
    ngx_uint_t              patterns[2];
    ngx_uint_t              own;
    size_t                  len;          /* of all strings */
    u_char                 *pos;
} ngx_mqtt_role_plan_t;


static ngx_int_t ngx_mqtt_role_check_pattern(ngx_mqtt_role_t *role);
static void ngx_mqtt_role_plan(ngx_mqtt_role_plan_t *plan, ngx_str_t *roles,
    ngx_uint_t n);
static ngx_uint_t ngx_mqtt_role_places(ngx_uint_t n);
static void ngx_mqtt_rights_add(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_plan_t *plan, ngx_str_t *text);
static void ngx_mqtt_rights_add_pattern(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_set_t *set, ngx_mqtt_role_plan_t *plan,
    ngx_mqtt_role_t *role);
static ngx_str_t *ngx_mqtt_rights_names(ngx_mqtt_role_names_t *names,
    ngx_uint_t n, ngx_str_t *str);
static void ngx_mqtt_rights_add_name(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_names_t *names, ngx_str_t *name);
static ngx_str_t *ngx_mqtt_rights_place(ngx_mqtt_role_names_t *names,
    ngx_str_t *name);
static ngx_uint_t ngx_mqtt_rights_may(ngx_mqtt_rights_t *own,
    ngx_mqtt_rights_t *hub, ngx_uint_t kind, ngx_str_t *filter,
    ngx_uint_t wildcard);
static ngx_uint_t ngx_mqtt_rights_revoked(ngx_mqtt_role_names_t *names,
    ngx_str_t *filter, ngx_uint_t wildcard);
static ngx_uint_t ngx_mqtt_rights_cover(ngx_mqtt_rights_t *rights,
    ngx_uint_t kind, ngx_str_t *filter, ngx_uint_t wildcard);


#define ngx_mqtt_role_set(rights, kind)                                       \
    (&(rights)->sets[(kind) == NGX_MQTT_ROLE_PUBLISH])


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
    rest = *text;
    role->granted = (rest.len && rest.data[0] == NGX_MQTT_ROLE_GRANTED);
    role->revoked = (rest.len && rest.data[0] == NGX_MQTT_ROLE_REVOKED);

    rest.data += role->granted + role->revoked;
    rest.len -= role->granted + role->revoked;

    for (i = 0; i < 2; i++) {
        name = &ngx_mqtt_role_names[i];

        if (rest.len >= name->len
            && ngx_memcmp(rest.data, name->data, name->len) == 0)
        {
            break;
        }
    }

    if (i == 2) {
        return NGX_DECLINED;
    }

    role->kind = i ? NGX_MQTT_ROLE_PUBLISH : NGX_MQTT_ROLE_SUBSCRIBE;
    role->form = NGX_MQTT_ROLE_ALL;

    rest.data += name->len;
    rest.len -= name->len;

    role->name = rest;

    if (rest.len == 0) {
        return NGX_OK;
    }

    role->form = NGX_MQTT_ROLE_LITERAL;

    if (rest.data[0] == 's' && !role->granted && !role->revoked) {
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
                                  + ngx_mqtt_role_places(plan.literals[i])
                                  + ngx_mqtt_role_places(plan.revoked[i]));
    }

    rights = pool ? ngx_palloc(pool, size) : ngx_alloc(size, log);
    if (rights == NULL) {
        return NULL;
    }

    ngx_memzero(rights, size);

    str = (ngx_str_t *) (rights + 1);

    for (i = 0; i < 2; i++) {
        set = &rights->sets[i];

        str = ngx_mqtt_rights_names(&set->literals, plan.literals[i], str);
        str = ngx_mqtt_rights_names(&set->revoked, plan.revoked[i], str);

        set->patterns = str;
        str += plan.patterns[i];
    }

    plan.pos = (u_char *) str;
    rights->own = plan.own;

    for (i = 0; i < n; i++) {
        ngx_mqtt_rights_add(rights, &plan, &roles[i]);
    }

    return rights;
}


static ngx_str_t *
ngx_mqtt_rights_names(ngx_mqtt_role_names_t *names, ngx_uint_t n,
    ngx_str_t *str)
{
    names->places = str;
    names->nplaces = ngx_mqtt_role_places(n);

    return str + names->nplaces;
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

        if (ngx_mqtt_role_parse(&roles[i], &role) != NGX_OK) {
            continue;
        }

        if (role.form == NGX_MQTT_ROLE_ALL) {
            plan->own |= role.revoked ? role.kind : 0;
            continue;
        }

        k = (role.kind == NGX_MQTT_ROLE_PUBLISH);

        plan->len += role.name.len;

        if (role.revoked) {
            plan->revoked[k] +=
                          (plan->revoked[k] < NGX_MQTT_ROLE_LITERALS_MAX);
            continue;
        }

        /* a pattern without a wildcard becomes a literal */

        if (plan->literals[k] < NGX_MQTT_ROLE_LITERALS_MAX) {
            plan->literals[k]++;
        }

        if (role.form == NGX_MQTT_ROLE_PATTERN
            && plan->patterns[k] < NGX_MQTT_ROLE_PATTERNS_MAX)
        {
            plan->patterns[k]++;
        }
    }
}


/* At most two thirds are used. */

static ngx_uint_t
ngx_mqtt_role_places(ngx_uint_t n)
{
    ngx_uint_t  places;

    if (n == 0) {
        return 0;
    }

    for (places = 2; places * 2 < n * 3; places *= 2) { /* void */ }

    return places;
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

    if (!role.granted && !role.revoked && (rights->own & role.kind)) {
        return;
    }

    if (role.form == NGX_MQTT_ROLE_ALL) {
        rights->all |= role.revoked ? 0 : role.kind;
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

    if (role.revoked) {
        rights->some |= role.kind;
    }

    ngx_mqtt_rights_add_name(rights,
                             role.revoked ? &set->revoked : &set->literals,
                             &name);
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
        ngx_mqtt_rights_add_name(rights, &set->literals, &name);
        return;
    }

    if (set->npatterns == NGX_MQTT_ROLE_PATTERNS_MAX) {
        rights->ignored++;
        return;
    }

    set->patterns[set->npatterns++] = name;
}


static void
ngx_mqtt_rights_add_name(ngx_mqtt_rights_t *rights,
    ngx_mqtt_role_names_t *names, ngx_str_t *name)
{
    ngx_str_t  *place;

    place = ngx_mqtt_rights_place(names, name);

    if (place->data) {
        return;
    }

    if (names->n == NGX_MQTT_ROLE_LITERALS_MAX) {
        rights->ignored++;
        return;
    }

    *place = *name;
    names->n++;
}


/* Where a name stands, or an empty place; there always is one. */

static ngx_str_t *
ngx_mqtt_rights_place(ngx_mqtt_role_names_t *names, ngx_str_t *name)
{
    uint32_t    i;
    ngx_str_t  *place;

    i = ngx_murmur_hash2(name->data, name->len);

    for ( ;; i++) {
        place = &names->places[i & (names->nplaces - 1)];

        if (place->data == NULL
            || (place->len == name->len
                && ngx_memcmp(place->data, name->data, name->len) == 0))
        {
            return place;
        }
    }
}


ngx_uint_t
ngx_mqtt_rights_all(ngx_mqtt_rights_t *own, ngx_mqtt_rights_t *hub)
{
    ngx_uint_t  all;

    all = hub ? hub->all : 0;

    return own ? ((all & ~own->own) | own->all) & ~own->some : all;
}


ngx_uint_t
ngx_mqtt_rights_publish(ngx_mqtt_rights_t *own, ngx_mqtt_rights_t *hub,
    ngx_str_t *topic)
{
    return ngx_mqtt_rights_may(own, hub, NGX_MQTT_ROLE_PUBLISH, topic, 0);
}


ngx_uint_t
ngx_mqtt_rights_subscribe(ngx_mqtt_rights_t *own, ngx_mqtt_rights_t *hub,
    ngx_mqtt_filter_t *filter)
{
    return ngx_mqtt_rights_may(own, hub, NGX_MQTT_ROLE_SUBSCRIBE,
                               &filter->filter, filter->wildcard);
}


static ngx_uint_t
ngx_mqtt_rights_may(ngx_mqtt_rights_t *own, ngx_mqtt_rights_t *hub,
    ngx_uint_t kind, ngx_str_t *filter, ngx_uint_t wildcard)
{
    if (own) {

        if ((own->some & kind)
            && ngx_mqtt_rights_revoked(&ngx_mqtt_role_set(own, kind)->revoked,
                                       filter, wildcard))
        {
            return 0;
        }

        if (ngx_mqtt_rights_cover(own, kind, filter, wildcard)) {
            return 1;
        }

        if (own->own & kind) {
            return 0;
        }
    }

    return hub && ngx_mqtt_rights_cover(hub, kind, filter, wildcard);
}


/* A filter must not get at any of them. */

static ngx_uint_t
ngx_mqtt_rights_revoked(ngx_mqtt_role_names_t *names, ngx_str_t *filter,
    ngx_uint_t wildcard)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (!wildcard) {
        return ngx_mqtt_rights_place(names, filter)->data != NULL;
    }

    for (i = 0; i < names->nplaces; i++) {
        name = &names->places[i];

        if (name->data && ngx_mqtt_topic_match(filter, name)) {
            return 1;
        }
    }

    return 0;
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

    if (set->literals.n && !wildcard
        && ngx_mqtt_rights_place(&set->literals, filter)->data != NULL)
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
