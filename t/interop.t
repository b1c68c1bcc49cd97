# Clients that others wrote: MQTT.js, Paho and mosquitto's, against one server
# with two workers.  The scripts are in t/interop.

use strict;
use warnings;

use Test::More;
use Test::Nginx::MQTT::Script;
use Test::Nginx::MQTT::Server;

my $slow = $Test::Nginx::MQTT::Script::SLOW;
my $node = $Test::Nginx::MQTT::Script::NODE;

# The first Python may be another than the one Debian's packages are for.
my ($python) = grep { system("$_ -c 'import paho.mqtt' 2>/dev/null") == 0 }
                    qw(python3 /usr/bin/python3);
$python ||= 'python3';

my $dir = $Test::Nginx::MQTT::Script::DIR;
my $only = $ENV{TEST_NGINX_CASE};

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan skip_all => 'no node_modules, .ci/test fetches them' if !-d "$dir/node_modules/mqtt";

my $server = Test::Nginx::MQTT::Server->new(workers => 2, timeout => 10 * $slow);
my ($host, $ws, $tcp) = ($server->{host}, map { Test::Nginx::MQTT::Server::port($_) } 0, 2);
my $load = Test::Nginx::MQTT::Server::load_modules();

# Hubs where something is refused have a path and a TCP port each.
my @hubs = qw(closed deaf mute plain keyed);
my %port = map { $hubs[$_] => Test::Nginx::MQTT::Server::port(4 + $_) } 0 .. $#hubs;
my $others = join '', map { "    server { listen $host:$port{$_}; mqtt_pass $_; }\n" }
                          @hubs;

$server->prepare;
$server->write_file('conf/nginx.conf', <<"EOF");
${load}worker_processes 2;
daemon     off;
error_log  logs/error.log info;
pid        logs/nginx.pid;

events { worker_connections 2048; }

mqtt_zone broker 128m;

mqtt_hub open {
    anonymous     on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_queued    20000 32m;
}

mqtt_hub deaf {
    anonymous     on;
    default_roles webpubsub.sendToGroup;
}

mqtt_hub mute {
    anonymous     on;
    default_roles webpubsub.joinLeaveGroup;
}

mqtt_hub plain {
    anonymous           on;
    default_roles       webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    retain              off;
    shared_subscription off;
    max_qos             1;
    topic_alias_maximum 0;
}

mqtt_hub keyed {
    access_key primarykey secondarykey;
}

mqtt_hub closed {
    access_key nobody-has-it;
}

http {
    log_format worker \$pid;
    access_log logs/http.log worker;

    server {
        listen $host:$ws reuseport;
        location = /mqtt { mqtt_pass open; }
        location ~ ^/clients/mqtt/hubs/(?<hub>[^/]+)\$ { mqtt_pass \$hub; }
        location ~ ^/(?<hub>deaf|mute|plain|closed)\$ { mqtt_pass \$hub; }
    }
}

stream {
    log_format worker \$pid;
    access_log logs/stream.log worker;

    server {
        listen    $host:$tcp reuseport;
        mqtt_pass open;
    }

$others}
EOF
$server->start;

$ENV{MQTT_WS} = "ws://$host:$ws/mqtt";
$ENV{MQTT_TCP} = "mqtt://$host:$tcp";
$ENV{MQTT_HTTP} = "http://$host:$ws";
$ENV{"MQTT_TCP_\U$_"} = "mqtt://$host:$port{$_}" for @hubs;


# What a script may ask for.

my %do = (
    reload => sub { $server->reload },
    kill   => sub { $server->kill_worker(($server->workers)[0]) },
);


sub play { Test::Nginx::MQTT::Script::play(@_, \%do) }

play($node, $_) for qw(mqttjs.js v5.js tokens.js load.js mosquitto.js);
play($python, 'paho-clients.py');

# Clients have been on both workers; those that reload are in another script.
if (!defined $only) {
    for my $log (qw(http stream)) {
        ok(eval { $server->log_has("(?m)^$_\$", $log) for $server->workers; 1 },
           "$log clients on both workers");
    }
}

play($node, 'life.js');

ok($server->stop, 'nginx ends by itself');

my @bad = $server->bad_lines;
is(scalar @bad, 0, 'nothing bad in the error log');
diag($_) for splice @bad, 0, 20;

done_testing();
