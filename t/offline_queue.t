# Messages for sessions without a connection.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: QoS 1 and 2 wait, in their order
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-5
--- mqtt
sub connects resume
sub > SUBSCRIBE 1 t qos=2
sub < SUBACK 1 codes=2
sub disconnects
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=2 payload="2"
pub publishes t qos=1 payload="3"
sub connects resume sp=1
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub < PUBLISH t qos=1 id=$three payload="3"
sub > PUBACK $one
sub > PUBREC $two
sub < PUBREL $two
sub > PUBCOMP $two
sub > PUBACK $three
sub . nothing
sub closes
sub connects resume sp=1
sub . nothing

=== TEST 2: CONNACK comes first
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.2.0-1
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload="x"
sub holds
sub > CONNECT resume
sub > PINGREQ
sub sends
sub < CONNACK sp=1
any order
    sub < PUBLISH t qos=1 payload="x"
    sub < PINGRESP
end

=== TEST 3: the granted QoS counts
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
sub > SUBSCRIBE 1 one qos=1 two qos=2
sub < SUBACK 1 codes=1,2
sub closes
pub connects
pub publishes one qos=2 payload="1"
pub publishes two qos=1 payload="2"
pub publishes two qos=2 payload="3"
sub connects resume sp=1
sub < PUBLISH one qos=1 payload="1"
sub < PUBLISH two qos=1 payload="2"
sub < PUBLISH two qos=2 payload="3"

=== TEST 4: what the publisher was told is safe survives its leaving
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.5.0-1
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload="x"
pub closes
sub connects resume sp=1
sub < PUBLISH t qos=1 payload="x"

=== TEST 5: many messages
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.6.0-6
--- mqtt
sub connects resume
sub subscribes t/+ qos=1
sub closes
pub connects
for $n in 1..400
    pub publishes t/$n qos=1 payload="m$n"
end
sub acks
sub connects resume sp=1
for $n in 1..400
    sub < PUBLISH t/$n qos=1 payload="m$n"
end
sub . nothing

=== TEST 6: new messages come behind queued ones
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.6.0-6
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
for $n in 1..50
    pub publishes t qos=1 payload="$n"
end
sub > CONNECT resume
for $n in 51..60
    pub publishes t qos=1 payload="$n"
end
sub < CONNACK sp=1
for $n in 1..60
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing

=== TEST 7: large messages
--- versions: 4 5
--- workers: 1 2
--- zone: 16m
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
for $letter in a b c
    pub publishes t qos=1 payload=300000*$letter
end
sub connects resume sp=1
for $letter in a b c
    sub < PUBLISH t qos=1 id=$id payload=300000*$letter
    sub > PUBACK $id
end

=== TEST 8: each of several sessions has its own queue
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.5.0-1
5.0 MQTT-4.5.0-1
--- mqtt
for $n in 1..5
    s$n connects resume
    s$n subscribes t qos=1
    s$n closes
end
pub connects
pub publishes t qos=1 payload="x"
pub publishes t qos=1 payload="y"
for $n in 1..5
    s$n connects resume sp=1
    s$n < PUBLISH t qos=1 payload="x"
    s$n < PUBLISH t qos=1 payload="y"
end

=== TEST 9: with all properties and the subscription identifier
--- workers: 1 2
--- mqtt
sub connects resume
sub > SUBSCRIBE 1 t qos=1 rap subid=5
sub < SUBACK 1 codes=1
sub closes
pub connects
pub publishes t qos=1 retain payload="x" user=a:1 user=a:2 content_type=c response_topic=r correlation=d format=1
sub connects resume sp=1
sub < PUBLISH t qos=1 retain payload="x" user=a:1 user=a:2 content_type=c response_topic=r correlation=d format=1 subid=5

=== TEST 10: a shut-down connection does not lose a message
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
sub subscribes t qos=1
pub connects
sub closes
for $n in 1..10
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 1..10
    sub < PUBLISH t qos=1 dup=0|1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing
