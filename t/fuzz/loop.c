
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "loop.h"


peer_t      *loop_peers[LOOP_PEERS];
ngx_uint_t   loop_deaths;


/* Frees clients that ended, or whose process did. */

void
loop_sweep(void)
{
    ngx_uint_t   i;
    peer_t     **peer;

    for (i = 0; i < LOOP_PEERS; i++) {
        peer = &loop_peers[i];

        if (*peer == NULL || (*peer)->process->inside) {
            continue;
        }

        if ((*peer)->process->pid != (*peer)->pid) {
            loop_deaths = 1;

        } else if (!(*peer)->cl.closed) {
            continue;
        }

        peer_free(*peer);
        *peer = NULL;
    }
}


static void
loop_call_run(void *data)
{
    process_t *p = data;

    if (ngx_mqtt_worker_run(p->w) == NGX_AGAIN) {
        p->posted = 1;
    }
}


void
loop_run(process_t *p)
{
    p->posted = 0;

    if (process_call(p, loop_call_run, p) != NGX_OK) {
        loop_deaths = 1;
    }
}


static void
loop_call_tick(void *data)
{
    process_t *p = data;

    ngx_uint_t  i;

    for (i = 0; i < LOOP_TURNS; i++) {
        if (ngx_mqtt_worker_tick(p->w) != NGX_AGAIN) {
            return;
        }
    }

    world_bug("a tick that never comes to an end");
}


void
loop_tick(process_t *p)
{
    if (process_call(p, loop_call_tick, p) != NGX_OK) {
        loop_deaths = 1;
    }
}


void
loop_settle(void)
{
    peer_t      *peer;
    process_t   *p;
    ngx_uint_t   i, turn, busy;

    for (turn = 0; turn < LOOP_TURNS; turn++) {
        busy = 0;

        for (i = 0; i < WORLD_PROCESSES; i++) {
            p = world_process(i);

            if (p->w && p->posted) {
                loop_run(p);
                busy = 1;
            }
        }

        loop_sweep();

        for (i = 0; i < LOOP_PEERS; i++) {
            peer = loop_peers[i];

            if (peer && peer->in_len && !peer->paused) {
                peer_input(peer);
                loop_sweep();
                busy = 1;
            }
        }

        if (!busy) {
            break;
        }
    }

    if (turn == LOOP_TURNS) {
        world_bug("a process that never comes to rest");
    }

    for (i = 0; i < LOOP_PEERS && !loop_deaths; i++) {
        if (loop_peers[i]) {
            peer_at_rest(loop_peers[i]);
        }
    }
}


/* Everybody sees to what the dead have left. */

void
loop_mend(void)
{
    process_t   *p;
    ngx_uint_t   i;

    for (i = 0; i < WORLD_PROCESSES; i++) {
        p = world_process(i);

        if (p->w) {
            loop_tick(p);
        }
    }

    loop_sweep();
    loop_deaths = 0;
    loop_settle();
}


void
loop_pass(ngx_msec_t msec)
{
    peer_t      *peer;
    ngx_uint_t   i;

    ngx_current_msec += msec;

    for (i = 0; i < LOOP_PEERS; i++) {
        peer = loop_peers[i];

        if (peer && peer->deadline <= ngx_current_msec) {
            peer_timer(peer);
            loop_sweep();
        }
    }
}
