import { COMMAND_ENV } from '../command/command.ts';
import { which } from '../command/which.ts';

/** Numbers of the system calls that perl has no function for, by `process.arch`. arm64, riscv64 and loong64 share one table. */
const SHARED = { setScheduler: 119, getSocketOption: 209, inotifyInit: 26, inotifyAddWatch: 27 };
const CALLS: Readonly<Partial<Record<string, typeof SHARED>>> = {
  x64: { setScheduler: 144, getSocketOption: 55, inotifyInit: 294, inotifyAddWatch: 254 },
  arm64: SHARED,
  riscv64: SHARED,
  loong64: SHARED,
};

/** The numbers for this processor; undefined for one that is not in the table. */
export const systemCalls = (processor: string = process.arch): typeof SHARED | undefined => CALLS[processor];

/** What could change how perl reads our script. */
export const PERL_ENV = { PERL5OPT: '', PERL5LIB: '', PERLLIB: '', PERL_UNICODE: '0', PERLIO: '' } as const;

/** The command line that runs a script of ours; undefined where there is no perl. Debian has it always (perl-base). */
export async function perlScript(
  script: string,
  args: readonly string[],
): Promise<readonly [string, ...string[]] | undefined> {
  const perl = await which('perl', COMMAND_ENV.PATH);
  return perl === undefined ? undefined : [perl, '-e', script, '--', ...args];
}

/** Begins every script, which then takes a name for ps (`$0`): a line is written whole; the end of standard input ends the child, whatever ended its parent. */
export const PERL_LINES = String.raw`
use strict;
$SIG{PIPE} = "DEFAULT";
sub line {
  my $line = join(" ", @_) . "\n";
  for (my $at = 0; $at < length $line;) {
    my $written = syswrite STDOUT, $line, length($line) - $at, $at;
    defined $written or $! == 4 or exit 1;
    $at += $written // 0;
  }
}
sub ended { my $read = sysread STDIN, my $byte, 64; return defined $read && $read == 0 }
`;
