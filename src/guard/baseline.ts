import type { EngineFacts } from '../docker/inventory.ts';
import {
  ownHost,
  type OwnedChain,
  type OwnedHost,
  type OwnedRule,
  type OwnedTables,
  type Owner,
  type HostRules,
} from '../docker/ownership.ts';
import type { Level } from '../docker/shape.ts';
import {
  FAMILIES,
  makeRule,
  type Backend,
  type Chain,
  type Family,
  type Ruleset,
  type Table,
} from '../iptables/model.ts';
import type { Drift } from './compare.ts';
import { takesAnyPacket } from './shadow.ts';

export interface BaselineRule {
  /** As iptables-save wrote it, one character a byte. */
  readonly text: string;
  /** `foreign`: a neighbour, kept to know where Docker's rules stood; never written to the kernel. */
  readonly owner: Owner;
  readonly level?: Level;
  readonly counters?: string;
}

export interface BaselineChain {
  readonly name: string;
  readonly owner: Owner;
  /** ACCEPT or DROP; `-` for a user chain. */
  readonly policy: string;
  /** In order; of a run of foreign rules only the first, the last, and the first of the others that takes any packet. */
  readonly rules: readonly BaselineRule[];
}

export interface BaselineTable {
  readonly name: string;
  readonly chains: readonly BaselineChain[];
}

export const BASELINE_VERSION = 1;

/** What was recorded when all was well. `schemas/baseline.schema.json` describes it. */
export interface Baseline {
  readonly version: typeof BASELINE_VERSION;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly host: string;
  readonly kernel: string;
  /** Version of iptables, e.g. `1.8.9`. */
  readonly iptables: string;
  readonly backend: Backend;
  /** What the Engine said, null when it did not answer. */
  readonly engine: EngineFacts | null;
  /** Digest of the baseline before this one, null for the first. */
  readonly previous: string | null;
  /** What the Engine called for and was missing, by the user's will (`--force`): it is not asked for again. */
  readonly accepted?: readonly RuleName[];
  /** What stood there although the Engine, by our account of it, did not call for it: it is believed. */
  readonly unexplained?: readonly RuleName[];
  readonly families: Readonly<Record<Family, readonly BaselineTable[]>>;
}

/** A rule, or a whole chain, by name. */
export interface RuleName {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule?: string;
}

/** What a drift lacks, as a baseline says that it is meant. */
export function acceptedIn({ chains }: Pick<Drift, 'chains'>): readonly RuleName[] {
  return chains.flatMap(({ family, table, chain, base, exists, missing }) => [
    ...(exists || base.builtin ? [] : [{ family, table, chain }]),
    ...missing.flatMap((index): readonly RuleName[] => {
      const rule = base.rules[index]?.rule.text;
      return rule === undefined ? [] : [{ family, table, chain, rule }];
    }),
  ]);
}

/** What a drift has beyond what was expected, and is no litter. */
export function unexplainedIn({ extras }: Pick<Drift, 'extras'>): readonly RuleName[] {
  return extras.flatMap(({ family, table, chain, owned, orphaned }) =>
    orphaned === undefined ? [{ family, table, chain, rule: owned.rule.text }] : [],
  );
}

/** The part of a baseline that says what the rules were: two baselines with equal parts recorded the same state. */
export function recordFamilies(owned: OwnedHost): Baseline['families'] {
  return { ipv4: recordTables(owned.families.ipv4), ipv6: recordTables(owned.families.ipv6) };
}

const recordTables = (tables: OwnedTables): readonly BaselineTable[] =>
  [...tables].map(([name, chains]) => ({ name, chains: [...chains.values()].map(recordChain) }));

function recordChain(chain: OwnedChain): BaselineChain {
  const kept = withFewNeighbours(chain.rules);
  return {
    name: chain.name,
    owner: chain.owner,
    policy: chain.policy,
    rules: kept.map(({ rule, owner, level }) => ({
      text: rule.text,
      owner,
      ...(level === undefined ? {} : { level }),
      ...(rule.counters === '' || owner === 'foreign' ? {} : { counters: rule.counters }),
    })),
  };
}

/**
 * Amid a run of foreign rules nothing of Docker's is near. What matters of the run is where it begins and ends, and that
 * a packet which Docker's rules are meant for may not come through it.
 */
function withFewNeighbours(rules: readonly OwnedRule[]): readonly OwnedRule[] {
  const isForeign = (index: number): boolean => rules[index]?.owner === 'foreign';
  let holdsTaker = false;
  return rules.filter(({ rule }, i) => {
    if (!isForeign(i)) return true;
    if (!isForeign(i - 1)) holdsTaker = takesAnyPacket(rule);
    if (!isForeign(i - 1) || !isForeign(i + 1)) return true;
    if (holdsTaker) return false;
    holdsTaker = takesAnyPacket(rule);
    return holdsTaker;
  });
}

/** Whether two baselines recorded the same: the same rules in the same places, of the same Engine. Counters do not count. */
export function sameRecord(a: Baseline, b: Baseline): boolean {
  const told = ({ host, iptables, backend, engine, accepted, unexplained, families }: Baseline): string =>
    JSON.stringify(
      [host, iptables, backend, engine, accepted, unexplained, families],
      (key, value: unknown) => (key === 'counters' ? undefined : value),
    );
  return told(a) === told(b);
}

/** A baseline read back as a ruleset of both families, foreign neighbours included. */
export function rulesetsOf(families: Baseline['families']): HostRules {
  return { ipv4: rulesetOf(families.ipv4), ipv6: rulesetOf(families.ipv6) };
}

function rulesetOf(tables: readonly BaselineTable[]): Ruleset {
  return {
    tables: new Map(
      tables.map(({ name, chains }): [string, Table] => [
        name,
        {
          name,
          chains: new Map(
            chains.map((chain): [string, Chain] => [
              chain.name,
              {
                name: chain.name,
                policy: chain.policy,
                counters: '',
                rules: chain.rules.map((rule) => makeRule(rule.text, rule.counters)),
              },
            ]),
          ),
        },
      ]),
    ),
  };
}

/** A baseline that was judged anew: the rules with their owners, and whatever speaks against replaying them. */
export interface OwnedBaseline {
  readonly owned: OwnedHost;
  /** Rules it calls Docker's that are not; a baseline with any of these is not to be trusted. */
  readonly objections: readonly string[];
}

/**
 * Decides afresh whose each recorded rule is, from its words and the networks recorded with it. Root replays a
 * baseline: what the file merely claims to be Docker's must not be believed.
 */
export function ownBaseline(baseline: Pick<Baseline, 'families' | 'engine'>): OwnedBaseline {
  const owned = ownHost(rulesetsOf(baseline.families), {
    networks: baseline.engine?.networks,
    settled: baseline.engine !== null,
  });
  const objections = FAMILIES.flatMap((family) =>
    baseline.families[family].flatMap((table) =>
      table.chains.flatMap((chain) =>
        objectionsTo(
          chain,
          owned.families[family].get(table.name)?.get(chain.name),
          `${family} ${table.name} ${chain.name}`,
        ),
      ),
    ),
  );
  return { owned, objections };
}

function objectionsTo(
  recorded: BaselineChain,
  judged: OwnedChain | undefined,
  where: string,
): readonly string[] {
  const objections: string[] = [];
  if (recorded.owner !== 'foreign' && judged?.owner !== recorded.owner)
    objections.push(`${where}: the chain is not ${recorded.owner === 'docker' ? "Docker's" : 'DOCKER-USER'}`);
  const start = `-A ${recorded.name} `;
  recorded.rules.forEach((rule, i) => {
    const owner = judged?.rules[i]?.owner ?? 'foreign';
    if (rule.owner !== owner)
      objections.push(`${where}: recorded as ${rule.owner}, but it is ${owner}: ${rule.text}`);
    // A user's comment may hold a newline; it is kept as a neighbour, and never written to the kernel.
    if (!rule.text.startsWith(start) || (rule.owner === 'docker' && rule.text.includes('\n')))
      objections.push(`${where}: not one rule of this chain: ${rule.text}`);
  });
  return objections;
}
