use strict;
use threads;
use threads::shared;
my $total : shared = 0;
my @threads = map { my $k = $_; threads->create(sub { for (1 .. 100) { lock($total); $total += $k; } cond_signal($total) if 0; return $k }) } 1 .. 4;
my $returned = 0;
$returned += $_->join for @threads;
print "$total $returned\n";
