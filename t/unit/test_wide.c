
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <sys/wait.h>
#include "store.h"


/* Publications that take more than one pass of the event loop. */

#define CROWD  3000


static store_t             st;
static ngx_mqtt_worker_t  *other;
static store_client_t      pub, second;

static const store_connect_t  lasting = { .expiry = 1000 };


static void
test_wide_rights(store_client_t *c)
{
    c->cl.parser.version = NGX_MQTT_V4;
    c->conf.max_qos = 2;
    c->cl.roles = NGX_MQTT_ROLE_PUBLISH;
}


static void
test_wide_client(store_client_t *c, const char *id)
{
    (void) store_connect(c, st.w, id, &lasting);
    test_wide_rights(c);
}


static void
test_wide_begin(void)
{
    char        id[32];
    ngx_uint_t  i;

    store_create(&st, 16 * 1024 * 1024);
    other = store_worker(&st);

    for (i = 0; i < CROWD; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        store_offline(&st, id, "t/#", 1);
    }

    test_wide_client(&pub, "x");
    test_wide_client(&second, "y");
}


static void
test_wide_end(void)
{
    (void) store_publish(other, NULL, "t/1", "", 0, 0, 1, 0);

    if (st.w) {
        store_close(&pub, 0);
        store_close(&second, 0);
    }

    store_time(other, 2000000);
    store_run(other);
    store_check(&st, "the end");
    is_int(store_used(&st), 0, "nothing is left");

    ngx_mqtt_worker_destroy(other);

    if (st.w == NULL) {
        st.w = store_worker(&st);
    }

    store_destroy(&st);
}


/* A packet of 3.1.1; *left: how much of it was not taken. */

static ngx_int_t
test_wide_feed(store_client_t *c, ngx_uint_t qos, const char *payload,
    uint16_t id, size_t *left)
{
    u_char     buf[64], *p, *last;
    ngx_int_t  rc;

    p = buf;
    *p++ = (u_char) (NGX_MQTT_PUBLISH << 4 | qos << 1 | (qos == 2));
    *p++ = (u_char) (7 + strlen(payload));
    p = ngx_cpymem(p, "\0\3t/1", 5);
    *p++ = (u_char) (id >> 8);
    *p++ = (u_char) id;
    p = ngx_cpymem(p, payload, strlen(payload));
    *p++ = NGX_MQTT_PINGREQ << 4;
    *p++ = 0;

    last = p;
    p = buf;

    rc = ngx_mqtt_client_input(&c->cl, &p, last);
    *left = last - p;

    return rc;
}


static ngx_uint_t
test_wide_count(const char *payload, ngx_uint_t *twice)
{
    char        id[32];
    ngx_uint_t  i, n, got;

    n = 0;
    *twice = 0;

    for (i = 0; i < CROWD; i++) {
        sprintf(id, "c%lu", (unsigned long) i);
        got = store_queued(&st, id, payload);
        n += (got > 0);
        *twice += (got > 1);
    }

    return n;
}


static void
test_wide_all(const char *payload, const char *when)
{
    ngx_uint_t  n, twice;

    n = test_wide_count(payload, &twice);
    ok(n == CROWD && twice == 0, "%s: %lu have it, %lu twice", when,
       (unsigned long) n, (unsigned long) twice);
    store_check(&st, when);
}


static void
test_wide_waiting(void)
{
    u_char      ping[2] = { NGX_MQTT_PINGREQ << 4, 0 }, *p;
    size_t      left;
    ngx_uint_t  n, twice;

    test_wide_begin();

    is_int(test_wide_feed(&pub, 1, "m", 7, &left), NGX_BUSY, "it goes on");
    is_int(left, 2, "what follows waits");
    is_int(st.w->wide, 1, "it is under way");
    is_int(pub.nanswers, 0, "and not yet answered");
    n = test_wide_count("m", &twice);
    ok(n < CROWD, "%lu have it already", (unsigned long) n);
    store_check(&st, "under way");

    p = ping;
    is_int(ngx_mqtt_client_input(&second.cl, &p, ping + 2), NGX_OK,
           "PINGREQ of another client does not wait");

    is_int(test_wide_feed(&second, 2, "n", 9, &left), NGX_BUSY,
           "a PUBLISH does");
    is_int(left, 12, "as a whole");

    (void) ngx_mqtt_worker_run(st.w);
    store_run(st.w);
    is_int(st.w->wide, 0, "it is done");
    is_int(pub.nanswers, 1, "and answered");
    is_int(pub.nresumes, 1, "its client may go on");
    is_int(second.nresumes, 1, "the other one too");
    test_wide_all("m", "after some passes");

    is_int(test_wide_feed(&second, 2, "n", 9, &left), NGX_BUSY, "its turn");
    store_run(st.w);
    is_int(second.nanswers, 1, "answered");
    is_int(second.cl.received, 1, "and counted");
    test_wide_all("n", "one behind the other");

    /* the same again is no second message */

    is_int(test_wide_feed(&second, 2, "n", 9, &left), NGX_OK, "a duplicate");
    is_int(second.cl.received, 1, "is not counted");
    test_wide_all("n", "a duplicate");

    test_wide_end();
}


/* What may happen to a publisher meanwhile. */

static void
test_wide_gone(void)
{
    size_t          left;
    store_client_t  thief;

    test_wide_begin();
    (void) test_wide_feed(&pub, 1, "m", 7, &left);
    (void) test_wide_feed(&second, 1, "n", 7, &left);
    store_close(&pub, 0);
    store_close(&second, 0);
    store_check(&st, "its publisher is lost");
    store_run(st.w);
    test_wide_all("m", "its publisher was lost");
    test_wide_client(&pub, "x");
    test_wide_client(&second, "y");
    test_wide_end();

    test_wide_begin();
    (void) test_wide_feed(&pub, 2, "m", 7, &left);
    (void) store_connect(&thief, other, "x", &lasting);
    test_wide_rights(&thief);
    is_int(test_wide_feed(&thief, 2, "m", 7, &left), NGX_BUSY,
           "what comes on its new connection waits");
    is_int(thief.nanswers, 0, "even if it is the same");
    store_run(st.w);
    is_int(pub.closes, 1, "a publisher that lost its session is closed");
    is_int(pub.nanswers, 0, "not answered");
    test_wide_all("m", "its session was taken over");
    ok(ngx_mqtt_session_holds_id_locked(thief.cl.attach->session, 7),
       "the identifier is held");
    (void) ngx_mqtt_worker_run(other);
    is_int(thief.nresumes, 1, "the new connection goes on");
    is_int(test_wide_feed(&thief, 2, "m", 7, &left), NGX_OK, "a duplicate");
    (void) ngx_mqtt_worker_run(other);
    is_int(thief.nanswers, 1, "is answered");
    test_wide_all("m", "a duplicate on a new connection");
    store_close(&thief, 0);
    test_wide_end();

    test_wide_begin();
    (void) test_wide_feed(&pub, 2, "m", 7, &left);
    ngx_mqtt_worker_lock(other);
    ngx_mqtt_session_end_locked(other, pub.cl.attach->session);
    ngx_mqtt_worker_unlock(other);
    store_run(other);
    store_run(st.w);
    is_int(pub.closes, 1, "a publisher whose session has ended is closed");
    test_wide_all("m", "its session has ended");
    test_wide_end();

    test_wide_begin();
    (void) test_wide_feed(&pub, 1, "m", 7, &left);
    store_close(&pub, 0);
    store_close(&second, 0);
    ngx_mqtt_worker_destroy(st.w);
    st.w = NULL;
    test_wide_all("m", "its worker has left");
    test_wide_end();
}


/* Somebody dies inside the lock while it is under way, at each pass. */

static void
test_wide_rebuilt(void)
{
    size_t      left;
    ngx_uint_t  at, i;

    for (at = 0; at < 3; at++) {
        test_wide_begin();
        (void) test_wide_feed(&pub, 2, "m", 7, &left);

        for (i = 0; i < at && st.w->wide; i++) {
            (void) ngx_mqtt_worker_run(st.w);
        }

        st.zone.root->busy = NGX_MQTT_NO_SLOT + 1;
        store_check(&st, "rebuilt");
        store_run(st.w);
        is_int(pub.nanswers, 1, "answered");
        test_wide_all("m", "a rebuild meanwhile");
        test_wide_end();
    }
}


/*
 * Its worker dies between two passes: all or nobody, and no leak at the end.
 * Others notice within a second, or when its publisher comes back, also with a
 * new session.
 */

static void
test_wide_died(ngx_uint_t back)
{
    int         status;
    size_t      left;
    ngx_pid_t   pid;
    ngx_uint_t  at, i, n, twice;

    static const char *const       names[] = { "away", "back", "anew" };
    static const store_connect_t   anew = { .clean = 1, .expiry = 1000 };

    for (at = 0; at < 3; at++) {
        test_wide_begin();
        store_close(&pub, 0);

        pid = fork();

        if (pid == 0) {
            ngx_pid = getpid();
            st.w = store_worker(&st);
            test_wide_client(&pub, "x");
            (void) test_wide_feed(&pub, 2, "m", 7, &left);

            for (i = 0; i < at; i++) {
                (void) ngx_mqtt_worker_run(st.w);
            }

            (void) kill(getpid(), SIGKILL);
        }

        (void) waitpid(pid, &status, 0);

        store_check(&st, "died between two passes");

        if (back) {
            (void) store_connect(&pub, st.w, "x", back == 2 ? &anew : &lasting);
            test_wide_rights(&pub);

        } else {
            while (ngx_mqtt_slot_sweep(st.w) == NGX_AGAIN) { /* void */ }
        }

        n = test_wide_count("m", &twice);
        ok((n == 0 || n == CROWD) && twice == 0,
           "died after %lu runs, publisher %s: %lu", (unsigned long) at,
           names[back], (unsigned long) n);
        is_int(ngx_mqtt_session_holds_id_locked(store_session(&st, "x"), 7),
               n != 0 && back != 2, "its identifier");

        if (!back) {
            test_wide_client(&pub, "x");
        }

        test_wide_end();
    }
}


/* A client with much input does not keep others from theirs. */

static void
test_wide_turns(void)
{
    u_char          buf[20000], *p;
    ngx_uint_t      i;
    store_client_t  c[3];

    store_create(&st, 4 * 1024 * 1024);

    for (i = 0; i < 10000; i++) {
        buf[2 * i] = NGX_MQTT_PINGREQ << 4;
        buf[2 * i + 1] = 0;
    }

    for (i = 0; i < 3; i++) {
        test_wide_client(&c[i], i == 0 ? "a" : i == 1 ? "b" : "c");
    }

    p = buf;
    is_int(ngx_mqtt_client_input(&c[0].cl, &p, buf + 20000), NGX_BUSY,
           "it has to stop");
    is_int(p - buf, 16384, "after its turn");
    ok(c[0].cl.waiting, "it waits");

    st.w->work = 1000000;

    is_int(ngx_mqtt_client_turn(&c[1].cl), NGX_BUSY, "others of this pass");
    is_int(ngx_mqtt_client_turn(&c[2].cl), NGX_BUSY, "wait as well");
    ok(ngx_queue_data(ngx_queue_head(&st.w->waiting), ngx_mqtt_client_t, turn)
       == &c[1].cl, "in their order");

    store_close(&c[2], 0);
    store_run(st.w);

    is_int(c[0].nresumes, 1, "all go on");
    is_int(c[1].nresumes, 1, "all go on");
    is_int(c[2].nresumes, 0, "but who has left");
    is_int(ngx_mqtt_client_turn(&c[1].cl), NGX_OK, "in a new pass");

    is_int(ngx_mqtt_client_input(&c[0].cl, &p, buf + 20000), NGX_OK, "the rest");

    store_close(&c[0], 0);
    store_close(&c[1], 0);
    store_destroy(&st);
}


void
test_wide(void)
{
    test_wide_waiting();
    test_wide_gone();
    test_wide_rebuilt();
    test_wide_died(0);
    test_wide_died(1);
    test_wide_died(2);
    test_wide_turns();
}
