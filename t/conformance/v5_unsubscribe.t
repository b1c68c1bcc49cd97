# 5.0, sections 3.10 and 3.11: UNSUBSCRIBE and UNSUBACK.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: no filter at all
--- conforms
5.0 MQTT-3.10.3-2
--- mqtt
a connects
a > UNSUBSCRIBE 1 nofilter
a < DISCONNECT 0x82
a < close
a connects
a > UNSUBSCRIBE 1 nofilter user=k:v
a < DISCONNECT 0x82
a < close

=== TEST 2: filters are compared byte by byte
--- conforms
5.0 MQTT-3.10.4-1 MQTT-3.10.4-5
--- mqtt
a connects
a subscribes a/+ $share/g/t/+
a > UNSUBSCRIBE 1 a/b a/# A/+ a/+/ /a/+ "#" a +  a/ a//+
a < UNSUBACK 1 codes=0x11,0x11,0x11,0x11,0x11,0x11,0x11,0x11,0x11,0x11
a > UNSUBSCRIBE 2 t/+ $share/h/t/+ $share/G/t/+ $share/g/t/# $share/g/t
a < UNSUBACK 2 codes=0x11,0x11,0x11,0x11,0x11
a publishes a/b
a < PUBLISH a/b
a publishes t/u
a < PUBLISH t/u
a > UNSUBSCRIBE 3 $share/g/t/+ a/+
a < UNSUBACK 3 codes=0,0
a publishes t/u
a publishes a/b
a . nothing

=== TEST 3: nothing is queued any more
--- conforms
5.0 MQTT-3.10.4-1 MQTT-3.10.4-2
--- mqtt
sub connects session_expiry=60
other,pub connects
sub subscribes t/+ qos=1 t/# qos=2 $share/g/t/u qos=1
other subscribes t/+
sub > UNSUBSCRIBE 2 t/+ t/# $share/g/t/u
sub < UNSUBACK 2 codes=0,0,0
pub publishes t/u qos=2 payload="1"
other < PUBLISH t/u payload="1"
sub . nothing
sub closes
pub publishes t/u qos=2 payload="2"
other < PUBLISH t/u payload="2"
sub connects session_expiry=60 sp=1
sub . nothing

=== TEST 4: what was begun is finished
--- conforms
5.0 MQTT-3.10.4-3
--- mqtt
pub connects
sub connects session_expiry=60
sub subscribes t qos=2
pub publishes t qos=1 payload="1"
pub publishes t qos=2 payload="2"
pub publishes t qos=2 payload="3"
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub < PUBLISH t qos=2 id=$three payload="3"
sub > PUBREC $three
sub < PUBREL $three
sub unsubscribes t
sub closes
sub connects session_expiry=60 sp=1
sub < PUBLISH t qos=1 dup id=$one payload="1"
sub < PUBLISH t qos=2 dup id=$two payload="2"
sub < PUBREL $three
sub > PUBACK $one
sub > PUBREC $two
sub < PUBREL $two
sub > PUBCOMP $two
sub > PUBCOMP $three
sub . nothing
sub closes
sub connects session_expiry=60 sp=1
sub . nothing

=== TEST 5: several filters are like several packets, with one answer
--- conforms
5.0 MQTT-3.10.4-4 MQTT-3.10.4-6 MQTT-3.11.3-1 MQTT-3.11.3-2
--- mqtt
a connects
a subscribes t u v
a > UNSUBSCRIBE 0xbeef t x v t a# v ""
a < UNSUBACK 0xbeef codes=0,0x11,0,0x11,0x8f,0x11,0x8f
a publishes t
a publishes v
a publishes u
a < PUBLISH u
a . nothing

=== TEST 6: no more than the client takes
--- conforms
5.0 MQTT-3.1.2-24 MQTT-3.11.2-1 MQTT-3.11.2-2
--- mqtt
a > CONNECT session_expiry=60 max_packet=16
a < CONNACK
a subscribes t
a > UNSUBSCRIBE 1 a#
a < HEX b0 04 0001 00 8f
# 11 codes are as many as fit
a > UNSUBSCRIBE 2 a# b# c# d# e# f# g# h# i# j# u
a < HEX b0 0e 0002 00 8f8f8f8f8f8f8f8f8f8f 11
a > UNSUBSCRIBE 3 t u u u u u u u u u u u
a < DISCONNECT 0x95
a < close
a connects session_expiry=60 sp=1
a publishes t
a < PUBLISH t
