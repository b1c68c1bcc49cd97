# 5.0, section 3.14: DISCONNECT.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: in all its forms it discards the will and ends the connection
--- conforms
5.0 MQTT-3.14.4-2 MQTT-3.14.4-3
--- mqtt
watch connects
watch subscribes w
for $bytes in e000 e00100 e0020000 e009000726000161000162 e00800061f0003627965 e00700051100000005
    a connects clean session_expiry=60 will=w will.payload="gone"
    a > HEX $bytes
    a < close
end
watch . nothing

=== TEST 2: with any other code the will is published
--- conforms
5.0 MQTT-3.14.2-1 MQTT-3.14.4-2 MQTT-3.14.4-3
--- mqtt
watch connects
watch subscribes w
for $code in 0x04 0x80 0x81 0x82 0x83 0x90 0x93 0x94 0x95 0x96 0x97 0x98 0x99
    a connects will=w will.payload="$code"
    a > DISCONNECT $code
    a < close
    watch < PUBLISH w payload="$code"
end

=== TEST 3: codes that a client cannot have
--- conforms
5.0 MQTT-3.14.2-1 MQTT-3.14.4-2
--- mqtt
watch connects
watch subscribes w
for $code in 0x01 0x02 0x05 0x10 0x11 0x18 0x7f 0x84 0x87 0x88 0x89 0x8b 0x8c 0x8d 0x8e 0x8f 0x91 0x92 0x9a 0x9b 0x9c 0x9d 0x9e 0x9f 0xa0 0xa1 0xa2 0xff
    a connects will=w will.payload="$code"
    a > DISCONNECT $code
    a < DISCONNECT 0x82
    a < close
    watch < PUBLISH w payload="$code"
end

=== TEST 4: nothing follows it
--- conforms
5.0 MQTT-3.14.4-1 MQTT-3.14.4-2
--- mqtt
watch connects
watch subscribes "#"
# that of a client
a connects
a holds
a > DISCONNECT
a > PUBLISH t payload="late"
a > PINGREQ
a sends
a < close
b holds
b > CONNECT clean will=w will.payload="gone"
b > DISCONNECT
b > PUBLISH t payload="late"
b sends
b < CONNACK
b < close
# that of the server
a connects
a subscribes u
a holds
a > PUBLISH u payload="before"
a > HEX 00 00
a > PUBLISH t payload="late"
a > PINGREQ
a sends
a < maybe PUBLISH u payload="before"
a < DISCONNECT 0x81
a < close
watch < PUBLISH u payload="before"
watch . nothing

=== TEST 5: that of the server has a code that a server can have, and no more
--- conforms
5.0 MQTT-3.14.2-1 MQTT-3.14.2-2 MQTT-3.14.4-2
--- hub
max_qos 1;
retain off;
max_packet_size 200;
topic_alias_maximum 1;
--- mqtt
a connects session_expiry=60
a > HEX 00 00
a < HEX e0 01 81
a < close
a connects session_expiry=60 sp=1
a > CONNECT clean
a < HEX e0 01 82
a < close
a connects session_expiry=60 sp=1
b > CONNECT id=a session_expiry=60
b < CONNACK sp=1
a < HEX e0 01 8e
a < close
b > PUBLISH t/+
b < HEX e0 01 90
b < close
a connects session_expiry=60 sp=1
a > PUBLISH t alias=2
a < HEX e0 01 94
a < close
a connects session_expiry=60 sp=1
a > PUBLISH t payload=200*x
a < HEX e0 01 95
a < close
a connects session_expiry=60 sp=1
a > PUBLISH t retain
a < HEX e0 01 9a
a < close
a connects session_expiry=60 sp=1
a > PUBLISH t qos=2 id=1
a < HEX e0 01 9b
a < close
a connects session_expiry=60 sp=1

=== TEST 6: no more than the client takes
--- conforms
5.0 MQTT-3.14.2-3 MQTT-3.14.2-4
--- mqtt
a > CONNECT clean max_packet=16
a < CONNACK
a > SUBSCRIBE 1 $share/g/t nl
a < HEX e0 01 82
a < close
b > CONNECT clean max_packet=16
b < CONNACK
b > DISCONNECT session_expiry=5
b < HEX e0 01 82
b < close

=== TEST 7: none before CONNACK
--- conforms
5.0 MQTT-3.14.0-1
--- mqtt
for $bytes in e000 e00100 c000 0000 10ffffffff 110f00044d51545405
    a > HEX $bytes
    a < close
end
a > CONNECT clean tail=00
a < CONNACK 0x81
a < close
a > CONNECT clean auth_method=X
a < CONNACK 0x8c
a < close
