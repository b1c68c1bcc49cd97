# Connections that let go of their HTTP request.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: everything goes on without the request
--- transports: ws wss
--- versions: 4 5
--- workers: 1 2
--- server
mqtt_release_request on;
--- mqtt
a connects
b connects
a subscribes t qos=2
for $qos in 0..2
    b publishes t qos=$qos payload=9000*x
end
a < PUBLISH t qos=0 payload=9000*x
a < PUBLISH t qos=1 id=$one payload=9000*x
a > PUBACK $one
a < PUBLISH t qos=2 id=$two payload=9000*x
a > PUBREC $two
a < PUBREL $two
a > PUBCOMP $two
a > WS ping "x"
a < WS pong "x"
a > PINGREQ
a < PINGRESP
access log has "101"
reload
b publishes t payload=y
a < PUBLISH t payload=y
a disconnects
b resets

=== TEST 2: the access log has its line at once, and one only
--- transports: ws
--- http_config
log_format short '$status $mqtt_client_id $request_uri';
access_log logs/access.log short;
mqtt_release_request on;
--- mqtt
a connects
access log has "101 a /mqtt"
a disconnects
b connects
access log has "101 b /mqtt"
b disconnects
--- no_access_log
/101 a.*\n.*101 a/

=== TEST 3: until CONNACK the request lasts
--- transports: ws
--- server
mqtt_release_request on;
--- mqtt
a opens
a > CONNECT protocol=MQTX
a < close
access log has "101"

=== TEST 4: packets that came with the handshake
--- transports: ws wss
--- server
mqtt_release_request on;
--- mqtt
a opens pipelined
a > CONNECT clean
a < CONNACK
a > SUBSCRIBE 1 t
a < SUBACK 1 codes=0
a publishes t payload="x"
a < PUBLISH t payload="x"
a disconnects

=== TEST 5: a handshake with large headers
--- transports: ws wss
--- server
mqtt_release_request on;
large_client_header_buffers 4 8k;
--- mqtt
set $large 5000*a
a opens header="X-Large: ${large}"
a > CONNECT clean
a < CONNACK
a > PINGREQ
a < PINGRESP
a disconnects

=== TEST 6: limit_conn counts handshakes only
--- transports: ws
--- http_config
limit_conn_zone $binary_remote_addr zone=addr:1m;
--- server
limit_conn addr 1;
mqtt_release_request on;
--- mqtt
a connects
b connects
a > PINGREQ
a < PINGRESP

=== TEST 7: without it, connections
--- transports: ws
--- http_config
limit_conn_zone $binary_remote_addr zone=addr:1m;
--- server
limit_conn addr 1;
--- mqtt
a connects
b opens bare
b > HANDSHAKE
b < HTTP 503

=== TEST 8: killed, taken over, kicked
--- transports: ws wss
--- workers: 2
--- server
mqtt_release_request on;
--- mqtt
a connects resume
b > CONNECT id=a resume
b < CONNACK sp=1
a < end 0x8e
kill worker of b
b < close
c > CONNECT id=a resume
c < CONNACK sp=1
c > HEX ff00
c < end 0x81|0x82

=== TEST 9: without it, all of the request is there for the log
--- transports: ws wss
--- workers: 1 2
--- http_config
log_format all '$request|$args|$http_x_first|$mqtt_client_id|'
               '$sent_http_upgrade|$sent_http_x_one|$sent_http_x_nine|end';
access_log logs/access.log all;
--- server
add_header X-One one always;
add_header X-Two two always;
add_header X-Three three always;
add_header X-Four four always;
add_header X-Five five always;
add_header X-Six six always;
add_header X-Nine "$arg_n nine" always;
--- mqtt
set $large 3000*a
a opens path="/mqtt?n=9&m=8" header="X-First: first\r\nX-Large: ${large}"
a connects
b opens path="/mqtt?n=7" header="X-First: second"
b connects
a subscribes t
for $i in 1..5
    c connects
    c publishes t payload=9000*x
    a < PUBLISH t payload=9000*x
    c disconnects
end
reload
a > PINGREQ
a < PINGRESP
a disconnects
b resets
access log has "GET /mqtt?n=9&m=8 HTTP/1.1|n=9&m=8|first|a|websocket|one|9 nine|end"
access log has "GET /mqtt?n=7 HTTP/1.1|n=7|second|b|websocket|one|7 nine|end"

=== TEST 10: requests in pools of other sizes
--- transports: ws
--- http_config
log_format all '$request $mqtt_client_id $sent_http_upgrade';
access_log logs/access.log all;
server {
    listen $TEST_NGINX_PORT_4;
    request_pool_size 512;
    location = /mqtt { mqtt_pass test; }
}
server {
    listen $TEST_NGINX_PORT_5;
    request_pool_size 4000;
    location = /mqtt { mqtt_pass test; }
}
server {
    listen $TEST_NGINX_PORT_6;
    request_pool_size 16k;
    location = /mqtt { mqtt_pass test; }
}
--- mqtt
for $i in 4 5 6
    a opens port=$i path="/mqtt?$i"
    a connects
    a > PINGREQ
    a < PINGRESP
    a disconnects
    access log has "GET /mqtt?$i HTTP/1.1 a websocket"
end
