# 5.0, section 2.2.1: packet identifiers of the server.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: an id that is not acknowledged is not given out again, nor is 0
--- conforms
5.0 MQTT-2.2.1-4
--- transports: tcp
--- zone: 32m
--- hub
max_queued 0 8m;
--- mqtt
pub,sub connects
sub subscribes held qos=1
pub publishes held qos=1
sub < PUBLISH held qos=1 id=1
# as the only member of a share, once for each: 64 ids for a message
for $n in 1..64
    sub > SUBSCRIBE $n $share/$n/t qos=1
    sub < SUBACK $n codes=1
end
sub acks
for 1..1030
    pub publishes t qos=1
    for 1..64
        sub < PUBLISH t qos=1 id=2..65535
    end
end

=== TEST 2: nor while many are in use
--- conforms
5.0 MQTT-2.2.1-4
--- mqtt
pub connects
sub > CONNECT clean receive_max=20
sub < CONNACK
sub subscribes t qos=2
for $n in 1..20
    pub publishes t qos=1 payload="$n"
    sub < PUBLISH t qos=1 id=1..20 payload="$n"
end
# each of the twenty is in use, and its acknowledgement makes room for one
for $n in 1..20
    pub publishes t qos=1 payload="next $n"
end
sub . nothing
for $n in 1..20
    sub > PUBACK $n
    sub < PUBLISH t qos=1 id=21..40 payload="next $n"
    sub . nothing
end
