# DISCONNECT from a client.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: in all its forms it ends the connection and discards the will
--- mqtt
watch connects
watch subscribes w
for $bytes in e000 e00100 e0020000
    a connects will=w will.payload="gone"
    a > HEX $bytes
    a < close
end
watch . nothing

=== TEST 2: of 3.1.1
--- mqtt
watch connects
watch subscribes w
a connects v4 will=w will.payload="gone"
a > HEX e000
a < close
watch . nothing

=== TEST 3: with will message
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > DISCONNECT 0x04
a < close
watch < PUBLISH w payload="gone"

=== TEST 4: any other reason publishes the will too
--- conforms
5.0 MQTT-4.13.2-1
--- mqtt
watch connects
watch subscribes w
for $code in 0x80 0x81 0x82 0x83 0x90 0x93 0x94 0x95 0x96 0x97 0x98 0x99
    a connects will=w will.payload="$code"
    a > DISCONNECT $code
    a < close
    watch < PUBLISH w payload="$code"
end

=== TEST 5: reasons that a client cannot have
--- mqtt
watch connects
watch subscribes w
for $code in 0x01 0x87 0x8b 0x8e 0x9d 0xff
    a connects will=w will.payload="$code"
    a > DISCONNECT $code
    a < end 0x82|0x81
    watch < PUBLISH w payload="$code"
end

=== TEST 6: nothing behind it is processed
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.14.4-2
--- mqtt
watch connects
watch subscribes t
a connects
a holds
a > DISCONNECT
a > PUBLISH t payload="late"
a sends
a < close
watch . nothing

=== TEST 7: wrong flags, and a body in 3.1.1
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2 MQTT-3.14.1-1
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="1"
a > DISCONNECT first=0xe1
a < end 0x81
watch < PUBLISH w payload="1"
[4] a connects will=w will.payload="2"
[4] a > HEX e00100
[4] a < close
[4] watch < PUBLISH w payload="2"

=== TEST 8: with properties
--- mqtt
a connects
a > DISCONNECT 0x00 reason_string="bye" user=a:b
a < close

=== TEST 9: with properties it cannot have
--- mqtt
for $props in 03130005 03210001 03220001
    a connects
    a > HEX e005 00 $props
    a < end 0x81|0x82
end

=== TEST 10: a half-closed connection still gets its answers
--- transports: tcp
--- versions: 4 5
--- mqtt
a connects
a holds
a > PUBLISH t qos=1 id=1
a > PINGREQ
a sends
a shuts
a < PUBACK 1
a < PINGRESP
a < close
