# Tokens: at the upgrade, as the password of CONNECT, and what they are good for.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: a token in the query, or in a header
--- transports: ws
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey secondarykey;
--- mqtt
token $one sub=joe
token $two sub=joe key=secondarykey
for $t in "$one" "$two"
    a opens path="/mqtt?access_token=$t"
    a connects
    a disconnects
    a opens path="/mqtt?x=y&access_token=$t&z=1"
    a connects
    a disconnects
    a opens header="Authorization: Bearer $t"
    a connects
    a disconnects
    a opens path="/mqtt?access_token=$t" header="Authorization: Bearer none"
    a connects
    a disconnects
end
b opens bare
b > HANDSHAKE path="/mqtt?access_token=none" header="Authorization: Bearer $one"
b < HTTP 401 WWW-Authenticate=Bearer
log has 'client was refused by hub "test", token: it does not have three parts'
--- no_error_log
eyJ
--- no_access_log
eyJ

=== TEST 2: the same as a password
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey secondarykey;
--- mqtt
token $one sub=joe
token $two sub=joe key=secondarykey aud=https://else.where/clients/mqtt/hubs/test
token $bad sub=joe key=thirdkey
for $t in "$one" "$two"
    a > CONNECT clean username=u password="$t"
    a < CONNACK !auth_method
    a disconnects
end
for $t in "$bad" "$one.x" "x"
    a > CONNECT clean username=u password="$t"
    [4] a < CONNACK 5
    [5] a < CONNACK 0x87
    a < close
end
a > CONNECT clean
[4] a < CONNACK 5
[5] a < CONNACK 0x87
a < close
log has 'client "a" was refused by hub "test": token: '
--- no_error_log
eyJ

=== TEST 3: by method
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey;
default_roles webpubsub.sendToGroup;
--- mqtt
token $t sub=joe
token $other sub=jim
token $renewed sub=joe claims='"role":["webpubsub.joinLeaveGroup.b"]'
a > CONNECT resume auth_method=JWT auth_data="$t"
a < CONNACK auth_method=JWT
a > SUBSCRIBE 1 b
a < SUBACK 1 codes=0x87
a > AUTH 0x19 auth_method=JWT auth_data="$renewed"
a < AUTH 0x00 auth_method=JWT
a > SUBSCRIBE 1 b
a < SUBACK 1 codes=0
a > AUTH 0x19 auth_method=JWT auth_data="$t"
a < AUTH 0x00 auth_method=JWT
a > SUBSCRIBE 1 c
a < SUBACK 1 codes=0x87
# of somebody else, none, of a wrong form
a > AUTH 0x19 auth_method=JWT auth_data="$other"
a < DISCONNECT 0x87 reason_string="token of somebody else"
a < close
a > CONNECT resume auth_method=JWT auth_data="$t"
a < CONNACK sp=1 auth_method=JWT
a > AUTH 0x19 auth_method=JWT
a < end 0x87
a > CONNECT resume auth_method=JWT auth_data="$t"
a < CONNACK sp=1
a > AUTH 0x19 auth_method=JWT auth_data="abc"
a < DISCONNECT 0x87 reason_string=~^token
a < close
# another method
a > CONNECT resume auth_method=JWT auth_data="$t"
a < CONNACK sp=1
a > AUTH 0x19 auth_method=jwt auth_data="$t"
a < DISCONNECT 0x8c
a < close
# what goes on with nothing
for $code in 0x00 0x18
    a > CONNECT resume auth_method=JWT auth_data="$t"
    a < CONNACK sp=1
    a > AUTH $code auth_method=JWT auth_data="$t"
    a < end 0x82
end
# no method before
a > CONNECT resume password="$t"
a < CONNACK sp=1 !auth_method
a > AUTH 0x19 auth_method=JWT auth_data="$t"
a < end 0x82
# refused
b > CONNECT clean auth_method=JWT
b < CONNACK 0x87
b < close
b > CONNECT clean auth_method=JWT auth_data="x.y.z"
b < CONNACK 0x87
b < close
b > CONNECT clean auth_method=SCRAM auth_data="$t"
b < CONNACK 0x8c
b < close

=== TEST 4: a method needs keys
--- hub
anonymous on;
--- mqtt
token $t sub=joe
a > CONNECT clean auth_method=JWT auth_data="$t"
a < CONNACK 0x8c
a < close

=== TEST 5: the token of a password that the hub has no keys for is a password
--- versions: 4 5
--- hub
anonymous on;
--- mqtt
token $t
a > CONNECT clean username=u password="$t"
a < CONNACK

=== TEST 6: a token at the upgrade is valid, or there is none
--- transports: ws
--- hub
anonymous on;
access_key primarykey;
--- mqtt
token $t key=other
b opens bare
b > HANDSHAKE path="/mqtt?access_token=$t"
b < HTTP 401
b opens bare
b > HANDSHAKE path="/mqtt?access_token="
b < HTTP 401
b opens bare
b > HANDSHAKE path="/mqtt?Access_%54oken=$t"
b < HTTP 401
b opens bare
b > HANDSHAKE header="Authorization: Bearer $t"
b < HTTP 401
b opens bare
b > HANDSHAKE header="Authorization: Bearer\t$t"
b < HTTP 401
a opens header="Authorization: Basic dTpw"
a connects

=== TEST 7: a hub that has no keys takes no token
--- transports: ws
--- hub
anonymous on;
--- mqtt
token $t
b opens bare
b > HANDSHAKE path="/mqtt?access_token=$t"
b < HTTP 401
log has 'token: the hub has no keys'

=== TEST 8: a hub that can admit nobody says so at the upgrade
--- versions: 4 5
--- hub
anonymous off;
--- mqtt
[tcp] a > CONNECT clean
[tcp] [4] a < CONNACK 5
[tcp] [5] a < CONNACK 0x87
[ws] a opens bare
[ws] a > HANDSHAKE
[ws] a < HTTP 401 WWW-Authenticate=Bearer

=== TEST 9: no log has a token, whatever comes of the request
--- transports: ws
--- hub
anonymous off;
access_key primarykey;
--- http_config
log_format all escape=none '$request|$request_uri|$args|$http_authorization|$arg_access_token|$query_string|$is_args$args|$uri|$status';
access_log logs/access.log all;
--- server
location = /rewritten { rewrite ^ /mqtt last; }
location = /rewritten_args { rewrite ^ /mqtt?a=b last; }
location = /here { rewrite ^ /x break; mqtt_pass test; }
location = /lost { mqtt_pass $arg_hub; }
location = /error { error_page 401 = /mqtt; mqtt_pass test; }
location = /tried { try_files /none /mqtt?$args; }
--- mqtt
token $t sub=joe
token $bad key=wrong
for $path in mqtt rewritten rewritten_args here
    a opens path="/$path?a=b&access_token=$t&c=d"
    a connects
    a disconnects
end
for $name in "access%5ftoken" "a%63cess_token"
    a opens path="/mqtt?$name=$t"
    a connects
    a disconnects
end
a opens path="/mqtt?access_token=$t&access_token=$bad" header="Authorization: bearer $bad"
a connects
a disconnects
for $path in mqtt rewritten rewritten_args here error tried none/../mqtt "a=b/../mqtt"
    b opens bare
    b > HANDSHAKE path="/$path?access_token=$bad" header="Authorization: Bearer $bad"
    b < HTTP 401
end
b opens bare
b > HANDSHAKE path="/lost?access_token=$bad"
b < HTTP 404
b opens bare
b > HANDSHAKE path="/mqtt?access_token=$t?$t" upgrade=-
b < HTTP 426
b opens bare
b > HANDSHAKE method=POST path="/mqtt?access_token=$t"
b < HTTP 405
b opens bare
b > HANDSHAKE path="/mqtt?access_token=$t" protocol=x header="Authorization: Bearer $t"
b < HTTP 400
b opens bare
b > HANDSHAKE path="http://localhost/mqtt?access_token=$t" key=x
b < HTTP 400
access log has "access_token=*****"
access log has "Bearer *****"
--- no_error_log
eyJ
--- no_access_log
eyJ

=== TEST 10: whom a token is for
--- transports: ws
--- hub
anonymous off;
access_key primarykey;
jwt_audience api other;
--- server
location ~ ^/clients/mqtt/hubs/(?<hub>[^/]+)$ { mqtt_pass $hub; }
location = /a/Path { mqtt_pass test; }
--- mqtt
for $scheme in http https ws wss HTTP
    token $t aud="$scheme://example.com:8080/clients/mqtt/hubs/test"
    a opens host=example.com:8080 path="/mqtt?access_token=$t"
    a connects
    a disconnects
    a opens host=EXAMPLE.com:8080 path="/clients/mqtt/hubs/TEST?access_token=$t"
    a connects
    a disconnects
    token $t aud="$scheme://example.com:8080/a/path/"
    a opens host=example.com:8080 path="/a/Path?access_token=$t"
    a connects
    a disconnects
end
for $aud in api other
    token $t aud="$aud"
    a opens path="/mqtt?access_token=$t"
    a connects
    a disconnects
end
token $t aud=- claims='"aud":["x","api"]'
a opens path="/mqtt?access_token=$t"
a connects
a disconnects
for $aud in http://example.com/clients/mqtt/hubs/test http://example.com:8080/clients/mqtt/hubs/test2 API http://example.com:8080/client/hubs/test ftp://example.com:8080/clients/mqtt/hubs/test /clients/mqtt/hubs/test ""
    token $t aud="$aud"
    b opens bare
    b > HANDSHAKE host=example.com:8080 path="/mqtt?access_token=$t"
    b < HTTP 401
end
token $t aud=-
b opens bare
b > HANDSHAKE path="/mqtt?access_token=$t"
b < HTTP 401
log has "its \"aud\" is another one"

=== TEST 11: whom a token in a packet is for
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
jwt_audience api;
--- mqtt
for $aud in api http://any/clients/mqtt/hubs/test wss://any:1/clients/mqtt/hubs/TEST
    token $t aud="$aud"
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
for $aud in x http://any/clients/mqtt/hubs/test2 http://any/client/hubs/test
    token $t aud="$aud"
    a > CONNECT clean username=u password="$t"
    [4] a < CONNACK 5
    [5] a < CONNACK 0x87
    a < close
end

=== TEST 12: since when, and until when
--- hub
anonymous off;
access_key primarykey;
--- mqtt
for $exp in 60 -20
    token $t exp=$exp
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
token $t nbf=20
a > CONNECT clean username=u password="$t"
a < CONNACK
a disconnects
for $exp in -40 -
    token $t exp=$exp
    a > CONNECT clean username=u password="$t"
    a < CONNACK 0x87
    a < close
end
token $t nbf=40
a > CONNECT clean username=u password="$t"
a < CONNACK 0x87
a < close
log has "it is not valid yet"
log has "it has expired"

=== TEST 13: keys in PEM, and what is not signed by them
--- versions: 4 5
--- files
>>> keys.pem
PEM(rsa)
PEM(p256)
PEM(p384)
--- hub
anonymous off;
jwt_key_file $TEST_NGINX_ROOT/keys.pem;
jwt_issuer https://id.example/;
--- mqtt
set $iss '"iss":"https://id.example/"'
for $alg in RS256 RS384 RS512 PS256
    token $t alg=$alg key=rsa claims="$iss"
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
for $bits in 256 384
    token $t alg=ES$bits key=p$bits claims="$iss"
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
token $noissuer alg=RS256 key=rsa
token $issuer alg=RS256 key=rsa claims='"iss":"https://id.example"'
token $rsa alg=RS256 key=rsa-2 claims="$iss"
token $p256 alg=ES256 key=p256-2 claims="$iss"
token $small alg=RS256 key=rsa1024 claims="$iss"
token $ps384 alg=PS384 key=rsa claims="$iss"
token $none header='"alg":"none"' signature="" claims="$iss"
token $hs256 key=x claims="$iss"
token $curve header='"alg":"ES384"' alg=ES256 key=p256 claims="$iss"
for $t in "$noissuer" "$issuer" "$rsa" "$p256" "$small" "$ps384" "$none" "$hs256" "$curve"
    a > CONNECT clean username=u password="$t"
    [4] a < CONNACK 5
    [5] a < CONNACK 0x87
    a < close
end

=== TEST 14: a public key is no secret
--- files
>>> keys.pem
PEM(rsa)
--- hub
anonymous off;
access_key primarykey;
jwt_key_file $TEST_NGINX_ROOT/keys.pem;
--- mqtt
token $rsa alg=RS256 key=rsa
token $hs256
for $t in "$rsa" "$hs256"
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
token $pem key="PEM(rsa)"
token $mixed header='"alg":"RS256"' key=primarykey
for $t in "$pem" "$mixed"
    a > CONNECT clean username=u password="$t"
    a < CONNACK 0x87
    a < close
end

=== TEST 15: a set of keys, and new ones at a reload
--- workers: 1 2
--- files
>>> keys.json
JWKS(rsa p256 p384)
--- hub
anonymous off;
jwt_key_file $TEST_NGINX_ROOT/keys.json;
--- mqtt
for $id in rsa p256
    set $alg RS256
    token $t alg=RS256 key=rsa header='"alg":"RS256","kid":"rsa"'
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
token $p256 alg=ES256 key=p256 header='"alg":"ES256","kid":"p256"'
token $p384 alg=ES384 key=p384 header='"alg":"ES384","kid":"p384"'
token $nokid alg=ES384 key=p384
for $t in "$p256" "$p384" "$nokid"
    a > CONNECT clean username=u password="$t"
    a < CONNACK
    a disconnects
end
token $wrong alg=ES256 key=p256 header='"alg":"ES256","kid":"p384"'
token $unknown alg=ES256 key=p256 header='"alg":"ES256","kid":"x"'
token $new alg=ES256 key=p256-2 header='"alg":"ES256","kid":"p256-2"'
for $t in "$wrong" "$unknown" "$new"
    a > CONNECT clean username=u password="$t"
    a < CONNACK 0x87
    a < close
end
c > CONNECT clean username=u password="$p256"
c < CONNACK
file keys.json "JWKS(p256-2)"
reload
a > CONNECT clean username=u password="$new"
a < CONNACK
a disconnects
a > CONNECT clean username=u password="$p256"
a < CONNACK 0x87
a < close
c . nothing
file keys.json "{"
reload fails "keys.json"
a > CONNECT clean username=u password="$new"
a < CONNACK

=== TEST 16: tokens of a strange form
--- hub
anonymous off;
access_key primarykey;
max_packet_size 128k;
--- mqtt
set $aud '"aud":"http://x/clients/mqtt/hubs/test"'
token $twice claims='"sub":"a","sub":"b"'
token $exp claims='"exp":9999999999'
token $list claims='"sub":["a"]'
token $zero claims='"sub":"a\u0000"'
token $number claims='"sub":1'
token $long sub=1025*s
token $role claims='"role":[1]'
token $alg header='"alg":"HS256","alg":"none"'
token $crit header='"alg":"HS256","crit":["x"]'
token $large claims='"x":"'20000*x'"'
for $t in "$twice" "$exp" "$list" "$zero" "$number" "$long" "$role" "$alg" "$crit" "$large"
    a > CONNECT clean username=u password="$t"
    a < CONNACK 0x87
    a < close
end
b > CONNECT clean username=u password=21000*y".yyyy.yyyy"
b < CONNACK 0x87
b < close
b > CONNECT clean auth_method=JWT auth_data=21000*y".yyyy.yyyy"
b < CONNACK 0x87
b < close
b > CONNECT clean username=u password=65535*y
b < CONNACK 0x87
b < close
--- no_error_log
eyJ

=== TEST 17: a token of 64 KiB at the upgrade
--- transports: ws
--- http_config
large_client_header_buffers 4 80k;
--- hub
anonymous off;
access_key primarykey;
--- mqtt
token $t claims='"x":"'49000*x'"'
b opens bare
b > HANDSHAKE path="/mqtt?access_token=$t"
b < HTTP 401
b opens bare
b > HANDSHAKE header="Authorization: Bearer $t"
b < HTTP 401
--- no_error_log
eyJ
--- no_access_log
eyJ

=== TEST 18: roles and groups
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey;
default_roles webpubsub.sendToGroup.all;
--- mqtt
token $none sub=a
token $one sub=a claims='"role":"webpubsub.sendToGroup.one"'
token $more sub=b claims='"role":["webpubsub.joinLeaveGroup","webpubsub.sendToGroups.m*"],"webpubsub.group":"g1","group":["g2","g3"]'
b > CONNECT clean username=u password="$more"
b < CONNACK
a > CONNECT clean username=u password="$none"
a < CONNACK
a > SUBSCRIBE 1 x
[4] a < SUBACK 1 codes=0x80
[5] a < SUBACK 1 codes=0x87
a disconnects
a > CONNECT clean username=u password="$one"
a < CONNACK
b subscribes one all mmm
a > PUBLISH one qos=1 id=1 payload=1
a < PUBACK 1
b < PUBLISH one payload=1
a > PUBLISH all qos=1 id=1 payload=2
a < PUBACK 1
b < PUBLISH all payload=2
a > PUBLISH mmm qos=1 id=1 payload=3
[4] a < PUBACK 1
[5] a < PUBACK 1 0x87
b > PUBLISH mmm qos=1 id=1 payload=4
any order
    b < PUBACK 1
    b < PUBLISH mmm payload=4
end
# groups without a role, once
b > PUBLISH m1 qos=1 id=1 payload=x
b < PUBACK 1
token $c sub=c claims='"role":"webpubsub.sendToGroup"'
c > CONNECT clean username=u password="$c"
c < CONNACK
for $g in g1 g2 g3
    c > PUBLISH $g payload="$g"
    b < PUBLISH $g payload="$g"
end

=== TEST 19: a session is its maker's
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous on;
access_key primarykey;
--- mqtt
token $joe sub=joe
token $jim sub=jim
token $one
token $two claims='"x":1'
a > CONNECT resume username=u password="$joe"
a < CONNACK
a subscribes t qos=1
a disconnects
for $password in "$jim" "$one" x
    b > CONNECT resume id=a username=u password="$password"
    [4] b < CONNACK 5
    [5] b < CONNACK 0x87
    b < close
    b > CONNECT clean id=a username=u password="$password"
    [4] b < CONNACK 5
    [5] b < CONNACK 0x87
    b < close
end
pub connects
pub publishes t qos=1 payload=x
a > CONNECT resume username=v password="$joe"
a < CONNACK sp=1
a < PUBLISH t qos=1 id=$id payload=x
# tokens without a subject are one
c > CONNECT resume username=u password="$one"
c < CONNACK
d > CONNECT resume id=c username=u password="$two"
d < CONNACK sp=1
[5] c < DISCONNECT 0x8e
c < close
# and nobody in particular is another
d > DISCONNECT
d < close
d > CONNECT resume id=c
[4] d < CONNACK 5
[5] d < CONNACK 0x87
d < close

=== TEST 20: a token that comes back with other roles
--- versions: 4 5
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey;
default_roles webpubsub.sendToGroup.none;
--- mqtt
token $more sub=a claims='"role":["webpubsub.joinLeaveGroup","webpubsub.sendToGroup"]'
token $less sub=a claims='"role":"webpubsub.sendToGroup.t"'
a > CONNECT resume username=u password="$more"
a < CONNACK
a subscribes t
a disconnects
a > CONNECT resume username=u password="$less"
a < CONNACK sp=1
a > SUBSCRIBE 1 u
[4] a < SUBACK 1 codes=0x80
[5] a < SUBACK 1 codes=0x87
a > PUBLISH t payload=x
a < PUBLISH t payload=x
a disconnects
a > CONNECT resume username=u password="$less" will=w will.payload=x
[4] a < CONNACK 5
[5] a < CONNACK 0x87
a < close
a > CONNECT resume username=u password="$more" will=w will.payload=x
a < CONNACK sp=1
a subscribes u

=== TEST 21: the end of a token
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
token_expiry enforce;
--- mqtt
token $short sub=a exp=3
token $long sub=a exp=60
mark
a > CONNECT clean username=u password="$short"
a < CONNACK
[5] b > CONNECT clean auth_method=JWT auth_data="$short"
[5] b < CONNACK
[5] b > AUTH 0x19 auth_method=JWT auth_data="$long"
[5] b < AUTH 0x00 auth_method=JWT
[5] c > CONNECT clean auth_method=JWT auth_data="$long"
[5] c < CONNACK
[5] c > AUTH 0x19 auth_method=JWT auth_data="$short"
[5] c < AUTH 0x00 auth_method=JWT
d > CONNECT clean username=u password="$long"
d < CONNACK
[5] a < DISCONNECT 0x87 reason_string="its token has expired"
[ws] a < WS close 1008
a < close after=1.5..4.8
[5] c < DISCONNECT 0x87 reason_string="its token has expired"
[5] c < close
[5] b . nothing
d . nothing

=== TEST 22: the end of a token where the application was asked
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
token_expiry enforce;
--- location
mqtt_pass test;
mqtt_release_request on;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location / { return 200 '{"roles":["webpubsub.sendToGroup.app"]}'; }
}
--- mqtt
token $short sub=a exp=3 claims='"role":"webpubsub.sendToGroup.token"'
token $long sub=a exp=60 claims='"role":"webpubsub.sendToGroup.token"'
[4] a > CONNECT clean username=u password="$short"
[5] a > CONNECT clean auth_method=JWT auth_data="$short"
a < CONNACK
[5] b > CONNECT clean auth_method=JWT auth_data="$short"
[5] b < CONNACK auth_method=JWT
[5] b > AUTH 0x19 auth_method=JWT auth_data="$long"
[5] b < AUTH 0x00 auth_method=JWT
[5] b > PUBLISH app qos=1 id=1 payload=x
[5] b < PUBACK 1
[5] a < DISCONNECT 0x87 reason_string="its token has expired"
[ws] a < WS close 1008
a < close
[5] b . nothing

=== TEST 23: the roles of the application are not those of a token
--- hub
anonymous off;
access_key primarykey;
default_roles webpubsub.joinLeaveGroup;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location = /app { return 200 '{"roles":["webpubsub.sendToGroup.app"]}'; }
    location / { return 204; }
}
--- mqtt
token $t sub=a claims='"role":"webpubsub.sendToGroup.token"'
for $who in app token
    a > CONNECT clean username=$who auth_method=JWT auth_data="$t"
    a < CONNACK
    for 1..2
        a > PUBLISH $who qos=1 id=1 payload=x
        a < PUBACK 1
        a > AUTH 0x19 auth_method=JWT auth_data="$t"
        a < AUTH 0x00 auth_method=JWT
    end
    a disconnects
end

=== TEST 24: hubs by a template
--- transports: ws
--- main_config
mqtt_hub * { zone test; access_key primarykey; }
--- server
location ~ ^/h/(?<hub>.+)$ { mqtt_pass $hub; }
--- mqtt
token $t aud=http://localhost/clients/mqtt/hubs/Any
token $other aud=http://localhost/clients/mqtt/hubs/other
a opens path="/h/any?access_token=$t"
a connects
b opens bare
b > HANDSHAKE path="/h/any?access_token=$other"
b < HTTP 401
b opens bare
b > HANDSHAKE path="/h/1?access_token=$t"
b < HTTP 404

=== TEST 25: a token that ends does not end its connection
--- hub
anonymous off;
access_key primarykey;
--- mqtt
token $short exp=1
a > CONNECT clean username=u password="$short"
a < CONNACK
wait 2.5
a . nothing

=== TEST 26: variables
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
--- http_config
log_format who '<$mqtt_user_id> <$mqtt_username> <$mqtt_client_cert>';
access_log logs/access.log who;
--- stream_server
--- mqtt
token $t sub="joe doe"
[ws] a opens path="/mqtt?access_token=$t"
[ws] a > CONNECT clean username=name password=x
[ws] a < CONNACK
[ws] a disconnects
[ws] access log has "<joe doe> <name> <->"

=== TEST 27: one kind of key is enough, no key is not
--- hub
jwt_issuer x; # here
--- must_die
--- error_log
"jwt_issuer" is that of tokens signed by a key of "jwt_key_file"
$here

=== TEST 28: an audience without keys
--- hub
jwt_audience x y; # here
--- must_die
--- error_log
"jwt_audience" is that of tokens, add an "access_key" or a "jwt_key_file"
$here

=== TEST 29: no keys in a file of keys
--- files
>>> keys.pem
nothing
--- hub
jwt_key_file $TEST_NGINX_ROOT/keys.pem; # here
--- must_die
--- error_log
"jwt_key_file" takes public keys and certificates in PEM, or a JWK set
$here

=== TEST 30: a private key, a key that is too small
--- files
>>> keys.pem
PEM(rsa1024)
--- hub
jwt_key_file $TEST_NGINX_ROOT/keys.pem; # here
--- must_die
--- error_log
2048
$here

=== TEST 31: no file of keys
--- hub
jwt_key_file /nowhere/keys.pem; # here
--- must_die
--- error_log
open() "/nowhere/keys.pem" failed
$here

=== TEST 32: token_expiry
--- hub
token_expiry on; # here
--- must_die
--- error_log
invalid value "on"
$here

=== TEST 33: what the application took away does not come back by AUTH
--- workers: 1 2
--- hub
anonymous off;
access_key primarykey;
default_roles webpubsub.sendToGroup.none;
--- server
location = /events {
    mqtt_event_handler test system=connect validate=off;
    proxy_pass http://$TEST_NGINX_PORT_4/$mqtt_username;
}
--- http_config
server {
    listen $TEST_NGINX_PORT_4;
    location = /less { return 200 '{"roles":["webpubsub.joinLeaveGroup.a"]}'; }
    location / { return 204; }
}
--- mqtt
token $t sub=joe claims='"role":["webpubsub.joinLeaveGroup"]'
a > CONNECT resume username=less auth_method=JWT auth_data="$t"
a < CONNACK sp=0
a > SUBSCRIBE 1 b
a < SUBACK 1 codes=0x87
a disconnects
a > CONNECT resume username=same auth_method=JWT auth_data="$t"
a < CONNACK sp=1
a > AUTH 0x19 auth_method=JWT auth_data="$t"
a < AUTH 0x00 auth_method=JWT
a > SUBSCRIBE 1 b
a < SUBACK 1 codes=0x87
a > SUBSCRIBE 2 a
a < SUBACK 2 codes=0
a disconnects
# a session that is new
b > CONNECT clean username=same auth_method=JWT auth_data="$t"
b < CONNACK sp=0
b > SUBSCRIBE 1 b
b < SUBACK 1 codes=0

=== TEST 34: who cannot get a new session does not lose the old one
--- versions: 4 5
--- hub
anonymous off;
access_key primarykey;
--- mqtt
token $t sub=joe claims='"role":["webpubsub.joinLeaveGroup"]'
token $many sub=joe claims='"webpubsub.group":["g"'1000*',"g"'']'
a > CONNECT resume username=u password="$t"
a < CONNACK sp=0
a disconnects
b > CONNECT clean id=a username=u password="$many"
[4] b < CONNACK 3
[5] b < CONNACK 0x97
b < close
a > CONNECT resume username=u password="$t"
a < CONNACK sp=1

=== TEST 35: tokens that expire, and no key for any
--- hub
token_expiry enforce;
--- must_die
--- error_log
"token_expiry enforce" is about tokens, add an "access_key" or a "jwt_key_file" to mqtt_hub "test"
