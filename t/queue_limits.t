# max_queued and queue_overflow.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: drop_new, the default: what is there stays
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 3;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..6
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 1..3
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing
pub publishes t qos=1 payload="again"
sub < PUBLISH t qos=1 payload="again"

=== TEST 2: drop_old
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 3;
queue_overflow drop_old;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..6
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 4..6
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing

=== TEST 3: terminate, a connected client
--- workers: 1 2
--- hub
max_queued 3;
queue_overflow terminate;
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
pub publishes t qos=1 payload="1"
sub < PUBLISH t qos=1 payload="1"
for $n in 2..4
    pub publishes t qos=1 payload="$n"
end
sub < DISCONNECT 0x97
sub < close

=== TEST 4: terminate, a session without a connection
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 3;
queue_overflow terminate;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..4
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=0
sub . nothing

=== TEST 5: bytes
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 0 100k;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..5
    pub publishes t qos=1 payload=40000*x
end
sub connects resume sp=1
for 1..2
    sub < PUBLISH t qos=1 id=$id payload=40000*x
    sub > PUBACK $id
end
sub . nothing

=== TEST 6: an empty queue takes any one message
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 0 10k;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
pub publishes t qos=1 payload=50000*x
pub publishes t qos=1 payload="small"
sub connects resume sp=1
sub < PUBLISH t qos=1 id=$id payload=50000*x
sub > PUBACK $id
sub . nothing
pub publishes t qos=1 payload="again"
sub < PUBLISH t qos=1 payload="again"

=== TEST 7: a count of 0 is no limit
--- workers: 1 2
--- zone: 16m
--- hub
max_queued 0 4m;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..1100
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 1..1100
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing

=== TEST 8: the default is a thousand
--- workers: 1 2
--- zone: 64m
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..1003
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 1..1000
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing

=== TEST 9: what was sent and is not acknowledged counts
--- workers: 1 2
--- hub
max_queued 3;
--- mqtt
sub connects
sub subscribes t qos=1
pub connects
for $n in 1..5
    pub publishes t qos=1 payload="$n"
end
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=1 payload="2"
sub < PUBLISH t qos=1 payload="3"
sub . nothing
sub > PUBACK $one
pub . nothing
pub publishes t qos=1 payload="6"
sub < PUBLISH t qos=1 payload="6"

=== TEST 10: another's full queue is no harm
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 3;
--- mqtt
full connects resume
full subscribes t qos=1
full disconnects
sub,pub connects
sub subscribes t qos=1
for $n in 1..10
    pub publishes t qos=1 payload="$n"
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
end

=== TEST 11: a reader that is slow loses messages of QoS 0, and nobody waits for it
--- versions: 4 5
--- workers: 1 2
--- zone: 32m
--- hub
max_queued 1000 1m;
--- mqtt
slow opens rcvbuf=4096
slow connects
sub,pub connects
slow,sub subscribes t
for $n in 1..200
    pub publishes t payload=50000*x
    sub < PUBLISH t payload=50000*x
end
pub . nothing

=== TEST 12: a queue of one, and a window of one
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 1;
receive_maximum 1;
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
for $n in 1..3
    pub publishes t qos=2 payload="$n"
    sub < PUBLISH t qos=2 id=$id payload="$n"
    pub publishes t qos=2 payload="dropped"
    sub > PUBREC $id
    sub < PUBREL $id
    pub publishes t qos=1 payload="dropped"
    sub > PUBCOMP $id
    sub . nothing
end

=== TEST 13: what found no room is counted, QoS 0 for who is away is not
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 3;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
pub publishes t payload="x"
for $n in 1..5
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 1..3
    sub < PUBLISH t qos=1 payload="$n"
end
reload
--- error_log
/\[notice\] .*mqtt zone "test": lock held at most \d+ us, event loop at most \d+ us, dropped: 0 too large, 0 expired, 2 queue full/

=== TEST 14: and so is what made room
--- versions: 4 5
--- workers: 1 2
--- hub
max_queued 3;
queue_overflow drop_old;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1..5
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 3..5
    sub < PUBLISH t qos=1 payload="$n"
end
reload
--- error_log
/\[notice\] .*mqtt zone "test": lock held at most \d+ us, event loop at most \d+ us, dropped: 0 too large, 0 expired, 2 queue full/
