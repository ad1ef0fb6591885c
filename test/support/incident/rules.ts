import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';
import type { Family } from '../netns.ts';

/**
 * What the tests know of rules, kept apart from src/ on purpose: a mistake of the program must not be repeated by its
 * judge. A rule is known by family, table and the text that save prints, counters left out.
 */
export const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** What save printed for each family, with counters. */
export type Saves = Readonly<Record<Family, string>>;

/** One rule or chain line of a save. `text` is without counters: `-A FORWARD -j DOCKER`, `:FORWARD DROP`. */
export interface Line {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly text: string;
  readonly counters: string;
}

/** Name of a tool of the machine's default variant: `toolOf('ipv6', '-save')`. */
export const toolOf = (family: Family, verb = '') => (family === 'ipv4' ? 'iptables' : 'ip6tables') + verb;

/** The rules of the Engine's machine, by its own iptables-save. */
export async function savesOf({ execInside }: Engine): Promise<Saves> {
  const save = async (family: Family) => `${await must(execInside, toolOf(family, '-save'), ['-c'])}\n`;
  return { ipv4: await save('ipv4'), ipv6: await save('ipv6') };
}

function* familyLines(family: Family, save: string): Generator<Line> {
  let table = '';
  for (const line of save.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const chain = /^:(\S+) (\S+) (\[\d+:\d+\])/.exec(line);
    if (chain !== null) {
      const [, name = '', policy = '', counters = ''] = chain;
      yield { family, table, chain: name, text: `:${name} ${policy}`, counters };
    }
    const rule = /^(\[\d+:\d+\]) (-A (\S+).*)$/.exec(line);
    if (rule !== null) {
      const [, counters = '', text = '', name = ''] = rule;
      yield { family, table, chain: name, text, counters };
    }
  }
}

/** Every chain and rule of both families, in the order of the saves. */
export const linesOf = (saves: Saves): readonly Line[] =>
  FAMILIES.flatMap((family) => [...familyLines(family, saves[family])]);

export const isRule = ({ text }: Line): boolean => text.startsWith('-A ');

export const isBuiltinChain = ({ text }: Line): boolean =>
  / (ACCEPT|DROP)$/.test(text) && text.startsWith(':');

/** A line as one comparable string; two of them are equal when the same rule is meant. */
export const keyOf = ({ family, table, text }: Line): string => `${family} ${table} ${text}`;

/** As `keyOf`, counters included. */
export const bytesOf = (line: Line): string => `${keyOf(line)} ${line.counters}`;

/** The lines of `from` that `without` does not have; copies count, so of two equal ones one may be left. */
export function difference(from: readonly Line[], without: readonly Line[]): readonly Line[] {
  const left = new Map<string, number>();
  for (const line of without) left.set(keyOf(line), (left.get(keyOf(line)) ?? 0) + 1);
  return from.filter((line) => {
    const count = left.get(keyOf(line)) ?? 0;
    left.set(keyOf(line), count - 1);
    return count <= 0;
  });
}

/** FORWARD's policies, as `ipv4 DROP`. A table that nft does not list is a hook without a chain: all passes. */
export function forwardPolicies(saves: Saves): readonly string[] {
  return FAMILIES.map((family) => {
    const dropped = linesOf(saves).some(
      (line) => line.family === family && line.table === 'filter' && line.text === ':FORWARD DROP',
    );
    return `${family} ${dropped ? 'DROP' : 'ACCEPT'}`;
  });
}
