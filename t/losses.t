# Publishers and subscribers of QoS 2 that lose their connections at random, and
# come back, or take themselves over, over another transport, with another
# version and window, on whatever worker, between reloads and killed workers:
# each message comes exactly once, in its order.
#
# TEST_LOSSES_SEED, one number or several, says which courses it takes.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Server;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();

my $COUNT = 120;         # messages of each publisher
my $PEERS = 3;           # publishers, and subscribers
my $UNANSWERED = 8;      # messages of a publisher on their way

my $slow = $ENV{TEST_NGINX_SLOW} || 1;
my @seeds = $ENV{TEST_LOSSES_SEED} ? split(" ", $ENV{TEST_LOSSES_SEED}) : (1 .. 4);
my ($server, $end);

plan tests => scalar @seeds;


# ---- a client with its session

{
    package Peer;

    sub new {
        my ($class, $name) = @_;

        my $self = bless { name => $name, id => 0, sent => {}, held => {},
                           last => {}, got => 0 }, $class;
        $self->connect;
        return $self;
    }

    sub send {
        my ($self, %p) = @_;
        my $c = $self->{client};
        return if !$c->{socket};
        $c->send_packet(props => [], %p);
    }

    # A new connection, of any kind; the old one, if it is still there, is
    # taken over.

    sub connect {
        my ($self) = @_;

        while (1) {
            die "$self->{name} cannot come back\n" if main::time() > $end;

            my $transport = rand() < 0.5 ? 'tcp' : 'ws';
            my $version = rand() < 0.3 ? 4 : 5;
            my $c = $server->client(name => $self->{name}, transport => $transport,
                                    version => $version);
            $c->{receive_max} = $version == 5 ? 1 + int rand 9 : undef;

            next if !eval { $c->open(timeout => 5); 1 };

            my $old = $self->{client};
            $self->{client} = $c;
            $self->{waiting} = 1;
            $self->send(type => 'CONNECT', id => $self->{name}, keepalive => 60,
                        props => $version == 4 ? []
                                 : [ ['session_expiry', 600],
                                     ['receive_max', $c->{receive_max}] ]);

            my $e;
            do { $e = $c->next_event(5) } while $e && $e->{kind} =~ /^(?:ws|http)$/;
            $old->close if $old;
            next if !$e || $e->{kind} ne 'packet';

            my $p = $e->{packet};
            die "$self->{name} got $p->{type}, and no CONNACK\n" if $p->{type} ne 'CONNACK';
            die "$self->{name} was refused: $p->{reason}\n" if $p->{reason};
            die "$self->{name} has lost its session\n" if !$p->{sp} && $old;
            last;
        }

        # in the order in which it was sent

        for my $id (sort { $self->{sent}{$a}{n} <=> $self->{sent}{$b}{n} }
                         keys %{ $self->{sent} })
        {
            my $m = $self->{sent}{$id};
            if ($m->{released}) { $self->send(type => 'PUBREL', id => $id) }
            else { $self->send(%{ $m->{packet} }, dup => 1) }
        }
    }

    sub publish {
        my ($self, $n) = @_;

        my $id = $self->{id} = $self->{id} % 20 + 1;
        return 0 if $self->{sent}{$id} || keys %{ $self->{sent} } >= $UNANSWERED;

        my $packet = { type => 'PUBLISH', topic => "t/$self->{name}", qos => 2,
                       id => $id, payload => "$self->{name} $n" };
        $self->{sent}{$id} = { n => $n, packet => $packet };
        $self->send(%$packet);
        return 1;
    }

    # Takes what has come; a connection that has ended is made again.

    sub step {
        my ($self) = @_;

        my $c = $self->{client};
        $c->fill if $c->{socket} && !$c->{ended};

        while (my $e = shift @{ $c->{events} }) {
            next if $e->{kind} =~ /^(?:ws|http)$/;

            # a killed worker may have sent a part of a packet
            my $cut = $e->{kind} eq 'garbage' && $e->{text} =~ /^connection ended/;
            die "$self->{name} got $e->{text}\n" if $e->{kind} eq 'garbage' && !$cut;
            return $self->connect if $cut || $e->{kind} eq 'close';
            $self->take($e->{packet});
        }
    }

    sub take {
        my ($self, $p) = @_;

        my ($type, $id) = @$p{qw(type id)};
        my $reason = $p->{reason} || 0;

        if ($type eq 'PUBLISH') {
            $self->count($p) if !$self->{held}{$id}++;
            $self->send(type => 'PUBREC', id => $id);

        } elsif ($type eq 'PUBREL') {
            delete $self->{held}{$id};
            my $answer = { type => 'PUBCOMP', id => $id };
            $self->{client}->settle($answer);
            $self->send(%$answer);

        } elsif ($type eq 'PUBREC') {
            die "$self->{name} got PUBREC with $reason\n" if $reason >= 0x80;
            my $m = $self->{sent}{$id} or die "$self->{name} got another PUBREC\n";
            $m->{released} = 1;
            $self->send(type => 'PUBREL', id => $id);

        } elsif ($type eq 'PUBCOMP') {
            delete $self->{sent}{$id};

        } elsif ($type ne 'SUBACK') {
            die "$self->{name} got $type\n";
        }
    }

    sub count {
        my ($self, $p) = @_;

        my ($from, $n) = $p->{payload} =~ /^(\S+) (\d+)$/;
        my $last = $self->{last}{$from} || 0;
        die "$self->{name} got $n of $from after $last\n" if $n != $last + 1;
        $self->{last}{$from} = $n;
        $self->{got}++;
    }
}


# ---- what happens

sub lose {
    my ($peer) = @_;

    my $c = $peer->{client};
    my $how = rand;
    return if !$c->{socket};

    if ($how < 0.3) { $c->reset }
    elsif ($how < 0.6) { $c->close }
    elsif ($how < 0.7) { $c->close_and_wait(5) }

    # or it stays, and is taken over
    $peer->connect;
}


sub disturb {
    my ($which) = @_;

    return $server->reload if $which == 0;

    my @workers = $server->workers;
    $server->kill_worker($workers[rand @workers]);
}


sub play {
    my ($seed) = @_;

    srand $seed;
    my @pubs = map { Peer->new("p$_") } 1 .. $PEERS;
    my @subs = map { Peer->new("s$_") } 1 .. $PEERS;
    my @next = (1) x @pubs;

    for my $s (@subs) {
        $s->send(type => 'SUBSCRIBE', id => 1,
                 filters => [ { filter => 't/+', qos => 2 } ]);
        my $e = $s->{client}->next_event(5);
        die "no SUBACK\n" if !$e || $e->{kind} ne 'packet' || $e->{packet}{type} ne 'SUBACK';
    }

    my @disturbances = (0, 1, 1, 0, 1);
    my $round = 0;

    while (grep { $_ <= $COUNT } @next) {
        for my $i (0 .. $#pubs) {
            $next[$i]++ if $next[$i] <= $COUNT && $pubs[$i]->publish($next[$i]);
        }

        $_->step for @pubs, @subs;
        lose((@pubs, @subs)[rand 2 * $PEERS]) if rand() < 0.15;
        disturb(shift @disturbances) if @disturbances && ++$round % 25 == 0;
        die "it takes too long\n" if time > $end;
    }

    while (grep({ %{ $_->{sent} } } @pubs) || grep { $_->{got} < @pubs * $COUNT } @subs) {
        $_->step for @pubs, @subs;
        die "messages are missing: @{[ map { $_->{got} } @subs ]}\n" if time > $end;
        select undef, undef, undef, 0.002;
    }
}


for my $seed (@seeds) {
    $server = Test::Nginx::MQTT::Server->broker(workers => 2);
    $server->start;
    $end = time + 30 * $slow;

    my @faults = eval { play($seed); () };
    push @faults, $@ if $@;
    push @faults, $server->ended;
    ok(!@faults, "course $seed") or diag(join "\n", @faults);
}
