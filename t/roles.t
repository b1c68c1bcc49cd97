# Roles: who may publish, who may subscribe, and to what.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: subscribing only
--- hub
default_roles webpubsub.joinLeaveGroup;
--- mqtt
watch connects
watch subscribes t
a connects v5
a > PUBLISH t qos=1 id=1 payload="x"
a < PUBACK 1 0x87
a > PUBLISH t qos=2 id=2 payload="x"
a < PUBREC 2 0x87
# the id is free again
a > PUBLISH t qos=2 id=2 payload="x"
a < PUBREC 2 0x87
a > PUBLISH t qos=1 id=3 retain payload="x"
a < PUBACK 3 0x87
watch . nothing
late connects
late subscribes t
late . nothing
a > PUBLISH t payload="x"
a < DISCONNECT 0x87
a < close
watch . nothing

=== TEST 2: subscribing only, 3.1.1
--- versions: 4
--- hub
default_roles webpubsub.joinLeaveGroup;
--- conforms
3.1.1 MQTT-3.3.5-2
--- mqtt
watch connects
watch subscribes t
a connects v4
a publishes t qos=1 payload="x"
a publishes t qos=2 payload="x"
watch . nothing
a > PUBLISH t payload="x"
a < close
watch . nothing

=== TEST 3: publishing only
--- versions: 4 5
--- hub
default_roles webpubsub.sendToGroup;
--- conforms
3.1.1 MQTT-3.8.4-1 MQTT-3.9.3-2 error-filter-not-authorized
5.0 error-filter-not-authorized
--- mqtt
a connects
a > SUBSCRIBE 1 t u/+ $share/g/t qos=1
[4] a < SUBACK 1 codes=0x80,0x80,0x80
[5] a < SUBACK 1 codes=0x87,0x87,0x87
a publishes t qos=1 payload="x"
a . nothing

=== TEST 4: neither
--- versions: 4 5
--- main_config
mqtt_hub none {
    anonymous on;
}
--- location
mqtt_pass none;
--- stream_server
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass none;
}
--- mqtt
[tcp] a opens port=4
a connects
a > SUBSCRIBE 1 t
[4] a < SUBACK 1 codes=0x80
[5] a < SUBACK 1 codes=0x87
a > PUBLISH t qos=1 id=1
[4] a < PUBACK 1
[5] a < PUBACK 1 0x87
a . nothing

=== TEST 5: a will that may not be published
--- hub
default_roles webpubsub.joinLeaveGroup;
--- mqtt
a > CONNECT v5 clean will=w will.payload="x"
a < CONNACK 0x87
a < close
b > CONNECT v4 clean will=w will.payload="x"
b < CONNACK 5
b < close

=== TEST 6: a will under $
--- mqtt
a > CONNECT v5 clean will='$other/w' will.payload="x"
a < CONNACK 0x87|0x90
a < close

=== TEST 7: roles for single groups and patterns, subscribing
--- versions: 4 5
--- workers: 1 2
--- hub
default_roles webpubsub.joinLeaveGroup.a/b webpubsub.joinLeaveGroup.l/+
              webpubsub.joinLeaveGroup.* webpubsub.joinLeaveGroups.p/**
              webpubsub.joinLeaveGroups.q?/*;
--- mqtt
a connects
for $try in 1 2
    a > SUBSCRIBE $try a/b a/c a/+ a/# l/+ l/x * x
    [4] a < SUBACK $try codes=0,0x80,0x80,0x80,0x80,0x80,0,0x80
    [5] a < SUBACK $try codes=0,0x87,0x87,0x87,0x87,0x87,0,0x87
    a > SUBSCRIBE $try p/x.y/z p/+ p/+/# p/# p + +/x "#" P/x
    [4] a < SUBACK $try codes=0,0,0,0x80,0x80,0x80,0x80,0x80,0x80
    [5] a < SUBACK $try codes=0,0,0,0x87,0x87,0x87,0x87,0x87,0x87
    a > SUBSCRIBE $try q1/x q1/ q1/x/y q1/x.y q/x q12/x q1/+ q+/x
    [4] a < SUBACK $try codes=0,0,0,0x80,0x80,0x80,0x80,0x80
    [5] a < SUBACK $try codes=0,0,0,0x87,0x87,0x87,0x87,0x8f
    a > SUBSCRIBE $try $share/g/a/b $share/g/a/+ $share/g/p/+ $share/g/#
    [4] a < SUBACK $try codes=0,0x80,0,0x80
    [5] a < SUBACK $try codes=0,0x87,0,0x87
end
pub connects
pub > PUBLISH a/b qos=1 id=1 payload="x"
[4] pub < PUBACK 1
[5] pub < PUBACK 1 0x87

=== TEST 8: roles for single groups and patterns, publishing
--- versions: 4 5
--- workers: 1 2
--- hub
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup.a/b
              webpubsub.sendToGroups.q?/* webpubsub.sendToGroups.\\*s;
--- mqtt
watch connects
watch subscribes "#" qos=1
a connects
for $try in 1 2
    for $topic in a/b q1/ q1/x/y "q\xc3\xa9/x" *s
        a publishes $topic qos=1 payload="$try"
        watch < PUBLISH $topic qos=1 id=$id payload="$try"
        watch > PUBACK $id
        a > PUBLISH $topic payload="0"
        watch < PUBLISH $topic payload="0"
        set $id ""
    end
    for $topic in a a/bc a/c q/x q12/x q1/x.y xs A/b /a/b
        a > PUBLISH $topic qos=1 id=1 payload="no"
        [4] a < PUBACK 1
        [5] a < PUBACK 1 0x87
        a > PUBLISH $topic qos=1 id=2 retain payload="no"
        [4] a < PUBACK 2
        [5] a < PUBACK 2 0x87
    end
end
watch . nothing
a > PUBLISH q12/x payload="no"
a < end 0x87
watch . nothing

=== TEST 9: more topics than verdicts are remembered
--- hub
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroups.yes/*;
--- mqtt
a connects
for $i in 1..150
    a publishes yes/$i qos=1
    a > PUBLISH no/$i qos=1 id=1
    a < PUBACK 1 0x87
end

=== TEST 10: a topic behind an alias
--- hub
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup.t;
--- mqtt
watch connects
watch subscribes "#"
a connects
a > PUBLISH t alias=1 payload="1"
watch < PUBLISH t payload="1"
a > PUBLISH u qos=1 id=1 alias=1 payload="2"
a < PUBACK 1 0x87
a > PUBLISH "" qos=1 id=2 alias=1 payload="3"
a < PUBACK 2 0x87
watch . nothing

=== TEST 11: wills
--- versions: 4 5
--- workers: 1 2
--- hub
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup.w
              webpubsub.sendToGroups.w/*;
--- mqtt
watch connects
watch subscribes "#"
for $topic in w w/x w/x/y
    a connects will=$topic will.payload="gone"
    a closes
    watch < PUBLISH $topic payload="gone"
end
for $topic in x w.x w/x.y
    a > CONNECT clean will=$topic will.payload="gone"
    [4] a < CONNACK 5
    [5] a < CONNACK 0x87
    a < close
end
watch . nothing

=== TEST 12: a will that may not be sent any more
--- workers: 1 2
--- hub2
anonymous on;
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup.w/1;
--- mqtt
for $i in 1 2
    a$i connects resume will=w/$i will.payload="gone" will.delay=3
    a$i resets
end
reload 2
watch connects
watch subscribes "#"
watch < PUBLISH w/1 payload="gone"
log has "client \"a2\" of hub \"test\" is not authorized any more to publish its will"
watch . nothing

=== TEST 13: unsubscribing
--- versions: 4 5
--- hub
default_roles webpubsub.joinLeaveGroups.a/*;
--- mqtt
a connects
a > UNSUBSCRIBE 1 a/b b/c $share/g/b a/+
[4] a < UNSUBACK 1
[5] a < UNSUBACK 1 codes=0x11,0x87,0x87,0x87
a subscribes a/b
a unsubscribes a/b

=== TEST 14: who may not leave a group stays in it
--- versions: 4 5
--- workers: 1 2
--- hub2
anonymous on;
default_roles webpubsub.joinLeaveGroup.u webpubsub.sendToGroup;
--- mqtt
a connects resume
a subscribes t qos=1
a closes
reload 2
a connects resume sp=1
a > UNSUBSCRIBE 1 t
[4] a < UNSUBACK 1
[5] a < UNSUBACK 1 codes=0x87
pub connects
pub publishes t qos=1 payload="x"
a < PUBLISH t qos=1 payload="x"
a > SUBSCRIBE 2 t u
[4] a < SUBACK 2 codes=0x80,0
[5] a < SUBACK 2 codes=0x87,0
