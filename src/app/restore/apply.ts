import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { statesOf } from '../../firewall/iptables/plan/chain-states.ts';
import type { JournalEntry } from '../../reconcile/journal.ts';
import { storePlan } from '../../firewall/iptables/plan/plan-json.ts';
import type { Plan } from '../../firewall/iptables/plan/plan.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { Noted } from '../../host/state/journal.ts';
import type { Identity, Journal, Observer, Writer } from '../ports.ts';

/** What applying a plan, verifying it and taking it back touch. */
export interface Applier extends Observer, Writer, Identity {
  readonly journal: Journal;
}

/** How an apply went. Its journal entry is there either way, if it could be written. */
export interface Applied {
  readonly noted: Noted;
  readonly entry: JournalEntry;
  readonly plan: Plan;
  /** The kernel's refusal; undefined when every table was taken. */
  readonly refused: string | undefined;
  /** By family, what of it was refused. */
  readonly refusals: Refusals;
}

/** What the kernel said of each family that it did not take whole. */
export type Refusals = Readonly<Partial<Record<Family, string>>>;

/**
 * Applies a plan, family by family, and journals it: the intent before the first change.
 *
 * @param live - the rules as they are
 * @param goesOn - whether the second family is tried when the first was refused
 * @throws Fault RG_BUSY or RG_PRIVILEGE; the entry is then marked failed
 */
export async function apply(
  host: Applier,
  plan: Plan,
  live: Live,
  about: Pick<JournalEntry, 'action' | 'baseline' | 'undoes' | 'continues'>,
  goesOn = false,
): Promise<Applied> {
  const entry: JournalEntry = {
    version: 1,
    created: new Date(host.now()).toISOString(),
    host: host.host().host,
    variant: live.variant,
    ...about,
    outcome: 'begun',
    asked: host.asked(),
    plan: storePlan(plan),
    before: statesOf(plan, live.rules),
    after: null,
  };
  const noted = await host.journal.begin(entry);
  try {
    const refusals = await host.withSignalsHeld(() => writeFamilies(host, plan, live.variant, goesOn));
    const [refused] = FAMILIES.flatMap((family) =>
      refusals[family] === undefined ? [] : [`${family}: ${refusals[family]}`],
    );
    return { noted, plan, entry, refused, refusals };
  } catch (error) {
    await finish(host, { noted, plan, entry }, 'failed', undefined);
    throw error;
  }
}

/** Gives each family its tables. Of a family nothing is tried behind the table that is refused. */
async function writeFamilies(host: Writer, plan: Plan, variant: Variant, goesOn: boolean): Promise<Refusals> {
  const refusals: Partial<Record<Family, string>> = {};
  let changed = false;
  for (const family of FAMILIES) {
    const input = plan.families[family];
    if (input.tables.length === 0) continue;
    try {
      const refused = await host.writeRules(family, variant, input);
      if (refused !== undefined) refusals[family] = refused;
    } catch (error) {
      // Once the other family is written there is something to go on from, or to undo.
      if (!changed || !(error instanceof Fault)) throw error;
      refusals[family] = error.message;
    }
    changed = true;
    if (refusals[family] !== undefined && !goesOn) break;
  }
  return refusals;
}

/**
 * Writes what became of an apply, with the rules as they were read afterwards.
 *
 * @returns why that could not be written: what was applied is in force all the same
 */
export async function finish(
  { journal }: Pick<Applier, 'journal'>,
  { noted, entry, plan }: Pick<Applied, 'noted' | 'entry' | 'plan'>,
  outcome: JournalEntry['outcome'],
  after: Live | undefined,
): Promise<string | undefined> {
  if (noted.id === undefined) return noted.why;
  return journal.end(noted.id, {
    ...entry,
    outcome,
    after: after === undefined ? null : statesOf(plan, after.rules),
  });
}
