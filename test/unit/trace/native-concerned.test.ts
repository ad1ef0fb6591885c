import { expect, test } from 'vitest';
import { parseNativeTable } from '../../../src/firewall/nftables/text/parse.ts';
import { concernedIn } from '../../../src/trace/native/concerned.ts';
import { meets } from '../../../src/trace/native/match.ts';
import type { MatchContext } from '../../../src/trace/match-context.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import { healthyTablesTerrain } from '../../support/nftables/terrain.ts';
import { largeInventory } from '../../support/reach/town.ts';

const STRANGE = [
  'ip saddr 10.1.0.2 drop',
  'ip daddr != 10.1.0.2 tcp dport 2003 drop',
  'ip daddr { 10.1.0.2, 10.1.0.3 } drop',
  'ip daddr 10.1.0.0/16 tcp dport 80 drop',
  'tcp dport 2000-2005 drop',
  'tcp dport != 2000 drop',
  'udp dport 2001 drop',
  'th dport 2001 drop',
  'ip daddr & 255.255.0.0 == 10.1.0.0 drop',
  'ip saddr 10.1.0.2 ip daddr 10.1.0.3 tcp dport 80 drop',
  'iifname "eth0" drop',
];

test('of a long chain a packet is shown every rule it may meet, in order, and few others', () => {
  const { netState } = healthyTablesTerrain(largeInventory('29.7.2', 4, 40));
  const text = (netState.natives?.[0]?.text ?? '').replace(
    /chain nat-prerouting-and-output \{\n/,
    (line) => `${line}${STRANGE.map((rule) => `\t\t${rule}\n`).join('')}`,
  );
  const table = parseNativeTable(text);
  const chain = table?.chains.get('nat-prerouting-and-output');
  if (table === undefined || chain === undefined) throw new Error('no chain');
  expect(chain.rules.length).toBe(51);
  for (const protocol of ['tcp', 'udp', 'icmp'])
    for (const source of ['10.1.0.2', '192.0.2.7'])
      for (const destination of ['10.1.0.2', '10.1.0.3', '192.0.2.1'])
        for (const destinationPort of [80, 2000, 2001, 2003, 2039]) {
          const packet = makePacket({
            ...{ family: 'ipv4', source, destination, protocol, destinationPort },
            inInterface: 'eth0',
          });
          const facts: MatchContext = {
            ...{ packet, netState, hook: 'PREROUTING', tracked: true, direction: 'original', bridged: false },
            changedSets: new Set(),
          };
          const shown = concernedIn(chain, packet);
          const met = chain.rules.filter(({ conditions }) =>
            conditions.every((condition) => meets(condition, table, facts) !== false),
          );
          expect(shown.filter((rule) => met.includes(rule))).toEqual(met);
          expect(shown.length).toBeLessThan(15);
          const vague = { ...packet, vague: ['destination'] as const };
          expect(concernedIn(chain, vague)).toBe(chain.rules);
        }
});
