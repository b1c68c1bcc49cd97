# default_roles: who may publish, who may subscribe.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: subscribing only
--- hub
default_roles webpubsub.joinLeaveGroup;
--- mqtt
watch connects
watch subscribes t
a connects v5
a > PUBLISH t qos=1 id=1 payload="x"
a < PUBACK 1 0x87
a > PUBLISH t qos=2 id=2 payload="x"
a < PUBREC 2 0x87
# the id is free again
a > PUBLISH t qos=2 id=2 payload="x"
a < PUBREC 2 0x87
a > PUBLISH t qos=1 id=3 retain payload="x"
a < PUBACK 3 0x87
watch . nothing
late connects
late subscribes t
late . nothing
a > PUBLISH t payload="x"
a < DISCONNECT 0x87
a < close
watch . nothing

=== TEST 2: subscribing only, 3.1.1
--- versions: 4
--- hub
default_roles webpubsub.joinLeaveGroup;
--- conforms
3.1.1 MQTT-3.3.5-2
--- mqtt
watch connects
watch subscribes t
a connects v4
a publishes t qos=1 payload="x"
a publishes t qos=2 payload="x"
watch . nothing
a > PUBLISH t payload="x"
a < close
watch . nothing

=== TEST 3: publishing only
--- versions: 4 5
--- hub
default_roles webpubsub.sendToGroup;
--- conforms
3.1.1 MQTT-3.8.4-1 MQTT-3.9.3-2 error-filter-not-authorized
5.0 error-filter-not-authorized
--- mqtt
a connects
a > SUBSCRIBE 1 t u/+ $share/g/t qos=1
[4] a < SUBACK 1 codes=0x80,0x80,0x80
[5] a < SUBACK 1 codes=0x87,0x87,0x87
a publishes t qos=1 payload="x"
a . nothing

=== TEST 4: neither
--- versions: 4 5
--- main_config
mqtt_hub none {
    anonymous on;
}
--- location
mqtt_pass none;
--- stream_server
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass none;
}
--- mqtt
[tcp] a opens port=4
a connects
a > SUBSCRIBE 1 t
[4] a < SUBACK 1 codes=0x80
[5] a < SUBACK 1 codes=0x87
a > PUBLISH t qos=1 id=1
[4] a < PUBACK 1
[5] a < PUBACK 1 0x87
a . nothing

=== TEST 5: a will that may not be published
--- hub
default_roles webpubsub.joinLeaveGroup;
--- mqtt
a > CONNECT v5 clean will=w will.payload="x"
a < CONNACK 0x87
a < close
b > CONNECT v4 clean will=w will.payload="x"
b < CONNACK 5
b < close

=== TEST 6: a will under $
--- mqtt
a > CONNECT v5 clean will='$other/w' will.payload="x"
a < CONNACK 0x87|0x90
a < close
