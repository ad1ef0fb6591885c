import { PERL_LINES } from '../events/perl.ts';

/**
 * Waits for a line of input, takes a lock (flock(2), the one that util-linux's flock takes) if it is free, says so, and holds it until its input
 * ends. Started beforehand it has the lock a third of a millisecond after the line; flock and the program it runs have to be started first.
 *
 * Arguments: the file, the exit code where the lock is not free.
 */
export const LOCK_SCRIPT = String.raw`${PERL_LINES}
$0 = "rulesguard-lock";
my ($file, $busy) = @ARGV;
for (;;) {
  my $read = sysread STDIN, my $go, 64;
  last if $read;
  exit 0 if defined $read || $! != 4;
}
my $lock;
open $lock, "<", $file or open $lock, ">>", $file or die "$file: $!\n";
flock $lock, 2 | 4 or exit $busy;
line "held";
1 until ended();
`;
