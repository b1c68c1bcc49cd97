package Test::Nginx::MQTT::Torture;

# A server under load from the programs of t/torture, which print figures as
# "name value" lines.
#
# With TORTURE=full the server has a processor to itself and the load another,
# and figures are held to their bounds.  Otherwise other tests may run beside,
# and only behaviour is looked at.

use strict;
use warnings;

use parent -norequire, 'Test::Nginx::MQTT::Server';

use IO::Handle;
use POSIX qw(WNOHANG);
use Test::More ();
use Time::HiRes qw(time sleep);

use Test::Nginx::MQTT::Server;


my $ROOT = Test::Nginx::MQTT::Server::source_root();
my %running;


sub full { return ($ENV{TORTURE} || '') eq 'full' }


# The one value with TORTURE=full, the other without.

sub scale {
    my ($full, $bounded) = @_;
    return full() ? $full : $bounded;
}


# Options are those of broker().

sub start_server {
    my ($class, %o) = @_;

    system("$ROOT/.ci/load") == 0 or die "the load was not built\n";

    my $self = $class->broker(workers => 1, timeout => 30, connections => 1024,
                              zone => scale('32m', '8m'), log_level => 'notice',
                              listen => 'backlog=4096', %o);
    $self->start;

    return $self;
}


sub pinned {
    my ($core, @command) = @_;

    return @command if !full() || processors() < 2;
    return ('taskset', '-c', $core, @command);
}


sub processors {
    my $n = `nproc`;
    return $n =~ /(\d+)/ ? $1 : 1;
}


# Preferred to others, so that their work is not measured.

sub command {
    my $self = shift;
    return pinned(0, preferred(-15), $self->SUPER::command(@_));
}


sub preferred {
    my ($nice) = @_;
    return full() && $nice && ($> == 0 || $nice > 0) ? ('nice', '-n', $nice) : ();
}


# ---- programs

# Starts a program of t/torture.  The option nice is above 0 for those that
# shall not disturb what measures, which has it below.

sub launch {
    my ($self, $program, $mode, %o) = @_;

    my $nice = delete $o{nice};
    my %port = %Test::Nginx::MQTT::Server::PORT;
    my @command = ("$ROOT/build/torture/$program", $mode, $self->{host},
                   $port{tcp}, $port{ws}, map { "$_=$o{$_}" } sort keys %o);

    @command = pinned(1, preferred($nice), @command);

    pipe my $in, my $to or die "pipe: $!\n";
    pipe my $from, my $out or die "pipe: $!\n";

    my $pid = fork;
    die "fork: $!\n" if !defined $pid;

    if (!$pid) {
        open STDIN, '<&', $in;
        open STDOUT, '>&', $out;
        close $_ for $to, $from, $in, $out;
        { exec @command }
        POSIX::_exit(127);
    }

    $to->autoflush;
    $running{$pid} = 1;

    return { pid => $pid, to => $to, from => $from, name => "$program $mode" };
}


# What it prints up to a line "end" or its own end.

sub figures {
    my ($load) = @_;

    my %f;
    my $from = $load->{from};

    while (defined(my $line = <$from>)) {
        last if $line eq "end\n";
        if ($line =~ /^FAULT (.*)/) { push @{ $f{FAULT} }, $1 }
        elsif ($line =~ /^(\S+) (\S+)$/) { $f{$1} = $2 }
    }

    return \%f;
}


# Waits for the end of a program, with its figures; FAULT has what it found.

sub finish {
    my ($self, $load) = @_;

    my $f = figures($load);
    close $load->{to};

    waitpid $load->{pid}, 0;
    delete $running{ $load->{pid} };

    push @{ $f->{FAULT} }, "$load->{name} ended with $?"
        if $? && !$f->{FAULT};

    return $f;
}


sub run {
    my $self = shift;
    return $self->finish($self->launch(@_));
}


END {
    local $?;
    kill KILL => keys %running if %running;
}


# ---- what it costs

# Private memory of all workers, in kB, the zone not counted.

sub memory {
    my ($self) = @_;

    my $sum = 0;
    for my $pid ($self->processes) {
        open my $f, '<', "/proc/$pid/status" or next;
        while (<$f>) { $sum += $1 if /^RssAnon:\s+(\d+)/ }
    }

    return $sum;
}


# Looks on until the programs have ended: the largest memory that was seen.

sub watch {
    my ($self, @loads) = @_;

    my $max = 0;
    my %left = map { $_->{pid} => $_ } @loads;

    while (%left) {
        my $now = $self->memory;
        $max = $now if $now > $max;

        for my $pid (keys %left) {
            delete $left{$pid} if process_ended($pid);
        }

        sleep 0.1;
    }

    return $max;
}


# Also true of a process that nobody has waited for yet.

sub process_ended {
    my ($pid) = @_;

    open my $f, '<', "/proc/$pid/stat" or return 1;
    my $line = <$f>;
    return !defined $line || $line =~ /^\d+ \(.*\) Z/;
}


# The maxima in the log, of all workers: [lock, event loop], microseconds.

sub longest {
    my ($self) = @_;

    my ($lock, $loop) = (0, 0);

    for ($self->error_log =~ /(lock held at most \d+ us, event loop at most \d+)/g) {
        my ($a, $b) = /(\d+)/g;
        $lock = $a if $a > $lock;
        $loop = $b if $b > $loop;
    }

    return ($lock, $loop);
}


# ---- results

# A table in the output of the test, for people.

sub table {
    my ($title, @rows) = @_;

    Test::More::note($title);
    while (my ($name, $value) = splice @rows, 0, 2) {
        Test::More::note(sprintf '    %-36s %s', $name,
                                 defined $value ? $value : '-');
    }
}


1;
