package Test::Nginx::MQTT::Rules;

# What a server may send, whatever a test expects of it: packets in their
# order, with the codes and properties that they can have.

use strict;
use warnings;

use base 'Exporter';

our @EXPORT_OK = qw(breach);


my %CODES = (
    4 => {
        CONNACK => [0 .. 5],
        SUBACK => [0, 1, 2, 0x80],
    },
    5 => {
        CONNACK => [0, 0x80 .. 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99 .. 0x9d, 0x9f],
        SUBACK => [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
        UNSUBACK => [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
        DISCONNECT => [0, 0x80 .. 0x83, 0x87, 0x89, 0x8b .. 0x90, 0x93 .. 0xa2],
        AUTH => [0, 0x18],
        (map { $_ => [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] }
             qw(PUBACK PUBREC)),
        (map { $_ => [0, 0x92] } qw(PUBREL PUBCOMP)),
    },
);

my %PROPERTIES = (
    CONNACK => [qw(session_expiry assigned_id server_keepalive auth_method
                   auth_data response_info server_reference reason_string
                   receive_max alias_max max_qos retain_available user
                   max_packet wildcard_available subid_available
                   shared_available)],
    PUBLISH => [qw(format message_expiry content_type response_topic
                   correlation subid alias user)],
    DISCONNECT => [qw(server_reference reason_string user)],
    AUTH => [qw(auth_method auth_data reason_string user)],
    (map { $_ => [qw(reason_string user)] }
         qw(PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK)),
);

my %code = map { my $v = $_;
                 $v => { map { my $type = $_;
                               $type => { map { $_ => 1 } @{ $CODES{$v}{$type} } } }
                             keys %{ $CODES{$v} } } } keys %CODES;
my %property = map { my $type = $_;
                     $type => { map { $_ => 1 } @{ $PROPERTIES{$type} } } }
                   keys %PROPERTIES;

my %EXPLAINS = map { $_ => 1 } qw(CONNACK PUBLISH DISCONNECT);


# What is wrong with a packet for a client, in words; nothing if it is right.
# Of the client: greeted and dismissed (CONNACK, DISCONNECT came before), and
# request_problem, as its CONNECT has it.

sub breach {
    my ($c, $p) = @_;

    my $type = $p->{type};

    return "$type behind DISCONNECT" if $c->{dismissed};
    return "$type before CONNACK" if !$c->{greeted} && $type !~ /^(?:CONNACK|AUTH)$/;
    return 'a second CONNACK' if $c->{greeted} && $type eq 'CONNACK';
    return "$type from a server" if $type =~ /^(?:CONNECT|(?:UN)?SUBSCRIBE|PINGREQ)$/;
    return "$type in 3.1.1" if $p->{version} == 4 && $type =~ /^(?:DISCONNECT|AUTH)$/;
    return "$type with packet id 0" if defined $p->{id} && !$p->{id};

    my $code = $code{ $p->{version} }{$type};
    my ($bad) = grep { !$code->{$_} }
                defined $p->{codes} ? @{ $p->{codes} }
              : defined $p->{reason} ? $p->{reason} : ();
    return sprintf '%s with code 0x%02x', $type, $bad if $code && defined $bad;

    return wrong_property($c, $p);
}


sub wrong_property {
    my ($c, $p) = @_;

    my $type = $p->{type};
    my %seen;

    for my $name (map { $_->[0] } @{ $p->{props} || [] }) {
        return "$type with $name" if !$property{$type}{$name};
        return "$type with $name twice"
            if $seen{$name}++ && $name ne 'user' && $name ne 'subid';
        return "$type with $name unasked"
            if $name =~ /^(?:reason_string|user)$/ && !$EXPLAINS{$type}
               && defined $c->{request_problem} && !$c->{request_problem};
    }

    return '';
}


1;
