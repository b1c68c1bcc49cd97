# What errors of a client are answered with, where the standards have no number
# for it: MQTT 5.0 by a code, 3.1.1 by the end of the connection.  Each error
# publishes the will of its client and leaves all others alone.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: packets that only a server sends, and a second CONNECT
--- versions: 4 5
--- conforms
3.1.1 error-server-packet error-second-connect
5.0 error-server-packet error-second-connect MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes w
for $bytes in 20020000 2003000000 9003000100 900400010000 b0020001 b00400010000 d000 100c00044d5154540402003c0000
    a connects will=w will.payload="$bytes"
    a > HEX $bytes
    a < end 0x82
    watch < PUBLISH w payload="$bytes"
end
watch . nothing

=== TEST 2: types that do not exist
--- versions: 4 5
--- conforms
3.1.1 error-reserved-type
5.0 error-reserved-type MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes w
for $bytes in 0000 00020001 0f00
    a connects will=w will.payload="$bytes"
    a > HEX $bytes
    a < end 0x81
    watch < PUBLISH w payload="$bytes"
end
[4] a connects will=w will.payload="AUTH"
[4] a > HEX f000
[4] a < close
[4] watch < PUBLISH w payload="AUTH"
watch . nothing

=== TEST 3: flags of the fixed header
--- versions: 4 5
--- conforms
3.1.1 error-header-flags
5.0 error-header-flags MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes w
for $first in 41 42 48 51 52 60 61 63 6a 71 72
    a connects will=w will.payload="$first"
    a > HEX $first 02 0001
    a < end 0x81
    watch < PUBLISH w payload="$first"
end
for $first in c1 c2 e1 e8
    a connects will=w will.payload="$first"
    a > HEX $first 00
    a < end 0x81
    watch < PUBLISH w payload="$first"
end
for $first in 0x80 0x81 0x83 0x8a
    a connects will=w will.payload="$first"
    a > SUBSCRIBE 1 t first=$first
    a < end 0x81
    watch < PUBLISH w payload="$first"
end
for $first in 0xa0 0xa1 0xa3 0xa6
    a connects will=w will.payload="$first"
    a > UNSUBSCRIBE 1 t first=$first
    a < end 0x81
    watch < PUBLISH w payload="$first"
end
for $first in 0x36 0x38 0x39 0x3e 0x3f
    a connects will=w will.payload="$first"
    a > PUBLISH w qos=2 id=1 first=$first payload="x"
    a < end 0x81
    watch < PUBLISH w payload="$first"
end
watch . nothing

=== TEST 4: Remaining Length
--- versions: 4 5
--- conforms
3.1.1 error-remaining-length
5.0 error-remaining-length MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes w
for $length in ffffffff ffffffff7f 8080808001 8080808000
    a connects will=w will.payload="$length"
    a > HEX 30 $length
    a < end 0x81
    watch < PUBLISH w payload="$length"
end
# more bytes than are needed, in 3.1.1 no error
[4] a connects
[4] a > HEX c0 808000
[4] a < PINGRESP
[5] for $length in 8000 808000 80808000
    [5] a connects
    [5] a > HEX c0 $length
    [5] a < end 0x81
end

=== TEST 5: fields that end behind their packet, or are not there
--- versions: 4 5
--- conforms
3.1.1 error-field-past-end
5.0 error-field-past-end MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes w
for $bytes in 3000 300100 3002ffff 3003000374 3203000174 4000 400101 500101 620101 700101 8200 820101 a200 a20101
    a connects will=w will.payload="$bytes"
    a > HEX $bytes
    a < end 0x81
    watch < PUBLISH w payload="$bytes"
end
[4] for $bytes in 82050001000174 8206000100027400 a20400010005 a2050001000274
    [4] a connects
    [4] a > HEX $bytes
    [4] a < close
end
[5] for $bytes in 8206000100000174 820700010000027400 a2050001000005 a206000100000274 3003000174 32050001740001
    [5] a connects
    [5] a > HEX $bytes
    [5] a < end 0x81
end
watch . nothing

=== TEST 6: bytes behind the last field
--- versions: 4 5
--- conforms
3.1.1 error-trailing-bytes
5.0 error-trailing-bytes MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes w
for $packet in PUBACK PUBREC PUBREL PUBCOMP
    a connects will=w will.payload="$packet"
    [4] a > $packet 1 tail=00
    [5] a > $packet 1 0x00 long tail=00
    a < end 0x81
    watch < PUBLISH w payload="$packet"
end
a connects will=w will.payload="PINGREQ"
a > HEX c0 01 00
a < end 0x81
watch < PUBLISH w payload="PINGREQ"
a connects will=w will.payload="DISCONNECT"
[4] a > DISCONNECT tail=00
[5] a > DISCONNECT 0x00 long tail=00
a < end 0x81
watch < PUBLISH w payload="DISCONNECT"
a > CONNECT clean tail=00
[5] a < maybe CONNACK 0x81
a < close
watch . nothing

=== TEST 7: strings that are no UTF-8
--- versions: 4 5
--- conforms
3.1.1 error-bad-utf8
5.0 error-bad-utf8 MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes "#"
for $bad in 80 ff c080 c1bf e08080 eda080 edbfbf f4908080 f5808080 e282 f09f98 61ff62
    a connects
    a > PUBLISH hex:$bad payload="x"
    a < end 0x81
    a connects
    a > SUBSCRIBE 1 t hex:$bad
    a < end 0x81
    a connects
    a > UNSUBSCRIBE 1 t hex:$bad
    a < end 0x81
    a > CONNECT clean will=hex:$bad will.payload="x"
    [5] a < maybe CONNACK 0x81
    a < close
end
watch . nothing

=== TEST 8: U+0000 in strings
--- versions: 4 5
--- conforms
3.1.1 error-null-character
5.0 error-null-character MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes "#"
for $bad in 00 6100 006100 610062
    a connects
    a > PUBLISH hex:$bad payload="x"
    a < end 0x81
    a connects
    a > SUBSCRIBE 1 t hex:$bad
    a < end 0x81
    a connects
    a > UNSUBSCRIBE 1 t hex:$bad
    a < end 0x81
    a > CONNECT clean id=hex:$bad
    [5] a < maybe CONNACK 0x81
    a < close
    [5] a connects
    [5] a > PUBLISH t user=k:hex:$bad
    [5] a < end 0x81
end
watch . nothing

=== TEST 9: versions of the protocol that do not exist
--- versions: 4 5
--- conforms
3.1.1 error-protocol-version
5.0 error-protocol-version
--- mqtt
for $level in 00 02 03 06 7f 84 85 ff
    a opens v=4
    a > HEX 100d 00044d515454 $level 02003c 000161
    a < HEX 20020001
    a < close
end

=== TEST 10: no client id
--- versions: 4 5
--- conforms
3.1.1 error-empty-client-id
5.0 error-empty-client-id
--- mqtt
for $c in a b
    $c > CONNECT id="" clean
    [4] $c < CONNACK
    [5] $c < CONNACK assigned_id=*
end
a . nothing
c > CONNECT id=""
[4] c < CONNACK 2
[4] c < close
[5] c < CONNACK assigned_id=*
b . nothing

=== TEST 11: a client that is not admitted
--- versions: 4 5
--- hub
anonymous off;
access_key nobodyhasit;
--- conforms
3.1.1 error-not-admitted
5.0 error-not-admitted MQTT-4.13.2-1
--- mqtt
for 1..2
    a > CONNECT clean username=u password=p
    [4] a < CONNACK 5
    [5] a < CONNACK 0x87
    a < close
end
