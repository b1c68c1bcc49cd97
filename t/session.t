# Sessions: what begins them, what ends them, what is kept.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a lasting session is there again, on whatever worker
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-4 MQTT-3.1.3-2 MQTT-3.2.2-3
--- mqtt
a connects resume
a > SUBSCRIBE 1 t qos=1
a < SUBACK 1 codes=1
a disconnects
a connects resume sp=1
pub connects
pub publishes t qos=1 payload="x"
a < PUBLISH t qos=1 id=$id payload="x"
a > PUBACK $id

=== TEST 2: an empty session is a session too
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.2.2-2
--- mqtt
a connects resume
a closes
a connects resume sp=1

=== TEST 3: a clean start ends the session before
--- versions: 4 5
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-6 MQTT-3.1.4-3 MQTT-3.2.2-1 MQTT-3.2.2-3
--- mqtt
a connects resume
a subscribes t qos=1
a disconnects
pub connects
pub publishes t qos=1 payload="lost"
a connects
pub publishes t qos=1 payload="lost too"
a . nothing
a disconnects
a connects resume

=== TEST 4: a clean start of 5.0 can begin a session that lasts
--- workers: 1 2
--- mqtt
a > CONNECT v5 clean session_expiry=60
a < CONNACK
a subscribes t
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
a publishes t payload="x"
a < PUBLISH t payload="x"

=== TEST 5: without an expiry a session of 5.0 ends with its connection
--- workers: 1 2
--- conforms
5.0 MQTT-4.1.0-2
--- mqtt
a > CONNECT v5
a < CONNACK
a subscribes t
a closes
# the server has seen the end of it when another connection works
a > CONNECT v5 session_expiry=60
a < CONNACK sp=0
a publishes t
a . nothing

=== TEST 6: a clean session of 3.1.1 ends with its connection
--- versions: 4
--- workers: 1 2
--- conforms
3.1.1 MQTT-3.1.2-6 MQTT-3.2.2-3
--- mqtt
a connects v4
a subscribes t
a disconnects
a connects v4 resume
a publishes t
a . nothing

=== TEST 7: a session expires after its connection
--- conforms
5.0 MQTT-4.1.0-2
--- mqtt
a > CONNECT v5 clean session_expiry=1
a < CONNACK
a subscribes t
a disconnects
wait 2.5
a > CONNECT v5 session_expiry=1
a < CONNACK sp=0
a publishes t
a . nothing

=== TEST 8: a session does not expire while it is connected
--- conforms
5.0 MQTT-4.1.0-1
--- mqtt
a > CONNECT v5 clean session_expiry=1
a < CONNACK
a subscribes t
for 1..3
    wait 0.8
    a > PINGREQ
    a < PINGRESP
end
a publishes t payload="x"
a < PUBLISH t payload="x"
a closes
a > CONNECT v5 session_expiry=1
a < CONNACK sp=1

=== TEST 9: DISCONNECT shortens the expiry
--- workers: 1 2
--- conforms
5.0 rule-disconnect-expiry
--- mqtt
a > CONNECT v5 clean session_expiry=60
a < CONNACK
a disconnects session_expiry=0
a > CONNECT v5 session_expiry=60
a < CONNACK sp=0

=== TEST 10: DISCONNECT extends the expiry
--- conforms
5.0 MQTT-4.1.0-2 rule-disconnect-expiry
--- mqtt
a > CONNECT v5 clean session_expiry=1
a < CONNACK
a disconnects session_expiry=60
wait 2.2
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1

=== TEST 11: DISCONNECT cannot make a session last that was not to
--- conforms
5.0 error-disconnect-expiry
--- mqtt
watch connects
watch subscribes w
a > CONNECT v5 clean will=w will.payload="gone"
a < CONNACK
a > DISCONNECT session_expiry=60
a < DISCONNECT 0x82
a < close
watch < PUBLISH w payload="gone"

=== TEST 12: the hub's session_expiry caps that of 5.0, and CONNACK says so
--- hub
session_expiry 5m;
--- conforms
5.0 rule-session-expiry-told
--- mqtt
a > CONNECT v5 clean session_expiry=301
a < CONNACK session_expiry=300
b > CONNECT v5 clean session_expiry=0xffffffff
b < CONNACK session_expiry=300
c > CONNECT v5 clean session_expiry=300
c < CONNACK !session_expiry
d > CONNECT v5 clean
d < CONNACK !session_expiry

=== TEST 13: one hour by default
--- mqtt
a > CONNECT v5 clean session_expiry=3601
a < CONNACK session_expiry=3600

=== TEST 14: the hub's session_expiry is that of 3.1.1
--- hub
session_expiry 1s;
--- mqtt
a connects v4 resume
a closes
wait 2.5
a connects v4 resume

=== TEST 15: session_expiry 0 ends sessions with their connections
--- versions: 4 5
--- hub
session_expiry 0;
--- mqtt
[4] a connects resume
[5] a connects session_expiry=60
a subscribes t
a closes
[4] a connects resume
[5] a connects session_expiry=60
a publishes t
a . nothing

=== TEST 16: CONNACK says that nothing lasts
--- hub
session_expiry 0;
--- mqtt
a > CONNECT v5 clean session_expiry=60
a < CONNACK session_expiry=0

=== TEST 17: DISCONNECT cannot go past the cap
--- hub
session_expiry 1s;
--- mqtt
a > CONNECT v5 clean session_expiry=1
a < CONNACK
a disconnects session_expiry=60
wait 2.5
a > CONNECT v5 session_expiry=1
a < CONNACK sp=0

=== TEST 18: either version resumes the other's session
--- workers: 1 2
--- mqtt
a > CONNECT v4
a < CONNACK
a subscribes t qos=1
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
a publishes t payload="5"
a < PUBLISH t payload="5"
a closes
a > CONNECT v4
a < CONNACK sp=1
a publishes t payload="4"
a < PUBLISH t payload="4"

=== TEST 19: subscriptions come back with their options
--- workers: 1 2
--- mqtt
a connects resume
a > SUBSCRIBE 1 own qos=1 nl kept rap subid=77
a < SUBACK 1 codes=1,0
a closes
a connects resume sp=1
a publishes own qos=1 payload="mine"
a . nothing
b connects
b publishes own payload="another's"
a < PUBLISH own payload="another's" subid=77
b publishes kept retain payload="r"
a < PUBLISH kept retain payload="r" subid=77

=== TEST 20: many sessions
--- versions: 4 5
--- workers: 2
--- mqtt
for $n in 1..40
    c$n connects resume
    c$n subscribes t/$n qos=1
    c$n closes
end
pub connects
for $n in 1..40
    pub publishes t/$n qos=1 payload="m$n"
end
for $n in 1..40
    c$n connects resume sp=1
    c$n < PUBLISH t/$n qos=1 id=$id payload="m$n"
    c$n > PUBACK $id
    c$n disconnects
end

=== TEST 21: each CONNECT says anew how long the session lasts
--- workers: 1 2
--- mqtt
a > CONNECT v5 session_expiry=60
a < CONNACK
a closes
a > CONNECT v5
a < CONNACK sp=1
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=0
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
a > DISCONNECT session_expiry=0
a < close
a > CONNECT v5 session_expiry=60
a < CONNACK sp=0

=== TEST 22: DISCONNECT with a Session Expiry Interval of 0 where CONNECT had none
--- mqtt
a > CONNECT v5 clean
a < CONNACK
a disconnects session_expiry=0
b > CONNECT v5 clean session_expiry=0
b < CONNACK
b > DISCONNECT session_expiry=1
b < DISCONNECT 0x82
b < close

=== TEST 23: DISCONNECT that is an error does not end the session that lasts
--- workers: 1 2
--- mqtt
a > CONNECT v5 session_expiry=60
a < CONNACK
a > DISCONNECT 0x8e session_expiry=0
a < DISCONNECT 0x82|0x81
a < close
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1
# nor does the end of the connection in the middle of a packet
a > HEX 30 ff
a closes
a > CONNECT v5 session_expiry=60
a < CONNACK sp=1

=== TEST 24: a lasting session under an assigned id, over workers, with a clean start
--- workers: 1 2
--- mqtt
a > CONNECT v5 id="" clean session_expiry=60
a < CONNACK assigned_id=$id
a subscribes t qos=1
a closes
pub connects
pub publishes t qos=1 payload="x"
b > CONNECT v5 id=$id session_expiry=60
b < CONNACK sp=1 !assigned_id
b < PUBLISH t qos=1 payload="x"
c > CONNECT v5 id="" session_expiry=60
c < CONNACK assigned_id=$other
d > CONNECT v5 id=$other clean session_expiry=60
d < CONNACK sp=0
c < end 0x8e
b . nothing

=== TEST 25: an assigned id of a session that ends is good for a new one
--- workers: 1 2
--- mqtt
a > CONNECT v5 id=""
a < CONNACK assigned_id=$id
a closes
a > CONNECT v5 id=$id
a < CONNACK sp=0 !assigned_id
a . nothing
