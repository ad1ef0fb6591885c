import type { Family } from '../../../net/family.ts';
import type { Chain, Rule, Table } from '../text/model.ts';
import { DOCKER_CHAINS, USER_CHAIN } from './chain-shapes.ts';
import { looksDockers, unknownChains } from './chains.ts';
import { matchRules, shapesOf, type Match, type RecordedRule } from './match.ts';
import { passageOf, type Passage } from './relay.ts';

/** Whose a rule or a chain is. `shared`: DOCKER-USER, Docker's chain with the user's content. */
export type Owner = 'docker' | 'shared' | 'foreign';

/** One chain that Docker writes to, whose rules are not all judged yet. */
export interface ChainCandidate {
  readonly family: Family;
  readonly table: Table;
  readonly chain: Chain;
  readonly owner: Owner;
  readonly unknown: boolean;
  /** As packets pass them: with those of relay chains. */
  readonly rules: readonly Rule[];
  /** Undefined where all rules are the chain's own, as they nearly always are. */
  readonly passage: Passage | undefined;
  /** What each rule looks like by its text. */
  readonly matches: readonly (Match | undefined)[];
}

/** What is known before any rule of a table is judged. */
interface Beforehand {
  /** An earlier reading of the table. */
  readonly before: ReadonlyMap<string, { readonly rules: readonly RecordedRule[] }> | undefined;
  readonly isBridge: (name: string) => boolean;
}

/**
 * The chains of a table that Docker writes to.
 *
 * @returns `unreached`: chains that are named like Docker's, but that none of Docker's leads to
 */
export function candidatesIn(
  family: Family,
  table: Table,
  { before, isBridge }: Beforehand,
): { readonly found: readonly ChainCandidate[]; readonly unreached: readonly string[] } {
  const known = new Set(DOCKER_CHAINS[table.name] ?? []);
  if (DOCKER_CHAINS[table.name] === undefined && !hasEntryShapes(table)) return { found: [], unreached: [] };
  const unknown = unknownChains(table, known);
  const found: ChainCandidate[] = [];
  const unreached: string[] = [];
  for (const chain of table.chains.values()) {
    const isDockers = known.has(chain.name) || unknown.has(chain.name);
    const isUser = chain.name === USER_CHAIN && table.name === 'filter';
    const shapes = shapesOf(table.name, chain.name);
    if (!isDockers && !isUser && shapes === undefined) {
      if (looksDockers(chain.name)) unreached.push(chain.name);
      continue;
    }
    const isOthers = !isDockers && !isUser && shapes !== undefined;
    const passage = isOthers ? passageOf(table, chain, { shapes, isBridge }) : undefined;
    const { rules } = passage ?? chain;
    found.push({
      ...{ family, table, chain, rules, passage },
      owner: isUser ? 'shared' : isDockers ? 'docker' : 'foreign',
      unknown: unknown.has(chain.name),
      matches: shapes === undefined ? [] : matchRules(shapes, rules, before?.get(chain.name)?.rules),
    });
  }
  return { found, unreached };
}

const hasEntryShapes = (table: Table): boolean =>
  [...table.chains.keys()].some((chain) => shapesOf(table.name, chain) !== undefined);
