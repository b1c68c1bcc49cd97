# CONNECT and CONNACK.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: CONNECT is answered by CONNACK, DISCONNECT ends the connection
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.4-4 MQTT-3.14.4-1
--- mqtt
a > CONNECT clean
a < CONNACK sp=0
a . nothing
a > DISCONNECT
a < close

=== TEST 2: the same as bytes, 3.1.1
--- mqtt
a opens v=4
a > HEX 10 0c 0004 4d515454 04 02 003c 0000
a < HEX 20 02 00 00
a > HEX c000
a < HEX d000
a > HEX e000
a < close

=== TEST 3: CONNECT byte by byte
--- versions: 4 5
--- conforms
3.1.1 MQTT-7.1.1-1
--- mqtt
a > CONNECT clean username=u password=p split=1
a < CONNACK
a . nothing

=== TEST 4: CONNECT and what follows it in a single write
--- versions: 4 5
--- conforms
3.1.1 MQTT-7.1.1-1
--- mqtt
a holds
a > CONNECT clean
a > SUBSCRIBE 1 t
a > PUBLISH t payload="x"
a > PINGREQ
a sends
a < CONNACK
a < SUBACK 1 codes=0
any order
    a < PUBLISH t payload="x"
    a < PINGRESP
end

=== TEST 5: CONNACK tells the limits that are there, and nothing that is not
--- zone: 64m
--- mqtt
a > CONNECT v5 clean session_expiry=60
a < CONNACK receive_max=100 alias_max=16 max_packet=2097152 !session_expiry !assigned_id !server_keepalive !max_qos !retain_available !wildcard_available !subid_available !shared_available !response_info !server_reference !auth_method !auth_data !reason_string !user

=== TEST 6: Response Information is not sent unless asked for
--- mqtt
a > CONNECT v5 clean request_response=0
a < CONNACK !response_info

=== TEST 7: client ids that every server takes
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.3-5 MQTT-3.1.4-4
--- mqtt
for $id in a 0123456789ABCDEFGHIJKLM nopqrstuvwxyzNOPQRSTUVW abcdefghijklmXYZ
    a > CONNECT clean id=$id
    a < CONNACK
    a disconnects
end

=== TEST 8: client ids are compared byte by byte
--- versions: 4 5
--- conforms
3.1.1 MQTT-1.5.3-3 MQTT-3.1.3-2
--- mqtt
a > CONNECT clean id=x
a < CONNACK
b > CONNECT clean id=X
b < CONNACK
c > CONNECT clean id="x "
c < CONNACK
d > CONNECT clean id="\xef\xbb\xbfx"
d < CONNACK
a . nothing
b . nothing
c . nothing
d . nothing

=== TEST 9: a long client id
--- versions: 4 5
--- mqtt
a > CONNECT clean id=300*x
a < CONNACK
a . nothing

=== TEST 10: an empty client id of 5.0 is replaced, and the new one resumes
--- workers: 1 2
--- mqtt
a > CONNECT v5 id="" session_expiry=60
a < CONNACK assigned_id=$id
b > CONNECT v5 id="" clean
b < CONNACK assigned_id=*
a . nothing
b . nothing
a closes
a > CONNECT v5 id=$id session_expiry=60
a < CONNACK sp=1 !assigned_id

=== TEST 11: an empty client id of 3.1.1
--- versions: 4
--- conforms
3.1.1 MQTT-3.1.3-6
--- mqtt
a > CONNECT v4 id="" clean
a < CONNACK
b > CONNECT v4 id="" clean
b < CONNACK
a . nothing
b . nothing

=== TEST 12: an empty client id of 3.1.1 has no lasting session
--- versions: 4
--- conforms
3.1.1 MQTT-3.1.3-7 MQTT-3.1.3-8 MQTT-3.1.3-9 MQTT-3.2.2-5
--- mqtt
a > CONNECT v4 id=""
a < CONNACK 2
a < close

=== TEST 13: nothing behind a refused CONNECT is processed
--- versions: 4
--- conforms
3.1.1 MQTT-3.1.4-5
--- mqtt
sub connects
sub subscribes t
a holds
a > CONNECT v4 id=""
a > PUBLISH t retain payload="x"
a sends
a < CONNACK 2
a < close
sub . nothing
late connects
late subscribes t
late . nothing

=== TEST 14: the first packet is not CONNECT
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.0-1 error-first-packet
5.0 error-first-packet
--- mqtt
for $bytes in c000 d000 3003000161 e000 40020001 8206000100016100 f000
    a > HEX $bytes
    a < close
end

=== TEST 15: a second CONNECT
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.0-2
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > CONNECT clean
a < end 0x82
watch < PUBLISH w payload="gone"

=== TEST 16: another protocol name
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-1 error-protocol-name
5.0 error-protocol-name
--- mqtt
for $name in MQTX mqtt MQT "" MQTTT
    a > CONNECT clean protocol=$name
    [5] a < maybe CONNACK 0x84
    a < close
end

=== TEST 17: a protocol level that does not exist
--- versions: 4
--- conforms
3.1.1 MQTT-3.1.2-2 MQTT-3.2.2-5
--- mqtt
for $level in 0 1 2 6 127 255
    a opens v=4
    a > CONNECT v4 clean level=$level
    a < CONNACK 1
    a < close
end

=== TEST 18: the reserved connect flag
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-3 MQTT-3.1.4-1 MQTT-3.2.2-6
--- mqtt
a > CONNECT connect_flags=0x03
[5] a < maybe CONNACK 0x81
a < close

=== TEST 19: flags of a will without a will
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-11 MQTT-3.1.2-13 MQTT-3.1.2-15 MQTT-3.1.4-1 MQTT-3.2.2-6
3.1.1 error-will-flags
5.0 error-will-flags
--- mqtt
for $flags in 0x08 0x0a 0x10 0x12 0x18 0x20 0x22 0x2a
    a > CONNECT connect_flags=$flags
    [5] a < maybe CONNACK 0x81
    a < close
end

=== TEST 20: a will of QoS 3
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-14 MQTT-3.1.4-1 MQTT-3.2.2-6 error-will-flags
5.0 error-will-flags
--- mqtt
a > CONNECT clean will=w will.payload="x" connect_flags=0x1e
[5] a < maybe CONNACK 0x81
a < close

=== TEST 21: fields that the flags promise are missing
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-9 MQTT-3.1.2-19 MQTT-3.1.2-21 MQTT-3.1.3-3 MQTT-3.1.4-1 MQTT-3.2.2-6
--- mqtt
for $flags in 0x06 0x82 0xc2
    a > CONNECT connect_flags=$flags
    [5] a < maybe CONNACK 0x81
    a < close
end
a > CONNECT connect_flags=0xc2 username=u
[5] a < maybe CONNACK 0x81
a < close
a > CONNECT clean will=w will.payload=-
[5] a < maybe CONNACK 0x81
a < close
a > CONNECT clean id=-
[5] a < maybe CONNACK 0x81
a < close

=== TEST 22: fields that the flags do not promise
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-11 MQTT-3.1.2-18 MQTT-3.1.2-20 MQTT-3.1.4-1 MQTT-3.2.2-6
--- mqtt
a > CONNECT username=u connect_flags=0x02
[5] a < maybe CONNACK 0x81
a < close
a > CONNECT username=u password=p connect_flags=0x82
[5] a < maybe CONNACK 0x81
a < close
a > CONNECT clean tail=00
[5] a < maybe CONNACK 0x81
a < close

=== TEST 23: a password without a user name
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.2-22
--- mqtt
a > CONNECT clean password=p
[4] a < close
[5] a < CONNACK
[5] a . nothing

=== TEST 24: a password is not a string
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.3-11
--- mqtt
a > CONNECT clean username=u password=hex:00ff00
a < CONNACK
a . nothing

=== TEST 25: ill-formed strings in CONNECT
--- versions: 4 5
--- conforms
3.1.1 MQTT-1.5.3-2
--- mqtt
for $bad in eda080 c080 f5808080 ff e282 610062 ""
    a > CONNECT clean id=hex:${bad}00
    [5] a < maybe CONNACK 0x81|0x85
    a < close
    a > CONNECT clean will=hex:${bad}00
    [5] a < maybe CONNACK 0x81
    a < close
    a > CONNECT clean username=hex:${bad}00
    [5] a < maybe CONNACK 0x81
    a < close
end

=== TEST 26: lengths that lie
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.1.4-1 MQTT-3.2.2-6
--- mqtt
a > CONNECT clean length=5
[5] a < maybe CONNACK 0x81
a < close
a > HEX 10 00
[5] a < maybe CONNACK 0x81
a < close
a > HEX 10 ffffff ff 01
[5] a < maybe CONNACK 0x81
a < close

=== TEST 27: wrong flags of the fixed header
--- versions: 4 5
--- conforms
3.1.1 MQTT-2.2.2-2 MQTT-3.1.4-1
--- mqtt
a > CONNECT clean first=0x11
[5] a < maybe CONNACK 0x81
a < close

=== TEST 28: properties that CONNECT cannot have
--- mqtt
for $props in 030b0101 0222 03230001 0426000000 020101 022401 0322000122 0321 05020000000a
    a > CONNECT v5 clean propsbytes=$props
    a < maybe CONNACK 0x81|0x82
    a < close
end

=== TEST 29: a property twice
--- mqtt
a > CONNECT v5 clean receive_max=5 receive_max=5
a < maybe CONNACK 0x82
a < close
a > CONNECT v5 clean session_expiry=5 session_expiry=6
a < maybe CONNACK 0x82
a < close
a > CONNECT v5 clean user=a:b user=a:b
a < CONNACK

=== TEST 30: values that properties of CONNECT cannot have
--- mqtt
for $props in 03210000 052700000000 021702 021902
    a > CONNECT v5 clean propsbytes=$props
    a < maybe CONNACK 0x82
    a < close
end

=== TEST 31: a wildcard or nothing as the will's topic
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.1-1 MQTT-4.7.3-1
--- mqtt
for $topic in w/+ "#" w+x ""
    a > CONNECT clean will=$topic will.payload="x"
    [5] a < maybe CONNACK 0x90|0x81|0x82
    a < close
end

=== TEST 32: an authentication method is not supported
--- mqtt
a > CONNECT v5 clean auth_method=SCRAM auth_data="x" username=u password=p
a < CONNACK 0x8c|0x87
a < close

=== TEST 33: authentication data without a method
--- mqtt
a > CONNECT v5 clean auth_data="x"
a < maybe CONNACK 0x82
a < close

=== TEST 34: a refused CONNECT leaves the session of that id as it was
--- mqtt
a connects resume
a subscribes t qos=1
a closes
b > CONNECT v5 id=a clean auth_method=X
b < CONNACK 0x8c|0x87 sp=0
b < close
a connects resume sp=1
a publishes t payload="still"
a < PUBLISH t payload="still"

=== TEST 35: a refused CONNECT does not take over a connection
--- mqtt
a connects
b > CONNECT v5 id=a clean auth_method=X
b < CONNACK 0x8c|0x87
b < close
a . nothing

=== TEST 36: nobody is admitted by default
--- hub
anonymous off;
--- mqtt
[tcp] a > CONNECT v4 clean
[tcp] a < CONNACK 5
[tcp] a < close
[tcp] b > CONNECT v5 clean
[tcp] b < CONNACK 0x87
[tcp] b < close
[ws] a opens bare
[ws] a > HANDSHAKE
[ws] a < HTTP 401

=== TEST 37: no client sends for a while, and all is well
--- versions: 4 5
--- mqtt
a > CONNECT clean keepalive=0
a < CONNACK
a . nothing
