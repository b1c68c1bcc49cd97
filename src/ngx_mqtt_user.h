
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_USER_H_INCLUDED_
#define _NGX_MQTT_USER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_session.h>


/*
 * Shared; a user id of a hub, as long as live sessions have it.  They lead to
 * it, and that is truth, as are hub and name; the rest is derived.
 *
 * A walk along the list that releases the lock stands within
 * ngx_mqtt_slot_enter_locked() meanwhile, and looks at no session that is not
 * live: one that has ended still leads on to those that were behind it.
 */

struct ngx_mqtt_user_s {
    ngx_mqtt_link_t       link;         /* root->users */
    ngx_mqtt_hub_t       *hub;
    ngx_mqtt_session_t   *sessions;     /* by user_next, the newest first */
    uint32_t              count;
    uint32_t              len;
    u_char                name[1];

    /* the last word of the block: retired */
};


/* NULL: no live session of the hub has this user id. */
ngx_mqtt_user_t *ngx_mqtt_user_find_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, ngx_str_t *id);

/*
 * Finds one or makes it, without sessions: it is found once it has one.
 * NULL: the zone is full.  The second call frees it if it has none still.
 */
ngx_mqtt_user_t *ngx_mqtt_user_get_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_hub_t *hub, ngx_str_t *id);
void ngx_mqtt_user_put_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_user_t *user);

/* Makes a session that leads to its user one of the user's, for rebuild too. */
void ngx_mqtt_user_link_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s);

/* For a session that has ended: it is no longer one of its user's. */
void ngx_mqtt_user_leave_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_session_t *s);


#endif /* _NGX_MQTT_USER_H_INCLUDED_ */
