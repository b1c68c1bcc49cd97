# Receive Maximum, both ways.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: one at a time
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
for $n in 1..3
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$one payload="1"
sub . nothing
sub > PUBACK $one
sub < PUBLISH t qos=1 id=$two payload="2"
sub . nothing
sub > PUBACK $two
sub < PUBLISH t qos=1 id=$three payload="3"
sub > PUBACK $three
sub . nothing

=== TEST 2: QoS 2 frees its place with PUBCOMP
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=2 payload="1"
pub publishes t qos=2 payload="2"
sub < PUBLISH t qos=2 id=$one payload="1"
sub > PUBREC $one
sub < PUBREL $one
sub . nothing
sub > PUBCOMP $one
sub < PUBLISH t qos=2 id=$two payload="2"

=== TEST 3: or with a PUBREC that refuses
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=2 payload="1"
pub publishes t qos=2 payload="2"
sub < PUBLISH t qos=2 id=$one payload="1"
sub > PUBREC $one 0x80
sub < PUBLISH t qos=2 id=$two payload="2"

=== TEST 4: or with a PUBACK that refuses
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2"
sub < PUBLISH t qos=1 id=$one payload="1"
sub > PUBACK $one 0x87
sub < PUBLISH t qos=1 id=$two payload="2"

=== TEST 5: exactly as many
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean receive_max=3
sub < CONNACK
sub subscribes t qos=2
pub connects
for $n in 1..5
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=1 id=$two payload="2"
sub < PUBLISH t qos=1 payload="3"
sub . nothing
sub > PUBACK $two
sub < PUBLISH t qos=1 payload="4"
sub . nothing
sub > PUBACK $one
sub < PUBLISH t qos=1 payload="5"
sub . nothing

=== TEST 6: everything else goes on
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2"
sub < PUBLISH t qos=1 id=$one payload="1"
pub publishes t qos=0 payload="0"
sub < PUBLISH t payload="0"
sub subscribes u
sub unsubscribes u
sub publishes v qos=1
sub publishes v qos=2
sub . nothing

=== TEST 7: after a reconnect it is that of the new connection
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
for $n in 1..4
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$one payload="1"
sub . nothing
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=2
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup id=$one payload="1"
sub < PUBLISH t qos=1 id=$two payload="2"
sub . nothing
sub > PUBACK $one
sub > PUBACK $two
sub < PUBLISH t qos=1 id=$three payload="3"
sub < PUBLISH t qos=1 id=$four payload="4"
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup id=$three payload="3"
sub . nothing
sub > PUBACK $three
sub < PUBLISH t qos=1 dup id=$four payload="4"

=== TEST 8: a PUBREL that comes again takes no place
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=2 payload="1"
pub publishes t qos=2 payload="2"
sub < PUBLISH t qos=2 id=$one payload="1"
sub > PUBREC $one
sub < PUBREL $one
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK sp=1
sub < PUBREL $one
sub < PUBLISH t qos=2 id=$two payload="2"
sub > PUBCOMP $one
sub . nothing

=== TEST 9: acknowledgements out of the blue make no place
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=1
sub > PUBACK 500
sub > PUBCOMP 501
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2"
sub < PUBLISH t qos=1 payload="1"
sub . nothing

=== TEST 10: the server's own
--- hub
receive_maximum 2;
--- mqtt
a > CONNECT v5 clean
a < CONNACK receive_max=2
a > PUBLISH t qos=2 id=1
a < PUBREC 1
a > PUBLISH t qos=2 id=2
a < PUBREC 2
a > PUBLISH t qos=2 id=1 dup
a < PUBREC 1
a > PUBLISH t qos=2 id=3
a < DISCONNECT 0x93
a < close

=== TEST 11: places come back
--- hub
receive_maximum 2;
--- mqtt
a > CONNECT v5 clean
a < CONNACK receive_max=2
for $n in 1..10
    a > PUBLISH t qos=2 id=$n
    a < PUBREC $n
    a > PUBREL $n
    a < PUBCOMP $n
    a > PUBLISH t qos=1 id=$n
    a < PUBACK $n
end
a . nothing

=== TEST 12: 3.1.1 has none
--- hub
receive_maximum 2;
--- mqtt
a connects v4
a > PUBLISH t qos=2 id=1
a < PUBREC 1
a > PUBLISH t qos=2 id=2
a < PUBREC 2
a > PUBLISH t qos=1 id=4
a < PUBACK 4

=== TEST 13: order outlasts a full window
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean receive_max=7
sub < CONNACK
sub subscribes t qos=1
pub connects
for $n in 1..100
    pub publishes t qos=1 payload="$n"
end
for $n in 1..100
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing
