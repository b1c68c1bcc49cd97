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
