
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_auth.h>


/* verdicts remembered of a client */
#define NGX_MQTT_VERDICTS       64


/*
 * Local; what a client may do that may not do everything.  A verdict is the
 * hash of a topic or filter, but for the last two bits: it is one, it is yes.
 */

struct ngx_mqtt_access_s {
    ngx_mqtt_rights_t    *rights;       /* its own; NULL: the hub's alone */
    uint64_t              verdicts[NGX_MQTT_VERDICTS];
};


static void ngx_mqtt_auth_again(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_auth_profile(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_auth_verdict(ngx_mqtt_client_t *cl, ngx_uint_t kind,
    ngx_str_t *name, ngx_mqtt_filter_t *filter);
static ngx_uint_t ngx_mqtt_auth_allows(ngx_mqtt_client_t *cl,
    ngx_str_t *topic, ngx_mqtt_filter_t *filter);


ngx_int_t
ngx_mqtt_auth_rights(ngx_mqtt_client_t *cl, ngx_str_t *roles, ngx_uint_t n)
{
    u_char               buf[NGX_MQTT_NAME_LEN];
    ngx_str_t            name;
    ngx_mqtt_access_t   *access;
    ngx_mqtt_rights_t   *rights;

    ngx_mqtt_auth_free(cl);

    rights = NULL;

    if (n) {
        rights = ngx_mqtt_rights_create(roles, n, NULL, cl->log);
        if (rights == NULL) {
            return NGX_ERROR;
        }

        if (rights->ignored) {
            ngx_mqtt_handle_name(cl, buf, &name);

            ngx_log_error(NGX_LOG_INFO, cl->log, 0,
                          "client \"%V\" of hub \"%V\": %ui of its roles are "
                          "ignored: invalid or too many", &name, &cl->hub,
                          rights->ignored);
        }
    }

    cl->roles = (u_char) ngx_mqtt_rights_all(rights, cl->conf->default_roles);

    if (cl->roles == (NGX_MQTT_ROLE_SUBSCRIBE|NGX_MQTT_ROLE_PUBLISH)
        || (rights == NULL && cl->conf->default_roles == NULL))
    {
        if (rights) {
            ngx_free(rights);
        }

        return NGX_OK;
    }

    access = ngx_calloc(sizeof(ngx_mqtt_access_t), cl->log);

    if (access == NULL) {

        if (rights) {
            ngx_free(rights);
        }

        cl->roles = 0;
        return NGX_ERROR;
    }

    access->rights = rights;
    cl->access = access;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_auth_resume(ngx_mqtt_client_t *cl, ngx_mqtt_principal_t *principal)
{
    if (ngx_mqtt_profile_hold_resumed(cl, &principal->identity) != NGX_OK) {
        return NGX_DECLINED;
    }

    return ngx_mqtt_auth_profile(cl);
}


/* The profile has changed. */

static void
ngx_mqtt_auth_again(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = cl->worker;

    ngx_mqtt_worker_lock(w);

    s = cl->attach->session;

    if (s) {
        ngx_mqtt_profile_hold_locked(w, s);
    }

    ngx_mqtt_set(cl->attach->changed, 0);

    ngx_mqtt_worker_unlock(w);

    if (ngx_mqtt_auth_profile(cl) != NGX_OK) {

        /* it may do nothing now; at its next packet perhaps it may */

        ngx_mqtt_worker_lock(w);
        ngx_mqtt_set(cl->attach->changed, 1);
        ngx_mqtt_worker_unlock(w);
    }
}


/* By the profile that the slot holds. */

static ngx_int_t
ngx_mqtt_auth_profile(ngx_mqtt_client_t *cl)
{
    ngx_int_t            rc;
    ngx_mqtt_profile_t  *p;

    p = ngx_mqtt_profile_take(cl->worker);

    if (p == NULL) {
        ngx_mqtt_auth_free(cl);
        return NGX_ERROR;
    }

    rc = ngx_mqtt_auth_rights(cl, p->roles, p->nroles);

    ngx_free(p);

    return rc;
}


void
ngx_mqtt_auth_free(ngx_mqtt_client_t *cl)
{
    cl->roles = 0;

    if (cl->access == NULL) {
        return;
    }

    if (cl->access->rights) {
        ngx_free(cl->access->rights);
    }

    ngx_free(cl->access);
    cl->access = NULL;
}


ngx_int_t
ngx_mqtt_auth_publish(ngx_mqtt_client_t *cl, ngx_str_t *topic)
{
    if (cl->attach && cl->attach->changed) {
        ngx_mqtt_auth_again(cl);
    }

    if (cl->roles & NGX_MQTT_ROLE_PUBLISH) {
        return NGX_OK;
    }

    return ngx_mqtt_auth_verdict(cl, NGX_MQTT_ROLE_PUBLISH, topic, NULL);
}


ngx_int_t
ngx_mqtt_auth_subscribe(ngx_mqtt_client_t *cl, ngx_mqtt_filter_t *filter)
{
    if (cl->attach && cl->attach->changed) {
        ngx_mqtt_auth_again(cl);
    }

    if (cl->roles & NGX_MQTT_ROLE_SUBSCRIBE) {
        return NGX_OK;
    }

    return ngx_mqtt_auth_verdict(cl, NGX_MQTT_ROLE_SUBSCRIBE, &filter->filter,
                                 filter);
}


static ngx_int_t
ngx_mqtt_auth_verdict(ngx_mqtt_client_t *cl, ngx_uint_t kind, ngx_str_t *name,
    ngx_mqtt_filter_t *filter)
{
    uint64_t            hash, *place;
    ngx_mqtt_access_t  *access;

    access = cl->access;

    if (access == NULL) {
        return NGX_DECLINED;
    }

    hash = ngx_mqtt_siphash(cl->worker->zone->root->key, kind, name->data,
                            name->len);

    place = &access->verdicts[(hash >> 32) % NGX_MQTT_VERDICTS];
    hash |= 3;

    if ((*place | 1) != hash) {

        *place = hash;

        if (!ngx_mqtt_auth_allows(cl, name, filter)) {
            *place = hash - 1;
        }
    }

    return (*place & 1) ? NGX_OK : NGX_DECLINED;
}


/* "filter" is NULL if it is about publishing. */

static ngx_uint_t
ngx_mqtt_auth_allows(ngx_mqtt_client_t *cl, ngx_str_t *topic,
    ngx_mqtt_filter_t *filter)
{
    ngx_mqtt_rights_t  *own, *hub;

    own = cl->access->rights;
    hub = cl->conf->default_roles;

    return filter ? ngx_mqtt_rights_subscribe(own, hub, filter)
                  : ngx_mqtt_rights_publish(own, hub, topic);
}
