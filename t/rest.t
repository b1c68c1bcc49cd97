# The REST API: paths, tokens, versions, errors, and tokens that it makes.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: health, without a token
--- transports: ws
--- server
location /api/ { mqtt_api; }
--- mqtt
r > REST HEAD /api/health token=-
r < HTTP 200 Content-Length=0 api-supported-versions=* !x-ms-error-code
r asks 200 HEAD /api/health?api-version=2024-12-01
r > REST GET /api/health
r < HTTP 405 Allow=HEAD json.code=Error.MethodNotAllowed

=== TEST 2: tokens: whose they are, and for what
--- transports: ws
--- hub
access_key primarykey secondarykey;
--- main_config
mqtt_hub other { access_key otherkey; }
--- server
location /api/ { mqtt_api; }
--- mqtt
set $token /api/hubs/test/:generateToken
r asks 200 POST $token
r asks 200 POST $token key=secondarykey
r asks 401 POST $token key=otherkey
r asks 200 POST /api/hubs/OTHER/:generateToken key=otherkey
r asks 400 POST $token?userId=%ff
r asks 400 POST $token?role=%00
r > REST POST $token token=-
r < HTTP 401 Content-Length=0 body="" WWW-Authenticate=Bearer !x-ms-error-code api-supported-versions=*
r asks 401 POST $token token=x
r asks 401 POST $token token=a.b.c
# the leeway is 30 seconds
r asks 401 POST $token exp=-31
r asks 200 POST $token exp=-28
# any scheme, any case; with the query or without; the path alone
for $scheme in http https ws wss HTTP
    r asks 200 POST $token?userId=a aud=$scheme://LOCALHOST$token
    r asks 200 POST $token?userId=a aud=$scheme://localhost/API/hubs/Test/:generatetoken?userid=A
    r asks 401 POST $token?userId=a aud=$scheme://elsewhere$token
    r asks 401 POST $token?userId=a aud=$scheme://localhost$token?userId=b
end
r asks 200 POST $token?userId=a aud=$token
r asks 200 POST $token?userId=a aud=$token?userId=a
r asks 401 POST $token?userId=a aud=/api/hubs/test
r asks 401 POST $token?userId=a aud=http://localhost/clients/mqtt/hubs/test
r asks 401 POST $token?userId=a aud=
# encoded as it came, in another way, or not at all
set $path /api/hubs/test/groups/%C3%A4%20b%2fc/connections
for $aud in /api/hubs/test/groups/%C3%A4%20b%2fc/connections /api/hubs/test/groups/%c3%a4%20b%2Fc/connections '/api/hubs/test/groups/ä b/c/connections'
    r asks 200 GET $path aud=$aud
end
r > REST POST /api/hubs/%74est/%3AgenerateToken?userId=%61 aud="http://localhost/api/hubs/test/:generateToken?userId=a"
r < HTTP 200
--- no_error_log
primarykey
eyJ
--- no_access_log
eyJ

=== TEST 3: a client's token is no server's
--- transports: ws
--- hub
access_key primarykey;
jwt_audience mine http://localhost/clients/mqtt/hubs/test;
--- server
location /api/ { mqtt_api; }
--- mqtt
r asks 401 POST /api/hubs/test/:generateToken aud=mine
r asks 401 POST /api/hubs/test/:generateToken aud=http://localhost/clients/mqtt/hubs/test

=== TEST 4: public keys
--- transports: ws
--- files
>>> conf/keys.pem
PEM(rsa-2)
--- hub
jwt_key_file keys.pem;
jwt_issuer me;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $t alg=RS256 key=rsa-2 aud=/api/hubs/test/:generateToken claims='"iss":"me"'
r > REST POST /api/hubs/test/:generateToken token=$t
r < HTTP 400 json.code=Error.BadRequest json.target=hub json.message=~"access key"
token $t alg=RS256 key=rsa-2 aud=/api/hubs/test/:generateToken claims='"iss":"you"'
r asks 401 POST /api/hubs/test/:generateToken token=$t
r asks 401 POST /api/hubs/test/:generateToken

=== TEST 5: a hub without keys has no servers
--- transports: ws
--- server
location /api/ { mqtt_api; }
--- mqtt
r asks 401 POST /api/hubs/test/:generateToken
--- error_log
request for "mqtt_api" was refused, token: the hub has no keys

=== TEST 6: paths and methods that are none
--- transports: ws
--- hub
access_key primarykey;
--- server
location /api { mqtt_api; }
--- mqtt
r > REST POST /api/hubs/unknown/:generateToken
r < HTTP 404 json.code=Error.NotFound json.target=hub json.message=* x-ms-error-code=Error.NotFound Content-Type=application/json
r asks 404 POST /api/hubs/-/:generateToken
r asks 404 POST /api/hubs//:generateToken
r asks 404 POST /api//hubs/test/:generateToken
r asks 404 POST /api/hubs/test//:generateToken
r asks 404 POST /api/hubs/test/:generateToken/
r asks 404 POST /api/hubs/test/:generatetoken
r asks 404 POST /api/hubs/test/a/b/c/d/e/f/g/h
r asks 405 POST /api/hubs/test
r asks 404 POST /api
r asks 404 POST /api?/api/hubs/test/:generateToken
r asks 404 POST /api/hubs%2Ftest/:generateToken
for $method in GET HEAD PUT DELETE PATCH
    r > REST $method /api/hubs/test/:generateToken
    r < HTTP 405 Allow=POST
end
# a body that nobody reads
r asks 404 POST /api/hubs/unknown/:x body=100000*x
r asks 200 POST /api/hubs/test/:generateToken body=100000*x

=== TEST 7: somewhere else
--- transports: ws
--- hub
access_key primarykey;
--- server
location /base/path/api/ { mqtt_api; }
location /api/ { mqtt_api; }
location ~ ^/(?<x>\w+)/API { mqtt_api; }
--- mqtt
r asks 200 POST /base/path/api/hubs/test/:generateToken
r asks 200 POST /api/push/api/hubs/test/:generateToken
r asks 200 POST /api/api/hubs/test/:generateToken
r asks 200 HEAD /api/api/health
r asks 404 POST /api/hub/test/:generateToken
r asks 200 POST /any/API/hubs/test/:generateToken aud=http://localhost/any/api/hubs/test/:generateToken
r asks 401 POST /any/API/hubs/test/:generateToken aud=http://localhost/api/hubs/test/:generateToken

=== TEST 8: versions
--- transports: ws
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
for $version in 2024-12-01 2024-01-01 2023-07-01 2022-11-01 2021-10-01 2022-10-01-preview 2021-08-01-preview 2021-05-01-preview 2021-01-01 2020-10-01
    r asks 200 POST /api/hubs/test/:generateToken?api-version=$version
end
for $version in 2024-12-02 2024-12-0 2024-12-01-preview x "" 2024-12-01,
    r > REST POST /api/hubs/test/:generateToken?api-version=$version header="x-ms-client-request-id: abc-1"
    r < HTTP 400 json.target=api-version json.code=Error.BadRequest api-supported-versions=* x-ms-client-request-id=abc-1
end
# 401 comes first
r asks 401 POST /api/hubs/test/:generateToken?api-version=x token=-

=== TEST 9: tokens for clients
--- transports: ws
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
default_roles webpubsub.sendToGroup.g/2;
--- server
location /api/ { mqtt_api; }
location = /clients/mqtt/hubs/test { mqtt_pass test; }
--- mqtt
set $path /api/hubs/test/:generateToken
r > REST POST $path?clientType=mqtt&userId=j%C3%B6e+1&role=webpubsub.sendToGroup.a/b&role=webpubsub.joinLeaveGroup&group=g/1&group=g/2&minutesToExpire=1
r < HTTP 200 Content-Type=application/json json.token=$t
a opens path=/clients/mqtt/hubs/test?access_token=$t
a connects
a publishes a/b qos=1 payload=x
b opens path=/clients/mqtt/hubs/test?access_token=$t
b connects
[5] b > PUBLISH g/1 qos=1 id=9 payload=x
[5] b < PUBACK 9 0x87
p > CONNECT clean
p < CONNACK
p publishes g/2 qos=1 payload=y
a < PUBLISH g/2 qos=1 id=* payload=y
b < PUBLISH g/2 qos=1 id=* payload=y
a,b,p disconnects
# for other clients
r > REST POST $path?clientType=Default
r < HTTP 200 json.token=$u
c opens bare
c > HANDSHAKE path=/clients/mqtt/hubs/test?access_token=$u
c < HTTP 401
r asks 200 POST $path?clientType=&userId=&role=&group=&minutesToExpire=
for $arg in clientType=socketio clientType=mqtt5 minutesToExpire=0 minutesToExpire=-1 minutesToExpire=1.5 minutesToExpire=2147483648 minutesToExpire=99999999999999999999
    r > REST POST $path?$arg
    r < HTTP 400 json.code=Error.BadRequest
end

=== TEST 10: no hub to serve
--- conf
$TEST_NGINX_LOAD
events {}
mqtt_zone test 8m;
http {
    server {
        listen $TEST_NGINX_WS;
        location /api/ {
            mqtt_api; # here
        }
    }
}
--- must_die
--- error_log
"mqtt_api" has no hub to serve, define one with "mqtt_hub name { }"
$here

=== TEST 11: twice
--- server
location /api/ {
    mqtt_api;
    mqtt_api; # here
}
--- must_die
--- error_log
"mqtt_api" directive is duplicate in
$here

=== TEST 12: clients and servers in one location
--- server
location /api/ {
    mqtt_pass test;
    mqtt_api; # here
}
--- must_die
--- error_log
"mqtt_api" directive and "mqtt_pass" need a location each in
$here

=== TEST 13: the other way round
--- server
location /api/ {
    mqtt_api;
    mqtt_pass test; # here
}
--- must_die
--- error_log
"mqtt_pass" directive and "mqtt_api" need a location each in
$here

=== TEST 14: events and servers in one location
--- server
location /api/ {
    mqtt_api;
    mqtt_event_handler test user=*; # here
}
--- must_die
--- error_log
"mqtt_event_handler" and "mqtt_api" need a location each
$here

=== TEST 15: parts of a location
--- transports: ws
--- hub
access_key primarykey;
--- server
location /api/ {
    mqtt_api;
    limit_except POST HEAD { deny all; }
    if ($arg_x) { set $y 1; }
}
--- mqtt
r asks 200 POST /api/hubs/test/:generateToken?x=1
r asks 200 HEAD /api/health
r asks 403 GET /api/hubs/test/:generateToken
