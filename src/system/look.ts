import { setTimeout as sleep } from 'node:timers/promises';
import { expectedRules } from '../docker/expected.ts';
import { namedAddresses, type Inventory } from '../docker/inventory.ts';
import { ownHost, type OwnedHost } from '../docker/ownership.ts';
import { inferSettings } from '../docker/settings.ts';
import { compare, ownLive, type Drift, type Sides } from '../guard/compare.ts';
import { hasUserlandProxy } from '../guard/consequence.ts';
import { desiredOf, type Desired } from '../guard/desired.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { findingsOf } from '../guard/findings.ts';
import { outdatedBy } from '../guard/outdated.ts';
import type { Surroundings } from '../guard/told.ts';
import { Witness } from '../guard/vouch.ts';
import { Fault } from '../fault.ts';
import { digestOfRules } from './digest.ts';
import { readLive, type Live, type Reading } from './kernel.ts';
import { awaitNamed } from './quiet.ts';
import { readSettled } from './settled.ts';
import type { StoredBaseline } from './store.ts';
import type { Answer } from './engine.ts';
import { askAgain, askWord } from './word.ts';

/** Whose rules are wanted: those recorded, those the Engine calls for, or all of them. */
export const SOURCES = ['baseline', 'engine', 'both'] as const;
export type Source = (typeof SOURCES)[number];

/** What the live rules are measured by. */
export interface Measure {
  readonly source: Source;
  /** Undefined when none was recorded, or when the source is the Engine alone. */
  readonly stored: StoredBaseline | undefined;
  /** Why there is no baseline, for when the Engine does not answer either. */
  readonly noBaseline?: Fault | undefined;
}

/** The live rules beside what should be there: everything that check tells and restore plans from. */
export interface Look {
  readonly live: Live;
  readonly word: Answer;
  readonly sides: Sides;
  readonly drift: Drift;
  readonly findings: readonly Finding[];
}

/**
 * Reads the live rules, asks the Engine, and compares.
 *
 * @param read - a reading already begun
 * @param asking - an answer already on its way
 * @throws Fault of the Engine when there is nothing but the Engine to go by
 */
export async function look(
  measure: Measure,
  read: Reading = readLive,
  asking: Promise<Answer> = askWord(),
): Promise<Look> {
  const [live, word] = await Promise.all([read(measure.stored?.baseline.backend), asking]);
  return lookAt(measure, live, word);
}

/** Compares rules already read with what an Engine already said. */
export function lookAt(measure: Measure, live: Live, word: Answer): Look {
  const { desired, witness } = measureBy(measure, live, word);
  const networks = word.answered ? word.inventory.networks : measure.stored?.baseline.engine?.networks;
  const sides: Sides = {
    base: desired.owned,
    live: live.rules,
    liveOwned: ownLive(desired.owned, live.rules, { networks, settled: word.answered }),
    ...(witness === undefined || !word.answered
      ? {}
      : {
          vouched: {
            witness,
            company: { interfaces: word.interfaces, alone: word.daemons.count === 1 },
            stale: desired.stale,
          },
        }),
  };
  const drift = compare(sides);
  const surroundings = surroundingsOf(word, measure.stored, desired.owned);
  return { live, word, sides, drift, findings: findingsOf(drift, surroundings) };
}

/** Names to tell consequences with: the Engine's own, else those a baseline recorded. */
export function surroundingsOf(
  word: Answer,
  stored: StoredBaseline | undefined,
  owned: OwnedHost,
): Surroundings {
  return {
    networks: (word.answered ? word.inventory.networks : stored?.baseline.engine?.networks) ?? [],
    containers: word.answered ? namedAddresses(word.inventory) : (stored?.baseline.engine?.containers ?? []),
    userlandProxy: hasUserlandProxy(owned),
  };
}

/** What should be there. */
function measureBy(
  { source, stored, noBaseline }: Measure,
  live: Live,
  word: Answer,
): { readonly desired: Desired; readonly witness: Witness | undefined } {
  if (!word.answered) {
    if (stored === undefined) throw withoutEither(word.fault, noBaseline);
    return { desired: { owned: stored.owned, stale: [] }, witness: undefined };
  }
  const { inventory } = word;
  const { engine } = stored?.baseline ?? {};
  const witness = new Witness(inventory, {
    networks: engine?.networks ?? [],
    containers: engine?.containers ?? [],
  });
  const expected = source === 'baseline' ? undefined : expectedOf(inventory, word, live, stored?.owned);
  if (expected === undefined && stored === undefined)
    throw new Fault(
      'RG_ENGINE_UNKNOWN',
      3,
      `Engine ${inventory.version} is older than 18.03.1: which rules it calls for is not known here`,
      { hint: 'Record them while all is well: rulesguard snapshot' },
    );
  const outdated =
    expected === undefined ? undefined : outdatedBy(engine?.version, inventory.version, believedIn(stored));
  return {
    desired: desiredOf({
      baseline: stored?.owned,
      expected,
      witness,
      accepted: stored?.baseline.accepted ?? [],
      ...(outdated === undefined ? {} : { outdated }),
    }),
    witness,
  };
}

const believedIn = (stored: StoredBaseline | undefined): ReadonlySet<string> =>
  new Set(stored?.baseline.unexplained?.map(({ rule = '' }) => rule));

/** Without a baseline and without an Engine nothing can be told: the Engine's trouble, and that nothing was recorded. */
function withoutEither(fault: Fault, noBaseline: Fault | undefined): Fault {
  if (noBaseline === undefined) return fault;
  // An Engine that is there has a remedy of its own; without any, the baseline's says how to get its rules back.
  const hint = fault.code === 'RG_ENGINE_ABSENT' ? noBaseline.hint : (fault.hint ?? noBaseline.hint);
  return new Fault(noBaseline.code, 3, `${noBaseline.message}; and ${fault.message}`, {
    details: [...noBaseline.details, ...fault.details],
    ...(hint === undefined ? {} : { hint }),
  });
}

function expectedOf(
  inventory: Inventory,
  { daemons }: Extract<Answer, { answered: true }>,
  live: Live,
  recorded: OwnedHost | undefined,
): OwnedHost | undefined {
  const { networks } = inventory;
  const written = (): readonly OwnedHost[] => [
    recorded === undefined
      ? ownHost(live.rules, { networks, settled: true })
      : ownLive(recorded, live.rules, { networks, settled: true }),
    ...(recorded === undefined ? [] : [recorded]),
  ];
  const settings = inferSettings({ inventory, facts: daemons.facts, written });
  const rules = expectedRules(inventory, settings);
  return rules === undefined ? undefined : ownHost(rules, { networks, settled: true });
}

const PAUSE = 100;
const MAX_LOOKS = 20;

/**
 * Looks until the same damage is seen twice, or none: dockerd takes its jumps out and puts them back whenever a network
 * is made (Engines up to 27), and writes a container's rules one by one; who looks in between must not raise an alarm.
 *
 * @param read - a reading already begun, for the first look
 * @param asking - an answer already on its way, for the first look
 */
export async function lookTwice(measure: Measure, read?: Reading, asking?: Promise<Answer>): Promise<Look> {
  let seen = await look(measure, read, asking);
  for (let looks = 1; looks < MAX_LOOKS && seen.findings.some(isDamage); looks++) {
    const damaged = seen.findings.filter(isDamage).map(({ rule }) => rule ?? '');
    await Promise.all([sleep(PAUSE), awaitNamed(damaged, seen.word)]);
    const again = await look(measure, readLive, askAgain(seen.word));
    if (sameLook(again, seen)) return again;
    seen = again;
  }
  return seen;
}

/**
 * The live rules beside what the Engine calls for, when dockerd is not in the middle of something: two reads of the rules
 * agree, and where something is missing, two looks.
 *
 * @throws Fault of the Engine, or RG_UNSETTLED
 */
export async function lookSettled(): Promise<Look> {
  const measure: Measure = { source: 'engine', stored: undefined };
  return lookTwice(measure, readSettled);
}

/** Whether two looks saw the same rules and heard the same word. */
function sameLook(a: Look, b: Look): boolean {
  return (
    digestOfRules(a.live.rules) === digestOfRules(b.live.rules) &&
    JSON.stringify(a.findings) === JSON.stringify(b.findings)
  );
}
