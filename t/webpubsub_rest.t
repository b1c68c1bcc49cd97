# What servers send to Web PubSub clients by REST, and do to them.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: to a group, to all, to a user, to a connection
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $t aud=http://localhost/client/hubs/test sub=joe
a comes access=$t user=joe
b comes
a joins g
b joins g
for $n in 1 2
    r asks 202 POST /api/hubs/test/groups/g/:send text="hällo"
    a,b < group g text="hällo" !user
    r asks 202 POST /api/hubs/test/groups/g/:send json='{"a":[1]}'
    a,b < group g json='{"a":[1]}'
    r asks 202 POST /api/hubs/test/groups/g/:send json='"text"'
    a,b < group g json='"text"'
    r asks 202 POST /api/hubs/test/groups/g/:send binary=hex:00ff
    a,b < group g binary=hex:00ff
    r asks 202 POST /api/hubs/test/:send text=all
    a,b < server text=all
    r asks 202 POST /api/hubs/test/users/joe/:send json=1
    a < server json=1
    b . nothing
    r asks 202 POST /api/hubs/test/connections/$a_id/:send binary=3
    a < server binary=3
    b . nothing
end

=== TEST 2: with metadata
--- kinds: json json.reliable protobuf
--- hub
anonymous on;
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a comes
r asks 202 POST /api/hubs/test/:send text=x header="X-WebPubSub-Metadata-Key: some value"
a < server text=x meta=key:"some value"
r asks 400 POST /api/hubs/test/:send text=x header="x-webpubsub-metadata-key: ä"
a . nothing

=== TEST 3: to simple clients
--- kinds: simple
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a comes
r asks 202 POST /api/hubs/test/:send text="hällo"
a < text data="hällo"
r asks 202 POST /api/hubs/test/:send json='"x"'
a < text data='"x"'
r asks 202 POST /api/hubs/test/:send binary=hex:00ff
a < binary data=hex:00ff

=== TEST 4: into groups, out of them, and closed
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a comes
b comes
r asks 200 PUT /api/hubs/test/groups/g/connections/$a_id
b sends g text=one
a < group g text=one
r asks 204 DELETE /api/hubs/test/groups/g/connections/$a_id
b sends g text=two
a . nothing
r asks 204 DELETE /api/hubs/test/connections/$a_id?reason=enough
a < disconnected message=enough
a < WS close 1000
a < close
b . nothing


=== TEST 5: what they speak, in filters and for operators
--- kinds: json protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
a comes
m > CONNECT clean
m < CONNACK
r asks 202 POST /api/hubs/test/:send?filter=protocol%20eq%20%27mqtt%27 text=one
m < PUBLISH $webpubsub/server/messages qos=1 id=* content_type="text/plain" payload="one"
r asks 202 POST /api/hubs/test/:send?filter=protocol%20ne%20%27mqtt%27 text=two
a < server text=two
m . nothing
r > REST GET /api/hubs/test/sessions/$a_id
r < HTTP 200 json.connected=true json.protocol=* !json.protocolVersion
