# As errors.t: PUBLISH and its acknowledgements, SUBSCRIBE and UNSUBSCRIBE.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: PUBLISH to a topic with wildcards, and to none
--- versions: 4 5
--- conforms
3.1.1 error-publish-wildcard error-publish-empty-topic
5.0 error-publish-wildcard error-publish-empty-topic MQTT-3.3.2-2 MQTT-4.7.0-1
5.0 MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes "#"
for $topic in a/+ + "#" a/# a+b "a#"
    a connects
    a > PUBLISH $topic payload="x"
    a < end 0x90
    a connects
    a > PUBLISH $topic qos=1 id=1 retain payload="x"
    a < end 0x90
end
a connects
a > PUBLISH "" payload="x"
a < end 0x82
a connects
a > PUBLISH "" qos=1 id=1 retain payload="x"
a < end 0x82
watch . nothing
late connects
late subscribes "#"
late . nothing

=== TEST 2: PUBLISH above the maximum QoS
--- versions: 4 5
--- hub
max_qos 1;
--- conforms
3.1.1 error-publish-qos
5.0 error-publish-qos MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes "#" qos=1
a connects
[4] a publishes t qos=2 payload="x"
[4] watch < PUBLISH t qos=1 payload="x"
[5] a > PUBLISH t qos=2 id=1 payload="x"
[5] a < end 0x9b
watch . nothing

=== TEST 3: PUBLISH with RETAIN where nothing is retained
--- versions: 4 5
--- hub
retain off;
--- conforms
3.1.1 error-publish-retain
5.0 error-publish-retain MQTT-4.13.1-1
--- mqtt
watch connects
watch subscribes "#"
a connects
a > PUBLISH t retain payload="x"
a < end 0x9a
a connects
a > PUBLISH t qos=1 id=1 retain
a < end 0x9a
watch . nothing

=== TEST 4: PUBLISH that is not allowed
--- versions: 4 5
--- hub
default_roles webpubsub.joinLeaveGroup;
--- conforms
3.1.1 error-publish-not-authorized error-publish-not-authorized-qos-0
5.0 error-publish-not-authorized error-publish-not-authorized-qos-0
--- mqtt
watch connects
watch subscribes "#"
a connects
a > PUBLISH t qos=1 id=1 payload="x"
[4] a < PUBACK 1
[5] a < PUBACK 1 0x87
a > PUBLISH t qos=2 id=2 payload="x"
[4] a < PUBREC 2
[5] a < PUBREC 2 0x87
a > PUBREL 2
[4] a < PUBCOMP 2
[5] a < PUBCOMP 2 0x92
a > PUBLISH t payload="x"
a < end 0x87
watch . nothing

=== TEST 5: no room for a message
--- versions: 4 5
--- hub
max_retained 1;
--- conforms
3.1.1 error-no-room
5.0 error-no-room
--- mqtt
watch connects
watch subscribes "#"
a connects
a publishes t qos=1 retain payload="1"
watch < PUBLISH t payload="1"
for $qos in 1 2
    [4] a > PUBLISH u qos=$qos id=7 retain payload="2"
    [4] a < close
    [4] a connects
    [5] a > PUBLISH u qos=$qos id=7 retain payload="2"
end
[5] a < PUBACK 7 0x97
[5] a < PUBREC 7 0x97
watch . nothing

=== TEST 6: packet id 0
--- versions: 4 5
--- conforms
3.1.1 error-packet-id-0
5.0 error-packet-id-0
--- mqtt
watch connects
watch subscribes "#"
for $qos in 1 2
    a connects
    a > PUBLISH t qos=$qos id=0 payload="x"
    a < end 0x82
end
for $packet in PUBACK PUBREC PUBREL PUBCOMP
    a connects
    a > $packet 0
    a < end 0x82
end
for $packet in SUBSCRIBE UNSUBSCRIBE
    a connects
    a > $packet 0 t
    a < end 0x82
end
watch . nothing

=== TEST 7: no filter in SUBSCRIBE and UNSUBSCRIBE
--- versions: 4 5
--- conforms
3.1.1 error-no-filter
5.0 error-no-filter
--- mqtt
for $packet in SUBSCRIBE UNSUBSCRIBE
    a connects
    a > $packet 1 nofilter
    a < end 0x82
end

=== TEST 8: options of a filter that cannot be
--- versions: 4 5
--- conforms
3.1.1 error-option-reserved error-option-qos-3
5.0 error-option-reserved error-option-qos-3
--- mqtt
a connects resume
a disconnects
for $options in 0x40 0x80 0xc0 0xc2
    a connects resume sp=1
    a > SUBSCRIBE 1 t u options=$options
    a < end 0x81
end
[4] for $options in 0x04 0x08 0x10 0x20 0x2e
    [4] a connects resume sp=1
    [4] a > SUBSCRIBE 1 t u options=$options
    [4] a < close
end
a connects resume sp=1
a > SUBSCRIBE 1 t u options=0x03
a < end 0x82
# the filter in front has not been taken either
a connects resume sp=1
a publishes t
a . nothing

=== TEST 9: Retain Handling 3, No Local for a shared subscription
--- conforms
5.0 error-option-retain-handling error-option-no-local-shared
--- mqtt
for $options in 0x30 0x31 0x3e
    a connects
    a > SUBSCRIBE 1 t u options=$options
    a < end 0x82
end
for $filter in "\$share/g/t" "\$share/g/#"
    a connects
    a > SUBSCRIBE 1 t $filter nl
    a < end 0x82
end

=== TEST 10: properties that cannot be there
--- conforms
5.0 error-property-unknown error-property-place error-property-length
--- mqtt
watch connects
watch subscribes "#"
# there are none of these numbers
for $props in 020000 020401 021401 022001 022c01 027f00 02ff01
    a connects
    a > PUBLISH t propsbytes=$props
    a < end 0x81
end
# session expiry, assigned id, authentication, receive maximum, will delay ...
for $props in 051100000001 0412000161 0415000161 0416000161 021701 051800000001 041f000161 03210001 03220001 022401 05270000ffff 022801
    a connects
    a > PUBLISH t propsbytes=$props
    a < end 0x81
end
# message expiry, correlation data, subscription identifier, alias ...
for $props in 0101 050200000001 03230001 020b01 03210001 041c000161
    a connects
    a > PUBACK 1 propsbytes=$props
    a < end 0x81
end
for $props in 020101 050200000001 03230001 041f000161 03210001
    a connects
    a > SUBSCRIBE 1 t propsbytes=$props
    a < end 0x81
    a connects
    a > UNSUBSCRIBE 1 t propsbytes=$props
    a < end 0x81
end
for $props in 020b01 051100000001 03230001 041f000161 03210001
    a > CONNECT clean will=w will.payload="x" will.propsbytes=$props
    a < maybe CONNACK 0x81
    a < close
end
# these end behind the last property
for $props in 01 0201 0301 0402000000 0403000261 0408000861 8000 ffffff7f 07260001610002
    a connects
    a > PUBLISH t propsbytes=$props
    a < end 0x81
end
watch . nothing

=== TEST 11: properties twice
--- conforms
5.0 error-property-twice error-subscription-id-twice
--- mqtt
watch connects
watch subscribes "#"
for $props in 0401010101 0a02000000010200000001 08030001610300016 080800016108000161 080900016109000161 06230001230001
    a connects
    a > PUBLISH t propsbytes=$props payload="x"
    a < end 0x82
end
a connects
a > SUBSCRIBE 1 t subid=1 subid=2
a < end 0x82
a connects
a > PUBACK 1 0x00 reason_string=a reason_string=a
a < end 0x82
a connects
a > DISCONNECT 0x00 session_expiry=0 session_expiry=0
a < end 0x82
watch . nothing

=== TEST 12: values that properties cannot have
--- conforms
5.0 error-property-bool error-subscription-id-0
--- mqtt
watch connects
watch subscribes "#"
for $value in 2 255
    a connects
    a > PUBLISH t format=$value payload="x"
    a < end 0x82
    a > CONNECT clean request_problem=$value
    a < CONNACK 0x82
    a < close
    a > CONNECT clean request_response=$value
    a < CONNACK 0x82
    a < close
end
a connects
a > SUBSCRIBE 1 t subid=0
a < end 0x82
watch . nothing

=== TEST 13: CONNECT with a maximum of 0, or with data of no authentication
--- conforms
5.0 error-receive-maximum-0 error-maximum-packet-size-0 error-auth-data
5.0 MQTT-4.13.2-1
--- mqtt
a > CONNECT clean receive_max=0
a < CONNACK 0x82
a < close
a > CONNECT clean max_packet=0
a < CONNACK 0x82
a < close
a > CONNECT clean auth_data="x"
a < CONNACK 0x82
a < close

=== TEST 14: reason codes that DISCONNECT cannot have
--- conforms
5.0 error-reason-code
--- mqtt
watch connects
watch subscribes w
for $code in 0x01 0x02 0x10 0x11 0x18 0x19 0x84 0x87 0x8b 0x8d 0x8e 0x92 0x9c 0x9d 0xa2 0xff
    a connects will=w will.payload="$code"
    a > DISCONNECT $code
    a < end 0x82
    watch < PUBLISH w payload="$code"
end
