
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PUBLICATION_H_INCLUDED_
#define _NGX_MQTT_PUBLICATION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>


/*
 * A publication from its commit on: what its worker does with the record in
 * its slot, and what others do if the worker is killed.
 */


/*
 * What belongs to the commit itself: QoS 2 identifier, will, retained
 * message.  Runs in the hold of the lock that commits, or in a rebuild.
 * Doing it twice is harmless.
 */
void ngx_mqtt_publication_begin_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub);

/*
 * Finishes a committed publication: the process' own, or a dead one's.  The
 * lock is held; at most *budget targets, which it counts down: NGX_AGAIN.
 */
ngx_int_t ngx_mqtt_publication_finish_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_publication_t *pub, ngx_uint_t *budget);

/*
 * Frees the entries of a publication that is not committed: at most *budget,
 * which it counts down.  NGX_AGAIN: there are more.
 */
ngx_int_t ngx_mqtt_publication_abandon_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub, ngx_uint_t *budget);

/*
 * The publication of a session that another process has not finished yet, or
 * NULL.  It is that as long as its "from" is the session.
 */
ngx_mqtt_publication_t *ngx_mqtt_publication_find_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s);

/* Gives up what it keeps while it is matched: the message, the hub. */
void ngx_mqtt_publication_release_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub);

/*
 * After a kill inside the lock, at the end of the rebuild: completes what
 * belongs to the commit and settles the target in doubt.
 */
void ngx_mqtt_publication_settle_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_publication_t *pub);


#endif /* _NGX_MQTT_PUBLICATION_H_INCLUDED_ */
