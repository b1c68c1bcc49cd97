# Hubs: brokers of their own, also in one zone.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: hubs on one zone do not see each other
--- versions: 4 5
--- workers: 1 2
--- main_config
mqtt_hub other {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
}
--- location
mqtt_pass $arg_hub;
--- stream_server
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass other;
}
--- mqtt
[ws] a opens path="/mqtt?hub=test"
[ws] b opens path="/mqtt?hub=other"
[tcp] b opens port=4
# the same client id is another client
a > CONNECT id=x resume
a < CONNACK sp=0
b > CONNECT id=x resume
b < CONNACK sp=0
a,b subscribes t/+ $share/g/s
a publishes t/1 qos=1 retain payload="of a"
a < PUBLISH t/1 payload="of a"
b . nothing
b publishes t/1 qos=1 retain payload="of b"
b < PUBLISH t/1 payload="of b"
a . nothing
a publishes s payload="shared"
a < PUBLISH s payload="shared"
b . nothing
a subscribes t/1
a < PUBLISH t/1 retain payload="of a"
b subscribes t/1
b < PUBLISH t/1 retain payload="of b"

=== TEST 2: each has its limits
--- workers: 1 2
--- main_config
mqtt_hub small {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_connections 1;
    max_qos 0;
}
--- location
mqtt_pass $arg_hub;
--- transports: ws
--- mqtt
a opens path="/mqtt?hub=test"
a > CONNECT v5 clean
a < CONNACK !max_qos
b opens path="/mqtt?hub=small"
b > CONNECT v5 clean
b < CONNACK max_qos=0
c opens path="/mqtt?hub=small"
c > CONNECT v5 clean
c < CONNACK 0x97
c < close
d opens path="/mqtt?hub=test"
d > CONNECT v5 clean
d < CONNACK

=== TEST 3: names are not case-sensitive
--- transports: ws
--- location
mqtt_pass $arg_hub;
--- mqtt
a opens path="/mqtt?hub=Test"
a connects
b opens path="/mqtt?hub=tEST"
b connects
a subscribes t
b publishes t payload="x"
a < PUBLISH t payload="x"

=== TEST 4: the template
--- transports: ws
--- workers: 1 2
--- main_config
mqtt_hub * {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_qos 1;
}
--- location
mqtt_pass $arg_hub;
--- mqtt
a opens path="/mqtt?hub=one"
a > CONNECT v5 clean
a < CONNACK max_qos=1
b opens path="/mqtt?hub=two"
b > CONNECT v5 clean
b < CONNACK max_qos=1
c opens path="/mqtt?hub=ONE"
c > CONNECT v5 clean
c < CONNACK max_qos=1
d opens path="/mqtt?hub=test"
d > CONNECT v5 clean
d < CONNACK !max_qos
a,b,c,d subscribes t
a publishes t payload="x"
a,c < PUBLISH t payload="x"
b . nothing
d . nothing

=== TEST 5: a hub of the template is there as long as anything is in it
--- transports: ws
--- workers: 1 2
--- main_config
mqtt_hub * {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_hubs 2;
}
--- location
mqtt_pass $arg_hub;
--- mqtt
a opens path="/mqtt?hub=one"
a connects
b opens path="/mqtt?hub=two"
b connects
c opens path="/mqtt?hub=three"
c > CONNECT v5 clean
c < CONNACK 0x97
c < close
a publishes t qos=1 retain payload="kept"
a disconnects
d opens path="/mqtt?hub=one"
d connects
d subscribes t
d < PUBLISH t retain payload="kept"
d publishes t qos=1 retain
d < PUBLISH t
d disconnects
c opens path="/mqtt?hub=three"
c connects
c disconnects
b disconnects

=== TEST 6: names that no hub can have
--- transports: ws
--- main_config
mqtt_hub * {
    anonymous on;
}
--- location
mqtt_pass $arg_hub;
--- mqtt
for $name in 1a _a a-b a%2Fb "" a%20b
    a opens bare
    a > HANDSHAKE path="/mqtt?hub=$name"
    a < HTTP 404
    a closes
end
b opens path="/mqtt?hub=a_1.b,[c]`"
b connects

=== TEST 7: hubs in different zones
--- versions: 4 5
--- workers: 1 2
--- main_config
mqtt_zone second 4m;
mqtt_hub other {
    zone second;
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
}
--- hub
zone test;
--- location
mqtt_pass $arg_hub;
--- stream_server
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass other;
}
--- mqtt
[ws] a opens path="/mqtt?hub=test"
[ws] b opens path="/mqtt?hub=other"
[ws] c opens path="/mqtt?hub=other"
[tcp] b opens port=4
[tcp] c opens port=4
a,b,c connects
a,b,c subscribes t qos=1
b publishes t qos=1 payload="x"
b,c < PUBLISH t qos=1 payload="x"
a . nothing

=== TEST 8: a variable in stream
--- transports: tcp
--- stream_server
map $server_port $hub {
    default test;
}
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass $hub;
}
server {
    listen $TEST_NGINX_PORT_5;
    mqtt_pass none$hub;
}
--- mqtt
a opens port=4
a connects
b connects
a subscribes t
b publishes t payload="x"
a < PUBLISH t payload="x"
c opens port=5
c > CONNECT clean
c < close
