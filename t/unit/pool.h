
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _POOL_H_INCLUDED_
#define _POOL_H_INCLUDED_


#include "test.h"


/* Allocation number n from a pool, from now on, fails; 0: none does. */
extern ngx_uint_t  pool_fail_at;

/* A pool, or the end of the program. */
ngx_pool_t *pool_create(void);


#endif /* _POOL_H_INCLUDED_ */
