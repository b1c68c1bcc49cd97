# Shared subscriptions of MQTT 5.0: chapter 4.8.2.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: names and filters that cannot be
--- conforms
5.0 MQTT-4.8.2-1 MQTT-4.8.2-2
--- mqtt
a connects
for $filter in "\$share/" "\$share//" "\$share//t" "\$share/g" "\$share/g/" "\$share/+/t" "\$share/g#/t" "\$share/#" "\$share/g/t#"
    a > SUBSCRIBE 1 $filter
    a < SUBACK 1 codes=0x8f
end
# no shared subscriptions
a subscribes "\$share" "\$shared/g/t" "/\$share/g/t"
a publishes t
a . nothing
a publishes "/\$share/g/t"
a < PUBLISH "/\$share/g/t"

=== TEST 2: each member gets its own QoS
--- workers: 1 2
--- conforms
5.0 MQTT-4.8.2-3
--- mqtt
a,b,c,pub connects
a subscribes $share/g/t qos=0
b subscribes $share/g/t qos=1
c subscribes $share/g/t qos=2
for $n in 1..30
    pub publishes t qos=2 payload="x"
end
a < PUBLISH t qos=0 payload="x"
b < PUBLISH t qos=1 payload="x"
c < PUBLISH t qos=2 payload="x"

=== TEST 3: what a member refuses is gone
--- workers: 1 2
--- conforms
5.0 MQTT-4.8.2-6
--- mqtt
a,b connects resume
pub connects
a,b subscribes $share/g/t qos=2
for $n in 1..4
    pub publishes t qos=1 payload="$n"
    one of a b as $who < PUBLISH t qos=1 id=$id payload="$n"
    $who > PUBACK $id 0x80
    pub publishes t qos=2 payload="$n"
    one of a b as $who < PUBLISH t qos=2 id=$id payload="$n"
    $who > PUBREC $id 0x97
    a . nothing
    b . nothing
end
a,b closes
a,b connects resume sp=1
a . nothing
b . nothing
