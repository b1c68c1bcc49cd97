package Test::Nginx::MQTT::Server;

# One NGINX: its directory, configuration, processes and logs.
#
# It listens on an address of its own in 127.0.0.0/8, made from the test's
# process id, so that any number of tests run side by side.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename qw(dirname basename);
use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(time sleep);

use Test::Nginx::MQTT::Client;
use Test::Nginx::Util ();


my $PORT = $ENV{TEST_NGINX_PORT} || 21880;
our %PORT = (ws => $PORT, wss => $PORT + 1, tcp => $PORT + 2, tls => $PORT + 3);

my $ROOT = realpath(dirname(__FILE__) . '/../../../../..');
my $TICK = 0.002;

# Inside of http: what it may write stays in the directory.
our $TEMP_PATHS = join "\n", map { "    ${_}_temp_path logs/$_;" }
                             qw(client_body proxy fastcgi uwsgi scgi);

my %running;


sub address {
    return sprintf '127.%d.%d.%d', 16 + ($$ >> 16 & 63), $$ >> 8 & 255, $$ & 255;
}


# The first four ports are taken, see %PORT; the others are for a test's own use.

sub port { return $PORT + $_[0] }


sub source_root { return $ROOT }


# The directory is named after the test; TEST_NGINX_SERVROOT moves them all.

sub new {
    my ($class, %o) = @_;

    my $base = $ENV{TEST_NGINX_SERVROOT} || "$ROOT/build/servroot";
    my $name = $o{name};
    if (!defined $name) {
        $name = basename($0);
        $name =~ s/\.t$//;
    }

    return bless { host => address(), root => "$base/$name", workers => 1,
                   timeout => 10, allowed => [], read => 0, %o }, $class;
}


sub binary { return $Test::Nginx::Util::NginxBinary }


my $build;

sub build_options {
    $build = `@{[ binary() ]} -V 2>&1` if !defined $build;
    return $build;
}


sub load_modules {
    my @modules = grep { length } split /\s+/, $ENV{TEST_NGINX_LOAD_MODULES} || '';
    return join '', map { "load_module $_;\n" } @modules;
}


sub has_stream {
    return load_modules() =~ /ngx_stream_mqtt_module/ if load_modules();
    return build_options() =~ /--with-stream(?:\s|$)/;
}


# ---- configuration

sub prepare {
    my ($self) = @_;

    remove_tree($self->{root});
    make_path(map { "$self->{root}/$_" } qw(conf logs html));
    $self->{read} = 0;
}


sub file { return "$_[0]{root}/$_[1]" }


sub write_file {
    my ($self, $name, $text) = @_;

    open my $f, '>', $self->file($name) or die "$name: $!\n";
    print $f $text;
    close $f or die "$name: $!\n";
}


sub read_file {
    my ($self, $name) = @_;

    open my $f, '<', $self->file($name) or return '';
    local $/;
    my $text = <$f>;
    return defined $text ? $text : '';
}


# A server with one hub, ready to start.  Options: zone, hub (lines of it),
# connections (of a worker), log_level, main (lines of the main context), listen
# (its parameters), and stream, which is false where there is only WebSocket.

sub broker {
    my ($class, %o) = @_;

    my $self = $class->new(zone => '8m', hub => '', connections => 128,
                           log_level => 'info', main => '', listen => '',
                           stream => has_stream(), %o);
    $self->prepare;
    $self->write_file('conf/nginx.conf', $self->configuration);

    return $self;
}


sub configuration {
    my ($self) = @_;

    my $load = load_modules();
    my $user = $> == 0 ? 'user root;' : '';
    my $stream = !$self->{stream} ? '' : <<"EOC";
stream {
    server {
        listen $self->{host}:$PORT{tcp} $self->{listen};
        mqtt_pass test;
    }
}
EOC

    return <<"EOC";
$load$user
daemon off;
worker_processes $self->{workers};
error_log logs/error.log $self->{log_level};
pid logs/nginx.pid;
$self->{main}

mqtt_zone test $self->{zone};

mqtt_hub test {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    $self->{hub}
}

events {
    worker_connections $self->{connections};
}

http {
    access_log off;
$TEMP_PATHS

    server {
        listen $self->{host}:$PORT{ws} $self->{listen};
        location = /mqtt { mqtt_pass test; }
    }
}

$stream
EOC
}


# A certificate for the TLS listeners, made once and kept beside the others.

sub certificate {
    my ($self) = @_;

    my $dir = dirname($self->{root}) . "/tls.$$";
    if (!-f "$dir/cert.pem") {
        make_path($dir);
        system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
               . " -nodes -days 3650 -subj /CN=localhost"
               . " -keyout $dir/key.pem -out $dir/cert.pem >$dir/log 2>&1") == 0
            or die "openssl made no certificate, see $dir/log\n";
        $self->{certificate_dir} = $dir;
    }

    return ("$dir/cert.pem", "$dir/key.pem");
}


END {
    local $?;
    $_->kill_all for values %running;
    my $base = $ENV{TEST_NGINX_SERVROOT} || "$ROOT/build/servroot";
    remove_tree("$base/tls.$$") if -d "$base/tls.$$";
}


# ---- processes

sub command {
    my ($self, @more) = @_;
    return (binary(), '-p', "$self->{root}/", '-c', 'conf/nginx.conf',
            '-e', 'logs/error.log', @more);
}


# nginx -t; returns its success and what it said.

sub test_config {
    my ($self) = @_;

    my $command = join ' ', map { "'$_'" } binary(), '-t', '-p',
                                "$self->{root}/", '-c', 'conf/nginx.conf';
    my $said = `$command 2>&1`;
    return ($? == 0, $said);
}


sub start {
    my ($self) = @_;

    my $pid = fork;
    die "fork: $!\n" if !defined $pid;

    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM PIPE CHLD);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $self->file('logs/stdout.log');
        open STDERR, '>', $self->file('logs/stderr.log');
        { exec $self->command }
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    $running{$pid} = $self;
    my @ports = $self->read_file('conf/nginx.conf') =~ /listen\s+\Q$self->{host}\E:(\d+)/g;

    $self->await("nginx to start", sub {
        $self->reap and die "nginx did not start:\n" . $self->read_file('logs/stderr.log')
                            . $self->read_file('logs/error.log');
        return 0 if @{[ $self->workers ]} < $self->{workers};
        return !grep { !IO::Socket::INET->new(PeerAddr => $self->{host},
                                              PeerPort => $_) } @ports;
    });
}


sub reap {
    my ($self) = @_;

    return 1 if !$self->{pid};
    return 0 if waitpid($self->{pid}, WNOHANG) != $self->{pid};

    delete $running{ delete $self->{pid} };
    return 1;
}


# Ends it gently, so that whatever the workers left behind gets into the log;
# returns false if it had to be killed.

sub stop {
    my ($self) = @_;

    return 1 if !$self->{pid};
    kill QUIT => $self->{pid};
    return 1 if eval { $self->await("nginx to exit", sub { $self->reap }); 1 };

    $self->kill_all;
    return 0;
}


sub kill_all {
    my ($self) = @_;

    my $pid = $self->{pid} or return;
    kill KILL => $pid, $self->processes;
    waitpid $pid, 0;
    delete $running{ delete $self->{pid} };
}


# Waits for a condition of the world outside; dies when it does not come.

sub await {
    my ($self, $what, $condition) = @_;

    my $end = time + $self->{timeout};

    while (1) {
        my $result = $condition->();
        return $result if $result;
        die "waited in vain for $what\n" if time > $end;
        sleep $TICK;
    }
}


# All children of the master; without a master there is one process for all.

sub processes {
    my ($self) = @_;

    my $pid = $self->{pid} or return ();
    return $pid if $self->{single};

    open my $f, '<', "/proc/$pid/task/$pid/children" or return ();
    my $line = <$f>;
    return defined $line ? split ' ', $line : ();
}


sub title {
    my ($pid) = @_;

    open my $f, '<', "/proc/$pid/cmdline" or return '';
    local $/;
    my $title = <$f>;
    return defined $title ? $title : '';
}


# The workers that accept connections; a new one first has the master's title.

sub workers {
    my ($self) = @_;

    return $self->processes if $self->{single};
    return grep { title($_) =~ /worker process(?! is shutting)/ } $self->processes;
}


# Signals all but one worker to stop, calls, and lets them go on.

sub only_worker {
    my ($self, $pid, $code) = @_;

    my @others = grep { $_ != $pid } $self->workers;
    kill STOP => @others;
    my $result = eval {
        $self->await("workers to stop", sub { !grep { process_state($_) ne 'T' } @others });
        $code->();
    };
    my $error = $@;
    kill CONT => @others;
    die $error if $error;

    return $result;
}


sub process_state {
    my ($pid) = @_;

    open my $f, '<', "/proc/$pid/stat" or return 'T';
    return <$f> =~ /^\d+ \(.*\) (\S)/ ? $1 : '';
}


# The server's end of a connection: {inode, unread}, by the client's port.

sub peer {
    my ($self, $port, $client_port) = @_;

    my $local = sprintf '%08X:%04X',
                        unpack('L', Socket::inet_aton($self->{host})), $port;

    open my $f, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!\n";
    while (<$f>) {
        my @w = split;
        next if $w[1] ne $local || hex((split /:/, $w[2])[1]) != $client_port;
        return { inode => $w[9], unread => hex((split /:/, $w[4])[1]) };
    }

    return undef;
}


sub holds_socket {
    my ($pid, $inode) = @_;

    opendir my $d, "/proc/$pid/fd" or return 0;
    return grep { (readlink("/proc/$pid/fd/$_") || '') eq "socket:[$inode]" }
                readdir $d;
}


# The worker that accepted a connection, waiting until one did.

sub worker_of {
    my ($self, $port, $client_port) = @_;

    return $self->await("a worker to accept", sub {
        my $peer = $self->peer($port, $client_port);
        return undef if !$peer || !$peer->{inode};
        my ($pid) = grep { holds_socket($_, $peer->{inode}) } $self->processes;
        return $pid;
    });
}


# True when the server has read all that the client wrote, or has gone away.

sub has_read {
    my ($self, $port, $client_port) = @_;

    my $peer = $self->peer($port, $client_port);
    return !$peer || !$peer->{unread};
}


# ---- clients, for tests without a conversation

# name, transport, version, and whatever else a test keeps there.

sub client {
    my ($self, %o) = @_;

    return Test::Nginx::MQTT::Client->new(host => $self->{host},
                                          port => $PORT{ $o{transport} }, %o);
}


# Connects a client to the n-th worker, which is the first one again after the
# last.

sub open_on {
    my ($self, $client, $n) = @_;

    my @workers = sort { $a <=> $b } $self->workers;
    $self->only_worker($workers[$n % @workers], sub {
        $client->open(timeout => 5);
        $self->worker_of($client->{port}, $client->local_port);
    });
}


# ---- events in a server's life

sub reload {
    my ($self) = @_;

    my %old = map { $_ => 1 } $self->workers;
    kill HUP => $self->{pid};

    $self->await("the reload", sub {
        my @now = $self->workers;
        return @now == $self->{workers} && !grep { $old{$_} } @now;
    });
}


# A reload that must fail: the log says why, and the workers stay.

sub reload_fails {
    my ($self, $pattern) = @_;

    my @old = $self->workers;
    my $seen = length $self->error_log;
    kill HUP => $self->{pid};

    $self->await("the reload to fail with $pattern", sub {
        my $log = substr $self->error_log, $seen;
        die "the reload went through\n"
            if $log =~ /start worker process/;
        return $log =~ /\[emerg\].*$pattern/;
    });

    push @{ $self->{allowed} }, qr/\[emerg\].*$pattern/;
    die "the reload failed, and the workers changed\n"
        if "@old" ne join ' ', $self->workers;
}


sub kill_worker {
    my ($self, $pid) = @_;

    push @{ $self->{allowed} },
         qr/\[alert\].*worker process $pid exited on signal 9/,
         qr/\[alert\].*shared memory zone ".*" was locked by $pid/;

    kill KILL => $pid;
    $self->await("a new worker in place of $pid", sub {
        my @now = $self->workers;
        return @now == $self->{workers} && !grep { $_ == $pid } @now;
    });
}


# ---- logs

sub error_log { return $_[0]->read_file('logs/error.log') }


sub log_has {
    my ($self, $pattern, $file) = @_;

    $file ||= 'error';
    $self->await("$pattern in the $file log", sub {
        return $self->read_file("logs/$file.log") =~ /$pattern/;
    });
}


# What must not be in a log: [alert], [emerg], and reports of sanitizers.

sub bad_lines {
    my ($self, @allowed) = @_;

    push @allowed, @{ $self->{allowed} };
    my @bad;

    for my $line (split /\n/, $self->error_log . $self->read_file('logs/stderr.log')) {
        next if $line !~ /\[(?:alert|emerg)\]|Sanitizer|runtime\ error:
                          |exited\ with\ (?:fatal\ )?code\ [1-9]/x;
        push @bad, $line if !grep { $line =~ $_ } @allowed;
    }

    return @bad;
}


# Ends the server; what was wrong with that, and in its log.

sub ended {
    my ($self, @allowed) = @_;

    my @problems = $self->stop ? () : 'nginx did not exit by itself';
    push @problems, $self->bad_lines(@allowed);

    return @problems;
}


1;
