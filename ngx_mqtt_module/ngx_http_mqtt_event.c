
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_mqtt_module.h>
#include <ngx_mqtt_slot.h>
#include <ngx_mqtt_worker.h>
#include <ngx_http_mqtt_event.h>


/*
 * When an event is sent.  An event waits behind earlier ones of its
 * connection, for its handler's consent, and where too many are under way;
 * an answer that does not come in time is given up.
 */


#define NGX_HTTP_MQTT_EVENT_TIME     19000    /* milliseconds */
#define NGX_HTTP_MQTT_EVENT_BUSY     1000
#define NGX_HTTP_MQTT_EVENT_STARTS   8        /* sent in one pass */
#define NGX_HTTP_MQTT_EVENT_BYTES    67108864 /* of all, then none may wait */
#define NGX_HTTP_MQTT_CIRCUIT        20       /* failures in a row */
#define NGX_HTTP_MQTT_CIRCUIT_TIME   1000     /* until another try */


static ngx_mqtt_conf_handler_t *ngx_http_mqtt_event_find(ngx_str_t *name,
    ngx_uint_t type, ngx_str_t *event, ngx_mqtt_conf_hub_t **hub);
static ngx_http_mqtt_hub_t *ngx_http_mqtt_event_hub(ngx_mqtt_conf_hub_t *conf);
static void ngx_http_mqtt_event_admit(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_again(ngx_event_t *ev);
static ngx_uint_t ngx_http_mqtt_event_held_back(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_wait(ngx_http_mqtt_hook_t *hook,
    ngx_queue_t *queue);
static void ngx_http_mqtt_event_start(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_send(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_refuse(ngx_http_mqtt_hook_t *hook,
    ngx_mqtt_answer_e why);
static void ngx_http_mqtt_event_dropped(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_done(ngx_event_t *ev);
static void ngx_http_mqtt_event_finish(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_judge(ngx_http_mqtt_hook_t *hook);
static void ngx_http_mqtt_event_next(ngx_http_mqtt_hook_t *hook,
    ngx_queue_t *queue);
static void ngx_http_mqtt_event_timer(void);
static void ngx_http_mqtt_event_expire(ngx_event_t *ev);


/* local to a worker */

static ngx_queue_t        ngx_http_mqtt_hooks = {
    &ngx_http_mqtt_hooks, &ngx_http_mqtt_hooks
};

static ngx_queue_t        ngx_http_mqtt_over = {
    &ngx_http_mqtt_over, &ngx_http_mqtt_over
};

static ngx_queue_t        ngx_http_mqtt_ready = {
    &ngx_http_mqtt_ready, &ngx_http_mqtt_ready
};

/* debug logging of an event wants a connection */

static ngx_connection_t   ngx_http_mqtt_event_ident = {
    .fd = (ngx_socket_t) -1
};

static ngx_event_t        ngx_http_mqtt_event_posted;
static ngx_event_t        ngx_http_mqtt_event_expiry;
static ngx_event_t        ngx_http_mqtt_event_pass;
static ngx_uint_t         ngx_http_mqtt_event_finishing;
static ngx_uint_t         ngx_http_mqtt_event_starts;
static size_t             ngx_http_mqtt_event_bytes;


ngx_uint_t
ngx_http_mqtt_event_wanted(ngx_mqtt_worker_t *w, ngx_str_t *hub,
    ngx_uint_t type, ngx_str_t *name)
{
    ngx_mqtt_conf_hub_t  *conf;

    return ngx_http_mqtt_event_find(hub, type, name, &conf) != NULL;
}


static ngx_mqtt_conf_handler_t *
ngx_http_mqtt_event_find(ngx_str_t *name, ngx_uint_t type, ngx_str_t *event,
    ngx_mqtt_conf_hub_t **hub)
{
    ngx_mqtt_conf_t  *mcf;

    mcf = (ngx_mqtt_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_mqtt_module);

    if (mcf == NULL || mcf->handlers.nelts == 0) {
        return NULL;
    }

    *hub = ngx_mqtt_conf_hub_named(mcf, name);

    return *hub ? ngx_mqtt_conf_match(*hub, name, type, event) : NULL;
}


ngx_int_t
ngx_http_mqtt_event(ngx_mqtt_worker_t *w, ngx_mqtt_event_t *ev)
{
    ngx_mqtt_conf_hub_t      *hub;
    ngx_http_mqtt_hook_t     *hook, *ahead;
    ngx_mqtt_conf_handler_t  *handler;

    handler = ngx_http_mqtt_event_find(&ev->hub, ev->type, &ev->name, &hub);

    if (handler == NULL || ngx_mqtt_leaving) {
        return NGX_DECLINED;
    }

    hook = ngx_pcalloc(ev->pool, sizeof(ngx_http_mqtt_hook_t));
    if (hook == NULL) {
        return NGX_ERROR;
    }

    hook->hub = ngx_http_mqtt_event_hub(hub);
    if (hook->hub == NULL) {
        return NGX_ERROR;
    }

    hook->pool = ev->pool;
    hook->event = ev;
    hook->size = ev->size;
    hook->handler = handler->data;
    hook->deadline = ngx_current_msec + NGX_HTTP_MQTT_EVENT_TIME;

    ngx_queue_init(&hook->behind);
    ngx_queue_insert_tail(&ngx_http_mqtt_hooks, &hook->all);
    ngx_http_mqtt_event_timer();

    ev->worker->slot->counts.events++;
    ngx_http_mqtt_event_bytes += hook->size;

    ahead = ngx_http_mqtt_order_enter(hook);

    if (ahead) {
        ngx_http_mqtt_event_wait(hook, &ahead->behind);

    } else {
        ngx_http_mqtt_event_admit(hook);
    }

    return NGX_OK;
}


static ngx_http_mqtt_hub_t *
ngx_http_mqtt_event_hub(ngx_mqtt_conf_hub_t *conf)
{
    ngx_http_mqtt_hub_t  *hub;

    if (conf->events) {
        return conf->events;
    }

    hub = ngx_pcalloc(ngx_cycle->pool, sizeof(ngx_http_mqtt_hub_t));
    if (hub == NULL) {
        return NULL;
    }

    hub->conf = conf;
    ngx_queue_init(&hub->waiting);

    conf->events = hub;

    return hub;
}


/* The event is the first of its connection. */

static void
ngx_http_mqtt_event_admit(ngx_http_mqtt_hook_t *hook)
{
    ngx_int_t                 rc;
    ngx_http_mqtt_hub_t      *hub;
    ngx_http_mqtt_handler_t  *h;

    hub = hook->hub;
    h = hook->handler;

    if (ngx_http_mqtt_event_held_back(hook)) {
        ngx_http_mqtt_event_refuse(hook, NGX_MQTT_ANSWER_CIRCUIT);
        return;
    }

    rc = ngx_http_mqtt_validate(hook);

    if (rc == NGX_AGAIN) {
        ngx_http_mqtt_event_wait(hook, &h->pending);

    } else if (rc == NGX_DECLINED) {
        ngx_http_mqtt_event_refuse(hook, NGX_MQTT_ANSWER_NOT_VALIDATED);

    } else if (hub->running >= hub->conf->settings.event_concurrency) {
        ngx_http_mqtt_event_wait(hook, &hub->waiting);

    } else if (ngx_http_mqtt_event_starts == NGX_HTTP_MQTT_EVENT_STARTS) {

        /*
         * Many at once would each find that the others have driven its
         * memory out of the caches.
         */

        ngx_http_mqtt_event_wait(hook, &ngx_http_mqtt_ready);

    } else {
        ngx_http_mqtt_event_start(hook);
    }
}


/* The next pass of the event loop. */

static void
ngx_http_mqtt_event_again(ngx_event_t *ev)
{
    ngx_queue_t            ready, *q;
    ngx_http_mqtt_hook_t  *hook;

    ngx_http_mqtt_event_starts = 0;

    ngx_queue_init(&ready);

    if (!ngx_queue_empty(&ngx_http_mqtt_ready)) {
        ngx_queue_add(&ready, &ngx_http_mqtt_ready);
        ngx_queue_init(&ngx_http_mqtt_ready);
    }

    while (!ngx_queue_empty(&ready)) {

        if (ngx_http_mqtt_event_starts == NGX_HTTP_MQTT_EVENT_STARTS) {
            ngx_queue_add(&ready, &ngx_http_mqtt_ready);
            ngx_queue_init(&ngx_http_mqtt_ready);
            ngx_queue_add(&ngx_http_mqtt_ready, &ready);
            return;
        }

        q = ngx_queue_head(&ready);
        ngx_queue_remove(q);

        hook = ngx_queue_data(q, ngx_http_mqtt_hook_t, queue);
        hook->hub->nwaiting--;

        ngx_http_mqtt_event_admit(hook);
    }
}


/* Whether the circuit is open, and it is too soon for another try. */

static ngx_uint_t
ngx_http_mqtt_event_held_back(ngx_http_mqtt_hook_t *hook)
{
    ngx_http_mqtt_handler_t  *h;

    h = hook->handler;

    return h->failures >= NGX_HTTP_MQTT_CIRCUIT
           && ngx_current_msec - h->tried_at < NGX_HTTP_MQTT_CIRCUIT_TIME;
}


static void
ngx_http_mqtt_event_wait(ngx_http_mqtt_hook_t *hook, ngx_queue_t *queue)
{
    ngx_http_mqtt_hub_t  *hub;

    hub = hook->hub;

    if (hub->nwaiting >= hub->conf->settings.event_backlog
        || ngx_http_mqtt_event_bytes > NGX_HTTP_MQTT_EVENT_BYTES)
    {
        ngx_http_mqtt_event_dropped(hook);
        ngx_http_mqtt_event_refuse(hook, NGX_MQTT_ANSWER_BACKLOG);
        return;
    }

    hook->stale = 1;
    hub->nwaiting++;
    ngx_queue_insert_tail(queue, &hook->queue);
}


static void
ngx_http_mqtt_event_dropped(ngx_http_mqtt_hook_t *hook)
{
    time_t                now;
    ngx_http_mqtt_hub_t  *hub;

    hub = hook->hub;
    now = ngx_time();

    hub->dropped++;
    hook->event->worker->slot->counts.events_dropped++;

    if (hub->logged == now) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "%ui events of mqtt hub \"%V\" were dropped, %ui are under "
                  "way and %ui wait",
                  hub->dropped, &hook->event->hub, hub->running,
                  hub->nwaiting);

    hub->logged = now;
    hub->dropped = 0;
}


static void
ngx_http_mqtt_event_start(ngx_http_mqtt_hook_t *hook)
{
    ngx_event_t  *ev;

    hook->handler->tried_at = ngx_current_msec;
    hook->late = (ngx_msec_int_t) (hook->deadline - ngx_current_msec)
                 < NGX_HTTP_MQTT_EVENT_TIME / 2;
    hook->hub->running++;

    if (hook->stale && hook->event->refresh) {
        hook->event->refresh(hook->event);
    }

    if (ngx_http_mqtt_event_starts++ == 0) {
        ev = &ngx_http_mqtt_event_pass;

        ev->handler = ngx_http_mqtt_event_again;
        ev->data = &ngx_http_mqtt_event_ident;
        ev->log = ngx_cycle->log;

        ngx_post_event(ev, &ngx_posted_next_events);
    }

    ngx_http_mqtt_event_send(hook);
}


void
ngx_http_mqtt_event_begin(ngx_http_mqtt_hook_t *hook)
{
    ngx_queue_insert_tail(&ngx_http_mqtt_hooks, &hook->all);
    ngx_http_mqtt_event_timer();

    ngx_http_mqtt_event_send(hook);
}


static void
ngx_http_mqtt_event_send(ngx_http_mqtt_hook_t *hook)
{
    hook->state = NGX_HTTP_MQTT_HOOK_RUNNING;

    if (ngx_http_mqtt_hook_run(hook) != NGX_OK) {
        hook->failed = 1;
        hook->answer.why = NGX_MQTT_ANSWER_WAITED;
        ngx_http_mqtt_event_over(hook);
    }
}


/* Answers without asking. */

static void
ngx_http_mqtt_event_refuse(ngx_http_mqtt_hook_t *hook, ngx_mqtt_answer_e why)
{
    hook->answer.status = 0;
    hook->answer.why = why;

    ngx_http_mqtt_event_over(hook);
}


void
ngx_http_mqtt_event_over(ngx_http_mqtt_hook_t *hook)
{
    ngx_event_t  *ev;

    if (hook->state == NGX_HTTP_MQTT_HOOK_OVER) {
        return;
    }

    if (hook->event && hook->state == NGX_HTTP_MQTT_HOOK_RUNNING) {
        hook->hub->running--;
    }

    hook->state = NGX_HTTP_MQTT_HOOK_OVER;
    ngx_queue_insert_tail(&ngx_http_mqtt_over, &hook->queue);

    ev = &ngx_http_mqtt_event_posted;

    ev->handler = ngx_http_mqtt_event_done;
    ev->data = &ngx_http_mqtt_event_ident;
    ev->log = ngx_cycle->log;

    if (ngx_http_mqtt_event_finishing) {
        ngx_post_event(ev, &ngx_posted_next_events);

    } else {
        ngx_post_event(ev, &ngx_posted_events);
    }
}


static void
ngx_http_mqtt_event_done(ngx_event_t *ev)
{
    ngx_queue_t            over, *q;
    ngx_http_mqtt_hook_t  *hook;

    ngx_queue_init(&over);

    if (!ngx_queue_empty(&ngx_http_mqtt_over)) {
        ngx_queue_add(&over, &ngx_http_mqtt_over);
        ngx_queue_init(&ngx_http_mqtt_over);
    }

    /* what ends meanwhile waits for the next pass */

    ngx_http_mqtt_event_finishing = 1;

    while (!ngx_queue_empty(&over)) {
        q = ngx_queue_head(&over);
        ngx_queue_remove(q);

        hook = ngx_queue_data(q, ngx_http_mqtt_hook_t, queue);

        ngx_http_mqtt_event_finish(hook);
    }

    ngx_http_mqtt_event_finishing = 0;

    ngx_http_mqtt_event_timer();
}


static void
ngx_http_mqtt_event_finish(ngx_http_mqtt_hook_t *hook)
{
    ngx_queue_t            next, *q;
    ngx_mqtt_event_t      *ev;
    ngx_mqtt_worker_t     *w;
    ngx_http_mqtt_hook_t  *other;

    ngx_queue_init(&next);
    ngx_queue_remove(&hook->all);

    ngx_http_mqtt_event_bytes -= hook->size;

    ev = hook->event;

    if (ev) {
        w = ev->worker;

        ngx_http_mqtt_event_judge(hook);
        ngx_mqtt_worker_enter(w);

        if (ev->answered) {
            ev->answered(ev, &hook->answer);
        }

        ngx_mqtt_worker_leave(w);
        ngx_http_mqtt_event_next(hook, &next);

    } else {
        ngx_http_mqtt_validated(hook, &next);
    }

    (void) ngx_http_mqtt_hook_end(hook);

    ngx_destroy_pool(hook->pool);

    while (!ngx_queue_empty(&next)) {
        q = ngx_queue_head(&next);
        ngx_queue_remove(q);

        other = ngx_queue_data(q, ngx_http_mqtt_hook_t, queue);
        other->hub->nwaiting--;

        ngx_http_mqtt_event_admit(other);
    }
}


/* Reads the answer; counts failures of the application, not of an event. */

static void
ngx_http_mqtt_event_judge(ngx_http_mqtt_hook_t *hook)
{
    ngx_mqtt_answer_t        *answer;
    ngx_http_mqtt_handler_t  *h;

    h = hook->handler;
    answer = &hook->answer;

    if (hook->request == NULL && !hook->failed) {
        return;
    }

    if (hook->request == NULL) {
        answer->status = 0;

    } else if (ngx_http_mqtt_hook_answer(hook) != NGX_OK) {
        answer->status = 0;
        answer->why = NGX_MQTT_ANSWER_WAITED;
    }

    switch (answer->status) {

    case 0:
    case NGX_HTTP_BAD_GATEWAY:
    case NGX_HTTP_SERVICE_UNAVAILABLE:
    case NGX_HTTP_GATEWAY_TIME_OUT:

        hook->event->worker->slot->counts.events_failed++;

        if (answer->why == NGX_MQTT_ANSWER_WAITED) {
            return;
        }

        if (++h->failures == NGX_HTTP_MQTT_CIRCUIT) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "%d events in a row failed at \"%V\", from now on "
                          "one a second is tried",
                          NGX_HTTP_MQTT_CIRCUIT, &h->uri);
        }

        return;
    }

    if (h->failures >= NGX_HTTP_MQTT_CIRCUIT) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "events are answered at \"%V\" again", &h->uri);
    }

    h->failures = 0;
}


/* Who may go on now: the next of the connection, and one that waits. */

static void
ngx_http_mqtt_event_next(ngx_http_mqtt_hook_t *hook, ngx_queue_t *queue)
{
    ngx_queue_t           *q;
    ngx_http_mqtt_hub_t   *hub;
    ngx_http_mqtt_hook_t  *heir;

    hub = hook->hub;

    heir = ngx_http_mqtt_order_leave(hook);

    if (heir) {
        ngx_queue_insert_tail(queue, &heir->queue);
    }

    if (hub->running < hub->conf->settings.event_concurrency
        && !ngx_queue_empty(&hub->waiting))
    {
        q = ngx_queue_head(&hub->waiting);
        ngx_queue_remove(q);
        ngx_queue_insert_head(queue, q);
    }
}


/*
 * Armed while there are events: a worker that is to leave stays until they
 * are answered.
 */

static void
ngx_http_mqtt_event_timer(void)
{
    ngx_event_t           *ev;
    ngx_msec_int_t         left;
    ngx_http_mqtt_hook_t  *hook;

    ev = &ngx_http_mqtt_event_expiry;

    if (ngx_queue_empty(&ngx_http_mqtt_hooks)) {

        if (ev->timer_set) {
            ngx_del_timer(ev);
        }

        return;
    }

    if (ev->timer_set) {
        return;
    }

    hook = ngx_queue_data(ngx_queue_head(&ngx_http_mqtt_hooks),
                          ngx_http_mqtt_hook_t, all);

    left = (ngx_msec_int_t) (hook->deadline - ngx_current_msec);

    ev->handler = ngx_http_mqtt_event_expire;
    ev->data = &ngx_http_mqtt_event_ident;
    ev->log = ngx_cycle->log;

    ngx_add_timer(ev, (ngx_msec_t) ngx_max(left, 1));
}


static void
ngx_http_mqtt_event_expire(ngx_event_t *ev)
{
    ngx_queue_t           *q, *next;
    ngx_http_mqtt_hook_t  *hook;

    /* in the order of deadlines, but for a few that were put off */

    for (q = ngx_queue_head(&ngx_http_mqtt_hooks);
         q != ngx_queue_sentinel(&ngx_http_mqtt_hooks);
         q = next)
    {
        next = ngx_queue_next(q);
        hook = ngx_queue_data(q, ngx_http_mqtt_hook_t, all);

        if ((ngx_msec_int_t) (hook->deadline - ngx_current_msec) > 0) {
            break;
        }

        if (hook->state == NGX_HTTP_MQTT_HOOK_OVER) {
            continue;
        }

        if (hook->state == NGX_HTTP_MQTT_HOOK_RUNNING) {

            if (ngx_http_mqtt_hook_end(hook) == NGX_BUSY) {
                hook->deadline = ngx_current_msec + NGX_HTTP_MQTT_EVENT_BUSY;
                ngx_queue_remove(q);
                ngx_queue_insert_tail(&ngx_http_mqtt_hooks, q);
                continue;
            }

            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "no answer at \"%V\" in time", &hook->handler->uri);

            hook->failed = 1;

            if (hook->late) {
                hook->answer.why = NGX_MQTT_ANSWER_WAITED;
            }

        } else {
            ngx_queue_remove(&hook->queue);
            hook->hub->nwaiting--;
            hook->answer.why = NGX_MQTT_ANSWER_WAITED;
        }

        ngx_http_mqtt_event_over(hook);
    }

    ngx_http_mqtt_event_timer();
}
