#!/usr/bin/perl

# Clients that behave beside clients that do not: the first are served all the
# time, memory stays within bounds, refusals have the right codes, and when it
# is over everything is as before.  Numbers are small unless TORTURE=full,
# which also holds the latency of those who behave to its bound.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Test::Nginx::MQTT::Torture;

*scale = \&Test::Nginx::MQTT::Torture::scale;
*full = \&Test::Nginx::MQTT::Torture::full;


my $P99_MAX = 50000;            # us
my $KEPT_MAX = 16384;           # kB that a worker may keep for later use
my $ROOM_LOST = 0.02;           # of the zone, in pages begun

my $seconds = scale(20, 1);

# abuse    what runs at the same time: mode and options of t/torture/overload.c
# kB       private memory for each of these clients
# full     the zone is full meanwhile: good clients may be told so by 0x97, and
#          all speak 5.0, since 3.1.1 can only be told by closing
# late     good clients connect when the abuse has begun
# expect   looks at the server and the figures of all abuse, returns what is
#          wrong

my @scenarios = (
    { name => 'nothing but good clients',
      abuse => [] },

    { name => 'subscribers that never read',
      server => { zone => scale('256m', '16m'), log_level => 'info' },
      abuse => [['never', n => scale(1000, 50), rate => scale(1000, 500),
                 seconds => scale(75, 1)]],
      kB => 64,
      expect => \&blocked_are_closed },

    { name => 'requests without an end, whose answers nobody reads',
      abuse => [['pings', n => scale(500, 10), seconds => scale(20, 3)]],
      kB => 128,
      expect => \&pings_are_not_read },

    { name => 'a byte a second',
      server => { connections => 8192 },
      abuse => [['connect-drip', n => scale(2000, 50), seconds => scale(45, 1)],
                ['publish-drip', n => scale(2000, 50), seconds => scale(45, 1)],
                ['ws-drip', n => scale(2000, 50), seconds => scale(45, 1)]],
      kB => 16,
      expect => sub { return (ended_in_time(@_[0, 1]), all_open(@_[0, 2, 3])) } },

    { name => 'half-open: nothing, half a CONNECT, WebSocket without CONNECT',
      server => { connections => scale(19500, 1024) },
      abuse => [['silent', n => scale(5000, 200), seconds => scale(45, 1)],
                ['half', n => scale(5000, 200), seconds => scale(45, 1)],
                ['upgraded', n => scale(5000, 200), seconds => scale(45, 1)]],
      kB => 24,
      expect => \&ended_in_time },

    { name => 'more half-open connections than worker_connections',
      server => { connections => 512 },
      abuse => [['silent', n => scale(5000, 1000), seconds => $seconds],
                ['upgraded', n => scale(5000, 1000), seconds => $seconds]],
      kB => 24,
      late => 1,
      expect => \&half_open_give_way },

    { name => 'more clients than worker_connections',
      server => { connections => 512 },
      abuse => [['never', n => 1000, rate => 0, seconds => $seconds,
                 again => 100]],
      kB => 24,
      expect => \&no_room_is_told },

    { name => 'a connect storm',
      server => { connections => 4096 },
      abuse => [['storm', n => scale(500, 100), seconds => $seconds]],
      kB => 64,
      expect => \&storm_is_served },

    { name => 'a connect storm that makes sessions',
      server => { zone => scale('32m', '4m'), connections => 4096 },
      abuse => [['storm', n => scale(500, 100), seconds => $seconds,
                 unique => 1, expiry => 3]],
      kB => 64, full => 1,
      expect => \&storm_is_refused },

    { name => 'publishers faster than subscribers',
      abuse => [['flood', n => 4, subscribers => 4, qos => 0,
                 seconds => $seconds],
                ['flood', n => 4, subscribers => 4, qos => 1,
                 seconds => $seconds]],
      kB => 1024,
      expect => \&flood_is_served },

    { name => 'a full zone',
      server => { zone => scale('16m', '8m') },
      abuse => [['fill', seconds => $seconds]],
      kB => 64, full => 1,
      expect => \&full_is_told },

    { name => 'all of these, and a full zone',
      server => { zone => scale('32m', '8m'),
                  connections => scale(16384, 2048),
                  workers => 2 },
      abuse => [['never', n => scale(500, 20), rate => 500,
                 seconds => $seconds],
                ['pings', n => scale(100, 10), seconds => $seconds],
                ['connect-drip', n => scale(500, 20), seconds => $seconds],
                ['publish-drip', n => scale(500, 20), seconds => $seconds],
                ['silent', n => scale(2500, 100), seconds => $seconds],
                ['upgraded', n => scale(2500, 100), seconds => $seconds],
                ['storm', n => scale(100, 20), seconds => $seconds],
                ['flood', n => 2, subscribers => 2, qos => 0,
                 seconds => $seconds],
                ['fill', n => 40, seconds => $seconds]],
      kB => 64, full => 1,
      expect => sub { return () } },
);

plan skip_all => 'no stream module'
    if !Test::Nginx::MQTT::Server::has_stream();

my $only = $ENV{TEST_NGINX_CASE} || '';
@scenarios = grep { $_->{name} =~ /$only/ } @scenarios;
plan tests => scalar @scenarios;

for my $s (@scenarios) {
    my @problems = eval { scenario($s) };
    push @problems, $@ if $@;
    ok(!@problems, $s->{name}) or diag(join "\n", @problems);
}


sub scenario {
    my ($s) = @_;

    my $server = Test::Nginx::MQTT::Torture->start_server(%{ $s->{server} || {} });
    my $room = room($server);
    my $before = $server->memory;

    my $good = $s->{late} ? undef : good($server, $s);
    my @abuse = abuse($server, $s);
    sleep 1 if $s->{late};
    $good = good($server, $s) if $s->{late};

    sleep $seconds if !@abuse;
    my $most = $server->watch(@abuse);
    my @figures = map { $server->finish($_) } @abuse;

    print { $good->{to} } "report\n";
    my $during = Test::Nginx::MQTT::Torture::figures($good);
    my $last = $server->finish(stop($good));

    my ($left, $after) = recovered($server, $s, $room, $before, $most);
    my @problems = $server->ended(qr/worker_connections are not enough/);
    my ($lock, $loop) = $server->longest;

    report($s, $during, \@figures, memory => "$before, $most, $after kB",
           room => "$room, $left messages",
           longest => "lock $lock us, event loop $loop us");

    return (@problems, served($s, $during, $last),
            within($s, $before, $most, $after, $room, $left),
            $s->{expect} ? $s->{expect}->($server, @figures) : (),
            map { @{ $_->{FAULT} || [] } } @figures);
}


# ---- the parts of it

sub good {
    my ($server, $s) = @_;

    my $good = $server->launch('overload', 'good', n => scale(50, 10), rate => 10,
                               version => $s->{full} ? 5 : 0, nice => -10);
    my $from = $good->{from};
    my $line = <$from>;
    die "good clients were not served\n" if !defined $line || $line ne "ready\n";

    return $good;
}


sub stop {
    my ($good) = @_;
    print { $good->{to} } "stop\n";
    return $good;
}


sub room {
    my ($server) = @_;

    my $f = $server->run('overload', 'probe');
    die "the room in the zone is unknown\n" if !$f->{capacity};
    return $f->{capacity};
}


sub abuse {
    my ($server, $s) = @_;
    return map { $server->launch('overload', @$_, nice => 10) } @{ $s->{abuse} };
}


# Sessions may have to expire, and connections to be closed.  The C library
# may keep what it once had; then that has to do for the same once more.

sub recovered {
    my ($server, $s, $room, $before, $most) = @_;

    my $left;
    for (1 .. 20) {
        $left = room($server);
        last if $left >= $room * (1 - $ROOM_LOST);
        sleep 0.5;
    }

    my $after = $server->memory;
    return ($left, $after) if $ENV{TEST_NGINX_KEEPS_MEMORY}
        || $after <= $before + $KEPT_MAX * $server->{workers};

    $server->finish($_) for abuse($server, $s);
    my $again = $server->memory;

    return ($left, $again > $most * 1.1 ? $again : $before);
}


sub served {
    my ($s, $during, $last) = @_;

    my @problems = map { @{ $_->{FAULT} || [] } } $during, $last;
    my $lost = $during->{lost} + $last->{lost};
    my $faults = $during->{faults} + $last->{faults};

    push @problems, "good clients were disconnected $lost times" if $lost;
    push @problems, "good clients saw $faults faults" if $faults;
    push @problems, "good clients received nothing"
        if !$s->{full} && !$during->{received_qos1};
    push @problems, "good clients miss $last->{missing} messages"
        if $last->{missing} && !$s->{full};

    for my $code (map { /^rejected_(.*)/ } keys %$during) {
        push @problems, "good clients were refused with $code"
            if !$s->{full} || $code ne '0x97';
    }

    return @problems if !full();

    for my $what (qw(delivery ack)) {
        my $p99 = $during->{"${what}_p99_us"};
        push @problems, "p99 of ${what} is $p99 us" if $p99 >= $P99_MAX;
    }

    return @problems;
}


sub within {
    my ($s, $before, $most, $after, $room, $left) = @_;

    my $clients = 0;
    for (@{ $s->{abuse} }) {
        my (undef, %o) = @$_;
        $clients += $o{n} || 0;
    }

    my $workers = $s->{server}{workers} || 1;
    my $ceiling = $before + $KEPT_MAX * $workers + $clients * ($s->{kB} || 0);
    my @problems;

    if (!$ENV{TEST_NGINX_KEEPS_MEMORY}) {
        push @problems, "memory went up to $most kB, more than $ceiling"
            if $most > $ceiling;
        push @problems, "memory stays, and grows to $after kB"
            if $after > $before + $KEPT_MAX * $workers;
    }

    push @problems, "the zone had room for $room messages, and now for $left"
        if $left < $room * (1 - $ROOM_LOST);

    return @problems;
}


sub report {
    my ($s, $during, $figures, @more) = @_;

    my @rows = map { ("good: $_" => $during->{$_}) }
                   grep { /^(?:delivery|ack)_|^received|^lost|^missing|^rejected/ }
                   sort keys %$during;

    for my $i (0 .. $#{ $s->{abuse} }) {
        my ($mode) = @{ $s->{abuse}[$i] };
        my $f = $figures->[$i];
        push @rows, map { ("$mode: $_" => $f->{$_}) }
                        grep { $f->{$_} && !/bytes|_us$|faults|ready|pending|FAULT/ }
                        sort keys %$f;
    }

    Test::Nginx::MQTT::Torture::table($s->{name}, @rows, @more);
}


# ---- what happened to those who do not behave

sub wrong {
    my ($ok, $what, $f) = @_;
    return $ok ? () : $what . ': ' . join ', ', map { "$_ $f->{$_}" } sort keys %$f;
}


# 60 seconds without progress are allowed; those of QoS 1 have a window, which
# may be full before their socket is.

sub blocked_are_closed {
    my ($server, $f) = @_;

    my $closed = () = $server->error_log =~ /it does not take its output/g;
    return wrong(!full() || 2 * $closed >= $f->{connected} - 3,
                 "$closed blocked clients were closed", $f);
}


# What was taken of each is what the kernel holds, and 64 KiB of answers.

sub pings_are_not_read {
    my (undef, $f) = @_;
    return wrong($f->{full() ? 'blocked' : 'open'} == $f->{opened},
                 'clients are read on', $f);
}


# 30 seconds for CONNECT

sub ended_in_time {
    my (undef, @figures) = @_;
    return map { wrong($_->{ended} == (full() ? $_->{opened} : 0),
                       'half-open clients', $_) } @figures;
}


sub all_open {
    my (undef, @figures) = @_;
    return map { wrong($_->{open} == $_->{opened}, 'slow clients were closed',
                       $_) } @figures;
}


sub half_open_give_way {
    my (undef, @figures) = @_;
    return map { wrong($_->{ended} > 0, 'no room was made', $_) } @figures;
}


# Over WebSocket it is 503, which is not counted.

sub no_room_is_told {
    my (undef, $f) = @_;
    return wrong($f->{refused_0x89} && $f->{connected} > 350
                 && $f->{connected} < 512, 'clients were not told', $f);
}


sub storm_is_served {
    my (undef, $f) = @_;
    return wrong($f->{connected} > 100 && !grep { /^refused/ } keys %$f,
                 'clients were not served', $f);
}


sub storm_is_refused {
    my (undef, $f) = @_;
    return wrong($f->{connected} > 100 && !grep { /^refused_(?!0x97)/ } keys %$f,
                 'clients were not served', $f);
}


sub flood_is_served {
    my (undef, @figures) = @_;
    return map { wrong(!$_->{lost}
                       && $_->{received_qos0} + $_->{received_qos1} > 100,
                       'publishers were not served', $_) } @figures;
}


sub full_is_told {
    my (undef, $f) = @_;
    return wrong(!$f->{lost} && $f->{rejected_0x97}
                 && !grep { /^rejected_(?!0x97)/ } keys %$f,
                 'publishers were not told', $f);
}
