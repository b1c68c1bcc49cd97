#!/usr/bin/perl

# The unit tests of t/unit.  Their output is TAP already.

use strict;
use warnings;

exec '.ci/unit' or die "cannot run .ci/unit: $!";
