
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * A stream of WebSocket frames, read in one piece and in many: both must say
 * the same.  The first byte of the input chooses the settings, the second one
 * the pieces.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_ws.h>
#include <ngx_mqtt_topic.h>


/*
 * The events as bytes: opcode, code, data, and a mark at the end of control
 * frames and of messages.  Pieces of a message do not show.
 */

typedef struct {
    ngx_uint_t   rc;
    ngx_uint_t   in_message;
    size_t       len;
    u_char      *text;
} fuzz_run_t;


static void
fuzz_event(fuzz_run_t *run, ngx_mqtt_ws_event_t *ev, uint64_t max)
{
    ngx_uint_t  control;

    control = ev->opcode & 8;

    if (ev->opcode == NGX_MQTT_WS_CONTINUATION
        || (!control && ev->first == run->in_message)
        || (!control && ev->data.len == 0 && !ev->fin)
        || (!control && max && ev->data.len > max)
        || (control && ev->data.len > NGX_MQTT_WS_CONTROL_MAX))
    {
        abort();
    }

    if (control || ev->first) {
        run->text[run->len++] = ev->opcode;
        run->text[run->len++] = ev->code >> 8;
        run->text[run->len++] = ev->code;
    }

    if (ev->data.len) {
        memcpy(run->text + run->len, ev->data.data, ev->data.len);
        run->len += ev->data.len;
    }

    if (ev->fin) {
        run->text[run->len++] = 0xff;
    }

    if (!control) {
        run->in_message = !ev->fin;
    }
}


static void
fuzz_run(fuzz_run_t *run, const u_char *data, size_t len, ngx_uint_t step,
    ngx_uint_t binary_only, uint64_t max)
{
    size_t                i, n;
    u_char               *piece, *pos;
    ngx_int_t             rc;
    ngx_mqtt_ws_t         ws;
    ngx_mqtt_ws_event_t   ev;

    ngx_mqtt_ws_init(&ws, binary_only, max);

    rc = NGX_AGAIN;
    run->len = 0;
    run->in_message = 0;
    run->text = malloc(len * 4 + 16);

    if (run->text == NULL) {
        abort();
    }

    for (i = 0; i < len && rc == NGX_AGAIN; i += n) {
        n = step ? ngx_min(step, len - i) : len;
        step = step ? (step * 5 + 3) % 61 + 1 : 0;

        piece = malloc(n);

        if (piece == NULL) {
            abort();
        }

        memcpy(piece, data + i, n);
        pos = piece;

        while ((rc = ngx_mqtt_ws_parse(&ws, &pos, piece + n, &ev)) == NGX_OK) {

            if (binary_only && ev.opcode == NGX_MQTT_WS_TEXT) {
                abort();
            }

            fuzz_event(run, &ev, max);
        }

        if (rc == NGX_AGAIN && pos != piece + n) {
            abort();
        }

        free(piece);
    }

    run->rc = (rc == NGX_ERROR) ? ws.close_code : 0;

    if (rc == NGX_ERROR && (run->rc < 1002 || run->rc > 1009)) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    u_char       frame[NGX_MQTT_WS_CLOSE_MAX], *last;
    uint64_t     max;
    ngx_str_t    reason;
    fuzz_run_t   one, two;

    if (len < 2) {
        return 0;
    }

    max = (data[0] & 2) ? data[0] >> 2 : 0;

    fuzz_run(&one, data + 2, len - 2, 0, data[0] & 1, max);
    fuzz_run(&two, data + 2, len - 2, 1 + data[1] % 61, data[0] & 1, max);

    if (one.rc != two.rc
        || one.len != two.len
        || memcmp(one.text, two.text, one.len) != 0)
    {
        abort();
    }

    free(one.text);
    free(two.text);

    /* a reason that is well formed must stay so when it is cut */

    reason.data = (u_char *) data + 2;
    reason.len = len - 2;
    last = ngx_mqtt_ws_close(frame, NGX_MQTT_WS_CODE_NORMAL, &reason);

    if (last - frame != 2 + frame[1]
        || (ngx_mqtt_utf8_valid(reason.data, reason.len) == NGX_OK
            && ngx_mqtt_utf8_valid(frame + 4, frame[1] - 2) != NGX_OK))
    {
        abort();
    }

    return 0;
}
