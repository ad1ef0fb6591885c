import { describe, expect, test } from 'vitest';
import type { NftRule } from '../../../../../src/firewall/nftables/tables/model.ts';
import { nftRule } from '../../../../../src/firewall/nftables/tables/rule.ts';
import { withChains, withElements, withRules } from '../../../../support/nftables/edits.ts';
import { recordedTables } from '../../../../support/nftables/host.ts';
import { nftRecordings } from '../../../../support/nftables/recordings.ts';

describe('no recording differs from what it should hold', () => {
  test.each(nftRecordings())('%s', (name) => {
    const { tables, compare } = recordedTables(name);
    expect(compare(tables)).toEqual([]);
  });
});

const FOREIGN: NftRule = nftRule([{ is: 'foreign', json: '{"limit":{"rate":10}}' }, { is: 'accept' }], {
  handle: 999,
});

/** A small host and a large one. */
const NAMES = ['modes', 'noproxy', 'links', 'accept-fwmark'];

describe.each(NAMES)('one thing changed in the tables of %s is all that is found', (name) => {
  const { ipv4, found } = recordedTables(name);
  const places = [...ipv4.chains.values()].flatMap(({ name: chain, rules }) =>
    rules.map((rule): [string, NftRule] => [chain, rule]),
  );

  test('a rule that is gone', () => {
    for (const [chain, rule] of places)
      expect(
        found((table) => withRules(table, chain, (rules) => rules.filter((one) => one !== rule))),
      ).toEqual([`missing ${chain}: ${rule.text}`]);
  });

  test('a rule that is there twice, wherever its copy stands', () => {
    for (const [chain, rule] of places)
      for (const change of [
        (rules: readonly NftRule[]) => [...rules, { ...rule, handle: 999 }],
        (rules: readonly NftRule[]) => [{ ...rule, handle: 999 }, ...rules],
      ])
        expect(found((table) => withRules(table, chain, change))).toEqual([
          `duplicate ${chain}: ${rule.text}`,
        ]);
  });

  test('a rule of somebody', () => {
    for (const chain of ipv4.chains.keys())
      expect(found((table) => withRules(table, chain, (rules) => [FOREIGN, ...rules]))).toEqual([
        `foreign ${chain}: {"limit":{"rate":10}} accept`,
      ]);
  });

  test('an element that is gone, leads elsewhere, or is somebody else’s', () => {
    for (const [map, { elements }] of ipv4.maps)
      for (const key of elements.keys()) {
        const change = (to: string | undefined) =>
          found((table) =>
            withElements(table, map, (all) =>
              all.flatMap(([one, value]) =>
                one !== key ? [[one, value] as const] : to === undefined ? [] : [[one, to] as const],
              ),
            ),
          );
        expect(change(undefined)).toEqual([`missing ${map}: ${key}`]);
        expect(change('jump mine')).toEqual([`wrong ${map}: ${key} : jump mine`]);
      }
    expect(
      found((table) =>
        withElements(table, 'filter-forward-in-jumps', (all) => [
          ...all,
          ['lxdbr0', '{"accept":null}'],
          ['br-gone', 'jump filter-forward-in__br-gone'],
        ]),
      ),
    ).toEqual(['foreign filter-forward-in-jumps: lxdbr0', 'leftover filter-forward-in-jumps: br-gone']);
  });

  test('a chain or map that is gone', () => {
    for (const { name: chain, rules } of ipv4.chains.values())
      expect(found((table) => withChains(table, (all) => all.filter((one) => one.name !== chain)))).toEqual([
        `lost ${chain}`,
        ...rules.map(({ text }) => `missing ${chain}: ${text}`).sort(),
      ]);
    for (const [map, { elements }] of ipv4.maps)
      expect(
        found((table) => ({ ...table, maps: new Map([...table.maps].filter(([one]) => one !== map)) })),
      ).toEqual([`lost ${map}`, ...[...elements.keys()].map((key) => `missing ${map}: ${key}`)]);
  });

  test('a base chain that is hooked in elsewhere', () => {
    for (const { name: chain, base } of ipv4.chains.values()) {
      if (base === undefined) continue;
      const changed = [
        { ...base, policy: 'drop' },
        { ...base, priority: 7 },
        { ...base, hook: 'input' },
        undefined,
      ];
      for (const other of changed)
        expect(
          found((table) =>
            withChains(table, (all) =>
              all.map((one) => (one.name === chain ? { ...one, base: other } : one)),
            ),
          ),
        ).toEqual([`rehooked ${chain}`]);
    }
  });
});
