import { expect, test } from 'vitest';
import { PURPOSES, levelOf, type PurposeId } from '../../../src/firewall/iptables/ownership/purpose.ts';

/** What a table over purposes looks like; the compiler refuses one with a hole in it. */
type Total = Readonly<Record<PurposeId, string>>;

// `npm run types` compiles this file: an unused @ts-expect-error is an error.
test('a name that is no purpose, and a table without one, do not compile', () => {
  // @ts-expect-error: a name with a typo
  const typo: PurposeId = 'masqerade';
  // @ts-expect-error: a typo in a set
  const set: ReadonlySet<PurposeId> = new Set(['dnat', 'port-acept']);
  const { masquerade: _, ...others } = PURPOSES;
  // @ts-expect-error: a purpose without a level
  const table: Readonly<Record<PurposeId, unknown>> = others;
  // @ts-expect-error: all but one are missing
  const nearly: Total = { masquerade: 'containers get no answers from outside' };
  const compared = (id: PurposeId): boolean =>
    // @ts-expect-error: never equal
    id === 'hairpin';
  expect([typo, set, table, nearly, compared('dnat')]).toBeDefined();
});

test('every purpose has a level', () => {
  const levels = Object.keys(PURPOSES).map((id) => levelOf(id as PurposeId));
  expect(new Set(levels)).toEqual(new Set(['daemon', 'network', 'endpoint', 'ingress', 'overlay']));
});
