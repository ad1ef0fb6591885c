import type { OwnedHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { Family } from '../../../src/net/family.ts';

/** Lines of other people, put before the first rule and before each COMMIT; none of them may change by a byte. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  filter: [
    '-A FORWARD -m comment --comment "mine: it\\\'s \\"odd\\" caf\xe9 \xff" -j LOG',
    '-A FORWARD -i eth1 -o eth0 -j ACCEPT',
    '-A INPUT -p tcp  -m tcp --dport 22 -j ACCEPT',
  ],
  nat: ['-A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE'],
  raw: ['-A PREROUTING -s 192.0.2.5/32 -j DROP'],
};

/** The recorded save with neighbours in it, as a file of an operator might hold it. */
export function populated(save: string, family: Family, withCounters: boolean): string {
  let table = '';
  const lines = save.split('\n').flatMap((line) => {
    table = /^\*(\w+)/.exec(line)?.[1] ?? table;
    const text = withCounters ? line : line.replace(/^\[\d+:\d+\] /, '');
    const neighbours = family === 'ipv4' && line === 'COMMIT' ? (FOREIGN[table] ?? []) : [];
    return [...neighbours.map((rule) => (withCounters ? `[7:512] ${rule}` : rule)), text];
  });
  return `# kept by hand\n${lines.join('\n')}`;
}

/** What must be left of a populated save: no rule and no chain of Docker's, every other byte as it was. */
export function neighboursKept(save: string, { families }: OwnedHost, family: Family): string {
  const dockers = new Set(
    [...families[family].values()].flatMap((chains) =>
      [...chains.values()].flatMap(({ rules }) =>
        rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])),
      ),
    ),
  );
  return save
    .split('\n')
    .filter((line) => !dockers.has(line.replace(/^\[\d+:\d+\] /, '')) && !line.startsWith(':DOCKER'))
    .join('\n');
}
