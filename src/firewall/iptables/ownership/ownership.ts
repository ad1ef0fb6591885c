import { isBuiltin, type HostRules, type Rule } from '../text/model.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { candidatesIn, type ChainCandidate, type Owner } from './candidates.ts';
import { chainLevel, leadsToUnknown, looksDockers, neverDockers } from './chains.ts';
import { bridgeTest, Evidence, objection } from './evidence.ts';
import type { Network } from '../../../docker/inventory/inventory.ts';
import type { Match } from './match.ts';
import type { Level } from './purpose.ts';
import { placeIn } from './relay.ts';
import type { Captures, Shape } from './shape.ts';

export type { Owner } from './candidates.ts';

/** The verdict on one rule. */
export interface Ownership {
  readonly owner: Owner;
  readonly level?: Level;
  readonly shape?: Shape;
  readonly captures?: Captures;
}

export interface OwnedRule extends Ownership {
  /** Of a rule in a relay chain: as it would read in the built-in chain. */
  readonly rule: Rule;
  /** The operator declared it, see `desired/declared.ts`. */
  readonly declared?: true;
  /** The rule as it stands in its relay chain; absent where it stands in the chain itself. */
  readonly relayed?: Rule;
  /** For a jump that leads some packets to rules of Docker's: the texts of those, as they would read in the built-in chain. */
  readonly partly?: readonly string[];
}

/**
 * A chain that is Docker's or holds rules of Docker's; all its rules are here, in order. A built-in chain's relay chains are part
 * of it, see {@link import('./relay.ts').Passage}.
 */
export interface OwnedChain {
  readonly table: string;
  readonly name: string;
  readonly builtin: boolean;
  readonly owner: Owner;
  readonly level?: Level;
  /** A DOCKER* chain no Engine we know writes, reached from Docker's own chains. */
  readonly unknown: boolean;
  readonly policy: string;
  readonly policyCounters: string;
  /** The operator declared that FORWARD's policy is DROP. */
  readonly closesByDeclaration?: true;
  readonly rules: readonly OwnedRule[];
}

/** A rule or chain that may be Docker's, and why it was left alone. */
export interface Undecided {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** Absent when the whole chain is meant. */
  readonly rule?: string;
  readonly reason: string;
  /** The rule is known in part only: what a save prints of it is not what the kernel does. */
  readonly unreadable?: boolean;
}

export type OwnedTables = ReadonlyMap<string, ReadonlyMap<string, OwnedChain>>;

/** Both families with every chain that concerns Docker. What is not here is foreign. */
export interface OwnedHost {
  readonly families: Readonly<Record<Family, OwnedTables>>;
  readonly undecided: readonly Undecided[];
}

/** What decides where the text alone cannot. */
export interface Knowledge {
  /** The Engine's networks, or those a baseline recorded. */
  readonly networks?: readonly Network[] | undefined;
  /** The networks are complete and current: a bridge that is not among them is certainly not Docker's. */
  readonly settled?: boolean;
  /** Whether a rule was recorded as Docker's before. */
  readonly recorded?: ((family: Family, table: string, rule: Rule) => boolean) | undefined;
  /** An earlier reading of the same host. A rule with the same text is recognised by it: the result is the same, and quicker. */
  readonly before?: OwnedHost | undefined;
}

/**
 * Owner and level of every chain and rule in raw, mangle, nat and filter, for every era from 17.06 to 29 (iptables
 * variant). Linear in the number of rules; a foreign rule outside the chains Docker writes to costs nothing.
 *
 * @param host - both families as read from one host
 * @param knowledge - decides doubtful cases; without it they stay foreign and are listed as undecided
 */
export function ownHost(host: HostRules, knowledge: Knowledge = {}): OwnedHost {
  const undecided: Undecided[] = [];
  const isBridge = bridgeTest(knowledge.networks);
  const candidates = FAMILIES.flatMap((family) =>
    [...host[family].tables.values()].flatMap((table) => {
      const { found, unreached } = candidatesIn(family, table, {
        before: knowledge.before?.families[family].get(table.name),
        isBridge,
      });
      const reason = "named like one of Docker's chains, but none of those leads to it";
      undecided.push(...unreached.map((chain) => ({ family, table: table.name, chain, reason })));
      return found;
    }),
  );
  const evidence = new Evidence(knowledge.networks ?? [], knowledge.settled ?? false, {
    *[Symbol.iterator]() {
      for (const { matches } of candidates) for (const match of matches) if (match !== undefined) yield match;
    },
  });
  const families = {
    ipv4: new Map<string, Map<string, OwnedChain>>(),
    ipv6: new Map<string, Map<string, OwnedChain>>(),
  };
  for (const candidate of candidates) {
    const owned = judgeChain(candidate, evidence, knowledge, undecided);
    if (owned === undefined) continue;
    const tables = families[candidate.family];
    const chains = tables.get(owned.table) ?? new Map<string, OwnedChain>();
    chains.set(owned.name, owned);
    tables.set(owned.table, chains);
  }
  return { families, undecided };
}

function judgeChain(
  candidate: ChainCandidate,
  evidence: Evidence,
  knowledge: Knowledge,
  undecided: Undecided[],
): OwnedChain | undefined {
  const { table, chain, owner, unknown, passage } = candidate;
  const { name } = chain;
  // The usual large chain is a user's block list: no rule of it looks like Docker's, and none is copied.
  const leadsToDockers = passage !== undefined;
  if (owner === 'foreign' && !leadsToDockers && candidate.matches.every((match) => match === undefined))
    return undefined;
  let holdsDockers = owner !== 'foreign' || leadsToDockers;
  // Docker writes one RETURN, behind whatever the user has: one before it is the user's, and ends his own rules there.
  const dockersReturn = candidate.matches.findLastIndex((match) => match !== undefined);
  const rules = candidate.rules.map((rule, i): OwnedRule => {
    const match = owner === 'shared' && i !== dockersReturn ? undefined : candidate.matches[i];
    const owned = ownRule(candidate, rule, match, evidence, knowledge, undecided);
    if (owned.owner !== 'foreign') holdsDockers = true;
    return passage === undefined ? owned : { ...owned, ...placeIn(passage, rule) };
  });
  if (!holdsDockers) return undefined;
  return {
    table: table.name,
    name,
    builtin: isBuiltin(table.name, name),
    owner,
    ...(owner === 'foreign' ? {} : { level: chainLevel(name) }),
    unknown: unknown && looksDockers(name),
    policy: chain.policy,
    policyCounters: chain.counters,
    rules,
  };
}

function ownRule(
  candidate: ChainCandidate,
  rule: Rule,
  match: Match | undefined,
  evidence: Evidence,
  knowledge: Knowledge,
  undecided: Undecided[],
): OwnedRule {
  const { family, table, owner, passage } = candidate;
  const { name: chain } = candidate.chain;
  // Of somebody's own chain only what was moved there is Docker's, and only where nothing speaks against it.
  if (rule.chain !== chain) return { rule, owner: 'foreign' };
  if (rule.printed !== undefined) {
    undecided.push({
      ...{ family, table: table.name, chain, rule: rule.text, unreadable: true },
      reason: `iptables-save prints it without part of its conditions, as: ${rule.printed}`,
    });
    return { rule, owner: 'foreign' };
  }
  if (match !== undefined) {
    const doubt = objection(match.shape.needs, match.captures, evidence);
    if (doubt === undefined || knowledge.recorded?.(family, table.name, rule) === true)
      return fromMatch(rule, match);
    const isDoubtful = knowledge.settled !== true && match.shape.needs !== 'sets';
    if (passage?.relayed.has(rule) !== true && (isDoubtful || owner === 'docker')) {
      undecided.push({ family, table: table.name, chain, rule: rule.text, reason: doubt });
    }
    return { rule, owner: 'foreign' };
  }
  if (owner === 'shared') return { rule, owner, level: 'daemon' };
  if (owner === 'foreign') return { rule, owner };
  const fits = candidate.unknown || leadsToUnknown(table, rule);
  if (fits && !neverDockers(rule))
    return { rule, owner: 'docker', level: chainLevel(chain) === 'overlay' ? 'overlay' : 'daemon' };
  undecided.push({
    family,
    table: table.name,
    chain,
    rule: rule.text,
    reason: `is in Docker's chain, but no Engine is known to write it; Docker will delete it when it next starts`,
  });
  return { rule, owner: 'foreign' };
}

const fromMatch = (rule: Rule, { shape, captures }: Match): OwnedRule => {
  // The routing mesh's hairpin rule has the text of a proxy-less bridge network's
  // (docs/reference/docker-iptables.md#routing-mesh).
  const level =
    shape.id === 'hairpin-local' && captures.bridge === 'docker_gwbridge' ? 'ingress' : shape.level;
  return { rule, owner: 'docker', level, shape, captures };
};
