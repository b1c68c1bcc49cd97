
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_mqtt_login.h>
#include <ngx_mqtt_module.h>


#if (NGX_THREADS)

#include <ngx_thread_pool.h>


/* passwords that threads of a process verify at a time: it is all theirs */

#define NGX_MQTT_LOGINS          4

/* those that wait for a thread, and for how many milliseconds at most */

#define NGX_MQTT_LOGINS_WAITING  1024
#define NGX_MQTT_LOGIN_TIME      19000


static ngx_int_t ngx_mqtt_threads_start(ngx_mqtt_login_t *login);
static void ngx_mqtt_threads_verify(void *data, ngx_log_t *log);
static void ngx_mqtt_threads_verified(ngx_event_t *ev);


/* local to a process, of ngx_mqtt_login_t */

static ngx_queue_t  ngx_mqtt_threads_waiting;
static ngx_uint_t   ngx_mqtt_threads_running;
static ngx_uint_t   ngx_mqtt_threads_nwaiting;


ngx_int_t
ngx_mqtt_threads_login(ngx_mqtt_worker_t *w, ngx_mqtt_login_t *login)
{
    if (ngx_mqtt_threads_waiting.next == NULL) {
        ngx_queue_init(&ngx_mqtt_threads_waiting);
    }

    if (ngx_mqtt_threads_running == NGX_MQTT_LOGINS) {

        if (ngx_mqtt_threads_nwaiting == NGX_MQTT_LOGINS_WAITING) {
            return NGX_DECLINED;
        }

        ngx_mqtt_threads_nwaiting++;
        ngx_queue_insert_tail(&ngx_mqtt_threads_waiting, &login->queue);
        return NGX_OK;
    }

    return ngx_mqtt_threads_start(login);
}


static ngx_int_t
ngx_mqtt_threads_start(ngx_mqtt_login_t *login)
{
    ngx_thread_task_t  *task;
    ngx_thread_pool_t  *tp;

    static ngx_str_t  name = ngx_string("default");

    tp = ngx_thread_pool_get((ngx_cycle_t *) ngx_cycle, &name);
    task = ngx_thread_task_alloc(login->pool, 0);

    if (tp == NULL || task == NULL) {
        return NGX_ERROR;
    }

    task->ctx = login;
    task->handler = ngx_mqtt_threads_verify;
    task->event.data = login;
    task->event.handler = ngx_mqtt_threads_verified;

    if (ngx_thread_task_post(tp, task) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_mqtt_threads_running++;

    return NGX_OK;
}


/* In a thread. */

static void
ngx_mqtt_threads_verify(void *data, ngx_log_t *log)
{
    ngx_mqtt_login_t  *login = data;

    login->right = ngx_mqtt_password_verify(login->password);
}


static void
ngx_mqtt_threads_verified(ngx_event_t *ev)
{
    ngx_queue_t       *q;
    ngx_mqtt_login_t  *login;

    ngx_mqtt_threads_running--;

    ngx_mqtt_login_done(ev->data);

    while (ngx_mqtt_threads_running < NGX_MQTT_LOGINS
           && !ngx_queue_empty(&ngx_mqtt_threads_waiting))
    {
        q = ngx_queue_head(&ngx_mqtt_threads_waiting);
        ngx_queue_remove(q);
        ngx_mqtt_threads_nwaiting--;

        login = ngx_queue_data(q, ngx_mqtt_login_t, queue);

        /* those who have gone meanwhile cost nothing */

        if (login->client == NULL
            || ngx_current_msec - login->since > NGX_MQTT_LOGIN_TIME
            || ngx_mqtt_threads_start(login) != NGX_OK)
        {
            ngx_mqtt_login_done(login);
        }
    }
}

#endif
