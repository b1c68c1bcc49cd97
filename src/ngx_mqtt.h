
/*
 * Copyright (C) the ngx_mqtt_module authors
 */


#ifndef _NGX_MQTT_H_INCLUDED_
#define _NGX_MQTT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* protocol levels, as they stand in CONNECT */

#define NGX_MQTT_V4                            4    /* 3.1.1 */
#define NGX_MQTT_V5                            5


/*
 * What stands in their place for native clients of Web PubSub: a bit, their
 * protocol (ngx_mqtt_native.h), and whether it is a reliable one.
 */

#define NGX_MQTT_V_NATIVE                      0x10
#define NGX_MQTT_V_RELIABLE                    0x08

#define ngx_mqtt_is_native(version)    ((version) & NGX_MQTT_V_NATIVE)
#define ngx_mqtt_is_reliable(version)  ((version) & NGX_MQTT_V_RELIABLE)
#define ngx_mqtt_protocol(version)                                            \
    (ngx_mqtt_is_native(version) ? (version) & 0x07 : 0)


/* control packet types (2.1.2) */

#define NGX_MQTT_CONNECT                       1
#define NGX_MQTT_CONNACK                       2
#define NGX_MQTT_PUBLISH                       3
#define NGX_MQTT_PUBACK                        4
#define NGX_MQTT_PUBREC                        5
#define NGX_MQTT_PUBREL                        6
#define NGX_MQTT_PUBCOMP                       7
#define NGX_MQTT_SUBSCRIBE                     8
#define NGX_MQTT_SUBACK                        9
#define NGX_MQTT_UNSUBSCRIBE                   10
#define NGX_MQTT_UNSUBACK                      11
#define NGX_MQTT_PINGREQ                       12
#define NGX_MQTT_PINGRESP                      13
#define NGX_MQTT_DISCONNECT                    14
#define NGX_MQTT_AUTH                          15


/* limits of the protocol, in bytes unless said otherwise */

#define NGX_MQTT_STRING_MAX                    65535
#define NGX_MQTT_VBI_MAX                       268435455
#define NGX_MQTT_PACKET_MAX                    268435460
#define NGX_MQTT_PACKET_ID_MAX                 65535
#define NGX_MQTT_SESSION_NEVER_EXPIRES         0xffffffff


/* bits of the options byte of SUBSCRIBE (3.8.3.1) */

#define NGX_MQTT_OPT_QOS                       0x03
#define NGX_MQTT_OPT_NO_LOCAL                  0x04
#define NGX_MQTT_OPT_RETAIN_AS_PUBLISHED       0x08
#define NGX_MQTT_OPT_RETAIN_HANDLING           0x30
#define NGX_MQTT_OPT_RESERVED                  0xc0


/* reason codes of 5.0 (2.4) */

#define NGX_MQTT_SUCCESS                       0x00
#define NGX_MQTT_NORMAL_DISCONNECTION          0x00
#define NGX_MQTT_GRANTED_QOS_0                 0x00
#define NGX_MQTT_GRANTED_QOS_1                 0x01
#define NGX_MQTT_GRANTED_QOS_2                 0x02
#define NGX_MQTT_DISCONNECT_WITH_WILL          0x04
#define NGX_MQTT_NO_MATCHING_SUBSCRIBERS       0x10
#define NGX_MQTT_NO_SUBSCRIPTION_EXISTED       0x11
#define NGX_MQTT_CONTINUE_AUTH                 0x18
#define NGX_MQTT_REAUTH                        0x19
#define NGX_MQTT_UNSPECIFIED_ERROR             0x80
#define NGX_MQTT_MALFORMED_PACKET              0x81
#define NGX_MQTT_PROTOCOL_ERROR                0x82
#define NGX_MQTT_IMPLEMENTATION_ERROR          0x83
#define NGX_MQTT_UNSUPPORTED_VERSION           0x84
#define NGX_MQTT_CLIENT_ID_NOT_VALID           0x85
#define NGX_MQTT_BAD_USER_OR_PASSWORD          0x86
#define NGX_MQTT_NOT_AUTHORIZED                0x87
#define NGX_MQTT_SERVER_UNAVAILABLE            0x88
#define NGX_MQTT_SERVER_BUSY                   0x89
#define NGX_MQTT_BANNED                        0x8A
#define NGX_MQTT_SERVER_SHUTTING_DOWN          0x8B
#define NGX_MQTT_BAD_AUTH_METHOD               0x8C
#define NGX_MQTT_KEEP_ALIVE_TIMEOUT            0x8D
#define NGX_MQTT_SESSION_TAKEN_OVER            0x8E
#define NGX_MQTT_TOPIC_FILTER_INVALID          0x8F
#define NGX_MQTT_TOPIC_NAME_INVALID            0x90
#define NGX_MQTT_PACKET_ID_IN_USE              0x91
#define NGX_MQTT_PACKET_ID_NOT_FOUND           0x92
#define NGX_MQTT_RECEIVE_MAXIMUM_EXCEEDED      0x93
#define NGX_MQTT_TOPIC_ALIAS_INVALID           0x94
#define NGX_MQTT_PACKET_TOO_LARGE              0x95
#define NGX_MQTT_MESSAGE_RATE_TOO_HIGH         0x96
#define NGX_MQTT_QUOTA_EXCEEDED                0x97
#define NGX_MQTT_ADMINISTRATIVE_ACTION         0x98
#define NGX_MQTT_PAYLOAD_FORMAT_INVALID        0x99
#define NGX_MQTT_RETAIN_NOT_SUPPORTED          0x9A
#define NGX_MQTT_QOS_NOT_SUPPORTED             0x9B
#define NGX_MQTT_USE_ANOTHER_SERVER            0x9C
#define NGX_MQTT_SERVER_MOVED                  0x9D
#define NGX_MQTT_SHARED_NOT_SUPPORTED          0x9E
#define NGX_MQTT_CONNECTION_RATE_EXCEEDED      0x9F
#define NGX_MQTT_MAXIMUM_CONNECT_TIME          0xA0
#define NGX_MQTT_SUBSCRIPTION_IDS_NOT_SUPPORTED  0xA1
#define NGX_MQTT_WILDCARD_NOT_SUPPORTED        0xA2


/* return codes of a 3.1.1 CONNACK (3.1.1: 3.2.2.3) */

#define NGX_MQTT_V4_ACCEPTED                   0
#define NGX_MQTT_V4_UNACCEPTABLE_VERSION       1
#define NGX_MQTT_V4_IDENTIFIER_REJECTED        2
#define NGX_MQTT_V4_SERVER_UNAVAILABLE         3
#define NGX_MQTT_V4_BAD_USER_OR_PASSWORD       4
#define NGX_MQTT_V4_NOT_AUTHORIZED             5

/* the only failure a 3.1.1 SUBACK knows (3.1.1: 3.9.3) */

#define NGX_MQTT_V4_SUBSCRIBE_FAILURE          0x80


/* property identifiers of 5.0 (2.2.2.2) */

#define NGX_MQTT_PROP_PAYLOAD_FORMAT           0x01
#define NGX_MQTT_PROP_MESSAGE_EXPIRY           0x02
#define NGX_MQTT_PROP_CONTENT_TYPE             0x03
#define NGX_MQTT_PROP_RESPONSE_TOPIC           0x08
#define NGX_MQTT_PROP_CORRELATION_DATA         0x09
#define NGX_MQTT_PROP_SUBSCRIPTION_ID          0x0B
#define NGX_MQTT_PROP_SESSION_EXPIRY           0x11
#define NGX_MQTT_PROP_ASSIGNED_CLIENT_ID       0x12
#define NGX_MQTT_PROP_SERVER_KEEP_ALIVE        0x13
#define NGX_MQTT_PROP_AUTH_METHOD              0x15
#define NGX_MQTT_PROP_AUTH_DATA                0x16
#define NGX_MQTT_PROP_REQUEST_PROBLEM          0x17
#define NGX_MQTT_PROP_WILL_DELAY               0x18
#define NGX_MQTT_PROP_REQUEST_RESPONSE         0x19
#define NGX_MQTT_PROP_RESPONSE_INFO            0x1A
#define NGX_MQTT_PROP_SERVER_REFERENCE         0x1C
#define NGX_MQTT_PROP_REASON_STRING            0x1F
#define NGX_MQTT_PROP_RECEIVE_MAXIMUM          0x21
#define NGX_MQTT_PROP_TOPIC_ALIAS_MAXIMUM      0x22
#define NGX_MQTT_PROP_TOPIC_ALIAS              0x23
#define NGX_MQTT_PROP_MAXIMUM_QOS              0x24
#define NGX_MQTT_PROP_RETAIN_AVAILABLE         0x25
#define NGX_MQTT_PROP_USER_PROPERTY            0x26
#define NGX_MQTT_PROP_MAXIMUM_PACKET_SIZE      0x27
#define NGX_MQTT_PROP_WILDCARD_AVAILABLE       0x28
#define NGX_MQTT_PROP_SUBSCRIPTION_ID_AVAILABLE  0x29
#define NGX_MQTT_PROP_SHARED_AVAILABLE         0x2A

#define NGX_MQTT_PROP_MAX                      0x2A


#endif /* _NGX_MQTT_H_INCLUDED_ */
