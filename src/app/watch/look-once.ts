import { KEEPS_NONE } from '../../docker/engine-reply.ts';
import { Fault } from '../../fault.ts';
import { PASSING } from '../../firewall/iptables/plan/edit.ts';
import type { Observation } from '../../reconcile/observation.ts';
import { heldState } from '../../reconcile/tables/declared-tables.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { effectId } from '../../reconcile/accept/effect-id.ts';
import type { CheckEffect, EffectSource } from '../../reconcile/verdict/effect.ts';
import { effectWords } from '../../report/check/words.ts';
import { printable } from '../../report/text.ts';
import type { NotedEffect } from '../../watch/event.ts';
import { judgedLook } from '../check/check.ts';
import { look, lookAgainUntilStable, lookAt, type Look } from '../check/look.ts';
import type { CheckHost } from '../check/ports.ts';
import { isBeforeDocker, isNoEngine, isNothingThere } from '../hooks/policy.ts';
import { readSurroundings } from '../reach/read-terrain.ts';
import type { LookWays, WatchLook } from './ports.ts';

/** What a look needs beside the host. */
export interface LookArgs {
  /** The newest baseline, if there is one, and the Engine. @throws Fault */
  readonly openReference: () => Promise<Reference>;
  /** When the machine was booted, in milliseconds since 1970. */
  readonly booted: () => number;
  /** Whether a dockerd of this network namespace runs, though no Engine answers. */
  readonly isDockerdThere: () => boolean;
  /** Is told of what was observed where nothing differs that a restore brings back. */
  readonly onWell: (observation: Observation, reference: Reference) => void;
}

const NOTHING: WatchLook = { effects: [] };

/**
 * Looks at the host as check does.
 *
 * @param ways - what is found wrong may be looked at again until it is found twice
 * @returns nothing where there is nothing to guard: no Engine has written rules since the machine started, and nothing was recorded, or it writes none; `not-yet`
 *   while dockerd starts or stops, and writes or takes out its rules itself, unless the look is past waiting for that
 * @throws Fault of what could not be read
 */
export async function lookOnce(
  host: CheckHost,
  { openReference, booted, isDockerdThere, onWell }: LookArgs,
  { isTwice, isPatient }: LookWays,
): Promise<WatchLook | 'not-yet'> {
  const reading = host.beginReading();
  const surroundings = readSurroundings(host);
  surroundings.catch(() => undefined);
  try {
    const reference = await openReference();
    const first = await look(host, reference, { reading, surroundings });
    if (first.verdict.exit === 0) {
      onWell(first.observation, reference);
      return NOTHING;
    }
    if (isBeforeDocker(first.observation.engine, reference.stored, booted())) return NOTHING;
    const { engine } = first.observation;
    const isUnreachable = !engine.answered && isNoEngine(engine.fault) && isDockerdThere();
    if (isUnreachable && isPatient) return 'not-yet';
    const seen = isTwice() ? await lookAgainUntilStable(host, reference, first) : first;
    const effects = (await effectsIn(seen, reference, host)).map((effect) => notedOf(effect, seen));
    if (!effects.some(({ repairable }) => repairable)) onWell(seen.observation, reference);
    return { effects, ...(isUnreachable && { isPastDockerd: true }) };
  } catch (error) {
    if (error instanceof Fault && KEEPS_NONE.has(error.code)) return NOTHING;
    if (!isNothingThere(error) && !(error instanceof Fault && isNoEngine(error))) throw error;
    if (!isDockerdThere()) return NOTHING;
    return isPatient ? 'not-yet' : { ...NOTHING, isPastDockerd: true };
  }
}

/**
 * What packets did on a host while its rules were as they were observed, whatever they are by now.
 *
 * @throws Fault of what could not be read beside the rules
 */
export async function effectsThen(
  host: CheckHost,
  observation: Observation,
  reference: Reference,
): Promise<readonly NotedEffect[]> {
  const seen = await lookAt(host, observation, reference, await readSurroundings(host));
  return (await effectsIn(seen, reference, host))
    .map((effect) => notedOf(effect, seen))
    .filter(({ repairable }) => repairable);
}

async function effectsIn(seen: Look, reference: Reference, host: CheckHost): Promise<readonly CheckEffect[]> {
  const { verdict } = await judgedLook(seen, reference, host, () => undefined);
  return verdict.effects.filter(({ shown }) => seen.observation.engine.answered || !isOfContainers(shown));
}

/** Without an Engine a container whose rules are gone may simply have been stopped, by dockerd as it stopped. */
const isOfContainers = (shown: EffectSource): boolean =>
  shown.by === 'findings' && shown.findings.every(({ level }) => level !== undefined && PASSING.has(level));

/** A policy is set back on request alone. */
const isPolicy = (shown: EffectSource): boolean =>
  'findings' in shown && shown.findings.every(({ kind }) => kind === 'policy');

/** A table of the operator's own that holds what is not declared: whether that was meant is his word. */
const isChangedTable = (shown: EffectSource, { observation }: Look): boolean =>
  'findings' in shown &&
  shown.findings.every(
    ({ kind, table }) =>
      kind === 'declared-table' &&
      observation.live.held?.some((one) => one.table === table && heldState(one) === 'changed') === true,
  );

const notedOf = (effect: CheckEffect, seen: Look): NotedEffect => ({
  id: effect.shown.by === 'unread' ? effectId([effect.shown.part.what]) : effect.id,
  effect: effect.effect,
  cause: effect.cause,
  headline: printable(effectWords(effect).headline),
  cells: effect.cells,
  repairable: effect.cause === 'lost' && !isPolicy(effect.shown) && !isChangedTable(effect.shown, seen),
  covers: effect.covers,
});
