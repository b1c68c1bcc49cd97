# Configurations of event handlers and keys.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: what is right
--- main_config
mqtt_hub * { }
--- hub
access_key one two;
event_concurrency 1;
event_backlog 0;
connect_fallback allow;
--- server
location /prefix {
    mqtt_event_handler TEST system=connect,connected,disconnected user=*;
    mqtt_event_handler other "system= Connect" user=a,b "user=~^[c,d]{1,2}$" validate=on;
    internal;
    location /prefix/nested {
        mqtt_event_handler * user=none validate=off;
        if ($arg_x) { return 403; }
        limit_except POST { deny all; }
        return 200;
    }
    return 200;
}
location ^~ /prior { mqtt_event_handler test user=none; return 200; }

=== TEST 2: unknown system events
--- server
location /e {
    mqtt_event_handler test system=connect,joined; # here
}
--- must_die
--- error_log
unknown system event "joined", there are connect, connected and disconnected
$here

=== TEST 3: an empty one
--- server
location /e {
    mqtt_event_handler test system=connect,; # here
}
--- must_die
--- error_log
unknown system event "", there are connect, connected and disconnected
$here

=== TEST 4: an empty name
--- server
location /e {
    mqtt_event_handler test user=a,,b; # here
}
--- must_die
--- error_log
empty event name in "user=", write names with commas in between, or *
$here

=== TEST 5: a bad pattern
--- server
location /e {
    mqtt_event_handler test user=~(; # here
}
--- must_die
--- error_log
/missing .* in "\(".*/
$here

=== TEST 6: two patterns
--- server
location /e {
    mqtt_event_handler test user=~a user=~b; # here
}
--- must_die
--- error_log
a second pattern in "user=", join them with |
$here

=== TEST 7: neither on nor off
--- server
location /e {
    mqtt_event_handler test validate=yes; # here
}
--- must_die
--- error_log
invalid value "yes" of "validate=", it must be on or off
$here

=== TEST 8: an unknown parameter
--- server
location /e {
    mqtt_event_handler test users=a; # here
}
--- must_die
--- error_log
invalid parameter "users=a", "mqtt_event_handler" takes system=, user= and validate=
$here

=== TEST 9: an unknown hub
--- server
location /e {
    mqtt_event_handler tset user=*; # here
}
--- must_die
--- error_log
unknown hub "tset" in "mqtt_event_handler", define it with "mqtt_hub tset { }" outside of any block
$here

=== TEST 10: no template
--- server
location /e {
    mqtt_event_handler * user=*; # here
}
--- must_die
--- error_log
unknown hub "*" in "mqtt_event_handler", define it with "mqtt_hub * { }" outside of any block
$here

=== TEST 11: no hub's name
--- server
location /e {
    mqtt_event_handler 1st user=*; # here
}
--- must_die
--- error_log
/invalid hub name "1st", .* or \* for the hubs of "mqtt_hub \*"/
$here

=== TEST 12: a location without a path
--- server
location ~ ^/e { mqtt_event_handler test user=*; } # here
--- must_die
--- error_log
"mqtt_event_handler" needs a location with a path, as in "location /events { }"
$here

=== TEST 13: a named one
--- server
location @e { mqtt_event_handler test user=*; } # here
--- must_die
--- error_log
"mqtt_event_handler" needs a location with a path, as in "location /events { }"
$here

=== TEST 14: an empty key
--- hub
access_key a " 	"; # here
--- must_die
--- error_log
an empty "access_key" protects nothing, write a long random one
$here

=== TEST 15: two ways
--- hub
access_key a;
access_key_file b; # here
--- must_die
--- error_log
"access_key_file" directive is duplicate, or there is an "access_key" besides
$here

=== TEST 16: a file that is not there
--- hub
access_key_file keys.missing; # here
--- must_die
--- error_log
/open\(\) ".*keys.missing" failed .*/
$here

=== TEST 17: a file with more
--- hub
access_key_file $TEST_NGINX_ROOT/conf/nginx.conf; # here
--- must_die
--- error_log
/nginx.conf" must hold one or two access keys, each on a line of its own/
$here

=== TEST 18: a file with two keys and a line of blanks
--- hub
access_key_file $TEST_NGINX_ROOT/keys;
--- files
>>> keys
primarykey
 	
	secondarykey	
--- mqtt
a connects

=== TEST 19: a handler of nothing
--- server
location /e {
    mqtt_event_handler test; # here
}
--- must_die
--- error_log
"mqtt_event_handler" without "system=" and "user=" gets no events
$here

=== TEST 20: no pattern
--- server
location /e {
    mqtt_event_handler test user=~; # here
}
--- must_die
--- error_log
empty pattern in "user=~", write * for all
$here

=== TEST 21: events and clients in one location
--- server
location /e {
    mqtt_event_handler test user=*; # here
    mqtt_pass test;
}
--- must_die
--- error_log
"mqtt_event_handler" and "mqtt_pass" need a location each
$here
