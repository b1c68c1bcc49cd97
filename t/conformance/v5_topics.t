# Topics and filters of MQTT 5.0: chapter 4.7.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: wildcards at the beginning bring nothing that begins with $
--- conforms
5.0 MQTT-4.7.2-1
--- mqtt
watch,a connects
watch subscribes "#" +/x +/# "+" '$share/g/#' '$share/h/+/x'
for $topic in '$SYS/x' '$other/x' '$x' '$'
    a publishes $topic payload="0"
    a > PUBLISH $topic qos=1 id=1 retain payload="1"
    a < PUBACK 1 0x87
    a > PUBLISH $topic qos=2 id=2 payload="2"
    a < PUBREC 2 0x87
    b > CONNECT clean will=$topic will.payload="will"
    b < CONNACK 0x87
    b < close
end
watch . nothing
late connects
late subscribes "#" '$SYS/#' '$other/x'
late . nothing

=== TEST 2: a topic or filter without a character
--- conforms
5.0 MQTT-4.7.3-1
--- mqtt
watch connects
watch subscribes "#"
a connects
a > SUBSCRIBE 1 "" $share/g/ t
a < SUBACK 1 codes=0x8f,0x8f,0
a > UNSUBSCRIBE 2 "" t
a < UNSUBACK 2 codes=0x8f|0x11,0
a > PUBLISH "" payload="x"
a < end 0x82
b > CONNECT clean will="" will.payload="x"
b < CONNACK 0x90
b < close
watch . nothing

=== TEST 3: U+0000 in a topic or filter
--- conforms
5.0 MQTT-4.7.3-2
--- mqtt
watch connects
watch subscribes "#"
for $topic in "\x00" "a\x00" "a/\x00/b"
    a connects
    a > PUBLISH $topic payload="x"
    a < end 0x81
    a connects
    a > SUBSCRIBE 1 $topic
    a < end 0x81
    a connects
    a > UNSUBSCRIBE 1 $topic
    a < end 0x81
    a > CONNECT clean will=$topic will.payload="x"
    a < maybe CONNACK 0x81
    a < close
end
watch . nothing

=== TEST 4: topics that look alike are others
--- conforms
5.0 MQTT-4.7.3-4
--- mqtt
a connects
for $topic in "caf\xc3\xa9" a/b "\xef\xbb\xbfx" "x y" "\xc7\x86"
    a subscribes $topic
    a publishes $topic qos=1 retain payload="x"
    a < PUBLISH $topic payload="x"
end
for $topic in "cafe\xcc\x81" A/b a//b a/b/ /a/b x "x  y" "x\xc2\xa0y" "d\xc5\xbe" "\xc7\x85"
    a publishes $topic qos=1 retain payload="other"
end
a . nothing
b connects
for $topic in "caf\xc3\xa9" a/b "\xef\xbb\xbfx" "x y" "\xc7\x86"
    b subscribes $topic
    b < PUBLISH $topic retain payload="x"
end
b . nothing
