import { expect, test } from 'vitest';
import { BY_BOTH } from '../../../../src/app/observe/open-reference.ts';
import { previewRestore } from '../../../../src/app/restore/preview.ts';
import { restore } from '../../../../src/app/restore/restore.ts';
import { undoRestore } from '../../../../src/app/restore/undo.ts';
import { Fault } from '../../../../src/fault.ts';
import { flushed, linesOf } from '../../../support/app/edit-rules.ts';
import { CLOSE, FLUSHED, withTables, type MemoryTables } from '../../../support/app/held-tables.ts';
import { memoryHost, type MemoryHost } from '../../../support/app/memory-host.ts';
import { ENGINE, OPTIONS, STORED, WHOLE } from '../../../support/app/repaired.ts';

const CHANGED = CLOSE.text.replace('\t\ttcp', '\t\taccept\n\t\ttcp');

function hostOf(
  live: string | undefined,
  rules = WHOLE,
  refuses?: (text: string) => string | undefined,
): { readonly host: MemoryHost; readonly tables: MemoryTables } {
  const tables: MemoryTables = new Map(live === undefined ? [] : [[CLOSE.table, live]]);
  const made = memoryHost(rules, ENGINE, { baselines: [STORED], declared: { tables: [CLOSE] } });
  return { host: withTables(made, tables, refuses), tables };
}

const restored = (host: MemoryHost, changed: 'restore' | 'leave') =>
  restore(host, BY_BOTH, { ...OPTIONS, changed }, () => undefined);

const outcomes = ({ entries }: MemoryHost) =>
  [...entries.values()].map(({ action, outcome, continues, tables }) => ({
    ...{ action, outcome, continues },
    own: tables?.own === true,
  }));

test('it is put back before any rule of Docker’s, and both are undone together', async () => {
  const { host, tables } = hostOf(FLUSHED, flushed(WHOLE));
  const damaged = linesOf(host.rules);
  expect(await restored(host, 'leave')).toMatchObject({ exit: 0, applies: 2, journal: ['1', '2'] });
  expect(tables.get(CLOSE.table)).toBe(CLOSE.text);
  expect(host.done.filter((one) => one.startsWith('write'))[0]).toBe('write inet close');
  expect(outcomes(host)).toEqual([
    { action: 'restore', outcome: 'applied', continues: null, own: true },
    { action: 'restore', outcome: 'applied', continues: '1', own: false },
  ]);
  await undoRestore(host, true, () => undefined);
  expect(tables.get(CLOSE.table)).toBe(FLUSHED);
  expect(linesOf(host.rules)).toEqual(damaged);
});

test('an undo takes back nothing that somebody changed since', async () => {
  const { host, tables } = hostOf(undefined);
  await restored(host, 'leave');
  tables.set(CLOSE.table, CHANGED);
  await expect(undoRestore(host, true, () => undefined)).rejects.toMatchObject({
    code: 'RG_CHANGED',
    message: expect.stringContaining('the declared tables are not as it left them') as string,
  });
  expect(tables.get(CLOSE.table)).toBe(CHANGED);
});

test('one that somebody changed is left and named, unless he who asks is there', async () => {
  const { host, tables } = hostOf(CHANGED);
  const left = await restored(host, 'leave');
  expect(left).toMatchObject({
    ...{ exit: 1, repaired: 0, applies: 0, unexplained: [] },
    leftOut: [{ table: 'inet close', reason: expect.stringContaining('somebody changed it') as string }],
  });
  expect(tables.get(CLOSE.table)).toBe(CHANGED);
  expect(await restored(host, 'restore')).toMatchObject({ exit: 0, repaired: 1 });
  expect(tables.get(CLOSE.table)).toBe(CLOSE.text);
});

test('elements that came to it since are kept, and it comes back without them where nft refuses them', async () => {
  const banned = FLUSHED.replace('dynamic\n', 'dynamic\n\t\telements = { 192.0.2.1 }\n');
  const kept = 'add element inet close banned { 192.0.2.1 }\n';
  const one = hostOf(banned);
  await restored(one.host, 'leave');
  expect(one.tables.get(CLOSE.table)).toBe(`${CLOSE.text}${kept}`);
  const other = hostOf(banned, WHOLE, (text) => (text.endsWith(kept) ? 'no such type' : undefined));
  expect(await restored(other.host, 'leave')).toMatchObject({ exit: 0 });
  expect(other.tables.get(CLOSE.table)).toBe(CLOSE.text);
});

test('one that nft refuses is named, and Docker’s rules come back all the same', async () => {
  const { host } = hostOf(undefined, flushed(WHOLE), () => 'Interface does not exist');
  const result = await restored(host, 'leave');
  expect(result).toMatchObject({
    exit: 1,
    leftOut: [{ table: 'inet close', reason: 'nft does not take it: Interface does not exist' }],
  });
  expect(outcomes(host).map(({ outcome }) => outcome)).toEqual(['failed', 'applied']);
  await undoRestore(host, true, () => undefined);
});

test('a fault in the middle is noted as a failed apply, and stands in no undo’s way', async () => {
  const { host } = hostOf(undefined, WHOLE, () => {
    throw new Fault('RG_PRIVILEGE', 3, 'this needs root');
  });
  await expect(restored(host, 'leave')).rejects.toMatchObject({ code: 'RG_PRIVILEGE' });
  expect(outcomes(host)).toMatchObject([{ outcome: 'failed' }]);
  await expect(undoRestore(host, true, () => undefined)).rejects.toMatchObject({ code: 'RG_PLAN' });
});

test('what would be done to it is planned without doing it', async () => {
  const { host, tables } = hostOf(CHANGED);
  const preview = (changed: 'restore' | 'leave') =>
    previewRestore(
      host,
      BY_BOTH,
      { ...OPTIONS, changed },
      { family: undefined, planOut: undefined },
      () => undefined,
    );
  expect(await preview('restore')).toMatchObject({ held: [{ table: 'inet close', live: CHANGED }] });
  expect(await preview('leave')).toMatchObject({ held: [] });
  expect(tables.get(CLOSE.table)).toBe(CHANGED);
});
