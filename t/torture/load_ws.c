
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <arpa/inet.h>
#include <string.h>
#include "load.h"


/* WebSocket, as far as loopback needs it; the masking key is always zero. */


void
load_ws_request(load_client_t *c)
{
    int    n;
    char   text[1024];

    n = snprintf(text, sizeof(text),
                 "GET %s HTTP/1.1\r\n"
                 "Host: localhost\r\n"
                 "Connection: Upgrade\r\n"
                 "Upgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: bG9hZCBsb2FkIGxvYWQhIQ==\r\n"
                 "Sec-WebSocket-Protocol: mqtt\r\n"
                 "\r\n",
                 c->conf.path);

    memcpy(load_reserve(c, n), text, n);
}


/* Returns 0 while it is incomplete; CONNECT comes first, so no frames follow */

ssize_t
load_ws_response(load_client_t *c, u_char *p, size_t len)
{
    size_t  n;

    /* the end is looked for; its bytes are counted in ws_nhead */

    if (c->ws_nhead == 0 && (len < 12 || memcmp(p, "HTTP/1.1 101", 12) != 0)) {
        return -1;
    }

    c->ws_nhead = (c->ws_nhead == 0) ? 1 : c->ws_nhead;

    for (n = 0; n < len; n++) {
        if (p[n] == "\r\n\r\n"[c->ws_nhead - 1]) {
            c->ws_nhead++;

        } else {
            c->ws_nhead = 1 + (p[n] == '\r');
        }

        if (c->ws_nhead == 5) {
            c->ws_nhead = 0;
            load_state(c, LOAD_CONNECT);
            load_mqtt_connect(c);

            return (n + 1 == len) ? 0 : -1;
        }
    }

    return 0;
}


/* Takes the headers of frames out. */

ssize_t
load_ws_input(load_client_t *c, u_char *p, size_t len)
{
    size_t    n, size;
    u_char   *dst, *start, *end, *h;
    unsigned  i;

    h = c->ws_head;
    start = p;
    dst = p;
    end = p + len;

    while (p < end) {

        if (c->ws_rest) {
            n = end - p;
            n = (n < c->ws_rest) ? n : c->ws_rest;

            if ((h[0] & 0x0f) < 8) {
                memmove(dst, p, n);
                dst += n;
            }

            p += n;
            c->ws_rest -= n;
            continue;
        }

        h[c->ws_nhead++] = *p++;

        if (c->ws_nhead < 2) {
            continue;
        }

        size = 2 + ((h[1] == 126) ? 2 : (h[1] == 127) ? 8 : 0);

        if (c->ws_nhead < size) {
            continue;
        }

        c->ws_nhead = 0;

        /* no answer to a close frame: the end of the connection follows */

        if ((h[0] & 0x0f) == 8) {
            return -1;
        }

        if (h[1] & 0x80) {
            c->stats->faults++;
            return -1;
        }

        for (i = 2; i < size; i++) {
            c->ws_rest = c->ws_rest << 8 | h[i];
        }

        if (size == 2) {
            c->ws_rest = h[1];
        }
    }

    return dst - start;
}


size_t
load_ws_head(u_char *p, u_char opcode, size_t len)
{
    size_t    n;
    unsigned  i;

    *p++ = 0x80 | opcode;

    if (len < 126) {
        n = 2;
        *p++ = 0x80 | len;

    } else if (len < 65536) {
        n = 4;
        *p++ = 0x80 | 126;
        *p++ = len >> 8;
        *p++ = len;

    } else {
        n = 10;
        *p++ = 0x80 | 127;

        for (i = 0; i < 8; i++) {
            *p++ = (uint64_t) len >> (56 - 8 * i);
        }
    }

    memset(p, 0, 4);

    return n + 4;
}
