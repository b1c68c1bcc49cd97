# Delivery of MQTT 5.0: chapters 4.3 to 4.5.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: behind a PUBREC that refuses, the id is another message
--- workers: 1 2
--- conforms
5.0 MQTT-4.3.3-8 MQTT-4.3.3-9
--- mqtt
sub,pub connects
sub subscribes t
for $n in 1..3
    pub > PUBLISH '$t' qos=2 id=3 payload="refused"
    pub < PUBREC 3 0x87
    pub > PUBLISH t qos=2 id=3 payload="$n"
    pub < PUBREC 3
    sub < PUBLISH t payload="$n"
    pub > PUBREL 3
    pub < PUBCOMP 3
end
sub . nothing

=== TEST 2: what was acknowledged is safe, even if its worker is killed
--- conforms
5.0 MQTT-4.3.2-4 MQTT-4.3.3-8 MQTT-4.5.0-1
--- mqtt
for $s in a b
    $s connects resume
    $s subscribes t qos=2
    $s disconnects
end
pub connects
pub > PUBLISH t qos=1 id=258 payload="1"
pub < PUBACK 258
pub > PUBLISH t qos=2 id=772 payload="2"
pub < PUBREC 772
kill worker of pub
pub < close
for $s in a b
    $s connects resume sp=1
    $s < PUBLISH t qos=1 id=* payload="1"
    $s < PUBLISH t qos=2 id=* payload="2"
    $s . nothing
end
--- allow
exited on signal 9

=== TEST 3: unfinished packets come again in a resumed session, and never before
--- conforms
5.0 MQTT-3.3.1-1 MQTT-4.3.2-3 MQTT-4.3.3-3 MQTT-4.3.3-5 MQTT-4.3.3-6
5.0 MQTT-4.4.0-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=1 payload="1"
pub publishes t qos=2 payload="2"
pub publishes t qos=2 payload="3"
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub < PUBLISH t qos=2 id=$three payload="3"
sub > PUBREC $three
sub < PUBREL $three
wait 2.2
sub subscribes u
pub publishes t payload="0"
sub < PUBLISH t payload="0"
sub . nothing
for 1..2
    sub closes
    sub connects resume sp=1
    any order
        sub < PUBLISH t qos=1 dup id=$one payload="1"
        sub < PUBLISH t qos=2 dup id=$two payload="2"
        sub < PUBREL $three
    end
    sub . nothing
end

=== TEST 4: a refused message is finished, and its place in the window is free
--- conforms
5.0 MQTT-4.4.0-2 MQTT-3.3.4-9 MQTT-4.3.3-4
--- mqtt
sub > CONNECT session_expiry=60 receive_max=1
sub < CONNACK
pub connects
sub subscribes t qos=2
for $code in 0x80 0x83 0x87 0x90 0x91 0x97 0x99
    pub publishes t qos=1 payload="1 $code"
    pub publishes t qos=2 payload="2 $code"
end
for $code in 0x80 0x83 0x87 0x90 0x91 0x97 0x99
    sub < PUBLISH t qos=1 id=$one payload="1 $code"
    sub > PUBACK $one $code
    sub < PUBLISH t qos=2 id=$two payload="2 $code"
    sub > PUBREC $two $code
end
sub . nothing
sub closes
sub connects resume sp=1
sub . nothing
