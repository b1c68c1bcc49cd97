# Shared subscriptions.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: each message goes to one member
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b,c,pub connects
a,b,c subscribes $share/g/t
for $n in 1..12
    pub publishes t payload="$n"
    one of a b c < PUBLISH t payload="$n"
end
a . nothing
b . nothing
c . nothing

=== TEST 2: every member gets something
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b,pub connects
a,b subscribes $share/g/t
for $n in 1..40
    pub publishes t payload="x"
end
a < PUBLISH t payload="x"
b < PUBLISH t payload="x"

=== TEST 3: groups are independent of each other and of others
--- workers: 1 2
--- mqtt
a,b,c,d,pub connects
a subscribes $share/g/t
b subscribes $share/h/t
c subscribes t
d subscribes $share/g/+
pub publishes t payload="x"
a,b,c,d < PUBLISH t payload="x"
a . nothing

=== TEST 4: a member's own subscription is another one
--- workers: 1 2
--- mqtt
a,pub connects
a > SUBSCRIBE 1 $share/g/t subid=1
a < SUBACK 1 codes=0
a > SUBSCRIBE 2 t subid=2
a < SUBACK 2 codes=0
pub publishes t payload="x"
any order
    a < PUBLISH t payload="x" subid=1
    a < PUBLISH t payload="x" subid=2
end
a . nothing

=== TEST 5: subscribing twice is one membership
--- workers: 1 2
--- mqtt
a,pub connects
a subscribes $share/g/t
a subscribes $share/g/t qos=1
pub publishes t qos=1 payload="x"
a < PUBLISH t qos=1 payload="x"
a . nothing

=== TEST 6: with wildcards, and with empty levels
--- workers: 1 2
--- mqtt
a,pub connects
a subscribes $share/g/a/+ $share/g/b/# $share/g//c
for $topic in a/x b b/x/y /c
    pub publishes $topic
    a < PUBLISH $topic
end
pub publishes c
pub publishes g/c
a . nothing

=== TEST 7: a wildcard brings all topics to one member
--- workers: 1 2
--- mqtt
a,b,pub connects
a,b subscribes '$share/g/#'
for $topic in t t/u /
    pub publishes $topic payload="x"
    one of a b < PUBLISH $topic payload="x"
end
a . nothing
b . nothing

=== TEST 8: the member's QoS counts
--- workers: 1 2
--- mqtt
a,b,pub connects
a subscribes $share/g/t qos=0
for 1..3
    pub publishes t qos=2
    a < PUBLISH t
end
a unsubscribes $share/g/t
b subscribes $share/g/t qos=1
for 1..3
    pub publishes t qos=2
    b < PUBLISH t qos=1
end

=== TEST 9: no retained messages at subscribing
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects
a publishes t qos=1 retain payload="x"
a subscribes $share/g/t
a . nothing
[5] a > SUBSCRIBE 1 $share/h/t rh=0
[5] a < SUBACK 1 codes=0
[5] a . nothing

=== TEST 10: unsubscribing needs the whole name
--- workers: 1 2
--- mqtt
a,pub connects
a subscribes $share/g/t
a > UNSUBSCRIBE 1 t $share/h/t $share/g/u
a < UNSUBACK 1 codes=0x11,0x11,0x11
pub publishes t
a < PUBLISH t
a > UNSUBSCRIBE 2 $share/g/t
a < UNSUBACK 2 codes=0
pub publishes t
a . nothing

=== TEST 11: a member that leaves gets nothing more
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b,pub connects
a,b subscribes $share/g/t
a disconnects
for $n in 1..6
    pub publishes t payload="$n"
    b < PUBLISH t payload="$n"
end

=== TEST 12: connected members are preferred
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b connects resume
pub connects
a,b subscribes $share/g/t qos=1
a disconnects
for $n in 1..6
    pub publishes t qos=1 payload="$n"
    b < PUBLISH t qos=1 payload="$n"
end

=== TEST 13: without any, one offline session keeps the message
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b connects resume
pub connects
a,b subscribes $share/g/t qos=1
a,b disconnects
pub publishes t qos=1 payload="x"
a,b connects resume sp=1
one of a b < PUBLISH t qos=1 payload="x"
a . nothing
b . nothing

=== TEST 14: a QoS 2 delivery is finished with its member
--- workers: 1 2
--- mqtt
a,b connects resume
pub connects
a,b subscribes $share/g/t qos=2
pub publishes t qos=2 payload="x"
one of a b as $who < PUBLISH t qos=2 id=$id payload="x"
$who closes
$who connects resume sp=1
$who < PUBLISH t qos=2 dup id=$id payload="x"
$who > PUBREC $id
$who < PUBREL $id
$who > PUBCOMP $id
a . nothing
b . nothing

=== TEST 15: nobody else gets it when its session ends
--- workers: 1 2
--- mqtt
a,b connects resume
pub connects
a,b subscribes $share/g/t qos=2
pub publishes t qos=2 payload="x"
one of a b as $who < PUBLISH t qos=2 id=$id payload="x"
$who disconnects session_expiry=0
$who connects
a . nothing
b . nothing

=== TEST 16: nobody else gets what a member refused
--- workers: 1 2
--- mqtt
a,b,pub connects
a,b subscribes $share/g/t qos=1
pub publishes t qos=1 payload="x"
one of a b as $who < PUBLISH t qos=1 id=$id payload="x"
$who > PUBACK $id 0x80
a . nothing
b . nothing

=== TEST 17: a member too small for a message
--- workers: 1 2
--- mqtt
a > CONNECT v5 clean max_packet=50
a < CONNACK
pub connects
a subscribes $share/g/t
pub publishes t payload=100*x
pub publishes t payload="small"
a < PUBLISH t payload="small"

=== TEST 18: No Local is an error
--- mqtt
a connects
a > SUBSCRIBE 1 $share/g/t nl
a < DISCONNECT 0x82
a < close

=== TEST 19: names that cannot be
--- versions: 4 5
--- mqtt
a connects
a > SUBSCRIBE 1 $share//t "$share/" $share/g $share/g/ $share/g+/t "$share/#/t" $share/g/t# ok
[4] a < SUBACK 1 codes=0x80,0x80,0x80,0x80,0x80,0x80,0x80,0
[5] a < SUBACK 1 codes=0x8f,0x8f,0x8f,0x8f,0x8f,0x8f,0x8f,0
a . nothing

=== TEST 20: identifiers are those of the member
--- workers: 1 2
--- mqtt
a,b,pub connects
a > SUBSCRIBE 1 $share/g/t subid=1
a < SUBACK 1 codes=0
b > SUBSCRIBE 1 $share/g/t subid=2
b < SUBACK 1 codes=0
for $n in 1..4
    pub publishes t payload="$n"
    one of a b as $who < PUBLISH t payload="$n" subid=1|2
end

=== TEST 21: versions share
--- workers: 1 2
--- mqtt
a connects v4
b connects v5
pub connects
a,b subscribes $share/g/t qos=1
for $n in 1..6
    pub publishes t qos=1 payload="$n"
    one of a b as $who < PUBLISH t qos=1 id=$id payload="$n"
    $who > PUBACK $id
end
a . nothing
b . nothing
