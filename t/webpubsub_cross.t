# MQTT and Web PubSub clients on the same topics.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: from MQTT, by content types
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- mqtt
n comes
n joins t
m connects
m publishes t content_type="text/plain" payload="hello ä"
n < group t text="hello ä"
m publishes t qos=1 content_type="text/plain; charset=utf-8" payload=""
n < group t text=""
m publishes t qos=2 content_type="application/json" payload='{"a": 1}'
n < group t json='{"a":1}'
m publishes t content_type="Application/JSON; x=y" payload='[]'
n < group t json='[]'
m publishes t content_type="application/octet-stream" payload="x"
n < group t binary="x"
m publishes t content_type="application/x-protobuf" payload=hex:0a0161
n < group t protobuf=hex:0a0161
m publishes t content_type="image/png" payload=hex:00ff
n < group t binary=hex:00ff
m publishes t payload="x"
n < group t binary="x"
# what it is not
m publishes t content_type="text/plain" payload=hex:ff
n < group t binary=hex:ff
m publishes t content_type="application/json" payload="{"
n < group t binary="{"
m publishes t content_type="application/json" payload=""
n < group t binary=""
# what does not cross
m publishes t content_type="text/plain" user=k:v response_topic=r correlation=c payload="x"
n < group t text="x"

=== TEST 2: from MQTT 3.1.1 it is bytes
--- kinds: json protobuf.reliable
--- versions: 4
--- transports: ws tcp
--- workers: 1 2
--- mqtt
n comes
n joins t
m connects
m publishes t qos=1 payload="text"
n < group t binary="text"

=== TEST 3: to MQTT
--- kinds: json json.reliable protobuf protobuf.reliable
--- versions: 4 5
--- workers: 1 2
--- mqtt
n comes
m connects
m acks
m subscribes t/+ qos=2 other qos=0
n sends t/1 text="hello"
[4] m < PUBLISH t/1 qos=1 id=* payload="hello"
[5] m < PUBLISH t/1 qos=1 id=* content_type="text/plain" payload="hello"
n sends t/2 json='{"a": 1}'
[4] m < PUBLISH t/2 qos=1 id=* payload='{"a": 1}'
[5] m < PUBLISH t/2 qos=1 id=* content_type="application/json" payload='{"a": 1}'
n sends t/3 binary=hex:00ff
[4] m < PUBLISH t/3 qos=1 id=* payload=hex:00ff
[5] m < PUBLISH t/3 qos=1 id=* content_type="application/octet-stream" payload=hex:00ff
n sends t/4 protobuf=hex:0a0161
[4] m < PUBLISH t/4 qos=1 id=* payload=hex:0a0161
[5] m < PUBLISH t/4 qos=1 id=* content_type="application/x-protobuf" payload=hex:0a0161
n sends other text="x" meta=k:v
[4] m < PUBLISH other payload="x"
[5] m < PUBLISH other content_type="text/plain" payload="x"

=== TEST 4: from simple clients to MQTT
--- kinds: simple
--- versions: 4 5
--- mqtt
n comes query=webpubsub_mode=sendToGroup&group=t
m connects
m acks
m subscribes "#" qos=1
n > text "x"
[4] m < PUBLISH t qos=1 id=* payload="x"
[5] m < PUBLISH t qos=1 id=* content_type="text/plain" payload="x"
n > binary hex:00
[4] m < PUBLISH t qos=1 id=* payload=hex:00
[5] m < PUBLISH t qos=1 id=* content_type="application/octet-stream" payload=hex:00

=== TEST 5: from MQTT to simple clients
--- kinds: simple
--- versions: 4 5
--- hub
anonymous on;
access_key primarykey;
--- mqtt
token $t aud=http://localhost/client/hubs/test claims='"webpubsub.group":["t"]'
n comes access=$t
m connects
[4] m publishes t payload="x"
[4] n < group t binary="x"
[5] m publishes t content_type="text/plain" payload="x"
[5] n < group t text="x"
[5] m publishes t content_type="application/json" payload='{"a": 1}'
[5] n < group t json='{"a": 1}'

=== TEST 6: whose message it is
--- kinds: json
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- mqtt
n comes
n joins t
token $t sub=joe
m connects password=$t
m publishes t payload="x"
n < group t binary="x" user=joe
o connects
o publishes t payload="x"
n < group t binary="x" !user

=== TEST 7: expiry
--- kinds: json.reliable protobuf
--- mqtt
n comes
m connects
m acks
m subscribes t qos=1
n > sendToGroup t text=x ttl=100 ack=1
n < ack 1
m < PUBLISH t qos=1 id=* expiry=98..100 content_type="text/plain" payload="x"
n > sendToGroup t text=x ttl=0 ack=2
n < ack 2
m < PUBLISH t qos=1 id=* content_type="text/plain" payload="x"

=== TEST 8: retained messages and wills
--- kinds: json protobuf.reliable
--- workers: 1 2
--- mqtt
m connects
m publishes t qos=1 retain payload="old"
n comes
n joins t w
n . nothing
m publishes t qos=1 retain payload="new"
n < group t binary="new"
w > CONNECT clean will=w will.payload="gone" will.content_type="text/plain"
w < CONNACK
w resets
n < group w text="gone"
# a native message is not retained
n sends t text=x noEcho
m subscribes t
m < PUBLISH t retain payload="new"

=== TEST 9: a session belongs to one kind of client
--- kinds: json.reliable
--- versions: 4 5
--- transports: ws
--- workers: 1 2
--- mqtt
n comes
m > CONNECT clean id=$n_id
[4] m < CONNACK reason=5
[5] m < CONNACK reason=0x87
m < close
n resets
m > CONNECT clean id=$n_id
[4] m < CONNACK reason=5
[5] m < CONNACK reason=0x87
m < close
n returns

=== TEST 10: shared subscriptions get native messages, too
--- kinds: json
--- mqtt
n comes
a connects
a subscribes $share/s/t qos=1
b connects
b subscribes $share/s/t qos=1
n sends t text=x
one of a b as $who < PUBLISH t qos=1 id=* content_type="text/plain" payload="x"

=== TEST 11: large ones
--- kinds: json protobuf.reliable
--- workers: 1 2
--- zone: 32m
--- mqtt
n comes
n joins t
m connects
m subscribes u
m publishes t content_type="text/plain" payload=900000*x
n < group t text=900000*x
n sends u text=900000*y
m < PUBLISH u content_type="text/plain" payload=900000*y

=== TEST 12: all meet
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- versions: 4 5
--- mqtt
n comes
j comes json
p comes protobuf
m connects
n joins t
j joins t
p joins t
m subscribes t
for $i in 1..5
    n sends t text="n$i" noEcho
    j,p < group t text="n$i"
    [4] m < PUBLISH t payload="n$i"
    [5] m < PUBLISH t content_type="text/plain" payload="n$i"
    m publishes t payload="m$i"
    n,j,p < group t binary="m$i"
    m < PUBLISH t payload="m$i"
end
