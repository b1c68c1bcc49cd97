# Reliable clients: sequence ids, and the way back to a session.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: what was not acknowledged comes again
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes json
a joins g
for $i in 1..5
    b sends g text=$i
    a < group g text=$i seq=$i
end
a > sequenceAck 3
a . nothing
a resets
b sends g text=6
b sends g text=7
a returns
for $i in 4..7
    a < group g text=$i seq=$i
end
a . nothing
b sends g text=8
a < group g text=8 seq=8
a > sequenceAck 8
a . nothing
a resets
a returns
a . nothing
b sends g text=9
a < group g text=9 seq=9

=== TEST 2: acknowledgements are cumulative, and may be odd
--- kinds: json.reliable protobuf.reliable
--- mqtt
a comes
b comes json
a joins g
for $i in 1..3
    b sends g text=$i
    a < group g text=$i seq=$i
end
a > sequenceAck 2
a > sequenceAck 1
a > sequenceAck 0
a . nothing
a resets
a returns
a < group g text=3 seq=3
# of what was not sent yet
a > sequenceAck 1000
a . nothing
b sends g text=4
a < maybe group g text=4 seq=4

=== TEST 3: what its own requests did counts once
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
a joins g
a > sendToGroup g text=1 ack=1
any order
    a < ack 1
    a < group g text=1 seq=1
end
a > sequenceAck 1
a . nothing
a resets
a returns
a > sendToGroup g text=1 ack=1
a < ack 1 Duplicate
a > sendToGroup g text=2 ack=2
any order
    a < ack 2
    a < group g text=2 seq=2
end

=== TEST 4: without tokens, with old ones, and at a door with a handler
--- kinds: json.reliable
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey;
--- server
location = /events {
    mqtt_event_handler test system=connect,connected validate=off;
    access_log logs/access.log;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_event;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location /connected { return 200; }
    location / { default_type application/json; return 200 '{"groups":["g"]}'; }
}
--- mqtt
token $t aud=http://localhost/client/hubs/test sub=joe exp=1
a comes access=$t user=joe
b comes access=$t
wait 1
a resets
# its token has expired in leeway; with none at all it comes back, too
b sends g text=1
b < group g text=1
a returns
a < group g text=1 user=joe seq=1
--- no_error_log
awps_reconnection_token=~
--- no_access_log
/(?s)connect HTTP.*connect HTTP.*connect HTTP/

=== TEST 5: nothing to come back to
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes
a opens as $kind query="awps_connection_id=$b_id&awps_reconnection_token=nonsense"
a < WS close 1008
a < close
a opens as $kind query="awps_connection_id=nonsense&awps_reconnection_token=nonsense"
a < WS close 1008
a < close
# it was not disturbed
b . nothing
# a close frame is the end
c comes
c stops
c reopens
c < WS close 1008
c < close

=== TEST 6: only by its own subprotocol
--- transports: ws
--- workers: 1 2
--- mqtt
a comes json.reliable
a resets
b opens as protobuf.reliable query=awps_connection_id=$a_id&awps_reconnection_token=$a_token
b < WS close 1008
b < close
b opens as json query=awps_connection_id=$a_id&awps_reconnection_token=$a_token
b < WS close 1008
b < close
b opens as simple query=awps_connection_id=$a_id&awps_reconnection_token=$a_token
b < WS close 1008
b < close
a returns

=== TEST 7: while the old connection is still there
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes json
a joins g
b sends g text=1
a < group g text=1 seq=1
old opens as $kind query=awps_connection_id=$a_id&awps_reconnection_token=$a_token
old < connected
old < group g text=1 seq=1
a < maybe disconnected message=*
a < WS close 1008
a < close
b sends g text=2
old < group g text=2 seq=2

=== TEST 8: over a reload
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes json
a joins g
b sends g text=1
a < group g text=1 seq=1
a resets
reload
c comes json
c sends g text=2
a returns
a < group g text=1 seq=1
a < group g text=2 seq=2

=== TEST 9: over a killed worker
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes json apart from a
a joins g
b sends g text=1
a < group g text=1 seq=1
kill worker of a
a < close
a returns
a < group g text=1 seq=1
c comes json
c sends g text=2
a < group g text=2 seq=2

=== TEST 10: its time is up
--- kinds: json.reliable protobuf.reliable
--- hub
session_expiry 1;
--- mqtt
a comes
a resets
wait 3
a reopens
a < WS close 1008
a < close

=== TEST 11: sessions that end with their connection
--- kinds: json.reliable
--- hub
session_expiry 0;
--- mqtt
a comes
a resets
a reopens
a < WS close 1008
a < close

=== TEST 12: others cannot come back
--- kinds: json protobuf simple
--- mqtt
b comes json
a comes
a resets
[not simple] a opens as $kind query=awps_connection_id=$a_id&awps_reconnection_token=x
[not simple] a < WS close 1008
[not simple] a < close
b . nothing

=== TEST 13: more than its queue holds
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- hub
max_queued 10;
--- mqtt
a comes
b comes json
a joins g
for $i in 1..10
    b sends g text=$i
end
b > sendToGroup g text=11
b > ping
b < pong
for $i in 1..10
    a < group g text=$i seq=$i
end
a < maybe disconnected message=*
a < WS close 1008
a < close
a reopens
a < WS close 1008
a < close

=== TEST 14: the same while nobody listens
--- kinds: json.reliable protobuf.reliable
--- hub
max_queued 10;
--- mqtt
a comes
b comes json
a joins g
a resets
for $i in 1..11
    b > sendToGroup g text=$i
end
b > ping
b < pong
a reopens
a < WS close 1008
a < close

=== TEST 15: many that come back again and again
--- kinds: json.reliable protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes json
a joins g
for $round in 1..10
    for $i in 0..9
        b sends g text="$round $i"
        a < group g text="$round $i"
    end
    a resets
    a returns
    for $i in 0..9
        a < group g text="$round $i"
    end
    a > sequenceAck ${round}0
    a . nothing
end

=== TEST 16: what a client misses while it is away, from MQTT as well
--- kinds: json.reliable protobuf.reliable
--- versions: 4 5
--- workers: 1 2
--- mqtt
a comes
m connects
a joins g
a resets
m publishes g qos=0 payload=0
m publishes g qos=1 payload=1
m publishes g qos=2 payload=2
a returns
a < group g binary=0 seq=1
a < group g binary=1 seq=2
a < group g binary=2 seq=3

=== TEST 17: no token in the logs
--- kinds: json.reliable
--- mqtt
a comes
a resets
a returns
log lacks $a_token
access log lacks $a_token
