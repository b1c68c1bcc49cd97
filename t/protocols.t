# What clients of each protocol hear of what clients of each protocol say: the
# table in docs/protocols.md, which this makes anew with TEST_NGINX_WRITE=1.

use strict;
use warnings;

use Test::More;

use Test::Nginx::MQTT::Client;
use Test::Nginx::MQTT::NativeClient;
use Test::Nginx::MQTT::Packet qw(encode);
use Test::Nginx::MQTT::Server;
use Test::Nginx::MQTT::Token qw(token);
use Test::Nginx::MQTT::WebSocket qw(frame opcode);

plan skip_all => 'no stream module' if !Test::Nginx::MQTT::Server::has_stream();

my $page = Test::Nginx::MQTT::Server::source_root() . '/docs/protocols.md';
my $slow = $ENV{TEST_NGINX_SLOW} || 1;
my $topic = 'all';

my $server = Test::Nginx::MQTT::Server->new(workers => 2, timeout => 10 * $slow);
my $port = \%Test::Nginx::MQTT::Server::PORT;
my $load = Test::Nginx::MQTT::Server::load_modules();
my $user = $> == 0 ? 'user root;' : '';

$server->prepare;
$server->write_file('conf/nginx.conf', <<"EOF");
$load$user
daemon off;
worker_processes 2;
error_log logs/error.log info;
pid logs/nginx.pid;

mqtt_zone test 8m;

mqtt_hub test {
    anonymous on;
    access_key primarykey;
    default_roles webpubsub.joinLeaveGroup webpubsub.sendToGroup;
}

events { worker_connections 128; }

http {
    access_log off;
$Test::Nginx::MQTT::Server::TEMP_PATHS
    server {
        listen $server->{host}:$port->{ws};
        location = /mqtt { mqtt_pass test; }
        location = /client/hubs/test { mqtt_pass test webpubsub; }
    }
}

stream {
    server {
        listen $server->{host}:$port->{tcp};
        mqtt_pass test;
    }
}
EOF
$server->start;


# ---- clients

my $placed = 0;

sub mqtt {
    my ($version, $transport) = @_;

    my $c = $server->client(name => "mqtt$version", transport => $transport,
                            version => $version);
    $server->open_on($c, $placed++);
    $c->send(encode({ type => 'CONNECT', version => $version, clean => 1,
                      keepalive => 60, id => '' }));
    is(heard($c)->{packet}{type}, 'CONNACK', "MQTT $version over $transport");
    $c->send(encode({ type => 'SUBSCRIBE', version => $version, id => 1,
                      filters => [{ filter => $topic, qos => 2 }] }));
    is(heard($c)->{packet}{type}, 'SUBACK', '... subscribes');

    return $c;
}


sub native {
    my ($kind) = @_;

    my $token = token(key => 'primarykey', claims => sprintf
        '"aud":"http://localhost/client/hubs/test","exp":%d,"webpubsub.group":"%s"',
        time + 600, $topic);
    my $c = Test::Nginx::MQTT::NativeClient->new(
        name => $kind, kind => $kind, transport => 'ws', host => $server->{host},
        port => $port->{ws}, version => 5);
    my $query = "access_token=$token"
                . ($kind eq 'simple' ? "&webpubsub_mode=sendToGroup&group=$topic" : '');

    my @workers = sort { $a <=> $b } $server->workers;
    $server->only_worker($workers[$placed++ % @workers], sub {
        $c->open(timeout => 5, request => { path => "/client/hubs/test?$query" });
        $server->worker_of($c->{port}, $c->local_port);
    });
    is($kind eq 'simple' ? 'connected' : heard($c)->{message}{type}, 'connected', $kind);

    return $c;
}


sub heard {
    my ($c) = @_;

    my $e = $c->next_event(5 * $slow);
    die "$c->{name} hears nothing\n" if !$e;
    die "$c->{name} hears " . Test::Nginx::MQTT::Client::describe_event($e) . "\n"
        if $e->{kind} !~ /^(?:packet|native)$/;
    return $e;
}


# Several of a column hear the same.

my @columns = (
    ['MQTT 3.1.1' => mqtt(4, 'tcp'), mqtt(4, 'ws')],
    ['MQTT 5.0' => mqtt(5, 'tcp'), mqtt(5, 'ws')],
    ['JSON' => native('json'), native('json.reliable')],
    ['protobuf' => native('protobuf'), native('protobuf.reliable')],
    ['simple' => native('simple')],
);


# ---- what is said: [client, type of data or content type, what it is called]

sub said {
    my ($c, $type, $data) = @_;

    if (!$c->{native}) {
        $c->send(encode({ type => 'PUBLISH', version => $c->{version}, qos => 1,
                          id => 7, topic => $topic, payload => $data,
                          props => $type ? [[content_type => $type]] : [] }));
    } elsif ($c->{encoding} eq 'simple') {
        $c->write_raw(frame(opcode => opcode($type), payload => $data));
    } else {
        $c->send_request({ type => 'sendToGroup', group => $topic, dataType => $type,
                           data => $data });
    }
}


# ---- what is heard, as the table has it

my %FIELD = (text => 'text_data', json => 'json_data', binary => 'binary_data',
             protobuf => 'protobuf_data');

sub cell {
    my ($c, $data) = @_;

    my $e = heard($c);

    # the acknowledgement of its own

    $e = heard($c) while $e->{kind} eq 'packet' && $e->{packet}{type} eq 'PUBACK';

    if ($e->{kind} eq 'packet') {
        my $p = $e->{packet};
        return "$p->{type}" if $p->{type} ne 'PUBLISH';
        $c->send(encode({ type => 'PUBACK', version => $c->{version}, id => $p->{id} }))
            if $p->{qos} == 1;
        return "'$p->{payload}'" if $p->{payload} ne $data;
        return 'payload' if $c->{version} == 4;
        my ($type) = map { $_->[1] } grep { $_->[0] eq 'content_type' } @{ $p->{props} };
        return defined $type ? "`$type`" : 'no content type';
    }

    my $m = $e->{message};
    $c->send_request({ type => 'sequenceAck', sequenceId => $m->{sequenceId} })
        if $m->{sequenceId};
    return "'$m->{data}'" if $m->{data} ne $data;
    return "a $m->{type} frame" if $c->{encoding} eq 'simple';
    return $c->{encoding} eq 'json' ? "`$m->{dataType}`" : "`$FIELD{ $m->{dataType} }`";
}


my %sender = map { my ($name, @clients) = @$_; $name => \@clients } @columns;

my @rows = (
    ['MQTT 3.1.1', undef, 'any'],
    ['MQTT 5.0', undef, 'no content type'],
    (map { ['MQTT 5.0', $_, "`$_`"] } qw(text/plain application/json
        application/octet-stream application/x-protobuf image/png)),
    (map { ['simple', $_, "a $_ frame"] } qw(text binary)),
    (map { ['JSON', $_, "`$_`"] } qw(text json binary protobuf)),
    (map { ['protobuf', $_, "`$FIELD{$_}`"] } qw(text json binary protobuf)),
);

my @table = ('| From | | ' . join(' | ', map { $_->[0] } @columns) . ' |',
             '|---|---|' . '---|' x @columns);

for (@rows) {
    my ($from, $type, $name) = @$_;
    my $n = @table;

    # a google.protobuf.Any, or what can be anything else

    my $data = ($type || '') =~ /protobuf/ ? "\n " . substr("example.com/" . $n x 32, 0, 32)
                                           : qq({"n":$n});
    my %cells;

    for my $sender (@{ $sender{$from} }) {
        said($sender, $type, $data);

        for (@columns) {
            my ($column, @clients) = @$_;
            push @{ $cells{$column} }, map { cell($_, $data) } @clients;
        }
    }

    for my $column (map { $_->[0] } @columns) {
        my ($cell, @others) = @{ $cells{$column} };
        is(scalar(grep { $_ ne $cell } @others), 0,
           "$from, $name: all of $column hear the same of all");
    }

    push @table, "| $from | $name | "
                 . join(' | ', map { $cells{ $_->[0] }[0] } @columns) . ' |';
}

my $table = join '', map { "$_\n" } @table;


# ---- the page

open my $in, '<', $page or die "$page: $!\n";
my $text = do { local $/; <$in> };
close $in;

if ($ENV{TEST_NGINX_WRITE}) {
    $text =~ s/(<!-- matrix -->\n).*?(<!-- end of matrix -->)/$1$table$2/s or die;
    open my $out, '>', $page or die "$page: $!\n";
    print $out $text;
    close $out or die "$page: $!\n";
}

my ($written) = $text =~ /<!-- matrix -->\n(.*?)<!-- end of matrix -->/s;
is($written, $table, 'docs/protocols.md has this table');

$_->close for map { @$_[1 .. $#$_] } @columns;
is(join("\n", $server->ended), '', 'nginx ends well');

done_testing();
