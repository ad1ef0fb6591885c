import { CSF } from './csf.ts';
import { FERM } from './ferm.ts';
import { FIREWALLD } from './firewalld.ts';
import { FRONT } from './front.ts';
import { NETFILTER_PERSISTENT } from './netfilter-persistent.ts';
import { SHOREWALL } from './shorewall.ts';
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
  FIREWALLD,
  CSF,
  FERM,
  SHOREWALL,
  FRONT,
];
