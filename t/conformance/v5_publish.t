# PUBLISH of MQTT 5.0: chapter 3.3.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: DUP of a publisher stays with its publisher
--- conforms
5.0 MQTT-3.3.1-2 MQTT-3.3.1-3 MQTT-4.3.1-1 MQTT-4.3.2-2 MQTT-4.3.3-2
--- mqtt
s0,s1,s2,pub connects
s0 subscribes t qos=0
s1 subscribes t qos=1
s2 subscribes t qos=2
pub > PUBLISH t qos=1 id=5 dup payload="x"
pub < PUBACK 5
s0 < HEX 30 05 0001 74 00 78
s1 < PUBLISH t qos=1 dup=0 payload="x"
s2 < PUBLISH t qos=1 dup=0 payload="x"
pub > PUBLISH t qos=2 id=6 dup payload="y"
pub < PUBREC 6
s0 < HEX 30 05 0001 74 00 79
s1 < PUBLISH t qos=1 dup=0 payload="y"
s2 < PUBLISH t qos=2 dup=0 payload="y"

=== TEST 2: QoS 0 with DUP ends the connection
--- conforms
5.0 MQTT-3.3.1-2 MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes "#"
for $first in 0x38 0x39
    a connects
    a > PUBLISH t first=$first payload="x"
    a < end 0x81
end
watch . nothing

=== TEST 3: the newest retained message is the only one, with its properties
--- conforms
5.0 MQTT-3.3.1-5
--- mqtt
pub,sub connects
pub publishes t qos=1 retain payload="old" user=a:old content_type=old
pub publishes t qos=2 retain payload="new" user=a:new
sub subscribes t qos=2
sub < PUBLISH t qos=2 retain payload="new" user=a:new
sub . nothing

=== TEST 4: Retain As Published, for live and queued messages and for wills
--- conforms
5.0 MQTT-3.3.1-12 MQTT-3.3.1-13
--- mqtt
rap,not connects resume
rap > SUBSCRIBE 1 t qos=1 rap
rap < SUBACK 1 codes=1
not subscribes t qos=1
rap,not acks
pub connects
for $retain in 0 1
    pub publishes t qos=1 retain=$retain payload="live"
    rap < PUBLISH t qos=1 retain=$retain payload="live"
    not < PUBLISH t qos=1 retain=0 payload="live"
    will connects will=t will.qos=1 will.payload="will" will.retain=$retain
    will closes
    rap < PUBLISH t qos=1 retain=$retain payload="will"
    not < PUBLISH t qos=1 retain=0 payload="will"
end
rap,not disconnects
for $retain in 0 1
    pub publishes t qos=1 retain=$retain payload="queued $retain"
end
rap,not connects resume sp=1
for $retain in 0 1
    rap < PUBLISH t qos=1 retain=$retain payload="queued $retain"
    not < PUBLISH t qos=1 retain=0 payload="queued $retain"
end
rap . nothing

=== TEST 5: properties pass through, at once, queued, retained, shared
--- zone: 16m
--- conforms
5.0 MQTT-3.3.2-4 MQTT-3.3.2-15 MQTT-3.3.2-16 MQTT-3.3.2-17 MQTT-3.3.2-18
5.0 MQTT-3.3.2-20
--- mqtt
live,shared,late,pub connects
queued connects resume
live,queued subscribes t qos=1
shared subscribes $share/g/t qos=1
live,shared,late acks
queued disconnects
pub publishes t qos=1 payload="x" format=1 content_type="text/plain" response_topic=a/b correlation=hex:00ff user=b:1 user=a:2 user=b:3 user=b:1 user="":"" user=k:""
live,shared < PUBLISH t qos=1 payload="x" format=1 content_type="text/plain" response_topic=a/b correlation=hex:00ff user=b:1 user=a:2 user=b:3 user=b:1 user="":"" user=k:""
pub publishes t qos=1 payload="y" format=0 content_type="" correlation=""
live,shared < PUBLISH t qos=1 payload="y" format=0 content_type="" correlation=""
pub publishes t qos=1 retain payload="z" user=k:65535*v user=65535*k:v response_topic=65535*r
live,shared < PUBLISH t qos=1 payload="z" user=k:65535*v user=65535*k:v response_topic=65535*r
late subscribes t qos=1
late < PUBLISH t qos=1 retain payload="z" user=k:65535*v user=65535*k:v response_topic=65535*r
queued acks
queued connects resume sp=1
queued < PUBLISH t qos=1 payload="x" format=1 content_type="text/plain" response_topic=a/b correlation=hex:00ff user=b:1 user=a:2 user=b:3 user=b:1 user="":"" user=k:""
queued < PUBLISH t qos=1 payload="y" format=0 content_type="" correlation=""
queued < PUBLISH t qos=1 payload="z" user=k:65535*v user=65535*k:v response_topic=65535*r

=== TEST 6: a Response Topic with wildcards, in PUBLISH and in a will
--- conforms
5.0 MQTT-3.3.2-14 MQTT-4.7.0-1
--- mqtt
watch connects
watch subscribes "#"
for $topic in r/+ "#" r/# + r+
    a connects
    a > PUBLISH t response_topic=$topic payload="x"
    a < end 0x82
    a > CONNECT clean will=w will.payload="x" will.response_topic=$topic
    a < maybe CONNACK 0x82
    a < close
end
watch . nothing

=== TEST 7: a Subscription Identifier from a client
--- conforms
5.0 MQTT-3.3.4-6 error-publish-subscription-id
--- mqtt
watch connects
watch subscribes "#"
for $id in 1 300
    a connects
    a > PUBLISH t subid=$id payload="x"
    a < end 0x82
end
watch . nothing

=== TEST 8: each QoS has its answer
--- conforms
5.0 MQTT-3.3.4-1
--- mqtt
a connects
a > PUBLISH t qos=0
a . nothing
a > PUBLISH t qos=1 id=5
a < PUBACK 5
a > PUBLISH t qos=2 id=5
a < PUBREC 5
a . nothing
