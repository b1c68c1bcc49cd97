# The test library itself: packets, frames and the reading of conversations.

use strict;
use warnings;

use Test::More;

use Test::Nginx::MQTT::Native qw(encode_request decode_response);
use Test::Nginx::MQTT::Packet qw(encode decode vbi);
use Test::Nginx::MQTT::Rules qw(breach);
use Test::Nginx::MQTT::Trace;
use Test::Nginx::MQTT::WebSocket qw(accept_key frame take_frame handshake);


# Known bytes, and every packet there and back.

my @will_props = ([will_delay => 5], [format => 1], [message_expiry => 60],
                  [content_type => 'text'], [response_topic => 'r'],
                  [correlation => "\0\xff"], [user => ['k', 'v']]);
my %will = (topic => 'w', payload => "\0gone", qos => 1, retain => 1);

my @packets = (
    ['100c00044d5154540402003c0000', type => 'CONNECT', version => 4,
        clean => 1, keepalive => 60, id => ''],
    ['100d00044d5154540502003c000000', type => 'CONNECT', version => 5,
        clean => 1, keepalive => 60, id => ''],
    ['820600010001' . '6100', type => 'SUBSCRIBE', version => 4, id => 1,
        filters => [{ filter => 'a' }]],
    ['82070001000001' . '6100', type => 'SUBSCRIBE', version => 5, id => 1,
        filters => [{ filter => 'a' }]],
    ['32070001610001' . '6869', type => 'PUBLISH', version => 4, qos => 1, id => 1,
        topic => 'a', payload => 'hi'],
    ['3208000161000100' . '6869', type => 'PUBLISH', version => 5, qos => 1,
        id => 1, topic => 'a', payload => 'hi'],
    ['20020005', type => 'CONNACK', version => 4, reason => 5],
    ['2003008700', type => 'CONNACK', version => 5, reason => 0x87],
    ['e0018e', type => 'DISCONNECT', version => 5, reason => 0x8e],
    ['e000', type => 'DISCONNECT', version => 4],
    ['c000', type => 'PINGREQ', version => 4],
    ['d000', type => 'PINGRESP', version => 5],
    ['40020007', type => 'PUBACK', version => 4, id => 7],
    ['40020007', type => 'PUBACK', version => 5, id => 7],
    ['4003000710', type => 'PUBACK', version => 5, id => 7, reason => 0x10],
    ['620400070000', type => 'PUBREL', version => 5, id => 7, reason => 0, long => 1],
    ['9004000200' . '80', type => 'SUBACK', version => 5, id => 2, codes => [0x80]],
    ['b0020002', type => 'UNSUBACK', version => 4, id => 2],
    [undef, type => 'CONNECT', version => 4, id => 'c', will => { %will },
        username => 'u', password => "p\0", keepalive => 65535],
    [undef, type => 'CONNECT', version => 5, id => 'c',
        will => { %will, props => [@will_props] }, username => 'u', password => 'p',
        props => [[session_expiry => 0xffffffff], [receive_max => 65535],
                  [max_packet => 0xffffffff], [alias_max => 9],
                  [request_response => 1], [request_problem => 0],
                  [auth_method => 'm'], [auth_data => 'd'],
                  [user => ['a', 'b']], [user => ['', '']]]],
    [undef, type => 'CONNACK', version => 5, sp => 1, reason => 0,
        props => [[session_expiry => 1], [receive_max => 2], [max_qos => 1],
                  [retain_available => 0], [max_packet => 3], [assigned_id => 'x'],
                  [alias_max => 4], [reason_string => 'why'],
                  [wildcard_available => 0], [subid_available => 0],
                  [shared_available => 0], [server_keepalive => 5],
                  [response_info => 'i'], [server_reference => 's']]],
    [undef, type => 'PUBLISH', version => 5, topic => 't', qos => 2, id => 65535,
        dup => 1, retain => 1, payload => 'x' x 300,
        props => [[subid => 1], [subid => 268435455], [alias => 3]]],
    [undef, type => 'SUBSCRIBE', version => 5, id => 9, props => [[subid => 300]],
        filters => [{ filter => 'a/+', qos => 2, nl => 1, rap => 1, rh => 2 },
                    { filter => '#', qos => 1 }]],
    [undef, type => 'UNSUBSCRIBE', version => 5, id => 3, props => [],
        filters => [{ filter => 'a' }, { filter => 'b' }]],
    [undef, type => 'UNSUBACK', version => 5, id => 3, codes => [0, 0x11]],
    [undef, type => 'DISCONNECT', version => 5, reason => 4,
        props => [[session_expiry => 7]]],
    [undef, type => 'AUTH', version => 5, reason => 0x18,
        props => [[auth_method => 'm'], [auth_data => "\0"]]],
    (map { [undef, type => $_, version => 5, id => 8, reason => 0x92,
            props => [[reason_string => 'gone']]] }
         qw(PUBACK PUBREC PUBREL PUBCOMP)),
);

for (@packets) {
    my ($hex, %p) = @$_;
    my $bytes = encode(\%p);
    my $name = "$p{type} v$p{version}";

    is(unpack('H*', $bytes), $hex, "$name: bytes") if defined $hex;

    my $more = $bytes . "\xff";
    my $q = decode(\$more, $p{version});
    is($more, "\xff", "$name: just its bytes are taken");
    is_deeply(decode(\(my $again = encode($q)), $p{version}),
              { %$q, raw => encode($q) }, "$name: there and back");
    is(length encode($q), length $bytes, "$name: and as long")
        if !defined $hex;

    my @early = grep { my $part = substr $bytes, 0, $_;
                       defined decode(\$part, $p{version}) } 0 .. length($bytes) - 1;
    is("@early", '', "$name: no part of it is a packet");
}

is(unpack('H*', vbi($_->[0])), $_->[1], "vbi $_->[0]")
    for [0, '00'], [127, '7f'], [128, '8001'], [16383, 'ff7f'], [16384, '808001'],
        [268435455, 'ffffff7f'];

for (['0000', 'reserved type'], ['d00100', 'PINGRESP with a body'],
     ['d100', 'PINGRESP with flags'], ['60020001', 'PUBREL without its flags'],
     ['20020200', 'CONNACK with reserved flags'], ['200301000100', 'short properties'],
     ['3003000561', 'topic past the end'], ['300400016180', 'cut off properties'],
     ['300600016180' . '0061', 'length that is not minimal'],
     ['20030000017e', 'unknown property'])
{
    my ($hex, $name) = @$_;
    my $bytes = pack 'H*', $hex;
    ok(!defined eval { decode(\$bytes, 5) } && $@, "decode refuses: $name");
}

my $raw = encode({ type => 'PUBLISH', version => 4, topic => 'a', first => 0x36,
                   tail => 'zz', length_bytes => "\x80\0" });
is(unpack('H*', $raw), '368000000161' . '7a7a', 'overrides of a packet');


# WebSocket.

is(accept_key('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
   'accept key of RFC 6455');
is(unpack('H*', frame(opcode => 1, payload => 'Hello', key => pack 'H*', '37fa213d')),
   '818537fa213d7f9f4d5158', 'masked frame of RFC 6455');
is(unpack('H*', frame(opcode => 0, fin => 0, rsv => 4, mask => 0, payload => 'a')),
   '400161', 'bits of a frame');

for my $length (0, 1, 125, 126, 65535, 65536) {
    my $payload = 'x' x $length;
    my $bytes = frame(opcode => 2, payload => $payload) . 'more';
    my $cut = substr $bytes, 0, -5;
    my $none = take_frame(\$cut);
    ok(!defined $none || !$length, "frame of $length bytes: incomplete");
    my $f = take_frame(\$bytes);
    ok($f->{payload} eq $payload && $f->{fin} && $f->{mask} && $f->{opcode} == 2
       && $bytes eq 'more', "frame of $length bytes");
}

my ($request) = handshake(version => '-', upgrade => 'x', headers => ['A: b']);
like($request, qr{^GET /mqtt HTTP/1.1\r\n}, 'handshake');
unlike($request, qr/Version/, 'handshake without a header');
like($request, qr/Upgrade: x\r\n.*A: b\r\n\r\n$/s, 'handshake with others');


# What no server may send, from the bytes of a packet.

for ([5, '', '20 03 00 00 00', '', 'CONNACK first'],
     [5, '', 'd0 00', 'PINGRESP before CONNACK', 'another packet first'],
     [5, 'greeted', '20 03 00 00 00', 'a second CONNACK', 'CONNACK twice'],
     [5, 'greeted dismissed', 'd0 00', 'PINGRESP behind DISCONNECT', 'after the end'],
     [5, 'greeted', 'c0 00', 'PINGREQ from a server', 'packet of a client'],
     [4, 'greeted', 'e0 00', 'DISCONNECT in 3.1.1', 'packet of 5.0'],
     [5, 'greeted', '40 02 0000', 'PUBACK with packet id 0', 'id 0'],
     [5, '', '20 03 00 8e 00', 'CONNACK with code 0x8e', 'code of CONNACK'],
     [4, '', '20 02 00 06', 'CONNACK with code 0x06', 'code of CONNACK in 3.1.1'],
     [5, 'greeted', '90 05 0001 00 00 03', 'SUBACK with code 0x03', 'code of SUBACK'],
     [4, 'greeted', '90 03 0001 87', 'SUBACK with code 0x87', 'code of SUBACK in 3.1.1'],
     [5, 'greeted', 'e0 01 04', 'DISCONNECT with code 0x04', 'code of a client'],
     [5, '', '20 05 00 00 02 17 01', 'CONNACK with request_problem', 'property of CONNECT'],
     [5, 'greeted', 'e0 07 00 05 11 00000001', 'DISCONNECT with session_expiry',
      'property of a client'],
     [5, '', '20 07 00 00 04 24 01 24 01', 'CONNACK with max_qos twice', 'property twice'],
     [5, 'greeted', '30 08 0001 61 04 0b 01 0b 01', '', 'one that can come twice'],
     [5, 'greeted', '40 07 0001 00 03 1f 0000', '', 'an explanation'],
     [5, 'greeted terse', '40 07 0001 00 03 1f 0000', 'PUBACK with reason_string unasked',
      'an explanation not wanted'],
     [5, 'greeted terse', 'e0 05 81 03 1f 0000', '', 'one that is always allowed'])
{
    my ($version, $state, $hex, $why, $name) = @$_;
    (my $bytes = $hex) =~ tr/ //d;
    my %client = map { $_ => 1 } split ' ', $state;
    $client{request_problem} = 0 if delete $client{terse};
    my $q = decode(\(my $copy = pack 'H*', $bytes), $version);
    is(breach(\%client, $q), $why, "breach: $name");
}


# Values, packets and expectations of a conversation.

my $trace = Test::Nginx::MQTT::Trace->new(version => 5, workers => 1,
                                          transport => 'tcp', timeout => 1);
$trace->set('$i', '7');

is($trace->text($_->[0]), $_->[1], "value $_->[0]")
    for ['a/$i', 'a/7'], ['"x$i\n${i}0"', "x7\n70"], ["'\$i'", '$i'],
        ['hex:00ff', "\0\xff"], ['3*ab', 'ababab'], ['2*"x y"', 'x yx y'],
        ['$share/g/a', '$share/g/a'], ['"\x41\\\\n"', 'A\\n'], ['""', ''],
        ['hex:0$i', "\7"];

my $c = Test::Nginx::MQTT::Client->new(name => 'x', version => 5, transport => 'tcp');
my $p = $trace->packet($c, 'PUBLISH', qw(a/$i qos=1 id=0x10 retain expiry=3
                                         user=k:"v" payload="$i"));
is_deeply([@$p{qw(topic qos id retain payload)}, $p->{props}],
          ['a/7', 1, 16, 1, '7', [[message_expiry => 3], [user => ['k', 'v']]]],
          'words of a PUBLISH');
is($trace->packet($c, 'CONNECT')->{id}, 'x', 'a client has its name as id');

my @refused = (['PUBLISH a qos=1', 'no id'], ['SUBSCRIBE 1', 'no filter'],
               ['PUBLISH a nonsense', 'unknown word'], ['PUBLISH a colour=3', 'unknown field'],
               ['PUBLISH a$j', 'unset variable'], ['PUBLISCH a', 'unknown packet']);
for (@refused) {
    my ($line, $name) = @$_;
    ok(!eval { $trace->packet($c, split ' ', $line) }, "refused: $name");
}

my %got = (type => 'PUBLISH', version => 5, topic => 'a', qos => 1, id => 5, dup => 0,
           retain => 0, payload => 'x', props => [[user => ['k', 'v']], [subid => 3]]);
my $event = { kind => 'packet', packet => \%got, at => 0 };

for (['PUBLISH a qos=1 payload=x user=k:v subid=3', 1, 'all fields'],
     ['PUBLISH a qos=1 id=$id payload=~^x$ user=k:v subid=2..4', 1, 'capture, pattern, range'],
     ['PUBLISH a qos=1 id=$id payload=x user=k:v subid=*', 1, 'captured value'],
     ['PUBLISH a qos=1 id=4|5 payload=x user=k:v subid=3', 1, 'alternatives'],
     ['PUBLISH a qos=1 payload=x user=k:v', 0, 'a property not expected'],
     ['PUBLISH a qos=1 payload=x user=k:w subid=3', 0, 'another value'],
     ['PUBLISH a qos=1 payload=x user=k:v subid=3 subid=3', 0, 'a property twice'],
     ['PUBLISH a payload=x user=k:v subid=3', 0, 'QoS not written'],
     ['PUBLISH a qos=1 user=k:v subid=3', 0, 'payload not written'],
     ['PUBLISH a qos=1 dup payload=x user=k:v subid=3', 0, 'dup'],
     ['PUBLISH b qos=1 payload=x user=k:v subid=3', 0, 'topic'],
     ['PUBACK 5', 0, 'another packet'])
{
    my ($line, $fits, $name) = @$_;
    my $why = $trace->mismatch($c, $event, split ' ', $line);
    ok(!defined $why == !!$fits, "expectation: $name");
}

my $suback = { kind => 'packet', at => 0, packet =>
               { type => 'SUBACK', version => 5, id => 1, codes => [0, 0x8f], props => [] } };
ok(!defined $trace->mismatch($c, $suback, split(' ', 'SUBACK 1 codes=0,0x80|0x8f')), 'codes fit');
ok(defined $trace->mismatch($c, $suback, qw(SUBACK 1 codes=0)), 'a code too few');
ok(defined $trace->mismatch($c, $suback, split(' ', 'SUBACK 1 codes=1,0x8f')), 'another code');
ok(!eval { $trace->mismatch($c, $suback, qw(SUBACK 1)); 1 }, 'codes must be written');

my $connack = { kind => 'packet', at => 0, packet =>
                { type => 'CONNACK', version => 5, sp => 0, reason => 0,
                  props => [[receive_max => 9]] } };
ok(!defined $trace->mismatch($c, $connack, qw(CONNACK)), 'properties are free');
ok(defined $trace->mismatch($c, $connack, qw(CONNACK !receive_max)), 'unless forbidden');
ok(!defined $trace->mismatch($c, $connack, qw(CONNACK !max_qos receive_max=$m)), 'or named');
is($trace->variable('m'), 9, 'and captured');

my $parsed = Test::Nginx::MQTT::Trace->parse(<<'EOF');
# a comment
[5] [2 workers] a > SUBSCRIBE 1 "#" qos=1   # another
for $i in 1..2
    any order
        a < PUBLISH "x # y"
    end
end
EOF
is_deeply($parsed->[0]{when}, ['5', '2 workers'], 'conditions of a line');
is_deeply($parsed->[0]{tokens}, ['a', '>', 'SUBSCRIBE', '1', '"#"', 'qos=1'], 'words of a line');
is($parsed->[1]{body}[0]{body}[0]{tokens}[3], '"x # y"', 'groups');
ok(!eval { Test::Nginx::MQTT::Trace->parse("any order\na < b") }, 'a group without end');
ok(!eval { Test::Nginx::MQTT::Trace->parse("end") }, 'an end without group');

# Messages of Web PubSub: what is known of their bytes, and back again.

for (['320b0a0567726f757010e5d802', type => 'joinGroup', group => 'group', ackId => 44133],
     ['3a070a0567726f7570', type => 'leaveGroup', group => 'group'],
     ['0a0e0a0567726f75701a050a03787a79', type => 'sendToGroup', group => 'group',
      dataType => 'text', data => 'xzy'],
     ['0a1f0a0567726f757010b9601a11220f7b2276616c7565223a22787a79227d2001',
      type => 'sendToGroup', group => 'group', ackId => 12345, noEcho => 1,
      dataType => 'json', data => '{"value":"xzy"}'],
     ['420408c0c407', type => 'sequenceAck', sequenceId => 123456],
     ['7a230a09636861742d726f6f6d10011a140a120a0861637469766974791206747970696e67',
      type => 'setGroupState', group => 'chat-room', ackId => 1,
      state => { entries => { activity => 'typing' } }],
     ['8a010d0a09636861742d726f6f6d1004', type => 'unsubscribeGroupState',
      group => 'chat-room', ackId => 4])
{
    my ($hex, %m) = @$_;
    is(unpack('H*', encode_request('protobuf', \%m)), $hex, "$m{type} in protobuf");
}

is(encode_request('json', { type => 'sendToGroup', group => "\xc3\xa4", ackId => 1,
                            noEcho => 1, dataType => 'binary', data => "\0\xff" }),
   '{"type":"sendToGroup","ackId":1,"data":"AP8=","dataType":"binary",'
   . "\"group\":\"\xc3\xa4\",\"noEcho\":true}", 'a request in JSON');

for (['protobuf', pack('H*', '0a04087b1001'), { type => 'ack', ackId => 123, success => 1 }],
     ['protobuf', pack('H*', '1a07120512036d7367'),
      { type => 'disconnected', message => 'msg' }],
     ['json', '{"type":"ack","ackId":1,"success":false,"error":{"name":"N","message":"M"}}',
      { type => 'ack', ackId => 1, success => 0, error => { name => 'N', message => 'M' } }],
     ['json', '{"type":"message","from":"group","group":"g","dataType":"json",'
              . '"data":{"b":1,"a":[]},"fromUserId":null}',
      { type => 'group', group => 'g', dataType => 'json', data => '{"a":[],"b":1}' }],
     ['json', '{"type":"system","event":"connected","connectionId":"c","userId":null}',
      { type => 'connected', connectionId => 'c', userId => '' }])
{
    my ($encoding, $bytes, $m) = @$_;
    is_deeply(decode_response($encoding, $bytes), $m, "$m->{type} in $encoding");
}

for (['json', '{"type":"message","from":"group","dataType":"text","data":5}', 'text'],
     ['json', '{"type":"message","from":"group","dataType":"binary","data":"A"}', 'base64'],
     ['json', '{"type":"message","from":"x","dataType":"text","data":""}', 'from'],
     ['json', '[]', 'array'], ['protobuf', pack('H*', '0aff'), 'cut off'],
     ['protobuf', '', 'nothing'], ['protobuf', pack('H*', '0a0408fb10017a00'), 'two'])
{
    my ($encoding, $bytes, $name) = @$_;
    ok(!defined eval { decode_response($encoding, $bytes) }, "no response: $name");
}


done_testing();
