package Test::Nginx::MQTT::Client;

# One client connection over tcp, tls, ws or wss.  Nothing blocks: whatever
# the server sends becomes a list of events, and next_event() waits for one by
# select.
#
# An event is a hash with kind and at (the time it was read):
#
#   packet   packet: what Packet::decode() returns
#   ws       name, payload, and code and reason for a close frame
#   http     status, headers (lower case names), body
#   close    how: "eof" or "reset"
#   garbage  text: what was wrong with the bytes; nothing is read after it

use strict;
use warnings;

use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Native qw(describe_message);
use Test::Nginx::MQTT::Packet qw(decode encode describe quote);
use Test::Nginx::MQTT::Rules qw(breach);
use Test::Nginx::MQTT::WebSocket qw(handshake accept_key frame take_frame
                                    opcode opcode_name);


# Whoever has gone is noticed by reading.

$SIG{PIPE} = 'IGNORE';


# name, transport, host, port, version.

sub new {
    my ($class, %o) = @_;

    return bless { raw => '', bytes => '', events => [], %o }, $class;
}


sub is_ws { return $_[0]{transport} =~ /^ws/ }
sub is_tls { return $_[0]{transport} =~ /^(?:tls|wss)$/ }
sub is_open { return defined $_[0]{socket} }
sub local_port { return $_[0]{local_port} }


# rcvbuf: the kernel's buffer; prefix: bytes before everything else;
# bare: without the WebSocket handshake; pipelined: its answer is awaited only
# after the first bytes were sent behind it; request: what handshake() takes;
# certificate: files of one of its own, and of the key.

sub open {
    my ($self, %o) = @_;

    my $socket = IO::Socket::INET->new(Proto => 'tcp') or die "socket: $!\n";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack('i', $o{rcvbuf})
        if $o{rcvbuf};
    connect $socket, Socket::pack_sockaddr_in($self->{port},
                                              Socket::inet_aton($self->{host}))
        or die "$self->{name} cannot connect to $self->{host}:$self->{port}: $!\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;

    @$self{qw(socket local_port raw bytes events ended connected mode held)} =
        ($socket, $socket->sockport, '', '', [], 0, 0, 'mqtt', undef);
    delete @$self{qw(fragment aliases in_flight greeted dismissed requests)};

    $socket->blocking(0);
    $self->write_raw($o{prefix}) if defined $o{prefix};
    $self->start_tls($o{timeout}, @{ $o{certificate} || [] }) if $self->is_tls;

    return if !$self->is_ws;

    $self->{mode} = 'http';
    return if $o{bare};

    my ($request, $key) = handshake(%{ $o{request} || {} });
    $self->{key} = $key;

    if ($o{pipelined}) {
        $self->{held} = [];
        $self->{held_request} = $request;
        return;
    }

    $self->write_raw($request);
    $self->await_handshake($o{timeout});
}


sub start_tls {
    my ($self, $timeout, $certificate, $key) = @_;

    my %own = $certificate ? (SSL_cert_file => $certificate, SSL_key_file => $key)
                           : ();

    require IO::Socket::SSL;
    $self->{socket}->blocking(1);
    IO::Socket::SSL->start_SSL($self->{socket}, SSL_verify_mode => 0,
                               SSL_hostname => 'localhost', %own,
                               Timeout => $timeout)
        or die "$self->{name}: TLS handshake failed: "
               . IO::Socket::SSL::errstr() . "\n";
    $self->{socket}->blocking(0);
}


# The response to the handshake must be what RFC 6455 and MQTT ask for.

sub await_handshake {
    my ($self, $timeout) = @_;

    my $e = $self->next_event($timeout);
    die "$self->{name}: no answer to the WebSocket handshake\n" if !$e;
    die "$self->{name}: handshake was answered by " . describe_event($e) . "\n"
        if $e->{kind} ne 'http' || $e->{status} != 101;

    my $h = $e->{headers};
    die "$self->{name}: 101 with wrong headers: " . describe_event($e) . "\n"
        if lc($h->{upgrade} || '') ne 'websocket'
           || lc($h->{connection} || '') ne 'upgrade'
           || ($h->{'sec-websocket-accept'} || '') ne accept_key($self->{key})
           || ($h->{'sec-websocket-protocol'} || '') ne $self->answers_with;
}


sub answers_with { return 'mqtt' }


# ---- writing

sub write_raw {
    my ($self, $bytes) = @_;

    my $socket = $self->{socket} or die "$self->{name} is not connected\n";
    while (length $bytes) {
        my $n = syswrite $socket, $bytes;

        if (defined $n) {
            substr $bytes, 0, $n, '';
            next;
        }

        # A peer that has gone shows in what is expected next.

        return if !$!{EAGAIN} && !$!{EWOULDBLOCK} && !$!{EINTR};
        $self->wait_io(1, 0.1);
        $self->fill;
    }
}


# A packet of the client's version.

sub send_packet {
    my ($self, %p) = @_;
    $self->send(encode({ version => $self->{version}, %p }));
}


# Bytes of the MQTT stream: one write, and over WebSocket one frame.

sub send {
    my ($self, $bytes) = @_;

    die "$self->{name} is not connected\n" if !$self->{socket};

    if ($self->{held}) {
        push @{ $self->{held} }, $bytes;
        $self->release if defined $self->{held_request};
        return;
    }

    $self->write_raw($self->is_ws ? frame(opcode => 2, payload => $bytes)
                                  : $bytes);
}


# Each piece in a write, or frame, of its own; the next one follows when the
# server has read it.

sub send_pieces {
    my ($self, $was_read, @pieces) = @_;

    for my $piece (@pieces) {
        $self->send($piece);
        $was_read->($self) if $was_read;
    }
}


# One WebSocket message in fragments.

sub send_fragments {
    my ($self, @pieces) = @_;

    for my $i (0 .. $#pieces) {
        $self->write_raw(frame(opcode => $i ? 0 : 2, fin => $i == $#pieces,
                               payload => $pieces[$i]));
    }
}


# A round trip, and its end.

sub ping {
    my ($self) = @_;
    $self->send(encode({ type => 'PINGREQ', version => $self->{version} }));
}

sub is_pong {
    my ($self, $e) = @_;
    return $e->{kind} eq 'packet' && $e->{packet}{type} eq 'PINGRESP';
}


sub hold { $_[0]{held} ||= [] }


sub release {
    my ($self) = @_;

    my $bytes = join '', @{ delete $self->{held} || [] };
    my $request = delete $self->{held_request};

    $bytes = frame(opcode => 2, payload => $bytes)
        if $self->is_ws && length $bytes;
    $self->write_raw((defined $request ? $request : '') . $bytes);
    $self->await_handshake if defined $request;
}


# ---- closing

sub shut { shutdown $_[0]{socket}, 1 }


sub close {
    my ($self) = @_;

    my $socket = delete $self->{socket} or return;
    $self->{connected} = 0;
    $self->is_tls && $socket->can('stop_SSL') ? $socket->close(SSL_no_shutdown => 1)
                                              : $socket->close;
}


# Sends FIN, throws away what still comes, and closes with the server's FIN;
# true if that came.

sub close_and_wait {
    my ($self, $timeout) = @_;

    my $end = time + $timeout;
    $self->{acks} = 0;
    $self->shut;

    while (!$self->{ended} && time < $end) {
        $self->wait_io(0, $end - time);
        $self->fill;
    }

    my $ended = $self->{ended};
    $self->close;

    return $ended;
}


sub reset {
    my ($self) = @_;

    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    $self->close;
}


# ---- reading

sub wait_io {
    my ($self, $write, $seconds) = @_;

    my $vec = '';
    vec($vec, fileno $self->{socket}, 1) = 1;
    my ($r, $w) = ($vec, $write ? $vec : undef);

    return select($r, $w, undef, $seconds > 0 ? $seconds : 0) > 0;
}


# Reads what there is and turns it into events.

sub fill {
    my ($self) = @_;

    while ($self->{socket} && !$self->{ended}) {
        my $n = sysread $self->{socket}, $self->{raw}, 65536, length $self->{raw};

        if (defined $n && $n > 0) {
            $self->split_input;
            next;
        }

        return if !defined $n && ($!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR});

        $self->split_input;
        if (!$self->{ended}) {
            my $rest = $self->{bytes} . $self->{raw};
            $self->garbage('connection ended inside of '
                           . (length($rest) . ' bytes: ' . unpack 'H*', $rest))
                if length $rest && defined $n;
            $self->event(kind => 'close', how => defined $n ? 'eof' : 'reset')
                if !$self->{ended};
            $self->{ended} = 1;
        }
    }
}


sub event {
    my ($self, %e) = @_;
    push @{ $self->{events} }, { at => time, %e };
}


sub garbage {
    my ($self, $text) = @_;

    chomp $text;
    $self->event(kind => 'garbage', text => $text);
    $self->{ended} = 1;
}


sub split_input {
    my ($self) = @_;

    $self->split_http if $self->{mode} eq 'http';
    return if $self->{mode} eq 'http' || $self->{ended};

    return $self->take_bytes(substr $self->{raw}, 0, length $self->{raw}, '')
        if $self->{mode} ne 'frames';

    while (!$self->{ended} && defined(my $f = take_frame(\$self->{raw}))) {
        $self->take_ws($f);
    }
}


# Bytes of the MQTT stream, and the packets that are complete with them.

sub take_bytes {
    my ($self, $bytes) = @_;

    $self->{bytes} .= $bytes;

    while (!$self->{ended}) {
        my $p = eval { decode(\$self->{bytes}, $self->{version}) };
        return $self->garbage("not an MQTT packet: $@ in "
                              . unpack 'H*', substr $self->{bytes}, 0, 40) if $@;
        return if !defined $p;
        $self->take_packet($p);
    }
}


sub split_http {
    my ($self) = @_;

    while ($self->{mode} eq 'http' && !$self->{ended}
           && $self->{raw} =~ /^(.*?)\r\n\r\n/s)
    {
        $self->take_http($1, $+[0]) or return;
    }
}


# False as long as the body is incomplete.

sub take_http {
    my ($self, $head, $after) = @_;

    my ($line, @lines) = split /\r\n/, $head;
    my ($status) = $line =~ m{^HTTP/1\.[01] (\d{3})};
    return $self->garbage("not an HTTP response: " . quote($head)) if !$status;

    my %headers;
    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
        $name = lc $name;
        $headers{$name} = defined $headers{$name} ? "$headers{$name}, $value"
                                                  : $value;
    }

    my $bodiless = $status == 101 || ($self->{requests}[0] || '') eq 'HEAD';
    my $length = $bodiless ? 0 : $headers{'content-length'} || 0;
    return if length $self->{raw} < $after + $length;
    shift @{ $self->{requests} || [] };

    my $body = substr $self->{raw}, $after, $length;
    substr $self->{raw}, 0, $after + $length, '';
    $self->{mode} = 'frames' if $status == 101;
    return $self->event(kind => 'http', status => $status, headers => \%headers,
                        body => $body);
}


sub take_ws {
    my ($self, $f) = @_;

    my $name = opcode_name($f->{opcode});
    return $self->garbage("the server sent a masked frame") if $f->{mask};
    return $self->garbage("the server sent reserved bits") if $f->{rsv};

    if ($f->{opcode} == 2 || $f->{opcode} == 0) {
        return $self->garbage("$name frame where it cannot be")
            if !$self->{fragment} != ($f->{opcode} == 2);
        $self->{fragment} = !$f->{fin};
        return $self->take_bytes($f->{payload});
    }

    return $self->garbage("fragmented or long control frame")
        if $f->{opcode} >= 8 && (!$f->{fin} || length $f->{payload} > 125);

    my %e = (kind => 'ws', name => $name, payload => $f->{payload});

    if ($name eq 'close') {
        ($e{code}, $e{reason}) = unpack 'n a*', $f->{payload}
            if length $f->{payload} >= 2;

        # The other half of the closing handshake.

        $self->write_raw(frame(opcode => 8, payload => substr $f->{payload}, 0, 2))
            if !$self->{close_sent}++;
    }

    $self->event(%e);
}


sub take_packet {
    my ($self, $p) = @_;

    my $why = breach($self, $p) || $self->too_much($p);
    $why ||= $self->resolve_alias($p) if $p->{type} eq 'PUBLISH';
    return $self->garbage($why) if $why;

    $self->{greeted} = 1 if $p->{type} eq 'CONNACK';
    $self->{dismissed} = 1 if $p->{type} eq 'DISCONNECT';
    $self->{connected} = 1 if $p->{type} eq 'CONNACK' && $p->{reason} < 0x80
                              && !($self->{version} == 4 && $p->{reason});
    $self->{connected} = 0 if $p->{type} eq 'DISCONNECT';

    return if $self->{acks} && $self->acknowledge($p);
    $self->event(kind => 'packet', packet => $p);
}


# What is beyond what the client said in CONNECT, and an id that is in use.

sub too_much {
    my ($self, $p) = @_;

    my $size = length $p->{raw};
    return "$p->{type} of $size bytes" if $size > ($self->{max_packet} || ~0);
    return '' if $p->{type} ne 'PUBLISH' || !$p->{qos};

    my $ids = $self->{in_flight} ||= {};
    return "packet id $p->{id} is in use" if $ids->{ $p->{id} }++;
    return keys %$ids > ($self->{receive_max} || 65535) ? 'more than receive_max' : '';
}


# What the client has sent, and so does not wait for any more.

sub settle {
    my ($self, $p) = @_;

    delete $self->{in_flight}{ $p->{id} }
        if $p->{type} =~ /^(?:PUBACK|PUBCOMP)$/
           || ($p->{type} eq 'PUBREC' && ($p->{reason} || 0) >= 0x80);
}


# A server may use aliases as it likes within the client's maximum: the packet
# gets the topic that is meant, and keeps what was sent as sent_topic and alias.

sub resolve_alias {
    my ($self, $p) = @_;

    my @alias = map { $_->[1] } grep { $_->[0] eq 'alias' } @{ $p->{props} || [] };
    $p->{sent_topic} = $p->{topic};

    return length $p->{topic} ? '' : 'PUBLISH without a topic' if !@alias;
    return "topic alias $alias[0] is not allowed"
        if @alias > 1 || !$alias[0] || $alias[0] > ($self->{alias_max} || 0);

    $p->{alias} = $alias[0];
    $p->{props} = [ grep { $_->[0] ne 'alias' } @{ $p->{props} } ];
    $self->{aliases}{ $alias[0] } = $p->{topic} if length $p->{topic};
    $p->{topic} = $self->{aliases}{ $alias[0] };

    return defined $p->{topic} ? '' : "topic alias $alias[0] was not set";
}


# With "acks" a client acknowledges by itself; true if the packet is used up.

sub acknowledge {
    my ($self, $p) = @_;

    my $type = $p->{type} eq 'PUBREL' ? 'PUBCOMP'
             : $p->{type} ne 'PUBLISH' || !$p->{qos} ? return 0
             : $p->{qos} == 1 ? 'PUBACK' : 'PUBREC';
    my %answer = (version => $self->{version}, type => $type, id => $p->{id});

    $self->settle(\%answer);
    $self->send(encode(\%answer));
    return $type eq 'PUBCOMP';
}


# The next event, or undef when none came in time.

sub next_event {
    my ($self, $timeout) = @_;

    my $end = time + ($timeout || 5);

    while (1) {
        return shift @{ $self->{events} } if @{ $self->{events} };
        die "$self->{name} is not connected\n" if !$self->{socket};
        return undef if $self->{ended};

        $self->fill;
        next if @{ $self->{events} };
        return undef if $self->{ended} || time >= $end;
        $self->wait_io(0, $end - time);
    }
}


sub unread { unshift @{ $_[0]{events} }, $_[1] }


sub describe_event {
    my ($e) = @_;

    return 'nothing' if !$e;
    my $kind = $e->{kind};

    return describe($e->{packet}) if $kind eq 'packet';
    return describe_message($e->{message}) if $kind eq 'native';
    return "close ($e->{how})" if $kind eq 'close';
    return "garbage: $e->{text}" if $kind eq 'garbage';

    return join ' ', "HTTP $e->{status}",
                     (map { "$_=" . quote($e->{headers}{$_}) }
                          sort keys %{ $e->{headers} }),
                     length $e->{body} ? quote($e->{body}) : ()
        if $kind eq 'http';

    return "WS close" . (defined $e->{code}
                         ? " $e->{code} " . quote($e->{reason}) : '')
        if $e->{name} eq 'close';
    return "WS $e->{name} " . quote($e->{payload});
}


1;
