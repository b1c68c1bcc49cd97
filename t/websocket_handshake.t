# The WebSocket handshake: RFC 6455, sections 4.2 and 4.4; MQTT, section 6.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: the server switches protocols
--- transports: ws
--- conforms
5.0 MQTT-6.0.0-4
--- mqtt
a opens bare
a > HANDSHAKE key="dGhlIHNhbXBsZSBub25jZQ=="
a < HTTP 101 Upgrade=websocket Connection=upgrade Sec-WebSocket-Accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" Sec-WebSocket-Protocol=mqtt !Sec-WebSocket-Extensions !Content-Length !Transfer-Encoding
a > CONNECT clean
a < CONNACK

=== TEST 2: header values in all their forms
--- transports: ws
--- mqtt
for $connection in upgrade UPGRADE "keep-alive, Upgrade" "Upgrade,keep-alive" "foo , upgrade , bar"
    a opens connection=$connection
    a connects
    a disconnects
end
for $upgrade in WebSocket WEBSOCKET
    a opens upgrade=$upgrade
    a connects
    a disconnects
end

=== TEST 3: mqtt among other subprotocols
--- transports: ws
--- conforms
5.0 MQTT-6.0.0-4
--- mqtt
for $protocol in "foo, mqtt" "mqtt, foo" "foo,mqtt,bar" "mqttv3.1, mqtt"
    a opens protocol=$protocol
    a connects
    a disconnects
end
a opens protocol=- header="Sec-WebSocket-Protocol: foo" header="Sec-WebSocket-Protocol: mqtt"
a connects

=== TEST 4: no mqtt among the subprotocols
--- transports: ws
--- conforms
5.0 MQTT-6.0.0-3
--- mqtt
for $protocol in - foo mqttv3.1 mqtt5 "foo, bar" xmqtt
    a opens bare
    a > HANDSHAKE protocol=$protocol
    a < HTTP 400 !Upgrade
    a closes
end

=== TEST 5: another method
--- transports: ws
--- mqtt
for $method in POST PUT DELETE
    a opens bare
    a > HANDSHAKE method=$method
    a < HTTP 405
    a closes
end

=== TEST 6: another version of WebSocket
--- transports: ws
--- mqtt
for $version in 8 12 14 0 x
    a opens bare
    a > HANDSHAKE version=$version
    a < HTTP 426 Sec-WebSocket-Version=13
    a closes
end

=== TEST 7: no version of WebSocket
--- transports: ws
--- mqtt
a opens bare
a > HANDSHAKE version=-
a < HTTP 426 Sec-WebSocket-Version=13

=== TEST 8: no upgrade at all
--- transports: ws
--- mqtt
a opens bare
a > HANDSHAKE upgrade=- connection=-
a < HTTP 426 Upgrade=websocket
a closes
a opens bare
a > HANDSHAKE upgrade=h2c
a < HTTP 426
a closes
a opens bare
a > HANDSHAKE connection=keep-alive
a < HTTP 426
a closes
a opens bare
a > HANDSHAKE upgrade=- connection=- key=- version=- protocol=-
a < HTTP 426

=== TEST 9: no key, or none of 16 bytes
--- transports: ws
--- mqtt
for $key in - "" "c2hvcnQ=" "dGhlIHNhbXBsZSBub25jZSBpcyBsb25n" "dGhlIHNhbXBsZSBub25j!Q==" dGhlIHNhbXBsZSBub25jZQ
    a opens bare
    a > HANDSHAKE key=$key
    a < HTTP 400
    a closes
end

=== TEST 10: HTTP/1.0
--- transports: ws
--- mqtt
a opens bare
a > HANDSHAKE http=1.0
a < HTTP 426

=== TEST 11: the same connection can go on with HTTP
--- transports: ws
--- mqtt
a opens bare
a > HANDSHAKE protocol=foo
a < HTTP 400
a closes
b opens bare
b > HANDSHAKE path=/none
b < HTTP 404
b > HANDSHAKE
b < HTTP 101
b > CONNECT clean
b < CONNACK

=== TEST 12: CONNECT right behind the handshake, in the same write
--- transports: ws
--- versions: 4 5
--- mqtt
a opens pipelined
a > CONNECT clean
a < CONNACK
a . nothing

=== TEST 13: a large packet behind the handshake
--- transports: ws
--- mqtt
sub connects
sub subscribes t
a opens pipelined
a > BYTES hex:100e00044d5154540502003c00000161 hex:30a41f00017400 4000*x
a < CONNACK
sub < PUBLISH t payload=4000*x

=== TEST 14: extensions are not negotiated
--- transports: ws
--- mqtt
a opens bare
a > HANDSHAKE header="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
a < HTTP 101 !Sec-WebSocket-Extensions
a > CONNECT clean
a < CONNACK

=== TEST 15: the subprotocol header comes once
--- transports: ws
--- mqtt
a opens bare
a > HANDSHAKE protocol="mqtt, mqtt"
a < HTTP 101 Sec-WebSocket-Protocol=mqtt

=== TEST 16: a hub that does not exist
--- transports: ws
--- location
mqtt_pass $arg_hub;
--- mqtt
a opens bare
a > HANDSHAKE path="/mqtt?hub=none"
a < HTTP 404
a closes
a opens bare
a > HANDSHAKE path="/mqtt"
a < HTTP 404
a closes
b opens path="/mqtt?hub=test"
b connects
c opens path="/mqtt?hub=TEST"
c connects

=== TEST 17: access is NGINX's business before ours
--- transports: ws
--- location
allow 192.0.2.1;
deny all;
mqtt_pass test;
--- mqtt
a opens bare
a > HANDSHAKE
a < HTTP 403

=== TEST 18: the access log has the connection when it has ended
--- transports: ws
--- mqtt
a connects
a disconnects
access log has " 101 "
