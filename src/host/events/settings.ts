import { writeFileSync } from 'node:fs';
import { printable } from '../../printable.ts';
import { SETTINGS, type SettingName } from '../../watch/host-lacks.ts';
import type { Source, Told } from '../../watch/seen.ts';
import { readProc } from '../doctor/proc-file.ts';
import { systemFault } from '../files/system-fault.ts';

const EACH = 3_000;
const ABSENT = 'absent';

/**
 * Reads the settings that Docker needs every three seconds, as the kernel has them for this network namespace, and tells of those
 * that changed. The kernel tells nobody of such a change. One that is not there has the value `absent`.
 *
 * @param each - milliseconds between looks
 */
export function watchSettings(told: Told, each = EACH): Source {
  let last = SETTINGS.map((name) => valueOf(name));
  const look = (): void => {
    const now = SETTINGS.map((name) => valueOf(name));
    const before = last;
    last = now;
    SETTINGS.forEach((name, at) => {
      const [from, to] = [before[at] ?? ABSENT, now[at] ?? ABSENT];
      if (from !== to) told.seen({ kind: 'setting', name, from, to });
    });
  };
  const timer = setInterval(look, each);
  const works = last.some((value) => value !== ABSENT);
  told.state({
    source: 'settings',
    works,
    says: works
      ? `/proc/sys, every ${String(each / 1000)} s`
      : 'none of the settings can be read: is /proc mounted?',
  });
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/**
 * Switches a setting on where it is off.
 *
 * @param root - where settings are
 * @returns whether it was off
 * @throws Fault RG_SYSTEM
 */
export function switchOn(name: SettingName, root = ROOT): boolean {
  if (valueOf(name, root) !== '0') return false;
  try {
    writeFileSync(pathOf(name, root), '1\n');
    return true;
  } catch (error) {
    throw systemFault(error) ?? error;
  }
}

const ROOT = '/proc/sys';
const pathOf = (name: string, root: string): string => `${root}/${name.replaceAll('.', '/')}`;

const valueOf = (name: string, root = ROOT): string => {
  const text = readProc(pathOf(name, root));
  return text === undefined ? ABSENT : printable(text.trim());
};
