import * as fc from 'fast-check';
import { BUILTINS, TABLES } from './book.ts';
import type { BookRule, RuleBook, TableName } from './book.ts';

/** One line of restore input as plain words; positions count from 1. */
export type Edit =
  | { readonly op: 'create' | 'remove'; readonly chain: string }
  | { readonly op: 'policy'; readonly chain: string; readonly policy: string }
  | { readonly op: 'append' | 'delete'; readonly chain: string; readonly spec: string }
  | { readonly op: 'insert'; readonly chain: string; readonly position: number; readonly spec: string };

/** The edits of one table, applied whole or not at all. */
export interface TableEdits {
  readonly table: TableName;
  readonly edits: readonly Edit[];
}

/** Numbers that pick one of several things, whatever their count. */
interface Draw {
  readonly kind: number;
  readonly chain: number;
  readonly rule: number;
  readonly position: number;
}

const pick = <Item>(items: readonly Item[], number: number): Item | undefined => items[number % items.length];

/** How every new rule begins, and no other. */
const NEW = '-p udp -m udp --sport 7 --dport ';

/** Specs for new rules: harmless in every chain, with targets that are legal or lead nowhere. */
function newSpec(targets: readonly string[], { rule, position }: Draw): string {
  const all = ['ACCEPT', 'RETURN', 'LOG --log-prefix "it\\\'s \\"new\\" "', ...targets];
  const target = rule % 100 === 0 ? 'NOSUCH' : pick(all, rule);
  return `${NEW}${String(7000 + (position % 7))} -j ${target ?? ''}`;
}

const isNew = (chain: string): boolean => chain.startsWith('NEW-');

/** What the edits so far have made of a table: names and counts only, the kernel and the code under test do the rest. */
class Sketch {
  readonly #rules: Map<string, BookRule['spec'][]>;
  readonly #table: TableName;

  constructor(book: RuleBook, table: TableName) {
    this.#table = table;
    const chains = book.tables().includes(table) ? book.chains(table) : BUILTINS[table];
    const specs = (chain: string): string[] =>
      book.tables().includes(table) ? book.rules(table, chain).map(({ spec }) => spec) : [];
    this.#rules = new Map(chains.map((chain) => [chain, specs(chain)]));
  }

  get #chains(): readonly string[] {
    return [...this.#rules.keys()];
  }

  #isBuiltin(chain: string): boolean {
    return BUILTINS[this.#table].includes(chain);
  }

  /**
   * Chains that a rule in `chain` may jump to without a loop, and in nat without bringing a target to a hook that
   * forbids it: the two things the kernel knows about chains that a repair never does.
   */
  #jumps(chain: string): readonly string[] {
    if (!this.#isBuiltin(chain) && !isNew(chain)) return [];
    const old =
      this.#table === 'nat' ? [] : this.#chains.filter((name) => !this.#isBuiltin(name) && !isNew(name));
    return isNew(chain) ? old : [...old, ...this.#chains.filter(isNew)];
  }

  edit(draw: Draw): Edit {
    const users = this.#chains.filter((name) => !this.#isBuiltin(name));
    const chain = pick(this.#chains, draw.chain) ?? 'OUTPUT';
    const rules = this.#rules.get(chain) ?? [];
    // Mostly edits that succeed; each kind keeps a way to fail, because refusals must be foreseen too.
    if (draw.kind < 35)
      return this.#insert(chain, (draw.position % (rules.length + 1)) + 1, newSpec(this.#jumps(chain), draw));
    if (draw.kind < 36) return this.#insert(chain, rules.length + 2, newSpec(this.#jumps(chain), draw));
    if (draw.kind < 50) return this.#append(chain, newSpec(this.#jumps(chain), draw));
    if (draw.kind < 80) return this.#delete(chain, draw.rule);
    if (draw.kind < 81) return { op: 'delete', chain, spec: '-i nosuch -j ACCEPT' };
    if (draw.kind < 90) return this.#create(draw.kind < 89 ? `NEW-${String(draw.chain % 40)}` : chain);
    if (draw.kind < 91) return this.#remove(pick(users, draw.rule) ?? 'NOSUCH');
    if (draw.kind < 95) return this.#tidy(draw);
    return {
      op: 'policy',
      chain: pick(BUILTINS[this.#table], draw.chain) ?? '',
      policy: draw.rule % 2 ? 'DROP' : 'ACCEPT',
    };
  }

  #insert(chain: string, position: number, spec: string): Edit {
    this.#rules.get(chain)?.splice(position - 1, 0, spec);
    return { op: 'insert', chain, position, spec };
  }
  #append(chain: string, spec: string): Edit {
    this.#rules.get(chain)?.push(spec);
    return { op: 'append', chain, spec };
  }
  /**
   * Deletes only what was there before the input, as plans do: nft 1.8.9 refuses a batch that inserts before a rule
   * which the same batch added and then deletes.
   */
  #delete(chain: string, number: number): Edit {
    const rules = this.#rules.get(chain) ?? [];
    const spec = pick(
      rules.filter((rule) => !rule.startsWith(NEW)),
      number,
    );
    if (spec === undefined) return this.#append(chain, `${NEW}6999 -j RETURN`);
    rules.splice(rules.indexOf(spec), 1);
    return { op: 'delete', chain, spec };
  }
  #create(chain: string): Edit {
    this.#rules.set(chain, this.#rules.get(chain) ?? []);
    return { op: 'create', chain };
  }
  #remove(chain: string): Edit {
    this.#rules.delete(chain);
    return { op: 'remove', chain };
  }
  /** Removes a chain that may go, or makes one that later may. */
  #tidy({ chain, rule }: Draw): Edit {
    const jumpedTo = new Set([...this.#rules.values()].flat().map((spec) => /-[jg] (\S+)/.exec(spec)?.[1]));
    const free = this.#chains.filter(
      (name) => this.#rules.get(name)?.length === 0 && !jumpedTo.has(name) && !this.#isBuiltin(name),
    );
    const name = pick(free, rule);
    return name === undefined ? this.#create(`NEW-${String(chain)}`) : this.#remove(name);
  }
}

const draw: fc.Arbitrary<Draw> = fc.record({
  kind: fc.integer({ min: 0, max: 99 }),
  chain: fc.nat({ max: 10_000 }),
  rule: fc.nat({ max: 10_000 }),
  position: fc.nat({ max: 10_000 }),
});

/** Restore inputs for any ruleset: what they edit is chosen by `editsOf` once the ruleset is known. */
export const drawings = fc.uniqueArray(
  fc.record({ table: fc.constantFrom(...TABLES), draws: fc.array(draw, { minLength: 1, maxLength: 8 }) }),
  { minLength: 1, selector: ({ table }) => table },
);

export type Drawing = (typeof drawings extends fc.Arbitrary<infer Value> ? Value : never)[number];

/** The edits a drawing means on a ruleset. */
export function editsOf(book: RuleBook, drawn: readonly Drawing[]): readonly TableEdits[] {
  return drawn.map(({ table, draws }) => {
    const sketch = new Sketch(book, table);
    return { table, edits: draws.map((one) => sketch.edit(one)) };
  });
}
