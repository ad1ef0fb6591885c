import { describe, expect, test } from 'vitest';
import type { NftTable } from '../../../../../src/firewall/nftables/tables/model.ts';
import { RAW_PREROUTING, TRANSLATIONS } from '../../../../../src/firewall/nftables/tables/names.ts';
import { nftRecording, nftRecordings, requiredTables } from '../../../../support/nftables/recordings.ts';

const NAMES = nftRecordings();

/**
 * A table as plain values. Order counts in every chain but two: the translations, and what is closed in raw, stand container by
 * container, in the order in which those were started, which the Engine does not tell; no packet meets two of them.
 */
const plain = ({ family, name, chains, maps, sets, others }: NftTable) => ({
  table: `${family} ${name}`,
  chains: Object.fromEntries(
    [...chains.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name: chain, base, rules }) => {
        const texts = rules.map(({ text }) => text);
        const isUnordered = chain === RAW_PREROUTING || chain === TRANSLATIONS;
        return [chain, { base, rules: isUnordered ? texts.sort() : inOrder(texts) }];
      }),
  ),
  maps: Object.fromEntries([...maps.values()].map((map) => [map.name, [map.type, ...map.elements]])),
  sets: Object.fromEntries([...sets.values()].map((set) => [set.name, [set.type, ...set.elements]])),
  others,
});

/** Ports of a bridge's chain stand container by container as well, side by side: an accept here or there is the same. */
function inOrder(texts: readonly string[]): readonly string[] {
  const isPort = (text: string): boolean => /^ip6? daddr \S+ \w+ dport \d+ counter accept$/.test(text);
  const isHairpin = (text: string): boolean => text.endsWith('"MASQ TO OWN PORT"');
  const isLink = (text: string): boolean =>
    /^ip saddr \S+ .*ip daddr \S+/.test(text) && text.endsWith(' accept');
  for (const of of [isPort, isHairpin, isLink]) {
    const first = texts.findIndex(of);
    const some = texts.filter(of).sort();
    // They stand in one block, or they are left where they are.
    if (first !== -1 && texts.slice(first, first + some.length).every(of))
      texts = [...texts.slice(0, first), ...some, ...texts.slice(first + some.length)];
  }
  return texts;
}

/** Without an encrypted overlay the table that any overlay leaves is idle. */
const isIdle = ({ name, sets }: NftTable): boolean =>
  name === 'docker-overlay' && [...sets.values()].every(({ elements }) => elements.length === 0);

test.each(NAMES)('what the Engine of %s requires is what it wrote', (name) => {
  const { tables, inventory, settings } = nftRecording(name);
  const required = requiredTables(inventory, settings);
  expect(required.map(plain)).toEqual(tables.filter((table) => !isIdle(table)).map(plain));
});

test('rules of every kind are among them', () => {
  expect(NAMES.length).toBe(30);
  const rules = NAMES.flatMap((name) =>
    nftRecording(name).tables.flatMap(({ chains }) => [...chains.values()].flatMap((chain) => chain.rules)),
  );
  const comments = new Set(rules.map(({ comment }) => comment));
  expect([...comments].sort()).toEqual([
    '',
    'ALLOW FW MARK',
    'DNAT',
    'DROP DIRECT ACCESS',
    'DROP REMOTE LOOPBACK',
    'ICC',
    'ICMP',
    'INTERNAL NETWORK EGRESS',
    'INTERNAL NETWORK INGRESS',
    'MASQ TO OWN PORT',
    'MASQUERADE',
    'MASQUERADE FROM HOST',
    'OUTGOING',
    'SNAT',
    'SNAT FROM HOST',
    'UNPROTECTED',
    'UNPUBLISHED PORT DROP',
  ]);
});

describe('no statement of a recording is foreign', () => {
  test.each(NAMES)('%s', (name) => {
    const rules = nftRecording(name).tables.flatMap(({ chains }) =>
      [...chains.values()].flatMap((chain) => chain.rules),
    );
    expect(
      rules.filter(({ statements }) => statements.some(({ is }) => is === 'foreign')).map(({ text }) => text),
    ).toEqual([]);
  });
});
