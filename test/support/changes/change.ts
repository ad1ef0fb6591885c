/** A change that somebody makes to a host's firewall or network. */
export interface HostChange {
  readonly name: string;
  /** Words of the command, as `run` takes them. */
  readonly words: readonly [string, ...string[]];
  /** A file, judged by `check --candidate`; it is then loaded as that says, and `words` are not used. */
  readonly candidate?: string;
  /** What of it does not go with the rules of iptables, for `sh`. */
  readonly undo?: string;
  /** Known by hand to harm no packet of Docker's: to refuse it is wrong. */
  readonly harmless?: true;
}

/** A script of a shell as a change. */
export const sh = (
  name: string,
  script: string,
  more: Omit<HostChange, 'name' | 'words'> = {},
): HostChange => ({ name, words: ['sh', '-ec', script], ...more });

/** A command as typed, without a shell. */
export function typed(line: string, more: Omit<HostChange, 'name' | 'words'> = {}): HostChange {
  const [program = '', ...rest] = line.split(/ +/);
  return { name: line, words: [program, ...rest], ...more };
}

/** Of a change that harms no packet of Docker's. */
export const fine = { harmless: true } as const;
