import { PERL_LINES } from './perl.ts';

/**
 * Listens to nf_tables' generations by netlink (linux/netlink.h, linux/netfilter/nfnetlink.h: protocol 12, group 7, subsystem 10,
 * message 15, with the generation, the thread and its name as attributes 1, 2 and 3). A filter in the kernel lets nothing else
 * into the socket, so that a flush of any size costs one message.
 *
 * The process is looked at here and at once: most programs end within a millisecond of their change, before another process could be
 * told. For the same reason it runs ahead of others, in real time where that is allowed. Where changes come faster than 300 in a second
 * no more processes are looked at.
 *
 * Arguments: the number of sched_setscheduler or 0, how many parents, how many bytes of a command line, of a parent's.
 */
export const GENERATION_SCRIPT = String.raw`${PERL_LINES}
$0 = "rulesguard-nft";
my ($scheduler, $parents, $most, $mostOfParent) = map { $_ + 0 } @ARGV;
my $priority = pack "i", 1;
$scheduler && syscall($scheduler, 0, 1, $priority) == 0 or eval { setpriority 0, 0, -20 };
socket my $net, 16, 3, 12 or die "no netlink socket of netfilter: $!\n";
setsockopt $net, 1, 33, pack "i", 8 << 20 or setsockopt $net, 1, 8, pack "i", 8 << 20;
my $type = 10 << 8 | 15;
my $filter = pack "(S C C L)*", 0x28, 0, 0, 4, 0x15, 0, 1, unpack("n", pack "S", $type), 6, 0, 0, 0xffffffff, 6, 0, 0, 0;
my $pointer = length pack "P", undef;
setsockopt $net, 1, 26, pack "S x![$pointer] P", length($filter) / 8, $filter;
bind $net, pack "S x2 L L", 16, 0, 1 << 6 or die "nf_tables' changes cannot be listened to: $!\n";
sub text {
  my ($path, $size) = @_;
  sysopen my $file, $path, 0 or return "";
  my ($text, $piece) = ("", "");
  while (length $text < $size) { sysread $file, $piece, $size - length $text or last; $text .= $piece }
  return $text;
}
sub escaped { my ($text) = @_; $text =~ s/([^!-\$&-~])/sprintf "%%%02x", ord $1/ge; return $text }
sub seen {
  my ($pid) = @_;
  # The command line first: it goes before the process does.
  my $command = text "/proc/$pid/cmdline", $most;
  my $stat = text "/proc/$pid/stat", 160;
  return () if $stat eq "";
  my @seen = ($pid, $stat, $command, map { text "/proc/$pid/$_->[0]", $_->[1] } ["status", 256], ["cgroup", 4096], ["loginuid", 16]);
  my %met = ($pid => 1);
  for (1 .. $parents) {
    ($pid) = $stat =~ /.*\) \S (\d+)/s;
    last if !$pid || $pid == 1 || $met{$pid}++;
    $stat = text "/proc/$pid/stat", 160;
    last if $stat eq "";
    push @seen, $pid, $stat, text "/proc/$pid/cmdline", $mostOfParent;
  }
  return @seen;
}
my ($second, $looks) = (0, 0);
sub told {
  my ($message) = @_;
  my %field;
  for (my $at = 20; $at + 4 <= length $message;) {
    my ($size, $kind) = unpack "S S", substr $message, $at, 4;
    last if $size < 4;
    $field{$kind & 0x3fff} = substr $message, $at + 4, $size - 4;
    $at += $size + 3 & ~3;
  }
  my $pid = defined $field{2} && length $field{2} == 4 ? unpack "N", $field{2} : 0;
  my $name = $field{3} // "";
  $name =~ s/\0.*//s;
  my $now = time;
  ($second, $looks) = ($now, 0) if $now != $second;
  my @seen = $pid && $looks++ < 300 ? seen $pid : ();
  line "gen", unpack("N", $field{1} // "\0\0\0\0"), $pid, map { escaped $_ } $name, @seen;
}
line "ready";
for (;;) {
  my $ready = "";
  vec($ready, 0, 1) = 1;
  vec($ready, fileno $net, 1) = 1;
  select($ready, undef, undef, undef) > 0 or next;
  if (vec $ready, fileno $net, 1) {
    my $from = recv $net, my $data, 65536, 0;
    if (!defined $from) { $! == 4 or $! == 11 or line "missed", escaped "$!" }
    # From the kernel, and from no process that says so.
    elsif (length $from >= 8 && unpack("x4 L", $from) == 0) {
      while (length $data >= 20) {
        my ($size, $kind) = unpack "L S", $data;
        last if $size < 20 || $size > length $data;
        told substr $data, 0, $size if $kind == $type;
        $data = substr $data . "\0\0\0", $size + 3 & ~3;
      }
    }
  }
  exit 0 if vec($ready, 0, 1) && ended();
}
`;
