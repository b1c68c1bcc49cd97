# Message Expiry Interval.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: passed on at once, it is what it was
--- workers: 1 2
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t payload="x" expiry=10
sub < PUBLISH t payload="x" expiry=10
pub publishes t payload="x" expiry=0xffffffff
sub < PUBLISH t payload="x" expiry=4294967295
pub publishes t payload="y"
sub < PUBLISH t payload="y"

=== TEST 2: a queued message expires
--- workers: 1 2
--- conforms
5.0 MQTT-3.3.2-5 MQTT-3.3.2-6
--- mqtt
sub connects resume
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload="short" expiry=1
pub publishes t qos=1 payload="long" expiry=100
pub publishes t qos=1 payload="for ever"
wait 2.2
sub connects resume sp=1
sub < PUBLISH t qos=1 payload="long" expiry=96..98
sub < PUBLISH t qos=1 payload="for ever"
sub . nothing

=== TEST 3: for a subscriber of 3.1.1 as well
--- mqtt
sub > CONNECT v4
sub < CONNACK
sub subscribes t qos=1
sub closes
pub connects
pub publishes t qos=1 payload="short" expiry=1
pub publishes t qos=1 payload="long" expiry=100
wait 2.2
sub > CONNECT v4
sub < CONNACK sp=1
sub < PUBLISH t qos=1 payload="long"
sub . nothing

=== TEST 4: not once it was sent
--- conforms
5.0 MQTT-4.3.3-7
--- mqtt
sub connects resume
sub subscribes t qos=2
pub connects
pub publishes t qos=2 payload="x" expiry=1
sub < PUBLISH t qos=2 id=$id payload="x" expiry=0..1
sub closes
wait 2.2
sub connects resume sp=1
sub < PUBLISH t qos=2 dup id=$id payload="x" expiry=*
sub > PUBREC $id
sub < PUBREL $id
sub > PUBCOMP $id

=== TEST 5: acknowledging goes on
--- conforms
5.0 MQTT-4.3.3-13
--- mqtt
pub connects
pub > PUBLISH t qos=2 id=7 payload="x" expiry=1
pub < PUBREC 7
wait 2.2
pub > PUBREL 7
pub < PUBCOMP 7

=== TEST 6: it counts while a slow receiver has its window full
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2" expiry=1
pub publishes t qos=1 payload="3"
sub < PUBLISH t qos=1 id=$one payload="1"
wait 2.2
sub > PUBACK $one
sub < PUBLISH t qos=1 id=$three payload="3"
sub > PUBACK $three
sub . nothing

=== TEST 7: 0 is legal
--- mqtt
sub,pub connects
sub subscribes t
pub publishes t payload="x" expiry=0
pub publishes t payload="y"
sub < maybe PUBLISH t payload="x" expiry=0
sub < PUBLISH t payload="y"

=== TEST 8: a will's expiry counts from its publication
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=60 will=w will.payload="x" will.expiry=100 will.delay=1
a closes
watch < PUBLISH w payload="x" expiry=99..100

=== TEST 9: what has expired makes room in a full queue, whatever the overflow rule
--- transports: tcp
--- workers: 2
--- hub
max_queued 3;
queue_overflow terminate;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
for $n in 1 2
    pub publishes t qos=1 payload="$n" expiry=1
end
pub publishes t qos=1 payload="3"
wait 1.1
for $n in 4 5
    pub publishes t qos=1 payload="$n"
end
sub connects resume sp=1
for $n in 3..5
    sub < PUBLISH t qos=1 payload="$n"
end
sub . nothing

=== TEST 10: with drop_new, and behind a window that is full
--- transports: tcp
--- workers: 2
--- hub
max_queued 3;
--- mqtt
sub > CONNECT v5 clean receive_max=1
sub < CONNACK
sub subscribes t qos=1
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2" expiry=1
pub publishes t qos=1 payload="3" expiry=60
pub publishes t qos=1 payload="dropped"
sub < PUBLISH t qos=1 id=$one payload="1"
wait 1.1
pub publishes t qos=1 payload="4"
pub publishes t qos=1 payload="dropped"
sub > PUBACK $one
sub < PUBLISH t qos=1 id=$two payload="3" expiry=57..59
sub > PUBACK $two
sub < PUBLISH t qos=1 payload="4"
sub . nothing

=== TEST 11: with drop_old what has not expired stays
--- transports: tcp
--- workers: 2
--- hub
max_queued 3;
queue_overflow drop_old;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2" expiry=1
pub publishes t qos=1 payload="3"
wait 1.1
pub publishes t qos=1 payload="4"
sub connects resume sp=1
for $n in 1 3 4
    sub < PUBLISH t qos=1 payload="$n"
end
sub . nothing

=== TEST 12: bytes of what has expired
--- transports: tcp
--- workers: 2
--- hub
max_queued 0 100k;
--- mqtt
sub connects resume
sub subscribes t qos=1
sub disconnects
pub connects
pub publishes t qos=1 payload=40000*a expiry=1
pub publishes t qos=1 payload=40000*b
wait 1.1
pub publishes t qos=1 payload=50000*c
pub publishes t qos=1 payload=50000*d
sub connects resume sp=1
sub < PUBLISH t qos=1 id=$one payload=40000*b
sub > PUBACK $one
sub < PUBLISH t qos=1 id=$two payload=50000*c
sub > PUBACK $two
sub . nothing

=== TEST 13: what waits for room in the window tells the time that is left
--- transports: tcp
--- workers: 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK
sub subscribes t qos=2
pub connects
pub publishes t qos=1 payload="1" expiry=100
pub publishes t qos=2 payload="2" expiry=100
sub < PUBLISH t qos=1 id=$one payload="1" expiry=100
wait 2.1
sub > PUBACK $one
sub < PUBLISH t qos=2 id=$two payload="2" expiry=97..98
# and so does what comes again
sub closes
wait 1.1
sub > CONNECT v5 session_expiry=60 receive_max=1
sub < CONNACK sp=1
sub < PUBLISH t qos=2 dup id=$two payload="2" expiry=95..97

=== TEST 14: QoS 1 that was sent does not expire either, in both versions
--- transports: tcp
--- versions: 4 5
--- mqtt
sub connects resume
sub subscribes t qos=1
pub connects v5
pub publishes t qos=1 payload="sent" expiry=1
[4] sub < PUBLISH t qos=1 id=$id payload="sent"
[5] sub < PUBLISH t qos=1 id=$id payload="sent" expiry=0..1
sub closes
pub publishes t qos=1 payload="waits" expiry=1
wait 1.2
sub connects resume sp=1
[4] sub < PUBLISH t qos=1 dup id=$id payload="sent"
[5] sub < PUBLISH t qos=1 dup id=$id payload="sent" expiry=*
sub . nothing

=== TEST 15: an expired message takes neither a place in the window nor an id
--- transports: tcp
--- workers: 2
--- mqtt
sub > CONNECT v5 session_expiry=60 receive_max=2
sub < CONNACK
sub subscribes t qos=2
sub closes
pub connects
for $n in 1..300
    pub publishes t qos=1 payload="$n" expiry=1
end
for $n in 301..303
    pub publishes t qos=2 payload="$n"
end
wait 1.2
sub > CONNECT v5 session_expiry=60 receive_max=2
sub < CONNACK sp=1
sub < PUBLISH t qos=2 id=1 payload="301"
sub < PUBLISH t qos=2 id=2 payload="302"
sub . nothing
sub > PUBREC 1
sub < PUBREL 1
sub > PUBCOMP 1
sub < PUBLISH t qos=2 id=3 payload="303"

=== TEST 16: retained: replaced, it expires no more; for 3.1.1 too, and to all filters
--- transports: tcp
--- mqtt
new connects v5
old connects v4
new publishes a/1 qos=1 retain payload="x" expiry=1
new publishes a/2 qos=1 retain payload="x" expiry=1
new publishes a/2 qos=1 retain payload="y"
new publishes a/3 qos=1 retain payload="x"
new publishes a/3 qos=1 retain payload="y" expiry=1
wait 1.2
for $who in old new
    for $filter in "a/+" "#" "+/#" a/2
        $who subscribes $filter
        $who < PUBLISH a/2 retain payload="y"
    end
    $who subscribes a/1 a/3
    $who . nothing
end

=== TEST 17: a will that waited in a queue
--- transports: tcp
--- mqtt
sub connects resume
sub subscribes w qos=1
sub closes
a connects will=w will.payload="short" will.qos=1 will.expiry=1
a closes
b connects will=w will.payload="long" will.qos=1 will.expiry=100
b closes
wait 1.2
sub connects resume sp=1
sub < PUBLISH w qos=1 payload="long" expiry=98..99
sub . nothing

=== TEST 18: what has expired is counted, whether it made room or was to be delivered
--- versions: 4 5
--- hub
max_queued 3;
--- mqtt
full,late connects resume
full subscribes f qos=1
late subscribes l qos=1
full,late disconnects
pub connects v5
for $n in 1 2
    pub publishes f qos=1 payload="$n" expiry=1
end
pub publishes f qos=1 payload="3"
pub publishes l qos=1 payload="short" expiry=1
pub publishes l qos=1 payload="long"
wait 1.2
pub publishes f qos=1 payload="4"
late connects resume sp=1
late < PUBLISH l qos=1 payload="long"
full connects resume sp=1
for $n in 3 4
    full < PUBLISH f qos=1 payload="$n"
end
reload
--- error_log
/\[notice\] .*mqtt zone "test": lock held at most \d+ us, event loop at most \d+ us, dropped: 0 too large, 3 expired, 0 queue full/
