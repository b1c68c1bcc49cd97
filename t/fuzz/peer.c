
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "peer.h"
#include <ngx_mqtt_encode.h>


#define PEER_STEPS  512          /* bytes that are cut into pieces */


static ssize_t peer_send(ngx_mqtt_client_t *cl, u_char *p, size_t len);
static u_char *peer_frame(ngx_mqtt_client_t *cl, u_char *p, size_t len);
static void peer_closed(ngx_mqtt_client_t *cl, ngx_uint_t reason);
static void peer_resume(ngx_mqtt_client_t *cl);
static void peer_ask(peer_t *peer, ngx_mqtt_packet_t *pkt);
static ngx_int_t peer_call(peer_t *peer, process_pt call, void *data);
static void peer_offer(void *data);


static const ngx_mqtt_transport_ops_t  peer_ops = {
    peer_send, NULL, peer_closed, peer_resume, NULL, NULL, NULL, NULL, NULL
};

static const ngx_mqtt_transport_ops_t  peer_framed_ops = {
    peer_send, peer_frame, peer_closed, peer_resume, NULL, NULL, NULL, NULL, NULL
};

static ngx_log_t  peer_log;


peer_t *
peer_open(process_t *p, ngx_mqtt_hub_conf_t *conf, ngx_str_t *hub,
    ngx_uint_t framed)
{
    peer_t  *peer;

    peer = calloc(1, sizeof(peer_t));
    if (peer == NULL) {
        world_bug("no memory");
    }

    peer->process = p;
    peer->pid = p->pid;
    peer->framed = framed;
    peer->room = (size_t) -1;
    peer->chunk = (size_t) -1;

    ngx_mqtt_parser_init(&peer->parser, 0, 1, &peer_log);

    peer_log.log_level = NGX_LOG_INFO;

    ngx_mqtt_client_init(&peer->cl, p->w, conf, hub,
                         framed ? &peer_framed_ops : &peer_ops, &peer_log);
    peer_timer(peer);

    return peer;
}


void
peer_free(peer_t *peer)
{
    ngx_uint_t  i;

    for (i = 0; i < 64; i++) {
        free(peer->topics[i]);
    }

    ngx_mqtt_parser_free(&peer->parser);
    free(peer->in);
    free(peer);
}


void
peer_say(peer_t *peer, ngx_mqtt_packet_t *pkt, ngx_uint_t version)
{
    size_t   size;
    u_char  *p;

    size = ngx_mqtt_encode_size(pkt, version);

    if (size == 0) {
        return;
    }

    p = malloc(size);
    if (p == NULL || ngx_mqtt_encode(p, pkt, version) != p + size) {
        world_bug("a packet was not written");
    }

    if (peer->flip) {
        p[peer->flip_at % size] ^= peer->flip;
        peer->flip = 0;
        peer->wild = 1;
    }

    peer_ask(peer, pkt);
    peer_bytes(peer, p, size);

    free(p);
}


void
peer_bytes(peer_t *peer, u_char *p, size_t len)
{
    if (peer->closed || len == 0) {
        return;
    }

    peer->in = realloc(peer->in, peer->in_len + len);
    if (peer->in == NULL) {
        world_bug("no memory");
    }

    ngx_memcpy(peer->in + peer->in_len, p, len);
    peer->in_len += len;

    peer_input(peer);
}


/* what has to be answered */

static void
peer_ask(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char         type;
    peer_asked_t  *asked;

    switch (pkt->type) {

    case NGX_MQTT_PUBLISH:
        if (pkt->qos == 0) {
            return;
        }

        type = (pkt->qos == 1) ? NGX_MQTT_PUBACK : NGX_MQTT_PUBREC;
        break;

    case NGX_MQTT_PUBREC:
        if (pkt->reason >= NGX_MQTT_UNSPECIFIED_ERROR) {
            return;
        }

        type = NGX_MQTT_PUBREL;
        break;

    case NGX_MQTT_PUBREL:
    case NGX_MQTT_SUBSCRIBE:
    case NGX_MQTT_UNSUBSCRIBE:
    case NGX_MQTT_PINGREQ:
        type = pkt->type + 1;
        break;

    default:
        return;
    }

    if (peer->nasked == PEER_ASKED) {
        peer->wild = 1;
        return;
    }

    asked = &peer->asked[peer->nasked++];
    asked->type = type;
    asked->id = pkt->packet_id;
}


/* NGX_DECLINED: it has ended, or its process has. */

static ngx_int_t
peer_call(peer_t *peer, process_pt call, void *data)
{
    if (peer->closed || peer->lost || peer->process->pid != peer->pid) {
        return NGX_DECLINED;
    }

    return process_call(peer->process, call, data);
}


void
peer_input(peer_t *peer)
{
    while (peer->in_len && !peer->paused) {
        if (peer_call(peer, peer_offer, peer) != NGX_OK) {
            return;
        }
    }
}


static void
peer_offer(void *data)
{
    peer_t *peer = data;

    size_t      n, taken;
    u_char     *piece, *pos;
    ngx_int_t   rc;
    process_t  *p;

    if (ngx_mqtt_client_turn(&peer->cl) != NGX_OK) {
        peer->paused = 1;
        return;
    }

    n = peer->in_len;

    if (peer->step) {
        n = (n > PEER_STEPS) ? n - PEER_STEPS : ngx_min(peer->step, n);
    }

    /* of exactly that size, in memory of the process: it may be killed */

    piece = ngx_alloc(n, peer->cl.log);
    if (piece == NULL) {
        return;
    }

    ngx_memcpy(piece, peer->in, n);
    pos = piece;

    rc = ngx_mqtt_client_input(&peer->cl, &pos, piece + n);

    taken = pos - piece;
    ngx_free(piece);

    p = process_outside();

    if (rc == NGX_ERROR) {
        if (!peer->closed) {
            world_bug("input failed, but the client was not closed");
        }

        taken = n;

    } else if (peer->closed || peer->cl.closed) {
        world_bug("input did not fail, but the client was closed");

    } else if (rc == NGX_BUSY) {
        peer->paused = 1;

    } else if (rc != NGX_OK || taken != n) {
        world_bug("input was not taken");
    }

    peer->in_len -= taken;
    ngx_memmove(peer->in, peer->in + taken, peer->in_len);

    process_back(p);
}


static void
peer_call_lost(void *data)
{
    peer_t *peer = data;

    peer->lost = 1;
    ngx_mqtt_client_lost(&peer->cl);
}


void
peer_lost(peer_t *peer)
{
    (void) peer_call(peer, peer_call_lost, peer);
}


typedef struct {
    peer_t      *peer;
    ngx_uint_t   arg;
} peer_arg_t;


static void
peer_call_close(void *data)
{
    peer_arg_t *arg = data;

    ngx_mqtt_client_close(&arg->peer->cl, arg->arg);
}


void
peer_close(peer_t *peer, ngx_uint_t reason)
{
    peer_arg_t  arg;

    arg.peer = peer;
    arg.arg = reason;

    (void) peer_call(peer, peer_call_close, &arg);
}


static void
peer_call_writable(void *data)
{
    ngx_mqtt_client_writable(data);
}


void
peer_writable(peer_t *peer, size_t room)
{
    peer->room = room;

    (void) peer_call(peer, peer_call_writable, peer);
}


static void
peer_call_raw(void *data)
{
    peer_arg_t *arg = data;

    u_char  buf[256];

    ngx_memzero(buf, sizeof(buf));
    (void) ngx_mqtt_put32(buf, PEER_RAW | arg->arg);

    (void) ngx_mqtt_client_send_raw(&arg->peer->cl, buf, 4 + arg->arg);
}


void
peer_raw(peer_t *peer, size_t len)
{
    peer_arg_t  arg;

    arg.peer = peer;
    arg.arg = len;

    if (peer->framed) {
        (void) peer_call(peer, peer_call_raw, &arg);
    }
}


static void
peer_call_timer(void *data)
{
    peer_t *peer = data;

    ngx_msec_t  next;

    next = ngx_mqtt_client_timer(&peer->cl);

    peer->deadline = ngx_current_msec + next;

    if (next == 0 && !peer->closed) {
        world_bug("a timer that was not set again");
    }
}


void
peer_timer(peer_t *peer)
{
    (void) peer_call(peer, peer_call_timer, peer);
}


/* What the broker calls. */

static ssize_t
peer_send(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    peer_t *peer = (peer_t *) cl;

    size_t      n;
    process_t  *process;

    if (peer->closed || peer->lost || len == 0) {
        world_bug("output for a closed client, or none at all");
    }

    if (peer->broken) {
        return NGX_ERROR;
    }

    n = ngx_min(len, ngx_min(peer->room, peer->chunk));

    if (peer->room != (size_t) -1) {
        peer->room -= n;
    }

    process = process_outside();
    peer_take(peer, p, n);
    process_back(process);

    return n;
}


static u_char *
peer_frame(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    (void) ngx_mqtt_put32(p - 4, len);

    return p - 4;
}


static void
peer_closed(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    peer_t *peer = (peer_t *) cl;

    if (peer->closed || peer->lost) {
        world_bug("a client was closed twice, or after it was lost");
    }

    peer->closed = 1;
}


static void
peer_resume(ngx_mqtt_client_t *cl)
{
    peer_t *peer = (peer_t *) cl;

    if (peer->closed) {
        world_bug("a closed client is to go on");
    }

    peer->paused = 0;
}


void
peer_at_rest(peer_t *peer)
{
    ngx_uint_t           due;
    ngx_mqtt_client_t   *cl;
    ngx_mqtt_session_t  *s;

    cl = &peer->cl;

    if (peer->closed || cl->blocked) {
        return;
    }

    if (peer->paused || peer->in_len || cl->out || cl->big_left) {
        world_bug("a client that was forgotten");
    }

    if (!cl->connected) {
        return;
    }

    if (peer->nasked && !peer->wild) {
        world_bug("no answer %d %d", peer->asked[0].type, peer->asked[0].id);
    }

    world_lock();

    s = cl->attach->session;
    due = (s && ngx_mqtt_queue_due_locked(s));

    world_unlock();

    if (s == NULL || cl->attach->reason) {
        world_bug("a client without a session");
    }

    if (due) {
        world_bug("a queue that was forgotten");
    }
}
