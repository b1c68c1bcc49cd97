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
--- conforms
5.0 MQTT-3.3.4-5
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
--- conforms
5.0 rule-shared-twice
--- mqtt
a,pub connects
a subscribes $share/g/t
a subscribes $share/g/t qos=1
pub publishes t qos=1 payload="x"
a < PUBLISH t qos=1 payload="x"
a . nothing

=== TEST 6: with wildcards, and with empty levels
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.2-3 MQTT-4.8.2-2
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
--- conforms
3.1.1 rule-shared-retained
5.0 rule-shared-retained
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
--- conforms
5.0 rule-shared-last-member
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
--- conforms
5.0 MQTT-4.8.2-4
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
--- conforms
5.0 MQTT-4.8.2-5
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
--- conforms
5.0 MQTT-4.8.2-6
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

=== TEST 22: members take turns
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b,c,pub connects
a,b,c subscribes $share/g/t
for $n in 1..30
    pub publishes t payload="x"
end
for 1..10
    a,b,c < PUBLISH t payload="x"
end
a . nothing
b . nothing
c . nothing

=== TEST 23: a member with a full window is passed over
--- workers: 1 2
--- mqtt
a > CONNECT v5 clean receive_max=1
a < CONNACK
b,pub connects
a subscribes $share/g/t qos=2
pub publishes t qos=2 payload="first"
a < PUBLISH t qos=2 id=$first payload="first"
b subscribes $share/g/t qos=1
for $n in 1..6
    pub publishes t qos=1 payload="$n"
    b < PUBLISH t qos=1 payload="$n"
end
# QoS 2 has its place until PUBCOMP
a > PUBREC $first
a < PUBREL $first
for $n in 7..9
    pub publishes t qos=1 payload="$n"
    b < PUBLISH t qos=1 payload="$n"
end
a > PUBCOMP $first
a . nothing
b . nothing
pub publishes t qos=1 payload="10"
pub publishes t qos=1 payload="11"
a < PUBLISH t qos=1 payload=~^1[01]$
b < PUBLISH t qos=1 payload=~^1[01]$
a . nothing
b . nothing

=== TEST 24: with all windows full the messages wait, and flow again
--- workers: 1 2
--- mqtt
a > CONNECT v5 clean receive_max=1
a < CONNACK
b > CONNECT v5 clean receive_max=1
b < CONNACK
pub connects
a,b subscribes $share/g/t qos=1
for $n in 1..6
    pub publishes t qos=1 payload="x"
end
a < PUBLISH t qos=1 id=$a1 payload="x"
b < PUBLISH t qos=1 id=$b1 payload="x"
a . nothing
b . nothing
a > PUBACK $a1
a < PUBLISH t qos=1 id=$a2 payload="x"
a > PUBACK $a2
a < PUBLISH t qos=1 id=$a3 payload="x"
a . nothing
b > PUBACK $b1
b < PUBLISH t qos=1 id=$b2 payload="x"
b > PUBACK $b2
b < PUBLISH t qos=1 id=$b3 payload="x"
b > PUBACK $b3
a > PUBACK $a3
a . nothing
b . nothing

=== TEST 25: what a member that leaves has not acknowledged goes to another, in its order
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,pub connects
a subscribes $share/g/t qos=1
for $n in 1..5
    pub publishes t qos=1 payload="$n"
end
a < PUBLISH t qos=1 payload="1"
a < PUBLISH t qos=1 id=$two payload="2"
for $n in 3..5
    a < PUBLISH t qos=1 payload="$n"
end
a > PUBACK $two
b connects
b subscribes $share/g/t qos=1
b . nothing
a closes
for $n in 1 3 4 5
    b < PUBLISH t qos=1 id=$id payload="$n"
    b > PUBACK $id
end
b . nothing

=== TEST 26: not before its session ends, and then however it does
--- workers: 1 2
--- mqtt
a connects session_expiry=60
pub connects
a subscribes $share/g/t qos=1
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2"
a < PUBLISH t qos=1 id=$one payload="1"
a < PUBLISH t qos=1 id=$two payload="2"
b connects
b subscribes $share/g/t qos=1
a closes
b . nothing
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
a < PUBLISH t qos=1 dup id=$one payload="1"
a < PUBLISH t qos=1 dup id=$two payload="2"
a > PUBACK $one
a disconnects session_expiry=0
b < PUBLISH t qos=1 payload="2"
c connects session_expiry=60
c subscribes $share/g/t qos=1
b disconnects
c < PUBLISH t qos=1 payload="2"
c closes
d connects
d subscribes $share/g/t qos=1
d . nothing
# a clean start
c connects
d < PUBLISH t qos=1 payload="2"
c subscribes $share/g/t qos=1
# takeover
e > CONNECT v5 id=d clean
e < CONNACK
d < end 0x8e
c < PUBLISH t qos=1 id=$last payload="2"
c > PUBACK $last
c . nothing
e . nothing

=== TEST 27: at the end of a session that expires
--- transports: tcp
--- mqtt
a connects session_expiry=1
b,pub connects
a subscribes $share/g/t qos=1
pub publishes t qos=1 payload="x"
a < PUBLISH t qos=1 payload="x"
b subscribes $share/g/t qos=1
a closes
mark
b < PUBLISH t qos=1 payload="x" after=0.5..3.5

=== TEST 28: QoS 2 that was begun ends with its member, what was not goes to another
--- workers: 1 2
--- mqtt
a > CONNECT v5 clean receive_max=2
a < CONNACK
pub connects
a subscribes $share/g/t qos=2
for $n in 1..4
    pub publishes t qos=2 payload="$n"
end
a < PUBLISH t qos=2 id=$one payload="1"
a < PUBLISH t qos=2 payload="2"
a > PUBREC $one
a < PUBREL $one
a . nothing
b connects
b subscribes $share/g/t qos=2
a closes
b < PUBLISH t qos=2 payload="3"
b < PUBLISH t qos=2 payload="4"
b . nothing

=== TEST 29: with the last member a group is gone, and what it had
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects resume
pub connects
a subscribes $share/g/t qos=1
a closes
pub publishes t qos=1 payload="1"
a connects
pub publishes t qos=1 payload="2"
b connects
b subscribes $share/g/t qos=1
b . nothing
a . nothing
pub publishes t qos=1 payload="3"
b < PUBLISH t qos=1 payload="3"

=== TEST 30: members come and go while messages flow
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub,stay connects
stay subscribes $share/g/t qos=1
for $n in 1..8
    guest connects
    guest subscribes $share/g/t qos=1
    pub publishes t qos=1 payload="$n.1"
    one of stay guest as $one < PUBLISH t qos=1 id=$id1 payload="$n.1"
    $one > PUBACK $id1
    pub publishes t qos=1 payload="$n.2"
    one of stay guest as $two < PUBLISH t qos=1 id=$id2 payload="$n.2"
    $two > PUBACK $id2
    guest unsubscribes $share/g/t
    pub publishes t qos=1 payload="$n.3"
    stay < PUBLISH t qos=1 id=$id3 payload="$n.3"
    stay > PUBACK $id3
    guest . nothing
    guest disconnects
end
stay . nothing

=== TEST 31: one name and several filters are several groups
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,b,pub connects
a subscribes $share/g/t/x $share/g/t/+ '$share/g/#'
pub publishes t/x payload="1"
for 1..3
    a < PUBLISH t/x payload="1"
end
a . nothing
b subscribes $share/g/t/+
for 1..4
    pub publishes t/x payload="2"
end
for 1..10
    a < PUBLISH t/x payload="2"
end
b < PUBLISH t/x payload="2"
b < PUBLISH t/x payload="2"
a . nothing
b . nothing

=== TEST 32: subscribing again replaces the options
--- workers: 1 2
--- mqtt
a,pub connects
a > SUBSCRIBE 1 $share/g/t qos=2 subid=1 rap
a < SUBACK 1 codes=2
pub publishes t qos=1 retain payload="1"
a < PUBLISH t qos=1 retain payload="1" subid=1
a > SUBSCRIBE 2 $share/g/t qos=0
a < SUBACK 2 codes=0
pub publishes t qos=1 retain payload="2"
a < PUBLISH t payload="2"
a . nothing

=== TEST 33: a message that has expired is not passed on
--- transports: tcp
--- mqtt
a > CONNECT v5 clean receive_max=1
a < CONNACK
pub connects
a subscribes $share/g/t qos=1
pub publishes t qos=1 payload="1"
a < PUBLISH t qos=1 payload="1"
pub publishes t qos=1 expiry=1 payload="2"
pub publishes t qos=1 expiry=60 payload="3"
b connects
b subscribes $share/g/t qos=1
wait 1.2
a closes
b < PUBLISH t qos=1 payload="1"
b < PUBLISH t qos=1 payload="3" expiry=57..59
b . nothing

=== TEST 34: wills are shared, and reach the others of the one who left
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects will=t will.payload="gone" will.qos=1
b connects
a,b subscribes $share/g/t qos=1
a closes
b < PUBLISH t qos=1 payload="gone"
b . nothing

=== TEST 35: members on a worker that is killed
--- versions: 4 5
--- workers: 2
--- mqtt
a connects
b opens apart from a
b connects
pub opens with b
pub connects
a subscribes $share/g/t qos=1
for $n in 1..5
    pub publishes t qos=1 payload="$n"
end
a < PUBLISH t qos=1 id=$one payload="1"
for $n in 2..5
    a < PUBLISH t qos=1 payload="$n"
end
a > PUBACK $one
a . nothing
b subscribes $share/g/t qos=1
kill worker of a
a < close
for $n in 2..5
    b < PUBLISH t qos=1 id=$id payload="$n"
    b > PUBACK $id
end
b . nothing
pub publishes t qos=1 payload="6"
b < PUBLISH t qos=1 payload="6"

=== TEST 36: QoS 0 does not wait for a group that is away
--- versions: 4 5
--- mqtt
a,b connects resume
a,b subscribes $share/g/t qos=1
a,b closes
pub connects
pub publishes t payload="0"
pub publishes t qos=1 payload="1"
a,b connects resume sp=1
one of a b < PUBLISH t qos=1 payload="1"
a . nothing
b . nothing
