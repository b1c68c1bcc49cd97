# 5.0, sections 3.1.2 and 3.1.3: when wills are published, when not, and how.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: without a delay, or with a session that ends, at once
--- conforms
5.0 MQTT-3.1.2-7 MQTT-3.1.2-8 MQTT-3.1.2-10
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="connection is lost"
a closes
watch < PUBLISH w payload="connection is lost"
a connects will=w will.payload="session of no length" will.delay=60
a resets
watch < PUBLISH w payload="session of no length"
a connects session_expiry=60 will=w will.payload="error"
a > HEX 00 00
a < DISCONNECT 0x81
a < close
watch < PUBLISH w payload="error"
a connects session_expiry=60 sp=1 will=w will.payload="on demand"
a disconnects 0x04
watch < PUBLISH w payload="on demand"
a connects session_expiry=60 sp=1 will=w will.payload="error there"
a disconnects 0x81
watch < PUBLISH w payload="error there"
a connects session_expiry=60 sp=1 will=w will.payload="session ends" will.delay=60
a disconnects 0x04 session_expiry=0
watch < PUBLISH w payload="session ends"
a connects session_expiry=60 sp=0 will=w will.payload="takeover"
b > CONNECT id=a session_expiry=60 will=w will.payload="clean takeover" will.delay=60
b < CONNACK sp=1
a < DISCONNECT 0x8e
a < close
watch < PUBLISH w payload="takeover"
c > CONNECT id=a clean session_expiry=60 will=w will.payload="clean start" will.delay=60
c < CONNACK sp=0
b < DISCONNECT 0x8e
b < close
watch < PUBLISH w payload="clean takeover"
c closes
watch . nothing
a connects session_expiry=0 clean
watch < PUBLISH w payload="clean start"
# none is published again
a closes
watch . nothing

=== TEST 2: with the delay or the end of the session, whichever is first
--- conforms
5.0 MQTT-3.1.2-7 MQTT-3.1.2-8 MQTT-3.1.2-10 MQTT-3.1.3-9 MQTT-3.14.4-3
--- mqtt
watch connects
watch subscribes w/#
lost connects session_expiry=60 will=w/lost will.delay=1
sent connects session_expiry=60 will=w/sent will.delay=1
late connects session_expiry=60 will=w/late will.delay=2
ends connects session_expiry=1 will=w/ends will.delay=60
soon connects session_expiry=60 will=w/soon will.delay=60
back connects session_expiry=60 will=w/back will.delay=1
over connects session_expiry=60 will=w/over will.delay=1
gone connects session_expiry=60 will=w/gone will.delay=1
mark
lost,late,ends,back closes
sent disconnects 0x04
soon disconnects 0x04 session_expiry=1
gone disconnects
back connects session_expiry=60 sp=1
other > CONNECT id=over session_expiry=60
other < CONNACK sp=1
over < DISCONNECT 0x8e
watch . nothing
any order
    watch < PUBLISH w/lost after=0.5..4
    watch < PUBLISH w/sent after=0.5..4
    watch < PUBLISH w/ends after=0.5..4
    watch < PUBLISH w/soon after=0.5..4
    watch < PUBLISH w/late after=1.5..5
end
# by now those that were cancelled would have come, too
lost,sent,late,gone connects session_expiry=60 sp=1
back,other,lost,sent,late,gone closes
watch . nothing

=== TEST 3: retained or not
--- conforms
5.0 MQTT-3.1.2-14 MQTT-3.1.2-15
--- mqtt
watch connects
watch subscribes w/+
watch publishes w/old qos=1 retain payload="old"
watch < PUBLISH w/old payload="old"
a connects will=w/plain will.payload="plain"
b connects will=w/old will.payload="plain"
c connects will=w/kept will.payload="kept" will.retain=1
a,b,c closes
any order
    watch < PUBLISH w/plain payload="plain"
    watch < PUBLISH w/old payload="plain"
    watch < PUBLISH w/kept payload="kept"
end
late connects
late subscribes w/+
any order
    late < PUBLISH w/old retain payload="old"
    late < PUBLISH w/kept retain payload="kept"
end
late . nothing

=== TEST 4: user properties keep their order
--- conforms
5.0 MQTT-3.1.3-10
--- mqtt
live,stored connects session_expiry=60
live,stored subscribes w qos=1
stored closes
a connects will=w will.payload="x" will.qos=1 will.retain=1 will.user=k2:1 will.user=k1:2 will.content_type=c will.user=k2:3 will.user=k2:1
a closes
live < PUBLISH w qos=1 payload="x" content_type=c user=k2:1 user=k1:2 user=k2:3 user=k2:1
stored connects session_expiry=60 sp=1
stored < PUBLISH w qos=1 payload="x" content_type=c user=k2:1 user=k1:2 user=k2:3 user=k2:1
late connects
late subscribes w
late < PUBLISH w retain payload="x" content_type=c user=k2:1 user=k1:2 user=k2:3 user=k2:1
