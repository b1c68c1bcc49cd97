# SUBSCRIBE and SUBACK.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: each filter is granted what it asks for
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.8.4-1 MQTT-3.8.4-2 MQTT-3.9.3-1
--- mqtt
a connects
a > SUBSCRIBE 0xbeef t/2 qos=2 t/0 qos=0 t/1 qos=1
a < SUBACK 0xbeef codes=2,0,1

=== TEST 2: as bytes
--- mqtt
a connects v4
a > HEX 82 06 0001 0001 61 00
a < HEX 90 03 0001 00
b connects v5
b > HEX 82 07 0001 00 0001 61 00
b < HEX 90 04 0001 00 00

=== TEST 3: several at a time
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.3.1-7
--- mqtt
a connects
a holds
for $n in 1..20
    a > SUBSCRIBE $n t/$n qos=1
end
a sends
for $n in 1..20
    a < SUBACK $n codes=1
end
a publishes t/20 payload="x"
a < PUBLISH t/20 payload="x"

=== TEST 4: many filters in a packet
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.8.4-4
--- mqtt
a connects
a > SUBSCRIBE 1 a b c d e f g h i j qos=1 k/+ l/# m//n /o p/
a < SUBACK 1 codes=0,0,0,0,0,0,0,0,0,1,0,0,0,0,0
a publishes m//n
a < PUBLISH m//n

=== TEST 5: the same filter again replaces the subscription
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.8.4-3
--- mqtt
sub,pub connects
sub subscribes t qos=1
sub subscribes t qos=0
pub publishes t qos=1 payload="x"
sub < PUBLISH t qos=0 payload="x"
sub . nothing
sub unsubscribes t
pub publishes t payload="y"
sub . nothing

=== TEST 6: the same filter twice in a packet
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.8.4-4
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 t qos=0 t qos=2
sub < SUBACK 1 codes=0,2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 payload="x"
sub . nothing

=== TEST 7: overlapping filters give one message, of the highest QoS
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.3.5-1
5.0 MQTT-3.3.4-2
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 a/# qos=0 a/+ qos=2 a/b qos=1 "#" qos=0
sub < SUBACK 1 codes=0,2,1,0
pub publishes a/b qos=2 payload="x"
sub < PUBLISH a/b qos=2 id=$id payload="x"
sub . nothing

=== TEST 8: no flow is interrupted while a subscription is replaced
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.8.4-3
--- mqtt
sub,pub connects
sub acks
sub subscribes t qos=1
pub publishes t qos=1 payload="1"
sub < PUBLISH t qos=1 payload="1"
sub holds
sub > SUBSCRIBE 2 t qos=1
sub > SUBSCRIBE 3 t qos=1
sub sends
pub publishes t qos=1 payload="2"
any order
    sub < SUBACK 2 codes=1
    sub < SUBACK 3 codes=1
    sub < PUBLISH t qos=1 payload="2"
end
sub . nothing

=== TEST 9: No Local
--- workers: 1 2
--- mqtt
a,b connects
a > SUBSCRIBE 1 t nl u
a < SUBACK 1 codes=0,0
b subscribes t
a publishes t payload="mine"
b < PUBLISH t payload="mine"
a . nothing
a publishes u payload="mine"
a < PUBLISH u payload="mine"
b publishes t payload="yours"
b < PUBLISH t payload="yours"
a < PUBLISH t payload="yours"

=== TEST 10: No Local goes by the client id, and lasts with the session
--- workers: 1 2
--- mqtt
a connects resume
a > SUBSCRIBE 1 t qos=1 nl
a < SUBACK 1 codes=1
a closes
a connects resume sp=1
a publishes t qos=1 payload="mine"
a . nothing

=== TEST 11: No Local is replaced like everything else
--- mqtt
a connects
a > SUBSCRIBE 1 t nl
a < SUBACK 1 codes=0
a > SUBSCRIBE 2 t
a < SUBACK 2 codes=0
a publishes t payload="x"
a < PUBLISH t payload="x"

=== TEST 12: Retain As Published
--- workers: 1 2
--- mqtt
a,b,pub connects
a > SUBSCRIBE 1 t rap
a < SUBACK 1 codes=0
b > SUBSCRIBE 1 t
b < SUBACK 1 codes=0
pub publishes t retain payload="1"
a < PUBLISH t retain payload="1"
b < PUBLISH t payload="1"
pub publishes t payload="2"
a,b < PUBLISH t payload="2"

=== TEST 13: packet id 0
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.3.1-1
--- mqtt
a connects
a > SUBSCRIBE 0 t
a < end 0x82|0x81

=== TEST 14: no filter
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.8.3-3
--- mqtt
a connects
a > SUBSCRIBE 1 nofilter
a < end 0x82|0x81

=== TEST 15: reserved bits and values of the options
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.8.3-4
--- mqtt
for $options in 0x40 0x80 0xc0
    a connects
    a > SUBSCRIBE 1 good t options=$options
    a < end 0x81
end
a connects
a > SUBSCRIBE 1 good t options=0x03
a < end 0x82|0x81
[4] for $options in 0x04 0x08 0x10 0x20
    [4] a connects
    [4] a > SUBSCRIBE 1 good t options=$options
    [4] a < close
end
[5] a connects
[5] a > SUBSCRIBE 1 good t options=0x30
[5] a < end 0x82

=== TEST 16: a filter that lacks its options, or a part
--- versions: 4 5
--- mqtt
a connects
[4] a > HEX 82 05 0001 0001 61
[5] a > HEX 82 06 0001 00 0001 61
a < end 0x81
a connects
[4] a > HEX 82 06 0001 0002 61 00
[5] a > HEX 82 07 0001 00 0002 61 00
a < end 0x81

=== TEST 17: wrong flags of the fixed header
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2 MQTT-3.8.1-1
--- mqtt
for $first in 0x80 0x81 0x83 0x8a
    a connects
    a > SUBSCRIBE 1 t first=$first
    a < end 0x81
end

=== TEST 18: badly formed filters are refused, the others granted
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.8.4-5 MQTT-3.9.3-2 MQTT-4.7.1-2 MQTT-4.7.1-3 error-filter
5.0 MQTT-4.7.1-1 MQTT-4.7.1-2 error-filter
--- mqtt
a connects
a > SUBSCRIBE 1 good a# a/#/b "##" "#/" a+ +a a/b+/c "a/#b" fine/# qos=1
[4] a < SUBACK 1 codes=0,0x80,0x80,0x80,0x80,0x80,0x80,0x80,0x80,1
[5] a < SUBACK 1 codes=0,0x8f,0x8f,0x8f,0x8f,0x8f,0x8f,0x8f,0x8f,1
a . nothing

=== TEST 19: an empty filter
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.3-1
--- mqtt
a connects
a > SUBSCRIBE 1 ""
[4] a < SUBACK 1 codes=0x80
[5] a < SUBACK 1 codes=0x8f
a . nothing

=== TEST 20: ill-formed strings
--- versions: 4 5
--- conforms
3.1.1 MQTT-1.5.3-1 MQTT-1.5.3-2 MQTT-3.8.3-1 MQTT-4.7.3-2
--- mqtt
for $bad in ff c080 eda080 e282 610062
    a connects
    a > SUBSCRIBE 1 good hex:$bad
    a < end 0x81
end

=== TEST 21: packets that only a server sends
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.8.0-1
--- mqtt
for $bytes in 20020000 9003000100 b0020001 d000
    a connects
    a > HEX $bytes
    [4] a < close
    [5] a < end 0x82|0x81
end

=== TEST 22: options are replaced one by one, also in messages that wait
--- workers: 1 2
--- mqtt
a connects resume
b connects
a > SUBSCRIBE 1 t qos=2 nl rap subid=1
a < SUBACK 1 codes=2
b publishes t qos=1 retain payload="1"
a < PUBLISH t qos=1 retain payload="1" subid=1
a publishes t qos=1 payload="own"
a > SUBSCRIBE 2 t qos=0 rh=2 subid=2
a < SUBACK 2 codes=0
b publishes t qos=1 retain payload="2"
a < PUBLISH t payload="2" subid=2
a publishes t payload="own"
a < PUBLISH t payload="own" subid=2
a > SUBSCRIBE 3 t qos=1 rh=2 rap
a < SUBACK 3 codes=1
a closes
b publishes t qos=1 retain payload="3"
a connects resume sp=1
a < PUBLISH t qos=1 dup retain payload="1" subid=1
a < PUBLISH t qos=1 retain payload="3"
a . nothing

=== TEST 23: the same filter twice in a packet: the last one counts
--- workers: 1 2
--- mqtt
pub,sub connects
pub publishes t qos=2 retain payload="kept"
sub > SUBSCRIBE 1 t qos=0 rh=1 rap t qos=2 rh=1 nl
sub < SUBACK 1 codes=0,2
sub < PUBLISH t retain payload="kept"
sub . nothing
sub publishes t payload="own"
sub . nothing
pub publishes t qos=2 retain payload="x"
sub < PUBLISH t qos=2 payload="x"
sub unsubscribes t
pub publishes t qos=2 retain payload="y"
sub . nothing

=== TEST 24: overlapping: +/# and all its kin
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 "#" qos=0 +/# qos=1 +/+ qos=2 a/+ qos=0 a/# qos=1 a/b/# qos=0
sub < SUBACK 1 codes=0,1,2,0,1,0
pub publishes a/b qos=2 payload="x"
sub < PUBLISH a/b qos=2 payload="x"
pub publishes a/b/c qos=2 payload="y"
sub < PUBLISH a/b/c qos=1 payload="y"
pub publishes c/d/e qos=2 payload="z"
sub < PUBLISH c/d/e qos=1 payload="z"
sub . nothing

=== TEST 25: overlapping: all options of all that match
--- workers: 1 2
--- mqtt
sub,pub connects
sub > SUBSCRIBE 1 t/+ qos=1 nl subid=1
sub < SUBACK 1 codes=1
sub > SUBSCRIBE 2 t/x qos=0 rap subid=2
sub < SUBACK 2 codes=0
sub > SUBSCRIBE 3 "t/#" qos=2 nl
sub < SUBACK 3 codes=2
pub publishes t/x qos=2 retain payload="1"
sub < PUBLISH t/x qos=2 retain payload="1" subid={1,2}
sub publishes t/x qos=2 payload="own"
sub < PUBLISH t/x qos=0 payload="own" subid=2
sub publishes t/y qos=2 payload="own"
sub . nothing

=== TEST 26: No Local in a session that changes worker and version, and by takeover
--- workers: 1 2
--- mqtt
a > CONNECT v5 session_expiry=60
a < CONNACK
a > SUBSCRIBE 1 t qos=1 nl
a < SUBACK 1 codes=1
b > CONNECT v4 id=a
b < CONNACK sp=1
a < end 0x8e
b publishes t qos=1 payload="own"
c > CONNECT v5 id=a session_expiry=60
c < CONNACK sp=1
b < close
c publishes t qos=1 payload="own"
c . nothing
d connects
d publishes t qos=1 payload="x"
c < PUBLISH t qos=1 payload="x"

=== TEST 27: filters below $ bring nothing that is not there
--- versions: 4 5
--- workers: 1 2
--- mqtt
a,pub connects
a > SUBSCRIBE 1 '$SYS/#' '$SYS/+/x' '$share/g/$SYS/#' '$share/g/+/x' "#"
a < SUBACK 1 codes=0,0,0,0,0
pub publishes SYS/x payload="x"
a < PUBLISH SYS/x payload="x"
a < PUBLISH SYS/x payload="x"
a . nothing
