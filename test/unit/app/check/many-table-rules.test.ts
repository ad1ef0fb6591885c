import { expect, test } from 'vitest';
import { followedBy } from '../../../../src/app/check/packets.ts';
import { observedTables } from '../../../support/nftables/observed.ts';

test('through more rules of Docker’s own tables than a minute allows no packet is followed, and that is said', () => {
  const observation = observedTables('plain');
  const reference = { source: 'both', stored: undefined } as const;
  expect(followedBy(observation, reference).leftToText).toBeUndefined();
  const { tables } = observation;
  if (tables === undefined) throw new Error('no tables');
  const many = { ...tables, expected: Array.from({ length: 100 }, () => tables.expected).flat() };
  expect(followedBy({ ...observation, tables: many }, reference).leftToText).toMatch(
    /are to hold \d{4} rules, and packets are followed through 1500 at most/,
  );
});
