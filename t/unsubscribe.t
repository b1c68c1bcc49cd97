# UNSUBSCRIBE and UNSUBACK.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: nothing comes any more
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.10.4-2 MQTT-3.10.4-4
--- mqtt
sub,pub connects
sub subscribes t qos=1
sub > UNSUBSCRIBE 0xbeef t
[4] sub < UNSUBACK 0xbeef
[5] sub < UNSUBACK 0xbeef codes=0
pub publishes t qos=1 payload="x"
sub . nothing

=== TEST 2: as bytes
--- mqtt
a connects v4
a > HEX a2 05 0001 0001 61
a < HEX b0 02 0001
b connects v5
b > HEX a2 06 0001 00 0001 61
b < HEX b0 04 0001 00 11

=== TEST 3: several filters, known and unknown
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.10.4-5 MQTT-3.10.4-6
--- mqtt
a connects
a subscribes t u v
a > UNSUBSCRIBE 2 t x v t
[4] a < UNSUBACK 2
[5] a < UNSUBACK 2 codes=0,0x11,0,0x11
a publishes t
a publishes v
a publishes u
a < PUBLISH u
a . nothing

=== TEST 4: filters are compared byte by byte
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.10.4-1 MQTT-3.10.4-5
--- mqtt
a connects
a subscribes a/+
a > UNSUBSCRIBE 1 a/b a/# A/+ a/+/ /a/+ "#"
[4] a < UNSUBACK 1
[5] a < UNSUBACK 1 codes=0x11,0x11,0x11,0x11,0x11,0x11
a publishes a/b
a < PUBLISH a/b

=== TEST 5: another filter goes on
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.10.4-2
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 a/# qos=1 a/b qos=2
sub < SUBACK 1 codes=1,2
sub unsubscribes a/b
pub publishes a/b qos=2 payload="x"
sub < PUBLISH a/b qos=1 id=$id payload="x"
sub . nothing

=== TEST 6: another client's subscription goes on
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b,pub connects
a,b subscribes t
a unsubscribes t
pub publishes t payload="x"
b < PUBLISH t payload="x"
a . nothing

=== TEST 7: deliveries that have begun are finished
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.10.4-3
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub unsubscribes t
sub closes
sub connects resume sp=1
sub < PUBLISH t qos=2 dup id=$id payload="x"
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id
sub . nothing

=== TEST 8: it is for good
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=1
sub unsubscribes t
sub closes
pub publishes t qos=1 payload="x"
sub connects resume sp=1
pub publishes t qos=1 payload="y"
sub . nothing

=== TEST 9: packet id 0, no filter, wrong flags
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2 MQTT-2.3.1-1 MQTT-3.10.1-1 MQTT-3.10.3-2
--- mqtt
a connects
a > UNSUBSCRIBE 0 t
a < end 0x82|0x81
a connects
a > UNSUBSCRIBE 1 nofilter
a < end 0x82|0x81
for $first in 0xa0 0xa1 0xa3
    a connects
    a > UNSUBSCRIBE 1 t first=$first
    a < end 0x81
end

=== TEST 10: ill-formed strings
--- versions: 4 5
--- conforms
3.1.1 MQTT-1.5.3-1 MQTT-1.5.3-2 MQTT-3.10.3-1
--- mqtt
for $bad in ff c080 eda080 610062
    a connects
    a > UNSUBSCRIBE 1 hex:$bad
    a < end 0x81
end

=== TEST 11: subscribing and unsubscribing many times
--- versions: 4 5
--- mqtt
a connects
for $n in 1..50
    a subscribes t/$n/+ t/# qos=1
    a unsubscribes t/$n/+ t/#
end
a publishes t/1/x
a . nothing

=== TEST 12: in the middle of delivery: what was begun is finished, nothing new comes
--- versions: 4 5
--- workers: 1 2
--- hub
receive_maximum 2;
--- mqtt
[4] sub connects resume
[5] sub connects session_expiry=60 receive_max=2
pub connects
sub > SUBSCRIBE 1 t qos=2 u qos=1
sub < SUBACK 1 codes=2,1
for $n in 1..3
    pub publishes t qos=2 payload="$n"
    pub publishes u qos=1 payload="$n"
end
sub < PUBLISH t qos=2 id=$one payload="1"
sub < PUBLISH u qos=1 id=$two payload="1"
sub > PUBREC $one
sub < PUBREL $one
sub unsubscribes t
pub publishes t qos=2 payload="late"
sub closes
[4] sub connects resume sp=1
[5] sub > CONNECT session_expiry=60 receive_max=2
[5] sub < CONNACK sp=1
sub < PUBREL $one
sub < PUBLISH u qos=1 dup id=$two payload="1"
sub < PUBLISH t qos=2 id=$three payload="2"
sub > PUBCOMP $one
sub . nothing
sub > PUBACK $two
sub < PUBLISH u qos=1 id=$four payload="2"
sub > PUBACK $four
sub > PUBREC $three
any order
    sub < PUBLISH t qos=2 id=$five payload="3"
    sub < PUBREL $three
end
sub > PUBCOMP $three
sub < PUBLISH u qos=1 payload="3"
sub . nothing
