
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_VBI_H_INCLUDED_
#define _NGX_MQTT_VBI_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Reads a variable byte integer, at most 4 bytes, from *pos .. last.
 * NGX_OK; NGX_AGAIN if last cuts it off; NGX_ERROR if it is longer than 4
 * bytes or than its value needs.  *pos moves only with NGX_OK (1.5.5).
 */
ngx_int_t ngx_mqtt_vbi_parse(u_char **pos, u_char *last, uint32_t *value);


/* The bytes a variable byte integer takes, for values up to the maximum. */

static ngx_inline size_t
ngx_mqtt_vbi_size(size_t n)
{
    return 1 + (n > 0x7f) + (n > 0x3fff) + (n > 0x1fffff);
}


/* Writes a variable byte integer, returns its end (1.5.5). */

static ngx_inline u_char *
ngx_mqtt_vbi_write(u_char *p, size_t n)
{
    while (n > 0x7f) {
        *p++ = (u_char) (n | 0x80);
        n >>= 7;
    }

    *p++ = (u_char) n;

    return p;
}


#endif /* _NGX_MQTT_VBI_H_INCLUDED_ */
