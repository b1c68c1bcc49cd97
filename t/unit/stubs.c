
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * What NGINX's core objects want from a server when there is none.  Weak, so
 * that a test can bring its own.
 */


#include <ngx_config.h>
#include <ngx_core.h>


__attribute__((weak)) volatile ngx_cycle_t  *ngx_cycle;
__attribute__((weak)) ngx_pid_t              ngx_pid;
__attribute__((weak)) ngx_int_t              ngx_ncpu = 1;


__attribute__((weak)) void
ngx_debug_point(void)
{
    abort();
}


/* what a server would only note, a test shall see */

__attribute__((weak)) void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char   buf[NGX_MAX_ERROR_STR], *p;
    va_list  args;

    if ((level & 0xf) == 0 || (level & 0xf) > NGX_LOG_ALERT) {
        return;
    }

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    fprintf(stderr, "# %.*s\n", (int) (p - buf), buf);
}
