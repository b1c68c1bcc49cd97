
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ODATA_CODE_H_INCLUDED_
#define _NGX_MQTT_ODATA_CODE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_odata.h>


/*
 * A compiled filter is a list of operations on a stack of values.  Types are
 * known when it is compiled; only a string and an integer can turn out to be
 * null instead.
 */


/* types; bits, since an operation can take several */

#define NGX_MQTT_ODATA_NULL        0x01
#define NGX_MQTT_ODATA_BOOL        0x02
#define NGX_MQTT_ODATA_INT         0x04
#define NGX_MQTT_ODATA_STRING      0x08
#define NGX_MQTT_ODATA_COLLECTION  0x10    /* groups: never on the stack */

/* a constant null goes for any of them, where no bool must be */

#define NGX_MQTT_ODATA_ANY    (NGX_MQTT_ODATA_NULL|NGX_MQTT_ODATA_BOOL        \
                               |NGX_MQTT_ODATA_INT|NGX_MQTT_ODATA_STRING)
#define NGX_MQTT_ODATA_TEXT   (NGX_MQTT_ODATA_NULL|NGX_MQTT_ODATA_STRING)
#define NGX_MQTT_ODATA_LONG   (NGX_MQTT_ODATA_NULL|NGX_MQTT_ODATA_INT)
#define NGX_MQTT_ODATA_MANY   (NGX_MQTT_ODATA_TEXT|NGX_MQTT_ODATA_COLLECTION)

/* what a comparison takes */

#define NGX_MQTT_ODATA_LESS        0x01
#define NGX_MQTT_ODATA_EQUAL       0x02
#define NGX_MQTT_ODATA_GREATER     0x04


typedef struct {
    ngx_uint_t                type;
    int64_t                   integer;     /* bool: 0 or 1 */
    ngx_str_t                 text;
} ngx_mqtt_odata_value_t;


typedef struct {
    const ngx_mqtt_odata_subject_t  *subject;
    u_char                          *scratch;
    size_t                           used;
} ngx_mqtt_odata_run_t;


typedef struct ngx_mqtt_odata_op_s  ngx_mqtt_odata_op_t;

/* v[0] is the first of the values taken, and becomes the result */

typedef ngx_int_t (*ngx_mqtt_odata_pt)(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);

/*
 * "and" and "or" have no handler: if value.integer is what is on the stack,
 * that is their result, and "skip" operations are left out; else it is taken
 * off.
 */

struct ngx_mqtt_odata_op_s {
    ngx_mqtt_odata_pt         handler;
    ngx_mqtt_odata_value_t    value;       /* integer: which of its kind */
    uint32_t                  nargs;       /* values it takes */
    uint32_t                  skip;        /* "in": constants behind it */
};


struct ngx_mqtt_odata_s {
    ngx_mqtt_odata_op_t      *ops;
    ngx_uint_t                nops;
    ngx_mqtt_odata_value_t   *stack;
    u_char                   *scratch;
    size_t                    len;         /* of the text */
    ngx_uint_t                reads;       /* of strings of a connection */
    ngx_uint_t                strings;     /* operations on strings */
    ngx_uint_t                calls;       /* about groups */
};


typedef enum {
    NGX_MQTT_ODATA_END = 0,
    NGX_MQTT_ODATA_WORD,
    NGX_MQTT_ODATA_VALUE,
    NGX_MQTT_ODATA_SIGN
} ngx_mqtt_odata_token_e;


typedef struct {
    u_char                   *start;       /* of the whole filter */
    u_char                   *pos;
    u_char                   *last;
    size_t                    at;          /* where the token begins */
    ngx_mqtt_odata_token_e    kind;
    ngx_str_t                 text;        /* of a word or a sign */
    ngx_mqtt_odata_value_t    value;
} ngx_mqtt_odata_token_t;


/*
 * Reads the next token.  Two quotes in a string become one where they are, so
 * the filter is written to.  NULL, or why there is none.
 */
const char *ngx_mqtt_odata_token(ngx_mqtt_odata_token_t *t);


typedef struct {
    ngx_pool_t               *pool;
    const ngx_str_t          *source;
    ngx_mqtt_odata_token_t    token;      /* what is looked at */
    ngx_mqtt_odata_t         *odata;
    ngx_array_t               ops;
    ngx_uint_t                depth;
    ngx_uint_t                clauses;
    ngx_uint_t                top;        /* values on the stack */
    ngx_uint_t                height;     /* at most */
    ngx_uint_t                scratch;    /* 1: is needed */

    ngx_int_t                 rc;
    ngx_str_t                *why;
} ngx_mqtt_odata_parser_t;


/* An expression and what computes it: its type; or 0, p->rc says why. */
ngx_uint_t ngx_mqtt_odata_expression(ngx_mqtt_odata_parser_t *p);

/* An operation is added, which makes one value of "nargs"; NULL: no memory. */
ngx_mqtt_odata_op_t *ngx_mqtt_odata_emit(ngx_mqtt_odata_parser_t *p,
    ngx_mqtt_odata_pt handler, ngx_uint_t nargs);

/* Goes to the next token; 0 if what comes is none. */
ngx_uint_t ngx_mqtt_odata_next(ngx_mqtt_odata_parser_t *p);

/* 1 if the token is that word, that sign */
ngx_uint_t ngx_mqtt_odata_is(ngx_mqtt_odata_parser_t *p, const char *word);
ngx_uint_t ngx_mqtt_odata_sign(ngx_mqtt_odata_parser_t *p, u_char sign);

/* 1 if the type is among those wanted; else the filter is refused */
ngx_uint_t ngx_mqtt_odata_want(ngx_mqtt_odata_parser_t *p, size_t at,
    ngx_uint_t type, ngx_uint_t wanted);

/* Refuses the filter, for what is at that byte of it.  Returns 0. */
ngx_uint_t ngx_mqtt_odata_refuse(ngx_mqtt_odata_parser_t *p, size_t at,
    const char *reason);


/* Handlers: NGX_OK, or NGX_DECLINED if the scratch is too small. */

ngx_int_t ngx_mqtt_odata_constant(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_user_id(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_connection_id(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_protocol(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_ngroups(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_not(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_equal(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_order(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_in(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_in_groups(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_tolower(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_toupper(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_trim(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_substring(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_concat(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_contains(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_startswith(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_endswith(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_indexof(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);
ngx_int_t ngx_mqtt_odata_length(ngx_mqtt_odata_run_t *run,
    const ngx_mqtt_odata_op_t *op, ngx_mqtt_odata_value_t *v);


/* Strings; those that are not UTF-8 are as safe, their characters undefined. */

/* the number of UTF-16 code units */
size_t ngx_mqtt_odata_units(const u_char *p, const u_char *last);

/*
 * The place so many units on; NULL if that is behind the end, or between the
 * two units of one character.
 */
u_char *ngx_mqtt_odata_seek(u_char *p, u_char *last, int64_t units);

/*
 * Writes as many bytes as there are in "s".  The case of ASCII, and of most
 * letters of Latin, Greek, Cyrillic and Armenian below U+0590 is changed.
 */
void ngx_mqtt_odata_lower(u_char *dst, const ngx_str_t *s);
void ngx_mqtt_odata_upper(u_char *dst, const ngx_str_t *s);

/* takes Unicode's white space off both ends */
void ngx_mqtt_odata_strip(ngx_str_t *s);


#endif /* _NGX_MQTT_ODATA_CODE_H_INCLUDED_ */
