# Reloads and killed workers under load: nothing that was acknowledged is lost,
# nothing of QoS 2 comes twice, a reload disconnects nobody, and the zone holds
# in the end what it held before.  The server is the one with kill points: it
# runs the zone's checker for each process that was killed or has ended, and
# what that finds is an alert.
#
# TORTURE=full is for a machine that has nothing else to do; TORTURE_PARTS says
# which parts of it, TORTURE_TIMES how many reloads or kills.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time sleep);

use Test::Nginx::MQTT::Load;
use Test::Nginx::MQTT::Server;


plan skip_all => 'no server with kill points' if !$ENV{TEST_NGINX_KILL_BINARY};

local $ENV{TEST_NGINX_LOAD_MODULES} = $ENV{TEST_NGINX_KILL_MODULES};
$Test::Nginx::Util::NginxBinary = $ENV{TEST_NGINX_KILL_BINARY};

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();

my $full = ($ENV{TORTURE} || '') eq 'full';
my $slow = $ENV{TEST_NGINX_SLOW} || 1;
my %PORT = %Test::Nginx::MQTT::Server::PORT;

# milliseconds for clients to come back, and for messages to arrive
my $PATIENCE = ($full ? 120_000 : 60_000) * $slow;

my $seed = $ENV{TORTURE_SEED} || time ^ $$;
srand $seed;
diag("TORTURE_SEED=$seed") if $full;


sub start_server {
    my ($zone, $queue) = @_;

    my $server = Test::Nginx::MQTT::Server->broker(
        workers => 2, timeout => 60 * $slow, zone => $zone,
        hub => "max_queued 0 $queue;", connections => 16384, log_level => 'notice');
    $server->start;

    return $server;
}


sub start_load {
    my ($server, %o) = @_;

    my $load = Test::Nginx::MQTT::Load->new('faults', host => $server->{host},
                                            tcp => $PORT{tcp}, ws => $PORT{ws}, %o);
    $load->ask(ready => $PATIENCE);

    return $load;
}


# Blocks in use as each process saw them when it ended.

sub use_of_zone {
    my ($server) = @_;
    return $server->error_log =~ /(\d+) blocks, \d+ pages in use/g;
}


# What is in use when all sessions have ended: some of it stays, as retained
# messages do.  Workers with clients look once a second for what dead processes
# left, so more than was expected gets some time.

sub base_line {
    my ($server, $load, $expected) = @_;

    my $use;

    for my $try (1 .. 20) {
        $load->ask(end => $PATIENCE);
        $load->end;

        # whoever took part in the zone says so at its end
        my $before = () = use_of_zone($server);
        $server->reload;
        $server->await('a worker to end', sub {
            my $now = () = use_of_zone($server);
            return $now > $before && $server->processes == 2;
        });

        $use = (use_of_zone($server))[-1];
        last if !defined $expected || $use == $expected;

        $load = start_load($server, subscribers => 2);
        sleep 1;
    }

    return $use;
}


# A server that has served such a load once, and what is in use then.

sub warm_server {
    my ($zone, $queue, %o) = @_;

    my $server = start_server($zone, $queue);
    my $load = start_load($server, %o);

    $load->ask('go');
    sleep 0.5;
    my $us = $o{targets} && $load->ask('measure')->{fanout_us};
    $load->ask(stop => $PATIENCE);

    return ($server, base_line($server, $load), $us);
}


sub check_messages {
    my ($load, $name) = @_;

    my ($all) = $load->try(stop => $PATIENCE);
    my $got = $load->ask('report');

    ok($all, "$name: all clients come back, all messages arrive")
        or diag(map { /:$/ ? "$_ $got->{$_}\n" : () } sort keys %$got);
    is($got->{missing}, 0, "$name: nothing is lost");
    is($got->{repeated_qos2}, 0, "$name: nothing of QoS 2 comes twice");
    is($got->{repeated_qos0}, 0, "$name: nor of QoS 0");
    is($got->{disordered}, 0, "$name: all in order");
    is($got->{forgotten}, 0, "$name: no session is lost");
    is($got->{faults} + $got->{foreign}, 0, "$name: no faults of the protocol");

    # A connection that was given up before its CONNECT was read can take the
    # session from the one that came after it.
    is("@{[ grep { /^(?:rejected|refused|reason_(?!0x8e))/ } sort keys %$got ]}", '',
       "$name: nobody is refused");
    cmp_ok($got->{received_qos2}, '>', 0, "$name: $got->{received_qos0},"
           . " $got->{received_qos1}, $got->{received_qos2} messages received");
    note(join ' ', map { "$_=$got->{$_}" } grep { !/:$/ } sort keys %$got) if $full;

    return $got;
}


sub check_end {
    my ($server, $name) = @_;

    ok($server->stop, "$name: the server ends");
    my @bad = $server->bad_lines;
    is(scalar @bad, 0, "$name: no alerts") or diag(join "\n", @bad[0 .. ($#bad < 9 ? $#bad : 9)]);
}


# ---- reloads

sub reloads {
    my ($times, %o) = @_;

    my ($server, $base) = warm_server($full ? qw(256m 32m) : qw(32m 8m), %o);
    my $load = start_load($server, %o);
    my $began = time;

    $load->ask('go');
    for my $i (1 .. $times) {
        $load->ask(move => 2);
        $server->reload;
    }

    my $name = "$times reloads in " . int(time - $began) . ' s';
    my $got = check_messages($load, $name);
    is($got->{lost}, 0, "$name: nobody is disconnected");

    is(base_line($server, $load, $base), $base, "$name: $base blocks before and after");
    check_end($server, $name);
}


# ---- kills

# "wide": how many microseconds after the beginning of a fan-out at most;
# "all": both workers at once.

sub one_kill {
    my ($server, $load, $wide, $all) = @_;

    my @workers = $server->workers;
    my @victims = $all ? @workers : $workers[rand @workers];

    push @{ $server->{allowed} }, map {
        (qr/worker process $_ exited on signal 9/,
         qr/shared memory zone ".*" was locked by $_\b/)
    } @victims;

    if ($wide) {
        $load->ask(fanout => $victims[0], int rand $wide);

    } else {
        sleep rand 0.3;
        kill KILL => @victims;
    }

    $server->await("workers in place of @victims", sub {
        my %now = map { $_ => 1 } $server->workers;
        return keys %now == 2 && !grep { $now{$_} } @victims;
    });
}


# Of N kills, every "wide"-th is in a fan-out, and every tenth of the others is
# one of both workers.

sub kills {
    my ($times, $wide, %o) = @_;

    my ($server, $base, $us) = warm_server($full ? qw(512m 64m) : qw(64m 16m), %o);
    my $load = start_load($server, %o);
    my $began = time;

    $load->ask('go');
    for my $i (1 .. $times) {
        my $in_fanout = $wide && $i % $wide == 0;
        one_kill($server, $load, $in_fanout ? 1 + $us : 0,
                 !$in_fanout && $i % 10 == 5);
        $load->ask('churn') if $i % 3 == 0;
    }

    my $name = "$times kills in " . int(time - $began) . ' s';
    my $got = check_messages($load, $name);
    is(base_line($server, $load, $base), $base, "$name: $base blocks before and after");

    my $log = $server->error_log;
    my $rebuilt = () = $log =~ /was rebuilt after a process died/g;
    my $gone = () = $log =~ /process \d+ of slot \d+ is gone/g;
    diag("$name: $got->{lost} connections lost, $rebuilt rebuilds, "
         . "$got->{resent} sent again, $got->{redelivered} delivered again"
         . ($us ? ", a fan-out takes $us us" : ''));
    check_end($server, $name);
}


my $times = $ENV{TORTURE_TIMES};

my %part = $full ? (
    reloads => sub {
        reloads($times || 200, subscribers => 250, movers => 50, rate => 60,
                all => 10, qos0 => 1);
    },
    kills => sub {
        kills($times || 400, 0, subscribers => 100, churners => 20, rate => 20,
              all => 200, busy => 10);
    },
    fanouts => sub {
        kills($times || 100, 1, subscribers => 10, targets => 10_000, rate => 50);
    },
) : (
    reloads => sub {
        reloads(10, subscribers => 20, movers => 8, rate => 50, all => 50,
                qos0 => 1);
    },
    kills => sub {
        kills(20, 2, subscribers => 10, churners => 4, targets => 300,
              rate => 20, all => 200, busy => 3);
    },
);

$part{$_}->() for split ' ', $ENV{TORTURE_PARTS} || join ' ', sort keys %part;

done_testing();
