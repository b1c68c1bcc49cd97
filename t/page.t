# The page of conf.examples/quickstart.conf in a browser, with the addresses
# changed and with one and two workers.  The script is t/interop/page.js.

use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;
use Test::Nginx::MQTT::Script;
use Test::Nginx::MQTT::Server;

my $top = Test::Nginx::MQTT::Server::source_root();

plan skip_all => 'no Chromium: the package chromium-headless-shell has one'
    if !$ENV{TEST_BROWSER};
plan skip_all => 'no node_modules, .ci/test fetches them'
    if !-d "$Test::Nginx::MQTT::Script::DIR/node_modules/mqtt";


sub slurp {
    my ($file) = @_;

    open my $f, '<', $file or die "$file: $!";
    local $/;
    return scalar <$f>;
}


sub configuration {
    my ($server) = @_;

    my $conf = slurp("$top/conf.examples/quickstart.conf");
    my $ws = Test::Nginx::MQTT::Server::port(0);
    my $load = Test::Nginx::MQTT::Server::load_modules();
    my $user = $> == 0 ? "user root;\n" : '';

    $conf =~ s/^load_module.*\n//mg;
    $conf =~ s/^stream \{.*?^\}\n//ms;
    $conf =~ s/^(worker_processes +)\d+/$1$server->{workers}/m;
    $conf =~ s/^error_log .*/error_log logs\/error.log info;/m;
    $conf =~ s/listen 127\.0\.0\.1:8080/listen $server->{host}:$ws/;

    return "$load${user}daemon off;\n$conf";
}


# Leaves it to one worker to accept connections, and to all of them again.

sub only {
    my ($server, $n) = @_;

    my @workers = sort { $a <=> $b } $server->workers;
    my @others = grep { $_ != $workers[$n] } @workers;

    kill CONT => $workers[$n];
    kill STOP => @others;
    $server->await("workers to stop", sub {
        return !grep { Test::Nginx::MQTT::Server::process_state($_) ne 'T' } @others;
    });
}


for my $workers (1, 2) {
    my $server = Test::Nginx::MQTT::Server->new(
        workers => $workers, timeout => 10 * $Test::Nginx::MQTT::Script::SLOW);

    $server->prepare;
    make_path($server->file('temp'));
    $server->write_file('html/quickstart.html', slurp("$top/conf.examples/quickstart.html"));
    $server->write_file('conf/nginx.conf', configuration($server));
    $server->start;

    note("$workers worker(s)");
    local $ENV{PAGE} = "http://$server->{host}:" . Test::Nginx::MQTT::Server::port(0) . '/';

    Test::Nginx::MQTT::Script::play(
        $Test::Nginx::MQTT::Script::NODE, 'page.js',
        { first => sub { only($server, 0) }, last => sub { only($server, -1) },
          all => sub { kill CONT => $server->workers },
          kill => sub { $server->kill_worker($_) for $server->workers } });

    kill CONT => $server->workers;
    is(join("\n", $server->ended), '', "$workers worker(s): the server ends well");
}

done_testing();
