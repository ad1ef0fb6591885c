import type { OwnedChain, OwnedHost, OwnedRule, OwnedTables } from '../ownership/ownership.ts';
import type { RuleName } from '../text/model.ts';
import { FAMILIES, FAMILY_NAMES, type Family } from '../../../net/family.ts';
import { mergePlaced, place, type Placement } from '../order/position.ts';
import type { Liveness } from './liveness.ts';
import { mapChains } from './map-chains.ts';
import { withStoppedContainers, type Stale } from './stale.ts';

/** What should be there: the rules that the live ones are compared with. */
export interface Desired {
  readonly owned: OwnedHost;
  /** Recorded rules the Engine no longer requires, whether they still exist or not. */
  readonly stale: readonly Stale[];
  /** Rules of `owned` whose loss is reported, but which are not written: for each, why. */
  readonly withheld: Withheld;
}

export type Withheld = ReadonlyMap<OwnedRule, string>;

/** What is known of what should be there. At least one of `baseline` and `expected` is. */
export interface DesiredSources {
  readonly baseline?: OwnedHost | undefined;
  /** What the Engine requires now; absent with `--source baseline`, and for an Engine whose layout is not known. */
  readonly expected?: OwnedHost | undefined;
  /** Says of recorded rules whether what they serve still exists. */
  readonly liveness?: Liveness | undefined;
  /** What the Engine requires, and was accepted as missing when the baseline was recorded. */
  readonly accepted?: readonly RuleName[];
  /** Why a recorded rule that is not among the expected ones is obsolete, although what it serves still exists. */
  readonly outdated?: (owned: OwnedRule) => string | undefined;
  /** Why a recorded rule that is not obsolete must not be written all the same. */
  readonly withhold?:
    ((family: Family, chain: OwnedChain, owned: OwnedRule) => string | undefined) | undefined;
}

const NO_TABLES: OwnedTables = new Map();

/**
 * The baseline's rules that are still valid, and the expected ones the baseline has not seen, each behind the
 * rule it would follow had Docker written them all. Near-linear.
 */
export function desiredOf(sources: DesiredSources): Desired {
  const stale: Stale[] = [];
  const withheld = new Map<OwnedRule, string>();
  const accepted = new Set(sources.accepted?.map(keyOf));
  const mergeFamily = (family: Family): OwnedTables => {
    const base = sources.baseline?.families[family] ?? NO_TABLES;
    const expected = without(sources.expected?.families[family] ?? NO_TABLES, family, accepted);
    const names = new Set([...base.keys(), ...expected.keys()]);
    return new Map(
      [...names].map((table) => [
        table,
        mergeTable(family, base.get(table), expected.get(table), sources, { stale, withheld }),
      ]),
    );
  };
  const families = { ipv4: mergeFamily('ipv4'), ipv6: mergeFamily('ipv6') };
  return { owned: { families, undecided: [] }, stale: withStoppedContainers(stale), withheld };
}

/** The rules that a merge leaves out. */
interface Exclusions {
  readonly stale: Stale[];
  readonly withheld: Map<OwnedRule, string>;
}

const keyOf = ({ family, table, chain, rule = '' }: RuleName): string =>
  `${family} ${table} ${chain} ${rule}`;

/** Expected rules without those that were accepted as missing. */
function without(tables: OwnedTables, family: Family, accepted: ReadonlySet<string>): OwnedTables {
  if (accepted.size === 0) return tables;
  return mapChains(tables, (owned) => {
    const { table, name: chain, rules } = owned;
    const isAccepted = (rule?: string): boolean =>
      accepted.has(keyOf({ family, table, chain, ...(rule === undefined ? {} : { rule }) }));
    return isAccepted() ? undefined : { ...owned, rules: rules.filter(({ rule }) => !isAccepted(rule.text)) };
  });
}

type Chains = ReadonlyMap<string, OwnedChain>;

function mergeTable(
  family: Family,
  base: Chains = new Map(),
  expected: Chains = new Map(),
  sources: DesiredSources,
  left: Exclusions,
): Chains {
  const merged = new Map<string, OwnedChain>();
  for (const name of new Set([...base.keys(), ...expected.keys()])) {
    const recorded = base.get(name);
    const required = expected.get(name);
    const kept = recorded === undefined ? undefined : stillValid(family, recorded, required, sources, left);
    if (required === undefined && isObsolete(recorded, kept, sources)) continue;
    const chain =
      kept === undefined ? required : required === undefined ? kept : withExpected(kept, required);
    if (chain !== undefined) merged.set(name, chain);
  }
  return merged;
}

/**
 * Whether a recorded chain is obsolete: all its rules are stale (the swarm was left, the Engine was replaced), or it was
 * recorded empty (IPv6 has every chain, and few rules) and is not among the chains the Engine requires.
 */
function isObsolete(
  recorded: OwnedChain | undefined,
  kept: OwnedChain | undefined,
  { expected }: DesiredSources,
): boolean {
  if (recorded === undefined || recorded.owner === 'foreign' || recorded.unknown) return false;
  if (kept?.rules.some(({ owner }) => owner !== 'foreign') === true) return false;
  return expected !== undefined || recorded.rules.some(isDockers);
}

const isDockers = ({ owner }: OwnedRule): boolean => owner === 'docker';

function stillValid(
  family: Family,
  chain: OwnedChain,
  required: OwnedChain | undefined,
  { liveness, outdated, expected, withhold }: DesiredSources,
  { stale, withheld }: Exclusions,
): OwnedChain {
  const isOff = expected?.families[family].size === 0;
  const texts = new Set(required?.rules.map(({ rule }) => rule.text));
  const rules = chain.rules.filter((owned) => {
    if (owned.owner === 'foreign' || (isDockers(owned) && texts.has(owned.rule.text))) return true;
    if (isDockers(owned) && liveness?.cannotTell(owned) === true) return false;
    const reason =
      liveness === undefined || !isDockers(owned)
        ? undefined
        : (liveness.whyGone(family, owned) ??
          (isOff ? `the Engine no longer writes ${FAMILY_NAMES[family]} rules` : outdated?.(owned)));
    if (reason !== undefined) {
      const stopped = liveness?.stoppedContainer(family, owned);
      stale.push({
        ...{ family, table: chain.table, chain: chain.name, owned, reason },
        ...(stopped === undefined ? {} : { stopped }),
      });
      return false;
    }
    const hold = withhold?.(family, chain, owned);
    if (hold !== undefined) withheld.set(owned, hold);
    return true;
  });
  return rules.length === chain.rules.length ? chain : { ...chain, rules };
}

function withExpected(chain: OwnedChain, required: OwnedChain): OwnedChain {
  const known = new Set(chain.rules.map(({ rule }) => rule.text));
  const placements = required.rules.flatMap((owned, baseIndex): readonly Placement[] =>
    known.has(owned.rule.text) || isLeftToUser(chain, owned) ? [] : [{ owned, baseIndex }],
  );
  if (placements.length === 0) return chain;
  return { ...chain, rules: mergePlaced(chain.rules, place(required, chain.rules, placements)) };
}

/**
 * Docker's RETURN in DOCKER-USER. Where a baseline lacks it the user deleted it, and it has no effect
 * (docs/reference/docker-iptables.md#order-that-matters).
 */
const isLeftToUser = ({ owner }: OwnedChain, { shape }: OwnedRule): boolean =>
  owner === 'shared' && shape?.id === 'user-return';

/** How many rules of Docker's a host's rules hold. */
export function countDockers({ families }: OwnedHost): number {
  return FAMILIES.flatMap((family) => [...families[family].values()])
    .flatMap((chains) => [...chains.values()])
    .reduce((sum, { rules }) => sum + rules.filter(isDockers).length, 0);
}
