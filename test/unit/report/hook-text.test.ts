import { describe, expect, test } from 'vitest';
import type { Fired } from '../../../src/hooks/fired.ts';
import type { HookStatus } from '../../../src/hooks/plan.ts';
import { targetOf } from '../../../src/hooks/targets.ts';
import { hookStatusText } from '../../../src/report/hook-text.ts';
import { paintWith } from '../../../src/report/text.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
const GOOD: HookStatus = {
  target: targetOf('ufw'),
  installed: true,
  hook: 'in place',
  trouble: undefined,
  fired: undefined,
  ranSecondsAgo: undefined,
};

/** The line of one hook, without its name. */
const line = (change: Partial<HookStatus>): string =>
  hookStatusText([{ ...GOOD, ...change }], undefined, paintWith(false)).replace(/^ufw {2}|\n$/g, '');

test.each<readonly [Partial<HookStatus>, string]>([
  [{}, 'hook in place; has not run yet'],
  [{ hook: 'absent' }, 'no hook'],
  [{ hook: 'absent', installed: false }, 'not installed'],
  [{ installed: false }, 'hook in place; has not run yet; ufw is not installed'],
  [{ hook: 'partly' }, 'hook partly in place; has not run yet; write it again: rulesguard hook install ufw'],
  [
    { hook: 'changed' },
    'hook not as it would be written now; has not run yet; write it again: rulesguard hook install ufw',
  ],
])('%j', (change, text) => {
  expect(line(change)).toBe(text);
});

test('a hook that cannot run is not called in place', () => {
  const text = line({ trouble: '/opt/rulesguard is not executable' });
  expect(text).toMatch(/^hook cannot run: \/opt\/rulesguard is not executable; .*hook install ufw$/);
  expect(text).not.toContain('in place');
});

test('that automatic writes are off comes first', () => {
  expect(hookStatusText([GOOD], 'RULESGUARD_AUTOMATIC=off', paintWith(false))).toMatch(
    /^OFF {2}.*\(RULESGUARD_AUTOMATIC=off\).*\nufw/,
  );
});

describe('the last run', () => {
  const pre = (outcome: 'recorded' | 'damaged', seconds: number) => ({
    at: at(seconds),
    outcome,
    says:
      outcome === 'recorded' ? 'recorded as baseline 000001' : "not recorded: Docker's rules look damaged",
  });
  const post = (outcome: 'intact' | 'left', seconds: number) => ({
    at: at(seconds),
    outcome,
    says: outcome === 'intact' ? "Docker's rules intact" : "Docker's rules damaged",
  });
  const fired = (halves: Omit<Fired, 'target'>): string =>
    line({ fired: { target: 'ufw', ...halves }, ranSecondsAgo: 3 });

  test('begins with how it ended', () => {
    expect(fired({ pre: pre('recorded', -5), post: post('intact', -3) })).toBe(
      "hook in place; last run 3 seconds ago: after: Docker's rules intact; before: recorded as baseline 000001",
    );
  });

  test('a reload that ends well reads as good: ufw stops and starts, and between the two nothing can be recorded', () => {
    const text = fired({ pre: pre('damaged', -5), post: post('intact', -3) });
    expect(text).toContain("after: Docker's rules intact; before: nothing recorded");
    expect(text).not.toContain('damaged');
  });

  test.each([
    ['ends badly', { pre: pre('damaged', -5), post: post('left', -3) }],
    ['is not over', { pre: pre('damaged', -3), post: post('intact', -500) }],
  ])('a reload that %s reads as what it is', (_, halves) => {
    expect(fired(halves)).toContain('not recorded');
  });
});
