# Retained messages.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a new subscription gets the last retained message
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-6 MQTT-3.3.1-8
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="old"
pub publishes t qos=1 retain payload="new"
sub subscribes t
sub < PUBLISH t retain payload="new"
sub . nothing

=== TEST 2: it outlives its publisher
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-7
--- mqtt
pub connects
pub publishes t retain payload="x"
pub disconnects
pub connects
sub connects
sub subscribes t
sub < PUBLISH t retain payload="x"

=== TEST 3: an established subscription gets it without the flag
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-9
--- mqtt
pub,sub connects
sub subscribes t
pub publishes t retain payload="x"
sub < PUBLISH t payload="x"
sub . nothing

=== TEST 4: QoS is the lower of message and subscription
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-5
--- mqtt
pub connects
for $qos in 0 1 2
    pub publishes t/$qos qos=$qos retain payload="$qos"
end
for $granted in 0 1 2
    s$granted connects
    s$granted subscribes t/0 qos=$granted
    s$granted < PUBLISH t/0 retain payload="0"
end
s0 subscribes t/1 qos=0
s0 < PUBLISH t/1 retain payload="1"
s1 subscribes t/1 qos=1
s1 < PUBLISH t/1 qos=1 retain payload="1"
s2 subscribes t/1 qos=2
s2 < PUBLISH t/1 qos=1 retain payload="1"
s0 subscribes t/2 qos=0
s0 < PUBLISH t/2 retain payload="2"
s1 subscribes t/2 qos=1
s1 < PUBLISH t/2 qos=1 retain payload="2"
s2 subscribes t/2 qos=2
s2 < PUBLISH t/2 qos=2 id=$id retain payload="2"
s2 > PUBREC $id
s2 < PUBREL $id
s2 > PUBCOMP $id
s2 . nothing

=== TEST 5: an empty one clears the topic, and is passed on
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-10
5.0 MQTT-3.3.1-6 MQTT-3.3.1-7
--- mqtt
pub,live,sub connects
pub publishes t qos=1 retain payload="x"
live subscribes t
live < PUBLISH t retain payload="x"
pub publishes t qos=1 retain
live < PUBLISH t
sub subscribes t
sub . nothing

=== TEST 6: an empty one is not kept
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.1-11
--- mqtt
a connects
a publishes t qos=1 retain
a subscribes t
a . nothing

=== TEST 7: without the flag nothing is kept or replaced
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-12
5.0 MQTT-3.3.1-8
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="kept"
pub publishes t qos=1 payload="passing"
pub publishes t qos=1 payload=""
pub publishes u qos=1 payload="passing"
sub subscribes t u
sub < PUBLISH t retain payload="kept"
sub . nothing

=== TEST 8: one of QoS 0 replaces one of QoS 1
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.1-7
--- mqtt
a connects
a publishes t qos=1 retain payload="old"
a publishes t qos=0 retain payload="new"
a subscribes t qos=1
a < PUBLISH t retain payload="new"
a . nothing

=== TEST 9: wildcards bring all that match
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.1-6
--- mqtt
pub,sub connects
for $topic in a/b a/c a/b/c a b /a a/
    pub publishes $topic qos=1 retain payload="$topic"
end
sub subscribes a/+
any order
    sub < PUBLISH a/b retain payload="a/b"
    sub < PUBLISH a/c retain payload="a/c"
    sub < PUBLISH a/ retain payload="a/"
end
sub . nothing
sub subscribes a/#
any order
    sub < PUBLISH a retain payload="a"
    sub < PUBLISH a/ retain payload="a/"
    sub < PUBLISH a/b retain payload="a/b"
    sub < PUBLISH a/c retain payload="a/c"
    sub < PUBLISH a/b/c retain payload="a/b/c"
end
sub . nothing
sub subscribes +
any order
    sub < PUBLISH a retain payload="a"
    sub < PUBLISH b retain payload="b"
end
sub . nothing
sub subscribes +/b/c
sub < PUBLISH a/b/c retain payload="a/b/c"
sub . nothing

=== TEST 10: deep wildcards
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub,sub connects
for $topic in a/b/c a/x/c a/x/d b/x/c a/x/c/e
    pub publishes $topic qos=1 retain payload="$topic"
end
sub subscribes a/+/c
any order
    sub < PUBLISH a/b/c retain payload="a/b/c"
    sub < PUBLISH a/x/c retain payload="a/x/c"
end
sub . nothing
sub subscribes +/x/#
any order
    sub < PUBLISH a/x/c retain payload="a/x/c"
    sub < PUBLISH a/x/d retain payload="a/x/d"
    sub < PUBLISH b/x/c retain payload="b/x/c"
    sub < PUBLISH a/x/c/e retain payload="a/x/c/e"
end
sub . nothing

=== TEST 11: subscribing again brings it again
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.8.4-3
5.0 MQTT-3.3.1-9
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="x"
for 1..3
    sub subscribes t
    sub < PUBLISH t retain payload="x"
end

=== TEST 12: each filter of a packet brings its own
--- versions: 4 5
--- mqtt
a connects
a publishes t qos=1 retain payload="x"
a publishes u qos=1 retain payload="y"
a subscribes t u
any order
    a < PUBLISH t retain payload="x"
    a < PUBLISH u retain payload="y"
end
a . nothing

=== TEST 13: Retain Handling 1: with new subscriptions only
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.1-10
--- mqtt
pub connects
pub publishes t qos=1 retain payload="x"
sub connects resume
sub > SUBSCRIBE 1 t rh=1
sub < SUBACK 1 codes=0
sub < PUBLISH t retain payload="x"
sub > SUBSCRIBE 2 t rh=1
sub < SUBACK 2 codes=0
sub . nothing
sub closes
sub connects resume sp=1
sub > SUBSCRIBE 3 t rh=1
sub < SUBACK 3 codes=0
sub . nothing
sub unsubscribes t
sub > SUBSCRIBE 4 t rh=1
sub < SUBACK 4 codes=0
sub < PUBLISH t retain payload="x"
sub disconnects
sub connects
sub > SUBSCRIBE 5 t rh=1
sub < SUBACK 5 codes=0
sub < PUBLISH t retain payload="x"
sub . nothing

=== TEST 14: Retain Handling 2: never
--- conforms
5.0 MQTT-3.3.1-11
--- mqtt
a connects
a publishes t qos=1 retain payload="x"
a > SUBSCRIBE 1 t rh=2
a < SUBACK 1 codes=0
a . nothing
a publishes t qos=1 retain payload="y"
a < PUBLISH t payload="y"

=== TEST 15: Retain Handling 0 after 2
--- mqtt
a connects
a publishes t qos=1 retain payload="x"
a > SUBSCRIBE 1 t rh=2
a < SUBACK 1 codes=0
a > SUBSCRIBE 2 t rh=0
a < SUBACK 2 codes=0
a < PUBLISH t retain payload="x"

=== TEST 16: Retain As Published changes nothing at subscribing
--- mqtt
a connects
a publishes t qos=1 retain payload="x"
a > SUBSCRIBE 1 t
a < SUBACK 1 codes=0
a < PUBLISH t retain payload="x"
a > SUBSCRIBE 2 t rap
a < SUBACK 2 codes=0
a < PUBLISH t retain payload="x"

=== TEST 17: with its properties
--- workers: 1 2
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="x" format=1 content_type="text/plain" response_topic=r correlation=hex:00ff user=b:1 user=a:2 user=b:3
sub > SUBSCRIBE 1 t subid=9
sub < SUBACK 1 codes=0
sub < PUBLISH t retain payload="x" format=1 content_type="text/plain" response_topic=r correlation=hex:00ff user=b:1 user=a:2 user=b:3 subid=9

=== TEST 18: an empty one with properties is not kept
--- conforms
5.0 MQTT-3.3.1-7
--- mqtt
a connects
a publishes t qos=1 retain user=a:b
a subscribes t
a . nothing

=== TEST 19: it expires, and tells the time that is left
--- conforms
5.0 MQTT-3.3.2-5 MQTT-3.3.2-6 rule-retained-expiry
--- mqtt
a connects
a publishes short qos=1 retain payload="x" expiry=1
a publishes long qos=1 retain payload="y" expiry=100
wait 2.2
a subscribes short long
a < PUBLISH long retain payload="y" expiry=96..98
a . nothing

=== TEST 20: large ones
--- versions: 4 5
--- workers: 1 2
--- zone: 16m
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload=300000*x
pub publishes t qos=1 retain payload=200000*y
sub subscribes t qos=1
sub < PUBLISH t qos=1 id=$id retain payload=200000*y
sub > PUBACK $id

=== TEST 21: many, each once
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub,sub connects
for $n in 1..300
    pub publishes many/$n qos=1 retain payload="m"
end
sub acks
sub subscribes many/+ qos=1
for $n in 1..300
    sub < PUBLISH ~^many/ qos=1 retain payload="m"
end
sub . nothing

=== TEST 22: what comes after the subscription is not retained
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="1"
sub subscribes t
sub < PUBLISH t retain payload="1"
pub publishes t qos=1 retain payload="2"
sub < PUBLISH t payload="2"
sub . nothing

=== TEST 23: each of overlapping filters brings its own, with its identifier and QoS
--- workers: 1 2
--- mqtt
pub,sub connects
pub publishes a/b qos=2 retain payload="x"
pub publishes /a qos=1 retain payload="y"
sub > SUBSCRIBE 1 a/+ qos=1 a/# qos=0 +/# qos=2 "#" qos=1 a/b qos=0 subid=7
sub < SUBACK 1 codes=1,0,2,1,0
any order
    sub < PUBLISH a/b qos=1 retain payload="x" subid=7
    sub < PUBLISH a/b qos=0 retain payload="x" subid=7
    sub < PUBLISH a/b qos=2 retain payload="x" subid=7
    sub < PUBLISH a/b qos=1 retain payload="x" subid=7
    sub < PUBLISH a/b qos=0 retain payload="x" subid=7
    sub < PUBLISH /a qos=1 retain payload="y" subid=7
    sub < PUBLISH /a qos=1 retain payload="y" subid=7
end
sub . nothing
sub > SUBSCRIBE 2 a/# qos=1 rh=1 a/+/# qos=2 rh=1 a/b qos=2 rh=0 "#" rh=2 subid=8
sub < SUBACK 2 codes=1,2,2,0
any order
    sub < PUBLISH a/b qos=2 retain payload="x" subid=8
    sub < PUBLISH a/b qos=2 retain payload="x" subid=8
end
sub . nothing

=== TEST 24: 3.1.1: overlapping filters, and +/#
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub,sub connects
for $topic in a a/b /a/b /
    pub publishes $topic qos=1 retain payload="$topic"
end
sub subscribes +/#
any order
    sub < PUBLISH a retain payload="a"
    sub < PUBLISH a/b retain payload="a/b"
    sub < PUBLISH /a/b retain payload="/a/b"
    sub < PUBLISH / retain payload="/"
end
sub subscribes +/+ a/b
any order
    sub < PUBLISH a/b retain payload="a/b"
    sub < PUBLISH / retain payload="/"
    sub < PUBLISH a/b retain payload="a/b"
end
sub . nothing

=== TEST 25: an empty one with any QoS clears, and says RETAIN to who asks for it
--- workers: 1 2
--- mqtt
pub,sub connects
sub acks
sub > SUBSCRIBE 1 t qos=2 rap
sub < SUBACK 1 codes=2
for $qos in 0 1 2
    pub publishes t qos=1 retain payload="x"
    sub < PUBLISH t qos=1 retain payload="x"
    pub publishes t qos=$qos retain
    sub < PUBLISH t qos=$qos retain
    late connects
    late subscribes t
    late . nothing
    late disconnects
end

=== TEST 26: a session that comes back gets none by itself
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 retain payload="1"
pub publishes t qos=1 retain payload="2"
sub acks
sub connects resume sp=1
sub < PUBLISH t qos=1 payload="1"
sub < PUBLISH t qos=1 payload="2"
sub . nothing
sub disconnects
sub connects resume sp=1
sub . nothing

=== TEST 27: one that is under way is finished, though it was cleared
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub connects
sub connects resume
pub publishes t qos=2 retain payload="x"
sub subscribes t qos=2
sub < PUBLISH t qos=2 id=$id retain payload="x"
sub unsubscribes t
pub publishes t qos=1 retain
sub closes
sub connects resume sp=1
sub < PUBLISH t qos=2 dup id=$id retain payload="x"
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id
sub subscribes t qos=2
sub . nothing

=== TEST 28: more than fit into the window, in the order of acknowledgements
--- workers: 1 2
--- mqtt
pub connects
for $n in 1..20
    pub publishes t/$n qos=1 retain payload="x"
end
sub > CONNECT v5 session_expiry=60 receive_max=3
sub < CONNACK
sub subscribes t/+ qos=1
for 1..3
    sub < PUBLISH ~^t/ qos=1 retain payload="x"
end
sub . nothing
sub closes
sub acks
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK sp=1
for 1..3
    sub < PUBLISH ~^t/ qos=1 dup retain payload="x"
end
for 1..17
    sub < PUBLISH ~^t/ qos=1 retain payload="x"
end
sub . nothing

=== TEST 29: very many go on where they were, in another connection
--- versions: 4 5
--- workers: 1 2
--- hub
receive_maximum 20;
--- mqtt
pub connects
pub holds
for $n in 1..600
    pub > PUBLISH many/$n qos=1 id=$n retain payload="m"
end
pub sends
for $n in 1..600
    pub < PUBACK $n
end
[4] sub connects resume
[5] sub connects session_expiry=60 receive_max=20
sub subscribes many/+ qos=1
for 1..100
    sub < PUBLISH ~^many/ qos=1 retain id=$id payload="m"
    sub > PUBACK $id
end
sub closes
sub acks
[4] sub connects resume sp=1
[5] sub connects session_expiry=60 receive_max=7 sp=1
for 1..500
    sub < PUBLISH ~^many/ qos=1 retain dup=0|1 payload="m"
end
sub . nothing
