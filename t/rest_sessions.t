# Connections, users and groups: who is there, who joins, leaves, is closed.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: who is there
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub='joe/1'
set $hub /api/hubs/test
for $path in connections/a%2F1 users/joe%2F1 groups/g%2F1
    r > REST HEAD $hub/$path
    r < HTTP 404 Content-Length=0 !x-ms-error-code
end
a > CONNECT resume id=a/1 password=$joe username=x
a < CONNACK
a subscribes g/1 "h/#"
for $path in connections/a%2F1 users/joe%2F1 groups/g%2F1
    r > REST HEAD $hub/$path
    r < HTTP 200 Content-Length=0
end
for $path in connections/a users/joe groups/g groups/h%2F1 connections/A%2F1
    r asks 404 HEAD $hub/$path
end
for $path in connections/ users/ groups/ groups/h%2F%23 users/%FF
    r asks 400 HEAD $hub/$path
end
# a session is enough
a disconnects
for $path in connections/a%2F1 users/joe%2F1 groups/g%2F1
    r asks 200 HEAD $hub/$path
end
a > CONNECT clean id=a/1 password=$joe username=x
a < CONNACK
r asks 404 HEAD $hub/groups/g%2F1
r asks 200 HEAD $hub/users/joe%2F1
a disconnects
for $path in connections/a%2F1 users/joe%2F1 groups/g%2F1
    r asks 404 HEAD $hub/$path
end

=== TEST 2: groups of a connection
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.sendToGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $hub /api/hubs/test
a connects resume
a acks
p connects
p publishes g/1 qos=1 retain payload=old
r > REST PUT $hub/groups/g%2F1/connections/nobody
r < HTTP 404 json.code=Error.NotFound json.target=connectionId x-ms-error-code=Error.NotFound
r asks 404 HEAD $hub/groups/g%2F1
# no role is asked for, no retained message comes
r > REST PUT $hub/groups/g%2F1/connections/a
r < HTTP 200 Content-Length=0
r asks 200 PUT $hub/groups/g%2F1/connections/a
r asks 200 PUT $hub/groups/%2F/connections/a
r asks 200 HEAD $hub/groups/g%2F1
p publishes g/1 qos=2 payload=1
a < PUBLISH g/1 qos=1 id=* payload=1
r asks 202 POST $hub/groups/%2F/:send binary=2
[4] a < PUBLISH / qos=1 id=* payload=2
[5] a < PUBLISH / qos=1 id=* payload=2 content_type=application/octet-stream
# offline
a disconnects
r asks 204 DELETE $hub/groups/g%2F1/connections/a
r asks 204 DELETE $hub/groups/g%2F1/connections/a
r asks 204 DELETE $hub/groups/g%2F1/connections/nobody
r asks 404 HEAD $hub/groups/g%2F1
r asks 200 PUT $hub/groups/later/connections/a
p publishes g/1 qos=1 payload=3
p publishes later qos=1 payload=4
a connects resume sp=1
a acks
a < PUBLISH later qos=1 id=* payload=4
# all of them
r asks 204 DELETE $hub/connections/a/groups
r asks 204 DELETE $hub/connections/nobody/groups
for $group in %2F later
    r asks 404 HEAD $hub/groups/$group
end
p publishes later qos=1 payload=5
a . nothing
for $path in groups//connections/a groups/a%2F%23/connections/a groups/x/connections/
    r asks 400 PUT $hub/$path
    r asks 400 DELETE $hub/$path
end
a,p disconnects

=== TEST 3: groups of a user
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.sendToGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
set $hub /api/hubs/test
p connects
for $who in a b
    $who > CONNECT resume password=$joe username=x
    $who < CONNACK
    $who acks
end
b disconnects
r asks 200 PUT $hub/users/joe/groups/g%2F1
r asks 200 PUT $hub/users/joe/groups/g%2F2
r asks 200 PUT $hub/users/nobody/groups/g
p publishes g/1 qos=1 payload=1
a < PUBLISH g/1 qos=1 id=* payload=1
b > CONNECT resume password=$joe username=x
b < CONNACK sp=1
b acks
b < PUBLISH g/1 qos=1 id=* payload=1
r asks 204 DELETE $hub/users/joe/groups/g%2F1
r asks 204 DELETE $hub/users/nobody/groups/g%2F1
p publishes g/1 qos=1 payload=2
p publishes g/2 qos=1 payload=3
a,b < PUBLISH g/2 qos=1 id=* payload=3
r asks 204 DELETE $hub/users/joe/groups
r asks 204 DELETE $hub/users/nobody/groups
p publishes g/2 qos=1 payload=4
a,b . nothing
r asks 400 PUT $hub/users//groups/g
r asks 400 PUT $hub/users/joe/groups/a%2F%2B
r asks 400 DELETE $hub/users//groups
a,b,p disconnects

=== TEST 4: groups of many
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.sendToGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
set $hub /api/hubs/test
a > CONNECT clean password=$joe username=x
a < CONNACK
b connects
c connects
p connects
r > REST POST $hub/:addToGroups json="{\"groups\":[\"g/1\",\"ä\"],\"filter\":\"userId eq 'joe' or connectionId eq 'b'\"}"
r < HTTP 200 Content-Length=0
r asks 200 POST $hub/:addToGroups json='{"filter":null,"groups":["all"],"other":[1]}'
r asks 200 POST $hub/:addToGroups json='{"filter":"","groups":["all"]}'
for $group in g/1 "ä"
    p publishes $group qos=1 payload=1
    a,b < PUBLISH $group qos=1 id=* payload=1
end
p publishes all qos=1 payload=2
a,b,c < PUBLISH all qos=1 id=* payload=2
p < PUBLISH all qos=1 id=* payload=2
r asks 200 POST $hub/:removeFromGroups json="{\"groups\":[\"g/1\",\"all\"],\"filter\":\"'ä' in groups and userId eq null\"}"
p publishes g/1 qos=1 payload=3
a < PUBLISH g/1 qos=1 id=* payload=3
r asks 200 POST $hub/:removeFromGroups json='{"groups":["all","g/1","nobody"]}'
for $group in g%2F1 all nobody
    r asks 404 HEAD $hub/groups/$group
end
a,b,c,p . nothing
for $action in addToGroups removeFromGroups
    for $body in '' '[]' '{}' '{"groups":[]}' '{"groups":"g"}' '{"groups":["g",1]}' '{"groups":["g",""]}' '{"groups":["a/#"]}' '{"groups":["a\u0000"]}' '{"groups":["g"],"filter":"x"}' '{"groups":["g"],"filter":1}' '{"groups":["g"]' '{"groups":["$webpubsub/server/messages"]}'
        r > REST POST $hub/:$action json=$body
        r < HTTP 400 json.code=Error.BadRequest json.target=~^(body|groups|filter)$
    end
    r > REST POST $hub/:$action json='{"groups":["g"'1000*',"g"'']}'
    r < HTTP 400 json.target=groups json.message="These are more than 1000."
    r asks 415 POST $hub/:$action text='{"groups":["g"]}'
    r asks 415 POST $hub/:$action body='{"groups":["g"]}'
    r asks 400 POST $hub/:$action type=application/json length=-
end
r asks 404 HEAD $hub/groups/g
a,b,c,p disconnects

=== TEST 5: closing connections
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
set $hub /api/hubs/test
for $who in a c
    $who > CONNECT resume password=$joe username=x
    $who < CONNACK
    $who subscribes g qos=1
end
b connects
b subscribes g
c disconnects
r asks 204 DELETE $hub/connections/a?reason=too%20late%20%C3%A4&api-version=2024-12-01
r asks 204 DELETE $hub/connections/c
[4] a < close
[5] a < DISCONNECT 0x98 reason_string="too late ä"
[5] a < close
b . nothing
r asks 404 HEAD $hub/connections/a
r asks 404 HEAD $hub/connections/c
r asks 404 HEAD $hub/users/joe
r asks 200 HEAD $hub/connections/b
r asks 200 HEAD $hub/groups/g
a > CONNECT resume password=$joe username=x
a < CONNACK sp=0
a,b disconnects
r asks 204 DELETE $hub/connections/nobody
r asks 400 DELETE $hub/connections/
r asks 400 DELETE $hub/connections/b?reason=%FF
set $long 4097*"x"
r asks 400 DELETE $hub/connections/b?reason=$long

=== TEST 6: closing a user
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
set $hub /api/hubs/test
for $who in a c
    $who > CONNECT resume password=$joe username=x
    $who < CONNACK
    $who subscribes g qos=1
end
b connects
b subscribes g
c disconnects
r asks 204 POST $hub/users/joe/:closeConnections?reason=too%20late%20%C3%A4
[4] a < close
[5] a < DISCONNECT 0x98 reason_string="too late ä"
[5] a < close
b . nothing
r asks 404 HEAD $hub/connections/a
r asks 404 HEAD $hub/connections/c
r asks 404 HEAD $hub/users/joe
r asks 200 HEAD $hub/connections/b
r asks 200 HEAD $hub/groups/g
a > CONNECT resume password=$joe username=x
a < CONNACK sp=0
a,b disconnects
r asks 204 POST $hub/users/nobody/:closeConnections
r asks 400 POST $hub/users//:closeConnections

=== TEST 7: closing a group
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
set $hub /api/hubs/test
for $who in a c
    $who > CONNECT resume password=$joe username=x
    $who < CONNACK
    $who subscribes g qos=1
end
b connects
b subscribes g
c disconnects
r asks 204 POST $hub/groups/g/:closeConnections?excluded=b&reason=too%20late%20%C3%A4&excluded=x
[4] a < close
[5] a < DISCONNECT 0x98 reason_string="too late ä"
[5] a < close
b . nothing
r asks 404 HEAD $hub/connections/a
r asks 404 HEAD $hub/connections/c
r asks 404 HEAD $hub/users/joe
r asks 200 HEAD $hub/connections/b
r asks 200 HEAD $hub/groups/g
a > CONNECT resume password=$joe username=x
a < CONNACK sp=0
a,b disconnects
r asks 204 POST $hub/groups/nobody/:closeConnections
r asks 400 POST $hub/groups//:closeConnections

=== TEST 8: closing all
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $joe sub=joe
set $hub /api/hubs/test
for $who in a c
    $who > CONNECT resume password=$joe username=x
    $who < CONNACK
    $who subscribes g qos=1
end
b connects
b subscribes g
c disconnects
r asks 204 POST $hub/:closeConnections?excluded=x&excluded=b&reason=too%20late%20%C3%A4
[4] a < close
[5] a < DISCONNECT 0x98 reason_string="too late ä"
[5] a < close
b . nothing
r asks 404 HEAD $hub/connections/a
r asks 404 HEAD $hub/connections/c
r asks 404 HEAD $hub/users/joe
r asks 200 HEAD $hub/connections/b
r asks 200 HEAD $hub/groups/g
a > CONNECT resume password=$joe username=x
a < CONNACK sp=0
a,b disconnects
b connects
r asks 204 POST $hub/:closeConnections
[4] b < close
[5] b < DISCONNECT 0x98 !reason_string
[5] b < close
r asks 204 POST $hub/:closeConnections
