# PUBLISH of QoS 1, both ways.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: the server acknowledges, and so does the subscriber
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.4-1
5.0 MQTT-4.3.2-2 MQTT-4.3.2-4
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 a/+ qos=1
sub < SUBACK 1 codes=1
pub > PUBLISH a/b qos=1 id=7 payload="hello"
pub < PUBACK 7
sub < PUBLISH a/b qos=1 id=$id payload="hello"
sub > PUBACK $id
sub . nothing
pub . nothing

=== TEST 2: as bytes
--- mqtt
a connects v4
a > HEX 32 07 0001 61 0001 6869
a < HEX 40 02 0001
b connects v5
b subscribes a
b > HEX 32 08 0001 61 0002 00 6869
any order
    b < HEX 40 02 0002
    b < HEX 30 06 0001 61 00 6869
end

=== TEST 3: any packet id but 0
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.3.1-1 MQTT-2.3.1-6
--- mqtt
a connects
for $id in 1 255 256 65535
    a > PUBLISH t qos=1 id=$id
    a < PUBACK $id
end
a > PUBLISH t qos=1 id=0
a < end 0x81|0x82

=== TEST 4: an id is free again with its PUBACK, whatever DUP says
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.3.2-2
5.0 MQTT-4.3.2-5
--- mqtt
sub,pub connects
sub subscribes t
pub > PUBLISH t qos=1 id=5 payload="1"
pub < PUBACK 5
pub > PUBLISH t qos=1 id=5 dup payload="2"
pub < PUBACK 5
sub < PUBLISH t payload="1"
sub < PUBLISH t payload="2"

=== TEST 5: DUP and the id are not passed on
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-3
--- mqtt
sub,pub connects
sub subscribes t qos=1
pub > PUBLISH t qos=1 id=0x1234 dup payload="x"
pub < PUBACK 0x1234
sub < PUBLISH t qos=1 id=1..100 payload="x"

=== TEST 6: a delivery has the lower QoS of message and subscription
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.8.4-6
--- mqtt
pub connects
for $granted in 0 1 2
    s$granted connects
    s$granted subscribes t qos=$granted
end
pub publishes t qos=0 payload="0"
s0,s1,s2 < PUBLISH t payload="0"
pub publishes t qos=1 payload="1"
s0 < PUBLISH t payload="1"
s1,s2 < PUBLISH t qos=1 payload="1"
pub publishes t qos=2 payload="2"
s0 < PUBLISH t payload="2"
s1 < PUBLISH t qos=1 payload="2"
s2 < PUBLISH t qos=2 payload="2"

=== TEST 7: PUBACKs come in the order of the messages
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.6.0-2 MQTT-4.6.0-6
--- mqtt
sub,pub connects
sub subscribes t
pub holds
for $n in 1..100
    pub > PUBLISH t qos=1 id=$n payload="m$n"
end
pub sends
for $n in 1..100
    pub < PUBACK $n
end
for $n in 1..100
    sub < PUBLISH t payload="m$n"
end

=== TEST 8: unacknowledged messages have ids of their own
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.3.2-1
--- mqtt
sub,pub connects
sub subscribes t qos=1
for $n in 1..3
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=1 id=$two payload="2"
sub < PUBLISH t qos=1 id=$three payload="3"
sub > PUBACK $three
sub > PUBACK $one
sub > PUBACK $two
sub . nothing

=== TEST 9: unacknowledged messages come again, and only in a new connection
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-2.3.1-4 MQTT-3.3.1-1 MQTT-4.1.0-1 MQTT-4.3.2-1 MQTT-4.4.0-1
3.1.1 MQTT-4.6.0-1
5.0 MQTT-3.3.1-1 MQTT-4.3.2-1 MQTT-4.3.2-3 MQTT-4.4.0-1 MQTT-4.6.0-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=1
for $n in 1..4
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=1 id=$two payload="2"
sub < PUBLISH t qos=1 id=$three payload="3"
sub < PUBLISH t qos=1 id=$four payload="4"
sub > PUBACK $two
sub . nothing
sub closes
pub publishes t qos=1 payload="5"
sub connects resume sp=1
sub < PUBLISH t qos=1 dup id=$one payload="1"
sub < PUBLISH t qos=1 dup id=$three payload="3"
sub < PUBLISH t qos=1 dup id=$four payload="4"
sub < PUBLISH t qos=1 id=$five payload="5"
sub > PUBACK $one
sub > PUBACK $three
sub > PUBACK $four
sub > PUBACK $five
sub . nothing
sub closes
sub connects resume sp=1
sub . nothing

=== TEST 10: and again, with the same id
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-2.3.1-4 MQTT-3.3.1-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload="x"
sub < PUBLISH t qos=1 id=$id payload="x"
for 1..3
    sub closes
    sub connects resume sp=1
    sub < PUBLISH t qos=1 dup id=$id payload="x"
end
sub > PUBACK $id
sub . nothing

=== TEST 11: an unknown PUBACK or PUBCOMP does no harm
--- versions: 4 5
--- conforms
3.1.1 error-puback-unknown
5.0 error-puback-unknown
--- mqtt
a connects
a > PUBACK 77
a > PUBCOMP 78
a . nothing

=== TEST 12: PUBREC in the place of PUBACK
--- versions: 4 5
--- conforms
3.1.1 error-ack-of-other-qos
5.0 error-ack-of-other-qos
--- mqtt
sub,pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload="x"
sub < PUBLISH t qos=1 id=$id payload="x"
sub > PUBREC $id
sub < end 0x82

=== TEST 13: a refused message is not sent again
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=1
for $code in 0x80 0x83 0x87 0x97 0x99
    pub publishes t qos=1 payload="$code"
    sub < PUBLISH t qos=1 id=$id payload="$code"
    sub > PUBACK $id $code
end
sub . nothing
sub closes
sub connects resume sp=1
sub . nothing

=== TEST 14: a PUBACK with a reason it cannot have
--- mqtt
sub,pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload="x"
sub < PUBLISH t qos=1 id=$id payload="x"
sub > PUBACK $id 0x82
sub < end 0x82

=== TEST 15: all forms of PUBACK
--- mqtt
sub,pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload="1"
sub < PUBLISH t qos=1 id=$one payload="1"
sub > PUBACK $one 0x00 reason_string="thanks" user=a:b
pub publishes t qos=1 payload="2"
sub < PUBLISH t qos=1 id=$two payload="2"
sub > PUBACK $two 0x10
pub publishes t qos=1 payload="3"
sub < PUBLISH t qos=1 id=$three payload="3"
sub > PUBACK $three long
sub . nothing

=== TEST 16: a large message
--- versions: 4 5
--- workers: 1 2
--- zone: 16m
--- mqtt
sub,pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload=700000*x
sub < PUBLISH t qos=1 id=$id payload=700000*x
sub > PUBACK $id
sub . nothing

=== TEST 17: without an own id, no PUBLISH
--- versions: 4 5
--- mqtt
a connects
a > HEX 32 03 0001 61
a < end 0x81

=== TEST 18: packet ids go round without meeting one that is in use
--- versions: 4 5
--- transports: tcp
--- conforms
3.1.1 MQTT-2.3.1-1 MQTT-2.3.1-4
--- mqtt
sub,pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload="kept"
sub < PUBLISH t qos=1 id=1 payload="kept"
for $n in 1..600
    pub publishes r/$n qos=1 retain payload="x"
end
sub acks
for 1..110
    sub > SUBSCRIBE 1 r/+ qos=1
    sub < SUBACK 1 codes=1
    for 1..600
        sub < PUBLISH ~^r/ qos=1 id=2..65535 retain payload="x"
    end
end
sub . nothing
