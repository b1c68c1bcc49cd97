
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_conf.h>

#if (NGX_THREADS)
#include <ngx_thread_pool.h>
#endif


/* bytes of files */

#define NGX_MQTT_KEY_FILE_MAX       8192
#define NGX_MQTT_JWT_FILE_MAX       (1024 * 1024)
#define NGX_MQTT_PASSWORD_FILE_MAX  (64 * 1024 * 1024)


static ngx_int_t ngx_mqtt_conf_read(ngx_conf_t *cf, ngx_str_t *name,
    size_t max, ngx_str_t *text);
static char *ngx_mqtt_conf_key_lines(ngx_conf_t *cf,
    ngx_mqtt_hub_conf_t *settings, ngx_str_t *name, u_char *p, u_char *last);


char *
ngx_mqtt_conf_access_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    size_t       n;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (hub->settings.access_key[0].data) {
        return "is duplicate, or there is an \"access_key_file\" besides";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        for (n = 0; n < value[i].len; n++) {
            if (value[i].data[n] != ' ' && value[i].data[n] != '\t') {
                break;
            }
        }

        if (n == value[i].len) {
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

    ngx_str_t  *value, name, text;

    if (hub->settings.access_key[0].data) {
        return "is duplicate, or there is an \"access_key\" besides";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_mqtt_conf_read(cf, &name, NGX_MQTT_KEY_FILE_MAX, &text) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_mqtt_conf_key_lines(cf, &hub->settings, &name, text.data,
                                   text.data + text.len);
}


/* The text of a file, and its full name. */

static ngx_int_t
ngx_mqtt_conf_read(ngx_conf_t *cf, ngx_str_t *name, size_t max,
    ngx_str_t *text)
{
    off_t            size;
    ssize_t          n;
    ngx_int_t        rc;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    if (ngx_conf_full_name(cf->cycle, name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = cf->log;
    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", name);
        goto done;
    }

    size = ngx_file_size(&fi);

    if (!ngx_is_file(&fi) || size > (off_t) max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must be a file of at most %uz bytes",
                           name, max);
        goto done;
    }

    text->data = ngx_pnalloc(cf->pool, (size_t) size + 1);
    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, (size_t) size, 0);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_file_n " \"%V\" failed", name);
        goto done;
    }

    text->len = n;
    rc = NGX_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    return rc;
}


/* A key on each of at most two lines. */

static char *
ngx_mqtt_conf_key_lines(ngx_conf_t *cf, ngx_mqtt_hub_conf_t *settings,
    ngx_str_t *name, u_char *p, u_char *last)
{
    u_char      *end, *next;
    ngx_uint_t   n;

    n = 0;

    for ( /* void */ ; p < last && n < 3; p = next) {

        end = ngx_strlchr(p, last, '\n');
        next = end ? end + 1 : last;

        if (end == NULL) {
            end = last;
        }

        while (end > p && (end[-1] == '\r' || end[-1] == ' '
                           || end[-1] == '\t'))
        {
            end--;
        }

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
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


char *
ngx_mqtt_conf_jwt_key_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    const char       *reason;
    ngx_str_t        *value, name, text;
    ngx_mqtt_keys_t  *keys;

    if (hub->jwt.keys.public) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_mqtt_conf_read(cf, &name, NGX_MQTT_JWT_FILE_MAX, &text) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    keys = ngx_mqtt_keys_create(cf->pool);
    if (keys == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_mqtt_keys_add(keys, &text, &reason) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" %s, \"jwt_key_file\" takes public keys "
                           "and certificates in PEM, or a JWK set", &name,
                           reason);
        return NGX_CONF_ERROR;
    }

    hub->jwt.keys.public = keys;

    return NGX_CONF_OK;
}


char *
ngx_mqtt_conf_jwt_issuer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_str_t  *value;

    if (hub->jwt.issuer.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "an empty \"jwt_issuer\" takes any token, remove "
                           "it if that is meant");
        return NGX_CONF_ERROR;
    }

    hub->jwt.issuer = value[1];
    ngx_mqtt_conf_place(cf, &hub->issuer_place);

    return NGX_CONF_OK;
}


char *
ngx_mqtt_conf_jwt_audience(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_mqtt_conf_hub_t  *hub = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (hub->jwt.audience) {
        return "is duplicate, write all of them behind one";
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (value[i].len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "an empty \"jwt_audience\" is nobody, remove "
                               "it");
            return NGX_CONF_ERROR;
        }
    }

    hub->jwt.audience = ngx_palloc(cf->pool, (cf->args->nelts - 1)
                                             * sizeof(ngx_str_t));
    if (hub->jwt.audience == NULL) {
        return NGX_CONF_ERROR;
    }

    hub->jwt.naudience = cf->args->nelts - 1;
    ngx_memcpy(hub->jwt.audience, &value[1],
               hub->jwt.naudience * sizeof(ngx_str_t));

    ngx_mqtt_conf_place(cf, &hub->audience_place);

    return NGX_CONF_OK;
}


char *
ngx_mqtt_conf_password_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
#if (NGX_THREADS)
    ngx_mqtt_conf_hub_t  *hub = conf;

    const char            *reason;
    ngx_str_t             *value, name, text;
    ngx_uint_t             line;
    ngx_mqtt_passwords_t  *passwords;

    if (hub->settings.passwords) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_mqtt_conf_read(cf, &name, NGX_MQTT_PASSWORD_FILE_MAX, &text)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    passwords = ngx_palloc(cf->pool, sizeof(ngx_mqtt_passwords_t));

    if (passwords == NULL || ngx_thread_pool_add(cf, NULL) == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_mqtt_passwords_read(passwords, cf->pool, &text, &reason, &line)
        == NGX_OK)
    {
        hub->settings.passwords = passwords;
        return NGX_CONF_OK;
    }

    if (line) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "line %ui of \"%V\" %s, write it as \"user:hash\" "
                           "with what \"htpasswd -B\" or \"openssl passwd\" "
                           "makes", line, &name, reason);
    }

    return NGX_CONF_ERROR;

#else

    return "needs threads, which this nginx was built without: build it with "
           "\"--with-threads\"";

#endif
}


ngx_int_t
ngx_mqtt_conf_resolve_keys(ngx_mqtt_conf_hub_t *hub, ngx_pool_t *pool,
    ngx_log_t *log)
{
    ngx_mqtt_jwt_conf_t  *jwt;

    jwt = &hub->jwt;

    if (jwt->issuer.data && jwt->keys.public == NULL) {
        ngx_mqtt_conf_error(log, &hub->issuer_place,
                            "\"jwt_issuer\" is that of tokens signed by a key "
                            "of \"jwt_key_file\", add one to mqtt_hub \"%V\"",
                            &hub->settings.name);
        return NGX_ERROR;
    }

    jwt->keys.access[0] = hub->settings.access_key[0];
    jwt->keys.access[1] = hub->settings.access_key[1];

    if (ngx_mqtt_jws_prepare(pool, &jwt->keys) != NGX_OK) {
        return NGX_ERROR;
    }

    if (jwt->keys.public || jwt->keys.access[0].len) {
        hub->settings.jwt = jwt;

    } else if (jwt->audience) {
        ngx_mqtt_conf_error(log, &hub->audience_place,
                            "\"jwt_audience\" is that of tokens, add an "
                            "\"access_key\" or a \"jwt_key_file\" to mqtt_hub "
                            "\"%V\"", &hub->settings.name);
        return NGX_ERROR;

    } else if (hub->settings.token_enforce) {
        ngx_mqtt_conf_error(log, &hub->place,
                            "\"token_expiry enforce\" is about tokens, add "
                            "an \"access_key\" or a \"jwt_key_file\" to "
                            "mqtt_hub \"%V\"", &hub->settings.name);
        return NGX_ERROR;
    }

    return NGX_OK;
}
