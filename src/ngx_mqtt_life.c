
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_event_text.h>
#include <ngx_mqtt_life.h>
#include <ngx_mqtt_native_client.h>
#include <ngx_mqtt_native_local.h>


/* clients whose last words are kept, and bytes of them */
#define NGX_MQTT_LIFE_NOTES    64
#define NGX_MQTT_LIFE_NOTE     16384


/* Local; the properties of a DISCONNECT that a session ended with. */

typedef struct {
    ngx_queue_t           queue;
    uint64_t              connection;   /* it came by */
    ngx_uint_t            has_reason;
    ngx_str_t             reason;
    ngx_str_t             raw;
    u_char                data[1];
} ngx_mqtt_note_t;


static ngx_int_t ngx_mqtt_life_session(ngx_mqtt_event_t *ev,
    ngx_mqtt_session_t *s, ngx_mqtt_profile_t *p);
static ngx_int_t ngx_mqtt_life_disconnected(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s, ngx_mqtt_profile_t *p);
static ngx_int_t ngx_mqtt_life_body(ngx_mqtt_event_t *ev,
    ngx_mqtt_session_t *s, ngx_mqtt_note_t *note);
static void ngx_mqtt_life_write(ngx_mqtt_event_text_t *text,
    ngx_mqtt_session_t *s, ngx_str_t *farewell, ngx_mqtt_note_t *note);
static void ngx_mqtt_life_raise(ngx_mqtt_event_t *ev);
static ngx_mqtt_note_t *ngx_mqtt_life_recall(ngx_mqtt_worker_t *w,
    uint64_t connection);


ngx_uint_t
ngx_mqtt_life_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub, ngx_uint_t type)
{
    ngx_str_t  name;

    ngx_str_null(&name);

    return w->ops->wanted && w->ops->wanted(w, hub, type, &name);
}


ngx_int_t
ngx_mqtt_life_event(ngx_mqtt_event_t *ev, ngx_mqtt_client_t *cl)
{
    ngx_uint_t  native;

    native = ngx_mqtt_is_native(cl->version);

    ngx_str_set(&ev->subprotocol, "mqtt");

    if (native
        && ngx_mqtt_event_copy(ev, &ev->subprotocol, &cl->native->subprotocol)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_mqtt_event_copy(ev, &ev->hub, &cl->hub) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->connection_id, &cl->client_id)
           != NGX_OK
        || (!native
            && ngx_mqtt_life_ids(ev, cl->connection, cl->serial) != NGX_OK)
        || (cl->ops->describe && cl->ops->describe(cl, ev) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_life_ids(ngx_mqtt_event_t *ev, uint64_t connection, uint64_t serial)
{
    u_char  *p;

    p = ngx_pnalloc(ev->pool, 2 * NGX_MQTT_ID_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ev->physical_id.data = p;
    ev->physical_id.len = NGX_MQTT_ID_LEN;

    ngx_mqtt_profile_connection_id(connection, p);

    if (serial == 0) {
        return NGX_OK;
    }

    p += NGX_MQTT_ID_LEN;

    ev->session_id.data = p;
    ev->session_id.len = NGX_MQTT_ID_LEN;

    ngx_mqtt_profile_session_id(ev->worker->zone, serial, p);

    return NGX_OK;
}


void
ngx_mqtt_life_connected(ngx_mqtt_client_t *cl, ngx_mqtt_connecting_t *cx)
{
    ngx_mqtt_event_t  *ev;

    if (!ngx_mqtt_life_wanted(cl->worker, &cl->hub, NGX_MQTT_EVENT_CONNECTED))
    {
        return;
    }

    /* the end of the session whose place it takes is told before */

    if (cl->worker->reap) {
        (void) ngx_mqtt_session_reap(cl->worker);
    }

    ev = ngx_mqtt_event_create(cl->worker, NGX_MQTT_EVENT_CONNECTED);
    if (ev == NULL) {
        return;
    }

    ngx_str_set(&ev->name, "connected");
    ngx_str_set(&ev->body, "{}");

    if (ngx_mqtt_life_event(ev, cl) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->user_id, &cx->principal.user_id)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->state, &cx->principal.state)
           != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->cookie, &cx->cookie) != NGX_OK
        || (cx->connect->has_username
            && ngx_mqtt_event_copy(ev, &ev->username, &cx->connect->username)
               != NGX_OK))
    {
        ngx_destroy_pool(ev->pool);
        return;
    }

    ngx_mqtt_life_raise(ev);
}


/* Events that nobody waits for. */

static void
ngx_mqtt_life_raise(ngx_mqtt_event_t *ev)
{
    ngx_str_set(&ev->content_type, NGX_MQTT_EVENT_JSON);

    if (ev->worker->ops->event(ev->worker, ev) != NGX_OK) {
        ngx_destroy_pool(ev->pool);
    }
}


void
ngx_mqtt_life_leave_locked(ngx_mqtt_client_t *cl, ngx_mqtt_session_t *s,
    ngx_uint_t reason, ngx_uint_t lost)
{
    ngx_uint_t  how;

    how = lost ? NGX_MQTT_END_LOST : NGX_MQTT_END_SERVER;

    if (cl->goodbye) {
        how = NGX_MQTT_END_CLIENT;
        reason = cl->goodbye->reason;

    } else if (cl->parted) {
        how = NGX_MQTT_END_CLIENT;
    }

    ngx_mqtt_set(s->end_reason, (u_char) reason);
    ngx_mqtt_set(s->end_how, (u_char) how);
}


void
ngx_mqtt_life_note(ngx_mqtt_client_t *cl)
{
    ngx_str_t          *raw;
    ngx_queue_t        *q;
    ngx_mqtt_note_t    *note;
    ngx_mqtt_props_t   *props;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;

    if (cl->goodbye == NULL || cl->version != NGX_MQTT_V5) {
        return;
    }

    props = &cl->goodbye->props;
    raw = &props->raw;

    if (raw->len == 0 || raw->len > NGX_MQTT_LIFE_NOTE
        || !ngx_mqtt_life_wanted(w, &cl->hub, NGX_MQTT_EVENT_DISCONNECTED))
    {
        return;
    }

    note = ngx_alloc(sizeof(ngx_mqtt_note_t) + raw->len, w->log);
    if (note == NULL) {
        return;
    }

    ngx_memcpy(note->data, raw->data, raw->len);

    note->connection = cl->connection;
    note->raw.data = note->data;
    note->raw.len = raw->len;
    note->has_reason = ngx_mqtt_prop_has(props, NGX_MQTT_PROP_REASON_STRING);

    if (note->has_reason) {
        note->reason.len = props->reason_string.len;
        note->reason.data = note->data
                            + (props->reason_string.data - raw->data);
    }

    ngx_queue_insert_tail(&w->notes, &note->queue);

    if (w->nnotes++ < NGX_MQTT_LIFE_NOTES) {
        return;
    }

    /* another process took that session apart, or it goes on */

    q = ngx_queue_head(&w->notes);
    ngx_queue_remove(q);
    w->nnotes--;

    ngx_free(ngx_queue_data(q, ngx_mqtt_note_t, queue));
}


static ngx_mqtt_note_t *
ngx_mqtt_life_recall(ngx_mqtt_worker_t *w, uint64_t connection)
{
    ngx_queue_t      *q;
    ngx_mqtt_note_t  *note;

    for (q = ngx_queue_head(&w->notes);
         q != ngx_queue_sentinel(&w->notes);
         q = ngx_queue_next(q))
    {
        note = ngx_queue_data(q, ngx_mqtt_note_t, queue);

        if (note->connection == connection) {
            ngx_queue_remove(q);
            w->nnotes--;
            return note;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_mqtt_life_ended_locked(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s)
{
    ngx_str_t            hub;
    ngx_mqtt_profile_t  *p;

    if (!s->known) {
        return 0;
    }

    hub.len = s->hub->len;
    hub.data = s->hub->name;

    if (!ngx_mqtt_life_wanted(w, &hub, NGX_MQTT_EVENT_DISCONNECTED)) {
        return 0;
    }

    ngx_mqtt_profile_hold_locked(w, s);

    /* nobody else changes a session that has ended */

    ngx_mqtt_worker_unlock(w);

    p = ngx_mqtt_profile_take(w);

    if (p == NULL || ngx_mqtt_life_disconnected(w, s, p) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, w->log, 0,
                      "a disconnected event is lost: no memory");
    }

    if (p) {
        ngx_free(p);
    }

    ngx_mqtt_worker_lock(w);

    /* only now: after a kill rather twice than never */

    ngx_mqtt_set(s->known, 0);

    return NGX_MQTT_EVENT_WORK;
}


static ngx_int_t
ngx_mqtt_life_disconnected(ngx_mqtt_worker_t *w, ngx_mqtt_session_t *s,
    ngx_mqtt_profile_t *p)
{
    ngx_int_t          rc;
    ngx_mqtt_note_t   *note;
    ngx_mqtt_event_t  *ev;

    note = ngx_mqtt_life_recall(w, s->connection);

    if (note && s->end_how != NGX_MQTT_END_CLIENT) {
        ngx_free(note);
        note = NULL;
    }

    rc = NGX_ERROR;
    ev = ngx_mqtt_event_create(w, NGX_MQTT_EVENT_DISCONNECTED);

    if (ev) {
        rc = ngx_mqtt_life_session(ev, s, p);

        if (rc == NGX_OK) {
            rc = ngx_mqtt_life_body(ev, s, note);
        }

        if (rc == NGX_OK) {
            ngx_mqtt_life_raise(ev);

        } else {
            ngx_destroy_pool(ev->pool);
        }
    }

    if (note) {
        ngx_free(note);
    }

    return rc;
}


static ngx_int_t
ngx_mqtt_life_session(ngx_mqtt_event_t *ev, ngx_mqtt_session_t *s,
    ngx_mqtt_profile_t *p)
{
    ngx_str_t   hub, id;
    ngx_uint_t  native;

    native = ngx_mqtt_is_native(s->version);

    hub.len = s->hub->len;
    hub.data = s->hub->name;

    id.len = s->id_len;
    id.data = s->data;

    ngx_str_set(&ev->name, "disconnected");
    ngx_str_set(&ev->subprotocol, "mqtt");

    ev->reason = s->end_reason;

    if (native) {
        ev->protocol = *ngx_mqtt_native_protocol_name(s->version);

        if (ngx_mqtt_event_copy(ev, &ev->subprotocol, &p->subprotocol)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

    } else if (s->version == NGX_MQTT_V5) {
        ngx_str_set(&ev->protocol, "MQTT/5.0");

    } else {
        ngx_str_set(&ev->protocol, "MQTT/3.1.1");
    }

    if (ngx_mqtt_event_copy(ev, &ev->hub, &hub) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->connection_id, &id) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->user_id, &p->user_id) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->username, &p->username) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->state, &p->state) != NGX_OK
        || ngx_mqtt_event_copy(ev, &ev->cookie, &p->cookie) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return native ? NGX_OK : ngx_mqtt_life_ids(ev, s->connection, s->serial);
}


static ngx_int_t
ngx_mqtt_life_body(ngx_mqtt_event_t *ev, ngx_mqtt_session_t *s,
    ngx_mqtt_note_t *note)
{
    ngx_str_t              farewell;
    ngx_mqtt_text_t        from;
    ngx_mqtt_event_text_t  text;

    ngx_str_null(&farewell);

    if (s->farewell && s->end_how == NGX_MQTT_END_SERVER) {

        farewell.len = s->farewell->payload_len;
        farewell.data = ngx_pnalloc(ev->pool, farewell.len);

        if (farewell.data == NULL) {
            return NGX_ERROR;
        }

        ngx_mqtt_message_text(s->farewell, &from);
        ngx_mqtt_text_read(&from, farewell.data, farewell.len);
    }

    ngx_memzero(&text, sizeof(ngx_mqtt_event_text_t));

    ngx_mqtt_life_write(&text, s, &farewell, note);

    ev->body.data = ngx_pnalloc(ev->pool, text.size);
    if (ev->body.data == NULL) {
        return NGX_ERROR;
    }

    text.p = ev->body.data;

    ngx_mqtt_life_write(&text, s, &farewell, note);

    ev->body.len = text.p - ev->body.data;
    ev->size += ev->body.len;

    return NGX_OK;
}


static void
ngx_mqtt_life_write(ngx_mqtt_event_text_t *text, ngx_mqtt_session_t *s,
    ngx_str_t *farewell, ngx_mqtt_note_t *note)
{
    u_char      buf[NGX_INT_T_LEN + 1];
    ngx_str_t   why;
    ngx_uint_t  v5, client, native;

    native = ngx_mqtt_is_native(s->version);
    why = *farewell;
    v5 = (s->version == NGX_MQTT_V5);
    client = (s->end_how == NGX_MQTT_END_CLIENT);

    ngx_mqtt_event_put(text, "{\"reason\":");

    if (client && native) {
        ngx_mqtt_event_put(text, "\"\"");

    } else if (client) {
        ngx_mqtt_event_put_string(text, (note && note->has_reason)
                                        ? &note->reason : NULL);

    } else {
        if (why.len == 0) {
            why.data = (u_char *) ((s->end_how == NGX_MQTT_END_LOST)
                                   ? "connection was lost"
                                   : ngx_mqtt_handle_why(s->end_reason));
            why.len = ngx_strlen(why.data);
        }

        ngx_mqtt_event_put_string(text, &why);
    }

    if (native) {
        ngx_mqtt_event_put(text, "}");
        return;
    }

    ngx_mqtt_event_put(text, ",\"mqtt\":{\"initiatedByClient\":");
    ngx_mqtt_event_put(text, client ? "true," : "false,");

    /* a 3.1.1 server has no such packet */

    if (!client && (!v5 || s->end_how == NGX_MQTT_END_LOST)) {
        ngx_mqtt_event_put(text, "\"disconnectPacket\":null}}");
        return;
    }

    *ngx_sprintf(buf, "%ui", (ngx_uint_t) s->end_reason) = '\0';

    ngx_mqtt_event_put(text, "\"disconnectPacket\":{\"code\":");
    ngx_mqtt_event_put(text, (const char *) buf);
    ngx_mqtt_event_put(text, ",\"userProperties\":");
    ngx_mqtt_event_put_props(text, note ? &note->raw : NULL);
    ngx_mqtt_event_put(text, "}}}");
}


void
ngx_mqtt_life_done(ngx_mqtt_worker_t *w)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&w->notes)) {
        q = ngx_queue_head(&w->notes);
        ngx_queue_remove(q);

        ngx_free(ngx_queue_data(q, ngx_mqtt_note_t, queue));
    }
}
