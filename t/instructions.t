# Instructions for each delivered message, counted by valgrind, in small
# scenarios that are the same each time.  t/instructions.tsv has the figures
# that were recorded; more than a tenth above them is a failure.  Figures of
# another compiler or NGINX cannot be compared with them.
#
# TEST_INSTRUCTIONS=record writes that file anew, for a commit that says why.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Test::Nginx::MQTT::Client;
use Test::Nginx::MQTT::Packet qw(encode);
use Test::Nginx::MQTT::Server;

my $LIMIT = 1.1;
my $TOP = Test::Nginx::MQTT::Server::source_root();
my $RECORDED = "$TOP/t/instructions.tsv";

# A function that runs for the client "mark" alone: what was counted before it
# is written to a file.
my $MARK = 'ngx_mqtt_handle_unsubscribe';

# "burst" messages are in one write, so the server always has them at once.
my @scenarios = (
    { name => 'fan-out QoS 0, tcp', transport => 'tcp', qos => 0, version => 4,
      pubs => 1, subs => 20, burst => 1, rounds => 100 },
    { name => 'fan-out QoS 0, ws', transport => 'ws', qos => 0, version => 4,
      pubs => 1, subs => 20, burst => 8, rounds => 20 },
    { name => 'fan-out QoS 1, tcp', transport => 'tcp', qos => 1, version => 5,
      pubs => 1, subs => 20, burst => 8, rounds => 20 },
    { name => 'pairs QoS 0, ws', transport => 'ws', qos => 0, version => 5,
      pubs => 10, subs => 1, burst => 1, rounds => 50 },
    { name => 'pairs QoS 1, tcp', transport => 'tcp', qos => 1, version => 4,
      pubs => 10, subs => 1, burst => 1, rounds => 50 },
    { name => 'pairs QoS 2, tcp', transport => 'tcp', qos => 2, version => 5,
      pubs => 10, subs => 1, burst => 8, rounds => 15 },
);


# ---- a server of one process under valgrind

{
    package Counted;

    our @ISA = 'Test::Nginx::MQTT::Server';

    sub command {
        my $self = shift;

        return (qw(valgrind --tool=callgrind -q --dump-line=no
                   --compress-strings=no --compress-pos=no),
                '--callgrind-out-file=' . $self->file('logs/callgrind'),
                "--dump-before=$MARK", $self->SUPER::command(@_));
    }
}

my $ours = (split ' ', $ENV{TEST_NGINX_LOAD_MODULES} || '')[0];

plan skip_all => 'the module is in the server, there is no object of its own'
    if !defined $ours;
plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();
plan skip_all => 'no valgrind, which .ci/deps installs for tests'
    if !grep { -x "$_/valgrind" } split /:/, $ENV{PATH};

my $with = made_with();
my ($recorded_with, %recorded) = recorded();
my $record = ($ENV{TEST_INSTRUCTIONS} || '') eq 'record';

plan skip_all => "recorded with $recorded_with, and this is $with"
    if !$record && $with ne $recorded_with;

my $server = Counted->broker(single => 1, timeout => 60, zone => '16m',
                             main => 'master_process off;');
$server->start;

my $mark = client('mark', 'tcp', 4);
my $marks = 0;
my @found;

for my $s (@scenarios) {
    my ($own, $all) = measure($s);

    push @found, sprintf("%s\t%.0f\t%.0f\n", $s->{name}, $own, $all);
    compare("$s->{name}, the module's own", $own, $recorded{ $s->{name} }[0]);
    compare("$s->{name}, all in user space", $all, $recorded{ $s->{name} }[1]);
}

is(join("\n", $server->ended), '', 'nginx');
write_recorded() if $record;
done_testing();


sub compare {
    my ($name, $found, $was) = @_;

    return cmp_ok($found, '>', 0, "$name: counted") if $record;
    return fail("$name: is not in t/instructions.tsv") if !defined $was;

    note(sprintf '%-44s %8.0f instructions, %8.0f recorded', $name, $found,
                 $was);
    cmp_ok($found, '<=', $was * $LIMIT, $name);
}


# ---- scenarios

sub measure {
    my ($s) = @_;

    my (@pubs, @subs);

    for my $i (1 .. $s->{pubs}) {
        push @pubs, client("pub$i", @$s{qw(transport version)});

        for my $k (1 .. $s->{subs}) {
            my $sub = client("sub$i-$k", @$s{qw(transport version)});
            request($sub, type => 'SUBSCRIBE', id => 1, props => [],
                    filters => [ { filter => "t/$i", qos => $s->{qos} } ]);
            push @{ $subs[$i - 1] }, $sub;
        }
    }

    round($s, \@pubs, \@subs);
    counted();
    round($s, \@pubs, \@subs) for 1 .. $s->{rounds};

    my $n = $s->{rounds} * $s->{burst} * $s->{pubs} * $s->{subs};
    my ($own, $all) = counted();

    $_->close for @pubs, map { @$_ } @subs;

    return ($own / $n, $all / $n);
}


sub round {
    my ($s, $pubs, $subs) = @_;

    for my $i (0 .. $#$pubs) {
        my $pub = $pubs->[$i];
        my @ids = $s->{qos} ? (1 .. $s->{burst}) : (undef) x $s->{burst};

        send_all($pub, map { { type => 'PUBLISH', topic => 't/' . ($i + 1),
                               qos => $s->{qos}, id => $_, props => [],
                               payload => 'x' x 64 } } @ids);

        for my $sub (@{ $subs->[$i] }) {
            my @got = await($sub, 'PUBLISH', $s->{burst});
            next if !$s->{qos};

            send_all($sub, answers($s->{qos} == 1 ? 'PUBACK' : 'PUBREC', @got));
            next if $s->{qos} == 1;

            send_all($sub, answers('PUBCOMP',
                                   await($sub, 'PUBREL', $s->{burst})));
        }

        if ($s->{qos} == 1) {
            await($pub, 'PUBACK', $s->{burst});

        } elsif ($s->{qos} == 2) {
            send_all($pub, answers('PUBREL',
                                   await($pub, 'PUBREC', $s->{burst})));
            await($pub, 'PUBCOMP', $s->{burst});
        }
    }
}


sub answers {
    my ($type, @packets) = @_;
    return map { { type => $type, id => $_->{id} } } @packets;
}


# ---- clients

sub client {
    my ($name, $transport, $version) = @_;

    my $client = $server->client(name => $name, transport => $transport,
                                 version => $version);
    $client->open(timeout => 30);
    request($client, type => 'CONNECT', id => $name, clean => 1, props => []);

    return $client;
}


sub send_all {
    my ($client, @packets) = @_;

    for my $p (@packets) {
        $p->{version} = $client->{version};
        $client->settle($p);
    }

    $client->send(join '', map { encode($_) } @packets);
}


sub await {
    my ($client, $type, $n) = @_;

    my @got;

    while (@got < $n) {
        my $e = $client->next_event(30);
        die "$client->{name} got ", Test::Nginx::MQTT::Client::describe_event($e),
            " for $type\n"
            if !$e || $e->{kind} ne 'packet' || $e->{packet}{type} ne $type;
        push @got, $e->{packet};
    }

    return @got;
}


sub request {
    my ($client, %p) = @_;

    $client->send_packet(%p);
    await($client, { CONNECT => 'CONNACK', SUBSCRIBE => 'SUBACK',
                     UNSUBSCRIBE => 'UNSUBACK' }->{ $p{type} }, 1);
}


# ---- figures

# Instructions since the last call: those of our objects, and all.

sub counted {
    request($mark, type => 'UNSUBSCRIBE', id => 1, filters => [ { filter => 'none' } ]);

    my $file = $server->file('logs/callgrind.' . ++$marks);
    open my $in, '<', $file or die "$file: $!\n";

    my ($own, $all, $object) = (0, 0, '');

    while (my $line = <$in>) {
        if ($line =~ /^ob=(.*)/) {
            $object = $1;

        } elsif ($line =~ /^calls=/) {
            # the next line is the cost of what was called
            <$in>;

        } elsif ($line =~ /^\d+ (\d+)$/) {
            $all += $1;
            $own += $1 if is_ours($object);
        }
    }

    return ($own, $all);
}


sub is_ours { return $_[0] =~ m{/ngx_\w+_mqtt_module\.so$} }


# What the figures depend on, besides the source.

sub made_with {
    open my $in, '<:raw', $ours or die "$ours: $!\n";
    my $object = do { local $/; <$in> };

    my ($compiler) = $object =~ /(GCC: \([^)]*\) [\d.]+|clang version [\d.]+)/;
    $compiler = 'unknown compiler' if !defined $compiler;
    $compiler =~ s/: \([^)]*\)//;

    my ($nginx) = Test::Nginx::MQTT::Server::build_options()
                      =~ m{nginx version: (\S+)};
    my ($valgrind) = `valgrind --version` =~ /(\S+)/;
    my ($machine) = (POSIX::uname())[4];

    return "$compiler, $nginx, $valgrind, $machine";
}


sub recorded {
    my ($with, %figures);

    open my $in, '<', $RECORDED or return ('nothing');

    while (<$in>) {
        if (/^# with: (.*)/) { $with = $1 }
        elsif (/^([^#\t]+)\t(\d+)\t(\d+)$/) { $figures{$1} = [$2, $3] }
    }

    return ($with, %figures);
}


sub write_recorded {
    open my $out, '>', $RECORDED or die "$RECORDED: $!\n";

    print $out <<"END";
# Instructions for each delivered message, by the module's own objects and by
# all that runs in user space; t/instructions.t fails above 1.1 of them.  They
# are changed only by a commit that says why:
#
#     make test TESTS=t/instructions.t TEST_INSTRUCTIONS=record
#
# with: $with
END
    print $out @found;
    close $out or die "$RECORDED: $!\n";
}
