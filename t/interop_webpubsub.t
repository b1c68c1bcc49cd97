# @azure/web-pubsub-client, unmodified, against one server with two workers:
# what it is for, and whether anything is lost, repeated or out of order when its
# connection is cut a hundred times.

use strict;
use warnings;

use Test::More;
use Test::Nginx::MQTT::Script;
use Test::Nginx::MQTT::Server;

my $dir = $Test::Nginx::MQTT::Script::DIR;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan skip_all => 'no node_modules, .ci/test fetches them'
    if !-d "$dir/node_modules/\@azure/web-pubsub-client";

my $server = Test::Nginx::MQTT::Server->new(
    workers => 2, timeout => 10 * $Test::Nginx::MQTT::Script::SLOW);
my $host = $server->{host};
my ($http, $tcp) = map { Test::Nginx::MQTT::Server::port($_) } 0, 2;
my $load = Test::Nginx::MQTT::Server::load_modules();

$server->prepare;
$server->write_file('conf/nginx.conf', <<"EOF");
${load}worker_processes 2;
daemon     off;
error_log  logs/error.log info;
pid        logs/nginx.pid;

events { worker_connections 1024; }

mqtt_zone broker 64m;

mqtt_hub chat {
    access_key    primarykey;
    jwt_audience  http://$host:$http/client/hubs/chat;
    max_queued    20000 16m;
}

http {
    log_format worker \$pid;
    access_log logs/http.log worker;

    server {
        listen $host:$http reuseport;
        location ~ ^/client/hubs/(?<hub>[^/]+)\$ { mqtt_pass \$hub webpubsub; }
    }
}

stream {
    server {
        listen    $host:$tcp reuseport;
        mqtt_pass chat;
    }
}
EOF
$server->start;

$ENV{HTTP} = "$host:$http";
$ENV{MQTT_TCP} = "mqtt://$host:$tcp";

my @workers = $server->workers;
my $on_both;

Test::Nginx::MQTT::Script::play($Test::Nginx::MQTT::Script::NODE, 'webpubsub.js', {
    reload => sub {
        $on_both = !grep { my $pid = $_;
                           !eval { $server->log_has("(?m)^$pid\$", 'http'); 1 } } @workers;
        $server->reload;
    },
    kill => sub { $server->kill_worker(($server->workers)[0]) },
});

ok($on_both, 'clients on both workers');
ok($server->stop, 'nginx ends by itself');
unlike($server->error_log, qr/eyJ/, 'no token in the error log');

my @bad = $server->bad_lines;
is(scalar @bad, 0, 'nothing bad in the error log');
diag($_) for splice @bad, 0, 20;

done_testing();
