package Test::Nginx::MQTT::Load;

# A program of t/torture that runs beside a test and takes commands: a line
# each, answered by "name value" lines and then "ok" or "failed".

use strict;
use warnings;

use IPC::Open2 qw(open2);

use Test::Nginx::MQTT::Server;


my $ROOT = Test::Nginx::MQTT::Server::source_root();


# Starts a program: name => value are its arguments name=value.

sub new {
    my ($class, $program, %args) = @_;

    system("$ROOT/.ci/load") == 0 or die "t/torture does not compile\n";

    my $self = bless {}, $class;
    $self->{pid} = open2($self->{out}, $self->{in}, "$ROOT/build/torture/$program",
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
