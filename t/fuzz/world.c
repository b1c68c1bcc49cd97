
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <sys/mman.h>
#include "world.h"
#include "script.h"


#define WORLD_PID     0x40000000     /* no system has as many */
#define WORLD_BLOCKS  16384


/* what a function __wrap_x stands for: see .ci/native.mk */

int __real_open(const char *path, int flags, mode_t mode);
int __real_kill(pid_t pid, int sig);
void __real_free(void *p);
void *__real_ngx_alloc(size_t size, ngx_log_t *log);
void *__real_ngx_calloc(size_t size, ngx_log_t *log);
ssize_t __real_getrandom(void *buf, size_t len, unsigned flags);
void __real_ngx_shmtx_unlock(ngx_shmtx_t *mtx);

int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_kill(pid_t pid, int sig);
void __wrap_free(void *p);
void *__wrap_ngx_alloc(size_t size, ngx_log_t *log);
void *__wrap_ngx_calloc(size_t size, ngx_log_t *log);
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);
void __wrap_ngx_shmtx_unlock(ngx_shmtx_t *mtx);


typedef struct {
    size_t            size;
    ngx_slab_pool_t  *pool;
    ngx_mqtt_zone_t   zone;
    u_char           *pristine;
    size_t            used;
    ngx_uint_t        nblocks[NGX_MQTT_KIND_MAX];
} world_zone_t;


typedef struct {
    void             *p;
    process_t        *owner;
} world_block_t;


static void world_format(world_zone_t *z);
static void world_wake(ngx_mqtt_worker_t *w, ngx_uint_t slot);
static void world_post(ngx_mqtt_worker_t *w);
static ngx_mqtt_hub_conf_t *world_settings(ngx_mqtt_worker_t *w,
    ngx_str_t *hub);
static void process_enter(process_t *p);
static void process_create(void *data);
static void process_destroy(void *data);
static void process_gone(process_t *p);


static world_zone_t  world_zones[] = {
    { .size = 320 * 1024 },
    { .size = 1024 * 1024 },
    { .size = 4096 * 1024 }
};

static const ngx_mqtt_worker_ops_t  world_ops = {
    world_wake, world_post, world_settings, NULL, NULL, NULL
};

static world_zone_t   *world;
static ngx_log_t       world_log;
static process_t       world_processes[WORLD_PROCESSES];
static ngx_pid_t       world_last_pid;
static ngx_uint_t      world_random;

/* the memory of processes */
static world_block_t   world_blocks[WORLD_BLOCKS];
static ngx_uint_t      world_nblocks;

static process_t      *process_current;

/* during world_lock() */
static process_t      *world_outer;
static ngx_uint_t      world_killing;

world_faults_t         world_faults;


void
world_bug(const char *fmt, ...)
{
    va_list  args;

    fprintf(stderr, "BUG: ");

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fprintf(stderr, "\n");
    abort();
}


/* instead of that in t/unit/stubs.c: what a server would log as its fault */

void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   buf[NGX_MAX_ERROR_STR], *p;
    va_list  args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    if ((level & 0xf) <= NGX_LOG_ALERT) {
        world_bug("%.*s", (int) (p - buf), buf);
    }
}


void
world_reset(ngx_uint_t size)
{
    world_zone_t  *z;

    world = &world_zones[size % 3];
    z = world;

    ngx_memzero(world_processes, sizeof(world_processes));
    ngx_memzero(&world_faults, sizeof(world_faults));

    process_current = NULL;
    world_last_pid = WORLD_PID;
    world_random = 0;

    if (z->pool == NULL) {
        world_format(z);
    }

    ngx_current_msec = WORLD_START;
    ngx_mqtt_kill_root = z->zone.root;

    world_unpoison(&z->zone);
    ngx_memcpy(z->pool, z->pristine, z->used);
}


static void
world_format(world_zone_t *z)
{
    ngx_mqtt_blocks_t   *blocks;
    static ngx_cycle_t   cycle;

    cycle.log = &world_log;
    ngx_cycle = &cycle;

    world_log.log_level = NGX_LOG_INFO;

    ngx_pagesize = 4096;
    ngx_pagesize_shift = 12;
    ngx_cacheline_size = NGX_CPU_CACHE_LINE;

    ngx_time_init();
    ngx_current_msec = WORLD_START;

    z->pool = mmap(NULL, z->size, PROT_READ|PROT_WRITE,
                   MAP_ANON|MAP_PRIVATE, -1, 0);
    if (z->pool == MAP_FAILED) {
        world_bug("mmap() failed");
    }

    z->pool->end = (u_char *) z->pool + z->size;
    z->pool->min_shift = 3;
    z->pool->addr = z->pool;

    ngx_slab_sizes_init();

    if (ngx_shmtx_create(&z->pool->mutex, &z->pool->lock, NULL) != NGX_OK) {
        world_bug("no mutex");
    }

    ngx_slab_init(z->pool);
    ngx_str_set(&z->zone.name, "fuzz");

    if (ngx_mqtt_zone_format(&z->zone, z->pool, &world_log) != NGX_OK) {
        world_bug("a zone of %lu bytes is too small",
                  (unsigned long) z->size);
    }

    /* what lies behind was never used */

    blocks = &z->zone.root->blocks;
    z->used = blocks->start + (blocks->fresh << NGX_MQTT_PAGE_SHIFT)
              - (u_char *) z->pool;

    ngx_memcpy(z->nblocks, blocks->nblocks, sizeof(z->nblocks));

    z->pristine = malloc(z->used);
    if (z->pristine == NULL) {
        world_bug("no memory");
    }

    ngx_memcpy(z->pristine, z->pool, z->used);
}


ngx_mqtt_zone_t *
world_zone(void)
{
    return &world->zone;
}


void
world_check(void)
{
    ngx_uint_t   n;
    const char  *what;

    world_lock();
    n = ngx_mqtt_check_locked(&world->zone, &what);
    world_unlock();

    if (n) {
        world_bug("%lu faults in the zone: %s", (unsigned long) n, what);
    }
}


void
world_lock(void)
{
    world_outer = process_outside();
    world_killing = world->zone.root->kill_at;

    world_kill_at(0);
    ngx_mqtt_zone_lock(&world->zone, NGX_MQTT_NO_SLOT);
}


void
world_unlock(void)
{
    ngx_mqtt_zone_unlock(&world->zone);

    world_kill_at(world_killing);
    process_back(world_outer);
}


void
world_empty(void)
{
    ngx_uint_t        i;
    ngx_mqtt_root_t  *root;

    root = world->zone.root;

    for (i = 1; i < NGX_MQTT_KIND_HASH; i++) {
        if (root->blocks.nblocks[i] != world->nblocks[i]) {
            world_bug("%ld blocks of kind %lu are left",
                      (long) (root->blocks.nblocks[i] - world->nblocks[i]),
                      (unsigned long) i);
        }
    }

    if (root->nhubs || root->ending || root->walkers || root->waiting
        || root->retired)
    {
        world_bug("something is left in the zone");
    }
}


void
world_kill_at(ngx_uint_t n)
{
    world->zone.root->kill_at = n;
}


void
world_fail_at(ngx_uint_t n)
{
    ngx_mqtt_root_t  *root;

    root = world->zone.root;

    /* a rebuild has room for what was there before */

    root->blocks.fail_at = root->busy ? 0 : n;
}


process_t *
world_process(ngx_uint_t n)
{
    return &world_processes[n % WORLD_PROCESSES];
}


process_t *
world_of(ngx_mqtt_worker_t *w)
{
    return ngx_mqtt_worker_data(w);
}


static void
world_wake(ngx_mqtt_worker_t *w, ngx_uint_t slot)
{
    ngx_uint_t  i;
    process_t  *p;

    for (i = 0; i < WORLD_PROCESSES; i++) {
        p = &world_processes[i];

        if (p->w && ngx_mqtt_worker_slot(p->w) == slot) {
            p->posted = 1;
        }
    }
}


static void
world_post(ngx_mqtt_worker_t *w)
{
    world_of(w)->posted = 1;
}


static ngx_mqtt_hub_conf_t *
world_settings(ngx_mqtt_worker_t *w, ngx_str_t *hub)
{
    return script_conf(0);
}


ngx_int_t
process_start(process_t *p)
{
    ngx_memzero(p, sizeof(process_t));
    p->pid = ++world_last_pid;

    if (process_call(p, process_create, p) == NGX_OK && p->w == NULL) {
        p->pid = 0;
    }

    return p->pid ? NGX_OK : NGX_ERROR;
}


static void
process_create(void *data)
{
    process_t *p = data;

    p->w = ngx_mqtt_worker_create(&world->zone, &world_ops, p, &world_log);
}


ngx_int_t
process_leave(process_t *p)
{
    ngx_uint_t  i;

    if (process_call(p, process_destroy, p) != NGX_OK) {
        return NGX_ABORT;
    }

    p->w = NULL;
    p->pid = 0;

    for (i = 0; i < world_nblocks; i++) {
        if (world_blocks[i].owner == p) {
            world_bug("a process left and kept memory");
        }
    }

    return NGX_OK;
}


static void
process_destroy(void *data)
{
    process_t *p = data;

    ngx_mqtt_worker_destroy(p->w);
}


ngx_int_t
process_call(process_t *p, process_pt call, void *data)
{
    process_t *volatile  outer = process_current;

    process_enter(p);
    p->inside = 1;

    if (_setjmp(p->env) == 0) {
        call(data);
        p->inside = 0;

    } else {
        process_gone(p);
    }

    process_enter(outer);

    return p->pid ? NGX_OK : NGX_ABORT;
}


static void
process_enter(process_t *p)
{
    process_current = p;
    ngx_pid = p ? p->pid : 1;
}


void
process_die(process_t *p)
{
    process_gone(p);
}


/* Its memory is gone; a mutex that it had is free, as the master sees to. */

static void
process_gone(process_t *p)
{
    ngx_uint_t  i;

    for (i = world_nblocks; i > 0; i--) {
        if (world_blocks[i - 1].owner == p) {
            __wrap_free(world_blocks[i - 1].p);
        }
    }

    (void) ngx_shmtx_force_unlock(&world->pool->mutex, p->pid);
    world_unpoison(&world->zone);

    p->w = NULL;
    p->pid = 0;
    p->posted = 0;
    p->inside = 0;

    world_kill_at(0);
    world_fail_at(0);
}


process_t *
process_outside(void)
{
    process_t  *p;

    p = process_current;
    process_enter(NULL);

    return p;
}


void
process_back(process_t *p)
{
    process_enter(p);
}


/* The calls of a process to its system. */

int
__wrap_kill(pid_t pid, int sig)
{
    ngx_uint_t  i;

    if (process_current && sig == SIGKILL) {
        _longjmp(process_current->env, 1);
    }

    if (pid < WORLD_PID || sig != 0) {
        return __real_kill(pid, sig);
    }

    for (i = 0; i < WORLD_PROCESSES; i++) {
        if (world_processes[i].pid == pid) {
            return 0;
        }
    }

    ngx_set_errno(NGX_ESRCH);

    return -1;
}


/* of a process nothing can be known but that it is there */

int
__wrap_open(const char *path, int flags, mode_t mode)
{
    if (process_current && ngx_strncmp(path, "/proc/", 6) == 0) {
        ngx_set_errno(NGX_ENOENT);
        return -1;
    }

    return __real_open(path, flags, mode);
}


static void *
world_own(void *p)
{
    if (process_current && p) {

        if (world_nblocks == WORLD_BLOCKS) {
            world_bug("a process has too much memory");
        }

        world_blocks[world_nblocks].p = p;
        world_blocks[world_nblocks++].owner = process_current;
    }

    return p;
}


void *
__wrap_ngx_alloc(size_t size, ngx_log_t *log)
{
    if (process_current && world_faults.alloc && --world_faults.alloc == 0) {
        return NULL;
    }

    return world_own(__real_ngx_alloc(size, log));
}


void *
__wrap_ngx_calloc(size_t size, ngx_log_t *log)
{
    if (process_current && world_faults.alloc && --world_faults.alloc == 0) {
        return NULL;
    }

    return world_own(__real_ngx_calloc(size, log));
}


void
__wrap_free(void *p)
{
    ngx_uint_t  i;

    for (i = world_nblocks; i > 0; i--) {
        if (world_blocks[i - 1].p == p) {
            world_blocks[i - 1] = world_blocks[--world_nblocks];
            break;
        }
    }

    __real_free(p);
}


/* the same numbers for the same input */

ssize_t
__wrap_getrandom(void *buf, size_t len, unsigned flags)
{
    if (world == NULL) {
        return __real_getrandom(buf, len, flags);
    }

    ngx_memzero(buf, len);
    ngx_memcpy(buf, &world_random, ngx_min(len, 2));
    world_random++;

    return len;
}


void
__wrap_ngx_shmtx_unlock(ngx_shmtx_t *mtx)
{
    process_t  *p;

    __real_ngx_shmtx_unlock(mtx);

    p = process_current;

    if (p && world_faults.lock && --world_faults.lock == 0) {
        process_enter(NULL);
        world_faults.meanwhile(p);
        process_enter(p);
    }
}
