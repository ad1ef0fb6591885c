import type { Hand } from './writer.ts';

/*
 * When watch looks and when it repairs: a pure function of what was seen and the time. All times are milliseconds of one clock that
 * never goes back.
 */

/** Changes that no look has judged yet. */
interface Unjudged {
  readonly first: number;
  readonly newest: number;
  readonly writers: ReadonlySet<Hand>;
  /** When a link, address or route changed last. */
  readonly linked: number;
}

/** What the last look found that a restore repairs. */
interface Damage extends Unjudged {
  readonly exposure: boolean;
}

/** What is to come, as far as it is known. Made by {@link begun}, changed by the functions below. */
export interface Schedule {
  readonly unjudged: Unjudged | undefined;
  /** When the last look began. */
  readonly looked: number;
  readonly damage: Damage | undefined;
  /** Before this no repair is tried, see `repairs.ts`. */
  readonly notBefore: number;
  /** Before this no look is made: the last one could not be. */
  readonly noLookBefore: number;
  /** How many looks in a row followed each other and found nothing, and until when the next one rests. */
  readonly idle: { readonly looks: number; readonly restUntil: number };
}

/** What to do next, and when. */
export interface Due {
  readonly what: 'look' | 'repair';
  readonly at: number;
}

/** How often a look is made though nothing was seen, in milliseconds. */
export interface Pace {
  readonly interval: number;
}

/** A firewall manager that takes all down and builds it up again is let finish, for so long at most, once it is quiet so long. */
const MANAGER: Patience = { quiet: 50, longest: 1_000 };
/** Where nobody but Docker changed anything, and links and addresses came and went, a look waits until that is over. */
const AT_WORK: Patience = { quiet: 150, longest: 1_000 };
/** Where links, addresses and routes alone changed, looks are at least so far apart. */
const SELDOM = 10_000;
/**
 * Where somebody who is known by name changes something all the time (sets that a resolver or a ban list fills), and looks that follow each
 * other at once have found nothing so many times, the next ones are as far apart as leaves the machine most of its time.
 */
const STORM = { looks: 3, apart: 1_000, rest: 4, longest: 5_000 };
/** dockerd writes what it requires itself, one rule at a time. */
const DOCKER: Patience = { quiet: 300, longest: 3_000 };

interface Patience {
  readonly quiet: number;
  readonly longest: number;
}

const NEVER = Number.NEGATIVE_INFINITY;
const NOT_IDLE: Schedule['idle'] = { looks: 0, restUntil: NEVER };

/** What somebody may have changed at a moment. */
const changedBy = (writer: Hand, at: number): Unjudged => ({
  first: at,
  newest: at,
  writers: new Set([writer]),
  linked: NEVER,
});

/** As at the start: nothing is known, so the first look is due at once. */
export const begun = (now: number): Schedule => ({
  unjudged: changedBy('unknown', now),
  looked: NEVER,
  damage: undefined,
  notBefore: NEVER,
  noLookBefore: NEVER,
  idle: NOT_IDLE,
});

/** Something was seen that may have changed what packets do. What is ours changes nothing: a repair is looked at anyway. */
export function seen(schedule: Schedule, writer: Hand, now: number): Schedule {
  if (writer === 'ours') return schedule;
  const { unjudged, damage } = schedule;
  const writers = new Set([...(unjudged?.writers ?? []), writer]);
  return {
    ...schedule,
    unjudged: {
      first: unjudged?.first ?? now,
      newest: now,
      writers,
      linked: writer === 'host' ? now : (unjudged?.linked ?? NEVER),
    },
    damage: damage && { ...damage, newest: now, writers: new Set([...damage.writers, writer]) },
  };
}

/** What a look found: undefined where nothing is lost that a restore would bring back. */
export type LookFound = { readonly exposure: boolean } | undefined;

/**
 * A look has ended.
 *
 * @param beganAt - changes seen later are not judged by it
 */
export function looked(schedule: Schedule, found: LookFound, beganAt: number, endedAt: number): Schedule {
  const { unjudged, damage } = schedule;
  const left = unjudged !== undefined && unjudged.newest > beganAt ? unjudged : undefined;
  const isStorm = found === undefined && beganAt - schedule.idle.restUntil < STORM.apart;
  const looks = isStorm ? schedule.idle.looks + 1 : 0;
  const rest = looks < STORM.looks ? 0 : Math.min(STORM.longest, STORM.rest * (endedAt - beganAt));
  const idle = { looks, restUntil: endedAt + rest };
  if (found === undefined) return { ...schedule, idle, unjudged: left, looked: beganAt, damage: undefined };
  const changes = unjudged ?? changedBy('unknown', beganAt);
  return {
    ...schedule,
    idle,
    unjudged: left,
    looked: beganAt,
    damage: { ...(damage ?? changes), newest: changes.newest, ...found },
  };
}

/** A repair has ended: what it left is for the next look to say, which is due at once. */
export function repaired(schedule: Schedule, now: number, notBefore: number): Schedule {
  return {
    ...schedule,
    unjudged: { ...(schedule.unjudged ?? changedBy('other', now)), newest: now },
    damage: undefined,
    notBefore,
    idle: NOT_IDLE,
  };
}

/** A baseline was recorded: the next look, which makes ready for repairs by it, is due at once. */
export const recorded = (schedule: Schedule): Schedule => ({ ...schedule, looked: NEVER });

/** A look could not be made: whatever is seen meanwhile, the next one is made at a moment. */
export const failedToLook = (schedule: Schedule, again: number): Schedule => ({
  ...schedule,
  unjudged: schedule.unjudged ?? changedBy('unknown', again),
  damage: undefined,
  noLookBefore: again,
});

/** No repair is tried before a moment. */
export const heldBack = (schedule: Schedule, notBefore: number): Schedule => ({ ...schedule, notBefore });

/** Whether damage must be found twice before it counts: dockerd may be in the middle of writing. */
export const mayBeDockers = ({ unjudged }: Schedule): boolean =>
  unjudged === undefined || unjudged.writers.has('docker') || unjudged.writers.has('unknown');

/**
 * Whether what is lost may be brought back before a look: since the last one, which found nothing, rules were changed by programs alone that are
 * known by name, and that are neither Docker nor a firewall manager. Links that came or went just now may be of a container that Docker has yet
 * to tell of; once they are quiet for as long as Docker takes, it has.
 */
export const isRepairedAtOnce = ({ damage, unjudged }: Schedule, now: number): boolean =>
  damage === undefined &&
  unjudged !== undefined &&
  unjudged.writers.has('other') &&
  [...unjudged.writers].every(
    (writer) => writer === 'other' || (writer === 'host' && now - unjudged.linked >= AT_WORK.longest),
  );

/**
 * What to do next.
 *
 * @param repairs - whether watch may write
 */
export function dueOf(schedule: Schedule, { interval }: Pace, repairs: boolean): Due {
  const { unjudged, damage, notBefore, noLookBefore, looked: last, idle } = schedule;
  const repair =
    damage === undefined || !repairs
      ? undefined
      : ({ what: 'repair', at: Math.max(notBefore, repairAt(damage)) } as const);
  const wanted =
    unjudged === undefined
      ? last + interval
      : Math.max(
          lookAt(unjudged),
          isChangedBy(schedule, LINKS) ? last + SELDOM : 0,
          isChangedBy(schedule, NO_FIREWALL) ? idle.restUntil : 0,
        );
  const look = { what: 'look', at: Math.max(noLookBefore, wanted) } as const;
  // A repair observes the rules itself: where both are due it comes first, so that a storm of changes cannot put it off.
  return repair !== undefined && repair.at <= look.at ? repair : look;
}

/** Links, addresses and routes: beside containers that come and go they always change. */
const LINKS: ReadonlySet<Hand> = new Set<Hand>(['host']);
/** Hands that write neither Docker's rules nor a whole firewall. */
const NO_FIREWALL: ReadonlySet<Hand> = new Set<Hand>(['other', 'host']);

/** Whether something changed by these hands alone, and nothing was lost before. */
const isChangedBy = ({ unjudged, damage }: Schedule, hands: ReadonlySet<Hand>): boolean =>
  damage === undefined &&
  unjudged !== undefined &&
  [...unjudged.writers].every((writer) => hands.has(writer));

function lookAt({ writers, first, newest }: Unjudged): number {
  const isDockers = [...writers].every((writer) => writer === 'docker' || writer === 'host');
  return isDockers ? patientlyAt(AT_WORK, { first, newest }) : newest;
}

const patientlyAt = ({ quiet, longest }: Patience, { first, newest }: Pick<Unjudged, 'first' | 'newest'>) =>
  Math.min(newest + quiet, first + longest);

/** An exposure is closed at once; for an outage whoever is still writing is let finish. */
function repairAt({ exposure, writers, first, newest }: Damage): number {
  if (exposure) return newest;
  const patience = writers.has('docker') ? DOCKER : writers.has('manager') ? MANAGER : undefined;
  return patience === undefined ? newest : patientlyAt(patience, { first, newest });
}
