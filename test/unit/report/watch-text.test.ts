import { expect, test } from 'vitest';
import { eventLine, eventsText } from '../../../src/report/watch-text.ts';
import { paintWith } from '../../../src/report/text.ts';
import type { WatchEvent } from '../../../src/watch/event.ts';
import { author, EXPOSURE, OUTAGE } from '../../support/watch/world.ts';

const plain = paintWith(false);
const by = author('iptables', 4711, {
  command: ['iptables', '-t', 'nat', '-F'],
  parents: [{ pid: 4700, name: 'bash', command: ['-bash'] }],
  login: 'eve',
  terminal: 'pts/0',
});
const event = (more: Partial<WatchEvent> & Pick<WatchEvent, 'kind' | 'says'>): WatchEvent => ({
  version: 1,
  at: '2026-01-02T03:04:05.678Z',
  ...more,
});

test('damage: when, what, who, from where, and how soon it was found', () => {
  const damage = event({ kind: 'damage', says: OUTAGE.headline, effects: [OUTAGE], by: [by], lasted: 4.4 });
  expect(eventsText([damage], plain)).toBe(
    [
      '2026-01-02 03:04:05Z  DAMAGE  3 published ports unreachable from outside',
      '    by iptables -t nat -F (iptables, pid 4711), started by -bash (bash, pid 4700), login eve, pts/0',
      '    found after 4 ms',
      '',
    ].join('\n'),
  );
  expect(eventLine(damage)).toBe(
    'damage: 3 published ports unreachable from outside; by iptables -t nat -F (iptables, pid 4711), started by -bash (bash, pid 4700), login eve, pts/0',
  );
});

test('a repair: each effect, how long, and the journal entry that takes it back', () => {
  const repaired = event({
    kind: 'repaired',
    says: 'x, and 1 more',
    effects: [OUTAGE, EXPOSURE],
    lasted: 12_000,
    repair: { toDetect: 2_000, toRepair: 10_000, journal: ['000001-20260102T030405Z'] },
  });
  expect(eventsText([repaired], plain).split('\n').slice(1, -1)).toEqual([
    `    outage: ${OUTAGE.headline}`,
    `    exposure: ${EXPOSURE.headline}`,
    '    lasted 12 s: found after 2000 ms, repaired 10 s later',
    '    journal 000001-20260102T030405Z',
  ]);
});

test('of many effects five are named, of one none twice', () => {
  const effects = Array.from({ length: 8 }, (_, id) => ({
    ...OUTAGE,
    id: String(id),
    headline: `h${String(id)}`,
  }));
  const text = eventsText([event({ kind: 'ended', says: 'x', effects })], plain);
  expect(text).toContain('    outage: h4\n    and 3 more\n');
  expect(eventsText([event({ kind: 'ended', says: 'x', effects: [OUTAGE] })], plain)).not.toContain(
    'outage:',
  );
});

test('whatever a program calls itself changes neither the line nor the terminal', () => {
  const evil = author('x\u001b[2J', 1, { command: ['a\nREPAIRED', '\u202eb'] });
  const text = eventsText([event({ kind: 'damage', says: 'x', by: [evil] })], plain);
  expect(text.split('\n')).toHaveLength(3);
  // eslint-disable-next-line no-control-regex -- control bytes are what this looks for
  expect(text).not.toMatch(/[\u0000-\u0009\u001b\u202e]/);
});
