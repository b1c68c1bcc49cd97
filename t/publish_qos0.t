# PUBLISH of QoS 0.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a message reaches its subscriber
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-2 MQTT-4.3.1-1
--- mqtt
sub,pub connects
sub subscribes a/b
pub > PUBLISH a/b payload="hello"
sub < PUBLISH a/b payload="hello"
pub . nothing
sub . nothing

=== TEST 2: as bytes
--- workers: 1 2
--- mqtt
old connects v4
old subscribes a
new connects v5
new subscribes a
old > HEX 30 05 0001 61 6869
old < HEX 30 05 0001 61 6869
new < HEX 30 06 0001 61 00 6869
new > HEX 30 06 0001 61 00 6869
old < HEX 30 05 0001 61 6869
new < HEX 30 06 0001 61 00 6869

=== TEST 3: it reaches all subscribers, and nobody else
--- versions: 4 5
--- workers: 1 2
--- mqtt
for $n in 1..20
    s$n connects
    s$n subscribes t
end
other,pub connects
other subscribes u
pub publishes t payload="x"
for $n in 1..20
    s$n < PUBLISH t payload="x"
end
other . nothing
s1 . nothing
s20 . nothing

=== TEST 4: it reaches its publisher
--- versions: 4 5
--- mqtt
a connects
a subscribes t
a publishes t payload="x"
a < PUBLISH t payload="x"
a . nothing

=== TEST 5: nobody is there
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.4-1
--- mqtt
a connects
a publishes t payload="x"
a . nothing

=== TEST 6: payloads of all kinds
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-2.3.1-5
--- mqtt
sub,pub connects
sub subscribes t
for $payload in "" "\x00" "\x00\x07seven" "\xff\xfe\x80" 127*x 128*x 2047*x 2048*x 2049*x 16384*x 100000*x
    pub publishes t payload="$payload"
    sub < PUBLISH t payload="$payload"
end

=== TEST 7: a payload of a megabyte
--- versions: 4 5
--- workers: 1 2
--- zone: 16m
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t payload=1000000*x
sub < PUBLISH t payload=1000000*x

=== TEST 8: messages of a publisher come in its order
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.6.0-5 MQTT-4.6.0-6
--- mqtt
sub,pub connects
sub subscribes t
pub holds
for 1..300
    pub publishes t payload="m$i"
end
pub sends
for 1..300
    sub < PUBLISH t payload="m$i"
end
sub . nothing

=== TEST 9: a packet in many pieces
--- versions: 4 5
--- mqtt
sub,pub connects
sub subscribes long/topic
pub publishes long/topic payload="some payload" split=1
sub < PUBLISH long/topic payload="some payload"
pub publishes long/topic payload=300*x split=2,3,15,16
sub < PUBLISH long/topic payload=300*x

=== TEST 10: DUP is not allowed
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.1-2
--- mqtt
sub,pub connects
sub subscribes t
pub > PUBLISH t dup payload="x"
pub < end 0x81|0x82
sub . nothing

=== TEST 11: there is no QoS 3
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.1-4 error-publish-qos-3
5.0 MQTT-3.3.1-4 error-publish-qos-3
--- mqtt
sub connects
sub subscribes t
for $first in 0x36 0x37 0x3e 0x3f
    pub connects
    pub > PUBLISH t qos=3 id=1 first=$first payload="x"
    pub < end 0x81
end
sub . nothing

=== TEST 12: a closed publisher does not lose what it sent
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t
pub holds
pub publishes t payload="1"
pub publishes t payload="2"
pub > DISCONNECT
pub sends
pub < close
sub < PUBLISH t payload="1"
sub < PUBLISH t payload="2"
sub . nothing

=== TEST 13: messages for a client that has left are gone
--- versions: 4 5
--- mqtt
sub,pub connects
sub subscribes t
sub disconnects
pub publishes t payload="x"
pub . nothing
sub connects
sub . nothing
