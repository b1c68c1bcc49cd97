
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _LOOP_H_INCLUDED_
#define _LOOP_H_INCLUDED_


#include "peer.h"


/* The event loops of all processes, and the clients they know. */

#define LOOP_PEERS  4
#define LOOP_TURNS  20000            /* until a process has to rest */


extern peer_t      *loop_peers[LOOP_PEERS];

/* some process died, and nobody has seen to that yet */
extern ngx_uint_t   loop_deaths;


/* Frees clients that have ended, or whose process has. */
void loop_sweep(void);

void loop_run(process_t *p);
void loop_tick(process_t *p);

/* Until all processes rest: no client may have been forgotten. */
void loop_settle(void);

/* A tick for everybody: what the dead have left is seen to. */
void loop_mend(void);

/* Time goes by. */
void loop_pass(ngx_msec_t msec);


#endif /* _LOOP_H_INCLUDED_ */
