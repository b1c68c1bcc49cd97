# PUBACK, PUBREC, PUBREL and PUBCOMP of MQTT 5.0: chapters 3.4 to 3.7.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: codes of a client's PUBACK
--- conforms
5.0 MQTT-3.4.2-1 error-reason-code
--- mqtt
pub connects
sub connects
sub subscribes t qos=1
for $code in 0x00 0x10 0x80 0x83 0x87 0x90 0x91 0x97 0x99
    pub publishes t qos=1 payload="$code"
    sub < PUBLISH t qos=1 id=$id payload="$code"
    sub > PUBACK $id $code
end
sub . nothing
for $code in 0x01 0x02 0x04 0x11 0x18 0x19 0x7f 0x81 0x82 0x84 0x8f 0x92 0x93 0x98 0x9a 0xa2 0xff
    a connects
    a > PUBACK 1 $code
    a < end 0x82
end

=== TEST 2: codes of a client's PUBREC
--- conforms
5.0 MQTT-3.5.2-1 MQTT-4.3.3-4 error-reason-code
--- mqtt
pub connects
sub connects
sub subscribes t qos=2
for $code in 0x00 0x10
    pub publishes t qos=2 payload="$code"
    sub < PUBLISH t qos=2 id=$id payload="$code"
    sub > PUBREC $id $code
    sub < PUBREL $id
    sub > PUBCOMP $id
end
for $code in 0x80 0x83 0x87 0x90 0x91 0x97 0x99
    pub publishes t qos=2 payload="$code"
    sub < PUBLISH t qos=2 id=$id payload="$code"
    sub > PUBREC $id $code
end
sub . nothing
for $code in 0x01 0x02 0x04 0x11 0x18 0x19 0x7f 0x81 0x82 0x84 0x8f 0x92 0x93 0x98 0x9a 0xa2 0xff
    a connects
    a > PUBREC 1 $code
    a < end 0x82
end

=== TEST 3: codes of a client's PUBREL and PUBCOMP
--- conforms
5.0 MQTT-3.6.2-1 MQTT-3.7.2-1 error-reason-code
--- mqtt
a connects
a > PUBLISH t qos=2 id=1
a < PUBREC 1
a > PUBREL 1 0x00
a < PUBCOMP 1
a > PUBREL 1 0x92
a < PUBCOMP 1 0x92
for $code in 0x00 0x92
    a > PUBCOMP 1 $code
end
a disconnects
for $code in 0x01 0x02 0x04 0x10 0x11 0x18 0x80 0x82 0x83 0x87 0x91 0x93 0x97 0xff
    a connects
    a > PUBREL 1 $code
    a < end 0x82
    a connects
    a > PUBCOMP 1 $code
    a < end 0x82
end

=== TEST 4: codes of the server: taken, refused, no room, unknown id
--- hub
max_retained 1;
--- conforms
5.0 MQTT-3.4.2-1 MQTT-3.5.2-1 MQTT-3.6.2-1 MQTT-3.7.2-1
--- mqtt
a connects
a > PUBLISH t qos=1 id=1 retain payload="x"
a < PUBACK 1 0x00|0x10
a > PUBLISH '$t' qos=1 id=1
a < PUBACK 1 0x87
a > PUBLISH u qos=1 id=1 retain payload="x"
a < PUBACK 1 0x97
a > PUBLISH t qos=2 id=1
a < PUBREC 1 0x00|0x10
a > PUBREL 1
a < PUBCOMP 1 0x00
a > PUBREL 1
a < PUBCOMP 1 0x92
a > PUBLISH '$t' qos=2 id=1
a < PUBREC 1 0x87
a > PUBLISH u qos=2 id=1 retain payload="x"
a < PUBREC 1 0x97
a subscribes t qos=2
a < PUBLISH t qos=1 id=* retain payload="x"
a publishes t qos=2 payload="y"
a < PUBLISH t qos=2 id=$id payload="y"
a > PUBREC $id
a < PUBREL $id 0x00
a > PUBCOMP $id
a > PUBREC $id
a < PUBREL $id 0x92
a . nothing

=== TEST 5: answers stay within a small packet limit
--- conforms
5.0 MQTT-3.4.2-2 MQTT-3.4.2-3 MQTT-3.5.2-2 MQTT-3.5.2-3
5.0 MQTT-3.6.2-2 MQTT-3.6.2-3 MQTT-3.7.2-2 MQTT-3.7.2-3
--- mqtt
# 2 bytes of fixed header, 2 of id, the code, and room for 13 of properties
a > CONNECT clean max_packet=18
a < CONNACK
a > PUBLISH '$t' qos=1 id=1
a < HEX 40 03 0001 87
a > PUBLISH '$t' qos=2 id=2
a < HEX 50 03 0002 87
a > PUBREC 3
a < HEX 62 03 0003 92
a > PUBREL 4
a < HEX 70 03 0004 92
a . nothing

=== TEST 6: flags of PUBREL
--- conforms
5.0 MQTT-3.6.1-1 MQTT-4.13.1-1
--- mqtt
for $first in 0x60 0x61 0x63 0x64 0x66 0x6a 0x6f
    a connects
    a > PUBREL 1 first=$first
    a < end 0x81
end
