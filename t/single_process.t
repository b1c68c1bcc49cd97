# NGINX without a master process.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a conversation
--- master: off
--- versions: 4 5
--- mqtt
sub connects resume
pub connects
sub subscribes t qos=2
pub publishes t qos=2 payload="x"
sub < PUBLISH t qos=2 id=$id payload="x"
sub closes
pub publishes t qos=1 payload="y"
sub connects resume sp=1
sub < PUBLISH t qos=2 dup id=$id payload="x"
sub < PUBLISH t qos=1 payload="y"

=== TEST 2: it expires sessions and publishes wills
--- master: off
--- mqtt
watch connects
watch subscribes w
a connects session_expiry=1 will=w will.payload="gone" will.delay=60
mark
a closes
watch < PUBLISH w payload="gone" after=0.5..4
a > CONNECT v5 session_expiry=1
a < CONNACK sp=0
