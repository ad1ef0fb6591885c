import { describe, expect, test } from 'vitest';
import { compareTables } from '../../../../../src/firewall/nftables/compare/compare.ts';
import { planTable, planTableAgain } from '../../../../../src/firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../../../../src/firewall/nftables/plan/render.ts';
import { simulateEdits } from '../../../../../src/firewall/nftables/simulate/simulate.ts';
import type { NftRule, NftTable } from '../../../../../src/firewall/nftables/tables/model.ts';
import { nftRule } from '../../../../../src/firewall/nftables/tables/rule.ts';
import { damagesOf, USERS_RULE } from '../../../../support/nftables/damages.ts';
import { withChains, withRules } from '../../../../support/nftables/edits.ts';
import { nftRecording, requiredTables, termsOf } from '../../../../support/nftables/recordings.ts';

/** A recorded host whose first table was damaged, and its repair. */
function repaired(name: string, damaged: (table: NftTable) => NftTable | undefined) {
  const { tables, inventory, settings } = nftRecording(name);
  const [whole] = tables;
  if (whole === undefined) throw new Error(name);
  const table = damaged(whole);
  const expected = requiredTables(inventory, settings).filter(({ family }) => family === 'ipv4');
  const compare = (live: NftTable | undefined) =>
    compareTables(expected, live === undefined ? [] : [live], termsOf(inventory)).filter(
      (drift) => drift.name === 'docker-bridges',
    );
  const plans = compare(table).map(planTable);
  const after = plans.reduce((live, plan) => simulateEdits(plan, live, plan.edits), table);
  return { whole, table, plans, after, left: compare(after), text: plans.map(renderTablePlan).join('') };
}

const rulesOf = (table: NftTable | undefined): readonly NftRule[] =>
  [...(table?.chains.values() ?? [])].flatMap(({ rules }) => rules);

describe.each(['two-bridges', 'links'])(
  'every damage of %s is repaired, and nothing else is touched',
  (name) => {
    const [whole] = nftRecording(name).tables;
    if (whole === undefined) throw new Error(name);
    test.each(damagesOf(whole))('$what', ({ damaged }) => {
      const { plans, after, left, table } = repaired(name, () => damaged);
      expect(plans.flatMap(({ refused }) => refused ?? [])).toEqual([]);
      const users = left.flatMap(({ chains }) => chains.flatMap(({ foreign }) => foreign));
      // What is left is the user's, and it is still there.
      expect(users).toEqual(rulesOf(table).filter(({ key }) => key === USERS_RULE.key));
      expect(left.flatMap(({ chains }) => chains.flatMap((one) => [...one.missing, ...one.surplus]))).toEqual(
        [],
      );
      expect(rulesOf(after).length).toBe(rulesOf(whole).length + users.length);
    });
  },
);

test('a network that went while its chains were written again takes them with it, and nothing else goes', () => {
  const { tables, inventory, settings } = nftRecording('two-bridges');
  const [whole] = tables;
  const gone = inventory.networks.find(
    ({ bridge }) => bridge.startsWith('br-') || bridge === 'docker1',
  )?.bridge;
  if (whole === undefined || gone === undefined) throw new Error('no second bridge');
  const left = {
    ...inventory,
    networks: inventory.networks.filter(({ bridge }) => bridge !== gone),
    endpoints: inventory.endpoints.filter(({ bridge }) => bridge !== gone),
    ports: inventory.ports.filter(({ endpoint }) => endpoint?.bridge !== gone),
  };
  const expected = requiredTables(left, settings);
  const compare = (live: NftTable) =>
    compareTables(expected, [live], termsOf(left)).filter(({ family }) => family === 'ipv4');
  const mine = (name: string): boolean => name.endsWith(`__${gone}`);
  const withdrawn = {
    rule: (_: string, { text }: NftRule) => text.includes(gone),
    chain: mine,
    element: (_: string, key: string) => key === gone,
  };
  const after = compare(whole)
    .map((drift) => planTableAgain(drift, withdrawn))
    .reduce<NftTable | undefined>((live, plan) => simulateEdits(plan, live, plan.edits), whole);
  expect([...(after?.chains.keys() ?? [])].filter(mine)).toEqual([]);
  expect([...(after?.maps.values() ?? [])].flatMap(({ elements }) => [...elements.keys()])).not.toContain(
    gone,
  );
  expect(after?.chains.size).toBe(whole.chains.size - 4);
  // What a repair did not write is left alone.
  expect(compare(whole).flatMap((drift) => planTable(drift).edits)).toEqual([]);
});

test('a table in order gets no edit', () => {
  expect(repaired('modes', (table) => table).plans).toEqual([]);
});

const IN = 'filter-forward-in__docker0';

test('a rule that was lost stands again before the one that followed it, and no other is written', () => {
  const { text } = repaired('plain', (table) =>
    withRules(table, IN, (rules) => rules.filter((_, at) => at !== 1)),
  );
  const [, , next] = nftRecording('plain').tables[0]?.chains.get(IN)?.rules ?? [];
  expect(text).toBe(
    `insert rule ip docker-bridges ${IN} handle ${String(next?.handle)} iifname "docker0" counter accept comment "ICC"\n`,
  );
});

test('a rule that is moved back keeps what it counted', () => {
  const { whole, text, after } = repaired('plain', (table) =>
    withRules(table, IN, (rules) => [...rules.slice(-1), ...rules.slice(0, -1)]),
  );
  const drop = whole.chains.get(IN)?.rules.at(-1);
  expect(text).toBe(
    `delete rule ip docker-bridges ${IN} handle ${String(drop?.handle)}\n` +
      `add rule ip docker-bridges ${IN} counter packets 0 bytes 0 drop comment "UNPUBLISHED PORT DROP"\n`,
  );
  expect(after?.chains.get(IN)?.rules.map(({ key }) => key)).toEqual(
    whole.chains.get(IN)?.rules.map(({ key }) => key),
  );
});

test('a policy is set in place', () => {
  const { text } = repaired('plain', (table) =>
    withChains(table, (all) =>
      all.map((one) =>
        one.name === 'filter-FORWARD' && one.base !== undefined
          ? { ...one, base: { ...one.base, policy: 'drop' } }
          : one,
      ),
    ),
  );
  expect(text).toBe(
    'add chain ip docker-bridges filter-FORWARD { type filter hook forward priority 0 ; policy accept ; }\n',
  );
});

test('a table that must be made anew keeps what was counted', () => {
  const { text } = repaired('plain', (table) =>
    withChains(table, (all) =>
      all.map((one) =>
        one.name === 'raw-PREROUTING' && one.base !== undefined
          ? { ...one, base: { ...one.base, priority: 0 } }
          : one,
      ),
    ),
  );
  expect(text.startsWith('delete table ip docker-bridges\nadd table ip docker-bridges\n')).toBe(true);
  expect(text).toContain('tcp dport 8080 counter packets 1 bytes 60 dnat to 172.17.0.2:80 comment "DNAT"\n');
});

test('one that must be made anew and holds something of a user is left alone, and why is said', () => {
  const { plans } = repaired('plain', (table) =>
    withRules(
      withChains(table, (all) =>
        all.map((one) =>
          one.name === 'raw-PREROUTING' && one.base !== undefined
            ? { ...one, base: { ...one.base, priority: 0 } }
            : one,
        ),
      ),
      'filter-FORWARD',
      (rules) => [USERS_RULE, ...rules],
    ),
  );
  expect(plans.map(({ edits, refused }) => [edits, refused])).toEqual([
    [[], `it must be made anew, and something in it is not expected: ${USERS_RULE.text}`],
  ]);
});

test('a diverted translation goes; a leftover, and a port that nothing requires, stay', () => {
  const DNAT = 'nat-prerouting-and-output';
  const like = (table: NftTable, chain: string, change: (text: string) => string): NftRule => {
    const model = table.chains.get(chain)?.rules.find(({ text }) => text.includes('tcp dport'));
    const text = change(model?.text ?? '');
    return { ...nftRule(model?.statements ?? []), text, key: text, handle: 100_001 };
  };
  const { text, left } = repaired('plain', (table) =>
    withRules(
      withRules(table, DNAT, (rules) => [
        like(table, DNAT, (rule) => rule.replace('172.17.0.2', '10.9.9.9')),
        ...rules,
      ]),
      IN,
      (rules) => [...rules, { ...like(table, IN, (rule) => rule.replace(' 80 ', ' 22 ')), handle: 100_002 }],
    ),
  );
  expect(text).toBe(`delete rule ip docker-bridges ${DNAT} handle 100001\n`);
  expect(left.flatMap(({ chains }) => chains.flatMap(({ surplus }) => surplus.map(({ is }) => is)))).toEqual([
    'unexpected',
  ]);
});
