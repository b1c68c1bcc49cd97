# Every NAME.conf in conf.examples/ is a configuration that starts, and clients
# exchange a message at every address where it has mqtt_pass.  Only paths and
# addresses are changed.  NAME.js is the application behind it.

use strict;
use warnings;

use File::Basename qw(basename);
use File::Path qw(make_path);
use Test::More;

use Test::Nginx::MQTT::Server;
use Test::Nginx::MQTT::Trace;


# What clients get from an application in CONNACK.
my %connack = ('web-pubsub.conf' => 'user=greeting:"hello $who"');

my $node = $ENV{TEST_NODE} || 'node';
my $modules = Test::Nginx::MQTT::Server::source_root() . '/t/interop/node_modules';
my @files = sort glob Test::Nginx::MQTT::Server::source_root() . '/conf.examples/*.conf';
my $stream = Test::Nginx::MQTT::Server::has_stream();


# The doors of a configuration: [transport, address, path].

sub doors {
    my ($conf) = @_;

    my @doors;
    my ($http, $tcp) = $conf =~ /^http\s*\{(.*?)^\}(?:.*^stream\s*\{(.*?)^\})?/ms;

    for my $server (($http || '') =~ /^    server\s*\{(.*?)^    \}/msg) {
        my ($path) = $server =~ /location\s+=?\s*(\S+)\s*\{[^}]*mqtt_pass/ or next;
        push @doors, map { [/ssl/ ? 'wss' : 'ws', $_, $path] } $server =~ /listen\s+([^;]+);/g;
    }

    for my $server (($tcp || '') =~ /^    server\s*\{(.*?)^    \}/msg) {
        next if $server !~ /mqtt_pass/;
        push @doors, map { [/ssl/ ? 'tls' : 'tcp', $_, ''] } $server =~ /listen\s+([^;]+);/g;
    }

    return @doors;
}


# The same configuration with the modules under test, at addresses of ours.

sub adapt {
    my ($conf, $server, $doors) = @_;

    my $load = Test::Nginx::MQTT::Server::load_modules();
    my $user = $> == 0 ? "user root;\n" : '';
    my $n = 0;

    $conf =~ s/^load_module[^\n]*\n//mg;
    $conf =~ s/^(stream\s*\{.*?^\}\n)//ms if !$stream;

    for my $door (@$doors) {
        my ($address, @options) = split ' ', $door->[1];
        my $port = $door->[3] = ++$n;
        my $own = join ' ', "$server->{host}:" . Test::Nginx::MQTT::Server::port($port),
                            @options;
        $conf =~ s/listen(\s+)\Q$door->[1]\E;/listen$1$own;/;
    }

    my $app = "$server->{host}:" . Test::Nginx::MQTT::Server::port(0);
    $conf =~ s/server(\s+)127\.0\.0\.1:\d+;/server$1$app;/;

    return "$load${user}daemon off;\n$conf";
}


sub exchange {
    my ($server, $door, $connack) = @_;

    my ($transport, undef, $path, $port) = @$door;
    $path = $path eq '' ? '' : "path=$path";
    my $trace = Test::Nginx::MQTT::Trace->new(
        server => $server, host => $server->{host}, port => {}, workers => 1,
        version => 5, transport => $transport, timeout => 5);

    my $ok = eval {
        $trace->play(Test::Nginx::MQTT::Trace->parse(<<"EOF"));
for \$who in sub pub
    \$who opens port=$port $path
    \$who > CONNECT clean username=\$who
    \$who < CONNACK $connack
end
sub subscribes chat/+
pub publishes chat/topic qos=1 payload="hello"
sub < PUBLISH chat/topic payload="hello"
sub,pub disconnects
EOF
        1;
    };
    diag($@, map { "$_\n" } @{ $trace->{heard} }) if !$ok;
    $trace->finish;

    return $ok;
}


# Starts an application, and waits until it says that it listens.

sub start_application {
    my ($file, $server) = @_;

    local $ENV{NODE_PATH} = $modules;
    local $ENV{HOST} = $server->{host};
    local $ENV{PORT} = Test::Nginx::MQTT::Server::port(0);
    my $pid = open(my $out, '-|', $node, $file) or die "$node: $!";

    my $line = <$out>;
    die "$file does not start\n" if !defined $line || $line !~ /^listening/;

    return { pid => $pid, out => $out };
}


sub stop_application {
    my ($app) = @_;

    kill TERM => $app->{pid};
    close $app->{out};
}


ok(@files > 0, 'there are examples');

for my $file (@files) {
    my $name = basename($file);
    open my $f, '<', $file or die "$file: $!";
    my $conf = do { local $/; <$f> };

    my $server = Test::Nginx::MQTT::Server->new(
        workers => $conf =~ /^worker_processes\s+(\d+)/m ? $1 : 1);
    my @doors = grep { $stream || $_->[0] !~ /^t/ } doors($conf);
    ok(@doors > 0, "$name: clients can come in");

    $server->prepare;
    make_path($server->file('temp'));
    $server->write_file('conf/nginx.conf', adapt($conf, $server, \@doors));

    my ($app, $script) = (undef, $file =~ s/conf$/js/r);
    if (-f $script) {
        if (!-d "$modules/\@azure") {
            note("$name: not without its application's packages");
            next;
        }
        $app = start_application($script, $server);
    }

    if (!eval { $server->start; 1 }) {
        stop_application($app) if $app;
        fail("$name: it starts");
        diag($@);
        next;
    }

    ok(exchange($server, $_, $connack{$name} // ''), "$name: $_->[0] at $_->[1]$_->[2]") for @doors;
    ok($server->stop, "$name: it exits");
    stop_application($app) if $app;
    is(join("\n", $server->bad_lines), '', "$name: no alert");
}

done_testing();
