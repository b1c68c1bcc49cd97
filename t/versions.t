# Clients of 3.1.1 and 5.0 among each other.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: messages pass both ways
--- workers: 1 2
--- mqtt
old connects v4
new connects v5
old,new acks
old subscribes from/new qos=2
new subscribes from/old qos=2
for $qos in 0 1 2
    old publishes from/old qos=$qos payload="$qos"
    new < PUBLISH from/old qos=$qos payload="$qos"
    new publishes from/new qos=$qos payload="$qos"
    old < PUBLISH from/new qos=$qos payload="$qos"
end
old . nothing
new . nothing

=== TEST 2: what 3.1.1 does not know stays away from it
--- workers: 1 2
--- mqtt
old connects v4
new connects v5
old subscribes t qos=1
new publishes t qos=1 payload="x" user=a:b expiry=60 content_type=c alias=1
old < PUBLISH t qos=1 payload="x"
new > SUBSCRIBE 1 t subid=9
new < SUBACK 1 codes=0
old publishes t qos=1 payload="y"
new < PUBLISH t payload="y" subid=9

=== TEST 3: retained messages
--- workers: 1 2
--- mqtt
old connects v4
new connects v5
new publishes n qos=1 retain payload="x" user=a:b
old publishes o qos=1 retain payload="y"
old subscribes n o
any order
    old < PUBLISH n retain payload="x"
    old < PUBLISH o retain payload="y"
end
new subscribes n o
any order
    new < PUBLISH n retain payload="x" user=a:b
    new < PUBLISH o retain payload="y"
end

=== TEST 4: wills
--- workers: 1 2
--- mqtt
old connects v4
new connects v5
old,new subscribes w
a connects v4 will=w will.payload="of 3.1.1"
a closes
old,new < PUBLISH w payload="of 3.1.1"
a connects v5 will=w will.payload="of 5.0" will.user=a:b
a closes
old < PUBLISH w payload="of 5.0"
new < PUBLISH w payload="of 5.0" user=a:b

=== TEST 5: a queue filled by both, read by either
--- workers: 1 2
--- mqtt
sub > CONNECT v5 session_expiry=60
sub < CONNACK
sub subscribes t qos=1
sub disconnects
old connects v4
new connects v5
old publishes t qos=1 payload="1"
new publishes t qos=1 payload="2" user=a:b
sub > CONNECT v4
sub < CONNACK sp=1
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=1 id=$two payload="2"
sub closes
sub > CONNECT v5 session_expiry=60
sub < CONNACK sp=1
sub < PUBLISH t qos=1 dup id=$one payload="1"
sub < PUBLISH t qos=1 dup id=$two payload="2" user=a:b

=== TEST 6: unfinished QoS 2 goes on in the other version
--- workers: 1 2
--- mqtt
sub > CONNECT v4
sub < CONNACK
sub subscribes t qos=2
pub connects v5
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub > PUBREC $id
sub < PUBREL $id
sub closes
sub > CONNECT v5 session_expiry=60
sub < CONNACK sp=1
sub < PUBREL $id
sub > PUBCOMP $id
sub . nothing

=== TEST 7: a subscription of 5.0 keeps its options under 3.1.1
--- workers: 1 2
--- mqtt
a > CONNECT v5 session_expiry=60
a < CONNACK
a > SUBSCRIBE 1 t nl u rap subid=3
a < SUBACK 1 codes=0,0
a closes
a > CONNECT v4
a < CONNACK sp=1
a publishes t payload="mine"
a . nothing
a publishes u payload="mine"
a < PUBLISH u payload="mine"

=== TEST 8: DISCONNECT is never sent to 3.1.1
--- mqtt
a connects v4
a > HEX 00 00
a < close
a connects v4
b > CONNECT v4 id=a clean
b < CONNACK
a < close

=== TEST 9: the first bytes of all that a server sends
--- versions: 4
--- conforms
3.1.1 MQTT-2.2.2-1 MQTT-3.6.1-1 MQTT-7.0.0-2
--- mqtt
a connects v4
a > HEX 82 06 0001 0001 61 02
a < HEX 90 03 0001 02
a > HEX 34 06 0001 61 0001 78
any order
    a < HEX 50 02 0001
    a < PUBLISH a qos=2 id=$id payload="x"
end
a > HEX 62 02 0001
a < HEX 70 02 0001
a > PUBREC $id
a < PUBREL $id
a > PUBCOMP $id
a > HEX 32 06 0001 61 0003 78
any order
    a < HEX 40 02 0003
    a < PUBLISH a qos=1 id=$next payload="x"
end
a > PUBACK $next
a > HEX a2 05 0002 0001 61
a < HEX b0 02 0002
a > HEX c0 00
a < HEX d0 00
