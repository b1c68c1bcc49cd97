#!/usr/bin/perl

# report.pl RESULTS [PAGE]: tables of what bench.pl has measured, in Markdown,
# to the standard output or between the two marks in PAGE, the rest of which
# stays as it is.

use strict;
use warnings;

use FindBin;
use JSON::PP;

use lib $FindBin::Bin;

use Cases qw(sections);

my $BEGIN = "<!-- what follows is written by t/bench/report.pl -->\n";
my $END = "<!-- end of that -->\n";
my $NOISE = 0.3;

my ($file, $page) = @ARGV;

my $results = JSON::PP->new->decode(slurp($file));
my ($about, $runs, $locks) = @$results{qw(about runs locks)};
my ($targets, @missed) = (0);

my @sections = sections();
my $tables = join "\n", (map { table($_) } @sections), shares($sections[0]);
my $text = about() . "\n" . summary() . "\n$tables";

if (!defined $page) {
    print $text;
    exit;
}

my $old = slurp($page);

$old =~ s/\Q$BEGIN\E.*\Q$END\E/$BEGIN\n$text\n$END/s
    or die "$page has no marks\n";

open my $out, '>:encoding(UTF-8)', $page or die "$page: $!\n";
print $out $old;
close $out or die "$page: $!\n";


sub table {
    my ($section) = @_;

    my @rows = map { $section->{latency} ? late($section, $_)
                                         : row($section, $_) }
                   grep { $runs->{ $_->{name} } } @{ $section->{cases} };

    return () if !@rows;

    my $verdict = $section->{latency} ? 'not above' : 'ratio (target)';
    my @head = ('Case', $section->{base} // (),
                map { ($_, defined $section->{base} ? $verdict : 'target') }
                    @{ $section->{titles} });

    push @head, 'waits, sleeps for the lock in 1,000 deliveries'
        if $section->{locks};

    return join '', "### $section->{title}\n\n", line(@head),
                    line(('---') x @head), @rows, ciphers($section);
}


sub line { return '| ' . join(' | ', @_) . " |\n" }


sub row {
    my ($section, $case) = @_;

    my ($base, @columns) = @{ $case->{only} || $section->{columns} };
    my @cells = $case->{what};

    push @cells, cell($case, $base) if defined $section->{base};

    for my $i (0 .. $#columns) {
        push @cells, cell($case, $columns[$i]),
                     verdict($section, $case, $base, $i, $columns[$i]);
    }

    push @cells, waits($case, $columns[0]) if $section->{locks};

    return line(@cells);
}


# The ratio to the first column, or nothing where there is none, and the target
# in brackets.

sub verdict {
    my ($section, $case, $base, $i, $name) = @_;

    my $found = middle($case, $name);
    my $target = $case->{targets}[$i];

    return '' if !defined $name;

    if ($case->{at_most}) {
        return '' if !defined $target;
        my $missed = !defined $found || $found > $target;

        judge($section, $case, $i, $missed, $found, $target);
        return bold("(at most $target)", $missed);
    }

    my $to = middle($case, $base);
    return '' if !$to;

    my $ratio = defined $found ? sprintf '%.2f', $found / $to : undef;
    return $ratio // '' if !defined $target;

    my $missed = !defined $ratio || $ratio > $target;

    judge($section, $case, $i, $missed, $ratio, $target);
    return bold(sprintf('%s (%.2f)', $ratio // '', $target), $missed);
}


sub bold {
    my ($text, $bold) = @_;
    return $bold ? "**$text**" : $text;
}


sub judge {
    my ($section, $case, $i, $missed, $found, $target) = @_;

    $targets++;
    return if !$missed;

    push @missed, "$section->{title}: $case->{what}, $section->{titles}[$i]: "
                  . (defined $found ? "$found, not $target" : 'failed');
}


sub late {
    my ($section, $case) = @_;

    my ($base, @columns) = @{ $section->{columns} };
    my %found = map { $_ => [ percentiles($case, $_) ] } $base, @columns;
    my @cells = ($case->{what}, latency($case, $base));

    for my $i (0 .. $#columns) {
        my ($ours, $theirs) = @found{ $columns[$i], $base };

        push @cells, latency($case, $columns[$i]);

        if (!@$theirs) {
            push @cells, '';
            next;
        }

        my $above = !@$ours || grep { $ours->[$_] > $theirs->[$_] } 0, 1;

        push @cells, bold($above ? 'no' : 'yes', $above);
        judge($section, $case, $i, $above,
              map { @$_ ? join ' / ', @$_ : undef } $ours, $theirs);
    }

    return line(@cells);
}


sub latency {
    my ($case, $name) = @_;

    my @found = percentiles($case, $name);
    return @found ? join(' / ', @found) . marks($case, counted($case, $name))
                  : '';
}


sub percentiles {
    my ($case, $name) = @_;

    my @runs = counted($case, $name);

    return map { my $p = $_; middle_of(map { sprintf '%.0f', $_->{lat_us}{$p} }
                                           @runs) }
               @runs ? qw(p50 p99) : ();
}


sub waits {
    my ($case, $name) = @_;

    my $l = $locks->{ $case->{name} }{$name};
    return '' if !$l || !$l->{delivered};

    return join ', ', map { sprintf '%.2f', 1000 * $l->{$_} / $l->{delivered} }
                          qw(waits sleeps);
}


# What the two sides have agreed on.

sub ciphers {
    my ($section) = @_;

    my %used;
    for my $case (@{ $section->{cases} }) {
        $used{ $_->{tls} } = 1 for grep { $_->{tls} }
                                   map { @$_ }
                                       values %{ $runs->{ $case->{name} } // {} };
    }

    return %used ? "\n" . join(', ', sort keys %used) . "\n" : ();
}


# How much of the processor time was in the server's own code and libraries.

sub shares {
    my ($section) = @_;

    my @rows;

    for my $case (grep { $runs->{ $_->{name} } } @{ $section->{cases} }) {
        push @rows, line($case->{what}, map { share($case, $_) }
                                            @{ $section->{columns} });
    }

    return () if !@rows;

    my @head = ('Case', $section->{base}, @{ $section->{titles} });

    return join '', "### Not in the kernel, of the processor time\n\n",
                    line(@head), line(('---') x @head), @rows;
}


sub share {
    my ($case, $name) = @_;

    my ($user, $all) = (0, 0);

    for my $server (map { $_->{server} } counted($case, $name)) {
        $user += $server->{user_s};
        $all += $server->{user_s} + $server->{sys_s};
    }

    # the kernel counts them in hundredths of a second

    return $all >= 0.2 ? sprintf '%.0f %%', 100 * $user / $all : '';
}


# The repetitions that were not disturbed; if all were, all of them.

sub counted {
    my ($case, $name) = @_;

    return () if !defined $name;

    my @all = @{ $runs->{ $case->{name} }{$name} // [] };
    my @quiet = grep { $_->{noise_cpu} <= $NOISE } @all;

    return @quiet ? @quiet : @all;
}


sub cell {
    my ($case, $name) = @_;

    return '' if !defined $name || !$runs->{ $case->{name} }{$name};

    my @counted = counted($case, $name);
    my @values = sort { $a <=> $b } map { figure($_) } @counted;
    return 'failed' if !@values;

    my $format = $values[0] >= 100 ? '%.0f' : '%.2f';

    return sprintf($format, middle_of(@values)) . marks($case, @counted)
        if @values == 1;

    return sprintf("$format ($format to $format)%s",
                   middle_of(@values), @values[0, -1], marks($case, @counted));
}


# "!": something went wrong; "~": others disturbed all that was measured.

sub marks {
    my ($case, @runs) = @_;

    my $wrong = grep { $_->{lost} || $_->{out_of_order} || $_->{dup} } @runs;
    my $disturbed = !$case->{fresh} && grep { $_->{noise_cpu} > $NOISE } @runs;

    return ($wrong ? ' !' : '') . ($disturbed ? ' ~' : '');
}


# Microseconds of processor time for each delivery or connection, or bytes.

sub figure {
    my ($run) = @_;

    for my $bytes (qw(pss_bytes_per_conn pss_bytes_per_session)) {
        return $run->{$bytes} if exists $run->{$bytes};
    }

    my ($key) = grep { /^cpu_us_per_/ } keys %{ $run->{server} };

    return $run->{server}{$key};
}


sub middle {
    my ($case, $name) = @_;
    return middle_of(map { figure($_) } counted($case, $name));
}


sub middle_of {
    my @sorted = sort { $a <=> $b } @_;

    return @sorted ? $sorted[$#sorted / 2] : undef;
}


sub about {
    my $peer = $about->{mosquitto} ? "mosquitto $about->{mosquitto}"
                                   : 'no mosquitto';

    return "$about->{date}: $about->{processors} processors ($about->{cpu}), "
           . "Linux $about->{kernel},\n$about->{nginx}, $peer; median of "
           . "$about->{reps} (lowest to highest) of $about->{seconds} s "
           . "each.\n";
}


sub summary {
    my $reached = $targets - @missed;

    return "$reached of $targets targets were reached.\n" if !@missed;
    return "$reached of $targets targets were reached. Not reached:\n\n"
           . join '', map { "- $_\n" } @missed;
}


sub slurp {
    my ($path) = @_;

    open my $in, '<:encoding(UTF-8)', $path or die "$path: $!\n";
    local $/;

    return scalar <$in>;
}
