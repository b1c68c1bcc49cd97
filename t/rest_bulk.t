# Work of servers that takes more than one pass of the event loop.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: many sessions
--- transports: tcp
--- versions: 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.sendToGroup webpubsub.joinLeaveGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $hub /api/hubs/test
set $slow 20*"'x'%20in%20groups%20or%20"
for $i in 1..500
    s connects resume id=s$i
    s disconnects
end
a connects id=a
b connects
b subscribes t
# a send with a filter that takes its time, a client's message meanwhile
r > REST POST "$hub/:send?filter=${slow}length(groups)%20ge%200" text=1
a > PUBLISH t qos=1 id=1 payload=2
any order
    b < PUBLISH $webpubsub/server/messages qos=1 id=1 content_type=text/plain payload=1
    b < PUBLISH t payload=2
end
b > PUBACK 1
r < HTTP 202
r asks 202 POST $hub/:send?excluded=b&messageTtlSeconds=300 json=3
any order
    a < PUBACK 1
    a < PUBLISH $webpubsub/server/messages qos=1 id=1 content_type=text/plain payload=1
    a < PUBLISH $webpubsub/server/messages qos=1 id=2 content_type=application/json expiry=280..300 payload=3
end
a > PUBACK 1
a > PUBACK 2
for $i in 1 250 500
    s connects resume id=s$i sp=1
    s acks
    s < PUBLISH $webpubsub/server/messages qos=1 id=1 content_type=text/plain payload=1
    s < PUBLISH $webpubsub/server/messages qos=1 id=2 content_type=application/json expiry=280..300 payload=3
    s disconnects
end
# groups; the first server does not wait for the end
r > REST POST $hub/:addToGroups json='{"groups":["g/1","g/2"]}'
r resets
q asks 200 POST $hub/:addToGroups json="{\"groups\":[\"g/2\",\"g/3\"],\"filter\":\"connectionId ne 'b'\"}"
q asks 202 POST $hub/groups/g%2F3/:send text=4
a < PUBLISH g/3 qos=1 id=3 content_type=text/plain payload=4
a > PUBACK 3
q asks 200 POST $hub/:removeFromGroups json='{"groups":["g/2","g/3"]}'
for $n in 2 3
    q asks 404 HEAD $hub/groups/g%2F$n
end
for $i in 2 251 499
    s connects resume id=s$i sp=1
    s acks
    any order
        s < PUBLISH $webpubsub/server/messages qos=1 id=1 content_type=text/plain payload=1
        s < PUBLISH $webpubsub/server/messages qos=1 id=2 content_type=application/json expiry=270..300 payload=3
        s < PUBLISH g/3 qos=1 id=3 content_type=text/plain payload=4
    end
    s disconnects
end
# all but one
q > REST POST $hub/:closeConnections?excluded=b&reason=all
b publishes t qos=1 payload=5
b < PUBLISH t payload=5
a < DISCONNECT 0x98 reason_string=all
a < close
q < HTTP 204
for $i in 1 250 500
    q asks 404 HEAD $hub/connections/s$i
end
q asks 200 HEAD $hub/connections/b
b disconnects

=== TEST 2: how WebSocket clients are closed
--- transports: ws
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a connects id=a
r asks 204 DELETE /api/hubs/test/connections/a
[5] a < DISCONNECT 0x98 !reason_string
a < WS close 1000
