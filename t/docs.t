#!/usr/bin/perl

# What README.md and docs/ say of the code: every directive is described with
# the contexts and the default that it has, constants have the values given,
# files, functions and sections named exist, the operations of the REST API are
# described, the configuration of README.md is valid, and the tables of
# docs/performance.md have all that is measured.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use Test::More;

my $top = dirname(dirname(abs_path(__FILE__)));

chdir $top or die "cannot change to $top: $!";

my @docs = ('README.md', glob 'docs/*.md');
my @code = glob '{src,ngx_mqtt_module}/*.[ch]';

my %text = map { $_ => slurp($_) } @docs, @code;
my $code = join "\n", @text{@code};

my %context = (
    NGX_MAIN_CONF       => 'main',
    NGX_MQTT_HUB_CONF   => 'mqtt_hub',
    NGX_HTTP_MAIN_CONF  => 'http',
    NGX_HTTP_SRV_CONF   => 'server',
    NGX_HTTP_LOC_CONF   => 'location',
    NGX_STREAM_SRV_CONF => 'server (stream)',
);

my $directives = directives();
my $entries = entries('docs/directives.md');

is_deeply([sort keys %$entries], [sort keys %$directives],
          'docs/directives.md has an entry for each directive');

for my $name (sort keys %$directives) {
    next unless $entries->{$name};
    subtest $name => sub { check_entry($name) };
}

check_names($_) for @docs;
check_links($_) for @docs;
check_map('docs/architecture.md');
check_constants('docs/architecture.md');
check_variables('docs/directives.md');
check_api('docs/rest.md', 'docs/openapi.yaml');
check_readme();
check_tables('docs/performance.md');

done_testing();


# name => { contexts, field and offset of its value }, from the command tables

sub directives {
    my %found;

    for my $file (grep { m{^ngx_mqtt_module/.*\.c$} } @code) {
        while ($text{$file} =~ m{
                  ^ngx_command_t | ^static\ ngx_command_t
               }gmx)
        {
            my $start = pos $text{$file};
            my ($table) = substr($text{$file}, $start) =~ /\{(.*?)^\};/ms;

            while ($table =~ /\{ \s* ngx_string\("(\w+)"\), (.*?) \}/gsx) {
                my ($name, $rest) = ($1, $2);

                $found{$name}{field} = $1
                    if $rest =~ /offsetof\(\s*\w+,\s*settings\.(\w+)\)/
                       || $rest =~ /ngx_http_mqtt_loc_conf_t,\s*(\w+)\)/;

                $found{$name}{block} = 1 if $rest =~ /\bNGX_CONF_BLOCK\b/;

                $found{$name}{contexts}{$context{$_}} = 1
                    for grep { $rest =~ /\b$_\b/ } keys %context;
            }
        }
    }

    return \%found;
}


# name => { Syntax, Default, Context, text }

sub entries {
    my ($file) = @_;
    my %found;

    while ($text{$file} =~ /^\#\#\#\ (\w+)\n+ ```\n(.*?)```\n (.*?)
                            (?=^\#\#|\z)/gmsx)
    {
        my ($name, $form, $paragraphs) = ($1, $2, $3);

        $found{$name} = { text => $paragraphs };
        $found{$name}{$1} = $2 while $form =~ /^(\w+):\s+(.*)$/gm;
    }

    return \%found;
}


sub check_entry {
    my ($name) = @_;
    my ($entry, $directive) = ($entries->{$name}, $directives->{$name});

    my $end = $directive->{block} ? '\{ \.\.\. \}' : ';';

    like($entry->{Syntax}, qr/^$name( .*)?$end$/, 'syntax');

    is_deeply([sort split /, /, $entry->{Context} // ''],
              [sort keys %{$directive->{contexts}}], 'context');

    my $default = default_of($name, $directive->{field});

    if (!defined $default) {
        is($entry->{Default}, "\x{2014}", 'no default');

    } else {
        my ($said) = ($entry->{Default} // '') =~ /^$name (.*);$/;

        is(defined $said ? join(' ', map { value($_) } split ' ', $said) : undef,
           $default, 'default');
    }

    like($entry->{text}, qr/appeared in version \d+\.\d+\.\d+\./, 'version');
    like($entry->{text}, qr/\.\n\n\S.*\.\n/s, 'description');
}


# The default as numbers, or undef: there is none that could be written.

sub default_of {
    my ($name, $field) = @_;

    return 'drop_new'
        if $name eq 'queue_overflow'
           && $code =~ /hub->queue_overflow, NGX_MQTT_OVERFLOW_DROP_NEW\)/;

    return 'deny'
        if $name eq 'connect_fallback'
           && $code =~ /hub->connect_fallback, 0\)/;

    return 'ignore'
        if $name eq 'token_expiry' && $code =~ /hub->token_expiry, 0\)/;

    return undef if !defined $field;

    my @values = map { initial($_) }
                     $field eq 'max_queued' ? ($field, "${field}_bytes")
                                            : $field;

    return join ' ', @values;
}


sub initial {
    my ($field) = @_;

    return evaluate($1)
        if $code =~ /ngx_conf_init_(?:uint_)?value\(s->$field,\s*(\w+)\)/
           || $code =~ /s->$field = ngx_min\((\w+), quarter\)/
           || $code =~ /merge_value\(conf->$field, prev->$field, (\w+)\)/;

    return "no default of $field found";
}


# a number, or a #define of constants

sub evaluate {
    my ($word) = @_;

    my $depth = 0;

    1 while $depth++ < 10
            && $word =~ s{\b(NGX_(?:HTTP_)?MQTT_\w+)\b}{'(' . definition($1) . ')'}ge;

    return $word =~ m{^[\d\s()*+/<-]+$} ? eval($word) : $word;
}


sub definition {
    my ($name) = @_;

    $code =~ m{^\#define\s+$name\s+(\S.*?)\s*(?:/\*.*)?$}m
        or return "no $name";

    return $1;
}


# "1h", "2m", "300s", "on": m is a size wherever it is written here

sub value {
    my ($word) = @_;

    my %unit = (s => 1, h => 3600, k => 1024, m => 1024 * 1024);

    return 1 if $word eq 'on';
    return 0 if $word eq 'off';
    return $1 * $unit{$2} if $word =~ /^(\d+)([shkm])$/;
    return $word;
}


# Files and functions in backticks.

sub check_names {
    my ($file) = @_;
    my @missing;

    for my $name ($text{$file} =~ /`([^`\n]+)`/g) {

        if ($name =~ /^(ngx_\w+)\(\)$/) {
            push @missing, $name if $code !~ /\b$1\(/;

        } elsif ($name =~ /^(?:NGX_MQTT_\w+|ngx_mqtt_\w+_t)$/) {
            push @missing, $name if $code !~ /\b$name\b/;

        } elsif ($name =~ m{^(?:src|t|docs|conf\.examples)/[\w.*/-]*$}
                 || $name =~ /^[\w*]+\.[cht]$/)
        {
            push @missing, $name
                unless grep { -e } glob "{,src/,ngx_mqtt_module/,t/}$name";
        }
    }

    is("@missing", '', "$file: what it names exists");
}


sub check_links {
    my ($file) = @_;
    my @missing;

    for my $link ($text{$file} =~ /\]\(([^)\s]+)\)/g) {
        my ($path, $anchor) = $link =~ /^([^#]*)#?(.*)$/;

        next if $path =~ /^\w+:/;

        my $to = $path eq '' ? $file
               : $file =~ m{/} ? dirname($file) . "/$path" : $path;

        push @missing, $link
            if !-e $to || $anchor ne '' && !has_section($to, $anchor);
    }

    is("@missing", '', "$file: its links lead somewhere");
}


sub has_section {
    my ($file, $anchor) = @_;

    for my $title (slurp($file) =~ /^#+ (.*)$/gm) {
        $title = lc $title;
        $title =~ s/[^\w -]//g;
        $title =~ tr/ /-/;
        return 1 if $title eq $anchor;
    }

    return 0;
}


# The map of files has all of them.

sub check_map {
    my ($file) = @_;

    my ($map) = $text{$file} =~ /^## Files\n(.*?)^## /ms;

    my @patterns = map { quotemeta s/\*/#/r } $map =~ /`([\w*]+\.[ch])`/g;
    my $known = join '|', map { s/\\#/\\w+/r } @patterns;

    my @missing = grep { !m{/(?:$known)$} } @code;

    is("@missing", '', "$file: the map has each file");
}


# Rows "| what | 32, 12288 | `NGX_MQTT_A`, `NGX_MQTT_B` |".

sub check_constants {
    my ($file) = @_;
    my $n = 0;

    while ($text{$file} =~ /^\|[^|\n]+\|([^|\n]+)\|\s*(`NGX_(?:HTTP_)?MQTT_[^|\n]+)\|$/gm)
    {
        my ($values, $names) = ($1, $2);

        is(join(', ', $values =~ /\d+/g),
           join(', ', map { evaluate($_) } $names =~ /`(\w+)`/g),
           "$file: $names");

        $n++;
    }

    cmp_ok($n, '>', 10, "$file: has constants");
}


sub check_variables {
    my ($file) = @_;

    my %coded = map { $_ => 1 }
                    $code =~ /\{ ngx_string\("(mqtt_\w+)"\), NULL,/g;
    my @said = $text{$file} =~ /^\| `\$(\w+)` \|/gm;

    is("@{[sort @said]}", "@{[sort keys %coded]}", "$file: the variables");
}


# The REST API: its operations, arguments and fields are in both descriptions.

sub check_api {
    my ($page, $yaml) = @_;
    my ($rest, $openapi) = ($text{$page}, slurp($yaml));
    my ($path, @coded, @said, @specified);

    while ($code =~ /^    \{ NGX_HTTP_([A-Z]+), "([^"]+)",/mg) {
        my ($method, $where) = ($1, $2);
        push @coded, "$method /api/" . join '/', map { s/^[A-Z]$/{}/r } split m{/}, $where;
    }

    while ($rest =~ m{^\| `([A-Z]+) (/api/\S+)` \|}mg) {
        push @said, "$1 " . $2 =~ s/\{\w+\}/{}/gr;
    }

    for (split /\n/, $openapi) {
        $path = $1 =~ s/\{\w+\}/{}/gr if m{^  (/\S+):$};
        push @specified, uc($1) . " $path" if /^    (get|head|put|post|delete):$/;
    }

    is_deeply([sort @said], [sort @coded], "$page: the operations");
    is_deeply([sort @specified], [sort @coded], "$yaml: the operations");

    my ($fields) = $code =~ /field_names\[\] = \{(.*?)^\};/ms;
    my %names = map { $_ => 1 } $fields =~ /ngx_string\("(\w+)"\)/g,
                $code =~ /ngx_http_mqtt_api_(?:args?|number)\(api, "([\w-]+)"/g;

    is(join(' ', grep { $rest !~ /`\Q$_\E`/ } sort keys %names), '',
       "$page: arguments and fields");
    is(join(' ', grep { $openapi !~ /^ +(?:name: )?\Q$_\E:?$/m } sort keys %names), '',
       "$yaml: arguments and fields");

    my %defined = map { $_ => 1 } $openapi =~ /^    (\w+):$/mg;
    my %used = map { $_ => 1 } $openapi =~ m{'#/components/\w+/(\w+)'}g;

    is(join(' ', grep { !$defined{$_} } sort keys %used), '', "$yaml: references");
}


# Its configurations, with this server's modules and other ports.

sub check_readme {
    check_configuration($_) for $text{'README.md'} =~ /```nginx\n(.*?)```/sg;
}


sub check_configuration {
    my ($conf) = @_;
    my $nginx = $ENV{TEST_NGINX_BINARY};

  SKIP: {
        skip 'no TEST_NGINX_BINARY', 1 unless $nginx;

        my $dir = File::Temp->newdir(CLEANUP => 1);
        my $port = $ENV{TEST_NGINX_PORT} // 19840;

        my $load = join '', map { "load_module $_;\n" }
                            split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // '';

        my $temp = join '', map { "${_}_temp_path $dir/$_; " }
                            qw(client_body proxy fastcgi uwsgi scgi);

        $conf =~ s/^load_module.*\n//gm;
        $conf = "events { }\nmqtt_zone broker 8m;\n$conf" if $conf !~ /^events /m;
        $conf =~ s/127\.0\.0\.1:\d+/'127.0.0.1:' . $port++/ge;
        $conf =~ s/^http \{/http { access_log off; $temp/m;

        open my $out, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!";
        print $out "${load}pid $dir/nginx.pid;\n$conf";
        close $out or die "$dir/nginx.conf: $!";

        my $said = `'$nginx' -t -q -p '$dir/' -c '$dir/nginx.conf' -e stderr 2>&1`;

        is($said, '', 'README.md: its configuration is valid');
    }
}


# Each case of t/bench with its targets, and what is above one is bold.

sub check_tables {
    my ($file) = @_;
    my @wrong;

    require './t/bench/Cases.pm';

    for my $section (Cases::sections()) {
        my $title = $section->{title};
        my ($table) = $text{$file} =~ /^### \Q$title\E\n\n(.*?)(?=^\#|\z)/ms;

        for my $case (@{ $section->{cases} }) {
            my ($row) = ($table // '') =~ /^\| \Q$case->{what}\E \|(.*)\|$/m;

            push @wrong, "$title, $case->{what}"
                if !defined $row || !right_row($row, $case->{targets});
        }
    }

    is(join("\n", @wrong), '', "$file: its tables");
}


sub right_row {
    my ($row, $targets) = @_;

    my @targets = map { 0 + $_ } grep { defined } @{ $targets // [] };
    my @said = map { 0 + $_ } $row =~ /\((?:at most )?([\d.]+)\)/g;

    return 0 if "@said" ne "@targets";

    while ($row =~ /(\*\*)?([\d.]+) \(([\d.]+)\)/g) {
        return 0 if defined $1 xor $2 > $3;
    }

    return 1;
}


sub slurp {
    my ($file) = @_;

    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
    local $/;

    return scalar <$in>;
}
