# A worker that dies at its k-th store into the zone, for a range of k: clients
# that behave as the standard tells them to lose nothing and see no QoS 2
# message twice.  The zone's checker runs after each rebuild: what it finds is
# an alert in the error log.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Client;
use Test::Nginx::MQTT::Packet qw(encode);
use Test::Nginx::MQTT::Server;

plan skip_all => 'no server with kill points' if !$ENV{TEST_NGINX_KILL_BINARY};
plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();

my $count = $ENV{TEST_KILLS} || 400;
my $slow = $ENV{TEST_NGINX_SLOW} || 1;
my $load = join '', map { "load_module $_;\n" }
           split ' ', $ENV{TEST_NGINX_KILL_MODULES} // '';


# A client that comes back to its session until the time is over.

{
    package Peer;

    sub new {
        my ($class, $server, $name, %o) = @_;

        my $client = Test::Nginx::MQTT::Client->new(
            name => $name, transport => 'tcp', version => 5,
            host => $server->{host}, port => $Test::Nginx::MQTT::Server::PORT{tcp});

        my $self = bless { client => $client, name => $name, id => 0, got => {},
                           held => {}, end => time + 20 * $slow, %o }, $class;
        $self->connect;
        return $self;
    }

    sub send {
        my ($self, %p) = @_;
        return eval { $self->{client}->send(main::encode({ version => 5, %p })); 1 };
    }

    sub connect {
        my ($self) = @_;

        while (1) {
            die "$self->{name} cannot come back\n" if time > $self->{end};
            next if !eval { $self->{client}->open; 1 };
            next if !$self->send(type => 'CONNECT', id => $self->{name},
                                 will => $self->{will},
                                 props => [ ['session_expiry', 3600] ]);
            my $e = $self->{client}->next_event(2);
            last if $e && $e->{kind} eq 'packet' && $e->{packet}{type} eq 'CONNACK'
                    && $e->{packet}{reason} == 0;
        }
    }

    # One event: deliveries are answered, a lost connection is made again.

    sub step {
        my ($self) = @_;

        die "$self->{name} waits in vain\n" if time > $self->{end};
        my $e = $self->{client}->next_event(0.5);
        if (!$e) {
            $self->connect if $self->{client}{ended};
            return undef;
        }

        # a killed worker may have sent a part of a packet
        my $cut = $e->{kind} eq 'garbage' && $e->{text} =~ /^connection ended/;

        die "$self->{name} got $e->{text}\n" if $e->{kind} eq 'garbage' && !$cut;
        if ($cut || $e->{kind} eq 'close' || $e->{packet}{type} eq 'DISCONNECT') {
            $self->connect;
            return 'again';
        }

        my $p = $e->{packet};
        if ($p->{type} eq 'PUBLISH') {
            $self->{got}{ $p->{payload} }++ if $p->{qos} != 2 || !$self->{held}{ $p->{id} }++;
            $self->send(type => $p->{qos} == 2 ? 'PUBREC' : 'PUBACK', id => $p->{id})
                if $p->{qos};

        } elsif ($p->{type} eq 'PUBREL') {
            delete $self->{held}{ $p->{id} };
            $self->send(type => 'PUBCOMP', id => $p->{id});
        }

        return $p;
    }

    # Sends a packet, again after each reconnect, until it is answered.

    sub ask {
        my ($self, $answer, %p) = @_;

        for (my $dup = 0; ; $dup = $p{type} eq 'PUBLISH') {
            $self->send(%p, dup => $dup);
            while (1) {
                my $got = $self->step;
                return $got if ref $got && $got->{type} eq $answer && $got->{id} == $p{id};
                last if $got && !ref $got;
            }
        }
    }

    sub subscribe {
        my ($self, $filter) = @_;
        $self->ask('SUBACK', type => 'SUBSCRIBE', id => ++$self->{id},
                   filters => [ { filter => $filter, qos => 2 } ]);
    }

    sub unsubscribe {
        my ($self, $filter) = @_;
        $self->ask('UNSUBACK', type => 'UNSUBSCRIBE', id => ++$self->{id},
                   filters => [ { filter => $filter } ]);
    }

    sub publish {
        my ($self, $qos, $topic, $payload, $retain) = @_;

        my $id = ++$self->{id};
        my $ack = $self->ask($qos == 2 ? 'PUBREC' : 'PUBACK', type => 'PUBLISH',
                             id => $id, qos => $qos, topic => $topic,
                             retain => $retain, payload => $payload);
        die sprintf "%s was refused with 0x%02x\n", $payload, $ack->{reason}
            if $ack->{reason} >= 0x80;
        $self->ask('PUBCOMP', type => 'PUBREL', id => $id) if $qos == 2;
    }

    # Waits until all of these were delivered.

    sub await {
        my ($self, @payloads) = @_;
        while (grep { !$self->{got}{$_} } @payloads) { $self->step }
    }
}


# What the clients do; returns what went wrong.

sub play {
    my ($server) = @_;

    my $b = Peer->new($server, 'b');
    my $c = Peer->new($server, 'c');
    my $a = Peer->new($server, 'a',
                      will => { topic => 'm/w', payload => 'will', qos => 1 });

    $_->subscribe($_->{name} . '/#') for $a, $b, $c;
    $b->subscribe('m/#');
    $c->subscribe('$share/g/s/+');
    $b->subscribe('$share/g/s/+');
    $c->subscribe('m/+');
    $c->{client}->reset;

    my @payloads = map { "m$_" } 1 .. 8;
    $a->publish(1 + $_ % 2, 'm/x', $payloads[$_], $_ == 3) for 0 .. $#payloads;
    $a->publish(1, 's/x', 's');
    $b->unsubscribe('b/#');
    $a->publish(1, 'm/x', '', 1);
    $a->publish(2, 'm/y', 'x' x 9000);

    # a session taken over by its own client
    my $other = Peer->new($server, 'b', got => $b->{got}, held => $b->{held});
    $b->{client}->close;
    $c->connect;

    $_->await(@payloads, 'x' x 9000) for $other, $c;
    $a->publish(2, 'm/z', 'last');
    $_->await('last') for $other, $c;

    my @faults;
    for my $peer ($other, $c) {
        for my $i (0 .. $#payloads) {
            my $n = $peer->{got}{ $payloads[$i] };
            push @faults, "$peer->{name} got $payloads[$i] $n times" if $i % 2 && $n != 1;
        }
    }

    $_->{client}->close for $a, $c, $other;
    return @faults;
}


my $server = Test::Nginx::MQTT::Server->new(workers => 2, timeout => 10 * $slow);
my ($killed, $rebuilt) = (0, 0);
my $k = 1;

for my $i (1 .. $count) {
    $server->prepare;
    $server->write_file('conf/nginx.conf', <<"EOF");
${load}worker_processes 2;
daemon     off;
error_log  logs/error.log info;
pid        logs/nginx.pid;
env        NGX_MQTT_KILL_AT;
env        NGX_MQTT_KILL_LOG;
events     { worker_connections 256; }
mqtt_zone  broker 2m;
mqtt_hub test {
    anonymous     on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
}
stream { server { listen $server->{host}:$Test::Nginx::MQTT::Server::PORT{tcp} reuseport;
                  mqtt_pass test; } }
EOF

    local $ENV{NGX_MQTT_KILL_AT} = $k;

    # the store may be one that a worker does when it starts
    my @faults = eval { $server->start; play($server) };
    push @faults, $@ if $@;
    push @faults, 'nginx did not stop' if !$server->stop;
    push @faults, $server->bad_lines(qr/worker process \d+ exited on signal 9/,
                                     qr/shared memory zone "broker" was locked by/);

    ok(!@faults, "store $k") or diag(join "\n", @faults);

    last if $server->error_log !~ /exited on signal 9/;
    $killed++;
    $rebuilt++ if $server->error_log =~ /was rebuilt/;
    $k += 1 + int($k / 40);
}

cmp_ok($killed, '>=', 100, "$killed kills, the last at store $k");
cmp_ok($rebuilt, '>=', $killed * 0.9, "$rebuilt of them inside the lock");

done_testing();
