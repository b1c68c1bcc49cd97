# 5.0, section 3.1: what is closed or forgotten when its time has come.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: sessions last as long as they were asked to
--- conforms
5.0 MQTT-3.1.2-23 MQTT-3.1.2-6
--- mqtt
none connects
zero connects session_expiry=0
one connects session_expiry=1
long connects session_expiry=60
ever connects session_expiry=0xffffffff
none,zero,one,long,ever subscribes t qos=1
none,zero,long,ever closes
none > CONNECT session_expiry=60
none < CONNACK sp=0
zero > CONNECT session_expiry=60
zero < CONNACK sp=0
one closes
one > CONNECT session_expiry=1
one < CONNACK sp=1
one closes
wait 2.5
one > CONNECT session_expiry=1
one < CONNACK sp=0
long > CONNECT session_expiry=60
long < CONNACK sp=1
ever > CONNECT session_expiry=60
ever < CONNACK sp=1

=== TEST 2: keep alive
--- conforms
5.0 MQTT-3.1.2-20 MQTT-3.1.2-22 MQTT-3.2.2-22
--- mqtt
watch > CONNECT clean keepalive=0
watch < CONNACK !server_keepalive
watch subscribes w
off > CONNECT clean keepalive=0
off < CONNACK !server_keepalive
a > CONNECT clean keepalive=1 will=w will.payload="a"
a < CONNACK !server_keepalive
b > CONNECT clean keepalive=1 session_expiry=60 will=w will.payload="b" will.delay=60
b < CONNACK !server_keepalive
mark
a,b < DISCONNECT 0x8d after=1.3..3
a,b < close
watch < PUBLISH w payload="a"
watch . nothing
off . nothing

=== TEST 3: keep alive of the server
--- conforms
5.0 MQTT-3.1.2-21 MQTT-3.2.2-21
--- hub
max_keepalive 1s;
--- mqtt
a > CONNECT clean keepalive=60
a < CONNACK server_keepalive=1
b > CONNECT clean keepalive=0
b < CONNACK server_keepalive=1
mark
a,b < DISCONNECT 0x8d after=1.3..3
a,b < close
