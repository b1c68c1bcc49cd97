#!/usr/bin/perl

# Measures this module and, if it is installed, mosquitto over TCP, case by
# case and in turn, with the load of t/bench/mqttload.c.  .ci/bench calls it.
#
#   BENCH_CASES    a pattern of the cases wanted (all)
#   BENCH_REPS     repetitions that count (5)
#   BENCH_SECONDS  measured in each (1.5)
#
# The server has the first processor, the load the second.  A repetition while
# other processes used more than 0.3 of a processor does not count, but each is
# made at most twice as often as wanted.

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep time);

my $dir = $ENV{BENCH_DIR};
my $load = "$dir/mqttload";
my $wanted = $ENV{BENCH_CASES} // '.';
my $reps = $ENV{BENCH_REPS} // 5;
my $seconds = $ENV{BENCH_SECONDS} // 1.5;
my $noise = 0.3;

my $host = '127.0.0.1';
my $port = $ENV{BENCH_PORT} // 21800;
my @time = ('-d', $seconds, '-W', 0.4);

# [name, what is done, mqttload's arguments, targets over tcp and ws: of the
# ratio to the peer, or "<" and a figure]

my @cases = (
    ['fanout100-q0', 'fan-out 1 to 100, QoS 0, 64 B',
     [qw(fanout --subs 100 -w 16 -q 0), @time], 0.10, 0.12],
    ['fanout1000-q0', 'fan-out 1 to 1000, QoS 0',
     [qw(fanout --subs 1000 -w 4 -q 0), @time], 0.18, 0.22],
    ['fanout100-q1', 'fan-out 1 to 100, QoS 1',
     [qw(fanout --subs 100 -w 16 -q 1), @time], 0.12, 0.15],
    ['pairs100-q0-64', '100 pairs, QoS 0, 64 B',
     [qw(pairs -n 100 -w 8 -q 0 -b 64), @time], 0.22, 0.30],
    ['pairs100-q1-64', '100 pairs, QoS 1, 64 B',
     [qw(pairs -n 100 -w 8 -q 1 -b 64), @time], 0.20, 0.24],
    ['pairs100-q2-64', '100 pairs, QoS 2, 64 B',
     [qw(pairs -n 100 -w 8 -q 2 -b 64), @time], 0.18, 0.22],
    ['pairs100-q0-1024', '100 pairs, QoS 0, 1 KiB',
     [qw(pairs -n 100 -w 8 -q 0 -b 1024), @time], 0.23, 0.50],
    ['fanin100-q0', 'fan-in 100 to 1, QoS 0',
     [qw(fanin -n 100 -w 8 -q 0), @time], 0.13, 0.16],
    ['fanin100-q1', 'fan-in 100 to 1, QoS 1',
     [qw(fanin -n 100 -w 8 -q 1), @time], 0.13, 0.15],
    ['wild-100k', 'publish against 100,000 wildcard filters',
     [qw(wild -m 100000 --subs 100 --pubs 4 -w 16 --timeout 120), @time],
     0.50, 0.50],
    ['retain-10k', '10,000 retained to a "#" subscriber',
     [qw(retain -R 10000 -w 16 --pubs 4 --reps 3)], 0.30, 0.30],
    ['connect', 'connections, each',
     [qw(connect -n 5000 -c 64)], 1.2, 1.7],
    ['idle-19000', 'memory of an idle connection, bytes',
     [qw(idle -n 19000 -c 64 -d 2 --settle 1.5)], '<2048', '<8192'],
);

my @latencies = (
    ['lat-1to1-q0', '1 to 1, QoS 0, 5000 a second',
     [qw(fanout --subs 1 -w 64 -q 0 -r 5000), @time]],
    ['lat-fanout100-q0', '1 to 100, QoS 0, 200 a second',
     [qw(fanout --subs 100 -w 64 -q 0 -r 200), @time]],
    ['lat-pairs100-q0', '100 pairs, QoS 0, 5000 a second',
     [qw(pairs -n 100 -w 64 -q 0 -r 5000), @time]],
    ['lat-pairs100-q1', '100 pairs, QoS 1, 5000 a second',
     [qw(pairs -n 100 -w 64 -q 1 -r 5000), @time]],
);

my @servers = (
    { name => 'peer', url => "tcp://$host:$port", start => \&start_peer },
    { name => 'tcp', url => 'tcp://' . $host . ':' . ($port + 1),
      start => \&start_nginx },
    { name => 'ws', url => 'ws://' . $host . ':' . ($port + 2) . '/mqtt',
      start => \&start_nginx },
    { name => 'released', start => \&start_nginx, only => qr/^(connect|idle)/,
      url => 'ws://' . $host . ':' . ($port + 2) . '/released' },
);

shift @servers unless $ENV{BENCH_PEER};

my (%runs, $pid);

END { local $?; stop() }

$SIG{INT} = $SIG{TERM} = sub { exit 1 };

for my $case (grep { $_->[0] =~ /$wanted/ } @cases, @latencies) {
    for my $server (@servers) {
        next if $server->{only} && $case->[0] !~ $server->{only};
        measure($case, $server);
    }
}

report();


sub measure {
    my ($case, $server) = @_;

    # memory that grew is not measured twice

    my ($n, $good) = (0, 0);
    my $enough = $case->[0] =~ /^idle/ ? 1 : $reps;

    while ($good < $enough && $n < 2 * $enough) {
        $server->{start}->() if $n++ == 0;

        my @found = once($case, $server);
        next if !@found;

        push @{ $runs{$case->[0]}{$server->{name}} }, @found;
        $good++ if !grep { $_->{noise_cpu} > $noise } @found;
    }

    stop();
}


sub once {
    my ($case, $server) = @_;

    my $file = "$dir/run.json";
    unlink $file;

    my $rc = system('timeout', 180, qw(taskset -c 1), $load, @{ $case->[2] },
                    '--server-pid', $pid, '--server-tree', '--quiet',
                    '--case', $case->[0], '--label', $server->{name},
                    '--json-file', $file, $server->{url});

    if ($rc != 0 && $rc >> 8 != 2) {
        warn "$case->[0], $server->{name}: exit status ", $rc >> 8, "\n";
        return;
    }

    open my $in, '<', $file or return;
    my @found = map { decode_json($_) } <$in>;

    print STDERR join(' ', $case->[0], $server->{name},
                      map { sprintf '%.3f', figure($_) } @found), "\n";

    return grep { ($_->{filter} // '#') eq '#' } @found;
}


# Microseconds of processor time for each delivery or connection, or bytes.

sub figure {
    my ($run) = @_;

    return $run->{pss_bytes_per_conn} if exists $run->{pss_bytes_per_conn};

    my ($key) = grep { /^cpu_us_per_/ } keys %{ $run->{server} };

    return $run->{server}{$key};
}


sub report {
    my @table = map { row($_) } grep { $runs{$_->[0]} } @cases;

    print "| Case, microseconds of processor time for each delivery | ",
          "mosquitto, tcp | ours, tcp | ratio (target) | ours, ws | ",
          "ratio (target) |\n|---|---|---|---|---|---|\n", @table, "\n";

    my @late = map { late($_) } grep { $runs{$_->[0]} } @latencies;

    print "| Latency p50 / p99, microseconds | mosquitto, tcp | ours, tcp | ",
          "ours, ws |\n|---|---|---|---|\n", @late, "\n" if @late;

    open my $out, '>', "$dir/results.json" or die "$dir/results.json: $!\n";
    print $out JSON::PP->new->canonical->pretty->encode(\%runs);
    close $out;
}


sub row {
    my ($case) = @_;
    my ($name, $what, undef, @targets) = @$case;

    my %median = map { $_ => middle($name, $_) } keys %{ $runs{$name} };
    my @cells = ($what, cell($name, 'peer'));

    for my $server (qw(tcp ws)) {
        my $target = shift @targets;
        my $ratio = '';

        if ($target =~ /^<(.*)/) {
            $ratio = "(at most $1)";

        } elsif ($median{peer} && defined $median{$server}) {
            $ratio = sprintf '%.2f (%.2f)', $median{$server} / $median{peer},
                             $target;
        }

        push @cells, cell($name, $server), $ratio;
    }

    my $row = '| ' . join(' | ', @cells) . " |\n";

    $row .= "| the same, `mqtt_release_request on` | | | | "
            . cell($name, 'released') . ' | '
            . ($name =~ /^idle/ ? '(at most 3072)' : '') . " |\n"
        if $runs{$name}{released};

    return $row;
}


sub late {
    my ($case) = @_;
    my ($name, $what) = @$case;

    return '| ' . join(' | ', $what, map {
        my $server = $_;
        join ' / ', map { my $p = $_; middle_of(map { $_->{lat_us}{$p} }
                                                counted($name, $server)) }
                        qw(p50 p99);
    } qw(peer tcp ws)) . " |\n";
}


# The repetitions that were not disturbed; if all were, all of them.

sub counted {
    my ($name, $server) = @_;

    my @all = @{ $runs{$name}{$server} // [] };
    my @quiet = grep { $_->{noise_cpu} <= $noise } @all;

    return @quiet ? @quiet : @all;
}


sub cell {
    my ($name, $server) = @_;

    my @values = sort { $a <=> $b } map { figure($_) } counted($name, $server);
    return '' if !@values;

    my $wrong = grep { $_->{lost} || $_->{out_of_order} || $_->{dup} }
                     counted($name, $server);

    my $format = $values[0] >= 100 ? '%.0f' : '%.2f';

    return sprintf("$format ($format to $format)%s",
                   middle_of(@values), @values[0, -1], $wrong ? ' !' : '');
}


sub middle {
    my ($name, $server) = @_;
    return middle_of(map { figure($_) } counted($name, $server));
}


sub middle_of {
    my @sorted = sort { $a <=> $b } @_;

    return @sorted ? $sorted[$#sorted / 2] : undef;
}


sub start_peer {
    write_file("$dir/peer.conf", <<"END");
listener $port $host
allow_anonymous true
persistence false
log_type none
set_tcp_nodelay true
max_queued_messages 0
END

    launch($port, 'mosquitto', '-c', "$dir/peer.conf");
}


sub start_nginx {
    my $load_modules = join '', map { "load_module $_;\n" }
                                    split ' ', $ENV{TEST_NGINX_LOAD_MODULES};
    my ($tcp, $ws) = ($port + 1, $port + 2);
    my $temp = join '', map { "${_}_temp_path $dir/temp;\n" }
                            qw(client_body proxy fastcgi uwsgi scgi);

    write_file("$dir/nginx.conf", <<"END");
$load_modules
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
error_log $dir/error.log notice;
pid $dir/nginx.pid;
events { worker_connections 19500; }
mqtt_zone bench 512m;
mqtt_hub bench {
    anonymous on;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
    max_queued 0 64m;
    receive_maximum 1000;
}
http {
    access_log off;
    $temp
    server {
        listen $host:$ws backlog=4096;
        location = /mqtt { mqtt_pass bench; }
        location = /released { mqtt_pass bench; mqtt_release_request on; }
    }
}
stream {
    server { listen $host:$tcp backlog=4096; mqtt_pass bench; }
}
END

    launch($tcp, $ENV{TEST_NGINX_BINARY}, '-p', $dir, '-e', "$dir/error.log",
           '-c', "$dir/nginx.conf");
}


sub launch {
    my ($listen, @command) = @_;

    $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDOUT, '>', "$dir/server.log";
        open STDERR, '>&', \*STDOUT;
        exec qw(taskset -c 0), @command;
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

    open my $in, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!\n";
    my $place = sprintf ':%04X', $listen;

    return scalar grep { (split)[1] =~ /$place$/ && (split)[3] eq '0A' } <$in>;
}


sub stop {
    return if !$pid;

    kill TERM => $pid;
    waitpid $pid, 0;
    undef $pid;
}


sub write_file {
    my ($path, $text) = @_;

    open my $out, '>', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
}
