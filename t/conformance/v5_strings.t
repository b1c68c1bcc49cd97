# 5.0, sections 1.5 and 2: strings, integers, the parts common to all packets.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: ill-formed UTF-8 in CONNECT
--- conforms
5.0 MQTT-1.5.4-1 MQTT-1.5.7-1 MQTT-3.1.3-4 MQTT-3.1.3-11 MQTT-3.1.3-12
--- mqtt
# surrogates, overlong forms, above U+10FFFF, never used, alone, cut short
for $bad in "\xed\xa0\x80" "\xed\xbf\xbf" "\xc0\x80" "\xe0\x9f\xbf" "\xf0\x8f\xbf\xbf" "\xf4\x90\x80\x80" "\xf5\x80\x80\x80" "\xff" "\x80" "\xe2\x82" "\xc3"
    a > CONNECT clean id=a$bad
    a < CONNACK 0x81
    a < close
    a > CONNECT clean username=a$bad
    a < CONNACK 0x81
    a < close
    a > CONNECT clean will=a$bad will.payload="x"
    a < CONNACK 0x81
    a < close
    a > CONNECT clean user=a$bad:v
    a < CONNACK 0x81
    a < close
    a > CONNECT clean user=k:a$bad
    a < CONNACK 0x81
    a < close
    a > CONNECT clean will=w will.content_type=a$bad
    a < CONNACK 0x81
    a < close
end
# what lies next to them is well-formed
a > CONNECT clean id="\xed\x9f\xbf\xee\x80\x80\xe0\xa0\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xc2\x80"
a < CONNACK

=== TEST 2: ill-formed UTF-8 in other packets
--- conforms
5.0 MQTT-1.5.4-1 MQTT-1.5.7-1 MQTT-3.8.3-1 MQTT-3.10.3-1
--- mqtt
for $bad in "\xed\xa0\x80" "\xc0\x80" "\xf5\x80\x80\x80" "\xff" "\xe2\x82"
    a connects
    a > PUBLISH a$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t user=a$bad:v
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t user=k:a$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > SUBSCRIBE 1 good a$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > UNSUBSCRIBE 1 good a$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBACK 1 0x00 reason_string=a$bad
    a < DISCONNECT 0x81
    a < close
    a connects
    a > DISCONNECT 0x00 reason_string=a$bad
    a < DISCONNECT 0x81
    a < close
end

=== TEST 3: U+0000
--- conforms
5.0 MQTT-1.5.4-2
--- mqtt
a > CONNECT clean id="a\x00b"
a < CONNACK 0x81
a < close
a > CONNECT clean username="a\x00b"
a < CONNACK 0x81
a < close
a > CONNECT clean will="a\x00b"
a < CONNACK 0x81
a < close
a connects
a > SUBSCRIBE 1 good "a\x00b"
a < DISCONNECT 0x81
a < close
a connects
a > UNSUBSCRIBE 1 "a\x00b"
a < DISCONNECT 0x81
a < close
for $topic in "\x00" "a\x00b" "12345678\x00" "1234567\x00"
    a connects
    a > PUBLISH $topic
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t content_type=$topic
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t response_topic=$topic
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t user=$topic:v
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t user=k:$topic
    a < DISCONNECT 0x81
    a < close
end

=== TEST 4: what is no string may hold any bytes
--- conforms
5.0 MQTT-1.5.4-2 MQTT-3.1.3-12
--- mqtt
watch connects
watch subscribes w
a > CONNECT clean username=u password="\x00\xff" will=w will.payload="\x00\xff" will.correlation="\xff\x00"
a < CONNACK
a closes
watch < PUBLISH w payload="\x00\xff" correlation="\xff\x00"

=== TEST 5: U+FEFF is a character like others
--- conforms
5.0 MQTT-1.5.4-3
--- mqtt
sub,pub connects
sub subscribes "\xef\xbb\xbfa" "b\xef\xbb\xbfb"
for $topic in a bb b
    pub publishes $topic payload="x"
end
for $topic in "\xef\xbb\xbfa" "b\xef\xbb\xbfb"
    pub publishes $topic payload="x" user="\xef\xbb\xbfk":"v\xef\xbb\xbf"
    sub < PUBLISH $topic payload="x" user="\xef\xbb\xbfk":"v\xef\xbb\xbf"
end
sub . nothing

=== TEST 6: integers in more bytes than they need
--- conforms
5.0 MQTT-1.5.5-1
--- mqtt
for $length in 8e00 8e8000 8e808000
    a opens
    a > HEX 10 $length 0004 4d515454 05 02 003c 00 0001 61
    a < CONNACK 0x81
    a < close
end
for $length in 8000 808000 80808000
    a > CONNECT clean propsbytes=$length
    a < CONNACK 0x81
    a < close
    a > CONNECT clean will=w will.propsbytes=$length
    a < CONNACK 0x81
    a < close
    a connects
    a > PINGREQ length_bytes=$length
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t propsbytes=$length
    a < DISCONNECT 0x81
    a < close
    a connects
    a > UNSUBSCRIBE 1 t propsbytes=$length
    a < DISCONNECT 0x81
    a < close
end
for $props in 030b8100 030bff00 040b818000
    a connects
    a > SUBSCRIBE 1 t propsbytes=$props
    a < DISCONNECT 0x81
    a < close
end

=== TEST 7: integers of five bytes
--- conforms
5.0 MQTT-1.5.5-1
--- mqtt
for $length in 8080808001 ffffffffff ffffff8000
    a > HEX 10 $length
    a < close
    a connects
    a > HEX 30 $length
    a < DISCONNECT 0x81
    a < close
    a connects
    a > PUBLISH t propsbytes=$length
    a < DISCONNECT 0x81
    a < close
    a connects
    a > SUBSCRIBE 1 t propsbytes=060b$length
    a < DISCONNECT 0x81
    a < close
end

=== TEST 8: integers of the server take as many bytes as they need
--- conforms
5.0 MQTT-1.5.5-1
--- mqtt
a connects
for $id in 127 128 16383 16384 2097151 2097152
    a > SUBSCRIBE 1 t subid=$id
    a < SUBACK 1 codes=0
    a publishes t
    a < PUBLISH t subid=$id
end
# Remaining Length of 127 and 128, 16383 and 16384
b connects
b subscribes u
b publishes u payload=123*x
b < PUBLISH u payload=123*x
b publishes u payload=124*x
b < PUBLISH u payload=124*x
b publishes u payload=16379*x
b < PUBLISH u payload=16379*x
b publishes u payload=16380*x
b < PUBLISH u payload=16380*x
# Property Length of 127 and 128
b publishes u user=k:121*v
b < PUBLISH u user=k:121*v
b publishes u user=k:122*v
b < PUBLISH u user=k:122*v
