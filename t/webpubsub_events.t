# What the application hears of Web PubSub clients, and what it answers.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a custom event, and its reply
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format app escape=none '$http_ce_type $http_ce_eventname $http_content_type $http_ce_subprotocol $http_ce_userid <$http_ce_physicalconnectionid$http_ce_sessionid> $request_body';
map $http_content_type $data {
    text/plain         "text";
    application/json   '{"b":2}';
    # an Any: "\n " says that 32 bytes follow, a URL
    application/x-protobuf "\n 01234567890123456789012345678901";
    default            "bytes";
}
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / {
        proxy_pass http://$TEST_NGINX_PORT_5;
        proxy_set_header X-Type $http_content_type;
    }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    location / { types { } default_type ""; add_header Content-Type $http_x_type; return 200 $data; }
}
--- mqtt
token $t aud=http://localhost/client/hubs/test sub=joe
a comes access=$t
a > event echo text="ä" ack=1
any order
    a < ack 1
    a < server text=text
end
a > event echo json='{"a":1}' ack=2
any order
    a < ack 2
    a < server json='{"b":2}'
end
a > event echo binary=hex:00 ack=3
any order
    a < ack 3
    a < server binary=bytes
end
a > event echo protobuf=hex:0a0161 ack=4
any order
    a < ack 4
    a < server protobuf="\n 01234567890123456789012345678901"
end
# no id, no ack
a > event echo text=""
a < server text=text
--- access_log
/azure.webpubsub.user.echo echo text/plain (json|protobuf)(.reliable)?.webpubsub.azure.v1 joe <> ä/
/azure.webpubsub.user.echo echo application/json \S+ joe <> \{"a":1\}/
/azure.webpubsub.user.echo echo application/octet-stream /
/azure.webpubsub.user.echo echo application/x-protobuf /

=== TEST 2: nothing to say
--- kinds: json protobuf
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    return 204;
}
--- server2
location = /events {
    mqtt_event_handler test user=* validate=off;
    return 200;
}
--- mqtt
a comes
a > event e text=x ack=1
a < ack 1
reload 2
b comes
b > event e text=x ack=1
b < ack 1
b . nothing

=== TEST 3: an event that fails
--- kinds: json json.reliable protobuf
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=bad validate=off;
    return 500 "no";
}
location = /late {
    mqtt_event_handler test user=forbidden validate=off;
    return 403;
}
--- mqtt
a comes
a > event bad text=x ack=1
a < ack 1 InternalServerError
a > event forbidden text=x ack=2
a < ack 2 InternalServerError
# nobody wants it
a > event other text=x ack=3
a < ack 3 InternalServerError
# it stays, and may try again
a > event bad text=x ack=1
a < ack 1 InternalServerError
a > event bad text=x
a . nothing

=== TEST 4: names of events
--- kinds: json protobuf
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    return 204;
}
--- mqtt
a comes
a > event a.b-c_D9 text=x ack=1
a < ack 1
a > event 128*x text=x ack=2
a < ack 2
a > event 129*x text=x ack=3
a < ack 3 BadRequest
a > event 9 text=x ack=4
a < ack 4 BadRequest
a > event "a b" text=x ack=5
a < ack 5 BadRequest
a > event a/b text=x ack=6
a < ack 6 BadRequest

=== TEST 5: metadata both ways
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format app escape=none '<$http_x_webpubsub_metadata_one> <$http_x_webpubsub_metadata_two>';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / {
        default_type text/plain;
        add_header X-WebPubSub-Metadata-Answer "yes, it is";
        add_header x-webpubsub-metadata-Twice 1;
        add_header x-webpubsub-metadata-twice 2;
        return 200 "x";
    }
}
--- mqtt
a comes
a > event e text=x ack=1 meta=One:"a b" meta=two:2
any order
    a < ack 1
    a < server text=x meta=answer:"yes, it is" meta=twice:2
end
--- access_log
<a b> <2>

=== TEST 6: metadata alone is an answer
--- kinds: json protobuf
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    access_log off;
    location / {
        default_type text/plain;
        add_header X-WebPubSub-Metadata-k v;
        return 200;
    }
}
--- mqtt
a comes
a > event e text=x
a < server text="" meta=k:v

=== TEST 7: state, and cookies, of a connection
--- kinds: json json.reliable protobuf simple
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connect,connected,disconnected user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
log_format app escape=none '$http_ce_eventname <$http_ce_connectionstate> <$http_cookie>';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location /connect {
        add_header ce-connectionState first;
        add_header Set-Cookie "a=1; Path=/; HttpOnly";
        add_header Set-Cookie "b=2";
        return 200 "";
    }
    location / {
        add_header ce-connectionState second;
        add_header Set-Cookie "c=3";
        return 204;
    }
}
--- mqtt
a comes
[simple] a > text one
[not simple] a > event message text=one
access log has "message <first>"
[simple] a > text two
[not simple] a > event message text=two
access log has "message <second>"
log lacks "alert"
a . nothing
a stops
--- access_log
connect <> <>
connected <first> <a=1; b=2>
message <first> <a=1; b=2>
message <second> <a=1; b=2>
disconnected <second> <a=1; b=2>

=== TEST 8: the life of a connection
--- kinds: simple json protobuf json.reliable
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test system=connected,disconnected validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- hub
anonymous on;
session_expiry 1;
--- http_config
log_format app escape=none '$http_ce_type $http_content_type $http_ce_source <$http_ce_subprotocol> $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    location / { return 200; }
}
--- mqtt
a comes
a stops
b comes
b resets
access log has "azure.webpubsub.sys.disconnected"
--- access_log
/azure.webpubsub.sys.connected application\/json; charset=utf-8 \/hubs\/test\/client\/[0-9a-f]{32} <\S*> \{\}/
/azure.webpubsub.sys.disconnected application\/json; charset=utf-8 \/hubs\/test\/client\/[0-9a-f]{32} <\S*> \{"reason":"[^"]*"\}/
/(?s)disconnected.*disconnected/
--- no_access_log
"mqtt"

=== TEST 9: what the application says of a client
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
default_roles webpubsub.sendToGroup.base;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    access_log off;
    default_type application/json;
    location / { return 200 '{"userId":"anna","groups":["one","two"],"roles":["webpubsub.sendToGroup.out"]}'; }
}
--- mqtt
# its word takes the place of the token's
token $t aud=http://localhost/client/hubs/test sub=joe claims='"role":"webpubsub.joinLeaveGroup","webpubsub.group":"three"'
a comes access=$t user=anna
a > joinGroup x ack=1
a < ack 1 Forbidden
a > sendToGroup out text=x ack=2
a < ack 2
a > sendToGroup base text=x ack=3
a < ack 3
m > CONNECT clean username=x
m < CONNACK
m > PUBLISH base payload=1
a . nothing

=== TEST 10: in order
--- kinds: json protobuf simple
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
log_format app escape=none 'said $request_body';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    location / { proxy_pass http://$TEST_NGINX_PORT_5; }
}
server {
    listen $TEST_NGINX_PORT_5;
    access_log off;
    location / { return 204; }
}
--- mqtt
a comes
for $i in 10..30
    [simple] a > text "$i"
    [not simple] a > event message text="$i"
end
access log has "said 30"
--- access_log
/(?s)said 10.*said 11.*said 15.*said 19.*said 20.*said 25.*said 29.*said 30/

=== TEST 11: what is no metadata
--- kinds: json protobuf
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/%ff;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    access_log off;
    location / {
        default_type text/plain;
        add_header X-WebPubSub-Metadata-latin $uri;
        add_header "X-WebPubSub-Metadata-a(b" x;
        add_header X-WebPubSub-Metadata-k v;
        return 200 "x";
    }
}
--- mqtt
a comes
a > event e text=x
a < server text=x meta=k:v
a > invoke i e text=x
a < invokeResponse i text=x meta=k:v

=== TEST 12: an event that comes again before it is answered
--- kinds: json json.reliable protobuf protobuf.reliable
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /e { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
    location /last { return 204; }
}
--- mqtt
a comes
a > event e text=x ack=1
a > event e text=x ack=1
a > event last text=x ack=2
any order
    a < ack 1
    a < server text=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789
end
a < ack 2
a > event e text=x ack=1
a < ack 1 Duplicate
a . nothing
--- access_log
/POST \/e /
--- no_access_log
/POST \/e .*\n(.*\n)*.*POST \/e /
