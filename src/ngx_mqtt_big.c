
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_big.h>
#include <ngx_mqtt_native_local.h>


/* between topic and properties: id, property length, expiry, alias, ids */
#define NGX_MQTT_MIDDLE_MAX      (2 + 4 + 5 + 3 + NGX_MQTT_SUB_IDS * 5)


/* Local; a large message on its way to one client. */

typedef struct ngx_mqtt_big_s {
    ngx_mqtt_message_t   *message;      /* the session's "sending" */
    ngx_mqtt_native_big_t  *native;     /* NULL: as a PUBLISH, and so: */
    ngx_mqtt_text_t       text;
    size_t                topic_left;
    size_t                skip;         /* properties, for 3.1.1 */
    size_t                text_left;
    u_char               *middle;
    u_char               *middle_last;
    u_char                data[NGX_MQTT_MIDDLE_MAX];
} ngx_mqtt_big_t;


static ngx_mqtt_big_t *ngx_mqtt_big_create(ngx_mqtt_client_t *cl,
    ngx_mqtt_message_t *m);
static void ngx_mqtt_big_destroy(ngx_mqtt_big_t *big);
static u_char *ngx_mqtt_big_piece(ngx_mqtt_big_t *big, u_char *p,
    u_char *end);


ngx_int_t
ngx_mqtt_big_start(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    ngx_mqtt_delivery_t *d)
{
    ngx_mqtt_big_t  *big;
    ngx_mqtt_out_t  *out;

    big = ngx_mqtt_big_create(cl, m);
    if (big == NULL) {
        return NGX_ERROR;
    }

    out = ngx_mqtt_out_reserve_big(cl, NGX_MQTT_DELIVERY_HEAD_MAX);
    if (out == NULL) {
        ngx_free(big);
        return NGX_ERROR;
    }

    out->last = ngx_mqtt_delivery_head(out->last, d, cl->version);

    ngx_mqtt_message_text(m, &big->text);
    big->topic_left = m->topic_len;
    big->middle = big->data;
    big->middle_last = ngx_mqtt_delivery_middle(big->data, d, cl->version);
    big->text_left = m->payload_len;

    if (cl->version == NGX_MQTT_V5) {
        big->text_left += m->props_len;
        big->skip = 0;

    } else {
        big->skip = m->props_len;
    }

    cl->big = big;
    cl->big_left = big->topic_left + (big->middle_last - big->middle)
                   + big->text_left;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_big_start_native(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m,
    uint64_t sequence)
{
    ngx_mqtt_big_t  *big;

    big = ngx_mqtt_big_create(cl, m);
    if (big == NULL) {
        return NGX_ERROR;
    }

    big->native = ngx_mqtt_native_big_create(cl, m, sequence);

    if (big->native == NULL) {
        ngx_free(big);
        return NGX_ERROR;
    }

    cl->big = big;
    cl->big_left = ngx_mqtt_native_big_left(big->native);

    ngx_mqtt_out_mark(cl);

    return NGX_OK;
}


static ngx_mqtt_big_t *
ngx_mqtt_big_create(ngx_mqtt_client_t *cl, ngx_mqtt_message_t *m)
{
    ngx_mqtt_big_t  *big;

    big = ngx_alloc(sizeof(ngx_mqtt_big_t), cl->log);

    if (big) {
        big->message = m;
        big->native = NULL;
    }

    return big;
}


static void
ngx_mqtt_big_destroy(ngx_mqtt_big_t *big)
{
    if (big->native) {
        ngx_free(big->native);
    }

    ngx_free(big);
}


ngx_int_t
ngx_mqtt_big_send(ngx_mqtt_client_t *cl)
{
    u_char              *p;
    ngx_uint_t           mine;
    ngx_mqtt_big_t      *big;
    ngx_mqtt_out_t      *out;
    ngx_mqtt_attach_t   *a;
    ngx_mqtt_worker_t   *w;
    ngx_mqtt_message_t  *m;

    w = cl->worker;
    a = cl->attach;
    big = cl->big;
    m = big->message;

    ngx_mqtt_worker_lock(w);

    mine = (a && a->session && a->session->sending == m);

    if (mine) {
        ngx_mqtt_set(m->refs, m->refs + 1);
        ngx_mqtt_set(w->slot->big, m);
    }

    ngx_mqtt_worker_unlock(w);

    if (!mine) {
        /* the session was lost: the client is about to be told so */
        return NGX_ERROR;
    }

    out = ngx_mqtt_out_reserve_big(cl, big->native ? NGX_MQTT_NATIVE_PIECE
                                                   : 1);
    if (out && big->native) {
        out->last = ngx_mqtt_native_big_piece(big->native, out->last,
                                              out->end);
        cl->big_left = ngx_mqtt_native_big_left(big->native);

    } else if (out) {
        p = ngx_mqtt_big_piece(big, out->last, out->end);
        cl->big_left -= p - out->last;
        out->last = p;
    }

    ngx_mqtt_worker_lock(w);

    ngx_mqtt_set(w->slot->big, NULL);
    ngx_mqtt_message_unref_locked(w->zone, m);

    if (cl->big_left == 0 && a->session && a->session->sending == m) {
        ngx_mqtt_set(a->session->sending, NULL);
        ngx_mqtt_message_unref_locked(w->zone, m);
        ngx_mqtt_deliver_unstall_locked(w, a);
    }

    ngx_mqtt_worker_unlock(w);

    if (cl->big_left == 0) {
        cl->big = NULL;
        ngx_mqtt_big_destroy(big);
        ngx_mqtt_out_end_big(cl);
    }

    return out ? NGX_OK : NGX_ERROR;
}


static u_char *
ngx_mqtt_big_piece(ngx_mqtt_big_t *big, u_char *p, u_char *end)
{
    size_t  n;

    n = ngx_min(big->topic_left, (size_t) (end - p));
    p = ngx_mqtt_text_read(&big->text, p, n);
    big->topic_left -= n;

    if (big->topic_left) {
        return p;
    }

    n = ngx_min(big->middle_last - big->middle, end - p);
    p = ngx_cpymem(p, big->middle, n);
    big->middle += n;

    if (big->middle < big->middle_last) {
        return p;
    }

    ngx_mqtt_text_skip(&big->text, big->skip);
    big->skip = 0;

    n = ngx_min(big->text_left, (size_t) (end - p));
    big->text_left -= n;

    return ngx_mqtt_text_read(&big->text, p, n);
}


void
ngx_mqtt_big_free(ngx_mqtt_client_t *cl)
{
    if (cl->big) {
        ngx_mqtt_big_destroy(cl->big);
        cl->big = NULL;
        cl->big_left = 0;
    }
}
