package Cases;

# What is measured, and the targets: read by bench.pl, report.pl and t/docs.t.

use strict;
use warnings;

use base 'Exporter';

our @EXPORT_OK = qw(sections seconds);


my @time = ('-d', seconds(), '-W', 0.4);


sub seconds { return $ENV{BENCH_SECONDS} // 1.5 }


# A section is a table.  Its columns are servers of bench.pl, the first of which
# is what the others are compared with; "base" and "titles" name them.
#
# A case has a name, says what is done, and has mqttload's arguments; "targets"
# are of the ratio of each further column to the first, or, with "at_most", of
# the figure itself.  "only" are the servers that are measured, in their columns,
# if not all are.  "wrk": its load is wrk's.

sub sections {
    return (
        { title => 'Processor time of a delivery, microseconds', base => 'mosquitto, tcp',
          columns => [qw(peer tcp ws)], titles => [qw(tcp ws)],
          cases => [ deliveries() ] },

        { title => 'Connections', base => 'mosquitto, tcp',
          columns => [qw(peer tcp ws)], titles => [qw(tcp ws)],
          cases => [ connections() ] },

        { title => 'With TLS', base => 'mosquitto, tls',
          columns => [qw(peer-tls tls wss)], titles => [qw(tls wss)],
          cases => [ tls() ] },

        { title => 'Latency, p50 / p99 in microseconds', latency => 1,
          base => 'mosquitto, tcp',
          columns => [qw(peer tcp ws)], titles => [qw(tcp ws)],
          cases => [ latencies() ] },

        { title => 'Two workers', base => 'one worker', locks => 1,
          columns => [qw(one two)], titles => ['two workers'],
          cases => [ workers() ] },

        { title => 'Events for the application, microseconds',
          columns => [undef, qw(tcp ws)], titles => [qw(tcp ws)],
          cases => [ events() ] },

        { title => 'A request, microseconds', base => '`return 202`',
          columns => [qw(bare rest)], titles => ['REST'],
          cases => [ requests() ] },

        { title => 'Among 1,000,000 subscriptions of 100,000 sessions',
          base => 'alone',
          columns => [qw(tcp crowd)], titles => ['among them'],
          cases => [ crowd() ] },

        { title => 'Memory of a session', columns => [ undef, 'sessions' ],
          titles => ['bytes'], cases => [ sessions() ] },
    );
}


sub deliveries {
    return (
        { name => 'fanout100-q0', what => 'fan-out 1 to 100, QoS 0, 64 B',
          load => [qw(fanout --subs 100 -w 16 -q 0), @time],
          targets => [0.10, 0.12] },
        { name => 'fanout1000-q0', what => 'fan-out 1 to 1000, QoS 0',
          load => [qw(fanout --subs 1000 -w 4 -q 0), @time],
          targets => [0.18, 0.22] },
        { name => 'fanout100-q1', what => 'fan-out 1 to 100, QoS 1',
          load => [qw(fanout --subs 100 -w 16 -q 1), @time],
          targets => [0.12, 0.15] },
        { name => 'pairs100-q0-64', what => '100 pairs, QoS 0, 64 B',
          load => [qw(pairs -n 100 -w 8 -q 0 -b 64), @time],
          targets => [0.22, 0.30] },
        { name => 'pairs100-q1-64', what => '100 pairs, QoS 1, 64 B',
          load => [qw(pairs -n 100 -w 8 -q 1 -b 64), @time],
          targets => [0.20, 0.24] },
        { name => 'pairs100-q2-64', what => '100 pairs, QoS 2, 64 B',
          load => [qw(pairs -n 100 -w 8 -q 2 -b 64), @time],
          targets => [0.18, 0.22] },
        { name => 'pairs100-q0-1024', what => '100 pairs, QoS 0, 1 KiB',
          load => [qw(pairs -n 100 -w 8 -q 0 -b 1024), @time],
          targets => [0.23, 0.50] },
        { name => 'fanin100-q0', what => 'fan-in 100 to 1, QoS 0',
          load => [qw(fanin -n 100 -w 8 -q 0), @time],
          targets => [0.13, 0.16] },
        { name => 'fanin100-q1', what => 'fan-in 100 to 1, QoS 1',
          load => [qw(fanin -n 100 -w 8 -q 1), @time],
          targets => [0.13, 0.15] },
        { name => 'wild-100k',
          what => 'publish against 100,000 wildcard filters',
          load => [qw(wild -m 100000 --subs 100 --pubs 4 -w 16
                      --timeout 120), @time],
          targets => [0.50, 0.50] },
        { name => 'retain-10k', what => '10,000 retained to a "#" subscriber',
          load => [qw(retain -R 10000 -w 16 --pubs 4 --reps 3)],
          targets => [0.30, 0.30] },
    );
}


sub connections {
    my @connect = qw(connect -n 5000 -c 64);
    my @idle = qw(idle -n 19000 -c 64 -d 2 --settle 1.5);
    my $released = '`mqtt_release_request on`';

    return (
        { name => 'connect', what => 'making one, microseconds', load => \@connect,
          targets => [1.2, 1.7] },
        { name => 'connect-released',
          what => "the same, $released", load => \@connect,
          only => [ undef, undef, 'released' ], targets => [] },
        { name => 'idle-19000', fresh => 1,
          what => 'an idle one, bytes of memory', load => \@idle,
          at_most => 1, targets => [2048, 8192] },
        { name => 'idle-19000-released', fresh => 1,
          what => "the same, bytes, $released",
          load => \@idle, at_most => 1,
          only => [ undef, undef, 'released' ], targets => [ undef, 3072 ] },
    );
}


sub tls {
    return (
        { name => 'fanout100-q0-tls', what => 'fan-out 1 to 100, QoS 0, 64 B',
          load => [qw(fanout --subs 100 -w 16 -q 0), @time], targets => [] },
        { name => 'pairs100-q1-64-tls', what => '100 pairs, QoS 1, 64 B',
          load => [qw(pairs -n 100 -w 8 -q 1 -b 64), @time], targets => [] },
        { name => 'fanin100-q0-tls', what => 'fan-in 100 to 1, QoS 0',
          load => [qw(fanin -n 100 -w 8 -q 0), @time], targets => [] },
        { name => 'connect-tls', what => 'making a connection',
          load => [qw(connect -n 2000 -c 64)], targets => [] },
    );
}


# The same rate for all, counted from the time a message was due.

sub latencies {
    return (
        { name => 'lat-1to1-q0', what => '1 to 1, QoS 0, 5000 a second',
          load => [qw(fanout --subs 1 -w 64 -q 0 -r 5000), @time] },
        { name => 'lat-fanout100-q0', what => '1 to 100, QoS 0, 200 a second',
          load => [qw(fanout --subs 100 -w 64 -q 0 -r 200), @time] },
        { name => 'lat-pairs100-q0',
          what => '100 pairs, QoS 0, 5000 a second',
          load => [qw(pairs -n 100 -w 64 -q 0 -r 5000), @time] },
        { name => 'lat-pairs100-q1',
          what => '100 pairs, QoS 1, 5000 a second',
          load => [qw(pairs -n 100 -w 64 -q 1 -r 5000), @time] },
    );
}


sub workers {
    return map {
        my ($name, $what, @load) = @$_;

        map { { name => "$name-q$_-workers", what => "$what, QoS $_",
                load => [ @load, '-q', $_, @time ], targets => [1.15] } } 0, 1;

    } ['pairs100', '100 pairs', qw(pairs -n 100 -w 8)],
      ['fanout100', 'fan-out 1 to 100', qw(fanout --subs 100 -w 16)],
      ['fanin100', 'fan-in 100 to 1', qw(fanin -n 100 -w 8)];
}


# The application is a "return 200" in the same worker, by way of connections
# that are kept, so that both sides count.

sub events {
    my @events = qw(events -w 8 -q 0 -b 64);

    return map { { %$_, at_most => 1, targets => [20, 20] } }
        { name => 'events10', what => '10 clients, each with 8 under way',
          load => [ @events, '-n', 10, @time ] },
        { name => 'events200', what => '200 clients, each with 8 under way',
          load => [ @events, '-n', 200, @time ] };
}


# By wrk, over connections that are kept; "return 202" gets the same requests.

sub requests {
    return { name => 'rest-group', wrk => 1, targets => [2.0],
             what => '64 B to a group with one subscriber' };
}


# Each of 100,000 sessions has ten filters, and nobody is connected to it.

sub crowd {
    my @crowd = qw(sessions -n 100000 --session-subs 10 -c 256
                   --src-addrs 100 --timeout 300 --settle 0.1);

    return map { { %$_, crowd => \@crowd, targets => [1.3] } }
        { name => 'pairs100-q0-crowd', what => '100 pairs, QoS 0',
          load => [qw(pairs -n 100 -w 8 -q 0), @time] },
        { name => 'pairs100-q1-crowd', what => '100 pairs, QoS 1',
          load => [qw(pairs -n 100 -w 8 -q 1), @time] },
        { name => 'fanout100-q0-crowd', what => 'fan-out 1 to 100, QoS 0',
          load => [qw(fanout --subs 100 -w 16 -q 0), @time] },
        { name => 'wild-1k-crowd',
          what => 'publish against 1,000 wildcard filters',
          load => [qw(wild -m 1000 --subs 100 --pubs 4 -w 16
                      --timeout 120), @time] },
        { name => 'wild-1m-crowd',
          what => 'publish against 1,000 alone, a further 1,000,000 here',
          load => [qw(wild -m 1000 --subs 100 --pubs 4 -w 16
                      --timeout 120), @time],
          crowded => [qw(wild -m 1000000 --subs 100 --pubs 4 -w 16
                         --timeout 120), @time] };
}


sub sessions {
    return { name => 'sessions-1m', fresh => 1, at_most => 1,
             what => '1,000,000 sessions, of one subscription each, in a zone '
                     . 'of 976 MiB',
             load => [qw(sessions -n 1000000 -c 256 --src-addrs 100
                         --timeout 900)],
             targets => [1024] };
}


1;
