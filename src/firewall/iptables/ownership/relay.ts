import { isBuiltin, makeRule, rulespecOf, type Chain, type Rule, type Table } from '../text/model.ts';
import { targetOf } from '../text/view.ts';
import { splitWords } from '../text/words.ts';
import { USER_CHAIN } from './chain-shapes.ts';
import { looksDockers } from './chains.ts';
import { matchRule, shapesOf, type ShapesByTarget } from './match.ts';

/**
 * A built-in chain as packets pass it, with its relay chains in their places. A relay chain is somebody's own chain that holds
 * rules of Docker's moved out of the built-in chain, and that all packets of the built-in chain pass: no jump on the way to it
 * has a condition.
 */
export interface Passage {
  /** Behind the jump to a relay chain its rules. Those of Docker's read as they would in the built-in chain. */
  readonly rules: readonly Rule[];
  /** Rules of `rules` that read so, and each as it stands in its relay chain. */
  readonly relayed: ReadonlyMap<Rule, Rule>;
  /** Jumps that lead only some packets to rules of Docker's, and the texts of those, as they would read in the built-in chain. */
  readonly partly: ReadonlyMap<Rule, readonly string[]>;
}

/** What the rules of one built-in chain are recognised by. */
interface Recognition {
  readonly shapes: ShapesByTarget;
  /** Whether a bridge is Docker's, as far as its name or the Engine shows. */
  readonly isBridge: (name: string) => boolean;
}

/** The built-in chain as packets pass it; undefined where no chain of others holds rules of Docker's for it. */
export function passageOf(table: Table, builtin: Chain, recognition: Recognition): Passage | undefined {
  const search = new Search(table, builtin, recognition);
  return search.leadsElsewhere() ? search.passage() : undefined;
}

/** What a passage says of one of its rules. */
export function placeIn(
  { relayed, partly }: Passage,
  rule: Rule,
): { readonly relayed?: Rule; readonly partly?: readonly string[] } {
  const [real, texts] = [relayed.get(rule), partly.get(rule)];
  return {
    ...(real === undefined ? {} : { relayed: real }),
    ...(texts === undefined ? {} : { partly: texts }),
  };
}

/** The chains of a table that may be relay chains. */
export function relayChains(table: Table): ReadonlySet<string> {
  const found = new Set<string>();
  for (const chain of table.chains.values()) {
    const shapes = isBuiltin(table.name, chain.name) ? shapesOf(table.name, chain.name) : undefined;
    if (shapes === undefined) continue;
    const passage = passageOf(table, chain, { shapes, isBridge: () => true });
    for (const rule of passage?.relayed.values() ?? []) found.add(rule.chain);
  }
  return found;
}

class Search {
  private readonly table: Table;
  private readonly builtin: Chain;
  private readonly recognition: Recognition;
  /** Only a jump to Docker's chains proves a relay, where Docker writes any into this built-in chain. */
  private readonly byJump: boolean;
  private readonly holding = new Map<string, boolean>();
  private readonly leading = new Map<string, readonly string[]>();

  constructor(table: Table, builtin: Chain, recognition: Recognition) {
    [this.table, this.builtin, this.recognition] = [table, builtin, recognition];
    this.byJump = [...recognition.shapes.keys()].some(looksDockers);
  }

  /** Whether any jump of the built-in chain leads to a chain of others that holds rules of Docker's. */
  leadsElsewhere(): boolean {
    return this.builtin.rules.some((rule) => {
      const target = this.othersChain(rule);
      return target !== undefined && this.textsIn(target).length > 0;
    });
  }

  passage(): Passage {
    const rules: Rule[] = [];
    const relayed = new Map<Rule, Rule>();
    const partly = new Map<Rule, readonly string[]>();
    // What stands in the built-in chain too serves from there; of several chains the first that packets meet does. Copies beside
    // it in that chain are extra copies of the same rule: left to others, they would pin a copy that came too early.
    const servedFrom = new Map(this.builtin.rules.map(({ text }) => [text, this.builtin.name]));
    const visited = new Set<string>();
    const pass = (chain: Chain): void => {
      for (const rule of chain.rules) {
        const moved = chain === this.builtin ? undefined : this.movedFrom(rule);
        const server = moved === undefined ? undefined : (servedFrom.get(moved.text) ?? rule.chain);
        if (moved !== undefined && server === rule.chain) {
          servedFrom.set(moved.text, server);
          relayed.set(moved, rule);
          rules.push(moved);
          continue;
        }
        rules.push(rule);
        const target = this.othersChain(rule);
        if (target === undefined) continue;
        const next = this.table.chains.get(target);
        if (next !== undefined && isUnconditional(rule) && this.isRelay(target)) {
          if (visited.has(target)) continue;
          visited.add(target);
          pass(next);
        } else if (this.textsIn(target).length > 0) partly.set(rule, this.textsIn(target));
      }
    };
    pass(this.builtin);
    return { rules, relayed, partly };
  }

  /** The chain a rule leads to, where it is neither built-in nor Docker's. */
  private othersChain({ text }: Rule): string | undefined {
    const target = targetOf(text);
    return target === undefined ||
      !this.table.chains.has(target) ||
      target === USER_CHAIN ||
      looksDockers(target) ||
      isBuiltin(this.table.name, target)
      ? undefined
      : target;
  }

  /**
   * A rule of another chain as it would read in the built-in chain, where an Engine writes such a rule there.
   *
   * @param proof - only of a rule which shows that Docker's were moved there: anyone may accept what a bridge sends
   */
  private movedFrom(rule: Rule, proof = false): Rule | undefined {
    const { shapes, isBridge } = this.recognition;
    const target = targetOf(rule.text);
    if (target === undefined || rule.printed !== undefined || !shapes.has(target)) return undefined;
    if (proof && this.byJump && !looksDockers(target)) return undefined;
    const moved = makeRule(`-A ${this.builtin.name} ${withoutComment(rulespecOf(rule))}`, rule.counters);
    const match = matchRule(shapes, moved);
    if (match === undefined) return undefined;
    const { shape, captures } = match;
    const isProof = this.byJump || shape.needs === 'nothing' || isBridge(captures.bridge ?? '');
    return proof && !isProof ? undefined : moved;
  }

  private isRelay(name: string, above: readonly string[] = []): boolean {
    const known = this.holding.get(name);
    if (known !== undefined) return known;
    const rules = this.table.chains.get(name)?.rules ?? [];
    const holds = rules.some((rule) => {
      if (this.movedFrom(rule, true) !== undefined) return true;
      const target = isUnconditional(rule) ? this.othersChain(rule) : undefined;
      return target !== undefined && !above.includes(target) && this.isRelay(target, [...above, name]);
    });
    this.holding.set(name, holds);
    return holds;
  }

  /** The texts of the rules of Docker's that a chain leads any packet to. */
  private textsIn(name: string, above: readonly string[] = []): readonly string[] {
    const known = this.leading.get(name);
    if (known !== undefined) return known;
    const texts = (this.table.chains.get(name)?.rules ?? []).flatMap((rule): readonly string[] => {
      const moved = this.movedFrom(rule, true);
      if (moved !== undefined) return [moved.text];
      const target = this.othersChain(rule);
      return target === undefined || above.includes(target) ? [] : this.textsIn(target, [...above, name]);
    });
    this.leading.set(name, texts);
    return texts;
  }
}

/** A comment is no condition. */
const isUnconditional = ({ chain, text }: Rule): boolean => {
  if (text.startsWith(`-A ${chain} -j `) || text.startsWith(`-A ${chain} -g `)) return true;
  if (!text.startsWith(`-A ${chain} -m comment --comment `)) return false;
  const { words } = splitWords(text);
  return words.length === 8 && (words[6] === '-j' || words[6] === '-g');
};

const withoutComment = (rulespec: string): string =>
  rulespec.includes(' --comment ')
    ? rulespec.replace(/(^| )-m comment --comment (?:"(?:[^"\\]|\\.)*"|[^\s"]+) /, '$1')
    : rulespec;
