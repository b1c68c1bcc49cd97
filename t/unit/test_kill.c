
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <sys/mman.h>
#include <sys/wait.h>
#include <ngx_mqtt_user.h>
#include "scenario.h"
#include "pubsub.h"


/*
 * A child runs a scenario and dies by SIGKILL at the k-th store to the zone,
 * for every k.  What it left is mended, reclaimed, and compared with what it
 * had reported.  There is a point before and one behind each store, so every
 * other k is enough, but for what is not a store; KILL_STRIDE=1 in the
 * environment leaves none out.  Where only some k are tried, the first time at
 * each place in the source is among them.  KILL_TWICE is at how many points a
 * second kill follows, of who takes up what was left.
 */


#define TEST_KILL_FOREVER  1000000000
#define TEST_KILL_PLACES   1021


typedef struct {
    const char            *file;
    int                    line;
    ngx_uint_t             first;       /* k */
} test_place_t;


/* outside the zone, shared with the child */

typedef struct {
    volatile ngx_int_t     started;     /* index of an operation */
    volatile ngx_int_t     done;        /* operations that are complete */
    volatile ngx_uint_t    stores;      /* of a whole life */
    ngx_uint_t             told[10];    /* see store_told */
    test_place_t           places[TEST_KILL_PLACES];
} test_progress_t;


typedef struct {
    const scenario_t      *sc;
    store_t                st;
    test_progress_t       *progress;
    ngx_msec_t             now;
    ngx_pid_t              child;
    ngx_uint_t             walking;     /* another one is in a match */
    ngx_mqtt_worker_t     *walker;
    ngx_uint_t             twice;       /* the mender is killed, too */
    ngx_uint_t             k;
    ngx_uint_t             kills;
    ngx_uint_t             inside;      /* ... with the lock held */
    ngx_uint_t             broken;
    ngx_uint_t             wrong;
} test_kill_t;


static test_progress_t  *test_kill_progress;


static void
test_kill_see(const char *file, int line)
{
    ngx_uint_t     k;
    test_place_t  *place;

    k = ++test_kill_progress->stores;
    place = &test_kill_progress->places[((uintptr_t) file + line)
                                        % TEST_KILL_PLACES];

    while (place->file && (place->file != file || place->line != line)) {
        place++;

        if (place == &test_kill_progress->places[TEST_KILL_PLACES]) {
            place = test_kill_progress->places;
        }
    }

    if (place->file == NULL) {
        place->file = file;
        place->line = line;
        place->first = k;
    }
}


/* The next one from k on: a multiple of stride, or one that must not miss. */

static ngx_uint_t
test_kill_next(test_kill_t *t, ngx_uint_t k, ngx_uint_t stride)
{
    ngx_uint_t     i, next;
    test_place_t  *place;

    next = k + (stride - (k - 1) % stride) % stride;

    for (i = 0; i < TEST_KILL_PLACES; i++) {
        place = &t->progress->places[i];

        if (place->first >= k && place->first < next) {
            next = place->first;
        }
    }

    return next;
}


/* A child is about to be counted, or killed at k. */

static void
test_kill_arm(test_kill_t *t, ngx_uint_t k)
{
    if (k == TEST_KILL_FOREVER) {
        ngx_memzero(t->progress->places, sizeof(t->progress->places));
        t->progress->stores = 0;

        test_kill_progress = t->progress;
        ngx_mqtt_kill_trace = test_kill_see;
        return;
    }

    ngx_mqtt_kill_root = t->st.zone.root;
    ngx_mqtt_kill_root->kill_at = k;
}


static void
test_kill_life(test_kill_t *t)
{
    store_client_t      clients[STORE_CLIENTS];
    const store_op_t   *op;
    ngx_mqtt_worker_t  *w;

    ngx_pid = getpid();

    ngx_memzero(clients, sizeof(clients));

    test_kill_arm(t, t->k);

    w = store_worker(&t->st);

    for (op = t->sc->ops; op->op != STORE_END; op++) {
        t->progress->started = op - t->sc->ops + 1;
        (void) store_op(w, clients, op);
        t->progress->done = op - t->sc->ops + 1;
    }

    /* a crash at rest is one more */

    (void) kill(getpid(), SIGKILL);
}


/* As the master does when it learns of a worker's death. */

static void
test_kill_reap(test_kill_t *t)
{
    int  status;

    if (waitpid(t->child, &status, 0) != t->child
        || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    {
        note("%s: at store %lu: the child was not killed but returned %d",
             t->sc->name, (unsigned long) t->k, status);
        t->broken++;
    }

    t->kills++;

    if (ngx_shmtx_force_unlock(&t->st.pool->mutex, t->child)) {
        t->inside++;
    }
}


static void
test_kill_errors(test_kill_t *t, const char *when)
{
    char  text[128];

    sprintf(text, "%s: killed at store %lu, in operation %ld, %s",
            t->sc->name, (unsigned long) t->k,
            (long) t->progress->started - 1, when);

    t->broken += (store_errors(&t->st, text) != 0);
}


static void
test_kill_wrong(test_kill_t *t, const store_op_t *op, const char *what,
    ngx_uint_t n)
{
    t->wrong++;

    note("%s: killed at store %lu, in operation %ld: operation %ld: %s: %lu",
         t->sc->name, (unsigned long) t->k, (long) t->progress->started - 1,
         (long) (op - t->sc->ops), what, (unsigned long) n);
}


/* Everything is in nobody's queue or in everybody's, once. */

static void
test_kill_copies(test_kill_t *t, const store_op_t *op, ngx_uint_t first)
{
    ngx_uint_t  i, n, copies;
    ngx_int_t   index;

    index = op - t->sc->ops;
    copies = 0;

    for (i = first; i < SCENARIO_SESSIONS; i++) {
        n = store_queued(&t->st, scenario_sessions[i], op->payload);
        copies += n;

        if (n > 1) {
            test_kill_wrong(t, op, "copies in a queue", n);
        }
    }

    n = SCENARIO_SESSIONS - first;

    if (index < t->progress->done ? copies != n
        : index < t->progress->started ? (copies != n && copies != 0)
        : copies != 0)
    {
        test_kill_wrong(t, op, "copies", copies);
    }

    if (op->id == 0 || store_session(&t->st, "p") == NULL) {
        return;
    }

    /* a QoS 2 identifier is held as long as it was not released */

    n = ngx_mqtt_session_holds_id_locked(store_session(&t->st, "p"), op->id);

    if (op->id != 7 || t->progress->started <= 6
        || strcmp(t->sc->name, "publish") != 0)
    {
        if (n != (copies != 0)) {
            test_kill_wrong(t, op, "identifier held", n);
        }

    } else if (n && t->progress->done > 6) {
        test_kill_wrong(t, op, "identifier held for ever", n);
    }
}


static void
test_kill_verify_publish(test_kill_t *t)
{
    ngx_int_t          done, started;
    ngx_uint_t         n;
    const store_op_t  *op;

    done = t->progress->done;
    started = t->progress->started;

    for (op = t->sc->ops; op->op != STORE_END; op++) {

        if ((op->op == STORE_PUBLISH || op->op == STORE_BIG)
            && op->n > 0 && op->payload[0] == 'm')
        {
            test_kill_copies(t, op, 0);
        }

        if (op->op == STORE_PUBLISH && op->payload[0] == 'g') {
            n = store_queued(&t->st, "s2", op->payload)
                + store_queued(&t->st, "s3", op->payload);

            if (op - t->sc->ops < done ? n != 1 : n > 1) {
                test_kill_wrong(t, op, "copies of a group", n);
            }
        }
    }

    /* set by operations 4 and 5, cleared by operation 7 */

    if ((done == 5 && started == 5
         && !store_retained(&t->st, "t/3", "m4"))
        || (done == 6 && !store_retained(&t->st, "t/3", "m5"))
        || (done > 7 && !store_retained(&t->st, "t/3", NULL)))
    {
        test_kill_wrong(t, t->sc->ops, "retained", done);
    }
}


static void
test_kill_verify_fanout(test_kill_t *t)
{
    char               id[32];
    ngx_uint_t         i, n;
    const store_op_t  *op;

    for (op = &t->sc->ops[1]; op->op != STORE_END; op++) {

        test_kill_copies(t, op, 0);

        n = 0;

        for (i = 0; i < 700; i++) {
            sprintf(id, "c%lu", (unsigned long) i);
            n += store_queued(&t->st, id, op->payload);
        }

        i = store_queued(&t->st, "s0", op->payload);

        if (n != 700 * i) {
            test_kill_wrong(t, op, "copies in the crowd", n);
        }
    }
}


/* What was acknowledged is gone, what was not is there. */

static void
test_kill_verify_deliver(test_kill_t *t)
{
    ngx_uint_t  i, n, done;

    static const char  *payloads[] = { "q0", "q1", "q2", "q3", "m2" };

    done = t->progress->done;

    for (i = 0; i < 4; i++) {

        /* a window of two: the first pair is acknowledged in operation 2 */

        n = store_queued(&t->st, "s0", payloads[i]);

        if ((i < 2 && done > 2 && n)
            || (i < 2 && t->progress->started <= 2 && n != 1)
            || (i >= 2 && t->progress->started <= 9 && n != 1)
            || (done > 9 && n) || n > 1)
        {
            test_kill_wrong(t, t->sc->ops, payloads[i], n);
        }

        if (store_queued(&t->st, "s1", payloads[i]) != 1) {
            test_kill_wrong(t, t->sc->ops, "somebody else's message", i);
        }
    }

    test_kill_copies(t, &t->sc->ops[7], 1);
    test_kill_copies(t, &t->sc->ops[12], 0);

    if (store_session(&t->st, "s0") == NULL
        || store_session(&t->st, "s0")->attach)
    {
        test_kill_wrong(t, t->sc->ops, "owner of the session", 0);
    }
}


static void
test_kill_verify_wills(test_kill_t *t)
{
    ngx_uint_t         i, n, same, least, most;
    const store_op_t  *op;

    least = 0;
    most = 0;

    /* what was published before the kill, and what may have been */

    for (op = t->sc->ops; op->op != STORE_END; op++) {
        i = op - t->sc->ops;

        if (i == 1 || i == 3 || i == 6 || i == 9) {
            least += (i < (ngx_uint_t) t->progress->done);
            most++;
        }
    }

    same = store_queued(&t->st, "s0", "will");

    for (i = 0; i < SCENARIO_SESSIONS; i++) {
        n = store_queued(&t->st, scenario_sessions[i], "will");

        if (n != same || n < least || n > most) {
            test_kill_wrong(t, t->sc->ops, scenario_sessions[i], n);
        }
    }
}


/* A session that lasts has all of its profile and its group. */

static void
test_kill_verify_profiles(test_kill_t *t)
{
    ngx_int_t            i, done;
    const char          *user, *state;
    ngx_mqtt_whose_t     whose;
    ngx_mqtt_profile_t  *p;
    ngx_mqtt_session_t  *s;

    done = t->progress->done;
    s = store_session(&t->st, "p");

    if (s == NULL) {

        if (done > 0 && t->progress->started != 7) {
            test_kill_wrong(t, t->sc->ops, "lost session", done);
        }

        return;
    }

    if (s->nsubs != 1) {
        test_kill_wrong(t, t->sc->ops, "groups", s->nsubs);
    }

    whose.hub = store_str("h");
    whose.client_id = store_str("p");
    whose.serial = 0;

    p = ngx_mqtt_profile_read(t->st.w, &whose);

    if (p == NULL || p->nroles != 1) {
        test_kill_wrong(t, t->sc->ops, "profile", done);
        return;
    }

    /* with each operation from 1 to 3 and with 5 it gets another state */

    user = (p->user_id.data[0] == 'u') ? "u" : "v";
    state = "";

    for (i = 1; i < 6 && user[0] == 'u'; i++) {

        if (i < done && i != 4) {
            state = t->sc->ops[i].text;
        }
    }

    if ((done > 6 && user[0] != 'v')
        || (t->progress->started <= 6 && user[0] != 'u')
        || (t->progress->started == done
            && (p->state.len != strlen(state)
                || memcmp(p->state.data, state, p->state.len) != 0)))
    {
        test_kill_wrong(t, t->sc->ops, "profile's text", done);
    }

    ngx_free(p);
}


/* A user has one session, the one that lasts, or there is no such user. */

static void
test_kill_verify_users(test_kill_t *t)
{
    ngx_int_t            done, started;
    ngx_str_t            name;
    ngx_uint_t           i;
    ngx_mqtt_user_t     *user;
    ngx_mqtt_session_t  *s[2];

    static const char  *names[] = { "alice", "bob" };

    done = t->progress->done;
    started = t->progress->started;

    s[0] = store_session(&t->st, "u0");
    s[1] = store_session(&t->st, "u2");

    for (i = 0; i < 2; i++) {
        name = store_str(names[i]);
        user = ngx_mqtt_user_find_locked(&t->st.zone, store_hub(&t->st, "h"),
                                         &name);

        if (s[i] ? (user == NULL || user->sessions != s[i]
                    || user->count != 1 || s[i]->user != user)
            : user != NULL)
        {
            test_kill_wrong(t, t->sc->ops, names[i], user ? user->count : 0);
        }
    }

    /* another connection gives the one a new session, time ends the other */

    if (store_session(&t->st, "u1")
        || (s[0] == NULL && done > 0 && started != 11)
        || (s[1] == NULL && done > 2 && started <= 8)
        || (s[1] && (started <= 2 || done > 8)))
    {
        test_kill_wrong(t, t->sc->ops, "sessions of users", done);
    }
}


/* Each end of a session is told; each kill may repeat one. */

static void
test_kill_verify_lives(test_kill_t *t)
{
    char         id[3];
    ngx_int_t    done, started;
    ngx_uint_t   i, n, least, most, more;

    done = t->progress->done;
    started = t->progress->started;
    more = 0;

    for (i = 0; i < 4; i++) {
        sprintf(id, "l%lu", (unsigned long) i);

        switch (i) {
        case 0:
            least = (done > 0);
            most = (started > 0);
            break;

        case 1:
            least = (done > 3) + (done > 4);
            most = (started > 3) + (started > 4);
            break;

        case 2:
            least = (done > 10);
            most = (started > 10);
            break;

        default:
            least = 0;
            most = 0;
        }

        n = t->progress->told[i];
        more += (n > most) ? n - most : 0;

        if (n < least || (n && i > 1 && store_session(&t->st, id))) {
            test_kill_wrong(t, t->sc->ops, id, n);
        }
    }

    if (more > (t->k != TEST_KILL_FOREVER) && !t->twice) {
        test_kill_wrong(t, t->sc->ops, "repeated ends", more);
    }
}


/* Nothing of a group is lost; each kill may repeat one message. */

static void
test_kill_verify_share(test_kill_t *t)
{
    ngx_uint_t  i, n, more, most;

    static const char  *payloads[] = { "g0", "g1", "g2", "g3" };

    more = 0;
    most = (t->k != TEST_KILL_FOREVER) + t->twice;

    for (i = 0; i < 4; i++) {
        n = store_queued(&t->st, "s2", payloads[i])
            + store_queued(&t->st, "s3", payloads[i]);

        more += (n > 1) ? n - 1 : 0;

        if (n == 0 || more > most) {
            test_kill_wrong(t, t->sc->ops, payloads[i], n);
        }
    }
}


/* What was removed stays so, the rest stays. */

static void
test_kill_verify_cleared(test_kill_t *t)
{
    char        topic[32];
    ngx_uint_t  i, n;

    for (i = 0, n = 0; i < 7; i++) {
        sprintf(topic, "r/1/%lu", (unsigned long) i);
        n += store_retained(&t->st, topic, "one");
    }

    if ((t->progress->done > 1 && n) || (t->progress->started < 2 && n != 7)) {
        test_kill_wrong(t, t->sc->ops + 1, "retained", n);
    }

    n = store_retained(&t->st, "r/2", NULL);

    if (n ? t->progress->started < 3 : t->progress->done > 2) {
        test_kill_wrong(t, t->sc->ops + 2, "removed", n);
    }

    if (!store_retained(&t->st, "r/1", "kept")) {
        test_kill_wrong(t, t->sc->ops, "not to be removed", 0);
    }
}


/* All or nobody has it; who was closed, joined or left stays so. */

static void
test_kill_verify_bulk(test_kill_t *t)
{
    ngx_int_t            done, started;
    ngx_uint_t           n;
    const store_op_t    *op;
    ngx_mqtt_session_t  *s;

    done = t->progress->done;
    started = t->progress->started;

    for (op = t->sc->ops; op->op != STORE_END; op++) {

        if (op->op == STORE_BULK && op->payload && op->payload[0] == 'm') {
            test_kill_copies(t, op, 0);
        }
    }

    s = store_session(&t->st, "k0");

    if (s ? done > 10 : (done > 0 && started <= 10)) {
        test_kill_wrong(t, t->sc->ops + 10, "closed", s != NULL);
    }

    s = store_session(&t->st, "k1");

    if (s ? done > 12 : (done > 1 && started <= 12)) {
        test_kill_wrong(t, t->sc->ops + 12, "closed", s != NULL);
    }

    n = s ? store_queued(&t->st, "k1", "n1") : 1;

    if (done > 7 ? n != 1 : started > 7 ? n > 1 : (s && n)) {
        test_kill_wrong(t, t->sc->ops + 7, "copies of a user", n);
    }

    n = store_session(&t->st, "s5")->nsubs;

    if (n < 1 || n > 2 || (n == 1 && done > 5 && started <= 9)
        || (n == 2 && (done > 9 || started <= 5)))
    {
        test_kill_wrong(t, t->sc->ops + 5, "groups", n);
    }

    n = store_session(&t->st, "s0")->nsubs;

    if (n ? done > 13 : started <= 13) {
        test_kill_wrong(t, t->sc->ops + 13, "subscriptions", n);
    }
}


static ngx_int_t
test_kill_native(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_session_t   *s = block;
    ngx_mqtt_session_t  **found = data;

    if (s->native) {
        *found = s;
    }

    return NGX_OK;
}


/* What the session's stream expects next, 0: there is none. */

static ngx_uint_t
test_kill_expected(ngx_mqtt_session_t *s)
{
    return s->native->streams ? s->native->streams->expected : 0;
}


/*
 * A native client's messages wait until they are acknowledged, and its own is
 * published if, and only if, the id of its request is remembered.
 */

static void
test_kill_verify_native(test_kill_t *t)
{
    char                 id[64];
    ngx_int_t            done, started;
    ngx_uint_t           i, n;
    ngx_mqtt_session_t  *s;

    /* published by an operation, acknowledged by another */

    static const struct {
        const char      *payload;
        ngx_int_t        published;
        ngx_int_t        acked;
    } messages[] = { { "n1", 2, 5 }, { "n2", 3, 14 }, { "n3", 12, 99 } };

    s = NULL;
    done = t->progress->done;
    started = t->progress->started;

    ngx_mqtt_block_walk_all_locked(&t->st.zone, NGX_MQTT_KIND_SESSION,
                                   test_kill_native, &s);
    if (s == NULL) {

        if (done > 1) {
            test_kill_wrong(t, t->sc->ops, "lost session", done);
        }

        return;
    }

    ngx_memcpy(id, s->data, s->id_len);
    id[s->id_len] = '\0';

    for (i = 0; i < 3; i++) {
        n = store_queued(&t->st, id, messages[i].payload);

        if (n > 1
            || (done > messages[i].published && started <= messages[i].acked
                && n == 0)
            || (done > messages[i].acked && n))
        {
            test_kill_wrong(t, t->sc->ops, messages[i].payload, n);
        }
    }

    n = ngx_mqtt_native_acked_locked(s, 1);

    for (i = 0; i < SCENARIO_SESSIONS; i++) {
        if (store_queued(&t->st, scenario_sessions[i], "m1") != n) {
            test_kill_wrong(t, t->sc->ops, "copies of its message", i);
        }
    }

    n = test_kill_expected(s);

    for (i = 0; i < SCENARIO_SESSIONS && n; i++) {
        if (store_queued(&t->st, scenario_sessions[i], "m2") != n - 1) {
            test_kill_wrong(t, t->sc->ops, "copies of a fragment", i);
        }
    }

    if ((done > 10 && started <= 16 && n != 2) || (done > 16 && n)) {
        test_kill_wrong(t, t->sc->ops, "stream", n);
    }

    n = ngx_mqtt_native_acked_locked(s, 1);

    if ((done > 6 && n == 0)
        || (done > 8 && !ngx_mqtt_native_acked_locked(s, 5))
        || s->native->sequence > 4)
    {
        test_kill_wrong(t, t->sc->ops, "ids", s->native->sequence);
    }
}


static void
test_kill_verify(test_kill_t *t)
{
    if (strcmp(t->sc->name, "publish") == 0) {
        test_kill_verify_publish(t);

    } else if (strcmp(t->sc->name, "fanout") == 0) {
        test_kill_verify_fanout(t);

    } else if (strcmp(t->sc->name, "deliver") == 0) {
        test_kill_verify_deliver(t);

    } else if (strcmp(t->sc->name, "wills") == 0) {
        test_kill_verify_wills(t);

    } else if (strcmp(t->sc->name, "profiles") == 0) {
        test_kill_verify_profiles(t);

    } else if (strcmp(t->sc->name, "users") == 0) {
        test_kill_verify_users(t);

    } else if (strcmp(t->sc->name, "lives") == 0) {
        test_kill_verify_lives(t);

    } else if (strcmp(t->sc->name, "share") == 0) {
        test_kill_verify_share(t);

    } else if (strcmp(t->sc->name, "bulk") == 0) {
        test_kill_verify_bulk(t);

    } else if (strcmp(t->sc->name, "cleared") == 0) {
        test_kill_verify_cleared(t);
    } else if (strcmp(t->sc->name, "native") == 0) {
        test_kill_verify_native(t);
    }
}


/* Mends the zone, takes up what was left, and dies at the k-th store of it. */

static void
test_kill_mender(test_kill_t *t, ngx_uint_t k)
{
    ngx_mqtt_worker_t  *w;

    t->child = fork();

    if (t->child == 0) {
        ngx_pid = getpid();
        test_kill_arm(t, k);

        w = store_worker(&t->st);

        while (ngx_mqtt_slot_sweep(w) == NGX_AGAIN) {
            /* void */
        }

        store_time(w, 0);
        (void) kill(getpid(), SIGKILL);
    }

    test_kill_reap(t);
    t->st.zone.root->kill_at = 0;
}


static void
test_kill_at(test_kill_t *t, ngx_uint_t k)
{
    store_restore(&t->st);

    t->k = k;
    t->progress->started = 0;
    t->progress->done = 0;
    ngx_memzero(t->progress->told, sizeof(t->progress->told));
    ngx_current_msec = t->now;

    t->child = fork();

    if (t->child == -1) {
        t->broken++;
        return;
    }

    if (t->child == 0) {
        test_kill_life(t);
    }

    test_kill_reap(t);

    t->st.zone.root->kill_at = 0;
}


static void
test_kill_mend(test_kill_t *t)
{
    test_kill_errors(t, "rebuilt");

    while (ngx_mqtt_slot_sweep(t->st.w) == NGX_AGAIN) {
        /* void */
    }
    test_kill_errors(t, "reclaimed");

    store_time(t->st.w, 0);
    test_kill_errors(t, "at rest");

    test_kill_verify(t);

    if (t->walking) {
        ngx_mqtt_worker_lock(t->walker);
        ngx_mqtt_slot_leave_locked(t->walker);
        ngx_mqtt_worker_unlock(t->walker);

        test_kill_errors(t, "behind the match");
    }
}


static void
test_kill_prepare(test_kill_t *t)
{
    store_told = strcmp(t->sc->name, "lives") ? NULL : t->progress->told;

    store_create(&t->st, (t->sc->stride > 50 ? 4 : 2) * 1024 * 1024);
    t->sc->prepare(&t->st);
    store_run(t->st.w);

    /* so that what a match can reach is retired, not freed */

    if (t->walking) {
        t->walker = store_worker(&t->st);
        ngx_mqtt_worker_lock(t->walker);
        ngx_mqtt_slot_enter_locked(t->walker);
        ngx_mqtt_worker_unlock(t->walker);
    }

    store_save(&t->st);
    t->now = ngx_current_msec;
}


static void
test_kill_done(test_kill_t *t)
{
    store_told = NULL;

    if (t->walking) {
        ngx_mqtt_worker_destroy(t->walker);
    }

    store_destroy(&t->st);
}


static void
test_kill_scenario(test_kill_t *t, ngx_uint_t stride)
{
    ngx_uint_t  k, stores;

    test_kill_prepare(t);

    test_kill_at(t, TEST_KILL_FOREVER);
    test_kill_mend(t);
    stores = t->progress->stores;

    /* the places were all seen without */

    if (t->walking) {
        ngx_memzero(t->progress->places, sizeof(t->progress->places));
    }

    for (k = test_kill_next(t, 1, stride);
         k <= stores && t->broken + t->wrong < 5;
         k = test_kill_next(t, k + 1, stride))
    {
        test_kill_at(t, k);
        test_kill_mend(t);
    }

    test_kill_done(t);

    is_int(t->broken, 0, "%s: invariants after %lu kills at %lu stores",
           t->sc->name, (unsigned long) t->kills, (unsigned long) stores);
    is_int(t->wrong, 0, "%s: nothing lost, nothing repeated", t->sc->name);
    ok(t->inside > t->kills / 2, "%s: %lu kills with the lock held",
       t->sc->name, (unsigned long) t->inside);
}


/* The zone is half mended when the one who mends it is killed as well. */

static void
test_kill_twice(test_kill_t *t, ngx_uint_t stride)
{
    u_char      *broken;
    ngx_uint_t   i, k, n, stores;

    test_kill_prepare(t);

    test_kill_at(t, TEST_KILL_FOREVER);
    stores = t->progress->stores;

    broken = malloc(t->st.size);

    n = getenv("KILL_TWICE") ? atoi(getenv("KILL_TWICE")) : 5;

    for (i = 1; i <= n; i++) {

        test_kill_at(t, stores * i / (n + 1));
        ngx_memcpy(broken, t->st.pool, t->st.size);

        test_kill_mender(t, TEST_KILL_FOREVER);

        /* the places once, or for KILL_TWICE=number each time */

        if (n == 5 && i != 3) {
            ngx_memzero(t->progress->places, sizeof(t->progress->places));
        }

        for (k = test_kill_next(t, 1, stride);
             k <= t->progress->stores && t->broken + t->wrong < 5;
             k = test_kill_next(t, k + 1, stride))
        {
            ngx_memcpy(t->st.pool, broken, t->st.size);
            test_kill_mender(t, k);
            test_kill_mend(t);
        }
    }

    free(broken);
    store_destroy(&t->st);

    is_int(t->broken, 0, "%s: invariants after %lu kills, also of the mender",
           t->sc->name, (unsigned long) t->kills);
    is_int(t->wrong, 0, "%s: nothing lost, nothing repeated", t->sc->name);
}


/* A process takes a session over and is killed: who had it, or has it, knows. */

static ngx_uint_t
test_kill_takeover_at(ngx_uint_t k, const store_connect_t *conn,
    ngx_uint_t *forgotten)
{
    int                 status;
    store_t             st;
    ngx_pid_t           child;
    store_client_t      c;
    ngx_mqtt_worker_t  *w;

    static const store_connect_t  first = { .expiry = 3600 };

    store_create(&st, 1024 * 1024);
    (void) store_connect(&c, st.w, "s", &first);

    child = fork();

    if (child == 0) {
        ngx_pid = getpid();
        w = store_worker(&st);
        ngx_mqtt_kill_root = st.zone.root;
        st.zone.root->kill_at = k;
        (void) store_connect(&c, w, "s", conn);
        _exit(0);
    }

    if (waitpid(child, &status, 0) != child) {
        status = 0;
    }

    (void) ngx_shmtx_force_unlock(&st.pool->mutex, child);
    st.zone.root->kill_at = 0;

    store_time(st.w, 2000);

    if (c.closes == 0 && c.cl.attach->session == NULL) {
        note("killed at store %lu: a client without a session",
             (unsigned long) k);
        (*forgotten)++;
    }

    store_close(&c, 0);
    store_destroy(&st);

    return WIFSIGNALED(status);
}


static void
test_kill_takeover(void)
{
    ngx_uint_t  i, k, forgotten;

    static const store_connect_t  conns[] = {
        { .expiry = 3600 }, { .expiry = 3600, .clean = 1 }
    };

    for (i = 0; i < 2; i++) {
        forgotten = 0;

        for (k = 1; test_kill_takeover_at(k, &conns[i], &forgotten); k++) {
            /* void */
        }

        ok(k > 20 && forgotten == 0,
           "%lu kills while a session is taken over, clean start %lu",
           (unsigned long) k - 1, (unsigned long) i);
    }
}


void
test_kill(void)
{
    ngx_uint_t         stride, mode;
    test_kill_t        t;
    const scenario_t  *sc;

    stride = getenv("KILL_STRIDE") ? atoi(getenv("KILL_STRIDE")) : 0;

    ngx_memzero(&t, sizeof(test_kill_t));

    t.progress = mmap(NULL, sizeof(test_progress_t), PROT_READ|PROT_WRITE,
                      MAP_ANON|MAP_SHARED, -1, 0);

    for (mode = 0; mode < 3; mode++) {
        for (sc = scenarios; sc->name; sc++) {

            t.sc = sc;
            t.kills = 0;
            t.inside = 0;
            t.broken = 0;
            t.wrong = 0;
            t.walking = (mode == 1);
            t.twice = (mode == 2);

            if (mode == 0) {
                test_kill_scenario(&t, stride ? stride : sc->stride);

            } else if (sc->stride > 2) {
                continue;

            } else if (mode == 1) {
                test_kill_scenario(&t, stride ? stride : 10);

            } else {
                test_kill_twice(&t, stride ? stride : 170);
            }
        }
    }

    (void) munmap(t.progress, sizeof(test_progress_t));

    test_kill_takeover();
}
