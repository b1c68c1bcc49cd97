
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _BULK_H_INCLUDED_
#define _BULK_H_INCLUDED_


#include <ngx_mqtt_bulk.h>
#include "store.h"


/* What servers ask for, in hub "h". */

extern ngx_mqtt_hub_conf_t  bulk_conf;

/* of those that went on: how many came to an end, the last one's result */

extern ngx_uint_t           bulk_ended;
extern ngx_int_t            bulk_rc;
extern ngx_uint_t           bulk_count;


/* "text": payload, reason, or one group; NULL: nothing */
ngx_mqtt_bulk_t *bulk_make(ngx_mqtt_worker_t *w,
    ngx_mqtt_bulk_action_e action, ngx_mqtt_targets_kind_e kind,
    const char *name, const char *text);

/* excludes one more client id, up to 16 */
void bulk_exclude(ngx_mqtt_bulk_t *bulk, const char *id);

/* begins with it and destroys what is done; the result of the beginning */
ngx_int_t bulk_start(ngx_mqtt_bulk_t *bulk);

/* the same until it is done: the result, the number is in bulk_count */
ngx_int_t bulk_run(ngx_mqtt_bulk_t *bulk);


#endif /* _BULK_H_INCLUDED_ */
