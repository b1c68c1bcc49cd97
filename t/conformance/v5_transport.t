# Transports of MQTT 5.0: chapters 4.2 and 6.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: the same over each transport, whole, merged and byte by byte
--- transports: tcp tls ws wss
--- conforms
5.0 MQTT-4.2.0-1
--- mqtt
a > CONNECT clean split=1
a < CONNACK
a subscribes t
a publishes t payload=3000*a
a < PUBLISH t payload=3000*a
a holds
for $n in 1..50
    a > PUBLISH t payload="$n"
end
a sends
for $n in 1..50
    a < PUBLISH t payload="$n"
end
a publishes t payload=10*b split=1
a < PUBLISH t payload=10*b
a publishes t payload=20000*c split=1,5,20,7000
a < PUBLISH t payload=20000*c
a . nothing

=== TEST 2: frames of the server are binary, frames that are not end the connection
--- transports: ws wss
--- conforms
5.0 MQTT-6.0.0-1
--- mqtt
watch connects
watch subscribes "#"
a connects
a publishes t payload=5000*x
watch < PUBLISH t payload=5000*x
a > WS text hex:3003000174
a < WS close 1003
a < close
b opens
b > WS text hex:100d00044d5154540502003c000000
b < WS close 1003
b < close
watch . nothing
