# 5.0, section 3.2: CONNACK.  The limits that it announces are in limits.t,
# maximum_packet_size.t and topic_alias.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: it comes before everything else
--- conforms
5.0 MQTT-3.2.0-1 MQTT-3.2.0-2
--- workers: 1 2
--- mqtt
pub connects
sub connects session_expiry=60
sub subscribes t qos=2
pub publishes t qos=2 payload="begun"
sub < PUBLISH t qos=2 id=$begun payload="begun"
sub > PUBREC $begun
sub < PUBREL $begun
sub closes
for $n in 1..3
    pub publishes t qos=1 payload="queued $n"
end
# messages that come in that very moment
pub holds
for $n in 1..40
    pub > PUBLISH t qos=1 id=$n payload="$n"
end
pub sends
sub > CONNECT session_expiry=60
sub < CONNACK sp=1
sub < PUBREL $begun
for $n in 1..3
    sub < PUBLISH t qos=1 payload="queued $n"
end
for $n in 1..40
    sub < PUBLISH t qos=1 payload="$n"
end
sub > PUBCOMP $begun
for $n in 1..40
    pub < PUBACK $n
end
sub . nothing

=== TEST 2: it comes once
--- conforms
5.0 MQTT-3.2.0-2
--- mqtt
for $code in 0x18 0x19
    a connects
    a > AUTH $code auth_method=X
    a < DISCONNECT 0x82
    a < close
end
a connects
a holds
a > CONNECT clean
a > CONNECT clean
a sends
a < DISCONNECT 0x82
a < close

=== TEST 3: its first byte is whether the session was there
--- conforms
5.0 MQTT-3.2.2-1 MQTT-3.2.2-2 MQTT-3.2.2-3
--- mqtt
a > CONNECT session_expiry=60
a < HEX 20 0e 00 00 0b 210064 220010 2700200000
a closes
a > CONNECT session_expiry=60
a < HEX 20 0e 01 00 0b 210064 220010 2700200000
a closes
a > CONNECT clean session_expiry=60
a < HEX 20 0e 00 00 0b 210064 220010 2700200000

=== TEST 4: refusals: one of the codes there are, no session, and the end
--- conforms
5.0 MQTT-3.2.2-6 MQTT-3.2.2-7 MQTT-3.2.2-8 MQTT-3.14.0-1
--- hub
strict_limits on;
max_qos 1;
retain off;
max_packet_size 1500;
max_sessions 1;
--- mqtt
a connects session_expiry=30
a closes
for $id in a new
    b > CONNECT id=$id connect_flags=0x01 session_expiry=30
    b < CONNACK 0x81 sp=0
    b < close
    b > CONNECT id=$id receive_max=0
    b < CONNACK 0x82 sp=0
    b < close
    b > CONNECT id=$id auth_method=X
    b < CONNACK 0x8c sp=0
    b < close
    b > CONNECT id=$id will="$SYS/w"
    b < CONNACK 0x87 sp=0
    b < close
    b > CONNECT id=$id will=w/+
    b < CONNACK 0x90 sp=0
    b < close
    b > CONNECT id=$id max_packet=5
    b < CONNACK 0x95 sp=0
    b < close
    b > CONNECT id=$id will=w will.qos=2
    b < CONNACK 0x9b sp=0
    b < close
    b > CONNECT id=$id will=w will.retain=1
    b < CONNACK 0x9a sp=0
    b < close
    b > CONNECT id=$id password=1500*x
    b < maybe CONNACK 0x95 sp=0
    b < close
end
b > CONNECT id=a.b
b < CONNACK 0x85 sp=0
b < close
b > CONNECT id=new
b < CONNACK 0x97 sp=0
b < close
a connects session_expiry=30 sp=1

=== TEST 5: no more than the client takes
--- conforms
5.0 MQTT-3.1.2-24 MQTT-3.2.2-19 MQTT-3.2.2-20
--- mqtt
a > CONNECT clean auth_method=X
a < CONNACK 0x8c reason_string="unknown authentication method" !user
a < close
# with the reason in words it has 37 bytes
a > CONNECT clean auth_method=X max_packet=37
a < CONNACK 0x8c reason_string="unknown authentication method" !user
a < close
for $max in 5 20 36
    a > CONNECT clean auth_method=X max_packet=$max
    a < HEX 20 03 00 8c 00
    a < close
end
a > CONNECT clean auth_method=X max_packet=4
a < close
# one of success has 16 bytes
a > CONNECT clean max_packet=16
a < HEX 20 0e 00 00 0b 210064 220010 2700200000
