# Packet identifiers where they become scarce.  The server has at most 1024
# messages in flight to a client.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a client that takes 65535 and acknowledges nothing
--- workers: 1 2
--- zone: 16m
--- hub
max_queued 0 4m;
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=65535
sub < CONNACK
sub subscribes t qos=2
pub connects
pub holds
for $n in 1..1100
    pub > PUBLISH t qos=1 id=$n payload="$n"
end
pub sends
for $n in 1..1024
    sub < PUBLISH t qos=1 id=$n payload="$n"
end
sub . nothing
# each id that comes back makes room for one message
sub > PUBACK 500
sub < PUBLISH t qos=1 id=1025 payload="1025"
sub . nothing
sub > PUBACK 1024
sub > PUBACK 1
sub < PUBLISH t qos=1 id=1026 payload="1026"
sub < PUBLISH t qos=1 id=1027 payload="1027"
# all that is in flight comes again, with its id and in its order
sub closes
sub > CONNECT v5 session_expiry=60 receive_max=65535
sub < CONNACK sp=1
for $n in 2..499
    sub < PUBLISH t qos=1 dup id=$n payload="$n"
end
for $n in 501..1023
    sub < PUBLISH t qos=1 dup id=$n payload="$n"
end
for $n in 1025..1027
    sub < PUBLISH t qos=1 dup id=$n payload="$n"
end
sub . nothing
for $n in 2..74
    sub > PUBACK $n
end
for $n in 1028..1100
    sub < PUBLISH t qos=1 id=$n payload="$n"
end
sub . nothing

=== TEST 2: ids of QoS 2 are busy until PUBCOMP
--- workers: 1 2
--- zone: 16m
--- hub
max_queued 0 4m;
--- conforms
5.0 MQTT-4.3.3-1
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=65535
sub < CONNACK
sub subscribes t qos=2
pub connects
for $n in 1..1026
    pub publishes t qos=2 payload="$n"
end
for $n in 1..1024
    sub < PUBLISH t qos=2 id=$n payload="$n"
    sub > PUBREC $n
end
for $n in 1..1024
    sub < PUBREL $n
end
sub . nothing
sub > PUBCOMP 7
sub < PUBLISH t qos=2 id=1025 payload="1025"
sub . nothing
sub > PUBREC 1025 0x80
sub < PUBLISH t qos=2 id=1026 payload="1026"
sub . nothing

=== TEST 3: a publisher that releases nothing
--- versions: 4 5
--- hub
receive_maximum 65535;
--- mqtt
sub connects
sub subscribes t
pub connects resume
pub holds
for $n in 1..700
    pub > PUBLISH t qos=2 id=$n payload="$n"
end
pub sends
for $n in 1..700
    pub < PUBREC $n
    sub < PUBLISH t payload="$n"
end
pub closes
pub connects resume sp=1
pub holds
for $n in 1..700
    pub > PUBLISH t qos=2 id=$n dup payload="$n"
    pub > PUBREL $n
end
pub sends
for $n in 1..700
    pub < PUBREC $n
    pub < PUBCOMP $n
end
sub . nothing
pub > PUBLISH t qos=2 id=700 payload="new"
pub < PUBREC 700
sub < PUBLISH t payload="new"

=== TEST 4: ids of client and server are independent
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects resume
a subscribes t qos=2
a > PUBLISH t qos=2 id=1 payload="x"
a < PUBREC 1
a < PUBLISH t qos=2 id=1 payload="x"
a > PUBREC 1
a < PUBREL 1
a closes
a connects resume sp=1
a < PUBREL 1
a > PUBLISH t qos=2 id=1 dup payload="x"
a < PUBREC 1
a > PUBREL 1
a < PUBCOMP 1
a > PUBCOMP 1
a > PUBREL 1
[4] a < PUBCOMP 1
[5] a < PUBCOMP 1 0x00|0x92
a . nothing

=== TEST 5: so are those of SUBSCRIBE, UNSUBSCRIBE and QoS 1
--- versions: 4 5
--- mqtt
a connects
a > PUBLISH t qos=2 id=5 payload="x"
a < PUBREC 5
a > PUBREL 5
a < PUBCOMP 5
a > SUBSCRIBE 5 t qos=1
a < SUBACK 5 codes=1
a > PUBLISH t qos=1 id=5 payload="y"
any order
    a < PUBACK 5
    a < PUBLISH t qos=1 payload="y"
end
a > UNSUBSCRIBE 5 t
[4] a < UNSUBACK 5
[5] a < UNSUBACK 5 codes=0
a . nothing
