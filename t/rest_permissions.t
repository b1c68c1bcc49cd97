# Permissions of connections, changed while they last.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: granted, revoked, asked for
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.sendToGroup.free;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $may /api/hubs/test/permissions
a connects resume
r asks 404 HEAD $may/sendToGroup/connections/a
r asks 404 HEAD $may/sendToGroup/connections/a?targetName=g/1
r asks 200 HEAD $may/sendToGroup/connections/a?targetName=free
# one group, to publish
r > REST PUT $may/sendToGroup/connections/a?targetName=g%2F1
r < HTTP 200 Content-Length=0
r asks 200 PUT $may/sendToGroup/connections/a?targetName=g%2F1
r asks 200 HEAD $may/sendToGroup/connections/a?targetName=g%2F1
r asks 404 HEAD $may/joinLeaveGroup/connections/a?targetName=g%2F1
r asks 404 HEAD $may/sendToGroup/connections/a
[5] a publishes g/1 qos=1 payload=x
[5] a > PUBLISH g/2 qos=1 id=9 payload=x
[5] a < PUBACK 9 0x87
a > SUBSCRIBE 7 g/1
a < SUBACK 7 codes=0x80|0x87
# one, to subscribe
r asks 200 PUT $may/joinLeaveGroup/connections/a?targetName=g%2F1
a subscribes g/1
a > SUBSCRIBE 7 g/+
a < SUBACK 7 codes=0x80|0x87
a > PUBLISH g/1 payload=1
a < PUBLISH g/1 payload=1
# all
r asks 200 PUT $may/joinLeaveGroup/connections/a
r asks 200 PUT $may/sendToGroup/connections/a?targetName=
r asks 200 HEAD $may/sendToGroup/connections/a
a subscribes h/+
a > PUBLISH h/1 payload=2
a < PUBLISH h/1 payload=2
# one of them no more; it stays subscribed
r asks 204 DELETE $may/joinLeaveGroup/connections/a?targetName=h%2F1
r asks 204 DELETE $may/sendToGroup/connections/a?targetName=g%2F1
r asks 404 HEAD $may/joinLeaveGroup/connections/a
r asks 404 HEAD $may/joinLeaveGroup/connections/a?targetName=h%2F1
r asks 200 HEAD $may/joinLeaveGroup/connections/a?targetName=h%2F2
a > PUBLISH h/1 payload=3
a < PUBLISH h/1 payload=3
for $filter in h/1 h/+ "h/#" "#"
    a > SUBSCRIBE 7 $filter
    a < SUBACK 7 codes=0x80|0x87
end
a subscribes h/2 h/1/+
[5] a > PUBLISH g/1 qos=1 id=9 payload=x
[5] a < PUBACK 9 0x87
# it lasts as the session does
a disconnects
a connects resume sp=1
r asks 404 HEAD $may/sendToGroup/connections/a?targetName=g%2F1
a > SUBSCRIBE 7 h/1
a < SUBACK 7 codes=0x80|0x87
r asks 200 PUT $may/joinLeaveGroup/connections/a?targetName=h%2F1
a subscribes h/1
# none at all, whatever the hub gives
r asks 204 DELETE $may/sendToGroup/connections/a
r asks 404 HEAD $may/sendToGroup/connections/a?targetName=free
[5] a > PUBLISH free qos=1 id=9 payload=x
[5] a < PUBACK 9 0x87
r asks 200 PUT $may/sendToGroup/connections/a?targetName=g%2F3
a publishes g/3 qos=1 payload=x
[4] a > PUBLISH free payload=x
[4] a < close
[5] a disconnects

=== TEST 2: a token's roles; a revoked one does not come back with it
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.joinLeaveGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $may /api/hubs/test/permissions/sendToGroup/connections
token $t sub=joe claims='"role":["webpubsub.sendToGroups.g/*","webpubsub.sendToGroup.h"]'
a > CONNECT resume username=x password=$t
a < CONNACK
a publishes g/1 qos=1 payload=x
a publishes h qos=1 payload=x
for $group in g%2F1 h
    r asks 200 HEAD $may/a?targetName=$group
    r asks 204 DELETE $may/a?targetName=$group
    r asks 404 HEAD $may/a?targetName=$group
end
r asks 200 PUT $may/a?targetName=i
r asks 200 HEAD $may/a?targetName=g%2F2
a publishes g/2 qos=1 payload=x
a publishes i qos=1 payload=x
a disconnects
a > CONNECT resume username=x password=$t
a < CONNACK sp=1
r asks 404 HEAD $may/a?targetName=g%2F1
r asks 200 HEAD $may/a?targetName=i
a publishes i qos=1 payload=x
[5] a > PUBLISH h qos=1 id=9 payload=x
[5] a < PUBACK 9 0x87
[4] a > PUBLISH h payload=x
[4] a < close
[4] a > CONNECT resume username=x password=$t
[4] a < CONNACK sp=1
# a new session, as a new connection, begins anew
a disconnects
a > CONNECT clean username=x password=$t
a < CONNACK
a publishes h qos=1 payload=x
r asks 404 HEAD $may/a?targetName=i
a disconnects

=== TEST 3: re-authentication
--- versions: 5
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $may /api/hubs/test/permissions/sendToGroup/connections
token $t sub=joe claims='"role":"webpubsub.sendToGroup"'
a > CONNECT clean auth_method=JWT auth_data=$t
a < CONNACK
r asks 204 DELETE $may/a?targetName=g
a > AUTH 0x19 auth_method=JWT auth_data=$t
a < AUTH 0
a > PUBLISH g qos=1 id=1 payload=x
a < PUBACK 1 0x87
a publishes h qos=1 payload=x
r asks 204 DELETE $may/a
a > AUTH 0x19 auth_method=JWT auth_data=$t
a < AUTH 0
a > PUBLISH h qos=1 id=1 payload=x
a < PUBACK 1 0x87
r asks 200 PUT $may/a
a publishes h qos=1 payload=x
a publishes g qos=1 payload=x
a disconnects

=== TEST 4: what cannot be
--- versions: 4
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $may /api/hubs/test/permissions
a connects
r > REST PUT $may/sendToGroup/connections/nobody
r < HTTP 404 json.code=Error.NotFound json.target=connectionId
r asks 204 DELETE $may/sendToGroup/connections/nobody
r asks 404 HEAD $may/sendToGroup/connections/nobody
for $path in sendToGroups/connections/a x/connections/a /connections/a sendToGroup/connections/ sendToGroup/connections/a?targetName=a/%23 sendToGroup/connections/a?targetName=%20
    r asks 400 PUT $may/$path
    r asks 400 HEAD $may/$path
    r asks 400 DELETE $may/$path
end
r > REST GET $may/sendToGroup/connections/a
r < HTTP 405 Allow="HEAD, PUT, DELETE"
r asks 200 PUT $may/SENDTOGROUP/connections/a
a disconnects

=== TEST 5: as many as may be
--- versions: 4
--- transports: tcp
--- hub
access_key primarykey;
default_roles webpubsub.joinLeaveGroup.x;
--- http_config
keepalive_requests 10000;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $may /api/hubs/test/permissions
a connects
for $i in 1..1000
    r asks 200 PUT $may/sendToGroup/connections/a?targetName=$i
end
r > REST PUT $may/sendToGroup/connections/a?targetName=1001
r < HTTP 409 json.code=Error.Conflict json.target=targetName x-ms-error-code=Error.Conflict
r asks 200 PUT $may/sendToGroup/connections/a?targetName=1000
r asks 200 PUT $may/joinLeaveGroup/connections/a?targetName=1001
a publishes 1000 qos=1 payload=x
r asks 204 DELETE $may/sendToGroup/connections/a?targetName=1
r asks 200 PUT $may/sendToGroup/connections/a?targetName=1001
r asks 404 HEAD $may/sendToGroup/connections/a?targetName=1
r asks 200 PUT $may/sendToGroup/connections/a
for $i in 1..1000
    r asks 204 DELETE $may/sendToGroup/connections/a?targetName=$i
end
r asks 409 DELETE $may/sendToGroup/connections/a?targetName=1001
r asks 200 HEAD $may/sendToGroup/connections/a?targetName=1001
r asks 404 HEAD $may/sendToGroup/connections/a?targetName=1000
a disconnects
