import type { NftTable } from '../tables/model.ts';

/**
 * Where two states of a table part, in words; undefined where they hold the same. Counts, handles and the order of chains and elements
 * do not count.
 */
export function sameTable(one: NftTable | undefined, other: NftTable | undefined): string | undefined {
  const [a, b] = [linesOf(one), linesOf(other)];
  const at = a.findIndex((line, index) => line !== b[index]);
  if (at === -1 && a.length === b.length) return undefined;
  const where = at === -1 ? a.length : at;
  return `expected ${a[where] ?? 'nothing more'}, found ${b[where] ?? 'nothing more'}`;
}

/** A table as lines in one order: equal lines, equal tables. */
export function linesOf(table: NftTable | undefined): readonly string[] {
  if (table === undefined) return [];
  const { chains, maps, sets, others } = table;
  return [
    ...[...chains.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name, base, rules }) => [
        `chain ${name} ${base === undefined ? '' : [base.type, base.hook, base.priority, base.policy].join(' ')}`,
        ...rules.map(({ text }) => `${name}: ${text}`),
      ]),
    ...[...maps.values()]
      .flatMap(({ name, type, elements }) => [
        `map ${name} ${type}`,
        ...[...elements].map(([key, value]) => `map ${name}: ${key} : ${value}`),
      ])
      .sort(),
    ...[...sets.values()]
      .flatMap(({ name, elements }) => [`set ${name}`, ...elements.map((key) => `set ${name}: ${key}`)])
      .sort(),
    ...[...others].sort(),
  ];
}
