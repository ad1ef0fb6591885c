import { describe, expect, test } from 'vitest';
import {
  recordedText,
  refusalLines,
  type RecordedText,
  type RefusalReason,
} from '../../../src/report/snapshot-text.ts';

const reasons = (severity: RefusalReason['severity'], number: number): readonly RefusalReason[] =>
  Array.from({ length: number }, (_, i) => ({
    severity,
    text: `${severity ?? 'contradiction'} ${String(i)}`,
  }));

describe('why a snapshot is refused', () => {
  const many = [
    ...reasons(undefined, 2),
    ...reasons('outage', 40),
    ...reasons('notice', 1),
    ...reasons('exposure', 2),
  ];

  test('is counted by effect where it is more than fits, and the worst are named', () => {
    expect(refusalLines(many, 'some')).toEqual([
      '2 exposures, 40 outages, 1 notice, 2 contradictions',
      'exposure 0',
      'exposure 1',
      'outage 0',
      'outage 1',
      'outage 2',
      '… and 40 more, listed by rulesguard snapshot --all',
    ]);
  });

  test('is named in full where it is asked for, the worst first', () => {
    const all = refusalLines(many, 'all');
    expect(all).toHaveLength(45);
    expect([all[0], all[2], all[42], all[44]]).toEqual([
      'exposure 0',
      'outage 0',
      'notice 0',
      'contradiction 1',
    ]);
  });

  test('is named in full where it is short: no line says that there is one more', () => {
    expect(refusalLines(reasons('outage', 6), 'some')).toEqual(refusalLines(reasons('outage', 6), 'all'));
    expect(refusalLines(reasons('outage', 7), 'some')).toHaveLength(7);
  });
});

describe('a baseline recorded with --force', () => {
  const recorded: RecordedText = {
    ...{ id: '000002', rules: 39, engine: '28.5.2' },
    heldBy: { variant: 'nft', iptables: '1.8.13' },
    although: reasons('outage', 40),
  };
  const plain = (_: unknown, text: string): string => text;

  test('names the worst of what it was recorded in spite of, on one screen, and all on demand', () => {
    const some = recordedText(recorded, plain).trimEnd().split('\n');
    expect(some).toHaveLength(1 + 7);
    expect(some.at(-1)).toContain('and 35 more, listed by rulesguard snapshot --force --all');
    expect(recordedText(recorded, plain, 'all').trimEnd().split('\n')).toHaveLength(1 + 40);
  });

  test('is named by the next one, which takes over what is missing', () => {
    const next = { ...recorded, although: [], asIn: { id: '000001', missing: 2 } };
    expect(recordedText(next, plain)).toMatch(
      /recorded although {2}2 rules that the Engine requires are missing, as in baseline 000001/,
    );
  });
});
