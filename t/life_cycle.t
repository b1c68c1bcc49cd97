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
