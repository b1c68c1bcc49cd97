
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_targets.h>
#include <ngx_mqtt_native_client.h>
#include <ngx_mqtt_user.h>


/* blocks looked at in one hold of the lock, to see if there is anybody */
#define NGX_MQTT_TARGETS_BATCH   128

/* up to so many ids one is looked for among all of them */
#define NGX_MQTT_TARGETS_FEW     8

/* bytes of ids that are compared for one block looked at */
#define NGX_MQTT_TARGETS_BYTES   2048

/*
 * Bytes of a client id that a filter looks at; a longer one, which a client
 * may have chosen, would hold the lock for too long, and matches none.
 */
#define NGX_MQTT_TARGETS_ID      1024


/* What a filter asks a session. */

typedef struct {
    ngx_mqtt_zone_t      *zone;
    ngx_mqtt_session_t   *session;
} ngx_mqtt_targets_subject_t;


static int ngx_libc_cdecl ngx_mqtt_targets_sort(const void *one,
    const void *two);
static ngx_int_t ngx_mqtt_targets_compare(u_char *one, size_t len1,
    u_char *two, size_t len2);
static ngx_mqtt_session_t *ngx_mqtt_targets_candidate_locked(
    ngx_mqtt_worker_t *w, ngx_mqtt_targets_t *t, ngx_uint_t *budget,
    ngx_int_t *rc);
static ngx_mqtt_session_t *ngx_mqtt_targets_member_locked(
    ngx_mqtt_worker_t *w, ngx_mqtt_targets_t *t, ngx_uint_t *budget);
static ngx_uint_t ngx_mqtt_targets_excludes(ngx_mqtt_targets_t *t,
    ngx_mqtt_session_t *s, ngx_uint_t *budget);
static ngx_uint_t ngx_mqtt_targets_filter_locked(ngx_mqtt_zone_t *zone,
    ngx_mqtt_targets_t *t, ngx_mqtt_session_t *s, ngx_uint_t *budget);
static ngx_uint_t ngx_mqtt_targets_in_group(void *data,
    const ngx_str_t *group);
static ngx_uint_t ngx_mqtt_targets_ngroups(void *data);


void
ngx_mqtt_targets_init(ngx_mqtt_targets_t *t)
{
    if (t->nexcluded > NGX_MQTT_TARGETS_FEW) {
        ngx_qsort(t->excluded, t->nexcluded, sizeof(ngx_str_t),
                  ngx_mqtt_targets_sort);
    }
}


static int ngx_libc_cdecl
ngx_mqtt_targets_sort(const void *one, const void *two)
{
    const ngx_str_t *first = one;
    const ngx_str_t *second = two;

    return (int) ngx_mqtt_targets_compare(first->data, first->len,
                                          second->data, second->len);
}


static ngx_int_t
ngx_mqtt_targets_compare(u_char *one, size_t len1, u_char *two, size_t len2)
{
    if (len1 != len2) {
        return (len1 < len2) ? -1 : 1;
    }

    return ngx_memcmp(one, two, len1);
}


void
ngx_mqtt_targets_start_locked(ngx_mqtt_worker_t *w, ngx_mqtt_targets_t *t,
    ngx_mqtt_hub_t *hub)
{
    ngx_mqtt_node_t  *node;
    ngx_mqtt_user_t  *user;

    t->hub = hub;
    t->page = 0;
    t->place = 0;
    t->sub = NULL;
    t->session = NULL;

    switch (t->kind) {

    case NGX_MQTT_TARGETS_GROUP:
        node = ngx_mqtt_node_of_filter_locked(w->zone, hub->subs, &t->name, 0);
        t->sub = node ? node->subs : NULL;
        break;

    case NGX_MQTT_TARGETS_USER:
        user = ngx_mqtt_user_find_locked(w->zone, hub, &t->name);
        t->session = user ? user->sessions : NULL;
        break;

    case NGX_MQTT_TARGETS_SESSION:
        t->session = ngx_mqtt_session_find_locked(w->zone, hub, &t->name);
        break;

    default:
        break;
    }
}


ngx_int_t
ngx_mqtt_targets_next_locked(ngx_mqtt_worker_t *w, ngx_mqtt_targets_t *t,
    ngx_uint_t *budget, ngx_mqtt_session_t **session)
{
    ngx_int_t            rc;
    ngx_mqtt_session_t  *s;

    for ( ;; ) {
        s = ngx_mqtt_targets_candidate_locked(w, t, budget, &rc);

        if (rc != NGX_OK) {
            return rc;
        }

        if (s && s->state == NGX_MQTT_STATE_LIVE && s->hub == t->hub
            && !ngx_mqtt_session_expired(s)
            && ngx_mqtt_targets_wants_locked(w->zone, t, s, budget))
        {
            *session = s;
            return NGX_OK;
        }
    }
}


/* One step of a walk; what has ended meanwhile is still memory. */

static ngx_mqtt_session_t *
ngx_mqtt_targets_candidate_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_targets_t *t, ngx_uint_t *budget, ngx_int_t *rc)
{
    void                *block;
    ngx_mqtt_session_t  *s;

    block = NULL;

    if (t->kind == NGX_MQTT_TARGETS_HUB) {
        *rc = ngx_mqtt_block_next_locked(w->zone, NGX_MQTT_KIND_SESSION,
                                         &t->page, &t->place, budget, &block);
        return block;
    }

    if (t->sub == NULL && t->session == NULL) {
        *rc = NGX_DONE;
        return NULL;
    }

    if (*budget == 0) {
        *rc = NGX_AGAIN;
        return NULL;
    }

    (*budget)--;
    *rc = NGX_OK;

    if (t->kind == NGX_MQTT_TARGETS_GROUP) {
        return ngx_mqtt_targets_member_locked(w, t, budget);
    }

    s = t->session;
    t->session = (t->kind == NGX_MQTT_TARGETS_USER) ? s->user_next : NULL;

    return s;
}


/* NULL: it has left the group, or it is another one of a deep node. */

static ngx_mqtt_session_t *
ngx_mqtt_targets_member_locked(ngx_mqtt_worker_t *w, ngx_mqtt_targets_t *t,
    ngx_uint_t *budget)
{
    ngx_mqtt_sub_t  *sub;

    sub = t->sub;
    t->sub = sub->node_next;

    *budget -= ngx_min(*budget, 1 + t->name.len / NGX_MQTT_TARGETS_BYTES);

    if (sub->session->state != NGX_MQTT_STATE_LIVE
        || ngx_mqtt_sub_find_locked(w->zone, sub->session, &t->name) != sub)
    {
        return NULL;
    }

    return sub->session;
}


ngx_uint_t
ngx_mqtt_targets_wants_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_targets_t *t,
    ngx_mqtt_session_t *s, ngx_uint_t *budget)
{
    if (t->nexcluded && ngx_mqtt_targets_excludes(t, s, budget)) {
        return 0;
    }

    return t->filter == NULL
           || ngx_mqtt_targets_filter_locked(zone, t, s, budget);
}


static ngx_uint_t
ngx_mqtt_targets_excludes(ngx_mqtt_targets_t *t, ngx_mqtt_session_t *s,
    ngx_uint_t *budget)
{
    ngx_int_t    rc;
    ngx_str_t   *id;
    ngx_uint_t   i, n, cost;

    id = t->excluded;
    n = t->nexcluded;

    if (n <= NGX_MQTT_TARGETS_FEW) {

        for (i = 0; i < n; i++) {
            if (ngx_mqtt_targets_compare(id[i].data, id[i].len, s->data,
                                         s->id_len)
                == 0)
            {
                return 1;
            }
        }

        return 0;
    }

    cost = 1 + s->id_len / NGX_MQTT_TARGETS_BYTES;
    *budget -= ngx_min(*budget, cost);

    while (n) {
        i = n / 2;
        rc = ngx_mqtt_targets_compare(id[i].data, id[i].len, s->data,
                                      s->id_len);
        if (rc == 0) {
            return 1;
        }

        if (rc < 0) {
            id += i + 1;
            n -= i + 1;

        } else {
            n = i;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_mqtt_targets_filter_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_targets_t *t,
    ngx_mqtt_session_t *s, ngx_uint_t *budget)
{
    size_t                       len;
    ngx_uint_t                   cost;
    ngx_mqtt_odata_subject_t     subject;
    ngx_mqtt_targets_subject_t   data;

    if (s->id_len > NGX_MQTT_TARGETS_ID) {
        return 0;
    }

    data.zone = zone;
    data.session = s;

    subject.connection_id.data = s->data;
    subject.connection_id.len = s->id_len;
    ngx_mqtt_native_subprotocol(s->version, &subject.protocol);
    ngx_str_null(&subject.user_id);

    if (s->user) {
        subject.user_id.data = s->user->name;
        subject.user_id.len = s->user->len;
    }

    subject.in_group = ngx_mqtt_targets_in_group;
    subject.ngroups = ngx_mqtt_targets_ngroups;
    subject.data = &data;

    len = subject.connection_id.len + subject.user_id.len
          + subject.protocol.len;

    cost = ngx_mqtt_odata_cost(t->filter, len);
    *budget -= ngx_min(*budget, cost);

    return ngx_mqtt_odata_match(t->filter, &subject);
}


static ngx_uint_t
ngx_mqtt_targets_in_group(void *data, const ngx_str_t *group)
{
    ngx_mqtt_targets_subject_t *subject = data;

    ngx_str_t  name;

    name = *group;

    return ngx_mqtt_sub_find_locked(subject->zone, subject->session, &name)
           != NULL;
}


static ngx_uint_t
ngx_mqtt_targets_ngroups(void *data)
{
    ngx_mqtt_targets_subject_t *subject = data;

    return subject->session->nsubs;
}


ngx_uint_t
ngx_mqtt_targets_exist(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_mqtt_targets_kind_e kind, ngx_str_t *name)
{
    ngx_int_t            rc;
    ngx_uint_t           budget;
    ngx_mqtt_hub_t      *found;
    ngx_mqtt_session_t  *s;
    ngx_mqtt_targets_t   t;

    ngx_memzero(&t, sizeof(ngx_mqtt_targets_t));

    t.kind = kind;
    t.name = *name;

    rc = NGX_DONE;
    budget = NGX_MQTT_TARGETS_BATCH;

    ngx_mqtt_worker_lock(w);

    found = ngx_mqtt_hub_find_locked(w->zone, hub);

    if (found) {
        ngx_mqtt_targets_start_locked(w, &t, found);
        rc = ngx_mqtt_targets_next_locked(w, &t, &budget, &s);
    }

    ngx_mqtt_worker_unlock(w);

    /* so many whose time is just over are not nobody yet */

    return rc != NGX_DONE;
}
