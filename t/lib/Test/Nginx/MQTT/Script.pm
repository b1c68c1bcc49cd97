package Test::Nginx::MQTT::Script;

# Plays the scripts of t/interop, whose TAP becomes that of the test.

use strict;
use warnings;

use IPC::Open2;
use Test::More;
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Server;

our $DIR = Test::Nginx::MQTT::Server::source_root() . '/t/interop';
our $NODE = $ENV{TEST_NODE} || 'node';
our $SLOW = $ENV{TEST_NGINX_SLOW} || 1;

my $only = $ENV{TEST_NGINX_CASE};


# What the script asks for by a line "do NAME ARGUMENTS" is $do->{NAME}; what
# that returns is its answer.

sub play {
    my ($program, $script, $do) = @_;

    return if defined $only && $script !~ /$only/;
    my $start = time;
    my ($planned, $seen, $failed) = (undef, 0, 0);

    my $pid = open2(my $out, my $in, $program, "$DIR/$script");
    $in->autoflush;
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { diag("$script takes too long"); kill KILL => $pid };
    alarm 60 * $SLOW;

    while (my $line = <$out>) {
        chomp $line;
        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            $seen++;
            $failed = defined $1;
            ok(!$failed, "$script: $2");

        } elsif ($line =~ /^1\.\.(\d+)$/) {
            $planned = $1;

        } elsif ($line =~ /^do (\S+) ?(.*)/) {
            my $said = eval { $do->{$1}->(split ' ', $2) };
            print $in $@ || "done $said\n";

        } elsif ($line =~ s/^# ?//) {
            $failed ? diag($line) : note($line);

        } else {
            note($line);
        }
    }

    close $in;
    waitpid $pid, 0;
    alarm 0;
    is($?, 0, "$script ends well");
    is($planned, $seen, "$script runs all its tests");
    note(sprintf '%s: %.1f s', $script, time - $start);
}


1;
