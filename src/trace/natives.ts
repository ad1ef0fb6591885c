import type { Family } from '../iptables/model.ts';
import type { PathEnd } from './path.ts';
import type { Terrain } from './terrain.ts';

const STOPS = /\b(?:drop|reject|queue|synproxy|fwd|dup)\b/;
const CHANGES =
  /\b(?:dnat|snat|masquerade|redirect|tproxy|notrack)\b|\b(?:mark|saddr|daddr|sport|dport|nftrace|priority|dscp) set\b/;

const isFor = (table: string, family: Family): boolean => {
  const [first = ''] = table.split(' ');
  return first !== 'arp' && first !== (family === 'ipv4' ? 'ip6' : 'ip');
};

/**
 * What nftables' own tables leave of an answer. A table without a base chain sees no packet. One that may drop makes
 * unknown whether a packet passes; one that may change packets makes everything unknown.
 */
export function besideNatives({ natives }: Terrain, family: Family, end: PathEnd): PathEnd {
  if (end.at === 'unknown') return end;
  const passes = end.at === 'sent' || end.at === 'local';
  if (natives === undefined)
    return passes ? { at: 'unknown', why: 'whether nftables has tables of its own could not be read' } : end;
  const seeing = natives.filter(({ table, text }) => isFor(table, family) && /\bhook\b/.test(text));
  const changing = seeing.find(({ text }) => CHANGES.test(text));
  const stopping = passes ? seeing.find(({ text }) => STOPS.test(text)) : undefined;
  const deciding = changing ?? stopping;
  return deciding === undefined
    ? end
    : { at: 'unknown', why: `nftables' own table ${deciding.table} decides too` };
}
