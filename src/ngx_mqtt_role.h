
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_ROLE_H_INCLUDED_
#define _NGX_MQTT_ROLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_topic.h>


/*
 * Roles are strings: "webpubsub.joinLeaveGroup" (any topic),
 * "webpubsub.joinLeaveGroup.TOPIC" (that topic, whatever its characters),
 * "webpubsub.joinLeaveGroups.PATTERN", and the same three of "sendToGroup".
 * What a server has granted or revoked since has a byte in front that no UTF-8
 * has; revoked is what all other roles but the granted ones give, or a topic,
 * whatever gives it.  In a pattern "?" is one character but ".", "*" any
 * number of them, "**" any number of any characters, "\" takes the meaning off
 * these and itself.
 */

/* what a role is about; bits */
#define NGX_MQTT_ROLE_SUBSCRIBE      0x01
#define NGX_MQTT_ROLE_PUBLISH        0x02

/* for each of the two */
#define NGX_MQTT_ROLE_LITERALS_MAX   1000
#define NGX_MQTT_ROLE_PATTERNS_MAX   10

/* bytes of a pattern; its "*", and its "?", "*" and "**" */
#define NGX_MQTT_ROLE_PATTERN_LEN    1024
#define NGX_MQTT_ROLE_WILD_MAX       5


/* in front of a role */
#define NGX_MQTT_ROLE_GRANTED        0xfe
#define NGX_MQTT_ROLE_REVOKED        0xff

/* in compiled patterns: bytes that no UTF-8 has */
#define NGX_MQTT_PATTERN_ONE         0xfd    /* ? */
#define NGX_MQTT_PATTERN_SOME        0xfe    /* * */
#define NGX_MQTT_PATTERN_ANY         0xff    /* ** */


typedef enum {
    NGX_MQTT_ROLE_ALL = 0,
    NGX_MQTT_ROLE_LITERAL,
    NGX_MQTT_ROLE_PATTERN
} ngx_mqtt_role_e;


/* A role taken apart; "name" points into the string. */

typedef struct {
    ngx_uint_t              kind;         /* NGX_MQTT_ROLE_SUBSCRIBE, ... */
    ngx_mqtt_role_e         form;
    ngx_uint_t              granted;      /* by a server since, or ... */
    ngx_uint_t              revoked;      /* ... taken away by one */
    ngx_str_t               name;         /* the topic or pattern */
    const char             *why;          /* of an error */
} ngx_mqtt_role_t;


/* Single topics, in a hash. */

typedef struct {
    ngx_str_t              *places;
    ngx_uint_t              nplaces;      /* 0, or a power of two */
    ngx_uint_t              n;
} ngx_mqtt_role_names_t;


/* The topics of one kind. */

typedef struct {
    ngx_mqtt_role_names_t   literals;
    ngx_mqtt_role_names_t   revoked;
    ngx_str_t              *patterns;     /* compiled */
    ngx_uint_t              npatterns;
} ngx_mqtt_role_set_t;


/* What some roles allow; one block of memory, immutable. */

typedef struct {
    ngx_uint_t              all;          /* bits: any topic, but for ... */
    ngx_uint_t              some;         /* ... some that are revoked; */
    ngx_uint_t              own;          /* the hub's rights do not count */
    ngx_uint_t              ignored;      /* invalid, or too many */
    ngx_mqtt_role_set_t     sets[2];      /* subscribe, publish */
} ngx_mqtt_rights_t;


/*
 * Takes a role apart.  NGX_DECLINED: it says nothing about topics; NGX_ERROR:
 * it is one of the above and invalid, role->why says why.
 */
ngx_int_t ngx_mqtt_role_parse(ngx_str_t *text, ngx_mqtt_role_t *role);

/*
 * Compiles roles; what is no role, invalid, or beyond the limits, gives no
 * right.  The strings are copied.  From "pool", or from the heap if it is
 * NULL: then the caller frees it by ngx_free().  NULL: no memory.
 */
ngx_mqtt_rights_t *ngx_mqtt_rights_create(ngx_str_t *roles, ngx_uint_t n,
    ngx_pool_t *pool, ngx_log_t *log);

/*
 * 1 if a client's own rights, or else its hub's as far as the former do not
 * take them away, allow to publish to the topic; to subscribe to the filter,
 * which with wildcards they do only if one role covers every topic that it
 * can match.  Both may be NULL.
 */
ngx_uint_t ngx_mqtt_rights_publish(ngx_mqtt_rights_t *own,
    ngx_mqtt_rights_t *hub, ngx_str_t *topic);
ngx_uint_t ngx_mqtt_rights_subscribe(ngx_mqtt_rights_t *own,
    ngx_mqtt_rights_t *hub, ngx_mqtt_filter_t *filter);

/* Bits: what they allow for every topic. */
ngx_uint_t ngx_mqtt_rights_all(ngx_mqtt_rights_t *own,
    ngx_mqtt_rights_t *hub);


/*
 * Compiles a pattern; "buf" takes at least pattern->len bytes.  NGX_OK, or
 * NGX_ERROR with the reason in *why.  *wild: how many "?", "*" and "**".
 */
ngx_int_t ngx_mqtt_pattern_compile(ngx_str_t *pattern, u_char *buf,
    size_t *len, ngx_uint_t *wild, const char **why);

/*
 * 1 if a compiled pattern covers a topic, or every topic that an MQTT filter
 * (without $share) can match.
 */
ngx_uint_t ngx_mqtt_pattern_covers(ngx_str_t *compiled, ngx_str_t *filter);


#endif /* _NGX_MQTT_ROLE_H_INCLUDED_ */
