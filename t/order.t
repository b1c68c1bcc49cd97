# Order under load: every subscriber gets the messages of each publisher and
# topic in the order in which they were sent, none missing and none twice,
# whatever worker it is on, and if it comes back in the middle of it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Server;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan tests => 2;

my $COUNT = 300;         # messages of each publisher
my $slow = $ENV{TEST_NGINX_SLOW} || 1;

my ($server, $end);


# A client on the n-th worker, in turn.

sub open_client {
    my ($c) = @_;

    $server->open_on($c, $c->{turn}++);

    my @props = $c->{version} == 5
                ? (props => [ ['session_expiry', 600], ['receive_max', $c->{window}] ])
                : ();
    $c->send_packet(type => 'CONNECT', id => $c->{name}, keepalive => 60, @props);
    hear($c, 'CONNACK');
}


sub client {
    my ($name, $turn, $transport, $version, $window) = @_;

    my $c = $server->client(name => $name, transport => $transport,
                            version => $version, turn => $turn,
                            window => $window || 100);
    open_client($c);
    return $c;
}


# The next packet; a client without one in time has lost something.

sub next_packet {
    my ($c) = @_;

    my $left = $end - time;
    my $e = $left > 0 ? $c->next_event($left) : undef;
    die "$c->{name} has waited in vain\n" if !$e;
    die "$c->{name} got " . Test::Nginx::MQTT::Client::describe_event($e) . "\n"
        if $e->{kind} ne 'packet';
    return $e->{packet};
}


sub hear {
    my ($c, $type) = @_;

    my $p = next_packet($c);
    die "$c->{name} got $p->{type} instead of $type\n" if $p->{type} ne $type;
}


# A subscriber takes one packet.  A message of QoS 1 or 2 can come again with
# DUP after a reconnect, never behind a later one.

sub take {
    my ($s) = @_;

    my $p = next_packet($s);

    if ($p->{type} eq 'PUBREL') {
        delete $s->{taken}{ $p->{id} };
        return $s->send_packet(type => 'PUBCOMP', id => $p->{id});
    }

    die "$s->{name} got $p->{type}\n" if $p->{type} ne 'PUBLISH';

    my ($flow, $n) = $p->{payload} =~ /^(\S+) (\d+)$/;
    my $again = $p->{dup} && ($p->{qos} == 1 ? $n == $s->{seen}{$flow}
                                             : $s->{taken}{ $p->{id} });

    if (!$again) {
        die "$s->{name} got $n of $flow after $s->{seen}{$flow}\n"
            if $n != $s->{seen}{$flow} + 1;
        $s->{seen}{$flow} = $n;
        $s->{left}--;
    }

    return if !$p->{qos};
    $s->{taken}{ $p->{id} } = 1 if $p->{qos} == 2;
    $s->send_packet(type => $p->{qos} == 1 ? 'PUBACK' : 'PUBREC', id => $p->{id});
}


# What publishers got is thrown away: they keep within their window by
# waiting for an answer for each message of QoS 1 and 2 some way behind.

sub publish {
    my ($p, $n) = @_;

    for my $qos (0 .. 2) {
        $p->send_packet(type => 'PUBLISH', topic => "t/$qos/$p->{name}",
                        payload => "$qos/$p->{name} $n", qos => $qos,
                        $qos ? (id => $n * 2 + $qos) : ());
        $p->{unanswered}++ if $qos;
    }

    answers($p, 40);
}


sub answers {
    my ($p, $most) = @_;

    while ($p->{unanswered} > $most) {
        my $got = next_packet($p);
        $p->{unanswered}-- if $got->{type} =~ /^(?:PUBACK|PUBCOMP)$/;
        $p->send_packet(type => 'PUBREL', id => $got->{id}) if $got->{type} eq 'PUBREC';
    }
}


sub play {
    my ($workers) = @_;

    $server = Test::Nginx::MQTT::Server->broker(
        workers => $workers, zone => '32m',
        hub => 'max_queued 0 8m; receive_maximum 100;');
    $server->start;
    $end = time + 30 * $slow;

    my @pubs = map { client("p$_", $_, $_ % 2 ? 'tcp' : 'ws', $_ < 2 ? 4 : 5) } 0 .. 3;
    my @subs = map { client("s$_", $_ / 2, $_ % 2 ? 'ws' : 'tcp', $_ % 3 ? 5 : 4,
                            $_ == 1 ? 1 : 100) } 0 .. 4;

    for my $s (@subs) {
        $s->send_packet(
            type => 'SUBSCRIBE', id => 1,
            filters => [ { filter => 't/1/+', qos => 1 }, { filter => 't/2/#', qos => 2 },
                         $s->{name} eq 's4' ? () : { filter => 't/0/#' } ]);
        hear($s, 'SUBACK');
        $s->{left} = @pubs * $COUNT * ($s->{name} eq 's4' ? 2 : 3);
        for my $p (@pubs) {
            $s->{seen}{"$_/$p->{name}"} = 0 for 0 .. 2;
        }
    }

    # s4 comes back ten times, to another worker, and has no QoS 0 to lose

    for my $n (1 .. $COUNT) {
        publish($_, $n) for @pubs;

        for my $s (@subs) {
            take($s) while $s->{left} && has_event($s);
        }

        next if $n % ($COUNT / 10);
        $subs[4]->close_and_wait(5);
        open_client($subs[4]);
    }

    answers($_, 0) for @pubs;
    for my $s (@subs) {
        take($s) while $s->{left};
    }
}


sub has_event {
    my ($c) = @_;

    $c->fill;
    return @{ $c->{events} } > 0;
}


for my $workers (1, 2) {
    my @faults = eval { play($workers); () };
    push @faults, $@ if $@;
    push @faults, $server->ended;
    ok(!@faults, "$workers worker" . ($workers > 1 ? 's' : '')) or diag(join "\n", @faults);
}
