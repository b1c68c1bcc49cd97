# 5.0, sections 2 and 3.12: what is common to packets, PINGREQ.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: reserved flags of the fixed header
--- conforms
5.0 MQTT-2.1.3-1 MQTT-3.8.1-1 MQTT-3.10.1-1 MQTT-3.14.1-1 MQTT-3.15.1-1
--- mqtt
for $first in 41 42 44 48 51 52 54 58 60 61 63 66 6a 71 72 74 78 80 81 83 86 8a a0 a1 a3 a6 aa c1 c2 c4 c8 e1 e2 e4 e8 f1 f2 f4 f8 00 0f
    a connects
    a > HEX $first 00
    a < DISCONNECT 0x81
    a < close
end
for $first in 11 12 14 18
    a > HEX $first 0e 0004 4d515454 05 02 003c 00 0001 61
    a < close
end

=== TEST 2: wrong flags make a packet have no effect
--- conforms
5.0 MQTT-2.1.3-1 MQTT-3.8.1-1 MQTT-3.10.1-1 MQTT-3.14.1-1
--- mqtt
watch connects
watch subscribes w
a connects resume
a subscribes t qos=1
a > UNSUBSCRIBE 1 t first=0xa0
a < DISCONNECT 0x81
a < close
a connects resume sp=1 will=w will.payload="gone"
a > SUBSCRIBE 1 u first=0x80
a < DISCONNECT 0x81
a < close
watch < PUBLISH w payload="gone"
a connects resume sp=1 will=w will.payload="again"
a > DISCONNECT first=0xe1
a < DISCONNECT 0x81
a < close
watch < PUBLISH w payload="again"
a connects resume sp=1
watch publishes u qos=1
watch publishes t qos=1
a < PUBLISH t qos=1
a . nothing

=== TEST 3: the bytes of the server's own packets
--- conforms
5.0 MQTT-2.1.3-1 MQTT-2.2.1-2 MQTT-2.2.2-1 MQTT-3.2.2-1 MQTT-3.12.4-1
--- mqtt
a > CONNECT clean
# receive maximum, topic alias maximum, maximum packet size
a < HEX 20 0e 00 00 0b 210064 220010 2700200000
a > HEX 82 0b 0001 00 0001 61 00 0001 62 02
a < HEX 90 05 0001 00 00 02
# without an id at QoS 0, with one at QoS 1 and 2
a > HEX 30 05 0001 61 00 78
a < HEX 30 05 0001 61 00 78
a > HEX 32 07 0001 62 0007 00 78
any order
    a < HEX 40 02 0007
    a < HEX 32 07 0001 62 0001 00 78
end
a > HEX 34 07 0001 62 0008 00 78
any order
    a < HEX 50 02 0008
    a < HEX 34 07 0001 62 0002 00 78
end
a > HEX 62 02 0008
a < HEX 70 02 0008
a > HEX 40 02 0001
a > HEX 50 02 0002
a < HEX 62 02 0002
a > HEX 70 02 0002
a > HEX a2 06 0003 00 0001 62
a < HEX b0 04 0003 00 00
a > HEX c0 00
a < HEX d0 00
b > CONNECT clean id=a max_packet=16
b < HEX 20 0e 00 00 0b 210064 220010 2700200000
a < HEX e0 01 8e
a < close

=== TEST 4: a message of QoS 0 begins right behind its properties
--- conforms
5.0 MQTT-2.2.1-2
--- mqtt
a connects
a subscribes t
for $payload in "" "\x00" "\x00\x07" "\x00\x07\x00" "\x00\x00\x00"
    a > PUBLISH t payload=$payload
    a < PUBLISH t payload=$payload
end

=== TEST 5: packet id 0
--- conforms
5.0 MQTT-2.2.1-3
--- mqtt
watch connects
watch subscribes "#"
a connects
a > SUBSCRIBE 0 t
a < DISCONNECT 0x82
a < close
a connects
a > UNSUBSCRIBE 0 t
a < DISCONNECT 0x82
a < close
for $qos in 1 2
    a connects
    a > PUBLISH t id=0 qos=$qos
    a < DISCONNECT 0x82
    a < close
end
watch . nothing

=== TEST 6: acknowledgements bring the id of what they acknowledge
--- conforms
5.0 MQTT-2.2.1-5
--- mqtt
sub,pub connects
sub subscribes t qos=2
for $id in 1 255 256 65535
    pub > PUBLISH t qos=1 id=$id
    pub < PUBACK $id
    pub > PUBLISH t qos=2 id=$id
    pub < PUBREC $id
    pub > PUBREL $id
    pub < PUBCOMP $id
    sub < PUBLISH t qos=1 id=$one
    sub > PUBACK $one
    sub < PUBLISH t qos=2 id=$two
    sub > PUBREC $two
    sub < PUBREL $two
    sub > PUBCOMP $two
end
pub . nothing
sub . nothing

=== TEST 7: and so do SUBACK and UNSUBACK
--- conforms
5.0 MQTT-2.2.1-6 MQTT-3.8.4-1 MQTT-3.8.4-2 MQTT-3.10.4-4 MQTT-3.10.4-5
--- mqtt
a connects
a holds
for $id in 1 255 0xbeef 65535
    a > SUBSCRIBE $id t/$id qos=1
    a > UNSUBSCRIBE $id t/$id
    a > UNSUBSCRIBE $id t/$id
end
a sends
for $id in 1 255 0xbeef 65535
    a < SUBACK $id codes=1
    a < UNSUBACK $id codes=0
    a < UNSUBACK $id codes=0x11
end
a . nothing

=== TEST 8: a property length that is missing
--- conforms
5.0 MQTT-2.2.2-1
--- mqtt
a > HEX 10 0d 0004 4d515454 05 02 003c 0001 61
a < CONNACK 0x81
a < close
# of a will
a > CONNECT clean will=w will.payload="x" will.propsbytes=
a < CONNACK 0x81
a < close
for $bytes in 3003000161 32050001610001 8206000100016100 a2050001000161
    a connects
    a > HEX $bytes
    a < DISCONNECT 0x81
    a < close
end

=== TEST 9: a property length that may be missing
--- conforms
5.0 MQTT-2.2.2-1
--- mqtt
a connects
a subscribes t qos=2
a publishes t qos=1
a < PUBLISH t qos=1 id=$one
a > PUBACK $one
a publishes t qos=2
a < PUBLISH t qos=2 id=$two
a > PUBREC $two
a < PUBREL $two
a > PUBCOMP $two
a publishes t qos=1
a < PUBLISH t qos=1 id=$three
a > PUBACK $three 0x00
a publishes t qos=2
a < PUBLISH t qos=2 id=$four
a > PUBREC $four 0x00
a < PUBREL $four
a > PUBCOMP $four 0x00
a publishes t qos=1
a < PUBLISH t qos=1 id=$five
a > PUBACK $five 0x00 long
a publishes t qos=2
a < PUBLISH t qos=2 id=$six
a > PUBREC $six 0x00 long
a < PUBREL $six
a > PUBCOMP $six 0x00 long
a . nothing
for $bytes in e000 e00100 e0020000
    b connects
    b > HEX $bytes
    b < close
end

=== TEST 10: PINGREQ
--- conforms
5.0 MQTT-3.12.4-1
--- mqtt
a connects
for 1..3
    a > PINGREQ
    a < PINGRESP
end
a holds
for 1..5
    a > PINGREQ
end
a sends
for 1..5
    a < PINGRESP
end
a > HEX c0 01 00
a < DISCONNECT 0x81
a < close
