import { describe, expect, test } from 'vitest';
import { isBroken } from '../../../../src/reconcile/finding.ts';
import { withChains } from '../../../support/nftables/edits.ts';
import { damagesOf } from '../../../support/nftables/damages.ts';
import { nftReply, observedTables } from '../../../support/nftables/observed.ts';
import { nftRecording, nftRecordings } from '../../../support/nftables/recordings.ts';
import { observationOf } from '../../../../src/reconcile/observation.ts';
import { recordedHost } from '../../../support/recorded/observation.ts';
import { repairedNatives } from '../../../../src/reconcile/tables/repaired-natives.ts';
import { parseNativeTable } from '../../../../src/firewall/nftables/text/parse.ts';
import { printNftTable } from '../../../../src/firewall/nftables/tables/print.ts';

// In these the Engine itself refused the scenario.
const REFUSED = ['noproxy-ports', 'noproxy-small', 'swarm', 'mesh'];

test.each(nftRecordings().filter((name) => !REFUSED.includes(name)))('%s: nothing is found', (name) => {
  const { findings, intent } = observedTables(name);
  expect(findings).toEqual([]);
  expect(intent).toBeDefined();
});

describe('settings that only the tables show', () => {
  const unseen = (name: string) => {
    const reply = nftReply(name);
    if (!reply.answered) throw new Error(name);
    const { tables, inventory } = nftRecording(name);
    const engine = {
      ...reply,
      inventory: { ...inventory, userlandProxy: undefined },
      daemons: { count: 0, facts: {} },
    };
    return observationOf(
      { source: 'both', stored: undefined },
      { ...recordedHost('engine-29.7-plain').live, tables },
      engine,
    ).findings.filter(isBroken);
  };

  test.each(['noproxy', 'accept-fwmark', 'plain', 'modes'])('%s', (name) => {
    expect(unseen(name)).toEqual([]);
  });
});

test('whatever is done to a table is found, and what is a user’s is not damage', () => {
  const [ipv4] = nftRecording('modes').tables;
  const others = nftRecording('modes').tables.slice(1);
  if (ipv4 === undefined) throw new Error('no table');
  for (const { what, damaged } of damagesOf(ipv4)) {
    if (what.startsWith('moved')) continue;
    const { findings } = observedTables('modes', damaged === undefined ? others : [damaged, ...others]);
    expect(findings.filter(isBroken).length, what).toBeGreaterThan(0);
  }
});

test('a table of which Docker wrote a part again is half-healed: what is open, what is cut', () => {
  const [ipv4] = nftRecording('plain').tables;
  if (ipv4 === undefined) throw new Error('no table');
  const kept = ['raw-PREROUTING', 'filter-forward-in__docker0', 'nat-prerouting-and-output'];
  const part = withChains(ipv4, (chains) => chains.filter(({ name }) => kept.includes(name)));
  const healed = observedTables('plain', [{ ...part, maps: new Map() }]).findings.find(
    ({ kind }) => kind === 'half-healed',
  );
  expect(healed?.consequence).toBe(
    'half-healed: the table was lost, and Docker has written only part of it again since, without knowing; open: unpublished ports; cut: the way out of containers, translation of published ports; lost after 2026-11-29T23:45:30Z (network bridge was made then, and its rules are missing)',
  );
  expect(observedTables('plain', []).findings.some(({ kind }) => kind === 'half-healed')).toBe(false);
});

test('what an Engine left in iptables is told, with the commands, and is no damage', () => {
  const { live } = recordedHost('engine-29.7-plain');
  const { findings } = observedTables('plain', undefined, live.rules);
  expect(findings.filter(isBroken)).toEqual([]);
  const told = findings.map(({ consequence }) => consequence).join('\n');
  expect(told).toContain('iptables-save | rulesguard strip | iptables-restore');
  expect(told).toContain('ip6tables-save | rulesguard strip | ip6tables-restore');
});

test('a baseline of rules of iptables says nothing of these tables', () => {
  expect(() =>
    observationOf(
      { source: 'baseline', stored: recordedHost('engine-29.7-plain').stored },
      { ...recordedHost('engine-29.7-plain').live, tables: [] },
      nftReply('plain'),
    ),
  ).toThrow(/does not hold this Engine's tables/);
});

test('tables as a restore leaves them read as the recorded ones', () => {
  const { tables } = nftRecording('modes');
  const { tables: side } = observedTables('modes', []);
  const natives = side === undefined ? undefined : repairedNatives(side)?.([]);
  // Rules that fare alike may stand in any order.
  const plain = (text: string) => {
    const table = parseNativeTable(text.replaceAll(/ # handle \d+/g, ''));
    return [...(table?.chains.values() ?? [])].map(({ name, base, rules }) => ({
      ...{ name, base },
      rules: rules.map((rule) => JSON.stringify(rule)).sort(),
    }));
  };
  const inOrder = (chains: ReturnType<typeof plain>) => chains.sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(natives?.map(({ text }) => inOrder(plain(text)))).toEqual(
    tables.map((table) => inOrder(plain(printNftTable(table, ({ text }) => text)))),
  );
});
