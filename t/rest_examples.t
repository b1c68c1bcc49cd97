# What docs/rest.md shows is run: the requests by curl and those by Node, to
# conf.examples/rest.conf, with other addresses.

use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;

use Test::Nginx::MQTT::Script;
use Test::Nginx::MQTT::Server;
use Test::Nginx::MQTT::Trace;

my $top = Test::Nginx::MQTT::Server::source_root();
my $modules = "$Test::Nginx::MQTT::Script::DIR/node_modules";

my $docs = slurp("$top/docs/rest.md");
my ($sh) = $docs =~ /^```sh\n(.*?)^```/ms;
my ($js) = $docs =~ /^```js\n(.*?)^```/ms;

# more than one page of two
$js =~ s/maxPageSize: \d+/maxPageSize: 1/ or die 'no pages';

my $server = Test::Nginx::MQTT::Server->new(workers => 2);
my $port = Test::Nginx::MQTT::Server::port(1);
my $load = Test::Nginx::MQTT::Server::load_modules();
my $user = $> == 0 ? "user root;\n" : '';

my $conf = slurp("$top/conf.examples/rest.conf");
$conf =~ s/^load_module.*\n//mg;
$conf =~ s/^stream \{.*?^\}\n//ms;
$conf =~ s/listen 127\.0\.0\.1:8080;/listen $server->{host}:$port;/ or die 'no address to listen on';

$server->prepare;
make_path($server->file('temp'));
$server->write_file('conf/nginx.conf', "$load${user}daemon off;\n$conf");
$server->start;

my $trace = Test::Nginx::MQTT::Trace->new(
    server => $server, host => $server->{host}, port => {}, workers => 1,
    version => 5, transport => 'ws', timeout => 10);

play(<<"EOT");
a opens port=1 path=/clients/mqtt/hubs/chat
a connects
a subscribes news
b opens port=1 path=/clients/mqtt/hubs/chat
b connects resume
b subscribes news qos=1
b disconnects
a publishes news/old retain payload="x"
EOT

my $out = run('sh', 'example.sh', $sh);

like($out, qr/^\{"value":\[\{"connectionId":"[ab]"\},\{"connectionId":"[ab]"\}\]\}/,
     'curl: connections of the group');
like($out, qr/\{"connectionId":"a","connected":true\}/, 'curl: sessions');
like($out, qr/\{"connectionId":"b","connected":false\}/, 'curl: one that is offline');
like($out, qr/\{"deleted":1\}$/, 'curl: a retained message');
play(qq(a < PUBLISH news content_type=text/plain payload="hello"\n));

SKIP: {
    skip 'no @azure/web-pubsub', 2 if !-d "$modules/\@azure/web-pubsub";

    local $ENV{NODE_PATH} = $modules;
    is(join(' ', sort split ' ', run($Test::Nginx::MQTT::Script::NODE, 'example.js', $js)),
       'a b', 'Node: connections of the group');
    play(<<"EOT");
a < PUBLISH news content_type=application/json payload='{"text":"hello"}'
a < PUBLISH \$webpubsub/server/messages qos=1 id=* content_type=text/plain payload="maintenance at noon"
EOT
}

$trace->finish;
ok($server->stop, 'nginx exits');
is(join("\n", $server->bad_lines), '', 'no alert');
done_testing();


sub slurp {
    my ($file) = @_;

    open my $f, '<', $file or die "$file: $!";
    local $/;
    return scalar <$f>;
}


# A part of a conversation, as one test.

sub play {
    my ($text) = @_;

    my $ok = eval { $trace->play(Test::Nginx::MQTT::Trace->parse($text)); 1 };
    ok($ok, 'MQTT');
    diag($@, map { "$_\n" } @{ $trace->{heard} }) if !$ok;
}


# What an example prints; it must end well.

sub run {
    my ($program, $name, $text) = @_;

    $text =~ s/127\.0\.0\.1:8080/$server->{host}:$port/g or die "$name: no address";
    $server->write_file($name, $text);

    my $file = $server->file($name);
    my $said = `'$program' '$file' 2>&1`;
    is($?, 0, "$name ends well") or diag($said);

    return $said;
}
