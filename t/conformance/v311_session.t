# Sessions of MQTT 3.1.1.  See also session.t, offline_queue.t and publish_*.t.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a session does not end before its connection
--- versions: 4
--- hub
session_expiry 1s;
--- conforms
3.1.1 MQTT-4.1.0-2
--- mqtt
a connects resume
b connects
a,b subscribes t qos=1
wait 2.5
b publishes t qos=1 payload="x"
a < PUBLISH t qos=1 id=$id payload="x"
b < PUBLISH t qos=1 id=* payload="x"
a > PUBACK $id
a closes
a connects resume sp=1

=== TEST 2: all that is unacknowledged comes again
--- versions: 4
--- workers: 1 2
--- conforms
3.1.1 MQTT-2.3.1-4 MQTT-3.3.1-1 MQTT-4.1.0-1 MQTT-4.4.0-1
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=1 payload="one"
pub publishes t qos=1 payload="two"
pub publishes t qos=2 payload="three"
pub publishes t qos=2 payload="four"
sub < PUBLISH t qos=1 id=$one payload="one"
sub < PUBLISH t qos=1 id=$two payload="two"
sub < PUBLISH t qos=2 id=$three payload="three"
sub < PUBLISH t qos=2 id=$four payload="four"
sub > PUBREC $four
sub < PUBREL $four
sub closes
sub connects resume sp=1
any order
    sub < PUBLISH t qos=1 dup id=$one payload="one"
    sub < PUBLISH t qos=1 dup id=$two payload="two"
    sub < PUBLISH t qos=2 dup id=$three payload="three"
    sub < PUBREL $four
end
sub . nothing
