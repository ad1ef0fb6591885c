import type { Family } from '../iptables/model.ts';
import type { IpSet } from './terrain.ts';

/**
 * The sets of `ipset save`, by name.
 *
 * @param saved - its text: `create NAME TYPE …` and `add NAME ELEMENT …`
 */
export function parseSets(saved: string): ReadonlyMap<string, IpSet> {
  const sets = new Map<string, { name: string; type: string; family: Family; members: string[] }>();
  for (const line of saved.split('\n')) {
    const [verb, name = '', first = '', ...rest] = line.split(' ');
    if (verb === 'create') {
      const family = rest[rest.indexOf('family') + 1] === 'inet6' ? 'ipv6' : 'ipv4';
      sets.set(name, { name, type: first, family, members: [] });
    } else if (verb === 'add') sets.get(name)?.members.push([first, ...rest].join(' '));
  }
  return sets;
}
