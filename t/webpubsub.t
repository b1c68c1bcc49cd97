# What clients of the JSON and protobuf subprotocols say and hear.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a message to a group
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes
c comes
a > joinGroup chat ack=1
a < ack 1
b > joinGroup chat ack=9007199254740991
b < ack 9007199254740991
c > sendToGroup chat text="hello" ack=3
c < ack 3
a < group chat text="hello" !user
b < group chat text="hello"
c . nothing
# without an id there is no ack
b > leaveGroup chat
b > sendToGroup chat text="again"
b . nothing
a < group chat text="again"
a > leaveGroup chat ack=2
a < ack 2
c sends chat text="nobody"
a . nothing
b . nothing

=== TEST 2: all types of data, to all kinds of clients
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
json comes json
protobuf comes protobuf.reliable
simple comes simple query=webpubsub_mode=sendToGroup&group=x
json joins g
protobuf joins g
a joins g
a sends g text="" noEcho
json,protobuf < group g text=""
a sends g text="ä \"\\ \n €" noEcho
json,protobuf < group g text="ä \"\\ \n €"
a sends g json='{"a": [1, 2.50, "x", null, true], "ä":{}}' noEcho
json,protobuf < group g json='{"a":[1,2.50,"x",null,true],"ä":{}}'
a sends g json='"text"' noEcho
json,protobuf < group g json='"text"'
a sends g json=0 noEcho
json,protobuf < group g json=0
a sends g binary=hex:00ff10 noEcho
json,protobuf < group g binary=hex:00ff10
a sends g binary="" noEcho
json,protobuf < group g binary=""
a sends g protobuf=hex:0a0161120162 noEcho
json,protobuf < group g protobuf=hex:0a0161120162
a . nothing

=== TEST 3: JSON is the type of data where none is said
--- kinds: json
--- mqtt
a comes
a joins g
a > sendToGroup g ack=1 raw='"data":{"a":1}'
a < ack 1
a < group g json='{"a":1}'
# as written
a > WS text '{"type":"sendToGroup","group":"g","data": {"b" : 1.0e2} }'
a < group g json='{"b":1.0e2}'

=== TEST 4: whose message it is
--- kinds: json json.reliable protobuf
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- mqtt
token $t aud=http://localhost/client/hubs/test sub=joe
a comes access=$t user=joe
b comes user=""
b joins g
a joins g
a sends g text=one
a < group g text=one user=joe
b < group g text=one user=joe
b sends g text=two
a < group g text=two !user
b < group g text=two !user

=== TEST 5: without an echo
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- mqtt
# another connection of the same user gets it
token $t aud=http://localhost/client/hubs/test sub=joe
a comes access=$t
b comes access=$t
a joins g
b joins g
a sends g text=one noEcho
b < group g text=one
a . nothing
a sends g text=two
a,b < group g text=two
# a group that one is not in can be sent to
a sends h text=three noEcho
b . nothing

=== TEST 6: roles
--- kinds: json json.reliable protobuf protobuf.reliable
--- hub
anonymous on;
access_key primarykey;
default_roles webpubsub.joinLeaveGroup.open;
--- mqtt
token $t aud=http://localhost/client/hubs/test claims='"role":["webpubsub.sendToGroup.out","webpubsub.joinLeaveGroups.in.*"]'
a comes access=$t
a > joinGroup open ack=1
a < ack 1
a > joinGroup in.1 ack=2
a < ack 2
a > joinGroup out ack=3
a < ack 3 Forbidden message=~out
a > sendToGroup out text=x ack=4
a < ack 4
a > sendToGroup open text=x ack=5
a < ack 5 Forbidden message=~open
a > leaveGroup out ack=6
a < ack 6 Forbidden
# in silence
a > sendToGroup open text=x
a > joinGroup out
a . nothing
# the failed ones can be tried again
a > joinGroup in.1 ack=3
a < ack 3
b comes
b > sendToGroup out text=x ack=1
b < ack 1 Forbidden

=== TEST 7: groups of a token need no role
--- kinds: json protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
default_roles webpubsub.sendToGroup;
--- mqtt
token $t aud=http://localhost/client/hubs/test claims='"webpubsub.group":["one","two/2"]'
a comes access=$t
b comes
b sends one text=1
a < group one text=1
b sends two/2 text=2
a < group two/2 text=2
b sends three text=3
a . nothing
a > leaveGroup one ack=1
a < ack 1 Forbidden

=== TEST 8: an id is used once
--- kinds: json json.reliable protobuf protobuf.reliable
--- mqtt
a comes
a joins g
a > sendToGroup g text=one ack=5
any order
    a < ack 5
    a < group g text=one
end
a > sendToGroup g text=two ack=5
a < ack 5 Duplicate message="Message with ack-id: 5 has been processed"
a > joinGroup h ack=5
a < ack 5 Duplicate
a > sendToGroup h text=three
a . nothing
# others have ids of their own
b comes
b > joinGroup g ack=5
b < ack 5
# a thousand are remembered
a > ping
a < pong

=== TEST 9: names of groups
--- kinds: json protobuf
--- mqtt
a comes
b comes
a joins "a group with blanks / and so on" 1024*x "äöü"
b sends "a group with blanks / and so on" text=1
a < group "a group with blanks / and so on" text=1
b sends 1024*x text=2
a < group 1024*x text=2
b sends "äöü" text=3
a < group "äöü" text=3
a > joinGroup 1025*x ack=1
a < ack 1 BadRequest
a > joinGroup "   " ack=2
a < ack 2 BadRequest
a > sendToGroup "" text=x ack=3
a < ack 3 BadRequest
# wildcards, and what is the server's
a > joinGroup a/+ ack=4
a < ack 4 BadRequest
a > joinGroup "#" ack=5
a < ack 5 BadRequest
a > joinGroup $SYS ack=6
a < ack 6 Forbidden
a > joinGroup $share/x/g ack=7
a < ack 7 Forbidden
b > sendToGroup a/# text=x ack=8
b < ack 8 BadRequest
b > sendToGroup $webpubsub/server/messages text=x ack=9
b < ack 9 Forbidden

=== TEST 10: metadata
--- kinds: json json.reliable protobuf protobuf.reliable
--- mqtt
a comes
j comes json
p comes protobuf
j joins g
p joins g
a sends g text=x meta=one:1 meta=X-Two:"a b"
j,p < group g text=x meta=one:1 meta=x-two:"a b"
a > sendToGroup g text=x ack=1 meta=257*k:v
a < ack 1 BadRequest
a > sendToGroup g text=x ack=2 meta=k:1025*v
a < ack 2 BadRequest
a > sendToGroup g text=x ack=3 meta="a b":v
a < ack 3 BadRequest
j . nothing

=== TEST 11: how long a message lives
--- kinds: json protobuf
--- mqtt
a comes
a > sendToGroup g text=x ack=1 ttl=301
a < ack 1 BadRequest
a > sendToGroup g text=x ack=2 ttl=300
a < ack 2
a > sendToGroup g text=x ack=3 ttl=0
a < ack 3

=== TEST 12: pings
--- kinds: json json.reliable protobuf protobuf.reliable
--- mqtt
a comes
a > ping
a < pong
a > WS ping "x"
a < WS pong "x"
a . nothing

=== TEST 13: messages in pieces
--- kinds: json protobuf
--- mqtt
a comes
a joins g
[json] a > WS text '{"type":"sendToGroup","group":"g",' fin=0
[json] a > WS ping ""
[json] a > WS continuation '"dataType":"te' fin=0
[json] a > WS continuation '' fin=0
[json] a > WS continuation 'xt","data":"x"}'
[json] a < WS pong ""
[protobuf] a > WS binary hex:0a0a0a0167 fin=0
[protobuf] a > WS ping ""
[protobuf] a > WS continuation hex:1a050a03 fin=0
[protobuf] a > WS continuation '' fin=0
[protobuf] a > WS continuation "xyz"
[protobuf] a < WS pong ""
[json] a < group g text=x
[protobuf] a < group g text=xyz

=== TEST 14: large messages
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- zone: 32m
--- mqtt
a comes
b comes
a joins g
b sends g text=100000*x
a < group g text=100000*x
b sends g text=450000*"ab"
a < group g text=450000*"ab"
b sends g binary=200000*"\xff\x00\x10"
a < group g binary=200000*"\xff\x00\x10"
b sends g text=x
a < group g text=x

=== TEST 15: too large a message
--- kinds: json protobuf simple
--- hub
max_packet_size 64k;
--- mqtt
a comes
[simple] a > text 65537*x
[not simple] a > sendToGroup g text=65537*x
a < WS close 1009
a < close
b comes
b > WS binary "" length=1000000 form=64
b < WS close 1009
b < close

=== TEST 16: the wrong kind of frame
--- kinds: json json.reliable protobuf protobuf.reliable
--- mqtt
a comes
[json] a > WS binary '{"type":"ping"}'
[protobuf] a > WS text hex:4a00
a < maybe disconnected message=*
a < WS close 1003
a < close

=== TEST 17: what is no message
--- kinds: json
--- mqtt
for $text in 'x' '{' '[]' '"ping"' '{"type":5}' '{"type":"joinGroup","type":"joinGroup","group":"g"}' '{}' '{"type":"joinGroup"}' '{"type":"joinGroup","group":5}' '{"type":"joinGroup","group":"g","ackId":-1}' '{"type":"joinGroup","group":"g","ackId":18446744073709551616}' '{"type":"joinGroup","group":"g","ackId":"1"}' '{"type":"ping"}x' ''
    a comes
    a > WS text $text
    a < maybe disconnected message=*
    a < WS close 1007
    a < close
end
a comes
a > WS text hex:7b2274797065223a2270696e67ff227d
a < maybe disconnected message=*
a < WS close 1007
a < close

=== TEST 18: what is no message of protobuf
--- kinds: protobuf
--- mqtt
for $bytes in ff 0a 0aff 4a01 32030a01ff ff01 0a0a0a0567726f757010
    a comes
    a > WS binary hex:$bytes
    a < maybe disconnected message=*
    a < WS close 1007
    a < close
end

=== TEST 19: a fault in framing
--- kinds: json simple
--- mqtt
a comes
a > WS text "x" mask=0
a < WS close 1002
a < close
b comes
b > WS continuation "x"
b < WS close 1002
b < close

=== TEST 20: pings of the server
--- kinds: simple json protobuf.reliable
--- hub
ping_interval 1s;
--- mqtt
a comes
a hears pings
mark
a < WS ping after=0.8..1.6
a > WS pong ""
a < WS ping after=1.8..2.7
a > WS pong ""
# no more answers: after three intervals it is gone
mark
a < WS ping
a < WS ping
a < maybe WS ping
a < maybe disconnected message=*
a < close after=2.0..4.5

=== TEST 21: a server that stops
--- kinds: json simple protobuf
--- main_config
worker_shutdown_timeout 1s;
--- mqtt
a comes
reload
a < maybe disconnected message=*
a < WS close 1001
a < close

=== TEST 22: many at once
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes
a joins g
for $i in 1..200
    b > sendToGroup g text=$i ack=$i
end
for $i in 1..200
    b < ack $i
    a < group g text=$i
end
--- timeout: 10
