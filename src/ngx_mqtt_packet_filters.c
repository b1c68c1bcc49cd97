
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_packet.h>


static ngx_int_t ngx_mqtt_packet_filter(ngx_str_t *list, ngx_str_t *filter);


ngx_int_t
ngx_mqtt_subscribe_next(ngx_mqtt_packet_t *pkt, ngx_str_t *filter,
    u_char *options)
{
    ngx_str_t  *list;

    list = &pkt->u.subscribe.list;

    if (ngx_mqtt_packet_filter(list, filter) != NGX_OK || list->len == 0) {
        return NGX_DONE;
    }

    *options = *list->data++;
    list->len--;

    return NGX_OK;
}


ngx_int_t
ngx_mqtt_unsubscribe_next(ngx_mqtt_packet_t *pkt, ngx_str_t *filter)
{
    return ngx_mqtt_packet_filter(&pkt->u.unsubscribe.list, filter);
}


static ngx_int_t
ngx_mqtt_packet_filter(ngx_str_t *list, ngx_str_t *filter)
{
    if (list->len < 2) {
        return NGX_DONE;
    }

    filter->len = ngx_mqtt_get16(list->data);
    filter->data = list->data + 2;

    if (filter->len > list->len - 2) {
        return NGX_DONE;
    }

    list->data += 2 + filter->len;
    list->len -= 2 + filter->len;

    return NGX_OK;
}
