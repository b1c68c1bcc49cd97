
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PASSWORD_H_INCLUDED_
#define _NGX_MQTT_PASSWORD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* bytes of a password; crypt() takes no more */

#define NGX_MQTT_PASSWORD_SIZE  511


/* Users and the hashes of their passwords. */

typedef struct ngx_mqtt_passwords_s {
    ngx_rbtree_t           rbtree;
    ngx_rbtree_node_t      sentinel;
    ngx_str_t             *decoy;         /* a hash, for unknown users */
} ngx_mqtt_passwords_t;


/* A password to verify.  Lives in the pool it was prepared in. */

typedef struct {
    u_char                *hash;          /* both end with a zero */
    u_char                *password;
    size_t                 len;           /* of the password */
    ngx_uint_t             known;         /* 0: it is wrong in any case */
} ngx_mqtt_password_t;


/*
 * Reads the text of a htpasswd file: "user:hash", what follows a second colon
 * is a comment, and so is a line that begins with "#".  Hashes are {PLAIN},
 * {SHA}, {SSHA}, $apr1$, and those of crypt(3).  The text stays in use.
 * NGX_OK; or NGX_ERROR, *reason says what is wrong and *line where; 0 without
 * memory.
 */
ngx_int_t ngx_mqtt_passwords_read(ngx_mqtt_passwords_t *passwords,
    ngx_pool_t *pool, const ngx_str_t *text, const char **reason,
    ngx_uint_t *line);

/*
 * Copies what it takes to verify a password, so that "passwords" may go
 * meanwhile.  A user who is unknown takes as long as the first one.  NULL
 * without memory.
 */
ngx_mqtt_password_t *ngx_mqtt_password_prepare(
    const ngx_mqtt_passwords_t *passwords, ngx_pool_t *pool,
    const ngx_str_t *user, const ngx_str_t *password);

/*
 * Verifies it and wipes it: once.  May take long, may be called in any thread:
 * uses no pool and no log.  NGX_OK, NGX_DECLINED if it is wrong.
 */
ngx_int_t ngx_mqtt_password_verify(ngx_mqtt_password_t *p);


#endif /* _NGX_MQTT_PASSWORD_H_INCLUDED_ */
