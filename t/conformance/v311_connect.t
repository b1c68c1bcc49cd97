# CONNECT and CONNACK of MQTT 3.1.1: chapters 3.1 and 3.2.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a second CONNECT ends the connection, and publishes the will
--- versions: 4
--- conforms
3.1.1 MQTT-3.1.0-2
--- mqtt
watch connects
watch subscribes w
a connects will=w will.payload="gone"
a > CONNECT clean
a < close
watch < PUBLISH w payload="gone"
