
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_JSON_H_INCLUDED_
#define _NGX_MQTT_JSON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* bytes of a text, arrays and objects in each other */

#define NGX_MQTT_JSON_SIZE     16777216
#define NGX_MQTT_JSON_DEPTH    32

/* values in a tree, members of an object in it */

#define NGX_MQTT_JSON_VALUES   16384
#define NGX_MQTT_JSON_MEMBERS  256


#define NGX_MQTT_JSON_NULL     0
#define NGX_MQTT_JSON_BOOL     1
#define NGX_MQTT_JSON_NUMBER   2
#define NGX_MQTT_JSON_STRING   3
#define NGX_MQTT_JSON_ARRAY    4
#define NGX_MQTT_JSON_OBJECT   5


/*
 * A value.  Lives in the pool it was read into; name and text may point into
 * what was read.  A string can hold any character, U+0000 too.
 */

typedef struct ngx_mqtt_json_s  ngx_mqtt_json_t;

struct ngx_mqtt_json_s {
    ngx_str_t              name;          /* of a member, else empty */
    ngx_str_t              text;          /* of a string: what it says;
                                             else the value as written */
    int64_t                integer;       /* if is_integer; bool: 0 or 1 */
    ngx_mqtt_json_t       *first;         /* of the members or items */
    ngx_mqtt_json_t       *next;          /* beside this one */
    uint32_t               n;             /* members or items */
    u_char                 type;
    u_char                 is_integer;    /* no fraction, no exponent, fits */
};


/*
 * Reads a JSON text: UTF-8, no BOM, nothing behind the value.  What is deeper
 * than "levels" is checked but gets no values: with 1, the members of an
 * object are there, and of those that are arrays or objects the text alone.
 * Names may not be repeated in an object whose members are kept.
 *
 * NGX_OK; NGX_DECLINED if the text is refused, *reason says why in a few
 * words; NGX_ERROR without memory.  What was taken from the pool stays there
 * (RFC 8259).
 */
ngx_int_t ngx_mqtt_json_parse(ngx_pool_t *pool, const ngx_str_t *text,
    ngx_uint_t levels, ngx_mqtt_json_t **root, const char **reason);

/* The member of that name, or NULL; also NULL if this is no object. */
ngx_mqtt_json_t *ngx_mqtt_json_get(const ngx_mqtt_json_t *object,
    const char *name);

/*
 * A string with its quotes, and the number of bytes it takes.  Bytes that are
 * not UTF-8 become U+FFFD.  Returns the end.
 */
size_t ngx_mqtt_json_size(const ngx_str_t *s);
u_char *ngx_mqtt_json_write(u_char *p, const ngx_str_t *s);


#endif /* _NGX_MQTT_JSON_H_INCLUDED_ */
