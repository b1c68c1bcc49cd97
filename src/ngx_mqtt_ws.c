
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_topic.h>
#include <ngx_mqtt_ws.h>


#define NGX_MQTT_WS_STATE_HEAD     0
#define NGX_MQTT_WS_STATE_DATA     1
#define NGX_MQTT_WS_STATE_CONTROL  2
#define NGX_MQTT_WS_STATE_CLOSED   3

#define NGX_MQTT_WS_RSV            0x70
#define NGX_MQTT_WS_OPCODE         0x0f
#define NGX_MQTT_WS_CONTROL        0x08
#define NGX_MQTT_WS_MASK           0x80
#define NGX_MQTT_WS_LEN            0x7f

#define NGX_MQTT_WS_REASON_MAX     (NGX_MQTT_WS_CONTROL_MAX - 2)


static ngx_int_t ngx_mqtt_ws_head(ngx_mqtt_ws_t *ws, u_char **pos,
    u_char *last);
static ngx_int_t ngx_mqtt_ws_opcode(ngx_mqtt_ws_t *ws);
static size_t ngx_mqtt_ws_head_len(ngx_mqtt_ws_t *ws);
static ngx_int_t ngx_mqtt_ws_frame(ngx_mqtt_ws_t *ws);
static ngx_int_t ngx_mqtt_ws_data(ngx_mqtt_ws_t *ws, u_char **pos,
    u_char *last, ngx_mqtt_ws_event_t *ev);
static ngx_int_t ngx_mqtt_ws_control(ngx_mqtt_ws_t *ws, u_char **pos,
    u_char *last, ngx_mqtt_ws_event_t *ev);
static ngx_int_t ngx_mqtt_ws_close_frame(ngx_mqtt_ws_t *ws,
    ngx_mqtt_ws_event_t *ev);
static ngx_int_t ngx_mqtt_ws_utf8(u_char *p, size_t len);
static void ngx_mqtt_ws_unmask(ngx_mqtt_ws_t *ws, u_char *p, size_t len);
static ngx_int_t ngx_mqtt_ws_fail(ngx_mqtt_ws_t *ws, ngx_uint_t code);


void
ngx_mqtt_ws_init(ngx_mqtt_ws_t *ws, ngx_uint_t binary_only,
    uint64_t max_message)
{
    ngx_memzero(ws, sizeof(ngx_mqtt_ws_t));

    ws->binary_only = binary_only ? 1 : 0;
    ws->max_message = max_message;
}


ngx_int_t
ngx_mqtt_ws_parse(ngx_mqtt_ws_t *ws, u_char **pos, u_char *last,
    ngx_mqtt_ws_event_t *ev)
{
    ngx_int_t  rc;

    for ( ;; ) {

        switch (ws->state) {

        case NGX_MQTT_WS_STATE_HEAD:
            rc = ngx_mqtt_ws_head(ws, pos, last);

            if (rc != NGX_OK) {
                return rc;
            }

            break;

        case NGX_MQTT_WS_STATE_DATA:
            rc = ngx_mqtt_ws_data(ws, pos, last, ev);

            if (rc != NGX_DECLINED) {
                return rc;
            }

            break;

        case NGX_MQTT_WS_STATE_CONTROL:
            return ngx_mqtt_ws_control(ws, pos, last, ev);

        default: /* NGX_MQTT_WS_STATE_CLOSED */
            *pos = last;
            return NGX_AGAIN;
        }
    }
}


/* faults are reported with the first byte that shows them */

static ngx_int_t
ngx_mqtt_ws_head(ngx_mqtt_ws_t *ws, u_char **pos, u_char *last)
{
    while (*pos < last) {

        ws->head[ws->nhead++] = *(*pos)++;

        if (ws->nhead == 1) {

            if (ngx_mqtt_ws_opcode(ws) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if (ws->nhead == 2
            && ((ws->head[1] & NGX_MQTT_WS_MASK) == 0
                || ((ws->head[0] & NGX_MQTT_WS_CONTROL)
                    && (ws->head[1] & NGX_MQTT_WS_LEN)
                       > NGX_MQTT_WS_CONTROL_MAX)))
        {
            return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_PROTOCOL);
        }

        if (ws->nhead == ngx_mqtt_ws_head_len(ws)) {
            return ngx_mqtt_ws_frame(ws);
        }
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_mqtt_ws_opcode(ngx_mqtt_ws_t *ws)
{
    u_char      head;
    ngx_uint_t  code;

    head = ws->head[0];
    code = NGX_MQTT_WS_CODE_PROTOCOL;

    if (head & NGX_MQTT_WS_RSV) {
        return ngx_mqtt_ws_fail(ws, code);
    }

    switch (head & NGX_MQTT_WS_OPCODE) {

    case NGX_MQTT_WS_CONTINUATION:
        return ws->message_opcode ? NGX_OK : ngx_mqtt_ws_fail(ws, code);

    case NGX_MQTT_WS_TEXT:
    case NGX_MQTT_WS_BINARY:

        if (ws->message_opcode) {
            return ngx_mqtt_ws_fail(ws, code);
        }

        if (ws->binary_only
            && (head & NGX_MQTT_WS_OPCODE) == NGX_MQTT_WS_TEXT)
        {
            return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_UNSUPPORTED);
        }

        return NGX_OK;

    case NGX_MQTT_WS_CLOSE:
    case NGX_MQTT_WS_PING:
    case NGX_MQTT_WS_PONG:
        return (head & NGX_MQTT_WS_FIN) ? NGX_OK
                                        : ngx_mqtt_ws_fail(ws, code);

    default:
        return ngx_mqtt_ws_fail(ws, code);
    }
}


static size_t
ngx_mqtt_ws_head_len(ngx_mqtt_ws_t *ws)
{
    switch (ws->head[1] & NGX_MQTT_WS_LEN) {

    case 127:
        return 2 + 8 + 4;

    case 126:
        return 2 + 2 + 4;

    default:
        return 2 + 4;
    }
}


static ngx_int_t
ngx_mqtt_ws_frame(ngx_mqtt_ws_t *ws)
{
    u_char      *p;
    uint64_t     len;
    ngx_uint_t   i, opcode;

    p = ws->head + 2;
    len = ws->head[1] & NGX_MQTT_WS_LEN;

    if (len == 126) {
        len = p[0] << 8 | p[1];
        p += 2;

        if (len < 126) {
            return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_PROTOCOL);
        }

    } else if (len == 127) {
        len = 0;

        for (i = 0; i < 8; i++) {
            len = len << 8 | *p++;
        }

        if (len < 65536 || (len >> 63)) {
            return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_PROTOCOL);
        }
    }

    ngx_memcpy(ws->mask, p, 4);
    ws->mask_offset = 0;
    ws->nhead = 0;
    ws->rest = len;

    opcode = ws->head[0] & NGX_MQTT_WS_OPCODE;

    if (opcode & NGX_MQTT_WS_CONTROL) {
        ws->ncontrol = 0;
        ws->state = NGX_MQTT_WS_STATE_CONTROL;

        return NGX_OK;
    }

    if (opcode != NGX_MQTT_WS_CONTINUATION) {
        ws->message_opcode = opcode;
        ws->message = 0;
        ws->first = 1;
    }

    if (ws->max_message && len > ws->max_message - ws->message) {
        return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_TOO_LARGE);
    }

    ws->message += len;
    ws->fin = (ws->head[0] & NGX_MQTT_WS_FIN) != 0;
    ws->state = NGX_MQTT_WS_STATE_DATA;

    return NGX_OK;
}


/* NGX_DECLINED: the frame gave no event */

static ngx_int_t
ngx_mqtt_ws_data(ngx_mqtt_ws_t *ws, u_char **pos, u_char *last,
    ngx_mqtt_ws_event_t *ev)
{
    size_t  n;

    n = last - *pos;

    if (n > ws->rest) {
        n = ws->rest;
    }

    if (n == 0 && ws->rest) {
        return NGX_AGAIN;
    }

    ngx_mqtt_ws_unmask(ws, *pos, n);

    ev->opcode = ws->message_opcode;
    ev->first = ws->first;
    ev->fin = 0;
    ev->code = 0;
    ev->data.data = *pos;
    ev->data.len = n;

    *pos += n;
    ws->rest -= n;

    if (ws->rest == 0) {
        ws->state = NGX_MQTT_WS_STATE_HEAD;

        if (ws->fin) {
            ev->fin = 1;
            ws->message_opcode = 0;
        }
    }

    if (n == 0 && !ev->fin) {
        return NGX_DECLINED;
    }

    ws->first = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_ws_control(ngx_mqtt_ws_t *ws, u_char **pos, u_char *last,
    ngx_mqtt_ws_event_t *ev)
{
    size_t   n;
    u_char  *p;

    n = last - *pos;

    if (n > ws->rest) {
        n = ws->rest;
    }

    p = ws->control + ws->ncontrol;

    ngx_memcpy(p, *pos, n);
    ngx_mqtt_ws_unmask(ws, p, n);

    *pos += n;
    ws->rest -= n;
    ws->ncontrol += n;

    if (ws->rest) {
        return NGX_AGAIN;
    }

    ws->state = NGX_MQTT_WS_STATE_HEAD;

    ev->opcode = ws->head[0] & NGX_MQTT_WS_OPCODE;
    ev->first = 1;
    ev->fin = 1;
    ev->code = 0;
    ev->data.data = ws->control;
    ev->data.len = ws->ncontrol;

    if (ev->opcode == NGX_MQTT_WS_CLOSE) {
        return ngx_mqtt_ws_close_frame(ws, ev);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_ws_close_frame(ngx_mqtt_ws_t *ws, ngx_mqtt_ws_event_t *ev)
{
    ngx_uint_t  code;

    ws->state = NGX_MQTT_WS_STATE_CLOSED;

    if (ev->data.len == 0) {
        ev->code = NGX_MQTT_WS_CODE_NONE;
        return NGX_OK;
    }

    if (ev->data.len == 1) {
        return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_PROTOCOL);
    }

    code = ev->data.data[0] << 8 | ev->data.data[1];

    /* 1004 to 1006 and 1015 stand for closures without a frame */

    if (code < 1000 || code > 4999
        || (code >= 1004 && code <= 1006)
        || (code >= 1015 && code <= 2999))
    {
        return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_PROTOCOL);
    }

    ev->code = code;
    ev->data.data += 2;
    ev->data.len -= 2;

    if (ngx_mqtt_ws_utf8(ev->data.data, ev->data.len) != NGX_OK) {
        return ngx_mqtt_ws_fail(ws, NGX_MQTT_WS_CODE_INVALID_DATA);
    }

    return NGX_OK;
}


/* unlike MQTT, WebSocket has nothing against U+0000 */

static ngx_int_t
ngx_mqtt_ws_utf8(u_char *p, size_t len)
{
    size_t   n;
    u_char  *zero;

    while (len) {
        zero = memchr(p, '\0', len);
        n = zero ? (size_t) (zero - p) : len;

        if (ngx_mqtt_utf8_valid(p, n) != NGX_OK) {
            return NGX_ERROR;
        }

        if (zero) {
            n++;
        }

        p += n;
        len -= n;
    }

    return NGX_OK;
}


static void
ngx_mqtt_ws_unmask(ngx_mqtt_ws_t *ws, u_char *p, size_t len)
{
    size_t      i;
    u_char      mask[8];
    uint64_t    word, key;

    for (i = 0; i < 8; i++) {
        mask[i] = ws->mask[(ws->mask_offset + i) & 3];
    }

    ws->mask_offset = (ws->mask_offset + len) & 3;

    ngx_memcpy(&key, mask, 8);

    for ( /* void */ ; len >= 8; len -= 8) {
        ngx_memcpy(&word, p, 8);
        word ^= key;
        ngx_memcpy(p, &word, 8);
        p += 8;
    }

    for (i = 0; i < len; i++) {
        p[i] ^= mask[i];
    }
}


size_t
ngx_mqtt_ws_header_size(uint64_t len)
{
    if (len < 126) {
        return 2;
    }

    return (len < 65536) ? 4 : 10;
}


u_char *
ngx_mqtt_ws_header(u_char *p, ngx_uint_t opcode, uint64_t len)
{
    ngx_int_t  shift;

    *p++ = (u_char) (NGX_MQTT_WS_FIN | opcode);

    if (len < 126) {
        *p++ = (u_char) len;
        return p;
    }

    if (len < 65536) {
        *p++ = 126;
        shift = 8;

    } else {
        *p++ = 127;
        shift = 56;
    }

    for ( /* void */ ; shift >= 0; shift -= 8) {
        *p++ = (u_char) (len >> shift);
    }

    return p;
}


u_char *
ngx_mqtt_ws_close(u_char *p, ngx_uint_t code, const ngx_str_t *reason)
{
    size_t  len;

    if (code == NGX_MQTT_WS_CODE_NONE) {
        return ngx_mqtt_ws_header(p, NGX_MQTT_WS_CLOSE, 0);
    }

    len = reason ? reason->len : 0;

    if (len > NGX_MQTT_WS_REASON_MAX) {
        len = NGX_MQTT_WS_REASON_MAX;

        while (len && (reason->data[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    p = ngx_mqtt_ws_header(p, NGX_MQTT_WS_CLOSE, 2 + len);

    *p++ = (u_char) (code >> 8);
    *p++ = (u_char) code;

    return len ? ngx_cpymem(p, reason->data, len) : p;
}


static ngx_int_t
ngx_mqtt_ws_fail(ngx_mqtt_ws_t *ws, ngx_uint_t code)
{
    ws->state = NGX_MQTT_WS_STATE_CLOSED;
    ws->close_code = code;

    return NGX_ERROR;
}
