package Test::Nginx::MQTT::Load;

# A program of t/torture that runs beside a test and takes commands: a line
# each, answered by "name value" lines and then "ok" or "failed".

use strict;
use warnings;

use Fcntl qw(:flock);
use File::Path qw(make_path);
use IPC::Open2 qw(open2);

use Test::Nginx::MQTT::Server;


my $ROOT = Test::Nginx::MQTT::Server::source_root();


# Builds t/torture/NAME.c with the library beside it, if they have changed.

sub build {
    my ($name) = @_;

    my $dir = "$ROOT/build/torture";
    make_path($dir);
    open my $lock, '>', "$dir/lock" or die "$dir/lock: $!\n";
    flock $lock, LOCK_EX or die "$dir/lock: $!\n";

    my @sources = ("$ROOT/t/torture/$name.c", glob "$ROOT/t/torture/load*.c");
    my ($built) = (stat "$dir/$name")[9] || 0;

    if (grep { (stat)[9] >= $built } @sources, "$ROOT/t/torture/load.h") {
        system($ENV{CC} || 'gcc', qw(-O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror
                                     -Wno-unused-parameter),
               '-o', "$dir/$name.new", @sources) == 0
            && rename("$dir/$name.new", "$dir/$name")
            or die "$name does not compile\n";
    }

    return "$dir/$name";
}


# Starts a program: name => value are its arguments name=value.

sub new {
    my ($class, $program, %args) = @_;

    my $self = bless {}, $class;
    $self->{pid} = open2($self->{out}, $self->{in}, build($program),
                         map { "$_=$args{$_}" } sort keys %args);

    return $self;
}


# A command; dies if it failed, and returns what came before "ok" as a hash.

sub ask {
    my ($self, @command) = @_;

    my ($ok, $got) = $self->try(@command);
    die "the load failed at \"@command\"\n" if !$ok;

    return $got;
}


# Returns whether it succeeded, and the hash.

sub try {
    my ($self, @command) = @_;

    my %got;
    print { $self->{in} } "@command\n";

    while (defined(my $line = readline $self->{out})) {
        chomp $line;
        return ($line eq 'ok', \%got) if $line =~ /^(?:ok|failed)$/;
        my ($name, $value) = split ' ', $line, 2;
        $got{$name} = $value;
    }

    die "the load ended at \"@command\"\n";
}


sub end {
    my ($self) = @_;

    return if !$self->{pid};
    close $self->{in};
    close $self->{out};
    waitpid delete $self->{pid}, 0;
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $@);
    kill KILL => $self->{pid} if $self->{pid};
    $self->end;
}


1;
