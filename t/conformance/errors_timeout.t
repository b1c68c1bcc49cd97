# As errors.t: a connection on which nobody says who they are.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: no CONNECT, of whatever version, for half a minute
--- timeout: 40
--- conforms
5.0 error-connect-timeout
--- mqtt
mark
a,b opens
b > HEX 10 0d 0004 4d51
a < close after=29..34
b < close after=29..34
