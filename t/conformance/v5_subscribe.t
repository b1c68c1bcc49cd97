# 5.0, sections 3.8 and 3.9: SUBSCRIBE and SUBACK.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: no filter at all
--- conforms
5.0 MQTT-3.8.3-2
--- mqtt
a connects
a > SUBSCRIBE 1 nofilter
a < DISCONNECT 0x82
a < close
a connects
a > SUBSCRIBE 1 nofilter subid=5 user=k:v
a < DISCONNECT 0x82
a < close

=== TEST 2: No Local goes by the client id
--- conforms
5.0 MQTT-3.8.3-3
--- workers: 1 2
--- mqtt
a connects session_expiry=60
b connects
a > SUBSCRIBE 1 t qos=1 nl u qos=1
a < SUBACK 1 codes=1,1
a publishes t qos=1 payload="own"
a publishes u qos=1 payload="own"
a < PUBLISH u qos=1 id=$id payload="own"
a > PUBACK $id
b publishes t qos=1 payload="another's"
a < PUBLISH t qos=1 id=$other payload="another's"
a > PUBACK $other
# in another connection, too
a closes
a > CONNECT session_expiry=60
a < CONNACK sp=1
a publishes t qos=1 payload="own"
a . nothing
c > CONNECT id=a session_expiry=60 will=t will.payload="own" will.qos=1
c < CONNACK sp=1
a < DISCONNECT 0x8e
a < close
c closes
a > CONNECT session_expiry=60
a < CONNACK sp=1
a . nothing
# a message that is retained is nobody's own any more when it is sent as such
a > PUBLISH r qos=1 id=1 retain payload="kept"
a < PUBACK 1
a > SUBSCRIBE 2 r nl
a < SUBACK 2 codes=0
a < PUBLISH r retain payload="kept"
a > PUBLISH r qos=1 id=3 retain payload="own"
a < PUBACK 3
a . nothing

=== TEST 3: No Local in a shared subscription
--- conforms
5.0 MQTT-3.8.3-4
--- mqtt
for $filter in $share/g/t $share/g/+ $share/g/
    a connects
    a > SUBSCRIBE 1 good $filter nl
    a < DISCONNECT 0x82
    a < close
end
a connects
a > SUBSCRIBE 1 $share/g/t '$shared/t' nl
a < SUBACK 1 codes=0,0

=== TEST 4: options that cannot be
--- conforms
5.0 MQTT-3.8.3-5
--- mqtt
for $options in 0x40 0x80 0xc0 0xff
    a connects
    a > SUBSCRIBE 1 good t options=$options
    a < DISCONNECT 0x81
    a < close
end
# QoS 3, Retain Handling 3
for $options in 0x03 0x30 0x33
    a connects
    a > SUBSCRIBE 1 good t options=$options
    a < DISCONNECT 0x82
    a < close
end
a connects
a > SUBSCRIBE 1 t options=0x2e
a < SUBACK 1 codes=2

=== TEST 5: the same filter again replaces the subscription
--- conforms
5.0 MQTT-3.8.4-3
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 t qos=2 nl rap subid=1
sub < SUBACK 1 codes=2
pub publishes t qos=1 retain payload="x"
sub < PUBLISH t qos=1 retain payload="x" subid=1
sub > SUBSCRIBE 2 t qos=1 rh=2 subid=2
sub < SUBACK 2 codes=1
pub publishes t qos=2 retain payload="x"
sub < PUBLISH t qos=1 payload="x" subid=2
sub publishes t payload="own"
sub < PUBLISH t payload="own" subid=2
sub > SUBSCRIBE 3 t rh=2
sub < SUBACK 3 codes=0
pub publishes t qos=2 payload="x"
sub < PUBLISH t payload="x"
sub . nothing
sub unsubscribes t
pub publishes t qos=2 payload="x"
sub . nothing

=== TEST 6: retained messages come again, and no other is lost
--- conforms
5.0 MQTT-3.8.4-4
--- workers: 1 2
--- mqtt
pub connects
sub > CONNECT clean receive_max=100
sub < CONNACK
pub publishes t/r qos=1 retain payload="kept"
sub subscribes t/#
sub < PUBLISH t/r retain payload="kept"
sub > SUBSCRIBE 2 t/#
sub < SUBACK 2 codes=0
sub < PUBLISH t/r retain payload="kept"
sub > SUBSCRIBE 3 t/# rh=1
sub < SUBACK 3 codes=0
sub . nothing
sub > SUBSCRIBE 4 t/# rh=2
sub < SUBACK 4 codes=0
sub . nothing
# replaced again and again under a stream of messages
sub unsubscribes t/#
sub > SUBSCRIBE 5 t/+ qos=1 rh=2
sub < SUBACK 5 codes=1
pub,sub holds
for $n in 1..8
    pub > PUBLISH t/n qos=1 id=$n payload="$n"
    sub > SUBSCRIBE $n t/+ qos=1 rh=2
end
pub,sub sends
any order
    sub < SUBACK 1 codes=1
    sub < PUBLISH t/n qos=1 payload="1"
    sub < SUBACK 2 codes=1
    sub < PUBLISH t/n qos=1 payload="2"
    sub < SUBACK 3 codes=1
    sub < PUBLISH t/n qos=1 payload="3"
    sub < SUBACK 4 codes=1
    sub < PUBLISH t/n qos=1 payload="4"
    sub < SUBACK 5 codes=1
    sub < PUBLISH t/n qos=1 payload="5"
    sub < SUBACK 6 codes=1
    sub < PUBLISH t/n qos=1 payload="6"
    sub < SUBACK 7 codes=1
    sub < PUBLISH t/n qos=1 payload="7"
    sub < SUBACK 8 codes=1
    sub < PUBLISH t/n qos=1 payload="8"
end
sub . nothing

=== TEST 7: several filters are like several packets, with one answer
--- conforms
5.0 MQTT-3.8.4-5 MQTT-3.8.4-6 MQTT-3.8.4-7 MQTT-3.9.3-1
--- mqtt
pub connects
pub publishes r qos=1 retain payload="kept"
sub connects
sub > SUBSCRIBE 1 t qos=0 t qos=2 u qos=1 r a# r $share/g/t qos=1 t qos=1
sub < SUBACK 1 codes=0,2,1,0,0x8f,0,1,1
sub < PUBLISH r retain payload="kept"
sub < PUBLISH r retain payload="kept"
sub . nothing
sub unsubscribes $share/g/t
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=1 payload="x"
sub . nothing

=== TEST 8: QoS of a delivery
--- conforms
5.0 MQTT-3.8.4-7 MQTT-3.8.4-8
--- mqtt
sub,pub connects
sub acks
sub subscribes 0 qos=0 1 qos=1 2 qos=2
for $qos in 0 1 2
    pub publishes 0 qos=$qos
    sub < PUBLISH 0 qos=0
    pub publishes 2 qos=$qos
    sub < PUBLISH 2 qos=$qos
end
pub publishes 1 qos=0
sub < PUBLISH 1 qos=0
pub publishes 1 qos=1
sub < PUBLISH 1 qos=1
pub publishes 1 qos=2
sub < PUBLISH 1 qos=1
sub . nothing

=== TEST 9: codes of SUBACK, in the order of the filters
--- conforms
5.0 MQTT-3.8.4-1 MQTT-3.8.4-6 MQTT-3.8.4-7 MQTT-3.9.3-1 MQTT-3.9.3-2
--- hub
wildcard_subscription off;
shared_subscription off;
max_subscriptions 3;
--- mqtt
a connects
a > SUBSCRIBE 1 a/+ a# t0 $share/g/t "" t1 qos=1 $share/g "#" t2 qos=2 t3 t2 qos=1
a < SUBACK 1 codes=0xa2,0x8f,0,0x9e,0x8f,1,0x8f,0xa2,2,0x97,1
a publishes t2 qos=2
a < PUBLISH t2 qos=1
a publishes t3
a publishes a/b
a . nothing

=== TEST 10: filters that one may not subscribe to
--- conforms
5.0 MQTT-3.8.4-1 MQTT-3.9.3-2
--- hub
default_roles webpubsub.sendToGroup;
--- mqtt
a connects
a > SUBSCRIBE 1 t qos=2 a/+ $share/g/t a#
a < SUBACK 1 codes=0x87,0x87,0x87,0x8f
a publishes t qos=1
a . nothing

=== TEST 11: no more than the client takes
--- conforms
5.0 MQTT-3.1.2-24 MQTT-3.9.2-1 MQTT-3.9.2-2
--- mqtt
a > CONNECT session_expiry=60 max_packet=16
a < CONNACK
a > SUBSCRIBE 1 a#
a < HEX 90 04 0001 00 8f
# 11 codes are as many as fit
a > SUBSCRIBE 2 a# b# c# d# e# f# g# h# i# j# t
a < HEX 90 0e 0002 00 8f8f8f8f8f8f8f8f8f8f 00
a > SUBSCRIBE 3 u u u u u u u u u u u u
a < DISCONNECT 0x95
a < close
a connects session_expiry=60 sp=1
a publishes u
a publishes t
a < PUBLISH t
a . nothing
