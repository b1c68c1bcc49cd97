# Web PubSub clients and the rest of nginx: TLS, requests that are released,
# proxies, one process for all, variables and logs.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: TLS
--- kinds: simple json protobuf.reliable
--- transports: ws wss
--- workers: 1 2
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- zone: 32m
--- mqtt
a comes query=webpubsub_mode=sendToGroup&group=g
b comes json
b joins g
[simple] a > text 300000*x
[not simple] a sends g text=300000*x
b < group g text=300000*x
a stops

=== TEST 2: the request is released
--- kinds: simple json json.reliable protobuf
--- transports: ws wss
--- workers: 1 2
--- server
mqtt_release_request on;
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect validate=off;
    return 204;
}
--- mqtt
a comes query=webpubsub_mode=sendToGroup&group=g
access log has "GET /client/hubs/test"
b comes json
b joins g
[simple] a > text "x"
[not simple] a sends g text="x"
b < group g text="x"
a . nothing
a stops
c comes
c resets
d comes
d closes
reload
e comes
e stops

=== TEST 3: one process for all
--- kinds: simple json protobuf.reliable
--- master: off
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect user=* validate=off;
    default_type text/plain;
    return 200 "";
}
--- mqtt
a comes query=webpubsub_mode=sendToGroup&group=g
b comes json
b joins g
[simple] a > text "x"
[not simple] a sends g text="x"
b < group g text="x"
b > event e text=x ack=1
b < ack 1
a stops

=== TEST 4: variables
--- kinds: simple json json.reliable protobuf protobuf.reliable
--- hub
access_key primarykey;
--- http_config
log_format native '$status $mqtt_hub $mqtt_protocol <$mqtt_user_id> $mqtt_client_id';
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; access_log logs/access.log native; }
--- mqtt
token $t aud=http://localhost/client/hubs/test sub=joe
a comes access=$t
a stops
--- access_log
/^101 test (websocket|(json|protobuf)(\.reliable)?\.webpubsub\.azure\.v1) <joe> [0-9a-f]{32}$/

=== TEST 5: frames behind the handshake
--- kinds: json simple
--- workers: 1 2
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    access_log off;
    location / { return 204; }
}
--- mqtt
b comes json
b joins g
[json] a opens bare
[json] a > RAW "GET /client/hubs/test HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: json.webpubsub.azure.v1\r\n\r\n" hex:81bf303030304b1244494055120a1243555e54645f77425f4540121c1257425f4540120a1257121c125451445164494055120a1244554844121c1254514451120a1248124d
[simple] a opens bare
[simple] a > RAW "GET /client/hubs/test?webpubsub_mode=sendToGroup&group=g HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x810000H"
b < group g text=x

=== TEST 6: limits of a hub
--- kinds: simple json protobuf.reliable
--- hub
max_connections 1;
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- mqtt
a comes
b opens bare
b > HANDSHAKE path=/client/hubs/test protocol=-
b < HTTP 503
a stops
c comes

=== TEST 7: a location that others guard
--- kinds: json
--- server
location = /client/hubs/test { deny all; mqtt_pass test webpubsub; }
location = /client/other {
    auth_basic "x";
    auth_basic_user_file none;
    mqtt_pass test webpubsub;
}
--- mqtt
a opens bare
a > HANDSHAKE path=/client/hubs/test protocol=-
a < HTTP 403
b opens bare
b > HANDSHAKE path=/client/other protocol=-
b < HTTP 401

=== TEST 8: refused ones keep no connection
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect validate=off;
    return 401;
}
--- mqtt
a opens bare
a > HANDSHAKE path=/client/hubs/test protocol=-
a < HTTP 401 Connection=close
a < close

=== TEST 9: a connect event that is under way at a reload, and at the end
--- kinds: json
--- workers: 1 2
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    access_log off;
    location / { limit_rate 200; return 200 '{"userId":"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}'; }
}
--- mqtt
a opens bare as json
a > HANDSHAKE path=/client/hubs/test protocol=json.webpubsub.azure.v1
reload
a < HTTP 101
a < connected user=~^0123
a stops
b opens bare as json
b > HANDSHAKE path=/client/hubs/test protocol=json.webpubsub.azure.v1
