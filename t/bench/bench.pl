#!/usr/bin/perl

# Measures this module and, if it is installed, mosquitto, case by case and in
# turn, with the load of t/bench/mqttload.c, and writes results.json, of which
# report.pl makes tables.  .ci/bench calls both.
#
#   BENCH_CASES    a pattern of the cases of Cases.pm wanted (all)
#   BENCH_REPS     repetitions that count (5)
#   BENCH_SECONDS  measured in each (1.5)
#   BENCH_PORT     the first of six ports (21800)
#
# The server has the first processor, the load the second.  A repetition while
# other processes used more than 0.3 of a processor does not count, but each is
# made at most twice as often as wanted.
#
# Two workers, and the one that they are compared with, are not bound to
# processors, nor is their load, if there are less than four: with two, three
# busy processes share them, and the kernel may stop one inside the zone's lock,
# which costs the other a sleep that it would not need with a processor for
# each.  With four and more, two are the workers', the third is the load's.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use Time::HiRes qw(sleep time);

use lib $FindBin::Bin;

use Cases qw(sections seconds);

my $dir = $ENV{BENCH_DIR};
my $load = "$dir/mqttload";
my $wanted = $ENV{BENCH_CASES} // '.';
my $reps = $ENV{BENCH_REPS} // 5;
my $noise = 0.3;

my $host = '127.0.0.1';
my $port = $ENV{BENCH_PORT} // 21800;
my ($peer, $peer_tls, $tcp, $ws, $tls, $wss) = map { $port + $_ } 0 .. 5;

chomp(my $processors = `nproc`);

my %pinned = (server => '0', load => '1');
my %spread = $processors >= 4 ? (server => '0,1', load => '2') : ();

my %servers = (
    'peer'     => { url => "tcp://$host:$peer", start => \&start_peer },
    'peer-tls' => { url => "mqtts://$host:$peer_tls", start => \&start_peer },

    'tcp'      => { url => "tcp://$host:$tcp" },
    'ws'       => { url => "ws://$host:$ws/mqtt" },
    'released' => { url => "ws://$host:$ws/released" },
    'tls'      => { url => "mqtts://$host:$tls" },
    'wss'      => { url => "wss://$host:$wss/mqtt" },

    'rest'     => { url => "http://$host:$ws/api/hubs/bench/groups/g/:send" },
    'bare'     => { url => "http://$host:$ws/bare" },

    'one'      => { url => "tcp://$host:$tcp", bound => \%spread },
    'two'      => { url => "tcp://$host:$tcp", bound => \%spread,
                    workers => 2 },

    'crowd'    => { url => "tcp://$host:$tcp", zone => '2048m', crowd => 1 },
    'sessions' => { url => "tcp://$host:$tcp", zone => '976m' },
);

my (%runs, %locks, $pid);

END { local $?; stop() }

$SIG{INT} = $SIG{TERM} = sub { exit 1 };

my $about = about();

certificate();

for my $section (sections()) {
    for my $case (grep { $_->{name} =~ /$wanted/ } @{ $section->{cases} }) {
        for my $name (grep { defined } @{ $case->{only}
                                          || $section->{columns} })
        {
            next if $name =~ /^peer/ && !$ENV{BENCH_PEER};
            next if $case->{wrk} && !$ENV{BENCH_WRK};
            measure($section, $case, $name);
        }

        # what is there is not lost if a later one fails

        write_file("$dir/results.json",
                   JSON::PP->new->canonical->pretty->encode(
                       { about => $about, runs => \%runs,
                         locks => \%locks }));
    }
}


sub measure {
    my ($section, $case, $name) = @_;

    my $server = $servers{$name};
    my $bound = $server->{bound} || \%pinned;
    my $args = $server->{crowd} && $case->{crowded} || $case->{load};

    start($server, $bound);

    die "there is no crowd\n"
        if $server->{crowd} && !run($bound, $server, @{ $case->{crowd} });

    # memory that grew is not measured twice, and no work of others grows it

    my ($n, $good, $delivered) = (0, 0, 0);
    my $most = $case->{fresh} ? 1 : 2 * $reps;

    $runs{ $case->{name} }{$name} = [];

    while ($good < $reps && $n++ < $most) {
        my @found = $case->{wrk} ? requests($bound, $server)
                                 : run($bound, $server, @$args, '--case',
                                       $case->{name}, '--label', $name);
        @found = grep { ($_->{filter} // '#') eq '#' } @found;
        next if !@found;

        push @{ $runs{ $case->{name} }{$name} }, @found;
        $delivered += $_->{total_unique} // 0 for @found;
        $good++ if !grep { $_->{noise_cpu} > $noise } @found;
    }

    stop();

    $locks{ $case->{name} }{$name} = { locks(), delivered => $delivered }
        if $section->{locks};
}


# What the load has reported; nothing if it failed.

sub run {
    my ($bound, $server, @args) = @_;

    my $file = "$dir/run.json";
    unlink $file;

    settle();

    my $rc = system(pinned($bound->{load}), 'timeout', 1200, $load, @args,
                    '--server-pid', $pid, '--server-tree', '--quiet',
                    '--json-file', $file, $server->{url});

    # 2: something was lost, which the report says

    if ($rc != 0 && $rc >> 8 != 2) {
        warn "@args: ", $rc & 127 ? 'signal ' . ($rc & 127)
                                  : 'exit status ' . ($rc >> 8), "\n";
        return;
    }

    open my $in, '<', $file or return;

    return map { decode_json($_) } <$in>;
}


# The same for wrk, while somebody is subscribed to the group.

sub requests {
    my ($bound, $server) = @_;

    write_file("$dir/send.lua", <<"END");
wrk.method = "POST"
wrk.body = string.rep("x", 64)
wrk.headers["Content-Type"] = "text/plain"
wrk.headers["Authorization"] = "Bearer @{[ token($server->{url}) ]}"
END

    my $subscriber = subscriber();
    settle();

    my ($used, $busy, $began) = (used(), busy(), time);
    my $own = cpu();

    my $command = join ' ', pinned($bound->{load}), $ENV{BENCH_WRK},
                            '-t', 1, '-c', 32, '-s', "$dir/send.lua",
                            '-d', POSIX::ceil(seconds()) . 's', $server->{url};
    my $said = qx($command 2>&1);

    $used = used() - $used;
    my $noise = busy() - $busy - $used - (cpu() - $own);
    my $length = time - $began;

    kill TERM => $subscriber;
    waitpid $subscriber, 0;

    my ($n) = $said =~ /(\d+) requests in /;

    if (!$n || $said =~ /Non-2xx|Socket errors/) {
        warn $said;
        return;
    }

    return { noise_cpu => $noise < 0 ? 0 : $noise / $length,
             server => { cpu_us_per_request => $used * 1e6 / $n } };
}


sub token {
    my ($url) = @_;

    my @parts = map { encode_base64url(JSON::PP->new->encode($_)) }
                    { alg => 'HS256', typ => 'JWT' },
                    { aud => $url, exp => time + 3600 };

    return join '.', @parts, encode_base64url(hmac_sha256(join('.', @parts),
                                                          'key'));
}


# A process that takes what the group gets; returns when it is subscribed.

sub subscriber {
    my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $tcp)
        or die "no connection: $@\n";

    syswrite $socket, "\x10\x0d\0\4MQTT\4\2\0\0\0\1s\x82\x06\0\1\0\1g\0";

    for (my $answer = ''; length $answer < 9; ) {
        sysread $socket, $answer, 9, length $answer
            or die "no subscription\n";
    }

    my $process = fork() // die "fork: $!\n";

    if ($process == 0) {
        $SIG{TERM} = 'DEFAULT';
        1 while sysread $socket, my $data, 1 << 20;
        POSIX::_exit(0);
    }

    return $process;
}


# Seconds that all processors were busy, and that this program's children were.

sub busy {
    my ($user, $nice, $system, undef, undef, $irq, $softirq) =
        read_file('/proc/stat') =~ /^cpu +(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/;

    return ($user + $nice + $system + $irq + $softirq)
           / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}


sub cpu {
    my ($user, $system, $children_user, $children_system) = times;
    return $user + $system + $children_user + $children_system;
}


# Waits until the server has taken apart what the clients before have left.

sub settle {
    my $late = time + 30;
    my ($used, $before) = (used());

    do {
        $before = $used;
        sleep 0.1;
        $used = used();
    } while ($used - $before > 0.005 && time < $late);
}


# Seconds of processor time, of the server and its workers.

sub used {
    my $sum = 0;

    for my $process ($pid, split ' ',
                     read_file("/proc/$pid/task/$pid/children"))
    {
        my ($ns) = split ' ', read_file("/proc/$process/schedstat");
        $sum += $ns / 1e9;
    }

    return $sum;
}


sub pinned {
    my ($processors) = @_;
    return defined $processors ? ('taskset', '-c', $processors) : ();
}


# How often processes waited for the zone's lock, and slept in that, since the
# server was started.

sub locks {
    my ($waits, $sleeps) = (0, 0);

    open my $in, '<', "$dir/error.log" or die "$dir/error.log: $!\n";

    while (<$in>) {
        next if !/\[notice\].*lock waits: (\d+), wake-ups: (\d+)/;
        $waits += $1;
        $sleeps += $2;
    }

    return (waits => $waits, sleeps => $sleeps);
}


sub about {
    my ($cpu) = read_file('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)$/m;
    my ($nginx) = `$ENV{TEST_NGINX_BINARY} -v 2>&1` =~ m{version: (\S+)};
    my ($mosquitto) = $ENV{BENCH_PEER}
                      ? `$ENV{BENCH_PEER} -h` =~ /version ([\d.]+)/ : ();

    return { date => POSIX::strftime('%Y-%m-%d', gmtime),
             cpu => $cpu, processors => 0 + $processors,
             kernel => (POSIX::uname())[2], nginx => $nginx,
             mosquitto => $mosquitto, reps => 0 + $reps,
             seconds => 0 + seconds() };
}


# ---- servers

sub certificate {
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
           . " -nodes -days 30 -subj /CN=localhost -keyout $dir/key.pem"
           . " -out $dir/cert.pem > $dir/openssl.log 2>&1") == 0
        or die "no certificate was made, see $dir/openssl.log\n";

    # mosquitto gives up its rights before it reads them

    chmod 0644, "$dir/key.pem";
}


sub start {
    my ($server, $bound) = @_;

    $server->{start} ? $server->{start}->($server, $bound)
                     : start_nginx($server, $bound);
}


sub start_peer {
    my ($server, $bound) = @_;

    write_file("$dir/peer.conf", <<"END");
allow_anonymous true
persistence false
log_type none
set_tcp_nodelay true
max_queued_messages 0
listener $peer $host
listener $peer_tls $host
certfile $dir/cert.pem
keyfile $dir/key.pem
tls_version tlsv1.3
END

    launch($bound, $peer, $ENV{BENCH_PEER}, '-c', "$dir/peer.conf");
}


sub start_nginx {
    my ($server, $bound) = @_;

    my $workers = $server->{workers} // 1;
    my $zone = $server->{zone} // '512m';
    my $load_modules = join '', map { "load_module $_;\n" }
                                    split ' ', $ENV{TEST_NGINX_LOAD_MODULES};
    my $temp = join '', map { "${_}_temp_path $dir/temp;\n" }
                            qw(client_body proxy fastcgi uwsgi scgi);

    unlink "$dir/error.log", "$dir/app.sock";

    # With reuseport the kernel spreads connections over the workers.  With less
    # than a 16th of its connections left, NGINX closes those that wait for
    # their CONNECT.

    write_file("$dir/nginx.conf", <<"END");
$load_modules
daemon off;
worker_processes $workers;
worker_rlimit_nofile 20000;
error_log $dir/error.log notice;
pid $dir/nginx.pid;
events { worker_connections 20500; }
mqtt_zone bench $zone;
mqtt_hub bench {
    anonymous on;
    access_key key;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_queued 0 64m;
    receive_maximum 1000;
}
http {
    access_log off;
    $temp
    ssl_certificate $dir/cert.pem;
    ssl_certificate_key $dir/key.pem;
    ssl_protocols TLSv1.3;
    upstream app {
        server unix:$dir/app.sock;
        keepalive 512;
        keepalive_requests 1000000000;
    }
    server {
        listen unix:$dir/app.sock;
        keepalive_requests 1000000000;
        return 200;
    }
    server {
        listen $host:$ws backlog=4096 reuseport;
        listen $host:$wss ssl backlog=4096 reuseport;
        location = /mqtt { mqtt_pass bench; }
        location = /released { mqtt_pass bench; mqtt_release_request on; }
        keepalive_requests 1000000000;
        location /api/ { mqtt_api; }
        location = /bare { return 202; }
        location = /events {
            mqtt_event_handler bench user=* validate=off;
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
stream {
    ssl_certificate $dir/cert.pem;
    ssl_certificate_key $dir/key.pem;
    ssl_protocols TLSv1.3;
    server { listen $host:$tcp backlog=4096 reuseport; mqtt_pass bench; }
    server { listen $host:$tls ssl backlog=4096 reuseport; mqtt_pass bench; }
}
END

    launch($bound, $tcp, $ENV{TEST_NGINX_BINARY}, '-p', $dir,
           '-e', "$dir/error.log", '-c', "$dir/nginx.conf");
}


sub launch {
    my ($bound, $listen, @command) = @_;

    $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDOUT, '>', "$dir/server.log";
        open STDERR, '>&', \*STDOUT;
        { exec pinned($bound->{server}), @command }
        POSIX::_exit(127);
    }

    my $late = time + 10;

    until (listens($listen)) {
        die "$command[0] does not start, see $dir\n"
            if time > $late || waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.02;
    }
}


sub listens {
    my ($listen) = @_;

    my $place = sprintf ':%04X', $listen;

    return scalar grep { (split)[1] =~ /$place$/ && (split)[3] eq '0A' }
                       split /\n/, read_file('/proc/net/tcp');
}


sub stop {
    return if !$pid;

    kill TERM => $pid;
    waitpid $pid, 0;
    undef $pid;
}


# ---- files

sub read_file {
    my ($path) = @_;

    open my $in, '<', $path or die "$path: $!\n";
    local $/;

    return scalar <$in>;
}


sub write_file {
    my ($path, $text) = @_;

    open my $out, '>', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
}
