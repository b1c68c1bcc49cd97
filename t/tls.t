# MQTT over TLS, and over WebSocket over TLS.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a conversation
--- transports: tls wss
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id
sub . nothing
sub,pub disconnects

=== TEST 2: between all transports
--- transports: tcp
--- workers: 1 2
--- mqtt
a connects
b opens via tls
b connects
c opens via ws
c connects
d opens via wss
d connects
a,b,c,d subscribes t
for $who in a b c d
    $who publishes t payload="$who"
    a,b,c,d < PUBLISH t payload="$who"
end

=== TEST 3: large messages both ways
--- transports: tls wss
--- versions: 4 5
--- zone: 16m
--- mqtt
a connects
a subscribes t
for 1..3
    a publishes t payload=300000*x
    a < PUBLISH t payload=300000*x
end

=== TEST 4: many small messages in one write
--- transports: tls wss
--- mqtt
a connects
a subscribes t
a holds
for 1..300
    a > PUBLISH t payload="$i"
end
a sends
for 1..300
    a < PUBLISH t payload="$i"
end

=== TEST 5: byte by byte
--- transports: tls wss
--- versions: 4 5
--- mqtt
a > CONNECT clean split=1
a < CONNACK
a . nothing

=== TEST 6: the last packet before the end
--- transports: tls wss
--- mqtt
a connects
a > HEX 00 00
a < DISCONNECT 0x81
a < close
b > CONNECT v5 clean auth_method=x
b < CONNACK 0x8c
b < close

=== TEST 7: a lost connection
--- transports: tls wss
--- versions: 4 5
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a closes
watch < PUBLISH w payload="gone"
b connects will=w will.payload="gone"
b resets
watch < PUBLISH w payload="gone"

=== TEST 8: takeover
--- transports: tls wss
--- workers: 1 2
--- mqtt
old > CONNECT id=x clean
old < CONNACK
new > CONNECT id=x clean
new < CONNACK
old < end 0x8e
new . nothing

=== TEST 9: CONNECT right behind the handshake
--- transports: wss
--- mqtt
a opens pipelined
a > CONNECT clean
a < CONNACK
a . nothing

=== TEST 10: plain MQTT at a TLS port
--- transports: tcp
--- mqtt
a opens via tls
a connects
b opens port=3
b > CONNECT clean
b < close
a . nothing
