# Workers that are killed: sessions go on, and others never notice.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a client of a killed worker comes back to its session
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects resume
a subscribes t qos=1
kill worker of a
a < close
a connects resume sp=1
a publishes t qos=1 payload="x"
a < PUBLISH t qos=1 payload="x"

=== TEST 2: clients of other workers do not notice
--- versions: 4 5
--- workers: 2
--- mqtt
a,b connects
c opens with b
c connects
b,c subscribes t qos=1
kill worker of a
a < close
b publishes t qos=1 payload="x"
c < PUBLISH t qos=1 id=$id payload="x"
c > PUBACK $id
b < PUBLISH t qos=1 payload="x"
c . nothing

=== TEST 3: what was acknowledged reaches its subscriber
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=1
for $n in 1..20
    pub publishes t qos=1 payload="$n"
end
kill worker of pub
pub < close
[1 worker] sub closes
[1 worker] sub connects resume sp=1
for $n in 1..20
    sub < PUBLISH t qos=1 dup=0|1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing

=== TEST 4: what the killed worker had sent comes again
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=1
pub publishes t qos=1 payload="1"
pub publishes t qos=1 payload="2"
sub < PUBLISH t qos=1 id=$one payload="1"
sub < PUBLISH t qos=1 id=$two payload="2"
sub > PUBACK $one
sub . nothing
kill worker of sub
sub < close
sub connects resume sp=1
sub < PUBLISH t qos=1 dup id=$two payload="2"
sub > PUBACK $two
sub . nothing

=== TEST 5: QoS 2 goes on where it was
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects resume
pub connects resume
sub subscribes t qos=2
pub > PUBLISH t qos=2 id=7 payload="1"
pub < PUBREC 7
sub < PUBLISH t qos=2 id=$id payload="1"
sub > PUBREC $id
sub < PUBREL $id
kill worker of sub
sub < close
[1 worker] pub < close
[2 workers] kill worker of pub
[2 workers] pub < close
sub connects resume sp=1
sub < PUBREL $id
sub > PUBCOMP $id
pub connects resume sp=1
pub > PUBLISH t qos=2 id=7 dup payload="1"
pub < PUBREC 7
pub > PUBREL 7
pub < PUBCOMP 7
sub . nothing

=== TEST 6: retained messages and subscriptions are still there
--- versions: 4 5
--- workers: 1 2
--- mqtt
a connects resume
a subscribes "x/+" $share/g/y
a publishes r qos=1 retain payload="kept"
kill worker of a
a < close
a connects resume sp=1
a publishes x/1 payload="1"
a < PUBLISH x/1 payload="1"
a publishes y payload="2"
a < PUBLISH y payload="2"
a subscribes r
a < PUBLISH r retain payload="kept"

=== TEST 7: wills of clients of a killed worker
--- versions: 4 5
--- workers: 2
--- mqtt
a connects will=w will.payload="gone"
watch connects
watch subscribes w
kill worker of a
a < close
watch < PUBLISH w payload="gone"
watch . nothing

=== TEST 8: sessions that ended with their connection
--- versions: 4 5
--- workers: 2
--- mqtt
a connects
b connects
a subscribes t
kill worker of a
a < close
[4] a connects resume
[5] a connects session_expiry=60
b publishes t payload="x"
a . nothing

=== TEST 9: again and again
--- versions: 4 5
--- workers: 2
--- mqtt
sub connects resume
pub connects resume
sub subscribes t qos=1
for $n in 1..5
    pub publishes t qos=1 payload="$n"
    sub < PUBLISH t qos=1 id=$id payload="$n"
    sub > PUBACK $id
    sub . nothing
    kill worker of sub
    sub < close
    sub connects resume sp=1
    pub closes
    pub connects resume sp=1
end
sub . nothing

=== TEST 10: all workers
--- versions: 4 5
--- workers: 2
--- mqtt
sub connects resume
pub connects resume
sub subscribes t qos=1
sub disconnects
pub publishes t qos=1 payload="kept"
kill worker of sub
kill worker of pub
pub < close
sub connects resume sp=1
sub < PUBLISH t qos=1 payload="kept"

=== TEST 11: messages of a connected session after its worker was killed
--- versions: 4 5
--- workers: 2
--- mqtt
sub connects resume
sub subscribes t qos=1
pub connects
kill worker of sub
for $n in 1..10
    pub publishes t qos=1 payload="$n"
end
sub < close
sub connects resume sp=1
for $n in 1..10
    sub < PUBLISH t qos=1 dup=0|1 id=$id payload="$n"
    sub > PUBACK $id
end
sub . nothing

=== TEST 12: after a reload
--- versions: 4 5
--- workers: 1 2
--- mqtt
old connects resume
old subscribes t qos=1
reload
new connects resume
new subscribes t qos=1
kill worker of new
new < close
old publishes t qos=1 payload="x"
old < PUBLISH t qos=1 payload="x"
new connects resume sp=1
new < PUBLISH t qos=1 payload="x"
