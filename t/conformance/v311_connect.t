# CONNECT and CONNACK of MQTT 3.1.1.  See also connect.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: client id, will topic and user name that are not UTF-8
--- versions: 4
--- conforms
3.1.1 MQTT-1.5.3-1 MQTT-3.1.3-4 MQTT-3.1.3-10 MQTT-3.1.3-11
--- mqtt
for $bad in eda080 c080 f5808080 ff e282
    a > CONNECT clean id=hex:$bad
    a < close
    a > CONNECT clean will=hex:$bad will.payload="x"
    a < close
    a > CONNECT clean username=hex:$bad
    a < close
end

=== TEST 2: five fields, of which only will message and password can be any bytes
--- versions: 4
--- conforms
3.1.1 MQTT-3.1.3-1
--- mqtt
watch connects
watch subscribes topic
a > CONNECT clean id=id will=topic will.payload="body" username=name password=word
a < CONNACK
a closes
watch < PUBLISH topic payload="body"
a > CONNECT clean id=id will=topic will.payload=hex:ff username=name password=hex:ff
a < CONNACK
a closes
watch < PUBLISH topic payload="\xff"
a > CONNECT clean id=hex:ff will=topic will.payload="body" username=name password=word
a < close
a > CONNECT clean id=id will=hex:ff will.payload="body" username=name password=word
a < close
a > CONNECT clean id=id will=topic will.payload="body" username=hex:ff password=word
a < close
watch . nothing

=== TEST 3: a refusal does not speak of the session, which stays
--- versions: 4
--- hub
default_roles webpubsub.joinLeaveGroup;
--- conforms
3.1.1 MQTT-3.2.2-4 MQTT-3.2.2-5
--- mqtt
a connects resume
a disconnects
a > CONNECT resume will=w will.payload="x"
a < CONNACK 5 sp=0
a < close
a connects resume sp=1

=== TEST 4: the first connection of an id, and one after a clean session
--- versions: 4
--- conforms
3.1.1 MQTT-3.2.2-1 MQTT-3.2.2-3 MQTT-3.1.4-4
--- mqtt
a > CONNECT
a < HEX 20 02 00 00
a closes
a > CONNECT
a < HEX 20 02 01 00
a closes
a > CONNECT clean
a < HEX 20 02 00 00
a closes
a > CONNECT
a < HEX 20 02 00 00
