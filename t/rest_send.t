# Messages sent by REST, as MQTT clients see them.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: to a group
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a connects
a subscribes g/1 qos=2
b connects
b subscribes g/+ qos=0
c connects
c subscribes h qos=1
for $n in 1 2
    r > REST POST /api/hubs/test/groups/g%2F1/:send?api-version=2024-12-01 text="hällo"
    r < HTTP 202 Content-Length=0 api-supported-versions=*
    [4] a < PUBLISH g/1 qos=1 id=* payload="hällo"
    [4] b < PUBLISH g/1 payload="hällo"
    [5] a < PUBLISH g/1 qos=1 id=* payload="hällo" content_type=text/plain
    [5] b < PUBLISH g/1 payload="hällo" content_type=text/plain
    r asks 202 POST /api/hubs/TEST/groups/g%2f1/%3Asend json='{"a":[1]}'
    [4] a < PUBLISH g/1 qos=1 id=* payload='{"a":[1]}'
    [4] b < PUBLISH g/1 payload='{"a":[1]}'
    [5] a < PUBLISH g/1 qos=1 id=* payload='{"a":[1]}' content_type=application/json
    [5] b < PUBLISH g/1 payload='{"a":[1]}' content_type=application/json
    r asks 202 POST /api/hubs/test/groups/g%2F1/:send binary=hex:00ff
    [4] a < PUBLISH g/1 qos=1 id=* payload=hex:00ff
    [4] b < PUBLISH g/1 payload=hex:00ff
    [5] a < PUBLISH g/1 qos=1 id=* payload=hex:00ff content_type=application/octet-stream
    [5] b < PUBLISH g/1 payload=hex:00ff content_type=application/octet-stream
    r asks 202 POST /api/hubs/test/groups/g%2F1/:send body=""
    [4] a < PUBLISH g/1 qos=1 id=* payload=""
    [4] b < PUBLISH g/1 payload=""
    [5] a < PUBLISH g/1 qos=1 id=* payload="" content_type=application/octet-stream
    [5] b < PUBLISH g/1 payload="" content_type=application/octet-stream
end
c . nothing
# nobody is there
r asks 202 POST /api/hubs/test/groups/nobody/:send text=x
a,b,c disconnects

=== TEST 2: to all, a user, a connection
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
anonymous on;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
token $ann sub='ann/1 é'
a > CONNECT clean password=$joe username=x
a < CONNACK
b > CONNECT clean password=$joe username=x
b < CONNACK
c > CONNECT clean password=$ann username=x id="c/1"
c < CONNACK
d connects
for $n in 1 2
    r asks 202 POST /api/hubs/test/:send text=all
    for $who in a b c d
        [4] $who < PUBLISH $webpubsub/server/messages qos=1 id=$i payload=all
        [5] $who < PUBLISH $webpubsub/server/messages qos=1 id=$i payload=all content_type=text/plain
        $who > PUBACK $i
    end
    r asks 202 POST /api/hubs/test/users/joe/:send json=1
    for $who in a b
        [4] $who < PUBLISH $webpubsub/server/messages qos=1 id=$i payload=1
        [5] $who < PUBLISH $webpubsub/server/messages qos=1 id=$i payload=1 content_type=application/json
        $who > PUBACK $i
    end
    r asks 202 POST /api/hubs/test/users/ann%2F1%20%C3%A9/:send json=2
    [4] c < PUBLISH $webpubsub/server/messages qos=1 id=$i payload=2
    [5] c < PUBLISH $webpubsub/server/messages qos=1 id=$i payload=2 content_type=application/json
    c > PUBACK $i
    r asks 202 POST /api/hubs/test/connections/c%2F1/:send binary=3
    [4] c < PUBLISH $webpubsub/server/messages qos=1 id=$j payload=3
    [5] c < PUBLISH $webpubsub/server/messages qos=1 id=$j payload=3 content_type=application/octet-stream
    c > PUBACK $j
end
for $path in users/nobody connections/nobody
    r asks 202 POST /api/hubs/test/$path/:send text=x
end
a,b,c,d . nothing
a,b,c,d disconnects

=== TEST 3: excluded, filter, expiry
--- versions: 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
a > CONNECT clean password=$joe username=x
a < CONNACK
b connects
c connects resume
a,b,c subscribes g qos=1
c disconnects
set $path /api/hubs/test/groups/g/:send
r asks 202 POST $path?excluded=a&excluded=nobody text=1
b < PUBLISH g qos=1 id=* payload=1 content_type=text/plain
r asks 202 POST $path?filter=userId%20eq%20%27joe%27 text=2
a < PUBLISH g qos=1 id=* payload=2 content_type=text/plain
r asks 202 POST $path?filter=&excluded=&messageTtlSeconds= text=3
a,b < PUBLISH g qos=1 id=* payload=3 content_type=text/plain
r asks 202 POST /api/hubs/test/:send?excluded=b&filter=connectionId+ne+%27c%27 text=4
a < PUBLISH $webpubsub/server/messages qos=1 id=* payload=4 content_type=text/plain
r asks 202 POST /api/hubs/test/users/joe/:send?filter=%27g%27+in+groups text=5
a < PUBLISH $webpubsub/server/messages qos=1 id=* payload=5 content_type=text/plain
r asks 202 POST /api/hubs/test/users/joe/:send?filter=%27h%27+in+groups text=6
r asks 202 POST $path?messageTtlSeconds=300 text=7
a,b < PUBLISH g qos=1 id=* payload=7 content_type=text/plain expiry=295..300
r asks 202 POST /api/hubs/test/:send?messageTtlSeconds=1 text=8
a,b < PUBLISH $webpubsub/server/messages qos=1 id=* payload=8 content_type=text/plain expiry=0..1
a,b . nothing
wait 2.1
c connects resume sp=1
c < PUBLISH g qos=1 id=* payload=1 content_type=text/plain
c < PUBLISH g qos=1 id=* payload=3 content_type=text/plain
c < PUBLISH g qos=1 id=* payload=7 content_type=text/plain expiry=1..299
c . nothing
a,b,c disconnects

=== TEST 4: names of groups
--- versions: 4
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a connects
a subscribes "#" qos=0
a subscribes '$y' qos=0
set $groups /api/hubs/test/groups
r asks 202 POST $groups/a%2Fb/:send body=0
a < PUBLISH 'a/b' payload=0
r asks 202 POST $groups/a%2F%2Fb/:send body=1
a < PUBLISH 'a//b' payload=1
r asks 202 POST $groups/%2F/:send body=2
a < PUBLISH '/' payload=2
r asks 202 POST $groups/%2F%2F/:send body=3
a < PUBLISH '//' payload=3
r asks 202 POST $groups/a%2F..%2Fb/:send body=4
a < PUBLISH 'a/../b' payload=4
r asks 202 POST $groups/%2E%2E/:send body=5
a < PUBLISH '..' payload=5
r asks 202 POST $groups/a%2F%2E%2E%2F%2E%2E%2Fb/:send body=6
a < PUBLISH 'a/../../b' payload=6
r asks 202 POST $groups/a%252Fb/:send body=7
a < PUBLISH 'a%2Fb' payload=7
r asks 202 POST $groups/:send/:send body=8
a < PUBLISH ':send' payload=8
r asks 202 POST $groups/%3Asend/:send body=9
a < PUBLISH ':send' payload=9
r asks 202 POST $groups/groups/:send body=10
a < PUBLISH 'groups' payload=10
r asks 202 POST $groups/a%3Fb%26c/:send body=11
a < PUBLISH 'a?b&c' payload=11
r asks 202 POST $groups/%24y/:send body=14
a < PUBLISH '$y' payload=14
r asks 202 POST $groups/%C3%A4%20b/:send body=15
a < PUBLISH 'ä b' payload=15
for $name in "" %20 %20%20 a%2F%23 %2B +  %FF %C0%80 %24webpubsub%2Fserver%2Fmessages %24share%2Fa%2Fb
    r > REST POST /api/hubs/test/groups/$name/:send body=$name
    r < HTTP 400 json.target=group json.code=Error.BadRequest
end
set $long 1024*"a"
r asks 202 POST /api/hubs/test/groups/$long/:send
a < PUBLISH $long payload=""
r asks 400 POST /api/hubs/test/groups/a$long/:send
for $path in users//:send connections//:send users/%FF/:send
    r > REST POST /api/hubs/test/$path
    r < HTTP 400 json.target=~Id$
end
a . nothing
a disconnects

=== TEST 5: what is no message
--- versions: 5
--- workers: 1 2
--- hub
access_key primarykey;
max_packet_size 500000;
--- server
location /api/ { mqtt_api; client_max_body_size 600k; }
location /small/api/ { mqtt_api; client_max_body_size 1k; }
--- mqtt
a connects
a subscribes g qos=1
set $path /api/hubs/test/groups/g/:send
for $bad in x "" '{' '[1]2' hex:22ff22
    r > REST POST $path json=$bad
    r < HTTP 400 json.target=body
end
for $bad in hex:ff hex:c080 hex:00ff
    r > REST POST $path text=$bad
    r < HTTP 400 json.target=body
end
for $type in text/html application/json2 text "text/plain;charset=latin1" "application/json; charset=\"utf-16\"" text/plain2
    r > REST POST $path body=1 type=$type
    r < HTTP 415 json.target=Content-Type x-ms-error-code=Error.UnsupportedMediaType
end
for $type in text/plain "TEXT/Plain; charset=UTF-8" "text/plain ; a=b; charset=\"us-ascii\""
    r asks 202 POST $path body=1 type=$type
    a < PUBLISH g qos=1 id=* payload=1 content_type=text/plain
end
r asks 202 POST $path text=hex:610062
a < PUBLISH g qos=1 id=* payload=hex:610062 content_type=text/plain
r asks 202 POST $path body=1 type="application/octet-stream; charset=x"
a < PUBLISH g qos=1 id=* payload=1 content_type=application/octet-stream
for $arg in messageTtlSeconds=301 messageTtlSeconds=-1 messageTtlSeconds=x filter=x filter=userId+eq filter=length(userId) filter=not%20length(userId)%20gt%205
    r > REST POST $path?$arg text=1
    r < HTTP 400 json.target=~^(messageTtlSeconds|filter)$ json.message=*
end
# no length, or too long
r > REST POST $path length=-
r < HTTP 400 json.target=Content-Length
r > REST POST $path length=- header="Transfer-Encoding: chunked" body="1\r\nx\r\n0\r\n\r\n"
r < HTTP 400 json.target=Content-Length
r > REST POST $path body=500000*x
r < HTTP 202
a < PUBLISH g qos=1 id=* payload=500000*x content_type=application/octet-stream
r > REST POST $path length=500001
r < HTTP 413 json.target=Content-Length x-ms-error-code=Error.RequestEntityTooLarge
r < close
r > REST POST /small$path length=1025
r < HTTP 413 json.message=~1024
r < close
r asks 202 POST /small$path body=1024*y
a < PUBLISH g qos=1 id=* payload=1024*y content_type=application/octet-stream
# without a token nothing of that matters
r asks 401 POST $path?filter=x length=99999999 token=-
r < close
a . nothing
a disconnects

=== TEST 6: the largest body, kept in memory
--- versions: 4
--- hub
access_key primarykey;
max_queued 1000 4m;
--- zone: 32m
--- server
location /api/ { mqtt_api; client_body_buffer_size 1k; client_max_body_size 0; }
--- mqtt
a connects
a subscribes g qos=1
r asks 202 POST /api/hubs/test/groups/g/:send body=1048576*x
a < PUBLISH g qos=1 id=$i payload=1048576*x
a > PUBACK $i
r > REST POST /api/hubs/test/groups/g/:send length=1048577
r < HTTP 413
r < close
a disconnects
--- no_error_log
client request body is buffered to a temporary file

=== TEST 7: no room
--- versions: 5
--- workers: 1 2
--- zone: 2m
--- hub
access_key primarykey;
max_queued 0 500k;
--- server
location /api/ { mqtt_api; }
--- mqtt
for $who in a b c d
    $who connects resume
    $who subscribes $who qos=1
    $who disconnects
    r asks 202 POST /api/hubs/test/groups/$who/:send body=400000*x
end
e connects resume
e subscribes e qos=1
e disconnects
r > REST POST /api/hubs/test/groups/e/:send body=500000*x
r < HTTP 503 Retry-After=1 x-ms-error-code=Error.ServiceUnavailable
r > REST POST /api/hubs/test/:send body=500000*x
r < HTTP 503 Retry-After=1
r asks 202 POST /api/hubs/test/groups/e/:send body=x
for $who in a b c d
    $who connects resume sp=1
    $who < PUBLISH $who qos=1 id=$n payload=400000*x content_type=application/octet-stream
    $who > PUBACK $n
    $who . nothing
    $who disconnects
end
e connects resume sp=1
e < PUBLISH e qos=1 id=* payload=x content_type=application/octet-stream
e . nothing
e disconnects
--- error_log
is full

=== TEST 8: a hub of the template
--- versions: 4 5
--- transports: ws
--- main_config
mqtt_hub * {
    access_key other;
    anonymous on;
    default_roles webpubsub.joinLeaveGroup;
    max_packet_size 2k;
}
--- server
location /api/ { mqtt_api; }
location ~ ^/clients/mqtt/hubs/(?<hub>\w+)$ { mqtt_pass $hub; }
--- mqtt
r asks 202 POST /api/hubs/some/groups/g/:send text=1 key=other
r asks 404 HEAD /api/hubs/some/groups/g key=other
a opens path=/clients/mqtt/hubs/some
a connects
a subscribes g qos=0
r asks 202 POST /api/hubs/Some/groups/g/:send text=2 key=other
[4] a < PUBLISH g payload=2
[5] a < PUBLISH g payload=2 content_type=text/plain
r asks 413 POST /api/hubs/some/groups/g/:send length=2049 key=other
r < close
r asks 401 POST /api/hubs/some/groups/g/:send text=2
r asks 404 POST /api/hubs/7/groups/g/:send text=2 key=other
a disconnects
