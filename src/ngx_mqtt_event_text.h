
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_EVENT_TEXT_H_INCLUDED_
#define _NGX_MQTT_EVENT_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A JSON text that is written twice by the same code: first it is measured,
 * while "p" is NULL.
 */

typedef struct {
    u_char               *p;
    size_t                size;
} ngx_mqtt_event_text_t;


/* Appends what is given, a string with its quotes, or "null". */
void ngx_mqtt_event_put(ngx_mqtt_event_text_t *text, const char *s);
void ngx_mqtt_event_put_string(ngx_mqtt_event_text_t *text, ngx_str_t *s);

/* The user properties of a parsed section as a list, or "null". */
void ngx_mqtt_event_put_props(ngx_mqtt_event_text_t *text, ngx_str_t *raw);


#endif /* _NGX_MQTT_EVENT_TEXT_H_INCLUDED_ */
