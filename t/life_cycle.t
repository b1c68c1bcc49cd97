# The application decides who connects, and hears of sessions.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: what the application is told of a CONNECT, and what it gives
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous off;
default_roles webpubsub.sendToGroup.nothing;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format event escape=none '$http_ce_eventname $http_ce_type $http_ce_connectionid <$http_ce_userid> <$http_ce_sessionid> $http_ce_subprotocol $http_content_type $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    return 200 '{"userId":"anna","roles":["webpubsub.joinLeaveGroup"],"groups":["news"],"subprotocol":"mqtt","mqtt":{"userProperties":[{"name":"k","value":"v"}]}}';
}
--- mqtt
[4] a > CONNECT clean username=u password=secret
[5] a > CONNECT clean username=u password=secret user=x:y
[4] a < CONNACK sp=0
[5] a < CONNACK sp=0 user=k:v
access log has "connect azure.webpubsub.sys.connect a <> <> mqtt application/json; charset=utf-8 {"
[4] access log has '{"mqtt":{"protocolVersion":4,"cleanStart":true,"username":"u","password":"c2VjcmV0","userProperties":null},"claims":{},"query":{'
[5] access log has '{"mqtt":{"protocolVersion":5,"cleanStart":true,"username":"u","password":"c2VjcmV0","userProperties":[{"name":"x","value":"y"}]},"claims":{},"query":{'
access log has '"subprotocols":["mqtt"],"clientCertificates":[]}'
[tcp] access log has '"query":{},"headers":{},'
b connects
b > SUBSCRIBE 1 x
b < SUBACK 1 codes=0
b > PUBLISH news qos=1 id=1 payload=x
[4] b < PUBACK 1
[5] b < PUBACK 1 0x87

=== TEST 2: the application refuses
--- versions: 4 5
--- hub
anonymous off;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location = /code4 { return 401 '{"mqtt":{"code":2}}'; }
    location = /code5 { return 401 '{"mqtt":{"code":138,"reason":"go away","userProperties":[{"name":"a","value":"b"}]}}'; }
    location = /none  { return 500 '{"mqtt":{"code":99,"reason":null}}'; }
    location = /zero  { return 400 '{"mqtt":{"code":0}}'; }
    location = /text  { return 500 '{"mqtt":{"code":"134"}}'; }
    location = /ok    { return 200 ''; }
    location = /202   { return 202; }
    location = /204   { return 204; }
    location = /null  { return 200 'null'; }
    location = /302   { return 302 /ok; }
    location = /400   { return 400 'no'; }
    location = /401   { return 401 'no'; }
    location = /403   { return 403; }
    location = /429   { return 429; }
    location = /500   { return 500; }
    location = /503   { return 503; }
    location = /bad1  { return 200 '{'; }
    location = /bad2  { return 200 '{"userId":7}'; }
    location = /bad3  { return 200 '{"roles":"webpubsub.sendToGroup"}'; }
    location = /bad4  { return 200 '{"groups":[1]}'; }
    location = /bad5  { return 200 '{"subprotocol":"json.webpubsub.azure.v1"}'; }
    location = /bad6  { return 200 '{"mqtt":{"userProperties":[{"name":"\\u0000","value":"v"}]}}'; }
    location = /bad7  { return 200 '[]'; }
}
--- mqtt
for $name in ok 202 204 null
    $name > CONNECT clean username=$name
    $name < CONNACK
    $name disconnects
end
[4] a > CONNECT clean username=code4
[4] a < CONNACK 2
[5] a > CONNECT clean username=code5
[5] a < CONNACK 0x8a reason_string="go away" user=a:b
a < close
for $name in none zero text 302 500 503 bad1 bad2 bad3 bad4 bad5 bad6 bad7
    $name > CONNECT clean username=$name
    [4] $name < CONNACK 3
    [5] $name < CONNACK 0x80
    $name < close
end
b > CONNECT clean username=400
[4] b < CONNACK 4
[5] b < CONNACK 0x86
b < close
for $name in 401 403
    $name > CONNECT clean username=$name
    [4] $name < CONNACK 5
    [5] $name < CONNACK 0x87
    $name < close
end
c > CONNECT clean username=429
[4] c < CONNACK 3
[5] c < CONNACK 0x97
c < close

=== TEST 3: sessions, from their beginning to their end
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/?$mqtt_protocol,$mqtt_reason,$mqtt_username;
}
--- http_config
log_format event escape=none '$http_ce_eventname $http_ce_connectionid $args $http_ce_subprotocol $http_content_type $request_body;';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    return 204;
}
--- mqtt
a > CONNECT clean username="a b"
a < CONNACK
[4] access log has "connected a MQTT%2F3.1.1,,a%20b mqtt application/json; charset=utf-8 {};"
[5] access log has "connected a MQTT%2F5.0,,a%20b mqtt application/json; charset=utf-8 {};"
# with the connection
[4] a > DISCONNECT
[5] a > DISCONNECT 0x04 reason_string="bye" user=x:y
a < close
[4] access log has 'disconnected a MQTT%2F3.1.1,0,a%20b mqtt application/json; charset=utf-8 {"reason":null,"mqtt":{"initiatedByClient":true,"disconnectPacket":{"code":0,"userProperties":null}}};'
[5] access log has 'disconnected a MQTT%2F5.0,4,a%20b mqtt application/json; charset=utf-8 {"reason":"bye","mqtt":{"initiatedByClient":true,"disconnectPacket":{"code":4,"userProperties":[{"name":"x","value":"y"}]}}};'
# the last words count, even if there are none
g connects resume
[4] g > DISCONNECT
[5] g > DISCONNECT 0x04 reason_string="first"
g < close
g connects resume sp=1
[4] g > DISCONNECT
[5] g > DISCONNECT 0x04 session_expiry=0
g < close
[4] g connects
access log has "disconnected g"
access log lacks "first"
# without a word
b connects
b resets
access log has 'disconnected b'
access log has '{"reason":"connection was lost","mqtt":{"initiatedByClient":false,"disconnectPacket":null}};'
# a session that lasts has no end at first
c connects resume
c disconnects
d connects
d disconnects
access log has 'disconnected d'
access log lacks 'disconnected c'
c connects resume sp=1
c disconnects
c connects
access log has 'disconnected c'
# by another, and by us
e connects
e2 > CONNECT clean id=e
[5] e < DISCONNECT 0x8e
e < close
e2 < CONNACK
[4] access log has '{"reason":"session was taken over","mqtt":{"initiatedByClient":false,"disconnectPacket":null}};'
[5] access log has '{"reason":"session was taken over","mqtt":{"initiatedByClient":false,"disconnectPacket":{"code":142,"userProperties":null}}};'
f connects
f > CONNECT clean
f < end 0x82
[4] access log has '{"reason":"protocol error","mqtt":{"initiatedByClient":false,"disconnectPacket":null}};'
[5] access log has '{"reason":"protocol error","mqtt":{"initiatedByClient":false,"disconnectPacket":{"code":130,"userProperties":null}}};'
--- no_access_log
/disconnected a .*\n(.*\n)*disconnected a /

=== TEST 4: nobody answers
--- versions: 4 5
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- mqtt
a > CONNECT clean
[4] a < CONNACK 3
[5] a < CONNACK 0x88 reason_string="the application does not answer"
a < close

=== TEST 5: nobody answers, nor has to
--- versions: 4 5
--- hub
anonymous off;
connect_fallback allow;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_read_timeout 100ms;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
limit_req_zone $server_addr zone=slow:1m rate=1r/m;
server {
    listen $TEST_NGINX_PORT_4;
    limit_req zone=slow burst=9;
    location / { try_files /none @answer; }
    location @answer { return 403; }
}
--- mqtt
# what it says it says
a > CONNECT clean
[4] a < CONNACK 5
[5] a < CONNACK 0x87
a < close
b connects

=== TEST 6: a slow answer
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
map $http_ce_eventname $slow { connect x; }
limit_req_zone $slow zone=slow:1m rate=1r/s;
log_format event '$http_ce_eventname $http_ce_connectionid';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / {
        limit_req zone=slow burst=9;
        try_files /none @answer;
    }
    location @answer { return 204; }
}
--- mqtt
mark
first connects
first disconnects
# the keep alive begins with the CONNACK, what follows CONNECT waits
a opens
a holds
a > CONNECT clean keepalive=1
a > SUBSCRIBE 1 t
a > PUBLISH t payload="x"
a sends
[ws] a > WS ping "p"
[ws] a < WS pong "p"
[ws] a > PINGREQ fragments=1
[ws] a > WS ping "q"
[ws] a < WS pong "q"
a < CONNACK after=0.8..3
any order
    a < SUBACK 1 codes=0
    a < PUBLISH t payload="x"
    [ws] a < PINGRESP
end
a disconnects

=== TEST 7: clients that leave before the answer
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
map $http_ce_eventname $slow { connect x; }
limit_req_zone $slow zone=slow:1m rate=2r/s;
log_format event '$http_ce_eventname $http_ce_connectionid';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / {
        limit_req zone=slow burst=9;
        try_files /none @answer;
    }
    location @answer { return 204; }
}
--- mqtt
first connects
a > CONNECT clean
[ws] a > WS close 1000
[ws] a < WS close 1000
a closes
b > CONNECT clean
b resets
c > CONNECT clean
[ws] c > WS text "x"
[ws] c < WS close 1003
[ws] c < close
[tcp] c closes
d connects
access log has "connect c"
first . nothing

=== TEST 8: the same client id twice, and a third time
--- versions: 4 5
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
limit_req_zone $http_ce_connectionid zone=slow:1m rate=2r/s;
server {
    listen $TEST_NGINX_PORT_4;
    location / {
        limit_req zone=slow burst=9;
        try_files /none @answer;
    }
    location @answer { return 204; }
}
--- mqtt
a > CONNECT id=x resume
a < CONNACK sp=0
b > CONNECT id=x resume
c > CONNECT id=x resume
# until then the first one has it
a > PINGREQ
a < PINGRESP
a < end 0x8e
b < CONNACK sp=1
b < end 0x8e
c < CONNACK sp=1
c . nothing

=== TEST 9: a reload meanwhile
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
map $http_ce_eventname $slow { connect x; }
limit_req_zone $slow zone=slow:1m rate=1r/s;
log_format event '$http_ce_eventname $http_ce_connectionid';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / {
        limit_req zone=slow burst=9;
        try_files /none @answer;
    }
    location @answer { return 204; }
}
--- mqtt
first connects
a > CONNECT clean
reload
a < CONNACK
access log has "connected a"
a disconnects
access log has "disconnected a"
first . nothing
first disconnects
access log has "disconnected first"

=== TEST 10: what is of a new session only
--- versions: 4 5
--- workers: 1 2
--- hub
default_roles webpubsub.sendToGroup.nothing;
--- server
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username?$mqtt_session_present;
}
--- http_config
log_format event escape=none '$http_ce_eventname <$http_ce_userid> <$http_ce_connectionstate> $args';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    add_header ce-connectionState s-$uri;
    location = /one { return 200 '{"userId":"u1","roles":["webpubsub.joinLeaveGroup.t"],"groups":["g"]}'; }
    location = /two { return 200 '{"userId":"u2","roles":["webpubsub.sendToGroup"],"groups":["h"]}'; }
}
--- mqtt
a > CONNECT resume username=one
a < CONNACK sp=0
access log has "connect <> <> 0"
access log has "connected <u1> <s-/one> 0"
a > SUBSCRIBE 1 t u
[4] a < SUBACK 1 codes=0,0x80
[5] a < SUBACK 1 codes=0,0x87
a disconnects
a > CONNECT resume username=two
a < CONNACK sp=1
access log has "connect <u1> <s-/one> 1"
a > SUBSCRIBE 1 t u
[4] a < SUBACK 1 codes=0,0x80
[5] a < SUBACK 1 codes=0,0x87
b > CONNECT clean username=two
b < CONNACK
b publishes g payload="x"
a < PUBLISH g payload="x"
b publishes t payload="x"
a < PUBLISH t payload="x"
b publishes h payload="x"
b < PUBLISH h payload="x"
a . nothing
a disconnects
a > CONNECT clean username=one
a < CONNACK
access log has "disconnected <u1> <s-/two>"

=== TEST 11: ids
--- versions: 4 5
--- server
access_log off;
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format event '$http_ce_eventname <$http_ce_physicalconnectionid> <$http_ce_sessionid> $http_ce_source';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    return 204;
}
--- mqtt
a connects resume
a disconnects
a connects resume sp=1
a disconnects
a connects
a disconnects
access log has "disconnected"
a connects
--- access_log
/(?m)^connect <(\w{16,})> <-> \S*\/client\/a\/\1\nconnected <\1> <(\w{16,})> \S*\/client\/a\/\1\nconnect <(?!\1)(\w{16,})> <-> \S*\nconnect <(?!\1|\3)(\w{16,})> <-> /
/(?m)connected <\w*> <(\w{16,})> (.*\n)*connect <(\w{16,})> .*\nconnect <(.*\n)*disconnected <\3> <\1> /
/(?m)^connected <\w*> <(\w{16,})> (.*\n)*connected <\w*> <(?!\1)\w{16,}> /

=== TEST 12: an end comes before the beginning of what takes its place
--- versions: 4 5
--- server
location = /events {
    mqtt_event_handler test system=connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format event '<$http_ce_eventname>';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    return 204;
}
--- mqtt
a > CONNECT id=x clean
a < CONNACK
b > CONNECT id=x clean
b < CONNACK
a < end 0x8e
b disconnects
--- access_log
/(?m)^<connected>\n(?:[^<].*\n)*<disconnected>\n(?:[^<].*\n)*<connected>\n(?:[^<].*\n)*<disconnected>/

=== TEST 13: the end of sessions by time
--- versions: 4 5
--- workers: 1 2
--- hub
session_expiry 1s;
--- server
location = /events {
    mqtt_event_handler test system=disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format event escape=none '$http_ce_eventname $http_ce_connectionid $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    return 204;
}
--- mqtt
a connects resume
b connects resume
a disconnects
b resets
access log lacks "disconnected"
access log has 'disconnected a {"reason":null,"mqtt":{"initiatedByClient":true,"disconnectPacket":{"code":0,"userProperties":null}}}'
access log has 'disconnected b {"reason":"connection was lost","mqtt":{"initiatedByClient":false,"disconnectPacket":null}}'

=== TEST 14: a killed worker
--- versions: 4 5
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format event escape=none '$http_ce_eventname $http_ce_connectionid $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    return 204;
}
--- mqtt
a connects
kill worker of a
access log has 'disconnected a {"reason":"connection was lost","mqtt":{"initiatedByClient":false,"disconnectPacket":null}}'
--- allow
/exited on signal 9/
--- no_access_log
/disconnected a .*\n(.*\n)*disconnected a /

=== TEST 15: a worker that is told to leave
--- versions: 4 5
--- workers: 1 2
--- main_config
worker_shutdown_timeout 1s;
--- server
location = /events {
    mqtt_event_handler test system=disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format event escape=none '$http_ce_eventname $http_ce_connectionid $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    return 204;
}
--- mqtt
a connects
reload
a < end 0x8b
[4] access log has 'disconnected a {"reason":"server is shutting down","mqtt":{"initiatedByClient":false,"disconnectPacket":null}}'
[5] access log has 'disconnected a {"reason":"server is shutting down","mqtt":{"initiatedByClient":false,"disconnectPacket":{"code":139,"userProperties":null}}}'

=== TEST 16: the request of a WebSocket client, without its token
--- transports: ws
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
--- server
access_log off;
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- location
mqtt_pass test;
mqtt_release_request on;
--- http_config
log_format event escape=none '$request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    return 204;
}
--- mqtt
token $t sub=joe claims='"role":["r","s"],"n":{"x":[1]}'
a opens path="/mqtt?x=1&y=a%20b+c&x=2&access_token=$t&&z&=e&%22=%00" header="X-Test: 1" header="authorization: abc" header="x-test: 2"
a connects
access log has '"claims":{"sub":["joe"],"aud":["http://localhost/clients/mqtt/hubs/test"],"exp":["'
access log has '"role":["r","s"],"n":["{\"x\":[1]}"]}'
access log has '"query":{"x":["1","2"],"y":["a b c"],"z":[""],"":["e"],"\"":["\u0000"]},"headers":{'
access log has '"X-Test":["1","2"]'
access log has '"Sec-WebSocket-Protocol":["mqtt"]'
--- no_access_log
/abc|eyJ|\*\*\*/
/authorization/i

=== TEST 17: certificates
--- transports: wss tls
--- versions: 4 5
--- server
ssl_client_certificate $TEST_NGINX_CERTIFICATE;
ssl_verify_client optional;
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_client_cert_fingerprint;
}
--- stream_server
server {
    listen $TEST_NGINX_PORT_6 ssl;
    ssl_client_certificate $TEST_NGINX_CERTIFICATE;
    ssl_verify_client optional;
    mqtt_pass test;
}
--- http_config
log_format event escape=none '$uri $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    return 204;
}
--- mqtt
[wss] a opens certified
[tls] a opens port=6 certified
a connects
b connects
access log has '"clientCertificates":[]'
--- access_log
/(?m)^\/([0-9a-f]{40}) .*"clientCertificates":\[\{"thumbprint":"\1","content":"-----BEGIN CERTIFICATE-----\\u000a.*-----END CERTIFICATE-----(\\u000a)?"\}\]/

=== TEST 18: a will is judged by the roles that the application gives
--- versions: 4 5
--- hub
default_roles webpubsub.joinLeaveGroup;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location = /yes { return 200 '{"roles":["webpubsub.sendToGroup.w"]}'; }
    location = /no  { return 200 '{"roles":["webpubsub.sendToGroup.v"]}'; }
}
--- mqtt
watch > CONNECT clean username=no
watch < CONNACK
watch subscribes w
a > CONNECT clean username=no will=w will.payload=x
[4] a < CONNACK 5
[5] a < CONNACK 0x87
a < close
a > CONNECT clean username=yes will=w will.payload=y
a < CONNACK
a closes
watch < PUBLISH w payload=y

=== TEST 19: what is too large
--- versions: 5
--- zone: 16m
--- hub
max_packet_size 3m;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    client_max_body_size 2m;
    location = /props { return 200 '{"mqtt":{"userProperties":[{"name":"a","value":"b"}]}}'; }
    set $x 0123456789abcdef;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x$x$x$x$x$x$x;
    set $x $x$x$x$x$x$x$x$x;
    set $y $x;
    set $x $x$x$x$x$x$x$x$x;
    location = /user  { return 200 '{"mqtt":{"userProperties":[{"name":"a","value":"$y"},{"name":"a","value":"b"}]}}'; }
    location = /text  { return 401 '{"mqtt":{"code":135,"reason":"$y"}}'; }
    location = /roles { return 200 '{"roles":["$x$x$x$x$x"]}'; }
    location = /over  { return 200 '"$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x"'; }
}
--- mqtt
f > CONNECT clean username=user
f < CONNACK user=a:b
g > CONNECT clean username=text
g < CONNACK 0x87 reason_string="the application refused it"
g < close
h > CONNECT clean username=roles
h < CONNACK 0x80
h < close
i > CONNECT clean username=over
i < CONNACK 0x80
i < close
a > CONNECT clean max_packet=20 username=props
a < CONNACK !user
b > CONNECT clean will=w will.payload=60000*x username=props
b < CONNACK user=a:b
set $p 60000*"\x01"
c > CONNECT clean username=props user=a:$p user=a:$p user=a:$p
c < CONNACK 0x95
c < close
d > CONNECT clean username=props user=a:$p user=a:$p
d < CONNACK

=== TEST 20: the claims of a token, and what counts more
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey;
default_roles webpubsub.sendToGroup.nothing;
--- server
location = /events {
    mqtt_event_handler test system=connect,connected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
log_format event escape=none '$http_ce_eventname <$http_ce_userid> $uri $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log event;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    location = /keep { return 204; }
    location = /give { return 200 '{"userId":"","roles":[],"groups":[]}'; }
    location = /more { return 200 '{"userId":"ann","roles":["webpubsub.joinLeaveGroup.b"],"groups":["h"]}'; }
}
--- mqtt
token $t sub=joe claims='"role":["webpubsub.joinLeaveGroup.a"],"webpubsub.group":"g","n":7,"b":true,"o":{"x":[1]}'
for $who in keep give more
    [ws] $who opens header="Authorization: Bearer $t"
    [ws] $who > CONNECT clean username=$who
    [tcp] $who > CONNECT clean username=$who password="$t"
    $who < CONNACK
    access log has "connect <joe> /$who"
    $who > SUBSCRIBE 1 a b
end
access log has '"sub":["joe"]'
access log has '"role":["webpubsub.joinLeaveGroup.a"],"webpubsub.group":["g"],"n":["7"],"b":["true"],"o":["{\"x\":[1]}"]'
access log has "connected <joe> /keep"
access log has "connected <> /give"
access log has "connected <ann> /more"
[4] keep < SUBACK 1 codes=0,0x80
[4] give < SUBACK 1 codes=0x80,0x80
[4] more < SUBACK 1 codes=0x80,0
[5] keep < SUBACK 1 codes=0,0x87
[5] give < SUBACK 1 codes=0x87,0x87
[5] more < SUBACK 1 codes=0x87,0
--- no_error_log
eyJ

=== TEST 21: who was not asked about is not let in
--- versions: 4 5
--- hub
anonymous off;
connect_fallback allow;
event_concurrency 1;
event_backlog 0;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
location = /refuses {
    mqtt_event_handler other system=connect;
    return 403;
}
location = /other { mqtt_pass other; }
--- main_config
mqtt_hub other { connect_fallback allow; }
--- stream_server
server { listen $TEST_NGINX_PORT_5; mqtt_pass other; }
--- http_config
log_format asked 'asked $uri';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log asked;
    location / { auth_request /log; try_files /none @answer; }
    location = /log { log_subrequest on; return 204; }
    location @answer { limit_rate 60; return 200 "0123456789012345678901234567890123456789"; }
}
--- mqtt
a > CONNECT clean
access log has "asked /log"
b > CONNECT clean
[4] b < CONNACK 3
[5] b < CONNACK 0x89 reason_string="too many events wait for the application"
b < close
[ws] c opens path=/other
[tcp] c opens port=5
c > CONNECT clean
[4] c < CONNACK 3
[5] c < CONNACK 0x88 reason_string="the application does not allow events"
c < close
--- error_log
does not allow events from
events of mqtt hub "test" were dropped

=== TEST 22: nor who waited too long
--- transports: tcp
--- hub
anonymous off;
connect_fallback allow;
event_concurrency 1;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location / { limit_rate 1; return 200 "0123456789012345678901234567890123456789"; }
}
--- mqtt
a > CONNECT clean
b > CONNECT clean
a < CONNACK
b < CONNACK 0x89 reason_string="too many events wait for the application"
b < close
--- timeout: 30
--- error_log
no answer at "/events" in time

=== TEST 23: a connect waits for nobody's events, nor they for it
--- versions: 4 5
--- hub
anonymous off;
--- server
location = /events {
    mqtt_event_handler test system=connect user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event/$mqtt_username;
}
--- http_config
log_format asked 'asked $uri';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log asked;
    location /connect/ { return 403; }
    location = /connect/friend { return 204; }
    location = /connect/slow { auth_request /log; try_files /none @answer; }
    location = /log { log_subrequest on; return 204; }
    location @answer { limit_rate 60; return 200 "0123456789012345678901234567890123456789"; }
    location = /e/friend { return 200; }
    location = /slow/friend { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
}
--- mqtt
a > CONNECT clean username=friend
a < CONNACK
a > PUBLISH $webpubsub/server/events/slow payload=x
s > CONNECT id=a username=stranger
[4] s < CONNACK 5
[5] s < CONNACK 0x87
s < close
a . nothing
[4] a < PUBLISH $webpubsub/server/events/slow/succeeded payload=*
[5] a < PUBLISH $webpubsub/server/events/slow/succeeded payload=* content_type=* user=azure-status-code:200
s > CONNECT id=a username=slow
access log has "asked /log"
mark
a > PUBLISH $webpubsub/server/events/e payload=x
[4] a < PUBLISH $webpubsub/server/events/e/succeeded after=0..1 payload=""
[5] a < PUBLISH $webpubsub/server/events/e/succeeded after=0..1 payload="" content_type=* user=azure-status-code:200
s resets
a disconnects
