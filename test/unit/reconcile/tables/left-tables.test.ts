import { expect, test } from 'vitest';
import { leftTables } from '../../../../src/reconcile/tables/left-tables.ts';
import { Fault } from '../../../../src/fault.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import type { NftTable } from '../../../../src/firewall/nftables/tables/model.ts';
import { observationOf } from '../../../../src/reconcile/observation.ts';
import { liveOf, recordedHost } from '../../../support/recorded/observation.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';
import { nftReply, observedTables } from '../../../support/nftables/observed.ts';

test('a table of a family that Docker leaves alone by now is told once, with what it does and how it goes', () => {
  const { tables } = nftRecording('no-ip6tables');
  const ipv6 = nftRecording('ports').tables.find(({ family }) => family === 'ipv6');
  if (ipv6 === undefined) throw new Error('no table of IPv6');
  const { findings } = observedTables('no-ip6tables', [...tables, ipv6]);
  expect(findings).toMatchObject([
    { kind: 'orphan', severity: 'notice', family: 'ipv6', table: 'docker-bridges', chain: '' },
  ]);
  const consequence = findings[0]?.consequence;
  expect(consequence).toMatch(/^left from before Docker was told to leave this family alone: /);
  expect(consequence).toMatch(/it still leads \d+ published ports? to containers' old addresses/);
  expect(consequence).toMatch(/to take it out: nft delete table ip6 docker-bridges$/);
});

const LEFT = { since: 'yesterday', isAlone: true };
const told = (table: NftTable | undefined, left = LEFT): string => {
  if (table === undefined) throw new Error('no table');
  return leftTables([table], left)[0]?.consequence ?? '';
};

test('a table without a rule of a network does nothing, nor does one to which no packet comes', () => {
  const [plain] = nftRecording('plain').tables;
  const [ports] = nftRecording('ports').tables;
  if (plain === undefined || ports === undefined) throw new Error('no table');
  const unhooked = [...ports.chains].map(([name, { base: _, ...chain }]) => [name, chain] as const);
  for (const table of [
    { ...plain, chains: new Map() },
    { ...ports, chains: new Map(unhooked) },
  ])
    expect(told(table)).toBe(
      'left from yesterday: Docker does not keep it up to date; it does nothing to packets; to take it out: nft delete table ip docker-bridges',
    );
});

test.each([
  ['icc-false', 'ipv4', /keeps containers of 1 network from each other/],
  ['modes', 'ipv4', /keeps \d internal networks? apart/],
  ['noproxy', 'ipv4', /changes the source of packets to \d networks?/],
] as const)('%s: what its %s table does is told', (name, family, words) => {
  const { tables } = nftRecording(name);
  expect(told(tables.find((one) => one.family === family))).toMatch(words);
});

test('rules of others in it are counted, and a policy of theirs is told', () => {
  const [plain] = nftRecording('plain').tables;
  if (plain === undefined) throw new Error('no table');
  const base = { type: 'filter', hook: 'forward', priority: 5, policy: 'drop' };
  const rule = { text: 'tcp dport 22 accept', key: '', statements: [], comment: '' };
  const table = { ...plain, chains: new Map([['mine', { name: 'mine', base, rules: [rule] }]]) };
  expect(told(table)).toMatch(
    /; it still drops all that chain mine does not accept; it holds 1 rule that is not Docker's; /,
  );
});

test('what another Engine here may keep is not said to be left, and no command takes it out', () => {
  const words = told(nftRecording('ports').tables[0], { ...LEFT, isAlone: false });
  expect(words).toMatch(/another Engine of this network namespace keeps it/);
  expect(words).not.toMatch(/delete|still/);
});

test('a family that Docker writes is never told as left, whatever it is compared with', () => {
  const { tables } = nftRecording('ports');
  const [ipv4] = tables;
  if (ipv4 === undefined) throw new Error('no table');
  const stored = { ...recordedHost('engine-29.7-plain').stored, own: true, tables: [ipv4] };
  const live = { ...liveOf({ ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET }), tables };
  const reference = { source: 'baseline', stored } as const;
  const silent = { answered: false, fault: new Fault('RG_ENGINE_DOWN', 3, 'down') } as const;
  for (const engine of [nftReply('ports'), silent]) {
    const { findings } = observationOf(reference, live, engine);
    expect(findings.filter(({ consequence }) => /delete table/.test(consequence))).toEqual([]);
  }
});
