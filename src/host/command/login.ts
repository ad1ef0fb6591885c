import { readFileSync, readlinkSync } from 'node:fs';
import { whoAsked } from './who.ts';

/** Whose login a process belongs to, as far as the kernel and sudo show it. */
export interface Login {
  /** For people. */
  readonly user: string;
  /** The terminal, for people. */
  readonly terminal: string | null;
  /** The user who logged in (/proc/self/loginuid), whichever user it has become since. */
  readonly uid: number | null;
  /** The kernel's number of that login (/proc/self/sessionid). */
  readonly session: number | null;
  /** SUDO_UID, where the kernel does not record the login. */
  readonly sudo: number | null;
  /** The session of processes (setsid): one for each shell a terminal runs. */
  readonly shell: number | null;
}

const UNSET = 0xff_ff_ff_ff;

/** The login of this process. */
export function thisLogin(): Login {
  return {
    user: whoAsked().user,
    terminal: terminalOf(),
    uid: numberIn('loginuid'),
    session: numberIn('sessionid'),
    sudo: asNumber(process.env['SUDO_UID']),
    shell: asNumber(read('stat').split(') ')[1]?.split(' ')[3]),
  };
}

function terminalOf(): string | null {
  for (const descriptor of ['0', '1', '2']) {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      if (/^\/dev\/(?:pts\/|tty|hvc)/.test(path)) return path;
    } catch {
      // A closed descriptor is no terminal.
    }
  }
  return null;
}

function read(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'latin1');
  } catch {
    return '';
  }
}

const numberIn = (file: string): number | null => asNumber(read(file).trim());

function asNumber(text: string | undefined): number | null {
  const number = text === undefined || text === '' ? NaN : Number(text);
  return Number.isSafeInteger(number) && number >= 0 && number !== UNSET ? number : null;
}
