# Topic aliases, both ways.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a client sets an alias and uses it
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes "#"
pub publishes t/one alias=1 payload="1"
sub < PUBLISH t/one payload="1"
pub publishes "" alias=1 payload="2"
sub < PUBLISH t/one payload="2"
pub publishes "" alias=1 qos=1 payload="3"
sub < PUBLISH t/one payload="3"

=== TEST 2: every one up to the server's maximum
--- conforms
5.0 MQTT-3.3.2-12
--- mqtt
sub connects
sub subscribes t/+
pub > CONNECT v5 clean
pub < CONNACK alias_max=16
for $alias in 1..16
    pub publishes t/$alias alias=$alias payload="a"
    sub < PUBLISH t/$alias payload="a"
end
for $alias in 1..16
    pub publishes "" alias=$alias payload="b"
    sub < PUBLISH t/$alias payload="b"
end

=== TEST 3: an alias can be set again
--- conforms
5.0 MQTT-3.3.2-12 rule-alias-again
--- mqtt
a connects
a subscribes "#"
a publishes one alias=3
a < PUBLISH one
a publishes two alias=3
a < PUBLISH two
a publishes "" alias=3
a < PUBLISH two
a publishes one
a < PUBLISH one

=== TEST 4: 0 and what is above the maximum
--- conforms
5.0 MQTT-3.2.2-17 MQTT-3.3.2-8 MQTT-3.3.2-9 error-publish-alias
--- mqtt
a connects
a > PUBLISH t alias=0
a < DISCONNECT 0x94
a < close
a connects
a > PUBLISH t alias=17
a < DISCONNECT 0x94
a < close
a connects
a > PUBLISH t alias=65535
a < DISCONNECT 0x94
a < close

=== TEST 5: one that was not set
--- conforms
5.0 error-publish-unknown-alias
--- mqtt
a connects
a > PUBLISH "" alias=5
a < DISCONNECT 0x82
a < close

=== TEST 6: it ends with the connection
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.2-7
--- mqtt
a connects resume
a publishes t alias=1
a closes
a connects resume sp=1
a > PUBLISH "" alias=1
a < DISCONNECT 0x82
a < close

=== TEST 7: it belongs to one connection
--- workers: 1 2
--- mqtt
a,b connects
a publishes t alias=1
b > PUBLISH "" alias=1
b < DISCONNECT 0x82
b < close

=== TEST 8: none allowed
--- conforms
5.0 MQTT-3.2.2-18
--- hub
topic_alias_maximum 0;
--- mqtt
a > CONNECT v5 clean
a < CONNACK !alias_max
a > PUBLISH t alias=1
a < DISCONNECT 0x94
a < close

=== TEST 9: it is not passed on
--- mqtt
sub > CONNECT v5 clean alias_max=0
sub < CONNACK
sub subscribes t
pub connects
pub publishes t alias=1
sub < PUBLISH t
pub publishes "" alias=1
sub < PUBLISH t

=== TEST 10: the server uses no alias unless it may
--- conforms
5.0 MQTT-3.1.2-27
--- mqtt
sub,pub connects
sub subscribes some/topic
for 1..5
    pub publishes some/topic payload="$i"
    sub < PUBLISH some/topic payload="$i"
end

=== TEST 11: the server uses aliases within the client's maximum
--- workers: 1 2
--- conforms
5.0 MQTT-3.1.2-26 MQTT-3.3.2-11
--- mqtt
sub > CONNECT v5 clean alias_max=2
sub < CONNACK
sub subscribes some/+
pub connects
for $round in 1..3
    for $n in 1..4
        pub publishes some/$n payload="$round"
        sub < PUBLISH some/$n payload="$round"
    end
end

=== TEST 12: a topic that comes again comes without its name
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean alias_max=1
sub < CONNACK
sub subscribes some/topic
pub connects
pub publishes some/topic payload="1"
sub < PUBLISH some/topic sent_topic=some/topic payload="1"
pub publishes some/topic payload="2"
sub < PUBLISH some/topic payload="2"
pub publishes some/topic payload="3"
sub < PUBLISH some/topic sent_topic="" alias=1 payload="3"

=== TEST 13: aliases of the server end with the connection
--- workers: 1 2
--- conforms
5.0 MQTT-3.1.2-26 MQTT-3.1.2-27 MQTT-3.3.2-7
--- mqtt
sub > CONNECT v5 session_expiry=60 alias_max=5
sub < CONNACK
sub subscribes some/topic qos=1
pub connects
for 1..3
    pub publishes some/topic qos=1 payload="$i"
    sub < PUBLISH some/topic qos=1 payload="$i"
end
sub closes
sub > CONNECT v5 session_expiry=60 alias_max=5
sub < CONNACK sp=1
sub < PUBLISH some/topic qos=1 dup sent_topic=some/topic payload="1"
for 2..3
    sub < PUBLISH some/topic qos=1 dup payload="$i"
end
sub closes
sub > CONNECT v5 session_expiry=60
sub < CONNACK sp=1
for 1..3
    sub < PUBLISH some/topic qos=1 dup sent_topic=some/topic payload="$i"
end

=== TEST 14: an alias never makes a packet larger than its receiver takes
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.2-11
--- mqtt
# 2 bytes of fixed header, 12 of topic, 1 of properties, and the payload
sub > CONNECT v5 clean max_packet=50 alias_max=4
sub < CONNACK
sub subscribes some/topic qos=0
pub connects
for $payload in 35*x 34*x 33*x 32*x 31*x
    pub publishes some/topic payload=$payload
    sub < PUBLISH some/topic payload=$payload
end
pub publishes some/topic payload=20*x
sub < PUBLISH some/topic payload=20*x
pub publishes some/topic payload=36*x
pub publishes some/topic payload=35*x
sub < PUBLISH some/topic payload=35*x
sub . nothing

=== TEST 15: one set by a message that was refused is set
--- workers: 1 2
--- hub
max_retained 1;
--- conforms
5.0 MQTT-3.3.2-12 rule-alias-again
--- mqtt
a connects
a subscribes "#"
a publishes one qos=1 retain payload="x"
a < PUBLISH one payload="x"
a > PUBLISH two alias=3 qos=1 id=5 retain payload="x"
a < PUBACK 5 0x97
a publishes "" alias=3 payload="y"
a < PUBLISH two payload="y"

=== TEST 16: a QoS 2 message that comes again has its topic again
--- workers: 1 2
--- mqtt
sub connects
sub subscribes "#"
a connects resume
a > PUBLISH t alias=1 qos=2 id=7 payload="x"
a < PUBREC 7
a closes
a connects resume sp=1
a > PUBLISH t alias=2 qos=2 id=7 dup payload="x"
a < PUBREC 7
a > PUBLISH "" alias=2 qos=2 id=8 payload="y"
a < PUBREC 8
sub < PUBLISH t payload="x"
sub < PUBLISH t payload="y"
a > PUBLISH "" alias=1 qos=2 id=7 dup payload="x"
a < DISCONNECT 0x82
a < close
sub . nothing

=== TEST 17: after a takeover there is none
--- workers: 1 2
--- mqtt
old > CONNECT v5 id=x session_expiry=60 alias_max=5
old < CONNACK
old subscribes some/topic qos=1
old publishes other alias=1
for 1..2
    old publishes some/topic qos=1 payload="$i"
    old < PUBLISH some/topic qos=1 payload="$i"
end
new > CONNECT v5 id=x session_expiry=60 alias_max=5
new < CONNACK sp=1
old < end 0x8e
new < PUBLISH some/topic qos=1 dup sent_topic=some/topic payload="1"
new < PUBLISH some/topic qos=1 dup payload="2"
new > PUBLISH "" alias=1
new < DISCONNECT 0x82
new < close

=== TEST 18: 3.1.1 gets none, with the session of a client that had some
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60 alias_max=5
sub < CONNACK
sub subscribes some/topic qos=1
for 1..3
    sub publishes some/topic qos=1 payload="$i"
    sub < PUBLISH some/topic qos=1 payload="$i"
end
sub closes
sub > CONNECT v4
sub < CONNACK sp=1
for $n in 1..3
    sub < PUBLISH some/topic qos=1 dup sent_topic=some/topic payload="$n"
end

=== TEST 19: queued and retained messages may have one, and large ones
--- workers: 1 2
--- zone: 16m
--- mqtt
sub connects resume
sub subscribes queued qos=1
sub closes
pub connects
for $n in 1..3
    pub publishes queued qos=1 payload="$n"
end
pub publishes retained qos=1 retain payload="x"
pub publishes large qos=1 retain payload=100000*x
sub > CONNECT v5 session_expiry=60 alias_max=2
sub < CONNACK sp=1
for $n in 1..3
    sub < PUBLISH queued qos=1 payload="$n"
end
for 1..3
    sub subscribes retained large
    any order
        sub < PUBLISH retained retain payload="x"
        sub < PUBLISH large retain payload=100000*x
    end
end
