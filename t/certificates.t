# Clients with a certificate: who they are, and what variables say of them.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a session belongs to the certificate
--- transports: wss tls
--- versions: 4 5
--- workers: 1 2
--- server
ssl_client_certificate $TEST_NGINX_CERTIFICATE;
ssl_verify_client optional;
--- stream_server
server {
    listen $TEST_NGINX_PORT_6 ssl;
    ssl_client_certificate $TEST_NGINX_CERTIFICATE;
    ssl_verify_client optional;
    mqtt_pass test;
}
--- mqtt
[wss] a opens certified
[tls] a opens port=6 certified
a connects resume
a disconnects
b > CONNECT resume id=a
[4] b < CONNACK 5
[5] b < CONNACK 0x87
b < close
[wss] a opens certified
[tls] a opens port=6 certified
a connects resume sp=1
c connects resume
c disconnects
[wss] c opens certified
[tls] c opens port=6 certified
c > CONNECT resume
[4] c < CONNACK 5
[5] c < CONNACK 0x87
c < close

=== TEST 2: a token's subject says more, a token without one does not
--- transports: wss tls
--- versions: 4 5
--- hub
anonymous on;
access_key primarykey;
--- server
ssl_client_certificate $TEST_NGINX_CERTIFICATE;
ssl_verify_client optional;
--- stream_server
server {
    listen $TEST_NGINX_PORT_6 ssl;
    ssl_client_certificate $TEST_NGINX_CERTIFICATE;
    ssl_verify_client optional;
    mqtt_pass test;
}
--- mqtt
token $joe sub=joe
token $one
[wss] a opens certified
[tls] a opens port=6 certified
a > CONNECT resume username=u password="$joe"
a < CONNACK
a disconnects
a > CONNECT resume username=u password="$joe"
a < CONNACK sp=1
a disconnects
[wss] c opens certified
[tls] c opens port=6 certified
c > CONNECT resume username=u password="$one"
c < CONNACK
c disconnects
[wss] c opens certified
[tls] c opens port=6 certified
c connects resume sp=1

=== TEST 3: a certificate alone admits nobody
--- transports: wss tls
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
--- server
ssl_client_certificate $TEST_NGINX_CERTIFICATE;
ssl_verify_client on;
--- stream_server
server {
    listen $TEST_NGINX_PORT_6 ssl;
    ssl_client_certificate $TEST_NGINX_CERTIFICATE;
    ssl_verify_client on;
    mqtt_pass test;
}
--- mqtt
[wss] a opens certified
[tls] a opens port=6 certified
a > CONNECT clean
[4] a < CONNACK 5
[5] a < CONNACK 0x87
a < close

=== TEST 4: variables
--- transports: wss tls
--- versions: 4 5
--- hub
anonymous on;
access_key primarykey;
--- http_config
log_format who '<$mqtt_client_cert_fingerprint> <$mqtt_client_cert> <$mqtt_user_id> <$mqtt_username> $mqtt_client_id';
access_log logs/who.log who;
--- server
ssl_client_certificate $TEST_NGINX_CERTIFICATE;
ssl_verify_client optional;
access_log logs/access.log who;
--- stream_server
log_format who '<$mqtt_client_cert_fingerprint> <$mqtt_client_cert> <$mqtt_user_id> <$mqtt_username> $mqtt_client_id';
server {
    listen $TEST_NGINX_PORT_6 ssl;
    ssl_client_certificate $TEST_NGINX_CERTIFICATE;
    ssl_verify_client optional;
    access_log logs/access.log who;
    mqtt_pass test;
}
--- mqtt
token $t sub="joe"
[wss] a opens certified
[tls] a opens port=6 certified
a > CONNECT resume username="na me" password="$t"
a < CONNACK
a disconnects
access log has "> <joe> <na me> a"
# a session's user is its own
[wss] a opens certified
[tls] a opens port=6 certified
a > CONNECT resume username=other password="$t"
a < CONNACK sp=1
a disconnects
access log has "> <joe> <other> a"
[wss] b opens
[tls] b opens port=6
b connects
b disconnects
access log has "<-> <-> <-> <-> b"
--- access_log
/(?m)^<[0-9a-f]{40}> <-----BEGIN CERTIFICATE-----/
