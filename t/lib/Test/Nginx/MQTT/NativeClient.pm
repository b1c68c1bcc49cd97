package Test::Nginx::MQTT::NativeClient;

# A client of a Web PubSub subprotocol, or a simple one.  Its messages are
# events of another kind:
#
#   native   message: what Native::decode_response() returns; of a simple client
#            {type => 'text' or 'binary', data}

use strict;
use warnings;

use base 'Test::Nginx::MQTT::Client';

use Test::Nginx::MQTT::Native qw(encode_request decode_response KINDS);
use Test::Nginx::MQTT::WebSocket qw(frame opcode_name);


# kind beside what every client has.

sub new {
    my ($class, %o) = @_;

    my $kind = KINDS->{ $o{kind} } or die "no kind of client: $o{kind}\n";
    my $self = $class->SUPER::new(%o, native => 1);
    @$self{qw(subprotocol encoding reliable)} = @$kind;

    return $self;
}


sub open {
    my ($self, %o) = @_;

    my %request = (protocol => defined $self->{subprotocol} ? $self->{subprotocol} : '-',
                   path => '/client/hubs/test', %{ $o{request} || {} });
    @$self{qw(path greeted)} = ($request{path}, 0);
    $self->{message} = '';
    $self->{subprotocol} = $request{selects} if defined $request{selects};

    $self->SUPER::open(%o, request => \%request);
    $self->{connected} = 1 if $self->{encoding} eq 'simple';
}


sub answers_with {
    my ($self) = @_;
    return defined $self->{subprotocol} ? $self->{subprotocol} : '';
}


# ---- writing

sub send_request {
    my ($self, $m) = @_;

    my $payload = encode_request($self->{encoding}, $m);
    $self->{acked} = $m->{sequenceId}
        if $m->{type} eq 'sequenceAck' && $m->{sequenceId} > ($self->{acked} || 0);
    $self->write_raw(frame(opcode => $self->{encoding} eq 'json' ? 1 : 2,
                           payload => $payload));
}


# What comes back in order behind all that was said.

sub ping {
    my ($self) = @_;

    return $self->write_raw(frame(opcode => 9, payload => 'are you there'))
        if $self->{encoding} eq 'simple';
    $self->send_request({ type => 'ping' });
}


sub is_pong {
    my ($self, $e) = @_;

    return $e->{kind} eq 'ws' && $e->{name} eq 'pong' if $self->{encoding} eq 'simple';
    return $e->{kind} eq 'native' && $e->{message}{type} eq 'pong';
}


# ---- reading

sub take_ws {
    my ($self, $f) = @_;

    my $name = opcode_name($f->{opcode});

    return $self->SUPER::take_ws($f) if $f->{opcode} >= 8 && $name ne 'ping';
    return $self->garbage("the server sent a masked frame") if $f->{mask};
    return $self->garbage("the server sent reserved bits") if $f->{rsv};

    if ($name eq 'ping') {
        return $self->event(kind => 'ws', name => 'ping', payload => $f->{payload})
            if $self->{hears_pings};
        return $self->write_raw(frame(opcode => 10, payload => $f->{payload}));
    }

    return $self->garbage("$name frame where it cannot be")
        if !$self->{fragment} != ($f->{opcode} != 0);

    $self->{fragment} ||= $name;
    $self->{message} .= $f->{payload};
    return if !$f->{fin};

    my ($opcode, $payload) = @$self{qw(fragment message)};
    @$self{qw(fragment message)} = (undef, '');
    $self->take_message($opcode, $payload);
}


sub take_message {
    my ($self, $opcode, $payload) = @_;

    my $encoding = $self->{encoding};
    return $self->event(kind => 'native', message => { type => $opcode, data => $payload })
        if $encoding eq 'simple';

    return $self->garbage("a $opcode frame for $encoding")
        if $opcode ne ($encoding eq 'json' ? 'text' : 'binary');

    my $m = eval { decode_response($encoding, $payload) };
    return $self->garbage("not a message: $@ in $payload") if !$m;

    my $why = $self->rules($m);
    return $self->garbage("$why: $payload") if defined $why;

    $self->event(kind => 'native', message => $m);
    $self->send_request({ type => 'sequenceAck', sequenceId => $m->{sequenceId} })
        if $self->{acks} && $m->{sequenceId};
}


# What a server may not do, whatever is expected of it.

sub rules {
    my ($self, $m) = @_;

    my $type = $m->{type};

    if (!$self->{greeted}++) {
        return 'the first message is not connected' if $type ne 'connected';
        $self->{connected} = 1;
        $self->{id} = $m->{connectionId};
        $self->{token} = $m->{reconnectionToken};
        return 'connected without an id' if !defined $self->{id} || !length $self->{id};
        return 'a token for a client that cannot come back'
            if !$self->{reliable} && defined $self->{token};
        return 'no token' if $self->{reliable} && !defined $self->{token};
        return undef;
    }

    return 'connected twice' if $type eq 'connected';
    $self->{connected} = 0 if $type eq 'disconnected';

    my $numbered = $type =~ /^(?:group|server|groupState\w+)$/;
    my $n = $m->{sequenceId};

    return 'a sequence id' if defined $n && !($numbered && $self->{reliable});
    return undef if !$numbered || !$self->{reliable};
    return 'no sequence id' if !defined $n;

    my $last = $self->{sequence} || 0;
    return "sequence id $n after $last" if $n != $last + 1;
    $self->{sequence} = $n;

    return undef;
}


# What a client takes along that comes back: all that was not acknowledged is to
# be sent again.

sub inherit {
    my ($self, $old) = @_;

    @$self{qw(acked acks id token old_id)} = @$old{qw(acked acks id token id)};
    $self->{sequence} = $old->{acked} || 0;
}


1;
