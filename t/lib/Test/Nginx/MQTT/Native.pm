package Test::Nginx::MQTT::Native;

# Messages of the Web PubSub subprotocols, in JSON and in protobuf, by the
# tables below and nothing else.
#
# A message is a hash of its fields by their JSON names, with these exceptions:
# "type" says what it is (connected and disconnected in place of system, group
# and server in place of message); data is the payload itself, in bytes,
# whatever stands for it on the wire, and JSON is in its canonical form.

use strict;
use warnings;

use Encode ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);

use base 'Exporter';

our @EXPORT_OK = qw(encode_request decode_response decode_message
                    encode_message describe_message canonical KINDS);


# The kinds of clients: subprotocol, encoding, whether it is reliable.

my %KIND = (
    simple => [undef, 'simple', 0],
    json => ['json.webpubsub.azure.v1', 'json', 0],
    'json.reliable' => ['json.reliable.webpubsub.azure.v1', 'json', 1],
    protobuf => ['protobuf.webpubsub.azure.v1', 'protobuf', 0],
    'protobuf.reliable' => ['protobuf.reliable.webpubsub.azure.v1', 'protobuf', 1],
);

sub KINDS { return \%KIND }


# ---- protobuf: name => [number, kind]; a kind is uint, bool, text, bytes,
# data, map, or another table; "[...]" is repeated.

my %ERROR = (name => [1, 'text'], message => [2, 'text']);
my %START = (streamId => [1, 'text'], idleTimeoutMs => [2, 'uint']);
my %STREAM = (streamId => [1, 'text'], streamSequenceId => [2, 'uint'],
              endOfStream => [3, 'bool'],
              error => [4, { %ERROR, userErrorCode => [3, 'text'] }]);
my %STATE = (entries => [1, 'map']);
my %ITEM = (connectionId => [1, 'text'], userId => [2, 'text'],
            state => [3, \%STATE], updatedAt => [4, 'uint']);
my %OF_GROUP = (group => [1, 'text'], ackId => [2, 'uint']);
my %ITEMS = (group => [1, 'text'], items => [2, [\%ITEM]], sequenceId => [3, 'uint']);

my %UP = (
    sendToGroup => [1, { %OF_GROUP, data => [3, 'data'], noEcho => [4, 'bool'],
                         ttlSeconds => [5, 'uint'], metadata => [6, 'map'],
                         stream => [7, \%START] }],
    event => [5, { event => [1, 'text'], data => [2, 'data'], ackId => [3, 'uint'],
                   metadata => [4, 'map'], stream => [5, \%START] }],
    joinGroup => [6, \%OF_GROUP],
    leaveGroup => [7, \%OF_GROUP],
    sequenceAck => [8, { sequenceId => [1, 'uint'] }],
    ping => [9, {}],
    invoke => [10, { event => [1, 'text'], invocationId => [2, 'text'],
                     data => [3, 'data'], metadata => [4, 'map'],
                     stream => [5, \%START] }],
    cancelInvocation => [11, { invocationId => [1, 'text'] }],
    streamData => [13, { streamId => [1, 'text'], streamSequenceId => [2, 'uint'],
                         data => [3, 'data'] }],
    streamEnd => [14, { streamId => [1, 'text'],
                        error => [2, { message => [1, 'text'],
                                       userErrorCode => [2, 'text'] }] }],
    setGroupState => [15, { %OF_GROUP, state => [3, \%STATE] }],
    subscribeGroupState => [16, \%OF_GROUP],
    unsubscribeGroupState => [17, \%OF_GROUP],
);

my %DOWN = (
    ack => [1, { ackId => [1, 'uint'], success => [2, 'bool'], error => [3, \%ERROR] }],
    message => [2, { from => [1, 'text'], group => [2, 'text'], data => [3, 'data'],
                     sequenceId => [4, 'uint'], metadata => [5, 'map'],
                     stream => [6, \%STREAM] }],
    system => [3, { connected => [1, { connectionId => [1, 'text'],
                                       userId => [2, 'text'],
                                       reconnectionToken => [3, 'text'] }],
                    disconnected => [2, { message => [2, 'text'] }] }],
    pong => [4, {}],
    invokeResponse => [5, { invocationId => [1, 'text'], success => [2, 'bool'],
                            data => [3, 'data'], error => [4, \%ERROR],
                            metadata => [5, 'map'] }],
    streamAck => [6, { streamId => [1, 'text'], expectedSequenceId => [2, 'uint'] }],
    streamNack => [7, { streamId => [1, 'text'], name => [2, 'text'],
                        message => [3, 'text'], expectedSequenceId => [4, 'uint'] }],
    streamClosed => [8, { streamId => [1, 'text'], error => [2, \%ERROR] }],
    groupStateUpdate => [9, \%ITEMS],
    groupStateSnapshot => [10, \%ITEMS],
);

my @DATA = qw(none text binary protobuf json);


sub varint {
    my ($n) = @_;

    my $bytes = '';
    do {
        my $low = $n & 0x7f;
        $n >>= 7;
        $bytes .= chr($low | ($n ? 0x80 : 0));
    } while $n;

    return $bytes;
}


sub tagged {
    my ($number, $bytes) = @_;
    return varint($number << 3 | 2) . varint(length $bytes) . $bytes;
}


# One message by its table.

sub encode_message {
    my ($table, $m) = @_;

    my $bytes = '';

    for my $name (sort { $table->{$a}[0] <=> $table->{$b}[0] } keys %$table) {
        my ($number, $kind) = @{ $table->{$name} };
        my $value = $m->{$name};
        next if !defined $value;

        $bytes .= ref $kind eq 'ARRAY'
                ? join('', map { tagged($number, encode_message($kind->[0], $_)) } @$value)
            : ref $kind ? tagged($number, encode_message($kind, $value))
            : $kind eq 'uint' || $kind eq 'bool'
                ? varint($number << 3) . varint($value)
            : $kind eq 'map'
                ? join('', map { tagged($number, tagged(1, $_) . tagged(2, $value->{$_})) }
                                sort keys %$value)
            : $kind eq 'data' ? tagged($number, encode_data($m->{dataType}, $value))
            :                   tagged($number, $value);
    }

    return $bytes;
}


sub encode_data {
    my ($type, $data) = @_;

    my ($number) = grep { $DATA[$_] eq $type } 1 .. $#DATA;
    die "no type of data: $type\n" if !$number;
    return tagged($number, $data);
}


sub take_varint {
    my ($bytes) = @_;

    my ($n, $shift) = (0, 0);
    while (1) {
        die "cut off number\n" if !length $$bytes;
        my $byte = ord substr $$bytes, 0, 1, '';
        $n |= ($byte & 0x7f) << $shift;
        return $n if $byte < 0x80;
        $shift += 7;
        die "long number\n" if $shift > 63;
    }
}


# Unknown fields, and known ones of another wire type, are errors here.

sub decode_message {
    my ($table, $bytes) = @_;

    my %of = map { $table->{$_}[0] => $_ } keys %$table;
    my %m;

    while (length $bytes) {
        my $tag = take_varint(\$bytes);
        my ($number, $wire) = ($tag >> 3, $tag & 7);
        my $name = $of{$number};
        die "unknown field $number\n" if !defined $name;
        my $kind = $table->{$name}[1];
        my $is_number = !ref $kind && $kind =~ /^(?:uint|bool)$/;
        die "$name with wire type $wire\n" if $wire != ($is_number ? 0 : 2);

        my $value = take_varint(\$bytes);
        if (!$is_number) {
            die "$name is cut off\n" if $value > length $bytes;
            $value = substr $bytes, 0, $value, '';
        }

        if (ref $kind eq 'ARRAY') {
            push @{ $m{$name} }, decode_message($kind->[0], $value);
        } elsif ($is_number) {
            $m{$name} = $value;
        } elsif ($kind eq 'map') {
            my $pair = decode_message({ key => [1, 'text'], value => [2, 'text'] }, $value);
            $m{$name}{ defined $pair->{key} ? $pair->{key} : '' } =
                defined $pair->{value} ? $pair->{value} : '';
        } elsif ($kind eq 'data') {
            @m{qw(dataType data)} = decode_data($value);
        } elsif (ref $kind) {
            $m{$name} = decode_message($kind, $value);
        } else {
            $m{$name} = utf8($value, $name, $kind);
        }
    }

    return \%m;
}


sub utf8 {
    my ($value, $name, $kind) = @_;

    die "$name is not UTF-8\n"
        if (!defined $kind || $kind eq 'text')
           && !eval { Encode::decode('UTF-8', my $copy = $value, Encode::FB_CROAK); 1 };
    return $value;
}


sub decode_data {
    my ($bytes) = @_;

    my $number = take_varint(\$bytes);
    my $type = $DATA[$number >> 3];
    die "unknown data $number\n" if ($number & 7) != 2 || !$type || $type eq 'none';
    my $length = take_varint(\$bytes);
    die "data of another length\n" if $length != length $bytes;

    return ($type, $type eq 'text' ? utf8($bytes, 'data') : payload($type, $bytes));
}


# ---- JSON

my $JSON = JSON::PP->new->utf8->allow_nonref->canonical;

my %NUMBER = map { $_ => 1 } qw(ackId ttlSeconds sequenceId streamSequenceId
                                idleTimeoutMs expectedSequenceId updatedAt);


# JSON in the only form that is compared.

sub canonical {
    my ($text) = @_;

    my $value = eval { $JSON->decode($text) };
    die "not JSON: $text\n" if $@;
    return $JSON->encode($value);
}


sub payload {
    my ($type, $data) = @_;
    return $type eq 'json' ? canonical($data) : $data;
}


sub json_string {
    my ($bytes) = @_;
    return $JSON->encode(Encode::decode('UTF-8', my $copy = $bytes));
}


sub json_data {
    my ($type, $data) = @_;

    return $type eq 'json' ? $data
         : $type eq 'text' ? json_string($data)
         :                   '"' . encode_base64($data, '') . '"';
}


sub json_object {
    my ($m, @names) = @_;

    my @members;
    for my $name (@names) {
        my $value = $m->{$name};
        next if !defined $value;

        my $text = $name eq 'data' ? json_data($m->{dataType}, $value)
                 : $name eq 'noEcho' ? ($value ? 'true' : 'false')
                 : $name eq 'state' && $value->{entries}
                     ? json_object($value->{entries}, sort keys %{ $value->{entries} })
                 : ref $value ? json_object($value, sort keys %$value)
                 : $NUMBER{$name} ? $value
                 :                  json_string($value);
        push @members, json_string($name) . ":$text";
    }

    return '{' . join(',', @members) . '}';
}


# ---- what the tests use

# A request of a client, as the payload of its frame.  "raw", further members of
# the JSON object, or bytes behind the message.

sub encode_request {
    my ($encoding, $m) = @_;

    my $raw = defined $m->{raw} ? $m->{raw} : '';
    my %m = (%$m);
    delete $m{raw};

    if ($encoding eq 'protobuf') {
        my ($number, $table) = @{ $UP{ $m{type} } || die "no request $m{type}\n" };
        return tagged($number, encode_message($table, \%m) . $raw);
    }

    die "no request $m{type}\n" if !$UP{ $m{type} };
    $m{target} = 'event' if $m{type} eq 'invoke' && !exists $m{target};

    my $text = json_object(\%m, 'type', grep { $_ ne 'type' } sort keys %m);
    $text =~ s/\}$/,$raw}/ if length $raw;

    return $text;
}


sub decode_response {
    my ($encoding, $payload) = @_;

    my $m = $encoding eq 'json' ? decode_json_response($payload)
                                : decode_protobuf_response($payload);
    if ($m->{type} eq 'message') {
        $m->{type} = delete $m->{from};
        die "message from $m->{type}\n" if $m->{type} !~ /^(?:group|server)$/;
    }

    return $m;
}


sub decode_protobuf_response {
    my ($bytes) = @_;

    my $outer = decode_message({ map { $_ => [$DOWN{$_}[0], $DOWN{$_}[1]] } keys %DOWN },
                               $bytes);
    my ($type, @more) = keys %$outer;
    die "not one message\n" if !defined $type || @more;
    my $m = $outer->{$type};

    if ($type eq 'system') {
        ($type, @more) = keys %$m;
        die "not one system message\n" if !defined $type || @more;
        $m = $m->{$type};
        $m->{userId} = '' if $type eq 'connected' && !defined $m->{userId};
    }

    # proto3 does not send what is false, zero or empty

    $m->{success} = 0 if $type =~ /^(?:ack|invokeResponse)$/ && !defined $m->{success};
    $m->{ackId} = 0 if $type eq 'ack' && !defined $m->{ackId};
    $m->{state} = delete $m->{state}{entries} || {} if $m->{state};
    $_->{state} &&= $_->{state}{entries} || {} for @{ $m->{items} || [] };

    return { type => $type, %$m };
}


sub decode_json_response {
    my ($text) = @_;

    my $value = eval { $JSON->decode($text) };
    die "not JSON: $text\n" if $@;
    die "no object: $text\n" if ref $value ne 'HASH';

    my %m = %{ bytes($value, 'data') };

    if ($m{type} eq 'system') {
        $m{type} = delete $m{event};
        $m{userId} = '' if $m{type} eq 'connected' && !defined $m{userId};
    }

    delete $m{fromUserId} if !defined $m{fromUserId};

    if (exists $value->{data}) {
        my $type = $m{dataType};
        die "data without a type\n" if !defined $type;
        die "$type data that is no string\n"
            if $type ne 'json' && $JSON->encode($value->{data}) !~ /^"/;
        $m{data} = $type eq 'json' ? $JSON->encode($value->{data})
                 : $type eq 'text' ? Encode::encode('UTF-8', $value->{data})
                 :                   strict_base64($value->{data});

    } elsif (defined $m{dataType}) {
        die "a type without data\n";
    }

    return \%m;
}


# Strings as bytes, true and false as 1 and 0.

sub bytes {
    my ($value, @but) = @_;

    return [map { bytes($_) } @$value] if ref $value eq 'ARRAY';
    return { map { my $k = $_; Encode::encode('UTF-8', $k) =>
                   (grep { $_ eq $k } @but) ? $value->{$k} : bytes($value->{$k}) }
             keys %$value } if ref $value eq 'HASH';
    return $value ? 1 : 0 if JSON::PP::is_bool($value);
    return defined $value ? Encode::encode('UTF-8', $value) : undef;
}


sub strict_base64 {
    my ($text) = @_;

    my $bytes = decode_base64($text);
    die "not base64: $text\n" if encode_base64($bytes, '') ne $text;
    return $bytes;
}


sub describe_message {
    my ($m) = @_;

    return join ' ', $m->{type}, map { "$_=" . shown($m->{$_}) }
                                 grep { $_ ne 'type' && defined $m->{$_} } sort keys %$m;
}


sub shown {
    my ($value) = @_;

    return '{' . join(', ', map { "$_=" . shown($value->{$_}) } sort keys %$value) . '}'
        if ref $value eq 'HASH';
    return '[' . join(', ', map { shown($_) } @$value) . ']' if ref $value;
    return 'undef' if !defined $value;
    return $value if $value =~ /^[\w.-]{1,40}$/;

    my $text = length $value > 100 ? substr($value, 0, 100) . "... (" . length($value) . ")"
                                   : $value;
    $text =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    return "\"$text\"";
}


1;
