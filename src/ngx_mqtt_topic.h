
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_TOPIC_H_INCLUDED_
#define _NGX_MQTT_TOPIC_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* A filter taken apart; all strings point into the one it was parsed from. */

typedef struct {
    ngx_str_t              full;
    ngx_str_t              share;         /* empty unless shared */
    ngx_str_t              filter;        /* what topics are compared with */
    unsigned               wildcard:1;
    unsigned               shared:1;
} ngx_mqtt_filter_t;


/*
 * Checks the form of a topic name: 1 to 65535 bytes, no + and no #.  UTF-8 is
 * not looked at.  NGX_OK or NGX_ERROR (4.7.1, 4.7.3).
 */
ngx_int_t ngx_mqtt_topic_name_valid(const ngx_str_t *topic);

/*
 * Checks a topic filter and takes a shared one apart; UTF-8 is not looked at.
 * "$share" without a slash is an ordinary filter.  NGX_OK, or NGX_ERROR when
 * a filter or a share name is badly formed (4.7.1, 4.8.2).
 */
ngx_int_t ngx_mqtt_filter_parse(const ngx_str_t *full, ngx_mqtt_filter_t *f);

/*
 * 1 if the topic name matches the filter (without $share), else 0.  Both must
 * be valid.  A leading wildcard does not match a topic in $ (4.7.1, 4.7.2).
 */
ngx_uint_t ngx_mqtt_topic_match(const ngx_str_t *filter,
    const ngx_str_t *topic);

/* The same behind the first level, where "$" is an ordinary character. */
ngx_uint_t ngx_mqtt_topic_match_rest(const ngx_str_t *filter,
    const ngx_str_t *topic);

/* What a match takes at most, as a number of blocks in the zone looked at. */
#define ngx_mqtt_topic_cost(filter, topic)                                    \
    ((filter)->len / 128 + (topic)->len / 2048)

/*
 * Takes the next level from "rest", which begins as a copy of a topic or a
 * filter and is consumed; rest->data becomes NULL with the last level, so
 * that "a/" gives "a", "" and then the end, and "" gives one empty level.
 * NGX_OK, or NGX_DONE if there is no further level (4.7.1.1).
 */
ngx_int_t ngx_mqtt_topic_level(ngx_str_t *rest, ngx_str_t *level);

/*
 * NGX_OK if the bytes are UTF-8 as MQTT wants it: well formed, no surrogates,
 * no U+0000.  Control characters and non-characters are taken.  Else
 * NGX_ERROR (1.5.4).
 */
ngx_int_t ngx_mqtt_utf8_valid(const u_char *p, size_t len);


#endif /* _NGX_MQTT_TOPIC_H_INCLUDED_ */
