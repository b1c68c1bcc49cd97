
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_CONF_H_INCLUDED_
#define _NGX_MQTT_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_broker.h>
#include <ngx_mqtt_hub.h>
#include <ngx_mqtt_event.h>
#include <ngx_mqtt_jwt.h>
#include <ngx_mqtt_password.h>


/* the context of directives inside an "mqtt_hub" block */

#define NGX_MQTT_HUB_CONF           0x02000000

#define NGX_MQTT_HUB_NAME_MAX       128


/* Where something was written; a NULL file is the command line. */

typedef struct {
    u_char                *file;
    ngx_uint_t             line;
} ngx_mqtt_conf_place_t;


/* One "mqtt_zone", from cf->pool. */

typedef struct {
    ngx_str_t              name;
    size_t                 size;
    ngx_mqtt_zone_t        handle;
    ngx_mqtt_conf_place_t  place;
    unsigned               used:1;       /* a hub is in it */
} ngx_mqtt_conf_zone_t;


/* One "mqtt_hub", from cf->pool; the settings are what the core sees. */

typedef struct {
    ngx_str_node_t         node;         /* the name */
    ngx_mqtt_hub_conf_t    settings;
    ngx_mqtt_conf_zone_t  *zone;

    ngx_array_t            handlers;     /* of ngx_mqtt_conf_handler_t * */
    void                  *events;       /* what the shell knows of them */

    ngx_str_t              zone_name;
    ngx_uint_t             queue_overflow;
    ngx_uint_t             connect_fallback;
    ngx_uint_t             token_expiry;

    ngx_mqtt_jwt_conf_t    jwt;          /* with its keys, all of them */

    ngx_mqtt_conf_place_t  place;
    ngx_mqtt_conf_place_t  issuer_place;
    ngx_mqtt_conf_place_t  audience_place;
    ngx_mqtt_conf_place_t  zone_place;
    ngx_mqtt_conf_place_t  packet_place;
    ngx_mqtt_conf_place_t  queued_place;
    ngx_mqtt_conf_place_t  sessions_place;
} ngx_mqtt_conf_hub_t;


/* Everything of this module in a cycle; absent if nothing is configured. */

typedef struct {
    ngx_array_t            zones;        /* of ngx_mqtt_conf_zone_t * */
    ngx_rbtree_t           hubs;         /* of ngx_mqtt_conf_hub_t */
    ngx_rbtree_node_t      sentinel;
    ngx_uint_t             nhubs;
    ngx_mqtt_conf_hub_t   *any;          /* "mqtt_hub *" */
    ngx_array_t            passes;       /* of ngx_mqtt_pass_t * */
    ngx_array_t            handlers;     /* of ngx_mqtt_conf_handler_t * */
} ngx_mqtt_conf_t;


/* One "mqtt_event_handler", from cf->pool. */

typedef struct {
    ngx_str_t              hub;          /* lower case, or "*" */
    ngx_uint_t             system;       /* bits of ngx_mqtt_event_e */
    ngx_array_t            user;         /* of ngx_str_t: "*", or a name */
#if (NGX_PCRE)
    ngx_regex_t           *regex;        /* NULL: none */
#endif
    ngx_flag_t             validate;
    void                  *data;         /* the shell's */
    ngx_mqtt_conf_place_t  place;
} ngx_mqtt_conf_handler_t;


/* One "mqtt_pass", of http or stream, or "mqtt_api", from cf->pool. */

typedef struct {
    ngx_mqtt_conf_t       *conf;
    ngx_str_t              directive;
    ngx_mqtt_conf_hub_t   *hub;          /* NULL: the name has variables */
    ngx_str_t              name;
    ngx_uint_t             native;       /* "webpubsub" */
    ngx_mqtt_conf_place_t  place;
} ngx_mqtt_pass_t;


/* The configuration of the cycle that is being read; NULL: no memory. */
ngx_mqtt_conf_t *ngx_mqtt_conf_get(ngx_conf_t *cf);

/* Notes the file and line that is being read. */
void ngx_mqtt_conf_place(ngx_conf_t *cf, ngx_mqtt_conf_place_t *place);

/* The zone of a name, or NULL. */
ngx_mqtt_conf_zone_t *ngx_mqtt_conf_find_zone(ngx_mqtt_conf_t *mcf,
    ngx_str_t *name);

/*
 * Adds the hub of an "mqtt_hub" block, or the template for "*", with nothing
 * set.  NULL: an error, which was logged.
 */
ngx_mqtt_conf_hub_t *ngx_mqtt_conf_add_hub(ngx_conf_t *cf, ngx_str_t *name);

/* Gives what the block left unset its default. */
void ngx_mqtt_conf_defaults(ngx_mqtt_conf_hub_t *hub);

/*
 * Notes an "mqtt_pass" for resolution after the whole file is read.  "name"
 * is the hub as written, or NULL if each client or request names one.  NULL:
 * an error, which was logged.
 */
ngx_mqtt_pass_t *ngx_mqtt_conf_pass(ngx_conf_t *cf, ngx_str_t *name);

/*
 * Checks the second argument of "mqtt_pass", if there is one.  "native" is
 * set to 1 for "webpubsub"; NULL: there is no WebSocket here.
 */
char *ngx_mqtt_conf_protocol(ngx_conf_t *cf, ngx_uint_t *native);

/* Finds the hub of an "mqtt_pass" once the whole file is read. */
ngx_int_t ngx_mqtt_conf_resolve_pass(ngx_mqtt_conf_t *mcf,
    ngx_mqtt_pass_t *pass, ngx_log_t *log);

/*
 * The hub that a client is to be served by.  "value" is what the variables
 * gave, it is not used with a static name.  "name" becomes the hub's name in
 * lower case, from "pool" where needed.  NGX_DECLINED: there is no such hub.
 */
ngx_int_t ngx_mqtt_conf_find_hub(ngx_mqtt_pass_t *pass, ngx_str_t *value,
    ngx_pool_t *pool, ngx_str_t *name, ngx_mqtt_conf_hub_t **hub);

/* The settings of a hub of that name (in lower case), or NULL. */
ngx_mqtt_conf_hub_t *ngx_mqtt_conf_hub_named(ngx_mqtt_conf_t *mcf,
    ngx_str_t *name);

/* In lower case to "dst", of src->len bytes; NGX_DECLINED: no hub's name. */
ngx_int_t ngx_mqtt_conf_name(ngx_str_t *src, u_char *dst);

/*
 * Reads the arguments of an "mqtt_event_handler", to be resolved after the
 * whole file is read.  NULL: an error, which was logged.
 */
ngx_mqtt_conf_handler_t *ngx_mqtt_conf_handler(ngx_conf_t *cf);

/* Gives handlers to their hubs. */
ngx_int_t ngx_mqtt_conf_resolve_handlers(ngx_mqtt_conf_t *mcf,
    ngx_pool_t *pool, ngx_log_t *log);

/*
 * The first handler of a hub, which is called "name", for an event; "event"
 * is the name of a custom one.  NULL: there is none.
 */
ngx_mqtt_conf_handler_t *ngx_mqtt_conf_match(ngx_mqtt_conf_hub_t *hub,
    ngx_str_t *name, ngx_uint_t type, ngx_str_t *event);

/* "access_key" and "access_key_file" */
char *ngx_mqtt_conf_access_key(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_mqtt_conf_access_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* "default_roles" */
char *ngx_mqtt_conf_roles(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* What else says whom a hub admits; the files are read at once. */
char *ngx_mqtt_conf_jwt_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_mqtt_conf_jwt_issuer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_mqtt_conf_jwt_audience(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_mqtt_conf_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Puts the keys of a hub together once its block was read. */
ngx_int_t ngx_mqtt_conf_resolve_keys(ngx_mqtt_conf_hub_t *hub,
    ngx_pool_t *pool, ngx_log_t *log);

/* The init_conf of the core module: resolution and cross-checks. */
char *ngx_mqtt_conf_init(ngx_cycle_t *cycle, void *conf);

/* Logs a sentence that tells the mend, at emerg, with a file and line. */
void ngx_cdecl ngx_mqtt_conf_error(ngx_log_t *log,
    ngx_mqtt_conf_place_t *place, const char *fmt, ...);

extern ngx_command_t  ngx_mqtt_commands[];


#endif /* _NGX_MQTT_CONF_H_INCLUDED_ */
