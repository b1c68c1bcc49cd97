package Test::Nginx::MQTT::NativeTrace;

# The part of a conversation that Web PubSub clients have: what Trace does with
# them, which is based on this.

use strict;
use warnings;

use Test::Nginx::MQTT::Native qw(canonical);
use Test::Nginx::MQTT::NativeClient;
use Test::Nginx::MQTT::WebSocket qw(frame opcode);


# What may be written of a message without a name, in this order.

my %POSITIONAL = (
    (map { $_ => ['group'] } qw(joinGroup leaveGroup sendToGroup setGroupState
                                subscribeGroupState unsubscribeGroupState group
                                groupStateSnapshot groupStateUpdate)),
    event => ['event'], sequenceAck => ['sequenceId'], ack => ['ackId', 'error'],
    invoke => ['invocationId', 'event'], cancelInvocation => ['invocationId'],
    invokeResponse => ['invocationId', 'error'],
    streamClosed => ['streamId', 'error'],
    (map { $_ => ['streamId'] } qw(streamData streamEnd streamAck streamNack)),
);

my %NAME = (ack => 'ackId', ttl => 'ttlSeconds', seq => 'sequenceId',
            fragment => 'streamSequenceId', expected => 'expectedSequenceId',
            id => 'connectionId', token => 'reconnectionToken');

my $DATA = qr/^(?:text|json|binary|protobuf)$/;


# ---- connecting

# x comes [KIND] [via .. with .. apart from ..] [path= query= access= ...]
# [user=]: a simple client is there with its handshake, others with "connected".

sub do_comes {
    my ($self, $name, @words) = @_;

    my @expected = grep { /^!?(?:user|id)\b/ } @words;
    @words = grep { !/^!?(?:user|id)\b/ } @words;

    my $kind = @words && $words[0] =~ /^(?:simple|(?:json|protobuf)(?:\.reliable)?)$/
               ? shift @words : $self->{kind};
    $self->fail("which kind of client?") if !defined $kind;

    $self->do_opens($name, 'as', $kind, @words);
    $self->arrive($name, @expected);
}


sub arrive {
    my ($self, $name, @expected) = @_;

    my $c = $self->{clients}{$name};
    return if $c->{encoding} eq 'simple';

    $self->hear($name, 'connected', @expected);
    @{ $self->{vars}[0] }{"${name}_id", "${name}_token"} = @$c{qw(id token)};
}


# x returns, to the session that it had.  With "reopens" the answer is not
# awaited.

sub do_reopens {
    my ($self, $name, @words) = @_;

    my $old = $self->{clients}{$name} or $self->fail("there is no $name");
    $self->fail("$name has no token") if !defined $old->{token};

    my ($path) = $old->{path} =~ /^(.*?)(?:[?&]awps_.*)?$/;
    my $query = join '&', "awps_connection_id=$old->{id}",
                          "awps_reconnection_token=$old->{token}";
    my $separator = $path =~ /\?/ ? '&' : '?';
    unshift @words, "path='$path$separator$query'" if !grep { /^path=/ } @words;

    local $self->{heir_of} = $old;
    $self->do_opens($name, 'as', $old->{kind}, @words);
}


sub do_returns {
    my ($self, $name, @words) = @_;

    $self->do_reopens($name, @words);
    my $c = $self->{clients}{$name};
    $self->arrive($name);
    $self->fail("$name is $c->{id} instead of $c->{old_id}")
        if $c->{id} ne $c->{old_id};
}


# A close frame, and the answer to it.

sub do_stops {
    my ($self, $name) = @_;

    my $c = $self->client($name);
    $c->{close_sent}++;
    $c->write_raw(frame(opcode => opcode('close'), payload => pack 'n', 1000));
    $self->hear_close($c);
}


# Pings, which are answered in silence otherwise.

sub do_hears {
    my ($self, $name, @words) = @_;
    $self->fail("hears what?") if "@words" ne 'pings';
    $self->client($name)->{hears_pings} = 1;
}


sub native_query {
    my ($self, $o, $key, $value) = @_;

    push @{ $o->{query} }, $key eq 'access' ? 'access_token=' . $self->text($value)
                                            : $self->text($value);
}


sub native_path {
    my ($o) = @_;

    my $query = delete $o->{query} or return;
    my $path = defined $o->{request}{path} ? $o->{request}{path} : '/client/hubs/test';
    $o->{request}{path} = join $path =~ /\?/ ? '&' : '?', $path, join '&', @$query;
}


# ---- exchanges

# A request with an id of its own, and its success; what comes before it is kept.

sub native_exchange {
    my ($self, $name, @words) = @_;

    my $c = $self->client($name);
    my $id = $c->{last_ack} = ($c->{last_ack} || 1000) + 1;
    $self->say($name, @words, "ack=$id");

    my @kept;
    my $e = $self->next_event($c);

    while ($e && $e->{kind} eq 'native' && $e->{message}{type} ne 'ack') {
        push @kept, $e;
        $e = $self->next_event($c);
    }

    my $why = $self->mismatch($c, $e, 'ack', $id);
    $self->fail($why) if defined $why;
    $c->unread($_) for reverse @kept;
}


sub do_joins {
    my ($self, $name, @groups) = @_;
    $self->native_exchange($name, 'joinGroup', $_) for @groups;
}


sub do_parts {
    my ($self, $name, @groups) = @_;
    $self->native_exchange($name, 'leaveGroup', $_) for @groups;
}


# Simple clients are told nothing.

sub do_sends_to {
    my ($self, $name, @words) = @_;
    $self->native_exchange($name, 'sendToGroup', @words);
}


# ---- saying

sub say_native {
    my ($self, $c, $type, @words) = @_;

    if ($type eq 'text' || $type eq 'binary') {
        my $payload = join '', map { $self->text($_) } @words;
        $self->heard("$c->{name} > $type frame of " . length($payload) . ' bytes');
        return $c->write_raw(frame(opcode => opcode($type), payload => $payload));
    }

    my %m = (type => $type);
    my @positional = @{ $POSITIONAL{$type} || [] };

    for my $word (@words) {
        my ($key, $value) = Test::Nginx::MQTT::Trace::named($word);

        if (!defined $key) { ($key, $value) = $word eq 'noEcho' ? ($word, 1)
                                             : (shift @positional, $word) }
        $self->fail("$type: what is $word?") if !defined $key;
        $self->native_field(\%m, $key, $value);
    }

    $self->heard("$c->{name} > " . Test::Nginx::MQTT::Native::describe_message(\%m));
    $c->send_request(\%m);
}


sub native_field {
    my ($self, $m, $key, $word) = @_;

    if ($key =~ $DATA) {
        @$m{qw(dataType data)} = ($key, $self->text($word));

    } elsif ($key eq 'meta' || $key eq 'state') {
        my ($k, $v) = @{ $self->property_value('user', $word) };
        my $map = $key eq 'meta' ? $m->{metadata} ||= {} : $m->{state}{entries} ||= {};
        $map->{$k} = $v;

    } elsif ($key eq 'stream' || $key eq 'idle') {
        $m->{stream}{ $key eq 'idle' ? 'idleTimeoutMs' : 'streamId' } = $self->text($word);

    } elsif ($key eq 'error' || $key eq 'code') {
        $m->{error}{ $key eq 'code' ? 'userErrorCode' : 'message' } = $self->text($word);

    } else {
        $m->{ $NAME{$key} || $key } = $self->text($word);
    }
}


# ---- hearing

sub match_native {
    my ($self, $c, $e, $type, @words) = @_;

    return "expected $type" if $e->{kind} ne 'native';

    my $m = $e->{message};
    my $want = $self->native_want($type, @words);
    return $self->match_simple($m, $type, $want) if $c->{encoding} eq 'simple';
    return "expected $type" if $m->{type} ne $type;

    my $why = $self->native_defaults($c, $m, $want);
    return $why if defined $why;

    my @captures;
    for my $key (sort keys %$want) {
        $why = $self->match_native_field($m, $key, $want->{$key}, \@captures);
        return $why if defined $why;
    }

    $self->{vars}[-1]{ $_->[0] } = $_->[1] for @captures;
    return undef;
}


sub native_want {
    my ($self, $type, @words) = @_;

    my @positional = @{ $POSITIONAL{$type} || [] };
    my %want;

    for my $word (@words) {
        my ($key, $value) = Test::Nginx::MQTT::Trace::named($word);

        if ($word =~ /^!(\w+)$/) { ($key, $value) = ($1, undef) }
        elsif (!defined $key) { ($key, $value) = (shift @positional, $word) }
        $self->fail("$type: what is $word?") if !defined $key;

        if ($key =~ $DATA) { @want{qw(dataType data)} = ($key, $value) }
        elsif ($key eq 'meta') { push @{ $want{metadata} }, $self->property_value('user', $value) }
        elsif ($key eq 'user') { $want{ $type eq 'connected' ? 'userId' : 'fromUserId' } = $value }
        elsif ($key eq 'end') { $want{'stream.endOfStream'} = $value }
        elsif ($key eq 'stream') { $want{'stream.streamId'} = $value }
        elsif ($key eq 'fragment') { $want{'stream.streamSequenceId'} = $value }
        else { $want{ $NAME{$key} || $key } = $value }
    }

    return \%want;
}


# What is not written must not be there: data, metadata, errors.

sub native_defaults {
    my ($self, $c, $m, $want) = @_;

    my $type = $m->{type};
    my $is_data = $type =~ /^(?:group|server)$/;

    $self->fail("$type: which data?") if $is_data && !exists $want->{data};

    if ($type eq 'ack' || $type eq 'invokeResponse') {
        $want->{success} = defined $want->{error} ? 0 : 1;
    }

    if ($type =~ /^(?:ack|invokeResponse|streamClosed)$/) {
        my $error = delete $want->{error};
        my $got = $m->{error} ? $m->{error}{name} : undef;
        return "expected no error" if !defined $error && defined $got;
        return "expected the error $error"
            if defined $error && !(defined $got && grep { $_ eq $got } split /\|/, $self->text($error));
        return "expected an error with a message"
            if defined $error && $m->{type} eq 'ack' && !length($m->{error}{message} || '');
        if (defined(my $text = delete $want->{message})) {
            my $why = $self->match_value('message', $text, $m->{error}{message}, []);
            return $why if defined $why;
        }
    }

    # protobuf does not say it

    delete $want->{fromUserId} if $c->{encoding} eq 'protobuf';

    return "expected data" if exists $want->{data} && !defined $m->{data};
    return "expected no data" if !exists $want->{data} && defined $m->{data};
    return "expected no metadata" if !$want->{metadata} && %{ $m->{metadata} || {} };
    return "expected no stream" if $m->{stream} && !defined $want->{'stream.streamId'};

    return undef;
}


sub match_native_field {
    my ($self, $m, $key, $word, $captures) = @_;

    if ($key eq 'metadata') {
        my %want = map { @$_ } @$word;
        my $got = $m->{metadata} || {};
        return "expected metadata"
            if join("\0", map { ($_, $want{$_}) } sort keys %want)
               ne join("\0", map { ($_, $got->{$_}) } sort keys %$got);
        return undef;
    }

    my $got = $key =~ /^stream\.(\w+)$/ ? ($m->{stream} || {})->{$1} : $m->{$key};
    return defined $got ? "expected no $key" : undef if !defined $word;

    $word = "'" . canonical($self->text($word)) . "'"
        if $key eq 'data' && $m->{dataType} eq 'json' && $word ne '*' && $word !~ /^[~\$]/;

    return $self->match_value($key, $word, $got, $captures);
}


# The same lines do for simple clients: a frame with the data.

sub match_simple {
    my ($self, $m, $type, $want) = @_;

    if ($type =~ /^(?:group|server)$/) {
        my $frame = $want->{dataType} =~ /^(?:text|json)$/ ? 'text' : 'binary';
        return "expected a $frame frame" if $m->{type} ne $frame;
        return $self->match_value('data', $want->{data}, $m->{data}, []);
    }

    return "expected $type" if $m->{type} ne $type;
    return $m->{data} eq $self->text($want->{data}) ? undef : "expected $type $want->{data}";
}


1;
