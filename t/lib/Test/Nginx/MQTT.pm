package Test::Nginx::MQTT;

use Test::Nginx::Socket -Base;

use Test::Nginx::MQTT::Runner;

our @EXPORT = qw(run_tests);


# In place of the one that speaks HTTP.

{
    no warnings 'redefine';
    *run_tests = sub () { Test::Nginx::MQTT::Runner::run(Test::Base::blocks()) };
}


1;
__END__

=encoding utf-8

=head1 NAME

Test::Nginx::MQTT - data-driven tests in which an MQTT conversation is the data

=head1 SYNOPSIS

    use Test::Nginx::MQTT;
    run_tests();

    __DATA__

    === TEST 1: a QoS 1 message reaches a subscriber
    --- versions: 4 5
    --- workers: 1 2
    --- mqtt
    sub > CONNECT clean
    sub < CONNACK
    sub > SUBSCRIBE 1 a/+ qos=1
    sub < SUBACK 1 codes=1
    pub > CONNECT clean
    pub < CONNACK
    pub > PUBLISH a/b qos=1 id=7 payload="hello"
    pub < PUBACK 7
    sub < PUBLISH a/b qos=1 id=$id payload="hello"
    sub > PUBACK $id
    sub . nothing
    pub > DISCONNECT
    pub < close

=head1 DESCRIPTION

Each block is played once for every transport, version and number of workers
it names.  Every such case is one test, with a configuration, an NGINX and
logs of its own in F<build/servroot/>I<name of the test file>.  Afterwards
NGINX is asked to quit, which it must do by itself, and its error log must
hold no C<[alert]>, no C<[emerg]> and no report of a sanitizer.  When a case
fails, its directory is kept under another name, and what was said and heard
is printed as a conversation.

=head1 SECTIONS

=over

=item mqtt

The conversation, see below.  A block without it only starts NGINX and stops
it.

=item transports: tcp ws

The default; C<tls> and C<wss> are the others.

=item versions: 4 5

The default is 5.  A CONNECT without a version uses this one.

=item kinds: simple json json.reliable protobuf protobuf.reliable

What a Web PubSub client is unless it says; each kind is a case, over WebSocket
if C<transports> says nothing else.  Without it there are no such cases.

=item workers: 1 2

The default is 1.  With more, each client is connected to another worker in
turn, and a client that comes back gets another worker than before.

=item hub

Lines inside of C<mqtt_hub test { }>, which otherwise holds

    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;

A line of the same name replaces one of these.

=item zone: 8m

=item main_config, http_config, server, location, stream_server

What else stands in the main context, in C<http>, in its only server, in
C<location = /mqtt> instead of C<mqtt_pass test;>, and in C<stream>.

=item conf

The whole F<nginx.conf>.

In these sections C<$TEST_NGINX_WS>, C<$TEST_NGINX_WSS>, C<$TEST_NGINX_TCP>
and C<$TEST_NGINX_TLS> are the address and port to listen on for a transport,
C<$TEST_NGINX_PORT_4> to C<$TEST_NGINX_PORT_99> others that are free, and
C<$TEST_NGINX_HOST> is the address alone; C<$TEST_NGINX_ROOT> is the directory,
C<$TEST_NGINX_LOAD> the C<load_module> lines, C<$TEST_NGINX_WORKERS> the
number of workers, C<$TEST_NGINX_CERTIFICATE> and C<$TEST_NGINX_KEY> a
certificate.  A digit at the name of any of them (C<hub2>, C<zone2>) makes it
part of the configuration that C<reload 2> goes to.

=item must_die

C<nginx -t> refuses the configuration, in the words of C<error_log>; there
C<$here> is the file and line of the directive with C<# here> behind it.

=item files

Other files, each behind a line C<<< >>> name >>>, which is relative to the directory.
C<PEM(name)> and C<JWKS(name ...)> in them are public keys, see C<token> below.

=item error_log, no_error_log, access_log, no_access_log

Lines, or C</patterns/>, that the log has after the conversation, or has not.

=item allow

Lines that may be in the error log although they are an C<[alert]> or
C<[emerg]>.

=item conforms

The numbered statements of the standards that the block shows, after their
version.  A case counts for the statements of its own version.

    3.1.1 MQTT-3.1.0-1 MQTT-3.1.0-2
    5.0 MQTT-3.1.0-1

The lists of statements are F<t/conformance/*.tsv>; F<t/conformance/ledger>
compares them with the results.

=item connections: 1024, master: off, log_level: info, timeout: 5

=back

=head1 THE CONVERSATION

One step a line; C<#> starts a comment.  Clients need no declaration: a name is
a client, which connects when it first says something.

=head2 Saying

    a > CONNECT v5 clean id=x keepalive=10 username=u password=p session_expiry=60
    a > CONNECT resume will=t will.payload="gone" will.qos=1 will.delay=5
    a > PUBLISH a/b qos=1 id=7 retain dup alias=3 user=k:v payload="hello"
    a > PUBACK 7 0x80 reason_string="no"
    a > SUBSCRIBE 1 a/+ qos=2 nl rap rh=1 "#" subid=5
    a > UNSUBSCRIBE 2 a/+ b
    a > PINGREQ
    a > DISCONNECT 0x04 session_expiry=5
    a > AUTH 0x18 auth_method=m auth_data=hex:00ff

What has an order is written without names: packet id, then reason code;
topic; filters, whose options follow them.  C<id> of CONNECT is the client's
name unless written, C<id=-> leaves it out; C<keepalive> is 60; C<resume> asks
for a session that lasts: nothing in 3.1.1, session_expiry=600 in 5.0.
C<long> writes a property length of 0 where it could be left out.  C<retain=0>
and C<retain=1> are without and with C<retain>.

Properties of all packets, in the order written: format, message_expiry,
content_type, response_topic, correlation, subid, session_expiry, assigned_id,
server_keepalive, auth_method, auth_data, request_problem, will_delay,
request_response, response_info, server_reference, reason_string, receive_max,
alias_max, alias, max_qos, retain_available, user, max_packet,
wildcard_available, subid_available, shared_available; C<expiry> is that of
the message in PUBLISH and wills, of the session elsewhere.

To break the rules: C<first=0x36> (first byte), C<length=> (Remaining Length)
or C<length_bytes=8000>, C<connect_flags=>, C<protocol=>, C<level=>,
C<options=0x40> (of a filter), C<propsbytes=> (property length and properties),
C<tail=00> (bytes after the last field), C<will=->, C<will.payload=->, and
C<nofilter>.

    a > HEX 10 0c 0004 4d515454 / 04 02 003c 0000     # a write for each piece
    a > BYTES "\x10" 'abc' hex:00ff
    a > PUBLISH t payload=300*x split=1               # byte by byte
    a > PUBLISH t payload=300*x split=3,5             # cut after 3 and 5
    a holds                                           # collects ...
    a sends                                           # ... for a single write

Over WebSocket, each packet, and each piece, is a binary frame; after C<holds>
all packets are in one frame.

    a > PUBLISH t payload=300*x fragments=100         # one message in fragments
    a > WS ping "x"                                   # text, binary, close 1000 ...
    a > WS binary hex:c000 fin=0 rsv=4 mask=0 length=5 form=16
    a > RAW hex:8a                                    # past all framing

Exchanges of several packets, for conversations about something else:

    a connects                            # CONNECT clean, CONNACK
    a connects resume sp=1                # or session_expiry=...: not clean
    a subscribes t qos=1 u                # SUBSCRIBE 1, SUBACK as asked
    a unsubscribes t u                    # UNSUBSCRIBE 1, UNSUBACK
    a publishes t qos=2 payload=x         # with all acknowledgements
    a disconnects                         # DISCONNECT, close

=head2 Values

Bare words; C<"..."> with C<\n>, C<\x00> and so on; C<'...'> as it stands;
C<hex:00ff>; C<1000*"x"> repeats; several of these, C<2*"a/"b>, are one value.
C<$name> or C<${name}> is a variable, except in
C<'...'>; C<$share>, C<$SYS> and C<$webpubsub> mean themselves.  C<$v>,
C<$transport>, C<$workers> and C<$host> are set.  C<set $name value> sets
another.

=head2 Hearing

    a < CONNACK sp=1 assigned_id=$id !max_qos
    a < PUBLISH a/b qos=1 id=$id expiry=5..7 user=k:v payload=~^h
    a < SUBACK 1 codes=0,0x80|0x8f
    a < HEX d000
    a < WS pong "x"
    a < WS close 1002
    a < maybe DISCONNECT 0x8d
    a < close
    a < end 0x81|0x82
    a . nothing

The next thing that a hears must be this.  A PUBLISH has exactly the fields and
properties written; QoS, RETAIN and DUP are 0 unless written.  Other packets
are successful unless their reason is written (PUBACK and PUBREC: 0x00 or
0x10), and must have the properties written, may have others, except those
with C<!> in front.  SUBACK and UNSUBACK need C<codes> (UNSUBACK of 3.1.1 has
none).  A value may be C<*> (any), C<5..7>, C<~pattern>; codes may be
alternatives, C<0x81|0x82>, and C<subid={1,2}> two in any order.  A variable not set yet is set to what came.

Topic aliases of the server are resolved, and must be within what the client
allowed; C<sent_topic=""> and C<alias=1> tell what was in the packet.  So must
be the size of packets and the number of messages without an acknowledgement,
and no id may be given out twice.

Whatever is expected, a packet that a server may not send then, or with such a
code or property, fails the case: see F<t/lib/Test/Nginx/MQTT/Rules.pm>.

C<maybe> skips a packet that may be missing.  C<close>: the connection ends,
over WebSocket with or without a close frame.  C<end CODES>: 5.0 gets
DISCONNECT with one of the codes, then both versions get C<close>.
C<a . nothing>: all clients make a round trip of PINGREQ, a makes two, and
nothing else comes to a.

    any order                        # each client meets its own in any order
        a < PUBACK 1
        a < PUBLISH t payload="x"
    end

    one of a b as $who < PUBLISH t payload="x"

=head2 Web PubSub clients

    n comes                               # a client of this kind, with a handshake
    n comes json user=joe                 # of another one; what "connected" says
    n comes query=webpubsub_mode=sendToGroup&group=g access=$token path=/x
    n opens as protobuf.reliable ...      # without hearing "connected"
    n stops                               # a close frame, and the answer
    n resets
    n returns                             # to its session: "connected"
    n reopens                             # the same, but for "connected"

C<comes> and C<returns> take what C<opens> takes.  The path is
F</client/hubs/test> unless written, and there is a location for it.
C<$n_id> and C<$n_token> are what "connected" said.

    n > joinGroup g ack=1
    n > sendToGroup g text="x" ack=2 noEcho ttl=60 meta=k:v
    n > sendToGroup g json='{"a":1}'      # binary=, protobuf=
    n > event e text="x" ack=3
    n > sequenceAck 5
    n > ping
    n > invoke i1 e text="x"
    n > sendToGroup g stream=s1 idle=1000
    n > streamData s1 streamSequenceId=1 text="x"
    n > text "x"                          # a frame of a simple client, or binary
    n > WS text '{"type":...'             # anything
    n joins g h                           # joinGroup with an id, and its ack
    n parts g
    n sends g text="x" noEcho             # sendToGroup with an id, and its ack

    n < connected user=joe id=$id
    n < disconnected message=~token
    n < ack 1
    n < ack 2 Forbidden|BadRequest message=~group
    n < group g text="x" user=joe seq=4 meta=k:v
    n < group g text="x" stream=s1 fragment=1
    n < server json='{"a":1}' !seq
    n < pong
    n < invokeResponse i1 text="x"
    n < streamAck s1 expected=1

A message has the data and the metadata written and no others; JSON is compared
as values.  C<user> is not compared where protobuf does not have it.  To a simple
client C<group> and C<server> are frames with that data.  Sequence ids must be
there, and come one after the other, where the kind is a reliable one, and only
there; after C<returns> from behind the last C<sequenceAck> on.  Pings of the
server are answered in silence, unless C<n hears pings>.  C<n acks> sends a
C<sequenceAck> for each message.

=head2 Connecting

    a opens                               # now, not with its first packet
    a opens via wss with b                # another transport; b's worker
    a opens apart from b                  # another worker than b's
    a opens certified                     # with the server's own certificate
    a opens bare                          # without a WebSocket handshake
    a opens pipelined                     # packet and handshake in one write
    a opens path=/other header="X: y"     # fields of the handshake, see below
    a opens port=4                        # at $TEST_NGINX_PORT_4
    a opens rcvbuf=4096 v=4 prefix="PROXY TCP4 ...\r\n"

    a > HANDSHAKE method=POST version=12 protocol=- http=1.0 header="X: y"
    a < HTTP 426 Sec-WebSocket-Version=13 !Upgrade

Fields of a handshake: method, path, http, host, upgrade, connection, version,
protocol, key; C<-> leaves the header out.

    r > REST POST /api/hubs/test/:send?x=%20 text="hello" header="X: y"
    r < HTTP 202 X=y !Location body=~x json.code=$code
    r asks 404 HEAD /api/hubs/test/groups/g

A request needs no handshake; C<asks> hears no more than the status.  Its
fields: one of text, json, binary and body (without a type); type, length,
host; key, aud and exp of the token it gets, or token (C<->: none).  Of a JSON
body, C<json.a.0> is a part and C<json> is all, with its names in order.

    a closes                              # FIN
    a resets                              # RST
    a shuts                               # FIN, but goes on reading
    a acks                                # acknowledges from now on by itself

=head2 The server, time and logs

    reload                                # SIGHUP, and new workers are there
    reload 2                              # to the sections with a 2
    reload 2 fails "zone"                 # [emerg] in the log, workers stay
    file keys.pem "PEM(rsa-2)"            # writes a file, as the section "files"
    token $t sub=joe exp=60 claims='"role":"r"'       # for HS256, "primarykey"
    token $t alg=ES256 key=p256 aud=x header='"alg":"ES256","kid":"p256"'
    kill worker of a                      # SIGKILL, and a new one is there
    log has "text"                        # soon
    log lacks "text"
    access log has "text"
    mark
    a < close after=2.5..4.5              # seconds since the mark
    wait 1.5                              # for what expires, only

=head2 Repeating, and lines for some cases

    for $i in 1..10
        a > PUBLISH t payload="$i"
    end
    for $bytes in 8000 ff7f
        ...
    end

    [4] a < close
    [5] a < DISCONNECT 0x82
    [ws] ...    [not tcp] ...    [2 workers] ...
    [json] ...  [protobuf] ...   [reliable] ...  [simple] ...

Variables set inside of a loop are forgotten with each round.

=head1 ENVIRONMENT

TEST_NGINX_BINARY, TEST_NGINX_LOAD_MODULES (paths of the dynamic modules, none
for a static build), TEST_NGINX_PORT (the first of a hundred ports),
TEST_NGINX_SERVROOT (instead of F<build/servroot>),
TEST_NGINX_SLOW (a factor for timeouts), TEST_NGINX_CASE (a pattern: only these
cases), TEST_NGINX_CONFORMANCE (a directory for the results of blocks that have
C<conforms>), TEST_NGINX_CONFORMS (no other cases).

=cut
