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

=== TEST 10: 3.1.1: acknowledgements with a reason
--- mqtt
watch connects
watch subscribes w
for $hex in 4003000100 5003000100 6203000100 7003000100 400400010000 500400010000
    a connects v4 will=w will.payload="$hex"
    a > HEX $hex
    a < close
    watch < PUBLISH w payload="$hex"
end

=== TEST 11: 3.1.1: properties are payload, or an error
--- mqtt
sub connects v4
sub subscribes t
a connects v4
# a PUBLISH of 5.0: topic, a property length, a topic alias, payload
a > HEX 30 07 0001 74 03 230001
sub < HEX 30 07 0001 74 03 230001
a > HEX 30 04 0001 74 00
sub < HEX 30 04 0001 74 00
# SUBSCRIBE and UNSUBSCRIBE of 5.0: the property length is read as a length
a > HEX 82 07 0001 00 0001 61 00
a < close
a connects v4
a > HEX a2 06 0001 00 0001 61
a < close

=== TEST 12: 3.1.1: AUTH, a long DISCONNECT, options of 5.0
--- mqtt
for $hex in f000 f00118 e00100 e00104 8206000100017404 8206000100017410 8206000100017408
    a connects v4
    a > HEX $hex
    a < close
end

=== TEST 13: 3.1.1: a CONNECT with properties
--- mqtt
# those of 5.0 before the client id, with the level of 3.1.1
a opens v=4
a > HEX 10 11 0004 4d515454 04 02 003c / 03 210005 0001 61
a < close
a opens v=4
a > HEX 10 0e 0004 4d515454 04 02 003c 00 0000 00
a < close

=== TEST 14: 5.0: packets as 3.1.1 has them
--- mqtt
a connects v5
# without a property length; the first byte of the payload is taken for one
a > HEX 30 04 0001 74 78
a < end 0x81
a connects v5
a > HEX 82 06 0001 0001 74 00
a < end 0x81|0x82|0x8f

=== TEST 15: 3.1.1 takes part in shares, with the options it has
--- workers: 1 2
--- mqtt
a connects v4
a > SUBSCRIBE 1 $share/g/t qos=2 '$share/g/#' qos=1
a < SUBACK 1 codes=2,1
a > HEX 82 0f 0002 000a 2473686172652f672f74 04
a < close

=== TEST 16: a limit of 5.0 is not one of the 3.1.1 connection that comes after
--- workers: 1 2
--- mqtt
a > CONNECT v5 session_expiry=60 receive_max=1 max_packet=64 request_problem=0 alias_max=5
a < CONNACK
a subscribes t qos=1
pub connects
pub publishes t qos=1 payload="1"
a < PUBLISH t qos=1 id=$one payload="1"
a closes
pub publishes t qos=1 payload=100*x
pub publishes t qos=1 payload="3"
a > CONNECT v4
a < CONNACK sp=1
a < PUBLISH t qos=1 dup id=$one payload="1"
a < PUBLISH t qos=1 payload=100*x
a < PUBLISH t qos=1 payload="3"
