import { Fault } from '../../fault.ts';
import { isDay, type Acceptance } from '../../reconcile/accept/acceptance.ts';
import { effectWords } from '../../report/check/words.ts';
import { dayOf } from './acceptances.ts';
import type { HostVerdict } from '../../reconcile/verdict/verdict.ts';

/** What accepting touches of a host. `real-accept-host.ts` wires the real one. */
export interface AcceptHost {
  readonly now: () => number;
  /** What check finds, those findings that are accepted left out. */
  readonly check: () => Promise<HostVerdict>;
  /** Who asks, for people. */
  readonly whoAsked: () => string;
  /** @throws Fault RG_ACCEPTED or RG_UNSAFE_FILE */
  readonly readAccepted: () => Promise<readonly Acceptance[]>;
  readonly writeAccepted: (accepted: readonly Acceptance[]) => Promise<void>;
  /** Runs work while no other rulesguard changes anything. @throws Fault RG_BUSY */
  readonly withLock: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A finding that is to be accepted. */
export interface AcceptRequest {
  readonly id: string;
  readonly reason: string;
  /** The last day, `YYYY-MM-DD`, in UTC. */
  readonly until: string;
}

const usage = (message: string, hint: string): Fault => new Fault('RG_USAGE', 2, message, { hint });

/**
 * Accepts a finding that check has now, until the end of a day. What it covers is what the finding consists of today: a way or a rule
 * that comes later is none of it.
 *
 * @throws Fault RG_USAGE for a day that is none or has passed, a reason that says nothing, and an id that check does not show
 */
export async function accept({ id, reason, until }: AcceptRequest, host: AcceptHost): Promise<Acceptance> {
  const why = reason.trim();
  if (why === '')
    throw usage(
      '--reason must say why this is accepted',
      'For whoever reads it later: --reason "ticket 4711: …"',
    );
  if (!isDay(until))
    throw usage(`${until} is not a date`, 'Write the last day it holds as YYYY-MM-DD, such as 2027-01-31');
  if (until < dayOf(host.now()))
    throw usage(`${until} has passed`, 'Name the last day it holds: today, in UTC, or a later one');
  return host.withLock(async () => {
    const known = await host.readAccepted();
    const found = coveredBy(id.toLowerCase(), await host.check(), known);
    const acceptance: Acceptance = {
      ...found,
      ...{ reason: why, until, accepted: new Date(host.now()).toISOString(), by: host.whoAsked() },
    };
    await host.writeAccepted([...known.filter((one) => one.id !== found.id), acceptance]);
    return acceptance;
  });
}

/** What a finding consists of: one that is open, or one that is accepted already and is so for longer. */
function coveredBy(
  id: string,
  { effects }: HostVerdict,
  known: readonly Acceptance[],
): Pick<Acceptance, 'id' | 'headline' | 'covers'> {
  const found = effects.find((effect) => effect.id !== '' && effect.id === id);
  if (found !== undefined) {
    const { headline, names } = effectWords(found);
    const { rules = [] } = found;
    const whom = names.length === 1 && !headline.includes(names[0] ?? '') ? `: ${names[0] ?? ''}` : '';
    return { id, headline: `${headline}${whom}`, covers: [...new Set([...found.covers, ...rules])] };
  }
  const renewed = known.find((one) => one.id === id);
  if (renewed !== undefined) return { id, headline: renewed.headline, covers: renewed.covers };
  const open = effects.flatMap((effect) =>
    effect.id === '' ? [] : [`${effect.id}  ${effectWords(effect).headline}`],
  );
  throw new Fault('RG_USAGE', 2, `check shows no finding ${id} now`, {
    details: open,
    hint: open.length === 0 ? 'There is nothing to accept: rulesguard check' : 'See them: rulesguard check',
  });
}

/** Takes an acceptance back. @throws Fault RG_USAGE for one that there is not */
export const withdraw = (id: string, host: AcceptHost): Promise<Acceptance> =>
  host.withLock(async () => {
    const all = await host.readAccepted();
    const found = all.find((one) => one.id === id.toLowerCase());
    if (found === undefined)
      throw usage(`no accepted finding has the id ${id}`, 'List them: rulesguard accept list');
    await host.writeAccepted(all.filter((one) => one !== found));
    return found;
  });
