
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "peer.h"
#include <ngx_mqtt_topic.h>


static void peer_take_frames(peer_t *peer, u_char *p, size_t len);
static void peer_take_packets(peer_t *peer, u_char *p, size_t len);
static void peer_packet(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void peer_connack(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void peer_publish(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void peer_topic(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void peer_pubrel(peer_t *peer, ngx_mqtt_packet_t *pkt);
static void peer_answer(peer_t *peer, ngx_mqtt_packet_t *pkt);


void
peer_take(peer_t *peer, u_char *p, size_t len)
{
    if (peer->framed) {
        peer_take_frames(peer, p, len);

    } else {
        peer_take_packets(peer, p, len);
    }
}


static void
peer_take_frames(peer_t *peer, u_char *p, size_t len)
{
    size_t    n;
    uint32_t  head;

    while (len) {

        if (peer->frame == 0) {
            peer->head[peer->nhead++] = *p++;
            len--;

            if (peer->nhead < 4) {
                continue;
            }

            peer->nhead = 0;
            head = ngx_mqtt_get32(peer->head);
            peer->raw = ((head & PEER_RAW) != 0);
            peer->frame = head & ~PEER_RAW;

            if (peer->frame > NGX_MQTT_OUT_SIZE) {
                world_bug("no frame");
            }

            continue;
        }

        n = ngx_min(len, peer->frame);

        if (!peer->raw) {
            peer_take_packets(peer, p, n);
        }

        p += n;
        len -= n;
        peer->frame -= n;
    }
}


static void
peer_take_packets(peer_t *peer, u_char *p, size_t len)
{
    u_char             *last;
    ngx_int_t           rc;
    ngx_mqtt_packet_t   pkt;

    last = p + len;

    if (peer->cl.version == 0) {
        world_bug("output before there was a CONNECT");
    }

    peer->parser.version = peer->cl.version;

    for ( ;; ) {
        rc = ngx_mqtt_parse(&peer->parser, &p, last, &pkt);

        if (rc == NGX_AGAIN) {
            return;
        }

        if (rc != NGX_OK) {
            world_bug("output that cannot be read: 0x%02x",
                      peer->parser.reason);
        }

        peer_packet(peer, &pkt);
    }
}


static void
peer_packet(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    if (peer->ended) {
        world_bug("packet %d behind the last one", pkt->type);
    }

    if ((pkt->type == NGX_MQTT_CONNACK) == peer->started) {
        world_bug("CONNACK is not the first packet, or not the only one");
    }

    if (pkt->size > peer->cl.max_packet_size) {
        world_bug("packet %d is larger than the client allows", pkt->type);
    }

    switch (pkt->type) {

    case NGX_MQTT_CONNACK:
        peer_connack(peer, pkt);
        return;

    case NGX_MQTT_PUBLISH:
        peer_publish(peer, pkt);
        return;

    case NGX_MQTT_PUBREL:
        peer_pubrel(peer, pkt);
        return;

    case NGX_MQTT_PUBACK:
    case NGX_MQTT_PUBREC:
    case NGX_MQTT_PUBCOMP:
    case NGX_MQTT_SUBACK:
    case NGX_MQTT_UNSUBACK:
    case NGX_MQTT_PINGRESP:
        peer_answer(peer, pkt);
        return;

    case NGX_MQTT_DISCONNECT:
        if (peer->cl.version != NGX_MQTT_V5) {
            world_bug("DISCONNECT for a client of 3.1.1");
        }

        peer->ended = 1;
        return;

    default:
        world_bug("a server that sends packet %d", pkt->type);
    }
}


static void
peer_connack(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    peer->started = 1;

    if (pkt->reason) {
        peer->ended = 1;

        if (pkt->u.connack.session_present) {
            world_bug("refused, with a session");
        }
    }
}


static void
peer_publish(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    ngx_uint_t       i, n;
    peer_pending_t  *pending;

    peer_topic(peer, pkt);

    if (pkt->qos == 0) {
        return;
    }

    if (pkt->packet_id == 0) {
        world_bug("packet id 0");
    }

    n = 1;

    for (i = 0; i < peer->npending; i++) {
        pending = &peer->pending[i];
        n += !pending->resent;

        if (pending->id == pkt->packet_id && !peer->wild) {
            world_bug("packet id %d is in use", pkt->packet_id);
        }
    }

    if (!peer->wild
        && (n > peer->cl.receive_maximum || n > NGX_MQTT_WINDOW_MAX))
    {
        world_bug("%lu PUBLISH are more than receive maximum",
                  (unsigned long) n);
    }

    if (peer->npending == PEER_PENDING) {
        return;
    }

    pending = &peer->pending[peer->npending++];
    pending->id = pkt->packet_id;
    pending->state = (pkt->qos == 1) ? PEER_PUBLISH1 : PEER_PUBLISH2;
    pending->resent = 0;
}


static void
peer_topic(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    u_char      **known;
    ngx_str_t    *topic;
    ngx_uint_t    alias;

    alias = 0;
    topic = &pkt->u.publish.topic;

    if (peer->cl.version == NGX_MQTT_V5
        && ngx_mqtt_prop_has(&pkt->props, NGX_MQTT_PROP_TOPIC_ALIAS))
    {
        alias = pkt->props.topic_alias;
    }

    if (alias > peer->cl.alias_maximum || alias >= 64) {
        world_bug("topic alias %lu", (unsigned long) alias);
    }

    known = &peer->topics[alias];

    if (topic->len == 0) {
        if (*known == NULL) {
            world_bug("no topic, or an unknown alias");
        }

        return;
    }

    if (ngx_mqtt_topic_name_valid(topic) != NGX_OK) {
        world_bug("an invalid topic");
    }

    if (alias && *known == NULL) {
        *known = malloc(1);
    }
}


static void
peer_pubrel(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    ngx_uint_t       i;
    peer_pending_t  *pending;

    /* to PUBREC; or again, in a session that goes on */

    if (peer->nasked && peer->asked[0].type == NGX_MQTT_PUBREL
        && peer->asked[0].id == pkt->packet_id)
    {
        peer_answer(peer, pkt);

    } else if (!peer->cl.resumed && !peer->wild) {
        world_bug("PUBREL %d was not asked for", pkt->packet_id);
    }

    for (i = 0; i < peer->npending; i++) {
        pending = &peer->pending[i];

        if (pending->id == pkt->packet_id) {
            if (pkt->reason >= NGX_MQTT_UNSPECIFIED_ERROR) {
                peer_settle(peer, pending);

            } else {
                pending->state = PEER_PUBREL;
            }

            return;
        }
    }

    if (pkt->reason >= NGX_MQTT_UNSPECIFIED_ERROR
        || peer->npending == PEER_PENDING)
    {
        return;
    }

    pending = &peer->pending[peer->npending++];
    pending->id = pkt->packet_id;
    pending->state = PEER_PUBREL;
    pending->resent = 1;
}


void
peer_settle(peer_t *peer, peer_pending_t *pending)
{
    *pending = peer->pending[--peer->npending];
}


/* Answers come in the order in which they were asked for. */

static void
peer_answer(peer_t *peer, ngx_mqtt_packet_t *pkt)
{
    peer_asked_t  *asked;

    if (peer->wild) {
        return;
    }

    asked = &peer->asked[0];

    if (peer->nasked == 0 || asked->type != pkt->type
        || asked->id != pkt->packet_id)
    {
        world_bug("packet %d %d, but %d %d was to come", pkt->type,
                  pkt->packet_id, peer->nasked ? asked->type : 0,
                  peer->nasked ? asked->id : 0);
    }

    peer->nasked--;
    ngx_memmove(asked, asked + 1, peer->nasked * sizeof(peer_asked_t));
}
