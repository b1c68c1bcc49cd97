# Order under load: every subscriber gets the messages of each publisher and
# topic in the order in which they were sent, none missing and none twice,
# whatever worker it is on, and if it comes back in the middle of it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Client;
use Test::Nginx::MQTT::Packet qw(encode);
use Test::Nginx::MQTT::Server;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan tests => 2;

my $COUNT = 300;         # messages of each publisher
my $slow = $ENV{TEST_NGINX_SLOW} || 1;
my $load = Test::Nginx::MQTT::Server::load_modules();

my ($server, $end);


# A client on the n-th worker, in turn.

sub open_client {
    my ($c) = @_;

    my @workers = sort { $a <=> $b } $server->workers;
    $c->{worker} = $workers[$c->{turn}++ % @workers];
    $server->only_worker($c->{worker}, sub {
        $c->open(timeout => 5);
        $server->worker_of($c->{port}, $c->local_port);
    });

    my @props = $c->{version} == 5
                ? (props => [ ['session_expiry', 600], ['receive_max', $c->{window}] ])
                : ();
    $c->send(encode({ type => 'CONNECT', version => $c->{version}, id => $c->{name},
                      keepalive => 60, @props }));
    hear($c, 'CONNACK');
}


sub client {
    my ($name, $turn, $transport, $version, $window) = @_;

    my $c = Test::Nginx::MQTT::Client->new(
        name => $name, transport => $transport, version => $version,
        turn => $turn, window => $window || 100, host => $server->{host},
        port => $Test::Nginx::MQTT::Server::PORT{$transport});
    open_client($c);
    return $c;
}


sub packet {
    my ($c, %p) = @_;
    $c->send(encode({ version => $c->{version}, %p }));
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
        return packet($s, type => 'PUBCOMP', id => $p->{id});
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
    packet($s, type => $p->{qos} == 1 ? 'PUBACK' : 'PUBREC', id => $p->{id});
}


# What publishers got is thrown away: they keep within their window by
# waiting for an answer for each message of QoS 1 and 2 some way behind.

sub publish {
    my ($p, $n) = @_;

    for my $qos (0 .. 2) {
        packet($p, type => 'PUBLISH', topic => "t/$qos/$p->{name}", qos => $qos,
               payload => "$qos/$p->{name} $n", $qos ? (id => $n * 2 + $qos) : ());
        $p->{unanswered}++ if $qos;
    }

    answers($p, 40);
}


sub answers {
    my ($p, $most) = @_;

    while ($p->{unanswered} > $most) {
        my $got = next_packet($p);
        $p->{unanswered}-- if $got->{type} =~ /^(?:PUBACK|PUBCOMP)$/;
        packet($p, type => 'PUBREL', id => $got->{id}) if $got->{type} eq 'PUBREC';
    }
}


sub play {
    my ($workers) = @_;

    my $user = $> == 0 ? 'user root;' : '';
    $server = Test::Nginx::MQTT::Server->new(workers => $workers, timeout => 10);
    $server->prepare;
    $server->write_file('conf/nginx.conf', <<"EOF_CONF");
$load
$user
daemon off;
worker_processes $workers;
error_log logs/error.log info;
pid logs/nginx.pid;
mqtt_zone broker 32m;
mqtt_hub chat {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_queued 0 8m;
    receive_maximum 100;
}
events {
    worker_connections 128;
}
http {
    client_body_temp_path logs/body;
    proxy_temp_path logs/proxy;
    fastcgi_temp_path logs/fastcgi;
    uwsgi_temp_path logs/uwsgi;
    scgi_temp_path logs/scgi;
    server {
        listen $server->{host}:$Test::Nginx::MQTT::Server::PORT{ws};
        location = /mqtt { mqtt_pass chat; }
    }
}
stream {
    server {
        listen $server->{host}:$Test::Nginx::MQTT::Server::PORT{tcp};
        mqtt_pass chat;
    }
}
EOF_CONF
    $server->start;
    $end = time + 30 * $slow;

    my @pubs = map { client("p$_", $_, $_ % 2 ? 'tcp' : 'ws', $_ < 2 ? 4 : 5) } 0 .. 3;
    my @subs = map { client("s$_", $_ / 2, $_ % 2 ? 'ws' : 'tcp', $_ % 3 ? 5 : 4,
                            $_ == 1 ? 1 : 100) } 0 .. 4;

    for my $s (@subs) {
        packet($s, type => 'SUBSCRIBE', id => 1,
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
    push @faults, 'nginx did not exit by itself' if !$server->stop;
    push @faults, $server->bad_lines;
    ok(!@faults, "$workers worker" . ($workers > 1 ? 's' : '')) or diag(join "\n", @faults);
}
