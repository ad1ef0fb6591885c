import { containerOfCgroup } from '../doctor/facts/procfs.ts';
import { printable } from '../printable.ts';
import { redactArguments } from './redact.ts';
import type { Author, SeenProcess } from './seen.ts';

/** Files of /proc/PID, latin1, as far as they were read: '' for what was not there. */
export interface ProcTexts {
  readonly pid: number;
  readonly stat: string;
  readonly cmdline: string;
}

/** Of the process that changed the rules, further ones. */
export interface AuthorTexts extends ProcTexts {
  readonly status: string;
  readonly cgroup: string;
  readonly loginuid: string;
}

/** What an event said, and what /proc showed right after it. */
export interface AuthorEvidence {
  /** The kernel's number of the thread that made the change: outside of every pid namespace. */
  readonly pid: number;
  /** The kernel's name of it, latin1. */
  readonly name: string;
  /** That process, while it was still there. */
  readonly found: AuthorTexts | undefined;
  /** Its parents, the nearest first. */
  readonly parents: readonly ProcTexts[];
}

/** How many parents are named. */
export const MOST_PARENTS = 8;
/** Bytes of a command line that are read, of the process itself and of a parent. */
export const MOST_COMMAND = 4096;
export const MOST_PARENT_COMMAND = 1024;
/** What is kept of it: arguments, and characters of each. */
const MOST_ARGUMENTS = 100;
const MOST_OF_ARGUMENT = 400;

/**
 * Who changed rules, of the texts of /proc that were read when the change was told. A process is named by what /proc shows only
 * if its name there is the one the kernel gave: elsewhere the number may be another process's.
 *
 * @param evidence - what was read; whatever a process wrote into it
 * @param userName - the name of a user's number; undefined where there is none
 */
export function authorFrom(
  { pid, name, found, parents }: AuthorEvidence,
  userName: (uid: number) => string | undefined,
): Author {
  const nobody = (unknown: string): Author => ({
    pid,
    name: printable(name),
    command: [],
    parents: [],
    unknown,
  });
  const stat = found === undefined ? undefined : statFrom(found.stat);
  if (found === undefined || stat === undefined) return nobody('it had ended before it could be looked at');
  if (stat.name !== name)
    return nobody(
      `process ${String(pid)} is ${printable(stat.name)} here: the one that changed rules has ended, or is counted in another pid namespace`,
    );
  const chain = parents.flatMap((texts): readonly (SeenProcess & { readonly next: number })[] => {
    const read = statFrom(texts.stat);
    return read === undefined || texts.pid <= 1
      ? []
      : [{ ...processFrom(texts, read.name, MOST_PARENT_COMMAND), next: read.parent }];
  });
  const named = chain.slice(0, MOST_PARENTS);
  const command = processFrom(found, name, MOST_COMMAND).command;
  const above = named.at(-1)?.next ?? stat.parent;
  const unknown = [
    ...(command.length === 0 ? ['it had no command line any more'] : []),
    ...(above > 1 && named.length < MOST_PARENTS
      ? [`its ancestor ${String(above)} could not be looked at`]
      : []),
  ];
  const group = Number(/^Tgid:\s*(\d+)/m.exec(found.status)?.[1]);
  const container = containerOfCgroup(found.cgroup);
  const terminal = terminalOf(stat.terminal);
  const unit = container === undefined ? unitOf(found.cgroup) : undefined;
  const login = loginOf(found.loginuid, userName);
  return {
    // A thread of dockerd's is dockerd.
    pid: group > 0 ? group : pid,
    name: printable(name),
    command,
    parents: named.map(({ next, ...process }) => process),
    ...(terminal === undefined ? {} : { terminal }),
    ...(unit === undefined ? {} : { unit }),
    ...(login === undefined ? {} : { login }),
    ...(container === undefined ? {} : { container }),
    ...(unknown.length === 0 ? {} : { unknown: unknown.join('; ') }),
  };
}

function processFrom({ pid, cmdline }: ProcTexts, name: string, most: number): SeenProcess {
  const all = cmdline.slice(0, most).replace(/\0+$/, '').split('\0');
  const words = redactArguments(all.length === 1 && all[0] === '' ? [] : all);
  const cut = cmdline.length >= most || words.length > MOST_ARGUMENTS;
  const command = words.slice(0, MOST_ARGUMENTS).map((word) => {
    const shown = printable(word.slice(0, MOST_OF_ARGUMENT));
    return word.length > MOST_OF_ARGUMENT ? `${shown}…` : shown;
  });
  return { pid, name: printable(name), command: cut ? [...command, '…'] : command };
}

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly terminal: number;
}

/** The parent of a process by its /proc/PID/stat; undefined where that is not one. */
export const parentFrom = (stat: string): number | undefined => statFrom(stat)?.parent;

/** Of /proc/PID/stat (proc(5)): the name may hold anything, so that the last bracket ends it. */
function statFrom(text: string): Stat | undefined {
  const [, name, parent, terminal] = /^\d+ \((.*)\) \S (\d+) -?\d+ -?\d+ (-?\d+)/s.exec(text) ?? [];
  return name === undefined ? undefined : { name, parent: Number(parent), terminal: Number(terminal) };
}

const PTS = { first: 136, last: 143, each: 256 };
const TTY = 4;
const SERIAL = 64;

/** A terminal by its device number, as /proc/PID/stat has it (proc(5), linux/kdev_t.h). */
function terminalOf(device: number): string | undefined {
  if (device === 0) return undefined;
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= PTS.first && major <= PTS.last) return `pts/${String((major - PTS.first) * PTS.each + minor)}`;
  if (major === TTY) return minor < SERIAL ? `tty${String(minor)}` : `ttyS${String(minor - SERIAL)}`;
  return `terminal ${String(major)}:${String(minor)}`;
}

/**
 * The systemd unit of a process, of /proc/PID/cgroup: the innermost folder that is named like one. Of the hierarchies of version 1
 * systemd's own counts.
 */
function unitOf(cgroup: string): string | undefined {
  const [, path] = /^(?:0:|\d+:name=systemd):(.*)$/m.exec(cgroup.replaceAll(/^0::\/$\n?/gm, '')) ?? [];
  const unit = path?.split('/').findLast((folder) => /\.(?:service|scope|socket|timer)$/.test(folder));
  return unit === undefined ? undefined : printable(unit);
}

const NOBODY_LOGGED_IN = 0xff_ff_ff_ff;

function loginOf(text: string, userName: (uid: number) => string | undefined): string | undefined {
  const uid = /^\d+$/.test(text.trim()) ? Number(text) : NOBODY_LOGGED_IN;
  return uid === NOBODY_LOGGED_IN ? undefined : (userName(uid) ?? `uid ${String(uid)}`);
}

/** A user's name in the text of /etc/passwd. */
export function userNameIn(passwd: string, uid: number): string | undefined {
  const line = passwd.split('\n').find((one) => one.split(':')[2] === String(uid));
  const name = line?.split(':')[0] ?? '';
  return name === '' ? undefined : printable(name);
}
