package Test::Nginx::MQTT::Rest;

# Requests to the REST API, and what their answers say.

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes qw(time);

use Test::Nginx::MQTT::Token;

my %TYPE = (text => 'text/plain', json => 'application/json',
            binary => 'application/octet-stream');


# method, path; one of text, json, binary, and body, which has no type but
# "type"; host; token ("-": none), or its key, aud and exp; length (instead of
# the right one, "-": none); headers, a list of further lines.

sub request {
    my (%o) = @_;

    my $host = defined $o{host} ? $o{host} : 'localhost';
    my ($kind) = grep { defined $o{$_} } sort keys %TYPE;
    my $body = $kind ? $o{$kind} : $o{body};
    my $type = defined $o{type} ? $o{type} : $kind && $TYPE{$kind};
    my $length = defined $o{length} ? $o{length}
               : defined $body ? length $body
               : $o{method} =~ /^(?:POST|PUT)$/ ? 0 : '-';
    my $token = defined $o{token} ? $o{token} : token(%o, host => $host);

    my @lines = ("$o{method} $o{path} HTTP/1.1", "Host: $host");
    push @lines, "Authorization: Bearer $token" if $token ne '-';
    push @lines, "Content-Type: $type" if defined $type && $type ne '-';
    push @lines, "Content-Length: $length" if $length ne '-';
    push @lines, @{ $o{headers} || [] };

    return join("\r\n", @lines, '', '') . (defined $body ? $body : '');
}


# As the SDK for JavaScript makes it: for the whole URL.

sub token {
    my (%o) = @_;

    my $aud = defined $o{aud} ? $o{aud} : "http://$o{host}$o{path}";
    $aud =~ s/(["\\])/\\$1/g;
    my $key = defined $o{key} ? $o{key} : 'primarykey';
    my $exp = int(time) + (defined $o{exp} ? $o{exp} : 60);

    return Test::Nginx::MQTT::Token::token(
        key => $key, claims => qq("aud":"$aud","exp":$exp));
}


# A member of a JSON text: "a.b.0.c", and "" for all of it; undef: there is
# none.  What is no string is JSON, with names in their order.

sub member {
    my ($text, $path) = @_;

    my $json = JSON::PP->new->canonical->allow_nonref;
    my $value = eval { $json->decode($text) };
    return undef if $@;

    for my $name (split /\./, $path) {
        $value = ref $value eq 'HASH' ? $value->{$name}
               : ref $value eq 'ARRAY' && $name =~ /^\d+$/ ? $value->[$name]
               : undef;
        return undef if !defined $value;
    }

    $value = $json->encode($value) if ref $value;
    utf8::encode($value) if utf8::is_utf8($value);
    return $value;
}


1;
