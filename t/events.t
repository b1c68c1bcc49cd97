# Custom events of clients, and webhooks.

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
a > PUBLISH $webpubsub/server/events/hello qos=1 id=1 payload=x
any order
    a < PUBACK 1
    [4] a < PUBLISH $webpubsub/server/events/hello/succeeded qos=1 id=$id payload="POST azure.webpubsub.user.hello"
    [5] a < PUBLISH $webpubsub/server/events/hello/succeeded qos=1 id=$id payload="POST azure.webpubsub.user.hello" content_type=* user=azure-status-code:200
end
a > PUBACK $id
a . nothing
a disconnects
