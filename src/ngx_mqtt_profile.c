
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_profile.h>


/* Begins a profile in the zone: lengths, those of the roles come next. */

typedef struct {
    uint32_t              user_id;
    uint32_t              username;
    uint32_t              state;
    uint32_t              subprotocol;
    uint32_t              cookie;
    uint32_t              nroles;
} ngx_mqtt_profile_head_t;


typedef struct {
    ngx_uint_t            parts;
    ngx_mqtt_profile_t   *profile;
} ngx_mqtt_profile_parts_t;


static size_t ngx_mqtt_profile_size(ngx_mqtt_profile_t *p);
static ngx_mqtt_message_t *ngx_mqtt_profile_alloc_locked(
    ngx_mqtt_worker_t *w, size_t size);
static void ngx_mqtt_profile_write(ngx_mqtt_message_t *m,
    ngx_mqtt_profile_t *p);
static ngx_mqtt_profile_t *ngx_mqtt_profile_copy(ngx_mqtt_worker_t *w);
static void ngx_mqtt_profile_split(ngx_mqtt_profile_t *p,
    ngx_mqtt_profile_head_t *head, u_char *pos);
static u_char *ngx_mqtt_profile_string(ngx_str_t *str, u_char *pos,
    size_t len);
static void ngx_mqtt_profile_release(ngx_mqtt_worker_t *w);
static ngx_int_t ngx_mqtt_profile_replace(ngx_mqtt_profile_t *p, void *data);
static ngx_int_t ngx_mqtt_profile_redraft(ngx_mqtt_worker_t *w,
    ngx_mqtt_profile_edit_pt edit, void *data, ngx_uint_t *roles);
static ngx_uint_t ngx_mqtt_profile_same(ngx_str_t *one, ngx_str_t *two,
    ngx_uint_t n);
static ngx_int_t ngx_mqtt_profile_exchange(ngx_mqtt_worker_t *w,
    ngx_mqtt_whose_t *whose, ngx_uint_t roles);


ngx_int_t
ngx_mqtt_profile_store(ngx_mqtt_worker_t *w, ngx_mqtt_profile_t *p)
{
    size_t               size;
    ngx_mqtt_message_t  *m;

    if (p->user_id.len == 0 && p->username.len == 0 && p->state.len == 0
        && p->subprotocol.len == 0 && p->cookie.len == 0 && p->nroles == 0)
    {
        return NGX_OK;
    }

    size = ngx_mqtt_profile_size(p);

    if (size > NGX_MQTT_PROFILE_MAX
        || p->user_id.len > NGX_MQTT_USER_ID_MAX)
    {
        return NGX_DECLINED;
    }

    ngx_mqtt_worker_lock(w);

    m = ngx_mqtt_profile_alloc_locked(w, size);

    if (m == NULL) {
        w->full = 1;
    }

    ngx_mqtt_worker_unlock(w);

    if (m == NULL) {
        return NGX_ERROR;
    }

    ngx_mqtt_profile_write(m, p);

    return NGX_OK;
}


static size_t
ngx_mqtt_profile_size(ngx_mqtt_profile_t *p)
{
    size_t      size;
    ngx_uint_t  i;

    size = sizeof(ngx_mqtt_profile_head_t) + p->user_id.len + p->username.len
           + p->state.len + p->subprotocol.len + p->cookie.len
           + p->nroles * sizeof(uint32_t);

    for (i = 0; i < p->nroles; i++) {
        size += p->roles[i].len;
    }

    return size;
}


/* A large one takes several holds of the lock. */

static ngx_mqtt_message_t *
ngx_mqtt_profile_alloc_locked(ngx_mqtt_worker_t *w, size_t size)
{
    size_t               left;
    ngx_mqtt_message_t  *m;

    m = ngx_mqtt_message_alloc_locked(w->zone, 0, 0, size, &left);
    if (m == NULL) {
        return NULL;
    }

    ngx_mqtt_set(w->slot->draft, m);

    while (left) {

        if (ngx_mqtt_message_extend_locked(w->zone, m, &left) != NGX_OK) {
            ngx_mqtt_set(w->slot->draft, NULL);
            ngx_mqtt_message_unref_locked(w->zone, m);
            return NULL;
        }

        if (left) {
            ngx_mqtt_worker_unlock(w);
            ngx_mqtt_worker_lock(w);
        }
    }

    return m;
}


static void
ngx_mqtt_profile_write(ngx_mqtt_message_t *m, ngx_mqtt_profile_t *p)
{
    uint32_t                  len;
    ngx_uint_t                i;
    ngx_mqtt_text_t           text;
    ngx_mqtt_profile_head_t   head;

    head.user_id = (uint32_t) p->user_id.len;
    head.username = (uint32_t) p->username.len;
    head.state = (uint32_t) p->state.len;
    head.subprotocol = (uint32_t) p->subprotocol.len;
    head.cookie = (uint32_t) p->cookie.len;
    head.nroles = (uint32_t) p->nroles;

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_write(&text, (u_char *) &head, sizeof(head));

    for (i = 0; i < p->nroles; i++) {
        len = (uint32_t) p->roles[i].len;
        ngx_mqtt_text_write(&text, (u_char *) &len, sizeof(len));
    }

    ngx_mqtt_text_write(&text, p->user_id.data, p->user_id.len);
    ngx_mqtt_text_write(&text, p->username.data, p->username.len);
    ngx_mqtt_text_write(&text, p->state.data, p->state.len);
    ngx_mqtt_text_write(&text, p->subprotocol.data, p->subprotocol.len);
    ngx_mqtt_text_write(&text, p->cookie.data, p->cookie.len);

    for (i = 0; i < p->nroles; i++) {
        ngx_mqtt_text_write(&text, p->roles[i].data, p->roles[i].len);
    }
}


void
ngx_mqtt_profile_set_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_mqtt_message_t  *old;

    old = s->profile;

    ngx_mqtt_set(s->profile, w->slot->draft);
    ngx_mqtt_set(w->slot->draft, NULL);

    if (old) {
        ngx_mqtt_message_unref_locked(w->zone, old);
    }
}


void
ngx_mqtt_profile_drop(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_message_t  *m;

    m = w->slot->draft;

    if (m) {
        ngx_mqtt_worker_lock(w);
        ngx_mqtt_set(w->slot->draft, NULL);
        ngx_mqtt_message_unref_locked(w->zone, m);
        ngx_mqtt_worker_unlock(w);
    }
}


void
ngx_mqtt_profile_hold_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_mqtt_message_t  *m;

    m = s->profile;

    if (m) {
        ngx_mqtt_set(w->slot->reading, m);
        ngx_mqtt_set(m->refs, m->refs + 1);
    }
}


ngx_int_t
ngx_mqtt_profile_hold_resumed(ngx_mqtt_client_t *cl, ngx_str_t *identity)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_session_t  *s;

    w = cl->worker;
    s = NULL;

    ngx_mqtt_worker_lock(w);

    hub = ngx_mqtt_hub_find_locked(w->zone, &cl->hub);

    if (hub) {
        s = ngx_mqtt_session_find_locked(w->zone, hub, &cl->client_id);
    }

    if (s && (!ngx_mqtt_session_owned_by(s, identity)
              || !ngx_mqtt_session_lasts(s)))
    {
        s = NULL;
    }

    if (s) {
        ngx_mqtt_profile_hold_locked(w, s);
    }

    ngx_mqtt_worker_unlock(w);

    return s ? NGX_OK : NGX_DECLINED;
}


ngx_mqtt_profile_t *
ngx_mqtt_profile_take(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_profile_t  *p;

    p = ngx_mqtt_profile_copy(w);
    ngx_mqtt_profile_release(w);

    return p;
}


static void
ngx_mqtt_profile_release(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_message_t  *m;

    m = w->slot->reading;

    if (m) {
        ngx_mqtt_worker_lock(w);
        ngx_mqtt_set(w->slot->reading, NULL);
        ngx_mqtt_message_unref_locked(w->zone, m);
        ngx_mqtt_worker_unlock(w);
    }
}


/* Of what the slot holds. */

static ngx_mqtt_profile_t *
ngx_mqtt_profile_copy(ngx_mqtt_worker_t *w)
{
    size_t                    len;
    u_char                   *pos;
    ngx_mqtt_text_t           text;
    ngx_mqtt_message_t       *m;
    ngx_mqtt_profile_t       *p;
    ngx_mqtt_profile_head_t   head;

    m = w->slot->reading;
    ngx_memzero(&head, sizeof(head));

    len = 0;

    if (m) {
        if (!ngx_mqtt_profile_valid(m)) {
            ngx_log_error(NGX_LOG_ALERT, w->log, 0,
                          "mqtt zone \"%V\": profile that is none",
                          &w->zone->name);
            return NULL;
        }

        ngx_mqtt_message_text(m, &text);
        ngx_mqtt_text_read(&text, (u_char *) &head, sizeof(head));
        len = m->payload_len - sizeof(head);
    }

    p = ngx_alloc(sizeof(ngx_mqtt_profile_t) + head.nroles * sizeof(ngx_str_t)
                  + len, w->log);
    if (p == NULL) {
        return NULL;
    }

    ngx_memzero(p, sizeof(ngx_mqtt_profile_t));

    p->roles = (ngx_str_t *) (p + 1);
    p->nroles = head.nroles;

    if (m) {
        pos = (u_char *) (p->roles + p->nroles);
        ngx_mqtt_text_read(&text, pos, len);
        ngx_mqtt_profile_split(p, &head, pos);
    }

    return p;
}


static void
ngx_mqtt_profile_split(ngx_mqtt_profile_t *p, ngx_mqtt_profile_head_t *head,
    u_char *pos)
{
    u_char      *lens;
    uint32_t     len;
    ngx_uint_t   i;

    lens = pos;
    pos += head->nroles * sizeof(uint32_t);

    pos = ngx_mqtt_profile_string(&p->user_id, pos, head->user_id);
    pos = ngx_mqtt_profile_string(&p->username, pos, head->username);
    pos = ngx_mqtt_profile_string(&p->state, pos, head->state);
    pos = ngx_mqtt_profile_string(&p->subprotocol, pos, head->subprotocol);
    pos = ngx_mqtt_profile_string(&p->cookie, pos, head->cookie);

    for (i = 0; i < head->nroles; i++) {
        ngx_memcpy(&len, lens + i * sizeof(uint32_t), sizeof(uint32_t));
        pos = ngx_mqtt_profile_string(&p->roles[i], pos, len);
    }
}


static u_char *
ngx_mqtt_profile_string(ngx_str_t *str, u_char *pos, size_t len)
{
    str->data = pos;
    str->len = len;

    return pos + len;
}


ngx_mqtt_profile_t *
ngx_mqtt_profile_read(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose)
{
    uint64_t             serial, connection;
    ngx_uint_t           version;
    ngx_mqtt_profile_t  *p;
    ngx_mqtt_session_t  *s;

    ngx_mqtt_worker_lock(w);

    s = ngx_mqtt_profile_find_locked(w, whose);

    if (s == NULL) {
        ngx_mqtt_worker_unlock(w);
        return NULL;
    }

    serial = s->serial;
    connection = s->connection;
    version = s->version;
    ngx_mqtt_profile_hold_locked(w, s);

    ngx_mqtt_worker_unlock(w);

    p = ngx_mqtt_profile_take(w);

    if (p) {
        p->serial = serial;
        p->connection = connection;
        p->version = version;
    }

    return p;
}


ngx_mqtt_session_t *
ngx_mqtt_profile_find_locked(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose)
{
    ngx_mqtt_hub_t      *hub;
    ngx_mqtt_session_t  *s;

    hub = ngx_mqtt_hub_find_locked(w->zone, &whose->hub);
    if (hub == NULL) {
        return NULL;
    }

    s = ngx_mqtt_session_find_locked(w->zone, hub, &whose->client_id);

    if (s && whose->serial && s->serial != whose->serial) {
        return NULL;
    }

    return s;
}


ngx_int_t
ngx_mqtt_profile_change(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose,
    ngx_uint_t parts, ngx_mqtt_profile_t *p)
{
    ngx_int_t                 rc;
    ngx_mqtt_profile_parts_t  pp;

    pp.parts = parts;
    pp.profile = p;

    rc = ngx_mqtt_profile_edit(w, whose, ngx_mqtt_profile_replace, &pp);

    return (rc == NGX_BUSY) ? NGX_DECLINED : rc;
}


static ngx_int_t
ngx_mqtt_profile_replace(ngx_mqtt_profile_t *p, void *data)
{
    ngx_mqtt_profile_parts_t  *pp = data;

    if (pp->parts & NGX_MQTT_PROFILE_STATE) {
        p->state = pp->profile->state;
    }

    if (pp->parts & NGX_MQTT_PROFILE_ROLES) {
        p->roles = pp->profile->roles;
        p->nroles = pp->profile->nroles;
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_profile_edit(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose,
    ngx_mqtt_profile_edit_pt edit, void *data)
{
    ngx_int_t            rc;
    ngx_uint_t           roles;
    ngx_mqtt_session_t  *s;

    /* again if somebody else has changed it meanwhile */

    do {
        ngx_mqtt_worker_lock(w);

        s = ngx_mqtt_profile_find_locked(w, whose);

        if (s) {
            ngx_mqtt_profile_hold_locked(w, s);
        }

        ngx_mqtt_worker_unlock(w);

        if (s == NULL) {
            return NGX_DECLINED;
        }

        rc = ngx_mqtt_profile_redraft(w, edit, data, &roles);

        if (rc == NGX_OK) {
            rc = ngx_mqtt_profile_exchange(w, whose, roles);
        }

        ngx_mqtt_profile_release(w);
        ngx_mqtt_profile_drop(w);

    } while (rc == NGX_AGAIN);

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


/* The draft: what the slot holds, changed.  NGX_DONE: it is the same. */

static ngx_int_t
ngx_mqtt_profile_redraft(ngx_mqtt_worker_t *w, ngx_mqtt_profile_edit_pt edit,
    void *data, ngx_uint_t *roles)
{
    ngx_int_t            rc;
    ngx_mqtt_profile_t  *old, draft;

    old = ngx_mqtt_profile_copy(w);
    if (old == NULL) {
        return NGX_ERROR;
    }

    draft = *old;
    rc = edit(&draft, data);

    if (rc == NGX_OK) {

        *roles = (old->nroles != draft.nroles
                  || !ngx_mqtt_profile_same(old->roles, draft.roles,
                                            draft.nroles));

        if (!*roles && ngx_mqtt_profile_same(&old->state, &draft.state, 1)) {
            rc = NGX_DONE;

        } else {
            rc = ngx_mqtt_profile_store(w, &draft);
            rc = (rc == NGX_DECLINED) ? NGX_BUSY : rc;
        }
    }

    ngx_free(old);

    return rc;
}


static ngx_uint_t
ngx_mqtt_profile_same(ngx_str_t *one, ngx_str_t *two, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (one[i].len != two[i].len
            || (one[i].len
                && ngx_memcmp(one[i].data, two[i].data, one[i].len) != 0))
        {
            return 0;
        }
    }

    return 1;
}


/* The draft takes the place of what the slot holds. */

static ngx_int_t
ngx_mqtt_profile_exchange(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose,
    ngx_uint_t roles)
{
    ngx_int_t            rc;
    ngx_mqtt_session_t  *s;

    ngx_mqtt_worker_lock(w);

    s = ngx_mqtt_profile_find_locked(w, whose);

    if (s == NULL) {
        rc = NGX_DECLINED;

    } else if (s->profile != w->slot->reading) {
        rc = NGX_AGAIN;

    } else {

        /* first, so that after a kill nobody goes on with old roles */

        if (roles && s->attach) {
            ngx_mqtt_set(s->attach->changed, 1);
        }

        ngx_mqtt_profile_set_locked(w, s);
        rc = NGX_OK;
    }

    ngx_mqtt_worker_unlock(w);

    return rc;
}


ngx_int_t
ngx_mqtt_profile_set_state(ngx_mqtt_worker_t *w, ngx_mqtt_whose_t *whose,
    ngx_str_t *state)
{
    ngx_mqtt_profile_t  p;

    ngx_memzero(&p, sizeof(ngx_mqtt_profile_t));
    p.state = *state;

    return ngx_mqtt_profile_change(w, whose, NGX_MQTT_PROFILE_STATE, &p);
}


void
ngx_mqtt_profile_whose(ngx_mqtt_client_t *cl, ngx_mqtt_whose_t *whose)
{
    whose->hub = cl->hub;
    whose->client_id = cl->client_id;
    whose->serial = cl->serial;
}


ngx_uint_t
ngx_mqtt_profile_valid(ngx_mqtt_message_t *m)
{
    size_t                    size;
    uint32_t                  i, len;
    ngx_mqtt_text_t           text;
    ngx_mqtt_profile_head_t   head;

    if (m->topic_len || m->props_len || m->payload_len < sizeof(head)
        || m->payload_len > NGX_MQTT_PROFILE_MAX)
    {
        return 0;
    }

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_read(&text, (u_char *) &head, sizeof(head));

    size = sizeof(head) + (size_t) head.user_id + head.username + head.state
           + head.subprotocol + head.cookie;

    for (i = 0; i < head.nroles && size <= m->payload_len; i++) {
        len = 0;
        ngx_mqtt_text_read(&text, (u_char *) &len, sizeof(len));
        size += sizeof(len) + len;
    }

    return size == m->payload_len;
}


ngx_uint_t
ngx_mqtt_profile_of_user(ngx_mqtt_message_t *m, ngx_str_t *id)
{
    u_char                    name[NGX_MQTT_USER_ID_MAX];
    ngx_mqtt_text_t           text;
    ngx_mqtt_profile_head_t   head;

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_read(&text, (u_char *) &head, sizeof(head));

    if (head.user_id != id->len || id->len > sizeof(name)) {
        return 0;
    }

    ngx_mqtt_text_skip(&text, head.nroles * sizeof(uint32_t));
    ngx_mqtt_text_read(&text, name, id->len);

    return id->len == 0 || ngx_memcmp(name, id->data, id->len) == 0;
}


uint64_t
ngx_mqtt_profile_connection(ngx_mqtt_worker_t *w)
{
    uint64_t  process[2];

    process[0] = w->slot->started;
    process[1] = (uint64_t) w->slot->pid << 16 | w->slot->index;

    return ngx_mqtt_siphash(w->zone->root->key, ++w->nconnections,
                            (u_char *) process, sizeof(process));
}


void
ngx_mqtt_profile_connection_id(uint64_t connection, u_char *buf)
{
    (void) ngx_sprintf(buf, "%016xL", connection);
}


void
ngx_mqtt_profile_session_id(ngx_mqtt_zone_t *zone, uint64_t serial,
    u_char *buf)
{
    ngx_mqtt_profile_connection_id(ngx_mqtt_siphash(zone->root->key, serial,
                                                    (u_char *) "s", 1),
                                   buf);
}
