
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_json.h>
#include <ngx_mqtt_event_text.h>


void
ngx_mqtt_event_put(ngx_mqtt_event_text_t *text, const char *s)
{
    size_t  len;

    len = ngx_strlen(s);

    if (text->p) {
        text->p = ngx_cpymem(text->p, s, len);

    } else {
        text->size += len;
    }
}


void
ngx_mqtt_event_put_string(ngx_mqtt_event_text_t *text, ngx_str_t *s)
{
    if (s == NULL) {
        ngx_mqtt_event_put(text, "null");

    } else if (text->p) {
        text->p = ngx_mqtt_json_write(text->p, s);

    } else {
        text->size += ngx_mqtt_json_size(s);
    }
}


void
ngx_mqtt_event_put_props(ngx_mqtt_event_text_t *text, ngx_str_t *raw)
{
    ngx_str_t   rest, name, value;
    ngx_uint_t  first;

    if (raw == NULL) {
        ngx_mqtt_event_put(text, "null");
        return;
    }

    rest = *raw;
    first = 1;

    ngx_mqtt_event_put(text, "[");

    while (ngx_mqtt_property_user_next(&rest, &name, &value) == NGX_OK) {
        ngx_mqtt_event_put(text, first ? "{\"name\":" : ",{\"name\":");
        ngx_mqtt_event_put_string(text, &name);
        ngx_mqtt_event_put(text, ",\"value\":");
        ngx_mqtt_event_put_string(text, &value);
        ngx_mqtt_event_put(text, "}");

        first = 0;
    }

    ngx_mqtt_event_put(text, "]");
}
