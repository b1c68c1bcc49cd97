
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_publication.h>


/* deliveries and connections of a dead process seen to at once */
#define NGX_MQTT_SLOT_BUDGET    128


static ngx_mqtt_slot_t *ngx_mqtt_slot_create_locked(ngx_mqtt_zone_t *zone);
static ngx_uint_t ngx_mqtt_slot_is(ngx_mqtt_slot_t *slot, ngx_pid_t pid,
    uint64_t started);
static void ngx_mqtt_slot_drop_refs_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_slot_t *slot);


ngx_mqtt_slot_t *
ngx_mqtt_slot_claim_locked(ngx_mqtt_zone_t *zone, ngx_pid_t pid,
    uint64_t started)
{
    ngx_uint_t        i;
    ngx_mqtt_root_t  *root;
    ngx_mqtt_slot_t  *slot;

    root = zone->root;
    slot = NULL;

    for (i = 0; i < root->nslots; i++) {
        if (root->slots[i]->state == NGX_MQTT_SLOT_FREE) {
            slot = root->slots[i];
            break;
        }
    }

    if (slot == NULL) {
        slot = ngx_mqtt_slot_create_locked(zone);
        if (slot == NULL) {
            return NULL;
        }
    }

    slot->pid = pid;
    slot->started = started;
    slot->generation = zone->generation;
    ngx_memzero(&slot->counts, sizeof(ngx_mqtt_counts_t));

    ngx_mqtt_set(slot->state, NGX_MQTT_SLOT_LIVE);

    return slot;
}


static ngx_mqtt_slot_t *
ngx_mqtt_slot_create_locked(ngx_mqtt_zone_t *zone)
{
    ngx_mqtt_root_t  *root;
    ngx_mqtt_slot_t  *slot;

    root = zone->root;

    if (root->nslots == NGX_MQTT_SLOTS) {
        return NULL;
    }

    slot = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_SLOT,
                                       sizeof(ngx_mqtt_slot_t));
    if (slot == NULL) {
        return NULL;
    }

    ngx_memzero(slot, sizeof(ngx_mqtt_slot_t));
    slot->index = root->nslots;

    ngx_mqtt_set(root->slots[root->nslots], slot);
    ngx_mqtt_set(root->nslots, root->nslots + 1);

    return slot;
}


uint64_t
ngx_mqtt_slot_started(ngx_pid_t pid)
{
    int       fd, field;
    char      path[32 + NGX_INT64_LEN], buf[1024], *p;
    ssize_t   n;

    if (kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH) {
        return 0;
    }

    ngx_sprintf((u_char *) path, "/proc/%P/stat%Z", pid);

    fd = open(path, O_RDONLY);

    if (fd == -1) {
        return NGX_MQTT_STARTED_UNKNOWN;
    }

    n = read(fd, buf, sizeof(buf) - 1);
    (void) close(fd);

    if (n <= 0) {
        return NGX_MQTT_STARTED_UNKNOWN;
    }

    buf[n] = '\0';

    /* the name may hold anything: the fields go on behind its last ')' */

    p = strrchr(buf, ')');

    if (p == NULL || p + 2 >= buf + n) {
        return NGX_MQTT_STARTED_UNKNOWN;
    }

    if (p[2] == 'Z' || p[2] == 'X') {
        return 0;
    }

    for (field = 3, p++; field < 22 && p; field++) {
        p = strchr(p + 1, ' ');
    }

    return p ? strtoull(p + 1, NULL, 10) : NGX_MQTT_STARTED_UNKNOWN;
}


ngx_int_t
ngx_mqtt_slot_sweep(ngx_mqtt_worker_t *w)
{
    ngx_uint_t  i;

    for (i = 0; i < w->zone->root->nslots; i++) {
        if (ngx_mqtt_slot_reclaim_dead(w, i) == NGX_AGAIN) {
            return NGX_AGAIN;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_slot_reclaim_dead(ngx_mqtt_worker_t *w, ngx_uint_t index)
{
    uint64_t          started, seen;
    ngx_pid_t         pid;
    ngx_int_t         rc;
    ngx_uint_t        state, budget;
    ngx_mqtt_slot_t  *slot;

    slot = w->zone->root->slots[index];

    if (slot == w->slot) {
        return NGX_OK;
    }

    ngx_mqtt_worker_lock(w);
    state = slot->state;
    pid = slot->pid;
    started = slot->started;
    ngx_mqtt_worker_unlock(w);

    if (state == NGX_MQTT_SLOT_FREE) {
        return NGX_OK;
    }

    seen = (state == NGX_MQTT_SLOT_DEAD) ? 0 : ngx_mqtt_slot_started(pid);

    if (seen == started || seen == NGX_MQTT_STARTED_UNKNOWN) {
        return NGX_OK;
    }

    if (state == NGX_MQTT_SLOT_LIVE) {
        ngx_log_error(NGX_LOG_NOTICE, w->log, 0,
                      "mqtt zone \"%V\": process %P of slot %ui is gone",
                      &w->zone->name, pid, index);
    }

    budget = NGX_MQTT_SLOT_BUDGET;
    rc = NGX_OK;

    ngx_mqtt_worker_lock(w);

    if (ngx_mqtt_slot_is(slot, pid, started)) {
        ngx_mqtt_set(slot->state, NGX_MQTT_SLOT_DEAD);
        rc = ngx_mqtt_slot_reclaim_locked(w, slot, &budget);
    }

    ngx_mqtt_worker_unlock(w);

#if (NGX_MQTT_KILL_POINTS)
    if (rc == NGX_OK) {
        ngx_mqtt_zone_inspect(w->zone);
    }
#endif

    return rc;
}


/* Whether a slot is still that process', living or dead. */

static ngx_uint_t
ngx_mqtt_slot_is(ngx_mqtt_slot_t *slot, ngx_pid_t pid, uint64_t started)
{
    return slot->state != NGX_MQTT_SLOT_FREE && slot->pid == pid
           && slot->started == started;
}


ngx_int_t
ngx_mqtt_slot_reclaim_locked(ngx_mqtt_worker_t *w, ngx_mqtt_slot_t *slot,
    ngx_uint_t *budget)
{
    uint64_t             started;
    ngx_pid_t            pid;
    ngx_uint_t           i;
    ngx_mqtt_root_t     *root;
    ngx_mqtt_attach_t   *a;
    ngx_mqtt_session_t  *s;

    root = w->zone->root;
    pid = slot->pid;
    started = slot->started;

    for (i = 0; i < NGX_MQTT_PUBS; i++) {
        if (ngx_mqtt_publication_finish_locked(w, &slot->pubs[i], budget)
            == NGX_AGAIN
            || ngx_mqtt_publication_abandon_locked(w->zone, &slot->pubs[i],
                                                   budget)
               == NGX_AGAIN)
        {
            return NGX_AGAIN;
        }
    }

    if (slot->walking) {
        ngx_mqtt_set(slot->walking, 0);
        ngx_mqtt_set(root->walkers, root->walkers - 1);
    }

    for (i = 0; i < NGX_MQTT_PUBS; i++) {
        ngx_mqtt_publication_release_locked(w->zone, &slot->pubs[i]);
    }

    ngx_mqtt_slot_drop_refs_locked(w->zone, slot);

    if (slot->reaping) {
        s = slot->reaping;
        ngx_mqtt_set(slot->reaping, NULL);
        ngx_mqtt_session_queue_ending_locked(w->zone, s);
        w->reap = 1;
    }

    /* a will's publication releases the lock: another may have finished */

    while (ngx_mqtt_slot_is(slot, pid, started) && slot->attached) {

        if (*budget == 0) {
            return NGX_AGAIN;
        }

        (*budget)--;

        /* the ready ones first: none is freed while it stands on that list */

        a = slot->ready;

        if (a) {
            ngx_mqtt_set(slot->ready, a->ready_next);
            ngx_mqtt_set(a->ready, 0);

        } else {
            a = slot->attached;
        }

        s = a->session;

        if (s) {
            ngx_mqtt_session_leave_locked(w, s, 0);
            continue;
        }

        ngx_mqtt_attach_free_locked(w->zone, a);
    }

    if (ngx_mqtt_slot_is(slot, pid, started)) {
        ngx_mqtt_set(slot->ready, NULL);
        ngx_mqtt_set(slot->ready_last, NULL);
        ngx_mqtt_set(slot->state, NGX_MQTT_SLOT_FREE);
    }

    return NGX_OK;
}


static void
ngx_mqtt_slot_drop_refs_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_slot_t *slot)
{
    ngx_uint_t           i;
    ngx_mqtt_message_t  *m, **held[4];

    held[0] = &slot->filling;
    held[1] = &slot->big;
    held[2] = &slot->reading;
    held[3] = &slot->draft;

    for (i = 0; i < 4; i++) {
        m = *held[i];

        if (m) {
            ngx_mqtt_set(*held[i], NULL);
            ngx_mqtt_message_unref_locked(zone, m);
        }
    }

    while (slot->nheld) {
        m = slot->held[slot->nheld - 1];
        ngx_mqtt_set(slot->nheld, slot->nheld - 1);
        ngx_mqtt_message_unref_locked(zone, m);
    }
}


void
ngx_mqtt_slot_ready_locked(ngx_mqtt_worker_t *w, ngx_mqtt_attach_t *a)
{
    ngx_mqtt_slot_t  *slot;

    if (a->ready) {
        return;
    }

    slot = w->zone->root->slots[a->slot];

    ngx_mqtt_set(a->ready_next, NULL);
    ngx_mqtt_set(a->ready, 1);

    if (slot->ready == NULL) {
        ngx_mqtt_set(slot->ready, a);

        if (slot == w->slot) {
            w->wake_self = 1;

        } else {
            w->wakes[a->slot / 64] |= (uint64_t) 1 << (a->slot % 64);
            w->nwakes++;
        }

    } else {
        ngx_mqtt_set(slot->ready_last->ready_next, a);
    }

    ngx_mqtt_set(slot->ready_last, a);
}


void
ngx_mqtt_slot_enter_locked(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_root_t  *root;

    if (w->walks++) {
        return;
    }

    root = w->zone->root;

    ngx_mqtt_set(root->serial, root->serial + 1);
    ngx_mqtt_set(w->slot->walking, root->serial);
    ngx_mqtt_set(root->walkers, root->walkers + 1);
}


void
ngx_mqtt_slot_leave_locked(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_root_t  *root;

    if (--w->walks) {
        return;
    }

    root = w->zone->root;

    ngx_mqtt_set(w->slot->walking, 0);
    ngx_mqtt_set(root->walkers, root->walkers - 1);

    if (root->waiting || root->retired) {
        ngx_mqtt_block_reclaim_locked(w->zone, 256);

        if (ngx_mqtt_block_reclaimable(root)) {
            w->reap = 1;
        }
    }
}
