import type { Source, Told } from '../../watch/seen.ts';
import { printable } from '../../printable.ts';
import { readProc } from '../doctor/proc-file.ts';

/** What Docker needs of the kernel, as sysctl names it. The last two are there once br_netfilter is loaded. */
const SETTINGS = [
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
];
const EACH = 3_000;
const ABSENT = 'absent';

/**
 * Reads the settings that Docker needs every three seconds, as the kernel has them for this network namespace, and tells of those
 * that changed. The kernel tells nobody of such a change. One that is not there has the value `absent`.
 *
 * @param each - milliseconds between looks
 */
export function watchSettings(told: Told, each = EACH): Source {
  let last = SETTINGS.map(valueOf);
  const look = (): void => {
    const now = SETTINGS.map(valueOf);
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

const valueOf = (name: string): string => {
  const text = readProc(`/proc/sys/${name.replaceAll('.', '/')}`);
  return text === undefined ? ABSENT : printable(text.trim());
};
