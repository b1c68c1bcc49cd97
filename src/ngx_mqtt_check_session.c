
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_check.h>
#include <ngx_mqtt_profile.h>
#include <ngx_mqtt_user.h>
#include <ngx_mqtt_native_session.h>


/* Sessions, their queues, subscriptions and the rest that is theirs. */


static ngx_int_t ngx_mqtt_check_session(ngx_mqtt_zone_t *zone, void *block,
    void *data);
static void ngx_mqtt_check_place(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_check_owned(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_check_user(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s);
static void ngx_mqtt_check_user_list(ngx_mqtt_check_t *ck,
    ngx_mqtt_user_t *user);
static void ngx_mqtt_check_native(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_check_acks(ngx_mqtt_check_t *ck,
    ngx_mqtt_native_session_t *native);
static void ngx_mqtt_check_subs(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s);
static void ngx_mqtt_check_sub(ngx_mqtt_check_t *ck, ngx_mqtt_sub_t *sub);
static void ngx_mqtt_check_replays(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s, ngx_uint_t n);
static void ngx_mqtt_check_queues(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s);
static size_t ngx_mqtt_check_queue(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s, ngx_mqtt_entry_t *head, ngx_mqtt_entry_t *tail,
    ngx_uint_t *n);
static void ngx_mqtt_check_flight(ngx_mqtt_check_t *ck,
    ngx_mqtt_session_t *s);
static void ngx_mqtt_check_state(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e);
static void ngx_mqtt_check_ending(ngx_mqtt_check_t *ck);


void
ngx_mqtt_check_sessions(ngx_mqtt_check_t *ck)
{
    ngx_mqtt_block_walk_all_locked(ck->zone, NGX_MQTT_KIND_SESSION,
                                   ngx_mqtt_check_session, ck);
    ngx_mqtt_check_ending(ck);
}


static ngx_int_t
ngx_mqtt_check_session(ngx_mqtt_zone_t *zone, void *block, void *data)
{
    ngx_mqtt_session_t *s = block;
    ngx_mqtt_check_t   *ck = data;

    ngx_mqtt_check_mark(ck, s, NGX_MQTT_KIND_SESSION, "session");

    if (!ngx_mqtt_check_block(ck, s->hub, NGX_MQTT_KIND_HUB, "session's hub")
        || !ngx_mqtt_check(ck, s->hub->state == NGX_MQTT_STATE_LIVE,
                           "session of a hub that is gone"))
    {
        return NGX_OK;
    }

    ngx_mqtt_check_place(ck, s);
    ngx_mqtt_check_owned(ck, s);
    ngx_mqtt_check_user(ck, s);
    ngx_mqtt_check_native(ck, s);
    ngx_mqtt_check_subs(ck, s);
    ngx_mqtt_check_queues(ck, s);
    ngx_mqtt_check_flight(ck, s);

    return NGX_OK;
}


/* The index, the connection, the timer. */

static void
ngx_mqtt_check_place(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    ngx_str_t   id;
    ngx_uint_t  timer, needed;

    timer = ngx_mqtt_check_timer(ck, &s->timer);
    ck->session_timers += timer;

    if (s->state == NGX_MQTT_STATE_ENDING) {
        ck->ending++;
        ngx_mqtt_check(ck, s->attach == NULL, "ended session with an owner");
        ngx_mqtt_check(ck, timer == 0, "ended session with a timer");
        return;
    }

    ck->live++;

    ngx_mqtt_check(ck, s->state == NGX_MQTT_STATE_LIVE, "session's state");

    id.data = s->data;
    id.len = s->id_len;

    ngx_mqtt_check(ck, ngx_mqtt_session_find_locked(ck->zone, s->hub, &id)
                       == s, "session that is not found");

    if (s->attach) {
        if (ngx_mqtt_check_block(ck, s->attach, NGX_MQTT_KIND_ATTACH,
                                 "session's connection"))
        {
            ngx_mqtt_check(ck, s->attach->session == s,
                           "connection of another session");
        }

        return;
    }

    needed = (s->expiry != NGX_MQTT_EXPIRY_NEVER || s->will);

    ngx_mqtt_check(ck, timer || !needed, "offline session without a timer");
    ngx_mqtt_check(ck, s->sending == NULL, "offline session that sends");
}


static void
ngx_mqtt_check_owned(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    ngx_mqtt_ids_t  *ids;

    for (ids = s->ids; ids; ids = ids->next) {
        if (!ngx_mqtt_check_mark(ck, ids, NGX_MQTT_KIND_IDS, "held ids")) {
            break;
        }
    }

    if (s->will) {
        ngx_mqtt_check_mark(ck, s->will, NGX_MQTT_KIND_WILL, "will");
    }

    if (s->profile
        && ngx_mqtt_check_block(ck, s->profile, NGX_MQTT_KIND_MESSAGE,
                                "profile"))
    {
        ngx_mqtt_check(ck, ngx_mqtt_profile_valid(s->profile),
                       "profile that is none");
    }
}


/* What is in flight has ascending sequence ids, the last one at most. */

static void
ngx_mqtt_check_native(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    uint64_t            last, sequence;
    ngx_mqtt_entry_t   *e;
    ngx_mqtt_stream_t  *stream;

    if (s->native == NULL) {
        ngx_mqtt_check(ck, !ngx_mqtt_is_native(s->version)
                           || s->state == NGX_MQTT_STATE_ENDING,
                       "native session without its part");
        return;
    }

    if (!ngx_mqtt_check_mark(ck, s->native, NGX_MQTT_KIND_NATIVE,
                             "native session"))
    {
        return;
    }

    ngx_mqtt_check_acks(ck, s->native);

    for (stream = s->native->streams; stream; stream = stream->next) {
        if (!ngx_mqtt_check_mark(ck, stream, NGX_MQTT_KIND_NATIVE, "stream")) {
            break;
        }
    }

    last = 0;

    for (e = s->head;
         e && ngx_mqtt_entry_state(e) != NGX_MQTT_ENTRY_QUEUED;
         e = e->next)
    {
        sequence = ngx_mqtt_native_sequence_locked(s, e);

        ngx_mqtt_check(ck, sequence > last
                           && sequence <= s->native->sequence,
                       "order of sequence ids");
        last = sequence;
    }
}


static void
ngx_mqtt_check_acks(ngx_mqtt_check_t *ck, ngx_mqtt_native_session_t *native)
{
    ngx_uint_t        i, n;
    ngx_mqtt_acks_t  *acks, *last;

    n = 0;
    last = NULL;

    for (acks = native->acks; acks; acks = acks->next) {

        if (!ngx_mqtt_check_mark(ck, acks, NGX_MQTT_KIND_NATIVE,
                                 "remembered ids"))
        {
            return;
        }

        if (!ngx_mqtt_check(ck, acks->from <= acks->n
                                && acks->n <= NGX_MQTT_ACK_RANGES,
                            "number of remembered ids"))
        {
            return;
        }

        for (i = acks->from; i < acks->n; i++) {
            n += acks->range[i].end - acks->range[i].first;
        }

        last = acks;
    }

    ngx_mqtt_check(ck, last == native->acks_last, "tail of remembered ids");
    ngx_mqtt_check(ck, n == native->nacks && n <= NGX_MQTT_ACK_IDS + 1,
                   "count of remembered ids");
}


static void
ngx_mqtt_check_user(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    ngx_str_t         id;
    ngx_mqtt_user_t  *user;

    user = s->user;
    ngx_str_null(&id);

    if (s->state == NGX_MQTT_STATE_ENDING) {
        ngx_mqtt_check(ck, user == NULL, "ended session with a user");
        return;
    }

    if (user) {
        if (!ngx_mqtt_check_block(ck, user, NGX_MQTT_KIND_USER, "user")) {
            return;
        }

        id.data = user->name;
        id.len = user->len;

        ngx_mqtt_check(ck, ngx_mqtt_user_find_locked(ck->zone, s->hub, &id)
                           == user, "user that is not found");
        ngx_mqtt_check(ck, s->user_prev && *s->user_prev == s,
                       "session that its user does not know");

        if (ngx_mqtt_block_mark_locked(ck->zone, user)) {
            ck->users++;
            ngx_mqtt_check_user_list(ck, user);
        }
    }

    /* before it has one, nobody can come back to it */

    if (s->profile && ngx_mqtt_profile_valid(s->profile)) {
        ngx_mqtt_check(ck, ngx_mqtt_profile_of_user(s->profile, &id),
                       "profile of another user");

    } else {
        ngx_mqtt_check(ck, user == NULL || s->attach == NULL,
                       "user without a profile");
    }
}


static void
ngx_mqtt_check_user_list(ngx_mqtt_check_t *ck, ngx_mqtt_user_t *user)
{
    ngx_uint_t            n;
    ngx_mqtt_session_t   *s, **prev;

    n = 0;
    prev = &user->sessions;

    for (s = *prev; s; s = s->user_next) {

        if (n == user->count || s->user_prev != prev || s->user != user) {
            ngx_mqtt_check_fail(ck, "list of a user's sessions");
            return;
        }

        n++;
        prev = &s->user_next;
    }

    ngx_mqtt_check(ck, n == user->count, "user's number of sessions");
}


static void
ngx_mqtt_check_subs(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    ngx_uint_t        n, replays;
    ngx_mqtt_sub_t   *sub, **prev;

    n = 0;
    replays = 0;
    prev = &s->subs;

    for (sub = s->subs; sub; sub = sub->next) {

        if (!ngx_mqtt_check_mark(ck, sub, NGX_MQTT_KIND_SUB, "subscription"))
        {
            break;
        }

        ngx_mqtt_check(ck, sub->prev == prev, "subscription's back link");
        ngx_mqtt_check(ck, sub->session == s, "subscription's session");
        ngx_mqtt_check_sub(ck, sub);

        n++;
        replays += (sub->replay != 0);
        prev = &sub->next;
    }

    ck->subs += n;

    ngx_mqtt_check(ck, n == s->nsubs, "session's number of subscriptions");
    ngx_mqtt_check_replays(ck, s, replays);
}


static void
ngx_mqtt_check_sub(ngx_mqtt_check_t *ck, ngx_mqtt_sub_t *sub)
{
    ngx_str_t  filter;

    filter.data = sub->filter;
    filter.len = sub->len;

    ngx_mqtt_check(ck, ngx_mqtt_sub_find_locked(ck->zone, sub->session,
                                                &filter) == sub,
                   "subscription that is not found");

    if (sub->shared
        && !ngx_mqtt_check_block(ck, sub->at.group, NGX_MQTT_KIND_GROUP,
                                 "subscription's group"))
    {
        return;
    }

    if (!ngx_mqtt_check_block(ck, ngx_mqtt_sub_node(sub), NGX_MQTT_KIND_NODE,
                              "subscription's node"))
    {
        return;
    }

    ngx_mqtt_check(ck, sub->node_prev && *sub->node_prev == sub,
                   "subscription that its node does not know");
}


static void
ngx_mqtt_check_replays(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s,
    ngx_uint_t n)
{
    ngx_mqtt_sub_t  *sub;

    sub = s->replays;

    while (sub) {

        if (!ngx_mqtt_check(ck, n != 0 && sub->replay && sub->session == s
                                && sub->replay_next->replay_prev == sub,
                            "ring of replays"))
        {
            return;
        }

        n--;
        sub = sub->replay_next;

        if (sub == s->replays) {
            break;
        }
    }

    ngx_mqtt_check(ck, n == 0, "replay that is not listed");
}


static void
ngx_mqtt_check_queues(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    size_t      bytes, bytes0;
    ngx_uint_t  n;

    bytes = ngx_mqtt_check_queue(ck, s, s->head, s->tail, &n);

    ngx_mqtt_check(ck, n == s->queued, "session's number of entries");

    bytes0 = ngx_mqtt_check_queue(ck, s, s->head0, s->tail0, &n);

    ngx_mqtt_check(ck, bytes0 == s->queued_bytes0, "session's QoS 0 bytes");
    ngx_mqtt_check(ck, bytes + bytes0 == s->queued_bytes,
                   "session's queued bytes");
}


static size_t
ngx_mqtt_check_queue(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *head, ngx_mqtt_entry_t *tail, ngx_uint_t *n)
{
    size_t             bytes;
    ngx_mqtt_entry_t  *e, *last;

    *n = 0;
    bytes = 0;
    last = NULL;

    for (e = head; e; e = e->next) {

        ngx_mqtt_check_entry(ck, e);
        ngx_mqtt_check_state(ck, s, e);

        if (last && (int32_t) (e->order - last->order) <= 0) {
            ngx_mqtt_check_fail(ck, "order of a queue");
            break;
        }

        if (e->m.message
            && ngx_mqtt_check_block(ck, e->m.message, NGX_MQTT_KIND_MESSAGE,
                                    "queued message"))
        {
            bytes += ngx_mqtt_message_size(e->m.message);
        }

        last = e;
        (*n)++;
    }

    if (last) {
        ngx_mqtt_check(ck, tail == last, "tail of a queue");
        ngx_mqtt_check(ck, (int32_t) (last->order - s->order) < 0,
                       "order of a session");
    }

    return bytes;
}


void
ngx_mqtt_check_entry(ngx_mqtt_check_t *ck, ngx_mqtt_entry_t *e)
{
    ngx_mqtt_check_mark(ck, e, NGX_MQTT_KIND_ENTRY, "entry");

    if ((e->flags & NGX_MQTT_ENTRY_IDS)
        && ngx_mqtt_check_mark(ck, e->u.ids, NGX_MQTT_KIND_SUB_IDS,
                               "entry's identifiers"))
    {
        ngx_mqtt_check(ck, e->u.ids->n > 1
                           && e->u.ids->n <= NGX_MQTT_SUB_IDS,
                       "number of an entry's identifiers");
    }
}


static void
ngx_mqtt_check_state(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s,
    ngx_mqtt_entry_t *e)
{
    ngx_uint_t  qos;

    qos = ngx_mqtt_entry_qos(e);

    switch (ngx_mqtt_entry_state(e)) {

    case NGX_MQTT_ENTRY_QUEUED:
        ngx_mqtt_check(ck, e->m.message && qos <= 2, "queued entry");
        ngx_mqtt_check(ck, (e->flags & NGX_MQTT_ENTRY_COUNTED) == 0,
                       "entry that counts before it was sent");
        return;

    case NGX_MQTT_ENTRY_ACK:
        ngx_mqtt_check(ck, e->m.message && qos == 1, "entry of QoS 1");
        break;

    case NGX_MQTT_ENTRY_REC:
        ngx_mqtt_check(ck, e->m.message && qos == 2, "entry of QoS 2");
        break;

    case NGX_MQTT_ENTRY_COMP:
        ngx_mqtt_check(ck, e->m.message == NULL && qos == 2,
                       "released entry of QoS 2");
        break;

    default:
        ngx_mqtt_check_fail(ck, "state of an entry");
    }

    ngx_mqtt_check(ck, e->packet_id != 0 || s->native,
                   "entry without a packet id");
}


/* What is in flight lies first; what is due to be sent behind "unsent". */

static void
ngx_mqtt_check_flight(ngx_mqtt_check_t *ck, ngx_mqtt_session_t *s)
{
    ngx_uint_t         n, resent, queued, unsent;
    ngx_mqtt_entry_t  *e, *other;

    n = 0;
    resent = 0;
    queued = 0;
    unsent = 0;

    for (e = s->head; e; e = e->next) {

        unsent |= (e == s->unsent);

        if (ngx_mqtt_entry_state(e) == NGX_MQTT_ENTRY_QUEUED) {
            queued = 1;
            ngx_mqtt_check(ck, unsent || s->attach == NULL,
                           "queued entry that will not be sent");
            continue;
        }

        ngx_mqtt_check(ck, !queued, "sent entry behind a queued one");

        if (e->flags & NGX_MQTT_ENTRY_RESENT) {
            resent++;
        }

        if (e->flags & NGX_MQTT_ENTRY_COUNTED) {
            n++;
            ngx_mqtt_check(ck, !unsent || s->attach == NULL
                               || (e->flags & NGX_MQTT_ENTRY_RESENT),
                           "sent entry that will be sent again");
        }

        for (other = s->head; other != e; other = other->next) {
            ngx_mqtt_check(ck, other->packet_id != e->packet_id,
                           "packet id in use twice");
        }
    }

    ngx_mqtt_check(ck, n == s->inflight, "session's number in flight");
    ngx_mqtt_check(ck, resent == s->resent, "session's number of PUBREL");
    ngx_mqtt_check(ck, s->unsent == NULL || unsent, "session's next to send");
}


/* Ended sessions stand on the list or with the one who takes them apart. */

static void
ngx_mqtt_check_ending(ngx_mqtt_check_t *ck)
{
    ngx_uint_t           i, n;
    ngx_mqtt_session_t  *s;

    n = 0;

    for (s = ck->root->ending; s; s = s->ending_next) {

        if (s->state != NGX_MQTT_STATE_ENDING || n++ > ck->ending) {
            ngx_mqtt_check_fail(ck, "list of ended sessions");
            break;
        }

        if (s->ending_next == NULL) {
            ngx_mqtt_check(ck, s == ck->root->ending_tail,
                           "tail of ended sessions");
        }
    }

    for (i = 0; i < ck->root->nslots; i++) {
        s = ck->root->slots[i]->reaping;

        if (s) {
            n++;
            ngx_mqtt_check(ck, s->state == NGX_MQTT_STATE_ENDING,
                           "session being taken apart");
        }
    }

    ngx_mqtt_check(ck, n == ck->ending, "number of ended sessions");
}
