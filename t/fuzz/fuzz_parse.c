
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


/*
 * A stream of packets, read in one piece and in many: both must give the same
 * packets and the same end.  What was read is written, and must read and write
 * the same once more.  The first byte of the input chooses the version and the
 * side, the second one the pieces.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt_parse.h>
#include <ngx_mqtt_property.h>
#include <ngx_mqtt_encode.h>
#include <ngx_mqtt_topic.h>


#define FUZZ_MAX_PACKETS  64


typedef struct {
    ngx_uint_t   version;
    ngx_uint_t   from_server;
    uint32_t     max;
    ngx_int_t    rc;
    ngx_uint_t   reason;
    ngx_uint_t   n;
    u_char      *packets[FUZZ_MAX_PACKETS];
    size_t       sizes[FUZZ_MAX_PACKETS];
} fuzz_run_t;


static ngx_log_t  fuzz_log;


static u_char *
fuzz_alloc(size_t size)
{
    u_char  *p;

    p = malloc(size);

    if (p == NULL && size) {
        abort();
    }

    return p;
}


/* the user properties of a section, as they are written */

static u_char *
fuzz_user(ngx_mqtt_props_t *props)
{
    u_char     *user, *p;
    ngx_str_t   raw, name, value;

    raw = props->raw;
    user = fuzz_alloc(raw.len);
    p = user;

    while (raw.len
           && ngx_mqtt_property_user_next(&raw, &name, &value) == NGX_OK)
    {
        *p++ = NGX_MQTT_PROP_USER_PROPERTY;
        p = ngx_mqtt_put16(p, name.len);
        p = ngx_cpymem(p, name.data, name.len);
        p = ngx_mqtt_put16(p, value.len);
        p = ngx_cpymem(p, value.data, value.len);
    }

    props->user.data = user;
    props->user.len = p - user;

    return user;
}


static u_char *
fuzz_encode(ngx_mqtt_packet_t *pkt, ngx_uint_t version, size_t *size)
{
    u_char  *p, *user, *will_user;

    user = fuzz_user(&pkt->props);
    will_user = NULL;

    if (pkt->type == NGX_MQTT_CONNECT) {
        will_user = fuzz_user(&pkt->u.connect.will_props);
    }

    *size = ngx_mqtt_encode_size(pkt, version);
    p = fuzz_alloc(*size);

    if (*size == 0 || ngx_mqtt_encode(p, pkt, version) != p + *size) {
        abort();
    }

    free(user);
    free(will_user);

    return p;
}


static void
fuzz_again(u_char *packet, size_t size, ngx_uint_t version)
{
    size_t              size1;
    u_char             *pos, *packet1;
    ngx_mqtt_packet_t   pkt;
    ngx_mqtt_parser_t   parser;

    ngx_mqtt_parser_init(&parser, size, 1, &fuzz_log);
    parser.version = (packet[0] >> 4 == NGX_MQTT_CONNECT) ? 0 : version;
    pos = packet;

    if (ngx_mqtt_parse(&parser, &pos, packet + size, &pkt) != NGX_OK
        || pos != packet + size
        || parser.version != version)
    {
        abort();
    }

    packet1 = fuzz_encode(&pkt, version, &size1);

    if (size1 != size || memcmp(packet, packet1, size) != 0) {
        abort();
    }

    free(packet1);
}


static void
fuzz_forward(ngx_mqtt_props_t *props)
{
    u_char  *p;

    p = fuzz_alloc(props->forward_len);

    if (ngx_mqtt_property_forward(p, props) != p + props->forward_len) {
        abort();
    }

    free(p);
}


static void
fuzz_topics(ngx_mqtt_packet_t *pkt)
{
    u_char             options;
    ngx_int_t          rc;
    ngx_str_t          s, rest, level;
    ngx_mqtt_packet_t  copy;
    ngx_mqtt_filter_t  filter;

    static ngx_str_t  topic = ngx_string("a/b");

    if (pkt->type == NGX_MQTT_PUBLISH) {
        rest = pkt->u.publish.topic;
        while (ngx_mqtt_topic_level(&rest, &level) == NGX_OK) { /* void */ }
        (void) ngx_mqtt_topic_name_valid(&pkt->u.publish.topic);
        return;
    }

    if (pkt->type != NGX_MQTT_SUBSCRIBE && pkt->type != NGX_MQTT_UNSUBSCRIBE) {
        return;
    }

    copy = *pkt;

    for ( ;; ) {
        rc = (pkt->type == NGX_MQTT_SUBSCRIBE)
             ? ngx_mqtt_subscribe_next(&copy, &s, &options)
             : ngx_mqtt_unsubscribe_next(&copy, &s);

        if (rc != NGX_OK) {
            break;
        }

        if (ngx_mqtt_filter_parse(&s, &filter) == NGX_OK) {
            (void) ngx_mqtt_topic_match(&filter.filter, &topic);
            (void) ngx_mqtt_topic_match(&filter.filter, &filter.full);
        }
    }

    if (copy.u.subscribe.list.len) {
        abort();
    }
}


/* NGX_AGAIN to go on; "parser" counts what it said in "run" */

static ngx_int_t
fuzz_piece(fuzz_run_t *run, ngx_mqtt_parser_t *parser, u_char *piece,
    size_t len)
{
    size_t              size;
    u_char             *pos;
    ngx_mqtt_packet_t   pkt;

    pos = piece;

    for ( ;; ) {
        run->rc = ngx_mqtt_parse(parser, &pos, piece + len, &pkt);

        if (run->rc != NGX_OK) {
            break;
        }

        if (run->n == FUZZ_MAX_PACKETS) {
            return NGX_DONE;
        }

        fuzz_topics(&pkt);
        fuzz_forward(&pkt.props);

        if (pkt.type == NGX_MQTT_CONNECT) {
            fuzz_forward(&pkt.u.connect.will_props);
        }

        run->packets[run->n] = fuzz_encode(&pkt, parser->version, &size);
        run->sizes[run->n] = size;
        fuzz_again(run->packets[run->n], size, parser->version);
        run->n++;
    }

    if (run->rc == NGX_ERROR) {
        run->reason = parser->reason;

        if (run->reason < 0x80) {
            abort();
        }

    } else if (pos != piece + len) {
        abort();
    }

    return run->rc;
}


static void
fuzz_run(fuzz_run_t *run, const u_char *data, size_t len, ngx_uint_t step)
{
    size_t              i, n;
    u_char             *piece;
    ngx_int_t           rc;
    ngx_mqtt_parser_t   parser;

    ngx_mqtt_parser_init(&parser, run->max, run->from_server, &fuzz_log);
    parser.version = run->version;

    run->n = 0;
    run->reason = 0;
    run->rc = rc = NGX_AGAIN;

    for (i = 0; i < len && rc == NGX_AGAIN; i += n) {
        n = step ? ngx_min(step, len - i) : len;
        step = step ? (step * 5 + 3) % 61 + 1 : 0;

        piece = fuzz_alloc(n);
        memcpy(piece, data + i, n);
        rc = fuzz_piece(run, &parser, piece, n);
        free(piece);

        if (parser.body_size > 512 && parser.body_size > 2 * len) {
            abort();
        }
    }

    ngx_mqtt_parser_free(&parser);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    ngx_uint_t         i;
    static fuzz_run_t  one, two;

    static ngx_uint_t  versions[] = { 0, NGX_MQTT_V4, NGX_MQTT_V5, 0 };

    if (len < 2) {
        return 0;
    }

    one.version = versions[data[0] & 3];
    one.from_server = data[0] >> 2 & 1;
    one.max = (data[0] & 8) ? 64 : 0;
    two = one;

    fuzz_run(&one, data + 2, len - 2, 0);
    fuzz_run(&two, data + 2, len - 2, 1 + data[1] % 61);

    if (one.n != two.n || one.rc != two.rc || one.reason != two.reason) {
        abort();
    }

    for (i = 0; i < one.n; i++) {
        if (one.sizes[i] != two.sizes[i]
            || memcmp(one.packets[i], two.packets[i], one.sizes[i]) != 0)
        {
            abort();
        }

        free(one.packets[i]);
        free(two.packets[i]);
    }

    return 0;
}
