#!/usr/bin/perl

# Very many filters, retained messages and sessions.  Numbers are small unless
# TORTURE=full, which also holds the longest lock hold and the longest stretch
# of an event loop to their bounds.

use strict;
use warnings;

use Test::More;

use Test::Nginx::MQTT::Torture;

*scale = \&Test::Nginx::MQTT::Torture::scale;


# us; a process that was preempted measures too much, so the best of some counts,
# and in full there is one worker: two would share a processor

my $LOCK_MAX = 1000;
my $LOOP_MAX = 20000;
my $TRIES = 3;

my @scenarios = (
    { name => 'filters of a client', mode => 'filters',
      server => { zone => scale('256m', '32m') },
      load => { n => scale(100000, 10000) } },

    { name => 'retained messages for a slow reader', mode => 'retained',
      server => { zone => scale('1024m', '64m'), hub => 'max_queued 0 16m;' },
      load => { n => scale(1000000, 20000), rate => scale(50000, 10000),
                replaced => 0 } },

    { name => 'retained messages, replaced meanwhile', mode => 'retained',
      server => { zone => scale('1024m', '64m'), hub => 'max_queued 0 16m;',
                  workers => scale(1, 2) },
      load => { n => scale(1000000, 20000), rate => scale(50000, 10000),
                replaced => scale(100000, 2000) } },

    { name => 'one publisher to all', mode => 'fanout',
      server => { zone => scale('1024m', '64m'), workers => scale(1, 2),
                  connections => scale(19500, 4096) },
      load => { connected => scale(18000, 500), offline => scale(50000, 1000),
                messages => scale(20, 10), resumed => scale(5000, 200) } },
);

plan skip_all => 'no stream module'
    if !Test::Nginx::MQTT::Server::has_stream();
plan tests => scalar @scenarios;

for my $s (@scenarios) {
    my @problems = scenario($s);
    ok(!@problems, $s->{name}) or diag(join "\n", @problems);
}


sub scenario {
    my ($s) = @_;

    my (@problems, $lock, $loop);

    for my $try (1 .. $TRIES) {
        @problems = once($s, \$lock, \$loop);
        last if @problems || !Test::Nginx::MQTT::Torture::full()
                || ($lock < $LOCK_MAX && $loop < $LOOP_MAX);
    }

    return @problems if @problems || !Test::Nginx::MQTT::Torture::full();

    push @problems, "the lock was held for $lock us" if $lock >= $LOCK_MAX;
    push @problems, "the event loop was held up for $loop us"
        if $loop >= $LOOP_MAX;

    return @problems;
}


sub once {
    my ($s, $lock, $loop) = @_;

    my $server = Test::Nginx::MQTT::Torture->start_server(%{ $s->{server} });
    my $load = $server->launch('scale', $s->{mode}, %{ $s->{load} });
    my $memory = $server->watch($load);
    my $f = $server->finish($load);
    my @problems = (@{ delete $f->{FAULT} || [] }, $server->ended);

    my ($held, $stretch) = $server->longest;
    $$lock = $held if !defined $$lock || $held < $$lock;
    $$loop = $stretch if !defined $$loop || $stretch < $$loop;

    Test::Nginx::MQTT::Torture::table(
        "$s->{name}: " . join(' ', map { "$_=$s->{load}{$_}" }
                                       sort keys %{ $s->{load} }),
        (map { $_ => $f->{$_} } sort keys %$f),
        'workers\' own memory, kB' => $memory,
        'lock held at most, us' => $held,
        'event loop at most, us' => $stretch);

    return @problems;
}
