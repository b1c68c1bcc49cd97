# Addresses of clients behind a proxy: proxy_protocol and real_ip.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: proxy_protocol in stream
--- transports: tcp
--- stream_server
server {
    listen $TEST_NGINX_PORT_4 proxy_protocol;
    set_real_ip_from 127.0.0.0/8;
    mqtt_pass test;
}
--- mqtt
a opens port=4 prefix="PROXY TCP4 192.0.2.7 192.0.2.1 5555 1883\r\n"
a connects
log has "client: 192.0.2.7"
a . nothing

=== TEST 2: the header, CONNECT and more in a single write
--- transports: tcp
--- stream_server
server {
    listen $TEST_NGINX_PORT_4 proxy_protocol;
    mqtt_pass test;
}
--- mqtt
a opens port=4
a > BYTES "PROXY TCP4 192.0.2.7 192.0.2.1 5555 1883\r\n" hex:100d00044d5154540502003c000000 hex:c000
a < CONNACK assigned_id=*
a < PINGRESP

=== TEST 3: proxy_protocol in http
--- transports: ws
--- http_config
log_format addresses "$remote_addr $proxy_protocol_addr $status";
server {
    listen $TEST_NGINX_PORT_4 proxy_protocol;
    set_real_ip_from 127.0.0.0/8;
    real_ip_header proxy_protocol;
    access_log logs/access.log addresses;
    location /mqtt {
        mqtt_pass test;
    }
}
--- mqtt
a opens port=4 prefix="PROXY TCP4 192.0.2.7 192.0.2.1 5555 1883\r\n"
a connects
log has "client: 192.0.2.7"
a disconnects
--- access_log
192.0.2.7 192.0.2.7 101

=== TEST 4: real_ip by a header
--- transports: ws
--- http_config
set_real_ip_from 127.0.0.0/8;
real_ip_header X-Forwarded-For;
--- mqtt
a opens header="X-Forwarded-For: 192.0.2.9"
a connects
log has "client: 192.0.2.9"
a disconnects
--- access_log
/^192\.0\.2\.9 .* 101 /

=== TEST 5: variables in the access logs
--- http_config
log_format mqtt "http $mqtt_hub $mqtt_client_id $mqtt_protocol";
access_log logs/access.log mqtt;
--- stream_server
log_format mqtt "stream $mqtt_hub $mqtt_client_id $mqtt_protocol";
access_log logs/access.log mqtt;
--- mqtt
a > CONNECT v4 id=one clean
a < CONNACK
a disconnects
b > CONNECT v5 id=two clean
b < CONNACK
b disconnects
[ws] access log has "http test one MQTT/3.1.1"
[ws] access log has "http test two MQTT/5.0"
[tcp] access log has "stream test one MQTT/3.1.1"
[tcp] access log has "stream test two MQTT/5.0"
