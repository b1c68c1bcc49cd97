
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_permission.h>


#define NGX_MQTT_PERMISSION_POOL  1024


/* A change, and the memory for what comes out of it. */

typedef struct {
    ngx_pool_t             *pool;
    ngx_mqtt_permission_t  *permission;
    ngx_uint_t              revoke;
    ngx_str_t               role;         /* that is added */
    ngx_str_t              *roles;        /* that replace others */
    ngx_uint_t              nroles;
} ngx_mqtt_permission_edit_t;


static ngx_int_t ngx_mqtt_permission_change(ngx_mqtt_worker_t *w,
    ngx_mqtt_permission_t *p, ngx_uint_t revoke);
static ngx_int_t ngx_mqtt_permission_role(ngx_mqtt_permission_edit_t *e);
static ngx_int_t ngx_mqtt_permission_edit(ngx_mqtt_profile_t *profile,
    void *data);
static ngx_uint_t ngx_mqtt_permission_outdated(ngx_mqtt_permission_edit_t *e,
    ngx_mqtt_role_t *role);
static ngx_int_t ngx_mqtt_permission_add(ngx_mqtt_permission_edit_t *e,
    ngx_mqtt_profile_t *profile);
static ngx_int_t ngx_mqtt_permission_keep(ngx_mqtt_profile_t *profile,
    void *data);
static ngx_uint_t ngx_mqtt_permission_has(ngx_mqtt_permission_t *p,
    ngx_mqtt_rights_t *rights);


ngx_int_t
ngx_mqtt_permission_grant(ngx_mqtt_worker_t *w, ngx_mqtt_permission_t *p)
{
    return ngx_mqtt_permission_change(w, p, 0);
}


ngx_int_t
ngx_mqtt_permission_revoke(ngx_mqtt_worker_t *w, ngx_mqtt_permission_t *p)
{
    return ngx_mqtt_permission_change(w, p, 1);
}


static ngx_int_t
ngx_mqtt_permission_change(ngx_mqtt_worker_t *w, ngx_mqtt_permission_t *p,
    ngx_uint_t revoke)
{
    ngx_int_t                   rc;
    ngx_mqtt_permission_edit_t  e;

    ngx_memzero(&e, sizeof(ngx_mqtt_permission_edit_t));

    e.permission = p;
    e.revoke = revoke;

    e.pool = ngx_create_pool(NGX_MQTT_PERMISSION_POOL, w->log);
    if (e.pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_permission_role(&e);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_profile_edit(w, &p->whose, ngx_mqtt_permission_edit, &e);
    }

    ngx_destroy_pool(e.pool);

    return rc;
}


static ngx_int_t
ngx_mqtt_permission_role(ngx_mqtt_permission_edit_t *e)
{
    u_char      *p;
    ngx_str_t   *group;
    const char  *name;

    group = &e->permission->group;
    name = (e->permission->kind == NGX_MQTT_ROLE_PUBLISH)
           ? "webpubsub.sendToGroup" : "webpubsub.joinLeaveGroup";

    p = ngx_pnalloc(e->pool, 1 + ngx_strlen(name) + 1 + group->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    e->role.data = p;

    *p++ = e->revoke ? NGX_MQTT_ROLE_REVOKED : NGX_MQTT_ROLE_GRANTED;
    p = ngx_cpymem(p, name, ngx_strlen(name));

    if (group->len) {
        *p++ = '.';
        p = ngx_cpymem(p, group->data, group->len);
    }

    e->role.len = p - e->role.data;

    return NGX_OK;
}


/* What was said of the same group, or of all of them, before, is over. */

static ngx_int_t
ngx_mqtt_permission_edit(ngx_mqtt_profile_t *profile, void *data)
{
    ngx_mqtt_permission_edit_t  *e = data;

    ngx_str_t                   *roles;
    ngx_uint_t                   i, n, same;
    ngx_mqtt_role_t              role;

    roles = ngx_palloc(e->pool, (profile->nroles + 1) * sizeof(ngx_str_t));
    if (roles == NULL) {
        return NGX_ERROR;
    }

    n = 0;
    same = 0;

    for (i = 0; i < profile->nroles; i++) {

        if (ngx_mqtt_role_parse(&profile->roles[i], &role) == NGX_OK
            && role.kind == e->permission->kind)
        {
            if (ngx_mqtt_permission_outdated(e, &role)) {
                continue;
            }

            same += (role.form == NGX_MQTT_ROLE_LITERAL
                     && role.revoked == e->revoke);
        }

        roles[n++] = profile->roles[i];
    }

    profile->roles = roles;
    profile->nroles = n;

    if (e->permission->group.len && same >= NGX_MQTT_ROLE_LITERALS_MAX) {
        return NGX_BUSY;
    }

    return ngx_mqtt_permission_add(e, profile);
}


/* What the token says stays, it would come back with the next one. */

static ngx_uint_t
ngx_mqtt_permission_outdated(ngx_mqtt_permission_edit_t *e,
    ngx_mqtt_role_t *role)
{
    ngx_str_t  *group;

    if (!role->granted && !role->revoked) {
        return 0;
    }

    group = &e->permission->group;

    if (group->len == 0) {
        return 1;
    }

    return role->form == NGX_MQTT_ROLE_LITERAL
           && role->name.len == group->len
           && ngx_memcmp(role->name.data, group->data, group->len) == 0;
}


/* There is no need to revoke what is not there. */

static ngx_int_t
ngx_mqtt_permission_add(ngx_mqtt_permission_edit_t *e,
    ngx_mqtt_profile_t *profile)
{
    ngx_uint_t          has;
    ngx_mqtt_rights_t  *rights;

    if (e->revoke && e->permission->group.len) {

        rights = ngx_mqtt_rights_create(profile->roles, profile->nroles, NULL,
                                        e->pool->log);
        if (rights == NULL) {
            return NGX_ERROR;
        }

        has = ngx_mqtt_permission_has(e->permission, rights);

        ngx_free(rights);

        if (!has) {
            return NGX_OK;
        }
    }

    profile->roles[profile->nroles++] = e->role;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_permission_check(ngx_mqtt_worker_t *w, ngx_mqtt_permission_t *p)
{
    ngx_int_t             rc;
    ngx_mqtt_rights_t    *rights;
    ngx_mqtt_profile_t   *profile;

    profile = ngx_mqtt_profile_read(w, &p->whose);

    if (profile == NULL) {
        return NGX_DECLINED;
    }

    rights = ngx_mqtt_rights_create(profile->roles, profile->nroles, NULL,
                                    w->log);
    rc = NGX_ERROR;

    if (rights) {
        rc = ngx_mqtt_permission_has(p, rights) ? NGX_OK : NGX_DECLINED;
        ngx_free(rights);
    }

    ngx_free(profile);

    return rc;
}


static ngx_uint_t
ngx_mqtt_permission_has(ngx_mqtt_permission_t *p, ngx_mqtt_rights_t *rights)
{
    ngx_mqtt_filter_t   filter;
    ngx_mqtt_rights_t  *hub;

    hub = p->conf->default_roles;

    if (p->group.len == 0) {
        return (ngx_mqtt_rights_all(rights, hub) & p->kind) != 0;
    }

    if (p->kind == NGX_MQTT_ROLE_PUBLISH) {
        return ngx_mqtt_rights_publish(rights, hub, &p->group);
    }

    ngx_memzero(&filter, sizeof(ngx_mqtt_filter_t));
    filter.filter = p->group;

    return ngx_mqtt_rights_subscribe(rights, hub, &filter);
}


ngx_int_t
ngx_mqtt_permission_renew(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose,
    ngx_str_t *roles, ngx_uint_t n)
{
    ngx_int_t                   rc;
    ngx_mqtt_permission_edit_t  e;

    ngx_memzero(&e, sizeof(ngx_mqtt_permission_edit_t));

    e.roles = roles;
    e.nroles = n;

    e.pool = ngx_create_pool(NGX_MQTT_PERMISSION_POOL, w->log);
    if (e.pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_mqtt_profile_edit(w, whose, ngx_mqtt_permission_keep, &e);

    ngx_destroy_pool(e.pool);

    return rc;
}


static ngx_int_t
ngx_mqtt_permission_keep(ngx_mqtt_profile_t *profile, void *data)
{
    ngx_mqtt_permission_edit_t  *e = data;

    ngx_str_t                   *roles;
    ngx_uint_t                   i, n;
    ngx_mqtt_role_t              role;

    roles = ngx_palloc(e->pool,
                       (e->nroles + profile->nroles + 1) * sizeof(ngx_str_t));
    if (roles == NULL) {
        return NGX_ERROR;
    }

    for (n = 0; n < e->nroles; n++) {
        roles[n] = e->roles[n];
    }

    for (i = 0; i < profile->nroles; i++) {
        if (ngx_mqtt_role_parse(&profile->roles[i], &role) == NGX_OK
            && (role.granted || role.revoked))
        {
            roles[n++] = profile->roles[i];
        }
    }

    profile->roles = roles;
    profile->nroles = n;

    return NGX_OK;
}
