
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include "pool.h"


ngx_uint_t  pool_fail_at;


/* what a function __wrap_x stands for: see .ci/native.mk */

void *__real_ngx_palloc(ngx_pool_t *pool, size_t size);
void *__real_ngx_pnalloc(ngx_pool_t *pool, size_t size);
void *__real_ngx_pcalloc(ngx_pool_t *pool, size_t size);

void *__wrap_ngx_palloc(ngx_pool_t *pool, size_t size);
void *__wrap_ngx_pnalloc(ngx_pool_t *pool, size_t size);
void *__wrap_ngx_pcalloc(ngx_pool_t *pool, size_t size);


static ngx_uint_t
pool_fails(void)
{
    return pool_fail_at && --pool_fail_at == 0;
}


void *
__wrap_ngx_palloc(ngx_pool_t *pool, size_t size)
{
    return pool_fails() ? NULL : __real_ngx_palloc(pool, size);
}


void *
__wrap_ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return pool_fails() ? NULL : __real_ngx_pnalloc(pool, size);
}


void *
__wrap_ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    return pool_fails() ? NULL : __real_ngx_pcalloc(pool, size);
}


ngx_pool_t *
pool_create(void)
{
    ngx_pool_t  *pool;

    pool = ngx_create_pool(4096, &test_log);

    if (pool == NULL) {
        exit(2);
    }

    return pool;
}
