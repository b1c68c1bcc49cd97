package Test::Nginx::MQTT::Trace;

# Reads a conversation, the mqtt section of a block, and plays it.  The grammar
# is described in Test::Nginx::MQTT.

use strict;
use warnings;

use List::Util qw(first);
use Time::HiRes qw(time sleep);

use base 'Test::Nginx::MQTT::NativeTrace';

use Test::Nginx::MQTT::Client;
use Test::Nginx::MQTT::Packet qw(encode decode describe quote property_id TYPES);
use Test::Nginx::MQTT::Rest ();
use Test::Nginx::MQTT::Server;
use Test::Nginx::MQTT::Token;
use Test::Nginx::MQTT::WebSocket qw(handshake frame opcode);


my %NOT_A_VARIABLE = map { $_ => 1 } qw(share SYS webpubsub);

# What may be written of each packet without a name, in this order.

my %POSITIONAL = (
    CONNACK => ['reason'], DISCONNECT => ['reason'], AUTH => ['reason'],
    PUBLISH => ['topic'],
    (map { $_ => ['id', 'reason'] } qw(PUBACK PUBREC PUBREL PUBCOMP)),
    (map { $_ => ['id'] } qw(SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK)),
);

# Words that stand for themselves.

my %FLAG = (
    CONNECT => { clean => 1, resume => 1 },
    PUBLISH => { dup => 1, retain => 1 },
    SUBSCRIBE => { nl => 1, rap => 1, nofilter => 1 },
    UNSUBSCRIBE => { nofilter => 1 },
    (map { $_ => { long => 1 } } qw(PUBACK PUBREC PUBREL PUBCOMP DISCONNECT AUTH)),
);

my %OVERRIDE = map { $_ => 1 } qw(first length length_bytes connect_flags
                                  propsbytes tail protocol level keepalive
                                  username password id qos retain topic
                                  payload reason sp codes);


# ---- reading

sub parse {
    my ($class, $text) = @_;

    my @root;
    my @open = (\@root);
    my $number = 0;

    for my $line (split /\n/, $text) {
        $number++;
        my @tokens = tokens($line) or next;
        my $s = { line => $number, text => join(' ', @tokens), tokens => \@tokens };

        while ($s->{tokens}[0] =~ /^\[(.+)\]$/) {
            push @{ $s->{when} }, $1;
            shift @{ $s->{tokens} };
        }

        if ("@{ $s->{tokens} }" eq 'end') {
            die "line $number: end of nothing\n" if @open == 1;
            pop @open;
            next;
        }

        push @{ $open[-1] }, $s;

        if ("@{ $s->{tokens} }" =~ /^(?:for\s|any order$)/) {
            $s->{body} = [];
            push @open, $s->{body};
        }
    }

    die "a group without end\n" if @open > 1;

    return \@root;
}


# Words of a line, quotes kept; [..] at its beginning is one word; # starts a
# comment.

sub tokens {
    my ($line) = @_;

    my @tokens;
    while ($line =~ /\G\s*((?:[^\s"'\[]|\[(?=[^\]]*$)|\[[^\]]*\]|"(?:\\.|[^"\\])*"|'[^']*')+)/gc) {
        my $token = $1;
        return @tokens if $token =~ /^#/;
        push @tokens, $token;
    }

    die "cannot read: $line\n" if $line !~ /\G\s*$/gc;
    return @tokens;
}


# ---- playing

# server, transport, version, workers, timeout; external (no server of ours).

sub new {
    my ($class, %o) = @_;

    return bless { clients => {}, placed => 0, heard => [], mark => time,
                   vars => [ { v => $o{version}, workers => $o{workers},
                               transport => $o{transport}, kind => $o{kind},
                               host => $o{server} ? $o{server}{host} : '' } ],
                   %o }, $class;
}


sub play {
    my ($self, $statements) = @_;

    for my $s (@$statements) {
        next if grep { !$self->applies($_) } @{ $s->{when} || [] };
        $self->{at} = $s;
        $self->statement($s);
    }
}


# [4] [5] [tcp] [ws] [tls] [wss] [1 worker] [2 workers] [json] [protobuf]
# [simple] [reliable], each with "not".

sub applies {
    my ($self, $when) = @_;

    my $not = $when =~ s/^not\s+//;
    my $is = $when =~ /^[45]$/ ? $self->{version} == $when
           : $when =~ /^(\d+) workers?$/ ? $self->{workers} == $1
           : $when =~ /^(?:tcp|ws|tls|wss)$/ ? $self->{transport} eq $when
           : $when =~ /^(?:json|protobuf|simple|reliable)$/
             ? ($self->{kind} || '') =~ /\b$when\b/
           : die "unknown condition [$when]\n";

    return $not ? !$is : $is;
}


sub statement {
    my ($self, $s) = @_;

    my @t = @{ $s->{tokens} };
    my $text = "@t";

    return $self->loop($s, @t[1 .. $#t]) if $t[0] eq 'for';
    return $self->any_order($s) if $text eq 'any order';
    return $self->one_of(@t[2 .. $#t]) if $text =~ /^one of /;
    return $self->reload(@t[1 .. $#t]) if $t[0] eq 'reload';
    return $self->kill_worker($t[3]) if $text =~ /^kill worker of \S+$/;
    return $self->{mark} = time if $text eq 'mark';
    return $self->pause($t[1]) if $text =~ /^wait [\d.]+$/;
    return $self->set(@t[1 .. $#t]) if $t[0] eq 'set' && @t == 3;
    return $self->token(@t[1 .. $#t]) if $t[0] eq 'token' && @t > 1;
    return $self->file(@t[1, 2]) if $t[0] eq 'file' && @t == 3;
    return $self->log_line(@t) if $text =~ /^(?:access )?log (?:has|lacks) /;

    my ($who, $op, @rest) = @t;
    $self->fail("cannot understand") if !defined $op;

    for my $name (map { $self->text($_) } split /,/, $who) {
        $self->fail("$name is no name of a client") if $name !~ /^\w+$/;
        if ($op eq '>') { $self->say($name, @rest) }
        elsif ($op eq '<') { $self->hear($name, @rest) }
        elsif ($op eq '.') { $self->silence($name, @rest) }
        elsif (my $do = $self->can("do_$op")) { $self->$do($name, @rest) }
        else { $self->fail("cannot understand") }
    }
}


sub fail {
    my ($self, @text) = @_;
    die join('', @text) . "\n";
}


sub heard {
    my ($self, $line) = @_;
    push @{ $self->{heard} }, $line;
}


# ---- values

sub lookup {
    my ($self, $name) = @_;

    for my $scope (reverse @{ $self->{vars} }) {
        return $scope->{$name} if exists $scope->{$name};
    }

    return undef;
}


sub variable {
    my ($self, $name) = @_;

    my $value = $self->lookup($name);
    return $value if defined $value;
    return "\$$name" if $NOT_A_VARIABLE{$name};
    $self->fail("\$$name is not set");
}


sub interpolate {
    my ($self, $text) = @_;

    $text =~ s/\$(?:\{(\w+)\}|(\w+))/$self->variable(defined $1 ? $1 : $2)/ge;
    return $text;
}


my %ESCAPE = (n => "\n", r => "\r", t => "\t", 0 => "\0");

sub unescape {
    my ($text) = @_;

    $text =~ s/\\(?:x([0-9a-fA-F]{2})|(.))/
        defined $1 ? chr hex $1 : exists $ESCAPE{$2} ? $ESCAPE{$2} : $2/gsex;
    return $text;
}


# The bytes a word stands for: hex:00ff, or bare, or "..." with $variables, or
# '...' as it stands; 1000* repeats the piece behind it, and several pieces side
# by side are one value.

sub text {
    my ($self, $word) = @_;

    return pack 'H*', $self->interpolate($1) if $word =~ /^hex:([\w\$\{\}]*)$/;

    my $value = '';
    while ($word =~ /\G(?:(\d+)\*)?(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([^"']+))/gc) {
        my ($times, $quoted, $plain, $bare) = ($1, $2, $3, $4);
        my $piece = defined $quoted ? join('', map { /^\\/ ? unescape($_)
                                                           : $self->interpolate($_) }
                                               $quoted =~ /(\\x..|\\.|[^\\]+)/gs)
                  : defined $plain ? $plain : $self->interpolate($bare);
        $value .= defined $times ? $piece x $times : $piece;
    }

    return $value;
}


sub number {
    my ($self, $word) = @_;

    my $text = $self->text($word);
    return oct $text if $text =~ /^0x[0-9a-fA-F]+$/;
    return $text if $text =~ /^\d+$/;
    $self->fail("$text is not a number");
}


# A word as [name, word], or [undef, word] without a name.

sub named {
    my ($word) = @_;
    return $word =~ /^([a-z_][\w.]*)=(.*)$/s ? ($1, $2) : (undef, $word);
}


# token $name [key=value ...]: claims in JSON behind those that are made here;
# exp and nbf in seconds from now.

sub token {
    my ($self, $name, @words) = @_;

    my %o = (key => 'primarykey', exp => 60, claims => '',
             aud => 'http://localhost/clients/mqtt/hubs/test');

    for my $word (@words) {
        my ($key, $value) = named($word);
        $self->fail("token: what is $word?")
            if !defined $key || $key !~ /^(?:alg|key|header|claims|aud|sub|exp|nbf|signature)$/;
        $o{$key} = $self->text($value);
    }

    my @claims = map { qq("$_":"$o{$_}") }
                     grep { defined $o{$_} && $o{$_} ne '-' } qw(sub aud);
    push @claims, map { sprintf '"%s":%d', $_, time + $o{$_} }
                      grep { defined $o{$_} && $o{$_} ne '-' } qw(exp nbf);
    $o{claims} = join ',', @claims, $o{claims} ne '' ? $o{claims} : ();

    $self->set($name, "'" . Test::Nginx::MQTT::Token::token(%o) . "'");
}


# file NAME TEXT

sub file {
    my ($self, $name, $text) = @_;
    $self->{server}->write_file($name, Test::Nginx::MQTT::Runner::keys_in(
                                           $self->text($text)));
}


# ---- clients

sub client {
    my ($self, $name, $open) = @_;

    my $c = $self->{clients}{$name};
    if (!$c || !$c->is_open) {
        $self->fail("$name is not connected") if !$open;
        $self->connect_client($name, {});
        $c = $self->{clients}{$name};
    }

    return $c;
}


# x opens [via TRANSPORT] [with y | apart from y] [key=value ...]

sub do_opens {
    my ($self, $name, @words) = @_;

    my %o;
    while (defined(my $word = shift @words)) {
        my ($key, $value) = named($word);

        if ($word eq 'via') { $o{transport} = $self->text(shift @words) }
        elsif ($word eq 'with') { $o{with} = $self->text(shift @words) }
        elsif ($word eq 'apart') { shift @words; $o{apart} = $self->text(shift @words) }
        elsif ($word eq 'as') { $o{kind} = $self->text(shift @words) }
        elsif ($word eq 'bare' || $word eq 'pipelined') { $o{$word} = 1 }
        elsif ($word eq 'certified') { $o{certificate} = [$self->{server}->certificate] }
        elsif (!defined $key) { $self->fail("opens: what is $word?") }
        elsif ($key =~ /^(?:v|port|rcvbuf)$/) { $o{$key} = $self->number($value) }
        elsif ($key eq 'prefix') { $o{$key} = $self->text($value) }
        elsif ($key =~ /^(?:query|access)$/) { $self->native_query(\%o, $key, $value) }
        elsif ($key eq 'selects') { $o{request}{selects} = $self->text($value) }
        else { $self->request_field($o{request} ||= {}, $key, $value) }
    }

    $self->connect_client($name, \%o);
}


my %REQUEST = map { $_ => 1 } qw(method path http host upgrade connection
                                 version protocol key);

sub request_field {
    my ($self, $request, $key, $value) = @_;

    if ($key eq 'header') { push @{ $request->{headers} }, $self->text($value) }
    elsif ($REQUEST{$key}) { $request->{$key} = $self->text($value) }
    else { $self->fail("unknown field $key of a handshake") }
}


sub connect_client {
    my ($self, $name, $o) = @_;

    my $old = $self->{clients}{$name};
    $old->close if $old;

    my $transport = $o->{transport} || $self->{transport};
    my $class = 'Test::Nginx::MQTT::' . ($o->{kind} ? 'NativeClient' : 'Client');
    $transport = $transport =~ /^(?:tls|wss)$/ ? 'wss' : 'ws' if $o->{kind};
    Test::Nginx::MQTT::NativeTrace::native_path($o);

    my $port = defined $o->{port} ? Test::Nginx::MQTT::Server::port($o->{port})
                                  : $self->{port}{$transport};
    my $c = $class->new(
        kind => $o->{kind}, name => $name, transport => $transport, host => $self->{host},
        port => $port,
        version => $o->{v} || $self->{version});
    $self->{clients}{$name} = $c;
    $c->inherit($self->{heir_of}) if $self->{heir_of};

    my $open = sub { $c->open(%$o, timeout => $self->{timeout}) };
    my $worker = $self->place($name, $o, $old);
    return $open->() if !$worker;

    $self->{server}->only_worker($worker, sub {
        $open->();

        # one that was closed at once has no connection any more

        $c->{worker} = $c->{close_sent} ? $worker
                     : $self->{server}->worker_of($c->{port}, $c->local_port);
    });
    $self->fail("$name came to worker $c->{worker} instead of $worker")
        if $c->{worker} != $worker;
    $self->heard("$name is on worker $worker");
}


# Which worker a connection goes to: names take turns, and a client that comes
# back comes to another worker than the last time.

sub place {
    my ($self, $name, $o, $old) = @_;

    return undef if !$self->{server} || $self->{workers} < 2;

    my @workers = sort { $a <=> $b } $self->{server}->workers;
    my $near = defined $o->{with} && $self->client($o->{with})->{worker};
    return $near if $near;

    my $far = defined $o->{apart} ? $self->client($o->{apart})->{worker}
            : $old ? $old->{worker} : undef;
    return first { $_ != $far } @workers if $far;

    return $workers[$self->{placed}++ % @workers];
}


sub worker_of_client {
    my ($self, $name) = @_;

    my $c = $self->{clients}{$name} or $self->fail("there is no $name");
    return $c->{worker} ||= ($self->{server}->workers)[0] if $self->{workers} < 2;
    return $c->{worker};
}


# Closes, and waits until the server has closed too.

sub do_closes {
    my ($self, $name) = @_;

    $self->client($name)->close_and_wait($self->{timeout})
        or $self->fail("the server does not close");
}


sub do_resets { my ($self, $name) = @_; $self->client($name)->reset }
sub do_shuts { my ($self, $name) = @_; $self->client($name)->shut }
sub do_acks { my ($self, $name) = @_; $self->client($name, 1)->{acks} = 1 }
sub do_holds { my ($self, $name) = @_; $self->client($name, 1)->hold }


# What was held; or, with words, a message of a Web PubSub client to a group.

sub do_sends {
    my ($self, $name, @words) = @_;
    return $self->do_sends_to($name, @words) if @words;
    $self->client($name)->release;
}


# ---- exchanges of several packets

# CONNECT and CONNACK; with a clean start unless a lasting session is asked for.

sub do_connects {
    my ($self, $name, @words) = @_;

    my $old = $self->{clients}{$name};
    $self->fail("$name is connected already") if $old && $old->{connected};

    my @connack = grep { /^!|^sp=/ } @words;
    @words = grep { !/^!|^sp=/ } @words;
    unshift @words, 'clean' if !grep { /^(?:resume|clean|(?:session_)?expiry=.*)$/ } @words;

    $self->say($name, 'CONNECT', @words);
    $self->hear($name, 'CONNACK', @connack);
}


# SUBSCRIBE 1 and SUBACK with what was asked for.

sub do_subscribes {
    my ($self, $name, @words) = @_;

    my $p = $self->packet($self->client($name), 'SUBSCRIBE', 1, @words);
    my $codes = join ',', map { $_->{qos} || 0 } @{ $p->{filters} };

    $self->say($name, 'SUBSCRIBE', 1, @words);
    $self->hear($name, 'SUBACK', 1, "codes=$codes");
}


sub do_unsubscribes {
    my ($self, $name, @words) = @_;

    my $c = $self->client($name);
    my $codes = join ',', map { 0 } @words;

    $self->say($name, 'UNSUBSCRIBE', 1, @words);
    $self->hear($name, 'UNSUBACK', 1, $c->{version} == 5 ? "codes=$codes" : ());
}


# PUBLISH and all its acknowledgements; what comes between them is kept.

sub do_publishes {
    my ($self, $name, $topic, @words) = @_;

    my $c = $self->client($name);
    my ($qos) = map { /^qos=(.*)$/ ? $self->number($1) : () } @words;
    return $self->say($name, 'PUBLISH', $topic, @words) if !$qos;

    my $id = $c->{last_id} = ($c->{last_id} || 0) % 65535 + 1;
    $self->say($name, 'PUBLISH', $topic, "id=$id", @words);
    return $self->hear_among($c, 'PUBACK', $id) if $qos == 1;

    $self->hear_among($c, 'PUBREC', $id);
    $self->say($name, 'PUBREL', $id);
    $self->hear_among($c, 'PUBCOMP', $id);
}


sub hear_among {
    my ($self, $c, $type, @words) = @_;

    my @kept;
    my $e = $self->next_event($c);

    while ($e && $e->{kind} eq 'packet' && $e->{packet}{type} ne $type) {
        push @kept, $e;
        $e = $self->next_event($c);
    }

    my $why = $self->mismatch($c, $e, $type, @words);
    $self->fail($why) if defined $why;
    $c->unread($_) for reverse @kept;
}


sub do_disconnects {
    my ($self, $name, @words) = @_;

    $self->say($name, 'DISCONNECT', @words);
    $self->hear_close($self->client($name));
}


# ---- saying

sub say {
    my ($self, $name, $what, @words) = @_;

    $what = $self->text($what);
    $self->open_rest($name) if $what eq 'REST';
    my $c = $self->client($name, 1);
    my %how;
    @words = grep { !/^(split|fragments)=(.*)$/ || do { $how{$1} = $2; 0 } } @words;

    return $self->say_ws($c, @words) if $what eq 'WS';
    return $self->say_rest($c, @words) if $what eq 'REST';
    return $self->say_handshake($c, @words) if $what eq 'HANDSHAKE';
    return $c->write_raw(join '', map { $self->text($_) } @words) if $what eq 'RAW';
    return $self->say_native($c, $what, @words) if $c->{native};

    if ($what eq 'HEX' || $what eq 'BYTES') {
        my @pieces = map { join '', map { $what eq 'HEX' ? pack 'H*', $self->text($_)
                                                         : $self->text($_) } @$_ }
                     split_list('/', @words);
        $self->heard("$name > HEX " . join ' / ', map { unpack 'H*', $_ } @pieces);
        return $self->transmit($c, \%how, @pieces);
    }

    my $p = $self->packet($c, $what, @words);
    $self->announce($c, $p) if $what eq 'CONNECT';
    $c->settle($p);
    $self->heard("$name > " . describe($p));
    $self->transmit($c, \%how, encode($p));
}


# What a CONNECT says about its connection.

sub announce {
    my ($self, $c, $p) = @_;

    $c->{version} = $p->{version} if $p->{version} =~ /^[45]$/;

    for my $name (qw(alias_max receive_max max_packet request_problem)) {
        ($c->{$name}) = map { $_->[1] } grep { $_->[0] eq $name } @{ $p->{props} };
    }
}


sub split_list {
    my ($separator, @words) = @_;

    my @lists = ([]);
    for (@words) {
        if ($_ eq $separator) { push @lists, [] }
        else { push @{ $lists[-1] }, $_ }
    }

    return @lists;
}


# split=3,5 cuts after these bytes, split=1 (one number) every so many bytes;
# fragments= does the same inside of one WebSocket message.

sub transmit {
    my ($self, $c, $how, @pieces) = @_;

    my ($cut) = grep { defined } @$how{qw(split fragments)};
    @pieces = cut($cut, join '', @pieces) if defined $cut;

    return $c->send_fragments(@pieces) if defined $how->{fragments};
    return $c->send(@pieces) if @pieces == 1;

    $c->send_pieces(sub { $self->was_read($c) }, @pieces);
}


sub cut {
    my ($cut, $bytes) = @_;

    return $bytes =~ /(.{1,$cut})/gs if $cut !~ /,/;

    my ($at, @pieces) = 0;
    for (split(/,/, $cut), length $bytes) {
        push @pieces, substr $bytes, $at, $_ - $at;
        $at = $_;
    }

    return @pieces;
}


sub was_read {
    my ($self, $c) = @_;

    return if !$self->{server};
    $self->{server}->await("$c->{name}'s bytes to be read", sub {
        $self->{server}->has_read($c->{port}, $c->local_port);
    });
}


sub say_ws {
    my ($self, $c, $kind, @words) = @_;

    $kind = $self->text($kind);
    my $opcode = opcode($kind);
    $opcode = $self->number($kind) if !defined $opcode;
    my %f = (opcode => $opcode);

    my $code = $kind eq 'close' && @words && $words[0] =~ /^(?:\d+|\$\w+)$/
               ? pack 'n', $self->number(shift @words) : '';

    for my $word (@words) {
        my ($key, $value) = named($word);
        if (!defined $key) { $f{payload} = $self->text($value) }
        elsif ($key =~ /^(?:fin|rsv|mask|length|form)$/) { $f{$key} = $self->number($value) }
        elsif ($key eq 'key') { $f{$key} = $self->text($value) }
        else { $self->fail("unknown field $key of a frame") }
    }

    $f{payload} = $code . (defined $f{payload} ? $f{payload} : '');
    $c->{close_sent}++ if $kind eq 'close';
    $self->heard("$c->{name} > WS $kind " . quote($f{payload}));
    $c->write_raw(frame(%f));
}


sub say_handshake {
    my ($self, $c, @words) = @_;

    my %request;
    for my $word (@words) {
        my ($key, $value) = named($word);
        $self->fail("HANDSHAKE: what is $word?") if !defined $key;
        $self->request_field(\%request, $key, $value);
    }

    my ($request, $key) = handshake(%request);
    $c->{key} = $key;
    $c->write_raw($request);
}


# A connection for requests is an HTTP one that makes no handshake.

sub open_rest {
    my ($self, $name) = @_;

    my $c = $self->{clients}{$name};
    $self->connect_client($name, { transport => 'ws', bare => 1 })
        if !$c || !$c->is_open;
}


my %REST = map { $_ => 1 } qw(text json binary body type host token key aud
                              exp length);

sub say_rest {
    my ($self, $c, $method, $path, @words) = @_;

    my %request = (method => $self->text($method), path => $self->text($path));

    for my $word (@words) {
        my ($key, $value) = named($word);
        $self->fail("REST: what is $word?") if !defined $key;
        if ($key eq 'header') { push @{ $request{headers} }, $self->text($value) }
        elsif ($REST{$key}) { $request{$key} = $self->text($value) }
        else { $self->fail("unknown field $key of a request") }
    }

    $self->heard("$c->{name} > $request{method} $request{path}");
    push @{ $c->{requests} }, $request{method};
    $c->write_raw(Test::Nginx::MQTT::Rest::request(%request));
}


# r asks STATUS METHOD PATH ...: a request, and what comes back.

sub do_asks {
    my ($self, $name, $status, @words) = @_;

    $self->say($name, 'REST', @words);
    $self->hear($name, 'HTTP', $status);
}


# A packet from the words of a line.

sub packet {
    my ($self, $c, $type, @words) = @_;

    $self->fail("unknown packet $type") if !exists TYPES->{$type};

    my %p = (type => $type, version => $c->{version}, props => []);
    my @positional = @{ $POSITIONAL{$type} || [] };
    my $flag = $FLAG{$type} || {};
    my $resume;

    for my $word (@words) {
        my ($key, $value) = named($word);

        if (defined $key) {
            $self->packet_field(\%p, $key, $value);

        } elsif ($type eq 'CONNECT' && $word =~ /^v(\d+|\$v)$/) {
            $p{version} = $self->number($1);

        } elsif (@positional && !($flag->{$word} && $positional[0] ne 'topic')) {
            my $field = shift @positional;
            $p{$field} = $field eq 'topic' ? $self->text($word)
                                           : $self->number($word);

        } elsif ($word eq 'resume') {
            $resume = 1;

        } elsif ($word =~ /^(?:nl|rap)$/ && $p{filters}) {
            $p{filters}[-1]{$word} = 1;

        } elsif ($flag->{$word}) {
            $p{$word} = 1;

        } elsif ($type =~ /SUBSCRIBE/) {
            push @{ $p{filters} }, { filter => $self->text($word) };

        } else {
            $self->fail("$type: what is $word?");
        }
    }

    if ($type eq 'CONNECT') {
        $p{id} = $c->{name} if !exists $p{id};
        delete $p{id} if defined $p{id} && $p{id} eq '-';
        $p{keepalive} = 60 if !defined $p{keepalive};
        push @{ $p{props} }, [session_expiry => 600] if $resume && $p{version} == 5;
    }

    $self->fail("$type needs a filter, or nofilter")
        if $type =~ /SUBSCRIBE/ && !$p{filters} && !$p{nofilter};
    $self->fail("PUBLISH with QoS needs an id")
        if $type eq 'PUBLISH' && $p{qos} && !defined $p{id};
    $self->fail("properties in MQTT 3.1.1")
        if $p{version} == 4 && (@{ $p{props} } || ($p{will} && $p{will}{props}));

    return \%p;
}


sub packet_field {
    my ($self, $p, $key, $value) = @_;

    my $type = $p->{type};

    if ($type eq 'CONNECT' && $key =~ /^will(?:\.(\w+))?$/) {
        $self->will_field($p->{will} ||= { payload => '' }, $1, $value);

    } elsif ($type =~ /SUBSCRIBE/ && $key =~ /^(?:qos|rh|options)$/) {
        $self->fail("$key before a filter") if !$p->{filters};
        $p->{filters}[-1]{$key} = $self->number($value);

    } elsif ($type =~ /SUBSCRIBE/ && $key eq 'filter') {
        push @{ $p->{filters} }, { filter => $self->text($value) };

    } elsif (my $property = property_name($type, $key)) {
        push @{ $p->{props} }, [$property, $self->property_value($property, $value)];

    } elsif ($key =~ /^(?:length_bytes|propsbytes|tail)$/) {
        $p->{$key} = pack 'H*', $self->text($value);

    } elsif ($key =~ /^(?:topic|payload|username|password|protocol)$/
             || ($key eq 'id' && $type eq 'CONNECT'))
    {
        $p->{$key} = $self->text($value);

    } elsif ($key eq 'codes') {
        $p->{codes} = [ map { $self->number($_) } split /,/, $value ];

    } elsif ($OVERRIDE{$key}) {
        $p->{$key} = $self->number($value);

    } else {
        $self->fail("unknown field $key of $type");
    }
}


sub will_field {
    my ($self, $will, $key, $value) = @_;

    if (!defined $key) {
        $will->{topic} = $self->text($value) if $value ne '-';

    } elsif ($key eq 'payload') {
        $will->{payload} = $value eq '-' ? undef : $self->text($value);

    } elsif ($key =~ /^(?:qos|retain)$/) {
        $will->{$key} = $self->number($value);

    } elsif ($key eq 'propsbytes') {
        $will->{$key} = pack 'H*', $self->text($value);

    } else {
        my $property = $key eq 'delay' ? 'will_delay' : property_name('PUBLISH', $key)
            or $self->fail("unknown field $key of a will");
        push @{ $will->{props} }, [$property, $self->property_value($property, $value)];
    }
}


# "expiry" is that of the message or that of the session.

sub property_name {
    my ($type, $key) = @_;

    $key = $type eq 'PUBLISH' ? 'message_expiry' : 'session_expiry'
        if $key eq 'expiry';
    return defined property_id($key) ? $key : undef;
}


my %TEXT_PROPERTY = map { $_ => 1 } qw(content_type response_topic correlation
                                       assigned_id auth_method auth_data
                                       response_info server_reference
                                       reason_string);

sub property_value {
    my ($self, $property, $word) = @_;

    if ($property eq 'user') {
        $word =~ /^((?:[^"':]|"(?:\\.|[^"\\])*"|'[^']*')*):(.*)$/s
            or $self->fail("user=$word is not name:value");
        return [ $self->text($1), $self->text($2) ];
    }

    return $TEXT_PROPERTY{$property} ? $self->text($word) : $self->number($word);
}


# ---- hearing

sub next_event {
    my ($self, $c) = @_;

    my $e = $c->next_event($self->{timeout});
    $self->heard("$c->{name} < " . Test::Nginx::MQTT::Client::describe_event($e));
    return $e;
}


# x < [maybe] WHAT ..., x < close, x < end CODES

sub hear {
    my ($self, $name, $what, @words) = @_;

    my $c = $self->{clients}{$name} or $self->fail("there is no $name");

    if ($what eq 'close') { return $self->hear_close($c, @words) }
    if ($what eq 'end') { return $self->hear_end($c, @words) }

    if ($what eq 'maybe') {
        ($what, @words) = @words;
        my $e = $self->next_event($c);
        return if $e && !defined $self->mismatch($c, $e, $what, @words);
        $c->unread($e) if $e;
        return;
    }

    my $e = $self->next_event($c);
    my $why = $self->mismatch($c, $e, $what, @words);
    $self->fail($why) if defined $why;
}


# The connection ends, over WebSocket with or without a close frame.

sub hear_close {
    my ($self, $c, @words) = @_;

    my $e = $self->next_event($c);
    $e = $self->next_event($c)
        if $e && $e->{kind} eq 'ws' && $e->{name} eq 'close';

    $self->fail("expected the connection to end, got ",
                Test::Nginx::MQTT::Client::describe_event($e))
        if !$e || $e->{kind} ne 'close';

    $c->close;
    $self->timing($e, $_) for @words;
}


# What both versions make of an error: DISCONNECT with one of these codes
# and close, or just close.

sub hear_end {
    my ($self, $c, $codes, @words) = @_;

    $self->hear($c->{name}, 'DISCONNECT', $codes) if $c->{version} == 5;
    $self->hear_close($c, @words);
}


# after=2.5..4.5: seconds since the last mark.

sub timing {
    my ($self, $e, $word) = @_;

    my ($from, $to) = $word =~ /^after=([\d.]+?)\.\.([\d.]+)$/
        or $self->fail("what is $word?");
    my $seconds = $e->{at} - $self->{mark};
    $self->fail(sprintf "it came after %.2f seconds, expected %s to %s",
                        $seconds, $from, $to)
        if $seconds < $from || $seconds > $to;
}


# Why an event is not what a line expects; undef if it is.

sub mismatch {
    my ($self, $c, $e, $what, @words) = @_;

    my $got = Test::Nginx::MQTT::Client::describe_event($e);
    return "expected $what, got $got" if !$e;

    my @timing = grep { /^after=/ } @words;
    @words = grep { !/^after=/ } @words;

    my $why = eval {
        $what eq 'WS'   ? $self->match_ws($e, @words)
      : $what eq 'HTTP' ? $self->match_http($c, $e, @words)
      : $what eq 'HEX'  ? $self->match_hex($e, @words)
      : $c->{native}    ? $self->match_native($c, $e, $what, @words)
      :                   $self->match_packet($c, $e, $what, @words);
    };
    die $@ if $@;

    return "$why, got $got" if defined $why;
    $self->timing($e, $_) for @timing;
    return undef;
}


sub match_hex {
    my ($self, $e, @words) = @_;

    my $hex = lc join '', map { $self->text($_) } @words;
    my $got = $e->{kind} eq 'packet' ? unpack 'H*', $e->{packet}{raw} : $e->{kind};
    return $got eq $hex ? undef : "expected the bytes $hex ($got)";
}


sub match_ws {
    my ($self, $e, $kind, @words) = @_;

    $kind = $self->text($kind);
    return "expected WS $kind" if $e->{kind} ne 'ws' || $e->{name} ne $kind;

    if ($kind eq 'close') {
        return undef if !@words;
        my $code = defined $e->{code} ? $e->{code} : 'none';
        return "expected close code $words[0]"
            if !grep { $self->text($_) eq $code } split /\|/, $words[0];
        return undef;
    }

    my $payload = @words ? $self->text($words[0]) : '';
    return $e->{payload} eq $payload ? undef : "expected WS $kind " . quote($payload);
}


sub match_http {
    my ($self, $c, $e, $status, @words) = @_;

    $status = $self->text($status);
    return "expected HTTP $status"
        if $e->{kind} ne 'http' || !grep { $e->{status} == $_ } split /\|/, $status;

    my @captures;

    for my $word (@words) {
        my ($absent, $name, $value) = $word =~ /^(!?)([\w.-]+)(?:=(.*))?$/s
            or $self->fail("HTTP: what is $word?");

        if ($name =~ /^(?:body|json(?:\.(.*))?)$/) {
            my $said = $name eq 'body' ? $e->{body}
                     : Test::Nginx::MQTT::Rest::member($e->{body}, defined $1 ? $1 : '');
            return "expected no $name" if $absent && defined $said;
            my $why = $absent ? undef
                    : $self->match_value($name, $value, $said, \@captures);
            return $why if defined $why;
            next;
        }

        my $got = $e->{headers}{lc $name};

        return "expected no header $name" if $absent && defined $got;
        next if $absent || ($value eq '*' && defined $got);
        my $want = $self->text($value);
        return "expected header $name=" . quote($want)
            if !defined $got || lc $got ne lc $want;
    }

    $self->{vars}[-1]{ $_->[0] } = $_->[1] for @captures;
    return undef;
}


# The fields of a packet must be as written.  What is not written must be
# empty in a PUBLISH; elsewhere reason is success, and properties are free.

sub match_packet {
    my ($self, $c, $e, $type, @words) = @_;

    $self->fail("unknown packet $type") if !exists TYPES->{$type};
    return "expected $type" if $e->{kind} ne 'packet' || $e->{packet}{type} ne $type;

    my $p = $e->{packet};
    my %want;
    my @properties;
    my @absent;
    my $flag = $FLAG{$type} || {};
    my @positional = @{ $POSITIONAL{$type} || [] };

    for my $word (@words) {
        my ($key, $value) = named($word);

        if ($word =~ /^!([a-z_]+)$/) { push @absent, $1 }
        elsif (defined $key && $key ne 'alias' && property_name($type, $key)) {
            push @properties, [property_name($type, $key), $value];
        }
        elsif (defined $key) { $want{$key} = $value }
        elsif (@positional && !($flag->{$word} && $positional[0] ne 'topic')) {
            $want{ shift @positional } = $word;
        }
        elsif ($flag->{$word}) { $want{$word} = '1' }
        else { $self->fail("$type: what is $word?") }
    }

    $self->expected_defaults($p, \%want);

    # A capture is made only when everything else fits.

    my @captures;
    for my $key (sort keys %want) {
        my $why = $self->match_value($key, $want{$key}, field($p, $key), \@captures);
        return $why if defined $why;
    }

    my $why = $self->match_properties($p, \@properties, \@absent, \@captures);
    return $why if defined $why;

    $self->{vars}[-1]{ $_->[0] } = $_->[1] for @captures;
    return undef;
}


sub field {
    my ($p, $key) = @_;
    return ref $p->{$key} ? join ',', @{ $p->{$key} } : $p->{$key};
}


sub expected_defaults {
    my ($self, $p, $want) = @_;

    my $type = $p->{type};

    if ($type eq 'PUBLISH') {
        $want->{$_} = '0' for grep { !defined $want->{$_} } qw(qos dup retain);
        $want->{payload} = '""' if !defined $want->{payload};

    } elsif ($type eq 'CONNACK') {
        $want->{$_} = '0' for grep { !defined $want->{$_} } qw(reason sp);

    } elsif ($type =~ /^PUB/ && $p->{version} == 5 && !defined $want->{reason}) {
        $want->{reason} = $type =~ /ACK|REC/ ? '0|0x10' : '0';

    } elsif ($type =~ /^(?:SUB|UNSUB)ACK$/) {
        return if $type eq 'UNSUBACK' && $p->{version} == 4 && !defined $want->{codes};
        $self->fail("$type: which codes?") if !defined $want->{codes};

    } elsif ($type eq 'DISCONNECT' && !defined $want->{reason}) {
        $want->{reason} = '0';
    }
}


my %NUMERIC = map { $_ => 1 } qw(reason id qos dup retain sp alias);

sub match_value {
    my ($self, $key, $word, $got, $captures) = @_;

    if ($word =~ /^\$(\w+)$/ && !defined $self->lookup($1) && !$NOT_A_VARIABLE{$1}) {
        return "expected $key" if !defined $got;
        push @$captures, [$1, $got];
        return undef;
    }

    return defined $got ? undef : "expected $key" if $word eq '*';
    return "expected $key=$word" if !defined $got;

    my @want = $NUMERIC{$key} && $word !~ /\.\./ ? map { $self->number($_) } split /\|/, $word
             : ();
    my $ok = $key eq 'codes' ? $self->match_codes($word, $got)
           : $word =~ /^(\d+)\.\.(\d+)$/ ? $got >= $1 && $got <= $2
           : $word =~ /^~(.+)$/s ? $got =~ $self->text($1)
           : @want ? grep { $got == $_ } @want
           :         $got eq $self->text($word);

    return $ok ? undef : "expected $key=$word";
}


sub match_codes {
    my ($self, $word, $got) = @_;

    my @want = split /,/, $word;
    my @got = split /,/, $got;
    return '' if @want != @got;

    for my $i (0 .. $#want) {
        return '' if !grep { $self->number($_) == $got[$i] } split /\|/, $want[$i];
    }

    return 1;
}


# Properties of a name come in the order written.  A PUBLISH has no others; of
# other packets a written name must be there as often as written.

sub match_properties {
    my ($self, $p, $properties, $absent, $captures) = @_;

    my %got;
    push @{ $got{$_->[0]} }, $_->[1] for @{ $p->{props} || [] };

    # subid={1,2}: these, in any order

    @$properties = map {
        my ($name, $word) = @$_;
        $word !~ /^\{(.*)\}$/ ? $_
        : map { [$name, $_] } sort_like($got{$name}, split /,/, $1);
    } @$properties;

    for (@$properties) {
        my ($name, $word) = @$_;
        return "expected another $name" if !@{ $got{$name} || [] };
        my $value = shift @{ $got{$name} };
        my $why = $name eq 'user' ? $self->match_user($word, $value)
                : $TEXT_PROPERTY{$name}
                  ? $self->match_value($name, $word, $value, $captures)
                  : $self->match_number($name, $word, $value, $captures);
        return $why if defined $why;
    }

    my %written = map { $_->[0] => 1 } @$properties;
    for my $name (sort keys %got) {
        next if !@{ $got{$name} };
        return "expected no" . ($written{$name} ? ' further ' : ' ') . $name
            if $written{$name} || $p->{type} eq 'PUBLISH'
               || grep { property_name($p->{type}, $_) eq $name } @$absent;
    }

    return undef;
}


# The words in the order in which they are among the values.

sub sort_like {
    my ($values, @words) = @_;

    my %place;
    $place{ $values->[$_] } = $_ for reverse 0 .. $#{ $values || [] };
    return sort { ($place{$a} || 0) <=> ($place{$b} || 0) } @words;
}


sub match_number {
    my ($self, $name, $word, $value, $captures) = @_;

    return undef if $word =~ /\|/ && grep { $self->number($_) == $value }
                                           split /\|/, $word;
    $word = $self->number($word) if $word =~ /^(?:0x|\$\{)/;
    return $self->match_value($name, $word, $value, $captures);
}


sub match_user {
    my ($self, $word, $value) = @_;

    my $want = $self->property_value('user', $word);
    return $want->[0] eq $value->[0] && $want->[1] eq $value->[1]
           ? undef : "expected user=$word";
}


# ---- silence

# x . nothing: the server has nothing for x.  All others first make a round
# trip, so that whatever they sent has been processed; x makes two, since what
# another worker has just queued may come behind the first answer.

sub silence {
    my ($self, $name, @words) = @_;

    $self->fail("what is . @words?") if "@words" ne 'nothing';

    my $c = $self->client($name);
    for my $other (sort keys %{ $self->{clients} }) {
        my $o = $self->{clients}{$other};
        $self->round_trip($o) if $o != $c && $o->{connected} && !$o->{held};
    }

    for (1 .. 2) {
        $self->ping($c);
        my $e = $self->next_event($c);
        $self->fail("expected nothing, got ",
                    Test::Nginx::MQTT::Client::describe_event($e))
            if !$e || !$c->is_pong($e);
    }
}


sub ping {
    my ($self, $c) = @_;
    $self->fail("$c->{name} is not connected") if !$c->{connected};
    $c->ping;
}


# Sends PINGREQ and waits for its answer; all else is kept for later.

sub round_trip {
    my ($self, $c) = @_;

    my @kept;
    $self->ping($c);

    while (1) {
        my $e = $c->next_event($self->{timeout});
        last if $e && $c->is_pong($e);
        push @kept, $e if $e;
        last if !$e || $e->{kind} =~ /^(?:close|garbage)$/;
    }

    $c->unread($_) for reverse @kept;
}


# ---- groups

sub loop {
    my ($self, $s, @words) = @_;

    my $name = 'i';
    if (@words > 2 && $words[0] =~ /^\$(\w+)$/ && $words[1] eq 'in') {
        $name = $1;
        splice @words, 0, 2;
    }

    my @values = map { $self->text($_) } @words;
    @values = $1 .. $2 if @values == 1 && $values[0] =~ /^(\d+)\.\.(\d+)$/;

    for my $value (@values) {
        push @{ $self->{vars} }, { $name => $value };
        $self->play($s->{body});
        pop @{ $self->{vars} };
    }
}


# Expectations of which each client meets its own in any order.

sub any_order {
    my ($self, $s) = @_;

    my %expected;
    for my $e (grep { my $x = $_; !grep { !$self->applies($_) } @{ $x->{when} || [] } }
                    @{ $s->{body} })
    {
        my ($who, $op, @rest) = @{ $e->{tokens} };
        $self->fail("only expectations have any order") if $op ne '<';
        push @{ $expected{ $self->text($who) } }, [@rest];
    }

    for my $name (sort keys %expected) {
        my @left = @{ $expected{$name} };
        my $c = $self->{clients}{$name} or $self->fail("there is no $name");

        while (@left) {
            my $e = $self->next_event($c);
            my $found = first { !defined $self->mismatch($c, $e, @{ $left[$_] }) }
                              0 .. $#left;
            $self->fail("$name expected one of\n    "
                        . join("\n    ", map { "@$_" } @left) . "\ngot "
                        . Test::Nginx::MQTT::Client::describe_event($e))
                if !defined $found;
            splice @left, $found, 1;
        }
    }
}


# one of a b c [as $who] < PACKET: exactly one gets it, the others nothing.

sub one_of {
    my ($self, @words) = @_;

    my (@names, $as);
    while (defined(my $word = shift @words)) {
        last if $word eq '<';
        if ($word eq 'as') { ($as) = shift(@words) =~ /^\$(\w+)$/ }
        else { push @names, $self->text($word) }
    }

    my @clients = map { $self->client($_) } @names;
    my $winner;

    $self->await_any(@clients);
    for my $c (@clients) {
        $self->round_trip($c) for 1 .. 2;
        next if !@{ $c->{events} };
        $self->fail("both $winner->{name} and $c->{name} got something") if $winner;
        $winner = $c;
    }

    $self->fail("none of @names got anything") if !$winner;
    $self->hear($winner->{name}, @words);
    $self->{vars}[-1]{$as} = $winner->{name} if defined $as;
}


sub await_any {
    my ($self, @clients) = @_;

    my $end = time + $self->{timeout};

    while (!grep { @{ $_->{events} } } @clients) {
        my $vec = '';
        vec($vec, fileno $_->{socket}, 1) = 1 for @clients;
        return if time > $end || select($vec, undef, undef, $end - time) <= 0;
        $_->fill for @clients;
    }
}


# ---- the server and the time

sub reload {
    my ($self, @words) = @_;

    my $variant = @words && $words[0] =~ /^\d+$/ ? shift @words : undef;
    $self->{configure}->($variant) if defined $variant;

    if (@words && $words[0] eq 'fails') {
        $self->{server}->reload_fails($self->text($words[1]));
    } else {
        $self->{server}->reload;
    }
}


sub kill_worker {
    my ($self, $name) = @_;

    my $pid = $self->worker_of_client($self->text($name));
    $self->{server}->kill_worker($pid);
}


# Time has to pass: for whatever expires.

sub pause {
    my ($self, $seconds) = @_;

    my $end = time + $seconds;
    while ((my $left = $end - time) > 0) { sleep $left }
}


sub set {
    my ($self, $name, $value) = @_;

    $name =~ s/^\$// or $self->fail("set what?");
    $self->{vars}[-1]{$name} = $self->text($value);
}


sub log_line {
    my ($self, @t) = @_;

    my $file = $t[0] eq 'access' ? shift @t : 'error';
    my (undef, $verb, @words) = @t;
    my $pattern = quotemeta join ' ', map { $self->text($_) } @words;
    my $server = $self->{server};

    return $server->log_has($pattern, $file) if $verb eq 'has';
    $self->fail("the $file log has $pattern")
        if $server->read_file("logs/$file.log") =~ /$pattern/;
}


sub finish {
    my ($self) = @_;
    $_->close for values %{ $self->{clients} };
}


1;
