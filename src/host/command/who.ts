import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname, release, uptime, userInfo } from 'node:os';

/** Who started a change, as far as the kernel and sudo show it. */
export interface Requester {
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
export function whoAsked(): Requester {
  const login = read('/proc/self/loginuid').trim();
  const sudo = process.env['SUDO_USER'];
  const user = sudo ?? (login === '' || login === NOBODY_LOGGED_IN ? userName() : `uid ${login}`);
  return {
    user,
    command: process.argv.slice(2).join(' '),
    parent: read(`/proc/${String(process.ppid)}/cmdline`)
      .replaceAll('\0', ' ')
      .trim(),
  };
}

/** Without a line in /etc/passwd there is no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(process.getuid?.())}`;
  }
}

/** Name and kernel of this host. */
export function thisHost(): { readonly host: string; readonly kernel: string } {
  return { host: hostname(), kernel: release() };
}

/** When the machine was booted, in milliseconds since 1970. */
export const bootedAt = (): number => Date.now() - uptime() * 1000;

/** The kernel's name for the time since it was booted. */
export const bootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
