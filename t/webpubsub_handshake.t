# The upgrade of Web PubSub clients: subprotocols, tokens, modes, and the
# application, which is asked before the answer.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a client of each kind
--- workers: 1 2
--- kinds: simple json json.reliable protobuf protobuf.reliable
--- mqtt
a comes
a stops
b comes
b closes

=== TEST 2: simple clients offer nothing, or nothing known
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- mqtt
a opens bare as simple
a > HANDSHAKE path=/client/hubs/test protocol=-
a < HTTP 101 !Sec-WebSocket-Protocol
a closes
b opens bare as simple
b > HANDSHAKE path=/client/hubs/test protocol=mine
b < HTTP 101 !Sec-WebSocket-Protocol
b closes
# the case of letters counts
c opens bare as simple
c > HANDSHAKE path=/client/hubs/test protocol=JSON.webpubsub.azure.v1
c < HTTP 101 !Sec-WebSocket-Protocol
c closes

=== TEST 3: the first subprotocol that is known
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- mqtt
a opens bare as json
a > HANDSHAKE path=/client/hubs/test protocol="mine, json.webpubsub.azure.v1 , json.reliable.webpubsub.azure.v1"
a < HTTP 101 Sec-WebSocket-Protocol=json.webpubsub.azure.v1
a < connected
a closes
b opens bare as protobuf.reliable
b > HANDSHAKE path=/client/hubs/test protocol=mqtt header="Sec-WebSocket-Protocol: protobuf.reliable.webpubsub.azure.v1"
b < HTTP 101 Sec-WebSocket-Protocol=protobuf.reliable.webpubsub.azure.v1
b < connected
b closes
# only so many are looked at
c opens bare as json
c > HANDSHAKE path=/client/hubs/test protocol="a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, json.webpubsub.azure.v1"
c < HTTP 101 Sec-WebSocket-Protocol=json.webpubsub.azure.v1
c < connected
c closes
d opens bare as simple
d > HANDSHAKE path=/client/hubs/test protocol="a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, json.webpubsub.azure.v1"
d < HTTP 101 !Sec-WebSocket-Protocol
d closes

=== TEST 4: no WebSocket handshake
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- mqtt
a opens bare
a > HANDSHAKE path=/client/hubs/test protocol=- upgrade=-
a < HTTP 400
b opens bare
b > HANDSHAKE path=/client/hubs/test protocol=- connection=close
b < HTTP 400
c opens bare
c > HANDSHAKE path=/client/hubs/test protocol=- http=1.0
c < HTTP 400
# versions that there are not
d opens bare
d > HANDSHAKE path=/client/hubs/test protocol=- version=12
d < HTTP 426 Sec-WebSocket-Version=13

=== TEST 5: other methods, keys and hubs
--- transports: ws
--- server
location ~ ^/client/hubs/(?<hub>[^/]+)$ { mqtt_pass $hub webpubsub; }
--- mqtt
a opens bare
a > HANDSHAKE path=/client/hubs/test protocol=- method=POST
a < HTTP 405
b opens bare
b > HANDSHAKE path=/client/hubs/test protocol=- key=short
b < HTTP 400
c opens bare
c > HANDSHAKE path=/client/hubs/other protocol=-
c < HTTP 404
d opens as simple path=/client/hubs/TEST
d closes

=== TEST 6: the hub in the query
--- kinds: json
--- server
location /client { mqtt_pass $arg_hub webpubsub; }
--- mqtt
a comes path=/client/?hub=test
a closes
b comes path=/client?hub=Test
b closes
c opens bare
c > HANDSHAKE path=/client?hub= protocol=-
c < HTTP 404

=== TEST 7: modes of simple clients
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- mqtt
for $query in webpubsub_mode=sendevent webpubsub_mode=sendEvent&group=+ webpubsub_mode=SENDTOGROUP&group=g webpubsub_mode=sendToGroup&group=a%2Fb%20c&noEcho=true
    a opens as simple query=$query
    a stops
end
for $query in webpubsub_mode=other webpubsub_mode=sendToGroup webpubsub_mode=sendToGroup&group= webpubsub_mode=sendToGroup&group=%20 webpubsub_mode=sendToGroup&group=a%2F%23 webpubsub_mode=sendToGroup&group=$SYS
    b opens bare
    b > HANDSHAKE protocol=- path="/client/hubs/test?$query"
    b < HTTP 400
end

=== TEST 8: tokens
--- transports: ws
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey secondarykey;
--- server
location ~ ^/client/hubs/(?<hub>[^/]+)$ { mqtt_pass $hub webpubsub; }
location = /door { mqtt_pass test webpubsub; }
--- mqtt
token $t aud=http://localhost/client/hubs/test sub=joe
a comes json access=$t user=joe
a closes
b comes protobuf.reliable header="Authorization: Bearer $t" user=joe
b closes
# the query comes first
c comes json access=$t header="Authorization: Bearer nonsense" user=joe
c closes
# another path, the scheme of WebSocket, no user
token $t aud=wss://LOCALHOST/Client/Hubs/Test key=secondarykey
d comes json path=/door access=$t user=""
d closes
# none, for others, old, with another key
e opens bare
e > HANDSHAKE path=/client/hubs/test protocol=-
e < HTTP 401 WWW-Authenticate=Bearer
token $mqtt sub=joe
token $host aud=http://example.com/client/hubs/test
token $hub aud=http://localhost/client/hubs/other
token $old aud=http://localhost/client/hubs/test exp=-60
token $key aud=http://localhost/client/hubs/test key=thirdkey
for $bad in $mqtt $host $hub $old $key
    f opens bare
    f > HANDSHAKE protocol=json.webpubsub.azure.v1 path="/client/hubs/test?access_token=$bad"
    f < HTTP 401
end
--- no_error_log
eyJ
--- no_access_log
eyJ

=== TEST 9: a group in a token that cannot be one
--- transports: ws
--- hub
anonymous off;
access_key primarykey;
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
--- mqtt
token $t aud=http://localhost/client/hubs/test claims='"webpubsub.group":["good","bad/#"]'
a opens bare
a > HANDSHAKE protocol=- path="/client/hubs/test?access_token=$t"
a < HTTP 400
--- error_log
its token names an invalid group

=== TEST 10: an anonymous hub takes no bad token
--- kinds: json
--- hub
anonymous on;
access_key primarykey;
--- mqtt
a comes
a closes
b opens bare
b > HANDSHAKE protocol=- path=/client/hubs/test?access_token=nonsense
b < HTTP 401

=== TEST 11: the application lets them in
--- kinds: simple json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- hub
anonymous off;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
log_format app escape=none '$http_ce_type $http_ce_eventname $http_content_type <$http_ce_physicalconnectionid$http_ce_sessionid> $http_ce_subprotocol <$http_cookie>
$http_ce_source $http_ce_connectionid
$request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    default_type application/json;
    location / { return 200 '{"userId":"anna","subprotocol":null}'; }
}
--- mqtt
[not simple] a comes path="/client/hubs/test?x=1&x=2&y" user=anna
[simple] a comes path="/client/hubs/test?x=1&x=2&y"
a closes
--- access_log
azure.webpubsub.sys.connect connect application/json; charset=utf-8 <> 
"query":{"x":["1","2"],"y":[""]}
"clientCertificates":[]}
/(?m)^\/hubs\/test\/client\/([0-9a-f]{32}) \1$/
--- no_access_log
"mqtt"

=== TEST 12: what the application hears of subprotocols, and chooses
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format app escape=none '$http_ce_subprotocol: $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
map $http_ce_subprotocol $chosen {
    mine                    mine;
    json.webpubsub.azure.v1 protobuf.webpubsub.azure.v1;
    default                 theirs;
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    location / { return 200 '{"subprotocol":"$chosen"}'; }
}
--- mqtt
a opens bare as protobuf
a > HANDSHAKE path=/client/hubs/test protocol="mine, json.webpubsub.azure.v1, protobuf.webpubsub.azure.v1"
a < HTTP 101 Sec-WebSocket-Protocol=protobuf.webpubsub.azure.v1
a < connected
a stops
# one that was not offered
b opens bare
b > HANDSHAKE path=/client/hubs/test protocol=json.reliable.webpubsub.azure.v1
b < HTTP 500
--- access_log
json.webpubsub.azure.v1: 
"subprotocols":["mine","json.webpubsub.azure.v1","protobuf.webpubsub.azure.v1"]
--- error_log
the answer of the application is invalid

=== TEST 13: a subprotocol of its own
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect validate=off;
    default_type application/json;
    return 200 '{"subprotocol":"mine"}';
}
--- mqtt
a opens bare as simple
a > HANDSHAKE path=/client/hubs/test protocol="yours, mine"
a < HTTP 101 Sec-WebSocket-Protocol=mine
a closes
b opens bare
b > HANDSHAKE path=/client/hubs/test protocol=yours
b < HTTP 500

=== TEST 14: answers that let in as well
--- kinds: json
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    return 200;
}
--- server2
location = /events {
    mqtt_event_handler test system=connect validate=off;
    return 200 null;
}
--- server3
location = /events {
    mqtt_event_handler test system=connect validate=off;
    return 201 '{"userId":""}';
}
--- server4
location = /events {
    mqtt_event_handler test system=connect validate=off;
    return 204;
}
--- mqtt
a comes user=""
a closes
for $i in 2 3 4
    reload $i
    a comes user=""
    a closes
end

=== TEST 15: it refuses, and says why
--- transports: ws
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
    default_type text/plain;
    location / { return 403 "not you"; }
}
--- mqtt
for $kind in - json.webpubsub.azure.v1 protobuf.reliable.webpubsub.azure.v1
    a opens bare
    a > HANDSHAKE path=/client/hubs/test protocol=$kind
    a < HTTP 403 Content-Type=text/plain body="not you"
end
--- error_log
client was refused by hub "test": the application refused it

=== TEST 16: other refusals
--- transports: ws
--- server
location ~ ^/client/hubs/(?<hub>.+)$ { mqtt_pass $hub webpubsub; }
location = /events {
    mqtt_event_handler * system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_hub;
}
--- main_config
mqtt_hub * { anonymous on; }
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    access_log off;
    location = /h401 { return 401; }
    location = /h429 { return 429 "{}"; }
    location = /h500 { return 500 "broken"; }
    location = /h302 { return 302 /elsewhere; }
    location = /json { return 200 "{"; }
    location = /list { return 200 "[]"; }
    location = /roles { return 200 '{"roles":"one"}'; }
    location = /user { return 200 '{"userId":5}'; }
    location = /group { return 200 '{"groups":["a/+"]}'; }
    location = /blank { return 200 '{"groups":[" "]}'; }
}
--- mqtt
for $i in 401 429 500
    a opens bare
    a > HANDSHAKE path=/client/hubs/h$i protocol=json.webpubsub.azure.v1
    a < HTTP $i
end
for $hub in h302 json list roles user group blank
    b opens bare
    b > HANDSHAKE path=/client/hubs/$hub protocol=json.webpubsub.azure.v1
    b < HTTP 500
end

=== TEST 17: an application that does not answer
--- transports: ws
--- main_config
mqtt_hub denies { anonymous on; }
mqtt_hub allows { anonymous on; connect_fallback allow; }
--- server
location ~ ^/client/hubs/(?<hub>.+)$ { mqtt_pass $hub webpubsub; }
location = /one {
    mqtt_event_handler denies system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
location = /two {
    mqtt_event_handler allows system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- mqtt
a opens bare
a > HANDSHAKE path=/client/hubs/denies protocol=json.webpubsub.azure.v1
a < HTTP 502
b opens as json path=/client/hubs/allows
b < connected
b stops
--- error_log
the application does not answer

=== TEST 18: the client goes before the application answers
--- kinds: json
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
limit_req_zone all zone=slow:1m rate=1r/s;
log_format app escape=none '$request_uri <$http_ce_userid> <$http_ce_subprotocol> <$http_ce_connectionstate> <$http_cookie> $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location = /connect {
        limit_req zone=slow burst=9;
        try_files /none @answer;
    }
    location @answer {
        add_header ce-connectionState s;
        add_header Set-Cookie k=v;
        return 200 '{"userId":"joe"}';
    }
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    location / { return 200; }
}
--- mqtt
first comes user=joe
first stops
a opens bare
a > HANDSHAKE path=/client/hubs/test protocol=json.webpubsub.azure.v1
log has "delaying request"
[not 2 workers] a resets
[2 workers] a closes
access log has '{"reason":"connection was lost"}'
access log has '{"reason":""}'
--- access_log
/\/connected <joe> /
/\/disconnected <joe> <json.webpubsub.azure.v1> <s> <k=v> \{"reason":"connection was lost"\}/
--- no_access_log
/(\/connected .*\n(.*\n)*?.*){2}/
/(\/disconnected .*\n(.*\n)*?.*){3}/

=== TEST 19: the application refuses a client that is gone
--- transports: ws
--- server
location = /client/hubs/test { mqtt_pass test webpubsub; }
location = /events {
    mqtt_event_handler test system=connect,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
limit_req_zone all zone=slow:1m rate=1r/s;
server {
    listen $TEST_NGINX_PORT_4;
    location = /connect {
        limit_req zone=slow burst=9;
        try_files /none @answer;
    }
    location @answer { return 403; }
    location / { return 200; }
}
--- mqtt
first opens bare
first > HANDSHAKE path=/client/hubs/test protocol=json.webpubsub.azure.v1
first < HTTP 403
a opens bare
a > HANDSHAKE path=/client/hubs/test protocol=json.webpubsub.azure.v1
log has "delaying request"
a resets
b opens bare
b > HANDSHAKE path=/client/hubs/test protocol=json.webpubsub.azure.v1
b < HTTP 403
--- access_log
/(POST \/connect .*\n(.*\n)*?.*){3}/
--- no_access_log
/disconnected/
