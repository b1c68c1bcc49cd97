package Test::Nginx::MQTT::Runner;

# Turns data blocks into test cases: a configuration, a server and a
# conversation for each transport, version and number of workers.

use strict;
use warnings;

use File::Path qw(remove_tree);
use Test::More ();

use Test::Nginx::MQTT::Server;
use Test::Nginx::MQTT::Token qw(pem jwks);
use Test::Nginx::MQTT::Trace;


my %SECTION = map { $_ => 1 } qw(
    mqtt transports versions workers zone hub main_config http_config server
    location stream_server conf files kinds connections master log_level timeout must_die
    error_log no_error_log access_log no_access_log allow conforms SKIP ONLY LAST
);
my @VARIANT = qw(zone hub main_config http_config server location stream_server
                 conf);

# What stands in front of ids in a section "conforms", and in "versions" for it.

my %STANDARD = ('3.1.1' => 4, '5.0' => 5);

my @DEFAULT_HUB = (
    'anonymous on',
    'default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup',
);


sub run {
    my (@blocks) = @_;

    my $only = defined $ENV{TEST_NGINX_CASE} ? $ENV{TEST_NGINX_CASE} : '';
    my @cases = grep { $_->{label} =~ /$only/ } map { cases($_) } @blocks;
    @cases = grep { @{ $_->{statements} } } @cases if $ENV{TEST_NGINX_CONFORMS};

    Test::More::plan(tests => scalar @cases) if !Test::More->builder->has_plan;
    run_case($_) for @cases;
}


sub value {
    my ($block, $name, $variant) = @_;

    my $value = defined $variant ? $block->{"$name$variant"} : undef;
    $value = $block->{$name} if !defined $value;
    return defined $value ? $value->[0] : undef;
}


sub list {
    my ($block, $name, @default) = @_;

    my $value = value($block, $name);
    return defined $value ? split ' ', $value : @default;
}


sub check_sections {
    my ($block) = @_;

    for my $name (@{ $block->{_section_order}[0] }) {
        (my $base = $name) =~ s/\d$//;
        die $block->name, ": unknown section $name\n"
            if !$SECTION{$name} && !grep { $_ eq $base } @VARIANT;
    }
}


# A block without a conversation needs no transport: its configuration is the
# test.

sub cases {
    my ($block) = @_;

    check_sections($block);
    my $talk = defined value($block, 'mqtt');
    my @statements = statements($block);
    my @cases;

    for my $workers (list($block, 'workers', 1)) {
        for my $version (list($block, 'versions', 5)) {
            for my $way ($talk ? ways($block) : ['tcp']) {
                my ($transport, $kind) = @$way;
                my @label = $talk ? $transport : ();
                push @label, $kind if defined $kind;
                push @label, "v$version" if value($block, 'versions');
                push @label, $workers == 1 ? '1 worker' : "$workers workers"
                    if value($block, 'workers');

                push @cases, { block => $block, workers => $workers, kind => $kind,
                    version => $version, transport => $transport,
                    statements => [grep { $STANDARD{$_->[0]} == $version }
                                        @statements],
                    label => join ' ', $block->name, @label ? "[@label]" : () };
            }
        }
    }

    return @cases;
}


# Transports, each with the kinds of Web PubSub clients, which need WebSocket.

sub ways {
    my ($block) = @_;

    my @kinds = list($block, 'kinds');
    my @transports = list($block, 'transports', @kinds ? 'ws' : qw(tcp ws));

    return map { my $t = $_; @kinds ? map { [$t, $_] } @kinds : [$t] } @transports;
}


sub run_case {
    my ($case) = @_;

    my ($block, $label) = @$case{qw(block label)};

    return Test::More->builder->skip("$label: no stream module")
        if $case->{transport} =~ /^(?:tcp|tls)$/ && defined value($block, 'mqtt')
           && !external() && !Test::Nginx::MQTT::Server::has_stream();

    my @problems = defined value($block, 'must_die') ? configuration_fails($case)
                                                     : conversation($case);

    record($case, !@problems);
    Test::More::ok(!@problems, $label) and return;
    Test::More::diag($_) for @problems;
}


# The statements a block shows, as [version, id].

sub statements {
    my ($block) = @_;

    my $text = value($block, 'conforms');
    return () if !defined $text;

    my $name = $block->name;
    my %played = map { $_ => 1 } list($block, 'versions', 5);
    my @statements;

    for my $line (grep { /\S/ } split /\n/, $text) {
        my ($version, @ids) = split ' ', $line;
        my $number = $STANDARD{$version};

        die "$name: conforms to $version?\n" if !defined $number;
        die "$name: conforms to nothing of $version\n" if !@ids;
        die "$name: has no case of $version\n" if !$played{$number};
        push @statements, map { [$version, $_] } @ids;
    }

    die "$name: conforms without a conversation\n"
        if !defined value($block, 'mqtt');

    return @statements;
}


# A line for each statement of a case, for t/conformance/ledger; each process
# has a file of its own.

sub record {
    my ($case, $ok) = @_;

    my $dir = $ENV{TEST_NGINX_CONFORMANCE};
    return if !defined $dir || !@{ $case->{statements} };

    (my $title = $case->{block}->name) =~ s/^TEST \d+: //;
    open my $out, '>>:encoding(UTF-8)', "$dir/$$" or die "$dir/$$: $!";

    print $out join("\t", @$_, $0, $title, @$case{qw(transport workers)},
                    $ok ? 'ok' : 'not ok'), "\n"
        for @{ $case->{statements} };

    close $out or die "$dir/$$: $!";
}


# Another broker's host:port, to try the library itself.

sub external {
    return $ENV{TEST_NGINX_MQTT_EXTERNAL};
}


sub server {
    my ($case) = @_;

    my $block = $case->{block};
    my $server = Test::Nginx::MQTT::Server->new(
        workers => $case->{workers}, timeout => timeout($block, 10),
        single => (value($block, 'master') || 'on') eq 'off');
    $server->prepare;
    write_files($server, value($block, 'files'));
    configure($case, $server);

    return $server;
}


sub write_files {
    my ($server, $files) = @_;

    my (undef, @parts) = split /^>>> (.+)\n/m, defined $files ? $files : '';

    while (my ($name, $text) = splice @parts, 0, 2) {
        $server->write_file($name, keys_in($text));
    }
}


# PEM(name) and JWKS(name ...) are public keys.

sub keys_in {
    my ($text) = @_;

    $text =~ s/\bPEM\(([\w-]+)\)/pem($1)/ge;
    $text =~ s/\bJWKS\(([\w -]+)\)/jwks(split ' ', $1)/ge;

    return $text;
}


sub timeout {
    my ($block, $default) = @_;

    my $timeout = value($block, 'timeout') || $default;
    return $timeout * ($ENV{TEST_NGINX_SLOW} || 1);
}


# ---- configuration

sub configure {
    my ($case, $server, $variant) = @_;

    my $block = $case->{block};
    my $conf = value($block, 'conf', $variant);
    $conf = generated($case, $server, $variant) if !defined $conf;

    $case->{conf} = expand($conf, $server);
    $server->write_file('conf/nginx.conf', $case->{conf});
}


# What $TEST_NGINX_... stands for in a configuration, see the manual.

sub expand {
    my ($conf, $server) = @_;

    my %port = %Test::Nginx::MQTT::Server::PORT;
    $conf =~ s/\$TEST_NGINX_(WSS?|TCP|TLS)\b/$server->{host}:$port{lc $1}/g;
    $conf =~ s/\$TEST_NGINX_PORT_(\d+)\b/"$server->{host}:"
                                        . Test::Nginx::MQTT::Server::port($1)/gex;
    $conf =~ s/\$TEST_NGINX_HOST\b/$server->{host}/g;
    $conf =~ s/\$TEST_NGINX_ROOT\b/$server->{root}/g;
    $conf =~ s/\$TEST_NGINX_WORKERS\b/$server->{workers}/g;
    $conf =~ s/\$TEST_NGINX_LOAD\b/Test::Nginx::MQTT::Server::load_modules()/ge;

    if ($conf =~ /\$TEST_NGINX_(?:CERTIFICATE|KEY)/) {
        my ($certificate, $key) = $server->certificate;
        $conf =~ s/\$TEST_NGINX_CERTIFICATE\b/$certificate/g;
        $conf =~ s/\$TEST_NGINX_KEY\b/$key/g;
    }

    return $conf;
}


# The lines of a hub: an own line replaces the default one of that name.

sub hub {
    my ($own) = @_;

    $own = '' if !defined $own;
    my @default = grep { my ($name) = /^(\w+)/; $own !~ /^\s*$name\b/m } @DEFAULT_HUB;

    return join '', (map { "    $_;\n" } @default), $own;
}


sub generated {
    my ($case, $server, $variant) = @_;

    my $block = $case->{block};
    my %s = map { my $v = value($block, $_, $variant); $_ => defined $v ? $v : '' }
                @VARIANT;

    my $zone = $s{zone} || '8m';
    my $hub = hub($s{hub});
    my $location = $s{location} || "mqtt_pass test;\n";
    my $native = !has_native($block) || $s{server} =~ m!location\s[^{]*/client! ? ''
               : 'location = /client/hubs/test { mqtt_pass test webpubsub; }';
    my $user = $> == 0 ? 'user root;' : '';
    my $level = value($block, 'log_level') || 'info';
    my $master = value($block, 'master') || 'on';
    my $connections = value($block, 'connections') || 1024;
    my $load = Test::Nginx::MQTT::Server::load_modules();

    my $tls = tls($block) ? <<"EOF" : '';
    ssl_certificate      \$TEST_NGINX_CERTIFICATE;
    ssl_certificate_key  \$TEST_NGINX_KEY;
EOF
    my $wss = $tls && "listen  \$TEST_NGINX_WSS ssl;";
    my $tls_server = $tls && <<"EOF";
    server {
        listen  \$TEST_NGINX_TLS ssl;
        mqtt_pass test;
    }
EOF

    my $stream = !Test::Nginx::MQTT::Server::has_stream() ? '' : <<"EOF";
stream {
$tls
    server {
        listen  \$TEST_NGINX_TCP;
        mqtt_pass test;
    }
$tls_server$s{stream_server}
}
EOF

    return <<"EOF";
$load$user
daemon off;
master_process $master;
worker_processes $case->{workers};
error_log logs/error.log $level;
pid logs/nginx.pid;

mqtt_zone test $zone;

mqtt_hub test {
$hub}

$s{main_config}
events {
    worker_connections $connections;
}

http {
    access_log logs/access.log;
$Test::Nginx::MQTT::Server::TEMP_PATHS
    default_type text/plain;
$tls$s{http_config}
    server {
        listen  \$TEST_NGINX_WS;
        $wss
        server_name localhost;
        root html;

        location = /mqtt {
            $location
        }
$native
$s{server}
    }
}

$stream
EOF
}


# Web PubSub clients only where a block speaks of them.

sub has_native {
    my ($block) = @_;

    my $text = value($block, 'mqtt');
    return defined $text && $text =~ /^\s*(?:\[.*\]\s*)*\S+ (?:comes|opens .*\bas)\b/m;
}


# TLS listeners only where a block speaks of them.

sub tls {
    my ($block) = @_;
    return grep { my $v = value($block, $_); defined $v && $v =~ /\b(?:tls|wss)\b/ }
                qw(transports mqtt stream_server);
}


# ---- the two kinds of tests

# nginx -t fails, with these lines; $here is the file and line of the directive
# marked "# here".

sub configuration_fails {
    my ($case) = @_;

    my $server = server($case);
    my ($ok, $said) = $server->test_config;
    return "nginx -t accepted the configuration" if $ok;

    my @bad = grep { $said !~ $_ } patterns($case, 'error_log');
    return () if !@bad;
    return "nginx -t does not say @bad:", $said;
}


sub patterns {
    my ($case, $name) = @_;

    my $text = value($case->{block}, $name);
    return () if !defined $text;

    return map { line_pattern($case, $_) } grep { /\S/ } split /\n/, $text;
}


# A line of a log section: a part of the line as it stands, or /a pattern/.

sub line_pattern {
    my ($case, $line) = @_;

    $line =~ s/^\s+|\s+$//g;
    return qr/$1/ if $line =~ m{^/(.*)/$};

    my $here = '';
    my $number = 0;
    for (split /\n/, $case->{conf}) {
        $number++;
        $here = "nginx.conf:$number" if /#\s*here\b/;
    }

    $line = quotemeta $line;
    $line =~ s/\\\$here\b/quotemeta($here) . '\\b'/ge;
    return qr/$line/;
}


sub conversation {
    my ($case) = @_;

    my $block = $case->{block};
    my $server = external() ? undef : server($case);
    my $trace = Test::Nginx::MQTT::Trace->new(
        %$case, server => $server, timeout => timeout($block, 5),
        host => $server ? $server->{host} : (split /:/, external())[0],
        port => $server ? \%Test::Nginx::MQTT::Server::PORT
                        : { tcp => (split /:/, external())[1] },
        configure => sub { configure($case, $server, $_[0]) });

    my @problems;
    my $ok = eval {
        my $text = value($block, 'mqtt');
        $server->start if $server;
        $trace->play(Test::Nginx::MQTT::Trace->parse($text)) if defined $text;
        1;
    };
    push @problems, failure($trace, $@) if !$ok;

    $trace->finish;
    return @problems if !$server;

    push @problems, logs($case, $server) if $ok;
    push @problems, 'nginx did not exit by itself' if !$server->stop;
    push @problems, map { "error log: $_" } $server->bad_lines(patterns($case, 'allow'));

    keep($case, $server, \@problems) if @problems;
    return @problems;
}


# Lines a log must have by now or soon, and lines it must not have.

sub logs {
    my ($case, $server) = @_;

    my @problems;

    for my $file (qw(error access)) {
        for my $pattern (patterns($case, "${file}_log")) {
            eval { $server->log_has($pattern, $file); 1 }
                or push @problems, "the $file log has no $pattern";
        }

        my $log = $server->read_file("logs/$file.log");
        push @problems, map { "the $file log has $_" } grep { $log =~ $_ }
                        patterns($case, "no_${file}_log");
    }

    return @problems;
}


sub failure {
    my ($trace, $error) = @_;

    chomp $error;
    my $at = $trace->{at};
    my @heard = @{ $trace->{heard} };
    splice @heard, 0, @heard - 30, '...' if @heard > 30;

    return $error, $at ? "at line $at->{line} of the conversation: $at->{text}" : (),
           map { "    $_" } @heard;
}


# The directory of a failed case stays, and the end of its log is shown.

my $kept = 0;

sub keep {
    my ($case, $server, $problems) = @_;

    my @log = split /\n/, $server->error_log;
    splice @log, 0, @log - 15 if @log > 15;
    push @$problems, 'error log:', map { "    $_" } @log if @log;

    my $to = "$server->{root}.failed-" . ++$kept;
    remove_tree($to);
    push @$problems, "everything is in $to" if rename $server->{root}, $to;
}


1;
