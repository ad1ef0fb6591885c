import {
  ownHost,
  type Knowledge,
  type OwnedChain,
  type OwnedHost,
  type OwnedRule,
} from '../ownership/ownership.ts';
import { type HostRules, chainOf, rulesOf, type Rule } from '../text/model.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { misplacedIn } from '../order/misplaced.ts';
import { bypassedIn, holdsDeclared } from '../order/bypassed.ts';
import { lostPrecedence } from '../order/precedence.ts';
import type { Stale } from '../desired/stale.ts';
import type { ChainDrift, Drift, PolicyDrift, Sides } from './drift.ts';
import { extrasIn } from './extras.ts';
import { lostContentOf, lostSinglyIn, undeclaredIn } from './lost-content.ts';
import { dockersAreTheSame } from './same.ts';
import { replacedIn } from './stale.ts';

/**
 * Owns the live rules with the help of a baseline: a rule recorded as Docker's counts as Docker's wherever its text alone
 * would not decide (the rules that would prove it, its bridge's others, may be among those lost).
 */
export function ownLive(
  desired: OwnedHost,
  live: HostRules,
  knowledge: Pick<Knowledge, 'networks' | 'settled'>,
): OwnedHost {
  // Needed only in doubtful cases, so computed only then: a set of every text costs more than the comparison.
  const texts = new Map<OwnedChain, ReadonlySet<Rule['text']>>();
  const textsOf = (chain: OwnedChain): ReadonlySet<Rule['text']> => {
    const known = texts.get(chain) ?? textsOfDockers(chain);
    texts.set(chain, known);
    return known;
  };
  const recorded: Knowledge['recorded'] = (family, table, rule) => {
    const chain = desired.families[family].get(table)?.get(rule.chain);
    return chain !== undefined && textsOf(chain).has(rule.text);
  };
  return ownHost(live, { ...knowledge, recorded, before: desired });
}

const textsOfDockers = ({ rules }: OwnedChain): ReadonlySet<Rule['text']> =>
  new Set(rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));

/** Compares, chain by chain. Counters and an order that changes nothing are no drift. Near-linear. */
export function compare(sides: Sides): Drift {
  const chains: ChainDrift[] = [];
  const policies: PolicyDrift[] = [];
  for (const family of FAMILIES) {
    for (const [table, desiredChains] of sides.desired.families[family]) {
      for (const desired of desiredChains.values()) {
        chains.push(compareChain(family, table, desired, sides));
        const policy = comparePolicy(family, table, desired, sides.live);
        if (policy !== undefined) policies.push(policy);
      }
    }
  }
  const stale = staleIn(chains, sides);
  return {
    chains: withoutStale(chains, stale).filter(differs),
    policies,
    stale,
    lostSingly: chains.flatMap(lostSinglyIn),
    undeclared: chains.flatMap(undeclaredIn),
    ...extrasIn(sides),
    undecided: sides.liveOwned.undecided,
  };
}

/** Without the Engine's answer, the live rules themselves show which ports lead elsewhere now. */
function staleIn(chains: readonly ChainDrift[], { engine, live, liveOwned }: Sides): readonly Stale[] {
  if (engine === undefined) return replacedIn(chains, liveOwned);
  return engine.stale.filter(
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
      const owned = drift.desired.rules[index];
      return owned === undefined || !rules.has(owned);
    }),
  }));
}

const differs = (drift: ChainDrift): boolean =>
  (!drift.exists && !drift.desired.builtin) ||
  drift.missing.length > 0 ||
  drift.surplus.size > 0 ||
  drift.misplaced.size > 0 ||
  drift.lostContent.length > 0;

function compareChain(
  family: Family,
  table: string,
  desired: OwnedChain,
  { live, liveOwned, engine }: Sides,
): ChainDrift {
  const chain = chainOf(live[family], table, desired.name);
  const owned = liveOwned.families[family].get(table)?.get(desired.name);
  const rules = owned?.rules ?? chain?.rules.map((rule): OwnedRule => ({ rule, owner: 'foreign' })) ?? [];
  const about = { family, table, chain: desired.name, desired, live: rules, exists: chain !== undefined };
  const lostContent = lostContentOf(desired, rules);
  if (dockersAreTheSame(desired.rules, rules))
    return {
      ...about,
      missing: [],
      surplus: new Map(),
      misplaced: withBypassed(desired, rules, lostPrecedence(desired, rules)),
      lostContent,
    };
  const want = countsOf(desired.rules.filter(({ owner }) => owner === 'docker'));
  const have = countsOf(rules, want);
  const missing: number[] = [];
  const present = new Map(have);
  desired.rules.forEach(({ owner, rule }, index) => {
    if (owner !== 'docker') return;
    const left = present.get(rule.text) ?? 0;
    if (left === 0) missing.push(index);
    else present.set(rule.text, left - 1);
  });
  const surplus = new Map([...present].filter(([, left]) => left > 0));
  const placed = rules.map((owned) =>
    want.has(owned.rule.text) ? owned : withoutPlace(family, owned, engine),
  );
  const misplaced = withBypassed(desired, placed, misplacedIn(desired, placed, surplus));
  return { ...about, live: placed, missing, surplus, misplaced, lostContent };
}

const withBypassed = (
  desired: OwnedChain,
  live: readonly OwnedRule[],
  misplaced: ReadonlySet<string>,
): ReadonlySet<string> =>
  holdsDeclared(desired) ? new Set([...misplaced, ...bypassedIn(desired, live).keys()]) : misplaced;

/** A leftover of Docker's has no place of its own to keep. Its one demand: the user's rules come first. */
function withoutPlace(family: Family, owned: OwnedRule, engine: Sides['engine']): OwnedRule {
  const { shape } = owned;
  if (shape?.order === undefined || engine?.liveness.whyOrphan(family, owned, engine.coTenants) === undefined)
    return owned;
  return { ...owned, shape: { ...shape, order: () => [{ scope: 'user', phase: 1 }] } };
}

/** How often each text occurs; only texts of `among` when given. */
function countsOf(rules: readonly OwnedRule[], among?: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rule } of rules) {
    if (among !== undefined && !among.has(rule.text)) continue;
    counts.set(rule.text, (counts.get(rule.text) ?? 0) + 1);
  }
  return counts;
}

function comparePolicy(
  family: Family,
  table: string,
  desired: OwnedChain,
  live: HostRules,
): PolicyDrift | undefined {
  // Whether an Engine sets the policy depends on the host it found: expected rules have none.
  if (table !== 'filter' || desired.name !== 'FORWARD' || desired.policy === '') return undefined;
  // A chain that nft does not list is a hook without a chain: everything passes.
  const is = chainOf(live[family], table, desired.name)?.policy ?? 'ACCEPT';
  if (is === desired.policy) return undefined;
  const declared = desired.closesByDeclaration === true ? ({ declared: true } as const) : {};
  return { family, table, chain: desired.name, was: desired.policy, is, ...declared };
}
