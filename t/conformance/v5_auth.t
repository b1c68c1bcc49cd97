# 5.0, section 3.15: AUTH.  There is no method of authentication, so the server
# never sends one.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: codes of AUTH
--- conforms
5.0 MQTT-3.15.2-1
--- mqtt
watch connects
watch subscribes w
for $code in 0x00 0x01 0x04 0x17 0x1a 0x80 0x82 0x87 0x8c 0xff
    a connects will=w will.payload="$code"
    a > AUTH $code auth_method=X
    a < DISCONNECT 0x82
    a < close
    watch < PUBLISH w payload="$code"
end

=== TEST 2: no AUTH of the server, in words or without
--- conforms
5.0 MQTT-3.15.2-1 MQTT-3.15.2-2 MQTT-3.15.2-3
--- mqtt
a > CONNECT clean auth_method=X auth_data=d
a < CONNACK 0x8c reason_string=* !user
a < close
a > CONNECT clean auth_method=X auth_data=d max_packet=16
a < HEX 20 03 00 8c 00
a < close
for $code in 0x18 0x19
    a > CONNECT clean max_packet=16
    a < CONNACK
    a > AUTH $code auth_method=X auth_data=d
    a < HEX e0 01 82
    a < close
end
