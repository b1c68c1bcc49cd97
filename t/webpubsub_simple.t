# Simple clients: every frame is a message to a group, or an event.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: to a group
--- kinds: simple
--- workers: 1 2
--- mqtt
j comes json
p comes protobuf.reliable
j joins "a b/c"
p joins "a b/c"
a comes query=webpubsub_mode=sendToGroup&group=a%20b/c
a > text "hello"
j,p < group "a b/c" text="hello"
a > binary hex:00ff
j,p < group "a b/c" binary=hex:00ff
a > text ""
j,p < group "a b/c" text=""
a > text '{"a":1}'
j,p < group "a b/c" text='{"a":1}'
a . nothing
a stops

=== TEST 2: groups of the token, and what they get
--- kinds: simple
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- mqtt
token $t aud=http://localhost/client/hubs/test claims='"webpubsub.group":["g"]'
a comes access=$t query=webpubsub_mode=sendToGroup&group=g
b comes access=$t query=webpubsub_mode=sendToGroup&group=g&noEcho=true
a > text "one"
a,b < group g text="one"
b > text "two"
a < group g text="two"
b . nothing
j comes json
j sends g text=x
a,b < group g text=x
j sends g json='{"a": "ä"}'
a,b < group g json='{"a": "ä"}'
j sends g json='"text"'
a,b < group g json='"text"'
j sends g binary=hex:0001
a,b < group g binary=hex:0001
j sends g protobuf=hex:0a0161
a,b < group g protobuf=hex:0a0161
j sends g text=""
a,b < group g text=""

=== TEST 3: without the role
--- kinds: simple
--- hub
default_roles webpubsub.sendToGroup.other;
--- mqtt
a opens as simple query=webpubsub_mode=sendToGroup&group=g
a > text "x"
a < WS close 1008
a < close
b comes query=webpubsub_mode=sendToGroup&group=other
b > text "x"
b . nothing

=== TEST 4: text that is none
--- kinds: simple
--- mqtt
a comes query=webpubsub_mode=sendToGroup&group=g
a > text hex:61ff
a < WS close 1007
a < close

=== TEST 5: frames in pieces, and many in one
--- kinds: simple
--- mqtt
j comes json
j joins g
a comes query=webpubsub_mode=sendToGroup&group=g
a > WS text "a" fin=0
a > WS continuation "b" fin=0
a > WS continuation "c"
j < group g text=abc
a > WS binary "" fin=0
a > WS continuation "x"
j < group g binary=x
a > RAW hex:8181000000006181810000000062
j < group g text=a
j < group g text=b

=== TEST 6: events
--- kinds: simple
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=message validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format app escape=none '$http_ce_type $http_content_type <$http_ce_subprotocol> $request_body';
map $request_body $type {
    json    application/json;
    text    text/plain;
    default application/octet-stream;
}
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / {
        proxy_pass http://$TEST_NGINX_PORT_5;
        proxy_set_header X-Body $request_body;
    }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    location / {
        if ($http_x_body = nothing) { return 204; }
        if ($http_x_body = empty) { return 200; }
        if ($http_x_body = json) { add_header Content-Type application/json; return 200 '{"a":1}'; }
        if ($http_x_body = text) { add_header Content-Type text/plain; return 200 'ok'; }
        default_type application/octet-stream;
        return 200 $http_x_body;
    }
}
--- mqtt
a comes
a > text "echo"
a < server binary="echo"
a > text "nothing"
a > text "empty"
a > binary "more"
a < server binary="more"
a . nothing
--- access_log
azure.webpubsub.user.message text/plain <> echo
azure.webpubsub.user.message application/octet-stream <> more

=== TEST 7: an event that fails, or that nobody wants, ends the client
--- kinds: simple
--- server
location = /events {
    mqtt_event_handler test user=message validate=off;
    return 500;
}
--- server2
location = /events {
    mqtt_event_handler test user=other validate=off;
    return 200;
}
--- mqtt
a comes
a > text "x"
a < WS close 1011
a < close
reload 2
a comes
a > text "x"
a < WS close 1011
a < close
