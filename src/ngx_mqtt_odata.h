
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ODATA_H_INCLUDED_
#define _NGX_MQTT_ODATA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Filters of connections, "userId eq 'a' and not ('b' in groups)": what
 * "$filter" of OData is in Web PubSub.  Names of functions, operators and
 * constants are in lower case, those of userId, connectionId, groups and
 * protocol in any.
 *
 * Strings are compared byte by byte.  Lengths and positions count UTF-16 code
 * units, as the languages that filters are made in do: a character beyond
 * U+FFFF is two.
 */


/* bytes of a filter; parentheses and calls in each other */

#define NGX_MQTT_ODATA_SIZE     8192
#define NGX_MQTT_ODATA_DEPTH    100

/* what "and" and "or" join */

#define NGX_MQTT_ODATA_CLAUSES  100

/* bytes of strings that are made on the way to one verdict */

#define NGX_MQTT_ODATA_SCRATCH  65536


typedef struct ngx_mqtt_odata_s  ngx_mqtt_odata_t;


/* A connection as a filter sees it.  "data" is for the two functions. */

typedef struct {
    ngx_str_t              connection_id;
    ngx_str_t              user_id;       /* data NULL: null */
    ngx_str_t              protocol;      /* the same */
    ngx_uint_t           (*in_group)(void *data, const ngx_str_t *group);
    ngx_uint_t           (*ngroups)(void *data);
    void                  *data;
} ngx_mqtt_odata_subject_t;


/*
 * Compiles a filter.  The result lives in the pool and does not refer to
 * "text", which may not be empty: that is no filter.
 *
 * NGX_OK; NGX_DECLINED if the filter is refused, *why is a message for who
 * wrote it, in ASCII, with the position from 0 on; NGX_ERROR without memory.
 */
ngx_int_t ngx_mqtt_odata_parse(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_mqtt_odata_t **odata, ngx_str_t *why);

/*
 * 1 if the filter takes the connection, else 0, which is also the verdict if
 * it makes more of long strings than NGX_MQTT_ODATA_SCRATCH.  Allocates
 * nothing.  Not for two threads at once.
 */
ngx_uint_t ngx_mqtt_odata_match(ngx_mqtt_odata_t *odata,
    const ngx_mqtt_odata_subject_t *subject);

/*
 * What a match takes at most, as a number of blocks in the zone looked at,
 * for a connection whose three strings have "len" bytes together.  Calls of
 * in_group() and ngroups() count as two each.
 */
ngx_uint_t ngx_mqtt_odata_cost(const ngx_mqtt_odata_t *odata, size_t len);


#endif /* _NGX_MQTT_ODATA_H_INCLUDED_ */
