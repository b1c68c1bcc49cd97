# Keep Alive.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: silence of one and a half times its length ends a connection
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-24 error-keep-alive
5.0 error-keep-alive
--- mqtt
a connects keepalive=2
mark
[5] a < maybe DISCONNECT 0x8d
a < close after=2.7..5

=== TEST 2: any packet is a sign of life
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-24
--- mqtt
a connects keepalive=1
a subscribes t
wait 1
a publishes t payload="x"
a < PUBLISH t payload="x"
wait 1
a > PUBACK 9
wait 1
a . nothing

=== TEST 3: what the server sends is none
--- versions: 4 5
--- mqtt
a connects keepalive=1
a subscribes t
pub connects
mark
for 1..4
    wait 0.4
    pub publishes t payload="$i"
end
for $n in 1..3
    a < PUBLISH t payload="$n"
end
a < maybe PUBLISH t payload="4"
[5] a < maybe DISCONNECT 0x8d
a < close after=1.2..3.5

=== TEST 4: half a packet is none
--- versions: 4 5
--- mqtt
a connects keepalive=1
mark
a > HEX 30 80
wait 0.7
a > HEX 01 00
[5] a < maybe DISCONNECT 0x8d
a < close after=1.2..3.5

=== TEST 5: 0 is never
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-24
--- mqtt
a connects keepalive=0
wait 2.5
a . nothing

=== TEST 6: a ping of WebSocket is none
--- transports: ws
--- versions: 4 5
--- mqtt
a connects keepalive=1
mark
for 1..3
    wait 0.4
    a > WS ping "x"
    a < WS pong "x"
end
[5] a < maybe DISCONNECT 0x8d
a < close after=1.2..3.5

=== TEST 7: the hub's max_keepalive
--- hub
max_keepalive 1m;
--- mqtt
a > CONNECT v5 clean keepalive=61
a < CONNACK server_keepalive=60
b > CONNECT v5 clean keepalive=0
b < CONNACK server_keepalive=60
c > CONNECT v5 clean keepalive=60
c < CONNACK !server_keepalive
d > CONNECT v5 clean keepalive=10
d < CONNACK !server_keepalive

=== TEST 8: it is what counts
--- versions: 4 5
--- hub
max_keepalive 1s;
--- mqtt
for $keepalive in 0 60
    a connects keepalive=$keepalive
    mark
    [5] a < maybe DISCONNECT 0x8d
    a < close after=1.2..3.5
end

=== TEST 9: a slow sender stays as long as its packets end in time
--- transports: tcp
--- mqtt
a connects keepalive=1
a subscribes t
mark
for $n in 1..3
    a > HEX 30
    wait 0.4
    a > HEX 05 0001 74 00
    wait 0.4
    a > HEX 78
    a < PUBLISH t payload="x"
end
# and not, if bytes come, but no packet
a > HEX 30 7f 0001
wait 0.7
a > HEX 74
wait 0.5
a > HEX 00
a < maybe DISCONNECT 0x8d
a < close after=3..6

=== TEST 10: acknowledgements count
--- transports: tcp
--- mqtt
a connects keepalive=1
a subscribes t qos=2
pub connects
pub publishes t qos=2 payload="x"
a < PUBLISH t qos=2 id=$id payload="x"
wait 1
a > PUBREC $id
a < PUBREL $id
wait 1
a > PUBCOMP $id
wait 1
a . nothing
