
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_conf.h>


#define NGX_MQTT_KEY_FILE_MAX  8192


static char *ngx_mqtt_conf_key_lines(ngx_conf_t *cf,
    ngx_mqtt_hub_conf_t *settings, ngx_str_t *name, u_char *p, u_char *last);


char *
ngx_mqtt_conf_access_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (hub->settings.access_key[0].data) {
        return "is duplicate, or there is an \"access_key_file\" besides";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "an empty \"access_key\" protects nothing, "
                               "write a long random one");
            return NGX_CONF_ERROR;
        }

        hub->settings.access_key[i - 1] = value[i];
    }

    return NGX_CONF_OK;
}


char *
ngx_mqtt_conf_access_key_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    char        *rv;
    u_char      *buf;
    ssize_t      n;
    ngx_str_t   *value, name;
    ngx_file_t   file;

    if (hub->settings.access_key[0].data) {
        return "is duplicate, or there is an \"access_key\" besides";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    buf = ngx_pnalloc(cf->pool, NGX_MQTT_KEY_FILE_MAX);
    if (buf == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = name;
    file.log = cf->log;
    file.fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_CONF_ERROR;
    }

    n = ngx_read_file(&file, buf, NGX_MQTT_KEY_FILE_MAX, 0);

    if (n == NGX_ERROR) {
        rv = NGX_CONF_ERROR;

    } else {
        rv = ngx_mqtt_conf_key_lines(cf, &hub->settings, &name, buf, buf + n);
    }

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", &name);
    }

    return rv;
}


/* A key on each of at most two lines. */

static char *
ngx_mqtt_conf_key_lines(ngx_conf_t *cf, ngx_mqtt_hub_conf_t *settings,
    ngx_str_t *name, u_char *p, u_char *last)
{
    u_char      *end, *next;
    ngx_uint_t   n;

    n = 0;

    if (last - p == NGX_MQTT_KEY_FILE_MAX) {
        n = 3;
    }

    for ( /* void */ ; p < last && n < 3; p = next) {

        end = ngx_strlchr(p, last, '\n');
        next = end ? end + 1 : last;

        if (end == NULL) {
            end = last;
        }

        while (end > p && end[-1] == '\r') {
            end--;
        }

        if (end == p) {
            continue;
        }

        if (n < 2) {
            settings->access_key[n].data = p;
            settings->access_key[n].len = end - p;
        }

        n++;
    }

    if (n == 1 || n == 2) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" must hold one or two access keys, each on a "
                       "line of its own", name);

    return NGX_CONF_ERROR;
}
