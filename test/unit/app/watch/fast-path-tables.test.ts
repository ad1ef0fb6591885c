import { expect, test } from 'vitest';
import { observe } from '../../../../src/app/observe/observe.ts';
import { fastPath } from '../../../../src/app/watch/fast/fast-path.ts';
import { residentEngine } from '../../../../src/app/watch/resident-engine.ts';
import { residentRules } from '../../../../src/app/watch/resident-rules.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import { renderTablePlan } from '../../../../src/firewall/nftables/plan/render.ts';
import type { NftTable } from '../../../../src/firewall/nftables/tables/model.ts';
import { plansFor, tablesAfter } from '../../../../src/reconcile/tables/side.ts';
import { memoryHost } from '../../../support/app/memory-host.ts';
import { withElements, withRules } from '../../../support/nftables/edits.ts';
import { nftReply, observedTables } from '../../../support/nftables/observed.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';
import { until } from '../../../support/until.ts';

const NAME = 'modes';
const REFERENCE = { source: 'both', stored: undefined, declared: {} } as const;
const WHOLE = nftRecording(NAME).tables;

/** A host whose Engine writes with nftables, found whole twice; what the fast path makes of its tables as they are then. */
async function repairOf(damaged: readonly NftTable[]) {
  let tables = WHOLE;
  const written: string[] = [];
  let rehearsals = 0;
  const host = {
    ...memoryHost({ ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET }, nftReply(NAME)),
    readTables: () => Promise.resolve(tables),
    rehearseTables: () => {
      rehearsals++;
      return Promise.resolve();
    },
    writeTables: (text: string) => {
      const { tables: side } = observedTables(NAME, tables);
      if (side === undefined) throw new Error('no tables');
      written.push(text);
      tables = tablesAfter(
        plansFor(side).filter((plan) => text.includes(renderTablePlan(plan))),
        tables,
      );
      return Promise.resolve(undefined);
    },
  };
  let armed = 0;
  const fast = fastPath(host, {
    rules: residentRules(host, host.now),
    engine: residentEngine(host.askEngine, host.now),
    accepted: { now: () => Date.now(), readAccepted: () => Promise.resolve([]) },
    held: () => Promise.resolve(undefined),
    now: host.now,
    arm: () => armed++,
    ahead: (work) => work(),
  });
  fast.well(await observe(host, REFERENCE), REFERENCE);
  await until(() => armed > 0);
  fast.well(await observe(host, REFERENCE), REFERENCE);
  await until(() => armed > 1);
  tables = damaged;
  const done = await fast.repair();
  return { done, written, tables, rehearsals };
}

/** Tables that a plan made anew have other handles. */
const isWhole = (tables: readonly NftTable[]): boolean =>
  observedTables(NAME, tables).findings.filter(({ kind }) => kind === 'missing').length === 0;

const flushed = WHOLE.map((table) => withRules(table, 'nat-POSTROUTING', () => []));

test.each<[string, readonly NftTable[]]>([
  ['all tables', []],
  ['one of them', WHOLE.slice(1)],
  ['the rules of a chain', flushed],
])(
  'where %s are gone they are made again, one transaction a family, from what was rehearsed once',
  async (_, damaged) => {
    const { done, written, tables, rehearsals } = await repairOf(damaged);
    expect(done).toMatchObject({ left: [], journal: ['1'] });
    expect(isWhole(tables)).toBe(true);
    expect(written.length).toBeLessThanOrEqual(2);
    expect(rehearsals).toBe(1);
  },
);

test('what takes more than adding is left to a look', async () => {
  const [first, ...others] = flushed;
  if (first === undefined) throw new Error(NAME);
  const twisted = withElements(first, 'nat-postrouting-out-jumps', (elements) =>
    elements.map(([bridge]) => [bridge, 'jump nat-postrouting-in__docker0']),
  );
  const { done, written } = await repairOf([twisted, ...others]);
  expect(done).toBeUndefined();
  expect(written).toEqual([]);
});
