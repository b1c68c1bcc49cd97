
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <stdarg.h>
#include "native.h"


typedef struct {
    char    *pos;
    char    *last;
} native_text_t;


static void native_fields_of(native_text_t *t, const ProtobufCMessage *m);


static void
native_add(native_text_t *t, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(t->pos, t->last - t->pos, fmt, args);
    va_end(args);

    t->pos += ngx_min(n, t->last - t->pos - 1);
}


/* what is not printable in hexadecimal */

static void
native_bytes(native_text_t *t, const u_char *p, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        native_add(t, p[i] >= 0x20 && p[i] < 0x7f ? "%c" : "<%02x>", p[i]);
    }
}


static void
native_string(native_text_t *t, const char *name, const ngx_str_t *s)
{
    if (s->len) {
        native_add(t, " %s=", name);
        native_bytes(t, s->data, s->len);
    }
}


static void
native_integer(native_text_t *t, const char *name, uint64_t n, ngx_uint_t is)
{
    if (is) {
        native_add(t, " %s=%llu", name, (unsigned long long) n);
    }
}


static void
native_map(native_text_t *t, const char *name,
    const ngx_mqtt_native_map_t *map)
{
    ngx_uint_t  i;

    native_add(t, " %s{", name);

    for (i = 0; i < map->n; i++) {
        native_add(t, "%s", i ? " " : "");
        native_bytes(t, map->pairs[i].name.data, map->pairs[i].name.len);
        native_add(t, "=");
        native_bytes(t, map->pairs[i].value.data, map->pairs[i].value.len);
    }

    native_add(t, "}");
}


void
native_words(char *buf, size_t size, const ngx_mqtt_native_request_t *r)
{
    ngx_uint_t     i;
    native_text_t  t;

    static const char  *types[] = {
        "join", "leave", "send", "event", "ping", "sequence-ack", "invoke",
        "cancel", "stream-start", "stream-data", "stream-end", "set-state",
        "sub-state", "unsub-state"
    };

    t.pos = buf;
    t.last = buf + size;

    for (i = 0; r->type >> i != 1; i++) { /* void */ }

    native_add(&t, "%s", types[i]);
    native_string(&t, "group", &r->group);
    native_string(&t, "event", &r->event);
    native_string(&t, "invocation", &r->invocation_id);
    native_string(&t, "stream", &r->stream_id);
    native_integer(&t, "ack", r->ack_id, r->has_ack);
    native_integer(&t, "sequence", r->sequence, r->sequence != 0);
    native_integer(&t, "idle", r->idle_timeout, r->idle_timeout != 0);
    native_integer(&t, "ttl", r->ttl, r->ttl != 0);
    native_integer(&t, "no-echo", 1, r->no_echo);

    if (r->data_type != NGX_MQTT_DATA_NONE) {
        native_add(&t, " %s:",
                   (char *) ngx_mqtt_native_type_name(r->data_type)->data);
        native_bytes(&t, r->data.data, r->data.len);
    }

    if (r->metadata.n) {
        native_map(&t, "metadata", &r->metadata);
    }

    if (r->has_state) {
        native_map(&t, "state", &r->state);
    }

    native_integer(&t, "error", 1, r->has_error);
    native_string(&t, "message", &r->error_message);
    native_string(&t, "code", &r->error_code);
}


void
native_fields(char *buf, size_t size, const ProtobufCMessage *m)
{
    native_text_t  t;

    t.pos = buf;
    t.last = buf + size;
    *buf = '\0';

    native_fields_of(&t, m);
}


static void
native_value(native_text_t *t, const ProtobufCFieldDescriptor *field,
    const void *value)
{
    const ProtobufCBinaryData  *bytes;

    native_add(t, " %s", field->name);

    switch (field->type) {

    case PROTOBUF_C_TYPE_MESSAGE:
        native_add(t, "{");
        native_fields_of(t, *(ProtobufCMessage * const *) value);
        native_add(t, "}");
        break;

    case PROTOBUF_C_TYPE_BYTES:
        bytes = value;
        native_add(t, "=");
        native_bytes(t, bytes->data, bytes->len);
        break;

    case PROTOBUF_C_TYPE_BOOL:
        native_add(t, "=%d", *(const protobuf_c_boolean *) value);
        break;

    default:
        native_add(t, "=%llu",
                   *(const unsigned long long *) value);
    }
}


static void
native_fields_of(native_text_t *t, const ProtobufCMessage *m)
{
    size_t                           n;
    unsigned                         i;
    const u_char                    *at, *has;
    const ProtobufCFieldDescriptor  *field;

    native_add(t, "%s", m->n_unknown_fields ? " (unknown fields)" : "");

    for (i = 0; i < m->descriptor->n_fields; i++) {
        field = &m->descriptor->fields[i];
        at = (const u_char *) m + field->offset;
        has = (const u_char *) m + field->quantifier_offset;

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {

            for (n = 0; n < *(const size_t *) has; n++) {
                native_value(t, field, *(void * const * const *) at + n);
            }

            continue;
        }

        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {

            if (*(const uint32_t *) has != field->id) {
                continue;
            }

        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {

            if (*(void * const *) at == NULL) {
                continue;
            }

        } else if (!*(const protobuf_c_boolean *) has) {
            continue;
        }

        native_value(t, field, at);
    }
}


ngx_int_t
native_read(native_read_pt read, const void *frame, size_t len, char *buf,
    size_t size)
{
    ngx_int_t                   rc;
    ngx_str_t                   s;
    ngx_pool_t                 *pool;
    const char                 *why;
    ngx_mqtt_native_request_t   r;

    pool = pool_create();

    s.len = len;
    s.data = test_copy(frame, len);
    why = "(no reason)";

    rc = read(pool, &s, &r, &why);

    if (rc == NGX_OK) {
        native_words(buf, size, &r);

    } else {
        snprintf(buf, size, "%s", why);
    }

    free(s.data);
    ngx_destroy_pool(pool);

    return rc;
}
