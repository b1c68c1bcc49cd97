# A client id that connects again while it is connected.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: the old connection ends, the new one works
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.4-2 error-takeover
5.0 error-takeover
--- mqtt
old > CONNECT id=x clean
old < CONNACK
new > CONNECT id=x clean
new < CONNACK
old < end 0x8e
new subscribes t
new publishes t payload="x"
new < PUBLISH t payload="x"

=== TEST 2: in the same worker
--- versions: 4 5
--- workers: 2
--- mqtt
old > CONNECT id=x clean
old < CONNACK
new opens with old
new > CONNECT id=x clean
new < CONNACK
old < end 0x8e
new . nothing

=== TEST 3: it takes the session over
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.4-2 MQTT-3.1.4-3
--- mqtt
old > CONNECT id=x resume
old < CONNACK
old subscribes t qos=1
new > CONNECT id=x resume
new < CONNACK sp=1
old < end 0x8e
pub connects
pub publishes t qos=1 payload="x"
new < PUBLISH t qos=1 payload="x"

=== TEST 4: unacknowledged messages go to the new connection
--- versions: 4 5
--- workers: 1 2
--- mqtt
old > CONNECT id=x resume
old < CONNACK
old subscribes t qos=2
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=2 payload="2"
old < PUBLISH t qos=1 id=$one payload="1"
old < PUBLISH t qos=2 id=$two payload="2"
new > CONNECT id=x resume
new < CONNACK sp=1
new < PUBLISH t qos=1 dup id=$one payload="1"
new < PUBLISH t qos=2 dup id=$two payload="2"
old < end 0x8e
new > PUBACK $one
new > PUBREC $two
new < PUBREL $two
new > PUBCOMP $two
new . nothing

=== TEST 5: a clean start drops the session
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.4-3
--- mqtt
old > CONNECT id=x resume
old < CONNACK
old subscribes t qos=1
new > CONNECT id=x clean
new < CONNACK
old < end 0x8e
pub connects
pub publishes t qos=1 payload="x"
new . nothing

=== TEST 6: a session that was not to last does not
--- workers: 1 2
--- mqtt
old > CONNECT v5 id=x
old < CONNACK
old subscribes t
new > CONNECT v5 id=x session_expiry=60
new < CONNACK sp=0
old < end 0x8e
new publishes t
new . nothing

=== TEST 7: back and forth
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub connects
a > CONNECT id=x resume
a < CONNACK
a subscribes t qos=1
for $n in 1..5
    b > CONNECT id=x resume
    b < CONNACK sp=1
    a < end 0x8e
    pub publishes t qos=1 payload="b$n"
    b < PUBLISH t qos=1 id=$one payload="b$n"
    b > PUBACK $one
    b . nothing
    a > CONNECT id=x resume
    a < CONNACK sp=1
    b < end 0x8e
    pub publishes t qos=1 payload="a$n"
    a < PUBLISH t qos=1 id=$two payload="a$n"
    a > PUBACK $two
    a . nothing
end

=== TEST 8: what the old connection still sends does no harm
--- versions: 4 5
--- workers: 1 2
--- mqtt
watch connects
watch subscribes t
old > CONNECT id=x clean
old < CONNACK
new > CONNECT id=x clean
new < CONNACK
new . nothing
old < end 0x8e
new publishes t payload="mine"
watch < PUBLISH t payload="mine"
watch . nothing

=== TEST 9: between versions
--- workers: 1 2
--- mqtt
old > CONNECT v4 id=x
old < CONNACK
new > CONNECT v5 id=x session_expiry=60
new < CONNACK sp=1
old < close
newest > CONNECT v4 id=x
newest < CONNACK sp=1
new < end 0x8e

=== TEST 10: between transports
--- transports: tcp
--- versions: 4 5
--- workers: 1 2
--- mqtt
old opens via ws
old > CONNECT id=x clean
old < CONNACK
new > CONNECT id=x clean
new < CONNACK
old < end 0x8e
newest opens via ws
newest > CONNECT id=x clean
newest < CONNACK
new < end 0x8e

=== TEST 11: no message is lost between two connections
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub connects
a > CONNECT id=x resume
a < CONNACK
a subscribes t qos=1
pub holds
for $n in 1..60
    pub > PUBLISH t qos=1 id=$n payload="$n"
end
pub sends
b > CONNECT id=x resume
b < CONNACK sp=1
for $n in 1..60
    pub < PUBACK $n
    b < PUBLISH t qos=1 dup=0|1 id=$id payload="$n"
    b > PUBACK $id
end
b . nothing

=== TEST 12: in the middle of a large message
--- zone: 32m
--- workers: 1 2
--- mqtt
old opens rcvbuf=4096
old > CONNECT v5 id=x session_expiry=60
old < CONNACK
old subscribes t qos=1
pub connects
pub publishes t qos=1 payload=2000000*x
pub publishes t qos=2 payload="next"
new > CONNECT v5 id=x session_expiry=60 receive_max=1
new < CONNACK sp=1
new < PUBLISH t qos=1 dup id=$id payload=2000000*x
new > PUBACK $id
new < PUBLISH t qos=1 dup=0|1 payload="next"
new . nothing
