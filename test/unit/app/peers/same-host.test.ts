import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { fleet, judged } from '../../../support/peers/fleet.ts';

const refusal = (texts: readonly string[]): Fault | undefined => {
  try {
    judged(texts);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return undefined;
};

const asFirst = (text: string): string =>
  text.replace('"host-1"', '"host-0"').replaceAll('192.0.2.11', '192.0.2.10');

test('a host that is there twice is refused', async () => {
  const [first = '', second = '', ...others] = await fleet(3);
  const { exit, message, hint } = refusal([first, asFirst(second), ...others]) ?? {};
  expect(exit).toBe(2);
  expect(message).toBe('host-0.json and host-1.json are both facts of host-0');
  expect(hint).toContain('leave one of them out');
});

test('of two times the older is named, whichever is given first', async () => {
  const [first = ''] = await fleet(1);
  const older = first.replace(/"time":"[^"]*"/, '"time":"2026-12-01T00:00:00.000Z"');
  expect(refusal([older, first])?.hint).toMatch(/^Leave out host-0\.json, the older \(2026-12-01T/);
  expect(refusal([first, older])?.hint).toMatch(/^Leave out host-1\.json, the older \(2026-12-01T/);
});

test('an Engine that listed nothing makes no other host of it', async () => {
  const [first = ''] = await fleet(1);
  const fault = { code: 'RG_ENGINE_HUNG', message: 'the Engine is silent', details: [] };
  const silent = { engine: { answered: false, fault }, containers: { fault } };
  expect(refusal([first, JSON.stringify({ ...(JSON.parse(first) as object), ...silent })])?.exit).toBe(2);
});

test('copied machines have one name, and are two; of hosts without interfaces nobody knows', async () => {
  const named = (text: string): string => text.replace(/"host":"host-\d"/, '"host":"copy"');
  expect(refusal(await fleet(2, named))).toBeUndefined();
  const fault = { code: 'RG_COMMAND', message: 'ip did not answer', details: [] };
  const unread = (text: string): string =>
    JSON.stringify({ ...(JSON.parse(named(text)) as object), links: { fault } });
  expect(refusal(await fleet(2, unread))).toBeUndefined();
});
