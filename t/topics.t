# Topics, filters and what matches what.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: + is one level
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.2-3 MQTT-4.7.1-3
--- mqtt
a connects
a subscribes a/+
a publishes a/b payload="x"
a < PUBLISH a/b payload="x"
a publishes a/
a < PUBLISH a/
a publishes a
a publishes a/b/c
a publishes /a/b
a publishes A/b
a . nothing

=== TEST 2: + anywhere
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.1-3
--- mqtt
a connects
a subscribes +/x/+
for $topic in a/x/b /x/ /x/b a/x/
    a publishes $topic
    a < PUBLISH $topic
end
for $topic in x/x a/x x/b a/x/b/c a/b/x
    a publishes $topic
end
a . nothing

=== TEST 3: + alone
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.1-3
5.0 MQTT-4.7.1-2
--- mqtt
a connects
a subscribes +
a publishes finance
a < PUBLISH finance
a publishes /finance
a . nothing
a subscribes +/+
a publishes /finance
a < PUBLISH /finance
a subscribes /+
a publishes /finance
a < PUBLISH /finance
a . nothing

=== TEST 4: # is the parent and all below
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.2-3 MQTT-4.7.1-2
5.0 MQTT-3.3.2-3 MQTT-4.7.1-1
--- mqtt
a connects
a subscribes a/b/#
for $topic in a/b a/b/ a/b/c a/b/c/d/e/f/g a/b//x
    a publishes $topic
    a < PUBLISH $topic
end
for $topic in a a/bb a/bc/d /a/b b
    a publishes $topic
end
a . nothing

=== TEST 5: # alone, and behind +
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.1-2
--- mqtt
a connects
a subscribes "#"
for $topic in a /a / // a/b/c/d
    a publishes $topic
    a < PUBLISH $topic
end
a . nothing
b connects
b subscribes +/b/#
for $topic in a/b /b a/b/c
    a publishes $topic
    a,b < PUBLISH $topic
end
a publishes a/c
b . nothing

=== TEST 6: levels may be empty
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.3-4
--- mqtt
a connects
a subscribes a//b /
a publishes a//b
a < PUBLISH a//b
a publishes /
a < PUBLISH /
a publishes a/b
a publishes a///b
a publishes //
a . nothing

=== TEST 7: clients do not publish to topics that begin with $
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.2-1
--- mqtt
watch,a connects
watch subscribes "#" +/x '$other/#' '$other/x'
a > PUBLISH '$other/x' qos=1 id=1 payload="1"
[4] a < PUBACK 1
[5] a < PUBACK 1 0x87
a > PUBLISH '$other/x' qos=2 id=2 payload="2"
[4] a < PUBREC 2
[5] a < PUBREC 2 0x87
watch . nothing
a > PUBLISH '$other/x' qos=1 id=3 retain payload="3"
[4] a < PUBACK 3
[5] a < PUBACK 3 0x87
watch subscribes '$other/x'
watch . nothing

=== TEST 8: $ elsewhere is an ordinary character
--- versions: 4 5
--- mqtt
a connects
a subscribes a/+
a publishes 'a/$x'
a < PUBLISH 'a/$x'

=== TEST 9: topics are bytes
--- versions: 4 5
--- conforms
3.1.1 MQTT-1.5.3-3 MQTT-4.7.3-4
--- mqtt
a connects
a subscribes "\xc3\xa4/+" "caf\xc3\xa9" "\xef\xbb\xbfx" "with space/ "
a publishes "\xc3\xa4/\xf0\x9f\x98\x80"
a < PUBLISH "\xc3\xa4/\xf0\x9f\x98\x80"
a publishes "\xef\xbb\xbfx"
a < PUBLISH "\xef\xbb\xbfx"
a publishes "with space/ "
a < PUBLISH "with space/ "
a publishes "caf\xc3\xa9"
a < PUBLISH "caf\xc3\xa9"
a publishes "cafe\xcc\x81"
a publishes x
a publishes "with space/"
a . nothing

=== TEST 10: long topics
--- versions: 4 5
--- zone: 16m
--- conforms
5.0 MQTT-4.7.3-3
--- mqtt
a connects
a subscribes 1000*"x"/#
a publishes 1000*"x"/y
a < PUBLISH 1000*"x"/y
a publishes 999*"x"/y
a . nothing
b connects
b subscribes "#"
b publishes 65535*x
b < PUBLISH 65535*x

=== TEST 11: deep topics
--- versions: 4 5
--- mqtt
a connects
a subscribes 100*"l/"# 100*"+/"end
a publishes 100*"l/"x
a < PUBLISH 100*"l/"x
a publishes 100*"l/"end
a < PUBLISH 100*"l/"end
a publishes 99*"l/"end
a . nothing

=== TEST 12: no wildcard in a topic
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.2-2 MQTT-4.7.1-1
--- mqtt
watch connects
watch subscribes "#"
for $topic in a/+ + "#" a/# a+b "a#b"
    a connects
    a > PUBLISH $topic payload="x"
    a < end 0x90|0x81|0x82
end
watch . nothing

=== TEST 13: no empty topic
--- versions: 4 5
--- conforms
3.1.1 MQTT-4.7.3-1
--- mqtt
a connects
a > PUBLISH "" payload="x"
a < end 0x82|0x81|0x90

=== TEST 14: ill-formed topics
--- versions: 4 5
--- conforms
3.1.1 MQTT-1.5.3-1 MQTT-1.5.3-2 MQTT-3.3.2-1 MQTT-4.7.3-2
5.0 MQTT-3.3.2-1
--- mqtt
watch connects
watch subscribes "#"
for $bad in ff c080 eda080 f5808080 e282 610062 00
    a connects
    a > PUBLISH hex:$bad payload="x"
    a < end 0x81
end
watch . nothing

=== TEST 15: a topic past the end of its packet
--- versions: 4 5
--- conforms
3.1.1 MQTT-3.3.2-1
5.0 MQTT-3.3.2-1
--- mqtt
a connects
a > HEX 30 04 0003 61 62
a < end 0x81
a connects
a > HEX 30 01 00
a < end 0x81
a connects
a > HEX 30 00
a < end 0x81

=== TEST 16: many subscribers of many filters
--- versions: 4 5
--- workers: 1 2
--- mqtt
pub connects
for $n in 1..10
    s$n connects
    s$n subscribes t/$n/+ +/$n/x "t/#" other/$n
end
for $n in 1..10
    pub publishes t/$n/x payload="m$n"
end
for $s in 1..10
    for $n in 1..10
        s$s < PUBLISH t/$n/x payload="m$n"
    end
    s$s . nothing
end

=== TEST 17: 32767 levels
--- versions: 4 5
--- workers: 1 2
--- zone: 32m
--- mqtt
exact,plus,hash,first,other,pub connects
exact subscribes 32766*"x/"x qos=1
plus subscribes 20000*"x/""+"12766*"/x" qos=1
hash subscribes 32766*"x/""#"
first subscribes "+"32766*"/x"
other subscribes 32766*"x/"y 32765*"x/"x 31*"x/""+"
pub publishes 32766*"x/"x qos=1 payload="1"
exact < PUBLISH 32766*"x/"x qos=1 id=* payload="1"
plus < PUBLISH 32766*"x/"x qos=1 id=* payload="1"
hash < PUBLISH 32766*"x/"x payload="1"
first < PUBLISH 32766*"x/"x payload="1"
pub publishes 32765*"x/"x payload="2"
hash < PUBLISH 32765*"x/"x payload="2"
other < PUBLISH 32765*"x/"x payload="2"
exact unsubscribes 32766*"x/"x
plus unsubscribes 20000*"x/""+"12766*"/x"
hash unsubscribes 32766*"x/""#"
pub publishes 32766*"x/"x payload="3"
first < PUBLISH 32766*"x/"x payload="3"
exact . nothing
plus . nothing
hash . nothing
other . nothing

=== TEST 18: as many retained
--- versions: 4 5
--- workers: 1 2
--- zone: 32m
--- mqtt
a,b,c,pub connects
pub publishes 32766*"x/"x qos=1 retain payload="deep"
pub publishes 32*"x/"x qos=1 retain payload="33"
a subscribes 32766*"x/"x
a < PUBLISH 32766*"x/"x retain payload="deep"
b subscribes 32*"x/""+"
b < PUBLISH 32*"x/"x retain payload="33"
b subscribes 32*"x/""+"32734*"/x"
b < PUBLISH 32766*"x/"x retain payload="deep"
c subscribes x/x/#
for 1..2
    c < PUBLISH * retain payload=*
end
pub publishes 32766*"x/"x qos=1 retain
a,b,c < PUBLISH 32766*"x/"x
d connects
d subscribes "#"
d < PUBLISH 32*"x/"x retain payload="33"
d . nothing

=== TEST 19: shares of deep filters
--- workers: 1 2
--- mqtt
a,b,c,pub connects
a,b subscribes "$share/g/"40*"x/""#" qos=1
c subscribes "$share/g/"40*"x/""+"
for 1..2
    pub publishes 40*"x/"y qos=1
    c < PUBLISH 40*"x/"y
end
a < PUBLISH 40*"x/"y qos=1 id=*
b < PUBLISH 40*"x/"y qos=1 id=*
for 1..2
    pub publishes 40*"x/"y/z qos=1
end
a,b < PUBLISH 40*"x/"y/z qos=1 id=*
pub publishes 39*"x/"y qos=1
a,b unsubscribes "$share/g/"40*"x/""#"
c . nothing

=== TEST 20: a will
--- versions: 4 5
--- workers: 1 2
--- mqtt
sub connects
sub subscribes "#"
a connects will=9999*"w/" will.payload="gone" will.retain=1
a resets
sub < PUBLISH 9999*"w/" payload="gone"
b connects
b subscribes 9999*"w/"
b < PUBLISH 9999*"w/" retain payload="gone"
