
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "pubsub.h"
#include <ngx_mqtt_proof.h>


static ssize_t pubsub_send(ngx_mqtt_client_t *cl, u_char *p, size_t len);
static size_t pubsub_frame(pubsub_client_t *c, u_char *p, size_t len);
static void pubsub_closed(ngx_mqtt_client_t *cl, ngx_uint_t reason);
static void pubsub_resume(ngx_mqtt_client_t *cl);
static void pubsub_wake(ngx_mqtt_worker_t *w, ngx_uint_t slot);
static void pubsub_post(ngx_mqtt_worker_t *w);
static ngx_uint_t pubsub_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_uint_t type, ngx_str_t *name);
static ngx_int_t pubsub_event(ngx_mqtt_worker_t *w, ngx_mqtt_event_t *ev);
static ngx_mqtt_hub_conf_t *pubsub_settings(ngx_mqtt_worker_t *w,
    ngx_str_t *hub);


static ngx_mqtt_transport_ops_t  pubsub_transport = {
    pubsub_send, NULL, pubsub_closed, pubsub_resume, NULL, NULL, NULL, NULL,
    NULL
};

static ngx_mqtt_worker_ops_t  pubsub_ops = {
    pubsub_wake, pubsub_post, pubsub_settings, pubsub_event, pubsub_wanted,
    NULL
};

static ngx_mqtt_rights_t  pubsub_all = {
    .all = NGX_MQTT_ROLE_SUBSCRIBE|NGX_MQTT_ROLE_PUBLISH
};


ngx_mqtt_event_t  *pubsub_events[PUBSUB_EVENTS];
ngx_uint_t         pubsub_nevents;

/* of pubsub_op() */
static pubsub_client_t  pubsub_clients[PUBSUB_CLIENTS];
static char             pubsub_id[64];
static char             pubsub_token[128];


ngx_mqtt_worker_t *
pubsub_worker(store_t *st)
{
    return ngx_mqtt_worker_create(&st->zone, &pubsub_ops, NULL, &test_log);
}


static void
pubsub_wake(ngx_mqtt_worker_t *w, ngx_uint_t slot)
{
    /* void */
}


static void
pubsub_post(ngx_mqtt_worker_t *w)
{
    /* void */
}


static ngx_mqtt_hub_conf_t *
pubsub_settings(ngx_mqtt_worker_t *w, ngx_str_t *hub)
{
    return NULL;
}


static ngx_uint_t
pubsub_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub, ngx_uint_t type,
    ngx_str_t *name)
{
    return type != NGX_MQTT_EVENT_CONNECT;
}


/* "deaf" is an event that nobody wants */

static ngx_int_t
pubsub_event(ngx_mqtt_worker_t *w, ngx_mqtt_event_t *ev)
{
    if (pubsub_nevents == PUBSUB_EVENTS
        || (ev->name.len == 4 && ngx_memcmp(ev->name.data, "deaf", 4) == 0))
    {
        return NGX_DECLINED;
    }

    pubsub_events[pubsub_nevents++] = ev;

    return NGX_OK;
}


void
pubsub_reply(ngx_uint_t status, const char *type, const char *body)
{
    ngx_mqtt_event_t   *ev;
    ngx_mqtt_answer_t   answer;

    ngx_memzero(&answer, sizeof(ngx_mqtt_answer_t));

    ev = pubsub_events[0];
    pubsub_nevents--;
    ngx_memmove(pubsub_events, pubsub_events + 1,
                pubsub_nevents * sizeof(ngx_mqtt_event_t *));

    answer.status = status;
    answer.body = store_str(body);

    if (type) {
        answer.content_type = store_str(type);
    }

    if (ev->answered) {
        ev->answered(ev, &answer);
    }

    store_run(ev->worker);
    ngx_destroy_pool(ev->pool);
}


static void
pubsub_resume(ngx_mqtt_client_t *cl)
{
    ((pubsub_client_t *) cl)->nresumes++;
}


static void
pubsub_closed(ngx_mqtt_client_t *cl, ngx_uint_t reason)
{
    pubsub_client_t *c = (pubsub_client_t *) cl;

    c->closes++;
    c->reason = reason;
}


static ssize_t
pubsub_send(ngx_mqtt_client_t *cl, u_char *p, size_t len)
{
    pubsub_client_t *c = (pubsub_client_t *) cl;

    size_t  n, used;

    if (c->blocked) {
        return 0;
    }

    c->buf = realloc(c->buf, c->len + len);
    if (c->buf == NULL) {
        exit(2);
    }

    ngx_memcpy(c->buf + c->len, p, len);
    c->len += len;

    for (used = 0; used < c->len; used += n) {
        n = pubsub_frame(c, c->buf + used, c->len - used);
        if (n == 0) {
            break;
        }
    }

    c->len -= used;
    ngx_memmove(c->buf, c->buf + used, c->len);

    return len;
}


/* Takes one frame off; 0: it is not complete. */

static size_t
pubsub_frame(pubsub_client_t *c, u_char *p, size_t len)
{
    size_t             head, n;
    ngx_uint_t         i;
    pubsub_message_t  *m;

    if (len < 2) {
        return 0;
    }

    n = p[1];
    head = (n < 126) ? 2 : (n == 126) ? 4 : 10;

    if (len < head) {
        return 0;
    }

    if (n >= 126) {
        n = 0;

        for (i = 2; i < head; i++) {
            n = n << 8 | p[i];
        }
    }

    if (len - head < n) {
        return 0;
    }

    if (c->ngot == PUBSUB_MESSAGES) {
        exit(2);
    }

    m = &c->got[c->ngot];

    if ((p[0] & 0x0f) == NGX_MQTT_WS_CONTINUATION) {
        ok(m->frames, "fragment of a message that was begun");

    } else if (m->frames) {
        ok(0, "a message is begun behind another one");

    } else {
        m->opcode = p[0] & 0x0f;
    }

    m->data = realloc(m->data, m->len + n + 1);
    ngx_memcpy(m->data + m->len, p + head, n);
    m->len += n;
    m->data[m->len] = '\0';
    m->frames++;

    if (p[0] & NGX_MQTT_WS_FIN) {
        c->ngot++;
    }

    return head + n;
}


static void
pubsub_init(pubsub_client_t *c, ngx_mqtt_worker_t *w, const char *subprotocol,
    const pubsub_admit_t *admit)
{
    ngx_str_t   hub, name;
    ngx_uint_t  protocol, reliable;

    ngx_memzero(c, sizeof(pubsub_client_t));

    c->conf.max_packet_size = 1024 * 1024;
    c->conf.receive_maximum = 100;
    c->conf.max_qos = 2;
    c->conf.session_expiry = 60;
    c->conf.retain = 1;
    c->conf.max_queued = admit->max_queued ? admit->max_queued : 1000;
    c->conf.max_queued_bytes = 16 * 1024 * 1024;
    c->conf.native = 1;

    if (admit->role == NULL) {
        c->conf.default_roles = &pubsub_all;
    }

    ngx_str_set(&c->conf.name, "h");
    ngx_str_set(&hub, "h");

    ngx_mqtt_client_init(&c->cl, w, &c->conf, &hub, &pubsub_transport,
                         &test_log);

    name = store_str(subprotocol);

    if (ngx_mqtt_native_protocol(&name, &protocol, &reliable) != NGX_OK) {
        protocol = NGX_MQTT_PROTO_SIMPLE;
        reliable = 0;
    }

    if (ngx_mqtt_native_init(&c->cl, protocol, reliable, &name) != NGX_OK) {
        exit(2);
    }
}


ngx_uint_t
pubsub_admit(pubsub_client_t *c, ngx_mqtt_worker_t *w,
    const char *subprotocol, const pubsub_admit_t *admit)
{
    ngx_str_t                 *str;
    ngx_uint_t                 status;
    ngx_pool_t                *pool;
    ngx_mqtt_principal_t       principal;
    ngx_mqtt_native_accept_t   accept;

    pubsub_init(c, w, subprotocol, admit);

    ngx_memzero(&accept, sizeof(ngx_mqtt_native_accept_t));
    ngx_memzero(&principal, sizeof(ngx_mqtt_principal_t));

    accept.principal = &principal;
    accept.no_echo = admit->no_echo;

    pool = ngx_create_pool(4096, &test_log);

    if (admit->user) {
        principal.user_id = store_str(admit->user);
        principal.identity = store_str(admit->user);
    }

    if (admit->role) {
        principal.roles = ngx_array_create(pool, 1, sizeof(ngx_str_t));
        str = ngx_array_push(principal.roles);
        *str = store_str(admit->role);
    }

    if (admit->group) {
        principal.groups = ngx_array_create(pool, 1, sizeof(ngx_str_t));
        str = ngx_array_push(principal.groups);
        *str = store_str(admit->group);
    }

    if (admit->cookie) {
        accept.cookie = store_str(admit->cookie);
    }

    if (admit->sends) {
        accept.group = store_str(admit->sends);
    }

    if (ngx_mqtt_native_name(&c->cl) != NGX_OK) {
        exit(2);
    }

    c->cl.proof = ngx_mqtt_proof_create(&test_log);

    status = ngx_mqtt_native_admit(&c->cl, &accept);

    ok(c->cl.proof == NULL, "what it has proved is forgotten");

    ngx_destroy_pool(pool);
    store_run(w);

    return status;
}


ngx_int_t
pubsub_recover_as(pubsub_client_t *c, ngx_mqtt_worker_t *w,
    const char *subprotocol, const char *id, const char *token)
{
    ngx_int_t  rc;
    ngx_str_t  id_str, token_str;

    static const pubsub_admit_t  admit;

    pubsub_init(c, w, subprotocol, &admit);

    id_str = store_str(id);
    token_str = store_str(token);

    rc = ngx_mqtt_native_recover(&c->cl, &id_str, &token_str);

    store_run(w);

    return rc;
}


ngx_int_t
pubsub_recover(pubsub_client_t *c, ngx_mqtt_worker_t *w,
    const char *subprotocol, pubsub_client_t *from)
{
    char        *id, *token;
    ngx_int_t    rc;
    ngx_uint_t   seen;

    seen = from->seen;
    from->seen = 1;

    id = strdup(pubsub_member(from, "connectionId"));
    token = strdup(pubsub_member(from, "reconnectionToken"));

    from->seen = seen;

    rc = pubsub_recover_as(c, w, subprotocol, id, token);

    free(id);
    free(token);

    return rc;
}


ngx_int_t
pubsub_say_bytes(pubsub_client_t *c, ngx_uint_t opcode, const void *data,
    size_t len)
{
    u_char             *p;
    ngx_int_t           rc;
    ngx_mqtt_worker_t  *w;

    w = c->cl.worker;
    p = test_copy(data, len);

    rc = ngx_mqtt_client_turn(&c->cl);

    if (rc == NGX_OK) {
        rc = ngx_mqtt_native_input(&c->cl, opcode, p, len);
    }

    free(p);
    store_run(w);

    return rc;
}


ngx_int_t
pubsub_say(pubsub_client_t *c, const char *text)
{
    return pubsub_say_bytes(c, NGX_MQTT_WS_TEXT, text, strlen(text));
}


pubsub_message_t *
pubsub_next_message(pubsub_client_t *c)
{
    static pubsub_message_t  none = { .data = (u_char *) "" };

    return (c->seen < c->ngot) ? &c->got[c->seen++] : &none;
}


const char *
pubsub_next(pubsub_client_t *c)
{
    return (const char *) pubsub_next_message(c)->data;
}


const char *
pubsub_member(pubsub_client_t *c, const char *name)
{
    char         key[64];
    const char  *p, *last;

    static char  value[4096];

    if (c->seen == 0) {
        return "";
    }

    (void) sprintf(key, "\"%s\":\"", name);
    p = strstr((char *) c->got[c->seen - 1].data, key);

    if (p == NULL) {
        return "";
    }

    p += strlen(key);
    last = strchr(p, '"');

    ngx_memcpy(value, p, last - p);
    value[last - p] = '\0';

    return value;
}


ngx_uint_t
test_next(pubsub_client_t *c, const char *want, const char *file, int line,
    const char *fmt, ...)
{
    char               buf[256];
    va_list            args;
    pubsub_message_t  *m;

    va_start(args, fmt);
    (void) vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);

    m = pubsub_next_message(c);

    if (test_mem(m->data, m->len, want, strlen(want), file, line, "%s", buf)) {
        return 1;
    }

    note("got  %s", (char *) m->data);
    note("want %s", want);

    return 0;
}


void
pubsub_lose(pubsub_client_t *c)
{
    ngx_mqtt_worker_t  *w;

    w = c->cl.worker;

    ngx_mqtt_client_lost(&c->cl);
    store_run(w);
    pubsub_free(c);
}


void
pubsub_free(pubsub_client_t *c)
{
    ngx_uint_t  i;

    for (i = 0; i < PUBSUB_MESSAGES; i++) {
        free(c->got[i].data);
        c->got[i].data = NULL;
    }

    free(c->buf);
    c->buf = NULL;
    c->len = 0;
    c->ngot = 0;
}


ngx_int_t
pubsub_op(ngx_mqtt_worker_t *w, const store_op_t *op)
{
    pubsub_admit_t    admit;
    pubsub_client_t  *c;

    c = &pubsub_clients[op->client];

    switch (op->op) {

    case STORE_NATIVE:
        pubsub_free(c);
        ngx_memzero(&admit, sizeof(pubsub_admit_t));
        admit.group = op->payload;
        admit.user = "ann";
        admit.max_queued = op->n;

        return pubsub_admit(c, w, op->text, &admit) ? NGX_ERROR : NGX_OK;

    case STORE_RECOVER:
        pubsub_free(c);

        if (op->n == PUBSUB_KEPT) {
            return pubsub_recover_as(c, w, op->text, pubsub_id, pubsub_token)
                   == NGX_OK ? NGX_OK : NGX_ERROR;
        }

        return pubsub_recover(c, w, op->text, &pubsub_clients[op->n]) == NGX_OK
               ? NGX_OK : NGX_ERROR;

    case STORE_SAY:
        (void) pubsub_say(c, op->text);

        /* what is refused for want of room is refused politely */

        return (c->ngot && strstr((char *) c->got[c->ngot - 1].data,
                                  "InternalServerError"))
               ? NGX_ERROR : NGX_OK;

    default:

        if (op->n) {
            ngx_mqtt_native_goodbye(&c->cl);
        }

        ngx_mqtt_client_lost(&c->cl);
        return NGX_OK;
    }
}


void
pubsub_keep(pubsub_client_t *c)
{
    c->seen = 1;

    (void) strcpy(pubsub_id, pubsub_member(c, "connectionId"));
    (void) strcpy(pubsub_token, pubsub_member(c, "reconnectionToken"));
}


void
pubsub_close(void)
{
    ngx_uint_t  i;

    for (i = 0; i < PUBSUB_CLIENTS; i++) {

        if (pubsub_clients[i].cl.worker) {
            ngx_mqtt_client_lost(&pubsub_clients[i].cl);
        }

        pubsub_free(&pubsub_clients[i]);
        ngx_memzero(&pubsub_clients[i], sizeof(pubsub_client_t));
    }
}
