import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command/command.ts';
import { isOfThisHost, ownerOf } from '../engine/daemon-trust.ts';
import type { Pending } from './read.ts';
import type { HostOptions } from '../state/host-options.ts';
import { WHEN_DUE, systemdRuns, unitOf } from './timer.ts';
import { readRegular } from '../files/regular-file.ts';

const MIB = 1024 * 1024;
/** States of a unit that has yet to do its work, or does it. */
const ALIVE = /^(?:active|activating|deactivating|reloading)$/m;

/**
 * Whether somebody is about to roll a change back, or does it: its timer lives, or rolling it back has begun and the lock
 * is held. How long that takes says nothing: a busy host, or one with many rules, takes minutes.
 */
export async function isAtWork({ id, state }: Pending, { runDir }: HostOptions): Promise<boolean> {
  return (state === 'rolling-back' && isLocked(join(runDir, 'lock'))) || hasTimer(id) || (await hasUnit(id));
}

/** Whether root on this host runs the command that rolls a change back, or the shell that waits for its time. */
function hasTimer(id: string): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const words = readRegular(`/proc/${pid}/cmdline`, MIB)?.toString('latin1').split('\0') ?? [];
    return (
      words[words.indexOf(WHEN_DUE) + 1] === id &&
      // Anybody's process may have such words, and would keep an overdue change from being reported.
      ownerOf(pid) === process.geteuid?.() &&
      isOfThisHost(pid)
    );
  });
}

/** Between the time that is over and the process that is started there is only systemd's word. */
async function hasUnit(id: string): Promise<boolean> {
  if (!systemdRuns()) return false;
  const unit = unitOf(id);
  const words = ['systemctl', 'is-active', `${unit}.timer`, `${unit}.service`] as const;
  const answer = await run(words).catch(() => undefined);
  return ALIVE.test(answer?.stdout ?? '');
}

/** Whether a process holds a file's lock, without trying to take it: proc_locks(5) names it by device and inode. */
function isLocked(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  const locks = readRegular('/proc/locks', 16 * MIB)?.toString('latin1');
  if (stats === undefined || locks === undefined) return false;
  return locks.split('\n').some((line) => {
    const [, major = '', minor = '', inode = ''] =
      /: FLOCK .*\bWRITE -?\d+ ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    return inode === String(stats.ino) && deviceOf(parseInt(major, 16), parseInt(minor, 16)) === stats.dev;
  });
}

/** As stat(2) has it: makedev(3). */
const deviceOf = (major: number, minor: number): number =>
  (minor & 0xff) + (major & 0xfff) * 0x1_00 + Math.floor(minor / 0x1_00) * 0x10_00_00;
