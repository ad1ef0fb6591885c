#!/usr/bin/perl
# Runs a command that changes rules, and prints when it had ended, and each generation of nf_tables with its author, until there
# was none for a while after a second one: `exit SECONDS`, `gen SECONDS PID NAME`, of one clock that never goes back. The first generation is the command's.
# usage: damage.pl QUIET-SECONDS LONGEST-SECONDS WORD...
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($quiet, $longest, @words) = @ARGV;
socket(my $net, 16, 3, 12) or die "socket: $!\n";
setsockopt($net, 1, 33, pack('i', 32 << 20)) or die "buffer: $!\n";
bind($net, pack('S x2 L L', 16, 0, 1 << 6)) or die "bind: $!\n";
setpriority(0, 0, -20);
$| = 1;
my $begun = clock_gettime(CLOCK_MONOTONIC);
my $pid = fork() // die "fork: $!\n";
if ($pid == 0) { setpriority(0, 0, 0); open STDOUT, '>', '/dev/null'; exec @words or die "exec: $!\n" }
my ($exit, $last, @gens) = (0, $begun);
my $signalled;
while (1) {
    my $now = clock_gettime(CLOCK_MONOTONIC);
    if (!$exit && waitpid($pid, 1) == $pid) { $exit = clock_gettime(CLOCK_MONOTONIC) }
    last if $exit && @gens > 1 && $now - $last > $quiet || $now - $begun > $longest;
    my $ready = '';
    vec($ready, fileno($net), 1) = 1;
    # While the command runs its end is looked for every fifth of a millisecond.
    select($ready, undef, undef, $exit ? 0.02 : 0.0002) > 0 or next;
    defined recv($net, my $data, 1 << 20, 0) or next;
    my $at = clock_gettime(CLOCK_MONOTONIC);
    while (length $data >= 20) {
        my ($size, $kind) = unpack 'L S', $data;
        last if $size < 20 || $size > length $data;
        if ($kind == (10 << 8 | 15)) {
            my %field;
            for (my $in = 20; $in + 4 <= $size;) {
                my ($length, $name) = unpack 'S S', substr $data, $in, 4;
                last if $length < 4;
                $field{$name & 0x3fff} = substr $data, $in + 4, $length - 4;
                $in += $length + 3 & ~3;
            }
            my $name = $field{3} // '';
            $name =~ s/\0.*//s;
            push @gens, sprintf 'gen %.6f %d %s', $at, unpack('N', $field{2} // "\0\0\0\0"), $name;
            $last = $at;
        }
        $data = substr $data . "\0\0\0", $size + 3 & ~3;
    }
}
printf "exit %.6f\n", $exit;
print "$_\n" for @gens;
