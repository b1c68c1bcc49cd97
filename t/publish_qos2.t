# PUBLISH of QoS 2, both ways.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: four packets to the server, four to the subscriber
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.4-1 MQTT-4.3.3-1
5.0 MQTT-4.3.3-2 MQTT-4.3.3-4 MQTT-4.3.3-8 MQTT-4.3.3-11
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 t qos=2
sub < SUBACK 1 codes=2
pub > PUBLISH t qos=2 id=7 payload="hello"
pub < PUBREC 7
sub < PUBLISH t qos=2 id=$id payload="hello"
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id
pub > PUBREL 7
pub < PUBCOMP 7
sub . nothing
pub . nothing

=== TEST 2: as bytes
--- versions: 4 5
--- mqtt
a connects
[4] a > HEX 34 07 0001 61 0001 6869
[5] a > HEX 34 08 0001 61 0001 00 6869
[4] a < HEX 50 02 0001
[5] a < PUBREC 1
a > HEX 62 02 0001
a < HEX 70 02 0001

=== TEST 3: any packet id but 0
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.3.1-1 MQTT-2.3.1-6
--- mqtt
a connects
for $id in 1 255 256 65535
    a > PUBLISH t qos=2 id=$id
    a < PUBREC $id
    a > PUBREL $id
    a < PUBCOMP $id
end
a > PUBLISH t qos=2 id=0
a < end 0x81|0x82

=== TEST 4: a message that comes again is not delivered again
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.3.3-2
5.0 MQTT-4.3.3-10
--- mqtt
sub,pub connects
sub subscribes t
pub > PUBLISH t qos=2 id=7 payload="once"
pub < PUBREC 7
pub > PUBLISH t qos=2 id=7 dup payload="once"
pub < PUBREC 7
pub > PUBLISH t qos=2 id=7 payload="once"
pub < PUBREC 7
sub < PUBLISH t payload="once"
sub . nothing
pub > PUBREL 7
pub < PUBCOMP 7
sub . nothing

=== TEST 5: after PUBCOMP its id is another message
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.3.3-2
5.0 MQTT-4.3.3-12
--- mqtt
sub,pub connects
sub subscribes t
for $n in 1..3
    pub > PUBLISH t qos=2 id=7 payload="$n"
    pub < PUBREC 7
    pub > PUBREL 7
    pub < PUBCOMP 7
    sub < PUBLISH t payload="$n"
end
sub . nothing

=== TEST 6: a message that comes again after a reconnect is not delivered again
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.1.0-1 MQTT-4.3.3-2
5.0 MQTT-4.3.3-10
--- mqtt
sub connects
sub subscribes t
pub connects resume
pub > PUBLISH t qos=2 id=7 payload="once"
pub < PUBREC 7
pub closes
pub connects resume sp=1
pub > PUBLISH t qos=2 id=7 dup payload="once"
pub < PUBREC 7
pub > PUBREL 7
pub < PUBCOMP 7
sub < PUBLISH t payload="once"
sub . nothing

=== TEST 7: PUBREL after a reconnect
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects
sub subscribes t
pub connects resume
pub > PUBLISH t qos=2 id=7 payload="once"
pub < PUBREC 7
pub closes
pub connects resume sp=1
pub > PUBREL 7
pub < PUBCOMP 7
sub < PUBLISH t payload="once"
sub . nothing

=== TEST 8: a clean start forgets ids that were held
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects
sub subscribes t
pub connects
pub > PUBLISH t qos=2 id=7 payload="1"
pub < PUBREC 7
pub closes
pub connects
pub > PUBLISH t qos=2 id=7 payload="2"
pub < PUBREC 7
sub < PUBLISH t payload="1"
sub < PUBLISH t payload="2"

=== TEST 9: PUBREL for an unknown id
--- versions: 4 5
--- conforms
3.1.1 error-pubrel-unknown
5.0 MQTT-4.3.3-11 error-pubrel-unknown
--- mqtt
a connects
a > PUBREL 99
[4] a < PUBCOMP 99
[5] a < PUBCOMP 99 0x92
a . nothing

=== TEST 10: PUBREC for an unknown id
--- versions: 4 5
--- conforms
3.1.1 error-pubrec-unknown
5.0 error-pubrec-unknown
--- mqtt
a connects
a > PUBREC 99
[4] a < PUBREL 99
[5] a < PUBREL 99 0x92
a > PUBCOMP 99
a . nothing

=== TEST 11: PUBLISH without PUBREC comes again
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-2.3.1-4 MQTT-3.3.1-1 MQTT-4.1.0-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub . nothing
for 1..2
    sub closes
    sub connects resume sp=1
    sub < PUBLISH t qos=2 dup id=$id payload="x"
end
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id
sub . nothing

=== TEST 12: after PUBREC only PUBREL comes again
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.1.0-1 MQTT-4.3.3-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBREC $id
sub < PUBREL $id
for 1..2
    sub closes
    sub connects resume sp=1
    sub < PUBREL $id
end
sub > PUBCOMP $id
sub . nothing
sub closes
sub connects resume sp=1
sub . nothing

=== TEST 13: PUBREC again is answered by PUBREL again
--- versions: 4 5
--- mqtt
sub,pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBREC $id
sub < PUBREL $id
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id
sub . nothing

=== TEST 14: PUBRELs come in the order of the PUBRECs
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.6.0-4
--- mqtt
sub,pub connects
sub subscribes t qos=2
for $n in 1..3
    pub publishes t qos=2 payload="$n"
end
sub < PUBLISH t qos=2 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub < PUBLISH t qos=2 id=$three payload="3"
sub holds
sub > PUBREC $three
sub > PUBREC $one
sub > PUBREC $two
sub sends
sub < PUBREL $three
sub < PUBREL $one
sub < PUBREL $two

=== TEST 15: PUBRECs come in the order of the messages
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.6.0-3
--- mqtt
sub,pub connects
sub subscribes t
pub holds
for $n in 1..90
    pub > PUBLISH t qos=2 id=$n payload="m$n"
end
pub sends
for $n in 1..90
    pub < PUBREC $n
end
for $n in 1..90
    sub < PUBLISH t payload="m$n"
    pub > PUBREL $n
    pub < PUBCOMP $n
end

=== TEST 16: unfinished deliveries come again in their order, before new ones
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.4.0-1
5.0 MQTT-4.3.3-1 MQTT-4.3.3-3 MQTT-4.3.3-5 MQTT-4.3.3-6 MQTT-4.6.0-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
for $n in 1..4
    pub publishes t qos=2 payload="$n"
end
sub < PUBLISH t qos=2 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub < PUBLISH t qos=2 id=$three payload="3"
sub < PUBLISH t qos=2 id=$four payload="4"
sub > PUBREC $two
sub < PUBREL $two
sub > PUBREC $three
sub < PUBREL $three
sub > PUBCOMP $three
sub closes
pub publishes t qos=2 payload="5"
sub connects resume sp=1
any order
    sub < PUBREL $two
    sub < PUBLISH t qos=2 dup id=$one payload="1"
end
sub < PUBLISH t qos=2 dup id=$four payload="4"
sub < PUBLISH t qos=2 id=$five payload="5"
sub . nothing

=== TEST 17: PUBACK in the place of PUBREC
--- versions: 4 5
--- conforms
3.1.1 error-ack-of-other-qos
5.0 error-ack-of-other-qos
--- mqtt
sub,pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBACK $id
sub < end 0x82

=== TEST 18: a refused message is over
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBREC $id 0x80
sub . nothing
sub closes
sub connects resume sp=1
sub . nothing

=== TEST 19: a PUBCOMP of any reason ends it
--- mqtt
sub,pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id 0x92
sub > PUBREC $id
sub < PUBREL $id 0x92
sub . nothing

=== TEST 20: reasons that these packets cannot have
--- mqtt
for $code in 0x80 0x10
    a connects
    a > PUBLISH t qos=2 id=1
    a < PUBREC 1
    a > PUBREL 1 $code
    a < end 0x82
end
a connects
a > PUBCOMP 1 0x80
a < end 0x82
a connects
a > PUBREC 1 0x92
a < end 0x82

=== TEST 21: PUBREL without its flags
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2 MQTT-3.6.1-1
--- mqtt
for $first in 0x60 0x61 0x63 0x66
    a connects
    a > PUBLISH t qos=2 id=1
    a < PUBREC 1
    a > PUBREL 1 first=$first
    a < end 0x81
end
