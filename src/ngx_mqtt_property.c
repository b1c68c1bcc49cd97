
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_packet.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_topic.h>


/* types; the value of a BOOL is 0 or 1 */

#define NGX_MQTT_TYPE_NONE     0
#define NGX_MQTT_TYPE_BOOL     1
#define NGX_MQTT_TYPE_INT16    2
#define NGX_MQTT_TYPE_INT32    3
#define NGX_MQTT_TYPE_VBI      4
#define NGX_MQTT_TYPE_STRING   5
#define NGX_MQTT_TYPE_BINARY   6
#define NGX_MQTT_TYPE_PAIR     7

#define NGX_MQTT_FLAG_NONZERO  0x01
#define NGX_MQTT_FLAG_TOPIC    0x02
#define NGX_MQTT_FLAG_FORWARD  0x04


/* places: a client may send it there, or only a server may */

#define W    (1UL << NGX_MQTT_PROPERTY_WILL)
#define CT   (1UL << NGX_MQTT_CONNECT)
#define CA   (1UL << NGX_MQTT_CONNACK)
#define PB   (1UL << NGX_MQTT_PUBLISH)
#define S    (1UL << NGX_MQTT_SUBSCRIBE)
#define D    (1UL << NGX_MQTT_DISCONNECT)
#define A    (1UL << NGX_MQTT_AUTH)

#define ACK  (1UL << NGX_MQTT_PUBACK | 1UL << NGX_MQTT_PUBREC                 \
              | 1UL << NGX_MQTT_PUBREL | 1UL << NGX_MQTT_PUBCOMP              \
              | 1UL << NGX_MQTT_SUBACK | 1UL << NGX_MQTT_UNSUBACK)

#define ANY  (W | CT | CA | PB | S | D | A | ACK | 1UL << NGX_MQTT_UNSUBSCRIBE)

#define SERVER(place)  ((place) << NGX_MQTT_PROPERTY_FROM_SERVER)

#define FIELD(name)    offsetof(ngx_mqtt_props_t, name)


typedef struct {
    u_char     type;
    u_char     flags;
    uint16_t   offset;
    uint32_t   where;
} ngx_mqtt_property_t;


static const ngx_mqtt_property_t *ngx_mqtt_property_lookup(ngx_uint_t id,
    ngx_uint_t where, ngx_mqtt_props_t *props, u_char *reason);
static ngx_int_t ngx_mqtt_property_read(u_char **pos, u_char *last,
    const ngx_mqtt_property_t *prop, void *field);
static ngx_int_t ngx_mqtt_property_pair(u_char **pos, u_char *last,
    ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_mqtt_property_string(u_char **pos, u_char *last,
    ngx_str_t *s, ngx_uint_t utf8);
static ngx_int_t ngx_mqtt_property_check(const ngx_mqtt_property_t *prop,
    void *field, u_char *reason);
static u_char *ngx_mqtt_property_skip(u_char *p, ngx_uint_t type);
static size_t ngx_mqtt_property_len(const ngx_mqtt_props_t *props);
static u_char *ngx_mqtt_property_put(u_char *p, ngx_uint_t type,
    const void *field);


#define NGX_MQTT_NO_PROPERTY  { NGX_MQTT_TYPE_NONE, 0, 0, 0 }


/* indexed by the identifier */

static const ngx_mqtt_property_t  ngx_mqtt_properties[] = {

    NGX_MQTT_NO_PROPERTY,

    /* 01 */
    { NGX_MQTT_TYPE_BOOL, NGX_MQTT_FLAG_FORWARD,
      FIELD(payload_format), PB|W },

    /* 02 */
    { NGX_MQTT_TYPE_INT32, 0,
      FIELD(message_expiry), PB|W },

    /* 03 */
    { NGX_MQTT_TYPE_STRING, NGX_MQTT_FLAG_FORWARD,
      FIELD(content_type), PB|W },

    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,

    /* 08 */
    { NGX_MQTT_TYPE_STRING, NGX_MQTT_FLAG_FORWARD|NGX_MQTT_FLAG_TOPIC,
      FIELD(response_topic), PB|W },

    /* 09 */
    { NGX_MQTT_TYPE_BINARY, NGX_MQTT_FLAG_FORWARD,
      FIELD(correlation_data), PB|W },

    NGX_MQTT_NO_PROPERTY,

    /* 0B */
    { NGX_MQTT_TYPE_VBI, NGX_MQTT_FLAG_NONZERO,
      FIELD(subscription_id), S|SERVER(PB) },

    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,

    /* 11 */
    { NGX_MQTT_TYPE_INT32, 0,
      FIELD(session_expiry), CT|CA|D },

    /* 12 */
    { NGX_MQTT_TYPE_STRING, 0,
      FIELD(assigned_client_id), CA },

    /* 13 */
    { NGX_MQTT_TYPE_INT16, 0,
      FIELD(server_keep_alive), CA },

    NGX_MQTT_NO_PROPERTY,

    /* 15 */
    { NGX_MQTT_TYPE_STRING, 0,
      FIELD(auth_method), CT|CA|A },

    /* 16 */
    { NGX_MQTT_TYPE_BINARY, 0,
      FIELD(auth_data), CT|CA|A },

    /* 17 */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(request_problem), CT },

    /* 18 */
    { NGX_MQTT_TYPE_INT32, 0,
      FIELD(will_delay), W },

    /* 19 */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(request_response), CT },

    /* 1A */
    { NGX_MQTT_TYPE_STRING, 0,
      FIELD(response_info), CA },

    NGX_MQTT_NO_PROPERTY,

    /* 1C */
    { NGX_MQTT_TYPE_STRING, 0,
      FIELD(server_reference), CA|SERVER(D) },

    NGX_MQTT_NO_PROPERTY,
    NGX_MQTT_NO_PROPERTY,

    /* 1F */
    { NGX_MQTT_TYPE_STRING, 0,
      FIELD(reason_string), CA|ACK|D|A },

    NGX_MQTT_NO_PROPERTY,

    /* 21 */
    { NGX_MQTT_TYPE_INT16, NGX_MQTT_FLAG_NONZERO,
      FIELD(receive_maximum), CT|CA },

    /* 22 */
    { NGX_MQTT_TYPE_INT16, 0,
      FIELD(topic_alias_maximum), CT|CA },

    /* 23 */
    { NGX_MQTT_TYPE_INT16, NGX_MQTT_FLAG_NONZERO,
      FIELD(topic_alias), PB },

    /* 24 */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(maximum_qos), CA },

    /* 25 */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(retain_available), CA },

    /* 26 */
    { NGX_MQTT_TYPE_PAIR, NGX_MQTT_FLAG_FORWARD,
      0, ANY },

    /* 27 */
    { NGX_MQTT_TYPE_INT32, NGX_MQTT_FLAG_NONZERO,
      FIELD(maximum_packet_size), CT|CA },

    /* 28 */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(wildcard_available), CA },

    /* 29 */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(subscription_id_available), CA },

    /* 2A */
    { NGX_MQTT_TYPE_BOOL, 0,
      FIELD(shared_available), CA }
};


ngx_int_t
ngx_mqtt_property_parse(u_char **pos, u_char *last, ngx_uint_t where,
    ngx_mqtt_props_t *props, u_char *reason)
{
    void                       *field;
    u_char                     *p, *start;
    uint32_t                    len, ignored;
    ngx_uint_t                  id;
    const ngx_mqtt_property_t  *prop;

    props->set = 0;
    props->forward_len = 0;
    props->user.len = 0;

    *reason = NGX_MQTT_MALFORMED_PACKET;

    if (ngx_mqtt_vbi_parse(pos, last, &len) != NGX_OK
        || len > (size_t) (last - *pos))
    {
        return NGX_ERROR;
    }

    p = *pos;
    last = p + len;

    props->raw.data = p;
    props->raw.len = len;

    while (p < last) {

        start = p;
        id = *p++;

        prop = ngx_mqtt_property_lookup(id, where, props, reason);
        if (prop == NULL) {
            return NGX_ERROR;
        }

        /* of several subscription identifiers the first one is kept */

        field = ngx_mqtt_prop_has(props, id) ? (void *) &ignored
                                             : (u_char *) props + prop->offset;

        if (ngx_mqtt_property_read(&p, last, prop, field) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_mqtt_property_check(prop, field, reason) != NGX_OK) {
            return NGX_ERROR;
        }

        props->set |= ngx_mqtt_prop_bit(id);

        if (prop->flags & NGX_MQTT_FLAG_FORWARD) {
            props->forward_len += p - start;
        }
    }

    *pos = last;

    return NGX_OK;
}


static const ngx_mqtt_property_t *
ngx_mqtt_property_lookup(ngx_uint_t id, ngx_uint_t where,
    ngx_mqtt_props_t *props, u_char *reason)
{
    uint32_t                    places, place;
    const ngx_mqtt_property_t  *prop;

    if (id > NGX_MQTT_PROP_MAX) {
        return NULL;
    }

    prop = &ngx_mqtt_properties[id];

    places = prop->where | prop->where << NGX_MQTT_PROPERTY_FROM_SERVER;
    place = (uint32_t) 1 << where;

    if ((places & place) == 0) {

        if (prop->where & SERVER(place)) {
            *reason = NGX_MQTT_PROTOCOL_ERROR;
        }

        return NULL;
    }

    if (!ngx_mqtt_prop_has(props, id)
        || prop->type == NGX_MQTT_TYPE_PAIR
        || (prop->type == NGX_MQTT_TYPE_VBI && (place & SERVER(PB))))
    {
        return prop;
    }

    *reason = NGX_MQTT_PROTOCOL_ERROR;

    return NULL;
}


static ngx_int_t
ngx_mqtt_property_read(u_char **pos, u_char *last,
    const ngx_mqtt_property_t *prop, void *field)
{
    size_t      rest;
    u_char     *p;
    ngx_str_t   name, value;

    p = *pos;
    rest = last - p;

    switch (prop->type) {

    case NGX_MQTT_TYPE_BOOL:

        if (rest < 1) {
            return NGX_ERROR;
        }

        *(u_char *) field = *p;
        *pos = p + 1;

        return NGX_OK;

    case NGX_MQTT_TYPE_INT16:

        if (rest < 2) {
            return NGX_ERROR;
        }

        *(uint16_t *) field = ngx_mqtt_get16(p);
        *pos = p + 2;

        return NGX_OK;

    case NGX_MQTT_TYPE_INT32:

        if (rest < 4) {
            return NGX_ERROR;
        }

        *(uint32_t *) field = ngx_mqtt_get32(p);
        *pos = p + 4;

        return NGX_OK;

    case NGX_MQTT_TYPE_VBI:
        return ngx_mqtt_vbi_parse(pos, last, field);

    case NGX_MQTT_TYPE_STRING:
        return ngx_mqtt_property_string(pos, last, field, 1);

    case NGX_MQTT_TYPE_BINARY:
        return ngx_mqtt_property_string(pos, last, field, 0);

    default: /* NGX_MQTT_TYPE_PAIR */
        return ngx_mqtt_property_pair(pos, last, &name, &value);
    }
}


static ngx_int_t
ngx_mqtt_property_pair(u_char **pos, u_char *last, ngx_str_t *name,
    ngx_str_t *value)
{
    if (ngx_mqtt_property_string(pos, last, name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_mqtt_property_string(pos, last, value, 1);
}


static ngx_int_t
ngx_mqtt_property_string(u_char **pos, u_char *last, ngx_str_t *s,
    ngx_uint_t utf8)
{
    size_t   rest;
    u_char  *p;

    p = *pos;
    rest = last - p;

    if (rest < 2) {
        return NGX_ERROR;
    }

    s->len = ngx_mqtt_get16(p);
    s->data = p + 2;

    if (s->len > rest - 2) {
        return NGX_ERROR;
    }

    *pos = s->data + s->len;

    return utf8 ? ngx_mqtt_utf8_valid(s->data, s->len) : NGX_OK;
}


static ngx_int_t
ngx_mqtt_property_check(const ngx_mqtt_property_t *prop, void *field,
    u_char *reason)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (prop->type == NGX_MQTT_TYPE_BOOL) {
        rc = (*(u_char *) field <= 1) ? NGX_OK : NGX_ERROR;

    } else if (prop->flags & NGX_MQTT_FLAG_NONZERO) {

        if (prop->type == NGX_MQTT_TYPE_INT16) {
            rc = *(uint16_t *) field ? NGX_OK : NGX_ERROR;

        } else {
            rc = *(uint32_t *) field ? NGX_OK : NGX_ERROR;
        }

    } else if (prop->flags & NGX_MQTT_FLAG_TOPIC) {
        rc = ngx_mqtt_topic_name_valid(field);
    }

    if (rc != NGX_OK) {
        *reason = (prop->offset == FIELD(topic_alias))
                  ? NGX_MQTT_TOPIC_ALIAS_INVALID
                  : NGX_MQTT_PROTOCOL_ERROR;
    }

    return rc;
}


size_t
ngx_mqtt_property_size(const ngx_mqtt_props_t *props)
{
    size_t  len;

    len = ngx_mqtt_property_len(props);

    return ngx_mqtt_vbi_size(len) + len;
}


static size_t
ngx_mqtt_property_len(const ngx_mqtt_props_t *props)
{
    size_t                      len;
    uint64_t                    set;
    ngx_uint_t                  id;
    const u_char               *field;
    const ngx_mqtt_property_t  *prop;

    len = props->user.len;
    set = props->set;

    for (id = 0; set != 0; id++, set >>= 1) {

        if ((set & 1) == 0) {
            continue;
        }

        prop = &ngx_mqtt_properties[id];
        field = (const u_char *) props + prop->offset;

        switch (prop->type) {

        case NGX_MQTT_TYPE_BOOL:
            len += 2;
            break;

        case NGX_MQTT_TYPE_INT16:
            len += 3;
            break;

        case NGX_MQTT_TYPE_INT32:
            len += 5;
            break;

        case NGX_MQTT_TYPE_VBI:
            len += 1 + ngx_mqtt_vbi_size(*(const uint32_t *) field);
            break;

        case NGX_MQTT_TYPE_STRING:
        case NGX_MQTT_TYPE_BINARY:
            len += 3 + ((const ngx_str_t *) field)->len;
            break;

        default: /* NGX_MQTT_TYPE_PAIR comes by props->user */
            break;
        }
    }

    return len;
}


u_char *
ngx_mqtt_property_write(u_char *p, const ngx_mqtt_props_t *props)
{
    uint64_t                    set;
    ngx_uint_t                  id;
    const u_char               *field;
    const ngx_mqtt_property_t  *prop;

    p = ngx_mqtt_vbi_write(p, ngx_mqtt_property_len(props));

    set = props->set & ~ngx_mqtt_prop_bit(NGX_MQTT_PROP_USER_PROPERTY);

    for (id = 0; set != 0; id++, set >>= 1) {

        if (set & 1) {
            prop = &ngx_mqtt_properties[id];
            field = (const u_char *) props + prop->offset;

            *p++ = (u_char) id;
            p = ngx_mqtt_property_put(p, prop->type, field);
        }
    }

    if (props->user.len) {
        p = ngx_cpymem(p, props->user.data, props->user.len);
    }

    return p;
}


static u_char *
ngx_mqtt_property_put(u_char *p, ngx_uint_t type, const void *field)
{
    const ngx_str_t  *s;

    switch (type) {

    case NGX_MQTT_TYPE_BOOL:
        *p++ = *(const u_char *) field;
        return p;

    case NGX_MQTT_TYPE_INT16:
        return ngx_mqtt_put16(p, *(const uint16_t *) field);

    case NGX_MQTT_TYPE_INT32:
        return ngx_mqtt_put32(p, *(const uint32_t *) field);

    case NGX_MQTT_TYPE_VBI:
        return ngx_mqtt_vbi_write(p, *(const uint32_t *) field);

    default: /* NGX_MQTT_TYPE_STRING, NGX_MQTT_TYPE_BINARY */
        s = field;
        p = ngx_mqtt_put16(p, s->len);
        return s->len ? ngx_cpymem(p, s->data, s->len) : p;
    }
}


u_char *
ngx_mqtt_property_forward(u_char *p, const ngx_mqtt_props_t *props)
{
    u_char                     *pos, *last, *next;
    const ngx_mqtt_property_t  *prop;

    if (props->forward_len == 0) {
        return p;
    }

    if (props->forward_len == props->raw.len) {
        return ngx_cpymem(p, props->raw.data, props->raw.len);
    }

    last = props->raw.data + props->raw.len;

    for (pos = props->raw.data; pos < last; pos = next) {
        prop = &ngx_mqtt_properties[*pos];
        next = ngx_mqtt_property_skip(pos + 1, prop->type);

        if (prop->flags & NGX_MQTT_FLAG_FORWARD) {
            p = ngx_cpymem(p, pos, next - pos);
        }
    }

    return p;
}


/* for sections that were checked before */

static u_char *
ngx_mqtt_property_skip(u_char *p, ngx_uint_t type)
{
    switch (type) {

    case NGX_MQTT_TYPE_BOOL:
        return p + 1;

    case NGX_MQTT_TYPE_INT16:
        return p + 2;

    case NGX_MQTT_TYPE_INT32:
        return p + 4;

    case NGX_MQTT_TYPE_VBI:

        while (*p++ & 0x80) { /* void */ }

        return p;

    case NGX_MQTT_TYPE_PAIR:
        p += 2 + ngx_mqtt_get16(p);

        /* fall through */

    default: /* NGX_MQTT_TYPE_STRING, NGX_MQTT_TYPE_BINARY */
        return p + 2 + ngx_mqtt_get16(p);
    }
}


ngx_int_t
ngx_mqtt_property_user_next(ngx_str_t *raw, ngx_str_t *name, ngx_str_t *value)
{
    u_char      *p, *last;
    ngx_uint_t   id;

    p = raw->data;
    last = p + raw->len;

    while (p < last) {

        id = *p++;

        if (id != NGX_MQTT_PROP_USER_PROPERTY) {
            p = ngx_mqtt_property_skip(p, ngx_mqtt_properties[id].type);
            continue;
        }

        if (ngx_mqtt_property_pair(&p, last, name, value) != NGX_OK) {
            break;
        }

        raw->data = p;
        raw->len = last - p;

        return NGX_OK;
    }

    raw->len = 0;

    return NGX_DONE;
}
