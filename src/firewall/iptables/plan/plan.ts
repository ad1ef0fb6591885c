import { deletesAsWritten } from '../text/alike.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { writtenRule } from '../ownership/written.ts';
import type { Table } from '../text/model.ts';
import type { RestoreInput, Step, TableInput } from '../text/restore-input.ts';
import type { ChainDrift, Drift, Sides } from '../compare/drift.ts';
import type { Withheld } from '../desired/desired.ts';
import { ALIKE, chainSteps, makingOf, type LeftOut } from './edit.ts';

/** The ordered edits that bring Docker's rules back: a value that can be printed, stored, simulated and applied. */
export interface Plan {
  readonly families: Readonly<Record<Family, RestoreInput>>;
  readonly leftOut: readonly LeftOut[];
}

export interface PlanOptions {
  /** Whether FORWARD policies are restored as recorded; `close`: only to DROP, as no Engine requires ACCEPT. A declared one is in any case. */
  readonly policies: 'restore' | 'close' | 'leave';
  /** `unknown`: no Engine answered, and `--assume-unchanged` was not given. */
  readonly liveness?: 'known' | 'unknown';
  /** Rules this repair itself restored (as {@link withdrawKey}), to be deleted again if they have become stale. */
  readonly withdraw?: ReadonlySet<string>;
  /** Rules the tool does not take (as {@link withdrawKey}), and why. */
  readonly unloadable?: ReadonlyMap<string, string>;
  /** Why something is left as it is although it differs; see {@link LeaveAsIs}. */
  readonly leave?: LeaveAsIs | undefined;
  /** Why the user's own rules in DOCKER-USER must not be restored; absent where they may be. */
  readonly content?: string | undefined;
}

/**
 * Why something is left as it is, though a repair would change it: somebody else changes it back, or its turn has not come. Undefined where it
 * may be repaired.
 *
 * @param what - a rule to write, by its text; `move TEXT` for one in the wrong place or too many; `take TEXT` for one to delete; `:CHAIN`
 *   for a chain to make; `-P CHAIN` for its policy
 */
export type LeaveAsIs = (family: Family, table: string, what: string) => string | undefined;

/** The key of a rule in {@link PlanOptions.withdraw}. */
export const withdrawKey = (family: Family, table: string, text: string): string =>
  `${family} ${table} ${text}`;

const NONE: Withheld = new Map();

/**
 * A half-applied restore must fail closed: rules that drop come before rules that let through
 * (docs/reference/kernel.md#iptables-restore).
 */
const TABLE_ORDER = ['raw', 'mangle', 'filter', 'nat'];

/**
 * Plans the repair of a drift: the fewest edits, each rule where it belongs, chains without findings untouched, foreign
 * rules neither named nor moved. Near-linear in the size of the chains that differ.
 *
 * @param drift - {@link compare} of the same `sides`
 */
export function planRepair(drift: Drift, sides: Sides, options: PlanOptions): Plan {
  const leftOut: LeftOut[] = drift.stale.map(({ owned, ...where }) => ({ ...where, rule: owned.rule.text }));
  const withheld = sides.withheld ?? NONE;
  // A chain that no Engine is known to write serves nothing without its rules.
  const isWithheld = ({ desired }: ChainDrift): boolean =>
    desired.unknown &&
    desired.rules.some((owned) => withheld.has(owned)) &&
    desired.rules.every((owned) => owned.owner === 'foreign' || withheld.has(owned));
  const familyInput = (family: Family): RestoreInput => ({
    tables: TABLE_ORDER.flatMap((table): readonly TableInput[] => {
      const why = (what: string): string | undefined => options.leave?.(family, table, what);
      const differing = drift.chains.filter((chain) => chain.family === family && chain.table === table);
      const unmade = new Map(
        differing.flatMap(({ chain, exists, desired }) => {
          const reason = exists || desired.builtin ? undefined : why(`:${chain}`);
          return reason === undefined ? [] : [[chain, reason] as const];
        }),
      );
      for (const chain of differing) leaveUnmade(chain, unmade.get(chain.chain), leftOut);
      const chains = differing.filter(({ chain }) => !unmade.has(chain));
      const policies = drift.policies.filter(
        (policy) =>
          policy.family === family &&
          policy.table === table &&
          why(`-P ${policy.chain}`) === undefined &&
          (policy.declared === true ||
            options.policies === 'restore' ||
            (options.policies === 'close' && policy.was === 'DROP')),
      );
      const live = sides.live[family].tables.get(table);
      const creates = chains.flatMap((chain): readonly Step[] =>
        chain.exists || chain.desired.builtin || isWithheld(chain)
          ? []
          : [{ op: 'create', chain: chain.chain }],
      );
      const known = new Set([...(live?.chains.keys() ?? []), ...creates.map((step) => step.chain)]);
      const steps: readonly Step[] = [
        ...creates,
        ...policies.map((policy): Step => ({
          op: 'policy',
          chain: policy.chain,
          policy: policy.was,
          counters: countersOf(live, policy.chain),
        })),
        ...chains.flatMap((chain) =>
          chainSteps(
            chain,
            {
              ...{ known, unmade, withheld, liveness: options.liveness ?? 'known', content: options.content },
              unloadable: (text) => options.unloadable?.get(withdrawKey(family, table, text)) ?? why(text),
              leave: (text) => why(`move ${text}`),
            },
            leftOut,
          ),
        ),
        ...withdrawals(drift, options, family, live, leftOut, table),
        ...unprovable(sides, options, family, live, table),
      ];
      return steps.length === 0 ? [] : [{ table, steps }];
    }),
  });
  const families = Object.fromEntries(FAMILIES.map((family) => [family, familyInput(family)])) as Record<
    Family,
    RestoreInput
  >;
  return { families, leftOut };
}

/** Names a chain that is not made again, and each rule of it. @param reason - undefined for one that is */
function leaveUnmade(
  { family, table, chain, desired, missing }: ChainDrift,
  reason: string | undefined,
  leftOut: LeftOut[],
): void {
  if (reason === undefined) return;
  const rules = missing.flatMap((index) => desired.rules[index]?.rule.text ?? []);
  for (const rule of [makingOf(chain), ...rules]) leftOut.push({ family, table, chain, rule, reason });
}

/** Orphans to be deleted: those that misroute packets, and rules restored a moment ago for a container that has stopped since. */
function withdrawals(
  { extras }: Drift,
  { withdraw, leave }: PlanOptions,
  family: Family,
  live: Table | undefined,
  leftOut: LeftOut[],
  table: string,
): readonly Step[] {
  return extras.flatMap((extra): readonly Step[] => {
    const { owned, orphaned, diverts } = extra;
    const rule = writtenRule(owned);
    const { chain } = rule;
    if (extra.family !== family || extra.table !== table || orphaned === undefined) return [];
    const isOurs = withdraw?.has(withdrawKey(family, table, rule.text)) === true;
    if (!isOurs && diverts === undefined) return [];
    const texts = live?.chains.get(chain)?.rules.map(({ text }) => text) ?? [];
    const reason =
      leave?.(family, table, `take ${rule.text}`) ??
      (deletesAsWritten(texts, [rule.text]) ? undefined : ALIKE);
    if (reason === undefined) return [{ op: 'delete', chain, rule }];
    leftOut.push({ family, table, chain, rule: rule.text, reason });
    return [];
  });
}

/**
 * Rules restored a moment ago that nothing requires any more, and that nothing shows to be Docker's: a MASQUERADE of a container's own address
 * names no bridge, and is known by that container's translations alone.
 */
function unprovable(
  { desired, liveOwned }: Sides,
  { withdraw, leave }: PlanOptions,
  family: Family,
  live: Table | undefined,
  table: string,
): readonly Step[] {
  if (withdraw === undefined || withdraw.size === 0) return [];
  const known = new Set(
    [
      ...(desired.families[family].get(table)?.values() ?? []),
      ...(liveOwned.families[family].get(table)?.values() ?? []),
    ].flatMap(({ rules }) =>
      rules.flatMap((owned) => (owned.owner === 'foreign' ? [] : [writtenRule(owned).text])),
    ),
  );
  return [...(live?.chains.values() ?? [])].flatMap(({ name: chain, rules }) => {
    const texts = rules.map(({ text }) => text);
    const written = new Map(rules.map((rule) => [rule.text, rule] as const));
    return [...written].flatMap(([text, rule]): readonly Step[] =>
      withdraw.has(withdrawKey(family, table, text)) &&
      !known.has(text) &&
      leave?.(family, table, `take ${text}`) === undefined &&
      deletesAsWritten(texts, [text])
        ? [{ op: 'delete', chain, rule }]
        : [],
    );
  });
}

/** How many steps a plan has. */
export function countSteps(plan: Plan): number {
  return FAMILIES.flatMap((family) => plan.families[family].tables).reduce(
    (sum, { steps }) => sum + steps.length,
    0,
  );
}

/** Whether a plan has nothing to do. */
export function isEmptyPlan(plan: Plan): boolean {
  return FAMILIES.every((family) => plan.families[family].tables.length === 0);
}

const countersOf = (live: Table | undefined, chain: string): string =>
  live?.chains.get(chain)?.counters ?? '';
