# As large, as deep and as many as the protocol allows.  See also topics.t,
# limits.t and maximum_packet_size.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a topic and a filter of 65535 bytes
--- versions: 4 5
--- workers: 1 2
--- zone: 32m
--- conforms
3.1.1 MQTT-4.7.3-3
--- mqtt
exact,plus,hash,other,pub connects
exact subscribes 65535*x qos=2
plus subscribes + qos=1
hash subscribes "#"
other subscribes 65534*x
for $qos in 0 1 2
    pub publishes 65535*x qos=$qos payload="$qos"
end
exact < PUBLISH 65535*x payload="0"
exact < PUBLISH 65535*x qos=1 id=$one payload="1"
exact < PUBLISH 65535*x qos=2 id=$two payload="2"
exact > PUBACK $one
exact > PUBREC $two
exact < PUBREL $two
exact > PUBCOMP $two
plus < PUBLISH 65535*x payload="0"
plus < PUBLISH 65535*x qos=1 id=$id payload="1"
plus < PUBLISH 65535*x qos=1 id=* payload="2"
for $n in 0..2
    hash < PUBLISH 65535*x payload="$n"
end
exact unsubscribes 65535*x
pub publishes 65534*x payload="other"
other < PUBLISH 65534*x payload="other"
exact . nothing

=== TEST 2: such a topic retained
--- versions: 4 5
--- workers: 1 2
--- zone: 32m
--- mqtt
a,b connects
a publishes 65535*x qos=1 retain payload="kept"
a publishes 65535*y qos=1 retain payload="kept"
a publishes "a/"65533*x qos=1 retain payload="kept"
b subscribes 65535*x
b < PUBLISH 65535*x retain payload="kept"
b subscribes "+/"65533*x
b < PUBLISH "a/"65533*x retain payload="kept"
a publishes 65535*x qos=1 retain
b < PUBLISH 65535*x
a publishes "a/"65533*x qos=1 retain
b < PUBLISH "a/"65533*x
b subscribes +
b < PUBLISH 65535*y retain payload="kept"
b . nothing

=== TEST 3: shared, and with a share name that is as long
--- workers: 1 2
--- zone: 32m
--- mqtt
a,b,pub connects
a,b subscribes "$share/g/"65526*x
pub publishes 65526*x payload="1"
pub publishes 65526*x payload="2"
a < PUBLISH 65526*x payload=*
b < PUBLISH 65526*x payload=*
a,b unsubscribes "$share/g/"65526*x
a,b subscribes "$share/"65526*g"/x"
pub publishes x payload="1"
pub publishes x payload="2"
a < PUBLISH x payload=*
b < PUBLISH x payload=*
a . nothing
b . nothing

=== TEST 4: a will, and a queue for an absent client
--- versions: 4 5
--- workers: 1 2
--- zone: 32m
--- mqtt
sub connects resume
sub subscribes 65535*w qos=1
sub disconnects
a connects will=65535*w will.payload="gone" will.qos=1
a resets
sub connects resume sp=1
sub < PUBLISH 65535*w qos=1 id=* payload="gone"

=== TEST 5: a topic alias for it
--- workers: 1 2
--- zone: 32m
--- mqtt
pub,sub connects
sub subscribes "#"
pub > PUBLISH 65535*x alias=1 payload="1"
pub > PUBLISH "" alias=1 payload="2"
sub < PUBLISH 65535*x payload="1"
sub < PUBLISH 65535*x payload="2"

=== TEST 6: 32767 levels
--- versions: 4 5
--- workers: 1 2
--- zone: 64m
--- mqtt
exact,plus,pluses,hash,deep,short,pub connects
exact subscribes 32766*"a/"a qos=1
plus subscribes 16000*"a/""+"16766*"/a"
pluses subscribes 32766*"+/""+"
hash subscribes "#"
deep subscribes 32765*"a/""#"
short subscribes 32765*"a/"a
pub publishes 32766*"a/"a payload="0"
pub publishes 32766*"a/"a qos=1 payload="1"
exact < PUBLISH 32766*"a/"a payload="0"
exact < PUBLISH 32766*"a/"a qos=1 id=* payload="1"
for $n in 0 1
    plus,pluses,hash,deep < PUBLISH 32766*"a/"a payload="$n"
end
short . nothing
pub publishes 32765*"a/"a payload="2"
hash,short < PUBLISH 32765*"a/"a payload="2"
exact . nothing
plus . nothing
pluses . nothing
deep < PUBLISH 32765*"a/"a payload="2"
exact unsubscribes 32766*"a/"a
pub publishes 32766*"a/"a payload="3"
exact . nothing

=== TEST 7: 32767 levels: shared, a will
--- versions: 4 5
--- workers: 1 2
--- zone: 64m
--- mqtt
a,b connects
a,b subscribes "$share/g/"32761*"a/"a
c connects will=32761*"a/"a will.payload="gone"
c resets
one of a b < PUBLISH 32761*"a/"a payload="gone"

=== TEST 8: nothing but slashes
--- versions: 4 5
--- zone: 64m
--- mqtt
a connects
a subscribes 65535*/ qos=1 "#" qos=1
a publishes 65535*/ qos=1 retain payload="x"
a < PUBLISH 65535*/ qos=1 id=* payload="x"
a . nothing

=== TEST 9: 1 MiB into a zone in fragments
--- workers: 1 2
--- zone: 8m
--- hub
max_packet_size 2m;
max_queued 10 2m;
--- mqtt
sub connects resume
sub subscribes t qos=1
pub connects
# two to a page: those of a and b have pages of their own, in turn
for $n in 1..900
    for $topic in a/$n/1 a/$n/2 b/$n/1 b/$n/2
        pub > PUBLISH $topic qos=1 id=1 retain payload=1980*x
        pub < PUBACK 1 0|0x10|0x97
    end
end
for $n in 1..9
    pub > PUBLISH last-$n qos=1 id=1 retain payload=1980*x
    pub < PUBACK 1 0|0x10|0x97
end
pub > PUBLISH last qos=1 id=1 retain payload=1980*x
pub < PUBACK 1 0x97
for $n in 1..900
    for $topic in b/$n/1 b/$n/2
        pub > PUBLISH $topic qos=1 id=1 retain
        pub < PUBACK 1
    end
end
for 1..3
    pub publishes t qos=1 payload=1048576*y
    sub < PUBLISH t qos=1 id=$id payload=1048576*y
    sub > PUBACK $id
    sub . nothing
end
sub disconnects
pub publishes t qos=1 payload=1048576*z
sub connects resume sp=1
sub < PUBLISH t qos=1 id=* payload=1048576*z

=== TEST 10: 16500 filters of a client
--- versions: 4 5
--- zone: 32m
--- mqtt
a connects resume
pub connects
for $n in 1..1650
    a > SUBSCRIBE 1 f/$n/0 f/$n/1 f/$n/2 f/$n/3 f/$n/4 f/+/$n/5 f/$n/+/6 f/$n/7/# $share/g/f/$n/8 f/$n/9
    a < SUBACK 1 codes=0,0,0,0,0,0,0,0,0,0
end
for $n in 1 825 1650
    for $topic in f/$n/0 f/$n/4 f/x/$n/5 f/$n/x/6 f/$n/7/x f/$n/8 f/$n/9
        pub publishes $topic payload="$n"
        a < PUBLISH $topic payload="$n"
    end
end
for $n in 1..825
    a > UNSUBSCRIBE 1 f/$n/0 f/$n/1 f/$n/2 f/$n/3 f/$n/4 f/+/$n/5 f/$n/+/6 f/$n/7/# $share/g/f/$n/8 f/$n/9
    [4] a < UNSUBACK 1
    [5] a < UNSUBACK 1 codes=0,0,0,0,0,0,0,0,0,0
end
for $n in 1 825
    for $topic in f/$n/0 f/$n/4 f/x/$n/5 f/$n/x/6 f/$n/7/x f/$n/8 f/$n/9
        pub publishes $topic payload="$n"
    end
end
a . nothing
pub publishes f/826/9 payload="826"
a < PUBLISH f/826/9 payload="826"
a disconnects
a connects resume sp=1
pub publishes f/1650/9 payload="1650"
a < PUBLISH f/1650/9 payload="1650"
a disconnects
a connects
pub publishes f/1650/9 payload="1650"
a . nothing

=== TEST 11: 16000 filters in a packet, and no more
--- versions: 4 5
--- mqtt
a connects
[4] a > BYTES hex:8282f403 hex:0001 16000*"\x00\x01t\x00"
[5] a > BYTES hex:8283f403 hex:000100 16000*"\x00\x01t\x00"
[4] a < HEX 90827d 0001 16000*00
[5] a < HEX 90837d 000100 16000*00
a publishes t payload="x"
a < PUBLISH t payload="x"
[4] a > BYTES hex:a282f702 hex:0002 16000*"\x00\x01t"
[5] a > BYTES hex:a283f702 hex:000200 16000*"\x00\x01t"
[4] a < HEX b0020002
[5] a < HEX b0837d 000200 00 15999*11
[4] a > BYTES hex:8286f403 hex:0003 16001*"\x00\x01t\x00"
[5] a > BYTES hex:8287f403 hex:000300 16001*"\x00\x01t\x00"
a < end 0x97

=== TEST 12: a packet as large as allowed, and one byte more
--- versions: 4 5
--- workers: 1 2
--- zone: 8m
--- hub
max_packet_size 1m;
--- mqtt
a,b connects
a subscribes t qos=1
# 4 bytes of fixed header, 3 of topic, in 5.0 1 of properties
[4] b publishes t payload=1048569*x
[5] b publishes t payload=1048568*x
[4] a < PUBLISH t payload=1048569*x
[5] a < PUBLISH t payload=1048568*x
[4] b publishes t qos=1 payload=1048567*x
[5] b publishes t qos=1 payload=1048566*x
[4] a < PUBLISH t qos=1 id=* payload=1048567*x
[5] a < PUBLISH t qos=1 id=* payload=1048566*x
[4] b > PUBLISH t payload=1048570*x
[5] b > PUBLISH t payload=1048569*x
b < end 0x95
a . nothing

=== TEST 13: 1 MiB in what every second message has left
--- transports: tcp
--- zone: 8m
--- timeout: 20
--- mqtt
a,b connects
a subscribes t qos=1
for $n in 1..1900
    b > PUBLISH a/$n qos=1 id=$n retain payload=1980*x
    b < PUBACK $n 0|0x10|0x97
    b > PUBLISH b/$n qos=1 id=$n retain payload=1980*x
    b < PUBACK $n 0|0x10|0x97
end
for $n in 1..1900
    b > PUBLISH b/$n qos=1 id=$n retain
    b < PUBACK $n
end
# some pages for other things
for $n in 1..20
    b > PUBLISH a/$n qos=1 id=$n retain
    b < PUBACK $n
end
b publishes t qos=1 payload=1048576*y
a < PUBLISH t qos=1 id=* payload=1048576*y
