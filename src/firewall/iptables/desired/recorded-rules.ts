import type { EngineFacts } from '../../../docker/inventory/inventory.ts';
import {
  ownHost,
  type OwnedChain,
  type OwnedHost,
  type OwnedRule,
  type OwnedTables,
  type Owner,
} from '../ownership/ownership.ts';
import type { Level } from '../ownership/purpose.ts';
import { writtenChains } from '../ownership/written.ts';
import { makeRule, type Chain, type HostRules, type Rule, type Ruleset, type Table } from '../text/model.ts';
import { targetOf } from '../text/view.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { recordable } from './recordable.ts';
import { takesAnyPacket } from '../order/shadow.ts';

export interface BaselineRule {
  /** As iptables-save wrote it, one character a byte. */
  readonly text: string;
  /** `foreign`: a neighbour, recorded to know where Docker's rules were; never written to the kernel. */
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

/** All rules that a baseline holds. */
export type RecordedFamilies = Readonly<Record<Family, readonly BaselineTable[]>>;

/** The rules a baseline recorded: two baselines in which this part is equal recorded the same state. */
export function recordFamilies(owned: OwnedHost): RecordedFamilies {
  return { ipv4: recordTables(owned.families.ipv4), ipv6: recordTables(owned.families.ipv6) };
}

const recordTables = (tables: OwnedTables): readonly BaselineTable[] =>
  [...tables].map(([name, chains]) => {
    const written = writtenChains(chains);
    return { name, chains: [...written.values()].map((chain) => recordChain(chain, written)) };
  });

function recordChain(chain: OwnedChain, written: ReadonlyMap<string, OwnedChain>): BaselineChain {
  const kept = withFewNeighbours(recordable(chain), (rule) => written.has(targetOf(rule.text) ?? ''));
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
 * Of a run of foreign rules two things matter: where it begins and ends, and whether a rule in it takes packets that Docker's
 * rules are meant for. So only those are kept, and jumps to recorded chains: relay chains are recognised by them.
 */
function withFewNeighbours(
  rules: readonly OwnedRule[],
  leadsToRecorded: (rule: Rule) => boolean,
): readonly OwnedRule[] {
  const isForeign = (index: number): boolean => rules[index]?.owner === 'foreign';
  let holdsTaker = false;
  return rules.filter(({ rule }, i) => {
    if (!isForeign(i) || leadsToRecorded(rule)) return true;
    if (!isForeign(i - 1)) holdsTaker = takesAnyPacket(rule);
    if (!isForeign(i - 1) || !isForeign(i + 1)) return true;
    if (holdsTaker) return false;
    holdsTaker = takesAnyPacket(rule);
    return holdsTaker;
  });
}

/** A baseline read back as a ruleset of both families, foreign neighbours included. */
export function rulesetsOf(families: RecordedFamilies): HostRules {
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

/** A baseline whose rules were judged again: the rules with their owners, and any reason not to replay them. */
export interface OwnedBaseline {
  readonly owned: OwnedHost;
  /** Rules it claims to be Docker's that are not; a baseline with any of these is not to be trusted. */
  readonly objections: readonly string[];
}

/**
 * Decides again who owns each recorded rule, from its text and the networks recorded with it. Root replays a
 * baseline: what the file merely claims to be Docker's must not be believed.
 */
export function ownBaseline(baseline: {
  readonly families: RecordedFamilies;
  readonly engine: EngineFacts | null;
}): OwnedBaseline {
  const owned = ownHost(rulesetsOf(baseline.families), {
    networks: baseline.engine?.networks,
    settled: baseline.engine !== null,
  });
  const objections = FAMILIES.flatMap((family) =>
    baseline.families[family].flatMap((table) => {
      const judged = writtenChains(owned.families[family].get(table.name) ?? new Map<string, OwnedChain>());
      return table.chains.flatMap((chain) =>
        objectionsTo(chain, judged.get(chain.name), `${family} ${table.name} ${chain.name}`),
      );
    }),
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
