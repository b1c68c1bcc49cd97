
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata_code.h>
#include <ngx_mqtt_topic.h>


/* bytes of a message to who wrote a filter */

#define NGX_MQTT_ODATA_WHY  128


static ngx_int_t ngx_mqtt_odata_finish(ngx_mqtt_odata_parser_t *p);
static const char *ngx_mqtt_odata_type(ngx_uint_t type);


ngx_int_t
ngx_mqtt_odata_parse(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_mqtt_odata_t **odata, ngx_str_t *why)
{
    ngx_mqtt_odata_parser_t  p;

    ngx_memzero(&p, sizeof(ngx_mqtt_odata_parser_t));

    p.pool = pool;
    p.source = text;
    p.why = why;
    p.rc = NGX_ERROR;

    if (text->len > NGX_MQTT_ODATA_SIZE) {
        ngx_mqtt_odata_refuse(&p, 0, "too long");
        return p.rc;
    }

    if (ngx_mqtt_utf8_valid(text->data, text->len) != NGX_OK) {
        ngx_mqtt_odata_refuse(&p, 0, "not UTF-8");
        return p.rc;
    }

    p.token.start = ngx_pnalloc(pool, text->len + 1);
    p.odata = ngx_pcalloc(pool, sizeof(ngx_mqtt_odata_t));

    if (p.token.start == NULL || p.odata == NULL
        || ngx_array_init(&p.ops, pool, 8, sizeof(ngx_mqtt_odata_op_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    p.token.pos = p.token.start;
    p.token.last = ngx_cpymem(p.token.start, text->data, text->len);
    p.odata->len = text->len;

    if (ngx_mqtt_odata_finish(&p) != NGX_OK) {
        return p.rc;
    }

    *odata = p.odata;

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_odata_finish(ngx_mqtt_odata_parser_t *p)
{
    ngx_uint_t  type;

    if (!ngx_mqtt_odata_next(p)) {
        return NGX_ERROR;
    }

    type = ngx_mqtt_odata_expression(p);

    if (type == 0) {
        return NGX_ERROR;
    }

    if (p->token.kind != NGX_MQTT_ODATA_END) {
        ngx_mqtt_odata_refuse(p, p->token.at,
                              "an operator or the end was expected");
        return NGX_ERROR;
    }

    if (!ngx_mqtt_odata_want(p, 0, type, NGX_MQTT_ODATA_BOOL)) {
        return NGX_ERROR;
    }

    p->odata->ops = p->ops.elts;
    p->odata->nops = p->ops.nelts;

    p->odata->stack = ngx_pcalloc(p->pool,
                              p->height * sizeof(ngx_mqtt_odata_value_t));
    if (p->odata->stack == NULL) {
        return NGX_ERROR;
    }

    if (p->scratch) {
        p->odata->scratch = ngx_pnalloc(p->pool, NGX_MQTT_ODATA_SCRATCH);
        if (p->odata->scratch == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_mqtt_odata_cost(const ngx_mqtt_odata_t *odata, size_t len)
{
    size_t  walk;

    /* what one operation can get to see */

    walk = ngx_min(odata->reads * len + odata->len, NGX_MQTT_ODATA_SCRATCH);

    return 1 + odata->nops / 16 + odata->strings * walk / 512
           + odata->calls * 2;
}


ngx_mqtt_odata_op_t *
ngx_mqtt_odata_emit(ngx_mqtt_odata_parser_t *p, ngx_mqtt_odata_pt handler,
    ngx_uint_t nargs)
{
    ngx_mqtt_odata_op_t  *op;

    op = ngx_array_push(&p->ops);
    if (op == NULL) {
        return NULL;
    }

    ngx_memzero(op, sizeof(ngx_mqtt_odata_op_t));

    op->handler = handler;
    op->nargs = nargs;

    if (handler == NULL) {
        p->top--;
        return op;
    }

    p->top = p->top - nargs + 1;
    p->height = ngx_max(p->height, p->top);

    return op;
}


ngx_uint_t
ngx_mqtt_odata_next(ngx_mqtt_odata_parser_t *p)
{
    const char  *reason;

    reason = ngx_mqtt_odata_token(&p->token);

    return reason ? ngx_mqtt_odata_refuse(p, p->token.at, reason) : 1;
}


ngx_uint_t
ngx_mqtt_odata_is(ngx_mqtt_odata_parser_t *p, const char *word)
{
    return p->token.kind == NGX_MQTT_ODATA_WORD
           && p->token.text.len == ngx_strlen(word)
           && ngx_memcmp(p->token.text.data, word, p->token.text.len) == 0;
}


ngx_uint_t
ngx_mqtt_odata_sign(ngx_mqtt_odata_parser_t *p, u_char sign)
{
    return p->token.kind == NGX_MQTT_ODATA_SIGN
           && p->token.text.data[0] == sign;
}


ngx_uint_t
ngx_mqtt_odata_want(ngx_mqtt_odata_parser_t *p, size_t at, ngx_uint_t type,
    ngx_uint_t wanted)
{
    u_char  reason[64];

    if ((type & wanted) == type) {
        return 1;
    }

    *ngx_snprintf(reason, sizeof(reason) - 1, "type '%s', '%s' was expected",
                  ngx_mqtt_odata_type(type), ngx_mqtt_odata_type(wanted))
        = '\0';

    return ngx_mqtt_odata_refuse(p, at, (const char *) reason);
}


static const char *
ngx_mqtt_odata_type(ngx_uint_t type)
{
    switch (type) {

    case NGX_MQTT_ODATA_NULL:
        return "null";

    case NGX_MQTT_ODATA_BOOL:
    case NGX_MQTT_ODATA_BOOL|NGX_MQTT_ODATA_NULL:
        return "bool";

    case NGX_MQTT_ODATA_INT:
    case NGX_MQTT_ODATA_LONG:
        return "int";

    case NGX_MQTT_ODATA_STRING:
    case NGX_MQTT_ODATA_TEXT:
    case NGX_MQTT_ODATA_MANY:
        return "string";

    case NGX_MQTT_ODATA_COLLECTION:
        return "collection";

    default:
        return "string', 'int' or 'bool";
    }
}


ngx_uint_t
ngx_mqtt_odata_refuse(ngx_mqtt_odata_parser_t *p, size_t at,
    const char *reason)
{
    u_char  *data;

    data = ngx_pnalloc(p->pool, NGX_MQTT_ODATA_WHY);

    if (data) {
        p->why->data = data;
        p->why->len = ngx_snprintf(data, NGX_MQTT_ODATA_WHY,
                                   "Parameter 'filter' at position %uz: %s",
                                   ngx_mqtt_odata_units(p->source->data,
                                                        p->source->data + at),
                                   reason)
                      - data;
        p->rc = NGX_DECLINED;
    }

    return 0;
}
