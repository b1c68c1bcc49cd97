# A worker that has no connections left.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: clients are told that it is full, as long as there is room for that
--- transports: tcp
--- versions: 4 5
--- connections: 128
--- mqtt
a connects
a subscribes t
for $n in 1..126
    c$n opens via tcp
    c$n > CONNECT clean
    [4] c$n < CONNACK 0|3
    [5] c$n < CONNACK 0|0x89
end
for $n in 1..10
    b opens via tcp
    b > CONNECT clean
    [4] b < CONNACK 3
    [5] b < CONNACK 0x89
    b < close
end
w opens via ws bare
w > HANDSHAKE
w < HTTP 503
w < close
# whoever is in is served
a publishes t qos=1 payload="x"
a < PUBLISH t payload="x"
for $n in 1..10
    c$n disconnects
end
b connects
b publishes t payload="y"
a < PUBLISH t payload="y"
--- error_log
no connections to spare

=== TEST 2: half-open connections give way
--- versions: 4 5
--- connections: 128
--- mqtt
for $n in 1..110
    half$n opens
end
for $n in 1..80
    c$n connects
end
c1 subscribes t
c80 publishes t qos=1 payload="x"
c1 < PUBLISH t payload="x"
half1 < close
