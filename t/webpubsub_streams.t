# Invocations and streams of Web PubSub clients, and what they are refused.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: an invocation
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- server
location = /events {
    mqtt_event_handler test user=good validate=off;
    default_type text/plain;
    return 200 "answer";
}
location = /bad {
    mqtt_event_handler test user=bad validate=off;
    return 500;
}
location = /empty {
    mqtt_event_handler test user=empty validate=off;
    return 204;
}
--- mqtt
a comes
a > invoke i1 good text=x
a < invokeResponse i1 text=answer
a > invoke i2 bad text=x
a < invokeResponse i2 InternalServerError
a > invoke i3 nobody text=x
a < invokeResponse i3 InternalServerError
a > invoke i4 empty json=1
a < invokeResponse i4
a > cancelInvocation i5
a . nothing

=== TEST 2: a stream
--- kinds: json json.reliable protobuf protobuf.reliable
--- workers: 1 2
--- mqtt
a comes
b comes
m connects
b joins g
m subscribes g
a > sendToGroup g stream=s1
a < streamAck s1 expected=1
a > streamData s1 streamSequenceId=1 text=one
b < group g text=one stream=s1 fragment=1
m < PUBLISH g content_type="text/plain" payload=one
a < maybe streamAck s1 expected=2
a > streamData s1 streamSequenceId=2 json='{"n":2}'
b < group g json='{"n":2}' stream=s1 fragment=2
m < PUBLISH g content_type="application/json" payload='{"n":2}'
a < maybe streamAck s1 expected=3
a > streamEnd s1
a < streamClosed s1
b < group g text="" stream=s1 fragment=3 end=1
m . nothing
# its id is free again
a > sendToGroup g stream=s1
a < streamAck s1 expected=1

=== TEST 3: a stream that is none
--- kinds: json protobuf
--- mqtt
a comes
a > streamData none streamSequenceId=1 text=x
a < streamClosed none StreamNotFound
a > streamEnd none
a < streamClosed none StreamNotFound
a > sendToGroup a/+ stream=s
a < streamClosed s BadRequest

=== TEST 4: fragments out of order
--- kinds: json protobuf.reliable
--- mqtt
a comes
b comes
b joins g
a > sendToGroup g stream=s
a < streamAck s expected=1
a > streamData s streamSequenceId=2 text=two
a < streamNack s name=InvalidSequenceId expected=1
a > streamData s streamSequenceId=1 text=one
a < streamAck s expected=2
b < group g text=one stream=s fragment=1
a > streamData s streamSequenceId=1 text=again
a < streamAck s expected=2
b . nothing

=== TEST 5: a stream without the role
--- kinds: json protobuf
--- hub
default_roles webpubsub.joinLeaveGroup;
--- mqtt
a comes
a > sendToGroup g stream=s
a < streamClosed s Forbidden

=== TEST 6: the state of groups
--- kinds: json protobuf
--- mqtt
a comes
a joins g
a > setGroupState g ack=1 state=k:v
a < ack 1 BadRequest
a > subscribeGroupState g ack=2
a < ack 2 BadRequest
a > unsubscribeGroupState g ack=3
a < ack 3 BadRequest
a . nothing

=== TEST 7: the end of a stream whose right was revoked
--- kinds: json protobuf
--- hub
anonymous on;
access_key primarykey;
default_roles webpubsub.joinLeaveGroup;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $t aud=http://localhost/client/hubs/test claims='"role":["webpubsub.sendToGroup.g"]'
a comes access=$t
b comes
b joins g
a > sendToGroup g stream=s
a < streamAck s expected=1
r asks 204 DELETE /api/hubs/test/permissions/sendToGroup/connections/$a_id?targetName=g
a > streamEnd s error="said by a"
a < streamClosed s Forbidden
b < group g text="" stream=s fragment=1 end=1
