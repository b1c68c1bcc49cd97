# MQTT.js in front, @azure/web-pubsub-express behind, tokens of
# @azure/web-pubsub, all as others wrote them: the configuration and the
# application of conf.examples/web-pubsub.conf, and an application that uses the
# rest of what these packages have, in two workers.

use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use Test::Nginx::MQTT::Script;
use Test::Nginx::MQTT::Server;

my $dir = $Test::Nginx::MQTT::Script::DIR;

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan skip_all => 'no node_modules, .ci/test fetches them'
    if !-d "$dir/node_modules/\@azure/web-pubsub-express";

my $server = Test::Nginx::MQTT::Server->new(
    workers => 2, timeout => 10 * $Test::Nginx::MQTT::Script::SLOW);
my $host = $server->{host};
my ($ws, $tcp, $tcp_office, $tcp_shut, $chat, $office) =
    map { Test::Nginx::MQTT::Server::port($_) } 0, 2, 4 .. 7;


# The example with addresses and logs of ours, and two hubs more.

open my $f, '<', "$dir/../../conf.examples/web-pubsub.conf" or die $!;
my $conf = do { local $/; <$f> };

sub change {
    my ($from, $to) = @_;

    $conf =~ s/$from/$to/m or die "the example has no $from";
}

sub hub {
    my ($name) = @_;

    return <<"EOF";
        location = /clients/mqtt/hubs/$name { mqtt_pass $name; }

        location = /$name {
            mqtt_event_handler $name system=connect,connected,disconnected user=*;
            proxy_pass         http://office/$name;
            proxy_http_version 1.1;
            proxy_set_header   Connection "";
        }
EOF
}

my $load = Test::Nginx::MQTT::Server::load_modules();
my $user = $> == 0 ? "user root;\n" : '';
my $hubs = hub('office') . hub('shut');

$conf =~ s/^load_module.*\n//mg;
change('^error_log .*', "${load}${user}daemon off;\nerror_log logs/error.log info;");
change('listen 127\.0\.0\.1:8080;', <<"EOF");
listen $host:$ws reuseport;
        server_name mqtt.example;
        location ~ ^/clients/mqtt/hubs/(?<hub>room[0-9])\$ { mqtt_pass \$hub; }

        location = /rooms {
            mqtt_event_handler * system=connect,connected,disconnected user=*;
            proxy_pass http://office/api/webpubsub/hubs/\$mqtt_hub/\$mqtt_event;
        }
$hubs
EOF
change('listen +127\.0\.0\.1:1883', "listen $host:$tcp reuseport");
change('server +127\.0\.0\.1:3000', "server $host:$chat");
change('^mqtt_hub', <<"EOF");
mqtt_hub office { access_key first second; }
mqtt_hub shut { }
mqtt_hub * { anonymous on; }
mqtt_hub
EOF
change('^http \{', <<"EOF");
http {
    upstream office { server $host:$office; keepalive 8; keepalive_timeout 4s; }
EOF
change('^stream \{', <<"EOF");
stream {
    server { listen $host:$tcp_office reuseport; mqtt_pass office; }
    server { listen $host:$tcp_shut; mqtt_pass shut; }
EOF

$server->prepare;
make_path($server->file('temp'));
$server->write_file('conf/nginx.conf', $conf);
$server->start;


$ENV{MQTT_WS} = "ws://$host:$ws/clients/mqtt/hubs/chat";
$ENV{MQTT_TCP} = "mqtt://$host:$tcp";
$ENV{MQTT_TCP_OFFICE} = "mqtt://$host:$tcp_office";
$ENV{MQTT_TCP_SHUT} = "mqtt://$host:$tcp_shut";
@ENV{qw(APP_HOST APP_CHAT APP_OFFICE)} = ($host, $chat, $office);

Test::Nginx::MQTT::Script::play($Test::Nginx::MQTT::Script::NODE, 'express.js',
                                { reload => sub { $server->reload },
                                  kill => sub { $server->kill_worker(($server->workers)[0]) } });

ok($server->stop, 'nginx ends by itself');
unlike($server->error_log, qr/eyJ/, 'no token in the error log');

my @bad = $server->bad_lines;
is(scalar @bad, 0, 'nothing bad in the error log');
diag($_) for splice @bad, 0, 20;

done_testing();
