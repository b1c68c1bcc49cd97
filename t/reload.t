# Reloading the configuration while clients are connected.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: clients stay, old and new workers exchange messages
--- versions: 4 5
--- workers: 1 2
--- mqtt
old connects
old subscribes t qos=2
reload
old . nothing
new connects
new subscribes t qos=2
old publishes t qos=1 payload="of old"
old,new < PUBLISH t qos=1 payload="of old"
new publishes t qos=1 payload="of new"
old,new < PUBLISH t qos=1 payload="of new"
new publishes t qos=2 payload="2"
old < PUBLISH t qos=2 id=$id payload="2"
old > PUBREC $id
old < PUBREL $id
old > PUBCOMP $id
old . nothing

=== TEST 2: sessions, retained messages and queues stay
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
pub publishes t qos=1 payload="queued"
pub publishes r qos=1 retain payload="kept"
pub disconnects
reload
sub connects resume sp=1
sub < PUBLISH t qos=1 payload="queued"
sub subscribes r
sub < PUBLISH r retain payload="kept"

=== TEST 3: a client of an old worker comes back to a new one
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
reload
sub > PUBREC $id
sub < PUBREL $id
sub closes
sub connects resume sp=1
sub < PUBREL $id
sub > PUBCOMP $id
sub . nothing

=== TEST 4: takeover from an old worker
--- versions: 4 5
--- workers: 1 2
--- mqtt
old > CONNECT id=x resume
old < CONNACK
old subscribes t qos=1
reload
new > CONNECT id=x resume
new < CONNACK sp=1
old < end 0x8e
pub connects
pub publishes t qos=1 payload="x"
new < PUBLISH t qos=1 payload="x"

=== TEST 5: wills of clients of an old worker
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects will=w will.payload="gone"
reload
watch connects
watch subscribes w
a closes
watch < PUBLISH w payload="gone"

=== TEST 6: several reloads, a client in each generation
--- versions: 4 5
--- workers: 1 2
--- mqtt
for $n in 1..4
    c$n connects
    c$n subscribes t
    reload
end
for $n in 1..4
    c$n publishes t payload="of $n"
    for $m in 1..4
        c$m < PUBLISH t payload="of $n"
    end
end
for $n in 1..4
    c$n . nothing
end

=== TEST 7: many clients
--- workers: 2
--- mqtt
for $n in 1..60
    c$n connects
    c$n subscribes all t/$n
end
reload
pub connects
pub publishes all payload="x"
for $n in 1..60
    c$n < PUBLISH all payload="x"
    pub publishes t/$n payload="y"
    c$n < PUBLISH t/$n payload="y"
end

=== TEST 8: new limits hold for new clients
--- hub
max_qos 2;
--- hub2
max_qos 1;
--- mqtt
old > CONNECT v5 clean
old < CONNACK !max_qos
reload 2
new > CONNECT v5 clean
new < CONNACK max_qos=1
old publishes t qos=2
new > PUBLISH t qos=2 id=1
new < DISCONNECT 0x9b
new < close

=== TEST 9: a zone that is in use keeps its size
--- versions: 4 5
--- workers: 1 2
--- zone: 8m
--- zone2: 16m
--- mqtt
a connects
a subscribes t
reload 2 fails "mqtt_zone"
a publishes t payload="x"
a < PUBLISH t payload="x"
b connects
b publishes t payload="y"
a < PUBLISH t payload="y"

=== TEST 10: a reload that fails for another reason
--- main_config2
nonsense;
--- mqtt
a connects
a subscribes t
reload 2 fails "nonsense"
b connects
b publishes t payload="x"
a < PUBLISH t payload="x"

=== TEST 11: a new hub
--- transports: ws
--- location
mqtt_pass $arg_hub;
--- main_config2
mqtt_hub second {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
}
--- mqtt
a opens path="/mqtt?hub=test"
a connects
x opens bare
x > HANDSHAKE path="/mqtt?hub=second"
x < HTTP 404
x closes
reload 2
b opens path="/mqtt?hub=second"
b connects
a,b subscribes t
b publishes t payload="x"
b < PUBLISH t payload="x"
a . nothing

=== TEST 12: a hub that is gone admits nobody, its clients stay
--- transports: ws
--- location
mqtt_pass $arg_hub;
--- main_config
mqtt_hub second {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
}
--- main_config2

--- mqtt
a opens path="/mqtt?hub=second"
a connects
b opens path="/mqtt?hub=second"
b connects
a subscribes t
reload 2
x opens bare
x > HANDSHAKE path="/mqtt?hub=second"
x < HTTP 404
b publishes t payload="x"
a < PUBLISH t payload="x"

=== TEST 13: old workers leave when their clients have left
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects
reload
a disconnects
log has "exited with code 0"
b connects
b . nothing

=== TEST 14: messages keep their order through reloads
--- workers: 1 2
--- mqtt
sub,pub connects
sub acks
sub subscribes t qos=1
for $n in 1..4
    pub holds
    for $m in 1..25
        pub > PUBLISH t qos=1 id=$m payload="$n.$m"
    end
    pub sends
    reload
    for $m in 1..25
        pub < PUBACK $m
        sub < PUBLISH t qos=1 payload="$n.$m"
    end
end
sub . nothing

=== TEST 15: a session expires though its worker has left
--- mqtt
a connects session_expiry=1
a subscribes t
a disconnects
reload
wait 2.5
a > CONNECT v5 session_expiry=60
a < CONNACK sp=0

=== TEST 16: a delayed will of a worker that has left
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="gone" will.delay=1
mark
a closes
reload
watch < PUBLISH w payload="gone" after=0.5..4
