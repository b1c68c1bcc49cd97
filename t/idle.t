# The modules loaded and not configured: no shared memory, no descriptor and no
# log line more than without them.

use strict;
use warnings;

use Test::More;

use Test::Nginx::MQTT::Server;


plan skip_all => 'the module is in the server'
    if !Test::Nginx::MQTT::Server::load_modules();
plan tests => 7;


# What processes hold, and what they wrote.

sub measure {
    my ($load) = @_;

    my $server = Test::Nginx::MQTT::Server->new(workers => 1);
    my $user = $> == 0 ? 'user root;' : '';
    my $port = Test::Nginx::MQTT::Server::port(0);

    $server->prepare;
    $server->write_file('conf/nginx.conf', <<"EOF");
$load
$user
daemon off;
worker_processes 1;
error_log logs/error.log info;
pid logs/nginx.pid;
events {}
http {
    access_log off;
$Test::Nginx::MQTT::Server::TEMP_PATHS
    server {
        listen $server->{host}:$port;
    }
}
EOF
    $server->start;
    $server->log_has('client closed connection');    # that of start()

    my %seen;
    for my $pid ($server->{pid}, $server->workers) {
        my $who = $pid == $server->{pid} ? 'master' : 'workers';
        $seen{"$who fds"} .= join ' ', sort map { kind($_) } glob "/proc/$pid/fd/*";
        $seen{"$who shared"} .= shared($pid);
    }

    $seen{exit} = $server->stop;
    $seen{bad} = join "\n", $server->bad_lines;
    $seen{log} = messages($server->error_log);

    return \%seen;
}


# The different messages of a log; which signals come together is chance.

sub messages {
    my ($log) = @_;

    $log =~ s/^\S+ \S+ (\[\w+\]) \S+/$1/mg;
    $log =~ s/\b\d+\b/N/g;
    my %messages = map { $_ => 1 } grep { !/signal N \(SIG(?:CHLD|IO)\)/ }
                                   split /\n/, $log;

    return join "\n", sort keys %messages;
}


sub kind {
    my ($fd) = @_;

    my $target = readlink $fd;
    return 'gone' if !defined $target;
    $target =~ s/[:\[]\d+\]?//;
    return $target;
}


# Sizes of mappings that processes share.

sub shared {
    my ($pid) = @_;

    no warnings 'portable';
    open my $f, '<', "/proc/$pid/maps" or die "maps: $!";
    return join ' ', map { /^(\w+)-(\w+) ...s / ? hex($2) - hex($1) : () } <$f>;
}


my $load = Test::Nginx::MQTT::Server::load_modules();
my ($stream) = grep { /ngx_stream_module/ } split /\n/, $load;

my $with = measure($load);
my $without = measure(defined $stream ? $stream : '');

is($with->{$_}, $without->{$_}, $_)
    for 'master fds', 'workers fds', 'master shared', 'workers shared', 'log';
is($with->{bad}, '', 'no alert');
ok($with->{exit}, 'it exits');
