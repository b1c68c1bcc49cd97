# Limits of a hub that CONNACK tells, and what happens beyond them.  See also
# session.t, keep_alive.t, receive_maximum.t, maximum_packet_size.t,
# topic_alias.t and will.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: max_qos 1
--- conforms
5.0 MQTT-3.2.2-9 MQTT-3.2.2-10 MQTT-3.2.2-11
--- hub
max_qos 1;
--- mqtt
watch connects
watch subscribes "#"
a > CONNECT v5 clean
a < CONNACK max_qos=1
a > SUBSCRIBE 1 t qos=2 u qos=1 v qos=0
a < SUBACK 1 codes=1,1,0
a publishes t qos=1 payload="x"
a < PUBLISH t qos=1 payload="x"
watch < PUBLISH t payload="x"
a > PUBLISH t qos=2 id=5
a < DISCONNECT 0x9b
a < close
watch . nothing

=== TEST 2: max_qos 0
--- conforms
5.0 MQTT-3.2.2-9 MQTT-3.2.2-10 MQTT-3.2.2-11
--- hub
max_qos 0;
--- mqtt
a > CONNECT v5 clean
a < CONNACK max_qos=0
a > SUBSCRIBE 1 t qos=2 u qos=1
a < SUBACK 1 codes=0,0
a > PUBLISH t qos=1 id=5
a < DISCONNECT 0x9b
a < close

=== TEST 3: max_qos and wills
--- conforms
5.0 MQTT-3.2.2-12
--- hub
max_qos 1;
--- mqtt
a > CONNECT v5 clean will=w will.payload="x" will.qos=2
a < CONNACK 0x9b
a < close
b > CONNECT v4 clean will=w will.payload="x" will.qos=2
b < close
c > CONNECT v5 clean will=w will.payload="x" will.qos=1
c < CONNACK

=== TEST 4: max_qos and 3.1.1
--- hub
max_qos 1;
--- mqtt
sub connects v4
sub > SUBSCRIBE 1 t qos=2
sub < SUBACK 1 codes=1
a connects v4
a publishes t qos=2 payload="x"
sub < PUBLISH t qos=1 payload="x"
sub . nothing

=== TEST 5: retain off
--- conforms
5.0 MQTT-3.2.2-13 MQTT-3.2.2-14
--- hub
retain off;
--- mqtt
watch connects
watch subscribes "#"
a > CONNECT v5 clean
a < CONNACK retain_available=0
a > PUBLISH t retain payload="x"
a < DISCONNECT 0x9a
a < close
b > CONNECT v5 clean will=w will.payload="x" will.retain=1
b < CONNACK 0x9a
b < close
watch . nothing

=== TEST 6: retain off and 3.1.1
--- hub
retain off;
--- mqtt
watch connects
watch subscribes "#"
a connects v4
a > PUBLISH t qos=1 id=1 retain payload="x"
a < close
b > CONNECT v4 clean will=w will.payload="x" will.retain=1
b < close
watch . nothing

=== TEST 7: wildcard_subscription off
--- versions: 4 5
--- hub
wildcard_subscription off;
--- conforms
3.1.1 MQTT-3.8.3-2 error-wildcard-unavailable
5.0 error-wildcard-unavailable
--- mqtt
a > CONNECT clean
[4] a < CONNACK
[5] a < CONNACK wildcard_available=0
a > SUBSCRIBE 1 t a/+ "#" b/# u qos=1
[4] a < SUBACK 1 codes=0,0x80,0x80,0x80,1
[5] a < SUBACK 1 codes=0,0xa2,0xa2,0xa2,1
a publishes t
a < PUBLISH t
a publishes a/b
a . nothing

=== TEST 8: shared_subscription off
--- versions: 4 5
--- hub
shared_subscription off;
--- conforms
3.1.1 error-shared-unavailable
5.0 error-shared-unavailable
--- mqtt
a > CONNECT clean
[4] a < CONNACK
[5] a < CONNACK shared_available=0
a > SUBSCRIBE 1 t $share/g/u
[4] a < SUBACK 1 codes=0,0x80
[5] a < SUBACK 1 codes=0,0x9e
a publishes u
a . nothing

=== TEST 9: max_connections
--- versions: 4 5
--- workers: 1 2
--- hub
max_connections 2;
--- conforms
3.1.1 MQTT-3.2.2-5
--- mqtt
a,b connects
c > CONNECT clean
[4] c < CONNACK 3
[5] c < CONNACK 0x97
c < close
a . nothing
b . nothing
# who takes over does not count twice
a2 > CONNECT id=a clean
a2 < CONNACK
a < end 0x8e
b disconnects
c connects
d > CONNECT clean
[4] d < CONNACK 3
[5] d < CONNACK 0x97
d < close

=== TEST 10: max_connections after lost connections
--- versions: 4 5
--- workers: 1 2
--- hub
max_connections 2;
--- mqtt
for 1..6
    a,b connects
    a,b closes
end
a,b connects

=== TEST 11: max_sessions
--- versions: 4 5
--- workers: 1 2
--- hub
max_sessions 2;
--- mqtt
a,b connects resume
a disconnects
c > CONNECT resume
[4] c < CONNACK 3
[5] c < CONNACK 0x97
c < close
a connects resume sp=1
a disconnects
# a session of a connection is one, too
a connects
a disconnects
c connects resume

=== TEST 12: max_subscriptions
--- versions: 4 5
--- workers: 1 2
--- hub
max_subscriptions 3;
--- conforms
3.1.1 MQTT-3.9.3-2 error-filter-quota
5.0 error-filter-quota
--- mqtt
a,b connects
a > SUBSCRIBE 1 t u
a < SUBACK 1 codes=0,0
b > SUBSCRIBE 1 t u qos=1 v
[4] b < SUBACK 1 codes=0,0x80,0x80
[5] b < SUBACK 1 codes=0,0x97,0x97
b > SUBSCRIBE 2 t qos=1
b < SUBACK 2 codes=1
a unsubscribes u
b > SUBSCRIBE 3 u v
[4] b < SUBACK 3 codes=0,0x80
[5] b < SUBACK 3 codes=0,0x97
a disconnects
b > SUBSCRIBE 4 v
b < SUBACK 4 codes=0

=== TEST 13: max_retained
--- workers: 1 2
--- hub
max_retained 2;
--- mqtt
a,b connects
a publishes t qos=1 retain payload="1"
a publishes u qos=1 retain payload="2"
a > PUBLISH v qos=1 id=7 retain payload="3"
a < PUBACK 7 0x97
a > PUBLISH v qos=2 id=8 retain payload="3"
a < PUBREC 8 0x97
a publishes t qos=1 retain payload="new"
a publishes u qos=1 retain
a publishes v qos=1 retain payload="3"
b subscribes +
any order
    b < PUBLISH t retain payload="new"
    b < PUBLISH v retain payload="3"
end
b . nothing

=== TEST 14: max_retained and 3.1.1
--- hub
max_retained 1;
--- mqtt
a connects v4
a publishes t qos=1 retain payload="1"
a > PUBLISH u qos=1 id=7 retain payload="2"
a < close
b connects v4
b subscribes +
b < PUBLISH t retain payload="1"
b . nothing

=== TEST 15: several limits at once
--- hub
max_qos 1;
retain off;
wildcard_subscription off;
shared_subscription off;
receive_maximum 5;
topic_alias_maximum 3;
max_packet_size 10k;
max_keepalive 30s;
session_expiry 10s;
--- mqtt
a > CONNECT v5 clean session_expiry=60
a < CONNACK max_qos=1 retain_available=0 wildcard_available=0 shared_available=0 receive_max=5 alias_max=3 max_packet=10240 server_keepalive=30 session_expiry=10

=== TEST 16: 3.1.1 is not told of any
--- hub
max_qos 1;
retain off;
max_keepalive 30s;
--- mqtt
a opens v=4
a > CONNECT v4 clean
a < HEX 20020000

=== TEST 17: strict_limits: client ids
--- versions: 4 5
--- hub
strict_limits on;
--- conforms
3.1.1 MQTT-3.1.3-9
--- mqtt
for $id in 129*x a.b "a b" "a/b" "\xc3\xa4"
    a > CONNECT clean id=$id
    [4] a < CONNACK 2
    [5] a < CONNACK 0x85
    a < close
end
for $id in a abc_DEF-09 128*x
    a > CONNECT clean id=$id
    a < CONNACK
    a disconnects
end
a > CONNECT clean id=""
[4] a < CONNACK 2
[4] a < close
[5] a < CONNACK assigned_id=*

=== TEST 18: strict_limits: keep-alive of 3.1.1
--- hub
strict_limits on;
--- mqtt
for $keepalive in 0 181 65535
    a > CONNECT v4 clean keepalive=$keepalive
    a < CONNACK 3
    a < close
end
for $keepalive in 1 180
    a > CONNECT v4 clean keepalive=$keepalive
    a < CONNACK
    a disconnects
end

=== TEST 19: strict_limits: wills
--- hub
strict_limits on;
--- mqtt
a > CONNECT v5 clean will="  " will.payload="x"
a < CONNACK 0x90
a < close
a > CONNECT v5 clean will=1025*w will.payload="x"
a < CONNACK 0x90
a < close
a > CONNECT v5 clean will=w will.payload=2001*x
a < CONNACK 0x95
a < close
a > CONNECT v4 clean will=w will.payload=2001*x
a < close
a > CONNECT v5 clean will=1024*w will.payload=2000*x
a < CONNACK

=== TEST 20: strict_limits: sessions live for 30 seconds
--- hub
strict_limits on;
--- mqtt
a > CONNECT v5 clean session_expiry=31
a < CONNACK session_expiry=30

=== TEST 21: none of this without strict_limits
--- versions: 4 5
--- mqtt
a > CONNECT clean id="a b.c/d" keepalive=0 will="  " will.payload=3000*x
a < CONNACK
