# When events are sent: consent, order, limits, failures, reloads.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: an application that agrees is asked once
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
log_format app '$request_uri $request_method <$http_webhook_request_origin> <$http_ce_awpsversion> <$http_ce_type>';
server {
    listen $TEST_NGINX_PORT_4;
    access_log logs/access.log app;
    add_header WebHook-Allowed-Origin "one.example, LOCALHOST:80";
    location / { return 200; }
}
--- mqtt
a connects
b connects
for $i in 1..2
    a > PUBLISH $webpubsub/server/events/e payload=x
    a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
    b > PUBLISH $webpubsub/server/events/e payload=x
    b < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
end
reload
c connects
c > PUBLISH $webpubsub/server/events/e payload=x
c < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
a disconnects
b disconnects
c disconnects
--- access_log
/validate OPTIONS <localhost> <1.0> <->
/e POST <localhost> <1.0> <azure.webpubsub.user.e>
--- no_access_log
/(?s)validate.*validate/

=== TEST 2: one that does not
--- server
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    add_header WebHook-Allowed-Origin "localhos, localhostile";
    location /validate { return 200; }
}
--- mqtt
a connects
for $i in 1..5
    a > PUBLISH $webpubsub/server/events/e payload=x
    a < PUBLISH $webpubsub/server/events/e/failed payload="" user=azure-status-code:503
end
a disconnects
--- error_log
"/events" does not allow events from "localhost"

=== TEST 3: one that wants to be asked by GET
--- server
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /validate {
        if ($request_method = OPTIONS) { return 404; }
        add_header WebHook-Allowed-Origin one.example;
        add_header WebHook-Allowed-Origin localhost;
        add_header WebHook-Allowed-Origin three.example;
        return 200;
    }
    location /e { return 200; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
a disconnects

=== TEST 4: one that comes up later
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- server2
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config2
server {
    listen $TEST_NGINX_PORT_4;
    add_header WebHook-Allowed-Origin *;
    location / { return 200; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/failed payload="" user=azure-status-code:503
reload 2
b connects
b > PUBLISH $webpubsub/server/events/e payload=x
b < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
# an old worker knows it by the zone
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
a disconnects
b disconnects

=== TEST 5: events that wait for consent keep their order
--- server
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /validate {
        add_header WebHook-Allowed-Origin *;
        limit_rate 200;
        return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
    }
    location / { return 200 $request_uri; }
}
--- mqtt
a connects
a > PUBLISH $webpubsub/server/events/one payload=x
a > PUBLISH $webpubsub/server/events/two payload=x
a > PUBLISH $webpubsub/server/events/three payload=x
a < PUBLISH $webpubsub/server/events/one/succeeded payload=/one content_type=* user=azure-status-code:200
a < PUBLISH $webpubsub/server/events/two/succeeded payload=/two content_type=* user=azure-status-code:200
a < PUBLISH $webpubsub/server/events/three/succeeded payload=/three content_type=* user=azure-status-code:200
a disconnects

=== TEST 6: after 20 failures the circuit opens
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- server2
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config2
server {
    listen $TEST_NGINX_PORT_4;
    location / { return 200; }
}
--- mqtt
a connects
for $i in 1..20
    a > PUBLISH $webpubsub/server/events/e payload=x
    a < PUBLISH $webpubsub/server/events/e/failed payload=* content_type=* user=azure-status-code:502
end
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/failed payload="" user=azure-status-code:503
log has "20 events in a row failed"
reload 2
wait 1.2
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
log has 'events are answered at "/events" again'
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
a disconnects

=== TEST 7: too many at a time wait, too many that wait are dropped
--- hub
event_concurrency 1;
event_backlog 1;
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /slow { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
    location / { return 200; }
}
--- mqtt
a connects
b connects
c connects
a > PUBLISH $webpubsub/server/events/slow qos=1 id=1 payload=x
a < PUBACK 1
b > PUBLISH $webpubsub/server/events/e qos=1 id=1 payload=x
b < PUBACK 1
c > PUBLISH $webpubsub/server/events/e payload=x
c < PUBLISH $webpubsub/server/events/e/failed payload="" user=azure-status-code:503
b . nothing
a < PUBLISH $webpubsub/server/events/slow/succeeded qos=1 id=$id payload=* content_type=* user=azure-status-code:200
a > PUBACK $id
b < PUBLISH $webpubsub/server/events/e/succeeded qos=1 id=$id payload="" content_type=* user=azure-status-code:200
b > PUBACK $id
a disconnects
b disconnects
c disconnects
--- error_log
1 events of mqtt hub "test" were dropped, 1 are under way and 1 wait
events: 3, failed: 0, dropped: 1

=== TEST 8: a reload with events under way
--- workers: 1 2
--- versions: 4 5
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location / { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
}
--- mqtt
a connects resume
b connects
a > PUBLISH $webpubsub/server/events/e qos=1 id=1 payload=x
a < PUBACK 1
b > PUBLISH $webpubsub/server/events/e qos=1 id=1 payload=x
b < PUBACK 1
reload
a resets
a connects resume sp=1
[4] a < PUBLISH $webpubsub/server/events/e/succeeded qos=1 id=$id payload=*
[5] a < PUBLISH $webpubsub/server/events/e/succeeded qos=1 id=$id payload=* content_type=* user=azure-status-code:200
a > PUBACK $id
[4] b < PUBLISH $webpubsub/server/events/e/succeeded qos=1 id=$id payload=*
[5] b < PUBLISH $webpubsub/server/events/e/succeeded qos=1 id=$id payload=* content_type=* user=azure-status-code:200
b > PUBACK $id
# the last worker leaves with events under way, too
b > PUBLISH $webpubsub/server/events/e payload=x
b resets
a disconnects

=== TEST 9: a worker that is killed with events under way
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    add_header WebHook-Allowed-Origin *;
    location /slow { limit_rate 200; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
    location / { return 200; }
}
--- mqtt
a connects resume
a > PUBLISH $webpubsub/server/events/slow qos=1 id=1 payload=x
a < PUBACK 1
kill worker of a
a < close
a connects resume sp=1
a > PUBLISH $webpubsub/server/events/e qos=1 id=1 payload=x
a < PUBACK 1
a < PUBLISH $webpubsub/server/events/e/succeeded qos=1 id=$id payload="" content_type=* user=azure-status-code:200
a > PUBACK $id
a disconnects

=== TEST 10: hubs of the template
--- server
location = /one {
    mqtt_event_handler one user=* validate=off;
    return 200 "one $mqtt_hub";
}
location = /any {
    mqtt_event_handler * user=* validate=off;
    return 200 "any $mqtt_hub";
}
location ~ ^/hubs/(?<hub>.+)$ { mqtt_pass $hub; }
--- main_config
mqtt_hub * { anonymous on; }
--- transports: ws
--- mqtt
a opens path=/hubs/One
a connects
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="one one" content_type=* user=azure-status-code:200
b opens path=/hubs/two`[,]
b connects
b > PUBLISH $webpubsub/server/events/e payload=x
b < PUBLISH $webpubsub/server/events/e/succeeded payload="any two%60%5B%2C%5D" content_type=* user=azure-status-code:200
# its block has none
c connects
c > PUBLISH $webpubsub/server/events/e payload=x
c < PUBLISH $webpubsub/server/events/e/failed payload="" user=azure-status-code:404
a disconnects
b disconnects
c disconnects

=== TEST 11: a hub of the template asks in its own name
--- server
location = /any {
    mqtt_event_handler * user=*;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_hub/$mqtt_event;
}
location ~ ^/hubs/(?<hub>.+)$ { mqtt_pass $hub; }
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /one`/validate {
        if ($request_method = OPTIONS) { return 404; }
        add_header WebHook-Allowed-Origin *;
        return 200;
    }
    location /one`/e { return 200; }
    location /two/e { return 201; }
}
--- main_config
mqtt_hub * { anonymous on; }
--- transports: ws
--- mqtt
a opens path=/hubs/one`
a connects
a > PUBLISH $webpubsub/server/events/e payload=x
a < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
# and for the others
b opens path=/hubs/two
b connects
b > PUBLISH $webpubsub/server/events/e payload=x
b < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:201
a disconnects
b disconnects

=== TEST 12: events that wait have 64 megabytes
--- hub
event_concurrency 1;
--- server
location = /events {
    mqtt_event_handler test user=* validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    client_max_body_size 2m;
    location /slow { limit_rate 50; return 200 "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"; }
    location / { return 200; }
}
--- mqtt
a connects
b connects
for $round in 1..2
    a > PUBLISH $webpubsub/server/events/slow payload=x
    for $i in 1..68
        b > PUBLISH $webpubsub/server/events/e payload=1000000*x
    end
    b < PUBLISH $webpubsub/server/events/e/failed payload="" user=azure-status-code:503
    a < PUBLISH $webpubsub/server/events/slow/succeeded payload=* content_type=* user=azure-status-code:200
    for $i in 1..67
        b < PUBLISH $webpubsub/server/events/e/succeeded payload="" content_type=* user=azure-status-code:200
    end
end
a disconnects
b disconnects
--- timeout: 20
--- error_log
1 events of mqtt hub "test" were dropped, 1 are under way and 67 wait
