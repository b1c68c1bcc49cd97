
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_SHARE_H_INCLUDED_
#define _NGX_MQTT_SHARE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/*
 * Whose turn it is in a shared subscription: the next member that can be sent
 * to now, otherwise one that is connected, otherwise one that is not.  Those
 * asked are counted off "*budget" as far as that goes.  NGX_OK: it is *member,
 * or NULL, none takes the message (4.8.2).
 *
 * With "targets" only members that fulfil its conditions.  NGX_AGAIN: that has
 * used up the budget, and the others are to be asked in another hold of the
 * lock; "*asked", 0 at first, is how many were.
 */
ngx_int_t ngx_mqtt_share_member_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_group_t *group, ngx_mqtt_message_t *m,
    ngx_mqtt_targets_t *targets, ngx_uint_t *asked, ngx_uint_t *budget,
    ngx_mqtt_sub_t **member);

/*
 * Gives what an ended session got by a shared subscription, and did not
 * acknowledge, to another member of the group, if one takes it.  The entry
 * stays in the ended session's queue.  "*budget" as above.
 */
void ngx_mqtt_share_pass_on_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_entry_t *e, ngx_uint_t *budget);


#endif /* _NGX_MQTT_SHARE_H_INCLUDED_ */
