import { Fault } from '../fault.ts';
import { nearest } from '../nearest.ts';
import { BOOT_UNIT } from './boot-unit.ts';
import { CSF } from './csf.ts';
import { FERM } from './ferm.ts';
import { FIREWALLD } from './firewalld.ts';
import { FRONT } from './front.ts';
import { NETFILTER_PERSISTENT } from './netfilter-persistent.ts';
import { SHOREWALL } from './shorewall.ts';
import type { Target } from './target.ts';
import { UFW } from './ufw.ts';
import { unitTarget } from './unit.ts';
import { WATCH_UNIT } from './watch-unit.ts';

/** Every target, in the order `hook list` shows them. */
export const TARGETS: readonly Target[] = [
  UFW,
  NETFILTER_PERSISTENT,
  unitTarget('nftables', ['nftables.service'], 'drop-in of nftables.service: around start, stop and reload'),
  unitTarget(
    'iptables',
    ['iptables.service', 'ip6tables.service'],
    'drop-ins of iptables.service and ip6tables.service: around start, stop and reload',
  ),
  FIREWALLD,
  CSF,
  FERM,
  SHOREWALL,
  FRONT,
  WATCH_UNIT,
  BOOT_UNIT,
];

/**
 * The target of a name.
 *
 * @throws Fault RG_USAGE when there is none of it, with the one that was probably meant
 */
export function targetOf(name: string | undefined): Target {
  const names = TARGETS.map((target) => target.name);
  const found = TARGETS.find((target) => target.name === name);
  if (found !== undefined) return found;
  const meant = name === undefined ? undefined : nearest(name, names);
  const unknown = `there is no target ${name ?? ''}${meant === undefined ? '' : `. Did you mean ${meant}?`}`;
  throw new Fault('RG_USAGE', 2, name === undefined ? 'which target?' : unknown, {
    hint: `There are: ${names.join(', ')} (rulesguard hook list)`,
  });
}
