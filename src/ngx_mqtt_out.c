
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_worker.h>
#include <ngx_mqtt_big.h>


#define NGX_MQTT_OUT_FREE_MAX    256             /* kept by a worker */
#define NGX_MQTT_OUT_BIG_BUDGET  (256 * 1024)    /* bytes of one flush */
#define NGX_MQTT_OUT_RAW_MAX     (256 * 1024)


static ngx_mqtt_out_t *ngx_mqtt_out_get(ngx_mqtt_client_t *cl);
static void ngx_mqtt_out_put(ngx_mqtt_client_t *cl, ngx_mqtt_out_t *out);
static ngx_mqtt_out_t *ngx_mqtt_out_room(ngx_mqtt_client_t *cl,
    ngx_mqtt_out_t **first, ngx_mqtt_out_t **last, ngx_uint_t raw,
    size_t len);
static void ngx_mqtt_out_unmark(ngx_mqtt_client_t *cl);
static void ngx_mqtt_out_block(ngx_mqtt_client_t *cl, ngx_uint_t progress);
static ngx_int_t ngx_mqtt_out_send(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_out_send_ready(ngx_mqtt_client_t *cl,
    ngx_uint_t *progress);
static ngx_int_t ngx_mqtt_out_send_run(ngx_mqtt_client_t *cl,
    ngx_mqtt_out_t *out, ngx_uint_t *progress);


ngx_mqtt_out_t *
ngx_mqtt_out_reserve(ngx_mqtt_client_t *cl, size_t len)
{
    ngx_mqtt_out_t  *out;

    if (cl->big_left) {
        out = ngx_mqtt_out_room(cl, &cl->late, &cl->late_last, 0, len);

    } else {
        out = ngx_mqtt_out_room(cl, &cl->out, &cl->out_last, 0, len);
    }

    if (out) {
        ngx_mqtt_out_mark(cl);
    }

    return out;
}


ngx_mqtt_out_t *
ngx_mqtt_out_reserve_big(ngx_mqtt_client_t *cl, size_t len)
{
    ngx_mqtt_out_t  *out;

    out = ngx_mqtt_out_room(cl, &cl->out, &cl->out_last, 0, len);

    if (out) {
        ngx_mqtt_out_mark(cl);
    }

    return out;
}


void
ngx_mqtt_out_end_big(ngx_mqtt_client_t *cl)
{
    if (cl->late == NULL) {
        return;
    }

    if (cl->out) {
        cl->out_last->next = cl->late;

    } else {
        cl->out = cl->late;
    }

    cl->out_last = cl->late_last;
    cl->late = NULL;
    cl->late_last = NULL;
}


ngx_int_t
ngx_mqtt_client_send_raw(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    ngx_mqtt_out_t  *out;

    if (cl->closed) {
        return NGX_OK;
    }

    /* a peer that asks for answers and does not take them */

    if (cl->blocked && cl->out_size > NGX_MQTT_OUT_RAW_MAX) {
        return NGX_ERROR;
    }

    out = ngx_mqtt_out_room(cl, &cl->out, &cl->out_last, 1, len);
    if (out == NULL) {
        return NGX_ERROR;
    }

    out->last = ngx_cpymem(out->last, p, len);

    ngx_mqtt_out_mark(cl);

    return NGX_OK;
}


static ngx_mqtt_out_t *
ngx_mqtt_out_room(ngx_mqtt_client_t *cl, ngx_mqtt_out_t **first,
    ngx_mqtt_out_t **last, ngx_uint_t raw, size_t len)
{
    ngx_mqtt_out_t  *out;

    if (*first) {
        out = *last;

        if (out->raw == raw && !out->framed
            && (size_t) (out->end - out->last) >= len)
        {
            return out;
        }
    }

    if (len > NGX_MQTT_OUT_SIZE - NGX_MQTT_OUT_HEADROOM) {
        return NULL;
    }

    out = ngx_mqtt_out_get(cl);
    if (out == NULL) {
        return NULL;
    }

    out->raw = raw;

    if (*first) {
        (*last)->next = out;

    } else {
        *first = out;
    }

    *last = out;

    return out;
}


static ngx_mqtt_out_t *
ngx_mqtt_out_get(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_out_t     *out;
    ngx_mqtt_worker_t  *w;

    w = cl->worker;
    out = w->free_out;

    if (out) {
        w->free_out = out->next;
        w->nfree_out--;

    } else {
        out = ngx_alloc(offsetof(ngx_mqtt_out_t, data) + NGX_MQTT_OUT_SIZE,
                        w->log);
        if (out == NULL) {
            return NULL;
        }
    }

    out->next = NULL;
    out->pos = out->data + NGX_MQTT_OUT_HEADROOM;
    out->last = out->pos;
    out->end = out->data + NGX_MQTT_OUT_SIZE;
    out->raw = 0;
    out->framed = 0;

    cl->out_size += NGX_MQTT_OUT_SIZE;

    return out;
}


static void
ngx_mqtt_out_put(ngx_mqtt_client_t *cl, ngx_mqtt_out_t *out)
{
    ngx_mqtt_worker_t  *w;

    w = cl->worker;
    cl->out_size -= NGX_MQTT_OUT_SIZE;

    if (w->nfree_out >= NGX_MQTT_OUT_FREE_MAX) {
        ngx_free(out);
        return;
    }

    out->next = w->free_out;
    w->free_out = out;
    w->nfree_out++;
}


void
ngx_mqtt_out_mark(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_worker_t  *w;

    /* a full socket announces itself when it has room */

    if (cl->marked || cl->blocked || cl->closed) {
        return;
    }

    w = cl->worker;

    cl->marked = 1;
    ngx_queue_insert_tail(&w->dirty, &cl->dirty);

    if (w->ndirty++ == 0 && !w->running) {
        w->ops->post(w);
    }
}


static void
ngx_mqtt_out_unmark(ngx_mqtt_client_t *cl)
{
    if (cl->marked) {
        cl->marked = 0;
        cl->worker->ndirty--;
        ngx_queue_remove(&cl->dirty);
    }
}


static void
ngx_mqtt_out_block(ngx_mqtt_client_t *cl, ngx_uint_t progress)
{
    if (cl->blocked) {
        if (!progress) {
            return;
        }

        ngx_queue_remove(&cl->dirty);
    }

    ngx_mqtt_out_unmark(cl);

    /* in the order of time */

    cl->blocked = 1;
    cl->blocked_since = ngx_current_msec;
    ngx_queue_insert_tail(&cl->worker->blocked, &cl->dirty);
}


ngx_int_t
ngx_mqtt_out_flush(ngx_mqtt_client_t *cl)
{
    ngx_int_t   rc;
    ngx_uint_t  waiting;

    if (cl->broken) {
        return NGX_ERROR;
    }

    waiting = (cl->blocked || cl->big_left);

    rc = ngx_mqtt_out_send(cl);

    /* pieces of a large message have marked it as well */

    ngx_mqtt_out_unmark(cl);

    if (rc == NGX_ERROR) {
        cl->broken = 1;
        return NGX_ERROR;
    }

    if (rc == NGX_AGAIN || cl->closed) {
        return rc;
    }

    if (cl->blocked) {
        cl->blocked = 0;
        ngx_queue_remove(&cl->dirty);
    }

    if (rc == NGX_DONE) {
        ngx_mqtt_out_mark(cl);
        return NGX_AGAIN;
    }

    if (waiting && cl->attach) {
        ngx_mqtt_deliver_resume(cl);
    }

    if (cl->paused) {
        cl->paused = 0;
        cl->last_packet = ngx_current_msec;
        cl->ops->resume(cl);
    }

    return NGX_OK;
}


/* NGX_DONE: the rest of a large message waits for the next pass. */

static ngx_int_t
ngx_mqtt_out_send(ngx_mqtt_client_t *cl)
{
    size_t      left, sent;
    ngx_int_t   rc;
    ngx_uint_t  progress;

    sent = 0;
    progress = 0;

    for ( ;; ) {
        rc = ngx_mqtt_out_send_ready(cl, &progress);

        if (rc == NGX_AGAIN) {
            if (!cl->closed) {
                ngx_mqtt_out_block(cl, progress);
            }

            return NGX_AGAIN;
        }

        if (rc == NGX_ERROR || cl->closed || cl->big_left == 0) {
            return rc;
        }

        if (sent >= NGX_MQTT_OUT_BIG_BUDGET) {
            return NGX_DONE;
        }

        left = cl->big_left;

        rc = ngx_mqtt_big_send(cl);

        if (cl->closed || rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (cl->out == NULL) {
            return NGX_DONE;
        }

        sent += left - cl->big_left;
    }
}


static ngx_int_t
ngx_mqtt_out_send_ready(ngx_mqtt_client_t *cl, ngx_uint_t *progress)
{
    ngx_int_t        rc;
    ngx_mqtt_out_t  *out;

    for (out = cl->out; out; out = cl->out) {

        rc = ngx_mqtt_out_send_run(cl, out, progress);

        if (rc != NGX_OK) {
            return rc;
        }

        cl->out = out->next;
        ngx_mqtt_out_put(cl, out);
    }

    cl->out_last = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_out_send_run(ngx_mqtt_client_t *cl, ngx_mqtt_out_t *out,
    ngx_uint_t *progress)
{
    ssize_t  n;

    if (cl->ops->frame && !out->raw && !out->framed && out->pos < out->last) {
        out->pos = cl->ops->frame(cl, out->pos, out->last - out->pos);
        out->framed = 1;
    }

    while (out->pos < out->last) {

        n = cl->ops->send(cl, out->pos, out->last - out->pos);

        if (n == 0 || n == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (n < 0) {
            return NGX_ERROR;
        }

        out->pos += n;
        *progress = 1;
    }

    return NGX_OK;
}


void
ngx_mqtt_out_drop(ngx_mqtt_client_t *cl)
{
    ngx_mqtt_out_t  *out, *next;

    ngx_mqtt_out_unmark(cl);

    if (cl->blocked) {
        ngx_queue_remove(&cl->dirty);
    }

    cl->blocked = (cl->out != NULL);
    ngx_queue_init(&cl->dirty);

    ngx_mqtt_out_end_big(cl);

    for (out = cl->out; out; out = next) {
        next = out->next;
        ngx_mqtt_out_put(cl, out);
    }

    cl->out = NULL;
    cl->out_last = NULL;
}


void
ngx_mqtt_out_free_all(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_out_t  *out;

    while (w->free_out) {
        out = w->free_out;
        w->free_out = out->next;
        ngx_free(out);
    }

    w->nfree_out = 0;
}
