#!/usr/bin/perl

# t/conformance/ledger: the page it writes, and what it complains of.  And the
# results that the section "conforms" leaves.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp ();
use Test::More;

use Test::Nginx::MQTT::Runner;

my $ledger = dirname(abs_path(__FILE__)) . '/conformance/ledger';
my $dir = File::Temp->newdir(CLEANUP => 1);

chdir $dir or die "cannot change to $dir: $!";
make_path('t/conformance', 'docs');


# Lists of the right length, and results that fit them.

my %count = ('3.1.1' => 141, '5.0' => 251);
my (%list, @results);

for my $version (sort keys %count) {
    $list{$version} = join '', map { "$version\tMQTT-1.0.0-$_\tboth\tsays $_\t\n" }
                                   1 .. $count{$version};
    push @results, map { shown($version, "MQTT-1.0.0-$_") } 1 .. $count{$version};
}

$list{'3.1.1'} =~ s/(-5\t)both/$1client/;
$list{'3.1.1'} =~ s/(says 6\t)/$1a reason/;
$list{'3.1.1'} =~ s/says 7/a|b*/;
$list{errors} = "5.0\ttwice\tboth\ta property twice\t\n";
push @results, shown('5.0', 'twice');
@results = grep { !/^3\.1\.1\tMQTT-1\.0\.0-[56]\t/ } @results;

is(said('write'), '', 'nothing to complain of');

my $page = slurp('docs/conformance.md');

for (['| [MQTT 3.1.1](#mqtt-311) | 141 | 139 | 1 | 1 | 0 |', 'counts'],
     ['| MQTT-1.0.0-3 | says 3 | [a.t](../t/a.t): title | pass |', 'a row'],
     ['| MQTT-1.0.0-5 | says 5 |  | client |', 'a row for clients'],
     ['| MQTT-1.0.0-6 | says 6 |  | deviation: a reason |', 'a deviation'],
     ["- MQTT-1.0.0-6 of 3.1.1: a reason\n", 'a list of deviations'],
     ['| MQTT-1.0.0-7 | a\|b\* |', 'escapes'],
     ['| twice, 5.0 | a property twice |', 'an error'],
     ["-9 | says 9 | [a.t](../t/a.t): title | pass |\n| MQTT-1.0.0-10 ", 'order'])
{
    my ($text, $name) = @$_;
    ok(index($page, $text) >= 0, "the page has $name");
}

is(said('check'), '', 'the page is what it was');


# Whatever is wrong is said.

complains(qr/^conformance: \S+ is stale/m, 'a test with another name',
          sub { s/title/other/ for $results[0] });
complains(qr/^conformance: 5\.0 MQTT-1\.0\.0-2 has no test that passes over ws$/m,
          'a transport without a test',
          sub { @results = grep { !/^5\.0\tMQTT-1\.0\.0-2\t.*\tws\t/ } @results });
complains(qr/^conformance: a test of 3\.1\.1 MQTT-1\.0\.0-4 fails$/m, 'a failure',
          sub { push @results, map { s/ok$/not ok/r } shown('3.1.1', 'MQTT-1.0.0-4') });
complains(qr/^conformance: t\/a\.t: title: there is no MQTT-9 of 5\.0$/m,
          'an unknown id', sub { push @results, shown('5.0', 'MQTT-9') });
complains(qr/^conformance: 3\.1\.1 MQTT-1\.0\.0-5 is for clients alone/m,
          'a test of a client', sub { push @results, shown('3.1.1', 'MQTT-1.0.0-5') });
complains(qr/^conformance: 250 statements of 5\.0 are listed, it has 251$/m,
          'a row missing',
          sub { $list{'5.0'} =~ s/.*-7\t.*\n//;
                @results = grep { !/^5\.0\tMQTT-1\.0\.0-7\t/ } @results });
complains(qr/5\.0 MQTT-1\.0\.0-8 is listed twice$/m, 'a row twice',
          sub { $list{'5.0'} =~ s/(.*-8\t.*\n)/$1$1/ });
complains(qr/who is bound by 5\.0 twice\?$/m, 'nobody bound',
          sub { $list{errors} =~ s/both/all/ });
complains(qr/not 5 columns: /m, 'a column missing',
          sub { $list{errors} =~ s/\t$// });
complains(qr/5\.0 MQTT-5 should be in another list$/m, 'a number among the errors',
          sub { $list{errors} .= "5.0\tMQTT-5\tclient\tx\t\n" });


# The section "conforms".

my $both = block("3.1.1 A B\n\n5.0 A C\n", '4 5');
my @cases = Test::Nginx::MQTT::Runner::cases($both);

is(join(' ', map { "$_->{version}$_->{transport}:"
                   . join ',', map { $_->[1] } @{ $_->{statements} } } @cases),
   '4tcp:A,B 4ws:A,B 5tcp:A,C 5ws:A,C', 'statements of each case');

$ENV{TEST_NGINX_CONFORMANCE} = 'results';
remove_tree('results');
mkdir 'results';
Test::Nginx::MQTT::Runner::record($cases[0], 1);
Test::Nginx::MQTT::Runner::record($cases[3], '');

is(slurp("results/$$"),
   join('', map { join("\t", @$_) . "\n" }
            ['3.1.1', 'A', $0, 'x y', 'tcp', 1, 'ok'],
            ['3.1.1', 'B', $0, 'x y', 'tcp', 1, 'ok'],
            ['5.0', 'A', $0, 'x y', 'ws', 1, 'not ok'],
            ['5.0', 'C', $0, 'x y', 'ws', 1, 'not ok']),
   'a line for each');

for (["3.1 A\n", qr/conforms to 3\.1\?/, 'an unknown version'],
     ["5.0\n", qr/conforms to nothing of 5\.0/, 'no ids'],
     ["3.1.1 A\n", qr/has no case of 3\.1\.1/, 'a version that is not played'])
{
    my ($text, $why, $name) = @$_;
    ok(!eval { Test::Nginx::MQTT::Runner::cases(block($text, 5)) } && $@ =~ $why, $name);
}

chdir '/';
done_testing();


sub block {
    my ($conforms, $versions) = @_;

    return bless { conforms => [$conforms], versions => [$versions],
                   mqtt => ['a opens'], _section_order => [[]] }, 'Block';
}


sub Block::name {
    return 'TEST 1: x y';
}


sub shown {
    my ($version, $id) = @_;
    return map { join "\t", $version, $id, 't/a.t', 'title', $_, 1, 'ok' } qw(tcp ws);
}


# What is complained of, with the lists and results as they are.

sub said {
    my ($mode) = @_;

    remove_tree('results');
    mkdir 'results';
    spew('results/1', map { "$_\n" } @results);
    spew("t/conformance/$_.tsv", "version\tid\twho\tstatement\tdeviation\n", $list{$_})
        for keys %list;

    my $said = `$^X $ledger $mode results 2>&1`;
    is(!!$?, $said ne '', "$mode: exit status");

    return $said;
}


sub complains {
    my ($pattern, $name, $break) = @_;

    my %whole = %list;
    my @all = @results;

    $break->();
    like(said('check'), $pattern, $name);

    %list = %whole;
    @results = @all;
}


sub spew {
    my ($file, @text) = @_;

    open my $out, '>', $file or die "$file: $!";
    print $out @text;
    close $out or die "$file: $!";
}


sub slurp {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    local $/;

    return scalar <$in>;
}
