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
--- conforms
5.0 MQTT-3.3.4-9 MQTT-4.9.0-2
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
--- conforms
5.0 MQTT-3.3.4-9 MQTT-4.9.0-1 MQTT-4.9.0-2
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
--- conforms
5.0 MQTT-3.3.4-10 MQTT-4.9.0-3
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
--- conforms
5.0 MQTT-3.3.4-9 MQTT-4.9.0-1 MQTT-4.9.0-2
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
--- conforms
5.0 rule-send-quota
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
--- conforms
5.0 MQTT-3.3.4-7 error-publish-receive-maximum
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

=== TEST 14: what was queued beyond the window flows again after a resume
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=2
sub < CONNACK
sub subscribes t qos=2
sub closes
pub connects
for $n in 1..12
    pub publishes t qos=1 payload="$n.1"
    pub publishes t qos=2 payload="$n.2"
end
sub > CONNECT v5 session_expiry=60 receive_max=2
sub < CONNACK sp=1
sub < PUBLISH t qos=1 id=$one payload="1.1"
sub < PUBLISH t qos=2 id=$two payload="1.2"
sub . nothing
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup id=$one payload="1.1"
sub . nothing
sub > PUBACK $one
sub < PUBLISH t qos=2 dup id=$two payload="1.2"
sub > PUBREC $two
sub < PUBREL $two
sub . nothing
sub > PUBCOMP $two
for $n in 2..12
    sub < PUBLISH t qos=1 id=$id1 payload="$n.1"
    sub . nothing
    sub > PUBACK $id1
    sub < PUBLISH t qos=2 id=$id2 payload="$n.2"
    sub > PUBREC $id2
    sub < PUBREL $id2
    sub > PUBCOMP $id2
end
sub . nothing

=== TEST 15: new messages come behind those that wait
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
for $n in 1..3
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$id payload="1"
other > CONNECT v5 id=sub session_expiry=60 receive_max=1
other < CONNACK sp=1
sub < end 0x8e
pub publishes t qos=1 payload="4"
other < PUBLISH t qos=1 dup id=$id payload="1"
other . nothing
other > PUBACK $id
for $n in 2..4
    other < PUBLISH t qos=1 id=$next payload="$n"
    other . nothing
    other > PUBACK $next
end
other . nothing

=== TEST 16: a PUBREL is never held back, though the new window is smaller
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=10
sub < CONNACK
sub subscribes t qos=2
pub connects
for $n in 1..5
    pub publishes t qos=2 payload="$n"
end
for $n in 1..5
    sub < PUBLISH t qos=2 id=$n payload="$n"
end
for $n in 3 5
    sub > PUBREC $n
    sub < PUBREL $n
end
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK sp=1
any order
    sub < PUBLISH t qos=2 dup id=1 payload="1"
    sub < PUBREL 3
    sub < PUBREL 5
end
sub . nothing
sub > PUBCOMP 5
sub . nothing
sub > PUBREC 1
sub < PUBREL 1
sub . nothing
sub > PUBCOMP 1
sub < PUBLISH t qos=2 dup id=2 payload="2"
sub . nothing
sub > PUBCOMP 3
sub . nothing
pub publishes t qos=2 payload="6"
sub > PUBREC 2
sub < PUBREL 2
sub > PUBCOMP 2
sub < PUBLISH t qos=2 dup id=4 payload="4"
sub . nothing
sub > PUBREC 4
sub < PUBREL 4
sub > PUBCOMP 4
sub < PUBLISH t qos=2 id=6 payload="6"
sub . nothing

=== TEST 17: retained messages and wills count
--- workers: 1 2
--- mqtt
pub connects
pub publishes t/1 qos=1 retain payload="x"
pub publishes t/2 qos=2 retain payload="x"
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub > SUBSCRIBE 1 t/+ qos=1
sub < SUBACK 1 codes=1
sub < PUBLISH ~^t/ qos=1 retain id=$one payload="x"
sub . nothing
pub closes
pub connects will=t/3 will.qos=1 will.payload="gone"
pub closes
sub . nothing
sub > PUBACK $one
sub < PUBLISH ~^t/ qos=1 retain id=$two payload="x"
sub . nothing
sub > PUBACK $two
sub < PUBLISH t/3 qos=1 payload="gone"

=== TEST 18: for 3.1.1 the server keeps to its own
--- workers: 1 2
--- hub
receive_maximum 2;
--- mqtt
sub connects v4 resume
sub subscribes t qos=2
pub connects
for $n in 1..4
    pub publishes t qos=2 payload="$n"
end
sub < PUBLISH t qos=2 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub . nothing
sub > PUBREC $one
sub < PUBREL $one
sub . nothing
sub closes
sub connects v4 resume sp=1
any order
    sub < PUBREL $one
    sub < PUBLISH t qos=2 dup id=$two payload="2"
end
sub < PUBLISH t qos=2 id=$three payload="3"
sub . nothing
sub > PUBCOMP $one
sub . nothing
sub > PUBREC $two
sub < PUBREL $two
sub > PUBCOMP $two
sub < PUBLISH t qos=2 payload="4"

=== TEST 19: the server's own counts those of this connection only
--- workers: 1 2
--- hub
receive_maximum 2;
--- mqtt
a connects resume
for $id in 1 2
    a > PUBLISH t qos=2 id=$id
    a < PUBREC $id
end
a closes
a connects resume sp=1
for $id in 3 4
    a > PUBLISH t qos=2 id=$id
    a < PUBREC $id
end
a > PUBLISH t qos=2 id=1 dup
a < PUBREC 1
a > PUBLISH t qos=1 id=9
a < end 0x93

=== TEST 20: it is over with PUBCOMP, not with PUBREC, or with a PUBREC that refuses
--- hub
receive_maximum 1;
default_roles webpubsub.sendToGroup;
--- mqtt
a connects
a > PUBLISH '$no' qos=2 id=1
a < PUBREC 1 0x87
a > PUBLISH t qos=2 id=2
a < PUBREC 2
a > PUBREL 2
a < PUBCOMP 2
a > PUBREL 2
a < PUBCOMP 2 0x92
a > PUBLISH t qos=2 id=3
a < PUBREC 3
a > PUBLISH t
a > PUBLISH t qos=1 id=4
a < end 0x93
