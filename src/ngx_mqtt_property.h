
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_PROPERTY_H_INCLUDED_
#define _NGX_MQTT_PROPERTY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_vbi.h>


/*
 * Where a section stands: the packet type, or the will.  FROM_SERVER is added
 * to take what only servers send as well.
 */

#define NGX_MQTT_PROPERTY_WILL         0
#define NGX_MQTT_PROPERTY_FROM_SERVER  16


/*
 * Reads a property section with its length from *pos .. last into props and
 * moves *pos behind it.  "where" is described above.  Sets props->set, raw,
 * forward_len, and the fields of the properties found; user becomes empty.
 * NGX_OK, or NGX_ERROR with the code in *reason: 0x81 for what cannot be read
 * or does not belong there, 0x82 for second copies and illegal values, 0x94
 * for the topic alias 0 (2.2.2).
 */
ngx_int_t ngx_mqtt_property_parse(u_char **pos, u_char *last,
    ngx_uint_t where, ngx_mqtt_props_t *props, u_char *reason);

/*
 * The number of bytes ngx_mqtt_property_write() will write, length included:
 * at least 1.
 */
size_t ngx_mqtt_property_size(const ngx_mqtt_props_t *props);

/*
 * Writes the length, the properties in props->set and the bytes of
 * props->user as they are; a USER_PROPERTY bit in "set" has no effect.
 * Returns the end.  The caller answers for values and places (2.2.2).
 */
u_char *ngx_mqtt_property_write(u_char *p, const ngx_mqtt_props_t *props);

/*
 * Copies from props->raw the properties a broker forwards unaltered (01, 03,
 * 08, 09, 26) in their order: exactly props->forward_len bytes, no length in
 * front.  props must come from ngx_mqtt_property_parse().  Returns the end
 * (3.3.2.3, 3.1.3.2).
 */
u_char *ngx_mqtt_property_forward(u_char *p, const ngx_mqtt_props_t *props);

/*
 * Takes the next user property from "raw", a section as in props->raw or the
 * result of ngx_mqtt_property_forward(); raw is consumed.  Name and value
 * point into it.  NGX_OK, or NGX_DONE at the end (2.2.2.2, 3.3.2.3.7).
 */
ngx_int_t ngx_mqtt_property_user_next(ngx_str_t *raw, ngx_str_t *name,
    ngx_str_t *value);


#endif /* _NGX_MQTT_PROPERTY_H_INCLUDED_ */
