
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * Several clients of several processes, in a zone of their own.  The input is
 * settings and then a program: what clients send, how the broker's output is
 * taken, time, kills, failing allocations.  In the end all is taken apart,
 * and nothing may be left in the zone.
 *
 * An operation is a byte, with a client or process in its upper bits, and as
 * many bytes of arguments as it asks for; behind the end there are zeros.
 * With FUZZ_VERBOSE in the environment each is printed.
 */


#include "loop.h"
#include "script.h"


#define FUZZ_OPS    200


typedef struct {
    const char  *name;
    void       (*call)(ngx_uint_t n);
} fuzz_op_t;


static void fuzz_step(void);
static void fuzz_meanwhile(void *outer);
static void fuzz_clear(process_t *p);
static void fuzz_end(void);
static void fuzz_op_open(ngx_uint_t n);
static void fuzz_op_connect(ngx_uint_t n);
static void fuzz_op_packet(ngx_uint_t n);
static void fuzz_op_ack(ngx_uint_t n);
static void fuzz_op_ack_all(ngx_uint_t n);
static void fuzz_op_bytes(ngx_uint_t n);
static void fuzz_op_flip(ngx_uint_t n);
static void fuzz_op_lost(ngx_uint_t n);
static void fuzz_op_close(ngx_uint_t n);
static void fuzz_op_socket(ngx_uint_t n);
static void fuzz_op_writable(ngx_uint_t n);
static void fuzz_op_broken(ngx_uint_t n);
static void fuzz_op_step(ngx_uint_t n);
static void fuzz_op_raw(ngx_uint_t n);
static void fuzz_op_run(ngx_uint_t n);
static void fuzz_op_tick(ngx_uint_t n);
static void fuzz_op_time(ngx_uint_t n);
static void fuzz_op_start(ngx_uint_t n);
static void fuzz_op_leave(ngx_uint_t n);
static void fuzz_op_die(ngx_uint_t n);
static void fuzz_op_kill(ngx_uint_t n);
static void fuzz_op_fail(ngx_uint_t n);
static void fuzz_op_nomem(ngx_uint_t n);
static void fuzz_op_meanwhile(ngx_uint_t n);
static void fuzz_op_check(ngx_uint_t n);


static const fuzz_op_t  fuzz_ops[32] = {
    { "connect", fuzz_op_connect },
    { "packet", fuzz_op_packet },
    { "packet", fuzz_op_packet },
    { "packet", fuzz_op_packet },
    { "packet", fuzz_op_packet },
    { "packet", fuzz_op_packet },
    { "packet", fuzz_op_packet },
    { "ack", fuzz_op_ack },
    { "ack all", fuzz_op_ack_all },
    { "bytes", fuzz_op_bytes },
    { "flip", fuzz_op_flip },
    { "lost", fuzz_op_lost },
    { "close", fuzz_op_close },
    { "socket", fuzz_op_socket },
    { "writable", fuzz_op_writable },
    { "broken", fuzz_op_broken },
    { "step", fuzz_op_step },
    { "raw", fuzz_op_raw },
    { "run", fuzz_op_run },
    { "tick", fuzz_op_tick },
    { "time", fuzz_op_time },
    { "start", fuzz_op_start },
    { "leave", fuzz_op_leave },
    { "die", fuzz_op_die },
    { "kill", fuzz_op_kill },
    { "fail", fuzz_op_fail },
    { "nomem", fuzz_op_nomem },
    { "meanwhile", fuzz_op_meanwhile },
    { "check", fuzz_op_check },
    { "open", fuzz_op_open },
    { "connect", fuzz_op_connect },
    { "ack all", fuzz_op_ack_all }
};


static ngx_uint_t   fuzz_nops;
static ngx_uint_t   fuzz_depth;
static ngx_uint_t   fuzz_verbose;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    ngx_uint_t  settings;

    if (len < SCRIPT_SETTINGS) {
        return 0;
    }

    fuzz_verbose = (getenv("FUZZ_VERBOSE") != NULL);

    script_tables();
    script_init(data, len);
    settings = script_byte();

    world_reset(settings & 3);
    world_faults.meanwhile = fuzz_meanwhile;

    script_settings();

    fuzz_nops = 0;
    fuzz_depth = 0;
    loop_deaths = 0;

    (void) process_start(world_process(0));
    (void) process_start(world_process(1));

    while (!script_done() && fuzz_nops < FUZZ_OPS) {
        fuzz_step();
    }

    fuzz_end();

    return 0;
}


/* One operation; unless it says otherwise, all processes come to rest. */

static void
fuzz_step(void)
{
    ngx_uint_t  op, n;

    fuzz_nops++;

    op = script_byte();
    n = op >> 5 & 3;

    if (fuzz_verbose) {
        fprintf(stderr, "%*s%s %lu%s\n", (int) fuzz_depth * 4, "",
                fuzz_ops[op & 31].name, (unsigned long) n,
                (op & 0x80) ? "" : ", settle");
    }

    fuzz_ops[op & 31].call(n);
    loop_sweep();

    if ((op & 0x80) == 0 && fuzz_depth == 0) {
        loop_settle();
    }
}


/* The next operation, while a process has released the lock. */

static void
fuzz_meanwhile(void *outer)
{
    if (script_done() || fuzz_depth == 2) {
        return;
    }

    fuzz_depth++;
    fuzz_step();
    fuzz_depth--;
}


static void
fuzz_drop_retained(void *data)
{
    process_t *p = data;

    ngx_str_t           topic;
    ngx_mqtt_retain_t  *retain;

    ngx_mqtt_worker_lock(p->w);

    retain = script_retained(&topic);
    ngx_mqtt_retain_clear_locked(p->w->zone, retain);
    ngx_mqtt_retain_release_locked(p->w->zone, retain);

    ngx_mqtt_worker_unlock(p->w);
}


/*
 * Has a client remove all retained messages, unless there is not even room
 * for that one.
 */

static void
fuzz_clear(process_t *p)
{
    ngx_str_t           topic, *hub;
    ngx_uint_t          i, n, *left;
    ngx_mqtt_retain_t  *retain;

    left = &world_zone()->root->blocks.nblocks[NGX_MQTT_KIND_RETAIN];

    for (i = 0; i < LOOP_TURNS; i++) {
        retain = script_retained(&topic);

        if (retain == NULL) {
            return;
        }

        hub = script_hub(retain->hub->name[0] == 'k');

        loop_peers[0] = peer_open(p, script_conf(1), hub, 0);
        script_plain_connect(loop_peers[0]);

        if (loop_peers[0]->closed) {
            (void) process_call(p, fuzz_drop_retained, p);
            loop_sweep();
            continue;
        }

        n = *left;

        script_remove(loop_peers[0], &topic);
        loop_settle();

        if (loop_peers[0] == NULL || *left == n) {
            world_bug("a retained message could not be removed");
        }

        peer_lost(loop_peers[0]);
        loop_sweep();
        loop_settle();
    }
}


/* Connections, sessions, retained messages: all goes. */

static void
fuzz_end(void)
{
    process_t   *p;
    ngx_uint_t   i;

    ngx_memzero(&world_faults, sizeof(world_faults));
    world_kill_at(0);
    world_fail_at(0);

    world_check();

    for (i = 0; i < LOOP_PEERS; i++) {
        if (loop_peers[i]) {
            peer_lost(loop_peers[i]);
        }
    }

    loop_sweep();

    p = world_process(0);

    if (p->w || process_start(p) == NGX_OK) {
        loop_mend();
        loop_pass(SCRIPT_LONGEST);
        loop_mend();

        fuzz_clear(p);

        world_check();
        world_empty();
    }

    for (i = 0; i < WORLD_PROCESSES; i++) {
        p = world_process(i);

        if (p->w) {
            (void) process_leave(p);
        }
    }
}


/* The client, if there is one and its process is not on the stack. */

static peer_t *
fuzz_peer(ngx_uint_t n)
{
    peer_t  *peer;

    peer = loop_peers[n];

    return (peer && !peer->process->inside) ? peer : NULL;
}


static process_t *
fuzz_process(ngx_uint_t n)
{
    process_t  *p;

    p = world_process(n);

    return (p->w && !p->inside) ? p : NULL;
}


static void
fuzz_op_open(ngx_uint_t n)
{
    u_char      b;
    process_t  *p;

    b = script_byte();

    if (loop_peers[n]) {

        if (loop_peers[n]->process->inside) {
            return;
        }

        peer_lost(loop_peers[n]);
        loop_sweep();
    }

    p = fuzz_process(b & 3);

    if (p == NULL || loop_peers[n]) {
        return;
    }

    loop_peers[n] = peer_open(p, script_conf(b >> 2), script_hub(b >> 3),
                              b >> 4 & 1);
}


static void
fuzz_op_connect(ngx_uint_t n)
{
    fuzz_op_open(n);

    if (fuzz_peer(n)) {
        script_connect(loop_peers[n]);
    }
}


static void
fuzz_op_packet(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        script_packet(loop_peers[n]);
    }
}


static void
fuzz_op_ack(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        script_ack(loop_peers[n]);
    }
}


static void
fuzz_op_ack_all(ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < 100; i++) {
        if (fuzz_peer(n) == NULL || !script_ack_first(loop_peers[n])) {
            return;
        }

        loop_sweep();
    }
}


static void
fuzz_op_bytes(ngx_uint_t n)
{
    size_t   len;
    u_char  *p;

    len = script_byte() & 63;
    p = script_bytes(&len);

    if (fuzz_peer(n)) {
        loop_peers[n]->wild = 1;
        peer_bytes(loop_peers[n], p, len);
    }
}


static void
fuzz_op_flip(ngx_uint_t n)
{
    peer_t  *peer;

    peer = fuzz_peer(n);

    if (peer) {
        peer->flip_at = script_byte();
        peer->flip = script_byte();
    }
}


static void
fuzz_op_lost(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        peer_lost(loop_peers[n]);
    }
}


static void
fuzz_op_close(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        peer_close(loop_peers[n], script_byte());
    }
}


static void
fuzz_op_socket(ngx_uint_t n)
{
    u_char   b;
    peer_t  *peer;

    b = script_byte();
    peer = fuzz_peer(n);

    if (peer) {
        peer->room = (size_t) (b & 15) * (b & 15) * 17;
        peer->chunk = (b >> 4) ? (size_t) 1 << (b >> 4) : (size_t) -1;
    }
}


static void
fuzz_op_writable(ngx_uint_t n)
{
    u_char  b;

    b = script_byte();

    if (fuzz_peer(n)) {
        peer_writable(loop_peers[n], b ? (size_t) b * b : (size_t) -1);
    }
}


static void
fuzz_op_broken(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        loop_peers[n]->broken = 1;
    }
}


static void
fuzz_op_step(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        loop_peers[n]->step = script_byte();
    }
}


static void
fuzz_op_raw(ngx_uint_t n)
{
    if (fuzz_peer(n)) {
        peer_raw(loop_peers[n], script_byte() % 126);
    }
}


static void
fuzz_op_run(ngx_uint_t n)
{
    if (fuzz_process(n)) {
        loop_run(world_process(n));
    }
}


static void
fuzz_op_tick(ngx_uint_t n)
{
    if (fuzz_process(n)) {
        loop_tick(world_process(n));
    }
}


static void
fuzz_op_time(ngx_uint_t n)
{
    ngx_uint_t  msec;

    msec = script_time();

    if (fuzz_depth) {
        return;
    }

    loop_pass(msec);

    if (n & 1) {
        loop_mend();
    }
}


static void
fuzz_op_start(ngx_uint_t n)
{
    process_t  *p;

    p = world_process(n);

    if (p->pid == 0 && !p->inside && process_start(p) != NGX_OK) {
        loop_deaths = 1;
    }
}


/* The worker knows those with a session; of the others only we do. */

static void
fuzz_op_leave(ngx_uint_t n)
{
    ngx_uint_t  i, deaths;
    process_t  *p;

    p = fuzz_process(n);

    if (p == NULL) {
        return;
    }

    for (i = 0; i < LOOP_PEERS; i++) {
        if (loop_peers[i] && loop_peers[i]->process == p
            && loop_peers[i]->cl.attach == NULL)
        {
            peer_lost(loop_peers[i]);
        }
    }

    loop_sweep();

    if (p->w == NULL) {
        return;
    }

    deaths = loop_deaths;

    if (process_leave(p) == NGX_OK) {

        /* its clients are gone with it: that is no death */

        loop_sweep();
        loop_deaths = deaths;
    }
}


static void
fuzz_op_die(ngx_uint_t n)
{
    if (fuzz_process(n)) {
        process_die(world_process(n));
        loop_deaths = 1;
    }
}


static void
fuzz_op_kill(ngx_uint_t n)
{
    ngx_uint_t  at;

    at = script_byte();

    world_kill_at(1 + at * (1 + n * 3));
}


static void
fuzz_op_fail(ngx_uint_t n)
{
    world_fail_at(1 + script_byte() % 32);
}


static void
fuzz_op_nomem(ngx_uint_t n)
{
    world_faults.alloc = 1 + script_byte() % 8;
}


static void
fuzz_op_meanwhile(ngx_uint_t n)
{
    world_faults.lock = 1 + script_byte() % 16;
}


static void
fuzz_op_check(ngx_uint_t n)
{
    world_check();
}
