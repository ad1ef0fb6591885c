import { COMMAND_ENV } from '../command/command.ts';
import { which } from '../command/which.ts';
import { sealFor } from './syscalls.ts';

/**
 * Closes every descriptor above 2, which a program inherits unseen: Node marks those up to 15 at most. Then, where a filter
 * is given, no new privileges, no core dump, the filter; then the command. None of it can be done by Node or a shell.
 */
const PERL = String.raw`
my ($filter, $prctl, $setrlimit, $close) = splice @ARGV, 0, 4;
opendir my $list, "/proc/self/fd" or die "cannot list descriptors: $!\n";
my @open = grep { /^\d+$/ && $_ > 2 } readdir $list;
closedir $list;
syscall $close + 0, $_ + 0 for @open;
if ($filter ne "") {
  my $lines = pack "H*", $filter;
  my $program = pack "S x6 P", length($lines) / 8, $lines;
  my $core = pack "Q2", 1, 1;
  syscall($setrlimit + 0, 4, $core) == 0 or die "cannot limit core dumps: $!\n";
  syscall($prctl + 0, 38, 1, 0, 0, 0) == 0 or die "cannot give up new privileges: $!\n";
  syscall($prctl + 0, 22, 2, $program, 0, 0) == 0 or die "cannot filter system calls: $!\n";
}
exec { $ARGV[0] } @ARGV or die "cannot run $ARGV[0]: $!\n";
`;

const PYTHON = `
import ctypes, os, resource, sys
filter, words = sys.argv[1], sys.argv[5:]
for name in os.listdir("/proc/self/fd"):
    if int(name) > 2:
        try: os.close(int(name))
        except OSError: pass
if filter:
    lines = bytes.fromhex(filter)
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    if libc.prctl(38, 1, 0, 0, 0): sys.exit("cannot give up new privileges")
    if libc.prctl(22, 2, ctypes.byref(Program(len(lines) // 8, lines)), 0, 0): sys.exit("cannot filter system calls")
os.execvp(words[0], words)
`;

/** The arguments to put before a command. */
export interface Loader {
  /** Closes inherited descriptors. */
  readonly close: readonly string[];
  /** Closes inherited descriptors, and denies the command the system calls that no namespace isolates. */
  readonly seal: readonly string[];
}

/**
 * A loader in an interpreter that this host has.
 *
 * @returns why there is none, in one sentence
 */
export async function findLoader(processor: string = process.arch): Promise<Loader | string> {
  const seal = sealFor(processor);
  if (seal === undefined) return `the system calls of this processor (${processor}) are not known`;
  for (const [program, ...start] of [
    ['perl', '-e', PERL],
    ['python3', '-I', '-S', '-c', PYTHON],
  ] as const) {
    const file = await which(program, COMMAND_ENV.PATH);
    if (file === undefined) continue;
    const numbers = seal.numbers.map(String);
    return {
      close: [file, ...start, '', ...numbers],
      seal: [file, ...start, seal.filter, ...numbers],
    };
  }
  return 'neither perl nor python3 is installed, and without one the host’s keys and open files would be within reach';
}
