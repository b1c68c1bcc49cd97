# Files of passwords: who gets in by them, and as whom.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: all forms of hashes
--- versions: 4 5
--- workers: 1 2
--- files
>>> passwords
# users
plain:{PLAIN}secret
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
ssha:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0
apr1:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/:a comment
sha512:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1
bcrypt:$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u
yescrypt:$y$j9T$saltsaltsalt$AnbE4uovRUrp5W/7h65lVXbBxJijULPRqRjd39xI5w9
--- hub
anonymous off;
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
for $user in plain sha ssha apr1 sha512 bcrypt yescrypt
    a > CONNECT clean username=$user password=secret
    a < CONNACK
    a subscribes t
    a disconnects
    for $password in Secret "" secret2
        a > CONNECT clean username=$user password="$password"
        [4] a < CONNACK 4
        [5] a < CONNACK 0x86
        a < close
    end
    a > CONNECT v5 clean username=$user
    a < CONNACK 0x86
    a < close
end
for $user in nobody plain2 "" "# users"
    a > CONNECT clean username="$user" password=secret
    [4] a < CONNACK 4
    [5] a < CONNACK 0x86
    a < close
end
a > CONNECT clean username=plain password="secret\x00"
[4] a < CONNACK 4
[5] a < CONNACK 0x86
a < close
a > CONNECT clean username=plain password=60000*x
[4] a < CONNACK 4
[5] a < CONNACK 0x86
a < close
a > CONNECT clean
[4] a < CONNACK 5
[5] a < CONNACK 0x87
a < close

=== TEST 2: who gives no name may be anonymous, who gives one must be right
--- versions: 4 5
--- files
>>> passwords
u:{PLAIN}p
--- hub
anonymous on;
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
a connects
b > CONNECT clean username=u password=p
b < CONNACK
c > CONNECT clean username=u password=q
[4] c < CONNACK 4
[5] c < CONNACK 0x86
c < close

=== TEST 3: a session is its user's
--- versions: 4 5
--- workers: 1 2
--- files
>>> passwords
u:{PLAIN}p
v:{PLAIN}p
--- hub
anonymous on;
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
a > CONNECT resume username=u password=p
a < CONNACK
a subscribes t
a disconnects
b > CONNECT resume id=a username=v password=p
[4] b < CONNACK 5
[5] b < CONNACK 0x87
b < close
b > CONNECT resume id=a
[4] b < CONNACK 5
[5] b < CONNACK 0x87
b < close
a > CONNECT resume username=u password=p
a < CONNACK sp=1

=== TEST 4: others go on while passwords are verified, and packets wait
--- versions: 4 5
--- files
>>> passwords
slow:$2b$12$abcdefghijklmnopqrstuuvhqlfa3SToYAWnpQD0wYcoxAD7y2cEy
--- hub
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
watch connects
for $i in 1..12
    c$i holds
    c$i > CONNECT clean username=slow password=slow
    c$i > SUBSCRIBE 1 t
    c$i > PINGREQ
    c$i sends
end
watch . nothing
# some leave before their turn
for $i in 7..11
    c$i resets
end
for $i in 1..6
    c$i < CONNACK
    c$i < SUBACK 1 codes=0
    c$i < PINGRESP
end
c12 < CONNACK
c12 < SUBACK 1 codes=0
c12 < PINGRESP
watch publishes t payload=x
c12 < PUBLISH t payload=x
--- timeout: 20

=== TEST 5: a reload reads the file again, and those who wait get their answer
--- versions: 4 5
--- workers: 1 2
--- files
>>> passwords
slow:$2b$12$abcdefghijklmnopqrstuuvhqlfa3SToYAWnpQD0wYcoxAD7y2cEy
--- hub
anonymous off;
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
a > CONNECT clean username=slow password=slow
file passwords 'fast:{PLAIN}p'
reload
a < CONNACK
b > CONNECT clean username=slow password=slow
[4] b < CONNACK 4
[5] b < CONNACK 0x86
b < close
b > CONNECT clean username=fast password=p
b < CONNACK
a . nothing
file passwords 'fast'
reload fails "has no user and colon"
c > CONNECT clean username=fast password=p
c < CONNACK

=== TEST 6: a ping, and a goodbye, of a WebSocket client that waits
--- transports: ws
--- files
>>> passwords
slow:$2b$12$abcdefghijklmnopqrstuuvhqlfa3SToYAWnpQD0wYcoxAD7y2cEy
--- hub
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
a > CONNECT clean username=slow password=slow
a > WS ping x
a < WS pong x
a < CONNACK
b > CONNECT clean username=slow password=slow
b > WS close 1000
b < WS close 1000
b < close

=== TEST 7: behind the right password comes the application
--- versions: 4 5
--- workers: 1 2
--- files
>>> passwords
u:{PLAIN}p
--- hub
anonymous off;
password_file $TEST_NGINX_ROOT/passwords;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location = /u { return 200 '{"userId":"uid"}'; }
    location = /  { return 204; }
    location = /v { return 204; }
}
--- mqtt
a > CONNECT clean username=u password=p
a < CONNACK
a > CONNECT clean
a < end 0x82
b > CONNECT clean username=u password=q
[4] b < CONNACK 4
[5] b < CONNACK 0x86
b < close
c > CONNECT clean username=v password=p
[4] c < CONNACK 4
[5] c < CONNACK 0x86
c < close
# who shows nothing is the application's alone
d > CONNECT clean
d < CONNACK

=== TEST 8: a token is no password, a password no token
--- versions: 4 5
--- files
>>> passwords
u:{PLAIN}p
--- hub
anonymous off;
access_key primarykey;
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
token $t sub=joe
token $bad key=x
a > CONNECT clean username=other password="$t"
a < CONNACK
b > CONNECT clean username=u password=p
b < CONNACK
c > CONNECT clean username=u password="$bad"
[4] c < CONNACK 5
[5] c < CONNACK 0x87
c < close
[ws] d opens path="/mqtt?access_token=$t"
[ws] d > CONNECT clean username=u password=q
[ws] d < CONNACK

=== TEST 9: one process
--- master: off
--- files
>>> passwords
u:$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u
--- hub
anonymous off;
password_file $TEST_NGINX_ROOT/passwords;
--- mqtt
a > CONNECT clean username=u password=secret
a < CONNACK
b > CONNECT clean username=u password=p
b < CONNACK 0x86
b < close

=== TEST 10: what is said of a will comes after
--- versions: 4 5
--- files
>>> passwords
u:{PLAIN}p
--- hub
anonymous off;
password_file $TEST_NGINX_ROOT/passwords;
max_qos 1;
--- mqtt
a > CONNECT clean username=u password=p will=t will.payload=x will.qos=1
a < CONNACK
b > CONNECT clean username=u password=p
b < CONNACK
b subscribes t
a resets
b < PUBLISH t payload=x
[5] c > CONNECT clean username=u password=p will=t will.qos=2
[5] c < CONNACK 0x9b
[5] c < close

=== TEST 11: an invalid line
--- files
>>> passwords
u:{PLAIN}p
v:nonsense
--- hub
password_file $TEST_NGINX_ROOT/passwords; # here
--- must_die
--- error_log
/line 2 of ".*passwords" has no hash of a known form/
$here

=== TEST 12: no file
--- hub
password_file /nowhere/passwords; # here
--- must_die
--- error_log
open() "/nowhere/passwords" failed
$here

=== TEST 13: a user twice, a directory
--- files
>>> passwords
u:{PLAIN}p
u:{PLAIN}q
--- hub
password_file $TEST_NGINX_ROOT/passwords; # here
--- must_die
--- error_log
has a user for the second time
$here

=== TEST 14: a directory is no file
--- hub
password_file $TEST_NGINX_ROOT; # here
--- must_die
--- error_log
must be a file of at most
$here

=== TEST 15: what stands behind CONNECT waits for the application, too
--- versions: 4 5
--- workers: 1 2
--- files
>>> passwords
u:{PLAIN}p
--- hub
anonymous off;
password_file $TEST_NGINX_ROOT/passwords;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
map $http_ce_eventname $slow { connect x; }
limit_req_zone $slow zone=slow:1m rate=2r/s;
server {
    listen $TEST_NGINX_PORT_4;
    location / {
        limit_req zone=slow burst=9;
        try_files /x =204;
    }
}
--- mqtt
for $i in 1..3
    c$i holds
    c$i > CONNECT clean username=u password=p
    c$i > SUBSCRIBE 1 t/$i
    c$i > PUBLISH t/$i payload=x
    c$i > PINGREQ
    c$i sends
end
for $i in 1..3
    c$i < CONNACK
    any order
        c$i < SUBACK 1 codes=0
        c$i < PUBLISH t/$i payload=x
        c$i < PINGRESP
    end
end
