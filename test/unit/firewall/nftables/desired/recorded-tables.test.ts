import { describe, expect, test } from 'vitest';
import {
  readRecordedTables,
  recordTables,
  type RecordedTable,
} from '../../../../../src/firewall/nftables/desired/recorded-tables.ts';
import type { NftStatement } from '../../../../../src/firewall/nftables/tables/model.ts';
import { compareTables } from '../../../../../src/firewall/nftables/compare/compare.ts';
import { validate } from '../../../../../src/generated/baseline.js';
import { recordedOf } from '../../../../../src/reconcile/tables/recorded.ts';
import {
  nftRecording,
  nftRecordings,
  requiredTables,
  termsOf,
} from '../../../../support/nftables/recordings.ts';

/** What `snapshot` writes of a recorded host, through a file. */
function recorded(name: string): readonly RecordedTable[] {
  const { tables, inventory, settings } = nftRecording(name);
  return throughFile(recordTables(recordedOf(requiredTables(inventory, settings), tables)));
}

const throughFile = (tables: readonly RecordedTable[]): readonly RecordedTable[] =>
  JSON.parse(JSON.stringify(tables)) as readonly RecordedTable[];

const document = (tables: unknown) => ({
  $schema: 'https://rulesguard.dev/schemas/baseline.schema.json',
  digest: `sha256:${'0'.repeat(64)}`,
  version: 1,
  created: '2026-12-01T00:00:00.000Z',
  ...{ host: 'h', kernel: 'k', iptables: '1.8.9', variant: 'nft', engine: null, previous: null },
  nftables: { tables },
  families: { ipv4: [], ipv6: [] },
});

describe('tables in a baseline', () => {
  test.each(nftRecordings())('%s: written and read back they are what was there', (name) => {
    const { tables, inventory } = nftRecording(name);
    const written = recorded(name);
    expect(validate(document(written)), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    const read = readRecordedTables(written);
    expect(read.objections).toEqual([]);
    const drifts = compareTables(read.tables, tables, termsOf(inventory));
    const lost = drifts.flatMap(({ chains, maps }) => [
      ...chains.flatMap(({ missing }) => missing.map(({ text }) => text)),
      ...maps.flatMap(({ missing, wrong }) => [...missing.keys(), ...wrong]),
    ]);
    expect(lost).toEqual([]);
  });

  test('hold nothing that somebody added to them', () => {
    const [table] = nftRecording('plain').tables;
    const [chain] = table?.chains.values() ?? [];
    if (table === undefined || chain === undefined) throw new Error('no table');
    const statements: readonly NftStatement[] = [{ is: 'accept' }];
    const rule = { text: 'accept', key: 'accept', statements, comment: '' };
    const chains = new Map([
      ...table.chains,
      [chain.name, { ...chain, rules: [...chain.rules, rule] }] as const,
      ['mine', { name: 'mine', rules: [rule] }] as const,
    ]);
    expect(recordTables([{ ...table, chains }])).toEqual(recordTables([table]));
  });
});

describe('a baseline that somebody forged', () => {
  const [whole] = recorded('plain');
  if (whole === undefined) throw new Error('no table');
  const withChain = (name: string, ...statements: readonly unknown[]) => [
    { ...whole, chains: [...whole.chains, { name, rules: [{ statements }] }] },
  ];
  const WIDE = [{ is: 'counter' }, { is: 'accept' }];

  test.each<[what: string, tables: unknown]>([
    ['a chain of somebody’s', withChain('mine', ...WIDE)],
    ['a rule that is none of Docker’s', withChain('filter-forward-in__docker1', ...WIDE)],
    ['another bridge’s map', [{ ...whole, maps: [{ name: 'mine', elements: ['docker0'] }] }]],
    ['a set of somebody’s', [{ ...whole, sets: [{ name: 'mine', elements: ['1'] }] }]],
    ['one table twice', [whole, whole]],
  ])('%s: fits the schema, and is objected to', (_, tables) => {
    expect(validate(document(tables))).toBe(true);
    expect(readRecordedTables(tables as readonly RecordedTable[]).objections).not.toEqual([]);
  });

  test.each<[what: string, tables: unknown]>([
    ['a command behind a chain’s name', withChain('filter-forward-in__x; flush ruleset', ...WIDE)],
    [
      'a line end in a bridge',
      [{ ...whole, maps: [{ name: 'filter-forward-in-jumps', elements: ['a"\nflush ruleset'] }] }],
    ],
    [
      'a policy of drop',
      [
        {
          ...whole,
          chains: [
            {
              name: 'filter-FORWARD',
              base: { type: 'filter', hook: 'forward', priority: 0, policy: 'drop' },
              rules: [],
            },
          ],
        },
      ],
    ],
    ['a statement in nft’s own JSON', withChain('filter-FORWARD', { is: 'foreign', json: 'accept' })],
    [
      'a line end in a value',
      withChain('raw-PREROUTING', { is: 'match', field: 'iifname', negated: true, values: ['x"\naccept'] }),
    ],
    ['a table of somebody’s', [{ ...whole, name: 'mine' }]],
  ])('%s: does not fit the schema', (_, tables) => {
    expect(validate(document(tables))).toBe(false);
  });
});
