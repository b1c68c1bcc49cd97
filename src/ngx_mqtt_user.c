
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_user.h>


static uint32_t ngx_mqtt_user_hash(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    u_char *id, size_t len);


ngx_mqtt_user_t *
ngx_mqtt_user_find_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    ngx_str_t *id)
{
    uint32_t          hash;
    ngx_mqtt_link_t  *link;
    ngx_mqtt_user_t  *user;

    hash = ngx_mqtt_user_hash(zone, hub, id->data, id->len);
    link = ngx_mqtt_hash_first(&zone->root->users, hash);

    for ( /* void */ ; link; link = link->next) {

        if (link->hash != hash) {
            continue;
        }

        user = (ngx_mqtt_user_t *)
                   ((u_char *) link - offsetof(ngx_mqtt_user_t, link));

        if (user->hub == hub && user->len == id->len
            && ngx_memcmp(user->name, id->data, id->len) == 0)
        {
            return user;
        }
    }

    return NULL;
}


static uint32_t
ngx_mqtt_user_hash(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub, u_char *id,
    size_t len)
{
    return (uint32_t) ngx_mqtt_siphash(zone->root->key, (uintptr_t) hub, id,
                                       len);
}


ngx_mqtt_user_t *
ngx_mqtt_user_get_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_hub_t *hub,
    ngx_str_t *id)
{
    ngx_mqtt_user_t  *user;

    user = ngx_mqtt_user_find_locked(zone, hub, id);
    if (user) {
        return user;
    }

    user = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_USER,
                                       offsetof(ngx_mqtt_user_t, name)
                                       + id->len);
    if (user == NULL) {
        return NULL;
    }

    user->hub = hub;
    user->sessions = NULL;
    user->count = 0;
    user->len = (uint32_t) id->len;
    ngx_memcpy(user->name, id->data, id->len);

    return user;
}


void
ngx_mqtt_user_put_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_user_t *user)
{
    if (user->sessions == NULL) {
        ngx_mqtt_block_free_locked(zone, user);
    }
}


void
ngx_mqtt_user_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    ngx_mqtt_user_t  *user;

    user = s->user;

    if (user->sessions == NULL) {
        ngx_mqtt_hash_add_locked(zone, &zone->root->users, &user->link,
                                 ngx_mqtt_user_hash(zone, user->hub,
                                                    user->name, user->len));
    }

    s->user_next = user->sessions;
    s->user_prev = &user->sessions;

    if (s->user_next) {
        ngx_mqtt_set(s->user_next->user_prev, &s->user_next);
    }

    ngx_mqtt_set(user->sessions, s);
    ngx_mqtt_set(user->count, user->count + 1);
}


void
ngx_mqtt_user_leave_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    ngx_mqtt_user_t  *user;

    user = s->user;

    if (user == NULL) {
        return;
    }

    /* first: the user may be gone before the session is */

    ngx_mqtt_set(s->user, NULL);
    ngx_mqtt_set(*s->user_prev, s->user_next);

    if (s->user_next) {
        ngx_mqtt_set(s->user_next->user_prev, s->user_prev);
    }

    ngx_mqtt_set(user->count, user->count - 1);

    if (user->sessions == NULL) {
        ngx_mqtt_hash_del_locked(zone, &zone->root->users, &user->link);
        ngx_mqtt_block_retire_locked(zone, user);
    }
}
