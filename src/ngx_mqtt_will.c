
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publish.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_will.h>


/* what judging a will costs, in blocks looked at */
#define NGX_MQTT_WILL_WORK  32


static ngx_int_t ngx_mqtt_will_check_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);
static ngx_uint_t ngx_mqtt_will_allowed(ngx_mqtt_worker_t *w,
    ngx_mqtt_hub_conf_t *conf, ngx_mqtt_message_t *m);
static void ngx_mqtt_will_hold_locked(ngx_mqtt_slot_t *slot,
    ngx_mqtt_message_t *m);


ngx_int_t
ngx_mqtt_will_set_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s,
    ngx_mqtt_message_t *m, uint32_t delay)
{
    ngx_mqtt_will_t  *will;

    will = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_WILL,
                                       sizeof(ngx_mqtt_will_t));
    if (will == NULL) {
        return NGX_ERROR;
    }

    will->message = m;
    will->delay = delay;
    will->lifetime = 0;
    will->serial = ++zone->root->serial;

    if (m->expires > ngx_current_msec) {
        will->lifetime = m->expires - ngx_current_msec;
    }

    ngx_mqtt_will_drop_locked(zone, s);
    ngx_mqtt_set(s->will, will);

    return NGX_OK;
}


void
ngx_mqtt_will_drop_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s)
{
    ngx_mqtt_will_t  *will;

    will = s->will;

    if (will) {
        ngx_mqtt_set(s->will, NULL);
        ngx_mqtt_message_unref_locked(zone, will->message);
        ngx_mqtt_block_free_locked(zone, will);
    }
}


ngx_uint_t
ngx_mqtt_will_due(ngx_mqtt_session_t *s)
{
    return s->away + (ngx_msec_t) s->will->delay * 1000 <= ngx_current_msec;
}


void
ngx_mqtt_will_publish_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_mqtt_message_t       *m;
    ngx_mqtt_publish_args_t   args;

    if (ngx_mqtt_will_check_locked(w, s) != NGX_OK) {
        return;
    }

    m = s->will->message;

    /* the interval of its expiry starts with its publication */

    if (s->will->lifetime) {
        ngx_mqtt_set(m->expires, ngx_current_msec + s->will->lifetime);
    }

    args.hub = s->hub;
    args.message = m;
    args.from = s;
    args.to = NULL;
    args.targets = NULL;
    args.packet_id = 0;
    args.will = 1;
    args.max_retained = 0;
    args.no_echo = 0;
    args.has_ack = 0;
    args.stream = NULL;
    args.native_only = 0;

    /* dropped in any case: "s" may be gone from here on */

    (void) ngx_mqtt_publish_locked(w, &args);

    /* the next one shall not be in the same hold */

    ngx_mqtt_worker_unlock(w);
    ngx_mqtt_worker_lock(w);
}


/*
 * NGX_DECLINED: it may not be sent, and is dropped, or somebody else has seen
 * to it while the lock was released.  What a hub that nobody configures any
 * more allowed when the will was made, it still does.
 */

static ngx_int_t
ngx_mqtt_will_check_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    u_char                id_buf[NGX_MQTT_NAME_LEN];
    u_char                hub_buf[NGX_MQTT_NAME_LEN];
    uint64_t              serial, will;
    ngx_int_t             rc;
    ngx_str_t             id, hub;
    ngx_uint_t            allowed;
    ngx_mqtt_message_t   *m;
    ngx_mqtt_hub_conf_t  *conf;

    hub.data = s->hub->name;
    hub.len = s->hub->len;

    conf = w->ops->settings(w, &hub);

    if (conf == NULL
        || (s->profile == NULL
            && (ngx_mqtt_rights_all(NULL, conf->default_roles)
                & NGX_MQTT_ROLE_PUBLISH)))
    {
        return NGX_OK;
    }

    w->work += NGX_MQTT_WILL_WORK;

    id.data = s->data;
    id.len = s->id_len;

    ngx_mqtt_handle_clean(&id, id_buf);
    ngx_mqtt_handle_clean(&hub, hub_buf);

    will = s->will->serial;
    serial = s->serial;

    /* a walker: the session's memory stays a session's */

    ngx_mqtt_slot_enter_locked(w);
    ngx_mqtt_profile_hold_locked(w, s);

    m = s->will->message;
    ngx_mqtt_will_hold_locked(w->slot, m);

    ngx_mqtt_worker_unlock(w);

    allowed = ngx_mqtt_will_allowed(w, conf, m);

    if (!allowed) {
        ngx_log_error(NGX_LOG_INFO, w->log, 0,
                      "client \"%V\" of hub \"%V\" is not authorized any more "
                      "to publish its will", &id, &hub);
    }

    ngx_mqtt_worker_lock(w);

    ngx_mqtt_set(w->slot->nheld, w->slot->nheld - 1);
    ngx_mqtt_message_unref_locked(w->zone, m);

    rc = NGX_DECLINED;

    if (s->serial == serial && s->will && s->will->serial == will) {

        if (allowed) {
            rc = NGX_OK;

        } else {
            ngx_mqtt_will_drop_locked(w->zone, s);
        }
    }

    ngx_mqtt_slot_leave_locked(w);

    return rc;
}


/* Behind those that are being encoded, if there are any. */

static void
ngx_mqtt_will_hold_locked(ngx_mqtt_slot_t *slot, ngx_mqtt_message_t *m)
{
    ngx_mqtt_set(slot->held[slot->nheld], m);
    ngx_mqtt_set(slot->nheld, slot->nheld + 1);
    ngx_mqtt_set(m->refs, m->refs + 1);
}


/* By the profile that the slot holds, or by the hub's roles. */

static ngx_uint_t
ngx_mqtt_will_allowed(ngx_mqtt_worker_t *w, ngx_mqtt_hub_conf_t *conf,
    ngx_mqtt_message_t *m)
{
    ngx_str_t            topic;
    ngx_uint_t           allowed;
    ngx_mqtt_rights_t   *rights;
    ngx_mqtt_profile_t  *p;

    p = ngx_mqtt_profile_take(w);

    if (p == NULL) {
        return 0;
    }

    topic.len = m->topic_len;
    topic.data = ngx_mqtt_message_topic(m, w->topic);

    allowed = 0;
    rights = ngx_mqtt_rights_create(p->roles, p->nroles, NULL, w->log);

    if (rights) {
        allowed = ngx_mqtt_rights_publish(rights, conf->default_roles, &topic);
        ngx_free(rights);
    }

    ngx_free(p);

    return allowed;
}
