# WebSocket frames: RFC 6455, sections 5 and 7; MQTT, section 6.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a packet over several frames
--- transports: ws
--- versions: 4 5
--- conforms
3.1.1 MQTT-6.0.0-2
5.0 MQTT-6.0.0-2
--- mqtt
a > CONNECT clean split=1
a < CONNACK
a subscribes t
a publishes t payload=300*x split=1,2,3,100
a < PUBLISH t payload=300*x

=== TEST 2: several packets in a frame
--- transports: ws
--- versions: 4 5
--- conforms
3.1.1 MQTT-6.0.0-2
5.0 MQTT-6.0.0-2
--- mqtt
a holds
a > CONNECT clean
a > SUBSCRIBE 1 t
for 1..20
    a > PUBLISH t payload="$i"
end
a sends
a < CONNACK
a < SUBACK 1 codes=0
for 1..20
    a < PUBLISH t payload="$i"
end
a . nothing

=== TEST 3: a message in fragments
--- transports: ws
--- versions: 4 5
--- conforms
3.1.1 MQTT-6.0.0-2
5.0 MQTT-6.0.0-2
--- mqtt
a > CONNECT clean fragments=1
a < CONNACK
a subscribes t
a publishes t payload=300*x fragments=100
a < PUBLISH t payload=300*x
a publishes t payload=300*x fragments=1
a < PUBLISH t payload=300*x

=== TEST 4: control frames between fragments
--- transports: ws
--- mqtt
a connects
a > WS binary hex:c0 fin=0
a > WS ping "one"
a < WS pong "one"
a > WS continuation "" fin=0
a > WS pong "unasked"
a > WS ping ""
a < WS pong ""
a > WS continuation hex:00
a < PINGRESP

=== TEST 5: empty frames
--- transports: ws
--- mqtt
a connects
a > WS binary ""
a > WS binary "" fin=0
a > WS continuation ""
a . nothing

=== TEST 6: frames of all lengths
--- transports: ws
--- zone: 16m
--- mqtt
a connects
a subscribes t
a publishes t payload=118*x
a < PUBLISH t payload=118*x
a publishes t payload=119*x
a < PUBLISH t payload=119*x
a publishes t payload=120*x
a < PUBLISH t payload=120*x
a publishes t payload=121*x
a < PUBLISH t payload=121*x
a publishes t payload=65525*x
a < PUBLISH t payload=65525*x
a publishes t payload=65528*x
a < PUBLISH t payload=65528*x
a publishes t payload=65529*x
a < PUBLISH t payload=65529*x
a publishes t payload=200000*x
a < PUBLISH t payload=200000*x

=== TEST 7: masking, whatever the key and wherever the frame begins
--- transports: ws
--- mqtt
a connects
for $key in "\x00\x00\x00\x00" "\xff\xff\xff\xff" "\x01\x02\x03\x04" "\x80\x00\x00\x01"
    a > WS binary hex:c000 key=$key
    a < PINGRESP
    a > WS binary hex:c000c000c000 key=$key
    a < PINGRESP
    a < PINGRESP
    a < PINGRESP
    a > WS ping "abcdefg" key=$key
    a < WS pong "abcdefg"
end

=== TEST 8: a frame header in pieces
--- transports: ws
--- mqtt
a connects
a > RAW hex:82
a > RAW hex:8201020304
a > RAW hex:c1
a > RAW hex:02
a < PINGRESP

=== TEST 9: ping and pong
--- transports: ws
--- mqtt
a opens
a > WS ping "before CONNECT"
a < WS pong "before CONNECT"
a connects
a > WS ping 125*x
a < WS pong 125*x
a > WS ping ""
a < WS pong ""
a > WS pong "unasked"
a . nothing

=== TEST 10: the closing handshake
--- transports: ws
--- mqtt
for $code in 1000 1001 1002 1003 1007 1008 1009 1010 1011 3000 4999
    a connects
    a > WS close $code "bye"
    a < WS close $code
    a < close
end
a connects
a > WS close
a < WS close
a < close

=== TEST 11: without DISCONNECT, the will is published
--- transports: ws
--- versions: 4 5
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > WS close 1000
a < close
watch < PUBLISH w payload="gone"

=== TEST 12: nothing behind a close frame is processed
--- transports: ws
--- mqtt
watch connects
watch subscribes t
a connects
a > WS close 1000
a > PUBLISH t payload="late"
a < WS close 1000
a < close
watch . nothing

=== TEST 13: close codes that must not be sent
--- transports: ws
--- mqtt
for $code in 0 999 1004 1005 1006 1015 1016 2999 5000 65535
    a connects
    a > WS close $code
    a < WS close 1002
    a < close
end

=== TEST 14: a close frame of one byte, and one that is not UTF-8
--- transports: ws
--- mqtt
a connects
a > WS 8 "x"
a < WS close 1002
a < close
a connects
a > WS close 1000 "\xff"
a < WS close 1007|1002
a < close

=== TEST 15: a text frame
--- transports: ws
--- versions: 4 5
--- conforms
3.1.1 MQTT-6.0.0-1
5.0 MQTT-6.0.0-1
--- mqtt
a opens
a > WS text "hello"
a < WS close 1003
a < close
a connects
a > WS text hex:c000
a < maybe DISCONNECT 0x81|0x82
a < WS close 1003
a < close

=== TEST 16: a frame without a mask
--- transports: ws
--- mqtt
a connects
a > WS binary hex:c000 mask=0
a < maybe DISCONNECT 0x81|0x82
a < WS close 1002
a < close

=== TEST 17: reserved bits
--- transports: ws
--- mqtt
for $rsv in 1 2 4 7
    a connects
    a > WS binary hex:c000 rsv=$rsv
    a < maybe DISCONNECT 0x81|0x82
    a < WS close 1002
    a < close
end

=== TEST 18: reserved opcodes
--- transports: ws
--- mqtt
for $opcode in 3 4 5 6 7 11 12 13 14 15
    a connects
    a > WS $opcode hex:c000
    a < maybe DISCONNECT 0x81|0x82
    a < WS close 1002
    a < close
end

=== TEST 19: control frames that are fragmented or too long
--- transports: ws
--- mqtt
for $kind in ping pong close
    a connects
    a > WS $kind fin=0
    a < maybe DISCONNECT 0x81|0x82
    a < WS close 1002
    a < close
end
a connects
a > WS ping 126*x
a < maybe DISCONNECT 0x81|0x82
a < WS close 1002
a < close

=== TEST 20: fragments out of order
--- transports: ws
--- mqtt
a connects
a > WS continuation hex:c000
a < maybe DISCONNECT 0x81|0x82
a < WS close 1002
a < close
a connects
a > WS binary hex:c0 fin=0
a > WS binary hex:00
a < maybe DISCONNECT 0x81|0x82
a < WS close 1002
a < close

=== TEST 21: a length with its top bit set
--- transports: ws
--- mqtt
a connects
a > RAW hex:82ff8000000000000001 hex:01020304 hex:c0
a < maybe DISCONNECT 0x81|0x82|0x95
a < WS close 1002|1009
a < close

=== TEST 22: lengths that could be shorter
--- transports: ws
--- mqtt
a connects
a > WS binary hex:c000 form=16
a < maybe DISCONNECT 0x81|0x82
a < WS close 1002
a < close
a connects
a > WS binary hex:c000 form=64
a < maybe DISCONNECT 0x81|0x82
a < WS close 1002
a < close

=== TEST 23: close codes of the server: an error of the client
--- transports: ws
--- versions: 4 5
--- mqtt
a connects
a > HEX 00 00
[5] a < DISCONNECT 0x81
a < WS close 1002
a < close

=== TEST 24: a packet that is too large
--- transports: ws
--- versions: 4 5
--- hub
max_packet_size 1000;
--- mqtt
a connects
a > PUBLISH t payload=2000*x
[5] a < DISCONNECT 0x95
a < WS close 1009
a < close

=== TEST 25: DISCONNECT
--- transports: ws
--- versions: 4 5
--- mqtt
a connects
a > DISCONNECT
a < WS close 1000
a < close
