# Custom events of clients: what the application gets, what clients get back.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a round trip
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location / { return 200 "$request_method $http_ce_type"; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/hello qos=1 id=7 payload=x
a < PUBACK 7
[4] a < PUBLISH $webpubsub/server/events/hello/succeeded qos=1 id=$one payload="POST azure.webpubsub.user.hello"
[5] a < PUBLISH $webpubsub/server/events/hello/succeeded qos=1 id=$one payload="POST azure.webpubsub.user.hello" content_type=text/plain user=azure-status-code:200
a > PUBACK $one
a > PUBLISH $webpubsub/server/events/hello qos=2 id=7 payload=x
a < PUBREC 7
[4] a < PUBLISH $webpubsub/server/events/hello/succeeded qos=2 id=$two payload="POST azure.webpubsub.user.hello"
[5] a < PUBLISH $webpubsub/server/events/hello/succeeded qos=2 id=$two payload="POST azure.webpubsub.user.hello" content_type=text/plain user=azure-status-code:200
a > PUBREC $two
a < PUBREL $two
a > PUBCOMP $two
a > PUBREL 7
a < PUBCOMP 7
a > PUBLISH $webpubsub/server/events/hello payload=x
[4] a < PUBLISH $webpubsub/server/events/hello/succeeded payload="POST azure.webpubsub.user.hello"
[5] a < PUBLISH $webpubsub/server/events/hello/succeeded payload="POST azure.webpubsub.user.hello" content_type=text/plain user=azure-status-code:200
a disconnects

=== TEST 2: headers
--- hub
access_key 7aab239577fd4f24bc919802fb629f5f second;
--- server
location = /events {
    mqtt_event_handler TEST user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/app;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    default_type text/plain;
    location / {
        return 200 "uri=$request_uri
origin=$http_webhook_request_origin
spec=$http_ce_specversion
awps=$http_ce_awpsversion
source=$http_ce_source
id=$http_ce_id
time=$http_ce_time
hub=$http_ce_hub
connection=$http_ce_connectionid
physical=$http_ce_physicalconnectionid
session=$http_ce_sessionid
event=$http_ce_eventname
user=$http_ce_userid
protocol=$http_ce_subprotocol
state=$http_ce_connectionstate
signature=$http_ce_signature
type=$content_type
length=$content_length
";
    }
}
--- mqtt
a > CONNECT clean id=0f9c97a2f0bf4706afe87a14e0797b11
a < CONNACK
a > PUBLISH $webpubsub/server/events/Hello.you_2-x payload="12345"
a < PUBLISH $webpubsub/server/events/Hello.you_2-x/succeeded content_type=text/plain user=azure-status-code:200 payload=~'^uri=/app\norigin=localhost\nspec=1.0\nawps=1.0\nsource=/hubs/test/client/0f9c97a2f0bf4706afe87a14e0797b11/([0-9a-f]{16})\nid=\S+\ntime=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\nhub=test\nconnection=0f9c97a2f0bf4706afe87a14e0797b11\nphysical=\1\nsession=[0-9a-f]{16}\nevent=Hello.you_2-x\nuser=\nprotocol=mqtt\nstate=\nsignature=sha256=7767effcb3946f3e1de039df4b986ef02c110b1469d02c0a06f41b3b727ab561,sha256=[0-9a-f]{64}\ntype=application/octet-stream\nlength=5\n$'
a disconnects

=== TEST 3: content types, properties and correlation data, there and back
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    default_type application/json;
    location / {
        add_header Mqtt-Back "<$http_mqtt_there>";
        return 200 "$content_type";
    }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e content_type=text/plain correlation=hex:00ff user=there:1 response_topic=r payload="x"
a < PUBLISH $webpubsub/server/events/e/succeeded correlation=hex:00ff content_type=application/json payload=text/plain user=azure-status-code:200 user=back:<1>
# what is no content type is not sent as one
a > PUBLISH $webpubsub/server/events/e content_type="text" correlation="" payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded correlation="" content_type=application/json payload=application/octet-stream user=azure-status-code:200 user=back:<>
a disconnects

=== TEST 4: what the application refuses
--- versions: 4 5
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /no { return 403 "not you"; }
    location /ok { return 204; }
    location /moved { return 302 /x; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/no payload=x
[4] a < PUBLISH $webpubsub/server/events/no/failed payload="not you"
[5] a < PUBLISH $webpubsub/server/events/no/failed payload="not you" content_type=text/plain user=azure-status-code:403
a > PUBLISH $webpubsub/server/events/ok payload=x
[4] a < PUBLISH $webpubsub/server/events/ok/succeeded payload=""
[5] a < PUBLISH $webpubsub/server/events/ok/succeeded payload="" user=azure-status-code:204
a > PUBLISH $webpubsub/server/events/moved payload=x
[4] a < PUBLISH $webpubsub/server/events/moved/failed payload=*
[5] a < PUBLISH $webpubsub/server/events/moved/failed payload=* content_type=* user=azure-status-code:302
a disconnects

=== TEST 5: no handler
--- versions: 4 5
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e qos=1 id=1 payload=x
a < PUBACK 1
[4] a < PUBLISH $webpubsub/server/events/e/failed qos=1 id=$id payload=""
[5] a < PUBLISH $webpubsub/server/events/e/failed qos=1 id=$id payload="" user=azure-status-code:404
a > PUBACK $id
a disconnects

=== TEST 6: names of events
--- hub
default_roles webpubsub.joinLeaveGroup;
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    return 200;
}
--- mqtt
a connects
for $name in 1e e/ e/f e%20 "e\x0d\x0af" 129*e
    a > PUBLISH $webpubsub/server/events/$name qos=1 id=1 payload=x
    a < PUBACK 1 0x90
end
a > PUBLISH $webpubsub/server/events/ qos=2 id=1 payload=x
a < PUBREC 1 0x90
set $name 128*e
a > PUBLISH $webpubsub/server/events/$name payload=x
a < PUBLISH $webpubsub/server/events/$name/succeeded payload="" content_type=* user=azure-status-code:200
# other topics there are the server's
a > PUBLISH $webpubsub/server/messages qos=1 id=1 payload=x
a < PUBACK 1 0x87
a disconnects

=== TEST 7: a duplicate of QoS 2 is one event
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    return 200 "$http_ce_id";
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e qos=2 id=9 payload=x
a < PUBREC 9
a < PUBLISH $webpubsub/server/events/e/succeeded qos=2 id=$id payload=* content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/e dup qos=2 id=9 payload=x
a < PUBREC 9
a . nothing
a > PUBREL 9
a < PUBCOMP 9
a disconnects

=== TEST 8: first match wins, lists and patterns
--- server
location = /one {
    mqtt_event_handler other user=*;
    mqtt_event_handler test "user= one , UN" validate=off;
    return 200 "one";
}
location = /two {
    mqtt_event_handler test "user=~^t{1}[wo,]+$" validate=off;
    return 200 "two";
}
location = /rest {
    mqtt_event_handler test user=* validate=off;
    return 200 "rest";
}
location = /never {
    mqtt_event_handler test user=one validate=off;
    return 200 "never";
}
--- main_config
mqtt_hub other { }
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/One payload=x
a < PUBLISH $webpubsub/server/events/One/succeeded payload=one content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/un payload=x
a < PUBLISH $webpubsub/server/events/un/succeeded payload=one content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/two payload=x
a < PUBLISH $webpubsub/server/events/two/succeeded payload=two content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/Two payload=x
a < PUBLISH $webpubsub/server/events/Two/succeeded payload=rest content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/onetwo payload=x
a < PUBLISH $webpubsub/server/events/onetwo/succeeded payload=rest content_type=* user=azure-status-code:200
a disconnects

=== TEST 9: no byte of a client ends a header
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_set_header X-Var "$mqtt_client_id|$mqtt_event|$remote_addr";
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location / {
        return 200 "$http_ce_connectionid|$http_x_evil|$http_mqtt_a|$http_mqtt_b|$http_mqtt_c|$http_mqtt_d|$http_x_var|$content_type";
    }
}
--- mqtt
a > CONNECT clean id=" a\x0d\x0aX-Evil: 1\xc3\xa4%\x7f"
a < CONNACK
a > PUBLISH $webpubsub/server/events/e user=a:"1\x0d\x0aX-Evil: 2" user="b: 1\x0d\x0aX-Evil":3 user="":4 user="c c":5 user=c:"\xe2\x82\xac" user=d:" 1  " content_type="text/plain\x0d\x0aX-Evil: 4" payload="\x0d\x0a\x0d\x0aPOST / HTTP/1.1\x0d\x0a"
a < PUBLISH $webpubsub/server/events/e/succeeded payload="%20a%0D%0AX-Evil: 1%C3%A4%%7F||1%0D%0AX-Evil: 2||%E2%82%AC|%201 %20|%20a%0D%0AX-Evil%3A%201%C3%A4%25%7F|e|127.0.0.1|application/octet-stream" content_type=text/plain user=azure-status-code:200
a disconnects

=== TEST 10: nor the request line
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_hub/$mqtt_client_id/$mqtt_protocol?e=$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location / { return 200 "$request|$http_x_evil"; }
}
--- mqtt
a > CONNECT clean id="../x?y#z HTTP/1.1\x0d\x0aX-Evil: 1\x0d\x0a\x0d\x0a"
a < CONNACK
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="POST /test/..%2Fx%3Fy%23z%20HTTP%2F1.1%0D%0AX-Evil%3A%201%0D%0A%0D%0A/MQTT%2F5.0?e=e HTTP/1.0|" content_type=text/plain user=azure-status-code:200
a disconnects

=== TEST 11: large answers
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- zone: 32m
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    set $x 0123456789abcdef;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x;
    location /full { return 200 $x; }
    location /over { return 200 ${x}y; }
    location /chunked {
        # without a length
        ssi on;
        ssi_types *;
        return 200 $x;
    }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/full payload=x
a < PUBLISH $webpubsub/server/events/full/succeeded payload=65536*"0123456789abcdef" content_type=text/plain user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/over payload=x
a < PUBLISH $webpubsub/server/events/over/failed payload="" user=azure-status-code:500
a > PUBLISH $webpubsub/server/events/chunked payload=x
a < PUBLISH $webpubsub/server/events/chunked/succeeded payload=65536*"0123456789abcdef" content_type=text/plain user=azure-status-code:200
a disconnects

=== TEST 12: large events
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    client_max_body_size 2m;
    location / { return 200 $content_length; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e payload=1048577*x
a < PUBLISH $webpubsub/server/events/e/succeeded payload=1048577 content_type=text/plain user=azure-status-code:200
a disconnects

=== TEST 13: the order of one client's events, and of nobody else's
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /slow { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
    location /quick { return 200; }
}
--- mqtt
a connects
b connects
a > PUBLISH $webpubsub/server/events/slow payload=x
a > PUBLISH $webpubsub/server/events/quick payload=x
b > PUBLISH $webpubsub/server/events/quick payload=x
b < PUBLISH $webpubsub/server/events/quick/succeeded payload="" content_type=* user=azure-status-code:200
a . nothing
a < PUBLISH $webpubsub/server/events/slow/succeeded payload=* content_type=* user=azure-status-code:200
a < PUBLISH $webpubsub/server/events/quick/succeeded payload="" content_type=* user=azure-status-code:200
# also of those that come while one that has waited is under way
a holds
a > PUBLISH $webpubsub/server/events/quick payload=x
a > PUBLISH $webpubsub/server/events/slow payload=x
a sends
a < PUBLISH $webpubsub/server/events/quick/succeeded payload="" content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/quick payload=x
a < PUBLISH $webpubsub/server/events/slow/succeeded payload=* content_type=* user=azure-status-code:200
a < PUBLISH $webpubsub/server/events/quick/succeeded payload="" content_type=* user=azure-status-code:200
a disconnects
b disconnects

=== TEST 14: the reply goes where the session is
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /slow { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
}
--- mqtt
a connects resume
a > PUBLISH $webpubsub/server/events/slow qos=1 id=1 payload=x
a < PUBACK 1
a resets
a connects resume sp=1
[4] a < PUBLISH $webpubsub/server/events/slow/succeeded qos=1 id=$one payload=*
[5] a < PUBLISH $webpubsub/server/events/slow/succeeded qos=1 id=$one payload=* content_type=* user=azure-status-code:200
a > PUBACK $one
# kept while it is offline
a > PUBLISH $webpubsub/server/events/slow qos=1 id=1 payload=x
a < PUBACK 1
a resets
b connects
wait 2.5
a connects resume sp=1
[4] a < PUBLISH $webpubsub/server/events/slow/succeeded qos=1 id=$two payload=*
[5] a < PUBLISH $webpubsub/server/events/slow/succeeded qos=1 id=$two payload=* content_type=* user=azure-status-code:200
a > PUBACK $two
# another session of that name gets nothing
a > PUBLISH $webpubsub/server/events/slow qos=1 id=1 payload=x
a < PUBACK 1
a resets
a connects
wait 2.5
a . nothing
a disconnects
b disconnects

=== TEST 15: without a server behind it
--- server
location = /static {
    mqtt_event_handler test user=static validate=off;
    root $TEST_NGINX_ROOT;
    try_files /conf/nginx.conf =404;
}
location = /text {
    mqtt_event_handler test user=text validate=off;
    return 200 "$request_method $mqtt_event $http_ce_type $mqtt_session_present";
}
location = /error {
    mqtt_event_handler test user=error validate=off;
    error_page 503 = /instead;
    return 503;
}
location = /instead {
    internal;
    return 200 "instead";
}
location = /fastcgi {
    mqtt_event_handler test user=fastcgi validate=off;
    fastcgi_pass $TEST_NGINX_PORT_4;
}
location = /named {
    mqtt_event_handler test user=named validate=off;
    error_page 418 = @named;
    return 418;
}
location @named { return 200 "$mqtt_event"; }
location = /rewrite {
    mqtt_event_handler test user=rewrite validate=off;
    rewrite ^ /instead;
}
location = /closed {
    mqtt_event_handler test user=closed validate=off;
    return 444;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    return 200;
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/static payload=x
a < PUBLISH $webpubsub/server/events/static/failed payload=* content_type=* user=azure-status-code:405
a > PUBLISH $webpubsub/server/events/text payload=x
a < PUBLISH $webpubsub/server/events/text/succeeded payload="POST text azure.webpubsub.user.text 0" content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/error payload=x
a < PUBLISH $webpubsub/server/events/error/succeeded payload=instead content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/named payload=x
a < PUBLISH $webpubsub/server/events/named/succeeded payload=named content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/rewrite payload=x
a < PUBLISH $webpubsub/server/events/rewrite/succeeded payload=instead content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/fastcgi payload=x
a < PUBLISH $webpubsub/server/events/fastcgi/failed payload=* content_type=* user=azure-status-code:502
a > PUBLISH $webpubsub/server/events/closed payload=x
a < PUBLISH $webpubsub/server/events/closed/failed payload=* user=azure-status-code:500
a disconnects
--- allow
/upstream sent unsupported FastCGI/

=== TEST 16: a handler is not for clients
--- transports: ws
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    return 200;
}
--- mqtt
a opens bare
a > HANDSHAKE path=/events
a < HTTP 404
a closes

=== TEST 17: what a server does with its clients is not for events
--- transports: tcp
--- server
return 301 https://elsewhere/;
location = /events {
    mqtt_event_handler test user=* validate=off;
    deny all;
    client_max_body_size 1;
    return 200;
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e payload=xyz
a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
a disconnects

=== TEST 18: over TLS, connections that are kept
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass https://app;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
}
--- http_config
upstream app {
    server $TEST_NGINX_PORT_4;
    keepalive 4;
}
server {
    listen $TEST_NGINX_PORT_4 ssl;
    ssl_certificate $TEST_NGINX_CERTIFICATE;
    ssl_certificate_key $TEST_NGINX_KEY;
    location / { return 200 $connection_requests; }
}
--- mqtt
a connects
for $i in 1..5
    a > PUBLISH $webpubsub/server/events/e payload=x
    a < PUBLISH $webpubsub/server/events/e/succeeded payload=$i content_type=* user=azure-status-code:200
end
a disconnects

=== TEST 19: without buffering, and answers that are cut off
--- server
location = /events {
    mqtt_event_handler test user=whole,none validate=off;
    proxy_buffering off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /whole { return 200 "whole"; }
    location /none { return 444; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/whole payload=x
a < PUBLISH $webpubsub/server/events/whole/succeeded payload=whole content_type=* user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/none payload=x
a < PUBLISH $webpubsub/server/events/none/failed payload=* content_type=* user=azure-status-code:502
a disconnects

=== TEST 20: the state that the application keeps in a session
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    default_type "";
    location / { return 200 "<$http_ce_connectionstate>"; }
    location /one { add_header ce-connectionState one; return 200; }
    location /two { add_header CE-CONNECTIONSTATE "two%"; return 200; }
    location /no { add_header ce-connectionState no always; return 400; }
}
--- mqtt
a connects resume
# each event has the state that the answer to the one before it has set
a holds
a > PUBLISH $webpubsub/server/events/e payload=x
a > PUBLISH $webpubsub/server/events/one payload=x
a > PUBLISH $webpubsub/server/events/e payload=x
a > PUBLISH $webpubsub/server/events/two payload=x
a > PUBLISH $webpubsub/server/events/e payload=x
a sends
[4] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<>"
[5] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<>" user=azure-status-code:200
[4] a < PUBLISH $webpubsub/server/events/one/succeeded payload=""
[5] a < PUBLISH $webpubsub/server/events/one/succeeded payload="" user=azure-status-code:200
[4] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<one>"
[5] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<one>" user=azure-status-code:200
[4] a < PUBLISH $webpubsub/server/events/two/succeeded payload=""
[5] a < PUBLISH $webpubsub/server/events/two/succeeded payload="" user=azure-status-code:200
[4] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<two%>"
[5] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<two%>" user=azure-status-code:200
# one that failed sets none
a > PUBLISH $webpubsub/server/events/no payload=x
[4] a < PUBLISH $webpubsub/server/events/no/failed payload=*
[5] a < PUBLISH $webpubsub/server/events/no/failed payload=* content_type=text/html user=azure-status-code:400
a resets
a connects resume sp=1
a > PUBLISH $webpubsub/server/events/e payload=x
[4] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<two%>"
[5] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<two%>" user=azure-status-code:200
# another session has none
b connects
b > PUBLISH $webpubsub/server/events/e payload=x
[4] b < PUBLISH $webpubsub/server/events/e/succeeded payload="<>"
[5] b < PUBLISH $webpubsub/server/events/e/succeeded payload="<>" user=azure-status-code:200
a resets
a connects
a > PUBLISH $webpubsub/server/events/e payload=x
[4] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<>"
[5] a < PUBLISH $webpubsub/server/events/e/succeeded payload="<>" user=azure-status-code:200
a disconnects
b disconnects

=== TEST 21: user properties that are too many or too long
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
map $http_mqtt_b $b { "~^y{7000}$" whole; }
server {
    listen $TEST_NGINX_PORT_4;
    location / {
        return 200 "$http_mqtt_a|$b|$http_mqtt_c|$http_mqtt_d|$http_mqtt_p64|$http_mqtt_p65";
    }
}
--- mqtt
a connects
set $a 8192*x
set $b 7000*y
set $c 2000*z
a > PUBLISH $webpubsub/server/events/e user=a:$a user=b:$b user=c:$c user=d:1 payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="|whole||1||" content_type=text/plain user=azure-status-code:200
a > PUBLISH $webpubsub/server/events/e user=p1:1 user=p2:2 user=p3:3 user=p4:4 user=p5:5 user=p6:6 user=p7:7 user=p8:8 user=p9:9 user=p10:10 user=p11:11 user=p12:12 user=p13:13 user=p14:14 user=p15:15 user=p16:16 user=p17:17 user=p18:18 user=p19:19 user=p20:20 user=p21:21 user=p22:22 user=p23:23 user=p24:24 user=p25:25 user=p26:26 user=p27:27 user=p28:28 user=p29:29 user=p30:30 user=p31:31 user=p32:32 user=p33:33 user=p34:34 user=p35:35 user=p36:36 user=p37:37 user=p38:38 user=p39:39 user=p40:40 user=p41:41 user=p42:42 user=p43:43 user=p44:44 user=p45:45 user=p46:46 user=p47:47 user=p48:48 user=p49:49 user=p50:50 user=p51:51 user=p52:52 user=p53:53 user=p54:54 user=p55:55 user=p56:56 user=p57:57 user=p58:58 user=p59:59 user=p60:60 user=p61:61 user=p62:62 user=p63:63 user=p64:64 user=p65:65 user=p66:66 user=p67:67 user=p68:68 user=p69:69 user=p70:70 payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="||||64|" content_type=text/plain user=azure-status-code:200
a disconnects
