
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _SCENARIO_H_INCLUDED_
#define _SCENARIO_H_INCLUDED_


#include "bulk.h"


/*
 * Lives of clients, to be broken off anywhere.  Payloads of messages are
 * unique, so that their copies can be counted afterwards.
 */

typedef struct {
    const char        *name;
    void             (*prepare)(store_t *st);
    const store_op_t  *ops;
    ngx_uint_t         stride;        /* of the points at which to kill */
} scenario_t;


extern const scenario_t  scenarios[];     /* until a name is NULL */


/* the persistent sessions that scenario_base() makes, all offline */

#define SCENARIO_SESSIONS  6

extern const char  *scenario_sessions[SCENARIO_SESSIONS];


#endif /* _SCENARIO_H_INCLUDED_ */
