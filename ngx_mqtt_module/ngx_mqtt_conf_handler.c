
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_conf.h>


static ngx_int_t ngx_mqtt_conf_handler_hub(ngx_conf_t *cf,
    ngx_mqtt_conf_handler_t *h, ngx_str_t *name);
static ngx_int_t ngx_mqtt_conf_handler_system(ngx_conf_t *cf,
    ngx_mqtt_conf_handler_t *h, ngx_str_t *list);
static ngx_int_t ngx_mqtt_conf_handler_user(ngx_conf_t *cf,
    ngx_mqtt_conf_handler_t *h, ngx_str_t *list);
static ngx_int_t ngx_mqtt_conf_handler_regex(ngx_conf_t *cf,
    ngx_mqtt_conf_handler_t *h, ngx_str_t *pattern);
static ngx_int_t ngx_mqtt_conf_handler_validate(ngx_conf_t *cf,
    ngx_mqtt_conf_handler_t *h, ngx_str_t *value);
static ngx_int_t ngx_mqtt_conf_handler_next(ngx_str_t *list, ngx_str_t *item);
static ngx_uint_t ngx_mqtt_conf_handler_takes(ngx_mqtt_conf_handler_t *h,
    ngx_str_t *event);


/* by ngx_mqtt_event_e */

static ngx_str_t  ngx_mqtt_conf_events[] = {
    ngx_string("connect"),
    ngx_string("connected"),
    ngx_string("disconnected"),
    ngx_null_string
};


/* the parameters, and what they are read by */

static struct {
    ngx_str_t    name;
    ngx_int_t  (*read)(ngx_conf_t *cf, ngx_mqtt_conf_handler_t *h,
                       ngx_str_t *value);
} ngx_mqtt_conf_handler_params[] = {
    { ngx_string("system="), ngx_mqtt_conf_handler_system },
    { ngx_string("user="), ngx_mqtt_conf_handler_user },
    { ngx_string("validate="), ngx_mqtt_conf_handler_validate },
    { ngx_null_string, NULL }
};


ngx_mqtt_conf_handler_t *
ngx_mqtt_conf_handler(ngx_conf_t *cf)
{
    ngx_str_t                 *value, *name, arg;
    ngx_uint_t                 i, n;
    ngx_mqtt_conf_t           *mcf;
    ngx_mqtt_conf_handler_t   *h, **slot;

    mcf = ngx_mqtt_conf_get(cf);
    h = ngx_pcalloc(cf->pool, sizeof(ngx_mqtt_conf_handler_t));

    if (mcf == NULL || h == NULL
        || ngx_array_init(&h->user, cf->pool, 2, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NULL;
    }

    h->validate = NGX_CONF_UNSET;
    ngx_mqtt_conf_place(cf, &h->place);

    value = cf->args->elts;

    if (ngx_mqtt_conf_handler_hub(cf, h, &value[1]) != NGX_OK) {
        return NULL;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        n = 0;
        name = &ngx_mqtt_conf_handler_params[0].name;

        while (name->len
               && ngx_strncmp(value[i].data, name->data, name->len) != 0)
        {
            name = &ngx_mqtt_conf_handler_params[++n].name;
        }

        if (ngx_mqtt_conf_handler_params[n].read == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\", "
                               "\"mqtt_event_handler\" takes system=, user= "
                               "and validate=", &value[i]);
            return NULL;
        }

        arg.data = value[i].data + name->len;
        arg.len = value[i].len - name->len;

        if (ngx_mqtt_conf_handler_params[n].read(cf, h, &arg) != NGX_OK) {
            return NULL;
        }
    }

    if (h->system == 0 && h->user.nelts == 0
#if (NGX_PCRE)
        && h->regex == NULL
#endif
        )
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"mqtt_event_handler\" without \"system=\" and "
                           "\"user=\" gets no events");
        return NULL;
    }

    ngx_conf_init_value(h->validate, 1);

    slot = ngx_array_push(&mcf->handlers);
    if (slot == NULL) {
        return NULL;
    }

    *slot = h;

    return h;
}


static ngx_int_t
ngx_mqtt_conf_handler_hub(ngx_conf_t *cf, ngx_mqtt_conf_handler_t *h,
    ngx_str_t *name)
{
    h->hub.len = name->len;
    h->hub.data = ngx_pnalloc(cf->pool, name->len + 1);

    if (h->hub.data == NULL) {
        return NGX_ERROR;
    }

    if (name->len == 1 && name->data[0] == '*') {
        h->hub.data[0] = '*';
        return NGX_OK;
    }

    if (ngx_mqtt_conf_name(name, h->hub.data) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid hub name \"%V\", it must be a letter and "
                           "up to 127 letters, digits or _ ` , . [ ], or * for "
                           "the hubs of \"mqtt_hub *\"", name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_conf_handler_system(ngx_conf_t *cf, ngx_mqtt_conf_handler_t *h,
    ngx_str_t *list)
{
    ngx_str_t   item, *name;
    ngx_uint_t  i;

    while (ngx_mqtt_conf_handler_next(list, &item) == NGX_OK) {

        for (i = 0; ngx_mqtt_conf_events[i].len; i++) {
            name = &ngx_mqtt_conf_events[i];

            if (item.len == name->len
                && ngx_strncasecmp(item.data, name->data, item.len) == 0)
            {
                break;
            }
        }

        if (ngx_mqtt_conf_events[i].len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown system event \"%V\", there are "
                               "connect, connected and disconnected", &item);
            return NGX_ERROR;
        }

        h->system |= 1 << i;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_conf_handler_user(ngx_conf_t *cf, ngx_mqtt_conf_handler_t *h,
    ngx_str_t *list)
{
    ngx_str_t  item, *name;

    if (list->len && list->data[0] == '~') {
        item.data = list->data + 1;
        item.len = list->len - 1;
        return ngx_mqtt_conf_handler_regex(cf, h, &item);
    }

    while (ngx_mqtt_conf_handler_next(list, &item) == NGX_OK) {

        if (item.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "empty event name in \"user=\", write names "
                               "with commas in between, or *");
            return NGX_ERROR;
        }

        name = ngx_array_push(&h->user);
        if (name == NULL) {
            return NGX_ERROR;
        }

        *name = item;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_conf_handler_regex(ngx_conf_t *cf, ngx_mqtt_conf_handler_t *h,
    ngx_str_t *pattern)
{
#if (NGX_PCRE)

    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rc;

    if (pattern->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "empty pattern in \"user=~\", write * for all");
        return NGX_ERROR;
    }

    if (h->regex) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a second pattern in \"user=\", join them with |");
        return NGX_ERROR;
    }

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern = *pattern;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NGX_ERROR;
    }

    h->regex = rc.regex;

    return NGX_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "the pattern \"~%V\" needs nginx with PCRE", pattern);
    return NGX_ERROR;

#endif
}


static ngx_int_t
ngx_mqtt_conf_handler_validate(ngx_conf_t *cf, ngx_mqtt_conf_handler_t *h,
    ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "on") == 0) {
        h->validate = 1;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, "off") == 0) {
        h->validate = 0;
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"validate=\", it must be on "
                       "or off", value);
    return NGX_ERROR;
}


/* Takes the next item of a list with commas, without the blanks around it. */

static ngx_int_t
ngx_mqtt_conf_handler_next(ngx_str_t *list, ngx_str_t *item)
{
    u_char  *p, *last;

    if (list->data == NULL) {
        return NGX_DONE;
    }

    last = list->data + list->len;
    p = ngx_strlchr(list->data, last, ',');

    item->data = list->data;
    item->len = (p ? p : last) - list->data;

    list->data = p ? p + 1 : NULL;
    list->len = p ? (size_t) (last - list->data) : 0;

    while (item->len && (item->data[0] == ' ' || item->data[0] == '\t')) {
        item->data++;
        item->len--;
    }

    while (item->len && (item->data[item->len - 1] == ' '
                         || item->data[item->len - 1] == '\t'))
    {
        item->len--;
    }

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_conf_resolve_handlers(ngx_mqtt_conf_t *mcf, ngx_pool_t *pool,
    ngx_log_t *log)
{
    ngx_uint_t                  i;
    ngx_mqtt_conf_hub_t        *hub;
    ngx_mqtt_conf_handler_t   **handlers, *h, **slot;

    handlers = mcf->handlers.elts;

    for (i = 0; i < mcf->handlers.nelts; i++) {

        h = handlers[i];
        hub = ngx_mqtt_conf_hub_named(mcf, &h->hub);

        if (hub == NULL) {
            ngx_mqtt_conf_error(log, &h->place,
                                "unknown hub \"%V\" in \"mqtt_event_handler\", "
                                "define it with \"mqtt_hub %V { }\" outside of "
                                "any block", &h->hub, &h->hub);
            return NGX_ERROR;
        }

        if (hub->handlers.elts == NULL
            && ngx_array_init(&hub->handlers, pool, 2,
                              sizeof(ngx_mqtt_conf_handler_t *))
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        slot = ngx_array_push(&hub->handlers);
        if (slot == NULL) {
            return NGX_ERROR;
        }

        *slot = h;
    }

    return NGX_OK;
}


ngx_mqtt_conf_handler_t *
ngx_mqtt_conf_match(ngx_mqtt_conf_hub_t *hub, ngx_str_t *name,
    ngx_uint_t type, ngx_str_t *event)
{
    ngx_uint_t                 i;
    ngx_mqtt_conf_handler_t  **handlers, *h;

    handlers = hub->handlers.elts;

    for (i = 0; i < hub->handlers.nelts; i++) {
        h = handlers[i];

        /* under the template there are those of all its hubs, and of one */

        if (h->hub.data[0] != '*'
            && (h->hub.len != name->len
                || ngx_memcmp(h->hub.data, name->data, name->len) != 0))
        {
            continue;
        }

        if (type == NGX_MQTT_EVENT_USER ? ngx_mqtt_conf_handler_takes(h, event)
                                        : (h->system >> type) & 1)
        {
            return h;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_mqtt_conf_handler_takes(ngx_mqtt_conf_handler_t *h, ngx_str_t *event)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    name = h->user.elts;

    for (i = 0; i < h->user.nelts; i++) {

        if (name[i].len == 1 && name[i].data[0] == '*') {
            return 1;
        }

        if (name[i].len == event->len
            && ngx_strncasecmp(name[i].data, event->data, event->len) == 0)
        {
            return 1;
        }
    }

#if (NGX_PCRE)

    if (h->regex) {
        return ngx_regex_exec(h->regex, event, NULL, 0) >= 0;
    }

#endif

    return 0;
}
