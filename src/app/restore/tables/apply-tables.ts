import { storePlan } from '../../../firewall/iptables/plan/plan-json.ts';
import type { TablePlan } from '../../../firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../../firewall/nftables/plan/render.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import type { NftTable } from '../../../firewall/nftables/tables/model.ts';
import type { JournalEntry } from '../../../reconcile/journal.ts';
import type { Noted } from '../../../host/state/journal.ts';
import { digestOfTables } from '../../observe/digests.ts';
import type { Applier, Refusals } from '../apply.ts';

/** How an apply to Docker's tables went. Its journal entry is there either way, if it could be written. */
export interface AppliedTransactions {
  readonly noted: Noted;
  readonly entry: JournalEntry & { readonly tables: NonNullable<JournalEntry['tables']> };
  readonly plans: readonly TablePlan[];
  /** Nft's refusal; undefined when every transaction was made. */
  readonly refused: string | undefined;
  /** By family. */
  readonly refusals: Refusals;
}

const NO_PLAN = storePlan({ families: { ipv4: { tables: [] }, ipv6: { tables: [] } }, leftOut: [] });

/** The transactions of plans, one for each family that has any. */
export const transactionsOf = (plans: readonly TablePlan[]): readonly string[] =>
  FAMILIES.map((family) => plans.filter((plan) => plan.family === family))
    .map((own) => own.map(renderTablePlan).join(''))
    .filter((text) => text !== '');

/** What an entry says beside the tables. */
export type AboutApply = Pick<JournalEntry, 'action' | 'baseline' | 'undoes' | 'continues' | 'variant'>;

/**
 * Gives nft one transaction for each family, and journals it: the intent before the first change.
 *
 * @throws Fault RG_PRIVILEGE; the entry is then marked failed
 */
export async function applyTables(
  host: Applier,
  plans: readonly TablePlan[],
  about: AboutApply,
): Promise<AppliedTransactions> {
  return applyTransactions(host, transactionsOf(plans), plans, about);
}

/** As {@link applyTables}, of transactions already written. */
export async function applyTransactions(
  host: Applier,
  done: readonly string[],
  plans: readonly TablePlan[],
  about: AboutApply & { readonly changed?: readonly string[]; readonly own?: true },
): Promise<AppliedTransactions> {
  const begun = await beginTables(host, { changed: plans.map(tableName), ...about, done });
  try {
    const refusals = await host.withSignalsHeld(() => writeAll(host, done));
    const [refused] = Object.values(refusals);
    return { ...begun, plans, refused, refusals };
  } catch (error) {
    await finishTables(host, begun, 'failed', undefined);
    throw error;
  }
}

/** Journals what is about to be done to tables. @param what - with the names of the tables it changes: `ip docker-bridges` */
export async function beginTables(
  host: Applier,
  {
    done,
    changed,
    own,
    ...rest
  }: AboutApply & {
    readonly done: readonly string[];
    readonly changed: readonly string[];
    /** They are not Docker's. */
    readonly own?: true;
  },
): Promise<Pick<AppliedTransactions, 'noted' | 'entry'>> {
  const entry = {
    version: 1 as const,
    created: new Date(host.now()).toISOString(),
    host: host.host().host,
    ...rest,
    outcome: 'begun' as const,
    asked: host.asked(),
    plan: NO_PLAN,
    tables: { done, before: await host.listTables(changed), after: null, ...(own && { own }) },
    before: [],
    after: null,
  };
  return { noted: await host.journal.begin(entry), entry };
}

/** One transaction for each family: one that is refused keeps the other's from nothing. */
async function writeAll(host: Applier, transactions: readonly string[]): Promise<Refusals> {
  const refusals: Partial<Record<Family, string>> = {};
  for (const text of transactions) {
    const refused = await host.writeTables(text);
    if (refused !== undefined) refusals[familyIn(text)] = refused;
  }
  return refusals;
}

/** Of a transaction: all of its lines are of one family. */
const familyIn = (text: string): Family =>
  / ip6 /.test(text.slice(0, text.indexOf('\n'))) ? 'ipv6' : 'ipv4';

/** Writes what became of an apply. @returns why that could not be written */
export async function finishTables(
  { journal }: Pick<Applier, 'journal'>,
  { noted, entry }: Pick<AppliedTransactions, 'noted' | 'entry'>,
  outcome: JournalEntry['outcome'],
  after: readonly NftTable[] | undefined,
): Promise<string | undefined> {
  if (noted.id === undefined) return noted.why;
  const tables = { ...entry.tables, after: after === undefined ? null : digestOfTables(after) };
  return journal.end(noted.id, { ...entry, outcome, tables });
}
