package Test::Nginx::MQTT::Token;

# Tokens (JSON Web Tokens) and the keys that they are signed with.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use Exporter 'import';
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64url);

our @EXPORT_OK = qw(token pem jwks);

my $dir;
my %pair;


# alg (HS256), key (its text, or the name of a pair), header and claims (JSON
# without the braces), signature (instead of the right one).

sub token {
    my (%o) = @_;

    my $alg = defined $o{alg} ? $o{alg} : 'HS256';
    my $header = defined $o{header} ? $o{header} : qq("alg":"$alg","typ":"JWT");
    my $input = join '.', map { encode_base64url("{$_}") } $header, $o{claims};

    my $signature = defined $o{signature} ? $o{signature}
                  : $alg eq 'HS256' ? hmac_sha256($input, $o{key})
                  : signature($alg, $o{key}, $input);

    return join '.', $input, encode_base64url($signature);
}


sub signature {
    my ($alg, $name, $input) = @_;

    my ($kind, $bits) = $alg =~ /^(RS|PS|ES)(256|384|512)$/
        or die "cannot sign with $alg\n";
    my $pss = $kind eq 'PS' ? '-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1'
                            : '';
    my $key = pair($name);
    write_file("$dir/input", $input);
    my $signature = run("openssl dgst -sha$bits -sign $key $pss $dir/input");

    return $kind eq 'ES' ? raw($signature, $bits / 8) : $signature;
}


# The two numbers of a signature, which DER has as INTEGERs in a SEQUENCE.

sub raw {
    my ($der, $size) = @_;

    my ($r, $s) = unpack 'x[2] x C/a x C/a', $der;
    return join '', map { s/^\0+//; "\0" x ($size - length) . $_ } $r, $s;
}


# Pairs are made when they are first used; a name says of what kind: rsa, p256
# or p384, or rsa1024, and anything behind "-".

sub pair {
    my ($name) = @_;

    return $pair{$name} if $pair{$name};

    $dir ||= tempdir(CLEANUP => 1);
    my ($kind, $n) = $name =~ /^(rsa|p)(\d*)(?:-\w+)?$/
        or die "what kind of key is $name?\n";
    my $how = $kind eq 'rsa' ? 'RSA -pkeyopt rsa_keygen_bits:' . ($n || 2048)
                             : "EC -pkeyopt ec_paramgen_curve:P-$n";
    run("openssl genpkey -algorithm $how -out $dir/$name");

    return $pair{$name} = "$dir/$name";
}


# The public key.

sub pem {
    my ($name) = @_;

    my $key = pair($name);
    return run("openssl pkey -in $key -pubout");
}


# A set of public keys, whose names are their ids.

sub jwks {
    my (@names) = @_;

    return '{"keys":[' . join(',', map { jwk($_) } @names) . ']}';
}


sub jwk {
    my ($name) = @_;

    my $key = pair($name);

    if ($name =~ /^rsa/) {
        my ($modulus) = run("openssl rsa -in $key -noout -modulus") =~ /=(\w+)/;
        my $n = encode_base64url(pack 'H*', $modulus);
        return qq({"kty":"RSA","kid":"$name","n":"$n","e":"AQAB"});
    }

    my ($bits) = $name =~ /^p(\d+)/;
    my $point = substr run("openssl pkey -in $key -pubout -outform DER"),
                       -2 * $bits / 8;
    my ($x, $y) = map { encode_base64url($_) } unpack "(a[@{[$bits / 8]}])2", $point;
    return qq({"kty":"EC","kid":"$name","crv":"P-$bits","x":"$x","y":"$y"});
}


sub run {
    my ($command) = @_;

    my $said = `$command 2>$dir/log`;
    die "$command failed\n" if $?;
    return $said;
}


sub write_file {
    my ($name, $text) = @_;

    open my $f, '>:raw', $name or die "$name: $!\n";
    print $f $text;
    close $f or die "$name: $!\n";
}


1;
