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
--- mqtt
a connects
a > PUBLISH "" alias=5
a < DISCONNECT 0x82
a < close

=== TEST 6: it ends with the connection
--- workers: 1 2
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
--- mqtt
sub,pub connects
sub subscribes t
for 1..5
    pub publishes t payload="$i"
    sub < PUBLISH t payload="$i"
end

=== TEST 11: the server uses aliases within the client's maximum
--- workers: 1 2
--- mqtt
sub > CONNECT v5 clean alias_max=2
sub < CONNACK
sub subscribes "t/+"
pub connects
for $round in 1..3
    for $n in 1..4
        pub publishes t/$n payload="$round"
        sub < PUBLISH t/$n payload="$round"
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
--- mqtt
sub > CONNECT v5 session_expiry=60 alias_max=5
sub < CONNACK
sub subscribes t qos=1
pub connects
for 1..3
    pub publishes t qos=1 payload="$i"
    sub < PUBLISH t qos=1 payload="$i"
end
sub closes
sub > CONNECT v5 session_expiry=60 alias_max=5
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup sent_topic=t payload="1"
for 2..3
    sub < PUBLISH t qos=1 dup payload="$i"
end
sub closes
sub > CONNECT v5 session_expiry=60
sub < CONNACK sp=1
for 1..3
    sub < PUBLISH t qos=1 dup sent_topic=t payload="$i"
end
