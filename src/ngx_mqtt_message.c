
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_message.h>


/* blocks added to a message in one hold of the lock */
#define NGX_MQTT_MESSAGE_BATCH  128


ngx_mqtt_message_t *
ngx_mqtt_message_alloc_locked(ngx_mqtt_zone_t *zone, size_t topic_len,
    size_t props_len, size_t payload_len, size_t *left)
{
    size_t               len, room, head;
    ngx_mqtt_message_t  *m;

    head = offsetof(ngx_mqtt_message_t, data);
    len = topic_len + props_len + payload_len;
    room = ngx_min(len, NGX_MQTT_BLOCK_MAX - head);

    m = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_MESSAGE, head + room);
    if (m == NULL) {
        return NULL;
    }

    m->refs = 1;
    m->qos = 0;
    m->retain = 0;
    m->room = room;
    m->topic_len = topic_len;
    m->props_len = props_len;
    m->payload_len = payload_len;
    m->text_len = len;
    m->expires = 0;
    m->body = NULL;

    *left = len - room;

    return m;
}


ngx_int_t
ngx_mqtt_message_extend_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_message_t *m,
    size_t *left)
{
    ngx_uint_t        n;
    ngx_mqtt_body_t  *body;

    for (n = 0; *left && n < NGX_MQTT_MESSAGE_BATCH; n++) {

        body = ngx_mqtt_block_alloc_locked(zone, NGX_MQTT_KIND_MESSAGE,
                                           sizeof(ngx_mqtt_body_t));
        if (body == NULL) {
            return NGX_ERROR;
        }

        body->next = m->body;
        ngx_mqtt_set(m->body, body);

        *left -= ngx_min(*left, NGX_MQTT_BODY_DATA);
    }

    return NGX_OK;
}


void
ngx_mqtt_message_unref_locked(ngx_mqtt_zone_t *zone, ngx_mqtt_message_t *m)
{
    ngx_mqtt_body_t  *body;

    ngx_mqtt_set(m->refs, m->refs - 1);

    if (m->refs) {
        return;
    }

    body = m->body;

    if (body) {
        ngx_mqtt_block_drop_chain_locked(zone, body);
    }

    ngx_mqtt_block_free_locked(zone, m);
}


void
ngx_mqtt_message_text(ngx_mqtt_message_t *m, ngx_mqtt_text_t *text)
{
    text->pos = m->data;
    text->last = m->data + m->room;
    text->next = m->body;
}


size_t
ngx_mqtt_text_piece(ngx_mqtt_text_t *text, size_t len)
{
    if (text->pos == text->last && text->next) {
        text->pos = text->next->data;
        text->last = text->pos + NGX_MQTT_BODY_DATA;
        text->next = text->next->next;
    }

    return ngx_min(len, (size_t) (text->last - text->pos));
}


u_char *
ngx_mqtt_text_read(ngx_mqtt_text_t *text, u_char *p, size_t len)
{
    size_t  n;

    while (len) {
        n = ngx_mqtt_text_piece(text, len);
        if (n == 0) {
            break;
        }

        p = ngx_cpymem(p, text->pos, n);
        text->pos += n;
        len -= n;
    }

    return p;
}


void
ngx_mqtt_text_skip(ngx_mqtt_text_t *text, size_t len)
{
    size_t  n;

    while (len) {
        n = ngx_mqtt_text_piece(text, len);
        if (n == 0) {
            break;
        }

        text->pos += n;
        len -= n;
    }
}


void
ngx_mqtt_text_write(ngx_mqtt_text_t *text, u_char *p, size_t len)
{
    size_t  n;

    while (len) {
        n = ngx_mqtt_text_piece(text, len);
        if (n == 0) {
            break;
        }

        ngx_memcpy(text->pos, p, n);
        text->pos += n;
        p += n;
        len -= n;
    }
}


u_char *
ngx_mqtt_message_topic(ngx_mqtt_message_t *m, u_char *buf)
{
    ngx_mqtt_text_t  text;

    if (m->topic_len <= m->room) {
        return m->data;
    }

    ngx_mqtt_message_text(m, &text);
    ngx_mqtt_text_read(&text, buf, m->topic_len);

    return buf;
}
