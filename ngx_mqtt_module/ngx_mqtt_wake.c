
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_module.h>
#include <ngx_http_mqtt_event.h>

#if (NGX_HAVE_SYS_EVENTFD_H)
#include <sys/eventfd.h>
#endif


/* A slot beyond the table is polled.  Milliseconds. */

#define NGX_MQTT_EVENTFDS   256
#define NGX_MQTT_POLL_TIME  100


static void ngx_mqtt_wake_write(ngx_mqtt_worker_t *w, ngx_uint_t slot);
static void ngx_mqtt_wake_post(ngx_mqtt_worker_t *w);
static void ngx_mqtt_wake_run(ngx_event_t *ev);
static ngx_int_t ngx_mqtt_wake_listen(ngx_uint_t slot, ngx_log_t *log);
static void ngx_mqtt_wake_handler(ngx_event_t *ev);
static void ngx_mqtt_wake_poll(ngx_event_t *ev);


const ngx_mqtt_worker_ops_t  ngx_mqtt_wake_ops = {
    ngx_mqtt_wake_write,
    ngx_mqtt_wake_post,
    ngx_mqtt_member_settings,
    ngx_http_mqtt_event,
    ngx_http_mqtt_event_wanted,
#if (NGX_THREADS)
    ngx_mqtt_threads_login
#else
    NULL
#endif
};


/*
 * Made in the master before the first fork and kept over reloads, so that
 * old and new workers hold the same descriptors.  An index is a slot's: with
 * several zones it may stand for a different process in each, see
 * ngx_mqtt_wake_handler().
 */

static ngx_socket_t       ngx_mqtt_eventfds[NGX_MQTT_EVENTFDS];
static ngx_uint_t         ngx_mqtt_neventfds;
static ngx_uint_t         ngx_mqtt_eventfds_made;

/* local to a worker: the connections over those eventfds it waits for */

static ngx_connection_t  *ngx_mqtt_wake_connections[NGX_MQTT_EVENTFDS];


void
ngx_mqtt_wake_open(ngx_log_t *log)
{
#if (NGX_HAVE_SYS_EVENTFD_H)

    ngx_socket_t  fd;

    /* old and new workers must agree on which slots are polled */

    if (ngx_mqtt_eventfds_made) {
        return;
    }

    ngx_mqtt_eventfds_made = 1;

    while (ngx_mqtt_neventfds < NGX_MQTT_EVENTFDS) {

        fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (fd == -1) {
            ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                          "only %ui of %d eventfds for mqtt workers were made, "
                          "the other workers will poll",
                          ngx_mqtt_neventfds, NGX_MQTT_EVENTFDS);
            return;
        }

        ngx_mqtt_eventfds[ngx_mqtt_neventfds++] = fd;
    }

#endif
}


void
ngx_mqtt_wake_close(void)
{
    while (ngx_mqtt_neventfds) {
        (void) close(ngx_mqtt_eventfds[--ngx_mqtt_neventfds]);
    }

    ngx_mqtt_eventfds_made = 0;
}


void
ngx_mqtt_wake_init(ngx_mqtt_member_t *m, ngx_log_t *log)
{
    m->run.handler = ngx_mqtt_wake_run;
    m->run.data = m;
    m->run.log = log;

    m->poll.handler = ngx_mqtt_wake_poll;
    m->poll.data = m;
    m->poll.log = log;
    m->poll.cancelable = 1;
}


void
ngx_mqtt_wake_start(ngx_mqtt_member_t *m, ngx_log_t *log)
{
    if (ngx_mqtt_wake_listen(m->slot, log) != NGX_OK) {
        ngx_add_timer(&m->poll, NGX_MQTT_POLL_TIME);
    }
}


void
ngx_mqtt_wake_stop(ngx_mqtt_member_t *m)
{
    if (m->poll.timer_set) {
        ngx_del_timer(&m->poll);
    }

    if (m->run.posted) {
        ngx_delete_posted_event(&m->run);
    }
}


static void
ngx_mqtt_wake_write(ngx_mqtt_worker_t *w, ngx_uint_t slot)
{
    uint64_t            one;
    ngx_mqtt_member_t  *m;

    if (slot == ngx_mqtt_worker_slot(w)) {
        ngx_mqtt_wake_post(w);
        return;
    }

    if (slot >= ngx_mqtt_neventfds) {
        return;
    }

    m = ngx_mqtt_worker_data(w);
    one = 1;

    if (write(ngx_mqtt_eventfds[slot], &one, sizeof(uint64_t)) == -1
        && ngx_errno != NGX_EAGAIN)
    {
        ngx_log_error(NGX_LOG_ALERT, m->run.log, ngx_errno,
                      "write() to eventfd of mqtt slot %ui failed", slot);
    }
}


static void
ngx_mqtt_wake_post(ngx_mqtt_worker_t *w)
{
    ngx_mqtt_member_t  *m;

    m = ngx_mqtt_worker_data(w);

    /* what a run itself makes ready waits for the next pass */

    if (m->running) {
        ngx_post_event(&m->run, &ngx_posted_next_events);

    } else {
        ngx_post_event(&m->run, &ngx_posted_events);
    }
}


static void
ngx_mqtt_wake_run(ngx_event_t *ev)
{
    ngx_int_t           rc;
    ngx_mqtt_member_t  *m;

    m = ev->data;

    m->running = 1;
    rc = ngx_mqtt_worker_run(m->worker);
    m->running = 0;

    if (rc == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


static ngx_int_t
ngx_mqtt_wake_listen(ngx_uint_t slot, ngx_log_t *log)
{
    ngx_int_t          event;
    ngx_connection_t  *c;

    /*
     * Only an edge-triggered method tells several processes about one
     * descriptor without any of them reading it.
     */

    if (slot >= ngx_mqtt_neventfds
        || !(ngx_event_flags & NGX_USE_CLEAR_EVENT))
    {
        return NGX_DECLINED;
    }

    if (ngx_mqtt_wake_connections[slot]) {
        return NGX_OK;
    }

    c = ngx_get_connection(ngx_mqtt_eventfds[slot], log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->read->log = log;
    c->write->log = log;

    /* "channel" exempts it from the checks of an exiting worker */

    c->read->channel = 1;
    c->write->channel = 1;

    c->read->handler = ngx_mqtt_wake_handler;

    event = ngx_add_event(c->read, NGX_READ_EVENT, NGX_CLEAR_EVENT);

    if (event == NGX_ERROR) {
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;
        return NGX_ERROR;
    }

    /* called when the worker is asked to quit */

    c->idle = 1;

    ngx_mqtt_wake_connections[slot] = c;

    return NGX_OK;
}


static void
ngx_mqtt_wake_handler(ngx_event_t *ev)
{
    ngx_connection_t   *c;
    ngx_mqtt_member_t  *m;

    c = ev->data;

    if (c->close) {

        /* an exiting worker serves its clients until they have left */

        c->close = 0;
        c->idle = 0;
        return;
    }

    /*
     * The counter is never read: an edge comes with each write, so that a
     * wake costs one call less, and reaches every process that waits for
     * this descriptor on behalf of some zone.
     */

    for (m = ngx_mqtt_member_next(NULL); m; m = ngx_mqtt_member_next(m)) {

        if (m->slot < NGX_MQTT_EVENTFDS
            && ngx_mqtt_wake_connections[m->slot] == c)
        {
            ngx_mqtt_wake_post(m->worker);
        }
    }
}


static void
ngx_mqtt_wake_poll(ngx_event_t *ev)
{
    ngx_mqtt_member_t  *m;

    m = ev->data;

    ngx_mqtt_wake_post(m->worker);

    ngx_add_timer(ev, NGX_MQTT_POLL_TIME);
}
