# Wills: when they are published, and when not.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a connection that is lost
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-8
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a closes
watch < PUBLISH w payload="gone"
a connects will=w will.payload="gone"
a resets
watch < PUBLISH w payload="gone"
watch . nothing

=== TEST 2: DISCONNECT discards it
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-10 MQTT-3.14.4-3
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > DISCONNECT
a < close
watch . nothing

=== TEST 3: DISCONNECT discards it, for a lasting session too
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.14.4-3
--- mqtt
watch connects
watch subscribes w
a connects resume will=w will.payload="gone"
a disconnects
a connects resume sp=1
a closes
watch . nothing

=== TEST 4: an error of the client
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-8
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > HEX 00 00
a < end 0x81
watch < PUBLISH w payload="gone"

=== TEST 5: QoS of a will
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-14
--- mqtt
watch connects
watch acks
watch subscribes w qos=2
for $qos in 0 1 2
    a connects will=w will.payload="$qos" will.qos=$qos
    a closes
    watch < PUBLISH w qos=$qos payload="$qos"
end

=== TEST 6: an empty will
--- versions: 4 5
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload=""
a closes
watch < PUBLISH w

=== TEST 7: a retained will
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-17
--- mqtt
live,late connects
live subscribes w
a connects will=w will.payload="gone" will.retain=1
a closes
live < PUBLISH w payload="gone"
late subscribes w
late < PUBLISH w retain payload="gone"
a connects will=w will.payload="" will.retain=1
a closes
live,late < PUBLISH w
after connects
after subscribes w
after . nothing

=== TEST 8: a will that is not retained
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-16
--- mqtt
live connects
live subscribes w
live publishes w qos=1 retain payload="kept"
live < PUBLISH w payload="kept"
a connects will=w will.payload="gone"
a closes
live < PUBLISH w payload="gone"
late connects
late subscribes w
late < PUBLISH w retain payload="kept"
late . nothing

=== TEST 9: it is published once
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-10
--- mqtt
watch connects
watch subscribes w
a connects resume will=w will.payload="gone"
a closes
watch < PUBLISH w payload="gone"
a connects resume sp=1
a closes
watch . nothing

=== TEST 10: a client without a will
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-12
--- mqtt
watch connects
watch subscribes "#"
a connects
a closes
watch . nothing

=== TEST 11: takeover
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.4-2
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
b > CONNECT id=a clean
b < CONNACK
a < end 0x8e
watch < PUBLISH w payload="gone"

=== TEST 12: a will waits for an offline subscriber
--- versions: 4 5
--- workers: 1 2
--- mqtt
watch connects resume
watch subscribes w qos=1
watch disconnects
live connects
live subscribes w
a connects will=w will.payload="gone" will.qos=1
a closes
live < PUBLISH w payload="gone"
watch connects resume sp=1
watch < PUBLISH w qos=1 payload="gone"

=== TEST 13: its properties, in order
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone" will.format=1 will.expiry=60 will.content_type=text will.response_topic=r will.correlation=hex:00ff will.user=b:1 will.user=a:2 will.user=b:3
a closes
watch < PUBLISH w payload="gone" format=1 expiry=59..60 content_type=text response_topic=r correlation=hex:00ff user=b:1 user=a:2 user=b:3

=== TEST 14: a delay
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=2
mark
a closes
watch . nothing
watch < PUBLISH w payload="gone" after=1.5..4

=== TEST 15: the end of the session comes before the delay
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=1 will=w will.payload="gone" will.delay=60
mark
a closes
watch < PUBLISH w payload="gone" after=0.5..3.5

=== TEST 16: a session that does not last has no delay
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone" will.delay=60
mark
a closes
watch < PUBLISH w payload="gone" after=0..1

=== TEST 17: a client that returns in time has no will
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=1
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
wait 2.5
watch . nothing

=== TEST 18: nor after the session was there again and left
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=1
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
a closes
wait 2.5
watch . nothing

=== TEST 19: a clean start ends the session, and so publishes the will
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=60
a closes
a connects
watch < PUBLISH w payload="gone"

=== TEST 20: takeover of a session with a delay
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="1" will.delay=60
b > CONNECT v5 id=a session_expiry=60 will=w will.payload="2" will.delay=0
b < CONNACK sp=1
a < end 0x8e
watch . nothing
c > CONNECT v5 id=a session_expiry=60
c < CONNACK sp=1
b < end 0x8e
watch < PUBLISH w payload="2"
watch . nothing

=== TEST 21: takeover with a clean start publishes in spite of a delay
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=60
b > CONNECT v5 id=a clean
b < CONNACK
a < end 0x8e
watch < PUBLISH w payload="gone"

=== TEST 22: DISCONNECT with will message, and a delay
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=1
mark
a disconnects 0x04
watch . nothing
watch < PUBLISH w payload="gone" after=0.5..3.5

=== TEST 23: DISCONNECT with will message ends the session
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=60
mark
a disconnects 0x04 session_expiry=0
watch < PUBLISH w payload="gone" after=0..1

=== TEST 24: DISCONNECT discards a will with a delay
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=1
a disconnects
wait 2.5
watch . nothing

=== TEST 25: the hub's will_delay_max
--- hub
will_delay_max 1s;
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=60
mark
a closes
watch < PUBLISH w payload="gone" after=0.5..3.5

=== TEST 26: keep-alive
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-8
--- mqtt
watch connects
watch subscribes w
a connects keepalive=1 will=w will.payload="gone"
mark
watch < PUBLISH w payload="gone" after=1..4
[5] a < maybe DISCONNECT 0x8d
a < close

=== TEST 27: with all that a will can be, by DISCONNECT and in spite of a takeover
--- workers: 1 2
--- mqtt
watch,late connects
watch subscribes w qos=2
a connects session_expiry=60 will=w will.payload="1" will.qos=2 will.retain=1 will.user=a:b
a disconnects 0x04
watch < PUBLISH w qos=2 payload="1" user=a:b
late subscribes w qos=1
late < PUBLISH w qos=1 retain payload="1" user=a:b
a > CONNECT v5 session_expiry=60 will=w will.payload="2" will.retain=1
a < CONNACK sp=1
b > CONNECT v5 id=a session_expiry=60 will=w will.payload="3" will.retain=1
b < CONNACK sp=1
a < end 0x8e
watch < PUBLISH w payload="2"
late < PUBLISH w payload="2"
b > DISCONNECT 0x04
b < close
watch < PUBLISH w payload="3"
late < PUBLISH w payload="3"
watch . nothing

=== TEST 28: each connection has its own, or none
--- versions: 4 5
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a connects resume will=w will.payload="1"
a disconnects
a connects resume sp=1 will=w will.payload="2"
a closes
watch < PUBLISH w payload="2"
a connects resume sp=1
a closes
watch . nothing
a connects resume sp=1 will=w will.payload="3"
a disconnects
watch . nothing

=== TEST 29: its own subscriptions bring it to the session it came from
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects resume will=w will.payload="mine" will.qos=1
a subscribes w qos=1
a closes
a connects resume sp=1
a < PUBLISH w qos=1 payload="mine"
a . nothing

=== TEST 30: but not past No Local
--- workers: 1 2
--- mqtt
a connects resume will=w will.payload="mine" will.qos=1
a > SUBSCRIBE 1 w qos=1 nl
a < SUBACK 1 codes=1
a closes
a connects resume sp=1
a . nothing

=== TEST 31: a refused CONNECT leaves none, and takes none away
--- workers: 1 2
--- mqtt
watch connects
watch subscribes "#"
a connects will=w will.payload="first"
b > CONNECT v5 id=a clean auth_method=X will=w will.payload="second"
b < CONNACK 0x8c
b < close
c > CONNECT v5 clean id=a will='$w' will.payload="third"
c < CONNACK 0x87
c < close
a . nothing
watch . nothing
a closes
watch < PUBLISH w payload="first"
watch . nothing

=== TEST 32: a takeover between versions
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a > CONNECT v4 will=w will.payload="1"
a < CONNACK
b > CONNECT v5 id=a session_expiry=60 will=w will.payload="2" will.delay=60
b < CONNACK sp=1
a < close
watch < PUBLISH w payload="1"
c > CONNECT v4 id=a will=w will.payload="3"
c < CONNACK sp=1
b < end 0x8e
watch . nothing
c closes
watch < PUBLISH w payload="3"
watch . nothing

=== TEST 33: a takeover of a session that was not to last
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
a > CONNECT v5 will=w will.payload="1" will.delay=60
a < CONNACK
b > CONNECT v5 id=a session_expiry=60
b < CONNACK sp=0
a < end 0x8e
watch < PUBLISH w payload="1"
watch . nothing

=== TEST 34: a large one
--- versions: 4 5
--- workers: 1 2
--- zone: 16m
--- mqtt
watch connects
watch subscribes w qos=1
a connects will=w will.qos=1 will.payload=60000*x
a closes
watch < PUBLISH w qos=1 payload=60000*x

=== TEST 35: the end of a session, and DISCONNECT that moves it, before the delay
--- transports: tcp
--- workers: 2
--- mqtt
watch connects
watch subscribes "#"
a connects session_expiry=60 will=disconnected will.delay=60
b connects session_expiry=1 will=expired will.delay=60 will.retain=1 will.payload="x"
c connects session_expiry=60 will=moved will.delay=60
d connects session_expiry=60 will=delayed will.delay=1
e connects session_expiry=1 will=both will.delay=1
f connects session_expiry=60 will=cleaned will.delay=1
g connects session_expiry=60 will=dropped will.delay=1
h connects session_expiry=1 will=returned will.delay=60
mark
a disconnects session_expiry=1
b,d,e,h closes
c disconnects 0x04 session_expiry=1
f closes
f connects
watch < PUBLISH cleaned
g closes
g connects resume sp=1
h connects resume sp=1
any order
    watch < PUBLISH expired payload="x" after=0.5..3.5
    watch < PUBLISH moved after=0.5..3.5
    watch < PUBLISH delayed after=0.5..3.5
    watch < PUBLISH both after=0.5..3.5
end
wait 1
watch . nothing
b connects
b subscribes expired
b < PUBLISH expired retain payload="x"

=== TEST 36: a killed worker delays it from then on
--- transports: tcp
--- workers: 2
--- mqtt
a connects session_expiry=60 will=delayed will.delay=1
watch opens apart from a
watch connects
watch subscribes "#"
b opens with a
b connects session_expiry=60 will=dropped will.delay=60
c opens with a
c connects will=ended will.delay=60
mark
kill worker of a
a,b,c < close
watch < PUBLISH ended after=0..3
b connects resume sp=1
watch < PUBLISH delayed after=0.5..4.5
watch . nothing
