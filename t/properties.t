# Properties of 5.0 that a server passes on, or has to refuse.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: all of a message are passed on
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t payload="x" format=1 content_type="text/plain" response_topic=a/b correlation=hex:0001ff user=k:v
sub < PUBLISH t payload="x" format=1 content_type="text/plain" response_topic=a/b correlation=hex:0001ff user=k:v

=== TEST 2: unaltered
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t format=0 content_type="" correlation="" payload="x"
sub < PUBLISH t format=0 content_type="" correlation="" payload="x"
pub publishes t correlation=300*"\x00" content_type=300*x
sub < PUBLISH t correlation=300*"\x00" content_type=300*x

=== TEST 3: user properties keep their order and their number
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t user=b:1 user=a:2 user=b:3 user=b:1 user="":"" user=k:"" user="":v user="\xc3\xa4":"\xf0\x9f\x98\x80"
sub < PUBLISH t user=b:1 user=a:2 user=b:3 user=b:1 user="":"" user=k:"" user="":v user="\xc3\xa4":"\xf0\x9f\x98\x80"

=== TEST 4: many user properties, and long ones
--- workers: 1 2
--- zone: 16m
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t user=key:60000*v user=30000*k:value
sub < PUBLISH t user=key:60000*v user=30000*k:value

=== TEST 5: mixed with others
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t user=a:1 format=1 user=b:2 content_type=c user=c:3 alias=1
sub < PUBLISH t user=a:1 format=1 user=b:2 content_type=c user=c:3

=== TEST 6: a subscriber of 3.1.1 gets none
--- workers: 1 2
--- mqtt
sub connects v4
sub subscribes t
pub connects v5
pub publishes t payload="x" user=k:v content_type=c expiry=60 alias=1
sub < HEX 30 04 0001 74 78

=== TEST 7: those of all other packets are accepted
--- mqtt
a > CONNECT clean user=a:b user=a:b request_problem=1 request_response=1 receive_max=10 alias_max=10 max_packet=100000
a < CONNACK
a > SUBSCRIBE 1 t qos=2 user=a:b user=c:d subid=3
a < SUBACK 1 codes=2
a > UNSUBSCRIBE 2 u user=a:b
a < UNSUBACK 2 codes=0x11
a publishes t qos=2 payload="x"
a < PUBLISH t qos=2 id=$id payload="x" subid=3
a > PUBREC $id 0x00 reason_string=r user=a:b
a < PUBREL $id
a > PUBCOMP $id 0x00 reason_string=r user=a:b
a > DISCONNECT 0x00 reason_string=r user=a:b
a < close

=== TEST 8: unknown ones
--- mqtt
for $props in 0200 0204 0214 022c 027f 02ff01 03800100
    a connects
    a > PUBLISH t propsbytes=$props
    a < DISCONNECT 0x81
    a < close
end

=== TEST 9: those of other packets
--- mqtt
# session expiry, assigned id, server keep alive, authentication, will delay,
# reason string, receive maximum, maximum QoS
for $props in 051100000001 0412000161 03130001 0415000161 051800000001 041f000161 03210001 022401 05270000ffff
    a connects
    a > PUBLISH t propsbytes=$props
    a < DISCONNECT 0x81|0x82
    a < close
end
a connects
a > SUBSCRIBE 1 t format=1
a < DISCONNECT 0x81|0x82
a < close
a connects
a > UNSUBSCRIBE 1 t subid=1
a < DISCONNECT 0x81|0x82
a < close
a connects
a > PUBACK 1 0x00 user=a:b content_type=c
a < DISCONNECT 0x81|0x82
a < close

=== TEST 10: a second copy
--- mqtt
a connects
a > PUBLISH t format=1 format=1
a < DISCONNECT 0x82
a < close
a connects
a > PUBLISH t expiry=5 expiry=5
a < DISCONNECT 0x82
a < close
a connects
a > PUBLISH t content_type=a content_type=b
a < DISCONNECT 0x82
a < close
a connects
a > PUBLISH t response_topic=a response_topic=a
a < DISCONNECT 0x82
a < close
a connects
a > PUBLISH t correlation=a correlation=b
a < DISCONNECT 0x82
a < close
a connects
a > PUBLISH t alias=1 alias=1
a < DISCONNECT 0x82
a < close
a connects
a > SUBSCRIBE 1 t subid=1 subid=1
a < DISCONNECT 0x82
a < close
a connects
a > PUBACK 1 0x00 reason_string=a reason_string=b
a < DISCONNECT 0x82
a < close

=== TEST 11: values that cannot be
--- mqtt
a connects
a > PUBLISH t format=2
a < DISCONNECT 0x82|0x81
a < close
a connects
a > PUBLISH t subid=1
a < DISCONNECT 0x82
a < close
a connects
a > PUBLISH t response_topic=r/+
a < DISCONNECT 0x82|0x81|0x90
a < close
a connects
a > PUBLISH t response_topic="#"
a < DISCONNECT 0x82|0x81|0x90
a < close
a connects
a > SUBSCRIBE 1 t subid=0
a < DISCONNECT 0x82
a < close

=== TEST 12: ill-formed strings
--- conforms
5.0 MQTT-3.3.2-13 MQTT-3.3.2-19
--- mqtt
for $bad in "\xff" "\xc0\x80" "\xed\xa0\x80" "\xe2\x82" "a\x00b"
    a connects
    a > PUBLISH t content_type=$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t response_topic=$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t user=$bad:v
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t user=k:$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBACK 1 0x00 reason_string=$bad
    a < DISCONNECT 0x81
    a < close
end

=== TEST 13: lengths that lie
--- mqtt
for $props in 01 0201 0301 0402000000 0c 0403000261 0408000861 8000 808000 ffffffff01 ffffff7f
    a connects
    a > PUBLISH t propsbytes=$props
    a < DISCONNECT 0x81
    a < close
end

=== TEST 14: no property length
--- mqtt
a connects
a > HEX 82 04 0001 0001
a < DISCONNECT 0x81
a < close
a connects
a > HEX 30 03 0001 61
a < DISCONNECT 0x81
a < close

=== TEST 15: Request Problem Information 0
--- mqtt
a > CONNECT v5 clean request_problem=0
a < CONNACK
a > PUBREL 99
a < PUBCOMP 99 0x92 !reason_string !user
a > SUBSCRIBE 1 a#
a < SUBACK 1 codes=0x8f !reason_string !user
a > UNSUBSCRIBE 1 x
a < UNSUBACK 1 codes=0x11 !reason_string !user
a subscribes t
a publishes t user=k:v
a < PUBLISH t user=k:v

=== TEST 16: no session expiry in a DISCONNECT of the server
--- mqtt
a connects
a > HEX 00 00
a < DISCONNECT 0x81 !session_expiry
a < close
