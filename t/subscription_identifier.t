# Subscription Identifiers.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a message brings the identifier of its subscription
--- workers: 1 2
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 a/+ b subid=5
sub < SUBACK 1 codes=0,0
sub > SUBSCRIBE 2 c
sub < SUBACK 2 codes=0
pub publishes a/x
sub < PUBLISH a/x subid=5
pub publishes b
sub < PUBLISH b subid=5
pub publishes c
sub < PUBLISH c

=== TEST 2: the smallest and the largest
--- mqtt
a connects
for $id in 1 127 128 16383 16384 2097151 2097152 268435455
    a > SUBSCRIBE 1 t subid=$id
    a < SUBACK 1 codes=0
    a publishes t
    a < PUBLISH t subid=$id
end

=== TEST 3: overlapping subscriptions bring all of theirs in one message
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.4-3 MQTT-3.3.4-4
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 a/# subid=1
sub < SUBACK 1 codes=0
sub > SUBSCRIBE 2 a/+ qos=1 subid=2
sub < SUBACK 2 codes=1
sub > SUBSCRIBE 3 a/b
sub < SUBACK 3 codes=0
pub publishes a/b qos=1 payload="x"
sub < PUBLISH a/b qos=1 payload="x" subid={1,2}
sub . nothing
pub publishes a/b/c payload="y"
sub < PUBLISH a/b/c payload="y" subid=1

=== TEST 4: the same one twice comes twice
--- conforms
5.0 MQTT-3.3.4-4 rule-identical-subscription-ids
--- mqtt
a connects
a > SUBSCRIBE 1 a/# subid=7
a < SUBACK 1 codes=0
a > SUBSCRIBE 2 a/b subid=7
a < SUBACK 2 codes=0
a publishes a/b
a < PUBLISH a/b subid=7 subid=7

=== TEST 5: it is replaced, or removed, with its subscription
--- workers: 1 2
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 t subid=1
sub < SUBACK 1 codes=0
sub > SUBSCRIBE 2 t subid=2
sub < SUBACK 2 codes=0
pub publishes t
sub < PUBLISH t subid=2
sub > SUBSCRIBE 3 t
sub < SUBACK 3 codes=0
pub publishes t
sub < PUBLISH t

=== TEST 6: it lasts with the session
--- workers: 1 2
--- mqtt
sub connects resume
sub > SUBSCRIBE 1 t subid=300
sub < SUBACK 1 codes=0
sub closes
sub connects resume sp=1
pub connects
pub publishes t
sub < PUBLISH t subid=300

=== TEST 7: retained messages bring it
--- workers: 1 2
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="x"
sub > SUBSCRIBE 1 t subid=8
sub < SUBACK 1 codes=0
sub < PUBLISH t retain payload="x" subid=8

=== TEST 8: everyone gets their own
--- workers: 1 2
--- mqtt
a,b,c,pub connects
a > SUBSCRIBE 1 t subid=1
a < SUBACK 1 codes=0
b > SUBSCRIBE 1 t subid=2
b < SUBACK 1 codes=0
c subscribes t
pub publishes t
a < PUBLISH t subid=1
b < PUBLISH t subid=2
c < PUBLISH t

=== TEST 9: merged ones stay with a message that is queued, and comes again
--- workers: 1 2
--- mqtt
sub connects resume
sub > SUBSCRIBE 1 a/# qos=1 subid=1
sub < SUBACK 1 codes=1
sub > SUBSCRIBE 2 a/+ qos=2 subid=268435455
sub < SUBACK 2 codes=2
sub > SUBSCRIBE 3 a/b qos=0
sub < SUBACK 3 codes=0
sub closes
pub connects
pub publishes a/b qos=2 payload="x"
pub publishes a/b/c qos=2 payload="y"
sub connects resume sp=1
sub < PUBLISH a/b qos=2 id=$one payload="x" subid={1,268435455}
sub < PUBLISH a/b/c qos=1 id=$two payload="y" subid=1
# they are those of the time of publishing
sub > SUBSCRIBE 4 a/# qos=0 rh=2 subid=5
sub < SUBACK 4 codes=0
sub unsubscribes a/+
sub closes
sub connects resume sp=1
sub < PUBLISH a/b qos=2 dup id=$one payload="x" subid={1,268435455}
sub < PUBLISH a/b/c qos=1 dup id=$two payload="y" subid=1
pub publishes a/b payload="z"
sub < PUBLISH a/b payload="z" subid=5

=== TEST 10: 3.1.1 between two connections of 5.0 changes nothing about them
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60
sub < CONNACK
sub > SUBSCRIBE 1 t qos=1 u qos=1 subid=9
sub < SUBACK 1 codes=1,1
sub closes
sub > CONNECT v4
sub < CONNACK sp=1
sub > SUBSCRIBE 2 u qos=1
sub < SUBACK 2 codes=1
pub connects
pub publishes t qos=1 payload="x"
pub publishes u qos=1 payload="x"
sub < PUBLISH t qos=1 id=$one payload="x"
sub < PUBLISH u qos=1 id=$two payload="x"
sub closes
sub > CONNECT v5 session_expiry=60
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup id=$one payload="x" subid=9
sub < PUBLISH u qos=1 dup id=$two payload="x"

=== TEST 11: after the worker that sent it was killed
--- workers: 1 2
--- mqtt
sub connects resume
sub > SUBSCRIBE 1 "#" qos=1 subid=1
sub < SUBACK 1 codes=1
sub > SUBSCRIBE 2 t qos=1 subid=2
sub < SUBACK 2 codes=1
sub publishes t qos=1 payload="x"
sub < PUBLISH t qos=1 id=$id payload="x" subid={1,2}
kill worker of sub
sub < close
sub connects resume sp=1
sub < PUBLISH t qos=1 dup id=$id payload="x" subid={1,2}
sub publishes t qos=1 payload="y"
sub < PUBLISH t qos=1 payload="y" subid={1,2}
