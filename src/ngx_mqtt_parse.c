
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_parse.h>


/* 0 for ngx_mqtt_parser_type() */
#define NGX_MQTT_PARSE_HEADER    0
#define NGX_MQTT_PARSE_LENGTH    1
#define NGX_MQTT_PARSE_BODY      2

#define NGX_MQTT_BODY_MIN        512
#define NGX_MQTT_BODY_KEEP       4096


static ngx_int_t ngx_mqtt_parse_header(ngx_mqtt_parser_t *p);
static ngx_int_t ngx_mqtt_parse_length(ngx_mqtt_parser_t *p, u_char **pos,
    u_char *last);
static ngx_int_t ngx_mqtt_parse_body(ngx_mqtt_parser_t *p, u_char **pos,
    u_char *last, u_char **body);
static ngx_int_t ngx_mqtt_parse_collect(ngx_mqtt_parser_t *p, u_char *data,
    size_t n);
static ngx_int_t ngx_mqtt_parse_fail(ngx_mqtt_parser_t *p, u_char reason);


void
ngx_mqtt_parser_init(ngx_mqtt_parser_t *p, uint32_t max_packet_size,
    ngx_uint_t from_server, ngx_log_t *log)
{
    ngx_memzero(p, sizeof(ngx_mqtt_parser_t));

    p->max_packet_size = max_packet_size;
    p->from_server = from_server ? 1 : 0;
    p->log = log;
}


void
ngx_mqtt_parser_idle(ngx_mqtt_parser_t *p)
{
    if (p->state == NGX_MQTT_PARSE_HEADER) {
        ngx_mqtt_parser_free(p);
    }
}


void
ngx_mqtt_parser_free(ngx_mqtt_parser_t *p)
{
    if (p->body) {
        ngx_free(p->body);
        p->body = NULL;
    }

    p->body_len = 0;
    p->body_size = 0;
}


ngx_int_t
ngx_mqtt_parse(ngx_mqtt_parser_t *p, u_char **pos, u_char *last,
    ngx_mqtt_packet_t *pkt)
{
    u_char     *body;
    ngx_int_t   rc;

    if (p->version == 0) {
        pkt->u.connect.version = 0;
    }

    if (p->state == NGX_MQTT_PARSE_HEADER) {

        if (p->body_size > NGX_MQTT_BODY_KEEP || *pos == last) {
            ngx_mqtt_parser_free(p);
        }

        if (*pos == last) {
            return NGX_AGAIN;
        }

        p->header = *(*pos)++;

        if (ngx_mqtt_parse_header(p) != NGX_OK) {
            return NGX_ERROR;
        }

        p->length = 0;
        p->nlength = 0;
        p->state = NGX_MQTT_PARSE_LENGTH;
    }

    if (p->state == NGX_MQTT_PARSE_LENGTH) {
        rc = ngx_mqtt_parse_length(p, pos, last);
        if (rc != NGX_OK) {
            return rc;
        }

        p->state = NGX_MQTT_PARSE_BODY;
    }

    rc = ngx_mqtt_parse_body(p, pos, last, &body);
    if (rc != NGX_OK) {
        return rc;
    }

    p->state = NGX_MQTT_PARSE_HEADER;

    return ngx_mqtt_packet_parse(p, pkt, body);
}


static ngx_int_t
ngx_mqtt_parse_header(ngx_mqtt_parser_t *p)
{
    ngx_uint_t  type, flags, wanted;

    type = p->header >> 4;
    flags = p->header & 0x0f;

    if ((type == NGX_MQTT_CONNECT) != (p->version == 0)) {
        return ngx_mqtt_parse_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    switch (type) {

    case NGX_MQTT_PUBLISH:

        /* no QoS 3, and no DUP with QoS 0 */

        if ((flags & 0x06) == 0x06 || (flags & 0x0e) == 0x08) {
            return ngx_mqtt_parse_fail(p, NGX_MQTT_MALFORMED_PACKET);
        }

        return NGX_OK;

    case NGX_MQTT_PUBREL:
    case NGX_MQTT_SUBSCRIBE:
    case NGX_MQTT_UNSUBSCRIBE:
        wanted = 0x02;
        break;

    default:
        wanted = 0;
        break;
    }

    if (flags != wanted
        || type == 0
        || (type == NGX_MQTT_AUTH && p->version == NGX_MQTT_V4))
    {
        return ngx_mqtt_parse_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if (!p->from_server
        && (type == NGX_MQTT_CONNACK || type == NGX_MQTT_SUBACK
            || type == NGX_MQTT_UNSUBACK || type == NGX_MQTT_PINGRESP))
    {
        return ngx_mqtt_parse_fail(p, NGX_MQTT_PROTOCOL_ERROR);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_parse_length(ngx_mqtt_parser_t *p, u_char **pos, u_char *last)
{
    u_char  ch;

    do {
        if (p->nlength == 4) {
            return ngx_mqtt_parse_fail(p, NGX_MQTT_MALFORMED_PACKET);
        }

        if (*pos == last) {
            return NGX_AGAIN;
        }

        ch = *(*pos)++;

        p->length |= (uint32_t) (ch & 0x7f) << (7 * p->nlength);
        p->nlength++;

    } while (ch & 0x80);

    /* 3.1.1 does not ask for the shortest form */

    if (ch == 0 && p->nlength > 1 && p->version == NGX_MQTT_V5) {
        return ngx_mqtt_parse_fail(p, NGX_MQTT_MALFORMED_PACKET);
    }

    if (p->max_packet_size
        && 1 + p->nlength + p->length > p->max_packet_size)
    {
        return ngx_mqtt_parse_fail(p, NGX_MQTT_PACKET_TOO_LARGE);
    }

    return NGX_OK;
}


/* a packet that lies in the input as a whole is not copied */

static ngx_int_t
ngx_mqtt_parse_body(ngx_mqtt_parser_t *p, u_char **pos, u_char *last,
    u_char **body)
{
    size_t  n;

    n = last - *pos;

    if (p->body_len == 0 && n >= p->length) {
        *body = *pos;
        *pos += p->length;

        return NGX_OK;
    }

    n = ngx_min(n, p->length - p->body_len);

    if (ngx_mqtt_parse_collect(p, *pos, n) != NGX_OK) {
        return NGX_ERROR;
    }

    *pos += n;

    if (p->body_len < p->length) {
        return NGX_AGAIN;
    }

    *body = p->body;
    p->body_len = 0;

    return NGX_OK;
}


/* the buffer follows the bytes received, not the length declared */

static ngx_int_t
ngx_mqtt_parse_collect(ngx_mqtt_parser_t *p, u_char *data, size_t n)
{
    size_t   need, size;
    u_char  *body;

    if (n == 0) {
        return NGX_OK;
    }

    need = p->body_len + n;

    if (need > p->body_size) {
        size = ngx_max(p->body_size, NGX_MQTT_BODY_MIN);

        while (size < need) {
            size *= 2;
        }

        size = ngx_min(size, p->length);

        body = ngx_alloc(size, p->log);
        if (body == NULL) {
            return ngx_mqtt_parse_fail(p, NGX_MQTT_QUOTA_EXCEEDED);
        }

        if (p->body_len) {
            ngx_memcpy(body, p->body, p->body_len);
        }

        if (p->body) {
            ngx_free(p->body);
        }

        p->body = body;
        p->body_size = size;
    }

    ngx_memcpy(p->body + p->body_len, data, n);
    p->body_len = need;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_parse_fail(ngx_mqtt_parser_t *p, u_char reason)
{
    p->reason = reason;

    return NGX_ERROR;
}
