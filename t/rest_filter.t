# Filters of the REST API: whom they take.  What else the language can say is in
# t/unit/test_odata.c.

use Test::Nginx::MQTT;

run_tests();

__DATA__

=== TEST 1: sends to all, and to a group
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
jwt_audience me;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $anna sub=anna aud=me claims='"webpubsub.group":["g","a/b"]'
token $bert sub=bert aud=me claims='"webpubsub.group":["g"]'
a > CONNECT clean id=a-1 username=x password=$anna
a < CONNACK
b > CONNECT clean id=a-2 username=x password=$anna
b < CONNACK
c > CONNECT clean id=ä username=x password=$bert
c < CONNACK
d > CONNECT clean id=d
d < CONNACK
d > SUBSCRIBE 1 g qos=1 +/b qos=0
d < SUBACK 1 codes=1,0
a acks
b acks
c acks
d acks
for $to in hubs/test/:send hubs/test/groups/g/:send
    set $send /api/$to?messageTtlSeconds=0&filter=
    r asks 202 POST ${send}userId%20eq%20%27anna%27 body=1
    r asks 202 POST ${send}userId+eq+%27bert%27 body=2
    r asks 202 POST ${send}%75serID%20eq%20null body=3
    r asks 202 POST ${send}connectionId+eq+%27%C3%A4%27 body=4
    r asks 202 POST ${send}%27a/b%27+in+groups body=5
    r asks 202 POST ${send}%27%2B/b%27+in+groups body=6
    r asks 202 POST ${send}%27g%27+in+groups+and+length(groups)+eq+1 body=7
    r asks 202 POST ${send}startswith(connectionId,%27a-%27)&excluded=a-1 body=8
    r asks 202 POST ${send}protocol+ne+%27mqtt%27 body=9
    # only the first of two
    r asks 202 POST ${send}&filter=false body=0
    for $n in 1 5 0
        [4] a < PUBLISH * qos=1 id=* payload=$n
        [5] a < PUBLISH * qos=1 id=* payload=$n content_type=application/octet-stream
    end
    for $n in 1 5 8 0
        [4] b < PUBLISH * qos=1 id=* payload=$n
        [5] b < PUBLISH * qos=1 id=* payload=$n content_type=application/octet-stream
    end
    for $n in 2 4 7 0
        [4] c < PUBLISH * qos=1 id=* payload=$n
        [5] c < PUBLISH * qos=1 id=* payload=$n content_type=application/octet-stream
    end
    for $n in 3 6 0
        [4] d < PUBLISH * qos=1 id=* payload=$n
        [5] d < PUBLISH * qos=1 id=* payload=$n content_type=application/octet-stream
    end
end
a . nothing
b . nothing
c . nothing
d . nothing

=== TEST 2: sends to a user; of a connection they ask nothing
--- versions: 4 5
--- workers: 2
--- hub
access_key primarykey;
jwt_audience me;
--- server
location /api/ { mqtt_api; }
--- mqtt
token $anna sub=anna aud=me
a > CONNECT clean id=a username=x password=$anna
a < CONNACK
b > CONNECT clean id=b username=x password=$anna
b < CONNACK
r asks 202 POST /api/hubs/test/users/anna/:send?filter=connectionId+eq+%27b%27 text=1
r asks 202 POST /api/hubs/test/users/anna/:send?filter=userId+eq+null text=2
r asks 202 POST /api/hubs/test/connections/b/:send?filter=connectionId+eq+%27a%27 text=3
for $n in 1 3
    [4] b < PUBLISH $webpubsub/server/messages qos=1 id=$id payload=$n
    [5] b < PUBLISH $webpubsub/server/messages qos=1 id=$id payload=$n content_type=text/plain
    b > PUBACK $id
end
a . nothing
b . nothing

=== TEST 3: a group's own, shares and wildcards beside it
--- versions: 4 5
--- workers: 2
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
a connects
a subscribes g qos=1
b connects
b subscribes "#" qos=1
c connects
c subscribes $share/x/g qos=1
r asks 202 POST /api/hubs/test/groups/g/:send?filter=connectionId+ne+%27a%27 json=1
r asks 202 POST /api/hubs/test/groups/g/:send?filter=%27g%27+in+groups json=2
r asks 202 POST /api/hubs/test/groups/g/:send?excluded=b&excluded=c json=3
[4] b < PUBLISH g qos=1 id=* payload=1
[5] b < PUBLISH g qos=1 id=* payload=1 content_type=application/json
[4] c < PUBLISH g qos=1 id=* payload=1
[5] c < PUBLISH g qos=1 id=* payload=1 content_type=application/json
for $n in 2 3
    [4] a < PUBLISH g qos=1 id=* payload=$n
    [5] a < PUBLISH g qos=1 id=* payload=$n content_type=application/json
end
a . nothing
b . nothing
c . nothing

=== TEST 4: into groups and out of them
--- versions: 4 5
--- workers: 1 2
--- hub
access_key primarykey;
jwt_audience me;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $hub /api/hubs/test
token $anna sub=anna aud=me
a > CONNECT clean id=a username=x password=$anna
a < CONNACK
b connects
# away: it has a session all the same
[4] c connects resume
[5] c connects session_expiry=60
c closes
r asks 200 POST $hub/:addToGroups json='{"groups":["g","h"],"filter":"userId eq null"}'
r asks 200 POST $hub/:addToGroups json='{"filter":"userId eq \u0027anna\u0027","groups":["h","h"],"x":{}}'
r asks 200 POST $hub/:removeFromGroups json='{"groups":["h"],"filter":"\u0027g\u0027 in groups and connectionId ne \u0027c\u0027"}'
r asks 202 POST $hub/groups/g/:send text=1
r asks 202 POST $hub/groups/h/:send text=2
[4] a < PUBLISH h qos=1 id=* payload=2
[5] a < PUBLISH h qos=1 id=* payload=2 content_type=text/plain
a . nothing
[4] b < PUBLISH g qos=1 id=* payload=1
[5] b < PUBLISH g qos=1 id=* payload=1 content_type=text/plain
b . nothing
c connects resume sp=1
for $n in 1 2
    [4] c < PUBLISH * qos=1 id=* payload=$n
    [5] c < PUBLISH * qos=1 id=* payload=$n content_type=text/plain
end
c . nothing
# without a filter everybody is meant
for $filter in '' ',"filter":null' ',"filter":""'
    r asks 200 POST $hub/:removeFromGroups json='{"groups":["g","h"]'$filter'}'
    r asks 404 HEAD $hub/groups/g
    r asks 404 HEAD $hub/groups/h
    r asks 200 POST $hub/:addToGroups json='{"groups":["g","h"]'$filter'}'
    r asks 200 HEAD $hub/groups/g
    r asks 200 HEAD $hub/groups/h
end

=== TEST 5: filters that are none
--- transports: ws
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
--- mqtt
set $hub /api/hubs/test
a connects
a subscribes g qos=1
for $filter in userId 1 null userId%20eq userId+eq+1 not+length(userId)+gt+5 (true true) a+eq+1 groups+eq+1 101*'(''true' 101*'not+''true' 100*'true+and+''true' %27a %27g%27+in+(%27a%27,) %27%ff%27+eq+userId %27%00%27+eq+userId %E2%80%98a%E2%80%99+eq+userId
    for $to in :send groups/g/:send users/a/:send
        r > REST POST $hub/$to?filter=$filter text=x
        r < HTTP 400 json.code=Error.BadRequest json.target=filter json.message=*
    end
end
for $body in '{"groups":["h"],"filter":"userId"}' '{"groups":["h"],"filter":true}' '{"groups":["h"],"filter":["true"]}'
    for $to in :addToGroups :removeFromGroups
        r > REST POST $hub/$to json=$body
        r < HTTP 400 json.code=Error.BadRequest json.target=filter json.message=*
    end
end
r asks 404 HEAD $hub/groups/h
a . nothing

=== TEST 6: as long, and as deep, as can be
--- transports: ws
--- hub
access_key primarykey;
--- server
location /api/ { mqtt_api; }
large_client_header_buffers 4 64k;
--- mqtt
set $send /api/hubs/test/:send?filter=
a connects
r asks 202 POST ${send}''8188*'+'true text=1
r asks 400 POST ${send}''8189*'+'true text=2
r asks 202 POST ${send}''99*'true+and+'true text=3
r asks 202 POST ${send}''90*'(''true'90*')' text=4
# this takes more memory than it may, so that it is true of nobody
r asks 202 POST ${send}length(''30*'concat(''%27'4000*'x''%27'30*',%27z%27)'')+gt+0' text=5
r asks 202 POST ${send}length(''3*'concat(''%27'4000*'x''%27'3*',%27z%27)'')+eq+4003' text=6
for $n in 1 3 4 6
    a < PUBLISH $webpubsub/server/messages qos=1 id=$id payload=$n content_type=text/plain
    a > PUBACK $id
end
a . nothing
