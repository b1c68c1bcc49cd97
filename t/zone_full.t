# A zone that is full: refusals by the codes of the protocol, and service again
# when there is memory again.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: retained messages
--- zone: 1m
--- workers: 1 2
--- mqtt
a,b connects
b subscribes live
for $n in 1..600
    a > PUBLISH r/$n qos=1 id=$n retain payload=2000*x
    a < PUBACK $n 0|0x10|0x97
end
a > PUBLISH last qos=1 id=1000 retain payload=2000*x
a < PUBACK 1000 0x97
a > PUBLISH last qos=2 id=1001 retain payload=2000*x
a < PUBREC 1001 0x97
# pings, acknowledgements and removing go on
b . nothing
for $n in 1..600
    a > PUBLISH r/$n qos=1 id=$n retain
    a < PUBACK $n
end
a . nothing
b . nothing
a publishes live qos=1 payload=2000*x
b < PUBLISH live payload=2000*x
a publishes last qos=1 retain payload=2000*x
b subscribes last
b < PUBLISH last retain payload=2000*x
--- error_log
/\[crit\].*"test"/

=== TEST 2: 3.1.1 is closed without an acknowledgement
--- versions: 4
--- zone: 1m
--- conforms
3.1.1 MQTT-4.8.0-2
--- mqtt
full connects v5
for $n in 1..600
    full > PUBLISH r/$n qos=1 id=$n retain payload=2000*x
    full < PUBACK $n 0|0x10|0x97
end
a connects v4
a > PUBLISH last qos=1 id=1 retain payload=2000*x
a < close
for $n in 1..600
    full > PUBLISH r/$n qos=1 id=$n retain
    full < PUBACK $n
end
full . nothing
a connects v4
a publishes last qos=1 retain payload=2000*x

=== TEST 3: what never takes memory
--- transports: tcp
--- zone: 1m
--- workers: 1 2
--- mqtt
sub connects resume
pub,full connects
sub subscribes t qos=2 u
pub publishes t qos=1 payload="1"
pub publishes t qos=2 payload="2"
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
for $n in 1..600
    full > PUBLISH r/$n qos=1 id=$n retain payload=2000*x
    full < PUBACK $n 0|0x10|0x97
end
for $n in 1..2000
    full > PUBLISH s/$n qos=1 id=$n retain payload="x"
    full < PUBACK $n 0|0x10|0x97
end
full > PUBLISH last qos=1 id=1 retain payload="x"
full < PUBACK 1 0x97
sub > PUBACK $one
sub > PUBREC $two
sub < PUBREL $two
sub > PUBCOMP $two
sub unsubscribes u
sub . nothing
sub disconnects
sub connects resume sp=1
sub . nothing
sub disconnects
pub disconnects

=== TEST 4: sessions
--- transports: tcp
--- zone: 1m
--- mqtt
for $n in 1..2500
    c > CONNECT v5 id=session-$n session_expiry=600
    c < CONNACK 0|0x97
    c closes
end
a > CONNECT v5 id=another session_expiry=60
a < CONNACK 0x97
a < close
b > CONNECT v4 id=another
b < CONNACK 3
b < close
c > CONNECT v5 id=session-1 session_expiry=0
c < CONNACK sp=1
c disconnects

=== TEST 5: subscriptions
--- transports: tcp
--- zone: 1m
--- workers: 1 2
--- mqtt
a,b connects
for $n in 1..8000
    a > SUBSCRIBE 1 some/longer/filter/of/number/$n
    a < SUBACK 1 codes=0|0x97
end
a > SUBSCRIBE 1 one/that/is/new
a < SUBACK 1 codes=0x97
old connects v4
old > SUBSCRIBE 1 one/that/is/new
old < SUBACK 1 codes=0x80
b . nothing
a disconnects
b subscribes one/that/is/new
b publishes one/that/is/new payload="x"
b < PUBLISH one/that/is/new payload="x"

=== TEST 6: a worker is killed while the zone is full
--- zone: 1m
--- workers: 1 2
--- mqtt
a connects resume
a subscribes t
for $n in 1..600
    a > PUBLISH r/$n qos=1 id=$n retain payload=2000*x
    a < PUBACK $n 0|0x10|0x97
end
kill worker of a
a < close
a connects resume sp=1
a > PUBLISH last qos=1 id=1000 retain payload=2000*x
a < PUBACK 1000 0x97
for $n in 1..600
    a > PUBLISH r/$n qos=1 id=$n retain
    a < PUBACK $n
end
a . nothing
a publishes t qos=1 retain payload=2000*x
a < PUBLISH t payload=2000*x
