import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';

/** The rules with the host's own chains of the table filter, which Docker writes nothing to. */
export function withHosts(rules: HostRules): HostRules {
  const filter = rules.ipv4.tables.get('filter');
  const forward = filter?.chains.get('FORWARD');
  if (filter === undefined || forward === undefined) throw new Error('no FORWARD');
  const own = ['INPUT', 'OUTPUT'].map(
    (name) => [name, { ...forward, name, policy: 'ACCEPT', rules: [] }] as const,
  );
  const chains = new Map([...own, ...filter.chains]);
  return { ...rules, ipv4: { tables: new Map([...rules.ipv4.tables, ['filter', { ...filter, chains }]]) } };
}
