
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_mqtt.h>
#include <ngx_mqtt_reason.h>


/* who may send a reason code: a client (and a server), or only a server */

#define CA      (1UL << NGX_MQTT_CONNACK)
#define ACK     (1UL << NGX_MQTT_PUBACK | 1UL << NGX_MQTT_PUBREC)
#define REL     (1UL << NGX_MQTT_PUBREL | 1UL << NGX_MQTT_PUBCOMP)
#define SA      (1UL << NGX_MQTT_SUBACK)
#define UA      (1UL << NGX_MQTT_UNSUBACK)
#define D       (1UL << NGX_MQTT_DISCONNECT)
#define A       (1UL << NGX_MQTT_AUTH)

#define SERVER_SHIFT   16
#define SERVER(types)  ((types) << SERVER_SHIFT)


static const struct {
    u_char    code;
    uint32_t  types;
} ngx_mqtt_reasons[] = {
    { NGX_MQTT_SUCCESS, CA|ACK|REL|SA|UA|D|SERVER(A) },
    { NGX_MQTT_GRANTED_QOS_1, SA },
    { NGX_MQTT_GRANTED_QOS_2, SA },
    { NGX_MQTT_DISCONNECT_WITH_WILL, D },
    { NGX_MQTT_NO_MATCHING_SUBSCRIBERS, ACK },
    { NGX_MQTT_NO_SUBSCRIPTION_EXISTED, UA },
    { NGX_MQTT_CONTINUE_AUTH, A },
    { NGX_MQTT_REAUTH, A },
    { NGX_MQTT_UNSPECIFIED_ERROR, CA|ACK|SA|UA|D },
    { NGX_MQTT_MALFORMED_PACKET, CA|D },
    { NGX_MQTT_PROTOCOL_ERROR, CA|D },
    { NGX_MQTT_IMPLEMENTATION_ERROR, CA|ACK|SA|UA|D },
    { NGX_MQTT_UNSUPPORTED_VERSION, CA },
    { NGX_MQTT_CLIENT_ID_NOT_VALID, CA },
    { NGX_MQTT_BAD_USER_OR_PASSWORD, CA },
    { NGX_MQTT_NOT_AUTHORIZED, CA|ACK|SA|UA|SERVER(D) },
    { NGX_MQTT_SERVER_UNAVAILABLE, CA },
    { NGX_MQTT_SERVER_BUSY, CA|SERVER(D) },
    { NGX_MQTT_BANNED, CA },
    { NGX_MQTT_SERVER_SHUTTING_DOWN, SERVER(D) },
    { NGX_MQTT_BAD_AUTH_METHOD, CA|SERVER(D) },
    { NGX_MQTT_KEEP_ALIVE_TIMEOUT, SERVER(D) },
    { NGX_MQTT_SESSION_TAKEN_OVER, SERVER(D) },
    { NGX_MQTT_TOPIC_FILTER_INVALID, SA|UA|SERVER(D) },
    { NGX_MQTT_TOPIC_NAME_INVALID, CA|ACK|D },
    { NGX_MQTT_PACKET_ID_IN_USE, ACK|SA|UA },
    { NGX_MQTT_PACKET_ID_NOT_FOUND, REL },
    { NGX_MQTT_RECEIVE_MAXIMUM_EXCEEDED, D },
    { NGX_MQTT_TOPIC_ALIAS_INVALID, D },
    { NGX_MQTT_PACKET_TOO_LARGE, CA|D },
    { NGX_MQTT_MESSAGE_RATE_TOO_HIGH, D },
    { NGX_MQTT_QUOTA_EXCEEDED, CA|ACK|SA|D },
    { NGX_MQTT_ADMINISTRATIVE_ACTION, D },
    { NGX_MQTT_PAYLOAD_FORMAT_INVALID, CA|ACK|D },
    { NGX_MQTT_RETAIN_NOT_SUPPORTED, CA|SERVER(D) },
    { NGX_MQTT_QOS_NOT_SUPPORTED, CA|SERVER(D) },
    { NGX_MQTT_USE_ANOTHER_SERVER, CA|SERVER(D) },
    { NGX_MQTT_SERVER_MOVED, CA|SERVER(D) },
    { NGX_MQTT_SHARED_NOT_SUPPORTED, SA|SERVER(D) },
    { NGX_MQTT_CONNECTION_RATE_EXCEEDED, CA|SERVER(D) },
    { NGX_MQTT_MAXIMUM_CONNECT_TIME, SERVER(D) },
    { NGX_MQTT_SUBSCRIPTION_IDS_NOT_SUPPORTED, SA|SERVER(D) },
    { NGX_MQTT_WILDCARD_NOT_SUPPORTED, SA|SERVER(D) }
};


ngx_uint_t
ngx_mqtt_reason_allowed(ngx_uint_t code, ngx_uint_t type,
    ngx_uint_t from_server)
{
    uint32_t    types;
    ngx_uint_t  i, n;

    n = sizeof(ngx_mqtt_reasons) / sizeof(ngx_mqtt_reasons[0]);

    for (i = 0; i < n; i++) {

        if (ngx_mqtt_reasons[i].code != code) {
            continue;
        }

        types = ngx_mqtt_reasons[i].types;

        if (from_server) {
            types |= types >> SERVER_SHIFT;
        }

        return (types & 1UL << type) != 0;
    }

    return 0;
}
