import { readFileSync } from 'node:fs';
import { hostname, release, userInfo } from 'node:os';

/** Who asked for a change, as far as the kernel and sudo tell. */
export interface Asked {
  readonly user: string;
  readonly command: string;
  /** The command line of the parent process: the shell, the hook, the unit. */
  readonly parent: string;
}

const NOBODY_LOGGED_IN = '4294967295';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

/** Who runs this process: the login user behind sudo where there is one. */
export function whoAsked(): Asked {
  const login = read('/proc/self/loginuid').trim();
  const sudo = process.env['SUDO_USER'];
  const user = sudo ?? (login === '' || login === NOBODY_LOGGED_IN ? userInfo().username : `uid ${login}`);
  return {
    user,
    command: process.argv.slice(2).join(' '),
    parent: read(`/proc/${String(process.ppid)}/cmdline`)
      .replaceAll('\0', ' ')
      .trim(),
  };
}

/** Name and kernel of this host. */
export function thisHost(): { readonly host: string; readonly kernel: string } {
  return { host: hostname(), kernel: release() };
}
