import type { OwnedChain, OwnedHost, OwnedRule, OwnedTables } from '../docker/ownership.ts';
import { FAMILIES, type Family } from '../iptables/model.ts';
import type { RuleName } from './baseline.ts';
import { mergePlaced, place, type Placement } from './position.ts';
import type { Witness } from './vouch.ts';

/** A recorded rule that must not come back, and why. */
export interface Stale {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly owned: OwnedRule;
  readonly reason: string;
}

/** What should be there: the measure that the live rules are compared with. */
export interface Desired {
  readonly owned: OwnedHost;
  /** Recorded rules the Engine no longer calls for, whether they still stand or not. */
  readonly stale: readonly Stale[];
}

/** What is known of what should be there. At least one of `baseline` and `expected` is. */
export interface Grounds {
  readonly baseline?: OwnedHost | undefined;
  /** What the Engine calls for now; absent with `--source baseline`, and for an Engine whose layout is not known. */
  readonly expected?: OwnedHost | undefined;
  /** Rules and places that the Engine said nothing against are vouched for. */
  readonly witness?: Witness | undefined;
  /** What the Engine calls for, and the baseline's user does without. */
  readonly accepted?: readonly RuleName[];
  /** Why a recorded rule that is not among the expected ones is not wanted, other than for what it serves. */
  readonly outdated?: (owned: OwnedRule) => string | undefined;
}

const TOLD = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;
const NO_TABLES: OwnedTables = new Map();

/**
 * The baseline's rules that the Engine still vouches for, and the expected ones the baseline has not seen, each behind the
 * rule it would stand behind had Docker written them all. Near-linear.
 */
export function desiredOf(grounds: Grounds): Desired {
  const stale: Stale[] = [];
  const accepted = new Set(grounds.accepted?.map(keyOf));
  const mergeFamily = (family: Family): OwnedTables => {
    const base = grounds.baseline?.families[family] ?? NO_TABLES;
    const expected = without(grounds.expected?.families[family] ?? NO_TABLES, family, accepted);
    const names = new Set([...base.keys(), ...expected.keys()]);
    return new Map(
      [...names].map((table) => [
        table,
        mergeTable(family, base.get(table), expected.get(table), grounds, stale),
      ]),
    );
  };
  const families = { ipv4: mergeFamily('ipv4'), ipv6: mergeFamily('ipv6') };
  return { owned: { families, undecided: [] }, stale };
}

const keyOf = ({ family, table, chain, rule = '' }: RuleName): string =>
  `${family} ${table} ${chain} ${rule}`;

/** Expected rules without those somebody does without on purpose. */
function without(tables: OwnedTables, family: Family, accepted: ReadonlySet<string>): OwnedTables {
  if (accepted.size === 0) return tables;
  return new Map(
    [...tables].map(([table, chains]) => [
      table,
      new Map(
        [...chains]
          .filter(([chain]) => !accepted.has(keyOf({ family, table, chain })))
          .map(([chain, owned]) => [
            chain,
            {
              ...owned,
              rules: owned.rules.filter(
                ({ rule }) => !accepted.has(keyOf({ family, table, chain, rule: rule.text })),
              ),
            },
          ]),
      ),
    ]),
  );
}

type Chains = ReadonlyMap<string, OwnedChain>;

function mergeTable(
  family: Family,
  base: Chains = new Map(),
  expected: Chains = new Map(),
  grounds: Grounds,
  stale: Stale[],
): Chains {
  const merged = new Map<string, OwnedChain>();
  for (const name of new Set([...base.keys(), ...expected.keys()])) {
    const recorded = base.get(name);
    const called = expected.get(name);
    const kept = recorded === undefined ? undefined : vouchedFor(family, recorded, called, grounds, stale);
    if (called === undefined && isOver(recorded, kept, grounds)) continue;
    const chain = kept === undefined ? called : called === undefined ? kept : withNewcomers(kept, called);
    if (chain !== undefined) merged.set(name, chain);
  }
  return merged;
}

/**
 * Whether a chain went with its rules, all stale: the swarm was left, the Engine is another. One that was empty already
 * (IPv6 has every chain, and few rules) is over when the Engine said which chains it wants.
 */
function isOver(
  recorded: OwnedChain | undefined,
  kept: OwnedChain | undefined,
  { expected }: Grounds,
): boolean {
  if (recorded === undefined || recorded.owner === 'foreign' || recorded.unknown) return false;
  if (kept?.rules.some(({ owner }) => owner !== 'foreign') === true) return false;
  return expected !== undefined || recorded.rules.some(isDockers);
}

const isDockers = ({ owner }: OwnedRule): boolean => owner === 'docker';

function vouchedFor(
  family: Family,
  chain: OwnedChain,
  called: OwnedChain | undefined,
  { witness, outdated, expected }: Grounds,
  stale: Stale[],
): OwnedChain {
  if (witness === undefined) return chain;
  const isOff = expected?.families[family].size === 0;
  const texts = new Set(called?.rules.map(({ rule }) => rule.text));
  const rules = chain.rules.filter((owned) => {
    if (!isDockers(owned) || texts.has(owned.rule.text)) return true;
    const reason =
      witness.whyGone(family, owned) ??
      (isOff ? `the Engine writes no ${TOLD[family]} rules now` : outdated?.(owned));
    if (reason === undefined) return true;
    stale.push({ family, table: chain.table, chain: chain.name, owned, reason });
    return false;
  });
  return rules.length === chain.rules.length ? chain : { ...chain, rules };
}

function withNewcomers(chain: OwnedChain, called: OwnedChain): OwnedChain {
  const known = new Set(chain.rules.map(({ rule }) => rule.text));
  const placements = called.rules.flatMap((owned, baseIndex): readonly Placement[] =>
    known.has(owned.rule.text) || isLeftToUser(chain, owned) ? [] : [{ owned, baseIndex }],
  );
  if (placements.length === 0) return chain;
  return { ...chain, rules: mergePlaced(chain.rules, place(called, chain.rules, placements)) };
}

/** Without Docker's RETURN, DOCKER-USER was recorded as its user wants it: it changes nothing (docker-rules §3, 5). */
const isLeftToUser = ({ owner }: OwnedChain, { shape }: OwnedRule): boolean =>
  owner === 'shared' && shape?.id === 'user-return';

/** How many rules of Docker's a host's rules hold. */
export function countDockers({ families }: OwnedHost): number {
  return FAMILIES.flatMap((family) => [...families[family].values()])
    .flatMap((chains) => [...chains.values()])
    .reduce((sum, { rules }) => sum + rules.filter(isDockers).length, 0);
}
