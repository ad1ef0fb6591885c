import type { NativeRule } from '../../firewall/nftables/text/model.ts';
import type { Table } from '../../firewall/iptables/text/model.ts';
import { memory } from '../memory.ts';
import { statementsOf } from './reached.ts';

/** What two that see a packet at one moment may both be about: marks, its connection, its ends. */
type Shared = 'marks' | 'track' | 'source' | 'destination';

/** What is read and written of it: of two that only read, it does not matter which comes first. */
export interface Uses {
  readonly reads: ReadonlySet<Shared>;
  readonly writes: ReadonlySet<Shared>;
}

const EVERYTHING: readonly Shared[] = ['marks', 'track', 'source', 'destination'];
const READS: readonly (readonly [Shared, RegExp])[] = [
  ['marks', /(?<![\w-])(?:meta|ct) mark(?![\w-])/],
  ['track', /(?<![\w-])ct(?![\w-])/],
  ['source', /saddr|sport|\b[nt]h\b|fib/],
  ['destination', /daddr|dport|\b[nt]h\b|fib/],
];

/** Builds one from lists. */
export const uses = (reads: readonly Shared[], writes: readonly Shared[]): Uses => ({
  ...{ reads: new Set(reads), writes: new Set(writes) },
});

/** What rules of nftables' own use; one that decides in a way that is not understood may write anything. */
export function usesOf(rules: readonly NativeRule[]): Uses {
  const text = rules.map((rule) => statementsOf(rule.text)).join('\n');
  // What NAT did, as a condition, hangs on both ends.
  const asksNat = rules.some((rule) => /\bct status\b/.test(rule.text));
  const reads = READS.filter(([, words]) => words.test(text)).map(([shared]) => shared);
  const writes = rules.flatMap(({ effects = [], verdict }): readonly Shared[] =>
    verdict !== undefined && 'is' in verdict && verdict.is === 'unknown'
      ? EVERYTHING
      : effects.map(({ field }) => (field === 'track' ? 'track' : 'marks')),
  );
  return uses([...reads, ...(asksNat ? EVERYTHING : [])], writes);
}

const used = memory<Uses>();

/** What rules of a table of iptables' use. */
export const usesOfTable = (table: Table): Uses =>
  used(table, '', () => {
    const texts = [...table.chains.values()].flatMap(({ rules }) => rules.map(({ text }) => text)).join('\n');
    const isRaw = table.name === 'raw';
    return uses(
      [
        ...(/mark\b/i.test(texts) ? (['marks'] as const) : []),
        ...(isRaw && /-m (?:conntrack|state|connmark)\b/.test(texts) ? (['track'] as const) : []),
      ],
      [
        ...(/\b(?:CONN)?MARK\b/.test(texts) ? (['marks'] as const) : []),
        ...(isRaw && /\b(?:CT|NOTRACK)\b/.test(texts) ? (['track'] as const) : []),
      ],
    );
  });

/** Whether it matters which of two comes first. */
export const doClash = (a: Uses, b: Uses): boolean =>
  [...a.writes].some((shared) => b.reads.has(shared) || b.writes.has(shared)) ||
  [...b.writes].some((shared) => a.reads.has(shared));
