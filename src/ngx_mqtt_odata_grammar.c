
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata_code.h>


typedef struct {
    const char               *name;
    ngx_mqtt_odata_pt         handler;
    ngx_uint_t                type;       /* of the result */
    ngx_uint_t                min;        /* arguments */
    ngx_uint_t                max;
    ngx_uint_t                args[3];    /* their types */
} ngx_mqtt_odata_function_t;


typedef struct {
    const char               *name;
    ngx_mqtt_odata_pt         handler;
    ngx_uint_t                takes;
} ngx_mqtt_odata_comparison_t;


/* Each reads what its name says, and returns the type of it, or 0. */

static ngx_uint_t ngx_mqtt_odata_joined(ngx_mqtt_odata_parser_t *p,
    const char *word);
static ngx_uint_t ngx_mqtt_odata_operand(ngx_mqtt_odata_parser_t *p,
    const char *word);
static ngx_uint_t ngx_mqtt_odata_clause(ngx_mqtt_odata_parser_t *p);
static ngx_uint_t ngx_mqtt_odata_compare(ngx_mqtt_odata_parser_t *p,
    const ngx_mqtt_odata_comparison_t *c, size_t at, ngx_uint_t type);
static ngx_uint_t ngx_mqtt_odata_set(ngx_mqtt_odata_parser_t *p, size_t at,
    ngx_uint_t type);
static ngx_uint_t ngx_mqtt_odata_items(ngx_mqtt_odata_parser_t *p,
    ngx_uint_t type);
static ngx_uint_t ngx_mqtt_odata_unary(ngx_mqtt_odata_parser_t *p);
static ngx_uint_t ngx_mqtt_odata_primary(ngx_mqtt_odata_parser_t *p);
static ngx_uint_t ngx_mqtt_odata_nested(ngx_mqtt_odata_parser_t *p,
    ngx_uint_t wanted);
static ngx_uint_t ngx_mqtt_odata_call(ngx_mqtt_odata_parser_t *p,
    const ngx_mqtt_odata_function_t *f);
static ngx_uint_t ngx_mqtt_odata_identifier(ngx_mqtt_odata_parser_t *p);


static const ngx_mqtt_odata_comparison_t  ngx_mqtt_odata_comparisons[] = {
    { "eq", ngx_mqtt_odata_equal, NGX_MQTT_ODATA_EQUAL },
    { "ne", ngx_mqtt_odata_equal, NGX_MQTT_ODATA_LESS|NGX_MQTT_ODATA_GREATER },
    { "gt", ngx_mqtt_odata_order, NGX_MQTT_ODATA_GREATER },
    { "ge", ngx_mqtt_odata_order, NGX_MQTT_ODATA_GREATER|NGX_MQTT_ODATA_EQUAL },
    { "lt", ngx_mqtt_odata_order, NGX_MQTT_ODATA_LESS },
    { "le", ngx_mqtt_odata_order, NGX_MQTT_ODATA_LESS|NGX_MQTT_ODATA_EQUAL },
    { NULL, NULL, 0 }
};


static const ngx_mqtt_odata_function_t  ngx_mqtt_odata_functions[] = {

    { "tolower", ngx_mqtt_odata_tolower, NGX_MQTT_ODATA_STRING, 1, 1,
      { NGX_MQTT_ODATA_TEXT, 0, 0 } },

    { "toupper", ngx_mqtt_odata_toupper, NGX_MQTT_ODATA_STRING, 1, 1,
      { NGX_MQTT_ODATA_TEXT, 0, 0 } },

    { "trim", ngx_mqtt_odata_trim, NGX_MQTT_ODATA_STRING, 1, 1,
      { NGX_MQTT_ODATA_TEXT, 0, 0 } },

    { "substring", ngx_mqtt_odata_substring, NGX_MQTT_ODATA_STRING, 2, 3,
      { NGX_MQTT_ODATA_TEXT, NGX_MQTT_ODATA_LONG, NGX_MQTT_ODATA_LONG } },

    { "concat", ngx_mqtt_odata_concat, NGX_MQTT_ODATA_STRING, 2, 2,
      { NGX_MQTT_ODATA_TEXT, NGX_MQTT_ODATA_TEXT, 0 } },

    { "contains", ngx_mqtt_odata_contains, NGX_MQTT_ODATA_BOOL, 2, 2,
      { NGX_MQTT_ODATA_TEXT, NGX_MQTT_ODATA_TEXT, 0 } },

    { "startswith", ngx_mqtt_odata_startswith, NGX_MQTT_ODATA_BOOL, 2, 2,
      { NGX_MQTT_ODATA_TEXT, NGX_MQTT_ODATA_TEXT, 0 } },

    { "endswith", ngx_mqtt_odata_endswith, NGX_MQTT_ODATA_BOOL, 2, 2,
      { NGX_MQTT_ODATA_TEXT, NGX_MQTT_ODATA_TEXT, 0 } },

    { "indexof", ngx_mqtt_odata_indexof, NGX_MQTT_ODATA_INT, 2, 2,
      { NGX_MQTT_ODATA_TEXT, NGX_MQTT_ODATA_TEXT, 0 } },

    { "length", ngx_mqtt_odata_length, NGX_MQTT_ODATA_INT, 1, 1,
      { NGX_MQTT_ODATA_MANY, 0, 0 } },

    { NULL, NULL, 0, 0, 0, { 0, 0, 0 } }
};


ngx_uint_t
ngx_mqtt_odata_expression(ngx_mqtt_odata_parser_t *p)
{
    return ngx_mqtt_odata_joined(p, "or");
}


/* what is joined by "or": clauses joined by "and" */

static ngx_uint_t
ngx_mqtt_odata_joined(ngx_mqtt_odata_parser_t *p, const char *word)
{
    size_t                at;
    ngx_uint_t            i, type;
    ngx_mqtt_odata_op_t  *op;

    at = p->token.at;
    type = ngx_mqtt_odata_operand(p, word);

    while (type && ngx_mqtt_odata_is(p, word)) {

        if (!ngx_mqtt_odata_want(p, at, type, NGX_MQTT_ODATA_BOOL)) {
            return 0;
        }

        if (++p->clauses == NGX_MQTT_ODATA_CLAUSES) {
            return ngx_mqtt_odata_refuse(p, p->token.at, "too many clauses");
        }

        i = p->ops.nelts;

        op = ngx_mqtt_odata_emit(p, NULL, 0);
        if (op == NULL) {
            return 0;
        }

        op->value.integer = (*word == 'o');

        if (!ngx_mqtt_odata_next(p)) {
            return 0;
        }

        at = p->token.at;
        type = ngx_mqtt_odata_operand(p, word);

        if (type == 0
            || !ngx_mqtt_odata_want(p, at, type, NGX_MQTT_ODATA_BOOL))
        {
            return 0;
        }

        op = p->ops.elts;
        op[i].skip = p->ops.nelts - i - 1;
    }

    return type;
}


static ngx_uint_t
ngx_mqtt_odata_operand(ngx_mqtt_odata_parser_t *p, const char *word)
{
    return (*word == 'o') ? ngx_mqtt_odata_joined(p, "and")
                          : ngx_mqtt_odata_clause(p);
}


static ngx_uint_t
ngx_mqtt_odata_clause(ngx_mqtt_odata_parser_t *p)
{
    size_t                              at;
    ngx_uint_t                          type;
    const ngx_mqtt_odata_comparison_t  *c;

    at = p->token.at;

    type = ngx_mqtt_odata_unary(p);
    if (type == 0) {
        return 0;
    }

    if (ngx_mqtt_odata_is(p, "in")) {
        return ngx_mqtt_odata_set(p, at, type);
    }

    for (c = ngx_mqtt_odata_comparisons; c->name; c++) {
        if (ngx_mqtt_odata_is(p, c->name)) {
            return ngx_mqtt_odata_compare(p, c, at, type);
        }
    }

    return type;
}


static ngx_uint_t
ngx_mqtt_odata_compare(ngx_mqtt_odata_parser_t *p,
    const ngx_mqtt_odata_comparison_t *c, size_t at, ngx_uint_t type)
{
    ngx_uint_t            right, wanted;
    ngx_mqtt_odata_op_t  *op;

    wanted = (c->handler == ngx_mqtt_odata_order) ? NGX_MQTT_ODATA_LONG
                                                  : NGX_MQTT_ODATA_ANY;

    if (!ngx_mqtt_odata_want(p, at, type, wanted)
        || !ngx_mqtt_odata_next(p))
    {
        return 0;
    }

    if (type != NGX_MQTT_ODATA_NULL) {
        wanted &= type|NGX_MQTT_ODATA_NULL;
    }

    at = p->token.at;
    right = ngx_mqtt_odata_unary(p);

    if (right == 0 || !ngx_mqtt_odata_want(p, at, right, wanted)) {
        return 0;
    }

    op = ngx_mqtt_odata_emit(p, c->handler, 2);
    if (op == NULL) {
        return 0;
    }

    op->value.integer = c->takes;
    p->odata->strings += (type == NGX_MQTT_ODATA_STRING);

    return NGX_MQTT_ODATA_BOOL;
}


static ngx_uint_t
ngx_mqtt_odata_set(ngx_mqtt_odata_parser_t *p, size_t at, ngx_uint_t type)
{
    size_t      right;
    ngx_uint_t  groups;

    if (!ngx_mqtt_odata_want(p, at, type, NGX_MQTT_ODATA_ANY)
        || !ngx_mqtt_odata_next(p))
    {
        return 0;
    }

    if (ngx_mqtt_odata_sign(p, '(')) {
        return ngx_mqtt_odata_items(p, type);
    }

    right = p->token.at;
    groups = (p->token.kind == NGX_MQTT_ODATA_WORD)
             ? ngx_mqtt_odata_identifier(p) : NGX_MQTT_ODATA_NULL;

    if (groups == 0) {
        return 0;
    }

    if (groups != NGX_MQTT_ODATA_COLLECTION) {
        return ngx_mqtt_odata_refuse(p, right,
                                     "a list or \"groups\" was expected");
    }

    if (!ngx_mqtt_odata_want(p, at, type, NGX_MQTT_ODATA_TEXT)
        || ngx_mqtt_odata_emit(p, ngx_mqtt_odata_in_groups, 1) == NULL)
    {
        return 0;
    }

    p->odata->calls++;

    return NGX_MQTT_ODATA_BOOL;
}


static ngx_uint_t
ngx_mqtt_odata_items(ngx_mqtt_odata_parser_t *p, ngx_uint_t type)
{
    ngx_uint_t            i;
    ngx_mqtt_odata_op_t  *op;

    i = p->ops.nelts;

    if (ngx_mqtt_odata_emit(p, ngx_mqtt_odata_in, 1) == NULL) {
        return 0;
    }

    do {
        if (!ngx_mqtt_odata_next(p)) {
            return 0;
        }

        if (p->token.kind != NGX_MQTT_ODATA_VALUE) {
            return ngx_mqtt_odata_refuse(p, p->token.at,
                                         "a constant was expected");
        }

        if (type == NGX_MQTT_ODATA_NULL) {
            type = p->token.value.type;
        }

        if (!ngx_mqtt_odata_want(p, p->token.at, p->token.value.type,
                                 type|NGX_MQTT_ODATA_NULL))
        {
            return 0;
        }

        op = ngx_array_push(&p->ops);
        if (op == NULL) {
            return 0;
        }

        ngx_memzero(op, sizeof(ngx_mqtt_odata_op_t));
        op->value = p->token.value;

        if (!ngx_mqtt_odata_next(p)) {
            return 0;
        }

    } while (ngx_mqtt_odata_sign(p, ','));

    if (!ngx_mqtt_odata_sign(p, ')')) {
        return ngx_mqtt_odata_refuse(p, p->token.at, "\")\" was expected");
    }

    op = p->ops.elts;
    op[i].skip = p->ops.nelts - i - 1;

    p->odata->strings++;

    return ngx_mqtt_odata_next(p) ? NGX_MQTT_ODATA_BOOL : 0;
}


static ngx_uint_t
ngx_mqtt_odata_unary(ngx_mqtt_odata_parser_t *p)
{
    size_t      at;
    ngx_uint_t  type;

    if (!ngx_mqtt_odata_is(p, "not")) {
        return ngx_mqtt_odata_primary(p);
    }

    if (!ngx_mqtt_odata_next(p)) {
        return 0;
    }

    at = p->token.at;
    type = ngx_mqtt_odata_primary(p);

    if (type == 0
        || !ngx_mqtt_odata_want(p, at, type, NGX_MQTT_ODATA_BOOL)
        || ngx_mqtt_odata_emit(p, ngx_mqtt_odata_not, 1) == NULL)
    {
        return 0;
    }

    return NGX_MQTT_ODATA_BOOL;
}


static ngx_uint_t
ngx_mqtt_odata_primary(ngx_mqtt_odata_parser_t *p)
{
    ngx_uint_t                        type;
    ngx_mqtt_odata_op_t              *op;
    const ngx_mqtt_odata_function_t  *f;

    if (p->token.kind == NGX_MQTT_ODATA_VALUE) {

        op = ngx_mqtt_odata_emit(p, ngx_mqtt_odata_constant, 0);
        if (op == NULL) {
            return 0;
        }

        op->value = p->token.value;
        type = p->token.value.type;

        return ngx_mqtt_odata_next(p) ? type : 0;
    }

    if (ngx_mqtt_odata_sign(p, '(')) {
        type = ngx_mqtt_odata_nested(p, NGX_MQTT_ODATA_ANY
                                        |NGX_MQTT_ODATA_COLLECTION);
        if (type == 0) {
            return 0;
        }

        if (!ngx_mqtt_odata_sign(p, ')')) {
            return ngx_mqtt_odata_refuse(p, p->token.at, "\")\" was expected");
        }

        return ngx_mqtt_odata_next(p) ? type : 0;
    }

    for (f = ngx_mqtt_odata_functions; f->name; f++) {
        if (ngx_mqtt_odata_is(p, f->name)) {
            return ngx_mqtt_odata_call(p, f);
        }
    }

    return ngx_mqtt_odata_identifier(p);
}


/* behind a parenthesis or a comma */

static ngx_uint_t
ngx_mqtt_odata_nested(ngx_mqtt_odata_parser_t *p, ngx_uint_t wanted)
{
    size_t      at;
    ngx_uint_t  type;

    if (p->depth == NGX_MQTT_ODATA_DEPTH) {
        return ngx_mqtt_odata_refuse(p, p->token.at, "too deep");
    }

    if (!ngx_mqtt_odata_next(p)) {
        return 0;
    }

    at = p->token.at;

    p->depth++;
    type = ngx_mqtt_odata_expression(p);
    p->depth--;

    return (type && ngx_mqtt_odata_want(p, at, type, wanted)) ? type : 0;
}


static ngx_uint_t
ngx_mqtt_odata_call(ngx_mqtt_odata_parser_t *p,
    const ngx_mqtt_odata_function_t *f)
{
    ngx_uint_t  n, type, collection;

    if (!ngx_mqtt_odata_next(p)) {
        return 0;
    }

    collection = 0;

    for (n = 0; ngx_mqtt_odata_sign(p, n ? ',' : '('); n++) {

        if (n == f->max) {
            return ngx_mqtt_odata_refuse(p, p->token.at, "too many arguments");
        }

        type = ngx_mqtt_odata_nested(p, f->args[n]);

        if (type == 0) {
            return 0;
        }

        collection |= (type == NGX_MQTT_ODATA_COLLECTION);
    }

    if (!ngx_mqtt_odata_sign(p, n ? ')' : '(')) {
        return ngx_mqtt_odata_refuse(p, p->token.at,
                                     n ? "\")\" was expected"
                                       : "\"(\" was expected");
    }

    if (n < f->min) {
        return ngx_mqtt_odata_refuse(p, p->token.at, "too few arguments");
    }

    if (ngx_mqtt_odata_emit(p, collection ? ngx_mqtt_odata_ngroups
                                          : f->handler,
                            collection ? 0 : n)
        == NULL)
    {
        return 0;
    }

    p->odata->calls += collection;
    p->odata->strings += !collection;
    p->scratch |= (f->handler == ngx_mqtt_odata_tolower
                   || f->handler == ngx_mqtt_odata_toupper
                   || f->handler == ngx_mqtt_odata_concat);

    return ngx_mqtt_odata_next(p) ? f->type : 0;
}


static ngx_uint_t
ngx_mqtt_odata_identifier(ngx_mqtt_odata_parser_t *p)
{
    ngx_uint_t         i;
    ngx_mqtt_odata_pt  handler;

    static const struct {
        ngx_str_t          name;
        ngx_mqtt_odata_pt  handler;
    } names[] = {
        { ngx_string("userId"), ngx_mqtt_odata_user_id },
        { ngx_string("connectionId"), ngx_mqtt_odata_connection_id },
        { ngx_string("protocol"), ngx_mqtt_odata_protocol },
        { ngx_string("groups"), NULL }
    };

    if (p->token.kind != NGX_MQTT_ODATA_WORD) {
        return ngx_mqtt_odata_refuse(p, p->token.at, "an operand was expected");
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        if (names[i].name.len != p->token.text.len
            || ngx_strncasecmp(names[i].name.data, p->token.text.data,
                               p->token.text.len)
               != 0)
        {
            continue;
        }

        handler = names[i].handler;

        if (!ngx_mqtt_odata_next(p)) {
            return 0;
        }

        if (handler == NULL) {
            return NGX_MQTT_ODATA_COLLECTION;
        }

        p->odata->reads++;

        return ngx_mqtt_odata_emit(p, handler, 0) ? NGX_MQTT_ODATA_STRING : 0;
    }

    return ngx_mqtt_odata_refuse(p, p->token.at, "unknown name");
}
