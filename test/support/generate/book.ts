import type { Family } from '../netns.ts';

/** Who wrote a rule; the truth that ownership rules have to find from the text. */
export type Author = 'docker' | 'foreign';

export const TABLES = ['mangle', 'raw', 'filter', 'nat'] as const;
export type TableName = (typeof TABLES)[number];

export const BUILTINS: Readonly<Record<TableName, readonly string[]>> = {
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
};

export interface BookRule {
  readonly table: TableName;
  readonly chain: string;
  /** The words after `-A CHAIN `, spelt as save spells them. */
  readonly spec: string;
  readonly author: Author;
}

/** A place that rules can be written to. */
interface BookChain {
  readonly name: string;
  readonly author: Author;
  policy: string;
  readonly rules: BookRule[];
}

/**
 * Rules as several programs write them one after the other: the position of each follows from who wrote when, as on a
 * real host. Nothing here is read back by the code under test, only the text that comes out.
 */
export class RuleBook {
  readonly family: Family;
  readonly #tables = new Map<TableName, Map<string, BookChain>>();

  constructor(family: Family) {
    this.family = family;
  }

  #table(name: TableName): Map<string, BookChain> {
    const found = this.#tables.get(name);
    if (found !== undefined) return found;
    const chains = new Map<string, BookChain>();
    this.#tables.set(name, chains);
    for (const chain of BUILTINS[name])
      chains.set(chain, { name: chain, author: 'foreign', policy: 'ACCEPT', rules: [] });
    return chains;
  }

  #chain(table: TableName, name: string): BookChain {
    const chain = this.#table(table).get(name);
    if (chain === undefined) throw new Error(`${table} has no chain ${name}`);
    return chain;
  }

  /** Makes a user chain unless it is there. */
  create(table: TableName, name: string, author: Author): void {
    const chains = this.#table(table);
    if (!chains.has(name)) chains.set(name, { name, author, policy: '-', rules: [] });
  }

  has(table: TableName, name: string): boolean {
    return this.#table(table).has(name);
  }

  policy(table: TableName, chain: string, policy: 'ACCEPT' | 'DROP'): void {
    this.#chain(table, chain).policy = policy;
  }

  append(table: TableName, chain: string, spec: string, author: Author): void {
    this.#write(table, chain, spec, author, Infinity);
  }

  /** `position` counts from 1; beyond the end it appends. */
  insert(table: TableName, chain: string, spec: string, author: Author, position = 1): void {
    this.#write(table, chain, spec, author, position - 1);
  }

  #write(table: TableName, chain: string, spec: string, author: Author, index: number): void {
    const { rules } = this.#chain(table, chain);
    // Docker asks `-C` first and adopts an equal rule, whoever wrote it.
    if (author === 'docker' && rules.some((rule) => rule.spec === spec)) return;
    rules.splice(index, 0, { table, chain, spec, author });
  }

  /** Deletes the first equal rule, if any. */
  remove(table: TableName, chain: string, spec: string): void {
    const { rules } = this.#chain(table, chain);
    const index = rules.findIndex((rule) => rule.spec === spec);
    if (index !== -1) rules.splice(index, 1);
  }

  /** Deletes and inserts again, which is how Docker moves its jumps to the top of a filter chain. */
  moveToTop(chain: string, spec: string): void {
    this.remove('filter', chain, spec);
    this.insert('filter', chain, spec, 'docker');
  }

  tables(): readonly TableName[] {
    return TABLES.filter((name) => this.#tables.has(name));
  }

  /** Chain names of a table in the order of a save: built-in ones in hook order, then the others by byte. */
  chains(table: TableName): readonly string[] {
    const users = [...this.#table(table).keys()].filter((name) => !BUILTINS[table].includes(name));
    return [...BUILTINS[table], ...users.sort((a, b) => (a < b ? -1 : 1))];
  }

  rules(table: TableName, chain: string): readonly BookRule[] {
    return this.#chain(table, chain).rules;
  }

  /** Every rule, in the order of the text. */
  all(): readonly BookRule[] {
    return this.tables().flatMap((table) => this.chains(table).flatMap((chain) => this.rules(table, chain)));
  }

  /** What iptables-save prints for this book, without the `#` lines; with `counters` as `save -c` does. */
  text({ counters = false } = {}): string {
    let count = 0;
    const line = ({ chain, spec }: BookRule): string => {
      count += 1;
      const packets = (count * 7919) % 1000;
      return `${counters ? `[${String(packets)}:${String(packets * 60)}] ` : ''}-A ${chain} ${spec}\n`;
    };
    return this.tables()
      .map((table) => {
        const chains = this.chains(table).map((name) => this.#chain(table, name));
        const heads = chains.map(({ name, policy }) => `:${name} ${policy} [0:0]\n`);
        return [`*${table}\n`, ...heads, ...chains.flatMap(({ rules }) => rules.map(line)), 'COMMIT\n'].join(
          '',
        );
      })
      .join('');
  }
}

/** A string value as save writes it: bare when harmless, else in quotes with `"`, `\` and `'` escaped. */
export function saved(value: string): string {
  return /^[A-Za-z0-9_-]+$/.test(value) ? value : `"${value.replaceAll(/["'\\]/g, '\\$&')}"`;
}
