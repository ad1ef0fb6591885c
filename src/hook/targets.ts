import { NETFILTER_PERSISTENT } from './netfilter-persistent.ts';
import type { Target } from './target.ts';
import { UFW } from './ufw.ts';
import { unitTarget } from './unit.ts';

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
];
