import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { WATCH_EVENT_KINDS } from '../../../src/watch/event.ts';
import { journalFields, MESSAGE_IDS } from '../../../src/watch/telling/journal-fields.ts';
import { author, EXPOSURE, OUTAGE } from '../../support/watch/world.ts';

test('each kind has an id of its own, and docs/watch.md names it', () => {
  const docs = readFileSync(path.join(import.meta.dirname, '../../../docs/watch.md'), 'utf8');
  const ids = WATCH_EVENT_KINDS.map((kind) => MESSAGE_IDS[kind]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const kind of WATCH_EVENT_KINDS) expect(docs).toContain(MESSAGE_IDS[kind]);
});

test('an event is one entry: the worst severity, and who changed rules first', () => {
  const by = author('iptables', 4711, {
    command: ['iptables', '-F'],
    login: 'eve',
    container: 'c'.repeat(64),
  });
  const text = journalFields(
    {
      version: 1,
      at: '2026-01-02T03:04:05.678Z',
      kind: 'repaired',
      says: 'x',
      effects: [OUTAGE, EXPOSURE],
      by: [by, author('nft')],
      lasted: 15.4,
      repair: { toDetect: 5.4, toRepair: 10, journal: ['000001'] },
    },
    'repaired: x',
    99,
  );
  expect(text.split('\n')).toEqual([
    `MESSAGE_ID=${MESSAGE_IDS.repaired}`,
    'MESSAGE=repaired: x',
    'PRIORITY=4',
    'SYSLOG_IDENTIFIER=rulesguard',
    'OBJECT_PID=99',
    'RULESGUARD_KIND=repaired',
    'RULESGUARD_EFFECT=exposure',
    'RULESGUARD_CAUSE=lost',
    'RULESGUARD_WAYS=10',
    'RULESGUARD_PROGRAM=iptables',
    'RULESGUARD_PROGRAM_PID=4711',
    'RULESGUARD_COMMAND=iptables -F',
    'RULESGUARD_LOGIN=eve',
    `RULESGUARD_CONTAINER=${'c'.repeat(64)}`,
    'RULESGUARD_LASTED_MS=15',
    'RULESGUARD_DETECT_MS=5',
    'RULESGUARD_REPAIR_MS=10',
    'RULESGUARD_JOURNAL=000001',
    '',
  ]);
});

test('whatever a program calls itself adds no field', () => {
  const by = author('x\nPRIORITY=0', 1, { command: ['a\nMESSAGE_ID=b'] });
  const text = journalFields({ version: 1, at: '', kind: 'damage', says: '', by: [by] }, 'one\ntwo', 1);
  const names = text.split('\n').map((line) => line.split('=')[0]);
  expect(new Set(names).size).toBe(names.length);
  expect(text).toContain('MESSAGE=one\\x0atwo\n');
});
