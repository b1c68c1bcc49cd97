# QoS 2 is exactly once, whatever ends a connection, and wherever the exchange
# was: each kind of loss, for clients at each of its steps.

use strict;
use warnings;

use Test::Nginx::MQTT;


# What happens to the clients C1 to CN, who go on as ${name}1 to ${name}N; PENDING
# is what they may still hear before.

my @losses = (

    ['closed connections', <<'EOF'],
set $name C
for $n in 1..N
    C$n closes
    C$n connects resume sp=1
end
EOF

    ['reset connections', <<'EOF'],
set $name C
for $n in 1..N
    C$n resets
    C$n connects resume sp=1
end
EOF

    ['takeover', <<'EOF'],
set $name x
for $n in 1..N
    x$n > CONNECT id=C$n resume
    x$n < CONNACK sp=1
end
PENDING
for $n in 1..N
    C$n < end 0x8e
end
EOF

    ['takeover of takeovers', <<'EOF'],
set $name C
for $n in 1..N
    x$n > CONNECT id=C$n resume
    y$n > CONNECT id=C$n resume
    y$n closes
    x$n closes
    C$n closes
    C$n connects resume sp=1
end
EOF

    ['a reload', <<'EOF'],
set $name C
reload
for $n in 1..N
    C$n closes
    C$n connects resume sp=1
end
EOF

    ['a killed worker', <<'EOF'],
set $name C
kill worker of C1
pub closes
pub connects
for $n in 1..N
    C$n closes
    C$n connects resume sp=1
end
EOF

    ['two killed workers', <<'EOF'],
set $name C
for 1..2
    kill worker of C1
    for $n in 1..N
        C$n closes
        C$n connects resume sp=1
    end
end
pub closes
pub connects
EOF
);


# Publishers: p1 has sent PUBLISH, p2 and p3 have PUBREC, and come back with
# PUBREL and with PUBLISH, p4 has sent PUBREL, p5 has PUBCOMP.

my $publishers = <<'EOF';
pub connects
watch connects resume
watch subscribes p/+ qos=2
watch disconnects
for $n in 1..5
    p$n connects resume
end
p1 > PUBLISH p/1 qos=2 id=7 payload="1"
for $n in 2..5
    p$n > PUBLISH p/$n qos=2 id=7 payload="$n"
    p$n < PUBREC 7
end
p4 > PUBREL 7
p5 > PUBREL 7
p5 < PUBCOMP 7
LOSS
for $n in 1 3
    ${name}$n > PUBLISH p/$n qos=2 id=7 dup payload="$n"
    ${name}$n < PUBREC 7
end
for $n in 1..4
    ${name}$n > PUBREL 7
    ${name}$n < PUBCOMP 7
end
for $n in 1..5
    ${name}$n > PUBLISH p/$n qos=2 id=7 payload="next $n"
    ${name}$n < PUBREC 7
end
watch acks
watch connects resume sp=1
any order
    watch < PUBLISH p/1 qos=2 payload="1"
    watch < PUBLISH p/2 qos=2 payload="2"
    watch < PUBLISH p/3 qos=2 payload="3"
    watch < PUBLISH p/4 qos=2 payload="4"
    watch < PUBLISH p/5 qos=2 payload="5"
    watch < PUBLISH p/1 qos=2 payload="next 1"
    watch < PUBLISH p/2 qos=2 payload="next 2"
    watch < PUBLISH p/3 qos=2 payload="next 3"
    watch < PUBLISH p/4 qos=2 payload="next 4"
    watch < PUBLISH p/5 qos=2 payload="next 5"
end
watch . nothing
EOF

my $pending_publishers = <<'EOF';
p1 < maybe PUBREC 7
p4 < maybe PUBCOMP 7
EOF


# Subscribers: s1 has PUBLISH, s2 has sent PUBREC, s3 has PUBREL, s4 has sent
# PUBCOMP.

my $subscribers = <<'EOF';
pub connects
for $n in 1..4
    s$n connects resume
    s$n subscribes s/$n qos=2
    pub publishes s/$n qos=2 payload="$n"
end
s1 < PUBLISH s/1 qos=2 id=$one payload="1"
s2 < PUBLISH s/2 qos=2 id=$two payload="2"
s3 < PUBLISH s/3 qos=2 id=$three payload="3"
s4 < PUBLISH s/4 qos=2 id=$four payload="4"
s3 > PUBREC $three
s3 < PUBREL $three
s4 > PUBREC $four
s4 < PUBREL $four
s4 > PUBCOMP $four
s4 . nothing
s2 > PUBREC $two
LOSS
for $n in 1..4
    pub publishes s/$n qos=2 payload="next $n"
end
${name}1 < PUBLISH s/1 qos=2 dup id=$one payload="1"
${name}2 < maybe PUBLISH s/2 qos=2 dup id=$two payload="2"
${name}2 < maybe PUBREL $two
${name}3 < PUBREL $three
${name}1 < PUBLISH s/1 qos=2 id=$next1 payload="next 1"
${name}2 < PUBLISH s/2 qos=2 id=$next2 payload="next 2"
${name}3 < PUBLISH s/3 qos=2 id=$next3 payload="next 3"
${name}4 < PUBLISH s/4 qos=2 id=$next4 payload="next 4"
for $id in $one $next1
    ${name}1 > PUBREC $id
    ${name}1 < PUBREL $id
    ${name}1 > PUBCOMP $id
end
for $id in $two $next2
    ${name}2 > PUBREC $id
    ${name}2 < PUBREL $id
    ${name}2 > PUBCOMP $id
end
${name}3 > PUBCOMP $three
${name}3 > PUBREC $next3
${name}3 < PUBREL $next3
${name}3 > PUBCOMP $next3
${name}4 > PUBREC $next4
${name}4 < PUBREL $next4
${name}4 > PUBCOMP $next4
for $n in 1..4
    ${name}$n . nothing
    ${name}$n closes
    ${name}$n > CONNECT id=s$n resume
    ${name}$n < CONNACK sp=1
    ${name}$n . nothing
end
EOF

my $pending_subscribers = <<'EOF';
s2 < maybe PUBREL $two
EOF


my @blocks;

sub block {
    my ($title, $talk, $client, $number, $loss, $pending) = @_;

    $loss =~ s/PENDING\n/$pending/;
    $loss =~ s/\bC(?=[1\$])/$client/g;
    $loss =~ s/id=C/id=$client/g;
    $loss =~ s/\$name C$/\$name $client/m;
    $loss =~ s/1\.\.N/1..$number/g;
    $talk =~ s/LOSS\n/$loss/;

    my $workers = $title =~ /takeovers|two/ ? 2 : "1 2";
    my $transports = $title =~ /closed|takeover |a killed/ ? "tcp ws" : "tcp";

    push @blocks, "=== TEST " . (@blocks + 1) . ": $title\n"
                  . "--- transports: $transports\n--- versions: 4 5\n"
                  . "--- workers: $workers\n--- mqtt\n$talk\n";
}

for (@losses) {
    my ($name, $loss) = @$_;
    block("$name of publishers", $publishers, 'p', 5, $loss, $pending_publishers);
    block("$name of subscribers", $subscribers, 's', 4, $loss, $pending_subscribers);
}

spec_string(join '', @blocks);
run_tests();
