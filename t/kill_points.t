# A worker that dies at its k-th store into the zone, for a range of k: clients
# come back, nothing acknowledged is lost, nothing of QoS 2 comes twice, and the
# server's own check of the zone finds nothing.
#
# The range goes on until nobody dies any more; TEST_NGINX_KILL_STEP is its step.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Client;
use Test::Nginx::MQTT::Packet qw(encode describe);
use Test::Nginx::MQTT::Server;


plan skip_all => 'no server with kill points' if !$ENV{TEST_NGINX_KILL_BINARY};

local $ENV{TEST_NGINX_LOAD_MODULES} = $ENV{TEST_NGINX_KILL_MODULES};
$Test::Nginx::Util::NginxBinary = $ENV{TEST_NGINX_KILL_BINARY};

my $TIMEOUT = 5 * ($ENV{TEST_NGINX_SLOW} || 1);
my %PORT = %Test::Nginx::MQTT::Server::PORT;

my ($server, %client, %received);


# ---- a client that goes on whatever happens

sub connect_client {
    my ($name) = @_;

    my $end = time + $TIMEOUT;

    while (time < $end) {
        my $c = Test::Nginx::MQTT::Client->new(
            name => $name, transport => 'ws', host => $server->{host},
            port => $PORT{ws}, version => 5);

        my $sp = eval {
            $c->open(timeout => $TIMEOUT);
            $c->send(encode({ type => 'CONNECT', version => 5, id => $name,
                              username => $name,
                              props => [[session_expiry => 600]] }));
            my $e = $c->next_event($TIMEOUT);
            $e && $e->{kind} eq 'packet' && $e->{packet}{type} eq 'CONNACK'
                && !$e->{packet}{reason} ? $e->{packet}{sp} : undef;
        };

        if (defined $sp) {
            $client{$name} = $c;
            return $sp;
        }

        $c->close;
    }

    die "$name cannot connect any more\n";
}


# Sends, and waits for the answer; connects again and sends again, until there
# is one.

sub ask {
    my ($name, $packet, $answer) = @_;

    my %packet = (version => 5, %$packet);

    for my $try (1 .. 4) {
        my $c = $client{$name};
        my $got = eval {
            $c->send(encode({ %packet }));
            await($c, sub { $_[0]{type} eq $answer && $_[0]{id} == $packet{id} });
        };
        return $got if $got;

        $c->close;
        connect_client($name);
        $packet{dup} = 1 if $packet{type} eq 'PUBLISH';
    }

    die "$name gets no $answer\n";
}


# Reads until a packet fits, and acknowledges what is delivered meanwhile.

sub await {
    my ($c, $fits) = @_;

    while (my $e = $c->next_event($TIMEOUT)) {
        return undef if $e->{kind} ne 'packet';

        my $p = $e->{packet};
        return $p if $fits->($p);
        deliver($c, $p);
    }

    return undef;
}


sub deliver {
    my ($c, $p) = @_;

    my %answer = (version => 5, id => $p->{id});

    if ($p->{type} eq 'PUBREL') {
        $c->send(encode({ %answer, type => 'PUBCOMP' }));

    } elsif ($p->{type} eq 'PUBLISH') {
        return if !$p->{qos};

        # Of QoS 2, what comes again before PUBREL is the same message.

        $received{ $p->{payload} }++
            if $p->{qos} == 1 || !$p->{dup} || !$received{ $p->{payload} };
        $c->send(encode({ %answer, type => $p->{qos} == 1 ? 'PUBACK' : 'PUBREC' }));
    }
}


# All that is still to come: until two round trips bring nothing.

sub drain {
    my ($name) = @_;

    my $quiet = 0;
    while ($quiet < 2) {
        my $c = $client{$name};
        my $before = join ' ', %received;
        my $ok = eval {
            $c->send(encode({ type => 'PINGREQ', version => 5 }));
            await($c, sub { $_[0]{type} eq 'PINGRESP' });
        };

        if ($ok) {
            $quiet = $before eq join(' ', %received) ? $quiet + 1 : 0;
        } else {
            $c->close;
            connect_client($name);
            $quiet = 0;
        }
    }
}


# ---- what happens in each run

sub conversation {
    connect_client($_) for qw(sub other pub);

    for my $name (qw(sub other)) {
        ask($name, { type => 'SUBSCRIBE', id => 1, filters => [
            { filter => "only/$name/+", qos => 2 }, { filter => 'all/#', qos => 2 }] },
            'SUBACK');
    }

    my $id = 10;
    my @acknowledged;

    for my $n (1 .. 3) {
        ask('pub', { type => 'PUBLISH', topic => 'only/sub/x', qos => 1, id => ++$id,
                     payload => "one $n" }, 'PUBACK');
        push @acknowledged, "one $n";
    }

    # away, and back

    $client{sub}->close_and_wait($TIMEOUT) or die "sub is not closed\n";

    for my $n (1 .. 3) {
        my $payload = "two $n " . 'x' x 3000;
        ask('pub', { type => 'PUBLISH', topic => 'only/sub/y', qos => 2, id => ++$id,
                     payload => $payload }, 'PUBREC');
        ask('pub', { type => 'PUBREL', id => $id }, 'PUBCOMP');
        push @acknowledged, $payload;
    }

    ask('pub', { type => 'PUBLISH', topic => 'kept', qos => 1, id => ++$id,
                 retain => 1, payload => 'kept' }, 'PUBACK');

    my $sp = connect_client('sub');
    drain('sub');

    ask('other', { type => 'UNSUBSCRIBE', id => 2,
                   filters => [{ filter => 'only/other/+' }] }, 'UNSUBACK');
    ask('sub', { type => 'SUBSCRIBE', id => 3,
                 filters => [{ filter => 'kept', qos => 1 }] }, 'SUBACK');
    drain('sub');
    push @acknowledged, 'kept';

    return ($sp, @acknowledged);
}


# Returns whether a worker died, and what was wrong.

sub run {
    my ($k) = @_;

    local $ENV{NGX_MQTT_KILL_AT} = $k;
    %client = %received = ();

    $server = Test::Nginx::MQTT::Server->broker(
        workers => 2, zone => '2m', stream => 0, listen => 'reuseport',
        main => 'env NGX_MQTT_KILL_AT; env NGX_MQTT_KILL_LOG;');
    if (!eval { $server->start; 1 }) {
        my $why = $@;
        $server->kill_all;
        return (1, "did not start: $why");
    }

    my @wrong;
    my ($sp, @acknowledged) = eval { conversation() };
    push @wrong, $@ if $@;
    push @wrong, 'the session was lost' if !$@ && !$sp;

    for my $payload (@acknowledged) {
        my $times = $received{$payload} || 0;
        my $name = substr $payload, 0, 10;
        push @wrong, "$name was lost" if !$times;
        push @wrong, "$name came $times times" if $times > 1 && $payload =~ /^two/;
    }

    $_->close for values %client;
    push @wrong, 'did not exit' if !$server->stop;

    my $died = $server->error_log =~ /worker process (\d+) exited on signal 9/;
    my $pid = $1 || 0;
    push @wrong, $server->bad_lines(qr/worker process $pid exited on signal 9/,
                                    qr/shared memory zone "test" was locked by $pid/);

    return ($died, @wrong);
}


my $step = $ENV{TEST_NGINX_KILL_STEP} || 7;
my ($k, $runs, @bad) = (0, 0);

while (1) {
    $k += $k < 20 ? 1 : $step;
    $runs++;

    my ($died, @wrong) = run($k);
    push @bad, $k if @wrong;
    diag("killed at store $k: ", join "\n    ", @wrong) if @wrong && @bad <= 5;
    last if !$died || @bad > 20 || $k > 100_000;
}

is("@bad", '', "killed at stores 1 to $k, $runs times");
ok($runs > 20, 'there were stores to be killed at');

done_testing();
