
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_REASON_H_INCLUDED_
#define _NGX_MQTT_REASON_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * 1 if a packet of the type may carry the reason code of 5.0, else 0.  With
 * from_server 1 the codes only servers send count as well (2.4).
 */
ngx_uint_t ngx_mqtt_reason_allowed(ngx_uint_t code, ngx_uint_t type,
    ngx_uint_t from_server);


#endif /* _NGX_MQTT_REASON_H_INCLUDED_ */
