import { observationOf, type Observation } from '../../../reconcile/observation.ts';
import type { TablePlan } from '../../../firewall/nftables/plan/plan.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import { NOT_INSTALLED, orNotInstalled } from '../../observe/observe.ts';
import { proveTables } from '../../restore/tables/prove-tables.ts';
import { repairTables } from '../../restore/tables/repair-tables.ts';
import { editTexts } from '../../restore/tables/tables-backend.ts';
import type { FastBackend } from './fast-backend.ts';
import { WATCH_REPAIR } from '../watch-repair.ts';

/**
 * The fast path where Docker writes with nftables: its tables are its own, and a listing of nft shows all of them. Whatever is no part of
 * making the tables anew, a rule that is in the way for one, is left to a look.
 */
export const fastTables: FastBackend = {
  isWhole: (observation) => plansIn(observation).length === 0,
  rehearse: async (host, reference, whole, known) => {
    const gone = withoutTables(reference, whole);
    const plans = plansIn(gone);
    const edits = new Set(plans.flatMap(editTexts));
    // The tables that stand beside them in a rehearsal are those they make, so that the same edits would be the same rehearsal.
    if (!isSame(edits, known)) await proveTables(host, plans, gone, { ...WATCH_REPAIR, reference });
    return edits;
  },
  warmUp: (reference, whole) => {
    plansIn(withoutTables(reference, whole));
  },
  read: async (rules, variant, reference, asking) => {
    const reading = orNotInstalled(rules.read(variant), NOT_INSTALLED, reference, asking);
    const [live, tables] = await Promise.all([reading, rules.tables()]);
    return { ...live, tables };
  },
  tables: (rules) => rules.tables(),
  onlyAdds: (before, rehearsed) =>
    plansIn(before).every(
      (plan) => plan.refused === undefined && editTexts(plan).every((text) => rehearsed.has(text)),
    ),
  repair: async (host, reference, before, more) => {
    const options = { ...WATCH_REPAIR, ...more };
    const { after, applied, left, unjournaled } = await repairTables(host, reference, before, options);
    return {
      ...{ after, unjournaled },
      journal: applied.flatMap(({ noted }) => noted.id ?? []),
      left: [...new Set(left.map(({ reason }) => reason))],
    };
  },
};

const isSame = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((text) => other.has(text));

const plansIn = ({ tables }: Observation): readonly TablePlan[] =>
  tables === undefined ? [] : plansFor(tables, WATCH_REPAIR);

const withoutTables = (reference: Reference, { live, engine }: Observation): Observation =>
  observationOf(reference, { ...live, tables: [] }, engine);
