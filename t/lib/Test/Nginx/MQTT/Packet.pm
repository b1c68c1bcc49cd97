package Test::Nginx::MQTT::Packet;

# MQTT 3.1.1 and 5.0 packets, bytes to hashes and back.
#
# A packet is a hash: type, version (4 or 5), the fields of its type, and
# props, a list of [name, value] in wire order.  Anything illegal can be
# built: fields are written as given, and the overrides first, length,
# length_bytes, connect_flags, propsbytes and tail replace what would be
# computed.

use strict;
use warnings;

use base 'Exporter';

our @EXPORT_OK = qw(encode decode describe quote vbi property_id TYPES);


my @TYPES = qw(RESERVED CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP
               SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP
               DISCONNECT AUTH);
my %TYPE = map { $TYPES[$_] => $_ } 0 .. $#TYPES;
my %FLAGS = (PUBREL => 2, SUBSCRIBE => 2, UNSUBSCRIBE => 2);

my %PROPERTY = (
    format             => [0x01, 'byte'],
    message_expiry     => [0x02, 'u32'],
    content_type       => [0x03, 'str'],
    response_topic     => [0x08, 'str'],
    correlation        => [0x09, 'bin'],
    subid              => [0x0b, 'vbi'],
    session_expiry     => [0x11, 'u32'],
    assigned_id        => [0x12, 'str'],
    server_keepalive   => [0x13, 'u16'],
    auth_method        => [0x15, 'str'],
    auth_data          => [0x16, 'bin'],
    request_problem    => [0x17, 'byte'],
    will_delay         => [0x18, 'u32'],
    request_response   => [0x19, 'byte'],
    response_info      => [0x1a, 'str'],
    server_reference   => [0x1c, 'str'],
    reason_string      => [0x1f, 'str'],
    receive_max        => [0x21, 'u16'],
    alias_max          => [0x22, 'u16'],
    alias              => [0x23, 'u16'],
    max_qos            => [0x24, 'byte'],
    retain_available   => [0x25, 'byte'],
    user               => [0x26, 'pair'],
    max_packet         => [0x27, 'u32'],
    wildcard_available => [0x28, 'byte'],
    subid_available    => [0x29, 'byte'],
    shared_available   => [0x2a, 'byte'],
);
my %PROPERTY_BY_ID = map { $PROPERTY{$_}[0] => $_ } keys %PROPERTY;


sub TYPES { return \%TYPE }


sub property_id {
    my ($name) = @_;
    return $PROPERTY{$name} && $PROPERTY{$name}[0];
}


# ---- encoding

sub vbi {
    my ($n) = @_;
    my $bytes = '';

    do {
        my $byte = $n & 0x7f;
        $n >>= 7;
        $bytes .= chr($n ? $byte | 0x80 : $byte);
    } while ($n);

    return $bytes;
}


sub str { return pack('n/a*', $_[0]) }


sub encode_property {
    my ($name, $value) = @_;

    my $property = $PROPERTY{$name} or die "unknown property $name\n";
    my ($id, $type) = @$property;

    my $bytes = $type eq 'byte' ? chr($value)
              : $type eq 'u16'  ? pack('n', $value)
              : $type eq 'u32'  ? pack('N', $value)
              : $type eq 'vbi'  ? vbi($value)
              : $type eq 'pair' ? str($value->[0]) . str($value->[1])
              :                   str($value);

    return chr($id) . $bytes;
}


sub encode_properties {
    my ($props, $override) = @_;

    return $override if defined $override;

    my $bytes = join '', map { encode_property(@$_) } @{ $props || [] };
    return vbi(length $bytes) . $bytes;
}


sub encode_connect {
    my ($p) = @_;

    my $v5 = $p->{version} == 5;
    my $will = $p->{will};

    my $flags = $p->{connect_flags};
    if (!defined $flags) {
        $flags = $p->{clean} ? 0x02 : 0;
        $flags |= 0x04 | ($will->{qos} || 0) << 3 | ($will->{retain} ? 0x20 : 0)
            if $will;
        $flags |= 0x80 if defined $p->{username};
        $flags |= 0x40 if defined $p->{password};
    }

    my $body = str(defined $p->{protocol} ? $p->{protocol} : 'MQTT')
             . chr(defined $p->{level} ? $p->{level} : $p->{version})
             . chr($flags) . pack('n', $p->{keepalive} || 0);

    $body .= encode_properties($p->{props}, $p->{propsbytes}) if $v5;
    $body .= str($p->{id}) if defined $p->{id};

    if ($will) {
        $body .= encode_properties($will->{props}, $will->{propsbytes}) if $v5;
        $body .= str($will->{topic}) if defined $will->{topic};
        $body .= str($will->{payload}) if defined $will->{payload};
    }

    $body .= str($p->{username}) if defined $p->{username};
    $body .= str($p->{password}) if defined $p->{password};

    return $body;
}


sub encode_publish {
    my ($p) = @_;

    my $body = str($p->{topic});
    $body .= pack('n', $p->{id}) if $p->{qos} || defined $p->{id};
    $body .= encode_properties($p->{props}, $p->{propsbytes})
        if $p->{version} == 5;

    return $body . (defined $p->{payload} ? $p->{payload} : '');
}


# Id, reason and properties, the last two as short as they can be.

sub encode_reason {
    my ($p) = @_;

    my $has_props = @{ $p->{props} || [] } || $p->{long}
                    || defined $p->{propsbytes};
    my $body = '';

    if ($p->{version} == 5 && (defined $p->{reason} || $has_props)) {
        $body .= chr($p->{reason} || 0);
        $body .= encode_properties($p->{props}, $p->{propsbytes}) if $has_props;
    }

    return $body;
}


sub encode_body {
    my ($p) = @_;

    my $type = $p->{type};
    my $props = $p->{version} == 5
                ? encode_properties($p->{props}, $p->{propsbytes}) : '';

    return encode_connect($p) if $type eq 'CONNECT';
    return encode_publish($p) if $type eq 'PUBLISH';
    return '' if $type eq 'PINGREQ' || $type eq 'PINGRESP';
    return encode_reason($p) if $type eq 'DISCONNECT' || $type eq 'AUTH';

    return chr($p->{sp} ? 1 : 0) . chr($p->{reason} || 0) . $props
        if $type eq 'CONNACK';

    die "$type needs an id\n" if !defined $p->{id};
    my $id = pack('n', $p->{id});

    return $id . encode_reason($p) if $type =~ /^PUB(?:ACK|REC|REL|COMP)$/;

    return $id . $props
         . join '', map { str($_->{filter}) . chr(subscribe_options($_)) }
                    @{ $p->{filters} || [] }
        if $type eq 'SUBSCRIBE';

    return $id . $props . join '', map { str($_->{filter}) } @{ $p->{filters} || [] }
        if $type eq 'UNSUBSCRIBE';

    return $id if $type eq 'UNSUBACK' && $p->{version} == 4;
    return $id . $props . join '', map { chr } @{ $p->{codes} || [] };
}


sub subscribe_options {
    my ($f) = @_;

    return $f->{options} if defined $f->{options};
    return ($f->{qos} || 0) | ($f->{nl} ? 4 : 0) | ($f->{rap} ? 8 : 0)
           | ($f->{rh} || 0) << 4;
}


sub encode {
    my ($p) = @_;

    my $type = $p->{type};
    my $number = $TYPE{$type};
    die "unknown packet $type\n" if !defined $number;

    my $first = $p->{first};
    if (!defined $first) {
        my $flags = $FLAGS{$type} || 0;
        $flags = ($p->{dup} ? 8 : 0) | ($p->{qos} || 0) << 1
                 | ($p->{retain} ? 1 : 0) if $type eq 'PUBLISH';
        $first = $number << 4 | $flags;
    }

    my $body = encode_body($p);
    $body .= $p->{tail} if defined $p->{tail};

    my $length = defined $p->{length_bytes} ? $p->{length_bytes}
               : vbi(defined $p->{length} ? $p->{length} : length $body);

    return chr($first) . $length . $body;
}


# ---- decoding: strict, as the tests stand for every client there is

sub take {
    my ($r, $n) = @_;
    die "field past the end of the packet\n" if length $$r < $n;
    return substr($$r, 0, $n, '');
}


sub take_str { my ($r) = @_; return take($r, unpack('n', take($r, 2))) }


sub take_vbi {
    my ($r) = @_;
    my ($n, $shift) = (0, 0);

    for (1 .. 4) {
        my $byte = ord take($r, 1);
        $n |= ($byte & 0x7f) << $shift;

        if (!($byte & 0x80)) {
            die "variable byte integer is not minimal\n" if $byte == 0 && $shift;
            return $n;
        }

        $shift += 7;
    }

    die "variable byte integer of more than 4 bytes\n";
}


sub take_properties {
    my ($r) = @_;

    my $bytes = take($r, take_vbi($r));
    my @props;

    while (length $bytes) {
        my $id = ord take(\$bytes, 1);
        my $name = $PROPERTY_BY_ID{$id};
        die sprintf("unknown property 0x%02x\n", $id) if !defined $name;
        my $type = $PROPERTY{$name}[1];

        push @props, [ $name,
              $type eq 'byte' ? ord take(\$bytes, 1)
            : $type eq 'u16'  ? unpack('n', take(\$bytes, 2))
            : $type eq 'u32'  ? unpack('N', take(\$bytes, 4))
            : $type eq 'vbi'  ? take_vbi(\$bytes)
            : $type eq 'pair' ? [ take_str(\$bytes), take_str(\$bytes) ]
            :                   take_str(\$bytes) ];
    }

    return \@props;
}


sub decode_connect {
    my ($p, $r) = @_;

    $p->{protocol} = take_str($r);
    $p->{level} = $p->{version} = ord take($r, 1);
    my $flags = $p->{connect_flags} = ord take($r, 1);
    $p->{clean} = $flags >> 1 & 1;
    $p->{keepalive} = unpack 'n', take($r, 2);

    my $v5 = $p->{version} == 5;
    $p->{props} = take_properties($r) if $v5;
    $p->{id} = take_str($r);

    if ($flags & 4) {
        my %will = (qos => $flags >> 3 & 3, retain => $flags >> 5 & 1);
        $will{props} = take_properties($r) if $v5;
        $will{topic} = take_str($r);
        $will{payload} = take_str($r);
        $p->{will} = \%will;
    }

    $p->{username} = take_str($r) if $flags & 0x80;
    $p->{password} = take_str($r) if $flags & 0x40;
}


sub decode_publish {
    my ($p, $r) = @_;

    $p->{dup} = $p->{first} >> 3 & 1;
    $p->{qos} = $p->{first} >> 1 & 3;
    $p->{retain} = $p->{first} & 1;
    $p->{topic} = take_str($r);
    $p->{id} = unpack 'n', take($r, 2) if $p->{qos};
    $p->{props} = take_properties($r) if $p->{version} == 5;
    $p->{payload} = $$r;
    $$r = '';
}


sub decode_reason {
    my ($p, $r) = @_;

    $p->{reason} = 0 if $p->{version} == 5;
    return if $p->{version} == 4 || !length $$r;

    $p->{reason} = ord take($r, 1);
    return if !length $$r;

    $p->{long} = 1;
    $p->{props} = take_properties($r);
}


sub decode_filters {
    my ($p, $r) = @_;

    while (length $$r) {
        my %f = (filter => take_str($r));

        if ($p->{type} eq 'SUBSCRIBE') {
            my $o = $f{options} = ord take($r, 1);
            @f{qw(qos nl rap rh)} = ($o & 3, $o >> 2 & 1, $o >> 3 & 1, $o >> 4 & 3);
        }

        push @{ $p->{filters} }, \%f;
    }
}


sub decode_body {
    my ($p, $r) = @_;

    my $type = $p->{type};
    my $v5 = $p->{version} == 5;

    if ($type eq 'CONNECT') {
        decode_connect($p, $r);

    } elsif ($type eq 'PUBLISH') {
        decode_publish($p, $r);

    } elsif ($type eq 'CONNACK') {
        my $flags = ord take($r, 1);
        die sprintf("CONNACK with flags 0x%02x\n", $flags) if $flags > 1;
        $p->{sp} = $flags;
        $p->{reason} = ord take($r, 1);
        $p->{props} = take_properties($r) if $v5;

    } elsif ($type =~ /^PUB(?:ACK|REC|REL|COMP)$/) {
        $p->{id} = unpack 'n', take($r, 2);
        decode_reason($p, $r);

    } elsif ($type eq 'DISCONNECT' || $type eq 'AUTH') {
        decode_reason($p, $r);

    } elsif ($type =~ /SUB/) {
        $p->{id} = unpack 'n', take($r, 2);
        $p->{props} = take_properties($r) if $v5;

        if ($type =~ /ACK/) {
            $p->{codes} = [ map { ord } split //, take($r, length $$r) ];
            die "UNSUBACK of MQTT 3.1.1 with a payload\n"
                if $type eq 'UNSUBACK' && !$v5 && @{ $p->{codes} };

        } else {
            decode_filters($p, $r);
        }

    } elsif ($type eq 'RESERVED') {
        die "reserved packet type 0\n";
    }

    die "$type with bytes after its last field\n" if length $$r;
}


# Takes one packet from the front of the buffer; undef while it is incomplete.

sub decode {
    my ($buffer, $version) = @_;

    return undef if $$buffer !~ /^(.)([\x80-\xff]{0,3}[\x00-\x7f])/s;

    my ($first, $vbi) = (ord $1, $2);
    my $head = 1 + length $vbi;
    my $length = take_vbi(\(my $copy = $vbi));
    return undef if length $$buffer < $head + $length;

    my $raw = substr($$buffer, 0, $head + $length, '');
    my $type = $TYPES[$first >> 4];
    my %p = (type => $type, version => $version, first => $first, raw => $raw);

    die sprintf("%s with flags %x\n", $type, $first & 15)
        if $type ne 'PUBLISH' && ($first & 15) != ($FLAGS{$type} || 0);

    decode_body(\%p, \(my $body = substr $raw, $head));

    return \%p;
}


# ---- a packet as a line of a trace

sub quote {
    my ($bytes) = @_;

    return $bytes if $bytes =~ m{^[\w/+.:-]+$} && length $bytes < 80;

    my $shown = length $bytes > 120 ? substr($bytes, 0, 100) : $bytes;
    my $more = length($bytes) - length $shown;
    $shown =~ s/([\\"])/\\$1/g;
    $shown =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;

    return qq("$shown") . ($more ? "(+$more bytes)" : '');
}


sub describe_properties {
    my ($props) = @_;
    return map {
        my ($name, $value) = @$_;
        ref $value ? "$name=" . quote($value->[0]) . ':' . quote($value->[1])
                   : "$name=" . quote($value);
    } @{ $props || [] };
}


sub describe {
    my ($p) = @_;

    my $type = $p->{type};
    my @w = $type;

    if ($type eq 'PUBLISH') {
        push @w, quote($p->{topic}), "qos=" . ($p->{qos} || 0);
        push @w, "id=$p->{id}" if defined $p->{id};
        push @w, grep { $p->{$_} } qw(dup retain);

    } elsif ($type eq 'CONNECT') {
        push @w, "v$p->{version}", $p->{clean} ? 'clean' : ();
        push @w, map { "$_=" . quote($p->{$_}) } grep { defined $p->{$_} }
            qw(id keepalive username);
        push @w, 'will=' . quote($p->{will}{topic})
            if $p->{will} && defined $p->{will}{topic};

    } else {
        push @w, $p->{id} if defined $p->{id};
        push @w, sprintf '0x%02x', $p->{reason} if defined $p->{reason};
        push @w, "sp=$p->{sp}" if $type eq 'CONNACK';
        push @w, map { quote($_->{filter}) . ' qos=' . ($_->{qos} || 0) }
            @{ $p->{filters} || [] };
        push @w, 'codes=' . join ',', map { sprintf '0x%02x', $_ } @{ $p->{codes} }
            if $p->{codes} && @{ $p->{codes} };
    }

    push @w, describe_properties($p->{props});
    push @w, 'payload=' . quote($p->{payload})
        if defined $p->{payload} && length $p->{payload};

    return join ' ', @w;
}


1;
