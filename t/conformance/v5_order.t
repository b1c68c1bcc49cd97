# Order of messages of MQTT 5.0: chapter 4.6.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: order outlasts a full window, an offline queue and a new connection
--- workers: 1 2
--- conforms
5.0 MQTT-4.6.0-1 MQTT-4.6.0-5 MQTT-4.6.0-6
--- mqtt
sub > CONNECT session_expiry=60 receive_max=5
sub < CONNACK
sub subscribes "t/#" qos=1
pub connects
for $n in 1..20
    pub publishes t/a qos=1 payload="$n"
    pub publishes t/b qos=1 payload="$n"
end
for $n in 1..5
    sub < PUBLISH t/a qos=1 id=$a payload="$n"
    sub < PUBLISH t/b qos=1 id=$b payload="$n"
    sub > PUBACK $a
    sub > PUBACK $b
end
for $n in 6..7
    sub < PUBLISH t/a qos=1 payload="$n"
    sub < PUBLISH t/b qos=1 payload="$n"
end
sub < PUBLISH t/a qos=1 payload="8"
sub . nothing
sub closes
for $n in 21..25
    pub publishes t/a qos=1 payload="$n"
    pub publishes t/b qos=1 payload="$n"
end
sub acks
sub > CONNECT session_expiry=60 receive_max=7
sub < CONNACK sp=1
for $n in 6..7
    sub < PUBLISH t/a qos=1 dup payload="$n"
    sub < PUBLISH t/b qos=1 dup payload="$n"
end
sub < PUBLISH t/a qos=1 dup payload="8"
sub < PUBLISH t/b qos=1 payload="8"
for $n in 9..25
    sub < PUBLISH t/a qos=1 payload="$n"
    sub < PUBLISH t/b qos=1 payload="$n"
end
sub . nothing

=== TEST 2: each QoS in its order, from a burst
--- workers: 1 2
--- conforms
5.0 MQTT-4.6.0-5 MQTT-4.6.0-6
--- mqtt
for $qos in 0 1 2
    sub$qos connects
    sub$qos acks
    sub$qos subscribes t/$qos qos=$qos
end
pub connects
pub holds
for $n in 1..80
    pub > PUBLISH t/0 payload="$n"
    pub > PUBLISH t/1 qos=1 id=$n payload="$n"
    pub > PUBLISH t/2 qos=2 id=$n payload="$n"
end
pub sends
for $qos in 0 1 2
    for $n in 1..80
        sub$qos < PUBLISH t/$qos qos=$qos payload="$n"
    end
    sub$qos . nothing
end

=== TEST 3: acknowledgements in the order of the packets they answer
--- workers: 1 2
--- conforms
5.0 MQTT-4.6.0-2 MQTT-4.6.0-3 MQTT-4.6.0-4
--- mqtt
sub,pub connects
sub subscribes t qos=2
pub holds
for $n in 31..60
    pub > PUBLISH t qos=1 id=$n payload="$n"
end
for $n in 1..30
    pub > PUBLISH t qos=2 id=$n payload="$n"
end
pub sends
for $n in 31..60
    pub < PUBACK $n
end
for $n in 1..30
    pub < PUBREC $n
end
for $n in 31..60
    sub < PUBLISH t qos=1 payload="$n"
end
sub < PUBLISH t qos=2 id=$one payload="1"
sub < PUBLISH t qos=2 id=$two payload="2"
sub < PUBLISH t qos=2 id=$three payload="3"
sub holds
sub > PUBREC $three
sub > PUBREC $one
sub > PUBREC $two
sub sends
for $n in 4..30
    sub < PUBLISH t qos=2 payload="$n"
end
sub < PUBREL $three
sub < PUBREL $one
sub < PUBREL $two
sub . nothing
