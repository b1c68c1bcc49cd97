# Maximum Packet Size, both ways.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a message too large for its receiver counts as delivered
--- workers: 1 2
--- conforms
5.0 MQTT-3.1.2-24 MQTT-3.1.2-25
--- mqtt
sub > CONNECT v5 clean max_packet=64
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=0 payload=100*x
pub publishes t qos=1 payload=100*x
pub publishes t qos=2 payload=100*x
pub publishes t qos=1 payload="small"
sub < PUBLISH t qos=1 payload="small"
sub . nothing

=== TEST 2: it takes no place in the window
--- workers: 1 2
--- conforms
5.0 MQTT-3.1.2-25
--- mqtt
sub > CONNECT v5 clean max_packet=64 receive_max=2
sub < CONNACK
sub subscribes t qos=2
pub connects
for $n in 1..5
    pub publishes t qos=1 payload=100*x
    pub publishes t qos=2 payload=100*x
end
for $n in 1..3
    pub publishes t qos=1 payload="$n"
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end

=== TEST 3: others get it
--- workers: 1 2
--- mqtt
small > CONNECT v5 clean max_packet=64
small < CONNACK
large,pub connects
small,large subscribes t
pub publishes t payload=100*x
large < PUBLISH t payload=100*x
small . nothing

=== TEST 4: to the byte
--- conforms
5.0 MQTT-3.1.2-24
--- mqtt
# 2 bytes of fixed header, 3 of topic, 1 of properties, and the payload
sub > CONNECT v5 clean max_packet=50
sub < CONNACK
sub subscribes t
sub publishes t payload=44*x
sub < PUBLISH t payload=44*x
sub publishes t payload=45*x
sub . nothing

=== TEST 5: queued and retained messages too
--- workers: 1 2
--- conforms
5.0 MQTT-3.1.2-24 MQTT-3.1.2-25
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload=100*x
pub publishes t qos=1 payload="small"
pub publishes r qos=1 retain payload=100*x
sub > CONNECT v5 session_expiry=60 max_packet=64
sub < CONNACK sp=1
sub < PUBLISH t qos=1 payload="small"
sub subscribes r
sub . nothing

=== TEST 6: subscription identifiers and other properties count
--- conforms
5.0 MQTT-3.1.2-24
--- mqtt
sub > CONNECT v5 clean max_packet=50
sub < CONNACK
sub > SUBSCRIBE 1 t subid=9
sub < SUBACK 1 codes=0
sub publishes t payload=42*x
sub < PUBLISH t payload=42*x subid=9
sub publishes t payload=43*x
sub publishes t payload=30*x user=some:property
sub . nothing

=== TEST 7: the server's own, to the byte
--- conforms
5.0 MQTT-3.2.2-15
--- hub
max_packet_size 1000;
--- mqtt
# 3 bytes of fixed header, 3 of topic, 1 of properties, and the payload
sub connects
sub subscribes t
a > CONNECT v5 clean
a < CONNACK max_packet=1000
a > PUBLISH t payload=993*x
sub < PUBLISH t payload=993*x
a > PUBLISH t payload=994*x
a < DISCONNECT 0x95
a < close
sub . nothing

=== TEST 8: for 3.1.1 it is silent
--- hub
max_packet_size 1000;
--- mqtt
sub connects v4
sub subscribes t
a > CONNECT v4 clean
a < CONNACK
a > PUBLISH t payload=994*x
sub < PUBLISH t payload=994*x
a > PUBLISH t payload=995*x
a < close
sub . nothing

=== TEST 9: it is enough to announce it
--- versions: 4 5
--- hub
max_packet_size 1000;
--- conforms
3.1.1 error-packet-too-large
5.0 error-packet-too-large MQTT-3.2.2-15
--- mqtt
a connects
a > HEX 30 ff ff ff 7f
a < end 0x95
a connects
a > HEX 30 e8 07
a < end 0x95

=== TEST 10: in CONNECT
--- versions: 4 5
--- hub
max_packet_size 100;
--- mqtt
a > CONNECT clean username=u password=100*x
[5] a < maybe CONNACK 0x95
a < close
b > CONNECT clean username=u password=50*x
b < CONNACK

=== TEST 11: every other packet that is too large
--- versions: 4 5
--- hub
max_packet_size 100;
--- mqtt
a connects
a > SUBSCRIBE 1 100*x
a < end 0x95
a connects
a > UNSUBSCRIBE 1 100*x
a < end 0x95

=== TEST 12: no answer is larger than it
--- mqtt
a > CONNECT v5 clean max_packet=24
a < CONNACK
a > PUBREL 99
a < PUBCOMP 99 0x92 !reason_string
a > SUBSCRIBE 1 a#
a < SUBACK 1 codes=0x8f !reason_string
a > PUBLISH t alias=0
a < maybe DISCONNECT 0x94
a < close

=== TEST 13: what was sent, and is too large for the connection that comes after
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=3
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=2 payload="released"
pub publishes t qos=1 payload=100*a
pub publishes t qos=2 payload=100*b
pub publishes t qos=1 payload="small"
pub publishes t qos=2 payload=9000*c
pub publishes t qos=1 payload="last"
sub < PUBLISH t qos=2 id=$one payload="released"
sub < PUBLISH t qos=1 id=$two payload=100*a
sub < PUBLISH t qos=2 id=$three payload=100*b
sub > PUBREC $one
sub < PUBREL $one
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=1 max_packet=64
sub < CONNACK sp=1
sub < PUBREL $one
sub < PUBLISH t qos=1 id=$four payload="small"
sub . nothing
sub > PUBCOMP $one
sub > PUBACK $four
sub < PUBLISH t qos=1 id=$five payload="last"
sub . nothing
# it counts as delivered, for a larger connection as well
sub closes
sub > CONNECT v5 session_expiry=60
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup id=$five payload="last"
sub . nothing

=== TEST 14: among retained messages, wills, and a share
--- workers: 1 2
--- mqtt
pub connects
pub publishes r/1 qos=1 retain payload="small"
pub publishes r/2 qos=2 retain payload=100*x
pub publishes r/3 qos=1 retain payload=9000*x
pub publishes r/4 qos=1 retain payload="small"
sub > CONNECT v5 clean max_packet=64 receive_max=1
sub < CONNACK
sub acks
sub subscribes r/+ qos=2
for 1..2
    sub < PUBLISH ~^r/[14] qos=1 retain payload="small"
end
sub . nothing
sub subscribes $share/g/s qos=1 w qos=1
for $n in 1..3
    pub publishes s qos=1 payload=100*x
    pub publishes s qos=1 payload="$n"
    sub < PUBLISH s qos=1 payload="$n"
end
a connects will=w will.qos=1 will.payload=100*x
a closes
b connects will=w will.qos=1 will.payload="small"
b closes
sub < PUBLISH w qos=1 payload="small"
sub . nothing

=== TEST 15: properties and the topic of a forwarded message count, a shorter alias does not help
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean max_packet=64 alias_max=3
sub < CONNACK
sub subscribes 30*t
pub connects
pub publishes 30*t payload=20*x
sub < PUBLISH 30*t payload=20*x
pub publishes 30*t payload=20*x user=some:value-that-is-long
pub publishes 30*t payload=29*x
sub < PUBLISH 30*t payload=29*x
pub publishes 30*t payload=30*x
sub . nothing

=== TEST 16: no CONNACK that is too large is sent
--- mqtt
watch connects
watch subscribes w
a > CONNECT v5 clean max_packet=4 will=w will.payload="x"
a < close
b > CONNECT v5 id="" max_packet=20
b < maybe CONNACK 0x95
b < close
watch . nothing

=== TEST 17: one byte by byte does not get through either
--- versions: 4 5
--- hub
max_packet_size 100;
--- mqtt
a connects
a > HEX 30 / e5 / 01
a < end 0x95

=== TEST 18: what was too large is counted, and told when the worker leaves
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean max_packet=64
sub < CONNACK
sub subscribes t qos=2
pub connects
for $qos in 0 1 2
    pub publishes t qos=$qos payload=100*x
end
pub publishes t qos=1 payload="small"
sub < PUBLISH t qos=1 payload="small"
reload
--- error_log
/\[notice\] .*mqtt zone "test": lock held at most \d+ us, event loop at most \d+ us, dropped: 3 too large, 0 expired, 0 queue full/
