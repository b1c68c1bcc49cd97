# @azure/web-pubsub as others wrote it, in front of two workers, with MQTT.js on
# both of them: the scripts are t/interop/rest-*.js.

use strict;
use warnings;

use Test::More;
use Test::Nginx::MQTT::Script;
use Test::Nginx::MQTT::Server;

my $dir = $Test::Nginx::MQTT::Script::DIR;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan skip_all => 'no node_modules, .ci/test fetches them'
    if !-d "$dir/node_modules/\@azure/web-pubsub";

my $server = Test::Nginx::MQTT::Server->new(
    workers => 2, timeout => 10 * $Test::Nginx::MQTT::Script::SLOW);
my $host = $server->{host};
my $load = Test::Nginx::MQTT::Server::load_modules();
my %port = (%Test::Nginx::MQTT::Server::PORT,
            proxy => Test::Nginx::MQTT::Server::port(4),
            other => Test::Nginx::MQTT::Server::port(5));
my ($certificate, $key) = $server->certificate;

$server->prepare;
$server->write_file('conf/nginx.conf', <<"EOC");
${load}worker_processes 2;
daemon     off;
error_log  logs/error.log info;
pid        logs/nginx.pid;

events { worker_connections 512; }

mqtt_zone broker 32m;

mqtt_hub chat {
    access_key primarykey secondarykey;
}

mqtt_hub * {
    access_key anykey;
}

http {
    access_log off;
$Test::Nginx::MQTT::Server::TEMP_PATHS

    server {
        listen $host:$port{ws} reuseport;
        listen $host:$port{wss} ssl reuseport;
        ssl_certificate     $certificate;
        ssl_certificate_key $key;

        keepalive_timeout   1h;
        keepalive_requests  100000;
        add_header          X-Worker \$pid always;

        location ~ ^/clients/mqtt/hubs/(?<hub>[^/]+)\$ {
            mqtt_pass \$hub;
        }

        location /api/ { mqtt_api; }
        location /some/place/api/ { mqtt_api; }
    }

    server {
        listen $host:$port{proxy} ssl;
        ssl_certificate     $certificate;
        ssl_certificate_key $key;

        location / {
            proxy_pass         http://$host:$port{ws};
            proxy_http_version 1.1;
            proxy_set_header   Host \$http_host;
        }
    }

    server {
        listen $host:$port{other};

        location / {
            proxy_pass         http://$host:$port{ws};
            proxy_http_version 1.1;
            proxy_set_header   Host mqtt.example.com;
        }
    }
}

stream {
    server {
        listen    $host:$port{tcp} reuseport;
        mqtt_pass chat;
    }
}
EOC
$server->start;

$ENV{MQTT_TCP} = "mqtt://$host:$port{tcp}";
$ENV{MQTT_WS} = "ws://$host:$port{ws}/clients/mqtt/hubs/chat";
$ENV{MQTT_HTTP} = "http://$host:$port{ws}";
$ENV{MQTT_HTTPS} = "https://$host:$port{wss}";
$ENV{MQTT_PROXY} = "https://$host:$port{proxy}";
$ENV{MQTT_OTHER} = "http://$host:$port{other}";


# What a script may ask for: the worker at the other end of a connection, and to
# wait until the server knows that a client is gone.

my %do = (
    reload => sub { $server->reload },
    worker => sub { $server->worker_of($port{ $_[0] }, $_[1]) },
    gone   => sub { $server->log_has(qr/client "\Q$_[0]\E" disconnected/) },
);

for my $script (qw(send groups close others errors)) {
    Test::Nginx::MQTT::Script::play($Test::Nginx::MQTT::Script::NODE,
                                    "rest-$script.js", \%do);
}

ok($server->stop, 'nginx ends by itself');
unlike($server->error_log, qr/eyJ/, 'no token in the error log');

my @bad = $server->bad_lines;
is(scalar @bad, 0, 'nothing bad in the error log');
diag($_) for splice @bad, 0, 20;

done_testing();
