# Bytes that are no MQTT.  What they break is told by the files of each packet;
# here are the rules of all packets.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: types that do not exist
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.8.0-1
--- mqtt
a connects
a > HEX 00 00
a < end 0x81
a connects
a > HEX 0f 00
a < end 0x81
[4] a connects
[4] a > HEX f0 00
[4] a < close

=== TEST 2: a Remaining Length of more than four bytes
--- versions: 4 5
--- mqtt
for $length in 8080808000 ffffffff7f ffffffffff
    a connects
    a > HEX 30 $length
    a < end 0x81
end

=== TEST 3: a Remaining Length that could be shorter
--- mqtt
for $length in 8000 808000 80808000
    a connects v5
    a > HEX c0 $length
    a < DISCONNECT 0x81
    a < close
end

=== TEST 4: flags of the fixed header
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2
--- mqtt
for $first in 41 48 51 71 e1
    a connects
    a > HEX $first 02 0001
    a < end 0x81|0x82
end

=== TEST 5: PINGREQ with flags or a body
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2
--- mqtt
a connects
a > HEX c1 00
a < end 0x81
a connects
a > HEX c0 01 00
a < end 0x81

=== TEST 6: packets that end too early
--- versions: 4 5
--- mqtt
for $bytes in 4000 400100 500100 620100 700100 8200 820100 a200 a20100 3000 300100 32020001
    a connects
    a > HEX $bytes
    a < end 0x81|0x82
end

=== TEST 7: packets that end too late, 3.1.1
--- mqtt
for $packet in PUBACK PUBREC PUBREL PUBCOMP
    a connects v4
    a > $packet 1 tail=00
    a < close
end

=== TEST 8: packets that end too late, 5.0
--- mqtt
for $packet in PUBACK PUBREC PUBREL PUBCOMP
    a connects
    a > $packet 1 0x00 long tail=00
    a < DISCONNECT 0x81
    a < close
end
a connects
a > DISCONNECT 0x00 long tail=00
a < DISCONNECT 0x81
a < close

=== TEST 9: AUTH without an authentication
--- mqtt
for $bytes in f000 f00118 f0021800 f00119
    a connects
    a > HEX $bytes
    a < DISCONNECT 0x82
    a < close
end
a connects
a > AUTH 0x18 auth_method=m
a < DISCONNECT 0x82
a < close
a connects
a > AUTH 0x19 auth_method=m auth_data=d
a < DISCONNECT 0x82
a < close
a connects
a > AUTH first=0xf1
a < DISCONNECT 0x81
a < close

=== TEST 10: nothing else is harmed
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-4.8.0-1
5.0 MQTT-4.13.1-1
--- mqtt
other connects
other subscribes t
for $bytes in 0000 30ffffffff7f 8200 f1 ffffffffffff 30
    a connects
    a > HEX $bytes
    b connects
    b publishes t payload="x"
    other < PUBLISH t payload="x"
    b disconnects
    a closes
end
other . nothing

=== TEST 11: half a packet, and then nothing
--- versions: 4 5
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > HEX 30 20 0001 74
a closes
watch < PUBLISH w payload="gone"

=== TEST 12: every packet byte by byte
--- versions: 4 5
--- conforms
3.1.1 MQTT-7.1.1-1
--- mqtt
a > CONNECT clean will=w will.payload="x" username=u split=1
a < CONNACK
a > SUBSCRIBE 300 t qos=2 u split=1
a < SUBACK 300 codes=2,0
a > PUBLISH t qos=2 id=300 payload="hello" split=1
any order
    a < PUBREC 300
    a < PUBLISH t qos=2 id=$id payload="hello"
end
a > PUBREL 300 split=1
a < PUBCOMP 300
a > PUBREC $id split=1
a < PUBREL $id
a > PUBCOMP $id split=1
a > UNSUBSCRIBE 301 t split=1
[4] a < UNSUBACK 301
[5] a < UNSUBACK 301 codes=0
a > PINGREQ split=1
a < PINGRESP
a > DISCONNECT split=1
a < close
