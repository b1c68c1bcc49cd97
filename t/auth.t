# Enhanced authentication, which there is none of: no method is known, and
# without one in CONNECT nobody sends AUTH.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: any method is refused, and no AUTH or DISCONNECT is sent
--- conforms
5.0 MQTT-4.12.0-1 MQTT-4.12.0-4 MQTT-4.13.2-1
--- mqtt
for $method in SCRAM-SHA-1 GS2-KRB5 ""
    a > CONNECT v5 clean auth_method=$method
    a < CONNACK 0x8c !auth_method !auth_data !session_expiry
    a < close
    a > CONNECT v5 clean auth_method=$method auth_data="client-first" username=u password=p
    a < CONNACK 0x8c !auth_method !auth_data
    a < close
end

=== TEST 2: what follows such a CONNECT at once is not processed
--- conforms
5.0 MQTT-4.12.0-3
--- mqtt
watch connects
watch subscribes t
a holds
a > CONNECT v5 clean auth_method=X will=t will.payload="gone"
a > AUTH 0x18 auth_method=X auth_data="more"
a > PUBLISH t payload="x"
a sends
a < CONNACK 0x8c
a < close
watch . nothing

=== TEST 3: data without a method, method or data twice
--- mqtt
a > CONNECT v5 clean auth_data=""
a < maybe CONNACK 0x82
a < close
a > CONNECT v5 clean auth_method=X auth_method=X
a < maybe CONNACK 0x82
a < close
a > CONNECT v5 clean auth_method=X auth_data=a auth_data=a
a < maybe CONNACK 0x82
a < close

=== TEST 4: a method that is no string
--- mqtt
a > CONNECT v5 clean auth_method="\xed\xa0\x80"
a < maybe CONNACK 0x81
a < close

=== TEST 5: CONNACK has no method where CONNECT had none
--- conforms
5.0 MQTT-4.12.0-6
--- mqtt
a > CONNECT v5 clean username=u password=p
a < CONNACK !auth_method !auth_data
a . nothing

=== TEST 6: AUTH after a CONNECT without a method, in all its forms
--- conforms
5.0 MQTT-4.12.0-7 error-auth-method error-auth-unexpected
--- mqtt
watch connects
watch subscribes w
for $hex in f000 f00100 f00118 f00119 f0021800 f0021900 f003180000
    a connects will=w will.payload="$hex"
    a > HEX $hex
    a < end 0x82|0x81
    watch < PUBLISH w payload="$hex"
end

=== TEST 7: with a method, to continue or to authenticate again
--- conforms
5.0 MQTT-4.12.0-5 MQTT-4.12.0-7 MQTT-4.12.1-1 error-auth-unexpected
--- mqtt
for $code in 0x00 0x18 0x19
    a connects
    a > AUTH $code auth_method=X auth_data=hex:00ff reason_string=r user=a:b
    a < end 0x82
end

=== TEST 8: reasons that AUTH cannot have, properties it cannot have, wrong flags
--- mqtt
a connects
a > AUTH 0x87 auth_method=X
a < end 0x82|0x81
a connects
a > AUTH 0x18 auth_method=X session_expiry=5
a < end 0x82|0x81
a connects
a > AUTH 0x18 auth_method=X first=0xf1
a < end 0x81

=== TEST 9: a session outlasts an AUTH
--- workers: 1 2
--- conforms
5.0 MQTT-4.12.1-2
--- mqtt
a connects resume
a subscribes t qos=1
a > AUTH 0x19 auth_method=X
a < end 0x82
pub connects
pub publishes t qos=1 payload="x"
a connects resume sp=1
a < PUBLISH t qos=1 payload="x"

=== TEST 10: 3.1.1 has no AUTH
--- mqtt
watch connects
watch subscribes w
for $hex in f000 f00118 f00119
    a connects v4 will=w will.payload="$hex"
    a > HEX $hex
    a < close
    watch < PUBLISH w payload="$hex"
end
