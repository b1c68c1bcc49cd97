# Message Expiry Interval.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: passed on at once, it is what it was
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t payload="x" expiry=10
sub < PUBLISH t payload="x" expiry=10
pub publishes t payload="x" expiry=0xffffffff
sub < PUBLISH t payload="x" expiry=4294967295
pub publishes t payload="y"
sub < PUBLISH t payload="y"

=== TEST 2: a queued message expires
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.2-5 MQTT-3.3.2-6
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload="short" expiry=1
pub publishes t qos=1 payload="long" expiry=100
pub publishes t qos=1 payload="for ever"
wait 2.2
sub connects resume sp=1
sub < PUBLISH t qos=1 payload="long" expiry=96..98
sub < PUBLISH t qos=1 payload="for ever"
sub . nothing

=== TEST 3: for a subscriber of 3.1.1 as well
--- mqtt
sub > CONNECT v4
sub < CONNACK
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload="short" expiry=1
pub publishes t qos=1 payload="long" expiry=100
wait 2.2
sub > CONNECT v4
sub < CONNACK sp=1
sub < PUBLISH t qos=1 payload="long"
sub . nothing

=== TEST 4: not once it was sent
--- conforms
5.0 MQTT-4.3.3-7
--- mqtt
sub connects resume
sub subscribes t qos=2
pub connects
pub publishes t qos=2 payload="x" expiry=1
sub < PUBLISH t qos=2 id=$id payload="x" expiry=0..1
sub closes
wait 2.2
sub connects resume sp=1
sub < PUBLISH t qos=2 dup id=$id payload="x" expiry=*
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id

=== TEST 5: acknowledging goes on
--- conforms
5.0 MQTT-4.3.3-13
--- mqtt
pub connects
pub > PUBLISH t qos=2 id=7 payload="x" expiry=1
pub < PUBREC 7
wait 2.2
pub > PUBREL 7
pub < PUBCOMP 7

=== TEST 6: it counts while a slow receiver has its window full
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2" expiry=1
pub publishes t qos=1 payload="3"
sub < PUBLISH t qos=1 id=$one payload="1"
wait 2.2
sub > PUBACK $one
sub < PUBLISH t qos=1 id=$three payload="3"
sub > PUBACK $three
sub . nothing

=== TEST 7: 0 is legal
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t payload="x" expiry=0
pub publishes t payload="y"
sub < maybe PUBLISH t payload="x" expiry=0
sub < PUBLISH t payload="y"

=== TEST 8: a will's expiry counts from its publication
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="x" will.expiry=100 will.delay=1
a closes
watch < PUBLISH w payload="x" expiry=99..100
