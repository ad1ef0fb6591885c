import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NativeRule, NativeTable } from '../../../../../src/firewall/nftables/text/model.ts';
import { parseNativeTable } from '../../../../../src/firewall/nftables/text/parse.ts';

/** The same tables, of every construct, as three releases of nft list them. */
const FIXTURES = path.resolve(import.meta.dirname, '../../../../fixtures/nftables');

/** What is not followed, and makes unknown whether the rest of its rule applies. */
const NOT_UNDERSTOOD = [
  /^ct reply /,
  /\bct reply /,
  /^ct zone /,
  /^ct count /,
  /^meta (?:iiftype|length|skuid|time|cgroup) /,
  /^ip (?:dscp|ttl|length) /,
  /^ip daddr set /,
  /^(?:quota|limit name) /,
  /^(?:ether|socket|rt|exthdr|tcp option) /,
  /\bnumgen /,
  /^snat ip prefix /,
];

const isDoubtful = ({ doubt, verdict }: NativeRule): boolean =>
  doubt !== undefined || (verdict !== undefined && 'is' in verdict && verdict.is === 'unknown');

describe.each(['1.0.6', '1.1.3', '1.1.7'])('tables as nft %s lists them', (release) => {
  const listing = readFileSync(path.join(FIXTURES, `constructs-${release}.nft`), 'latin1');
  const tables = listing.split(/^(?=table )/m).map((text): NativeTable | undefined => parseNativeTable(text));
  const [own, guard] = tables;
  const rules = tables.flatMap((table) =>
    [...(table?.chains.values() ?? [])].flatMap((chain) => chain.rules),
  );

  test('every rule is read, and what is not understood says so', () => {
    expect(tables).toHaveLength(2);
    // Each of them but those in braces has its handle.
    const listed = listing
      .split('\n')
      .filter((line) => /^\t\t(?!type |size |flags ).* # handle \d+$/.test(line));
    expect(rules.filter(({ handle }) => handle !== '')).toHaveLength(listed.length);
    const doubtful = rules.filter(isDoubtful).map(({ text }) => text);
    expect(doubtful.filter((text) => !NOT_UNDERSTOOD.some((words) => words.test(text)))).toEqual([]);
    expect(
      rules.filter(
        ({ text, ...rule }) =>
          NOT_UNDERSTOOD.some((words) => words.test(text)) && !isDoubtful({ text, ...rule }),
      ),
    ).toEqual([]);
  });

  test('sets and maps hold what they hold; of one that rules write to nothing is known', () => {
    const span = (first: string, last = first): { first: string; last: string } => ({ first, last });
    expect(own?.sets.get('near')).toEqual([
      [span('172.17.0.0/24'), span('80')],
      [span('192.0.2.2'), span('1000', '2000')],
      [span('1.2.3.4', '1.2.3.9'), span('5')],
    ]);
    expect(own?.sets.get('names')).toEqual([[span('eth*')], [span('lo')]]);
    expect(own?.sets.get('cnt')).toEqual([[span('1.1.1.1')], [span('2.2.2.2')]]);
    expect(own?.sets.get('dyn')).toBeUndefined();
    expect(own?.maps.get('nm')).toEqual([{ key: [span('80')], data: [span('172.17.0.2'), span('8080')] }]);
    expect(own?.maps.get('ca')).toEqual([
      { key: [span('10.0.0.0/24')], verdict: { is: 'drop' } },
      { key: [], verdict: { is: 'accept' } },
    ]);
    expect(own?.maps.get('vm')?.[1]?.verdict).toEqual({ is: 'jump', chain: 'a' });
  });

  test('chains stand where they are hooked in', () => {
    expect(own?.chains.get('ing')?.base).toMatchObject({ hook: 'ingress', devices: ['lo'], priority: 0 });
    expect(guard?.chains.get('i')?.base).toMatchObject({ hook: 'ingress', devices: ['lo'], priority: -500 });
    expect(own?.chains.get('rout')?.base).toMatchObject({ type: 'route', priority: -150 });
    expect(own?.chains.get('post')?.handle).toBe(4);
  });

  test('rules in braces behind a jump are a chain of their own', () => {
    const jump = rules.find(({ text }) => text.startsWith('tcp dport 22 jump {'));
    expect(jump?.verdict).toEqual({ is: 'jump', chain: 'b {1}' });
    expect(own?.chains.get('b {1}')?.rules.map(({ text }) => text)).toEqual([
      'ip saddr 10.0.0.0/8 accept',
      'drop',
    ]);
  });
});
