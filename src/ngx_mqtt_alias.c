
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_alias.h>


/* the property takes three bytes; what is longer takes too much memory */

#define NGX_MQTT_ALIAS_TOPIC_MIN  4
#define NGX_MQTT_ALIAS_TOPIC_MAX  1024


/* "hash": of the topic, and of the last one that did not get the place */

typedef struct {
    u_char               *topic;
    size_t                len;
    uint32_t              hash;
    uint32_t              other;
} ngx_mqtt_alias_t;


/* local to a connection, malloced as the topics are */

struct ngx_mqtt_aliases_s {
    ngx_uint_t            nin;
    ngx_uint_t            nout;
    ngx_mqtt_alias_t     *out;
    ngx_mqtt_alias_t      in[1];
};


static ngx_mqtt_aliases_t *ngx_mqtt_alias_table(ngx_mqtt_client_t *cl);
static ngx_int_t ngx_mqtt_alias_store(ngx_mqtt_client_t *cl,
    ngx_mqtt_alias_t *a, u_char *topic, size_t len);


ngx_int_t
ngx_mqtt_alias_in_set(ngx_mqtt_client_t *cl, ngx_uint_t alias,
    ngx_str_t *topic)
{
    ngx_mqtt_aliases_t  *table;

    table = ngx_mqtt_alias_table(cl);

    if (table == NULL || alias > table->nin) {
        return NGX_ERROR;
    }

    return ngx_mqtt_alias_store(cl, &table->in[alias - 1], topic->data,
                                topic->len);
}


ngx_int_t
ngx_mqtt_alias_in_get(ngx_mqtt_client_t *cl, ngx_uint_t alias,
    ngx_str_t *topic)
{
    ngx_mqtt_alias_t    *a;
    ngx_mqtt_aliases_t  *table;

    table = cl->aliases;

    if (table == NULL || alias > table->nin) {
        return NGX_DECLINED;
    }

    a = &table->in[alias - 1];

    if (a->topic == NULL) {
        return NGX_DECLINED;
    }

    topic->data = a->topic;
    topic->len = a->len;

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_alias_out(ngx_mqtt_client_t *cl, u_char *topic, size_t len,
    uint16_t *alias)
{
    uint32_t             hash;
    ngx_uint_t           n;
    ngx_mqtt_alias_t    *a;
    ngx_mqtt_aliases_t  *table;

    *alias = 0;

    if (cl->alias_maximum == 0 || len < NGX_MQTT_ALIAS_TOPIC_MIN
        || len > NGX_MQTT_ALIAS_TOPIC_MAX)
    {
        return 0;
    }

    table = ngx_mqtt_alias_table(cl);

    if (table == NULL || table->nout == 0) {
        return 0;
    }

    hash = ngx_murmur_hash2(topic, len);
    n = hash % table->nout;
    a = &table->out[n];

    if (a->topic && a->hash == hash && a->len == len
        && ngx_memcmp(a->topic, topic, len) == 0)
    {
        *alias = n + 1;
        return 1;
    }

    /* a topic gets another's place when it comes for the second time */

    if (a->topic && a->other != hash) {
        a->other = hash;
        return 0;
    }

    if (ngx_mqtt_alias_store(cl, a, topic, len) != NGX_OK) {
        return 0;
    }

    a->hash = hash;
    *alias = n + 1;

    return 0;
}


static ngx_mqtt_aliases_t *
ngx_mqtt_alias_table(ngx_mqtt_client_t *cl)
{
    ngx_uint_t           nin, nout;
    ngx_mqtt_aliases_t  *table;

    if (cl->aliases) {
        return cl->aliases;
    }

    nin = cl->conf->topic_alias_maximum;
    nout = ngx_min(nin, cl->alias_maximum);

    table = ngx_calloc(offsetof(ngx_mqtt_aliases_t, in)
                       + (nin + nout) * sizeof(ngx_mqtt_alias_t), cl->log);
    if (table == NULL) {
        return NULL;
    }

    table->nin = nin;
    table->nout = nout;
    table->out = table->in + nin;

    cl->aliases = table;

    return table;
}


static ngx_int_t
ngx_mqtt_alias_store(ngx_mqtt_client_t *cl, ngx_mqtt_alias_t *a,
    u_char *topic, size_t len)
{
    u_char  *p;

    /* "topic" may be the old one itself */

    p = ngx_alloc(len, cl->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, topic, len);

    if (a->topic) {
        ngx_free(a->topic);
    }

    a->topic = p;
    a->len = len;

    return NGX_OK;
}


void
ngx_mqtt_alias_free(ngx_mqtt_client_t *cl)
{
    ngx_uint_t           i;
    ngx_mqtt_aliases_t  *table;

    table = cl->aliases;

    if (table == NULL) {
        return;
    }

    cl->aliases = NULL;

    for (i = 0; i < table->nin + table->nout; i++) {
        if (table->in[i].topic) {
            ngx_free(table->in[i].topic);
        }
    }

    ngx_free(table);
}
