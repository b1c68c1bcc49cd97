# Every structural store of the source was the place of a kill, in the unit
# tests or in those that kill workers of a server, which show that it was
# recovered.  What none of them comes to is named here, with the reason.

use strict;
use warnings;

use Test::More;

use Test::Nginx::MQTT::Server;


plan skip_all => 'only with TORTURE=full' if ($ENV{TORTURE} || '') ne 'full';

my %unreached = (
    'ngx_mqtt_page_unlink page->prev->next'
        => 'a page in the middle of its list of partial pages fills up',
    'ngx_mqtt_deliver_collect_locked a->stalled'
        => 'what is queued before a client was found to be blocked',
    'ngx_mqtt_hash_split_locked hash->dir[s / NGX_MQTT_HASH_SEGMENT]'
        => 'an index of more than 65536',
    'ngx_mqtt_hash_join_locked hash->dir[s / NGX_MQTT_HASH_SEGMENT]'
        => 'the same on its way back',
    'ngx_mqtt_publication_finish_locked pub->current'
        => 'a session that ended between match and queue',
    'ngx_mqtt_publication_abandon_locked pub->drafts'
        => 'a publisher killed between two holds of the lock',
    'ngx_mqtt_publish_alloc_locked w->slot->filling'
        => 'a zone that becomes full within a message',
    'ngx_mqtt_queue_next_locked s->unsent'
        => 'an entry that was counted out of turn',
    'ngx_mqtt_rebuild_targets_locked pub->target'
        => 'a session that ended while its message was on its way',
    'ngx_mqtt_rebuild_targets_locked e->m.target'
        => 'the same',
    'ngx_mqtt_slot_drop_refs_locked slot->big'
        => 'a worker killed between two pieces of a large message',
    'ngx_mqtt_sub_end_replay_locked s->replays'
        => 'the first of several replays ends first',
);


my $root = Test::Nginx::MQTT::Server::source_root();
my $log = "$root/build/kill-places";
chdir $root or die "$root: $!\n";
unlink $log;

local $ENV{NGX_MQTT_KILL_LOG} = $log;


# ---- the kills

{
    local $ENV{CC} = $ENV{CC} || 'gcc';
    local $ENV{SANITIZE} = '';
    local $ENV{KILL_TWICE} = 40;

    my $dir = "build/unit/$ENV{CC}-plain";
    system("mkdir -p $dir && .ci/native $dir t/unit main >&2") == 0
        or BAIL_OUT('the unit tests do not compile');
    my $said = `$dir/run kill`;
    is($?, 0, 'kills in the unit tests') or diag(grep { !/^ok/ } split /^/, $said);
}

for my $test (qw(t/kill_points.t t/kill_clients.t)) {
    my $said = `$^X $test`;
    is($?, 0, "kills in $test") or diag(grep { !/^ok/ } split /^/, $said);
}


# ---- the places

sub places {
    my ($file) = @_;

    open my $f, '<', $file or die "$file: $!\n";
    my @lines = <$f>;
    my ($function, @places) = ('');

    for my $i (0 .. $#lines) {
        $function = $1 if $lines[$i] =~ /^(\w+)\(/;
        next if $lines[$i] !~ /^\s.*\bngx_mqtt_set\((.*)/s;

        my ($last, $text) = ($i, $1);
        $text .= $lines[++$last] while $lines[$last] !~ /;\s*$/;
        my ($place) = $text =~ /^((?:[^,(]|\([^)]*\))+),/;
        $place =~ s/\s+/ /g;
        push @places, { name => "$function $place", file => $file,
                        first => $i + 1, last => $last + 1 };
    }

    return @places;
}

my %killed;
open my $f, '<', $log or die "$log: $!\n";
while (<$f>) {
    $killed{$1}{$2}++ if m{\b((?:src|ngx_mqtt_module)/\w+\.[ch]):(\d+)$};
}

my @places = map { places($_) } glob 'src/*.[ch] ngx_mqtt_module/*.[ch]';
my @rest = grep { my $p = $_;
                  !grep { $killed{ $p->{file} }{$_} } $p->{first} .. $p->{last} } @places;

my @unknown = map { "$_->{file}:$_->{first} $_->{name}" }
              grep { !$unreached{ $_->{name} } } @rest;
is("@unknown", '', 'every place but those named here');

cmp_ok(scalar @places, '>', 200, sprintf '%d places, %d of them hit', scalar @places,
       @places - @rest);
diag(sprintf '%d of %d places hit; not: %s', @places - @rest, scalar @places,
     join "\n    ", map { "$_->{name}: " . ($unreached{ $_->{name} } || '?') } @rest);

done_testing();
