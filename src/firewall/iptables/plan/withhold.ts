import type { OwnedChain, OwnedHost, OwnedRule, OwnedTables } from '../ownership/ownership.ts';
import type { PurposeId } from '../ownership/purpose.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { targetOf } from '../text/view.ts';
import type { Sides } from '../compare/drift.ts';
import type { Plan } from './plan.ts';

/** Targets that let nothing through and redirect nothing. Any other target may let in more. */
const CLOSES: ReadonlySet<string> = new Set(['DROP', 'REJECT', 'CHECKSUM']);

/** Whether a rule may let packets through that would not pass without it: true of all but rules that only stop them. */
function mayOpen({ rule }: Pick<OwnedRule, 'rule'>): boolean {
  return !CLOSES.has(targetOf(rule.text) ?? '');
}

/** What is known when a recorded rule is to be written although the Engine's rules, as computed, do not hold it. */
export interface Vetting {
  /** What the running Engine requires; undefined for an Engine whose layout is not known. */
  readonly required: OwnedHost | undefined;
  /** Interfaces of this network namespace. */
  readonly interfaces: ReadonlySet<string>;
}

/**
 * Docker writes it only where WSL2 mirrors the network of Windows, and only there does this interface exist
 * (docs/reference/docker-iptables.md#the-daemon).
 */
const OF_WSL: ReadonlySet<PurposeId> = new Set(['raw-loopback-wsl', 'wsl-return']);
const WSL_INTERFACE = 'loopback0';

/**
 * Why a recorded rule is not written although nothing in the Engine's reply makes it obsolete: a baseline must not let in more
 * than the Engine requires. Restored as recorded are rules that only close, and rules for what the Engine confirms by name but
 * whose rules cannot be computed: the routing mesh of a worker, overlay networks of old Engines.
 */
export function withholdBeside({
  required,
  interfaces,
}: Vetting): (family: Family, chain: OwnedChain, owned: OwnedRule) => string | undefined {
  const texts = new Map<Family, Map<string, ReadonlySet<string>>>();
  const isRequired = (family: Family, { table, name }: OwnedChain, { rule }: OwnedRule): boolean => {
    const known = texts.get(family) ?? new Map<string, ReadonlySet<string>>();
    texts.set(family, known);
    const key = `${table} ${name}`;
    const rules =
      known.get(key) ??
      new Set(
        required?.families[family]
          .get(table)
          ?.get(name)
          ?.rules.map((one) => one.rule.text),
      );
    known.set(key, rules);
    return rules.has(rule.text);
  };
  return (family, chain, owned) => {
    if (owned.owner !== 'docker' || isRequired(family, chain, owned)) return undefined;
    const { shape, level } = owned;
    if (!chain.unknown && !mayOpen(owned)) return undefined;
    if (shape !== undefined) {
      // At the end of DOCKER-USER a RETURN changes nothing; before a user's rules it is only restored where it was.
      if (level === 'ingress' || level === 'overlay' || shape.id === 'user-return') return undefined;
      if (OF_WSL.has(shape.id) && interfaces.has(WSL_INTERFACE)) return undefined;
      if (required === undefined && shape.id !== 'mark-accept') return undefined;
    }
    return 'the Engine does not require it, and it may let packets through';
  };
}

/** Why rules of a baseline that was not recorded on this host are only reported. */
const STRANGE = 'the baseline was not recorded on this host (to use it anyway: --trust-baseline)';

/**
 * Why a rule of an unconfirmed baseline is not written: nothing shows that it was recorded on this host, and no Engine
 * answers. Rules that Engines are known to write may be restored; rules that could open anything are not.
 */
export function withholdStrange(_: Family, chain: OwnedChain, owned: OwnedRule): string | undefined {
  if (owned.owner === 'shared') return STRANGE;
  if (owned.owner === 'foreign') return undefined;
  const isPlain = owned.shape !== undefined && owned.shape.id !== 'mark-accept' && !chain.unknown;
  return isPlain ? undefined : STRANGE;
}

/** Of a baseline that was not recorded on this host, beside an Engine: the user's own content, to report that it is lost. */
export function onlyUsersOwn({ families }: OwnedHost): OwnedHost {
  const of = (tables: OwnedTables): OwnedTables =>
    new Map(
      [...tables].flatMap(
        ([table, chains]): readonly (readonly [string, ReadonlyMap<string, OwnedChain>])[] => {
          const own = [...chains].filter(([, { owner, rules }]) => owner === 'shared' && rules.some(isUsers));
          return own.length === 0 ? [] : [[table, new Map(own)]];
        },
      ),
    );
  return { families: { ipv4: of(families.ipv4), ipv6: of(families.ipv6) }, undecided: [] };
}

const isUsers = ({ owner }: OwnedRule): boolean => owner === 'shared';

/** The user's own rules that a plan writes and that may let packets through. */
export function usersOpenings(
  plan: Plan,
  { desired }: Pick<Sides, 'desired'>,
): readonly { readonly family: Family; readonly rule: string }[] {
  return FAMILIES.flatMap((family) =>
    plan.families[family].tables.flatMap(({ table, steps }) =>
      steps.flatMap((step) => {
        if (step.op !== 'append' && step.op !== 'insert') return [];
        const { text } = step.rule;
        const owned = desired.families[family]
          .get(table)
          ?.get(step.chain)
          ?.rules.find(({ rule }) => rule.text === text);
        return owned !== undefined && isUsers(owned) && mayOpen(owned) ? [{ family, rule: text }] : [];
      }),
    ),
  );
}
