import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareTables } from '../../src/firewall/nftables/compare/compare.ts';
import { planTable } from '../../src/firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../src/firewall/nftables/plan/render.ts';
import { simulateEdits } from '../../src/firewall/nftables/simulate/simulate.ts';
import type { NftTable } from '../../src/firewall/nftables/tables/model.ts';
import { parseNftTables } from '../../src/firewall/nftables/tables/parse.ts';
import { createNetns, type Netns } from '../support/netns.ts';
import { nftRecording, requiredTables, termsOf } from '../support/nftables/recordings.ts';

let netns: Netns;

beforeAll(async () => {
  netns = await createNetns();
});

afterAll(async () => {
  await netns.dispose();
});

async function nft(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await netns.exec('nft', args, { input });
  if (code !== 0) throw new Error(`nft ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const read = async (): Promise<readonly NftTable[]> =>
  parseNftTables(await nft(['-j', 'list', 'ruleset']), 'nft');

/** Tables as they are compared to the letter: without handles and counts. */
const plain = (tables: readonly NftTable[]) =>
  tables.map(({ family, name, chains, maps, sets }) => ({
    table: `${family} ${name}`,
    chains: [...chains.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((chain) => [chain.name, chain.base, ...chain.rules.map(({ text }) => text)]),
    maps: [...maps.values()].map((map) => [map.name, map.type, ...map.elements]).sort(),
    sets: [...sets.values()].map((set) => [set.name, ...set.elements]),
  }));

const MINE = [
  'add table ip mine',
  'add chain ip mine c { type filter hook forward priority -5 ; }',
  'add rule ip mine c accept',
];

const NAMES = ['modes', 'noproxy', 'links', 'accept-fwmark', 'mesh'];

test.each(NAMES)(
  '%s: the kernel takes what is written, and lists it as the Engine’s own tables',
  async (name) => {
    const { tables, inventory, settings } = nftRecording(name);
    const expected = requiredTables(inventory, settings);
    await nft(['flush', 'ruleset']);
    const plans = compareTables(expected, [], termsOf(inventory)).map(planTable);
    for (const plan of plans) await nft(['-f', '-'], renderTablePlan(plan));
    const written = await read();
    expect(compareTables(expected, written, termsOf(inventory))).toEqual([]);
    // What was simulated is what the kernel has.
    const simulated = plans.flatMap((plan) => simulateEdits(plan, undefined, plan.edits) ?? []);
    expect(plain(written)).toEqual(plain(simulated));
    expect(written.length).toBe(tables.length);
  },
);

test.each<[what: string, damage: readonly string[]]>([
  ['a base chain flushed', ['flush chain ip docker-bridges filter-FORWARD']],
  ['translations flushed', ['flush chain ip docker-bridges nat-prerouting-and-output']],
  ['every chain flushed', ['flush table ip docker-bridges']],
  ['the tables deleted', ['delete table ip docker-bridges', 'delete table ip6 docker-bridges']],
  ['a map emptied', ['flush map ip docker-bridges filter-forward-in-jumps']],
  [
    'an element led elsewhere',
    [
      'delete element ip docker-bridges nat-postrouting-out-jumps { "docker0" }',
      'add element ip docker-bridges nat-postrouting-out-jumps { "docker0" : jump nat-postrouting-in__docker0 }',
    ],
  ],
  [
    'a policy of drop',
    ['add chain ip docker-bridges filter-FORWARD { type filter hook forward priority 0 ; policy drop ; }'],
  ],
  [
    'a rule doubled, one moved in front',
    [
      'add rule ip docker-bridges filter-forward-out__docker0 counter accept comment "OUTGOING"',
      'insert rule ip docker-bridges filter-forward-in__docker0 counter drop comment "UNPUBLISHED PORT DROP"',
    ],
  ],
  [
    'a chain deleted with what leads to it',
    [
      'delete element ip docker-bridges filter-forward-in-jumps { "docker0" }',
      'delete chain ip docker-bridges filter-forward-in__docker0',
    ],
  ],
])('%s: repaired to the letter, and a user’s rule and table stay', async (_, damage) => {
  const { inventory, settings } = nftRecording('modes');
  const expected = requiredTables(inventory, settings);
  const differences = async () => compareTables(expected, await read(), termsOf(inventory));
  await nft(['flush', 'ruleset']);
  for (const drift of await differences()) await nft(['-f', '-'], renderTablePlan(planTable(drift)));
  const before = plain(await read());
  await nft(['-f', '-'], [...MINE, ...damage, ''].join('\n'));
  expect(plain((await read()).filter(({ name }) => name !== 'mine'))).not.toEqual(before);
  for (const drift of await differences()) {
    const plan = planTable(drift);
    const text = renderTablePlan(plan);
    await nft(['-c', '-f', '-'], text);
    await nft(['-f', '-'], text);
  }
  const after = await read();
  const inOrder = (tables: ReturnType<typeof plain>) =>
    [...tables].sort((a, b) => (a.table < b.table ? -1 : 1));
  expect(inOrder(plain(after.filter(({ name }) => name !== 'mine')))).toEqual(inOrder(before));
  expect(after.some(({ name }) => name === 'mine')).toBe(true);
});
