# Configurations that nginx -t refuses: the file, the line and the reason.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a configuration that is right
--- main_config
mqtt_hub all {
    zone                  test;
    anonymous             off;
    default_roles         webpubsub.sendToGroup;
    max_packet_size       64k;
    max_keepalive         0;
    receive_maximum       65535;
    topic_alias_maximum   0;
    will_delay_max        0;
    max_qos               2;
    session_expiry        1d;
    retain                on;
    wildcard_subscription on;
    shared_subscription   on;
    max_queued            10 1m;
    queue_overflow        terminate;
    max_connections       10;
    max_sessions          10;
    max_subscriptions     10;
    max_retained          10;
    strict_limits         on;
    ping_interval         1h;
}

=== TEST 2: names resolve in any order
--- conf
$TEST_NGINX_LOAD
daemon off;
events {}
http {
    access_log off;
    server {
        listen $TEST_NGINX_WS;
        location / {
            mqtt_pass late;
        }
    }
}
mqtt_hub late {
    zone later;
}
mqtt_zone later 4m;
mqtt_zone another 4m;

=== TEST 3: a zone without a name, size, or with a bad one
--- main_config
mqtt_zone x; # here
--- must_die
--- error_log
invalid number of arguments in "mqtt_zone" directive in
$here

=== TEST 4: a size that is none
--- main_config
mqtt_zone x 4q; # here
--- must_die
--- error_log
/"4q".*mqtt_zone/
$here

=== TEST 5: a zone that is too small
--- main_config
mqtt_zone x 8k; # here
--- must_die
--- error_log
/mqtt_zone "x".*too small/
$here

=== TEST 6: a zone twice
--- main_config
mqtt_zone test 4m; # here
--- must_die
--- error_log
duplicate mqtt_zone "test"
$here

=== TEST 7: a hub twice, whatever its case
--- main_config
mqtt_hub TEST { # here
}
--- must_die
--- error_log
duplicate mqtt_hub
$here

=== TEST 8: a name that no hub can have
--- main_config
mqtt_hub 1x { # here
}
--- must_die
--- error_log
invalid hub name "1x"
$here

=== TEST 9: a zone that does not exist
--- hub
zone none; # here
--- must_die
--- error_log
unknown zone "none"
$here

=== TEST 10: which of two zones?
--- main_config
mqtt_zone second 4m;
mqtt_hub other { # here
}
--- hub
zone test;
--- must_die
--- error_log
/mqtt_hub "other" .*zone/
$here

=== TEST 11: a hub without any zone
--- conf
$TEST_NGINX_LOAD
events {}
mqtt_hub alone { # here
}
--- must_die
--- error_log
mqtt_zone
$here

=== TEST 12: mqtt_pass to a hub that does not exist
--- location
mqtt_pass none; # here
--- must_die
--- error_log
unknown hub "none"
$here

=== TEST 13: in stream
--- stream_server
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass none; # here
}
--- must_die
--- error_log
unknown hub "none"
$here

=== TEST 14: with the template, any name will do
--- main_config
mqtt_hub * {
}
--- location
mqtt_pass none;

=== TEST 15: mqtt_pass twice
--- location
mqtt_pass test;
mqtt_pass test; # here
--- must_die
--- error_log
"mqtt_pass" directive is duplicate
$here

=== TEST 16: a protocol that does not exist
--- location
mqtt_pass test amqp; # here
--- must_die
--- error_log
"amqp"
$here

=== TEST 17: a directive that a hub does not have
--- hub
colour red; # here
--- must_die
--- error_log
unknown directive "colour"
$here

=== TEST 18: a directive twice
--- hub
max_qos 1;
max_qos 1; # here
--- must_die
--- error_log
"max_qos" directive is duplicate
$here

=== TEST 19: not on or off
--- hub
retain maybe; # here
--- must_die
--- error_log
/invalid value "maybe".*"retain"/
$here

=== TEST 20: a QoS that does not exist
--- hub
max_qos 3; # here
--- must_die
--- error_log
/"3".*"max_qos"/
$here

=== TEST 21: a time that is none
--- hub
session_expiry soon; # here
--- must_die
--- error_log
/"soon".*"session_expiry"/
$here

=== TEST 22: a keep-alive that cannot be said
--- hub
max_keepalive 65536s; # here
--- must_die
--- error_log
/"65536s".*"max_keepalive"/
$here

=== TEST 23: a Receive Maximum that cannot be
--- hub
receive_maximum 0; # here
--- must_die
--- error_log
/"0".*"receive_maximum"/
$here

=== TEST 24: nor this one
--- hub
receive_maximum 65536; # here
--- must_die
--- error_log
/"65536".*"receive_maximum"/
$here

=== TEST 25: too many aliases
--- hub
topic_alias_maximum 65536; # here
--- must_die
--- error_log
/"65536".*"topic_alias_maximum"/
$here

=== TEST 26: an overflow that does not exist
--- hub
queue_overflow panic; # here
--- must_die
--- error_log
/"panic".*"queue_overflow"/
$here

=== TEST 27: a role that does not exist
--- hub
default_roles webpubsub.rule; # here
--- must_die
--- error_log
"webpubsub.rule"
$here

=== TEST 28: a number that is negative
--- hub
max_connections -1; # here
--- must_die
--- error_log
/"-1".*"max_connections"/
$here

=== TEST 29: a packet above a quarter of the zone
--- zone: 8m
--- hub
max_packet_size 3m; # here
--- must_die
--- error_log
"max_packet_size"
$here

=== TEST 30: a queue above a quarter of the zone
--- zone: 8m
--- hub
max_queued 1000 3m; # here
--- must_die
--- error_log
"max_queued"
$here

=== TEST 31: more sessions than the zone can hold
--- zone: 8m
--- hub
max_sessions 20000; # here
--- must_die
--- error_log
"max_sessions"
$here

=== TEST 32: a default that is too large is lowered to a quarter of the zone
--- zone: 4m
--- mqtt
a > CONNECT v5 clean
a < CONNACK max_packet=900000..1048576

=== TEST 33: max_hubs is of the template only
--- hub
max_hubs 5; # here
--- must_die
--- error_log
"max_hubs"
$here

=== TEST 34: blocks where they do not belong
--- http_config
mqtt_zone x 4m; # here
--- must_die
--- error_log
"mqtt_zone" directive is not allowed here
$here

=== TEST 35: a hub in http
--- http_config
mqtt_hub x { # here
}
--- must_die
--- error_log
"mqtt_hub" directive is not allowed here
$here

=== TEST 36: directives of a hub in the main context
--- main_config
max_qos 1; # here
--- must_die
--- error_log
/"max_qos" directive/
$here

=== TEST 37: mqtt_pass in a server of http
--- server
mqtt_pass test; # here
--- must_die
--- error_log
"mqtt_pass" directive is not allowed here
$here

=== TEST 38: a hub that is not closed
--- conf
$TEST_NGINX_LOAD
events {}
mqtt_zone test 4m;
mqtt_hub test {
    anonymous on;
--- must_die
--- error_log
unexpected end of file

=== TEST 39: a role with a pattern that is none
--- hub
default_roles webpubsub.sendToGroups.a\.b; # here
--- must_die
--- error_log
/"webpubsub.sendToGroups.a\\.b" in "default_roles": in its pattern/
$here

=== TEST 40: a role with too many wildcards
--- hub
default_roles webpubsub.joinLeaveGroups.*/*/*/*/*/*; # here
--- must_die
--- error_log
/"default_roles": its pattern has more than 5 wildcards/
$here

=== TEST 41: a role without its group
--- hub
default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup.; # here
--- must_die
--- error_log
/"default_roles": it names no group/
$here

=== TEST 42: the same role twice
--- hub
default_roles webpubsub.sendToGroup.a webpubsub.sendToGroup.a; # here
--- must_die
--- error_log
/duplicate role "webpubsub.sendToGroup.a"/
$here

=== TEST 43: more patterns than a hub can have
--- hub
default_roles webpubsub.sendToGroups.a* webpubsub.sendToGroups.b* webpubsub.sendToGroups.c* webpubsub.sendToGroups.d* webpubsub.sendToGroups.e* webpubsub.sendToGroups.f* webpubsub.sendToGroups.g* webpubsub.sendToGroups.h* webpubsub.sendToGroups.i* webpubsub.sendToGroups.j* webpubsub.sendToGroups.k*; # here
--- must_die
--- error_log
/too many roles in "default_roles"/
$here

=== TEST 44: Web PubSub clients in stream
--- stream_server
server {
    listen $TEST_NGINX_PORT_4;
    mqtt_pass test webpubsub; # here
}
--- must_die
--- error_log
"webpubsub" is spoken over WebSocket
$here

=== TEST 45: an interval of pings that is none
--- hub
ping_interval 0; # here
--- must_die
--- error_log
invalid time "0" of "ping_interval", it must be whole seconds from 1 to 3600
$here

=== TEST 46: events of groups
--- server
location = /events {
    mqtt_event_handler test system=connect,joined; # here
    return 204;
}
--- must_die
--- error_log
unknown system event "joined", there are connect, connected and disconnected
$here
