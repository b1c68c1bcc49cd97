# Lists of the REST API: a group's connections, and what operators look at.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a group's connections, page by page
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $group /api/hubs/test/groups/g%2F1/connections
r > REST GET $group
r < HTTP 200 Content-Type=application/json json='{"value":[]}'
a connects
a subscribes g/1
r > REST GET $group?api-version=2024-12-01
r < HTTP 200 json='{"value":[{"connectionId":"a"}]}'
b,c connects resume
b,c subscribes g/1 qos=1
c disconnects
# who is not in it
d connects
d subscribes g/+ g/#
r > REST GET $group?maxpagesize=2
r < HTTP 200 json.value.0.connectionId=$one json.value.1.connectionId=$two !json.value.2 json.nextLink=$link
r > REST GET $link aud=$link
r < HTTP 200 json.value.0.connectionId=$three !json.value.1 !json.nextLink
# a top that is reached has no next page
r > REST GET $group?top=2
r < HTTP 200 json.value.0.connectionId=$one json.value.1.connectionId=$two !json.nextLink
r > REST GET $group?top=2&maxpagesize=1
r < HTTP 200 json.value.0.connectionId=$one !json.value.1 json.nextLink=$top
r > REST GET $top aud=$top
r < HTTP 200 json.value.0.connectionId=$two !json.value.1 !json.nextLink
r > REST GET $group?top=3
r < HTTP 200 json.value.2.connectionId=$three !json.nextLink
# who leaves is not listed any more, who stays is
b disconnects
r > REST DELETE /api/hubs/test/groups
r < HTTP 404
a unsubscribes g/1
r > REST GET $group
r < HTTP 200 json.value.0.connectionId=b json.value.1.connectionId=c

=== TEST 2: arguments that are wrong
--- transports: ws
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
for $path in groups/g/connections sessions retained
    for $arg in maxpagesize=0 maxpagesize=-1 maxpagesize=x maxpagesize=1001 maxpagesize=99999999999999999999 maxpagesize=1.5
        r > REST GET /api/hubs/test/$path?$arg
        r < HTTP 400 json.code=Error.BadRequest json.target=maxpagesize
    end
    for $arg in top=0 top=2147483648 top=x
        r > REST GET /api/hubs/test/$path?$arg
        r < HTTP 400 json.target=top
    end
    for $arg in x 1 1.x -1.0 1.-1 1.100000000 .1 1. 99999999999999999.1 11.1.
        r > REST GET /api/hubs/test/$path?continuationToken=$arg
        r < HTTP 400 json.target=continuationToken
    end
    # places that are none
    for $arg in 7fffffffffffffff.0 fffffff.0 1.0 ffff.ffffffff
        r asks 200 GET /api/hubs/test/$path?continuationToken=$arg
    end
    r asks 200 GET /api/hubs/test/$path?maxpagesize=&top=&continuationToken=
    for $method in HEAD POST PUT
        r asks 405 $method /api/hubs/test/$path
    end
end
r asks 400 GET /api/hubs/test/groups/g/connections?maxpagesize=201
r > REST GET /api/hubs/test/groups/a%2F%2B/connections
r < HTTP 400 json.target=group
r asks 200 GET /api/hubs/test/groups/g/connections?maxpagesize=200
r asks 200 GET /api/hubs/test/sessions?maxpagesize=1000
for $arg in x connectionId, connectionid ,userId roles will username connectionState "connectionId,,userId"
    r > REST GET /api/hubs/test/sessions?fields=$arg
    r < HTTP 400 json.target=fields
end
for $arg in x userId%20eq%201 (
    r > REST GET /api/hubs/test/sessions?filter=$arg
    r < HTTP 400 json.target=filter json.message=*
end
for $method in GET DELETE
    for $arg in a/%23/b a%2B $share/g/a
        r > REST $method /api/hubs/test/retained?filter=$arg
        r < HTTP 400 json.target=filter
    end
    for $name in %2B a%2F%23
        r > REST $method /api/hubs/test/retained/$name
        r < HTTP 400 json.target=topic
    end
    r > REST $method /api/hubs/test/retained/a
    r < HTTP 404 json.target=topic
end
r > REST DELETE /api/hubs/test/retained
r < HTTP 400 json.target=filter
r > REST GET /api/hubs/test/sessions/none
r < HTTP 404 json.target=connectionId json.code=Error.NotFound
r asks 404 GET /api/hubs/test/sessions/none/subscriptions
r asks 404 GET /api/zones/none

=== TEST 3: sessions
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- main_config
mqtt_hub other { anonymous on; access_key otherkey; }
--- http_config
server { listen $TEST_NGINX_PORT_4; location = /mqtt { mqtt_pass other; } }
--- server
location /api/ { mqtt_api; }
--- mqtt
r > REST GET /api/hubs/test
r < HTTP 200 json='{"connections":0,"name":"test","retained":0,"sessions":0,"subscriptions":0,"zone":"test"}'
a,b connects resume
b subscribes t qos=1
b disconnects
a publishes t qos=1 payload=12345
token $t sub=joe
c > CONNECT resume username=u password=$t
c < CONNACK
set $all fields=connectionId,userId,connected,protocolVersion,subscriptions,queuedMessages,inflightMessages
set $v1 "\"inflightMessages\":0,\"protocolVersion\":$v"
r > REST GET /api/hubs/test/sessions?$all&filter=connectionId%20eq%20%27a%27
r < HTTP 200 json="{\"value\":[{\"connected\":true,\"connectionId\":\"a\",$v1,\"queuedMessages\":0,\"subscriptions\":0}]}"
r > REST GET /api/hubs/test/sessions?$all&filter=%27t%27+in+groups
r < HTTP 200 json="{\"value\":[{\"connected\":false,\"connectionId\":\"b\",$v1,\"queuedMessages\":1,\"subscriptions\":1}]}"
r > REST GET /api/hubs/test/sessions?$all&filter=userId%20eq%20%27joe%27
r < HTTP 200 json="{\"value\":[{\"connected\":true,\"connectionId\":\"c\",$v1,\"queuedMessages\":0,\"subscriptions\":0,\"userId\":\"joe\"}]}"
# the filter goes on to the next page
r > REST GET /api/hubs/test/sessions?filter=connectionId+ne+%27b%27&fields=connectionId&maxpagesize=1&x=%C3%A4%26
r < HTTP 200 json.value.0.connectionId=$one !json.value.1 json.nextLink=$link
r > REST GET $link aud=$link
r < HTTP 200 json.value.0.connectionId=$two !json.value.1 !json.nextLink
r > REST GET /api/hubs/test/sessions
r < HTTP 200 json.value.0.sessionId=~^[0-9a-f]{16}$ json.value.0.physicalConnectionId=~^[0-9a-f]{16}$ json.value.2.queuedBytes=* !json.value.3 !json.value.0.username
r > REST GET /api/hubs/test
r < HTTP 200 json='{"connections":2,"name":"test","retained":0,"sessions":3,"subscriptions":1,"zone":"test"}'
r > REST GET /api/hubs/other/sessions key=otherkey
r < HTTP 200 json='{"value":[]}'
r asks 401 GET /api/hubs/test/sessions key=otherkey
r asks 401 GET /api/hubs/test key=otherkey

=== TEST 4: one session, and its subscriptions
--- versions: 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $t sub=joe claims='"role":["webpubsub.joinLeaveGroup","webpubsub.sendToGroup.a/b"]'
a > CONNECT session_expiry=600 id=a/1 username=u password=$t will=a/b will.payload=gone will.qos=1 will.delay=5 will.retain=1
a < CONNACK
set $a /api/hubs/test/sessions/a%2F1
r > REST GET $a
r < HTTP 200 json.connectionId=a/1 json.userId=joe json.username=u json.connected=true json.workerPid=* !json.disconnectedSeconds json.protocolVersion=5 json.sessionExpirySeconds=600 json.subscriptions=0 json.roles='["webpubsub.joinLeaveGroup","webpubsub.sendToGroup.a/b"]' json.will='{"delaySeconds":5,"payloadBytes":4,"qos":1,"retain":true,"topic":"a/b"}'
r > REST GET $a?fields=connectionId,roles
r < HTTP 200 json='{"connectionId":"a/1","roles":["webpubsub.joinLeaveGroup","webpubsub.sendToGroup.a/b"]}'
r asks 200 PUT /api/hubs/test/permissions/joinLeaveGroup/connections/a%2F1?targetName=x/y
r asks 204 DELETE /api/hubs/test/permissions/sendToGroup/connections/a%2F1?targetName=a/b
r > REST GET $a?fields=roles,revokedRoles
r < HTTP 200 json='{"revokedRoles":["webpubsub.sendToGroup.a/b"],"roles":["webpubsub.joinLeaveGroup","webpubsub.sendToGroup.a/b","webpubsub.joinLeaveGroup.x/y"]}'
a subscribes one qos=1
a > SUBSCRIBE 2 two qos=2 nl rap rh=2 subid=7
a < SUBACK 2 codes=2
a subscribes $share/g/three
r > REST GET $a/subscriptions
r < HTTP 200 json='{"value":[{"filter":"$share/g/three","noLocal":false,"qos":0,"retainAsPublished":false,"retainHandling":0},{"filter":"two","noLocal":true,"qos":2,"retainAsPublished":true,"retainHandling":2,"subscriptionIdentifier":7},{"filter":"one","noLocal":false,"qos":1,"retainAsPublished":false,"retainHandling":0}]}'
r > REST GET $a/subscriptions?maxpagesize=2
r < HTTP 200 json.value.1.filter=two !json.value.2 json.nextLink=$link
a subscribes four
r > REST GET $link aud=$link
r < HTTP 200 json.value.0.filter=one !json.value.1 !json.nextLink
a unsubscribes one
r > REST GET $link aud=$link
r < HTTP 409 json.code=Error.Conflict json.target=continuationToken
a disconnects
r > REST GET $a
r < HTTP 200 json.connected=false !json.workerPid json.disconnectedSeconds=0..5 !json.will json.subscriptions=3
r > REST GET $a?fields=disconnectedSeconds,workerPid,will
r < HTTP 200 json.disconnectedSeconds=0..5 !json.connectionId

=== TEST 5: retained messages
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
p connects
for $t in a/1 a/2 b/1 c a
    p publishes $t qos=1 retain payload="of $t"
end
[5] p > PUBLISH a/3 qos=1 id=1 retain payload="{}" content_type=application/json expiry=100 user=k:v response_topic=x correlation=hex:00ff format=1
[5] p < PUBACK 1
set $r /api/hubs/test/retained
r > REST GET $r?filter=b/%2B
r < HTTP 200 json='{"value":[{"payloadBytes":6,"qos":1,"topic":"b/1"}]}'
r > REST GET $r?filter=a
r < HTTP 200 json='{"value":[{"payloadBytes":4,"qos":1,"topic":"a"}]}'
r > REST GET $r?maxpagesize=2
r < HTTP 200 json.value.1=* !json.value.2 json.nextLink=$link
r > REST GET $link aud=$link
r < HTTP 200 json.value.1=* !json.value.2 json.nextLink=$rest
r > REST GET $rest aud=$rest
[4] r < HTTP 200 json.value.0=* !json.value.1 !json.nextLink
[5] r < HTTP 200 json.value.1=* !json.value.2 !json.nextLink
r > REST GET $r/a%2F1
r < HTTP 200 json='{"payload":"b2YgYS8x","payloadBytes":6,"qos":1,"topic":"a/1","userProperties":[]}'
[5] r > REST GET $r/a%2F3
[5] r < HTTP 200 json.payload=e30= json.contentType=application/json json.messageExpirySeconds=90..100 json.userProperties='[{"name":"k","value":"v"}]' json.responseTopic=x json.correlationData=AP8= json.payloadFormat=1
r > REST GET /api/hubs/test
[4] r < HTTP 200 json.retained=5
[5] r < HTTP 200 json.retained=6
# removed for everybody, and nobody is told
s connects
s subscribes a/#
any order
    s < PUBLISH a/1 retain payload="of a/1"
    s < PUBLISH a/2 retain payload="of a/2"
    s < PUBLISH a retain payload="of a"
    [5] s < PUBLISH a/3 retain payload="{}" content_type=application/json expiry=* user=k:v response_topic=x correlation=hex:00ff format=1
end
r > REST DELETE $r?filter=a/%2B
[4] r < HTTP 200 json='{"deleted":2}'
[5] r < HTTP 200 json='{"deleted":3}'
r > REST DELETE $r/a
r < HTTP 204 !Content-Length
r asks 404 DELETE $r/a
r asks 404 GET $r/a%2F1
r > REST DELETE $r?filter=none/%23
r < HTTP 200 json='{"deleted":0}'
s . nothing
u connects
u subscribes a/#
u . nothing
u subscribes b/#
u < PUBLISH b/1 retain payload="of b/1"
r > REST DELETE $r?filter=%23
r < HTTP 200 json='{"deleted":2}'
r > REST GET $r
r < HTTP 200 json='{"value":[]}'

=== TEST 6: zones and workers, by generation
--- versions: 5
--- workers: 1 2
--- main_config
mqtt_zone second 1m;
mqtt_hub other { zone second; access_key otherkey; }
mqtt_hub mute { zone second; }
--- hub
access_key primarykey;
zone test;
--- server
location /api/ { mqtt_api; }
--- mqtt
a connects
a subscribes t
r > REST GET /api/zones
r < HTTP 200 json.value.0.name=* json.value.1.name=* !json.value.2
r asks 200 GET /api/zones key=otherkey
r asks 401 GET /api/zones key=nokey
r asks 401 GET /api/zones token=-
r > REST GET /api/zones/test
r < HTTP 200 json.name=test json.bytes=8388608 json.pageBytes=4096 json.pages=1000..2048 json.freePages=1000..2048 json.rebuilds=0 json.blocks.sessions=1 json.blocks.connections=1 json.blocks.subscriptions=1 json.blocks.hubs=1 json.blocks.workers=$workers
r > REST GET /api/zones/second key=otherkey
r < HTTP 200 json.name=second json.bytes=1048576 json.blocks.sessions=0
# whoever has a key of a hub in it
r asks 401 GET /api/zones/second
r asks 401 GET /api/zones/test key=otherkey
r asks 401 GET /api/zones/second/workers
r asks 405 DELETE /api/zones/test
r > REST GET /api/zones/test/workers
[1 workers] r < HTTP 200 json.value.0.generation=1 json.value.0.slot=0 json.value.0.pid=* json.value.0.connections=1 json.value.0.lockMicroseconds=* json.value.0.events=0 !json.value.1
[2 workers] r < HTTP 200 json.value.0.generation=1 json.value.0.slot=0 json.value.1.generation=1 json.value.1.slot=1 !json.value.2
reload
b connects
q > REST GET /api/zones/test/workers
[1 workers] q < HTTP 200 json.value.0.generation=1 json.value.1.generation=2 json.value.1.connections=1 !json.value.2
[2 workers] q < HTTP 200 json.value.0.generation=1 json.value.1.generation=2 json.value.2.generation=2
a disconnects
q > REST GET /api/hubs/test
q < HTTP 200 json.connections=1

=== TEST 7: more than is looked at in one pass
--- transports: ws
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
for $i in 1..100
    a connects resume id=s$i
    a disconnects
end
set $filter "connectionId+eq+'s70'+or+"98*"'g'+in+groups+or+""connectionId+eq+'s30'"
r > REST GET /api/hubs/test/sessions?fields=connectionId&filter=$filter
s > REST GET /api/hubs/test/sessions?fields=connectionId&filter=$filter
r < HTTP 200 json='{"value":[{"connectionId":"s30"},{"connectionId":"s70"}]}'
s < HTTP 200 json='{"value":[{"connectionId":"s30"},{"connectionId":"s70"}]}'
# who has left meanwhile
t > REST GET /api/hubs/test/sessions?filter=$filter
t resets
r > REST GET /api/hubs/test/sessions?fields=connectionId&filter=$filter
r < HTTP 200 json='{"value":[{"connectionId":"s30"},{"connectionId":"s70"}]}'
r > REST GET /api/hubs/test/sessions?fields=connectionId&filter=$filter&maxpagesize=1
r < HTTP 200 json.value.0.connectionId=s30 json.nextLink=$link
reload
q > REST GET $link aud=$link
q < HTTP 200 json.value.0.connectionId=s70 !json.nextLink
