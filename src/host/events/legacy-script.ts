import { PERL_LINES } from './perl.ts';

/**
 * Looks at the tables of variant legacy again and again: `getsockopt(IPT_SO_GET_INFO)` of each that the kernel lists, which gives
 * the number of its entries, their size and where its chains begin, whatever the size (linux/netfilter_ipv4/ip_tables.h). Only tables
 * that exist are asked for: asking for another would load its module. Every 10 ms for two seconds after a change, then ever more
 * seldom, down to every 50 ms; which tables there are is read with each fifth look.
 *
 * Whoever changes rules by iptables-legacy opens xtables' lock and closes it when they are changed (iptables/xshared.c): inotify(7) tells of that, and
 * a look is made then. While the lock is there to be watched other looks are for those who do without it, and are made three times a second.
 *
 * Arguments: the numbers of getsockopt, inotify_init1 and inotify_add_watch, the length of a pointer it was written for.
 */
export const LEGACY_SCRIPT = String.raw`${PERL_LINES}
$0 = "rulesguard-legacy";
my ($call, $init, $add, $pointer) = map { $_ + 0 } @ARGV;
die "this perl is of another kind than the processor\n" if $pointer != length pack "P", undef;
my @families;
for (["ipv4", "/proc/self/net/ip_tables_names", 2, 0], ["ipv6", "/proc/self/net/ip6_tables_names", 10, 41]) {
  my ($name, $list, $family, $level) = @$_;
  my $socket;
  push @families, [$name, $list, $socket, $level] if socket $socket, $family, 2, 0;
}
my @tables;
sub listed {
  my %known = map { $_->[0] => $_ } @tables;
  my @now;
  for my $family (@families) {
    my ($name, $list, $socket, $level) = @$family;
    open my $file, "<", $list or next;
    for (<$file>) {
      /^([\w-]{1,31})$/ or next;
      push @now, $known{"$name:$1"} // ["$name:$1", $1, fileno $socket, $level, ""];
    }
  }
  my %is = map { $_->[0] => 1 } @now;
  my @gone = grep { !$is{$_} } map { $_->[0] } @tables;
  @tables = @now;
  return @gone;
}
sub changed {
  my @changed;
  for my $table (@tables) {
    my $info = pack "a32 x52", $table->[1];
    my $length = pack "I", length $info;
    my $new = syscall($call, $table->[2], $table->[3], 64, $info, $length) == 0 ? $info : "no answer";
    push @changed, $table->[0] if $new ne $table->[4];
    $table->[4] = $new;
  }
  return @changed;
}
my $lock = $ENV{XTABLES_LOCKFILE} || "/run/xtables.lock";
my ($notes, $watched) = (undef, 0);
# Not blocking, closed when another program is run.
my $descriptor = syscall $init, 0x80800;
open $notes, "<&=", $descriptor or $notes = undef if $descriptor >= 0;
sub watched {
  # Closed after it was written or read; moved or deleted.
  $watched = syscall($add, fileno $notes, $lock, 0xc18) >= 0 if $notes && !$watched;
  return $watched;
}
sub drained {
  my $events = "";
  sysread $notes, $events, 65536 or return;
  while (length $events >= 16) {
    my ($mask, $length) = unpack "x4 L x4 L", $events;
    # The file is gone, or was moved away and is not the one that others open.
    $watched = 0 if $mask & 0xac00;
    substr($events, 0, 16 + $length) = "";
  }
}
my ($shortest, $longest, $rare, $together) = (0.01, 0.05, 0.33, 0.002);
my ($pause, $looks, $quick) = ($shortest, 0, 0);
listed();
changed();
my @answer = grep { $_->[4] ne "no answer" } @tables;
die "the tables cannot be looked at: $!\n" if @tables && !@answer;
line "ready", scalar @tables;
for (;;) {
  my $ready = "";
  vec($ready, 0, 1) = 1;
  vec($ready, fileno $notes, 1) = 1 if $notes;
  if (select($ready, undef, undef, $pause) > 0) {
    exit 0 if vec($ready, 0, 1) && ended();
    if ($notes && vec $ready, fileno $notes, 1) {
      # Several in a row cost one look.
      select undef, undef, undef, $together;
      drained();
    }
  }
  my $now = time;
  my @gone = ++$looks % 5 == 0 ? listed() : ();
  my @changed = (changed(), @gone);
  $quick = $now + 2 if @changed;
  line "changed", @changed if @changed;
  my $most = watched() ? $rare : $longest;
  $pause = $now <= $quick ? $shortest : $pause * 1.2 > $most ? $most : $pause * 1.2;
}
`;
