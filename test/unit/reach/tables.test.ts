import { describe, expect, test } from 'vitest';
import { tooManyAlone } from '../../../src/reach/alike/alone.ts';
import { wordedTables } from '../../../src/reach/alike/docker-tables.ts';
import { openTables, reachTable } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { nftRecordings } from '../../support/nftables/recordings.ts';
import { healthyTablesTerrain, recordedTablesTerrain } from '../../support/nftables/terrain.ts';
import { largeInventory } from '../../support/reach/town.ts';

const LARGE = healthyTablesTerrain(largeInventory('29.7.2', 20, 500));

/** A host with more in the text of Docker's table of IPv4. */
const withText = (terrain: Terrain, set: string, rule: string): Terrain => ({
  ...terrain,
  netState: {
    ...terrain.netState,
    natives: (terrain.netState.natives ?? []).map((one) =>
      one.table === 'ip docker-bridges'
        ? {
            ...one,
            text: one.text
              .replace('{\n', `{\n${set}`)
              .replace(/(chain filter-FORWARD \{\n.*\n)/, `$1\t\t${rule}\n`),
          }
        : one,
    ),
  },
});

const asked = (terrain: Terrain): number => openTables(terrain).flatMap((table) => table.groups()).length;

test.each(nftRecordings())(
  'of every rule that Docker keeps with nftables it is known whom it concerns: %s',
  (name) => {
    const { netState } = recordedTablesTerrain(name);
    for (const family of ['ipv4', 'ipv6'] as const) {
      const own = `${family === 'ipv4' ? 'ip' : 'ip6'} docker-bridges`;
      expect(
        wordedTables(netState, family).others.filter(({ table, text }) => table === own && text !== ''),
      ).toEqual([]);
    }
  },
);

test("500 ports on 20 networks beside Docker's nftables backend are as many questions as beside iptables", () => {
  expect(asked(LARGE)).toBe(2500);
});

describe("somebody's rule within Docker's table", () => {
  test('that names nobody here leaves it at that', () => {
    const set = '\tset bad {\n\t\ttype ipv4_addr\n\t\telements = { 203.0.113.9, 203.0.113.10 }\n\t}\n';
    expect(asked(withText(LARGE, set, 'ip saddr @bad drop'))).toBe(2500);
  });

  test('that names a container has it asked for by itself', () => {
    const set = '\tset bad {\n\t\ttype ipv4_addr\n\t\telements = { 10.3.0.4 }\n\t}\n';
    expect(asked(withText(LARGE, set, 'ip saddr @bad drop'))).toBeGreaterThan(2500);
  });

  test('that asks for a hash of addresses: beside many of Docker’s nothing is known, and that is said', () => {
    const hashed = withText(LARGE, '', 'jhash ip saddr mod 2 0 drop');
    expect(tooManyAlone(hashed, 'ipv4')).toMatch(
      /through more than 500 rules of Docker's own \(here \d{4}\)/,
    );
    expect(tooManyAlone(LARGE, 'ipv4')).toBeUndefined();
    const small = healthyTablesTerrain(largeInventory('29.7.2', 2, 4));
    expect(tooManyAlone(withText(small, '', 'jhash ip saddr mod 2 0 drop'), 'ipv4')).toBeUndefined();
    expect(new Set(reachTable(hashed).map(({ is }) => is.is))).toEqual(new Set(['unknown']));
  });
});
