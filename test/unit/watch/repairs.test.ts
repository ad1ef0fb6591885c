import { expect, test } from 'vitest';
import { fought, notBefore, noted, type Repairs } from '../../../src/watch/repairs.ts';

test('what somebody breaks again at once is repaired ever less, down to once in two minutes, for as long as he does', () => {
  let repairs: Repairs = new Map();
  const times: number[] = [];
  for (let now = 0; now < 3_600_000; now = Math.max(now + 100, notBefore(repairs, ['a'], now + 100))) {
    repairs = noted(repairs, ['a'], now);
    times.push(now);
  }
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(pauses.slice(0, 12)).toEqual([
    ...[100, 100, 100, 100, 1_000, 2_000],
    ...[4_000, 8_000, 16_000, 32_000, 64_000, 120_000],
  ]);
  expect(new Set(pauses.slice(11))).toEqual(new Set([120_000]));
  expect(fought(repairs, ['a', 'b'], times.at(-1) ?? 0)).toEqual(['a']);
});

test('what has stayed whole for five minutes begins anew; what was not broken waits for nobody', () => {
  let repairs: Repairs = new Map();
  for (let now = 0; now < 8; now++) repairs = noted(repairs, ['a'], now);
  expect(notBefore(repairs, ['a'], 10)).toBe(8_007);
  expect(notBefore(repairs, ['a', 'b'], 10)).toBe(Number.NEGATIVE_INFINITY);
  expect(notBefore(repairs, ['a'], 300_007)).toBe(Number.NEGATIVE_INFINITY);
  expect(noted(repairs, ['b'], 300_007)).toEqual(new Map([['b', { times: 1, last: 300_007 }]]));
});
