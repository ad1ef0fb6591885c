import { FAMILIES, type Family, type Table } from '../iptables/model.ts';
import type { RestoreInput, Step, TableInput } from '../iptables/restore-input.ts';
import type { Drift, Sides } from './compare.ts';
import { chainSteps, type LeftOut } from './edit.ts';

/** The ordered edits that bring Docker's rules back: a value that can be printed, stored, simulated and applied. */
export interface Plan {
  readonly families: Readonly<Record<Family, RestoreInput>>;
  readonly leftOut: readonly LeftOut[];
}

export interface PlanOptions {
  /** Whether FORWARD policies are set back to what was recorded. */
  readonly policies: 'restore' | 'leave';
  /** `none`: no Engine answered, and the user did not say that nothing has changed since the baseline. */
  readonly vouching?: 'given' | 'none';
  /** Rules this repair itself put back (as {@link withdrawKey}), to take out again should they have become stale. */
  readonly withdraw?: ReadonlySet<string>;
}

/** What {@link PlanOptions.withdraw} knows a rule by. */
export const withdrawKey = (family: Family, table: string, text: string): string =>
  `${family} ${table} ${text}`;

/** A half-applied restore must fail closed: what drops comes before what lets through (DESIGN §5). */
const TABLE_ORDER = ['raw', 'mangle', 'filter', 'nat'];

/**
 * Plans the repair of a drift: the fewest edits, each rule where it belongs, chains without findings untouched, foreign
 * rules neither named nor moved. Near-linear in the size of the chains that differ.
 *
 * @param drift - {@link compare} of the same `sides`
 */
export function planRepair(drift: Drift, sides: Sides, options: PlanOptions): Plan {
  const leftOut: LeftOut[] = drift.stale.map(({ owned, ...where }) => ({ ...where, rule: owned.rule.text }));
  const familyInput = (family: Family): RestoreInput => ({
    tables: TABLE_ORDER.flatMap((table): readonly TableInput[] => {
      const chains = drift.chains.filter((chain) => chain.family === family && chain.table === table);
      const policies =
        options.policies === 'restore'
          ? drift.policies.filter((policy) => policy.family === family && policy.table === table)
          : [];
      const live = sides.live[family].tables.get(table);
      const creates = chains.flatMap((chain): readonly Step[] =>
        chain.exists || chain.base.builtin ? [] : [{ op: 'create', chain: chain.chain }],
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
        ...chains.flatMap((chain) => chainSteps(chain, known, leftOut, options.vouching ?? 'given')),
        ...withdrawals(drift, options, family, table),
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

/** Orphans that must not stay: those that lead packets astray, and what was put back a moment ago for a container that has stopped meanwhile. */
function withdrawals(
  { extras }: Drift,
  { withdraw }: PlanOptions,
  family: Family,
  table: string,
): readonly Step[] {
  return extras.flatMap((extra): readonly Step[] => {
    const { chain, owned, orphaned, diverts } = extra;
    if (extra.family !== family || extra.table !== table || orphaned === undefined) return [];
    const isOurs = withdraw?.has(withdrawKey(family, table, owned.rule.text)) === true;
    return isOurs || diverts !== undefined ? [{ op: 'delete', chain, rule: owned.rule }] : [];
  });
}

/** Whether a plan has nothing to do. */
export function isEmptyPlan(plan: Plan): boolean {
  return FAMILIES.every((family) => plan.families[family].tables.length === 0);
}

const countersOf = (live: Table | undefined, chain: string): string =>
  live?.chains.get(chain)?.counters ?? '';
