# Many connections with one client id at once, on all workers: one of them has
# the session in the end, with all that was in it; all others are told, and
# closed.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Server;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();

my $COUNT = 24;          # connections of a storm
my $MESSAGES = 40;
my $slow = $ENV{TEST_NGINX_SLOW} || 1;
my $server;


sub client {
    my ($name, $n) = @_;

    my $c = $server->client(name => $name, transport => $n % 4 < 2 ? 'tcp' : 'ws',
                            version => $n % 3 ? 5 : 4);
    $server->open_on($c, $n);

    return $c;
}


sub connect_as {
    my ($c, $id, $clean) = @_;

    $c->send_packet(type => 'CONNECT', id => $id, keepalive => 60, clean => $clean,
                    props => [ ['session_expiry', 600] ]);
}


# Takes what has come for a client: what it got, until its connection ended.

sub take {
    my ($c) = @_;

    $c->fill if !$c->{ended};

    while (my $e = shift @{ $c->{events} }) {
        next if $e->{kind} =~ /^(?:ws|http)$/;
        die "$c->{name} got $e->{text}\n" if $e->{kind} eq 'garbage';

        if ($e->{kind} eq 'close') {
            die "$c->{name} was not told\n"
                if $c->{version} == 5 && $c->{got}{CONNACK} && !$c->{got}{DISCONNECT};
            $c->{gone} = 1;
            next;
        }

        my $p = $e->{packet};
        die "$c->{name} got a reason of $p->{reason}\n"
            if $p->{reason} && !($p->{type} eq 'DISCONNECT' && $p->{reason} == 0x8e);
        push @{ $c->{got}{ $p->{type} } }, $p;
    }
}


sub await {
    my ($what, $done, @clients) = @_;

    my $end = time + 10 * $slow;

    while (1) {
        take($_) for @clients;
        return if $done->();
        die "waited in vain for $what\n" if time > $end;
        select undef, undef, undef, 0.002;
    }
}


sub await_packet {
    my ($c, $type, $count) = @_;

    await("$type for $c->{name}",
          sub { @{ $c->{got}{$type} || [] } >= ($count || 1) }, $c);
}


# A session with messages of QoS 1 and 2, and then the storm; who has it in the
# end.

sub storm {
    my ($round, $clean) = @_;

    my $owner = client("owner$round", $round);
    connect_as($owner, "x$round");
    await_packet($owner, 'CONNACK');
    $owner->send_packet(type => 'SUBSCRIBE', id => 1,
                        filters => [ { filter => "t/$round", qos => 2 } ]);
    await_packet($owner, 'SUBACK');

    for my $n (1 .. $MESSAGES) {
        $owner->send_packet(type => 'PUBLISH', topic => "t/$round", id => $n,
                            qos => 1 + $n % 2, payload => $n);
    }
    await_packet($owner, 'PUBLISH', $MESSAGES);

    my @clients = map { client("c$round.$_", $_) } 1 .. $COUNT;
    connect_as($_, "x$round", $clean && $_->{name} =~ /[05]$/) for @clients;
    push @clients, $owner;

    await('an answer to all', sub {
        !grep { !$_->{gone} && !$_->{got}{CONNACK} } @clients;
    }, @clients);
    await('all but one to leave', sub { 1 >= grep { !$_->{gone} } @clients }, @clients);

    my ($winner) = grep { !$_->{gone} } @clients or die "nobody has the session\n";
    $_->close for grep { $_ != $winner } @clients;

    return $winner;
}


for my $workers (1, 2) {
    $server = Test::Nginx::MQTT::Server->broker(workers => $workers);
    $server->start;

    for my $round (1 .. 4) {
        my $ok = eval {
            my $winner = storm($round);
            await_packet($winner, 'PUBLISH', $MESSAGES);
            my $got = join ' ', map { $_->{payload} } @{ $winner->{got}{PUBLISH} };
            my $sp = $winner->{got}{CONNACK}[0]{sp};
            is("sp=$sp $got", join(' ', 'sp=1', 1 .. $MESSAGES),
               "$workers workers, storm $round: the session is whole");
        };
        fail("storm $round: $@") if !$ok;
    }

    for my $round (5 .. 8) {
        my $ok = eval {
            my $winner = storm($round, 1);
            $winner->send_packet(type => 'SUBSCRIBE', id => 9,
                                 filters => [ { filter => "u/$round" } ]);
            await_packet($winner, 'SUBACK');
            $winner->send_packet(type => 'PUBLISH', topic => "u/$round", payload => 'live');
            $winner->send_packet(type => 'PINGREQ');
            await_packet($winner, 'PINGRESP');
            is(scalar(grep { $_->{payload} eq 'live' } @{ $winner->{got}{PUBLISH} }), 1,
               "$workers workers, storm $round with clean starts: it works");
        };
        fail("storm $round: $@") if !$ok;
    }

    is(join("\n", $server->ended), '', 'it exits, nothing bad in the log');
}

done_testing();
