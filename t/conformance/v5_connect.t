# 5.0, section 3.1: CONNECT.  Wills are in v5_will.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: the first packet is not CONNECT
--- conforms
5.0 MQTT-3.1.0-1 MQTT-3.14.0-1
--- mqtt
watch connects
watch subscribes "#"
for $bytes in c000 e000 e00100 d000 3005000161007e 32070001610001007e 4002000162020001 62020001 820700010000016100 a206000100000161 2003000000 f000 f00718040015000161 0000
    a > HEX $bytes
    a < close
end
watch . nothing

=== TEST 2: a second CONNECT
--- conforms
5.0 MQTT-3.1.0-2 MQTT-3.2.0-2
--- mqtt
watch connects
watch subscribes w
for $id in a other
    a connects will=w will.payload="gone"
    a > CONNECT clean id=$id
    a < DISCONNECT 0x82
    a < close
    watch < PUBLISH w payload="gone"
end

=== TEST 3: another protocol name
--- conforms
5.0 MQTT-3.1.2-1 MQTT-3.14.0-1
--- mqtt
for $name in MQTX mqtt MQT "" MQTTT MQIsdp "MQTT\x00"
    a > CONNECT clean protocol=$name
    a < close
end

=== TEST 4: a protocol version that is not served
--- conforms
5.0 MQTT-3.1.2-2
--- mqtt
# CONNACK as 3.1.1 has it: nobody knows what a later version looks like
for $version in 00 01 03 06 7f 84 85 ff
    a opens v=4
    a > HEX 10 0e 0004 4d515454 $version 02 003c 00 0001 61
    a < HEX 20 02 00 01
    a < close
end
a opens v=4
a > HEX 10 0d 0004 4d515454 04 02 003c 0001 61
a < HEX 20 02 00 00

=== TEST 5: flags that contradict each other
--- conforms
5.0 MQTT-3.1.2-3 MQTT-3.1.2-11 MQTT-3.1.2-12 MQTT-3.1.2-13 MQTT-3.2.2-7
--- mqtt
# the reserved one; QoS and retain of no will
for $flags in 0x01 0x03 0x08 0x0a 0x10 0x12 0x18 0x1a 0x20 0x22 0x2a 0x3a
    a > CONNECT connect_flags=$flags
    a < CONNACK 0x81
    a < close
end
# a will with the reserved flag, and of QoS 3
for $flags in 0x07 0x1c 0x1e 0x3e
    a > CONNECT will=w will.payload="x" connect_flags=$flags
    a < CONNACK 0x81
    a < close
end
for $flags in 0x06 0x0e 0x16 0x26 0x2e 0x36
    a > CONNECT will=w will.payload="x" connect_flags=$flags
    a < CONNACK
    a disconnects
end

=== TEST 6: fields that the flags promise are missing
--- conforms
5.0 MQTT-3.1.2-9 MQTT-3.1.2-17 MQTT-3.1.2-19 MQTT-3.1.3-3
--- mqtt
# will, user name, password, all
for $flags in 0x06 0x82 0x42 0xc2 0xc6
    a > CONNECT connect_flags=$flags
    a < CONNACK 0x81
    a < close
end
# properties, topic, payload of a will
a > CONNECT clean will=topic will.payload="x" will.propsbytes=
a < CONNACK 0x81
a < close
a > CONNECT clean will=- will.payload="x"
a < CONNACK 0x81
a < close
a > CONNECT clean will=w will.payload=-
a < CONNACK 0x81
a < close
a > CONNECT connect_flags=0xc2 username=u
a < CONNACK 0x81
a < close
a > CONNECT clean id=-
a < CONNACK 0x81
a < close

=== TEST 7: fields that the flags do not promise
--- conforms
5.0 MQTT-3.1.2-16 MQTT-3.1.2-18 MQTT-3.1.4-1
--- mqtt
a > CONNECT username=u connect_flags=0x02
a < CONNACK 0x81
a < close
a > CONNECT username=u password=p connect_flags=0x82
a < CONNACK 0x81
a < close
a > CONNECT password=p connect_flags=0x02
a < CONNACK 0x81
a < close
a > CONNECT will=w will.payload="x" connect_flags=0x02
a < CONNACK 0x81
a < close

=== TEST 8: a password without a user name
--- conforms
5.0 MQTT-3.1.2-19 MQTT-3.1.4-5
--- mqtt
a > CONNECT clean password="\x00\xff"
a < CONNACK
a . nothing

=== TEST 9: fields of the payload, in their order
--- conforms
5.0 MQTT-3.1.3-1 MQTT-3.1.3-3
--- mqtt
watch connects
watch subscribes "#"
a > CONNECT id=client session_expiry=60 will=topic will.payload="\xff\x01" will.content_type=type will.user=k:v username=user password="\xff\x02"
a < CONNACK
b > CONNECT id=client session_expiry=60
b < CONNACK sp=1
a < DISCONNECT 0x8e
a < close
watch < PUBLISH topic payload="\xff\x01" content_type=type user=k:v
# the user name is a string, what is on either side of it is not
c > CONNECT will=topic will.payload="\xff\x01" username="\xff\x00" password="\xff\x02"
c < CONNACK 0x81
c < close
watch . nothing

=== TEST 10: client ids that every server takes
--- conforms
5.0 MQTT-3.1.3-5 MQTT-3.1.4-5
--- mqtt
for $id in a Z 0 0123456789ABCDEFGHIJKLM nopqrstuvwxyzNOPQRSTUVW abcdefghijklmXYZ
    a > CONNECT clean id=$id
    a < CONNACK !assigned_id
    a disconnects
end

=== TEST 11: an empty client id is replaced by one of its own
--- conforms
5.0 MQTT-3.1.3-6 MQTT-3.1.3-7 MQTT-3.2.2-16
--- mqtt
# who is given the id of another would close it
for $n in 1..40
    c$n > CONNECT clean id=""
    c$n < CONNACK assigned_id=~.
    d$n > CONNECT id=""
    d$n < CONNACK assigned_id=~.
end
for $n in 1..40
    c$n > PINGREQ
    c$n < PINGRESP
    d$n > PINGREQ
    d$n < PINGRESP
end
a > CONNECT id="" session_expiry=60
a < CONNACK assigned_id=$id
a closes
a > CONNECT id=$id session_expiry=60
a < CONNACK sp=1 !assigned_id
b > CONNECT id=$id session_expiry=60
b < CONNACK sp=1
a < DISCONNECT 0x8e
a < close

=== TEST 12: client ids that are refused
--- conforms
5.0 MQTT-3.1.3-8 MQTT-3.2.2-7
--- hub
strict_limits on;
--- mqtt
for $id in 129*x a.b "a b" "a/b" "\xc3\xa4"
    a > CONNECT clean id=$id
    a < CONNACK 0x85
    a < close
end

=== TEST 13: a body that is too short, or too long
--- conforms
5.0 MQTT-3.1.4-1
--- mqtt
a > CONNECT clean tail=00
a < CONNACK 0x81
a < close
a > CONNECT clean username=u password=p tail=0000
a < CONNACK 0x81
a < close
# every place to cut: before the version is known there is nobody to answer
for $bytes in 1000 100100 10020004 100400044d51 100600044d515454
    a > HEX $bytes
    a < close
end
for $bytes in 100700044d51545405 100800044d5154540502 100900044d515454050200 100a00044d5154540502003c 100b00044d5154540502003c00 100c00044d5154540502003c0000 100d00044d5154540502003c000001
    a > HEX $bytes
    a < CONNACK 0x81
    a < close
end
# a client id, a property, all properties that go past the end
a > HEX 10 0e 0004 4d515454 05 02 003c 00 0002 61
a < CONNACK 0x81
a < close
a > HEX 10 10 0004 4d515454 05 02 003c 03 110000 0000
a < CONNACK 0x81
a < close
a > HEX 10 0e 0004 4d515454 05 02 003c 7f 0001 61
a < CONNACK 0x81
a < close

=== TEST 14: properties that CONNECT or a will cannot have
--- conforms
5.0 MQTT-3.1.4-1
--- mqtt
# unknown ones, of PUBLISH, SUBSCRIBE, wills, CONNACK
for $props in 0200 0204 022b 027f 03800100 020101 050200000001 0403000161 0408000161 0409000161 020b01 03230001 051800000001 0412000161 03130001 041a000161 041c000161 041f000161 022401 022501 022801 022901 022a01
    a > CONNECT clean propsbytes=$props
    a < CONNACK 0x81
    a < close
end
for $props in 051100000001 03210001 03220001 0527000000ff 021701 021901 0415000161 0416000161 020b01 03230001 041f000161
    a > CONNECT clean will=w will.propsbytes=$props
    a < CONNACK 0x81
    a < close
end

=== TEST 15: properties that come twice
--- conforms
5.0 MQTT-3.1.4-1
--- mqtt
for $props in 0a11000000011100000001 06210001210001 06220001220001 0a27000000ff27000000ff 0417011701 0419011901 081500016115000161 0c150001611600016116000161
    a > CONNECT clean propsbytes=$props
    a < CONNACK 0x82
    a < close
end
for $props in 0401010101 0a02000000010200000001 080300016103000161 0a18000000011800000001
    a > CONNECT clean will=w will.propsbytes=$props
    a < CONNACK 0x82
    a < close
end
a > CONNECT clean user=k:v user=k:v user=k:w will=w will.user=k:v will.user=k:v
a < CONNACK

=== TEST 16: values that properties cannot have
--- conforms
5.0 MQTT-3.1.4-1
--- mqtt
# receive maximum 0, maximum packet size 0, no booleans, data without a method
for $props in 03210000 052700000000 021702 0217ff 021902 0416000161
    a > CONNECT clean propsbytes=$props
    a < CONNACK 0x82
    a < close
end
a > CONNECT clean will=w will.format=2
a < CONNACK 0x82
a < close
for $topic in w/+ w/# + w+x
    a > CONNECT clean will=w will.response_topic=$topic
    a < CONNACK 0x82
    a < close
end
a > CONNECT clean receive_max=1 max_packet=16 request_problem=0 request_response=1
a < CONNACK

=== TEST 17: topics that a will cannot have
--- conforms
5.0 MQTT-3.1.3-11 MQTT-3.2.2-7
--- mqtt
for $topic in "" + "#" w/+ w/# w+x
    a > CONNECT clean will=$topic will.payload="x"
    a < CONNACK 0x90
    a < close
end

=== TEST 18: a refusal changes nothing
--- conforms
5.0 MQTT-3.1.4-2 MQTT-3.2.2-6 MQTT-3.2.2-7
--- workers: 1 2
--- mqtt
watch connects
watch subscribes w
off,on connects session_expiry=60 will=w will.payload="old"
off,on subscribes t qos=1
off disconnects
for $flags in 0x04 0x06
    for $id in off on new
        b > CONNECT id=$id connect_flags=$flags session_expiry=60 will=w will.payload="b" auth_method=X
        b < CONNACK 0x8c sp=0
        b < close
    end
end
watch publishes t qos=1 payload="still"
on < PUBLISH t qos=1 payload="still"
on . nothing
off connects session_expiry=60 sp=1
off < PUBLISH t qos=1 payload="still"
b > CONNECT id=new session_expiry=60
b < CONNACK sp=0
watch . nothing

=== TEST 19: who could not take a CONNACK is refused before anything is done
--- conforms
5.0 MQTT-3.1.2-24 MQTT-3.1.4-2
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60
a subscribes t
# one of success has 16 bytes, a refusal 5
for $max in 1 4
    b > CONNECT id=a max_packet=$max will=w will.payload="x"
    b < close
end
for $max in 5 15
    b > CONNECT id=a clean max_packet=$max will=w will.payload="x"
    b < HEX 20 03 00 95 00
    b < close
end
a publishes t payload="still"
a < PUBLISH t payload="still"
a . nothing
watch . nothing
b > CONNECT id=a session_expiry=60 max_packet=16
b < CONNACK sp=1
a < DISCONNECT 0x8e

=== TEST 20: nobody is admitted who has no right to be
--- conforms
5.0 MQTT-3.1.4-2 MQTT-3.2.2-7
--- hub
anonymous off;
access_key nobodyhasit;
--- mqtt
a > CONNECT clean username=u password=p
a < CONNACK 0x87
a < close

=== TEST 21: a will that may not be published
--- conforms
5.0 MQTT-3.1.4-2 MQTT-3.2.2-7
--- hub
default_roles webpubsub.joinLeaveGroup;
--- mqtt
watch connects
watch subscribes w
a > CONNECT clean will=w will.payload="x"
a < CONNACK 0x87
a < close
watch . nothing

=== TEST 22: a client id that is connected already
--- conforms
5.0 MQTT-3.1.4-3 MQTT-3.1.4-4 MQTT-3.1.3-2 MQTT-3.2.2-3
--- workers: 1 2
--- mqtt
a connects session_expiry=60
a subscribes t qos=1
b > CONNECT id=a session_expiry=60
b < CONNACK sp=1
a < DISCONNECT 0x8e
a < close
b publishes t qos=1 payload="x"
b < PUBLISH t qos=1 id=$id payload="x"
b > PUBACK $id
c > CONNECT id=a clean session_expiry=60
c < CONNACK sp=0
b < DISCONNECT 0x8e
b < close
c publishes t qos=1
c . nothing
# of 3.1.1
d > CONNECT v4 id=a
d < CONNACK sp=1
c < DISCONNECT 0x8e
c < close
e > CONNECT id=a session_expiry=60
e < CONNACK sp=1
d < close

=== TEST 23: a clean start, and none
--- conforms
5.0 MQTT-3.1.2-4 MQTT-3.1.2-5 MQTT-3.1.2-6 MQTT-3.1.3-2 MQTT-3.1.4-4 MQTT-3.2.2-2 MQTT-3.2.2-3
--- workers: 1 2
--- mqtt
pub connects
a > CONNECT session_expiry=60
a < CONNACK sp=0
a subscribes t qos=1
b > CONNECT session_expiry=60
b < CONNACK sp=0
a,b closes
pub publishes t qos=1 payload="1"
# a session without anything in it is there, too
b > CONNECT session_expiry=60
b < CONNACK sp=1
b . nothing
a > CONNECT session_expiry=60
a < CONNACK sp=1
a < PUBLISH t qos=1 id=$id payload="1"
a > PUBACK $id
a disconnects
pub publishes t qos=1 payload="2"
a > CONNECT clean session_expiry=60
a < CONNACK sp=0
pub publishes t qos=1 payload="3"
a . nothing
a closes
a > CONNECT session_expiry=60
a < CONNACK sp=1
a . nothing

=== TEST 24: the last word on how long a session lasts
--- conforms
5.0 MQTT-3.1.2-23 MQTT-3.2.2-3
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60
a closes
# that of the connection that is resumed with counts, then that of DISCONNECT
a > CONNECT session_expiry=0 will=w will.payload="gone" will.delay=60
a < CONNACK sp=1
a closes
watch < PUBLISH w payload="gone"
a > CONNECT session_expiry=60
a < CONNACK sp=0
a disconnects session_expiry=0
a > CONNECT session_expiry=60 will=w will.payload="gone"
a < CONNACK sp=0
a disconnects session_expiry=0
a > CONNECT session_expiry=60
a < CONNACK sp=0
watch . nothing

=== TEST 25: Response Information that nobody asked for
--- conforms
5.0 MQTT-3.1.2-28
--- mqtt
a > CONNECT clean
a < CONNACK !response_info
b > CONNECT clean request_response=0
b < CONNACK !response_info

=== TEST 26: explanations that nobody wants
--- conforms
5.0 MQTT-3.1.2-29
--- hub
max_retained 1;
--- mqtt
a > CONNECT clean request_problem=0
a < CONNACK
a > PUBLISH r qos=1 id=1 retain payload="x"
a < PUBACK 1
a > PUBLISH s qos=1 id=2 retain payload="x"
a < HEX 40 03 0002 97
a > PUBLISH s qos=2 id=3 retain payload="x"
a < HEX 50 03 0003 97
a > PUBREL 4
a < HEX 70 03 0004 92
a > PUBREC 5
a < HEX 62 03 0005 92
a > SUBSCRIBE 6 a# t
a < HEX 90 05 0006 00 8f00
a > UNSUBSCRIBE 7 a# u
a < HEX b0 05 0007 00 8f11
# a message keeps what its publisher said
a > PUBLISH t user=k:v
a < PUBLISH t user=k:v

=== TEST 27: an authentication that has not come to its end
--- conforms
5.0 MQTT-3.1.2-30 MQTT-3.1.4-6 MQTT-3.14.0-1
--- mqtt
watch connects
watch subscribes "#"
# the method is refused at once, and with it what comes behind
a holds
a > CONNECT clean auth_method=X auth_data=d
a > SUBSCRIBE 1 t
a > PUBLISH t retain payload="x"
a > PINGREQ
a sends
a < CONNACK 0x8c sp=0
a < close
watch . nothing
late connects
late subscribes t
late . nothing

=== TEST 28: nothing behind a refused CONNECT is done
--- conforms
5.0 MQTT-3.1.4-6 MQTT-3.14.0-1
--- mqtt
watch connects
watch subscribes "#"
a holds
a > CONNECT connect_flags=0x03
a > PUBLISH t qos=1 id=1 retain payload="x"
a > CONNECT clean
a sends
a < CONNACK 0x81
a < close
watch . nothing
late connects
late subscribes t
late . nothing
