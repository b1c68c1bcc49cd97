# Packets of MQTT 3.1.1 behind CONNECT.  See also subscribe.t, unsubscribe.t
# and publish_*.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: QoS 0 has neither packet id nor DUP
--- versions: 4
--- conforms
3.1.1 MQTT-2.3.1-5 MQTT-3.3.1-2 MQTT-4.3.1-1
--- mqtt
a connects
a subscribes t
a > HEX 30 06 0001 74 0001 78
a < HEX 30 06 0001 74 0001 78
a publishes t retain payload="kept"
a < HEX 30 07 0001 74 6b657074
a subscribes t
a < HEX 31 07 0001 74 6b657074

=== TEST 2: acknowledgements of several SUBSCRIBEs and UNSUBSCRIBEs at a time
--- versions: 4
--- conforms
3.1.1 MQTT-2.3.1-7 MQTT-3.8.4-2 MQTT-3.10.4-4
--- mqtt
a connects
a holds
for $id in 1 0x00ff 0xff00 65535
    a > SUBSCRIBE $id t/$id
    a > UNSUBSCRIBE $id t/$id
end
a sends
for $id in 1 0x00ff 0xff00 65535
    a < SUBACK $id codes=0
    a < UNSUBACK $id
end

=== TEST 3: UNSUBSCRIBE with a filter that is cut off, and with an empty one
--- versions: 4
--- conforms
3.1.1 MQTT-3.10.3-1
--- mqtt
for $bytes in 0001 000261 00016100 0001610002 ffff61
    a connects
    a > UNSUBSCRIBE 1 nofilter tail=$bytes
    a < close
end

=== TEST 4: PINGREQ, one by one and ten at a time
--- versions: 4
--- conforms
3.1.1 MQTT-3.12.4-1
--- mqtt
a connects
a > HEX c000
a < HEX d000
a holds
for 1..10
    a > PINGREQ
end
a sends
for 1..10
    a < PINGRESP
end

=== TEST 5: PINGREQ behind a large delivery
--- versions: 4
--- workers: 1 2
--- zone: 16m
--- conforms
3.1.1 MQTT-3.12.4-1
--- mqtt
pub connects
sub opens rcvbuf=4096
sub connects
sub subscribes t qos=1
pub publishes t qos=1 payload=1000000*x
sub > PINGREQ
any order
    sub < PUBLISH t qos=1 payload=1000000*x
    sub < PINGRESP
end

=== TEST 6: a filter of no characters in UNSUBSCRIBE
--- versions: 4
--- conforms
3.1.1 MQTT-4.7.3-1
--- mqtt
a connects
a > UNSUBSCRIBE 1 ""
a < close
