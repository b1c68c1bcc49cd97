
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_vbi.h>


ngx_int_t
ngx_mqtt_vbi_parse(u_char **pos, u_char *last, uint32_t *value)
{
    u_char      *p;
    uint32_t     n;
    ngx_uint_t   shift;

    n = 0;
    p = *pos;

    for (shift = 0; shift < 28; shift += 7) {

        if (p == last) {
            return NGX_AGAIN;
        }

        n |= (uint32_t) (*p & 0x7f) << shift;

        if ((*p++ & 0x80) == 0) {

            if (shift && p[-1] == 0) {
                return NGX_ERROR;
            }

            *value = n;
            *pos = p;

            return NGX_OK;
        }
    }

    return NGX_ERROR;
}
