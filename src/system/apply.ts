import { Fault } from '../fault.ts';
import { statesOf, type JournalEntry } from '../guard/journal.ts';
import type { Plan } from '../guard/plan.ts';
import { storePlan } from '../guard/plan-json.ts';
import { rehearsalDifference, stageRehearsal } from '../guard/rehearsal.ts';
import { simulatePlan } from '../guard/simulate-plan.ts';
import type { OwnedHost } from '../docker/ownership.ts';
import { FAMILIES, type Backend, type Family, type Rule } from '../iptables/model.ts';
import { renderInput, renderStep, type RenderedInput } from '../iptables/restore-input.ts';
import { run } from './command.ts';
import { beginEntry, writeEntry } from './journal.ts';
import { restore, type Live, type RestoreOutcome } from './kernel.ts';
import { join } from 'node:path';
import { inScratch } from './scratch.ts';
import { withSignalsHeld } from './signals.ts';
import { thisHost, whoAsked } from './who.ts';

/** Where and how to apply. */
export interface ApplyOptions {
  readonly stateDir: string;
  readonly runDir: string;
  readonly waitSeconds: number;
  readonly rehearse: boolean;
}

/** What a plan is about to be applied to. */
export interface Stage {
  readonly live: Live;
  readonly owned: OwnedHost;
}

/** How an apply went. The journal entry stands either way. */
export interface Applied {
  readonly id: string;
  readonly entry: JournalEntry;
  readonly plan: Plan;
  /** The kernel's refusal; undefined when every table was taken. */
  readonly refused: string | undefined;
}

const familiesOf = (plan: Plan): readonly Family[] =>
  FAMILIES.filter((family) => plan.families[family].tables.length > 0);

/** Simulates and rehearses a plan. @throws Fault RG_PLAN or RG_REHEARSAL; nothing has been changed then */
export async function proveApplicable(
  plan: Plan,
  { live, owned }: Stage,
  options: ApplyOptions,
): Promise<void> {
  const [refusal] = simulatePlan(plan, live.rules).refusals;
  if (refusal !== undefined) {
    throw new Fault(
      'RG_PLAN',
      1,
      `the plan cannot be applied, so nothing was changed: ${refusal.family} table ${refusal.table}, ${refusal.reason}`,
      { details: [renderStep(refusal.step)] },
    );
  }
  if (!options.rehearse) return;
  await inScratch(join(options.runDir, 'rehearsal.lock'), async (scratch) => {
    await Promise.all(
      familiesOf(plan).map(async (family) => {
        const input = plan.families[family];
        const dockers = dockersIn(owned, family);
        const { stage, expected } = stageRehearsal(live.rules[family], input, (table, rule) =>
          dockers.has(keyOf(table, rule)),
        );
        const rehearsed = renderInput({ tables: [...stage.tables, ...input.tables] });
        if (/--(?:match|add|del)-set /.test(rehearsed.text))
          await scratch.createSets((await run(['ipset', 'save'])).stdout);
        const outcome = await scratch.restore(family, live.backend, rehearsed.text);
        const difference = outcome.applied
          ? rehearsalDifference(expected, await scratch.save(family, live.backend))
          : tellRefusal(outcome, rehearsed);
        if (difference === undefined) return;
        throw new Fault(
          'RG_REHEARSAL',
          1,
          `the ${family} plan failed its rehearsal in a scratch namespace, so nothing was changed`,
          {
            details: [difference],
            hint: 'Look at the restore input: rulesguard restore --print',
          },
        );
      }),
    );
  });
}

function dockersIn(owned: OwnedHost, family: Family): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const [table, chains] of owned.families[family]) {
    for (const chain of chains.values())
      for (const { owner, rule } of chain.rules) if (owner === 'docker') texts.add(keyOf(table, rule));
  }
  return texts;
}

const keyOf = (table: string, rule: Rule): string => `${table} ${rule.text}`;

/** Names the step behind the line a tool blames. */
function tellRefusal(
  outcome: Extract<RestoreOutcome, { applied: false }>,
  { origins }: RenderedInput,
): string {
  const origin = outcome.line === undefined ? undefined : origins[outcome.line - 1];
  if (origin === undefined) return outcome.message;
  return `${outcome.message} (table ${origin.table}${origin.step === undefined ? '' : `, ${renderStep(origin.step)}`})`;
}

/**
 * Applies a plan for real, family by family, and journals it: the intent before the first change, the outcome after.
 *
 * @throws Fault RG_BUSY or RG_PRIVILEGE; the entry is then marked failed
 */
export async function apply(
  plan: Plan,
  { live }: Stage,
  about: Pick<JournalEntry, 'action' | 'baseline' | 'undoes' | 'continues'>,
  options: ApplyOptions,
): Promise<Applied> {
  const begun: JournalEntry = {
    version: 1,
    created: new Date().toISOString(),
    host: thisHost().host,
    backend: live.backend,
    ...about,
    outcome: 'begun',
    asked: whoAsked(),
    plan: storePlan(plan),
    before: statesOf(plan, live.rules),
    after: null,
  };
  const id = await beginEntry(options.stateDir, begun);
  try {
    const refused = await withSignalsHeld(() => restoreFamilies(plan, live.backend, options));
    return { id, plan, entry: begun, refused };
  } catch (error) {
    await finish(options.stateDir, { id, plan, entry: begun, refused: undefined }, 'failed', undefined);
    throw error;
  }
}

/** Gives each family its restore input. Returns what was refused, in words; the families after that are not tried. */
async function restoreFamilies(
  plan: Plan,
  backend: Backend,
  { waitSeconds }: ApplyOptions,
): Promise<string | undefined> {
  let changed = false;
  for (const family of familiesOf(plan)) {
    const rendered = renderInput(plan.families[family]);
    try {
      const outcome = await restore(family, backend, rendered.text, waitSeconds);
      if (!outcome.applied) return `${family}: ${tellRefusal(outcome, rendered)}`;
    } catch (error) {
      // Once the other family stands there is something to go on from, or to take back.
      if (!changed || !(error instanceof Fault)) throw error;
      return `${family}: ${error.message}`;
    }
    changed = true;
  }
  return undefined;
}

/** Writes what became of an apply, with the rules as they were read afterwards. */
export async function finish(
  stateDir: string,
  applied: Applied,
  outcome: JournalEntry['outcome'],
  after: Live | undefined,
): Promise<void> {
  await writeEntry(stateDir, applied.id, {
    ...applied.entry,
    outcome,
    after: after === undefined ? null : statesOf(applied.plan, after.rules),
  });
}
