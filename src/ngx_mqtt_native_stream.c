
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_handle.h>
#include <ngx_mqtt_auth.h>
#include <ngx_mqtt_native_session.h>
#include <ngx_mqtt_native_local.h>


/* bytes of what a client says of the end of a stream */
#define NGX_MQTT_STREAM_TEXT    1024

/* of group and id together */
#define NGX_MQTT_STREAM_NAMES   (4 * NGX_MQTT_NATIVE_GROUP_MAX                \
                                 + NGX_MQTT_NATIVE_ID_MAX)

/* milliseconds, without memory */
#define NGX_MQTT_STREAM_RETRY   1000


/* A stream of the zone, as it was when it was looked at. */

typedef struct {
    ngx_mqtt_stream_t    *stream;       /* only compared */
    uint64_t              expected;
    ngx_uint_t            no_echo;
    ngx_str_t             group;        /* from a pool, as the next */
    ngx_str_t             id;
} ngx_mqtt_stream_copy_t;


static ngx_int_t ngx_mqtt_native_stream_take(ngx_mqtt_client_t *cl,
    ngx_pool_t *pool, ngx_mqtt_native_request_t *r,
    ngx_mqtt_stream_copy_t *copy);
static void ngx_mqtt_native_stream_copy(u_char *p, ngx_mqtt_stream_t *stream,
    ngx_mqtt_stream_copy_t *copy);
static ngx_int_t ngx_mqtt_native_stream_note(ngx_mqtt_client_t *cl,
    ngx_mqtt_stream_copy_t *copy, ngx_uint_t end);
static ngx_int_t ngx_mqtt_native_stream_publish(ngx_mqtt_client_t *cl,
    ngx_pool_t *pool, ngx_mqtt_native_request_t *r,
    ngx_mqtt_stream_copy_t *copy, ngx_mqtt_native_response_t *what,
    ngx_uint_t end);
static ngx_int_t ngx_mqtt_native_stream_break(ngx_mqtt_client_t *cl,
    ngx_pool_t *pool, ngx_mqtt_stream_copy_t *copy, const char *name,
    const char *message);
static void ngx_mqtt_native_stream_last(ngx_mqtt_worker_t *w,
    ngx_pool_t *pool, ngx_mqtt_stream_copy_t *copy, ngx_str_t *user_id,
    ngx_mqtt_publish_args_t *args, const char *name, const char *message);
static ngx_int_t ngx_mqtt_native_stream_answer(ngx_mqtt_client_t *cl,
    ngx_uint_t type, ngx_str_t *id, uint64_t expected, const char *name,
    const char *message);
static ngx_mqtt_stream_t *ngx_mqtt_native_stream_idle_locked(
    ngx_mqtt_session_t *s, ngx_msec_t *left);


ngx_int_t
ngx_mqtt_native_stream_start(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    ngx_int_t            rc;
    ngx_mqtt_native_t   *native;
    ngx_mqtt_session_t  *s;

    rc = ngx_mqtt_native_verdict(cl, pool, r, NGX_MQTT_ROLE_PUBLISH);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_DONE;

    if (ngx_mqtt_stream_find_locked(s, &r->stream_id) == NULL) {
        rc = ngx_mqtt_stream_create_locked(cl->worker->zone, s, &r->stream_id,
                                           &r->group, r->idle_timeout,
                                           r->no_echo);
    }

    if (rc == NGX_ERROR) {
        cl->worker->full = 1;
    }

    ngx_mqtt_worker_unlock(cl->worker);

    switch (rc) {

    case NGX_OK:
        break;

    case NGX_DONE:
        return ngx_mqtt_native_refuse(cl, r, "BadRequest",
                                      "There is a stream with this id.");

    case NGX_DECLINED:
        return ngx_mqtt_native_refuse(cl, r, "BadRequest",
                                      "There are too many streams.");

    default:
        return ngx_mqtt_native_refuse(cl, r, "InternalServerError",
                                      "There is no room.");
    }

    native = cl->native;
    native->idle = 1;

    if (cl->ops->timer) {
        cl->ops->timer(cl);
    }

    return ngx_mqtt_native_stream_answer(cl, NGX_MQTT_NATIVE_STREAM_ACK,
                                         &r->stream_id, 1, NULL, NULL);
}


ngx_int_t
ngx_mqtt_native_stream_data(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    ngx_int_t                    rc;
    ngx_mqtt_stream_copy_t       copy;
    ngx_mqtt_native_response_t   what;

    rc = ngx_mqtt_native_stream_take(cl, pool, r, &copy);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    /* nothing but a sign of life, or what was published before */

    if (r->data_type == NGX_MQTT_DATA_NONE || r->sequence < copy.expected) {
        return ngx_mqtt_native_stream_answer(cl, NGX_MQTT_NATIVE_STREAM_ACK,
                                             &copy.id, copy.expected, NULL,
                                             NULL);
    }

    if (r->sequence > copy.expected) {
        return ngx_mqtt_native_stream_answer(cl, NGX_MQTT_NATIVE_STREAM_NACK,
                                             &copy.id, copy.expected,
                                             "InvalidSequenceId",
                                             "Fragments are missing.");
    }

    if (ngx_mqtt_auth_publish(cl, &copy.group) != NGX_OK) {
        return ngx_mqtt_native_stream_break(cl, pool, &copy, "Forbidden",
                                "The client has no permission any more.");
    }

    ngx_memzero(&what, sizeof(ngx_mqtt_native_response_t));

    return ngx_mqtt_native_stream_publish(cl, pool, r, &copy, &what, 0);
}


ngx_int_t
ngx_mqtt_native_stream_end(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r)
{
    ngx_int_t                    rc;
    ngx_mqtt_stream_copy_t       copy;
    ngx_mqtt_native_response_t   what;

    if (r->error_message.len > NGX_MQTT_STREAM_TEXT
        || r->error_code.len > NGX_MQTT_STREAM_TEXT)
    {
        return ngx_mqtt_native_refuse(cl, r, "BadRequest",
                                      "The error is too long.");
    }

    rc = ngx_mqtt_native_stream_take(cl, pool, r, &copy);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    if (ngx_mqtt_auth_publish(cl, &copy.group) != NGX_OK) {
        return ngx_mqtt_native_stream_break(cl, pool, &copy, "Forbidden",
                                "The client has no permission any more.");
    }

    ngx_memzero(&what, sizeof(ngx_mqtt_native_response_t));

    if (r->has_error) {
        ngx_str_set(&what.error, "UserError");
        what.message = r->error_message;
        what.error_code = r->error_code;
    }

    return ngx_mqtt_native_stream_publish(cl, pool, r, &copy, &what, 1);
}


/* The stream of a request; if there is none, NGX_DECLINED and an answer. */

static ngx_int_t
ngx_mqtt_native_stream_take(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_mqtt_stream_copy_t *copy)
{
    u_char              *p;
    ngx_int_t            rc;
    ngx_mqtt_stream_t   *stream;
    ngx_mqtt_session_t  *s;

    p = ngx_pnalloc(pool, NGX_MQTT_STREAM_NAMES);
    if (p == NULL) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "no memory");
    }

    s = ngx_mqtt_handle_lock(cl);
    if (s == NULL) {
        return NGX_ERROR;
    }

    stream = ngx_mqtt_stream_find_locked(s, &r->stream_id);

    if (stream) {
        ngx_mqtt_native_stream_copy(p, stream, copy);

        if (r->data_type == NGX_MQTT_DATA_NONE) {
            ngx_mqtt_set(stream->used, ngx_current_msec);
        }
    }

    ngx_mqtt_worker_unlock(cl->worker);

    if (stream) {
        return NGX_OK;
    }

    rc = ngx_mqtt_native_refuse(cl, r, "StreamNotFound",
                                "There is no stream with this id.");

    return (rc == NGX_OK) ? NGX_DECLINED : rc;
}


static void
ngx_mqtt_native_stream_copy(u_char *p, ngx_mqtt_stream_t *stream,
    ngx_mqtt_stream_copy_t *copy)
{
    ngx_memcpy(p, stream->data, stream->group_len + stream->id_len);

    copy->stream = stream;
    copy->expected = stream->expected;
    copy->no_echo = stream->no_echo;
    copy->group.data = p;
    copy->group.len = stream->group_len;
    copy->id.data = p + stream->group_len;
    copy->id.len = stream->id_len;
}


/* A fragment, or the end, as a message to the stream's group. */

static ngx_int_t
ngx_mqtt_native_stream_publish(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_native_request_t *r, ngx_mqtt_stream_copy_t *copy,
    ngx_mqtt_native_response_t *what, ngx_uint_t end)
{
    ngx_int_t                 rc;
    ngx_uint_t                reason;
    ngx_mqtt_publish_args_t   args;

    if (ngx_mqtt_native_stream_note(cl, copy, end) != NGX_OK) {
        return ngx_mqtt_handle_fail(cl, NGX_MQTT_UNSPECIFIED_ERROR,
                                    "no memory");
    }

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    args.stream = copy->stream;
    args.fragment = copy->expected;
    args.stream_end = end;
    args.native_only = end;

    what->stream_id = copy->id;
    what->stream_sequence = copy->expected;
    what->end_of_stream = (end != 0);

    r->group = copy->group;
    r->no_echo = (copy->no_echo != 0);
    r->has_ack = 0;

    if (end) {
        r->data_type = NGX_MQTT_DATA_TEXT;
        ngx_str_set(&r->data, "");
    }

    rc = ngx_mqtt_native_publish(cl, pool, r, what, &args, &reason);

    return (rc == NGX_OK) ? ngx_mqtt_native_stream_settle(cl, reason) : rc;
}


/* What is needed for the answer, which may have to wait. */

static ngx_int_t
ngx_mqtt_native_stream_note(ngx_mqtt_client_t *cl,
    ngx_mqtt_stream_copy_t *copy, ngx_uint_t end)
{
    ngx_mqtt_native_t  *native;

    native = cl->native;

    if (native->stream_id.data == NULL) {
        native->stream_id.data = ngx_pnalloc(native->pool,
                                             NGX_MQTT_NATIVE_ID_MAX);

        if (native->stream_id.data == NULL) {
            return NGX_ERROR;
        }
    }

    native->stream_id.len = copy->id.len;
    ngx_memcpy(native->stream_id.data, copy->id.data, copy->id.len);

    native->fragment = copy->expected;
    native->stream_end = end;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_native_stream_settle(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    ngx_str_t           id;
    ngx_mqtt_native_t  *native;

    native = cl->native;

    id = native->stream_id;
    native->stream_id.len = 0;

    if (reason >= NGX_MQTT_UNSPECIFIED_ERROR) {
        return ngx_mqtt_native_stream_answer(cl, NGX_MQTT_NATIVE_STREAM_NACK,
                                             &id, native->fragment,
                                             "TransientError",
                                             "There is no room.");
    }

    if (native->stream_end) {
        return ngx_mqtt_native_stream_answer(cl,
                                             NGX_MQTT_NATIVE_STREAM_CLOSED,
                                             &id, 0, NULL, NULL);
    }

    return ngx_mqtt_native_stream_answer(cl, NGX_MQTT_NATIVE_STREAM_ACK, &id,
                                         native->fragment + 1, NULL, NULL);
}


/* The server's end of a stream: its readers are told, and its client. */

static ngx_int_t
ngx_mqtt_native_stream_break(ngx_mqtt_client_t *cl, ngx_pool_t *pool,
    ngx_mqtt_stream_copy_t *copy, const char *name, const char *message)
{
    ngx_mqtt_worker_t        *w;
    ngx_mqtt_publish_args_t   args;

    w = cl->worker;

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    args.stream = copy->stream;
    args.fragment = copy->expected;
    args.stream_end = 1;
    args.no_echo = copy->no_echo;

    ngx_mqtt_native_stream_last(w, pool, copy, &cl->native->user_id, &args,
                                name, message);

    ngx_mqtt_worker_lock(w);

    args.from = cl->attach->session;

    /* without room for a message the stream ends all the same */

    if (args.from && args.message) {
        args.hub = args.from->hub;
        (void) ngx_mqtt_publish_locked(w, &args);
    }

    if (cl->attach->session) {
        ngx_mqtt_stream_done_locked(w->zone, cl->attach->session,
                                    copy->stream, copy->expected, 1);
    }

    ngx_mqtt_worker_unlock(w);

    ngx_mqtt_publish_drop(w);

    return ngx_mqtt_native_stream_answer(cl, NGX_MQTT_NATIVE_STREAM_CLOSED,
                                         &copy->id, 0, name, message);
}


/* Makes the last message of a stream, as far as there is room. */

static void
ngx_mqtt_native_stream_last(ngx_mqtt_worker_t *w, ngx_pool_t *pool,
    ngx_mqtt_stream_copy_t *copy, ngx_str_t *user_id,
    ngx_mqtt_publish_args_t *args, const char *name, const char *message)
{
    ngx_mqtt_props_t             props;
    ngx_mqtt_inbound_t           in;
    ngx_mqtt_native_request_t    r;
    ngx_mqtt_native_response_t   what;

    ngx_memzero(&r, sizeof(ngx_mqtt_native_request_t));
    ngx_memzero(&what, sizeof(ngx_mqtt_native_response_t));

    r.group = copy->group;
    r.data_type = NGX_MQTT_DATA_TEXT;
    ngx_str_set(&r.data, "");

    what.user_id = *user_id;
    what.stream_id = copy->id;
    what.stream_sequence = copy->expected;
    what.end_of_stream = 1;
    what.error.data = (u_char *) name;
    what.error.len = ngx_strlen(name);
    what.message.data = (u_char *) message;
    what.message.len = ngx_strlen(message);

    args->native_only = 1;

    if (ngx_mqtt_native_inbound(pool, &r, &what, &in, &props) == NGX_OK) {
        args->message = ngx_mqtt_publish_store(w, &in);
    }
}


ngx_uint_t
ngx_mqtt_native_streams_ended_locked(ngx_mqtt_worker_t *w,
    ngx_mqtt_session_t *s)
{
    u_char                   *p;
    ngx_pool_t               *pool;
    ngx_uint_t                work;
    ngx_mqtt_stream_t        *stream;
    ngx_mqtt_stream_copy_t    copy;
    ngx_mqtt_publish_args_t   args;

    static ngx_str_t  nobody = ngx_null_string;

    if (s->native == NULL || s->native->streams == NULL) {
        return 0;
    }

    work = w->work;

    ngx_memzero(&args, sizeof(ngx_mqtt_publish_args_t));

    ngx_mqtt_worker_unlock(w);

    pool = ngx_create_pool(NGX_MQTT_STREAM_NAMES + NGX_MQTT_NATIVE_POOL,
                           w->log);
    p = pool ? ngx_pnalloc(pool, NGX_MQTT_STREAM_NAMES) : NULL;

    ngx_mqtt_worker_lock(w);

    /* another process may still publish what the session sent last */

    stream = s->native->streams;

    if (stream && p) {
        ngx_mqtt_native_stream_copy(p, stream, &copy);

    } else if (stream) {
        ngx_mqtt_stream_done_locked(w->zone, s, stream, stream->expected, 1);
        stream = NULL;
    }

    ngx_mqtt_worker_unlock(w);

    if (stream) {
        ngx_mqtt_native_stream_last(w, pool, &copy, &nobody, &args,
                                    "Cancelled", "The connection has ended.");
    }

    ngx_mqtt_worker_lock(w);

    if (args.message) {
        args.hub = s->hub;
        (void) ngx_mqtt_publish_locked(w, &args);
    }

    /* only now: after a kill rather twice than never */

    if (stream) {
        ngx_mqtt_stream_done_locked(w->zone, s, stream, copy.expected, 1);
    }

    ngx_mqtt_worker_unlock(w);

    ngx_mqtt_publish_drop(w);

    if (pool) {
        ngx_destroy_pool(pool);
    }

    ngx_mqtt_worker_lock(w);

    return w->work - work + 1;
}


static ngx_int_t
ngx_mqtt_native_stream_answer(ngx_mqtt_client_t *cl, ngx_uint_t type,
    ngx_str_t *id, uint64_t expected, const char *name, const char *message)
{
    ngx_mqtt_native_response_t  answer;

    ngx_memzero(&answer, sizeof(ngx_mqtt_native_response_t));

    answer.type = type;
    answer.stream_id = *id;
    answer.stream_sequence = expected;

    if (name) {
        answer.error.data = (u_char *) name;
        answer.error.len = ngx_strlen(name);
        answer.message.data = (u_char *) message;
        answer.message.len = ngx_strlen(message);
    }

    return ngx_mqtt_native_answer(cl, &answer);
}


ngx_msec_t
ngx_mqtt_native_stream_idle(ngx_mqtt_client_t *cl)
{
    u_char                  *p;
    ngx_msec_t               left;
    ngx_pool_t              *pool;
    ngx_mqtt_stream_t       *stream;
    ngx_mqtt_worker_t       *w;
    ngx_mqtt_stream_copy_t   copy;

    w = cl->worker;
    stream = NULL;
    left = NGX_MQTT_STREAM_RETRY;

    pool = ngx_create_pool(NGX_MQTT_STREAM_NAMES + NGX_MQTT_NATIVE_POOL,
                           cl->log);
    if (pool == NULL) {
        return left;
    }

    p = ngx_pnalloc(pool, NGX_MQTT_STREAM_NAMES);

    ngx_mqtt_worker_lock(w);

    if (cl->attach->session && p) {
        stream = ngx_mqtt_native_stream_idle_locked(cl->attach->session,
                                                    &left);
        if (stream) {
            ngx_mqtt_native_stream_copy(p, stream, &copy);
        }
    }

    ngx_mqtt_worker_unlock(w);

    /* one at a time: its readers may be many, and others wait for us */

    if (stream) {
        (void) ngx_mqtt_native_stream_break(cl, pool, &copy, "IdleTimeout",
                                            "Nothing came for too long.");
        left = 1;
    }

    ngx_destroy_pool(pool);

    if (!cl->closed) {
        cl->native->idle = left;
    }

    return left;
}


/* One that has rested for too long, or NULL: then when the next will have. */

static ngx_mqtt_stream_t *
ngx_mqtt_native_stream_idle_locked(ngx_mqtt_session_t *s, ngx_msec_t *left)
{
    ngx_msec_t          end;
    ngx_mqtt_stream_t  *stream;

    *left = 0;

    for (stream = s->native->streams; stream; stream = stream->next) {
        end = stream->used + stream->idle;

        if (end <= ngx_current_msec) {
            return stream;
        }

        end -= ngx_current_msec;

        if (*left == 0 || end < *left) {
            *left = end;
        }
    }

    return NULL;
}
