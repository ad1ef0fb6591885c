import {
  ownHost,
  type HostRules,
  type Knowledge,
  type OwnedChain,
  type OwnedHost,
  type OwnedRule,
  type Undecided,
} from '../docker/ownership.ts';
import { chainOf, FAMILIES, rulesOf, type Family, type Rule } from '../iptables/model.ts';
import { misplacedIn } from './misplaced.ts';
import { lostPrecedence } from './precedence.ts';
import type { Stale } from './desired.ts';
import { newcomers, type Extra } from './extras.ts';
import { dockersAreTheSame } from './same.ts';
import { replacedIn } from './stale.ts';
import type { Company, Witness } from './vouch.ts';

/** How one chain differs from the baseline. Empty sets everywhere: the chain is as it was. */
export interface ChainDrift {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly base: OwnedChain;
  /** Every live rule of the chain in order, whoever owns it; none when the chain does not exist. */
  readonly live: readonly OwnedRule[];
  readonly exists: boolean;
  /** Indexes into `base.rules` of Docker's rules that are gone. */
  readonly missing: readonly number[];
  /** Texts that stand more often than recorded, with how many copies too many. */
  readonly surplus: ReadonlyMap<string, number>;
  /** Texts that stand where their order no longer protects or serves anyone. */
  readonly misplaced: ReadonlySet<string>;
  /** Indexes into `base.rules` of DOCKER-USER's content, when that was emptied altogether. */
  readonly lostContent: readonly number[];
}

export interface PolicyDrift {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly was: string;
  readonly is: string;
}

/** The comparison of the live rules with what should be there. */
export interface Drift {
  /** Only chains that differ. */
  readonly chains: readonly ChainDrift[];
  readonly policies: readonly PolicyDrift[];
  /** Lost rules that must not come back: nothing that exists calls for them any more. */
  readonly stale: readonly Stale[];
  /** Rules of Docker's beyond those that should be there: newer than the baseline, or left behind. */
  readonly extras: readonly Extra[];
  readonly unknownChains: readonly {
    readonly family: Family;
    readonly table: string;
    readonly chain: string;
  }[];
  readonly undecided: readonly Undecided[];
}

/** The two sides of a comparison. */
export interface Sides {
  readonly base: OwnedHost;
  readonly live: HostRules;
  readonly liveOwned: OwnedHost;
  /** What the Engine vouches for; absent when it did not answer. */
  readonly vouched?: Vouched | undefined;
}

/** The Engine's word on the base of a comparison. */
export interface Vouched {
  readonly witness: Witness;
  readonly company: Company;
  /** Recorded rules that were left out of the base. */
  readonly stale: readonly Stale[];
}

/**
 * Owns the live rules with the help of a baseline: a rule recorded as Docker's is Docker's again wherever its words
 * alone would leave doubt (its bridge's other rules may be the very ones that were lost).
 */
export function ownLive(
  base: OwnedHost,
  live: HostRules,
  knowledge: Pick<Knowledge, 'networks' | 'settled'>,
): OwnedHost {
  // Asked only in doubt, so gathered only then: a set of every text costs more than the comparison.
  const texts = new Map<OwnedChain, ReadonlySet<Rule['text']>>();
  const textsOf = (chain: OwnedChain): ReadonlySet<Rule['text']> => {
    const known = texts.get(chain) ?? textsOfDockers(chain);
    texts.set(chain, known);
    return known;
  };
  const recorded: Knowledge['recorded'] = (family, table, rule) => {
    const chain = base.families[family].get(table)?.get(rule.chain);
    return chain !== undefined && textsOf(chain).has(rule.text);
  };
  return ownHost(live, { ...knowledge, recorded, before: base });
}

const textsOfDockers = ({ rules }: OwnedChain): ReadonlySet<Rule['text']> =>
  new Set(rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));

/** Compares, chain by chain. Counters and an order that changes nothing are no drift. Near-linear. */
export function compare(sides: Sides): Drift {
  const chains: ChainDrift[] = [];
  const policies: PolicyDrift[] = [];
  for (const family of FAMILIES) {
    for (const [table, baseChains] of sides.base.families[family]) {
      for (const base of baseChains.values()) {
        chains.push(compareChain(family, table, base, sides));
        const policy = comparePolicy(family, table, base, sides.live);
        if (policy !== undefined) policies.push(policy);
      }
    }
  }
  const stale = staleIn(chains, sides);
  return {
    chains: withoutStale(chains, stale).filter(differs),
    policies,
    stale,
    ...newcomers(sides),
    undecided: sides.liveOwned.undecided,
  };
}

/** Without the Engine's word, the live rules themselves tell which ports lead elsewhere now. */
function staleIn(chains: readonly ChainDrift[], { vouched, live, liveOwned }: Sides): readonly Stale[] {
  if (vouched === undefined) return replacedIn(chains, liveOwned);
  return vouched.stale.filter(
    ({ family, table, chain, owned }) =>
      !rulesOf(live[family], table, chain).some(({ text }) => text === owned.rule.text),
  );
}

function withoutStale(chains: readonly ChainDrift[], stale: readonly Stale[]): readonly ChainDrift[] {
  if (stale.length === 0) return chains;
  const rules = new Set(stale.map(({ owned }) => owned));
  return chains.map((drift) => ({
    ...drift,
    missing: drift.missing.filter((index) => {
      const owned = drift.base.rules[index];
      return owned === undefined || !rules.has(owned);
    }),
  }));
}

const differs = (drift: ChainDrift): boolean =>
  (!drift.exists && !drift.base.builtin) ||
  drift.missing.length > 0 ||
  drift.surplus.size > 0 ||
  drift.misplaced.size > 0 ||
  drift.lostContent.length > 0;

function compareChain(
  family: Family,
  table: string,
  base: OwnedChain,
  { live, liveOwned }: Sides,
): ChainDrift {
  const chain = chainOf(live[family], table, base.name);
  const owned = liveOwned.families[family].get(table)?.get(base.name);
  const rules = owned?.rules ?? chain?.rules.map((rule): OwnedRule => ({ rule, owner: 'foreign' })) ?? [];
  const about = { family, table, chain: base.name, base, live: rules, exists: chain !== undefined };
  const lostContent = lostContentOf(base, rules);
  if (dockersAreTheSame(base.rules, rules))
    return { ...about, missing: [], surplus: new Map(), misplaced: lostPrecedence(base, rules), lostContent };
  const want = countsOf(base.rules.filter(({ owner }) => owner === 'docker'));
  const have = countsOf(rules, want);
  const missing: number[] = [];
  const present = new Map(have);
  base.rules.forEach(({ owner, rule }, index) => {
    if (owner !== 'docker') return;
    const left = present.get(rule.text) ?? 0;
    if (left === 0) missing.push(index);
    else present.set(rule.text, left - 1);
  });
  const surplus = new Map([...present].filter(([, left]) => left > 0));
  return { ...about, missing, surplus, misplaced: misplacedIn(base, rules, surplus), lostContent };
}

/** How often each text stands; only texts of `among` when given. */
function countsOf(rules: readonly OwnedRule[], among?: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of rules) {
    if (among !== undefined && !among.has(rule.text)) continue;
    counts.set(rule.text, (counts.get(rule.text) ?? 0) + 1);
  }
  return counts;
}

/** DOCKER-USER is the user's to edit: only when nothing of theirs is left was it emptied by accident. */
function lostContentOf(base: OwnedChain, live: readonly OwnedRule[]): readonly number[] {
  if (base.owner !== 'shared' || live.some(({ owner }) => owner === 'shared')) return [];
  return base.rules.flatMap(({ owner }, index) => (owner === 'shared' ? [index] : []));
}

function comparePolicy(
  family: Family,
  table: string,
  base: OwnedChain,
  live: HostRules,
): PolicyDrift | undefined {
  // An Engine sets the policy or not, as it found the host: expected rules know none.
  if (table !== 'filter' || base.name !== 'FORWARD' || base.policy === '') return undefined;
  // A chain that nft does not list is a hook without a chain: everything passes.
  const is = chainOf(live[family], table, base.name)?.policy ?? 'ACCEPT';
  return is === base.policy ? undefined : { family, table, chain: base.name, was: base.policy, is };
}
