# MQTT 3.1.1 over WebSocket.  See also websocket.t and websocket_handshake.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: the server takes the subprotocol mqtt
--- transports: ws
--- versions: 4
--- conforms
3.1.1 MQTT-6.0.0-3 MQTT-6.0.0-4
--- mqtt
for $protocol in mqtt "mqtt, foo" "foo, mqtt, bar"
    a opens bare
    a > HANDSHAKE protocol=$protocol
    a < HTTP 101 Sec-WebSocket-Protocol=mqtt
    a connects
    a disconnects
end

=== TEST 2: a client that does not offer it is refused
--- transports: ws
--- versions: 4
--- conforms
3.1.1 MQTT-6.0.0-3
--- mqtt
for $protocol in - foo mqttv3.1 "foo, bar"
    a opens bare
    a > HANDSHAKE protocol=$protocol
    a < HTTP 400 !Sec-WebSocket-Protocol
    a closes
end

=== TEST 3: a CONNECT that is text
--- transports: ws
--- versions: 4
--- conforms
3.1.1 MQTT-6.0.0-1
--- mqtt
a opens
a > WS text hex:100d00044d5154540402003c000161
a < WS close 1003
a < close
a > WS binary hex:100d00044d5154540402003c000161
a < CONNACK
