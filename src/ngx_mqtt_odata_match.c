
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata_code.h>


static void ngx_mqtt_odata_string(ngx_mqtt_odata_value_t *v,
    const ngx_str_t *s);
static ngx_int_t ngx_mqtt_odata_bool(ngx_mqtt_odata_run_t *run,
    ngx_mqtt_odata_value_t *v, ngx_uint_t value);
static ngx_uint_t ngx_mqtt_odata_same(const ngx_mqtt_odata_value_t *a,
    const ngx_mqtt_odata_value_t *b);
static u_char *ngx_mqtt_odata_find(const ngx_mqtt_odata_value_t *v);
static u_char *ngx_mqtt_odata_alloc(ngx_mqtt_odata_run_t *run, size_t len);


ngx_uint_t
ngx_mqtt_odata_match(ngx_mqtt_odata_t *odata,
    const ngx_mqtt_odata_subject_t *subject)
{
    ngx_mqtt_odata_op_t     *op, *last;
    ngx_mqtt_odata_run_t     run;
    ngx_mqtt_odata_value_t  *top;

    run.subject = subject;
    run.scratch = odata->scratch;
    run.used = 0;

    top = odata->stack;
    last = odata->ops + odata->nops;

    for (op = odata->ops; op < last; op++) {

        if (op->handler == NULL) {

            if (top[-1].integer == op->value.integer) {
                op += op->skip;

            } else {
                top--;
            }

            continue;
        }

        top -= op->nargs;

        if (op->handler(&run, op, top) != NGX_OK) {
            return 0;
        }

        top++;
        op += op->skip;
    }

    return (ngx_uint_t) odata->stack[0].integer;
}


ngx_int_t
ngx_mqtt_odata_constant(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    *v = op->value;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_user_id(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    ngx_mqtt_odata_string(v, &run->subject->user_id);

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_connection_id(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    v->type = NGX_MQTT_ODATA_STRING;
    v->text = run->subject->connection_id;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_protocol(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    ngx_mqtt_odata_string(v, &run->subject->protocol);

    return NGX_OK;
}


static void
ngx_mqtt_odata_string(ngx_mqtt_odata_value_t *v, const ngx_str_t *s)
{
    v->type = s->data ? NGX_MQTT_ODATA_STRING : NGX_MQTT_ODATA_NULL;
    v->text = *s;
}


ngx_int_t
ngx_mqtt_odata_ngroups(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    v->type = NGX_MQTT_ODATA_INT;
    v->integer = (int64_t) run->subject->ngroups(run->subject->data);

    return NGX_OK;
}


static ngx_int_t
ngx_mqtt_odata_bool(ngx_mqtt_odata_run_t *run, ngx_mqtt_odata_value_t *v,
    ngx_uint_t value)
{
    v->type = NGX_MQTT_ODATA_BOOL;
    v->integer = value ? 1 : 0;

    /* no string waits on the stack: nothing that makes one takes a bool */

    run->used = 0;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_not(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    return ngx_mqtt_odata_bool(run, v, !v->integer);
}


ngx_int_t
ngx_mqtt_odata_equal(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    ngx_uint_t  result;

    result = ngx_mqtt_odata_same(&v[0], &v[1]) ? NGX_MQTT_ODATA_EQUAL
             : NGX_MQTT_ODATA_LESS|NGX_MQTT_ODATA_GREATER;

    return ngx_mqtt_odata_bool(run, v, op->value.integer & result);
}


ngx_int_t
ngx_mqtt_odata_order(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    ngx_uint_t  result;

    if ((v[0].type | v[1].type) & NGX_MQTT_ODATA_NULL) {
        return ngx_mqtt_odata_bool(run, v, 0);
    }

    result = (v[0].integer < v[1].integer) ? NGX_MQTT_ODATA_LESS
             : (v[0].integer > v[1].integer) ? NGX_MQTT_ODATA_GREATER
             : NGX_MQTT_ODATA_EQUAL;

    return ngx_mqtt_odata_bool(run, v, op->value.integer & result);
}


ngx_int_t
ngx_mqtt_odata_in(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    ngx_uint_t  i;

    for (i = 1; i <= op->skip; i++) {

        if (ngx_mqtt_odata_same(v, &op[i].value)) {
            return ngx_mqtt_odata_bool(run, v, 1);
        }
    }

    return ngx_mqtt_odata_bool(run, v, 0);
}


ngx_int_t
ngx_mqtt_odata_in_groups(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    return ngx_mqtt_odata_bool(run, v, v->type == NGX_MQTT_ODATA_STRING
                                       && run->subject->in_group(
                                              run->subject->data, &v->text));
}


static ngx_uint_t
ngx_mqtt_odata_same(const ngx_mqtt_odata_value_t *a,
    const ngx_mqtt_odata_value_t *b)
{
    if (a->type != b->type) {
        return 0;
    }

    switch (a->type) {

    case NGX_MQTT_ODATA_NULL:
        return 1;

    case NGX_MQTT_ODATA_STRING:
        return a->text.len == b->text.len
               && (a->text.len == 0
                   || ngx_memcmp(a->text.data, b->text.data, a->text.len)
                      == 0);

    default:
        return a->integer == b->integer;
    }
}


ngx_int_t
ngx_mqtt_odata_tolower(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    u_char  *p;

    if (v->type == NGX_MQTT_ODATA_NULL) {
        return NGX_OK;
    }

    p = ngx_mqtt_odata_alloc(run, v->text.len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    ngx_mqtt_odata_lower(p, &v->text);
    v->text.data = p;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_toupper(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    u_char  *p;

    if (v->type == NGX_MQTT_ODATA_NULL) {
        return NGX_OK;
    }

    p = ngx_mqtt_odata_alloc(run, v->text.len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    ngx_mqtt_odata_upper(p, &v->text);
    v->text.data = p;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_trim(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    if (v->type != NGX_MQTT_ODATA_NULL) {
        ngx_mqtt_odata_strip(&v->text);
    }

    return NGX_OK;
}


/* null also if it would reach beyond the string */

ngx_int_t
ngx_mqtt_odata_substring(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    u_char  *start, *end, *last;

    if (v[0].type == NGX_MQTT_ODATA_NULL
        || v[1].type == NGX_MQTT_ODATA_NULL
        || (op->nargs == 3 && v[2].type == NGX_MQTT_ODATA_NULL))
    {
        v->type = NGX_MQTT_ODATA_NULL;
        return NGX_OK;
    }

    last = v->text.data + v->text.len;

    start = ngx_mqtt_odata_seek(v->text.data, last, v[1].integer);
    end = last;

    if (start && op->nargs == 3) {
        end = ngx_mqtt_odata_seek(start, last, v[2].integer);
    }

    if (start == NULL || end == NULL) {
        v->type = NGX_MQTT_ODATA_NULL;
        return NGX_OK;
    }

    v->text.data = start;
    v->text.len = end - start;

    return NGX_OK;
}


/* null is nothing beside a string */

ngx_int_t
ngx_mqtt_odata_concat(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    u_char  *p, *end;

    if (v[1].type == NGX_MQTT_ODATA_NULL) {
        return NGX_OK;
    }

    if (v[0].type == NGX_MQTT_ODATA_NULL) {
        v[0] = v[1];
        return NGX_OK;
    }

    p = ngx_mqtt_odata_alloc(run, v[0].text.len + v[1].text.len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    end = ngx_cpymem(p, v[0].text.data, v[0].text.len);
    end = ngx_cpymem(end, v[1].text.data, v[1].text.len);

    v->text.data = p;
    v->text.len = end - p;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_contains(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    return ngx_mqtt_odata_bool(run, v, ngx_mqtt_odata_find(v) != NULL);
}


ngx_int_t
ngx_mqtt_odata_startswith(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    v[0].text.len = ngx_min(v[0].text.len, v[1].text.len);

    return ngx_mqtt_odata_bool(run, v, ngx_mqtt_odata_find(v) != NULL);
}


ngx_int_t
ngx_mqtt_odata_endswith(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    if (v[0].text.len > v[1].text.len) {
        v[0].text.data += v[0].text.len - v[1].text.len;
        v[0].text.len = v[1].text.len;
    }

    return ngx_mqtt_odata_bool(run, v, ngx_mqtt_odata_find(v) != NULL);
}


ngx_int_t
ngx_mqtt_odata_indexof(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v)
{
    u_char  *p;

    p = ngx_mqtt_odata_find(v);

    v->type = NGX_MQTT_ODATA_INT;
    v->integer = p ? (int64_t) ngx_mqtt_odata_units(v->text.data, p) : -1;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_odata_length(ngx_mqtt_odata_run_t *run, const ngx_mqtt_odata_op_t *op,
    ngx_mqtt_odata_value_t *v)
{
    if (v->type != NGX_MQTT_ODATA_NULL) {
        v->type = NGX_MQTT_ODATA_INT;
        v->integer = (int64_t) ngx_mqtt_odata_units(v->text.data,
                                                    v->text.data
                                                    + v->text.len);
    }

    return NGX_OK;
}


/* where the second string is in the first */

static u_char *
ngx_mqtt_odata_find(const ngx_mqtt_odata_value_t *v)
{
    if ((v[0].type | v[1].type) & NGX_MQTT_ODATA_NULL) {
        return NULL;
    }

    return memmem(v[0].text.data, v[0].text.len, v[1].text.data,
                  v[1].text.len);
}


static u_char *
ngx_mqtt_odata_alloc(ngx_mqtt_odata_run_t *run, size_t len)
{
    u_char  *p;

    if (len > NGX_MQTT_ODATA_SCRATCH - run->used) {
        return NULL;
    }

    p = run->scratch + run->used;
    run->used += len;

    return p;
}
