package Test::Nginx::MQTT::WebSocket;

# RFC 6455 from the client's side: the handshake, and frames of any shape.

use strict;
use warnings;

use Digest::SHA qw(sha1_base64);
use MIME::Base64 qw(encode_base64);

use base 'Exporter';

our @EXPORT_OK = qw(handshake accept_key frame take_frame opcode
                    opcode_name);


my %OPCODE = (continuation => 0, text => 1, binary => 2,
              close => 8, ping => 9, pong => 10);
my %NAME = reverse %OPCODE;


sub opcode {
    my ($name) = @_;
    return exists $OPCODE{$name} ? $OPCODE{$name} : undef;
}


sub opcode_name {
    my ($opcode) = @_;
    return $NAME{$opcode} || "opcode$opcode";
}


sub new_key {
    return encode_base64(join('', map { chr int rand 256 } 1 .. 16), '');
}


sub accept_key {
    my ($key) = @_;
    return sha1_base64("${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11") . '=';
}


# The request of a handshake.  Each of method, path, http, host, upgrade,
# connection, version, protocol and key replaces the usual value; "-" leaves
# the header out.  headers is a list of further lines.

sub handshake {
    my (%o) = @_;

    my %value = (method => 'GET', path => '/mqtt', http => '1.1',
                 host => 'localhost', upgrade => 'websocket',
                 connection => 'Upgrade', version => 13, protocol => 'mqtt',
                 key => new_key(), %o);

    my @header = ([Host => 'host'], [Upgrade => 'upgrade'],
                  [Connection => 'connection'],
                  ['Sec-WebSocket-Key' => 'key'],
                  ['Sec-WebSocket-Version' => 'version'],
                  ['Sec-WebSocket-Protocol' => 'protocol']);

    my $request = "$value{method} $value{path} HTTP/$value{http}\r\n";
    $request .= join '', map { "$_->[0]: $value{$_->[1]}\r\n" }
                         grep { $value{$_->[1]} ne '-' } @header;
    $request .= join '', map { "$_\r\n" } @{ $value{headers} || [] };

    return ("$request\r\n", $value{key});
}


# One frame.  fin, rsv (0..7), mask and length say what to write, true or not.

sub frame {
    my (%o) = @_;

    my $payload = defined $o{payload} ? $o{payload} : '';
    my $fin = defined $o{fin} ? $o{fin} : 1;
    my $masked = defined $o{mask} ? $o{mask} : 1;
    my $length = defined $o{length} ? $o{length} : length $payload;
    my $form = defined $o{form} ? $o{form}
             : $length < 126 ? 7 : $length < 65536 ? 16 : 64;
    my $bit = $masked ? 0x80 : 0;

    my $head = chr(($fin ? 0x80 : 0) | ($o{rsv} || 0) << 4 | $o{opcode});
    $head .= $form == 7  ? chr($bit | $length)
           : $form == 16 ? chr($bit | 126) . pack('n', $length)
           :               chr($bit | 127) . pack('Q>', $length);

    if ($masked) {
        my $key = defined $o{key} ? $o{key} : pack 'N', int rand 2**32;
        $head .= $key;
        $payload ^= substr $key x (1 + length($payload) / 4), 0, length $payload;
    }

    return $head . $payload;
}


# Takes one frame from the front of the buffer; undef while it is incomplete.

sub take_frame {
    my ($buffer) = @_;

    return undef if length $$buffer < 2;

    my ($b0, $b1) = unpack 'CC', $$buffer;
    my $length = $b1 & 0x7f;
    my $head = 2;

    if ($length == 126) {
        return undef if length $$buffer < 4;
        $length = unpack 'n', substr $$buffer, 2, 2;
        $head = 4;

    } elsif ($length == 127) {
        return undef if length $$buffer < 10;
        $length = unpack 'Q>', substr $$buffer, 2, 8;
        $head = 10;
    }

    my $key;
    if ($b1 & 0x80) {
        return undef if length $$buffer < $head + 4;
        $key = substr $$buffer, $head, 4;
        $head += 4;
    }

    return undef if length $$buffer < $head + $length;

    my $payload = substr(substr($$buffer, 0, $head + $length, ''), $head);
    $payload ^= substr $key x (1 + $length / 4), 0, $length if defined $key;

    return { fin => $b0 >> 7, rsv => $b0 >> 4 & 7, opcode => $b0 & 15,
             mask => $b1 >> 7, payload => $payload };
}


1;
